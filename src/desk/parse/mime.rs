//! Cutting a mail into its parts (RFC 2046 section 5.1), in one pass and without copying.
//!
//! It never fails: a multipart that is cut, that lacks its boundary or its closing line still
//! gives the parts that are there. Attached mails are not taken apart.

use super::fields::{Header, line_end};
use super::grammar::{self, Parametered};
use super::limits;

/// One part: a multipart that holds others, or a leaf.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    /// Content-Type; `text/plain` where none is given.
    pub(super) media: Parametered,
    /// Content-Disposition.
    pub(super) disposition: Parametered,
    /// Content-Transfer-Encoding, in lower case.
    pub(super) encoding: String,
    /// The body as it stands in the mail, still encoded.
    pub(super) body: &'a [u8],
    /// The parts inside, in order, as indices.
    pub(super) children: Vec<usize>,
}

/// All parts; the first is the mail itself.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    pub(super) parts: Vec<Part<'a>>,
    /// A boundary or a closing line is missing.
    pub(super) broken: bool,
    /// Parts over the limit were left unread.
    pub(super) over: bool,
    /// The leaf that the end of the bytes cut, if they ended inside of one.
    pub(super) cut: Option<usize>,
}

struct Open {
    part: usize,
    boundary: Vec<u8>,
}

struct Walk<'a> {
    bytes: &'a [u8],
    tree: Tree<'a>,
    open: Vec<Open>,
    /// The leaf that is being read, and where its body begins.
    leaf: Option<(usize, usize)>,
}

impl<'a> Part<'a> {
    fn read(header: &Header<'_>, standard: &str) -> Part<'a> {
        let value =
            |name: &str| header.get(name).map(|field| grammar::parametered(&field.mended()));
        let mut media = value("content-type").unwrap_or_default();
        if !media.value.contains('/') {
            standard.clone_into(&mut media.value);
        }
        let encoding =
            header.get("content-transfer-encoding").map(|f| grammar::unstructured(f.value));
        Part {
            media,
            disposition: value("content-disposition").unwrap_or_default(),
            encoding: encoding.unwrap_or_default().trim().to_ascii_lowercase(),
            ..Part::default()
        }
    }

    /// Whether it is of this type: `text/plain`, or `multipart/` for all of them.
    pub(super) fn is(&self, kind: &str) -> bool {
        if kind.ends_with('/') {
            self.media.value.starts_with(kind)
        } else {
            self.media.value == kind
        }
    }

    /// The name of the file, as it is written.
    pub(super) fn file_name(&self) -> Option<&str> {
        self.disposition.parameter("filename").or_else(|| self.media.parameter("name"))
    }
}

/// Cuts a mail whose header has been read.
pub(super) fn cut<'a>(bytes: &'a [u8], header: &Header<'_>) -> Tree<'a> {
    let tree = walk(bytes, header, None);
    let lost =
        tree.parts.first().is_some_and(|root| root.is("multipart/") && root.children.is_empty());
    if !lost {
        return tree;
    }
    match guessed_boundary(bytes, header.body) {
        Some(boundary) => Tree { broken: true, ..walk(bytes, header, Some(boundary)) },
        None => {
            let mut tree = Tree { broken: true, ..tree };
            if let Some(root) = tree.parts.first_mut() {
                root.body = bytes.get(header.body..).unwrap_or_default();
            }
            tree
        }
    }
}

fn walk<'a>(bytes: &'a [u8], header: &Header<'_>, boundary: Option<Vec<u8>>) -> Tree<'a> {
    let mut walk = Walk { bytes, tree: Tree::default(), open: Vec::new(), leaf: None };
    walk.begin(Part::read(header, "text/plain"), header.body, boundary);
    let mut at = header.body;
    while at < bytes.len() && !walk.open.is_empty() {
        let end = line_end(bytes, at);
        let line = bytes.get(at..end).unwrap_or_default();
        at = match line.strip_prefix(b"--").and_then(|rest| walk.delimits(rest)) {
            Some((level, closing)) => walk.pass(level, closing, at, end),
            None => end,
        };
    }
    walk.tree.cut = walk.leaf.map(|(part, _)| part).filter(|_| !walk.open.is_empty());
    walk.tree.broken |= !walk.open.is_empty();
    walk.end_leaf(bytes.len());
    walk.tree
}

impl<'a> Walk<'a> {
    /// Begins a part: one that holds others if it has a boundary, else a leaf.
    fn begin(&mut self, part: Part<'a>, body: usize, guessed: Option<Vec<u8>>) {
        let index = self.tree.parts.len();
        let declared =
            part.media.parameter("boundary").map(|text| text.trim_end().as_bytes().to_vec());
        let boundary = guessed.or(declared).filter(|text| !text.is_empty());
        let multipart = part.is("multipart/");
        self.tree.parts.push(part);
        match boundary {
            Some(boundary) if multipart && self.open.len() < limits::DEPTH => {
                self.open.push(Open { part: index, boundary });
            }
            _ => {
                self.tree.over |= multipart && self.open.len() >= limits::DEPTH;
                self.tree.broken |= multipart;
                self.leaf = Some((index, body));
            }
        }
    }

