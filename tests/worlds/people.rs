//! What people and machines do in a world: drawn by lot, some of it as an answer to what we do.

use watchpost::desk::command::Said;
use watchpost::desk::event::{Event, Fact};
use watchpost::desk::ids::CaseId;
use watchpost::desk::letter::{LetterId, LetterKind, Notice};
use watchpost::desk::message::ReturnPath;
use watchpost::desk::policy::Promise;
use watchpost::desk::time::Moment;
use watchpost::desk::verdict::Kind;

use crate::hourglass::{DAY, HOUR};
use crate::post::{Means, Post};
use crate::rules::{US, mailbox};
use crate::world::{Happening, Relay, World};

/// How somebody who reports is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Temper {
    Patient,
    /// Writes again and again.
    Chatty,
    /// Has a machine that answers, and says so.
    Away,
    /// Has a machine that does not say so, and quotes our letter.
    Sly,
    /// A ticket system: each of our letters makes a new ticket.
    Robot,
    /// The address does not exist: letters come back.
    Dead,
}

impl World {
    /// Everybody who will write by themselves.
    pub(super) fn people(&mut self) {
        for n in 0..self.chance.number(2, 5) {
            let temper = self.chance.one(&[
                Temper::Patient,
                Temper::Patient,
                Temper::Patient,
                Temper::Patient,
                Temper::Patient,
                Temper::Patient,
                Temper::Chatty,
                Temper::Chatty,
                Temper::Away,
                Temper::Sly,
                Temper::Dead,
                Temper::Away,
                Temper::Sly,
                Temper::Robot,
                Temper::Dead,
            ]);
            let from = format!("r{n}@d{n}.example");
            self.tempers.insert(from.clone(), temper);
            let many = self.chance.one(&[1, 1, 1, 2, 5]);
            let first = self.chance.number(self.start, self.end - 20 * DAY);
            let authentic = self.chance.percent(80);
            for _ in 0..many {
                let at = first + self.chance.number(0, 40 * HOUR);
                self.report(&from, at, authentic);
            }
        }
        for _ in 0..self.chance.number(0, 3) {
            self.nuisance();
        }
        for _ in 0..self.chance.number(0, 3) {
            let at = self.chance.number(self.start, self.end);
            let relay = self.chance.one(&[
                Relay::Busy,
                Relay::Gone,
                Relay::Refusing,
                Relay::Silent,
                Relay::Silent,
            ]);
            let until = at + self.chance.number(1, 60) * HOUR;
            self.plan(at, Happening::Relay(relay));
            self.plan(until, Happening::Relay(Relay::Fine));
        }
        if self.chance.percent(25) {
            // Nobody mends it for long: promises are missed before their letters can leave.
            let at = self.chance.number(self.start, self.end);
            let relay = self.chance.one(&[Relay::Busy, Relay::Gone, Relay::Refusing]);
            let until = at + self.chance.number(3, 30) * DAY;
            self.plan(at, Happening::Relay(relay));
            self.plan(until, Happening::Relay(Relay::Fine));
        }
    }

    fn report(&mut self, from: &str, at: i64, authentic: bool) {
        let n = self.number();
        let id = format!("m{n}@{}", from.rsplit('@').next().unwrap());
        let mut post =
            Post::new(from, &id, &format!("Hole {n}"), at, Means::Report { held: false });
        if self.chance.percent(15) {
            post = post.kind(self.chance.one(&[Kind::LinkOnly, Kind::AttachmentOnly, Kind::Empty]));
        }
        self.post(if authentic { post } else { post.unproven() });
    }

    /// Mail that no machine may answer.
    fn nuisance(&mut self) {
        let (n, at) = (self.number(), self.chance.number(self.start, self.end - 5 * DAY));
        let from = format!("n{n}@e{n}.example");
        let post = |from: &str, held| {
            let id = format!("m{n}@e{n}.example");
            Post::new(from, &id, &format!("Noise {n}"), at, Means::Report { held })
        };
        let other = self.chance.one(&self.mails.iter().cloned().collect::<Vec<_>>());
        let mut two = post(&from, true);
        two.message.from.push(mailbox("second@e.example"));
        let mut null = post(&from, true);
        null.message.return_path = Some(ReturnPath::Null);
        let post = match self.chance.number(0, 8) {
            0 => post(&from, true).with("list-id", "<dev.e.example>"),
            1 => post(&from, true).with("precedence", "bulk"),
            2 => null,
            3 => post(US, true).unproven(),
            4 => two,
            5 => post(&from, true).disowned(),
            6 => post(&from, true).kind(Kind::SpamOrJunk),
            // Somebody quotes a mail of others; where that is not known yet, it is a report.
            7 => post(&from, false).answering(&other),
            _ => Post { means: Means::Nothing, ..post(&from, false).automatic() },
        };
        self.post(post);
    }

