//! What an operator says of a case, and what they take out of it, against real mail servers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::mails::{cases, field, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until, watchpost};

const ANN: &str = "ann@acorn.example";
const BO: &str = "bo@oak.example";
/// What each of them wrote, and nobody else may ever read.
const ANNS: [&str; 3] = ["ann@acorn", "annulus", "EXP-2026-0001"];
const BOS: [&str; 3] = ["bo@oak", "bolometer", "EXP-2026-0002"];

struct Desk {
    rig: Rig,
    config: String,
}

impl Desk {
    fn new() -> Desk {
        let rig = Rig::start();
        let config = rig.watchpost_config().to_str().unwrap().to_owned();
        Desk { rig, config }
    }

    fn run(&self, words: &str) -> (i32, String, String) {
        let words = words.split(' ').chain(["--config", &self.config]);
        let output = watchpost(&words.collect::<Vec<_>>());
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn done(&self, words: &str) -> String {
        let (status, told, error) = self.run(words);
        assert_eq!((status, error.as_str()), (0, ""), "{words}");
        told
    }

    fn refused(&self, words: &str) -> String {
        let (status, _, error) = self.run(words);
        assert_eq!((status, error.lines().count()), (1, 1), "{words}: {error}");
        error
    }

    fn shows(&self, case: &str, what: &str) -> bool {
        wait_until(PATIENCE, || self.run(&format!("show {case}")).1.contains(what))
    }

    fn write(&self, from: &str, id: &str, subject: &str, word: &str, answers: &str) {
        let answers = match answers {
            "" => String::new(),
            id => format!("In-Reply-To: {id}\nReferences: {id}\n"),
        };
        let mail = format!(
            "From: <{from}>\nTo: {INBOX}\nSubject: {subject}\nMessage-ID: <{id}>\n{answers}\n\
             In version 3.1 the {word} is not checked before it is used, so that anybody who can \n\
             reach the server reads the files of others. From memory I would say since 3.0.\n\
             From there on it is the same.\n"
        );
        self.rig.deliver(Some(from), &[INBOX], mail.as_bytes());
    }

    /// The Message-ID of the newest letter to somebody.
    fn newest(&self, to: &str, count: usize) -> String {
        let mails = self.rig.wait_for_mails(to, count, PATIENCE);
        assert_eq!(mails.len(), count);
        field(mails.last().unwrap(), "Message-ID")
    }

    fn sent_to(&self, to: &str) -> String {
        let mails = self.rig.mails(to, "INBOX").concat();
        String::from_utf8_lossy(&mails).into_owned()
    }
}

#[test]
fn after_merges_and_splits_nobody_reads_of_the_other_and_an_export_holds_what_is_left() {
    let desk = Desk::new();
    let daemon = Daemon::start(&desk.rig, Path::new(&desk.config));
    desk.write(ANN, "a1@acorn.example", "annulus", "annulus", "");
    let anns = desk.newest(ANN, 1);
    desk.write(BO, "b1@oak.example", "bolometer", "bolometer", "");
    let bos = desk.newest(BO, 1);

    let told = desk.done("do EXP-2026-0001 merge EXP-2026-0002");
    assert!(told.contains("EXP-2026-0002 goes on here; reported by bo@oak.example"), "{told}");
    assert!(cases(Path::new(&desk.config)).iter().any(|row| row.contains("\"merged\"")));
    desk.write(BO, "b2@oak.example", "Re: bolometer", "bolometer", &bos);
    assert!(desk.shows("EXP-2026-0001", "bo@oak.example wrote again"));
    desk.write(ANN, "a2@acorn.example", "Re: annulus too", "annulus", &anns);
    assert!(desk.shows("EXP-2026-0001", "ann@acorn.example wrote again"));
    let told = desk.done("do EXP-2026-0001 split 3");
    assert!(told.contains("EXP-2026-0003") && told.contains("acknowledgement to ann@"), "{told}");
    let second = desk.newest(ANN, 2);
    desk.write(ANN, "a3@acorn.example", "Re: second", "annulus", &second);
    assert!(desk.shows("EXP-2026-0003", "ann@acorn.example wrote again"));
    let told = desk.refused("do EXP-2026-0001 split 3");
    assert!(told.contains("became EXP-2026-0003 already"), "{told}");
    assert!(desk.refused("do EXP-2026-0003 release").contains("is not held, it is acknowledged"));
    assert!(desk.refused("do EXP-2026-0099 release").contains("watchpost cases"));

    // The lead deletes the first mail, and files Bo's second one.
    let mut lead = desk.rig.imap(INBOX);
    lead.command("CREATE Done");
    lead.command("SELECT INBOX");
    lead.command("UID STORE 1 +FLAGS.SILENT (\\Deleted)");
    lead.command("EXPUNGE");
    lead.command("UID MOVE 3 Done");

    let folder = desk.rig.dir().join("export");
    fs::create_dir(&folder).unwrap();
    let to = format!("export EXP-2026-0001 --to {}", folder.display());
    let told = desk.refused(&to);
    assert_eq!(
        told,
        "watchpost: 2 of 3 mails could not be fetched; what stands in their place says why\n"
    );
    let file = |ending| folder.join(format!("EXP-2026-0001.{ending}"));
    for ending in ["mbox", "jsonl"] {
        assert_eq!(fs::metadata(file(ending)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    let mbox = fs::read_to_string(file("mbox")).unwrap();
    // Three mails, and the acknowledgements of both cases.
    assert_eq!(mbox.lines().filter(|line| line.starts_with("From ")).count(), 5, "{mbox}");
    for gone in ["UID: 1 ", "UID: 3 ", "Message-ID: <a1@acorn.example>", "<b2@oak.example>"] {
        assert!(mbox.contains(gone), "{gone}: {mbox}");
    }
    assert_eq!(mbox.matches("Why: the mail is not in the folder any more\n").count(), 2);
    assert!(mbox.contains("\n>From there on it is the same.\n"), "{mbox}");
    assert!(mbox.contains(&format!("Message-ID: {bos}")) && !mbox.contains(&second), "{mbox}");
    let at = |what: &str| mbox.find(what).unwrap();
    // In one second they stand as they were recorded.
    assert!(at("<a1@") < at(&anns) && at("<a1@") < at("<b1@oak") && at("<b1@oak") < at(&bos));
    assert!(desk.refused(&to).contains("exists and is not overwritten"));

    // All this is the same without the daemon.
    assert!(daemon.terminate().success());
    let (status, text, error) = desk.run("export EXP-2026-0001");
    assert_eq!((status, text == mbox), (1, true), "{error}");
    let (status, json, _) = desk.run("export EXP-2026-0001 --format json");
    assert_eq!((status, json), (0, fs::read_to_string(file("jsonl")).unwrap()));
    let told = desk.done("do EXP-2026-0002 responded");
    assert!(told.contains("the operator says that the reporter has been answered"), "{told}");
    assert!(desk.refused("do EXP-2026-0002 responded").contains("was answered on"));
    let daemon = Daemon::start(&desk.rig, Path::new(&desk.config));
    let story = desk.done("show EXP-2026-0001");
    for told in ["Merged in", "by bo@oak.example, first seen", "nothing: a person answered"] {
        assert!(story.contains(told), "{told}: {story}");
    }
    assert!(daemon.terminate().success());
    assert!(wait_until(PATIENCE, || desk.rig.queue_is_empty()));

    let (to_ann, to_bo) = (desk.sent_to(ANN), desk.sent_to(BO));
    for (text, own, others) in [(&to_ann, ANNS, BOS), (&to_bo, BOS, ANNS)] {
        assert!(own.iter().all(|word| text.contains(word)), "{text}");
        assert!(!others.iter().any(|word| text.to_lowercase().contains(&word.to_lowercase())));
    }
    assert!(!to_bo.contains("EXP-2026-0003") && to_bo.matches("X-Watchpost").count() == 1);
}

#[test]
fn a_held_case_is_released_without_a_daemon_and_its_letter_leaves_with_the_next_one() {
    let desk = Desk::new();
    let daemon = Daemon::start(&desk.rig, Path::new(&desk.config));
    let mail = report(ANN, "one").replace('\n', "\r\n");
    let mut server = desk.rig.imap(INBOX);
    server.write(&format!("k APPEND Junk {{{}+}}\r\n{mail}\r\n", mail.len()));
    while !server.line().starts_with("k OK") {}
    assert!(desk.shows("EXP-2026-0001", "it lies among the junk"));
    assert!(desk.shows("EXP-2026-0001", "or: watchpost do EXP-2026-0001 release"));
    assert!(daemon.terminate().success());
    let told = desk.done("do exp-2026-0001 release");
    assert!(told.contains("minimal to ann@acorn.example: waits"), "{told}");
    assert!(told.contains("no daemon is running"), "{told}");
    let daemon = Daemon::start(&desk.rig, Path::new(&desk.config));
    desk.newest(ANN, 1);
    assert!(desk.shows("EXP-2026-0001", "minimal to ann@acorn.example: sent"));
    assert!(daemon.terminate().success());
    let (status, _, told) = desk.run("do EXP-2026-0001 clsoe");
    assert_eq!(status, 2);
    assert!(told.contains("there is no command clsoe; there are: responded, release,"), "{told}");
}
