//! Commands, one at a time, each with its end checked.
//!
//! After any error, and after a future dropped half way, a session is of no use: drop it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::timeout;

use super::error::Error;
use super::quoting::{quoted, uid_set};
use super::wire::{Answer, Code, Item, Said, Status, Wire};
use crate::desk::claim::{Identity, Shown};
use crate::desk::folder::Keyword;
use crate::desk::time::Moment;

/// A connection that is logged in, or is about to be.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) wire: Wire,
    /// How long one command may take, or one step of a long one.
    pub(super) limit: Duration,
    /// What the server can do, in upper case.
    pub(super) capabilities: Vec<String>,
    /// The tag of the command whose end has not been read.
    open: Option<String>,
    exists: u32,
    news: bool,
    /// The UIDVALIDITY of the folder that is open.
    validity: Option<u32>,
}

/// A selected mailbox.
#[derive(Clone, Debug)]
pub(super) struct Mailbox {
    /// As the server writes its name.
    pub name: String,
    pub uid_validity: u32,
    pub uid_next: u32,
    /// The server itself says `uid_next`: no UID from there on was ever given.
    pub counts: bool,
    pub exists: u32,
    pub read_only: bool,
    /// The flags that can be kept; none if the server did not say.
    permanent: Option<Vec<String>>,
}

/// How a mailbox is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Select,
    Examine,
}

/// A search that lists more is not taken: they would fill the memory.
const MOST_FOUND: usize = 2_000_000;
/// So many warnings of a server are told when a folder is opened.
const MOST_WARNINGS: u32 = 3;
/// More mails than this are searched in windows: the reader takes quadratic time for one line.
const SEARCH_WINDOW: u32 = 10_000;

impl Session {
    pub(super) fn new(wire: Wire, limit: Duration) -> Session {
        let capabilities = Vec::new();
        Session { wire, limit, capabilities, open: None, exists: 0, news: false, validity: None }
    }

    /// Whether the server can do something, named in upper case.
    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    /// Whether mail has come since the last search began.
    pub(super) fn has_news(&self) -> bool {
        self.news
    }

    /// Opens a mailbox, by its name as the server writes it. Only a server that says by which
    /// UIDVALIDITY can be read safely.
    pub(super) async fn open(&mut self, name: &str, access: Access) -> Result<Mailbox, Error> {
        let verb = if access == Access::Select { "SELECT" } else { "EXAMINE" };
        let word = quoted(name).ok_or(Error::Word("a folder name"))?;
        let (mut validity, mut next, mut permanent) = (None, None, None);
        (self.exists, self.news, self.validity) = (0, false, None);
        let mut warnings = 0;
        let end = self
            .run(verb, &format!("{verb} {word}"), |answer| match answer {
                Answer::Untagged(Said { code: Some(code), .. }) => match code {
                    Code::UidValidity(number) => validity = Some(number),
                    Code::UidNext(uid) => next = Some(uid),
                    Code::PermanentFlags(flags) => permanent = Some(flags),
                    _ => {}
                },
                Answer::Untagged(Said { status: Status::No, text, .. })
                    if warnings < MOST_WARNINGS =>
                {
                    warnings += 1;
                    tracing::warn!("the server warns: {text}");
                }
                _ => {}
            })
            .await?;
        let uid_validity = validity.filter(|number| *number > 0).ok_or(Error::NoUidValidity)?;
        self.validity = Some(uid_validity);
        let next = next.filter(|uid| *uid > 0);
        let uid_next = match next {
            Some(uid) => uid,
            None => self.highest_uid().await?.saturating_add(1),
        };
        let read_only = access == Access::Examine || matches!(end.code, Some(Code::ReadOnly));
        let (name, exists, counts) = (name.to_owned(), self.exists, next.is_some());
        Ok(Mailbox { name, uid_validity, uid_next, counts, exists, read_only, permanent })
    }

