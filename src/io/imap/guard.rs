//! The response guard: what a server says is cut down to what we have a use for, before the parser
//! sees it.
//!
//! The parser above gives up the connection at any untagged response it does not know, reserves
//! whatever size a literal announces, and panics at a few odd bytes. The guard knows lines and
//! literals and nothing else of the grammar. A line passes when it is whole: the parser starts anew
//! at every piece that it is given, and a line that announces too much never reaches it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Upper bounds of one response.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes in all its literals together. Must hold what one FETCH asks for.
    pub literals: u64,
    /// Bytes outside literals.
    pub line: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { literals: 1 << 20, line: 1_000_000 }
    }
}

/// A response that is not taken. The connection is of no use afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too much literal data.
    #[error("the server announces {0} bytes in one answer, more than are ever asked for")]
    Literal(u64),
    /// No end of line in sight.
    #[error("the server sends a line of more than {0} bytes")]
    Line(u64),
    /// Too many literals.
    #[error("the server sends more than {0} pieces of data in one answer")]
    Literals(u32),
    /// Parentheses in parentheses in parentheses.
    #[error("the server nests parentheses deeper than any answer needs")]
    Depth,
}

/// A stream whose reading side passes only responses that we have a use for.
#[derive(Debug)]
pub struct Guard<S> {
    inner: S,
    filter: Filter,
    /// Filtered bytes that nobody has read yet, from `taken` on.
    passed: Vec<u8>,
    taken: usize,
}

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

impl<S> Guard<S> {
    /// Guards a stream.
    pub fn new(inner: S, limits: Limits) -> Guard<S> {
        Guard { inner, filter: Filter::new(limits), passed: Vec::new(), taken: 0 }
    }

    /// The stream below. What has been read from it and not been taken is dropped, as it must be
    /// when TLS starts: anybody could have put it there.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let waiting = this.passed.get(this.taken..).unwrap_or_default();
            if !waiting.is_empty() {
                let now = waiting.get(..buf.remaining()).unwrap_or(waiting);
                buf.put_slice(now);
                this.taken += now.len();
                return Poll::Ready(Ok(()));
            }
            if let Some(refusal) = this.filter.refused {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, refusal)));
            }
            (this.taken, this.passed) = (0, Vec::new());
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.filter.feed(chunk.filled(), &mut this.passed);
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// The guard without its stream: bytes in, fewer bytes out, however they are split.
#[derive(Debug)]
pub struct Filter {
    limits: Limits,
    place: Place,
    /// The start of a response until its kind is known; empty afterwards.
    head: Vec<u8>,
    kind: Kind,
    /// The line so far, as much of it as may pass.
    held: Vec<u8>,
    /// What the end of the line looks like so far.
    tail: Tail,
    last: u8,
    line: u64,
    literals: u64,
    /// How many literals came.
    pieces: u32,
    depth: u32,
    refused: Option<Refusal>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Head,
    Line,
    Literal(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Free text at its end: a literal cannot stand in it.
    Status,
    /// Numbers, lists and literals.
    Data,
    /// Nothing that we want to know.
    Dropped,
}

/// `{123}` or `{123+}` right before the end of a line announces a literal (RFC 3501 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    Nothing,
    Bracket,
    Digits(u64),
    Announced(u64),
}

/// No keyword of ours is longer than this with its number.
const LONGEST_HEAD: usize = 40;
/// What we ask for nests three deep.
const DEEPEST: u32 = 64;
/// We ask for two; the parser starts anew at each.
const MOST_LITERALS: u32 = 32;

impl Filter {
    /// A filter at the start of a response.
    pub fn new(limits: Limits) -> Filter {
        Filter {
            limits,
            place: Place::Head,
            head: Vec::new(),
            kind: Kind::Status,
            held: Vec::new(),
            tail: Tail::Nothing,
            last: 0,
            line: 0,
            literals: 0,
            pieces: 0,
            depth: 0,
            refused: None,
        }
    }

    /// What stopped the filter, if something has.
    pub fn refused(&self) -> Option<Refusal> {
        self.refused
    }

    /// Takes what was read and appends what may pass. After a refusal nothing passes any more.
    pub fn feed(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while self.refused.is_none() && !input.is_empty() {
            input = match self.place {
                Place::Literal(left) => self.literal(left, input, out),
                Place::Head | Place::Line => self.byte(input, out),
            };
        }
    }

