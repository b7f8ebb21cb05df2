//! `watchpost show`: where a case stands, and everything that happened to it.

use std::path::Path;

use super::ask::{ask, read};
use super::failure::Failure;
use super::print::{self, Format, Screen};
use super::setup::settings;
use super::words::{how_far, reporter, short, state, subject};
use crate::desk::case::{Case, Fate};
use crate::desk::ids::CaseId;
use crate::desk::policy::{Policy, Promise};
use crate::desk::promise::{Clock, clock};
use crate::desk::time::Moment;
use crate::io::control::Request;
use crate::io::wall;
use crate::view::{CaseRow, StoryLine, case_row, utc};

/// Tells the story of a case.
pub(super) fn show(config: &Path, format: Format, case: CaseId) -> Result<(), Failure> {
    let settings = settings(config)?;
    let lines = ask(&settings, &Request::Show { case })?;
    if format == Format::Json {
        return print::lines(lines);
    }
    let policies = settings.policies();
    print::lines(text(&read(&lines)?, &policies, wall::now(), Screen::of_stdout()))
}

/// The case first, then those that were merged into it, each with its own numbers.
fn text(story: &[StoryLine], policies: &[Policy], now: Moment, screen: Screen) -> Vec<String> {
    let unknown = Policy::unconfigured();
    let rules = |case: &Case| {
        let inbox = &case.mail().folder.inbox;
        policies.iter().find(|policy| policy.inbox == *inbox).unwrap_or(&unknown)
    };
    let stories = story.chunk_by(|one, next| one.event.case == next.event.case);
    let told: Vec<(Option<Case>, &[StoryLine])> =
        stories.map(|story| (Case::replay(story.iter().map(|line| &line.event)), story)).collect();
    let cases: Vec<&Case> = told.iter().filter_map(|(case, _)| case.as_ref()).collect();
    let mut lines = Vec::new();
    for (case, story) in &told {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        if let Some(case) = case {
            let policy = rules(case);
            let row = case_row(case, policy, now);
            lines.push(screen.bold(&format!("{}  {}", row.case, state(&row.state))));
            let head = screen.hanging(head(case, policy, &row, &cases, now));
            lines.extend(head.iter().map(|line| red(screen, line)));
            lines.push(String::new());
        }
        lines.extend(events(story, screen));
    }
    lines
}

fn events(story: &[StoryLine], screen: Screen) -> Vec<String> {
    let heads = ["WHEN (UTC)", "MAIL", "WHAT", ""].map(str::to_owned).to_vec();
    let told = story.iter().map(|line| {
        let number = line.mail.map(|number| number.to_string()).unwrap_or_default();
        vec![short(&line.at), number, line.what.clone(), line.story.clone()]
    });
    let table = screen.hanging(std::iter::once(heads).chain(told).collect());
    let bold = |(at, line): (usize, String)| if at == 0 { screen.bold(&line) } else { line };
    table.into_iter().enumerate().map(bold).collect()
}

const ACKNOWLEDGEMENT_DUE: &str = "Acknowledgement due";
const ANSWER_DUE: &str = "Answer due";

