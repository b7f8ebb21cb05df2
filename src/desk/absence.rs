//! Out-of-office mail of members: who is away, until when, and who is there again.

mod date;
mod days;
mod note;
mod tokens;
mod words;

use super::books::Books;
use super::event::Fact;
use super::incoming::{Facts, Incoming};
use super::keys::Keys;
use super::message::Message;
use super::policy::Policy;
use super::response::{Proof, by_machine, is_ours, proof};
use super::team::Member;
use super::time::Span;
use super::verdict::{Code, Kind};

/// How long a member is away whose note names no day that can be meant.
const UNNAMED: Span = Span::hours(7 * 24);

/// The same facts, and what the mail says of whether its author is there.
pub(super) fn with_presence(
    books: &Books,
    policy: &Policy,
    keys: &Keys,
    incoming: &Incoming,
    mut facts: Facts,
) -> Facts {
    let presence = presence(books, policy, keys, incoming).filter(|_| !incoming.recorded);
    if let Some(Fact::Away { .. }) = presence {
        // That is its decision.
        facts.retain(|(_, fact)| !matches!(fact, Fact::SetAside { .. }));
    }
    facts.extend(presence.map(|fact| (None, fact)));
    facts
}

/// What a mail says about whether its author is there, where that is a member. Whoever could forge
/// such a note could lead an escalation past somebody, so it has to be theirs: by what our own server
/// found, by the folder that it lies in, or since it answers a notice that nobody else has. A mail of
/// their own ends what such a note began.
fn presence(books: &Books, policy: &Policy, keys: &Keys, incoming: &Incoming) -> Option<Fact> {
    let Incoming { message, mail, verdict, .. } = incoming;
    let member = policy.team.member(&message.author()?.address)?;
    let proof = proof(policy, incoming)?;
    if is_ours(keys, incoming) {
        return None;
    }
    let noted = books.absences().noted(&member.name, mail.arrived);
    if !by_machine(incoming) {
        let back = proof == Proof::Proven && noted.is_some();
        return back.then(|| Fact::Back { member: member.name.clone() });
    }
    let theirs = match proof {
        Proof::Proven => true,
        Proof::Claimed => answers_their_notice(keys, member, message),
        Proof::Disowned => false,
    };
    if !theirs || !is_note(incoming) {
        return None;
    }
    // Who writes `1/4` for the fourth of January.
    let month_first = matches!(verdict.language.as_deref(), None | Some("en" | "zh" | "ja"));
    let text = format!("{}\n\n{}", message.subject, message.text);
    let named = note::back(&text, month_first, mail.arrived, &member.zone);
    let until = named.unwrap_or(mail.arrived + UNNAMED);
    let (member, mail) = (member.name.clone(), mail.clone());
    (noted != Some(until)).then_some(Fact::Away { member, until, mail })
}

/// Whether it names a notice of ours that went to this very member: its id cannot be guessed.
fn answers_their_notice(keys: &Keys, member: &Member, message: &Message) -> bool {
    let mut named = message.in_reply_to.iter().chain(&message.references);
    named.any(|id| {
        let letter = keys.letter(id);
        letter.is_some_and(|letter| letter.member() == Some(member.name.as_str()))
    })
}

/// Whether a machine tells with it that somebody is away. A report of a program that runs under the
/// address of a member is none: it answers nothing.
fn is_note(incoming: &Incoming) -> bool {
    let Incoming { message, verdict, .. } = incoming;
    let says_so = verdict.reasons.iter().any(|reason| reason.code == Code::AbsenceWords);
    let replied = message
        .header("auto-submitted")
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("auto-replied"));
    let answers = !message.in_reply_to.is_empty() || !message.references.is_empty();
    let automatic = match verdict.reasons.first().map(|reason| reason.code) {
        Some(Code::AutoReplyField | Code::AbsenceWords) => true,
        Some(Code::AutoSubmitted | Code::NullReturnPath) => says_so || replied || answers,
        _ => false,
    };
    verdict.kind == Kind::Automatic && automatic
}
