//! What the signals of a mail come to, side by side.

use std::cell::OnceCell;

/// One side of the scales.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight {
    pub(super) sum: i32,
    /// The heaviest sign, in words.
    pub(super) heaviest: &'static str,
}

/// The sums, each added up when it is first asked for: few mails need all of them.
#[derive(Debug, Default)]
pub(super) struct Scales {
    /// What of a machine its text and title have; a sender alone makes none.
    pub(super) form: OnceCell<Weight>,
    /// What of a machine its sender has.
    pub(super) sender: OnceCell<Weight>,
    /// What speaks for a report.
    pub(super) report: OnceCell<Weight>,
    /// Somebody is away.
    pub(super) absence: OnceCell<Weight>,
    /// A mail did not arrive.
    pub(super) undelivered: OnceCell<Weight>,
    /// Somebody wants a password or a payment.
    pub(super) phishing: OnceCell<Weight>,
}
