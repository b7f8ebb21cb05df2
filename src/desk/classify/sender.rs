//! What the sender of a mail looks like, as far as addresses and names tell.

use std::sync::LazyLock;

use super::lists::Words;
use crate::desk::address::Mailbox;
use crate::desk::message::Message;

/// What many rules ask for, looked at once.
#[derive(Debug)]
pub(super) struct Sender {
    /// Often a machine writes from there.
    pub(super) desk: bool,
    /// Nobody reads there.
    pub(super) nobody: bool,
}

/// Local parts at which often a machine writes; a hint, no more.
const DESKS: &[&str] = &[
    "support",
    "service",
    "helpdesk",
    "help",
    "ticket",
    "tickets",
    "servicedesk",
    "notification",
    "notifications",
    "notify",
    "alert",
    "alerts",
    "monitoring",
    "builds",
    "build",
    "ci",
    "jenkins",
    "cron",
    "root",
    "daemon",
    "system",
    "mailer",
    "auto",
    "autoreply",
    "newsletter",
    "news",
    "postmaster",
    "customer",
    "customerservice",
    "customercare",
    "kundenservice",
    "soporte",
    "suporte",
    "assistenza",
    "supporto",
    "bugs",
    "bugzilla",
    "jira",
    "issues",
    "tracker",
    "todo",
    "gitlab",
    "gitea",
    "sentry",
    "nagios",
    "icinga",
    "zabbix",
    "grafana",
    "operator",
    "mailman",
    "sympa",
    "listserv",
    "majordomo",
    "logwatch",
    "backup",
    "wwwrun",
    "www-data",
    "webmaster",
];

static AT_DESKS: LazyLock<Words> = LazyLock::new(|| Words::of(&[DESKS]));

/// Local parts at which nobody reads.
const NOBODY: &[&str] = &[
    "noreply",
    "no-reply",
    "no_reply",
    "no.reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
    "do.not.reply",
    "dontreply",
    "nicht-antworten",
    "nepasrepondre",
    "ne-pas-repondre",
    "noresponder",
    "no-responder",
    "naoresponda",
    "nao-responda",
    "nie-odpowiadaj",
    "mailer-daemon",
    "bounce",
    "bounces",
    "nobody",
];

static NOBODIES: LazyLock<Words> = LazyLock::new(|| Words::of(&[NOBODY]));

/// How the addresses of list servers and daemons end. An answer to one may be a command.
const SERVERS: &[&str] = &["request", "bounces", "confirm", "owner", "daemon"];

impl Sender {
    pub(super) fn of(message: &Message) -> Sender {
        Sender { desk: is_desk(message), nobody: sent_by(message, &NOBODIES) }
    }
}

/// The last word of the address or of the name of a bot.
const BOTS: &[&str] = &["bot", "robot"];

/// Such an address, or one that calls itself a bot: `ci-bot`, `test.bot`.
fn is_desk(message: &Message) -> bool {
    sent_by(message, &AT_DESKS) || message.from.iter().any(|one| ends_as_bot(one.address.local()))
}

/// `Ann via Tracker Bot`, `actions[bot]`. A person's address may end so, a person's name does not.
pub(super) fn is_named_bot(message: &Message) -> bool {
    message.from.iter().any(|one| ends_as_bot(&one.name))
}

fn ends_as_bot(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let word = text.trim_end_matches(']').rsplit(['.', '-', '_', '+', ' ', '[']).next();
    word.is_some_and(|word| BOTS.contains(&word))
}

/// Whether it comes from where nobody reads, and names nowhere else to answer. What a list server
/// names there takes commands.
pub(super) fn nobody_reads(message: &Message) -> bool {
    let nobody = |one: &Mailbox| is_one_of(one.address.local(), &NOBODIES);
    let server = |one: &Mailbox| is_server(&one.address.local().to_ascii_lowercase());
    let named = |one: &Mailbox| is_one_of(&one.name.replace(' ', "-"), &NOBODIES);
    message.from.iter().any(server)
        || message.from.iter().any(|one| nobody(one) || named(one))
            && message.reply_to.iter().all(nobody)
}

/// Whether somebody of these sent it.
fn sent_by(message: &Message, locals: &Words) -> bool {
    message.from.iter().any(|one| is_one_of(one.address.local(), locals))
}

fn is_one_of(local: &str, locals: &Words) -> bool {
    let local = local.to_ascii_lowercase();
    let base = local.split('+').next().unwrap_or_default();
    locals.hold(base) || base.ends_with("-noreply") || is_server(&local)
}

/// List servers write as `users-request`, some of them as `users+owner`.
fn is_server(local: &str) -> bool {
    let (base, tag) = local.split_once('+').unwrap_or((local, ""));
    let last = base.rsplit_once('-').map_or("", |(_, last)| last);
    SERVERS.contains(&tag) || tag == "help" || SERVERS.contains(&last)
}
