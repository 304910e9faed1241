//! The files with the keys that session ids are sealed with.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::values::Refusal;
use super::{Findings, certificates};
use crate::config::SealKey;
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};
use crate::config::text::FilePath;
use crate::endpoint::seal::KEY_BYTES;

/// The largest key file that is read, in bytes.
const MAX_FILE: usize = 1024;

/// Users who are neither the file's owner nor of its group.
const READ_OR_WRITTEN_BY_OTHERS: u32 = 0o006;

type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// Reads the keys in these files, whose paths start at `folder` unless they are absolute.
pub fn read(written: &[FilePath], list: &KeyPath, folder: &Path, findings: &mut Findings) -> Arc<[SealKey]> {
    let mut known: Vec<(KeyPath, KeyBytes)> = Vec::new();
    for (index, file) in written.iter().enumerate() {
        let (path, file) = (list.item(index), file.as_str());
        if parse(file.as_bytes()).is_ok() {
            let problem = Problem::error(path, "a key is not written into the configuration").hidden();
            findings.add(problem.help("put it into a file, and write the path of that"));
            continue;
        }
        let Some(key) = findings.take(path.clone(), read_one(file, folder)) else { continue };
        findings.doubt(path.clone(), key.doubt);
        match known.iter().find(|(_, other)| *other == key.bytes) {
            Some((first, _)) => {
                let message = format!("{} holds a key that is in the list already", quoted(file));
                findings
                    .add(Problem::error(path, message).first(first.clone()).help("remove one of the two"));
            }
            None => known.push((path, key.bytes)),
        }
    }
    known.iter().map(|(_, bytes)| SealKey::new(bytes)).collect()
}

struct KeyFile {
    bytes: KeyBytes,
    /// Why the file should be looked at all the same.
    doubt: Option<Refusal>,
}

fn read_one(written: &str, folder: &Path) -> Result<KeyFile, Refusal> {
    let unreadable = |error: std::io::Error| certificates::unreadable(written, &error.to_string());
    let file = File::open(folder.join(written)).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode();
    // As large as it may become: what a buffer leaves behind when it grows would stay in memory.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE + 1));
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut text).map_err(unreadable)?;
    let bytes = parse(&text).map_err(|fault| {
        Refusal::new(format!("{} holds {fault}", quoted(written)))
            .help("make one with `openssl rand -hex 32`")
    })?;
    let doubt = (mode & READ_OR_WRITTEN_BY_OTHERS != 0).then(|| {
        Refusal::new(format!("every user of this machine can read or change the key in {}", quoted(written)))
            .help("run `chmod o-rw` on it, and make another key if somebody may have read this one")
    });
    Ok(KeyFile { bytes, doubt })
}

/// A key in hexadecimal or in base64, or what is there instead of one, of which nothing is quoted.
fn parse(text: &[u8]) -> Result<KeyBytes, String> {
    let text = if text.len() > MAX_FILE { b"" } else { text.trim_ascii() };
    let is_hexadecimal = text.len() % 2 == 0 && text.iter().all(u8::is_ascii_hexdigit);
    let decoded = Zeroizing::new(match is_hexadecimal {
        true => {
            text.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | value(*digit))).collect()
        }
        false => STANDARD.decode(text).unwrap_or_default(),
    });
    if decoded.is_empty() {
        return Err("no key: that is 64 hexadecimal digits, or 32 bytes in base64".to_owned());
    }
    let length = decoded.len();
    let key = decoded.as_slice().try_into().map_err(|_| format!("a key of {length} bytes, and not of 32"))?;
    Ok(Zeroizing::new(key))
}

fn value(hexadecimal: u8) -> u8 {
    char::from(hexadecimal).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or_default()
}
