//! What came of it, held against the plan: told from the log of the store and the log of the relay.

use std::collections::{BTreeMap, BTreeSet};

use watchpost::desk::event::{Event, Fact};
use watchpost::desk::ids::CaseId;
use watchpost::desk::letter::LetterId;
use watchpost::desk::policy::Promise;
use watchpost::desk::record;
use watchpost::desk::table::{Record, Table};
use watchpost::desk::verify::verify;
use watchpost::io::store::Store;

use crate::mails;
use crate::measure::Look;
use crate::plan::{Care, Fate, HOUR, Plan, START, Twist};
use crate::relay::{Kind, Line};
use crate::world::{Trouble, TroubleKind, World, number};

/// What is due is told within so many seconds.
const IN_TIME: i64 = 60;
/// The promise of the acknowledgement.
const ACKNOWLEDGED: i64 = 48 * HOUR;
/// A folder that is read anew holds back what is due for so long at most.
const BEHIND: i64 = 120;
/// Letters that may have left before a start are looked for so long at most.
const TRACES: i64 = 60;
/// What is wrong is told so often at most.
const MOST: usize = 60;
/// So many cases are told whole that went wrong.
const MOST_STORIES: u32 = 3;

struct Judge {
    plan: Plan,
    troubles: Vec<Trouble>,
    lines: BTreeMap<LetterId, Vec<Line>>,
    /// The case that each mail opened.
    opened: BTreeMap<u32, CaseId>,
    /// The ids of mails that are recorded, and where.
    recorded: BTreeMap<String, Vec<Option<CaseId>>>,
    wrong: Vec<String>,
    tally: Tally,
    /// How many cases were told whole.
    stories: u32,
}

/// What was found, to be told.
#[derive(Debug, Default)]
struct Tally {
    cases: u32,
    acknowledged: u32,
    held: u32,
    missed: u32,
    escalated: u32,
    /// Notices of what was missed that had to wait for others: more than a dozen in an hour.
    gathered: u32,
    excused: u32,
    latest_step: i64,
    latest_letter: i64,
    slowest_acknowledgement: i64,
    twice: u32,
}

/// Everything that is wrong; nothing where all is well.
pub(super) async fn wrong(world: &mut World) -> Vec<String> {
    let rows = all_rows(world.store()).await;
    let mut wrong = verify(rows.iter().cloned()).findings;
    let mut cases: BTreeMap<CaseId, Vec<Event>> = BTreeMap::new();
    let mut others = Vec::new();
    for (_, _, value) in rows.iter().filter(|(table, ..)| *table == Table::Events) {
        let event: Event = record::read("an event", value).unwrap();
        match &event.case {
            Some(case) => cases.entry(case.clone()).or_default().push(event),
            None => others.push(event),
        }
    }
    drop(rows);
    let mut lines: BTreeMap<LetterId, Vec<Line>> = BTreeMap::new();
    for line in world.relay.lines() {
        lines.entry(line.letter.clone()).or_default().push(line);
    }
    let mut judge = Judge {
        plan: world.plan,
        troubles: world.troubles.clone(),
        lines,
        opened: BTreeMap::new(),
        recorded: BTreeMap::new(),
        wrong: Vec::new(),
        tally: Tally::default(),
        stories: 0,
    };
    judge.stops(&others);
    for event in &others {
        if let Fact::SetAside { mail, .. } = &event.fact {
            judge.record(mail.message_id.as_ref().map(ToString::to_string), None);
        }
    }
    for (id, events) in &cases {
        let before = judge.wrong.len();
        judge.case(id, events);
        if judge.wrong.len() > before && judge.stories < MOST_STORIES {
            judge.stories += 1;
            for event in events {
                println!("{} {id} {}", event.at, serde_json::to_string(&event.fact).unwrap());
            }
        }
    }
    judge.mails();
    judge.letters(&cases);
    wrong.append(&mut judge.wrong);
    wrong.extend(growth(world.plan, &world.looks));
    println!("{:?}\n{:?}", world.counts, judge.tally);
    wrong.truncate(MOST);
    wrong
}