/// Where the case stands, a line each.
fn head(
    case: &Case,
    policy: &Policy,
    row: &CaseRow,
    cases: &[&Case],
    now: Moment,
) -> Vec<Vec<String>> {
    let due = |due: Moment| Some(format!("{}, {}", utc(due), how_far(due, now)));
    let acknowledged = row.acknowledged.as_deref().map(|at| format!("{} UTC", short(at)));
    let running = |promise| {
        let clock = clock(case, policy, promise).filter(Clock::is_running)?;
        clock.due.map_or(Some("stands still until the reporter writes".into()), due)
    };
    let owed = running(Promise::Acknowledgement);
    let answer_due = running(Promise::Response);
    let lines = [
        ("Reporter", Some(named(case, row))),
        ("Subject", Some(subject(row))),
        ("Inbox", Some(row.inbox.clone())),
        ("Received", Some(format!("{} UTC", short(&row.received)))),
        ("Handled by", row.handler.clone()),
        ("Goes on in", row.merged_into.clone()),
        ("Split from", case.split_from.as_ref().map(ToString::to_string)),
        ("Acknowledged", acknowledged),
        (ACKNOWLEDGEMENT_DUE, owed),
        ("Answered", case.answered.map(utc)),
        (ANSWER_DUE, answer_due),
        ("Held", row.held.clone().filter(|_| case.answered.is_none())),
        ("Letters waiting", waiting(case)),
        ("Owed next", Some(owed_next(case, policy))),
    ];
    let merged = case.took_in.iter().map(|id| {
        let other = cases.iter().find(|other| other.id == *id);
        let of = other.map(|other| {
            let who = named(other, &case_row(other, policy, now));
            format!(", by {who}, first seen {}", utc(other.arrived()))
        });
        ("Merged in", Some(format!("{id}{}", of.unwrap_or_default())))
    });
    let told = lines.into_iter().chain(merged);
    told.filter_map(|(what, told)| Some(vec![what.to_owned(), told?])).collect()
}

/// The reporter with their name, for credit.
fn named(case: &Case, row: &CaseRow) -> String {
    let name = case.opening.reporter.as_ref().map(|one| one.name.trim()).unwrap_or_default();
    let address = reporter(row);
    if name.is_empty() { address } else { format!("{name} <{address}>") }
}

/// What comes next, and from whom.
fn owed_next(case: &Case, policy: &Policy) -> String {
    let waits = case.unsent_acknowledgements().next().is_some();
    if case.closed.is_some() {
        "nothing: it is closed".into()
    } else if case.is_waiting() {
        "a mail of the reporter: the case waits for it".into()
    } else if case.answered.is_some() {
        match clock(case, policy, Promise::Update).and_then(|clock| clock.due) {
            Some(due) => format!("a person's next word, by {}", utc(due)),
            None => "nothing: a person answered".into(),
        }
    } else if case.acknowledged.is_some() {
        "a person's answer".into()
    } else if waits {
        "the acknowledgement, which waits to be sent; then a person's answer".into()
    } else if let Some((_, until)) = case.deferred.as_deref() {
        format!("one acknowledgement for several cases, at {}; then a person's answer", utc(*until))
    } else if case.held.is_some() {
        format!("a person's look: answer it, or: watchpost do {} release", case.id)
    } else {
        "a person's answer: no acknowledgement reached the reporter".into()
    }
}