    /// Up to `most` of the mailboxes that are there.
    pub(super) async fn list(&mut self, most: usize) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        self.run("LIST", "LIST \"\" \"*\"", |answer| match answer {
            Answer::Listed(name, _) if names.len() < most => names.push(name),
            _ => {}
        })
        .await?;
        Ok(names)
    }

    async fn highest_uid(&mut self) -> Result<u32, Error> {
        if self.exists == 0 {
            return Ok(0);
        }
        Ok(self.search("UID *").await?.into_iter().max().unwrap_or(0))
    }

    /// UIDs above `last`, rising; `next` is the lowest UID that new mail can have.
    pub(super) async fn search_new(&mut self, last: u32, next: u32) -> Result<Vec<u32>, Error> {
        self.news = false;
        let many = self.exists.min(next.saturating_sub(last)) > SEARCH_WINDOW;
        let mut found = if many {
            self.search_windows(last).await?
        } else {
            self.search(&format!("UID {}:*", last.saturating_add(1))).await?
        };
        // `n:*` names the last mail even where that is below n (RFC 3501 section 6.4.8).
        found.retain(|uid| *uid > last);
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Windows by position, from the newest down: a mail that is expunged meanwhile only moves
    /// others into windows that are still to come. UIDs may have any gaps; positions have none.
    async fn search_windows(&mut self, last: u32) -> Result<Vec<u32>, Error> {
        let (mut found, mut high) = (Vec::new(), self.exists);
        while high > 0 {
            let low = high.saturating_sub(SEARCH_WINDOW).saturating_add(1);
            let window = self.search(&format!("{low}:{high}")).await?;
            // Positions have no gaps: there are not as many mails as it said.
            if window.is_empty() && self.exists >= high {
                return Err(Error::OutOfStep { doing: "UID SEARCH" });
            }
            let done = window.iter().any(|uid| *uid <= last);
            found.extend(window);
            if found.len() > MOST_FOUND {
                return Err(Error::TooMany(MOST_FOUND));
            }
            if done {
                break;
            }
            high = (low - 1).min(self.exists);
        }
        Ok(found)
    }

    /// Which of these UIDs exist.
    pub(super) async fn search_among(&mut self, uids: &[u32]) -> Result<Vec<u32>, Error> {
        let mut found = self.search(&format!("UID {}", uid_set(uids))).await?;
        found.retain(|uid| uids.contains(uid));
        Ok(found)
    }

    /// UIDs that fit some criteria, in any order.
    pub(super) async fn search(&mut self, criteria: &str) -> Result<Vec<u32>, Error> {
        let limit = self.limit;
        let whole = async {
            self.begin("UID SEARCH", &format!("UID SEARCH {criteria}")).await?;
            let mut found = Vec::new();
            loop {
                match self.step().await? {
                    Step::Answer(Answer::Found(uids)) => found.extend(uids),
                    Step::Answer(_) => {}
                    Step::End(said) if said.status == Status::Ok => return Ok(found),
                    Step::End(said) => return Err(refusal("UID SEARCH", said)),
                }
                if found.len() > MOST_FOUND {
                    return Err(Error::TooMany(MOST_FOUND));
                }
            }
        };
        limited(limit, "UID SEARCH", whole).await
    }

    /// Starts a fetch; [`Session::next_item`] gives what comes.
    pub(super) async fn fetch(&mut self, uids: &[u32], items: &str) -> Result<(), Error> {
        let command = format!("UID FETCH {} {items}", uid_set(uids));
        limited(self.limit, "UID FETCH", self.begin("UID FETCH", &command)).await
    }

    /// The next mail of a fetch that has text with it; none at the end. A tagged NO is an end like
    /// OK: servers say it when some of the mails are gone, and what is missing is asked for again.
    pub(super) async fn next_item(&mut self) -> Result<Option<Item>, Error> {
        let limit = self.limit;
        let next = async {
            loop {
                match self.step().await? {
                    Step::Answer(Answer::Fetched(item)) if !item.pieces.is_empty() => {
                        return Ok(Some(item));
                    }
                    Step::Answer(_) => {}
                    Step::End(Said { status: Status::Ok | Status::No, .. }) => return Ok(None),
                    Step::End(said) => return Err(refusal("UID FETCH", said)),
                }
            }
        };
        limited(limit, "UID FETCH", next).await
    }

    /// Sets a keyword; \Seen and all else stay as they are.
    pub(super) async fn store(&mut self, uids: &[u32], keyword: Keyword) -> Result<(), Error> {
        let command = format!("UID STORE {} +FLAGS.SILENT ({})", uid_set(uids), keyword.name());
        self.run("UID STORE", &command, |_| {}).await.map(drop)
    }

    /// Sets our claim; gives what the server tells of these mails. Of one that had it before it may
    /// tell nothing.
    pub(super) async fn claim(
        &mut self,
        uids: &[u32],
        own: Identity,
    ) -> Result<BTreeMap<u32, Shown>, Error> {
        let command = format!("UID STORE {} +FLAGS ({})", uid_set(uids), own.keyword());
        self.shown("UID STORE", &command).await
    }

    /// Takes our claim back.
    pub(super) async fn step_back(&mut self, uids: &[u32], own: Identity) -> Result<(), Error> {
        let command = format!("UID STORE {} -FLAGS.SILENT ({})", uid_set(uids), own.keyword());
        self.run("UID STORE", &command, |_| {}).await.map(drop)
    }

    /// What these mails show now.
    pub(super) async fn flags(&mut self, uids: &[u32]) -> Result<BTreeMap<u32, Shown>, Error> {
        self.shown("UID FETCH", &format!("UID FETCH {} (UID FLAGS)", uid_set(uids))).await
    }

    async fn shown(
        &mut self,
        doing: &'static str,
        command: &str,
    ) -> Result<BTreeMap<u32, Shown>, Error> {
        let mut mails = BTreeMap::new();
        self.run(doing, command, |answer| {
            if let Answer::Fetched(Item { uid: Some(uid), flags: true, keywords, claims, .. }) =
                answer
            {
                let answered = keywords.contains(&Keyword::Acked);
                mails.insert(uid, Shown { answered, claims });
            }
        })
        .await?;
        Ok(mails)
    }

    /// When a mail arrived; none where it is gone.
    pub(super) async fn arrived(&mut self, uid: u32) -> Result<Option<Moment>, Error> {
        let mut told = None;
        self.run(
            "UID FETCH",
            &format!("UID FETCH {uid} (UID INTERNALDATE)"),
            |answer| match answer {
                Answer::Fetched(item) if item.uid == Some(uid) => told = item.arrived.or(told),
                _ => {}
            },
        )
        .await?;
        Ok(told)
    }

    /// Lets the server say what is new, and proves that it is there.
    pub(super) async fn noop(&mut self) -> Result<(), Error> {
        self.run("NOOP", "NOOP", |_| {}).await.map(drop)
    }

    /// Asks what the server can do.
    pub(super) async fn ask_capabilities(&mut self) -> Result<(), Error> {
        let mut known = Vec::new();
        self.run("CAPABILITY", "CAPABILITY", |answer| {
            if let Answer::Capabilities(all) = answer {
                known = all;
            }
        })
        .await?;
        self.capabilities = known;
        Ok(())
    }

    /// Says good-bye. The server's own BYE is in order here.
    pub(super) async fn logout(mut self) -> Result<(), Error> {
        let limit = self.limit;
        let end = async {
            self.begin("LOGOUT", "LOGOUT").await?;
            while let Answer::Untagged(_) = self.wire.read().await? {}
            Ok(())
        };
        limited(limit, "LOGOUT", end).await
    }

    /// Starts IDLE (RFC 2177). False if the server refuses it.
    pub(super) async fn idle(&mut self) -> Result<bool, Error> {
        let limit = self.limit;
        let entered = async {
            self.begin("IDLE", "IDLE").await?;
            loop {
                match self.step().await? {
                    Step::Answer(Answer::Continue) => return Ok(true),
                    Step::Answer(_) => {}
                    Step::End(said) if said.status == Status::Ok => return Ok(false),
                    Step::End(said) => {
                        tracing::info!("the server does not let us idle: {}", said.text);
                        return Ok(false);
                    }
                }
            }
        };
        limited(limit, "IDLE", entered).await
    }

    /// Waits for news while idling, or until the server ends the IDLE. May be dropped at any time.
    pub(super) async fn idle_news(&mut self) -> Result<(), Error> {
        while !self.news && self.open.is_some() {
            self.step().await?;
        }
        Ok(())
    }

    /// Ends IDLE.
    pub(super) async fn idle_end(&mut self) -> Result<(), Error> {
        if self.open.is_none() {
            return Ok(());
        }
        let limit = self.limit;
        let left = async {
            self.wire.line("DONE").await?;
            self.end("IDLE", |_| {}).await
        };
        limited(limit, "IDLE", left).await.map(drop)
    }

    /// Runs a whole command; `each` sees what comes before its end.
    pub(super) async fn run(
        &mut self,
        doing: &'static str,
        command: &str,
        each: impl FnMut(Answer),
    ) -> Result<Said, Error> {
        let limit = self.limit;
        let whole = async {
            self.begin(doing, command).await?;
            self.end(doing, each).await
        };
        limited(limit, doing, whole).await
    }

    pub(super) async fn begin(&mut self, doing: &'static str, command: &str) -> Result<(), Error> {
        if self.open.is_some() {
            return Err(Error::OutOfStep { doing });
        }
        self.wire.doing = doing;
        self.open = Some(self.wire.command(command).await?);
        Ok(())
    }

    pub(super) async fn end(
        &mut self,
        doing: &'static str,
        mut each: impl FnMut(Answer),
    ) -> Result<Said, Error> {
        loop {
            match self.step().await? {
                Step::Answer(answer) => each(answer),
                Step::End(said) if said.status == Status::Ok => return Ok(said),
                Step::End(said) => return Err(refusal(doing, said)),
            }
        }
    }

    pub(super) async fn step(&mut self) -> Result<Step, Error> {
        let answer = self.wire.read().await?;
        match &answer {
            Answer::Exists(count) => {
                self.news |= *count > self.exists;
                self.exists = *count;
            }
            Answer::Expunged => self.exists = self.exists.saturating_sub(1),
            Answer::Untagged(Said { status: Status::Bye, text, .. }) => {
                return Err(Error::Bye { text: text.clone() });
            }
            Answer::Untagged(Said { code: Some(Code::UidValidity(number)), .. })
                if self.validity.is_some_and(|known| known != *number) =>
            {
                return Err(Error::Renumbered);
            }
            _ => {}
        }
        let Answer::Tagged(tag, said) = answer else { return Ok(Step::Answer(answer)) };
        if self.open.take_if(|open| *open == tag).is_none() {
            return Err(Error::OutOfStep { doing: self.wire.doing });
        }
        Ok(Step::End(said))
    }
}

