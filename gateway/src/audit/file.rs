//! A file that lines are appended to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use log::{error, info};

use super::cannot_write;
use crate::line_writer::Lines;

/// Others may append to it, rename it, or cut it off.
pub struct Appended {
    path: PathBuf,
    file: File,
    /// The last line has no end: its writer was stopped, or the disk was full.
    is_torn: bool,
    /// The last attempt has failed, which was told.
    is_failing: bool,
}

impl Appended {
    /// # Errors
    /// When it cannot be appended to, or is no file.
    pub fn open(path: &Path) -> io::Result<Appended> {
        // Before it is opened: a pipe would wait for its reader.
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is no file"));
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let length = file.metadata()?.len();
        let is_torn = length > 0 && !ends_a_line(path, length).unwrap_or_default();
        Ok(Appended { path: path.to_owned(), file, is_torn, is_failing: false })
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.file.write_all(b"\n")?;
            self.is_torn = false;
        }
        let mut rest = line;
        // In one piece but for a full disk, so that the lines of two processes do not mix.
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    self.is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn ends_a_line(path: &Path, length: u64) -> io::Result<bool> {
    let mut last = [0];
    File::open(path)?.read_exact_at(&mut last, length - 1)?;
    Ok(last == *b"\n")
}

impl Lines for Appended {
    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        let outcome = self.append(line);
        match (&outcome, self.is_failing) {
            (Err(error), false) => error!("records are lost: {}", cannot_write(&self.path, error)),
            (Ok(()), true) => info!("records are written to {} again", self.path.display()),
            (Err(_), true) | (Ok(()), false) => {}
        }
        self.is_failing = outcome.is_err();
        outcome
    }

    /// Where it was renamed, there is a new one.
    fn reopen(&mut self) {
        match Appended::open(&self.path) {
            Ok(anew) => (self.file, self.is_torn) = (anew.file, anew.is_torn),
            // The one that is open may still take what is written.
            Err(error) => error!("not opened anew: {}", cannot_write(&self.path, &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_file_is_made_for_its_owner_alone_and_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        Appended::open(&path).unwrap().put(b"one\n").unwrap();
        Appended::open(&path).unwrap().put(b"two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_appended_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Appended::open(folder.path()).is_err(), "a folder");
        assert!(Appended::open(&folder.path().join("none/audit.jsonl")).is_err(), "no folder");
        assert!(Appended::open(Path::new("/dev/null")).is_err(), "no file");
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(Appended::open(&pipe).is_err(), "nobody reads it, so opening it would last");
    }

    #[test]
    fn a_line_that_was_not_finished_does_not_spoil_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        fs::write(&path, "{\"torn").unwrap();
        let mut file = Appended::open(&path).unwrap();
        file.put(b"one\n").unwrap();
        file.put(b"two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"torn\none\ntwo\n");
    }

    #[test]
    fn a_file_that_was_renamed_is_left_when_it_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let [path, old] = ["audit.jsonl", "audit.jsonl.1"].map(|name| folder.path().join(name));
        let mut file = Appended::open(&path).unwrap();
        file.put(b"one\n").unwrap();
        fs::rename(&path, &old).unwrap();
        file.put(b"two\n").unwrap();
        file.reopen();
        file.put(b"three\n").unwrap();
        assert_eq!(fs::read_to_string(&old).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
    }

    #[test]
    fn a_file_that_cannot_be_opened_anew_goes_on_to_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let [inner, outer] = ["log", "gone"].map(|name| folder.path().join(name));
        fs::create_dir(&inner).unwrap();
        let mut file = Appended::open(&inner.join("audit.jsonl")).unwrap();
        fs::rename(&inner, &outer).unwrap();
        file.reopen();
        file.put(b"one\n").unwrap();
        assert_eq!(fs::read_to_string(outer.join("audit.jsonl")).unwrap(), "one\n");
    }

    #[test]
    fn a_full_disk_is_an_error_each_time() {
        let file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let path = PathBuf::from("/dev/full");
        let mut full = Appended { path, file, is_torn: false, is_failing: false };
        assert!(full.put(b"one\n").is_err() && full.put(b"two\n").is_err());
        assert!(full.is_failing && !full.is_torn, "nothing of it was written");
    }
}
