//! `watchpost classify`: judges mails from files, with no server, store or network.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::Failure;
use super::print::{self, Format, Screen};
use super::sample::{self, Sample};
use super::setup::{letters, settings};
use crate::config::settings::Settings;
use crate::desk::address::Address;
use crate::desk::answer::{Answer, answer};
use crate::desk::classify::personal::{Reading, Signal};
use crate::desk::event::HoldReason;
use crate::desk::judge::{Judged, judge_and_read};
use crate::desk::line::shown;
use crate::desk::message::{Message, MessageId};
use crate::desk::parse::{limits, parse};
use crate::desk::policy::{InboxKind, Policy};
use crate::desk::thread::{base_subject, has_prefix, is_forward, tags};
use crate::desk::verdict::{Code, Kind, Reason};
use crate::desk::wording::Wording;
use crate::view::third_person;

/// What is asked for on the command line.
pub(super) struct Wanted {
    pub(super) config: Option<PathBuf>,
    pub(super) inbox: Option<String>,
    pub(super) letter: bool,
    pub(super) format: Format,
    pub(super) files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    verdict: &'static str,
    acknowledge: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<HoldReason>,
    reasons: &'a [Reason],
    hints: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    letter: Option<Sample>,
    /// How it reads in an inbox that is a person's own.
    personal: &'static str,
    signals: Vec<Told>,
}

/// What mails are judged by.
struct Judge {
    policy: Option<Policy>,
    /// Set where letters are to be shown.
    wording: Option<Wording>,
    format: Format,
    before: Before,
}

/// The mails that were judged before, as far as a later one may go on with them.
#[derive(Default)]
struct Before {
    ids: BTreeSet<MessageId>,
    /// Authors, each with a subject.
    subjects: BTreeSet<(Address, String)>,
}

/// A signal by which mail to a person's own address is known as a report.
#[derive(Serialize)]
struct Told {
    signal: &'static str,
    weight: i32,
}

