//! One mail, written as its author's program writes it.

use std::fmt::Write as _;

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::MimePart;

use watchpost::desk::parse::parse;

use crate::programs::{Body, Ids, Program, Quote};
use crate::rig::INBOX;

/// A mail that somebody answers or forwards.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answered {
    pub(crate) id: String,
    pub(crate) references: Vec<String>,
    pub(crate) subject: String,
    pub(crate) from: String,
    /// Where answers go.
    pub(crate) at: String,
    pub(crate) text: String,
}

impl Answered {
    /// A mail as it was received.
    pub(crate) fn read(mail: &[u8]) -> Answered {
        let mail = parse(mail, true);
        let bare = |ids: &[watchpost::desk::message::MessageId]| {
            ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
        };
        Answered {
            id: bare(&mail.ids).remove(0),
            references: bare(&mail.references),
            subject: mail.subject.clone(),
            at: mail.reply_to.first().map(|to| to.address.to_string()).unwrap_or_default(),
            from: mail.author().unwrap().address.to_string(),
            text: mail.text,
        }
    }
}

/// What stands in Thread-Index: when the conversation began, its number, five bytes an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Index(pub(crate) u32, pub(crate) usize);

/// A mail on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) from: (String, String),
    /// Who the envelope says sent it, where that is another.
    pub(crate) envelope: Option<String>,
    pub(crate) to: Vec<String>,
    pub(crate) cc: Vec<String>,
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) answers: Option<Answered>,
    pub(crate) forwards: Option<Answered>,
    pub(crate) index: Option<Index>,
    pub(crate) file: Option<String>,
    pub(crate) fields: Vec<(&'static str, String)>,
}

impl Draft {
    /// From somebody to the inbox.
    pub(crate) fn from(name: &str, address: &str, id: &str) -> Draft {
        Draft {
            from: (name.into(), address.into()),
            to: vec![INBOX.into()],
            id: id.into(),
            ..Draft::default()
        }
    }

    /// An answer: its subject is the one answered, with the program's prefix.
    pub(crate) fn answering(mut self, program: &Program, mail: &Answered) -> Draft {
        self.subject = prefixed(program.answer, &mail.subject);
        self.answers = Some(mail.clone());
        self
    }

    pub(crate) fn forwarding(mut self, program: &Program, mail: &Answered) -> Draft {
        self.subject = prefixed(program.forward, &mail.subject);
        self.forwards = Some(mail.clone());
        self
    }

    pub(crate) fn saying(mut self, text: &str) -> Draft {
        self.text = text.into();
        self
    }

    pub(crate) fn titled(mut self, subject: &str) -> Draft {
        self.subject = subject.into();
        self
    }

    pub(crate) fn to(mut self, to: &[&str], cc: &[&str]) -> Draft {
        self.to = to.iter().map(ToString::to_string).collect();
        self.cc = cc.iter().map(ToString::to_string).collect();
        self
    }

    pub(crate) fn envelope(mut self, from: &str) -> Draft {
        self.envelope = Some(from.into());
        self
    }

    pub(crate) fn field(mut self, name: &'static str, value: &str) -> Draft {
        self.fields.push((name, value.into()));
        self
    }

    pub(crate) fn index(mut self, index: Option<Index>) -> Draft {
        self.index = index;
        self
    }

