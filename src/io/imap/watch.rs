//! The watcher of one folder: connect, read what is new, wait, for ever.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::again::{answered, answers};
use super::backoff::{Backoff, Truce, with_chance};
use super::claiming::Claiming;
use super::doubt::Doubt;
use super::errands::Errands;
use super::error::{Error, Stop};
use super::filing::file;
use super::handover::heard;
use super::login;
use super::looking::look;
use super::reader::{catch_up, read_again};
use super::session::{Access, Mailbox, Session};
use super::special;
use super::talk::{Filed, FromFolder, ToFolder, Watch};
use crate::desk::folder::{Cursor, Keyword, Role};
use crate::desk::letter::LetterId;
use crate::desk::message::MessageId;

/// Servers end an IDLE after 29 minutes (RFC 2177), middleboxes sooner.
const LONGEST_WAIT: Duration = Duration::from_mins(25);
/// A poll interval of nothing would be a storm.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// Where there is no such folder, it is looked for again after so long.
const REST: Duration = Duration::from_mins(15);
/// A connection that lasted so long was in order, whatever ended it.
const IN_ORDER: Duration = Duration::from_secs(30);
/// News of mail that is not there is followed at first after so long…
const IN_VAIN: Duration = Duration::from_secs(1);
/// … and at most after 2 to the power of this many times as long.
const MOST_IN_VAIN: u32 = 6;
/// The pause between connections that are lost over some mails only, and fewer of them each time.
const NARROWING: Duration = Duration::from_millis(250);

/// Watches one folder until either channel's other end is gone. Dropping the future is safe at any
/// time: what the loop has not made durable is read again.
pub async fn watch(job: Watch, tell: mpsc::Sender<FromFolder>, told: mpsc::Receiver<ToFolder>) {
    let errands = Errands::default();
    let mut watcher = Watcher {
        job: &job,
        tell: &tell,
        errands: &errands,
        doubt: Doubt::default(),
        backoff: Backoff::default(),
        caught_up: None,
        read_upto: 0,
        told_upto: None,
        marks: Truce::default(),
        searches: Truce::default(),
        told_unmarked: false,
    };
    tokio::select! {
        () = errands.collect(told) => {}
        () = tell.closed() => {}
        () = watcher.run() => {}
    }
}

struct Watcher<'a> {
    job: &'a Watch,
    tell: &'a mpsc::Sender<FromFolder>,
    errands: &'a Errands,
    doubt: Doubt,
    backoff: Backoff,
    /// When this connection had first read everything.
    caught_up: Option<Instant>,
    /// Up to this UID all mail is with the loop.
    read_upto: u32,
    /// What the loop last heard of that, on this connection.
    told_upto: Option<u32>,
    marks: Truce,
    /// For answers that came before what they answer.
    searches: Truce,
    /// Said once that this folder takes no marks.
    told_unmarked: bool,
}

