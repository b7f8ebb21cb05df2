//! What the lines of a backup say: plain text, so that it outlives the store's own format.

use serde::{Deserialize, Serialize};

use super::hex::{hex, octets};
use super::table::{Record, Table};
use super::time::Moment;

/// The first line: what follows, and what it adds up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The version of this format.
    pub watchpost_backup: u32,
    /// Which program wrote it.
    pub program: String,
    /// When.
    pub made: Moment,
    /// How many rows follow, a line each.
    pub rows: u64,
    /// What they add up to, as the store counts, in hexadecimal.
    pub seal: String,
}

/// The version of the format that is written, and the only one that is read.
pub const FORMAT: u32 = 1;

impl Head {
    /// Reads the first line of a backup; the error says what to do.
    pub fn read(line: &str) -> Result<Head, String> {
        #[derive(Deserialize)]
        struct Version {
            watchpost_backup: u32,
        }
        let other = |_| "this is no backup of Watchpost: name the folder of one".to_owned();
        let Version { watchpost_backup: format } = serde_json::from_str(line).map_err(other)?;
        if format > FORMAT {
            return Err("a newer Watchpost wrote this backup: restore it with that version".into());
        }
        serde_json::from_str(line)
            .map_err(|_| "its first line cannot be read; take an older one".to_owned())
    }
}

#[derive(Serialize, Deserialize)]
struct Row<'a> {
    table: &'a str,
    /// In hexadecimal: keys hold numbers as bytes.
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// In hexadecimal, where the value is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
}

/// The line of a row.
pub fn line((table, key, value): &Record) -> String {
    let text = String::from_utf8(value.clone()).ok();
    let bytes = text.is_none().then(|| hex(value));
    let row = Row { table: table.name(), key: hex(key), text, bytes };
    // A row has no part that could fail.
    serde_json::to_string(&row).unwrap_or_default()
}

/// What is wrong with a row of a table that came with a later version, or was garbled.
pub const UNKNOWN_TABLE: &str = "it holds a table that this version does not know";

/// Reads the line of a row; the error says what is wrong with it.
pub fn read_line(line: &str) -> Result<Record, String> {
    let bad = || "a line cannot be read".to_owned();
    let row: Row<'_> = serde_json::from_str(line).map_err(|_| bad())?;
    let table = Table::named(row.table).ok_or_else(|| UNKNOWN_TABLE.to_owned())?;
    let value = match (row.text, row.bytes) {
        (Some(text), None) => text.into_bytes(),
        (None, Some(bytes)) => octets(&bytes).ok_or_else(bad)?,
        _ => return Err(bad()),
    };
    Ok((table, octets(&row.key).ok_or_else(bad)?, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_back_from_its_line_whatever_is_in_it() {
        for (key, value) in [
            (&b"EXP\0\x07\xea\0\0\0\x07"[..], &b"{\"seq\":1}"[..]),
            (b"", b""),
            (b"k\xff", b"\xff\xfe\x00\"\n"),
            (b"line", "two\nlines and \u{1b}".as_bytes()),
        ] {
            let row = (Table::Events, key.to_vec(), value.to_vec());
            let line = line(&row);
            assert!(!line.contains('\n'), "{line}");
            assert_eq!(read_line(&line), Ok(row));
        }
    }

    #[test]
    fn what_is_no_line_of_a_backup_is_refused() {
        for line in [
            "",
            "{}",
            r#"{"table":"events","key":"0","text":""}"#,
            r#"{"table":"events","key":"zz","text":""}"#,
            r#"{"table":"events","key":"00"}"#,
            r#"{"table":"later","key":"00","text":""}"#,
        ] {
            assert!(read_line(line).is_err(), "{line}");
        }
        assert!(Head::read("hello").unwrap_err().contains("no backup of Watchpost"));
        assert!(Head::read(r#"{"watchpost_backup":2,"x":1}"#).unwrap_err().contains("newer"));
    }
}
