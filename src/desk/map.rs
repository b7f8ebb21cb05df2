//! The map that the books are made of: clones share what they have in common.

pub use rpds::RedBlackTreeMapSync as Map;
