//! `[alarm]`: who is told when mail itself is down; `[canary]`: whether reports still arrive.

use super::reader::{Item, Table};
use super::settings::{Alarm, Inbox, Second};
use super::{server, value};
use crate::desk::address::{Address, Mailbox};
use crate::desk::alarm::Rules;
use crate::desk::policy::Canary;
use crate::desk::time::Span;

const TO: &str = "to = [\"kim@home.example\"]";
const FROM: &str = "from = \"watchpost@other.example\"";
const SMTP: &str = "[alarm.smtp] with host = \"smtp.other.example\"";
const COMMAND: &str = "command = [\"/usr/local/bin/page\", \"security\"]";

/// Reads `[alarm]`.
pub(super) fn alarm(table: &Table<'_>) -> Option<Alarm> {
    let rules = rules(table);
    let second = second(table);
    let command = table.optional("command", |item| value::command(item, COMMAND));
    Some(Alarm { rules: rules?, second: second?, command: command? })
}

fn rules(table: &Table<'_>) -> Option<Rules> {
    let usual = Rules::default();
    let week = Span::hours(7 * 24);
    let after = table.or("after", usual.after, |item| value::span(item, Span::seconds(1), week));
    let every = table.or("every", usual.every, |item| value::span(item, Span::minutes(1), week));
    let percent = table.or("acknowledgement_percent", usual.acknowledgement_percent, |item| {
        u64::try_from(value::number(item, "a share of the time in percent", 1, 99)?).ok()
    });
    let letter_waits = table
        .or("letter_waits", usual.letter_waits, |item| value::span(item, Span::minutes(1), week));
    Some(Rules {
        after: after?,
        every: every?,
        acknowledgement_percent: percent?,
        letter_waits: letter_waits?,
    })
}

/// The second relay. Its table stands alone: what holds for the inboxes must not hold for it.
#[expect(clippy::option_option, reason = "no relay is not the same as a wrong one")]
fn second(table: &Table<'_>) -> Option<Option<Second>> {
    let smtp = table.optional("smtp", |item| match item.as_table("smtp") {
        Some(table) => server::smtp(&table),
        None => item.refuse(format_args!("{} stands here; write {SMTP}", item.what())),
    });
    let from = table.optional("from", value::mailbox);
    let to = table.optional("to", |item| value::addresses(item, TO));
    let three = [("smtp", SMTP), ("from", FROM), ("to", TO)];
    let first = three.iter().find(|(key, _)| table.item(key).is_some());
    for (key, example) in three.iter().filter(|(key, _)| table.item(key).is_none()) {
        if let Some((given, _)) = first {
            let told = format!("`{key}` goes with it; write {example} as well");
            table.lacks::<()>(key, example, given, told);
        }
    }
    match (smtp?, from?, to?) {
        (Some(smtp), Some(from), Some(to)) => Some(Some(Second { smtp, from, to })),
        (None, None, None) => Some(None),
        _ => None,
    }
}

/// Reads `[canary]`; none flies where `every` is not given.
#[expect(clippy::option_option, reason = "no canary is not the same as a wrong one")]
pub(super) fn canary(table: &Table<'_>) -> Option<Option<Canary>> {
    let every = |item: &Item<'_>| value::span(item, Span::minutes(1), Span::hours(7 * 24));
    let within = |item: &Item<'_>| value::span(item, Span::seconds(1), Span::hours(7 * 24));
    let every = table.optional("every", every);
    let within = table.or("within", Span::minutes(30), within);
    let (every, within) = (every?, within?);
    Some(every.map(|every| Canary { every, within }))
}

/// Refuses an alarm that needs what it tells of, and a canary that has no other server to come from.
pub(super) fn fits(top: &Table<'_>, alarm: &Alarm, inboxes: &[Inbox]) -> Option<()> {
    let table = top.partial("alarm");
    let ours = |address: &Address| {
        let watched = |inbox: &&Inbox| {
            inbox.policy.is_ours(address) || inbox.policy.account.as_ref() == Some(address)
        };
        inboxes.iter().find(watched).map(|inbox| inbox.policy.inbox.as_str())
    };
    if let Some(Second { from: Mailbox { address: from, .. }, to, .. }) = &alarm.second {
        if let Some(inbox) = ours(from) {
            return table.refuse(
                "from",
                format_args!(
                    "{from} belongs to the inbox \"{inbox}\"; write an address of the second relay"
                ),
            );
        }
        if let Some((to, inbox)) = to.iter().find_map(|to| Some((to, ours(to)?))) {
            return table.refuse(
                "to",
                format_args!(
                    "{to} belongs to the inbox \"{inbox}\", which may be what is down; write an \
                     address elsewhere"
                ),
            );
        }
    } else if let Some(inbox) = inboxes.iter().find(|inbox| inbox.policy.canary.is_some()) {
        return top.partial("canary").refuse(
            "every",
            format_args!(
                "the canary to the inbox \"{}\" is sent by the second relay, and there is none; \
                 write {SMTP}",
                inbox.policy.inbox
            ),
        );
    }
    Some(())
}
