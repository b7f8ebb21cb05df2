//! The configuration file: read once, all of it checked, all errors told at once.
//!
//! What stands at the top of the file holds for every inbox; what stands in an `[[inbox]]` holds
//! for that one, key by key. `config.example.toml` documents every key.

mod alarm;
mod digest;
mod error;
mod inbox;
mod nearest;
mod password;
mod promises;
mod reader;
mod server;
pub mod settings;
mod slip;
mod team;
mod twice;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use crate::desk::quota::Caps;
use crate::desk::team::Member;
use error::shown;
pub use error::{Error, Errors};
use reader::{DeTable, Document, Item, Syntax, Table};
use settings::{Inbox, Settings};
use twice::Taken;

/// Where the state is kept if neither the file nor systemd says otherwise.
const STATE: &str = "/var/lib/watchpost";

/// No configuration is larger than this, in bytes: 300 inboxes need less than a tenth of it.
const LIMIT: u64 = 4 << 20;

/// The longest path of a Unix socket, in bytes: `sun_path` in unix(7), less its final NUL.
const SOCKET: usize = 107;

/// Reads the configuration file. Under systemd, `state` defaults to the unit's StateDirectory=.
pub fn read(path: &Path) -> Result<Settings, Errors> {
    let name = path.display().to_string();
    let bytes =
        bytes(path).map_err(|error| Errors::unreadable(&name, None, explained(path, &error)))?;
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(&name, &error))?;
    let state = state_directory(std::env::var("STATE_DIRECTORY").ok());
    // A relative path must mean the same after the daemon is somewhere else.
    let folder = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    parse_in(&name, &text, folder.parent().unwrap_or(Path::new("/")), state)
}

/// Reads a configuration from memory; `name` is the file that errors speak of, and paths in it are
/// relative to its folder. Reads no file and no environment.
pub fn parse(name: &str, text: &str) -> Result<Settings, Errors> {
    parse_in(name, text, Path::new(name).parent().unwrap_or(Path::new("")), STATE.into())
}

/// Every key that a configuration can hold: those of the file itself under an empty name, those of
/// its tables under the table's name.
pub fn keys() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let text = "[imap.password]\n[[member]]\n[[intake]]\n[[promise]]\n[[inbox]]\n";
    let document = Document::new("", text, Path::new(""));
    let (file, _) = DeTable::parse_recoverable(text);
    settings(&document.root(file.get_ref()), PathBuf::new());
    document.asked()
}

fn parse_in(name: &str, text: &str, folder: &Path, state: PathBuf) -> Result<Settings, Errors> {
    let document = Document::new(name, text, folder);
    let (file, slips) = DeTable::parse_recoverable(text);
    let settings = if let Some(slip) = slips.iter().find(|slip| !is_duplicate(slip)) {
        // What follows a slip in the syntax is read wrongly: only the first is worth telling.
        let (before, from) = document.line(slip.span().unwrap_or_default().start);
        let meant = slip::meant(before, from, &keys());
        let told = meant.unwrap_or_else(|| format!("not TOML: {}", shown(slip.message())));
        syntax(&document, slip, told);
        None
    } else {
        for slip in &slips {
            syntax(&document, slip, "stands here already; keep one of the two");
        }
        settings(&document.root(file.get_ref()), state)
    };
    let errors = document.finish();
    settings.filter(|_| errors.is_empty()).ok_or_else(|| Errors::of(errors))
}

/// The parser goes on after a duplicate as if it were not there, and so can we.
fn is_duplicate(slip: &Syntax) -> bool {
    slip.message() == "duplicate key"
}

fn syntax(document: &Document<'_>, slip: &Syntax, text: impl Display) {
    let span = slip.span().unwrap_or_default();
    let key = if is_duplicate(slip) { document.slice(span.clone()) } else { "" };
    document.error(span.start, &shown(key), text);
}

