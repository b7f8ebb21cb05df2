//! The `watchpost` program: reads the command line, does what it says, ends with its exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    watchpost::cli::main()
}
