//! Every letter, word for word, as it leaves. `UPDATE_GOLDEN=1 cargo test --test letters` writes the
//! files anew; read the difference as the person who will receive it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at its first surprise")]

#[path = "letters/digest.rs"]
mod digest;
#[path = "letters/mails.rs"]
mod mails;
#[path = "letters/notices.rs"]
mod notices;
#[path = "letters/waiting.rs"]
mod waiting;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use mails::{MAILS, Mails};
use unicode_width::UnicodeWidthStr as _;
use watchpost::desk::address::{Address, Mailbox};
use watchpost::desk::authentication::Authentication;
use watchpost::desk::books::Past;
use watchpost::desk::classify::classify;
use watchpost::desk::classify::personal::Reading;
use watchpost::desk::event::{Fact, MailRef};
use watchpost::desk::folder::{Folder, Role};
use watchpost::desk::intake::Incoming;
use watchpost::desk::keys::Keys;
use watchpost::desk::language::Language;
use watchpost::desk::parse::parse;
use watchpost::desk::policy::{OnRule, Policy};
use watchpost::desk::quota::Caps;
use watchpost::desk::time::{Moment, Span};
use watchpost::desk::wording::{self, Worded, Wording};
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

/// The shipped wording, tried once for all tests.
fn shipped() -> Wording {
    static SHIPPED: LazyLock<Wording> = LazyLock::new(Wording::shipped);
    SHIPPED.clone()
}

/// The letter that answers a mail, as bytes.
fn answer(policy: &Policy, authentication: &Authentication, mail: &str) -> String {
    answer_in(&shipped(), policy, authentication, mail)
}

fn answer_in(
    wording: &Wording,
    policy: &Policy,
    authentication: &Authentication,
    mail: &str,
) -> String {
    let letters = letters(wording, policy, Caps::default(), authentication, &[mail.to_owned()]);
    let [letter] = letters.as_slice() else { panic!("{} letters", letters.len()) };
    letter.clone()
}

/// The letters that answer some mails of one sender, and those that are due later.
fn letters(
    wording: &Wording,
    policy: &Policy,
    caps: Caps,
    authentication: &Authentication,
    mails: &[String],
) -> Vec<String> {
    let now = "2026-09-01T17:11:05Z";
    as_they_leave(written_at(now, wording, policy, caps, authentication, mails))
}

/// Letters as bytes that leave.
fn as_they_leave(written: Vec<Worded>) -> Vec<String> {
    let as_it_leaves = |worded: Worded| {
        let bytes = compose(&worded.letter).unwrap();
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    };
    written.into_iter().map(as_it_leaves).collect()
}

/// The letters, from this moment on.
fn written_at(
    now: &str,
    wording: &Wording,
    policy: &Policy,
    caps: Caps,
    authentication: &Authentication,
    mails: &[String],
) -> Vec<Worded> {
    let now = Moment::parse_rfc3339(now).unwrap();
    let keys = Keys::new(vec![[7; 32]]).unwrap();
    let mut desk = Desk::open(vec![policy.clone()], keys, caps, Past::default());
    let mut letters = Vec::new();
    let mut take = |now: Moment, input: &Input| {
        let mut decided = Vec::new();
        for event in desk.decide(now, input) {
            desk.apply(&event);
            if let Fact::Written { .. } = &event.fact {
                let (books, policy) = (desk.books(), |_: &str| Some(policy));
                let text = input.text();
                let letter =
                    wording::letter(wording, books, policy, &event, &decided, text).unwrap();
                let (letter, mistake) = (desk.addressed(letter.letter), letter.mistake);
                letters.push(Worded { letter, mistake });
            }
            decided.push(event);
        }
    };
    for (uid, mail) in (1..).zip(mails) {
        take(now, &Input::Mail(Box::new(incoming(authentication.clone(), uid, mail))));
    }
    take(now + Span::hours(47), &Input::Time);
    letters
}

fn incoming(authentication: Authentication, uid: u32, mail: &str) -> Incoming {
    let message = parse(mail.replace('\n', "\r\n").as_bytes(), true);
    Incoming {
        mail: MailRef {
            folder: Folder { inbox: "security".into(), name: "INBOX".into(), role: Role::Inbox },
            uid_validity: 1,
            uid,
            message_id: message.ids.first().cloned(),
            arrived: Moment::parse_rfc3339("2026-09-01T17:11:00Z").unwrap(),
            size: 1000,
        },
        verdict: classify(&message, &authentication, &policy()),
        message,
        authentication,
        witness: None,
        claimed_by: None,
        reading: Reading::No,
        recorded: false,
        tied: Vec::new(),
    }
}

