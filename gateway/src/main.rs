//! The `tollgate` program: see the library's documentation for the life of a request.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use tollgate::cli::Cli;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run()
}
