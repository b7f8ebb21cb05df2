//! What the configuration means, and what is said to somebody who wrote it wrong.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test ends at its first surprise"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use watchpost::config::settings::{SecretSource, Security, Special};
use watchpost::config::{self, Errors};
use watchpost::desk::language::Language;
use watchpost::desk::policy::{Canary, InboxKind, OnRule, Start};
use watchpost::desk::time::Span;

const EXAMPLE: &str = include_str!("../config.example.toml");

/// The least that a configuration can say.
const LEAST: &str = r#"
[project]
name = "Express"
case_prefix = "EXP"
[smtp]
host = "smtp.project.example"
[imap]
host = "imap.project.example"
user = "security"
password = { file = "imap-password" }
[[inbox]]
recipients = ["Security@Project.example"]
"#;

/// The example with every key that is commented out put to use: `#key = …`, `#[table]`.
fn everything() -> String {
    EXAMPLE.lines().fold(String::new(), |mut text, line| {
        let key = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        writeln!(text, "{}", key.unwrap_or(line)).unwrap();
        text
    })
}

#[test]
fn the_example_is_a_configuration() {
    let settings = config::parse("config.toml", EXAMPLE).unwrap();
    assert_eq!(settings.inboxes.len(), 1);
    assert_eq!(settings.store(), Path::new("/var/lib/watchpost/store"));
    assert_eq!(settings.control, Path::new("/var/lib/watchpost/control"));
}

#[test]
fn the_example_is_one_with_every_key_in_it_too() {
    let settings = config::parse("config.toml", &everything()).unwrap();
    let [express, router] = settings.inboxes.as_slice() else { panic!("{settings:?}") };
    assert_eq!(settings.letters.as_deref(), Some(Path::new("/etc/watchpost/letters")));
    assert_eq!(express.policy.inbox, "security");
    assert_eq!(express.policy.authserv_id.as_deref(), Some("mx.project.example"));
    let lists: Vec<String> = express.policy.lists.iter().map(ToString::to_string).collect();
    assert_eq!(lists, ["security@project.example", "security@lists.project.example"]);
    assert_eq!(express.policy.list_authserv_id.as_deref(), Some("lists.project.example"));
    assert_eq!(express.imap.folders, ["INBOX", "Reports"]);
    assert_eq!(express.imap.sent, Special::Named("Gesendet".into()));
    assert_eq!(express.imap.junk, Special::Named("Werbung".into()));
    assert_eq!(router.policy.project, "Router");
    assert_eq!(router.policy.from.name, "Router Security");
    let second = settings.alarm.second.as_ref().unwrap();
    assert_eq!(
        (second.to[0].to_string(), second.smtp.server.port),
        ("kim@home.example".into(), 465)
    );
    assert_eq!(settings.alarm.command.as_ref().unwrap().len(), 2);
    let canary = Canary { every: Span::hours(6), within: Span::minutes(30) };
    assert_eq!((express.policy.canary, router.policy.canary), (Some(canary), Some(canary)));
}

