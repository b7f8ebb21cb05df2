//! The person in whose place a list put itself.

use crate::desk::address::{Address, Mailbox};
use crate::desk::message::Message;
use crate::desk::policy::Policy;

/// The From that a list wrote in the place of the author's: its own address (Google Groups, Mailman,
/// Sympa), or the author's packed into one of its own (groups.io: `ann=acorn.example@groups.io`).
pub(super) fn rewritten<'m>(message: &'m Message, list: &Address) -> Option<&'m Mailbox> {
    let from = message.author()?;
    let own = from.address == *list || packed(&from.address, list).is_some();
    own.then_some(from)
}

/// The author's address, where the list packed it into one of its own domain.
fn packed(address: &Address, list: &Address) -> Option<Address> {
    let home = list.domain() == address.domain()
        || list.domain().strip_suffix(address.domain()).is_some_and(|rest| rest.ends_with('.'));
    let (local, domain) = address.local().rsplit_once('=').filter(|_| home)?;
    Address::parse(&format!("{local}@{domain}"))
}

/// Who wrote the mail whose From a list has written. None where nobody is named, or more than one.
pub(super) fn behind(message: &Message, from: &Mailbox, policy: &Policy) -> Option<Mailbox> {
    let person = named(message, from, policy)?;
    let software = policy.lists.contains(&person.address);
    let name = if person.name.is_empty() { without_via(&from.name) } else { person.name };
    (!software).then_some(Mailbox { name, address: person.address })
}

fn named(message: &Message, from: &Mailbox, policy: &Policy) -> Option<Mailbox> {
    let unnamed = |address: Address| Mailbox { name: String::new(), address };
    if let Some(address) = policy.lists.iter().find_map(|list| packed(&from.address, list)) {
        return Some(unnamed(address));
    }
    // Mailman writes no field of the kind, and lets those through that an author wrote.
    if message.header("x-mailman-version").is_some() {
        return answered(message, from, policy);
    }
    match message.original_from.as_slice() {
        [one] => return Some(one.clone()),
        [_, ..] => return None,
        [] => {}
    }
    let mut senders = message.headers.iter().filter(|(name, _)| name == "x-original-sender");
    match (senders.next(), senders.next()) {
        (Some((_, sender)), None) => Address::parse(sender).map(unnamed),
        (Some(_), Some(_)) => None,
        (None, _) => answered(message, from, policy),
    }
}

/// The author among those whom an answer would go to. A list adds them to Reply-To or, where answers
/// go to the list, to Cc; but the author may have named others there. Their name in From tells, else
/// they have to be the only one in Reply-To.
fn answered(message: &Message, from: &Mailbox, policy: &Policy) -> Option<Mailbox> {
    let mut people: Vec<&Mailbox> = Vec::new();
    for one in message.reply_to.iter().chain(&message.cc) {
        let known = people.iter().any(|other| other.address == one.address);
        if !known && !policy.lists.contains(&one.address) {
            people.push(one);
        }
    }
    let shown = bare(&from.name);
    let called = |one: &&&Mailbox| {
        // Mailman shows who has no name as `ann--- via Security`.
        let local = format!("{}---", one.address.local().to_lowercase());
        let name = bare(&one.name);
        if name.is_empty() { shown.starts_with(&local) } else { shown.starts_with(&name) }
    };
    let mut namesakes = people.iter().filter(called);
    match (namesakes.next(), namesakes.next(), people.as_slice()) {
        (Some(one), None, _) => Some((*one).clone()),
        (None, _, [one]) if message.reply_to.contains(one) => Some((*one).clone()),
        _ => None,
    }
}

fn bare(name: &str) -> String {
    name.trim_matches(['\'', '"', ' ']).to_lowercase()
}

/// `'Ann' via Security` and `Ann (via security Mailing List)` without what the list added.
fn without_via(name: &str) -> String {
    let name =
        name.rsplit_once(" via ").or_else(|| name.rsplit_once(" (via ")).map_or(name, |n| n.0);
    name.trim_matches(['\'', '"', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_taken_out_of_a_name() {
        for (shown, name) in [
            ("'Ann Oak' via Security", "Ann Oak"),
            ("Ann Oak via Security via groups.io", "Ann Oak via Security"),
            ("Ann Oak (via security Mailing List)", "Ann Oak"),
            ("Ann Oak", "Ann Oak"),
            ("", ""),
        ] {
            assert_eq!(without_via(shown), name);
        }
    }

    #[test]
    fn only_an_address_of_the_lists_own_host_is_unpacked() {
        let address = |text: &str| Address::parse(text).unwrap();
        let list = address("security@project.groups.io");
        let unpacked = packed(&address("ann=acorn.example@groups.io"), &list);
        assert_eq!(unpacked, Some(address("ann@acorn.example")));
        assert_eq!(packed(&address("ann=acorn.example@evil.example"), &list), None);
        assert_eq!(packed(&address("ann=acorn@groups.io"), &list), None);
    }
}
