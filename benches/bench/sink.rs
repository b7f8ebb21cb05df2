//! A relay that takes every letter at once and keeps nothing, so that only the sender is measured.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

#[derive(Default)]
struct Taken {
    /// To whom, and when it was accepted.
    letters: Vec<(String, Instant)>,
}

pub(crate) struct Sink {
    port: u16,
    taken: Arc<Mutex<Taken>>,
}

impl Sink {
    pub(crate) fn start() -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::new(Mutex::new(Taken::default()));
        let all = Arc::clone(&taken);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let taken = Arc::clone(&all);
                // Whoever hangs up in the middle of a letter has sent none.
                thread::spawn(move || drop(serve(client, &taken)));
            }
        });
        Sink { port, taken }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn count(&self) -> usize {
        self.taken.lock().unwrap().letters.len()
    }

    /// To whom letters went, and when each was accepted; none of them is known afterwards.
    pub(crate) fn take(&self) -> Vec<(String, Instant)> {
        std::mem::take(&mut self.taken.lock().unwrap().letters)
    }
}

fn serve(client: TcpStream, taken: &Mutex<Taken>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufReader::new(client);
    client.get_mut().write_all(b"220 sink.example\r\n")?;
    let (mut line, mut text, mut to) = (Vec::new(), false, String::new());
    let mut replies = Vec::new();
    loop {
        line.clear();
        if client.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let reply: &[u8] = if text {
            if line != b".\r\n" {
                continue;
            }
            text = false;
            taken.lock().unwrap().letters.push((std::mem::take(&mut to), Instant::now()));
            b"250 taken\r\n"
        } else {
            let said = String::from_utf8_lossy(&line);
            match said.get(..4).map(str::to_ascii_uppercase).as_deref() {
                Some("EHLO") => b"250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
                Some("RCPT") => {
                    let address = said.split('<').nth(1).and_then(|rest| rest.split('>').next());
                    address.unwrap_or_default().clone_into(&mut to);
                    b"250 ok\r\n"
                }
                Some("DATA") => {
                    text = true;
                    b"354 go\r\n"
                }
                Some("QUIT") => {
                    return client.get_mut().write_all(b"221 bye\r\n");
                }
                _ => b"250 ok\r\n",
            }
        };
        replies.extend_from_slice(reply);
        // Who asks several things at once gets the answers at once (RFC 2920 section 3.2).
        if client.buffer().is_empty() {
            client.get_mut().write_all(&replies)?;
            replies.clear();
        }
    }
}
