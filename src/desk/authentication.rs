//! stand-in
/// s
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// p
    Pass {
        /// d
        domain: String,
    },
    /// f
    Fail,
    /// n
    None,
}