/// One response to the open command.
#[derive(Debug)]
pub(super) enum Step {
    Answer(Answer),
    End(Said),
}

impl Mailbox {
    /// Whether our keywords can be set here and now.
    pub(super) fn takes_marks(&self) -> bool {
        !self.read_only && self.keeps_keywords() == Some(true)
    }

    /// Whether the claims of everybody can be set here and now.
    pub(super) fn takes_claims(&self) -> bool {
        let any = |flags: &Vec<String>| flags.iter().any(|flag| flag == "\\*");
        self.takes_marks() && self.permanent.as_ref().is_none_or(any)
    }

    /// Whether our keywords can be kept. Silence permits all (RFC 3501 section 6.3.1); none where
    /// a mailbox that is opened to read only cannot tell.
    pub(super) fn keeps_keywords(&self) -> Option<bool> {
        let kept = |keyword: Keyword| {
            self.permanent.as_ref().is_none_or(|flags| {
                flags.iter().any(|f| f == "\\*" || Keyword::parse(f) == Some(keyword))
            })
        };
        match kept(Keyword::Seen) && kept(Keyword::Acked) {
            true => Some(true),
            false if self.read_only => None,
            false => Some(false),
        }
    }
}

pub(super) fn refusal(doing: &'static str, said: Said) -> Error {
    match said.status {
        Status::No => Error::Refused { doing, text: said.text },
        _ => Error::Misunderstood { doing, text: said.text },
    }
}

pub(super) async fn limited<T>(
    limit: Duration,
    doing: &'static str,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(limit, step).await.unwrap_or(Err(Error::Silent { doing, after: limit }))
}
