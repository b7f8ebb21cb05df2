//! HTML as the text that a person would see: without style, script, comments and hidden elements.
//!
//! Linear in its input and flat: no tree is built, so no depth can exhaust the stack. It follows
//! what mail readers show, not the HTML standard to the letter.

mod style;
mod tag;

use super::{grammar, limits};
use tag::Tag;

/// What a page shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The visible text; a link stands behind its words in angle brackets.
    pub(super) text: String,
    /// Media types of the pictures that are written into the page itself (`data:` addresses).
    pub(super) pictures: Vec<String>,
}

/// An element whose end has not been seen.
struct Element {
    name: String,
    hidden: bool,
    quote: bool,
    verbatim: bool,
    /// The address of a link, and where its words begin in the text.
    link: Option<(String, usize)>,
}

#[derive(Default)]
struct Screen {
    page: Page,
    open: Vec<Element>,
    hidden_by: style::Hidden,
    quotes: usize,
    hidden: usize,
    verbatim: usize,
    blank: bool,
}

/// Renders a page or a fragment.
pub(super) fn render(html: &str) -> Page {
    let mut screen = Screen::default();
    let mut rest = html;
    while let Some((text, markup)) = rest.split_once('<') {
        screen.text(text);
        rest = screen.markup(markup);
        if screen.page.text.len() > limits::TEXT {
            return screen.page;
        }
    }
    screen.text(rest);
    screen.page
}

impl Screen {
    /// Reads what follows a `<`; gives what follows its `>`.
    fn markup<'a>(&mut self, markup: &'a str) -> &'a str {
        if let Some(comment) = markup.strip_prefix("!--") {
            return after(comment, "-->");
        }
        if markup.starts_with(['!', '?']) {
            return after(markup, ">");
        }
        let Some((tag, rest)) = Tag::read(markup) else {
            self.text("<");
            return markup;
        };
        if tag.closing {
            self.end(&tag.name);
            return rest;
        }
        if tag.is_raw() {
            let (raw, rest) = raw_text(rest, &tag.name);
            if tag.name == "style" {
                self.hidden_by.learn(raw);
            } else if tag.name == "textarea" {
                self.text(raw);
            }
            return rest;
        }
        self.begin(&tag);
        rest
    }

    fn begin(&mut self, tag: &Tag<'_>) {
        if let Some(last) = self.open.last()
            && tag.ends(&last.name)
        {
            let name = last.name.clone();
            self.end(&name);
        }
        self.break_for(&tag.name, true);
        if tag.name == "img"
            && let Some(kind) = tag.attribute("src").and_then(picture_kind)
        {
            self.page.pictures.push(kind);
        }
        if tag.is_void() || self.open.len() >= limits::ELEMENTS {
            return;
        }
        let element = Element {
            hidden: tag.is_hidden()
                || self.hidden_by.hides(tag.attribute("class"), tag.attribute("id")),
            quote: tag.name == "blockquote",
            verbatim: matches!(tag.name.as_str(), "pre" | "listing" | "xmp"),
            link: tag.link().map(|address| (address, self.page.text.len())),
            name: tag.name.clone(),
        };
        self.hidden += usize::from(element.hidden);
        self.quotes += usize::from(element.quote);
        self.verbatim += usize::from(element.verbatim);
        self.open.push(element);
    }

    /// Ends the nearest open element of that name, and what is open inside of it.
    fn end(&mut self, name: &str) {
        // Looking further back would let a hostile page make each end tag expensive.
        let near = self.open.iter().rev().take(64).position(|element| element.name == name);
        for _ in 0..near.map_or(0, |n| n + 1) {
            let Some(element) = self.open.pop() else { break };
            self.show_link(&element);
            self.hidden -= usize::from(element.hidden);
            self.quotes -= usize::from(element.quote);
            self.verbatim -= usize::from(element.verbatim);
        }
        self.break_for(name, false);
    }

    /// Puts a link's address behind its words, unless the words are the address.
    fn show_link(&mut self, element: &Element) {
        let Some((address, start)) = &element.link else { return };
        let words = self.page.text.get(*start..).unwrap_or_default().trim();
        let same = words.len().abs_diff(address.len()) < 2
            && words.trim_end_matches('/').eq_ignore_ascii_case(address.trim_end_matches('/'));
        if self.hidden > 0 || same {
            return;
        }
        self.start_line();
        if !self.page.text.ends_with([' ', '\n']) {
            self.page.text.push(' ');
        }
        self.page.text.push('<');
        self.page.text.push_str(address);
        self.page.text.push('>');
        self.blank = true;
    }

    fn text(&mut self, text: &str) {
        if self.hidden > 0 {
            return;
        }
        if self.verbatim > 0 {
            for (n, line) in text.split('\n').enumerate() {
                if n > 0 {
                    self.page.text.push('\n');
                }
                self.words(line, false);
            }
            return;
        }
        for (n, word) in text.split(|c: char| c.is_ascii_whitespace()).enumerate() {
            self.blank |= n > 0;
            if !word.is_empty() {
                self.words(word, true);
            }
        }
    }

    /// Writes text without line breaks, after the blank that was due.
    fn words(&mut self, text: &str, collapse: bool) {
        if text.is_empty() {
            return;
        }
        self.start_line();
        let fresh = self.page.text.is_empty() || self.page.text.ends_with(['\n', ' ']);
        if collapse && self.blank && !fresh {
            self.page.text.push(' ');
        }
        self.blank = false;
        decode_references(text, &mut self.page.text);
    }

    fn start_line(&mut self) {
        if self.page.text.is_empty() || self.page.text.ends_with('\n') {
            for _ in 0..self.quotes.min(20) {
                self.page.text.push_str("> ");
            }
        }
    }

    fn break_for(&mut self, name: &str, beginning: bool) {
        if self.hidden > 0 {
            return;
        }
        match name {
            "br" if beginning => self.page.text.push('\n'),
            "hr" if beginning => self.page.text.push_str("\n\n"),
            "td" | "th" if !beginning => self.blank = true,
            "li" if beginning => {
                self.break_lines(1);
                self.start_line();
                self.page.text.push_str("* ");
            }
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "pre" | "table" => {
                self.break_lines(2);
            }
            _ if tag::is_block(name) => self.break_lines(1),
            _ => {}
        }
    }

    fn break_lines(&mut self, wanted: usize) {
        self.blank = false;
        let text = &mut self.page.text;
        text.truncate(text.trim_end_matches([' ', '\t']).len());
        if text.is_empty() {
            return;
        }
        let there = text.bytes().rev().take(wanted).take_while(|b| *b == b'\n').count();
        text.extend(std::iter::repeat_n('\n', wanted.saturating_sub(there)));
    }
}

