//! The shipped unit under a real systemd: what it starts, ends, starts again, and leaves alone.
//!
//! A small Debian boots in a container (`tests/systemd/machine`) that has the network of this
//! machine, so that the service in it talks to the mail servers of the rig. Everything is where the
//! README puts it. Only the paces of a test are shorter, by a drop-in as an operator would write it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends at its first surprise"
)]

pub mod rig;

#[path = "systemd/failure.rs"]
mod failure;
#[path = "systemd/machine.rs"]
mod machine;
#[path = "systemd/operator.rs"]
mod operator;
#[path = "systemd/sandbox.rs"]
mod sandbox;
#[path = "systemd/service.rs"]
mod service;
#[path = "systemd/start_and_stop.rs"]
mod start_and_stop;
