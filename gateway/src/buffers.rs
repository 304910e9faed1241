//! How much of bodies may be held at the same time, over all requests: a budget that no number of clients can exceed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that are held now.
#[derive(Debug, Default)]
pub struct Buffers {
    held: AtomicUsize,
}

/// A part of the budget, given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    buffers: Arc<Buffers>,
    bytes: usize,
}

impl Buffers {
    /// Nothing yet.
    pub fn hold(self: &Arc<Buffers>) -> Held {
        Held { buffers: self.clone(), bytes: 0 }
    }

    /// How many bytes are held.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

impl Held {
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes this many more bytes; false, and nothing is taken, where all together would be more than `max`.
    pub fn grow(&mut self, bytes: usize, max: usize) -> bool {
        let grown = self.buffers.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            held.checked_add(bytes).filter(|grown| *grown <= max)
        });
        if grown.is_ok() {
            self.bytes += bytes;
        }
        grown.is_ok()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.buffers.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_together_never_hold_more_than_the_budget_and_give_it_back() {
        let buffers = Arc::new(Buffers::default());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let mut held = buffers.hold();
                        let _ = held.grow(30, 100) && held.grow(30, 100);
                        assert!(buffers.held() <= 100);
                    }
                });
            }
        });
        assert_eq!(buffers.held(), 0);
        let (mut one, mut other) = (buffers.hold(), buffers.hold());
        assert!(one.grow(100, 100) && !other.grow(1, 100));
        drop(one);
        assert!(other.grow(100, 100));
        drop(other);
        assert_eq!(buffers.held(), 0);
    }
}
