//! Opening a database: from a path to a store that holds every commit that counts.
//!
//! Order: lock; create or read the data file, applying a complete journal; read the catalog; replay the log; and,
//! where the log added commits, write them to the data file before the first call is served, so that nothing is
//! built upon bytes that only a cache of the operating system has.
//!
//! Promises: opening read-only writes nothing at all.
//! Leaves to others: handles and sharing (mod.rs), the states on disk (pager/recovery.rs), the log (wal).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quire_frames::PageNumber;

use crate::error::{Error, ErrorKind, Result};
use crate::format::header::{BlobPlace, HEADER_PAGES};
use crate::format::page::{CollectionId, FileId, PageKind, Sequence};
use crate::limits::{
    CACHE_BYTES_DEFAULT, CACHE_BYTES_MIN, CHECKPOINT_LOG_BYTES_DEFAULT, DOCUMENT_BYTES_DEFAULT,
    DOCUMENT_BYTES_MAX, LOCK_WAIT_MS_DEFAULT, SNAPSHOT_BYTES_DEFAULT, SYNC_INTERVAL_MS_DEFAULT,
    TTL_INTERVAL_MS_DEFAULT, WATCH_BYTES_DEFAULT,
};
use crate::pager::blob::{self, BlobKey};
use crate::pager::checkpoint::Checkpointer;
use crate::pager::free_list::decode_runs;
use crate::pager::recovery::{self, DataFile};
use crate::pager::{Pager, PagerOptions};
use crate::storage::{FileStorage, LockMode, Storage, StorageLock};
use crate::store::{Settings, Store, StoreParts};
use crate::wal::{self, Durability, Log, LogOptions};

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// When a commit that says nothing else is acknowledged. Default `Process`.
    pub durability: Durability,
    /// Milliseconds after which commits at `Process` and `Lazy` are synced. Default 100, at least 1.
    pub sync_interval_ms: u32,
    /// Budget of page memory in bytes; it is taken only as pages are used. Default 1 GiB, at least 1 MiB.
    pub cache_bytes: u64,
    /// Budget in bytes for page versions that open cursors and transactions need. Default 256 MiB.
    pub snapshot_bytes: u64,
    /// Whether writes are refused. Default false.
    pub read_only: bool,
    /// Whether an absent file is made. Default true.
    pub create: bool,
    /// Largest document in bytes. Default 16 MiB, at most 1 GiB.
    pub document_bytes_max: u32,
    /// Milliseconds to wait for a collection that another transaction holds. Default 5,000; 0 does not wait.
    pub lock_wait_ms: u32,
    /// Budget in bytes for the newest changes, which change streams read; taken while one is open, and after a crash
    /// until the next checkpoint. Default 16 MiB.
    pub watch_bytes: u64,
    /// Bytes of log after which a checkpoint is made. Default 64 MiB. Of a large file it takes a sixteenth of its size,
    /// four times this at most.
    pub checkpoint_log_bytes: u64,
    /// Bytes of a new log file, which are zeroed before its first commit. Default 1 MiB; it grows as it must.
    pub log_bytes_min: u64,
    /// Whether small commits are written to the log through memory shared with it, where system and file system
    /// make that safe. Default true; false writes each with a call, which tools that watch calls can see.
    pub map_log: bool,
    /// Milliseconds after which the janitor looks for documents that have expired by a TTL index. Default 60,000; 0
    /// leaves them until `Database::expire_documents`.
    pub ttl_interval_ms: u32,
    /// Whether a janitor thread syncs, checkpoints and deletes what expired. Default true; without it the caller does.
    pub background: bool,
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions {
            durability: Durability::Process,
            sync_interval_ms: SYNC_INTERVAL_MS_DEFAULT,
            cache_bytes: CACHE_BYTES_DEFAULT,
            snapshot_bytes: SNAPSHOT_BYTES_DEFAULT,
            read_only: false,
            create: true,
            document_bytes_max: DOCUMENT_BYTES_DEFAULT,
            lock_wait_ms: LOCK_WAIT_MS_DEFAULT,
            watch_bytes: WATCH_BYTES_DEFAULT,
            checkpoint_log_bytes: CHECKPOINT_LOG_BYTES_DEFAULT,
            log_bytes_min: LogOptions::default().first_bytes,
            map_log: true,
            ttl_interval_ms: TTL_INTERVAL_MS_DEFAULT,
            background: true,
        }
    }
}

