//! `[[member]]`: the people; `[team]`: who of them answers for an inbox.

use std::collections::BTreeSet;

use super::error::shown;
use super::reader::{Item, Table};
use super::settings::Inbox;
use super::value;
use crate::desk::address::Address;
use crate::desk::policy::{InboxKind, Policy};
use crate::desk::team::{Member, Notices, Team};
use crate::desk::time::Zone;

const MEMBER: &str = "[[member]] with name = \"kim\" and addresses = [\"kim@project.example\"]";
const ADDRESSES: &str = "addresses = [\"kim@project.example\"]";
const AWAY: &str = "away = [\"2026-12-20..2027-01-03\"]";
const OUTSIDE: &str = "outside = [\"cert@foundation.example\"]";
const NAMES: &str = "deputies = [\"kim\"]";

/// Everybody whom the file names.
pub(super) fn people(top: &Table<'_>) -> Option<Vec<Member>> {
    let items = top.or("member", Vec::new(), |item| match item.as_table("member") {
        Some(_) => item.refuse("there can be several; write [[member]], with two brackets"),
        None => item.list(MEMBER),
    })?;
    let (mut names, mut taken) = (BTreeSet::new(), BTreeSet::new());
    let count = items.len();
    let people: Vec<Member> = items
        .iter()
        .filter_map(|item| {
            let Some(table) = item.as_table("member") else {
                return item.refuse(format_args!("{} stands here; write {MEMBER}", item.what()));
            };
            member(&table, &mut names, &mut taken)
        })
        .collect();
    (people.len() == count).then_some(people)
}

fn member(
    table: &Table<'_>,
    names: &mut BTreeSet<String>,
    taken: &mut BTreeSet<Address>,
) -> Option<Member> {
    let name = table.need("name", "name = \"kim\"", |item| value::name(item, "a member", "kim"));
    let addresses = table.need("addresses", ADDRESSES, |item| value::addresses(item, ADDRESSES));
    let zone = table.or("zone", Zone::UTC, zone);
    let days = |item: &Item<'_>| {
        let zone = zone.clone().unwrap_or(Zone::UTC);
        let days: Vec<_> =
            item.any_list(AWAY)?.iter().map(|item| Some(value::dates(item)?.of(&zone))).collect();
        days.into_iter().collect()
    };
    let away = table.or("away", Vec::new(), days);
    let (name, addresses, zone, away) = (name?, addresses?, zone?, away?);
    if !names.insert(name.clone()) {
        let why = format_args!("a member above is called \"{name}\"; write another name here");
        return table.refuse("name", why);
    }
    if let Some(twice) = addresses.iter().find(|one| !taken.insert(one.without_tag())) {
        let why = format_args!("{twice} belongs to a member above; keep it at one of the two");
        return table.refuse("addresses", why);
    }
    Some(Member { name, addresses, zone, away })
}

/// A time zone by its name.
pub(super) fn zone(item: &Item<'_>) -> Option<Zone> {
    let text = item.text()?;
    Zone::named(text).or_else(|| {
        item.refuse(format_args!(
            "\"{}\" is no time zone; write one such as \"Europe/Berlin\" or \"UTC\"",
            shown(text)
        ))
    })
}

/// Reads a team; whom it names has to be one of the `people`, where these could be read.
pub(super) fn team(table: &Table<'_>, people: Option<&[Member]>) -> Option<Team> {
    let one = |item: &Item<'_>| known(item, people);
    let many = |item: &Item<'_>| item.any_list(NAMES)?.iter().map(one).collect::<Option<Vec<_>>>();
    let lead = table.optional("lead", one);
    let deputies = table.or("deputies", Vec::new(), many);
    let members = table.or("members", Vec::new(), many);
    let notices = notices(table);
    let outside = table.or("outside", Vec::new(), |item| value::addresses(item, OUTSIDE));
    let team = Team {
        lead: lead?,
        deputies: deputies?,
        members: members?,
        outside: outside?,
        notices: notices?,
    };
    let mut names = BTreeSet::new();
    if let Some(twice) = team.everybody().find(|member| !names.insert(&member.name)) {
        let why = format_args!("\"{}\" stands in the team twice; keep one", twice.name);
        return table.refuse("members", why);
    }
    Some(team)
}

fn notices(table: &Table<'_>) -> Option<Notices> {
    let words = [
        ("none", Notices::None),
        ("facts", Notices::Facts),
        ("subject", Notices::Subject),
        ("text", Notices::Text),
    ];
    table.or("notices", Notices::Facts, |item| value::choice(item, &words))
}

/// Notes what is wrong in the table at the top, even where every inbox has one of its own; whom it
/// names is looked at where it holds.
pub(super) fn shared(table: &Table<'_>) {
    notices(table);
}

fn known(item: &Item<'_>, people: Option<&[Member]>) -> Option<Member> {
    let text = item.text()?;
    people?.iter().find(|member| member.name == text).cloned().or_else(|| {
        item.refuse(format_args!(
            "no [[member]] is called \"{}\"; add one with that name and its addresses",
            shown(text)
        ))
    })
}

/// Whether somebody can be asked about doubtful mail, where that is needed.
pub(super) fn fits(inbox: &Table<'_>, team: &Team, kind: InboxKind) -> Option<()> {
    if kind == InboxKind::Personal && team.lead.is_none() {
        return inbox.refuse(
            "kind",
            "a personal inbox needs its owner, who is asked about doubtful mail; write \
             lead = \"…\" in [team]",
        );
    }
    Some(())
}

/// Whether everybody who is told of something reads elsewhere than in the inboxes that are watched:
/// what goes there is read by nobody but us.
pub(super) fn read_elsewhere(inboxes: &[(Table<'_>, Inbox)]) -> Option<()> {
    let mut all = Some(());
    for (table, inbox) in inboxes {
        let team = &inbox.policy.team;
        let members = team.everybody().filter_map(|one| Some((Some(one), one.addresses.first()?)));
        let outside = team.outside.iter().map(|address| (None, address));
        for (member, address) in members.chain(outside) {
            let into =
                |(_, other): &&(Table<'_>, Inbox)| leads_into(&other.policy, member, address);
            let Some((_, into)) = inboxes.iter().find(into) else { continue };
            all = None;
            let into = if into.policy.inbox == inbox.policy.inbox {
                "is this inbox itself".to_owned()
            } else {
                format!("leads into the inbox \"{}\"", into.policy.inbox)
            };
            table.refuse::<()>(
                "recipients",
                match member {
                    None => format!("{address} {into}; write somebody who reads elsewhere"),
                    Some(Member { name, .. }) => format!(
                        "{address} {into}, and notices to \"{name}\" would go there; write an \
                         address first that {name} reads elsewhere"
                    ),
                },
            );
        }
    }
    all
}

/// Whether mail to this address comes to the inbox, by any name of it that the configuration knows.
/// The owner of a personal inbox reads there, and so does whoever's own account a mixed one is.
fn leads_into(policy: &Policy, member: Option<&Member>, address: &Address) -> bool {
    let owner = || {
        let lead = policy.team.lead.as_ref();
        member.is_some_and(|member| lead.is_some_and(|lead| lead.name == member.name))
    };
    let bare = address.without_tag();
    let account = policy.account.as_ref().is_some_and(|account| account.without_tag() == bare);
    match policy.kind {
        InboxKind::Personal if owner() => false,
        InboxKind::Mixed if owner() => policy.is_ours(address),
        _ => policy.is_ours(address) || account,
    }
}
