//! The address that each case has of its own: who may write to it, and what comes back to it.

use watchpost::desk::letter::Letter;
use watchpost::desk::team::{Member, Notices, Team};
use watchpost::desk::time::Zone;
use watchpost::desk::wording::{self, Wording};

use super::*;

impl Office {
    /// The first letter of a case, as it leaves.
    pub(super) fn letter(&self, case: u32) -> Letter {
        let case = self.case(case);
        let id = case.letters.keys().next().unwrap();
        let wording = Wording::shipped();
        let letter = wording::write(
            &wording,
            &policy(),
            case,
            &[],
            self.desk.books().absences(),
            id,
            self.now,
        )
        .unwrap();
        self.desk.addressed(letter.letter)
    }

    /// Where the letters of a case are answered.
    fn address(&self, case: u32) -> Address {
        self.letter(case).reply_to.unwrap()
    }
}

/// An office with one acknowledged case, of Kim.
fn with_a_case() -> (Office, Address) {
    let mut office = Office::open();
    office.receive(mail("kim@acorn.example", "1@acorn", "Path traversal", Kind::Complete));
    office.delivery(1, Outcome::Accepted("250".into()));
    let address = office.address(1);
    (office, address)
}

fn sent_to(address: &Address, mut mail: Mail) -> Mail {
    mail.message.to = vec![address.clone()];
    mail
}

fn bounce_to(address: &Address, action: &str) -> Mail {
    let mut bounce = mail("mailer-daemon@acorn.example", "b@acorn", "failure", Kind::Bounce);
    bounce.message.return_path = Some(ReturnPath::Null);
    let actions = vec![action.to_owned()];
    bounce.message.report = Some(MailReport { actions, ..MailReport::default() });
    sent_to(address, bounce)
}

#[test]
fn a_letter_to_the_reporter_is_answered_and_returned_at_the_address_of_its_case() {
    let (office, address) = with_a_case();
    let letter = office.letter(1);
    assert!(address.to_string().starts_with("security+exp-2026-0001-"), "{address}");
    assert_eq!((&letter.reply_to, &letter.envelope_from), (&Some(address.clone()), &address));
    assert_eq!(letter.from.address, policy().from.address, "the author stays the published one");
    // Nobody but the reporter is given it, and nobody where mail to it would be lost.
    let to_another = Letter { to: mailbox("lead@project.example"), ..office.letter(1) };
    let plain = Letter { reply_to: None, ..to_another };
    assert_eq!(office.desk.addressed(plain.clone()), plain);
    let keys = Keys::new(vec![[9; 32]]).unwrap();
    let without = Policy { subaddressing: false, ..policy() };
    let past = Past { cases: vec![office.case(1).clone()], ..Past::default() };
    let desk = Desk::open(vec![without], keys, Caps::default(), past);
    let plain = Letter { reply_to: None, ..office.letter(1) };
    assert_eq!(desk.addressed(plain).reply_to, None);
}

#[test]
fn an_answer_joins_by_the_address_where_a_relay_put_another_id_in_the_place_of_ours() {
    let (mut office, address) = with_a_case();
    let answer = || {
        mail("kim@acorn.example", "2@acorn", "AW: something else", Kind::Complete)
            .answering("0100018f-4c1e-000000@email.relay.example")
    };
    assert_eq!(office.receive(sent_to(&address, answer())), ["1 joined by OurAddress"]);
    // However the address is written, and wherever it stands.
    let shouted = Address::parse(&address.to_string().to_uppercase()).unwrap();
    assert_eq!(office.receive(sent_to(&shouted, answer())), ["1 joined by OurAddress"]);
    let mut copied = answer();
    copied.message.cc.push(Mailbox { name: String::new(), address: address.clone() });
    assert_eq!(office.receive(copied), ["1 joined by OurAddress"]);
    let mut delivered = answer();
    delivered.message.delivered_to.push(address.clone());
    assert_eq!(office.receive(delivered), ["1 joined by OurAddress"]);
    // Our own Message-ID is the surer one.
    let letter = office.letter_id(1);
    let both = sent_to(&address, answer().answering(&letter));
    assert_eq!(office.receive(both), ["1 joined by OurLetter"]);
}

#[test]
fn a_new_mail_to_the_address_goes_on_with_the_case_and_one_to_the_published_address_does_not() {
    let (mut office, address) = with_a_case();
    let fresh = |id| mail("kim@acorn.example", id, "A way around the fix", Kind::Complete);
    assert_eq!(office.receive(sent_to(&address, fresh("2@acorn"))), ["1 joined by OurAddress"]);
    assert_eq!(office.receive(fresh("3@acorn"))[0], "2 opened");
}

#[test]
fn who_holds_the_address_without_taking_part_is_a_guest() {
    let (mut office, address) = with_a_case();
    let guest = mail("bo@friend.example", "b@friend", "hello", Kind::Complete);
    assert_eq!(office.receive(sent_to(&address, guest)), ["1 joined by Guest"]);
    // In the name of the reporter, and disowned by the reporter's domain.
    let forged = mail("kim@acorn.example", "e@evil", "hello", Kind::Complete);
    let forged = Mail { authentication: Authentication::Fail, ..forged };
    let told = office.receive(sent_to(&address, forged));
    assert_eq!(told, ["2 opened", "2 linked to 1", "2 held: OthersConversation"]);
}

