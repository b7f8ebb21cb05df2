//! What an operator says of a case, and what follows from it.

use super::*;
use watchpost::desk::command::{Command, Said};
use watchpost::desk::event::Sayer;
use watchpost::desk::team::{Member, Notices, Team};
use watchpost::desk::time::Zone;

fn case(number: u32) -> CaseId {
    CaseId { prefix: "EXP".into(), year: 2026, number }
}

impl Office {
    /// What follows from a command; the reason where nothing does.
    pub(super) fn say(&mut self, number: u32, said: Said) -> Vec<String> {
        let on_case = |event: &&Event| event.case == Some(case(number));
        let story = self.log.iter().filter(on_case).cloned().collect();
        let (case, by, person) = (case(number), Sayer::Operator, None);
        let command = Command { case, said, by, person, said_at: self.now, story };
        let refusal = self.desk.refusal(self.now, &command);
        let events = self.take(&Input::Command(Box::new(command)));
        assert_eq!(refusal.is_some(), events.is_empty(), "{refusal:?}");
        refusal.map_or_else(
            || events.iter().map(in_words).collect(),
            |refusal| vec![refusal.to_string()],
        )
    }

    fn merge(&mut self, number: u32, other: u32) -> Vec<String> {
        self.say(number, Said::Merge { other: case(other) })
    }

    fn split(&mut self, number: u32, mail: u32) -> Vec<String> {
        self.say(number, Said::Split { mail })
    }

    /// The desk as the store would tell it: nothing that is known lives in memory alone.
    fn reopen(&mut self) {
        let ids: BTreeSet<&CaseId> = self.log.iter().filter_map(|e| e.case.as_ref()).collect();
        let on_case = |id: &CaseId| {
            Case::replay(self.log.iter().filter(|e| e.case.as_ref() == Some(id))).unwrap()
        };
        let cases: Vec<Case> = ids.into_iter().map(on_case).collect();
        let known: Vec<&Case> = self.desk.books().cases().collect();
        assert_eq!(cases.iter().collect::<Vec<_>>(), known);
    }
}

fn report(from: &str, id: &str, subject: &str) -> Mail {
    mail(from, id, subject, Kind::Complete)
}

const ANN: &str = "ann@acorn.example";
const BO: &str = "bo@oak.example";

/// Ann and Bo reported the same hole, and both know that their reports arrived.
fn two() -> Office {
    let mut office = Office::open();
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    office.now = office.now + Span::hours(1);
    office.receive(report(BO, "b1@oak", "Reading any file"));
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    office.delivery(2, Outcome::Accepted("250 ok".into()));
    office
}

/// The same, and a human saw that.
fn merged() -> Office {
    let mut office = two();
    assert_eq!(office.merge(1, 2), ["1 took in 2", "2 merged into 1"]);
    office
}

/// A mail of the team, as it lies in Sent.
fn answer(office: &mut Office, id: &str, to: &[&str], answers: &str) -> Vec<String> {
    let mut answer = mail("security@project.example", id, "Re: your report", Kind::Other);
    answer.message.to = to.iter().map(|text| address(text)).collect();
    office.role = Role::Sent;
    let told = office.receive(answer.answering(answers));
    office.role = Role::Inbox;
    told
}

#[test]
fn an_operators_word_is_an_answer_once() {
    let mut office = Office::open();
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    assert_eq!(office.say(1, Said::Responded), ["1 responded", "1 withdrawn"]);
    assert!(office.due().is_empty());
    assert_eq!((office.state(1), office.case(1).answered), (State::Answered, Some(office.now)));
    let told = office.say(1, Said::Responded);
    let answered = "the reporter of EXP-2026-0001 was answered on 2026-09-01 12:00 UTC already; \
                    nothing is owed to them";
    assert_eq!(told, [answered]);
    let told = office.say(9, Said::Responded);
    assert_eq!(told, ["there is no case EXP-2026-0009; `watchpost cases` lists them"]);
    office.reopen();
}

