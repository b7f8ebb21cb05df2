//! Mail through groups, lists and forwarders, told as stories: who wrote, and who was answered.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use std::path::Path;

use watchpost::desk::address::{Address, Mailbox};
use watchpost::desk::books::Past;
use watchpost::desk::classify::personal::Reading;
use watchpost::desk::door;
use watchpost::desk::event::{Event, Fact, MailRef};
use watchpost::desk::folder::{Folder, Role};
use watchpost::desk::intake::{Incoming, concerns_us, looked_up};
use watchpost::desk::judge::{Judged, judge};
use watchpost::desk::keys::Keys;
use watchpost::desk::parse::parse;
use watchpost::desk::policy::{InboxKind, Policy};
use watchpost::desk::quota::Caps;
use watchpost::desk::record;
use watchpost::desk::table::{Table, Write};
use watchpost::desk::thread::{Tie, Tied};
use watchpost::desk::time::Moment;
use watchpost::desk::{Desk, Input};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn policy() -> Policy {
    let inbox = address("security@project.example");
    Policy {
        inbox: "security".into(),
        recipients: vec![inbox.clone()],
        case_prefix: "EXP".into(),
        from: Mailbox { name: String::new(), address: inbox },
        authserv_id: Some("mx.project.example".into()),
        lists: vec![
            address("security@project.example"),
            address("security@lists.project.example"),
            address("project-security@googlegroups.com"),
        ],
        list_authserv_id: Some("lists.project.example".into()),
        ..Policy::unconfigured()
    }
}

/// A mail of the collection that `tests/classify.rs` judges.
fn mail(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail");
    let path = ["through-our-own-list", "through-somebody-elses-list"]
        .map(|why| folder.join(why).join(name).with_extension("eml"))
        .into_iter()
        .find(|path| path.exists());
    std::fs::read_to_string(path.unwrap()).unwrap()
}

/// A mail that the author sends straight to us.
fn direct(from: &str, id: &str, rest: &str) -> String {
    let domain = address(from).domain().to_owned();
    format!(
        "Return-Path: <{from}>\nAuthentication-Results: mx.project.example; dkim=pass \
         header.d={domain}; dmarc=pass header.from={domain}\nFrom: {from}\nTo: \
         security@project.example\nMessage-ID: <{id}>\n{rest}"
    )
}

