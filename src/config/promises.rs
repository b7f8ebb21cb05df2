//! `[promises]`, `[[promise]]`, `[calendar]`, `[[intake]]`, `[waiting]`: what is promised, and when
//! its time counts.

use super::error::shown;
use super::reader::{Item, Table};
use super::team::zone;
use super::value;
use crate::desk::calendar::{Calendar, Dates, Hours, Stretch};
use crate::desk::policy::{Further, Intake, MetBy, Mode, Name, Promise, Start, Trigger, Waiting};
use crate::desk::time::{Moment, Span, Zone};

/// What `[promises]` says.
pub(super) struct Promises {
    pub(super) acknowledgement: Span,
    pub(super) response: Span,
    pub(super) response_from: Start,
    pub(super) response_words: usize,
    pub(super) update: Option<Span>,
    pub(super) disclosure: Option<Span>,
    pub(super) response_reminders: Vec<Span>,
    pub(super) update_reminders: Vec<Span>,
    pub(super) disclosure_reminders: Vec<Span>,
    pub(super) escalate_every: Span,
    pub(super) tell_missed: bool,
}

/// When whoever handles a case is reminded of the response, where nothing else is written.
const REMINDERS: [Span; 3] = [Span::hours(24), Span::hours(36), Span::hours(44)];

/// No promise is longer.
const LONGEST: Span = Span::hours(24 * 365);

fn length(item: &Item<'_>) -> Option<Span> {
    value::span(item, Span::seconds(1), LONGEST)
}

/// Reads when to remind of something that is owed after `length`; left out, what of the `usual`
/// comes before that.
fn reminders(
    table: &Table<'_>,
    key: &'static str,
    usual: &[Span],
    length: Option<Span>,
) -> Option<Vec<Span>> {
    const EXAMPLE: &str = "[\"24h\", \"36h\", \"44h\"]";
    let before = |span: &Span| length.is_none_or(|length| *span < length);
    let usual = usual.iter().copied().filter(before).collect();
    table.or(key, usual, |item| {
        let one = |item: &Item<'_>| {
            let span = self::length(item)?;
            if before(&span) {
                return Some(span);
            }
            item.refuse(format_args!("{span} is not before the deadline; write an earlier one"))
        };
        let items = item.any_list(&format!("{key} = {EXAMPLE}"))?;
        let mut spans = items.iter().map(one).collect::<Option<Vec<_>>>()?;
        spans.sort();
        spans.dedup();
        Some(spans)
    })
}

/// Reads `[promises]`.
pub(super) fn promises(table: &Table<'_>) -> Option<Promises> {
    let acknowledgement = table.or("acknowledgement", Span::hours(48), length);
    let response = table.or("response", Span::hours(48), length);
    let response_from = table.or("response_from", Start::Received, |item| {
        value::choice(item, &[("received", Start::Received), ("acknowledged", Start::Acknowledged)])
    });
    let words = |item: &Item<'_>| value::number(item, "a number of words", 0, 1000);
    let response_words = table.or("response_words", 0, |item| usize::try_from(words(item)?).ok());
    let update = table.optional("update", length);
    let disclosure = table.optional("disclosure", length);
    let whole = |length: Option<Span>| length.filter(|_| table.is_whole());
    let response_reminders = reminders(table, "response_reminders", &REMINDERS, whole(response));
    let update_reminders = reminders(table, "update_reminders", &[], whole(update.flatten()));
    let disclosure_reminders =
        reminders(table, "disclosure_reminders", &[], whole(disclosure.flatten()));
    let escalate_every = table.or("escalate_every", Span::hours(24), length);
    let tell_missed = table.or("tell_missed", true, Item::truth);
    Some(Promises {
        acknowledgement: acknowledgement?,
        response: response?,
        update: update?,
        disclosure: disclosure?,
        response_reminders: response_reminders?,
        update_reminders: update_reminders?,
        disclosure_reminders: disclosure_reminders?,
        escalate_every: escalate_every?,
        tell_missed: tell_missed?,
        response_from: response_from?,
        response_words: response_words?,
    })
}

