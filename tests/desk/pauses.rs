//! When time stands still: waiting for the reporter, holidays, closed intake; and how cases end.

use super::promises::{acknowledged, answer, promising, wait};
use super::*;
use watchpost::desk::calendar::{Calendar, Dates, Hours, Stretch};
use watchpost::desk::command::Said;
use watchpost::desk::policy::{Further, Intake, MetBy, Mode, Promise, Trigger, Waiting};
use watchpost::desk::team::Team;
use watchpost::desk::time::Zone;
use watchpost::view::{Line, explain};

const ANN: &str = "ann@acorn.example";

/// Nobody is told anything by mail but the reporter; of the clocks only what is written.
fn quiet() -> Policy {
    let team = Team { outside: Vec::new(), ..promising().team };
    let waiting = Waiting { remind: None, ..policy().waiting };
    Policy { team, waiting, response_reminders: vec![Span::hours(24)], ..policy() }
}

fn writes(office: &mut Office, id: &str, kind: Kind) -> Vec<String> {
    office.receive(mail(ANN, id, "Re: A hole", kind).answering("1@acorn.example"))
}

/// The mail server takes the last note.
fn note_leaves(office: &mut Office) {
    let letter = LetterId("EXP-2026-0001/last_note-1".into());
    office.take(&Input::Delivery { letter, outcome: Outcome::Accepted("250".into()) });
}

/// What happens, less the letters to the team.
fn facts(told: Vec<String>) -> Vec<String> {
    told.into_iter().filter(|line| !line.contains("@project.example")).collect()
}

