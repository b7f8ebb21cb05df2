//! Signals that are added up, as in `personal`: what speaks for a machine, for a report, for
//! somebody's absence, for mail that did not arrive, for phishing, for what is no report at all.
//!
//! A single one says little: people too write from `support`, and machines too write of injections.
//! What one side of the scales weighs more than the other decides, and where both are heavy a human
//! looks before anybody is answered.

use super::Facts;
use super::coordinator::coordinates;
use super::doubt::{is_alone, says_more};
use super::own;
use super::scales::Weight;
use super::sense::Sense;
use crate::desk::authentication::Authentication;
use crate::desk::message::ReturnPath;

/// Something to look for: how often it is found, what each weighs, and what all of them at most.
struct Signal {
    name: &'static str,
    each: i32,
    most: i32,
    found: fn(&Facts<'_>) -> usize,
}

const fn signal(
    name: &'static str,
    each: i32,
    most: i32,
    found: fn(&Facts<'_>) -> usize,
) -> Signal {
    Signal { name, each, most, found }
}

/// What speaks for a machine in the text and the title.
#[rustfmt::skip]
const FORM: &[Signal] = &[
    signal("what only machines write",     3,  9, |f| f.voice().count(Sense::Notice)),
    signal("a machine's footer",           3,  6, |f| f.shape.footer),
    signal("a title that machines give",   3,  3, |f| usize::from(f.title.machine)),
    signal("an outcome as its title",      2,  2, |f| usize::from(f.voice().titles(Sense::Outcome))),
    signal("a number in its title",        2,  2, |f| usize::from(f.title.numbered)),
    signal("a name in brackets",           1,  1, |f| usize::from(f.message.subject.starts_with(['[', '(', '【']))),
    signal("a machine's phrases",          1,  3, |f| f.voice().count(Sense::Robot)),
    signal("words to a holder",            1,  3, |f| f.voice().times(Sense::Holder)),
    signal("an outcome",                   1,  2, |f| f.voice().times(Sense::Outcome)),
    signal("labelled lines",               1,  4, |f| f.shape.machine_labels.saturating_sub(1)),
    signal("times to the second",          1,  2, |f| f.shape.stamps),
    signal("numbers that programs read",   1,  2, |f| f.shape.ids),
    signal("columns",                      1,  2, |f| f.shape.columns.saturating_sub(2)),
    signal("lines of a log",               1,  2, |f| f.shape.log_lines.saturating_sub(1)),
    signal("pieces of a machine's answer", 1,  3, pieces),
    signal("links to its own house",       2,  2, |f| f.shape.home_links.min(house(f))),
    signal("links to settings",            2,  3, |f| f.shape.service_links),
];

/// What speaks for a machine in who sent it: a person's sender speaks against one.
#[rustfmt::skip]
const SENDER: &[Signal] = &[
    signal("a service as its sender",      2,  2, |f| f.shape.service_sender),
    signal("the name of a service",        2,  2, |f| f.shape.service_name),
    signal("a sender who reads nothing",   3,  3, |f| usize::from(f.sender.nobody && f.message.reply_to.is_empty())),
    signal("the name of a house",          1,  1, |f| f.shape.house_name),
    signal("a shared mailbox",             1,  1, |f| f.shape.shared_sender),
    signal("no name at all",               1,  1, |f| f.shape.nameless),
    signal("nobody who says `I`",          1,  1, |f| usize::from(!f.voice().says(Sense::Me))),
    signal("no name below it",             1,  1, |f| usize::from(f.shape.signed == 0)),
    signal("its sender's name below it",  -2, -2, |f| f.shape.signed),
    signal("an address of one's own",     -2, -2, |f| f.shape.own_address),
    signal("a question",                  -1, -1, |f| usize::from(f.voice().asks)),
    signal("somebody who says `I`",       -1, -2, |f| f.voice().times(Sense::Me)),
];

/// What speaks for a person's report.
#[rustfmt::skip]
const REPORT: &[Signal] = &[
    signal("a weakness",                   2,  5, |f| f.content.times(Sense::Weakness)),
    signal("a title that discloses",       2,  2, |f| usize::from(discloses_in_title(f))),
    signal("somebody who found it",        2,  4, |f| f.content.times(Sense::Found)),
    signal("what goes wrong",              1,  2, |f| f.content.times(Sense::Fault)),
    signal("a disclosure",                 1,  1, |f| usize::from(f.content.says(Sense::Discloses))),
    signal("technical words",              1,  3, technical),
    signal("code",                         1,  2, |f| f.content.code / 2),
    signal("a version",                    1,  1, |f| f.content.versions),
    signal("a reporter's fields",          1,  3, |f| f.shape.report_labels),
    signal("a class of weaknesses",        1,  1, |f| f.content.classes.len()),
];

/// What speaks for a note that somebody is away.
#[rustfmt::skip]
const ABSENCE: &[Signal] = &[
    signal("words of absence notes",       3,  6, |f| f.voice().count(Sense::Away)),
    signal("words of leave",               1,  2, |f| f.voice().count(Sense::Leave)),
    signal("somebody who is gone",         2,  2, |f| usize::from(f.voice().says_anywhere(Sense::Gone))),
    signal("a day",                        1,  1, |f| usize::from(f.voice().says_anywhere(Sense::Day))),
    signal("a deputy",                     2,  4, |f| f.voice().times(Sense::Deputy)),
    signal("a colleague's address",        1,  1, |f| f.shape.neighbours),
    signal("an answer without a quote",    1,  1, |f| usize::from(own::is_reply(f.message) && !f.own.quote)),
    signal("few words",                    1,  1, |f| usize::from(f.voice().words <= 60)),
    signal("a quote",                     -2, -2, |f| usize::from(f.own.quote)),
    signal("many words",                  -1, -3, |f| f.voice().words / 40),
    signal("a question",                  -2, -2, |f| usize::from(f.voice().asks)),
    signal("a link",                      -1, -2, |f| f.content.links.len()),
    signal("what else it tells",          -1, -8, |f| f.told().saturating_sub(1)),
    signal("words of a report",           -1, -2, |f| f.voice().times(Sense::Topic) + f.voice().times(Sense::Pointer)),
    signal("something to sell",           -2, -4, |f| f.voice().count(Sense::Pitch)),
];

/// What speaks for a note that a mail did not arrive.
#[rustfmt::skip]
const UNDELIVERED: &[Signal] = &[
    signal("a mail that did not arrive",   3,  3, |f| f.voice().times(Sense::Undelivered)),
    signal("a title that says so",         1,  1, |f| usize::from(f.voice().titles(Sense::Undelivered))),
    signal("why it did not",               1,  2, |f| f.voice().times(Sense::Wherefore)),
    signal("a mail of ours",               1,  1, |f| f.voice().times(Sense::Yours)),
    signal("a colleague's address",        2,  2, |f| f.shape.neighbours),
    signal("a service as its sender",      2,  2, |f| f.shape.service_sender),
    signal("the name of a service",        1,  1, |f| f.shape.service_name),
    signal("nobody wants an answer",       3,  3, |f| usize::from(f.message.return_path == Some(ReturnPath::Null))),
    signal("nobody who says `I`",          1,  1, |f| usize::from(!f.voice().says(Sense::Me))),
    signal("a question",                  -2, -2, |f| usize::from(f.voice().asks)),
    signal("its sender's name below it",  -2, -2, |f| f.shape.signed),
    signal("an address of one's own",     -1, -1, |f| f.shape.own_address),
];

/// What speaks for mail that wants passwords or payments.
#[rustfmt::skip]
const PHISHING: &[Signal] = &[
    signal("words of lures",               1,  3, |f| f.content.count(Sense::Lure)),
    signal("an account that is to end",    2,  4, |f| f.content.times(Sense::Ultimatum)),
    signal("a title that threatens",       1,  1, |f| usize::from(f.content.titles(Sense::Ultimatum))),
    signal("something to be done",         2,  4, |f| f.content.times(Sense::Demand)),
    signal("words to a holder",            1,  2, |f| f.content.times(Sense::Holder)),
    signal("bait",                         1,  1, |f| f.content.links.len() + f.message.attachments.len()),
    signal("a service as its sender",      1,  1, |f| f.shape.service_sender + f.shape.service_name),
    signal("a forged sender",              2,  2, |f| usize::from(*f.authentication == Authentication::Fail)),
    signal("its sender's name below it",  -1, -1, |f| f.shape.signed),
    signal("somebody who says `I`",       -1, -2, |f| f.content.times(Sense::Me)),
    signal("a machine's field",           -1, -2, |f| f.shape.machine_labels),
];

/// What speaks for something else than a report.
#[rustfmt::skip]
const ERRAND: &[Signal] = &[
    signal("another concern",              2, 12, |f| f.content.times(Sense::Errand)),
    signal("a title of another concern",   2,  2, |f| usize::from(f.content.titles(Sense::Errand))),
    signal("questions alone",              2,  2, |f| usize::from(f.content.only_questions)),
    signal("a question",                   1,  1, |f| usize::from(f.content.asks)),
];

/// What speaks for something to be sold.
#[rustfmt::skip]
const TRADE: &[Signal] = &[
    signal("an offer",                     2,  8, |f| f.content.count(Sense::Pitch)),
    signal("words of trade",               1,  4, |f| f.content.count(Sense::Sales)),
    signal("money",                        1,  3, |f| f.content.money),
];

fn weigh(table: &[Signal], facts: &Facts<'_>) -> Weight {
    let mut weight = Weight { sum: 0, heaviest: "" };
    let mut most = 0;
    for signal in table {
        let times = i32::try_from((signal.found)(facts)).unwrap_or(i32::MAX);
        let adds = signal.each.saturating_mul(times);
        let adds = if signal.each < 0 { adds.max(signal.most) } else { adds.min(signal.most) };
        weight.sum += adds;
        if adds > most {
            (most, weight.heaviest) = (adds, signal.name);
        }
    }
    weight
}

fn technical(facts: &Facts<'_>) -> usize {
    facts.told() / 2
}

/// Whether its sender is no person, as far as the address tells.
fn house(facts: &Facts<'_>) -> usize {
    let shape = &facts.shape;
    shape.service_sender + shape.service_name + shape.house_name + shape.shared_sender
}

/// What machines put their answers together from.
fn pieces(facts: &Facts<'_>) -> usize {
    let pieces = [Sense::Yours, Sense::Taken, Sense::Promised, Sense::Term];
    let said = pieces.into_iter().filter(|sense| facts.voice().says(*sense)).count();
    said.saturating_sub(1)
}

/// Whether anything shows that one person wrote.
fn shows_a_person(facts: &Facts<'_>) -> bool {
    let voice = facts.voice();
    facts.shape.signed + facts.shape.own_address > 0
        || coordinates(facts)
        || voice.says(Sense::Me)
        || voice.says(Sense::Found)
}

fn discloses_in_title(facts: &Facts<'_>) -> bool {
    facts.content.titles(Sense::Discloses) || facts.content.titles(Sense::Weakness)
}

/// From this sum on a machine wrote, as far as nothing speaks for a report.
const SURELY: i32 = 7;
/// So much heavier than a report's must a machine's side be.
const CLEARLY: i32 = 4;
/// From this sum on a human looks first.
const PERHAPS: i32 = 5;
/// The same where next to nothing speaks for a report.
const NOBODY_SHOWS: i32 = 4;
/// The most that speaks for a report in which no person does.
const MOST_UNSAID: i32 = 6;
/// A machine's side as heavy as this makes a human look, unless the other is clearly heavier.
const HEAVY: i32 = 9;

/// The sums that rules ask for.
impl Facts<'_> {
    fn form(&self) -> Weight {
        *self.scales.form.get_or_init(|| weigh(FORM, self))
    }

    /// The form and the sender.
    fn machine(&self) -> i32 {
        self.form().sum + self.scales.sender.get_or_init(|| weigh(SENDER, self)).sum
    }

    fn report(&self) -> i32 {
        self.scales.report.get_or_init(|| weigh(REPORT, self)).sum
    }

    /// The same with more of the technical words: what a machine's side has to outweigh.
    fn stands(&self) -> i32 {
        self.report() + i32::try_from(self.told().min(8)).unwrap_or(0) / 2
    }

    /// The same, bounded where no person shows: machines list weaknesses too.
    fn said(&self) -> i32 {
        self.stands().min(if shows_a_person(self) { i32::MAX } else { MOST_UNSAID })
    }

    fn absence(&self) -> i32 {
        self.scales.absence.get_or_init(|| weigh(ABSENCE, self)).sum
    }

    fn undelivered(&self) -> i32 {
        self.scales.undelivered.get_or_init(|| weigh(UNDELIVERED, self)).sum
    }

    fn phishing(&self) -> i32 {
        self.scales.phishing.get_or_init(|| weigh(PHISHING, self)).sum
    }
}

/// A machine's side is heavy, and clearly heavier than a report's.
pub(super) fn machine(facts: &Facts<'_>) -> Option<String> {
    let Weight { sum: form, heaviest } = facts.form();
    // Whoever writes without a name and without an `I`, with one such phrase, is no house yet.
    let nobody = form <= 4 && house(facts) == 0 && is_alone(facts);
    let heavy = form >= 3 && facts.machine() >= SURELY && !nobody;
    (heavy && facts.machine() >= facts.stands() + CLEARLY && !coordinates(facts))
        .then(|| format!("it has the signs of a machine, first of all {heaviest}"))
}

/// Somebody is away, in words that no table holds whole.
pub(super) fn absence(facts: &Facts<'_>) -> Option<String> {
    (reads_as_absence(facts) && !says_more(facts))
        .then(|| "it has the signs of an absence note".to_owned())
}

pub(super) fn reads_as_absence(facts: &Facts<'_>) -> bool {
    let short = facts.voice().words < 120;
    short && facts.absence() >= 6 && facts.absence() >= facts.stands() + 3
}

/// A mail did not arrive, and a machine says so.
pub(super) fn undelivered(facts: &Facts<'_>) -> Option<String> {
    let short = facts.voice().words < 150;
    let says = short && facts.voice().says_anywhere(Sense::Undelivered);
    (says && facts.undelivered() >= 6 && facts.undelivered() >= facts.stands() + 2)
        .then(|| "it says in words that a mail was not delivered".to_owned())
}

/// It threatens the holder of an account, or drives one to act.
pub(super) fn phishing(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let drives = content.times(Sense::Demand) + content.times(Sense::Ultimatum) > 1;
    let bait = !content.links.is_empty() || !facts.message.attachments.is_empty();
    (bait && drives && facts.phishing() >= 7 && facts.phishing() >= facts.stands() + 3)
        .then(|| "it drives the holder of an account to act, as phishing mail does".to_owned())
}

/// Somebody sells, and tells of no weakness that was found: lists of them are what they sell.
pub(super) fn trade(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    if content.count(Sense::Pitch) == 0 {
        return None;
    }
    let trade = weigh(TRADE, facts).sum;
    let found = content.says(Sense::Found) || content.code > 0 || content.versions > 0;
    (trade >= 5 && (!found || trade > facts.stands()))
        .then(|| "it offers something for sale".to_owned())
}

/// A person wants something else than to report: an article, a job, a key, an answer.
pub(super) fn errand(facts: &Facts<'_>) -> Option<String> {
    if !facts.content.says_anywhere(Sense::Errand) {
        return None;
    }
    let errand = weigh(ERRAND, facts).sum;
    // Who applies for work lists what is technical too.
    let words = i32::try_from(technical(facts).min(3)).unwrap_or(0);
    (errand >= 3 && errand > facts.report() - words)
        .then(|| "it asks for something else than a report does".to_owned())
}

/// Enough speaks for a machine to let a human look before one is answered.
pub(super) fn maybe(facts: &Facts<'_>) -> Option<String> {
    let returned =
        facts.voice().says(Sense::Undelivered) && outweighs(facts.undelivered(), 5, facts);
    (seems_a_machine(facts)
        || outweighs(facts.absence(), 5, facts)
        || returned
        || outweighs(facts.phishing(), 6, facts))
    .then(|| "a machine may have written it".to_owned())
}

fn outweighs(sum: i32, least: i32, facts: &Facts<'_>) -> bool {
    sum >= least && sum > facts.stands()
}

fn seems_a_machine(facts: &Facts<'_>) -> bool {
    let (form, machine) = (facts.form().sum, facts.machine());
    if machine < PERHAPS.min(NOBODY_SHOWS) || coordinates(facts) {
        return false;
    }
    let (said, stands) = (facts.said(), facts.stands());
    let of_house = house(facts) + facts.shape.nameless > 0;
    let heavy = machine >= HEAVY && machine + CLEARLY > stands;
    let formal = form >= 2 && (heavy || machine > said && of_house);
    let wrote = machine >= PERHAPS && (formal || machine > said + CLEARLY);
    // Who sends only a link or a file says nothing of themselves either.
    let elsewhere = !facts.content.links.is_empty() || !facts.message.attachments.is_empty();
    let nobody = of_house && machine >= NOBODY_SHOWS && said <= 2 && (form > 0 || !elsewhere);
    wrote || nobody
}

/// Whether anything in the text goes wrong, or somebody found something.
pub(super) fn goes_wrong(facts: &Facts<'_>) -> bool {
    let said = [Sense::Weakness, Sense::Found, Sense::Fault, Sense::Discloses];
    said.into_iter().any(|sense| facts.content.says_anywhere(sense))
        || facts.content.code > 0
        || facts.told() >= 6
        || !facts.content.language.is_known()
}
