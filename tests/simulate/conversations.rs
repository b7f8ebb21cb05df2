//! Conversations, as they would have gone.

use crate::archive::{CONFIG, Desk, HOUR, Mail, NOON, reply, report, short};

/// The Message-ID of the first letter of this kind.
fn letter(desk: &Desk, arguments: &[&str], action: &str) -> String {
    let (rows, _) = desk.told(arguments);
    let row = rows.iter().find(|row| row["action"] == action).unwrap();
    row["message_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_report_is_acknowledged_and_the_team_is_told_in_one_row() {
    let desk = Desk::new();
    desk.eml("mail", &[report(NOON, "ann", "1")]);
    let (rows, summary) = desk.told(&["--mail", "mail"]);
    let told: Vec<String> = rows.iter().map(short).collect();
    let expected =
        ["01T12:00:00 1 received", "01T12:00:00 1 acknowledge ann", "01T12:00:00 1 notify kim+lee"];
    assert_eq!(told, expected);
    let [received, acknowledge, notify] = rows.as_slice() else { unreachable!() };
    assert!(received["why"].as_str().unwrap().starts_with("opens a case: ann@acorn.example"));
    assert_eq!(acknowledge["promise"], "acknowledgement");
    assert!(notify["message_id"].is_string() && received.get("message_id").is_none());
    assert_eq!(summary["until"], "2026-09-03T12:00:00Z", "the last mail plus 48 hours");
}

#[test]
fn a_second_run_knows_answers_to_the_letters_of_the_first() {
    let desk = Desk::new();
    let first = report(NOON, "ann", "1");
    desk.eml("mail", &[first.clone(), report(NOON + 2 * HOUR, "bob", "2")]);
    let id = letter(&desk, &["--mail", "mail"], "acknowledge");
    let again = report(NOON + HOUR, "ann", "3").answering(&id).saying(
        "It works in version 4.1 as well.\n\nOn Tuesday Express Security wrote:\n> We have it.",
    );
    // A mail in between changes nothing about the letters after it.
    desk.eml("mail", &[first, again, report(NOON + 2 * HOUR, "bob", "2")]);
    let (rows, _) = desk.told(&["--mail", "mail"]);
    let joined = rows.iter().find(|row| row["file"] == "mail/01.eml").unwrap();
    assert_eq!(short(joined), "01T13:00:00 1 received");
    let why = joined["why"].as_str().unwrap();
    assert!(why.starts_with("joins the case, since it answers a letter of ours"), "{why}");
    let ids = |rows: &[serde_json::Value]| {
        let mut letters = rows.iter().filter(|row| row["action"] == "acknowledge");
        letters.any(|row| row["message_id"] == id.as_str())
    };
    assert!(ids(&rows));
}

#[test]
fn a_letter_has_the_same_message_id_whatever_came_before_it() {
    let desk = Desk::new();
    let (ann, bob) = (report(NOON, "ann", "1"), report(NOON + 2 * HOUR, "bob", "2"));
    let of_bob = |desk: &Desk| {
        let (rows, _) = desk.told(&["--mail", "mail"]);
        let row = rows.iter().find(|row| short(row).ends_with("acknowledge bob")).unwrap().clone();
        row["message_id"].as_str().unwrap().to_owned()
    };
    desk.eml("mail", &[ann.clone(), bob.clone()]);
    let before = of_bob(&desk);
    desk.eml("mail", &[ann, report(NOON + HOUR, "ann", "3").answering("1@acorn.example"), bob]);
    assert_eq!(of_bob(&desk), before);
}

#[test]
fn an_answer_in_sent_is_the_response_and_one_in_the_same_second_makes_the_letter_needless() {
    let desk = Desk::new();
    desk.eml("mail", &[report(NOON, "ann", "1")]);
    for (at, expected) in [
        (NOON, ["response_seen", "withdrawn ann", "notify kim+lee"]),
        (NOON + 1, ["acknowledge ann", "notify kim+lee", "response_seen"]),
    ] {
        desk.sent("sent", &[reply(at, "ann", "1@acorn.example")]);
        let told = desk.actions(&["--mail", "mail", "--sent", "sent"]);
        let told: Vec<&str> =
            told.iter().skip(1).map(|row| row.split_once(" 1 ").unwrap().1).collect();
        assert_eq!(told, expected);
    }
    let (rows, _) = desk.told(&["--mail", "mail", "--sent", "sent"]);
    assert_eq!(rows.last().unwrap()["promise"], "response");
}

#[test]
fn an_answer_by_cc_that_nothing_proves_is_the_response_once_it_is_found_in_sent() {
    let desk = Desk::new();
    desk.eml("mail", &[report(NOON, "ann", "1")]);
    let answer = "Date: Tue, 1 Sep 2026 13:00:00 +0000\nFrom: kim@project.example\n\
        To: ann@acorn.example\nCc: security@project.example\nSubject: Re: Path traversal\n\
        Message-ID: <both@project.example>\nIn-Reply-To: <1@acorn.example>\n\n\
        Thank you. We can reproduce it and will send a fix next week.\n";
    desk.write("mail/01.eml", answer);
    desk.write("sent/00.eml", answer);
    let told = desk.actions(&["--mail", "mail", "--sent", "sent"]);
    let seen = told.iter().filter(|row| row.contains("response_seen")).count();
    assert_eq!(seen, 1, "{told:?}");
}

#[test]
fn what_was_sent_to_others_is_ignored() {
    let desk = Desk::new();
    desk.eml("mail", &[report(NOON, "ann", "1")]);
    desk.sent("sent", &[reply(NOON + 1, "aunt", "7@family.example").to("aunt@family.example")]);
    let (rows, _) = desk.told(&["--mail", "mail", "--sent", "sent"]);
    let last = rows.last().unwrap();
    assert_eq!((&last["action"], &last["file"]), (&"ignored".into(), &"sent/00.eml".into()));
}

#[test]
fn a_mail_that_lies_there_twice_is_one_mail() {
    let desk = Desk::new();
    let once = report(NOON, "ann", "1");
    desk.maildir("mail", &[once.clone(), once]);
    let told = desk.actions(&["--mail", "mail"]);
    assert_eq!(told.iter().filter(|row| row.contains("acknowledge")).count(), 1, "{told:?}");
    assert!(told.contains(&"01T12:00:00 ignored".to_owned()), "{told:?}");
}

#[test]
fn somebody_with_many_reports_is_answered_before_the_promise_ends() {
    let desk = Desk::new();
    let mails: Vec<Mail> = (0..5).map(|n| report(NOON + n, "ann", &n.to_string())).collect();
    desk.mbox("mbox", &mails);
    let (rows, _) = desk.told(&["--mail", "mbox"]);
    let acknowledged: Vec<_> = rows.iter().filter(|row| row["action"] == "acknowledge").collect();
    assert_eq!(acknowledged.len(), 5, "each case is");
    let [.., fourth, fifth] = acknowledged.as_slice() else { unreachable!() };
    assert_eq!(fourth["message_id"], fifth["message_id"], "in one letter");
    assert_eq!(short(fourth), "02T12:00:00 4 acknowledge ann", "as soon as the day is over");
    assert_eq!(rows.iter().filter(|row| row["action"] == "deferred").count(), 2);
}

#[test]
fn letters_over_the_cap_leave_when_there_is_room() {
    let desk = Desk::of(&format!("{CONFIG}\n[limits]\nper_hour = 2\n"));
    let mails: Vec<Mail> =
        (0..5).map(|n| report(NOON + n, &format!("ann{n}"), &n.to_string())).collect();
    desk.mbox("mbox", &mails);
    let told = desk.actions(&["--mail", "mbox"]);
    let left: Vec<&str> = told
        .iter()
        .filter(|row| row.contains("acknowledge"))
        .map(|row| row.split(' ').next().unwrap())
        .collect();
    assert_eq!(left, ["01T12:00:00", "01T12:00:01", "01T13:00:00", "01T13:00:01", "01T14:00:00"]);
}

#[test]
fn in_a_personal_inbox_friends_and_family_are_ignored() {
    let personal = CONFIG.replace("recipients", "kind = \"personal\"\nrecipients");
    let desk = Desk::of(&personal);
    let aunt =
        report(NOON, "aunt", "1").saying("Are you coming for lunch on Sunday? There is cake.");
    desk.eml("mail", &[aunt]);
    let told = desk.actions(&["--mail", "mail"]);
    assert_eq!(told, ["01T12:00:00 ignored"]);
}

#[test]
fn of_several_inboxes_a_mail_is_of_the_one_that_it_went_to() {
    let second = "[[inbox]]\nrecipients = [\"security@router.example\"]\nname = \"router\"\n\
                  authserv_id = \"mx.project.example\"\nproject.case_prefix = \"RTR\"\n\
                  imap.user = \"r\"\n";
    let desk = Desk::of(&format!("{CONFIG}{second}"));
    let to_router = report(NOON, "ann", "1").to("security@router.example");
    desk.eml(
        "mail",
        &[to_router, report(NOON, "bob", "2"), report(NOON, "eve", "3").to("x@y.example")],
    );
    desk.sent("sent", &[reply(NOON + 1, "ann", "1@acorn.example")]);
    let cases = |arguments: &[&str]| -> Vec<String> {
        let (rows, _) = desk.told(arguments);
        let seen = rows
            .iter()
            .filter(|row| ["received", "response_seen"].contains(&row["action"].as_str().unwrap()));
        seen.map(|row| row["case"].as_str().unwrap().to_owned()).collect()
    };
    let told = cases(&["--mail", "mail", "--sent", "sent"]);
    assert_eq!(told, ["RTR-2026-0001", "EXP-2026-0001", "EXP-2026-0002", "RTR-2026-0001"]);
    let told = cases(&["--mail", "mail", "--inbox", "router"]);
    assert_eq!(told, ["RTR-2026-0001", "RTR-2026-0002", "RTR-2026-0003"]);
}

#[test]
fn somebody_can_say_that_the_reporter_was_answered() {
    let desk = Desk::new();
    desk.eml("mail", &[report(NOON, "ann", "1")]);
    let line = |at: &str, id: &str, who: &str| {
        format!(
            "{{\"at\": \"{at}\", \"message_id\": \"{id}\", \"who\": \"{who}\", \"do\": \"responded\"}}\n"
        )
    };
    let known = "<1@acorn.example>";
    let lines = [
        line("2026-09-02T14:00:00+02:00", known, "kim@home.example"),
        line("2026-09-01T12:00:00Z", known, "lee"),
        line("2026-09-01T13:00:00Z", "2@acorn.example", "kim"),
        line("2027-09-01T13:00:00Z", known, "kim"),
    ];
    desk.write("events.jsonl", lines.concat());
    let (rows, summary) = desk.told(&["--mail", "mail", "--events", "events.jsonl"]);
    let told: Vec<String> = rows.iter().map(short).collect();
    let expected = [
        "01T12:00:00 1 received",
        "01T12:00:00 1 response_seen",
        "01T12:00:00 1 withdrawn ann",
        "01T12:00:00 1 notify kim+lee",
        "01T13:00:00 ignored",
        "02T12:00:00 1 ignored",
    ];
    assert_eq!(told, expected);
    assert_eq!(rows[1]["why"], "lee@project.example says that the reporter has been answered");
    assert_eq!(rows[4]["why"], "responded of kim: <2@acorn.example> had opened no case by then");
    assert_eq!(summary["events_after_the_end"], 1);
}

#[test]
fn two_reports_from_a_program_that_refers_to_the_mail_itself_are_two_cases() {
    let desk = Desk::new();
    for (n, text) in [
        (1, "The static handler of 4.18.2 follows links: ln -s /etc pub/e, then GET /e/passwd."),
        (2, "The cookie parser 1.4 takes unsigned cookies, so anybody forges a session."),
    ] {
        let mail = format!(
            "Date: Tue, 1 Sep 2026 12:0{n}:00 +0000\nFrom: Ann <ann@acorn.example>\n\
             To: security@project.example\nSubject: Vulnerability\nMessage-ID: <{n}.7@acorn.example>\n\
             References: <{n}.7.ref@acorn.example>\n\n{text}\n"
        );
        desk.write(&format!("mail/0{n}.eml"), &mail);
    }
    let told = desk.actions(&["--mail", "mail"]);
    assert_eq!(told.iter().filter(|row| row.contains("acknowledge ann")).count(), 2, "{told:?}");
}
