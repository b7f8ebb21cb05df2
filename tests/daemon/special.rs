//! The folders for sent mail and for junk on a real server, with marks and without.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use watchpost::config;
use watchpost::config::settings::Imap;
use watchpost::desk::folder::{Cursor, Folder, Role};
use watchpost::desk::letter::LetterId;
use watchpost::desk::message::MessageId;
use watchpost::io::imap::{Filed, FromFolder, NotGiven, ToFolder, Watch, fetch_whole, watch};
use watchpost::io::secret;

use crate::mails::{cases, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until, watchpost};

const UNMARKED: &str = "security@unmarked.example";

fn account(config: &Path) -> Imap {
    config::read(config).unwrap().inboxes.remove(0).imap
}

fn sent() -> Folder {
    Folder { inbox: "security".into(), name: "\\Sent".into(), role: Role::Sent }
}

#[test]
fn what_is_not_ours_in_the_marked_folders_is_looked_at_and_neither_read_nor_recorded() {
    let rig = Rig::start();
    let text = rig.config_text().replace("kind = \"dedicated\"", "kind = \"mixed\"");
    let config = rig.write_config(&text);
    let dinner = "From: <lead@project.example>\nTo: <planted@acorn.example>\nSubject: PLANTED\n\
                  Message-ID: <dinner@project.example>\n\nPLANTED: dinner on Friday?\n";
    let daemon = Daemon::start(&rig, &config);
    for folder in ["Sent", "Junk"] {
        let begun = format!("folder=security/\\{folder}");
        assert!(daemon.log().contains(&begun), "{}", daemon.log());
    }
    assert!(daemon.terminate().success());
    for folder in ["Sent", "Junk"] {
        rig.append(INBOX, folder, Duration::ZERO, [dinner]);
    }
    let daemon = Daemon::start(&rig, &config);
    for folder in ["Sent", "Junk"] {
        let watching = format!("watching folder=security/\\{folder}");
        assert!(wait_until(PATIENCE, || daemon.log().contains(&watching)), "{}", daemon.log());
        let mut lead = rig.imap(INBOX);
        lead.command(&format!("SELECT {folder}"));
        let flags = lead.command("UID FETCH 1:* (FLAGS)");
        assert!(flags.contains("UID 1 FLAGS (") && !flags.contains("$Watchpost"), "{flags}");
        assert!(!flags.contains("\\Seen"), "{flags}");
    }
    assert!(cases(&config).is_empty());
    assert!(daemon.terminate().success());
    // The server counts what each connection has read.
    let log = || std::fs::read_to_string(rig.dir().join("dovecot.log")).unwrap();
    let headers = || log().lines().filter(|line| line.contains("hdr_count=1 ")).count();
    assert!(wait_until(PATIENCE, || headers() == 2), "{}", log());
    assert!(!log().contains("body_count=1 "), "{}", log());
    assert!(rig.mails("planted@acorn.example", "INBOX").is_empty());
    let found = std::process::Command::new("grep")
        .args(["-r", "-l", "-a", "-e", "PLANTED", "-e", "planted@"])
        .arg(rig.dir().join("state"))
        .output()
        .unwrap();
    assert!(found.stdout.is_empty(), "{}", String::from_utf8_lossy(&found.stdout));
}

#[test]
fn an_answer_counts_that_was_sent_or_read_before_its_report_came() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let (kim, bo) = ("kim@acorn.example", "bo@acorn.example");
    let answer = |to: &str, id: &str| {
        format!(
            "From: <{INBOX}>\nTo: <{to}>\nSubject: Re: Session fixation\n\
             Message-ID: <re-{id}@project.example>\nIn-Reply-To: <{id}@{to}>\n\n\
             Thank you, we can reproduce it.\n"
        )
    };
    assert!(Daemon::start(&rig, &config).terminate().success());
    rig.append(INBOX, "Sent", Duration::ZERO, [answer(kim, "one")]);
    let daemon = Daemon::start(&rig, &config);
    let watching = || daemon.log().contains("watching folder=security/\\Sent");
    assert!(wait_until(PATIENCE, watching), "{}", daemon.log());
    // It was of no case, and is read again when its report comes, an hour after it was written.
    let written = watchpost::io::wall::now() - watchpost::desk::time::Span::hours(1);
    let late = format!("Date: {}\n{}", written.rfc5322(), report(kim, "one"));
    rig.deliver(Some(kim), &[INBOX], late.as_bytes());
    let answered = || daemon.log().matches("a person answered the reporter").count();
    assert!(wait_until(PATIENCE, || answered() == 1), "{}", daemon.log());
    assert!(daemon.terminate().success());
    // Both came while nobody looked, and the sent mail may be read first.
    let mut mails = rig.imap(INBOX);
    let mail = report(bo, "two").replace('\n', "\r\n");
    mails.write(&format!("k APPEND INBOX {{{}+}}\r\n{mail}\r\n", mail.len()));
    rig.append(INBOX, "Sent", Duration::ZERO, [answer(bo, "two")]);
    let daemon = Daemon::start(&rig, &config);
    let answered = || daemon.log().matches("a person answered the reporter").count();
    assert!(wait_until(PATIENCE, || answered() == 1), "{}", daemon.log());
    assert!(daemon.terminate().success());
}

