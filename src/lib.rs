//! Watchpost keeps the promises of a `SECURITY.md`. It watches the inbox that vulnerability reports
//! are mailed to, acknowledges each report, and shows until when a person owes an answer. Reporters
//! and maintainers use nothing but mail.
//!
//! ```text
//! mailbox ─▶ fetch ─▶ parse ─▶ classify ─▶ thread ─▶ decide ─▶ render ─▶ commit ─▶ send ─▶ people
//!             io       ╰───────────── the desk: pure ──────────────╯       io        io
//!                                      ▲ now                                          │
//!                                      ╰───────── outcome comes back as input ◀───────╯
//! ```
//!
//! * [`desk`] decides. It is pure: it is given the time, it reads no file and opens no socket, and
//!   the same inputs give the same log. What it says are [events](desk::event); everything known
//!   follows from them.
//! * [`io`] does: IMAP, SMTP, the store, the control socket, systemd, the clock. The edges never
//!   import each other, and hold no decision.
//! * [`daemon`] is the only loop. It works a batch through on a draft of the desk, makes it durable,
//!   puts the draft in the desk's place, and only then acts.
//! * [`config`] turns the configuration file into settings, or tells every mistake in it at once.
//! * [`simulate`] is its twin for kept mail: the same pipeline in virtual time, with nothing sent.
//! * [`query`] and [`view`] answer an operator; [`cli`] is what the operator types.
//!
//! Each outside crate is named in one file. `tests/architecture.rs` holds all of this;
//! `docs/architecture.md` says what happens after a crash, and how to find your way.

pub mod cli;
pub mod config;
pub mod daemon;
pub mod desk;
pub mod io;
pub mod query;
pub mod simulate;
pub mod view;
