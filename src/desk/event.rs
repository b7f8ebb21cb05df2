//! Events: one fact each, never changed afterwards. They are the audit trail, and everything else
//! that is known of a case follows from them.

use serde::{Deserialize, Serialize};

use super::address::{Address, Mailbox};
use super::answer::Answer;
use super::folder::Folder;
use super::ids::{CaseId, QuestionId};
use super::letter::{LetterId, LetterKind};
use super::message::{Defect, MessageId};
use super::policy::{Policy, Promise, Start};
pub use super::reason::{HoldReason, NoAnswer};
use super::similar::Signature;
use super::time::{Moment, Span};
use super::verdict::Verdict;

/// One fact, on a case or, where there is none, on the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the order of everything that ever happened here, from 1.
    pub seq: u64,
    /// When it was recorded.
    pub at: Moment,
    /// The case that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// What happened.
    pub fact: Fact,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Fact {
    /// A mail opened this case.
    Opened(Box<Opening>),
    /// A mail joined this case.
    Joined {
        /// The mail.
        mail: MailRef,
        /// Who wrote it, where that can be said.
        from: Option<Mailbox>,
        /// What kind of mail it is by itself.
        verdict: Verdict,
        /// What binds it to the case.
        tie: Certainty,
        /// The digest of the conversation that its mail program names, in hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<String>,
        /// Whom the reporter put on the conversation.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        with: Vec<Address>,
    },
    /// A person of the team answered the reporter.
    Answered {
        /// Their mail.
        mail: MailRef,
        /// Who; none where Sent does not tell.
        by: Option<Mailbox>,
        /// What binds it to the case.
        tie: Certainty,
        /// How many words of their own it holds.
        words: u32,
        /// False where these are fewer than the configuration asks for: then it stops no clock.
        enough: bool,
        /// Who else it went to: the team put them on the conversation.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        with: Vec<Address>,
    },
    /// A mail of the team is about this case, and is no answer to the reporter.
    Discussed {
        /// The mail.
        mail: MailRef,
        /// Who wrote it, as far as it says.
        by: Option<Mailbox>,
        /// Why it is no answer.
        why: NoAnswer,
    },
    /// The reporter answers a mail of the team that we never saw.
    Quoted {
        /// Its Message-ID.
        answer: MessageId,
    },
    /// A person of the team says that the reporter has been answered.
    Vouched {
        /// Who.
        by: Option<Mailbox>,
        /// The mail that says so; none where it was said by a command.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mail: Option<MailRef>,
    },
    /// A letter that was owed is not needed any more: a person was faster.
    Withdrawn {
        /// Its name.
        letter: LetterId,
    },
    /// In a personal inbox: the lead is asked whether a mail is a report.
    Asked {
        /// The name of the question.
        question: QuestionId,
        /// How the case would begin.
        opening: Box<Opening>,
        /// What its author would be answered with.
        answer: Answer,
    },
    /// The lead said that the mail is a report.
    Confirmed {
        /// The question.
        question: QuestionId,
        /// The answer.
        mail: MailRef,
    },
    /// The lead said that the mail is none; what was kept of it is forgotten.
    Declined {
        /// The question.
        question: QuestionId,
        /// The answer.
        mail: MailRef,
        /// Which event asked.
        asked: u64,
    },
    /// Whoever handles the case was reminded of what is owed.
    Reminded {
        /// What.
        promise: Promise,
        /// The start of its clock.
        start: Moment,
        /// Which reminder this is, from 1.
        count: u32,
    },
    /// A promise was not kept in time.
    Breached {
        /// Which.
        promise: Promise,
        /// The start of its clock.
        start: Moment,
        /// When it was due.
        due: Moment,
    },
    /// What was missed goes up the ladder.
    Escalated {
        /// Which promise.
        promise: Promise,
        /// The start of its clock.
        start: Moment,
        /// How many times it went up, this time included.
        step: u32,
        /// The moment at which this time was due.
        due_at: Moment,
    },
    /// A member has had many notices this hour: what follows is gathered in one.
    Gathered {
        /// Who.
        to: Mailbox,
        /// Until when.
        until: Moment,
    },
    /// A mail of a stranger, or one that several cases claim, refers to this case. The team may want
    /// to know; nothing follows from it.
    Linked {
        /// The case that the mail went to instead.
        other: CaseId,
    },
    /// Somebody else's open case reads like this one. The team may want to know; nothing follows from
    /// it.
    Similar {
        /// That case.
        other: CaseId,
        /// How much of what both say is said in both.
        percent: u8,
    },
    /// A mail that belongs to no case was put aside.
    SetAside {
        /// The mail.
        mail: MailRef,
        /// What kind of mail it is.
        verdict: Verdict,
    },
    /// The sender is not answered by machine; a human has to look.
    Held {
        /// Why.
        why: HoldReason,
    },
    /// A letter was written; from here on it is owed until `Sent` or `Refused`.
    Written {
        /// Its name.
        letter: LetterId,
        /// What it says.
        kind: LetterKind,
        /// Who it goes to.
        to: Mailbox,
        /// Its Message-ID.
        message_id: MessageId,
        /// The other cases that it is about as well.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        covers: Vec<CaseId>,
        /// The event that a notice tells of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<u64>,
    },
    /// A letter that was written on another case acknowledges this one as well.
    Covered {
        /// Its name.
        letter: LetterId,
        /// Who it goes to.
        to: Mailbox,
        /// Its Message-ID.
        message_id: MessageId,
    },
    /// The address has had its letters for the day: this case is acknowledged together with others.
    Deferred {
        /// Who is written to.
        to: Mailbox,
        /// When.
        until: Moment,
    },
    /// The mail server took the letter.
    Sent {
        /// Its name.
        letter: LetterId,
        /// What the server said.
        reply: String,
    },
    /// The letter lies in the folder for sent mail.
    Kept {
        /// Its name.
        letter: LetterId,
        /// The provider had put it there by itself.
        by_itself: bool,
    },
    /// The letter could not be handed over now.
    Delayed {
        /// Its name.
        letter: LetterId,
        /// What the server said, or what failed.
        why: String,
        /// True where it may have been sent all the same.
        unknown: bool,
        /// When it is tried again.
        next: Moment,
    },
    /// The letter will never be taken. A human has to look.
    Refused {
        /// Its name.
        letter: LetterId,
        /// What the server said.
        why: String,
    },
    /// A mail system reported that a letter did not reach its recipient, or did not yet.
    Bounced {
        /// The report.
        mail: MailRef,
        /// The letter that it is about.
        letter: LetterId,
        /// False where delivery is only delayed.
        failed: bool,
    },
    /// An earlier life of this desk, whose store is lost, had answered the mail already.
    AnsweredBefore,
    /// The mail server cannot be reached or refuses us: no letter of this inbox is tried until
    /// `next`.
    RelayStopped {
        /// The inbox whose relay it is.
        inbox: String,
        /// What the server said, or what failed.
        why: String,
        /// When one letter is tried again.
        next: Moment,
        /// It may pass by itself; otherwise somebody has to change something.
        #[serde(default)]
        passing: bool,
    },
    /// The mail server takes letters again.
    RelayResumed {
        /// The inbox whose relay it is.
        inbox: String,
    },
    /// A folder is watched from here on, or its UIDs were all made anew.
    FolderBegun {
        /// The folder.
        folder: Folder,
        /// Its UIDVALIDITY.
        uid_validity: u32,
        /// The last UID that was there before; mail up to it is old.
        last_old_uid: u32,
    },
}

