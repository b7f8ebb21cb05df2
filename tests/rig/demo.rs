//! Watchpost at work, with real mail servers: `make demo`.
//!
//! Five mails are sent to a watched inbox. Then it is shown what their senders found in their
//! mailboxes, and what `watchpost` tells the team. The exit status is 0 if all of it was right.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a demo talks to its user, and one that cannot do its work ends"
)]

#[path = "mod.rs"]
pub mod rig;

#[path = "demo/letter.rs"]
mod letter;

use std::path::Path;
use std::process::{ExitCode, Output};

use letter::{Letter, case_number};
use rig::{Daemon, INBOX, PATIENCE, Rig, wait_until, watchpost};
use serde_json::Value;

const REPORTER: &str = "reporter@university.example";
const AWAY: &str = "away@contributor.example";
const HUNTER: &str = "hunter@bounty.example";
const AUDITS: &str = "audits@company.example";

fn main() -> ExitCode {
    say("Starting Dovecot, Postfix and Watchpost.");
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    send_mails(&rig);
    let team = Team::ask(&config);
    let ended = daemon.terminate();
    let delivered = wait_until(PATIENCE, || rig.queue_is_empty());

    let mut wrongs = Wrongs::default();
    wrongs.unless(ended.success(), "the daemon ended as asked, without an error");
    wrongs.unless(delivered, "the mail server has delivered all letters");
    show_reporters(&rig, &mut wrongs);
    team.show(&mut wrongs);
    wrongs.conclude()
}

/// Sends everything, in such an order that whoever shall get nothing was served before the last
/// letter came.
fn send_mails(rig: &Rig) {
    say("Sending a complete report.");
    deliver(rig, Some(REPORTER), INBOX, include_str!("demo/complete.eml"));
    arrives(rig, REPORTER);

    say("Sending a follow-up to it, an out-of-office answer, a mere link, a mere attachment.");
    if let Some(letter) = rig.mails(REPORTER, "INBOX").first() {
        let letter = Letter::read(letter);
        let follow_up = include_str!("demo/follow_up.eml")
            .replace("@TO@", letter.answers_go_to())
            .replace("@ACKNOWLEDGEMENT@", &letter.message_id)
            .replace("@SUBJECT@", &letter.subject);
        deliver(rig, Some(REPORTER), letter.answers_go_to(), &follow_up);
    }
    deliver(rig, None, INBOX, include_str!("demo/out_of_office.eml"));
    deliver(rig, Some(HUNTER), INBOX, include_str!("demo/link_only.eml"));
    deliver(rig, Some(AUDITS), INBOX, include_str!("demo/attachment_only.eml"));
    arrives(rig, HUNTER);
    arrives(rig, AUDITS);
}

fn deliver(rig: &Rig, from: Option<&str>, to: &str, mail: &str) {
    #[expect(clippy::disallowed_methods, reason = "a mail is dated by its sender's own clock")]
    let now = jiff::Zoned::now();
    let date = jiff::fmt::rfc2822::to_string(&now).unwrap();
    rig.deliver(from, &[to], mail.replace("@DATE@", &date).as_bytes());
}

/// Waits for a letter; whether it came is judged at the end.
fn arrives(rig: &Rig, address: &str) {
    let _ = wait_until(PATIENCE, || !rig.mails(address, "INBOX").is_empty());
}

