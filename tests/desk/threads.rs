//! What binds a mail to a case, beside the ids and addresses that we made ourselves.

use super::*;

/// How Outlook names a conversation: when it began, a number nobody else has, and five bytes for each
/// answer.
fn thread_index(conversation: u8, answers: usize) -> Vec<u8> {
    let mut index = vec![1, 0xda, 0x5b, 0x11, 0x22, 0x33];
    index.extend([conversation; 16]);
    index.extend([7; 5].repeat(answers));
    index
}

fn counted(mut mail: Mail, conversation: u8, answers: usize) -> Mail {
    mail.message.thread_index = thread_index(conversation, answers);
    mail
}

fn none(mail: Mail) -> Mail {
    Mail { authentication: Authentication::None, ..mail }
}

fn complete(from: &str, id: &str, subject: &str) -> Mail {
    mail(from, id, subject, Kind::Complete)
}

const KIM: &str = "kim@acorn.example";

#[test]
fn outlook_without_any_id_goes_on_with_its_conversation_under_a_new_subject() {
    let mut office = Office::open();
    office.receive(counted(complete(KIM, "1@acorn", "Path traversal"), 1, 0));
    office.receive(counted(complete(KIM, "2@acorn", "Session fixation"), 2, 0));
    let more = |id, conversation| counted(complete(KIM, id, "News of it"), conversation, 1);
    assert_eq!(office.receive(more("3@acorn", 2)), ["2 joined by Conversation"]);
    assert_eq!(office.receive(more("4@acorn", 1)), ["1 joined by Conversation"]);
}

#[test]
fn the_conversation_of_a_follow_up_is_known_as_well() {
    let mut office = Office::open();
    office.receive(complete(KIM, "1@acorn", "Path traversal"));
    let letter = office.letter_id(1);
    office.receive(counted(complete(KIM, "2@acorn", "AW: it").answering(&letter), 1, 1));
    let more = counted(complete(KIM, "3@acorn", "Something new"), 1, 2);
    assert_eq!(office.receive(more), ["1 joined by Conversation"]);
}

#[test]
fn a_conversation_proves_nothing_of_a_stranger_or_of_a_forger() {
    let mut office = Office::open();
    office.receive(counted(complete(KIM, "1@acorn", "Path traversal"), 1, 0));
    let stranger = counted(complete("eve@evil.example", "e1@evil", "hello"), 1, 1);
    let told = office.receive(stranger);
    assert_eq!(told, ["2 opened", "2 linked to 1", "2 acknowledgement to eve@evil.example"]);
    let forged = counted(complete(KIM, "e2@evil", "hello"), 1, 1);
    let forged = Mail { authentication: Authentication::Fail, ..forged };
    assert_eq!(office.receive(forged)[..2], ["3 opened", "3 linked to 1"]);
}

#[test]
fn an_id_is_surer_than_the_conversation_that_two_cases_share() {
    // A colleague forwards the report in the same conversation, and so opens a case too.
    let mut office = Office::open();
    let mut first = counted(complete(KIM, "1@acorn", "Path traversal"), 1, 0);
    first.message.cc = vec![mailbox("bo@acorn.example")];
    office.receive(first);
    let bo = |id, subject| complete("bo@acorn.example", id, subject);
    office.receive(bo("2@acorn", "Another hole"));
    let letter = office.letter_id(2);
    let answer = counted(bo("3@acorn", "AW: Another hole").answering(&letter), 1, 1);
    assert_eq!(office.receive(answer), ["2 joined by OurLetter"]);
    let answer = counted(bo("4@acorn", "AW: Path traversal").answering("1@acorn"), 1, 1);
    assert_eq!(office.receive(answer), ["1 joined by TheirMail"]);
}

#[test]
fn a_report_that_begins_a_conversation_is_a_report_even_if_its_program_always_names_the_same() {
    let mut office = Office::open();
    office.receive(counted(complete(KIM, "1@acorn", "Path traversal"), 1, 0));
    let told = office.receive(counted(complete(KIM, "2@acorn", "Session fixation"), 1, 0));
    assert_eq!(told[0], "2 opened");
}

