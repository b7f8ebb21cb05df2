//! What the sender wrote for us: the text without signatures, armour, legal footers and, in a
//! reply, without what it quotes.

use super::words::letters::{CLOSINGS, COPIES, FORWARDS, ORIGINAL_AUTHOR, ORIGINAL_DATE, REPLIES};
use crate::desk::message::Message;

/// The sender's own words, and what was taken away to get them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) text: String,
    /// Without what is quoted or forwarded, where a first mail holds such: what it quotes may be
    /// the report, but a machine's words in there are not the sender's.
    pub(super) voice: Option<String>,
    pub(super) quote: bool,
    pub(super) signature: bool,
}

/// A signature has at most so many lines; what is longer is a part of the text.
const SIGNATURE_LINES: usize = 15;

/// Reads the sender's own words out of a mail.
pub(super) fn words(message: &Message) -> Own {
    let mut own = Own::default();
    let text = without_armour(&message.text);
    let text =
        if is_reply(message) { answered(message, &text, &mut own.quote) } else { dequoted(&text) };
    own.text = without_signature(without_copy(&text), &mut own.signature);
    own.voice =
        if own.quote { None } else { voice(&without_armour(&message.text), is_reply(message)) };
    own
}

/// Whether it answers a mail, by its fields or by its subject.
pub(super) fn is_reply(message: &Message) -> bool {
    !message.in_reply_to.is_empty() || !message.references.is_empty() || is_titled_reply(message)
}

fn is_titled_reply(message: &Message) -> bool {
    let prefix =
        message.subject.split([':', '：']).next().filter(|p| p.len() < message.subject.len());
    let prefix = prefix.map(|p| p.split('[').next().unwrap_or(p).trim().to_lowercase());
    prefix.is_some_and(|prefix| REPLIES.contains(&prefix.as_str()))
}

/// What an answer says itself. Mail that is forwarded names the first one in its fields too: where
/// nothing is said beside it and the subject is no answer's, what was forwarded is the content.
fn answered(message: &Message, text: &str, quote: &mut bool) -> String {
    let own = without_quotes(text, quote);
    if own.trim().is_empty() && !is_titled_reply(message) {
        *quote = false;
        return dequoted(text);
    }
    own
}

/// Takes OpenPGP armour away (RFC 9580 sections 6.2 and 7): of a signed text the text stays.
fn without_armour(text: &str) -> String {
    if !text.contains("-----BEGIN PGP") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let (mut block, mut heading, mut signed) = (false, false, false);
    for line in text.lines() {
        let line_end = line.trim_end();
        if line_end.starts_with("-----BEGIN PGP SIGNED MESSAGE") {
            (heading, signed) = (true, true);
        } else if line_end.starts_with("-----BEGIN PGP") {
            block = true;
        } else if line_end.starts_with("-----END PGP") {
            (block, signed) = (false, false);
        } else if heading {
            heading = !line_end.is_empty();
        } else if !block {
            let line = line.strip_prefix("- ").filter(|_| signed).unwrap_or(line);
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// In a first mail a quoted block may be the report: only its marks are taken away.
fn dequoted(text: &str) -> String {
    let bare = |line: &str| line.trim_start_matches(['>', ' ']).to_owned();
    let line = |line: &str| if line.starts_with('>') { bare(line) } else { line.to_owned() };
    text.lines().flat_map(|one| [line(one), "\n".to_owned()]).collect()
}

/// In a reply what is quoted was written by others.
fn without_quotes(text: &str, quote: &mut bool) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if begins_original(line, lines.clone()) {
            *quote = true;
            break;
        }
        if line.starts_with('>') {
            *quote = true;
            drop_attribution(&mut kept);
        } else {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// `-----Original Message-----` and the header block that mail readers put above what they quote.
fn begins_original<'a>(line: &str, mut rest: impl Iterator<Item = &'a str>) -> bool {
    let dashed = line.trim().strip_prefix("-----").and_then(|rest| rest.strip_suffix("-----"));
    let field = |line: &str| {
        line.split_once(':').map(|(name, _)| name.trim_matches(['*', ' ']).to_lowercase())
    };
    let is =
        |line: &str, names: &[&str]| field(line).is_some_and(|name| names.contains(&name.as_str()));
    // Where answers go may stand between the author and the date.
    let mut dated = || {
        let next = rest.next().filter(|next| field(next).is_some());
        next.is_some_and(|next| is(next, ORIGINAL_DATE))
    };
    dashed.is_some_and(|inside| inside.contains(' ') && !inside.contains("PGP"))
        || is(line, ORIGINAL_AUTHOR) && (dated() || dated())
}

/// Takes away the line that says who wrote what is quoted: it stands right above and ends in a
/// colon. It may be broken over two lines.
fn drop_attribution(kept: &mut Vec<&str>) {
    while kept.last().is_some_and(|line| line.trim().is_empty()) {
        kept.pop();
    }
    let colon = |line: &&str| line.trim_end().ends_with([':', '：']);
    if kept.last().is_some_and(colon)
        && let Some(line) = kept.pop()
        && line.split_whitespace().count() < 4
        && kept.last().is_some_and(|above| above.contains('@') || above.contains(','))
    {
        kept.pop();
    }
}

/// What stands outside of quotes and above what is forwarded; none where there is neither. What an
/// answer quotes may have lost its marks: then only the line above tells that it begins.
fn voice(text: &str, answers: bool) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    let mut foreign = false;
    for line in text.lines() {
        if begins_forward(line) || answers && is_attribution(kept.last().copied(), line) {
            foreign = true;
            break;
        }
        if line.starts_with('>') {
            foreign = true;
        } else {
            kept.push(line);
        }
    }
    foreign.then(|| kept.join("\n"))
}

/// `On Tue, 1 Sep 2026 at 10:11 Ann <ann@acorn.example> wrote:`, perhaps broken over two lines.
fn is_attribution(above: Option<&str>, line: &str) -> bool {
    let ends = line.trim_end().ends_with([':', '：']);
    let names = |text: &str| {
        text.contains('@')
            && text.contains([':', '/', '-'])
            && text.bytes().any(|b| b.is_ascii_digit())
    };
    let short = line.split_whitespace().count() < 4;
    ends && (names(line) || short && above.is_some_and(names))
}

/// `---------- Forwarded message ---------`, `Begin forwarded message:`.
fn begins_forward(line: &str) -> bool {
    let line = line.trim();
    let dashed = line.starts_with("-----");
    let inside = line.trim_matches(['-', ' ', ':']).to_lowercase();
    (dashed || line.ends_with(':')) && FORWARDS.iter().any(|words| inside.starts_with(words))
}

/// Takes away the copy of a mail that a machine sends back.
fn without_copy(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let short = line.len() < 120 && at > 0;
        if short && begins_copy(line) {
            return text.get(..at).unwrap_or(text);
        }
        at += line.len();
    }
    text
}

fn begins_copy(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['-', ' ', '|', '*', '=']).to_ascii_lowercase();
    COPIES.iter().any(|copy| line.starts_with(copy))
}