/// Reads `[calendar]`.
pub(super) fn calendar(table: &Table<'_>) -> Option<Calendar> {
    let zone = table.or("zone", Zone::UTC, zone);
    let hours = table.or("hours", Vec::new(), hours);
    let holidays = table.or("holidays", Vec::new(), |item| {
        let items = item.any_list("holidays = [\"2026-12-24..2027-01-01\"]")?;
        all(items.iter().map(value::dates))
    });
    let (hours, holidays, zone) = (hours?, holidays?, zone?);
    let holidays = holidays.into_iter().map(|dates| dates.of(&zone)).collect();
    Some(Calendar { zone, hours, holidays })
}

/// All of them, once every one was read: each mistake is told.
fn all<T>(read: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = read.collect();
    read.into_iter().collect()
}

fn hours(item: &Item<'_>) -> Option<Vec<Hours>> {
    let one = |item: &Item<'_>| {
        let text = item.text()?;
        Hours::parse(text).or_else(|| {
            item.refuse(format_args!(
                "\"{}\" are no hours of a week; write them like \"Mon-Fri 09:00-17:00\"",
                shown(text)
            ))
        })
    };
    all(item.any_list("hours = [\"Mon-Fri 09:00-17:00\"]")?.iter().map(one))
}

/// Reads `[waiting]`.
pub(super) fn waiting(table: &Table<'_>) -> Option<Waiting> {
    let tell = table.or("tell", true, Item::truth);
    let remind = table.or("remind", Some(Span::hours(24 * 14)), |item| match item.as_bool() {
        Some(false) => Some(None),
        _ => length(item).map(Some),
    });
    let close = table.optional("close", length);
    let last_note = table.or("last_note", Span::hours(24 * 7), length);
    let (close, last_note) = (close?, last_note?);
    let last_note = match close.filter(|close| *close < last_note) {
        Some(close) if table.item("last_note").is_some() && table.is_whole() => {
            let why = format_args!(
                "{last_note} before a case is closed after {close} is too early; write less"
            );
            return table.refuse("last_note", why);
        }
        Some(close) => close,
        None => last_note,
    };
    Some(Waiting { tell: tell?, remind: remind?, close, last_note })
}

/// The tables of a list, from the nearest place that has it.
fn tables<'d>(
    places: [&Table<'d>; 2],
    name: &'static str,
    example: &str,
) -> Option<Vec<Table<'d>>> {
    let Some(item) = places.iter().find_map(|place| place.item(name)) else {
        return Some(Vec::new());
    };
    if item.as_table(name).is_some() {
        let besides =
            if name == "promise" { "; what reporters are promised is [promises]" } else { "" };
        let why =
            format_args!("there can be several; write [[{name}]], with two brackets{besides}");
        return item.refuse(why);
    }
    let one = |item: &Item<'d>| {
        item.as_table(name)
            .or_else(|| item.refuse(format_args!("{} stands here; write {example}", item.what())))
    };
    all(item.any_list(example)?.iter().map(one))
}

const INTAKE: &str =
    "[[intake]] with mode = \"closed\", from = \"2026-12-20\" and until = \"2027-01-03\"";

/// Reads each `[[intake]]`; the `zone` is that of the calendar.
pub(super) fn intake(places: [&Table<'_>; 2], zone: Option<&Zone>) -> Option<Vec<Intake>> {
    let tables = tables(places, "intake", INTAKE)?;
    let utc = Zone::UTC;
    let read = self::all(tables.iter().map(|table| one_intake(table, zone.unwrap_or(&utc))))?;
    let mut all: Vec<Intake> = Vec::new();
    for (table, one) in tables.iter().zip(read) {
        let meets = |other: &Intake| {
            let end = other.during.until.unwrap_or(other.during.from);
            one.during.within(other.during.from, end).is_some()
        };
        if all.iter().any(meets) {
            return table.refuse("from", "another [[intake]] holds in this time; keep one of them");
        }
        all.push(one);
    }
    Some(all)
}

fn one_intake(table: &Table<'_>, zone: &Zone) -> Option<Intake> {
    let modes = [("reduced", Mode::Reduced), ("closed", Mode::Closed)];
    let mode = table.need("mode", "mode = \"closed\"", |item| value::choice(item, &modes));
    let edge = |item: &Item<'_>| {
        let text = item.text()?;
        let day = || Dates::parse(text).filter(|_| !text.contains("..")).map(|day| day.of(zone));
        let moment = |at| Stretch { from: at, until: Some(at) };
        let edge = Moment::parse_rfc3339(text).map(moment).or_else(day);
        edge.or_else(|| {
            item.refuse(format_args!(
                "\"{}\" is no day; write \"2026-12-20\", or a moment, \"2026-12-20T18:00:00Z\"",
                shown(text)
            ))
        })
    };
    let from = table.need("from", "from = \"2026-12-20\"", edge);
    let until = table.need("until", "until = \"2027-01-03\"", edge);
    let text = table.optional("text", text);
    let lengths = ["acknowledgement", "response", "update"].map(|key| table.optional(key, length));
    let [acknowledgement, response, update] = lengths;
    let (mode, during) = (mode?, Stretch { from: from?.from, until: until?.until });
    if during.until.is_none_or(|until| until <= during.from) {
        return table.refuse("until", "it ends before it begins; write a later day");
    }
    Some(Intake {
        mode,
        during,
        text: text?,
        acknowledgement: acknowledgement?,
        response: response?,
        update: update?,
    })
}

