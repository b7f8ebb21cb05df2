//! A line that is as lines are: long, slow, cut, silent, garbled. A proxy stands before a server and
//! passes bytes on, but for what it is told to do to them.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What a line does to a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// How long each byte travels, each way.
    pub delay: Duration,
    /// At most so many bytes at once, with this pause after each.
    pub drip: Option<(usize, Duration)>,
    /// What happens after so many bytes of one way.
    pub fault: Option<(Way, u64, Fault)>,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends, for both sides.
    Cut,
    /// Nothing passes any more, in either direction, and nobody is told.
    Silence,
    /// The next byte comes with one bit changed.
    Flip,
}

/// A proxy before a port of this machine; dropping it cuts what runs through it.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: u16,
    line: Mutex<Line>,
    /// What it does to so many connections first.
    at_first: Mutex<(u64, Line)>,
    /// The client's end and the server's end of each connection.
    open: Mutex<Vec<[TcpStream; 2]>>,
    connections: AtomicU64,
    bytes: [AtomicU64; 2],
    over: AtomicBool,
}

impl Proxy {
    /// Stands before a server, and does nothing to what passes.
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            server,
            line: Mutex::default(),
            at_first: Mutex::default(),
            open: Mutex::default(),
            connections: AtomicU64::new(0),
            bytes: Default::default(),
            over: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.over.load(SeqCst) {
                    return;
                }
                accepting.connections.fetch_add(1, SeqCst);
                accepting.join(client);
            }
        });
        Self { port, shared }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it does to connections that come from now on.
    pub fn set(&self, line: Line) {
        *self.shared.line.lock().unwrap() = line;
    }

    /// What it does to the next so many connections. Those after them are as they were.
    pub fn set_for(&self, connections: u64, line: Line) {
        *self.shared.at_first.lock().unwrap() = (connections, line);
    }

    /// Ends every connection that runs through it now.
    pub fn cut(&self) {
        for end in self.shared.open.lock().unwrap().drain(..).flatten() {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// How many connections have come.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(SeqCst)
    }

    /// How many bytes have passed this way, on all connections.
    pub fn bytes(&self, way: Way) -> u64 {
        self.shared.bytes[way as usize].load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, SeqCst);
        self.cut();
        // Wakes the thread that waits for the next connection.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

impl Shared {
    fn join(self: &Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.server)) else { return };
        let line = self.line_of_the_next();
        let silent = Arc::new(AtomicBool::new(false));
        let (ends, other) = ([&client, &server], [&server, &client]);
        for end in ends {
            end.set_nodelay(true).unwrap();
        }
        let clone = |end: &TcpStream| end.try_clone().unwrap();
        for (way, (from, to)) in [Way::Up, Way::Down].into_iter().zip(ends.into_iter().zip(other)) {
            let (from, to) = (clone(from), clone(to));
            let (shared, silent) = (Arc::clone(self), Arc::clone(&silent));
            thread::spawn(move || shared.carry(way, line, from, to, &silent));
        }
        self.open.lock().unwrap().push([client, server]);
    }

    fn line_of_the_next(&self) -> Line {
        let (left, line) = &mut *self.at_first.lock().unwrap();
        if *left == 0 {
            return *self.line.lock().unwrap();
        }
        *left -= 1;
        *line
    }

    /// Reads here, and writes there when its time has come.
    fn carry(&self, way: Way, line: Line, mut from: TcpStream, to: TcpStream, silent: &AtomicBool) {
        // Enough on the way for a fast line of some hundred milliseconds.
        let (send, travelling) = sync_channel(256);
        let writer = thread::spawn({
            let drip = line.drip;
            move || deliver(&travelling, drip, to)
        });
        let (mut buffer, mut passed) = ([0; 16 * 1024], 0);
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let mut bytes = buffer[..length].to_vec();
            let end = passed + bytes.len() as u64;
            let place = line.fault.filter(|(of, at, _)| *of == way && (passed..end).contains(at));
            let place = place.map(|(_, at, fault)| (usize::try_from(at - passed).unwrap(), fault));
            passed = end;
            match place {
                Some((at, Fault::Flip)) => bytes[at] ^= 1,
                // What is answered to the bytes before a cut finds no line back.
                Some((at, Fault::Cut | Fault::Silence)) => {
                    bytes.truncate(at);
                    silent.store(true, SeqCst);
                }
                None if silent.load(SeqCst) => bytes.clear(),
                None => {}
            }
            self.bytes[way as usize].fetch_add(bytes.len() as u64, SeqCst);
            let gone = send.send((Instant::now() + line.delay, bytes)).is_err();
            if gone || matches!(place, Some((_, Fault::Cut))) {
                break;
            }
        }
        drop(send);
        let _ = writer.join();
        let _ = from.shutdown(Shutdown::Both);
    }
}

fn deliver(
    travelling: &Receiver<(Instant, Vec<u8>)>,
    drip: Option<(usize, Duration)>,
    mut to: TcpStream,
) {
    for (due, bytes) in travelling {
        wait(due.saturating_duration_since(Instant::now()));
        let (most, pause) = drip.unwrap_or((usize::MAX, Duration::ZERO));
        for piece in bytes.chunks(most) {
            if to.write_all(piece).is_err() {
                return;
            }
            wait(pause);
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

#[expect(clippy::disallowed_methods, reason = "a real line has no clock that could be moved")]
fn wait(time: Duration) {
    if !time.is_zero() {
        thread::sleep(time);
    }
}
