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
    pub(super) fn refuse_all(&self, error: Error) -> Error {
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
    pub(super) fn change_pages<R>(&self, work: impl FnOnce() -> Result<R>) -> Result<R> {
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

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::thread;

    use super::*;
    use crate::database::{Collection, Database, MEMORY_PATH, OpenOptions, WriteOptions};
    use crate::format::id::IdBytes;
    use crate::transaction::cursor::FindOptions;

    /// A database in memory with the document `{_id: 7}` in `items`, and its store.
    fn filled() -> (Database, Collection, Arc<Store>) {
        let database = Database::open(MEMORY_PATH, &OpenOptions::default()).unwrap();
        let items = database.collection("items").unwrap();
        items
            .insert(b"\x81\xa3_id\x07", &WriteOptions::default())
            .unwrap();
        let store = items.handle().readable().unwrap().clone();
        (database, items, store)
    }

    fn is_poisoned<R>(result: Result<R>) -> bool {
        result.is_err_and(|error| error.kind() == ErrorKind::Poisoned)
    }

    fn refuses_all(database: &Database, items: &Collection) {
        let id = IdBytes::from_integer(7);
        assert!(is_poisoned(items.get(&id, &mut Vec::new())));
        assert!(is_poisoned(items.find(FindOptions::default())));
        assert!(is_poisoned(items.delete(&id, &WriteOptions::default())));
        assert!(is_poisoned(database.checkpoint()));
    }

    #[test]
    fn failure_or_panic_while_pages_are_changed_refuses_all_calls() {
        let (database, items, store) = filled();
        let error = Error::new(ErrorKind::Corrupted, "a page is damaged");
        assert!(store.change_pages(|| Err::<(), _>(error)).is_err());
        refuses_all(&database, &items);

        let (database, items, store) = filled();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.change_pages(|| -> Result<()> { panic!("on purpose") })
        }));
        assert!(panicked.is_err());
        refuses_all(&database, &items);
    }

    #[test]
    fn who_waited_for_a_commit_that_failed_half_way_is_refused() {
        let (_database, items, store) = filled();
        let state = store.collection("items");
        let id = IdBytes::from_integer(7);
        let held = state.content.write();
        let gate = store.gate.read();
        let waiting = thread::scope(|scope| {
            let reader = scope.spawn(|| items.get(&id, &mut Vec::new()));
            let finder = scope.spawn(|| items.find(FindOptions::default()).map(|_| ()));
            let snapshot = scope.spawn(|| store.open_snapshot().map(|_| ()));
            // Who comes later is refused at the door; who waits already is to be refused behind the lock.
            (0..1_000).for_each(|_| thread::yield_now());
            store.refuse_all(Error::new(ErrorKind::Corrupted, "a page is damaged"));
            drop(held);
            drop(gate);
            [
                reader.join().map(is_poisoned),
                finder.join().map(is_poisoned),
                snapshot.join().map(is_poisoned),
            ]
        });
        assert!(waiting.into_iter().all(|refused| refused.unwrap()));
    }
}
