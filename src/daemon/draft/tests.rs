//! The net below the decision and below the letters: what cannot be said, and what no row takes.

use super::*;
use crate::config;
use crate::daemon::record_receipts;
use crate::desk::books::Past;
use crate::desk::event::MailRef;
use crate::desk::folder::Role;
use crate::desk::judge::judge_in;
use crate::desk::keys::Keys;
use crate::desk::letter::{LetterId, LetterKind, Notice};
use crate::desk::outbox::Outcome;
use crate::desk::parse::parse;
use crate::desk::reason::HoldReason;
use crate::desk::thread::mail_key;
use crate::desk::verify::verify;
use crate::io::smtp::Receipt;

const CONFIG: &str = "project = { name = \"P\", case_prefix = \"P\" }\n\
    smtp.host = \"localhost\"\n\
    imap = { host = \"localhost\", user = \"u\", password = { file = \"/p\" } }\n\
    [[member]]\nname = \"kim\"\naddresses = [\"kim@p.example\"]\n\
    [team]\nlead = \"kim\"\n\
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
fn batch(change: impl FnOnce(&mut Draft), subject: &str) -> (Draft, Vec<(String, bool)>) {
    let mut draft = Draft::of(&desk(), Moment::from_unix(1_800_000_060));
    change(&mut draft);
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
    assert_eq!(batch(|draft| draft.rule = panics, "second").1, told);
    let told = [("first", false), ("", true), ("third", false)];
    let told = told.map(|(subject, held)| (subject.to_owned(), held)).to_vec();
    assert_eq!(batch(|draft| draft.rule = panics, "panic").1, told);
}

fn panics_of_the_unwritten(desk: &Desk, now: Moment, input: &Input) -> Vec<Event> {
    assert!(!matches!(input, Input::Unwritten { .. }));
    desk.decide(now, input)
}

#[test]
fn a_mail_whose_decision_cannot_be_taken_in_leaves_no_trace_but_that_a_human_has_to_look() {
    // It stumbles when the case is opened already.
    let stumbles = |draft: &mut Draft| {
        (draft.rule, draft.words) = (panics_of_the_unwritten, fails);
    };
    let (draft, told) = batch(stumbles, "wordless");
    let told_of = [("first", false), ("", true), ("third", false)];
    assert_eq!(told, told_of.map(|(subject, held)| (subject.to_owned(), held)).to_vec());
    let cases: Vec<&str> =
        draft.desk.books().cases().map(|case| case.opening.subject.as_str()).collect();
    assert_eq!(cases, ["first", "", "third"]);
    let numbers = draft.events.iter().map(|event| event.seq);
    assert!(numbers.eq(1..=draft.events.len() as u64));
    says_one_thing(draft.writes);
}

/// What is opened gets a text that no row takes; where nothing makes it smaller, a name instead.
fn swells(desk: &Desk, now: Moment, input: &Input) -> Vec<Event> {
    let mut events = desk.decide(now, input);
    for event in &mut events {
        let Fact::Opened(opening) = &mut event.fact else { continue };
        match opening.subject.as_str() {
            "long" => opening.subject = "long ".repeat(4000),
            "huge" => {
                let id = CaseId { prefix: "P".repeat(20_000).into(), year: 2027, number: 2 };
                event.case = Some(id);
            }
            _ => {}
        }
    }
    events
}

#[test]
fn what_no_row_takes_is_cut_down_or_put_before_a_human() {
    let (draft, told) = batch(|draft| draft.rule = swells, "long");
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|(_, held)| !held), "{told:?}");
    assert!(told.iter().any(|(subject, _)| subject.starts_with("long long ")), "{told:?}");
    assert!(draft.events.iter().all(fit::fits));

    let (draft, told) = batch(|draft| draft.rule = swells, "huge");
    let expected = [("first", false), ("", true), ("third", false)];
    let expected = expected.map(|(subject, held)| (subject.to_owned(), held)).to_vec();
    assert_eq!(told, expected);
    assert!(draft.events.iter().all(fit::fits));
}

#[test]
fn what_no_row_takes_of_anything_but_a_mail_is_not_recorded() {
    let huge = |desk: &Desk, now: Moment, _: &Input| {
        let id = CaseId { prefix: "P".repeat(20_000).into(), year: 2027, number: 2 };
        let seq = desk.books().last_seq() + 1;
        vec![Event { seq, at: now, case: Some(id), fact: Fact::AnsweredBefore }]
    };
    let mut draft = Draft::of(&desk(), Moment::from_unix(1_800_000_060));
    draft.rule = huge;
    let outcome = Outcome::Accepted("250".to_owned());
    let input = Input::Delivery { letter: LetterId("P-2027-0001/update".into()), outcome };
    assert!(!draft.take(&Wording::shipped(), &input));
    assert!(draft.events.is_empty() && draft.writes.is_empty());
}

