//! The texts of all letters as templates, tried before they are needed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

use super::values::{Found, Values};
use super::{digests, notices};
use crate::desk::fill::fill;
use crate::desk::language::Language;
use crate::desk::letter::{Letter, LetterKind, Notice};
use crate::desk::line::one_line;

/// The wording of all letters in all languages: the shipped one, with an administrator's files in
/// its place where there are any.
#[derive(Clone, Debug)]
pub struct Wording {
    templates: Arc<Environment<'static>>,
    /// What the file of each text is called.
    files: Arc<BTreeMap<(Language, Text), String>>,
}

/// What there is a file for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Text {
    /// A whole letter.
    Letter(LetterKind),
    /// The half sentence that says what was found instead of a report.
    Found,
}

/// A letter is at most 4 kB with its header, so that it is read, and no use as an amplifier.
pub(super) const LONGEST_BODY: usize = 3000;
/// How much longer than a sample real values may make a letter.
pub(super) const SLACK: usize = 1000;
/// The longest half sentence about what was found.
const LONGEST_FOUND: usize = 400;

/// A template that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", self.outline())]
pub struct WordingError {
    /// The file name of the template.
    pub file: String,
    /// What is wrong with it, with the line where that is known.
    pub what: String,
    /// What exactly; it may repeat what a mail says.
    pub detail: String,
}

/// A letter as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worded {
    /// The letter.
    pub letter: Letter,
    /// Why it is in the words that ship with the program, where an administrator's should have served.
    pub mistake: Option<WordingError>,
}

/// The parts of a letter that a template makes.
pub(super) struct Filled {
    pub(super) subject: String,
    pub(super) body: String,
    /// As in [`Worded`].
    pub(super) mistake: Option<WordingError>,
}

impl WordingError {
    /// The mistake without a word of any mail.
    pub fn outline(&self) -> String {
        format!("{}: {}", self.file, self.what)
    }
}

impl Wording {
    /// The wording that ships with the program.
    pub fn shipped() -> Wording {
        let name = |(language, text): (Language, Text)| ((language, text), text.file(language));
        let files = every_text().map(name).collect();
        Wording { templates: Arc::new(shipped_templates()), files: Arc::new(files) }
    }

    /// The shipped wording with some texts replaced, each given as the name of its file
    /// (`de/acknowledgement.txt`) and what it holds. A name without a language is for the language of
    /// the project; there is none where inboxes differ in it. Every template of a language in which one
    /// is replaced is tried with sample values, so that a mistake is found before a letter is owed.
    pub fn new(
        replaced: &[(String, String)],
        project: Option<Language>,
    ) -> Result<Wording, WordingError> {
        let mut templates = shipped_templates();
        let mut own = BTreeMap::new();
        for (file, text) in replaced {
            let what = named(file, project).map_err(|what| error(file, what))?;
            if let Some(other) = own.insert(what, file.clone()) {
                return Err(error(file, format!("{other} replaces the same; keep one of the two")));
            }
            let added = templates.add_template_owned(file.clone(), text.clone());
            added.map_err(|e| mistake(file, &e))?;
        }
        let mut files = BTreeMap::clone(&Wording::shipped().files);
        files.extend(own.clone());
        let wording = Wording { templates: Arc::new(templates), files: Arc::new(files) };
        let languages: BTreeSet<Language> = own.into_keys().map(|(language, _)| language).collect();
        languages.into_iter().try_for_each(|language| wording.prove(language))?;
        Ok(wording)
    }

    /// Tries every text of a language with sample values.
    fn prove(&self, language: Language) -> Result<(), WordingError> {
        let mut longest = String::new();
        let samples = Found::samples();
        for found in &samples {
            let found = self.found(language, found)?;
            if found.len() > longest.len() {
                longest = found;
            }
        }
        self.knows(language, Text::Found, &samples)?;
        for kind in LetterKind::TO_REPORTERS {
            self.prove_letter(language, kind, &Values::samples(language, kind, &longest))?;
        }
        if language != TEAMS {
            return Ok(());
        }
        for notice in Notice::ALL {
            let kind = LetterKind::Notice(notice);
            match notice {
                Notice::Digest => {
                    self.prove_letter(language, kind, &digests::Values::samples())?;
                }
                _ => self.prove_letter(language, kind, &notices::Values::samples())?,
            }
        }
        Ok(())
    }

    fn prove_letter(
        &self,
        language: Language,
        kind: LetterKind,
        samples: &[impl Serialize],
    ) -> Result<(), WordingError> {
        for values in samples {
            let (_, body) = self.filled(language, kind, values)?;
            if body.len() > LONGEST_BODY {
                return Err(self.too_long(language, kind, &body));
            }
        }
        self.knows(language, Text::Letter(kind), samples)
    }

