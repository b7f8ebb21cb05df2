//! What the store holds: which row says what. Pure: `io/store` carries these rows and knows nothing
//! of their meaning.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::books::{Books, Question};
use super::canary::{self, Flight};
use super::claim::Identity;
use super::event::{Event, Fact, MailRef, Opening};
use super::folder::{Folder, Role};
use super::hex::{hex, read_hex};
use super::ids::{CaseId, QuestionId};
use super::lately;
use super::letter::{Letter, LetterId};
use super::progress::Progress;
use super::proof::{Entry, Head};
use super::table::{Table, Write};
use super::tally::Since;
use super::thread::{TieKey, Tied, base_subject, message_key, subject_key};
use super::time::Moment;

/// A row that cannot be read: the store is damaged, or from another world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store holds a row that cannot be read ({what}); restore a backup")]
pub struct Unreadable {
    /// Which row, without its content.
    pub what: String,
}

const LAST_SEQ: &[u8] = b"last_seq";
const NUMBER: &str = "number/";
const KEY: &str = "key/";
const STOP: &str = "stop/";
const QUESTION: &str = "question/";
const AWAY: &str = "away/";
const DIGEST: &str = "digest/";
const PROOF: &[u8] = b"proof";
const CANARY: &str = "canary/";
const ANOTHER: &str = "another/";
/// Events that are on no case stand under the empty prefix.
const NO_CASE: &[u8] = b"\0";

/// The rows that one event leads to. `books` are the books after it.
pub fn event(books: &Books, event: &Event) -> Vec<Write> {
    let mut writes = vec![
        put(Table::Events, event_key(event.case.as_ref(), event.seq), event),
        Write::Put(Table::Meta, LAST_SEQ.to_vec(), event.seq.to_string().into_bytes()),
    ];
    match (&event.fact, &event.case) {
        (Fact::Opened(opening), Some(case)) => writes.extend(opened(case, opening)),
        (Fact::Joined { mail, conversation, .. }, Some(case)) => {
            writes.extend(mail.message_id.as_ref().map(|id| tie(message_key(id), case, false)));
            writes.extend(digest_tie(conversation.as_deref(), case));
        }
        (
            Fact::Bounced { mail, .. }
            | Fact::Returned { mail, .. }
            | Fact::Answered { mail, .. }
            | Fact::Discussed { mail, .. }
            | Fact::Commanded { mail, .. },
            Some(case),
        ) => {
            writes.extend(mail.message_id.as_ref().map(|id| tie(message_key(id), case, false)));
        }
        (Fact::Written { letter, message_id, .. }, Some(case)) => {
            writes.push(tie(message_key(message_id), case, true));
            writes.extend(waiting(books, letter));
            // Released after its end, it writes as any other.
            let closed = books.case(case).is_some_and(|case| case.closed.is_some());
            writes.extend(closed.then(|| lately::row(case, event.at)));
        }
        (Fact::Closed { .. }, Some(case)) => {
            writes.push(Write::Delete(Table::Open, case_key(case)));
            writes.push(lately::row(case, event.at));
        }
        (Fact::Reopened { .. }, Some(case)) => {
            writes.push(Write::Put(Table::Open, case_key(case), Vec::new()));
        }
        (Fact::Parted { mail, .. }, Some(case)) => {
            // What answers the mail goes on with the case that it became.
            let key = mail.message_id.as_ref().map(message_key);
            writes.extend(key.map(|key| Write::Delete(Table::Ties, tie_key(key, case))));
        }
        (Fact::Asked { question, .. }, _) => {
            let key = format!("{QUESTION}{question}").into_bytes();
            writes.extend(books.question(question).map(|asked| put(Table::Meta, key, asked)));
        }
        (Fact::Confirmed { question, .. }, _) => writes.push(answered(question)),
        (Fact::Declined { question, asked, .. }, _) => {
            // What the lead says is no report was none of ours: nothing of it is kept.
            writes.push(answered(question));
            writes.push(Write::Delete(Table::Events, event_key(None, *asked)));
        }
        (Fact::Covered { message_id, .. }, Some(case)) => {
            writes.push(tie(message_key(message_id), case, true));
        }
        (Fact::Delayed { letter, .. }, _) | (Fact::Written { letter, .. }, None) => {
            writes.extend(waiting(books, letter));
        }
        (
            Fact::Sent { letter, .. }
            | Fact::Refused { letter, .. }
            | Fact::Withdrawn { letter }
            | Fact::Elsewhere { letter: Some(letter), .. },
            _,
        ) => {
            writes.push(Write::Delete(Table::Outbox, letter.0.clone().into_bytes()));
        }
        (Fact::RelayStopped { inbox, .. } | Fact::RelayResumed { inbox }, _) => {
            let key = format!("{STOP}{inbox}").into_bytes();
            writes.push(match books.outbox().stopped(inbox) {
                Some(stop) => put(Table::Meta, key, stop),
                None => Write::Delete(Table::Meta, key),
            });
        }
        (Fact::Another { by }, Some(case)) => {
            let inbox = books.case(case).map(|case| case.mail().folder.inbox.as_str());
            let key = inbox.map(|inbox| format!("{ANOTHER}{by}/{inbox}").into_bytes());
            writes.extend(key.map(|key| put(Table::Meta, key, &event.at)));
        }
        (Fact::Away { member, until, .. }, _) => {
            writes.push(put(Table::Meta, format!("{AWAY}{member}").into_bytes(), until));
        }
        (Fact::Back { member }, _) => {
            writes.push(Write::Delete(Table::Meta, format!("{AWAY}{member}").into_bytes()));
        }
        (Fact::Digested { inbox, .. }, _) => {
            let key = format!("{DIGEST}{inbox}").into_bytes();
            let tally = books.tallies().of(inbox);
            writes.extend(tally.map(|tally| put(Table::Meta, key, &tally.since)));
        }
        (Fact::CanarySent { to, .. } | Fact::CanaryCame { to, .. }, _) => {
            let key = format!("{CANARY}{}", canary::name(to)).into_bytes();
            writes.extend(books.canary(to).map(|flight| put(Table::Meta, key, flight)));
        }
        _ => {}
    }
    writes.extend(proof(books));
    writes
}

