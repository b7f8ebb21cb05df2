//! Events: one fact each, never changed afterwards. They are the audit trail, and everything else
//! that is known of a case follows from them.

use serde::{Deserialize, Serialize};

use super::address::{Address, Mailbox};
use super::answer::Answer;
use super::claim::Identity;
use super::folder::Folder;
use super::ids::{CaseId, QuestionId};
use super::letter::{LetterId, LetterKind};
use super::message::MessageId;
pub use super::opening::{Alone, MailRef, Opening, Promised};
use super::policy::Promise;
pub use super::reason::{HoldReason, NoAnswer};
use super::team::Rung;
use super::time::Moment;
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
        /// What else it says, should it become a case of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alone: Option<Box<Alone>>,
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
    /// Somebody of the team said something of this case by mail; what followed comes next.
    Commanded {
        /// The mail.
        mail: MailRef,
        /// Who.
        by: Option<Mailbox>,
        /// What they wrote, on one line.
        words: String,
        /// Why it cannot be done, where that is so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
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
        /// When the command was said, where the answer is counted from there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<Moment>,
    },
    /// It was said by command that the reporter has been answered.
    Responded {
        /// Who said so.
        by: Sayer,
    },
    /// It was said by command that a held case is to be answered.
    Released {
        /// Who said so.
        by: Sayer,
    },
    /// The conversation of this case goes on in another one. What its reporter is owed stays here.
    Merged {
        /// The other case.
        into: CaseId,
        /// Who said so.
        by: Sayer,
    },
    /// The conversation of another case goes on in this one.
    TookIn {
        /// The other case.
        other: CaseId,
        /// Who reported it.
        reporter: Option<Mailbox>,
        /// When that report arrived.
        arrived: Moment,
        /// Who said so.
        by: Sayer,
    },
    /// A mail of this case became a case of its own.
    Parted {
        /// The mail.
        mail: MailRef,
        /// Its number on this case.
        number: u32,
        /// The case that it became.
        to: CaseId,
        /// True where it held the text of a report.
        text: bool,
        /// Who said so.
        by: Sayer,
    },
    /// The mail that opened this case was taken for one of another case before.
    SplitFrom {
        /// The other case.
        other: CaseId,
        /// Its number there.
        number: u32,
        /// Who said that it is a case of its own.
        by: Sayer,
    },
    /// It was said by command that the case waits for its reporter: its clocks stand still.
    Waiting {
        /// Since when.
        since: Moment,
        /// Who said so.
        by: Sayer,
    },
    /// The reporter, for whom the case waited, wrote again: its clocks go on.
    Resumed {
        /// Their mail.
        mail: MailRef,
    },
    /// The reporter, for whom the case waits, was reminded of it.
    AskedAgain,
    /// The reporter was told when the case is closed unless they write.
    LastNote {
        /// When.
        closes: Moment,
    },
    /// Nothing is owed on the case any more.
    Closed {
        /// Who said so; none where the reporter, for whom it waited, never wrote.
        by: Option<Sayer>,
    },
    /// A case that was closed goes on.
    Reopened {
        /// Who said so; none where its reporter wrote.
        by: Option<Sayer>,
        /// The mail of its reporter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mail: Option<MailRef>,
    },
    /// It was said until when the problem is kept secret: then its disclosure is due.
    Embargo {
        /// Until and including this second.
        until: Moment,
        /// Who said so.
        by: Sayer,
    },
    /// It was said that the problem was announced.
    Announced {
        /// Who said so.
        by: Sayer,
    },
    /// Something was said that starts the clocks of further promises.
    Marked {
        /// The word for it in the configuration.
        mark: String,
        /// Who said so.
        by: Sayer,
    },
    /// It was said that a further promise is kept.
    Met {
        /// Which.
        promise: Promise,
        /// Who said so.
        by: Sayer,
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
        /// How far up; none where an earlier version recorded it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rung: Option<Rung>,
    },
    /// Somebody of the team handles the case from here on.
    Taken {
        /// Who, as the configuration calls them.
        member: String,
        /// Who said so.
        by: Sayer,
    },
    /// A member's own note says that they are away.
    Away {
        /// Who, as the configuration calls them.
        member: String,
        /// Until when.
        until: Moment,
        /// The note.
        mail: MailRef,
    },
    /// A member who was away by such a note wrote themselves. Nothing of that mail is recorded, which
    /// may be none of ours.
    Back {
        /// Who.
        member: String,
    },
    /// A member has had many notices this hour: what follows is gathered in one.
    Gathered {
        /// Who.
        to: Mailbox,
        /// Until when.
        until: Moment,
    },
    /// The notice for which this case was gathered was written, on another one.
    Told {
        /// Its name.
        letter: LetterId,
        /// Who it goes to.
        to: Address,
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
        /// What the server said, or why there is nothing that it could take.
        why: String,
        /// It could not be written: no server was asked, and no row holds its text.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unwritten: bool,
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
    /// A mail system reported that what a person of the team wrote to the reporter did not arrive.
    Returned {
        /// The report.
        mail: MailRef,
        /// The mail that it is about.
        answer: MessageId,
    },
    /// An earlier life of this desk, whose store is lost, had answered the mail already.
    AnsweredBefore,
    /// Another Watchpost, with a store of its own, watches this inbox.
    Another {
        /// What it is called.
        by: Identity,
    },
    /// Another Watchpost acknowledged the report.
    Elsewhere {
        /// Which.
        by: Identity,
        /// The letter that is not needed any more; none where none was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        letter: Option<LetterId>,
    },
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
    /// The team was told what is owed and what became of promises; or, where there is no `from`, that
    /// is counted from here on.
    Digested {
        /// The inbox.
        inbox: String,
        /// Since when it was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Moment>,
        /// The moment at which it was due; the next one counts from there.
        to: Moment,
    },
    /// A mail of our own is on its way to a published address, to see it arrive.
    CanarySent {
        /// The address.
        to: Address,
        /// When it was made; it carries this moment.
        made: Moment,
    },
    /// It arrived.
    CanaryCame {
        /// The address that it was sent to.
        to: Address,
        /// When it was made.
        made: Moment,
        /// Where it lies.
        mail: MailRef,
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

/// Who said something by command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sayer {
    /// Whoever may use the control socket or the store.
    Operator,
    /// Somebody of the team.
    Team,
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
