use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::backup::of_others;
use crate::mails::{cases, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until, watchpost};

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = watchpost(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn an_operator_sees_the_same_from_the_daemon_and_from_the_store() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let path = config.to_str().unwrap();
    let (status, _, told) = run(&["cases", "--config", path]);
    assert_eq!(status, 1);
    assert!(told.contains("start `watchpost run` first"), "{told}");

    let daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    let hostile =
        report(kim, "one").replace("Session fixation", "\u{1b}[31mred =?utf-8?q?=1B[2J?=");
    rig.deliver(Some(kim), &[INBOX], hostile.as_bytes());
    rig.wait_for_mails(kim, 1, Duration::from_secs(20));
    let mode = std::fs::metadata(rig.dir().join("state/control")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let (status, text, _) = run(&["cases", "--config", path]);
    assert_eq!(status, 0);
    assert!(text.contains("EXP-") && text.contains(kim) && !text.contains('\u{1b}'), "{text:?}");
    let (status, story, _) = run(&["show", "exp-2026-0001", "--config", path]);
    assert_eq!(status, 0, "{story}");
    assert!(
        story.contains("opened") && story.contains("sent") && !story.contains('\u{1b}'),
        "{story:?}"
    );
    // Where it stands comes first, then what happened, of which the reporter's mail is no "your mail".
    let (head, events) = story.split_once("\n\n").unwrap();
    assert!(head.contains("acknowledged") && head.contains(kim), "{story}");
    assert!(head.contains("Answer due") && head.contains(" UTC, in 4"), "{story}");
    assert!(events.contains("the mail ") && !events.contains("your mail"), "{story}");
    let (status, _, told) = run(&["show", "EXP-2026-0999", "--config", path]);
    assert_eq!(
        (status, told.as_str()),
        (1, "watchpost: there is no case EXP-2026-0999; `watchpost cases` lists them\n")
    );

    // A second daemon on the same store is refused.
    let (status, _, told) = run(&["run", "--config", path]);
    assert_eq!(status, 1);
    assert!(told.contains("another") && told.lines().count() == 1, "{told}");

    let from_daemon = cases(&config);
    assert!(daemon.terminate().success());
    assert_eq!(cases(&config), from_daemon);
    // Less the head, which tells in how long an answer is due.
    let told = run(&["show", "EXP-2026-0001", "--config", path]).1;
    assert_eq!(told.split_once("\n\n").unwrap().1, events);
}

#[test]
fn check_tries_real_logins_and_changes_nothing() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let (status, text, told) = run(&["check", "--config", config.to_str().unwrap()]);
    assert_eq!(status, 0, "{text}{told}");
    assert_eq!(text.matches("logged in").count(), 2, "{text}");
    assert!(!text.contains("note"), "{text}");
    assert!(!rig.dir().join("state").exists());

    let wrong =
        rig.config_text().replace("folders = [\"INBOX\"]", "folders = [\"INBOX\", \"Nowhere\"]");
    let wrong = wrong.replacen("ca = ", "# ca = ", 2).replacen("# ca = ", "ca = ", 1);
    let config = rig.write_config(&wrong);
    let (status, text, _) = run(&["check", "--config", config.to_str().unwrap()]);
    assert_eq!(status, 1);
    assert_eq!(text.matches("FAIL").count(), 2, "a folder and a certificate\n{text}");
    let (status, text, _) = run(&["check", "--offline", "--config", config.to_str().unwrap()]);
    assert_eq!((status, text.lines().count()), (0, 1), "{text}");
}

#[test]
fn a_bad_configuration_ends_with_78_and_every_mistake() {
    let rig = Rig::start();
    let text =
        rig.config_text().replace("connections = 2", "connections = 99").replace("poll =", "pol =");
    let config = rig.write_config(&text);
    for command in ["run", "check", "cases"] {
        let (status, _, told) = run(&[command, "--config", config.to_str().unwrap()]);
        assert_eq!(status, 78, "{told}");
        assert!(
            told.contains("connections")
                && told.contains("did you mean")
                && told.lines().count() == 2,
            "{told}"
        );
    }
}

