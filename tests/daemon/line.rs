//! The line between Watchpost and its mail servers does what lines do, and is then in order again.
//! Of each fault: every report is answered, once, and connections are few.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::mails::{cases, report};
use crate::rig::{Daemon, Fault, INBOX, Line, PASSWORD, PATIENCE, Proxy, Rig, Way, wait_until};

/// An inbox for each line, all in one daemon. IMAP is in clear text, which this machine may speak to
/// itself, so that faults come where they are meant to.
fn inboxes(rig: &Rig, ports: &[u16]) -> String {
    let text = rig.config_text();
    let (head, _) = text.split_once("[[inbox]]").unwrap();
    let (_, smtp) = text.split_once("[inbox.smtp]").unwrap();
    let password = rig.dir().join("password");
    let mut config = head.to_owned();
    for (n, port) in ports.iter().enumerate() {
        write!(
            config,
            "[[inbox]]\nname = \"i{n}\"\nkind = \"dedicated\"\n\
             recipients = [\"i{n}@project.example\"]\nfrom = \"i{n}@project.example\"\n\
             authserv_id = \"mx.project.example\"\n\
             [inbox.project]\nname = \"P{n}\"\ncase_prefix = \"P{n}\"\n\
             [inbox.imap]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n\
             user = \"i{n}@project.example\"\npassword = {{ file = \"{}\" }}\n\
             folders = [\"INBOX\"]\nsent = false\njunk = false\npoll = \"10s\"\ntimeout = \"5s\"\n\
             [inbox.smtp]{}\n",
            password.display(),
            smtp.replace(INBOX, &format!("i{n}@project.example"))
        )
        .unwrap();
    }
    config
}

#[test]
fn whatever_the_line_to_imap_does_each_report_is_answered_once() {
    let rig = Rig::start();
    let line = Line::default();
    let after = |bytes, fault| Line { fault: Some((Way::Down, bytes, fault)), ..line };
    let heard = |bytes, fault| Line { fault: Some((Way::Up, bytes, fault)), ..line };
    let mut lines = vec![
        Line { delay: Duration::from_millis(150), ..line },
        Line { drip: Some((7, Duration::from_millis(1))), ..line },
        after(300, Fault::Silence),
        heard(100, Fault::Silence),
        heard(60, Fault::Cut),
    ];
    // From the greeting to the text of the report.
    lines.extend((0..12).map(|n| after(40 + n * 211, Fault::Cut)));
    lines.extend((0..4).map(|n| after(15 + n * 307, Fault::Flip)));
    let proxies: Vec<Proxy> = lines.iter().map(|_| Proxy::before(rig.imap_port())).collect();
    let ports: Vec<u16> = proxies.iter().map(Proxy::port).collect();
    let config = rig.write_config(&inboxes(&rig, &ports));
    // The first start says which mail is old.
    assert!(Daemon::start(&rig, &config).terminate().success());
    // One asks whether a store was lost, one watches.
    let before: Vec<u64> = proxies.iter().map(Proxy::connections).collect();
    assert!(before.iter().all(|n| *n <= 2), "{before:?}");
    for (proxy, line) in proxies.iter().zip(&lines) {
        // A connection that is cut is tried again each quarter of a second, one that is silent after its
        // time-out.
        let silent = matches!(line.fault, Some((.., Fault::Silence)));
        proxy.set_for(if silent { 1 } else { 4 }, *line);
    }
    let to = |n: usize| format!("i{n}@project.example");
    let from = |n: usize, id: &str| format!("{id}{n}@acorn.example");
    let send = |id: &str| {
        for n in 0..lines.len() {
            let text = report(&from(n, id), id).replace(INBOX, &to(n));
            rig.deliver(Some(&from(n, id)), &[&to(n)], text.as_bytes());
        }
    };
    send("first");
    let daemon = Daemon::start(&rig, &config);
    for id in ["first", "second"] {
        if id == "second" {
            send(id);
        }
        for (n, line) in lines.iter().enumerate() {
            let answered = || !rig.mails(&from(n, id), "INBOX").is_empty();
            assert!(wait_until(2 * PATIENCE, answered), "{id} by {line:?}\n{}", daemon.log());
        }
    }
    assert!(wait_until(PATIENCE, || rig.queue_is_empty()));
    for (n, (line, proxy)) in lines.iter().zip(&proxies).enumerate() {
        for id in ["first", "second"] {
            assert_eq!(rig.mails(&from(n, id), "INBOX").len(), 1, "{id} by {line:?}");
        }
        // One for each try, and the one that is in order.
        let tries = proxy.connections() - before[n];
        assert!(tries <= 5, "{tries} by {line:?}");
    }
    assert_eq!(cases(&config).len(), 2 * lines.len());
    assert!(!daemon.log().contains(PASSWORD) && !daemon.log().contains("panicked"));
}

