//! What relays said before the last end, though the store was not told any more: it is told at the
//! start, before anything else is decided.

use super::draft::{Draft, DraftError};
use super::journal;
use crate::desk::letter::Letter;
use crate::desk::outbox::Outcome;
use crate::desk::table::Table;
use crate::desk::time::Moment;
use crate::desk::wording::Wording;
use crate::desk::{Desk, Input, record};
use crate::io::smtp::Receipt;
use crate::io::store::Store;

/// Makes durable what follows from the receipts that a start finds, each at the moment of its letter. The
/// letters of most are known to be sent, or are letters of a store that was here before; nothing follows
/// from them.
pub async fn record_receipts(
    mut desk: Desk,
    store: &Store,
    wording: &Wording,
    now: Moment,
    receipts: Vec<Receipt>,
) -> Result<Desk, DraftError> {
    let keys = receipts.iter().map(|receipt| receipt.letter.0.clone().into_bytes()).collect();
    let rows = store.get(Table::Letters, keys).await?;
    for (receipt, row) in receipts.into_iter().zip(rows) {
        let Some(row) = row else { continue };
        let Receipt { letter, message_id, reply, at } = receipt;
        match record::read::<Letter>("a letter", &row) {
            Ok(known) if known.message_id == message_id => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::error!(%letter, %error, "what a relay said of it cannot be recorded");
                continue;
            }
        }
        let written = desk.books().outbox().get(&letter).map_or(at, |waiting| waiting.queued);
        // The clock may have been set since then.
        let mut draft = Draft::of(&desk, at.max(written).min(now));
        let outcome = Outcome::Accepted(reply);
        if draft.take(wording, &Input::Delivery { letter, outcome }) {
            let committed = draft.commit(store).await?;
            committed.events.iter().for_each(journal::note);
            desk = committed.desk;
        }
    }
    Ok(desk)
}
