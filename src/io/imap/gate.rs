//! One account, several folders, each with a connection: a password that is wrong is tried once for
//! all of them. Servers lock an account, or our address, after a handful of refused logins.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::backoff::Backoff;
use super::error::Error;

/// So long a login waits for the verdict on another one; a server that is slow to tell must not hold
/// up every folder.
const TURN: Duration = Duration::from_secs(5);

/// What the folders of an account know of its login.
#[derive(Debug, Default)]
pub struct Gate {
    refused: Mutex<Option<Refused>>,
}

#[derive(Debug)]
struct Refused {
    text: String,
    until: Instant,
    backoff: Backoff,
}

impl Gate {
    /// Fails as the last login did, if that was refused a short time ago.
    pub(super) async fn check(&self) -> Result<(), Error> {
        match timeout(TURN, self.refused.lock()).await {
            Ok(refused) => still_refused(refused.as_ref()),
            Err(_) => Ok(()),
        }
    }

    /// Logs in, one at a time, and keeps the verdict.
    pub(super) async fn pass(
        &self,
        login: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Error> {
        let Ok(mut refused) = timeout(TURN, self.refused.lock()).await else {
            return login.await;
        };
        still_refused(refused.as_ref())?;
        let result = login.await;
        match &result {
            Ok(()) => *refused = None,
            Err(Error::LoginRefused { text }) => {
                let mut backoff = refused.take().map(|refused| refused.backoff).unwrap_or_default();
                // Folders come back within a quarter of their wait after it.
                let until = Instant::now() + backoff.next(true) / 4 * 3;
                *refused = Some(Refused { text: text.clone(), until, backoff });
            }
            Err(_) => {}
        }
        result
    }
}

fn still_refused(refused: Option<&Refused>) -> Result<(), Error> {
    match refused.filter(|refused| Instant::now() < refused.until) {
        Some(refused) => Err(Error::LoginRefused { text: refused.text.clone() }),
        None => Ok(()),
    }
}
