use crate::rig::{PATIENCE, wait_until};
use crate::service::Service;

#[test]
fn a_killed_service_is_started_again_and_repeats_nothing() {
    let Some(service) = Service::installed() else { return };
    service.start();
    service.acknowledged("kim@acorn.example", PATIENCE);
    // Its outcome is on the disk as soon as it is told.
    let told = wait_until(PATIENCE, || service.journal().contains("a letter was sent"));
    assert!(told, "{}", service.journal());
    service.kill("KILL");
    service.wait_for("NRestarts", "1");
    service.wait_for_status("watching 3 of 3 folders; 1 open case");
    service.acknowledged("lee@acorn.example", PATIENCE);
    service.only_letter("kim@acorn.example", PATIENCE);
}

#[test]
fn a_service_that_hangs_is_ended_by_the_watchdog_and_started_again() {
    let Some(service) = Service::installed() else { return };
    service.start();
    service.kill("STOP");
    service.report("kim@acorn.example");
    service.wait_for("NRestarts", "1");
    assert!(service.journal().contains("Watchdog timeout"), "{}", service.journal());
    service.only_letter("kim@acorn.example", PATIENCE);
}

#[test]
fn a_service_with_nothing_to_do_is_not_taken_for_one_that_hangs() {
    let Some(service) = Service::installed() else { return };
    service.start();
    let first = service.property("WatchdogTimestampMonotonic").parse::<u64>().unwrap();
    // Longer than WatchdogSec.
    let fed = wait_until(PATIENCE, || {
        let now = service.property("WatchdogTimestampMonotonic").parse::<u64>().unwrap_or(0);
        now > first + 5_000_000
    });
    assert!(fed && service.property("NRestarts") == "0", "{}", service.journal());
}

#[test]
fn a_wrong_configuration_is_told_once_and_not_tried_again() {
    let Some(service) = Service::installed() else { return };
    service.configure(&service.config_text().replace("poll =", "pol ="));
    assert!(!service.run(&["systemctl", "start", "watchpost"]).status.success());
    // One that was to be started again would be in auto-restart.
    assert_eq!(service.property("SubState"), "failed");
    assert_eq!(service.property("ExecMainStatus"), "78");
    assert_eq!(service.property("NRestarts"), "0");
    let told = service.journal().matches("did you mean `poll`?").count();
    assert_eq!(told, 1, "{}", service.journal());
    service.configure(&service.config_text());
    service.start();
}
