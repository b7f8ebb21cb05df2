//! The desk: everything that is decided, and nothing that is done.
//!
//! No tokio, no sled, no sockets, no files, no clock, no randomness: the same inputs give the same
//! log, in every run.

pub mod address;
pub mod letter;
pub mod message;
pub mod outbox;
pub mod policy;
pub mod time;
pub mod verdict;
