//! `watchpost backup`: the whole store as it is at one moment, in a folder of its own.

use std::path::Path;

use super::failure::Failure;
use super::pages::Pages;
use super::print;
use super::progress::Progress;
use super::setup::{block_on, settings};
use super::words::count;
use crate::desk::backup::{FORMAT, Head, read_line};
use crate::desk::hex::hex;
use crate::desk::line::shown;
use crate::io::backup::Writer;
use crate::io::store::Sum;
use crate::io::wall;

/// Makes a backup.
pub(super) fn backup(config: &Path, dir: &Path) -> Result<(), Failure> {
    let settings = settings(config)?;
    stands_apart(dir, &settings.store())?;
    let rows = block_on(async {
        let mut pages = Pages::open(&settings).await?;
        let done = write(&mut pages, dir).await;
        pages.close().await;
        done
    })?;
    print::lines([format!(
        "{} are in {}; the configuration and the letters of your own are not",
        count(rows, "row", "rows"),
        shown(&dir.display().to_string())
    )])
}

/// Who moves a damaged store away, as they are told to, would move the backup with it.
fn stands_apart(dir: &Path, store: &Path) -> Result<(), Failure> {
    let named = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let there = named.ancestors().find_map(|place| place.canonicalize().ok());
    let apart = match (there, store.canonicalize()) {
        (Some(there), Ok(store)) => !there.starts_with(store),
        // What is wrong with them is told by who uses them.
        _ => true,
    };
    if apart {
        return Ok(());
    }
    Err(Failure::of(format!(
        "{} is in the folder of the store itself, {}: name a folder elsewhere, at best on another disk",
        dir.display(),
        store.display()
    )))
}

async fn write(pages: &mut Pages<'_>, dir: &Path) -> Result<usize, Failure> {
    let mut begun: Option<(Writer, Progress, String)> = None;
    let (mut rows, mut sum) = (0, Sum::default());
    while let Some((head, lines)) = pages.next().await? {
        if begun.is_none() {
            let total = usize::try_from(head.of).unwrap_or(usize::MAX);
            let first = Head {
                watchpost_backup: FORMAT,
                program: env!("CARGO_PKG_VERSION").to_owned(),
                made: wall::now(),
                rows: head.of,
                seal: head.seal.clone(),
            };
            let writer = Writer::begin(dir, &first).map_err(Failure::of)?;
            begun = Some((writer, Progress::new("rows", total), head.seal));
        }
        if let Some((writer, progress, _)) = &mut begun {
            for line in &lines {
                writer.line(line).map_err(Failure::of)?;
                sum.add(&read_line(line).map_err(Failure::of)?);
            }
            progress.steps(lines.len());
            rows += lines.len();
        }
    }
    let Some((writer, _, seal)) = begun else { return Err(Failure::of("the store is empty")) };
    // Of a large store some rows were perhaps never read before, and no restore would take these.
    if hex(&sum.to_bytes()) != seal {
        return Err(Failure::of(
            "no backup was made: the rows of the store do not add up; run `watchpost verify`, and keep \
             the backups that there are",
        ));
    }
    writer.finish().map_err(Failure::of)?;
    Ok(rows)
}
