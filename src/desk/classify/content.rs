//! What counts as content, and how much of it there is.
//!
//! A text is cut into sentences. A sentence that greets, thanks, apologises, introduces its writer
//! or points elsewhere tells nothing, unless it also names a component and an effect. What the
//! other sentences tell is counted in points: one for each technical word or fact, two for a piece
//! of code.

use std::collections::{BTreeMap, BTreeSet};

use super::hit::Hit;
use super::language::{self, Language};
use super::lexicon;
use super::links::{self, Link};
use super::marks::{self, Mark, mark};
use super::sense::Sense;

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
    /// The language it is written in, where that is sure enough.
    pub(super) language: Language,
    /// What the subject tells, in points. Robots repeat subjects, so that of an answer is nothing.
    pub(super) title_points: usize,
    /// Pieces of code.
    pub(super) code: usize,
    /// Versions, as `4.18`.
    pub(super) versions: usize,
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

/// A sentence that greets or points tells something all the same from so many points on.
const TELLS_ALL_THE_SAME: usize = 4;
/// One kind of mark counts at most so often: a page of code is no better than five lines.
const MOST_MARKS: usize = 10;
/// Words that stand for a link in the text.
const LINK: &str = " \u{fffc} ";

#[derive(Debug, Default)]
struct Sentence {
    plain: String,
    hits: Vec<Hit>,
    words: usize,
    facts: usize,
    code: usize,
    money: usize,
    versions: usize,
    dated: bool,
    classes: Vec<String>,
    question: bool,
}

impl Content {
    /// Measures the sender's own words. The subject helps to tell the language, no more.
    /// `elsewhere` says that the mail has attachments to which the text may point.
    pub(super) fn measure(text: &str, subject: &str, elsewhere: bool) -> Content {
        let links = links::find(text);
        let bare = without_links(text, &links);
        let sentences: Vec<Sentence> = sentences(&bare).map(Sentence::read).collect();
        let title = Sentence::read(subject);
        let all = || sentences.iter().chain([&title]).flat_map(|s| s.hits.iter());
        let language = language::of(text, subject, all());
        let mut content = Content { links, language, only_questions: true, ..Content::default() };
        let points_elsewhere = elsewhere || !content.links.is_empty();
        let mut told = BTreeSet::new();
        let (mut facts, mut code) = (payloads(text, &content.links), 0);
        for sentence in &sentences {
            for sense in sentence.senses(language) {
                *content.senses.entry(sense).or_default() += 1;
            }
            let hits = longest(sentence.content(language)).into_iter();
            // Where nothing else is, nothing is pointed to.
            let hits: Vec<&Hit> =
                hits.filter(|hit| points_elsewhere || hit.sense != Sense::Pointer).collect();
            content.add(sentence, &hits, &mut told, &mut facts, &mut code);
        }
        content.title_senses.extend(title.senses(language));
        let allowed = longest(title.content(language));
        content.title = title.telltales(&allowed);
        content.versions += title.versions;
        content.classes.extend(title.classes.iter().cloned());
        if !subject.to_lowercase().contains("re:") {
            content.title_points = title.technical(&allowed).len();
        }
        content.points = told.len() + facts.min(MOST_MARKS) + 2 * code.min(MOST_MARKS);
        content
    }

    /// How many different words of this sense stand in the text and the subject.
    pub(super) fn count(&self, sense: Sense) -> usize {
        let all = self.title.iter().chain(&self.hits).filter(|(s, _)| *s == sense);
        all.map(|(_, word)| word.as_str()).collect::<BTreeSet<&str>>().len()
    }

    /// Whether a word of this sense stands in the subject.
    pub(super) fn titled(&self, sense: Sense) -> bool {
        self.title.iter().any(|(s, _)| *s == sense)
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

    fn add<'s>(
        &mut self,
        sentence: &'s Sentence,
        hits: &[&Hit],
        told: &mut BTreeSet<&'s str>,
        facts: &mut usize,
        code: &mut usize,
    ) {
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
        self.classes.extend(sentence.classes.iter().cloned());
        self.words += sentence.words;
        self.beyond_courtesy += sentence.words.saturating_sub(courtesy);
        self.hits.extend(sentence.telltales(hits));
        let idle = [Sense::Aside, Sense::Pointer, Sense::Thanks, Sense::Disclaimer, Sense::Bounty];
        let idle = hits.iter().any(|hit| idle.contains(&hit.sense));
        if idle && value < TELLS_ALL_THE_SAME {
            return;
        }
        let telling = sentence.words.saturating_sub(courtesy);
        self.only_questions &= sentence.question || telling == 0;
        self.telling += telling;
        told.extend(technical);
        *facts += sentence.facts;
        *code += sentence.code;
    }
}