#[test]
fn a_report_in_junk_is_held_and_an_answer_in_sent_mail_counts() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let (kim, bo) = ("kim@acorn.example", "bo@acorn.example");
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    rig.wait_for_mails(kim, 1, PATIENCE);
    let keep = |folder: &str, mail: &str| {
        let mut lead = rig.imap(INBOX);
        lead.write(&format!("k APPEND {folder} {{{}+}}\r\n{mail}\r\n", mail.len()));
        while !lead.line().starts_with("k OK") {}
    };
    keep("Junk", &report(bo, "two").replace('\n', "\r\n"));
    keep(
        "Sent",
        &format!(
            "From: Lead <{INBOX}>\r\nTo: <{kim}>\r\nSubject: Re: one\r\n\
             Message-ID: <answer@project.example>\r\nIn-Reply-To: <one@{kim}>\r\n\r\n\
             Thank you. I can reproduce this with version 3.1, and I see how the check of the \
             length is skipped. A fix needs a few days; I will write to you again on Friday.\r\n"
        ),
    );
    let told = |word: &str| cases(&config).iter().any(|case| case.contains(word));
    let held = wait_until(PATIENCE, || told("\"hold\":\"in_junk\""));
    assert!(held, "{:?}\n{}", cases(&config), daemon.log());
    let answered = wait_until(PATIENCE, || told("\"answered\":\"20"));
    assert!(answered, "{:?}\n{}", cases(&config), daemon.log());
    assert_eq!(cases(&config).len(), 2);
    assert!(wait_until(PATIENCE, || rig.queue_is_empty()));
    assert!(rig.mails(bo, "INBOX").is_empty());
}

