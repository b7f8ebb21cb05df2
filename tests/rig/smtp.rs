//! SMTP, spoken line by line, so that odd and broken mails go out as they are.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use super::{PATIENCE, wait_until};

/// A connection to an SMTP server, in clear text.
pub struct Smtp {
    stream: BufReader<TcpStream>,
}

impl Smtp {
    /// Connects and says EHLO.
    pub fn connect(port: u16) -> Self {
        let mut smtp = Self::open(port).unwrap();
        let reply = smtp.command("EHLO client.example");
        assert!(reply.starts_with("250"), "{reply}");
        smtp
    }

    /// Sends one line and returns the reply with all its lines.
    pub fn command(&mut self, line: &str) -> String {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.reply().unwrap()
    }

    /// Sends one mail and returns the last reply, or the first one that is a refusal. No sender is
    /// the null sender.
    pub fn send(&mut self, from: Option<&str>, to: &[&str], mail: &[u8]) -> String {
        let sender = format!("MAIL FROM:<{}>", from.unwrap_or_default());
        let recipients = to.iter().map(|address| format!("RCPT TO:<{address}>"));
        for command in [sender].into_iter().chain(recipients).chain(["DATA".to_owned()]) {
            let reply = self.command(&command);
            if !reply.starts_with(['2', '3']) {
                self.command("RSET");
                return format!("{command}: {reply}");
            }
        }
        self.stream.get_mut().write_all(&data(mail)).unwrap();
        self.reply().unwrap()
    }

    fn open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // Each command waits for its reply: Nagle would only add delay.
        stream.set_nodelay(true)?;
        let mut smtp = Self { stream: BufReader::new(stream) };
        smtp.reply()?;
        Ok(smtp)
    }

    /// RFC 5321, section 4.2.1: a hyphen after the code announces another line.
    fn reply(&mut self) -> std::io::Result<String> {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            if self.stream.read_line(&mut reply)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if reply.as_bytes().get(start + 3) != Some(&b'-') {
                return Ok(reply);
            }
        }
    }
}

/// Whether a server greets within [`PATIENCE`].
pub(super) fn answers(port: u16) -> bool {
    wait_until(PATIENCE, || Smtp::open(port).is_ok())
}

/// RFC 5321, section 4.5.2: a leading dot is doubled, a lone dot ends the mail.
fn data(mail: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(mail.len() + mail.len() / 16 + 8);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            data.push(b'.');
        }
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        data.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
        data.extend_from_slice(b"\r\n");
    }
    data.extend_from_slice(b".\r\n");
    data
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_mail_is_dot_stuffed_and_ended_once() {
        let sent = super::data(b"A: b\n\n.\n..x\r\nno end");
        assert_eq!(sent, b"A: b\r\n\r\n..\r\n...x\r\nno end\r\n.\r\n");
        assert_eq!(super::data(b""), b".\r\n");
    }
}
