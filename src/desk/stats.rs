//! How promises were kept, in figures: counts, medians, and how answers spread over time.

use super::policy::Promise;
use super::proof::{Entry, Outcome};
use super::time::Span;

/// What became of one promise in some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Which.
    pub promise: Promise,
    /// How often it was met in time.
    pub kept: usize,
    /// How often it was not.
    pub missed: usize,
    /// How many of these were mail that no machine may answer, junk most of it.
    pub held: usize,
    /// How often it was recorded as missed earlier and turned out to be kept.
    pub corrected: usize,
    /// How often the acknowledgement came back.
    pub reopened: usize,
    /// How often a case was closed before it was met or missed.
    pub closed: usize,
    /// How long it took each time that it was met, in time or late; shortest first.
    pub times: Vec<Span>,
}

impl Figures {
    fn none(promise: Promise) -> Figures {
        let (kept, missed, held, corrected, reopened, closed) = (0, 0, 0, 0, 0, 0);
        let times = Vec::new();
        Figures { promise, kept, missed, held, corrected, reopened, closed, times }
    }

    fn take(&mut self, entry: &Entry) {
        let met = entry.met.map(|met| met.since(entry.start));
        match entry.outcome {
            Outcome::Kept => self.kept += 1,
            Outcome::Missed => {
                self.missed += 1;
                self.held += usize::from(entry.held);
            }
            Outcome::Corrected => self.corrected += 1,
            Outcome::Reopened => self.reopened += 1,
            Outcome::Closed => self.closed += 1,
            Outcome::Late => {}
        }
        if matches!(entry.outcome, Outcome::Kept | Outcome::Late | Outcome::Corrected) {
            self.times.extend(met);
        }
    }

    /// Half of the times are no longer than this.
    pub fn median(&self) -> Option<Span> {
        self.share(50)
    }

    /// Nine in ten are no longer than this.
    pub fn ninetieth(&self) -> Option<Span> {
        self.share(90)
    }

    /// The longest of them.
    pub fn slowest(&self) -> Option<Span> {
        self.times.last().copied()
    }

    /// The shortest time that is no shorter than so many per cent of all: the nearest rank, so that it
    /// is a time that somebody waited.
    fn share(&self, percent: usize) -> Option<Span> {
        let rank = (self.times.len() * percent).div_ceil(100);
        self.times.get(rank.checked_sub(1)?).copied()
    }
}

/// The figures of each promise that these entries are about.
pub fn figures<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Vec<Figures> {
    let mut all: Vec<Figures> = Vec::new();
    for entry in entries {
        let at = match all.binary_search_by_key(&entry.promise, |figures| figures.promise) {
            Ok(at) => at,
            Err(at) => {
                all.insert(at, Figures::none(entry.promise));
                at
            }
        };
        if let Some(figures) = all.get_mut(at) {
            figures.take(entry);
        }
    }
    for figures in &mut all {
        figures.times.sort_unstable();
    }
    all
}

/// Lengths that people think in; what is longer than the last has a bar of its own.
const STEPS: [(u64, &str); 9] = [
    (1, "1 h"),
    (6, "6 h"),
    (12, "12 h"),
    (24, "24 h"),
    (48, "48 h"),
    (72, "72 h"),
    (168, "7 d"),
    (336, "14 d"),
    (720, "30 d"),
];

/// The bars are drawn at least up to here, so that charts of quick weeks look alike.
const LEAST: usize = 5;

/// One bar of a chart: a label, and how many times are that long.
pub type Bar = (String, usize);

/// How many times are up to each of a few lengths, and over the one before. No bars without times.
pub fn bars(times: &[Span]) -> Vec<Bar> {
    if times.is_empty() {
        return Vec::new();
    }
    let mut bars: Vec<Bar> =
        STEPS.iter().map(|(_, label)| (format!("within {label:>4}"), 0)).collect();
    bars.push(("longer".to_owned(), 0));
    for time in times {
        let step = STEPS.iter().position(|(hours, _)| *time <= Span::hours(*hours));
        if let Some((_, count)) = bars.get_mut(step.unwrap_or(STEPS.len())) {
            *count += 1;
        }
    }
    let last = bars.iter().rposition(|(_, count)| *count > 0).unwrap_or(0);
    bars.truncate((last + 1).max(LEAST));
    bars
}

/// The longest bar, in characters.
const WIDEST: usize = 40;

/// The bars as lines of plain text, one `#` each where there is room for that.
pub fn chart(times: &[Span]) -> Vec<String> {
    let bars = bars(times);
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(0).max(WIDEST);
    let line = |(label, count): &Bar| match count {
        0 => format!("| {label}"),
        _ => format!("| {label:<11}  {} {count}", "#".repeat((count * WIDEST).div_ceil(most))),
    };
    bars.iter().map(line).collect()
}

/// A length for a person: `12 min`, `5 h 20 min`, `31 h`, `4 d`.
pub fn length(span: Span) -> String {
    let (larger, rest) = match span.as_seconds() {
        s if s < 60 => return format!("{s} s"),
        s if s < 3600 => return format!("{} min", s / 60),
        s if s < 36_000 => (format!("{} h", s / 3600), (s % 3600 / 60, "min")),
        s if s < 3 * 86_400 => return format!("{} h", s / 3600),
        s => (format!("{} d", s / 86_400), (s % 86_400 / 3600, "h")),
    };
    if rest.0 == 0 { larger } else { format!("{larger} {} {}", rest.0, rest.1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(hours: &[u64]) -> Vec<Span> {
        hours.iter().copied().map(Span::hours).collect()
    }

    #[test]
    fn a_median_is_a_time_that_somebody_waited() {
        let figures = |times| Figures { times, ..Figures::none(Promise::Response) };
        let told = |figures: &Figures| (figures.median(), figures.ninetieth(), figures.slowest());
        assert_eq!(told(&figures(Vec::new())), (None, None, None));
        let one = Some(Span::hours(3));
        assert_eq!(told(&figures(hours(&[3]))), (one, one, one));
        let ten = figures(hours(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 50]));
        assert_eq!(ten.median(), Some(Span::hours(5)));
        assert_eq!(ten.ninetieth(), Some(Span::hours(9)));
        assert_eq!(ten.slowest(), Some(Span::hours(50)));
    }

    #[test]
    fn a_chart_has_a_bar_for_each_length_up_to_the_longest() {
        assert_eq!(chart(&[]), Vec::<String>::new());
        let told = chart(&hours(&[1, 2, 2, 30]));
        let expected = [
            "| within  1 h  # 1",
            "| within  6 h  ## 2",
            "| within 12 h",
            "| within 24 h",
            "| within 48 h  # 1",
        ];
        assert_eq!(told, expected);
        let many = chart(&hours(&[[1; 400].as_slice(), &[1000]].concat()));
        assert_eq!(many.first().unwrap(), &format!("| within  1 h  {} 400", "#".repeat(40)));
        assert_eq!(many.last().unwrap(), "| longer       # 1", "what is there is seen");
        assert_eq!(many.len(), 10);
    }

    #[test]
    fn a_length_is_told_as_people_do() {
        for (seconds, told) in [
            (0, "0 s"),
            (59 * 60 + 59, "59 min"),
            (3600, "1 h"),
            (5 * 3600 + 20 * 60, "5 h 20 min"),
            (31 * 3600 + 1800, "31 h"),
            (3 * 86_400, "3 d"),
            (4 * 86_400 + 7200, "4 d 2 h"),
        ] {
            assert_eq!(length(Span::seconds(seconds)), told);
        }
    }
}
