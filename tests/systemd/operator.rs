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
