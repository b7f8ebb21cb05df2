//! Two desks, each with a store of its own, can watch one inbox: a machine that was forgotten, a move
//! that went wrong. Before a letter acknowledges a mail, the desk says so on the mail with a keyword
//! of its own, its *claim*, and sees in the same answer who else did.
//!
//! Who sees no claim beside their own goes on. Of two who see each other, the one with the lower
//! name keeps its claim for some seconds and waits until the other has taken theirs back: that one
//! may have gone on before the claim was there to be seen. Who stands by looks again, until the mail is marked as
//! answered. A claim after which nothing comes for long enough is that of somebody who is dead.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::folder::Keyword;
use super::time::{Moment, Span};

/// The name of a desk: it follows from its oldest key, so a store and its backups have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Identity(pub u32);

/// What the keyword of a claim begins with.
const CLAIM: &str = "$WatchpostBy-";

impl Identity {
    /// The IMAP keyword that says "this one is mine".
    pub fn keyword(self) -> String {
        format!("{CLAIM}{self}")
    }

    /// Reads one flag of a mail; keywords have no case (RFC 3501 section 2.3.2).
    pub fn claimant(flag: &str) -> Option<Identity> {
        let (head, name) = flag.split_at_checked(CLAIM.len())?;
        if head.eq_ignore_ascii_case(CLAIM) { Identity::parse(name) } else { None }
    }

    fn parse(name: &str) -> Option<Identity> {
        let hexadecimal = name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(name, 16).ok().filter(|_| hexadecimal).map(Identity)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl From<Identity> for String {
    fn from(identity: Identity) -> String {
        identity.to_string()
    }
}

impl TryFrom<String> for Identity {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Identity, Self::Error> {
        Identity::parse(&name).ok_or("eight hexadecimal digits stand here")
    }
}

/// What a mail shows of who has to do with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// It was answered.
    pub answered: bool,
    /// Who claims it.
    pub claims: Vec<Identity>,
}

/// What our keywords on a new mail tell of its past. `Seen` alone would say that an earlier life of
/// ours decided on it; beside the claim of another, it is theirs, and they may still answer it.
pub fn witness(keywords: &[Keyword], claimed_by: Option<Identity>) -> Option<Keyword> {
    let strongest = keywords.iter().copied().max();
    strongest.filter(|keyword| *keyword != Keyword::Seen || claimed_by.is_none())
}

/// What is to be done on the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Errand {
    /// Set our claim, and say what the mail shows then.
    Claim,
    /// Say what the mail shows.
    Look,
    /// Take our claim back.
    StepBack,
}

/// How far a letter is with its claim.
#[derive(Debug)]
pub struct Claim {
    since: Moment,
    /// Who else claims the mail, and when that was first seen.
    others: BTreeMap<Identity, Moment>,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// To be asked of the mail server, since this moment.
    Wanted(Errand, Moment),
    /// Asked; without an answer by this moment it goes on.
    Asked(Moment),
    /// Another comes first; looked at again at this moment.
    StandsBy(Moment),
    /// Nobody comes before us, until this moment.
    Ours(Moment),
}

/// How long a letter waits for the mail server. Two letters are unpleasant, a late one breaks a promise.
const PATIENCE: Span = Span::seconds(60);
/// Who stands by looks again after this at most.
const LONGEST_PAUSE: u64 = 60;
/// A claim is of use for this at most, and for half the time after which others take over: a letter
/// that leaves later asks again.
const LONGEST_OURS: u64 = 300;
/// Of two who see each other the one that waits gives up after this: the other was first, or is dead.
const LONGEST_CONTEST: u64 = 10;

impl Claim {
    /// For a letter that is due.
    pub fn begin(now: Moment) -> Claim {
        Claim { since: now, others: BTreeMap::new(), step: Step::Wanted(Errand::Claim, now) }
    }

    /// Whether the letter has to wait.
    pub fn holds(&self) -> bool {
        !matches!(self.step, Step::Ours(_))
    }

    /// Whether the mail server was asked and has not answered.
    pub fn is_asked(&self) -> bool {
        matches!(self.step, Step::Asked(_))
    }

    /// The letter is due and has not left: what was ours for too long is asked for again.
    pub fn renew(&mut self, now: Moment) {
        if matches!(self.step, Step::Ours(until) if until <= now) {
            self.since = now;
            self.step = Step::Wanted(Errand::Claim, now);
        }
    }

