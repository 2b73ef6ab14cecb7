//! Atomics and waiting, from the standard library or from loom's model of it.
//!
//! Promises: code written against this file runs unchanged under loom, where a wait is a yield to the
//! model and patience is short, so that every interleaving can be tried.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::AtomicU32;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::AtomicU32;
pub(crate) use std::sync::atomic::Ordering;

/// One thread's wait for a latch: spins, then yields, then sleeps.
///
/// A latch is held for nanoseconds to microseconds, and for a read from disk while a page is loaded.
pub(crate) struct Wait {
    rounds_count: u32,
}

#[cfg(not(loom))]
const SPIN_ROUNDS: u32 = 7;
#[cfg(not(loom))]
const YIELD_ROUNDS: u32 = SPIN_ROUNDS + 9;
/// Rounds after which a reader no longer lets a waiting writer go first: about a millisecond.
#[cfg(not(loom))]
const PATIENT_ROUNDS: u32 = YIELD_ROUNDS + 10;
#[cfg(loom)]
const PATIENT_ROUNDS: u32 = 1;

impl Wait {
    pub(crate) fn new() -> Wait {
        Wait { rounds_count: 0 }
    }

    /// True while a reader should let a waiting writer go first.
    pub(crate) fn is_patient(&self) -> bool {
        self.rounds_count < PATIENT_ROUNDS
    }

    /// Waits one round; each is longer than the one before.
    #[cfg(not(loom))]
    pub(crate) fn pause(&mut self) {
        if self.rounds_count < SPIN_ROUNDS && !cfg!(miri) {
            for _ in 0..1_u32 << self.rounds_count {
                std::hint::spin_loop();
            }
        } else if self.rounds_count < YIELD_ROUNDS {
            std::thread::yield_now();
        } else {
            std::thread::sleep(std::time::Duration::from_micros(50));
        }
        self.rounds_count = self.rounds_count.saturating_add(1);
    }

    /// Lets other threads of the model run. What follows a second round repeats what fewer rounds have shown:
    /// the model goes on to its end, but tries no other way from there.
    #[cfg(loom)]
    pub(crate) fn pause(&mut self) {
        self.rounds_count = self.rounds_count.saturating_add(1);
        if self.rounds_count > PATIENT_ROUNDS {
            loom::skip_branch();
        }
        loom::thread::yield_now();
    }
}
