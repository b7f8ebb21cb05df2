//! What the desk decided, held against what was to be expected.

use std::collections::{BTreeMap, BTreeSet};

use watchpost::desk::answer::{Answer, Deserves};
use watchpost::desk::case::Case;
use watchpost::desk::command::Said;
use watchpost::desk::event::{Certainty, Event, Fact};
use watchpost::desk::ids::CaseId;
use watchpost::desk::letter::{LetterId, LetterKind, Notice};
use watchpost::desk::outbox::Outcome;
use watchpost::desk::policy::Promise;
use watchpost::desk::thread::Tie;
use watchpost::desk::{Input, intake::looked_up};

use crate::hourglass::DAY;
use crate::oracle::{Brings, Owed, Wait};
use crate::post::{Means, Post};
use crate::rules::{OUTSIDE, US, address};
use crate::world::{Letter, World};

type Judged = Result<(), String>;

fn check(good: bool, what: impl FnOnce() -> String) -> Judged {
    if good { Ok(()) } else { Err(what()) }
}

/// Whether a person's answer is what a letter about a promise asks for.
fn kept_by_an_answer(promise: Option<Promise>) -> bool {
    !matches!(promise, Some(Promise::Disclosure | Promise::Further(_)))
}

/// The cases that facts of one kind are on.
fn on(events: &[Event], kind: impl Fn(&Fact) -> bool) -> Vec<CaseId> {
    events.iter().filter(|event| kind(&event.fact)).filter_map(|e| e.case.clone()).collect()
}

impl World {
    pub(super) fn mail(&mut self, post: &Post) -> Judged {
        self.tell(&post.in_words());
        let ties = looked_up(&post.message);
        let quotes = ties.iter().filter(|tie| matches!(tie, Tie::Answers(_)));
        let quotes: Vec<CaseId> =
            quotes.flat_map(|tie| self.rows.lead(tie)).map(|tied| tied.case).collect();
        let known = self.desk.books().open_cases();
        let (again, events) = self.take_mail(post);
        self.record(&events)?;
        if again {
            self.tell("  known already");
            return check(events.is_empty(), || "a mail has a second decision".into());
        }
        let opened = on(&events, |fact| matches!(fact, Fact::Opened(_)));
        let opens = matches!(post.means, Means::Report { .. });
        check(opened.len() == usize::from(opens), || format!("opens {opened:?} of {known}"))?;
        match &post.means {
            Means::Report { held } => self.reported(post, *held || !quotes.is_empty(), &events),
            Means::More(case) => {
                let surely = |fact: &Fact| matches!(fact, Fact::Joined { tie, .. } if *tie != Certainty::Guest);
                check(on(&events, surely) == [case.clone()], || "it does not join".into())?;
                let owed = self.oracle.case(case);
                let (waited, closed) = (owed.is_waiting(), owed.closed.is_some());
                owed.wrote(post.arrived);
                let resumed = on(&events, |fact| matches!(fact, Fact::Resumed { .. })).len();
                let reopened = on(&events, |fact| matches!(fact, Fact::Reopened { .. })).len();
                check((resumed == 1) == waited, || "the wait".into())?;
                check((reopened == 1) == closed, || "the end".into())?;
                if closed { self.told_at_last(case, None, &events) } else { Ok(()) }
            }
            Means::Machine(case) => {
                let joined = on(&events, |fact| matches!(fact, Fact::Joined { .. }));
                check(joined == [case.clone()] && events.len() == 1, || "a machine moves it".into())
            }
            Means::Answer(case) => {
                let wanted = post.words >= self.rules.words;
                let kind = |fact: &Fact| matches!(fact, Fact::Answered { enough, .. } if *enough == wanted);
                check(on(&events, kind) == [case.clone()], || "the answer is not seen".into())?;
                if wanted {
                    self.oracle.case(case).answer(post.arrived);
                }
                Ok(())
            }
            Means::Fresh(reporter) => self.fresh_mail(reporter, post.arrived, &events),
            Means::Talk(case) => {
                let talk = on(&events, |fact| matches!(fact, Fact::Discussed { .. }));
                check(talk.contains(case), || "talk is not noted".into())
            }
            Means::Bounce { letter, failed } => {
                let bounced = on(&events, |fact| matches!(fact, Fact::Bounced { .. }));
                let mut cases = self.letters[letter].cases.clone();
                cases.sort();
                let mut told = bounced;
                told.sort();
                check(told == cases, || format!("the bounce is on {told:?}, not {cases:?}"))?;
                if *failed {
                    self.lost(letter);
                }
                Ok(())
            }
            Means::Nothing => Ok(()),
        }
    }

