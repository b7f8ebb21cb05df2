//! The net below the decision: what it cannot say, and what no row takes.

use super::*;
use crate::config;
use crate::desk::books::Past;
use crate::desk::event::MailRef;
use crate::desk::folder::Role;
use crate::desk::judge::judge_in;
use crate::desk::keys::Keys;
use crate::desk::letter::LetterId;
use crate::desk::outbox::Outcome;
use crate::desk::parse::parse;
use crate::desk::reason::HoldReason;
use crate::desk::thread::mail_key;

const CONFIG: &str = "project = { name = \"P\", case_prefix = \"P\" }\n\
    smtp.host = \"localhost\"\n\
    imap = { host = \"localhost\", user = \"u\", password = { file = \"/p\" } }\n\
    [[inbox]]\nname = \"security\"\nkind = \"dedicated\"\nrecipients = [\"s@p.example\"]\n";

fn desk() -> Desk {
    let settings = config::parse("config.toml", CONFIG).unwrap();
    let policies = settings.inboxes.iter().map(|inbox| inbox.policy.clone()).collect();
    Desk::open(policies, Keys::new(vec![[7; 32]]).unwrap(), settings.caps, Past::default())
}

fn mail(uid: u32, subject: &str) -> (TieKey, Incoming) {
    let policies = config::parse("config.toml", CONFIG).unwrap().inboxes;
    let policy = &policies.first().unwrap().policy;
    let text = format!(
        "From: <ann@acorn.example>\r\nTo: s@p.example\r\nSubject: {subject}\r\n\
         Message-ID: <{uid}@acorn.example>\r\n\r\nThe session id stays the same after the \
         login, so that an attacker who knows it before is logged in.\r\n"
    );
    let message = parse(text.as_bytes(), true);
    let key = mail_key("P", &message, text.as_bytes());
    let (judged, reading) = judge_in(message, Role::Inbox, policy);
    let folder = Folder { inbox: policy.inbox.clone(), name: "INBOX".into(), role: Role::Inbox };
    let incoming = Incoming {
        mail: MailRef {
            folder,
            uid_validity: 1,
            uid,
            message_id: judged.message.ids.first().cloned(),
            arrived: Moment::from_unix(1_800_000_000),
            size: 400,
        },
        message: judged.message,
        verdict: judged.verdict,
        authentication: judged.authentication,
        witness: None,
        claimed_by: None,
        reading,
        recorded: false,
        tied: Vec::new(),
    };
    (key, incoming)
}

/// Works through an ordinary mail, this one, and another ordinary one; tells of each case that
/// was opened which subject it has, and whether a human has to look since nobody could read it.
fn batch(
    rule: fn(&Desk, Moment, &Input) -> Vec<Event>,
    subject: &str,
) -> (Draft, Vec<(String, bool)>) {
    let mut draft = Draft::of(&desk(), Moment::from_unix(1_800_000_060));
    draft.rule = rule;
    let found = Found { recorded: BTreeSet::new(), tied: BTreeMap::new(), closed: Vec::new() };
    for (uid, subject) in [(1, "first"), (2, subject), (3, "third")] {
        let (key, incoming) = mail(uid, subject);
        let taken = draft.take_mail(&Wording::shipped(), key, &[], &found, incoming);
        assert!(taken.unwrap());
        // The row that says that this mail has its decision.
        assert!(draft.mails.contains(&key));
    }
    let unreadable = |case: &Option<CaseId>| {
        draft.events.iter().any(|event| {
            let held = Fact::Held { why: HoldReason::Unreadable };
            event.case == *case && event.fact == held
        })
    };
    let cases = draft.events.iter().filter_map(|event| match &event.fact {
        Fact::Opened(opening) => Some((opening.subject.clone(), unreadable(&event.case))),
        _ => None,
    });
    let cases = cases.collect();
    (draft, cases)
}

fn panics(desk: &Desk, now: Moment, input: &Input) -> Vec<Event> {
    if let Input::Mail(incoming) = input {
        assert_ne!(incoming.message.subject, "panic");
    }
    desk.decide(now, input)
}

#[test]
fn a_mail_over_which_the_decision_stumbles_is_put_before_a_human_and_the_others_go_on() {
    let ordinary = [("first", false), ("second", false), ("third", false)];
    let told = ordinary.map(|(subject, held)| (subject.to_owned(), held)).to_vec();
    assert_eq!(batch(panics, "second").1, told);
    let told = [("first", false), ("", true), ("third", false)];
    let told = told.map(|(subject, held)| (subject.to_owned(), held)).to_vec();
    assert_eq!(batch(panics, "panic").1, told);
}

/// What is opened gets a text that no row takes; where nothing makes it smaller, a name instead.
fn swells(desk: &Desk, now: Moment, input: &Input) -> Vec<Event> {
    let mut events = desk.decide(now, input);
    for event in &mut events {
        let Fact::Opened(opening) = &mut event.fact else { continue };
        match opening.subject.as_str() {
            "long" => opening.subject = "long ".repeat(4000),
            "huge" => {
                let id = CaseId { prefix: "P".repeat(20_000), year: 2027, number: 2 };
                event.case = Some(id);
            }
            _ => {}
        }
    }
    events
}

#[test]
fn what_no_row_takes_is_cut_down_or_put_before_a_human() {
    let (draft, told) = batch(swells, "long");
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|(_, held)| !held), "{told:?}");
    assert!(told.iter().any(|(subject, _)| subject.starts_with("long long ")), "{told:?}");
    assert!(draft.events.iter().all(fit::fits));

    let (draft, told) = batch(swells, "huge");
    let expected = [("first", false), ("", true), ("third", false)];
    let expected = expected.map(|(subject, held)| (subject.to_owned(), held)).to_vec();
    assert_eq!(told, expected);
    assert!(draft.events.iter().all(fit::fits));
}

#[test]
fn what_no_row_takes_of_anything_but_a_mail_is_not_recorded() {
    let huge = |desk: &Desk, now: Moment, _: &Input| {
        let id = CaseId { prefix: "P".repeat(20_000), year: 2027, number: 2 };
        let seq = desk.books().last_seq() + 1;
        vec![Event { seq, at: now, case: Some(id), fact: Fact::AnsweredBefore }]
    };
    let mut draft = Draft::of(&desk(), Moment::from_unix(1_800_000_060));
    draft.rule = huge;
    let outcome = Outcome::Accepted("250".to_owned());
    let input = Input::Delivery { letter: LetterId("P-2027-0001/update".into()), outcome };
    assert!(!draft.take(&Wording::shipped(), &input).unwrap());
    assert!(draft.events.is_empty() && draft.writes.is_empty());
}
