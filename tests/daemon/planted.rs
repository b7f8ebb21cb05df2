//! Words that are planted in a password, in mails and in addresses are looked for afterwards wherever
//! they have no business: in the log, the status, the store, on the command line, in a core file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::backup::run;
use crate::mails::cases;
use crate::rig::{Daemon, INBOX, PASSWORD, PATIENCE, Rig, program, wait_until};

/// A password that is wrong, and one that only an argument of a command is.
const WRONG: &str = "wrong-quagmire-fiddlestick";
const ARGUMENT: &str = "argument-zoetrope-marzipan";

/// Who writes, and who answers.
const ANN: &str = "ann.tarradiddle@acorn.example";
const BO: &str = "bo.snickersnee@unauthenticated.example";
const REFUSED: &str = "refused@gobbledygook.example";
const KIM: &str = "kim@project.example";

/// What only the mails say, their file names and ids included.
const CONTENT: [&str; 8] = [
    "Wampeter",
    "granfalloon",
    "foma-karass",
    "duprass",
    "zinfandrel",
    "vizzini.txt",
    "stuffle",
    "Hogwallop",
];

/// Of these, what only the text and the file say.
const BODY: [&str; 4] = ["granfalloon", "foma-karass", "duprass", "zinfandrel"];

/// What tells of people.
const PEOPLE: [&str; 7] = [
    "tarradiddle",
    "snickersnee",
    "gobbledygook",
    "Tarra Diddle",
    "acorn.example",
    "home.example",
    "kim@project",
];

/// Every form in which a password could be written.
fn passwords() -> Vec<Vec<u8>> {
    let plain = [PASSWORD, WRONG, ARGUMENT];
    let coded = plain.map(|word| watchpost::io::base64::base64(word.as_bytes()));
    let sasl =
        plain.map(|word| watchpost::io::base64::base64(format!("\0{INBOX}\0{word}").as_bytes()));
    let all = plain.into_iter().map(str::to_owned).chain(coded).chain(sasl);
    all.map(|word| word.trim_end_matches('=').as_bytes().to_vec()).collect()
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// No password stands in what was found there.
fn no_password(place: &str, bytes: &[u8]) {
    for word in passwords() {
        let text = String::from_utf8_lossy(&word).into_owned();
        assert!(!holds(bytes, &word), "{text} in {place}: {}", String::from_utf8_lossy(bytes));
    }
}

/// None of these words stands in it, nor a password.
fn none_of<'a>(words: impl IntoIterator<Item = &'a str>, place: &str, text: &str) {
    no_password(place, text.as_bytes());
    let lower = text.to_lowercase();
    for word in words {
        assert!(!lower.contains(&word.to_lowercase()), "{word} in {place}:\n{text}");
    }
}

fn everything() -> impl Iterator<Item = &'static str> {
    CONTENT.into_iter().chain(PEOPLE)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        }
        all.push(path);
    }
    all
}

fn planted(from: &str) -> String {
    format!(
        "From: Tarra Diddle <{from}>\nTo: {INBOX}\nSubject: Wampeter in the session\n\
         Message-ID: <stuffle@{from}>\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
         In version 3.1 the granfalloon of the session stays the same after the login, so that an\n\
         attacker who knows it before is logged in afterwards. Send foma-karass to see it.\n\
         --b\nContent-Type: text/plain; name=vizzini.txt\n\
         Content-Disposition: attachment; filename=vizzini.txt\n\nduprass zinfandrel\n--b--\n"
    )
}

fn staffed(rig: &Rig) -> String {
    let people =
        format!("[[member]]\nname = \"kim\"\naddresses = [\"{KIM}\", \"kim@home.example\"]\n");
    rig.config_text().replace("[[inbox]]", &format!("{people}[team]\nlead = \"kim\"\n[[inbox]]"))
}

