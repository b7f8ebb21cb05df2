//! How fast one connection is here: run with `--ignored --nocapture`. No number is asserted.

use std::time::Instant;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use watchpost::config::settings::Security;
use watchpost::desk::outbox::Outcome;
use watchpost::io::smtp::start;

use super::relay::{letter, secret, settings};

const LETTERS: u32 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn letters_a_second_over_one_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(sink(listener));
    let (outcomes, mut results) = mpsc::channel(16);
    let input = start(settings(port, Security::None, None), secret(), outcomes, None);
    let began = Instant::now();
    tokio::spawn(async move {
        for _ in 0..LETTERS {
            input.send(letter("EXP-2026-0007/acknowledgement")).await.unwrap();
        }
    });
    while let Some(tried) = results.recv().await {
        assert!(matches!(tried.outcome, Outcome::Accepted(_)), "{tried:?}");
    }
    let rate = f64::from(LETTERS) / began.elapsed().as_secs_f64();
    println!("{rate:.0} letters/s over one connection");
}

async fn sink(listener: TcpListener) {
    let (stream, _) = listener.accept().await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await.unwrap();
    let (mut line, mut text) = (String::new(), false);
    while stream.read_line(&mut line).await.unwrap() > 0 {
        let reply = match (text, line.as_str()) {
            (true, ".\r\n") => "250 ok\r\n",
            (true, _) => "",
            (false, "DATA\r\n") => "354 go\r\n",
            (false, "QUIT\r\n") => "221 bye\r\n",
            (false, hello) if hello.starts_with("EHLO") => "250-sink\r\n250 AUTH PLAIN\r\n",
            (false, auth) if auth.starts_with("AUTH") => "235 ok\r\n",
            (false, _) => "250 ok\r\n",
        };
        text = if text { line != ".\r\n" } else { line == "DATA\r\n" };
        stream.write_all(reply.as_bytes()).await.unwrap();
        line.clear();
    }
}
