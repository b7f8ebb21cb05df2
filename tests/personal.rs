//! A person's own inbox, told by mails: `tests/mail/personal` holds what surely reads as a report,
//! what perhaps does, and what does not. A name that ends in `answers-us` or `written-to` says what
//! the past knows of the sender.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by stopping")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use watchpost::desk::address::{Address, Mailbox};
use watchpost::desk::classify::personal::{Acquaintance, Judgement, Reading, reads_as_report};
use watchpost::desk::parse::parse;
use watchpost::desk::policy::Policy;

fn policy() -> Policy {
    let lead = Address::parse("lead@project.example").unwrap();
    Policy {
        recipients: vec![lead.clone()],
        from: Mailbox { name: "Lead".to_owned(), address: lead },
        authserv_id: Some("mx.project.example".to_owned()),
        project: "Express".to_owned(),
        ..Policy::unconfigured()
    }
}

fn judge(path: &Path, known: Acquaintance) -> Judgement {
    let policy = policy();
    let judged = watchpost::desk::judge::judge(parse(&fs::read(path).unwrap(), true), &policy);
    let kind = judged.verdict.kind;
    reads_as_report(&judged.message, &judged.authentication, kind, &policy, known)
}

fn mails(reading: Reading) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/personal");
    let entries = fs::read_dir(folder.join(reading.name())).unwrap();
    let mut mails: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    mails.sort();
    mails
}

fn past(path: &Path) -> Acquaintance {
    let name = path.file_stem().unwrap().to_string_lossy();
    Acquaintance {
        answers_us: name.ends_with("answers-us"),
        written_to: name.ends_with("written-to"),
    }
}

#[test]
fn every_mail_to_a_person_reads_as_its_folder_says() {
    let mut wrong = String::new();
    let mut count = 0;
    for reading in [Reading::Surely, Reading::Perhaps, Reading::No] {
        for mail in mails(reading) {
            count += 1;
            let judgement = judge(&mail, past(&mail));
            if judgement.reading != reading {
                let name = mail.file_name().unwrap().to_string_lossy();
                let _ = writeln!(wrong, "{} {name}: {judgement:?}", reading.name());
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(count >= 60, "only {count} mails were found");
}

#[test]
fn an_answer_to_the_owner_never_opens_a_case_by_itself() {
    let known = Acquaintance { answers_us: true, written_to: true };
    for mail in mails(Reading::No) {
        assert_eq!(judge(&mail, known).reading, Reading::No, "{}", mail.display());
    }
}

#[test]
fn what_answers_the_owner_is_at_most_put_to_them() {
    for mail in mails(Reading::Surely) {
        let friend = judge(&mail, Acquaintance { answers_us: true, written_to: true }).reading;
        assert!(friend < Reading::Surely, "{}", mail.display());
    }
}
