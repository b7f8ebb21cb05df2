//! What is said when mail itself is down, by day and hour.

use std::collections::BTreeMap;

use watchpost::desk::alarm::{
    self, Alarm, Outside, Rules, Say, Sort, Trouble, Unread, View, facts, one_line,
};
use watchpost::desk::books::Past;
use watchpost::desk::canary;
use watchpost::desk::command::Said;
use watchpost::desk::event::{Event, Fact};
use watchpost::desk::folder::Role;
use watchpost::desk::keys::Keys;
use watchpost::desk::message::{MailReport, Message, MessageId};
use watchpost::desk::outbox::Outcome;
use watchpost::desk::parse::parse;
use watchpost::desk::policy::{Canary, Policy};
use watchpost::desk::quota::Caps;
use watchpost::desk::team::{Notices, Team};
use watchpost::desk::time::{Moment, Span};
use watchpost::desk::verdict::Kind;
use watchpost::desk::{Desk, Input};
use watchpost::io::smtp::compose;

use super::{Office, address, in_words, mail, mailbox, policy};

/// An office in which somebody looks for trouble each minute.
struct Night {
    office: Office,
    alarm: Alarm,
    rules: Rules,
    outside: Outside,
    begun: Moment,
    /// False while no channel takes anything.
    heard: bool,
    /// What was wrong by the last look, and until when that holds if nothing happens.
    last: Option<(u64, Outside, View)>,
    said: Vec<Say>,
}

impl Night {
    fn of(office: Office) -> Night {
        let (alarm, rules, outside) = (Alarm::default(), Rules::default(), Outside::default());
        let begun = office.now;
        Night { office, alarm, rules, outside, begun, heard: true, last: None, said: Vec::new() }
    }

    fn look(&mut self) -> Vec<String> {
        let now = self.office.now;
        let view = self.office.desk.troubles(now, &self.rules, &self.outside);
        self.nothing_comes_unannounced(&view);
        let Some(say) = self.alarm.look(now, &self.rules, &view.troubles) else {
            return Vec::new();
        };
        if self.heard {
            self.alarm.heard();
        }
        let sort = match say.sort {
            Sort::Alarm => "alarm",
            Sort::GoesOn => "goes on",
            Sort::Over => "over",
        };
        let told = say.told.iter().map(|told| {
            let over = if told.until.is_some() { "-" } else { "" };
            format!("{over}{}", told.trouble.name())
        });
        let told = told.collect::<Vec<_>>().join(" ");
        self.said.push(say);
        let minutes = now.since(self.begun).as_seconds() / 60;
        vec![format!("{:02}:{:02} {sort}: {told}", minutes / 60, minutes % 60)]
    }

    /// Whoever looks only when something happened, or at the moment that the last look told, misses
    /// nothing.
    fn nothing_comes_unannounced(&mut self, view: &View) {
        let (now, happened) = (self.office.now, self.office.desk.books().last_seq());
        let names = |view: &View| view.troubles.keys().map(Trouble::name).collect::<Vec<_>>();
        if let Some((before, outside, last)) = &self.last
            && (*before, outside) == (happened, &self.outside)
            && last.next.is_none_or(|next| now < next)
        {
            assert_eq!(names(view), names(last), "since the last look, at {now}");
        }
        self.last = Some((happened, self.outside.clone(), view.clone()));
    }

    /// Lets so many minutes pass.
    fn pass(&mut self, minutes: u64) -> Vec<String> {
        let mut told = Vec::new();
        for _ in 0..minutes {
            self.office.now = self.office.now + Span::minutes(1);
            told.extend(self.look());
        }
        told
    }

    /// As a crash and a start leave it.
    fn restart(&mut self) {
        let rows = self.alarm.rows(self.office.now);
        self.alarm = Alarm::read(rows.values().map(Vec::as_slice));
    }

    fn imap_fails(&mut self) {
        let unread = Unread {
            since: self.office.now,
            folders: vec!["INBOX".into()],
            why: "Connection refused".into(),
        };
        self.outside.mailboxes.insert("security".into(), unread);
    }

    fn imap_works(&mut self) {
        self.outside.mailboxes.clear();
    }
}

