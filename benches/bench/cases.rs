//! A store with many cases, made by the desk itself: each was opened by a report, acknowledged, and
//! closed where that is wanted.

use watchpost::config;
use watchpost::desk::authentication::Authentication;
use watchpost::desk::classify::personal::Reading;
use watchpost::desk::command::{Command, Said};
use watchpost::desk::event::{Event, Fact, MailRef, Sayer};
use watchpost::desk::folder::{Folder, Role};
use watchpost::desk::intake::Incoming;
use watchpost::desk::judge::judge;
use watchpost::desk::letter::{AutoSubmitted, Letter};
use watchpost::desk::outbox::Outcome;
use watchpost::desk::parse::parse;
use watchpost::desk::record;
use watchpost::desk::table::Write;
use watchpost::desk::thread::mail_key;
use watchpost::desk::time::{Moment, Span};
use watchpost::desk::{Desk, Input};
use watchpost::io::store::Store;
use watchpost::io::wall;
use watchpost::query;

use super::corpus;
use super::world::Run;

/// So many cases go into one commit.
const GROUP: usize = 200;

/// Fills the store of a run that has watched an empty folder. The cases are of mails that the mailbox
/// never held; the last of them is a day old, of open ones an hour.
pub(crate) fn make(run: &Run<'_>, cases: usize, closed: bool) {
    let settings = config::read(&run.config()).unwrap();
    let store = Store::open(&settings.store()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let desk = || {
        let (past, keys) = runtime.block_on(query::past(&store, wall::now())).unwrap();
        Desk::open(settings.policies(), keys.unwrap(), settings.caps, past)
    };
    #[expect(clippy::disallowed_methods, reason = "deadlines of the cases lie around today")]
    let today = jiff::Timestamp::now().as_second();
    let every: u32 = if closed { 300 } else { 2 };
    // Of open ones nothing may be due: the first reminder comes after a day.
    let last = if closed { 86_400 } else { 3_600 };
    let first = today - last - i64::try_from(cases).unwrap() * i64::from(every);
    let mut maker =
        Maker { desk: desk(), now: Moment::from_unix(first), writes: Vec::new(), uid: 0 };
    for n in 0..cases {
        maker.now = maker.now + Span::seconds(every.into());
        maker.case(n, closed);
        if n % GROUP == GROUP - 1 || n + 1 == cases {
            runtime.block_on(store.commit(std::mem::take(&mut maker.writes))).unwrap();
        }
        // A desk that is opened anew has no closed case in memory.
        if n % 10_000 == 9_999 {
            maker.desk = desk();
        }
    }
    runtime.block_on(store.close());
}

struct Maker {
    desk: Desk,
    now: Moment,
    writes: Vec<Write>,
    uid: u32,
}

impl Maker {
    fn case(&mut self, n: usize, closed: bool) {
        // Numbers that no mail of a backlog has.
        let text = corpus::report(n + 10_000_000).text;
        let message = parse(&text, true);
        let key = mail_key("EXP", &message, &text);
        let policy = self.desk.policies()[0].clone();
        let judged = judge(message, &policy);
        self.uid += 1;
        let message_id = judged.message.ids.first().cloned();
        let incoming = Incoming {
            mail: MailRef {
                folder: Folder {
                    inbox: policy.inbox.clone(),
                    name: "INBOX".into(),
                    role: Role::Inbox,
                },
                uid_validity: 1,
                uid: self.uid,
                message_id,
                arrived: self.now,
                size: text.len() as u64,
            },
            message: judged.message,
            verdict: judged.verdict,
            authentication: Authentication::Pass { domain: format!("host{}.example", n % 500) },
            witness: None,
            claimed_by: None,
            reading: Reading::No,
            recorded: false,
            tied: Vec::new(),
        };
        let events = self.take(&Input::Mail(Box::new(incoming)));
        self.writes.push(record::mail(key));
        let letters = events.iter().filter_map(|event| match &event.fact {
            Fact::Written { letter, .. } => Some(letter.clone()),
            _ => None,
        });
        for letter in letters.collect::<Vec<_>>() {
            let outcome = Outcome::Accepted("250 taken".to_owned());
            self.take(&Input::Delivery { letter, outcome });
        }
        if closed {
            let case = events.iter().find_map(|event| event.case.clone()).unwrap();
            self.take(&Input::Command(Box::new(Command {
                case,
                said: Said::Close,
                by: Sayer::Operator,
                person: None,
                said_at: self.now,
                story: Vec::new(),
            })));
        }
    }

    fn take(&mut self, input: &Input) -> Vec<Event> {
        let events = self.desk.decide(self.now, input);
        for event in &events {
            self.desk.apply(event);
            if let Fact::Written { letter, to, message_id, .. } = &event.fact {
                let policy = &self.desk.policies()[0];
                self.writes.push(record::letter(&Letter {
                    id: letter.clone(),
                    inbox: policy.inbox.clone(),
                    message_id: message_id.clone(),
                    date: self.now,
                    from: policy.from.clone(),
                    to: to.clone(),
                    reply_to: None,
                    envelope_from: policy.from.address.clone(),
                    subject: "Re: your report".to_owned(),
                    in_reply_to: None,
                    references: Vec::new(),
                    auto_submitted: AutoSubmitted::AutoReplied,
                    body: "We have received your report.\n".repeat(50),
                }));
            }
            self.writes.extend(record::event(self.desk.books(), event));
        }
        events
    }
}