/// Judges each file; a file that cannot be read is told of, and the others are judged all the same.
pub(super) fn classify(wanted: &Wanted) -> Result<(), Failure> {
    let settings = wanted.config.as_deref().map(settings).transpose()?;
    let policy = match &settings {
        Some(settings) => Some(policy(settings, wanted.inbox.as_deref())?),
        None => None,
    };
    let wording = match (&wanted.config, &settings) {
        (Some(config), Some(settings)) if wanted.letter => Some(letters(config, settings)?.wording),
        _ => None,
    };
    let mut judge = Judge { policy, wording, format: wanted.format, before: Before::default() };
    let mut failure: Option<Failure> = None;
    for file in &wanted.files {
        let name = file.to_string_lossy();
        match read(file) {
            Ok((bytes, whole)) => judge.one(&name, &bytes, whole)?,
            Err(error) => {
                let known = failure.get_or_insert_with(|| Failure { lines: Vec::new(), status: 1 });
                known.lines.push(format!("{name}: {error}"));
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

/// The rules of the inbox that is called so, or of the first.
fn policy(settings: &Settings, name: Option<&str>) -> Result<Policy, Failure> {
    let mut policies = settings.inboxes.iter().map(|inbox| &inbox.policy);
    let found = policies.find(|policy| name.is_none_or(|name| policy.inbox == name));
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = settings.inboxes.iter().map(|i| i.policy.inbox.as_str()).collect();
        let name = name.unwrap_or_default();
        Failure::usage(format!("no inbox is called {name}; there are: {}", names.join(", ")))
    })
}

impl Judge {
    /// Whether a person goes on with a conversation, and how that is seen. Which case it is only the
    /// daemon knows; where it knows none, such a mail opens one as any other does.
    fn continues(&self, message: &Message, kind: Kind) -> Option<&'static str> {
        if matches!(kind, Kind::Automatic | Kind::Bounce | Kind::SpamOrJunk) {
            return None;
        }
        let Before { ids, subjects } = &self.before;
        let names = !message.in_reply_to.is_empty() || !message.references.is_empty();
        if message.ids.iter().any(|id| ids.contains(id)) {
            Some("your mail is one of those before it, by its Message-ID")
        } else if !tags(&message.subject).is_empty() {
            Some("your mail has a case number in its subject")
        } else if names && !is_forward(&message.subject) {
            Some("your mail answers another one")
        } else if has_prefix(&message.subject)
            && subject_of(message).is_some_and(|known| subjects.contains(&known))
        {
            Some("your mail has the sender and the subject of one before it")
        } else {
            None
        }
    }

    fn remember(&mut self, message: &Message) {
        self.before.ids.extend(message.ids.iter().cloned());
        self.before.subjects.extend(subject_of(message));
    }

    fn one(&mut self, name: &str, bytes: &[u8], whole: bool) -> Result<(), Failure> {
        let message = parse(bytes, whole);
        let assumed;
        let policy = match &self.policy {
            Some(policy) => policy,
            None => {
                let authserv_id = topmost_server(&message);
                assumed = Policy { authserv_id, ..Policy::unconfigured() };
                &assumed
            }
        };
        let (judged, personal) = judge_and_read(message, policy);
        let Judged { message, mut verdict, authentication } = judged;
        let continues = self.continues(&message, verdict.kind);
        if let Some(detail) = continues {
            let (code, detail) = (Code::Continues, detail.to_owned());
            verdict.kind = Kind::FollowUp;
            verdict.reasons.insert(0, Reason { code, detail });
        }
        let answer = match (policy.kind, personal.reading) {
            _ if continues.is_some() => Answer::None,
            (InboxKind::Personal, Reading::No) => Answer::None,
            (InboxKind::Personal, Reading::Perhaps) => Answer::Hold(HoldReason::Doubtful),
            _ => answer(&message, &verdict, &authentication, policy),
        };
        let letter = match (&self.wording, answer) {
            (Some(wording), Answer::Letter(kind)) => {
                sample::letter(wording, policy, &message, &verdict, kind).map_err(Failure::of)?
            }
            _ => None,
        };
        let told = |signal: &Signal| Told { signal: signal.name, weight: signal.weight };
        let row = Row {
            file: name,
            verdict: verdict.kind.name(),
            acknowledge: answer.name(),
            hold: if let Answer::Hold(why) = answer { Some(why) } else { None },
            reasons: &verdict.reasons,
            hints: &verdict.hints,
            personal: personal.reading.name(),
            signals: personal.signals.iter().map(told).collect(),
            letter,
        };
        self.remember(&message);
        match self.format {
            Format::Json => print::lines([serde_json::to_string(&row).map_err(Failure::of)?]),
            Format::Text => print::lines(text(&row)),
        }
    }
}

fn subject_of(message: &Message) -> Option<(Address, String)> {
    Some((message.author()?.address.clone(), base_subject(&message.subject)))
}

fn text(row: &Row<'_>) -> Vec<String> {
    let verdict = Screen::of_stdout().bold(row.verdict);
    let mut lines =
        vec![format!("{}  {verdict}, acknowledge: {}", shown(row.file), row.acknowledge)];
    let detail = |reason: &Reason| shown(&third_person(&reason.detail));
    lines.extend(row.reasons.iter().map(|r| format!("    {}: {}", r.code, detail(r))));
    if let Some(why) = row.hold {
        lines.push(format!("    hold: {}", why.in_words()));
    }
    if !row.hints.is_empty() {
        lines.push(format!("    hints: {}", shown(&row.hints.join(", "))));
    }
    if let Some(letter) = &row.letter {
        lines.extend([String::new(), format!("    Subject: {}", shown(&letter.subject))]);
        lines.push(String::new());
        lines
            .extend(letter.body.lines().map(|l| format!("    {}", shown(l)).trim_end().to_owned()));
        lines.push(String::new());
    }
    let signals = row.signals.iter().map(|told| format!("{:+} {}", told.weight, told.signal));
    let signals = signals.collect::<Vec<_>>().join(", ");
    lines.push(format!("    in a personal inbox: {} ({signals})", row.personal));
    lines
}

/// Without a configuration nobody says which server is ours; the topmost one is believed, since this
/// only prints.
fn topmost_server(message: &Message) -> Option<String> {
    let field = message.header("authentication-results")?;
    Some(field.split(|c: char| c == ';' || c.is_whitespace()).find(|s| !s.is_empty())?.to_owned())
}

/// As much of a mail as is ever looked at, and whether that is all of it.
fn read(file: &Path) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let most = limits::MAIL.saturating_add(1) as u64;
    if file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    let whole = bytes.len() <= limits::MAIL;
    bytes.truncate(limits::MAIL);
    Ok((bytes, whole))
}
