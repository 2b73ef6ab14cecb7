//! Snapshots, and the older versions of pages that they need.
//!
//! A snapshot is a sequence: it sees every commit up to it and none after. Before a commit changes a page for
//! the first time, it keeps the page as it was if a snapshot may still read it.
//!
//! Promises: a kept version lives as long as a snapshot that sees it; memory for versions is bounded: past the
//! budget the oldest cursors and transactions lose their snapshot (they get SNAPSHOT_TOO_OLD), never the
//! checkpoint's, which is short and ends by itself.
//! Leaves to others: when a sequence is safe to take as a snapshot (the collection's lock or the commit gate).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use crate::error::{Error, ErrorKind, Result};
use crate::format::page::Sequence;

const SHARDS: usize = 16;

/// A page as it was from `from` until just before `until`.
struct Version {
    from: Sequence,
    until: Sequence,
    bytes: Arc<PageBytes>,
}

/// State of one registered snapshot, shared with its handle.
struct Entry {
    /// Set when the snapshot was given up for memory.
    expired: Arc<AtomicBool>,
    /// Handles on this entry's sequence, by whether they may be given up.
    users: u32,
    /// Whether the checkpoint is among the users; it is never given up.
    pinned: bool,
}

/// The registered snapshots and the versions kept for them.
pub struct Snapshots {
    /// By sequence. Guards who is registered; the two numbers below follow it.
    registered: Mutex<BTreeMap<Sequence, Entry>>,
    /// Newest registered sequence plus one; 0 while there is none.
    newest_plus_one: AtomicU64,
    shards: [Mutex<HashMap<PageNumber, Vec<Version>>>; SHARDS],
    kept_bytes: AtomicU64,
    /// Bytes that the last sweep left, so that sweeps cost in proportion to what was kept since.
    swept_bytes: AtomicU64,
    budget_bytes: u64,
}

/// A registered snapshot; it is released when dropped by its owner through `Snapshots::release`.
pub struct Snapshot {
    sequence: Sequence,
    expired: Arc<AtomicBool>,
}

impl Snapshot {
    /// The last commit that this snapshot sees.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// Fails with `SNAPSHOT_TOO_OLD` when the snapshot's versions were given up.
    pub fn check(&self) -> Result<()> {
        if self.expired.load(Ordering::Acquire) {
            return Err(Error::new(
                ErrorKind::SnapshotTooOld,
                "the cursor or transaction was open for so long, under so many writes, that the page versions it needs exceeded their memory budget; run it again, or raise snapshotBytes",
            ));
        }
        Ok(())
    }
}

impl Snapshots {
    /// No snapshots; versions may take `budget_bytes`.
    pub fn new(budget_bytes: u64) -> Snapshots {
        Snapshots {
            registered: Mutex::new(BTreeMap::new()),
            newest_plus_one: AtomicU64::new(0),
            shards: std::array::from_fn(|_| Mutex::new(HashMap::new())),
            kept_bytes: AtomicU64::new(0),
            swept_bytes: AtomicU64::new(0),
            budget_bytes,
        }
    }

    /// Registers a snapshot at `sequence`. The caller makes sure that no commit up to it is half applied to the
    /// pages that will be read. `pinned`: never given up for memory.
    pub fn register(&self, sequence: Sequence, pinned: bool) -> Snapshot {
        let mut registered = self.registered.lock();
        let entry = registered.entry(sequence).or_insert_with(|| Entry {
            expired: Arc::new(AtomicBool::new(false)),
            users: 0,
            pinned: false,
        });
        entry.users += 1;
        entry.pinned |= pinned;
        let expired = entry.expired.clone();
        self.publish_newest(&registered);
        Snapshot { sequence, expired }
    }

    /// Ends a snapshot and lets go what only it needed.
    pub fn release(&self, snapshot: &Snapshot) {
        let mut registered = self.registered.lock();
        if let Some(entry) = registered.get_mut(&snapshot.sequence)
            && Arc::ptr_eq(&entry.expired, &snapshot.expired)
        {
            entry.users -= 1;
            if entry.users == 0 {
                let was_oldest = registered.keys().next() == Some(&snapshot.sequence);
                registered.remove(&snapshot.sequence);
                self.publish_newest(&registered);
                let kept = self.kept_bytes.load(Ordering::Relaxed);
                if was_oldest || kept > 2 * self.swept_bytes.load(Ordering::Relaxed) {
                    self.sweep(&registered);
                }
            }
        }
    }

    /// The oldest registered snapshot.
    pub fn oldest(&self) -> Option<Sequence> {
        self.registered.lock().keys().next().copied()
    }

    /// Whether a snapshot may need a page that was last changed at `stamp`.
    #[inline]
    pub fn may_need(&self, stamp: Sequence) -> bool {
        stamp.0 < self.newest_plus_one.load(Ordering::Acquire)
    }

    /// Keeps `bytes`, the page as it was before commit `until` changes it.
    pub fn keep(&self, page: PageNumber, from: Sequence, until: Sequence, bytes: &PageBytes) {
        let version = Version {
            from,
            until,
            bytes: Arc::new(*bytes),
        };
        let mut shard = self.shard(page).lock();
        // Counted before a sweep can find it: what is let go is never more than what is counted.
        let kept = self.kept_bytes.fetch_add(PAGE_BYTES as u64, Ordering::Relaxed) + PAGE_BYTES as u64;
        shard.entry(page).or_default().push(version);
        drop(shard);
        if kept > self.budget_bytes {
            self.give_up_oldest();
        }
    }

