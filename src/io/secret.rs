//! Secrets: read where the configuration points, checked for eyes that should not see them, never
//! printed. What an error repeats is the place, not the content.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::config::settings::SecretSource;
use crate::io::password::Password;
use crate::io::unix::{self, Group};

/// The largest file or output that a secret is looked for in, in bytes.
const LIMIT: usize = 64 << 10;

/// How long a command may take. Somebody may have to type into its window.
const PATIENCE: Duration = Duration::from_secs(30);

/// A secret cannot be had: where it should be, and what is wrong there.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the password from {place}: {fault}")]
pub struct SecretError {
    /// The file, command or credential, for a person.
    pub place: String,
    /// What is wrong there.
    #[source]
    pub fault: Fault,
}

/// What is wrong with the place of a secret, and what helps.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The operating system refuses.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A folder, a socket, a device.
    #[error("it is not a file; name the file itself")]
    NotAFile,
    /// The group or all others may read or write the file.
    #[error("others may read or change it (mode {mode:03o}); run: chmod 600 {path:?}")]
    Exposed {
        /// The permission bits.
        mode: u32,
        /// The file.
        path: PathBuf,
    },
    /// The file belongs to somebody who is neither root nor us.
    #[error(
        "it belongs to user {owner}; give it to root or to user {ours}, whom Watchpost runs as"
    )]
    Foreign {
        /// Whose it is.
        owner: u32,
        /// Who we are.
        ours: u32,
    },
    /// The first line is empty.
    #[error("its first line is empty; the password must stand there")]
    Empty,
    /// There is more than any secret needs.
    #[error("it holds more than {LIMIT} bytes; is it the right one?")]
    TooLong,
    /// The first line is not UTF-8, or holds control characters.
    #[error("its first line is not plain text in UTF-8")]
    NotText,
    /// The command cannot be started.
    #[error("it cannot be started: {0}")]
    Start(io::Error),
    /// The command says that it failed. Its output is not repeated: it may hold the secret.
    #[error("it failed ({0}); run it by hand as the user whom Watchpost runs as to see why")]
    Failed(ExitStatus),
    /// The command takes too long, and was killed with all that it had started.
    #[error(
        "it did not end within {} seconds and was killed; it must not ask anybody for anything",
        PATIENCE.as_secs()
    )]
    TimedOut,
    /// The name of a credential would lead out of the folder of credentials.
    #[error("a name is one part of a path, without `/`")]
    BadName,
    /// Not started by systemd, or by a unit without credentials.
    #[error(
        "there are no credentials: $CREDENTIALS_DIRECTORY is not set; systemd sets it for a unit \
         with LoadCredential=, by hand: systemd-run --pty -p LoadCredential={0}:/path watchpost …"
    )]
    NoCredentials(String),
}

/// What an edge asks this source's secret by.
pub fn reader(source: &SecretSource) -> Password {
    let source = source.clone();
    Arc::new(move || {
        let source = source.clone();
        async move { read(&source).await.map_err(|error| error.to_string()) }.boxed()
    })
}

/// What an edge asks where no login is configured.
pub fn none() -> Password {
    Arc::new(|| async { Err("no login is configured".to_owned()) }.boxed())
}

/// Reads a secret: the first line of what its source holds, without its line ending.
pub async fn read(source: &SecretSource) -> Result<SecretString, SecretError> {
    // What a program of an operator holds for a moment should not stay either; the daemon says if it fails.
    let _ = unix::keep_out_of_core_files();
    match source {
        SecretSource::File(path) => {
            let place = format!("the file {}", path.display().to_string().escape_debug());
            file(path).await.map_err(|fault| SecretError { place, fault })
        }
        SecretSource::Command(words) => command(words, PATIENCE).await.map_err(|fault| {
            // Only the program: an argument may be a secret itself.
            let program = words.first().map_or("", String::as_str);
            SecretError { place: format!("the command {}", program.escape_debug()), fault }
        }),
        SecretSource::Credential(name) => {
            let place = format!("the credential {}", name.escape_debug());
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY");
            credential(name, folder).await.map_err(|fault| SecretError { place, fault })
        }
    }
}

