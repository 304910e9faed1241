//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand};

/// What Tollgate costs beside what one would use instead: load before each in turn, and what it took of the machine.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub options: Options,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The MCP server behind all targets; started by the harness itself
    #[command(hide = true)]
    Upstream {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        keys: PathBuf,
    },
}

#[derive(Args, Debug)]
pub struct Options {
    /// Fewer workloads, fewer and shorter rounds: under two minutes
    #[arg(long)]
    pub quick: bool,
    /// How many rounds; in each every target has its turn [default: 50, or 6 with --quick]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub rounds: Option<usize>,
    /// How long a turn takes, or half of one at a fixed rate [default: 0.25, or 0.2 with --quick]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub turn: Option<Duration>,
    /// Only these workloads, such as W1,W4
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub only: Vec<String>,
    /// A further target that relays to --upstream: what to call it, its http:// URL, the id of its process
    #[arg(long = "target", value_name = "NAME=URL=PID")]
    pub targets: Vec<String>,
    /// Where the MCP server behind the targets listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub upstream: SocketAddr,
    /// Where to write all figures as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where to write the chart
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// A Markdown page whose part between the markers is replaced by the tables
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
    /// The gateway
    #[arg(long, value_name = "PATH", default_value = "target/release/tollgate")]
    pub tollgate: PathBuf,
    /// The bare Pingora pass-through
    #[arg(long, value_name = "PATH", default_value = "target/release/floor")]
    pub floor: PathBuf,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let length = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    length
        .filter(|length| !length.is_zero())
        .ok_or_else(|| "not a number of seconds, such as 0.25".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_takes_some_time() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for none in ["0", "-1", "NaN", "inf", "1s", ""] {
            assert!(seconds(none).is_err(), "{none}");
        }
    }
}
