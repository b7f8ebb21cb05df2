//! What a value may be: each function reads one kind, or notes what would be right.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use super::error::shown;
use super::reader::Item;
use crate::desk::address::{Address, Mailbox};
use crate::desk::calendar::Dates;
use crate::desk::time::Span;

/// One line of text, not empty.
pub(super) fn line(item: &Item<'_>) -> Option<String> {
    let text = item.text()?.trim();
    if text.is_empty() {
        return item.refuse("empty; write something, or leave the key out");
    }
    if text.chars().any(char::is_control) {
        return item.refuse(format_args!("\"{}\" is not plain text on one line", shown(text)));
    }
    if text.chars().count() > 250 {
        return item.refuse("too long; write at most 250 characters");
    }
    Some(text.to_owned())
}

/// One of a few words.
pub(super) fn choice<T: Copy>(item: &Item<'_>, words: &[(&str, T)]) -> Option<T> {
    let text = item.as_text();
    let found = words.iter().find(|(word, _)| text == Some(*word));
    found.map(|(_, value)| *value).or_else(|| {
        let words: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let words = words.join(" or ");
        match text {
            Some(text) => {
                item.refuse(format_args!("\"{}\" is not known here; write {words}", shown(text)))
            }
            None => item.refuse(format_args!("{} stands here; write {words}", item.what())),
        }
    })
}

/// A whole number from `least` to `most`; `noun` is what it is.
pub(super) fn number(item: &Item<'_>, noun: &str, least: i64, most: i64) -> Option<i64> {
    let (number, written) = item.number()?;
    number.filter(|n| (least..=most).contains(n)).or_else(|| {
        item.refuse(format_args!("{written} is not {noun}; write a number from {least} to {most}"))
    })
}

/// A TCP port.
pub(super) fn port(item: &Item<'_>) -> Option<u16> {
    u16::try_from(number(item, "a port", 1, 65_535)?).ok()
}

/// A length of time, such as `48h`, from `least` to `most`.
pub(super) fn span(item: &Item<'_>, least: Span, most: Span) -> Option<Span> {
    if item.as_text().is_none() {
        return item.refuse(format_args!(
            "{} stands here; write a length of time in quotes, with its unit: \"{least}\" to \"{most}\"",
            item.what()
        ));
    }
    let text = item.text()?;
    let Some(span) = Span::parse(text) else {
        if is_too_great(text) {
            let text = shown(text);
            return item.refuse(format_args!("{text} is too long; write {least} to {most}"));
        }
        let right = meant(text).map_or_else(
            || {
                "a number and s, m, h, d or w for its unit, as in \"48h\"; units can be joined, as \
                 in \"1d12h\""
                    .to_owned()
            },
            |span| format!("\"{span}\""),
        );
        return item
            .refuse(format_args!("\"{}\" is no length of time; write {right}", shown(text)));
    };
    if span < least || span > most {
        let how = if span < least { "short" } else { "long" };
        return item.refuse(format_args!("{span} is too {how}; write {least} to {most}"));
    }
    Some(span)
}

/// Whether the numbers of a length of time are all that is wrong with it.
fn is_too_great(text: &str) -> bool {
    let words: Vec<&str> =
        text.split(|c: char| c.is_ascii_digit()).filter(|w| !w.is_empty()).collect();
    text.starts_with(|c: char| c.is_ascii_digit())
        && Span::parse(&format!("1{}", words.join("1"))).is_some()
}

/// `48 hours` was meant to be `48h`. Nothing is offered where a number or a unit would be a guess.
fn meant(text: &str) -> Option<Span> {
    let text = text.trim().to_lowercase();
    let (number, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let unit = match unit.trim() {
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "w" | "week" | "weeks" => "w",
        _ => return None,
    };
    Span::parse(&format!("{number}{unit}"))
}

/// Days of the calendar.
pub(super) fn dates(item: &Item<'_>) -> Option<Dates> {
    let text = item.text()?;
    Dates::parse(text).or_else(|| {
        item.refuse(format_args!(
            "\"{}\" are no days; write \"2026-12-24\", or \"2026-12-24..2027-01-01\" for all \
             days from the first to the last",
            shown(text)
        ))
    })
}

/// A path; a relative one is relative to the folder of the configuration file.
pub(super) fn path(item: &Item<'_>) -> Option<PathBuf> {
    let text = item.text()?;
    if text.is_empty() || text.contains('\0') {
        return item.refuse("not a path; write one, from `/` or from the folder of this file");
    }
    if text.starts_with('~') {
        return item.refuse("`~` is not looked up here; write the whole path, from `/`");
    }
    Some(item.folder().join(text))
}

/// A name for `what`, as the command line and the store use it.
pub(super) fn name(item: &Item<'_>, what: &str, example: &str) -> Option<String> {
    let text = item.text()?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=64).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('-') {
        return Some(text.to_owned());
    }
    item.refuse(format_args!(
        "\"{}\" is no name for {what}; write 1 to 64 of a-z, 0-9 and -, such as \"{example}\"",
        shown(text)
    ))
}

/// A program and its arguments; `example` says how to write them.
pub(super) fn command(item: &Item<'_>, example: &str) -> Option<Vec<String>> {
    let words = item.list(example)?;
    let mut command = Vec::new();
    for word in &words {
        match word.as_text() {
            Some(text) if !text.contains('\0') => command.push(text.to_owned()),
            _ => return word.refuse(format_args!("not text; write {example}")),
        }
    }
    let program = command.first().map_or("", String::as_str);
    if program.is_empty() || program.starts_with('~') {
        return item.refuse(format_args!("the first must be a program; write {example}"));
    }
    // Where the daemon is started from is nobody's choice, so nothing may hang on it.
    if program.contains('/') && !program.starts_with('/') {
        return item.refuse("the program must be a name, or a whole path from `/`");
    }
    Some(command)
}

