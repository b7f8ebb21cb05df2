//! What the desk decides, told as stories: who wrote what, and what followed.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

#[path = "desk/alarm.rs"]
mod alarm;
#[path = "desk/alike.rs"]
mod alike;
#[path = "desk/another.rs"]
mod another;
#[path = "desk/attack.rs"]
mod attack;
#[path = "desk/by_mail.rs"]
mod by_mail;
#[path = "desk/command.rs"]
mod command;
#[path = "desk/digest.rs"]
mod digest;
#[path = "desk/fit.rs"]
mod fit;
#[path = "desk/forgetting.rs"]
mod forgetting;
#[path = "desk/missed.rs"]
mod missed;
#[path = "desk/outages.rs"]
mod outages;
#[path = "desk/pauses.rs"]
mod pauses;
#[path = "desk/presence.rs"]
mod presence;
#[path = "desk/promises.rs"]
mod promises;
#[path = "desk/proof.rs"]
mod proof;
#[path = "desk/subaddress.rs"]
mod subaddress;
#[path = "desk/team.rs"]
mod team;
#[path = "desk/threads.rs"]
mod threads;
#[path = "desk/verify.rs"]
mod verify;

use std::collections::BTreeSet;

use watchpost::desk::address::{Address, Mailbox};
use watchpost::desk::authentication::Authentication;
use watchpost::desk::books::Past;
use watchpost::desk::case::{Case, State};
use watchpost::desk::claim::Identity;
use watchpost::desk::classify::personal::Reading;
use watchpost::desk::event::{Event, Fact, HoldReason, MailRef};
use watchpost::desk::folder::{Folder, Keyword, Role};
use watchpost::desk::ids::CaseId;
use watchpost::desk::intake::{Incoming, concerns_us, looked_up};
use watchpost::desk::keys::Keys;
use watchpost::desk::letter::LetterId;
use watchpost::desk::message::{MailReport, Message, MessageId, ReturnPath};
use watchpost::desk::outbox::Outcome;
use watchpost::desk::policy::{InboxKind, Policy};
use watchpost::desk::promise;
use watchpost::desk::proof::Entry;
use watchpost::desk::quota::Caps;
use watchpost::desk::record;
use watchpost::desk::table::{MAX_VALUE, Table, Write};
use watchpost::desk::thread::{Tie, Tied};
use watchpost::desk::time::{Moment, Span};
use watchpost::desk::verdict::{Code, Figures, Kind, Reason, Verdict};
use watchpost::desk::{Desk, Input};

/// A desk with the rows that its events lead to, as the loop and the store would keep them.
struct Office {
    desk: Desk,
    now: Moment,
    uid: u32,
    /// What the folder is, and how a mail in it reads.
    role: Role,
    reading: Reading,
    ties: Vec<(Vec<u8>, Vec<u8>)>,
    log: Vec<Event>,
    reasons: Vec<Reason>,
    figures: Figures,
    largest_row: usize,
    proof: Vec<Entry>,
    /// When the next mails arrived, where that is not now.
    arrived: Option<Moment>,
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn mailbox(text: &str) -> Mailbox {
    Mailbox { name: String::new(), address: address(text) }
}

fn policy() -> Policy {
    Policy {
        inbox: "security".into(),
        recipients: vec![address("security@project.example")],
        case_prefix: "EXP".into(),
        from: mailbox("security@project.example"),
        subaddressing: true,
        ..Policy::unconfigured()
    }
}

/// A mail as parsing and judging would hand it over.
struct Mail {
    message: Message,
    kind: Kind,
    authentication: Authentication,
    witness: Option<Keyword>,
    claimed_by: Option<Identity>,
}

fn mail(from: &str, id: &str, subject: &str, kind: Kind) -> Mail {
    let message = Message {
        ids: MessageId::parse(id).into_iter().collect(),
        from: vec![mailbox(from)],
        to: vec![address("security@project.example")],
        return_path: Some(ReturnPath::Address(address(from))),
        subject: subject.into(),
        ..Message::default()
    };
    let domain = address(from).domain().to_owned();
    let authentication = Authentication::Pass { domain };
    Mail { message, kind, authentication, witness: None, claimed_by: None }
}

impl Mail {
    fn answering(mut self, id: &str) -> Mail {
        self.message.in_reply_to = MessageId::parse(id).into_iter().collect();
        self
    }

    fn with(mut self, header: &str, value: &str) -> Mail {
        self.message.headers.push((header.into(), value.into()));
        self
    }
}

impl Office {
    fn open() -> Office {
        Office::of(policy())
    }

