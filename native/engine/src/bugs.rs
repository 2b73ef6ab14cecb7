//! Planted durability bugs: steps that the engine leaves out when a test asks for it.
//!
//! Promises: without the feature `planted-bugs` every question is answered `false` at compile time, so the
//! shipped engine has no trace of them. With it, at most one bug is planted at a time, per process.
//! Used by tests/planted_bugs.rs, which shows that the simulated disk finds each one.

/// A step that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    /// A commit at `disk` is acknowledged without syncing the log.
    NoLogSync = 1,
    /// A new log generation keeps the old salt.
    NoSalt,
    /// Log frames are accepted without comparing their checksum.
    NoFrameChecksum,
    /// A damaged frame is skipped and replay goes on behind it.
    SkipBadFrame,
    /// A failed sync is tried again instead of poisoning the database.
    RetrySync,
    /// The log's end is taken at the first bad frame without scanning ahead.
    NoScanAhead,
    /// The header is written before the pages it refers to are synced.
    HeaderBeforePageSync,
    /// The old log is given up before the header is synced.
    LogRetiredBeforeHeaderSync,
    /// Both header slots are one place.
    OneHeaderSlot,
    /// Pages are accepted without comparing their checksum.
    NoPageChecksum,
    /// Pages in use are overwritten without the journal.
    NoJournal,
    /// The journal is not synced before pages are overwritten.
    NoJournalSync,
    /// A complete journal found at open is ignored.
    JournalIgnored,
    /// A sync of the log leaves out the file before the live one.
    OlderLogNotSynced,
    /// The directory is not synced after files were created or renamed.
    NoDirectorySync,
    /// A journal is applied without comparing its pages with its list.
    TornJournalAccepted,
    /// Free pages are written in place without a sync before the header.
    NoPageSync,
    /// The checkpoint writes pages as they are now, not as its snapshot sees them.
    CheckpointWithoutSnapshot,
    /// The file's tail is cut off before the header that gives it up is synced.
    TailCutBeforeHeader,
    /// A header that a killed process may have left in the system's cache only is built upon.
    CachedHeaderTrusted,
    /// A journal that a killed process may have left in the system's cache only is applied.
    CachedJournalTrusted,
    /// A journal that was found incomplete stays as it is.
    IncompleteJournalKept,
    /// Entries of documents that were changed or removed stay in ordered indexes.
    IndexEntryKept,
    /// A unique index takes a key twice.
    UniqueUnchecked,
    /// Replaying the log leaves ordered indexes as they are.
    IndexNotReplayed,
    /// The log does not tell that an index was dropped.
    IndexDropUnlogged,
}

impl Bug {
    /// Every bug.
    pub const ALL: &'static [Bug] = &[
        Bug::NoLogSync,
        Bug::NoSalt,
        Bug::NoFrameChecksum,
        Bug::SkipBadFrame,
        Bug::RetrySync,
        Bug::NoScanAhead,
        Bug::HeaderBeforePageSync,
        Bug::LogRetiredBeforeHeaderSync,
        Bug::OneHeaderSlot,
        Bug::NoPageChecksum,
        Bug::NoJournal,
        Bug::NoJournalSync,
        Bug::JournalIgnored,
        Bug::OlderLogNotSynced,
        Bug::NoDirectorySync,
        Bug::TornJournalAccepted,
        Bug::NoPageSync,
        Bug::CheckpointWithoutSnapshot,
        Bug::TailCutBeforeHeader,
        Bug::CachedHeaderTrusted,
        Bug::CachedJournalTrusted,
        Bug::IncompleteJournalKept,
        Bug::IndexEntryKept,
        Bug::UniqueUnchecked,
        Bug::IndexNotReplayed,
        Bug::IndexDropUnlogged,
    ];
}

#[cfg(feature = "planted-bugs")]
mod planted {
    use super::Bug;
    use std::sync::atomic::{AtomicU8, Ordering};

    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Plants `bug`, or none.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.store(bug.map_or(0, |bug| bug as u8), Ordering::SeqCst);
    }

    /// Whether `bug` is planted.
    pub fn planted(bug: Bug) -> bool {
        PLANTED.load(Ordering::SeqCst) == bug as u8
    }
}

#[cfg(feature = "planted-bugs")]
pub use planted::{plant, planted};

/// Whether `bug` is planted: never, in this build.
#[cfg(not(feature = "planted-bugs"))]
#[inline(always)]
pub const fn planted(_bug: Bug) -> bool {
    false
}