    /// Finds a name that no sample has: in a condition it would be false for ever, and no error.
    fn knows(
        &self,
        language: Language,
        text: Text,
        samples: &[impl Serialize],
    ) -> Result<(), WordingError> {
        let file = self.file(language, text);
        let template = self.templates.get_template(file).map_err(|e| mistake(file, &e))?;
        let samples: Vec<Value> = samples.iter().map(|s| Value::from(Serde(s))).collect();
        let unknown = template.undeclared_variables(false).into_iter().find(|name| {
            samples.iter().all(|sample| sample.get_attr(name).is_ok_and(|v| v.is_undefined()))
        });
        match unknown {
            Some(name) => Err(error(file, format!("nothing here is called `{name}`"))),
            None => Ok(()),
        }
    }

    /// The subject and the body of a letter.
    pub(super) fn filled(
        &self,
        language: Language,
        kind: LetterKind,
        values: &impl Serialize,
    ) -> Result<(String, String), WordingError> {
        let text = Text::Letter(kind);
        let filled = self.render(language, text, values)?;
        let (subject, body) = filled
            .split_once('\n')
            .and_then(|(first, rest)| Some((first.strip_prefix("Subject:")?, rest)))
            .filter(|(subject, body)| !subject.trim().is_empty() && !body.trim().is_empty())
            .ok_or_else(|| {
                let what = "the first line must be `Subject: …`, not empty even where the mail \
                            had no subject, and the text must follow it";
                error(self.file(language, text), what)
            })?;
        Ok((one_line(subject, 200), fill(body, 72)))
    }

    /// Fills a letter in the words of this wording. What was tried with sample values may still fail, or
    /// be longer than so many bytes, for these: then our own words serve.
    pub(super) fn or_shipped(
        &self,
        (language, kind): (Language, LetterKind),
        longest: usize,
        fill: impl Fn(&Wording) -> Result<(String, String), WordingError>,
    ) -> Result<Filled, WordingError> {
        let filled = fill(self);
        if let Ok((subject, body)) = &filled
            && body.len() <= longest
        {
            let (subject, body) = (subject.clone(), body.clone());
            return Ok(Filled { subject, body, mistake: None });
        }
        let shipped = fill(&Wording::shipped())?;
        let mistake = match filled {
            Ok(ours) if ours == shipped => None,
            Ok((_, body)) => Some(self.too_long(language, kind, &body)),
            Err(mistake) => Some(mistake),
        };
        let (subject, body) = shipped;
        Ok(Filled { subject, body, mistake })
    }

    fn too_long(&self, language: Language, kind: LetterKind, body: &str) -> WordingError {
        let what =
            format!("{} bytes are too long for a letter; write at most {LONGEST_BODY}", body.len());
        error(self.file(language, Text::Letter(kind)), what)
    }

    /// What was found instead of a report, as half a sentence.
    pub(super) fn found(&self, language: Language, found: &Found) -> Result<String, WordingError> {
        let filled = one_line(&self.render(language, Text::Found, found)?, LONGEST_FOUND);
        if filled.is_empty() {
            return Err(error(self.file(language, Text::Found), "it says nothing"));
        }
        Ok(filled)
    }

    fn render(
        &self,
        language: Language,
        text: Text,
        values: &impl Serialize,
    ) -> Result<String, WordingError> {
        let file = self.file(language, text);
        let template = self.templates.get_template(file).map_err(|e| mistake(file, &e))?;
        template.render(Serde(values)).map_err(|e| mistake(file, &e))
    }

    fn file(&self, language: Language, text: Text) -> &str {
        self.files.get(&(language, text)).map_or("", String::as_str)
    }
}

impl Text {
    /// Those that every language has.
    fn translated() -> impl Iterator<Item = Text> {
        LetterKind::TO_REPORTERS.into_iter().map(Text::Letter).chain([Text::Found])
    }

    /// Those to the team, in English alone.
    fn notices() -> impl Iterator<Item = Text> {
        Notice::ALL.into_iter().map(LetterKind::Notice).map(Text::Letter)
    }

