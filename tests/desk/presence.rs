//! Who hears: whoever handles a case, who is away and who is there again.

use super::promises::{acknowledged, promising, wait};
use super::*;
use watchpost::desk::calendar::Stretch;
use watchpost::desk::command::{Command, Said};
use watchpost::desk::event::Sayer;
use watchpost::desk::record::Meta;
use watchpost::desk::team::{Notices, Team};
use watchpost::desk::time::Zone;

const NOTHING: [&str; 0] = [];

fn case(number: u32) -> CaseId {
    CaseId { prefix: "EXP".into(), year: 2026, number }
}

/// What follows when somebody says `take`; the reason where nothing does.
fn take(office: &mut Office, name: Option<&str>, by: Option<&str>) -> Vec<String> {
    let said = Said::Take { member: name.map(str::to_owned) };
    let (by, person) = match by {
        Some(person) => (Sayer::Team, Some(mailbox(person))),
        None => (Sayer::Operator, None),
    };
    let command =
        Command { case: case(1), said, by, person, said_at: office.now, story: Vec::new() };
    let refusal = office.desk.refusal(office.now, &command);
    let events = office.take(&Input::Command(Box::new(command)));
    match refusal {
        Some(refusal) => vec![refusal.to_string()],
        None => events.iter().map(in_words).collect(),
    }
}

/// Kim's out-of-office, as a mail program sends it.
fn note(text: &str) -> Mail {
    let mut note = mail("kim@project.example", "away@kim", "Out of office", Kind::Automatic)
        .with("auto-submitted", "auto-replied");
    note.message.text = text.into();
    note
}

/// What follows from such a note.
fn noted(office: &mut Office, note: Mail) -> Vec<String> {
    office.reasons = vec![Reason { code: Code::AutoSubmitted, detail: String::new() }];
    let told = office.receive(note);
    office.reasons.clear();
    told
}

/// Whom the lines name that tell of this.
fn told_of(told: &[String], what: &str) -> Vec<String> {
    let of = |line: &&String| line.contains(&format!(" {what} to "));
    let name =
        |line: &String| line.rsplit(' ').next().unwrap().split('@').next().unwrap().to_owned();
    told.iter().filter(of).map(name).collect()
}

/// The id of a notice to this member that was written.
fn notice_to(office: &Office, name: &str) -> String {
    let ends = format!(".{name}");
    let mut written = office.log.iter().filter_map(|event| match &event.fact {
        Fact::Written { letter, message_id, .. } if letter.0.ends_with(&ends) => Some(message_id),
        _ => None,
    });
    written.next().unwrap().as_str().to_owned()
}

#[test]
fn who_took_a_case_is_reminded_of_it_and_what_they_miss_goes_to_the_lead_first() {
    let mut office = acknowledged(promising());
    assert_eq!(take(&mut office, Some("lee"), None), ["1 taken by lee"]);
    let told = wait(&mut office, 120);
    let expected = [
        "24h 1 reminded of Response 1",
        "24h 1 reminder to lee@project.example",
        "44h 1 reminded of Response 2",
        "44h 1 reminder to lee@project.example",
        "48h 1 breach of Response",
        "48h 1 missed to ann@acorn.example",
        "48h 1 escalated Response 1",
        "48h 1 escalation to kim@project.example",
        // Lee alone stands in: that rung helps nobody.
        "72h 1 escalated Response 2",
        "72h 1 escalation to kim@project.example",
        "72h 1 escalation to lee@project.example",
        "72h 1 escalation to sam@project.example",
        "96h 1 escalated Response 3",
        "96h 1 escalation to kim@project.example",
        "96h 1 escalation to lee@project.example",
        "96h 1 escalation to sam@project.example",
        "96h 1 escalation to cert@foundation.example",
        "120h 1 escalated Response 4",
        "120h 1 escalation to kim@project.example",
        "120h 1 escalation to lee@project.example",
        "120h 1 escalation to sam@project.example",
        "120h 1 escalation to cert@foundation.example",
    ];
    assert_eq!(told, expected);
}

#[test]
fn taking_a_case_stops_nothing_and_begins_nothing_anew() {
    let mut office = acknowledged(promising());
    wait(&mut office, 73);
    assert_eq!(take(&mut office, None, Some("sam@project.example")), ["1 taken by sam"]);
    let told = wait(&mut office, 24);
    assert_eq!(told[0], "23h 1 escalated Response 3");
    assert_eq!(told_of(&told, "escalation"), ["kim", "lee", "sam", "cert"]);
    assert_eq!(office.case(1).handler.as_deref(), Some("sam"));
    let of_case: Vec<Event> = office.log.iter().filter(|e| e.case.is_some()).cloned().collect();
    assert_eq!(Case::replay(&of_case).as_ref(), Some(office.case(1)));
}