fn without_signature(text: &str, signature: &mut bool) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let ends = |n: usize, line: &str| {
        let left = lines.len() - n - 1;
        match line.trim_end() {
            "--" if line == "-- " || left <= SIGNATURE_LINES => true,
            line if is_footer(line) => true,
            line => {
                left <= SIGNATURE_LINES
                    && n > 0
                    && is_closing(line)
                    && !speaks_on(lines.get(n + 1..))
            }
        }
    };
    let end = lines.iter().enumerate().position(|(n, line)| ends(n, line));
    *signature = end.is_some();
    lines.get(..end.unwrap_or(lines.len())).unwrap_or_default().join("\n")
}

/// The line that list servers put above their footer: underscores, or `-=-=-` at groups.io.
fn is_footer(line: &str) -> bool {
    let underlined = line.len() >= 30 && line.bytes().all(|b| b == b'_');
    underlined || line.contains("-=-=-=-=") && line.bytes().all(|b| b"-=".contains(&b))
}

fn is_closing(line: &str) -> bool {
    line.len() < 80 && CLOSINGS.contains(&super::lexicon::plain(line).as_str())
}

/// Whether what stands below a closing is more than a name and an office: long lines, a postscript.
fn speaks_on(rest: Option<&[&str]>) -> bool {
    let lines = rest.unwrap_or_default();
    let long = lines.iter().filter(|line| line.chars().count() > 100).count();
    let postscript = |line: &&str| {
        let start: String = line.trim_start().chars().take(4).collect();
        matches!(start.to_lowercase().get(..3), Some("ps:" | "ps " | "p.s" | "ps."))
    };
    long > 1 || lines.iter().any(postscript)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(subject: &str, text: &str) -> String {
        let message =
            Message { subject: subject.to_owned(), text: text.to_owned(), ..Message::default() };
        words(&message).text.trim().to_owned()
    }

    #[test]
    fn a_quote_counts_in_a_first_mail_and_not_in_a_reply() {
        let text = "We plan to print:\n\n> The parser hangs.\n\nObjections?";
        assert!(own("Draft", text).contains("The parser hangs."));
        assert!(!own("Re: Draft", text).contains("hangs"));
        assert_eq!(
            own("AW: x", "Ja.\n\nAm 2.9.2026 schrieb Express <a@x.example>:\n> Frage?"),
            "Ja."
        );
        assert_eq!(
            own("RE: x", "Yes.\n\nFrom: Express <a@x.example>\nSent: Tuesday\n\nQuestion?"),
            "Yes."
        );
    }

    #[test]
    fn signatures_end_the_text() {
        assert_eq!(own("x", "text\n\n-- \nGwen | fuzzing"), "text");
        assert_eq!(own("x", "text\n-=-=-=-=-=-=-=-=-=-=-=-\nGroups.io Links: mute"), "text");
        assert_eq!(own("x", "text\n\nBest regards,\nGwen\nExploit development"), "text");
        assert_eq!(own("x", "text\n\nMit freundlichen Grüßen\nGwen"), "text");
        assert!(own("x", "Thanks\nGwen\nPS: it crashes too").contains("crashes"));
    }

    #[test]
    fn of_a_signed_text_the_text_stays() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\ntext\n- --x\n-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n";
        assert_eq!(own("x", text), "text\n--x");
        assert_eq!(
            own("x", "a\n-----BEGIN PGP MESSAGE-----\n\nhF4D\n-----END PGP MESSAGE-----\nb"),
            "a\nb"
        );
    }
}
