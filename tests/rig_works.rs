//! The rig of real servers does what the other tests rely on.
#![allow(clippy::unwrap_used, reason = "these are tests")]

pub mod rig;

use std::fmt;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport as _};
use rig::{Fault, Imap, Line, PASSWORD, PATIENCE, Proxy, Rig, Smtp, Way, wait_until};

const MAIL: &[u8] = b"From: a@reporter.example\nTo: security@project.example\n\
    Authentication-Results: mx.project.example; dkim=pass header.d=liar.example\n\
    Subject: hello\n\n.leading dot\n..two\n.\nend\n";

#[test]
fn a_mail_arrives_byte_for_byte_below_the_headers_of_the_project_s_own_servers() {
    let rig = Rig::start();
    rig.deliver(Some("a@reporter.example"), &["security@project.example", "b@b.example"], MAIL);
    for mailbox in ["security@project.example", "b@b.example"] {
        let mails = rig.wait_for_mails(mailbox, 1, PATIENCE);
        let mail = text(&mails[0]);
        assert!(mail.ends_with(text(MAIL)), "{mail}");
        assert!(mail.starts_with("Return-Path: <a@reporter.example>\n"), "{mail}");
        assert!(mail.contains(&format!("\nDelivered-To: {mailbox}\n")), "{mail}");
        let verdicts: Vec<_> =
            mail.lines().filter(|line| line.starts_with("Authentication-Results:")).collect();
        assert_eq!(verdicts.len(), 2, "{mail}");
        assert_eq!(
            verdicts[0],
            "Authentication-Results: mx.project.example; dkim=pass header.d=reporter.example; \
             spf=pass smtp.mailfrom=reporter.example; dmarc=pass header.from=reporter.example"
        );
    }
}

/// A server that says everything back.
fn echo() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut other = stream.try_clone().unwrap();
                drop(std::io::copy(&mut &stream, &mut other));
                // The proxy holds a copy as well.
                drop(stream.shutdown(std::net::Shutdown::Both));
            });
        }
    });
    port
}

/// What comes back of `abcdefgh` over this line, until it ends or is silent for a while.
fn echoed(proxy: &Proxy, line: Line) -> String {
    use std::io::{Read as _, Write as _};
    proxy.set(line);
    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stream.write_all(b"abcdefgh").unwrap();
    let (mut all, mut byte) = (Vec::new(), [0]);
    while all.len() < 8 && matches!(stream.read(&mut byte), Ok(1)) {
        all.push(byte[0]);
    }
    String::from_utf8(all).unwrap()
}

#[test]
fn a_proxy_passes_bytes_on_but_for_what_it_is_told() {
    let proxy = Proxy::before(echo());
    let line = Line::default();
    let with = |way, at, fault| Line { fault: Some((way, at, fault)), ..line };
    assert_eq!(echoed(&proxy, line), "abcdefgh");
    assert_eq!((proxy.bytes(Way::Up), proxy.bytes(Way::Down), proxy.connections()), (8, 8, 1));
    // The answer to what came before the cut finds no line back.
    assert_eq!(
        (echoed(&proxy, with(Way::Up, 3, Fault::Cut)).as_str(), proxy.bytes(Way::Up)),
        ("", 11)
    );
    assert_eq!(echoed(&proxy, with(Way::Down, 5, Fault::Cut)), "abcde");
    assert_eq!(echoed(&proxy, with(Way::Down, 2, Fault::Silence)), "ab");
    assert_eq!(echoed(&proxy, with(Way::Up, 1, Fault::Flip)), "accdefgh");
    let start = std::time::Instant::now();
    let slow = Line { delay: Duration::from_millis(50), ..line };
    assert_eq!(echoed(&proxy, slow), "abcdefgh");
    assert!(start.elapsed() >= Duration::from_millis(100));
    let start = std::time::Instant::now();
    assert_eq!(
        echoed(&proxy, Line { drip: Some((1, Duration::from_millis(5))), ..line }),
        "abcdefgh"
    );
    assert!(start.elapsed() >= Duration::from_millis(35));
}