fn show_reporters(rig: &Rig, wrongs: &mut Wrongs) {
    let letters = |address: &str| -> Vec<Letter> {
        rig.mails(address, "INBOX").iter().map(|mail| Letter::read(mail)).collect()
    };

    heading("A complete report and a follow-up to it were sent by", REPORTER);
    let received = letters(REPORTER);
    show(&received);
    wrongs.unless(received.len() == 1, "the reporter has one letter, for both mails");
    for letter in &received {
        wrongs.unless(letter.is_automatic_answer(), "the letter says that a machine wrote it");
        wrongs.unless(
            letter.in_reply_to.contains("<report-1@university.example>"),
            "the letter is an answer to the report",
        );
        wrongs.unless(
            case_number(&letter.subject, "EXP").is_some(),
            "the letter's subject has a case number",
        );
    }

    heading("An out-of-office answer was sent by", AWAY);
    let received = letters(AWAY);
    show(&received);
    if received.is_empty() {
        println!("    nothing, as it should be");
    }
    wrongs.unless(received.is_empty(), "the out-of-office answer is not answered");

    for (what, address) in [
        ("A mail with nothing but a link was sent by", HUNTER),
        ("A mail with nothing but an attachment was sent by", AUDITS),
    ] {
        heading(what, address);
        let received = letters(address);
        show(&received);
        wrongs.unless(received.len() == 1, &format!("{address} has one letter"));
        for letter in &received {
            wrongs.unless(letter.is_automatic_answer(), "the letter says that a machine wrote it");
            wrongs.unless(
                letter.asks_to_resend(),
                &format!("the letter asks {address} to send the report in the mail itself"),
            );
        }
    }
}

fn show(letters: &[Letter]) {
    for letter in letters {
        println!("{letter}");
    }
}

/// What the team sees.
struct Team {
    cases: Output,
    json: Output,
    first: Option<(String, Output)>,
}

impl Team {
    fn ask(config: &Path) -> Self {
        let config = config.to_str().unwrap();
        let cases = watchpost(&["cases", "--config", config]);
        let json = watchpost(&["cases", "--config", config, "--format", "json"]);
        let first = rows(&json)
            .iter()
            .find(|row| row["reporter"].as_str().is_some_and(|who| who.contains(REPORTER)))
            .and_then(|row| row["case"].as_str())
            .map(|case| (case.to_owned(), watchpost(&["show", case, "--config", config])));
        Self { cases, json, first }
    }

    fn show(&self, wrongs: &mut Wrongs) {
        heading("The team asks for", "watchpost cases");
        print(&self.cases, wrongs);
        let rows = rows(&self.json);
        let verdict = |reporter: &str| {
            rows.iter()
                .find(|row| row["reporter"].as_str().is_some_and(|who| who.contains(reporter)))
                .and_then(|row| row["verdict"].as_str())
        };
        wrongs.unless(rows.len() == 3, "there are three cases");
        for (reporter, kind) in
            [(REPORTER, "complete"), (HUNTER, "link_only"), (AUDITS, "attachment_only")]
        {
            wrongs.unless(
                verdict(reporter) == Some(kind),
                &format!("the case of {reporter} is judged {kind}"),
            );
        }
        if let Some((case, shown)) = &self.first {
            heading("The team asks for", &format!("watchpost show {case}"));
            print(shown, wrongs);
        }
    }
}

/// One JSON object a line; a line that is none is left out, and so missed in the count.
fn rows(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn print(output: &Output, wrongs: &mut Wrongs) {
    for text in [&output.stdout, &output.stderr] {
        for line in String::from_utf8_lossy(text).lines() {
            println!("    {line}");
        }
    }
    wrongs.unless(output.status.success(), "the command succeeds");
}

/// What was not as it should be.
#[derive(Default)]
struct Wrongs(Vec<String>);

impl Wrongs {
    fn unless(&mut self, so: bool, what: &str) {
        if !so {
            self.0.push(what.to_owned());
        }
    }

    fn conclude(&self) -> ExitCode {
        if self.0.is_empty() {
            println!("\nAll of this is as it should be.");
            return ExitCode::SUCCESS;
        }
        println!("\nThis should be so, and is not:");
        for what in &self.0 {
            println!("  * {what}");
        }
        ExitCode::FAILURE
    }
}

fn say(what: &str) {
    println!("{what}");
}

fn heading(what: &str, whom: &str) {
    println!("\n{what} {whom}\n");
}