impl OpenOptions {
    /// Fails with `INVALID_ARGUMENT` for a value that cannot be used.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: &str| Err(Error::new(ErrorKind::InvalidArgument, what.to_owned()));
        if self.sync_interval_ms == 0 {
            return refuse("sync_interval_ms is 0; it must be at least 1");
        }
        if self.cache_bytes < CACHE_BYTES_MIN {
            return refuse(&format!(
                "cache_bytes is {}; it must be at least {CACHE_BYTES_MIN}",
                self.cache_bytes
            ));
        }
        if self.document_bytes_max == 0 || self.document_bytes_max > DOCUMENT_BYTES_MAX {
            return refuse(&format!(
                "document_bytes_max is {}; it must be between 1 and {DOCUMENT_BYTES_MAX}",
                self.document_bytes_max
            ));
        }
        Ok(())
    }

    fn settings(&self, path: PathBuf) -> Settings {
        Settings {
            path,
            cache_bytes: self.cache_bytes,
            document_bytes_max: self.document_bytes_max,
            checkpoint_log_bytes: self.checkpoint_log_bytes,
            sync_interval: Duration::from_millis(self.sync_interval_ms.into()),
            watch_bytes: self.watch_bytes,
            ttl_interval: (self.ttl_interval_ms > 0)
                .then(|| Duration::from_millis(self.ttl_interval_ms.into())),
            lock_wait: Duration::from_millis(self.lock_wait_ms.into()),
            read_only: self.read_only,
            background: self.background,
        }
    }
}

/// A store without a file.
pub fn open_memory(options: &OpenOptions) -> Result<Store> {
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new());
    let mut hash_key = [0; 16];
    storage.random(&mut hash_key)?;
    let pager = Pager::new(PagerOptions {
        file: None,
        file_id: FileId::default(),
        hash_key,
        sequence: Sequence(0),
        cache_bytes: options.cache_bytes,
        snapshot_bytes: options.snapshot_bytes,
    })?;
    Store::new(StoreParts {
        settings: options.settings(PathBuf::new()),
        storage,
        pager,
        checkpointer: None,
        own_runs: Vec::new(),
        next_collection: 1,
        sequence: Sequence(0),
    })
}

/// The store of the database at `path`, and the lock that keeps other processes out.
///
/// Errors: `LOCKED`, `CANNOT_OPEN`, `NOT_A_DATABASE`, `UNSUPPORTED_FORMAT`, `CORRUPTED`, `DISK_FULL`, `IO`.
pub fn open_file(
    storage: Arc<dyn Storage>,
    path: &Path,
    options: &OpenOptions,
) -> Result<(Store, Box<dyn StorageLock>)> {
    if options.read_only && !storage.exists(path)? {
        return Err(Error::new(
            ErrorKind::CannotOpen,
            format!("cannot open {}: there is no such file", path.display()),
        ));
    }
    let mode = if options.read_only {
        LockMode::Shared
    } else {
        LockMode::Exclusive
    };
    let lock = storage.lock(path, mode)?;
    let data = open_or_create(&*storage, path, options)?;
    if !options.read_only && wal::exists(&*storage, path)? {
        // It was not closed: its process may have been killed between writing the header and syncing it.
        recovery::settle(&data)?;
        wal::settle(&*storage, path)?;
    }
    let pager = Pager::new(PagerOptions {
        file: Some(data.file.clone()),
        file_id: data.header.file_id,
        hash_key: data.header.hash_key,
        sequence: data.header.sequence,
        cache_bytes: options.cache_bytes,
        snapshot_bytes: options.snapshot_bytes,
    })?;
    pager.set_allocator(data.header.page_count, &[])?;
    for (number, image) in &data.overlay {
        pager.install(*number, image)?;
    }
    let free_runs = decode_runs(&read_place(&pager, data.header.free_list, PageKind::FreeList)?);
    pager.set_allocator(data.header.page_count, &free_runs)?;
    let mirror = BlobPlace {
        first_page: data.header.catalog_mirror,
        ..data.header.catalog
    };
    let catalog = read_place(&pager, data.header.catalog, PageKind::Catalog)
        .or_else(|error| read_place(&pager, mirror, PageKind::Catalog).map_err(|_| error))?;
    let store = assemble(storage.clone(), path, options, &data, pager, free_runs, catalog)?;
    let mut store = replay_log(&*storage, path, &data, store)?;
    if let Some((epoch, sequence)) = store.durable_state()
        && let Some(slots) = store.header_slots()
    {
        let options = LogOptions {
            first_bytes: options.log_bytes_min,
            is_mapped: options.map_log,
            ..LogOptions::default()
        };
        let log = Log::create(storage, path, data.header.file_id, sequence, epoch, options);
        store.set_log(log.announced_by(move |generation| slots.announce_log(generation)));
    }
    Ok((store, lock))
}