    fn reported(&mut self, post: &Post, held: bool, events: &[Event]) -> Judged {
        let id = events[0].case.clone().unwrap();
        let author = post.message.author().map(|one| one.address.to_string());
        let reporter = author.filter(|one| one != US).unwrap_or_default();
        let mut owed = Owed::of(&self.rules, &reporter, post.arrived, held);
        self.firsts.insert(id.clone(), post.message.ids[0].as_str().to_owned());
        let due = owed.acknowledgement_due(&self.rules).unwrap();
        let mut answers = 0;
        for event in events {
            match &event.fact {
                Fact::Written { kind, .. } if kind.acknowledges() => {
                    answers += 1;
                    check(!held, || "a machine answers what it must not".into())?;
                }
                Fact::Deferred { until, .. } => {
                    answers += 1;
                    let late = until.unix() > due.max(self.now);
                    check(!late, || format!("put off until {until}, after it is due"))?;
                }
                Fact::Held { .. } => {
                    answers += 1;
                    owed.held = true;
                }
                _ => {}
            }
        }
        check(answers == 1, || format!("{answers} answers to one report"))?;
        self.oracle.cases.insert(id, owed);
        Ok(())
    }

    /// It counts where the reporter has one open case, and nowhere where there are two.
    fn fresh_mail(&mut self, reporter: &str, arrived: i64, events: &[Event]) -> Judged {
        let open = |owed: &&mut Owed| owed.reporter == reporter && owed.closed.is_none();
        let mut open: Vec<&mut Owed> = self.oracle.cases.values_mut().filter(open).collect();
        let answered = on(events, |fact| matches!(fact, Fact::Answered { .. })).len();
        check(answered == usize::from(open.len() == 1), || {
            format!("it answers {answered} cases of {}", open.len())
        })?;
        if let [owed] = open.as_mut_slice() {
            owed.answer(arrived);
        }
        Ok(())
    }

    /// A letter came back, or was refused.
    fn lost(&mut self, letter: &LetterId) {
        let Letter { kind, cases, .. } = self.letters[letter].clone();
        for case in cases {
            let owed = self.oracle.case(&case);
            match kind {
                LetterKind::Notice(_) => {}
                kind if kind.acknowledges() => owed.unreach(),
                _ => owed.lost = true,
            }
        }
    }

    pub(super) fn command(&mut self, id: &CaseId, said: &Said) -> Judged {
        self.tell(&format!("somebody says of {id}: {said:?}"));
        let events = self.take_command(id, said);
        self.record(&events)?;
        let (now, update) = (self.now, self.rules.update.is_some());
        let rules = self.rules.clone();
        let owed = self.oracle.case(id);
        let open = owed.closed.is_none();
        let refused = match said {
            Said::Responded => {
                let refused = owed.answered.is_some() && !update;
                if !refused {
                    owed.answer(now);
                }
                Some(refused)
            }
            Said::NeedInfo => {
                // Whom nobody can ask is not waited for.
                let heard = owed.answered.is_some() || owed.acknowledged.is_some();
                let unheard = !heard && (owed.held || owed.lost);
                let refused = !open || owed.is_waiting() || unheard;
                if !refused {
                    owed.waits.push(Wait { since: now, ..Wait::default() });
                    let told = on(&events, |fact| {
                        matches!(fact, Fact::Written { kind: LetterKind::Waiting, .. })
                    });
                    let wanted = rules.tell_waiting && owed.can_be_told();
                    check(told.len() == usize::from(wanted), || "the letter of a wait".into())?;
                }
                Some(refused)
            }
            Said::Close => {
                if open {
                    owed.close(now);
                }
                Some(!open)
            }
            Said::Reopen => {
                owed.reopen(now);
                Some(open)
            }
            Said::Embargo { until } => {
                let refused = !open || owed.announced.is_some() || until.unix() < now;
                if !refused {
                    owed.embargo = Some((now, until.unix()));
                }
                Some(refused)
            }
            Said::Announced => {
                let refused = owed.announced.is_some();
                owed.announced = owed.announced.or(Some(now));
                Some(refused)
            }
            Said::Met { promise } => {
                if !events.is_empty() {
                    owed.met.entry(*promise).or_insert(now);
                }
                None
            }
            Said::Mark { word } => {
                if !events.is_empty() {
                    owed.marks.entry(word.clone()).or_insert(now);
                }
                None
            }
            Said::Release => {
                if on(&events, |fact| matches!(fact, Fact::Released { .. })).len() == 1 {
                    check(owed.held && owed.answered.is_none(), || "released for nothing".into())?;
                    owed.held = false;
                }
                None
            }
            _ => None,
        };
        let right = refused.is_none_or(|refused| refused == events.is_empty());
        check(right, || format!("refused is {refused:?}"))?;
        let reopened = *said == Said::Reopen && !open;
        if reopened { self.told_at_last(id, None, &events) } else { Ok(()) }
    }

