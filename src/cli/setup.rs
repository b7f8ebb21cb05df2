//! What several commands begin with.

use std::path::Path;

use super::failure::Failure;
use crate::config;
use crate::config::settings::Settings;
use crate::desk::wording::Wording;

pub(super) fn settings(path: &Path) -> Result<Settings, Failure> {
    config::read(path).map_err(Failure::configuration)
}

/// Reads the letters that an administrator put in the place of ours.
pub(super) fn wording(settings: &Settings) -> Result<Wording, Failure> {
    let Some(folder) = &settings.letters else { return Ok(Wording::shipped()) };
    let fail = |what: &dyn std::fmt::Display| {
        Failure::configuration(format!("letters = {}: {what}", folder.display()))
    };
    let mut replaced = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| fail(&e))? {
        let path = entry.map_err(|e| fail(&e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let text = std::fs::read_to_string(&path).map_err(|e| fail(&format!("{name}: {e}")))?;
            replaced.push((name, text));
        }
    }
    replaced.sort();
    Wording::new(&replaced).map_err(|e| fail(&e))
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::of)
}
