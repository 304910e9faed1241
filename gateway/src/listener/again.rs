//! Polls a task again at once when it has woken itself.
//!
//! Pingora serves a request by two futures in one task, which hand each other pieces through a channel, so that most
//! of what wakes the task is the task. The runtime would put it at the end of a queue each time, and wake a
//! thread that sleeps, by a call to the kernel, to see whether there is something to take over: for a relayed call three
//! times.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;
use tokio::task::coop::has_budget_remaining;

/// How often in a row, before the other tasks of the thread have their turn.
const TIMES: usize = 8;

/// Whoever wakes it will have it polled; nobody has woken it.
const ASLEEP: u8 = 0;
/// It is being polled, and nobody has woken it since that began.
const POLLED: u8 = 1;
/// It has been woken and not been polled since.
const WOKEN: u8 = 2;

/// Wakes a task, unless that is being polled or was woken already.
#[derive(Default)]
struct Bell {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == ASLEEP {
            self.task.wake();
        }
    }
}

/// The future, polled again at once as long as it has been woken meanwhile and `may_go_on`.
pub async fn at_once<F: Future>(future: F, may_go_on: impl Fn() -> bool) -> F::Output {
    let mut future = pin!(future);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    poll_fn(|task| {
        bell.task.register(task.waker());
        let mut times = 1..=TIMES;
        while times.next().is_some() {
            bell.state.store(POLLED, Ordering::Release);
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(output);
            }
            let unwoken =
                bell.state.compare_exchange(POLLED, ASLEEP, Ordering::AcqRel, Ordering::Acquire).is_ok();
            if unwoken {
                return Poll::Pending;
            }
            // Without a budget the runtime has told it to wait for its turn.
            if !has_budget_remaining() || !may_go_on() {
                break;
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// A task, and how often it was woken.
    #[derive(Default)]
    pub(in crate::listener) struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Task {
        /// Polls once, as a runtime does.
        fn poll<F: Future>(self: &Arc<Self>, future: &mut std::pin::Pin<Box<F>>) -> Poll<F::Output> {
            future.as_mut().poll(&mut Context::from_waker(&Waker::from(self.clone())))
        }

        pub(in crate::listener) fn woken(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// Wakes itself this often before it is ready; says how often it was polled.
    async fn wakes_itself(times: usize) -> usize {
        let mut polled = 0;
        poll_fn(move |own| {
            polled += 1;
            if polled > times {
                return Poll::Ready(polled);
            }
            own.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    #[test]
    fn what_wakes_itself_is_polled_again_and_the_runtime_hears_nothing_of_it() {
        let task = Arc::new(Task::default());
        assert_eq!(task.poll(&mut Box::pin(at_once(wakes_itself(3), || true))), Poll::Ready(4));
        assert_eq!(task.woken(), 0);
    }

    #[test]
    fn what_goes_on_waking_itself_lets_others_have_their_turn() {
        let task = Arc::new(Task::default());
        let mut future = Box::pin(at_once(wakes_itself(TIMES), || true));
        assert_eq!(task.poll(&mut future), Poll::Pending);
        assert_eq!(task.woken(), 1);
        assert_eq!(task.poll(&mut future), Poll::Ready(TIMES + 1));
    }

    #[test]
    fn what_may_not_go_on_lets_others_have_their_turn_at_once() {
        let task = Arc::new(Task::default());
        let mut future = Box::pin(at_once(wakes_itself(1), || false));
        assert_eq!(task.poll(&mut future), Poll::Pending);
        assert_eq!(task.woken(), 1);
    }

    #[tokio::test]
    async fn what_has_used_up_its_budget_lets_others_have_their_turn() {
        let polled = Arc::new(AtomicUsize::new(0));
        let counted = polled.clone();
        let greedy = async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::consume_budget().await;
            }
        };
        let mut future = Box::pin(at_once(greedy, || true));
        let task = Arc::new(Task::default());
        assert!(poll_fn(|_| Poll::Ready(task.poll(&mut future))).await.is_pending());
        let in_one_turn = polled.load(Ordering::Relaxed);
        assert!(in_one_turn > TIMES && in_one_turn < 1000, "{in_one_turn}");
        // The runtime tells those that have used theirs up once others had their turn.
        tokio::task::yield_now().await;
        assert_eq!(task.woken(), 1);
    }

    #[test]
    fn who_wakes_it_while_it_sleeps_wakes_its_task_once() {
        let task = Arc::new(Task::default());
        let bell = Arc::new(AtomicWaker::new());
        let inner = bell.clone();
        let mut future = Box::pin(at_once(
            poll_fn(move |own| -> Poll<()> {
                inner.register(own.waker());
                Poll::Pending
            }),
            || true,
        ));
        assert_eq!(task.poll(&mut future), Poll::Pending);
        let waker = bell.take().expect("registered");
        waker.wake_by_ref();
        waker.wake_by_ref();
        assert_eq!(task.woken(), 1);
        assert_eq!(task.poll(&mut future), Poll::Pending);
        waker.wake();
        assert_eq!(task.woken(), 2);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_that_another_thread_says_is_lost() {
        let (say, mut hear) = tokio::sync::mpsc::channel(1);
        let saying = tokio::spawn(async move {
            for number in 0..20_000u32 {
                say.send(number).await.expect("it is heard");
            }
        });
        let hearing = tokio::spawn(at_once(
            async move {
                let mut heard = 0;
                while hear.recv().await.is_some() {
                    heard += 1;
                }
                heard
            },
            || true,
        ));
        saying.await.expect("said");
        assert_eq!(hearing.await.expect("heard"), 20_000);
    }
}
