//! What follows from a mail.

use super::address::{Address, Mailbox};
use super::answer::{Answer, answer};
use super::authentication::Authentication;
use super::books::Books;
use super::case::Case;
use super::event::{Certainty, Fact, HoldReason, MailRef, Opening};
use super::folder::Keyword;
use super::ids::CaseId;
use super::keys::Keys;
use super::letter::{LetterId, LetterKind};
use super::line::one_line;
use super::message::Message;
use super::policy::{InboxKind, Policy};
use super::thread::{Tie, Tied, ties};
use super::time::Moment;
use super::verdict::{Kind, Verdict};

/// A mail that arrived, read and judged, with what the store knows about its ties.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Where it is.
    pub mail: MailRef,
    /// What it says.
    pub message: Message,
    /// What kind of mail it is by itself.
    pub verdict: Verdict,
    /// What our server found out about its sender.
    pub authentication: Authentication,
    /// What an earlier life of this desk wrote on it.
    pub witness: Option<Keyword>,
    /// True where this very mail has its recorded decision already.
    pub recorded: bool,
    /// What its ties lead to, in the order of [`ties`].
    pub tied: Vec<(Tie, Tied)>,
}

type Facts = Vec<(Option<CaseId>, Fact)>;

/// What follows from a mail: exactly one recorded decision, and the letter that it causes.
pub(super) fn mail(
    books: &Books,
    policy: &Policy,
    keys: &Keys,
    now: Moment,
    incoming: &Incoming,
) -> Facts {
    if incoming.recorded {
        return Vec::new();
    }
    match (incoming.verdict.kind, place(books, keys, incoming)) {
        (Kind::Bounce, _) => bounce(books, incoming),
        (Kind::Automatic, Place::Joins(case, tie)) => vec![join(case, incoming, tie)],
        (Kind::Automatic, _) => vec![set_aside(incoming)],
        (_, Place::Joins(case, tie)) => vec![join(case, incoming, tie)],
        (_, Place::Opens { linked }) => {
            let case = books.next_case(&policy.case_prefix, now);
            open(&case, policy, keys, incoming, linked)
        }
    }
}

enum Place {
    Joins(CaseId, Certainty),
    /// A case of its own; the others are what it refers to without right, or without saying which.
    Opens {
        linked: Vec<CaseId>,
    },
}

/// Which case the mail belongs to. An id or a number proves nothing by itself: what joins a case
/// comes from somebody who takes part in it, or answers a letter whose id nobody can guess.
fn place(books: &Books, keys: &Keys, incoming: &Incoming) -> Place {
    let author = incoming.message.author().map(|mailbox| &mailbox.address);
    let proven = incoming.authentication != Authentication::Fail;
    let takes_part = |case: &Case| proven && author.is_some_and(|a| case.takes_part(a));
    let mut joins: Vec<(Certainty, CaseId)> = Vec::new();
    let mut linked: Vec<CaseId> = Vec::new();
    for (tie, case) in claims(books, incoming) {
        let ours = matches!(tie, (Tie::Answers(id), true) if keys.made(id));
        let certainty = match (tie, takes_part(case)) {
            ((Tie::Answers(_), true), true) if ours => Some(Certainty::OurLetter),
            ((Tie::Answers(_) | Tie::Is(_), _), true) => Some(Certainty::TheirMail),
            ((Tie::Tagged(_), _), true) => Some(Certainty::SubjectTag),
            ((Tie::Subject(..), _), true) => Some(Certainty::SameSubject),
            ((Tie::Answers(_), _), false) if ours && proven => Some(Certainty::Guest),
            (_, false) => None,
        };
        match certainty {
            Some(certainty) => joins.push((certainty, case.id.clone())),
            None => linked.push(case.id.clone()),
        }
    }
    linked.sort();
    linked.dedup();
    match joins.iter().min().cloned() {
        Some((best, case)) => {
            // Two cases by equally sure ties: a human decides.
            let mut rivals: Vec<CaseId> =
                joins.into_iter().filter(|(c, _)| *c == best).map(|(_, id)| id).collect();
            rivals.sort();
            rivals.dedup();
            if rivals.len() > 1 {
                Place::Opens { linked: rivals }
            } else {
                Place::Joins(case, best)
            }
        }
        None => Place::Opens { linked },
    }
}

