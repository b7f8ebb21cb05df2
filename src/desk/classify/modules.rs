//! Which module of other people a report is about.
//!
//! A name counts by the way it is spoken of: with a version, with what it is (`the qs package`), by
//! its place (`node_modules/qs`, a registry's page), or as what the sentence is about. What was only
//! used to show the problem (`sent with axios`) does not count.

use std::collections::BTreeSet;

use super::Facts;
use super::lexicon::{plain, runs_together};
use super::lists::lower;
use super::words::modules::{MEANS, NAMES, NOUNS, WORDS};

/// The most names that are told.
const MOST: usize = 3;
/// The most bytes of a text that are looked at.
const LOOKED_AT: usize = 16 * 1024;
/// Pages of registries, whichever they are, up to the name of a module.
const PAGES: &[&str] = &[
    ".com/package/",
    ".org/package/",
    ".org/packages/",
    ".org/project/",
    ".org/gems/",
    ".io/crates/",
    "node_modules/",
    "site-packages/",
    "pkg:npm/",
    "pkg:pypi/",
    "pkg:cargo/",
    "npm:",
];

/// How sure a name is by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    /// Any word.
    Any,
    /// Written as names of modules are: `a-b`, `@a/b`, `` `a` ``, `a.js`.
    Shaped,
    /// A name of the tables that is a common word too.
    Ambiguous,
    /// A name of the tables or of the configuration.
    Known,
}

/// The modules of others that the mail is about, at most a few.
pub(super) fn named(facts: &Facts<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in [facts.message.subject.as_str(), facts.own.text.as_str()] {
        let tokens = tokens(text);
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| tokens.get(at)).copied();
            let around = Around { before, after: tokens.get(at + 1).copied() };
            let name = placed(token).or_else(|| spoken_of(token, &around, facts));
            found.extend(name.filter(|name| !is_ours(name, facts)));
        }
    }
    let mut known = BTreeSet::new();
    found.retain(|name| known.insert(name.clone()));
    found.truncate(MOST);
    found
}

/// The words beside a word.
struct Around<'t> {
    before: Option<&'t str>,
    after: Option<&'t str>,
}

/// The words of a text. Where a script that writes without blanks meets Latin letters, a word ends.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default();
    let mut tokens = Vec::new();
    for word in text.split_whitespace() {
        if word.is_ascii() {
            tokens.push(word);
            continue;
        }
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let joined = runs_together(first);
            let end = rest.find(|c| runs_together(c) != joined).unwrap_or(rest.len());
            let (token, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            tokens.push(token);
            rest = after;
        }
    }
    tokens
}

/// A name told by its place: a registry's page, a path, `name@1.2.3`.
fn placed(token: &str) -> Option<String> {
    // Only these signs stand in pages and before versions.
    if !token.bytes().any(|b| matches!(b, b'/' | b':' | b'@')) {
        return None;
    }
    let lower = token.to_ascii_lowercase();
    let page = PAGES.iter().find_map(|page| {
        lower.find(page).and_then(|at| lower.get(at + page.len()..)).filter(|rest| !rest.is_empty())
    });
    if let Some(rest) = page {
        let scoped = if rest.starts_with('@') { 2 } else { 1 };
        let name: Vec<&str> = rest.split('/').take(scoped).collect();
        let name = name.join("/");
        let ends =
            |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@'));
        let name = name.split(ends).next().unwrap_or_default();
        let version = name.get(1..).and_then(|tail| tail.find('@')).map(|at| at + 1);
        let name = name.get(..version.unwrap_or(name.len())).unwrap_or_default();
        return module_name(name);
    }
    let (name, version) = bare(&lower).rsplit_once('@')?;
    let numbered = version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.');
    let only = version.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
    (numbered && only && !version.contains(".example")).then(|| module_name(name)).flatten()
}

/// A name told by the words beside it.
fn spoken_of(token: &str, around: &Around<'_>, facts: &Facts<'_>) -> Option<String> {
    let lower = lower(token);
    let possessive = lower.trim_end_matches("'s").trim_end_matches("’s");
    let name = as_module(bare(possessive))?;
    let sure = sureness(name, token, facts);
    if sure == Name::Any {
        return None;
    }
    let after = around.after.map(plain).unwrap_or_default();
    let before = around.before.map(plain).unwrap_or_default();
    if MEANS.contains(&before.as_str()) {
        return None;
    }
    // A sign behind a word ends what it says: `qs, a package` and `the qs package`.
    let open = !token.ends_with(['.', ',', ';', ':', '!', '?']);
    let noun = open && is_noun(&after)
        || around.before.is_some_and(|word| !word.ends_with(['.', ',', ';', '!', '?']))
            && is_noun(&before);
    let version = open && around.after.is_some_and(is_version);
    let counts = match sure {
        Name::Known => true,
        Name::Ambiguous => noun || version,
        Name::Shaped => noun,
        Name::Any => false,
    };
    counts.then(|| name.to_owned())
}

fn sureness(name: &str, token: &str, facts: &Facts<'_>) -> Name {
    let scope = &facts.policy.scope;
    let told = scope.third_party_modules.iter().any(|module| module.eq_ignore_ascii_case(name));
    let shaped = name.starts_with('@')
        || name.rsplit_once('.').is_some_and(|(_, ending)| ending == "js")
        || token.contains('`')
        || name.contains(['-', '_']) && !is_adjective(name);
    if told || NAMES.binary_search(&name).is_ok() {
        Name::Known
    } else if WORDS.binary_search(&name).is_ok() {
        Name::Ambiguous
    } else if shaped {
        Name::Shaped
    } else {
        Name::Any
    }
}

