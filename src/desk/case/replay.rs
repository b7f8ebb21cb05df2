//! What each event changes on a case.

use super::{Case, Embargo, Fate, LetterOnCase, Steps, Wait, holds_text};
use crate::desk::address::{Address, Mailbox};
use crate::desk::calendar::Stretch;
use crate::desk::event::{Event, Fact, MailRef, NoAnswer};
use crate::desk::letter::{LetterId, LetterKind, Notice};
use crate::desk::message::MessageId;
use crate::desk::policy::Promise;
use crate::desk::time::Moment;

/// How many people one conversation has at most, beside the reporter and the team.
const MOST_PEOPLE: usize = 32;
/// How many mails of the team are known again by their ids.
const MOST_TEAM_MAILS: usize = 32;

impl Case {
    /// Tells a case from all its events, in order. None where the first one does not open it.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Case> {
        let mut events = events.into_iter();
        let first = events.next()?;
        let Fact::Opened(opening) = &first.fact else { return None };
        let mut case = Case::open(first.case.clone()?, (**opening).clone());
        for event in events {
            case.apply(event);
        }
        Some(case)
    }

    /// Takes in one more event of this case.
    pub fn apply(&mut self, event: &Event) {
        match &event.fact {
            Fact::Joined { verdict, tie, with, .. } => {
                self.follow_ups = self.follow_ups.saturating_add(1);
                self.put_on(with);
                if holds_text(verdict.kind, *tie) {
                    self.texts = self.texts.saturating_add(1);
                    self.provisional = false;
                }
            }
            Fact::Parted { text, .. } => {
                self.follow_ups = self.follow_ups.saturating_sub(1);
                self.texts = self.texts.saturating_sub(u32::from(*text));
                self.provisional = self.opening.provisional && self.texts == 0;
            }
            Fact::SplitFrom { other, .. } => self.split_from = Some(other.clone()),
            Fact::Merged { into, .. } => self.merged = Some(into.clone()),
            Fact::TookIn { other, .. } => self.took_in.extend([other.clone()]),
            Fact::Responded { .. } => self.answer(event.at),
            Fact::Held { why } => self.held = Some(*why),
            Fact::Released { .. } => self.held = None,
            Fact::AnsweredBefore => self.acknowledged = Some(event.at),
            Fact::Elsewhere { letter, .. } => {
                self.acknowledged_elsewhere(letter.as_ref(), event.at);
            }
            Fact::Answered { mail, enough, with, .. } => {
                self.know_team_mail(mail);
                self.put_on(with);
                if *enough {
                    self.answer(mail.arrived);
                }
            }
            // What was only claimed may turn out to be theirs, by its copy in Sent.
            Fact::Discussed { mail, why, .. }
                if !matches!(why, NoAnswer::Unproven | NoAnswer::Disowned) =>
            {
                self.know_team_mail(mail);
            }
            Fact::Commanded { mail, .. } => self.know_team_mail(mail),
            Fact::Vouched { mail, said, .. } => {
                if let Some(mail) = mail {
                    self.know_team_mail(mail);
                }
                let arrived = mail.as_ref().map(|mail| mail.arrived);
                self.answer(arrived.or(*said).unwrap_or(event.at));
            }
            Fact::Reminded { promise, start, count } => {
                self.step(*promise, *start, |steps| steps.reminded = *count);
            }
            Fact::Breached { promise, start, due } => {
                self.step(*promise, *start, |steps| steps.breached = Some(*due));
            }
            Fact::Escalated { promise, start, step, rung, .. } => {
                self.step(*promise, *start, |steps| {
                    (steps.escalated, steps.rung) = (*step, *rung);
                });
            }
            Fact::Taken { member, .. } => self.handler = Some(member.clone()),
            Fact::Quoted { .. } => self.quoted = true,
            Fact::Deferred { to, until } => self.deferred = Some(Box::new((to.clone(), *until))),
            Fact::Gathered { to, until } => {
                self.gathered.insert(to.address.clone(), *until);
            }
            Fact::Told { to, .. } => drop(self.gathered.remove(to)),
            Fact::Written { .. }
            | Fact::Covered { .. }
            | Fact::Sent { .. }
            | Fact::Kept { .. }
            | Fact::Refused { .. }
            | Fact::Bounced { .. }
            | Fact::Withdrawn { .. } => self.follow_letter(event),
            Fact::Waiting { .. }
            | Fact::Resumed { .. }
            | Fact::AskedAgain
            | Fact::LastNote { .. }
            | Fact::Closed { .. }
            | Fact::Reopened { .. }
            | Fact::Embargo { .. }
            | Fact::Announced { .. }
            | Fact::Marked { .. }
            | Fact::Met { .. } => self.change_pace(event),
            Fact::Discussed { .. }
            | Fact::Returned { .. }
            | Fact::Delayed { .. }
            | Fact::Linked { .. }
            | Fact::Similar { .. }
            | Fact::Opened(_)
            | Fact::SetAside { .. }
            | Fact::Asked { .. }
            | Fact::Away { .. }
            | Fact::Back { .. }
            | Fact::Confirmed { .. }
            | Fact::Declined { .. }
            | Fact::RelayStopped { .. }
            | Fact::RelayResumed { .. }
            | Fact::Digested { .. }
            | Fact::CanarySent { .. }
            | Fact::CanaryCame { .. }
            | Fact::Another { .. }
            | Fact::FolderBegun { .. } => {}
        }
    }

    /// Takes in how far a letter came.
    fn follow_letter(&mut self, event: &Event) {
        match &event.fact {
            Fact::Withdrawn { letter } => {
                self.settle(letter, Fate::Withdrawn);
            }
            Fact::Written { kind: LetterKind::Notice(Notice::Gathered), to, .. } => {
                self.gathered.remove(&to.address);
            }
            // What became of a notice stands in the outbox.
            Fact::Written { letter, kind, to, message_id, .. }
                if !matches!(kind, LetterKind::Notice(_)) =>
            {
                self.write(letter, *kind, to, message_id, event.at);
            }
            Fact::Covered { letter, to, message_id } => {
                self.write(letter, LetterKind::Combined, to, message_id, event.at);
            }
            Fact::Sent { letter, .. } => {
                let kind = self.settle(letter, Fate::Sent(event.at));
                if kind.is_some_and(LetterKind::acknowledges) {
                    self.acknowledged = self.acknowledged.or(Some(event.at));
                }
            }
            Fact::Kept { letter, .. } => {
                if let Some(on_case) = self.letters.get_mut(letter) {
                    on_case.kept = true;
                }
            }
            Fact::Refused { letter, .. } => {
                self.settle(letter, Fate::Refused);
            }
            Fact::Bounced { letter, failed: true, .. } => {
                let kind = self.settle(letter, Fate::Bounced);
                if kind.is_some_and(LetterKind::acknowledges) {
                    // Who heard from a person knows that the report arrived.
                    self.acknowledged = self.answered;
                }
            }
            _ => {}
        }
    }

    /// Takes in what starts, stops or ends clocks otherwise than by letters and answers.
    fn change_pace(&mut self, event: &Event) {
        match &event.fact {
            Fact::Waiting { since, .. } => {
                let (since, until) = (*since, None);
                self.waits.push(Wait { since, until, asked_again: false, closes: None });
            }
            Fact::Resumed { mail } => self.end_wait(mail.arrived),
            Fact::AskedAgain => self.on_wait(|wait| wait.asked_again = true),
            Fact::LastNote { closes } => self.on_wait(|wait| wait.closes = Some(*closes)),
            Fact::Closed { .. } => {
                self.end_wait(event.at);
                self.closed = Some(event.at);
                self.deferred = None;
            }
            Fact::Reopened { mail, .. } => {
                let at = mail.as_ref().map_or(event.at, |mail| mail.arrived);
                let shut = |from: Moment| Stretch { from, until: Some(at.max(from)) };
                self.shut.extend(self.closed.take().map(shut));
                self.reopened = Some(at);
                if self.answered.is_none() {
                    self.owed_anew = self.reopened;
                }
            }
            Fact::Embargo { until, .. } => {
                self.embargo = Some(Embargo { said: event.at, until: *until });
            }
            Fact::Announced { .. } => self.announced = self.announced.or(Some(event.at)),
            Fact::Marked { mark, .. } => {
                self.marks.entry(mark.clone()).or_insert(event.at);
            }
            Fact::Met { promise, .. } => {
                self.met.entry(*promise).or_insert(event.at);
            }
            _ => {}
        }
    }

    fn step(&mut self, promise: Promise, start: Moment, change: impl FnOnce(&mut Steps)) {
        let mut steps = self.steps(promise, start);
        change(&mut steps);
        self.clocks.insert(promise, steps);
    }

    fn on_wait(&mut self, change: impl FnOnce(&mut Wait)) {
        if let Some(wait) = self.waits.last_mut().filter(|wait| wait.until.is_none()) {
            change(wait);
        }
    }

    fn end_wait(&mut self, at: Moment) {
        self.on_wait(|wait| wait.until = Some(at.max(wait.since)));
    }

    /// A person's answer: nothing else keeps the promise of a response, and it keeps that of an
    /// acknowledgement as well.
    fn answer(&mut self, at: Moment) {
        // A report that came late was answered when it came.
        let at = at.max(self.arrived());
        self.answered = Some(self.answered.map_or(at, |first| first.min(at)));
        self.last_answer = self.last_answer.max(Some(at));
        self.acknowledged = Some(self.acknowledged.map_or(at, |first| first.min(at)));
        self.deferred = None;
    }

    /// Another Watchpost was faster than the letter, if one was written.
    fn acknowledged_elsewhere(&mut self, letter: Option<&LetterId>, at: Moment) {
        if let Some(letter) = letter {
            self.settle(letter, Fate::Withdrawn);
        }
        self.acknowledged = self.acknowledged.or(Some(at));
        self.deferred = None;
    }

    fn put_on(&mut self, people: &[Address]) {
        let room = MOST_PEOPLE.saturating_sub(self.people.len());
        self.people.extend(people.iter().take(room).cloned());
    }

    fn know_team_mail(&mut self, mail: &MailRef) {
        self.team_mails.extend(mail.message_id.clone());
        while self.team_mails.len() > MOST_TEAM_MAILS {
            self.team_mails.pop_front();
        }
    }

    fn write(
        &mut self,
        letter: &LetterId,
        kind: LetterKind,
        to: &Mailbox,
        message_id: &MessageId,
        written: Moment,
    ) {
        let (to, message_id) = (to.clone(), message_id.clone());
        let on_case =
            LetterOnCase { kind, to, message_id, written, fate: Fate::Waiting, kept: false };
        self.letters.insert(letter.clone(), on_case);
        self.deferred = None;
    }

    fn settle(&mut self, letter: &LetterId, fate: Fate) -> Option<LetterKind> {
        let on_case = self.letters.get_mut(letter)?;
        on_case.fate = fate;
        Some(on_case.kind)
    }
}
