//! Whether the daemon, run by whoever asks, could keep what it has to keep. Only asked: nothing is
//! made, and nothing is written.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use crate::config::settings::Settings;
use crate::io::unix;

/// What is in the way, a line each.
pub(super) fn hindrances(settings: &Settings) -> Vec<String> {
    let state = makeable(&settings.state).and_then(|()| makeable(&settings.store()));
    let state = state.map_err(|why| format!("state: {why}"));
    let control = socket(&settings.control, &settings.state);
    let control = control.map_err(|why| format!("control: {}: {why}", settings.control.display()));
    [state, control].into_iter().filter_map(Result::err).collect()
}

/// Whether this is a folder that we may write to, or one that we may make.
fn makeable(folder: &Path) -> Result<(), String> {
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => writable(folder),
        Ok(_) => Err(format!("{} is not a folder; choose another path", folder.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match folder.parent() {
            Some(parent) => makeable(parent),
            None => Err(error.to_string()),
        },
        Err(error) => Err(explained(folder, &error)),
    }
}

fn writable(folder: &Path) -> Result<(), String> {
    unix::may_write(folder).map_err(|error| explained(folder, &error))
}

fn explained(folder: &Path, error: &io::Error) -> String {
    let place = folder.display();
    if error.kind() == io::ErrorKind::PermissionDenied {
        let user = unix::user();
        return format!(
            "user {user} may not write to {place}; run this as the user that the daemon runs as, \
             or choose another path"
        );
    }
    format!("{place}: {error}")
}

/// Whether a socket can be made here. Its folder is made only where it is the one for the state.
fn socket(path: &Path, state: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            return Err("this is a folder; name a file in it, or leave the key out".into());
        }
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err("something else is there; choose another path".into());
        }
        _ => {}
    }
    match path.parent() {
        Some(folder) if folder != state => match fs::metadata(folder) {
            Ok(_) => writable(folder),
            Err(error) => Err(explained(folder, &error)),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_folder_can_be_made_where_its_nearest_parent_may_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(makeable(folder.path()), Ok(()));
        assert_eq!(makeable(&at("a/b/c")), Ok(()));
        assert!(!at("a").exists());
        fs::write(at("file"), "").unwrap();
        assert!(makeable(&at("file")).is_err_and(|why| why.contains("is not a folder")));
        assert!(makeable(&at("file/a")).is_err());
        fs::create_dir(at("shut")).unwrap();
        fs::set_permissions(at("shut"), fs::Permissions::from_mode(0o500)).unwrap();
        // Root may write everywhere.
        assert_eq!(makeable(&at("shut/a")).is_ok(), unix::user() == 0);
    }

    #[test]
    fn a_socket_takes_the_place_of_a_socket_only() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let at = |name: &str| folder.path().join(name);
        assert_eq!(socket(&state.join("control"), &state), Ok(()));
        assert_eq!(socket(&at("control"), &state), Ok(()));
        let _listener = UnixListener::bind(at("control")).unwrap();
        assert_eq!(socket(&at("control"), &state), Ok(()));
        fs::write(at("file"), "").unwrap();
        assert!(socket(&at("file"), &state).is_err_and(|why| why.contains("something else")));
        assert!(socket(folder.path(), &state).is_err_and(|why| why.contains("a folder")));
        assert!(socket(&at("none/control"), &state).is_err());
    }
}
