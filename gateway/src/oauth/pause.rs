//! A server that does not answer is left alone for a moment: what is asked meanwhile would wait its time out as well, one
//! request after the other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use once_cell::sync::Lazy;

const LENGTH: Duration = Duration::from_secs(1);

/// Of one server.
#[derive(Default)]
pub struct Pause {
    /// When it began: milliseconds since the first look at the clock, and one more.
    began: AtomicU64,
}

impl Pause {
    pub fn is_on(&self) -> bool {
        let began = self.began.load(Ordering::Relaxed);
        let length = u64::try_from(LENGTH.as_millis()).unwrap_or_default();
        began > 0 && milliseconds() < began + length
    }

    /// The server has not answered, or with this status. A 400 is about what it was asked, which a caller may have chosen:
    /// that must not keep others out.
    pub fn begin(&self, status: Option<StatusCode>) {
        if status != Some(StatusCode::BAD_REQUEST) {
            self.began.store(milliseconds() + 1, Ordering::Relaxed);
        }
    }
}

fn milliseconds() -> u64 {
    static BEGAN: Lazy<Instant> = Lazy::new(Instant::now);
    u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_about_the_question_begins_a_pause() {
        for (status, is_on) in [
            (None, true),
            (Some(StatusCode::INTERNAL_SERVER_ERROR), true),
            (Some(StatusCode::UNAUTHORIZED), true),
            (Some(StatusCode::BAD_REQUEST), false),
        ] {
            let pause = Pause::default();
            assert!(!pause.is_on());
            pause.begin(status);
            assert_eq!(pause.is_on(), is_on, "{status:?}");
        }
    }
}