    /// The mail as the program sends it.
    pub(crate) fn written(&self, program: &Program) -> Vec<u8> {
        let mut mail = MessageBuilder::new()
            .from(self.from.clone())
            .to(addresses(&self.to))
            .subject(self.subject.clone())
            .message_id(self.id.clone())
            .date(1_788_282_660_i64);
        if !self.cc.is_empty() {
            mail = mail.cc(addresses(&self.cc));
        }
        if !program.agent.1.is_empty() {
            mail = mail.header(program.agent.0, Text::new(program.agent.1));
        }
        if let Some(before) = self.answers.as_ref().or(self.forwards.as_ref()) {
            let mut all = before.references.clone();
            all.push(before.id.clone());
            let (named, references) = match program.ids {
                Ids::All => (true, all),
                Ids::Answered => (true, Vec::new()),
                Ids::Last => (true, vec![before.id.clone()]),
                Ids::References => (false, all),
                Ids::None => (false, Vec::new()),
            };
            if named {
                mail = mail.in_reply_to(before.id.clone());
            }
            if !references.is_empty() {
                mail = mail.references(MessageId::new_list(references.into_iter()));
            }
        }
        if let Some(index) = self.index.filter(|_| program.index) {
            let topic = self.subject.rsplit(": ").next().unwrap_or_default().to_owned();
            mail = mail.header("Thread-Index", Raw::new(thread_index(index)));
            mail = mail.header("Thread-Topic", Text::new(topic));
        }
        for (name, value) in &self.fields {
            mail = mail.header(*name, Raw::new(value.clone()));
        }
        mail.body(self.body(program)).write_to_vec().unwrap()
    }

    fn body(&self, program: &Program) -> MimePart<'static> {
        let before = self.answers.as_ref().or(self.forwards.as_ref());
        let quote = before.map(|mail| quoted(program, mail)).unwrap_or_default();
        let text = format!("{}\n\n{}\n\n{quote}", self.text, program.signature);
        let html = || {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            MimePart::new(
                "text/html",
                format!("<html><body>{}</body></html>", text.replace('\n', "<br>\n")),
            )
        };
        let plain = || MimePart::new("text/plain", text.clone());
        let shown = match program.body {
            Body::Plain => plain(),
            Body::Flowed => {
                let kind = ContentType::new("text/plain")
                    .attribute("charset", "utf-8")
                    .attribute("format", "flowed");
                MimePart::new(kind, text.clone())
            }
            Body::Html => html(),
            Body::Alternative => MimePart::new("multipart/alternative", vec![plain(), html()]),
        };
        let Some(file) = &self.file else { return shown };
        let attached = MimePart::new("text/plain", "GET / HTTP/1.1").attachment(file.clone());
        MimePart::new("multipart/mixed", vec![shown, attached])
    }
}

fn addresses(all: &[String]) -> Address<'static> {
    Address::new_list(all.iter().map(|one| one.clone().into()).collect())
}

fn prefixed(prefix: &str, subject: &str) -> String {
    let same = subject.to_lowercase().starts_with(prefix.trim().to_lowercase().as_str());
    if same { subject.to_owned() } else { format!("{prefix}{subject}") }
}

fn quoted(program: &Program, mail: &Answered) -> String {
    match program.quote {
        Quote::Nothing => String::new(),
        Quote::Marked(line) => {
            let lines = mail.text.lines().map(|line| format!("> {line}\n"));
            lines.fold(line.replace('@', &mail.from) + "\n", |all, line| all + &line)
        }
        Quote::Block(above, [from, sent, to, subject]) => {
            let mut block = format!("{above}\n");
            for (name, value) in [
                (from, mail.from.as_str()),
                (sent, "Tuesday, September 1, 2026 6:11 PM"),
                (to, INBOX),
                (subject, &mail.subject),
            ] {
                writeln!(block, "{name}: {value}").unwrap();
            }
            block + "\n" + &mail.text
        }
    }
}

fn thread_index(Index(conversation, answers): Index) -> String {
    let mut bytes = vec![1, 0xdb, 0x1b, 0x5e, 0x20, 0x77];
    bytes.extend(conversation.to_be_bytes().repeat(4));
    for answer in 0..answers {
        bytes.extend([u8::try_from(answer).unwrap(), 1, 2, 3, 0x10]);
    }
    base64(&bytes)
}

fn base64(bytes: &[u8]) -> String {
    let alphabet: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        let word = word << (8 * (3 - three.len()));
        for at in 0..=three.len() {
            text.push(alphabet[(word >> (18 - 6 * at) & 63) as usize]);
        }
    }
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}
