//! What a world's project has promised: plain numbers for the oracle, and the policy made of them.

use watchpost::desk::address::{Address, Mailbox};
use watchpost::desk::calendar::{Calendar, Dates, Hours, Stretch};
use watchpost::desk::policy::{
    Further, Intake, MetBy, Mode, Policy, Promise, Start, Trigger, Waiting,
};
use watchpost::desk::team::{Member, Notices, Team};
use watchpost::desk::time::{Moment, Span, Zone};

use crate::chance::Chance;
use crate::hourglass::{DAY, HOUR, Open, ZONES};

pub(super) const US: &str = "security@project.example";
pub(super) const OUTSIDE: &str = "cert@foundation.example";

/// Everything in seconds.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a configuration is made of them")]
pub(super) struct Rules {
    pub(super) acknowledgement: i64,
    pub(super) response: i64,
    pub(super) from_acknowledgement: bool,
    pub(super) update: Option<i64>,
    pub(super) disclosure: Option<i64>,
    pub(super) response_reminders: Vec<i64>,
    pub(super) update_reminders: Vec<i64>,
    pub(super) disclosure_reminders: Vec<i64>,
    pub(super) further: Vec<Added>,
    pub(super) every: i64,
    pub(super) tell_missed: bool,
    pub(super) tell_waiting: bool,
    pub(super) remind_waiting: Option<i64>,
    pub(super) close_waiting: Option<i64>,
    pub(super) last_note: i64,
    pub(super) open: Open,
    pub(super) doors: Vec<Door>,
    pub(super) reject_links: bool,
    pub(super) words: usize,
    /// The names of each rung, lead first, and whether there is somebody outside.
    pub(super) team: [Vec<&'static str>; 3],
    pub(super) outside: bool,
    pub(super) notices: Notices,
}

/// A promise that the configuration adds.
#[derive(Clone, Debug)]
pub(super) struct Added {
    pub(super) promise: Promise,
    pub(super) length: i64,
    pub(super) from: Trigger,
    pub(super) reminders: Vec<i64>,
    pub(super) escalates: bool,
    pub(super) met_by: Vec<MetBy>,
    pub(super) pauses: bool,
}

/// Some time in which reports are taken in by other rules.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) closed: bool,
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) response: Option<i64>,
    pub(super) acknowledgement: Option<i64>,
}

impl Rules {
    pub(super) fn draw(chance: &mut Chance, start: i64, end: i64) -> Rules {
        let response = length(chance, 12, 7 * 24);
        let update = chance.perhaps(60, |c| length(c, 3 * 24, 21 * 24));
        let disclosure = chance.perhaps(40, |c| length(c, 14 * 24, 60 * 24));
        let open = open(chance, start, end);
        let close_waiting = chance.perhaps(60, |c| c.number(8, 40) * DAY);
        Rules {
            acknowledgement: length(chance, 6, 72),
            response,
            from_acknowledgement: chance.percent(25),
            update,
            disclosure,
            response_reminders: reminders(chance, response),
            update_reminders: reminders(chance, update.unwrap_or(0)),
            disclosure_reminders: reminders(chance, disclosure.unwrap_or(0)),
            further: added(chance),
            every: length(chance, 12, 8 * 24),
            tell_missed: chance.percent(80),
            tell_waiting: chance.percent(80),
            remind_waiting: chance.perhaps(50, |c| c.number(2, 7) * DAY),
            close_waiting,
            last_note: chance.number(1, 7) * DAY,
            doors: doors(chance, &open, start, end),
            open,
            reject_links: chance.percent(60),
            words: usize::try_from(chance.one(&[0, 0, 5, 12])).unwrap(),
            team: chance.one(&[
                [vec!["kim"], vec![], vec![]],
                [vec!["kim"], vec!["lee"], vec![]],
                [vec!["kim"], vec!["lee"], vec!["sam"]],
                [vec![], vec![], vec!["sam", "pat"]],
                [vec!["kim"], vec![], vec!["sam"]],
            ]),
            outside: chance.percent(50),
            notices: chance.one(&[Notices::None, Notices::None, Notices::Facts]),
        }
    }

    /// Everybody on the team.
    pub(super) fn people(&self) -> impl Iterator<Item = &'static str> {
        self.team.iter().flatten().copied()
    }

    pub(super) fn policy(&self) -> Policy {
        let [lead, deputies, members] =
            self.team.each_ref().map(|rung| rung.iter().map(|name| member(name)).collect());
        let lead: Vec<Member> = lead;
        let on_rule = if self.reject_links {
            watchpost::desk::policy::OnRule::Reject
        } else {
            watchpost::desk::policy::OnRule::Flag
        };
        Policy {
            inbox: "security".into(),
            recipients: vec![address(US)],
            case_prefix: "EXP".into(),
            from: mailbox(US),
            acknowledgement: span(self.acknowledgement),
            response: span(self.response),
            response_from: if self.from_acknowledgement {
                Start::Acknowledged
            } else {
                Start::Received
            },
            update: self.update.map(span),
            disclosure: self.disclosure.map(span),
            response_reminders: spans(&self.response_reminders),
            update_reminders: spans(&self.update_reminders),
            disclosure_reminders: spans(&self.disclosure_reminders),
            further: self.further.iter().map(Added::further).collect(),
            escalate_every: span(self.every),
            tell_missed: self.tell_missed,
            waiting: Waiting {
                tell: self.tell_waiting,
                remind: self.remind_waiting.map(span),
                close: self.close_waiting.map(span),
                last_note: span(self.last_note),
            },
            calendar: calendar(&self.open),
            intake: self.doors.iter().map(Door::intake).collect(),
            link_only: on_rule,
            response_words: self.words,
            team: Team {
                lead: lead.into_iter().next(),
                deputies,
                members,
                outside: if self.outside { vec![address(OUTSIDE)] } else { Vec::new() },
                notices: self.notices,
            },
            ..Policy::unconfigured()
        }
    }
}