    /// Exactly what the oracle says, on each case.
    pub(super) fn time(&mut self) -> Judged {
        let events = self.take(&Input::Time);
        self.record(&events)?;
        let mut brought: BTreeMap<CaseId, Vec<Brings>> = BTreeMap::new();
        for event in &events {
            if let Some((id, brings)) = event.case.clone().zip(brings(&event.fact)) {
                brought.entry(id).or_default().push(brings);
            }
        }
        let (now, rules) = (self.now, self.rules.clone());
        let ids: Vec<CaseId> = self.oracle.cases.keys().cloned().collect();
        let lately = self.oracle.lately.clone();
        let unsure = self.oracle.unsure(&rules, now);
        for id in ids {
            let told = brought.remove(&id).unwrap_or_default();
            let owed = self.oracle.case(&id);
            let lately = lately.get(&bare(&owed.reporter)).map_or(&[][..], Vec::as_slice);
            let mut expected = owed.brings(&rules, now, lately);
            let mut told = told;
            let all = told.clone();
            if unsure.contains(&bare(&owed.reporter)) {
                // Which of several letters is the one too many.
                expected.retain(|one| *one != Brings::Letter("missed"));
                told.retain(|one| *one != Brings::Letter("missed"));
            }
            agree(&id, &expected, &told)?;
            let mut missed = None;
            let mut wrote = false;
            for one in &all {
                owed.take(&rules, now, one);
                if let Brings::Breach(promise, _) = one {
                    missed = Some(*promise);
                }
                if *one == Brings::Letter("missed") {
                    if let Some(promise) = missed {
                        owed.tell(promise);
                    }
                    wrote = true;
                }
            }
            if wrote {
                let reporter = bare(&owed.reporter);
                let many = all.iter().filter(|one| **one == Brings::Letter("missed")).count();
                for _ in 0..many {
                    self.oracle.tell(&reporter, now);
                }
                let told = self.oracle.lately[&reporter].iter().filter(|at| **at + 30 * DAY > now);
                check(told.count() <= 3, || format!("{reporter} is told of too much"))?;
            }
        }
        check(brought.is_empty(), || format!("nobody knows {brought:?}"))
    }