#[test]
fn what_a_guest_sends_ties_no_conversation() {
    let mut office = Office::open();
    office.receive(complete(KIM, "1@acorn", "Path traversal"));
    let letter = office.letter_id(1);
    let guest = complete("bo@friend.example", "b@friend", "hello").answering(&letter);
    assert_eq!(office.receive(counted(guest, 5, 1)), ["1 joined by Guest"]);
    let other = counted(complete(KIM, "2@acorn", "Another one"), 5, 1);
    assert_eq!(office.receive(other)[0], "2 opened");
}

#[test]
fn who_is_known_to_be_authentic_guesses_nothing_without() {
    let mut office = Office::open();
    office.receive(complete(KIM, "1@acorn", "Path traversal"));
    for (id, subject) in [("e1@evil", "news [EXP-2026-0001]"), ("e2@evil", "Re: Path traversal")] {
        let told = office.receive(none(mail(KIM, id, subject, Kind::Other)));
        assert!(told[0].ends_with("opened") && told[1].ends_with("linked to 1"), "{told:?}");
    }
    let letter = office.letter_id(1);
    let holds_the_letter = none(complete(KIM, "2@acorn", "AW: it").answering(&letter));
    assert_eq!(office.receive(holds_the_letter), ["1 joined by OurLetter"]);
    let knows_the_mail = none(complete(KIM, "3@acorn", "AW: it").answering("1@acorn"));
    assert_eq!(office.receive(knows_the_mail), ["1 joined by TheirMail"]);
}

#[test]
fn who_never_was_authentic_goes_on_by_subject_as_ever() {
    let mut office = Office::open();
    office.receive(none(complete(KIM, "1@acorn", "Path traversal")));
    let tagged = none(mail(KIM, "2@acorn", "news [EXP-2026-0001]", Kind::Other));
    assert_eq!(office.receive(tagged), ["1 joined by SubjectTag"]);
}

#[test]
fn only_the_reporter_and_the_team_put_people_on_a_conversation() {
    let mut office = Office::open();
    let mut first = complete(KIM, "1@acorn", "Path traversal");
    first.message.cc = vec![mailbox("bo@acorn.example")];
    office.receive(first);
    let mut widens =
        mail("bo@acorn.example", "2@acorn", "Re: Path traversal", Kind::Other).answering("1@acorn");
    widens.message.cc = vec![mailbox("eve@evil.example")];
    assert_eq!(office.receive(widens), ["1 joined by TheirMail"]);
    let eve =
        mail("eve@evil.example", "3@evil", "Re: Path traversal", Kind::Other).answering("1@acorn");
    assert_eq!(office.receive(eve)[0], "2 opened");
}

#[test]
fn a_long_subject_that_a_program_cut_is_still_the_same() {
    let mut office = Office::open();
    let long = "The static handler of the server serves files outside of its root ".repeat(8);
    office.receive(complete(KIM, "1@acorn", &long));
    let cut: String = long.chars().take(250).collect();
    let answer = mail(KIM, "2@acorn", &format!("Re: {cut}"), Kind::Other);
    assert_eq!(office.receive(answer), ["1 joined by SameSubject"]);
}

#[test]
fn a_tag_in_the_address_makes_no_other_person() {
    let mut office = Office::open();
    office.receive(complete("kim+bugs@acorn.example", "1@acorn", "Path traversal"));
    let more = mail(KIM, "2@acorn", "AW: it", Kind::Other).answering("1@acorn");
    assert_eq!(office.receive(more), ["1 joined by TheirMail"]);
    let more = mail(KIM, "3@acorn", "AW: Path traversal", Kind::Other);
    assert_eq!(office.receive(more), ["1 joined by SameSubject"]);
    let stranger = mail("kimberly@acorn.example", "4@acorn", "AW: it", Kind::Other);
    assert_eq!(office.receive(stranger.answering("1@acorn"))[0], "2 opened");
}
