//! The systemd unit: it is understood, it shuts the service in, and it fits the example.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at its first surprise")]

use std::collections::BTreeSet;
use std::process::{Command, Output};

const UNIT: &str = include_str!("../systemd/watchpost.service");
const EXAMPLE: &str = include_str!("../config.example.toml");

/// Runs `systemd-analyze` on the unit, with the program that was just built in its ExecStart=.
fn analyze(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("watchpost.service");
    let built = UNIT.replace("/usr/local/bin/watchpost", env!("CARGO_BIN_EXE_watchpost"));
    std::fs::write(&path, built).unwrap();
    Command::new("systemd-analyze")
        .args(arguments)
        .arg(&path)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("systemd-analyze comes with systemd; these tests need it")
}

fn printed(output: &Output) -> String {
    let bytes = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The values of a setting that may be given several times.
fn settings(name: &str) -> impl Iterator<Item = &str> {
    UNIT.lines().filter_map(move |line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn systemd_understands_every_line_of_the_unit() {
    let output = analyze(&["verify", "--man=no"]);
    // Other units of the machine may have faults of their own.
    let printed = printed(&output);
    let ours: Vec<_> = printed.lines().filter(|line| line.contains("watchpost")).collect();
    assert!(output.status.success() && ours.is_empty(), "{printed}");
}

#[test]
fn the_exposure_is_at_most_1_5_of_10() {
    let output = analyze(&["security", "--offline=true", "--no-pager"]);
    let printed = printed(&output);
    let (_, level) = printed.split_once("Overall exposure level").expect(&printed);
    let level = level.split_whitespace().find_map(|word| word.parse::<f64>().ok());
    assert!(level.expect(&printed) <= 1.5, "{printed}");
}

#[test]
fn what_is_left_open_is_left_open_for_a_reason_in_the_unit() {
    let output = analyze(&["security", "--offline=true", "--no-pager"]);
    let printed = printed(&output);
    let open: BTreeSet<_> = printed
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('✗')?.split_whitespace().next())
        .map(|name| name.split(['=', '/']).next().unwrap())
        .collect();
    let (_, reasons) = UNIT.split_once("# Left out, each for a reason").unwrap();
    for name in &open {
        assert!(reasons.contains(&format!("#   {name}=")), "{name} is open without a reason");
    }
    assert!(open.contains("PrivateNetwork"), "the list was not read: {printed}");
}

#[test]
fn the_example_asks_for_the_credentials_that_the_unit_loads() {
    let asked: BTreeSet<_> = EXAMPLE
        .lines()
        .filter_map(|line| line.strip_prefix("password = { credential = \"")?.split('"').next())
        .collect();
    let loaded: BTreeSet<_> =
        settings("LoadCredential").filter_map(|value| value.split(':').next()).collect();
    assert_eq!(asked, loaded);
    assert_eq!(asked.len(), 2);
}

#[test]
fn a_wrong_configuration_is_not_tried_again_and_anything_else_is() {
    assert_eq!(settings("RestartPreventExitStatus").collect::<Vec<_>>(), ["78"]);
    assert_eq!(settings("Restart").collect::<Vec<_>>(), ["on-failure"]);
    assert_eq!(settings("StartLimitIntervalSec").collect::<Vec<_>>(), ["0"]);
}
