//! The question that is put to Redis, and its answer. The rule of the script is that of `Windows::judge`; by the numbers it
//! answers with the verdict is found again.

use std::time::Duration;

use redis::{Cmd, Value};
use tollgate_plugins::limiter::{Counted, Windows};

/// What is counted for one key: its text, what a request costs, and the windows.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    pub key: &'q str,
    pub cost: u64,
    pub windows: &'q Windows,
}

/// Charges all windows or none.
pub const SCRIPT: &str = include_str!("charge.lua");

impl Question<'_> {
    /// `call` is the command, and what stands for the script in it.
    pub fn command(&self, call: [&str; 2]) -> Cmd {
        let [command, script] = call;
        let mut asked = redis::cmd(command);
        asked.arg(script).arg(self.windows.len());
        for window in self.windows.iter() {
            // What is in braces is all that a cluster goes by, so that the keys of all windows are at one place.
            asked.arg(format!("tollgate:limits:{{{}}}:{}", self.key, window.per.as_millis()));
        }
        asked.arg(self.cost);
        for window in self.windows.iter() {
            asked.arg(window.requests.get()).arg(milliseconds(window.per));
        }
        asked
    }

    /// `None` for what the script does not say.
    pub fn answer(&self, answer: &Value) -> Option<Vec<Counted>> {
        let Value::Array(numbers) = answer else { return None };
        let number = |value: &Value| match value {
            Value::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        let numbers: Vec<_> = numbers.iter().map(number).collect::<Option<_>>()?;
        let (counted, rest) = numbers.as_chunks();
        let is_whole = counted.len() == self.windows.len() && rest.is_empty();
        let counted = counted
            .iter()
            .map(|[used, ends_in]| Counted { used: *used, ends_in: Duration::from_millis(*ends_in) });
        is_whole.then(|| counted.collect())
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use tollgate_plugins::limiter::Window;

    use super::*;

    #[test]
    fn what_is_no_count_is_no_answer() {
        let window = Window { requests: NonZeroU64::MIN, per: Duration::from_secs(1) };
        let windows = Windows::new(&[window, Window { per: Duration::from_secs(2), ..window }]).unwrap();
        let question = Question { key: "k", cost: 1, windows: &windows };
        let answer = |numbers: &[i64]| {
            question.answer(&Value::Array(numbers.iter().map(|number| Value::Int(*number)).collect()))
        };
        let counted = |used, millis| Counted { used, ends_in: Duration::from_millis(millis) };
        assert_eq!(answer(&[0, 0, 5, 1999]), Some(vec![counted(0, 0), counted(5, 1999)]));
        for numbers in [&[][..], &[1, 1], &[1, 1, 1], &[1, 1, 1, 1, 1], &[1, 1, -1, 1], &[1; 6]] {
            assert_eq!(answer(numbers), None, "{numbers:?}");
        }
        let text = Value::BulkString(b"1".to_vec());
        for value in [Value::Nil, Value::Okay, Value::Int(1), text.clone(), Value::Array(vec![text; 4])] {
            assert_eq!(question.answer(&value), None, "{value:?}");
        }
    }
}
