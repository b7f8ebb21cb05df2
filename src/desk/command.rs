//! What an operator says of a case, and what follows from it.

use super::address::{Address, Mailbox};
use super::answer::Answer;
use super::books::Books;
use super::case::{Case, State, holds_text};
use super::event::{Certainty, Event, Fact, HoldReason, MailRef, Opening, Promised, Sayer};
use super::ids::CaseId;
use super::incoming::{Facts, LONGEST_NAME};
use super::intake::{begin, lacks_text, permit, with_similar, written};
use super::keys::Keys;
use super::letter::LetterKind;
use super::line::row_line;
use super::mails::{numbered, parted};
use super::policy::{Policy, Promise};
use super::promise;
use super::quota::Caps;
use super::refusal::Refusal;
pub use super::said::Said;
use super::team::Team;
use super::time::{Moment, Span};
use super::verdict::Kind;
use super::waiting;

/// Until a day further off, a slip of the pen more likely than a plan, nobody would hear of the case.
const LONGEST_EMBARGO: Span = Span::hours(24 * 365 * 5);

/// A command on its way to a decision.
#[derive(Clone, Debug)]
pub struct Command {
    /// The case.
    pub case: CaseId,
    /// What is said of it.
    pub said: Said,
    /// Who says so.
    pub by: Sayer,
    /// Who that is, where it is somebody of the team.
    pub person: Option<Mailbox>,
    /// When it was said.
    pub said_at: Moment,
    /// The events of the case, where the command names one of its mails.
    pub story: Vec<Event>,
}

/// What a command is judged by.
struct Ground<'a> {
    books: &'a Books,
    keys: &'a Keys,
    caps: &'a Caps,
    now: Moment,
    said_at: Moment,
    by: Sayer,
}

/// What follows from a command, or why it cannot be done. The rules of an inbox are found by `policy`.
pub(super) fn command<'p>(
    books: &Books,
    policy: impl Fn(&str) -> Option<&'p Policy>,
    keys: &Keys,
    caps: &Caps,
    now: Moment,
    command: &Command,
) -> Result<Facts, Refusal> {
    let known = |id: &CaseId| books.case(id).ok_or_else(|| Refusal::NoCase(id.clone()));
    let case = known(&command.case)?;
    let policy = |mail: &MailRef| {
        let inbox = &mail.folder.inbox;
        policy(inbox).ok_or_else(|| Refusal::NoInbox(inbox.clone()))
    };
    let Command { by, said_at, .. } = *command;
    let ground = Ground { books, keys, caps, now, said_at, by };
    match &command.said {
        Said::Responded => responded(case, command),
        Said::Release => ground.release(case, policy(case.mail())?),
        Said::Merge { other } => ground.merge(case, known(other)?),
        Said::Split { mail } => ground.split(case, *mail, &command.story, policy),
        Said::NeedInfo => ground.need_info(case, policy(case.mail())?),
        Said::Close => ground.close(case),
        Said::Reopen => ground.reopen(case),
        Said::Embargo { until } => ground.embargo(case, *until),
        Said::Announced => ground.announced(case),
        Said::Met { promise } => ground.met(case, policy(case.mail())?, *promise),
        Said::Mark { word } => ground.mark(case, policy(case.mail())?, word),
        Said::Take { member } => take(case, &policy(case.mail())?.team, member.as_deref(), command),
    }
}

/// Whoever takes a case that nobody took is recorded too where they lead the team: the configuration
/// may name another lead one day.
fn take(case: &Case, team: &Team, name: Option<&str>, command: &Command) -> Result<Facts, Refusal> {
    let id = case.id.clone();
    let sayer = command.person.as_ref().map(|person| &person.address);
    let member = match (name, sayer) {
        (Some(name), _) => team.named(name),
        (None, Some(sayer)) => team.member(sayer),
        (None, None) => return Err(Refusal::TakenByNobody { case: id, team: names(team) }),
    };
    let Some(member) = member else {
        let named = name.map(str::to_owned).or(sayer.map(ToString::to_string));
        return Err(Refusal::NoMember {
            case: id,
            named: row_line(&named.unwrap_or_default(), LONGEST_NAME),
            team: names(team),
        });
    };
    if case.handler.as_ref() == Some(&member.name) {
        return Err(Refusal::Taken { case: id, member: member.name.clone() });
    }
    let fact = Fact::Taken { member: member.name.clone(), by: command.by };
    Ok(vec![(Some(id), fact)])
}

/// The members of a team for whoever named another one.
fn names(team: &Team) -> String {
    let names: Vec<&str> = team.everybody().map(|member| member.name.as_str()).collect();
    if names.is_empty() {
        "nobody: see [team] in the configuration".into()
    } else {
        names.join(", ")
    }
}

fn responded(case: &Case, command: &Command) -> Result<Facts, Refusal> {
    // Where further word is promised, each one is told.
    if case.opening.promised.update.is_none() {
        unanswered(case)?;
    }
    let by = command.by;
    if by == Sayer::Team {
        let (by, said) = (command.person.clone(), Some(command.said_at));
        return Ok(one(case, Fact::Vouched { by, mail: None, said }));
    }
    Ok(vec![(Some(case.id.clone()), Fact::Responded { by })])
}

