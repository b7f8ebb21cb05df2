//! The mail server: two folders, and what their tasks would do with them.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use watchpost::desk::claim::{Errand, Shown};
use watchpost::desk::folder::{Folder, Keyword, Role};
use watchpost::desk::letter::LetterId;
use watchpost::desk::message::MessageId;
use watchpost::desk::parse::parse;
use watchpost::desk::time::Moment;
use watchpost::io::imap::{Fetched, Filed, ToFolder, Trace};

use crate::mails::{self, What};
use crate::plan::{HOUR, Plan};

/// A mail in a folder.
#[derive(Clone, Copy, Debug)]
struct Lying {
    uid: u32,
    what: Held,
    arrived: i64,
    marks: [bool; 2],
}

/// Where its bytes are.
#[derive(Clone, Copy, Debug)]
enum Held {
    Planned(What, u32),
    /// In the file of what could not be planned.
    Filed(u64, u32),
}

/// Mails that hold words of letters: they are kept on the disk, so that the memory that is measured is
/// that of the daemon.
struct Cellar {
    file: File,
    end: u64,
}

impl Cellar {
    fn put(&mut self, bytes: &[u8]) -> Held {
        self.file.seek(SeekFrom::Start(self.end)).unwrap();
        self.file.write_all(bytes).unwrap();
        let held = Held::Filed(self.end, u32::try_from(bytes.len()).unwrap());
        self.end += bytes.len() as u64;
        held
    }

    fn get(&mut self, at: u64, length: u32) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        self.file.seek(SeekFrom::Start(at)).unwrap();
        self.file.read_exact(&mut bytes).unwrap();
        bytes
    }
}

/// One folder.
pub(super) struct Box {
    pub(super) folder: Folder,
    pub(super) uid_validity: u32,
    pub(super) uid_next: u32,
    /// Up to here everything was handed over; none while there is no connection.
    pub(super) read_upto: Option<u32>,
    /// When the next connection is tried, while there is none.
    pub(super) connect_at: i64,
    pub(super) errands: VecDeque<ToFolder>,
    mails: VecDeque<Lying>,
}

/// What comes of an errand.
pub(super) enum Done {
    Looked(LetterId, bool),
    Filed(LetterId, Filed),
    /// Mails that are read once more.
    Again(Vec<u32>),
    /// What mails show of who claims them.
    Claimed(u32, Vec<(u32, Option<Shown>)>),
    Nothing,
}

pub(super) struct Office {
    plan: Plan,
    cellar: Cellar,
    pub(super) inbox: Box,
    pub(super) sent: Box,
    /// Of the sent mail: by its id, and by the mail that it answers.
    by_id: BTreeMap<String, u32>,
    answers: BTreeMap<String, Vec<(u32, String)>>,
}

/// The team files and deletes what is so old.
const KEPT: i64 = 36 * HOUR;
/// A batch is at most so many mails, or so many bytes.
const BATCH: usize = 64;
const BATCH_BYTES: usize = 2 << 20;

impl Office {
    pub(super) fn new(plan: Plan, dir: &Path) -> Office {
        let options = File::options().read(true).write(true).create(true).truncate(true).clone();
        let file = options.open(dir.join("cellar")).unwrap();
        let folder = |name: &str, role| Box {
            folder: Folder { inbox: "security".into(), name: name.into(), role },
            uid_validity: 1,
            uid_next: 1,
            read_upto: None,
            connect_at: 0,
            errands: VecDeque::new(),
            mails: VecDeque::new(),
        };
        Office {
            plan,
            cellar: Cellar { file, end: 0 },
            inbox: folder("INBOX", Role::Inbox),
            sent: folder("Sent", Role::Sent),
            by_id: BTreeMap::new(),
            answers: BTreeMap::new(),
        }
    }

    pub(super) fn boxes(&mut self) -> [&mut Box; 2] {
        [&mut self.inbox, &mut self.sent]
    }

    pub(super) fn role(&mut self, role: Role) -> &mut Box {
        if role == Role::Sent { &mut self.sent } else { &mut self.inbox }
    }

    /// A planned mail arrives.
    pub(super) fn deliver(&mut self, role: Role, what: What, n: u32, now: i64) {
        let uid = self.role(role).add(Held::Planned(what, n), now);
        if role == Role::Sent {
            let (bytes, _) = mails::bytes(self.plan, what, n);
            self.index(uid, &bytes);
        }
    }

    /// A mail arrives that only this run knows.
    pub(super) fn deliver_bytes(&mut self, role: Role, bytes: &[u8], now: i64) {
        let held = self.cellar.put(bytes);
        let uid = self.role(role).add(held, now);
        if role == Role::Sent {
            self.index(uid, bytes);
        }
    }

    fn index(&mut self, uid: u32, bytes: &[u8]) {
        let message = parse(bytes, true);
        let to = message.to.first().map(ToString::to_string).unwrap_or_default();
        for id in &message.ids {
            self.by_id.insert(id.to_string(), uid);
        }
        for id in &message.in_reply_to {
            self.answers.entry(id.to_string()).or_default().push((uid, to.clone()));
        }
    }

    /// The next mails that were not handed over.
    pub(super) fn next_batch(&mut self, role: Role, after: u32) -> Vec<Fetched> {
        let mut uids = Vec::new();
        let mails = &self.role(role).mails;
        let first = mails.partition_point(|mail| mail.uid <= after);
        uids.extend(mails.range(first..).take(BATCH).map(|mail| mail.uid));
        self.fetch(role, &uids)
    }

