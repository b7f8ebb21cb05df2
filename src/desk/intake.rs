//! What follows from a mail.

use super::address::Address;
use super::alike::{signature, similar};
use super::answer::{Answer, answer, deserves};
use super::authentication::Authentication;
use super::books::Books;
use super::bounce::{bounced, may_be_bounce};
use super::canary;
use super::case::Case;
use super::classify::personal::Reading;
use super::event::{Alone, Certainty, Fact, HoldReason, MailRef, Opening, Promised};
use super::folder::{Keyword, Role};
use super::hex::hex;
use super::ids::{CaseId, QuestionId};
pub use super::incoming::Incoming;
use super::incoming::{Facts, LONGEST_NAME, author};
use super::keys::{Keys, digest};
use super::letter::{LetterId, LetterKind};
use super::line::row_line;
use super::message::{Message, MessageId};
use super::place::{Place, place, tells_anew};
use super::policy::{InboxKind, Policy};
use super::quota::{Caps, Permit};
use super::response::{MOST_PUT_ON, Said, recipients, response, unseen_answer};
use super::thread::{Tie, conversation_key, text_key, ties};
use super::time::Moment;
use super::verdict::{Figures, Kind, Verdict};
use super::waiting;

/// What follows from a mail: exactly one recorded decision, and the letter that it causes. Nothing
/// follows from mail that is none of ours, and nothing of it is recorded.
pub(super) fn mail(
    books: &Books,
    policy: &Policy,
    keys: &Keys,
    caps: &Caps,
    now: Moment,
    incoming: &Incoming,
) -> Facts {
    if incoming.recorded {
        return Facts::new();
    }
    if let Some(fact) = canary_came(books, policy, keys, incoming) {
        return vec![(None, fact)];
    }
    let permit = |to: &Address, mail: &MailRef| permit(books, policy, caps, now, mail, to);
    if let Some(said) = response(books, policy, keys, incoming) {
        return match said {
            Said::Facts(facts) => facts,
            Said::Confirmed(question, asked) => {
                let mail = incoming.mail.clone();
                let case = books.next_case(&policy.case_prefix, now);
                let mut facts = vec![(None, Fact::Confirmed { question, mail })];
                let begun = begin(&case, policy, keys, permit, &asked.opening, asked.answer, &[]);
                facts.extend(with_similar(books, &case, begun));
                facts
            }
        };
    }
    match (incoming.verdict.kind, place(books, policy, keys, incoming)) {
        (Kind::Bounce, _) => match bounced(books, policy, keys, incoming) {
            facts if facts.is_empty() => set_aside(policy, incoming),
            facts => facts,
        },
        (Kind::Automatic, Place::Joins(case, tie)) => {
            vec![join(books, case, policy, incoming, tie)]
        }
        (Kind::Automatic, _) => set_aside(policy, incoming),
        (_, Place::Joins(id, tie)) => {
            // What is answered at the address of the case is our letter, whatever id it got on its way.
            let known = tie == Certainty::OurAddress;
            let mut cases = books.conversation(&id).filter(|_| !known);
            let unseen = cases.find_map(|case| unseen_answer(case, policy, incoming));
            let joined = join(books, id.clone(), policy, incoming, tie);
            let wrote = ended(books, &id, incoming, tie);
            std::iter::once(joined).chain(wrote).chain(unseen).collect()
        }
        (_, Place::Opens { linked, hold }) => {
            let opening = opening(policy, incoming);
            match admission(policy, incoming, hold) {
                Admission::Leave => Facts::new(),
                Admission::Ask => {
                    let (question, answer) =
                        (named(&incoming.mail), answered(policy, incoming, None));
                    vec![(None, Fact::Asked { question, opening: Box::new(opening), answer })]
                }
                Admission::Open(hold) => {
                    let case = books.next_case(&policy.case_prefix, now);
                    let answer = answered(policy, incoming, hold);
                    let facts = begin(&case, policy, keys, permit, &opening, answer, &linked);
                    with_similar(books, &case, facts)
                }
            }
        }
    }
}

