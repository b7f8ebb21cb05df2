//! The response times of `stats` as a picture: one mark for each answer, and a line where it was
//! promised. Whole numbers only, so that the same rows are the same picture on every machine.

use std::collections::BTreeMap;

use super::words::count;
use crate::desk::proof::Outcome;
use crate::desk::stats::length;
use crate::desk::time::{Moment, Span};
use crate::view::stats::StatsRow;

/// Where the marks stand, in units of the picture.
const WIDTH: i64 = 960;
const HEIGHT: i64 = 440;
const LEFT: i64 = 70;
const RIGHT: i64 = 930;
const TOP: i64 = 60;
const BOTTOM: i64 = 380;

/// The scale of lengths: even steps of the picture, so that minutes and months can both be read.
const SCALE: [(u64, &str); 10] = [
    (0, "0"),
    (3600, "1 h"),
    (6 * 3600, "6 h"),
    (12 * 3600, "12 h"),
    (24 * 3600, "24 h"),
    (48 * 3600, "48 h"),
    (7 * 86_400, "7 d"),
    (30 * 86_400, "30 d"),
    (90 * 86_400, "90 d"),
    (365 * 86_400, "1 year"),
];

/// So many marks at most, the newest; a browser still draws them at once.
const MARKS: usize = 5000;
/// So many different promises get a line, those of most reports.
const LINES: usize = 3;

