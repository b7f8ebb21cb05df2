//! The mails and letters of a case, in order of time, with no more than one mail in memory.
//!
//! Mails come folder by folder, one connection for each, and go to a file without a name; from there
//! they are copied in their order.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::failure::Failure;
use super::mbox;
use super::progress::Progress;
use crate::config::settings::Settings;
use crate::desk::address::{Address, Mailbox};
use crate::desk::event::{Event, Fact, MailRef};
use crate::desk::folder::Folder;
use crate::desk::letter::Letter;
use crate::desk::line::one_line;
use crate::desk::mails::{mail, numbered, parted};
use crate::desk::parse::parse;
use crate::desk::time::Moment;
use crate::io::imap::{NotGiven, fetch_whole};
use crate::io::secret;
use crate::io::smtp::compose;

/// Everything that the mbox is made of.
pub(super) struct Gathered {
    spool: File,
    /// Where each entry of the mbox stands, in order of time.
    entries: Vec<(u64, u64)>,
    mails: usize,
    gone: usize,
}

impl Gathered {
    /// How many mails were asked for.
    pub(super) fn mails(&self) -> usize {
        self.mails
    }

    /// How many of them are not there.
    pub(super) fn gone(&self) -> usize {
        self.gone
    }

    /// Writes the mbox.
    pub(super) fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        for (start, length) in self.entries {
            self.spool.seek(SeekFrom::Start(start))?;
            io::copy(&mut (&mut self.spool).take(length), out)?;
        }
        Ok(())
    }
}

/// A mail that is to be fetched.
struct Asked {
    mail: MailRef,
    from: Option<Address>,
    /// Its place in the order of events.
    seq: u64,
}

/// Fetches every mail of these events, and adds the letters. `folder` has room for all of it.
pub(super) async fn gather(
    settings: &Settings,
    events: &[Event],
    letters: Vec<(Letter, (Moment, u64))>,
    folder: &Path,
) -> Result<Gathered, Failure> {
    let mut spool = Spool::make(folder).map_err(Failure::of)?;
    for (letter, place) in letters {
        let bytes = compose(&letter).map_err(Failure::of)?;
        spool.keep(place, Some(&letter.envelope_from), &bytes).map_err(Failure::of)?;
    }
    let asked = asked(events);
    let mails = asked.len();
    let mut progress = Progress::new("fetching mails", mails);
    let (mut gone, mut groups) = (0, BTreeMap::<(Folder, u32), BTreeMap<u32, Asked>>::new());
    for one in asked {
        let place = (one.mail.folder.clone(), one.mail.uid_validity);
        groups.entry(place).or_default().insert(one.mail.uid, one);
    }
    for ((folder, uid_validity), group) in groups {
        let mut broken = Ok(());
        let mut keep = |uid: u32, found: Result<Vec<u8>, NotGiven>| {
            progress.step();
            let Some(one) = group.get(&uid).filter(|_| broken.is_ok()) else { return };
            let found = found.and_then(|bytes| {
                if is_it(&one.mail, &bytes) { Ok(bytes) } else { Err(NotGiven::Renumbered) }
            });
            gone += usize::from(found.is_err());
            broken = spool.keep_mail(one, found.map_err(|why| why.to_string()));
        };
        let uids: Vec<u32> = group.keys().copied().collect();
        match settings.inboxes.iter().find(|inbox| inbox.policy.inbox == folder.inbox) {
            Some(inbox) => {
                let password = secret::reader(&inbox.imap.password);
                fetch_whole(&inbox.imap, &password, &folder, uid_validity, &uids, keep)
                    .await
                    .map_err(|error| Failure::of(format!("{folder}: {error}")))?;
            }
            None => {
                let why = || NotGiven::NoFolder("its inbox is not configured any more".into());
                for uid in uids {
                    keep(uid, Err(why()));
                }
            }
        }
        broken.map_err(Failure::of)?;
    }
    let (spool, entries) = spool.end().map_err(Failure::of)?;
    Ok(Gathered { spool, entries, mails, gone })
}

