//! What the signals of a mail come to, side by side.

/// The sums, added up once a mail.
#[derive(Debug, Default)]
pub(super) struct Scales {
    /// What of a machine its text and title have; a sender alone makes none.
    pub(super) form: i32,
    /// The same and its sender.
    pub(super) machine: i32,
    /// What speaks for a report.
    pub(super) report: i32,
    /// The same with more of the technical words: what a machine's side has to outweigh.
    pub(super) stands: i32,
    /// The same, bounded where no person shows: machines list weaknesses too.
    pub(super) said: i32,
    /// Somebody is away.
    pub(super) absence: i32,
    /// A mail did not arrive.
    pub(super) undelivered: i32,
    /// Somebody wants a password or a payment.
    pub(super) phishing: i32,
    /// Somebody wants something else than to report.
    pub(super) errand: i32,
    /// Somebody sells.
    pub(super) trade: i32,
    /// The heaviest sign of a machine, in words.
    pub(super) sign: &'static str,
}
