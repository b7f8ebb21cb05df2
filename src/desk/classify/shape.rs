//! The shape of a mail beside its words: labelled lines, times to the second, columns, whose name
//! stands where. Machines fill forms; people greet and sign.

use std::sync::LazyLock;

use super::lexicon::{self, plain};
use super::lists::{Pieces, Words};
use super::own::Own;
use super::sense::Sense;
use super::words::signs::{MACHINE_LABELS, REPORT_LABELS, SERVICE_LINKS, SERVICES, SHARED};
use crate::desk::address::Mailbox;
use crate::desk::message::Message;

/// What was counted in a text, and what its sender is like.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Lines that begin as machines' fields do: `Duration: 3m 12s`.
    pub(super) machine_labels: usize,
    /// Lines that begin as reporters' fields do: `Affected versions: 4.x`.
    pub(super) report_labels: usize,
    /// Moments to the second, or with their zone.
    pub(super) stamps: usize,
    /// Numbers and digests that only a program looks up.
    pub(super) ids: usize,
    /// Lines in columns.
    pub(super) columns: usize,
    /// Phrases of machines in what stands below the text of a service.
    pub(super) footer: usize,
    /// Lines that begin with the name of a program, as logs do.
    pub(super) log_lines: usize,
    /// Links to the sender's own domain.
    pub(super) home_links: usize,
    /// Links to settings, tickets, builds.
    pub(super) service_links: usize,
    /// Addresses at the sender's own domain that are not the sender's.
    pub(super) neighbours: usize,
    /// Last lines that hold little but the sender's name: one or none, as all below.
    pub(super) signed: usize,
    /// The local part of the sender's address is a service's.
    pub(super) service_sender: usize,
    /// The sender's name is a service's.
    pub(super) service_name: usize,
    /// The sender has no name.
    pub(super) nameless: usize,
    /// Several people read at the sender's address.
    pub(super) shared_sender: usize,
    /// The sender is called as its domain is.
    pub(super) house_name: usize,
    /// The sender is called as both parts of the address are: `Dropbox <dropbox@dropbox.example>`.
    pub(super) brand: usize,
    /// The sender is called as the local part of the address is.
    pub(super) own_address: usize,
}

static SERVE: LazyLock<Words> = LazyLock::new(|| Words::of(&[SERVICES]));
static SHARE: LazyLock<Words> = LazyLock::new(|| Words::of(&[SHARED]));
static NO_PERSON: LazyLock<Words> = LazyLock::new(|| Words::of(&[SERVICES, OFFICES]));
static OF_MACHINES: LazyLock<Words> = LazyLock::new(|| Words::of(&[MACHINE_LABELS]));
static OF_REPORTS: LazyLock<Words> = LazyLock::new(|| Words::of(&[REPORT_LABELS]));
static TO_SERVICES: LazyLock<Pieces> = LazyLock::new(|| Pieces::of(SERVICE_LINKS));

/// Who signs so is several people.
#[rustfmt::skip]
const OFFICES: &[&str] = &[
    "team", "crew", "equipe", "equipo", "squadra", "zespol", "ekip", "tiimi", "команда", "チーム", "团队",
];
/// So many lines are looked at.
const LINES: usize = 200;
/// A name stands on one of so many last lines.
const LAST: usize = 8;

impl Shape {
    /// Measures a mail, and what of it the sender wrote.
    pub(super) fn of(message: &Message, own: &Own) -> Shape {
        let text = own.voice.as_deref().unwrap_or(&own.text);
        let mut shape = Shape::default();
        let author = message.from.first();
        let domain = author.map_or("", |one| one.address.domain()).to_ascii_lowercase();
        for line in text.lines().take(LINES) {
            shape.add(line, author, &domain);
        }
        let whole = message.text.lines().filter(|line| !line.starts_with('>'));
        for line in whole.clone().take(2 * LINES).filter(|line| line.contains("://")) {
            let line = line.to_ascii_lowercase();
            shape.service_links += usize::from(TO_SERVICES.within(&line));
            shape.home_links += usize::from(leads_home(&line, &domain));
        }
        if let Some(author) = author {
            shape.sender(author, &domain);
            let service = shape.service_sender + shape.service_name > 0;
            if own.signature && service {
                shape.footer = notices(message.text.lines().rev().take(LAST));
            }
            let named = shape.service_name == 0 && signs(whole, &plain(&author.name));
            shape.signed = usize::from(named);
        }
        shape
    }

    fn add(&mut self, line: &str, author: Option<&Mailbox>, domain: &str) {
        match label(line) {
            Some(name) if OF_MACHINES.hold(&name) => self.machine_labels += 1,
            Some(name) if OF_REPORTS.hold(&name) => self.report_labels += 1,
            _ => {}
        }
        self.columns += usize::from(is_in_columns(line));
        self.log_lines += usize::from(is_logged(line));
        for token in line.split_whitespace() {
            // All others have digits.
            if token.bytes().any(|b| b.is_ascii_digit()) || token.contains('U') {
                let bare = token.trim_matches(|c: char| !c.is_alphanumeric());
                self.stamps += usize::from(is_stamp(bare));
                self.ids += usize::from(is_id(token, bare));
            }
            self.neighbours += usize::from(is_neighbour(token, author, domain));
        }
    }