/// `third-party`, `server-side`, `user-supplied`: how people describe things.
fn is_adjective(name: &str) -> bool {
    const ENDS: &[&str] = &[
        "party",
        "in",
        "out",
        "on",
        "side",
        "source",
        "written",
        "level",
        "date",
        "life",
        "known",
        "called",
        "made",
        "default",
        "built",
        "based",
        "only",
        "line",
        "time",
        "supplied",
        "controlled",
        "related",
        "specific",
        "free",
        "safe",
        "like",
        "facing",
        "wide",
        "maintained",
        "defined",
        "provided",
        "loaded",
        "bundled",
        "house",
        "ended",
        "critical",
        "sensitive",
        "aware",
        "end",
        "the",
        "up",
    ];
    name.rsplit(['-', '_']).next().is_some_and(|last| ENDS.contains(&last))
}

fn is_noun(word: &str) -> bool {
    NOUNS.contains(&word)
        || word.starts_with(runs_together) && NOUNS.iter().any(|noun| word.starts_with(noun))
}

/// `4.17.20`, `v2.3`, `<=6.5.2`, or the word `version` before one.
fn is_version(word: &str) -> bool {
    let word = word.trim_matches(|c: char| {
        matches!(c, '(' | ')' | ',' | ';' | ':' | '.' | '<' | '>' | '=' | '~' | '^')
    });
    let number = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let digits = number.starts_with(|c: char| c.is_ascii_digit());
    digits && number.contains('.') && number.len() <= 30
        || word.eq_ignore_ascii_case("version")
        || word.eq_ignore_ascii_case("versions")
}

fn is_ours(name: &str, facts: &Facts<'_>) -> bool {
    let policy = facts.policy;
    let base = name.trim_end_matches(".js");
    policy.project.eq_ignore_ascii_case(base)
        || policy.scope.own_modules.iter().any(|own| own.eq_ignore_ascii_case(name))
}

fn bare(token: &str) -> &str {
    token.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '@').trim_end_matches('@')
}

/// What can be the name of a module: lower case, short, nothing that a terminal or a letter minds.
fn module_name(name: &str) -> Option<String> {
    as_module(name).map(str::to_owned)
}

fn as_module(name: &str) -> Option<&str> {
    let name = name.trim_end_matches(['.', '-', '_', '/']);
    let signs = name.chars().all(|c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '/' | '@')
    });
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '@');
    let usable = (2..=60).contains(&name.len()) && signs && begins && !name.contains("//");
    (usable && name.matches('@').count() <= 1).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::authentication::Authentication;
    use crate::desk::classify::classify;
    use crate::desk::message::Message;
    use crate::desk::policy::{Policy, Scope};

    fn hinted(text: &str) -> Vec<String> {
        let scope = Scope {
            own_modules: vec!["router".to_owned()],
            third_party_modules: vec!["leftpad".to_owned()],
            threats: None,
        };
        let policy = Policy { project: "Express".to_owned(), scope, ..Policy::unconfigured() };
        let message = Message { text: text.to_owned(), ..Message::default() };
        let hints = classify(&message, &Authentication::None, &policy).hints;
        hints.iter().filter_map(|h| h.strip_prefix("third_party:")).map(str::to_owned).collect()
    }

    #[test]
    fn the_tables_are_sorted() {
        assert!(NAMES.is_sorted() && WORDS.is_sorted());
    }

    #[test]
    fn a_module_of_others_is_named_by_the_way_it_is_spoken_of() {
        for (text, name) in [
            ("The flaw is in the qs package.", "qs"),
            ("lodash 4.17.20 merges the prototype.", "lodash"),
            ("body-parser accepts a wrong length.", "body-parser"),
            ("The cookie module 0.3.1 reads too far.", "cookie"),
            ("We see it in `fancy` middleware of yours.", "fancy"),
            ("node_modules/@hapi/statehood/lib/index.js crashes", "@hapi/statehood"),
            ("It needs debug@2.6.8 to work.", "debug"),
            ("pkg:npm/ms@0.7.1 is slow", "ms"),
            ("Die Bibliothek my-parser hängt.", "my-parser"),
            ("La librería leftpad falla.", "leftpad"),
            ("lodashのmerge関数が汚染されます。", "lodash"),
            ("我们发现axios泄露令牌。", "axios"),
            ("В пакете multer утечка файлов.", "multer"),
        ] {
            assert_eq!(hinted(text), [name], "{text}");
        }
    }

    #[test]
    fn the_project_its_own_modules_tools_and_plain_words_are_no_third_party() {
        for text in [
            "express 4.18.2 crashes, and so does express@5.0.0.",
            "The router module of 4.18 ignores a slash.",
            "I sent it with axios and got no answer.",
            "A third-party module is not needed, nor a server-side library.",
            "Send the request with a cookie and a debug header.",
            "Write to ann@acorn.example or bob@4.example.",
        ] {
            assert_eq!(hinted(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_text_that_is_all_names_gives_a_few() {
        let text = "lodash axios qs multer ejs ".repeat(2_000);
        assert_eq!(hinted(&text).len(), MOST);
    }
}
