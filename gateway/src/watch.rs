//! Watching files, so that a renewed certificate, or another DNS server, is used without anybody asking.
//!
//! The files are looked at, not subscribed to: a look a quarter second costs nothing, follows symbolic links to
//! wherever they point now (which is how Kubernetes swaps a secret), and works on every file system.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Between two looks.
pub const PERIOD: Duration = Duration::from_millis(250);

/// What tells one content of a file from another without reading it. `None`: it is not there.
type Fingerprint = Option<(SystemTime, u64, u64)>;

/// A set of files and what they looked like.
pub struct Watch {
    files: Vec<PathBuf>,
    known: Vec<Fingerprint>,
    last: Vec<Fingerprint>,
}

impl Watch {
    /// Watches `files` from what they look like now.
    pub fn new(files: Vec<PathBuf>) -> Watch {
        let now: Vec<Fingerprint> = files.iter().map(fingerprint).collect();
        Watch { files, known: now.clone(), last: now }
    }

    /// Whether the files changed and have settled since: a file that is still being written looks different at
    /// every look. Each change is reported once, whatever comes of it.
    pub fn has_changed(&mut self) -> bool {
        let now: Vec<Fingerprint> = self.files.iter().map(fingerprint).collect();
        let settled = now == self.last;
        self.last = now;
        if !settled || self.last == self.known {
            return false;
        }
        self.known.clone_from(&self.last);
        true
    }
}

fn fingerprint(file: &PathBuf) -> Fingerprint {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_change_is_reported_once_and_only_when_it_has_settled() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cert.pem");
        fs::write(&file, "one").unwrap();
        let mut watch = Watch::new(vec![file.clone()]);
        assert!(!watch.has_changed());
        fs::write(&file, "longer").unwrap();
        assert!(!watch.has_changed(), "it may still be written");
        fs::write(&file, "longer still").unwrap();
        assert!(!watch.has_changed(), "it was");
        assert!(watch.has_changed());
        assert!(!watch.has_changed(), "once");
    }

    #[test]
    fn a_link_that_points_elsewhere_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new, link] = ["old", "new", "link"].map(|name| folder.path().join(name));
        fs::write(&old, "same").unwrap();
        fs::write(&new, "same").unwrap();
        std::os::unix::fs::symlink(&old, &link).unwrap();
        let mut watch = Watch::new(vec![link.clone()]);
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&new, &link).unwrap();
        assert!(!watch.has_changed());
        assert!(watch.has_changed());
    }
}
