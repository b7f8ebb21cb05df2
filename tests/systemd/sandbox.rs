use std::time::Duration;

use crate::rig::PATIENCE;
use crate::service::{Service, printed};

#[test]
fn no_call_of_the_program_is_refused_by_the_sandbox() {
    let Some(service) = Service::installed() else { return };
    // As shipped such a call fails, which a program may bear in silence. Here it ends the process.
    service.drop_in("strict", "[Service]\nSystemCallErrorNumber=kill\n");
    service.start();
    let letter = service.acknowledged("kim@acorn.example", PATIENCE);
    assert!(letter.contains("EXP-"), "{letter}");
    service.done(&["watchpost", "cases"]);
    // Connections that break, names that are looked up anew, the waits between.
    service.rig.stop_dovecot();
    service.rig.stop_postfix();
    service.wait_for_status("watching 0 of 3 folders");
    service.rig.start_postfix();
    service.rig.start_dovecot();
    service.acknowledged("lee@acorn.example", 3 * PATIENCE);
    service.done(&["systemctl", "restart", "watchpost"]);
    service.wait_for_status("watching 3 of 3 folders; 2 open cases");
    service.done(&["systemctl", "stop", "watchpost"]);
    let journal = service.journal();
    assert_eq!(service.property("Result"), "success", "{journal}");
    assert_eq!(service.property("NRestarts"), "0", "{journal}");
    for word in ["SYS", "Operation not permitted", "Permission denied", "ERROR"] {
        assert!(!journal.contains(word), "{word}\n{journal}");
    }
}

#[test]
fn a_call_outside_the_sandbox_is_noticed_by_the_test_above() {
    let Some(service) = Service::installed() else { return };
    service.drop_in(
        "strict",
        "[Service]\nSystemCallErrorNumber=kill\nSystemCallFilter=~@network-io\nRestart=no\n",
    );
    assert!(!service.run(&["systemctl", "start", "watchpost"]).status.success());
    assert!(service.journal().contains("status=31/SYS"), "{}", service.journal());
}

#[test]
fn the_service_has_no_rights_and_can_run_nothing_else() {
    let Some(service) = Service::installed() else { return };
    service.start();
    let process = service.property("MainPID");
    let status = service.done(&["cat", &format!("/proc/{process}/status")]);
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
        line.unwrap_or_else(|| panic!("no {name} in {status}")).to_owned()
    };
    assert!(!field("Uid").split('\t').any(|user| user == "0"), "{status}");
    for rights in ["CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(field(rights), "0000000000000000", "{rights}");
    }
    assert_eq!(field("NoNewPrivs"), "1");
    assert_eq!(field("Seccomp"), "2");

    // What it sees of the system, asked by root in its place.
    let within = |command: &[&str]| {
        let own = ["nsenter", "--mount", "--target", &process, "--"];
        printed(&service.run(&[own.as_slice(), command].concat()))
    };
    assert!(within(&["/bin/sh", "-c", "true"]).contains("Permission denied"));
    assert!(within(&["/usr/local/bin/watchpost", "--version"]).contains("watchpost "));
    let root = |path: &str| format!("/proc/{process}/root{path}");
    for path in ["/etc/watchpost/more", "/usr/more", "/var/more", "/root/more"] {
        let made = service.run(&["touch", &root(path)]);
        assert!(!made.status.success(), "{path} can be written");
    }
    let state = service.done(&["stat", "--format=%a %u", "/var/lib/private/watchpost"]);
    assert_eq!(state.trim(), format!("700 {}", field("Uid").split('\t').next().unwrap()));
    let loaned = service.done(&["ls", &root("/run/credentials/watchpost.service")]);
    assert_eq!(loaned, "imap-password\nsmtp-password\n");
}

#[test]
fn memory_and_tasks_stay_far_below_what_the_unit_allows() {
    let Some(service) = Service::installed() else { return };
    service.start();
    service.acknowledged("kim@acorn.example", Duration::from_secs(20));
    let process = service.property("MainPID");
    let status = service.done(&["cat", &format!("/proc/{process}/status")]);
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap()
    };
    assert!(number("VmHWM:") < 128 * 1024, "{status}");
    assert!(number("Threads:") < 32, "{status}");
}
