//! What a human may want to know of a mail. No hint decides anything.

use super::Facts;
use super::modules;
use super::sense::{Clue, Sense};
use super::words::scope::{THREATS, Threat};
use crate::desk::message::Defect;

/// Every hint, in the order in which a person wants them.
pub(super) fn hints(facts: &Facts<'_>) -> Vec<String> {
    let mut hints: Vec<String> = Vec::new();
    hints.extend(modules::named(facts).into_iter().map(|name| format!("third_party:{name}")));
    let suggested = THREATS.iter().filter(|threat| suggests(facts, threat));
    hints.extend(suggested.map(|threat| format!("threat_model:{}", threat.name)));
    if facts.content.count(Sense::Bounty) > 0 {
        hints.push("bounty_request".to_owned());
    }
    let language = facts.content.language.sure().filter(|code| *code != "en");
    hints.extend(language.map(|code| format!("lang:{code}")));
    let defects = &facts.message.defects;
    if defects.iter().copied().any(is_malformed) {
        hints.push("malformed".to_owned());
    }
    if defects.contains(&Defect::ControlCharacters) {
        hints.push("header_injection".to_owned());
    }
    hints
}

/// The class is named, or each of its clues is there; and the policy has not left it out.
fn suggests(facts: &Facts<'_>, threat: &Threat) -> bool {
    let wanted = &facts.policy.scope.threats;
    let wanted = wanted.as_ref().is_none_or(|list| list.iter().any(|name| name == threat.name));
    let clue = |clue: &Clue| facts.content.says_anywhere(Sense::Scope(*clue));
    wanted && (threat.clues.iter().all(clue) || facts.content.classes.contains(threat.name))
}

fn is_malformed(defect: Defect) -> bool {
    matches!(
        defect,
        Defect::NoHeader
            | Defect::NoFrom
            | Defect::SeveralFrom
            | Defect::SeveralMessageIds
            | Defect::BrokenMime
            | Defect::Charset
            | Defect::ControlCharacters
            | Defect::Unreadable
    )
}
