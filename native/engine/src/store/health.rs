//! Whether an open database accepts calls, and what happened where it does not.
//!
//! Promises: once the disk failed no commit is accepted; once a commit that the log holds was left half applied,
//! nothing is, by anybody who did not see the pages before. Neither is ever taken back: opening anew recovers.
//! Leaves to others: which failures are of which kind (their callers).

use std::sync::atomic::{AtomicU8, Ordering};

use parking_lot::{Mutex, RwLockReadGuard};

use super::Store;
use crate::collection::{CollectionState, Content};
use crate::error::{Error, ErrorKind, Result};

/// What still may be done after a failure.
const HEALTHY: u8 = 0;
const WRITES_REFUSED: u8 = 1;
const ALL_REFUSED: u8 = 2;

/// What is still accepted.
#[derive(Default)]
pub(super) struct Health {
    /// One of the levels above; it only rises.
    level: AtomicU8,
    /// The first failure.
    failure: Mutex<Option<Error>>,
}

/// A commit whose pages are being changed.
struct Unfinished<'s>(Option<&'s Store>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(store) = self.0 {
            store.refuse_all(Error::new(
                ErrorKind::Internal,
                "the engine panicked while it changed pages; please report it with what the panic said",
            ));
        }
    }
}

impl Store {
    /// What a collection holds now. Asked under its lock: who waited for a commit that then failed half way is refused.
    ///
    /// Errors: `POISONED`.
    #[inline]
    pub fn content<'c>(&self, state: &'c CollectionState) -> Result<RwLockReadGuard<'c, Content>> {
        let content = state.content.read();
        self.check_readable()?;
        Ok(content)
    }

    /// Fails when pages may hold a commit half applied.
    #[inline]
    pub fn check_readable(&self) -> Result<()> {
        if self.health.level.load(Ordering::Acquire) == ALL_REFUSED {
            Err(self.poisoned())
        } else {
            Ok(())
        }
    }

    /// Fails when no commit may be accepted.
    #[inline]
    pub fn check_writable(&self) -> Result<()> {
        if self.settings.read_only {
            return Err(Error::new(
                ErrorKind::ReadOnly,
                "the database was opened read-only; open it without readOnly to write",
            ));
        }
        if self.health.level.load(Ordering::Acquire) != HEALTHY {
            return Err(self.poisoned());
        }
        Ok(())
    }

    /// Accepts no commit from now on, and returns the error for whoever met the failure.
    pub(super) fn refuse_writes(&self, error: Error) -> Error {
        self.fail(WRITES_REFUSED, error)
    }

    /// Accepts no call from now on: memory may hold half a commit, the disk does not.
    pub fn refuse_all(&self, error: Error) -> Error {
        self.fail(ALL_REFUSED, error)
    }

    fn fail(&self, level: u8, error: Error) -> Error {
        let mut failure = self.health.failure.lock();
        if failure.is_none() {
            *failure = Some(error.clone());
        }
        drop(failure);
        self.health.level.fetch_max(level, Ordering::AcqRel);
        self.feed.wake_all();
        error
    }

    /// Does the `work` on pages of a commit that the log holds. Where it ends early, by an error or by a panic, memory
    /// holds half of it: all further calls are refused before any lock of the caller is given back.
    pub fn change_pages<R>(&self, work: impl FnOnce() -> Result<R>) -> Result<R> {
        let mut unfinished = Unfinished(Some(self));
        let changed = work();
        unfinished.0 = None;
        changed.map_err(|error| self.refuse_all(error))
    }

    fn poisoned(&self) -> Error {
        let failure = self.health.failure.lock();
        let cause = failure
            .as_ref()
            .map_or_else(String::new, |error| format!(" ({error})"));
        Error::new(
            ErrorKind::Poisoned,
            format!(
                "an earlier failure{cause} left it unknown what is on disk; close the database and open it again"
            ),
        )
    }
}
