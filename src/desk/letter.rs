//! Letters: what Watchpost mails to people.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::address::{Address, Mailbox};
use super::ids::{CaseId, QuestionId};
use super::message::MessageId;
use super::policy::Promise;
use super::time::Moment;

/// What a letter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    /// Your report arrived, and this is what happens next.
    Acknowledgement,
    /// Your mail arrived; please send the report in its body.
    AskResend,
    /// Several reports of yours arrived. Fixed text, for an address that had its letters of the day.
    Combined,
    /// A mail in your name arrived. Fixed text that repeats nothing, for a sender who is not proven.
    Minimal,
    /// We promised something by a moment and missed it.
    Missed,
    /// We need something from you before we can go on.
    Waiting,
    /// We still do.
    AskedAgain,
    /// We close the case unless you write.
    LastNote,
    /// A letter to somebody on the team.
    Notice(Notice),
}

/// What a letter to the team is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A new case.
    Report,
    /// Somebody who takes part wrote again.
    FollowUp,
    /// Somebody new holds a letter of ours and wrote.
    Guest,
    /// A mail claims to be from the team and is not.
    Forged,
    /// A letter did not reach its reader.
    Unreached,
    /// Is this mail a report?
    Question,
    /// The reporter answers a mail that we never saw: was it yours?
    WasItYou,
    /// Your answer is too short to count.
    TooShort,
    /// What came of your command.
    Commanded,
    /// Something is owed soon.
    Reminder,
    /// Something was owed and is missed.
    Escalation,
    /// Another Watchpost watches the same inbox.
    Another,
    /// Several of these, after many in an hour.
    Gathered,
    /// What is owed, what was held, what became of promises.
    Digest,
}

impl Notice {
    /// Every notice.
    pub const ALL: [Notice; 14] = [
        Notice::Report,
        Notice::FollowUp,
        Notice::Guest,
        Notice::Forged,
        Notice::Unreached,
        Notice::Question,
        Notice::WasItYou,
        Notice::TooShort,
        Notice::Commanded,
        Notice::Reminder,
        Notice::Escalation,
        Notice::Another,
        Notice::Gathered,
        Notice::Digest,
    ];

    /// Whether it tells of what is owed: a storm of reports does not delay it, only one of its kind.
    pub fn is_urgent(self) -> bool {
        matches!(self, Notice::Reminder | Notice::Escalation)
    }

    /// Its name in ids, in file names (`report.txt`) and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Notice::Report => "report",
            Notice::FollowUp => "follow_up",
            Notice::Guest => "guest",
            Notice::Forged => "forged",
            Notice::Unreached => "unreached",
            Notice::Question => "question",
            Notice::WasItYou => "was_it_you",
            Notice::TooShort => "too_short",
            Notice::Commanded => "commanded",
            Notice::Reminder => "reminder",
            Notice::Escalation => "escalation",
            Notice::Another => "another",
            Notice::Gathered => "gathered",
            Notice::Digest => "digest",
        }
    }
}

impl LetterKind {
    /// Every kind of letter to reporters.
    pub const TO_REPORTERS: [LetterKind; 8] = [
        LetterKind::Acknowledgement,
        LetterKind::AskResend,
        LetterKind::Combined,
        LetterKind::Minimal,
        LetterKind::Missed,
        LetterKind::Waiting,
        LetterKind::AskedAgain,
        LetterKind::LastNote,
    ];

    /// The name of the letter in ids, in file names (`acknowledgement.txt`) and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            LetterKind::Acknowledgement => "acknowledgement",
            LetterKind::AskResend => "ask_resend",
            LetterKind::Combined => "combined",
            LetterKind::Minimal => "minimal",
            LetterKind::Missed => "missed",
            LetterKind::Waiting => "waiting",
            LetterKind::AskedAgain => "asked_again",
            LetterKind::LastNote => "last_note",
            LetterKind::Notice(notice) => notice.name(),
        }
    }

    /// Whether this letter keeps the promise that a report is acknowledged.
    pub fn acknowledges(self) -> bool {
        match self {
            LetterKind::Acknowledgement
            | LetterKind::AskResend
            | LetterKind::Combined
            | LetterKind::Minimal => true,
            LetterKind::Missed
            | LetterKind::Waiting
            | LetterKind::AskedAgain
            | LetterKind::LastNote
            | LetterKind::Notice(_) => false,
        }
    }
}

/// What stands before the name of an inbox, so that it is never read as a case number.
const INBOX: &str = "inbox_";

/// Names one letter for ever: `EXP-2026-0007/acknowledgement`. A letter that is due only once has
/// only one name, so it cannot be written twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LetterId(pub String);

