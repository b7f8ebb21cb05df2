//! The net below all bounds: whatever is too large for a row is cut down or put before a human.

use watchpost::desk::Input;
use watchpost::desk::event::{Event, Fact, MailRef, NoAnswer};
use watchpost::desk::fit::{bare, fits, fitted, letter};
use watchpost::desk::folder::{Folder, Role};
use watchpost::desk::intake::Incoming;
use watchpost::desk::letter::{AutoSubmitted, Letter, LetterId, LetterKind};
use watchpost::desk::message::Message;
use watchpost::desk::table::{MAX_VALUE, Write};
use watchpost::desk::time::Moment;
use watchpost::desk::verdict::{Figures, Kind, Verdict};
use watchpost::desk::{Desk, record};

use super::{Authentication, CaseId, Mailbox, MessageId, Span};
use super::{Office, Reading, address, mail, mailbox, policy};

const LONG: usize = 100_000;

fn event(fact: Fact) -> Event {
    Event {
        seq: 7,
        at: Moment::from_unix(1_800_000_000),
        case: CaseId::parse("EXP-2026-0007"),
        fact,
    }
}

fn place() -> MailRef {
    MailRef {
        folder: Folder { inbox: "security".into(), name: "INBOX".into(), role: Role::Inbox },
        uid_validity: 1,
        uid: 7,
        message_id: None,
        arrived: Moment::from_unix(1_800_000_000),
        size: 1000,
    }
}

/// An event that opens a case, as large as nothing that bounds it would let it be.
fn opened() -> Event {
    let mut office = Office::open();
    office.receive(mail("kim@acorn.example", "1@acorn", "bug", Kind::Complete));
    let mut event = office.log.first().unwrap().clone();
    if let Fact::Opened(opening) = &mut event.fact {
        opening.subject = "\u{1}".repeat(LONG);
        opening.verdict.hints = vec!["hint ".repeat(100); 500];
        opening.with = (0..1000).map(|n| address(&format!("x{n}@acorn.example"))).collect();
        opening.reporter = Some(Mailbox { name: "n".repeat(LONG), ..mailbox("kim@acorn.example") });
    }
    event
}

#[test]
fn whatever_is_too_large_is_cut_down_and_says_the_same_thing() {
    let (letter, long) = (LetterId("EXP-2026-0007/acknowledgement".into()), "é".repeat(LONG));
    let people: Vec<_> = (0..1000).map(|n| address(&format!("x{n}@acorn.example"))).collect();
    let number = |number| CaseId { prefix: "EXP".into(), year: 2026, number };
    let (why, next) = (long.clone(), Moment::from_unix(0));
    for event in [
        opened(),
        event(Fact::Sent { letter: letter.clone(), reply: long.clone() }),
        event(Fact::Delayed { letter: letter.clone(), why, unknown: true, next }),
        event(Fact::Refused { letter: letter.clone(), why: long.clone(), unwritten: false }),
        event(Fact::Answered {
            mail: place(),
            by: Some(Mailbox { name: long.clone(), ..mailbox("kim@acorn.example") }),
            tie: watchpost::desk::event::Certainty::TheirMail,
            words: 7,
            enough: true,
            with: people,
        }),
        event(Fact::Discussed {
            mail: place(),
            by: Some(Mailbox { name: long, ..mailbox("kim@acorn.example") }),
            why: NoAnswer::Unproven,
        }),
        event(Fact::Written {
            letter,
            kind: LetterKind::Combined,
            to: mailbox("kim@acorn.example"),
            message_id: MessageId::parse("<1@project.example>").unwrap(),
            covers: (1..=1000).map(number).collect(),
            about: None,
        }),
    ] {
        assert!(!fits(&event));
        let cut = fitted(event.clone()).unwrap();
        assert!(fits(&cut));
        assert_eq!((cut.seq, cut.at, &cut.case), (event.seq, event.at, &event.case));
        assert_eq!(std::mem::discriminant(&cut.fact), std::mem::discriminant(&event.fact));
        for write in record::event(&watchpost::desk::books::Books::default(), &cut) {
            let Write::Put(_, _, value) = write else { continue };
            assert!(value.len() <= MAX_VALUE);
        }
    }
    let small = event(Fact::AnsweredBefore);
    assert_eq!(fitted(small.clone()), Some(small));
}

#[test]
fn a_mail_of_which_nothing_is_known_opens_a_case_that_a_human_looks_at() {
    let office = Office::open();
    let incoming = Incoming {
        mail: place(),
        message: Message { subject: "x".repeat(LONG), ..Message::default() },
        verdict: Verdict {
            kind: Kind::Complete,
            reasons: Vec::new(),
            hints: Vec::new(),
            language: None,
            figures: Figures::default(),
        },
        authentication: Authentication::None,
        witness: None,
        claimed_by: None,
        reading: Reading::No,
        recorded: false,
        tied: Vec::new(),
    };
    let bare = bare(&incoming, &policy());
    let desk: &Desk = &office.desk;
    let events = desk.decide(office.now, &Input::Mail(Box::new(bare)));
    let facts: Vec<_> = events.iter().map(|event| &event.fact).collect();
    assert!(matches!(facts.as_slice(), [Fact::Opened(_), Fact::Held { .. }, ..]), "{facts:?}");
    assert!(events.iter().all(fits));
}

#[test]
fn a_letter_loses_its_end_rather_than_its_row() {
    let from = mailbox("security@project.example");
    let long = Letter {
        id: LetterId("EXP-2026-0007/acknowledgement".into()),
        inbox: "security".into(),
        message_id: MessageId::parse("<1@project.example>").unwrap(),
        date: Moment::from_unix(1_800_000_000) + Span::hours(1),
        envelope_from: from.address.clone(),
        from,
        to: mailbox("kim@acorn.example"),
        reply_to: None,
        subject: "your report".into(),
        in_reply_to: None,
        references: Vec::new(),
        auto_submitted: AutoSubmitted::AutoReplied,
        body: String::new(),
    };
    for text in ["\u{1}\n", "word ", "é\"\\", "見"] {
        let whole = Letter { body: text.repeat(20_000), ..long.clone() };
        let cut = letter(whole.clone());
        let row = match record::letter(&cut) {
            Write::Put(_, _, row) => row.len(),
            Write::Delete(..) => 0,
        };
        assert!(row <= MAX_VALUE && row > MAX_VALUE * 9 / 10, "{row}");
        assert!(whole.body.starts_with(&cut.body));
    }
    assert_eq!(letter(long.clone()), long);
}