/// A canary counts once; whatever else carries its word is a mail like any other.
fn canary_came(books: &Books, policy: &Policy, keys: &Keys, incoming: &Incoming) -> Option<Fact> {
    let (to, made) = canary::recognised(keys, policy, &incoming.message)?;
    let arrives = incoming.mail.folder.role != Role::Sent;
    let expected = books.canary(&to).is_none_or(|flight| flight.expects(made));
    (arrives && expected).then(|| Fact::CanaryCame { to, made, mail: incoming.mail.clone() })
}

/// What a mail may do that belongs to no case.
enum Admission {
    /// It opens one; held, where there is a reason.
    Open(Option<HoldReason>),
    /// The lead is asked.
    Ask,
    /// It is none of ours.
    Leave,
}

fn admission(policy: &Policy, incoming: &Incoming, hold: Option<HoldReason>) -> Admission {
    let reading = incoming.reading;
    let personal = policy.kind == InboxKind::Personal;
    match incoming.mail.folder.role {
        Role::Junk if personal && reading == Reading::Perhaps => Admission::Ask,
        Role::Junk if reading > Reading::No || !personal && tells_anew(incoming.verdict.kind) => {
            Admission::Open(hold.or(Some(HoldReason::InJunk)))
        }
        Role::Inbox if !personal || hold.is_some() || reading == Reading::Surely => {
            Admission::Open(hold)
        }
        Role::Inbox if reading == Reading::Perhaps => Admission::Ask,
        _ => Admission::Leave,
    }
}

/// Whether all else in the folder is none of ours.
fn leaves_alone(policy: &Policy, incoming: &Incoming) -> bool {
    policy.kind == InboxKind::Personal || incoming.mail.folder.role != Role::Inbox
}

/// The name of a question about this mail.
fn named(mail: &MailRef) -> QuestionId {
    let id = mail.message_id.as_ref().map(MessageId::as_str).unwrap_or_default();
    let (arrived, uid) = (mail.arrived.unix().to_be_bytes(), mail.uid.to_be_bytes());
    QuestionId(hex(&digest([id.as_bytes(), &arrived, &uid])))
}

fn join(
    books: &Books,
    case: CaseId,
    policy: &Policy,
    incoming: &Incoming,
    tie: Certainty,
) -> (Option<CaseId>, Fact) {
    let (mail, verdict) = (incoming.mail.clone(), bounded(&incoming.verdict));
    let message = &incoming.message;
    let by_reporter = message.author().is_some_and(|author| {
        books.conversation(&case).any(|case| case.is_reporter(&author.address))
    });
    // Who was put on the conversation puts nobody on it.
    let with = if by_reporter { put_on(policy, incoming) } else { Vec::new() };
    let conversation = conversation_key(message).filter(|_| tie != Certainty::Guest);
    let conversation = conversation.map(|key| hex(&key));
    let alone = Some(Box::new(alone(policy, incoming)));
    let from = author(message);
    (Some(case), Fact::Joined { mail, from, verdict, tie, conversation, with, alone })
}

/// What a reporter's own words end, on each of their cases in the conversation.
fn ended(books: &Books, id: &CaseId, incoming: &Incoming, tie: Certainty) -> Facts {
    let author = incoming.message.author().filter(|_| tie != Certainty::Guest);
    let theirs = |case: &&Case| author.is_some_and(|author| case.is_reporter(&author.address));
    let cases = books.conversation(id).filter(theirs);
    cases.flat_map(|case| waiting::wrote(case, &incoming.mail)).collect()
}

fn alone(policy: &Policy, incoming: &Incoming) -> Alone {
    let Incoming { message, verdict, authentication, .. } = incoming;
    Alone {
        subject: row_line(&message.subject, LONGEST_SUBJECT),
        text: text_key(message).map(|key| hex(&key)),
        likeness: signature(message),
        defects: message.defects.clone(),
        deserves: deserves(message, verdict, authentication, policy),
    }
}

fn set_aside(policy: &Policy, incoming: &Incoming) -> Facts {
    if leaves_alone(policy, incoming) {
        return Facts::new();
    }
    let (mail, verdict) = (incoming.mail.clone(), bounded(&incoming.verdict));
    vec![(None, Fact::SetAside { mail, verdict })]
}

