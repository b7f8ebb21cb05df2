//! Mail as parsing and judging would hand it over, with what its writer means by it.

use watchpost::desk::authentication::Authentication;
use watchpost::desk::folder::Role;
use watchpost::desk::ids::CaseId;
use watchpost::desk::letter::LetterId;
use watchpost::desk::message::{MailReport, Message, MessageId, ReturnPath};
use watchpost::desk::verdict::{Code, Kind};

use crate::rules::{US, address, mailbox};

/// A mail on its way.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) message: Message,
    pub(super) kind: Kind,
    pub(super) role: Role,
    pub(super) authentication: Authentication,
    pub(super) codes: Vec<Code>,
    pub(super) words: usize,
    /// When the server took it, which may be long before we see it.
    pub(super) arrived: i64,
    pub(super) means: Means,
}

/// What is meant, and so what has to follow.
#[derive(Clone, Debug)]
pub(super) enum Means {
    /// A report of its own. No machine may answer it where `held`.
    Report { held: bool },
    /// The reporter goes on.
    More(CaseId),
    /// A machine of the reporter, which says so.
    Machine(CaseId),
    /// A person of the team answers the reporter.
    Answer(CaseId),
    /// A person of the team writes to somebody, and names no case.
    Fresh(String),
    /// It is about a case, and moves nothing.
    Talk(CaseId),
    /// A mail system gives a letter of ours back.
    Bounce { letter: LetterId, failed: bool },
    /// What is known already in another form.
    Nothing,
}

pub(super) fn pass(from: &str) -> Authentication {
    Authentication::Pass { domain: address(from).domain().to_owned() }
}

impl Post {
    /// A mail to us.
    pub(super) fn new(from: &str, id: &str, subject: &str, arrived: i64, means: Means) -> Post {
        let message = Message {
            ids: MessageId::parse(id).into_iter().collect(),
            from: vec![mailbox(from)],
            to: vec![address(US)],
            return_path: Some(ReturnPath::Address(address(from))),
            subject: subject.into(),
            text: format!("This is {id}."),
            ..Message::default()
        };
        Post {
            message,
            kind: Kind::Complete,
            role: Role::Inbox,
            authentication: pass(from),
            codes: Vec::new(),
            words: 40,
            arrived,
            means,
        }
    }

    pub(super) fn answering(mut self, id: &str) -> Post {
        self.message.in_reply_to.extend(MessageId::parse(id));
        self
    }

    pub(super) fn with(mut self, header: &str, value: &str) -> Post {
        self.message.headers.push((header.into(), value.into()));
        self
    }

    pub(super) fn kind(mut self, kind: Kind) -> Post {
        self.kind = kind;
        self
    }

    pub(super) fn to(mut self, to: &str) -> Post {
        self.message.to = vec![address(to)];
        self
    }

    /// Its copy among the sent mail.
    pub(super) fn sent(mut self) -> Post {
        self.role = Role::Sent;
        self.authentication = Authentication::None;
        self
    }

    pub(super) fn unproven(mut self) -> Post {
        self.authentication = Authentication::None;
        self
    }

    pub(super) fn disowned(mut self) -> Post {
        self.authentication = Authentication::Fail;
        self
    }

    /// A machine wrote it, and its header says so.
    pub(super) fn automatic(mut self) -> Post {
        self.codes = vec![Code::AutoSubmitted];
        self.with("auto-submitted", "auto-replied").kind(Kind::Automatic)
    }

    /// A mail system wrote it about a letter.
    pub(super) fn bounce(mut self, about: &MessageId, failed: bool) -> Post {
        self.message.return_path = Some(ReturnPath::Null);
        let action = if failed { "failed" } else { "delayed" };
        self.message.report = Some(MailReport {
            actions: vec![action.into()],
            about: vec![about.clone()],
            ..MailReport::default()
        });
        self.kind(Kind::Bounce)
    }

    /// In words for the story.
    pub(super) fn in_words(&self) -> String {
        let from = self.message.from.first().map(|one| one.address.to_string());
        let at = watchpost::desk::time::Moment::from_unix(self.arrived);
        format!(
            "mail {} of {} that arrived {at} in {:?}, {}: {:?}",
            self.message.ids.first().map_or("", |id| id.as_str()),
            from.unwrap_or_default(),
            self.role,
            self.kind,
            self.means
        )
    }
}