fn refused() -> Outcome {
    Outcome::Unreachable("connect: refused; <kim@acorn.example> waits".into())
}

/// A report whose acknowledgement meets a relay that is down.
fn relay_is_down() -> Night {
    let mut night = Night::of(Office::open());
    night.office.receive(mail("kim@acorn.example", "1@acorn", "Traversal", Kind::Complete));
    night.office.delivery(1, refused());
    night
}

const DAY: u64 = 24 * 60;

#[test]
fn a_day_without_a_relay_is_told_after_a_quarter_of_an_hour_each_six_hours_and_once_when_it_ends() {
    let mut night = relay_is_down();
    assert_eq!(night.pass(14), Vec::<String>::new());
    let told = night.pass(DAY + DAY / 12 - 14);
    assert_eq!(
        told,
        [
            "00:15 alarm: relay",
            "06:15 goes on: relay",
            "12:15 goes on: relay",
            "18:15 goes on: relay",
            "24:00 alarm: relay acknowledgement",
        ],
        "an acknowledgement alarms when half of its time is over"
    );
    let told = night.office.delivery(1, Outcome::Accepted("250".into()));
    assert_eq!(told, ["relay resumed", "1 sent"]);
    assert_eq!(night.pass(DAY), ["26:06 over: -relay -acknowledgement"]);
}

#[test]
fn a_relay_that_stopped_by_a_clock_that_was_days_ahead_is_told_once_the_clock_is_right() {
    let mut night = relay_is_down();
    // The machine starts again, with a clock that is set back.
    night.office.now = Moment::from_unix(night.office.now.unix() - 3 * 24 * 3600);
    night.begun = night.office.now;
    night.restart();
    assert_eq!(night.pass(60), ["00:16 alarm: relay"]);
    night.restart();
    let told = night.pass(DAY);
    assert_eq!(told.first().map(String::as_str), Some("06:16 goes on: relay"), "{told:?}");
}

#[test]
fn a_team_of_which_the_mail_server_takes_nobody_is_an_alarm_and_one_dead_address_is_none() {
    let missed = |refused: fn(&str) -> bool| {
        let mut night = Night::of(Office::of(super::promises::promising()));
        night.office.receive(super::promises::report());
        let mut told = Vec::new();
        for _ in 0..60 * 80 {
            night.office.take(&Input::Time);
            for letter in night.office.due() {
                let outcome = match letter.member() {
                    Some(member) if refused(member) => Outcome::Permanent("550 5.7.1 no".into()),
                    _ => Outcome::Accepted("250".into()),
                };
                night.office.take(&Input::Delivery { letter, outcome });
            }
            told.extend(night.pass(1));
        }
        told
    };
    assert_eq!(missed(|member| member == "lee"), Vec::<String>::new());
    let told = missed(|_| true);
    assert_eq!(told.first().map(String::as_str), Some("48:01 alarm: letter"), "{told:?}");
    assert!(told.last().unwrap().contains("goes on: letter"), "{told:?}");
}

