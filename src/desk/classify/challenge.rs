//! A machine that lets mail of people whom it does not know wait until they prove to be people. We never
//! do, so what we wrote reaches nobody: a person has to know.

use super::words::challenges::{ASKED, HELD};
use crate::desk::message::Message;

/// What stands further down is the mail that is held.
const LOOKED_AT: usize = 3_000;

/// Whether it says so. Asked only of what a machine wrote, so nothing is passed over by this.
pub(super) fn found(message: &Message) -> bool {
    let text = message.subject.chars().chain(['\n']).chain(message.text.chars());
    let text: String = text.take(LOOKED_AT).collect::<String>().to_lowercase().replace('’', "'");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
    says(HELD) && says(ASKED)
}