async fn file(path: &Path) -> Result<SecretString, Fault> {
    let (path, ours) = (path.to_owned(), unix::user());
    blocking(move || {
        let file = open(&path)?;
        private(&path, &file, ours)?;
        content(file)
    })
    .await
}

/// systemd guards credentials by the folder they are in, which is ours alone; where it gives them
/// to a DynamicUser= by an access list, the mode of the file shows the group bits of that list.
async fn credential(name: &str, folder: Option<OsString>) -> Result<SecretString, Fault> {
    if name.is_empty() || name.contains(['/', '\0']) || name == "." || name == ".." {
        return Err(Fault::BadName);
    }
    let folder = folder.ok_or_else(|| Fault::NoCredentials(name.to_owned()))?;
    let path = Path::new(&folder).join(name);
    blocking(move || content(open(&path)?)).await
}

async fn blocking(
    read: impl FnOnce() -> Result<SecretString, Fault> + Send + 'static,
) -> Result<SecretString, Fault> {
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

/// Opens a regular file only: opening a pipe would wait for its other end.
fn open(path: &Path) -> Result<File, Fault> {
    if std::fs::metadata(path)?.is_file() { Ok(File::open(path)?) } else { Err(Fault::NotAFile) }
}

/// Judges the file that is open, not the one that may have taken its name since.
fn private(path: &Path, file: &File, ours: u32) -> Result<(), Fault> {
    let metadata = file.metadata()?;
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o777);
    if owner != 0 && owner != ours {
        return Err(Fault::Foreign { owner, ours });
    }
    if mode & 0o077 != 0 {
        return Err(Fault::Exposed { mode, path: path.to_owned() });
    }
    Ok(())
}

fn content(file: File) -> Result<SecretString, Fault> {
    let mut bytes = buffer();
    file.take(past_limit()).read_to_end(&mut bytes)?;
    first_line(&bytes)
}

async fn command(words: &[String], patience: Duration) -> Result<SecretString, Fault> {
    let (program, arguments) = words.split_first().ok_or(Fault::Empty)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(Fault::Start)?;
    let group = Group::led_by(child.id());
    let output = child.stdout.take();
    let end = async {
        let mut bytes = buffer();
        if let Some(output) = output {
            output.take(past_limit()).read_to_end(&mut bytes).await?;
        }
        if bytes.len() > LIMIT {
            return Err(Fault::TooLong);
        }
        Ok((child.wait().await?, bytes))
    };
    let (status, bytes) = timeout(patience, end).await.unwrap_or(Err(Fault::TimedOut))?;
    group.has_ended();
    if status.success() { first_line(&bytes) } else { Err(Fault::Failed(status)) }
}

/// Emptied when it goes, and large enough never to move and leave a copy behind.
fn buffer() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(2 * LIMIT))
}

/// One byte past the limit tells a full secret from one that was cut.
fn past_limit() -> u64 {
    u64::try_from(LIMIT + 1).unwrap_or(u64::MAX)
}