/// Some hours, often not whole ones.
fn length(chance: &mut Chance, least: i64, most: i64) -> i64 {
    chance.number(least, most) * HOUR + chance.one(&[0, 0, 0, 1, 59, 1799])
}

fn reminders(chance: &mut Chance, length: i64) -> Vec<i64> {
    let many = chance.number(0, 3);
    let mut all: Vec<i64> = (0..many).map(|_| length * chance.number(10, 95) / 100).collect();
    all.retain(|after| *after > 0);
    all.sort_unstable();
    all.dedup();
    all
}

fn added(chance: &mut Chance) -> Vec<Added> {
    let many = chance.one(&[0, 0, 1, 2]);
    let names = ["early-warning", "final-report"];
    let mut one = |name: &str| {
        let length = length(chance, 24, 14 * 24);
        let mark = || Trigger::Marked("exploited".into());
        Added {
            promise: Promise::named(name).unwrap(),
            length,
            from: chance.one(&[
                Trigger::Received,
                Trigger::Acknowledged,
                Trigger::Answered,
                mark(),
                mark(),
            ]),
            reminders: reminders(chance, length),
            escalates: chance.percent(50),
            met_by: chance.one(&[
                vec![],
                vec![],
                vec![MetBy::Response],
                vec![MetBy::Announcement],
                vec![MetBy::Acknowledgement],
            ]),
            pauses: chance.percent(40),
        }
    };
    names.into_iter().take(many).map(&mut one).collect()
}

fn open(chance: &mut Chance, start: i64, end: i64) -> Open {
    let mut open = Open::default();
    if chance.percent(50) {
        return open;
    }
    open.zone = usize::try_from(chance.number(0, 4)).unwrap();
    let week = [true, true, true, true, true, false, false];
    open.hours = chance.one(&[
        vec![],
        vec![(week, 9 * 60, 17 * 60)],
        vec![(week, 8 * 60 + 30, 12 * 60), (week, 13 * 60, 18 * 60)],
        vec![([true; 7], 6 * 60, 24 * 60)],
        vec![(week, 7 * 60, 16 * 60), ([false, false, false, false, false, true, true], 600, 720)],
    ]);
    for _ in 0..chance.number(0, 4) {
        let first = open.day(chance.number(start, end));
        open.holidays.push((first, first + chance.one(&[0, 0, 1, 6])));
    }
    open.go_through(start - 30 * DAY, end + 250 * DAY);
    open
}

fn doors(chance: &mut Chance, open: &Open, start: i64, end: i64) -> Vec<Door> {
    let zone = Zone::named(ZONES[open.zone]).unwrap();
    let one = |chance: &mut Chance| {
        let first = open.day(chance.number(start, end));
        let until = first + chance.number(1, 12);
        let closed = chance.percent(60);
        let length = |c: &mut Chance| length(c, 24, 9 * 24);
        let dates = Dates::parse(&format!("{}..{}", date(first), date(until))).unwrap().of(&zone);
        Door {
            closed,
            from: dates.from.unix(),
            until: dates.until.unwrap().unix(),
            response: chance.perhaps(40, length),
            acknowledgement: chance.perhaps(30, length),
        }
    };
    chance.perhaps(35, one).into_iter().collect()
}

impl Added {
    fn further(&self) -> Further {
        Further {
            promise: self.promise,
            length: span(self.length),
            from: self.from.clone(),
            reminders: spans(&self.reminders),
            escalates: self.escalates,
            met_by: self.met_by.clone(),
            pauses: self.pauses,
        }
    }
}

impl Door {
    fn intake(&self) -> Intake {
        let until = Some(Moment::from_unix(self.until));
        Intake {
            mode: if self.closed { Mode::Closed } else { Mode::Reduced },
            during: Stretch { from: Moment::from_unix(self.from), until },
            text: None,
            acknowledgement: self.acknowledgement.map(span),
            response: self.response.map(span),
            update: None,
        }
    }
}

fn calendar(open: &Open) -> Calendar {
    let zone = Zone::named(ZONES[open.zone]).unwrap();
    let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let hours = |(days, from, until): &([bool; 7], i64, i64)| {
        let days: Vec<&str> = names.iter().zip(days).filter(|d| *d.1).map(|d| *d.0).collect();
        let time = |minutes: &i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Hours::parse(&format!("{} {}-{}", days.join(","), time(from), time(until))).unwrap()
    };
    let holiday = |(first, last): &(i64, i64)| {
        Dates::parse(&format!("{}..{}", date(*first), date(*last))).unwrap().of(&zone)
    };
    Calendar {
        hours: open.hours.iter().map(hours).collect(),
        holidays: open.holidays.iter().map(holiday).collect(),
        zone: zone.clone(),
    }
}

/// A day as a configuration has it.
fn date(day: i64) -> String {
    Moment::from_unix(day * DAY).rfc3339()[..10].to_owned()
}

fn member(name: &str) -> Member {
    Member {
        name: name.into(),
        addresses: vec![address(&format!("{name}@team.example"))],
        zone: Zone::UTC,
        away: Vec::new(),
    }
}

pub(super) fn span(seconds: i64) -> Span {
    Span::seconds(u64::try_from(seconds).unwrap())
}

fn spans(seconds: &[i64]) -> Vec<Span> {
    seconds.iter().map(|one| span(*one)).collect()
}

pub(super) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(super) fn mailbox(text: &str) -> Mailbox {
    Mailbox { name: String::new(), address: address(text) }
}
