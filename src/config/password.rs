//! Passwords: where they are read from, never what they are.

use super::reader::Item;
use super::settings::SecretSource;
use super::value;

/// How a password is given.
pub(super) const EXAMPLE: &str = "password = { file = \"/etc/watchpost/imap-password\" }";

/// The same for a relay.
pub(super) const SMTP_EXAMPLE: &str = "password = { file = \"/etc/watchpost/smtp-password\" }";

const WAYS: &str = "write where it can be read: { file = \"/path\" } for a file that only its \
                    owner can read, { command = [\"program\", \"argument\"] } for what a command \
                    prints, or { credential = \"name\" } for a systemd credential";

/// Reads `{ file = … }`, `{ command = […] }` or `{ credential = … }`. Nothing in here repeats a
/// value: it may be the password itself.
pub(super) fn source(item: &Item<'_>) -> Option<SecretSource> {
    let Some(table) = item.as_table("password") else {
        return item.refuse(format_args!("the password itself does not belong in here; {WAYS}"));
    };
    let file = table.optional("file", |item| value::path(item).map(SecretSource::File));
    let command = table.optional("command", command);
    let credential = table.optional("credential", credential);
    let mut ways = [file?, command?, credential?].into_iter().flatten();
    match (ways.next(), ways.next()) {
        (Some(way), None) => Some(way),
        (None, _) => item.refuse(format_args!("names no place; {WAYS}")),
        (Some(_), Some(_)) => item.refuse("names more than one place; leave one of them"),
    }
}

fn command(item: &Item<'_>) -> Option<SecretSource> {
    const EXAMPLE: &str = "command = [\"pass\", \"show\", \"mail/security\"]";
    let words = item.list(EXAMPLE)?;
    let mut command = Vec::new();
    for word in &words {
        match word.as_text() {
            Some(text) if !text.contains('\0') => command.push(text.to_owned()),
            _ => return word.refuse(format_args!("not text; write {EXAMPLE}")),
        }
    }
    let program = command.first().map_or("", String::as_str);
    if program.is_empty() || program.starts_with('~') {
        return item.refuse(format_args!("the first must be a program; write {EXAMPLE}"));
    }
    // Where the daemon is started from is nobody's choice, so nothing may hang on it.
    if program.contains('/') && !program.starts_with('/') {
        return item.refuse("the program must be a name, or a whole path from `/`");
    }
    Some(SecretSource::Command(command))
}

fn credential(item: &Item<'_>) -> Option<SecretSource> {
    let name = item.text()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 255 || name.starts_with('.') || !name.chars().all(plain) {
        return item.refuse(
            "not the name of a credential; write the name that LoadCredential= gives it, \
             such as \"imap-password\"",
        );
    }
    Some(SecretSource::Credential(name.to_owned()))
}
