//! The Authenticated Received Chain (RFC 8617): what servers on the way found out. Whether the chain
//! holds is for our own server to say; here it is only read.

use crate::desk::findings::Findings;
use crate::desk::message::Message;

/// What one server found out, and who vouches for it.
pub(super) struct Set {
    /// The domain that sealed it.
    pub(super) sealer: String,
    /// What it found.
    pub(super) findings: Findings,
}

/// RFC 8617 section 4.2.1: an instance is a number from 1 to 50.
const MOST: u8 = 50;

/// The sets of the chain, newest first, down to the first that is not whole.
pub(super) fn sets(message: &Message) -> Vec<Set> {
    let newest = fields(message, "arc-seal").filter_map(instance).max();
    (1..=newest.unwrap_or_default()).rev().map_while(|n| set(message, n)).collect()
}

fn set(message: &Message, number: u8) -> Option<Set> {
    let of_it = |value: &&str| instance(value) == Some(number);
    let seal = fields(message, "arc-seal").find(of_it)?;
    let results = fields(message, "arc-authentication-results").find(of_it)?;
    let (_, results) = results.split_once(';')?;
    let (_, findings) = Findings::read(results)?;
    Some(Set { sealer: tag(seal, "d")?.to_ascii_lowercase(), findings })
}

fn fields<'m>(message: &'m Message, name: &str) -> impl Iterator<Item = &'m str> {
    message.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
}

fn instance(value: &str) -> Option<u8> {
    tag(value, "i")?.parse().ok().filter(|n| (1..=MOST).contains(n))
}

/// The value of a tag (RFC 6376 section 3.2).
fn tag<'v>(value: &'v str, name: &str) -> Option<&'v str> {
    let mut tags = value.split(';').filter_map(|part| part.split_once('='));
    tags.find(|(tag, _)| tag.trim() == name).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_read_from_its_newest_set_down_to_the_first_gap() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let seal = |n: u8, d: &str| field("arc-seal", &format!("i={n}; a=x; cv=pass; d={d}; b=a="));
        let results = |n: u8| {
            let value = format!("i={n}; mx.x.example; dmarc=pass header.from=a{n}.example");
            field("arc-authentication-results", &value)
        };
        let headers =
            vec![results(2), seal(4, "C.example"), seal(3, "b.example"), results(3), results(4)];
        let headers = headers.into_iter().chain([seal(51, "x"), results(1), seal(1, "a.example")]);
        let message = Message { headers: headers.collect(), ..Message::default() };
        let read: Vec<(String, Option<String>)> = sets(&message)
            .into_iter()
            .map(|set| (set.sealer, set.findings.header_from().map(str::to_owned)))
            .collect();
        let expected = [("c.example", "a4.example"), ("b.example", "a3.example")];
        assert_eq!(read, expected.map(|(d, from)| (d.to_owned(), Some(from.to_owned()))));
    }
}