/// What follows the mark; nothing if it never comes.
fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split_once(mark).map_or("", |(_, rest)| rest)
}

/// The content of an element whose content is not markup, and what follows its end tag.
fn raw_text<'a>(text: &'a str, name: &str) -> (&'a str, &'a str) {
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find("</")) {
        let at = from + found;
        let rest = text.get(at + 2..).unwrap_or_default();
        if rest.get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name)) {
            return (text.get(..at).unwrap_or_default(), after(rest, ">"));
        }
        from = at + 2;
    }
    (text, "")
}

fn decode_references(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((plain, reference)) = rest.split_once('&') {
        out.push_str(plain);
        let end = reference.bytes().take(32).position(|b| b == b';').filter(|end| {
            reference.bytes().take(*end).all(|b| b.is_ascii_alphanumeric() || b == b'#')
        });
        let Some((name, after)) = end.and_then(|end| reference.split_at_checked(end + 1)) else {
            out.push('&');
            rest = reference;
            continue;
        };
        match grammar::entity(&format!("&{name}")).as_str() {
            "\u{a0}" => out.push(' '),
            decoded => out.push_str(decoded),
        }
        rest = after;
    }
    out.push_str(rest);
}

/// `image/png` of `data:image/png;base64,…`.
fn picture_kind(address: &str) -> Option<String> {
    let kind = address.trim().get(5..).filter(|_| tag::starts_with(address.trim(), "data:"))?;
    let kind = kind.split([';', ',']).next().unwrap_or_default();
    (kind.len() < 40 && tag::starts_with(kind, "image/")).then(|| kind.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::render;

    fn text(html: &str) -> String {
        render(html).text.trim().to_owned()
    }

    #[test]
    fn only_what_a_person_would_see() {
        for hidden in [
            "<div style='display:none'>x</div>",
            "<div style=\"DISPLAY : none !important\">x</div>",
            "<span style='font-size:0px'>x</span>",
            "<p hidden>x</p>",
            "<div style='max-height:0;overflow:hidden'><b>x</b></div>",
            "<i style=\"mso-hide:all\">x</i>",
            "<style>.pre{color:red;display:none}</style><p class='a pre'>x</p>",
            "<!-- x --><!--[if mso]>x<![endif]-->",
            "<script>if (a < b) { x }</script><head><title>x</title></head>",
            "<div style='display:none'><div>x</div>x<br>x</div>",
            "<p style='display:none'>x<p></p>",
        ] {
            assert_eq!(
                text(&format!("a {hidden} b")).split_whitespace().collect::<Vec<_>>(),
                ["a", "b"],
                "{hidden}"
            );
        }
        assert_eq!(text("<p style='font-size:0.9em'>a</p><p style='line-height:0'>b"), "a\n\nb");
    }

    #[test]
    fn links_keep_their_addresses() {
        assert_eq!(
            text("<a href='https://x.example/1'>Open</a> it"),
            "Open <https://x.example/1> it"
        );
        assert_eq!(text("<a href='https://x.example/'>https://x.example</a>"), "https://x.example");
        assert_eq!(
            text("<a href='https://x.example/'><img src=b.png></a>"),
            "<https://x.example/>"
        );
        assert_eq!(text("<a href='javascript:x'>Open</a>"), "Open");
    }

    #[test]
    fn lines_lists_quotes_and_code_stay_apart() {
        assert_eq!(text("<ul><li>one<li>two</ul>three"), "* one\n* two\nthree");
        assert_eq!(text("a<br>b<div>c</div><p>d</p>e"), "a\nb\nc\n\nd\n\ne");
        assert_eq!(text("<blockquote>q<br>r</blockquote>s"), "> q\n> r\n\ns");
        assert_eq!(text("<pre>if a:\n    b &lt; c</pre>"), "if a:\n    b < c");
        assert_eq!(
            text("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
            "a b\nc"
        );
    }

    #[test]
    fn a_stray_bracket_and_a_strange_reference_are_text() {
        assert_eq!(
            text("1 < 2 &amp; 3 &unknown; &#x41;&eacute; a&b"),
            "1 < 2 & 3 &unknown; Aé a&b"
        );
    }

    #[test]
    fn pictures_in_the_page_are_told() {
        assert_eq!(render("<img src='data:image/png;base64,AAAA'>").pictures, ["image/png"]);
    }
}
