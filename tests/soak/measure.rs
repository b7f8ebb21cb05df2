//! How much memory and disk it takes.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use watchpost::desk::table::Table;
use watchpost::io::store::Store;

/// What was measured at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) at: i64,
    /// Resident memory in KiB.
    pub(super) resident: u64,
    /// The sum of all keys and values, and what the folder takes on the disk, in bytes.
    pub(super) payload: u64,
    pub(super) disk: u64,
    pub(super) rows: u64,
    pub(super) open: u64,
}

impl Look {
    pub(super) async fn at(at: i64, store: &Store, dir: &Path) -> Look {
        let resident = resident();
        let (mut payload, mut rows, mut open) = (0, 0, 0);
        for table in Table::ALL {
            let mut after = None;
            loop {
                let page = store.scan(table, Vec::new(), after, 256).await.unwrap();
                rows += page.len() as u64;
                payload += page.iter().map(|(k, v)| (k.len() + v.len()) as u64).sum::<u64>();
                if table == Table::Open {
                    open += page.iter().filter(|(_, value)| value.is_empty()).count() as u64;
                }
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
            }
        }
        Look { at, resident, payload, disk: disk(dir), rows, open }
    }

    /// How many times its payload the store is.
    #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
    pub(super) fn ratio(self) -> f64 {
        self.disk as f64 / self.payload as f64
    }
}

/// As `du` counts.
fn disk(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            // What sled has just removed is no more.
            let Ok(about) = entry.metadata() else { return 0 };
            if about.is_dir() { disk(&entry.path()) } else { about.blocks() * 512 }
        })
        .sum()
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