/// What the event added to the proof, and where it ends now.
fn proof(books: &Books) -> Vec<Write> {
    let chain = books.chain();
    let mut writes: Vec<Write> = chain
        .added()
        .iter()
        .map(|entry| put(Table::Proof, proof_key(entry.number), entry))
        .collect();
    if !writes.is_empty() {
        writes.push(put(Table::Meta, PROOF.to_vec(), chain.head()));
    }
    writes
}

/// Where the entry of the proof with this number stands.
pub fn proof_key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// Reads an entry of the proof.
pub fn proof_entry(value: &[u8]) -> Result<Entry, Unreadable> {
    read("an entry of the proof", value)
}

/// What the keys of events that are on no case start with, and what that of one of them is.
pub fn event_of_no_case(seq: u64) -> (Vec<u8>, Vec<u8>) {
    (NO_CASE.to_vec(), event_key(None, seq))
}

fn opened(case: &CaseId, opening: &Opening) -> Vec<Write> {
    let mut writes = vec![Write::Put(Table::Open, case_key(case), Vec::new()), number(case)];
    let MailRef { message_id, .. } = &opening.mail;
    writes.extend(message_id.as_ref().map(|id| tie(message_key(id), case, false)));
    writes.extend(digest_tie(opening.text.as_deref(), case));
    writes.extend(digest_tie(opening.conversation.as_deref(), case));
    let subject = base_subject(&opening.subject);
    if let Some(reporter) = opening.reporter.as_ref().filter(|_| !subject.is_empty()) {
        writes.push(tie(subject_key(&reporter.address, &subject), case, false));
    }
    writes
}

fn tie(key: TieKey, case: &CaseId, letter: bool) -> Write {
    let tied = Tied { case: case.clone(), letter };
    put(Table::Ties, tie_key(key, case), &tied)
}

fn tie_key(key: TieKey, case: &CaseId) -> Vec<u8> {
    [key.as_slice(), &case_key(case)].concat()
}

/// A tie that the event holds as a digest.
fn digest_tie(hexadecimal: Option<&str>, case: &CaseId) -> Option<Write> {
    Some(tie(read_hex::<16>(hexadecimal?)?, case, false))
}

fn answered(question: &QuestionId) -> Write {
    Write::Delete(Table::Meta, format!("{QUESTION}{question}").into_bytes())
}

