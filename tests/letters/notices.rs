//! What the team reads, word for word.

use super::*;
use watchpost::desk::calendar::Stretch;
use watchpost::desk::claim::Identity;
use watchpost::desk::command::{Command, Said};
use watchpost::desk::event::{Event, Sayer};
use watchpost::desk::ids::CaseId;
use watchpost::desk::intake::looked_up;
use watchpost::desk::letter::{Letter, LetterId};
use watchpost::desk::outbox::Outcome;
use watchpost::desk::policy::InboxKind;
use watchpost::desk::record;
use watchpost::desk::table::{Table, Write};
use watchpost::desk::team::{Member, Notices, Team};
use watchpost::desk::thread::Tied;
use watchpost::desk::time::Zone;

pub(crate) const REPORT: &str = "\
From: Ann Acorn <ann@acorn.example>
To: security@project.example
Subject: Static handler serves files outside its root
Message-ID: <one@acorn.example>

The static handler of Express 4.18 serves files outside its root directory when the
path holds an encoded backslash:

    GET /static/..%5c..%5cetc/passwd

An attacker reads any file that the process may read.
";

/// A desk and every letter that it writes.
pub(crate) struct Room {
    pub(crate) desk: Desk,
    policy: Policy,
    pub(crate) now: Moment,
    /// No mail arrived before this.
    pub(crate) arrived: Moment,
    uid: u32,
    ties: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) letters: Vec<Letter>,
}

impl Room {
    pub(crate) fn of(policy: Policy) -> Room {
        let keys = Keys::new(vec![[7; 32]]).unwrap();
        let desk = Desk::open(vec![policy.clone()], keys, Caps::default(), Past::default());
        let now = Moment::parse_rfc3339("2026-09-01T17:11:05Z").unwrap();
        let arrived = Moment::from_unix(0);
        Room { desk, policy, now, arrived, uid: 0, ties: Vec::new(), letters: Vec::new() }
    }

    pub(crate) fn take(&mut self, input: &Input) {
        let mut decided: Vec<Event> = Vec::new();
        for event in self.desk.decide(self.now, input) {
            self.desk.apply(&event);
            if let Fact::Written { .. } = &event.fact {
                let (books, policy) = (self.desk.books(), |_: &str| Some(&self.policy));
                let text = input.text();
                let wording = shipped();
                let letter = wording::letter(&wording, books, policy, &event, &decided, text);
                self.letters.push(letter.unwrap().letter);
            }
            for write in record::event(self.desk.books(), &event) {
                if let Write::Put(Table::Ties, key, value) = write {
                    self.ties.push((key, value));
                }
            }
            decided.push(event);
        }
    }

    pub(crate) fn wait(&mut self, hours: u64) {
        self.now = self.now + Span::hours(hours);
        self.take(&Input::Time);
    }

    pub(crate) fn receive(&mut self, mail: &str) {
        self.receive_as(mail, authenticated(), Reading::No);
    }

    pub(crate) fn receive_as(
        &mut self,
        mail: &str,
        authentication: Authentication,
        reading: Reading,
    ) {
        self.uid += 1;
        let mut incoming = incoming(authentication, self.uid, mail);
        incoming.reading = reading;
        incoming.mail.arrived = incoming.mail.arrived.max(self.arrived);
        let mut tied = Vec::new();
        for tie in looked_up(&incoming.message) {
            let Some(key) = tie.key() else { continue };
            for (_, value) in self.ties.iter().filter(|(row, _)| row.starts_with(&key)) {
                let known: Tied = record::read("a tie", value).unwrap();
                tied.push((tie.clone(), known));
            }
        }
        incoming.tied = tied;
        self.take(&Input::Mail(Box::new(incoming)));
    }

    pub(crate) fn last(&self) -> String {
        as_sent(self.letters.last().unwrap())
    }

    /// The last letter to that address.
    fn last_to(&self, to: &str) -> &Letter {
        self.letters.iter().rev().find(|letter| letter.to.address.to_string() == to).unwrap()
    }

