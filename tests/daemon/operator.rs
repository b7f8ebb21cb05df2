use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crate::mails::{cases, report};
use crate::rig::{Daemon, INBOX, Rig, watchpost};

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = watchpost(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn an_operator_sees_the_same_from_the_daemon_and_from_the_store() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let path = config.to_str().unwrap();
    let (status, _, told) = run(&["cases", "--config", path]);
    assert_eq!(status, 1);
    assert!(told.contains("start `watchpost run` first"), "{told}");

    let daemon = Daemon::start(&rig, &config);
    let kim = "kim@acorn.example";
    let hostile =
        report(kim, "one").replace("Session fixation", "\u{1b}[31mred =?utf-8?q?=1B[2J?=");
    rig.deliver(Some(kim), &[INBOX], hostile.as_bytes());
    rig.wait_for_mails(kim, 1, Duration::from_secs(20));
    let mode = std::fs::metadata(rig.dir().join("state/control")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let (status, text, _) = run(&["cases", "--config", path]);
    assert_eq!(status, 0);
    assert!(text.contains("EXP-") && text.contains(kim) && !text.contains('\u{1b}'), "{text:?}");
    let (status, story, _) = run(&["show", "exp-2026-0001", "--config", path]);
    assert_eq!(status, 0, "{story}");
    assert!(
        story.contains("opened") && story.contains("sent") && !story.contains('\u{1b}'),
        "{story:?}"
    );
    let (status, _, told) = run(&["show", "EXP-2026-0999", "--config", path]);
    assert_eq!(
        (status, told.as_str()),
        (1, "watchpost: there is no case EXP-2026-0999; `watchpost cases` lists them\n")
    );

    // A second daemon on the same store is refused.
    let (status, _, told) = run(&["run", "--config", path]);
    assert_eq!(status, 1);
    assert!(told.contains("another") && told.lines().count() == 1, "{told}");

    let from_daemon = cases(&config);
    assert!(daemon.terminate().success());
    assert_eq!(cases(&config), from_daemon);
    assert_eq!(run(&["show", "EXP-2026-0001", "--config", path]).1, story);
}

#[test]
fn check_tries_real_logins_and_changes_nothing() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let (status, text, told) = run(&["check", "--config", config.to_str().unwrap()]);
    assert_eq!(status, 0, "{text}{told}");
    assert_eq!(text.matches("logged in").count(), 2, "{text}");
    assert!(!rig.dir().join("state").exists());

    let wrong =
        rig.config_text().replace("folders = [\"INBOX\"]", "folders = [\"INBOX\", \"Nowhere\"]");
    let wrong = wrong.replacen("ca = ", "# ca = ", 2).replacen("# ca = ", "ca = ", 1);
    let config = rig.write_config(&wrong);
    let (status, text, _) = run(&["check", "--config", config.to_str().unwrap()]);
    assert_eq!(status, 1);
    assert_eq!(text.matches("FAIL").count(), 2, "a folder and a certificate\n{text}");
    let (status, text, _) = run(&["check", "--offline", "--config", config.to_str().unwrap()]);
    assert_eq!((status, text.lines().count()), (0, 1), "{text}");
}

#[test]
fn a_bad_configuration_ends_with_78_and_every_mistake() {
    let rig = Rig::start();
    let text =
        rig.config_text().replace("connections = 2", "connections = 99").replace("poll =", "pol =");
    let config = rig.write_config(&text);
    for command in ["run", "check", "cases"] {
        let (status, _, told) = run(&[command, "--config", config.to_str().unwrap()]);
        assert_eq!(status, 78, "{told}");
        assert!(
            told.contains("connections")
                && told.contains("did you mean")
                && told.lines().count() == 2,
            "{told}"
        );
    }
}
