//! What our own mail server found out about the sender: Authentication-Results (RFC 8601).

use super::findings::{Findings, aligned};
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

/// Reads the verdict of our own server about the domain in From.
pub fn authentication(message: &Message, policy: &Policy) -> Authentication {
    match (own_findings(message, policy), message.author()) {
        (Some(findings), Some(author)) => judged(&findings, author.address.domain()),
        _ => Authentication::None,
    }
}

/// What our own server found out: only the topmost field of the configured authserv-id is believed,
/// since anybody can write such fields into a mail (RFC 8601 section 7.1).
pub(super) fn own_findings(message: &Message, policy: &Policy) -> Option<Findings> {
    let ours = policy.authserv_id.as_deref()?;
    let fields = message.headers.iter().filter(|(name, _)| name == "authentication-results");
    fields.map(|(_, value)| value).find_map(|value| Findings::of_server(value, ours))
}

/// What a server's findings mean for mail from this domain.
pub(super) fn judged(findings: &Findings, from: &str) -> Authentication {
    let pass = || Authentication::Pass { domain: from.to_owned() };
    // Whether the DMARC result is about the domain that stands in From.
    let speaks_of_it = findings.header_from().is_none_or(|domain| aligned(domain, from));
    match findings.result("dmarc") {
        Some("pass") if speaks_of_it => return pass(),
        Some("fail" | "permerror") => return Authentication::Fail,
        _ => {}
    }
    if findings.pass_for(from) {
        pass()
    } else if findings.failed("spf") && findings.failed("dkim") {
        Authentication::Fail
    } else {
        Authentication::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Authentication {
        judged(
            &Findings::of_server(value, "mx.project.example").unwrap_or_default(),
            "acorn.example",
        )
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
        assert!(Findings::of_server("mx.evil.example; dmarc=pass", "mx.project.example").is_none());
        assert!(
            Findings::of_server("MX.Project.Example 1; dmarc=pass", "mx.project.example").is_some()
        );
        assert!(
            Findings::of_server(
                "(mx.project.example) mx.evil.example; dmarc=pass",
                "mx.project.example"
            )
            .is_none()
        );
    }
}
