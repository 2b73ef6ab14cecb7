//! The whole database as of one commit, for those who copy it.
//!
//! Promises: all parts are of the same commit, which no commit is half part of; writers wait only while the lists
//! are taken, and never for a checkpoint that is under way. A rebuild (rebuild.rs) ends first.
//! Leaves to others: copying (pager/copy.rs, backup.rs).

use std::sync::atomic::Ordering;

use crate::error::Result;
use crate::pager::allocator::Run;
use crate::pager::copy::CopySource;
use crate::pager::snapshot::Snapshot;
use crate::store::Store;

/// The state after one commit; its pages stay readable as long as it lives.
pub struct Moment<'a> {
    store: &'a Store,
    snapshot: Snapshot,
    page_count: u32,
    free: Vec<Run>,
    own: Vec<Run>,
    catalog: Vec<u8>,
    next_collection: u32,
    /// Collections.
    pub collections_count: u64,
    /// Documents of all collections.
    pub documents_count: u64,
}

impl Store {
    /// The database after its last commit.
    ///
    /// Errors: `POISONED`, `CLOSED`.
    pub fn take_moment(&self) -> Result<Moment<'_>> {
        let _rebuilding = self.rebuilding.lock();
        let _gate = self.gate.write();
        self.check_readable()?;
        self.check_open()?;
        let infos = self.collection_infos();
        let (page_count, _) = self.pager.page_counts();
        Ok(Moment {
            store: self,
            catalog: self.encode_catalog()?,
            page_count,
            free: self.pager.free_runs(),
            own: self.own_runs.lock().clone(),
            next_collection: self.next_collection.load(Ordering::Relaxed),
            collections_count: infos.len() as u64,
            documents_count: infos.iter().map(|info| info.documents_count).sum(),
            snapshot: self.pager.open_snapshot(self.last_sequence(), false),
        })
    }
}

impl Moment<'_> {
    /// What a copy is made of.
    pub fn source(&self) -> CopySource<'_> {
        CopySource {
            snapshot: &self.snapshot,
            page_count: self.page_count,
            free: &self.free,
            own: &self.own,
            catalog: &self.catalog,
            next_collection: self.next_collection,
        }
    }
}

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        self.store.pager.close_snapshot(&self.snapshot);
    }
}