fn one(case: &Case, fact: Fact) -> Facts {
    vec![(Some(case.id.clone()), fact)]
}

fn open(case: &Case) -> Result<(), Refusal> {
    let closed = |at| Refusal::Closed { case: case.id.clone(), at };
    case.closed.map_or(Ok(()), |at| Err(closed(at)))
}

fn unannounced(case: &Case) -> Result<(), Refusal> {
    let announced = |at| Refusal::Announced { case: case.id.clone(), at };
    case.announced.map_or(Ok(()), |at| Err(announced(at)))
}

fn unanswered(case: &Case) -> Result<(), Refusal> {
    let answered = |at| Refusal::Answered { case: case.id.clone(), at };
    case.answered.map_or(Ok(()), |at| Err(answered(at)))
}

impl Ground<'_> {
    /// The caps of the letters that acknowledge hold for what a person lets go as well.
    fn release(&self, case: &Case, policy: &Policy) -> Result<Facts, Refusal> {
        unanswered(case)?;
        let id = case.id.clone();
        if case.held.is_none() || case.acknowledged.is_some() {
            return Err(Refusal::NotHeld { case: id, state: case.own_state() });
        }
        let deserves = case.opening.deserves.ok_or_else(|| Refusal::Unkept(id.clone()))?;
        let never = |why| Refusal::Never { case: id.clone(), why };
        let kind = deserves.released().map_err(never)?;
        let reporter = case.opening.reporter.as_ref();
        let to = reporter.ok_or_else(|| never(HoldReason::NoSingleAuthor))?;
        if policy.is_ours(&to.address) {
            return Err(never(HoldReason::OwnAddress));
        }
        let permit = |to: &Address, mail: &MailRef| {
            permit(self.books, policy, self.caps, self.now, mail, to)
        };
        match written(self.keys, policy, &id, permit, kind, &case.opening) {
            None | Some(Fact::Held { .. }) => Err(Refusal::Full(id)),
            Some(letter) => {
                let facts = [Fact::Released { by: self.by }, letter];
                Ok(facts.into_iter().map(|fact| (Some(id.clone()), fact)).collect())
            }
        }
    }

    /// The clocks of the case stand still from now on, and its reporter is told so.
    fn need_info(&self, case: &Case, policy: &Policy) -> Result<Facts, Refusal> {
        open(case)?;
        if let Some(wait) = case.waits.last().filter(|_| case.is_waiting()) {
            return Err(Refusal::Waits { case: case.id.clone(), since: wait.since });
        }
        // Who cannot be reached cannot end it, and nothing would ever be missed again.
        if matches!(case.own_state(), State::Held | State::Unreached) {
            return Err(Refusal::Unasked { case: case.id.clone(), state: case.own_state() });
        }
        let (kind, n) = (LetterKind::Waiting, case.waits.len() + 1);
        let letter = waiting::letter(case, policy, self.keys, kind, n);
        let letter = letter.filter(|_| policy.waiting.tell);
        let waits = Fact::Waiting { since: self.said_at, by: self.by };
        let facts = std::iter::once(waits).chain(letter);
        Ok(facts.map(|fact| (Some(case.id.clone()), fact)).collect())
    }

    fn close(&self, case: &Case) -> Result<Facts, Refusal> {
        open(case)?;
        Ok(one(case, Fact::Closed { by: Some(self.by) }))
    }

    fn reopen(&self, case: &Case) -> Result<Facts, Refusal> {
        if case.closed.is_none() {
            return Err(Refusal::NotClosed(case.id.clone()));
        }
        Ok(one(case, Fact::Reopened { by: Some(self.by), mail: None }))
    }

    fn embargo(&self, case: &Case, until: Moment) -> Result<Facts, Refusal> {
        open(case)?;
        unannounced(case)?;
        if until < self.now {
            return Err(Refusal::EmbargoOver { case: case.id.clone(), until });
        }
        if until > self.now + LONGEST_EMBARGO {
            return Err(Refusal::EmbargoFarOff { case: case.id.clone(), until });
        }
        Ok(one(case, Fact::Embargo { until, by: self.by }))
    }

    fn announced(&self, case: &Case) -> Result<Facts, Refusal> {
        unannounced(case)?;
        Ok(one(case, Fact::Announced { by: self.by }))
    }

    fn met(&self, case: &Case, policy: &Policy, promise: Promise) -> Result<Facts, Refusal> {
        let id = case.id.clone();
        match promise::clock(case, policy, promise) {
            None => Err(Refusal::NotBegun { case: id, promise }),
            Some(clock) => match clock.met {
                Some(at) => Err(Refusal::Met { case: id, promise, at }),
                None => Ok(one(case, Fact::Met { promise, by: self.by })),
            },
        }
    }

    fn mark(&self, case: &Case, policy: &Policy, word: &str) -> Result<Facts, Refusal> {
        let (id, word) = (case.id.clone(), word.to_owned());
        if policy.marks().all(|mark| mark != word) {
            return Err(Refusal::NoSuchMark { case: id, word });
        }
        match case.marks.get(&word) {
            Some(at) => Err(Refusal::Marked { case: id, word, at: *at }),
            None => Ok(one(case, Fact::Marked { mark: word, by: self.by })),
        }
    }

    /// What the reporter of the other case is owed stays on that case: their acknowledgement, which
    /// names their own report, and a person's answer, which has to go to them. So no letter is about
    /// two reporters.
    fn merge(&self, case: &Case, other: &Case) -> Result<Facts, Refusal> {
        if case.id == other.id {
            return Err(Refusal::Itself(case.id.clone()));
        }
        for one in [case, other] {
            if one.merged.is_some() {
                let into = self.books.goes_on_in(&one.id);
                return Err(if *into == case.id || *into == other.id {
                    Refusal::Together { case: one.id.clone(), into: into.clone() }
                } else {
                    Refusal::Merged { case: one.id.clone(), into: into.clone() }
                });
            }
        }
        if case.id.prefix != other.id.prefix {
            return Err(Refusal::OtherProject { case: case.id.clone(), other: other.id.clone() });
        }
        let by = self.by;
        let (reporter, arrived) = (other.opening.reporter.clone(), other.arrived());
        let took_in = Fact::TookIn { other: other.id.clone(), reporter, arrived, by };
        let merged = Fact::Merged { into: case.id.clone(), by };
        Ok(vec![(Some(case.id.clone()), took_in), (Some(other.id.clone()), merged)])
    }

    /// The mail becomes a case as it would have been at its arrival, and its author is told so: they
    /// were never told of a case of this mail.
    fn split<'p>(
        &self,
        case: &Case,
        number: u32,
        story: &[Event],
        policy: impl Fn(&MailRef) -> Result<&'p Policy, Refusal>,
    ) -> Result<Facts, Refusal> {
        let from = case.id.clone();
        let Own { opening, text, policy } = own(&from, number, story, policy)?;
        let permit = |to: &Address, mail: &MailRef| {
            permit(self.books, policy, self.caps, self.now, mail, to)
        };
        let ours = opening.reporter.as_ref().is_some_and(|one| policy.is_ours(&one.address));
        let answer = match opening.deserves {
            _ if ours => Answer::Hold(HoldReason::OwnAddress),
            Some(deserves) => deserves.answer(),
            None => Answer::None,
        };
        let to = self.books.next_case(&from.prefix, self.now);
        let mut facts = begin(&to, policy, self.keys, permit, &opening, answer, &[]);
        let by = self.by;
        let split_from = Fact::SplitFrom { other: from.clone(), number, by };
        facts.insert(facts.len().min(1), (Some(to.clone()), split_from));
        facts = with_similar(self.books, &to, facts);
        let parted = Fact::Parted { mail: opening.mail, number, to, text, by };
        facts.push((Some(from), parted));
        Ok(facts)
    }
}