    fn of(policy: Policy) -> Office {
        let keys = Keys::new(vec![[9; 32]]).unwrap();
        let desk = Desk::open(vec![policy], keys, Caps::default(), Past::default());
        let now = Moment::parse_rfc3339("2026-09-01T12:00:00Z").unwrap();
        Office {
            desk,
            now,
            uid: 0,
            role: Role::Inbox,
            reading: Reading::No,
            ties: Vec::new(),
            log: Vec::new(),
            reasons: Vec::new(),
            figures: Figures::default(),
            largest_row: 0,
            proof: Vec::new(),
            arrived: None,
        }
    }

    fn take(&mut self, input: &Input) -> Vec<Event> {
        let events = self.desk.decide(self.now, input);
        assert_eq!(events, self.desk.decide(self.now, input), "the same input, the same events");
        for event in &events {
            self.desk.apply(event);
            self.log.push(event.clone());
            for write in record::event(self.desk.books(), event) {
                match write {
                    Write::Put(table, key, value) => {
                        self.largest_row = self.largest_row.max(value.len());
                        if table == Table::Ties {
                            self.ties.push((key, value));
                        } else if table == Table::Proof {
                            self.proof.push(record::proof_entry(&value).unwrap());
                        }
                    }
                    Write::Delete(Table::Ties, gone) => self.ties.retain(|(key, _)| *key != gone),
                    Write::Delete(..) => {}
                }
            }
        }
        events
    }

    fn receive(&mut self, mail: Mail) -> Vec<String> {
        self.uid += 1;
        let tied = looked_up(&mail.message).into_iter().flat_map(|tie| self.lead(&tie)).collect();
        let incoming = Incoming {
            mail: MailRef {
                folder: Folder { inbox: "security".into(), name: "INBOX".into(), role: self.role },
                uid_validity: 1,
                uid: self.uid,
                message_id: mail.message.ids.first().cloned(),
                arrived: self.arrived.unwrap_or(self.now),
                size: 1000,
            },
            message: mail.message,
            verdict: Verdict {
                kind: mail.kind,
                reasons: self.reasons.clone(),
                hints: Vec::new(),
                language: None,
                figures: self.figures.clone(),
            },
            authentication: mail.authentication,
            witness: mail.witness,
            claimed_by: mail.claimed_by,
            reading: self.reading,
            recorded: false,
            tied,
        };
        self.take(&Input::Mail(Box::new(incoming))).iter().map(in_words).collect()
    }

    fn lead(&self, tie: &Tie) -> Vec<(Tie, Tied)> {
        if let Some(case) = tie.names() {
            return vec![(tie.clone(), Tied { case: case.clone(), letter: false })];
        }
        let key = tie.key().unwrap();
        let rows = self.ties.iter().filter(|(row, _)| row.starts_with(&key));
        rows.map(|(_, value)| (tie.clone(), record::read("a tie", value).unwrap())).collect()
    }

    fn delivery(&mut self, case: u32, outcome: Outcome) -> Vec<String> {
        let letter = LetterId(format!("EXP-2026-{case:04}/acknowledgement"));
        self.take(&Input::Delivery { letter, outcome }).iter().map(in_words).collect()
    }

    fn due(&self) -> Vec<LetterId> {
        self.desk.due(self.now, &BTreeSet::new())
    }

    fn state(&self, case: u32) -> State {
        self.case(case).state()
    }

    fn case(&self, number: u32) -> &Case {
        self.desk.books().case(&CaseId { prefix: "EXP".into(), year: 2026, number }).unwrap()
    }