#[test]
fn a_sender_is_judged_by_the_domain_of_its_envelope() {
    let rig = Rig::start();
    let judged = [
        (None, "spf=none"),
        (Some("x@unauthenticated.example"), "dkim=none; spf=none; dmarc=none"),
        (Some("x@forged.example"), "spf=fail; dkim=fail; dmarc=fail"),
    ];
    for (count, (sender, verdict)) in (1..).zip(judged) {
        rig.deliver(sender, &["security@project.example"], MAIL);
        let mails = rig.wait_for_mails("security@project.example", count, PATIENCE);
        let mail = text(mails.last().unwrap());
        assert!(mail.starts_with(&format!("Return-Path: <{}>\n", sender.unwrap_or_default())));
        let header = format!("\nAuthentication-Results: mx.project.example; {verdict}\n");
        assert!(mail.contains(&header), "{mail}");
    }
}

#[test]
fn a_plus_address_reaches_its_mailbox_and_is_not_forgotten() {
    let rig = Rig::start();
    rig.deliver(Some("a@reporter.example"), &["security+key@project.example"], MAIL);
    let mails = rig.wait_for_mails("security@project.example", 1, PATIENCE);
    assert!(text(&mails[0]).contains("\nDelivered-To: security+key@project.example\n"));
}

#[test]
fn submission_wants_tls_and_a_login() {
    let rig = Rig::start();
    let mut clear = Smtp::connect(rig.submission_port());
    assert!(clear.command("MAIL FROM:<security@project.example>").starts_with("530"));
    assert!(clear.command("AUTH PLAIN AGEAYg==").starts_with("530"));

    let letter = Message::builder()
        .from("security@project.example".parse().unwrap())
        .to("a@reporter.example".parse().unwrap())
        .body("thank you".to_owned())
        .unwrap();
    let ca = Certificate::from_pem(&fs::read(rig.ca()).unwrap()).unwrap();
    let parameters =
        TlsParameters::builder("localhost".to_owned()).add_root_certificate(ca).build().unwrap();
    let server = |port, tls| SmtpTransport::builder_dangerous("localhost").port(port).tls(tls);
    let login = |password: &str| {
        Credentials::new("security@project.example".to_owned(), password.to_owned())
    };
    for (port, tls) in [
        (rig.submission_port(), Tls::Required(parameters.clone())),
        (rig.submissions_port(), Tls::Wrapper(parameters)),
    ] {
        let stranger = server(port, tls.clone()).build();
        assert!(stranger.send(&letter).is_err());
        let mistaken = server(port, tls.clone()).credentials(login("wrong")).build();
        assert!(mistaken.send(&letter).is_err());
        let known = server(port, tls).credentials(login(PASSWORD)).build();
        known.send(&letter).unwrap();
    }
    rig.wait_for_mails("a@reporter.example", 2, PATIENCE);
}

#[test]
fn nothing_leaves_and_unkind_mailboxes_are_unkind() {
    let rig = Rig::start();
    let mut smtp = Smtp::connect(rig.mx_port());
    let mut reply = |to: &str| smtp.send(Some("a@reporter.example"), &[to], MAIL);
    assert!(reply("someone@somewhere.test").contains(" 554 5.7.1 "));
    assert!(reply("refused@reporter.example").contains(" 550 5.1.1 "));
    assert!(reply("busy@reporter.example").contains(" 451 4.3.0 "));
    assert!(reply("bounced@reporter.example").starts_with("250"));
    let bounces = rig.wait_for_mails("a@reporter.example", 1, PATIENCE);
    let bounce = text(&bounces[0]);
    assert!(bounce.starts_with("Return-Path: <>\n"), "{bounce}");
    assert!(bounce.contains("Content-Type: message/delivery-status"), "{bounce}");
    assert!(bounce.contains("Status: 5.1.1"), "{bounce}");
}

