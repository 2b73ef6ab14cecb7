//! The feed of committed changes, which change streams read.
//!
//! A commit reports its changes while it holds the commit gate, after they were applied: whoever learns of a change
//! finds it in the collection. Order is that of the log. Promises: while nobody subscribes a commit pays one load of an
//! atomic, and nothing is allocated; whole commits are handed out, each once, without a gap, in the order of their
//! numbers; memory is bounded (ring.rs). A commit that reports nothing is reported as empty by `after_commit`.
//! Leaves to others: what a stream makes of the changes (watch/), history from the log (store/chronicle.rs).

mod batch;
mod gather;
mod ring;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::format::page::Sequence;
use crate::store::Store;

pub use batch::{Batch, ChangeKind, Described, Draft, Recorded};
pub use ring::{Ring, Slot};

/// Called when there may be more to read. It must not block, and not call the engine.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The feed of a store.
pub struct Feed {
    /// Whether anybody subscribes; changed under the exclusive gate.
    is_active: AtomicBool,
    bytes_max: usize,
    inner: Mutex<Inner>,
    grew: Condvar,
    next_subscriber: AtomicU64,
}

/// Which commits a subscriber waits for.
#[derive(Clone, Copy)]
pub struct Awaited<'a> {
    /// The next one.
    pub sequence: Sequence,
    /// The last one that it may be told of.
    pub told: &'a dyn Fn() -> Sequence,
}

#[derive(Default)]
struct Inner {
    /// The newest commits, while anybody subscribes.
    ring: Option<Ring>,
    /// The last commits that were replayed when the database was opened, until the next log begins.
    recovered: Option<Ring>,
    subscribers_count: usize,
    /// Those of them that want to know of durable commits only.
    durable_subscribers_count: usize,
    /// The last durable commit that those were woken for.
    synced: Sequence,
    /// Who wants to be called, once.
    wakers: Vec<(u64, Waker)>,
}

impl Feed {
    /// A feed that nobody reads, which will keep about `bytes_max` bytes.
    pub fn new(bytes_max: u64) -> Feed {
        Feed {
            is_active: AtomicBool::new(false),
            bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX),
            inner: Mutex::default(),
            grew: Condvar::new(),
            next_subscriber: AtomicU64::new(1),
        }
    }

    /// Whether changes have to be reported. The caller holds the gate.
    #[inline]
    pub fn is_active(&self) -> bool {
        self.is_active.load(Ordering::Relaxed)
    }

    /// A draft for a commit's changes, where somebody wants to know them. The caller holds the gate.
    #[inline]
    pub fn draft(&self) -> Option<Draft> {
        self.is_active().then(Draft::default)
    }

    /// Takes the changes of a commit that was applied.
    pub fn publish(&self, batch: Batch) {
        let mut inner = self.inner.lock();
        let grew = inner.ring.as_mut().is_some_and(|ring| ring.insert(batch));
        if grew {
            self.wake(inner);
        }
    }

    /// Keeps a replayed commit for streams that resume.
    pub fn recover(&self, batch: Batch) {
        let mut inner = self.inner.lock();
        let first = batch.sequence();
        inner
            .recovered
            .get_or_insert_with(|| Ring::new(first, self.bytes_max))
            .insert(batch);
    }

    /// Lets the replayed commits go.
    pub fn forget_recovered(&self) {
        self.inner.lock().recovered = None;
    }

    /// What is known of commit `sequence`.
    pub fn get(&self, sequence: Sequence) -> Slot {
        let inner = self.inner.lock();
        inner.ring.as_ref().map_or(Slot::Gone, |ring| ring.get(sequence))
    }

    /// What is known of commit `sequence` from the replay.
    pub fn get_recovered(&self, sequence: Sequence) -> Slot {
        let inner = self.inner.lock();
        let recovered = inner.recovered.as_ref();
        recovered.map_or(Slot::Gone, |ring| ring.get(sequence))
    }

    /// Waits until the commit can be read or is gone, the feed grew, somebody called `wake_all`, or `deadline`.
    pub fn wait(&self, awaited: Awaited<'_>, deadline: Instant) {
        let mut inner = self.inner.lock();
        if inner.lacks(awaited) {
            self.grew.wait_until(&mut inner, deadline);
        }
    }

    /// A number for `arm`.
    pub fn new_subscriber(&self) -> u64 {
        self.next_subscriber.fetch_add(1, Ordering::Relaxed)
    }

    /// Has `waker` called once when the feed grows, unless the commit can be read already: then false.
    pub fn arm(&self, subscriber: u64, awaited: Awaited<'_>, waker: &Waker) -> bool {
        let mut inner = self.inner.lock();
        let is_missing = inner.lacks(awaited);
        if is_missing && !inner.wakers.iter().any(|(known, _)| *known == subscriber) {
            inner.wakers.push((subscriber, waker.clone()));
        }
        is_missing
    }

    /// Takes back what `arm` asked for.
    pub fn disarm(&self, subscriber: u64) {
        self.inner.lock().wakers.retain(|(known, _)| *known != subscriber);
    }

    /// Has everybody look again: the store failed, is closing, or more is durable.
    pub fn wake_all(&self) {
        self.wake(self.inner.lock());
    }

    fn wake(&self, mut inner: parking_lot::MutexGuard<'_, Inner>) {
        let wakers = std::mem::take(&mut inner.wakers);
        drop(inner);
        self.grew.notify_all();
        wakers.iter().for_each(|(_, waker)| waker());
    }
}

