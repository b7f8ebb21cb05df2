//! Mail systems about mail. What they say was read by `parse`; here only: is it one?

use super::Facts;
use crate::desk::message::ReturnPath;

/// A delivery report in the form of RFC 3464.
pub(super) fn standard(facts: &Facts<'_>) -> Option<String> {
    let report = facts.message.report.as_ref().filter(|report| report.kind == "delivery-status")?;
    let action = report.actions.first().map_or("no outcome", String::as_str);
    let action: String = action.chars().filter(char::is_ascii_alphabetic).take(20).collect();
    Some(format!(
        "it is a delivery report ({action}) about {} recipient(s)",
        report.recipients.len()
    ))
}

/// A delivery report in words. From an address that a person may sit behind it must not read as
/// a report of something else.
pub(super) fn in_words(facts: &Facts<'_>) -> Option<String> {
    let message = facts.message;
    let report = message.report.as_ref().filter(|report| report.kind == "free-form")?;
    let machine = report.certain || message.return_path == Some(ReturnPath::Null);
    let answers =
        message.header("auto-submitted").is_some_and(|value| value.contains("auto-replied"))
            && message.header("x-failed-recipients").is_none();
    ((machine || !facts.reads_as_report()) && !answers)
        .then(|| "it says in words that a mail was not delivered".to_owned())
}
