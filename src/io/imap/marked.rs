//! What the keywords on mails tell of an earlier life, for `watchpost rebuild`. Changes nothing.

use super::error::Error;
use super::gate::Gate;
use super::session::{Access, Session};
use super::{login, special};
use crate::config::settings::Imap;
use crate::desk::folder::{Folder, Keyword, Role};
use crate::desk::time::Moment;
use crate::io::password::Password;

/// What was found in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The number that the UIDs go with.
    pub uid_validity: u32,
    /// How many mails since the moment in question carry a keyword; all mail since then counts in a
    /// folder for sent mail.
    pub mails: usize,
    /// The first of them, or the lowest UID that new mail can have.
    pub first: u32,
    /// The highest UID that an earlier life of ours has decided on, as far as its keywords tell.
    pub last: u32,
}

/// Looks through the folders of an account. Those that cannot be opened are told of instead.
pub async fn marked(
    account: &Imap,
    password: &Password,
    inbox: &str,
    since: Moment,
) -> Result<Vec<(Folder, Result<Marked, String>)>, Error> {
    let mut session = login::open(account, password, &Gate::default()).await?;
    let mut found = Vec::new();
    for (name, role) in account.watched().into_iter().filter(|(_, role)| *role != Role::Junk) {
        let folder = Folder { inbox: inbox.to_owned(), name, role };
        let told = match folder_of(&mut session, account, &folder, since).await {
            Ok(marked) => Ok(marked),
            Err(error @ (Error::Absent(_) | Error::Refused { .. } | Error::NoUidValidity)) => {
                Err(error.to_string())
            }
            Err(error) => return Err(error),
        };
        found.push((folder, told));
    }
    // Everything is known; a server that ends without its good-bye changes nothing.
    let _ = session.logout().await;
    Ok(found)
}

async fn folder_of(
    session: &mut Session,
    account: &Imap,
    folder: &Folder,
    since: Moment,
) -> Result<Marked, Error> {
    let watched = if folder.role == Role::Inbox { &[] } else { account.folders.as_slice() };
    let mailbox = special::open(session, folder, watched, Access::Examine).await?;
    let day = day(since);
    let (of_ours, last) = if folder.role == Role::Sent {
        (format!("SINCE {day}"), mailbox.uid_next.saturating_sub(1))
    } else {
        let keyword = format!("KEYWORD {}", Keyword::Seen.name());
        let all = session.search(&keyword).await?;
        (format!("{keyword} SINCE {day}"), all.into_iter().max().unwrap_or(0))
    };
    let uids = session.search(&of_ours).await?;
    let first = uids.iter().min().copied().unwrap_or(mailbox.uid_next);
    let last = if last == 0 { mailbox.uid_next.saturating_sub(1) } else { last };
    Ok(Marked { uid_validity: mailbox.uid_validity, mails: uids.len(), first, last })
}

/// The day before, as a search has it (RFC 3501 section 6.4.4): which zone a server counts in is its
/// own affair.
fn day(moment: Moment) -> String {
    let before = Moment::from_unix(moment.unix().saturating_sub(24 * 3600)).rfc5322();
    let words: Vec<&str> = before.split_whitespace().skip(1).take(3).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_begins_on_the_day_before() {
        let moment = Moment::parse_rfc3339("2026-09-01T17:11:00Z").unwrap();
        assert_eq!(day(moment), "31-Aug-2026");
        let moment = Moment::parse_rfc3339("2026-09-03T17:11:00Z").unwrap();
        assert_eq!(day(moment), "02-Sep-2026");
    }
}
