//! Looking up the addresses of hosts.
//!
//! Whoever no longer waits for a lookup cannot end it: it keeps its thread until the system gives up, which
//! may be minutes later. So there are a few of a host at a time, whatever tries again or begins anew meanwhile.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Lookups of one host at a time, in the whole process. One may hang that another one after it would not.
const AT_ONCE: usize = 2;

/// For each host that was ever looked up, how many more may be under way. It outlasts the runtimes, as
/// lookups do.
static LEFT: Mutex<BTreeMap<String, Arc<Semaphore>>> = Mutex::new(BTreeMap::new());

/// The addresses of a host, in the order in which they should be tried. Waits for the lookups of this host
/// that are under way, if these are many.
pub(super) async fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    look_up_by(host, move |host| Ok((host, port).to_socket_addrs()?.collect())).await
}

async fn look_up_by<T: Send + 'static>(
    host: &str,
    ask: impl FnOnce(&str) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let left = {
        let mut of_hosts = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            of_hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))),
        )
    };
    let turn = left.acquire_owned().await.map_err(io::Error::other)?;
    let host = host.to_owned();
    let asking = spawn_blocking(move || {
        // Held until there is an answer, whoever has gone meanwhile.
        let _turn = turn;
        ask(&host)
    });
    asking.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::runtime::Builder;
    use tokio::time::timeout;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(20);

    #[test]
    fn lookups_that_hang_are_few_whatever_begins_anew() {
        let asked = Arc::new(AtomicUsize::new(0));
        let (hang, hangs) = mpsc::channel::<()>();
        let hangs = Arc::new(Mutex::new(hangs));
        for _ in 0..10 {
            let life = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let (asked, hangs) = (Arc::clone(&asked), Arc::clone(&hangs));
            let ask = move |_: &str| {
                asked.fetch_add(1, Ordering::SeqCst);
                // Until the other end is dropped.
                let _ = hangs.lock().unwrap().recv();
                Ok(())
            };
            life.block_on(async {
                assert!(timeout(MOMENT, look_up_by("hangs.example", ask)).await.is_err());
                // Nobody else waits for it.
                let answer = look_up_by("answers.example", |_| Ok(7)).await;
                assert_eq!(answer.unwrap(), 7);
            });
            life.shutdown_background();
        }
        assert_eq!(asked.load(Ordering::SeqCst), AT_ONCE);
        // Once they have an answer, others get one.
        drop(hang);
        let life = Builder::new_current_thread().enable_all().build().unwrap();
        let answer = life.block_on(look_up_by("hangs.example", |_| Ok(7)));
        assert_eq!(answer.unwrap(), 7);
    }

    #[tokio::test]
    async fn an_address_is_no_name() {
        for (host, address) in
            [("192.0.2.7", "192.0.2.7:993"), ("2001:db8::7", "[2001:db8::7]:993")]
        {
            assert_eq!(look_up(host, 993).await.unwrap(), [address.parse().unwrap()]);
        }
        assert!(look_up("localhost", 993).await.unwrap().iter().all(|one| one.ip().is_loopback()));
    }
}
