//! The file as tables and values that know where they stand. Every error is noted and reading goes
//! on, so that all of them are told at once.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::DeValue;
pub(super) use toml::de::{DeTable, Error as Syntax};

use super::error::{Error, shown};
use super::nearest;

/// What every table and value of one file shares: its text, and what was found out so far.
pub(super) struct Document<'d> {
    file: &'d str,
    text: &'d str,
    folder: PathBuf,
    errors: RefCell<BTreeSet<Error>>,
    /// The keys that were asked for, by the name of the table. Whatever else stands in such a
    /// table is a mistake, so the list of known keys is written down nowhere else.
    asked: RefCell<BTreeMap<&'static str, BTreeSet<&'static str>>>,
    /// What stands in each table, by its dotted path and where it starts.
    found: RefCell<BTreeMap<(String, usize), Found>>,
    /// Keys that are not there: told at the end, since one of another name may have been meant.
    missing: RefCell<Vec<Missing>>,
}

/// A key that is needed and not there.
struct Missing {
    key: &'static str,
    example: String,
    /// Where it could stand, as in [`Document::found`].
    places: Vec<(String, usize)>,
    /// What is told, and where, if nothing else was meant to be this key.
    offset: usize,
    blamed: String,
    text: String,
}

/// The name of a table and its keys, with the place of each.
type Found = (&'static str, Vec<(String, usize)>);

impl<'d> Document<'d> {
    /// A file that holds `text`; paths in it are relative to `folder`.
    pub(super) fn new(file: &'d str, text: &'d str, folder: &Path) -> Document<'d> {
        Document {
            file,
            text,
            folder: folder.to_owned(),
            errors: RefCell::default(),
            asked: RefCell::default(),
            found: RefCell::default(),
            missing: RefCell::default(),
        }
    }

    /// Notes what is wrong at a byte of the file.
    pub(super) fn error(&self, offset: usize, key: &str, text: impl Display) {
        self.errors.borrow_mut().insert(Error {
            file: shown(self.file),
            place: Some(place(self.text, offset)),
            key: key.to_owned(),
            text: text.to_string(),
        });
    }

    /// A piece of the text; empty where there is none.
    pub(super) fn slice(&self, range: Range<usize>) -> &'d str {
        self.text.get(range).unwrap_or_default()
    }

    /// The line that a byte is in: what stands before it, and what begins with it.
    pub(super) fn line(&self, offset: usize) -> (&'d str, &'d str) {
        let (before, from) = self.text.split_at_checked(offset).unwrap_or((self.text, ""));
        let line = |text: &'d str| text.lines().next().unwrap_or_default();
        (before.rsplit('\n').next().unwrap_or_default(), line(from))
    }

    /// The table that the file is.
    pub(super) fn root(&'d self, table: &'d DeTable<'d>) -> Table<'d> {
        self.found(String::new(), 0, "", table);
        let layer = Layer { path: String::new(), offset: 0, table };
        Table {
            document: self,
            name: "",
            home: String::new(),
            offset: 0,
            layers: vec![layer],
            whole: true,
        }
    }

    /// Everything that is wrong, once everything has been asked for.
    pub(super) fn finish(&self) -> BTreeSet<Error> {
        let asked = self.asked.borrow();
        let mut missing = self.missing.take();
        for (place, (name, keys)) in self.found.borrow().iter() {
            // A table that was refused as a whole was never asked for anything.
            let Some(known) = asked.get(name) else { continue };
            for (key, offset) in keys {
                if !known.contains(key.as_str()) {
                    let full = dotted(&place.0, &shown(key));
                    let meant = nearest::nearest(key, known);
                    let here = |m: &Missing| Some(m.key) == meant && m.places.contains(place);
                    match missing.iter().find(|missing| here(missing)) {
                        Some(lacks) => {
                            let text = format!("no such key; write {}", lacks.example);
                            self.error(*offset, &full, text);
                        }
                        None => self.error(*offset, &full, nearest::unknown(name, key, &asked)),
                    }
                    missing.retain(|missing| !here(missing));
                }
            }
        }
        for missing in missing {
            self.error(missing.offset, &missing.blamed, missing.text);
        }
        self.errors.take()
    }

    /// Every key that was asked for, by table.
    pub(super) fn asked(&self) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        self.asked.borrow().clone()
    }

    fn found(&self, path: String, offset: usize, name: &'static str, table: &DeTable<'_>) {
        let keys = table.keys().map(|key| (key.get_ref().to_string(), key.span().start)).collect();
        self.found.borrow_mut().insert((path, offset), (name, keys));
    }
}