    fn name(self) -> &'static str {
        match self {
            Text::Letter(kind) => kind.name(),
            Text::Found => "found",
        }
    }

    fn file(self, language: Language) -> String {
        let folder = match self {
            Text::Letter(LetterKind::Notice(_)) => TEAM,
            _ => language.code(),
        };
        format!("{folder}/{}.txt", self.name())
    }

    fn shipped(self, language: Language) -> &'static str {
        let texts = language.texts();
        match self {
            Text::Letter(LetterKind::Acknowledgement) => texts.acknowledgement,
            Text::Letter(LetterKind::AskResend) => texts.ask_resend,
            Text::Letter(LetterKind::Combined) => texts.combined,
            Text::Letter(LetterKind::Minimal) => texts.minimal,
            Text::Letter(LetterKind::Missed) => texts.missed,
            Text::Letter(LetterKind::Waiting) => texts.waiting,
            Text::Letter(LetterKind::AskedAgain) => texts.asked_again,
            Text::Letter(LetterKind::LastNote) => texts.last_note,
            Text::Letter(LetterKind::Notice(notice)) => shipped_notice(notice),
            Text::Found => texts.found,
        }
    }
}

/// The folder of notices.
const TEAM: &str = "team";
/// What they are written in.
const TEAMS: Language = Language::English;

fn shipped_notice(notice: Notice) -> &'static str {
    match notice {
        Notice::Report => include_str!("../letters/team/report.txt"),
        Notice::FollowUp => include_str!("../letters/team/follow_up.txt"),
        Notice::Guest => include_str!("../letters/team/guest.txt"),
        Notice::Forged => include_str!("../letters/team/forged.txt"),
        Notice::Another => include_str!("../letters/team/another.txt"),
        Notice::Unreached => include_str!("../letters/team/unreached.txt"),
        Notice::Question => include_str!("../letters/team/question.txt"),
        Notice::WasItYou => include_str!("../letters/team/was_it_you.txt"),
        Notice::TooShort => include_str!("../letters/team/too_short.txt"),
        Notice::Commanded => include_str!("../letters/team/commanded.txt"),
        Notice::Reminder => include_str!("../letters/team/reminder.txt"),
        Notice::Escalation => include_str!("../letters/team/escalation.txt"),
        Notice::Gathered => include_str!("../letters/team/gathered.txt"),
        Notice::Digest => include_str!("../letters/team/digest.txt"),
    }
}

/// What the files of letters are called, in each language, and those of notices.
pub fn names() -> Vec<String> {
    let translated = Text::translated().map(|text| format!("{}.txt", text.name()));
    translated.chain(Text::notices().map(|text| text.file(Language::English))).collect()
}

fn every_text() -> impl Iterator<Item = (Language, Text)> {
    let in_language = |language: &Language| {
        let language = *language;
        Text::translated().map(move |text| (language, text))
    };
    let notices = Text::notices().map(|text| (Language::English, text));
    Language::ALL.iter().flat_map(in_language).chain(notices)
}

/// What an administrator's file replaces: `de/minimal.txt`, or `minimal.txt`.
fn named(file: &str, project: Option<Language>) -> Result<(Language, Text), String> {
    let (folder, name) = file.split_once('/').map_or((None, file), |(f, n)| (Some(f), n));
    let has_name = |text: &Text| name.strip_suffix(".txt") == Some(text.name());
    if folder == Some(TEAM)
        && let Some(text) = Text::notices().find(has_name)
    {
        return Ok((Language::English, text));
    }
    let text = Text::translated().find(has_name);
    let Some(text) = text else {
        return Err(format!("no letter has this name; the letters are {}", names().join(", ")));
    };
    let language = match folder {
        Some(code) => Language::of_code(code).ok_or_else(|| {
            let codes: Vec<_> = Language::ALL.iter().map(|language| language.code()).collect();
            format!("no letter is in this language; the languages are {}", codes.join(", "))
        })?,
        None => project.ok_or_else(|| {
            let place = text.file(Language::English);
            format!("the inboxes have different languages; write {place} or the like")
        })?,
    };
    Ok((language, text))
}

/// Those that ship, each read when it is needed first.
fn shipped_templates() -> Environment<'static> {
    let mut templates = Environment::new();
    // What may be absent can be asked for, and not printed.
    templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    templates.set_loader(|file| {
        let mut texts = every_text().filter(|(language, text)| text.file(*language) == file);
        Ok(texts.next().map(|(language, text)| text.shipped(language)))
    });
    templates
}

fn mistake(file: &str, mistake: &minijinja::Error) -> WordingError {
    let place = mistake.line().map_or_else(String::new, |line| format!("line {line}: "));
    let detail = mistake.detail().map(|detail| format!(" {detail}")).unwrap_or_default();
    let help = match mistake.kind() {
        ErrorKind::UndefinedError => {
            ": there is no such name, or what it names is not always there; ask for that with \
             {% if … %} first"
        }
        _ => "",
    };
    WordingError { detail, ..error(file, format!("{place}{}{help}", mistake.kind())) }
}

