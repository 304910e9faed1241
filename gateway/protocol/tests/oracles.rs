//! The envelope held to readers of other makes: serde_json, Python and Node.
//!
//! A policy decides from what the envelope says, and the MCP server acts on what its own reader says. So whatever the
//! envelope accepts, each reader that takes the body for JSON has to find the same in it; and where one of them takes
//! something for JSON that the envelope does not, or the other way round, `oracles/differences.txt` says why.

#[path = "oracles/calls.rs"]
mod calls;
#[path = "oracles/differences.rs"]
mod differences;
#[path = "oracles/meaning.rs"]
mod meaning;
#[path = "oracles/readers.rs"]
mod readers;
#[path = "oracles/rows.rs"]
mod rows;
#[path = "oracles/suite.rs"]
mod suite;

use differences::{Differences, Takes};
use readers::{Input, Reader};
use tollgate_protocol::envelope::{Batches, Envelope, EnvelopeError};

/// How many calls are made up.
const CALLS: u64 = 10_000;

/// Everything that went wrong at once: one fault alone seldom says what broke.
fn assert_none(faults: &[String]) {
    let shown: Vec<&str> = faults.iter().take(20).map(String::as_str).collect();
    assert!(faults.is_empty(), "{} faults, of which the first:\n{}", faults.len(), shown.join("\n"));
}

/// Where the readers and the envelope are not of one mind, and how many of the differences were seen.
fn disagreements(inputs: &[Input], readers: &[Reader], differences: &mut Differences) -> Vec<String> {
    let mut faults = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let envelope = Envelope::read(&input.body, Batches::Allowed);
        for reader in readers {
            let reading = &reader.readings[at];
            let takes = match (&envelope, reading.is_null()) {
                (Err(EnvelopeError::Json(_)), false) => Takes::More,
                (Ok(_), true) => Takes::Less,
                (Ok(envelope), false) => {
                    faults.extend(meaning::difference(envelope, reading, input.pointer.as_deref()).map(
                        |difference| format!("{}, as {} reads it: {difference}", input.name, reader.name),
                    ));
                    continue;
                }
                // Refused by both, or JSON that is no message the envelope reads.
                (Err(_), _) => continue,
            };
            if !differences.know(reader.program(), takes, &input.name) {
                faults.push(format!("not in the list: {} {takes} {}", reader.program(), input.name));
            }
        }
    }
    faults
}

#[test]
fn every_reader_finds_in_a_message_what_the_envelope_finds() {
    let rows = rows::all();
    let files = suite::files();
    let mut inputs: Vec<Input> = rows.iter().map(rows::Row::input).collect();
    inputs.extend(files.iter().flatten().flat_map(|file| [file.alone(), file.as_an_argument()]));
    inputs.extend((0..CALLS).map(|seed| calls::Call::new(seed).input()));
    let readers = readers::all(&inputs);
    let mut differences = Differences::read();
    let mut faults = disagreements(&inputs, &readers, &mut differences);
    if files.is_some() {
        let programs = readers.iter().map(Reader::program).collect();
        faults.extend(differences.unseen(&programs).map(|line| format!("in the list and not so: {line}")));
    }
    faults.sort();
    faults.dedup();
    assert_none(&faults);
}

#[test]
fn every_row_is_read_or_refused_as_it_says() {
    let rows = rows::all();
    assert!(rows.len() >= 150, "{} rows", rows.len());
    assert_none(&rows.iter().flat_map(rows::Row::faults).collect::<Vec<_>>());
}

#[test]
fn the_files_of_json_test_suite_are_accepted_and_refused_as_their_names_say() {
    let Some(files) = suite::files() else { return };
    assert!(files.len() >= 300, "{} files", files.len());
    assert_none(&files.iter().flat_map(suite::File::faults).collect::<Vec<_>>());
}

#[test]
fn ten_thousand_calls_are_read_as_they_were_meant_and_keep_their_bytes() {
    assert_none(&(0..CALLS).flat_map(|seed| calls::Call::new(seed).faults()).collect::<Vec<_>>());
}
