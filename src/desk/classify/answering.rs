//! Machines that only their words give away: what answering machines, ticket systems and notifiers
//! write, in a mail whose header says nothing of them.

use super::Facts;
use super::coordinator::coordinates;
use super::doubt::{count_pieces, is_alone, says_more, weight_of_phrases};
use super::lists::stands_in;
use super::machine::{is_counted, shown};
use super::own::is_reply;
use super::sender::{is_named_bot, nobody_reads};
use super::sense::Sense;
use super::signals;
use crate::desk::message::Message;

/// A sure phrase in the subject is enough; of other words it takes two.
pub(super) fn absence_words(facts: &Facts<'_>) -> Option<String> {
    let word = absence_phrase(facts).filter(|_| !says_more(facts))?;
    Some(format!("it reads as an absence note ({word})"))
}

fn absence_phrase(facts: &Facts<'_>) -> Option<String> {
    let content = facts.voice();
    let (sure, maybe) = (content.count(Sense::Away), content.count(Sense::Leave));
    let titled = content.titled(Sense::Away) || content.titled(Sense::Leave) && maybe > 1;
    let found = titled || sure > 1 || sure == 1 && maybe > 0;
    let word = if sure > 0 { Sense::Away } else { Sense::Leave };
    // Subject and text agree: what else stands there may be a footer of lawyers.
    let agreed = content.titled(Sense::Away) && content.says(Sense::Away);
    let (words, least) = if agreed { (300, 2 * (sure + maybe)) } else { (150, sure + maybe) };
    let report = content.telling >= 8 && facts.told() >= usize::max(2, least);
    (found && content.words < words && !report).then(|| shown(content.word(word)))
}

/// Who is away may report something all the same, and who reports something may speak of such notes:
/// a human looks.
pub(super) fn absent(facts: &Facts<'_>) -> Option<String> {
    let note = absence_phrase(facts).is_some() || signals::reads_as_absence(facts);
    (note && says_more(facts)).then(|| "a machine may have written it".to_owned())
}

/// What only machines write outweighs what the mail tells. A title that only machines give weighs
/// as much as such a phrase; a person may quote one of both.
pub(super) fn notice(facts: &Facts<'_>) -> Option<String> {
    let word = machines_phrase(facts).filter(|_| !is_alone(facts))?;
    Some(format!("only a machine writes so ({word})"))
}

/// A single phrase of machines from somebody of whom nothing shows that it is a person, or any from a
/// house.
pub(super) fn phrased(facts: &Facts<'_>) -> Option<String> {
    let (content, shape) = (facts.voice(), &facts.shape);
    let alone = machines_phrase(facts).is_some() && is_alone(facts);
    let house = shape.brand + shape.house_name + shape.service_sender + shape.service_name > 0;
    let speaks = content.says(Sense::Me) || content.says(Sense::Found) || content.asks;
    // Machines answer without a quote, in the name of whom they serve.
    let answers = is_reply(facts.message) && !facts.own.quote;
    let person = !answers && (speaks || shape.signed > 0) || coordinates(facts);
    ((alone || house && weight_of_phrases(facts).0) && !person)
        .then(|| "a machine may have written it".to_owned())
}

fn machines_phrase(facts: &Facts<'_>) -> Option<String> {
    let content = facts.voice();
    let (sure, weight) = weight_of_phrases(facts);
    let report = facts.reads_as_report() && weight < 2 * facts.told();
    (sure && weight > facts.told() && !report && content.words < 300)
        .then(|| shown(content.word(Sense::Notice)))
}

/// Two telltale phrases and little else, or one and a sender or a subject that looks like a
/// machine's.
pub(super) fn robot_words(facts: &Facts<'_>) -> Option<String> {
    let content = facts.voice();
    let phrases = content.count(Sense::Robot);
    let machine = facts.sender.desk || facts.sender.nobody || facts.title.numbered;
    let enough = if machine { phrases >= 1 } else { phrases >= 2 && phrases > facts.told() };
    let report = facts.reads_as_report() && !(phrases >= 3 && machine && content.points < 8);
    // A number in the title alone makes nobody a machine who writes of a weakness there.
    let titled = content.titles(Sense::Discloses) || content.titles(Sense::Weakness);
    let person = titled && phrases == 1 && !facts.sender.desk || coordinates(facts);
    (enough && !report && !person && content.words < 300)
        .then(|| format!("it reads as a machine's ({})", shown(content.word(Sense::Robot))))
}

/// Several pieces of a machine's answer, in a text without anything else and without an author.
pub(super) fn pieces(facts: &Facts<'_>) -> Option<String> {
    let content = facts.voice();
    let pieces = count_pieces(facts);
    let ours = content.says_anywhere(Sense::Yours) && pieces >= 3 && facts.told() <= 1;
    let enough = ours || pieces >= 4 && facts.told() <= 2;
    let person = content.says(Sense::Me) || content.asks || coordinates(facts);
    (enough && !person && content.words < 120)
        .then(|| "it is put together as machines answer".to_owned())
}

/// Somebody is away until some day, and says nothing else. Who answers below a quote talks of
/// something else, in which such words stand too.
pub(super) fn away_until(facts: &Facts<'_>) -> Option<String> {
    use Sense::{Day, Gone, Pitch, Pointer, Sales, Topic};
    let content = facts.voice();
    let other = [Topic, Pointer, Pitch, Sales].into_iter().any(|sense| content.says(sense));
    let away = content.says_anywhere(Gone) && content.says_anywhere(Day);
    // In a line or two one word may be technical by chance.
    let allowed = usize::from(content.words <= 25);
    let alone = !other && !content.asks && !facts.own.quote;
    let note = alone && !says_more(facts);
    (away && note && facts.told() <= allowed && content.words <= 60)
        .then(|| "it says that somebody is away, and nothing else".to_owned())
}

/// A report from where nobody reads, or one that ends as machines end theirs, from where machines
/// write: a web form perhaps. Nobody would read an answer there, so a human looks first.
pub(super) fn relayed(facts: &Facts<'_>) -> Option<String> {
    let message = facts.message;
    let notices = facts.voice().count(Sense::Notice);
    let machine = is_named_bot(message) || facts.sender.desk && notices > 0;
    let returned = facts.voice().words == 0 && names_daemon(message);
    let unread = nobody_reads(message) || machine && message.reply_to.is_empty();
    let phrased = notices >= 2 && !coordinates(facts);
    (unread || phrased || returned).then(|| "a machine may have sent it".to_owned())
}

/// Too little to be sure of, enough to ask a human before a machine may be answered.
pub(super) fn maybe(facts: &Facts<'_>) -> Option<String> {
    let (message, content) = (facts.message, facts.voice());
    let said = content.count(Sense::Notice) + content.count(Sense::Away) > 0
        || content.count(Sense::Robot) > 1;
    let away = content.says_anywhere(Sense::Gone) && content.says_anywhere(Sense::Day);
    let desk = facts.sender.desk || facts.title.numbered;
    // Where nobody says `I` and nobody asks, less is enough.
    let nobody = !content.says(Sense::Me) && !content.asks && content.points == 0;
    let pieces = count_pieces(facts) >= if nobody { 1 } else { 2 };
    let daemon = names_daemon(message);
    if coordinates(facts) {
        return None;
    }
    (said || away || daemon || facts.title.machine || pieces || desk || is_counted(message))
        .then(|| "a machine may have written it".to_owned())
}

fn names_daemon(message: &Message) -> bool {
    stands_in("mailer-daemon", &message.text)
}
