//! What several commands begin with.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::failure::Failure;
use crate::config;
use crate::config::settings::Settings;
use crate::desk::wording::{self, Wording};

pub(super) fn settings(path: &Path) -> Result<Settings, Failure> {
    config::read(path).map_err(Failure::configuration)
}

/// The letters, with those that an administrator put in the place of ours.
pub(super) struct Letters {
    pub(super) wording: Wording,
    /// What lies beside them and is no letter.
    pub(super) strays: Vec<String>,
}

/// Reads the folder of letters and the folders of languages in it. Every file that is wrong is told
/// of.
pub(super) fn letters(config: &Path, settings: &Settings) -> Result<Letters, Failure> {
    let Some(folder) = &settings.letters else {
        return Ok(Letters { wording: Wording::shipped(), strays: Vec::new() });
    };
    let place = folder.display();
    let names = names(folder, "").map_err(|why| {
        Failure::configuration(format!("{}: letters: {place}: {why}", config.display()))
    })?;
    let mut languages = settings.inboxes.iter().map(|inbox| inbox.policy.language);
    let project = languages.next().filter(|first| languages.all(|other| other == *first));
    let is_letter = |name: &String| Path::new(name).extension().is_some_and(|e| e == "txt");
    let (texts, strays): (Vec<String>, Vec<String>) = names.into_iter().partition(is_letter);
    let (mut replaced, mut wrong) = (Vec::new(), Vec::new());
    for name in texts {
        match text(&folder.join(&name)) {
            Ok(text) => {
                let letter = [(name, text)];
                wrong.extend(Wording::new(&letter, project).err().map(|error| error.to_string()));
                replaced.extend(letter);
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    match Wording::new(&replaced, project) {
        Ok(wording) if wrong.is_empty() => Ok(Letters { wording, strays }),
        whole => {
            if wrong.is_empty() {
                wrong.extend(whole.err().map(|error| error.to_string()));
            }
            let lines = wrong.iter().map(|what| format!("{place}/{what}"));
            Err(Failure::configuration(lines.collect::<Vec<_>>().join("\n")))
        }
    }
}

/// The names of the letters, for a sentence.
pub(super) fn letter_names() -> String {
    wording::names().join(", ")
}

/// What is in the folder, less what hides itself, and in the folders in it: `fr/minimal.txt`.
fn names(folder: &Path, within: &str) -> Result<Vec<String>, String> {
    let explained = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "no such folder; make it, or leave the key out".to_owned(),
        io::ErrorKind::NotADirectory => "not a folder; name the folder of the letters".to_owned(),
        _ => error.to_string(),
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(explained)? {
        let path = entry.map_err(explained)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if within.is_empty() && path.is_dir() {
            names.extend(self::names(&path, &format!("{name}/"))?);
        } else {
            names.push(format!("{within}{name}"));
        }
    }
    names.sort();
    Ok(names)
}

fn text(path: &Path) -> Result<String, String> {
    let what = fs::metadata(path).map_err(|error| error.to_string())?;
    if !what.is_file() {
        return Err("not a file; a pipe might never end".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "not UTF-8; save the file in that encoding".to_owned())
}

/// Does what has to wait for others. A name lookup that hangs is left behind at the end: nothing
/// can stop it, and nobody waits for it any more.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::of)?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "Subject: {{ case }}\n\nGot it.\n";

    fn told(folder: &Path) -> Result<Vec<String>, Vec<String>> {
        told_of(folder, "")
    }

    /// What is no letter, or what is wrong, with `more` in the configuration.
    fn told_of(folder: &Path, more: &str) -> Result<Vec<String>, Vec<String>> {
        let text = format!(
            "letters = \"{}\"\nproject = {{ name = \"P\", case_prefix = \"P\" }}\n\
             smtp.host = \"localhost\"\nimap = {{ host = \"localhost\", user = \"u\", \
             password = {{ file = \"/p\" }} }}\n[[inbox]]\nrecipients = [\"s@p.example\"]\n{more}",
            folder.display()
        );
        let settings = config::parse("config.toml", &text).unwrap();
        let place = folder.display().to_string();
        let short = |line: &String| line.replace(&place, "LETTERS");
        let failed = |failure: Failure| failure.lines.iter().map(short).collect();
        letters(Path::new("config.toml"), &settings).map(|letters| letters.strays).map_err(failed)
    }

    #[test]
    fn every_mistake_in_every_letter_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("acknowledgement.txt", LETTER.as_bytes()),
            ("ask_resend.txt", b"Subject: x\n\nZ\xfcrich\n"),
            ("combined.txt", b"no subject\n"),
            ("minimal.txt", b"Subject: x\n\n{{ reporter }}\n"),
            ("minimum.txt", LETTER.as_bytes()),
            ("Minimal.TXT", b""),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let wrong = told(folder.path()).unwrap_err();
        let begins: Vec<&str> = wrong.iter().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(
            begins,
            ["ask_resend", "combined", "minimal", "minimum"].map(|n| format!("LETTERS/{n}.txt"))
        );
        assert_eq!(
            wrong.first().unwrap(),
            "LETTERS/ask_resend.txt: not UTF-8; save the file in that encoding"
        );
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("minimal.txt");
        let made = std::process::Command::new("mkfifo").arg(pipe).status().unwrap();
        assert!(made.success());
        let wrong = told(folder.path()).unwrap_err();
        assert_eq!(wrong, ["LETTERS/minimal.txt: not a file; a pipe might never end"]);
    }

    #[test]
    fn what_is_no_letter_is_named_and_a_folder_that_is_missing_too() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["minimal.txt", "minimal.md", "Minimal.TXT", ".minimal.txt.swp"] {
            fs::write(folder.path().join(name), LETTER).unwrap();
        }
        assert_eq!(told(folder.path()).unwrap(), ["Minimal.TXT", "minimal.md"]);
        let told = told(&folder.path().join("none")).unwrap_err();
        assert_eq!(
            told,
            ["config.toml: letters: LETTERS: no such folder; make it, or leave the key out"]
        );
    }

    #[test]
    fn letters_are_read_from_the_folders_of_languages_too() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, LETTER).unwrap();
        };
        for name in ["minimal.txt", "fr/minimal.txt", "fr/notes.md", ".git/HEAD.txt"] {
            write(name);
        }
        assert_eq!(told(folder.path()).unwrap(), ["fr/notes.md"]);
        let another = "project.language = \"de\"\n[[inbox]]\nrecipients = [\"t@p.example\"]\n\
                       imap.user = \"t\"\nproject.language = \"fr\"\n";
        let told = told_of(folder.path(), another).unwrap_err();
        assert_eq!(
            told,
            ["LETTERS/minimal.txt: the inboxes have different languages; write en/minimal.txt or \
              the like"]
        );
        write("it/minimal.txt");
        let told = told_of(folder.path(), "").unwrap_err().join("\n");
        assert!(
            told.starts_with("LETTERS/it/minimal.txt: no letter is in this language"),
            "{told}"
        );
    }
}
