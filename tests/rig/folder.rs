//! The folder that everything lives in, and whose its mails are.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

/// Makes the rig's folder, and tells who shall own the mails: we, or where we are root, and so
/// refused by Dovecot, the user `mail`.
pub(super) fn make() -> (PathBuf, Owner) {
    // Not in $TMPDIR: Dovecot's users must be able to enter, and sockets have short names.
    let dir = tempfile::Builder::new().prefix("watchpost-rig-").tempdir_in("/tmp").unwrap().keep();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    let we = fs::metadata(&dir).unwrap();
    let owner = match we.uid() {
        0 => user("mail"),
        uid => Owner { uid, gid: we.gid() },
    };
    (dir, owner)
}

/// Who owns the mails on disk.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    pub(super) fn own(self, path: &Path) {
        chown(path, Some(self.uid), Some(self.gid)).unwrap();
    }
}

fn user(name: &str) -> Owner {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let fields: Vec<&str> = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields[0] == name)
        .unwrap_or_else(|| panic!("there is no user {name:?} to own the mails"));
    Owner { uid: fields[2].parse().unwrap(), gid: fields[3].parse().unwrap() }
}
