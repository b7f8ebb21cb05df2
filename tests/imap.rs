//! The IMAP edge against a server that says exactly what a test tells it to say.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "imap/again.rs"]
mod again;
#[path = "imap/claiming.rs"]
mod claiming;
#[path = "imap/faults.rs"]
mod faults;
#[path = "imap/filing.rs"]
mod filing;
#[path = "imap/guard.rs"]
mod guard;
#[path = "imap/hostile.rs"]
mod hostile;
#[path = "imap/login.rs"]
mod login;
#[path = "imap/looking.rs"]
mod looking;
#[path = "imap/model.rs"]
mod model;
#[path = "imap/reading.rs"]
mod reading;
#[path = "imap/server.rs"]
mod server;
#[path = "imap/special.rs"]
mod special;
#[path = "imap/tls.rs"]
mod tls;
#[path = "imap/trouble.rs"]
mod trouble;
#[path = "imap/waiting.rs"]
mod waiting;
#[path = "imap/whole.rs"]
mod whole;
