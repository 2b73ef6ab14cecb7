//! The writer lease of a collection: who may change it, held for one write or for a whole transaction.
//!
//! Promises: one holder at a time; a caller that could only wait for itself (another transaction of the same
//! owner holds the lease) is refused at once with BUSY, and no one waits longer than the time it names.
//! Leaves to others: the order in which several leases are taken (transaction/mod.rs).

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::error::{Error, ErrorKind, Result};

/// Who asks for a lease: a thread of a runtime that would block itself by waiting. 0 is nobody in particular.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owner(pub u64);

/// The lease of one collection.
#[derive(Default)]
pub struct Lease {
    /// Who holds it: the owner, or nobody.
    holder: Mutex<Option<Owner>>,
    released: Condvar,
}

impl Lease {
    /// Takes the lease, waiting up to `wait` for its holder.
    ///
    /// Errors: `BUSY` when the time is over, or at once when the holder's owner is the caller's.
    #[inline]
    pub fn acquire(&self, owner: Owner, wait: Duration, name: &dyn Fn() -> String) -> Result<()> {
        let mut holder = self.holder.lock();
        if holder.is_none() {
            *holder = Some(owner);
            return Ok(());
        }
        let deadline = Instant::now() + wait;
        while let Some(current) = *holder {
            if owner.0 != 0 && current == owner {
                return Err(busy(
                    &name(),
                    "a transaction of this same thread holds it; write through that transaction, or end it first",
                ));
            }
            if self.released.wait_until(&mut holder, deadline).timed_out() && holder.is_some() {
                return Err(busy(
                    &name(),
                    &format!("an open transaction held it for {} ms", wait.as_millis()),
                ));
            }
        }
        *holder = Some(owner);
        Ok(())
    }

    /// Takes the lease when it is free.
    pub fn try_acquire(&self, owner: Owner) -> bool {
        let mut holder = self.holder.lock();
        let is_free = holder.is_none();
        if is_free {
            *holder = Some(owner);
        }
        is_free
    }

    /// Gives the lease back.
    #[inline]
    pub fn release(&self) {
        let mut holder = self.holder.lock();
        *holder = None;
        drop(holder);
        self.released.notify_one();
    }
}

fn busy(name: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::Busy,
        format!("collection {name} cannot be written: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const WAIT: Duration = Duration::from_secs(20);

    fn name() -> String {
        "users".to_owned()
    }

    #[test]
    fn owner_never_waits_for_itself() {
        let lease = Lease::default();
        lease.acquire(Owner(7), WAIT, &name).unwrap();
        assert_eq!(
            lease.acquire(Owner(7), WAIT, &name).unwrap_err().kind(),
            ErrorKind::Busy
        );
        assert_eq!(
            lease.acquire(Owner(8), Duration::ZERO, &name).unwrap_err().kind(),
            ErrorKind::Busy
        );
        lease.release();
        lease.acquire(Owner(7), WAIT, &name).unwrap();
        assert!(!lease.try_acquire(Owner(8)));
    }

    #[test]
    fn lease_passes_to_whoever_waits() {
        let lease = Arc::new(Lease::default());
        let counter = Arc::new(Mutex::new(0u32));
        let threads: Vec<_> = (1..=4)
            .map(|owner| {
                let (lease, counter) = (lease.clone(), counter.clone());
                std::thread::spawn(move || {
                    for _ in 0..500 {
                        lease.acquire(Owner(owner), WAIT, &name).unwrap();
                        let seen = *counter.lock();
                        std::thread::yield_now();
                        *counter.lock() = seen + 1;
                        lease.release();
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*counter.lock(), 2000);
    }
}
