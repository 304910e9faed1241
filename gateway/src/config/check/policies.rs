//! Policies, with what is to be found outside of the configuration.

use std::path::Path;

use tollgate_plugins::audit::To;
use tollgate_plugins::catalogue::{self, Checked, Policy};

use super::Findings;
use crate::config::key_path::KeyPath;
use crate::config::problem::{Problem, quoted};

pub fn check(written: &[Policy], list: &KeyPath, findings: &mut Findings) -> Vec<Checked> {
    for (index, policy) in written.iter().enumerate() {
        let Some(To::File(file)) = policy.audit.as_ref().map(|audit| &audit.to) else { continue };
        let path = list.item(index).key("audit").key("to").key("file");
        refuse_without_folder(file.as_str(), path, findings);
    }
    catalogue::check(written, list, findings)
}

/// The file is made where there is none, but not its folder: that would hide a disk that is not there.
fn refuse_without_folder(file: &str, path: KeyPath, findings: &mut Findings) {
    let file = Path::new(file);
    let Some(folder) = file.parent().filter(|_| file.is_absolute()) else { return };
    if !folder.is_dir() {
        let message = format!("there is no folder {}", quoted(&folder.display().to_string()));
        findings.add(Problem::error(path, message).help("make it, writable for the gateway"));
    }
}
