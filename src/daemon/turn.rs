//! Once round the loop: what follows from what woke it.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::sending::room;
use super::{Daemon, Ended, MOST_FAILURES, Woken};
use crate::io::smtp::Held;

/// So many outcomes share a commit, if they come within so long.
const GATHERED: usize = 8;
const GATHERING: Duration = Duration::from_millis(5);

impl Daemon {
    /// Once round the loop: does what follows from what woke it.
    pub(super) async fn turn(&mut self, woken: Woken) -> Result<(), Ended> {
        self.edges.manager.alive();
        match woken {
            Woken::Stop => {}
            Woken::Broken(name) => return Err(Ended::Broken(name)),
            Woken::Asked(asked) => {
                self.answer(asked).await;
                self.send_due(Vec::new()).await;
            }
            Woken::Time => self.work(Vec::new()).await,
            Woken::Alarm(tried) => {
                self.alarms.outcome(self.wall.now(), tried);
                self.work(Vec::new()).await;
            }
            Woken::News(news) => self.work(vec![news]).await,
            Woken::Outcome(tried) => {
                // Without a receipt the next letter waits for the commit.
                let has_receipt = matches!(tried.held, Some(Held::Receipt(_)));
                self.unsaved.push(tried);
                if has_receipt {
                    self.gather().await;
                }
                self.work(Vec::new()).await;
            }
        }
        if self.failures >= MOST_FAILURES {
            return Err(Ended::NoRecord);
        }
        Ok(())
    }

    /// Does all that there is to do now, and tells how long there is nothing to do unless something
    /// comes in: the loop, for whoever moves the clock. Dropping this on its way is a crash.
    pub async fn settle(&mut self) -> Result<Duration, Ended> {
        self.turn(Woken::Time).await?;
        loop {
            self.look().await;
            match self.heard() {
                Some(woken) => self.turn(woken).await?,
                None => return Ok(self.pause()),
            }
        }
    }

    /// Waits a moment for letters that are about to end: what came of them shares a commit.
    async fn gather(&mut self) {
        let until = Instant::now() + GATHERING;
        while self.unsaved.len() < GATHERED.min(self.in_flight.len()) {
            let next = room(self.relay_of_the_next());
            tokio::select! {
                biased;
                Some(tried) = self.edges.outcomes.recv() => self.unsaved.push(tried),
                place = next => self.hand_over_the_next(place),
                () = sleep_until(until) => return,
                else => return,
            }
        }
    }

    /// What has come in already, in the order in which the loop takes it.
    fn heard(&mut self) -> Option<Woken> {
        let edges = &mut self.edges;
        if let Ok(tried) = edges.outcomes.try_recv() {
            return Some(Woken::Outcome(tried));
        }
        if let Ok(tried) = edges.channels.outcomes.try_recv() {
            return Some(Woken::Alarm(tried));
        }
        let asked = edges.asked.try_recv().map(Woken::Asked);
        asked.ok().or_else(|| edges.news.at_hand().map(Woken::News))
    }
}
