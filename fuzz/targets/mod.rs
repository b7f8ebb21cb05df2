//! What is fuzzed: one function for each kind of input that strangers write.
//!
//! Whoever explores (`fuzz/src/main.rs`) and whoever replays (`tests/fuzz.rs`) call the same
//! functions. A function returns, whatever the bytes are, or it has found a bug of ours.

mod archive;
mod authentication;
mod commands;
mod config;
mod fields;
mod guard;
mod imap;
mod letters;
mod mail;
mod office;
mod store;
mod team;

/// One kind of input.
pub(crate) struct Target {
    /// Also the name of its folder in `fuzz/corpus`.
    pub(crate) name: &'static str,
    /// Folders of the repository with files that it starts from besides its own, and their ending.
    pub(crate) seeds: &'static [(&'static str, &'static str)],
    /// Longer inputs only cost time.
    pub(crate) longest: usize,
    /// Takes one input.
    pub(crate) run: fn(&[u8]),
}

const MAIL: (&str, &str) = ("tests/mail", "eml");

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "mail", seeds: &[MAIL], longest: 16 << 10, run: mail::run },
    Target { name: "fields", seeds: &[], longest: 2 << 10, run: fields::run },
    Target { name: "authentication", seeds: &[], longest: 4 << 10, run: authentication::run },
    Target { name: "commands", seeds: &[], longest: 2 << 10, run: commands::run },
    Target { name: "team", seeds: &[MAIL], longest: 4 << 10, run: team::run },
    Target {
        name: "config",
        seeds: &[("tests/config", "toml"), ("config.example.toml", "toml")],
        longest: 8 << 10,
        run: config::run,
    },
    Target { name: "guard", seeds: &[], longest: 16 << 10, run: guard::run },
    Target { name: "imap", seeds: &[], longest: 8 << 10, run: imap::run },
    Target { name: "store", seeds: &[], longest: 32 << 10, run: store::run },
    Target { name: "archive", seeds: &[MAIL], longest: 16 << 10, run: archive::run },
];