async fn all_rows(store: &Store) -> Vec<Record> {
    let mut rows = Vec::new();
    for table in Table::ALL {
        let mut after = None;
        loop {
            let page = store.scan(table, Vec::new(), after, 4096).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            rows.extend(page.into_iter().map(|(key, value)| (table, key, value)));
        }
    }
    // The sum belongs to the store, and to no copy of it.
    rows.retain(|(table, key, _)| *table != Table::Meta || !key.starts_with(b"seal"));
    rows
}

impl Judge {
    fn check(&mut self, good: bool, what: impl FnOnce() -> String) {
        if !good {
            self.wrong.push(what());
        }
    }

    fn record(&mut self, id: Option<String>, case: Option<&CaseId>) {
        self.recorded.entry(id.unwrap_or_default()).or_default().push(case.cloned());
    }

    /// While the relay does not take letters, the daemon tries it ever more rarely: what is due then
    /// waits until it has found out that it is over.
    fn stops(&mut self, others: &[Event]) {
        let mut others: Vec<&Event> = others.iter().collect();
        others.sort_by_key(|event| event.seq);
        let mut since = None;
        for event in others {
            let at = event.at.unix();
            match &event.fact {
                Fact::RelayStopped { .. } => {
                    since.get_or_insert(at);
                }
                Fact::RelayResumed { .. } => {
                    let from = since.take().unwrap_or(at);
                    self.troubles.push(Trouble { from, until: at, kind: TroubleKind::Relay });
                }
                _ => {}
            }
        }
    }

    /// Whether something of this kind was wrong at some time between.
    fn excuse(&self, kinds: &[TroubleKind], from: i64, until: i64) -> bool {
        let one = |t: &Trouble| kinds.contains(&t.kind) && t.from <= until && from <= t.until;
        self.troubles.iter().any(one)
    }

    /// By when something that is due at a moment has to be done.
    fn in_time(&self, due: i64) -> i64 {
        let mut at = due;
        // Whoever is down does nothing; then the folders are read first.
        loop {
            let down = |t: &&Trouble| t.kind == TroubleKind::Down && t.from <= at && at < t.until;
            match self.troubles.iter().find(down) {
                Some(down) => at = down.until,
                None => break,
            }
        }
        let behind = self.excuse(&[TroubleKind::Unread, TroubleKind::Down], at - BEHIND, at);
        let clock = self.excuse(&[TroubleKind::Clock], at - BEHIND, at);
        at + IN_TIME + if behind { BEHIND } else { 0 } + if clock { 180 } else { 0 }
    }

    fn case(&mut self, id: &CaseId, events: &[Event]) {
        self.tally.cases += 1;
        let Some(Fact::Opened(opening)) = events.first().map(|event| &event.fact) else {
            return self.wrong.push(format!("{id} has no beginning"));
        };
        let message_id = opening.mail.message_id.as_ref();
        self.record(message_id.map(ToString::to_string), Some(id));
        for event in events.iter().skip(1) {
            if let Fact::Joined { mail, .. }
            | Fact::Answered { mail, .. }
            | Fact::Bounced { mail, .. } = &event.fact
            {
                self.record(mail.message_id.as_ref().map(ToString::to_string), Some(id));
            }
        }
        let Some(n) = message_id.and_then(number) else {
            return self.wrong.push(format!("{id} is about {message_id:?}, which nobody planned"));
        };
        let before = self.opened.insert(n, id.clone());
        self.check(before.is_none(), || format!("mail {n} opened {before:?} and {id}"));
        let Fate::Opens(twist) = self.plan.life(n).fate else {
            return self.wrong.push(format!("mail {n} opened {id}"));
        };
        let arrived = opening.mail.arrived.unix();
        let planned = self.plan.life(n).arrived;
        self.check(arrived == planned, || format!("{id} came at {arrived}, and not {planned}"));
        self.acknowledged(id, events, twist, arrived);
        self.answered(id, events, n);
        self.told(id, events);
    }