fn first_line(bytes: &[u8]) -> Result<SecretString, Fault> {
    if bytes.len() > LIMIT {
        return Err(Fault::TooLong);
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = str::from_utf8(line).map_err(|_| Fault::NotText)?;
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    // It must fit into one line of the protocols, and nobody types these.
    if text.chars().any(char::is_control) {
        return Err(Fault::NotText);
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use secrecy::ExposeSecret;
    use tempfile::TempDir;

    use super::*;

    /// A file with this content and mode, in a folder that goes with the test.
    fn secret(content: &[u8], mode: u32) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    async fn from_file(content: &[u8], mode: u32) -> Result<String, String> {
        let (_folder, path) = secret(content, mode);
        told(read(&SecretSource::File(path.clone())).await, &path)
    }

    async fn from_command(words: &[&str]) -> Result<String, String> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        told(read(&SecretSource::Command(words)).await, Path::new("-"))
    }

    /// The secret, or the error with the path of the file cut to `PATH`; never both.
    fn told(result: Result<SecretString, SecretError>, path: &Path) -> Result<String, String> {
        match result {
            Ok(secret) => {
                assert!(!format!("{secret:?}").contains(secret.expose_secret()));
                Ok(secret.expose_secret().to_owned())
            }
            Err(error) => {
                let text = error.to_string();
                assert!(!format!("{error:?} {text}").contains("hunter2"), "{error:?}");
                Err(text.replace(&path.display().to_string(), "PATH"))
            }
        }
    }

    fn refused(fault: &str) -> Result<String, String> {
        Err(format!("cannot read the password from the file PATH: {fault}"))
    }

    #[tokio::test]
    async fn the_first_line_of_a_file_is_the_secret() {
        for content in ["hunter2", "hunter2\n", "hunter2\r\n", "hunter2\nuser: ann\n"] {
            assert_eq!(from_file(content.as_bytes(), 0o600).await.as_deref(), Ok("hunter2"));
        }
        let words = "correct horse, bättery staple ";
        assert_eq!(from_file(words.as_bytes(), 0o400).await.as_deref(), Ok(words));
    }

    #[tokio::test]
    async fn a_file_that_others_may_touch_is_refused_with_the_command_that_helps() {
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o666] {
            let help =
                format!("others may read or change it (mode {mode:o}); run: chmod 600 \"PATH\"");
            assert_eq!(from_file(b"hunter2\n", mode).await, refused(&help));
        }
    }

    #[tokio::test]
    async fn a_file_without_a_secret_in_it_is_refused() {
        let empty = "its first line is empty; the password must stand there";
        assert_eq!(from_file(b"", 0o600).await, refused(empty));
        assert_eq!(from_file(b"\nhunter2\n", 0o600).await, refused(empty));
        assert_eq!(from_file(b"\r\n", 0o600).await, refused(empty));
        let text = "its first line is not plain text in UTF-8";
        assert_eq!(from_file(b"hunter2\xff\n", 0o600).await, refused(text));
        assert_eq!(from_file(b"hunter2\rA1 NOOP\n", 0o600).await, refused(text));
        let long = "it holds more than 65536 bytes; is it the right one?";
        assert_eq!(from_file("x".repeat(LIMIT + 1).as_bytes(), 0o600).await, refused(long));
        assert_eq!(from_file("x".repeat(LIMIT).as_bytes(), 0o600).await, Ok("x".repeat(LIMIT)));
    }

    #[tokio::test]
    async fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let said = told(read(&SecretSource::File(path.clone())).await, &path);
        assert_eq!(said, refused("it is not a file; name the file itself"));

        let path = path.join("absent");
        let said = told(read(&SecretSource::File(path.clone())).await, &path);
        assert_eq!(said, refused("No such file or directory (os error 2)"));

        // A device would never end.
        let path = folder.path().join("zero");
        symlink("/dev/zero", &path).unwrap();
        let said = told(read(&SecretSource::File(path.clone())).await, &path);
        assert_eq!(said, refused("it is not a file; name the file itself"));
    }

    #[tokio::test]
    async fn a_file_of_somebody_else_is_refused() {
        let (_folder, path) = secret(b"hunter2\n", 0o600);
        let ours = unix::user();
        assert_eq!(ours, std::fs::metadata(&path).unwrap().uid());
        let file = File::open(&path).unwrap();
        assert!(private(&path, &file, ours).is_ok());
        // Only root can give a file away, so the other user is played by us.
        chown(&path, Some(ours), None).unwrap();
        if ours == 0 {
            chown(&path, Some(12_345), None).unwrap();
            let said = told(read(&SecretSource::File(path.clone())).await, &path);
            let help = "it belongs to user 12345; give it to root or to user 0, whom Watchpost \
                        runs as";
            assert_eq!(said, refused(help));
        } else {
            let fault = private(&path, &file, ours + 1).unwrap_err();
            assert!(matches!(fault, Fault::Foreign { owner, .. } if owner == ours), "{fault:?}");
        }
    }

    #[tokio::test]
    async fn the_first_line_that_a_command_prints_is_the_secret() {
        assert_eq!(from_command(&["echo", "hunter2"]).await.as_deref(), Ok("hunter2"));
        assert_eq!(
            from_command(&["printf", "%s\\nuser: ann\\n", "hunter2"]).await.as_deref(),
            Ok("hunter2")
        );
        // No shell reads it.
        assert_eq!(from_command(&["echo", "$HOME;", "`id`"]).await.as_deref(), Ok("$HOME; `id`"));
    }

    #[tokio::test]
    async fn a_command_that_fails_is_told_by_its_status_never_by_its_output() {
        let failed = "cannot read the password from the command sh: it failed (exit status: 3); \
                      run it by hand as the user whom Watchpost runs as to see why";
        let script = "echo hunter2; echo hunter2 >&2; exit 3";
        assert_eq!(from_command(&["sh", "-c", script]).await, Err(failed.to_owned()));

        let killed = from_command(&["sh", "-c", "echo hunter2; kill -9 $$"]).await;
        assert!(killed.is_err_and(|said| said.contains("signal: 9")));

        let absent = from_command(&["/nowhere/pass", "hunter2"]).await;
        assert_eq!(
            absent,
            Err("cannot read the password from the command /nowhere/pass: it cannot be started: \
                 No such file or directory (os error 2)"
                .to_owned())
        );

        let silent = from_command(&["true", "hunter2"]).await;
        assert!(silent.is_err_and(|said| said.ends_with("the password must stand there")));
    }

    #[tokio::test]
    async fn a_command_that_takes_too_long_is_killed_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let held = folder.path().join("alive");
        // The grandchild holds the lock for as long as it lives.
        let script = |then: &str| format!("flock {0} sleep 60 & {then}", held.display());
        let free = || {
            let mut flock = std::process::Command::new("flock");
            flock.args(["--wait", "10"]).arg(&held).arg("true").status().unwrap().success()
        };
        let words = |script: String| ["sh".to_owned(), "-c".to_owned(), script];
        let late = command(&words(script("wait")), Duration::from_millis(300)).await;
        assert!(matches!(late, Err(Fault::TimedOut)) && free());
        // Nor is it waited for where nobody waits for the password any more.
        let asked = words(script("wait"));
        let given_up = timeout(Duration::from_millis(300), command(&asked, PATIENCE)).await;
        assert!(given_up.is_err() && free());
        // What says too much is not heard to its end.
        let endless = command(&words(script("cat /dev/zero")), PATIENCE).await;
        assert!(matches!(endless, Err(Fault::TooLong)) && free());
    }

    #[tokio::test]
    async fn a_command_without_an_end_is_cut_off() {
        let endless = from_command(&["cat", "/dev/zero"]).await;
        assert!(endless.is_err_and(|said| said.contains("more than 65536 bytes")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_waits_for_somebody_is_not_waited_for() {
        let waiting = from_command(&["sleep", "600"]).await;
        assert!(waiting.is_err_and(|said| said.contains("it did not end within 30 seconds")));
    }

    #[tokio::test]
    async fn a_command_cannot_ask_the_terminal() {
        let asking = from_command(&["cat"]).await;
        assert!(asking.is_err_and(|said| said.contains("its first line is empty")));
    }

    #[tokio::test]
    async fn a_credential_is_read_from_the_folder_that_systemd_names() {
        // 0440 is how systemd leaves it for a DynamicUser=.
        let (folder, _path) = secret(b"hunter2\n", 0o440);
        let at = Some(folder.path().as_os_str().to_owned());
        let secret = credential("password", at.clone()).await.unwrap();
        assert_eq!(secret.expose_secret(), "hunter2");

        let absent = credential("absent", at.clone()).await.unwrap_err();
        assert_eq!(absent.to_string(), "No such file or directory (os error 2)");
        for name in ["", ".", "..", "../password", "/etc/hostname", "a/b", "a\0b"] {
            let fault = credential(name, at.clone()).await.unwrap_err();
            assert!(matches!(fault, Fault::BadName), "{name:?}: {fault}");
        }
    }

    #[tokio::test]
    async fn without_systemd_there_are_no_credentials() {
        let fault = credential("imap-password", None).await.unwrap_err().to_string();
        assert!(fault.contains("$CREDENTIALS_DIRECTORY is not set"), "{fault}");
        assert!(fault.contains("LoadCredential=imap-password:/path"), "{fault}");
    }
}
