//! The wording of letters. Every sentence that a person can receive stands in
//! `letters/<language>/*.txt`, what the team receives in `letters/team/*.txt`; an administrator can
//! put other files in their place.

mod digest;
mod digests;
mod event;
mod notice;
mod notices;
mod reply;
mod templates;
mod values;
mod words;

pub use self::event::letter;
pub use self::reply::write;
pub use self::templates::{Worded, Wording, WordingError, names};
