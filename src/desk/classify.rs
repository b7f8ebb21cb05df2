//! `Message` to `Verdict`: what kind of mail this is, and why.
//!
//! The rules are one table. They are asked in its order; the first that finds something decides,
//! and later ones of the same kind add their reasons. A mail for which no rule speaks is `other`: a
//! person wrote, and a person looks at it. What stands in the header goes before words,
//! and every rule by which a mail would be passed over gives way to a text that reads as a report:
//! a report taken for a machine's mail is lost, the reverse is only an answer too many.

mod answering;
mod bounce;
mod challenge;
mod content;
mod coordinator;
mod doubt;
mod hints;
mod hit;
mod junk;
mod language;
mod lexicon;
mod links;
mod lists;
mod machine;
mod marks;
mod modules;
mod own;
mod person;
pub mod personal;
mod scales;
mod sender;
mod sense;
mod sentence;
mod shape;
mod signals;
mod title;
mod trie;
mod words;

use super::authentication::Authentication;
use super::message::Message;
use super::policy::Policy;
use super::verdict::{Code, Figures, Kind, Reason, Verdict};
use content::Content;
use own::Own;
use scales::Scales;
use sender::Sender;
use shape::Shape;
use title::Title;

/// The header field that every letter of ours carries.
pub const OWN_FIELD: &str = "X-Watchpost";

/// One rule: when it finds something it says what, as half a sentence about "your mail".
struct Rule {
    code: Code,
    kind: Kind,
    finds: fn(&Facts<'_>) -> Option<String>,
}

/// What the rules look at, measured once.
struct Facts<'a> {
    message: &'a Message,
    authentication: &'a Authentication,
    own: Own,
    content: Content,
    figures: Figures,
    /// The same for what the sender says beside quoting and forwarding, where that is less.
    voice: Option<Content>,
    shape: Shape,
    sender: Sender,
    title: Title,
    scales: Scales,
    policy: &'a Policy,
}

const fn rule(code: Code, kind: Kind, finds: fn(&Facts<'_>) -> Option<String>) -> Rule {
    Rule { code, kind, finds }
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    rule(Code::OwnLetter,             Kind::Automatic,      machine::own_letter),
    rule(Code::DeliveryReport,        Kind::Bounce,         bounce::standard),
    rule(Code::Receipt,               Kind::Automatic,      machine::receipt),
    rule(Code::StandardReport,        Kind::Automatic,      machine::standard_report),
    rule(Code::AggregateReport,       Kind::Automatic,      machine::aggregate_report),
    rule(Code::DeliveryReportInWords, Kind::Bounce,         bounce::in_words),
    rule(Code::ListAdministration,    Kind::Automatic,      machine::list_administration),
    rule(Code::AutoSubmitted,         Kind::Automatic,      machine::auto_submitted),
    rule(Code::AutoReplyField,        Kind::Automatic,      machine::auto_reply_field),
    rule(Code::RobotField,            Kind::Automatic,      machine::robot_field),
    rule(Code::NullReturnPath,        Kind::Automatic,      machine::null_return_path),
    rule(Code::BulkPrecedence,        Kind::Automatic,      machine::bulk_precedence),
    rule(Code::ListMail,              Kind::Automatic,      machine::list_mail),
    rule(Code::Calendar,              Kind::Automatic,      machine::calendar),
    rule(Code::LureWords,             Kind::SpamOrJunk,     junk::forged_lure),
    rule(Code::AbsenceWords,          Kind::Automatic,      answering::absence_words),
    rule(Code::RobotWords,            Kind::Automatic,      answering::notice),
    rule(Code::RobotWords,            Kind::Automatic,      answering::robot_words),
    rule(Code::RobotWords,            Kind::Automatic,      answering::pieces),
    rule(Code::AbsenceWords,          Kind::Automatic,      answering::away_until),
    rule(Code::DeliveryReportInWords, Kind::Bounce,         signals::undelivered),
    rule(Code::AbsenceWords,          Kind::Automatic,      signals::absence),
    rule(Code::LureWords,             Kind::SpamOrJunk,     signals::phishing),
    rule(Code::RobotWords,            Kind::Automatic,      signals::machine),
    rule(Code::NoReplySender,         Kind::Automatic,      machine::no_reply_sender),
    rule(Code::Encrypted,             Kind::Encrypted,      person::encrypted),
    rule(Code::DangerousAttachment,   Kind::SpamOrJunk,     junk::dangerous_attachment),
    rule(Code::LureWords,             Kind::SpamOrJunk,     junk::lure),
    rule(Code::ExtortionWords,        Kind::SpamOrJunk,     junk::extortion),
    rule(Code::SalesWords,            Kind::SpamOrJunk,     junk::sales),
    rule(Code::SalesWords,            Kind::SpamOrJunk,     signals::trade),
    rule(Code::Errand,                Kind::Other,          signals::errand),
    rule(Code::TellsEnough,           Kind::Complete,       person::tells_enough),
    rule(Code::OnlyAttachments,       Kind::AttachmentOnly, person::only_attachments),
    rule(Code::OnlyLinks,             Kind::LinkOnly,       person::only_links),
    rule(Code::NoText,                Kind::Empty,          person::no_text),
    rule(Code::OnlyThanks,            Kind::Other,          person::only_thanks),
    rule(Code::OnlyQuestions,         Kind::Other,          person::only_questions),
];

/// The names of the classes of the threat model for which hints are given: `CWE-15`, ….
pub fn threats() -> impl Iterator<Item = &'static str> {
    words::scope::THREATS.iter().map(|threat| threat.name)
}

