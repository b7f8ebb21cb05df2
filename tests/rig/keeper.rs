//! The script that owns the servers.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

pub(super) struct Keeper {
    script: Mutex<Script>,
}

struct Script {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Keeper {
    /// Starts the script as root, which Postfix must be.
    pub(super) fn start(dir: &Path) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rig/keeper");
        let root = std::fs::metadata(dir).unwrap().uid() == 0;
        let mut command = if root { Command::new(script) } else { Command::new("sudo") };
        if !root {
            command.args(["-n", script]);
        }
        // Ctrl-C is said to us; the script learns of it when we are gone.
        command.arg(dir).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let script = Script::greeted(&mut command).unwrap_or_else(|reason| {
            std::fs::remove_dir_all(dir).unwrap();
            panic!("{}", advice(root, &reason));
        });
        Self { script: Mutex::new(script) }
    }

    pub(super) fn obeys(&self, order: &str) -> bool {
        let mut script = self.script.lock().unwrap();
        writeln!(script.orders.as_mut().unwrap(), "{order}").unwrap();
        let mut answer = String::new();
        script.answers.read_line(&mut answer).unwrap();
        answer == "ok\n"
    }
}

impl Script {
    /// Starts the script; what it says instead of a greeting is the error.
    fn greeted(command: &mut Command) -> Result<Self, String> {
        let mut process = command.spawn().map_err(|_| String::new())?;
        let orders = process.stdin.take();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut greeting = String::new();
        answers.read_line(&mut greeting).unwrap();
        if greeting == "ready\n" { Ok(Self { process, orders, answers }) } else { Err(greeting) }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let script = self.script.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        drop(script.orders.take());
        drop(script.process.wait());
    }
}

fn advice(root: bool, reason: &str) -> String {
    if !reason.is_empty() {
        format!("{}: run tests/rig/install first, or `make test`", reason.trim_end())
    } else if root {
        "tests/rig/keeper did not start; it needs bash".to_owned()
    } else {
        "the rig's mail servers must be started by root: run this as root, or as a user for whom \
         `sudo -n true` works"
            .to_owned()
    }
}
