//! How troubles are told: to a person, and to a program.

use super::trouble::Trouble;
use super::watch::{Say, Sort, Told};
use crate::desk::address::{Address, Mailbox};
use crate::desk::keys::Keys;
use crate::desk::letter::{AutoSubmitted, Letter, LetterId};
use crate::desk::message::MessageId;
use crate::desk::time::Moment;

/// What is wrong, or was.
fn what(trouble: &Trouble, over: bool) -> String {
    let inbox = trouble.inbox().map(|inbox| format!("{inbox}: ")).unwrap_or_default();
    let what = match (trouble, over) {
        (Trouble::Store, false) => "nothing can be recorded",
        (Trouble::Store, true) => "what happens is recorded again",
        (Trouble::Relay(_), false) => "mail cannot be sent",
        (Trouble::Relay(_), true) => "mail is sent again",
        (Trouble::Mailbox(_), false) => "mail cannot be read",
        (Trouble::Mailbox(_), true) => "mail is read again",
        (Trouble::Unconfigured(_), false) => {
            "this inbox has open cases and is not configured any more"
        }
        (Trouble::Unconfigured(_), true) => {
            "this inbox is configured again, or its cases are closed"
        }
        (Trouble::Acknowledgement(_), false) => "acknowledgements are late",
        (Trouble::Acknowledgement(_), true) => "no acknowledgement is late any more",
        (Trouble::Letter(_), false) => "a letter does not leave",
        (Trouble::Letter(_), true) => "no letter is held up any more",
        (Trouble::Canary { to, .. }, false) => {
            return format!("{inbox}mail to {to} does not arrive");
        }
        (Trouble::Canary { to, .. }, true) => return format!("{inbox}mail to {to} arrives again"),
        (Trouble::SecondRelay, false) => "the second relay takes no mail",
        (Trouble::SecondRelay, true) => "the second relay takes mail again",
    };
    inbox + what
}

/// A trouble on one line, with what is known of it.
pub fn one_line(told: &Told) -> String {
    let Told { trouble, since, how, until, .. } = told;
    match until {
        None => here(trouble, *since, how),
        Some(until) => format!(
            "{} (this was not so from {} to {} UTC)",
            what(trouble, true),
            since.short(),
            until.short()
        ),
    }
}

fn here(trouble: &Trouble, since: Moment, how: &str) -> String {
    let how = if how.is_empty() { String::new() } else { format!(": {how}") };
    format!("{} since {} UTC{how}", what(trouble, false), since.short())
}

/// What is wrong now, for a status of one line; none where nothing is.
pub fn status<'a>(
    mut present: impl Iterator<Item = (&'a Trouble, Moment, &'a str)>,
) -> Option<String> {
    let (trouble, since, how) = present.next()?;
    let first = here(trouble, since, how);
    Some(match present.count() {
        0 => first,
        others => format!("{first}; and {others} more"),
    })
}

/// The same for a program, as variables of its environment.
pub fn facts(say: &Say) -> Vec<(&'static str, String)> {
    let told = || say.told.iter().filter(|one| say.sort != Sort::Over || one.until.is_some());
    let joined = |words: Vec<&str>| {
        let mut once: Vec<&str> = Vec::new();
        for word in words {
            if !once.contains(&word) {
                once.push(word);
            }
        }
        once.join(",")
    };
    let state = match say.sort {
        Sort::Alarm => "alarm",
        Sort::GoesOn => "goes_on",
        Sort::Over => "over",
    };
    let since = told().map(|one| one.since).min().map(Moment::rfc3339).unwrap_or_default();
    vec![
        ("WATCHPOST_ALARM", joined(told().map(|one| one.trouble.name()).collect())),
        ("WATCHPOST_STATE", state.to_owned()),
        ("WATCHPOST_INBOX", joined(told().filter_map(|one| one.trouble.inbox()).collect())),
        ("WATCHPOST_SINCE", since),
    ]
}

/// The text of a message: facts, and nothing that somebody wrote to us.
fn text(say: &Say) -> String {
    let list = |head: &str, wanted: fn(&Told) -> bool| {
        let told = say.told.iter().filter(|one| wanted(one));
        let lines = told.map(|one| format!("* {}\n", one_line(one))).collect::<Vec<_>>().concat();
        if lines.is_empty() { lines } else { format!("{head}\n\n{lines}\n") }
    };
    let new = list("Watchpost cannot do its work:", |one| one.until.is_none() && one.new);
    let over = list("This is over:", |one| one.until.is_some());
    let goes_on = list("This goes on:", |one| one.until.is_none() && !one.new);
    let end = if say.told.iter().all(|one| one.until.is_some()) {
        "Nothing else is wrong. What waited leaves by itself.".to_owned()
    } else {
        format!(
            "Nothing is lost: what waits leaves by itself when this is over. But promises may be\n\
             missed until then. `systemctl status watchpost` and its log tell more. While it goes\n\
             on, you are told again every {}; and once when it is over.",
            say.every
        )
    };
    format!("{new}{over}{goes_on}{end}\n")
}

/// One message as a letter; `number` tells it from others of the same second.
pub fn letter(
    keys: &Keys,
    from: &Mailbox,
    to: &Address,
    say: &Say,
    number: usize,
) -> Option<Letter> {
    let name = format!("{}.{number}", say.at.unix());
    let word = keys.word("alarm", &name)?;
    Some(Letter {
        id: LetterId(format!("{name}/alarm")),
        inbox: String::new(),
        message_id: MessageId::parse(&format!("{word}@{}", from.address.domain()))?,
        date: say.at,
        from: from.clone(),
        to: Mailbox { name: String::new(), address: to.clone() },
        reply_to: None,
        envelope_from: from.address.clone(),
        subject: subject(say),
        in_reply_to: None,
        references: Vec::new(),
        auto_submitted: AutoSubmitted::AutoGenerated,
        body: text(say),
    })
}

fn subject(say: &Say) -> String {
    let mut about: Vec<&Told> = match say.sort {
        Sort::Alarm => say.told.iter().filter(|one| one.new).collect(),
        Sort::GoesOn => say.told.iter().collect(),
        Sort::Over => say.told.iter().filter(|one| one.until.is_some()).collect(),
    };
    about.sort_by_key(|one| &one.trouble);
    let first = about.first().map(|one| what(&one.trouble, say.sort == Sort::Over));
    let more = match about.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let sort = match say.sort {
        Sort::Alarm => "alarm",
        Sort::GoesOn => "still an alarm",
        Sort::Over => "over",
    };
    format!("Watchpost: {sort}: {}{more}", first.unwrap_or_default())
}

/// The text that a command reads.
pub fn told_to_command(say: &Say) -> String {
    format!("{}\n\n{}", subject(say), text(say))
}
