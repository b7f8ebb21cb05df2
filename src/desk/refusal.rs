//! Why a command cannot be done, and what can.

use super::case::State;
use super::event::HoldReason;
use super::ids::CaseId;
use super::policy::Promise;
use super::time::Moment;

/// A mail, by the case and its number there.
pub type Named = (CaseId, u32);

/// Why a command cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody knows this case.
    #[error("there is no case {0}; `watchpost cases` lists them")]
    NoCase(CaseId),
    /// Nobody knows by which rules to write.
    #[error("the inbox {0} is not configured any more; put it back into the configuration")]
    NoInbox(String),
    /// The promise is kept.
    #[error("the reporter of {case} was answered on {} UTC already; nothing is owed to them", .at.short())]
    Answered {
        /// The case.
        case: CaseId,
        /// When.
        at: Moment,
    },
    /// Nothing stands in the way of its letter.
    #[error("{case} is not held, it is {}; only a held case can be released", .state.name())]
    NotHeld {
        /// The case.
        case: CaseId,
        /// What it is.
        state: State,
    },
    /// No machine may ever write there.
    #[error(
        "nothing is sent for {case}: {}. If you know who wrote it, write to them yourself, then say: \
         watchpost do {case} responded",
        .why.in_words()
    )]
    Never {
        /// The case.
        case: CaseId,
        /// Why.
        why: HoldReason,
    },
    /// The caps leave no letter.
    #[error(
        "{0} stays held: its sender, or everybody together, has had as many letters as a machine may \
         write. Try again tomorrow, or answer yourself, then say: watchpost do {0} responded"
    )]
    Full(CaseId),
    /// What an earlier version recorded does not say enough.
    #[error(
        "an earlier version recorded this mail of {0}, and not who proved to be its sender; answer it \
         yourself, then say: watchpost do {0} responded"
    )]
    Unkept(CaseId),
    /// There is nothing to merge.
    #[error("{0} cannot be merged into itself; name another case")]
    Itself(CaseId),
    /// It is done already, or would make a ring.
    #[error("{case} was merged into {into} already; there is nothing left to merge")]
    Together {
        /// The case that was merged.
        case: CaseId,
        /// Where its conversation goes on.
        into: CaseId,
    },
    /// The conversation goes on elsewhere.
    #[error("{case} was merged into {into} and goes on there; name {into} instead")]
    Merged {
        /// The case.
        case: CaseId,
        /// Where its conversation goes on.
        into: CaseId,
    },
    /// Projects share no cases.
    #[error("{case} and {other} belong to different projects, which share no cases")]
    OtherProject {
        /// The case.
        case: CaseId,
        /// The other one.
        other: CaseId,
    },
    /// No mail has this number.
    #[error("{} has no mail {}; `watchpost show {}` numbers them", .0.0, .0.1, .0.0)]
    NoMail(Named),
    /// Without it there would be no case.
    #[error(
        "mail {} opened {} and stays there; to let it go on in another case: \
         watchpost do OTHER merge {}", .0.1, .0.0, .0.0
    )]
    Opens(Named),
    /// The team wrote it, or a mail system.
    #[error(
        "mail {} of {} is an answer or a delivery report; only a mail that joined can become a case",
        .0.1, .0.0
    )]
    NotTheirs(Named),
    /// A machine wrote it.
    #[error("a machine wrote mail {} of {}; it can be no case", .0.1, .0.0)]
    Machine(Named),
    /// It takes what a mail cannot give.
    #[error("this cannot be said by mail; on the machine that runs Watchpost: watchpost do {0} …")]
    NotByMail(CaseId),
    /// Nothing is owed on it any more.
    #[error("{case} was closed on {at}; to go on with it: watchpost do {case} reopen")]
    Closed {
        /// The case.
        case: CaseId,
        /// When.
        at: Moment,
    },
    /// It was never closed.
    #[error("{0} is not closed")]
    NotClosed(CaseId),
    /// It waits already.
    #[error("{case} has been waiting for its reporter since {since}; their next mail ends that")]
    Waits {
        /// The case.
        case: CaseId,
        /// Since when.
        since: Moment,
    },
    /// Nobody can tell its reporter, so nobody would end the wait.
    #[error("{case} is {}: its reporter cannot be asked; write to them yourself, or close it", .state.name())]
    Unasked {
        /// The case.
        case: CaseId,
        /// Where it stands.
        state: State,
    },
    /// A day that is over.
    #[error("{until} is over; for {case}, write a day to come")]
    EmbargoOver {
        /// The case.
        case: CaseId,
        /// The end of the embargo.
        until: Moment,
    },
    /// A day that is hardly meant.
    #[error("{until} is more than five years ahead; for {case}, write a day before that")]
    EmbargoFarOff {
        /// The case.
        case: CaseId,
        /// The end of the embargo.
        until: Moment,
    },
    /// Everybody knows.
    #[error("{case} was announced on {at} already")]
    Announced {
        /// The case.
        case: CaseId,
        /// When.
        at: Moment,
    },
    /// A clock that has not begun.
    #[error(
        "the clock of {promise} has not begun on {case}; `watchpost explain {case}` shows what it waits for"
    )]
    NotBegun {
        /// The case.
        case: CaseId,
        /// Which promise.
        promise: Promise,
    },
    /// It is kept.
    #[error("{promise} was met on {case} on {at} already")]
    Met {
        /// The case.
        case: CaseId,
        /// Which promise.
        promise: Promise,
        /// When.
        at: Moment,
    },
    /// Another inbox has that word.
    #[error(
        "no promise of the inbox of {case} counts from \"{word}\"; see [[promise]] in the configuration"
    )]
    NoSuchMark {
        /// The case.
        case: CaseId,
        /// The word.
        word: String,
    },
    /// It was said.
    #[error("\"{word}\" was said of {case} on {at} already")]
    Marked {
        /// The case.
        case: CaseId,
        /// The word.
        word: String,
        /// When.
        at: Moment,
    },
    /// Nobody is named to handle it.
    #[error("say who takes {case}: watchpost do {case} take NAME (there is: {team})")]
    TakenByNobody {
        /// The case.
        case: CaseId,
        /// Who could be named.
        team: String,
    },
    /// Only who is told of a case can handle it.
    #[error("{named} is not on the team of {case}; name one who is (there is: {team})")]
    NoMember {
        /// The case.
        case: CaseId,
        /// Who was named.
        named: String,
        /// Who could be named.
        team: String,
    },
    /// It is done already.
    #[error("{member} handles {case} already")]
    Taken {
        /// The case.
        case: CaseId,
        /// Who handles it.
        member: String,
    },
    /// It was split off.
    #[error("mail {} of {} became {to} already; see `watchpost show {to}`", .mail.1, .mail.0)]
    Parted {
        /// The mail.
        mail: Named,
        /// The case that it became.
        to: CaseId,
    },
}
