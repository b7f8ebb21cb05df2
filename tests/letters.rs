//! Every letter, word for word, as it leaves. `UPDATE_GOLDEN=1 cargo test --test letters` writes the
//! files anew; read the difference as the person who will receive it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at its first surprise")]

use std::fs;
use std::path::Path;

use watchpost::desk::address::{Address, Mailbox};
use watchpost::desk::authentication::Authentication;
use watchpost::desk::books::Past;
use watchpost::desk::classify::classify;
use watchpost::desk::event::{Fact, MailRef};
use watchpost::desk::folder::Folder;
use watchpost::desk::intake::Incoming;
use watchpost::desk::keys::Keys;
use watchpost::desk::parse::parse;
use watchpost::desk::policy::{OnRule, Policy};
use watchpost::desk::quota::Caps;
use watchpost::desk::time::Moment;
use watchpost::desk::wording::{self, Wording};
use watchpost::desk::{Desk, Input};
use watchpost::io::smtp::compose;

fn policy() -> Policy {
    Policy {
        inbox: "security".into(),
        recipients: vec![Address::parse("security@project.example").unwrap()],
        project: "Express".into(),
        case_prefix: "EXP".into(),
        policy_url: Some("https://project.example/security".into()),
        from: Mailbox {
            name: "Express Security".into(),
            address: Address::parse("security@project.example").unwrap(),
        },
        ..Policy::unconfigured()
    }
}

/// The letter that answers a mail, as bytes.
fn answer(policy: &Policy, authentication: Authentication, mail: &str) -> String {
    let now = Moment::parse_rfc3339("2026-09-01T17:11:05Z").unwrap();
    let message = parse(mail.replace('\n', "\r\n").as_bytes(), true);
    let incoming = Incoming {
        mail: MailRef {
            folder: Folder { inbox: "security".into(), name: "INBOX".into() },
            uid_validity: 1,
            uid: 1,
            message_id: message.ids.first().cloned(),
            arrived: Moment::parse_rfc3339("2026-09-01T17:11:00Z").unwrap(),
            size: 1000,
        },
        verdict: classify(&message, policy),
        message,
        authentication,
        witness: None,
        recorded: false,
        tied: Vec::new(),
    };
    let keys = Keys::new(vec![[7; 32]]).unwrap();
    let mut desk = Desk::open(vec![policy.clone()], keys, Caps::default(), Past::default());
    let mut letters = Vec::new();
    for event in desk.decide(now, &Input::Mail(Box::new(incoming))) {
        desk.apply(&event);
        if let Fact::Written { letter, .. } = &event.fact {
            let case = desk.books().case(event.case.as_ref().unwrap()).unwrap();
            letters
                .push(wording::write(&Wording::shipped(), policy, case, &[], letter, now).unwrap());
        }
    }
    let [letter] = letters.as_slice() else { panic!("{} letters", letters.len()) };
    String::from_utf8(compose(letter).unwrap()).unwrap().replace("\r\n", "\n")
}

fn authenticated() -> Authentication {
    Authentication::Pass { domain: "acorn.example".into() }
}

fn same_as_golden(name: &str, letter: &str) {
    assert!(letter.len() <= 4096, "{name} has {} bytes", letter.len());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/letters").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, letter).unwrap();
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(letter, golden, "{name} changed; if it should, run with UPDATE_GOLDEN=1");
}

const HEAD: &str = "Return-Path: <kim@acorn.example>
From: Kim Seo-yun <kim@acorn.example>
To: security@project.example
Date: Tue, 01 Sep 2026 18:11:00 +0100
Message-ID: <one@acorn.example>
";

#[test]
fn a_complete_report_is_acknowledged() {
    let mail = format!(
        "{HEAD}Subject: Static handler serves files outside its root\n\nWith Express 4.19 the static \
         handler can be left by a symbolic link that is created after start-up.\nAnyone who may upload \
         an archive with links can read the machine's files.\n"
    );
    same_as_golden("acknowledgement.eml", &answer(&policy(), authenticated(), &mail));
}

