//! What the team is told: it follows from what was decided, and decides nothing.

use super::address::Mailbox;
use super::books::Books;
use super::case::Case;
use super::event::{Certainty, Fact, MailRef, NoAnswer};
use super::gathering::Gathering;
use super::ids::CaseId;
use super::incoming::Facts;
use super::keys::Keys;
use super::ladder::{self, Ladder, Reader};
use super::letter::{LetterId, LetterKind, Notice};
use super::policy::Policy;
use super::team::{Member, Notices};
use super::time::Moment;
use super::verdict::Kind;

/// The notices about `facts`, which were decided just now and whose first event gets the number
/// `first`. The rules of an inbox are found by `policy`.
pub(super) fn notices<'p>(
    books: &Books,
    policy: impl Fn(&str) -> Option<&'p Policy>,
    keys: &Keys,
    now: Moment,
    first: u64,
    facts: &Facts,
) -> Facts {
    let mut told = Facts::new();
    // What is decided here counts as well: time may bring something on many cases at once.
    let mut gathering = books.gathering().clone();
    for ((case, fact), seq) in facts.iter().zip(first..) {
        let Some(mail) = about(books, facts, case.as_ref(), fact) else { continue };
        let Some(policy) = policy(&mail.folder.inbox) else { continue };
        let Some(notice) = notice(fact) else { continue };
        let answered =
            case.as_ref().and_then(|id| books.case(id)).is_some_and(|c| c.answered.is_some());
        if notice == Notice::TooShort && answered {
            continue;
        }
        if policy.team.notices == Notices::None && !asks(notice) && !only_people_help(fact) {
            continue;
        }
        let on_case = case.as_ref().and_then(|id| books.case(id));
        let handler = on_case.and_then(|case| case.handler.as_deref());
        let ladder = Ladder::of(policy, handler, books.absences(), now);
        for reader in readers(policy, fact, &ladder.held(on_case.is_some_and(Case::is_held))) {
            told.extend(write(
                &mut gathering,
                policy,
                keys,
                now,
                (case.as_ref(), fact),
                notice,
                seq,
                mail,
                reader,
            ));
        }
    }
    told
}

/// What kind of notice a fact makes; most make none.
fn notice(fact: &Fact) -> Option<Notice> {
    match fact {
        Fact::Opened(_) => Some(Notice::Report),
        Fact::Joined { verdict, .. } if verdict.holds_ours_back() => Some(Notice::Unreached),
        Fact::Joined { verdict, .. } if verdict.kind == Kind::Automatic => None,
        Fact::Joined { tie: Certainty::Guest, .. } => Some(Notice::Guest),
        Fact::Joined { .. } => Some(Notice::FollowUp),
        Fact::Refused { letter, .. } | Fact::Bounced { letter, failed: true, .. } => {
            // Else two members who cannot be reached would be told of each other for ever.
            let tells_of_another =
                matches!(letter.as_notice(), Some(Notice::Unreached | Notice::Gathered));
            (!tells_of_another).then_some(Notice::Unreached)
        }
        Fact::Returned { .. } => Some(Notice::Unreached),
        Fact::Discussed { why: NoAnswer::Disowned, .. } => Some(Notice::Forged),
        Fact::Answered { enough: false, .. } => Some(Notice::TooShort),
        Fact::Quoted { .. } => Some(Notice::WasItYou),
        Fact::Commanded { .. } => Some(Notice::Commanded),
        Fact::Asked { .. } => Some(Notice::Question),
        Fact::Another { .. } => Some(Notice::Another),
        Fact::Reminded { .. } => Some(Notice::Reminder),
        Fact::Escalated { .. } => Some(Notice::Escalation),
        _ => None,
    }
}

/// Who reads it.
fn readers(policy: &Policy, fact: &Fact, ladder: &Ladder<'_>) -> Vec<Reader> {
    let team = &policy.team;
    let members: Vec<&Member> = match fact {
        Fact::Reminded { .. } => return ladder.reminded(),
        Fact::Escalated { rung: Some(rung), .. } => return ladder.told(*rung),
        Fact::Asked { .. } => team.lead.iter().collect(),
        Fact::Answered { by, .. } | Fact::Commanded { by, .. } => {
            let author = by.as_ref().and_then(|by| team.member(&by.address));
            author.or(team.lead.as_ref()).into_iter().collect()
        }
        Fact::Refused { letter, .. } | Fact::Bounced { letter, .. } => {
            // Whom a notice did not reach, no further one will.
            let lost = letter.member();
            team.everybody().filter(|member| Some(member.name.as_str()) != lost).collect()
        }
        _ => team.everybody().collect(),
    };
    members.into_iter().filter_map(Reader::of).collect()
}