    /// Some mails, as far as they fit into a batch.
    pub(super) fn fetch(&mut self, role: Role, uids: &[u32]) -> Vec<Fetched> {
        let (mut batch, mut all) = (Vec::new(), 0);
        for uid in uids {
            let mails = &self.role(role).mails;
            let Ok(place) = mails.binary_search_by_key(uid, |mail| mail.uid) else { continue };
            let Lying { what, arrived, marks, .. } = mails[place];
            let (bytes, size) = match what {
                Held::Planned(what, n) => mails::bytes(self.plan, what, n),
                Held::Filed(at, length) => (self.cellar.get(at, length), u64::from(length)),
            };
            all += bytes.len();
            if all > BATCH_BYTES && !batch.is_empty() {
                break;
            }
            let names = [Keyword::Seen, Keyword::Acked];
            let keywords = names.into_iter().zip(marks).filter_map(|(k, set)| set.then_some(k));
            batch.push(Fetched {
                uid: *uid,
                arrived: Some(Moment::from_unix(arrived)),
                size,
                keywords: keywords.collect(),
                claims: Vec::new(),
                gap: size > bytes.len() as u64,
                bytes,
                unreadable: None,
            });
        }
        batch
    }

    /// Does what the loop asks for.
    pub(super) fn run(&mut self, role: Role, errand: ToFolder, now: i64) -> Done {
        match errand {
            ToFolder::Mark { uids, uid_validity, keyword } => {
                self.role(role).mark(&uids, uid_validity, keyword);
                Done::Nothing
            }
            ToFolder::Claim { errand: Errand::StepBack, .. } => Done::Nothing,
            ToFolder::Claim { uids, uid_validity, own, .. } => {
                let of = self.role(role);
                let here = uid_validity == of.uid_validity;
                let shown = |uid| {
                    let mail = of.mails.iter().find(|mail| here && mail.uid == uid)?;
                    Some(Shown { answered: mail.marks[1], claims: vec![own] })
                };
                Done::Claimed(uid_validity, uids.iter().map(|uid| (*uid, shown(*uid))).collect())
            }
            ToFolder::Look { letter, trace } => {
                let found = match trace {
                    Trace::Keyword { uid, uid_validity } => {
                        let of = self.role(role);
                        uid_validity == of.uid_validity
                            && of.mails.iter().any(|mail| mail.uid == uid && mail.marks[1])
                    }
                    Trace::Sent { message_id, answers } => {
                        let answered = |(report, to): (MessageId, _)| {
                            let to: watchpost::desk::address::Address = to;
                            let all = self.answers.get(&report.to_string());
                            all.is_some_and(|all| all.iter().any(|(_, one)| *one == to.to_string()))
                        };
                        self.by_id.contains_key(&message_id.to_string())
                            || answers.is_some_and(answered)
                    }
                };
                Done::Looked(letter, found)
            }
            ToFolder::File { letter, message_id, bytes } => {
                if self.by_id.contains_key(&message_id.to_string()) {
                    return Done::Filed(letter, Filed::WasThere);
                }
                self.deliver_bytes(role, &bytes, now);
                Done::Filed(letter, Filed::Stored)
            }
            ToFolder::ReadAgain { answered } => {
                let upto = self.role(role).read_upto.unwrap_or(0);
                let uids = self.answers.get(&answered.to_string()).into_iter().flatten();
                Done::Again(uids.map(|(uid, _)| *uid).filter(|uid| *uid <= upto).take(8).collect())
            }
        }
    }

    /// All mails of a folder get new numbers.
    pub(super) fn renumber(&mut self, role: Role) {
        let of = self.role(role);
        of.uid_validity += 1;
        of.uid_next = 1;
        let mut known = BTreeMap::new();
        for mail in &mut of.mails {
            known.insert(mail.uid, of.uid_next);
            mail.uid = of.uid_next;
            of.uid_next += 1;
        }
        if role == Role::Sent {
            self.by_id.values_mut().for_each(|uid| *uid = known[uid]);
            self.answers.values_mut().flatten().for_each(|(uid, _)| *uid = known[uid]);
        }
    }

    /// The team files what was read long ago.
    pub(super) fn tidy(&mut self, now: i64) {
        for of in self.boxes() {
            let upto = of.read_upto.unwrap_or(0);
            let old = |mail: &Lying| mail.arrived + KEPT < now && mail.uid <= upto;
            while of.mails.front().is_some_and(old) {
                of.mails.pop_front();
            }
        }
        let first = self.sent.mails.front().map_or(self.sent.uid_next, |mail| mail.uid);
        self.by_id.retain(|_, uid| *uid >= first);
        self.answers.retain(|_, all| {
            all.retain(|(uid, _)| *uid >= first);
            !all.is_empty()
        });
    }
}

impl Box {
    fn add(&mut self, what: Held, arrived: i64) -> u32 {
        let uid = self.uid_next;
        self.uid_next += 1;
        self.mails.push_back(Lying { uid, what, arrived, marks: [false; 2] });
        uid
    }

    fn mark(&mut self, uids: &[u32], uid_validity: u32, keyword: Keyword) {
        if uid_validity != self.uid_validity {
            return;
        }
        for uid in uids {
            if let Ok(place) = self.mails.binary_search_by_key(uid, |mail| mail.uid) {
                self.mails[place].marks[usize::from(keyword == Keyword::Acked)] = true;
            }
        }
    }

    /// Whether something lies in it that was not handed over.
    pub(super) fn has_news(&self) -> bool {
        self.read_upto.is_some_and(|upto| upto + 1 < self.uid_next)
    }
}
