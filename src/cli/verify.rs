//! `watchpost verify`: whether the store, or a backup of it, is whole and says one thing.

use std::path::Path;

use super::failure::Failure;
use super::pages::Pages;
use super::print;
use super::progress::Progress;
use super::setup::{block_on, settings};
use super::words::count;
use crate::desk::backup::{UNKNOWN_TABLE, read_line};
use crate::desk::hex::hex;
use crate::desk::table::Record;
use crate::desk::verify;
use crate::io::backup::Reader;
use crate::io::store;

/// Looks at the store, or at the backup in a folder. What is wrong is told a line each, with status 1.
pub(super) fn verify(config: &Path, dir: Option<&Path>) -> Result<(), Failure> {
    let (what, rows) = match dir {
        Some(dir) => ("the backup", whole_backup(dir)?.rows),
        None => {
            let settings = settings(config)?;
            let rows = block_on(async {
                let mut pages = Pages::open(&settings).await?;
                let rows = all(&mut pages).await;
                pages.close().await;
                rows
            })?;
            ("the store", rows)
        }
    };
    let report = verify::verify(rows);
    if !report.findings.is_empty() {
        let more = "; restore a backup, or keep this store and ask for help".to_owned();
        let mut lines = report.findings;
        lines.push(format!("{what} does not say one thing{more}"));
        return Err(Failure { lines, status: 1 });
    }
    print::lines([format!(
        "{what} is whole: {}, {}, {} waiting",
        count(report.events, "event", "events"),
        count(report.open_cases, "open case", "open cases"),
        count(report.letters_waiting, "letter", "letters"),
    )])
}

async fn all(pages: &mut Pages<'_>) -> Result<Vec<Record>, Failure> {
    let (mut rows, mut progress, mut seal) = (Vec::new(), None, String::new());
    while let Some((head, lines)) = pages.next().await? {
        let total = usize::try_from(head.of).unwrap_or(usize::MAX);
        let progress = progress.get_or_insert_with(|| Progress::new("rows", total));
        progress.steps(lines.len());
        for line in lines {
            rows.push(read_line(&line).map_err(Failure::of)?);
        }
        seal = head.seal;
    }
    if hex(&store::sum(&rows)) != seal {
        return Err(Failure::of("the rows of the store do not add up; restore a backup"));
    }
    Ok(rows)
}

/// A backup that was read.
pub(super) struct Whole {
    pub(super) rows: Vec<Record>,
    pub(super) seal: Vec<u8>,
}

/// Reads a backup, which must add up.
pub(super) fn whole_backup(dir: &Path) -> Result<Whole, Failure> {
    let reader = Reader::open(dir).map_err(Failure::of)?;
    let head = reader.head.clone();
    let place = dir.display();
    let damaged = |why: String| {
        let (theirs, ours) = (&head.program, env!("CARGO_PKG_VERSION"));
        if why == UNKNOWN_TABLE && theirs != ours {
            return Failure::of(format!(
                "Watchpost {theirs} made the backup in {place}, and {why} ({ours}): if that one is \
                 newer, restore the backup with it; an older backup would forget what came since"
            ));
        }
        Failure::of(format!("the backup in {place} is damaged ({why}): take an older one"))
    };
    let rows: Vec<Record> = reader.rows().collect::<Result<_, _>>().map_err(damaged)?;
    let seal = store::sum(&rows);
    if rows.len() as u64 != head.rows || hex(&seal) != head.seal {
        return Err(damaged("its rows do not add up".to_owned()));
    }
    Ok(Whole { rows, seal })
}