/// Whether this is the mail that was recorded. A server that was set back gives its number to another,
/// which is nothing for whoever may read of this case.
fn is_it(mail: &MailRef, bytes: &[u8]) -> bool {
    let Some(id) = &mail.message_id else { return true };
    let message = parse(bytes, true);
    // What a list wrapped is known by the mail in it.
    let inner = message.enclosed.iter().flat_map(|inner| &inner.ids);
    message.ids.iter().chain(inner).any(|one| one == id)
}

/// The mails that are on the case now: what was split off is on another.
fn asked(events: &[Event]) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    for events in events.chunk_by(|one, next| one.case == next.case) {
        for (number, event) in numbered(events) {
            let (Some(number), Some(mail)) = (number, mail(&event.fact)) else { continue };
            let from = author(&event.fact).map(|one| one.address.clone());
            let same = |one: &Asked| {
                (&one.mail.folder, one.mail.uid_validity, one.mail.uid)
                    == (&mail.folder, mail.uid_validity, mail.uid)
            };
            if parted(events, number).is_none() && !asked.iter().any(same) {
                asked.push(Asked { mail: mail.clone(), from, seq: event.seq });
            }
        }
    }
    asked
}

fn author(fact: &Fact) -> Option<&Mailbox> {
    match fact {
        Fact::Opened(opening) => opening.reporter.as_ref(),
        Fact::Joined { from: by, .. }
        | Fact::Answered { by, .. }
        | Fact::Discussed { by, .. }
        | Fact::Commanded { by, .. }
        | Fact::Vouched { by, .. } => by.as_ref(),
        _ => None,
    }
}

/// A file that nobody else can open, and that is gone with us.
struct Spool {
    out: BufWriter<File>,
    at: u64,
    entries: BTreeMap<(Moment, u64, usize), (u64, u64)>,
}

impl Spool {
    fn make(folder: &Path) -> io::Result<Spool> {
        let path = folder.join(format!(".watchpost-export-{}", std::process::id()));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path);
        let told = |error: io::Error| io::Error::other(format!("{}: {error}", path.display()));
        let file = file.map_err(told)?;
        std::fs::remove_file(&path)?;
        Ok(Spool { out: BufWriter::new(file), at: 0, entries: BTreeMap::new() })
    }

    fn keep(
        &mut self,
        (at, seq): (Moment, u64),
        from: Option<&Address>,
        bytes: &[u8],
    ) -> io::Result<()> {
        mbox::write(&mut self.out, from, at, bytes)?;
        let end = self.out.stream_position()?;
        let place = (self.at, end.saturating_sub(self.at));
        self.entries.insert((at, seq, self.entries.len()), place);
        self.at = end;
        Ok(())
    }

    fn keep_mail(&mut self, one: &Asked, found: Result<Vec<u8>, String>) -> io::Result<()> {
        let place = (one.mail.arrived, one.seq);
        match found {
            Ok(bytes) => self.keep(place, one.from.as_ref(), &bytes),
            Err(why) => self.keep(place, None, &placeholder(one, &why)),
        }
    }

    fn end(mut self) -> io::Result<(File, Vec<(u64, u64)>)> {
        self.out.flush()?;
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((file, self.entries.into_values().collect()))
    }
}

/// A mail in the place of one that cannot be had. It has no Message-ID of its own: it is none that
/// anybody sent.
fn placeholder(one: &Asked, why: &str) -> Vec<u8> {
    let MailRef { folder, uid_validity, uid, message_id, arrived, size } = &one.mail;
    let id = message_id.as_ref().map_or("none".to_owned(), ToString::to_string);
    let from = one.from.as_ref().map_or("not recorded".to_owned(), ToString::to_string);
    let short = |text: &str| one_line(text, 300);
    format!(
        "From: Watchpost <export@watchpost.invalid>\nDate: {}\nSubject: [a mail that is missing]\n\
         Auto-Submitted: auto-generated\nX-Watchpost: missing\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\
         A mail of this case stood here and could not be exported.\n\n\
         Why: {}\nFolder: {}\nUID: {uid} (UIDVALIDITY {uid_validity})\nMessage-ID: {}\n\
         From: {}\nArrived: {}\nSize: {size} bytes\n",
        arrived.rfc5322(),
        short(why),
        short(&folder.to_string()),
        short(&id),
        short(&from),
        arrived.rfc3339(),
    )
    .into_bytes()
}