impl Fact {
    /// The promise that was missed just now.
    pub fn breached(&self) -> Option<Promise> {
        if let Fact::Breached { promise, .. } = self { Some(*promise) } else { None }
    }

    /// The letter that has left, or will not.
    pub fn sent_or_withdrawn(&self) -> Option<&LetterId> {
        match self {
            Fact::Sent { letter, .. } | Fact::Withdrawn { letter } => Some(letter),
            _ => None,
        }
    }

    /// The case that a new one refers to without proof.
    pub fn linked(&self) -> Option<&CaseId> {
        if let Fact::Linked { other } = self { Some(other) } else { None }
    }
}

/// How a case began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The mail that opened it.
    pub mail: MailRef,
    /// Who wrote it; none where no single author can be named.
    pub reporter: Option<Mailbox>,
    /// Its subject, on one line.
    pub subject: String,
    /// What kind of mail it is.
    pub verdict: Verdict,
    /// The digest of its author and words, in hexadecimal, by which the same text is known again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The digest of the conversation that its mail program names, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// What its text is compared with others by; none where it is too short to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likeness: Option<Signature>,
    /// What was odd about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<Defect>,
    /// True where the report still has to be sent in the body.
    pub provisional: bool,
    /// True where the reporter's domain stood for it: a mail in their name without that is suspect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authentic: bool,
    /// Whom the reporter put on the conversation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Address>,
    /// What the policy promised on that day; a later one does not change what was written to people.
    pub promised: Promised,
}

/// What a report was promised when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    /// How long until it is acknowledged.
    pub acknowledgement: Span,
    /// How long until a person answers in detail.
    pub response: Span,
    /// What that is counted from.
    pub response_from: Start,
    /// How long after a person's last word the next one follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Span>,
}

impl Promised {
    /// When the detailed response is owed to a report that arrived then. Counted from the
    /// acknowledgement where the policy said so; until there is one, from the last moment at which
    /// it can be kept.
    pub fn response_due(&self, arrived: Moment, acknowledged: Option<Moment>) -> Moment {
        self.response_start(arrived, acknowledged) + self.response
    }

    /// What the detailed response is counted from.
    pub fn response_start(&self, arrived: Moment, acknowledged: Option<Moment>) -> Moment {
        match self.response_from {
            Start::Received => arrived,
            Start::Acknowledged => acknowledged.unwrap_or(arrived + self.acknowledgement),
        }
    }

    /// What a policy promises.
    pub fn by(policy: &Policy) -> Promised {
        Promised {
            acknowledgement: policy.acknowledgement,
            response: policy.response,
            response_from: policy.response_from,
            update: policy.update,
        }
    }
}

/// Where a mail can be found, and when it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRef {
    /// The folder that it was seen in.
    pub folder: Folder,
    /// That folder's UIDVALIDITY.
    pub uid_validity: u32,
    /// Its UID.
    pub uid: u32,
    /// Its Message-ID.
    pub message_id: Option<MessageId>,
    /// When the server received it (INTERNALDATE).
    pub arrived: Moment,
    /// Its size in bytes, attachments included.
    pub size: u64,
}

/// What binds a mail to a case, surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It answers a letter of ours, whose id nobody can guess, and comes from a participant.
    OurLetter,
    /// It was sent to the address that letters on the case are answered at, which nobody can guess
    /// either, and comes from a participant.
    OurAddress,
    /// It answers a mail of the case and comes from a participant.
    TheirMail,
    /// Their mail program counts it to a conversation of the case (Thread-Index), and it comes from a
    /// participant.
    Conversation,
    /// Its subject carries the case number and it comes from a participant.
    SubjectTag,
    /// The same sender wrote the same text.
    SameText,
    /// The same sender wrote with the same subject.
    SameSubject,
    /// The team wrote to the reporter of exactly one open case.
    ToReporter,
    /// It answers a letter of ours, or was sent to the address of the case, but comes from somebody
    /// who is new here: shown to the team, moves nothing.
    Guest,
}
