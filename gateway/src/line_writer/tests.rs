//! What becomes of lines when their reader is slow, or broken.

use std::sync::mpsc;

use super::*;

/// A reader that takes its first line only when told to, like a terminal that was stopped.
struct Stopped {
    go: mpsc::Receiver<()>,
    seen: mpsc::Sender<String>,
    waited: bool,
}

impl Lines for Stopped {
    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        if !self.waited {
            self.waited = true;
            let _ = self.go.recv();
        }
        let _ = self.seen.send(String::from_utf8_lossy(line).into_owned());
        Ok(())
    }
}

fn stopped() -> (LineWriter, Counter, mpsc::Sender<()>, mpsc::Receiver<String>) {
    let ((go, stopped), (seen, lines)) = (mpsc::channel(), mpsc::channel());
    let total = Counter::default();
    let loss = Loss { line: |lost| format!("lost {lost}\n"), total: total.clone() };
    let lines_to = Stopped { go: stopped, seen, waited: false };
    (LineWriter::start("test", lines_to, loss).expect("a thread"), total, go, lines)
}

/// How many lines were written, and how many are said to be lost.
fn counted(lines: impl Iterator<Item = String>) -> (usize, usize) {
    lines.fold((0, 0), |(written, lost), line| match line.strip_prefix("lost ") {
        Some(number) => (written, lost + number.trim().parse::<usize>().unwrap()),
        None => (written + 1, lost),
    })
}

#[test]
fn a_stopped_reader_costs_lines_that_are_counted_and_blocks_nobody() {
    let (writer, total, go, lines) = stopped();
    let sent = QUEUE_LINES + 500;
    let taken = (0..sent).filter(|_| writer.put(b"line\n".to_vec())).count();
    assert!(!writer.flush(Duration::from_millis(20)), "nor does the end of the process wait for ever");
    go.send(()).expect("it waits");
    assert!(writer.flush(Duration::from_secs(10)));
    // Everything is there by now, although the thread goes on.
    let (written, lost) = counted(lines.try_iter());
    assert!(lost > 0);
    assert_eq!((written, written + lost), (taken, sent));
    assert_eq!(total.get(), lost as u64);
}

#[test]
fn what_is_queued_is_written_when_nobody_has_the_near_end_any_more() {
    let (writer, _, go, lines) = stopped();
    assert!((0..100).all(|_| writer.put(b"line\n".to_vec())));
    drop(writer);
    go.send(()).expect("it waits");
    assert_eq!(counted(lines.iter()), (100, 0));
}

/// Fails as long as it is told to, and counts how often it was reopened.
struct Broken {
    fails: Arc<AtomicBool>,
    reopened: usize,
    seen: mpsc::Sender<String>,
}

impl Lines for Broken {
    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let line = String::from_utf8_lossy(line);
        let _ = self.seen.send(format!("{}{line}", "reopened ".repeat(self.reopened)));
        Ok(())
    }

    fn reopen(&mut self) {
        self.reopened += 1;
    }
}

fn broken() -> (LineWriter, Counter, Arc<AtomicBool>, mpsc::Receiver<String>) {
    let ((seen, lines), total, fails) = (mpsc::channel(), Counter::default(), Arc::<AtomicBool>::default());
    let loss = Loss { line: |lost| format!("lost {lost}\n"), total: total.clone() };
    let writer = LineWriter::start("test", Broken { fails: fails.clone(), reopened: 0, seen }, loss);
    (writer.expect("a thread"), total, fails, lines)
}

#[test]
fn lines_that_could_not_be_written_are_counted_until_that_can_be_said() {
    let (writer, total, fails, lines) = broken();
    fails.store(true, Ordering::Relaxed);
    assert!((0..3).all(|_| writer.put(b"line\n".to_vec())), "nobody knows yet");
    assert!(writer.flush(Duration::from_secs(10)));
    fails.store(false, Ordering::Relaxed);
    assert!(writer.put(b"line\n".to_vec()) && writer.flush(Duration::from_secs(10)));
    assert_eq!(counted(lines.try_iter()), (1, 3));
    assert_eq!(total.get(), 3);
}

#[test]
fn a_writer_that_has_nothing_to_write_begins_anew_too() {
    let (writer, _, _, lines) = broken();
    assert!(writer.put(b"line\n".to_vec()) && writer.flush(Duration::from_secs(10)));
    writer.reopen();
    assert!(writer.put(b"line\n".to_vec()) && writer.flush(Duration::from_secs(10)));
    assert_eq!(lines.try_iter().collect::<Vec<_>>(), ["line\n", "reopened line\n"]);
}
