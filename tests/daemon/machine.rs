//! What the machine does to a process: a log that nobody takes, an end in the middle of the work.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::mails::{cases, report};
use crate::rig::{Daemon, INBOX, Line, PATIENCE, Proxy, Rig, program, wait_until};

#[test]
fn a_log_that_nobody_takes_stops_nothing() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start_unheard(&rig, &config);
    for n in 1..=2 {
        let from = format!("r{n}@acorn.example");
        rig.deliver(Some(&from), &[INBOX], report(&from, "one").as_bytes());
        rig.wait_for_mails(&from, 1, PATIENCE);
    }
    assert_eq!(cases(&config).len(), 2);
    assert!(daemon.terminate().success());
}

#[test]
fn an_end_in_the_middle_of_the_work_is_soon_over_and_the_next_start_goes_on() {
    let rig = Rig::start();
    // Slow enough that fetching and sending are under way.
    let slow = Line { delay: Duration::from_millis(60), ..Line::default() };
    let (imap, smtp) = (Proxy::before(rig.imaps_port()), Proxy::before(rig.submission_port()));
    imap.set(slow);
    smtp.set(slow);
    let text = rig.config_text();
    let text = text
        .replace(&format!("port = {}", rig.imaps_port()), &format!("port = {}", imap.port()))
        .replace(&format!("port = {}", rig.submission_port()), &format!("port = {}", smtp.port()));
    let config = rig.write_config(&text);
    assert!(Daemon::start(&rig, &config).terminate().success());
    // Many more than leave before the first is seen to arrive, and than the relay has in hand then.
    let senders: Vec<String> = (0..32).map(|n| format!("r{n}@acorn.example")).collect();
    for from in &senders {
        rig.deliver(Some(from), &[INBOX], report(from, "one").as_bytes());
    }
    let daemon = Daemon::start(&rig, &config);
    rig.wait_for_mails(&senders[0], 1, PATIENCE);
    let start = Instant::now();
    assert!(daemon.terminate().success());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let left = senders.iter().filter(|from| !rig.mails(from, "INBOX").is_empty()).count();
    assert!(left < senders.len(), "it ended after the work, not in its middle");
    smtp.set(Line::default());
    let _daemon = Daemon::start(&rig, &config);
    for from in &senders {
        rig.wait_for_mails(from, 1, PATIENCE);
    }
    assert!(senders.iter().all(|from| rig.mails(from, "INBOX").len() == 1), "letters twice");
    assert_eq!(cases(&config).len(), senders.len());
}

#[test]
fn a_reload_that_leads_to_a_store_which_cannot_be_opened_is_refused() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let daemon = Daemon::start(&rig, &config);
    let (state, elsewhere) = (rig.dir().join("state"), rig.dir().join("elsewhere"));
    let text = rig.config_text();
    let moved = text.replace(state.to_str().unwrap(), elsewhere.to_str().unwrap());
    assert_ne!(moved, text);
    std::fs::create_dir_all(elsewhere.join("store")).unwrap();
    std::fs::write(elsewhere.join("store/of-somebody"), "").unwrap();
    rig.write_config(&moved);
    daemon.hang_up();
    let refused = || daemon.log().contains("the new configuration is not used: ");
    assert!(wait_until(PATIENCE, refused), "{}", daemon.log());
    let why = "is not empty and holds no store: choose an empty folder";
    assert!(daemon.log().contains(why), "{}", daemon.log());
    rig.deliver(Some("r1@acorn.example"), &[INBOX], report("r1@acorn.example", "one").as_bytes());
    rig.wait_for_mails("r1@acorn.example", 1, PATIENCE);
    // And once it can be opened, it is used.
    std::fs::remove_file(elsewhere.join("store/of-somebody")).unwrap();
    daemon.hang_up();
    let begun = || daemon.log().matches("INFO ready").count() == 2;
    assert!(wait_until(PATIENCE, begun), "{}", daemon.log());
    assert!(cases(&config).is_empty());
    assert!(daemon.terminate().success());
}

#[test]
fn who_is_told_to_end_while_the_store_opens_ends() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let mut strace = Command::new("strace");
    // The lock of the store is the first that is asked for.
    strace.args(["-f", "-q", "-o", "/dev/null", "-e", "trace=flock"]);
    strace.args(["-e", "inject=flock:delay_enter=60000000", "--", program().to_str().unwrap()]);
    strace.args(["run", "--config"]).arg(&config);
    let Ok(mut strace) = strace.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        eprintln!("skipped: strace is missing");
        return;
    };
    let (state, start) = (rig.dir().join("state/store/lock"), Instant::now());
    assert!(wait_until(PATIENCE, || state.exists() || strace.try_wait().unwrap().is_some()));
    let children = format!("/proc/{0}/task/{0}/children", strace.id());
    let child = std::fs::read_to_string(children).unwrap_or_default().trim().to_owned();
    if child.is_empty() {
        eprintln!("skipped: strace may not be used here");
        return;
    }
    assert!(Command::new("kill").args(["-TERM", &child]).status().unwrap().success());
    // strace does not let go of a thread that it holds up.
    let over = || {
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
        status.is_empty() || status.contains("State:\tZ")
    };
    let ended = wait_until(Duration::from_secs(20), over);
    let _ = Command::new("kill").args(["-KILL", &child]).status();
    let _ = strace.kill();
    let _ = strace.wait();
    assert!(ended, "it goes on after {:?}", start.elapsed());
}

