//! `tollgate check`: everything that is wrong with a configuration file, in one run.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::config::{self, Checked, Diagnostic, Report, Severity, diagnostic};

/// Check a configuration file without serving it.
///
/// Prints every error and warning with its line, and looks whether the store of limits is there. The exit code is 0 when the file can be used and 1 when it cannot.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = "conf/gateway.yaml")]
    pub config: PathBuf,

    /// How the findings are printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// The shape of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with the source line of each finding
    Text,
    /// One JSON object
    Json,
}

/// The output of `--format json`.
#[derive(Serialize)]
struct Outcome<'a> {
    file: String,
    ok: bool,
    errors: usize,
    warnings: usize,
    diagnostics: &'a [Diagnostic],
}

/// Checks the file and prints to `out` what was found.
pub fn run(args: &CheckArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let mut result = config::load(&args.config);
    if let Ok(checked) = &mut result {
        let unreachable = config::probe::store_of_limits(checked, &args.config.display().to_string());
        checked.warnings.extend(unreachable);
    }
    match args.format {
        Format::Text => print_text(args, &result, out)?,
        Format::Json => print_json(args, &result, out)?,
    }
    Ok(if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_text(args: &CheckArgs, result: &Result<Checked, Report>, out: &mut impl Write) -> io::Result<()> {
    match result {
        Err(report) => writeln!(out, "{report}"),
        Ok(Checked { config, warnings, .. }) => {
            write!(out, "{}", diagnostic::render_all(warnings))?;
            if !warnings.is_empty() {
                writeln!(out, "{} in {}", diagnostic::count(warnings), args.config.display())?;
            }
            let (apis, listeners) = (config.apis.len(), config.listeners.len());
            writeln!(out, "ok: {}, {}", plural(apis, "API"), plural(listeners, "listener"))
        }
    }
}

fn print_json(args: &CheckArgs, result: &Result<Checked, Report>, out: &mut impl Write) -> io::Result<()> {
    let diagnostics = match result {
        Ok(checked) => &checked.warnings,
        Err(report) => report.diagnostics(),
    };
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    let outcome = Outcome {
        file: args.config.display().to_string(),
        ok: result.is_ok(),
        errors,
        warnings: diagnostics.len() - errors,
        diagnostics,
    };
    serde_json::to_writer_pretty(&mut *out, &outcome)?;
    writeln!(out)
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