struct Office {
    desk: Desk,
    policy: Policy,
    uid: u32,
    ties: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Office {
    fn open(policy: Policy) -> Office {
        let keys = Keys::new(vec![[9; 32]]).unwrap();
        let desk = Desk::open(vec![policy.clone()], keys, Caps::default(), Past::default());
        Office { desk, policy, uid: 0, ties: Vec::new() }
    }

    fn receive(&mut self, mail: &str) -> Vec<String> {
        self.uid += 1;
        let now = Moment::parse_rfc3339("2026-10-05T09:12:05Z").unwrap();
        let judged = judge(parse(mail.as_bytes(), true), &self.policy);
        let Judged { message, authentication, verdict } = judged;
        let incoming = Incoming {
            mail: MailRef {
                folder: Folder {
                    inbox: "security".into(),
                    name: "INBOX".into(),
                    role: Role::Inbox,
                },
                uid_validity: 1,
                uid: self.uid,
                message_id: message.ids.first().cloned(),
                arrived: now,
                size: 1000,
            },
            tied: looked_up(&message).into_iter().flat_map(|tie| self.lead(&tie)).collect(),
            message,
            verdict,
            authentication,
            witness: None,
            claimed_by: None,
            reading: Reading::No,
            recorded: false,
        };
        let events = self.desk.decide(now, &Input::Mail(Box::new(incoming)));
        for event in &events {
            self.desk.apply(event);
            for write in record::event(self.desk.books(), event) {
                if let Write::Put(Table::Ties, key, value) = write {
                    self.ties.push((key, value));
                }
            }
        }
        events.iter().map(in_words).collect()
    }

    fn lead(&self, tie: &Tie) -> Vec<(Tie, Tied)> {
        let Some(key) = tie.key() else { return Vec::new() };
        let rows = self.ties.iter().filter(|(row, _)| row.starts_with(&key));
        rows.map(|(_, value)| (tie.clone(), record::read("a tie", value).unwrap())).collect()
    }
}

fn in_words(event: &Event) -> String {
    let case = event.case.as_ref().map(|case| format!("{} ", case.number)).unwrap_or_default();
    let who = |one: &Option<Mailbox>| {
        one.as_ref().map_or("nobody".to_owned(), |one| one.address.to_string())
    };
    let what = match &event.fact {
        Fact::Opened(opening) => format!("opened by {}", who(&opening.reporter)),
        Fact::Joined { tie, from, .. } => format!("joined by {} as {tie:?}", who(from)),
        Fact::Linked { other } => format!("linked to {}", other.number),
        Fact::SetAside { verdict, .. } => format!("set aside: {}", verdict.kind),
        Fact::Held { why } => format!("held: {why:?}"),
        Fact::Written { kind, to, .. } => format!("{} to {}", kind.name(), to.address),
        other => format!("{other:?}"),
    };
    case + &what
}

fn receive(mail: &str) -> Vec<String> {
    Office::open(policy()).receive(mail)
}

#[test]
fn the_person_behind_a_group_is_answered_and_their_answers_join() {
    let mut office = Office::open(policy());
    assert_eq!(
        office.receive(&mail("google-from-rewritten")),
        ["1 opened by kim@acorn.example", "1 acknowledgement to kim@acorn.example"]
    );
    // Straight to us, not through the group.
    let more = direct(
        "kim@acorn.example",
        "2@acorn.example",
        "In-Reply-To: <CAF1x2b+7Qd@mail.acorn.example>\nSubject: more\n\nIt needs dotfiles on.\n",
    );
    assert_eq!(office.receive(&more), ["1 joined by kim@acorn.example as TheirMail"]);
    // Through the group again, which puts its mark before the subject.
    let again = mail("google-subject-prefix")
        .replace("Subject: [security] ", "Subject: [security] Re: ")
        .replace("Any local file", "Every file")
        .replace("CAF1x2b+7Qd", "3");
    assert_eq!(office.receive(&again), ["1 joined by kim@acorn.example as SameSubject"]);
}

#[test]
fn a_mail_straight_to_us_and_through_the_list_as_well_is_one_case() {
    let mut office = Office::open(policy());
    let straight = direct(
        "kim@acorn.example",
        "66F1A2B3.4050607@acorn.example",
        "Subject: Path traversal in express.static\n\nA request for /..%2f returns any file.\n",
    );
    assert_eq!(office.receive(&straight).len(), 2);
    for copy in ["mailman2-munged", "mailman2-wrapped", "mailman3-munged"] {
        let told = office.receive(&mail(copy));
        assert_eq!(told, ["1 joined by kim@acorn.example as TheirMail"], "{copy}");
    }
}

#[test]
fn our_own_address_in_from_is_held_unless_it_truly_came_through_our_list() {
    for (name, expected) in [
        ("google-from-rewritten", "1 acknowledgement to kim@acorn.example"),
        ("google-known-by-arc", "1 acknowledgement to kim@acorn.example"),
        ("google-nothing-recorded", "1 minimal to kim@acorn.example"),
        ("forged-google-from-our-own-address", "1 held: AuthenticationFailed"),
        ("forged-google-without-dmarc", "1 held: OwnAddress"),
        ("forged-second-server-of-ours", "1 held: AuthenticationFailed"),
    ] {
        assert_eq!(receive(&mail(name))[1..], [expected], "{name}");
    }
}

#[test]
fn without_the_word_of_our_own_server_nobody_behind_a_list_is_believed() {
    let deaf = Policy { authserv_id: None, ..policy() };
    let receive = |name| Office::open(deaf.clone()).receive(&mail(name));
    assert_eq!(
        receive("google-from-rewritten"),
        ["1 opened by security@project.example", "1 held: OwnAddress"]
    );
    assert_eq!(
        receive("google-hosted-at-googlegroups"),
        ["1 opened by kim@acorn.example", "1 minimal to kim@acorn.example"]
    );
    assert_eq!(
        receive("google-from-kept"),
        ["1 opened by kim@acorn.example", "1 minimal to kim@acorn.example"]
    );
}

#[test]
fn a_list_on_our_own_server_is_believed_by_the_first_of_its_two_looks() {
    let ours = Policy { list_authserv_id: Some("MX.project.example".into()), ..policy() };
    for name in ["mailman2-munged", "mailman2-from-kept"] {
        let fields = "Authentication-Results: lists.project.example";
        let mail = mail(name).replace(fields, "Authentication-Results: mx.project.example");
        let told = Office::open(ours.clone()).receive(&mail);
        assert_eq!(told[1..], ["1 acknowledgement to kim@acorn.example"], "{name}");
    }
}

#[test]
fn hearsay_joins_nothing() {
    let mut office = Office::open(policy());
    let report = "Subject: traversal\n\nA request for /..%2f returns any file of the host.\n";
    office.receive(&direct("kim@acorn.example", "1@acorn.example", report));
    let named = mail("unproven-mailman-by-name-only")
        .replace("MIME-Version", "In-Reply-To: <1@acorn.example>\nMIME-Version");
    assert_eq!(
        office.receive(&named),
        ["2 opened by kim@acorn.example", "2 linked to 1", "2 held: OthersConversation"]
    );
    let known = mail("mailman2-munged")
        .replace("66F1A2B3.4050607", "4")
        .replace("MIME-Version", "In-Reply-To: <1@acorn.example>\nMIME-Version");
    assert_eq!(office.receive(&known), ["1 joined by kim@acorn.example as TheirMail"]);
}

#[test]
fn a_reply_to_names_the_author_only_behind_our_own_list() {
    assert_eq!(
        receive(&mail("direct-with-reply-to-elsewhere")),
        ["1 opened by kim@acorn.example", "1 acknowledgement to kim@acorn.example"]
    );
    assert_eq!(receive(&mail("mailman-munged"))[1..], ["1 held: List"]);
    let unconfigured = Policy { lists: Vec::new(), ..policy() };
    for name in ["mailman2-munged", "mailman2-wrapped", "groups-io-rewritten"] {
        let told = Office::open(unconfigured.clone()).receive(&mail(name));
        assert!(!told.iter().any(|what| what.contains(" to ")), "{name}: {told:?}");
    }
}

#[test]
fn no_letter_goes_to_the_list_or_to_its_software() {
    for local in ["security", "security-request", "Security-Bounces+kim=acorn.example", "mailman"] {
        let from = format!("{local}@lists.project.example");
        let report = "Subject: x\n\nA request for /..%2f returns any file of the host, 5.1.0.\n";
        let told = receive(&direct(&from, "1@lists.project.example", report));
        let written = told.iter().any(|what| what.contains(" to "));
        assert!(!written, "{from}: {told:?}");
    }
    for name in ["mailman2-moderation-request", "mailman2-digest", "google-digest"] {
        assert_eq!(receive(&mail(name)), ["set aside: automatic"], "{name}");
    }
}

#[test]
fn a_mail_of_our_own_team_is_not_taken_for_somebody_they_copied_in() {
    let copied =
        "Cc: bo@birch.example\nReply-To: bo@birch.example\nSubject: fix\n\nIt is in 5.1.1.\n";
    let told = receive(&direct("security@project.example", "7@project.example", copied));
    assert_eq!(told, ["1 opened by security@project.example", "1 held: OwnAddress"]);
    let only_copied =
        mail("mailman2-munged").replace("Reply-To: Kim Acker <kim@", "Cc: Bo Birch <bo@");
    assert_eq!(receive(&only_copied), ["1 opened by nobody", "1 held: NoSingleAuthor"]);
}

#[test]
fn of_two_lists_of_ours_the_one_that_marked_the_mail_counts() {
    let mail = mail("mailman2-munged")
        .replace("To: security@lists.project.example", "To: security@project.example");
    assert_eq!(receive(&mail)[1..], ["1 acknowledgement to kim@acorn.example"]);
}

#[test]
fn in_a_mixed_inbox_mail_through_our_list_concerns_us() {
    let mixed = Policy { kind: InboxKind::Mixed, ..policy() };
    let concerns = |name, policy: &Policy| {
        let header = mail(name).split("\n\n").next().unwrap().to_owned() + "\n\n";
        let (message, _) = door::entered(parse(header.as_bytes(), false), policy);
        concerns_us(policy, &message)
    };
    assert!(concerns("mailman2-munged", &mixed));
    assert!(!concerns("mailman2-munged", &Policy { lists: Vec::new(), ..mixed.clone() }));
    assert!(!concerns("mailman-munged", &mixed));
}
