//! Sums over the rows of each table, kept in the store itself and changed in the same transaction as
//! the rows.
//!
//! sled skips a garbled or zeroed piece of its log as if it were free, and opens with rows missing
//! or with old ones in their place. So every table is read whole once after it was opened, and must
//! add up.

use std::collections::BTreeMap;

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

    fn remove(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash(table, key, value));
    }

    /// A row has another value now, or none, or had none before.
    pub(super) fn change(
        &mut self,
        table: Table,
        key: &[u8],
        old: Option<&[u8]>,
        new: Option<&[u8]>,
    ) {
        if let Some(old) = old {
            self.remove(table, key, old);
        }
        if let Some(new) = new {
            self.add(table, key, new);
        }
    }

    fn and(self, other: Seal) -> Seal {
        Seal { rows: self.rows.wrapping_add(other.rows), sum: self.sum.wrapping_add(other.sum) }
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

/// The seal of each table; of one that has none, that of no rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seals(BTreeMap<Table, Seal>);

/// Where the seal of all tables stands among the rows of [`Table::Meta`], in stores up to schema 2.
pub(super) const OF_ALL: &[u8] = b"seal";
/// What stands there once a table did not add up.
pub(super) const BROKEN: &[u8] = b"seal/broken";
const OF_TABLE: &str = "seal/";

impl Seals {
    pub(super) fn of(&self, table: Table) -> Seal {
        self.0.get(&table).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, table: Table, seal: Seal) {
        self.0.insert(table, seal);
    }

    pub(super) fn of_mut(&mut self, table: Table) -> &mut Seal {
        self.0.entry(table).or_default()
    }

    /// What all tables add up to, whatever of it is in which.
    pub(super) fn all(&self) -> Seal {
        self.0.values().fold(Seal::default(), |all, one| all.and(*one))
    }
}

/// Where the seal of a table stands among the rows of [`Table::Meta`].
pub(super) fn key_of(table: Table) -> Vec<u8> {
    format!("{OF_TABLE}{}", table.name()).into_bytes()
}

/// Whether a row is a seal, which belongs to the tables and to no copy of them.
pub(super) fn is_seal(table: Table, key: &[u8]) -> bool {
    table == Table::Meta && (key == OF_ALL || key.starts_with(OF_TABLE.as_bytes()))
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

    #[test]
    fn what_tables_add_up_to_does_not_depend_on_how_it_is_kept() {
        let (mut seals, mut one) = (Seals::default(), Seal::default());
        for table in [Table::Ties, Table::Events] {
            seals.of_mut(table).add(table, b"key", b"value");
            one.add(table, b"key", b"value");
        }
        assert_eq!(seals.all(), one);
        assert!(is_seal(Table::Meta, &key_of(Table::Ties)) && is_seal(Table::Meta, b"seal"));
        assert!(!is_seal(Table::Meta, b"sealed") && !is_seal(Table::Ties, b"seal"));
    }
}
