//! Is the store what it says: all or nothing, durable when answered, and never silently empty?

#[cfg(test)]
mod store {
    mod copying;
    mod crash;
    mod disk;
    mod folder;
    mod power;
    mod rows;
    mod speed;
    mod versions;

    use std::path::Path;

    use watchpost::desk::table::{Table, Write};
    use watchpost::io::store::Store;

    fn open(dir: &Path) -> Store {
        Store::open(dir).unwrap()
    }

    fn put(table: Table, key: &str, value: &str) -> Write {
        Write::Put(table, key.into(), value.into())
    }

    async fn value(store: &Store, table: Table, key: &str) -> Option<String> {
        let mut values = store.get(table, vec![key.into()]).await.unwrap();
        values.remove(0).map(|value| String::from_utf8(value).unwrap())
    }
}
