//! The mails of the corpora over a line that breaks again and again: each is judged as over one that
//! is in order. `SEED` says how it breaks, `MAILS` how many of the mails are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::crash::{Dice, number};
use crate::rig::{Daemon, Fault, INBOX, Line, PATIENCE, Proxy, Rig, Way, wait_until};

/// So many connections break; those after them are in order.
const FAULTS: u64 = 40;

fn corpus(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            corpus(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "eml") {
            found.push(path);
        }
    }
}

fn line(dice: &mut Dice) -> Line {
    let bytes = 3000 + dice.below(150_000);
    let fault = match dice.below(6) {
        0 => Fault::Silence,
        1 | 2 => Fault::Flip,
        _ => Fault::Cut,
    };
    let way = if dice.below(8) == 0 { Way::Up } else { Way::Down };
    // Little goes up: a fault there comes early.
    let bytes = if way == Way::Up { bytes / 500 } else { bytes };
    let piece = 1000 + usize::try_from(dice.below(4000)).unwrap();
    let drip = (dice.below(4) == 0).then_some((piece, Duration::from_millis(1)));
    let delay = Duration::from_millis(dice.below(4) * 5);
    Line { delay, drip, fault: Some((way, bytes, fault)) }
}

/// The corpora have a mail in many forms under one id, of which some are forged. What such a form is taken
/// for depends on those that were read before it, so one of each is enough here.
fn id(mail: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(mail).to_ascii_lowercase();
    let (_, rest) = text.split_once("\nmessage-id:")?;
    Some(rest.split_once('<')?.1.split_once('>')?.0.to_owned())
}

/// How many mails of people have which verdict, as the log has it. A mail over which a connection was
/// lost is read after the others: of two that belong together either may open the case, and the other
/// joins; a note of a machine is noted only where its case is known by then.
fn judged(log: &str) -> BTreeMap<String, usize> {
    let told = ["a case is opened ", "a mail joined its case "];
    let mut judged = BTreeMap::new();
    for line in log.lines().filter(|line| told.iter().any(|told| line.contains(told))) {
        let verdict = line.split_once(" verdict=").unwrap().1.split(' ').next().unwrap();
        *judged.entry(verdict.to_owned()).or_default() += 1;
    }
    judged.remove("\"automatic\"");
    judged
}

#[test]
fn each_mail_of_the_corpora_is_judged_the_same_over_a_line_that_breaks() {
    let mut files = Vec::new();
    corpus(Path::new("tests/mail"), &mut files);
    let mut mails: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let mut ids = BTreeSet::new();
    mails.retain(|mail| id(mail).is_none_or(|id| ids.insert(id)));
    let few = mails.len() / number("MAILS", 400).max(1);
    let mails: Vec<Vec<u8>> = mails.into_iter().step_by(few.max(1)).collect();
    let mut dice = Dice::new();
    let mut told = Vec::new();
    for broken in [false, true] {
        let rig = Rig::start();
        let imap = Proxy::before(rig.imaps_port());
        let port = format!("port = {}", rig.imaps_port());
        let text =
            rig.config_text().replace(&port, &format!("port = {}\ntimeout = \"5s\"", imap.port()));
        let config =
            rig.write_config(&text.replace(
                "folders = [\"INBOX\"]",
                "folders = [\"INBOX\"]\nsent = false\njunk = false",
            ));
        assert!(Daemon::start(&rig, &config).terminate().success());
        rig.append(INBOX, "INBOX", Duration::from_mins(10), &mails);
        let (before, mut seen) = (imap.connections(), 0);
        if broken {
            imap.set(line(&mut dice));
        }
        let daemon = Daemon::begin(&rig, &config);
        let mut lead = rig.imap(INBOX);
        lead.command("SELECT INBOX");
        let last = format!("UID FETCH {} (FLAGS)", mails.len());
        let done = || {
            let connections = imap.connections() - before;
            if broken && connections > seen {
                seen = connections;
                imap.set(if seen < FAULTS { line(&mut dice) } else { Line::default() });
            }
            lead.command(&last).contains("$WatchpostSeen")
        };
        assert!(wait_until(5 * PATIENCE, done), "{}", daemon.log());
        eprintln!("{} mails, {} connections", mails.len(), imap.connections() - before);
        told.push(judged(&daemon.log()));
    }
    let [whole, broken] = told.as_slice() else { return };
    assert!(whole.values().sum::<usize>() > mails.len() / 3, "{whole:?}");
    assert_eq!(whole, broken);
}
