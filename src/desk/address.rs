//! Mail addresses as the desk compares and answers them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An address that a letter can go to: `local@domain`, the domain in lower case and in ASCII
/// (IDNA), no quoted local parts, no address literals, no control characters.
///
/// Equality ignores the case of the local part: RFC 5321 lets a server tell `Ann` from `ann`, none
/// does, and a guard that can be passed by a capital letter is no guard.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    text: Box<str>,
    /// Where the `@` stands.
    at: u8,
}

/// A display name, possibly empty, with an address: one entry of a `From` or `To` field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The display name, decoded, on one line; empty where there is none.
    pub name: String,
    /// Where mail for this person goes.
    pub address: Address,
}

/// The text is no address that a letter can go to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address")]
pub struct NotAnAddress;

impl Address {
    /// Reads `local@domain` as RFC 5321 section 4.1.2 writes it, less quoted local parts and
    /// address literals, which no reporter uses and every injection does.
    pub fn parse(text: &str) -> Option<Address> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        if local.is_empty() || local.len() > 64 || local.starts_with('.') || local.ends_with('.') {
            return None;
        }
        let plain =
            |c: char| c.is_alphanumeric() || (c.is_ascii() && "!#$%&'*+-/=?^_`{|}~.".contains(c));
        if !local.chars().all(plain) || local.contains("..") {
            return None;
        }
        let domain = ascii_domain(domain)?;
        let dotted = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
        let labels_ok = domain.split('.').all(|label| (1..=63).contains(&label.len()));
        // An all-numeric last label is an IPv4 address, not a name (RFC 3696 section 2).
        let named = domain
            .rsplit('.')
            .next()
            .is_some_and(|tld| tld.chars().any(|c| c.is_ascii_alphabetic()));
        (dotted && labels_ok && named && domain.len() <= 253).then(|| Address::of(local, &domain))
    }

    fn of(local: &str, domain: &str) -> Address {
        let at = u8::try_from(local.len()).unwrap_or(u8::MAX);
        Address { text: format!("{local}@{domain}").into(), at }
    }

    /// An address that no mail can reach (RFC 2606 section 2).
    pub fn nowhere() -> Address {
        Address::of("nobody", "nowhere.invalid")
    }

    /// The part after the `@`: lower case, ASCII.
    pub fn domain(&self) -> &str {
        self.text.get(usize::from(self.at) + 1..).unwrap_or_default()
    }

    /// The part before the `@`, as it was written.
    pub fn local(&self) -> &str {
        self.text.get(..usize::from(self.at)).unwrap_or_default()
    }

    /// The address in the one form that is compared and hashed.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local().to_lowercase(), self.domain())
    }

    /// This address without a `+tag`: where a server delivers `ann+list@…` (RFC 5233).
    #[must_use]
    pub fn without_tag(&self) -> Address {
        match self.local().split_once('+') {
            Some((base, _)) if !base.is_empty() => Address::of(base, self.domain()),
            _ => self.clone(),
        }
    }
}

/// A domain in the form that is compared and shown: lower case, ASCII (IDNA, RFC 5891). None for
/// what no domain can be.
pub fn ascii_domain(domain: &str) -> Option<String> {
    idna::domain_to_ascii_strict(domain).ok()
}

impl PartialEq for Address {
    fn eq(&self, other: &Address) -> bool {
        self.domain() == other.domain()
            && self.local().to_lowercase() == other.local().to_lowercase()
    }
}

impl Eq for Address {}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Address) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Address) -> std::cmp::Ordering {
        let locals = || self.local().to_lowercase().cmp(&other.local().to_lowercase());
        self.domain().cmp(other.domain()).then_with(locals)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `Debug` output ends up in logs and panics; addresses do not.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address(…@{})", self.domain())
    }
}

impl TryFrom<String> for Address {
    type Error = NotAnAddress;
    fn try_from(text: String) -> Result<Address, NotAnAddress> {
        Address::parse(&text).ok_or(NotAnAddress)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_letter_can_go_to() {
        for text in [
            "ann@acorn.example",
            "a.b+tag@x.example",
            "Ann@ACORN.example",
            "jörg@bücher.example",
            "o'neil@x.example",
        ] {
            assert!(Address::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "@",
            "ann",
            "ann@",
            "@x.example",
            "ann@localhost",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "\"<script>\"@x.example",
            "a b@x.example",
            "a\r\nBcc: b@x.example",
            "a@x.example\r\nBcc: b@y.example",
            "a..b@x.example",
            ".a@x.example",
            "a@x..example",
            "a\0@x.example",
            "a,b@x.example",
        ] {
            assert_eq!(Address::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn one_person_is_one_address_however_it_is_written() {
        assert_eq!(Address::parse("Ann@Acorn.Example"), Address::parse("ann@acorn.example"));
        assert_eq!(Address::parse("x@bücher.example").unwrap().domain(), "xn--bcher-kva.example");
        assert_eq!(
            Address::parse("ann+bugs@x.example").unwrap().without_tag(),
            Address::parse("ann@x.example").unwrap()
        );
    }

    #[test]
    fn an_address_cannot_be_printed_by_accident() {
        assert_eq!(
            format!("{:?}", Address::parse("ann@acorn.example").unwrap()),
            "Address(…@acorn.example)"
        );
    }
}