    /// Exactly one acknowledgement, or a reason why there is none.
    fn acknowledged(&mut self, id: &CaseId, events: &[Event], twist: Twist, arrived: i64) {
        let (mut written, mut held, mut sent) = (0, 0, None);
        let mut letter = None;
        for event in events {
            match &event.fact {
                Fact::Written { kind, letter: one, .. } if kind.acknowledges() => {
                    written += 1;
                    letter = Some(one);
                }
                Fact::Covered { .. } => written += 1,
                Fact::Held { .. } => held += 1,
                Fact::Sent { letter: one, .. } if Some(one) == letter => {
                    sent.get_or_insert(event.at.unix());
                }
                _ => {}
            }
        }
        self.tally.acknowledged += written;
        self.tally.held += held;
        self.check(written + held == 1, || format!("{id}: {written} letters, {held} times held"));
        let must_hold = matches!(twist, Twist::Disowned | Twist::List);
        let may_hold = must_hold || twist == Twist::Junk;
        self.check(held == 0 || may_hold, || format!("{id} is held, and is {twist:?}"));
        self.check(held == 1 || !must_hold, || format!("{id} is answered, and is {twist:?}"));
        let needless = events.iter().any(|event| match &event.fact {
            Fact::Withdrawn { letter: one } | Fact::Refused { letter: one, .. } => {
                Some(one) == letter
            }
            _ => false,
        });
        if let Some(sent) = sent {
            let waited = sent - arrived;
            self.tally.slowest_acknowledgement = self.tally.slowest_acknowledgement.max(waited);
            self.check(waited <= ACKNOWLEDGED, || format!("{id} is acknowledged after {waited} s"));
        } else {
            self.check(held == 1 || needless, || format!("{id} was never told: {letter:?}"));
        }
    }

    /// Answered in time, or missed and told to be.
    fn answered(&mut self, id: &CaseId, events: &[Event], n: u32) {
        let life = self.plan.life(n);
        let (mut due, mut waits) = (life.arrived + self.plan.size.response, None);
        let (mut ended, mut breached) = (None, None);
        for event in events {
            let at = event.at.unix();
            match &event.fact {
                Fact::Waiting { since, .. } if since.unix() <= due && ended.is_none() => {
                    waits = Some(since.unix());
                }
                Fact::Resumed { mail } => {
                    due += waits.take().map_or(0, |since| mail.arrived.unix() - since);
                }
                Fact::Answered { enough: true, .. } | Fact::Closed { .. } => {
                    ended.get_or_insert(at);
                }
                Fact::Breached { promise: Promise::Response, due, .. } => {
                    breached.get_or_insert((at, due.unix()));
                }
                Fact::Breached { promise, .. } => {
                    self.wrong.push(format!("{id}: {promise:?} is missed"));
                }
                _ => {}
            }
        }
        if waits.is_some() {
            self.check(breached.is_none(), || format!("{id} waits, and is missed"));
            return;
        }
        let in_time = self.in_time(due);
        match breached {
            None => {
                let over = ended.is_some_and(|at| at <= in_time) || self.plan.end() <= in_time;
                self.check(over, || {
                    format!("{id} ({n}) was due at {due}, and nobody heard of it; {ended:?}")
                });
                // Nobody answered before the end of it: by an answer that came too late.
                let late = self.plan_answered(n).is_some_and(|at| at > due + IN_TIME);
                let closed = ended.is_some_and(|at| at <= due);
                self.check(!late || closed || self.plan.end() <= in_time || over, || {
                    format!("{id} was answered too late, and nobody heard of it")
                });
            }
            Some((at, said)) => {
                self.tally.missed += 1;
                self.check(said == due, || format!("{id} was due at {due}, and not at {said}"));
                self.tally.latest_step = self.tally.latest_step.max(at - in_time + IN_TIME);
                self.check(at <= in_time, || format!("{id}: due at {due}, missed at {at}"));
                self.check(at >= due, || format!("{id} is missed before it is due"));
                // Somebody answered or closed it in time, and that could not be seen.
                let kept = self.plan_answered(n).filter(|at| *at <= due);
                if let Some(kept) = kept {
                    use TroubleKind::{Clock, Down, Unread};
                    self.tally.excused += 1;
                    let excused = self.excuse(&[Down, Unread, Clock], kept, at);
                    self.check(excused, || format!("{id} was answered at {kept}, due at {due}"));
                }
                self.check(ended.is_none_or(|ended| ended >= at), || {
                    format!("{id} is missed at {at}, and was over at {ended:?}")
                });
            }
        }
    }

