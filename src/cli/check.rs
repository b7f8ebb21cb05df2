//! `watchpost check`: everything that can be found wrong before a mail arrives. Changes nothing.

use std::path::Path;
use std::time::Duration;

use super::failure::Failure;
use super::passwords::used;
use super::places::hindrances;
use super::print::{self, Screen};
use super::setup::{block_on, letter_names, letters, settings};
use super::words::count;
use crate::config::settings::{Imap, Inbox, SecretSource, Server, Settings, Smtp};
use crate::desk::folder::Role;
use crate::desk::line::shown;
use crate::desk::policy::Policy;
use crate::io::imap::{Absent, ProbedFolder};
use crate::io::{imap, secret, smtp};

/// Checks the file and the letters, then, unless `offline`, each mail account.
pub(super) fn check(config: &Path, offline: bool) -> Result<(), Failure> {
    let settings = settings(config)?;
    let letters = letters(config, &settings)?;
    let mut report = Report { screen: Screen::of_stdout(), failures: 0, broken: None };
    report.fine(format!("{}: the configuration is in order", config.display()));
    for stray in letters.strays {
        let names = letter_names();
        report.note(format!("letters: {stray} is not used; the letters are {names}"));
    }
    for inbox in &settings.inboxes {
        policy(&inbox.policy, &mut report);
    }
    alarm(&settings, &mut report);
    for hindrance in hindrances(&settings) {
        report.fail(hindrance);
    }
    block_on(async {
        let unreadable = passwords(&settings, &mut report).await;
        if !offline {
            servers(&settings, &unreadable, &mut report).await;
        }
        Ok(())
    })?;
    report.end()
}

/// Prints each line as soon as it is known: a server that does not answer takes its time.
struct Report {
    screen: Screen,
    failures: usize,
    broken: Option<Failure>,
}

impl Report {
    fn fine(&mut self, what: impl AsRef<str>) {
        self.tell(&self.screen.green("ok"), "    ", what.as_ref());
    }

    fn note(&mut self, what: impl AsRef<str>) {
        self.tell("note", "  ", what.as_ref());
    }

    fn fail(&mut self, what: impl AsRef<str>) {
        self.failures += 1;
        self.tell(&self.screen.red("FAIL"), "  ", what.as_ref());
    }

    fn tell(&mut self, how: &str, gap: &str, what: &str) {
        let printed = print::lines([format!("{how}{gap}{}", shown(what))]);
        self.broken = self.broken.take().or(printed.err());
    }

    fn end(self) -> Result<(), Failure> {
        match (self.broken, self.failures) {
            (Some(failure), _) => Err(failure),
            (None, 0) => Ok(()),
            (None, n) => Err(Failure::of(format!("{} failed", count(n, "check", "checks")))),
        }
    }
}

/// What is no mistake, but perhaps not what was meant.
fn policy(policy: &Policy, report: &mut Report) {
    let inbox = &policy.inbox;
    if policy.authserv_id.is_none() {
        report.note(format!(
            "{inbox}: no authserv_id: no sender can be verified, so everybody gets the short \
             acknowledgement, and no report is sent back for its text; it stands first in the \
             Authentication-Results field of any mail you received"
        ));
    }
    for recipient in policy.recipients.iter().filter(|r| **r != r.without_tag()) {
        let bare = recipient.without_tag();
        report.note(format!(
            "{inbox}: the recipient {recipient} has a tag: mail to {bare} is not mail to it; \
             {bare} would stand for both"
        ));
    }
}

/// Tries each password once, and returns the places of those that cannot be read.
async fn passwords(settings: &Settings, report: &mut Report) -> Vec<SecretSource> {
    let mut unreadable = Vec::new();
    for used in used(settings) {
        if let Err(error) = used.try_to_read().await {
            report.fail(format!("{}: {error}", used.by()));
            unreadable.push(used.source);
        }
    }
    unreadable
}

/// Logs in wherever there is a password to log in with.
async fn servers(settings: &Settings, unreadable: &[SecretSource], report: &mut Report) {
    for inbox in &settings.inboxes {
        if !unreadable.contains(&inbox.imap.password) {
            imap_account(inbox, report).await;
        }
        smtp_relay(&inbox.policy.inbox, &inbox.smtp, unreadable, report).await;
    }
    if let Some(second) = &settings.alarm.second {
        smtp_relay("alarm", &second.smtp, unreadable, report).await;
    }
}