    fn last_id(&self) -> String {
        self.letters.last().unwrap().message_id.to_string()
    }
}

pub(crate) fn as_sent(letter: &Letter) -> String {
    String::from_utf8(compose(letter).unwrap()).unwrap().replace("\r\n", "\n")
}

pub(crate) fn member(name: &str) -> Member {
    let addresses = vec![Address::parse(&format!("{name}@project.example")).unwrap()];
    Member {
        name: name.into(),
        addresses,
        zone: Zone::named("Europe/Berlin").unwrap(),
        away: Vec::new(),
    }
}

pub(super) fn cert() -> Vec<Address> {
    vec![Address::parse(CERT).unwrap()]
}

const CERT: &str = "cert@foundation.example";
pub(super) const KIM: &str = "kim@project.example";
const ANN: &str = "ann@acorn.example";

pub(super) fn staffed(notices: Notices) -> Policy {
    let team = Team { lead: Some(member("kim")), notices, ..Team::default() };
    Policy { inbox: "security".into(), team, ..policy() }
}

pub(super) fn follow_up(from: &str, subject: &str, answers: &str, text: &str) -> String {
    format!(
        "From: {from}\nTo: security@project.example\nSubject: {subject}\n\
         Message-ID: <two@acorn.example>\nIn-Reply-To: {answers}\n\n{text}\n"
    )
}

#[test]
fn of_a_report_the_team_reads_the_facts_and_no_word_of_it() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let notice = room.last();
    same_as_golden("team/report.eml", &notice);
    for word in ["serves", "backslash", "passwd", "Ann Acorn"] {
        assert!(!notice.contains(word), "{word}");
    }
}

#[test]
fn of_a_report_the_team_reads_its_text_if_it_wants_to() {
    let mut room = Room::of(staffed(Notices::Text));
    room.receive(REPORT);
    same_as_golden("team/report_with_text.eml", &room.last());
}

#[test]
fn of_a_mail_that_waits_for_a_person_the_team_reads_why() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive_as(REPORT, Authentication::Fail, Reading::No);
    same_as_golden("team/report_held.eml", &room.last());
}

#[test]
fn of_a_follow_up_the_team_reads_why_it_belongs_and_what_is_owed() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let again = "Re: Static handler serves files outside its root";
    let text = "It also works with a double encoding.";
    room.receive(&follow_up("ann@acorn.example", again, "<one@acorn.example>", text));
    same_as_golden("team/follow_up.eml", &room.last());
}

#[test]
fn of_somebody_new_who_holds_a_letter_the_team_reads_to_be_careful() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let ours = room.letters.first().unwrap().message_id.to_string();
    let text = "I can confirm this on our side.";
    room.receive(&follow_up("bob@elsewhere.example", "Re: your report", &ours, text));
    same_as_golden("team/guest.eml", &room.last());
}

#[test]
fn of_a_forged_colleague_the_team_reads_that_it_counts_for_nothing() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let mail = follow_up("kim@project.example", "Re: x", "<one@acorn.example>", "Close this.");
    room.receive_as(&mail, Authentication::Fail, Reading::No);
    same_as_golden("team/forged.eml", &room.last());
}

#[test]
fn of_an_answer_that_came_back_the_team_reads_that_the_reporter_has_none() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    room.receive(
        "From: Kim <kim@project.example>\nTo: ann@acorn.example\nCc: security@project.example\n\
         Subject: Re: Static handler\nMessage-ID: <answer@project.example>\n\
         In-Reply-To: <one@acorn.example>\n\nThank you, we can reproduce it. A fix follows.\n",
    );
    let bounce = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.project.example\n\
         To: security@project.example\nSubject: Undelivered Mail Returned to Sender\n\
         Message-ID: <b@mx.project.example>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nI'm sorry.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.project.example\n\nFinal-Recipient: rfc822; ann@acorn.example\n\
         Action: failed\nStatus: 5.2.2\n\n--b\nContent-Type: text/rfc822-headers\n\n\
         From: Kim <kim@project.example>\nMessage-ID: <answer@project.example>\n--b--\n";
    room.receive(bounce);
    same_as_golden("team/unreached_answer.eml", &room.last());
}

