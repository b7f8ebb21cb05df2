//! What people said otherwise than by mail: lines of JSON with `at`, `message_id`, `who` and `do`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::desk::address::{Address, Mailbox};
use crate::desk::command;
use crate::desk::message::MessageId;
use crate::desk::policy::Policy;
use crate::desk::time::Moment;

/// Something that somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Moment,
    /// The mail that opened the case that it is about.
    pub message_id: MessageId,
    /// Who, as the file has it.
    pub who: String,
    /// Who, as a mailbox.
    pub by: Option<Mailbox>,
    /// What.
    pub command: command::Said,
}

/// A line that is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Mistake {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

const EXAMPLE: &str = "{\"at\": \"2026-09-01T17:11:00Z\", \"message_id\": \"1@acorn.example\", \
                       \"who\": \"kim\", \"do\": \"responded\"}";

const KEYS: [&str; 4] = ["at", "message_id", "who", "do"];

/// Reads a file; every mistake in it is told.
pub fn read(text: &str, policies: &[Policy]) -> Result<Vec<Said>, Vec<Mistake>> {
    let (mut said, mut mistakes) = (Vec::new(), Vec::new());
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        match one(line, policies) {
            Ok(one) => said.push(one),
            Err(wrong) => {
                mistakes.extend(wrong.into_iter().map(|what| Mistake { line: number, what }));
            }
        }
    }
    if mistakes.is_empty() { Ok(said) } else { Err(mistakes) }
}

fn one(line: &str, policies: &[Policy]) -> Result<Said, Vec<String>> {
    let fields: BTreeMap<String, Value> = serde_json::from_str(line)
        .map_err(|_| vec![format!("no JSON object; a line looks like {EXAMPLE}")])?;
    let mut wrong: Vec<String> = Vec::new();
    for key in fields.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        wrong.push(format!("the key \"{key}\" means nothing here; there are {}", KEYS.join(", ")));
    }
    let mut field = |key: &str, right: &str| match fields.get(key) {
        Some(Value::String(text)) => Some(text.as_str()),
        Some(_) => {
            wrong.push(format!("\"{key}\" is no text; write {right}"));
            None
        }
        None => {
            wrong.push(format!("\"{key}\" is missing; write {right}"));
            None
        }
    };
    let at = field("at", "\"at\": \"2026-09-01T17:11:00Z\"");
    let id = field("message_id", "the Message-ID of the mail that opened the case");
    let who = field("who", "the name or the address of a member");
    let what = field("do", "\"do\": \"responded\"");
    let read = (
        at.and_then(|text| noted(moment(text), &mut wrong)),
        id.and_then(|text| noted(message_id(text), &mut wrong)),
        who.and_then(|text| noted(person(text, policies), &mut wrong)),
        what.and_then(|text| noted(command::Said::parse(text, policies), &mut wrong)),
    );
    match (read, who) {
        ((Some(at), Some(message_id), Some(by), Some(command)), Some(who)) if wrong.is_empty() => {
            Ok(Said { at, message_id, who: who.to_owned(), by: Some(by), command })
        }
        _ => Err(wrong),
    }
}

fn noted<T>(read: Result<T, String>, wrong: &mut Vec<String>) -> Option<T> {
    read.map_err(|what| wrong.push(what)).ok()
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse_rfc3339(text).ok_or_else(|| {
        format!("\"{text}\" is no moment; write it like 2026-09-01T17:11:00Z or 2026-09-01T19:11:00+02:00")
    })
}

fn message_id(text: &str) -> Result<MessageId, String> {
    MessageId::parse(text).ok_or_else(|| {
        format!("\"{text}\" is no Message-ID; write what stands in that field of the mail that opened the case")
    })
}

/// A member by name, or whoever has this address: the file is the operator's own word.
fn person(text: &str, policies: &[Policy]) -> Result<Mailbox, String> {
    let members = || policies.iter().flat_map(|policy| policy.team.everybody());
    if let Some(member) = members().find(|member| member.name == text) {
        return member.mailbox().ok_or_else(|| format!("{text} has no address"));
    }
    if let Some(address) = Address::parse(text) {
        return Ok(Mailbox { name: String::new(), address });
    }
    let mut names: Vec<&str> = members().map(|member| member.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let known = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    Err(format!("\"{text}\" is nobody of the team; write a name (there is: {known}) or an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_says_what_of_which_case() {
        let said = read(&format!("\n{EXAMPLE}\n"), &[]);
        assert!(said.is_err(), "nobody is called kim: {said:?}");
        let said = read(&EXAMPLE.replace("\"kim\"", "\"kim@project.example\""), &[]).unwrap();
        let [one] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!(one.at.rfc3339(), "2026-09-01T17:11:00Z");
        assert_eq!(one.message_id.as_str(), "1@acorn.example");
        assert_eq!(one.command, command::Said::Responded);
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_what_would_be_right() {
        let text = "nonsense\n\n{\"at\": \"today\", \"message_id\": 7, \"when\": \"\", \"who\": \"kim\", \"do\": \"dance\"}";
        let told: Vec<String> =
            read(text, &[]).unwrap_err().iter().map(ToString::to_string).collect();
        let begins = [
            "line 1: no JSON object; a line looks like {",
            "line 3: the key \"when\" means nothing here; there are at, message_id, who, do",
            "line 3: \"message_id\" is no text; write the Message-ID",
            "line 3: \"today\" is no moment; write it like 2026-09-01T17:11:00Z",
            "line 3: \"kim\" is nobody of the team; write a name (there is: nobody) or an address",
            "line 3: there is no command dance; there are: responded",
        ];
        assert_eq!(told.len(), begins.len(), "{told:#?}");
        for (told, begins) in told.iter().zip(begins) {
            assert!(told.starts_with(begins), "{told}");
        }
    }
}
