//! What a panic tells. Its words may hold what a mail says, so the log is told where it happened, and no
//! more.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook};
use std::thread;

use tokio::task::JoinError;

use super::failure::Failure;

/// From now on a panic is a line of the log. Its words are said at the level at which addresses and
/// subjects are said as well.
pub(super) fn tell_of_panics() {
    set_hook(Box::new(|info| {
        tracing::error!("{}", place(info));
        tracing::debug!(said = info.payload_as_str(), "the words of the defect");
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            tracing::error!("{backtrace}");
        }
    }));
}

fn place(info: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    format!("a defect of Watchpost at {place} (thread {thread}); please report it")
}

/// What is said where all of the daemon ended so; [`JoinError`] repeats the words of the panic.
pub(super) fn ended(error: &JoinError) -> Failure {
    Failure::of(if error.is_panic() {
        "the daemon was ended by a defect, which the log names: please report it. If each start ends \
         so, the version that ran before can go on with the store"
    } else {
        "the daemon was ended by its runtime"
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::run::start_log;
    use super::super::setup::block_on;
    use super::*;

    const CHILD: &str = "WATCHPOST_TEST_PANICS";

    /// In a process of its own: the hook and the log are the whole process's.
    #[test]
    fn a_panic_is_told_by_its_place_and_never_in_its_words() {
        if std::env::var_os(CHILD).is_some() {
            start_log();
            tell_of_panics();
            let panics = || panic!("end of the subject frabjous");
            let over = block_on(async { Ok(tokio::task::spawn_blocking(panics).await) });
            let failure = over.ok().unwrap().map_err(|error| ended(&error)).unwrap_err();
            tracing::info!("{:?}", failure.lines);
            return;
        }
        let test = "cli::defect::tests::a_panic_is_told_by_its_place_and_never_in_its_words";
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", test, "--nocapture"]).env(CHILD, "1").env_remove("RUST_LOG");
        let output = child.env_remove("RUST_BACKTRACE").output().unwrap();
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{told}");
        assert!(told.contains("a defect of Watchpost at src/cli/defect.rs:"), "{told}");
        assert!(told.contains("the daemon was ended by a defect, which the log names"), "{told}");
        assert!(!told.contains("frabjous"), "{told}");
    }
}