/// The letter that answers so many mails like this one at once, after the first.
fn combined(mail: &str, count: usize) -> String {
    let caps = Caps { address_per_day: 1, ..Caps::default() };
    let mails: Vec<String> =
        (0..=count).map(|n| mail.replace("<one@", &format!("<{n}@"))).collect();
    let letters = letters(&shipped(), &policy(), caps, &authenticated(), &mails);
    let [_, combined] = letters.as_slice() else { panic!("{} letters", letters.len()) };
    combined.clone()
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
    same_as_golden("en/acknowledgement.eml", &answer(&policy(), &authenticated(), &mail));
}

#[test]
fn an_answer_goes_to_the_address_of_its_case() {
    let policy = Policy { subaddressing: true, ..policy() };
    let mail = format!("{HEAD}Subject: bug\n\nThe parser hangs on an empty header.\n");
    let letter = answer(&policy, &authenticated(), &mail);
    same_as_golden("en/acknowledgement_subaddressing.eml", &letter);
}

#[test]
fn who_names_a_module_of_others_hears_that_it_has_maintainers_of_its_own() {
    let mail = format!(
        "{HEAD}Subject: body-parser reads beyond its limit\n\n\
         The limit option of body-parser 1.20 is not applied to compressed bodies: a request of\n\
         10 kB inflates to 4 GB, and the process is killed.\n"
    );
    same_as_golden("en/acknowledgement_module.eml", &answer(&policy(), &authenticated(), &mail));
}

#[test]
fn an_encrypted_report_is_said_to_be_left_to_a_person() {
    let mail = format!(
        "{HEAD}Subject: ...\n\n-----BEGIN PGP MESSAGE-----\n\n\
         hQIMA0wN1VbdGvIhAQ//c2VlIHdoYXQgaXMgaW4gaGVyZQ==\n=njUN\n-----END PGP MESSAGE-----\n"
    );
    same_as_golden("en/acknowledgement_encrypted.eml", &answer(&policy(), &authenticated(), &mail));
}

#[test]
fn a_letter_that_comes_too_late_makes_no_promise_that_is_broken() {
    let report = format!("{HEAD}Subject: bug\n\nThe parser hangs on an empty header.\n");
    let link = format!("{HEAD}Subject: bug\n\nHi, please see https://drive.example/d/17\n\nKim\n");
    let (proven, unproven) = (authenticated(), Authentication::None);
    for (name, authentication, mail) in [
        ("acknowledgement", &proven, report.clone()),
        ("ask_resend", &proven, link),
        ("minimal", &unproven, report),
    ] {
        let at = |now| {
            let mails = [mail.clone()];
            let (wording, caps) = (shipped(), Caps::default());
            as_they_leave(written_at(now, &wording, &policy(), caps, authentication, &mails))
        };
        let letters = at("2026-09-03T17:11:00Z");
        let [letter] = letters.as_slice() else { panic!("{} letters", letters.len()) };
        same_as_golden(&format!("en/{name}_late.eml"), letter);
        // A second earlier it was in time.
        assert!(at("2026-09-03T17:10:59Z").concat().contains("broken our promise"), "{name}");
        assert!(!letter.contains("broken our promise"), "{letter}");
    }
}

#[test]
fn a_link_alone_is_asked_for_its_text() {
    let mail = format!("{HEAD}Subject: bug\n\nHi, please see https://drive.example/d/17\n\nKim\n");
    same_as_golden("en/ask_resend.eml", &answer(&policy(), &authenticated(), &mail));
}

#[test]
fn a_link_alone_is_acknowledged_with_a_request_where_the_policy_only_flags_it() {
    let mail = format!("{HEAD}Subject: bug\n\nHi, please see https://drive.example/d/17\n\nKim\n");
    let policy = Policy { link_only: OnRule::Flag, ..policy() };
    same_as_golden(
        "en/acknowledgement_with_request.eml",
        &answer(&policy, &authenticated(), &mail),
    );
}