impl Sentence {
    fn read(text: &str) -> Sentence {
        let plain = lexicon::plain(text);
        let mut sentence = Sentence { hits: lexicon::find(&plain), ..Sentence::default() };
        for token in text.split_whitespace() {
            sentence.words += words_in(token);
            sentence.money += usize::from(marks::is_money(token));
            sentence.versions += usize::from(marks::is_version(token));
            sentence.classes.extend(marks::weakness(token));
            sentence.dated |= marks::is_date(token);
            match mark(token) {
                Mark::Code => sentence.code += 1,
                Mark::Fact => sentence.facts += 1,
                Mark::None => {}
            }
        }
        sentence.question = text.trim_end().ends_with(['?', '？', '؟']) && sentence.code == 0;
        sentence.plain = plain;
        sentence
    }

    /// What its words say in a text of this language.
    fn senses(&self, language: Language) -> impl Iterator<Item = Sense> {
        self.hits.iter().filter(move |hit| language.allows(hit)).map(|hit| hit.sense)
    }

    /// The words that are content, or courtesy.
    fn content(&self, language: Language) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(move |hit| language.allows(hit) && !hit.sense.is_piece())
    }

    /// The technical words, each once, the longest at each place.
    fn technical(&self, hits: &[&Hit]) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        let mut end = 0;
        let mut technical: Vec<&&Hit> =
            hits.iter().filter(|hit| hit.sense == Sense::Technical).collect();
        technical.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.length)));
        for hit in technical {
            if hit.start >= end {
                found.push(self.text(hit));
                end = hit.start + hit.length;
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The words by which machines and junk are known.
    fn telltales(&self, hits: &[&Hit]) -> Vec<(Sense, String)> {
        use Sense::{Away, Bounty, Extortion, Leave, Lure, Notice, Pitch, Robot, Sales, Thanks};
        let kept = [Away, Leave, Robot, Notice, Pitch, Sales, Lure, Extortion, Bounty, Thanks];
        let mut found: Vec<&Hit> = Vec::new();
        for hit in hits.iter().filter(|hit| kept.contains(&hit.sense)) {
            // Two entries that share words are one phrase.
            let shared = |f: &&Hit| f.sense == hit.sense && f.start + f.length > hit.start;
            if !found.iter().rev().take(4).any(shared) {
                found.push(hit);
            }
        }
        found.into_iter().map(|hit| (hit.sense, self.text(hit).to_owned())).collect()
    }

    fn text(&self, hit: &Hit) -> &str {
        self.plain.get(hit.start..hit.start + hit.length).unwrap_or_default()
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

/// How many words a token holds: none without a letter or digit, and in scripts without blanks
/// about one for two letters.
fn words_in(token: &str) -> usize {
    let joined = token.chars().filter(|c| lexicon::runs_together(*c) && c.is_alphanumeric());
    let joined = joined.filter(|c| !has_blanks(*c)).count();
    if joined > 0 {
        joined.div_ceil(2)
    } else {
        usize::from(token.chars().any(char::is_alphanumeric))
    }
}

/// Arabic, Hebrew and Korean hang small words onto others, but do write blanks.
pub(super) fn has_blanks(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{6ff}' | '\u{ac00}'..='\u{d7af}')
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

/// Links that carry the attack in themselves, such as `…/search?q=<script>`.
fn payloads(text: &str, links: &[Link]) -> usize {
    const SIGNS: &[&str] = &[
        "<script",
        "%3cscript",
        "alert(",
        "../",
        "..%2f",
        "%0d%0a",
        "' or ",
        "'%20or",
        "__proto__",
        "{{",
        "${",
    ];
    let carries = |link: &&Link| {
        let url = text.get(link.start..).unwrap_or_default();
        let url: String = url.chars().take(link.end - link.start + 20).collect();
        let url = url.lines().next().unwrap_or_default().to_lowercase();
        SIGNS.iter().any(|sign| url.contains(sign))
    };
    3 * links.iter().take(20).filter(carries).count()
}

/// Cuts a text into sentences: at empty lines, and behind the signs that end a sentence.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = sentence_end(rest);
        let (sentence, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = after;
        Some(sentence)
    })
}

fn sentence_end(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let blank = next.is_none_or(char::is_whitespace);
        let ends = match c {
            '.' | '!' | '?' | '؟' | '।' => blank,
            '。' | '！' | '？' | '｡' => true,
            '\n' => next == Some('\n'),
            _ => false,
        };
        if ends {
            return at + c.len_utf8();
        }
    }
    text.len()
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
            let content = Content::measure(text, "", false);
            assert!(content.points >= 2 && content.telling >= 4, "{text}: {content:?}");
        }
    }

    #[test]
    fn words_are_counted_in_scripts_without_blanks() {
        assert!(
            Content::measure("サーバーがこのリクエストでクラッシュします。", "", false).words > 5
        );
        assert_eq!(Content::measure("one two, three - four!", "", false).words, 4);
    }
}