impl Inner {
    /// Whether the commit has to be waited for. What is durable is asked under the feed's lock, which `note_synced`
    /// takes as well: no wake is lost.
    fn lacks(&self, awaited: Awaited<'_>) -> bool {
        self.ring
            .as_ref()
            .is_some_and(|ring| match ring.get(awaited.sequence) {
                Slot::NotYet => true,
                Slot::Kept(_) => awaited.sequence > (awaited.told)(),
                Slot::Gone => false,
            })
    }
}

impl Store {
    /// Begins to keep changes for one more subscriber; the number of the first commit that it will see. Every commit
    /// before was reported. `durable_only`: it has to be woken by syncs as well.
    pub fn subscribe(&self, durable_only: bool) -> Sequence {
        let _gate = self.gate.write();
        let next = self.last_sequence().next();
        let mut inner = self.feed.inner.lock();
        inner.subscribers_count += 1;
        inner.durable_subscribers_count += usize::from(durable_only);
        inner
            .ring
            .get_or_insert_with(|| Ring::new(next, self.feed.bytes_max));
        self.feed.is_active.store(true, Ordering::Relaxed);
        next
    }

    /// Ends what `subscribe` began; after the last subscriber nothing is kept any more.
    pub fn unsubscribe(&self, durable_only: bool) {
        let _gate = self.gate.write();
        let mut inner = self.feed.inner.lock();
        inner.durable_subscribers_count -= usize::from(durable_only && inner.durable_subscribers_count > 0);
        inner.subscribers_count = inner.subscribers_count.saturating_sub(1);
        if inner.subscribers_count == 0 {
            inner.ring = None;
            self.feed.is_active.store(false, Ordering::Relaxed);
        }
    }

    /// The last commit that a power cut cannot take back; the last one of a database in memory.
    pub fn durable_sequence(&self) -> Sequence {
        match &self.log {
            Some(log) => log.synced_sequence(),
            None => self.last_sequence(),
        }
    }

    /// Has streams that wait for the disk look again.
    pub(super) fn note_synced(&self) {
        if self.feed.is_active() {
            let synced = self.durable_sequence();
            let mut inner = self.feed.inner.lock();
            if inner.durable_subscribers_count > 0 && synced > inner.synced {
                inner.synced = synced;
                self.feed.wake(inner);
            }
        }
    }
}
