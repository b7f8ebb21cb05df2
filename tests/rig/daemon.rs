//! `watchpost` as an operator runs it.

use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{PATIENCE, Rig, tail, wait_until};

/// A running `watchpost run`; dropping it kills it.
pub struct Daemon {
    process: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts the daemon and returns when it says that it is ready.
    pub fn start(rig: &Rig, config: &Path) -> Self {
        Self::start_logging(rig, config, |log| File::create(log).unwrap().into())
    }

    /// Starts the daemon with a log that nobody reads and that cannot be written to.
    pub fn start_unheard(rig: &Rig, config: &Path) -> Self {
        Self::start_logging(rig, config, |log| {
            fs::write(log, "").unwrap();
            let (_, writer) = std::io::pipe().unwrap();
            writer.into()
        })
    }

    /// Starts the daemon and returns at once.
    pub fn begin(rig: &Rig, config: &Path) -> Self {
        Self::begin_logging(rig, config, |log| File::create(log).unwrap().into()).0
    }

    /// Starts the daemon as [`Daemon::start`] does; with all that it tells the service manager in its
    /// life, a thread that has it when that is over.
    pub fn start_heard(rig: &Rig, config: &Path) -> (Self, JoinHandle<String>) {
        let (mut daemon, notifications) =
            Self::begin_logging(rig, config, |log| File::create(log).unwrap().into());
        daemon.wait_until_ready(&notifications);
        let process = PathBuf::from(format!("/proc/{}", daemon.id()));
        let hear = move || {
            let (mut all, mut message) = (String::new(), [0; 4096]);
            loop {
                match notifications.recv(&mut message) {
                    Ok(length) => all += &String::from_utf8_lossy(&message[..length]),
                    Err(_) if process.exists() => {}
                    Err(_) => return all,
                }
            }
        };
        (daemon, thread::spawn(hear))
    }

    fn start_logging(rig: &Rig, config: &Path, to: impl FnOnce(&Path) -> Stdio) -> Self {
        let (mut daemon, ready) = Self::begin_logging(rig, config, to);
        daemon.wait_until_ready(&ready);
        daemon
    }

    fn begin_logging(
        rig: &Rig,
        config: &Path,
        to: impl FnOnce(&Path) -> Stdio,
    ) -> (Self, UnixDatagram) {
        let name = format!("watchpost-{}", rig.daemons.fetch_add(1, Ordering::Relaxed));
        let notify = rig.dir().join(format!("{name}.notify"));
        let ready = UnixDatagram::bind(&notify).unwrap();
        let log = rig.dir().join(format!("{name}.log"));
        let process = Command::new(program())
            .args(["run", "--config"])
            .arg(config)
            // By its folder the keeper knows that the process is ours.
            .current_dir(rig.dir())
            .env("NOTIFY_SOCKET", notify)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(to(&log))
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program().display()));
        fs::write(rig.dir().join(format!("{name}.pid")), process.id().to_string()).unwrap();
        (Self { process, log }, ready)
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub fn terminate(mut self) -> ExitStatus {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(asked.success());
        let mut status = None;
        let ended = wait_until(PATIENCE, || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended, "the daemon does not end when asked\n{}", tail(&self.log));
        status.unwrap()
    }

    /// Asks it to begin anew with its configuration (SIGHUP).
    pub fn hang_up(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    }

    /// Ends it at once (SIGKILL), as a crash does.
    pub fn kill(self) {
        drop(self);
    }

    fn wait_until_ready(&mut self, notifications: &UnixDatagram) {
        notifications.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let start = Instant::now();
        let mut message = [0; 4096];
        while start.elapsed() < PATIENCE {
            if let Ok(length) = notifications.recv(&mut message)
                && message[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1")
            {
                return;
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("the daemon ended, {status}\n{}", tail(&self.log));
            }
        }
        panic!("the daemon is not ready after {PATIENCE:?}\n{}", tail(&self.log));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- watchpost\n{}", tail(&self.log));
        }
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Runs `watchpost` with these arguments until it ends.
pub fn watchpost(arguments: &[&str]) -> Output {
    Command::new(program())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program().display()))
}

/// Where the program is. Cargo puts tests into `deps` and examples into `examples`, beside the program.
pub fn program() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.ancestors().nth(2).unwrap().join("watchpost")
}
