//! The table: each figure beside its limit.

/// The figures so far, and what was wrong.
#[derive(Default)]
pub(crate) struct Figures {
    rows: Vec<[String; 5]>,
    wrongs: Vec<String>,
}

impl Figures {
    /// A figure that may be at most so much, or at least, where `least` says so.
    fn row(&mut self, what: &str, value: f64, limit: f64, least: bool, unit: &str, told: &str) {
        let (kept, sign) = if least { (value >= limit, "≥") } else { (value <= limit, "≤") };
        let number =
            |value: f64| if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") };
        let verdict = if kept { "ok" } else { "MISSED" };
        println!(
            "{what}: {} {unit} (limit {sign} {}) {verdict}; {told}",
            number(value),
            number(limit)
        );
        let (value, limit) = (number(value), format!("{sign} {}", number(limit)));
        self.rows.push([
            what.to_owned(),
            format!("{value} {unit}").trim_end().to_owned(),
            format!("{limit} {unit}").trim_end().to_owned(),
            verdict.to_owned(),
            told.to_owned(),
        ]);
    }

    pub(crate) fn at_most(&mut self, what: &str, value: f64, limit: f64, unit: &str, told: &str) {
        self.row(what, value, limit, false, unit, told);
    }

    pub(crate) fn at_least(&mut self, what: &str, value: f64, limit: f64, unit: &str, told: &str) {
        self.row(what, value, limit, true, unit, told);
    }

    pub(crate) fn wrong(&mut self, run: &str, wrongs: Vec<String>) {
        for wrong in wrongs {
            println!("{run}: WRONG: {wrong}");
            self.wrongs.push(format!("{run}: {wrong}"));
        }
    }

    /// Prints all of it, as a table that can be copied into a page; true if nothing was wrong. A
    /// figure that misses its limit is told, and fails nothing: the machine may be busy.
    pub(crate) fn conclude(self) -> bool {
        println!("\n| figure | measured | limit | | how it came about |\n|---|---|---|---|---|");
        for row in &self.rows {
            println!("| {} |", row.join(" | "));
        }
        for wrong in &self.wrongs {
            println!("\nWRONG: {wrong}");
        }
        if self.wrongs.is_empty() {
            println!(
                "\nEvery run was right: each opener has its case and one letter, each follow-up its case."
            );
        }
        self.wrongs.is_empty()
    }
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
