//! How the command is called, and what it prints.

use std::process::{Command, Output, Stdio};

use crate::archive::{CONFIG, Desk, HOUR, NOON, report};

fn printed(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn ended(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), printed(&output.stderr))
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let desk = Desk::new();
    let mails: Vec<_> =
        (0..40).map(|n| report(NOON + n % 7, &format!("ann{}", n % 9), &n.to_string())).collect();
    desk.maildir("mail", &mails);
    for format in ["json", "text"] {
        let first = desk.run(&["--mail", "mail", "--format", format]);
        assert!(first.status.success() && first.stdout.len() > 1000);
        assert_eq!(first.stdout, desk.run(&["--mail", "mail", "--format", format]).stdout);
    }
}

#[test]
fn people_get_columns_and_a_summary_and_nothing_that_a_terminal_obeys() {
    let desk = Desk::new();
    desk.write("mail/a\u{1b}[31m.eml", report(NOON, "ann", "1").dated());
    let output = desk.run(&["--mail", "mail"]);
    let text = printed(&output.stdout);
    assert!(output.status.success() && !text.contains('\u{1b}'), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let expected = [
        "WHEN (UTC)        CASE           ACTION",
        "2026-09-01 12:00  EXP-2026-0001  received       opens a case: ann@acorn.example wrote “Path \
         traversal 1”; complete: the mail describes the problem in its text (30 words)  \
         [a\\u{1b}[31m.eml]",
        "2026-09-01 12:00  EXP-2026-0001  acknowledge    ann@acorn.example: acknowledgement",
        "2026-09-01 12:00  EXP-2026-0001  notify         kim@project.example, lee@project.example: a \
         new report",
        "2026-09-02 12:00  EXP-2026-0001  remind         kim@project.example: it is due soon",
        "2026-09-03 00:00  EXP-2026-0001  remind         kim@project.example: it is due soon",
        "2026-09-03 08:00  EXP-2026-0001  remind         kim@project.example: it is due soon",
        "2026-09-03 12:00  EXP-2026-0001  breach         ann@acorn.example: it was promised by \
         2026-09-03 12:00 UTC",
        "2026-09-03 12:00  EXP-2026-0001  escalate       kim@project.example, lee@project.example: it \
         was missed, and goes up the ladder",
        "",
        "1 mail, 1 case, 9 letters; nothing was sent.",
        "Rows: acknowledge 1, breach 1, escalate 1, notify 1, received 1, remind 3.",
        "End: 2026-09-03 12:00 UTC, the last mail, and the longest promise (48h) after it.",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn it_ends_when_asked_to() {
    let desk = Desk::new();
    desk.eml("mail", &[report(NOON, "ann", "1"), report(NOON + HOUR, "bob", "2")]);
    for (until, mails, rows) in [
        ("2026-09-01T13:00:00Z", 2, 6),
        ("2026-09-01T14:59:59+02:00", 1, 3),
        ("2026-08-01T00:00:00Z", 0, 0),
    ] {
        let (told, summary) = desk.told(&["--mail", "mail", "--until", until]);
        assert_eq!((told.len(), &summary["mails"]), (rows, &mails.into()), "{until}");
        assert_eq!(summary["mails_after_the_end"], 2 - mails);
        assert_eq!(summary["why"], "the end that --until names");
    }
}

#[test]
fn the_exit_status_tells_what_was_wrong() {
    let desk = Desk::new();
    desk.eml("mail", &[]);
    let status = |arguments: &[&str]| ended(&desk.run(arguments));
    assert_eq!(status(&["--mail", "mail"]).0, Some(0));
    let missing = (Some(1), "watchpost: none: there is no such file or folder\n".to_owned());
    assert_eq!(status(&["--mail", "none"]), missing);
    assert_eq!(status(&["--mail", "mail", "--sent", "none"]), missing);
    for (name, first) in [("box.gz", &b"\x1f\x8b\x08\0"[..]), ("box.zip", b"PK\x03\x04\x14")] {
        desk.write(name, first);
        let (code, told) = status(&["--mail", name]);
        assert!(code == Some(1) && told.contains("it is packed"), "{told}");
    }
    assert_eq!(status(&["--mail", "mail", "--events", "none"]).0, Some(1));
    assert_eq!(status(&[]).0, Some(2));
    let (code, told) = status(&["--mail", "mail", "--until", "tomorrow"]);
    assert!(code == Some(2) && told.contains("2026-09-01T17:11:00Z"), "{told}");
    let (code, told) = status(&["--mail", "mail", "--inbox", "other"]);
    assert!(
        code == Some(2) && told.contains("no inbox is called other; there are: security"),
        "{told}"
    );
    desk.write("config.toml", CONFIG.replace("recipients", "recipient"));
    assert_eq!(status(&["--mail", "mail"]).0, Some(78));
}

#[test]
fn a_mistake_in_the_events_is_told_with_its_line() {
    let desk = Desk::new();
    desk.eml("mail", &[report(NOON, "ann", "1")]);
    desk.write(
        "events.jsonl",
        "{\"at\": \"2026-09-01T12:00:00Z\", \"message_id\": \"1@acorn.example\", \
                                \"who\": \"kim\", \"do\": \"dance\"}\n\nnothing\n",
    );
    let (code, told) = ended(&desk.run(&["--mail", "mail", "--events", "events.jsonl"]));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(code, Some(1));
    assert_eq!(
        lines.first().unwrap(),
        &"watchpost: events.jsonl: line 1: there is no command dance; there are: responded, release, take NAME, \
         need-info, close, reopen, announced, embargo DAY, met PROMISE, merge OTHER, split MAIL"
    );
    assert!(
        lines[1]
            .starts_with("watchpost: events.jsonl: line 3: no JSON object; a line looks like {")
    );
}

#[test]
fn standard_output_that_takes_no_more_is_named_and_a_reader_who_has_enough_is_not() {
    let desk = Desk::new();
    let mails: Vec<_> = (0..2000).map(|n| report(NOON + n, "ann", &n.to_string())).collect();
    desk.maildir("mail", &mails);
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [
        &["simulate", "--config", "config.toml", "--mail", "mail"][..],
        &["classify", "config.toml"],
    ] {
        let run = |out: Stdio| {
            let mut program = Command::new(env!("CARGO_BIN_EXE_watchpost"));
            program.args(arguments).current_dir(desk.folder.path()).stdout(out);
            ended(&program.stderr(Stdio::piped()).output().unwrap())
        };
        let (status, told) = run(full().into());
        let expected = "watchpost: standard output takes no more: No space left on device";
        assert!(status == Some(1) && told.starts_with(expected), "{arguments:?}: {told}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(run(writer.into()), (Some(0), String::new()), "{arguments:?}");
    }
}
