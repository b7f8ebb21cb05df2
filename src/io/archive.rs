//! Mail that somebody kept: a Maildir, an mbox, or a folder of `.eml` files. Only read, never changed.
//!
//! What is kept in memory is where each mail lies and when it arrived, not the mails.

mod files;
mod mbox;

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::desk::parse::limits;
use crate::desk::parse::parse;
use crate::desk::time::Moment;

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct ArchiveError {
    path: PathBuf,
    why: String,
}

/// An archive, looked through once.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    mails: Vec<Kept>,
    /// Files in the folder that were left alone, since their names do not end in `.eml`.
    pub left_alone: usize,
    mbox: Option<File>,
}

/// One mail of an archive.
#[derive(Debug)]
pub struct Kept {
    /// When it arrived, where anything tells: the From_ line of an mbox, the name of a file in a
    /// Maildir, else the topmost Received, else Date.
    pub arrived: Option<Moment>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A file below the path of the archive.
    File(PathBuf),
    /// The n-th mail of an mbox, from 1.
    Part { number: usize, start: u64, length: u64 },
}

/// A mail as a server would hand it over.
#[derive(Debug)]
pub struct Text {
    /// Its bytes; lines end in CR LF.
    pub bytes: Vec<u8>,
    /// False where it is longer than anything that is looked at.
    pub whole: bool,
}

impl Archive {
    /// Looks through an archive; `progress` is told how many mails were found so far.
    pub fn open(path: &Path, progress: &mut dyn FnMut(usize)) -> Result<Archive, ArchiveError> {
        let failed = |error: io::Error| ArchiveError { path: path.into(), why: explained(&error) };
        let kind = fs::metadata(path).map_err(failed)?;
        let mut archive = Archive { path: path.into(), mails: vec![], left_alone: 0, mbox: None };
        if kind.is_file() {
            let file = File::open(path).map_err(failed)?;
            if is_packed(&file).map_err(failed)? {
                let why = "it is packed, and would be taken for a mail; unpack it first";
                return Err(ArchiveError { path: path.into(), why: why.into() });
            }
            let parts = mbox::parts(&file, progress).map_err(failed)?;
            archive.mails =
                parts.iter().zip(1..).map(|(part, n)| of_mbox(&file, part, n)).collect();
            archive.mbox = Some(file);
        } else if kind.is_dir() {
            let found = files::list(path).map_err(failed)?;
            archive.left_alone = found.left_alone;
            for (name, arrived) in found.mails {
                let arrived = arrived.or_else(|| written(File::open(path.join(&name)).ok()?));
                archive.mails.push(Kept { arrived, place: Place::File(name) });
                progress(archive.mails.len());
            }
        } else {
            let why = "neither a folder nor a file; name a Maildir, an mbox or a folder of .eml";
            return Err(ArchiveError { path: path.into(), why: why.into() });
        }
        Ok(archive)
    }

    /// Its mails, in the order in which they lie there: of an mbox as they stand, of a folder by name.
    pub fn mails(&self) -> &[Kept] {
        &self.mails
    }

    /// Where a mail lies, for a person: the path of its file, or that of the mbox and its number in it.
    pub fn name(&self, mail: &Kept) -> String {
        match &mail.place {
            Place::File(name) => self.path.join(name).to_string_lossy().into_owned(),
            Place::Part { number, .. } => format!("{}#{number}", self.path.display()),
        }
    }

    /// Reads a mail. What fails is told as the system tells it.
    pub fn read(&self, mail: &Kept) -> io::Result<Text> {
        let mut text = match (&mail.place, &self.mbox) {
            (Place::File(name), _) => limited(File::open(self.path.join(name))?)?,
            (Place::Part { start, length, .. }, Some(file)) => {
                let mut text = limited(part(file, *start, *length)?)?;
                mbox::unescape(&mut text.bytes);
                text
            }
            (Place::Part { .. }, None) => return Err(io::ErrorKind::NotFound.into()),
        };
        with_crlf(&mut text.bytes);
        Ok(text)
    }
}

fn explained(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        _ => error.to_string(),
    }
}

/// What no mail begins with: gzip, ZIP, bzip2, xz, zstd.
const PACKED: [&[u8]; 5] = [b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"];

fn is_packed(mut file: &File) -> io::Result<bool> {
    let mut first = Vec::new();
    file.take(8).read_to_end(&mut first)?;
    file.rewind()?;
    Ok(PACKED.iter().any(|packed| first.starts_with(packed)))
}

fn of_mbox(file: &File, one: &mbox::Part, number: usize) -> Kept {
    let mbox::Part { start, length, arrived } = *one;
    let arrived = arrived.or_else(|| written(part(file, start, length).ok()?));
    Kept { arrived, place: Place::Part { number, start, length } }
}

fn part(mut file: &File, start: u64, length: u64) -> io::Result<impl io::Read + use<'_>> {
    file.seek(SeekFrom::Start(start))?;
    Ok(file.take(length))
}

/// Reads as much of a mail as is ever looked at.
fn limited(from: impl io::Read) -> io::Result<Text> {
    let most = u64::try_from(limits::MAIL).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    let whole = bytes.len() <= limits::MAIL;
    bytes.truncate(limits::MAIL);
    Ok(Text { bytes, whole })
}

/// When a mail arrived by its own fields: what our server wrote on top, else what its author wrote.
fn written(from: impl io::Read) -> Option<Moment> {
    let mut header = Vec::new();
    let most = u64::try_from(limits::HEADER).unwrap_or(u64::MAX);
    let (mut from, mut piece) = (from.take(most), [0; PIECE]);
    // What fails to be read has no time; that it cannot be read is told when its turn comes.
    while let Ok(read @ 1..) = from.read(&mut piece) {
        let seen = header.len().saturating_sub(3);
        header.extend_from_slice(piece.get(..read)?);
        if ends_in(header.get(seen..)?) {
            break;
        }
    }
    let message = parse(&header, true);
    message.received.or(message.date)
}

const PIECE: usize = 8 << 10;

/// Whether a header ends in here.
fn ends_in(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|two| two == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

/// Ends each line in CR LF, as IMAP does, so that a mail is the same mail in whatever form it was kept.
fn with_crlf(bytes: &mut Vec<u8>) {
    let bare = |two: &[u8]| matches!(two, [before, b'\n'] if *before != b'\r');
    if bytes.first() != Some(&b'\n') && !bytes.windows(2).any(bare) {
        return;
    }
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) => {
                out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                out.extend_from_slice(b"\r\n");
            }
            None => out.extend_from_slice(line),
        }
    }
    *bytes = out;
}