    /// When a person of the team answers, as it is planned.
    fn plan_answered(&self, n: u32) -> Option<i64> {
        match self.plan.life(n).care {
            Care::Answered(at) | Care::Asked { answered: at, .. } => Some(at),
            Care::Nothing => None,
        }
    }

    /// Each step up the ladder comes in time, and somebody hears of it.
    fn told(&mut self, id: &CaseId, events: &[Event]) {
        for (place, event) in events.iter().enumerate() {
            let Fact::Escalated { due_at, step, .. } = &event.fact else { continue };
            self.tally.escalated += 1;
            let (at, due) = (event.at.unix(), due_at.unix());
            let in_time = self.in_time(due);
            self.tally.latest_step = self.tally.latest_step.max(at - in_time + IN_TIME);
            self.check(at <= in_time, || format!("{id}: step {step}, due at {due}, came at {at}"));
            let same = || events[place..].iter().take_while(|one| one.at == event.at);
            let written = |one: &Event| matches!(&one.fact, Fact::Written { about, .. } if *about == Some(event.seq));
            let letters = same().filter(|one| written(one)).count();
            let gathered = same().any(|one| matches!(one.fact, Fact::Gathered { .. }));
            self.tally.gathered += u32::from(gathered);
            self.check(letters > 0 || gathered, || format!("{id}: nobody hears of step {step}"));
            for one in same().filter(|one| written(one)) {
                if let Fact::Written { letter, .. } = &one.fact {
                    self.leaves(letter, at, events);
                }
            }
        }
    }

    /// A letter is with the relay within the minute, unless the relay takes none.
    fn leaves(&mut self, letter: &LetterId, written: i64, events: &[Event]) {
        use TroubleKind::{Clock, Down, Relay};
        let first = self.lines.get(letter).and_then(|lines| lines.first()).map(|line| line.at);
        let withdrawn = events
            .iter()
            .any(|event| matches!(&event.fact, Fact::Withdrawn { letter: one } if one == letter));
        let until = first.unwrap_or(written + IN_TIME);
        if until - written <= IN_TIME && first.is_some() {
            self.tally.latest_letter = self.tally.latest_letter.max(until - written);
            return;
        }
        let excused = self.excuse(&[Down, Relay, Clock], written - TRACES, until) || withdrawn;
        self.check(excused, || format!("{letter} was written at {written}, tried at {first:?}"));
    }

    /// Every mail has its one decision.
    fn mails(&mut self) {
        let plan = self.plan;
        for n in 0..plan.size.mails {
            let life = plan.life(n);
            let id = format!("<{}>", mails::id(n));
            let case = self.opened.get(&n).cloned();
            match life.fate {
                Fate::Opens(_) => {
                    self.check(case.is_some(), || format!("mail {n} opened no case"));
                    let mut more = Vec::new();
                    let host = mails::host(n);
                    more.extend(
                        self.plan_answered(n).map(|at| (at, format!("<a{n}@project.example>"))),
                    );
                    if let Care::Asked { wrote, .. } = life.care {
                        more.push((wrote, format!("<more{n}@{host}>")));
                    }
                    more.extend(life.thanks.map(|(at, _)| (at, format!("<thanks{n}@{host}>"))));
                    for (_, own) in more.into_iter().filter(|(at, _)| *at < plan.end() - IN_TIME) {
                        self.is_on(&own, case.as_ref());
                    }
                }
                Fate::Joins(of) => {
                    let of = self.opened.get(&of).cloned();
                    self.is_on(&id, of.as_ref());
                }
                Fate::Machine => self.is_on(&id, None),
            }
        }
    }

    fn is_on(&mut self, id: &str, case: Option<&CaseId>) {
        let found = self.recorded.get(id).cloned().unwrap_or_default();
        self.check(found == [case.cloned()], || format!("{id} is on {found:?}, and not {case:?}"));
    }

