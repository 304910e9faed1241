//! The command line: `tollgate run`, and the commands that do not serve, each a module with its arguments
//! and a `run` that returns the exit code.

pub mod check;
pub mod schema;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// An edge gateway that exposes secured MCP servers through one public URL.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(RunArgs),
    Check(check::CheckArgs),
    Schema(schema::SchemaArgs),
}

/// Serve a configuration file.
///
/// SIGHUP reloads the file: it is used whole, or refused with the old one serving on. SIGTERM and SIGINT stop
/// accepting, let requests under way end for as long as `drain` allows, and exit.
#[derive(Debug, Args)]
struct RunArgs {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = "conf/gateway.yaml")]
    config: PathBuf,
}

impl Cli {
    /// Carries out the command.
    pub fn run(&self) -> ExitCode {
        let mut out = std::io::stdout().lock();
        let outcome = match &self.command {
            Command::Run(args) => {
                drop(out);
                return crate::server::run(&args.config);
            }
            Command::Check(args) => check::run(args, &mut out),
            Command::Schema(args) => schema::run(args, &mut out),
        };
        // Whoever read the output stopped reading: there is nobody left to tell.
        outcome.unwrap_or(ExitCode::FAILURE)
    }
}
