//! What holds of every letter, whatever mail it answers.

use watchpost::desk::Desk;
use watchpost::desk::event::{Event, Fact, Opening};
use watchpost::desk::letter::{Letter, LetterKind};
use watchpost::desk::presence::Absences;
use watchpost::desk::verdict::{Figures, Verdict};
use watchpost::desk::wording;
use watchpost::io::smtp::compose;

use super::office::WORDING;

/// Checks a letter that was just decided on.
pub(super) fn check(desk: &Desk, event: &Event, letter: &Letter) {
    assert!(!letter.subject.contains(breaks), "{:?}", letter.subject);
    let odd = |c: char| c.is_control() && c != '\n';
    assert!(!letter.body.contains(odd), "{:?}", letter.body);
    let bytes = compose(letter).unwrap();
    headers(&bytes);
    if let Fact::Written { kind: LetterKind::Minimal, .. } = event.fact {
        repeats_nothing(desk, event, letter);
    }
}

/// The Unicode line ends are line ends to some programs.
pub(super) fn breaks(c: char) -> bool {
    c.is_control() || c == '\u{2028}' || c == '\u{2029}'
}

const FIELDS: [&str; 14] = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Watchpost",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// Our fields, each at most once, and none that somebody else put there.
pub(super) fn headers(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    let (header, _) = text.split_once("\r\n\r\n").unwrap();
    let mut left = FIELDS.to_vec();
    for line in header.split("\r\n") {
        assert!(!line.contains(breaks), "{line:?}");
        if line.starts_with(' ') {
            assert!(!line.trim().is_empty(), "a blank line in {header:?}");
            continue;
        }
        let (name, _) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"));
        let place = left.iter().position(|field| *field == name);
        left.remove(place.unwrap_or_else(|| panic!("{name:?} in {header:?}")));
    }
}

/// A letter to an address that nobody vouches for is the same, whatever the mail said.
fn repeats_nothing(desk: &Desk, event: &Event, letter: &Letter) {
    assert!(letter.to.name.is_empty(), "{:?}", letter.to.name);
    let mut case = desk.books().case(event.case.as_ref().unwrap()).unwrap().clone();
    let Opening { subject, verdict, text, conversation, likeness, reporter, .. } =
        &mut case.opening;
    *subject = "Another".into();
    let Verdict { reasons, hints, figures, .. } = verdict;
    (*reasons, *hints, *figures) = (Vec::new(), Vec::new(), Figures::default());
    (*text, *conversation, *likeness) = (None, None, None);
    if let Some(reporter) = reporter {
        reporter.name = "Another".into();
    }
    let policy = desk.policy(&letter.inbox).unwrap();
    let (absences, id, now) = (Absences::default(), &letter.id, letter.date);
    let other = wording::write(&WORDING, policy, &case, &[], &absences, id, now).unwrap().letter;
    assert_eq!((&other.subject, &other.body), (&letter.subject, &letter.body));
}
