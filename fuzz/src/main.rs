//! Explores one target with libFuzzer: `fuzz/explore` builds it and says which.

#![no_main]
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../targets/mod.rs"]
mod targets;

use std::sync::LazyLock;

use targets::{TARGETS, Target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("TARGET").unwrap_or_default();
    let known = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("TARGET is {name:?}; there are: {}", known()))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= TARGET.longest {
        (TARGET.run)(bytes);
    }
});
