//! The proof and the digest on real servers, with a daemon that is killed, and a store that somebody
//! meddled with.

use std::time::Duration;

use watchpost::desk::record::proof_key;
use watchpost::desk::table::{Table, Write};
use watchpost::io::store::Store;

use crate::mails::{field, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until, watchpost};

const KIM: &str = "kim@project.example";

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = watchpost(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What the proof says of each promise, one word each.
fn outcomes(config: &str) -> Vec<String> {
    let (status, lines, told) = run(&["stats", "--verify", "--format", "json", "--config", config]);
    assert_eq!(status, 0, "{told}");
    let rows = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let word = |row: &serde_json::Value, key| row.get(key).unwrap().as_str().unwrap().to_owned();
    rows.map(|row| format!("{} {}", word(&row, "promise"), word(&row, "outcome"))).collect()
}

/// Changes rows of the store while nobody runs.
fn meddle(rig: &Rig, writes: impl FnOnce(Vec<u8>) -> Vec<Write>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&rig.dir().join("state/store")).unwrap();
        let second = store.get(Table::Proof, vec![proof_key(2)]).await.unwrap().remove(0);
        store.commit(writes(second.unwrap())).await.unwrap();
        store.close().await;
    });
}

#[test]
fn each_promise_is_in_the_proof_once_though_the_daemon_is_killed() {
    let rig = Rig::start();
    let promises = "[promises]\nresponse = \"3s\"\nresponse_reminders = []\n";
    let text = rig.config_text().replace("[[inbox]]", &format!("{promises}[[inbox]]"));
    let config = rig.write_config(&text);
    let path = config.to_str().unwrap();
    let mut daemon = Daemon::start(&rig, &config);
    for n in 1..=4 {
        let from = format!("ann@acorn{n}.example");
        rig.deliver(Some(&from), &[INBOX], report(&from, "one").as_bytes());
        let missed = || daemon.log().contains("a promise is missed");
        // Once before the deadline, once after it.
        if n % 2 == 0 {
            assert!(wait_until(PATIENCE, missed), "{}", daemon.log());
        }
        daemon.kill();
        daemon = Daemon::start(&rig, &config);
    }
    let expected = || {
        let mut told = outcomes(path);
        told.sort();
        told == [["acknowledgement kept"; 4], ["response missed"; 4]].concat()
    };
    assert!(wait_until(PATIENCE, expected), "{:?} {}", outcomes(path), daemon.log());

    let (status, text, told) = run(&["stats", "--config", path]);
    assert_eq!(status, 0, "{told}");
    for told in
        ["acknowledgement  4", "response         0     4", "Owed to reporters now", "8 entries"]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
    let (_, verified, _) = run(&["stats", "--verify", "--config", path]);
    let head = verified.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(verified.starts_with("8 entries verified") && head.len() == 64, "{verified}");
    let (_, svg, _) = run(&["stats", "--format", "svg", "--config", path]);
    assert!(svg.starts_with("<svg") && svg.contains("4 missed and not answered"), "{svg}");
    let (_, before, _) = run(&["stats", "--to", "2020-01-01", "--config", path]);
    assert!(before.contains("No promise was kept or missed in this time."), "{before}");
    let (status, _, told) = run(&["stats", "--inbox", "router", "--config", path]);
    assert_eq!((status, told.contains("there is no inbox router")), (2, true), "{told}");

    // The store tells the same, and what somebody changes in it is found.
    assert!(daemon.terminate().success());
    assert_eq!(run(&["stats", "--verify", "--config", path]).1, verified);
    assert_eq!(run(&["verify", "--config", path]).0, 0);
    assert_eq!(run(&["stats", "--verify", "--holds", &head, "--config", path]).0, 0);
    let (status, _, told) = run(&["stats", "--verify", "--holds", "0123", "--config", path]);
    assert_eq!((status, told.contains("no entry has the hash 0123")), (1, true), "{told}");
    meddle(&rig, |entry| {
        let changed = String::from_utf8(entry).unwrap().replace("\"inbox\":\"", "\"inbox\":\"x");
        vec![Write::Put(Table::Proof, proof_key(2), changed.into_bytes())]
    });
    let (status, _, told) = run(&["stats", "--verify", "--config", path]);
    assert_eq!(status, 1);
    assert!(told.contains("entry 2 is not as it was written"), "{told}");
    let (status, _, told) = run(&["verify", "--config", path]);
    let broken = told.contains("the proof is broken: entry 2 is not as it was written");
    assert_eq!((status, broken), (1, true), "{told}");
    meddle(&rig, |_| vec![Write::Delete(Table::Proof, proof_key(8))]);
    meddle(&rig, |_| vec![Write::Delete(Table::Proof, proof_key(2))]);
    let (status, _, told) = run(&["stats", "--verify", "--config", path]);
    assert_eq!((status, told.contains("entry 2 is not there")), (1, true), "{told}");
}

#[test]
fn the_digest_of_a_time_in_which_nobody_watched_is_sent_once() {
    let rig = Rig::start();
    let people =
        format!("[[member]]\nname = \"kim\"\naddresses = [\"{KIM}\"]\n[team]\nlead = \"kim\"\n");
    let text = rig.config_text().replace("[[inbox]]", &format!("{people}[[inbox]]"));
    let config = rig.write_config(&text);
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some("ann@acorn.example"), &[INBOX], report("ann@acorn.example", "one").as_bytes());
    rig.wait_for_mails("ann@acorn.example", 1, PATIENCE);
    daemon.kill();
    // As if the last one had been three weeks ago.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&rig.dir().join("state/store")).unwrap();
        let key = b"digest/security".to_vec();
        let row = store.get(Table::Meta, vec![key.clone()]).await.unwrap().remove(0).unwrap();
        let mut since: serde_json::Value = serde_json::from_slice(&row).unwrap();
        let at = since["at"].as_i64().unwrap() - 21 * 86_400;
        since["at"] = at.into();
        store
            .commit(vec![Write::Put(Table::Meta, key, since.to_string().into_bytes())])
            .await
            .unwrap();
        store.close().await;
    });
    let digests = || {
        let letters = rig.mails(KIM, "INBOX");
        letters.iter().filter(|mail| field(mail, "X-Watchpost").starts_with("digest")).count()
    };
    let daemon = Daemon::start(&rig, &config);
    assert!(wait_until(PATIENCE, || digests() == 1), "{}", daemon.log());
    daemon.kill();
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some("bo@oak.example"), &[INBOX], report("bo@oak.example", "two").as_bytes());
    rig.wait_for_mails("bo@oak.example", 1, Duration::from_secs(30));
    assert_eq!(digests(), 1, "{}", daemon.log());
}
