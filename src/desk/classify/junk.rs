//! Junk. A careful first version: it gives way to anything that reads as a report.

use super::Facts;
use super::lexicon::Sense;
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
    let forged = facts.authentication == Authentication::Fail;
    (forged && !facts.reads_as_report()).then(|| {
        format!(
            "it carries a file that runs ({}) and its sender is forged",
            super::person::file_name(&dangerous.name)
        )
    })
}

/// Asks for passwords or payments behind a link or a file, from a sender who is not authenticated.
pub(super) fn lure(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let words = content.count(Sense::Lure);
    let bait = !content.links.is_empty() || !facts.message.attachments.is_empty();
    let enough = match facts.authentication {
        Authentication::Fail => words >= 1,
        Authentication::None => words >= 2,
        Authentication::Pass { .. } => words >= 3,
    };
    (bait && enough && content.points < 4)
        .then(|| "it asks for a password or a payment as phishing mail does".to_owned())
}

pub(super) fn extortion(facts: &Facts<'_>) -> Option<String> {
    let words = facts.content.count(Sense::Extortion);
    (words >= 3 || words >= 2 && facts.content.points < 4)
        .then(|| "it threatens for money".to_owned())
}

pub(super) fn sales(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let (pitch, trade) = (content.count(Sense::Pitch), content.count(Sense::Sales));
    let enough = pitch >= 2 || pitch == 1 && trade >= 1 || trade >= 4;
    (enough && content.points < 4 + pitch + trade && !tells_how(content.points, trade + pitch))
        .then(|| "it offers something for sale".to_owned())
}

/// Technical words outweigh those of trade: a shop's report holds both.
fn tells_how(points: usize, trade: usize) -> bool {
    points > 2 * trade
}