#[test]
fn a_held_case_is_answered_by_the_letter_that_it_deserves() {
    let junk = || mail(ANN, "a1@acorn", "Cheap CVEs", Kind::SpamOrJunk);
    let machine = |office: &mut Office| {
        office.reasons = vec![Reason { code: Code::MaybeMachine, detail: "digits".into() }];
    };
    for (mail, doubt, letter) in [
        (junk(), false, "acknowledgement"),
        (Mail { authentication: Authentication::None, ..junk() }, false, "minimal"),
        (mail(ANN, "a1@acorn", "bug", Kind::LinkOnly), true, "ask_resend"),
    ] {
        let mut office = Office::open();
        if doubt {
            machine(&mut office);
        }
        office.receive(mail);
        assert_eq!(office.state(1), State::Held);
        let told = office.say(1, Said::Release);
        assert_eq!(told, ["1 released".to_owned(), format!("1 {letter} to {ANN}")]);
        assert_eq!(office.state(1), State::Received);
        let told = office.say(1, Said::Release);
        let received =
            "EXP-2026-0001 is not held, it is received; only a held case can be released";
        assert_eq!(told, [received]);
        office.delivery(1, Outcome::Accepted("250 ok".into()));
        assert!(office.case(1).acknowledged.is_some());
        office.reopen();
    }
}

#[test]
fn whatever_else_held_it_nothing_goes_to_who_did_not_write_or_to_ourselves() {
    let never = |mail: Mail, why: &str| {
        let mut office = Office::open();
        office.receive(report(BO, "b1@oak", "Reading any file"));
        office.receive(mail);
        assert_eq!(office.state(2), State::Held);
        let told = office.say(2, Said::Release).concat();
        assert!(told.starts_with(&format!("nothing is sent for EXP-2026-0002: {why}")), "{told}");
        assert!(told.ends_with("then say: watchpost do EXP-2026-0002 responded"), "{told}");
        assert_eq!(office.due().len(), 1);
    };
    let forged = |mail: Mail| Mail { authentication: Authentication::Fail, ..mail };
    let disowned = "the sender's domain disowns it";
    never(forged(report(ANN, "a1@acorn", "Path traversal")), disowned);
    // Held because it answers Bo's mail, and forged as well.
    never(forged(mail(ANN, "a1@acorn", "Re: x", Kind::Other).answering("b1@oak")), disowned);
    let ours = mail("security@project.example", "p@p", "Path traversal", Kind::Complete);
    never(ours, "it claims to come from an address of our own");
    let mut null = report(ANN, "a1@acorn", "Path traversal");
    null.message.return_path = Some(ReturnPath::Null);
    never(null, "its return path is empty");
}

#[test]
fn the_caps_hold_for_what_a_person_lets_go() {
    let mut office = Office::open();
    for n in 0..5 {
        let offer = mail(ANN, &format!("{n}@acorn"), &format!("Offer {n}"), Kind::SpamOrJunk);
        office.receive(offer);
    }
    let told: Vec<String> = (1..=5).map(|n| office.say(n, Said::Release).concat()).collect();
    assert!(told.iter().take(3).all(|told| told.contains("acknowledgement")), "{told:?}");
    assert_eq!(told[3..], ["4 released4 deferred", "5 released5 deferred"]);
}

