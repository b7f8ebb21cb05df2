use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::rig::{PATIENCE, wait_until};
use crate::service::Service;

#[test]
fn the_service_starts_is_ready_and_acknowledges_with_the_passwords_that_it_was_handed() {
    let Some(service) = Service::installed() else { return };
    service.start();
    assert_eq!(service.property("SubState"), "running");
    let letter = service.acknowledged("kim@acorn.example", PATIENCE);
    assert!(letter.contains("EXP-") && letter.contains("Session fixation"), "{letter}");
    service.wait_for_status("1 open case");
    let cases = service.done(&["watchpost", "cases"]);
    assert!(cases.contains("kim@acorn.example") && cases.contains("acknowledged"), "{cases}");
    let journal = service.journal();
    assert!(!journal.contains("WARN") && !journal.contains("ERROR"), "{journal}");
}

#[test]
fn a_start_waits_for_a_password_and_goes_on_by_itself_once_it_is_there() {
    let Some(service) = Service::installed() else { return };
    service.done(&["mv", "/etc/watchpost/smtp-password", "/root/smtp-password"]);
    assert!(!service.run(&["systemctl", "start", "watchpost"]).status.success());
    assert!(service.journal().contains("CREDENTIALS"), "{}", service.journal());
    service.done(&["mv", "/root/smtp-password", "/etc/watchpost/smtp-password"]);
    service.wait_for("SubState", "running");
    service.wait_for_status("watching 3 of 3 folders");
}

#[test]
fn a_stop_takes_less_than_ten_seconds_though_a_relay_says_nothing_and_the_next_start_sends() {
    let Some(service) = Service::installed() else { return };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let working = service.config_text();
    let submission = format!("port = {}", service.rig.submission_port());
    service.configure(&working.replace(&submission, &format!("port = {port}")));
    service.start();
    service.report("kim@acorn.example");
    // The letter is on its way, and will not arrive.
    let (_connection, _) = silent.accept().unwrap();
    let start = Instant::now();
    service.done(&["systemctl", "stop", "watchpost"]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(service.property("Result"), "success", "{}", service.journal());
    assert_eq!(service.property("ExecMainStatus"), "0", "{}", service.journal());

    service.configure(&working);
    service.start();
    service.only_letter("kim@acorn.example", 5 * PATIENCE);
    assert!(!service.journal().contains("ERROR"), "{}", service.journal());
}

#[test]
fn a_stop_with_nothing_to_do_is_at_once_and_leaves_nothing_to_mend() {
    let Some(service) = Service::installed() else { return };
    service.start();
    service.acknowledged("kim@acorn.example", PATIENCE);
    let start = Instant::now();
    service.done(&["systemctl", "restart", "watchpost"]);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    service.wait_for_status("watching 3 of 3 folders; 1 open case");
    assert_eq!(service.property("NRestarts"), "0");
    service.acknowledged("lee@acorn.example", PATIENCE);
    let both = wait_until(PATIENCE, || service.rig.queue_is_empty());
    assert!(both, "{}", service.rig.logs());
    service.only_letter("kim@acorn.example", PATIENCE);
    let journal = service.journal();
    assert!(!journal.contains("WARN") && !journal.contains("ERROR"), "{journal}");
}
