//! The watchdog: a job that does not end is told by its name and ends the process, where else a campaign would hang for
//! ever and say nothing.
//!
//! Promises: what is told names the job, and so its seed; a job that ends in time or panics is not told.
//! Leaves to others: what a job is (torture.rs, crash.rs). A limit is of the wall clock, so it is a thousand times what a
//! job takes: `QUIRE_JOB_SECONDS`, 600 by default.

use std::fmt::Display;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::setting;

/// Seconds that a job may take.
const JOB_SECONDS: u64 = 600;

/// Does `work`; when that takes longer than it may, prints `job` and aborts the process.
pub fn watched<R>(job: impl Display + Send, work: impl FnOnce() -> R) -> R {
    let limit = Duration::from_secs(setting("QUIRE_JOB_SECONDS").unwrap_or(JOB_SECONDS));
    let end_all = move || {
        eprintln!("HANGS: {job} did not end within {} s", limit.as_secs());
        std::process::abort();
    };
    told_past(limit, end_all, work)
}

/// Does `work`, and meanwhile `tell` once it takes longer than `limit`.
pub fn told_past<R>(limit: Duration, tell: impl FnOnce() + Send, work: impl FnOnce() -> R) -> R {
    let (running, ended) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                tell();
            }
        });
        // Dropped by a panic as well.
        let _running = running;
        work()
    })
}
