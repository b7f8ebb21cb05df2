//! What follows from a mail.

use super::address::{Address, Mailbox};
use super::answer::{Answer, answer};
use super::authentication::Authentication;
use super::books::Books;
use super::case::Case;
use super::event::{Certainty, Fact, HoldReason, MailRef, Opening, Promised};
use super::folder::Keyword;
use super::ids::CaseId;
use super::keys::{Keys, hex};
use super::letter::{LetterId, LetterKind};
use super::line::one_line;
use super::message::Message;
use super::policy::{InboxKind, Policy};
use super::quota::{Caps, Permit};
use super::thread::{Tie, Tied, has_prefix, text_key, ties};
use super::time::Moment;
use super::verdict::{Figures, Kind, Verdict};

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
    caps: &Caps,
    now: Moment,
    incoming: &Incoming,
) -> Facts {
    if incoming.recorded {
        return Vec::new();
    }
    match (incoming.verdict.kind, place(books, policy, keys, incoming)) {
        (Kind::Bounce, _) => bounce(books, incoming),
        (Kind::Automatic, Place::Joins(case, tie)) => vec![join(case, incoming, tie)],
        (Kind::Automatic, _) => vec![set_aside(incoming)],
        (_, Place::Joins(case, tie)) => vec![join(case, incoming, tie)],
        (_, Place::Opens { linked, hold }) => {
            let case = books.next_case(&policy.case_prefix, now);
            let permit = |to: &Address| permit(books, policy, caps, now, incoming, to);
            open(&case, policy, keys, permit, incoming, linked, hold)
        }
    }
}

enum Place {
    Joins(CaseId, Certainty),
    /// A case of its own; the others are what it refers to without right, or without saying which.
    Opens {
        linked: Vec<CaseId>,
        hold: Option<HoldReason>,
    },
}

/// Which case the mail belongs to. An id or a number proves nothing by itself: what joins a case
/// comes from somebody who takes part in it, or answers a letter whose id nobody can guess.
fn place(books: &Books, policy: &Policy, keys: &Keys, incoming: &Incoming) -> Place {
    let author = incoming.message.author().map(|mailbox| &mailbox.address);
    let hearsay = incoming.message.through.as_ref().is_some_and(|through| through.hearsay);
    let proven = incoming.authentication != Authentication::Fail && !hearsay;
    let takes_part = |case: &Case| proven && author.is_some_and(|a| case.takes_part(a));
    let mut joins: Vec<(Certainty, CaseId)> = Vec::new();
    let mut linked: Vec<CaseId> = Vec::new();
    let mut answers_others = false;
    let continues = is_reply(&incoming.message) || !tells_anew(incoming.verdict.kind);
    // Projects that share a daemon share no cases.
    let of_project = claims(books, incoming).filter(|(_, c)| c.id.prefix == policy.case_prefix);
    for (tie, case) in of_project {
        let ours = matches!(tie, (Tie::Answers(id), true) if keys.made(id));
        let certainty = match (tie, takes_part(case)) {
            ((Tie::Answers(_), true), true) if ours => Some(Certainty::OurLetter),
            ((Tie::Answers(_) | Tie::Is(_), _), true) => Some(Certainty::TheirMail),
            ((Tie::Tagged(_), _), true) => Some(Certainty::SubjectTag),
            ((Tie::Text(_), _), true) => Some(Certainty::SameText),
            ((Tie::Subject(..), _), true) if continues => Some(Certainty::SameSubject),
            ((Tie::Answers(_), _), false) if ours && proven => Some(Certainty::Guest),
            _ => None,
        };
        match certainty {
            Some(certainty) => joins.push((certainty, case.id.clone())),
            None => {
                answers_others |= matches!(tie, (Tie::Answers(_), _));
                linked.push(case.id.clone());
            }
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
                Place::Opens { linked: rivals, hold: Some(HoldReason::SeveralCases) }
            } else {
                Place::Joins(case, best)
            }
        }
        None => {
            let hold = answers_others.then_some(HoldReason::OthersConversation);
            Place::Opens { linked, hold }
        }
    }
}

/// Whether the mail says of itself that it goes on with a conversation.
fn is_reply(message: &Message) -> bool {
    let names_another = !message.in_reply_to.is_empty() || !message.references.is_empty();
    names_another || has_prefix(&message.subject)
}

