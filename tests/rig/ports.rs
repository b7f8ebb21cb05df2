//! Ports without a race between rigs.

use std::net::TcpListener;

/// Ports that are ours while this value lives.
pub(super) struct Ports {
    first: TcpListener,
}

impl Ports {
    /// How many ports lie in a block. Only the first is ever bound by us: it marks the block as
    /// taken, so that the others can be left to the servers without a race between rigs.
    const BLOCK: u16 = 8;

    /// Takes a block below the ports that the system hands to outgoing connections.
    pub(super) fn reserve() -> Self {
        let blocks = (32_000 - 20_000) / u32::from(Self::BLOCK);
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port));
        (0..blocks)
            .map(|block| (std::process::id() + block) % blocks)
            .map(|block| 20_000 + u16::try_from(block).unwrap() * Self::BLOCK)
            .find_map(|port| {
                let first = free(port).ok()?;
                (1..Self::BLOCK).all(|more| free(port + more).is_ok()).then_some(Self { first })
            })
            .expect("there are free ports between 20000 and 32000")
    }

    pub(super) fn number(&self, offset: u16) -> u16 {
        self.first.local_addr().unwrap().port() + offset
    }
}
