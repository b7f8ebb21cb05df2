//! Why a command failed.

/// What to tell, and the exit status.
pub(super) struct Failure {
    pub(super) lines: Vec<String>,
    pub(super) status: u8,
}

/// Exit status of what was asked for in a way that makes no sense, as clap has it.
const USAGE: u8 = 2;

/// Exit status of a bad configuration: `EX_CONFIG` of sysexits(3).
const BAD_CONFIGURATION: u8 = 78;

impl Failure {
    pub(super) fn of(error: impl std::fmt::Display) -> Failure {
        Failure { lines: vec![error.to_string()], status: 1 }
    }

    pub(super) fn usage(error: impl std::fmt::Display) -> Failure {
        Failure { lines: vec![error.to_string()], status: USAGE }
    }

    pub(super) fn configuration(error: impl std::fmt::Display) -> Failure {
        let lines = error.to_string().lines().map(str::to_owned).collect();
        Failure { lines, status: BAD_CONFIGURATION }
    }
}
