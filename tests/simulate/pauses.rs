//! When time stands still, to the second: holidays over nights at which clocks change, closed intake,
//! hours of a week, and waiting for a reporter.

use watchpost::desk::time::Moment;

use crate::archive::{CONFIG, Desk, reply, report, short};

fn at(moment: &str) -> i64 {
    Moment::parse_rfc3339(moment).unwrap().unix()
}

/// What follows from a report at this moment, less its arrival and its notice. `said` are commands,
/// `answers` moments at which the team answers, `writes` moments at which the reporter does.
struct Scene<'a> {
    config: &'a str,
    arrives: &'a str,
    said: &'a [(&'a str, &'a str)],
    answers: &'a [&'a str],
    writes: &'a [&'a str],
    until: &'a str,
}

impl Scene<'_> {
    fn of<'a>(config: &'a str, arrives: &'a str, until: &'a str) -> Scene<'a> {
        Scene { config, arrives, said: &[], answers: &[], writes: &[], until }
    }

    fn told(&self) -> Vec<String> {
        let desk = Desk::of(&format!("{CONFIG}{}", self.config));
        let arrives = at(self.arrives);
        let mut mails = vec![report(arrives, "ann", "1")];
        mails.extend(self.writes.iter().enumerate().map(|(n, when)| {
            report(at(when), "ann", &format!("more-{n}")).answering("1@acorn.example")
        }));
        desk.eml("mail", &mails);
        let answer = |when: &&str| reply(at(when), "ann", "1@acorn.example");
        desk.sent("sent", &self.answers.iter().map(answer).collect::<Vec<_>>());
        let line = |(at, what): &(&str, &str)| {
            format!(
                "{{\"at\": \"{at}\", \"message_id\": \"1@acorn.example\", \"who\": \"kim\", \"do\": \"{what}\"}}\n"
            )
        };
        desk.write("events.jsonl", self.said.iter().map(line).collect::<String>());
        std::fs::create_dir_all(desk.path("sent")).unwrap();
        let arguments =
            ["--mail", "mail", "--sent", "sent", "--events", "events.jsonl", "--until", self.until];
        let (rows, _) = desk.all_told(&arguments);
        rows.iter()
            .filter(|row| row["action"] != "notify" && row["action"] != "digest")
            .skip(2)
            .map(short)
            .collect()
    }
}

const BARE: &str = "\n[promises]\nresponse_reminders = []\n";