/// A file with a password of its own.
fn secret(rig: &Rig, name: &str, words: &str) -> PathBuf {
    let file = rig.dir().join(name);
    fs::write(&file, words).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

/// A report, an answer, a letter that is refused and one that comes back, and what is broken.
fn much_happens(rig: &Rig, daemon: &Daemon) {
    // The second sender is not proven, and the third refuses our letter.
    rig.deliver(Some(ANN), &[INBOX], planted(ANN).as_bytes());
    rig.deliver(Some(BO), &[INBOX], planted(BO).as_bytes());
    rig.deliver(Some(REFUSED), &[INBOX], planted(REFUSED).as_bytes());
    let letter = rig.wait_for_mails(ANN, 1, PATIENCE).remove(0);
    rig.wait_for_mails(BO, 1, PATIENCE);
    let letter = crate::mails::field(&letter, "Message-ID");
    let bounce = format!(
        "From: Mailer <postmaster@acorn.example>\nTo: {INBOX}\nSubject: Undelivered: Wampeter\n\
         Message-ID: <bounce.stuffle@acorn.example>\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n\
         {ANN} is a granfalloon.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.acorn.example\n\nFinal-Recipient: rfc822; {ANN}\nAction: failed\n\
         Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <{ANN}> no granfalloon here\n\
         --b\nContent-Type: message/rfc822\n\nMessage-ID: {letter}\nSubject: x\n\nx\n--b--\n"
    );
    rig.deliver(None, &[INBOX], bounce.as_bytes());
    // The answer of a member, and mails that are broken in many ways.
    let answer = format!(
        "From: Kim <{KIM}>\nTo: {ANN}\nCc: {INBOX}\nSubject: Re: Wampeter in the session\n\
         Message-ID: <answer.stuffle@project.example>\nIn-Reply-To: <stuffle@{ANN}>\n\n\
         Thank you, the granfalloon is real. We will fix it by Friday.\n"
    );
    rig.deliver(Some(KIM), &[ANN, INBOX], answer.as_bytes());
    for (n, broken) in [
        "Hogwallop granfalloon\n".to_owned(),
        format!("From: <{ANN}>\nFrom: {BO}\nSubject: =?x?b?Hogwallop\n\n\u{1}Hogwallop\n"),
        format!("From: <{ANN}\nContent-Type: multipart/mixed; boundary=\n\n--\n\n--Hogwallop--\n"),
        format!(
            "From: <{ANN}>\nContent-Type: text/plain; charset=Hogwallop\n\n\u{fffd}granfalloon\n"
        ),
    ]
    .iter()
    .enumerate()
    {
        rig.deliver(Some(&format!("m{n}@acorn.example")), &[INBOX], broken.as_bytes());
    }
    let mut lead = rig.imap(INBOX);
    lead.command("SELECT INBOX");
    let mut seen = || lead.command("UID FETCH 1:* (FLAGS)").matches("$WatchpostSeen").count() == 9;
    assert!(wait_until(PATIENCE, &mut seen), "{}", daemon.log());
    assert!(wait_until(PATIENCE, || rig.queue_is_empty()));
}

/// What the commands say, and what they write.
fn commands_tell_no_more_than_they_should(rig: &Rig, config: &Path) {
    // Those that an operator asks for a case show addresses and subjects.
    let case = "EXP-2026-0001";
    let open = cases(config).concat();
    assert!(open.contains("tarradiddle") && open.contains("Wampeter"), "{open}");
    for arguments in [
        &["cases"][..],
        &["cases", "--format", "json"],
        &["show", case],
        &["show", case, "--format", "json"],
        &["explain", case],
        &["explain", case, "--format", "json"],
        &["do", case, "take", "kim"],
        &["export", case, "--format", "json"],
    ] {
        none_of(BODY, &format!("{arguments:?}"), &run(config, arguments).1);
    }
    for arguments in [
        &["stats"][..],
        &["stats", "--format", "json"],
        &["stats", "--format", "svg"],
        &["stats", "--verify"],
        &["stats", "--verify", "--format", "json"],
    ] {
        let (status, told) = run(config, arguments);
        assert_eq!(status, 0, "{told}");
        none_of(everything(), &format!("{arguments:?}"), &told);
    }
    let dir = rig.dir().join("export");
    let backup = rig.dir().join("backup");
    fs::create_dir(&dir).unwrap();
    let (dir, backup) = (dir.to_str().unwrap(), backup.to_str().unwrap());
    for arguments in [
        &["export", case][..],
        &["export", case, "--to", dir],
        &["check"],
        &["check", "--offline"],
        &["backup", backup],
        &["verify", backup],
    ] {
        let (status, told) = run(config, arguments);
        assert_eq!(status, 0, "{arguments:?}: {told}");
        no_password(&format!("{arguments:?}"), told.as_bytes());
    }
    none_of(everything(), "verify", &run(config, &["verify", backup]).1);
    for file in files(Path::new(backup)) {
        no_password("the backup", &fs::read(&file).unwrap());
    }
}

/// Nothing but rows of the store is in its folder, and what a mail says is in none of them.
fn the_store_holds_no_more_than_it_should(rig: &Rig, config: &Path) {
    let mut subjects = 0;
    for path in files(&rig.dir().join("state")) {
        none_of(
            everything(),
            "the names of the store",
            path.file_name().unwrap().to_str().unwrap(),
        );
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            no_password("the store", &bytes);
            subjects += usize::from(holds(&bytes, b"Wampeter"));
            for word in BODY {
                assert!(!holds(&bytes, word.as_bytes()), "{word} in {}", path.display());
            }
        }
    }
    assert!(subjects > 0, "what it should hold is not found either");
    none_of(everything(), "verify", &run(config, &["verify"]).1);
}