#[test]
fn two_daemons_with_stores_of_their_own_do_not_share_a_control_socket() {
    let rig = Rig::start();
    let control = rig.dir().join("control");
    let first = format!("control = \"{}\"\n{}", control.display(), rig.config_text());
    let (state, elsewhere) = (rig.dir().join("state"), rig.dir().join("elsewhere"));
    let second = first.replace(state.to_str().unwrap(), elsewhere.to_str().unwrap());
    let config = rig.write_config(&first);
    let daemon = Daemon::start(&rig, &config);
    rig.deliver(Some("r1@acorn.example"), &[INBOX], report("r1@acorn.example", "one").as_bytes());
    rig.wait_for_mails("r1@acorn.example", 1, PATIENCE);
    let another = rig.dir().join("another.toml");
    std::fs::write(&another, &second).unwrap();
    let robber = Daemon::begin(&rig, &another);
    let told = || robber.log().contains("another daemon listens there");
    assert!(wait_until(PATIENCE, told), "{}", robber.log());
    drop(robber);
    // Nor does one come to it by a reload.
    let alone = second.replace(control.to_str().unwrap(), elsewhere.join("own").to_str().unwrap());
    std::fs::write(&another, alone).unwrap();
    let beside = Daemon::start(&rig, &another);
    std::fs::write(&another, &second).unwrap();
    beside.hang_up();
    let refused = || beside.log().contains("the new configuration is not used: control: ");
    assert!(wait_until(PATIENCE, refused), "{}", beside.log());
    assert!(beside.terminate().success());
    assert_eq!(cases(&config).len(), 1);
    // What a dead one has left behind is in nobody's way, and a daemon is not in its own.
    daemon.hang_up();
    assert!(wait_until(PATIENCE, || daemon.log().matches("INFO ready").count() == 2));
    daemon.kill();
    assert!(Daemon::start(&rig, &config).terminate().success());
}

#[test]
fn a_low_limit_of_open_files_that_may_be_raised_is_raised() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    let log = std::fs::File::create(rig.dir().join("limited.log")).unwrap();
    let mut daemon = Command::new("sh");
    daemon.args(["-c", "ulimit -Sn 20 && exec \"$0\" run --config \"$1\""]);
    daemon.arg(program()).arg(&config).current_dir(rig.dir()).stderr(log);
    let mut daemon = daemon.spawn().unwrap();
    let told = || std::fs::read_to_string(rig.dir().join("limited.log")).unwrap();
    let begun = wait_until(PATIENCE, || {
        told().contains("INFO ready") || daemon.try_wait().unwrap().is_some()
    });
    rig.deliver(Some("r1@acorn.example"), &[INBOX], report("r1@acorn.example", "one").as_bytes());
    let alive = daemon.try_wait().unwrap().is_none();
    let answered = || alive && !rig.mails("r1@acorn.example", "INBOX").is_empty();
    let answered = begun && wait_until(Duration::from_secs(20), answered);
    let _ = daemon.kill();
    let _ = daemon.wait();
    assert!(answered, "{}", told());
}

#[test]
fn a_store_that_gets_too_few_threads_is_neither_waited_for_nor_called_damaged() {
    const USER: &str = "23456";
    let rig = Rig::start();
    let folder = tempfile::tempdir().unwrap();
    let (state, config) = (folder.path().join("state"), folder.path().join("config.toml"));
    let (old, new) = (rig.dir().join("state"), state.to_str().unwrap());
    std::fs::write(&config, rig.config_text().replace(old.to_str().unwrap(), new)).unwrap();
    assert!(Daemon::start(&rig, &config).terminate().success());
    let given = Command::new("chown").args(["-R", USER]).arg(folder.path()).status().unwrap();
    let limited = |tasks: u32| {
        let mut verify = Command::new("setpriv");
        verify.args(["--reuid", USER, "--clear-groups", "prlimit", &format!("--nproc={tasks}")]);
        verify.args(["timeout", "--signal=KILL", "10"]).arg(program());
        verify.args(["verify", "--config"]).arg(&config).output().unwrap()
    };
    if !given.success() || !limited(1000).status.success() {
        eprintln!("skipped: only root can become somebody whom a limit of tasks holds for");
        return;
    }
    let mut refused = 0;
    // With fewer the runtime itself does not start.
    for tasks in 6..20 {
        let output = limited(tasks);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!told.contains("damaged"), "{tasks}: {told}");
        assert!(
            output.status.code().is_some_and(|code| code != 137),
            "{tasks} tasks, no end: {told}"
        );
        refused += usize::from(told.contains("too few threads can be started"));
    }
    assert!(refused > 0);
    assert!(limited(1000).status.success());
}

