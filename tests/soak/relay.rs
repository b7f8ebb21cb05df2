//! The relay: what it makes of each letter, and a log of what it was given.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use watchpost::desk::letter::{Letter, LetterId};
use watchpost::desk::outbox::Outcome;
use watchpost::io::smtp::compose;

use crate::chance::Chance;
use crate::plan::Weather;

pub(super) struct Relay {
    pub(super) weather: Weather,
    chance: Chance,
    path: PathBuf,
    log: BufWriter<File>,
}

/// A line of its log.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) at: i64,
    pub(super) kind: Kind,
    pub(super) letter: LetterId,
    pub(super) message_id: String,
    pub(super) text: u64,
    pub(super) to: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It has the letter.
    Took,
    /// It was given the letter and does not have it.
    Left,
    /// The daemon cannot know what became of it.
    Doubt,
}

impl Relay {
    pub(super) fn new(chance: Chance, dir: &Path) -> Relay {
        let path = dir.join("relay");
        let log = BufWriter::new(File::create(&path).unwrap());
        Relay { weather: Weather::Fine, chance, path, log }
    }

    /// Takes a letter, or not; the outcome, and how many seconds it takes to hear of it.
    pub(super) fn offer(&mut self, letter: &Letter, at: i64) -> (Outcome, i64) {
        let gone = Outcome::Unreachable("no route".into());
        let outcome = match self.weather {
            Weather::Busy => Outcome::Transient("451 later".into()),
            Weather::Gone => gone,
            Weather::Refusing => Outcome::Configuration("535 no".into()),
            Weather::Cut => Outcome::Unknown("cut".into()),
            Weather::Fine if self.chance.percent(1) => Outcome::Unknown("cut".into()),
            Weather::Fine if self.chance.percent(2) => Outcome::Transient("451 greylisted".into()),
            Weather::Fine => Outcome::Accepted("250 ok".into()),
        };
        let unknown = matches!(outcome, Outcome::Unknown(_));
        let took = matches!(outcome, Outcome::Accepted(_)) || unknown && self.chance.percent(50);
        self.note(at, if took { Kind::Took } else { Kind::Left }, letter);
        if unknown {
            self.note(at, Kind::Doubt, letter);
        }
        let after = if self.chance.percent(15) { self.chance.number(1, 40) } else { 0 };
        (outcome, after)
    }

    /// A letter whose outcome nobody will hear.
    pub(super) fn doubt(&mut self, letter: &LetterId, at: i64) {
        writeln!(self.log, "{at} doubt {letter} - 0 -").unwrap();
    }

    fn note(&mut self, at: i64, kind: Kind, letter: &Letter) {
        let mut text = DefaultHasher::new();
        compose(letter).unwrap().hash(&mut text);
        let word = match kind {
            Kind::Took => "took",
            Kind::Left => "left",
            Kind::Doubt => "doubt",
        };
        let (id, message_id, to) = (&letter.id, &letter.message_id, &letter.to.address);
        writeln!(self.log, "{at} {word} {id} {message_id} {} {to}", text.finish()).unwrap();
    }

    /// Everything that it was given.
    pub(super) fn lines(&mut self) -> Vec<Line> {
        self.log.flush().unwrap();
        let read = |line: std::io::Result<String>| {
            let line = line.unwrap();
            let fields: Vec<&str> = line.split(' ').collect();
            let [at, word, letter, message_id, text, to] = fields[..] else {
                panic!("an odd line: {line}")
            };
            Line {
                at: at.parse().unwrap(),
                kind: match word {
                    "took" => Kind::Took,
                    "left" => Kind::Left,
                    _ => Kind::Doubt,
                },
                letter: LetterId(letter.to_owned()),
                message_id: message_id.to_owned(),
                text: text.parse().unwrap(),
                to: to.to_owned(),
            }
        };
        BufReader::new(File::open(&self.path).unwrap()).lines().map(read).collect()
    }
}
