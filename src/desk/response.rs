//! A person's answer to the reporter: what keeps the promise that no machine can keep.
//!
//! It is seen in the Sent folder, by the inbox in its copies, or as mail from another address of a
//! member. What proves that it is the team's is the folder that it lies in, or that our own server
//! found it authentic; an address in From alone proves nothing.

use super::address::Address;
use super::authentication::Authentication;
use super::books::{Books, Question};
use super::case::Case;
use super::conversation::without_origins;
use super::event::{Certainty, Fact, NoAnswer};
use super::folder::Role;
use super::ids::{CaseId, QuestionId};
use super::incoming::{Facts, Incoming, author};
use super::keys::{Keys, digest};
use super::letter::Notice;
use super::message::{Message, MessageId};
use super::policy::{InboxKind, Policy};
use super::question;
use super::subaddress::is_address_of;
use super::thread::{Tie, TieKey, Tied, tags};
use super::verdict::{Code, Kind};

/// What a mail is known again by that lies in such a folder. The folder for sent mail proves whose it
/// is: a copy there has a decision of its own, whatever was made of the one that came by Cc, or that
/// somebody sent back to us.
pub fn known_in(role: Role, key: TieKey) -> TieKey {
    if role == Role::Sent { digest([b"sent".as_slice(), &key]) } else { key }
}

/// Whose mail it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// It lies in Sent, or our server found it authentic.
    Proven,
    /// It only says so.
    Claimed,
    /// It says so, and its domain disowns it.
    Disowned,
}

/// What a mail of the team says.
pub(super) enum Said {
    /// What follows from it.
    Facts(Facts),
    /// The lead says that the mail of this question is a report.
    Confirmed(QuestionId, Box<Question>),
}

/// What follows from a mail of the team. None where it is nobody's of the team, or has nothing to do
/// with any case: then it is a mail like any other.
pub(super) fn response(
    books: &Books,
    policy: &Policy,
    keys: &Keys,
    incoming: &Incoming,
) -> Option<Said> {
    let proof = proof(policy, incoming)?;
    if proof == Proof::Proven
        && let Some(said) = to_a_notice(books, policy, keys, incoming)
    {
        return Some(said);
    }
    let said = on_cases(books, policy, keys, incoming, proof);
    said.or_else(|| to_a_digest(keys, incoming).filter(|_| proof == Proof::Proven)).map(Said::Facts)
}

fn on_cases(
    books: &Books,
    policy: &Policy,
    keys: &Keys,
    incoming: &Incoming,
    proof: Proof,
) -> Option<Facts> {
    let message = &incoming.message;
    let sent = incoming.mail.folder.role == Role::Sent;
    if is_ours(keys, incoming) {
        return sent.then(Facts::new);
    }
    let tied = tied(books, policy, keys, &incoming.tied);
    if message.ids.iter().any(|id| tied.iter().any(|(_, case)| case.team_mails.contains(id))) {
        // Seen already: in Sent and in the inbox, or by two members.
        return Some(Facts::new());
    }
    if proof != Proof::Disowned
        && !tied.is_empty()
        && surest(&tied).iter().all(|c| wrote(c, message))
    {
        // They report something themselves, and speak as its reporter.
        return sent.then(Facts::new);
    }
    let discussed = |cases: Vec<&Case>, why| {
        let fact = Fact::Discussed { mail: incoming.mail.clone(), by: author(message), why };
        cases
            .into_iter()
            .take(MOST_CASES)
            .map(|case| (Some(case.id.clone()), fact.clone()))
            .collect()
    };
    let about = match addressed(books, policy, message, &tied) {
        About::One(tie, cases) => (Some(tie), cases),
        About::Several(cases) => (None, cases),
        About::Others => (None, places(books, &surest(&tied))),
    };
    match (about, proof) {
        ((_, cases), _) if cases.is_empty() => sent.then(Facts::new),
        ((_, cases), Proof::Claimed) => Some(discussed(cases, NoAnswer::Unproven)),
        ((_, cases), Proof::Disowned) => Some(discussed(cases, NoAnswer::Disowned)),
        ((_, cases), Proof::Proven) if by_machine(incoming) => {
            Some(discussed(cases, NoAnswer::Automatic))
        }
        ((Some(tie), cases), Proof::Proven) => {
            let answered = |case: &&Case| answered(policy, incoming, case, tie);
            Some(cases.iter().flat_map(answered).collect())
        }
        ((None, cases), Proof::Proven) => {
            let why = if cases.len() > 1 && told_reporter(&cases, message) {
                NoAnswer::SeveralCases
            } else {
                NoAnswer::NotToReporter
            };
            Some(discussed(cases, why))
        }
    }
}

