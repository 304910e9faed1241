//! How a client takes what is sent to it: within its time or not, and whether enough to know that it reads at all.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use super::limits::Limits;
use super::pace::Pace;
use super::refused::REFUSED;
use super::state::{ConnectionState, Cut, Phase, Taking};
use super::timer::Timer;

/// What a client must have taken before it is known to read: more than finds room in the system on the way to one that
/// offers a small window and reads nothing.
const ENOUGH: usize = 64 * 1024;

/// Of one connection.
#[derive(Debug)]
pub(super) struct Takes {
    pace: Pace,
    timer: Timer,
    /// Bytes, until they were enough.
    so_far: usize,
}

impl Takes {
    pub(super) fn new(limits: &Limits) -> Takes {
        let pace = Pace::new(limits.min_response_rate, limits.min_rate_grace);
        Takes { pace, timer: Timer::default(), so_far: 0 }
    }

    /// Passes on what a write came to, or ends it when the client has not made room for too long.
    pub(super) fn in_time<T>(
        &mut self,
        cx: &mut Context<'_>,
        state: &ConnectionState,
        polled: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        match polled {
            Poll::Ready(Ok(done)) => {
                self.took(cx, state, bytes(&done));
                Poll::Ready(Ok(done))
            }
            Poll::Ready(error) => Poll::Ready(error),
            Poll::Pending => {
                state.set_taking(Taking::Behind);
                let Some(until) = self.pace.wait(Instant::now) else { return Poll::Pending };
                ready!(self.timer.poll(until, cx));
                state.set_cut(Cut::Answer);
                if state.phase() == Phase::Http2 {
                    REFUSED.answer_not_read.note();
                }
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    fn took(&mut self, cx: &mut Context<'_>, state: &ConnectionState, bytes: usize) {
        self.pace.moved(bytes, Instant::now);
        let before = state.taking();
        if before == Taking::Enough {
            return;
        }
        self.so_far = self.so_far.saturating_add(bytes);
        state.set_taking(if self.so_far < ENOUGH { Taking::Little } else { Taking::Enough });
        if before == Taking::Behind {
            // Who reads its answer has waited for this, in the same task.
            cx.waker().wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use super::super::again::tests::Task;
    use super::*;

    #[tokio::test]
    async fn a_client_reads_when_it_has_taken_enough_and_a_pause_is_forgotten_then() {
        let (task, state) = (Arc::new(Task::default()), ConnectionState::default());
        let (waker, mut takes) = (Waker::from(task.clone()), Takes::new(&Limits::default()));
        let mut write = |polled: Poll<io::Result<usize>>| {
            let passed = takes.in_time(&mut Context::from_waker(&waker), &state, polled, |bytes| *bytes);
            (passed.is_ready(), state.taking(), task.woken())
        };
        assert_eq!(write(Poll::Ready(Ok(ENOUGH / 2))), (true, Taking::Little, 0));
        assert_eq!(write(Poll::Pending), (false, Taking::Behind, 0));
        assert_eq!(write(Poll::Ready(Ok(1))), (true, Taking::Little, 1), "who reads its answer is not told");
        assert_eq!(write(Poll::Ready(Ok(ENOUGH / 2))), (true, Taking::Enough, 1));
        assert_eq!(write(Poll::Pending), (false, Taking::Behind, 1));
        assert_eq!(write(Poll::Ready(Ok(1))), (true, Taking::Enough, 2));
    }
}