#[test]
fn check_tells_what_the_daemon_would_stumble_over_and_what_is_perhaps_not_meant() {
    let rig = Rig::start();
    let check = |text: &str| {
        let config = rig.write_config(text);
        let (status, text, told) =
            run(&["check", "--offline", "--config", config.to_str().unwrap()]);
        (status, format!("{text}{told}"))
    };
    let unverified = rig.config_text().replace("authserv_id", "#authserv_id");
    let tagged = unverified.replace("\"security@", "\"security+web@");
    let (status, told) = check(&tagged);
    assert_eq!((status, told.matches("note").count()), (0, 2), "{told}");
    assert!(told.contains("security: no authserv_id: no sender can be verified"), "{told}");
    assert!(told.contains("security+web@project.example has a tag"), "{told}");

    let password = rig.dir().join("password");
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o644)).unwrap();
    let state =
        format!("state = \"{}\"\ncontrol = \"{}\"", password.display(), rig.dir().display());
    let shut = rig.config_text().lines().skip(1).fold(state, |text, line| text + "\n" + line);
    let (status, told) = check(&shut);
    assert_eq!((status, told.matches("FAIL").count()), (1, 3), "{told}");
    assert!(told.contains("password is not a folder"), "{told}");
    assert!(told.contains("this is a folder; name a file in it"), "{told}");
    assert!(told.contains("security: IMAP and security: SMTP: cannot read"), "{told}");
    assert!(told.contains("3 checks failed"), "{told}");
}

#[test]
fn at_its_start_the_daemon_says_what_it_found_and_which_password_it_cannot_read() {
    let rig = Rig::start();
    let absent = rig.dir().join("absent");
    let text = rig.config_text();
    let (imap, smtp) = text.split_once("[inbox.smtp]").unwrap();
    let smtp =
        smtp.replace(&rig.dir().join("password").display().to_string(), absent.to_str().unwrap());
    let config = rig.write_config(&format!("{imap}[inbox.smtp]{smtp}"));
    let daemon = Daemon::start(&rig, &config);
    let told = |what: &str| wait_until(PATIENCE, || daemon.log().contains(what));
    assert!(told("open_cases=0 letters_waiting=0"), "{}", daemon.log());
    assert!(
        told("ERROR a password cannot be read now used_by=\"security: SMTP\""),
        "{}",
        daemon.log()
    );
    assert!(daemon.log().contains(config.to_str().unwrap()), "{}", daemon.log());
    assert!(daemon.terminate().success());
}