fn waiting(books: &Books, letter: &LetterId) -> Option<Write> {
    Some(put(Table::Outbox, letter.0.clone().into_bytes(), books.outbox().get(letter)?))
}

/// The row that says that a mail has its decision.
pub fn mail(key: TieKey) -> Write {
    Write::Put(Table::Mails, key.to_vec(), Vec::new())
}

/// The row of a letter.
pub fn letter(letter: &Letter) -> Write {
    put(Table::Letters, letter.id.0.clone().into_bytes(), letter)
}

/// The row of a folder's progress.
pub fn progress(folder: &Folder, progress: &Progress) -> Write {
    put(Table::Cursors, folder_key(folder), progress)
}

/// The row of the n-th secret key, the first one being 1.
pub fn secret_key(n: u32, key: &[u8; 32]) -> Write {
    Write::Put(Table::Meta, format!("{KEY}{n:04}").into_bytes(), hex(key).into_bytes())
}

/// The row that says that a case number was the last one given.
pub fn number(case: &CaseId) -> Write {
    let key = format!("{NUMBER}{}/{}", case.prefix, case.year).into_bytes();
    Write::Put(Table::Meta, key, case.number.to_string().into_bytes())
}

/// Where a folder's progress stands.
pub fn folder_key(folder: &Folder) -> Vec<u8> {
    let role = folder.role.word().map(|word| format!("\0{word}")).unwrap_or_default();
    format!("{}\0{}{role}", folder.inbox, folder.name).into_bytes()
}

/// Reads a folder back from its key.
pub fn read_folder_key(key: &[u8]) -> Option<Folder> {
    let (inbox, name) = std::str::from_utf8(key).ok()?.split_once('\0')?;
    let (name, role) = match name.split_once('\0') {
        None => (name, Role::Inbox),
        Some((name, word)) => {
            let roles = [Role::Sent, Role::Junk];
            (name, roles.into_iter().find(|role| role.word() == Some(word))?)
        }
    };
    Some(Folder { inbox: inbox.to_owned(), name: name.to_owned(), role })
}

/// What all events of a case start with, and its key in the table of open cases.
pub fn case_key(case: &CaseId) -> Vec<u8> {
    let mut key = case.prefix.as_bytes().to_vec();
    key.push(0);
    key.extend(case.year.to_be_bytes());
    key.extend(case.number.to_be_bytes());
    key
}

/// The key of an event.
pub(super) fn event_key(case: Option<&CaseId>, seq: u64) -> Vec<u8> {
    let mut key = case.map_or_else(|| NO_CASE.to_vec(), case_key);
    key.extend(seq.to_be_bytes());
    key
}

/// Whether this is the row of a case number. It can be ahead of the cases, never behind them.
pub(super) fn is_number(key: &[u8]) -> bool {
    key.starts_with(NUMBER.as_bytes())
}

/// Whether a row of odds and ends follows from the events. The others are keys, and what belongs to
/// the store.
pub(super) fn follows_from_events(key: &[u8]) -> bool {
    let begins = [NUMBER, STOP, QUESTION].iter().any(|name| key.starts_with(name.as_bytes()));
    key == LAST_SEQ || begins
}

/// Reads a case number back from its key.
pub fn read_case_key(key: &[u8]) -> Option<CaseId> {
    let (prefix, rest) = key.split_at_checked(key.iter().position(|b| *b == 0)?)?;
    let year = u16::from_be_bytes(rest.get(1..3)?.try_into().ok()?);
    let number = u32::from_be_bytes(rest.get(3..7)?.try_into().ok()?);
    Some(CaseId { prefix: str::from_utf8(prefix).ok()?.into(), year, number })
}

/// The cases that a start reads: all that are open, and those that were closed of late.
pub fn read_at_start(
    open: &[(Vec<u8>, Vec<u8>)],
    closed: Vec<(CaseId, Moment)>,
    now: Moment,
) -> Result<BTreeSet<CaseId>, Unreadable> {
    let unreadable = || Unreadable { what: "an open case".into() };
    let open = open.iter().map(|(key, _)| read_case_key(key).ok_or_else(unreadable));
    let mut cases: BTreeSet<CaseId> = open.collect::<Result<_, _>>()?;
    cases.extend(lately::counting(closed, now));
    Ok(cases)
}

/// Reads the value of a row.
pub fn read<T: DeserializeOwned>(what: &str, value: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(value).map_err(|_| Unreadable { what: what.to_owned() })
}