    /// No letter leaves twice without need, and what leaves twice is the same letter.
    fn letters(&mut self, cases: &BTreeMap<CaseId, Vec<Event>>) {
        let events = || cases.values().flatten();
        let sent: BTreeSet<&LetterId> = events()
            .filter_map(|event| match &event.fact {
                Fact::Sent { letter, .. } => Some(letter),
                _ => None,
            })
            .collect();
        // A notice that a person makes needless on its way is not asked after.
        let needless = |event: &&Event| matches!(&event.fact, Fact::Withdrawn { letter } if letter.as_notice().is_some());
        let needless: BTreeSet<&LetterId> =
            events().filter(needless).filter_map(|event| event.fact.sent_or_withdrawn()).collect();
        let (mut wrong, mut twice) = (Vec::new(), 0);
        let reporters: BTreeSet<String> = self.opened.keys().map(|n| mails::reporter(*n)).collect();
        for (letter, lines) in &self.lines {
            let count = |kind: Kind| lines.iter().filter(|line| line.kind == kind).count();
            let (took, doubts) = (count(Kind::Took), count(Kind::Doubt));
            twice += u32::from(took > 1);
            if took > 1 + doubts {
                wrong.push(format!("{letter} left {took} times, {doubts} times in doubt"));
            }
            let told: BTreeSet<(&str, u64, &str)> = lines
                .iter()
                .filter(|line| line.kind != Kind::Doubt && line.message_id != "-")
                .map(|line| (line.message_id.as_str(), line.text, line.to.as_str()))
                .collect();
            if told.len() > 1 {
                wrong.push(format!("{letter} was not the same letter each time"));
            }
            for (.., to) in told {
                let team = to.ends_with("@project.example") || to == "cert@foundation.example";
                if !team && !reporters.contains(to) {
                    wrong.push(format!("{letter} went to {to}, whom nobody owes a letter"));
                }
            }
            let known = sent.contains(letter) || needless.contains(letter);
            if letter.case().is_some() && took > 0 && doubts == 0 && !known {
                wrong.push(format!("{letter} left, and the log does not say so"));
            }
        }
        // After a start, the answer of a person to the same mail is trace enough.
        let answered = |case: &CaseId| {
            let is_answer = |event: &Event| matches!(event.fact, Fact::Answered { .. });
            cases.get(case).is_some_and(|events| events.iter().any(is_answer))
        };
        for letter in sent {
            let lines = self.lines.get(letter);
            let trace = letter.0.ends_with("/acknowledgement")
                && letter.case().as_ref().is_some_and(answered);
            if lines.is_none_or(|lines| lines.iter().all(|line| line.kind != Kind::Took)) && !trace
            {
                wrong.push(format!("{letter} is said to have left, and has not"));
            }
        }
        self.tally.twice = twice;
        self.wrong.append(&mut wrong);
    }
}

/// The store stays small, and memory does not grow once cases are closed as they come.
fn growth(plan: Plan, looks: &[Look]) -> Vec<String> {
    let mut wrong = Vec::new();
    for look in looks.iter().filter(|look| look.payload >= LARGE) {
        if look.ratio() > MOST_TIMES {
            let hour = (look.at - START) / HOUR;
            wrong.push(format!("hour {hour}: the store is {:.2} times its payload", look.ratio()));
        }
    }
    let later: Vec<u64> = looks
        .iter()
        .filter(|look| look.at >= START + plan.size.warm_up)
        .map(|look| look.resident)
        .collect();
    let (Some(first), Some(most)) = (later.first(), later.iter().max()) else { return wrong };
    let percent = (most - first) * 100 / first;
    println!("memory grew by {percent} % at most after the warm-up");
    if plan.size.mails >= ENOUGH && !plan.crashes && percent > MOST_PERCENT {
        wrong.push(format!("memory grew by {percent} %, from {first} to {most} kB"));
    }
    wrong
}

/// Of a small store, the pieces of its log are most of what is measured.
const LARGE: u64 = 4_000_000;
const MOST_TIMES: f64 = 2.5;
const MOST_PERCENT: u64 = 10;
/// With fewer mails, the size of the program's buffers is most of what is measured.
const ENOUGH: u32 = 5_000;
