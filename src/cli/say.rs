//! `watchpost do`: what an operator says of a case.

use std::path::PathBuf;

use super::ask::{read, say as tell};
use super::failure::Failure;
use super::print::{self, Format, Screen};
use super::setup::settings;
use crate::desk::command::Said;
use crate::desk::event::Fact;
use crate::desk::ids::CaseId;
use crate::desk::letter::LetterKind;
use crate::view::StoryLine;

/// The commands, for the help and for whoever types another one.
pub(super) const COMMANDS: &str = "\
Commands:
  responded    a person has answered the reporter, where Watchpost could not see it
  release      the case is held, and its reporter is to be acknowledged all the same
  need-info    it waits for its reporter, who is told so; clocks stand still until they write
  close        nothing is owed on it any more
  reopen       it is closed, and goes on; its reporter does so by writing
  embargo DAY  the problem is kept secret until the end of that day (UTC), when disclosure is due
  announced    the problem was announced
  met PROMISE  a [[promise]] of the configuration is kept
  WORD         what a [[promise]] of the configuration counts from
  merge OTHER  the conversation of OTHER goes on in CASE; what the reporter of OTHER is owed stays owed
  take NAME    this member handles the case from now on, and is reminded of it; nothing else stops or starts
  split MAIL   the mail with this number in `show` is a case of its own, and is acknowledged

A release, a merge or a split cannot be taken back.";

/// What is to be said.
pub(super) struct Wanted {
    pub(super) config: PathBuf,
    pub(super) case: CaseId,
    pub(super) words: Vec<String>,
    pub(super) format: Format,
}

/// Says it, and tells what followed.
pub(super) fn say(wanted: Wanted) -> Result<(), Failure> {
    let Wanted { config, case, words, format } = wanted;
    let settings = settings(&config)?;
    let said = Said::parse(&words.join(" "), &settings.policies()).map_err(Failure::usage)?;
    let (lines, by_daemon) = tell(&config, &settings, &case, said)?;
    if format == Format::Json {
        return print::lines(lines);
    }
    let story: Vec<StoryLine> = read(&lines)?;
    let mut rows: Vec<Vec<String>> = story.iter().filter_map(row).collect();
    let letters = story.iter().any(|line| matches!(line.event.fact, Fact::Written { .. }));
    if letters && !by_daemon {
        let note = "no daemon is running: letters leave when it does";
        rows.push(vec![String::new(), "note".into(), note.into()]);
    }
    print::lines(Screen::of_stdout().hanging(rows))
}

/// Notices to the team stand in `show`.
fn row(line: &StoryLine) -> Option<Vec<String>> {
    if let Fact::Written { kind: LetterKind::Notice(_), .. }
    | Fact::Gathered { .. }
    | Fact::Told { .. } = line.event.fact
    {
        return None;
    }
    let case = line.event.case.as_ref().map(ToString::to_string).unwrap_or_default();
    Some(vec![case, line.what.clone(), line.story.clone()])
}