#[test]
fn a_sender_who_is_not_proven_reads_nothing_of_the_mail() {
    let mail = format!(
        "{HEAD}Subject: BUY-THIS-NOW\n\nThe session cookie is sent over clear text in version 3.2 when \
         the PLANTED option is on.\n"
    );
    let letter = answer(&policy(), &Authentication::None, &mail);
    assert!(!letter.contains("BUY-THIS-NOW") && !letter.contains("PLANTED"), "{letter}");
    same_as_golden("en/minimal.eml", &letter);
}

#[test]
fn a_subject_in_any_script_comes_back_readable_and_a_hostile_one_harmless() {
    let body = "\n\nThe login page of version 2.1 runs script code from the name field.\n";
    let mail = format!("{HEAD}Subject: Re: =?utf-8?q?Gr=C3=B6=C3=9Fe_=F0=9F=90=9B?={body}");
    same_as_golden("subject_unicode.eml", &answer(&policy(), &authenticated(), &mail));
    let hostile = "=?utf-8?q?x=0D=0ABcc:_all@acorn.example=0D=0A=0D=0Abody=1B[2J?=";
    let letter = answer(&policy(), &authenticated(), &format!("{HEAD}Subject: {hostile}{body}"));
    let (head, _) = letter.split_once("\n\n").unwrap();
    assert!(!head.to_lowercase().contains("\nbcc:"), "{letter}");
    same_as_golden("subject_hostile.eml", &letter);
}

#[test]
fn an_address_that_had_its_letters_is_answered_in_one() {
    let mail = format!("{HEAD}Subject: bug\n\nThe parser hangs on an empty header.\n");
    same_as_golden("en/combined.eml", &combined(&mail, 2));
    let many = combined(&mail, 40);
    assert!(many.contains("  * EXP-2026-0011, which") && many.contains("  * And 30 more.\n"));
    assert!(!many.contains("EXP-2026-0012"), "{many}");
}

#[test]
fn one_letter_for_several_cases_says_which_of_them_are_late() {
    let late = |(subject, body): (&str, &str), count| {
        let mail = format!("{HEAD}Subject: {subject}\n\n{body}\n");
        let mails: Vec<String> =
            (0..=count).map(|n| mail.replace("<one@", &format!("<{n}@"))).collect();
        let caps = Caps { address_per_day: 1, ..Caps::default() };
        let now = "2026-09-03T17:11:00Z";
        as_they_leave(written_at(now, &shipped(), &policy(), caps, &authenticated(), &mails))
            .pop()
            .unwrap()
    };
    let english = ("bug", "The parser hangs on an empty header.");
    same_as_golden("en/combined_late.eml", &late(english, 2));
    for report in std::iter::once(english).chain(MAILS.iter().map(|mails| mails.report)) {
        let letter = late(report, 40);
        assert!(letter.len() <= 4096, "{} bytes: {letter}", letter.len());
        assert!(parse(letter.as_bytes(), true).text.contains("EXP-2026-0002"), "{letter}");
    }
}

#[test]
fn a_letter_is_written_in_the_language_of_the_mail_that_it_answers() {
    let languages: Vec<Language> = MAILS.iter().map(|mails| mails.language).collect();
    assert_eq!(languages, Language::ALL[1..], "every language has its mails here");
    let flags = Policy { link_only: OnRule::Flag, ..policy() };
    for Mails { language, report, link } in MAILS {
        let mail = |(subject, body): (&str, &str)| format!("{HEAD}Subject: {subject}\n\n{body}\n");
        let mut letters = vec![("combined", combined(&mail(report), 2))];
        for (name, policy, authentication, mail) in [
            ("acknowledgement", &policy(), &authenticated(), mail(report)),
            ("acknowledgement_with_request", &flags, &authenticated(), mail(link)),
            ("ask_resend", &policy(), &authenticated(), mail(link)),
            ("minimal", &policy(), &Authentication::None, mail(report)),
        ] {
            letters.push((name, answer(policy, authentication, &mail)));
        }
        for (name, letter) in letters {
            let name = format!("{}/{name}", language.code());
            same_as_golden(&format!("{name}.eml"), &letter);
            // The same as its reader sees it.
            let read = parse(letter.as_bytes(), true);
            let read = format!("{}\n\n{}", read.subject, read.text.replace("\r\n", "\n"));
            same_as_golden(&format!("{name}.txt"), &read);
            assert!(read.lines().all(|line| line.width() <= 78), "{read}");
        }
    }
}

