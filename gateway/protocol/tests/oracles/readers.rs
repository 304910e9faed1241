//! The readers: serde_json here, Python's json and Node's JSON.parse as programs that read every body in one go.

use serde_json::{Map, Value, json};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// One body for all readers.
pub struct Input {
    pub name: String,
    pub body: Vec<u8>,
    /// Where a policy would look, inside the params.
    pub pointer: Option<String>,
}

/// What one reader made of each input: `null` where it is no JSON to it, else what `read.py` says it is.
pub struct Reader {
    pub name: String,
    pub readings: Vec<Value>,
}

impl Reader {
    /// Readings that differ in the members they choose come from one program, which decides what is JSON.
    pub fn program(&self) -> &str {
        self.name.split(',').next().unwrap_or_default()
    }
}

/// All readers there are on this machine. A program that is missing is named.
pub fn all(inputs: &[Input]) -> Vec<Reader> {
    let bytes = Arc::new(asked(inputs));
    let programs = [("python3", "read.py"), ("node", "read.mjs")].map(|(program, script)| {
        let bytes = Arc::clone(&bytes);
        std::thread::spawn(move || {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles");
            run(Command::new(program).arg(script).current_dir(folder), bytes)
        })
    });
    let readings = inputs.iter().map(|input| reading(&input.body, input.pointer.as_deref())).collect();
    let mut readers = vec![Reader { name: "serde_json".to_owned(), readings }];
    for program in programs {
        let answer = program.join().unwrap();
        readers.extend(answer.iter().flat_map(|answer| answers(answer, inputs.len())));
    }
    readers
}

/// For each body a line that says how long it is and where to look, and the body.
fn asked(inputs: &[Input]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Input { body, pointer, .. } in inputs {
        bytes.extend(format!("{}\n", json!({ "length": body.len(), "pointer": pointer })).into_bytes());
        bytes.extend_from_slice(body);
    }
    bytes
}

/// Runs a program to its end. `None` where there is no such program, which is said in a way that tests cannot hide.
pub fn run(command: &mut Command, input: Arc<Vec<u8>>) -> Option<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let words =
                format!("\nSKIPPED: {program} is not installed, so the envelope was not held to it\n");
            std::io::stderr().write_all(words.as_bytes()).unwrap();
            return None;
        }
        child => child.unwrap(),
    };
    let mut stdin = child.stdin.take().unwrap();
    // A program that ends before it has read everything is noticed by what it says.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    assert!(output.status.success(), "{program}: {}", output.status);
    Some(String::from_utf8(output.stdout).unwrap())
}

/// One line for each input, and in it one reading or more, by name.
fn answers(answer: &str, inputs: usize) -> Vec<Reader> {
    let mut readers: Vec<Reader> = Vec::new();
    for line in answer.lines() {
        for (at, (name, reading)) in serde_json::from_str::<Map<_, _>>(line).unwrap().into_iter().enumerate()
        {
            if readers.len() == at {
                readers.push(Reader { name, readings: Vec::new() });
            }
            readers[at].readings.push(reading);
        }
    }
    assert!(!readers.is_empty() && readers.iter().all(|reader| reader.readings.len() == inputs));
    readers
}

/// What serde_json makes of a body.
fn reading(body: &[u8], pointer: Option<&str>) -> Value {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return Value::Null };
    let messages = document.as_array().map_or(std::slice::from_ref(&document), Vec::as_slice);
    let messages: Vec<Value> = messages.iter().map(|message| fields(message, pointer)).collect();
    json!({ "batch": document.is_array(), "messages": messages })
}

fn fields(message: &Value, pointer: Option<&str>) -> Value {
    if !message.is_object() {
        return Value::Null;
    }
    let revision = "/params/_meta/io.modelcontextprotocol~1protocolVersion";
    let pointed = pointer.map(|pointer| format!("/params{pointer}"));
    let found = [
        ("id", "/id"),
        ("method", "/method"),
        ("name", "/params/name"),
        ("uri", "/params/uri"),
        ("taskId", "/params/taskId"),
        ("arguments", "/params/arguments"),
        ("revision", revision),
        ("ref type", "/params/ref/type"),
        ("ref name", "/params/ref/name"),
        ("ref uri", "/params/ref/uri"),
    ];
    let found = found.into_iter().chain(pointed.as_deref().map(|pointer| ("pointed", pointer)));
    let found = found.filter_map(|(key, at)| Some((key.to_owned(), seen(message.pointer(at)?))));
    Value::Object(found.collect())
}

fn seen(value: &Value) -> Value {
    let kind = match value {
        Value::String(_) => return value.clone(),
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    json!({ "kind": kind })
}
