//! What a delivery report tells: which letter, or which answer of a person, did not arrive (RFC 3464).

use super::address::Address;
use super::books::Books;
use super::event::Fact;
use super::ids::CaseId;
use super::incoming::{Facts, Incoming};
use super::keys::Keys;
use super::message::{Message, MessageId, ReturnPath};
use super::policy::Policy;
use super::subaddress::returned;
use super::thread::Tie;

/// What becomes of a mail that is not lost (RFC 3464 section 2.3.3).
const ARRIVES: [&str; 4] = ["delayed", "delivered", "relayed", "expanded"];

/// A delivery report about a letter of ours goes on every case that the letter is about, one about an
/// answer of the team on its case; of any other nothing follows here.
pub(super) fn bounced(books: &Books, policy: &Policy, keys: &Keys, incoming: &Incoming) -> Facts {
    let report = incoming.message.report.as_ref();
    let about = report.map(|r| r.about.as_slice()).unwrap_or_default();
    let thread = || incoming.message.in_reply_to.iter().chain(&incoming.message.references);
    // Its thread names older letters of ours too, which arrived: that counts only where the mail that did
    // not is none that we know.
    let knows = |tie: &Tie| matches!(tie, Tie::Answers(id) if about.contains(id));
    let known = incoming.tied.iter().any(|(tie, _)| knows(tie));
    let named = |id: &MessageId| about.contains(id) || !known && thread().any(|one| one == id);
    let actions = report.map(|r| r.actions.as_slice()).unwrap_or_default();
    // What no standard names may be a failure as well.
    let arrives = |action: &String| ARRIVES.contains(&action.as_str());
    let failed = actions.is_empty() || !actions.iter().all(arrives);
    let mut facts = Facts::new();
    for (_, tied) in incoming.tied.iter().filter(|(_, tied)| tied.letter) {
        let Some(case) = books.case(&tied.case) else { continue };
        let to_reporter = case.letters.iter().find(|(_, letter)| named(&letter.message_id));
        let to_team = || {
            about.iter().filter_map(|id| keys.letter(id)).find(|letter| {
                letter.as_notice().is_some() && letter.case().as_ref() == Some(&case.id)
            })
        };
        if let Some(letter) = to_reporter.map(|(letter, _)| letter.clone()).or_else(to_team)
            && facts.iter().all(|(told, _)| told.as_ref() != Some(&case.id))
        {
            let mail = incoming.mail.clone();
            facts.push((Some(case.id.clone()), Fact::Bounced { mail, letter, failed }));
        }
    }
    if facts.is_empty() {
        let returned = returned(books, policy, keys, &incoming.message, &incoming.tied);
        facts.extend(returned.into_iter().map(|(case, letter)| {
            (Some(case), Fact::Bounced { mail: incoming.mail.clone(), letter, failed })
        }));
    }
    if facts.is_empty() && failed {
        facts.extend(answer_returned(books, policy, incoming));
    }
    facts
}

/// What a person of the team wrote on a case, and came back. A report has no sender itself (RFC 3464
/// section 2). A colleague in Cc who was not reached is nobody who waits for an answer.
fn answer_returned(
    books: &Books,
    policy: &Policy,
    incoming: &Incoming,
) -> Option<(Option<CaseId>, Fact)> {
    let Incoming { message, tied, .. } = incoming;
    let report = message.report.as_ref()?;
    let ours = |one: &Address| policy.is_ours(one) || policy.team.member(one).is_some();
    if matches!(message.return_path, Some(ReturnPath::Address(_)))
        || !report.recipients.is_empty() && report.recipients.iter().all(ours)
    {
        return None;
    }
    tied.iter().find_map(|(tie, tied)| {
        let Tie::Answers(answer) = tie else { return None };
        let case = books.case(&tied.case).filter(|case| case.id.prefix == policy.case_prefix)?;
        let theirs = report.about.contains(answer) && case.team_mails.contains(answer);
        let (mail, answer) = (incoming.mail.clone(), answer.clone());
        theirs.then(|| (Some(case.id.clone()), Fact::Returned { mail, answer }))
    })
}

/// Whether a mail may report, by its fields, that a letter was not delivered: which one, only its body
/// says.
pub(super) fn may_be_bounce(mail: &Message) -> bool {
    let kind = mail.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let listed = mail.headers.iter().any(|(name, _)| name.starts_with("list-"));
    let reports = mail.return_path == Some(ReturnPath::Null)
        || kind.trim_start().starts_with("multipart/report")
        || mail.header("x-failed-recipients").is_some();
    reports && !listed
}