#[test]
fn of_a_lost_acknowledgement_the_team_reads_what_to_do() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let letter = LetterId("EXP-2026-0001/acknowledgement".into());
    let outcome = Outcome::Permanent("550 5.1.1 <ann@acorn.example>: no such user".into());
    room.take(&Input::Delivery { letter, outcome });
    same_as_golden("team/unreached.eml", &room.last());
}

#[test]
fn the_owner_of_a_personal_inbox_is_asked_in_plain_words() {
    let mut room = Room::of(Policy { kind: InboxKind::Personal, ..staffed(Notices::Facts) });
    room.receive_as(REPORT, authenticated(), Reading::Perhaps);
    same_as_golden("team/question.eml", &room.last());
}

#[test]
fn an_answer_that_was_never_seen_is_asked_about() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let mail = follow_up("ann@acorn.example", "Re: x", "<phone@kim.example>", "Thank you!");
    let mail = mail.replace("In-Reply-To:", "References: <one@acorn.example>\nIn-Reply-To:");
    room.receive(&mail);
    same_as_golden("team/was_it_you.eml", &room.last());
}

#[test]
fn who_wrote_too_little_reads_why_and_how_to_overrule() {
    let mut room = Room::of(Policy { response_words: 20, ..staffed(Notices::Facts) });
    room.receive(REPORT);
    let mail = follow_up("kim@project.example", "Re: x", "<one@acorn.example>", "Thanks, seen.");
    let to = "To: ann@acorn.example, security@project.example";
    room.receive(&mail.replace("To: security@project.example", to));
    same_as_golden("team/too_short.eml", &room.last());
}

#[test]
fn many_reports_at_once_are_one_list() {
    let mut room = Room::of(staffed(Notices::Facts));
    for n in 0..40 {
        let mail = REPORT.replace("ann@acorn.example", &format!("ann@acorn{n}.example"));
        let mail = mail.replace("<one@", &format!("<{n}@"));
        room.receive(&mail);
    }
    let answer = follow_up(KIM, "Re: x", "<12@acorn.example>", "Thanks, we look into it.");
    let to = "To: ann@acorn12.example, security@project.example";
    room.receive(&answer.replace("To: security@project.example", to));
    room.now = room.now + Span::hours(2);
    room.take(&Input::Time);
    same_as_golden("team/gathered.eml", &room.last());
}

#[test]
fn of_a_second_watchpost_the_team_reads_that_only_one_should_watch() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let letter = LetterId("EXP-2026-0001/acknowledgement".into());
    room.take(&Input::Claimed { letter, by: Identity(0x1a2b_3c4d), answered: true });
    same_as_golden("team/another.eml", &room.last());
}

#[test]
fn notices_on_a_case_stand_in_one_thread() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let first = room.last();
    let again = "Re: Static handler serves files outside its root";
    room.receive(&follow_up("ann@acorn.example", again, "<one@acorn.example>", "More of it."));
    let field = |mail: &str, name: &str| {
        mail.lines().find(|line| line.starts_with(name)).map(str::to_owned).unwrap()
    };
    for name in ["Subject:", "References:", "In-Reply-To:"] {
        assert_eq!(field(&first, name), field(&room.last(), name));
    }
    assert_eq!(field(&first, "Auto-Submitted:"), "Auto-Submitted: auto-generated");
    assert!(!first.contains(&room.last_id()));
}

/// A room in which a report was acknowledged, and the hours after that in which nobody does anything.
pub(super) fn neglected(policy: Policy, report: &str, hours: u64) -> Room {
    neglected_as(policy, report, authenticated(), hours)
}

