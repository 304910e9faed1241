//! One line per hop: its number, what was asked, the status, the time, the thing worth seeing.

use super::exchange::Answer;

/// Counts the hops and prints them.
#[derive(Default)]
pub struct Hops {
    count: usize,
}

impl Hops {
    /// Prints the next hop. `note` must not carry a whole secret; see [`brief`].
    pub fn print(&mut self, what: &str, answer: &Answer, note: &str) {
        self.count += 1;
        println!("{}", line(self.count, what, answer.status, answer.elapsed.as_secs_f64() * 1000.0, note));
    }
}

fn line(number: usize, what: &str, status: u16, milliseconds: f64, note: &str) -> String {
    format!("{number:>4}  {what:<31} {status}  {milliseconds:>7.1} ms  {note}")
}

/// Enough of a code or token to recognise it, and no more.
pub fn brief(secret: &str) -> String {
    let shown: String = secret.chars().take(6).collect();
    format!("{shown}… ({} characters)", secret.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_different_lengths_share_their_columns() {
        let short = line(1, "POST token", 200, 0.4, "note");
        let long = line(10, "POST notifications/initialized", 200, 1234.5, "note");
        for column in ["200", "ms", "note"] {
            assert_eq!(short.find(column), long.find(column), "{short}\n{long}");
        }
    }

    #[test]
    fn a_secret_is_never_shown_whole() {
        let secret = crate::random::unguessable();
        assert!(!brief(&secret).contains(&secret));
        assert!(brief(&secret).starts_with(&secret[..6]));
    }
}
