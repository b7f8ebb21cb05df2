//! Which case a mail belongs to, and how surely.
//!
//! The store keeps *ties*: short digests of message ids and of "this sender with this subject", each
//! leading to the cases that know it. A tie alone proves nothing, since anybody can quote an id; it
//! counts together with the second fact that the sender takes part in that case.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::ids::CaseId;
use super::keys::{digest, named_in_address};
use super::line::one_line;
use super::message::{Message, MessageId};

/// A digest under which cases can be looked up.
pub type TieKey = [u8; 16];

/// Something in a mail that may lead to a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tie {
    /// It names this mail or letter in In-Reply-To or References.
    Answers(MessageId),
    /// It was sent to this address, which has the form of those that our letters are answered at.
    Addressed(CaseId, Address),
    /// Its author's mail program counts it to the conversation of which this is the digest.
    Conversation(TieKey),
    /// It carries this Message-ID itself: the same mail again, or somebody reuses an id.
    Is(MessageId),
    /// Its subject names this case.
    Tagged(CaseId),
    /// It has the sender and the words of which this is the digest.
    Text(TieKey),
    /// It has this sender and, without reply prefixes, this subject.
    Subject(Address, String),
}

/// What a tie led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tied {
    /// The case.
    pub case: CaseId,
    /// True where the tie is the Message-ID of a letter of ours, false where it is of a mail.
    pub letter: bool,
}

impl Tie {
    /// The digest that the store knows it by; none for what names its case.
    pub fn key(&self) -> Option<TieKey> {
        match self {
            Tie::Answers(id) | Tie::Is(id) => Some(message_key(id)),
            Tie::Text(key) | Tie::Conversation(key) => Some(*key),
            Tie::Subject(from, subject) => Some(subject_key(from, subject)),
            Tie::Addressed(..) | Tie::Tagged(_) => None,
        }
    }

    /// The case that it names by itself; none where it has to be looked up.
    pub fn names(&self) -> Option<&CaseId> {
        match self {
            Tie::Addressed(case, _) | Tie::Tagged(case) => Some(case),
            Tie::Answers(_)
            | Tie::Conversation(_)
            | Tie::Is(_)
            | Tie::Text(_)
            | Tie::Subject(..) => None,
        }
    }
}

/// The digest of a message id.
pub fn message_key(id: &MessageId) -> TieKey {
    digest([b"message".as_slice(), id.as_str().as_bytes()])
}

/// The digest of a sender with a subject that has been through [`base_subject`].
pub fn subject_key(from: &Address, base: &str) -> TieKey {
    digest([b"subject".as_slice(), from.without_tag().key().as_bytes(), base.as_bytes()])
}

/// The digest of the conversation that Outlook or Exchange count a mail to: the first 22 bytes of
/// Thread-Index (MS-OXOMSG 2.2.1.3), which all mails of a conversation share.
pub fn conversation_key(message: &Message) -> Option<TieKey> {
    let head = message.thread_index.get(..CONVERSATION)?;
    Some(digest([b"conversation".as_slice(), head]))
}

/// How many bytes of Thread-Index name the conversation.
const CONVERSATION: usize = 22;

/// The digest of an author and the words of a mail; none where there are too few to tell texts apart.
pub fn text_key(message: &Message) -> Option<TieKey> {
    const TELLING_WORDS: usize = 8;
    let author = message.author()?.address.key();
    let words: Vec<&str> = message.text.split_whitespace().collect();
    let enough = words.len() >= TELLING_WORDS || message.text.chars().count() >= 10 * TELLING_WORDS;
    let text = words.join(" ");
    enough.then(|| digest([b"text".as_slice(), author.as_bytes(), text.as_bytes()]))
}

/// Everything in a mail that may lead to a case, surest first.
pub fn ties(message: &Message) -> Vec<Tie> {
    let mut ties: Vec<Tie> = Vec::new();
    // The newest id of the conversation is the likeliest one that we know.
    let named = message.in_reply_to.iter().chain(message.references.iter().rev());
    for id in named.filter(|id| !message.ids.contains(id)) {
        let tie = Tie::Answers(id.clone());
        if !ties.contains(&tie) {
            ties.push(tie);
        }
    }
    ties.extend(addressed(message));
    ties.extend(conversation_key(message).map(Tie::Conversation));
    ties.extend(message.ids.iter().cloned().map(Tie::Is));
    ties.extend(tags(&message.subject).into_iter().map(Tie::Tagged));
    ties.extend(text_key(message).map(Tie::Text));
    if let Some(from) = message.author() {
        let subject = base_subject(&message.subject);
        if !subject.is_empty() {
            ties.push(Tie::Subject(from.address.clone(), subject));
        }
    }
    ties
}

