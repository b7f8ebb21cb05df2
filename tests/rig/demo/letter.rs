//! A letter as the person sees it who received it.

use std::fmt;

use mail_parser::{Address, HeaderValue, MessageParser};

pub(super) struct Letter {
    from: String,
    to: String,
    reply_to: String,
    pub(super) subject: String,
    pub(super) message_id: String,
    pub(super) in_reply_to: String,
    auto_submitted: String,
    body: String,
}

impl Letter {
    pub(super) fn read(mail: &[u8]) -> Self {
        let message = MessageParser::default().parse(mail).unwrap();
        let raw = |name: &str| message.header_raw(name).unwrap_or_default().trim().to_owned();
        let answers = match message.header("Reply-To") {
            Some(HeaderValue::Address(address)) => address_alone(Some(address)),
            _ => address_alone(message.from()),
        };
        Self {
            from: raw("From"),
            to: raw("To"),
            reply_to: answers,
            subject: message.subject().unwrap_or_default().to_owned(),
            message_id: raw("Message-ID"),
            in_reply_to: raw("In-Reply-To"),
            auto_submitted: raw("Auto-Submitted"),
            body: message.body_text(0).unwrap_or_default().into_owned(),
        }
    }

    /// Where a mail program sends an answer.
    pub(super) fn answers_go_to(&self) -> &str {
        &self.reply_to
    }

    pub(super) fn is_automatic_answer(&self) -> bool {
        self.auto_submitted.starts_with("auto-replied")
    }

    pub(super) fn asks_to_resend(&self) -> bool {
        let text = self.body.to_lowercase();
        ["resend", "re-send", "again"].iter().any(|word| text.contains(word))
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "    From:    {}", self.from)?;
        writeln!(f, "    To:      {}", self.to)?;
        writeln!(f, "    Subject: {}", self.subject)?;
        writeln!(f)?;
        for line in self.body.trim_end().lines() {
            writeln!(f, "    {line}")?;
        }
        Ok(())
    }
}

fn address_alone(address: Option<&Address<'_>>) -> String {
    address
        .and_then(Address::first)
        .and_then(|one| one.address.as_deref())
        .unwrap_or_default()
        .to_owned()
}

/// The case number in a subject, as in `[EXP-2026-0001]`.
pub(super) fn case_number<'a>(subject: &'a str, prefix: &str) -> Option<&'a str> {
    let (_, rest) = subject.split_once('[')?;
    let (number, _) = rest.split_once(']')?;
    let (year, running) = number.strip_prefix(prefix)?.strip_prefix('-')?.split_once('-')?;
    let digits = |text: &str| text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(year) && digits(running)).then_some(number)
}
