//! The files that `simulate` reads: an mbox, and a mail of its own.

use std::fs;

use watchpost::io::archive::Archive;

pub(super) fn run(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let (mbox, mails) = (folder.path().join("mbox"), folder.path().join("mails"));
    fs::create_dir(&mails).unwrap();
    fs::write(&mbox, bytes).unwrap();
    fs::write(mails.join("1.eml"), bytes).unwrap();
    for path in [mbox, mails] {
        let archive = Archive::open(&path, &mut |_| {}).unwrap();
        let mut read = 0;
        for mail in archive.mails() {
            assert!(!archive.name(mail).is_empty());
            read += archive.read(mail).unwrap().bytes.len();
        }
        // LF may become CRLF.
        assert!(read <= 2 * bytes.len() + 2 * archive.mails().len(), "{read} of {}", bytes.len());
    }
}
