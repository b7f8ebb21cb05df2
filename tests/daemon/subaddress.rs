use std::path::Path;
use std::time::Duration;

use crate::mails::{cases, field, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, wait_until, watchpost};

fn with_addresses(rig: &Rig) -> std::path::PathBuf {
    let text = rig.config_text();
    rig.write_config(&text.replace("kind = \"dedicated\"", "subaddressing = true"))
}

/// The keyed address of a letter, as its reader's mail program takes it.
fn answered_at(letter: &[u8]) -> String {
    let field = field(letter, "Reply-To");
    field.split_once('<').unwrap().1.trim_end_matches('>').to_owned()
}

fn story(config: &Path, case: &str) -> String {
    let output = watchpost(&["show", case, "--config", config.to_str().unwrap()]);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_answer_without_any_id_and_with_a_new_subject_finds_its_case_by_the_address() {
    let rig = Rig::start();
    let config = with_addresses(&rig);
    let daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    let letter = rig.wait_for_mails(kim, 1, Duration::from_secs(20)).remove(0);
    let address = answered_at(&letter);
    assert!(address.starts_with("security+exp-20"), "{address}");
    assert_eq!(field(&letter, "Return-Path"), format!("<{address}>"), "bounces go there too");

    let answer = report(kim, "two").replace(INBOX, &address).replace("version 3.1", "version 3.2");
    rig.deliver(Some(kim), &[&address], answer.as_bytes());
    // One more, so that the answer was surely taken in before it.
    let bo = "bo@acorn.example";
    rig.deliver(Some(bo), &[INBOX], report(bo, "three").as_bytes());
    rig.wait_for_mails(bo, 1, Duration::from_secs(20));
    assert_eq!(cases(&config).len(), 2, "{}", daemon.log());
    assert_eq!(rig.mails(kim, "INBOX").len(), 1, "no second acknowledgement");
    let case = field(&letter, "Subject").split(['[', ']']).nth(1).unwrap().to_owned();
    let told = story(&config, &case);
    assert!(told.contains("it was sent to the address of the case"), "{told}");
}

#[test]
fn an_acknowledgement_that_bounces_comes_back_to_the_address_of_its_case() {
    let rig = Rig::start();
    let config = with_addresses(&rig);
    let daemon = Daemon::start(&rig, &config);
    let (gone, kim) = ("bounced@acorn.example", "kim@acorn.example");
    rig.deliver(Some(gone), &[INBOX], report(gone, "one").as_bytes());
    let unreached = |count: usize| {
        let states = || cases(&config).iter().filter(|row| row.contains("unreached")).count();
        assert!(wait_until(PATIENCE, || states() == count), "{}", daemon.log());
    };
    unreached(1);
    let bounce = rig.wait_for_mails(INBOX, 2, PATIENCE).remove(1);
    let address = field(&bounce, "To");
    assert!(address.starts_with("security+exp-20"), "{address}");
    assert_eq!(field(&bounce, "Return-Path"), "<>");

    // The same report about another letter, from a mail system that returns no Message-ID of ours.
    rig.deliver(Some(kim), &[INBOX], report(kim, "two").as_bytes());
    let letter = rig.wait_for_mails(kim, 1, Duration::from_secs(20)).remove(0);
    let other = answered_at(&letter);
    let text = String::from_utf8(bounce).unwrap().replace(&address, &other);
    let ids = ["Message-I", "References:", "In-Reply-To:", "X-Postfix-Queue", "Subject: Re:"];
    let kept = text.lines().filter(|line| !ids.iter().any(|id| line.starts_with(id)));
    let bare = kept.collect::<Vec<_>>().join("\n");
    assert!(!bare.contains("acknowledgement."), "an id of ours is left\n{bare}");
    rig.deliver(None, &[&other], bare.as_bytes());
    unreached(2);
}
