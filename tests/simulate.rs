//! `watchpost simulate`: small archives, and what is told of them.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

#[path = "simulate/absences.rs"]
mod absences;
#[path = "simulate/archive.rs"]
mod archive;
#[path = "simulate/clocks.rs"]
mod clocks;
#[path = "simulate/conversations.rs"]
mod conversations;
#[path = "simulate/forms.rs"]
mod forms;
#[path = "simulate/pauses.rs"]
mod pauses;
#[path = "simulate/usage.rs"]
mod usage;
