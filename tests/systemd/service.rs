//! The service in the container, as an operator has it.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Output;
use std::sync::MutexGuard;
use std::time::Duration;

use crate::machine::{Machine, machine};
use crate::rig::{INBOX, PASSWORD, PATIENCE, Rig, wait_until};

pub(crate) const CONFIG: &str = "/etc/watchpost/config.toml";
const UNIT: &str = include_str!("../../systemd/watchpost.service");

/// What would take minutes as shipped.
const PACE: &str = "[Service]\nRestartSec=1\nWatchdogSec=4\n";

/// Watchpost, installed and not started, with mail servers of its own. It is taken away when this
/// is dropped.
pub(crate) struct Service {
    pub(crate) rig: Rig,
    machine: MutexGuard<'static, Machine>,
    /// Where the journal stood before.
    cursor: String,
}

impl Service {
    /// Installs everything. None where no container can be booted.
    pub(crate) fn installed() -> Option<Self> {
        let machine = machine()?;
        let mut service = Self { rig: Rig::start(), machine, cursor: String::new() };
        service.remove();
        let told = service.done(&["journalctl", "--lines=0", "--show-cursor"]);
        let (_, cursor) = told.split_once("-- cursor: ").unwrap();
        cursor.trim().clone_into(&mut service.cursor);
        service.done(&["mkdir", "-p", "-m", "755", "/etc/watchpost"]);
        service.write("/etc/watchpost/ca.pem", &fs::read(service.rig.ca()).unwrap());
        service.configure(&service.config_text());
        for name in ["imap-password", "smtp-password"] {
            let path = format!("/etc/watchpost/{name}");
            service.write(&path, PASSWORD.as_bytes());
            service.done(&["chmod", "600", &path]);
        }
        service.write("/etc/systemd/system/watchpost.service", UNIT.as_bytes());
        service.drop_in("pace", PACE);
        Some(service)
    }

    /// Puts a configuration in its place.
    pub(crate) fn configure(&self, text: &str) {
        self.write(CONFIG, text.as_bytes());
    }

    /// The configuration of the rig, at home in the container: the state where the unit has it, and
    /// passwords as the unit hands them over.
    pub(crate) fn config_text(&self) -> String {
        let dir = self.rig.dir().display();
        let text = self.rig.config_text();
        let text = text.replace(&format!("state = \"{dir}/state\"\n"), "");
        let text = text.replace(&format!("\"{dir}/ca.pem\""), "\"/etc/watchpost/ca.pem\"");
        let (imap, smtp) = text.split_once("[inbox.smtp]").unwrap();
        let loaned = |text: &str, name: &str| {
            let file = format!("{{ file = \"{dir}/password\" }}");
            text.replace(&file, &format!("{{ credential = \"{name}\" }}"))
        };
        let (imap, smtp) = (loaned(imap, "imap-password"), loaned(smtp, "smtp-password"));
        let text = format!("{imap}[inbox.smtp]{smtp}");
        assert!(!text.contains(&dir.to_string()), "{text}");
        text
    }

    /// Adds to the unit, as `systemctl edit` does.
    pub(crate) fn drop_in(&self, name: &str, text: &str) {
        let folder = "/etc/systemd/system/watchpost.service.d";
        self.done(&["mkdir", "-p", folder]);
        self.write(&format!("{folder}/{name}.conf"), text.as_bytes());
        self.done(&["systemctl", "daemon-reload"]);
    }

    /// Starts it, and returns when it is ready and watches.
    pub(crate) fn start(&self) {
        let started = self.run(&["systemctl", "start", "watchpost"]);
        assert!(started.status.success(), "{}{}", printed(&started), self.journal());
        self.wait_for_status("watching 3 of 3 folders");
    }

    /// Waits until this stands in what the service says of itself.
    pub(crate) fn wait_for_status(&self, text: &str) {
        let so = wait_until(PATIENCE, || self.property("StatusText").contains(text));
        assert!(so, "no {text:?}: {}\n{}", self.property("StatusText"), self.journal());
    }

