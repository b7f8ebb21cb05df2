//! What the log tells of events: enough to know what happens, no addresses, nothing that a mail says.

use crate::desk::event::{Event, Fact};
use crate::desk::folder::Role;
use crate::desk::line::without_addresses;

/// Writes one event to the log.
#[expect(clippy::too_many_lines, reason = "a line for each fact")]
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
        Fact::Refused { letter, why, unwritten: true } => tracing::error!(
            case,
            %letter,
            why,
            "a letter could not be written; please report this defect, and write to its reader \
             yourself: see `watchpost show`"
        ),
        Fact::Refused { letter, why, .. } => {
            let why = without_addresses(why);
            tracing::error!(case, %letter, why, "a letter cannot be delivered; see `watchpost show`");
        }
        Fact::Bounced { letter, failed, .. } => {
            tracing::error!(case, %letter, failed, "a letter came back; see `watchpost show`");
        }
        Fact::Returned { .. } => {
            tracing::error!(case, "an answer to the reporter came back; see `watchpost show`");
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
        Fact::Answered { enough, tie, .. } => {
            tracing::info!(case, enough, ?tie, "a person answered the reporter");
        }
        Fact::Discussed { why, .. } => {
            tracing::info!(case, ?why, "a mail of the team is no answer to the reporter");
        }
        Fact::Commanded { refused, .. } => {
            tracing::info!(case, done = refused.is_none(), "somebody of the team says a command");
        }
        Fact::Vouched { .. } => {
            tracing::info!(case, "a person says that the reporter has been answered");
        }
        Fact::Responded { by } => {
            tracing::info!(case, ?by, "the reporter has been answered, it is said");
        }
        Fact::Taken { member, by } => {
            tracing::info!(case, member, ?by, "somebody of the team handles the case");
        }
        Fact::Away { member, until, .. } => {
            tracing::info!(member, %until, "a member is away by their own note");
        }
        Fact::Back { member } => tracing::info!(member, "a member is there again"),
        Fact::Another { by } => {
            tracing::error!(case, %by, "another Watchpost watches this inbox: stop one of the two");
        }
        Fact::Elsewhere { by, .. } => {
            tracing::warn!(case, %by, "another Watchpost acknowledged it");
        }
        Fact::Released { by } => {
            tracing::info!(case, ?by, "it is to be answered although it was held");
        }
        Fact::Merged { into, by } => {
            tracing::info!(case, %into, ?by, "the case goes on in another one");
        }
        Fact::Parted { number, to, by, .. } => {
            tracing::info!(case, mail = number, %to, ?by, "a mail became a case of its own");
        }
        Fact::Waiting { by, .. } => {
            tracing::info!(case, ?by, "the case waits for its reporter: its clocks stand still");
        }
        Fact::Resumed { .. } => {
            tracing::info!(case, "its reporter wrote: its clocks go on");
        }
        Fact::AskedAgain => {
            tracing::info!(case, "its reporter is reminded that the case waits for them");
        }
        Fact::LastNote { closes } => {
            tracing::info!(case, %closes, "its reporter hears when the case is closed");
        }
        Fact::Closed { by } => {
            tracing::info!(case, ?by, "the case is closed");
        }
        Fact::Reopened { by, .. } => {
            tracing::info!(case, ?by, "the case is open again");
        }
        Fact::Embargo { until, by } => {
            tracing::info!(case, %until, ?by, "the problem is kept secret until then");
        }
        Fact::Announced { by } => {
            tracing::info!(case, ?by, "the problem was announced, it is said");
        }
        Fact::Marked { mark, by } => {
            tracing::info!(case, mark, ?by, "something was said that clocks count from");
        }
        Fact::Met { promise, by } => {
            tracing::info!(case, promise = promise.name(), ?by, "it is kept, it is said");
        }
        Fact::Withdrawn { letter } => {
            tracing::info!(case, %letter, "a letter is not needed any more");
        }
        Fact::Reminded { promise, count, .. } => {
            tracing::info!(case, promise = promise.name(), count, "whoever handles it is reminded");
        }
        Fact::Breached { promise, due, .. } => {
            tracing::error!(case, promise = promise.name(), %due, "a promise is missed");
        }
        Fact::Escalated { promise, step, .. } => {
            tracing::warn!(
                case,
                promise = promise.name(),
                step,
                "what is missed goes up the ladder"
            );
        }
        Fact::Asked { question, .. } => {
            tracing::info!(%question, "the lead is asked whether a mail is a report");
        }
        Fact::Confirmed { question, .. } => {
            tracing::info!(%question, "the lead says that it is a report");
        }
        Fact::Declined { question, .. } => {
            tracing::info!(%question, "the lead says that it is none");
        }
        Fact::Digested { inbox, from: Some(_), .. } => {
            tracing::info!(inbox, "the digest is due");
        }
        Fact::CanarySent { .. } => tracing::debug!("the canary is on its way"),
        Fact::CanaryCame { mail, .. } if mail.folder.role == Role::Junk => {
            let (folder, uid) = (&mail.folder, mail.uid);
            tracing::warn!(%folder, uid, "the canary was taken for junk: reports may be as well");
        }
        Fact::CanaryCame { mail, .. } => {
            let (folder, uid) = (&mail.folder, mail.uid);
            tracing::info!(%folder, uid, "the canary arrived");
        }
        Fact::Written { .. }
        | Fact::Kept { .. }
        | Fact::Quoted { .. }
        | Fact::TookIn { .. }
        | Fact::SplitFrom { .. }
        | Fact::Gathered { .. }
        | Fact::Told { .. }
        | Fact::Covered { .. }
        | Fact::Linked { .. }
        | Fact::Similar { .. }
        | Fact::AnsweredBefore
        | Fact::Digested { from: None, .. }
        | Fact::FolderBegun { .. } => {}
    }
}
