//! The letter that a mail would be answered with, on a case that is never opened.

use serde::Serialize;

use crate::desk::case::Case;
use crate::desk::event::{Event, Fact, MailRef, Opening, Promised};
use crate::desk::folder::{Folder, Role};
use crate::desk::ids::CaseId;
use crate::desk::letter::{LetterId, LetterKind};
use crate::desk::message::{Message, MessageId};
use crate::desk::policy::Policy;
use crate::desk::presence::Absences;
use crate::desk::time::Moment;
use crate::desk::verdict::Verdict;
use crate::desk::wording::{self, Wording, WordingError};
use crate::io::wall;

/// A letter as its reader sees it; its case has the number 0, which no case ever has.
#[derive(Serialize)]
pub(super) struct Sample {
    pub(super) subject: String,
    pub(super) body: String,
}

/// Writes the letter as if the mail had arrived when our server says, or now. None where the mail
/// names nobody to write to.
pub(super) fn letter(
    wording: &Wording,
    policy: &Policy,
    message: &Message,
    verdict: &Verdict,
    kind: LetterKind,
) -> Result<Option<Sample>, WordingError> {
    let now = wall::now();
    let Some(to) = message.author().cloned() else { return Ok(None) };
    let Some(message_id) = MessageId::parse("<sample@nowhere.invalid>") else { return Ok(None) };
    let id = CaseId { prefix: policy.case_prefix.clone(), year: now.year(), number: 0 };
    let letter = LetterId::of(&id, kind);
    let mut case = Case::open(id.clone(), opening(policy, message, verdict, now));
    let (covers, about) = (Vec::new(), None);
    let fact = Fact::Written { letter: letter.clone(), kind, to, message_id, covers, about };
    case.apply(&Event { seq: 1, at: now, case: Some(id), fact });
    let written = wording::write(wording, policy, &case, &[], &Absences::default(), &letter, now)?;
    Ok(Some(Sample { subject: written.letter.subject, body: written.letter.body }))
}

fn opening(policy: &Policy, message: &Message, verdict: &Verdict, now: Moment) -> Opening {
    Opening {
        mail: MailRef {
            folder: Folder { inbox: policy.inbox.clone(), name: String::new(), role: Role::Inbox },
            uid_validity: 0,
            uid: 0,
            message_id: None,
            arrived: message.received.unwrap_or(now),
            size: 0,
        },
        reporter: message.author().cloned(),
        subject: message.subject.clone(),
        verdict: verdict.clone(),
        text: None,
        conversation: None,
        likeness: None,
        defects: Vec::new(),
        provisional: false,
        authentic: false,
        with: Vec::new(),
        deserves: None,
        promised: Promised::by(policy, message.received.unwrap_or(now)),
    }
}
