//! What a mail server wrote down about a mail: the fields of RFC 8601, taken apart.

use super::address::ascii_domain;

/// What one server found out: the content of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings(Vec<Finding>);

/// One `method=result` with its properties (RFC 8601 section 2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Finding {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Findings {
    /// Reads an Authentication-Results field (RFC 8601 section 2.2): the id of the server that wrote
    /// it, and what it found.
    pub(super) fn read(value: &str) -> Option<(String, Findings)> {
        let bare = without_comments(value);
        let mut parts = split_outside_quotes(&bare).into_iter();
        // The id may be followed by a version number.
        let id = parts.next()?.split_whitespace().next()?.trim_matches('"').to_owned();
        Some((id, Findings(parts.filter_map(|part| finding(&part)).collect())))
    }

    /// Reads a field if it is of this server; none if it is another's.
    pub(super) fn of_server(value: &str, server: &str) -> Option<Findings> {
        Findings::read(value)
            .filter(|(id, _)| id.eq_ignore_ascii_case(server))
            .map(|(_, findings)| findings)
    }

    /// The first result of a method.
    pub(super) fn result(&self, method: &str) -> Option<&str> {
        self.0.iter().find(|f| f.method == method).map(|f| f.result.as_str())
    }

    /// The domain in From at the time of the DMARC check, where it is said.
    pub(super) fn header_from(&self) -> Option<&str> {
        self.0.iter().find(|f| f.method == "dmarc").and_then(|f| f.property("header.from"))
    }

    /// Whether DKIM or SPF passed for a domain that stands for this one.
    pub(super) fn pass_for(&self, domain: &str) -> bool {
        self.0.iter().any(|finding| finding.passes_for(domain))
    }

    /// Whether DMARC passed for mail from this domain, and says so.
    pub(super) fn dmarc_passed_for(&self, domain: &str) -> bool {
        self.result("dmarc") == Some("pass")
            && self.header_from().is_some_and(|from| aligned(from, domain))
    }

    /// Whether a method was tried, and failed each time.
    pub(super) fn failed(&self, method: &str) -> bool {
        let mut tries = self.0.iter().filter(|f| f.method == method).peekable();
        tries.peek().is_some() && tries.all(|f| f.result == "fail")
    }

    /// A property of a method that passed.
    pub(super) fn passed_with(&self, method: &str, property: &str) -> Option<&str> {
        let mut passed = self.0.iter().filter(|f| f.method == method && f.result == "pass");
        passed.find_map(|finding| finding.property(property))
    }

    /// Whether some method noted this property with a domain that stands for this one.
    pub(super) fn names(&self, property: &str, domain: &str) -> bool {
        self.0.iter().filter_map(|f| f.property(property)).any(|value| aligned(value, domain))
    }

    /// The same findings, but for what is said of the ARC chain itself.
    pub(super) fn same_but_arc(&self, other: &Findings) -> bool {
        let rest = |findings: &Findings| -> Vec<Finding> {
            findings.0.iter().filter(|f| f.method != "arc").cloned().collect()
        };
        rest(self) == rest(other)
    }
}

impl Finding {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether it passed for a domain that stands for the one in From.
    fn passes_for(&self, from: &str) -> bool {
        let domains: &[&str] = match self.method.as_str() {
            "dkim" => &["header.d", "header.i"],
            "spf" => &["smtp.mailfrom", "smtp.helo"],
            _ => &[],
        };
        let domain = domains.iter().find_map(|name| self.property(name));
        self.result == "pass" && domain.is_some_and(|domain| aligned(domain, from))
    }
}

/// Relaxed alignment (RFC 7489 section 3.1) without a list of public suffixes: the same domain, or
/// one below the other. Two neighbours below a common parent are not taken for one organisation,
/// because on many hosts they are strangers.
pub(super) fn aligned(domain: &str, from: &str) -> bool {
    let name = domain.rsplit('@').next().unwrap_or_default();
    let Some(domain) = ascii_domain(name.trim_matches(['"', '.', '<', '>'])) else { return false };
    let below = |inner: &str, outer: &str| {
        inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'))
            && !is_public_suffix(outer)
    };
    domain == from || below(&domain, from) || below(from, &domain)
}

/// `com`, `co.uk`, `com.au`: names under which anybody can have a domain. A short list, since a
/// wrong guess here only makes a sender unknown.
fn is_public_suffix(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    match labels.as_slice() {
        [_] => true,
        [second, top] => {
            top.len() == 2
                && matches!(
                    *second,
                    "co" | "com"
                        | "net"
                        | "org"
                        | "gov"
                        | "edu"
                        | "ac"
                        | "or"
                        | "ne"
                        | "go"
                        | "gob"
                        | "nom"
                        | "ltd"
                        | "plc"
                        | "me"
                )
        }
        _ => false,
    }
}

fn finding(part: &str) -> Option<Finding> {
    let spaced = part.replace(" =", "=").replace("= ", "=");
    let mut words = spaced.split_whitespace();
    let (method, result) = words.next()?.split_once('=')?;
    let method = method.split('/').next().unwrap_or_default();
    let property = |word: &str| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_ascii_lowercase(), value.trim_matches('"').to_owned()))
    };
    Some(Finding {
        method: method.to_ascii_lowercase(),
        result: result.to_ascii_lowercase(),
        properties: words.filter_map(property).take(20).collect(),
    })
}

/// Takes comments away; they nest (RFC 5322 section 3.2.2), and hold what the sender chose.
fn without_comments(value: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0_usize, false, false);
    for c in value.chars() {
        let plain = !std::mem::take(&mut escaped);
        match c {
            '\\' if plain && (quoted || depth > 0) => escaped = true,
            '"' if plain && depth == 0 => quoted = !quoted,
            '(' if plain && !quoted => depth += 1,
            ')' if plain && !quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    out
}

fn split_outside_quotes(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in value.chars() {
        quoted ^= c == '"';
        match parts.last_mut() {
            Some(part) if c != ';' || quoted => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}
