//! CERTs, CSIRTs and PSIRTs (ISO/IEC 29147 section 5.6): people who write as an office, with case
//! numbers, fields and footers as machines have them. What they pass on is a report.

use super::Facts;
use super::sense::Sense;
use crate::desk::address::Mailbox;

/// Words that such offices call themselves by.
const OFFICES: &[&str] = &["cert", "csirt", "psirt", "cirt", "cve", "disclosure", "coordination"];

/// Whether such an office writes of a weakness.
pub(super) fn coordinates(facts: &Facts<'_>) -> bool {
    let said = [Sense::Weakness, Sense::Discloses, Sense::Topic];
    said.into_iter().any(|sense| facts.content.says_anywhere(sense))
        && facts.message.author().is_some_and(is_office)
}

fn is_office(author: &Mailbox) -> bool {
    let Mailbox { name, address } = author;
    let words = format!("{name} {} {}", address.local(), address.domain()).to_lowercase();
    let mut words = words.split(|c: char| !c.is_alphanumeric());
    words.any(|word| {
        OFFICES.contains(&word)
            || word.starts_with("vuln")
            || word.ends_with("csirt")
            || word.ends_with("cert") && word != "concert"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::address::Address;

    #[test]
    fn offices_are_known_by_their_names_and_addresses() {
        let office = |name: &str, address: &str| {
            is_office(&Mailbox { name: name.into(), address: Address::parse(address).unwrap() })
        };
        assert!(office("Coordination Desk", "desk@vexland.example"));
        assert!(office("", "vulnteam@nd.example"));
        assert!(office("Duty officer", "post@govcert.example"));
        assert!(office("", "mail@cert-nd.example"));
        assert!(!office("Concert tickets", "concert@hall.example"));
        assert!(!office("Ann Acorn", "ann@acorn.example"));
    }
}
