//! The edges: what is done, and nothing that is decided.

pub mod archive;
pub mod backup;
pub mod base64;
pub mod command;
pub mod control;
pub mod imap;
pub mod password;
pub mod random;
pub mod secret;
pub mod smtp;
pub mod store;
pub mod systemd;
pub mod tls;
pub mod unix;
pub mod wall;