#[test]
fn planted_words_are_found_nowhere_that_they_have_no_business() {
    let rig = Rig::start();
    let config = rig.write_config(&staffed(&rig));
    let (daemon, status) = Daemon::start_heard(&rig, &config);
    much_happens(&rig, &daemon);
    let process = PathBuf::from(format!("/proc/{}", daemon.id()));
    for place in ["cmdline", "environ", "comm"] {
        let bytes = fs::read(process.join(place)).unwrap();
        none_of(everything(), place, &String::from_utf8_lossy(&bytes));
    }

    commands_tell_no_more_than_they_should(&rig, &config);
    let log = daemon.log();
    assert!(log.contains("EXP-2026-0001"), "{log}");
    none_of(everything(), "the log", &log);
    assert!(daemon.terminate().success());
    let status = status.join().unwrap();
    assert!(status.contains("STATUS="), "{status}");
    none_of(everything(), "the status", &status);

    the_store_holds_no_more_than_it_should(&rig, &config);
    let backup = rig.dir().join("backup");
    for arguments in [&["rotate-key"][..], &["restore", backup.to_str().unwrap()]] {
        let (_, told) = run(&config, arguments);
        none_of(everything(), &format!("{arguments:?}"), &told);
    }
}

#[test]
fn a_login_that_fails_is_told_without_its_password() {
    let rig = Rig::start();
    let wrong = secret(&rig, "wrong", &format!("{WRONG}\n"));
    let right = format!("{{ file = \"{}\" }}", rig.dir().join("password").display());
    let file = format!("{{ file = \"{}\" }}", wrong.display());
    let command = format!("{{ command = [\"printf\", \"{ARGUMENT}\"] }}");
    for password in
        [file, command, "{ command = [\"false\", \"argument-zoetrope-marzipan\"] }".to_owned()]
    {
        let config = rig.write_config(&staffed(&rig).replace(&right, &password));
        let daemon = Daemon::begin(&rig, &config);
        let told = || daemon.log().contains("this folder cannot be watched now");
        assert!(wait_until(PATIENCE, told), "{}", daemon.log());
        no_password("the log", daemon.log().as_bytes());
        no_password("check", run(&config, &["check"]).1.as_bytes());
    }
    // A relay that refuses the login stops the queue, and the log says why.
    let text = rig.config_text();
    let (imap, smtp) = text.split_once("[inbox.smtp]").unwrap();
    let smtp = smtp.replace(&right, &format!("{{ file = \"{}\" }}", wrong.display()));
    let config = rig.write_config(&format!("{imap}[inbox.smtp]{smtp}"));
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some(ANN), &[INBOX], planted(ANN).as_bytes());
    let refused = || daemon.log().contains("535");
    assert!(wait_until(PATIENCE, refused), "{}", daemon.log());
    none_of(everything(), "the log", &daemon.log());
}