#[test]
fn a_mail_whose_language_is_not_sure_is_answered_in_that_of_the_project() {
    let bare = format!("{HEAD}Subject: 2026-09\n\nhttps://drive.example/d/17\n");
    let german = Policy { language: Language::German, ..policy() };
    assert_eq!(language_of(&answer(&policy(), &authenticated(), &bare)), Language::English);
    assert_eq!(language_of(&answer(&german, &authenticated(), &bare)), Language::German);
    let italian =
        format!("{HEAD}Subject: Errore\n\nBuongiorno, in allegato la relazione. Saluti\n");
    assert_eq!(language_of(&answer(&german, &authenticated(), &italian)), Language::German);
    let english = format!("{HEAD}Subject: bug\n\nHello, please see https://drive.example/d/17\n");
    assert_eq!(language_of(&answer(&german, &authenticated(), &english)), Language::English);
}

fn language_of(letter: &str) -> Language {
    let read = parse(letter.as_bytes(), true).text;
    let policy = |language: &&Language| read.contains(policy_line(**language));
    *Language::ALL.iter().find(policy).unwrap()
}

fn policy_line(language: Language) -> &'static str {
    match language {
        Language::English => "Our security policy",
        Language::Spanish => "Nuestra política de seguridad",
        Language::French => "Notre politique de sécurité",
        Language::German => "Unsere Sicherheitsrichtlinie",
        Language::Portuguese => "Nossa política de segurança",
        Language::Russian => "Наша политика безопасности",
        Language::Chinese => "我们的安全政策",
        Language::Japanese => "セキュリティポリシー",
    }
}

/// What a template names, wherever it stands.
fn names(text: &str) -> BTreeSet<String> {
    let mut environment = minijinja::Environment::new();
    environment.add_template("text", text).unwrap();
    environment.get_template("text").unwrap().undeclared_variables(false).into_iter().collect()
}

#[test]
fn a_letter_names_the_same_in_every_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/desk/letters");
    let mut codes: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    codes.sort();
    let mut known: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
    known.sort_unstable();
    codes.retain(|code| code != "team");
    assert_eq!(codes, known, "the folders are the languages, beside the team's");
    for name in [
        "acknowledgement.txt",
        "ask_resend.txt",
        "combined.txt",
        "minimal.txt",
        "missed.txt",
        "waiting.txt",
        "asked_again.txt",
        "last_note.txt",
        "found.txt",
    ] {
        let read = |code: &str| fs::read_to_string(folder.join(code).join(name)).unwrap();
        for code in &codes {
            assert_eq!(names(&read(code)), names(&read("en")), "{code}/{name}");
        }
    }
}

#[test]
fn french_signs_do_not_stand_alone_at_the_beginning_of_a_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/desk/letters/fr");
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        if file.ends_with("found.txt") {
            continue;
        }
        let (name, text) = (file.display(), fs::read_to_string(&file).unwrap());
        for sign in [" :", " ;", " !", " ?"] {
            assert!(
                !text.contains(sign),
                "{name}: a no-break space (U+00A0) belongs before {sign}"
            );
        }
    }
}

