//! What counts as content, and how much of it there is.
//!
//! A text is cut into sentences. A sentence that greets, thanks, apologises, introduces its writer
//! or points elsewhere tells nothing, unless it also names a component and an effect. What the
//! other sentences tell is counted in points: one for each technical word or fact, two for a piece
//! of code.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::hit::Hit;
use super::language::{self, Language};
use super::links::{self, Link};
use super::lists::{Pieces, lower, stands_in};
use super::sense::Sense;
use super::sentence::{Sentence, sentences};

/// The measure of a text.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// All words that a person sees, links not counted.
    pub(super) words: usize,
    /// Words in sentences that tell something.
    pub(super) telling: usize,
    /// What those sentences tell, in points.
    pub(super) points: usize,
    /// Words that are more than a greeting.
    pub(super) beyond_courtesy: usize,
    /// Every sentence that tells something is a question.
    pub(super) only_questions: bool,
    /// Links in the text.
    pub(super) links: Vec<Link>,
    /// Some of them lead elsewhere than to the project itself, where no report is kept.
    pub(super) leads_away: bool,
    /// The language it is written in, where that is sure enough.
    pub(super) language: Language,
    /// What the subject tells, in points. Robots repeat subjects, so that of an answer is nothing.
    pub(super) title_points: usize,
    /// Pieces of code.
    pub(super) code: usize,
    /// Versions, as `4.18`.
    pub(super) versions: usize,
    /// Words and points of the sentences that speak of nobody's absence.
    pub(super) beside_absence: (usize, usize),
    /// Paths, header names, hexadecimal numbers, flags.
    pub(super) places: usize,
    /// One, if an attack itself stands in it, such as `..%2f..%2f`.
    pub(super) attacks: usize,
    /// Classes of weaknesses by their names: `CWE-79`.
    pub(super) classes: BTreeSet<String>,
    /// Amounts of money, and percentages.
    pub(super) money: usize,
    /// Some sentence asks.
    pub(super) asks: bool,
    /// What the words of the text say, and how often.
    senses: BTreeMap<Sense, usize>,
    /// What the words of the subject say.
    title_senses: BTreeSet<Sense>,
    /// Telltale words of the text.
    hits: Vec<(Sense, String)>,
    /// Telltale words of the subject.
    title: Vec<(Sense, String)>,
}

/// What absence notes are made of.
const OF_ABSENCE: [Sense; 5] = [Sense::Away, Sense::Leave, Sense::Gone, Sense::Day, Sense::Deputy];
/// A sentence that greets or points tells something all the same from so many points on.
const TELLS_ALL_THE_SAME: usize = 4;
/// One kind of mark counts at most so often: a page of code is no better than five lines.
const MOST_MARKS: usize = 10;
/// Words that stand for a link in the text.
const LINK: &str = " \u{fffc} ";
/// What stands in links that carry an attack.
#[rustfmt::skip]
const SIGNS: &[&str] = &[
    "<script", "%3cscript", "alert(", "../", "..%2f", "..%5c", "%0d%0a", "\\r\\n", "' or ", "'%20or", "__proto__", "{{", "${",
];

