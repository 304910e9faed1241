//! Who or what is counted together: everything with the same parts, such as a consumer and a tool.
//!
//! Parts are pairs of what something is and its value: `("consumer", "acme"), ("tool", "search")`. Their order counts.

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::LazyLock;

/// Secret, so that nobody can look for callers who would be counted together.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// 128 bits that stand for the parts of a key: nothing a caller sent is kept. They mean nothing to another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub(super) shard: u64,
    place: u64,
}

/// Makes a [`Key`] of its parts, one after the other.
pub struct KeyHasher(DefaultHasher);

impl Default for KeyHasher {
    fn default() -> Self {
        KeyHasher(SEED.build_hasher())
    }
}

impl KeyHasher {
    pub fn add(&mut self, name: &str, value: &str) {
        for part in [name, value] {
            self.0.write_usize(part.len());
            self.0.write(part.as_bytes());
        }
    }

    /// SipHash is a pseudorandom function: two inputs that differ in what follows the parts give two independent halves.
    pub fn key(mut self) -> Key {
        let shard = self.0.finish();
        self.0.write_u8(1);
        Key { shard, place: self.0.finish() }
    }
}

impl Key {
    pub fn of<'p>(parts: impl IntoIterator<Item = (&'p str, &'p str)>) -> Key {
        let mut hasher = KeyHasher::default();
        parts.into_iter().for_each(|(name, value)| hasher.add(name, value));
        hasher.key()
    }

    /// Which of so many shards of a table it belongs to.
    pub fn spread(&self, shards: usize) -> usize {
        // Less than the number of shards, so no digits are lost.
        self.shard.checked_rem(shards as u64).unwrap_or_default() as usize
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.place);
    }
}

/// Takes a [`Key`] for the hash it already is.
#[derive(Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_are_the_same_key() {
        let key = || Key::of([("consumer", "acme"), ("tool", "search")]);
        assert_eq!(key(), std::thread::spawn(key).join().expect("a key"));
    }

    #[test]
    fn the_halves_of_a_key_are_not_the_same() {
        assert!((0..100).map(|n| Key::of([("n", n.to_string().as_str())])).all(|key| key.shard != key.place));
    }
}
