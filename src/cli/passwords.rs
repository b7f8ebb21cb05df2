//! The passwords of a configuration: each place once, however many logins use it.

use crate::config::settings::{SecretSource, Settings};
use crate::io::secret::{self, SecretError};

/// A place that a password is read from, and what logs in with it.
pub(super) struct Used {
    pub(super) source: SecretSource,
    /// As an operator calls them: `security: IMAP`.
    by: Vec<String>,
}

/// Every place, in the order of the file.
pub(super) fn used(settings: &Settings) -> Vec<Used> {
    let mut places: Vec<Used> = Vec::new();
    let mut use_for = |by: String, source: &SecretSource| match places
        .iter_mut()
        .find(|used| used.source == *source)
    {
        Some(used) => used.by.push(by),
        None => places.push(Used { source: source.clone(), by: vec![by] }),
    };
    for inbox in &settings.inboxes {
        let name = &inbox.policy.inbox;
        use_for(format!("{name}: IMAP"), &inbox.imap.password);
        if let Some((_, source)) = &inbox.smtp.login {
            use_for(format!("{name}: SMTP"), source);
        }
    }
    let second = settings.alarm.second.as_ref();
    if let Some((_, source)) = second.and_then(|second| second.smtp.login.as_ref()) {
        use_for("alarm: SMTP".to_owned(), source);
    }
    places
}

/// More than so many logins are counted, not named.
const NAMED: usize = 3;

impl Used {
    /// Reads the password to see whether it can be read.
    pub(super) async fn try_to_read(&self) -> Result<(), SecretError> {
        secret::read(&self.source).await.map(drop)
    }

    /// What logs in with it: `security: IMAP and security: SMTP`.
    pub(super) fn by(&self) -> String {
        let named: Vec<&str> = self.by.iter().take(NAMED).map(String::as_str).collect();
        match self.by.len().saturating_sub(NAMED) {
            0 => named.join(" and "),
            others => format!("{} and {others} more", named.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_tried_once_and_tells_who_uses_it() {
        let text = r#"
            project = { name = "Express", case_prefix = "EXP" }
            smtp = { host = "smtp.project.example" }
            imap = { host = "imap.project.example", user = "u", password = { file = "/one" } }
            [[inbox]]
            recipients = ["security@project.example"]
            smtp = { user = "u", password = { file = "/one" } }
            [[inbox]]
            recipients = ["psirt@router.example"]
            imap = { user = "v" }
            smtp = { user = "v", password = { file = "/two" } }
        "#;
        let settings = crate::config::parse("config.toml", text).unwrap();
        let told: Vec<String> = used(&settings).iter().map(Used::by).collect();
        assert_eq!(told, ["security: IMAP and security: SMTP and psirt: IMAP", "psirt: SMTP"]);
    }
}
