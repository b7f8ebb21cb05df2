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
    let language = facts.content.language.sure().filter(|code| code != "en");
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

#[cfg(test)]
mod tests {
    use crate::desk::authentication::Authentication;
    use crate::desk::classify::classify;
    use crate::desk::message::Message;
    use crate::desk::policy::{Policy, Scope};

    fn threats(wanted: Option<&[&str]>, text: &str) -> Vec<String> {
        let wanted = wanted.map(|list| list.iter().map(|name| (*name).to_owned()).collect());
        let scope = Scope { threats: wanted, ..Scope::default() };
        let policy = Policy { scope, ..Policy::unconfigured() };
        let message = Message { text: text.to_owned(), ..Message::default() };
        let hints = classify(&message, &Authentication::None, &policy).hints;
        hints.into_iter().filter(|hint| hint.starts_with("threat_model:")).collect()
    }

    #[test]
    fn a_policy_chooses_the_classes_that_make_a_hint() {
        let text = "Who sets an environment variable pollutes Object.prototype in the server.";
        assert_eq!(threats(None, text), ["threat_model:CWE-1321", "threat_model:CWE-15"]);
        assert_eq!(threats(Some(&["CWE-15"]), text), ["threat_model:CWE-15"]);
        assert!(threats(Some(&["none"]), text).is_empty());
    }

    #[test]
    fn one_clue_of_two_is_no_hint() {
        assert!(threats(None, "The environment variable is printed on the error page.").is_empty());
    }
}