/// Whom a reporter put on the conversation; believed only of a mail that is surely theirs.
fn put_on(policy: &Policy, incoming: &Incoming) -> Vec<Address> {
    let message = &incoming.message;
    let hearsay = message.through.as_ref().is_some_and(|through| through.hearsay);
    if hearsay || !matches!(incoming.authentication, Authentication::Pass { .. }) {
        return Vec::new();
    }
    let author = message.author().map(|author| &author.address);
    let other = |one: &&Address| {
        !policy.is_ours(one) && policy.team.member(one).is_none() && Some(*one) != author
    };
    let mut room = LONGEST_PUT_ON;
    let fits = |one: &&Address| {
        let left = room.checked_sub(one.to_string().len());
        room = left.unwrap_or_default();
        left.is_some()
    };
    recipients(message).filter(other).take(MOST_PUT_ON).take_while(fits).cloned().collect()
}

/// What the author of a mail that opens a case is answered with.
fn answered(policy: &Policy, incoming: &Incoming, hold: Option<HoldReason>) -> Answer {
    match (incoming.witness, hold) {
        (Some(Keyword::Acked), _) => Answer::Before,
        (_, Some(why)) => Answer::Hold(why),
        (Some(Keyword::Seen), _) => Answer::Hold(HoldReason::KnownBefore),
        (None, None) => {
            answer(&incoming.message, &incoming.verdict, &incoming.authentication, policy)
        }
    }
}

fn opening(policy: &Policy, incoming: &Incoming) -> Opening {
    let Alone { subject, text, likeness, defects, deserves } = alone(policy, incoming);
    Opening {
        mail: incoming.mail.clone(),
        reporter: author(&incoming.message),
        subject,
        verdict: bounded(&incoming.verdict),
        text,
        conversation: conversation_key(&incoming.message).map(|key| hex(&key)),
        likeness,
        defects,
        deserves: Some(deserves),
        provisional: lacks_text(incoming.verdict.kind),
        authentic: matches!(incoming.authentication, Authentication::Pass { .. }),
        with: put_on(policy, incoming),
        promised: Promised::by(policy, incoming.mail.arrived),
    }
}

/// A case begins, and its reporter is answered.
pub(super) fn begin(
    id: &CaseId,
    policy: &Policy,
    keys: &Keys,
    permit: impl Fn(&Address, &MailRef) -> Permit,
    opening: &Opening,
    answer: Answer,
    linked: &[CaseId],
) -> Facts {
    let mut facts = vec![Fact::Opened(Box::new(opening.clone()))];
    facts.extend(linked.iter().take(MOST_LINKS).map(|other| Fact::Linked { other: other.clone() }));
    facts.extend(match answer {
        Answer::Letter(kind) => written(keys, policy, id, permit, kind, opening),
        Answer::Hold(why) => Some(Fact::Held { why }),
        Answer::Before => Some(Fact::AnsweredBefore),
        Answer::None => None,
    });
    facts.into_iter().map(|fact| (Some(id.clone()), fact)).collect()
}

/// Tells the team which open cases of others read like the one that begins.
pub(super) fn with_similar(books: &Books, case: &CaseId, mut facts: Facts) -> Facts {
    if let Some((_, Fact::Opened(opening))) = facts.first() {
        let alike = similar(books, case, opening);
        facts.extend(alike.into_iter().map(|fact| (Some(case.clone()), fact)));
    }
    facts
}

/// An event has to fit into one row of the store, whatever a stranger wrote. These are far above what
/// a person writes, and far below what a row holds.
const LONGEST_SUBJECT: usize = 300;
const LONGEST_DETAIL: usize = 200;
const LONGEST_PUT_ON: usize = 1000;
const MOST_REASONS: usize = 3;
const MOST_HINTS: usize = 6;
const MOST_LINKS: usize = 8;

fn bounded(verdict: &Verdict) -> Verdict {
    let mut verdict = verdict.clone();
    verdict.reasons.truncate(MOST_REASONS);
    for reason in &mut verdict.reasons {
        reason.detail = row_line(&reason.detail, LONGEST_DETAIL);
    }
    verdict.hints.truncate(MOST_HINTS);
    for hint in &mut verdict.hints {
        *hint = row_line(hint, LONGEST_NAME);
    }
    for names in [&mut verdict.figures.hosts, &mut verdict.figures.files] {
        names.truncate(Figures::NAMED);
        for name in names {
            *name = row_line(name, Figures::NAME);
        }
    }
    verdict
}

