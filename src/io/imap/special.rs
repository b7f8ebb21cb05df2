//! The folders for sent mail and for junk: every server has names of its own for them, and most
//! mark which they are (RFC 6154).

use super::error::{Absent, Error};
use super::quoting::{mailbox_name, quoted, read_mailbox_name, shown};
use super::session::{Access, Mailbox, Session};
use super::wire::Answer;
use crate::desk::folder::{Folder, Role};

/// What such folders are called where no folder is marked, the likelier first.
const USUAL_SENT: &[&str] = &["Sent", "Sent Items", "Sent Messages", "Sent Mail"];
const USUAL_JUNK: &[&str] =
    &["Junk", "Spam", "Junk E-mail", "Junk Email", "Junk Mail", "Bulk Mail", "Bulk"];
/// Some servers keep all folders below the inbox.
const ABOVE: [&str; 2] = ["INBOX.", "INBOX/"];

/// Opens a folder. One that goes by its mark is looked up first, and is not opened if it is one of
/// `watched`, whose mail is read already.
pub(super) async fn open(
    session: &mut Session,
    folder: &Folder,
    watched: &[String],
    access: Access,
) -> Result<Mailbox, Error> {
    let role = folder.role;
    if role.mark() == Some(&folder.name) {
        let name = find(session, role).await?.ok_or(Absent::NotFound(role))?;
        if watched.iter().any(|other| is_same(&mailbox_name(other), &name)) {
            return Err(Absent::Watched(shown(&read_mailbox_name(&name))).into());
        }
        return session.open(&name, access).await;
    }
    let name = mailbox_name(&folder.name);
    match session.open(&name, access).await {
        Err(Error::Refused { .. }) if role != Role::Inbox && !is_there(session, &name).await? => {
            Err(Absent::NoSuchName(shown(&folder.name)).into())
        }
        opened => opened,
    }
}

async fn is_there(session: &mut Session, name: &str) -> Result<bool, Error> {
    let word = quoted(name).ok_or(Error::Word("a folder name"))?;
    let mut there = false;
    let list = format!("LIST \"\" {word}");
    session.run("LIST", &list, |answer| there |= matches!(answer, Answer::Listed(..))).await?;
    Ok(there)
}

/// The folder that fits a role best, as the server writes its name.
async fn find(session: &mut Session, role: Role) -> Result<Option<String>, Error> {
    let mut best: Option<(Fit, String)> = None;
    let list = "LIST \"\" \"*\"";
    session
        .run("LIST", list, |answer| {
            let Answer::Listed(name, marks) = answer else { return };
            // A name that cannot be sent back cannot be opened.
            let Some(fit) = fit(role, &marks, &name).filter(|_| quoted(&name).is_some()) else {
                return;
            };
            if best.as_ref().is_none_or(|best| (fit, &name) < (best.0, &best.1)) {
                best = Some((fit, name));
            }
        })
        .await?;
    Ok(best.map(|(_, name)| name))
}

/// RFC 3501 section 5.1: INBOX is INBOX in any case; other names are as they are.
fn is_same(one: &str, other: &str) -> bool {
    one == other || one.eq_ignore_ascii_case("inbox") && other.eq_ignore_ascii_case("inbox")
}

/// The best being the least: a mark counts more than a name, and the name decides between two that
/// are marked.
type Fit = (bool, usize);

fn fit(role: Role, marks: &[Role], name: &str) -> Option<Fit> {
    let (marked, usual) = (marks.contains(&role), usual(role, name));
    (marked || usual.is_some()).then(|| (!marked, usual.unwrap_or(usize::MAX)))
}

fn usual(role: Role, name: &str) -> Option<usize> {
    let names = match role {
        Role::Inbox => return None,
        Role::Sent => USUAL_SENT,
        Role::Junk => USUAL_JUNK,
    };
    let inner = ABOVE.iter().find_map(|above| {
        let (start, rest) = name.split_at_checked(above.len())?;
        start.eq_ignore_ascii_case(above).then_some(rest)
    });
    let place = names.iter().position(|usual| usual.eq_ignore_ascii_case(inner.unwrap_or(name)))?;
    Some(place * 2 + usize::from(inner.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'n>(role: Role, there: &[(&'n str, &[Role])]) -> Option<&'n str> {
        let fits = there.iter().filter_map(|(name, marks)| Some((fit(role, marks, name)?, *name)));
        fits.min().map(|(_, name)| name)
    }

    #[test]
    fn a_mark_counts_more_than_a_name_and_a_usual_name_more_than_none() {
        let gmail: &[(&str, &[Role])] = &[
            ("INBOX", &[]),
            ("Sent", &[]),
            ("[Gmail]/Gesendet", &[Role::Sent]),
            ("[Gmail]/Spam", &[Role::Junk]),
        ];
        assert_eq!(best(Role::Sent, gmail), Some("[Gmail]/Gesendet"));
        assert_eq!(best(Role::Junk, gmail), Some("[Gmail]/Spam"));
        let two: &[(&str, &[Role])] = &[("Archive", &[Role::Sent]), ("sent items", &[Role::Sent])];
        assert_eq!(best(Role::Sent, two), Some("sent items"));
    }

    #[test]
    fn without_marks_the_likelier_name_wins_and_others_do_not_count() {
        let plain: &[(&str, &[Role])] = &[
            ("inbox.spam", &[]),
            ("Sent Messages", &[]),
            ("INBOX.Sent", &[]),
            ("Sent to the moon", &[]),
        ];
        assert_eq!(best(Role::Sent, plain), Some("INBOX.Sent"));
        assert_eq!(best(Role::Junk, plain), Some("inbox.spam"));
        assert_eq!(best(Role::Junk, &[("Junk food", &[]), ("Ink", &[])]), None);
        assert_eq!(best(Role::Inbox, &[("INBOX", &[])]), None);
    }
}