#[test]
fn a_mail_server_that_was_set_back_to_yesterday_loses_no_report_of_today() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let answer = |from: &str| {
        rig.deliver(Some(from), &[INBOX], report(from, "one").as_bytes());
        rig.wait_for_mails(from, 1, PATIENCE);
    };
    let (mail, copy) = (rig.dir().join("mail/project.example"), rig.dir().join("yesterday"));
    answer("kim@acorn.example");
    copied(&mail, &copy);
    answer("bo@acorn.example");
    answer("lee@acorn.example");
    rig.stop_dovecot();
    std::fs::remove_dir_all(&mail).unwrap();
    copied(&copy, &mail);
    rig.start_dovecot();
    let begun = || daemon.log().matches("begins here").count();
    let before = begun();
    // It sees the folder before the next report comes, which gets the number that Bo's had.
    let seen = wait_until(2 * PATIENCE, || begun() > before);
    assert!(seen, "{}", daemon.log());
    answer("eve@acorn.example");
    // The last number that was given before, to a mail that is gone.
    answer("ann@acorn.example");
    assert!(wait_until(PATIENCE, || rig.queue_is_empty()));
    for from in ["kim", "bo", "lee", "eve", "ann"] {
        assert_eq!(rig.mails(&format!("{from}@acorn.example"), "INBOX").len(), 1, "{from}");
    }
    assert_eq!(cases(&config).len(), 5);
}

#[test]
fn what_was_answered_under_a_number_before_the_server_was_set_back_is_no_answer_to_its_new_mail() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    // What lies among the junk is held, and answered when a person says so.
    let arrive = |from: &str, number: usize| {
        let text = report(from, "one").replace('\n', "\r\n");
        rig.imap(INBOX).command(&format!("APPEND Junk () {{{}+}}\r\n{text}", text.len()));
        assert!(wait_until(PATIENCE, || cases(&config).len() == number), "{}", daemon.log());
    };
    let release = |case: &str, from: &str| {
        let config = config.to_str().unwrap();
        let mut watchpost = std::process::Command::new(env!("CARGO_BIN_EXE_watchpost"));
        let said = watchpost.args(["do", "--config", config, case, "release"]).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        let came = wait_until(PATIENCE, || rig.mails(from, "INBOX").len() == 1);
        assert!(came, "{from}: {:?}\n{}", cases(Path::new(config)), daemon.log());
    };
    let watching = || daemon.log().matches(" watching folder=security/\\Junk").count();
    let again = |meanwhile: &dyn Fn()| {
        let before = watching();
        rig.stop_dovecot();
        meanwhile();
        rig.start_dovecot();
        assert!(wait_until(2 * PATIENCE, || watching() > before), "{}", daemon.log());
    };
    let (mail, copy) = (rig.dir().join("mail/project.example"), rig.dir().join("yesterday"));
    rig.imap(INBOX).command("SELECT Junk");
    assert!(wait_until(PATIENCE, || watching() > 0));
    copied(&mail, &copy);
    arrive("bo@acorn.example", 1);
    release("EXP-2026-0001", "bo@acorn.example");
    again(&|| {
        std::fs::remove_dir_all(&mail).unwrap();
        copied(&copy, &mail);
    });
    // It gets the number that Bo's had.
    arrive("eve@acorn.example", 2);
    // With a new connection, keywords are set again that a crash may have kept from being set.
    again(&|| {});
    release("EXP-2026-0002", "eve@acorn.example");
    let mut watchpost = std::process::Command::new(env!("CARGO_BIN_EXE_watchpost"));
    let export = ["export", "--config", config.to_str().unwrap(), "EXP-2026-0001"];
    let told = watchpost.args(export).output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("Message-ID: <one@bo@acorn.example>"), "{told}");
    assert!(!told.contains("eve@acorn.example"), "{told}");
}