/// How many cases one mail is noted on.
const MOST_CASES: usize = 8;

pub(super) fn proof(policy: &Policy, incoming: &Incoming) -> Option<Proof> {
    if incoming.mail.folder.role == Role::Sent {
        return Some(Proof::Proven);
    }
    let author = &incoming.message.author()?.address;
    let theirs = policy.team.member(author).is_some() || policy.is_published(author);
    let hearsay = incoming.message.through.as_ref().is_some_and(|through| through.hearsay);
    let proof = match incoming.authentication {
        Authentication::Pass { .. } if !hearsay => Proof::Proven,
        Authentication::Fail => Proof::Disowned,
        _ => Proof::Claimed,
    };
    theirs.then_some(proof)
}

/// Whether a mail is surely of the team.
pub(super) fn is_proven(policy: &Policy, incoming: &Incoming) -> bool {
    proof(policy, incoming) == Some(Proof::Proven)
}

/// A letter of ours, back in a folder that we watch. Relays may replace its id, but not its field.
pub(super) fn is_ours(keys: &Keys, incoming: &Incoming) -> bool {
    let own_letter = incoming.verdict.reasons.first().is_some_and(|r| r.code == Code::OwnLetter);
    own_letter || incoming.message.ids.iter().any(|id| keys.made(id))
}

/// The cases that the mail's ties lead to; what the team names needs no further proof.
fn tied<'a>(
    books: &'a Books,
    policy: &Policy,
    keys: &Keys,
    ties: &[(Tie, Tied)],
) -> Vec<(Certainty, &'a Case)> {
    let certainty = |tie: &Tie, case: &Case| match tie {
        Tie::Answers(id) if keys.made(id) => Some(Certainty::OurLetter),
        Tie::Addressed(..) => {
            (is_address_of(keys, tie, case) == Some(true)).then_some(Certainty::OurAddress)
        }
        Tie::Answers(_) | Tie::Is(_) => Some(Certainty::TheirMail),
        Tie::Conversation(_) => Some(Certainty::Conversation),
        Tie::Tagged(_) => Some(Certainty::SubjectTag),
        Tie::Text(_) | Tie::Subject(..) => None,
    };
    let of_project = |case: &Case| case.id.prefix == policy.case_prefix;
    let mut claims: Vec<(Certainty, CaseId)> = ties
        .iter()
        .filter_map(|(tie, tied)| Some((tie, books.case(&tied.case)?)))
        .filter_map(|(tie, case)| Some((certainty(tie, case)?, case)))
        .filter(|(_, case)| of_project(case))
        .map(|(tie, case)| (tie, books.goes_on_in(&case.id).clone()))
        .collect();
    without_origins(books, &mut claims);
    // Who is meant of those who share a conversation is told by whom the mail goes to.
    let mut tied: Vec<(Certainty, &Case)> = claims
        .iter()
        .flat_map(|(tie, id)| books.with_those_merged(id).into_iter().map(|case| (*tie, case)))
        .collect();
    tied.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
    tied
}

/// The case, or several with the same claim, that the surest ties lead to.
fn surest<'a>(tied: &[(Certainty, &'a Case)]) -> Vec<&'a Case> {
    let Some((best, _)) = tied.first() else { return Vec::new() };
    let mut cases: Vec<&Case> =
        tied.iter().filter(|(tie, _)| tie == best).map(|(_, case)| *case).collect();
    cases.dedup_by_key(|case| &case.id);
    cases
}

