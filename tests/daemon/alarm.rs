//! What is heard, and where, when mail itself is down.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::disk::SmallDisk;
use crate::mails::{cases, field, report};
use crate::rig::{Daemon, INBOX, PASSWORD, PATIENCE, Rig, wait_until, watchpost};

const KIM: &str = "kim@acorn.example";
const BO: &str = "bo@oak.example";
const SECOND: &str = "watchpost@other.example";

/// A relay that has nothing to do with the rig, and keeps what it is given.
struct Relay {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
    takes: Arc<AtomicBool>,
}

impl Relay {
    fn start() -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mails, takes) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(true)));
        let relay = Relay { port, mails: Arc::clone(&mails), takes: Arc::clone(&takes) };
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (mails, takes) = (Arc::clone(&mails), Arc::clone(&takes));
                // Who is gone in the middle of a sentence has said nothing.
                thread::spawn(move || serve(&stream, &mails, &takes).unwrap_or_default());
            }
        });
        relay
    }

    /// The mails whose subject begins so.
    fn mails(&self, subject: &str) -> Vec<String> {
        let mails = self.mails.lock().unwrap();
        let wanted = |mail: &&String| field(mail.as_bytes(), "Subject").starts_with(subject);
        mails.iter().filter(wanted).cloned().collect()
    }

    fn wait_for(&self, subject: &str, daemon: &Daemon) -> String {
        let came = wait_until(PATIENCE, || !self.mails(subject).is_empty());
        assert!(came, "no {subject}\n{}", daemon.log());
        self.mails(subject).remove(0)
    }
}

fn serve(
    mut stream: &TcpStream,
    mails: &Mutex<Vec<String>>,
    takes: &AtomicBool,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    stream.write_all(b"220 other.example ESMTP\r\n")?;
    while let Some(line) = lines.next() {
        let reply: &[u8] = match line?.split(' ').next().unwrap_or_default() {
            "EHLO" => b"250-other.example\r\n250 SIZE 100000\r\n",
            "MAIL" if !takes.load(Ordering::Relaxed) => b"451 4.3.0 not now\r\n",
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                let mut mail = String::new();
                for line in lines.by_ref() {
                    match line?.as_str() {
                        "." => break,
                        line => mail = mail + line.strip_prefix('.').unwrap_or(line) + "\n",
                    }
                }
                mails.lock().unwrap().push(mail);
                b"250 2.0.0 taken\r\n"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n"),
            _ => b"250 2.0.0 fine\r\n",
        };
        stream.write_all(reply)?;
    }
    Ok(())
}

/// A rig with a second channel.
struct World {
    rig: Rig,
    second: Relay,
    /// Where the command writes what it is told.
    told: PathBuf,
}

impl World {
    fn new() -> World {
        let rig = Rig::start();
        let told = rig.dir().join("told");
        fs::create_dir(&told).unwrap();
        World { rig, second: Relay::start(), told }
    }

    fn config(&self, canary: &str) -> PathBuf {
        self.config_of(&self.rig.config_text(), canary)
    }

    fn config_of(&self, text: &str, canary: &str) -> PathBuf {
        let script = "cat > $0/$WATCHPOST_STATE.text; env > $0/$WATCHPOST_STATE.env.new; \
                      mv $0/$WATCHPOST_STATE.env.new $0/$WATCHPOST_STATE.env";
        let alarm = format!(
            "[alarm]\nto = [\"kim@home.example\"]\nfrom = \"Watchpost <{SECOND}>\"\nafter = \"4s\"\n\
             command = [\"sh\", \"-c\", \"{script}\", \"{}\"]\n\
             [alarm.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n{canary}\n[limits]",
            self.told.display(),
            self.second.port
        );
        self.rig.write_config(&text.replace("[limits]", &alarm))
    }

    /// What the command found in its environment.
    fn facts(&self, state: &str) -> Vec<String> {
        let file = self.told.join(format!("{state}.env"));
        assert!(wait_until(PATIENCE, || file.exists()), "the command was not run: {state}");
        let text = fs::read_to_string(file).unwrap();
        text.lines().filter(|line| line.starts_with("WATCHPOST_")).map(str::to_owned).collect()
    }

    /// Brings every canary to the inbox that has not been brought yet, as the second server would.
    fn forward(&self, from: usize) -> usize {
        let canaries = self.second.mails("Watchpost canary ");
        for canary in canaries.iter().skip(from) {
            assert_eq!(field(canary.as_bytes(), "To"), INBOX);
            self.rig.deliver(Some(SECOND), &[INBOX], canary.as_bytes());
        }
        canaries.len()
    }
}

