//! Keys that are rotated while letters made with the old one are out in the world.

use crate::mails::{cases, field, report};
use crate::rig::{Daemon, INBOX, PATIENCE, Rig, watchpost};

#[test]
fn after_a_rotation_answers_to_older_letters_still_find_their_case() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let rotate = || watchpost(&["rotate-key", "--config", config.to_str().unwrap()]);
    let daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    rig.deliver(Some(kim), &[INBOX], report(kim, "one").as_bytes());
    let letter = rig.wait_for_mails(kim, 1, PATIENCE).remove(0);
    let refused = rotate();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("stop it first"), "{told}");
    assert!(daemon.terminate().success());
    let rotated = rotate();
    let told = String::from_utf8_lossy(&rotated.stdout).into_owned();
    assert_eq!(told, "key 2 is made; the one before it is still recognised\n");
    let daemon = Daemon::start(&rig, &config);
    // Somebody new who holds the letter joins by its id alone.
    let bo = "bo@oak.example";
    let answer = format!(
        "From: <{bo}>\nTo: {INBOX}\nSubject: about that\nMessage-ID: <2@{bo}>\nIn-Reply-To: {}\n\n\
         I was shown this letter.\n",
        field(&letter, "Message-ID")
    );
    rig.deliver(Some(bo), &[INBOX], answer.as_bytes());
    let joined = || daemon.log().contains("a mail joined its case");
    assert!(crate::rig::wait_until(PATIENCE, joined), "{}", daemon.log());
    assert_eq!(cases(&config).len(), 1);
}