#[test]
fn root_opens_the_store_of_the_daemon_that_is_stopped_and_leaves_it_its_owner_s() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some("r1@acorn.example"), &[INBOX], report("r1@acorn.example", "one").as_bytes());
    rig.wait_for_mails("r1@acorn.example", 1, PATIENCE);
    assert!(daemon.terminate().success());
    let (state, backup) = (rig.dir().join("state"), rig.dir().join("back\u{1b}[31mup"));
    let mut given = std::process::Command::new("chown");
    if !given.args(["-R", "12345:12345"]).arg(&state).status().unwrap().success() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    // As with DynamicUser=: the owner does not come there by itself.
    std::fs::set_permissions(rig.dir(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let open = cases(&config).concat();
    let case = open.split('"').nth(3).unwrap();
    for command in [
        &["cases"][..],
        &["show", case],
        &["do", case, "responded"],
        &["stats"],
        &["verify"],
        &["rotate-key"],
        &["backup", backup.to_str().unwrap()],
    ] {
        let config = ["--config", config.to_str().unwrap()];
        let (status, said, told) = run(&[command, &config].concat());
        assert_eq!(status, 0, "{command:?}: {told}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
        assert_eq!(of_others(&state), [] as [PathBuf; 0], "{command:?}");
    }
    // Nor is it locked out by root who tries the daemon itself.
    assert!(Daemon::start(&rig, &config).terminate().success());
    assert_eq!(of_others(&state), [] as [PathBuf; 0], "run");
    // The backup is root's, who asked for it.
    assert_eq!(std::fs::metadata(&backup).unwrap().uid(), 0);
}

#[test]
fn classify_judges_by_the_inbox_that_is_named_and_shows_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let config = at("config.toml", INBOXES);
    let link = at("link.eml", LINK);
    let forged = at("forged.eml", &LINK.replace("dmarc=pass", "dmarc=fail"));
    let named =
        |name| ["classify", "--config", &config, "--inbox", name, "--letter"].map(str::to_owned);
    let judged = |name, file: &String| {
        let arguments: Vec<String> = named(name).into_iter().chain([file.clone()]).collect();
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };

    let (status, text, _) = judged("express", &link);
    assert_eq!(status, 0);
    assert!(text.contains("link_only, acknowledge: ask_resend"), "{text}");
    assert!(text.contains("[EXP-") && text.contains("-0000]"), "{text}");
    assert!(text.contains("Please send your report again"), "{text}");
    let (_, text, _) = judged("router", &link);
    assert!(text.contains("acknowledge: full") && text.contains("to Router"), "{text}");

    let (_, text, _) = judged("router", &forged);
    assert!(text.contains("acknowledge: hold"), "{text}");
    assert!(text.contains("    hold: the sender's domain disowns it"), "{text}");
    let (_, json, _) = run(&["classify", "--format", "json", &forged]);
    assert!(json.contains("\"acknowledge\":\"hold\",\"hold\":\"authentication_failed\""), "{json}");

    let (status, _, told) = judged("psirt", &link);
    let there = "watchpost: no inbox is called psirt; there are: express, router\n";
    assert_eq!((status, told.as_str()), (2, there));
}

const INBOXES: &str = r#"
project = { name = "Express", case_prefix = "EXP" }
smtp.host = "localhost"
imap = { host = "localhost", user = "u", password = { file = "/nowhere" } }
[[inbox]]
name = "express"
recipients = ["security@project.example"]
authserv_id = "mx.project.example"
[[inbox]]
name = "router"
recipients = ["security@router.example"]
authserv_id = "mx.project.example"
project = { name = "Router" }
imap.user = "v"
rules.link_only = "flag"
"#;

const LINK: &str =
    "Authentication-Results: mx.project.example; dmarc=pass header.from=acorn.example
From: Kim <kim@acorn.example>
To: security@project.example
Date: Tue, 01 Sep 2026 18:11:00 +0100
Message-ID: <one@acorn.example>
Subject: bug

Hi, please see https://drive.example/d/17
";

#[test]
fn classify_sees_that_a_mail_goes_on_with_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let kim = "kim@acorn.example";
    let first = report(kim, "one");
    let mails = [
        ("1", first.clone()),
        ("2", first.replace("<one@", "<two@").replace("Subject: ", "Subject: AW: ")),
        (
            "3",
            first.replace("<one@", "<three@").replace("\n\n", "\nIn-Reply-To: <one@x.example>\n\n"),
        ),
        ("4", first),
        ("5", report("bo@oak.example", "five")),
    ];
    let files: Vec<String> = mails
        .iter()
        .map(|(name, text)| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file.to_str().unwrap().to_owned()
        })
        .collect();
    let mut arguments = vec!["classify", "--format", "json"];
    arguments.extend(files.iter().map(String::as_str));
    let output = crate::rig::watchpost(&arguments);
    let told = String::from_utf8(output.stdout).unwrap();
    let verdict = |line: &str| {
        line.split("\"verdict\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let verdicts: Vec<String> = told.lines().map(verdict).collect();
    assert_eq!(verdicts, ["complete", "follow_up", "follow_up", "follow_up", "complete"]);
}

#[test]
fn what_is_typed_or_comes_from_a_folder_of_anybody_is_repeated_as_text() {
    for arguments in [
        &["classify", "--\u{1b}]0;title\u{7}.eml"][..],
        &["show", "\u{1b}[31mEXP-1"],
        &["\u{1b}[2J"],
        &["cases", "--config", "\u{1b}[31m"],
        &["classify", "\u{202e}lme"],
    ] {
        let (status, said, told) = run(arguments);
        assert!(status != 0 && !told.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{told:?}");
        assert!(said.is_empty() && told.contains("\\u{"), "{told:?}");
    }
}

#[test]
fn of_a_file_that_is_no_mail_only_so_much_is_read_as_of_a_mail() {
    let folder = tempfile::tempdir().unwrap();
    let huge = folder.path().join("huge.eml");
    std::fs::write(&huge, report("r1@acorn.example", "one")).unwrap();
    // It takes no room on the disk, and more than there is in memory.
    std::fs::OpenOptions::new().write(true).open(&huge).unwrap().set_len(1 << 40).unwrap();
    let (status, said, told) = run(&["classify", huge.to_str().unwrap()]);
    assert!(status == 0 && said.contains("acknowledge: "), "{told}");
}
