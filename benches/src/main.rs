//! What Tollgate costs beside what one would use instead: `make bench`.
//!
//! The harness speaks HTTP to running programs and links none of them. In each round every target has its turn under the
//! same load, so that other work on the machine is in all of them; the figures are medians over the rounds, and ratios
//! are those within a round.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]
mod bench;
mod contestant;
mod figures;
mod goals;
mod interrupt;
mod keys;
mod lab;
mod options;
mod parts;
mod progress;
mod report;
mod targets;
mod traffic;
mod workloads;

use std::error::Error;
use std::io::stdout;

use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use bench::Plan;
use lab::Lab;
use options::{Cli, Command, Options};
use report::machine::Machine;

fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Upstream { listen, keys }) => parts::upstream::run(listen, &keys),
        None => measure(&cli.options),
    }
}

fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let workloads = bench::selected(options)?;
    open_all_files_there_may_be()?;
    let lab = Lab::new(options)?;
    interrupt::end_with(lab.place())?;
    let machine = Machine::new(&lab, options);
    let sections = bench::run(&lab, &workloads, Plan::new(options));
    let goals = goals::outcomes(&sections);
    report::terminal::print(&mut stdout().lock(), &machine, &sections, &goals)?;
    if let Some(file) = &options.json {
        std::fs::write(file, format!("{:#}\n", report::json::report(&machine, &sections, &goals)))?;
    }
    if let Some(file) = &options.page {
        report::page::write(file, &machine, &sections, &goals)?;
    }
    if let Some(file) = &options.svg {
        std::fs::write(file, report::svg::chart(&sections))?;
    }
    Ok(())
}

/// A connection is a file here, and the targets inherit the limit.
fn open_all_files_there_may_be() -> Result<(), Box<dyn Error>> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}