#[test]
fn a_wait_stops_the_clock_and_the_rest_runs_after_the_reporter_wrote() {
    let mut office = acknowledged(quiet());
    assert!(facts(wait(&mut office, 20)).is_empty());
    assert_eq!(office.say(1, Said::NeedInfo), ["1 waits", "1 waiting to ann@acorn.example"]);
    assert_eq!(office.state(1), State::Waiting);
    let again = office.say(1, Said::NeedInfo);
    assert!(again[0].contains("waiting for its reporter since 2026-09-02T08:00:00Z"), "{again:?}");
    assert!(facts(wait(&mut office, 500)).is_empty(), "nothing is owed while it waits");
    // A machine of theirs ends nothing.
    office.reasons = vec![Reason { code: Code::AutoSubmitted, detail: String::new() }];
    assert_eq!(writes(&mut office, "2@acorn.example", Kind::Automatic), ["1 joined by TheirMail"]);
    assert!(facts(wait(&mut office, 100)).is_empty());
    office.reasons.clear();
    let told = facts(writes(&mut office, "3@acorn.example", Kind::FollowUp));
    assert_eq!(told, ["1 joined by TheirMail", "1 resumed", "1 withdrawn"]);
    // 4 of 24 hours are left until the reminder, 28 of 48 until the deadline.
    let told = facts(wait(&mut office, 30));
    let expected = [
        "4h 1 reminded of Response 1",
        "28h 1 breach of Response",
        "28h 1 missed to ann@acorn.example",
        "28h 1 escalated Response 1",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_wait_after_the_breach_silences_the_ladder_until_the_reporter_writes() {
    let mut office = acknowledged(quiet());
    wait(&mut office, 60);
    office.say(1, Said::NeedInfo);
    assert!(facts(wait(&mut office, 1000)).is_empty());
    writes(&mut office, "2@acorn.example", Kind::FollowUp);
    // 12 of the 24 hours between two steps had passed.
    assert_eq!(facts(wait(&mut office, 12)), ["12h 1 escalated Response 2"]);
    assert!(office.case(1).steps(Promise::Response, office.case(1).arrived()).breached.is_some());
}

#[test]
fn the_reporter_is_reminded_then_warned_and_then_it_is_closed() {
    let waiting = Waiting {
        tell: false,
        remind: Some(Span::hours(48)),
        close: Some(Span::hours(240)),
        last_note: Span::hours(72),
    };
    let mut office = acknowledged(Policy { waiting, ..quiet() });
    assert_eq!(office.say(1, Said::NeedInfo), ["1 waits"]);
    let expected = [
        "48h 1 asked again",
        "48h 1 asked_again to ann@acorn.example",
        "168h 1 last note",
        "168h 1 last_note to ann@acorn.example",
    ];
    assert_eq!(facts(wait(&mut office, 200)), expected);
    note_leaves(&mut office);
    assert_eq!(facts(wait(&mut office, 200)), ["40h 1 closed by itself"]);
    assert_eq!(office.state(1), State::Closed);
    let told = facts(writes(&mut office, "2@acorn.example", Kind::FollowUp));
    assert_eq!(told, ["1 joined by TheirMail", "1 reopened"]);
    assert_eq!(office.state(1), State::Acknowledged);
    // It was never answered: an answer is owed once more, from now on.
    let told = facts(wait(&mut office, 48));
    assert_eq!(told[1], "48h 1 breach of Response", "{told:?}");
}

#[test]
fn after_a_long_sleep_the_last_note_still_leaves_its_time() {
    let waiting = Waiting { close: Some(Span::hours(240)), ..quiet().waiting };
    let mut office = acknowledged(Policy { waiting, ..quiet() });
    office.say(1, Said::NeedInfo);
    office.now = office.now + Span::hours(1000);
    let told = facts(wait(&mut office, 24));
    assert_eq!(told, ["0h 1 last note", "0h 1 last_note to ann@acorn.example"]);
    note_leaves(&mut office);
    assert_eq!(facts(wait(&mut office, 24 * 6)), ["144h 1 closed by itself"]);
}

#[test]
fn nobody_is_closed_out_whom_the_question_did_not_reach() {
    let waiting = Waiting { close: Some(Span::hours(240)), ..quiet().waiting };
    let mut office = acknowledged(Policy { waiting, ..quiet() });
    assert_eq!(office.say(1, Said::NeedInfo), ["1 waits", "1 waiting to ann@acorn.example"]);
    let asked = |letter: &&LetterId| letter.0.contains("/waiting");
    let letter = office.due().iter().find(asked).unwrap().clone();
    office.take(&Input::Delivery { letter, outcome: Outcome::Permanent("550 gone".into()) });
    assert!(facts(wait(&mut office, 1000)).is_empty());
    assert_eq!(office.state(1), State::Waiting);
}

#[test]
fn of_a_question_that_came_back_a_human_is_told_whatever_notices_there_are() {
    let waiting = Waiting { close: Some(Span::hours(240)), ..quiet().waiting };
    for sent in [true, false] {
        let mut office = acknowledged(Policy { waiting, ..quiet() });
        office.say(1, Said::NeedInfo);
        let letter = LetterId("EXP-2026-0001/waiting-1".into());
        let mut told: Vec<String> = if sent {
            let outcome = Outcome::Accepted("250".into());
            office.take(&Input::Delivery { letter: letter.clone(), outcome });
            facts(wait(&mut office, 5));
            let mut bounce = mail("mailer-daemon@acorn.example", "b@acorn", "x", Kind::Bounce);
            bounce.message.return_path = Some(ReturnPath::Null);
            let about = vec![office.case(1).letters.get(&letter).unwrap().message_id.clone()];
            let actions = vec!["failed".into()];
            bounce.message.report = Some(MailReport { actions, about, ..MailReport::default() });
            office.receive(bounce)
        } else {
            let outcome = Outcome::Permanent("550 gone".into());
            office.take(&Input::Delivery { letter, outcome }).iter().map(in_words).collect()
        };
        let what = told.remove(0);
        assert_eq!(what, if sent { "1 bounced, failed: true" } else { "1 refused" });
        let team = ["kim", "lee", "sam"].map(|one| format!("1 unreached to {one}@project.example"));
        assert_eq!(told, team);
        assert!(facts(wait(&mut office, 1000)).is_empty(), "it is not closed in silence");
        assert_eq!(office.state(1), State::Waiting);
    }
}

#[test]
fn the_ladder_rests_while_a_case_is_closed() {
    let mut office = acknowledged(Policy { disclosure: Some(Span::hours(100)), ..quiet() });
    answer(&mut office, "a@project.example");
    let told = facts(wait(&mut office, 110));
    assert_eq!(told[2..], ["100h 1 escalated Disclosure 1"]);
    office.say(1, Said::Close);
    wait(&mut office, 1000);
    office.say(1, Said::Reopen);
    assert_eq!(facts(wait(&mut office, 20)), ["14h 1 escalated Disclosure 2"]);
}

#[test]
fn a_closed_case_owes_nothing_and_can_be_reopened() {
    let policy = Policy { update: Some(Span::hours(100)), ..quiet() };
    let mut office = acknowledged(policy);
    wait(&mut office, 10);
    answer(&mut office, "a@project.example");
    assert_eq!(office.say(1, Said::Close), ["1 closed"]);
    assert!(office.say(1, Said::Close)[0].starts_with("EXP-2026-0001 was closed on"));
    assert!(facts(wait(&mut office, 1000)).is_empty());
    assert_eq!(office.say(1, Said::Reopen), ["1 reopened"]);
    assert_eq!(facts(wait(&mut office, 100))[0], "100h 1 breach of Update");
}

#[test]
fn a_case_that_was_closed_for_months_does_not_climb_the_ladder_all_at_once() {
    let mut office = acknowledged(Policy { disclosure: Some(Span::hours(48)), ..quiet() });
    answer(&mut office, "a@project.example");
    wait(&mut office, 60);
    office.say(1, Said::Close);
    assert!(facts(wait(&mut office, 2000)).is_empty());
    office.say(1, Said::Reopen);
    // 12 of the 24 hours between two steps had passed.
    let told = facts(wait(&mut office, 36));
    assert_eq!(told, ["12h 1 escalated Disclosure 2", "36h 1 escalated Disclosure 3"]);
}

#[test]
fn holidays_stop_clocks_and_not_the_ladder() {
    // The report comes on Tuesday at noon; Wednesday and Friday are holidays.
    let days = ["2026-09-02", "2026-09-04"].map(|day| Dates::parse(day).unwrap());
    let holidays = days.iter().map(|day| day.of(&Zone::default())).collect();
    let calendar = Calendar { holidays, ..Calendar::default() };
    let mut office = acknowledged(Policy { calendar, ..quiet() });
    let told = facts(wait(&mut office, 24 * 6));
    let expected = [
        "48h 1 reminded of Response 1",
        "96h 1 breach of Response",
        "96h 1 missed to ann@acorn.example",
        "96h 1 escalated Response 1",
        "120h 1 escalated Response 2",
        "144h 1 escalated Response 3",
    ];
    assert_eq!(told, expected);
}

#[test]
fn hours_count_open_time_only_and_the_ladder_knows_none() {
    let calendar = Calendar {
        hours: vec![Hours::parse("Mon-Fri 09:00-17:00").unwrap()],
        ..Calendar::default()
    };
    let response = Span::hours(13);
    let response_reminders = Vec::new();
    let mut office = acknowledged(Policy { calendar, response, response_reminders, ..quiet() });
    // Five hours on Tuesday, eight on Wednesday, at whose closing it is due.
    let told = facts(wait(&mut office, 54));
    assert_eq!(told[0], "29h 1 breach of Response");
    assert_eq!(told[3], "53h 1 escalated Response 2");
}

#[test]
fn what_arrives_while_intake_is_closed_waits_until_it_opens_and_older_cases_run_on() {
    let opens = Moment::parse_rfc3339("2026-09-10T00:00:00Z").unwrap();
    let from = Moment::parse_rfc3339("2026-09-02T00:00:00Z").unwrap();
    let intake = Intake {
        mode: Mode::Closed,
        during: Stretch { from, until: Some(opens) },
        text: None,
        acknowledgement: None,
        response: None,
        update: None,
    };
    let mut office = acknowledged(Policy { intake: vec![intake], ..quiet() });
    wait(&mut office, 24);
    office.receive(mail("bo@oak.example", "1@oak.example", "Another", Kind::Complete));
    let told = facts(wait(&mut office, 24));
    assert_eq!(told[0], "24h 1 breach of Response");
    office.say(1, Said::Responded);
    office.now = opens - Span::seconds(1);
    assert!(facts(wait(&mut office, 0)).is_empty());
    let told = facts(wait(&mut office, 49));
    assert_eq!(told[0], "24h 2 reminded of Response 1");
    assert_eq!(told[1], "48h 2 breach of Acknowledgement", "{told:?}");
}

fn further(name: &str, from: Trigger) -> Further {
    Further {
        promise: Promise::named(name).unwrap(),
        length: Span::hours(24),
        from,
        reminders: vec![Span::hours(12)],
        escalates: false,
        met_by: Vec::new(),
        pauses: false,
    }
}

#[test]
fn a_further_promise_counts_from_a_word_and_is_met_by_another_or_by_the_end() {
    let mark = || Trigger::Marked("exploited".into());
    let by_answer = Further { met_by: vec![MetBy::Response], ..further("call", Trigger::Received) };
    let kept = Further { escalates: true, ..further("kept", Trigger::Received) };
    let further = vec![further("early-warning", mark()), by_answer, kept];
    let mut office = acknowledged(Policy { further, ..quiet() });
    let promise = |name| Promise::named(name).unwrap();
    let met = |name| Said::Met { promise: promise(name) };
    assert!(office.say(1, met("early-warning"))[0].contains("has not begun"));
    assert_eq!(office.say(1, met("kept")), ["1 met Further(kept)"]);
    assert!(office.say(1, met("kept"))[0].contains("was met"));
    wait(&mut office, 6);
    answer(&mut office, "a@project.example");
    let word = || Said::Mark { word: "exploited".into() };
    assert_eq!(office.say(1, word()), ["1 marked exploited"]);
    assert!(office.say(1, word())[0].contains("already"));
    // A wait does not hold it, and the reporter is told nothing of it.
    office.say(1, Said::NeedInfo);
    let told = facts(wait(&mut office, 100));
    assert_eq!(
        told,
        ["12h 1 reminded of Further(early-warning) 1", "24h 1 breach of Further(early-warning)"]
    );
}

#[test]
fn what_the_end_of_a_case_kept_stays_kept_when_it_is_opened_again() {
    let further = vec![further("early-warning", Trigger::Received)];
    let mut office = acknowledged(Policy { further, ..quiet() });
    office.say(1, Said::Close);
    wait(&mut office, 100);
    office.say(1, Said::Reopen);
    assert!(facts(wait(&mut office, 10)).is_empty());
}

#[test]
fn the_day_of_disclosure_moves_with_the_embargo_and_with_no_pause() {
    let mut office = acknowledged(Policy { disclosure: Some(Span::hours(24 * 30)), ..quiet() });
    answer(&mut office, "a@project.example");
    office.say(1, Said::NeedInfo);
    let slip = office.now + Span::hours(24 * 365_000);
    let told = office.say(1, Said::Embargo { until: slip });
    assert!(told[0].contains("is more than five years ahead"), "{told:?}");
    let until = office.now + Span::hours(24 * 10);
    let told = office.say(1, Said::Embargo { until });
    assert_eq!(told, ["1 embargo until 2026-09-11T12:00:00Z"]);
    let told = facts(wait(&mut office, 24 * 10));
    assert_eq!(told[0], "240h 1 breach of Disclosure");
    assert_eq!(office.say(1, Said::Announced), ["1 announced"]);
    assert!(facts(wait(&mut office, 24 * 100)).is_empty());
    assert!(office.say(1, Said::Announced)[0].contains("was announced on"));
}

/// What `explain` says of one promise: its state, and each line without the numbers of events.
fn explained(office: &Office, policy: &Policy, promise: Promise) -> Vec<String> {
    let on_case: Vec<Event> = office.log.iter().filter(|e| e.case.is_some()).cloned().collect();
    let told = explain(&on_case, policy, office.now).unwrap();
    let one = told.iter().find(|one| one.promise == promise.name()).unwrap();
    let line = |line: &Line| {
        let at = line.at.as_deref().map_or("-", |at| at.get(5..16).unwrap());
        let mail = line.mail.map(|mail| format!(" (mail {mail})")).unwrap_or_default();
        format!("{at} {}{mail}: {}", line.what, line.why)
    };
    std::iter::once(one.state.clone()).chain(one.lines.iter().map(line)).collect()
}

#[test]
fn the_arithmetic_of_a_deadline_is_told_line_by_line() {
    let holidays = vec![Dates::parse("2026-09-02").unwrap().of(&Zone::UTC)];
    let calendar = Calendar { holidays, ..Calendar::default() };
    let policy = Policy { calendar, update: Some(Span::hours(72)), ..quiet() };
    let mut office = acknowledged(policy.clone());
    wait(&mut office, 40);
    office.say(1, Said::NeedInfo);
    let told = explained(&office, &policy, Promise::Response);
    assert_eq!(told[0], "stands_still");
    assert_eq!(
        told.last().unwrap(),
        "- stands still: 16h of 48h have passed; the other 32h run once the reporter writes"
    );
    wait(&mut office, 30);
    writes(&mut office, "2@acorn.example", Kind::FollowUp);
    wait(&mut office, 10);
    let told = explained(&office, &policy, Promise::Response);
    let expected = [
        "running",
        "09-01T12:00 starts (mail 1): ann@acorn.example wrote “A hole” (complete: ); security/INBOX, UID 1",
        "- has: 48h, as it was promised when the report came",
        "09-02T00:00 stands still: holiday until 2026-09-03T00:00:00Z: 24h",
        "09-03T04:00 stands still: the operator says that it waits for its reporter",
        "09-04T10:00 goes on: the reporter wrote: the clocks go on: 30h",
        "09-05T18:00 is due: 2026-09-01T12:00:00Z + 48h + 54h that do not count",
        "09-04T18:00 reminder: the team was reminded of the response (1)",
        "09-05T18:00 next: the deadline",
    ];
    assert_eq!(told, expected);
    answer(&mut office, "a@project.example");
    let told = explained(&office, &policy, Promise::Response);
    assert_eq!(told[0], "kept");
    assert!(
        told.last().unwrap().starts_with("09-04T20:00 met (mail 3): kim@project.example answered")
    );
    assert!(told.last().unwrap().ends_with("(22h before the deadline)"), "{told:?}");
    let told = explained(&office, &policy, Promise::Update);
    assert_eq!(told[0], "running");
    assert!(told[1].starts_with("09-04T20:00 starts (mail 3): kim@project.example"), "{told:?}");
}

#[test]
fn a_missed_promise_is_explained_with_every_step_and_what_comes_next() {
    let policy = quiet();
    let mut office = acknowledged(policy.clone());
    wait(&mut office, 80);
    let told = explained(&office, &policy, Promise::Response);
    assert_eq!(told[0], "missed");
    let lines = ["09-03T12:00 missed:", "09-03T12:00 escalated:", "09-04T12:00 escalated:"];
    for line in lines {
        assert!(told.iter().any(|told| told.starts_with(line)), "{line}: {told:?}");
    }
    assert!(told.last().unwrap().starts_with("09-05T12:00 next: it goes up"), "{told:?}");
    answer(&mut office, "a@project.example");
    let told = explained(&office, &policy, Promise::Response);
    assert!(told.last().unwrap().ends_with("(32h late)"), "{told:?}");
}

#[test]
fn whom_nobody_can_ask_is_not_waited_for() {
    let mut office = Office::of(quiet());
    let forged = mail(ANN, "1@acorn.example", "A hole", Kind::Complete);
    office.receive(Mail { authentication: Authentication::Fail, ..forged });
    assert!(office.say(1, Said::NeedInfo)[0].contains("cannot be asked"));
    assert_eq!(facts(wait(&mut office, 48))[0], "24h 1 reminded of Response 1");
}

#[test]
fn nobody_is_closed_out_before_the_last_note_has_left() {
    let waiting =
        Waiting { close: Some(Span::hours(240)), last_note: Span::hours(72), ..quiet().waiting };
    let mut office = acknowledged(Policy { waiting, ..quiet() });
    office.say(1, Said::NeedInfo);
    assert_eq!(facts(wait(&mut office, 1000)).len(), 2, "the note waits for its relay");
    assert_eq!(office.state(1), State::Waiting);
    note_leaves(&mut office);
    assert_eq!(facts(wait(&mut office, 1)), ["0h 1 closed by itself"]);
}