#[test]
fn a_sieve_script_answers_for_its_owner() {
    let rig = Rig::start();
    rig.sieve("away@reporter.example", "require \"vacation\";\nvacation \"I am away.\";\n");
    let mail = b"From: security@project.example\nTo: away@reporter.example\nSubject: hello\n\nx\n";
    rig.deliver(Some("security@project.example"), &["away@reporter.example"], mail);
    let answers = rig.wait_for_mails("security@project.example", 1, PATIENCE);
    let answer = text(&answers[0]);
    assert!(answer.starts_with("Return-Path: <>\n"), "{answer}");
    assert!(answer.contains("\nAuto-Submitted: auto-replied"), "{answer}");
    assert!(answer.contains("I am away."), "{answer}");
}

#[test]
fn imap_offers_what_the_daemon_uses_over_tls_as_well() {
    let rig = Rig::start();
    let mut imap = rig.imap("security@project.example");
    let capabilities = imap.command("CAPABILITY");
    for capability in ["IDLE", "CONDSTORE", "UIDPLUS", "SPECIAL-USE", "MOVE"] {
        assert!(capabilities.contains(capability), "{capabilities}");
    }
    let folders = imap.command("LIST \"\" *");
    assert!(folders.contains("\\Sent) \".\" Sent"), "{folders}");
    assert!(folders.contains("\\Junk) \".\" Junk"), "{folders}");
    let mut unmarked = rig.imap("security@unmarked.example");
    unmarked.command("CREATE Sent");
    let unmarked = unmarked.command("LIST \"\" *");
    assert!(unmarked.contains("Sent\r\n") && !unmarked.contains("\\Sent"), "{unmarked}");
    assert!(!unmarked.contains("Junk"), "{unmarked}");
    let inbox = imap.command("SELECT INBOX (CONDSTORE)");
    assert!(inbox.contains("HIGHESTMODSEQ") && inbox.contains("\\*"), "{inbox}");

    imap.write("i IDLE\r\n");
    assert!(imap.line().starts_with('+'));
    rig.deliver(Some("a@reporter.example"), &["security@project.example"], MAIL);
    idle_until(&mut imap, "* 1 EXISTS");
    imap.write("DONE\r\n");
    idle_until(&mut imap, "i OK");

    for (port, starttls) in [(rig.imaps_port(), false), (rig.imap_port(), true)] {
        assert!(openssl_trusts(&rig, port, starttls));
    }
}

#[test]
fn old_mails_lie_in_the_mailbox_before_anybody_logs_in() {
    let rig = Rig::start();
    let mails = (0..5000).map(|number| format!("Subject: old {number}\n\n{number}\n"));
    let day = Duration::from_hours(24);
    rig.append("security@project.example", "INBOX", 30 * day, mails);
    rig.append("security@project.example", "Reports", 30 * day, ["Subject: filed\n\n"]);
    let mut imap = rig.imap("security@project.example");
    let inbox = imap.command("SELECT INBOX");
    assert!(inbox.contains("* 5000 EXISTS"), "{inbox}");
    assert_eq!(imap.command("UID SEARCH YOUNGER 2505600").lines().next(), Some("* SEARCH"));
    let last = imap.command("UID FETCH 5000 BODY.PEEK[HEADER.FIELDS (SUBJECT)]");
    assert!(last.contains("Subject: old 4999"), "{last}");
    assert!(imap.command("SELECT Reports").contains("* 1 EXISTS"));
}

#[test]
fn mail_waits_through_an_outage() {
    let rig = Rig::start();
    rig.stop_dovecot();
    assert!(!listens(rig.imap_port()));
    rig.deliver(Some("a@reporter.example"), &["security@project.example"], MAIL);
    rig.stop_postfix();
    assert!(!listens(rig.mx_port()));
    assert!(rig.mails("security@project.example", "INBOX").is_empty());
    rig.start_postfix();
    rig.start_dovecot();
    rig.wait_for_mails("security@project.example", 1, PATIENCE);
}

