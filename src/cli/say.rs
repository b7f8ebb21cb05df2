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
  merge OTHER  the conversation of OTHER goes on in CASE; what the reporter of OTHER is owed stays owed
  split MAIL   the mail with this number in `show` is a case of its own, and is acknowledged

None of them can be taken back.";

/// What is to be said.
pub(super) struct Wanted {
    pub(super) config: PathBuf,
    pub(super) case: CaseId,
    pub(super) words: Vec<String>,
    pub(super) format: Format,
}

/// Says it, and tells what followed.
pub(super) fn say(wanted: Wanted) -> Result<(), Failure> {
    let said = command(&wanted.words)?;
    let Wanted { config, case, format, .. } = wanted;
    let (lines, by_daemon) = tell(&config, &settings(&config)?, &case, said)?;
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
    if let Fact::Written { kind: LetterKind::Notice(_), .. } | Fact::Gathered { .. } =
        line.event.fact
    {
        return None;
    }
    let case = line.event.case.as_ref().map(ToString::to_string).unwrap_or_default();
    Some(vec![case, line.what.clone(), line.story.clone()])
}

fn command(words: &[String]) -> Result<Said, Failure> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let usage = |text: String| Err(Failure::usage(text));
    match words.as_slice() {
        ["responded"] => Ok(Said::Responded),
        ["release"] => Ok(Said::Release),
        ["merge", other] => match CaseId::parse(other) {
            Some(other) => Ok(Said::Merge { other }),
            None => {
                usage(format!("merge: {other} is no case number; they look like EXP-2026-0007"))
            }
        },
        ["split", number] => match number.parse() {
            Ok(mail) => Ok(Said::Split { mail }),
            Err(_) => usage(format!("split: {number} is no number of a mail; `show` has them")),
        },
        ["merge", ..] => usage("merge takes one case number: merge EXP-2026-0008".into()),
        ["split", ..] => usage("split takes the number of one mail in `show`: split 2".into()),
        ["responded" | "release", ..] => usage("this command takes nothing more".into()),
        [other, ..] => usage(format!(
            "there is no command {other}; there are: responded, release, merge OTHER, split MAIL"
        )),
        [] => usage("say what: responded, release, merge OTHER, or split MAIL".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &str) -> Result<Said, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        command(&words).map_err(|failure| {
            assert_eq!(failure.status, 2);
            failure.lines.concat()
        })
    }

    #[test]
    fn commands_are_read_and_others_are_told_what_there_is() {
        assert_eq!(said("responded"), Ok(Said::Responded));
        let other = CaseId::parse("EXP-2026-0008").unwrap();
        assert_eq!(said("merge exp-2026-0008"), Ok(Said::Merge { other }));
        assert_eq!(said("split 2"), Ok(Said::Split { mail: 2 }));
        for (words, told) in [
            ("close", "there is no command close; there are: responded,"),
            ("responded now", "takes nothing more"),
            ("merge", "merge takes one case number"),
            ("merge seven", "seven is no case number"),
            ("split -1", "-1 is no number of a mail"),
            ("split", "the number of one mail"),
        ] {
            let error = said(words).unwrap_err();
            assert!(error.contains(told), "{words}: {error}");
        }
    }
}