#[test]
fn a_team_whose_notices_all_come_back_hours_later_is_an_alarm_and_one_dead_address_is_none() {
    let alone = || {
        let mut policy = super::promises::promising();
        policy.team.deputies.clear();
        policy.team.members.clear();
        policy.team.outside.clear();
        policy
    };
    let missed = |policy: Policy, hours: u64, comes_back: fn(&str, u64) -> bool| {
        let team = Team { notices: Notices::Facts, ..policy.team };
        let mut night = Night::of(Office::of(Policy { team, ..policy }));
        night.office.receive(super::promises::report());
        let (mut told, mut bounces) = (Vec::new(), Vec::new());
        for minute in 0..60 * hours {
            night.office.take(&Input::Time);
            for letter in night.office.due() {
                let back = letter.member().is_some_and(|one| comes_back(one, minute / 60));
                bounces.extend(back.then(|| (minute + 120, letter.clone())));
                let outcome = Outcome::Accepted("250".into());
                night.office.take(&Input::Delivery { letter, outcome });
            }
            while let Some((_, letter)) = bounces.pop_if(|(at, _)| *at <= minute) {
                let is = |event: &Event| match &event.fact {
                    Fact::Written { letter: one, message_id, .. } if *one == letter => {
                        Some(message_id.clone())
                    }
                    _ => None,
                };
                let about = night.office.log.iter().find_map(is).into_iter().collect();
                let id = format!("b{minute}@relay.example");
                let mut bounce = mail("mailer-daemon@relay.example", &id, "x", Kind::Bounce);
                let actions = vec!["failed".into()];
                bounce.message.report =
                    Some(MailReport { actions, about, ..MailReport::default() });
                let followed = night.office.receive(bounce);
                assert_eq!(followed[0], "1 bounced, failed: true");
            }
            bounces.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            told.extend(night.pass(1));
        }
        told
    };
    assert_eq!(missed(super::promises::promising(), 80, |one, _| one == "lee"), [""; 0]);
    // Of the report, two reminders, and the breach.
    let told = missed(alone(), 80, |_, _| true);
    assert_eq!(told.first().map(String::as_str), Some("50:01 alarm: letter"), "{told:?}");
    assert!(told.last().unwrap().contains("goes on: letter"), "{told:?}");
    // Somebody mends it: a day later nothing has come back.
    let told = missed(alone(), 102, |_, hour| hour < 60);
    assert_eq!(told.last().map(String::as_str), Some("96:05 over: -letter"), "{told:?}");
}

#[test]
fn what_is_told_names_cases_and_servers_and_nobody() {
    let mut night = relay_is_down();
    night.pass(DAY);
    let keys = Keys::new(vec![[9; 32]]).unwrap();
    let status = alarm::status(night.alarm.present()).unwrap();
    assert_eq!(
        status,
        "security: mail cannot be sent since 2026-09-01 12:00 UTC: 1 letter waits; connect: \
         refused; <…> waits; and 1 more"
    );
    let say = night.said.last().unwrap();
    let from = mailbox("watchpost@other.example");
    let letter = alarm::letter(&keys, &from, &address("kim@home.example"), say, 0).unwrap();
    assert_eq!(letter.subject, "Watchpost: alarm: security: acknowledgements are late");
    let lines: Vec<&str> = letter.body.lines().collect();
    assert_eq!(
        lines[..6],
        [
            "Watchpost cannot do its work:",
            "",
            "* security: acknowledgements are late since 2026-09-02 12:00 UTC: 1 report: \
             EXP-2026-0001; the first promise ends at 2026-09-03 12:00 UTC",
            "",
            "This goes on:",
            "",
        ]
    );
    let text = compose(&letter).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains("acorn") && !text.contains("Traversal"), "{text}");
    assert!(text.contains("Auto-Submitted: auto-generated\r\n"), "{text}");
    let again = alarm::letter(&keys, &from, &address("kim@home.example"), say, 1).unwrap();
    assert_ne!(letter.message_id, again.message_id);
    assert_eq!(
        facts(say),
        [
            ("WATCHPOST_ALARM", "relay,acknowledgement".to_owned()),
            ("WATCHPOST_STATE", "alarm".to_owned()),
            ("WATCHPOST_INBOX", "security".to_owned()),
            ("WATCHPOST_SINCE", "2026-09-01T12:00:00Z".to_owned()),
        ]
    );
    night.office.delivery(1, Outcome::Accepted("250".into()));
    night.pass(10);
    let over = night.said.last().unwrap();
    assert_eq!(
        one_line(&over.told[0]),
        "security: mail is sent again (this was not so from 2026-09-01 12:00 to 2026-09-02 12:01 UTC)"
    );
    let letter = alarm::letter(&keys, &from, &address("kim@home.example"), over, 0).unwrap();
    assert_eq!(letter.subject, "Watchpost: over: security: mail is sent again (and 1 more)");
    assert!(letter.body.ends_with("Nothing else is wrong. What waited leaves by itself.\n"));
}