#[test]
fn two_rigs_live_side_by_side_and_leave_nothing() {
    let (one, other) = (Rig::start(), Rig::start());
    one.deliver(Some("a@reporter.example"), &["b@b.example"], MAIL);
    one.wait_for_mails("b@b.example", 1, PATIENCE);
    assert!(other.mails("b@b.example", "INBOX").is_empty());

    let traces = Traces::of(&one);
    assert!(traces.are_all_there());
    drop(one);
    assert!(traces.are_gone());
    other.deliver(Some("a@reporter.example"), &["b@b.example"], MAIL);
    other.wait_for_mails("b@b.example", 1, PATIENCE);
}

#[test]
fn a_panic_stops_the_servers() {
    let (tell, told) = std::sync::mpsc::channel();
    let failing = std::thread::spawn(move || {
        let rig = Rig::start();
        tell.send(Traces::of(&rig)).unwrap();
        panic!("as a failing test does");
    });
    let traces = told.recv().unwrap();
    assert!(failing.join().is_err());
    assert!(traces.are_gone());
}

#[test]
fn the_servers_and_a_daemon_end_when_their_owner_is_killed() {
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "owns_a_rig_until_it_is_killed", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(owner.stdout.take().unwrap());
    let traces = output.lines().find_map(|line| Traces::parse(&line.unwrap())).unwrap();
    let daemon = fs::read_to_string(traces.dir.join("daemon.pid")).unwrap();
    assert!(traces.are_all_there());
    assert!(runs(&daemon));
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(wait_until(PATIENCE, || traces.are_gone()));
    assert!(!runs(&daemon));
}

#[test]
#[ignore = "is the owner in another test"]
fn owns_a_rig_until_it_is_killed() {
    let rig = Rig::start();
    let mut daemon = Command::new("sleep").arg("1000").current_dir(rig.dir()).spawn().unwrap();
    fs::write(rig.dir().join("daemon.pid"), daemon.id().to_string()).unwrap();
    println!("\n{}", Traces::of(&rig));
    std::io::stdin().lines().for_each(drop);
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

/// What can be seen of a rig from outside.
struct Traces {
    dir: PathBuf,
    ports: Vec<u16>,
}

impl Traces {
    fn of(rig: &Rig) -> Self {
        let ports = vec![
            rig.imap_port(),
            rig.imaps_port(),
            rig.mx_port(),
            rig.submission_port(),
            rig.submissions_port(),
        ];
        Self { dir: rig.dir().to_owned(), ports }
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("rig ")?.split(' ');
        let dir = PathBuf::from(words.next()?);
        Some(Self { dir, ports: words.map(|port| port.parse().unwrap()).collect() })
    }

    fn are_all_there(&self) -> bool {
        self.dir.exists() && self.ports.iter().all(|port| listens(*port))
    }

    fn are_gone(&self) -> bool {
        let dir = self.dir.to_str().unwrap();
        let of_the_rig = |process: &Path| {
            let line = fs::read(process.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(dir)
        };
        let mut processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
        !self.dir.exists()
            && !self.ports.iter().any(|port| listens(*port))
            && !processes.any(|process| of_the_rig(&process))
    }
}

impl fmt::Display for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rig {}", self.dir.display())?;
        self.ports.iter().try_for_each(|port| write!(f, " {port}"))
    }
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Whether a process runs; one that has ended and waits for its parent does not.
fn runs(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    !(stat.is_empty() || stat.contains(") Z "))
}

fn idle_until(imap: &mut Imap, start: &str) {
    while !imap.line().starts_with(start) {}
}

fn openssl_trusts(rig: &Rig, port: u16, starttls: bool) -> bool {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-verify_return_error", "-verify_hostname", "localhost", "-CAfile"]);
    command.arg(rig.ca()).args(["-connect", &format!("127.0.0.1:{port}")]);
    if starttls {
        command.args(["-starttls", "imap"]);
    }
    let result = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    result.unwrap().success()
}

fn text(mail: &[u8]) -> &str {
    std::str::from_utf8(mail).unwrap()
}