#[test]
fn lengths_are_hours_over_the_nights_at_which_clocks_change_and_over_a_leap_day() {
    for (arrives, due) in [
        ("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
        ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
        ("2028-02-28T12:00:00Z", "2028-03-01T12:00:00Z"),
        ("2027-02-27T23:59:59Z", "2027-03-01T23:59:59Z"),
        ("2026-12-31T00:00:01Z", "2027-01-02T00:00:01Z"),
    ] {
        let config = format!("{BARE}[calendar]\nzone = \"Europe/Berlin\"\n");
        let told = Scene::of(&config, arrives, due).told();
        let due = due.trim_end_matches('Z');
        assert_eq!(told, [format!("{due} 1 breach ann"), format!("{due} 1 escalate kim+lee")]);
    }
}

#[test]
fn a_holiday_is_a_day_of_its_zone_even_the_one_of_25_hours() {
    let config =
        format!("{BARE}[calendar]\nzone = \"Europe/Berlin\"\nholidays = [\"2026-10-25\"]\n");
    // It begins at 22:00 UTC and ends at 23:00 UTC the next day.
    let told = Scene::of(&config, "2026-10-24T12:00:00Z", "2026-10-27T13:00:00Z").told();
    assert_eq!(
        told,
        ["2026-10-27T13:00:00 1 breach ann", "2026-10-27T13:00:00 1 escalate kim+lee"]
    );
}

#[test]
fn the_ladder_is_climbed_on_holidays_as_well() {
    let config = format!("{BARE}[calendar]\nholidays = [\"2026-09-03..2026-09-10\"]\n");
    let told = Scene::of(&config, "2026-08-31T12:00:00Z", "2026-09-04T12:00:00Z").told();
    let expected = [
        "02T12:00:00 1 breach ann",
        "02T12:00:00 1 escalate kim+lee",
        "03T12:00:00 1 escalate kim+lee",
        "04T12:00:00 1 escalate kim+lee",
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_is_due_at_closing_time_is_due_then_and_an_answer_in_that_second_is_in_time() {
    let config = "\n[promises]\nresponse = \"16h\"\nresponse_reminders = [\"8h\"]\n[calendar]\n\
                  zone = \"Europe/Berlin\"\nhours = [\"Mon-Fri 09:00-17:00\"]\n";
    // Thursday at nine in Berlin; Friday at 17:00 is 15:00 UTC.
    let arrives = "2026-09-03T07:00:00Z";
    let mut scene = Scene::of(config, arrives, "2026-09-05T00:00:00Z");
    let expected =
        ["03T15:00:00 1 remind kim", "04T15:00:00 1 breach ann", "04T15:00:00 1 escalate kim+lee"];
    assert_eq!(scene.told(), expected);
    scene.answers = &["2026-09-04T15:00:00Z"];
    assert_eq!(scene.told(), ["03T15:00:00 1 remind kim", "04T15:00:00 1 response_seen"]);
}

#[test]
fn a_wait_for_the_reporter_stops_reminders_and_the_deadline() {
    let scene = Scene {
        said: &[("2026-09-02T00:00:00Z", "need-info"), ("2026-09-03T00:00:00Z", "need-info")],
        writes: &["2026-09-05T00:00:00Z"],
        ..Scene::of("", "2026-09-01T12:00:00Z", "2026-09-06T12:00:00Z")
    };
    let expected = [
        "02T00:00:00 1 paused",
        "02T00:00:00 1 ask ann",
        "03T00:00:00 1 ignored",
        "05T00:00:00 1 received",
        "05T00:00:00 1 resumed",
        "05T12:00:00 1 remind kim",
        "06T00:00:00 1 remind kim",
        "06T08:00:00 1 remind kim",
        "06T12:00:00 1 breach ann",
        "06T12:00:00 1 escalate kim+lee",
    ];
    assert_eq!(scene.told(), expected);
}

#[test]
fn a_report_that_comes_while_intake_is_closed_waits_until_it_opens() {
    let config = format!(
        "{BARE}[calendar]\nzone = \"Europe/Berlin\"\n[[intake]]\nmode = \"closed\"\n\
         from = \"2026-09-01\"\nuntil = \"2026-09-03\"\n"
    );
    // It opens at 22:00 UTC.
    let told = Scene::of(&config, "2026-09-02T12:00:00Z", "2026-09-05T22:00:00Z").told();
    assert_eq!(told, ["05T22:00:00 1 breach ann", "05T22:00:00 1 escalate kim+lee"]);
    // One that came in the last second before runs on.
    let told = Scene::of(&config, "2026-08-31T21:59:59Z", "2026-09-02T21:59:59Z").told();
    assert_eq!(told, ["02T21:59:59 1 breach ann", "02T21:59:59 1 escalate kim+lee"]);
    let reduced = config.replace("closed", "reduced") + "response = \"96h\"\n";
    let told = Scene::of(&reduced, "2026-09-02T12:00:00Z", "2026-09-06T12:00:00Z").told();
    assert_eq!(told, ["06T12:00:00 1 breach ann", "06T12:00:00 1 escalate kim+lee"]);
}

#[test]
fn two_promises_that_are_due_at_once_are_two_breaches() {
    let config = format!(
        "{BARE}update = \"1d\"\n[[promise]]\nname = \"triage\"\nwithin = \"24h\"\nfrom = \"answered\"\n\
         escalate = false\n"
    );
    let scene = Scene {
        answers: &["2026-09-01T13:00:00Z"],
        ..Scene::of(&config, "2026-09-01T12:00:00Z", "2026-09-02T13:00:00Z")
    };
    let expected = [
        "01T13:00:00 1 response_seen",
        "02T13:00:00 1 breach ann",
        "02T13:00:00 1 escalate kim+lee",
        "02T13:00:00 1 breach",
    ];
    let mut told = scene.told();
    told.sort_by_key(|line| !line.contains("response_seen"));
    assert_eq!(told.len(), expected.len(), "{told:?}");
    assert!(expected.iter().all(|line| told.iter().any(|one| one == line)), "{told:?}");
}

#[test]
fn the_notifications_of_the_example_record_and_remind_and_tell_no_reporter() {
    let example = include_str!("../../config.example.toml");
    let from = example.find("#[[promise]]").unwrap();
    let until = example.find("# The people who answer reports.").unwrap();
    let lines = example.get(from..until).unwrap().lines();
    let keys =
        lines.filter(|line| !line.starts_with("# ")).map(|line| line.trim_start_matches('#'));
    let profile = keys.collect::<Vec<_>>().join("\n");
    let config = format!("{BARE}{profile}");
    let scene = Scene {
        answers: &["2026-09-01T13:00:00Z"],
        said: &[
            ("2026-09-02T00:00:00Z", "exploited"),
            ("2026-09-02T20:00:00Z", "met early-warning"),
        ],
        ..Scene::of(&config, "2026-09-01T12:00:00Z", "2026-09-07T00:00:00Z")
    };
    let expected = [
        "01T13:00:00 1 response_seen",
        "02T00:00:00 1 marked",
        "02T12:00:00 1 remind kim",
        "02T20:00:00 1 met",
        "04T00:00:00 1 remind kim",
        "04T20:00:00 1 remind kim",
        "05T00:00:00 1 breach",
    ];
    assert_eq!(scene.told(), expected);
}

#[test]
fn a_case_that_sleeps_for_a_year_has_every_step_and_a_close_ends_them() {
    let config = format!("{BARE}escalate_every = \"30d\"\n");
    let scene = Scene {
        said: &[("2027-09-10T00:00:00Z", "close")],
        writes: &["2027-10-01T00:00:00Z"],
        ..Scene::of(&config, "2026-09-01T12:00:00Z", "2027-10-04T00:00:00Z")
    };
    let told = scene.told();
    assert_eq!(told.iter().filter(|line| line.contains("escalate kim+lee")).count(), 13 + 1);
    let tail: Vec<&str> = told.iter().rev().take(5).rev().map(String::as_str).collect();
    let expected = [
        "2027-09-10T00:00:00 1 closed",
        "2027-10-01T00:00:00 1 received",
        "2027-10-01T00:00:00 1 reopened",
        "2027-10-03T00:00:00 1 breach",
        "2027-10-03T00:00:00 1 escalate kim+lee",
    ];
    assert_eq!(tail, expected, "{told:?}");
}

#[test]
fn an_answer_that_came_before_its_report_counts_when_that_comes() {
    let scene = Scene {
        answers: &["2026-09-01T11:00:00Z"],
        ..Scene::of(BARE, "2026-09-01T12:00:00Z", "2026-09-04T12:00:00Z")
    };
    let told = scene.told();
    assert_eq!(told, ["01T12:00:00 1 response_seen", "01T12:00:00 1 withdrawn ann"]);
}