impl Content {
    /// Measures the sender's own words. The subject helps to tell the language, no more.
    /// `elsewhere` says that the mail has attachments to which the text may point, `home` whether a host
    /// is the project's own.
    pub(super) fn measure(
        text: &str,
        subject: &str,
        elsewhere: bool,
        home: impl Fn(&str) -> bool,
    ) -> Content {
        let links = links::find(text);
        let leads_away = links.iter().any(|link| !home(&link.host));
        let bare = without_links(text, &links);
        let sentences: Vec<Sentence> = sentences(&bare).map(Sentence::read).collect();
        let title = Sentence::read(subject);
        let all = || sentences.iter().chain([&title]).flat_map(|s| s.hits.iter());
        let language = language::of(text, subject, all());
        let mut content =
            Content { links, leads_away, language, only_questions: true, ..Content::default() };
        let points_elsewhere = elsewhere || leads_away;
        let mut told = BTreeSet::new();
        let (mut facts, mut code) = (payloads(text, &content.links), 0);
        content.attacks = usize::from(PAYLOADS.within(&lower(&bare)));
        for sentence in &sentences {
            let mut absent = false;
            for sense in sentence.senses(language) {
                *content.senses.entry(sense).or_default() += 1;
                absent |= OF_ABSENCE.contains(&sense);
            }
            let hits = longest(sentence.content(language)).into_iter();
            // Where nothing else is, nothing is pointed to.
            let hits: Vec<&Hit> =
                hits.filter(|hit| points_elsewhere || hit.sense != Sense::Pointer).collect();
            let told_here = content.add(sentence, &hits, &mut told, &mut facts, &mut code);
            if !absent {
                content.beside_absence.0 += told_here.0;
                content.beside_absence.1 += told_here.1;
            }
        }
        content.title_senses.extend(title.senses(language));
        let allowed = longest(title.content(language));
        content.title = title.telltales(&allowed);
        content.versions += title.versions;
        content.classes.extend(title.classes.iter().cloned());
        if !stands_in("re:", subject) {
            content.title_points = title.technical(&allowed).len();
        }
        // A page of the project's own is the place that is meant.
        let here = usize::from(!content.links.is_empty() && !leads_away);
        content.points = told.len() + facts.min(MOST_MARKS) + 2 * code.min(MOST_MARKS) + here;
        content
    }

    /// How many different words of this sense stand in the text and the subject.
    pub(super) fn count(&self, sense: Sense) -> usize {
        let all = self.title.iter().chain(&self.hits).filter(|(s, _)| *s == sense);
        let mut words: Vec<&str> = all.map(|(_, word)| word.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        words.len()
    }

    /// Whether a word of this sense stands in the subject.
    pub(super) fn titled(&self, sense: Sense) -> bool {
        self.title.iter().any(|(s, _)| *s == sense)
    }

    /// Whether it names a place in a program: a path, a piece of code.
    pub(super) fn names_a_place(&self) -> bool {
        self.code + self.places > 0
    }

    /// Whether the text says this, in whatever words.
    pub(super) fn says(&self, sense: Sense) -> bool {
        self.senses.contains_key(&sense)
    }

    /// How often the text says this.
    pub(super) fn times(&self, sense: Sense) -> usize {
        self.senses.get(&sense).copied().unwrap_or(0)
    }

    /// Whether the subject says this.
    pub(super) fn titles(&self, sense: Sense) -> bool {
        self.title_senses.contains(&sense)
    }

    /// Whether the text or the subject says this.
    pub(super) fn says_anywhere(&self, sense: Sense) -> bool {
        self.says(sense) || self.title_senses.contains(&sense)
    }

    /// The first word of this sense, in the form of the tables.
    pub(super) fn word(&self, sense: Sense) -> &str {
        let mut all = self.title.iter().chain(&self.hits);
        all.find(|(s, _)| *s == sense).map_or("", |(_, word)| word.as_str())
    }

    /// Adds a sentence; gives the words and points that it tells.
    fn add<'s>(
        &mut self,
        sentence: &'s Sentence,
        hits: &[&Hit],
        told: &mut BTreeSet<&'s str>,
        facts: &mut usize,
        code: &mut usize,
    ) -> (usize, usize) {
        let technical = sentence.technical(hits);
        let value = technical.len() + sentence.facts + 2 * sentence.code;
        let courtesy = covered(hits, Sense::Courtesy) + covered(hits, Sense::Thanks);
        if sentence.dated {
            *self.senses.entry(Sense::Day).or_default() += 1;
        }
        self.asks |= sentence.question;
        self.money += sentence.money;
        self.code += sentence.code;
        self.versions += sentence.versions;
        self.places += sentence.places;
        self.classes.extend(sentence.classes.iter().cloned());
        self.words += sentence.words;
        self.beyond_courtesy += sentence.words.saturating_sub(courtesy);
        self.hits.extend(sentence.telltales(hits));
        let idle = [Sense::Aside, Sense::Pointer, Sense::Thanks, Sense::Disclaimer, Sense::Bounty];
        let idle = hits.iter().any(|hit| idle.contains(&hit.sense));
        if idle && value < TELLS_ALL_THE_SAME {
            return (0, 0);
        }
        let telling = sentence.words.saturating_sub(courtesy);
        self.only_questions &= sentence.question || telling == 0;
        self.telling += telling;
        told.extend(technical);
        *facts += sentence.facts;
        *code += sentence.code;
        (telling, value)
    }
}