#[test]
fn without_its_relay_it_is_heard_elsewhere_once_and_the_letters_leave_once_afterwards() {
    let world = World::new();
    let config = world.config("");
    let daemon = Daemon::start(&world.rig, &config);
    world.rig.stop_postfix();
    let arrive = |from, id| {
        world.rig.append(INBOX, "INBOX", Duration::ZERO, [report(from, id)]);
        assert!(wait_until(PATIENCE, || cases(&config).iter().any(|row| row.contains(from))));
    };
    arrive(KIM, "one");
    let alarm = world.second.wait_for("Watchpost: alarm: security: mail cannot be sent", &daemon);
    assert!(alarm.contains("security: mail cannot be sent since "), "{alarm}");
    assert!(!alarm.contains("acorn") && !alarm.contains("fixation"), "{alarm}");
    assert_eq!(field(alarm.as_bytes(), "Auto-Submitted"), "auto-generated");
    assert!(field(alarm.as_bytes(), "Message-ID").ends_with("@other.example>"), "{alarm}");
    let facts = world.facts("alarm");
    for fact in ["WATCHPOST_ALARM=relay", "WATCHPOST_INBOX=security", "WATCHPOST_STATE=alarm"] {
        assert!(facts.iter().any(|known| known == fact), "{fact}: {facts:?}");
    }
    let text = fs::read_to_string(world.told.join("alarm.text")).unwrap();
    assert!(text.starts_with("Watchpost: alarm: security: mail cannot be sent\n\n"), "{text}");
    assert!(daemon.log().contains("ERROR alarm: security: mail cannot be sent since "));

    // A start in the middle of it says nothing again, and counts from the beginning.
    assert!(daemon.terminate().success());
    let daemon = Daemon::start(&world.rig, &config);
    arrive(BO, "two");
    world.rig.start_postfix();
    for reporter in [KIM, BO] {
        // The relay is tried again about a minute after it refused.
        world.rig.wait_for_mails(reporter, 1, Duration::from_secs(100));
    }
    let over = world.second.wait_for("Watchpost: over: security: mail is sent again", &daemon);
    assert!(over.contains("Nothing else is wrong."), "{over}");
    assert!(world.facts("over").contains(&"WATCHPOST_ALARM=relay".to_owned()));
    assert!(wait_until(PATIENCE, || world.rig.queue_is_empty()));
    assert!(daemon.terminate().success());
    for reporter in [KIM, BO] {
        assert_eq!(world.rig.mails(reporter, "INBOX").len(), 1);
    }
    for once in ["Watchpost: alarm: security: mail cannot be sent", "Watchpost: over: "] {
        let mails = world.second.mails("Watchpost: ");
        assert_eq!(world.second.mails(once).len(), 1, "{once} of {mails:#?}");
    }
}

#[test]
fn a_mailbox_that_cannot_be_read_is_told_and_so_is_its_end() {
    let world = World::new();
    let config = world.config("");
    let daemon = Daemon::start(&world.rig, &config);
    world.rig.stop_dovecot();
    let alarm = world.second.wait_for("Watchpost: alarm: security: mail cannot be read", &daemon);
    assert!(alarm.contains("INBOX"), "{alarm}");
    world.rig.start_dovecot();
    world.second.wait_for("Watchpost: over: security: mail is read again", &daemon);
    assert_eq!(world.second.mails("Watchpost: ").len(), 2, "one alarm, one end");
}

#[test]
fn a_login_that_is_refused_is_told_without_the_password() {
    let world = World::new();
    let secret = world.rig.dir().join("imap-password");
    fs::write(&secret, "not-the-password").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let right = format!("password = {{ file = \"{}/password\" }}", world.rig.dir().display());
    let wrong = format!("password = {{ file = \"{}\" }}", secret.display());
    let config = world.config_of(&world.rig.config_text().replacen(&right, &wrong, 1), "");
    let daemon = Daemon::start(&world.rig, &config);
    let alarm = world.second.wait_for("Watchpost: alarm: security: mail cannot be read", &daemon);
    for secret in ["not-the-password", PASSWORD] {
        assert!(!alarm.contains(secret) && !daemon.log().contains(secret), "{alarm}");
    }
    assert!(world.facts("alarm").contains(&"WATCHPOST_ALARM=mailbox".to_owned()));
}

