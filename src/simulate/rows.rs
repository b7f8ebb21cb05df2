//! The rows that the store would hold, as far as mails are looked up by them, and the way of a mail
//! from its bytes to the desk.

use std::collections::{BTreeMap, BTreeSet};

use super::timeline::Arrival;
use crate::desk::authentication::Authentication;
use crate::desk::books::Books;
use crate::desk::classify::personal::Reading;
use crate::desk::event::{Event, MailRef};
use crate::desk::folder::{Folder, Role};
use crate::desk::intake::{Incoming, concerns_us, looked_up};
use crate::desk::judge::judge_in;
use crate::desk::message::{Defect, Message};
use crate::desk::parse::parse;
use crate::desk::policy::{InboxKind, Policy};
use crate::desk::record;
use crate::desk::response::known_in;
use crate::desk::table::{Table, Write};
use crate::desk::thread::{Tie, TieKey, Tied, mail_key, place_key};
use crate::desk::time::Moment;
use crate::desk::verdict::{Code, Verdict};
use crate::io::archive::Text;

/// At most so many cases are looked at for one tie, as the loop does.
const CASES_PER_TIE: usize = 8;

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Rows {
    ties: BTreeMap<Vec<u8>, Vec<u8>>,
    mails: BTreeSet<TieKey>,
}

/// A mail, read and judged by itself.
pub(super) struct Read {
    pub(super) folder: Folder,
    pub(super) key: TieKey,
    pub(super) message: Message,
    /// Whether its header alone is looked at first, to see if it is for us.
    pub(super) headers_first: bool,
    ties: Vec<Tie>,
    verdict: Verdict,
    authentication: Authentication,
    reading: Reading,
    size: u64,
}

impl Read {
    /// Whether it is a letter of ours, kept or come back.
    pub(super) fn is_own_letter(&self) -> bool {
        self.verdict.reasons.first().is_some_and(|reason| reason.code == Code::OwnLetter)
    }
}

impl Rows {
    /// Keeps what an event leads to; `books` are the books after it.
    pub(super) fn keep(&mut self, books: &Books, event: &Event) {
        for write in record::event(books, event) {
            if let Write::Put(Table::Ties, key, value) = write {
                self.ties.insert(key, value);
            }
        }
    }

    /// Remembers that a mail has its decision.
    pub(super) fn record(&mut self, key: TieKey) {
        self.mails.insert(key);
    }

    /// Whether this very mail has its decision.
    pub(super) fn is_recorded(&self, read: &Read) -> bool {
        self.mails.contains(&read.key)
    }

    /// Whether what stands in the header of a mail leads to a case.
    pub(super) fn leads(&self, read: &Read) -> bool {
        let mut ties = read.ties.iter().filter(|tie| !matches!(tie, Tie::Text(_)));
        ties.any(|tie| self.lead(tie).next().is_some())
    }

    /// Reads and judges a mail; `text` is none where it cannot be read. None where no inbox is
    /// called as asked for.
    pub(super) fn read(
        &self,
        books: &Books,
        policies: &[Policy],
        inbox: Option<&str>,
        arrival: &Arrival,
        text: Option<Text>,
        file: &str,
    ) -> Option<Read> {
        let unreadable = text.is_none();
        let text = text.unwrap_or(Text { bytes: Vec::new(), whole: true });
        let mut message = parse(&text.bytes, text.whole);
        if unreadable {
            message.defects.push(Defect::Unreadable);
        }
        let policy = match inbox {
            Some(name) => policies.iter().find(|policy| policy.inbox == name)?,
            None => self.inbox(books, policies, arrival.role, &message)?,
        };
        let key = if text.bytes.is_empty() {
            place_key(file, 0, 0)
        } else {
            known_in(arrival.role, mail_key(&policy.case_prefix, &message, &text.bytes))
        };
        let (judged, reading) = judge_in(message, arrival.role, policy);
        let name = arrival.role.mark().unwrap_or("INBOX").to_owned();
        Some(Read {
            folder: Folder { inbox: policy.inbox.clone(), name, role: arrival.role },
            key,
            headers_first: arrival.role != Role::Inbox || policy.kind != InboxKind::Dedicated,
            ties: looked_up(&judged.message),
            reading,
            verdict: judged.verdict,
            authentication: judged.authentication,
            message: judged.message,
            size: u64::try_from(text.bytes.len()).unwrap_or(u64::MAX),
        })
    }

    /// The inbox that a mail is of: that of the case that it belongs to, else the one that it is
    /// addressed to, or was sent from; else the first.
    fn inbox<'p>(
        &self,
        books: &Books,
        policies: &'p [Policy],
        role: Role,
        message: &Message,
    ) -> Option<&'p Policy> {
        let first = policies.first().filter(|_| policies.len() == 1);
        let named = |tie: &Tie| matches!(tie, Tie::Answers(_)) || tie.names().is_some();
        let tied = || {
            let ties = looked_up(message);
            let ties: Vec<&Tie> = ties.iter().filter(|tie| named(tie)).collect();
            let mut cases = ties.iter().flat_map(|tie| self.lead(tie));
            let case = cases.find_map(|tied| books.case(&tied.case))?;
            policies.iter().find(|policy| policy.inbox == case.mail().folder.inbox)
        };
        let addressed = || policies.iter().find(|policy| concerns_us(policy, message));
        let sent = || {
            let author = &message.author().filter(|_| role == Role::Sent)?.address;
            policies.iter().find(|policy| policy.is_published(author))
        };
        first.or_else(tied).or_else(sent).or_else(addressed).or(policies.first())
    }

    /// Hands a mail over to the desk, with what is known of its ties.
    pub(super) fn incoming(&self, read: Read, arrived: Moment) -> Incoming {
        let tied = |tie: &Tie| self.lead(tie).map(|tied| (tie.clone(), tied)).collect::<Vec<_>>();
        let tied = read.ties.iter().flat_map(tied).collect();
        Incoming {
            mail: MailRef {
                folder: read.folder,
                uid_validity: 1,
                uid: uid(&read.key),
                message_id: read.message.ids.first().cloned(),
                arrived,
                size: read.size,
            },
            message: read.message,
            verdict: read.verdict,
            authentication: read.authentication,
            witness: None,
            claimed_by: None,
            reading: read.reading,
            recorded: false,
            tied,
        }
    }

    /// The cases that a tie leads to.
    fn lead(&self, tie: &Tie) -> impl Iterator<Item = Tied> {
        let named = tie.names().map(|case| Tied { case: case.clone(), letter: false });
        let key = tie.key();
        let from = key.map(|key| key.to_vec()).unwrap_or_default();
        let rows = self
            .ties
            .range(from..)
            .take_while(move |(row, _)| key.is_some_and(|key| row.starts_with(&key)));
        // Every row was written by `record` in this very run.
        let known = rows.take(CASES_PER_TIE).filter_map(|(_, row)| record::read("a tie", row).ok());
        named.into_iter().chain(known)
    }
}

/// A number for a mail that depends on nothing but the mail: other mails in a later archive must not
/// change the Message-IDs of the letters that answer this one.
fn uid(key: &TieKey) -> u32 {
    let first = key.first_chunk::<4>().copied().unwrap_or_default();
    u32::from_be_bytes(first).max(1)
}
