//! The compaction: a database without the room that deletes and updates left, while others read and write.
//!
//! Collections that take clearly more pages than their documents need, and those that keep the file's end from being
//! cut off, are put into new pages one after the other (store/rebuild.rs). Low free pages are taken first; where
//! those do not hold a collection it goes behind the end, and then into the room that it left. Where room is left that
//! is too scattered for large documents, all collections are moved so. A checkpoint writes what came of it and cuts
//! the file.
//!
//! Promises: documents, ids, indexes and change streams stay as they are. Writers of the collection at hand wait;
//! other writers, and all readers, go on. A crash or failure at any point loses nothing.
//! Leaves to others: what one rebuild does.

use std::sync::Arc;

use quire_frames::PAGE_BYTES;

use crate::collection::lease::Owner;
use crate::collection::{CollectionState, Extent};
use crate::error::{ErrorKind, Result};
use crate::store::{Room, Store};

/// Rounds over all collections: one that moved early may stand in front of room that came later.
const ROUNDS_MAX: usize = 4;
/// Pages beyond a share that count as waste: less is not worth a move.
const SLACK_PAGES: u64 = 3;

/// What a compaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactReport {
    /// Bytes of the data file before; of the pages of a database in memory.
    pub bytes_before: u64,
    /// Bytes after.
    pub bytes_after: u64,
    /// Collections that were put into new pages.
    pub moved: Vec<Arc<str>>,
    /// Collections that were left as they are: a transaction holds them, they do not fit half of the page memory,
    /// or an open cursor or transaction still needs the pages that they would be put into.
    pub left: Vec<Arc<str>>,
}

/// Whether the free pages that are left are too many, as when large documents find no run that is long enough, and
/// all pages in use fit half of the page memory.
fn is_scattered(store: &Store) -> bool {
    let (page_count, free_pages) = store.pager.page_counts();
    let used_pages = u64::from(page_count).saturating_sub(free_pages);
    exceeds(page_count.into(), used_pages) && fits(store, used_pages) && !store.pager.has_snapshots()
}

/// Moves everything behind the end, and then to the front one after the other.
fn move_all(store: &Store, report: &mut CompactReport) -> Result<()> {
    for room in [Room::End, Room::Low] {
        for state in store.collections() {
            let name = state.name();
            match with_lease(store, &state, || store.rebuild(&state, room)) {
                Ok(true) => note(&mut report.moved, name),
                Ok(false) => {}
                Err(error) if error.kind() == ErrorKind::Busy => note(&mut report.left, name),
                Err(error) => return Err(error),
            }
        }
    }
    cut(store)
}

/// Puts every collection into new pages, see `Database::move_collections`.
#[cfg(any(test, feature = "simulation"))]
pub fn move_collections(store: &Store, room: Room) -> Result<()> {
    for state in store.collections() {
        with_lease(store, &state, || store.rebuild(&state, room))?;
    }
    cut(store)
}

/// What became of a collection in one round.
enum Turn {
    /// It stands well.
    Kept,
    Moved,
    Left,
}

/// Takes the unused room out of the database of `store`.
///
/// Errors: `READ_ONLY`; `CORRUPTED` when a page cannot be read; `DISK_FULL`, `IO`, `OUT_OF_MEMORY`; `CLOSED`,
/// `POISONED`. What was moved until then stays moved.
pub fn compact(store: &Store) -> Result<CompactReport> {
    store.check_writable()?;
    let mut report = CompactReport {
        bytes_before: file_bytes(store),
        ..CompactReport::default()
    };
    cut(store)?;
    for round in 0..ROUNDS_MAX {
        let end_before = store.pager.page_counts().0;
        let mut has_moved = false;
        for state in store.collections() {
            let name = state.name();
            match take_turn(store, &state, round == 0)? {
                Turn::Kept => {}
                Turn::Moved => {
                    has_moved = true;
                    note(&mut report.moved, name);
                }
                Turn::Left => note(&mut report.left, name),
            }
        }
        if !has_moved {
            break;
        }
        cut(store)?;
        if round > 0 && store.pager.page_counts().0 >= end_before {
            break;
        }
    }
    if report.left.is_empty() && is_scattered(store) {
        move_all(store, &mut report)?;
    }
    report.bytes_after = file_bytes(store);
    Ok(report)
}

/// Runs `work` while nobody else may change the collection.
///
/// Errors: `BUSY` when a transaction holds it; those of `work`.
fn with_lease<R>(store: &Store, state: &CollectionState, work: impl FnOnce() -> Result<R>) -> Result<R> {
    let wait = store.settings.lock_wait;
    state
        .lease
        .acquire(Owner(0), wait, &|| state.name().to_string())?;
    let result = work();
    state.lease.release();
    result
}

/// Moves one collection where that is worth it.
fn take_turn(store: &Store, state: &CollectionState, may_be_sparse: bool) -> Result<Turn> {
    match with_lease(store, state, || take_leased_turn(store, state, may_be_sparse)) {
        Err(error) if error.kind() == ErrorKind::Busy => Ok(Turn::Left),
        turn => turn,
    }
}

fn take_leased_turn(store: &Store, state: &CollectionState, may_be_sparse: bool) -> Result<Turn> {
    let extent = match &state.content.read().body {
        Some(body) => body.extent(&store.pager)?,
        None => return Ok(Turn::Kept),
    };
    let is_sparse = may_be_sparse && exceeds(extent.pages_count, extent.ideal_pages);
    if !is_sparse && !is_in_the_way(store, &extent) {
        return Ok(Turn::Kept);
    }
    let needed = extent.pages_count.min(with_slack(extent.ideal_pages));
    if !fits(store, needed) {
        return Ok(Turn::Left);
    }
    let mut has_moved = false;
    if store.pager.ready_pages() < needed {
        // The pages that it leaves would not be free before the last snapshot is gone.
        if store.pager.has_snapshots() {
            return Ok(Turn::Left);
        }
        has_moved = store.rebuild(state, Room::End)?;
    }
    if store.pager.ready_pages() >= needed {
        has_moved = store.rebuild(state, Room::Low)?;
    }
    Ok(match has_moved {
        true => Turn::Moved,
        false => Turn::Kept,
    })
}

/// Whether page memory holds so many pages twice: changed pages stay there until a checkpoint writes them.
fn fits(store: &Store, pages: u64) -> bool {
    !store.has_file() || 2 * pages * PAGE_BYTES as u64 <= store.settings.cache_bytes
}

/// Whether the collection reaches far behind where the file could end.
fn is_in_the_way(store: &Store, extent: &Extent) -> bool {
    let (page_count, free_pages) = store.pager.page_counts();
    let used_pages = u64::from(page_count).saturating_sub(free_pages);
    exceeds(extent.end.into(), used_pages)
}

/// Whether so many pages are clearly more than so few.
fn exceeds(pages: u64, ideal_pages: u64) -> bool {
    pages > with_slack(ideal_pages)
}

fn with_slack(pages: u64) -> u64 {
    pages + pages / 16 + SLACK_PAGES
}

/// Lets the file end behind its last page in use.
fn cut(store: &Store) -> Result<()> {
    match store.has_file() {
        true => store.checkpoint(),
        false => {
            store.pager.cut_tail();
            Ok(())
        }
    }
}

fn file_bytes(store: &Store) -> u64 {
    u64::from(store.pager.page_counts().0) * PAGE_BYTES as u64
}

fn note(names: &mut Vec<Arc<str>>, name: Arc<str>) {
    if !names.contains(&name) {
        names.push(name);
    }
}