#[test]
fn a_canary_that_arrives_opens_no_case_and_is_answered_by_nobody() {
    let world = World::new();
    let config = world.config("[canary]\nevery = \"1h\"\nwithin = \"5m\"");
    let daemon = Daemon::start(&world.rig, &config);
    let canary = world.second.wait_for("Watchpost canary ", &daemon);
    assert_eq!(field(canary.as_bytes(), "From"), format!("Watchpost <{SECOND}>"));
    world.forward(0);
    let arrived = wait_until(PATIENCE, || daemon.log().contains("the canary arrived"));
    assert!(arrived, "{}", daemon.log());
    // What comes after it is a report like any other.
    world.rig.deliver(Some(KIM), &[INBOX], report(KIM, "one").as_bytes());
    world.rig.wait_for_mails(KIM, 1, PATIENCE);
    assert_eq!(cases(&config).len(), 1);
    // A start sends no other one before its time, and knows that this one arrived.
    assert!(daemon.terminate().success());
    let daemon = Daemon::start(&world.rig, &config);
    world.rig.deliver(Some(BO), &[INBOX], report(BO, "two").as_bytes());
    world.rig.wait_for_mails(BO, 1, PATIENCE);
    assert_eq!(world.second.mails("Watchpost canary ").len(), 1, "{}", daemon.log());
    assert!(world.rig.mails(SECOND, "INBOX").is_empty(), "nobody answers it");
}

#[test]
fn a_canary_that_does_not_arrive_alarms_until_it_does() {
    let world = World::new();
    let config = world.config("[canary]\nevery = \"1h\"\nwithin = \"2s\"");
    let daemon = Daemon::start(&world.rig, &config);
    let what = format!("Watchpost: alarm: security: mail to {INBOX} does not arrive");
    world.second.wait_for(&what, &daemon);
    assert!(world.facts("alarm").contains(&"WATCHPOST_ALARM=canary".to_owned()));
    assert_eq!(world.forward(0), 1);
    world.second.wait_for("Watchpost: over: ", &daemon);
    assert!(cases(&config).is_empty());
}

#[test]
fn a_second_relay_that_takes_nothing_is_told_by_the_command() {
    let world = World::new();
    world.second.takes.store(false, Ordering::Relaxed);
    let config = world.config("[canary]\nevery = \"1h\"\nwithin = \"2s\"");
    let daemon = Daemon::start(&world.rig, &config);
    let facts = world.facts("alarm");
    assert!(facts.contains(&"WATCHPOST_ALARM=second_relay".to_owned()), "{facts:?}");
    assert!(daemon.log().contains("alarm: the second relay takes no mail since "));
    assert!(world.second.mails("").is_empty());
}

#[test]
fn a_full_disk_is_told_although_nothing_can_be_recorded() {
    let world = World::new();
    let Some(disk) = SmallDisk::at(world.rig.dir().join("state")) else {
        eprintln!("skipped: file systems cannot be mounted here");
        return;
    };
    let config = world.config("");
    let daemon = Daemon::start(&world.rig, &config);
    let filler = disk.0.join("filler");
    // As much as fits.
    let _ = fs::write(&filler, vec![0; 16 << 20]);
    world.rig.deliver(Some(KIM), &[INBOX], report(KIM, "one").as_bytes());
    world.second.wait_for("Watchpost: alarm: nothing can be recorded", &daemon);
    fs::remove_file(&filler).unwrap();
    world.second.wait_for("Watchpost: over: what happens is recorded again", &daemon);
    world.rig.wait_for_mails(KIM, 1, PATIENCE);
    assert_eq!(world.rig.mails(KIM, "INBOX").len(), 1);
    for once in ["Watchpost: alarm: nothing can be recorded", "Watchpost: over: what happens"] {
        assert_eq!(world.second.mails(once).len(), 1, "{once}");
    }
}

#[test]
fn check_tries_the_second_relay_as_well() {
    let world = World::new();
    let config = world.config("");
    let checked = watchpost(&["check", "--config", config.to_str().unwrap()]);
    let told = String::from_utf8(checked.stdout).unwrap();
    let place = format!("alarm: SMTP 127.0.0.1:{}: reached", world.second.port);
    assert!(checked.status.success() && told.contains(&place), "{told}");
    let text = fs::read_to_string(&config).unwrap().replace("\"sh\"", "\"/nowhere/page\"");
    world.rig.write_config(&text);
    let checked = watchpost(&["check", "--offline", "--config", config.to_str().unwrap()]);
    let told = String::from_utf8(checked.stdout).unwrap();
    assert!(told.contains("alarm: the command /nowhere/page: No such file"), "{told}");
}
