//! Byte strings longer than a page, in runs of neighbouring pages: large documents, the catalog, the free list.
//!
//! Promises: every page of a run carries its place in the run, so a run that was mixed up is told from a good one.
//! Source: docs/FORMAT.md, "Blob pages".

use quire_frames::{PAGE_BYTES, PageNumber};

use crate::error::{Error, Result};
use crate::format::page::{self, CollectionId, PAGE_BODY_BYTES, PAGE_HEAD_BYTES, PageKind, Sequence};
use crate::pager::{PageView, PageWriter, Pager};

/// Pages that a blob of `length` bytes takes.
pub fn pages_count(length: u32) -> u32 {
    length.div_ceil(PAGE_BODY_BYTES as u32)
}

/// Writes `bytes` (at least one, at most 4 GiB) to a new run and returns its first page.
pub fn write_blob(
    writer: &PageWriter<'_>,
    kind: PageKind,
    owner: CollectionId,
    bytes: &[u8],
) -> Result<PageNumber> {
    let first = writer.allocate_run(pages_count(bytes.len() as u32))?;
    fill_blob(writer, first, kind, owner, bytes)?;
    Ok(first)
}

/// Writes `bytes` to a run that was allocated for them.
pub fn fill_blob(
    writer: &PageWriter<'_>,
    first: PageNumber,
    kind: PageKind,
    owner: CollectionId,
    bytes: &[u8],
) -> Result<()> {
    for (part, chunk) in bytes.chunks(PAGE_BODY_BYTES).enumerate() {
        let number = PageNumber::new(first.get() + part as u32);
        let mut page = writer.initialize(number, kind, owner, part as u32)?;
        page[PAGE_HEAD_BYTES..PAGE_HEAD_BYTES + chunk.len()].copy_from_slice(chunk);
    }
    Ok(())
}

/// What a blob's pages must say of themselves.
#[derive(Clone, Copy)]
pub struct BlobKey {
    /// Kind of every page.
    pub kind: PageKind,
    /// Owner of every page.
    pub owner: CollectionId,
}

/// Appends the blob of `length` bytes at `first` to `out`, as of `sequence` or the current one.
///
/// Errors: `CORRUPTED` when a page is not the part that it should be.
pub fn read_blob(
    pager: &Pager,
    first: PageNumber,
    length: u32,
    key: BlobKey,
    sequence: Option<Sequence>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut left = length as usize;
    for part in 0..pages_count(length) {
        let page = read_part(pager, first, part, key, sequence)?;
        let count = left.min(PAGE_BYTES - PAGE_HEAD_BYTES);
        out.extend_from_slice(&page[PAGE_HEAD_BYTES..PAGE_HEAD_BYTES + count]);
        left -= count;
    }
    Ok(())
}

/// Page `part` of the blob at `first`.
///
/// Errors: as `read_blob`.
pub fn read_part(
    pager: &Pager,
    first: PageNumber,
    part: u32,
    key: BlobKey,
    sequence: Option<Sequence>,
) -> Result<PageView<'_>> {
    let number = first
        .get()
        .checked_add(part)
        .map(PageNumber::new)
        .ok_or_else(|| out_of_range(first))?;
    let page = pager
        .view(number, sequence)?
        .ok_or_else(|| out_of_range(number))?;
    if page::kind(&page) != Some(key.kind) || page::owner(&page) != key.owner || page::part(&page) != part {
        return Err(Error::corrupted_page(
            number,
            format!(
                "it should be part {part} of a {:?} blob of collection {}",
                key.kind, key.owner.0
            ),
        ));
    }
    Ok(page)
}

/// Gives a blob's run back.
pub fn free_blob(writer: &PageWriter<'_>, first: PageNumber, length: u32) {
    writer.free_run(first, pages_count(length));
}

fn out_of_range(number: PageNumber) -> Error {
    Error::corrupted_page(number, "a blob reaches past what existed when it was written")
}
