//! What will happen, told from the seed alone: nobody has to remember ten thousand mails, and whoever
//! judges afterwards asks here again.

use crate::chance::Chance;

pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;

/// 2026-09-01, 18:00 UTC.
pub(super) const START: i64 = 1_788_285_600;

/// How much there is of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// How long it goes on, in seconds of virtual time.
    pub(super) length: i64,
    pub(super) mails: u32,
    /// How long a person has to answer, in seconds, and when they are reminded.
    pub(super) response: i64,
    pub(super) reminder: i64,
    /// How often what is missed goes up the ladder.
    pub(super) escalate_every: i64,
    /// From here on cases are closed as they come: what grows after it, leaks.
    pub(super) warm_up: i64,
    /// How often it is measured.
    pub(super) look: i64,
    /// No mail comes, and nothing fails, for so long before the end: all that waits has left by then.
    pub(super) calm: i64,
}

/// Seven days, ten thousand mails.
pub(super) const FULL: Size = Size {
    length: 7 * DAY,
    mails: 10_000,
    response: DAY,
    reminder: 20 * HOUR,
    escalate_every: 8 * HOUR,
    warm_up: 2 * DAY,
    look: 12 * HOUR,
    calm: 8 * HOUR,
};

/// Half a day, three hundred mails: for every run of the tests.
pub(super) const SMALL: Size = Size {
    length: 12 * HOUR,
    mails: 300,
    response: 3 * HOUR,
    reminder: 150 * MINUTE,
    escalate_every: HOUR,
    warm_up: 4 * HOUR,
    look: 3 * HOUR,
    calm: 3 * HOUR,
};

/// What is not as usual about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    None,
    /// Nobody stands for its sender: the short letter.
    Unproven,
    /// Its domain disowns it: held.
    Disowned,
    /// A list that is none of ours: held.
    List,
    /// An offer.
    Junk,
}

/// What has to become of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Opens(Twist),
    /// It joins the case of this mail.
    Joins(u32),
    Machine,
}

/// How the team deals with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// A person answers at this moment.
    Answered(i64),
    /// It is said that something is needed, the reporter writes again, a person answers.
    Asked { at: i64, wrote: i64, answered: i64 },
    /// Nobody does anything, or it is closed without a word.
    Nothing,
}

/// Everything that is planned for one mail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    pub(super) arrived: i64,
    pub(super) fate: Fate,
    /// When the same mail is delivered once more.
    pub(super) again: Option<i64>,
    pub(super) care: Care,
    /// The answer comes as a copy from a member, and does not lie among the sent mail.
    pub(super) by_copy: bool,
    /// When the case is closed.
    pub(super) closed: i64,
    /// The reporter thanks after the end, which opens it again; and when it is closed for good.
    pub(super) thanks: Option<(i64, i64)>,
    /// A machine of the reporter answers our letter; or the letter comes back.
    pub(super) away: bool,
    pub(super) bounces: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) size: Size,
    /// Whether the daemon dies now and then.
    pub(super) crashes: bool,
}

impl Plan {
    pub(super) fn end(self) -> i64 {
        START + self.size.length
    }

    /// The moment from which on everything is calm.
    pub(super) fn calm(self) -> i64 {
        self.end() - self.size.calm
    }

    /// How many seconds there are for each mail.
    fn pace(self) -> i64 {
        (self.size.length - self.size.calm) / i64::from(self.size.mails)
    }

