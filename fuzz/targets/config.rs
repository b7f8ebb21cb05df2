//! A configuration file.

use watchpost::config;

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match config::parse("fuzz.toml", &text) {
        Ok(settings) => assert!(!settings.inboxes.is_empty()),
        Err(errors) => assert!(!errors.to_string().is_empty()),
    }
}
