//! The servers, the daemon, and what became of each mail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use watchpost::desk::parse::parse;

use crate::programs::{Program, program};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until, watchpost};
use crate::writing::Draft;

pub(crate) const KIM: &str = "kim@project.example";
pub(crate) const KIM_AT_HOME: &str = "kim@home.example";
pub(crate) const LEE: &str = "lee@project.example";

/// A running daemon among real servers.
pub(crate) struct World {
    // Dropped before the servers.
    pub(crate) daemon: Daemon,
    pub(crate) config: PathBuf,
    pub(crate) rig: Rig,
}

/// What became of one mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fate {
    pub(crate) case: String,
    /// `opened`, `joined`, `answered`, `discussed`.
    pub(crate) what: String,
    /// The tie, or why it is no answer.
    pub(crate) how: String,
}

impl World {
    /// Kim leads, and Lee is on the team.
    pub(crate) fn open(change: impl Fn(String) -> String) -> World {
        let rig = Rig::start();
        let people = format!(
            "[[member]]\nname = \"kim\"\naddresses = [\"{KIM}\", \"{KIM_AT_HOME}\"]\n\
             [[member]]\nname = \"lee\"\naddresses = [\"{LEE}\"]\n\
             [team]\nlead = \"kim\"\nmembers = [\"lee\"]\n"
        );
        let text = rig.config_text().replacen("[[inbox]]", &format!("{people}[[inbox]]"), 1);
        let config = rig.write_config(&change(text));
        let daemon = Daemon::start(&rig, &config);
        World { daemon, config, rig }
    }

    /// Sends a mail to everybody whom it names, as its envelope says.
    pub(crate) fn send(&self, draft: &Draft, program: &Program) {
        let to: Vec<&str> = draft.to.iter().chain(&draft.cc).map(String::as_str).collect();
        self.send_to(draft, program, &to);
    }

    pub(crate) fn send_to(&self, draft: &Draft, program: &Program, to: &[&str]) {
        let from = draft.envelope.as_deref().unwrap_or(&draft.from.1);
        self.rig.deliver(Some(from), to, &draft.written(program));
    }

    /// Puts a mail into the folder for sent mail, as a mail program does.
    pub(crate) fn keep(&self, mail: &[u8]) {
        let mut imap = self.rig.imap(INBOX);
        let text = String::from_utf8(mail.to_vec()).unwrap().replace("\r\n", "\n");
        let text = text.replace('\n', "\r\n");
        imap.write(&format!("k APPEND Sent (\\Seen) {{{}+}}\r\n{text}\r\n", text.len()));
        while !imap.line().starts_with("k OK") {}
    }

    /// Returns when all that was sent to the inbox has its decision: a further report is answered.
    pub(crate) fn settle(&self, round: &str) {
        assert!(wait_until(PATIENCE, || self.rig.queue_is_empty()));
        let last = format!("last-{round}@sentinel.example");
        let draft = Draft::from("Last", &last, &format!("last-{round}@sentinel.example"))
            .titled("The last one of this round")
            .saying("In version 5 the parser of the query string does not end on some input.");
        self.send(&draft, program("mutt"));
        let answered = wait_until(3 * PATIENCE, || !self.rig.mails(&last, "INBOX").is_empty());
        assert!(answered, "{}", self.daemon.log());
        assert!(wait_until(PATIENCE, || self.rig.queue_is_empty()));
    }

    /// The rows of `cases`.
    pub(crate) fn cases(&self) -> Vec<Value> {
        self.told(&["cases"])
    }

    /// The row of the case that this person reported.
    pub(crate) fn case_of(&self, reporter: &str) -> Value {
        let mut cases = self.cases().into_iter().filter(|case| case["reporter"] == reporter);
        cases.next().unwrap_or_else(|| panic!("{reporter} has no case\n{}", self.daemon.log()))
    }

    /// The events of a case.
    pub(crate) fn story(&self, case: &str) -> Vec<Value> {
        self.told(&["show", case]).into_iter().map(|line| line["event"]["fact"].clone()).collect()
    }

    /// What became of each mail, by its Message-ID.
    pub(crate) fn fates(&self) -> BTreeMap<String, BTreeSet<Fate>> {
        let mut fates: BTreeMap<String, BTreeSet<Fate>> = BTreeMap::new();
        for case in self.cases() {
            let case = case["case"].as_str().unwrap().to_owned();
            for fact in self.story(&case) {
                let Some(id) = fact["mail"]["message_id"].as_str() else { continue };
                let word = |name: &str| fact[name].as_str().map(str::to_owned);
                let how = word("tie").or_else(|| word("why")).unwrap_or_default();
                let fate = Fate { case: case.clone(), what: word("what").unwrap(), how };
                fates.entry(id.to_owned()).or_default().insert(fate);
            }
        }
        fates
    }

    fn told(&self, arguments: &[&str]) -> Vec<Value> {
        let config = self.config.to_str().unwrap();
        let mut all = arguments.to_vec();
        all.extend(["--config", config, "--format", "json"]);
        let output = watchpost(&all);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Everything that lies in a mailbox outside of the project, by its address.
    pub(crate) fn mailboxes(&self) -> BTreeMap<String, Vec<Vec<u8>>> {
        let folders = |path: &Path| -> Vec<String> {
            let entries = fs::read_dir(path).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        let root = self.rig.dir().join("mail");
        let mut found = BTreeMap::new();
        for domain in folders(&root).into_iter().filter(|domain| domain != "project.example") {
            for user in folders(&root.join(&domain)) {
                let address = format!("{user}@{domain}");
                let mails = self.rig.mails(&address, "INBOX");
                found.insert(address, mails);
            }
        }
        found
    }

    /// Each planted word may be seen by these people only, and by no reader of the log.
    pub(crate) fn nothing_leaked(&self, planted: &BTreeMap<String, BTreeSet<String>>) {
        let log = self.daemon.log().to_lowercase();
        for word in planted.keys() {
            assert!(!log.contains(word), "the log tells {word}");
        }
        let mailboxes = self.mailboxes();
        assert!(mailboxes.values().map(Vec::len).sum::<usize>() > 3, "nobody got anything");
        for (owner, mails) in &mailboxes {
            for mail in mails {
                let seen = readable(mail);
                let foreign = planted.iter().filter(|(_, may)| !may.contains(owner));
                for (word, _) in foreign {
                    assert!(!seen.contains(word), "{owner} reads {word}:\n{seen}");
                }
            }
        }
    }
}

/// A mail as it lies there, and as it is read, in lower case.
fn readable(mail: &[u8]) -> String {
    let read = parse(mail, true);
    let mut all = String::from_utf8_lossy(mail).into_owned() + "\n" + &read.text;
    for (name, value) in &read.headers {
        all = all + "\n" + name + ": " + value;
    }
    for file in &read.attachments {
        all = all + "\n" + &file.name;
    }
    all.to_lowercase()
}
