//! A value whose changes threads wait for without being in a call, so also while the process forks.
//!
//! parking_lot keeps whoever waits in a table of the process. A child made by fork has the table and not the threads in
//! it, whose memory the child's own threads get: the table is damaged then, and the child hangs or crashes. The standard
//! library's locks keep nothing but their own state. Promises: what a thread that panicked left is taken as it is.
//! Leaves to others: locks that are held or waited for within a call (parking_lot, which is faster).

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A value, and who waits for it to change.
#[derive(Default)]
pub struct Waiting<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Waiting<T> {
    /// The value, for looking at it and changing it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the value and wakes who waits for it.
    pub fn change(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits while `is_awaited` is true of the value, at most until `deadline`; the value as it is then.
    pub fn wait_while(
        &self,
        deadline: Option<Instant>,
        mut is_awaited: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'_, T> {
        let mut value = self.lock();
        while is_awaited(&mut value) {
            value = match deadline {
                None => self.changed.wait(value).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let now = Instant::now();
                    if now >= deadline {
                        break;
                    }
                    let waited = self.changed.wait_timeout(value, deadline - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn who_waits_is_woken_by_a_change_or_by_the_time() {
        let number = Arc::new(Waiting::<u32>::default());
        let late = Instant::now() + Duration::from_millis(1);
        assert_eq!(*number.wait_while(Some(late), |number| *number == 0), 0);
        let changing = number.clone();
        let thread = std::thread::spawn(move || changing.change(|number| *number = 7));
        assert_eq!(*number.wait_while(None, |number| *number == 0), 7);
        thread.join().unwrap();
    }
}