/// On a case with the subject "speechless" no letter can be written, on one called "wordless" none but
/// those to the team, and on one called "panic" writing these shows a defect.
fn fails(
    desk: &Desk,
    wording: &Wording,
    event: &Event,
    decided: &[Event],
    text: Option<&str>,
) -> Result<Worded, WordingError> {
    let subject = event.case.as_ref().and_then(|id| Some(&desk.books().case(id)?.opening.subject));
    let subject = subject.map(String::as_str).unwrap_or_default();
    let Fact::Written { kind, .. } = &event.fact else { unreachable!() };
    let to_team = matches!(kind, LetterKind::Notice(_));
    assert!(!(to_team && subject == "panic"));
    if subject == "speechless" || subject == "wordless" && !to_team {
        let (file, what) = ("en/minimal.txt".to_owned(), "line 3: unknown".to_owned());
        return Err(WordingError { file, what, detail: format!(": {subject}") });
    }
    worded(desk, wording, event, decided, text)
}

/// What became of the letters on the case that the second mail opened: their kinds, and those that
/// could not be written, with why.
fn letters_of(subject: &str) -> (Vec<LetterKind>, Vec<(String, String)>) {
    let (draft, told) = batch(|draft| draft.words = fails, subject);
    // All three are cases, and nobody has to look for a mail that nobody could read.
    let expected = ["first", subject, "third"].map(|subject| (subject.to_owned(), false)).to_vec();
    assert_eq!(told, expected);
    let second = CaseId::parse("P-2027-0002").unwrap();
    let of_second = |letter: &LetterId| letter.case().as_ref() == Some(&second);
    let unwritten = draft.events.iter().filter_map(|event| match &event.fact {
        Fact::Refused { letter, why, unwritten: true } => {
            assert!(draft.desk.books().outbox().get(letter).is_none() && of_second(letter));
            Some((letter.0.clone(), why.clone()))
        }
        _ => None,
    });
    let unwritten = unwritten.collect();
    let on_disk = |letter: &LetterId| draft.letters.iter().any(|one| one.id == *letter);
    let written = draft.events.iter().filter_map(|event| match &event.fact {
        Fact::Written { letter, kind, .. } if on_disk(letter) && of_second(letter) => Some(*kind),
        _ => None,
    });
    let written = written.collect();
    assert_eq!(draft.letters.iter().filter(|letter| !of_second(&letter.id)).count(), 4);
    says_one_thing(draft.writes);
    (written, unwritten)
}

fn says_one_thing(writes: Vec<Write>) {
    let mut rows = BTreeMap::new();
    for write in writes.into_iter().chain([record::secret_key(1, &[7; 32])]) {
        match write {
            Write::Put(table, key, value) => rows.insert((table, key), value),
            Write::Delete(table, key) => rows.remove(&(table, key)),
        };
    }
    let report = verify(rows.into_iter().map(|((table, key), value)| (table, key, value)));
    assert_eq!(report.findings, [""; 0]);
}

#[test]
fn of_a_letter_that_cannot_be_written_the_team_is_told_and_the_others_go_on() {
    let report = LetterKind::Notice(Notice::Report);
    let ordinary = (vec![LetterKind::Minimal, report], Vec::new());
    assert_eq!(letters_of("second"), ordinary);

    let unreached = LetterKind::Notice(Notice::Unreached);
    let why = "en/minimal.txt: line 3: unknown".to_owned();
    let unwritten = vec![("P-2027-0002/acknowledgement".to_owned(), why.clone())];
    assert_eq!(letters_of("wordless"), (vec![report, unreached], unwritten));
}

#[test]
fn where_no_letter_can_be_written_that_is_told_to_nobody_and_still_recorded() {
    let (written, unwritten) = letters_of("speechless");
    assert_eq!(written, []);
    let kinds = ["acknowledgement", "report", "unreached"];
    assert_eq!(unwritten.len(), kinds.len());
    for kind in kinds {
        let start = format!("P-2027-0002/{kind}");
        assert!(unwritten.iter().any(|(letter, _)| letter.starts_with(&start)), "{unwritten:?}");
    }

    let (written, unwritten) = letters_of("panic");
    assert_eq!(written, [LetterKind::Minimal]);
    assert_eq!(unwritten.len(), 1);
    assert!(unwritten.iter().all(|(_, why)| why == "the log tells at which place"));
}

#[tokio::test]
async fn a_receipt_for_a_letter_whose_row_is_damaged_costs_no_other_letter_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let committed = batch(|_| {}, "second").0.commit(&store).await.unwrap();
    let letters =
        committed.letters.iter().filter(|letter| letter.id.0.ends_with("/acknowledgement"));
    let receipts: Vec<Receipt> = letters
        .map(|letter| {
            let (id, message_id, at) = (letter.id.clone(), letter.message_id.clone(), letter.date);
            Receipt { letter: id, message_id, reply: "250 taken".to_owned(), at }
        })
        .collect();
    let damaged = receipts[1].letter.0.clone().into_bytes();
    store.commit(vec![Write::Put(Table::Letters, damaged, b"{".to_vec())]).await.unwrap();
    let (desk, now) = (committed.desk, Moment::from_unix(1_800_000_060));
    let told = record_receipts(desk, &store, &Wording::shipped(), now, receipts.clone()).await;
    let desk = told.unwrap();
    let waits = |receipt: &Receipt| desk.books().outbox().get(&receipt.letter).is_some();
    assert_eq!(receipts.iter().map(waits).collect::<Vec<_>>(), [false, true, false]);
    store.close().await;
}
