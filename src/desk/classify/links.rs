//! Links in a text: how many, and where they lead, so that it can be said without repeating them.

use linkify::{LinkFinder, LinkKind};

use crate::desk::address::ascii_domain;

/// A link that leads out of the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Where it stands in the text, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The host: ASCII, at most `HOST` characters.
    pub(super) host: String,
}

/// What stands in the place of a host that is none.
pub(super) const UNREADABLE: &str = "an unreadable host";

/// So much of a request is looked at, so that the work stays linear.
const REQUEST: usize = 500;
/// The longest host name that is shown.
const HOST: usize = 60;
/// More links than these are counted no further.
const MOST: usize = 1_000;

/// Every link in the text. Addresses of one's own machine are no links: they belong to a recipe.
pub(super) fn find(text: &str) -> Vec<Link> {
    if !text.contains('/') {
        return Vec::new();
    }
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let with_scheme = finder.links(text).map(|found| (found.start(), found.end()));
    let mut links: Vec<Link> = with_scheme
        .take(MOST)
        .filter_map(|(start, end)| {
            let url = text.get(start..end)?;
            let (scheme, rest) = url.split_once("://")?;
            let web = ["http", "https", "ftp"].iter().any(|s| scheme.eq_ignore_ascii_case(s));
            let within =
                ["[::1]", "[::]", "[fe80:", "[fc", "[fd"].iter().any(|net| rest.starts_with(net));
            Some(Link { start, end, host: host(rest)? }).filter(|_| web && !within)
        })
        .filter(|link| !is_own_machine(&link.host) && !is_payload(text, link.start))
        .collect();
    links.extend(without_scheme(text).take(MOST));
    links.extend(disarmed(text).take(MOST));
    links.sort_by_key(|link| link.start);
    links
}

/// `hxxps://paste[.]example/x7`: written so that nobody follows it by accident.
fn disarmed(text: &str) -> impl Iterator<Item = Link> {
    let base = text.as_ptr() as usize;
    text.split_whitespace().filter_map(move |token| {
        let scheme = token.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("hxxp"))?;
        let (_, rest) = token.strip_prefix(scheme)?.split_once("://")?;
        let start = token.as_ptr() as usize - base;
        let host = host(&rest.replace("[.]", ".").replace("(.)", "."))?;
        Some(Link { start, end: start + token.len(), host })
    })
}

/// `paste.example/x7`: a host with a path, as people write it. A name alone is no link.
fn without_scheme(text: &str) -> impl Iterator<Item = Link> {
    let base = text.as_ptr() as usize;
    text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"')).filter_map(
        move |token| {
            if token.contains("://") || token.contains('@') || token.len() < 5 {
                return None;
            }
            let (name, path) = token.split_once('/')?;
            let hostlike = !name.starts_with('.')
                && ends_like_a_host(name)
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
            let start = token.as_ptr() as usize - base;
            (hostlike && !path.is_empty()).then(|| Link {
                start,
                end: start + token.len(),
                host: shown(name),
            })
        },
    )
}

/// Whether a dotted name ends as host names do: `paste.example`, but not `req.body` or `index.js`.
pub(super) fn ends_like_a_host(name: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "app", "dev", "cloud",
        "online", "site", "xyz", "tech", "blog", "page", "link", "example", "test", "invalid",
        "eu", "io", "me", "tv", "co", "ai", "to", "ly", "gl", "de", "fr", "uk", "jp", "cn", "ru",
        "br", "in", "it", "nl", "pl", "es", "ch", "at", "be", "se", "no", "fi", "dk", "cz", "au",
        "ca", "us", "kr", "tw", "tr", "ua", "vn", "th", "ir", "gr", "hu", "ro", "sk", "pt", "ie",
        "il", "mx", "ar", "cl", "nz", "za",
    ];
    let last = name.rsplit_once('.').map(|(_, last)| last.to_ascii_lowercase());
    last.is_some_and(|last| ENDINGS.contains(&last.as_str()))
}

/// The host of what follows `://`: without user, port and path.
fn host(rest: &str) -> Option<String> {
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let name = authority.rsplit('@').next()?;
    let name = name.split(':').next()?;
    (!name.is_empty()).then(|| shown(name))
}

fn shown(name: &str) -> String {
    let ascii = if name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.') {
        Some(name.to_ascii_lowercase())
    } else {
        ascii_domain(name)
    };
    match ascii {
        Some(ascii) if ascii.len() <= HOST => ascii,
        Some(ascii) => format!("{}...", ascii.chars().take(HOST - 3).collect::<String>()),
        None => UNREADABLE.to_owned(),
    }
}

/// Whether nobody outside of the reporter's or the victim's own network gets there: a name without a
/// dot, a name that is only given within, a private address (RFC 1918, RFC 3927, RFC 4193).
fn is_own_machine(host: &str) -> bool {
    const WITHIN: &[&str] = &["localhost", "local", "internal", "intranet", "lan", "corp", "home"];
    let private = || {
        let mut parts = host.split('.').map(|part| part.parse::<u8>().ok());
        match [parts.next(), parts.next(), parts.next(), parts.next()].map(Option::flatten) {
            [Some(10 | 127), Some(_), Some(_), Some(_)] | [Some(0), Some(0), Some(0), Some(0)] => {
                true
            }
            [Some(a), Some(b), Some(_), Some(_)] => {
                matches!((a, b), (172, 16..=31) | (192, 168) | (169, 254))
            }
            _ => false,
        }
    };
    let named = || host.rsplit_once('.').is_some_and(|(_, last)| WITHIN.contains(&last));
    host != UNREADABLE && !host.contains('.') || named() || private()
}

/// Whether the link is a value in a request: `/login?next=https://evil.example`.
fn is_payload(text: &str, start: usize) -> bool {
    let from = (start.saturating_sub(REQUEST)..=start).find(|at| text.is_char_boundary(*at));
    let before = text.get(from.unwrap_or(start)..start).unwrap_or_default();
    let token = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    token.ends_with('=') && token.contains(['?', '&'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        find(text).into_iter().map(|link| link.host).collect()
    }

    #[test]
    fn a_host_is_shown_as_what_it_is() {
        assert_eq!(hosts("see https://ann:pw@Paste.Example:8443/p?x=1#y."), ["paste.example"]);
        assert_eq!(hosts("https://bücher.example/"), ["xn--bcher-kva.example"]);
        assert_eq!(hosts("http://198.51.100.7/ and"), ["198.51.100.7"]);
        assert_eq!(hosts("http://172.66.0.7/ 10.example/x"), ["172.66.0.7", "10.example"]);
        assert_eq!(hosts("link=https://paste.example/x"), ["paste.example"]);
        assert_eq!(hosts("paste.example/x7 and www.project.example"), ["paste.example"]);
        assert_eq!(hosts("hxxps://drop[.]paste[.]example/f"), ["drop.paste.example"]);
    }

    #[test]
    fn recipes_and_names_are_no_links() {
        for text in [
            "curl http://localhost:3000/x",
            "http://127.0.0.1/",
            "http://[::1]:3000/x",
            "http://169.254.169.254/latest/meta-data/",
            "http://172.16.3.4/ and http://app:8080/ and http://metadata.google.internal/",
            "GET /login?next=https://evil.example HTTP/1.1",
            "req.body/x is read",
            "a/b/c",
            "lib/router.js",
            "mailto:a@x.example",
        ] {
            assert_eq!(hosts(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_long_host_is_cut() {
        assert!(
            hosts(&format!("https://{}.example/", "a.".repeat(80).trim_end_matches('.')))
                .iter()
                .all(|h| h.len() <= HOST)
        );
    }
}