/// Says what kind of mail this is, given how sure its author is. Called by `judge`.
pub fn classify(message: &Message, authentication: &Authentication, policy: &Policy) -> Verdict {
    Facts::of(message, authentication, policy).judged()
}

/// The same, and how surely it reads as a report in a person's own inbox, from one measurement.
pub fn classify_and_read(
    message: &Message,
    authentication: &Authentication,
    policy: &Policy,
    known: personal::Acquaintance,
) -> (Verdict, personal::Judgement) {
    let facts = Facts::of(message, authentication, policy);
    let verdict = facts.judged();
    let judgement = personal::read(&facts, verdict.kind, known);
    (verdict, judgement)
}

/// What the sender wrote: without signature, armour, footers and, in a reply, without quotes.
pub fn own_text(message: &Message) -> String {
    own::words(message).text
}

/// Whether words of the script of this letter stand together without blanks.
pub fn lacks_blanks(c: char) -> bool {
    lexicon::runs_together(c) && !sentence::has_blanks(c)
}

/// Whether a host is this domain or below it.
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl Facts<'_> {
    fn of<'a>(
        message: &'a Message,
        authentication: &'a Authentication,
        policy: &'a Policy,
    ) -> Facts<'a> {
        let own = own::words(message);
        let files = !message.attachments.is_empty();
        let home = |host: &str| policy.recipients.iter().any(|one| is_within(host, one.domain()));
        let measure = |text: &str| Content::measure(text, &message.subject, files, home);
        let (content, voice) = (measure(&own.text), own.voice.as_deref().map(measure));
        let figures = person::figures(message, &own, &content);
        let shape = Shape::of(message, &own);
        let (sender, title) = (Sender::of(message), Title::of(&message.subject));
        let scales = Scales::default();
        Facts {
            message,
            authentication,
            own,
            content,
            figures,
            voice,
            shape,
            sender,
            title,
            scales,
            policy,
        }
    }

    /// Asks the rules.
    fn judged(&self) -> Verdict {
        let mut rules = RULES.iter();
        let first = rules.find_map(|rule| Some((rule, (rule.finds)(self)?)));
        let Some((first, detail)) = first else {
            return self.little(Kind::Other, Code::TellsLittle, person::counted(self));
        };
        if matches!(first.kind, Kind::Other | Kind::Empty) {
            return self.little(first.kind, first.code, detail);
        }
        let silent = matches!(first.kind, Kind::Automatic | Kind::Bounce | Kind::SpamOrJunk);
        let doubts = [answering::relayed, answering::absent, answering::phrased, signals::maybe];
        let maybe = || doubts.iter().find_map(|doubt| doubt(self));
        let maybe = if silent { None } else { maybe() };
        let reason = |rule: &Rule, detail| Reason { code: rule.code, detail };
        let mut reasons = vec![reason(first, detail)];
        let same = rules.filter(|rule| rule.kind == first.kind);
        reasons.extend(same.filter_map(|rule| Some(reason(rule, (rule.finds)(self)?))));
        reasons.extend(maybe.map(|detail| Reason { code: Code::MaybeMachine, detail }));
        if first.kind == Kind::Automatic && challenge::found(self.message) {
            let detail = "it holds a mail back until somebody confirms it".to_owned();
            reasons.insert(1, Reason { code: Code::Challenge, detail });
        }
        self.verdict(first.kind, reasons)
    }

    fn verdict(&self, kind: Kind, reasons: Vec<Reason>) -> Verdict {
        let language = self.content.language.sure();
        Verdict {
            kind,
            reasons,
            hints: hints::hints(self),
            language,
            figures: self.figures.clone(),
        }
    }

    /// What is measured where a machine is looked for: who quotes one is none.
    fn voice(&self) -> &Content {
        self.voice.as_ref().unwrap_or(&self.content)
    }

    /// A mail that is no report, and whether a machine may have written it after all.
    fn little(&self, kind: Kind, code: Code, detail: String) -> Verdict {
        let mut reasons = vec![Reason { code, detail }];
        let maybe = answering::maybe(self).or_else(|| signals::maybe(self));
        reasons.extend(maybe.map(|detail| Reason { code: Code::MaybeMachine, detail }));
        self.verdict(kind, reasons)
    }

    /// What text and subject tell together, in points.
    fn told(&self) -> usize {
        self.content.points + self.content.title_points
    }

    /// Whether it names components and effects enough that no machine's signal may hide it.
    fn reads_as_report(&self) -> bool {
        self.told() >= 4 && self.content.telling >= 6
    }

    /// The same for signals that people's mail has too, such as a list's: half of that is enough.
    fn may_be_report(&self) -> bool {
        self.content.points >= 2 && self.content.telling >= 5
    }
}
