//! Watchpost.

pub mod config;
pub mod desk;
pub mod io;