    pub(super) fn lots(self, what: u64) -> Chance {
        let mut chance = Chance::of(self.seed ^ what.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.next();
        chance
    }

    pub(super) fn life(self, n: u32) -> Life {
        let mut chance = self.lots(u64::from(n) + 1);
        let response = self.size.response;
        let arrived =
            START + MINUTE + i64::from(n) * self.pace() + chance.number(0, self.pace() - 1);
        let due = arrived + response;
        // Whoever goes on from this very mail does so ten mails later, while the case is open.
        let soon = arrived + 13 * self.pace();
        let far = arrived + response * 3 / 4;
        let care = match chance.number(0, 99) {
            0..=79 => Care::Answered(chance.number(soon, far)),
            // In the last moment.
            80..=82 => Care::Answered(due - chance.number(2, 30)),
            83..=87 => Care::Answered(due + chance.number(2 * MINUTE, response / 3)),
            88..=91 => {
                let at = chance.number(soon, far);
                let wrote = at + chance.number(MINUTE, response / 2);
                Care::Asked { at, wrote, answered: wrote + chance.number(MINUTE, response / 5) }
            }
            _ => Care::Nothing,
        };
        let closed = match care {
            Care::Answered(at) | Care::Asked { answered: at, .. } => {
                at + chance.number(MINUTE, response / 6)
            }
            Care::Nothing if chance.percent(40) => chance.number(soon, far),
            Care::Nothing => due + chance.number(response / 8, response / 2),
        };
        let answered = care != Care::Nothing;
        let thanks = chance.perhaps(if answered { 3 } else { 0 }, |c| {
            let at = closed + c.number(MINUTE, response / 6);
            (at, at + c.number(MINUTE, response / 6))
        });
        let again = chance.perhaps(4, |c| arrived + c.number(0, 20 * MINUTE));
        let (by_copy, away, bounces) = (chance.percent(30), chance.percent(4), chance.percent(2));
        let fate = fate(n, &mut chance);
        let plain = fate == Fate::Opens(Twist::None);
        let (away, bounces) = (away && plain && !bounces, bounces && plain);
        Life { arrived, fate, again, care, by_copy, closed, thanks, away, bounces }
    }
}

/// As the mails of the benchmark are, which come in scores; some reports are of a kind of their own.
fn fate(n: u32, chance: &mut Chance) -> Fate {
    let has_text = n % 20 <= 10 && n % 400 != 200;
    match n % 20 {
        14..=17 => Fate::Joins(n - 10),
        18 | 19 => Fate::Machine,
        // Somebody goes on from these.
        4..=7 => Fate::Opens(Twist::None),
        _ => Fate::Opens(match chance.number(0, 99) {
            0..=5 => Twist::Unproven,
            6..=8 => Twist::Disowned,
            // What a list carries without a word is put aside.
            9..=10 if has_text => Twist::List,
            11..=12 if has_text => Twist::Junk,
            _ => Twist::None,
        }),
    }
}

/// What goes wrong around the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The relay is so for a while.
    Relay(Weather, i64),
    /// The daemon is gone for a while.
    Crash { how: Crash, down: i64 },
    /// The connection to the mail server is lost, and cannot be had again for a while.
    Unread(i64),
    /// All mails of a folder get new numbers.
    Renumbered { sent: bool },
    /// The clock of the machine is set.
    Clock(i64),
    /// The machine sleeps.
    Sleep(i64),
}

/// How the relay treats letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    Fine,
    /// It takes none for now.
    Busy,
    /// It cannot be reached.
    Gone,
    /// It wants no letters of ours.
    Refusing,
    /// It is cut off after the letter; half of them were taken.
    Cut,
}

/// When it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// Between two turns, with letters on their way.
    AtRest,
    /// On its way through a turn: the next one breaks off the n-th time that it waits for the disk.
    MidWay(u32),
    /// Between two turns, and what is found afterwards is what lay on the disk then.
    FromTheDisk,
}

impl Plan {
    /// Everything that goes wrong, and when.
    pub(super) fn faults(self) -> Vec<(i64, Fault)> {
        let mut chance = self.lots(0x50ac);
        let mut faults = Vec::new();
        // In half a day as much happens as else in two.
        let days = if self.size.length < DAY { 2 } else { self.size.length / DAY };
        let whole = self.size.length >= DAY;
        let longest = |c: &mut Chance| {
            if whole { c.number(5 * MINUTE, 5 * HOUR) } else { c.number(MINUTE, 40 * MINUTE) }
        };
        let mut draw = |many: i64, what: &mut dyn FnMut(&mut Chance) -> Fault| {
            for _ in 0..many {
                let fault = what(&mut chance);
                let at = chance.number(START + 10 * MINUTE, self.calm() - HOUR);
                faults.push((at, fault));
            }
        };
        let weathers =
            [Weather::Busy, Weather::Gone, Weather::Gone, Weather::Refusing, Weather::Cut];
        draw(days * 3 / 2, &mut |c| Fault::Relay(c.one(&weathers), longest(c)));
        draw(days * 4, &mut |c| {
            let how = match c.number(0, 9) {
                0..=1 => Crash::AtRest,
                2..=7 => Crash::MidWay(u32::try_from(c.number(0, 9)).unwrap()),
                _ => Crash::FromTheDisk,
            };
            let down = c.one(&[3, 5, 10, 30, 120, 10 * MINUTE, 30 * MINUTE]);
            Fault::Crash { how, down }
        });
        draw(days * 4, &mut |c| Fault::Unread(c.one(&[1, 2, 5, 20, 5 * MINUTE, 40 * MINUTE])));
        draw((days / 2).max(2), &mut |c| Fault::Renumbered { sent: c.percent(40) });
        draw(days, &mut |c| Fault::Clock(c.one(&[-90, -20, 0, 0, 15, 80])));
        draw((days / 2).max(1), &mut |c| Fault::Sleep(c.number(5 * MINUTE, 90 * MINUTE)));
        faults.retain(|(_, fault)| self.crashes || !matches!(fault, Fault::Crash { .. }));
        faults.sort_by_key(|(at, _)| *at);
        faults
    }
}
