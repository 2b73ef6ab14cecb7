//! The end of a log whose disk can no longer be trusted.
//!
//! Promises: once set it stays set, and every later question is answered with an error that names the first
//! cause. A sync that failed is never tried again: the kernel may have dropped the pages and call the next
//! one a success (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::error::{Error, ErrorKind, Result};

/// Whether the log was poisoned, and by what.
#[derive(Default)]
pub(super) struct Poison {
    is_set: AtomicBool,
    cause: Mutex<Option<String>>,
}

impl Poison {
    /// Refuses with `POISONED` once `set` was called.
    pub(super) fn check(&self) -> Result<()> {
        if self.is_set.load(Ordering::Acquire) {
            Err(self.error())
        } else {
            Ok(())
        }
    }

    /// Poisons the log because of `cause`; returns the error for whoever met it. The first cause is kept.
    pub(super) fn set(&self, cause: &Error) -> Error {
        self.cause
            .lock()
            .get_or_insert_with(|| cause.message().to_owned());
        self.is_set.store(true, Ordering::Release);
        self.error()
    }

    fn error(&self) -> Error {
        let cause = self.cause.lock().clone().unwrap_or_default();
        let message = format!(
            "the log failed and what is on disk is unknown ({cause}); no commit is accepted until the database is closed and opened again"
        );
        Error::new(ErrorKind::Poisoned, message)
    }
}
