//! A real login that changes nothing, for `watchpost check`.

use super::error::{Absent, Error};
use super::gate::Gate;
use super::quoting::{mailbox_name, read_mailbox_name, shown};
use super::session::{Access, Session};
use super::{login, special};
use crate::config::settings::Imap;
use crate::desk::folder::{Folder, Role};
use crate::io::password::Password;

/// So many folders are named where one does not exist.
const MOST_FOLDERS: usize = 10;

/// What an account can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The server tells of new mail at once (RFC 2177).
    pub idle: bool,
    /// The server counts changes (RFC 7162).
    pub condstore: bool,
    /// The server tells the UIDs of what it stores (RFC 4315).
    pub uidplus: bool,
    /// The configured folders, in order.
    pub folders: Vec<ProbedFolder>,
    /// The folders for sent mail and for junk, as far as they are to be watched; or why they are
    /// not.
    pub special: Vec<(Role, Result<ProbedFolder, Absent>)>,
}

/// One folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbedFolder {
    /// As configured; as the server calls it, where it was found.
    pub name: String,
    /// How many mails are in it; or why it cannot be opened.
    pub mails: Result<u32, String>,
    /// Whether our keywords can be set; none where a server does not tell without opening the
    /// folder for writing.
    pub keywords: Option<bool>,
}

/// Logs in and opens each folder to read only.
pub async fn probe(account: &Imap, password: &Password) -> Result<Probe, Error> {
    let mut session = login::open(account, password, &Gate::default()).await?;
    let mut folders = Vec::new();
    for name in &account.folders {
        folders.push(examine(&mut session, name).await?);
    }
    let mut special = Vec::new();
    for (name, role) in account.watched().into_iter().filter(|(_, role)| *role != Role::Inbox) {
        special.push((role, examine_special(&mut session, account, name, role).await));
    }
    let probe = Probe {
        idle: session.can("IDLE"),
        condstore: session.can("CONDSTORE") || session.can("QRESYNC"),
        uidplus: session.can("UIDPLUS"),
        folders,
        special,
    };
    // Everything is known; a server that ends without its good-bye changes nothing.
    let _ = session.logout().await;
    Ok(probe)
}

async fn examine(session: &mut Session, name: &str) -> Result<ProbedFolder, Error> {
    let (mails, keywords) = match session.open(&mailbox_name(name), Access::Examine).await {
        Ok(mailbox) => (Ok(mailbox.exists), mailbox.keeps_keywords()),
        Err(error @ Error::Refused { .. }) => {
            let there = folders_there(session).await.unwrap_or_default();
            (Err(format!("{error}{there}")), None)
        }
        Err(error @ (Error::NoUidValidity | Error::Word(_))) => (Err(error.to_string()), None),
        Err(error) => return Err(error),
    };
    Ok(ProbedFolder { name: name.to_owned(), mails, keywords })
}

/// Whatever is wrong here is told of this folder alone: the others are known by now.
async fn examine_special(
    session: &mut Session,
    account: &Imap,
    name: String,
    role: Role,
) -> Result<ProbedFolder, Absent> {
    let folder = Folder { inbox: String::new(), name, role };
    match special::open(session, &folder, &account.folders, Access::Examine).await {
        Ok(mailbox) => Ok(ProbedFolder {
            name: shown(&read_mailbox_name(&mailbox.name)),
            mails: Ok(mailbox.exists),
            keywords: mailbox.keeps_keywords(),
        }),
        Err(Error::Absent(absent)) => Err(absent),
        Err(error) => {
            Ok(ProbedFolder { name: folder.name, mails: Err(error.to_string()), keywords: None })
        }
    }
}

/// What could have been meant.
async fn folders_there(session: &mut Session) -> Result<String, Error> {
    let names = session.list(MOST_FOLDERS + 1).await?;
    let shown: Vec<_> = names.iter().map(|name| shown(&read_mailbox_name(name))).collect();
    let more = if names.len() > MOST_FOLDERS { ", …" } else { "" };
    let shown = shown.get(..MOST_FOLDERS).unwrap_or(&shown).join(", ");
    Ok(if names.is_empty() { String::new() } else { format!("; there are {shown}{more}") })
}
