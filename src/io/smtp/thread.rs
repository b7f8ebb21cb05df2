//! The thread that all relays share. Whatever a relay says is answered there, and the receipt for a
//! letter is written there: between the end of one letter and that of the next, nobody else has to wake.

use std::io;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, EnterGuard, Handle};
use tokio::sync::oneshot;

/// A thread that works on tasks. Dropping this ends it, and what is left of its tasks; that blocks.
#[derive(Debug)]
pub struct Thread {
    tasks: Handle,
    end: Option<oneshot::Sender<()>>,
    life: Option<JoinHandle<()>>,
}

impl Thread {
    /// Starts it.
    pub fn start() -> io::Result<Thread> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let tasks = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("watchpost-relays".to_owned());
        let life = thread.spawn(move || {
            // It ends when the other end is gone.
            let _ = runtime.block_on(ended);
        })?;
        Ok(Thread { tasks, end: Some(end), life: Some(life) })
    }

    /// While the guard lives, tasks that are begun here work there.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.tasks.enter()
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(life) = self.life.take() {
            // It was told of when it panicked.
            let _ = life.join();
        }
    }
}
