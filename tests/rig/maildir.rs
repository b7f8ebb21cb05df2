//! Mailboxes as files.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::folder::Owner;

/// Every mail of a folder, oldest first; none where there is no folder yet.
pub(super) fn read(folder: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = ["new", "cur"]
        .iter()
        .filter_map(|part| fs::read_dir(folder.join(part)).ok())
        .flatten()
        // Dovecot may move a file from new to cur, or change its flags, while we look.
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let arrival = fs::metadata(&path).ok()?.modified().ok()?;
            Some((arrival, path.file_name()?.to_owned(), fs::read(&path).ok()?))
        })
        .collect();
    files.sort();
    files.into_iter().map(|(_, _, mail)| mail).collect()
}

/// Puts mails into a folder, one millisecond apart, the first of them so old.
pub(super) fn write(
    folder: &Path,
    owner: Owner,
    age: Duration,
    mails: impl IntoIterator<Item = impl AsRef<[u8]>>,
) {
    make(folder, owner);
    #[expect(clippy::disallowed_methods, reason = "Dovecot reads the arrival from the real clock")]
    let now = SystemTime::now();
    let batch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    for (number, mail) in (0_u32..).zip(mails) {
        let path = folder.join("cur").join(format!("{batch}.{number:06}.rig:2,"));
        fs::write(&path, mail).unwrap();
        owner.own(&path);
        let arrival = now - age + Duration::from_millis(1) * number;
        fs::File::options().write(true).open(&path).unwrap().set_modified(arrival).unwrap();
    }
}

/// Makes the folder and what is missing above it, as Dovecot would.
fn make(folder: &Path, owner: Owner) {
    let mut missing = folder.ancestors().take_while(|path| !path.exists()).collect::<Vec<_>>();
    missing.reverse();
    let parts = ["tmp", "new", "cur"].map(|part| folder.join(part));
    for path in missing.into_iter().chain(parts.iter().map(AsRef::as_ref)) {
        if !path.exists() {
            fs::create_dir(path).unwrap();
            owner.own(path);
        }
    }
}
