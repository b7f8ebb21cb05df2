//! What a member says of a case by answering a notice about it with a command alone.

use super::address::Address;
use super::books::Books;
use super::case::Case;
use super::classify::own_text;
use super::command::{Command, Said, command};
use super::event::{Fact, Sayer};
use super::incoming::{Facts, Incoming, author};
use super::keys::Keys;
use super::letter::Notice;
use super::line::row_line;
use super::policy::Policy;
use super::question;
use super::quota::Caps;
use super::refusal::Refusal;
use super::response::{by_machine, is_proven, recipients};
use super::time::Moment;

/// A line of more words than this was not meant as a command.
const MOST_WORDS: usize = 4;

/// What follows from a mail that says a command, or something that was meant as one. None where it
/// says something else: then it is a mail of the team like any other.
pub(super) fn said<'p>(
    books: &Books,
    policy: impl Fn(&str) -> Option<&'p Policy>,
    keys: &Keys,
    caps: &Caps,
    now: Moment,
    incoming: &Incoming,
) -> Option<Facts> {
    let own = policy(&incoming.mail.folder.inbox)?;
    let (case, notice) = answered(books, keys, own, incoming)?;
    let message = &incoming.message;
    if message.ids.iter().any(|id| case.team_mails.contains(id)) {
        // Seen already, in Sent or in the inbox.
        return Some(Facts::new());
    }
    let text = own_text(message);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let few = first.split_whitespace().count() <= MOST_WORDS;
    let said = Said::parse(first, std::slice::from_ref(own));
    // A word that is a command begins many sentences.
    let alone = lines.next().is_none() || is_signature(&text, first);
    let by = author(message);
    let commanded = |refused| {
        let (mail, words) = (incoming.mail.clone(), row_line(first, LONGEST));
        let fact = Fact::Commanded { mail, by: by.clone(), words, refused };
        (Some(case.id.clone()), fact)
    };
    match said {
        Ok(said) if alone => {
            let done = if said.needs_story() {
                Err(Refusal::NotByMail(case.id.clone()))
            } else {
                let person = by.clone();
                let (case, story) = (case.id.clone(), Vec::new());
                let said_at = incoming.mail.arrived.min(now);
                let said = Command { case, said, by: Sayer::Team, person, said_at, story };
                command(books, policy, keys, caps, now, &said)
            };
            Some(match done {
                Ok(facts) => std::iter::once(commanded(None)).chain(facts).collect(),
                Err(refusal) => vec![commanded(Some(refusal.to_string()))],
            })
        }
        // Nobody is corrected twice: two machines would go on for ever.
        Err(why)
            if few
                && alone
                && notice != Notice::Commanded
                && is_word(first)
                && !answers_a_question(notice, &text) =>
        {
            Some(vec![commanded(Some(why))])
        }
        _ => None,
    }
}

/// How much of a line is kept.
const LONGEST: usize = 80;

/// The case and the kind of the notice that a member answers, and nobody else: what goes to the
/// reporter is an answer.
fn answered<'a>(
    books: &'a Books,
    keys: &Keys,
    policy: &Policy,
    incoming: &Incoming,
) -> Option<(&'a Case, Notice)> {
    if incoming.recorded || !is_proven(policy, incoming) || by_machine(incoming) {
        return None;
    }
    let message = &incoming.message;
    let named = message.in_reply_to.iter().chain(message.references.iter().rev());
    let letter = named.filter_map(|id| keys.letter(id)).find(|id| id.as_notice().is_some())?;
    // Projects that share a daemon share no cases.
    let case = books.case(&letter.case()?).filter(|case| case.id.prefix == policy.case_prefix)?;
    let to_reporter = |to: &Address| books.conversation(&case.id).any(|one| one.takes_part(to));
    if recipients(message).any(to_reporter) {
        return None;
    }
    Some((case, letter.as_notice()?))
}

/// Whether what follows the first line is only who wrote it.
fn is_signature(text: &str, first: &str) -> bool {
    let rest = text.trim_start().strip_prefix(first).unwrap_or_default();
    rest.split_whitespace().count() <= MOST_WORDS
}

/// Whether it is the yes or the no that a notice asks for.
fn answers_a_question(notice: Notice, text: &str) -> bool {
    matches!(notice, Notice::WasItYou | Notice::TooShort) && question::says(text).is_some()
}

/// Whether it looks like a command that is misspelt, rather than like a sentence.
fn is_word(line: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " -_:.+".contains(c);
    let one = line.split_whitespace().count() == 1 || line.contains('-');
    one && line.len() <= LONGEST
        && line.chars().all(plain)
        && !line.ends_with('.')
        && !POLITE.contains(&line.to_lowercase().as_str())
}

/// Single words that people answer with and mean nothing by.
const POLITE: &[&str] =
    &["thanks", "ok", "okay", "done", "yes", "no", "hi", "hello", "great", "noted", "ack", "thx"];
