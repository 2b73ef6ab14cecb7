//! The data file together with the checkpoint journal that lies over it.
//!
//! Promises: of a page that both hold, the good image with the later stamp is read, so it does not matter how far
//! the checkpoint came; nothing is written.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use crate::error::{Error, ErrorKind, Result};
use crate::format::page::{self, FileId, Sequence};
use crate::pager::journal::Journal;
use crate::pager::verify_page;
use crate::storage::StorageFile;

/// A data file whose pages may have newer images in a journal.
pub(super) struct PatchedFile {
    file: Arc<dyn StorageFile>,
    file_id: FileId,
    journal: Journal,
    /// Place in the journal of each page that it has.
    places: HashMap<u32, usize>,
}

impl PatchedFile {
    /// `file` under the complete `journal`.
    pub(super) fn new(file: Arc<dyn StorageFile>, file_id: FileId, journal: Journal) -> PatchedFile {
        let places = journal
            .pages()
            .enumerate()
            .map(|(place, number)| (number.get(), place))
            .collect();
        PatchedFile {
            file,
            file_id,
            journal,
            places,
        }
    }

    /// Number after the last page of the journal.
    pub(super) fn journal_end(&self) -> u32 {
        self.places.keys().max().map_or(0, |last| last.saturating_add(1))
    }

    /// The stamp of `image`, where it is a good image of page `number`.
    fn stamp(&self, number: u32, image: &PageBytes) -> Option<Sequence> {
        verify_page(image, self.file_id, PageNumber::new(number), Sequence(u64::MAX))
            .ok()
            .map(|()| page::stamp(image))
    }
}

impl StorageFile for PatchedFile {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize> {
        let number = u32::try_from(offset / PAGE_BYTES as u64).unwrap_or(u32::MAX);
        let (Some(place), Ok(out_page)) = (self.places.get(&number), <&mut PageBytes>::try_from(&mut *out))
        else {
            return self.file.read_at(offset, out);
        };
        let read = self.file.read_at(offset, out_page);
        let stamp = match &read {
            Ok(PAGE_BYTES) => self.stamp(number, out_page),
            _ => None,
        };
        let mut image = [0; PAGE_BYTES];
        self.journal.read_image(*place, &mut image)?;
        match self.stamp(number, &image) {
            Some(newer) if stamp.is_none_or(|stamp| stamp < newer) => {
                out_page.copy_from_slice(&image);
                Ok(PAGE_BYTES)
            }
            _ => read,
        }
    }

    fn write_at(&self, _offset: u64, _bytes: &[u8]) -> Result<()> {
        Err(read_only(self.path()))
    }

    fn set_len(&self, _len: u64) -> Result<()> {
        Err(read_only(self.path()))
    }

    fn len(&self) -> Result<u64> {
        self.file.len()
    }

    fn sync_data(&self) -> Result<()> {
        Err(read_only(self.path()))
    }
}

fn read_only(path: &Path) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("a dump tried to write to {}", path.display()),
    )
}
