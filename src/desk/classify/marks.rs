//! What shows that a text speaks of software, in any language: code, paths, versions, payloads.

use std::sync::LazyLock;

use super::links::ends_like_a_host;
use super::lists::{Pieces, Words, lower};

/// Names of currencies, and of great amounts.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "usd", "eur", "euro", "euros", "gbp", "chf", "dollar", "dollars", "pounds", "rub", "руб", "рублей",
    "евро", "долларов", "yen", "yuan", "rmb", "inr", "rs", "reais", "zł", "pln", "kč", "kr", "sek",
    "nok", "dkk", "tl", "lira", "million", "millions", "mio", "млн",
];

/// Signs that stand in code and payloads.
#[rustfmt::skip]
const SIGNS: &[&str] = &[
    "()", "=>", "::", "->", "==", "!=", "&&", "||", "${", "$(", "</", "/>", "<script", "../",
    "..\\", "%0d", "%0a", "%2e", "%00", "%3c", "%0D", "%0A", "%2E", "%3C", "%2f", "%2F", "%5c", "%5C", "%25", "\\x",
    "\\u", "\\n", "\\r", "__", "{{", "}}", "[]", "{\"", "\":", "=\"", "='", "({", "})", "(\"",
    "('", "\")", "')", "alert(", "1=1", ";--", "<%", "<?php",
];

static CURRENCIES: LazyLock<Words> = LazyLock::new(|| Words::of(&[NAMES]));
static CODE: LazyLock<Pieces> = LazyLock::new(|| Pieces::of(SIGNS));

/// How much one token tells: nothing, a fact (a version, a path), or code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// An ordinary word.
    None,
    /// A version, a path, a header name, a hexadecimal number.
    Fact,
    /// A piece of code or a payload.
    Code,
}

/// Judges a token: what stands between two blanks. A plain word has no mark.
pub(super) fn mark(token: &str) -> Mark {
    let bare = token.trim_matches(|c: char| {
        matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '(' | ')' | '*' | '`')
    });
    if token.len() < 2 || token.len() > 4_000 || bare.is_empty() {
        return Mark::None;
    }
    if is_code(token, bare) {
        Mark::Code
    } else if has_digit(bare) && is_version(bare)
        || is_path(bare)
        || is_header_name(bare)
        || is_hexadecimal(bare)
        || is_flag(token)
    {
        Mark::Fact
    } else {
        Mark::None
    }
}

/// `CWE-79` in any case, without what stands around it.
pub(super) fn weakness(token: &str) -> Option<String> {
    let inner = token.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let (name, number) = inner.split_once('-')?;
    let number: String = number.chars().take_while(char::is_ascii_digit).take(6).collect();
    (name.eq_ignore_ascii_case("cwe") && !number.is_empty()).then(|| format!("CWE-{number}"))
}

/// `18.9.`, `20/9`, `2026-09-20`: a day.
pub(super) fn is_date(token: &str) -> bool {
    let bare = token.trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '!' | '?' | '(' | ')'));
    let parts: Vec<&str> =
        bare.split(['.', '/', '-']).filter(|part| !part.is_empty()).take(4).collect();
    let number = |part: &&str| part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
    let day = |part: &&str| part.parse::<u8>().is_ok_and(|n| (1..=31).contains(&n));
    let few = bare.len() <= 10 && (2..=3).contains(&parts.len()) && parts.iter().all(number);
    // `4.18` is a version; with a dot at the end, or with a slash, it is a day.
    let written = bare.ends_with('.') && parts.len() == 2 || bare.contains('/') || parts.len() == 3;
    few && written && parts.iter().filter(|part| day(part)).count() >= 2
}

/// `$15`, `499€`, `70%`, `USD`: an amount of money, a part of one, or a currency.
pub(super) fn is_money(token: &str) -> bool {
    const SIGNS: &[char] = &['$', '€', '£', '¥', '₽', '₹', '₩', '₺', '元', '円', '원', '%'];
    let bare =
        token.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')'));
    let digits = bare.bytes().any(|b| b.is_ascii_digit());
    // An amount alone is a sign and digits: `100%25` and `$(id)` are payloads.
    let amount = bare
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+') || SIGNS.contains(&c));
    let sign = bare.contains(SIGNS);
    sign && amount && (digits || bare.chars().count() == 1 && bare != "$" && bare != "%")
        || is_currency(bare)
}

/// Whether a word without its signs names a currency.
pub(super) fn is_currency(bare: &str) -> bool {
    bare.len() <= 20 && CURRENCIES.hold(&lower(bare))
}

/// Versions, days, classes and amounts all have one.
pub(super) fn has_digit(token: &str) -> bool {
    token.bytes().any(|b| b.is_ascii_digit())
}

/// Nearly all tokens: small letters, perhaps with signs behind. Told without the signs.
pub(super) fn plain_word(token: &str) -> Option<&str> {
    let inner = token.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    inner.bytes().all(|b| b.is_ascii_lowercase()).then_some(inner)
}

fn is_code(token: &str, bare: &str) -> bool {
    CODE.within(token) || is_call(token) || is_dotted_name(bare) || is_joined_name(bare)
}

