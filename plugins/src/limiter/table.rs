//! The numbers of keys, all in one piece: an existing key is charged without allocation, and any place can be looked at.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::key::{AsIs, Key};
use super::order::Order;

/// What was counted for one key in one window.
#[derive(Clone, Copy, Default)]
pub struct Count {
    /// In milliseconds since the Unix epoch; in the past where no window is under way.
    pub ends: u64,
    pub used: u64,
}

/// Places are numbered from 0, without gaps.
pub struct Table {
    /// The time of each window, in milliseconds.
    pers: Arc<[u64]>,
    /// Where the numbers of a key are.
    places: HashMap<Key, usize, BuildHasherDefault<AsIs>>,
    /// Whose numbers are at a place.
    keys: Vec<Key>,
    /// One for each window, place after place.
    counts: Vec<Count>,
    order: Order,
}

impl Table {
    pub fn new(pers: Arc<[u64]>) -> Table {
        Table { pers, places: HashMap::default(), keys: Vec::new(), counts: Vec::new(), order: Order::new() }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn place(&self, key: &Key) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// As the windows have them.
    pub fn counts(&self, place: usize) -> &[Count] {
        let width = self.pers.len();
        &self.counts[place * width..][..width]
    }

    /// With the time of each window.
    fn counts_mut(&mut self, place: usize) -> impl Iterator<Item = (&mut Count, u64)> {
        let width = self.pers.len();
        self.counts[place * width..].iter_mut().zip(self.pers.iter().copied())
    }

    /// The place whose longest window ends before those of all others.
    pub fn first_to_end(&self) -> Option<usize> {
        self.order.first()
    }

    /// Whether a window of this place is under way.
    pub fn is_under_way(&self, place: usize, now: u64) -> bool {
        self.counts(place).iter().any(|count| count.ends > now)
    }

    /// Adds to all windows; those that are not under way begin. There must be that much left.
    pub fn charge(&mut self, place: usize, cost: u64, now: u64) {
        let mut longest_begins = false;
        for (count, per) in self.counts_mut(place) {
            longest_begins = count.ends <= now;
            if longest_begins {
                *count = Count { ends: now.saturating_add(per), used: 0 };
            }
            count.used += cost;
        }
        if longest_begins {
            self.order.move_to_end(place);
        }
    }

    /// No window ends later than if it began now: one that would began by a clock that has been set back since.
    pub fn settle(&mut self, place: usize, now: u64) {
        for (count, per) in self.counts_mut(place) {
            count.ends = count.ends.min(now.saturating_add(per));
        }
    }

    /// A place for a key that has none, with nothing counted.
    pub fn insert(&mut self, key: Key) -> usize {
        let place = self.keys.len();
        self.keys.push(key);
        self.counts.resize(self.keys.len() * self.pers.len(), Count::default());
        self.order.push();
        self.places.insert(key, place);
        place
    }

    /// Gives a place to a key that has none, with nothing counted.
    pub fn replace(&mut self, place: usize, key: Key) {
        self.places.remove(&self.keys[place]);
        self.places.insert(key, place);
        self.keys[place] = key;
        self.counts_mut(place).for_each(|(count, _)| *count = Count::default());
        self.order.move_to_end(place);
    }

    /// Of every key what it counted in windows of these times, in their order: nothing for a time that has no window here.
    pub fn counted(&self, pers: &[u64]) -> impl Iterator<Item = (Key, Vec<Count>)> {
        let from: Vec<_> = pers.iter().map(|per| self.pers.iter().position(|own| own == per)).collect();
        self.keys.iter().enumerate().map(move |(place, key)| {
            let counts = self.counts(place);
            (*key, from.iter().map(|window| window.map_or_else(Count::default, |at| counts[at])).collect())
        })
    }

    /// What [`Table::counted`] gave for a key, with windows of the same times.
    pub fn set(&mut self, place: usize, counts: &[Count]) {
        for ((count, _), known) in self.counts_mut(place).zip(counts) {
            *count = *known;
        }
    }
}
