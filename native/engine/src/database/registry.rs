//! The databases that this process has open, by canonical path.
//!
//! Promises: a second open of a path in the same process shares the store of the first, also from another thread
//! or another library in the process that links this engine; an open that meets a close waits for its end.
//! Leaves to others: other processes (storage/file_lock.rs).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::error::Result;
use crate::storage::StorageLock;
use crate::store::Store;

/// A store with its users.
pub struct Shared {
    /// The store.
    pub store: Arc<Store>,
    /// Handles that are open.
    handles_count: usize,
    /// Ends the store's thread when it is joined.
    janitor: Option<std::thread::JoinHandle<()>>,
    /// Keeps other processes out.
    _lock: Option<Box<dyn StorageLock>>,
}

/// The place of one path; its mutex is held while the path is opened or closed.
type Slot = Arc<Mutex<Option<Shared>>>;

/// What one process has open. The parent's is left alone in a child.
struct Registry {
    process_id: u32,
    slots: Mutex<HashMap<PathBuf, Slot>>,
    /// That of the process which was forked off this one and became the program.
    child: OnceLock<Box<Registry>>,
}

static OPEN: OnceLock<Box<Registry>> = OnceLock::new();

/// The places of this process.
fn slots() -> &'static Mutex<HashMap<PathBuf, Slot>> {
    let process_id = process::id();
    let make = || {
        Box::new(Registry {
            process_id,
            slots: Mutex::default(),
            child: OnceLock::new(),
        })
    };
    let mut registry = OPEN.get_or_init(make);
    while registry.process_id != process_id {
        registry = registry.child.get_or_init(make);
    }
    &registry.slots
}

/// A user's share in a store.
pub struct Share {
    /// The store.
    pub store: Arc<Store>,
    slot: Slot,
    path: Option<PathBuf>,
}

impl Share {
    /// Joins the store of `path`, or opens it with `open`.
    pub fn join(
        path: &Path,
        open: impl FnOnce() -> Result<(Store, Option<Box<dyn StorageLock>>)>,
    ) -> Result<Share> {
        let key = canonical(path);
        let slot = slots().lock().entry(key.clone()).or_default().clone();
        let mut shared = slot.lock();
        if let Some(shared) = shared.as_mut() {
            shared.handles_count += 1;
            return Ok(Share {
                store: shared.store.clone(),
                slot: slot.clone(),
                path: Some(key),
            });
        }
        let opened = open().and_then(|(store, lock)| start(store, lock));
        match opened {
            Ok(made) => {
                let store = made.store.clone();
                *shared = Some(made);
                drop(shared);
                Ok(Share {
                    store,
                    slot,
                    path: Some(key),
                })
            }
            Err(error) => {
                drop(shared);
                forget(&key, &slot);
                Err(error)
            }
        }
    }

    /// A share in a store that nobody else can join.
    pub fn private(store: Store, lock: Option<Box<dyn StorageLock>>) -> Result<Share> {
        let made = start(store, lock)?;
        Ok(Share {
            store: made.store.clone(),
            slot: Arc::new(Mutex::new(Some(made))),
            path: None,
        })
    }

    /// Gives the share back; the last one closes the store.
    ///
    /// Errors: those of the last checkpoint. The store is closed all the same; its log keeps what is not in the
    /// data file.
    pub fn leave(&self) -> Result<()> {
        let mut slot = self.slot.lock();
        let Some(shared) = slot.as_mut() else {
            return Ok(());
        };
        shared.handles_count -= 1;
        if shared.handles_count > 0 {
            return Ok(());
        }
        let result = slot.take().map_or(Ok(()), stop);
        drop(slot);
        if let Some(path) = &self.path {
            forget(path, &self.slot);
        }
        result
    }
}

fn start(store: Store, lock: Option<Box<dyn StorageLock>>) -> Result<Shared> {
    let store = Arc::new(store);
    let needs_janitor = store.settings.background && !store.settings.read_only;
    let janitor = if needs_janitor {
        Some(super::janitor::start(&store)?)
    } else {
        None
    };
    Ok(Shared {
        store,
        handles_count: 1,
        janitor,
        _lock: lock,
    })
}

fn stop(shared: Shared) -> Result<()> {
    shared.store.begin_close();
    if let Some(janitor) = shared.janitor {
        // A janitor that panicked has nothing more to do; the close below writes what it did not.
        let _ = janitor.join();
    }
    shared.store.close()
}

/// Removes the place of a path that nobody uses.
fn forget(path: &Path, slot: &Slot) {
    let mut open = slots().lock();
    let is_unused = slot.try_lock().is_some_and(|shared| shared.is_none());
    // The map's and the caller's: another one is waiting to open the path through this slot.
    if is_unused
        && Arc::strong_count(slot) <= 2
        && open.get(path).is_some_and(|found| Arc::ptr_eq(found, slot))
    {
        open.remove(path);
    }
}

/// The path by which all names of one file are the same; of a file that is not there yet, by its directory.
fn canonical(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    match (directory.canonicalize(), path.file_name()) {
        (Ok(directory), Some(name)) => directory.join(name),
        _ => path.to_path_buf(),
    }
}