    /// Which open multipart a line belongs to that began with `--`, and whether it closes it.
    /// The innermost goes first; an outer one ends all that are inside of it.
    fn delimits(&self, rest: &[u8]) -> Option<(usize, bool)> {
        let rest = rest.trim_ascii_end();
        self.open.iter().enumerate().rev().find_map(|(level, open)| {
            match rest.strip_prefix(open.boundary.as_slice())? {
                b"" => Some((level, false)),
                b"--" => Some((level, true)),
                _ => None,
            }
        })
    }

    /// Passes a boundary line from `at` to `end`; gives where reading goes on.
    fn pass(&mut self, level: usize, closing: bool, at: usize, end: usize) -> usize {
        self.end_leaf(at);
        self.tree.broken |= self.open.len() > level + 1;
        self.open.truncate(if closing { level } else { level + 1 });
        let Some(parent) = self.open.get(level).map(|open| open.part).filter(|_| !closing) else {
            return end;
        };
        if self.tree.parts.len() >= limits::PARTS {
            self.tree.over = true;
            return end;
        }
        let header = Header::read(self.bytes, end, limits::PART_HEADER);
        self.tree.over |= header.over;
        let index = self.tree.parts.len();
        let mut standard = "text/plain";
        if let Some(outer) = self.tree.parts.get_mut(parent) {
            outer.children.push(index);
            if outer.is("multipart/digest") {
                standard = "message/rfc822";
            }
        }
        // A boundary right after the part's header is not a field, so the header ends before it.
        self.begin(Part::read(&header, standard), header.body, None);
        header.body
    }

    /// Ends the leaf that is being read; the line break before a boundary belongs to the boundary.
    fn end_leaf(&mut self, at: usize) {
        let Some((index, start)) = self.leaf.take() else { return };
        let body = self.bytes.get(start..at).unwrap_or_default();
        let body = if self.open.is_empty() {
            body
        } else {
            let body = body.strip_suffix(b"\n").unwrap_or(body);
            body.strip_suffix(b"\r").unwrap_or(body)
        };
        if let Some(part) = self.tree.parts.get_mut(index) {
            part.body = body;
        }
    }
}

/// The boundary of a multipart that does not name it rightly: a line of two hyphens that a
/// Content- field follows.
fn guessed_boundary(bytes: &[u8], mut at: usize) -> Option<Vec<u8>> {
    while at < bytes.len() {
        let end = line_end(bytes, at);
        let line = bytes.get(at..end)?.trim_ascii_end();
        let next = bytes.get(end..line_end(bytes, end)).unwrap_or_default();
        let follows = next.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
        if let Some(boundary) = line.strip_prefix(b"--")
            && !boundary.is_empty()
            && follows
        {
            return Some(boundary.to_vec());
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(mail: &str) -> Vec<String> {
        let header = Header::read(mail.as_bytes(), 0, limits::HEADER);
        let tree = cut(mail.as_bytes(), &header);
        let show = |part: &Part<'_>| {
            format!("{} {}", part.media.value, String::from_utf8_lossy(part.body).trim())
        };
        tree.parts.iter().map(|part| show(part).trim().to_owned()).collect()
    }

    #[test]
    fn an_outer_boundary_ends_what_is_open_inside() {
        let mail = "Content-Type: multipart/mixed; boundary=o\n\n--o\n\
            Content-Type: multipart/alternative; boundary=i\n\n--i\n\none\n--o\n\ntwo\n--o--\n";
        assert_eq!(
            shape(mail),
            ["multipart/mixed", "multipart/alternative", "text/plain one", "text/plain two"]
        );
    }

    #[test]
    fn a_boundary_that_begins_like_another_is_another() {
        let mail =
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--bb\nstill one\n--b--\n";
        assert_eq!(shape(mail), ["multipart/mixed", "text/plain one\n--bb\nstill one"]);
    }

    #[test]
    fn a_multipart_that_hides_its_boundary_is_taken_apart_all_the_same() {
        for field in ["multipart/mixed", "multipart/mixed; boundary=wrong"] {
            let mail =
                format!("Content-Type: {field}\n\n--x\nContent-Type: text/plain\n\none\n--x--\n");
            assert_eq!(shape(&mail), ["multipart/mixed", "text/plain one"]);
        }
    }

    #[test]
    fn a_mail_cut_in_its_text_gives_the_text_so_far() {
        let mail = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhalf a sent";
        assert_eq!(shape(mail), ["multipart/mixed", "text/plain half a sent"]);
    }
}
