//! What speaks against a machine where its words speak for one.

use super::Facts;
use super::own::is_reply;
use super::sense::Sense;
use super::title::has_ticket_number;

/// Absence notes name no path and no code, and beside the absence they tell nothing. Whose title is no
/// answer's, and who says neither until when nor who else nor anything of themselves or of our mail,
/// talks of such notes.
pub(super) fn says_more(facts: &Facts<'_>) -> bool {
    use Sense::{Day, Deputy, Leave, Me, Promised, Term, Thanks, Yours};
    let content = facts.voice();
    let (telling, points) = content.beside_absence;
    let said = [Day, Deputy, Leave, Me, Promised, Term, Thanks, Yours];
    let titled = is_reply(facts.message) || facts.message.subject.contains([':', '：']);
    let silent = !said.into_iter().any(|sense| content.says(sense));
    content.names_a_place()
        || points >= 2 && telling >= 6
        || !titled && silent && content.telling >= 8
}

/// Whether there is any, and what all of them weigh with what else shows a machine.
pub(super) fn weight_of_phrases(facts: &Facts<'_>) -> (bool, usize) {
    let content = facts.voice();
    // Who answers below a quote answers such a title.
    let titled = facts.title.machine && !facts.own.quote;
    let phrases = content.count(Sense::Notice);
    let sender = facts.sender.desk || facts.sender.nobody;
    let weight = 3 * (phrases + usize::from(titled))
        + content.count(Sense::Robot)
        + usize::from(sender)
        + usize::from(facts.title.numbered);
    (phrases > 0 || titled, weight)
}

/// People too say that a link expires in a week: one such phrase, and nothing else that machines say,
/// makes nobody a machine.
pub(super) fn is_alone(facts: &Facts<'_>) -> bool {
    let (content, shape) = (facts.voice(), &facts.shape);
    // `Your message was read on Monday`.
    let tells = content.says_anywhere(Sense::Yours) && content.says(Sense::Day);
    let answers = tells || count_pieces(facts) > 1;
    let several =
        shape.shared_sender + shape.service_sender + shape.service_name + shape.house_name > 0;
    weight_of_phrases(facts).1 == 3
        && !content.says(Sense::Robot)
        && !answers
        && (!several || facts.told() >= 2)
}

pub(super) fn count_pieces(facts: &Facts<'_>) -> usize {
    let content = facts.voice();
    let said = [Sense::Yours, Sense::Taken, Sense::Promised, Sense::Term];
    let number = facts.title.numbered || has_ticket_number(&facts.own.text);
    said.iter().filter(|sense| content.says_anywhere(**sense)).count()
        + usize::from(number)
        + usize::from(facts.sender.desk || facts.sender.nobody)
}
