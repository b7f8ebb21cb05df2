//! The configuration file.

pub mod settings;