/// Each tie of the mail with the open case that it leads to; true beside it where the tie is the id
/// of a letter of ours.
fn claims<'a>(
    books: &'a Books,
    incoming: &'a Incoming,
) -> impl Iterator<Item = ((&'a Tie, bool), &'a Case)> {
    incoming
        .tied
        .iter()
        .filter_map(|(tie, tied)| Some(((tie, tied.letter), books.case(&tied.case)?)))
}

fn join(case: CaseId, incoming: &Incoming, tie: Certainty) -> (Option<CaseId>, Fact) {
    let (mail, verdict) = (incoming.mail.clone(), bounded(&incoming.verdict));
    (Some(case), Fact::Joined { mail, from: author(&incoming.message), verdict, tie })
}

fn set_aside(incoming: &Incoming) -> (Option<CaseId>, Fact) {
    (None, Fact::SetAside { mail: incoming.mail.clone(), verdict: bounded(&incoming.verdict) })
}

/// A delivery report about a letter of ours goes on its case; any other is put aside.
fn bounce(books: &Books, incoming: &Incoming) -> Facts {
    let about = incoming.message.report.as_ref().map(|r| r.about.as_slice()).unwrap_or_default();
    let named = |id: &_| about.contains(id) || incoming.message.references.contains(id);
    let letter = incoming.tied.iter().filter(|(_, tied)| tied.letter).find_map(|(_, tied)| {
        let case = books.case(&tied.case)?;
        let (letter, _) = case.letters.iter().find(|(_, l)| named(&l.message_id))?;
        Some((case.id.clone(), letter.clone()))
    });
    let Some((case, letter)) = letter else { return vec![set_aside(incoming)] };
    let actions =
        incoming.message.report.as_ref().map(|r| r.actions.as_slice()).unwrap_or_default();
    let failed = actions.is_empty() || actions.iter().any(|action| action == "failed");
    vec![(Some(case), Fact::Bounced { mail: incoming.mail.clone(), letter, failed })]
}

fn open(
    id: &CaseId,
    policy: &Policy,
    keys: &Keys,
    incoming: &Incoming,
    linked: Vec<CaseId>,
) -> Facts {
    let message = &incoming.message;
    let several = linked.len() > 1;
    let answer = match incoming.witness {
        _ if several => Answer::Hold(HoldReason::SeveralCases),
        Some(Keyword::Acked) => Answer::None,
        Some(Keyword::Seen) => Answer::Hold(HoldReason::KnownBefore),
        None => answer(message, &incoming.verdict, &incoming.authentication, policy),
    };
    let opening = Opening {
        mail: incoming.mail.clone(),
        reporter: author(message),
        subject: one_line(&message.subject, LONGEST_SUBJECT),
        verdict: bounded(&incoming.verdict),
        defects: message.defects.clone(),
        provisional: lacks_text(incoming.verdict.kind),
    };
    let mut facts = vec![Fact::Opened(Box::new(opening))];
    facts.extend(linked.into_iter().take(MOST_LINKS).map(|other| Fact::Linked { other }));
    match answer {
        Answer::Letter(kind) => facts.extend(written(keys, policy, id, kind, message)),
        Answer::Hold(why) => facts.push(Fact::Held { why }),
        Answer::None if incoming.witness.is_some() => facts.push(Fact::AnsweredBefore),
        Answer::None => {}
    }
    facts.into_iter().map(|fact| (Some(id.clone()), fact)).collect()
}

/// An event has to fit into one row of the store, whatever a stranger wrote. These are far above what
/// a person writes, and far below what a row holds.
const LONGEST_SUBJECT: usize = 300;
const LONGEST_NAME: usize = 100;
const LONGEST_DETAIL: usize = 300;
const MOST_REASONS: usize = 6;
const MOST_LINKS: usize = 8;

fn author(message: &Message) -> Option<Mailbox> {
    let Mailbox { name, address } = message.author()?.clone();
    Some(Mailbox { name: one_line(&name, LONGEST_NAME), address })
}

fn bounded(verdict: &Verdict) -> Verdict {
    let mut verdict = verdict.clone();
    verdict.reasons.truncate(MOST_REASONS);
    for reason in &mut verdict.reasons {
        reason.detail = one_line(&reason.detail, LONGEST_DETAIL);
    }
    verdict.hints.truncate(MOST_REASONS);
    for hint in &mut verdict.hints {
        *hint = one_line(hint, LONGEST_NAME);
    }
    verdict
}

/// Whether the text of the report is still owed.
fn lacks_text(kind: Kind) -> bool {
    matches!(kind, Kind::LinkOnly | Kind::AttachmentOnly | Kind::Empty)
}

fn written(
    keys: &Keys,
    policy: &Policy,
    case: &CaseId,
    kind: LetterKind,
    message: &Message,
) -> Option<Fact> {
    let letter = LetterId::of(case, kind);
    let message_id = keys.message_id(&letter, &policy.from.address)?;
    let mut to = author(message)?;
    if kind == LetterKind::Minimal {
        // The name is the stranger's text as well, and this letter carries none of it.
        to.name.clear();
    }
    Some(Fact::Written { letter, kind, to, message_id })
}

/// The ties by which a mail is looked up, those of a delivery report included: it names the letter
/// that it is about.
pub fn looked_up(message: &Message) -> Vec<Tie> {
    let about = message.report.iter().flat_map(|report| &report.about).cloned().map(Tie::Answers);
    about.chain(ties(message)).collect()
}

/// In an inbox where not all mail is ours: whether this mail is to one of the published addresses.
/// In a dedicated inbox every mail is.
pub fn concerns_us(policy: &Policy, message: &Message) -> bool {
    let delivered = message.delivered_to.iter().filter(|to| Some(*to) != policy.account.as_ref());
    let mut to = message.to.iter().chain(&message.cc).chain(delivered);
    let published = |address: &Address| {
        policy.recipients.iter().any(|r| *r == *address || *r == address.without_tag())
    };
    policy.kind == InboxKind::Dedicated || to.any(published)
}
