//! Commands that a member says by answering a notice.

use super::team::{acknowledged, answer, notice_id, reply, staffed};
use super::*;
use watchpost::desk::team::Notices;

const KIM: &str = "kim@project.example";

/// An office in which kim can answer the notice of a report.
fn noticed() -> (Office, String) {
    let office = acknowledged(staffed(Notices::Facts));
    let notice = notice_id(&office, "report");
    (office, notice)
}

fn says(office: &mut Office, notice: &str, id: &str, text: &str) -> Vec<String> {
    let mail = reply(KIM, id).to(&["security@project.example"], &[]).saying(text).answering(notice);
    office.receive(mail)
}

#[test]
fn a_command_alone_in_an_answer_to_a_notice_is_done_and_its_sender_hears_so() {
    let (mut office, notice) = noticed();
    let text = "Need-info\n\nKim\n\n> To answer, find that mail\n> in your mail program";
    let told = says(&mut office, &notice, "k1@kim", text);
    let expected = [
        "1 command",
        "1 waits",
        "1 waiting to ann@acorn.example",
        "1 commanded to kim@project.example",
    ];
    assert_eq!(told, expected);
    assert_eq!(office.state(1), State::Waiting);
    let told = says(&mut office, &notice, "k2@kim", "close");
    assert_eq!(told, ["1 command", "1 closed", "1 commanded to kim@project.example"]);
    let again = says(&mut office, &notice, "k3@kim", "close");
    assert!(again[0].starts_with("1 command refused: EXP-2026-0001 was closed on"), "{again:?}");
    assert_eq!(again[1], "1 commanded to kim@project.example");
}

#[test]
fn whoever_says_take_handles_the_case_and_is_there_again() {
    let (mut office, notice) = noticed();
    office.reasons = vec![Reason { code: Code::AbsenceWords, detail: String::new() }];
    let mut away = reply(KIM, "o@kim").to(&["security@project.example"], &[]);
    away.kind = Kind::Automatic;
    office.receive(away.answering(&notice));
    office.reasons.clear();
    let told = says(&mut office, &notice, "k1@kim", "Take");
    let expected =
        ["1 command", "1 taken by kim", "kim back", "1 commanded to kim@project.example"];
    assert_eq!(told, expected);
    let told = says(&mut office, &notice, "k2@kim", "take lee");
    assert_eq!(told[1], "1 taken by lee");
    assert_eq!(office.case(1).handler.as_deref(), Some("lee"));
}

#[test]
fn the_copy_in_sent_says_nothing_twice() {
    let (mut office, notice) = noticed();
    says(&mut office, &notice, "k1@kim", "close");
    office.say(1, watchpost::desk::command::Said::Reopen);
    office.role = Role::Sent;
    assert!(says(&mut office, &notice, "k1@kim", "close").is_empty());
    assert_eq!(office.state(1), State::Acknowledged);
}

#[test]
fn a_sentence_is_no_command_and_a_misspelt_one_is_told_once() {
    let (mut office, notice) = noticed();
    for (n, text) in
        ["close to a fix, I think", "thanks", "take care of it please, somebody\nclose"]
            .iter()
            .enumerate()
    {
        let told = says(&mut office, &notice, &format!("t{n}@kim"), text);
        assert_eq!(told, ["1 discussed: NotToReporter"], "{text}");
    }
    let told = says(&mut office, &notice, "m@kim", "needinfo");
    assert!(told[0].starts_with("1 command refused: there is no command needinfo; there are"));
    let correction = notice_id(&office, "commanded");
    let told = says(&mut office, &correction, "m2@kim", "needinfos");
    assert_eq!(told, ["1 discussed: NotToReporter"], "a machine may answer, and is not answered");
    assert_eq!(says(&mut office, &correction, "m3@kim", "need-info")[1], "1 waits");
}

#[test]
fn nobody_else_can_command_and_what_goes_to_the_reporter_is_an_answer() {
    let (mut office, notice) = noticed();
    let mut forged = reply(KIM, "f@evil").to(&["security@project.example"], &[]).saying("close");
    forged.authentication = Authentication::None;
    assert_eq!(office.receive(forged.answering(&notice)), ["1 discussed: Unproven"]);
    let stranger = reply("eve@evil.example", "e@evil").saying("close").answering(&notice);
    assert!(!office.receive(stranger).iter().any(|line| line.contains("closed")));
    office.role = Role::Sent;
    let to_ann = answer("a@kim").saying("close");
    assert_eq!(
        office.receive(to_ann.answering(&notice))[0],
        "1 answered by OurLetter, enough: true"
    );
    office.role = Role::Inbox;
    let mut away = reply(KIM, "o@kim").to(&["security@project.example"], &[]).saying("close");
    away.kind = Kind::Automatic;
    office.reasons = vec![Reason { code: Code::AutoSubmitted, detail: String::new() }];
    let told = office.receive(away.answering(&notice));
    assert_eq!(told, ["1 discussed: Automatic", "kim away until 2026-09-08T12:00:00Z"]);
    assert_ne!(office.state(1), State::Closed);
}

#[test]
fn a_yes_in_any_language_to_a_question_is_no_misspelt_command() {
    for (n, yes) in ["ja", "Oui", "Si", "y", "answered"].iter().enumerate() {
        let (mut office, _) = noticed();
        let asks = mail("ann@acorn.example", "2@acorn.example", "Re: A hole", Kind::FollowUp);
        let mut asks = asks.answering("1@acorn.example");
        asks.message.in_reply_to.extend(MessageId::parse("x@elsewhere.example"));
        office.receive(asks);
        let question = notice_id(&office, "was_it_you");
        let told = says(&mut office, &question, &format!("y{n}@kim"), yes);
        assert_eq!(told[0], "1 vouched", "{yes}");
    }
}

#[test]
fn a_long_word_is_not_sent_back() {
    let (mut office, notice) = noticed();
    for (n, text) in
        ["a".repeat(10_000), format!("embargo a-{}", "a".repeat(10_000))].iter().enumerate()
    {
        let told = says(&mut office, &notice, &format!("l{n}@kim"), text);
        assert_eq!(told, ["1 discussed: NotToReporter"]);
    }
}

#[test]
fn responded_counts_from_the_arrival_of_the_mail_that_says_so() {
    let (mut office, notice) = noticed();
    let begin = office.now;
    office.now = begin + Span::hours(100);
    office.arrived = Some(begin + Span::hours(40));
    says(&mut office, &notice, "r@kim", "responded");
    assert_eq!(office.case(1).answered, Some(begin + Span::hours(40)));
}

#[test]
fn what_takes_the_numbers_of_mails_is_said_on_the_machine() {
    let (mut office, notice) = noticed();
    let told = says(&mut office, &notice, "s@kim", "split 1");
    assert!(told[0].starts_with("1 command refused: this cannot be said by mail"), "{told:?}");
}
