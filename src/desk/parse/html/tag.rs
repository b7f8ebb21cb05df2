//! One tag of HTML, and what its name and attributes mean for what is seen.

use super::style;

/// A start or end tag.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    /// In lower case.
    pub(super) name: String,
    pub(super) closing: bool,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Tag<'a> {
    /// Reads the tag after its `<`, and gives what follows its `>`. None if it is no tag.
    pub(super) fn read(markup: &'a str) -> Option<(Tag<'a>, &'a str)> {
        let (closing, markup) = match markup.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, markup),
        };
        let length = markup.bytes().take(40).take_while(|b| name_byte(*b)).count();
        let (name, mut rest) = markup.split_at_checked(length)?;
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if let Some(after) = rest.strip_prefix('>') {
                return Some((Tag { name: name.to_ascii_lowercase(), closing, attributes }, after));
            }
            if rest.is_empty() {
                // The page was cut inside of this tag.
                return Some((Tag { name: name.to_ascii_lowercase(), closing, attributes }, rest));
            }
            let (attribute, after) = attribute(rest);
            if attributes.len() < 50 {
                attributes.push(attribute);
            }
            rest = after;
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// Hidden by itself: an attribute, its style, or an element that is never shown.
    pub(super) fn is_hidden(&self) -> bool {
        matches!(self.name.as_str(), "head" | "title" | "template" | "datalist" | "noframes")
            || self.attribute("hidden").is_some()
            || self.attribute("style").is_some_and(style::hides)
    }

    /// The address that it links to, if a person could follow it out of the mail.
    pub(super) fn link(&self) -> Option<String> {
        let address = self.attribute("href").filter(|_| self.name == "a")?.trim();
        let outward = ["http:", "https:", "ftp:", "//"].iter().any(|s| starts_with(address, s));
        let whole: String = address.chars().filter(|c| !c.is_control()).take(2_000).collect();
        outward.then(|| whole.replace("&amp;", "&").replace(['<', '>', ' '], ""))
    }

    /// Elements that have no content.
    pub(super) fn is_void(&self) -> bool {
        matches!(
            self.name.as_str(),
            "area"
                | "base"
                | "br"
                | "col"
                | "embed"
                | "hr"
                | "img"
                | "input"
                | "link"
                | "meta"
                | "param"
                | "source"
                | "track"
                | "wbr"
        )
    }

    /// Elements whose content is not markup.
    pub(super) fn is_raw(&self) -> bool {
        matches!(self.name.as_str(), "style" | "script" | "textarea" | "iframe" | "noembed")
    }

    /// Whether its beginning ends an open element of that name: paragraphs, list items and cells
    /// are often left open.
    pub(super) fn ends(&self, open: &str) -> bool {
        match open {
            "p" => is_block(&self.name),
            "li" => self.name == "li",
            "td" | "th" => matches!(self.name.as_str(), "td" | "th" | "tr"),
            "tr" => self.name == "tr",
            "head" => self.name == "body",
            _ => false,
        }
    }
}

/// Elements that stand on lines of their own.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "li"
            | "main"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tr"
            | "ul"
            | "caption"
    )
}

/// Whether a text starts with this ASCII text, whatever its case.
pub(super) fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'_')
}

/// The next attribute, and what follows it. Always takes at least one character.
fn attribute(text: &str) -> ((&str, &str), &str) {
    let end = text.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'));
    let (name, rest) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""));
    let Some(value) = rest.trim_start().strip_prefix('=') else {
        return ((name, ""), rest);
    };
    let value = value.trim_start();
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            let (inside, rest) = quoted.split_once(quote).unwrap_or((quoted, ""));
            return ((name, inside), rest);
        }
    }
    let end = value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len());
    let (inside, rest) = value.split_at_checked(end).unwrap_or((value, ""));
    ((name, inside), rest)
}
