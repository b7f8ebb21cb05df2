//! The edges: what is done, and nothing that is decided.

pub mod secret;
pub mod store;
pub mod imap;
pub mod smtp;
pub mod store;
pub mod tls;
