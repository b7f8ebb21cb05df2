//! The response guard, fed what a server says in pieces of any size.

use watchpost::io::imap::guard::{Filter, Limits};

/// The first bytes say how the others are cut.
pub(super) fn run(bytes: &[u8]) {
    let (sizes, said) = bytes.split_at(bytes.len().min(4));
    for limits in [Limits::default(), Limits { literals: 64, line: 200 }] {
        let at_once = filtered(limits, [said]);
        let mut sizes = sizes.iter().cycle().map(|size| usize::from(*size % 17) + 1);
        let mut rest = said;
        let pieces = std::iter::from_fn(|| {
            let size = sizes.next().unwrap_or(1).min(rest.len());
            let (piece, left) = rest.split_at(size);
            rest = left;
            (!piece.is_empty()).then_some(piece)
        });
        assert_eq!(filtered(limits, pieces), at_once, "however it is cut");
        assert!(at_once.0.len() <= said.len(), "nothing is added");
    }
}

fn filtered<'a>(
    limits: Limits,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Option<String>) {
    let (mut filter, mut passed) = (Filter::new(limits), Vec::new());
    for piece in pieces {
        filter.feed(piece, &mut passed);
    }
    (passed, filter.refused().map(|refusal| refusal.to_string()))
}