    /// The page as snapshot `sequence` sees it, where an older version was kept for it.
    pub fn lookup(&self, page: PageNumber, sequence: Sequence) -> Option<Arc<PageBytes>> {
        let shard = self.shard(page).lock();
        let versions = shard.get(&page)?;
        let version = versions
            .iter()
            .find(|version| version.from <= sequence && sequence < version.until)?;
        Some(version.bytes.clone())
    }

    /// Bytes of page versions kept now.
    pub fn kept_bytes(&self) -> u64 {
        self.kept_bytes.load(Ordering::Relaxed)
    }

    fn shard(&self, page: PageNumber) -> &Mutex<HashMap<PageNumber, Vec<Version>>> {
        &self.shards[page.get() as usize % SHARDS]
    }

    fn publish_newest(&self, registered: &BTreeMap<Sequence, Entry>) {
        let newest = registered.keys().next_back().map_or(0, |sequence| sequence.0 + 1);
        self.newest_plus_one.store(newest, Ordering::Release);
    }

    /// Drops every version that no registered snapshot sees.
    fn sweep(&self, registered: &BTreeMap<Sequence, Entry>) {
        if self.kept_bytes.load(Ordering::Relaxed) == 0 {
            return;
        }
        let is_seen = |version: &Version| registered.range(version.from..version.until).next().is_some();
        let mut dropped = 0;
        for shard in &self.shards {
            shard.lock().retain(|_, versions| {
                let before = versions.len();
                versions.retain(is_seen);
                dropped += before - versions.len();
                !versions.is_empty()
            });
        }
        let dropped = (dropped * PAGE_BYTES) as u64;
        let before = self.kept_bytes.fetch_sub(dropped, Ordering::Relaxed);
        self.swept_bytes.store(before - dropped, Ordering::Relaxed);
    }

    /// Takes the oldest snapshot that may be given up away from its users.
    fn give_up_oldest(&self) {
        let mut registered = self.registered.lock();
        let oldest = registered
            .iter()
            .find(|(_, entry)| !entry.pinned)
            .map(|(sequence, _)| *sequence);
        if let Some(sequence) = oldest
            && let Some(entry) = registered.remove(&sequence)
        {
            entry.expired.store(true, Ordering::Release);
            self.publish_newest(&registered);
            self.sweep(&registered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(byte: u8) -> PageBytes {
        [byte; PAGE_BYTES]
    }

    #[test]
    fn version_is_seen_by_the_snapshots_of_its_time_only() {
        let snapshots = Snapshots::new(u64::MAX);
        let at5 = snapshots.register(Sequence(5), false);
        let at7 = snapshots.register(Sequence(7), false);
        let number = PageNumber::new(3);
        snapshots.keep(number, Sequence(2), Sequence(6), &page(1));
        snapshots.keep(number, Sequence(6), Sequence(9), &page(2));
        assert_eq!(snapshots.lookup(number, Sequence(5)).unwrap()[0], 1);
        assert_eq!(snapshots.lookup(number, Sequence(7)).unwrap()[0], 2);
        assert!(snapshots.lookup(number, Sequence(9)).is_none());
        snapshots.release(&at5);
        assert!(snapshots.lookup(number, Sequence(5)).is_none());
        assert_eq!(snapshots.lookup(number, Sequence(7)).unwrap()[0], 2);
        snapshots.release(&at7);
        assert_eq!(snapshots.kept_bytes(), 0);
    }

    #[test]
    fn oldest_snapshot_expires_past_the_budget_but_never_a_pinned_one() {
        let snapshots = Snapshots::new(PAGE_BYTES as u64);
        let pinned = snapshots.register(Sequence(1), true);
        let cursor = snapshots.register(Sequence(2), false);
        snapshots.keep(PageNumber::new(1), Sequence(1), Sequence(3), &page(1));
        snapshots.keep(PageNumber::new(2), Sequence(2), Sequence(3), &page(2));
        assert_eq!(cursor.check().unwrap_err().kind(), ErrorKind::SnapshotTooOld);
        pinned.check().unwrap();
        assert!(snapshots.lookup(PageNumber::new(1), Sequence(1)).is_some());
        snapshots.release(&cursor);
        assert_eq!(snapshots.oldest(), Some(Sequence(1)));
        snapshots.release(&pinned);
        assert_eq!(snapshots.oldest(), None);
        assert_eq!(snapshots.kept_bytes(), 0);
    }

    #[test]
    fn no_sweep_lets_go_more_than_is_counted() {
        const BUDGET_BYTES: u64 = 64 << 20;
        let snapshots = Snapshots::new(BUDGET_BYTES);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..100_000 {
                    let number = PageNumber::new(round % SHARDS as u32);
                    snapshots.keep(number, Sequence(0), Sequence(1), &page(1));
                }
                is_over.store(true, Ordering::Release);
            });
            scope.spawn(|| {
                while !is_over.load(Ordering::Acquire) {
                    // Sees none of the versions: its release sweeps them away.
                    let snapshot = snapshots.register(Sequence(1), false);
                    snapshot.check().unwrap();
                    snapshots.release(&snapshot);
                }
            });
        });
        assert!(snapshots.kept_bytes() <= BUDGET_BYTES);
        let last = snapshots.register(Sequence(1), false);
        snapshots.release(&last);
        assert_eq!(snapshots.kept_bytes(), 0);
    }

    #[test]
    fn pages_changed_after_every_snapshot_are_not_needed() {
        let snapshots = Snapshots::new(u64::MAX);
        assert!(!snapshots.may_need(Sequence(0)));
        let snapshot = snapshots.register(Sequence(4), false);
        assert!(snapshots.may_need(Sequence(4)));
        assert!(!snapshots.may_need(Sequence(5)));
        snapshots.release(&snapshot);
    }
}
