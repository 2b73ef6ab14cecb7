//! The heart of an open database: pages, log, collections, and the gate that commits pass.
//!
//! Lock order, each taken before the next: leases (in the order of names) - commit gate - collection locks (in
//! the order of names) - the list of collections - log - feed of changes - free list - page versions - page latches.
//!
//! Promises: a commit is applied whole or not at all in the eyes of every reader; a checkpoint and a snapshot of
//! several collections see no commit half applied, for they take the gate exclusively.
//! Leaves to others: handles, opening and closing (database/), what a transaction sees (transaction/).

mod catalog;
mod checkpoint;
mod chronicle;
mod commit;
mod definition;
mod expiry;
pub mod feed;
mod health;
mod indexes;
mod moment;
mod rebuild;
mod replay;
pub mod waiting;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use crate::collection::CollectionState;
use crate::error::{Error, ErrorKind, Result};
use crate::format::page::{FileId, Sequence};
use crate::format::read_u32;
use crate::format::ulid::UlidSource;
use crate::pager::Pager;
use crate::pager::allocator::Run;
use crate::pager::checkpoint::Checkpointer;
use crate::pager::header_slots::HeaderSlots;
use crate::pager::snapshot::Snapshot;
use crate::stats::{CollectionInfo, Stats};
use crate::storage::Storage;
use crate::wal::Log;

pub use catalog::{CatalogEntries, CatalogEntry, IndexEntry};
pub use checkpoint::Held;
pub use chronicle::{Known, Names};
pub use commit::{Change, Outcome};
pub use expiry::present;
use feed::Feed;
use health::Health;
pub use indexes::DroppedIndexes;
pub use moment::Moment;
pub use rebuild::Room;
pub use replay::Replay;
use waiting::Waiting;

/// What the store was opened with; see `OpenOptions`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data file; empty for a database in memory.
    pub path: PathBuf,
    /// Budget of page memory in bytes.
    pub cache_bytes: u64,
    /// Largest document in bytes.
    pub document_bytes_max: u32,
    /// Log size that starts a checkpoint, in bytes.
    pub checkpoint_log_bytes: u64,
    /// Interval of the janitor.
    pub sync_interval: Duration,
    /// Budget for the changes that change streams read, in bytes.
    pub watch_bytes: u64,
    /// Interval at which expired documents are deleted; `None`: never in the background.
    pub ttl_interval: Option<Duration>,
    /// Longest wait for a lease.
    pub lock_wait: Duration,
    /// Whether nothing may be written.
    pub read_only: bool,
    /// Whether a janitor thread runs; tests that replay a seed run without.
    pub background: bool,
}

/// The shared state of an open database.
pub struct Store {
    /// What it was opened with.
    pub settings: Settings,
    /// Where the database's files are, and its backups go; the file system for a database in memory.
    pub storage: Arc<dyn Storage>,
    /// The pages.
    pub pager: Pager,
    /// Source of automatic ids.
    pub ulids: UlidSource,
    /// Committed changes, for change streams.
    pub feed: Feed,
    /// What the log's generations began with.
    chronicle: chronicle::Chronicle,
    /// Which opening of the database this is, and which database: see watch/token.rs.
    pub origin: Origin,
    /// The log; `None` in memory and read-only.
    log: Option<Log>,
    /// Commits hold it shared while they are logged and applied.
    gate: RwLock<()>,
    /// Last commit of a database without a log.
    unlogged_sequence: AtomicU64,
    /// Every name that a handle or a collection has.
    collections: RwLock<BTreeMap<Arc<str>, Arc<CollectionState>>>,
    next_collection: AtomicU32,
    /// Held while pages are made that belong to no collection yet; taken before `checkpointer`.
    rebuilding: Mutex<()>,
    /// `None` in memory and read-only.
    checkpointer: Mutex<Option<Checkpointer>>,
    /// Pages of the catalog and the free list as the last capture left them; changed under the gate.
    own_runs: Mutex<Vec<Run>>,
    health: Health,
    /// Set under the gate when the last handle closes: no commit may follow.
    is_closing: AtomicBool,
    /// Wakes the janitor; set while it has work.
    janitor_wanted: Waiting<bool>,
    janitor_is_called: AtomicBool,
    /// Commits, for stats.
    commits_count: AtomicU64,
    /// Log size below which no checkpoint is tried, because one failed when the log was not much smaller.
    checkpoint_not_before_bytes: AtomicU64,
    /// Why the last checkpoint failed, until one succeeds.
    checkpoint_failure: Mutex<Option<Error>>,
    /// Checkpoints, for stats.
    checkpoints_count: AtomicU64,
}

