//! Asking what an operator wants to know: the running daemon, or the store where none is running.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::setup::{block_on, letters};
use crate::config::settings::Settings;
use crate::daemon::command;
use crate::desk::Desk;
use crate::desk::command::Said;
use crate::desk::ids::CaseId;
use crate::desk::keys::Keys;
use crate::io::control::{self, Request};
use crate::io::store::{OpenError, Store};
use crate::io::unix::{self, MakesForAnother};
use crate::io::wall;
use crate::query;

/// The lines of the answer, as JSON.
pub(super) fn ask(settings: &Settings, request: &Request) -> Result<Vec<String>, Failure> {
    block_on(async {
        if let Some(lines) = ask_daemon(settings, request).await? {
            return Ok(lines);
        }
        let (desk, store) = open_store(Store::open_to_read, settings).await?;
        let answer = query::answer(&desk, &store, request).await;
        store.close().await;
        answer.map_err(Failure::of)
    })
}

/// Says something of a case: what followed, as JSON, and whether a daemon did it.
pub(super) fn say(
    config: &Path,
    settings: &Settings,
    case: &CaseId,
    said: Said,
) -> Result<(Vec<String>, bool), Failure> {
    block_on(async {
        let request = Request::Do { case: case.clone(), said: said.clone() };
        if let Some(lines) = ask_daemon(settings, &request).await? {
            return Ok((lines, true));
        }
        let wording = letters(config, settings)?.wording;
        let (desk, store) = open_store(Store::open, settings).await?;
        let done = command(&desk, &store, &wording, wall::now(), (case.clone(), said)).await;
        store.close().await;
        Ok((done.map_err(Failure::of)?, false))
    })
}

/// An error where a daemon runs.
pub(super) async fn stopped(settings: &Settings) -> Result<(), Failure> {
    match ask_daemon(settings, &Request::Cases).await? {
        None => Ok(()),
        Some(_) => {
            Err(Failure::of("the daemon is running; stop it first, and start it afterwards"))
        }
    }
}

/// None where no daemon runs.
pub(super) async fn ask_daemon(
    settings: &Settings,
    request: &Request,
) -> Result<Option<Vec<String>>, Failure> {
    match control::ask(&settings.control, request).await {
        Ok(answer) => answer.transpose().map_err(Failure::of),
        Err(error) => {
            let place = settings.control.display();
            let why = forbidden(&error).or_else(|| unanswered(&error, request));
            let why = why.unwrap_or_else(|| error.to_string());
            Err(Failure::of(format!("the control socket {place}: {why}")))
        }
    }
}

/// The lines of an answer, read.
pub(super) fn read<T: DeserializeOwned>(lines: &[String]) -> Result<Vec<T>, Failure> {
    let other = |_| Failure::of("the daemon that runs is of another version; restart it");
    lines.iter().map(|line| serde_json::from_str(line).map_err(other)).collect()
}

fn forbidden(error: &io::Error) -> Option<String> {
    (error.kind() == io::ErrorKind::PermissionDenied)
        .then(|| "only root and the user that the daemon runs as may ask; try sudo".to_owned())
}

/// A daemon that was asked and has not answered: what was said may be done all the same.
fn unanswered(error: &io::Error, request: &Request) -> Option<String> {
    let why = match error.kind() {
        io::ErrorKind::TimedOut => "the daemon does not answer".to_owned(),
        io::ErrorKind::UnexpectedEof => error.to_string(),
        _ => return None,
    };
    let more = "; its log tells more, or `systemctl status watchpost`";
    Some(match request {
        Request::Do { case, .. } => format!(
            "{why}{more}. It may have done what you said, or do it yet: look with `watchpost show \
             {case}` before you say it again"
        ),
        _ => format!("{why}{more}"),
    })
}

/// How a store is opened.
type Opening = fn(&Path) -> Result<Store, OpenError>;

/// Opens the store where no daemon runs, to read in it.
pub(super) fn open_tables(settings: &Settings) -> Result<Store, Failure> {
    open_by(Store::open_to_read, settings)
}

fn open_by(open: Opening, settings: &Settings) -> Result<Store, Failure> {
    let folder = settings.store();
    // What the thread of the store makes is theirs also later: that is settled when it starts.
    let _made_for_them = may_open(&folder, unix::user())?;
    open(&folder).map_err(Failure::of)
}

async fn open_store(open: Opening, settings: &Settings) -> Result<(Desk, Store), Failure> {
    let store = open_by(open, settings)?;
    let (past, keys) = query::past(&store, wall::now()).await.map_err(Failure::of)?;
    // Without keys there is no case yet: nothing can be said of any, and nothing is written.
    let keys = keys.or_else(|| Keys::new(vec![[0; 32]])).ok_or_else(|| Failure::of("no keys"))?;
    let policies = settings.inboxes.iter().map(|inbox| inbox.policy.clone()).collect();
    Ok((Desk::open(policies, keys, settings.caps, past), store))
}

/// Even to read, a store writes files of its own. Those of another user, root among them, would lock
/// the daemon out: root makes them for its owner until the answer is dropped. The owner may be unable to
/// come there, as with `DynamicUser=`, whose folder only root can enter.
pub(super) fn may_open(folder: &Path, us: u32) -> Result<Option<MakesForAnother>, Failure> {
    let place = folder.display();
    let (owner, group) = match std::fs::metadata(folder) {
        Ok(metadata) => (metadata.uid(), metadata.gid()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!("there is no store in {place} yet: start `watchpost run` first");
            return Err(Failure::of(text));
        }
        Err(error) => {
            let why = forbidden(&error).unwrap_or_else(|| error.to_string());
            return Err(Failure::of(format!("the store in {place}: {why}")));
        }
    };
    if owner == us {
        return Ok(None);
    }
    if us == 0
        && let Ok(made_for_them) = unix::make_for((owner, group))
    {
        return Ok(Some(made_for_them));
    }
    Err(Failure::of(format!(
        "no daemon is running, and the store in {place} belongs to another user; start the daemon, \
         or run this as root or as that user: sudo -u '#{owner}' watchpost …"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_of_another_user_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let owner = std::fs::metadata(folder.path()).unwrap().uid();
        assert!(may_open(folder.path(), owner).is_ok());
        let told = may_open(folder.path(), owner + 1).err().unwrap().lines.concat();
        assert!(told.ends_with(&format!("sudo -u '#{owner}' watchpost …")), "{told}");
        let told = may_open(&folder.path().join("none"), owner).err().unwrap().lines.concat();
        assert!(told.contains("start `watchpost run` first"), "{told}");
    }

    #[test]
    fn who_gets_no_answer_is_told_what_that_may_mean() {
        let case = CaseId::parse("EXP-2026-0007").unwrap();
        let said = Request::Do { case, said: Said::Close };
        for kind in [io::ErrorKind::TimedOut, io::ErrorKind::UnexpectedEof] {
            let told = unanswered(&kind.into(), &said).unwrap();
            assert!(told.contains("look with `watchpost show EXP-2026-0007` before"), "{told}");
            let told = unanswered(&kind.into(), &Request::Cases).unwrap();
            assert!(told.ends_with("`systemctl status watchpost`"), "{told}");
        }
        assert_eq!(unanswered(&io::ErrorKind::PermissionDenied.into(), &said), None);
    }

    #[test]
    fn who_may_not_ask_is_told_who_may() {
        let error = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(forbidden(&error).is_some_and(|told| told.ends_with("try sudo")));
        assert_eq!(forbidden(&io::Error::from(io::ErrorKind::TimedOut)), None);
    }
}
