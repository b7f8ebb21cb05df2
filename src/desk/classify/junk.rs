//! Junk. A careful first version: it gives way to anything that reads as a report.

use super::Facts;
use super::sense::Sense;
use crate::desk::authentication::Authentication;

/// File endings that run when they are opened.
const RUNS: &[&str] = &[
    "exe", "scr", "com", "pif", "bat", "cmd", "msi", "vbs", "vbe", "jse", "wsf", "hta", "lnk",
    "iso", "img", "jar", "ps1", "cpl", "ace", "xlsm", "docm", "html", "htm", "shtml", "svg",
];

/// A file that runs, or hides that it does, from a sender whose authentication failed.
pub(super) fn dangerous_attachment(facts: &Facts<'_>) -> Option<String> {
    let dangerous = facts.message.attachments.iter().find(|file| {
        let name = file.name.to_ascii_lowercase();
        name.split('.').skip(1).any(|ending| RUNS.contains(&ending.trim()))
    })?;
    let forged = *facts.authentication == Authentication::Fail;
    (forged && !facts.reads_as_report()).then(|| {
        format!(
            "it carries a file that runs ({}) and its sender is forged",
            super::person::file_name(&dangerous.name)
        )
    })
}

/// The same from a sender whose domain disowns the mail: that weighs more than a machine's words.
pub(super) fn forged_lure(facts: &Facts<'_>) -> Option<String> {
    (*facts.authentication == Authentication::Fail).then(|| lure(facts))?
}

/// Asks for passwords or payments behind a link or a file, from a sender who is not authenticated.
pub(super) fn lure(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let words = content.count(Sense::Lure);
    let bait = !content.links.is_empty() || !facts.message.attachments.is_empty();
    let bare = content.links.iter().any(|link| is_number(&link.host));
    let enough = match facts.authentication {
        Authentication::Fail => (words >= 1 || bare) && content.points < 4,
        Authentication::None => words >= 2 && content.points < 2,
        Authentication::Pass { .. } => words >= 3 && content.points == 0,
    };
    (bait && enough).then(|| "it asks for a password or a payment as phishing mail does".to_owned())
}

/// A host without a name: an IPv4 address, or an IPv6 one.
fn is_number(host: &str) -> bool {
    host.bytes().all(|b| b.is_ascii_digit() || b == b'.') || host.contains(':')
}

/// Words of a threat outnumber technical ones; a report about a wallet has both.
pub(super) fn extortion(facts: &Facts<'_>) -> Option<String> {
    let words = facts.content.count(Sense::Extortion);
    (words >= 2 && words > facts.content.points).then(|| "it threatens for money".to_owned())
}

/// Somebody offers something, and speaks more of trade than of anything technical. Who answers
/// below a quote is in a conversation: there it takes two offers.
pub(super) fn sales(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let (pitch, trade) = (content.count(Sense::Pitch), content.count(Sense::Sales));
    let weight = 2 * (pitch + content.money.min(2)) + trade;
    let answers = facts.own.quote;
    let offers = (pitch >= 1 || content.money * trade >= 1 && content.count(Sense::Bounty) == 0)
        && (pitch >= 2 || !answers)
        && weight >= 3
        && weight > 2 * facts.told();
    let trades = trade >= 4 && content.points == 0 && !answers;
    (offers || trades).then(|| "it offers something for sale".to_owned())
}