/// `name(…`: letters directly before a bracket. `file(s)` is no call.
fn is_call(token: &str) -> bool {
    let Some((name, rest)) = token.split_once('(') else { return false };
    name.len() > 1
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$'))
        && !matches!(rest, "s" | "s)" | "s)." | "s)," | "es)" | "en)" | "er)" | "n)")
}

/// `req.body`, `index.js`: names joined by dots, but no host, no sentence without its blank.
fn is_dotted_name(bare: &str) -> bool {
    const SHORT: &[&str] =
        &["e.g", "i.e", "z.b", "u.a", "d.h", "a.m", "p.m", "b.v", "s.r.l", "s.a", "p.s", "n.b"];
    let mut labels = bare.split('.');
    let name = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'-'))
    };
    let last = bare.rsplit('.').next().unwrap_or_default();
    bare.contains('.')
        && !bare.contains('@')
        && labels.all(name)
        && bare.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && last.starts_with(|c: char| c.is_ascii_alphabetic())
        && !ends_like_a_host(bare)
        && !SHORT.contains(&lower(bare).as_ref())
        && !lower(bare).starts_with("www.")
}

/// `snake_case`, `camelCase`.
fn is_joined_name(bare: &str) -> bool {
    let snake = bare.split('_').count() > 1
        && bare.split('_').all(|w| w.bytes().all(|b| b.is_ascii_alphanumeric()) && !w.is_empty());
    let camel = bare.starts_with(|c: char| c.is_ascii_lowercase())
        && bare.bytes().all(|b| b.is_ascii_alphanumeric())
        && bare
            .bytes()
            .zip(bare.bytes().skip(1))
            .any(|(a, b)| a.is_ascii_lowercase() && b.is_ascii_uppercase());
    (snake || camel) && bare.len() > 4
}

/// `4.18`, `v5.0.0-beta.3`, `4.x`, `>=4.17`. Not a date, not an amount.
pub(super) fn is_version(token: &str) -> bool {
    let bare = token.trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '!' | '?' | '(' | ')'));
    let bare = bare.trim_end_matches('.');
    let bare = bare.trim_start_matches(['<', '>', '=', '~', '^', '≤', '≥', 'v', 'V']);
    let (numbers, _) = bare.split_once('-').unwrap_or((bare, ""));
    let parts: Vec<&str> = numbers.split('.').take(6).collect();
    let number =
        |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let open = |part: &&str| matches!(*part, "x" | "X" | "*") || number(part);
    (2..=4).contains(&parts.len())
        && parts.first().is_some_and(number)
        && parts.iter().skip(1).all(open)
        && !parts.last().is_some_and(|year| parts.len() == 3 && year.len() == 4)
}

/// `/admin/users`, `C:\temp`, `src/router/index`.
fn is_path(bare: &str) -> bool {
    let letters = bare.bytes().any(|b| b.is_ascii_alphabetic());
    let rooted =
        bare.starts_with('/') && bare.len() > 1 || bare.starts_with("~/") || bare.starts_with("./");
    let drive = bare.get(1..3) == Some(":\\");
    let deep = bare.matches('/').count() > 1 && !bare.contains("://");
    letters && (rooted || drive || deep) && bare.is_ascii()
}

/// `X-Forwarded-For`, `Content-Type`: capitals joined by hyphens.
fn is_header_name(bare: &str) -> bool {
    let capital = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.bytes().all(|b| b.is_ascii_alphabetic())
    };
    bare.split('-').count() > 1
        && bare.split('-').all(capital)
        && (bare.starts_with("X-") || bare.split('-').count() > 2)
}

fn is_hexadecimal(bare: &str) -> bool {
    bare.strip_prefix("0x")
        .is_some_and(|digits| digits.len() > 1 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `--max-header-size`, `-I`.
fn is_flag(token: &str) -> bool {
    let long = token
        .strip_prefix("--")
        .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
    let short = token
        .strip_prefix('-')
        .is_some_and(|name| name.len() == 1 && name.bytes().all(|b| b.is_ascii_alphabetic()));
    long || short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_words() {
        for token in [
            "res.redirect",
            "express.text()",
            "fetch('http://x/",
            "deepMerge(config,",
            "__proto__",
            "{\"a\":1}",
            "..%2f..%2f",
            "index.js",
            "max_len",
            "<script>alert(1)</script>",
        ] {
            assert_eq!(mark(token), Mark::Code, "{token}");
        }
        for token in [
            "4.18",
            "v5.0.0-beta.3",
            "4.x",
            "(>=4.17)",
            "/admin/users",
            "X-Forwarded-For",
            "0x41",
            "--fuzz",
            "-I",
            "/secret/.",
        ] {
            assert_eq!(mark(token), Mark::Fact, "{token}");
        }
        for token in [
            "hello,",
            "file(s)",
            "drive.example",
            "www.project.example",
            "e.g.",
            "and/or",
            "2026",
            "20.09.2026",
            "ann@acorn.example",
            "15:30",
            "state-of-the-art",
            "Ärger",
            "WhatsApp",
            "50%",
        ] {
            let mark = plain_word(token).map_or_else(|| mark(token), |_| Mark::None);
            assert_eq!(mark, Mark::None, "{token}");
        }
    }
}
