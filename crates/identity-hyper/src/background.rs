//! Reads files that may be unresponsive, such as those on a network share.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

/// Runs one blocking task at a time in the background, so that an unresponsive file occupies one thread at
/// most.
#[derive(Debug, Default)]
pub(crate) struct Background(Mutex<Option<Run>>);

/// The channel closes when the task ends, even by a panic.
#[derive(Clone, Debug)]
struct Run {
    ended: watch::Receiver<()>,
    started: Instant,
}

impl Background {
    /// Starts `work` unless an earlier task is still running. Waits for the running task until it has taken
    /// `timeout`.
    pub(crate) async fn run(&self, timeout: Duration, work: impl FnOnce() + Send + 'static) {
        let mut run = {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &*last {
                Some(run) if run.ended.has_changed().is_ok() => run.clone(),
                _ => {
                    let (running, ended) = watch::channel(());
                    let run = Run { ended, started: Instant::now() };
                    *last = Some(run.clone());
                    spawn_blocking(move || {
                        let _running = running;
                        work();
                    });
                    run
                }
            }
        };
        let _ = timeout_at(run.started + timeout, run.ended.changed()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::mpsc;

    use super::*;

    fn add(count: &AtomicUsize) {
        count.fetch_add(1, SeqCst);
    }

    #[tokio::test]
    async fn an_unresponsive_task_is_not_waited_for_twice_and_occupies_one_thread() {
        let background = Background::default();
        let count = Arc::new(AtomicUsize::new(0));
        let (release, hanging) = mpsc::channel::<()>();
        let started = Instant::now();
        background.run(Duration::from_millis(50), move || assert!(hanging.recv().is_err())).await;
        for _ in 0..100 {
            let count = Arc::clone(&count);
            background.run(Duration::from_millis(50), move || add(&count)).await;
        }
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        assert_eq!(count.load(SeqCst), 0);

        drop(release);
        background.run(Duration::from_secs(10), || panic!("the end must still be noticed")).await;
        background.run(Duration::from_secs(10), || ()).await;
        let counted = Arc::clone(&count);
        background.run(Duration::from_secs(10), move || add(&counted)).await;
        assert_eq!(count.load(SeqCst), 1);
    }
}
