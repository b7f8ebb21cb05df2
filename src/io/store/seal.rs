//! A sum over every row, kept in the store itself and changed in the same transaction as the rows.
//!
//! sled skips a garbled or zeroed piece of its log as if it were free, and opens with rows missing
//! or with old ones in their place. So a store is read whole when it is opened, and must add up.

use crate::desk::table::Table;

/// How many rows there are, and the sum of their hashes: equal for equal contents, whatever the
/// order in which they came. It guards against damage, not against forgery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seal {
    rows: u64,
    sum: u64,
}

impl Seal {
    pub(super) fn add(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash(table, key, value));
    }

    pub(super) fn remove(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash(table, key, value));
    }

    /// How many rows there are.
    pub(super) fn rows(self) -> u64 {
        self.rows
    }

    /// As it stands in the store.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.rows.to_be_bytes(), self.sum.to_be_bytes()].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Seal> {
        let (rows, sum) = bytes.split_first_chunk()?;
        Some(Seal {
            rows: u64::from_be_bytes(*rows),
            sum: u64::from_be_bytes(sum.try_into().ok()?),
        })
    }
}

/// 64-bit FNV-1a. The length keeps a key and its value apart.
fn hash(table: Table, key: &[u8], value: &[u8]) -> u64 {
    let length = (key.len() as u64).to_be_bytes();
    let parts = [table.name().as_bytes(), &length, key, value];
    parts.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_matter_and_every_byte_does() {
        let rows: [(&[u8], &[u8]); 3] = [(b"a", b"1"), (b"b", b"2"), (b"ab", b"")];
        let sealed = |rows: &[(&[u8], &[u8])]| {
            let mut seal = Seal::default();
            for (key, value) in rows {
                seal.add(Table::Ties, key, value);
            }
            seal
        };
        let whole = sealed(&rows);
        assert_eq!(whole, sealed(&[rows[2], rows[0], rows[1]]));
        assert_ne!(whole, sealed(&[rows[0], rows[1], (b"a", b"b")]));
        assert_ne!(whole, sealed(&rows[..2]));
        let mut less = whole;
        less.remove(Table::Ties, b"ab", b"");
        assert_eq!(less, sealed(&rows[..2]));
        assert_eq!(Seal::from_bytes(&whole.to_bytes()), Some(whole));
        assert_eq!(Seal::from_bytes(b"short"), None);
    }
}
