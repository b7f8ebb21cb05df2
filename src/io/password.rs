//! How an edge that logs in asks for its password, and keeps it out of what a server says to it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::base64::base64;

/// Reads the password; asked at each login anew, so that it can be changed without a restart. The
/// error is one line for the operator that names what could not be read.
pub type Password = Arc<dyn Fn() -> BoxFuture<'static, Result<SecretString, String>> + Send + Sync>;

/// What stands in the place of a password.
const HIDDEN: &str = "[password]";

/// Of a password that a text was cut in, so many letters at its end tell too much.
const CUT: usize = 4;

/// The SASL PLAIN message (RFC 4616) in Base64, which is the password in another dress.
pub fn plain(user: &str, password: &SecretString) -> Zeroizing<String> {
    let message = Zeroizing::new(format!("\0{user}\0{}", password.expose_secret()));
    Zeroizing::new(base64(message.as_bytes()))
}

/// What a server said to a login, less the password: some repeat the command that they do not like,
/// and what they say goes to the log.
pub fn without(said: &str, user: &str, password: &SecretString) -> String {
    let secret = password.expose_secret();
    let coded = Zeroizing::new(base64(secret.as_bytes()));
    let mut told = said.to_owned();
    for form in [&plain(user, password), &coded, secret] {
        if form.is_empty() {
            continue;
        }
        told = told.replace(form, HIDDEN);
        let (head, cut) = told.strip_suffix('…').map_or((&*told, ""), |head| (head, "…"));
        let ends = form.char_indices().map(|(end, _)| end).rev().filter(|end| *end >= CUT);
        let seen = ends.filter_map(|end| form.get(..end)).find_map(|part| head.strip_suffix(part));
        if let Some(head) = seen {
            told = format!("{head}{HIDDEN}{cut}");
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_in_every_dress_and_where_it_was_cut() {
        let password = SecretString::from("hunter2");
        for (said, told) in [
            ("BAD what is LOGIN ann hunter2?", "BAD what is LOGIN ann [password]?"),
            ("no: aHVudGVyMg==", "no: [password]"),
            ("no: AUTH PLAIN AGFubgBodW50ZXIy", "no: AUTH PLAIN [password]"),
            ("no: AUTH PLAIN AGFubgBodW50Z…", "no: AUTH PLAIN [password]…"),
            ("LOGIN ann hunte", "LOGIN ann [password]"),
            ("[AUTHENTICATIONFAILED] wrong", "[AUTHENTICATIONFAILED] wrong"),
        ] {
            assert_eq!(without(said, "ann", &password), told);
        }
        assert_eq!(without("no", "ann", &SecretString::from("")), "no");
    }
}