/// The addresses that it was sent to, and that servers delivered it to, as far as they look like
/// ours. What another server put in the place of our Message-ID changes nothing here.
fn addressed(message: &Message) -> Vec<Tie> {
    const MOST: usize = 8;
    let copied = message.cc.iter().map(|one| &one.address);
    let all = message.to.iter().chain(copied).chain(&message.delivered_to);
    let mut found: Vec<Tie> = Vec::new();
    for (case, address) in all.filter_map(|to| Some((named_in_address(to)?, to))) {
        let tie = Tie::Addressed(case, address.clone());
        if found.len() < MOST && !found.contains(&tie) {
            found.push(tie);
        }
    }
    found
}

/// How much of a body tells it from others. Not more than is always fetched, so that the digest does
/// not depend on how much was.
const TELLING_BODY: usize = 32 * 1024;

/// One digest for one mail to one project, however many folders or aliases it was seen in: what its
/// author wrote, without what servers added on the way. Of the body it takes the bytes as they came, so that it
/// stays the same when the reading of them improves.
pub fn mail_key(case_prefix: &str, message: &Message, bytes: &[u8]) -> TieKey {
    let ids: String = message.ids.iter().map(ToString::to_string).collect();
    let from: String = message.from.iter().map(|m| m.address.key() + ",").collect();
    let date = message.date.map_or(0, super::time::Moment::unix);
    let blank_line = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let body = blank_line.and_then(|at| bytes.get(at..)).unwrap_or(bytes);
    let body = body.get(..TELLING_BODY).unwrap_or(body);
    let project = case_prefix.as_bytes();
    digest([b"mail", project, ids.as_bytes(), from.as_bytes(), &date.to_be_bytes(), body])
}

/// The digest of a mail of which nothing is known but its place.
pub fn place_key(folder: &str, uid_validity: u32, uid: u32) -> TieKey {
    let place = [b"place".as_slice(), folder.as_bytes(), &uid_validity.to_be_bytes()];
    digest(place.into_iter().chain([uid.to_be_bytes().as_slice()]))
}

/// The case numbers that a subject carries in brackets: `[EXP-2026-0007]`.
pub fn tags(subject: &str) -> Vec<CaseId> {
    subject
        .split('[')
        .skip(1)
        .filter_map(|rest| CaseId::parse(rest.split_once(']')?.0))
        .take(4)
        .collect()
}

/// The subject as it was before anybody answered it: without reply and forward prefixes, in any of
/// the languages that mail programs write them in, without our case number, in lower case. Programs
/// cut long subjects and lose what cannot be seen, so neither counts.
pub fn base_subject(subject: &str) -> String {
    const TELLING: usize = 120;
    let visible = one_line(subject, usize::MAX);
    let lower = without_prefixes(&visible).to_lowercase();
    lower.chars().take(TELLING).collect::<String>().trim_end().to_owned()
}

/// Whether a subject begins with a reply or forward prefix, or carries a case number.
pub fn has_prefix(subject: &str) -> bool {
    !tags(subject).is_empty() || strip_prefix(subject.trim()).is_some()
}

/// Whether the mail says of itself that it goes on with a conversation.
pub fn is_reply(message: &Message) -> bool {
    let names_another = !message.in_reply_to.is_empty() || !message.references.is_empty();
    let counted_as_answer = message.thread_index.len() > CONVERSATION;
    names_another || counted_as_answer || has_prefix(&message.subject)
}

/// Whether a subject begins as that of a forwarded mail.
pub fn is_forward(subject: &str) -> bool {
    const FORWARDS: [&str; 8] = ["fw", "fwd", "wg", "tr", "rv", "enc", "转发", "轉寄"];
    let head = subject.split([':', '：']).next().unwrap_or_default().trim().to_lowercase();
    strip_prefix(subject.trim()).is_some() && FORWARDS.contains(&head.as_str())
}

/// The same, in the letters in which it was written.
pub fn without_prefixes(subject: &str) -> String {
    let untagged = without_tags(subject);
    let rest = strip_prefixes(&untagged);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    // `[security] Re: [security] bug`: lists and gateways put their label before what they find.
    match label(rest) {
        Some((label, mut after)) => {
            // As often as it was answered through them.
            while let Some(shorter) = strip_label(strip_prefixes(after), label) {
                after = shorter;
            }
            words(&format!("{label} {}", strip_prefixes(after)))
        }
        None => words(rest),
    }
}

fn strip_prefixes(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some(shorter) = strip_prefix(rest) {
        rest = shorter.trim_start();
    }
    rest
}

/// The `[label]` that a subject begins with, and the rest.
fn label(subject: &str) -> Option<(&str, &str)> {
    let end = subject.strip_prefix('[')?.find(']')? + 2;
    subject.split_at_checked(end)
}

/// What follows this label, in any case of letters, where a subject begins with it.
fn strip_label<'s>(subject: &'s str, label: &str) -> Option<&'s str> {
    let (head, rest) = self::label(subject)?;
    (head.to_lowercase() == label.to_lowercase()).then_some(rest)
}

fn without_tags(subject: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(subject.len()), subject);
    while let Some((before, tail)) = rest.split_once('[') {
        out.push_str(before);
        rest = match tail.split_once(']') {
            Some((tag, after)) if CaseId::parse(tag).is_some() => after,
            _ => {
                out.push('[');
                tail
            }
        };
    }
    out.push_str(rest);
    out
}