    /// What follows from what was just recorded.
    pub(super) fn react(&mut self, events: &[Event]) {
        for event in events {
            let Some(id) = event.case.clone() else { continue };
            match &event.fact {
                Fact::Opened(_) => self.take_care(&id),
                Fact::Sent { letter, .. } => self.letter_arrived(&id, letter),
                Fact::Waiting { .. } if self.chance.percent(70) => {
                    let at = self.now + self.chance.number(60, 30 * DAY);
                    self.more(&id, at);
                }
                Fact::Closed { .. } if self.chance.percent(35) => {
                    let at = self.now + self.chance.number(60, 30 * DAY);
                    if self.chance.percent(50) {
                        self.more(&id, at);
                    } else {
                        self.say(at, &id, Said::Reopen);
                    }
                }
                _ => {}
            }
        }
    }

    /// How the team and the reporter will deal with a new case.
    fn take_care(&mut self, id: &CaseId) {
        let owed = self.oracle.case(id).clone();
        let due = owed.response_due(&self.rules).unwrap_or(self.now + 2 * DAY);
        let soon = self.now.max(due - DAY);
        let answer = match self.chance.number(0, 11) {
            0 | 1 => Some(due),
            2 => Some(due + 1),
            3 => Some(self.now),
            4 | 5 => Some(self.chance.number(self.now.min(due), due.max(self.now))),
            6 | 7 => Some(due + self.chance.number(1, 12 * DAY)),
            8 => {
                self.answer(id, soon, 3);
                None
            }
            9 => {
                self.say(soon, id, Said::NeedInfo);
                Some(soon + self.chance.number(0, 20 * DAY))
            }
            _ => None,
        };
        if let Some(at) = answer {
            self.answer(id, at, 40);
        }
        for _ in 0..self.chance.number(0, 7) {
            let at = self.now + self.chance.number(60, 50 * DAY);
            self.anything(id, at);
        }
        let chatty = self.tempers.get(&owed.reporter) == Some(&Temper::Chatty);
        for _ in 0..if chatty { self.chance.number(1, 5) } else { self.chance.number(0, 1) } {
            let at = self.now + self.chance.number(60, 30 * DAY);
            self.more(id, at);
        }
        if self.chance.percent(60) {
            let at = self.now + self.chance.number(5 * DAY, 60 * DAY);
            self.say(at, id, Said::Close);
        }
    }

    fn anything(&mut self, id: &CaseId, at: i64) {
        let further: Vec<Promise> = self.rules.further.iter().map(|one| one.promise).collect();
        let met = further.first().copied().unwrap_or(Promise::named("other").unwrap());
        let until = Moment::from_unix(at + self.chance.number(-2 * DAY, 30 * DAY));
        match self.chance.number(0, 11) {
            0 | 1 => self.answer(id, at, 40),
            2 => self.say(at, id, Said::NeedInfo),
            3 => self.say(at, id, Said::Responded),
            4 => self.say(at, id, Said::Embargo { until }),
            5 => self.say(at, id, Said::Announced),
            6 => self.say(at, id, Said::Met { promise: met }),
            7 => self.say(at, id, Said::Mark { word: "exploited".into() }),
            8 => self.say(at, id, Said::Release),
            9 => self.claim(id, at),
            10 => self.fresh(id, at),
            _ => self.say(at, id, Said::Close),
        }
    }

    /// A person of the team answers: seen among the sent mail, by Cc, or both.
    fn answer(&mut self, id: &CaseId, at: i64, words: usize) {
        let (mail, reporter) = (self.first_mail(id), self.oracle.case(id).reporter.clone());
        if reporter.is_empty() {
            return;
        }
        let (n, who) = (self.number(), self.somebody());
        let own = format!("a{n}@team.example");
        let post = |from: &str, means| {
            let mut post = Post::new(from, &own, "Re: your report", at, means);
            post.message.cc = vec![mailbox(US)];
            post.words = words;
            post.to(&reporter).answering(&mail).kind(Kind::Other)
        };
        let sent = post(US, Means::Answer(id.clone())).sent();
        let copy = post(&who, Means::Answer(id.clone()));
        match self.chance.number(0, 2) {
            0 => self.post(sent),
            1 => self.post(copy),
            _ => {
                self.post_at(at, sent);
                self.post_at(at + 1, Post { means: Means::Nothing, ..copy });
            }
        }
    }

    /// Somebody says that they are of the team, or talks inside it.
    fn claim(&mut self, id: &CaseId, at: i64) {
        let (mail, reporter) = (self.first_mail(id), self.oracle.case(id).reporter.clone());
        if reporter.is_empty() {
            return;
        }
        let (n, who) = (self.number(), self.somebody());
        let means = Means::Talk(id.clone());
        let post = Post::new(&who, &format!("t{n}@team.example"), "Re: it", at, means)
            .answering(&mail)
            .kind(Kind::Other);
        let post = match self.chance.number(0, 3) {
            0 => post.to(&reporter).unproven(),
            1 => post.to(&reporter).disowned(),
            2 => post.to(&reporter).automatic(),
            _ => post,
        };
        self.post(post);
    }