pub(super) fn error(file: &str, what: impl Into<String>) -> WordingError {
    WordingError { file: file.to_owned(), what: what.into(), detail: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::verdict::{Besides, Figures, Kind, Verdict};

    pub(super) fn found(language: Language, kind: Kind, figures: &Figures) -> String {
        let (reasons, hints, figures) = (Vec::new(), Vec::new(), figures.clone());
        let verdict = Verdict { kind, reasons, hints, language: None, figures };
        Wording::shipped().found(language, &Found::of(&verdict).unwrap()).unwrap()
    }

    #[test]
    fn no_shipped_text_has_a_mistake() {
        for language in Language::ALL {
            Wording::shipped().prove(*language).unwrap();
        }
    }

    #[test]
    fn every_language_says_what_was_found() {
        let link = Figures {
            words: 4,
            links: 1,
            hosts: vec!["drive.example".into()],
            ..Figures::default()
        };
        let files = Figures {
            attachments: 7,
            files: ["a.pdf", "b.png", "c", "d", "e"].map(str::to_owned).to_vec(),
            besides: Some(Besides::Signature),
            ..Figures::default()
        };
        for (language, of_link, of_files, of_nothing) in [
            (
                Language::English,
                "your mail holds 4 words and 1 link to drive.example",
                "your mail holds no words and 7 attachments (a.pdf, b.png, c, d, e and 2 more)",
                "your mail holds no text besides a signature",
            ),
            (
                Language::Spanish,
                "su mensaje contiene 4 palabras y 1 enlace a drive.example",
                "su mensaje contiene 0 palabras y 7 archivos adjuntos (a.pdf, b.png, c, d, e y 2 más)",
                "su mensaje no contiene texto aparte de una firma",
            ),
            (
                Language::French,
                "votre message contient 4 mots et 1 lien vers drive.example",
                "votre message contient 0 mot et 7 pièces jointes (a.pdf, b.png, c, d, e et 2 de plus)",
                "votre message ne contient pas de texte en dehors d'une signature",
            ),
            (
                Language::German,
                "Ihre Mail enthält 4 Wörter und 1 Link zu drive.example",
                "Ihre Mail enthält keine Wörter und 7 Anhänge (a.pdf, b.png, c, d, e und 2 weitere)",
                "Ihre Mail enthält außer einer Signatur keinen Text",
            ),
            (
                Language::Portuguese,
                "sua mensagem contém 4 palavras e 1 link para drive.example",
                "sua mensagem contém 0 palavras e 7 anexos (a.pdf, b.png, c, d, e e mais 2)",
                "sua mensagem não contém texto além de uma assinatura",
            ),
            (
                Language::Russian,
                "в Вашем письме 4 слова и 1 ссылка на drive.example",
                "в Вашем письме 0 слов и 7 вложений (a.pdf, b.png, c, d, e и ещё 2)",
                "в Вашем письме нет текста, кроме подписи",
            ),
            (
                Language::Chinese,
                "您的邮件正文约 4 个词，另有 1 个链接（指向 drive.example）",
                "您的邮件没有正文，只有 7 个附件（a.pdf、b.png、c、d、e 等）",
                "您的邮件除签名外没有正文",
            ),
            (
                Language::Japanese,
                "約4語の本文と、リンクが1件（drive.example）ありました",
                "添付ファイルが7件（a.pdf、b.png、c、d、e など）あるだけで、本文がありませんでした",
                "署名以外に本文がありませんでした",
            ),
        ] {
            assert_eq!(found(language, Kind::LinkOnly, &link), of_link);
            assert_eq!(found(language, Kind::AttachmentOnly, &files), of_files);
            assert_eq!(found(language, Kind::Empty, &files), of_nothing);
        }
    }

    #[test]
    fn russian_counts_in_three_forms() {
        for (number, said) in [
            (1, "1 слово и 1 вложение"),
            (2, "2 слова и 2 вложения"),
            (5, "5 слов и 5 вложений"),
            (11, "11 слов и 11 вложений"),
            (13, "13 слов и 13 вложений"),
            (21, "21 слово и 21 вложение"),
            (122, "122 слова и 122 вложения"),
        ] {
            let figures = Figures { words: number, attachments: number, ..Figures::default() };
            let found = found(Language::Russian, Kind::AttachmentOnly, &figures);
            assert!(found.starts_with(&format!("в Вашем письме {said}")), "{found}");
        }
    }

    #[test]
    fn a_host_that_nobody_can_read_is_not_named() {
        let figures = Figures { words: 1, links: 2, ..Figures::default() };
        let found = found(Language::English, Kind::LinkOnly, &figures);
        assert_eq!(found, "your mail holds 1 word and 2 links");
    }
}