/// Whether the mail is a report of its own: many people call each of their reports "vulnerability".
fn tells_anew(kind: Kind) -> bool {
    matches!(kind, Kind::Complete | Kind::Encrypted)
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

/// A delivery report about a letter of ours goes on every case that the letter is about; any other
/// is put aside.
fn bounce(books: &Books, incoming: &Incoming) -> Facts {
    let report = incoming.message.report.as_ref();
    let about = report.map(|r| r.about.as_slice()).unwrap_or_default();
    let named = |id: &_| about.contains(id) || incoming.message.references.contains(id);
    let actions = report.map(|r| r.actions.as_slice()).unwrap_or_default();
    let failed = actions.is_empty() || actions.iter().any(|action| action == "failed");
    let mut facts = Facts::new();
    for (_, tied) in incoming.tied.iter().filter(|(_, tied)| tied.letter) {
        let Some(case) = books.case(&tied.case) else { continue };
        let letter = case.letters.iter().find(|(_, letter)| named(&letter.message_id));
        if let Some((letter, _)) = letter
            && facts.iter().all(|(told, _)| told.as_ref() != Some(&case.id))
        {
            let (mail, letter) = (incoming.mail.clone(), letter.clone());
            facts.push((Some(case.id.clone()), Fact::Bounced { mail, letter, failed }));
        }
    }
    if facts.is_empty() { vec![set_aside(incoming)] } else { facts }
}

fn open(
    id: &CaseId,
    policy: &Policy,
    keys: &Keys,
    permit: impl Fn(&Address) -> Permit,
    incoming: &Incoming,
    linked: Vec<CaseId>,
    hold: Option<HoldReason>,
) -> Facts {
    let message = &incoming.message;
    let answer = match (incoming.witness, hold) {
        (Some(Keyword::Acked), _) => Answer::None,
        (_, Some(why)) => Answer::Hold(why),
        (Some(Keyword::Seen), _) => Answer::Hold(HoldReason::KnownBefore),
        (None, None) => answer(message, &incoming.verdict, &incoming.authentication, policy),
    };
    let opening = Opening {
        mail: incoming.mail.clone(),
        reporter: author(message),
        subject: one_line(&message.subject, LONGEST_SUBJECT),
        verdict: bounded(&incoming.verdict),
        text: text_key(message).map(|key| hex(&key)),
        defects: message.defects.clone(),
        provisional: lacks_text(incoming.verdict.kind),
        promised: Promised::by(policy),
    };
    let mut facts = vec![Fact::Opened(Box::new(opening))];
    facts.extend(linked.into_iter().take(MOST_LINKS).map(|other| Fact::Linked { other }));
    match answer {
        Answer::Letter(kind) => {
            facts.extend(written(keys, policy, id, permit, kind, &incoming.mail, message));
        }
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
const LONGEST_DETAIL: usize = 200;
const MOST_REASONS: usize = 3;
const MOST_HINTS: usize = 6;
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
    verdict.hints.truncate(MOST_HINTS);
    for hint in &mut verdict.hints {
        *hint = one_line(hint, LONGEST_NAME);
    }
    for names in [&mut verdict.figures.hosts, &mut verdict.figures.files] {
        names.truncate(Figures::NAMED);
        for name in names {
            *name = one_line(name, Figures::NAME);
        }
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
    permit: impl Fn(&Address) -> Permit,
    kind: LetterKind,
    about: &MailRef,
    message: &Message,
) -> Option<Fact> {
    let letter = LetterId::of(case, kind);
    let message_id = keys.message_id(&letter, about, &policy.from.address)?;
    let mut to = author(message)?;
    if kind == LetterKind::Minimal {
        // The name is the stranger's text as well, and this letter carries none of it.
        to.name.clear();
    }
    Some(match permit(&to.address) {
        Permit::Letter => Fact::Written { letter, kind, to, message_id, covers: Vec::new() },
        Permit::Combined(until) => Fact::Deferred { to, until },
        Permit::No => Fact::Held { why: HoldReason::Flood },
    })
}

/// Whether the caps leave a letter for this case. Where more letters wait than can leave before the
/// promise ends, one more would only break it later.
fn permit(
    books: &Books,
    policy: &Policy,
    caps: &Caps,
    now: Moment,
    incoming: &Incoming,
    to: &Address,
) -> Permit {
    let deadline = incoming.mail.arrived + policy.acknowledgement;
    let hours = deadline.since(now).as_seconds().div_ceil(3600).max(1);
    let hours = usize::try_from(hours).unwrap_or(usize::MAX);
    if books.letters_waiting() >= caps.per_hour.saturating_mul(hours) {
        return Permit::No;
    }
    books.quota().permit(caps, now, &policy.inbox, to, deadline)
}

/// The ties by which a mail is looked up, those of a delivery report included: it names the letter
/// that it is about.
pub fn looked_up(message: &Message) -> Vec<Tie> {
    let about = message.report.iter().flat_map(|report| &report.about).cloned().map(Tie::Answers);
    about.chain(ties(message)).collect()
}

/// In an inbox where not all mail is ours: whether this mail is to one of the published addresses,
/// or came through a list of ours. In a dedicated inbox every mail is.
pub fn concerns_us(policy: &Policy, message: &Message) -> bool {
    let delivered = message.delivered_to.iter().filter(|to| Some(*to) != policy.account.as_ref());
    let copied = message.cc.iter().map(|one| &one.address);
    let mut to = message.to.iter().chain(copied).chain(delivered);
    let published = |address: &Address| policy.is_published(address);
    policy.kind == InboxKind::Dedicated || message.through.is_some() || to.any(published)
}
