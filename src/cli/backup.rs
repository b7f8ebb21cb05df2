//! `watchpost backup`: the whole store as it is at one moment, in a folder of its own.

use std::path::Path;

use super::failure::Failure;
use super::pages::Pages;
use super::print;
use super::progress::Progress;
use super::setup::{block_on, settings};
use super::words::count;
use crate::desk::backup::{FORMAT, Head};
use crate::io::backup::Writer;
use crate::io::wall;

/// Makes a backup.
pub(super) fn backup(config: &Path, dir: &Path) -> Result<(), Failure> {
    let settings = settings(config)?;
    let rows = block_on(async {
        let mut pages = Pages::open(&settings).await?;
        let done = write(&mut pages, dir).await;
        pages.close().await;
        done
    })?;
    print::lines([format!(
        "{} are in {}; the configuration and the letters of your own are not",
        count(rows, "row", "rows"),
        dir.display()
    )])
}

async fn write(pages: &mut Pages<'_>, dir: &Path) -> Result<usize, Failure> {
    let mut begun: Option<(Writer, Progress, u64)> = None;
    let mut rows = 0;
    while let Some((head, lines)) = pages.next().await? {
        if begun.is_none() {
            let total = usize::try_from(head.of).unwrap_or(usize::MAX);
            let first = Head {
                watchpost_backup: FORMAT,
                program: env!("CARGO_PKG_VERSION").to_owned(),
                made: wall::now(),
                rows: head.of,
                seal: head.seal,
            };
            let writer = Writer::begin(dir, &first).map_err(Failure::of)?;
            begun = Some((writer, Progress::new("rows", total), head.of));
        }
        if let Some((writer, progress, _)) = &mut begun {
            lines.iter().try_for_each(|line| writer.line(line)).map_err(Failure::of)?;
            progress.steps(lines.len());
            rows += lines.len();
        }
    }
    let Some((writer, _, of)) = begun else { return Err(Failure::of("the store is empty")) };
    if rows as u64 != of {
        return Err(Failure::of("rows are missing; run `watchpost verify`"));
    }
    writer.finish().map_err(Failure::of)?;
    Ok(rows)
}
