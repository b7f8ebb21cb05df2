use crate::rig::{PATIENCE, wait_until};
use crate::service::{Service, printed};

const README: &str = include_str!("../../README.md");

/// The line of the README that begins so, as it is typed into a terminal by root.
fn typed(beginning: &str) -> String {
    let (_, rest) = README.split_once(beginning).unwrap();
    let (end, _) = rest.split_once("```").unwrap();
    let line = format!("{beginning}{end}").replace("\\\n", " ").replace("sudo ", "");
    assert_eq!(line.trim().lines().count(), 1, "{line}");
    line.trim().to_owned()
}

#[test]
fn check_as_the_readme_has_it_logs_in_with_the_passwords_of_the_service() {
    let Some(service) = Service::installed() else { return };
    let check = || {
        let line = typed("sudo systemd-run");
        service.run(&["script", "--quiet", "--return", "--command", &line, "/dev/null"])
    };
    let fine = check();
    assert!(fine.status.success(), "{}", printed(&fine));
    assert_eq!(printed(&fine).matches("logged in").count(), 2, "{}", printed(&fine));

    service.configure(&service.config_text().replace("poll =", "pol ="));
    let wrong = check();
    assert_eq!(wrong.status.code(), Some(78), "{}", printed(&wrong));
    assert!(printed(&wrong).contains("did you mean `poll`?"), "{}", printed(&wrong));
    // Nothing that failed is left behind for `systemctl --failed`.
    let failed = service.done(&["systemctl", "list-units", "--failed", "--plain", "--no-legend"]);
    assert!(!failed.contains("watchpost"), "{failed}");
}

/// Reloads, and returns when the new configuration is in use.
fn reload(service: &Service) {
    let ready = || service.journal().lines().filter(|line| line.trim() == "INFO ready").count();
    let before = ready();
    service.done(&["systemctl", "reload", "watchpost"]);
    assert!(wait_until(PATIENCE, || ready() > before), "{}", service.journal());
    service.wait_for("ActiveState", "active");
    service.wait_for_status("watching 3 of 3 folders");
}

#[test]
fn a_reload_uses_the_new_configuration_and_repeats_nothing() {
    let Some(service) = Service::installed() else { return };
    service.start();
    let before = service.acknowledged("kim@acorn.example", PATIENCE);
    assert!(before.contains("Express"), "{before}");
    let process = service.property("MainPID");
    service.configure(&service.config_text().replace("\"Express\"", "\"Sloth\""));
    reload(&service);
    let after = service.acknowledged("lee@acorn.example", PATIENCE);
    assert!(after.contains("Sloth") && !after.contains("Express,"), "{after}");
    assert_eq!(service.property("MainPID"), process);
    let cases = service.done(&["watchpost", "cases"]);
    assert!(cases.contains("2 open cases"), "{cases}");
    service.only_letter("kim@acorn.example", PATIENCE);
    // And it still ends when it is asked to.
    service.done(&["systemctl", "stop", "watchpost"]);
    let journal = service.journal();
    assert_eq!(service.property("Result"), "success", "{journal}");
    assert!(!journal.contains("WARN") && !journal.contains("ERROR"), "{journal}");
}

#[test]
fn a_reload_with_a_mistake_is_refused_and_the_old_configuration_goes_on() {
    let Some(service) = Service::installed() else { return };
    service.start();
    service.configure(&service.config_text().replace("poll =", "pol ="));
    let process = service.property("MainPID");
    service.done(&["systemctl", "reload", "watchpost"]);
    service.wait_for_status("the new configuration is not used: /etc/watchpost/config.toml:");
    let told = service.journal().matches("did you mean `poll`?").count();
    assert_eq!(told, 1, "{}", service.journal());
    assert_eq!(service.property("SubState"), "running");
    service.acknowledged("kim@acorn.example", PATIENCE);
    assert_eq!(service.property("MainPID"), process);
}

#[test]
fn a_reload_that_could_not_start_is_refused_too() {
    let Some(service) = Service::installed() else { return };
    service.start();
    // In order as a text, and nothing that this service could write to.
    let text = format!("control = \"/root/control\"\n{}", service.config_text());
    service.configure(&text);
    service.done(&["systemctl", "reload", "watchpost"]);
    service.wait_for_status("the new configuration is not used: control: /root/control:");
    service.acknowledged("kim@acorn.example", PATIENCE);
}

#[test]
fn reloads_one_after_the_other_leave_no_thread_and_no_descriptor_behind() {
    let Some(service) = Service::installed() else { return };
    service.start();
    let process = service.property("MainPID");
    let held = || {
        let count = |what: &str| service.done(&["ls", &format!("/proc/{process}/{what}")]);
        count("task").lines().count() + count("fd").lines().count()
    };
    let first = held();
    (0..5).for_each(|_| reload(&service));
    let settled = wait_until(PATIENCE, || held() <= first);
    assert!(settled, "{first} became {}", held());
    service.acknowledged("kim@acorn.example", PATIENCE);
}

#[test]
fn root_asks_and_backs_up_while_it_is_stopped_and_locks_nobody_out() {
    let Some(service) = Service::installed() else { return };
    service.start();
    service.acknowledged("kim@acorn.example", PATIENCE);
    service.done(&["systemctl", "stop", "watchpost"]);
    // Its user has no name and no way to the folder now.
    let cases = service.done(&["watchpost", "cases"]);
    assert!(cases.contains("1 open case."), "{cases}");
    service.done(&["watchpost", "verify"]);
    service.done(&["watchpost", "rotate-key"]);
    service.done(&["watchpost", "backup", "/root/stopped"]);
    service.done(&["rm", "-r", "/root/stopped"]);
    service.start();
    service.acknowledged("lee@acorn.example", PATIENCE);
    let cases = service.done(&["watchpost", "cases"]);
    assert!(cases.contains("2 open cases."), "{cases}");
}