/// A mail as the one that opens a case.
struct Own<'p> {
    opening: Opening,
    /// Whether it held the text of a report on the case that it leaves.
    text: bool,
    policy: &'p Policy,
}

fn own<'p>(
    case: &CaseId,
    number: u32,
    story: &[Event],
    policy: impl Fn(&MailRef) -> Result<&'p Policy, Refusal>,
) -> Result<Own<'p>, Refusal> {
    let named = || (case.clone(), number);
    if let Some(to) = parted(story, number) {
        return Err(Refusal::Parted { mail: named(), to: to.clone() });
    }
    let found = numbered(story).find(|(of, _)| *of == Some(number));
    let Some((_, event)) = found else { return Err(Refusal::NoMail(named())) };
    let (mail, from, verdict, tie, conversation, with, alone) = match &event.fact {
        Fact::Joined { mail, from, verdict, tie, conversation, with, alone } => {
            (mail, from, verdict, tie, conversation, with, alone)
        }
        Fact::Opened(_) => return Err(Refusal::Opens(named())),
        _ => return Err(Refusal::NotTheirs(named())),
    };
    if matches!(verdict.kind, Kind::Automatic | Kind::Bounce) {
        return Err(Refusal::Machine(named()));
    }
    let Some(alone) = alone.as_deref().cloned() else {
        return Err(Refusal::Unkept(case.clone()));
    };
    let policy = policy(mail)?;
    let opening = Opening {
        mail: mail.clone(),
        reporter: from.clone(),
        subject: alone.subject,
        verdict: verdict.clone(),
        text: alone.text,
        conversation: conversation.clone(),
        likeness: alone.likeness,
        defects: alone.defects,
        provisional: lacks_text(verdict.kind),
        authentic: alone.deserves.authentic(),
        // A guest puts nobody on a conversation.
        with: if *tie == Certainty::Guest { Vec::new() } else { with.clone() },
        deserves: Some(alone.deserves),
        promised: Promised::by(policy, mail.arrived),
    };
    Ok(Own { opening, text: holds_text(verdict.kind, *tie), policy })
}
