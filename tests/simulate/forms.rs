//! The forms that archives come in.

use serde_json::Value;

use crate::archive::{Desk, HOUR, NOON, report};

/// What is told but for the files, which have other names in each form.
fn nameless(desk: &Desk, archive: &str) -> Vec<Value> {
    let (mut rows, _) = desk.told(&["--mail", archive]);
    for row in &mut rows {
        row.as_object_mut().unwrap().remove("file");
    }
    rows
}

#[test]
fn the_same_mails_are_told_alike_in_each_form() {
    let desk = Desk::new();
    let mails = [report(NOON, "ann", "1"), report(NOON, "bob", "2"), report(NOON + 1, "eve", "3")];
    desk.eml("eml", &mails);
    desk.maildir("maildir", &mails);
    desk.mbox("mbox", &mails);
    let rows = nameless(&desk, "eml");
    assert_eq!(rows.len(), 9);
    assert_eq!(rows, nameless(&desk, "maildir"));
    assert_eq!(rows, nameless(&desk, "mbox"));
}

#[test]
fn a_row_names_the_file_of_its_mail() {
    let desk = Desk::new();
    let mails = [report(NOON, "ann", "1"), report(NOON + 1, "bob", "2")];
    desk.eml("eml", &mails);
    desk.maildir("maildir", &mails);
    desk.mbox("mbox", &mails);
    let second = [
        ("eml", "eml/01.eml".to_owned()),
        ("mbox", "mbox#2".to_owned()),
        ("maildir", format!("maildir/new/{}.M1P1.host:2,S", NOON + 1)),
    ];
    for (archive, name) in second {
        let (rows, _) = desk.told(&["--mail", archive]);
        for row in rows.iter().filter(|row| row["case"] == "EXP-2026-0002") {
            assert_eq!(row["file"], name.as_str(), "{row}");
        }
    }
}

#[test]
fn mails_come_in_the_order_of_their_arrival_whatever_their_names_are() {
    let desk = Desk::new();
    let (late, early) = (report(NOON + HOUR, "ann", "1"), report(NOON, "bob", "2"));
    for archive in ["eml", "maildir", "mbox"] {
        let mails = [late.clone(), early.clone()];
        match archive {
            "eml" => desk.eml(archive, &mails),
            "mbox" => desk.mbox(archive, &mails),
            _ => desk.maildir(archive, &mails),
        }
        let told = desk.actions(&["--mail", archive]);
        let acknowledged: Vec<_> = told.iter().filter(|row| row.contains("acknowledge")).collect();
        assert_eq!(
            acknowledged,
            ["01T12:00:00 1 acknowledge bob", "01T13:00:00 2 acknowledge ann"]
        );
    }
}

#[test]
fn a_line_that_the_mbox_has_escaped_is_read_as_it_was_written() {
    let desk = Desk::new();
    let told = "The handler of version 4.2 trusts its input.\nFrom a request with two dots anybody \
                reads every file.\n>From the log nobody sees it.";
    let first = report(NOON, "ann", "1").saying(told);
    desk.mbox("mbox", std::slice::from_ref(&first));
    desk.eml("eml", &[first]);
    let text = std::fs::read_to_string(desk.path("mbox")).unwrap();
    let text = text.replace("\n>From the log", "\n>>From the log");
    assert!(text.contains("\n>From a request") && text.contains("\n>>From the log"), "{text}");
    desk.write("mbox", text);
    // The Message-ID of a letter holds a digest of what the mail says.
    assert_eq!(nameless(&desk, "mbox"), nameless(&desk, "eml"));
}

#[test]
fn the_time_of_an_mbox_is_utc_and_a_leap_second_is_the_one_before_it() {
    let desk = Desk::new();
    let mail = |id: &str, received: &str| {
        let text = report(NOON, id, id).dated();
        let (_, rest) = text.split_once("\n\t").unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        format!("Received: from mx.acorn.example by mx.project.example;\n\t{received}\n{rest}")
    };
    desk.write("eml/1.eml", mail("ann", "Thu, 31 Dec 2026 23:59:60 +0000"));
    desk.write("eml/2.eml", mail("bob", "Fri, 1 Jan 2027 01:00:00 +0100"));
    let told = desk.actions(&["--mail", "eml"]);
    let expected = [
        "2026-12-31T23:59:59 1 received",
        "2026-12-31T23:59:59 1 acknowledge ann",
        "2026-12-31T23:59:59 1 notify kim+lee",
        "2027-01-01T00:00:00 1 received",
        "2027-01-01T00:00:00 1 acknowledge bob",
        "2027-01-01T00:00:00 1 notify kim+lee",
    ];
    assert_eq!(told, expected);
    let (rows, _) = desk.told(&["--mail", "eml"]);
    assert_eq!(rows.last().unwrap()["case"], "EXP-2027-0001");
}

#[test]
fn an_empty_folder_and_an_empty_mbox_are_no_mistake() {
    let desk = Desk::new();
    desk.eml("eml", &[]);
    desk.maildir("maildir", &[]);
    desk.write("mbox", "");
    for archive in ["eml", "maildir", "mbox"] {
        let (rows, summary) = desk.told(&["--mail", archive]);
        assert!(rows.is_empty());
        assert_eq!((&summary["mails"], &summary["until"]), (&0.into(), &Value::Null));
    }
}

#[test]
fn what_is_no_mail_is_a_mail_with_defects_and_stops_nothing() {
    let desk = Desk::new();
    desk.eml("eml", &[report(NOON, "ann", "1")]);
    desk.write("eml/a.eml", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe");
    desk.write("eml/b.eml", b"");
    desk.write("eml/notes.txt", b"From here on nothing is a mail");
    std::fs::create_dir(desk.path("eml/c.eml")).unwrap();
    let (rows, summary) = desk.told(&["--mail", "eml"]);
    let of = |name: &str| -> Vec<String> {
        let rows = rows.iter().filter(|row| row["file"] == name);
        rows.map(|row| row["action"].as_str().unwrap().to_owned()).collect()
    };
    for name in ["eml/a.eml", "eml/b.eml"] {
        assert_eq!(of(name), ["received", "held", "notify"], "{name}");
    }
    assert_eq!(of("eml/00.eml"), ["received", "acknowledge", "notify"]);
    // What has no time comes with the mail before it.
    assert!(rows.iter().all(|row| row["at"] == "2026-09-01T12:00:00Z"));
    for (what, number) in [("mails", 3), ("mails_without_time", 2), ("files_left_alone", 1)] {
        assert_eq!(summary[what], number, "{what}");
    }
}

#[test]
fn a_sent_copy_counts_at_its_date() {
    let desk = Desk::new();
    desk.eml("eml", &[report(NOON, "ann", "1")]);
    desk.sent("sent", &[crate::archive::reply(NOON + HOUR, "ann", "1@acorn.example")]);
    let told = desk.actions(&["--mail", "eml", "--sent", "sent"]);
    assert_eq!(told.last().unwrap(), "01T13:00:00 1 response_seen");
}