impl LetterId {
    /// The name of the one letter of this kind on this case. Every kind that acknowledges has the
    /// same name, since only one of them is ever written: a case is acknowledged once.
    pub fn of(case: &CaseId, kind: LetterKind) -> LetterId {
        let what = if kind.acknowledges() { "acknowledgement" } else { kind.name() };
        LetterId(format!("{case}/{what}"))
    }

    /// The name of the letter that tells the reporter of a missed promise: one a promise.
    pub fn missed(case: &CaseId, promise: Promise) -> LetterId {
        LetterId(format!("{case}/missed-{}", promise.name()))
    }

    /// The name of the `n`-th letter of this kind on a case.
    pub fn numbered(case: &CaseId, kind: LetterKind, n: usize) -> LetterId {
        LetterId(format!("{case}/{}-{n}", kind.name()))
    }

    /// The name of a notice to a member: about this case, or this question, and this event.
    pub fn notice(on: &impl fmt::Display, notice: Notice, about: u64, member: &str) -> LetterId {
        LetterId(format!("{on}/{}.{about}.{member}", notice.name()))
    }

    /// The name of a digest to a member: of this inbox, told by this event.
    pub fn digest(inbox: &str, about: u64, member: &str) -> LetterId {
        LetterId::notice(&format!("{INBOX}{inbox}"), Notice::Digest, about, member)
    }

    /// The inbox that a digest is of.
    pub fn digest_of(&self) -> Option<String> {
        let (on, _) =
            self.0.split_once('/').filter(|_| self.as_notice() == Some(Notice::Digest))?;
        on.strip_prefix(INBOX).map(str::to_owned)
    }

    /// The promise that such a letter is about.
    pub fn missed_promise(&self) -> Option<Promise> {
        let (_, what) = self.0.split_once('/')?;
        let name = what.strip_prefix("missed-")?;
        Promise::named(name)
    }

    /// Whether it tells the reporter that the case waits for them.
    pub fn says_that_we_wait(&self) -> bool {
        let kinds = [LetterKind::Waiting, LetterKind::AskedAgain, LetterKind::LastNote];
        let what = self.0.split_once('/').map(|(_, what)| what);
        let kind = what.and_then(|what| what.rsplit_once('-')).map(|(kind, _)| kind);
        kinds.iter().any(|one| Some(one.name()) == kind)
    }

    /// Which notice it is; none for a letter to a reporter.
    pub fn as_notice(&self) -> Option<Notice> {
        let (_, what) = self.0.split_once('/')?;
        let (name, _) = what.split_once('.')?;
        Notice::ALL.into_iter().find(|notice| notice.name() == name)
    }

    /// The member whom a notice goes to, as the configuration calls them.
    pub fn member(&self) -> Option<&str> {
        self.as_notice()?;
        Some(self.0.rsplit_once('.')?.1)
    }

    /// The question that a notice asks.
    pub fn question(&self) -> Option<QuestionId> {
        let (on, _) = self.0.split_once('/')?;
        (self.as_notice()? == Notice::Question).then(|| QuestionId(on.to_owned()))
    }

    /// The case that the letter belongs to.
    pub fn case(&self) -> Option<CaseId> {
        CaseId::parse(self.0.split_once('/')?.0)
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A letter, ready to be sent as often as it takes: everything that decides its bytes is in here,
/// so every attempt sends the same ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its name.
    pub id: LetterId,
    /// The name of the inbox whose relay carries it.
    pub inbox: String,
    /// Its Message-ID, unguessable.
    pub message_id: MessageId,
    /// The Date field: when it was written, not when it was sent.
    pub date: Moment,
    /// The author; answers go here unless `reply_to` says where.
    pub from: Mailbox,
    /// The only recipient.
    pub to: Mailbox,
    /// Where answers go instead, where that is another address (RFC 5322 section 3.6.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Address>,
    /// Where bounces go: the envelope sender.
    pub envelope_from: Address,
    /// One line, no control characters.
    pub subject: String,
    /// The mail that it answers.
    pub in_reply_to: Option<MessageId>,
    /// The conversation, oldest first.
    pub references: Vec<MessageId>,
    /// Why a machine writes (RFC 3834 section 5).
    pub auto_submitted: AutoSubmitted,
    /// Plain text; lines end in LF.
    pub body: String,
}

/// The keyword of the Auto-Submitted field, RFC 3834 section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutoSubmitted {
    /// An answer to a mail.
    AutoReplied,
    /// Written for another reason.
    AutoGenerated,
}

impl AutoSubmitted {
    /// As it stands in the header field.
    pub fn keyword(self) -> &'static str {
        match self {
            AutoSubmitted::AutoReplied => "auto-replied",
            AutoSubmitted::AutoGenerated => "auto-generated",
        }
    }
}
