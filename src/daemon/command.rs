//! What an operator says, from the question to the answer: answered only when it is on the disk.

use super::draft::{Committed, Draft, DraftError, closed};
use crate::desk::Input;
use crate::desk::command::{Command, Said};
use crate::desk::event::Sayer;
use crate::desk::ids::CaseId;
use crate::desk::refusal::Refusal;
use crate::desk::time::Moment;
use crate::desk::wording::Wording;
use crate::desk::{Desk, event::Event};
use crate::io::control::Answer;
use crate::io::store::Store;
use crate::query;
use crate::view;

/// Why nothing came of it.
pub(super) enum Failed {
    /// It makes no sense.
    Refused(Refusal),
    /// It could not be recorded.
    Disk(DraftError),
}

impl From<DraftError> for Failed {
    fn from(error: DraftError) -> Failed {
        Failed::Disk(error)
    }
}

impl Failed {
    /// The same for whoever said it.
    pub(super) fn told(&self) -> String {
        match self {
            Failed::Refused(refusal) => refusal.to_string(),
            // A commit that failed may have happened all the same.
            Failed::Disk(error) => format!(
                "it is not sure that this was recorded: {error}. `watchpost show` tells whether it \
                 was; then it will be refused, so it does no harm to say it again"
            ),
        }
    }
}

/// Where no daemon runs: decides, records, and leaves what follows to the next start.
pub async fn command(
    desk: &Desk,
    store: &Store,
    wording: &Wording,
    now: Moment,
    (case, said): (CaseId, Said),
) -> Answer {
    let done = record(desk, store, wording, now, case, said).await;
    done.map_err(|failed| failed.told()).and_then(|committed| lines(&committed.events))
}

/// Makes what follows from a command durable.
pub(super) async fn record(
    desk: &Desk,
    store: &Store,
    wording: &Wording,
    now: Moment,
    case: CaseId,
    said: Said,
) -> Result<Committed, Failed> {
    let story = match said {
        Said::Split { .. } => query::events(store, &case).await.map_err(DraftError::from)?,
        _ => Vec::new(),
    };
    let mut draft = Draft::of(desk, now);
    let others = if let Said::Merge { other } = &said { Some(other) } else { None };
    let named = std::iter::once(&case).chain(others);
    let unknown = named.filter(|id| desk.books().case(id).is_none()).collect();
    draft.recall(closed(store, unknown).await?);
    let command = Command { case, said, by: Sayer::Operator, person: None, said_at: now, story };
    if let Some(refusal) = draft.desk().refusal(now, &command) {
        return Err(Failed::Refused(refusal));
    }
    draft.take(wording, &Input::Command(Box::new(command)));
    Ok(draft.commit(store).await?)
}

/// What followed, as `show` tells it; the notices to the team stand there.
pub(super) fn lines(events: &[Event]) -> Answer {
    let line = |line| serde_json::to_string(&line).map_err(|error| error.to_string());
    view::story(events)
        .into_iter()
        .map(|mut told| {
            // A number means something only on a whole case.
            told.mail = None;
            line(told)
        })
        .collect()
}
