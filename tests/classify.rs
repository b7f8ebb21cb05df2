//! How mails are judged, told by mails: `tests/mail/samples` with its labels, and the folders of
//! `tests/mail`, each named for what is odd about the mails in it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what is wrong by stopping"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use watchpost::desk::address::{Address, Mailbox};
use watchpost::desk::answer::{Answer, answer};
use watchpost::desk::authentication::Authentication;
use watchpost::desk::judge::{self, Judged};
use watchpost::desk::parse::parse;
use watchpost::desk::policy::Policy;
use watchpost::desk::verdict::Kind;

/// The doors of the project: a Google Group at its own address, lists on its own server, and lists
/// that others host.
const LISTS: &[&str] = &[
    "security@project.example",
    "security@lists.project.example",
    "security@project.groups.io",
    "project-security@googlegroups.com",
];

fn policy() -> Policy {
    let inbox = Address::parse("security@project.example").unwrap();
    Policy {
        recipients: vec![inbox.clone()],
        from: Mailbox { name: "Project Security".to_owned(), address: inbox },
        authserv_id: Some("mx.project.example".to_owned()),
        lists: LISTS.iter().filter_map(|list| Address::parse(list)).collect(),
        list_authserv_id: Some("lists.project.example".to_owned()),
        ..Policy::unconfigured()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail")
}

fn judge(path: &Path) -> Judged {
    judge::judge(parse(&fs::read(path).unwrap(), true), &policy())
}

fn answered(judged: &Judged) -> Answer {
    answer(&judged.message, &judged.verdict, &judged.authentication, &policy())
}

/// Kinds to which nobody is answered: a report among them is lost.
fn is_silent(kind: Kind) -> bool {
    matches!(kind, Kind::Automatic | Kind::Bounce | Kind::SpamOrJunk)
}

struct Sample {
    file: String,
    expected: Vec<String>,
    acknowledgement: String,
}

fn samples() -> Vec<Sample> {
    let table = fs::read_to_string(folder().join("samples/labels.tsv")).unwrap();
    let read = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let others = columns[2].split(',').filter(|label| !label.is_empty());
        Sample {
            file: columns[0].to_owned(),
            expected: std::iter::once(columns[1]).chain(others).map(str::to_owned).collect(),
            acknowledgement: columns[3].to_owned(),
        }
    };
    table.lines().skip(1).map(read).collect()
}

#[test]
fn every_sample_is_judged_as_its_label_says() {
    let mut failures = String::new();
    for sample in samples() {
        let Judged { verdict, .. } = judge(&folder().join("samples").join(&sample.file));
        // Whether a mail belongs to a case is not for this judgement; it must only not be silenced.
        let follows = sample.expected.iter().any(|label| label == "follow_up");
        let right = sample.expected.iter().any(|label| label == verdict.kind.name());
        let spared = follows && !is_silent(verdict.kind);
        if !right && !spared {
            let _ = writeln!(
                failures,
                "{} should be {}, but is {}: {}",
                sample.file,
                sample.expected.join(" or "),
                verdict.kind,
                verdict.detail()
            );
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn no_report_is_taken_for_a_machine_and_no_machine_is_answered() {
    for sample in samples() {
        let Judged { verdict, authentication, .. } =
            judge(&folder().join("samples").join(&sample.file));
        let silent = is_silent(verdict.kind);
        if sample.expected[0] == "complete" {
            assert!(!silent, "{}: {}", sample.file, verdict.detail());
        }
        let known_case = ["follow_up", "complete"].iter().any(|l| sample.expected[0] == *l);
        if sample.acknowledgement == "must_not" && !known_case {
            let failed = authentication == Authentication::Fail;
            assert!(silent || failed, "{}: {}", sample.file, verdict.detail());
        }
    }
}

/// Beside each mail stands what is expected of it, one `name: value` a line:
/// `verdict` and `acknowledge` (several, split by blanks), `reason` (the first), `also` (another), `without` (none such), `hint`, `no-hint`, `detail`, `text` (what it holds),
/// `not` (what the text does not hold), `subject`, `defect`, `about`, `recipient`, `encrypted`, `author`
/// (whose mail it is, or nobody), `name` (theirs), `authentication`, `held` (why nobody is answered).
fn unmet(path: &Path, expectation: &str) -> Vec<String> {
    let judged = judge(path);
    let Judged { message, verdict, authentication } = &judged;
    let author = message.author();
    let mut unmet = Vec::new();
    for line in expectation.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) =
            line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", path.display()));
        let snake = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
        let met = match name {
            "verdict" => value.split(' ').any(|kind| kind == verdict.kind.name()),
            "reason" => verdict.reasons.first().is_some_and(|r| r.code.name() == value),
            "also" => verdict.reasons.iter().skip(1).any(|r| r.code.name() == value),
            "without" => verdict.reasons.iter().all(|r| r.code.name() != value),
            "acknowledge" => value.split(' ').any(|word| word == answered(&judged).name()),
            "hint" => verdict.hints.iter().any(|hint| hint == value),
            "no-hint" => !verdict.hints.iter().any(|hint| hint.starts_with(value)),
            "detail" => verdict.detail() == value,
            "text" => message.text.contains(value),
            "not" => !message.text.contains(value),
            "subject" => message.subject == value,
            "defect" => message.defects.iter().any(|d| snake(d) == value.replace('_', "")),
            "about" => message.report.iter().any(|r| r.about.iter().any(|id| id.as_str() == value)),
            "recipient" => {
                message.report.iter().any(|r| r.recipients.iter().any(|a| a.to_string() == value))
            }
            "encrypted" => message.encrypted.is_some_and(|e| snake(&e) == value.replace('_', "")),
            "author" => author.map_or("nobody".into(), |a| a.address.to_string()) == value,
            "name" => author.is_some_and(|a| a.name == value),
            "authentication" => snake(authentication).starts_with(value),
            "held" => matches!(answered(&judged), Answer::Hold(why) if format!("{why:?}") == value),
            other => panic!("{}: {other} is no expectation", path.display()),
        };
        if !met {
            unmet.push(format!("{name}: {value}"));
        }
    }
    if !unmet.is_empty() {
        let author = author.map(|a| format!("{} <{}>", a.name, a.address));
        unmet.push(format!("(it is {}: {}; {:?})", verdict.kind, verdict.detail(), verdict.hints));
        unmet.push(format!("(by {author:?}, {authentication:?}, {:?})", answered(&judged)));
    }
    unmet
}

#[test]
fn every_odd_mail_is_judged_as_the_file_beside_it_says() {
    let mut failures = String::new();
    let mut count = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let entry = entry.unwrap().path();
        if !entry.is_dir() || entry.ends_with("samples") || entry.ends_with("personal") {
            continue;
        }
        for mail in fs::read_dir(&entry).unwrap().map(|mail| mail.unwrap().path()) {
            if mail.extension().is_none_or(|ending| ending != "eml") {
                continue;
            }
            let expectation = fs::read_to_string(mail.with_extension("expect"))
                .unwrap_or_else(|_| panic!("{} has no expectation beside it", mail.display()));
            count += 1;
            let unmet = unmet(&mail, &expectation);
            if !unmet.is_empty() {
                let name = mail.strip_prefix(folder()).unwrap().display();
                let _ = writeln!(failures, "{name} should have {}", unmet.join(", "));
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(count >= 450, "only {count} mails were found");
}
