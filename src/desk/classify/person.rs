//! Mail that a person wrote: does its text tell what is affected and what goes wrong?

use std::collections::BTreeSet;

use super::Facts;
use super::content::Content;
use super::links;
use super::own::Own;
use super::sense::Sense;
use crate::desk::message::{Attachment, Encryption, Message};
use crate::desk::verdict::{Besides, Figures};

/// The most names that a sentence lists.
const LISTED: usize = Figures::NAMED;
/// The most characters of a file name that are shown.
const SHOWN: usize = Figures::NAME;
/// The most characters of a media type that are shown.
const MEDIA: usize = 100;

/// Counts what there is, for letters to say.
pub(super) fn figures(message: &Message, own: &Own, content: &Content) -> Figures {
    let (mut hosts, mut seen) = (Vec::new(), BTreeSet::new());
    for link in content.links.iter().filter(|link| link.host != links::UNREADABLE) {
        if seen.insert(&link.host) && hosts.len() < LISTED {
            hosts.push(link.host.clone());
        }
    }
    let name = |file: &Attachment| match file_name(&file.name) {
        name if name.trim().is_empty() => media_type(file),
        name => name,
    };
    Figures {
        words: content.words,
        links: content.links.len(),
        more_hosts: seen.len() > hosts.len(),
        hosts,
        attachments: files(message).count(),
        files: files(message).take(LISTED).map(name).collect(),
        besides: match (own.quote, own.signature, content.words) {
            (true, ..) => Some(Besides::Quote),
            (_, true, _) => Some(Besides::Signature),
            (_, _, 1..) => Some(Besides::Greeting),
            _ => None,
        },
    }
}

/// Encrypted, and nothing readable beside it that would do.
pub(super) fn encrypted(facts: &Facts<'_>) -> Option<String> {
    let how = match facts.message.encrypted? {
        Encryption::PgpMime | Encryption::PgpInline => "OpenPGP",
        Encryption::Smime => "S/MIME",
    };
    tells_enough(facts).is_none().then(|| format!("your mail is encrypted with {how}"))
}

/// Where a link or an attachment could hold the rest, the text has to say more to stand alone.
pub(super) fn tells_enough(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let (points, telling) = (content.points, content.telling);
    let elsewhere = content.leads_away || facts.figures.attachments > 0;
    let enough = if elsewhere {
        points >= 4 && telling >= 8
            || points >= 3 && telling >= 10
            || points >= 3 && telling >= 2 && content.attacks > 0
            || points >= 4 && telling >= 5 && content.says(Sense::Fault)
            || points >= 10
            || telling >= 20 && points >= 2
            || telling >= 120
    } else if content.only_questions && points < 6 {
        false
    } else {
        // Nothing is behind this text: a statement of some length is what there is to say.
        let foreign = !content.language.is_known();
        let plain = content.count(Sense::Pitch) + content.count(Sense::Robot) == 0
            && content.count(Sense::Sales) < 2
            && !(content.says(Sense::Yours) && content.says(Sense::Taken))
            && !(content.says(Sense::Gone) && content.says(Sense::Day))
            && !content.says(Sense::Promised);
        points >= 2 && telling >= 5
            || points >= 4
            || telling >= 8 && (points > 0 && plain || foreign)
            || telling >= 40
    };
    let something_else = content.asks || content.says(Sense::Errand);
    (enough && (!something_else || super::signals::goes_wrong(facts)))
        .then(|| format!("your mail describes the problem in its text ({})", words(content.words)))
}

pub(super) fn only_attachments(facts: &Facts<'_>) -> Option<String> {
    let files: Vec<&Attachment> = files(facts.message).collect();
    // A logo beside a link is no report; the link may be one.
    let pictures_only =
        files.iter().all(|file| file.content_type.starts_with("image/") && file.inline);
    if files.is_empty() || pictures_only && !facts.content.links.is_empty() {
        return None;
    }
    let verb = if files.len() == 1 { "attachment is" } else { "attachments are" };
    Some(format!(
        "your mail holds {} of text, and its {verb} {}",
        words(facts.content.words),
        list(&files)
    ))
}