/// `Re:` and its relatives. From the header fields that mail programs write in their languages;
/// a full-width colon is one as well.
const PREFIXES: &[&str] = &[
    "re",
    "aw",
    "antw",
    "antwort",
    "sv",
    "vs",
    "ynt",
    "odp",
    "res",
    "rif",
    "r",
    "ref",
    "rép",
    "rep",
    "atb",
    "bls",
    "hb",
    "vá",
    "vl",
    "ατ",
    "απ",
    "отв",
    "ответ",
    "回复",
    "回覆",
    "答复",
    "答覆",
    "返信",
    "回信",
    "답장",
    "fw",
    "fwd",
    "wg",
    "tr",
    "rv",
    "enc",
    "转发",
    "轉寄",
    "svar",
    "odpowiedź",
    "на",
    "ha",
    "απάντηση",
    "σχετ",
    "πρθ",
    "תגובה",
    "השב",
    "רד",
    "הועבר",
    "رد",
    "إعادة توجيه",
    "trả lời",
    "chuyển tiếp",
    "balas",
    "trs",
    "yan",
    "ilt",
    "i̇lt",
    "回應",
    "全部回复",
    "回复all",
    "vb",
    "doorst",
    "pd",
    "továbbítás",
    "přeposlat",
    "fs",
    "пересл",
    "전달",
    "転送",
    "转寄",
];

fn strip_prefix(subject: &str) -> Option<&str> {
    let (head, rest) = subject.split_once([':', '：'])?;
    let word = head.trim().trim_end_matches('.');
    // RE[2]: and Re(3): count their answers.
    let word = match word.find(['[', '(']) {
        Some(at) => {
            let (word, count) = word.split_at_checked(at)?;
            let digits = count.trim_matches(['[', ']', '(', ')']);
            digits.bytes().all(|b| b.is_ascii_digit()).then_some(word.trim())?
        }
        None => word,
    };
    PREFIXES.contains(&word.to_lowercase().as_str()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_the_same_however_it_was_answered() {
        let plain = base_subject("Static handler serves files outside its root");
        for subject in [
            "Re: Static handler serves files outside its root",
            "RE[2]: static handler serves  files outside its root",
            "AW: WG: Static handler serves files outside its root",
            "回复：Static handler serves files outside its root",
            "Re: Static handler serves files outside its root [EXP-2026-0007]",
            "Re: [EXP-2026-0007] Static handler serves files outside its root",
            "SV: Sv: Fwd: Static handler serves files outside its root",
            "Odp.: Static handler serves files outside its root",
            "НА: Static handler serves files outside its root",
            "Trả lời: Static handler serves files outside its root",
            "רד: תגובה: Static handler serves files outside its root",
            "Static\u{200b} handler serves files\u{ad} outside its root",
        ] {
            assert_eq!(base_subject(subject), plain, "{subject}");
        }
        assert_eq!(base_subject("Bug: in [qs] parser"), "bug: in [qs] parser");
        assert_eq!(base_subject("Re: "), "");
        let listed = base_subject("[security] Path traversal");
        for subject in
            ["[security] Re: Path traversal", "Re: [security] AW: [security] Path traversal"]
        {
            assert_eq!(base_subject(subject), listed, "{subject}");
        }
        let long = "a very long subject ".repeat(40);
        let cut: String = long.chars().take(250).collect();
        assert_eq!(base_subject(&format!("Re: {cut}…")), base_subject(&long));
        assert_eq!(base_subject("a [b [EXP-2026-0001] [c] d"), "a [b [c] d");
    }

    #[test]
    fn a_label_counts_once_however_often_a_list_put_it_there() {
        let base = base_subject("[Security] Path traversal");
        for subject in [
            "Re: [Security] Path traversal",
            "[Security] Re: [security] AW: Path traversal",
            "Re: AW: [security] Fwd: RE[2]:  AW: [SECURITY] Fwd: RE[2]: Path traversal",
        ] {
            assert_eq!(base_subject(subject), base, "{subject}");
        }
    }

    #[test]
    fn case_numbers_are_found_in_brackets_only() {
        assert_eq!(tags("Re: x [EXP-2026-0007]").len(), 1);
        assert_eq!(tags("Re: x EXP-2026-0007"), vec![]);
        assert_eq!(tags("[] [x] [EXP-2026-0001").len(), 0);
    }

    #[test]
    fn the_newest_id_is_asked_first_and_none_twice() {
        let id = |s: &str| MessageId::parse(s).unwrap();
        let message = Message {
            ids: vec![id("self@x")],
            in_reply_to: vec![id("b@x")],
            references: vec![id("a@x"), id("self@x"), id("b@x")],
            ..Message::default()
        };
        let expected = [Tie::Answers(id("b@x")), Tie::Answers(id("a@x")), Tie::Is(id("self@x"))];
        assert_eq!(ties(&message), expected);
    }
}