pub(super) fn neglected_as(policy: Policy, report: &str, who: Authentication, hours: u64) -> Room {
    let mut room = Room::of(policy);
    room.receive_as(report, who, Reading::No);
    let letter = LetterId("EXP-2026-0001/acknowledgement".into());
    room.take(&Input::Delivery { letter, outcome: Outcome::Accepted("250 ok".into()) });
    room.wait(hours);
    room
}

/// A room in which a report was answered, and nobody wrote again for so many days.
fn forgotten(policy: Policy, days: u64) -> Room {
    let update = Some(Span::hours(14 * 24));
    let mut room = neglected(Policy { update, ..policy }, REPORT, 1);
    let answer = follow_up(KIM, "Re: x", "<one@acorn.example>", "We can reproduce it.");
    let to = "To: ann@acorn.example, security@project.example";
    room.receive(&answer.replace("To: security@project.example", to));
    room.wait(24 * days);
    room
}

#[test]
fn who_handles_a_case_is_reminded_of_what_is_owed() {
    let policy = Policy { response_reminders: vec![Span::hours(44)], ..staffed(Notices::Facts) };
    same_as_golden("team/reminder.eml", &neglected(policy, REPORT, 45).last());
}

#[test]
fn who_is_reminded_in_place_of_somebody_who_is_away_reads_so() {
    let mut policy =
        Policy { response_reminders: vec![Span::hours(44)], ..staffed(Notices::Facts) };
    policy.team.deputies = vec![member("lee")];
    let away = Stretch { from: Moment::from_unix(0), until: None };
    policy.team.lead.as_mut().unwrap().away = vec![away];
    let room = neglected(policy, REPORT, 45);
    assert_eq!(room.letters.last().unwrap().to.address.to_string(), "lee@project.example");
    same_as_golden("team/reminder_instead.eml", &room.last());
}

#[test]
fn of_a_missed_promise_the_ladder_reads_what_and_why_them() {
    let mut policy = staffed(Notices::Text);
    policy.team.outside = cert();
    let room = neglected(policy, REPORT, 49);
    same_as_golden("team/escalation.eml", &as_sent(room.last_to(KIM)));
    let outside = as_sent(room.last_to(CERT));
    same_as_golden("team/escalation_outside.eml", &outside);
    for word in ["outside its root", "acorn", "Ann"] {
        assert!(!outside.contains(word), "who is outside gets no {word}: {outside}");
    }
}

#[test]
fn of_a_report_that_was_never_acknowledged_the_ladder_reads_that_and_why() {
    let mut policy = staffed(Notices::Facts);
    policy.team.deputies = vec![member("lee")];
    let held = neglected_as(policy.clone(), REPORT, Authentication::Fail, 49);
    let letters = held.letters.iter().filter(|letter| letter.to.address.to_string() == KIM);
    let letters: Vec<String> = letters.map(as_sent).collect();
    let told = letters.iter().find(|letter| letter.contains("was to hear")).unwrap();
    same_as_golden("team/escalation_acknowledgement.eml", told);
    policy.team = Team { outside: cert(), ..Team::default() };
    let mut unsent = Room::of(policy);
    unsent.receive(REPORT);
    unsent.wait(49);
    let letters = unsent.letters.iter().filter(|letter| letter.to.address.to_string() == CERT);
    let letters: Vec<String> = letters.map(as_sent).collect();
    let told = letters.iter().find(|letter| letter.contains("not confirmed")).unwrap();
    same_as_golden("team/escalation_acknowledgement_outside.eml", told);
}

#[test]
fn of_news_that_nobody_wrote_the_ladder_reads_since_when() {
    let mut policy = staffed(Notices::Facts);
    policy.team.members = vec![member("sam")];
    policy.team.outside = cert();
    let room = forgotten(policy, 16);
    same_as_golden("team/escalation_update.eml", &as_sent(room.last_to(KIM)));
    same_as_golden("team/escalation_update_outside.eml", &as_sent(room.last_to(CERT)));
}