    fn sender(&mut self, author: &Mailbox, domain: &str) {
        let local = plain(author.address.local());
        let name = plain(&author.name);
        let service = |word: &str| SERVE.hold(word);
        let long = |word: &&str| word.len() > 2;
        self.service_sender = usize::from(local.split(' ').any(service));
        self.shared_sender = usize::from(SHARE.hold(&local));
        // `UPS-1`; people of one name are told apart by numbers too, but hardly so.
        let numbered = |word: &str| word.rsplit_once('-').is_some_and(|(_, n)| is_number(n));
        let device = author.name.split(' ').any(numbered);
        self.service_name = usize::from(device || name.split(' ').any(service));
        let house = domain.split('.').next().unwrap_or_default().replace('-', "");
        let own = name.split(' ').filter(long).any(|word| local.contains(word));
        let own = own && self.service_sender + self.shared_sender == 0 && !device;
        self.own_address = usize::from(own);
        let joined = name.replace(' ', "");
        let named = house.contains(&joined) || house.len() > 3 && joined.contains(&house);
        self.brand = usize::from(named && local.replace(' ', "") == joined);
        self.nameless = usize::from(name.is_empty() || name.contains(&plain(domain)));
        self.house_name = usize::from(named && joined.len() > 3 && !own);
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// What stands before the first colon of a line, if that is a few words.
fn label(line: &str) -> Option<String> {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || "-*•|>■".contains(c));
    let (name, value) = line.split_once([':', '：'])?;
    let short = name.chars().count() <= 30 && name.split_whitespace().count() <= 3;
    (short && !name.is_empty() && !value.starts_with("//")).then(|| plain(name))
}

/// `rsync: …`, `sshd[812]: …`.
fn is_logged(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(name, _)| {
        let name = name.split('[').next().unwrap_or_default().trim_end_matches(" error");
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_./".contains(&b);
        name.len() > 2 && name.len() < 60 && name.bytes().all(letters)
    })
}

/// Whether a line holds a link to this domain or below it, or from below it to the domain.
fn leads_home(line: &str, domain: &str) -> bool {
    let hosts =
        line.split("://").skip(1).filter_map(|rest| rest.split(['/', ':', '?', '>']).next());
    let mut hosts = hosts.map(|host| host.trim_end_matches(|c: char| !c.is_alphanumeric()));
    domain.contains('.')
        && hosts.any(|host| {
            let below =
                |a: &str, b: &str| a.strip_suffix(b).is_some_and(|rest| rest.ends_with('.'));
            host == domain || below(host, domain) || host.contains('.') && below(domain, host)
        })
}

/// Words, at least three blanks or a tab, and words again.
fn is_in_columns(line: &str) -> bool {
    let line = line.trim();
    line.len() < 200
        && (line.contains("   ") || line.contains('\t') || line.matches('|').count() > 2)
}

/// `02:00:01`, `2026-10-05T09:21:11.112Z`, `UTC`.
fn is_stamp(bare: &str) -> bool {
    let clock = |part: &str| {
        let mut fields = part.split(':');
        fields.clone().count() == 3
            && fields.all(|field| {
                field.get(..2).is_some_and(|two| two.bytes().all(|b| b.is_ascii_digit()))
            })
    };
    bare == "UTC" || bare.len() >= 7 && clock(bare.rsplit('T').next().unwrap_or(bare))
}

/// `9f31c2a`, `SHA256:bT8o…`, `#88120113`.
fn is_id(token: &str, bare: &str) -> bool {
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let hex = bare.len() >= 7
        && bare.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-' || b == b':')
        && (2..bare.len()).contains(&digits)
        && bare.bytes().any(|b| b.is_ascii_lowercase());
    hex && !bare.contains("::")
        || bare.starts_with("SHA256:")
        || token.starts_with('#') && digits > 3
        || digits > 6 && digits == bare.len()
}

/// An address at the domain of the sender that is somebody else's.
fn is_neighbour(token: &str, author: Option<&Mailbox>, domain: &str) -> bool {
    if !token.contains('@') || domain.is_empty() {
        return false;
    }
    let token = token.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    let local = author.map_or("", |one| one.address.local()).to_ascii_lowercase();
    token.split_once('@').is_some_and(|(name, host)| {
        name != local && (host == domain || domain.ends_with(&format!(".{host}")))
    })
}

/// How many phrases that only machines write stand on these lines.
fn notices<'t>(lines: impl Iterator<Item = &'t str>) -> usize {
    let lines = lines.map(|line| line.get(..200).unwrap_or(line));
    let hits = lines.map(|line| lexicon::find(&plain(line)));
    hits.flatten().filter(|hit| hit.sense == Sense::Notice).count()
}

/// Whether a word of this name stands on one of the last lines, with little else and in no link.
fn signs<'t>(lines: impl Iterator<Item = &'t str>, name: &str) -> bool {
    let kept: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
    let known = |word: &&str| word.len() > 2;
    let short = |line: &&&str| line.len() < 120 && !line.contains("://");
    kept.iter().rev().take(LAST).filter(short).any(|line| {
        let line = plain(line);
        line.split(' ').count() <= 8
            && name.split(' ').filter(known).any(|word| line.contains(word))
            && !line.split(' ').any(|word| NO_PERSON.hold(word))
    })
}