fn settings(top: &Table<'_>, default_state: PathBuf) -> Option<Settings> {
    let state = top.or("state", default_state, value::path);
    let control = top.optional("control", value::path);
    let letters = top.optional("letters", value::path);
    let caps = caps(&top.partial("limits"));
    let alarm = alarm::alarm(&top.partial("alarm"));
    inbox::shared(top);
    let people = team::people(top);
    let inboxes = inboxes(top, people.as_deref());
    people?;
    let (alarm, inboxes) = (alarm?, inboxes?);
    alarm::fits(top, &alarm, &inboxes)?;
    let (state, given) = (state?, control?);
    let key = if given.is_some() { "control" } else { "state" };
    let control = given.unwrap_or_else(|| state.join("control"));
    if control.as_os_str().len() > SOCKET {
        let why = format!("the path of a socket holds at most {SOCKET} bytes; write a shorter one");
        return top.refuse(key, why);
    }
    Some(Settings { state, control, letters: letters?, caps: caps?, alarm, inboxes })
}

fn caps(limits: &Table<'_>) -> Option<Caps> {
    let usual = Caps::default();
    let cap = |key, usual| {
        let number = |item: &Item<'_>| value::number(item, "a number of letters", 1, 1_000_000);
        limits.or(key, usual, |item| usize::try_from(number(item)?).ok())
    };
    let address_per_day = cap("address_per_day", usual.address_per_day);
    let domain_per_hour = cap("domain_per_hour", usual.domain_per_hour);
    let per_hour = cap("per_hour", usual.per_hour);
    Some(Caps {
        address_per_day: address_per_day?,
        domain_per_hour: domain_per_hour?,
        per_hour: per_hour?,
    })
}

fn inboxes<'d>(top: &Table<'d>, people: Option<&[Member]>) -> Option<Vec<Inbox>> {
    const EXAMPLE: &str = "[[inbox]] with recipients = [\"security@project.example\"] below it";
    let items = top.need("inbox", EXAMPLE, |item| match item.as_table("inbox") {
        Some(_) => item.refuse("there can be several; write [[inbox]], with two brackets"),
        None => item.list(EXAMPLE),
    })?;
    let mut taken = Taken::default();
    let read = |item: &Item<'d>| {
        let Some(table) = item.as_table("inbox") else {
            return item.refuse(format_args!("{} stands here; write {EXAMPLE}", item.what()));
        };
        let inbox = inbox::inbox(&table, top, people, &mut taken)?;
        Some((table, inbox))
    };
    let count = items.len();
    let inboxes: Vec<_> = items.iter().filter_map(read).collect();
    team::read_elsewhere(&inboxes)?;
    let inboxes: Vec<_> = inboxes.into_iter().map(|(_, inbox)| inbox).collect();
    (inboxes.len() == count).then_some(inboxes)
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LIMIT) {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn explained(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "no such file; begin with a copy of config.example.toml".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            let folder = path.parent().unwrap_or(path).display().to_string();
            format!(
                "may not be read; let the user that Watchpost runs as read it (it holds no \
                 secret) and enter the folder {}",
                shown(&folder)
            )
        }
        io::ErrorKind::IsADirectory => "a folder; name the file in it".to_owned(),
        io::ErrorKind::FileTooLarge => format!("larger than {LIMIT} bytes; is it the right file?"),
        _ => format!("cannot be read: {error}"),
    }
}

fn not_utf8(name: &str, error: &FromUtf8Error) -> Errors {
    let valid = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default());
    let place = reader::place(&text, valid);
    Errors::unreadable(name, Some(place), "not UTF-8; save the file in that encoding".to_owned())
}

/// The first folder of StateDirectory=, as systemd hands it over.
fn state_directory(variable: Option<String>) -> PathBuf {
    variable
        .and_then(|folders| folders.split(':').next().map(PathBuf::from))
        .filter(|folder| folder.is_absolute())
        .unwrap_or_else(|| STATE.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_says_where_the_state_is_kept() {
        for (variable, folder) in [
            (None, "/var/lib/watchpost"),
            (Some(""), "/var/lib/watchpost"),
            (Some("state"), "/var/lib/watchpost"),
            (Some("/var/lib/desk"), "/var/lib/desk"),
            (Some("/var/lib/desk:/var/lib/other"), "/var/lib/desk"),
        ] {
            assert_eq!(state_directory(variable.map(str::to_owned)), Path::new(folder));
        }
    }
}
