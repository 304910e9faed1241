//! From a path to a text: the limits a file has to keep before anyone looks at what it says.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::position::Place;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Why a file could not be read as text.
#[derive(Debug)]
pub struct Unreadable {
    pub message: String,
    pub help: Option<&'static str>,
    /// Where the first byte stands that is not text.
    pub at: Option<Place>,
}

/// Reads a configuration file whole. A pipe works too, up to the same limit.
pub fn read(path: &Path) -> Result<String, Unreadable> {
    let plain = |message: String| Unreadable { message, help: None, at: None };
    let file = File::open(path).map_err(|error| plain(format!("cannot open the file: {error}")))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        let help = Some("name the file itself, such as `conf/gateway.yaml`");
        return Err(Unreadable { help, ..plain("this is a directory".to_owned()) });
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| plain(format!("cannot read the file: {error}")))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(plain(format!("the file is larger than {} MiB", MAX_FILE / 1024 / 1024)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let (valid, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = valid.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let column = String::from_utf8_lossy(&valid[start..]).chars().count() + 1;
        Unreadable {
            message: "the file is not UTF-8 text".to_owned(),
            help: Some("save it as UTF-8"),
            at: Some(Place { line, column, length: 1 }),
        }
    })
}
