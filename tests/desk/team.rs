//! What the team does with its own mail programs, and what follows from it.

use super::*;
use watchpost::desk::team::{Member, Notices, Team};
use watchpost::desk::time::Zone;

fn member(name: &str, addresses: &[&str]) -> Member {
    let addresses = addresses.iter().map(|text| address(text)).collect();
    Member { name: name.into(), addresses, zone: Zone::UTC, away: Vec::new() }
}

/// Kim, who leads, and Lee.
fn team(notices: Notices) -> Team {
    let kim = member("kim", &["kim@project.example", "kim@home.example"]);
    let lee = member("lee", &["lee@project.example"]);
    Team { lead: Some(kim), deputies: vec![lee], notices, ..Team::default() }
}

pub(super) fn staffed(notices: Notices) -> Office {
    Office::of(Policy { team: team(notices), ..policy() })
}

/// Nobody is told anything, so that the stories are about the rest.
fn quiet() -> Office {
    staffed(Notices::None)
}

fn report(from: &str, id: &str) -> Mail {
    mail(from, id, "Path traversal in the static handler", Kind::Complete)
}

/// A report that has been acknowledged.
pub(super) fn acknowledged(mut office: Office) -> Office {
    office.receive(report("ann@acorn.example", "1@acorn.example"));
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    office
}

pub(super) fn reply(from: &str, id: &str) -> Mail {
    mail(from, id, "Re: Path traversal in the static handler", Kind::Other)
}

impl Mail {
    /// It goes to others than the inbox.
    pub(super) fn to(mut self, to: &[&str], cc: &[&str]) -> Mail {
        self.message.to = to.iter().map(|text| address(text)).collect();
        self.message.cc = cc.iter().map(|text| mailbox(text)).collect();
        self
    }

    pub(super) fn saying(mut self, text: &str) -> Mail {
        self.message.text = text.into();
        self
    }
}

/// An answer of Kim's to Ann, as it lies in Sent.
pub(super) fn answer(id: &str) -> Mail {
    reply("kim@project.example", id).to(&["ann@acorn.example"], &[]).answering("1@acorn.example")
}