/// Line and column of a byte, both from 1.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or(before);
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

fn dotted(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// One table as it holds for its reader: what stands in the inbox, over what stands at the top.
#[derive(Clone)]
pub(super) struct Table<'d> {
    document: &'d Document<'d>,
    name: &'static str,
    /// The dotted path that a missing key is reported under, and where.
    home: String,
    offset: usize,
    /// The nearest first.
    layers: Vec<Layer<'d>>,
    whole: bool,
}

#[derive(Clone)]
struct Layer<'d> {
    path: String,
    offset: usize,
    table: &'d DeTable<'d>,
}

impl<'d> Table<'d> {
    /// Whether nothing can be added elsewhere. A table at the top alone may lack keys that each
    /// inbox brings itself: its values are read, but nothing is missing and nothing contradicts.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The line in which it begins.
    pub(super) fn line(&self) -> usize {
        place(self.document.text, self.offset).0
    }

    /// The table `name` in this one, over the table `name` in `top`.
    pub(super) fn over(&self, name: &'static str, top: &Table<'d>) -> Table<'d> {
        self.inner(name, [self, top].into_iter())
    }

    /// The table `name` in this one alone, which inboxes may add to.
    pub(super) fn partial(&self, name: &'static str) -> Table<'d> {
        Table { whole: false, ..self.inner(name, std::iter::once(self)) }
    }

    fn inner<'a>(
        &'a self,
        name: &'static str,
        outer: impl Iterator<Item = &'a Table<'d>>,
    ) -> Table<'d> {
        let found: Vec<_> =
            outer.filter_map(|table| table.item(name)).map(|item| item.layer(name)).collect();
        // Nothing is missing from a table that is there and cannot be read.
        let whole = self.whole && found.iter().all(Option::is_some);
        let layers: Vec<_> = found.into_iter().flatten().collect();
        let (home, offset) = layers
            .first()
            .map_or_else(|| (name.to_owned(), self.offset), |l| (l.path.clone(), l.offset));
        Table { document: self.document, name, home, offset, layers, whole }
    }

    /// What stands under `key`, in the nearest layer that has it.
    pub(super) fn item(&self, key: &'static str) -> Option<Item<'d>> {
        self.document.asked.borrow_mut().entry(self.name).or_default().insert(key);
        self.layers.iter().find_map(|layer| {
            let value = layer.table.get(key)?;
            Some(Item {
                document: self.document,
                key: dotted(&layer.path, key),
                offset: value.span().start,
                value: value.get_ref(),
            })
        })
    }

    /// A value that must be there; `example` says how to write it.
    pub(super) fn need<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&Item<'d>) -> Option<T>,
    ) -> Option<T> {
        match self.item(key) {
            Some(item) => read(&item),
            None if self.whole => {
                self.lacks(key, example, key, format!("missing; write {example}"))
            }
            None => None,
        }
    }

    /// Notes that `key` is not there, which is told of the key that is to `blame`.
    pub(super) fn lacks<T>(
        &self,
        key: &'static str,
        example: &str,
        blame: &'static str,
        text: String,
    ) -> Option<T> {
        let (offset, blamed) = match self.item(blame) {
            Some(item) => (item.offset, item.key),
            None => (self.offset, dotted(&self.home, blame)),
        };
        let places = self.layers.iter().map(|layer| (layer.path.clone(), layer.offset)).collect();
        let example = example.to_owned();
        let missing = Missing { key, example, places, offset, blamed, text };
        self.document.missing.borrow_mut().push(missing);
        None
    }

    /// A value that has a default. No answer means that a wrong value was noted.
    pub(super) fn or<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&Item<'d>) -> Option<T>,
    ) -> Option<T> {
        self.item(key).map_or(Some(default), |item| read(&item))
    }

    /// A value that may be left out. No answer means that a wrong value was noted.
    #[expect(clippy::option_option, reason = "left out is not the same as wrong")]
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Item<'d>) -> Option<T>,
    ) -> Option<Option<T>> {
        self.item(key).map_or(Some(None), |item| read(&item).map(Some))
    }

    /// Notes what is wrong with `key`, where it stands or, if it does not, where it belongs.
    pub(super) fn refuse<T>(&self, key: &'static str, text: impl Display) -> Option<T> {
        if let Some(item) = self.item(key) {
            return item.refuse(text);
        }
        self.document.error(self.offset, &dotted(&self.home, key), text);
        None
    }
}