fn waiting(case: &Case) -> Option<String> {
    let waiting = case.letters.values().filter(|letter| letter.fate == Fate::Waiting);
    let told: Vec<String> = waiting
        .map(|letter| {
            let kind = letter.kind.name().replace('_', " ");
            format!("{kind} to {}, written {}", letter.to.address, utc(letter.written))
        })
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn red(screen: Screen, line: &str) -> String {
    let dues = [ACKNOWLEDGEMENT_DUE, ANSWER_DUE];
    match line.find("OVERDUE").and_then(|at| line.split_at_checked(at)) {
        Some((before, mark)) if dues.iter().any(|due| before.starts_with(due)) => {
            format!("{before}{}", screen.red(mark))
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::address::{Address, Mailbox};
    use crate::desk::event::{
        Certainty, Event, Fact, HoldReason, MailRef, Opening, Promised, Sayer,
    };
    use crate::desk::folder::{Folder, Role};
    use crate::desk::letter::{LetterId, LetterKind};
    use crate::desk::message::MessageId;
    use crate::desk::time::Span;
    use crate::desk::verdict::{Code, Figures, Kind, Reason, Verdict};
    use crate::view::story;

    fn case(number: u32) -> CaseId {
        CaseId { prefix: "EXP".into(), year: 2026, number }
    }

    fn start() -> Moment {
        Moment::parse_rfc3339("2026-09-01T12:00:00Z").unwrap()
    }

    fn mail(uid: u32) -> MailRef {
        MailRef {
            folder: Folder { inbox: "security".into(), name: "INBOX".into(), role: Role::Inbox },
            uid_validity: 1,
            uid,
            message_id: None,
            arrived: start() + Span::minutes(u64::from(uid)),
            size: 1000,
        }
    }

    fn verdict(kind: Kind) -> Verdict {
        let detail = "your mail holds text of its own".into();
        let reasons = vec![Reason { code: Code::MaybeMachine, detail }];
        Verdict { kind, reasons, hints: Vec::new(), language: None, figures: Figures::default() }
    }

    fn person(name: &str, address: &str) -> Mailbox {
        Mailbox { name: name.into(), address: Address::parse(address).unwrap() }
    }

    fn opened(uid: u32, reporter: Mailbox) -> Fact {
        Fact::Opened(Box::new(Opening {
            mail: mail(uid),
            reporter: Some(reporter),
            subject: "Path traversal in the static handler \u{1b}[2J".into(),
            verdict: verdict(Kind::Complete),
            text: None,
            conversation: None,
            likeness: None,
            defects: Vec::new(),
            deserves: None,
            provisional: false,
            authentic: true,
            with: Vec::new(),
            promised: Promised::by(&Policy::unconfigured(), mail(uid).arrived),
        }))
    }

    fn told(number: u32, facts: Vec<Fact>) -> Vec<StoryLine> {
        let event = |(seq, fact)| Event { seq, at: start(), case: Some(case(number)), fact };
        story(&(1..).zip(facts).map(event).collect::<Vec<_>>())
    }

    /// Ann's case, which went on with Bo's.
    fn merged() -> Vec<StoryLine> {
        let (ann, bo) = (person("Ann A.", "ann@acorn.example"), person("", "bo@oak.example"));
        let by = Sayer::Operator;
        let letter = LetterId::of(&case(1), LetterKind::Acknowledgement);
        let joined = Fact::Joined {
            mail: mail(3),
            from: Some(bo.clone()),
            verdict: verdict(Kind::FollowUp),
            tie: Certainty::OurLetter,
            conversation: None,
            with: Vec::new(),
            alone: None,
        };
        let written = Fact::Written {
            letter: letter.clone(),
            kind: LetterKind::Acknowledgement,
            to: ann.clone(),
            message_id: MessageId::parse("one@project.example").unwrap(),
            covers: Vec::new(),
            about: None,
        };
        let (reporter, arrived) = (Some(bo.clone()), mail(2).arrived);
        let took_in = Fact::TookIn { other: case(2), reporter, arrived, by };
        let sent = Fact::Sent { letter, reply: "250 2.0.0 Ok: queued as 4cXyZ1".into() };
        let mut lines = told(1, vec![opened(1, ann), written, sent, took_in, joined]);
        let held = Fact::Held { why: HoldReason::Bulk };
        lines.extend(told(2, vec![opened(2, bo), held, Fact::Merged { into: case(1), by }]));
        lines
    }

    fn shown(width: Option<usize>) -> String {
        text(&merged(), &[], start() + Span::hours(2), Screen { width, colour: false }).join("\n")
    }

    #[test]
    fn a_story_tells_who_reported_how_surely_a_mail_joined_and_what_is_owed() {
        let text = shown(None);
        for told in [
            "Reporter      Ann A. <ann@acorn.example>",
            "Owed next     a person's answer\n",
            "Merged in     EXP-2026-0002, by bo@oak.example, first seen 2026-09-01 12:02 UTC",
            "2026-09-01 12:01  1     opened   ann@acorn.example wrote",
            "acknowledgement to ann@acorn.example: sent",
            "2026-09-01 12:03  2     joined   bo@oak.example wrote again (follow_up; surely:",
            "Goes on in           EXP-2026-0001",
            "a person's look: answer it, or: watchpost do EXP-2026-0002 release",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn on_a_narrow_terminal_no_line_is_too_long_and_every_number_stands() {
        let text = shown(Some(80));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(text.matches("MAIL").count(), 2, "{text}");
        assert!(text.contains("12:03  2     joined"), "{text}");
    }
}