    fn letter_id(&self, case: u32) -> String {
        self.case(case).letters.values().next().unwrap().message_id.as_str().to_owned()
    }
}

fn in_words(event: &Event) -> String {
    let case = event.case.as_ref().map(|case| format!("{} ", case.number)).unwrap_or_default();
    let what = match &event.fact {
        Fact::Opened(opening) if opening.provisional => "opened provisionally".into(),
        Fact::Opened(_) => "opened".into(),
        Fact::Joined { tie, .. } => format!("joined by {tie:?}"),
        Fact::Linked { other } => format!("linked to {}", other.number),
        Fact::Similar { other, percent } => format!("{percent} % like {}", other.number),
        Fact::SetAside { verdict, .. } => format!("set aside: {}", verdict.kind),
        Fact::Held { why } => format!("held: {why:?}"),
        Fact::Written { kind, to, .. } => format!("{} to {}", kind.name(), to.address),
        Fact::Covered { .. } => "covered".into(),
        Fact::Deferred { .. } => "deferred".into(),
        Fact::Answered { tie, enough, .. } => format!("answered by {tie:?}, enough: {enough}"),
        Fact::Discussed { why, .. } => format!("discussed: {why:?}"),
        Fact::Commanded { refused, .. } => {
            refused.as_ref().map_or("command".into(), |why| format!("command refused: {why}"))
        }
        Fact::Quoted { answer } => format!("quoted {answer}"),
        Fact::Vouched { .. } => "vouched".into(),
        Fact::Responded { .. } => "responded".into(),
        Fact::Taken { member, .. } => format!("taken by {member}"),
        Fact::Away { member, until, .. } => format!("{member} away until {until}"),
        Fact::Back { member } => format!("{member} back"),
        Fact::Released { .. } => "released".into(),
        Fact::Merged { into, .. } => format!("merged into {}", into.number),
        Fact::TookIn { other, .. } => format!("took in {}", other.number),
        Fact::Parted { number, to, .. } => format!("mail {number} became {}", to.number),
        Fact::SplitFrom { other, number, .. } => {
            format!("was mail {number} of {}", other.number)
        }
        Fact::Waiting { .. } => "waits".into(),
        Fact::Resumed { .. } => "resumed".into(),
        Fact::AskedAgain => "asked again".into(),
        Fact::LastNote { .. } => "last note".into(),
        Fact::Closed { by: None } => "closed by itself".into(),
        Fact::Closed { by: Some(_) } => "closed".into(),
        Fact::Reopened { .. } => "reopened".into(),
        Fact::Embargo { until, .. } => format!("embargo until {until}"),
        Fact::Announced { .. } => "announced".into(),
        Fact::Marked { mark, .. } => format!("marked {mark}"),
        Fact::Met { promise, .. } => format!("met {promise:?}"),
        Fact::Withdrawn { .. } => "withdrawn".into(),
        Fact::Reminded { promise, count, .. } => format!("reminded of {promise:?} {count}"),
        Fact::Breached { promise, .. } => format!("breach of {promise:?}"),
        Fact::Escalated { promise, step, .. } => format!("escalated {promise:?} {step}"),
        Fact::Kept { .. } => "kept".into(),
        Fact::Asked { .. } => "asked".into(),
        Fact::Confirmed { .. } => "confirmed".into(),
        Fact::Declined { .. } => "declined".into(),
        Fact::Gathered { to, .. } => format!("gathered for {}", to.address),
        Fact::Told { to, .. } => format!("told {to}"),
        Fact::Sent { .. } => "sent".into(),
        Fact::Delayed { unknown, .. } => format!("delayed, unknown: {unknown}"),
        Fact::Refused { .. } => "refused".into(),
        Fact::Bounced { failed, .. } => format!("bounced, failed: {failed}"),
        Fact::Returned { answer, .. } => format!("returned {answer}"),
        Fact::AnsweredBefore => "answered before".into(),
        Fact::Another { by } => format!("another: {by}"),
        Fact::Elsewhere { by, .. } => format!("answered by {by}"),
        Fact::RelayStopped { .. } => "relay stopped".into(),
        Fact::RelayResumed { .. } => "relay resumed".into(),
        Fact::Digested { from, .. } if from.is_none() => "digest counted from here".into(),
        Fact::Digested { .. } => "digested".into(),
        Fact::CanarySent { .. } => "canary sent".into(),
        Fact::CanaryCame { .. } => "canary arrived".into(),
        Fact::FolderBegun { .. } => "folder begun".into(),
    };
    case + &what
}

#[test]
fn a_report_is_acknowledged_once_and_its_follow_ups_join_it() {
    let mut office = Office::open();
    let report = mail("kim@acorn.example", "1@acorn", "Path traversal", Kind::Complete);
    assert_eq!(office.receive(report), ["1 opened", "1 acknowledgement to kim@acorn.example"]);
    assert_eq!(office.state(1), State::Received);
    assert_eq!(office.delivery(1, Outcome::Accepted("250 ok".into())), ["1 sent"]);
    assert_eq!(office.state(1), State::Acknowledged);

    let letter = office.letter_id(1);
    let more = mail("kim@acorn.example", "2@acorn", "Re: Path traversal", Kind::Complete);
    assert_eq!(office.receive(more.answering(&letter)), ["1 joined by OurLetter"]);
    let more = mail("kim@acorn.example", "3@acorn", "one more thing", Kind::LinkOnly);
    assert_eq!(office.receive(more.answering("2@acorn")), ["1 joined by TheirMail"]);
    let more = mail("kim@acorn.example", "4@acorn", "news [EXP-2026-0001]", Kind::Other);
    assert_eq!(office.receive(more), ["1 joined by SubjectTag"]);
    let more = mail("Kim@ACORN.example", "5@acorn", "AW: path  traversal", Kind::Complete);
    assert_eq!(office.receive(more), ["1 joined by SameSubject"]);
}

#[test]
fn guessing_joins_nothing() {
    let mut office = Office::open();
    office.receive(mail("kim@acorn.example", "1@acorn", "Path traversal", Kind::Complete));
    let letter = office.letter_id(1);

    let stranger =
        || mail("eve@evil.example", "e1@evil", "Re: Path traversal [EXP-2026-0001]", Kind::Other);
    assert_eq!(
        office.receive(stranger().answering("1@acorn")),
        ["2 opened", "2 linked to 1", "2 held: OthersConversation"]
    );
    // A guessed case number alone is just a new case.
    let guessed = mail("eve@evil.example", "e0@evil", "hello [EXP-2026-0001]", Kind::Complete);
    let told = office.receive(guessed);
    assert_eq!(told, ["3 opened", "3 linked to 1", "3 acknowledgement to eve@evil.example"]);
    // Somebody forged as the reporter: the domain says so.
    let forged = mail("kim@acorn.example", "e2@evil", "Re: Path traversal", Kind::Other);
    let forged = Mail { authentication: Authentication::Fail, ..forged }.answering(&letter);
    assert_eq!(office.receive(forged), ["4 opened", "4 linked to 1", "4 held: OthersConversation"]);
    // Somebody who was shown the letter holds its unguessable id, but moves nothing.
    let guest = mail("bo@friend.example", "b@friend", "Re: Path traversal", Kind::Complete);
    assert_eq!(office.receive(guest.answering(&letter)), ["1 joined by Guest"]);
    // An id that looks like ours and is not.
    let fake = "exp-2026-0001.acknowledgement.00000000000000000000@project.example";
    let fake = mail("eve@evil.example", "e3@evil", "greetings", Kind::Complete).answering(fake);
    assert_eq!(office.receive(fake), ["5 opened", "5 acknowledgement to eve@evil.example"]);
}

#[test]
fn a_second_report_with_the_same_subject_is_a_case_of_its_own_and_the_same_text_is_not() {
    let mut office = Office::open();
    let report = |id: &str, text: &str| {
        let mut report = mail("kim@acorn.example", id, "Vulnerability report", Kind::Complete);
        report.message.text = text.into();
        report
    };
    let first = "The static handler of version 4.2 follows symbolic links out of its root.";
    let second = "The session cookie of version 4.2 is not renewed after the login of a user.";
    assert_eq!(office.receive(report("1@acorn", first)).len(), 2);
    assert_eq!(
        office.receive(report("2@acorn", second))[2],
        "2 acknowledgement to kim@acorn.example"
    );
    let again = first.replace(' ', "\n");
    assert_eq!(office.receive(report("3@acorn", &again)), ["1 joined by SameText"]);
}

#[test]
fn reports_that_stand_in_files_are_not_one_because_the_same_words_go_with_them() {
    let mut office = Office::open();
    let report = |id: &str, subject: &str, kind: Kind| {
        let mut report = mail("kim@acorn.example", id, subject, kind);
        report.message.text =
            "Dear team, please find attached what I found in your product. Kim".into();
        report
    };
    let kinds = [(Kind::AttachmentOnly, 1), (Kind::Complete, 1), (Kind::Empty, 0)];
    for (n, (kind, files)) in kinds.into_iter().enumerate() {
        office.figures.attachments = files;
        let told = office.receive(report(&format!("{n}@acorn"), &format!("Finding {n}"), kind));
        assert!(told[0].starts_with(&format!("{} opened", n + 1)), "{kind:?}: {told:?}");
    }
    // The same once more.
    office.figures.attachments = 1;
    let again = report("7@acorn", "Finding 0", Kind::Complete);
    assert_eq!(office.receive(again), ["1 joined by SameText"]);
}

#[test]
fn who_must_not_be_answered_is_not_and_a_human_is_told_why() {
    let report = || mail("kim@acorn.example", "1@acorn", "Path traversal", Kind::Complete);
    let null = || {
        let mut mail = report();
        mail.message.return_path = Some(ReturnPath::Null);
        mail
    };
    let several = || {
        let mut mail = report();
        mail.message.from.push(mailbox("bo@acorn.example"));
        mail
    };
    let forged = || Mail { authentication: Authentication::Fail, ..report() };
    let cases: [(Mail, &str); 8] = [
        (null(), "1 held: NullReturnPath"),
        (several(), "1 held: NoSingleAuthor"),
        (forged(), "1 held: AuthenticationFailed"),
        (report().with("list-id", "<dev.project.example>"), "1 held: List"),
        (report().with("precedence", "Bulk"), "1 held: Bulk"),
        (report().with("list-unsubscribe", "<mailto:x@y.example>"), "1 held: Bulk"),
        (mail("Security+x@project.example", "1@p", "hi", Kind::Complete), "1 held: OwnAddress"),
        (mail("kim@acorn.example", "1@p", "SEO offer", Kind::SpamOrJunk), "1 held: Junk"),
    ];
    for (mail, held) in cases {
        assert_eq!(Office::open().receive(mail), ["1 opened", held]);
    }
    for kind in [Kind::Automatic, Kind::Bounce] {
        let machine = mail("robot@acorn.example", "r@acorn", "Out of office", kind);
        assert_eq!(Office::open().receive(machine), [format!("set aside: {kind}")]);
    }
}

#[test]
fn a_sender_who_is_not_proven_gets_the_fixed_letter() {
    let report = mail("kim@acorn.example", "1@acorn", "Path traversal", Kind::LinkOnly);
    let report = Mail { authentication: Authentication::None, ..report };
    let told = Office::open().receive(report);
    assert_eq!(told, ["1 opened provisionally", "1 minimal to kim@acorn.example"]);
}

#[test]
fn a_link_is_sent_back_for_its_text_and_the_text_completes_the_case() {
    let mut office = Office::open();
    let link = mail("kim@acorn.example", "1@acorn", "bug", Kind::LinkOnly);
    assert_eq!(
        office.receive(link),
        ["1 opened provisionally", "1 ask_resend to kim@acorn.example"]
    );
    office.delivery(1, Outcome::Accepted("250".into()));
    assert_eq!(office.state(1), State::Provisional);
    let letter = office.letter_id(1);
    let text = mail("kim@acorn.example", "2@acorn", "Re: bug", Kind::Complete).answering(&letter);
    assert_eq!(office.receive(text), ["1 joined by OurLetter"]);
    assert_eq!(office.state(1), State::Acknowledged);
}

#[test]
fn a_bounce_reopens_the_acknowledgement_and_a_delay_does_not() {
    let mut office = Office::open();
    office.receive(mail("kim@acorn.example", "1@acorn", "Path traversal", Kind::Complete));
    office.delivery(1, Outcome::Accepted("250".into()));
    let about = |office: &Office, action: &str| {
        let mut bounce = mail("mailer-daemon@acorn.example", "b@acorn", "failure", Kind::Bounce);
        let id = MessageId::parse(&office.letter_id(1)).unwrap();
        let report =
            MailReport { actions: vec![action.into()], about: vec![id], ..MailReport::default() };
        bounce.message.report = Some(report);
        bounce
    };
    let delayed = about(&office, "delayed");
    assert_eq!(office.receive(delayed), ["1 bounced, failed: false"]);
    assert_eq!(office.state(1), State::Acknowledged);
    let failed = about(&office, "failed");
    assert_eq!(office.receive(failed), ["1 bounced, failed: true"]);
    assert_eq!(office.state(1), State::Unreached);
}

#[test]
fn what_an_earlier_life_answered_is_not_answered_again() {
    let report = || mail("kim@acorn.example", "1@acorn", "Path traversal", Kind::Complete);
    let acked = Mail { witness: Some(Keyword::Acked), ..report() };
    assert_eq!(Office::open().receive(acked), ["1 opened", "1 answered before"]);
    let seen = Mail { witness: Some(Keyword::Seen), ..report() };
    assert_eq!(Office::open().receive(seen), ["1 opened", "1 held: KnownBefore"]);
}

#[test]
fn a_mail_that_two_cases_claim_joins_neither_by_itself() {
    let mut office = Office::open();
    office.receive(mail("kim@acorn.example", "1@acorn", "first", Kind::Complete));
    office.receive(mail("kim@acorn.example", "2@acorn", "second", Kind::Complete));
    let mut both = mail("kim@acorn.example", "3@acorn", "third", Kind::Complete);
    both.message.references =
        ["1@acorn", "2@acorn"].iter().filter_map(|id| MessageId::parse(id)).collect();
    let told = office.receive(both);
    assert_eq!(told, ["3 opened", "3 linked to 1", "3 linked to 2", "3 held: SeveralCases"]);
}

#[test]
fn a_letter_is_tried_until_it_is_sent_and_never_after() {
    let mut office = Office::open();
    office.receive(mail("kim@acorn.example", "1@acorn", "Path traversal", Kind::Complete));
    assert_eq!(office.due().len(), 1);
    let told = office.delivery(1, Outcome::Transient("451 later".into()));
    assert_eq!(told, ["1 delayed, unknown: false"]);
    assert!(office.due().is_empty());
    let next = office.desk.next_wakeup(office.now).unwrap();
    assert!(
        next.since(office.now) >= Span::seconds(30) && next.since(office.now) <= Span::minutes(5)
    );
    office.now = next;
    assert_eq!(office.due().len(), 1);
    assert_eq!(office.delivery(1, Outcome::Unknown("cut".into())), ["1 delayed, unknown: true"]);
    assert_eq!(office.delivery(1, Outcome::Accepted("250".into())), ["1 sent"]);
    let answer_due = promise::response_due(office.case(1), &policy(), office.now);
    assert_eq!(office.desk.next_wakeup(office.now), Some(answer_due), "only the promise is left");
    assert!(office.delivery(1, Outcome::Accepted("250".into())).is_empty(), "it is settled");
}

#[test]
fn a_relay_that_refuses_us_stops_all_letters_and_one_of_them_tries_it_out() {
    let mut office = Office::open();
    for n in 1..=3 {
        office.receive(mail(
            &format!("r{n}@acorn.example"),
            &format!("{n}@acorn"),
            "x",
            Kind::Complete,
        ));
    }
    let told = office.delivery(1, Outcome::Configuration("535 no".into()));
    assert_eq!(told, ["1 delayed, unknown: false", "relay stopped"]);
    assert!(office.due().is_empty());
    office.now = office.desk.next_wakeup(office.now).unwrap();
    assert_eq!(office.due().len(), 1, "one letter tries");
    assert_eq!(office.delivery(2, Outcome::Accepted("250".into())), ["relay resumed", "2 sent"]);
    assert_eq!(office.due().len(), 1);
}

#[test]
fn one_letter_that_the_relay_takes_amiss_does_not_hold_up_the_others() {
    let mut office = Office::open();
    for n in 1..=3 {
        let from = format!("r{n}@acorn.example");
        office.receive(mail(&from, &format!("{n}@acorn"), "x", Kind::Complete));
        if n == 1 {
            office.delivery(1, Outcome::Configuration("550 5.7.0".into()));
        }
    }
    assert!(office.due().is_empty());
    let (start, mut sent) = (office.now, Vec::new());
    while office.now.since(start) < Span::minutes(10) {
        for letter in office.due() {
            let poison = letter.0.starts_with("EXP-2026-0001");
            let outcome = if poison { Outcome::Configuration } else { Outcome::Accepted };
            let delivery = Input::Delivery { letter, outcome: outcome("5xx or 250".into()) };
            sent.extend(
                office.take(&delivery).iter().map(in_words).filter(|w| w.ends_with("sent")),
            );
        }
        office.now = office.desk.next_wakeup(office.now).unwrap();
    }
    assert_eq!(sent, ["2 sent", "3 sent"]);
    assert_eq!(office.desk.books().outbox().len(), 1);
}

#[test]
fn while_a_relay_cannot_be_reached_one_letter_at_a_time_looks_for_it() {
    let mut office = Office::open();
    for n in 1..=3 {
        let from = format!("r{n}@acorn.example");
        office.receive(mail(&from, &format!("{n}@acorn"), "x", Kind::Complete));
    }
    for _ in 0..5 {
        let told = office.delivery(1, Outcome::Unreachable("cannot connect".into()));
        assert_eq!(told, ["relay stopped"], "the letter is not to blame");
        assert!(office.due().is_empty());
        let next = office.desk.next_wakeup(office.now).unwrap();
        assert!(next.since(office.now) >= Span::seconds(30), "{next}");
        office.now = next;
        assert_eq!(office.due().len(), 1);
    }
    assert!(matches!(&office.log.last().unwrap().fact, Fact::RelayStopped { passing: true, .. }));
    // It is there again, though it does not want this letter yet.
    let told = office.delivery(1, Outcome::Transient("451 greylisted".into()));
    assert_eq!(told, ["relay resumed", "1 delayed, unknown: false"]);
    assert_eq!(office.due().len(), 2);
}

#[test]
fn in_a_mixed_inbox_only_mail_to_the_published_addresses_concerns_us() {
    let mixed = Policy { kind: InboxKind::Mixed, ..policy() };
    let to = |text: &str| Message { to: vec![address(text)], ..Message::default() };
    assert!(concerns_us(&mixed, &to("Security@Project.example")));
    assert!(concerns_us(&mixed, &to("security+case@project.example")));
    assert!(!concerns_us(&mixed, &to("lead@project.example")));
    let bcc =
        Message { delivered_to: vec![address("security@project.example")], ..Message::default() };
    assert!(concerns_us(&mixed, &bcc));
}

/// Time passes in steps of whole wake-ups; every letter that may leave is taken at once. Tells what
/// was sent, with the hour at which it was.
fn pass(office: &mut Office, hours: u64) -> Vec<String> {
    let (start, end) = (office.now, office.now + Span::hours(hours));
    let mut told = Vec::new();
    loop {
        let events = office.take(&Input::Time);
        told.extend(events.iter().map(|e| format!("{}h: {}", hour(start, e), in_words(e))));
        for letter in office.due() {
            let outcome = Outcome::Accepted("250".into());
            let events = office.take(&Input::Delivery { letter, outcome });
            told.extend(events.iter().map(|e| format!("{}h: {}", hour(start, e), in_words(e))));
        }
        match office.desk.next_wakeup(office.now).filter(|next| *next <= end) {
            Some(next) => office.now = next.max(office.now + Span::seconds(1)),
            None => break,
        }
    }
    office.now = end;
    told
}

fn hour(start: Moment, event: &Event) -> u64 {
    event.at.since(start).as_seconds() / 3600
}

#[test]
fn a_person_with_five_reports_in_a_day_gets_three_letters_and_one_for_the_rest() {
    let mut office = Office::open();
    for n in 1..=5 {
        let report =
            mail("kim@acorn.example", &format!("{n}@acorn"), &format!("bug {n}"), Kind::Complete);
        let told = office.receive(report);
        assert_eq!(told.len(), 2);
        assert_eq!(told[1].contains("deferred"), n > 3, "{told:?}");
    }
    assert_eq!(pass(&mut office, 23), ["0h: 1 sent", "0h: 2 sent", "0h: 3 sent"]);
    let combined =
        ["1h: 5 covered", "1h: 4 combined to kim@acorn.example", "1h: 4 sent", "1h: 5 sent"];
    assert_eq!(pass(&mut office, 24), combined);
    assert!((1..=5).all(|case| office.state(case) == State::Acknowledged));
    // The next day is a new one, and a bounce of the combined letter reopens both.
    let report = mail("kim@acorn.example", "6@acorn", "bug 6", Kind::Complete);
    office.now = office.now + Span::hours(2);
    assert_eq!(office.receive(report)[1], "6 acknowledgement to kim@acorn.example");
    let mut bounce = mail("mailer-daemon@acorn.example", "b@acorn", "failure", Kind::Bounce);
    let about = MessageId::parse(&office.letter_id(5)).into_iter().collect();
    bounce.message.report = Some(MailReport { about, ..MailReport::default() });
    let mut told = office.receive(bounce);
    told.sort();
    assert_eq!(told, ["4 bounced, failed: true", "5 bounced, failed: true"]);
}

#[test]
fn a_robot_that_answers_every_letter_with_a_new_mail_falls_silent() {
    // Nobody answers it for a month, so it is also told of missed promises: three times, and each
    // time it may have the letters of a day.
    for (tell_missed, most) in [(false, 4), (true, 16)] {
        robot(Office::of(Policy { tell_missed, ..policy() }), most);
    }
}

fn robot(mut office: Office, most: usize) {
    let robot = |n: usize| {
        let from = format!("ticket+{n}@robot.example");
        mail(&from, &format!("{n}@robot"), &format!("Ticket {n} received"), Kind::Complete)
    };
    let (mut answered, mut letters) = (1, 0);
    office.receive(robot(0));
    for _day in 0..30 {
        for _step in 0..24 {
            let told = pass(&mut office, 1);
            let sent = told.iter().filter(|line| line.contains(" to ticket")).count();
            let left = office.log.iter().filter(|e| matches!(e.fact, Fact::Sent { .. })).count();
            letters = letters.max(left);
            for _ in 0..(left.saturating_sub(answered - 1)).max(sent) {
                office.receive(robot(answered));
                answered += 1;
            }
        }
    }
    let written = office.log.iter().filter(|e| matches!(e.fact, Fact::Written { .. })).count();
    assert!(written >= 4 && written <= most, "{written} letters, not {most}");
    let opened = office.log.iter().filter(|e| matches!(e.fact, Fact::Opened(_))).count();
    assert_eq!(opened, answered, "every mail is kept");
    let flood = |e: &&Event| matches!(e.fact, Fact::Held { why: HoldReason::Flood });
    let held = office.log.iter().filter(flood).count();
    assert!(held >= 1 && held <= most / 4, "a human is told {held} times");
}

#[test]
fn over_the_caps_of_a_domain_and_of_all_letters_wait_inside_the_promise() {
    let mut office = Office::open();
    for n in 0..100 {
        let domain = if n < 50 { "one.example".to_owned() } else { format!("d{n}.example") };
        let from = format!("r{n}@{domain}");
        office.receive(mail(&from, &format!("{n}@{domain}"), "bug", Kind::Complete));
    }
    let told = pass(&mut office, 47);
    let in_hour = |hour: u64| told.iter().filter(|t| t.starts_with(&format!("{hour}h:"))).count();
    assert_eq!((in_hour(0), in_hour(1), in_hour(2)), (60, 30, 10), "{told:?}");
}

#[test]
fn more_than_fit_into_one_letter_are_held() {
    let mut office = Office::open();
    for n in 1..=60 {
        let report =
            mail("kim@acorn.example", &format!("{n}@acorn"), &format!("bug {n}"), Kind::Complete);
        let told = office.receive(report);
        assert_eq!(told[1].contains("held: Flood"), n > 53, "{n}: {told:?}");
    }
    pass(&mut office, 25);
    assert!(office.largest_row < MAX_VALUE, "{}", office.largest_row);
}

#[test]
fn caps_outlive_a_restart() {
    let mut office = Office::open();
    for n in 1..=4 {
        office.receive(mail(
            "kim@acorn.example",
            &format!("{n}@acorn"),
            &format!("bug {n}"),
            Kind::Complete,
        ));
    }
    let cases = (1..=4).map(|n| office.case(n).clone()).collect();
    let past = Past {
        cases,
        last_seq: office.desk.books().last_seq(),
        numbers: vec![(("EXP".into(), 2026), 4)],
        ..Past::default()
    };
    office.desk = office.desk.reopened(past);
    let told = office.receive(mail("kim@acorn.example", "5@acorn", "bug 5", Kind::Complete));
    assert_eq!(told, ["5 opened", "5 deferred"]);
    let told = pass(&mut office, 25);
    assert_eq!(told[..2], ["24h: 5 covered", "24h: 4 combined to kim@acorn.example"]);
}

#[test]
fn a_flood_that_no_promise_can_keep_is_held_and_not_passed_on() {
    let mut office = Office::open();
    let most = 60 * 48;
    for n in 0..most + 5 {
        let told = office.receive(mail(
            &format!("r@d{n}.example"),
            &format!("{n}@x"),
            "bug",
            Kind::Complete,
        ));
        assert_eq!(told[1].contains("held: Flood"), n >= most, "{n}: {told:?}");
    }
}

#[test]
fn whatever_a_stranger_writes_fits_into_the_rows_of_the_store() {
    let mut office = Office::open();
    let long = "\u{10ffff}".repeat(100_000);
    let id = format!("{}@acorn", "\\".repeat(240));
    let mut huge = mail("kim@acorn.example", &id, &long, Kind::LinkOnly);
    huge.message.from[0].name = long.clone();
    huge.message.text = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(" word");
    office.reasons =
        (0..20).map(|_| Reason { code: Code::OnlyLinks, detail: long.clone() }).collect();
    office.figures.hosts = vec![long.clone(); 20];
    office.figures.files = vec![long.clone(); 20];
    assert_eq!(office.receive(huge).len(), 2);
    assert!(office.largest_row < MAX_VALUE, "{}", office.largest_row);
}

#[test]
fn a_case_told_again_from_its_events_is_the_same_case() {
    let mut office = Office::open();
    office.receive(mail("kim@acorn.example", "1@acorn", "bug", Kind::LinkOnly));
    office.delivery(1, Outcome::Transient("451".into()));
    office.delivery(1, Outcome::Accepted("250".into()));
    office.receive(mail("kim@acorn.example", "2@acorn", "Re: bug", Kind::Complete));
    let written: Vec<String> =
        office.log.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
    let read: Vec<Event> = written.iter().map(|t| serde_json::from_str(t).unwrap()).collect();
    assert_eq!(read, office.log, "an event reads back as it was written");
    assert_eq!(&Case::replay(&read).unwrap(), office.case(1));
    let order: Vec<u64> = read.iter().map(|event| event.seq).collect();
    assert_eq!(order, [1, 2, 3, 4, 5]);
}