#[test]
fn an_administrator_replaces_a_letter_and_learns_of_every_mistake_before_it_is_owed() {
    let replaced = |name: &str, text: &str| {
        Wording::new(&[(name.into(), text.into())], Some(Language::German))
    };
    assert!(replaced("minimal.txt", "Subject: {{ case }}\n\nGot it, {{ project }}.\n").is_ok());
    for (name, text, told) in [
        ("minimal.txt", "Subject: x\n\n{{ reporter }}\n", "line 3"),
        ("minimal.txt", "Subject: x\n\n{% if case %}never closed\n", "syntax error"),
        (
            "minimal.txt",
            "Subject: x\n\nGot it.\n{{ policy_url }}\n",
            "line 4: undefined value: there is",
        ),
        (
            "acknowledgement.txt",
            "Subject: x\n\n{{ found }}\n",
            "not always there; ask for that with {% if",
        ),
        ("minimal.txt", "Subject: x\n\ny{% if late %}{{ due }}{% endif %}\n", "line 3"),
        ("minimal.txt", "Subject: x\n\ny{% if encrypted %}{{ key }}{% endif %}\n", "line 3"),
        ("minimal.txt", "Subject: x\n\ny{% if fuond %}z{% endif %}\n", "is called `fuond`"),
        ("minimal.txt", "Hello,\n\nno subject\n", "the first line must be `Subject: …`"),
        ("minimal.txt", "Subject:\n\nempty subject\n", "the first line must be `Subject: …`"),
        ("minimal.txt", "Subject: x\n", "the first line must be `Subject: …`"),
        ("minimum.txt", "Subject: x\n\ntext\n", "no letter has this name"),
        ("minimal.de.txt", "Subject: x\n\ntext\n", "no letter has this name"),
        ("tlh/minimal.txt", "Subject: x\n\ntext\n", "the languages are en, es, fr,"),
        ("ja/minimal.txt", "Subject: x\n\n{{ reporter }}\n", "line 3"),
        ("found.txt", "{{ attachment }}", "line 1"),
        ("fr/found.txt", "{# rien #}", "it says nothing"),
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
fn an_own_letter_that_fails_for_one_mail_is_written_in_the_shipped_words_and_that_is_told() {
    let shout = "Subject: {{ case }}\n\nHi{% if 'frabjous' in subject %} {{ subject|shout }}{% \
                 else %}, and thanks{% endif %}\n\n{{ subject * 60 }}\n";
    let own = [("acknowledgement.txt".to_owned(), shout.to_owned())];
    let wording = Wording::new(&own, Some(Language::English)).unwrap();
    let written = |wording: &Wording, subject: &str| {
        let mail = format!("{HEAD}Subject: {subject}\n\nThe parser hangs on an empty header.\n");
        let (now, caps, authentication) =
            ("2026-09-01T17:11:05Z", Caps::default(), authenticated());
        let mut all = written_at(now, wording, &policy(), caps, &authentication, &[mail]);
        assert_eq!(all.len(), 1);
        all.remove(0)
    };
    let Worded { letter, mistake } = written(&wording, "short");
    assert!(letter.body.starts_with("Hi, and thanks\n") && mistake.is_none(), "{mistake:?}");

    let long = "long ".repeat(30);
    for (subject, outline) in [
        ("frabjous", "acknowledgement.txt: line 3: unknown filter"),
        (&long, "acknowledgement.txt: 7397 bytes are too long for a letter; write at most 3000"),
    ] {
        let Worded { letter, mistake } = written(&wording, subject);
        assert_eq!(mistake.unwrap().outline(), outline);
        let shipped = written(&shipped(), subject);
        assert_eq!((letter, None), (shipped.letter, shipped.mistake));
    }
}

#[test]
fn an_own_letter_without_a_language_is_in_that_of_the_project() {
    let own = |name: &str, text: &str| (name.to_owned(), format!("Subject: x\n\n{text}\n"));
    let (plain, french) = (own("minimal.txt", "Servus!"), own("fr/minimal.txt", "Salut !"));
    let wording = Wording::new(&[plain.clone(), french.clone()], Some(Language::German)).unwrap();
    let report = |language: &str| match MAILS.iter().find(|m| m.language.code() == language) {
        Some(mails) => format!("{HEAD}Subject: x\n\n{}\n", mails.report.1),
        None => format!("{HEAD}Subject: x\n\nThe parser hangs on an empty header.\n"),
    };
    let policy = Policy { language: Language::German, ..policy() };
    let body = |language: &str| {
        let letter = answer_in(&wording, &policy, &Authentication::None, &report(language));
        parse(letter.as_bytes(), true).text
    };
    assert_eq!((body("de").trim(), body("fr").trim()), ("Servus!", "Salut !"));
    assert!(body("en").contains(policy_line(Language::English)));
    let error =
        |files: &[(String, String)], project| Wording::new(files, project).unwrap_err().to_string();
    let twice = [plain.clone(), own("de/minimal.txt", "Guten Tag!")];
    let told = "de/minimal.txt: minimal.txt replaces the same; keep one of the two";
    assert_eq!(error(&twice, Some(Language::German)), told);
    let told =
        "minimal.txt: the inboxes have different languages; write en/minimal.txt or the like";
    assert_eq!(error(&[plain], None), told);
}

#[test]
fn what_a_stranger_wrote_is_text_and_never_template() {
    let mail = format!(
        "{HEAD}Subject: {{{{ policy_url }}}} {{% raw %}}\n\nIn version 2.1 the name field of the login page runs script code.\n"
    );
    let letter = answer(&policy(), &authenticated(), &mail);
    assert!(letter.contains("Subject: Re: {{ policy_url }} {% raw %} [EXP-2026-0001]"), "{letter}");
}
