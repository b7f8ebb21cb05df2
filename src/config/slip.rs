//! What somebody meant who wrote something that is not TOML.

use std::collections::{BTreeMap, BTreeSet};

use super::error::shown;

/// What should have been written, where that can be told from the line: what stands in it `before`
/// the place where reading ended, and what comes `from` there on.
pub(super) fn meant(
    before: &str,
    from: &str,
    keys: &BTreeMap<&'static str, BTreeSet<&'static str>>,
) -> Option<String> {
    typographic(before, from, keys).or_else(|| yaml(&format!("{before}{from}"), keys))
}

/// Quotes as word processors and web pages set them.
const QUOTES: &str = "“”„‟‘’‚‛«»‹›″＂";

fn typographic(
    before: &str,
    from: &str,
    keys: &BTreeMap<&'static str, BTreeSet<&'static str>>,
) -> Option<String> {
    let value = from.strip_prefix(|c| QUOTES.contains(c))?;
    let key = before.split('=').next().unwrap_or_default().rsplit('.').next().unwrap_or_default();
    // A key that is not known may be a slip for `password`: its value is not repeated.
    let harmless = SECRET != key.trim() && is_known(key.trim(), keys);
    let right = match value.split_once(|c| QUOTES.contains(c)) {
        Some((value, _)) if harmless && !value.is_empty() => format!("\"{}\"", shown(value)),
        _ => "straight ones: \"…\"".to_owned(),
    };
    Some(format!("these are typographic quotes; write {right}"))
}

const SECRET: &str = "password";

/// `name: Express`, or `imap:` with keys below it.
fn yaml(line: &str, keys: &BTreeMap<&'static str, BTreeSet<&'static str>>) -> Option<String> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim().trim_start_matches("- ").trim().trim_matches(['"', '\'']);
    if !is_known(key.rsplit('.').next().unwrap_or_default(), keys) {
        return None;
    }
    Some(match (keys.contains_key(key), value.trim().is_empty()) {
        (true, true) if key == "inbox" => "a table begins otherwise; write `[[inbox]]`".to_owned(),
        (true, true) => format!("a table begins otherwise; write `[{key}]`"),
        _ => format!("a key and its value are joined by `=`; write `{key} = …`"),
    })
}

fn is_known(key: &str, keys: &BTreeMap<&'static str, BTreeSet<&'static str>>) -> bool {
    keys.values().any(|known| known.contains(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, from: &str) -> Option<String> {
        let keys = BTreeMap::from([
            ("", BTreeSet::from(["imap", "inbox"])),
            ("imap", BTreeSet::from(["password", "host"])),
            ("inbox", BTreeSet::from(["name"])),
        ]);
        meant(before, from, &keys)
    }

    #[test]
    fn quotes_of_a_word_processor_are_known_in_every_country() {
        for quoted in ["“Express”", "„Express“", "«Express»", "‘Express’", "”Express”"]
        {
            let said = told("name = ", quoted).unwrap();
            assert_eq!(said, "these are typographic quotes; write \"Express\"");
        }
        assert!(told("name = ", "“Express").unwrap().ends_with("straight ones: \"…\""));
    }

    #[test]
    fn a_secret_in_such_quotes_is_not_repeated() {
        for key in ["password", "imap.password", "pasword", "secret", "password = { file"] {
            let said = told(&format!("{key} = "), "“hunter2”").unwrap();
            assert!(said.ends_with("straight ones: \"…\""), "{key}: {said}");
        }
    }

    #[test]
    fn yaml_is_known_by_its_colon() {
        for (line, right) in [
            ("name: Express", Some("`name = …`")),
            ("  - name: Express", Some("`name = …`")),
            ("imap.host: x", Some("`imap.host = …`")),
            ("imap:", Some("`[imap]`")),
            ("inbox:", Some("`[[inbox]]`")),
            ("hunter2: x", None),
            ("name = 12:30:99", None),
        ] {
            let said = told("", line);
            assert_eq!(said.as_deref().and_then(|s| s.split("write ").nth(1)), right, "{line}");
        }
    }
}