/// The id of the last notice of this kind.
pub(super) fn notice_id(office: &Office, name: &str) -> String {
    let written = office.log.iter().rev().find_map(|event| match &event.fact {
        Fact::Written { kind, message_id, .. } if kind.name() == name => Some(message_id),
        _ => None,
    });
    written.unwrap().as_str().to_owned()
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_plain_reply_in_sent_is_the_answer_and_the_promise_is_kept() {
    let mut office = acknowledged(quiet());
    office.now = office.now + Span::hours(5);
    office.role = Role::Sent;
    assert_eq!(office.receive(answer("a@kim")), ["1 answered by TheirMail, enough: true"]);
    assert_eq!(office.state(1), State::Answered);
    assert_eq!(office.case(1).answered, Some(office.now));
}

#[test]
fn an_answer_before_the_acknowledgement_makes_that_needless() {
    let mut office = quiet();
    office.receive(report("ann@acorn.example", "1@acorn.example"));
    assert_eq!(office.due().len(), 1);
    office.role = Role::Sent;
    let told = office.receive(answer("a@kim"));
    assert_eq!(told, ["1 answered by TheirMail, enough: true", "1 withdrawn"]);
    assert!(office.due().is_empty());
    let left = office.delivery(1, Outcome::Accepted("250 ok".into()));
    assert_eq!(left, ["1 sent"], "it was on its way already, and that is told");
}

#[test]
fn an_answer_on_one_case_does_not_take_back_the_letter_that_acknowledges_others_as_well() {
    let mut office = quiet();
    for n in 1..=5 {
        let (id, subject) = (format!("{n}@acorn.example"), format!("Hole {n}"));
        office.receive(mail("ann@acorn.example", &id, &subject, Kind::Complete));
    }
    for n in 1..=3 {
        office.delivery(n, Outcome::Accepted("250 ok".into()));
    }
    office.now = office.now + Span::hours(25);
    let told: Vec<String> = office.take(&Input::Time).iter().map(in_words).collect();
    assert!(told.contains(&"4 combined to ann@acorn.example".to_owned()), "{told:?}");
    office.role = Role::Sent;
    for (n, answered) in [("a", "4@acorn.example"), ("b", "5@acorn.example")] {
        let one = reply("kim@project.example", n).to(&["ann@acorn.example"], &[]);
        let told = office.receive(one.answering(answered));
        assert!(!told.iter().any(|line| line.contains("withdrawn")), "{told:?}");
    }
    assert_eq!(office.due().len(), 1, "the other case still has to hear");
}

#[test]
fn a_fresh_mail_to_the_reporter_of_one_open_case_is_the_answer_and_of_two_it_is_for_neither() {
    let mut office = acknowledged(quiet());
    office.role = Role::Sent;
    let fresh =
        |id| mail("kim@project.example", id, "Hello", Kind::Other).to(&["ann@acorn.example"], &[]);
    assert_eq!(office.receive(fresh("a@kim")), ["1 answered by ToReporter, enough: true"]);
    office.role = Role::Inbox;
    office.receive(mail("ann@acorn.example", "2@acorn.example", "Another hole", Kind::Complete));
    office.role = Role::Sent;
    let told = office.receive(fresh("b@kim"));
    assert_eq!(told, ["1 discussed: SeveralCases", "2 discussed: SeveralCases"]);
    assert_eq!(office.case(2).answered, None);
}

#[test]
fn a_reply_with_the_inbox_in_cc_counts_if_our_server_found_it_authentic() {
    let home = Authentication::Pass { domain: "home.example".into() };
    for (authentication, told) in [
        (home, "1 answered by OurLetter, enough: true"),
        (Authentication::None, "1 discussed: Unproven"),
        (Authentication::Fail, "1 discussed: Disowned"),
    ] {
        let mut office = acknowledged(quiet());
        let ours = office.letter_id(1);
        let mut answer = reply("kim@home.example", "a@home")
            .to(&["ann@acorn.example"], &["security@project.example"])
            .answering(&ours);
        answer.authentication = authentication;
        assert_eq!(office.receive(answer), [told]);
        assert_eq!(office.desk.books().open_cases(), 1, "no case is made of it");
    }
}

#[test]
fn the_same_answer_seen_in_sent_and_by_cc_is_one_answer() {
    let mut office = acknowledged(quiet());
    let copied = || {
        reply("kim@project.example", "a@kim")
            .to(&["ann@acorn.example"], &["security@project.example"])
            .answering("1@acorn.example")
    };
    assert_eq!(office.receive(copied()).len(), 1);
    office.role = Role::Sent;
    assert_eq!(office.receive(copied()), NOTHING);
}

#[test]
fn what_did_not_go_to_the_reporter_and_what_a_machine_wrote_is_no_answer() {
    let mut office = acknowledged(quiet());
    let talk = reply("lee@project.example", "a@lee")
        .to(&["kim@project.example"], &["security@project.example"])
        .answering("1@acorn.example");
    assert_eq!(office.receive(talk), ["1 discussed: NotToReporter"]);
    office.role = Role::Sent;
    let away = Mail { kind: Kind::Automatic, ..answer("b@kim") };
    assert_eq!(office.receive(away), ["1 discussed: Automatic"]);
    assert_eq!(office.state(1), State::Acknowledged);
}

#[test]
fn our_own_letter_in_sent_is_nobodys_answer() {
    let mut office = acknowledged(quiet());
    let id = office.letter_id(1);
    office.role = Role::Sent;
    let copy = reply("security@project.example", &id).to(&["ann@acorn.example"], &[]);
    assert_eq!(office.receive(copy.answering("1@acorn.example")), NOTHING);
    assert_eq!(office.state(1), State::Acknowledged);
}

#[test]
fn private_mail_in_sent_leaves_no_trace() {
    let mut office = acknowledged(quiet());
    office.role = Role::Sent;
    let private = mail("kim@project.example", "p@kim", "Dinner?", Kind::Other);
    assert_eq!(office.receive(private.to(&["aunt@family.example"], &[])), NOTHING);
}

#[test]
fn an_answer_that_falls_short_stops_no_clock_and_its_author_can_overrule() {
    let team = team(Notices::Facts);
    let mut office = acknowledged(Office::of(Policy { team, response_words: 20, ..policy() }));
    office.role = Role::Sent;
    office.figures.words = 3;
    let short = reply("lee@project.example", "a@lee").to(&["ann@acorn.example"], &[]);
    let told = office.receive(short.answering("1@acorn.example"));
    let expected = ["1 answered by TheirMail, enough: false", "1 too_short to lee@project.example"];
    assert_eq!(told, expected);
    assert_eq!(office.case(1).answered, None);
    let notice = notice_id(&office, "too_short");
    let overrule = reply("lee@project.example", "b@lee")
        .to(&["security@project.example"], &[])
        .saying("yes\n\n> An answer in detail is still promised")
        .answering(&notice);
    assert_eq!(office.receive(overrule), ["1 vouched"]);
    assert_eq!(office.state(1), State::Answered);
}

#[test]
fn an_answer_that_nobody_saw_is_asked_about_once_and_a_yes_keeps_the_promise() {
    let mut office = acknowledged(staffed(Notices::Facts));
    let quoting = |id, unseen| {
        let mut mail = reply("ann@acorn.example", id).answering(unseen);
        mail.message.references = MessageId::parse("1@acorn.example").into_iter().collect();
        mail
    };
    let told = office.receive(quoting("2@acorn.example", "unseen@phone.example"));
    let first: Vec<&str> = told.iter().map(String::as_str).take(2).collect();
    assert_eq!(first, ["1 joined by TheirMail", "1 quoted <unseen@phone.example>"]);
    let asked = |told: &[String]| told.iter().filter(|line| line.contains("was_it_you")).count();
    assert_eq!(asked(&told), 2, "{told:?}");
    let told = office.receive(quoting("3@acorn.example", "other@phone.example"));
    assert_eq!(asked(&told), 0, "{told:?}");
    let notice = notice_id(&office, "was_it_you");
    office.role = Role::Sent;
    let yes = reply("kim@project.example", "y@kim")
        .to(&["security@project.example"], &[])
        .saying("Yes, from my phone.");
    assert_eq!(office.receive(yes.answering(&notice)), ["1 vouched"]);
}

#[test]
fn the_team_is_told_of_a_report_and_of_what_follows_and_of_no_machine() {
    let mut office = staffed(Notices::Facts);
    let told = office.receive(report("ann@acorn.example", "1@acorn.example"));
    let expected = [
        "1 opened",
        "1 acknowledgement to ann@acorn.example",
        "1 report to kim@project.example",
        "1 report to lee@project.example",
    ];
    assert_eq!(told, expected);
    let again = reply("ann@acorn.example", "2@acorn.example").answering("1@acorn.example");
    let expected = [
        "1 joined by TheirMail",
        "1 follow_up to kim@project.example",
        "1 follow_up to lee@project.example",
    ];
    assert_eq!(office.receive(again), expected);
    let away = reply("ann@acorn.example", "3@acorn.example").answering("1@acorn.example");
    let away = Mail { kind: Kind::Automatic, ..away };
    assert_eq!(office.receive(away), ["1 joined by TheirMail"]);
}

#[test]
fn a_storm_becomes_one_notice_for_all() {
    let mut office = staffed(Notices::Facts);
    for n in 0..30 {
        office.now = office.now + Span::seconds(20);
        let from = format!("ann{n}@acorn{n}.example");
        office.receive(mail(&from, &format!("{n}@acorn"), &format!("Hole {n}"), Kind::Complete));
    }
    let to_kim = |e: &&Event| in_words(e).ends_with("report to kim@project.example");
    assert_eq!(office.log.iter().filter(to_kim).count(), 12);
    office.now = office.now + Span::hours(1);
    let told = office.take(&Input::Time);
    let gathered: Vec<usize> = told
        .iter()
        .filter(|event| in_words(event).contains("gathered to kim"))
        .filter_map(|event| match &event.fact {
            Fact::Written { covers, .. } => Some(covers.len() + 1),
            _ => None,
        })
        .collect();
    assert_eq!(gathered, [18], "one notice for all eighteen");
    assert!(office.take(&Input::Time).is_empty());
}

#[test]
fn a_lost_notice_is_told_to_the_others_only() {
    let mut office = staffed(Notices::Facts);
    office.receive(report("ann@acorn.example", "1@acorn.example"));
    let letter = LetterId("EXP-2026-0001/report.1.kim".into());
    let outcome = Outcome::Permanent("550 no such user".into());
    let told = office.take(&Input::Delivery { letter, outcome });
    let told: Vec<String> = told.iter().map(in_words).collect();
    assert_eq!(told, ["1 refused", "1 unreached to lee@project.example"]);
    assert_eq!(office.state(1), State::Received, "it is not the reporter who was not reached");
}

#[test]
fn who_was_put_on_the_conversation_takes_part_and_a_stranger_does_not() {
    let mut office = quiet();
    let first = report("ann@acorn.example", "1@acorn.example");
    office.receive(first.to(&["security@project.example"], &["bob@acorn.example"]));
    let bob = reply("bob@acorn.example", "2@acorn.example").answering("1@acorn.example");
    assert_eq!(office.receive(bob), ["1 joined by TheirMail"]);
    let eve = reply("eve@evil.example", "3@evil.example").answering("1@acorn.example");
    let told = office.receive(eve);
    assert_eq!(told.first().unwrap(), "2 opened");
    assert!(told.contains(&"2 linked to 1".to_owned()), "{told:?}");
}

fn personal() -> Office {
    Office::of(Policy {
        kind: InboxKind::Personal,
        recipients: vec![address("kim@project.example")],
        from: mailbox("kim@project.example"),
        team: Team { deputies: Vec::new(), ..team(Notices::Facts) },
        ..policy()
    })
}

/// Kim's office, and a mail that may be a report.
fn asked() -> Office {
    let mut office = personal();
    office.reading = Reading::Perhaps;
    let doubtful = mail("ann@acorn.example", "1@acorn.example", "A flaw?", Kind::Other);
    assert_eq!(office.receive(doubtful), ["asked", "question to kim@project.example"]);
    assert_eq!(office.desk.books().open_cases(), 0);
    office.reading = Reading::No;
    office
}

#[test]
fn in_a_personal_inbox_friends_and_family_leave_no_trace() {
    let mut office = personal();
    for kind in [Kind::Other, Kind::Complete, Kind::Automatic, Kind::Bounce, Kind::SpamOrJunk] {
        let told = office.receive(mail("aunt@family.example", "1@family", "Sunday", kind));
        assert_eq!(told, NOTHING, "{kind:?}");
    }
}

#[test]
fn what_surely_is_a_report_opens_a_case_in_a_personal_inbox() {
    let mut office = personal();
    office.reading = Reading::Surely;
    let told = office.receive(report("ann@acorn.example", "1@acorn.example"));
    let expected =
        ["1 opened", "1 acknowledgement to ann@acorn.example", "1 report to kim@project.example"];
    assert_eq!(told, expected);
}

#[test]
fn the_owner_of_a_personal_inbox_is_asked_about_the_doubtful_and_decides() {
    let opened = [
        "confirmed",
        "1 opened",
        "1 acknowledgement to ann@acorn.example",
        "1 report to kim@project.example",
    ];
    for (word, told, left) in
        [("ja", &opened[..], 0), ("No.", &["declined"], 0), ("Let me think", &[], 1)]
    {
        let mut office = asked();
        let question = notice_id(&office, "question");
        office.role = Role::Sent;
        let says = reply("kim@project.example", "y@kim")
            .to(&["kim@project.example"], &[])
            .saying(&format!("{word}\n\n> A mail in your inbox may be a report"))
            .answering(&question);
        assert_eq!(office.receive(says), told, "{word}");
        assert_eq!(office.desk.books().questions().count(), left, "{word}");
    }
}

#[test]
fn a_question_that_has_left_is_not_sent_again() {
    let mut office = asked();
    let due = office.due();
    let [question] = due.as_slice() else { panic!("{due:?}") };
    let (letter, outcome) = (question.clone(), Outcome::Accepted("250 ok".into()));
    let told = office.take(&Input::Delivery { letter, outcome });
    assert_eq!(told.iter().map(in_words).collect::<Vec<_>>(), ["sent"]);
    assert!(office.due().is_empty());
}

#[test]
fn nobody_but_the_owner_can_answer_a_question() {
    let mut office = asked();
    let question = notice_id(&office, "question");
    for authentication in [Authentication::None, Authentication::Fail] {
        let mut forged = reply("kim@project.example", "y@kim").saying("yes").answering(&question);
        forged.authentication = authentication;
        office.receive(forged);
        assert_eq!(office.desk.books().open_cases(), 0);
        assert_eq!(office.desk.books().questions().count(), 1);
    }
}

#[test]
fn a_question_comes_back_as_mail_in_the_same_inbox_and_is_left_alone() {
    let mut office = asked();
    let id = notice_id(&office, "question");
    let back = mail("kim@project.example", &id, "Is this a report to Express?", Kind::Automatic);
    assert_eq!(office.receive(back.to(&["kim@project.example"], &[])), NOTHING);
}

#[test]
fn a_report_among_the_junk_is_put_before_a_human_and_not_answered() {
    let mut office = staffed(Notices::Facts);
    office.role = Role::Junk;
    let told = office.receive(report("ann@acorn.example", "1@acorn.example"));
    let expected = [
        "1 opened",
        "1 held: InJunk",
        "1 report to kim@project.example",
        "1 report to lee@project.example",
    ];
    assert_eq!(told, expected);
    let sales = mail("sales@offers.example", "2@offers", "Cheap!", Kind::SpamOrJunk);
    assert_eq!(office.receive(sales), NOTHING);
}

#[test]
fn a_follow_up_among_the_junk_joins_its_case() {
    let mut office = acknowledged(quiet());
    office.role = Role::Junk;
    let again = reply("ann@acorn.example", "2@acorn.example").answering("1@acorn.example");
    assert_eq!(office.receive(again), ["1 joined by TheirMail"]);
}

#[test]
fn a_fresh_mail_of_a_member_to_a_reporter_is_read_in_every_inbox_and_one_to_anybody_else_is_not() {
    let team = team(Notices::None);
    let mut office = Office::of(Policy { kind: InboxKind::Mixed, team, ..policy() });
    office.receive(report("ann@acorn.example", "1@acorn.example"));
    let folder = |role| Folder { inbox: "security".into(), name: "INBOX".into(), role };
    let from = |who| mail(who, "a@home", "Your findings", Kind::Other);
    let wants = |role, mail: Mail| office.desk.wants(office.now, &folder(role), &mail.message);
    for role in [Role::Inbox, Role::Sent] {
        // The inbox stands in Bcc.
        assert!(wants(role, from("kim@home.example").to(&["ann@acorn.example"], &[])), "{role:?}");
        assert!(
            !wants(role, from("kim@home.example").to(&["aunt@family.example"], &[])),
            "{role:?}"
        );
    }
    assert!(!wants(Role::Inbox, from("bo@friend.example").to(&["ann@acorn.example"], &[])));
}

#[test]
fn a_letter_of_ours_under_an_id_that_a_relay_gave_it_is_nobodys_unseen_answer() {
    let mut office = acknowledged(staffed(Notices::None));
    let answer = |id, subject: &str| {
        let mut mail = reply("ann@acorn.example", id).answering("0100018f-4c@email.relay.example");
        mail.message.references = MessageId::parse("1@acorn.example").into_iter().collect();
        mail.message.subject = subject.into();
        mail
    };
    let tagged = "AW: Path traversal in the static handler [EXP-2026-0001]";
    assert_eq!(office.receive(answer("2@acorn.example", tagged)), ["1 joined by TheirMail"]);
    // From then on the number stands in the subject of what people write as well.
    let told = office.receive(answer("3@acorn.example", tagged));
    assert!(told[1].starts_with("1 quoted"), "{told:?}");
}

#[test]
fn of_a_machine_that_holds_our_mail_back_the_team_is_told_whatever_notices_there_are() {
    for notices in [Notices::Facts, Notices::None] {
        let mut office = acknowledged(staffed(notices));
        let letter = office.letter_id(1);
        let reason = |code| Reason { code, detail: String::new() };
        for (codes, told) in
            [(vec![Code::AutoSubmitted], 0), (vec![Code::AutoSubmitted, Code::Challenge], 2)]
        {
            office.reasons = codes.into_iter().map(reason).collect();
            let id = format!("m{told}@filter.example");
            let asks = mail("filter@filter.example", &id, "Confirm", Kind::Automatic);
            let followed = office.receive(asks.answering(&letter));
            assert_eq!(followed[0], "1 joined by Guest");
            let unreached = followed.iter().filter(|line| line.contains("unreached to")).count();
            assert_eq!((unreached, followed.len()), (told, told + 1), "{followed:?}");
        }
        // A machine moves nothing else.
        assert_eq!(office.state(1), State::Acknowledged);
    }
}
