//! Which parts are the body, what a person sees of them, and what is an attachment.

use std::borrow::Cow;

use crate::desk::message::{Attachment, Defect, Encryption};

use super::mime::{Part, Tree};
use super::{charset, clean, flowed, grammar, html, limits};

/// What the parts of a mail show.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
    pub(super) encrypted: Option<Encryption>,
    pub(super) defects: Vec<Defect>,
}

/// A plain text of so many letters stands for itself; the HTML beside it is not even looked at.
const ENOUGH: usize = 200;

/// Reads what the parts show.
pub(super) fn read(tree: &Tree<'_>) -> Body {
    read_at(tree, false)
}

/// The same for an entity that was found inside of a part.
pub(super) fn read_inner(tree: &Tree<'_>) -> Body {
    read_at(tree, true)
}

fn read_at(tree: &Tree<'_>, inner: bool) -> Body {
    let mut reader = Reader { tree, body: Body::default(), sealed: false, inner };
    let text = reader.part(0, true);
    let (text, cut) = clean::lines(&text, limits::TEXT);
    reader.body.text = text;
    if cut {
        reader.body.defects.push(Defect::OverLimit);
    }
    let sealed = reader.sealed;
    let mut body = reader.body;
    if body.encrypted.is_none() && sealed {
        body.encrypted = Some(Encryption::PgpMime);
    }
    if body.encrypted.is_none() && body.text.contains("-----BEGIN PGP MESSAGE-----") {
        body.encrypted = Some(Encryption::PgpInline);
    }
    body
}

/// The bytes of a leaf, its transfer encoding undone, as far as the limit allows.
pub(super) fn decoded<'a>(part: &Part<'a>, most: usize) -> Cow<'a, [u8]> {
    match part.encoding.as_str() {
        "base64" => {
            let bytes = part.body.get(..most.saturating_mul(3) / 2).unwrap_or(part.body);
            Cow::Owned(grammar::base64(bytes))
        }
        "quoted-printable" => {
            let bytes = part.body.get(..most.saturating_mul(3)).unwrap_or(part.body);
            Cow::Owned(grammar::quoted_printable(bytes))
        }
        _ => Cow::Borrowed(part.body.get(..most).unwrap_or(part.body)),
    }
}

struct Reader<'t, 'a> {
    tree: &'t Tree<'a>,
    body: Body,
    /// A part says `application/pgp-encrypted`, wherever it stands.
    sealed: bool,
    /// What is read was itself found inside of a part: no signed content is opened in it again.
    inner: bool,
}

impl Reader<'_, '_> {
    /// The text that a part shows; attachments are noted on the way. `first` says that nothing
    /// has been shown before it.
    fn part(&mut self, index: usize, first: bool) -> String {
        let tree = self.tree;
        let Some(part) = tree.parts.get(index) else { return String::new() };
        if part.is("multipart/") && !part.children.is_empty() {
            return match part.media.value.as_str() {
                "multipart/alternative" => self.alternative(&part.children, first),
                "multipart/encrypted" => {
                    self.body.encrypted = Some(Encryption::PgpMime);
                    String::new()
                }
                _ => self.sequence(&part.children, first),
            };
        }
        self.leaf(part, first, index)
    }

    fn sequence(&mut self, children: &[usize], first: bool) -> String {
        let mut text = String::new();
        for child in children {
            let shown = self.part(*child, first && text.is_empty());
            if !text.is_empty() && !shown.is_empty() {
                text.push('\n');
            }
            if text.len() <= limits::TEXT {
                text.push_str(&shown);
            }
        }
        text
    }

    /// The same text in several forms (RFC 2046 section 5.1.4). The plain one is taken, unless it
    /// is much shorter than another: then it only says that there is another.
    fn alternative(&mut self, children: &[usize], first: bool) -> String {
        let is_page =
            |index: &usize| self.tree.parts.get(*index).is_some_and(|p| !p.is("text/plain"));
        let (pages, plain): (Vec<usize>, Vec<usize>) = children.iter().partition(|c| is_page(c));
        let mut best = self.sequence(&plain, first);
        for page in pages {
            let is_html = self.tree.parts.get(page).is_some_and(|part| part.is("text/html"));
            if is_html && letters(&best) >= ENOUGH {
                continue;
            }
            let shown = self.part(page, first && best.is_empty());
            if letters(&shown) > 2 * letters(&best) {
                best = shown;
            }
        }
        best
    }

    fn leaf(&mut self, part: &Part<'_>, first: bool, index: usize) -> String {
        match part.media.value.as_str() {
            "application/pgp-encrypted" => self.sealed = true,
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => return self.smime(part),
            _ => {}
        }
        // A multipart without any part: programs that lost the boundary on the way.
        let unparted = index == 0 && part.is("multipart/");
        if !unparted && !shown_in_body(part, first) {
            self.attach(part);
            return String::new();
        }
        self.text(part)
    }

