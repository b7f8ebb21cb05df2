//! What the log tells of events: enough to know what happens, no addresses, nothing that a mail says.

use crate::desk::event::{Event, Fact};
use crate::desk::line::without_addresses;

/// Writes one event to the log.
pub(super) fn note(event: &Event) {
    let case = event.case.as_ref().map(ToString::to_string).unwrap_or_default();
    match &event.fact {
        Fact::Opened(opening) => {
            let verdict = opening.verdict.kind.name();
            let (folder, uid) = (&opening.mail.folder, opening.mail.uid);
            tracing::info!(case, verdict, %folder, uid, "a case is opened");
        }
        Fact::Sent { letter, .. } => {
            tracing::info!(case, %letter, "a letter was sent");
        }
        Fact::Held { why } => {
            let why = why.in_words();
            tracing::warn!(case, why, "held: a human has to look; see `watchpost show`");
        }
        Fact::Delayed { letter, why, next, .. } => {
            let why = without_addresses(why);
            tracing::warn!(case, %letter, why, %next, "a letter is delayed");
        }
        Fact::Refused { letter, why } => {
            let why = without_addresses(why);
            tracing::error!(case, %letter, why, "a letter cannot be delivered; see `watchpost show`");
        }
        Fact::Bounced { letter, failed, .. } => {
            tracing::error!(case, %letter, failed, "a letter came back; see `watchpost show`");
        }
        Fact::RelayStopped { inbox, why, next, passing: true } => {
            let why = without_addresses(why);
            tracing::warn!(inbox, why, %next, "the mail server takes nothing now: letters wait");
        }
        Fact::RelayStopped { inbox, why, next, passing: false } => {
            let why = without_addresses(why);
            tracing::error!(inbox, why, %next, "the mail server refuses us: no letter leaves");
        }
        Fact::RelayResumed { inbox } => {
            tracing::info!(inbox, "the mail server takes letters again");
        }
        Fact::Joined { verdict, tie, .. } => {
            tracing::info!(case, verdict = verdict.kind.name(), ?tie, "a mail joined its case");
        }
        Fact::SetAside { verdict, mail } => {
            tracing::info!(verdict = verdict.kind.name(), uid = mail.uid, "a mail is put aside");
        }
        Fact::Deferred { until, .. } => {
            tracing::warn!(case, %until, "this address had its letters of the day");
        }
        Fact::Written { .. }
        | Fact::Covered { .. }
        | Fact::Linked { .. }
        | Fact::AnsweredBefore
        | Fact::FolderBegun { .. } => {}
    }
}
