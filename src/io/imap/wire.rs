//! One connection, response by response.
//!
//! The only file that names async-imap and imap-proto. Of the client library nothing is used but
//! its reader: its commands turn a tagged NO, and a lost connection, into an empty success.

use std::panic::AssertUnwindSafe;
use std::{fmt, io};

use async_imap::Client;
use futures_util::FutureExt;
use imap_proto::{
    AttributeValue, Capability, MailboxDatum, MailboxListData, NameAttribute, Outcome, Response,
    ResponseCode,
};
use secrecy::zeroize::Zeroizing;
use tokio::io::AsyncWriteExt;

use super::error::Error;
use super::guard::{Guard, Limits};
use super::quoting::{internal_date, shown};
use crate::desk::claim::Identity;
use crate::desk::folder::{Keyword, Role};
use crate::desk::time::Moment;
use crate::io::tls::Stream;

/// What the server says, in our words.
#[derive(Debug)]
pub(super) enum Answer {
    /// `+`: it waits for the rest of a command.
    Continue,
    /// The end of the command with this tag.
    Tagged(String, Said),
    /// A status that ends no command.
    Untagged(Said),
    /// What it can do, in upper case.
    Capabilities(Vec<String>),
    /// So many mails are in the mailbox.
    Exists(u32),
    /// One mail is gone.
    Expunged,
    /// A mailbox that is there and can be opened, as the server writes its name, and its marks.
    Listed(String, Vec<Role>),
    /// UIDs that a search found, in any order.
    Found(Vec<u32>),
    /// About one mail.
    Fetched(Item),
    /// Nothing that we want to know.
    Other,
}

/// A status response (RFC 3501 section 7.1).
#[derive(Debug)]
pub(super) struct Said {
    pub status: Status,
    pub code: Option<Code>,
    /// For people; short and harmless.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    No,
    Bad,
    Preauth,
    Bye,
}

/// The response codes that we act on.
#[derive(Debug)]
pub(super) enum Code {
    Capabilities(Vec<String>),
    PermanentFlags(Vec<String>),
    ReadOnly,
    UidNext(u32),
    UidValidity(u32),
}

/// What a FETCH response says of one mail.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub uid: Option<u32>,
    pub arrived: Option<Moment>,
    pub size: Option<u64>,
    pub keywords: Vec<Keyword>,
    /// Who claims it.
    pub claims: Vec<Identity>,
    /// It tells of the flags of the mail.
    pub flags: bool,
    /// Pieces of its text, with the byte that each starts at.
    pub pieces: Vec<(u32, Vec<u8>)>,
}

/// More claims on one mail are not taken.
const MOST_CLAIMS: usize = 16;

pub(super) struct Wire {
    client: Client<Guard<Stream>>,
    tags: u64,
    /// The command that is under way, for messages.
    pub doing: &'static str,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Wire {
        let guard = Guard::new(stream, Limits::default());
        Wire { client: Client::new(guard), tags: 0, doing: "the greeting" }
    }

    /// The stream below. Whatever came in clear and was not asked for is dropped.
    pub(super) fn into_stream(self) -> Stream {
        self.client.into_inner().into_inner()
    }

    /// Sends a command and gives its tag.
    pub(super) async fn command(&mut self, words: &str) -> Result<String, Error> {
        self.tags += 1;
        let tag = format!("W{}", self.tags);
        self.line(&format!("{tag} {words}")).await?;
        Ok(tag)
    }

    /// Sends one line as it is.
    pub(super) async fn line(&mut self, words: &str) -> Result<(), Error> {
        let doing = self.doing;
        // At once, or the server wakes for the words and again for their end. They may be a password.
        let line = Zeroizing::new([words.as_bytes(), b"\r\n"].concat());
        let stream = self.client.get_mut();
        let sent = async {
            stream.write_all(&line).await?;
            stream.flush().await
        };
        sent.await.map_err(|error| Error::lost(doing, &error))
    }

    /// Sends some bytes of a literal.
    pub(super) async fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let sent = self.client.get_mut().write_all(bytes).await;
        sent.map_err(|error| Error::lost(self.doing, &error))
    }

    /// The next response. May be dropped while it waits; after an error nothing more will come.
    pub(super) async fn read(&mut self) -> Result<Answer, Error> {
        // The parser panics at some responses, `INTERNALDATE NIL` among them.
        let next = AssertUnwindSafe(self.client.read_response()).catch_unwind().await;
        match next {
            Ok(Ok(Some(response))) => Ok(answer(response.parsed())),
            Ok(Ok(None)) => Err(Error::Lost { doing: self.doing, reason: "it was closed".into() }),
            // Its text holds the response, and that may be mail.
            Ok(Err(error)) if error.kind() == io::ErrorKind::Other => {
                Err(Error::Unparsable { doing: self.doing })
            }
            Ok(Err(error)) => Err(Error::lost(self.doing, &error)),
            Err(_panic) => Err(Error::Unparsable { doing: self.doing }),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("doing", &self.doing).finish_non_exhaustive()
    }
}