#[test]
fn a_mistake_in_one_key_makes_no_other_key_unknown() {
    let everything = everything();
    for (at, line) in everything.lines().enumerate() {
        let Some((key, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else {
            continue;
        };
        // What a table within a line holds has nobody else to ask for it.
        for wrong in ["\"\"", "12345678", "[]"].iter().filter(|_| !value.starts_with('{')) {
            let lines = everything.lines().enumerate();
            let text = lines.fold(String::new(), |mut text, (n, line)| {
                let line = if n == at { format!("{key} = {wrong}") } else { line.to_owned() };
                writeln!(text, "{line}").unwrap();
                text
            });
            let told = config::parse("config.toml", &text).err().map(|errors| errors.to_string());
            let told = told.unwrap_or_default();
            assert!(!told.contains("no such key"), "{key} = {wrong}: {told}");
        }
    }
}

#[test]
fn the_example_shows_every_key_and_no_other() {
    let known: BTreeSet<String> = config::keys()
        .into_iter()
        .flat_map(|(table, keys)| keys.into_iter().map(move |key| format!("{table}.{key}")))
        .collect();
    let mut shown = BTreeSet::new();
    walk("", &everything().parse::<toml::Table>().unwrap(), &mut shown);
    // The top and an inbox hold the same tables; one place is enough to show a key of them.
    let overlaid = [
        "imap", "smtp", "project", "promises", "rules", "calendar", "waiting", "intake", "promise",
        "digest", "canary",
    ]
    .map(|t| format!("inbox.{t}"));
    shown.extend(overlaid);
    assert_eq!(known, shown);
}

#[test]
fn the_example_says_of_each_key_that_may_be_left_out_what_holds_then() {
    let (one_inbox, _) = EXAMPLE.split_once("# A second inbox").unwrap();
    let lines: Vec<&str> = one_inbox.lines().collect();
    let mut count = 0;
    // What stands in a second table of a list was told of the first one.
    let (mut table, mut told_of) = ("", BTreeSet::new());
    for (at, line) in lines.iter().enumerate() {
        if line.trim_start_matches('#').starts_with('[') {
            table = line.trim_start_matches('#');
        }
        if line.starts_with('#') && !line.starts_with("# ") && line.contains(" = ") {
            let above = lines[..at].iter().rev().take_while(|above| above.starts_with("# "));
            let told = above.map(|above| above[2..].to_owned()).collect::<String>();
            let key = (table, line.split(" = ").next());
            let tells = told.contains("Default: ") || told.contains("No default.");
            assert!(tells || told_of.contains(&key), "{line}: {told}");
            told_of.insert(key);
            count += 1;
        }
    }
    assert!(count > 15, "only {count} keys were found");
}

fn walk(name: &str, table: &toml::Table, shown: &mut BTreeSet<String>) {
    for (key, value) in table {
        shown.insert(format!("{name}.{key}"));
        match value {
            toml::Value::Table(inner) => walk(key, inner, shown),
            toml::Value::Array(values) => {
                values.iter().filter_map(|v| v.as_table()).for_each(|t| walk(key, t, shown));
            }
            _ => {}
        }
    }
}

#[test]
fn what_is_left_out_has_the_defaults_that_the_example_names() {
    let mut defaults = config::parse("config.toml", LEAST).unwrap();
    let inbox = defaults.inboxes.remove(0);
    assert_eq!(inbox.policy.inbox, "security");
    assert_eq!(inbox.policy.kind, InboxKind::Dedicated);
    assert_eq!(inbox.policy.from.name, "Express Security");
    assert_eq!(inbox.policy.from.address, inbox.policy.recipients[0]);
    assert_eq!(inbox.policy.policy_url, None);
    assert_eq!(inbox.policy.language, Language::English);
    assert_eq!(inbox.policy.authserv_id, None);
    assert!(!inbox.policy.subaddressing);
    assert_eq!(inbox.policy.acknowledgement, Span::hours(48));
    assert_eq!(inbox.policy.response, Span::hours(48));
    assert_eq!(inbox.policy.response_from, Start::Received);
    assert_eq!(inbox.policy.link_only, OnRule::Reject);
    assert_eq!(inbox.policy.attachment_only, OnRule::Reject);
    assert_eq!(inbox.policy.empty, OnRule::Reject);
    assert_eq!(inbox.smtp.login, None);
    assert_eq!(inbox.smtp.connections, 2);
    assert_eq!(inbox.smtp.server.port, 465);
    assert_eq!(inbox.smtp.server.timeout, Duration::from_secs(30));
    assert_eq!(inbox.policy.canary, None);
    assert_eq!((&defaults.alarm.second, &defaults.alarm.command), (&None, &None));
    assert_eq!(defaults.alarm.rules.after, Span::minutes(15));
    assert_eq!(defaults.alarm.rules.every, Span::hours(6));
    assert_eq!(defaults.alarm.rules.acknowledgement_percent, 50);
    assert_eq!(defaults.alarm.rules.letter_waits, Span::hours(4));
    assert_eq!(inbox.imap.server.port, 993);
    assert_eq!(inbox.imap.server.security, Security::Tls);
    assert_eq!(inbox.imap.server.timeout, Duration::from_mins(1));
    assert_eq!(inbox.imap.folders, ["INBOX"]);
    assert_eq!((&inbox.imap.sent, &inbox.imap.junk), (&Special::Found, &Special::Found));
    assert_eq!(inbox.imap.poll, Duration::from_mins(5));

    // What the example shows commented out is, but for a few, the default: using it changes nothing.
    let everything = config::parse("config.toml", &everything()).unwrap();
    let shown = &everything.inboxes[0];
    assert_eq!(shown.policy.response_from, inbox.policy.response_from);
    assert_eq!(shown.policy.from, inbox.policy.from);
    assert_eq!(shown.policy.kind, inbox.policy.kind);
    assert_eq!(shown.policy.language, inbox.policy.language);
    assert_eq!(shown.policy.subaddressing, inbox.policy.subaddressing);
    assert_eq!(shown.imap.poll, inbox.imap.poll);
    assert_eq!(shown.imap.server.timeout, inbox.imap.server.timeout);
    assert_eq!(shown.imap.server.port, inbox.imap.server.port);
    assert_eq!(shown.smtp.connections, inbox.smtp.connections);
    assert_eq!(shown.smtp.server.timeout, inbox.smtp.server.timeout);
    assert_eq!(shown.smtp.server.port, inbox.smtp.server.port);
    assert_eq!((everything.state, everything.control), (defaults.state, defaults.control));
}

#[test]
fn the_port_follows_the_security() {
    for (security, imap, smtp) in [("tls", 993, 465), ("starttls", 143, 587), ("none", 143, 25)] {
        let text = LEAST
            .replace("imap.project.example", "localhost")
            .replace("smtp.project.example", "127.0.0.1")
            .replace("host =", &format!("security = \"{security}\"\nhost ="));
        let settings = config::parse("config.toml", &text).unwrap();
        assert_eq!(settings.inboxes[0].imap.server.port, imap, "{security}");
        assert_eq!(settings.inboxes[0].smtp.server.port, smtp, "{security}");
    }
}

#[test]
fn what_stands_in_an_inbox_holds_for_that_one_key_by_key() {
    let text = format!(
        "{LEAST}[inbox.imap]\nuser = \"other\"\nfolders = [\"inbox\", \"Reports\"]\n\
         sent = false\n\
         [[inbox]]\nname = \"second\"\nkind = \"mixed\"\nrecipients = [\"psirt@router.example\"]\n\
         project.name = \"Router\"\npromises = {{ response = \"14d\" }}\n"
    );
    let settings = config::parse("config.toml", &text).unwrap();
    let [first, second] = settings.inboxes.as_slice() else { panic!("{settings:?}") };
    assert_eq!((first.imap.user.as_str(), second.imap.user.as_str()), ("other", "security"));
    assert_eq!(first.imap.server, second.imap.server);
    assert_eq!(first.imap.password, second.imap.password);
    assert_eq!(first.imap.folders, ["INBOX", "Reports"]);
    assert_eq!(second.imap.folders, ["INBOX"]);
    assert_eq!((&first.imap.sent, &second.imap.sent), (&Special::Off, &Special::Found));
    assert_eq!(first.policy.project, "Express");
    assert_eq!(second.policy.project, "Router");
    assert_eq!(&*second.policy.case_prefix, "EXP");
    assert_eq!(first.policy.response, Span::hours(48));
    assert_eq!(second.policy.response, Span::hours(24 * 14));
    assert_eq!(second.policy.kind, InboxKind::Mixed);
}

#[test]
fn the_owner_of_a_personal_inbox_reads_there_whoever_writes() {
    let text = format!(
        "{LEAST}[[member]]\nname = \"kim\"\naddresses = [\"kim@project.example\"]\n\
         [team]\nlead = \"kim\"\n\
         [[inbox]]\nkind = \"personal\"\nrecipients = [\"Kim@project.example\"]\n\
         imap.user = \"kim@project.example\"\n\
         [[inbox]]\nkind = \"mixed\"\nrecipients = [\"psirt@router.example\"]\n\
         imap.user = \"kim+psirt@project.example\"\n"
    );
    assert!(config::parse("config.toml", &text).is_ok());
    let dedicated = text.replace("kind = \"mixed\"", "kind = \"dedicated\"");
    assert!(config::parse("config.toml", &dedicated).is_err(), "nobody reads that account");
}

#[test]
fn days_of_absence_are_those_of_the_members_zone_and_the_last_one_counts() {
    let text = format!(
        "{LEAST}[[member]]\nname = \"kim\"\naddresses = [\"kim@project.example\"]\n\
         zone = \"Europe/Berlin\"\naway = [\"2026-12-20..2027-01-03\", \"2026-05-01\"]\n\
         [team]\nlead = \"kim\"\n"
    );
    let settings = config::parse("config.toml", &text).unwrap();
    let kim = settings.inboxes[0].policy.team.lead.as_ref().unwrap();
    let away: Vec<String> =
        kim.away.iter().map(|days| format!("{} {}", days.from, days.until.unwrap())).collect();
    let expected =
        ["2026-12-19T23:00:00Z 2027-01-03T23:00:00Z", "2026-04-30T22:00:00Z 2026-05-01T22:00:00Z"];
    assert_eq!(away, expected);
}

#[test]
fn three_hundred_projects_fit_in_one_file_without_repetition() {
    let mut text = LEAST.split("[[inbox]]").next().unwrap().to_owned();
    for n in 0..300 {
        let recipient = format!("security@p{n}.example");
        write!(
            text,
            "[[inbox]]\nname = \"p{n}\"\nrecipients = [\"{recipient}\"]\n\
             imap.user = \"{recipient}\"\nproject = {{ name = \"P{n}\", case_prefix = \"P{n}\" }}\n"
        )
        .unwrap();
    }
    let settings = config::parse("config.toml", &text).unwrap();
    assert_eq!(settings.inboxes.len(), 300);
    assert_eq!(&*settings.inboxes[299].policy.case_prefix, "P299");

    // A mistake at the top is told once, not once for each inbox.
    let errors = errors(&text.replace("imap.project.example", "imap project"));
    assert_eq!(errors.iter().count(), 1, "{errors}");
}

#[test]
fn an_address_in_a_long_list_takes_as_long_as_one_in_a_short_list() {
    let at_recipients = "recipients = [\"Security@Project.example\"]";
    assert!(LEAST.contains(at_recipients));
    let time_of = |many: usize| {
        let list = |of: &str| -> Vec<String> {
            (0..many).map(|n| format!("\"{of}{n}@p.example\"")).collect()
        };
        let (recipients, lists) = (list("a").join(", "), list("b").join(",\n"));
        let both = format!("recipients = [{recipients}]\nlists = [{lists}]");
        let text = LEAST.replace(at_recipients, &both);
        let begun = Instant::now();
        let settings = config::parse("config.toml", &text).unwrap();
        assert_eq!(settings.inboxes[0].policy.recipients.len(), many);
        begun.elapsed()
    };
    let best = |many| (0..3).map(|_| time_of(many)).min().unwrap().as_secs_f64();
    // Three hundred times as long, if each were compared with all before it.
    let share = best(20_000) / best(1_000);
    assert!(share < 100.0, "{share} times as long for twenty times as many");
}

#[test]
fn relative_paths_begin_in_the_folder_of_the_file() {
    let text = format!("state = \"state\"\nletters = \"/srv/letters\"\n{LEAST}");
    let settings = config::parse("/etc/watchpost/config.toml", &text).unwrap();
    assert_eq!(settings.state, Path::new("/etc/watchpost/state"));
    assert_eq!(settings.control, Path::new("/etc/watchpost/state/control"));
    assert_eq!(settings.letters.as_deref(), Some(Path::new("/srv/letters")));
    assert_eq!(
        settings.inboxes[0].imap.password,
        SecretSource::File("/etc/watchpost/imap-password".into())
    );
}

/// Each `tests/config/NAME.toml` stands beside `NAME.txt`, which holds exactly what is said about
/// it. `UPDATE_GOLDEN=1` writes the second from the first: read the difference before keeping it.
#[test]
fn each_mistake_is_told_where_it_stands_with_what_would_be_right() {
    let (mut count, mut wrong) = (0, String::new());
    for path in broken() {
        let text = std::fs::read_to_string(&path).unwrap();
        let said = format!("{}\n", errors(&text));
        assert!(!said.contains("hunter2"), "{}: a secret is repeated", path.display());
        let golden = path.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if said != expected {
            writeln!(wrong, "{}\n  expected:\n{expected}  said:\n{said}", path.display()).unwrap();
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 30, "only {count} broken configurations in tests/config");
}

fn broken() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    paths
}

fn errors(text: &str) -> Errors {
    match config::parse("config.toml", text) {
        Err(errors) => errors,
        Ok(settings) => panic!("nothing wrong was found in\n{text}\n{settings:?}"),
    }
}

#[test]
fn each_line_of_the_least_configuration_is_needed() {
    for line in LEAST.lines().filter(|line| line.contains('=')) {
        let key = line.split(' ').next().unwrap();
        let errors = errors(&LEAST.replace(line, ""));
        let told = errors.to_string();
        assert!(told.contains(&format!("{key}: missing; write {key} = ")), "{line}: {told}");
        assert_eq!(errors.iter().count(), 1, "{line}: {told}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let said = |path: &Path| config::read(path).unwrap_err().to_string();

    assert_eq!(
        said(&path),
        format!("{}: no such file; begin with a copy of config.example.toml", path.display())
    );
    assert_eq!(
        said(folder.path()),
        format!("{}: a folder; name the file in it", folder.path().display())
    );

    std::fs::write(&path, b"state = \"x\"\n# Z\xc3\xbcrich, Z\xfcrich\n").unwrap();
    assert_eq!(
        said(&path),
        format!("{}:2:12: not UTF-8; save the file in that encoding", path.display())
    );

    std::fs::File::create(&path).unwrap().set_len((4 << 20) + 1).unwrap();
    assert_eq!(
        said(&path),
        format!("{}: larger than 4194304 bytes; is it the right file?", path.display())
    );

    std::fs::write(&path, LEAST).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything, and then there is nothing to tell.
    if std::fs::File::open(&path).is_err() {
        assert!(said(&path).contains("may not be read; let the user"), "{}", said(&path));
    }
}

#[test]
fn a_file_that_is_read_means_the_same_from_every_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, LEAST).unwrap();
    let settings = config::read(&path).unwrap();
    let password = folder.path().join("imap-password");
    assert_eq!(settings.inboxes[0].imap.password, SecretSource::File(password));
    assert_eq!(settings.state, Path::new("/var/lib/watchpost"));
}

/// Every value and key of the example, replaced by something else: what a slip may look like.
fn slip() -> impl Strategy<Value = String> {
    let lines = EXAMPLE.lines().count();
    let junk = prop_oneof![
        Just("= 5".to_owned()),
        Just("[[[".to_owned()),
        Just("[imap]".to_owned()),
        Just("[[inbox]]".to_owned()),
        Just("host = [1, {a = 2}]".to_owned()),
        Just("inbox.imap.port = -1".to_owned()),
        Just("\"\\u001b[2J\u{202e}\" = \"\\u0000\"".to_owned()),
        "[a-z_.]{1,12} = (\"\\PC{0,80}\"|[0-9]{1,30}|true|\\[\\]|\\{\\}|1979-05-27)",
        "\\PC{0,40}",
        "(?s).{0,40}",
    ];
    proptest::collection::vec((0..lines, any::<bool>(), junk), 1..6).prop_map(|slips| {
        let everything = everything();
        let mut lines: Vec<&str> = everything.lines().collect();
        for (line, instead, junk) in &slips {
            if *instead {
                lines[*line] = junk;
            } else {
                lines.insert(*line, junk);
            }
        }
        lines.join("\n")
    })
}

proptest! {
    #[test]
    fn whatever_is_written_the_answer_is_settings_or_errors_fit_to_print(text in slip()) {
        if let Err(errors) = config::parse("config.toml", &text) {
            prop_assert!(errors.iter().count() > 0);
            for error in &errors {
                let line = error.to_string();
                prop_assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
                prop_assert!(line.chars().count() < 1000, "{line:?}");
                let place = error.place.unwrap();
                prop_assert!(place.0 <= text.matches('\n').count() + 1, "{line:?}");
            }
            prop_assert!(errors.iter().is_sorted());
        }
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_repeated(
        key in "(imap|smtp)\\.(password|pasword|pass|secret|passwort)",
        form in prop_oneof![
            Just("\"hunter2\""), Just("'hunter2"), Just("hunter2"), Just("[\"hunter2\"]"),
            Just("{ value = \"hunter2\" }"), Just("{ command = \"hunter2\" }"),
            Just("{ command = [\"./echo\", \"hunter2\"] }"), Just("{ credential = \"hunter2!\" }"),
            Just("{ file = [\"hunter2\"] }"), Just("\"\"\"hunter2"), Just("\"\\hunter2\""),
        ],
    ) {
        let text = format!("{key} = {form}\n");
        let said = config::parse("config.toml", &text).unwrap_err().to_string();
        prop_assert!(!said.contains("hunter2"), "{said}");
    }
}