    pub(super) fn delivery(&mut self, letter: &LetterId, outcome: &Outcome) -> Judged {
        let events =
            self.take(&Input::Delivery { letter: letter.clone(), outcome: outcome.clone() });
        self.record(&events)?;
        match outcome {
            Outcome::Accepted(_) => {
                let Letter { kind, cases, written, .. } = self.letters[letter].clone();
                for case in cases.iter().filter(|_| kind == LetterKind::LastNote) {
                    self.oracle.case(case).note(written);
                }
                for case in cases.iter().filter(|_| kind.acknowledges()) {
                    let now = self.now;
                    let owed = self.oracle.case(case);
                    let first = owed.acknowledged.is_none();
                    owed.acknowledge(now);
                    if first {
                        self.told_at_last(case, Some(written), &events)?;
                    }
                }
            }
            Outcome::Permanent(_) => self.lost_refused(letter),
            // What was perhaps sent often enough is given up, and told to people.
            Outcome::Unknown(_) => {
                let gave_up = |event: &Event| matches!(event.fact, Fact::Refused { .. });
                if events.iter().any(gave_up) {
                    self.lost_refused(letter);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Who could not be told before hears what was missed, as far as they have not had enough of it.
    fn told_at_last(&mut self, id: &CaseId, written: Option<i64>, events: &[Event]) -> Judged {
        let (now, rules) = (self.now, self.rules.clone());
        let owed = self.oracle.case(id);
        let reporter = bare(&owed.reporter);
        let mut expected = owed.heard_at_last(&rules, written);
        expected.truncate(self.oracle.room(&reporter, now));
        let of_case = |event: &&Event| event.case.as_ref() == Some(id);
        let promise = |event: &Event| match &event.fact {
            Fact::Written { letter, .. } => letter.missed_promise(),
            _ => None,
        };
        let told: Vec<Promise> = events.iter().filter(of_case).filter_map(promise).collect();
        check(told == expected, || format!("{id}: told at last of {told:?}, not {expected:?}"))?;
        for promise in told {
            self.oracle.case(id).tell(promise);
            self.oracle.tell(&reporter, now);
        }
        Ok(())
    }

    fn lost_refused(&mut self, letter: &LetterId) {
        let Letter { kind, cases, .. } = self.letters[letter].clone();
        for case in cases.iter().filter(|_| !matches!(kind, LetterKind::Notice(_))) {
            self.oracle.case(case).lost = true;
        }
    }

    /// The relay took a letter.
    pub(super) fn leaves(&mut self, letter: &LetterId) -> Judged {
        let taken = self.taken.entry(letter.clone()).or_default();
        *taken += 1;
        let may = 1 + self.doubts.get(letter).copied().unwrap_or(0);
        check(*taken <= may, || format!("{letter} leaves {may} times and once more"))?;
        let written = self.letters[letter].written;
        let about = letter.case().and_then(|id| self.oracle.cases.get(&id));
        let says = matches!(letter.as_notice(), Some(Notice::Reminder | Notice::Escalation));
        let by_answer = kept_by_an_answer(self.letters[letter].promise);
        let stale = about.is_some_and(|owed| {
            by_answer && owed.last_answer.is_some_and(|at| at > written)
                || owed.closed.is_some_and(|at| at > written)
        });
        check(!(says && stale), || format!("{letter} leaves after the answer"))
    }

    /// A letter is taken back only if what it says is true no more: an answer keeps not every promise.
    fn taken_back(&self, letter: &LetterId, events: &[Event]) -> Judged {
        let told = letter.missed_promise().or(self.letters[letter].promise);
        let closed = || !on(events, |fact| matches!(fact, Fact::Closed { .. })).is_empty();
        let needless = told.is_none() || kept_by_an_answer(told) || closed();
        check(needless, || format!("{letter} is taken back, and {told:?} is not kept"))
    }

    /// What holds of every batch of events, whatever it follows from.
    fn record(&mut self, events: &[Event]) -> Judged {
        for event in events {
            let id = event.case.as_ref().map(ToString::to_string).unwrap_or_default();
            let fact = serde_json::to_string(&event.fact).unwrap();
            let brief: String = fact.chars().take(160).collect();
            self.tell(&format!("  {id} {brief}"));
            if let Fact::Withdrawn { letter } = &event.fact {
                self.taken_back(letter, events)?;
                if let Some((promise, id)) = letter.missed_promise().zip(letter.case()) {
                    let written = self.letters[letter].written;
                    self.oracle.take_back(&id, promise, written);
                }
            }
            if let Fact::Written { letter, kind, to, message_id, covers, about } = &event.fact {
                let cases = event.case.iter().chain(covers).cloned().collect();
                let to = to.address.to_string();
                let (message_id, kind) = (message_id.clone(), *kind);
                let promise = events.iter().find(|one| Some(one.seq) == *about);
                let promise = promise.and_then(|one| match &one.fact {
                    Fact::Reminded { promise, .. } | Fact::Escalated { promise, .. } => {
                        Some(*promise)
                    }
                    _ => None,
                });
                let new = Letter { to, message_id, kind, cases, promise, written: self.now };
                self.written(letter, &new)?;
                let before = self.letters.insert(letter.clone(), new);
                let again = letter.missed_promise().zip(letter.case());
                let again = again.is_some_and(|(promise, id)| {
                    self.oracle.case(&id).taken_back.contains(&promise)
                });
                check(before.is_none() || again, || format!("{letter} is written twice"))?;
            }
            if matches!(event.fact, Fact::Reminded { .. } | Fact::Escalated { .. }) {
                let heard = events.iter().any(|other| {
                    other.case == event.case
                        && match &other.fact {
                            Fact::Written { about, .. } => *about == Some(event.seq),
                            Fact::Gathered { .. } => true,
                            _ => false,
                        }
                });
                check(heard, || format!("nobody hears of {brief}"))?;
            }
        }
        Ok(())
    }

    /// Whom a letter may go to.
    fn written(&self, name: &LetterId, letter: &Letter) -> Judged {
        let to = letter.to.as_str();
        if let LetterKind::Notice(notice) = letter.kind {
            let team = self.rules.people().any(|one| to == format!("{one}@team.example"));
            let missed = matches!(notice, Notice::Escalation | Notice::Gathered);
            let outside = self.rules.outside && to == OUTSIDE && missed;
            return check(team || outside, || format!("{name} goes to {to}"));
        }
        for id in &letter.cases {
            let case = self.desk.books().case(id).ok_or("a letter on no case")?;
            let author = case.opening.reporter.as_ref().map(|one| one.address.to_string());
            // A robot that writes from many addresses with tags gets one letter about all.
            let theirs = author.as_deref() == Some(to)
                || letter.kind == LetterKind::Combined && is_tag(author.as_deref(), to);
            check(theirs && to != US, || format!("{name} goes to {to}"))?;
            let held = self.oracle.cases.get(id).is_some_and(|owed| owed.held);
            let released = case.opening.deserves.is_some_and(|one| one.released().is_ok());
            check(!held || released, || format!("{name} goes to somebody who is held"))?;
            let may = !matches!(case.opening.deserves.map(Deserves::answer), Some(Answer::Hold(_)));
            check(may || case.held.is_none(), || format!("{name}: no machine may write there"))?;
        }
        Ok(())
    }

    /// What holds after every step.
    pub(super) fn look(&mut self) -> Judged {
        let now = watchpost::desk::time::Moment::from_unix(self.now);
        let wakeup = self.desk.next_wakeup(now).map(watchpost::desk::time::Moment::unix);
        check(wakeup.is_none_or(|at| at > self.now), || "it wants to wake up at once".into())?;
        if let Some((at, what)) = self.oracle.next(&self.rules) {
            let awake = wakeup.is_some_and(|wakeup| wakeup <= at.max(self.now + 1));
            let at = watchpost::desk::time::Moment::from_unix(at);
            check(awake, || format!("{what} comes at {at}, and it wakes up at {wakeup:?}"))?;
        }
        self.owed_has_a_way()?;
        if self.steps.is_multiple_of(16) { self.told_again() } else { Ok(()) }
    }

    /// An acknowledgement that is owed by us is written, put off, or a person's to send.
    fn owed_has_a_way(&self) -> Judged {
        for (id, owed) in &self.oracle.cases {
            // A case that was closed and goes on is a person's.
            let past = owed.acknowledged.is_some() || owed.closed.or(owed.reopened).is_some();
            if past || owed.held || owed.lost {
                continue;
            }
            let case = self.desk.books().case(id).ok_or("an open case is not known")?;
            let way = case.deferred.is_some() || case.unsent_acknowledgements().next().is_some();
            check(way, || format!("{id} will never be acknowledged"))?;
        }
        Ok(())
    }

    /// The cases told again from their events are the cases, and so is a desk that is opened anew.
    fn told_again(&mut self) -> Judged {
        let now = watchpost::desk::time::Moment::from_unix(self.now);
        let none = BTreeSet::new();
        let again = self.desk.reopened(self.rows.past(now));
        let open = self.desk.books().cases().filter(|case| case.closed.is_none());
        let told = again.books().cases().filter(|case| case.closed.is_none());
        check(open.eq(told), || "the cases differ when told again".into())?;
        check(again.due(now, &none) == self.desk.due(now, &none), || "the letters differ".into())?;
        // What is gathered for the team is told anew after a start: a notice about several cases clears
        // the first of them only.
        let gathers = |case: &Case| !case.gathered.is_empty();
        if self.desk.books().cases().any(gathers) {
            return Ok(());
        }
        let (one, other) = (again.next_wakeup(now), self.desk.next_wakeup(now));
        check(one == other, || format!("opened anew it wakes up at {one:?}, not {other:?}"))
    }

    /// What holds at the end of a world.
    pub(super) fn last_look(&mut self) -> Judged {
        self.told_again()?;
        let (own, asked): (Vec<_>, Vec<_>) =
            self.letters.values().partition(|letter| letter.kind.acknowledges());
        for letter in &own {
            let (to, at) = (letter.to.as_str(), letter.written);
            // A robot with a tag of its own in each mail is one robot.
            let domain = |to: &str| to.rsplit('@').next().unwrap().to_owned();
            let robot = to.starts_with("ticket+");
            let same = |other: &str| {
                other == to || robot && other.starts_with("ticket+") && domain(other) == domain(to)
            };
            let within = |letters: &[&Letter], span: i64| {
                let lately = |o: &&&Letter| same(&o.to) && o.written <= at && at - o.written < span;
                letters.iter().filter(lately).count()
            };
            let (day, month) = (within(&own, 86_400), within(&own, 30 * 86_400));
            check(day <= 4, || format!("{day} letters in a day to {to}"))?;
            // To what people have it asked, or told, a robot writes too.
            let most = 40 + within(&asked, 30 * 86_400);
            check(!robot || month <= most, || format!("{month} letters in a month to {to}"))?;
        }
        Ok(())
    }
}

/// An address without its tag: a robot that writes from many is one robot.
pub(super) fn bare(text: &str) -> String {
    if text.is_empty() { String::new() } else { address(text).without_tag().to_string() }
}

/// Whether two addresses differ in their tag alone.
fn is_tag(author: Option<&str>, to: &str) -> bool {
    author.is_some_and(|author| bare(author) == bare(to))
}

/// The word for what time brought; none for facts that are no matter of time.
fn brings(fact: &Fact) -> Option<Brings> {
    Some(match fact {
        Fact::Reminded { promise, count, .. } => {
            Brings::Reminder(*promise, usize::try_from(*count).unwrap())
        }
        Fact::Breached { promise, due, .. } => Brings::Breach(*promise, due.unix()),
        Fact::Escalated { promise, step, due_at, .. } => {
            Brings::Step(*promise, i64::from(*step), due_at.unix())
        }
        Fact::Written { kind: LetterKind::Missed, .. } => Brings::Letter("missed"),
        Fact::Written { kind: LetterKind::AskedAgain, .. } => Brings::Letter("asked_again"),
        Fact::Written { kind: LetterKind::LastNote, .. } => Brings::Letter("last_note"),
        Fact::AskedAgain => Brings::AskAgain,
        Fact::LastNote { closes } => Brings::LastNote(closes.unix()),
        Fact::Closed { by: None } => Brings::Close,
        _ => return None,
    })
}

/// The same, but that after a long sleep not all steps of a ladder come at once.
fn agree(id: &CaseId, expected: &[Brings], told: &[Brings]) -> Judged {
    let mut rest = told.iter().peekable();
    for (n, one) in expected.iter().enumerate() {
        if rest.next_if(|told| *told == one).is_some() {
            continue;
        }
        let slept = matches!(one, Brings::Step(promise, ..) if
            expected[..n].iter().filter(|e| matches!(e, Brings::Step(p, ..) if p == promise)).count() >= 8);
        check(slept, || format!("{id}: expected {expected:?}, and was told {told:?}"))?;
    }
    check(rest.next().is_none(), || format!("{id}: expected {expected:?}, and was told {told:?}"))
}
