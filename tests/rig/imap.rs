//! IMAP, spoken line by line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use super::{PASSWORD, PATIENCE, wait_until};

/// A logged-in connection to an IMAP server, in clear text.
pub struct Imap {
    stream: BufReader<TcpStream>,
    commands: u32,
}

impl Imap {
    pub(super) fn login(port: u16, address: &str) -> Self {
        let mut imap = Self::open(port).unwrap();
        imap.command(&format!("LOGIN {address} {PASSWORD}"));
        imap
    }

    /// Sends one command and returns everything up to its answer, which must be OK.
    pub fn command(&mut self, command: &str) -> String {
        self.commands += 1;
        let tag = format!("a{} ", self.commands);
        self.write(&format!("{tag}{command}\r\n"));
        let mut answer = String::new();
        loop {
            let line = self.line();
            answer.push_str(&line);
            if let Some(result) = line.strip_prefix(&tag) {
                assert!(result.starts_with("OK"), "{command}: {answer}");
                return answer;
            }
        }
    }

    /// Sends text as it is.
    pub fn write(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The next line from the server; bytes that are no UTF-8 are replaced.
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line).unwrap();
        assert!(read > 0, "the IMAP server hung up");
        String::from_utf8_lossy(&line).into_owned()
    }

    fn open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut imap = Self { stream: BufReader::new(stream), commands: 0 };
        let mut greeting = String::new();
        imap.stream.read_line(&mut greeting)?;
        if greeting.starts_with("* OK") { Ok(imap) } else { Err(std::io::Error::other(greeting)) }
    }
}

/// Whether a server greets within [`PATIENCE`].
pub(super) fn answers(port: u16) -> bool {
    wait_until(PATIENCE, || Imap::open(port).is_ok())
}
