//! Images of pages for the disk: as a snapshot sees them, with their checksums.
//!
//! Promises: an image never mixes two commits, also while commits change the page.
//! Leaves to others: which pages, and where to (checkpoint.rs, journal.rs, copy.rs).

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use crate::bugs::{Bug, planted};
use crate::error::{Error, ErrorKind, Result};
use crate::format::page::{self, FileId, Sequence};
use crate::pager::Pager;
use crate::storage::StorageFile;

/// Pages written by one call.
const WRITE_PAGES_MAX: usize = 64;

/// Writes the images of `pages`, which are in order, to their places in `file`, whose identity is `file_id`.
pub(super) fn write_in_place(
    file: &dyn StorageFile,
    pager: &Pager,
    file_id: FileId,
    sequence: Sequence,
    pages: &[PageNumber],
) -> Result<()> {
    let mut buffer: Vec<u8> = Vec::with_capacity(WRITE_PAGES_MAX * PAGE_BYTES);
    let mut first = 0u32;
    let mut image = [0u8; PAGE_BYTES];
    for number in pages {
        let count = (buffer.len() / PAGE_BYTES) as u32;
        if count > 0 && (number.get() != first + count || count as usize == WRITE_PAGES_MAX) {
            file.write_at(u64::from(first) * PAGE_BYTES as u64, &buffer)?;
            buffer.clear();
        }
        if buffer.is_empty() {
            first = number.get();
        }
        sealed_image(pager, file_id, *number, sequence, &mut image)?;
        buffer.extend_from_slice(&image);
    }
    if !buffer.is_empty() {
        file.write_at(u64::from(first) * PAGE_BYTES as u64, &buffer)?;
    }
    Ok(())
}

/// The page as the snapshot sees it, with its checksum in the file `file_id`.
pub(super) fn sealed_image(
    pager: &Pager,
    file_id: FileId,
    number: PageNumber,
    sequence: Sequence,
    image: &mut PageBytes,
) -> Result<()> {
    let view = if planted(Bug::CheckpointWithoutSnapshot) {
        pager.view(number, None)?
    } else {
        pager.read_at(number, sequence)?
    };
    let Some(view) = view else {
        return Err(Error::new(
            ErrorKind::Internal,
            format!(
                "page {} changed before commit {} but has no version for it",
                number.get(),
                sequence.0
            ),
        ));
    };
    image.copy_from_slice(&*view);
    page::seal(image, file_id, number);
    Ok(())
}
