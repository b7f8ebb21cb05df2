//! Archives made for a test, and runs over them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const CONFIG: &str = r#"
[project]
name = "Express"
case_prefix = "EXP"
[[member]]
name = "kim"
addresses = ["kim@project.example"]
[[member]]
name = "lee"
addresses = ["lee@project.example"]
[team]
lead = "kim"
deputies = ["lee"]
[smtp]
host = "localhost"
[imap]
host = "localhost"
user = "u"
password = { file = "/none" }
[[inbox]]
recipients = ["security@project.example"]
authserv_id = "mx.project.example"
"#;

const TEXT: &str = "The static handler of version 4.2 follows symbolic links out of its root, \
                    so anybody can read every file on the server.";

/// A mail that arrives, or that was sent.
#[derive(Clone)]
pub(crate) struct Mail {
    pub(crate) at: i64,
    id: String,
    from: String,
    to: String,
    subject: String,
    /// One more line of its header.
    field: String,
    answers: Option<String>,
    text: String,
}

/// Tuesday 1 September 2026, 12:00:00 UTC.
pub(crate) const NOON: i64 = 1_788_264_000;
pub(crate) const HOUR: i64 = 3600;

/// A report from `name@acorn.example` with the Message-ID `id@acorn.example`.
pub(crate) fn report(at: i64, name: &str, id: &str) -> Mail {
    Mail {
        at,
        id: format!("{id}@acorn.example"),
        from: format!("{name}@acorn.example"),
        to: "security@project.example".into(),
        subject: format!("Path traversal {id}"),
        field: String::new(),
        answers: None,
        // Nobody's report reads like that of somebody else.
        text: format!("{TEXT} It was found by {name} in test {id}."),
    }
}

/// An answer of the team to `name@acorn.example`.
pub(crate) fn reply(at: i64, name: &str, answers: &str) -> Mail {
    Mail {
        at,
        id: format!("reply-{at}@project.example"),
        from: "kim@project.example".into(),
        to: format!("{name}@acorn.example"),
        subject: "Re: Path traversal".into(),
        field: String::new(),
        answers: Some(answers.into()),
        text: "Thank you. We can reproduce it and will send a fix next week.".into(),
    }
}

impl Mail {
    pub(crate) fn answering(mut self, id: &str) -> Mail {
        self.answers = Some(id.into());
        self
    }

    pub(crate) fn to(mut self, to: &str) -> Mail {
        self.to = to.into();
        self
    }

    pub(crate) fn titled(mut self, subject: &str) -> Mail {
        self.subject = subject.into();
        self
    }

    pub(crate) fn with(mut self, field: &str) -> Mail {
        self.field = format!("{field}\n");
        self
    }

    pub(crate) fn saying(mut self, text: &str) -> Mail {
        self.text = text.into();
        self
    }

    /// As its author wrote it, at a time that their clock told.
    fn body(&self) -> String {
        format!("Date: Sun, 1 Jan 2006 00:00:00 +0000\n{}", self.undated())
    }

    fn undated(&self) -> String {
        let domain = self.from.split('@').nth(1).unwrap();
        let answers = self.answers.as_ref().map(|id| format!("In-Reply-To: <{id}>\n"));
        let answers = answers.unwrap_or_default();
        format!(
            "Authentication-Results: mx.project.example; dkim=pass header.d={domain}; \
             dmarc=pass header.from={domain}\nFrom: {}\nTo: {}\nSubject: {}\nMessage-ID: <{}>\n\
             {answers}{}\n{}\n",
            self.from, self.to, self.subject, self.id, self.field, self.text
        )
    }

    /// As a file that tells by itself when it arrived.
    pub(crate) fn dated(&self) -> String {
        let at = watchpost::desk::time::Moment::from_unix(self.at).rfc5322();
        format!(
            "Received: from mx.acorn.example by mx.project.example;\n\t{at}\n\
             Received: from forged.example by mx.acorn.example; Mon, 1 Jan 2001 00:00:00 +0000\n{}",
            self.body()
        )
    }