#[test]
fn after_a_merge_the_mail_of_both_joins_one_case() {
    let mut office = merged();
    let letter = office.letter_id(2);
    let more = report(BO, "b2@oak", "Re: Reading any file").answering(&letter);
    assert_eq!(office.receive(more), ["1 joined by OurLetter"]);
    assert_eq!(office.receive(report(BO, "b3@oak", "Re: b").answering("b1@oak")).len(), 1);
    let tagged = report(BO, "b4@oak", "news [EXP-2026-0002]");
    assert_eq!(office.receive(tagged), ["1 joined by SubjectTag"]);
    // Each takes part in all of it.
    let crossed = report(ANN, "a2@acorn", "Re: b").answering("b1@oak");
    assert_eq!(office.receive(crossed), ["1 joined by TheirMail"]);
    let both = {
        let mut mail = report(ANN, "a3@acorn", "Re: both");
        mail.message.references =
            ["a1@acorn", "b1@oak"].iter().filter_map(|id| MessageId::parse(id)).collect();
        mail
    };
    assert_eq!(office.receive(both), ["1 joined by TheirMail"], "two cases, one conversation");
    // Others are strangers as before.
    let eve = report("eve@evil.example", "e@evil", "Re: b").answering("b1@oak");
    let told = office.receive(eve);
    assert_eq!(told, ["3 opened", "3 linked to 1", "3 held: OthersConversation"]);
    assert_eq!(office.state(2), State::Merged);
    office.reopen();
}

#[test]
fn each_reporter_is_owed_an_answer_of_their_own() {
    let mut office = merged();
    office.receive(report(BO, "b2@oak", "Re: b").answering("b1@oak"));
    // To Bo, in answer to a mail that joined Ann's case.
    let told = answer(&mut office, "k1@kim", &[BO], "b2@oak");
    assert_eq!(told, ["2 answered by TheirMail, enough: true"]);
    assert_eq!((office.case(1).answered, office.state(2)), (None, State::Merged));
    assert!(office.case(2).answered.is_some());
    let told = answer(&mut office, "k2@kim", &[ANN], "a1@acorn");
    assert_eq!(told, ["1 answered by TheirMail, enough: true"]);
    assert_eq!(
        answer(&mut office, "k3@kim", &["lee@project.example"], "b2@oak"),
        ["1 discussed: NotToReporter"]
    );
}

#[test]
fn one_answer_to_both_is_the_answer_to_both() {
    let mut office = merged();
    let told = answer(&mut office, "k1@kim", &[ANN, BO], "a1@acorn");
    let both = ["1 answered by TheirMail, enough: true", "2 answered by TheirMail, enough: true"];
    assert_eq!(told, both);
    // So it is where one person reported twice, and the answer names neither report.
    let mut office = Office::open();
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    office.receive(report(ANN, "a2@acorn", "Reading any file"));
    office.merge(2, 1);
    let told = answer(&mut office, "k1@kim", &[ANN], "nobody@knows.example");
    let both = ["1 answered by ToReporter, enough: true", "2 answered by ToReporter, enough: true"];
    let withdrawn = |told: &&String| !told.ends_with("withdrawn");
    assert_eq!(told.iter().filter(withdrawn).collect::<Vec<_>>(), both);
}

#[test]
fn what_was_owed_before_a_merge_is_still_owed() {
    let mut office = Office::open();
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    office.receive(report(BO, "b1@oak", "Reading any file"));
    office.receive(mail("cy@elm.example", "c1@elm", "Offer", Kind::SpamOrJunk));
    office.merge(1, 2);
    office.merge(1, 3);
    assert_eq!(office.due().len(), 2, "neither acknowledgement is taken back");
    assert_eq!(office.delivery(2, Outcome::Accepted("250 ok".into())), ["2 sent"]);
    assert!(office.case(2).acknowledged.is_some());
    let told = office.say(3, Said::Release);
    assert_eq!(told, ["3 released", "3 acknowledgement to cy@elm.example"]);
    assert_eq!(office.say(1, Said::Responded), ["1 responded", "1 withdrawn"]);
    assert_eq!(office.case(2).answered, None, "Bo was not meant");
    assert_eq!(office.say(2, Said::Responded), ["2 responded"]);
}

