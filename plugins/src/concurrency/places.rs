//! Who has how much under way. What is under way is all that is remembered, so callers cannot fill it with what is over.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Count;
use crate::limiter::Key;

const SHARDS: usize = 64;
/// Room that a shard keeps for itself when nothing in it is under way.
const KEPT: usize = 64;

type Shard = Mutex<HashMap<Key, u32>>;

/// Counts by key, in shards so that requests of different keys seldom wait for each other.
pub struct Places {
    /// What is counted here: requests are not to be compared to calls.
    pub count: Count,
    shards: Box<[Shard]>,
}

/// One place that is taken, until it is dropped.
pub struct Place {
    places: Arc<Places>,
    key: Key,
}

impl Places {
    pub fn of(count: Count) -> Places {
        Places { count, shards: (0..SHARDS).map(|_| Shard::default()).collect() }
    }

    /// One more of this key, unless it has as many as it may.
    pub fn take(places: &Arc<Places>, key: Key, max: u32) -> Option<Place> {
        let mut shard = places.shard(key)?;
        match shard.entry(key) {
            Entry::Occupied(taken) if *taken.get() >= max => return None,
            Entry::Occupied(mut taken) => *taken.get_mut() += 1,
            Entry::Vacant(_) if max == 0 => return None,
            Entry::Vacant(free) => {
                free.insert(1);
            }
        }
        Some(Place { places: Arc::clone(places), key })
    }

    /// How many keys have something under way.
    pub fn keys(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn shard(&self, key: Key) -> Option<MutexGuard<'_, HashMap<Key, u32>>> {
        self.shards.get(key.spread(self.shards.len())).map(lock)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(mut shard) = self.places.shard(self.key) else { return };
        let Entry::Occupied(mut taken) = shard.entry(self.key) else { return };
        match taken.get().checked_sub(1) {
            None | Some(0) => {
                taken.remove();
                if shard.is_empty() {
                    shard.shrink_to(KEPT);
                }
            }
            Some(left) => *taken.get_mut() = left,
        }
    }
}

/// Nothing that is done under the lock can leave a count half done.
fn lock(shard: &Shard) -> MutexGuard<'_, HashMap<Key, u32>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Places {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Places").field("keys", &self.keys()).finish_non_exhaustive()
    }
}