    fn text(&mut self, part: &Part<'_>) -> String {
        let bytes = decoded(part, limits::TEXT_PART);
        let (text, bad) = charset::decode(&bytes, part.media.parameter("charset"));
        if bad {
            self.body.defects.push(Defect::Charset);
        }
        if part.is("text/html") {
            let page = html::render(&text);
            for kind in page.pictures.into_iter().take(limits::PARTS) {
                self.note(Attachment {
                    content_type: kind,
                    name: String::new(),
                    inline: true,
                    size: 0,
                });
            }
            return page.text;
        }
        let is_flowed =
            part.media.parameter("format").is_some_and(|f| f.eq_ignore_ascii_case("flowed"));
        if is_flowed {
            let delsp =
                part.media.parameter("delsp").is_some_and(|d| d.eq_ignore_ascii_case("yes"));
            return flowed::unfold(&text, delsp);
        }
        text
    }

    /// S/MIME (RFC 8551 section 3.2): enveloped is encrypted; signed-only holds its text in clear.
    fn smime(&mut self, part: &Part<'_>) -> String {
        let kind = part.media.parameter("smime-type").unwrap_or_default().to_ascii_lowercase();
        let bytes = decoded(part, limits::TEXT_PART);
        let inside = signed_content(&bytes).filter(|_| !self.inner && !kind.contains("enveloped"));
        let Some(inside) = inside else {
            if self.inner
                || kind == "signed-data"
                || kind == "certs-only"
                || kind == "compressed-data"
            {
                self.attach(part);
            } else {
                self.body.encrypted = Some(Encryption::Smime);
            }
            return String::new();
        };
        let shown = super::shown(inside);
        shown.attachments.into_iter().for_each(|one| self.note(one));
        shown.text
    }

    fn attach(&mut self, part: &Part<'_>) {
        let name = part.file_name().unwrap_or_default();
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        self.note(Attachment {
            content_type: clean::one_line(&part.media.value, limits::NAME).0,
            name: clean::one_line(name, limits::NAME).0,
            inline: part.disposition.value != "attachment",
            size: decoded_size(part),
        });
    }

    fn note(&mut self, attachment: Attachment) {
        if self.body.attachments.len() < limits::PARTS {
            self.body.attachments.push(attachment);
        }
    }
}

/// Whether mail readers show this leaf as text of the mail. A named file is one even if it is
/// text; only the first text of a mail may bear a name, since some mailers name the body.
fn shown_in_body(part: &Part<'_>, first: bool) -> bool {
    const FILES: [&str; 8] = [
        "text/calendar",
        "text/rfc822-headers",
        "text/css",
        "text/csv",
        "text/xml",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
    ];
    part.is("text/")
        && part.disposition.value != "attachment"
        && !FILES.contains(&part.media.value.as_str())
        && (part.file_name().is_none() || first && part.disposition.value.is_empty())
}

/// How many bytes a leaf has without its transfer encoding, without decoding it.
fn decoded_size(part: &Part<'_>) -> usize {
    if part.encoding != "base64" {
        return part.body.len();
    }
    let digits = part.body.iter().filter(|b| **b > b' ' && **b != b'=').count();
    digits / 4 * 3 + (digits % 4).saturating_sub(1)
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).take(4 * ENOUGH).count()
}

/// The MIME entity inside of a CMS SignedData (RFC 5652 section 5.2): the octet string that begins
/// with a Content- field. Only looked for, never verified.
fn signed_content(der: &[u8]) -> Option<&[u8]> {
    let start = der.windows(8).take(4096).position(|w| w.eq_ignore_ascii_case(b"content-"))?;
    let head = der.get(start.saturating_sub(6)..start)?;
    let long = |marker: u8, length: &[u8]| -> Option<usize> {
        (head.get(head.len().checked_sub(length.len() + 2)?..)?.starts_with(&[0x04, marker]))
            .then(|| length.iter().fold(0, |n, b| n << 8 | usize::from(*b)))
    };
    let tail = |n: usize| head.get(head.len().saturating_sub(n)..).unwrap_or_default();
    let length =
        long(0x83, tail(3)).or_else(|| long(0x82, tail(2))).or_else(|| long(0x81, tail(1)));
    let content = der.get(start..)?;
    Some(length.and_then(|n| content.get(..n)).unwrap_or(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_signed_smime_mail_is_found() {
        let text = b"Content-Type: text/plain\r\n\r\nhello";
        let mut der = vec![0x30, 0x80, 0x04, 0x81, u8::try_from(text.len()).unwrap()];
        der.extend_from_slice(text);
        der.extend_from_slice(&[0x31, 0x00, 0xff]);
        assert_eq!(signed_content(&der), Some(text.as_slice()));
        assert_eq!(signed_content(b"0\x82nothing readable in here"), None);
    }
}