#[test]
fn a_bounce_after_a_merge_is_about_the_reporter_it_did_not_reach() {
    let mut office = merged();
    let about = MessageId::parse(&office.letter_id(2)).into_iter().collect();
    let mut bounce = mail("mailer-daemon@oak.example", "x@oak", "failure", Kind::Bounce);
    let actions = vec!["failed".into()];
    bounce.message.report = Some(MailReport { actions, about, ..MailReport::default() });
    assert_eq!(office.receive(bounce), ["2 bounced, failed: true"]);
    assert!(office.case(1).acknowledged.is_some() && office.case(2).acknowledged.is_none());
}

#[test]
fn a_merge_that_makes_no_sense_is_told() {
    let mut office = merged();
    office.receive(report("cy@elm.example", "c1@elm", "Another"));
    let refused = |office: &mut Office, number, other, words: &str| {
        let told = office.merge(number, other).concat();
        assert!(told.contains(words), "{told}");
    };
    refused(&mut office, 1, 1, "cannot be merged into itself");
    refused(&mut office, 1, 2, "EXP-2026-0002 was merged into EXP-2026-0001 already");
    refused(&mut office, 2, 1, "EXP-2026-0002 was merged into EXP-2026-0001 already");
    refused(&mut office, 3, 2, "name EXP-2026-0001 instead");
    refused(&mut office, 2, 3, "name EXP-2026-0001 instead");
    refused(&mut office, 1, 9, "there is no case EXP-2026-0009");
    // By two steps it is one conversation all the same.
    assert_eq!(office.merge(3, 1), ["3 took in 1", "1 merged into 3"]);
    refused(&mut office, 2, 3, "EXP-2026-0002 was merged into EXP-2026-0003 already");
    let more = report(BO, "b2@oak", "Re: b").answering("b1@oak");
    assert_eq!(office.receive(more), ["3 joined by TheirMail"]);
    let told = answer(&mut office, "k1@kim", &[BO], "b2@oak");
    assert_eq!(told, ["2 answered by TheirMail, enough: true"]);
}

/// Ann's second report, sent in answer to our letter on the first.
fn wrongly_joined() -> Office {
    let mut office = Office::open();
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    let letter = office.letter_id(1);
    office.now = office.now + Span::hours(30);
    let mut second = report(ANN, "a2@acorn", "Re: Session fixation").answering(&letter);
    second.message.references = MessageId::parse("a1@acorn").into_iter().collect();
    assert_eq!(office.receive(second), ["1 joined by OurLetter"]);
    office
}

#[test]
fn a_mail_that_is_split_off_is_a_case_as_if_it_had_opened_one() {
    let mut office = wrongly_joined();
    let arrived = office.now;
    office.now = office.now + Span::hours(2);
    let told = office.split(1, 2);
    let expected = [
        "2 opened",
        "2 was mail 2 of 1",
        "2 acknowledgement to ann@acorn.example",
        "1 mail 2 became 2",
    ];
    assert_eq!(told, expected);
    assert_eq!(office.case(2).arrived(), arrived);
    assert_eq!(
        promise::response_due(office.case(2), &policy(), office.now),
        arrived + Span::hours(48)
    );
    assert_eq!(office.case(2).opening.subject, "Re: Session fixation");
    assert_eq!(office.case(1).follow_ups, 0);
    let told = office.split(1, 2);
    assert_eq!(
        told,
        ["mail 2 of EXP-2026-0001 became EXP-2026-0002 already; see `watchpost show \
                       EXP-2026-0002`"]
    );
    office.reopen();
}