/// Ways that an alarm would take in vain: a program that is not there, or the server that it tells of.
fn alarm(settings: &Settings, report: &mut Report) {
    let program = settings.alarm.command.iter().flatten().next();
    if let Some(program) = program.filter(|program| program.starts_with('/'))
        && let Err(error) = std::fs::metadata(program)
    {
        report.fail(format!("alarm: the command {program}: {error}"));
    }
    let Some(second) = &settings.alarm.second else { return };
    let place = |server: &Server| (server.host.clone(), server.port);
    let same = |inbox: &&Inbox| place(&inbox.smtp.server) == place(&second.smtp.server);
    if let Some(inbox) = settings.inboxes.iter().find(same) {
        report.note(format!(
            "alarm: letters of {} leave by the same server: when it is down, nobody is told by mail",
            inbox.policy.inbox
        ));
    }
}

/// Somebody sits in front of it: the daemon may wait longer for a slow server.
const PATIENCE: Duration = Duration::from_secs(15);

fn hurried(server: &Server) -> Server {
    Server { timeout: server.timeout.min(PATIENCE), ..server.clone() }
}

async fn imap_account(inbox: &Inbox, report: &mut Report) {
    let account = Imap { server: hurried(&inbox.imap.server), ..inbox.imap.clone() };
    let place =
        format!("{}: IMAP {}:{}", inbox.policy.inbox, account.server.host, account.server.port);
    let probe = match imap::probe(&account, &secret::reader(&account.password)).await {
        Ok(probe) => probe,
        Err(error) => return report.fail(format!("{place}: {error}")),
    };
    report.fine(format!("{place}: logged in"));
    if !probe.idle {
        let poll = account.poll.as_secs();
        report.note(format!("{place}: the server has no IDLE; new mail is seen every {poll} s"));
    }
    for folder in probe.folders {
        match folder.mails {
            Ok(mails) => {
                let mails = count(usize::try_from(mails).unwrap_or(usize::MAX), "mail", "mails");
                report.fine(format!("{place}: folder {} holds {mails}", folder.name));
            }
            Err(error) => report.fail(format!("{place}: folder {}: {error}", folder.name)),
        }
        if folder.keywords == Some(false) {
            let text =
                "keeps no keywords; should the store be lost, nothing tells what was answered";
            report.note(format!("{place}: folder {} {text}", folder.name));
        }
    }
    special_folders(&place, probe.special, report);
}

/// The folders beside the inbox, or what follows where there is none.
fn special_folders(
    place: &str,
    special: Vec<(Role, Result<ProbedFolder, Absent>)>,
    report: &mut Report,
) {
    for (role, found) in special {
        let (what, without) = match role {
            Role::Junk => ("junk", "a report that is taken for junk is not seen"),
            _ => (
                "sent mail",
                "replies that leave by another account are seen only if the inbox is in Cc",
            ),
        };
        match found {
            Ok(ProbedFolder { name, mails: Ok(_), .. }) => {
                report.fine(format!("{place}: {what} is in {name}"));
            }
            Ok(ProbedFolder { name, mails: Err(error), .. }) => {
                report.fail(format!("{place}: {what} in {name}: {error}"));
            }
            Err(Absent::Watched(name)) => {
                report.fine(format!("{place}: {what} is in {name}, one of `folders`"));
            }
            Err(absent @ Absent::NoSuchName(_)) => {
                report.fail(format!("{place}: {what}: {absent}"));
            }
            Err(absent @ Absent::NotFound(_)) => {
                report.note(format!("{place}: no folder for {what}: {absent}; {without}"));
            }
        }
    }
}

async fn smtp_relay(whose: &str, relay: &Smtp, unreadable: &[SecretSource], report: &mut Report) {
    if relay.login.as_ref().is_some_and(|(_, source)| unreadable.contains(source)) {
        return;
    }
    let relay = Smtp { server: hurried(&relay.server), ..relay.clone() };
    let place = format!("{whose}: SMTP {}:{}", relay.server.host, relay.server.port);
    let secret =
        relay.login.as_ref().map_or_else(secret::none, |(_, source)| secret::reader(source));
    match smtp::probe(&relay, &secret).await {
        Ok(probe) if probe.logged_in => report.fine(format!("{place}: logged in")),
        Ok(_) => report.fine(format!("{place}: reached; no login is configured")),
        Err(error) => report.fail(format!("{place}: {error}")),
    }
}