/// A few sentences that stand in a letter.
fn text(item: &Item<'_>) -> Option<String> {
    let text = item.text()?.trim();
    if text.is_empty() || text.len() > 500 {
        return item.refuse("write one to 500 bytes of text, or leave the key out");
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return item.refuse("this is not plain text; write sentences");
    }
    Some(text.to_owned())
}

const PROMISE: &str =
    "[[promise]] with name = \"early-warning\", within = \"24h\" and from = \"exploited\"";

/// Reads each `[[promise]]`.
pub(super) fn further(places: [&Table<'_>; 2]) -> Option<Vec<Further>> {
    let tables = tables(places, "promise", PROMISE)?;
    let read = self::all(tables.iter().map(one_further))?;
    let mut all: Vec<Further> = Vec::new();
    for (table, one) in tables.iter().zip(read) {
        if all.iter().any(|other| other.promise == one.promise) {
            let why = "a promise above has this name; write another one here";
            return table.refuse("name", why);
        }
        all.push(one);
    }
    Some(all)
}

fn one_further(table: &Table<'_>) -> Option<Further> {
    let promise = table.need("name", "name = \"early-warning\"", |item| {
        let text = item.text()?;
        let further = Promise::named(text).filter(|promise| !promise.is_to_reporter());
        further.or_else(|| match Promise::named(text) {
            Some(_) => item.refuse(format_args!("{text} stands in [promises]; write another name")),
            None => item.refuse(format_args!(
                "\"{}\" is no name for a promise; write 1 to 31 of a-z, 0-9, - and _, such as \
                 \"early-warning\"",
                shown(text)
            )),
        })
    });
    let within = table.need("within", "within = \"24h\"", length);
    let from = table.need("from", "from = \"received\"", trigger);
    let reminders = reminders(table, "reminders", &[], within);
    let escalates = table.or("escalate", true, Item::truth);
    let met_by = table.or("met_by", Vec::new(), |item| {
        let words = [
            ("acknowledgement", MetBy::Acknowledgement),
            ("response", MetBy::Response),
            ("announcement", MetBy::Announcement),
        ];
        let items = item.any_list("met_by = [\"response\"]")?;
        items.iter().map(|item| value::choice(item, &words)).collect::<Option<Vec<_>>>()
    });
    let pauses = table.or("pauses", false, Item::truth);
    Some(Further {
        promise: promise?,
        length: within?,
        from: from?,
        reminders: reminders?,
        escalates: escalates?,
        met_by: met_by?,
        pauses: pauses?,
    })
}

/// What it counts from: one of three moments of the case, or a word that is said of it by command.
fn trigger(item: &Item<'_>) -> Option<Trigger> {
    let text = item.text()?;
    match text {
        "received" => Some(Trigger::Received),
        "acknowledged" => Some(Trigger::Acknowledged),
        "answered" => Some(Trigger::Answered),
        word if Name::parse(word).is_some() && !is_command(word) => {
            Some(Trigger::Marked(word.to_owned()))
        }
        word if is_command(word) => item.refuse(format_args!(
            "\"{word}\" is a command already; write another word for what starts the clock"
        )),
        other => item.refuse(format_args!(
            "\"{}\" starts no clock; write \"received\", \"acknowledged\", \"answered\", or a word \
             of a-z, 0-9, - and _ that you will say by command, such as \"exploited\"",
            shown(other)
        )),
    }
}

fn is_command(word: &str) -> bool {
    crate::desk::said::COMMANDS.split(", ").any(|command| command.split(' ').next() == Some(word))
}