/// Mail addresses, each once.
pub(super) fn addresses(item: &Item<'_>, example: &str) -> Option<Vec<Address>> {
    let (mut addresses, mut known) = (Vec::new(), BTreeSet::new());
    let mut right = true;
    for item in item.list(example)? {
        let address = address(&item).and_then(|address| {
            if known.insert(address.clone()) {
                Some(address)
            } else {
                item.refuse("the same address stands in the list twice")
            }
        });
        right &= address.is_some();
        addresses.extend(address);
    }
    right.then_some(addresses)
}

/// A mail address.
pub(super) fn address(item: &Item<'_>) -> Option<Address> {
    let text = item.text()?;
    Address::parse(text).or_else(|| {
        item.refuse(format_args!(
            "\"{}\" is not a mail address; write one such as \"security@project.example\"",
            shown(text)
        ))
    })
}

/// A mail address, with a name before it or not.
pub(super) fn mailbox(item: &Item<'_>) -> Option<Mailbox> {
    let text = item.text()?;
    split_mailbox(text.trim()).or_else(|| {
        item.refuse(format_args!(
            "\"{}\" is not a name and an address; \
             write \"Project Security <security@project.example>\"",
            shown(text)
        ))
    })
}

fn split_mailbox(text: &str) -> Option<Mailbox> {
    let Some((name, rest)) = text.split_once('<') else {
        return Some(Mailbox { name: String::new(), address: Address::parse(text)? });
    };
    let address = Address::parse(rest.strip_suffix('>')?)?;
    let name = name.trim();
    let name = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')).unwrap_or(name);
    let plain = |c: char| !c.is_control() && !matches!(c, '"' | '<' | '>' | '\\');
    (name.chars().count() <= 100 && name.chars().all(plain))
        .then(|| Mailbox { name: name.to_owned(), address })
}

/// The name of a server, or its IP address.
pub(super) fn host(item: &Item<'_>) -> Option<String> {
    let text = item.text()?.trim();
    if text.contains('@') {
        // What stands before the @ may be a password: it is not repeated.
        return item.refuse("a host holds no `@`; the user has a key of its own, `user`");
    }
    if text.contains("://") || text.contains('/') {
        return item.refuse(format_args!(
            "\"{}\" is a URL or a path; write only the name of the server",
            shown(text)
        ));
    }
    if is_host(text) {
        return Some(text.to_ascii_lowercase());
    }
    let why = match text.rsplit_once(':') {
        Some((name, port)) if is_host(name) && port.parse::<u16>().is_ok() => {
            return item.refuse(format_args!(
                "\"{}\" holds a port; the port has a key of its own: port = {port}",
                shown(text)
            ));
        }
        _ if text.is_ascii() => "write one such as \"mail.project.example\", or an IP address",
        _ => "write it in its ASCII form, which begins with xn--",
    };
    item.refuse(format_args!("\"{}\" is not the name of a server; {why}", shown(text)))
}

/// A host name as RFC 1123 section 2.1 has it, or an IP address without brackets.
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let numbers = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.len() <= 253 && !numbers && text.split('.').all(label)
}

/// A page on the web that letters cite.
pub(super) fn url(item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    is_url(text).then(|| text.to_owned()).or_else(|| {
        item.refuse(format_args!(
            "\"{}\" is not a web address; write one such as \"https://project.example/security\"",
            shown(text)
        ))
    })
}

/// Only what every mail program makes a link of, whole: RFC 3986 in ASCII, no user, no brackets.
fn is_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let (authority, tail) = rest
        .split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
        .unwrap_or((rest, ""));
    let (name, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    is_host(name)
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && tail.chars().all(plain)
        && text.len() <= 500
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_host() {
        for text in
            ["localhost", "mail.x.example", "127.0.0.1", "::1", "mail_1", "xn--bcher-kva.example"]
        {
            assert!(is_host(text), "{text}");
        }
        for text in [
            "",
            ".",
            "a..b",
            "-a.example",
            "a-.example",
            "300.1.1.1",
            "[::1]",
            "a b",
            "bücher.example",
        ] {
            assert!(!is_host(text), "{text}");
        }
    }

    #[test]
    fn what_is_a_url() {
        for text in
            ["https://x.example", "http://x.example:8080/a?b=c#d", "https://x.example/%C3%BC"]
        {
            assert!(is_url(text), "{text}");
        }
        for text in [
            "x.example/security",
            "ftp://x.example",
            "https://",
            "https:///security",
            "https://x.example/a b",
            "https://x.example:99999/",
            "https://user:secret@x.example/",
            "https://x.example/\r\nBcc: a@b.example",
            "https://x.example/<a>",
            "javascript:alert(1)",
        ] {
            assert!(!is_url(text), "{text}");
        }
    }

    #[test]
    fn lengths_of_time_as_people_write_them() {
        for (text, right) in [
            ("48 hours", "48h"),
            ("48H", "48h"),
            ("14 Days", "14d"),
            ("1 min", "1m"),
            ("30 seconds", "30s"),
            ("2 weeks", "14d"),
        ] {
            assert_eq!(meant(text).map(|span| span.to_string()).as_deref(), Some(right), "{text}");
        }
        for text in ["", "48", "soon", "2 business days", "1.5h", "-1h", "99999999999999999999h"] {
            assert_eq!(meant(text), None, "{text}");
        }
    }
}