#[test]
fn after_a_split_each_conversation_goes_on_in_its_own_case() {
    let mut office = wrongly_joined();
    let first_letter = office.letter_id(1);
    office.split(1, 2);
    let more = |id: &str, answers: &str, references: &[&str]| {
        let mut more = mail(ANN, id, "Re: more", Kind::Other).answering(answers);
        more.message.references = references.iter().filter_map(|id| MessageId::parse(id)).collect();
        more
    };
    let ours = office.letter_id(2);
    assert_eq!(office.receive(more("a3@acorn", &ours, &["a2@acorn"])), ["2 joined by OurLetter"]);
    // Its thread names the first case too.
    let whole = ["a1@acorn", first_letter.as_str(), "a2@acorn"];
    assert_eq!(office.receive(more("a4@acorn", "a2@acorn", &whole)), ["2 joined by TheirMail"]);
    let told = answer(&mut office, "k@kim", &[ANN], "a4@acorn");
    assert_eq!(told.first().unwrap(), "2 answered by TheirMail, enough: true");
    assert_eq!(office.case(1).answered, None);
    let told = office.receive(more("a5@acorn", &first_letter, &["a1@acorn"]));
    assert_eq!(told, ["1 joined by OurLetter"]);
}

#[test]
fn a_team_answer_to_the_thread_of_a_mail_that_was_split_off_is_about_the_new_case() {
    let mut office = wrongly_joined();
    let letter = office.letter_id(1);
    office.split(1, 2);
    let mut answer = mail("security@project.example", "k@kim", "Re: x", Kind::Other);
    answer.message.to = vec![address(ANN)];
    answer.message.references =
        ["a1@acorn", letter.as_str()].iter().filter_map(|id| MessageId::parse(id)).collect();
    office.role = Role::Sent;
    let told = office.receive(answer.answering("a2@acorn"));
    assert_eq!(told, ["2 answered by TheirMail, enough: true", "2 withdrawn"]);
}

#[test]
fn a_newcomers_mail_becomes_their_own_case_and_they_are_told_of_it() {
    let mut office = Office::open();
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    let letter = office.letter_id(1);
    assert_eq!(
        office.receive(report(BO, "b1@oak", "Re: x").answering(&letter)),
        ["1 joined by Guest"]
    );
    let told = office.split(1, 2);
    assert_eq!(told.get(2).unwrap(), "2 acknowledgement to bo@oak.example");
    assert!(office.case(2).is_reporter(&address(BO)) && !office.case(1).takes_part(&address(BO)));
}

#[test]
fn a_mail_that_no_machine_answers_is_held_when_it_is_split_off() {
    let mut office = Office::open();
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    let junk = mail(ANN, "a2@acorn", "Re: offer", Kind::SpamOrJunk).answering("a1@acorn");
    office.receive(junk);
    let told = office.split(1, 2);
    assert_eq!(told.get(2).unwrap(), "2 held: Junk");
    let unproven = mail(ANN, "a3@acorn", "Re: x", Kind::FollowUp).answering("a1@acorn");
    office.receive(Mail { authentication: Authentication::None, ..unproven });
    assert_eq!(office.split(1, 3).get(2).unwrap(), "3 minimal to ann@acorn.example");
}

#[test]
fn the_text_that_a_split_takes_away_is_missing_again() {
    let mut office = Office::open();
    office.receive(mail(ANN, "a1@acorn", "bug", Kind::LinkOnly));
    office.delivery(1, Outcome::Accepted("250".into()));
    office.receive(report(ANN, "a2@acorn", "Re: bug").answering("a1@acorn"));
    assert_eq!(office.state(1), State::Acknowledged);
    office.split(1, 2);
    assert_eq!(office.state(1), State::Provisional);
}

#[test]
fn a_split_that_makes_no_sense_is_told() {
    let mut office = merged();
    let away = mail(ANN, "a2@acorn", "Away", Kind::Automatic).answering("a1@acorn");
    assert_eq!(office.receive(away), ["1 joined by TheirMail"]);
    answer(&mut office, "k@kim", &[ANN], "a1@acorn");
    let refused = |office: &mut Office, mail, words: &str| {
        let told = office.split(1, mail).concat();
        assert!(told.contains(words), "{told}");
    };
    refused(&mut office, 1, "watchpost do OTHER merge EXP-2026-0001");
    refused(&mut office, 2, "a machine wrote mail 2 of EXP-2026-0001");
    refused(&mut office, 3, "mail 3 of EXP-2026-0001 is an answer or a delivery report");
    refused(&mut office, 4, "has no mail 4; `watchpost show EXP-2026-0001` numbers them");
    refused(&mut office, 0, "has no mail 0");
    assert_eq!(
        office.split(9, 1),
        ["there is no case EXP-2026-0009; `watchpost cases` lists them"]
    );
}

