//! Authentication-Results and ARC, as fields of a mail that anybody may have written.

use watchpost::desk::authentication::{Authentication, authentication};
use watchpost::desk::door::{behind, entered};
use watchpost::desk::parse::parse;

use super::office::{POLICIES, SERVER};

/// The input is the start of a header. Without the word of our own server nobody is authentic.
pub(super) fn run(bytes: &[u8]) {
    let fixed =
        b"From: ann@acorn.example\r\nTo: security@project.example\r\n\r\nThe parser hangs.\r\n";
    let mail = [bytes, b"\r\n", fixed.as_slice()].concat();
    let message = parse(&mail, true);
    let named = message.headers.iter().any(|(name, value)| {
        name == "authentication-results" && value.to_ascii_lowercase().contains(SERVER)
    });
    for policy in &*POLICIES {
        let found = authentication(&message, policy);
        if let Authentication::Pass { domain } = &found {
            assert_eq!(message.author().map(|one| one.address.domain()), Some(domain.as_str()));
        }
        assert!(named || found == Authentication::None, "{found:?}");
        if let Some(behind) = behind(&message, policy) {
            assert!(named || !matches!(behind.authentication, Authentication::Pass { .. }));
        }
        let (_, found) = entered(message.clone(), policy);
        assert!(named || !matches!(found, Authentication::Pass { .. }), "{found:?}");
    }
}
