//! `watchpost check`: everything that can be found wrong before a mail arrives. Changes nothing.

use std::path::Path;

use super::failure::Failure;
use super::print;
use super::setup::{runtime, settings, wording};
use crate::config::settings::{Inbox, SecretSource, Settings};
use crate::desk::line::shown;
use crate::io::{imap, secret, smtp};

/// Checks the file and the letters, then, unless `offline`, each mail account.
pub(super) fn check(config: &Path, offline: bool) -> Result<(), Failure> {
    let settings = settings(config)?;
    wording(&settings)?;
    let mut report = Report::default();
    report.fine(format!("{}: the configuration is in order", config.display()));
    runtime()?.block_on(async {
        for inbox in &settings.inboxes {
            secrets(inbox, &mut report).await;
        }
        if !offline && report.failures == 0 {
            servers(&settings, &mut report).await;
        }
    });
    print::lines(&report.lines)?;
    match report.failures {
        0 => Ok(()),
        1 => Err(Failure::of("1 check failed")),
        n => Err(Failure::of(format!("{n} checks failed"))),
    }
}

#[derive(Default)]
struct Report {
    lines: Vec<String>,
    failures: usize,
}

impl Report {
    fn fine(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("{}    {}", print::green("ok"), shown(what.as_ref())));
    }

    fn note(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("note  {}", shown(what.as_ref())));
    }

    fn fail(&mut self, what: impl AsRef<str>) {
        self.failures += 1;
        self.lines.push(format!("{}  {}", print::red("FAIL"), shown(what.as_ref())));
    }
}

async fn secrets(inbox: &Inbox, report: &mut Report) {
    let smtp = inbox.smtp.login.as_ref().map(|(_, source)| source);
    let sources: Vec<&SecretSource> =
        [Some(&inbox.imap.password), smtp].into_iter().flatten().collect();
    for source in sources {
        if let Err(error) = secret::read(source).await {
            report.fail(format!("{}: {error}", inbox.policy.inbox));
        }
    }
}

async fn servers(settings: &Settings, report: &mut Report) {
    for inbox in &settings.inboxes {
        imap_account(inbox, report).await;
        smtp_relay(inbox, report).await;
    }
}

async fn imap_account(inbox: &Inbox, report: &mut Report) {
    let account = &inbox.imap;
    let place =
        format!("{}: IMAP {}:{}", inbox.policy.inbox, account.server.host, account.server.port);
    let probe = match imap::probe(account, &secret::reader(&account.password)).await {
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
                report.fine(format!("{place}: folder {} holds {mails} mails", folder.name));
            }
            Err(error) => report.fail(format!("{place}: folder {}: {error}", folder.name)),
        }
        if folder.keywords == Some(false) {
            let text =
                "keeps no keywords; should the store be lost, nothing tells what was answered";
            report.note(format!("{place}: folder {} {text}", folder.name));
        }
    }
}

async fn smtp_relay(inbox: &Inbox, report: &mut Report) {
    let relay = &inbox.smtp;
    let place = format!("{}: SMTP {}:{}", inbox.policy.inbox, relay.server.host, relay.server.port);
    let secret =
        relay.login.as_ref().map_or_else(secret::none, |(_, source)| secret::reader(source));
    match smtp::probe(relay, &secret).await {
        Ok(probe) if probe.logged_in => report.fine(format!("{place}: logged in")),
        Ok(_) => report.fine(format!("{place}: reached; no login is configured")),
        Err(error) => report.fail(format!("{place}: {error}")),
    }
}