#[test]
fn a_case_is_taken_by_a_member_who_is_named_and_once() {
    let mut office = acknowledged(promising());
    let told = take(&mut office, None, None);
    let expected = "say who takes EXP-2026-0001: watchpost do EXP-2026-0001 take NAME \
                    (there is: kim, lee, sam)";
    assert_eq!(told, [expected]);
    let nobody = |named: &str| {
        format!(
            "{named} is not on the team of EXP-2026-0001; name one who is (there is: kim, lee, sam)"
        )
    };
    assert_eq!(take(&mut office, Some("pat"), None), [nobody("pat")]);
    let told = take(&mut office, None, Some("eve@evil.example"));
    assert_eq!(told, [nobody("eve@evil.example")]);
    assert_eq!(take(&mut office, Some("kim"), None), ["1 taken by kim"]);
    assert_eq!(take(&mut office, Some("kim"), None), ["kim handles EXP-2026-0001 already"]);
    let mut alone = acknowledged(policy());
    let told = take(&mut alone, Some("kim"), None);
    assert!(told[0].ends_with("(there is: nobody: see [team] in the configuration)"), "{told:?}");
}

#[test]
fn a_handler_who_left_the_team_is_none() {
    let mut office = acknowledged(promising());
    take(&mut office, Some("sam"), None);
    let mut policy = promising();
    policy.team.members.clear();
    let mut after = Office::of(policy);
    let cases = vec![office.case(1).clone()];
    after.desk = after.desk.reopened(Past { cases, last_seq: 9, ..Past::default() });
    assert_eq!(told_of(&wait(&mut after, 24), "reminder"), ["kim"]);
}

#[test]
fn of_a_lead_who_is_away_those_who_stand_in_are_reminded_and_the_team_hears_next() {
    let mut office = acknowledged(promising());
    let told = noted(&mut office, note("I am back on Monday, 14 September."));
    assert_eq!(told, ["kim away until 2026-09-14T00:00:00Z"]);
    assert_eq!(office.desk.books().open_cases(), 1, "no case is made of it");
    let told = wait(&mut office, 96);
    assert_eq!(told_of(&told, "reminder"), ["lee", "lee"]);
    let escalations: Vec<String> = told_of(&told, "escalation");
    assert_eq!(escalations.join(" "), "lee lee sam lee sam cert");
}

#[test]
fn an_absence_ends_on_its_day_or_after_a_week_or_when_they_write() {
    let week = "kim away until 2026-09-08T12:00:00Z";
    for (text, until) in [
        ("I am back on Thursday.", "kim away until 2026-09-03T00:00:00Z"),
        ("I am away.", week),
        ("I am back on 4 July 2019", week),
    ] {
        let mut office = acknowledged(promising());
        assert_eq!(noted(&mut office, note(text)), [until], "{text}");
        let told = noted(&mut office, note(text));
        assert_eq!(told, ["set aside: automatic"], "the same again is nothing new");
        let told = wait(&mut office, 44);
        let expected = if until == week { ["lee", "lee"] } else { ["lee", "kim"] };
        assert_eq!(told_of(&told, "reminder"), expected, "{text}");
    }
    let mut office = acknowledged(promising());
    noted(&mut office, note("I am away."));
    let mut talk = mail("kim@project.example", "a@kim", "Re: A hole", Kind::Other);
    talk.message.to = vec![address("lee@project.example"), address("security@project.example")];
    let told = office.receive(talk.answering("1@acorn.example"));
    assert_eq!(told, ["1 discussed: NotToReporter", "kim back"]);
    assert_eq!(told_of(&wait(&mut office, 44), "reminder"), ["kim", "kim"]);
}

#[test]
fn nobody_can_send_a_member_away_but_they_themselves() {
    let away = "kim away until 2026-09-08T12:00:00Z";
    let mut office = acknowledged(Policy {
        team: Team { notices: Notices::Facts, ..promising().team },
        ..promising()
    });
    let (to_kim, to_lee) = (notice_to(&office, "kim"), notice_to(&office, "lee"));
    let forged = |authentication, answers: Option<&str>| {
        let note = Mail { authentication, ..note("I am away.") };
        match answers {
            Some(id) => note.answering(id),
            None => note,
        }
    };
    let unproven = |answers| forged(Authentication::None, answers);
    for note in [
        unproven(None),
        unproven(Some("1@acorn.example")),
        unproven(Some(&to_lee)),
        forged(Authentication::Fail, None),
        forged(Authentication::Fail, Some(&to_kim)),
    ] {
        let told = noted(&mut office, note);
        assert!(!told.iter().any(|line| line.contains("away")), "{told:?}");
    }
    let told = noted(&mut office, unproven(Some(&to_kim)));
    assert_eq!(told, ["1 discussed: Unproven", away]);
    // Nor can anybody bring them back.
    let back = mail("kim@project.example", "f@evil", "Hello", Kind::Other);
    let told = office.receive(Mail { authentication: Authentication::None, ..back });
    assert!(!told.contains(&"kim back".to_owned()), "{told:?}");
}

