//! Passwords: where they are read from, never what they are.

use super::reader::Item;
use super::settings::SecretSource;
use super::value;

/// How a password is given.
pub(super) const EXAMPLE: &str = "password = { file = \"/etc/watchpost/imap-password\" }";

/// The same for a relay.
pub(super) const SMTP_EXAMPLE: &str = "password = { file = \"/etc/watchpost/smtp-password\" }";

const COMMAND: &str = "command = [\"pass\", \"show\", \"mail/security\"]";

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
    let command =
        table.optional("command", |item| value::command(item, COMMAND).map(SecretSource::Command));
    let credential = table.optional("credential", credential);
    let mut ways = [file?, command?, credential?].into_iter().flatten();
    match (ways.next(), ways.next()) {
        (Some(way), None) => Some(way),
        (None, _) => item.refuse(format_args!("names no place; {WAYS}")),
        (Some(_), Some(_)) => item.refuse("names more than one place; leave one of them"),
    }
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