/// Readable on white and on black, and without colours: each outcome has a shape of its own.
const STYLE: &str = "\
text{font:14px sans-serif;fill:#24292f}.title{font-size:18px;font-weight:bold}
.grid{stroke:#8c959f;stroke-opacity:.35}.promise{stroke:#9a6700;stroke-width:2;stroke-dasharray:8 4}
.promised{fill:#9a6700}.kept{fill:#0969da;fill-opacity:.75}.late{fill:#cf222e;fill-opacity:.85}
.missed{stroke:#cf222e;stroke-width:2.5;fill:none}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.promise{stroke:#d29922}.promised{fill:#d29922}
.kept{fill:#58a6ff}.late{fill:#ff7b72}.missed{stroke:#ff7b72}}";

/// An answer, or the lack of one.
#[derive(Clone, Copy)]
struct Mark {
    at: Moment,
    took: u64,
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Kept,
    Late,
    Missed,
}

/// Draws the answers among the rows.
pub(super) fn draw(rows: &[StatsRow]) -> Vec<String> {
    let marks = marks(rows);
    let frame = Frame::of(rows, &marks);
    let of = |shape: Shape| marks.iter().filter(|mark| mark.shape == shape).count();
    let promised = promised(rows);
    let lengths: Vec<String> = promised.iter().map(|s| length(Span::seconds(*s))).collect();
    let title = format!("How soon people answered{}", frame.title);
    let desc = format!(
        "{} in time, {} late, {} missed and not answered. Promised within: {}.",
        count(of(Shape::Kept), "answer", "answers"),
        of(Shape::Late),
        of(Shape::Missed),
        if lengths.is_empty() { "nothing".into() } else { lengths.join(", ") },
    );
    let mut lines = vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             role=\"img\" aria-labelledby=\"title desc\">"
        ),
        format!("<title id=\"title\">{}</title>", escaped(&title)),
        format!("<desc id=\"desc\">{}</desc>", escaped(&desc)),
        format!("<style>{STYLE}</style>"),
        text(LEFT, 28, "title", "start", &title),
        text(LEFT, 48, "", "start", &desc),
    ];
    lines.extend(frame.grid());
    for (seconds, told) in promised.iter().zip(&lengths) {
        let y = frame.y(*seconds);
        lines.push(format!("<path class=\"promise\" d=\"M{LEFT} {y}H{RIGHT}\"/>"));
        lines.push(text(RIGHT, y - 6, "promised", "end", &format!("promised within {told}")));
    }
    lines.extend(marks.iter().map(|mark| mark.drawn(&frame)));
    if marks.is_empty() {
        let (x, y) = (i64::midpoint(LEFT, RIGHT), i64::midpoint(TOP, BOTTOM));
        let nothing = "No report was answered or missed in this time.";
        lines.push(text(x, y, "", "middle", nothing));
    }
    lines.extend(legend());
    lines.push("</svg>".into());
    lines
}

/// The answers, and what was missed and not answered since; the newest.
fn marks(rows: &[StatsRow]) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut answered = BTreeMap::<&str, usize>::new();
    for row in rows {
        if let StatsRow::Ended { promise, case, took: Some(_), .. } = row
            && promise == "response"
        {
            *answered.entry(case).or_default() += 1;
        }
    }
    for row in rows {
        let StatsRow::Ended { promise, case, at, outcome, took, promised, .. } = row else {
            continue;
        };
        let Some(at) = Moment::parse_rfc3339(at).filter(|_| promise == "response") else {
            continue;
        };
        let (took, shape) = match (outcome, took) {
            (Outcome::Missed, _) if answered.contains_key(case.as_str()) => continue,
            (Outcome::Missed, _) => (promised.unwrap_or_default(), Shape::Missed),
            (Outcome::Late, Some(took)) => (*took, Shape::Late),
            (_, Some(took)) => (*took, Shape::Kept),
            (_, None) => continue,
        };
        marks.push(Mark { at, took, shape });
    }
    marks.sort_by_key(|mark| (mark.at, mark.took));
    marks.split_off(marks.len().saturating_sub(MARKS))
}

/// The lengths that were promised to most reports, shortest first.
fn promised(rows: &[StatsRow]) -> Vec<u64> {
    let mut counts = BTreeMap::<u64, usize>::new();
    for row in rows {
        if let StatsRow::Ended { promise, promised: Some(seconds), .. } = row
            && promise == "response"
        {
            *counts.entry(*seconds).or_default() += 1;
        }
    }
    let mut counts: Vec<(u64, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(seconds, count)| (std::cmp::Reverse(*count), *seconds));
    let mut promised: Vec<u64> = counts.iter().take(LINES).map(|(seconds, _)| *seconds).collect();
    promised.sort_unstable();
    promised
}

/// Which time and which lengths the picture shows.
struct Frame {
    from: Moment,
    to: Moment,
    /// How many steps of the scale it shows.
    steps: usize,
    /// What the title says of that.
    title: String,
}

impl Frame {
    fn of(rows: &[StatsRow], marks: &[Mark]) -> Frame {
        let (mut from, mut to, mut of) = (None, None, String::new());
        if let Some(StatsRow::Period { from: first, to: last, inbox, .. }) = rows.first() {
            from = first.as_deref().and_then(Moment::parse_rfc3339);
            to = last.as_deref().and_then(Moment::parse_rfc3339);
            of = inbox.as_ref().map(|inbox| format!(", {inbox}")).unwrap_or_default();
        }
        let first = marks.first().map(|mark| mark.at);
        let last = marks.last().map(|mark| mark.at);
        let none = Moment::from_unix(0);
        let from = from.or(first).or(to).unwrap_or(none);
        let to = to.or(last).unwrap_or(from).max(from + Span::hours(24));
        let longest = marks.iter().map(|mark| mark.took).max().unwrap_or(0);
        let longest = longest.max(promised(rows).last().copied().unwrap_or(0));
        let steps = SCALE.iter().position(|(seconds, _)| *seconds >= longest);
        let steps = steps.unwrap_or(SCALE.len() - 1).max(5);
        let title = match (first, last) {
            (Some(_), Some(_)) => format!("{of}, {} to {}", day(from), day(to)),
            _ => of,
        };
        Frame { from, to, steps, title }
    }

    fn x(&self, at: Moment) -> i64 {
        let seconds = |span: Span| i64::try_from(span.as_seconds()).unwrap_or(i64::MAX / WIDTH);
        let whole = seconds(self.to.since(self.from)).max(1);
        let gone = seconds(at.since(self.from)).min(whole);
        LEFT + gone * (RIGHT - LEFT) / whole
    }

    /// Even steps, and straight within each.
    fn y(&self, took: u64) -> i64 {
        let most = SCALE.get(self.steps).map_or(u64::MAX, |(seconds, _)| *seconds);
        let took = took.min(most);
        let step = SCALE.iter().take(self.steps).rposition(|(s, _)| *s <= took).unwrap_or(0);
        let bound = |n: usize| SCALE.get(n).map_or(took, |(seconds, _)| *seconds);
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let (low, high) = (bound(step), bound(step + 1));
        let height = self.height(step + 1) - self.height(step);
        let within = number(took - low) * height / number((high - low).max(1));
        BOTTOM - self.height(step) - within
    }

    /// How high a step of the scale stands.
    fn height(&self, step: usize) -> i64 {
        let number = |n: usize| i64::try_from(n).unwrap_or(0);
        (BOTTOM - TOP) * number(step) / number(self.steps).max(1)
    }

    fn grid(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (seconds, label) in SCALE.iter().take(self.steps + 1) {
            let y = self.y(*seconds);
            lines.push(format!("<path class=\"grid\" d=\"M{LEFT} {y}H{RIGHT}\"/>"));
            lines.push(text(LEFT - 8, y + 5, "", "end", label));
        }
        let whole = self.to.since(self.from).as_seconds();
        for (n, anchor) in (0..).zip(["start", "middle", "middle", "middle", "end"]) {
            let at = self.from + Span::seconds(whole / 4 * n);
            lines.push(text(self.x(at), BOTTOM + 22, "", anchor, &day(at)));
        }
        lines
    }
}

impl Mark {
    fn drawn(&self, frame: &Frame) -> String {
        let told = match self.shape {
            Shape::Missed => format!("due {}, not answered", self.at.short()),
            _ => format!("{}, after {}", self.at.short(), length(Span::seconds(self.took))),
        };
        shape(self.shape, frame.x(self.at), frame.y(self.took), &told)
    }
}

/// A dot, a diamond, or a cross.
fn shape(shape: Shape, x: i64, y: i64, told: &str) -> String {
    let told = if told.is_empty() { String::new() } else { format!("<title>{told}</title>") };
    match shape {
        Shape::Kept => {
            format!("<circle class=\"kept\" cx=\"{x}\" cy=\"{y}\" r=\"5\">{told}</circle>")
        }
        Shape::Late => {
            format!("<path class=\"late\" d=\"M{x} {}l7 7-7 7-7-7z\">{told}</path>", y - 7)
        }
        Shape::Missed => {
            let (left, top) = (x - 5, y - 5);
            format!("<path class=\"missed\" d=\"M{left} {top}l10 10m0-10l-10 10\">{told}</path>")
        }
    }
}

fn legend() -> Vec<String> {
    let told = [
        (Shape::Kept, LEFT, "answered in time"),
        (Shape::Late, LEFT + 180, "answered late"),
        (Shape::Missed, LEFT + 340, "missed and not answered"),
    ];
    let y = BOTTOM + 46;
    let one = |(of, x, what): &(Shape, i64, &str)| {
        [shape(*of, *x, y - 5, ""), text(x + 12, y, "", "start", what)]
    };
    told.iter().flat_map(one).collect()
}

fn day(at: Moment) -> String {
    at.rfc3339().chars().take(10).collect()
}

fn text(x: i64, y: i64, class: &str, anchor: &str, text: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<text{class} x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period() -> StatsRow {
        let day = |text: &str| Some(format!("2026-09-{text}Z"));
        StatsRow::Period {
            from: day("01T00:00:00"),
            to: day("30T23:59:59"),
            inbox: None,
            since: None,
        }
    }

    fn ended(case: &str, at: &str, outcome: Outcome, hours: Option<u64>) -> StatsRow {
        StatsRow::Ended {
            promise: "response".into(),
            inbox: "security".into(),
            case: case.into(),
            at: format!("2026-09-{at}:00:00Z"),
            outcome,
            took: hours.map(|hours| hours * 3600),
            promised: Some(48 * 3600),
            held: false,
        }
    }

    fn month() -> Vec<StatsRow> {
        vec![
            period(),
            ended("a", "02T12", Outcome::Kept, Some(5)),
            ended("b", "09T12", Outcome::Missed, None),
            ended("b", "11T12", Outcome::Late, Some(96)),
            ended("c", "20T12", Outcome::Missed, None),
        ]
    }

    /// Every element is closed in the order in which it was opened.
    fn is_well_formed(svg: &str) -> bool {
        let mut open: Vec<&str> = Vec::new();
        let mut tags = svg.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
        let fits = tags.all(|(tag, _)| match (tag.strip_prefix('/'), tag.ends_with('/')) {
            (Some(name), _) => open.pop() == Some(name),
            (None, true) => true,
            (None, false) => {
                open.push(tag.split(' ').next().unwrap_or_default());
                tag.matches('"').count() % 2 == 0
            }
        });
        fits && open.is_empty()
    }

    #[test]
    fn an_answer_is_a_mark_and_one_that_came_late_is_no_missing_one() {
        let svg = draw(&month()).join("\n");
        assert!(is_well_formed(&svg), "{svg}");
        for told in [
            "How soon people answered, 2026-09-01 to 2026-09-30",
            "1 answer in time, 1 late, 1 missed and not answered. Promised within: 48 h.",
            "<title>2026-09-02 12:00, after 5 h</title>",
            "<title>2026-09-11 12:00, after 4 d</title>",
            "<title>due 2026-09-20 12:00, not answered</title>",
            "role=\"img\" aria-labelledby=\"title desc\"",
            "prefers-color-scheme:dark",
        ] {
            assert!(svg.contains(told), "{told}: {svg}");
        }
        assert_eq!(svg.matches("class=\"promise\"").count(), 1);
        assert!(!svg.contains("script") && !svg.contains("href"), "{svg}");
        assert_eq!(svg, draw(&month()).join("\n"));
    }

    #[test]
    fn what_took_longer_stands_higher_and_nothing_leaves_the_picture() {
        let hours = [0, 1, 3, 6, 30, 48, 100, 2000, 100_000];
        let rows = hours.map(|hours| ended("a", "02T12", Outcome::Late, Some(hours)));
        let rows: Vec<StatsRow> = std::iter::once(period()).chain(rows).collect();
        let frame = Frame::of(&rows, &marks(&rows));
        let heights: Vec<i64> = hours.iter().map(|hours| frame.y(hours * 3600)).collect();
        assert!(heights.is_sorted_by(|one, other| one > other), "{heights:?}");
        assert_eq!((heights[0], heights[8]), (BOTTOM, TOP));
        let far = Moment::parse_rfc3339("2027-01-01T00:00:00Z").unwrap();
        assert_eq!((frame.x(frame.from), frame.x(far)), (LEFT, RIGHT));
    }

    #[test]
    fn a_time_in_which_nothing_happened_is_a_picture_that_says_so() {
        for rows in [vec![period()], Vec::new()] {
            let svg = draw(&rows).join("\n");
            assert!(is_well_formed(&svg) && svg.contains("No report was answered"), "{svg}");
        }
    }

    #[test]
    fn what_is_written_in_the_picture_cannot_leave_its_text() {
        assert_eq!(escaped("<a&b>"), "&lt;a&amp;b&gt;");
    }
}