fn answer(response: &Response<'_>) -> Answer {
    match response {
        Response::Continue(_) => Answer::Continue,
        Response::Done { tag, status, outcome } => {
            Answer::Tagged(tag.0.clone(), said(status, outcome))
        }
        Response::Data { status, outcome } => Answer::Untagged(said(status, outcome)),
        Response::Capabilities(all) => Answer::Capabilities(capabilities(all)),
        Response::MailboxData(MailboxDatum::Exists(count)) => Answer::Exists(*count),
        Response::MailboxData(MailboxDatum::Search(uids)) => Answer::Found(uids.clone()),
        Response::MailboxData(MailboxDatum::List(mailbox)) if can_be_opened(mailbox) => {
            Answer::Listed(mailbox.name.to_string(), marks(mailbox))
        }
        Response::Expunge(_) => Answer::Expunged,
        Response::Fetch(_, values) => Answer::Fetched(item(values)),
        _ => Answer::Other,
    }
}

/// RFC 3501 section 7.2.2, RFC 5258 section 3.
fn can_be_opened(mailbox: &MailboxListData<'_>) -> bool {
    !mailbox.name_attributes.iter().any(|attribute| match attribute {
        NameAttribute::NoSelect => true,
        NameAttribute::Extension(name) => name.eq_ignore_ascii_case("\\NonExistent"),
        _ => false,
    })
}

/// RFC 6154 section 2.
fn marks(mailbox: &MailboxListData<'_>) -> Vec<Role> {
    let mark = |attribute: &NameAttribute<'_>| match attribute {
        NameAttribute::Sent => Some(Role::Sent),
        NameAttribute::Junk => Some(Role::Junk),
        _ => None,
    };
    mailbox.name_attributes.iter().filter_map(mark).collect()
}

fn said(status: &imap_proto::Status, outcome: &Outcome<'_>) -> Said {
    let status = match status {
        imap_proto::Status::Ok => Status::Ok,
        imap_proto::Status::No => Status::No,
        imap_proto::Status::Bad => Status::Bad,
        imap_proto::Status::PreAuth => Status::Preauth,
        imap_proto::Status::Bye => Status::Bye,
    };
    let text = outcome.information.as_deref().unwrap_or("no reason given");
    let text = match outcome.code {
        // The parser takes it from the text, and it says more than most texts do.
        Some(ResponseCode::TryCreate) => format!("[TRYCREATE] {text}"),
        _ => text.to_owned(),
    };
    Said { status, code: outcome.code.as_ref().and_then(code), text: shown(&text) }
}

fn code(code: &ResponseCode<'_>) -> Option<Code> {
    match code {
        ResponseCode::Capabilities(all) => Some(Code::Capabilities(capabilities(all))),
        ResponseCode::PermanentFlags(flags) => {
            Some(Code::PermanentFlags(flags.iter().map(ToString::to_string).collect()))
        }
        ResponseCode::ReadOnly => Some(Code::ReadOnly),
        ResponseCode::UidNext(uid) => Some(Code::UidNext(*uid)),
        ResponseCode::UidValidity(number) => Some(Code::UidValidity(*number)),
        _ => None,
    }
}

fn capabilities(all: &[Capability<'_>]) -> Vec<String> {
    let word = |capability: &Capability<'_>| match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(way) => format!("AUTH={}", way.to_ascii_uppercase()),
        Capability::Atom(atom) => atom.to_ascii_uppercase(),
    };
    all.iter().map(word).collect()
}

fn item(values: &[AttributeValue<'_>]) -> Item {
    let mut item = Item::default();
    for value in values {
        match value {
            AttributeValue::Uid(uid) => item.uid = Some(*uid),
            AttributeValue::InternalDate(date) => {
                item.arrived = internal_date(date).and_then(|date| Moment::parse_rfc3339(&date));
            }
            AttributeValue::Rfc822Size(size) => item.size = Some(u64::from(*size)),
            AttributeValue::Flags(flags) => {
                item.flags = true;
                item.keywords = flags.iter().filter_map(|flag| Keyword::parse(flag)).collect();
                let claims = flags.iter().filter_map(|flag| Identity::claimant(flag));
                item.claims = claims.take(MOST_CLAIMS).collect();
            }
            AttributeValue::BodySection { index, data: Some(data), .. } => {
                item.pieces.push((index.unwrap_or(0), data.to_vec()));
            }
            _ => {}
        }
    }
    item
}