#[test]
fn an_address_that_was_not_made_for_this_case_says_nothing() {
    let (mut office, address) = with_a_case();
    let guess = |address: &Address| {
        let (tagged, mac) = address.local().rsplit_once('-').unwrap();
        let turned: String = mac.chars().rev().collect();
        Address::parse(&format!("{tagged}-{turned}@{}", address.domain())).unwrap()
    };
    let stranger = mail("eve@evil.example", "e1@evil", "hello", Kind::Complete);
    let told = office.receive(sent_to(&guess(&address), stranger));
    assert_eq!(told, ["2 opened", "2 acknowledgement to eve@evil.example"]);
    // A restored backup gave the number out again: the address is of the case that is gone.
    let mut restored = Office::open();
    restored.receive(mail("bo@friend.example", "other@friend", "Other report", Kind::Complete));
    assert_ne!(restored.address(1), address);
    let late = mail("kim@acorn.example", "2@acorn", "More of it", Kind::Complete);
    let told = restored.receive(sent_to(&address, late));
    assert_eq!(told, ["2 opened", "2 acknowledgement to kim@acorn.example"]);
}

#[test]
fn an_absence_note_to_the_address_is_noted_on_the_case() {
    let (mut office, address) = with_a_case();
    let mut absence = mail("kim@acorn.example", "2@acorn", "Out of office", Kind::Automatic);
    absence.message.return_path = Some(ReturnPath::Null);
    assert_eq!(office.receive(sent_to(&address, absence)), ["1 joined by OurAddress"]);
    assert_eq!(office.state(1), State::Acknowledged);
}

#[test]
fn a_delivery_report_that_names_no_mail_is_about_the_letter_of_the_address_it_came_to() {
    let (mut office, address) = with_a_case();
    let told = office.receive(bounce_to(&address, "delayed"));
    assert_eq!(told, ["1 bounced, failed: false"]);
    // A report that has a sender is none.
    let mut forged = bounce_to(&address, "failed");
    forged.message.return_path = Some(ReturnPath::Address(mailbox("eve@evil.example").address));
    assert_eq!(office.receive(forged), ["set aside: bounce"]);
    assert_eq!(office.state(1), State::Acknowledged);
    let told = office.receive(bounce_to(&address, "failed"));
    assert_eq!(told, ["1 bounced, failed: true"]);
    assert_eq!(office.state(1), State::Unreached);
}

#[test]
fn a_combined_letter_that_comes_back_reopens_every_case_that_it_acknowledged() {
    let mut office = Office::open();
    for n in 1..=5 {
        let (id, subject) = (format!("{n}@acorn"), format!("bug {n}"));
        office.receive(mail("kim@acorn.example", &id, &subject, Kind::Complete));
    }
    pass(&mut office, 48);
    assert!((1..=5).all(|case| office.state(case) == State::Acknowledged));
    let combined = office.address(4);
    let mut told = office.receive(bounce_to(&combined, "failed"));
    told.sort();
    assert_eq!(told, ["4 bounced, failed: true", "5 bounced, failed: true"]);
}

/// The same, with somebody to ask.
fn with_a_lead() -> (Office, Address) {
    let mut office = Office::open();
    let lead = Member {
        name: "lead".into(),
        addresses: vec![address("lead@project.example")],
        zone: Zone::UTC,
        away: Vec::new(),
    };
    let team = Team { lead: Some(lead), notices: Notices::None, ..Team::default() };
    let keys = Keys::new(vec![[9; 32]]).unwrap();
    let policy = Policy { team, ..policy() };
    office.desk = Desk::open(vec![policy], keys, Caps::default(), Past::default());
    office.receive(mail("kim@acorn.example", "1@acorn", "Path traversal", Kind::Complete));
    office.delivery(1, Outcome::Accepted("250".into()));
    let address = office.address(1);
    (office, address)
}

#[test]
fn an_id_that_a_relay_gave_our_letter_is_not_taken_for_an_answer_of_the_team() {
    let (mut office, address) = with_a_lead();
    let answer = |id| {
        mail("kim@acorn.example", id, "AW: Path traversal", Kind::Complete)
            .answering("0100018f-4c1e-000000@email.relay.example")
    };
    assert_eq!(office.receive(sent_to(&address, answer("2@acorn"))), ["1 joined by OurAddress"]);
    // Sent elsewhere, it may be the answer to a mail that we did not see.
    let told = office.receive(answer("3@acorn"));
    assert!(told[1].starts_with("1 quoted"), "{told:?}");
}

#[test]
fn the_team_answers_the_reporter_with_a_copy_to_the_address() {
    let (mut office, address) = with_a_lead();
    let mut answer = mail("lead@project.example", "2@project", "Fixed", Kind::Other);
    answer.message.to = vec![mailbox("kim@acorn.example").address];
    answer.message.cc = vec![Mailbox { name: String::new(), address }];
    assert_eq!(office.receive(answer), ["1 answered by OurAddress, enough: true"]);
}
