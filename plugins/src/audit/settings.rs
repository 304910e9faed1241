//! The settings of `audit`.

use std::path::{Component, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::Audit;
use crate::pattern::Pattern;
use crate::settings::findings::{Findings, Once};
use crate::settings::key_path::KeyPath;
use crate::settings::problem::{Problem, quoted};
use crate::settings::text::{AbsolutePath, Words};
use crate::settings::values::{self, Refusal};

/// Records who has called what. It refuses nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `to`")]
#[schemars(rename = "Audit")]
pub struct Settings {
    /// Where the records go.
    pub to: To,

    /// Methods of JSON-RPC whose messages are recorded. `*` stands for any characters.
    #[serde(default = "default_methods")]
    #[schemars(extend("default" = METHODS))]
    pub methods: Vec<Words>,

    /// What is recorded of the arguments of a call: their SHA-256, or nothing.
    #[serde(default)]
    #[schemars(extend("default" = "sha256"))]
    pub arguments: Arguments,
}

pub(super) const METHODS: [&str; 3] = ["tools/call", "resources/read", "prompts/get"];

fn default_methods() -> Vec<Words> {
    METHODS.map(Words::from).to_vec()
}

/// Standard output, among the lines of the log, or a file that is appended to, one JSON object a line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", expecting = "`stdout`, or a mapping with `file`")]
#[schemars(inline)]
pub enum To {
    Stdout,
    /// It is made where there is none, in a folder that is there, and opened anew on SIGHUP.
    File(AbsolutePath),
}

/// What is recorded of arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Arguments {
    #[default]
    Sha256,
    None,
}

/// Where records go. Policies with the same one share what writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Stdout,
    /// Absolute.
    File(PathBuf),
}

pub fn check(written: &Settings, path: &KeyPath, findings: &mut Findings) -> Option<Audit> {
    let target = match &written.to {
        To::Stdout => Some(Target::Stdout),
        To::File(file) => {
            findings.take(path.key("to").key("file"), file_path(file.as_str())).map(Target::File)
        }
    };
    let list = path.key("methods");
    findings.refuse_empty(written.methods.is_empty(), &list, "method");
    let mut seen = Once::default();
    let mut methods = Vec::new();
    for (index, method) in written.methods.iter().enumerate() {
        let place = list.item(index);
        let Some(method) = findings.take(place.clone(), values::words(method.as_str())) else { continue };
        methods.push(Pattern::parse(&method));
        if let Some(first) = seen.note(method.clone(), &place) {
            let message = format!("{} is in the list twice", quoted(&method));
            findings.add(Problem::error(place, message).first(first).help("remove one of the two"));
        }
    }
    Some(Audit { target: target?, methods, arguments: written.arguments })
}

pub(super) fn file_path(text: &str) -> Result<PathBuf, Refusal> {
    let path = PathBuf::from(text);
    let is_file = path.is_absolute() && !text.ends_with('/') && !text.contains('\0');
    if !is_file || path.components().any(|part| part == Component::ParentDir) {
        let refusal = Refusal::new(format!("{} is not the absolute path of a file", quoted(text)));
        return Err(refusal.help("write it like `/var/log/tollgate/audit.jsonl`"));
    }
    Ok(path)
}
