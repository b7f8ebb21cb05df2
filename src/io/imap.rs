//! The IMAP edge: one task per watched folder, which turns a mailbox on a server that may say
//! anything into plain data for the loop.
//!
//! From the socket up: [`guard`] drops what no parser needs to see, `wire` reads response by
//! response, `session` runs commands and checks how each ends, `login` gets a session, `gate` keeps
//! refused logins few, `special`
//! knows the folders for sent mail and junk, `reader` fetches what is new, `handover` gives it to
//! the loop in batches, `filing` keeps letters, `looking` asks whether one left
//! already, `claiming` says which mails are ours to answer, and [`watch`] does this for ever. Mail is read by
//! UID with PEEK: no flag of it changes but our keywords. `whole` reads whole mails for an
//! export.

mod again;
mod backoff;
mod claiming;
mod doubt;
mod errands;
mod error;
mod filing;
mod gate;
pub mod guard;
mod handover;
mod login;
mod looking;
mod marked;
mod marks;
mod probe;
mod quoting;
mod reader;
mod session;
mod special;
mod talk;
mod watch;
mod whole;
mod wire;

pub use self::error::{Absent, Error};
pub use self::gate::Gate;
pub use self::marked::{Marked, marked};
pub use self::probe::{Probe, ProbedFolder, probe};
pub use self::talk::{Fetched, Filed, FromFolder, NeedsMore, ToFolder, Trace, Watch};
pub use self::watch::watch;
pub use self::whole::{NotGiven, fetch_whole};