    fn literal<'a>(&mut self, left: u64, input: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (data, rest) = input.split_at_checked(here).unwrap_or((input, &[]));
        if self.kind != Kind::Dropped {
            out.extend_from_slice(data);
        }
        let left = left.saturating_sub(data.len() as u64);
        self.place = if left == 0 { Place::Line } else { Place::Literal(left) };
        rest
    }

    fn byte<'a>(&mut self, input: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let Some((&byte, rest)) = input.split_first() else { return input };
        self.line += 1;
        if self.line > self.limits.line {
            self.refused = Some(Refusal::Line(self.limits.line));
            return rest;
        }
        if let Place::Head = self.place {
            self.head.push(byte);
            self.settle_kind();
        } else {
            match self.kind {
                Kind::Status => self.held.push(self.harmless(byte)),
                Kind::Data => self.held.push(byte),
                Kind::Dropped => {}
            }
        }
        if self.kind == Kind::Data {
            self.count_depth(byte);
        }
        self.last = byte;
        self.look_for_literal(byte);
        if byte == b'\n' {
            self.end_of_line(out);
        }
        rest
    }

    fn settle_kind(&mut self) {
        let Some(kind) = kind_of(&self.head) else { return };
        self.kind = kind;
        self.place = Place::Line;
        let head = std::mem::take(&mut self.head);
        if kind != Kind::Dropped {
            self.held = head;
        }
    }

    /// The parser cuts one byte after `]`, and panics where that is half a character; it does not
    /// take NUL at all.
    fn harmless(&self, byte: u8) -> u8 {
        if byte == 0 || (self.last == b']' && !byte.is_ascii()) { b'?' } else { byte }
    }

    fn count_depth(&mut self, byte: u8) {
        match byte {
            b'(' => self.depth += 1,
            b')' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        // The parser recurses; a stack that overflows cannot be caught.
        if self.depth > DEEPEST {
            self.refused = Some(Refusal::Depth);
        }
    }

    fn look_for_literal(&mut self, byte: u8) {
        self.tail = match (self.tail, byte) {
            (_, b'{') => Tail::Bracket,
            (Tail::Bracket, b'0'..=b'9') => Tail::Digits(u64::from(byte - b'0')),
            (Tail::Digits(n), b'0'..=b'9') => {
                Tail::Digits(n.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
            }
            (Tail::Digits(n), b'+') => Tail::Digits(n),
            (Tail::Digits(n), b'}') | (Tail::Announced(n), b'\r' | b'\n') => Tail::Announced(n),
            _ => Tail::Nothing,
        };
    }

    fn end_of_line(&mut self, out: &mut Vec<u8>) {
        if let Tail::Announced(size) = self.tail
            && self.kind != Kind::Status
        {
            self.pieces += 1;
            self.literals = self.literals.saturating_add(size);
            if self.literals > self.limits.literals {
                self.refused = Some(Refusal::Literal(self.literals));
            } else if self.pieces > MOST_LITERALS {
                self.refused = Some(Refusal::Literals(MOST_LITERALS));
            }
        }
        if self.refused.is_some() {
            return;
        }
        out.append(&mut self.held);
        match self.tail {
            Tail::Announced(size) if self.kind != Kind::Status => {
                self.place = if size == 0 { Place::Line } else { Place::Literal(size) };
                self.tail = Tail::Nothing;
            }
            _ => *self = Filter::new(self.limits),
        }
    }
}

/// What a response is, by its first words; none while they are not all there.
fn kind_of(head: &[u8]) -> Option<Kind> {
    let Some(rest) = head.strip_prefix(b"* ") else {
        // A tagged line or a continuation, or the start of "* ".
        return (head != b"*").then_some(Kind::Status);
    };
    let mut words = rest.split(|byte| matches!(byte, b' ' | b'\r' | b'\n'));
    let first = words.next().unwrap_or_default();
    let numbered = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
    let keyword = if numbered { words.next() } else { Some(first) };
    // Only a word that something follows is whole.
    match (keyword, words.next()) {
        (Some(word), Some(_)) => Some(kind_of_keyword(numbered, word)),
        _ => (head.len() > LONGEST_HEAD).then_some(Kind::Dropped),
    }
}

fn kind_of_keyword(numbered: bool, word: &[u8]) -> Kind {
    match (numbered, word.to_ascii_uppercase().as_slice()) {
        (false, b"OK" | b"NO" | b"BAD" | b"BYE" | b"PREAUTH") => Kind::Status,
        (false, b"CAPABILITY" | b"LIST" | b"SEARCH")
        | (true, b"EXISTS" | b"EXPUNGE" | b"FETCH") => Kind::Data,
        _ => Kind::Dropped,
    }
}