/// Without the entries that stand inside of longer ones: a `symbolic link` is no link.
fn longest<'h>(hits: impl Iterator<Item = &'h Hit>) -> Vec<&'h Hit> {
    let mut sorted: Vec<&Hit> = hits.collect();
    sorted.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.length)));
    let mut widest: Option<&Hit> = None;
    sorted.retain(|hit| {
        let end = hit.start + hit.length;
        let inside =
            widest.is_some_and(|wide| wide.start + wide.length >= end && wide.length > hit.length);
        if widest.is_none_or(|wide| wide.start + wide.length < end) {
            widest = Some(hit);
        }
        !inside
    });
    sorted
}

/// How many words the entries of one sense cover.
fn covered(hits: &[&Hit], sense: Sense) -> usize {
    let mut end = 0;
    let mut words = 0;
    for hit in hits.iter().filter(|hit| hit.sense == sense) {
        if hit.start >= end {
            words += hit.words;
            end = hit.start + hit.length;
        }
    }
    words
}

fn without_links(text: &str, links: &[Link]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for link in links {
        if link.start >= at {
            out.push_str(text.get(at..link.start).unwrap_or_default());
            out.push_str(LINK);
            at = link.end;
        }
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

static PAYLOADS: LazyLock<Pieces> = LazyLock::new(|| Pieces::of(SIGNS));

/// Links that carry the attack in themselves, such as `…/search?q=<script>`.
fn payloads(text: &str, links: &[Link]) -> usize {
    let carries = |link: &&Link| {
        let url = text.get(link.start..).unwrap_or_default();
        let url: String = url.chars().take(link.end - link.start + 20).collect();
        PAYLOADS.within(&lower(url.lines().next().unwrap_or_default()))
    };
    3 * links.iter().take(20).filter(carries).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn politeness_around_a_link_tells_nothing() {
        let content = Content::measure(
            "Good morning,\n\nI am a student and this is my first disclosure, so please be patient with me.\n\
             Everything is written down here, please tell me if you cannot open it:\n\nhttps://docs.example/d/1\n\nThank you!",
            "A finding",
            false,
            |_| false,
        );
        assert_eq!((content.telling, content.points), (0, 0), "{content:?}");
        assert_eq!(content.links.len(), 1);
    }

    #[test]
    fn a_component_and_an_effect_tell_something_in_many_languages() {
        for text in [
            "The session cookie survives log-out and can be stolen.",
            "Der Server stürzt bei dieser Anfrage ab.",
            "Le serveur plante avec cette requête.",
            "サーバーがこのリクエストでクラッシュします。",
            "这个请求会让服务器崩溃。",
            "Сервер падает от такого запроса.",
            "الخادم يتوقف عند هذا الطلب بسبب تسرب الذاكرة.",
        ] {
            let content = Content::measure(text, "", false, |_| false);
            assert!(content.points >= 2 && content.telling >= 4, "{text}: {content:?}");
        }
    }

    #[test]
    fn words_are_counted_in_scripts_without_blanks() {
        assert!(
            Content::measure("サーバーがこのリクエストでクラッシュします。", "", false, |_| false)
                .words
                > 5
        );
        assert_eq!(Content::measure("one two, three - four!", "", false, |_| false).words, 4);
    }
}
