//! Running a program that somebody is told by. No shell reads what it is given.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::unix::Group;

/// How long it may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a program of ours should not find in its environment: with these it could speak to the
/// service manager in our name, or read passwords.
const OURS: [&str; 4] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY"];

/// The program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No program is named.
    #[error("no program is named")]
    Nothing,
    /// It cannot be started.
    #[error("it cannot be started: {0}")]
    Start(io::Error),
    /// What became of it cannot be told.
    #[error("it was lost: {0}")]
    Lost(io::Error),
    /// It says that it failed. What it prints is not read.
    #[error("it failed ({0})")]
    Failed(ExitStatus),
    /// It took too long, and was killed with all that it had started.
    #[error("it did not end within {} seconds and was killed", .0.as_secs())]
    TimedOut(Duration),
}

/// Runs a program and its arguments until it ends, at most for `patience`: `text` on its standard
/// input, `facts` in its environment.
pub async fn run(
    words: &[String],
    facts: &[(&'static str, String)],
    text: &str,
    patience: Duration,
) -> Result<(), CommandError> {
    let (program, arguments) = words.split_first().ok_or(CommandError::Nothing)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(facts.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    for name in OURS {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(CommandError::Start)?;
    let group = Group::led_by(child.id());
    if let Ok(ended) = timeout(patience, tell(&mut child, text)).await {
        let status = ended.map_err(CommandError::Lost)?;
        group.has_ended();
        return if status.success() { Ok(()) } else { Err(CommandError::Failed(status)) };
    }
    drop(group);
    let _ = child.wait().await;
    Err(CommandError::TimedOut(patience))
}

async fn tell(child: &mut Child, text: &str) -> io::Result<ExitStatus> {
    if let Some(mut input) = child.stdin.take() {
        // Who does not read it has heard enough.
        let _ = input.write_all(text.as_bytes()).await;
    }
    child.wait().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sh(script: &str, text: &str, patience: Duration) -> Result<(), String> {
        let words = ["sh", "-c", script].map(str::to_owned);
        let facts = [("WATCHPOST_ALARM", "relay".to_owned())];
        run(&words, &facts, text, patience).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_text_is_read_and_the_facts_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("told");
        let script = format!("(echo \"$WATCHPOST_ALARM\"; cat) > {}", file.display());
        sh(&script, "one\n$(id)\n", PATIENCE).await.unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), "relay\none\n$(id)\n");
    }

    #[tokio::test]
    async fn whoever_does_not_read_is_no_failure_and_whoever_fails_is_one() {
        sh("exit 0", &"x".repeat(1 << 20), PATIENCE).await.unwrap();
        let failed = sh("cat > /dev/null; exit 3", "", PATIENCE).await.unwrap_err();
        assert_eq!(failed, "it failed (exit status: 3)");
        let absent = run(&["/nowhere/page".to_owned()], &[], "", PATIENCE).await.unwrap_err();
        assert!(absent.to_string().starts_with("it cannot be started: "), "{absent}");
        assert!(run(&[], &[], "", PATIENCE).await.is_err());
    }

    #[tokio::test]
    async fn what_takes_too_long_is_killed_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("alive");
        // The grandchild holds the lock for as long as it lives.
        let script = format!("flock {0} sleep 60 & wait", pipe.display());
        let killed = sh(&script, "", Duration::from_millis(300)).await.unwrap_err();
        assert_eq!(killed, "it did not end within 0 seconds and was killed");
        let free = format!("flock --wait 10 {} true", pipe.display());
        sh(&free, "", PATIENCE).await.unwrap();
    }
}
