//! What the server of a list of ours recorded about the author of a mail, and when that is believed.

use super::arc;
use crate::desk::address::{Address, Mailbox};
use crate::desk::authentication::{Authentication, judged};
use crate::desk::findings::{Findings, aligned};
use crate::desk::message::Message;
use crate::desk::policy::Policy;

/// What is recorded about the author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// This, of the author's domain.
    Says(Authentication),
    /// The mail was from another domain than that of the supposed author.
    Another,
    /// Nothing.
    Nothing,
}

impl Recorded {
    /// The same of a mail whose From the list left alone, of which our own server has its opinion
    /// too. A list changes what it carries: that the author's signature is broken behind it and the
    /// list's server is none of theirs says nothing, so a failure there only means not known.
    pub(super) fn over(self, direct: Authentication, proven: bool) -> Authentication {
        match (direct, self) {
            (pass @ Authentication::Pass { .. }, _) => pass,
            (_, Recorded::Says(recorded)) => recorded,
            (Authentication::Fail, _) if proven => Authentication::None,
            (direct, _) => direct,
        }
    }
}

/// Whether our own server's word proves that the mail came from the list's server: something passed
/// for its domain. Or else DMARC was asked about another From than the one that now stands there:
/// then it was rewritten behind our own server, by a list that lives there.
pub(super) fn proven(own: &Findings, list: &Address, rewritten: Option<&Mailbox>) -> bool {
    let replaced = |from: &Mailbox| {
        own.header_from().is_some_and(|checked| !aligned(checked, from.address.domain()))
    };
    speaks_of_list(own, list) || rewritten.is_some_and(replaced)
}

fn speaks_of_list(own: &Findings, list: &Address) -> bool {
    own.pass_for(list.domain()) || own.dmarc_passed_for(list.domain())
}

/// What is recorded of the author, who is of this domain. It is told beside it whether the mail came
/// through the list for sure.
pub(super) fn recorded(
    message: &Message,
    policy: &Policy,
    own: &Findings,
    list: &Address,
    (proven, author): (bool, &str),
) -> Recorded {
    if proven && !speaks_of_list(own, list) {
        // Our own server saw the mail before the list, and the list has rewritten it since.
        return about(own, list, author);
    }
    match chain(message, own, list, proven, author) {
        Recorded::Nothing if proven => written(message, policy, own, list, author),
        known => known,
    }
}

/// Hosts of other people's lists that seal only what they saw themselves.
const GOOGLE: &str = "google.com";
const MICROSOFT: &str = "microsoft.com";

/// What the chain says, which our own server has to have found whole: the newest set that is not
/// about the way from the list to us, if the list's server sealed it. An older set was sealed by a
/// server that the author may have chosen.
fn chain(
    message: &Message,
    own: &Findings,
    list: &Address,
    proven: bool,
    author: &str,
) -> Recorded {
    // Of an author at the list's own domain a set could be about the list just as well.
    if own.result("arc") != Some("pass") || aligned(author, list.domain()) {
        return Recorded::Nothing;
    }
    for set in arc::sets(message) {
        // Our own server's copy of what it told us anyway.
        if set.findings.same_but_arc(own) {
            continue;
        }
        // Microsoft seals what its customers send as well; what it received names for whom.
        let host = set.sealer == GOOGLE
            || set.sealer == MICROSOFT && set.findings.names("smtp.rcpttodomain", list.domain());
        if !(aligned(&set.sealer, list.domain()) || proven && host) {
            return Recorded::Nothing;
        }
        match about(&set.findings, list, author) {
            Recorded::Nothing => {}
            known => return known,
        }
    }
    Recorded::Nothing
}

/// What the list's server wrote into the mail: Google Groups in a field of its own, others in
/// Authentication-Results, where the configuration says under which id.
fn written(
    message: &Message,
    policy: &Policy,
    own: &Findings,
    list: &Address,
    author: &str,
) -> Recorded {
    let fields = |wanted: &'static str| {
        message.headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value)
    };
    let mut google = fields("x-original-authentication-results");
    // A second one would be the author's.
    if let (Some(value), None) = (google.next(), google.next())
        && is_google(message, own)
        && let Some((id, findings)) = Findings::read(value)
        && id.to_ascii_lowercase().ends_with(".google.com")
    {
        return about(&findings, list, author);
    }
    let Some(server) = policy.list_authserv_id.as_deref() else { return Recorded::Nothing };
    // Where the list lives on our own server, the topmost field is about the way from there.
    let later = |findings: &Findings| {
        *findings == *own || findings.header_from().is_some_and(|from| aligned(from, list.domain()))
    };
    fields("authentication-results")
        .filter_map(|value| Findings::of_server(value, server))
        .find(|findings| !later(findings))
        .map_or(Recorded::Nothing, |findings| about(&findings, list, author))
}

/// Whether Google handed the mail over: by a signature that only its groups have, by the envelope
/// sender of its groups, or by its seal.
fn is_google(message: &Message, own: &Findings) -> bool {
    let envelope = own.passed_with("spf", "smtp.mailfrom").unwrap_or_default();
    let sealed = || {
        let newest = arc::sets(message).into_iter().find(|set| !set.findings.same_but_arc(own));
        newest.is_some_and(|set| set.sealer == GOOGLE)
    };
    own.pass_for("googlegroups.com")
        || envelope.contains("+bnc")
        || own.result("arc") == Some("pass") && sealed()
}

/// What findings say about an author of this domain. Those about the list's own domain are of the way
/// from the list to us.
fn about(findings: &Findings, list: &Address, author: &str) -> Recorded {
    let of_list = |from: &str| aligned(from, list.domain());
    match findings.header_from() {
        Some(from) if !aligned(from, author) && of_list(from) => Recorded::Nothing,
        Some(from) if !aligned(from, author) => Recorded::Another,
        _ => match judged(findings, author) {
            Authentication::None => Recorded::Nothing,
            known => Recorded::Says(known),
        },
    }
}