#[test]
fn of_a_case_that_somebody_took_the_lead_reads_who() {
    let mut policy = staffed(Notices::Facts);
    policy.team.deputies = vec![member("lee")];
    let mut room = neglected(policy, REPORT, 47);
    let case = CaseId::parse("EXP-2026-0001").unwrap();
    let (said, by) = (Said::Take { member: Some("lee".into()) }, Sayer::Operator);
    let command = Command { case, said, by, person: None, said_at: room.now, story: Vec::new() };
    room.take(&Input::Command(Box::new(command)));
    room.wait(2);
    same_as_golden("team/escalation_taken.eml", &as_sent(room.last_to(KIM)));
}

#[test]
fn who_is_alone_reads_that_there_is_nobody_else() {
    let room = neglected(staffed(Notices::Facts), REPORT, 49);
    same_as_golden("team/escalation_solo.eml", &as_sent(room.last_to(KIM)));
}

#[test]
fn of_a_machine_that_holds_our_mail_back_the_team_reads_what_to_do() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let letter = LetterId("EXP-2026-0001/acknowledgement".into());
    room.take(&Input::Delivery { letter, outcome: Outcome::Accepted("250".into()) });
    room.receive(
        "From: Ann <ann@acorn.example>\nTo: security@project.example\n\
         Subject: Please confirm your message\nMessage-ID: <two@acorn.example>\n\
         In-Reply-To: <one@acorn.example>\nAuto-Submitted: auto-replied\n\n\
         Your message is being held. To release it, please confirm that you are a person:\n\
         https://acorn.example/c/1\n",
    );
    same_as_golden("team/unreached_held_back.eml", &room.last());
}

#[test]
fn of_a_lost_question_the_team_reads_whether_the_case_still_waits() {
    let said = |room: &mut Room, said: Said| {
        let (case, by) = (CaseId::parse("EXP-2026-0001").unwrap(), Sayer::Operator);
        let command =
            Command { case, said, by, person: None, said_at: room.now, story: Vec::new() };
        room.take(&Input::Command(Box::new(command)));
    };
    for (name, closes) in [("unreached_waiting", false), ("unreached_closed", true)] {
        let mut room = neglected(staffed(Notices::Facts), REPORT, 10);
        said(&mut room, Said::NeedInfo);
        if closes {
            said(&mut room, Said::Close);
        }
        let letter = LetterId("EXP-2026-0001/waiting-1".into());
        let outcome = Outcome::Permanent("550 5.1.1 no such user".into());
        room.take(&Input::Delivery { letter, outcome });
        same_as_golden(&format!("team/{name}.eml"), &as_sent(room.last_to(KIM)));
    }
}

#[test]
fn of_a_lost_letter_about_a_missed_promise_the_team_reads_what_the_reporter_knows() {
    let mut policy = staffed(Notices::Facts);
    policy.team.outside = cert();
    let mut room = neglected(policy, REPORT, 49);
    let refused = || Outcome::Permanent("550 5.1.1 no such user".into());
    let letter = LetterId("EXP-2026-0001/missed-response".into());
    room.take(&Input::Delivery { letter, outcome: refused() });
    same_as_golden("team/unreached_missed.eml", &as_sent(room.last_to(KIM)));
    let letter = room.last_to(CERT).id.clone();
    room.take(&Input::Delivery { letter, outcome: refused() });
    same_as_golden("team/unreached_outside.eml", &as_sent(room.last_to(KIM)));
}

#[test]
fn a_reporter_hears_the_truth_about_a_missed_promise_in_their_language() {
    let english = ("en", REPORT.to_owned());
    let others = MAILS.iter().map(|mails| {
        let (subject, text) = mails.report;
        let head = "From: ann@acorn.example\nTo: security@project.example\n";
        let mail = format!("{head}Subject: {subject}\nMessage-ID: <one@acorn.example>\n\n{text}\n");
        (mails.language.code(), mail)
    });
    for (code, report) in std::iter::once(english).chain(others) {
        let room = neglected(staffed(Notices::Facts), &report, 49);
        same_as_golden(&format!("{code}/missed.eml"), &as_sent(missed(&room)));
    }
}