#[test]
fn a_daemon_that_starts_again_and_again_counts_from_the_beginning_and_tells_once() {
    let mut night = Night::of(Office::open());
    night.imap_fails();
    let mut told = Vec::new();
    for _ in 0..60 {
        told.extend(night.pass(1));
        night.restart();
        // After a start, the trouble is as old as the start.
        night.imap_fails();
    }
    assert_eq!(told, ["00:15 alarm: mailbox"]);
    assert_eq!(night.pass(6 * 60), ["06:15 goes on: mailbox"]);
    night.restart();
    night.imap_works();
    assert_eq!(night.pass(60), ["07:06 over: -mailbox"]);
    night.restart();
    assert_eq!(night.pass(DAY), Vec::<String>::new());
}

#[test]
fn what_nobody_has_heard_is_said_again_after_a_crash() {
    let mut night = Night::of(Office::open());
    night.heard = false;
    night.imap_fails();
    assert_eq!(night.pass(20), ["00:15 alarm: mailbox"]);
    night.restart();
    night.heard = true;
    assert_eq!(night.pass(20), ["00:21 alarm: mailbox"]);
    night.heard = false;
    night.imap_works();
    assert_eq!(night.pass(10), ["00:46 over: -mailbox"]);
    night.restart();
    night.heard = true;
    assert_eq!(night.pass(10), ["00:56 over: -mailbox"], "the end as well");
    night.restart();
    assert_eq!(night.pass(DAY), Vec::<String>::new());
}

#[test]
fn a_server_that_takes_each_login_and_drops_it_is_down() {
    let mut night = Night::of(Office::open());
    let mut told = Vec::new();
    for _ in 0..20 {
        night.imap_fails();
        told.extend(night.pass(1));
        night.imap_works();
        told.extend(night.pass(1));
    }
    assert_eq!(told, ["00:15 alarm: mailbox"]);
    assert_eq!(night.pass(DAY), ["00:45 over: -mailbox"]);
    // What lasts for a minute or two is nobody's business.
    night.imap_fails();
    night.pass(2);
    night.imap_works();
    assert_eq!(night.pass(DAY), Vec::<String>::new());
}

#[test]
fn a_letter_that_is_put_off_again_and_again_alarms_and_its_acknowledgement_does() {
    let mut night = Night::of(Office::open());
    night.office.receive(mail("kim@acorn.example", "1@acorn", "Traversal", Kind::Complete));
    night.office.delivery(1, Outcome::Transient("451 later".into()));
    assert_eq!(night.pass(5 * 60), ["04:00 alarm: letter"]);
    let told = night.pass(DAY);
    assert_eq!(told.last().unwrap(), "24:00 alarm: acknowledgement letter");
    // A person was faster.
    night.office.take(&Input::Delivery {
        letter: night.office.due()[0].clone(),
        outcome: Outcome::Permanent("550 no such user".into()),
    });
    let told = night.pass(DAY);
    assert_eq!(told.first().unwrap(), "29:06 over: acknowledgement -letter");
    assert_eq!(told.last().unwrap(), "48:05 over: -acknowledgement", "then the ladder is told");
}

#[test]
fn open_cases_of_an_inbox_that_lost_its_name_alarm_until_it_has_it_again_or_they_are_closed() {
    for closed in [false, true] {
        let mut night = relay_is_down();
        night.office.delivery(1, Outcome::Accepted("250".into()));
        let as_renamed = |office: &Office, inbox: &str| {
            let renamed = Policy { inbox: inbox.into(), ..policy() };
            let (cases, last_seq) =
                (office.desk.books().cases().cloned().collect(), office.desk.books().last_seq());
            let keys = Keys::new(vec![[9; 32]]).unwrap();
            let past = Past { cases, last_seq, ..Past::default() };
            Desk::open(vec![renamed], keys, Caps::default(), past)
        };
        night.office.desk = as_renamed(&night.office, "disclosure");
        let told = night.pass(DAY / 4);
        assert_eq!(told, ["00:16 alarm: unconfigured"], "a configuration may be mended meanwhile");
        let line = one_line(&night.said[0].told[0]);
        let what = "security: this inbox has open cases and is not configured any more";
        assert_eq!(line, format!("{what} since 2026-09-01 12:01 UTC: 1 open case"));
        if closed {
            assert_eq!(night.office.say(1, Said::Close), ["1 closed"]);
        } else {
            night.office.desk = as_renamed(&night.office, "security");
            // A new configuration begins with a look.
            night.last = None;
        }
        assert_eq!(night.pass(60).last().unwrap(), "06:06 over: -unconfigured");
    }
}