#[test]
fn a_link_alone_is_asked_for_its_text() {
    let mail = format!("{HEAD}Subject: bug\n\nHi, please see https://drive.example/d/17\n\nKim\n");
    same_as_golden("ask_resend.eml", &answer(&policy(), authenticated(), &mail));
}

#[test]
fn a_link_alone_is_acknowledged_with_a_request_where_the_policy_only_flags_it() {
    let mail = format!("{HEAD}Subject: bug\n\nHi, please see https://drive.example/d/17\n\nKim\n");
    let policy = Policy { link_only: OnRule::Flag, ..policy() };
    same_as_golden("acknowledgement_with_request.eml", &answer(&policy, authenticated(), &mail));
}

#[test]
fn a_sender_who_is_not_proven_reads_nothing_of_the_mail() {
    let mail = format!(
        "{HEAD}Subject: BUY-THIS-NOW\n\nThe session cookie is sent over clear text in version 3.2 when \
         the PLANTED option is on.\n"
    );
    let letter = answer(&policy(), Authentication::None, &mail);
    assert!(!letter.contains("BUY-THIS-NOW") && !letter.contains("PLANTED"), "{letter}");
    same_as_golden("minimal.eml", &letter);
}

#[test]
fn a_subject_in_any_script_comes_back_readable_and_a_hostile_one_harmless() {
    let body = "\n\nThe login page of version 2.1 runs script code from the name field.\n";
    let mail = format!("{HEAD}Subject: Re: =?utf-8?q?Gr=C3=B6=C3=9Fe_=F0=9F=90=9B?={body}");
    same_as_golden("subject_unicode.eml", &answer(&policy(), authenticated(), &mail));
    let hostile = "=?utf-8?q?x=0D=0ABcc:_all@acorn.example=0D=0A=0D=0Abody=1B[2J?=";
    let letter = answer(&policy(), authenticated(), &format!("{HEAD}Subject: {hostile}{body}"));
    let (head, _) = letter.split_once("\n\n").unwrap();
    assert!(!head.to_lowercase().contains("\nbcc:"), "{letter}");
    same_as_golden("subject_hostile.eml", &letter);
}

#[test]
fn an_administrator_replaces_a_letter_and_learns_of_every_mistake_before_it_is_owed() {
    let replaced = |name: &str, text: &str| Wording::new(&[(name.into(), text.into())]);
    assert!(replaced("minimal.txt", "Subject: {{ case }}\n\nGot it, {{ project }}.\n").is_ok());
    for (name, text, told) in [
        ("minimal.txt", "Subject: x\n\n{{ reporter }}\n", "line 3"),
        ("minimal.txt", "Subject: x\n\n{% if case %}never closed\n", "syntax error"),
        ("minimal.txt", "Hello,\n\nno subject\n", "the first line must be `Subject: …`"),
        ("minimal.txt", "Subject:\n\nempty subject\n", "the first line must be `Subject: …`"),
        ("minimal.txt", "Subject: x\n", "the first line must be `Subject: …`"),
        ("minimum.txt", "Subject: x\n\ntext\n", "no letter has this name"),
        (
            "minimal.txt",
            &format!("Subject: x\n\n{}\n", "word ".repeat(1000)),
            "too long for a letter",
        ),
    ] {
        let error = replaced(name, text).unwrap_err().to_string();
        assert!(error.starts_with(name) && error.contains(told), "{error}");
    }
}

#[test]
fn what_a_stranger_wrote_is_text_and_never_template() {
    let mail = format!(
        "{HEAD}Subject: {{{{ policy_url }}}} {{% raw %}}\n\nIn version 2.1 the name field of the login page runs script code.\n"
    );
    let letter = answer(&policy(), authenticated(), &mail);
    assert!(letter.contains("Subject: Re: {{ policy_url }} {% raw %} [EXP-2026-0001]"), "{letter}");
}