    /// Waits until a property of the unit is this.
    pub(crate) fn wait_for(&self, property: &str, value: &str) {
        let so = wait_until(PATIENCE, || self.property(property) == value);
        assert!(so, "{property}: {}\n{}", self.property(property), self.journal());
    }

    /// What systemd knows of the unit.
    pub(crate) fn property(&self, name: &str) -> String {
        self.done(&["systemctl", "show", "--value", "--property", name, "watchpost"])
            .trim()
            .to_owned()
    }

    /// What stands in the journal about it since it was installed.
    pub(crate) fn journal(&self) -> String {
        let after = format!("--after-cursor={}", self.cursor);
        self.done(&["journalctl", "--unit=watchpost", "--output=cat", &after])
    }

    /// Sends a report.
    pub(crate) fn report(&self, reporter: &str) {
        self.rig.deliver(Some(reporter), &[INBOX], report(reporter).as_bytes());
    }

    /// Sends a report and returns the only letter that its sender has within so long.
    pub(crate) fn acknowledged(&self, reporter: &str, patience: Duration) -> String {
        self.report(reporter);
        self.only_letter(reporter, patience)
    }

    /// Waits for a letter to somebody who gets one.
    pub(crate) fn only_letter(&self, to: &str, patience: Duration) -> String {
        let letters = self.rig.wait_for_mails(to, 1, patience);
        assert_eq!(letters.len(), 1, "{to} was written to more than once");
        String::from_utf8(letters.into_iter().next().unwrap()).unwrap()
    }

    /// Runs a command in the container.
    pub(crate) fn run(&self, command: &[&str]) -> Output {
        self.machine.run(command, b"")
    }

    /// Runs a command that has to succeed, and returns what it printed.
    pub(crate) fn done(&self, command: &[&str]) -> String {
        let output = self.run(command);
        assert!(output.status.success(), "{command:?}: {}", printed(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Sends a signal to the process of the service.
    pub(crate) fn kill(&self, signal: &str) {
        self.done(&["systemctl", "kill", "--kill-whom=main", "--signal", signal, "watchpost"]);
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let output = self.machine.run(&["tee", path], bytes);
        assert!(output.status.success(), "{path}: {}", printed(&output));
    }

    fn remove(&self) {
        // It may not be there.
        self.run(&["systemctl", "kill", "--signal=KILL", "watchpost"]);
        self.run(&["systemctl", "stop", "watchpost"]);
        self.run(&["systemctl", "reset-failed"]);
        let unit = "/etc/systemd/system/watchpost.service";
        let state = "/var/lib/private/watchpost";
        self.done(&["rm", "-rf", unit, &format!("{unit}.d"), "/etc/watchpost", state]);
        self.done(&["rm", "-f", "/var/lib/watchpost"]);
        self.done(&["systemctl", "daemon-reload"]);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let journal = self.run(&["journalctl", "--unit=watchpost", "--lines=40"]);
            eprintln!("--- journal\n{}", printed(&journal));
        } else {
            self.remove();
        }
    }
}

/// What a command said, and how it ended.
pub(crate) fn printed(output: &Output) -> String {
    let end = output.status.code().map_or_else(
        || format!("signal {:?}", output.status.signal()),
        |status| format!("status {status}"),
    );
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    format!("{}\n({end})\n", String::from_utf8_lossy(&text))
}

fn report(from: &str) -> String {
    format!(
        "From: Kim <{from}>\nTo: {INBOX}\nSubject: Session fixation in the cookie store\n\
         Date: Tue, 01 Sep 2026 18:11:00 +0100\nMessage-ID: <report.{from}>\n\n\
         Hello,\n\nthe session id is kept over a login in 4.18.2, so that whoever has set it before \
         takes the session over.\n\nSteps: set the cookie, let the victim log in, use the cookie.\n"
    )
}