    /// What to ask of the mail server now; `open` tells whether it can be asked at all.
    pub fn wants(&mut self, now: Moment, open: bool, takeover: Span) -> Option<Errand> {
        match self.step {
            Step::Wanted(errand, since) if open && now < since + PATIENCE => Some(errand),
            Step::StandsBy(until) if now < until => None,
            Step::StandsBy(_) if open => Some(Errand::Look),
            Step::Asked(until) if now < until => None,
            Step::Wanted(..) | Step::StandsBy(_) | Step::Asked(_) => {
                self.unanswered(now, takeover);
                None
            }
            Step::Ours(_) => None,
        }
    }

    /// The mail server was asked.
    pub fn asked(&mut self, errand: Errand, now: Moment, takeover: Span) {
        self.step = match errand {
            Errand::Claim | Errand::Look => Step::Asked(now + PATIENCE),
            Errand::StepBack => self.stand_by(now, takeover),
        };
    }

    /// The mail server will not answer: it goes on as if it kept no keywords, unless somebody else was
    /// seen to claim the mail.
    pub fn unanswered(&mut self, now: Moment, takeover: Span) {
        let alone = self.living(now, takeover).next().is_none();
        self.step = if alone { ours(now, takeover) } else { self.stand_by(now, takeover) };
    }

    /// What the mail shows; nothing where that cannot be told: it is gone, or its folder keeps no
    /// keywords. True where it was answered.
    pub fn saw(
        &mut self,
        own: Identity,
        shown: Option<&Shown>,
        now: Moment,
        takeover: Span,
    ) -> bool {
        let Some(shown) = shown else {
            self.step = ours(now, takeover);
            return false;
        };
        let before = std::mem::take(&mut self.others);
        let others = shown.claims.iter().filter(|one| **one != own);
        self.others = others.map(|one| (*one, before.get(one).map_or(now, |at| *at))).collect();
        let claimed = shown.claims.contains(&own);
        let first = self.living(now, takeover).next();
        self.step = match (first, claimed) {
            // Until it is recorded that the letter is not needed, it waits.
            _ if shown.answered => self.stand_by(now, takeover),
            (None, true) => ours(now, takeover),
            (None, false) => Step::Wanted(Errand::Claim, now),
            (Some(first), true) if first < own || self.is_stuck(now, takeover) => {
                Step::Wanted(Errand::StepBack, now)
            }
            (Some(_), _) => self.stand_by(now, takeover),
        };
        shown.answered
    }

    /// Who else claims the mail, the lowest name first.
    pub fn other(&self) -> Option<Identity> {
        self.others.keys().next().copied()
    }

    /// When something is to be done.
    pub fn next_wakeup(&self) -> Option<Moment> {
        match self.step {
            Step::Wanted(_, since) => Some(since + Span::seconds(1)),
            Step::Asked(until) | Step::StandsBy(until) => Some(until),
            Step::Ours(_) => None,
        }
    }

    /// The others whose claims are young enough that they may be at it.
    fn living(&self, now: Moment, takeover: Span) -> impl Iterator<Item = Identity> {
        let young = self.others.iter().filter(move |(_, seen)| now < **seen + takeover);
        young.map(|(one, _)| *one)
    }

    /// Whether it has waited in vain for another to step back. A claim that stands for long would look
    /// dead to whoever looks on, just when it is put to use.
    fn is_stuck(&self, now: Moment, takeover: Span) -> bool {
        let longest = Span::seconds((takeover.as_seconds() / 4).clamp(1, LONGEST_CONTEST));
        self.others.values().any(|seen| *seen + longest <= now && now < *seen + takeover)
    }

    /// Ever longer pauses at first: an answer mostly comes within a second.
    fn stand_by(&self, now: Moment, takeover: Span) -> Step {
        let longest = (takeover.as_seconds() / 10).clamp(1, LONGEST_PAUSE);
        let pause = (now.since(self.since).as_seconds() / 2).clamp(1, longest);
        Step::StandsBy(now + Span::seconds(pause))
    }
}

fn ours(now: Moment, takeover: Span) -> Step {
    Step::Ours(now + Span::seconds((takeover.as_seconds() / 2).min(LONGEST_OURS)))
}

#[cfg(test)]
mod tests;