/// The letter that tells the reporter of a missed promise.
pub(super) fn missed(room: &Room) -> &Letter {
    room.letters.iter().find(|letter| letter.id.missed_promise().is_some()).unwrap()
}

#[test]
fn a_reporter_hears_who_knows_of_a_missed_promise() {
    let kim = Some(member("kim"));
    for (name, team) in [
        ("deputies", Team { lead: kim.clone(), deputies: vec![member("lee")], ..Team::default() }),
        ("team", Team { lead: kim.clone(), members: vec![member("sam")], ..Team::default() }),
        ("outside", Team { lead: kim, outside: cert(), ..Team::default() }),
        ("nobody", Team::default()),
    ] {
        let room = neglected(Policy { team, ..policy() }, REPORT, 49);
        same_as_golden(&format!("en/missed_{name}.eml"), &as_sent(missed(&room)));
    }
}

#[test]
fn a_reporter_hears_what_is_still_missing_or_not_proven() {
    let link = REPORT.split("\n\n").next().unwrap();
    let link = format!("{link}\n\nHi, please see https://drive.example/d/17\n\nAnn\n");
    let room = neglected(staffed(Notices::Facts), &link, 49);
    same_as_golden("en/missed_provisional.eml", &as_sent(missed(&room)));
    let room = neglected_as(staffed(Notices::Facts), REPORT, Authentication::None, 49);
    same_as_golden("en/missed_unverified.eml", &as_sent(missed(&room)));
}

#[test]
fn a_reporter_hears_that_news_are_late() {
    let room = forgotten(staffed(Notices::Facts), 16);
    assert_eq!(missed(&room).to.address.to_string(), ANN);
    same_as_golden("en/missed_update.eml", &as_sent(missed(&room)));
}

#[test]
fn facts_are_counts_and_no_names_that_stand_in_the_mail() {
    let link = REPORT.replace(
        "\n\n",
        "\n\nPlease see https://drive.example/d/17 on body-parser, where an environment variable \
         pollutes Object.prototype.\n\n",
    );
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(&link);
    let notice = room.last();
    same_as_golden("team/report_hints.eml", &notice);
    for word in ["drive", "body-parser", "CWE", "prototype"] {
        assert!(!notice.contains(word), "{word}");
    }
    let mut room = Room::of(staffed(Notices::Subject));
    room.receive(&link);
    assert!(room.last().contains("body-parser"), "{}", room.last());
}

#[test]
fn of_a_link_alone_the_team_reads_how_much_there_is() {
    let link = REPORT.split("\n\n").next().unwrap();
    let link = format!("{link}\n\nHi, please see https://drive.example/d/17\n\nAnn\n");
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(&link);
    same_as_golden("team/report_link.eml", &room.last());
}

#[test]
fn of_a_report_that_reads_like_another_the_team_hears_and_its_reporter_does_not() {
    let mut room = Room::of(staffed(Notices::Facts));
    room.receive(REPORT);
    let other = REPORT.replace("ann@acorn.example", "bo@oak.example");
    let more = "\nIt was seen on two servers of ours, with the default settings and with those of the guide.\n";
    room.receive(&REPORT.replace("<one@", "<zero@").replace("acorn", "elm"));
    room.receive(&format!("{}{more}", other.replace("<one@", "<two@")));
    let told: Vec<(bool, bool)> = room
        .letters
        .iter()
        .map(|letter| {
            (letter.id.as_notice().is_some(), letter.body.contains("much like that of EXP-"))
        })
        .collect();
    assert!(told.contains(&(true, true)) && !told.contains(&(false, true)), "{told:?}");
}