fn open_or_create(storage: &dyn Storage, path: &Path, options: &OpenOptions) -> Result<DataFile> {
    let is_new = !storage.exists(path)? || is_empty_file(storage, path)?;
    if !is_new || options.read_only {
        return recovery::open(storage, path, options.read_only);
    }
    if !options.create {
        return Err(Error::new(
            ErrorKind::CannotOpen,
            format!("cannot open {}: there is no such file", path.display()),
        ));
    }
    if wal::exists(storage, path)? {
        return Err(Error::new(
            ErrorKind::Corrupted,
            format!(
                "{0} is absent or empty, but its log is there: the data file was lost; restore it, or remove {0}-log0 and {0}-log1 to begin anew",
                path.display()
            ),
        ));
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64);
    recovery::create(storage, path, now)
}

/// A file without a byte is a new database, as a program that only touched the file would expect.
fn is_empty_file(storage: &dyn Storage, path: &Path) -> Result<bool> {
    storage.open(path, crate::storage::OpenMode::Read)?.is_empty()
}

fn assemble(
    storage: Arc<dyn Storage>,
    path: &Path,
    options: &OpenOptions,
    data: &DataFile,
    pager: Pager,
    free_runs: Vec<crate::pager::allocator::Run>,
    catalog: Vec<u8>,
) -> Result<Store> {
    let header = data.header;
    let settings = options.settings(path.to_path_buf());
    let mut parts = StoreParts {
        settings,
        storage: storage.clone(),
        pager,
        checkpointer: None,
        own_runs: Checkpointer::runs_of(&header),
        next_collection: header.next_collection,
        sequence: header.sequence,
    };
    if !options.read_only {
        let checkpointer = Checkpointer::new(
            storage,
            data.file.clone(),
            path.to_path_buf(),
            header,
            free_runs,
            catalog.clone(),
        );
        parts.checkpointer = Some(checkpointer);
    }
    let store = Store::new(parts)?;
    store.decode_catalog(&catalog)?;
    Ok(store)
}

/// Does the log's commits again, and writes them to the data file.
fn replay_log(storage: &dyn Storage, path: &Path, data: &DataFile, mut store: Store) -> Result<Store> {
    let header = &data.header;
    wal::refuse_missing(storage, path, header)?;
    let mut replay = store.begin_replay();
    let recovered = wal::recover(
        storage,
        path,
        header.file_id,
        header.sequence,
        header.epoch,
        |sequence, payload| replay.apply(&store, sequence, payload),
    )?;
    drop(replay);
    store.finish_replay(recovered.last_sequence)?;
    Ok(store)
}

fn read_place(pager: &Pager, place: BlobPlace, kind: PageKind) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if place.length_bytes > 0 {
        if place.first_page < HEADER_PAGES {
            return Err(Error::corrupted_page(
                PageNumber::new(0),
                "the header names a header page as the catalog or free list",
            ));
        }
        let key = BlobKey {
            kind,
            owner: CollectionId::NONE,
        };
        blob::read_blob(
            pager,
            PageNumber::new(place.first_page),
            place.length_bytes,
            key,
            None,
            &mut bytes,
        )?;
    }
    Ok(bytes)
}
