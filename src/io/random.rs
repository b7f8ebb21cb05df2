//! The only place that asks for randomness.

/// A new secret key from the operating system.
pub fn key() -> std::io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(std::io::Error::other)?;
    Ok(key)
}
