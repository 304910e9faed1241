//! `tollgate schema`: the JSON Schema of the configuration file, as shipped in `conf/tollgate.schema.json`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;

use crate::config::schema;

/// Print the JSON Schema of the configuration file.
#[derive(Debug, Args)]
pub struct SchemaArgs {}

/// Prints the schema to `out`.
pub fn run(_args: &SchemaArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    out.write_all(schema::json().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
