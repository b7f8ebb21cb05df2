//! Which list of ours a mail names, as the common list software and forwarders write it: Google
//! Groups, Mailman 2 and 3, Sympa, groups.io, Microsoft 365, plain aliases.

use crate::desk::address::Address;
use crate::desk::message::Message;
use crate::desk::policy::{Policy, is_robot_of};

/// What a mail says about a list of ours.
pub(super) struct Traces<'p> {
    /// The list.
    pub(super) list: &'p Address,
    /// True where the mail bears the marks that list software leaves on what it carries.
    pub(super) marked: bool,
    /// True where the list software itself wrote the mail.
    pub(super) administrative: bool,
}

/// Fields in which list software names its list. If one of them names another list, the mail is
/// that list's, whatever the others say: it writes at least one of them itself.
const NAMES_THE_LIST: &[&str] = &["list-id", "x-beenthere", "mailing-list", "x-mailing-list"];

/// Fields in which servers note for whom they took a mail on its way.
const FORWARDED: &[&str] = &["x-forwarded-to", "x-forwarded-for", "resent-from", "resent-sender"];

impl<'p> Traces<'p> {
    /// The traces of the list of ours that the mail names, the one that marked it before one that it
    /// only went to; none where it names none, or a list that is not ours.
    pub(super) fn of(message: &Message, policy: &'p Policy) -> Option<Traces<'p>> {
        let lists = &policy.lists;
        let named = |name: &str| NAMES_THE_LIST.contains(&name);
        let foreign = |field| !lists.iter().any(|list| names(field, list));
        let mut fields = message.headers.iter().filter(|(_, value)| !value.is_empty());
        if lists.is_empty() || fields.any(|field| named(&field.0) && foreign(field)) {
            return None;
        }
        let marked = lists.iter().find(|list| is_marked(message, list));
        let touched = |list: &&Address| is_from(message, list) || is_on_the_way(message, list);
        let list = marked.or_else(|| lists.iter().find(touched))?;
        let administrative = is_administrative(message, list);
        Some(Traces { list, marked: marked.is_some(), administrative })
    }
}

/// Whether list software put its marks on the mail.
fn is_marked(message: &Message, list: &Address) -> bool {
    let mark =
        |name: &str| NAMES_THE_LIST.contains(&name) || matches!(name, "list-post" | "x-loop");
    message.headers.iter().any(|field| mark(&field.0) && names(field, list))
        || message.sender.as_ref().is_some_and(|sender| is_robot_of(list, &sender.address))
}

/// Whether the list, or its software, stands in From.
fn is_from(message: &Message, list: &Address) -> bool {
    let author = message.author().map(|author| &author.address);
    author.is_some_and(|author| author == list || is_robot_of(list, author))
}

/// Whether it was sent to the list, or a server noted that it took it for the list.
fn is_on_the_way(message: &Message, list: &Address) -> bool {
    let copied = message.cc.iter().map(|one| &one.address);
    let mut addresses = message.to.iter().chain(copied).chain(&message.delivered_to);
    addresses.any(|address| address == list || address.without_tag() == *list)
        || message
            .headers
            .iter()
            .any(|field| FORWARDED.contains(&field.0.as_str()) && names(field, list))
}

/// Whether a field names this list: by its address, or by its id (RFC 2919 section 3), which list
/// software makes of the address. Before an id stands what its owner calls the list, which may look
/// like another list's.
fn names((name, value): &(String, String), list: &Address) -> bool {
    let value = match value.rsplit_once('<') {
        Some((_, id)) if name == "list-id" => id,
        _ => value,
    };
    let address = list.key();
    let id = address.replacen('@', ".", 1);
    let separates = |c: char| c.is_whitespace() || "<>,;:\"'()".contains(c);
    value.to_lowercase().split(separates).any(|word| word == address || word == id)
}

/// A confirmation, a moderation request or a digest: list software speaks for itself.
fn is_administrative(message: &Message, list: &Address) -> bool {
    let from = message.author().map(|author| &author.address);
    let digest = format!("digest for {}", list.key());
    from.is_some_and(|from| is_robot_of(list, from))
        || from == Some(list)
            && (message.header("x-list-administrivia").is_some()
                || message.subject.to_lowercase().starts_with(&digest))
}

/// Takes away what the list added, so that the mail is not taken for a list's. What its author or
/// a machine behind it wrote stays: Auto-Submitted, Feedback-ID, a report.
pub(super) fn wipe(message: &mut Message, policy: &Policy, list: &Address) {
    message.reply_to.retain(|one| !policy.is_ours(&one.address));
    // A mail that was only sent to the list bears no marks of it; a newsletter to it keeps its own.
    if !is_marked(message, list) {
        return;
    }
    message.headers.retain(|(name, value)| {
        let lists = name.starts_with("list-")
            || name.starts_with("x-mailman-")
            || name == "x-google-group-id"
            || NAMES_THE_LIST.contains(&name.as_str());
        let word = value.trim().to_ascii_lowercase();
        // Mailman writes `list`, groups.io and old list servers write `bulk`.
        let precedence = name == "precedence" && matches!(word.as_str(), "list" | "bulk");
        !lists && !precedence
    });
    message.subject = without_prefix(&message.subject, list);
}

/// The subject without the `[security]` that lists put before it.
fn without_prefix(subject: &str, list: &Address) -> String {
    let mark = format!("[{}]", list.local());
    let rest = subject
        .get(..mark.len())
        .filter(|start| start.eq_ignore_ascii_case(&mark))
        .and_then(|start| subject.strip_prefix(start));
    rest.map_or(subject, str::trim_start).to_owned()
}
