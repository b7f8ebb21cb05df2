//! The alarm: what is wrong when mail itself is down, and when somebody is told so.
//!
//! ```text
//! books, folders, relays ─▶ troubles (view) ─▶ Alarm::look (watch) ─▶ Say ─▶ its sentences (words)
//! ```
//!
//! What is wrong is looked at anew each time. Only what has been said about it is remembered, in rows
//! of its own and not as events: an alarm is about no case, and has to go out most of all when nothing
//! can be recorded. A lost row costs one alarm that was told before.

mod trouble;
mod view;
mod watch;
mod words;

pub use trouble::{Rules, Seen, Trouble};
pub use view::{Outside, Owed, Unread, View, troubles, unconfigured};
pub use watch::{Alarm, PREFIX, Say, Sort, Told};
pub use words::{facts, letter, one_line, status, told_to_command};
