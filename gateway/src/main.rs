//! The `tollgate` program: see the library's documentation for the life of a request.

use std::process::ExitCode;

use clap::Parser;
use tollgate::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
