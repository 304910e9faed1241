//! What clients are told: the `RateLimit-Policy` and `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers-10) and the
//! value of `Retry-After` (RFC 9110 §10.2.3).
//!
//! A limit of one window goes by its name, such as `"search"`; the windows of one that has several by theirs too:
//! `"search-1s", "search-30d"`. Where the name is empty the window's stands alone.

use std::borrow::Cow;
use std::time::Duration;

use super::taken::{Standing, Taken, Verdict};
use super::windows::Windows;

/// The greatest Integer of a structured field (RFC 9651 §3.3.1).
const INTEGER_MAX: u64 = 999_999_999_999_999;

/// What the windows of a limit are called in both fields, in their order.
pub struct WindowNames(Vec<String>);

impl WindowNames {
    /// `name` is the limit's.
    pub fn new(name: &str, windows: &Windows) -> WindowNames {
        WindowNames(windows.iter().map(|window| quoted(name, windows.len(), window.per)).collect())
    }

    /// All windows of the limit, the same for everyone: `"1s";q=10;w=1, "1h";q=500;w=3600`. A window of less than a second is
    /// told as one, so that who goes by it asks too seldom rather than too often.
    pub fn policy_field(&self, windows: &Windows) -> String {
        let items = self.0.iter().zip(windows.iter()).map(|(name, window)| {
            let quota = window.requests.get().min(INTEGER_MAX);
            format!("{name};q={quota};w={}", seconds(window.per))
        });
        items.collect::<Vec<_>>().join(", ")
    }

    /// How a key stands in the window where the least share of the limit is left: `"1s";r=3;t=1`. Among equals, the one that
    /// takes the longest to reset.
    pub fn standing_field(&self, taken: &Taken) -> String {
        let standings = self.0.iter().zip(taken.windows.iter());
        let tightest = standings.reduce(|one, other| if is_tighter(other.1, one.1) { other } else { one });
        tightest.map_or_else(String::new, |(name, standing)| {
            // With each answer, so in one piece and without formatting.
            let (mut left, mut resets_in) = (itoa::Buffer::new(), itoa::Buffer::new());
            let left = left.format(standing.left.min(INTEGER_MAX));
            [name, ";r=", left, ";t=", resets_in.format(seconds(standing.resets_in))].concat()
        })
    }
}

/// Whole seconds, at least one. `None` for what is allowed and for what never will be.
pub fn retry_after(taken: &Taken) -> Option<u64> {
    match taken.verdict {
        Verdict::RetryAfter(wait) => Some(seconds(wait).max(1)),
        Verdict::Allowed | Verdict::Never => None,
    }
}

fn is_tighter(one: &Standing, other: &Standing) -> bool {
    // Shares of the limits, over the same denominator.
    let share = |a: &Standing, b: &Standing| u128::from(a.left) * u128::from(b.limit);
    share(one, other).cmp(&share(other, one)).then(other.resets_in.cmp(&one.resets_in)).is_lt()
}

/// Rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).min(INTEGER_MAX)
}

/// The name of a window, as the String of a structured field. A character that has no place there becomes `_`.
fn quoted(name: &str, windows: usize, per: Duration) -> String {
    let name = match (name, windows) {
        ("", _) => period(per).into(),
        (name, 1) => Cow::Borrowed(name),
        (name, _) => format!("{name}-{}", period(per)).into(),
    };
    let mut quoted = String::from('"');
    for c in name.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => quoted.push('_'),
        }
    }
    quoted.push('"');
    quoted
}

/// In the largest unit that it is a whole number of.
fn period(per: Duration) -> String {
    const UNITS: [(u128, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let millis = per.as_millis();
    let unit = UNITS.iter().find(|(unit, _)| millis.is_multiple_of(*unit));
    let (unit, letters) = unit.copied().unwrap_or((1, "ms"));
    format!("{}{letters}", millis / unit)
}

#[cfg(test)]
mod tests {
    use super::super::Counted;
    use super::super::tests::windows;
    use super::*;

    fn policy_field(name: &str, windows: &Windows) -> String {
        WindowNames::new(name, windows).policy_field(windows)
    }

    fn standing_field(name: &str, windows: &Windows, taken: &Taken) -> String {
        WindowNames::new(name, windows).standing_field(taken)
    }

    fn counted(used: u64, millis: u64) -> Counted {
        Counted { used, ends_in: Duration::from_millis(millis) }
    }

    #[test]
    fn one_window_goes_by_the_name_of_the_limit() {
        let one = windows(&[(100, 60_000)]);
        assert_eq!(policy_field("search", &one), r#""search";q=100;w=60"#);
        assert_eq!(
            standing_field("search", &one, &one.judge(&[counted(49, 29_001)], 1)),
            r#""search";r=50;t=30"#
        );
        assert_eq!(policy_field("", &one), r#""1m";q=100;w=60"#);
    }

    #[test]
    fn several_windows_are_told_apart_by_their_time() {
        let several = windows(&[(5, 500), (90, 90_000), (9, 7_200_000), (1000, 2_592_000_000)]);
        assert_eq!(
            policy_field("a", &several),
            r#""a-500ms";q=5;w=1, "a-90s";q=90;w=90, "a-2h";q=9;w=7200, "a-30d";q=1000;w=2592000"#
        );
        assert!(policy_field("", &several).ends_with(r#""30d";q=1000;w=2592000"#));
    }

    #[test]
    fn the_standing_is_that_of_the_window_that_is_closest_to_its_limit() {
        let two = windows(&[(10, 1000), (100, 60_000)]);
        let standing = |first, second| standing_field("", &two, &two.judge(&[first, second], 1));
        assert_eq!(standing(counted(4, 900), counted(59, 30_000)), r#""1m";r=40;t=30"#);
        assert_eq!(standing(counted(7, 900), counted(59, 30_000)), r#""1s";r=2;t=1"#);
        // Equal shares: the longer wait.
        assert_eq!(standing(counted(9, 900), counted(99, 30_000)), r#""1m";r=0;t=30"#);
        assert_eq!(standing_field("", &two, &two.judge(&[], 0)), r#""1s";r=10;t=0"#);
    }

    #[test]
    fn a_name_is_quoted_and_numbers_stay_in_their_range() {
        let one = windows(&[(u64::MAX, 1000)]);
        assert_eq!(policy_field("a\"b\\c é\n", &one), r#""a\"b\\c __";q=999999999999999;w=1"#);
        assert_eq!(standing_field("a", &one, &one.judge(&[], 0)), r#""a";r=999999999999999;t=0"#);
    }

    #[test]
    fn a_client_waits_whole_seconds_and_at_least_one() {
        let one = windows(&[(1, 5000)]);
        let wait = |millis| retry_after(&one.judge(&[counted(1, millis)], 1));
        assert_eq!([1, 1000, 1001, 5000].map(wait), [Some(1), Some(1), Some(2), Some(5)]);
        assert_eq!(retry_after(&one.judge(&[], 1)), None);
        assert_eq!(retry_after(&one.judge(&[], 2)), None);
        let at_once = Taken { verdict: Verdict::RetryAfter(Duration::ZERO), ..one.judge(&[], 0) };
        assert_eq!(retry_after(&at_once), Some(1));
    }
}
