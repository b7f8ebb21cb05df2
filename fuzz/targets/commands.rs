//! What an operator says: a command, and the lines of `--events`.

use watchpost::desk::said::Said;
use watchpost::simulate::read_commands;

use super::office::POLICIES;

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        match Said::parse(line, &POLICIES) {
            Ok(said) => assert!(!said.word().is_empty()),
            Err(why) => assert!(!why.is_empty() && !why.contains('\0'), "{why:?}"),
        }
    }
    match read_commands(&text, &POLICIES) {
        Ok(said) => assert!(said.len() <= text.lines().count()),
        Err(mistakes) => assert!(mistakes.iter().all(|mistake| mistake.line > 0)),
    }
}