/// The cases in which the conversations of these go on.
fn places<'a>(books: &'a Books, cases: &[&'a Case]) -> Vec<&'a Case> {
    let place = |case: &&'a Case| books.case(books.goes_on_in(&case.id));
    let mut places: Vec<&Case> = cases.iter().filter_map(place).collect();
    places.sort_by_key(|case| &case.id);
    places.dedup_by_key(|case| &case.id);
    places
}

/// What a mail to a reporter is about.
enum About<'a> {
    /// One case, or several of one conversation.
    One(Certainty, Vec<&'a Case>),
    /// More than one, with the same claim.
    Several(Vec<&'a Case>),
    /// It did not go to a reporter.
    Others,
}

/// The case of whose reporter the mail is an answer: the one that it names, or, where it names none,
/// the only open one of somebody it goes to.
fn addressed<'a>(
    books: &'a Books,
    policy: &Policy,
    message: &Message,
    tied: &[(Certainty, &'a Case)],
) -> About<'a> {
    let to: Vec<&Address> = recipients(message).collect();
    let goes_to = |case: &Case| !wrote(case, message) && to.iter().any(|one| case.is_reporter(one));
    let named: Vec<(Certainty, &Case)> =
        tied.iter().filter(|(_, case)| goes_to(case)).copied().collect();
    let (tie, cases) = match named.first() {
        Some((tie, _)) => (*tie, surest(&named)),
        None if !tied.is_empty() => return About::Others,
        None => {
            let mut cases: Vec<&Case> = to.iter().flat_map(|one| books.cases_of(one)).collect();
            // Who writes to family does not answer a report that somebody forged in their name.
            let surely = |case: &Case| policy.kind != InboxKind::Personal || case.opening.authentic;
            cases.retain(|case| {
                case.id.prefix == policy.case_prefix && !wrote(case, message) && surely(case)
            });
            cases.sort_by_key(|case| &case.id);
            cases.dedup_by_key(|case| &case.id);
            (Certainty::ToReporter, cases)
        }
    };
    match cases.as_slice() {
        [] => About::Others,
        _ if books.one_conversation(&cases) => About::One(tie, cases),
        _ => About::Several(cases),
    }
}

/// Whether it comes from the reporter: nobody keeps a promise to themselves.
fn wrote(case: &Case, message: &Message) -> bool {
    message.author().is_some_and(|author| case.is_reporter(&author.address))
}

fn told_reporter(cases: &[&Case], message: &Message) -> bool {
    recipients(message).any(|one| cases.iter().any(|case| case.is_reporter(one)))
}

/// Whom a mail goes to, as its fields say.
pub(super) fn recipients(message: &Message) -> impl Iterator<Item = &Address> {
    message.to.iter().chain(message.cc.iter().map(|one| &one.address))
}

/// Out-of-office notes and the like keep no promise (RFC 3834). Words that robots use are no sign in
/// what a person of ours sent.
pub(super) fn by_machine(incoming: &Incoming) -> bool {
    let code = incoming.verdict.reasons.first().map(|reason| reason.code);
    let certain = !matches!(code, Some(Code::RobotWords | Code::NoReplySender | Code::ListMail));
    match incoming.verdict.kind {
        Kind::Bounce => true,
        Kind::Automatic => certain,
        _ => false,
    }
}

/// An answer.
fn answered(policy: &Policy, incoming: &Incoming, case: &Case, tie: Certainty) -> Facts {
    let words = incoming.verdict.figures.words;
    let enough = words >= policy.response_words;
    let fact = Fact::Answered {
        mail: incoming.mail.clone(),
        by: author(&incoming.message),
        tie,
        words: u32::try_from(words).unwrap_or(u32::MAX),
        enough,
        with: put_on(policy, case, &incoming.message),
    };
    vec![(Some(case.id.clone()), fact)]
}

/// Who else the team wrote to: these people may write on the case from now on.
fn put_on(policy: &Policy, case: &Case, message: &Message) -> Vec<Address> {
    let new = |one: &&Address| {
        !case.takes_part(one) && !policy.is_ours(one) && policy.team.member(one).is_none()
    };
    recipients(message).filter(new).take(MOST_PUT_ON).cloned().collect()
}

/// How many people one mail puts on a conversation.
pub(super) const MOST_PUT_ON: usize = 8;

/// What a member says by answering a notice that asks something.
fn to_a_notice(books: &Books, policy: &Policy, keys: &Keys, incoming: &Incoming) -> Option<Said> {
    let message = &incoming.message;
    let named = message.in_reply_to.iter().chain(message.references.iter().rev());
    let letter = named.filter_map(|id| keys.letter(id)).find(|id| id.as_notice().is_some())?;
    if by_machine(incoming) {
        return None;
    }
    let says = question::says(&message.text);
    match (letter.as_notice()?, letter.question(), letter.case()) {
        (Notice::Question, Some(question), _) => {
            let asked = Box::new(books.question(&question)?.clone());
            Some(if says? {
                Said::Confirmed(question, asked)
            } else {
                let (mail, asked) = (incoming.mail.clone(), asked.asked);
                Said::Facts(vec![(None, Fact::Declined { question, mail, asked })])
            })
        }
        (Notice::WasItYou | Notice::TooShort, _, Some(id)) if says == Some(true) => {
            let case = books.case(&id).filter(|case| case.id.prefix == policy.case_prefix)?;
            let (by, mail) = (author(message), Some(incoming.mail.clone()));
            let fact = Fact::Vouched { by, mail, said: None };
            Some(Said::Facts(vec![(Some(case.id.clone()), fact)]))
        }
        _ => None,
    }
}

/// What a member writes in answer to a digest, about no case that we can tell. It is no report; it
/// stands on the next digest, with all else that nobody answered.
fn to_a_digest(keys: &Keys, incoming: &Incoming) -> Option<Facts> {
    let (message, mail) = (&incoming.message, &incoming.mail);
    let mut named = message.in_reply_to.iter().chain(&message.references);
    let answers = named.any(|id| keys.letter(id).is_some_and(|one| one.digest_of().is_some()));
    let (mail, verdict) = (mail.clone(), incoming.verdict.clone());
    (answers && mail.folder.role == Role::Inbox)
        .then(|| vec![(None, Fact::SetAside { mail, verdict })])
}

/// Where a reporter answers a mail that is not ours, not theirs, and not known: somebody of the team
/// wrote to them, and we did not see it. Asked about once a case.
pub(super) fn unseen_answer(
    case: &Case,
    policy: &Policy,
    incoming: &Incoming,
) -> Option<(Option<CaseId>, Fact)> {
    let message = &incoming.message;
    let from = incoming.message.author().filter(|one| case.is_reporter(&one.address))?;
    if case.answered.is_some() || case.quoted || policy.team.everybody().next().is_none() {
        return None;
    }
    // Nothing but a letter of ours brings the case number into a subject first, whatever id a relay
    // gave that letter.
    if case.follow_ups == 0 && tags(&message.subject).contains(&case.id) {
        return None;
    }
    let known = |id: &MessageId| {
        incoming.tied.iter().any(|(tie, _)| matches!(tie, Tie::Answers(one) if one == id))
    };
    let own_host = |id: &MessageId| {
        let host = |text: &str| text.rsplit_once('@').map(|(_, host)| host.to_lowercase());
        let own = case.mail().message_id.as_ref().and_then(|id| host(id.as_str()));
        host(id.as_str())
            .is_some_and(|host| Some(&host) == own.as_ref() || host == from.address.domain())
    };
    let named = message.in_reply_to.iter().chain(message.references.iter().rev());
    let answer = named.take(MOST_NAMED).find(|id| !known(id) && !own_host(id))?.clone();
    Some((Some(case.id.clone()), Fact::Quoted { answer }))
}

/// The newest ids are looked at; what is older was answered before.
const MOST_NAMED: usize = 2;