#[test]
fn a_store_that_gets_too_little_memory_is_not_called_damaged() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    assert!(Daemon::start(&rig, &config).terminate().success());
    let with = |megabytes: u32| {
        let mut verify = Command::new("prlimit");
        verify.arg(format!("--as={}", megabytes << 20)).args(["timeout", "--signal=KILL", "10"]);
        verify.arg(program()).args(["verify", "--config"]).arg(&config).output().unwrap()
    };
    let (mut told_of_memory, mut fine) = (0, 0);
    // How much is enough depends on the number of processors.
    for megabytes in (60..1500).step_by(2) {
        let output = with(megabytes);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!told.contains("is damaged"), "{megabytes} MB: {told}");
        told_of_memory += usize::from(told.contains("perhaps for want of memory: this process"));
        fine = if output.status.success() { fine + 1 } else { 0 };
        if fine == 5 {
            break;
        }
    }
    assert!(told_of_memory > 0 && fine == 5, "{told_of_memory} {fine}");
    // Damage is not hidden behind the limit for who has none.
    let log = rig.dir().join("state/store/store/db");
    let mut bytes = std::fs::read(&log).unwrap();
    bytes.iter_mut().skip(40).take(2000).for_each(|byte| *byte ^= 0x55);
    std::fs::write(&log, bytes).unwrap();
    let output =
        Command::new(program()).args(["verify", "--config"]).arg(&config).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("is damaged"), "{told}");
}

#[test]
fn a_reload_that_comes_before_the_configuration_was_read_does_not_end_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    assert!(Command::new("mkfifo").arg(&config).status().unwrap().success());
    let mut daemon = Command::new(program());
    daemon.args(["run", "--config"]).arg(&config).stderr(Stdio::piped());
    let mut daemon = daemon.spawn().unwrap();
    // Open once the daemon has begun to read.
    let writer = std::fs::OpenOptions::new().write(true).open(&config).unwrap();
    let id = daemon.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    let killed = wait_until(Duration::from_millis(500), || daemon.try_wait().unwrap().is_some());
    drop(writer);
    let status = daemon.wait().unwrap();
    assert!(!killed, "{status}");
    // An empty file is a mistake, which a start tells.
    assert_eq!(status.code(), Some(78), "{status}");
}

#[test]
fn lookups_without_an_answer_do_not_add_up_over_reloads() {
    let rig = Rig::start();
    // What is asked there is never answered.
    let Ok(_silent) = std::net::UdpSocket::bind("127.0.0.53:53") else {
        eprintln!("skipped: nobody but root can be a name server here");
        return;
    };
    let resolver = "nameserver 127.0.0.53\noptions timeout:30 attempts:5\n";
    std::fs::write(rig.dir().join("resolv.conf"), resolver).unwrap();
    std::fs::write(rig.dir().join("nsswitch.conf"), "hosts: files dns\n").unwrap();
    let text = rig.config_text().replace("host = \"localhost\"", "host = \"mail.acorn.example\"");
    let config = rig.write_config(&text);
    let log = std::fs::File::create(rig.dir().join("names.log")).unwrap();
    let script = "mount --bind resolv.conf /etc/resolv.conf && mount --bind nsswitch.conf \
                  /etc/nsswitch.conf && exec \"$0\" run --config \"$1\"";
    let mut daemon = Command::new("unshare");
    daemon.args(["-m", "sh", "-c", script]).arg(program()).arg(&config).current_dir(rig.dir());
    let mut daemon = daemon.stderr(log).spawn().unwrap();
    let told = || std::fs::read_to_string(rig.dir().join("names.log")).unwrap();
    let lives = || told().matches("INFO starting").count();
    if !wait_until(PATIENCE, || lives() == 1 || daemon.try_wait().unwrap().is_some())
        || lives() == 0
    {
        eprintln!("skipped: /etc cannot be changed for one program here: {}", told());
        return;
    }
    let tasks = || std::fs::read_dir(format!("/proc/{}/task", daemon.id())).unwrap().count();
    // All that watches or sends has asked by then.
    let asked =
        |life: usize| wait_until(PATIENCE, || told().matches("called where").count() == life);
    let mut most = Vec::new();
    for life in 1..=12 {
        assert!(asked(life), "{}", told());
        std::thread::park_timeout(Duration::from_millis(500));
        most.push(tasks());
        let hung_up = Command::new("kill").args(["-HUP", &daemon.id().to_string()]).status();
        assert!(hung_up.unwrap().success());
        assert!(wait_until(PATIENCE, || lives() == life + 1), "{}", told());
    }
    let _ = daemon.kill();
    let _ = daemon.wait();
    assert!(most.iter().all(|tasks| *tasks <= most[0] + 4), "{most:?}");
}