/// What numbers of commits belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The data file; a random number for a database in memory.
    pub file_id: FileId,
    /// Random number of this opening: commits that a power cut took back have been numbered in an earlier one.
    pub run: u32,
    /// The last commit that was there after opening.
    pub opened_at: Sequence,
}

impl Origin {
    fn new(file_id: FileId, opened_at: Sequence) -> Result<Origin> {
        let mut random = [0; 20];
        getrandom::fill(&mut random)
            .map_err(|error| Error::new(ErrorKind::Io, format!("no random numbers: {error}")))?;
        let (run, file) = random.split_at(4);
        let mut origin = Origin {
            file_id,
            run: read_u32(run, 0),
            opened_at,
        };
        if file_id == FileId::default() {
            origin.file_id.0.copy_from_slice(file);
        }
        Ok(origin)
    }
}

/// The parts that opening puts together.
pub struct StoreParts {
    /// See `Store::settings`.
    pub settings: Settings,
    /// See `Store::storage`.
    pub storage: Arc<dyn Storage>,
    /// See `Store::pager`.
    pub pager: Pager,
    /// `None` in memory and read-only.
    pub checkpointer: Option<Checkpointer>,
    /// Pages of the catalog and the free list as they were opened.
    pub own_runs: Vec<Run>,
    /// Number that the next new collection gets.
    pub next_collection: u32,
    /// Last commit.
    pub sequence: Sequence,
}

impl Store {
    /// A store of `parts`, without collections.
    pub fn new(parts: StoreParts) -> Result<Store> {
        Ok(Store {
            feed: Feed::new(parts.settings.watch_bytes),
            chronicle: chronicle::Chronicle::default(),
            origin: Origin::new(parts.pager.file_id(), parts.sequence)?,
            settings: parts.settings,
            storage: parts.storage,
            pager: parts.pager,
            ulids: UlidSource::new()?,
            log: None,
            gate: RwLock::new(()),
            unlogged_sequence: AtomicU64::new(parts.sequence.0),
            collections: RwLock::new(BTreeMap::new()),
            next_collection: AtomicU32::new(parts.next_collection),
            rebuilding: Mutex::new(()),
            checkpointer: Mutex::new(parts.checkpointer),
            own_runs: Mutex::new(parts.own_runs),
            health: Health::default(),
            is_closing: AtomicBool::new(false),
            janitor_wanted: Waiting::default(),
            janitor_is_called: AtomicBool::new(false),
            commits_count: AtomicU64::new(0),
            checkpoint_not_before_bytes: AtomicU64::new(0),
            checkpoint_failure: Mutex::new(None),
            checkpoints_count: AtomicU64::new(0),
        })
    }

    /// Epoch and sequence of the state that the data file holds.
    pub fn durable_state(&self) -> Option<(u64, Sequence)> {
        self.checkpointer
            .lock()
            .as_ref()
            .map(|checkpointer| (checkpointer.durable().epoch, checkpointer.durable().sequence))
    }

    /// The data file's header slots; `None` in memory and read-only.
    pub fn header_slots(&self) -> Option<Arc<HeaderSlots>> {
        self.checkpointer.lock().as_ref().map(Checkpointer::slots)
    }

    /// Gives the store its log; the data file holds everything up to the log's start.
    pub fn set_log(&mut self, log: Log) {
        self.log = Some(log);
        self.begin_chapter(None);
    }

    /// The state of a name; made when nobody holds one yet.
    pub fn collection(&self, name: &str) -> Arc<CollectionState> {
        if let Some(state) = self.collections.read().get(name) {
            return state.clone();
        }
        let mut collections = self.collections.write();
        collections
            .entry(name.into())
            .or_insert_with(|| Arc::new(CollectionState::unborn(name)))
            .clone()
    }

    /// Every state, in the order of names.
    pub fn collections(&self) -> Vec<Arc<CollectionState>> {
        self.collections.read().values().cloned().collect()
    }

