//! What templates can name, and samples of it.

use serde::Serialize;

use crate::desk::case::Case;
use crate::desk::language::Language;
use crate::desk::letter::{LetterId, LetterKind};
use crate::desk::line::one_line;
use crate::desk::policy::{Policy, Promise};
use crate::desk::promise;
use crate::desk::thread::without_prefixes;
use crate::desk::time::Moment;
use crate::desk::verdict::{Besides, Figures, Kind, Verdict};

/// What a letter can name.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a template asks for each by name")]
pub(super) struct Values {
    case: String,
    project: String,
    subject: String,
    received: String,
    acknowledgement_due: String,
    response_due: String,
    /// The response is due before the letter is written.
    late: bool,
    /// The mail is encrypted.
    encrypted: bool,
    /// What a person owes the reporter next: `response`, `update`, or nothing where it is empty.
    owed: &'static str,
    /// That is due before the letter is written.
    overdue: bool,
    // What is absent is undefined: to print it is an error, where `None` would reach a reporter.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    /// A module of others that the mail names.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_url: Option<String>,
    /// No reports are taken in until then, and none were when this one came.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_until: Option<String>,
    /// What the project says of the time in which it came, while that lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    intake: Option<String>,
    /// When what is owed is due; while the case waits for its reporter, if they wrote now.
    #[serde(skip_serializing_if = "Option::is_none")]
    owed_due: Option<String>,
    /// Since when the case waits for its reporter.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_since: Option<String>,
    /// When the case is closed unless the reporter writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes: Option<String>,
    /// What was missed, and who has it now: in a letter about a missed promise.
    promise: String,
    missed_due: String,
    now_with: &'static str,
    /// The text of the report is still missing.
    provisional: bool,
    /// Nothing proves that its reader wrote the mail.
    unverified: bool,
    cases: Vec<Listed>,
    more_cases: usize,
}

/// One of several cases that a letter is about.
#[derive(Clone, Debug, Serialize)]
struct Listed {
    case: String,
    received: String,
    response_due: String,
    /// That is before the letter is written.
    late: bool,
}

/// The most cases that a letter lists, so that it stays one that is read.
const LISTED: usize = 10;

impl Listed {
    fn of(language: Language, case: &Case, policy: &Policy, now: Moment) -> Listed {
        let due = promise::response_due(case, policy, now);
        Listed {
            case: case.id.to_string(),
            received: language.date(case.arrived()),
            response_due: language.date(due),
            late: due <= now,
        }
    }
}

impl Values {
    pub(super) fn of(
        language: Language,
        case: &Case,
        others: &[&Case],
        policy: &Policy,
        found: Option<String>,
        id: &LetterId,
        now: Moment,
    ) -> Values {
        let missed = id.missed_promise();
        let clocks = promise::clocks(case, policy);
        let missed = missed.and_then(|one| clocks.iter().find(|clock| clock.promise == one));
        let cases = || [case].into_iter().chain(others.iter().copied());
        let due = promise::response_due(case, policy, now);
        let (owed, owed_due) = owed(case, policy, now).unzip();
        let wait = case.waits.last();
        Values {
            cases: cases()
                .take(LISTED)
                .map(|case| Listed::of(language, case, policy, now))
                .collect(),
            more_cases: (others.len() + 1).saturating_sub(LISTED),
            case: case.id.to_string(),
            project: policy.project.clone(),
            subject: one_line(&without_prefixes(&case.opening.subject), 120),
            received: language.date(case.arrived()),
            acknowledgement_due: language.date(promise::acknowledgement_due(case, policy, now)),
            response_due: language.date(due),
            late: due <= now,
            owed: owed.unwrap_or_default(),
            overdue: owed_due.is_some_and(|due| due <= now),
            owed_due: owed_due.map(|due| language.date(due)),
            closed_until: cases()
                .filter_map(|case| case.opening.promised.closed_until.filter(|until| *until > now))
                .max()
                .map(|until| language.date(until)),
            intake: cases().find_map(|case| {
                let intake = policy.intake_at(case.arrived());
                intake.filter(|intake| intake.during.holds(now))?.text.clone()
            }),
            waiting_since: wait.map(|wait| language.date(wait.since)),
            closes: wait.and_then(|wait| wait.closes).map(|at| language.date(at)),
            encrypted: case.opening.verdict.kind == Kind::Encrypted,
            found,
            module: Values::module(&case.opening.verdict),
            policy_url: policy.policy_url.clone(),
            promise: missed.map_or("response", |clock| clock.promise.name()).to_owned(),
            missed_due: missed
                .and_then(|clock| clock.due)
                .map(|due| language.date(due))
                .unwrap_or_default(),
            now_with: "",
            // Whoever answered in person has what they need.
            provisional: case.provisional && case.answered.is_none(),
            unverified: case.letters.values().any(|one| one.kind == LetterKind::Minimal),
        }
    }

    /// With the rung that is told of a missed promise; `nobody` where there is none to tell.
    pub(super) fn now_with(self, rung: &'static str) -> Values {
        Values { now_with: rung, ..self }
    }

    /// Lists one case less, if that leaves one.
    pub(super) fn list_fewer(&mut self) -> bool {
        let several = self.cases.len() > 1;
        if several {
            self.cases.pop();
            self.more_cases += 1;
        }
        several
    }

    /// The module of others that a report is likeliest about: the first that it names.
    fn module(verdict: &Verdict) -> Option<String> {
        let name = verdict.hints.iter().find_map(|hint| hint.strip_prefix("third_party:"))?;
        Some(one_line(name, 60))
    }