pub(super) fn only_links(facts: &Facts<'_>) -> Option<String> {
    let Figures { links, hosts, more_hosts, .. } = &facts.figures;
    if *links == 0 {
        return None;
    }
    let noun = if *links == 1 { "link" } else { "links" };
    let to = if hosts.is_empty() { links::UNREADABLE.to_owned() } else { hosts.join(", ") };
    let more = if *more_hosts { " and others" } else { "" };
    Some(format!("your mail holds {} and {links} {noun} to {to}{more}", words(facts.content.words)))
}

/// A greeting may name somebody: two words beside it are still no text.
pub(super) fn no_text(facts: &Facts<'_>) -> Option<String> {
    let content = &facts.content;
    let greets = content.words > content.beyond_courtesy;
    if content.beyond_courtesy > if greets { 2 } else { 0 } || content.count(Sense::Thanks) > 0 {
        return None;
    }
    let besides = match facts.figures.besides {
        Some(Besides::Quote) => " besides what it quotes",
        Some(Besides::Signature) => " besides a signature",
        Some(Besides::Greeting) => " besides a greeting",
        None => "",
    };
    Some(format!("your mail holds no text{besides}"))
}

pub(super) fn only_thanks(facts: &Facts<'_>) -> Option<String> {
    (facts.content.count(Sense::Thanks) > 0 && facts.content.telling == 0).then(|| counted(facts))
}

pub(super) fn only_questions(facts: &Facts<'_>) -> Option<String> {
    (facts.content.only_questions && facts.content.telling > 0).then(|| counted(facts))
}

/// What there is, counted: for a text that no rule recognises.
pub(super) fn counted(facts: &Facts<'_>) -> String {
    format!("your mail holds {} and names no problem that we recognise", words(facts.content.words))
}

/// Attachments that may hold content: no signatures, keys, cards, and no logo of a signature.
fn files(message: &Message) -> impl Iterator<Item = &Attachment> {
    const NO_CONTENT: &[&str] = &[
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-keys",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "application/pgp-encrypted",
    ];
    message.attachments.iter().filter(|file| {
        let name = file.name.to_ascii_lowercase();
        !NO_CONTENT.contains(&file.content_type.as_str())
            && name != "signature.asc"
            && name != "publickey.asc"
    })
}

fn list(files: &[&Attachment]) -> String {
    let one = |file: &&Attachment| {
        let kind = media_type(file);
        match file_name(&file.name).as_str() {
            "" => kind,
            name => format!("{name} ({kind})"),
        }
    };
    let shown: Vec<String> = files.iter().take(LISTED).map(one).collect();
    match (files.len(), shown.as_slice()) {
        (n, _) if n > LISTED => format!("{} and {} more", shown.join(", "), n - LISTED),
        (_, [first @ .., last]) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => shown.join(""),
    }
}

fn media_type(file: &Attachment) -> String {
    file.content_type.chars().filter(char::is_ascii_graphic).take(MEDIA).collect()
}

/// A file name as a letter may quote it: no control characters, no angle brackets, bounded.
pub(super) fn file_name(name: &str) -> String {
    let clean = name.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>' | '`' | '"'));
    let clean: String = clean.take(SHOWN + 1).collect();
    // The ending tells what the file is, so a long name is cut before it.
    match name.rsplit_once('.') {
        Some((_, ending)) if clean.chars().count() > SHOWN && ending.len() < 10 => {
            format!("{}....{ending}", clean.chars().take(SHOWN - 14).collect::<String>())
        }
        _ => clean.chars().take(SHOWN).collect(),
    }
}

fn words(count: usize) -> String {
    match count {
        0 => "no words".to_owned(),
        1 => "1 word".to_owned(),
        n => format!("{n} words"),
    }
}
