//! The folder of a backup: one file, which is there whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::desk::backup::{self, Head};
use crate::desk::table::Record;
use crate::io::unix;

const FILE: &str = "watchpost.backup";
const UNFINISHED: &str = "watchpost.backup.part";

/// A backup that is being written. Unless it is finished, dropping it leaves nothing.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    file: BufWriter<File>,
    finished: bool,
}

/// Why there is no backup, in one line, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is in the folder already.
    #[error("{} is not empty: name an empty folder, or one that does not exist yet", .0.display())]
    NotEmpty(PathBuf),
    /// Something else has its name.
    #[error("{} is no folder: name an empty folder, or one that does not exist yet", .0.display())]
    NoFolder(PathBuf),
    /// No backup is in the folder, or only a part of one.
    #[error("there is no whole backup in {}: name the folder of one", .0.display())]
    None(PathBuf),
    /// The file says something that no backup says.
    #[error("the backup in {} cannot be used: {why}", folder.display())]
    Bad {
        /// The folder.
        folder: PathBuf,
        /// What was found.
        why: String,
    },
    /// The operating system refused.
    #[error("{}: {error}", folder.display())]
    Disk {
        /// The folder.
        folder: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

fn disk(folder: &Path) -> impl Fn(io::Error) -> BackupError {
    let folder = folder.to_owned();
    move |error| BackupError::Disk { folder: folder.clone(), error }
}

impl Writer {
    /// Begins a backup in a folder that is empty, or is made; only its owner can read it, since the
    /// secret key is in it.
    pub fn begin(folder: &Path, head: &Head) -> Result<Writer, BackupError> {
        let disk = disk(folder);
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::NoFolder(folder.to_owned()),
            _ => disk(error),
        })?;
        for entry in fs::read_dir(folder).map_err(&disk)? {
            // What an attempt left that was cut short is no backup.
            if entry.map_err(&disk)?.file_name() != UNFINISHED {
                return Err(BackupError::NotEmpty(folder.to_owned()));
            }
        }
        // Made anew, since what is left of an attempt may have another owner, or be open to others.
        match fs::remove_file(folder.join(UNFINISHED)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let file = options.open(folder.join(UNFINISHED)).map_err(&disk)?;
        let folder = folder.to_owned();
        let mut writer = Writer { folder, file: BufWriter::new(file), finished: false };
        let head = serde_json::to_string(head).map_err(|error| disk(error.into()))?;
        writer.line(&head)?;
        Ok(writer)
    }

    /// Adds a line, as [`backup::line`] makes it.
    pub fn line(&mut self, line: &str) -> Result<(), BackupError> {
        writeln!(self.file, "{line}").map_err(disk(&self.folder))
    }

    /// From now on it is a backup, whatever happens to the power.
    pub fn finish(mut self) -> Result<(), BackupError> {
        let disk = disk(&self.folder);
        self.file.flush().map_err(&disk)?;
        self.file.get_ref().sync_all().map_err(&disk)?;
        fs::rename(self.folder.join(UNFINISHED), self.folder.join(FILE)).map_err(&disk)?;
        self.finished = true;
        unix::sync_one(&self.folder).map_err(&disk)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.finished {
            // What is left is no backup, and the next attempt writes over it.
            let _ = fs::remove_file(self.folder.join(UNFINISHED));
        }
    }
}

/// A backup that is being read.
#[derive(Debug)]
pub struct Reader {
    /// What it says of itself.
    pub head: Head,
    lines: io::Lines<BufReader<File>>,
}

impl Reader {
    /// Opens the backup in a folder.
    pub fn open(folder: &Path) -> Result<Reader, BackupError> {
        let file = File::open(folder.join(FILE)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                BackupError::None(folder.to_owned())
            }
            _ => disk(folder)(error),
        })?;
        let bad = |why: String| BackupError::Bad { folder: folder.to_owned(), why };
        if !file.metadata().map_err(disk(folder))?.is_file() {
            return Err(bad(format!("{FILE} is no file; take another one")));
        }
        let mut lines = BufReader::new(file).lines();
        let first = lines.next().transpose().map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => {
                bad("its first line is garbled; take an older one".into())
            }
            _ => disk(folder)(error),
        })?;
        let first = first.unwrap_or_default();
        Ok(Reader { head: Head::read(&first).map_err(bad)?, lines })
    }

    /// Its rows; what is wrong with one that cannot be read.
    pub fn rows(self) -> impl Iterator<Item = Result<Record, String>> {
        self.lines.map(|line| backup::read_line(&line.map_err(|error| error.to_string())?))
    }
}
