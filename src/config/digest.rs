//! `[digest]`: when the team is told what is owed and how promises were kept.

use super::error::shown;
use super::reader::{Item, Table};
use super::{team, value};
use crate::desk::schedule::Schedule;
use crate::desk::team::Team;
use crate::desk::time::Zone;

/// How often.
#[derive(Clone, Copy)]
enum Every {
    Week,
    Day,
    Never,
}

/// The keys of the table, with what stands there where they are left out.
pub(super) struct Digest {
    every: Every,
    weekday: usize,
    minutes: u16,
    /// None where nobody wrote one.
    zone: Option<Zone>,
}

impl Digest {
    /// When it is sent to a team; never where there is nobody on it. Its clocks are those of the lead
    /// where no zone is written: a Monday morning is when people begin to work.
    pub(super) fn schedule(self, team: &Team) -> Option<Schedule> {
        let first = team.everybody().next()?;
        let weekday = match self.every {
            Every::Week => Some(self.weekday),
            Every::Day => None,
            Every::Never => return None,
        };
        let zone = self.zone.unwrap_or_else(|| first.zone.clone());
        Some(Schedule { weekday, minutes: self.minutes, zone })
    }
}

const DAYS: [(&str, usize); 7] = [
    ("Monday", 0),
    ("Tuesday", 1),
    ("Wednesday", 2),
    ("Thursday", 3),
    ("Friday", 4),
    ("Saturday", 5),
    ("Sunday", 6),
];

/// Reads the table.
pub(super) fn digest(table: &Table<'_>) -> Option<Digest> {
    let words = [("week", Every::Week), ("day", Every::Day), ("off", Every::Never)];
    let every = table.or("every", Every::Week, |item| value::choice(item, &words));
    let weekday = table.or("on", 0, |item| value::choice(item, &DAYS));
    let minutes = table.or("at", 8 * 60, time);
    let zone = table.optional("zone", team::zone);
    Some(Digest { every: every?, weekday: weekday?, minutes: minutes?, zone: zone? })
}

/// `08:00`, as minutes after midnight.
fn time(item: &Item<'_>) -> Option<u16> {
    let text = item.text()?;
    let two = |text: &str, most: u16| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten().filter(|number| *number <= most)
    };
    let read = |(hour, minute)| Some(two(hour, 23)? * 60 + two(minute, 59)?);
    text.split_once(':').and_then(read).or_else(|| {
        item.refuse(format_args!(
            "\"{}\" is no time of the day; write one from \"00:00\" to \"23:59\"",
            shown(text)
        ))
    })
}
