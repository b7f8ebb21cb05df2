//! Conversations as people lead them, each with a mail program of their own, on real servers: does
//! every mail find its case, and does nobody learn of another's?
//!
//! The mails are written by mail-builder, which is no part of the product and knows nothing of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at its first surprise"
)]

pub mod rig;

#[path = "conversations/programs.rs"]
mod programs;
#[path = "conversations/world.rs"]
mod world;
#[path = "conversations/writing.rs"]
mod writing;

#[path = "conversations/follow_ups.rs"]
mod follow_ups;
#[path = "conversations/grafts.rs"]
mod grafts;
#[path = "conversations/maintainers.rs"]
mod maintainers;