    /// What there can be: everything and as little as possible, late and not, encrypted and not.
    /// A letter that asks for the report again always says what was found, and one about a wait
    /// since when it is.
    pub(super) fn samples(language: Language, kind: LetterKind, found: &str) -> Vec<Values> {
        let mut samples = Vec::new();
        let mut least = Values::least(language);
        least.found = (kind == LetterKind::AskResend).then(|| found.to_owned());
        let all = Values::sample(language, found);
        let (closes, waiting_since) = (all.closes.clone(), all.waiting_since.clone());
        least.closes = closes.filter(|_| kind == LetterKind::LastNote);
        let waits = [LetterKind::Waiting, LetterKind::AskedAgain, LetterKind::LastNote];
        least.waiting_since = waiting_since.filter(|_| waits.contains(&kind));
        let news = Values { promise: "update".into(), owed: "update", ..all.clone() };
        for values in [all, news, least] {
            for (late, encrypted) in [(false, false), (false, true), (true, false), (true, true)] {
                // What is overdue is owed.
                let overdue = late && !values.owed.is_empty();
                samples.push(Values { late, encrypted, overdue, ..values.clone() });
            }
        }
        samples
    }

    /// Everything that a letter can name.
    fn sample(language: Language, found: &str) -> Values {
        let date = language.date(Moment::from_unix(1_800_000_000));
        let case = "EXP-2026-0007".to_owned();
        let (received, response_due) = (date.clone(), date.clone());
        let listed = Listed { case: case.clone(), received, response_due, late: true };
        Values {
            cases: vec![listed; 2],
            more_cases: 12,
            case,
            project: "Express".into(),
            subject: "a problem".into(),
            received: date.clone(),
            acknowledgement_due: date.clone(),
            response_due: date.clone(),
            promise: "response".into(),
            missed_due: date.clone(),
            closed_until: Some(date.clone()),
            intake: Some("We are back in January.".into()),
            owed: "response",
            overdue: false,
            owed_due: Some(date.clone()),
            waiting_since: Some(date.clone()),
            closes: Some(date),
            now_with: "outside",
            provisional: true,
            unverified: true,
            late: false,
            encrypted: false,
            found: Some(found.into()),
            module: Some("body-parser".into()),
            policy_url: Some("https://project.example/security".into()),
        }
    }

    /// Without everything that may be missing.
    fn least(language: Language) -> Values {
        Values {
            subject: String::new(),
            found: None,
            module: None,
            policy_url: None,
            closed_until: None,
            intake: None,
            owed: "",
            owed_due: None,
            more_cases: 0,
            promise: "disclosure".into(),
            now_with: "nobody",
            provisional: false,
            unverified: false,
            ..Values::sample(language, "")
        }
    }
}

/// What a person owes the reporter next, and by when.
fn owed(case: &Case, policy: &Policy, now: Moment) -> Option<(&'static str, Moment)> {
    if case.answered.is_none() {
        return Some(("response", promise::response_due(case, policy, now)));
    }
    let due = promise::expected(case, policy, Promise::Update, now)?;
    Some(("update", due))
}

/// What the half sentence about what was found can name.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Found {
    kind: &'static str,
    words: usize,
    links: usize,
    hosts: Vec<String>,
    more_hosts: bool,
    attachments: usize,
    files: Vec<String>,
    more_files: usize,
    /// Empty where there is nothing.
    besides: &'static str,
}

impl Found {
    /// What was found instead of a report; nothing where there is one.
    pub(super) fn of(verdict: &Verdict) -> Option<Found> {
        let asks = matches!(verdict.kind, Kind::LinkOnly | Kind::AttachmentOnly | Kind::Empty);
        asks.then(|| Found::new(verdict.kind, &verdict.figures))
    }

    fn new(kind: Kind, figures: &Figures) -> Found {
        let Figures { words, links, more_hosts, attachments, besides, .. } = *figures;
        let (hosts, files) = (figures.hosts.clone(), figures.files.clone());
        let more_files = attachments.saturating_sub(files.len());
        let kind = kind.name();
        let besides = match besides {
            None => "",
            Some(Besides::Quote) => "quote",
            Some(Besides::Signature) => "signature",
            Some(Besides::Greeting) => "greeting",
        };
        Found { kind, words, links, hosts, more_hosts, attachments, files, more_files, besides }
    }

    /// What there can be: nothing, one of each, many of all.
    pub(super) fn samples() -> Vec<Found> {
        let one = Figures {
            words: 1,
            links: 1,
            hosts: vec!["drive.example".into()],
            attachments: 1,
            files: vec!["report.pdf".into()],
            besides: Some(Besides::Greeting),
            ..Figures::default()
        };
        let many = Figures {
            words: 24,
            links: 12,
            hosts: vec!["drive.example".into(); Figures::NAMED],
            more_hosts: true,
            attachments: 12,
            files: vec!["report.pdf".into(); Figures::NAMED],
            besides: Some(Besides::Signature),
        };
        let quote = Figures { besides: Some(Besides::Quote), ..Figures::default() };
        let figures = [Figures::default(), quote, one, many];
        let kinds = [Kind::LinkOnly, Kind::AttachmentOnly, Kind::Empty];
        kinds.iter().flat_map(|kind| figures.iter().map(|f| Found::new(*kind, f))).collect()
    }
}
