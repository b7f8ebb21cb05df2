//! While a case waits for its reporter: what they are told, and when it is closed.

use super::calendar::Stretch;
use super::case::{Case, Fate, Wait};
use super::event::{Fact, MailRef};
use super::incoming::Facts;
use super::keys::Keys;
use super::letter::{LetterId, LetterKind};
use super::policy::Policy;
use super::time::{Moment, Span};

impl Wait {
    /// When it is, as far as that is known.
    pub fn stretch(&self) -> Stretch {
        Stretch { from: self.since, until: self.until }
    }
}

/// What time brings in a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    AskAgain,
    LastNote,
    Close,
}

/// The steps of a wait that were not taken yet, each with its moment. Nobody is closed out whom no
/// note can reach.
fn steps(case: &Case, policy: &Policy) -> Vec<(Moment, Step)> {
    let open = case.waits.last().filter(|wait| wait.until.is_none() && case.closed.is_none());
    let Some(wait) = open.filter(|wait| case.can_be_told() && !came_back(case, wait)) else {
        return Vec::new();
    };
    let rules = &policy.waiting;
    if let Some(closes) = wait.closes {
        let step = rules.close.filter(|_| !note_waits(case, wait)).map(|_| (closes, Step::Close));
        return step.into_iter().collect();
    }
    let asks = rules.remind.filter(|_| !wait.asked_again);
    let asks = asks.map(|after| (wait.since + after, Step::AskAgain));
    let note = rules.close.map(|after| (wait.since + (after - rules.last_note), Step::LastNote));
    asks.into_iter().chain(note).collect()
}

/// When time brings something next.
pub(super) fn next(case: &Case, policy: &Policy) -> Option<Moment> {
    steps(case, policy).into_iter().map(|(at, _)| at).min()
}

/// What time has brought by now. Of a reminder and the last note only the later is still of use.
pub(super) fn passed(case: &Case, policy: &Policy, keys: &Keys, now: Moment) -> Facts {
    let due = steps(case, policy).into_iter().filter(|(at, _)| *at <= now);
    let Some((_, step)) = due.max_by_key(|(_, step)| *step as u8) else { return Facts::new() };
    let letter = |kind| letter(case, policy, keys, kind, case.waits.len());
    let facts = match step {
        Step::AskAgain => [Some(Fact::AskedAgain), letter(LetterKind::AskedAgain)],
        Step::LastNote => {
            let since = case.waits.last().map_or(now, |wait| wait.since);
            let closes = since + policy.waiting.close.unwrap_or(Span::ZERO);
            // After a long sleep the note still leaves its time.
            let closes = closes.max(now + policy.waiting.last_note);
            [Some(Fact::LastNote { closes }), letter(LetterKind::LastNote)]
        }
        Step::Close => [Some(Fact::Closed { by: None }), None],
    };
    facts.into_iter().flatten().map(|fact| (Some(case.id.clone()), fact)).collect()
}

/// Whether the last note has not left yet: nobody is closed out before it has.
fn note_waits(case: &Case, wait: &Wait) -> bool {
    case.letters.values().any(|letter| {
        letter.kind == LetterKind::LastNote
            && letter.written >= wait.since
            && letter.fate == Fate::Waiting
    })
}

/// Whether a letter of this wait did not reach the reporter.
fn came_back(case: &Case, wait: &Wait) -> bool {
    case.letters.iter().any(|(id, letter)| {
        id.says_that_we_wait()
            && letter.written >= wait.since
            && matches!(letter.fate, Fate::Refused | Fate::Bounced)
    })
}

/// A letter of the `n`-th wait to the reporter.
pub(super) fn letter(
    case: &Case,
    policy: &Policy,
    keys: &Keys,
    kind: LetterKind,
    n: usize,
) -> Option<Fact> {
    let mut to = case.opening.reporter.clone().filter(|_| case.can_be_told())?;
    if case.letters.values().any(|letter| letter.kind == LetterKind::Minimal) {
        to.name.clear();
    }
    let letter = LetterId::numbered(&case.id, kind, n);
    let message_id = keys.message_id(&letter, case.mail(), &policy.from.address)?;
    Some(Fact::Written { letter, kind, to, message_id, covers: Vec::new(), about: None })
}

/// What the words of a reporter end: a wait for them, and the rest of a case that was closed.
pub(super) fn wrote(case: &Case, mail: &MailRef) -> Facts {
    let waits = case.waits.last().is_some_and(|wait| wait.until.is_none());
    let resumed = waits.then(|| Fact::Resumed { mail: mail.clone() });
    let reopened = case.closed.map(|_| Fact::Reopened { by: None, mail: Some(mail.clone()) });
    let facts = [reopened, resumed].into_iter().flatten();
    facts.map(|fact| (Some(case.id.clone()), fact)).collect()
}