/// A copy of a folder, as it is at one moment.
fn copied(from: &Path, to: &Path) {
    // A mail that is marked meanwhile has another name before it is copied.
    let whole = || {
        let _ = std::fs::remove_dir_all(to);
        let mut copy = std::process::Command::new("cp");
        copy.arg("-a").arg(from).arg(to).status().unwrap().success()
    };
    assert!(wait_until(PATIENCE, whole));
}

#[test]
fn more_mail_than_a_server_lost_when_it_was_set_back_hides_none_of_it() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let send = |from: &str| {
        rig.deliver(Some(from), &[INBOX], report(from, "one").as_bytes());
        assert!(wait_until(PATIENCE, || rig.queue_is_empty()));
    };
    let answered = |from: &str| wait_until(PATIENCE, || rig.mails(from, "INBOX").len() == 1);
    let (mail, copy) = (rig.dir().join("mail/project.example"), rig.dir().join("yesterday"));
    send("kim@acorn.example");
    assert!(answered("kim@acorn.example"));
    copied(&mail, &copy);
    send("bo@acorn.example");
    assert!(answered("bo@acorn.example"));
    let bo_was_answered = std::time::Instant::now();
    daemon.kill();
    rig.stop_dovecot();
    std::fs::remove_dir_all(&mail).unwrap();
    copied(&copy, &mail);
    rig.start_dovecot();
    // Eve's mail gets the number of Bo's, and UIDNEXT is above the cursor again. Nothing tells two mails
    // of one second apart.
    assert!(wait_until(PATIENCE, || bo_was_answered.elapsed() > Duration::from_millis(1500)));
    send("eve@acorn.example");
    send("ann@acorn.example");
    let daemon = Daemon::start(&rig, &config);
    assert!(answered("ann@acorn.example"), "{}", daemon.log());
    assert!(answered("eve@acorn.example"), "{}", daemon.log());
}

#[test]
fn a_line_to_smtp_that_is_long_and_then_cut_between_two_letters_costs_neither() {
    let rig = Rig::start();
    let smtp = Proxy::before(rig.submission_port());
    let port = format!("port = {}", rig.submission_port());
    let text = rig.config_text().replace(&port, &format!("port = {}", smtp.port()));
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    smtp.set(Line { delay: Duration::from_millis(40), ..Line::default() });
    let kim = "kim@acorn.example";
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    rig.wait_for_mails(kim, 1, PATIENCE);
    assert!(smtp.bytes(Way::Up) > 1000 && smtp.bytes(Way::Down) > 1000);
    smtp.cut();
    smtp.set(Line::default());
    let bo = "bo@acorn.example";
    rig.deliver(Some(bo), &[INBOX], report(bo, "two").as_bytes());
    rig.wait_for_mails(bo, 1, PATIENCE);
    assert!(smtp.connections() <= 3, "{}\n{}", smtp.connections(), daemon.log());
    assert_eq!((rig.mails(kim, "INBOX").len(), rig.mails(bo, "INBOX").len()), (1, 1));
}
