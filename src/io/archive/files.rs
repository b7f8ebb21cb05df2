//! Folders with one mail a file: a Maildir, or files whose names end in `.eml`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::desk::time::Moment;

/// The mails of a folder, by name.
pub(super) struct Found {
    /// Their names below the folder, with the time that a name tells.
    pub(super) mails: Vec<(PathBuf, Option<Moment>)>,
    /// How many other files there are.
    pub(super) left_alone: usize,
}

/// The folders of a Maildir whose mails have been delivered; what is in `tmp` has not.
const DELIVERED: [&str; 2] = ["cur", "new"];

pub(super) fn list(folder: &Path) -> io::Result<Found> {
    let parts = DELIVERED.map(|part| (part, folder.join(part)));
    if parts.iter().all(|(_, path)| !path.is_dir()) {
        let (mails, others): (Vec<_>, Vec<_>) = names(folder)?.into_iter().partition(is_eml);
        let mails = mails.into_iter().map(|name| (PathBuf::from(name), None)).collect();
        return Ok(Found { mails, left_alone: others.len() });
    }
    let mut found = Vec::new();
    for (part, path) in parts.iter().filter(|(_, path)| path.is_dir()) {
        found.extend(names(path)?.into_iter().map(|name| (name, *part)));
    }
    // A mail keeps its place when it is read and so moves from new to cur.
    found.sort();
    let mails = found.into_iter().map(|(name, part)| {
        let arrived = told_by(&name.to_string_lossy());
        (Path::new(part).join(name), arrived)
    });
    Ok(Found { mails: mails.collect(), left_alone: 0 })
}

fn is_eml(name: &OsString) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("eml"))
}

/// The files of a folder that do not hide themselves, by name: the order of a folder is chance.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        // What is no plain file, a pipe for one, might never end.
        let plain = fs::metadata(entry.path()).is_ok_and(|kind| kind.is_file());
        if plain && !name.to_string_lossy().starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The seconds that stand first in the name of a file in a Maildir: `1788282660.M1P2.host:2,S`.
fn told_by(name: &str) -> Option<Moment> {
    let (seconds, _) = name.split_once('.')?;
    let digits = (1..=MOST_DIGITS).contains(&seconds.len());
    let plain = digits && seconds.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| seconds.parse().ok().map(Moment::from_unix))?
}

/// Longer numbers are no seconds: some programs write milliseconds.
const MOST_DIGITS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_its_time_if_it_begins_with_seconds() {
        let told = |name| told_by(name).map(Moment::rfc3339);
        assert_eq!(told("1788282660.M1P2.host:2,S").as_deref(), Some("2026-09-01T17:11:00Z"));
        for name in
            ["1788282660", "1788282660000.M1.host", ".1.host", "-1.x.host", "+1.x", "mail.1"]
        {
            assert_eq!(told(name), None, "{name}");
        }
    }
}
