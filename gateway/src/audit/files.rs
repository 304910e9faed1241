//! The files that records go to: one writer each, for all policies and all configurations that name it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use log::error;
use once_cell::sync::Lazy;
use tollgate_plugins::audit::{Record, Sink};

use super::file::Appended;
use super::{DROPPED, line};
use crate::config::LogFormat;
use crate::line_writer::{LineWriter, Loss};

/// How long the end of the process waits for a file.
const FLUSH: Duration = Duration::from_secs(5);

/// Those of the process: a request that ends during a reload may still write to a file that the next configuration does
/// not name.
pub static FILES: Lazy<Files> = Lazy::new(Files::default);

#[derive(Default)]
pub struct Files(Mutex<Vec<Arc<RecordFile>>>);

/// One file, and the thread that writes to it.
pub struct RecordFile {
    path: PathBuf,
    writer: LineWriter,
}

impl Files {
    /// The file, which may be open already.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn open(&self, path: &Path) -> io::Result<Arc<RecordFile>> {
        let mut files = self.lock();
        if let Some(file) = files.iter().find(|file| file.path == path) {
            return Ok(file.clone());
        }
        let loss = Loss { line: line::of_lost, total: DROPPED.clone() };
        let writer = LineWriter::start("audit", Appended::open(path)?, loss)?;
        let file = Arc::new(RecordFile { path: path.to_owned(), writer });
        files.push(file.clone());
        Ok(file)
    }

    /// Opens each anew that somebody writes to, and lets go of the others.
    pub fn reopen(&self) {
        let mut files = self.lock();
        files.retain(|file| Arc::strong_count(file) > 1);
        files.iter().for_each(|file| file.writer.reopen());
    }

    /// Waits until all is written.
    pub fn flush(&self) {
        // Not under the lock: requests may end meanwhile, and a reload.
        let files = self.lock().clone();
        for file in files {
            if !file.writer.flush(FLUSH) {
                error!("the last records are lost: {} takes too long", file.path.display());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<RecordFile>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for RecordFile {
    fn write(&self, record: &Record<'_>) {
        self.writer.put(line::of(record, LogFormat::Json).into_bytes());
    }
}

impl fmt::Debug for RecordFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("RecordFile").field(&self.path).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(file: &RecordFile, request_id: &str) {
        file.write(&Record { request_id, ..Record::default() });
    }

    /// The requests of the records of a file.
    fn requests(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        let parse = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        text.lines().map(|line| parse(line)["request_id"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn who_names_the_same_file_shares_its_writer_and_all_is_there_after_a_flush() {
        let folder = tempfile::tempdir().unwrap();
        let (files, path) = (Files::default(), folder.path().join("audit.jsonl"));
        let [one, other] = [files.open(&path).unwrap(), files.open(&path).unwrap()];
        assert!(Arc::ptr_eq(&one, &other));
        let expected: Vec<_> = (0..2000).map(|number| number.to_string()).collect();
        for (number, id) in expected.iter().enumerate() {
            write(if number % 2 == 0 { &one } else { &other }, id);
        }
        files.flush();
        assert_eq!(requests(&path), expected);
    }

    #[test]
    fn after_a_rename_and_a_reload_records_are_in_a_new_file_and_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let [path, old] = ["audit.jsonl", "audit.jsonl.1"].map(|name| folder.path().join(name));
        let files = Files::default();
        let file = files.open(&path).unwrap();
        write(&file, "1");
        files.flush();
        fs::rename(&path, &old).unwrap();
        write(&file, "2");
        files.flush();
        files.reopen();
        write(&file, "3");
        files.flush();
        assert_eq!((requests(&old), requests(&path)), (vec!["1".into(), "2".into()], vec!["3".to_owned()]));
    }

    #[test]
    fn a_file_that_nobody_names_any_more_is_let_go_of_at_the_next_reload() {
        let folder = tempfile::tempdir().unwrap();
        let (files, path) = (Files::default(), folder.path().join("audit.jsonl"));
        let file = files.open(&path).unwrap();
        files.reopen();
        assert_eq!(files.lock().len(), 1, "somebody has it");
        write(&file, "1");
        drop(file);
        files.flush();
        assert_eq!(requests(&path), ["1"], "until then it is flushed");
        files.reopen();
        assert!(files.lock().is_empty());
    }
}