/// Whether the text of the report is still owed.
pub(super) fn lacks_text(kind: Kind) -> bool {
    matches!(kind, Kind::LinkOnly | Kind::AttachmentOnly | Kind::Empty)
}

/// The letter of this kind on this case, as far as the caps leave one.
pub(super) fn written(
    keys: &Keys,
    policy: &Policy,
    case: &CaseId,
    permit: impl Fn(&Address, &MailRef) -> Permit,
    kind: LetterKind,
    opening: &Opening,
) -> Option<Fact> {
    let letter = LetterId::of(case, kind);
    let message_id = keys.message_id(&letter, &opening.mail, &policy.from.address)?;
    let mut to = opening.reporter.clone()?;
    if kind == LetterKind::Minimal {
        // The name is the stranger's text as well, and this letter carries none of it.
        to.name.clear();
    }
    Some(match permit(&to.address, &opening.mail) {
        Permit::Letter => {
            Fact::Written { letter, kind, to, message_id, covers: Vec::new(), about: None }
        }
        Permit::Combined(until) => Fact::Deferred { to, until },
        Permit::No => Fact::Held { why: HoldReason::Flood },
    })
}

/// Whether the caps leave a letter for this case. Where more letters wait than can leave before the
/// promise ends, one more would only break it later.
pub(super) fn permit(
    books: &Books,
    policy: &Policy,
    caps: &Caps,
    now: Moment,
    mail: &MailRef,
    to: &Address,
) -> Permit {
    let deadline = mail.arrived + policy.acknowledgement;
    let hours = deadline.since(now).as_seconds().div_ceil(3600).max(1);
    let hours = usize::try_from(hours).unwrap_or(usize::MAX);
    if books.outbox().replies(&policy.inbox) >= caps.per_hour.saturating_mul(hours) {
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

/// Whether a mail is read, of which only its header fields are known yet, where not all mail is
/// ours. What belongs to a case by its ids always is.
pub fn wanted(
    books: &Books,
    policy: &Policy,
    keys: &Keys,
    now: Moment,
    role: Role,
    mail: &Message,
) -> bool {
    let named = mail.in_reply_to.iter().chain(&mail.references);
    let answers_a_letter = || named.clone().any(|id| keys.made(id));
    let addressed = || policy.kind == InboxKind::Dedicated || concerns_us(policy, mail);
    let to_reporter = || recipients(mail).any(|to| books.cases_of(to).next().is_some());
    let of_team = |from: &Address| policy.team.member(from).is_some() || policy.is_published(from);
    // Any mail of theirs says that they are there again.
    let returns = || {
        let member = mail.author().and_then(|author| policy.team.member(&author.address));
        member.is_some_and(|member| books.absences().noted(&member.name, now).is_some())
    };
    let teams = || mail.author().is_some_and(|author| of_team(&author.address));
    answers_a_letter()
        || canary::recognised(keys, policy, mail).is_some()
        || (teams() && to_reporter())
        || returns()
        || match (role, policy.kind) {
            (Role::Sent, _) => to_reporter(),
            (_, InboxKind::Personal) => !is_bulk(mail) || may_be_bounce(mail),
            (Role::Inbox | Role::Junk, _) => addressed(),
        }
}

/// Mail of lists and machines, by its fields: never a report to a person.
fn is_bulk(mail: &Message) -> bool {
    let automatic = mail.header("auto-submitted").is_some_and(|value| {
        !value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("no")
    });
    automatic
        || mail.header("precedence").is_some()
        || mail.headers.iter().any(|(name, _)| name.starts_with("list-"))
}

/// Whether a mail is to one of the published addresses, or came through a list of ours.
pub fn concerns_us(policy: &Policy, message: &Message) -> bool {
    let delivered = message.delivered_to.iter().filter(|to| Some(*to) != policy.account.as_ref());
    let mut to = recipients(message).chain(delivered);
    message.through.is_some() || to.any(|address| policy.is_published(address))
}
