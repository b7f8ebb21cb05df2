//! How much of one mail is read. Whatever is over a limit is left unread and noted as
//! `Defect::OverLimit`; no limit makes a mail fail.

/// Bytes of a mail that are looked at; of a longer one only the beginning.
pub const MAIL: usize = 80 << 20;
/// Header fields that are kept.
pub const FIELDS: usize = 1_000;
/// Bytes of one header field (the default of Postfix's `header_size_limit`).
pub const FIELD: usize = 102_400;
/// Bytes of one encoded word (RFC 2047 allows 75; mailers write more).
pub const WORD: usize = 2_000;
/// Bytes of all header fields together that are read.
pub const HEADER: usize = 1 << 20;
/// Bytes of the header of one MIME part that are read.
pub const PART_HEADER: usize = 64 << 10;
/// MIME parts.
pub const PARTS: usize = 1_000;
/// How deep multiparts may stand in one another.
pub const DEPTH: usize = 100;
/// Addresses in one address field.
pub const ADDRESSES: usize = 1_000;
/// Message ids that are kept of one field, after `IDS_FIRST` the last ones.
pub const IDS: usize = 50;
/// Of very many ids the first so many are kept: the oldest name the conversation.
pub const IDS_FIRST: usize = 10;
/// Bytes of a decoded Thread-Index: its first 22 name the conversation, and five more each answer.
pub const THREAD_INDEX: usize = 27;
/// Bytes of one text part that are decoded: room for a page of HTML with pictures inside.
pub const TEXT_PART: usize = 4 << 20;
/// Bytes of text that are kept of the body.
pub const TEXT: usize = 256 << 10;
/// Characters of a subject.
pub const SUBJECT: usize = 1_000;
/// Characters of a display name or file name.
pub const NAME: usize = 200;
/// Bytes of a part of a delivery report that are read.
pub const REPORT: usize = 64 << 10;
/// Recipients and ids that are kept of a delivery report.
pub const REPORTED: usize = 100;
/// HTML elements that may be open at once; deeper ones are shown as text of their parent.
pub const ELEMENTS: usize = 1_000;
