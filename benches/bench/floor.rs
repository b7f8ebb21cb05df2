//! The floor: what must be done at least, and nothing else. It fetches the whole inbox with one
//! command, appends each mail with one fdatasync for 64 of them, and sends each letter that is owed
//! on one kept connection. It judges nothing: whom to answer stands in the id of a mail.
//!
//! It runs as a process of its own, so that its start, its time and its memory count as those of
//! Watchpost do.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::corpus::OWED;

/// So much of a mail is kept.
const RECORD: usize = 4096;
/// So many records share one fdatasync.
const GROUP: usize = 64;

/// The command line that makes this very program the floor.
pub(crate) fn command(imap: u16, smtp: u16, user: &str, file: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--floor", &imap.to_string(), &smtp.to_string(), user]).arg(file);
    command
}

/// What the process does.
pub(crate) fn run(arguments: &[String]) {
    let [imap, smtp, user, file] = arguments else { panic!("--floor IMAP SMTP USER FILE") };
    let (imap, smtp) = (imap.parse().unwrap(), smtp.parse().unwrap());
    let (send, letters) = channel();
    let writer = thread::spawn(move || answer(smtp, &letters));
    let mut kept = File::create(file).unwrap();
    let mut inbox = Inbox::open(imap, user);
    let mut group = Vec::new();
    let mut count = 0;
    let mut owed = Vec::new();
    inbox.fetch_all(|mail| {
        kept.write_all(&mail[..mail.len().min(RECORD)]).unwrap();
        count += 1;
        owed.extend(author(mail));
        if count % GROUP == 0 {
            kept.sync_data().unwrap();
            group.append(&mut owed);
            group.drain(..).for_each(|to| send.send(to).unwrap());
        }
    });
    kept.sync_data().unwrap();
    for to in owed {
        send.send(to).unwrap();
    }
    drop(send);
    writer.join().unwrap();
}

fn answer(port: u16, letters: &Receiver<String>) {
    let mut relay = Relay::open(port);
    for to in letters {
        relay.send(&to);
    }
}

/// Who is owed a letter for a mail.
pub(crate) fn author(mail: &[u8]) -> Option<String> {
    let head = &mail[..mail.len().min(2048)];
    let head = String::from_utf8_lossy(head);
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    field("Message-ID:")?.strip_prefix('<')?.starts_with(OWED).then_some(())?;
    let from = field("From:")?;
    Some(from.split_once('<')?.1.split_once('>')?.0.to_owned())
}

/// A connection to the relay, kept.
pub(crate) struct Relay(BufReader<TcpStream>);

impl Relay {
    pub(crate) fn open(port: u16) -> Relay {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut relay = Relay(BufReader::new(stream));
        relay.reply();
        relay.say("EHLO floor.example\r\n");
        relay
    }

    /// Returns when the relay has taken the letter.
    pub(crate) fn send(&mut self, to: &str) {
        self.say("MAIL FROM:<security@project.example>\r\n");
        self.say(&format!("RCPT TO:<{to}>\r\n"));
        self.say("DATA\r\n");
        let body = "We have received your report and will come back to you.\r\n".repeat(30);
        self.say(&format!(
            "From: <security@project.example>\r\nTo: <{to}>\r\nSubject: Re: your report\r\n\
             Auto-Submitted: auto-replied\r\n\r\n{body}.\r\n"
        ));
    }

    pub(crate) fn quit(mut self) {
        self.say("QUIT\r\n");
    }

    fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
        self.reply();
    }

    fn reply(&mut self) {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the relay hung up");
            assert!(line.starts_with(['2', '3']), "{line}");
            if line.as_bytes().get(3) != Some(&b'-') {
                return;
            }
        }
    }
}

/// A mailbox that is open.
pub(crate) struct Inbox {
    stream: BufReader<TcpStream>,
}

impl Inbox {
    pub(crate) fn open(port: u16, user: &str) -> Inbox {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut inbox = Inbox { stream: BufReader::with_capacity(64 << 10, stream) };
        inbox.line();
        inbox.command(&format!("LOGIN {user} {}", crate::rig::PASSWORD));
        inbox.command("SELECT INBOX");
        inbox
    }

    /// Every mail, with one command.
    fn fetch_all(&mut self, each: impl FnMut(&[u8])) {
        self.fetch("UID FETCH 1:*", each);
    }

    /// The mail with this number.
    pub(crate) fn fetch_number(&mut self, number: &str, each: impl FnMut(&[u8])) {
        self.fetch(&format!("FETCH {number}"), each);
    }

    fn fetch(&mut self, command: &str, mut each: impl FnMut(&[u8])) {
        self.write(&format!("a {command} (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n"));
        let mut mail = Vec::new();
        loop {
            let line = self.line();
            if line.starts_with("a ") {
                assert!(line.starts_with("a OK"), "{line}");
                return;
            }
            let literal = line.trim_end().strip_suffix('}').and_then(|l| l.rsplit_once('{'));
            if let Some((_, length)) = literal {
                mail.resize(length.parse().unwrap(), 0);
                self.stream.read_exact(&mut mail).unwrap();
                each(&mail);
            }
        }
    }

    /// Waits for a mail, and tells how many there are.
    pub(crate) fn idle(&mut self) -> String {
        self.write("i IDLE\r\n");
        loop {
            let line = self.line();
            if let Some(count) = line.trim_end().strip_suffix(" EXISTS") {
                self.write("DONE\r\n");
                while !self.line().starts_with("i OK") {}
                return count.trim_start_matches("* ").to_owned();
            }
        }
    }

    pub(crate) fn command(&mut self, command: &str) {
        self.write(&format!("c {command}\r\n"));
        loop {
            let line = self.line();
            if line.starts_with("c ") {
                assert!(line.starts_with("c OK"), "{line}");
                return;
            }
        }
    }

    fn write(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        assert!(self.stream.read_until(b'\n', &mut line).unwrap() > 0, "the mail server hung up");
        String::from_utf8_lossy(&line).into_owned()
    }
}