    /// The last commit.
    #[inline]
    pub fn last_sequence(&self) -> Sequence {
        match &self.log {
            Some(log) => log.last_sequence(),
            None => Sequence(self.unlogged_sequence.load(Ordering::Acquire)),
        }
    }

    /// A snapshot of every collection: no commit is half applied while it is taken.
    ///
    /// Errors: `POISONED`.
    pub fn open_snapshot(&self) -> Result<Snapshot> {
        let _gate = self.gate.write();
        self.check_readable()?;
        Ok(self.pager.open_snapshot(self.last_sequence(), false))
    }

    /// Waits until everything committed is on disk.
    ///
    /// Errors: `POISONED`, `IO`.
    pub fn sync(&self) -> Result<()> {
        match &self.log {
            // Commits at `lazy` that found no room are still in memory and are tried again.
            Some(log) => {
                log.sync().map_err(|error| match error.kind() {
                    ErrorKind::DiskFull => error,
                    _ => self.refuse_writes(error),
                })?;
                self.note_synced();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Bytes of the log that a recovery would read.
    pub fn log_bytes(&self) -> u64 {
        self.log.as_ref().map_or(0, Log::bytes)
    }

    /// Has the janitor look after the log and the cache soon.
    #[inline]
    fn call_janitor(&self) {
        if self.settings.background && !self.janitor_is_called.swap(true, Ordering::AcqRel) {
            self.janitor_wanted.change(|wanted| *wanted = true);
        }
    }

    /// Waits until the janitor is called, until `deadline` or until the store is closing; returns whether it was
    /// called.
    pub fn wait_for_call(&self, deadline: Option<Instant>) -> bool {
        let mut wanted = self
            .janitor_wanted
            .wait_while(deadline, |wanted| !*wanted && !self.is_closing());
        std::mem::take(&mut *wanted)
    }

    /// Waits one interval, or until the store is closing; returns whether it is.
    pub fn wait_interval(&self) -> bool {
        let deadline = Instant::now() + self.settings.sync_interval;
        let is_open = |_: &mut bool| !self.is_closing();
        drop(self.janitor_wanted.wait_while(Some(deadline), is_open));
        self.is_closing()
    }

    /// Lets no commit follow and ends the janitor.
    pub fn begin_close(&self) {
        let _gate = self.gate.write();
        self.is_closing.store(true, Ordering::Release);
        self.janitor_wanted.change(|wanted| *wanted = true);
        self.feed.wake_all();
    }

    /// Whether `begin_close` was called.
    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Every collection that exists.
    pub fn collection_infos(&self) -> Vec<CollectionInfo> {
        self.collections()
            .iter()
            .filter_map(|state| state.content.read().info())
            .collect()
    }

    /// Whether there is a data file, which is not so in memory.
    pub fn has_file(&self) -> bool {
        !self.settings.path.as_os_str().is_empty()
    }

    /// Counts and sizes.
    pub fn stats(&self) -> Stats {
        let (pages_count, free_pages) = self.pager.page_counts();
        Stats {
            collections: self.collection_infos(),
            pages_count: pages_count.into(),
            free_pages,
            cache_bytes: self.pager.resident_bytes(),
            dirty_bytes: self.pager.dirty_bytes(),
            version_bytes: self.pager.version_bytes(),
            log_bytes: self.log_bytes(),
            sequence: self.last_sequence().0,
            commits_count: self.commits_count.load(Ordering::Relaxed),
            checkpoints_count: self.checkpoints_count.load(Ordering::Relaxed),
            page_loads_count: self.pager.loads_count(),
            checkpoint_failure: self.checkpoint_failure.lock().clone(),
        }
    }

    /// One round of the janitor: what was committed goes to disk, a checkpoint is made when it is due, and page memory
    /// is put in order.
    pub fn tidy_up(&self) {
        self.janitor_is_called.store(false, Ordering::Release);
        if let Some(log) = &self.log {
            // A failure is kept in `health`, where the next commit finds it; there is nobody here to tell.
            let is_synced = self.sync().is_ok();
            // Room that cannot be zeroed ahead is made, or missed, by the commit that needs it.
            let _ = log.reserve();
            let is_idle = !self.janitor_is_called.load(Ordering::Acquire);
            if is_synced && is_idle {
                let _ = log.attest();
            }
            if self.checkpoint_is_due() {
                self.checkpoint_in_background();
            }
        }
        self.pager.evict();
    }
}
