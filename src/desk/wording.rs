//! The wording of letters. Every sentence that a person can receive stands in `letters/*.txt`; an
//! administrator can put other files in their place.

use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::case::Case;
use super::fill::fill;
use super::letter::{AutoSubmitted, Letter, LetterId, LetterKind};
use super::line::one_line;
use super::policy::Policy;
use super::thread::without_prefixes;
use super::time::Moment;
use super::verdict::Kind;

fn shipped(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Acknowledgement => include_str!("letters/acknowledgement.txt"),
        LetterKind::AskResend => include_str!("letters/ask_resend.txt"),
        LetterKind::Combined => include_str!("letters/combined.txt"),
        LetterKind::Minimal => include_str!("letters/minimal.txt"),
    }
}

/// The wording of all letters: the shipped one, with an administrator's files in its place where
/// there are any.
#[derive(Clone, Debug)]
pub struct Wording(Arc<Environment<'static>>);

/// A letter is at most 4 kB with its header, so that it is read, and no use as an amplifier.
const LONGEST_BODY: usize = 3000;

/// How much longer than a sample real values may make a letter.
const SLACK: usize = 1000;

/// A template that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {what}")]
pub struct WordingError {
    /// The file name of the template.
    pub file: String,
    /// What is wrong with it, with the line where that is known.
    pub what: String,
}

impl Wording {
    /// The wording that ships with the program.
    pub fn shipped() -> Wording {
        Wording::new(&[]).unwrap_or_else(|_| Wording(Arc::new(Environment::empty())))
    }

    /// The shipped wording with some templates replaced, each given as file name and text. Every
    /// template is tried with sample values, so that a mistake is found before a letter is owed.
    pub fn new(replaced: &[(String, String)]) -> Result<Wording, WordingError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for kind in LetterKind::ALL {
            let file = format!("{}.txt", kind.name());
            let own = replaced.iter().find(|(name, _)| *name == file);
            let text = own.map_or_else(|| shipped(kind).to_owned(), |(_, text)| text.clone());
            environment.add_template_owned(file.clone(), text).map_err(|e| error(&file, &e))?;
        }
        let known =
            |name: &str| LetterKind::ALL.iter().any(|k| name == format!("{}.txt", k.name()));
        if let Some((stray, _)) = replaced.iter().find(|(name, _)| !known(name)) {
            let names: Vec<String> =
                LetterKind::ALL.iter().map(|k| format!("{}.txt", k.name())).collect();
            let what = format!("no letter has this name; the letters are {}", names.join(", "));
            return Err(WordingError { file: stray.clone(), what });
        }
        let wording = Wording(Arc::new(environment));
        for kind in LetterKind::ALL {
            wording.render(kind, &Values { found: None, policy_url: None, ..Values::sample() })?;
            let (_, body) = wording.render(kind, &Values::sample())?;
            if body.len() > LONGEST_BODY {
                let what = format!(
                    "{} bytes are too long for a letter; write at most {LONGEST_BODY}",
                    body.len()
                );
                return Err(WordingError { file: format!("{}.txt", kind.name()), what });
            }
        }
        Ok(wording)
    }

    /// The subject and the body of a letter.
    fn render(&self, kind: LetterKind, values: &Values) -> Result<(String, String), WordingError> {
        let file = format!("{}.txt", kind.name());
        let filled = self
            .0
            .get_template(&file)
            .and_then(|template| template.render(Serde(values)))
            .map_err(|e| error(&file, &e))?;
        let (subject, body) = filled
            .split_once('\n')
            .and_then(|(first, rest)| Some((first.strip_prefix("Subject:")?, rest)))
            .filter(|(subject, body)| !subject.trim().is_empty() && !body.trim().is_empty())
            .ok_or_else(|| WordingError {
                file: file.clone(),
                what: "the first line must be `Subject: …`, and the text must follow it".into(),
            })?;
        Ok((one_line(subject, 200), fill(body, 72)))
    }
}

fn error(file: &str, error: &minijinja::Error) -> WordingError {
    let place = error.line().map_or_else(String::new, |line| format!("line {line}: "));
    let detail = error.detail().unwrap_or_default();
    WordingError { file: file.to_owned(), what: format!("{place}{} {detail}", error.kind()) }
}

/// What a template can name.
#[derive(Clone, Debug, Serialize)]
struct Values {
    case: String,
    project: String,
    subject: String,
    received: String,
    acknowledgement_due: String,
    response_due: String,
    found: Option<String>,
    policy_url: Option<String>,
    cases: Vec<Listed>,
}

/// One of several cases that a letter is about.
#[derive(Clone, Debug, Serialize)]
struct Listed {
    case: String,
    received: String,
    response_due: String,
}

impl Listed {
    fn of(case: &Case) -> Listed {
        Listed {
            case: case.id.to_string(),
            received: case.arrived().in_words(),
            response_due: case.response_due().in_words(),
        }
    }
}

impl Values {
    fn of(case: &Case, others: &[&Case], policy: &Policy) -> Values {
        let opening = &case.opening;
        let subject = one_line(&without_prefixes(&opening.subject), 120);
        let asks =
            matches!(opening.verdict.kind, Kind::LinkOnly | Kind::AttachmentOnly | Kind::Empty);
        Values {
            case: case.id.to_string(),
            project: policy.project.clone(),
            subject: if subject.is_empty() { "your report".into() } else { subject },
            received: case.arrived().in_words(),
            acknowledgement_due: case.acknowledgement_due().in_words(),
            response_due: case.response_due().in_words(),
            found: asks.then(|| one_line(opening.verdict.detail(), 300)),
            policy_url: policy.policy_url.clone(),
            cases: [case].iter().chain(others).map(|case| Listed::of(case)).collect(),
        }
    }

    fn sample() -> Values {
        let received = Moment::from_unix(1_800_000_000).in_words();
        Values {
            case: "EXP-2026-0007".into(),
            project: "Express".into(),
            subject: "a problem".into(),
            acknowledgement_due: received.clone(),
            response_due: received.clone(),
            cases: vec![Listed {
                case: "EXP-2026-0007".into(),
                received: received.clone(),
                response_due: received.clone(),
            }],
            received,
            found: Some("your mail holds 3 words and 1 link to drive.example".into()),
            policy_url: Some("https://project.example/security".into()),
        }
    }
}

/// Writes a letter of a case, and of the `others` that it acknowledges as well, dated `now`.
pub fn write(
    wording: &Wording,
    policy: &Policy,
    case: &Case,
    others: &[&Case],
    id: &LetterId,
    now: Moment,
) -> Result<Letter, WordingError> {
    let on_case = case.letters.get(id).ok_or_else(|| WordingError {
        file: id.to_string(),
        what: "this letter was never decided on".into(),
    })?;
    let values = Values::of(case, others, policy);
    // What was tried with sample values may still be too long for these: then our own words serve.
    let (subject, body) = wording
        .render(on_case.kind, &values)
        .ok()
        .filter(|(_, body)| body.len() <= LONGEST_BODY + SLACK)
        .map_or_else(|| Wording::shipped().render(on_case.kind, &values), Ok)?;
    let answered = case.mail().message_id.clone();
    Ok(Letter {
        id: id.clone(),
        inbox: policy.inbox.clone(),
        message_id: on_case.message_id.clone(),
        date: now,
        from: policy.from.clone(),
        to: on_case.to.clone(),
        envelope_from: policy.from.address.clone(),
        subject,
        references: answered.iter().cloned().collect(),
        in_reply_to: answered,
        auto_submitted: AutoSubmitted::AutoReplied,
        body,
    })
}