    /// A person of the team writes to a reporter, and names no case.
    fn fresh(&mut self, id: &CaseId, at: i64) {
        let reporter = self.oracle.case(id).reporter.clone();
        if reporter.is_empty() {
            return;
        }
        let n = self.number();
        let own = format!("f{n}@team.example");
        let post = Post::new(US, &own, &format!("News {n}"), at, Means::Fresh(reporter.clone()));
        self.post(post.to(&reporter).kind(Kind::Other).sent());
    }

    /// The reporter writes again.
    fn more(&mut self, id: &CaseId, at: i64) {
        let (mail, owed) = (self.first_mail(id), self.oracle.case(id).clone());
        if owed.held {
            return;
        }
        let n = self.number();
        let own = format!("m{n}@{}", owed.reporter.rsplit('@').next().unwrap());
        let kind = self.chance.one(&[Kind::Other, Kind::Complete, Kind::LinkOnly]);
        let means = Means::More(id.clone());
        let mut post = Post::new(&owed.reporter, &own, "Re: Hole", at, means).kind(kind);
        if self.chance.percent(10) {
            post = post.answering("never-seen@elsewhere.example");
        }
        self.post(post.answering(&mail));
    }

    /// What a letter of ours brings about.
    fn letter_arrived(&mut self, id: &CaseId, letter: &LetterId) {
        match letter.as_notice() {
            Some(Notice::Escalation) if self.chance.percent(12) => {
                let at = self.now + self.chance.number(1, 3 * DAY);
                match self.chance.number(0, 3) {
                    0 => self.say(at, id, Said::Close),
                    1 => self.say(at, id, Said::Responded),
                    _ => self.answer(id, at, 40),
                }
            }
            Some(notice) if notice != Notice::Gathered && self.chance.percent(4) => {
                // A member is away.
                let (n, who) = (self.number(), self.somebody());
                let about = self.letters[letter].message_id.as_str().to_owned();
                let (at, means) = (self.now + 60, Means::Talk(id.clone()));
                let note = Post::new(&who, &format!("o{n}@team.example"), "Away", at, means);
                self.post(note.answering(&about).automatic());
            }
            Some(_) => {}
            None => self.letter_to_reporter(id, letter),
        }
    }

    fn letter_to_reporter(&mut self, id: &CaseId, letter: &LetterId) {
        let written = self.letters[letter].clone();
        if written.cases.first() != Some(id) {
            return;
        }
        let to = written.to.clone();
        let (n, about) = (self.number(), written.message_id.as_str().to_owned());
        let own = format!("m{n}@{}", to.rsplit('@').next().unwrap());
        let at = self.now + self.chance.number(1, 3 * HOUR);
        // What answers a letter about several cases belongs to none of them by itself.
        let several = written.cases.len() > 1;
        let note = |means| Post::new(&to, &own, "Re: your report", at, means).kind(Kind::Other);
        match self.tempers.get(&to).copied().unwrap_or(self.robot(&to)) {
            Temper::Away => {
                let means = if several { Means::Nothing } else { Means::Machine(id.clone()) };
                self.post(note(means).answering(&about).automatic());
            }
            Temper::Sly => {
                let held = Means::Report { held: true };
                let means = if several { held } else { Means::More(id.clone()) };
                self.post(note(means).answering(&about));
            }
            Temper::Robot => {
                let domain = to.rsplit('@').next().unwrap();
                let (from, subject) = (format!("ticket+{n}@{domain}"), format!("Ticket {n}"));
                let means = Means::Report { held: false };
                self.post_at(at, Post::new(&from, &own, &subject, at, means));
            }
            Temper::Dead => {
                let failed = self.chance.percent(85);
                let means = Means::Bounce { letter: letter.clone(), failed };
                let daemon = format!("mailer-daemon@{}", to.rsplit('@').next().unwrap());
                let at = self.now + self.chance.number(1, 30 * HOUR);
                let post = Post::new(&daemon, &own, "Undelivered", at, means);
                self.post(post.bounce(&written.message_id, failed));
            }
            Temper::Patient | Temper::Chatty => {}
        }
        let asks = matches!(written.kind, LetterKind::AskedAgain | LetterKind::AskResend);
        if asks && self.chance.percent(50) {
            let at = self.now + self.chance.number(60, 10 * DAY);
            self.more(id, at);
        }
    }

    fn robot(&self, to: &str) -> Temper {
        let domain = to.rsplit('@').next().unwrap();
        let owner = self.tempers.iter().find(|(from, _)| from.ends_with(&format!("@{domain}")));
        owner.map_or(Temper::Patient, |(_, temper)| *temper)
    }

    fn somebody(&mut self) -> String {
        let people: Vec<&str> = self.rules.people().collect();
        format!("{}@team.example", self.chance.one(&people))
    }

    fn first_mail(&self, id: &CaseId) -> String {
        self.firsts[id].clone()
    }
}
