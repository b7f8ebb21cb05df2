//! What time brings, to the second.

use crate::archive::{CONFIG, Desk, HOUR, NOON, reply, report, short};

/// A report, what is sent in answer to it, and what is told of that.
fn told(config: &str, answers: &[i64], until: &str) -> Vec<String> {
    let desk = Desk::of(config);
    desk.eml("mail", &[report(NOON, "ann", "1")]);
    let answer = |at: &i64| reply(NOON + at, "ann", "1@acorn.example");
    let mut arguments = vec!["--mail", "mail", "--until", until];
    if !answers.is_empty() {
        desk.sent("sent", &answers.iter().map(answer).collect::<Vec<_>>());
        arguments.extend(["--sent", "sent"]);
    }
    let (rows, _) = desk.all_told(&arguments);
    // The report, its acknowledgement and the notice of it are told elsewhere.
    rows.iter().skip(3).map(short).collect()
}

const OUTSIDE: &str = "outside = [\"cert@foundation.example\"]";

#[test]
fn a_neglected_report_climbs_the_ladder_and_a_row_names_all_who_are_told() {
    let config = CONFIG.replace("lead =", &format!("{OUTSIDE}\nlead ="));
    let told = told(&config, &[], "2026-09-05T12:00:00Z");
    let expected = [
        "02T12:00:00 1 remind kim",
        "03T00:00:00 1 remind kim",
        "03T08:00:00 1 remind kim",
        "03T12:00:00 1 breach ann",
        "03T12:00:00 1 escalate kim+lee",
        "04T12:00:00 1 escalate kim+lee+cert",
        "05T12:00:00 1 escalate kim+lee+cert",
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_answer_one_second_before_and_at_and_after_the_deadline() {
    let reminders =
        ["02T12:00:00 1 remind kim", "03T00:00:00 1 remind kim", "03T08:00:00 1 remind kim"];
    for (at, after) in [
        (48 * HOUR - 1, &["03T11:59:59 1 response_seen"][..]),
        (48 * HOUR, &["03T12:00:00 1 response_seen"]),
        (
            48 * HOUR + 1,
            &[
                "03T12:00:00 1 breach ann",
                "03T12:00:00 1 escalate kim+lee",
                "03T12:00:01 1 response_seen",
            ],
        ),
    ] {
        let told = told(CONFIG, &[at], "2026-09-07T00:00:00Z");
        assert_eq!(told, [&reminders, after].concat(), "{at}");
    }
}

#[test]
fn a_breach_names_nobody_where_the_reporter_is_not_told() {
    let config = format!("{CONFIG}\n[promises]\ntell_missed = false\nresponse_reminders = []\n");
    let told = told(&config, &[], "2026-09-03T12:00:00Z");
    assert_eq!(told, ["03T12:00:00 1 breach", "03T12:00:00 1 escalate kim+lee"]);
}

#[test]
fn news_are_owed_after_each_word_of_a_person() {
    let config = format!("{CONFIG}\n[promises]\nupdate = \"3d\"\nupdate_reminders = [\"2d\"]\n");
    let told = told(&config, &[HOUR, 49 * HOUR], "2026-09-07T00:00:00Z");
    let expected = [
        "01T13:00:00 1 response_seen",
        "03T13:00:00 1 response_seen",
        "05T13:00:00 1 remind kim",
        "06T13:00:00 1 breach ann",
        "06T13:00:00 1 escalate kim+lee",
    ];
    assert_eq!(told, expected);
}

/// Kim's out-of-office, and the word by which Lee takes the case.
#[test]
fn who_hears_depends_on_who_handles_it_and_who_is_there() {
    let config = CONFIG.replace("lead =", &format!("{OUTSIDE}\nlead ="));
    let desk = Desk::of(&config);
    let away = reply(NOON + HOUR, "x", "n@x.example")
        .titled("Automatic reply")
        .to("security@project.example")
        .with("Auto-Submitted: auto-replied")
        .saying("I am out of the office until Friday, 4 September.");
    let back = reply(NOON + 74 * HOUR, "x", "1@acorn.example").to("security@project.example");
    desk.eml("mail", &[report(NOON, "ann", "1"), away, back]);
    desk.write(
        "events.jsonl",
        r#"{"at": "2026-09-03T10:00:00Z", "message_id": "1@acorn.example", "who": "lee", "do": "take"}"#,
    );
    let arguments =
        ["--mail", "mail", "--events", "events.jsonl", "--until", "2026-09-07T12:00:00Z"];
    let (rows, _) = desk.all_told(&arguments);
    let told: Vec<String> = rows.iter().skip(3).map(short).collect();
    let expected = [
        "01T13:00:00 away",
        "02T12:00:00 1 remind lee",
        "03T00:00:00 1 remind lee",
        "03T08:00:00 1 remind lee",
        "03T10:00:00 1 taken",
        "03T12:00:00 1 breach ann",
        // Lee handles it, and Kim is away: nobody else is there.
        "03T12:00:00 1 escalate lee+cert",
        // Kim is there again on the fourth, and writes.
        "04T12:00:00 1 escalate kim+lee+cert",
        "04T14:00:00 1 discussed",
        "05T12:00:00 1 escalate kim+lee+cert",
        "06T12:00:00 1 escalate kim+lee+cert",
        "07T08:00:00 digest kim+lee",
        "07T12:00:00 1 escalate kim+lee+cert",
    ];
    assert_eq!(told, expected);
    let why = |action: &str| {
        rows.iter().find(|row| row["action"] == action).unwrap()["why"].as_str().unwrap()
    };
    assert_eq!(why("away"), "kim is away until 2026-09-04 00:00 UTC");
    assert_eq!(why("taken"), "lee handles it from now on");
}

#[test]
fn each_row_of_a_clock_names_its_promise_and_its_letter() {
    let desk = Desk::new();
    desk.eml("mail", &[report(NOON, "ann", "1")]);
    let (rows, _) = desk.all_told(&["--mail", "mail"]);
    let of = |action: &str| rows.iter().find(|row| row["action"] == action).unwrap();
    for action in ["remind", "breach", "escalate"] {
        assert_eq!(of(action)["promise"], "response");
        assert!(of(action)["message_id"].is_string(), "{}", of(action));
    }
}

#[test]
fn the_team_gets_a_digest_on_monday_morning_or_each_day_on_which_there_is_something() {
    let answer = &[HOUR][..];
    let weekly = told(CONFIG, answer, "2026-09-21T07:59:59Z");
    let expected =
        ["01T13:00:00 1 response_seen", "07T08:00:00 digest kim+lee", "14T08:00:00 digest kim+lee"];
    assert_eq!(weekly, expected);
    let digest = |keys: &str| format!("{CONFIG}\n[digest]\n{keys}\n");
    let daily = digest("every = \"day\"\nat = \"18:30\"\nzone = \"Asia/Tokyo\"");
    let daily = told(&daily, answer, "2026-09-21T07:59:59Z");
    assert_eq!(daily, ["01T13:00:00 1 response_seen", "02T09:30:00 digest kim+lee"]);
    let none = told(&digest("every = \"off\""), answer, "2026-09-21T07:59:59Z");
    assert_eq!(none, ["01T13:00:00 1 response_seen"]);
}
