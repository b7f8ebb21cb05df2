//! What somebody meant who wrote a key that does not exist.

use std::collections::{BTreeMap, BTreeSet};

/// Half a sentence about a key that the table does not know: what it may have been meant to be.
pub(super) fn unknown(
    table: &str,
    key: &str,
    asked: &BTreeMap<&'static str, BTreeSet<&'static str>>,
) -> String {
    let none = BTreeSet::new();
    let known = asked.get(table).unwrap_or(&none);
    if let Some(close) = nearest(key, known) {
        return format!("no such key; did you mean `{close}`?");
    }
    let homes: Vec<String> =
        asked.iter().filter(|(_, keys)| keys.contains(key)).map(|(name, _)| home(name)).collect();
    if homes.is_empty() {
        let keys: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
        return format!("no such key; what fits here: {}", keys.join(", "));
    }
    format!("no such key here; it belongs {}", homes.join(" or "))
}

fn home(table: &str) -> String {
    match table {
        "" => "at the top of the file, above the first table".to_owned(),
        "inbox" => "in `[[inbox]]`".to_owned(),
        name => format!("in `[{name}]`"),
    }
}

/// The known key that is nearest, if one is near enough to be what was meant.
pub(super) fn nearest<'k>(key: &str, known: &BTreeSet<&'k str>) -> Option<&'k str> {
    // Keys are short; a long one is no slip of the finger, and not worth the square of its length.
    if key.len() > 40 {
        return None;
    }
    let plain = key.to_lowercase().replace('-', "_");
    let slips = plain.chars().count() / 3;
    known
        .iter()
        .map(|candidate| (distance(&plain, candidate), *candidate))
        .min()
        .filter(|(distance, _)| *distance <= slips.clamp(1, 3))
        .map(|(_, candidate)| candidate)
        .or_else(|| known.iter().copied().find(|known| extends(&plain, known)))
}

/// `username` for `user`, `pass` for `password`.
fn extends(key: &str, known: &str) -> bool {
    key.len() > 2 && known.len() > 2 && (key.starts_with(known) || known.starts_with(key))
}

/// How many letters must be added, dropped or changed to make `from` into `to` (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (index, a) in from.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (b, above) in to.chars().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(a != b)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_is_the_number_of_slips() {
        for (from, to, slips) in
            [("folder", "folders", 1), ("prot", "port", 2), ("", "abc", 3), ("host", "host", 0)]
        {
            assert_eq!(distance(from, to), slips, "{from} {to}");
        }
    }

    #[test]
    fn a_near_key_is_offered_and_a_far_one_is_not() {
        let known = BTreeSet::from(["folders", "host", "password", "user", "case_prefix"]);
        for (key, meant) in [
            ("folder", Some("folders")),
            ("Host", Some("host")),
            ("pass", Some("password")),
            ("username", Some("user")),
            ("case-prefix", Some("case_prefix")),
            ("colour", None),
        ] {
            assert_eq!(nearest(key, &known), meant, "{key}");
        }
    }
}