/// One value of the file.
pub(super) struct Item<'d> {
    document: &'d Document<'d>,
    key: String,
    offset: usize,
    value: &'d DeValue<'d>,
}

impl<'d> Item<'d> {
    /// Notes what is wrong with this value.
    pub(super) fn refuse<T>(&self, text: impl Display) -> Option<T> {
        self.document.error(self.offset, &self.key, text);
        None
    }

    /// The folder that paths are relative to.
    pub(super) fn folder(&self) -> &Path {
        &self.document.folder
    }

    /// The value if it is text.
    pub(super) fn as_text(&self) -> Option<&'d str> {
        self.value.as_str()
    }

    /// The value if it is true or false.
    pub(super) fn as_bool(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// The value, which must be text.
    pub(super) fn text(&self) -> Option<&'d str> {
        self.as_text().or_else(|| {
            self.refuse(format_args!("{} stands here; write text in quotes", self.what()))
        })
    }

    /// The value, which must be a whole number; its text as well, for numbers past all bounds.
    pub(super) fn number(&self) -> Option<(Option<i64>, String)> {
        let Some(integer) = self.value.as_integer() else {
            return self.refuse(format_args!(
                "{} stands here; write a whole number, without quotes",
                self.what()
            ));
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        Some((number, shown(&integer.to_string())))
    }

    /// The value, which must be true or false.
    pub(super) fn truth(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| {
            self.refuse(format_args!(
                "{} stands here; write true or false, without quotes",
                self.what()
            ))
        })
    }

    /// The values of a list that must have at least one; `example` says how to write it.
    pub(super) fn list(&self, example: &str) -> Option<Vec<Item<'d>>> {
        let items = self.any_list(example)?;
        if items.is_empty() {
            return self.refuse(format_args!("the list is empty; write at least one: {example}"));
        }
        Some(items)
    }

    /// The values of a list; `example` says how to write it.
    pub(super) fn any_list(&self, example: &str) -> Option<Vec<Item<'d>>> {
        let Some(array) = self.value.as_array() else {
            return self
                .refuse(format_args!("{} stands here; write a list: {example}", self.what()));
        };
        let item = |value: &'d toml::Spanned<DeValue<'d>>| Item {
            document: self.document,
            key: self.key.clone(),
            offset: value.span().start,
            value: value.get_ref(),
        };
        Some(array.iter().map(item).collect())
    }

    /// The value as a table of its own, with nothing below it; none if it is no table.
    pub(super) fn as_table(&self, name: &'static str) -> Option<Table<'d>> {
        let table = self.value.as_table()?;
        self.document.found(self.key.clone(), self.offset, name, table);
        let layer = Layer { path: self.key.clone(), offset: self.offset, table };
        Some(Table {
            document: self.document,
            name,
            home: self.key.clone(),
            offset: self.offset,
            layers: vec![layer],
            whole: true,
        })
    }

    fn layer(&self, name: &'static str) -> Option<Layer<'d>> {
        match self.as_table(name) {
            Some(table) => table.layers.into_iter().next(),
            None => self.refuse(format_args!(
                "{} stands here; write one table: [{}]",
                self.what(),
                self.key
            )),
        }
    }

    /// What kind of value it is, for a sentence.
    pub(super) fn what(&self) -> &'static str {
        match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a decimal number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }
}