#[test]
fn what_a_reporter_quotes_after_a_merge_is_asked_about_on_their_own_case() {
    let addresses = vec![address("kim@project.example")];
    let kim = Member { name: "kim".into(), addresses, zone: Zone::UTC, away: Vec::new() };
    let team = Team { lead: Some(kim), notices: Notices::None, ..Team::default() };
    let mut office = Office::of(Policy { team, ..policy() });
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    office.receive(report(BO, "b1@oak", "Reading any file"));
    office.merge(1, 2);
    let mut quoting = report(BO, "b2@oak", "Re: b").answering("unseen@phone.example");
    quoting.message.references = MessageId::parse("b1@oak").into_iter().collect();
    let told = office.receive(quoting);
    assert_eq!(told[..2], ["1 joined by TheirMail", "2 quoted <unseen@phone.example>"]);
}

#[test]
fn no_missed_promise_is_told_to_an_address_that_is_held_because_its_case_was_merged() {
    let mut office = Office::of(Policy { tell_missed: true, ..policy() });
    office.receive(report(BO, "b1@oak", "Reading any file"));
    office.delivery(1, Outcome::Accepted("250 ok".into()));
    let forged = report(ANN, "a1@acorn", "Path traversal");
    office.receive(Mail { authentication: Authentication::Fail, ..forged });
    assert_eq!(office.merge(1, 2), ["1 took in 2", "2 merged into 1"]);
    office.now = office.now + Span::hours(49);
    let told: Vec<String> = office.take(&Input::Time).iter().map(in_words).collect();
    assert!(told.contains(&"2 breach of Response".to_owned()), "{told:?}");
    assert!(told.iter().any(|told| told.ends_with(BO)), "{told:?}");
    assert!(!told.iter().any(|told| told.ends_with(ANN)), "{told:?}");
}

#[test]
fn where_further_word_is_promised_an_operator_can_say_that_it_was_given() {
    let promised = Policy { update: Some(Span::hours(24)), ..policy() };
    let mut office = Office::of(promised);
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    office.say(1, Said::Responded);
    office.now = office.now + Span::hours(20);
    assert_eq!(office.say(1, Said::Responded), ["1 responded"]);
    assert_eq!(office.case(1).last_answer, Some(office.now));
}

#[test]
fn whatever_a_mail_that_joins_says_fits_into_a_row_and_so_does_the_case_that_it_becomes() {
    let mut office = Office::open();
    office.receive(report(ANN, "a1@acorn", "Path traversal"));
    let long = "\u{10ffff}".repeat(100_000);
    let mut huge = report(ANN, &format!("{}@acorn", "\\".repeat(240)), &long).answering("a1@acorn");
    huge.message.from[0].name = long.clone();
    huge.message.text = (0..4000).map(|n| n.to_string()).collect::<Vec<_>>().join(" word ");
    let host = format!("{}example", format!("{}.", "h".repeat(60)).repeat(3));
    huge.message.cc = (0..20).map(|n| mailbox(&format!("{n}{}@{host}", "l".repeat(50)))).collect();
    office.reasons =
        (0..20).map(|_| Reason { code: Code::OnlyLinks, detail: long.clone() }).collect();
    office.figures.hosts = vec![long.clone(); 20];
    office.figures.files = vec![long; 20];
    assert_eq!(office.receive(huge), ["1 joined by TheirMail"]);
    assert_eq!(office.split(1, 2).first().unwrap(), "2 opened");
    assert!(office.largest_row < MAX_VALUE, "{}", office.largest_row);
}
