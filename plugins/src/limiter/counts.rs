//! All counts of a limiter, in shards so that requests of different keys seldom wait for each other.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::key::Key;
use super::shard::Shard;
use super::windows::Windows;

const SHARDS_MAX: usize = 64;
/// Small shards fill unevenly: with this many keys in each, the fullest is about a tenth fuller than the average.
const SHARD_KEYS_MIN: usize = 1024;

pub struct Counts {
    /// The time of each window, in milliseconds.
    pers: Arc<[u64]>,
    max_keys: NonZeroUsize,
    shards: Box<[Mutex<Shard>]>,
}

impl Counts {
    pub fn new(windows: &Windows, max_keys: NonZeroUsize) -> Counts {
        let pers: Arc<[u64]> = windows.pers().collect();
        let shards = (max_keys.get() / SHARD_KEYS_MIN).clamp(1, SHARDS_MAX);
        let (each, rest) = (max_keys.get() / shards, max_keys.get() % shards);
        let shard = |index| Mutex::new(Shard::new(Arc::clone(&pers), each + usize::from(index < rest)));
        let shards = (0..shards).map(shard).collect();
        Counts { pers, max_keys, shards }
    }

    /// Whether it is what [`Counts::new`] makes of these.
    pub fn is_for(&self, windows: &Windows, max_keys: NonZeroUsize) -> bool {
        self.max_keys == max_keys && windows.pers().eq(self.pers.iter().copied())
    }

    /// The shard a key belongs to, locked.
    pub fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        // Less than the number of shards, so no digits are lost.
        let index = key.shard % self.shards.len() as u64;
        lock(&self.shards[index as usize])
    }

    /// Copies what others have counted in windows of the same time.
    pub fn adopt(&self, others: &Counts, now: u64) {
        let shards = others.shards.iter();
        let mut all: Vec<_> =
            shards.flat_map(|shard| lock(shard).counted(&self.pers).collect::<Vec<_>>()).collect();
        // As if each had come when its longest window began.
        all.sort_by_key(|(_, counts)| counts.last().map(|count| count.ends));
        for (key, counts) in all {
            self.shard(&key).adopt(key, &counts, now);
        }
    }

    pub fn keys(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).keys()).sum()
    }

    pub fn forgotten(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).forgotten()).sum()
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