    /// As a program that sends it writes it.
    fn sent(&self) -> String {
        let at = watchpost::desk::time::Moment::from_unix(self.at).rfc5322();
        format!("Date: {at}\n{}", self.undated())
    }

    fn asctime(&self) -> String {
        let at = watchpost::desk::time::Moment::from_unix(self.at).rfc5322();
        let words: Vec<&str> = at.split_whitespace().collect();
        let [weekday, day, month, year, time, _] = words.as_slice() else { unreachable!() };
        format!("{} {month} {day} {time} {year}", weekday.trim_end_matches(','))
    }
}

/// A folder for one test.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk::of(CONFIG)
    }

    pub(crate) fn of(config: &str) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        desk.write("config.toml", config);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn eml(&self, folder: &str, mails: &[Mail]) {
        fs::create_dir_all(self.path(folder)).unwrap();
        for (n, mail) in mails.iter().enumerate() {
            self.write(&format!("{folder}/{n:02}.eml"), mail.dated());
        }
    }

    pub(crate) fn sent(&self, folder: &str, mails: &[Mail]) {
        for (n, mail) in mails.iter().enumerate() {
            self.write(&format!("{folder}/{n:02}.eml"), mail.sent());
        }
    }

    pub(crate) fn maildir(&self, folder: &str, mails: &[Mail]) {
        for (n, mail) in mails.iter().enumerate() {
            let part = if n % 2 == 0 { "cur" } else { "new" };
            let name = format!("{folder}/{part}/{}.M{n}P1.host:2,S", mail.at);
            self.write(&name, mail.body().replace('\n', "\r\n"));
        }
        self.write(&format!("{folder}/tmp/1.M1P1.host"), "not delivered");
    }

    pub(crate) fn mbox(&self, file: &str, mails: &[Mail]) {
        let one = |mail: &Mail| {
            let escaped = mail.body().replace("\nFrom ", "\n>From ");
            format!("From {} {}\n{escaped}\n", mail.from, mail.asctime())
        };
        self.write(file, mails.iter().map(one).collect::<String>());
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_watchpost"))
            .args(["simulate", "--config", "config.toml"])
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// The rows less those of clocks, and the summary.
    pub(crate) fn told(&self, arguments: &[&str]) -> (Vec<Value>, Value) {
        let (mut rows, summary) = self.all_told(arguments);
        let of_clocks = ["remind", "breach", "escalate"];
        rows.retain(|row| !of_clocks.contains(&row["action"].as_str().unwrap()));
        (rows, summary)
    }

    /// The rows, and the summary.
    pub(crate) fn all_told(&self, arguments: &[&str]) -> (Vec<Value>, Value) {
        let output = self.run(&[arguments, &["--format", "json"]].concat());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && errors.is_empty(), "{errors}");
        let text = String::from_utf8(output.stdout).unwrap();
        let mut rows: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let summary = rows.pop().unwrap();
        assert_eq!(summary.get("action").unwrap(), "summary");
        (rows, summary)
    }

    /// What each row says, short: `01T12:00:00 1 acknowledge ann`.
    pub(crate) fn actions(&self, arguments: &[&str]) -> Vec<String> {
        self.told(arguments).0.iter().map(short).collect()
    }
}

pub(crate) fn short(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let name = |to: &Value| to.as_str().unwrap().split('@').next().unwrap().to_owned();
    let case: String = text("case").rsplit('-').next().unwrap().trim_start_matches('0').into();
    let to = match &row["to"] {
        Value::Array(several) => several.iter().map(name).collect::<Vec<_>>().join("+"),
        Value::Null => String::new(),
        one => name(one),
    };
    let at = text("at");
    let at = at.strip_prefix("2026-09-").unwrap_or(&at).trim_end_matches('Z').to_owned();
    let words = [at, case, text("action"), to];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
