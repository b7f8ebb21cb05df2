//! Letters to reporters.

use super::templates::{Filled, LONGEST_BODY, SLACK, Worded, Wording, WordingError, error};
use super::values::{Found, Values};
use crate::desk::case::Case;
use crate::desk::ladder::Ladder;
use crate::desk::language::Language;
use crate::desk::letter::{AutoSubmitted, Letter, LetterId};
use crate::desk::policy::Policy;
use crate::desk::presence::Absences;
use crate::desk::time::Moment;

/// Writes a letter of a case, and of the `others` that it acknowledges as well, dated `now`: in the
/// language of the mail that opened the case, where that is sure and one that letters are written in,
/// else in that of the project.
pub fn write(
    wording: &Wording,
    policy: &Policy,
    case: &Case,
    others: &[&Case],
    absences: &Absences,
    id: &LetterId,
    now: Moment,
) -> Result<Worded, WordingError> {
    let on_case =
        case.letters.get(id).ok_or_else(|| error(&id.0, "this letter was never decided on"))?;
    let verdict = &case.opening.verdict;
    let own = verdict.language.as_deref().and_then(Language::of_code);
    let language = own.unwrap_or(policy.language);
    let now_with = now_with(policy, case, absences, now);
    let written = |wording: &Wording| {
        let found = Found::of(verdict).map(|found| wording.found(language, &found)).transpose()?;
        let values = Values::of(language, case, others, policy, found, id, now);
        let mut values = values.now_with(now_with);
        loop {
            let filled = wording.filled(language, on_case.kind, &values)?;
            if as_sent(&filled.1) <= LONGEST_BODY || !values.list_fewer() {
                return Ok(filled);
            }
        }
    };
    let text = (language, on_case.kind);
    let filled = wording.or_shipped(text, LONGEST_BODY + SLACK, written)?;
    let Filled { subject, body, mistake } = filled;
    let answered = case.mail().message_id.clone();
    let letter = Letter {
        id: id.clone(),
        inbox: policy.inbox.clone(),
        message_id: on_case.message_id.clone(),
        date: now,
        from: policy.from.clone(),
        to: on_case.to.clone(),
        reply_to: None,
        envelope_from: policy.from.address.clone(),
        subject,
        references: answered.iter().cloned().collect(),
        in_reply_to: answered,
        auto_submitted: AutoSubmitted::AutoReplied,
        body,
    };
    Ok(Worded { letter, mistake })
}

/// Who is told of a missed promise at its deadline.
fn now_with(policy: &Policy, case: &Case, absences: &Absences, now: Moment) -> &'static str {
    let ladder = Ladder::of(policy, case.handler.as_deref(), absences, now);
    let rung = ladder.next(None, 1);
    if ladder.told(rung).is_empty() { "nobody" } else { rung.name() }
}

/// About how many bytes a body has as it is sent: what is beyond ASCII grows.
fn as_sent(body: &str) -> usize {
    let beyond_ascii = body.bytes().filter(|b| !b.is_ascii()).count();
    if beyond_ascii > body.len() / 2 { body.len() / 3 * 4 } else { body.len() + 2 * beyond_ascii }
}
