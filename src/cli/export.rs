//! `watchpost export`: a case as other programs read it, mails and letters whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::ask::{ask, read};
use super::failure::Failure;
use super::gather::{Gathered, gather};
use super::print::{self, Format};
use super::setup::{block_on, settings};
use super::words::count;
use crate::desk::event::Event;
use crate::desk::ids::CaseId;
use crate::io::control::Request;
use crate::query::ExportRow;

/// What is wanted.
pub(super) struct Wanted {
    pub(super) config: PathBuf,
    pub(super) case: CaseId,
    /// The folder for files of both formats.
    pub(super) to: Option<PathBuf>,
    pub(super) format: Format,
}

/// Exports a case. Fails with status 1 where mails are missing; what is there is exported all the
/// same.
pub(super) fn export(wanted: &Wanted) -> Result<(), Failure> {
    let settings = settings(&wanted.config)?;
    let text = wanted.to.is_none() && wanted.format == Format::Text;
    if text && io::stdout().is_terminal() {
        return Err(Failure::usage(
            "mails of strangers are not for a terminal: name a folder with --to, or write to a file \
             with >",
        ));
    }
    let (mut events, mut letters): (Vec<Event>, _) = (Vec::new(), Vec::new());
    for row in read(&ask(&settings, &Request::Export { case: wanted.case.clone() })?)? {
        match row {
            ExportRow::Event(event) => events.push(*event),
            ExportRow::Letter { letter, at, seq } => letters.push((*letter, (at, seq))),
        }
    }
    if wanted.to.is_none() && !text {
        return print::lines(json(&events)?);
    }
    let files = wanted.to.as_deref().map(|to| Files::make(to, &wanted.case)).transpose()?;
    let spool = wanted.to.clone().unwrap_or_else(std::env::temp_dir);
    let gathered = block_on(gather(&settings, &events, letters, &spool))?;
    let gone = (gathered.gone(), gathered.mails());
    match files {
        Some(files) => files.fill(gathered, &json(&events)?)?,
        None => copy(gathered, io::stdout().lock())?,
    }
    match gone {
        (0, _) => Ok(()),
        (gone, mails) => Err(Failure::of(format!(
            "{gone} of {} could not be fetched; what stands in their place says why",
            count(mails, "mail", "mails")
        ))),
    }
}

fn json(events: &[Event]) -> Result<Vec<String>, Failure> {
    events.iter().map(|event| serde_json::to_string(event).map_err(Failure::of)).collect()
}

fn copy(gathered: Gathered, out: impl Write) -> Result<(), Failure> {
    let mut out = BufWriter::new(out);
    print::heard(gathered.write(&mut out).and_then(|()| out.flush()))
}

/// The two files of an export. They have their names once they are full: what is left of one that was
/// killed is none. Until then dropping them removes them.
struct Files {
    made: Vec<Made>,
}

struct Made {
    path: PathBuf,
    unfinished: PathBuf,
    file: File,
}

impl Files {
    fn make(folder: &Path, case: &CaseId) -> Result<Files, Failure> {
        let mut files = Files { made: Vec::new() };
        for ending in ["mbox", "jsonl"] {
            let path = folder.join(format!("{case}.{ending}"));
            if std::fs::symlink_metadata(&path).is_ok() {
                return Err(not_made(&path, &io::ErrorKind::AlreadyExists.into()));
            }
            let unfinished = folder.join(format!("{case}.{ending}.part"));
            // Made anew: what is left may have another owner, or be open to others.
            match std::fs::remove_file(&unfinished) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(not_made(&unfinished, &error));
                }
                _ => {}
            }
            let mut options = OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600).open(&unfinished);
            let file = file.map_err(|error| not_made(&unfinished, &error))?;
            files.made.push(Made { path, unfinished, file });
        }
        Ok(files)
    }

    fn fill(mut self, gathered: Gathered, events: &[String]) -> Result<(), Failure> {
        let mut parts = self.made.iter_mut();
        if let (Some(mbox), Some(jsonl)) = (parts.next(), parts.next()) {
            let mut out = BufWriter::new(&mut mbox.file);
            gathered.write(&mut out).and_then(|()| out.flush()).map_err(Failure::of)?;
            drop(out);
            let mut text = events.join("\n");
            text.push('\n');
            jsonl.file.write_all(text.as_bytes()).map_err(Failure::of)?;
            mbox.file.sync_all().and_then(|()| jsonl.file.sync_all()).map_err(Failure::of)?;
            for Made { path, unfinished, .. } in [mbox, jsonl] {
                std::fs::rename(unfinished, &*path).map_err(|error| not_made(path, &error))?;
            }
        }
        self.made.clear();
        Ok(())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for made in &self.made {
            // What is left of an export that failed harms nobody.
            let _ = std::fs::remove_file(&made.unfinished);
        }
    }
}

fn not_made(path: &Path, error: &io::Error) -> Failure {
    let place = path.display();
    Failure::of(match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{place} exists and is not overwritten; move it away, or name another folder")
        }
        io::ErrorKind::NotFound => format!("{place}: no such folder; make it first"),
        _ => format!("{place}: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn case() -> CaseId {
        CaseId::parse("EXP-2026-0007").unwrap()
    }

    #[test]
    fn files_are_their_owners_and_a_failure_leaves_none() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::make(folder.path(), &case()).ok().unwrap();
        let modes =
            files.made.iter().map(|made| made.file.metadata().unwrap().permissions().mode());
        assert!(modes.map(|mode| mode & 0o777).eq([0o600, 0o600]));
        drop(files);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_export_that_was_killed_is_none_and_in_nobody_s_way() {
        let folder = tempfile::tempdir().unwrap();
        // As a kill leaves them: nothing is dropped.
        std::mem::forget(Files::make(folder.path(), &case()).ok().unwrap());
        for ending in ["mbox", "jsonl"] {
            assert!(!folder.path().join(format!("EXP-2026-0007.{ending}")).exists(), "{ending}");
        }
        drop(Files::make(folder.path(), &case()).ok().unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn nothing_is_overwritten_and_half_an_export_is_none() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("EXP-2026-0007.jsonl"), "mine").unwrap();
        let told = Files::make(folder.path(), &case()).err().unwrap().lines.concat();
        assert!(told.ends_with("move it away, or name another folder"), "{told}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
        let told = Files::make(&folder.path().join("none"), &case()).err().unwrap().lines.concat();
        assert!(told.ends_with("no such folder; make it first"), "{told}");
    }
}
