//! Claims: which mails are ours to answer, where another Watchpost may think the same of itself.
//! Letters wait for the answer, so this is done between any two commands.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, mpsc};

use super::error::{Error, Stop};
use super::session::{Mailbox, Session};
use super::talk::{FromFolder, Watch};
use crate::desk::claim::{Errand, Identity, Shown};

/// So many UIDs stand in one command.
const AT_ONCE: usize = 512;

/// Claims that nobody has dealt with yet.
#[derive(Debug, Default)]
pub(super) struct Claims {
    waiting: Mutex<Waiting>,
    came: Notify,
}

type Waiting = BTreeMap<(u32, Errand, Identity), BTreeSet<u32>>;

impl Claims {
    /// Puts mails where [`Claims::take`] finds them. They are as many as letters that are due.
    pub(super) fn add(&self, own: Identity, errand: Errand, uid_validity: u32, uids: Vec<u32>) {
        let uids: BTreeSet<u32> = uids.into_iter().collect();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // What is said last counts.
        for ((validity, ..), others) in waiting.iter_mut() {
            others.retain(|uid| *validity != uid_validity || !uids.contains(uid));
        }
        waiting.retain(|_, uids| !uids.is_empty());
        waiting.entry((uid_validity, errand, own)).or_default().extend(uids);
        drop(waiting);
        self.came.notify_one();
    }

    /// Some mails, and what is to be done with them.
    fn take(&self) -> Option<(u32, Errand, Identity, Vec<u32>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut first = waiting.first_entry()?;
        let (uid_validity, errand, own) = *first.key();
        let uids = std::iter::from_fn(|| first.get_mut().pop_first()).take(AT_ONCE).collect();
        if first.get().is_empty() {
            first.remove();
        }
        Some((uid_validity, errand, own, uids))
    }

    /// Waits until some come.
    pub(super) async fn come(&self) {
        self.came.notified().await;
    }

    /// A connection begins: nobody waits for what the last one was asked.
    pub(super) fn forget(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// All that it takes to deal with them while a folder is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claiming<'a> {
    pub claims: &'a Claims,
    pub mailbox: &'a Mailbox,
    pub watch: &'a Watch,
    pub tell: &'a mpsc::Sender<FromFolder>,
}

impl Claiming<'_> {
    /// Deals with all that wait. The session must be between two commands.
    pub(super) async fn serve(&self, session: &mut Session) -> Result<(), Stop> {
        while let Some((uid_validity, errand, own, uids)) = self.claims.take() {
            let here = uid_validity == self.mailbox.uid_validity && self.mailbox.takes_claims();
            let shown = match (here, errand) {
                (false, _) => BTreeMap::new(),
                (true, Errand::Claim) => or_nothing(claim(session, &uids, own).await)?,
                (true, Errand::Look) => or_nothing(look(session, &uids).await)?,
                (true, Errand::StepBack) => {
                    or_nothing(session.step_back(&uids, own).await)?;
                    BTreeMap::new()
                }
            };
            if errand != Errand::StepBack {
                self.say(uid_validity, uids, shown).await?;
            }
        }
        Ok(())
    }

    /// Deals with what comes while something else is waited for. That is waited for to its end, also
    /// if the connection is lost.
    pub(super) async fn meanwhile<T>(
        &self,
        session: &mut Session,
        other: impl Future<Output = Result<T, Stop>>,
    ) -> Result<T, Stop> {
        let mut other = pin!(other);
        loop {
            tokio::select! {
                done = &mut other => return done,
                () = self.claims.come() => {}
            }
            if let Err(stop) = self.serve(session).await {
                return other.await.and(Err(stop));
            }
        }
    }

    async fn say(
        &self,
        uid_validity: u32,
        uids: Vec<u32>,
        mut shown: BTreeMap<u32, Shown>,
    ) -> Result<(), Stop> {
        let mails = uids.into_iter().map(|uid| (uid, shown.remove(&uid))).collect();
        let claimed =
            FromFolder::Claimed { folder: self.watch.folder.clone(), uid_validity, mails };
        self.tell.send(claimed).await.map_err(|_| Stop::LoopGone)
    }
}

/// The answer to the STORE shows who was first. Where it shows nothing (the claim was there before,
/// the mail is gone, the server is brief), the mails are asked for. A server that takes a claim and does
/// not keep it is no help: that mail counts as claimed, or it would be claimed for ever.
async fn claim(
    session: &mut Session,
    uids: &[u32],
    own: Identity,
) -> Result<BTreeMap<u32, Shown>, Error> {
    let mut shown = session.claim(uids, own).await?;
    shown.retain(|_, mail| mail.claims.contains(&own));
    let silent: Vec<u32> = uids.iter().copied().filter(|uid| !shown.contains_key(uid)).collect();
    if !silent.is_empty() {
        for (uid, mut mail) in session.flags(&silent).await? {
            if !mail.claims.contains(&own) {
                mail.claims.push(own);
            }
            shown.insert(uid, mail);
        }
    }
    Ok(shown)
}

/// A server tells what changed elsewhere only after a NOOP.
async fn look(session: &mut Session, uids: &[u32]) -> Result<BTreeMap<u32, Shown>, Error> {
    session.noop().await?;
    session.flags(uids).await
}

/// What the server does not take shows nothing.
fn or_nothing<T: Default>(result: Result<T, Error>) -> Result<T, Stop> {
    match result {
        Err(error @ (Error::Refused { .. } | Error::Misunderstood { .. })) => {
            tracing::info!("whose mails are is not told: {error}");
            Ok(T::default())
        }
        result => Ok(result?),
    }
}
