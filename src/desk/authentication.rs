//! What our own mail server found out about the sender: Authentication-Results (RFC 8601).

use super::address::ascii_domain;
use super::message::Message;
use super::policy::Policy;

/// Whether the domain in From stands for this mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// DMARC passed, or DKIM or SPF passed for a domain that is aligned with From.
    Pass {
        /// The domain that stands for the mail.
        domain: String,
    },
    /// DMARC failed, or both SPF and DKIM did.
    Fail,
    /// Our server said nothing that we can use.
    None,
}

/// One `method=result` with its properties (RFC 8601 section 2.2).
#[derive(Debug, Default)]
struct Finding {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

/// Reads the verdict of our own server: only the topmost field of the configured authserv-id is
/// believed, since anybody can write such fields into a mail (RFC 8601 section 7.1).
pub fn authentication(message: &Message, policy: &Policy) -> Authentication {
    let Some(ours) = policy.authserv_id.as_deref() else { return Authentication::None };
    let Some(author) = message.author() else { return Authentication::None };
    let fields = message.headers.iter().filter(|(name, _)| name == "authentication-results");
    let findings = fields.map(|(_, value)| value).find_map(|value| findings_of(value, ours));
    findings.map_or(Authentication::None, |findings| judge(&findings, author.address.domain()))
}

fn judge(findings: &[Finding], from: &str) -> Authentication {
    let pass = || Authentication::Pass { domain: from.to_owned() };
    let result =
        |method: &str| findings.iter().find(|f| f.method == method).map(|f| f.result.as_str());
    match result("dmarc") {
        Some("pass") if dmarc_speaks_of(findings, from) => return pass(),
        Some("fail" | "permerror") => return Authentication::Fail,
        _ => {}
    }
    if findings.iter().any(|finding| finding.passes_for(from)) {
        return pass();
    }
    let failed = |method: &str| {
        findings.iter().any(|f| f.method == method)
            && findings.iter().filter(|f| f.method == method).all(|f| f.result == "fail")
    };
    if failed("spf") && failed("dkim") { Authentication::Fail } else { Authentication::None }
}

/// Whether the DMARC result is about the domain that stands in From.
fn dmarc_speaks_of(findings: &[Finding], from: &str) -> bool {
    let dmarc = findings.iter().find(|finding| finding.method == "dmarc");
    dmarc
        .and_then(|finding| finding.property("header.from"))
        .is_none_or(|domain| aligned(domain, from))
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
fn aligned(domain: &str, from: &str) -> bool {
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

/// Reads a field if it is of this server; none if it is another's.
fn findings_of(value: &str, ours: &str) -> Option<Vec<Finding>> {
    let bare = without_comments(value);
    let mut parts = split_outside_quotes(&bare).into_iter();
    // The id may be followed by a version number.
    let id = parts.next()?.split_whitespace().next()?.trim_matches('"').to_owned();
    id.eq_ignore_ascii_case(ours).then(|| parts.filter_map(|part| finding(&part)).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Authentication {
        judge(&findings_of(value, "mx.project.example").unwrap_or_default(), "acorn.example")
    }

    fn passes(value: &str) -> bool {
        matches!(read(&format!("mx.project.example; {value}")), Authentication::Pass { .. })
    }

    #[test]
    fn an_aligned_pass_is_wanted() {
        for value in [
            "dmarc=pass header.from=acorn.example",
            "dmarc=pass (p=none dis=none) header.from=acorn.example",
            "dkim=pass header.d=mail.acorn.example",
            "dkim=pass (2048-bit key; unprotected) header.i=@acorn.example header.s=x",
            "dkim=fail header.d=acorn.example; spf=pass smtp.mailfrom=ann@acorn.example",
            "dkim=pass header.d=list.example; dkim=pass header.d=acorn.example",
        ] {
            assert!(passes(value), "{value}");
        }
        for value in [
            "dkim=pass header.d=evil.example",
            "spf=pass smtp.mailfrom=bounces.evil.example",
            "dmarc=pass header.from=evil.example",
            "dkim=pass header.d=notacorn.example",
            "dkim=pass header.d=example",
            "dmarc=none; dkim=none; spf=none",
            "dkim=none (dmarc=pass header.from=acorn.example)",
            "dkim=none reason=\"x; dmarc=pass header.from=acorn.example\"",
        ] {
            assert!(!passes(value), "{value}");
        }
    }

    #[test]
    fn failure_is_dmarc_or_both_of_the_others() {
        for (value, failed) in [
            ("dmarc=fail header.from=acorn.example; dkim=pass header.d=acorn.example", true),
            ("spf=fail smtp.mailfrom=acorn.example; dkim=fail header.d=acorn.example", true),
            ("spf=fail smtp.mailfrom=acorn.example", false),
            ("spf=softfail; dkim=fail", false),
        ] {
            assert_eq!(
                read(&format!("mx.project.example; {value}")) == Authentication::Fail,
                failed,
                "{value}"
            );
        }
    }

    #[test]
    fn another_servers_word_counts_nothing() {
        assert!(findings_of("mx.evil.example; dmarc=pass", "mx.project.example").is_none());
        assert!(findings_of("MX.Project.Example 1; dmarc=pass", "mx.project.example").is_some());
        assert!(
            findings_of("(mx.project.example) mx.evil.example; dmarc=pass", "mx.project.example")
                .is_none()
        );
    }
}
