//! What a limit is: so many requests in such a time, and several of these at once.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// The most windows of one limit.
pub const WINDOWS_MAX: usize = 8;

/// At most so many requests within `per` of the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub requests: NonZeroU64,
    pub per: Duration,
}

/// The windows of one limit: from a spike of a second to a quota of a month. In order, the shortest first. A clone
/// is the same piece of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows(Arc<[Window]>);

/// Why windows make no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// There is none.
    Empty,
    /// There are more than [`WINDOWS_MAX`].
    TooMany,
    /// This time is zero, no whole number of milliseconds, or longer than anything lasts.
    Per(Duration),
    /// Two windows have this time: the smaller limit would be the only one.
    Twice(Duration),
}

impl Windows {
    /// # Errors
    /// When there are none or too many, or one's time is not usable.
    pub fn new(windows: &[Window]) -> Result<Windows, Unusable> {
        if windows.is_empty() {
            return Err(Unusable::Empty);
        }
        if windows.len() > WINDOWS_MAX {
            return Err(Unusable::TooMany);
        }
        if let Some(Window { per, .. }) = windows.iter().find(|window| !is_usable(window.per)) {
            return Err(Unusable::Per(*per));
        }
        let mut windows = windows.to_vec();
        windows.sort_by_key(|window| window.per);
        match windows.windows(2).find(|two| two[0].per == two[1].per) {
            Some(two) => Err(Unusable::Twice(two[0].per)),
            None => Ok(Windows(windows.into())),
        }
    }

    /// The time of each, in milliseconds.
    pub(super) fn pers(&self) -> impl Iterator<Item = u64> {
        self.iter().map(|window| u64::try_from(window.per.as_millis()).unwrap_or(u64::MAX))
    }
}

fn is_usable(per: Duration) -> bool {
    !per.is_zero()
        && per.subsec_nanos().is_multiple_of(1_000_000)
        // What remains of the range is for the time of day that is added.
        && per.as_millis() <= u128::from(u64::MAX / 2)
}

impl Deref for Windows {
    type Target = [Window];

    fn deref(&self) -> &[Window] {
        &self.0
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Empty => write!(out, "a limit has at least one window"),
            Unusable::TooMany => write!(out, "a limit has at most {WINDOWS_MAX} windows"),
            Unusable::Per(per) => {
                write!(out, "{per:?} is no whole number of milliseconds that a window can last")
            }
            Unusable::Twice(per) => write!(out, "two windows last {per:?}"),
        }
    }
}

impl std::error::Error for Unusable {}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(per: Duration) -> Window {
        Window { requests: NonZeroU64::MIN, per }
    }

    #[test]
    fn windows_are_in_order_of_their_time() {
        let [second, hour] = [1, 3600].map(|secs| window(Duration::from_secs(secs)));
        assert_eq!(Windows::new(&[hour, second]).expect("usable")[..], [second, hour]);
    }

    #[test]
    fn there_are_one_to_eight() {
        let several = |count| (1..=count).map(|s| window(Duration::from_secs(s))).collect::<Vec<_>>();
        assert_eq!(Windows::new(&[]), Err(Unusable::Empty));
        assert!(Windows::new(&several(8)).is_ok());
        assert_eq!(Windows::new(&several(9)), Err(Unusable::TooMany));
    }

    #[test]
    fn a_time_is_a_whole_number_of_milliseconds_and_no_other_windows() {
        for per in [Duration::ZERO, Duration::from_micros(1500), Duration::MAX] {
            assert_eq!(Windows::new(&[window(per)]), Err(Unusable::Per(per)));
        }
        let per = Duration::from_millis(1);
        assert!(Windows::new(&[window(per)]).is_ok());
        let twice = Windows::new(&[window(per), window(per)]).expect_err("the same");
        assert_eq!((twice, twice.to_string()), (Unusable::Twice(per), "two windows last 1ms".to_string()));
    }
}