#[test]
fn what_a_human_has_to_look_at_is_no_trouble_of_the_machine() {
    let mut night = Night::of(Office::open());
    let mut junk = mail("eve@evil.example", "1@evil", "offer", Kind::SpamOrJunk);
    junk.authentication = watchpost::desk::authentication::Authentication::Fail;
    night.office.receive(junk);
    assert_eq!(night.pass(3 * DAY), Vec::<String>::new());
}

#[test]
fn a_store_that_takes_nothing_is_told_before_the_daemon_gives_up() {
    let mut night = Night::of(Office::open());
    night.outside.store = Some((night.office.now, "the disk is full".into()));
    // Folders are dropped then: one cause, one alarm.
    night.imap_fails();
    assert_eq!(night.pass(60), ["00:02 alarm: store"]);
}

fn with_canary() -> Policy {
    let canary = Canary { every: Span::hours(6), within: Span::minutes(30) };
    Policy { canary: Some(canary), ..policy() }
}

/// A canary as it leaves, and as our server hands it out.
fn canary_of(desk: &Desk, now: Moment) -> Message {
    let to = address("security@project.example");
    let from = mailbox("watchpost@other.example");
    parse(&compose(&canary::letter(desk.keys(), &from, &to, now).unwrap()).unwrap(), true)
}

fn as_mail(message: Message) -> super::Mail {
    super::Mail { message, ..mail("watchpost@other.example", "x@y", "", Kind::Automatic) }
}

fn sent(night: &mut Night) {
    let (to, made) = (address("security@project.example"), night.office.now);
    let told = night.office.take(&Input::CanarySent { to, made });
    assert_eq!(told.iter().map(in_words).collect::<Vec<_>>(), ["canary sent"]);
}

#[test]
fn a_canary_opens_no_case_and_one_that_does_not_arrive_alarms_until_the_next_one_does() {
    let mut night = Night::of(Office::of(with_canary()));
    let first = canary_of(&night.office.desk, night.office.now);
    sent(&mut night);
    assert_eq!(night.pass(1), Vec::<String>::new());
    assert_eq!(night.office.receive(as_mail(first.clone())), ["canary arrived"]);
    assert_eq!(night.pass(DAY), Vec::<String>::new());

    sent(&mut night);
    assert_eq!(night.pass(6 * 60), ["24:32 alarm: canary"]);
    let last = canary_of(&night.office.desk, night.office.now);
    sent(&mut night);
    night.pass(1);
    assert_eq!(night.office.receive(as_mail(last)), ["canary arrived"]);
    assert_eq!(night.pass(DAY), ["30:08 over: -canary"]);
    assert_eq!(night.office.desk.books().open_cases(), 0);
    // Nothing of it waits to be sent: it is answered by nobody.
    assert_eq!(night.office.desk.books().outbox().len(), 0);
}

#[test]
fn what_cannot_be_read_has_not_arrived_and_that_is_one_alarm() {
    let mut night = Night::of(Office::of(with_canary()));
    sent(&mut night);
    night.imap_fails();
    assert_eq!(night.pass(60), ["00:15 alarm: mailbox"]);
}

