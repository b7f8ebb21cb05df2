//! The tasks beside the loop that should last as long as it does. One that ends before, by itself or
//! by a panic, is told of at once: the daemon would go on and leave a part of its work undone.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Starts tasks, and hears of their ends.
pub(super) struct Tasks {
    tell: mpsc::UnboundedSender<String>,
    ended: mpsc::UnboundedReceiver<String>,
}

impl Default for Tasks {
    fn default() -> Tasks {
        let (tell, ended) = mpsc::unbounded_channel();
        Tasks { tell, ended }
    }
}

impl Tasks {
    /// Starts a task. Must be called within the runtime.
    pub(super) fn start(
        &self,
        name: impl Into<String>,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let end = End { name: name.into(), tell: self.tell.clone() };
        tokio::spawn(async move {
            let _end = end;
            work.await;
        })
    }

    /// Waits until a task has ended, and names it.
    pub(super) async fn ended(&mut self) -> String {
        match self.ended.recv().await {
            Some(name) => name,
            // We hold the other end ourselves.
            None => std::future::pending().await,
        }
    }
}

/// Dropped with the task, however that ends.
struct End {
    name: String,
    tell: mpsc::UnboundedSender<String>,
}

impl Drop for End {
    fn drop(&mut self) {
        // Nobody listens once the loop is over, and then every task may end.
        let _ = self.tell.send(std::mem::take(&mut self.name));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_is_named_however_it_ends() {
        let mut tasks = Tasks::default();
        tasks.start("lasting", std::future::pending());
        let quiet = tokio::time::timeout(Duration::from_hours(1), tasks.ended()).await;
        assert!(quiet.is_err(), "a task that goes on was told of");

        tasks.start("over", async {});
        assert_eq!(tasks.ended().await, "over");
        tasks.start("panics", async {
            tokio::task::yield_now().await;
            panic!("a defect");
        });
        assert_eq!(tasks.ended().await, "panics");
        tasks.start("aborted", std::future::pending()).abort();
        assert_eq!(tasks.ended().await, "aborted");
    }
}