/// Whether somebody has to do something: such a notice is sent whatever is configured, and at once,
/// unless it is one of very many of its kind.
fn asks(notice: Notice) -> bool {
    match notice {
        Notice::Question
        | Notice::WasItYou
        | Notice::TooShort
        | Notice::Commanded
        | Notice::Another
        | Notice::Reminder
        | Notice::Escalation => true,
        Notice::Report
        | Notice::FollowUp
        | Notice::Guest
        | Notice::Forged
        | Notice::Unreached
        | Notice::Gathered
        | Notice::Digest => false,
    }
}

/// Whether somebody was not reached, and nothing will be missed that brings it up again: such a notice
/// is sent whatever is configured, too. An acknowledgement that came back is owed anew.
fn only_people_help(fact: &Fact) -> bool {
    match fact {
        Fact::Refused { letter, .. } | Fact::Bounced { letter, .. } => {
            letter.says_that_we_wait() || letter.missed_promise().is_some()
        }
        Fact::Returned { .. } => true,
        Fact::Joined { verdict, .. } => verdict.holds_ours_back(),
        _ => false,
    }
}

/// The mail that the case, or the question, is about.
fn about<'a>(
    books: &'a Books,
    facts: &'a Facts,
    case: Option<&CaseId>,
    fact: &'a Fact,
) -> Option<&'a MailRef> {
    if let Fact::Asked { opening, .. } = fact {
        return Some(&opening.mail);
    }
    let id = case?;
    if let Some(case) = books.case(id) {
        return Some(case.mail());
    }
    facts.iter().find_map(|(on, fact)| match fact {
        Fact::Opened(opening) if on.as_ref() == Some(id) => Some(&opening.mail),
        _ => None,
    })
}

#[expect(clippy::too_many_arguments, reason = "one notice is all of this, and nothing keeps it")]
fn write(
    gathering: &mut Gathering,
    policy: &Policy,
    keys: &Keys,
    now: Moment,
    (case, fact): (Option<&CaseId>, &Fact),
    notice: Notice,
    seq: u64,
    mail: &MailRef,
    reader: Reader,
) -> Option<(Option<CaseId>, Fact)> {
    let Reader { name, to } = reader;
    let urgent = notice.is_urgent();
    let wait = || gathering.wait(now, &policy.inbox, &to.address, urgent);
    let until = if asks(notice) && !urgent { None } else { wait() };
    if let (Some(case), Some(until)) = (case, until) {
        return Some((Some(case.clone()), Fact::Gathered { to, until }));
    }
    let letter = match (case, fact) {
        (Some(case), _) => LetterId::notice(case, notice, seq, &name),
        (None, Fact::Asked { question, .. }) => LetterId::notice(question, notice, seq, &name),
        (None, _) => return None,
    };
    gathering.told(&policy.inbox, &to.address, now, urgent);
    let written = written(policy, keys, letter, notice, mail, to, Vec::new(), Some(seq))?;
    Some((case.cloned(), written))
}

#[expect(clippy::too_many_arguments, reason = "the fields of the fact that it makes")]
fn written(
    policy: &Policy,
    keys: &Keys,
    letter: LetterId,
    notice: Notice,
    mail: &MailRef,
    to: Mailbox,
    covers: Vec<CaseId>,
    about: Option<u64>,
) -> Option<Fact> {
    let message_id = keys.message_id(&letter, mail, &policy.from.address)?;
    let kind = LetterKind::Notice(notice);
    Some(Fact::Written { letter, kind, to, message_id, covers, about })
}

/// The notices about several cases that are due.
pub(super) fn gathered<'p>(
    books: &Books,
    policy: impl Fn(&str) -> Option<&'p Policy>,
    keys: &Keys,
    now: Moment,
) -> Facts {
    let due = books.gathering().due(now).filter_map(|(to, cases)| {
        let (first, covers) = cases.split_first()?;
        let case = books.case(first)?;
        let policy = policy(&case.mail().folder.inbox)?;
        let name = ladder::name(policy, to);
        let seq = books.last_seq().saturating_add(1);
        let letter = LetterId::notice(first, Notice::Gathered, seq, &name);
        let told = covers.iter().map(|other| {
            (Some(other.clone()), Fact::Told { letter: letter.clone(), to: to.clone() })
        });
        let mut facts: Facts = told.collect();
        let (to, covers) = (Mailbox { name: String::new(), address: to.clone() }, covers.to_vec());
        let kind = Notice::Gathered;
        let fact = written(policy, keys, letter, kind, case.mail(), to, covers, None)?;
        facts.push((Some(first.clone()), fact));
        Some(facts)
    });
    due.flatten().collect()
}