#[test]
fn nobody_else_makes_a_canary_and_nobody_hides_a_report_in_one() {
    let mut office = Office::of(with_canary());
    let ours = canary_of(&office.desk, office.now);

    // Somebody else's.
    let stranger = Keys::new(vec![[7; 32]]).unwrap();
    let (from, to) = (mailbox("watchpost@other.example"), address("security@project.example"));
    let forged = canary::letter(&stranger, &from, &to, office.now).unwrap();
    let forged = parse(&compose(&forged).unwrap(), true);
    assert_eq!(canary::recognised(office.desk.keys(), &with_canary(), &forged), None);
    assert_eq!(office.receive(as_mail(forged)), ["set aside: automatic"]);

    // A person quotes it, or answers it.
    let quoted = mail("kim@acorn.example", "1@acorn", &ours.subject, Kind::Complete);
    assert_eq!(office.receive(quoted)[0], "1 opened");
    let answer = mail("bo@oak.example", "2@oak", &format!("Re: {}", ours.subject), Kind::Other);
    let id = ours.ids[0].as_str().to_owned();
    assert_eq!(office.receive(answer.answering(&id))[0], "2 opened");

    // A relay replaced its Message-ID, a list wrote before its subject.
    let mut changed = ours.clone();
    changed.ids = MessageId::parse("0100018f@ses.example").into_iter().collect();
    changed.subject = format!("[security] {}", ours.subject);
    assert_eq!(office.receive(as_mail(changed)), ["canary arrived"]);
    // It counts once: whatever else carries its word is judged like any mail.
    let mut report = mail("eve@evil.example", "3@evil", "bug", Kind::Complete);
    report.message.ids = ours.ids.clone();
    assert_eq!(office.receive(report)[0], "3 opened");
    assert_eq!(office.receive(as_mail(ours)), ["set aside: automatic"]);

    // Its own kind of mail, another address, the folder for sent mail.
    let later = office.now + Span::hours(6);
    let elsewhere = canary::letter(office.desk.keys(), &from, &address("a@b.example"), later);
    let elsewhere = parse(&compose(&elsewhere.unwrap()).unwrap(), true);
    assert_eq!(office.receive(as_mail(elsewhere)), ["set aside: automatic"]);
    let next = canary_of(&office.desk, later);
    office.role = Role::Sent;
    assert!(office.receive(as_mail(next.clone())).is_empty());
    office.role = Role::Junk;
    assert_eq!(office.receive(as_mail(next)), ["canary arrived"]);
}

#[test]
fn of_a_personal_inbox_the_canary_is_read_and_no_other_mail_of_machines() {
    let policy = Policy { kind: watchpost::desk::policy::InboxKind::Personal, ..with_canary() };
    let office = Office::of(policy);
    let folder = watchpost::desk::folder::Folder {
        inbox: "security".into(),
        name: "INBOX".into(),
        role: Role::Inbox,
    };
    let ours = canary_of(&office.desk, office.now);
    assert!(office.desk.wants(office.now, &folder, &ours));
    let mut other = ours;
    other.ids = Vec::new();
    other.subject = "Watchpost canary".into();
    assert!(!office.desk.wants(office.now, &folder, &other));
}

#[test]
fn what_is_over_within_seconds_is_never_kept_and_what_lasted_is_until_it_is_surely_over() {
    for (seconds, kept) in [(2, false), (6, true)] {
        let mut night = Night::of(Office::open());
        night.imap_fails();
        night.look();
        night.office.now = night.office.now + Span::seconds(seconds);
        night.imap_works();
        night.look();
        for _ in 0..4 {
            night.pass(1);
            assert_eq!(!night.alarm.rows(night.office.now).is_empty(), kept, "{seconds} s");
        }
        night.pass(1);
        assert!(night.alarm.rows(night.office.now).is_empty());
    }
}

#[test]
fn an_alarm_reads_back_from_its_rows_and_a_garbled_row_costs_nothing_else() {
    let mut alarm = Alarm::default();
    let seen = |trouble: Trouble, since| (trouble, alarm::Seen { since, how: "x".into() });
    let begun = Moment::from_unix(1_800_000_000);
    let to = address("security@project.example");
    let all = BTreeMap::from([
        seen(Trouble::Store, begun),
        seen(Trouble::Relay("security".into()), begun),
        seen(Trouble::Canary { inbox: "security".into(), to }, begun),
        seen(Trouble::SecondRelay, begun),
    ]);
    let now = begun + Span::hours(1);
    assert!(alarm.look(now, &Rules::default(), &all).is_some());
    alarm.heard();
    let rows = alarm.rows(now);
    assert_eq!(rows.len(), 4);
    let mut values: Vec<&[u8]> = rows.values().map(Vec::as_slice).collect();
    values.push(b"{");
    let mut read = Alarm::read(values);
    assert_eq!(read.rows(now), rows);
    assert_eq!(read.look(now + Span::minutes(1), &Rules::default(), &all), None);
    assert!(rows.keys().all(|key| key.starts_with(alarm::PREFIX.as_bytes()) && key.len() < 100));
}
