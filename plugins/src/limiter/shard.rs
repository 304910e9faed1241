//! A bounded part of all counts. When it is full, a newcomer takes the place of the key whose longest window ends first:
//! where that has ended already nothing is lost, and no other key has to be looked at to know which it is.

use std::sync::Arc;
use std::time::Duration;

use super::key::Key;
use super::table::{Count, Table};
use super::taken::{Counted, Taken};
use super::windows::{WINDOWS_MAX, Windows};

pub struct Shard {
    table: Table,
    /// In keys.
    capacity: usize,
    forgotten: u64,
}

impl Shard {
    pub fn new(pers: Arc<[u64]>, capacity: usize) -> Shard {
        Shard { table: Table::new(pers), capacity, forgotten: 0 }
    }

    pub fn keys(&self) -> usize {
        self.table.len()
    }

    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The windows are those of the table, whatever their limits.
    pub fn take(&mut self, windows: &Windows, key: &Key, cost: u64, now: u64) -> Taken {
        let place = self.table.place(key);
        let mut counted = [Counted::default(); WINDOWS_MAX];
        if let Some(place) = place {
            self.table.settle(place, now);
            for (counted, count) in counted.iter_mut().zip(self.table.counts(place)) {
                let ends_in = Duration::from_millis(count.ends.saturating_sub(now));
                *counted = Counted { used: count.used, ends_in };
            }
        }
        let taken = windows.judge(&counted, cost);
        if taken.allowed() && cost > 0 {
            let place = place.unwrap_or_else(|| self.insert(*key, now));
            self.table.charge(place, cost, now);
        }
        taken
    }

    /// What the keys have counted, as [`Table::counted`] has it.
    pub fn counted(&self, pers: &[u64]) -> impl Iterator<Item = (Key, Vec<Count>)> {
        self.table.counted(pers)
    }

    /// Takes in a key that is not here yet, unless none of its windows is under way.
    pub fn adopt(&mut self, key: Key, counts: &[Count], now: u64) {
        if counts.iter().any(|count| count.ends > now) {
            let place = self.insert(key, now);
            self.table.set(place, counts);
        }
    }

    fn insert(&mut self, key: Key, now: u64) -> usize {
        match self.table.first_to_end() {
            Some(place) if self.table.len() >= self.capacity => {
                self.forgotten += u64::from(self.table.is_under_way(place, now));
                self.table.replace(place, key);
                place
            }
            _ => self.table.insert(key),
        }
    }
}
