//! A net below everything that bounds what is recorded: a row that the store cannot take would stop
//! its batch for ever, and with it the folder that it came from. What is too large is cut down.

use serde::Serialize;
use serde_json::Value;

use super::event::Event;
use super::incoming::Incoming;
use super::judge::judge_in;
use super::letter::Letter;
use super::message::{Defect, Message};
use super::policy::Policy;
use super::table::MAX_VALUE;

/// The largest event in bytes: rows that say the same in other words need a little more.
const MOST: usize = MAX_VALUE - 512;

/// How long texts may be, in bytes, and how many things may stand in one list; sharper each time.
const CUTS: [(usize, usize); 4] = [(1000, 64), (300, 16), (200, 4), (100, 1)];

/// Whether an event fits into its row.
pub fn fits(event: &Event) -> bool {
    size(event) <= MOST
}

/// The event, cut down until it fits; none where it says nothing any more then.
pub fn fitted(event: Event) -> Option<Event> {
    if fits(&event) {
        return Some(event);
    }
    let whole = serde_json::to_value(&event).ok()?;
    CUTS.into_iter().find_map(|(text, list)| {
        let mut cut = whole.clone();
        shorten(&mut cut, text, list);
        serde_json::from_value(cut).ok().filter(fits)
    })
}

fn size(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

fn shorten(value: &mut Value, text: usize, list: usize) {
    match value {
        Value::String(long) if long.len() > text => {
            long.truncate(long.floor_char_boundary(text));
        }
        Value::Array(many) => {
            many.truncate(list);
            for one in many {
                shorten(one, text, list);
            }
        }
        Value::Object(fields) => {
            // Half of it compares with nothing.
            fields.retain(|name, one| {
                name != "likeness" || one.as_str().is_some_and(|known| known.len() <= text)
            });
            for one in fields.values_mut() {
                shorten(one, text, list);
            }
        }
        _ => {}
    }
}

/// A mail of which nothing is known but where it lies: it is put before a human, as one that the mail
/// server does not give.
pub fn bare(incoming: &Incoming, policy: &Policy) -> Incoming {
    let mut bare = incoming.clone();
    let message = Message { defects: vec![Defect::Unreadable], ..Message::default() };
    let (judged, _) = judge_in(message, incoming.mail.folder.role, policy);
    bare.mail.message_id = None;
    bare.tied = Vec::new();
    (bare.message, bare.verdict) = (judged.message, judged.verdict);
    bare.authentication = judged.authentication;
    bare
}

/// The letter, with as much of its text as a row takes. A reader who misses the end can ask.
pub fn letter(mut letter: Letter) -> Letter {
    while size(&letter) > MAX_VALUE && !letter.body.is_empty() {
        let over = size(&letter) - MAX_VALUE;
        // One letter can take six bytes in the row.
        let keep = letter.body.len().saturating_sub(over.div_ceil(6).max(64));
        letter.body.truncate(letter.body.floor_char_boundary(keep));
    }
    while size(&letter) > MAX_VALUE && letter.references.len() > 1 {
        letter.references.remove(0);
    }
    letter
}