#[test]
fn without_marks_a_usual_name_is_found_and_what_is_not_there_keeps_nobody_waiting() {
    let rig = Rig::start();
    rig.imap(UNMARKED).command("CREATE \"Sent Items\"");
    let text = rig.config_text().replacen(
        &format!("user = \"{INBOX}\""),
        &format!("user = \"{UNMARKED}\""),
        1,
    );
    let config = rig.write_config(&text);
    let told = watchpost(&["check", "--config", config.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains(": sent mail is in Sent Items\n"), "{told}");
    let note =
        "no folder for junk: the server marks no folder as \\Junk, and none has a usual name";
    assert_eq!((told.matches(note).count(), told.matches("note").count()), (1, 1), "{told}");

    // The daemon is ready, or this panics.
    let daemon = Daemon::start(&rig, &config);
    let resting = "this folder is not watched folder=security/\\Junk";
    assert!(wait_until(PATIENCE, || daemon.log().contains(resting)), "{}", daemon.log());
    assert!(!daemon.log().contains("WARN"), "{}", daemon.log());
    assert!(daemon.terminate().success());

    rig.imap(UNMARKED).command("DELETE \"Sent Items\"");
    let told = watchpost(&["check", "--config", config.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let follows = "replies that leave by another account are seen only if the inbox is in Cc";
    assert!(told.contains(follows), "{told}");
}

#[test]
fn a_junk_folder_in_folders_is_watched_once_and_check_says_so() {
    let rig = Rig::start();
    let text =
        rig.config_text().replace("folders = [\"INBOX\"]", "folders = [\"INBOX\", \"Junk\"]");
    let config = rig.write_config(&text.replace("poll =", "sent = \"Nowhere\"\npoll ="));
    let told = watchpost(&["check", "--config", config.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains(": junk is in Junk, one of `folders`\n"), "{told}");
    assert!(told.contains(": sent mail: there is no folder Nowhere\n"), "{told}");
    let daemon = Daemon::start(&rig, &config);
    let why = "why=\"Junk is one of `folders`\"";
    assert!(wait_until(PATIENCE, || daemon.log().contains(why)), "{}", daemon.log());
}

#[tokio::test]
async fn a_letter_is_kept_once_as_it_was_sent_and_as_read() {
    let rig = Rig::start();
    let account = account(&rig.watchpost_config());
    let job = Watch {
        folder: sent(),
        password: secret::reader(&account.password),
        account,
        gate: Arc::default(),
        headers_first: true,
        needs_more: Arc::new(|_| false),
    };
    let ((say, mut heard), (tell, told)) = (mpsc::channel(4), mpsc::channel(4));
    let task = tokio::spawn(watch(job, say, told));
    let letter = LetterId("EXP-2026-0007/acknowledgement".into());
    let bytes = b"Message-ID: <one@project.example>\r\nSubject: one\r\n\r\nGr\xfc\xdfe\r\n.\r\n";
    let mut kept = Vec::new();
    while kept.len() < 2 {
        match timeout(PATIENCE, heard.recv()).await.unwrap().unwrap() {
            FromFolder::Selected { uid_validity, uid_next, reply, .. } => {
                reply.send(Cursor::at(uid_validity, uid_next - 1)).unwrap();
            }
            FromFolder::Headers { reply, .. } => reply.send(Vec::new()).unwrap(),
            FromFolder::Mails { reply, .. } => reply.send(()).unwrap(),
            FromFolder::Filed { how, .. } => kept.push(how),
            FromFolder::Watching { .. } => {
                let message_id = MessageId::parse("one@project.example").unwrap();
                let (letter, bytes) = (letter.clone(), bytes.to_vec());
                tell.send(ToFolder::File { letter, message_id, bytes }).await.unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
    task.abort();
    assert_eq!(kept, [Filed::Stored, Filed::WasThere]);
    let mut lead = rig.imap(INBOX);
    lead.command("SELECT Sent");
    let flags = lead.command("UID FETCH 1:* (FLAGS RFC822.SIZE)");
    let size = format!("RFC822.SIZE {}", bytes.len());
    assert!(flags.contains("\\Seen") && flags.contains(&size), "{flags}");
    let lines: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\r').collect();
    assert_eq!(rig.mails(INBOX, "Sent"), [lines]);
}

#[tokio::test]
async fn whole_mails_are_read_without_a_trace_by_the_mark_of_their_folder() {
    let rig = Rig::start();
    let account = account(&rig.watchpost_config());
    let long = format!("Subject: long\n\n{}", "0123456789abcdef\n".repeat(200_000));
    rig.append(
        INBOX,
        "Sent",
        Duration::ZERO,
        [long.as_str(), "Subject: gone\n\n", "Subject: 3\n\n"],
    );
    let mut lead = rig.imap(INBOX);
    let selected = lead.command("SELECT Sent");
    let uid_validity = selected.split("[UIDVALIDITY ").nth(1).unwrap().split(']').next().unwrap();
    let uid_validity = uid_validity.parse().unwrap();
    lead.command("UID STORE 2 +FLAGS.SILENT (\\Deleted)");
    lead.command("EXPUNGE");
    let password = secret::reader(&account.password);
    let mut given = Vec::new();
    let keep = |uid, found| given.push((uid, found));
    fetch_whole(&account, &password, &sent(), uid_validity, &[1, 2, 3], keep).await.unwrap();
    let crlf = |text: &str| text.replace('\n', "\r\n").into_bytes();
    assert!(given[0] == (1, Ok(crlf(&long))), "3.6 MB, byte for byte");
    assert_eq!(given[1..], [(2, Err(NotGiven::Gone)), (3, Ok(crlf("Subject: 3\n\n")))]);
    let flags = lead.command("UID FETCH 1:* (FLAGS)");
    assert!(!flags.contains("\\Seen"), "{flags}");

    let mut given = Vec::new();
    let keep = |uid, found| given.push((uid, found));
    fetch_whole(&account, &password, &sent(), uid_validity + 1, &[1], keep).await.unwrap();
    assert_eq!(given, [(1, Err(NotGiven::Renumbered))]);
}