/// What the table of odds and ends says.
#[derive(Debug, Default)]
pub struct Meta {
    /// The number of the last event.
    pub last_seq: u64,
    /// The highest case number used, by prefix and year.
    pub numbers: Vec<((String, u16), u32)>,
    /// The secret keys, newest first.
    pub keys: Vec<[u8; 32]>,
    /// Relays that refuse us.
    pub stops: Vec<(String, super::outbox::Stop)>,
    /// What leads are asked.
    pub questions: Vec<(QuestionId, Question)>,
    /// Until when members are away by their own notes.
    pub absences: Vec<(String, Moment)>,
    /// Where the proof ends.
    pub proof: Head,
    /// Since when the next digest of each inbox counts.
    pub digests: Vec<(String, Since)>,
    /// The canaries, by the name of their address.
    pub canaries: Vec<(String, Flight)>,
    /// Cases that were closed, and when last something counted of them.
    pub lately: Vec<(CaseId, Moment)>,
    /// Those who watch the same inboxes, since when that is known.
    pub others: Vec<((String, Identity), Moment)>,
}

impl Meta {
    /// Reads all rows of the table.
    pub fn read(rows: &[(Vec<u8>, Vec<u8>)]) -> Result<Meta, Unreadable> {
        let mut meta = Meta::default();
        for (key, value) in rows {
            let name = String::from_utf8_lossy(key).into_owned();
            let text = String::from_utf8_lossy(value);
            let bad = || Unreadable { what: name.clone() };
            if key == LAST_SEQ {
                meta.last_seq = text.parse().map_err(|_| bad())?;
            } else if let Some(rest) = name.strip_prefix(NUMBER) {
                let (prefix, year) = rest.split_once('/').ok_or_else(bad)?;
                let year = year.parse().map_err(|_| bad())?;
                meta.numbers.push(((prefix.to_owned(), year), text.parse().map_err(|_| bad())?));
            } else if name.starts_with(KEY) {
                meta.keys.insert(0, read_hex::<32>(&text).ok_or_else(bad)?);
            } else if let Some(inbox) = name.strip_prefix(STOP) {
                meta.stops.push((inbox.to_owned(), read(&name, value)?));
            } else if let Some(id) = name.strip_prefix(QUESTION) {
                meta.questions.push((QuestionId(id.to_owned()), read(&name, value)?));
            } else if let Some(member) = name.strip_prefix(AWAY) {
                meta.absences.push((member.to_owned(), read(&name, value)?));
            } else if let Some(inbox) = name.strip_prefix(DIGEST) {
                meta.digests.push((inbox.to_owned(), read(&name, value)?));
            } else if key == PROOF {
                meta.proof = read(&name, value)?;
            } else if let Some(to) = name.strip_prefix(CANARY) {
                meta.canaries.push((to.to_owned(), read(&name, value)?));
            } else if name.starts_with(lately::PLACE) {
                meta.lately.push(lately::read(value).ok_or_else(bad)?);
            } else if let Some(rest) = name.strip_prefix(ANOTHER) {
                let (other, inbox) = rest.split_once('/').ok_or_else(bad)?;
                let other = Identity::try_from(other.to_owned()).map_err(|_| bad())?;
                meta.others.push(((inbox.to_owned(), other), read(&name, value)?));
            }
        }
        Ok(meta)
    }
}

fn put(table: Table, key: Vec<u8>, value: &impl Serialize) -> Write {
    // The types written here have string keys and no fallible parts: this cannot fail.
    Write::Put(table, key, serde_json::to_vec(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_back_from_its_key_and_an_inbox_has_the_key_that_it_always_had() {
        for (name, role, key) in [
            ("INBOX", Role::Inbox, "security\0INBOX"),
            ("Sent", Role::Inbox, "security\0Sent"),
            ("Sent", Role::Sent, "security\0Sent\0sent"),
            ("\\Junk", Role::Junk, "security\0\\Junk\0junk"),
        ] {
            let folder = Folder { inbox: "security".into(), name: name.into(), role };
            assert_eq!(folder_key(&folder), key.as_bytes());
            assert_eq!(read_folder_key(key.as_bytes()), Some(folder));
        }
        assert_eq!(read_folder_key(b"security\0Sent\0later"), None);
    }
}
