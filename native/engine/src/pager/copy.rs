//! A copy of all pages as they were at one commit, in a data file of its own.
//!
//! Every page keeps its number, so that nothing that names a page has to change; the copy has a random identity,
//! which is part of each page's checksum, its own catalog and free list, and the header of a database that was
//! closed. Free pages are not written: they are holes, but for the file's tail, which is cut off.
//!
//! Promises: what is written is one commit's state, whatever is committed and checkpointed meanwhile; a page that
//! fails its checksum ends the copy.
//! Leaves to others: when a sequence may be copied, the name of the file and its sync (backup.rs, recovery.rs).

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use crate::error::Result;
use crate::format::header::{BlobPlace, HEADER_PAGES, Header};
use crate::format::page::{self, CollectionId, FileId, PAGE_BODY_BYTES, PAGE_HEAD_BYTES, PageKind, Sequence};
use crate::pager::allocator::{Allocator, Run};
use crate::pager::free_list::{FreeList, is_in_runs};
use crate::pager::image::write_in_place;
use crate::pager::recovery::write_slots;
use crate::pager::snapshot::Snapshot;
use crate::pager::{Pager, blob};
use crate::storage::StorageFile;

/// Pages between two looks at whether the snapshot is still there.
const STRIDE_PAGES: u32 = 256;

/// What is copied, besides the pages themselves: all of it as of the snapshot.
pub struct CopySource<'a> {
    /// The commit whose pages are copied.
    pub snapshot: &'a Snapshot,
    /// Pages of the file.
    pub page_count: u32,
    /// The free runs, in order.
    pub free: &'a [Run],
    /// Pages of the catalog and the free list, which are not copied.
    pub own: &'a [Run],
    /// The catalog.
    pub catalog: &'a [u8],
    /// Number that the next new collection gets.
    pub next_collection: u32,
}

/// Who the copy is.
#[derive(Clone, Copy)]
pub struct CopyIdentity {
    /// Its identity.
    pub file_id: FileId,
    /// When it is made, in milliseconds since 1970.
    pub created_ms: u64,
}

/// A catalog or a free list on its way to the copy.
struct OwnBlob<'a> {
    kind: PageKind,
    first: PageNumber,
    bytes: &'a [u8],
}

/// Writes the copy to the empty `file`, which the caller then syncs, and returns its header. `goes_on` is asked again
/// and again, and its error ends the copy.
///
/// Errors: `SNAPSHOT_TOO_OLD`; `CORRUPTED` naming a page; `DISK_FULL`, `IO`; those of `goes_on`.
pub fn write_copy(
    pager: &Pager,
    source: &CopySource<'_>,
    identity: CopyIdentity,
    file: &dyn StorageFile,
    goes_on: impl Fn() -> Result<()>,
) -> Result<Header> {
    let sequence = source.snapshot.sequence();
    let mut allocator = Allocator::new(source.page_count, HEADER_PAGES, source.free)?;
    for run in source.own {
        allocator.free(*run, sequence, false);
    }
    allocator.cut_tail();
    let (unused, end) = (allocator.free_runs(), allocator.page_count());
    let (header, list) = lay_out(pager, source, identity, &mut allocator)?;
    file.set_len(u64::from(header.page_count) * PAGE_BYTES as u64)?;
    let mut first = HEADER_PAGES;
    while first < end {
        let stride = first..end.min(first.saturating_add(STRIDE_PAGES));
        first = stride.end;
        let used: Vec<PageNumber> = stride
            .map(PageNumber::new)
            .filter(|number| !is_in_runs(&unused, *number))
            .collect();
        let written = write_in_place(file, pager, identity.file_id, sequence, &used);
        // Pages of a snapshot that was given up may be anything, and so may those of a file that was closed.
        source.snapshot.check()?;
        goes_on()?;
        written?;
    }
    let places = [header.catalog.first_page, header.catalog_mirror];
    let catalogs = places.into_iter().map(|first_page| OwnBlob {
        kind: PageKind::Catalog,
        first: PageNumber::new(first_page),
        bytes: source.catalog,
    });
    let lists = list.blob.iter().map(|(first, bytes)| OwnBlob {
        kind: PageKind::FreeList,
        first: *first,
        bytes,
    });
    for own in catalogs.chain(lists) {
        write_own_blob(file, identity.file_id, sequence, &own)?;
    }
    write_slots(file, &header)?;
    Ok(header)
}

/// Finds the places of the copy's catalog and free list, and makes its header of them.
fn lay_out(
    pager: &Pager,
    source: &CopySource<'_>,
    identity: CopyIdentity,
    allocator: &mut Allocator,
) -> Result<(Header, FreeList)> {
    let length_bytes = source.catalog.len() as u32;
    let mut firsts = [0; 2];
    if length_bytes > 0 {
        for first in &mut firsts {
            *first = allocator.allocate(blob::pages_count(length_bytes))?.get();
        }
    }
    let list = FreeList::lay_out(allocator)?;
    let free_list = list.blob.as_ref().map(|(first, bytes)| BlobPlace {
        first_page: first.get(),
        length_bytes: bytes.len() as u32,
    });
    let header = Header {
        file_id: identity.file_id,
        hash_key: pager.hash_key,
        epoch: 1,
        sequence: source.snapshot.sequence(),
        page_count: list.page_count,
        next_collection: source.next_collection,
        catalog: BlobPlace {
            first_page: firsts[0],
            length_bytes,
        },
        catalog_mirror: firsts[1],
        free_list: free_list.unwrap_or_default(),
        clean: true,
        log_mark: 0,
        created_ms: identity.created_ms,
    };
    Ok((header, list))
}

fn write_own_blob(
    file: &dyn StorageFile,
    file_id: FileId,
    sequence: Sequence,
    own: &OwnBlob<'_>,
) -> Result<()> {
    let mut page: PageBytes = [0; PAGE_BYTES];
    for (part, chunk) in own.bytes.chunks(PAGE_BODY_BYTES).enumerate() {
        let number = PageNumber::new(own.first.get() + part as u32);
        page.fill(0);
        page::initialize(&mut page, own.kind, CollectionId::NONE, part as u32);
        page::set_stamp(&mut page, sequence);
        page[PAGE_HEAD_BYTES..PAGE_HEAD_BYTES + chunk.len()].copy_from_slice(chunk);
        page::seal(&mut page, file_id, number);
        file.write_at(u64::from(number.get()) * PAGE_BYTES as u64, &page)?;
    }
    Ok(())
}
