use std::time::Duration;

use crate::mails::{cases, report};
use watchpost::desk::table::{Table, Write};
use watchpost::io::store::Store;

use crate::rig::{Daemon, INBOX, PASSWORD, Rig, wait_until};

#[test]
fn a_report_during_an_outage_of_imap_is_answered_after_it() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    rig.stop_dovecot();
    let kim = "kim@acorn.example";
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    assert!(wait_until(Duration::from_secs(20), || daemon.log().contains("cannot be watched")));
    rig.start_dovecot();
    rig.wait_for_mails(kim, 1, Duration::from_mins(1));
    assert_eq!(cases(&config).len(), 1);
}

#[test]
fn a_wrong_smtp_password_stops_the_letters_and_the_right_one_lets_them_go() {
    let rig = Rig::start();
    let password = rig.dir().join("smtp-password");
    let write = |text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(&password, text).unwrap();
        std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("wrong");
    let text = rig.config_text();
    let (before, after) = text.split_at(text.rfind("password = {").unwrap());
    let after = after.split_once('\n').unwrap().1;
    let text = format!("{before}password = {{ file = \"{}\" }}\n{after}", password.display());
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    assert!(
        wait_until(Duration::from_secs(20), || daemon.log().contains("refuses us")),
        "{}",
        daemon.log()
    );
    assert!(rig.mails(kim, "INBOX").is_empty());
    assert!(!daemon.log().contains("wrong") && !daemon.log().contains(kim), "{}", daemon.log());
    assert!(daemon.terminate().success());
    write(PASSWORD);
    let _daemon = Daemon::start(&rig, &config);
    // The stopped relay is tried again about a minute after it refused.
    rig.wait_for_mails(kim, 1, Duration::from_secs(100));
}

#[test]
fn a_letter_whose_row_is_damaged_keeps_no_other_from_leaving_after_an_outage() {
    let rig = Rig::start();
    // Nobody listens there.
    let nobody =
        std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let text = rig.config_text();
    let port = format!("port = {}", rig.submission_port());
    let config = rig.write_config(&text.replace(&port, &format!("port = {nobody}")));
    let daemon = Daemon::start(&rig, &config);
    let (kim, bo) = ("kim@acorn.example", "bo@acorn.example");
    for (number, from) in [(1, kim), (2, bo)] {
        rig.deliver(Some(from), &[INBOX], report(from, "one").as_bytes());
        let came = || cases(&config).len() == number;
        assert!(wait_until(Duration::from_secs(20), came), "{}", daemon.log());
    }
    assert!(daemon.terminate().success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&rig.dir().join("state/store")).unwrap();
        let letter = b"EXP-2026-0001/acknowledgement".to_vec();
        store.commit(vec![Write::Put(Table::Letters, letter, b"{}".to_vec())]).await.unwrap();
        store.close().await;
    });
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    // The stopped relay is tried again about a minute after it could not be reached.
    rig.wait_for_mails(bo, 1, Duration::from_secs(100));
    let unreached = || cases(&config).iter().any(|case| case.contains("unreached"));
    assert!(wait_until(Duration::from_secs(20), unreached), "{}", daemon.log());
}
