use std::fs;
use std::time::{Duration, Instant};

use crate::mails::{Mail, answers, cases, field, mixed, report};
use crate::rig::{Daemon, INBOX, Rig, wait_until};

#[test]
fn of_three_hundred_mixed_mails_each_report_is_answered_once_and_no_machine() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let mails: Vec<Mail> = (0..300).map(mixed).collect();
    let mut other = rig.imap(INBOX);
    other.command("SELECT INBOX");
    for (n, mail) in mails.iter().enumerate() {
        mail.send(&rig);
        if n % 10 == 0 {
            // The lead reads the same inbox; what is read makes no difference.
            other.command("NOOP");
            other.command("UID STORE 1:* +FLAGS.SILENT (\\Seen)");
        }
    }
    let owed = mails.iter().filter(|mail| mail.answered).count();
    let got = || answers(&rig, &mails).values().filter(|letters| !letters.is_empty()).count();
    let all = wait_until(Duration::from_mins(1), || got() >= owed);
    assert!(all, "{} of {owed} are answered\n{}", got(), daemon.log());
    // A letter too many would come now.
    assert!(wait_until(Duration::from_secs(10), || rig.queue_is_empty()));
    let letters = answers(&rig, &mails);
    for mail in &mails {
        assert_eq!(letters[&mail.from].len(), usize::from(mail.answered), "{}", mail.from);
    }
    assert_eq!(cases(&config).len(), owed);
    other.command("NOOP");
    let flags = other.command("UID FETCH 1:* (FLAGS)");
    assert_eq!(flags.matches("$WatchpostSeen").count(), 300, "{flags}");
    assert_eq!(flags.matches("$WatchpostAcked").count(), owed);
}

#[test]
fn a_report_is_acknowledged_within_a_second_by_idle() {
    let rig = Rig::start();
    let _daemon = Daemon::start(&rig, &rig.watchpost_config());
    let mut times = Vec::new();
    for n in 0..5 {
        let from = format!("quick{n}@acorn.example");
        let start = Instant::now();
        rig.deliver(Some(&from), &[INBOX], report(&from, "quick").as_bytes());
        rig.wait_for_mails(&from, 1, Duration::from_secs(20));
        times.push(start.elapsed());
    }
    eprintln!("from delivery to the acknowledgement in the mailbox: {times:?}");
    // The machine may be busy with other tests: one quick answer shows that nothing polls.
    assert!(times.iter().min().unwrap() < &Duration::from_secs(1), "{times:?}");
}

#[test]
fn a_large_attachment_is_judged_and_not_downloaded() {
    let rig = Rig::start();
    let daemon = Daemon::start(&rig, &rig.watchpost_config());
    let base64 = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5\n"
        .repeat(20 << 20 >> 6);
    let head = |from: &str| {
        format!(
            "From: <{from}>\nTo: {INBOX}\nSubject: large\nMessage-ID: <large@{from}>\nMIME-Version: 1.0\n\
             Content-Type: multipart/mixed; boundary=b\n\n"
        )
    };
    let file = format!(
        "--b\nContent-Type: application/zip; name=poc.zip\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; filename=poc.zip\n\n{base64}"
    );
    let text = "--b\nContent-Type: text/plain\n\nWith version 4.2 a crafted archive is written outside of the \
                target folder,\nso that any file of the service can be replaced by its uploader.\n";
    let before = "before@acorn.example";
    let after = "after@acorn.example";
    let alone = "alone@acorn.example";
    for (from, body) in [
        (before, format!("{text}{file}--b--\n")),
        (after, format!("{file}{text}--b--\n")),
        (alone, format!("{file}--b--\n")),
    ] {
        rig.deliver(Some(from), &[INBOX], format!("{}{body}", head(from)).as_bytes());
    }
    for from in [before, after, alone] {
        rig.wait_for_mails(from, 1, Duration::from_secs(30));
    }
    let body = |from: &str| String::from_utf8(rig.mails(from, "INBOX").remove(0)).unwrap();
    assert!(body(before).contains("with the next steps"), "{}", body(before));
    assert!(body(after).contains("with the next steps"), "{}", body(after));
    assert!(body(alone).contains("poc.zip"), "{}", body(alone));
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let kilobytes = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
    };
    // The pages of a program that is not optimised are half of it, and no memory of ours.
    let peak = kilobytes("VmHWM") - kilobytes("RssFile");
    eprintln!("peak memory with attachments of 20 MB: {peak} kB");
    assert!(peak < 48 << 10, "{peak} kB");
    assert_eq!(field(body(after).as_bytes(), "Auto-Submitted"), "auto-replied");
}