#[test]
fn a_mistake_in_the_configuration_is_told_without_a_password() {
    let rig = Rig::start();
    let right = format!("{{ file = \"{}\" }}", rig.dir().join("password").display());
    let exposed = rig.dir().join("exposed");
    fs::write(&exposed, format!("{WRONG}\n")).unwrap();
    fs::set_permissions(&exposed, fs::Permissions::from_mode(0o644)).unwrap();
    let many = secret(&rig, "control", &format!("{WRONG}\u{7}\n"));
    let empty = secret(&rig, "empty", &format!("\n{WRONG}\n"));
    let file = |path: &Path| format!("{{ file = \"{}\" }}", path.display());
    for mistake in [
        format!("\"{WRONG}\""),
        format!("\"{WRONG}"),
        format!("'{WRONG}' x"),
        WRONG.to_owned(),
        format!("[\"{WRONG}\"]"),
        format!("{{ value = \"{WRONG}\" }}"),
        format!("{{ file = [\"{WRONG}\"] }}"),
        format!("{{ command = \"{WRONG}\" }}"),
        format!("{{ file = \"/p\", password = \"{WRONG}\" }}"),
        file(&exposed),
        file(&many),
        file(&empty),
    ] {
        let text = rig.config_text().replace(&right, &mistake);
        let config = rig.write_config(&text);
        for arguments in [&["check", "--offline"][..], &["check"], &["cases"]] {
            let (status, told) = run(&config, arguments);
            assert_ne!(status, 0, "{mistake}: {told}");
            no_password(&format!("{arguments:?} of {mistake}"), told.as_bytes());
        }
        if !mistake.contains("file = \"") {
            let (status, told) = run(&config, &["run"]);
            assert_eq!(status, 78, "{mistake}: {told}");
            no_password(&format!("run of {mistake}"), told.as_bytes());
        }
    }
}

/// A shell that lifts the limit on core files, and then becomes this program.
fn dumping(dir: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c unlimited && exec \"$@\"", "sh"]).current_dir(dir);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    shell
}

fn cores(dir: &Path) -> usize {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("core")).count()
}

#[test]
fn a_daemon_that_crashes_leaves_no_core_file() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let other = tempfile::tempdir().unwrap();
    let crashed = dumping(other.path()).args(["sh", "-c", "kill -ABRT $$"]).status().unwrap();
    if !crashed.core_dumped() || cores(other.path()) == 0 {
        eprintln!("skipped: no program leaves a core file here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let mut daemon = dumping(dir.path());
    daemon.arg(program()).args(["run", "--config"]).arg(&config);
    let mut daemon = daemon.stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
    let ready = || fs::read_to_string(&log).unwrap().contains("INFO ready");
    assert!(wait_until(PATIENCE, ready));
    let killed = Command::new("kill").args(["-ABRT", &daemon.id().to_string()]).status();
    assert!(killed.unwrap().success());
    let status = daemon.wait().unwrap();
    assert!(status.signal().is_some() && !status.core_dumped(), "{status}");
    assert_eq!(cores(dir.path()), 0);
}