#[test]
fn a_note_among_sent_mail_proves_itself_and_stops_no_clock() {
    let mut office = acknowledged(promising());
    office.role = Role::Sent;
    let mut to_ann = Mail { authentication: Authentication::None, ..note("I am away.") };
    to_ann.message.to = vec![address("ann@acorn.example")];
    let told = noted(&mut office, to_ann.answering("1@acorn.example"));
    assert_eq!(told, ["1 discussed: Automatic", "kim away until 2026-09-08T12:00:00Z"]);
    assert_eq!(office.state(1), State::Acknowledged);
    office.role = Role::Inbox;
    assert!(wait(&mut office, 48).contains(&"48h 1 breach of Response".to_owned()));
}

#[test]
fn what_a_program_sends_under_the_address_of_a_member_sends_nobody_away() {
    for (code, field) in [
        (Code::AutoSubmitted, "auto-generated"),
        (Code::Receipt, "auto-replied"),
        (Code::Calendar, "no"),
        (Code::NullReturnPath, "no"),
    ] {
        let mut office = acknowledged(promising());
        office.reasons = vec![Reason { code, detail: String::new() }];
        let backup = mail("kim@project.example", "b@kim", "Backup finished", Kind::Automatic);
        let told = office.receive(backup.with("auto-submitted", field));
        assert_eq!(told, ["set aside: automatic"], "{code:?}");
    }
}

#[test]
fn who_is_away_by_a_note_is_so_after_a_restart_and_in_every_zone_by_the_day_there() {
    let mut policy = promising();
    policy.team.lead.as_mut().unwrap().zone = Zone::named("Asia/Tokyo").unwrap();
    let mut office = acknowledged(policy);
    let told = noted(&mut office, note("9月14日まで不在です。"));
    assert_eq!(told, ["kim away until 2026-09-13T15:00:00Z"]);
    let meta = |office: &Office| {
        let writes = office.log.iter().flat_map(|e| record::event(office.desk.books(), e));
        let mut rows = std::collections::BTreeMap::new();
        for write in writes {
            match write {
                Write::Put(Table::Meta, key, value) => drop(rows.insert(key, value)),
                Write::Delete(Table::Meta, key) => drop(rows.remove(&key)),
                _ => {}
            }
        }
        Meta::read(&rows.into_iter().collect::<Vec<_>>()).unwrap()
    };
    let Meta { absences, last_seq, .. } = meta(&office);
    assert_eq!(absences.len(), 1);
    let cases = vec![office.case(1).clone()];
    office.desk = office.desk.reopened(Past { cases, absences, last_seq, ..Past::default() });
    assert_eq!(told_of(&wait(&mut office, 24), "reminder"), ["lee"]);
    office.receive(mail("kim@project.example", "a@kim", "Back", Kind::Other));
    assert!(meta(&office).absences.is_empty());
}

#[test]
fn the_days_of_the_configuration_count_whatever_anybody_writes() {
    let mut policy = promising();
    let days = |from: &str, until: &str| {
        let moment = |text: &str| Moment::parse_rfc3339(text).unwrap();
        Stretch { from: moment(from), until: Some(moment(until)) }
    };
    let lead = policy.team.lead.as_mut().unwrap();
    lead.away = vec![days("2026-09-01T00:00:00Z", "2026-09-03T00:00:00Z")];
    let mut office = acknowledged(policy);
    let talk = mail("kim@project.example", "a@kim", "Re: A hole", Kind::Other);
    let told = office.receive(talk.answering("1@acorn.example"));
    assert_eq!(told, ["1 discussed: NotToReporter"]);
    assert_eq!(told_of(&wait(&mut office, 44), "reminder"), ["lee", "kim"]);
}

#[test]
fn a_private_mail_of_a_member_who_was_away_is_looked_at_and_not_kept() {
    let mut office = acknowledged(promising());
    noted(&mut office, note("I am away."));
    office.role = Role::Sent;
    let private = || {
        let mut private = mail("kim@project.example", "p@kim", "Dinner?", Kind::Other);
        private.message.to = vec![address("aunt@family.example")];
        private
    };
    let sent = Folder { inbox: "security".into(), name: "Sent".into(), role: Role::Sent };
    assert!(office.desk.wants(office.now, &sent, &private().message));
    assert_eq!(office.receive(private()), ["kim back"]);
    let kept = serde_json::to_string(office.log.last().unwrap()).unwrap();
    assert!(!kept.contains("p@kim"), "{kept}");
    assert!(!office.desk.wants(office.now, &sent, &private().message));
    assert_eq!(office.receive(private()), NOTHING);
}
