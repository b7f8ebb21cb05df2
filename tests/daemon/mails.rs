//! Mails of many kinds, each from a sender of its own, and what has to become of them.

use std::collections::BTreeMap;

use crate::rig::{INBOX, Rig};

/// A mail on its way to the inbox.
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) text: String,
    pub(crate) answered: bool,
    pub(crate) null_sender: bool,
}

impl Mail {
    pub(crate) fn send(&self, rig: &Rig) {
        let sender = (!self.null_sender).then_some(self.from.as_str());
        rig.deliver(sender, &[INBOX], self.text.as_bytes());
    }
}

/// The n-th of a mixture: reports, links, attachments, vacation notes, bounces, lists.
pub(crate) fn mixed(n: usize) -> Mail {
    let from = format!("r{n}@acorn{}.example", n % 7);
    let head = |subject: &str| {
        format!(
            "From: Reporter {n} <{from}>\nTo: {INBOX}\nSubject: {subject}\n\
             Date: Tue, 01 Sep 2026 18:11:00 +0100\nMessage-ID: <m{n}@{from}>\nMIME-Version: 1.0\n"
        )
    };
    let (text, answered) = match n % 10 {
        6 => (format!("{}\nhttps://paste.acorn.example/p/{n}\n", head("bug")), true),
        7 => (
            format!(
                "{}Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee attached.\n\
                 --b\nContent-Type: application/pdf; name=report.pdf\nContent-Transfer-Encoding: base64\n\
                 Content-Disposition: attachment; filename=report.pdf\n\nJVBERi0xLjQK\n--b--\n",
                head("vulnerability report")
            ),
            true,
        ),
        8 => (
            format!(
                "{}Auto-Submitted: auto-replied\n\nI am out of the office until Monday.\n",
                head("Out of office")
            ),
            false,
        ),
        9 => (
            format!(
                "{}Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n\
                 Your mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n\
                 Reporting-MTA: dns; mx.acorn.example\n\nFinal-Recipient: rfc822; x@acorn.example\n\
                 Action: failed\nStatus: 5.1.1\n--b--\n",
                head("Undelivered Mail Returned to Sender")
            ),
            false,
        ),
        kind => (
            format!(
                "{}\nHello,\n\nwith version 4.{n} the static handler number {kind} can be left by a symbolic \
                 link that\nis created after start-up. Anyone who may upload an archive with links can read\n\
                 the files of the machine.\n\nReporter {n}\n",
                head(&format!("Problem {n} in the static handler"))
            ),
            true,
        ),
    };
    Mail { from, text, answered, null_sender: n % 10 == 9 }
}

/// A report like any other, from this address.
pub(crate) fn report(from: &str, id: &str) -> String {
    format!(
        "From: <{from}>\nTo: {INBOX}\nSubject: Session fixation {id}\nMessage-ID: <{id}@{from}>\n\n\
         In version 3.1 the session id stays the same after the login, so that somebody who knows it\n\
         before is logged in afterwards.\n"
    )
}

/// The Message-IDs of all letters that each sender got.
pub(crate) fn answers<'a>(
    rig: &Rig,
    mails: impl IntoIterator<Item = &'a Mail>,
) -> BTreeMap<String, Vec<String>> {
    let ids = |from: &str| {
        rig.mails(from, "INBOX").iter().map(|mail| field(mail, "Message-ID")).collect()
    };
    mails.into_iter().map(|mail| (mail.from.clone(), ids(&mail.from))).collect()
}

/// A header field of a mail; empty where there is none.
pub(crate) fn field(mail: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(mail);
    let head =
        text.split("\n\n").next().unwrap_or_default().replace("\n ", " ").replace("\n\t", " ");
    let found = head.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    found.unwrap_or_default()
}

/// The open cases, as `watchpost cases` tells them.
pub(crate) fn cases(config: &std::path::Path) -> Vec<String> {
    let config = config.to_str().unwrap();
    let output = crate::rig::watchpost(&["cases", "--config", config, "--format", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
