//! The container, from outside.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::rig::program;

/// A booted container; it ends when this process does.
pub(crate) struct Machine {
    /// The id that its process 1 has out here.
    leader: String,
    _script: Child,
}

/// The machine that all tests share, one after the other. None, told on standard error, where no
/// container can be booted at all.
pub(crate) fn machine() -> Option<MutexGuard<'static, Machine>> {
    static MACHINE: OnceLock<Option<Mutex<Machine>>> = OnceLock::new();
    let machine = MACHINE.get_or_init(|| match Machine::boot() {
        Ok(machine) => Some(Mutex::new(machine)),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "the unit cannot be tested here: {why}");
            // Past the test harness, which would swallow it.
            let mut stderr = std::io::stderr();
            writeln!(stderr, "\nSKIPPED, nothing is known about the systemd unit: {why}\n")
                .unwrap();
            None
        }
    });
    Some(machine.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Machine {
    /// Boots, or says why that is impossible here.
    fn boot() -> Result<Self, String> {
        if !is_root() && !as_root("true").output().is_ok_and(|output| output.status.success()) {
            return Err("run this as root, or as a user for whom `sudo -n true` works".into());
        }
        let mut script = as_root(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/systemd/machine"))
            .arg(env!("CARGO_TARGET_TMPDIR"))
            .arg(program())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut outcome = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut outcome).unwrap();
        match outcome.trim_end().split_once(' ') {
            Some(("booted", leader)) => Ok(Self { leader: leader.to_owned(), _script: script }),
            Some(("impossible", why)) => Err(why.to_owned()),
            _ => panic!("the container: {outcome}"),
        }
    }

    /// Runs a command inside, as root, with this on its standard input.
    pub(crate) fn run(&self, command: &[&str], input: &[u8]) -> Output {
        let mut process = as_root("nsenter")
            .args(["--all", "--target", &self.leader, "--", "env", "-i", "LC_ALL=C.UTF-8"])
            .arg("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who does not read it has ended, which its status tells.
        drop(process.stdin.take().unwrap().write_all(input));
        process.wait_with_output().unwrap()
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn as_root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}