impl Watcher<'_> {
    async fn run(&mut self) {
        loop {
            let connection = AssertUnwindSafe(self.connection()).catch_unwind().await;
            let connection = connection.unwrap_or(Err(Stop::Failed(Error::Defect)));
            let Err(Stop::Failed(error)) = connection else { return };
            if let Error::Absent(why) = &error {
                if self.rest(why.to_string()).await.is_err() {
                    return;
                }
                continue;
            }
            let retry_in = self.retry_in(&error);
            let until = Instant::now() + retry_in;
            let trouble = FromFolder::Trouble {
                folder: self.job.folder.clone(),
                error: error.to_string(),
                login_refused: error.is_login(),
                retry_in,
            };
            if self.say(trouble).await.is_err() {
                return;
            }
            sleep_until(until).await;
        }
    }

    /// There is nothing to watch now, and that is no trouble.
    async fn rest(&mut self, why: String) -> Result<(), Stop> {
        let until = Instant::now() + with_chance(REST);
        self.backoff = Backoff::default();
        let folder = self.job.folder.clone();
        self.say(FromFolder::Resting { folder, why: why.clone() }).await?;
        loop {
            while let Some(sheet) = self.errands.sheets.take() {
                self.say_filed(sheet.letter, Filed::Refused(why.clone())).await?;
            }
            tokio::select! {
                () = sleep_until(until) => return Ok(()),
                () = self.errands.sheets.come() => {}
            }
        }
    }

    /// How long until the next connection. The wait starts anew only after a connection that was of
    /// use: a server that takes each login and drops it soon after gets no storm of them.
    fn retry_in(&mut self, error: &Error) -> Duration {
        let lasted = self.caught_up.is_some_and(|since| since.elapsed() >= IN_ORDER);
        if lasted || self.doubt.has_progress() {
            self.backoff = Backoff::default();
        }
        if self.doubt.is_narrowing() {
            return with_chance(NARROWING);
        }
        self.backoff.next(error.is_login())
    }

    /// One connection, from its greeting to its loss.
    async fn connection(&mut self) -> Result<(), Stop> {
        (self.caught_up, self.told_upto) = (None, None);
        self.doubt.connected();
        // The loop does not wait for the last connection's answers.
        self.errands.claims.forget();
        let Watch { folder, account, password, gate, .. } = self.job;
        let mut session = login::open(account, password, gate).await?;
        let opened = special::open(&mut session, folder, &account.folders, Access::Select).await;
        let mailbox = match opened {
            Err(error @ Error::Absent(_)) => {
                // A server that ends without its good-bye changes nothing.
                let _ = session.logout().await;
                return Err(error.into());
            }
            opened => opened?,
        };
        let mut last = self.cursor(&mut session, &mailbox).await?;
        let mut next = mailbox.uid_next;
        // What the loop has is read again only where the server was set back.
        let again = last < std::mem::replace(&mut self.read_upto, last);
        self.doubt.about(mailbox.uid_validity, next, again);
        let mut idles = session.can("IDLE");
        let (mut news, mut in_vain) = (false, 0);
        loop {
            let before = last;
            last = catch_up(
                &mut session,
                &mailbox,
                self.job,
                self.tell,
                &mut self.doubt,
                &self.errands.claims,
                (last, next),
            )
            .await?;
            next = last;
            self.read_upto = last;
            self.caught_up.get_or_insert_with(Instant::now);
            // Or a server that announces mail and has none would keep both of us busy.
            in_vain = if news && last == before { in_vain + 1 } else { 0 };
            if in_vain > 0 {
                sleep(IN_VAIN * 2_u32.pow((in_vain - 1).min(MOST_IN_VAIN))).await;
            }
            news = self.wait(&mut session, &mailbox, &mut idles).await? == Woken::News;
        }
    }

    /// Hears how far the folder has been read, and looks whether that is still about the same mails.
    async fn cursor(&self, session: &mut Session, mailbox: &Mailbox) -> Result<u32, Stop> {
        let cursor = self.opened(mailbox, false).await?;
        let Some(seen) = cursor.seen else { return Ok(cursor.last_uid) };
        let arrived = match session.arrived(seen.uid).await {
            Err(Error::Refused { .. } | Error::Misunderstood { .. }) => None,
            arrived => arrived?,
        };
        // Where it is gone, nobody can tell.
        if arrived.is_none_or(|arrived| arrived == seen.arrived) {
            return Ok(cursor.last_uid);
        }
        Ok(self.opened(mailbox, true).await?.last_uid)
    }

    /// Tells that the folder is open, and hears how far it has been read.
    async fn opened(&self, mailbox: &Mailbox, set_back: bool) -> Result<Cursor, Stop> {
        let (reply, answer) = oneshot::channel();
        self.say(FromFolder::Selected {
            folder: self.job.folder.clone(),
            uid_validity: mailbox.uid_validity,
            uid_next: mailbox.uid_next,
            counts: mailbox.counts,
            set_back,
            reply,
        })
        .await?;
        let cursor: Cursor = heard(self.tell, answer).await?;
        if cursor.uid_validity != mailbox.uid_validity {
            return Err(Stop::Failed(Error::NotTaken));
        }
        Ok(cursor)
    }

    /// Waits until it is time to look again, setting marks as they come; tells whether for news.
    async fn wait(
        &mut self,
        session: &mut Session,
        mailbox: &Mailbox,
        idles: &mut bool,
    ) -> Result<Woken, Stop> {
        let until = Instant::now() + self.job.account.poll.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        let (claims, watch, tell) = (&self.errands.claims, self.job, self.tell);
        let claiming = Claiming { claims, mailbox, watch, tell };
        loop {
            claiming.serve(session).await?;
            self.look_for_letters(session, mailbox).await?;
            self.set_marks(session, mailbox).await?;
            self.file_sheets(session, mailbox).await?;
            self.look_again(session, mailbox).await?;
            // Mail that came after the search began is news already, and IDLE may not repeat it.
            if session.has_news() {
                return Ok(Woken::News);
            }
            *idles = *idles && session.idle().await?;
            // A poll that finds nothing wakes nobody.
            if self.told_upto.replace(self.read_upto) != Some(self.read_upto) {
                let folder = self.job.folder.clone();
                self.say(FromFolder::Watching { folder, idle: *idles }).await?;
            }
            let woken = self.pause(session, *idles, until).await?;
            session.idle_end().await?;
            match woken {
                Woken::Errand => {}
                Woken::Over => *idles = false,
                Woken::News => return Ok(woken),
                Woken::Time => {
                    session.noop().await?;
                    return Ok(woken);
                }
            }
        }
    }

    async fn pause(
        &self,
        session: &mut Session,
        idles: bool,
        until: Instant,
    ) -> Result<Woken, Error> {
        let news =
            async { if idles { session.idle_news().await } else { std::future::pending().await } };
        tokio::select! {
            result = news => {
                result.map(|()| if session.has_news() { Woken::News } else { Woken::Over })
            }
            () = sleep_until(until) => Ok(Woken::Time),
            () = self.errands.come() => Ok(Woken::Errand),
        }
    }

    async fn set_marks(&mut self, session: &mut Session, mailbox: &Mailbox) -> Result<(), Stop> {
        while let Some((keyword, mut uids)) = self.errands.marks.take(mailbox.uid_validity) {
            // Another mail may have its UID next, on a server that was set back.
            uids.retain(|uid| *uid <= self.read_upto);
            if uids.is_empty() {
                continue;
            }
            if !mailbox.takes_marks() {
                if !std::mem::replace(&mut self.told_unmarked, true) {
                    tracing::info!(
                        "{} keeps no keywords: no mail in it is marked",
                        self.job.folder.name
                    );
                }
                continue;
            }
            if self.marks.holds() {
                continue;
            }
            match session.store(&uids, keyword).await {
                Ok(()) => self.marks.went_well(),
                Err(error @ (Error::Refused { .. } | Error::Misunderstood { .. })) => {
                    tracing::info!("{} marks are not set: {error}", uids.len());
                }
                Err(error) => {
                    self.keep_marks(mailbox.uid_validity, keyword, uids);
                    return Err(Stop::Failed(error));
                }
            }
        }
        Ok(())
    }

    fn keep_marks(&mut self, uid_validity: u32, keyword: Keyword, uids: Vec<u32>) {
        if self.marks.lost() {
            tracing::warn!(
                "no mail in {} is marked for an hour: each try cost the connection",
                self.job.folder.name
            );
        } else {
            self.errands.marks.add(uid_validity, keyword, uids);
        }
    }

    /// A letter over which the connection is lost is forgotten: the loop asks again.
    async fn file_sheets(&mut self, session: &mut Session, mailbox: &Mailbox) -> Result<(), Stop> {
        while let Some(sheet) = self.errands.sheets.take() {
            let filed = if self.job.folder.role == Role::Sent {
                file(session, mailbox, &sheet).await
            } else {
                Ok(Filed::Refused("this folder is not for sent mail".to_owned()))
            };
            match filed {
                Ok(how) => self.say_filed(sheet.letter, how).await?,
                // It may have taken the letter for commands: nothing more is said to it.
                Err(error @ Error::Misunderstood { .. }) => {
                    self.say_filed(sheet.letter, Filed::Refused(error.to_string())).await?;
                    return Err(Stop::Failed(error));
                }
                Err(error) => return Err(Stop::Failed(error)),
            }
        }
        Ok(())
    }

    /// What is lost with the connection is asked for again by the loop, with each connection: a server
    /// that needs too long to search would be asked for ever.
    async fn look_again(&mut self, session: &mut Session, mailbox: &Mailbox) -> Result<(), Stop> {
        loop {
            let mails = self.errands.again.take_some();
            if mails.is_empty() {
                return Ok(());
            }
            if self.searches.holds() {
                continue;
            }
            match self.look_for_answers(session, mailbox, mails).await {
                // What the loop could not take was no fault of the search.
                Err(Stop::Failed(error)) if !matches!(error, Error::NotTaken) => {
                    if self.searches.lost() {
                        tracing::warn!(
                            "nothing in {} is looked for that answered a mail before it came, for an \
                             hour: each try cost the connection",
                            self.job.folder.name
                        );
                    }
                    return Err(Stop::Failed(error));
                }
                searched => searched?,
            }
            self.searches.went_well();
        }
    }

    async fn look_for_answers(
        &self,
        session: &mut Session,
        mailbox: &Mailbox,
        mails: Vec<MessageId>,
    ) -> Result<(), Stop> {
        for mail in answered(session, mails, self.read_upto).await? {
            let uids = answers(session, &mail, self.read_upto).await?;
            if !uids.is_empty() {
                let (job, tell, claims) = (self.job, self.tell, &self.errands.claims);
                read_again(session, mailbox, job, tell, claims, &uids, self.read_upto).await?;
            }
        }
        Ok(())
    }

    /// First of all errands: letters wait for the answer.
    async fn look_for_letters(
        &mut self,
        session: &mut Session,
        mailbox: &Mailbox,
    ) -> Result<(), Stop> {
        loop {
            let traces = self.errands.looks.take_some();
            if traces.is_empty() {
                return Ok(());
            }
            let (folder, letters) =
                (self.job.folder.clone(), look(session, mailbox, traces).await?);
            self.say(FromFolder::Looked { folder, letters }).await?;
        }
    }

    async fn say_filed(&self, letter: LetterId, how: Filed) -> Result<(), Stop> {
        self.say(FromFolder::Filed { folder: self.job.folder.clone(), letter, how }).await
    }

    async fn say(&self, words: FromFolder) -> Result<(), Stop> {
        self.tell.send(words).await.map_err(|_| Stop::LoopGone)
    }
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    News,
    /// The server ended the IDLE: it may do so each time, so it is not asked again.
    Over,
    Time,
    Errand,
}
