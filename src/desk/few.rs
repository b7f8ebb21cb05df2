//! A map of few entries in the order of their keys. A tree makes room for eleven entries at once;
//! thousands of cases are kept in mind, and most have one letter.

/// A map that takes no more room than its entries. Putting one in moves those behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Few<K, V> {
        Few(Vec::new())
    }
}

impl<K: Ord, V> Few<K, V> {
    /// Puts a value in the place of the one before.
    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(at) => {
                if let Some((_, known)) = self.0.get_mut(at) {
                    *known = value;
                }
            }
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (key, value));
            }
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.get(self.place(key).ok()?).map(|(_, value)| value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.place(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// Whether it has a value.
    pub fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    /// All entries, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> + use<'_, K, V> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// All keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &K> + use<'_, K, V> {
        self.0.iter().map(|(key, _)| key)
    }

    /// All values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> + use<'_, K, V> {
        self.0.iter().map(|(_, value)| value)
    }

    fn place(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_what_a_tree_tells() {
        let (mut few, mut tree) = (Few::default(), std::collections::BTreeMap::new());
        for (n, key) in [5, 3, 9, 3, 1, 9, 7].into_iter().enumerate() {
            few.insert(key, n);
            tree.insert(key, n);
            assert!(few.iter().eq(tree.iter()));
        }
        *few.get_mut(&7).unwrap() += 1;
        *tree.get_mut(&7).unwrap() += 1;
        assert!((0..10).all(|key| few.get(&key) == tree.get(&key)));
        assert!((0..10).all(|key| few.contains_key(&key) == tree.contains_key(&key)));
        assert!(few.keys().eq(tree.keys()) && few.values().eq(tree.values()));
    }
}
