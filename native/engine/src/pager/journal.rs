//! The checkpoint journal: copies of the pages that a checkpoint is about to overwrite with new content.
//!
//! Layout: one head page, the list (8 bytes a page: number, checksum), zeros to the next page boundary, then
//! the images in the order of the list. The head carries the whole header slot that the checkpoint will write.
//!
//! Promises: a journal is complete only when head, list and every image fit each other, whatever an earlier
//! journal left in the file; a complete one can be applied any number of times.
//! Leaves to others: when it must be synced (checkpoint.rs) and when it counts (recovery.rs).
//! Source: docs/FORMAT.md, "Journal".

use std::sync::Arc;

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use crate::bugs::{Bug, planted};
use crate::error::Result;
use crate::format::header::{HEADER_BYTES, HEADER_PAGES, Header, Slot};
use crate::format::page::{self, FileId};
use crate::format::{read_u32, read_u64};
use crate::storage::StorageFile;

/// Suffix of the journal's file name.
pub const JOURNAL_SUFFIX: &str = "-journal";

const MAGIC: [u8; 16] = *b"QuireJournal\r\n\x1a\n";
const VERSION: u32 = 1;
const VERSION_AT: usize = 16;
const COUNT_AT: usize = 20;
const LIST_CHECKSUM_AT: usize = 24;
const FILE_ID_AT: usize = 32;
const EPOCH_AT: usize = 48;
const HEADER_AT: usize = 64;
const CHECKSUM_AT: usize = 252;
const HEAD_BYTES: usize = 256;
const ENTRY_BYTES: usize = 8;

const _: () =
    assert!(HEADER_AT + HEADER_BYTES <= CHECKSUM_AT && CHECKSUM_AT + 4 == HEAD_BYTES && HEAD_BYTES <= 512);

/// Writes images one after the other, then the list and the head.
pub struct JournalWriter<'a> {
    file: &'a dyn StorageFile,
    list: Vec<u8>,
    images_at: u64,
    buffer: Vec<u8>,
    written_count: usize,
}

const BUFFER_PAGES: usize = 64;

impl<'a> JournalWriter<'a> {
    /// A journal of `count` pages in `file`, over whatever it held.
    pub fn new(file: &'a dyn StorageFile, count: usize) -> JournalWriter<'a> {
        JournalWriter {
            file,
            list: Vec::with_capacity(count * ENTRY_BYTES),
            images_at: images_offset(count as u32),
            buffer: Vec::with_capacity(BUFFER_PAGES * PAGE_BYTES),
            written_count: 0,
        }
    }

    /// Adds a sealed page.
    pub fn push(&mut self, number: PageNumber, image: &PageBytes) -> Result<()> {
        self.list.extend_from_slice(&number.get().to_le_bytes());
        self.list
            .extend_from_slice(&page::stored_checksum(image).to_le_bytes());
        self.buffer.extend_from_slice(image);
        if self.buffer.len() == BUFFER_PAGES * PAGE_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes the list and the head; the journal is complete once the file is synced.
    pub fn finish(mut self, header: &Header) -> Result<()> {
        self.flush()?;
        self.file.write_at(PAGE_BYTES as u64, &self.list)?;
        let mut head = [0u8; HEAD_BYTES];
        let mut put = |at: usize, field: &[u8]| head[at..at + field.len()].copy_from_slice(field);
        put(0, &MAGIC);
        put(VERSION_AT, &VERSION.to_le_bytes());
        put(COUNT_AT, &((self.list.len() / ENTRY_BYTES) as u32).to_le_bytes());
        put(LIST_CHECKSUM_AT, &crc32fast::hash(&self.list).to_le_bytes());
        put(FILE_ID_AT, &header.file_id.0);
        put(EPOCH_AT, &header.epoch.to_le_bytes());
        put(HEADER_AT, &header.encode());
        let sum = crc32fast::hash(&head[..CHECKSUM_AT]);
        head[CHECKSUM_AT..].copy_from_slice(&sum.to_le_bytes());
        self.file.write_at(0, &head)
    }

    fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let at = self.images_at + (self.written_count * PAGE_BYTES) as u64;
        self.file.write_at(at, &self.buffer)?;
        self.written_count += self.buffer.len() / PAGE_BYTES;
        self.buffer.clear();
        Ok(())
    }
}

/// Makes the journal in `file` incomplete, durably. Needs no room on the disk: a head of zeros may be a hole, which a
/// full disk cannot fill, and is left as it is.
pub fn void(file: &dyn StorageFile) -> Result<()> {
    let mut head = [0u8; HEAD_BYTES];
    let count = file.read_at(0, &mut head)?;
    if head.iter().any(|byte| *byte != 0) {
        file.write_at(0, &[0u8; HEAD_BYTES][..count])?;
    }
    file.sync_data()
}

/// A complete journal.
pub struct Journal {
    file: Arc<dyn StorageFile>,
    /// The header that the checkpoint was about to write.
    pub header: Header,
    list: Vec<u8>,
}

impl Journal {
    /// The database that the journal in `file` says it belongs to.
    ///
    /// Errors: `IO`.
    pub fn find_file_id(file: &dyn StorageFile) -> Result<Option<FileId>> {
        let Some(head) = read_head(file)? else {
            return Ok(None);
        };
        let mut file_id = FileId::default();
        file_id.0.copy_from_slice(&head[FILE_ID_AT..FILE_ID_AT + 16]);
        Ok(Some(file_id))
    }

    /// Reads the journal of database `file_id`; `None` when it is not complete, or another database's.
    ///
    /// Errors: `IO`; `UNSUPPORTED_FORMAT`.
    pub fn read(file: Arc<dyn StorageFile>, file_id: FileId) -> Result<Option<Journal>> {
        let Some(head) = read_head(&*file)? else {
            return Ok(None);
        };
        if head[FILE_ID_AT..FILE_ID_AT + 16] != file_id.0 {
            return Ok(None);
        }
        let Slot::Good(header) = Header::decode(&head[HEADER_AT..HEADER_AT + HEADER_BYTES])? else {
            return Ok(None);
        };
        let count = read_u32(&head, COUNT_AT);
        if images_offset(count) + u64::from(count) * PAGE_BYTES as u64 > file.len()?
            || header.epoch != read_u64(&head, EPOCH_AT)
        {
            return Ok(None);
        }
        let mut list = vec![0; count as usize * ENTRY_BYTES];
        file.read_exact_at(PAGE_BYTES as u64, &mut list)?;
        if crc32fast::hash(&list) != read_u32(&head, LIST_CHECKSUM_AT) {
            return Ok(None);
        }
        let journal = Journal { file, header, list };
        // What the file does not have, and the header slots, no journal may write.
        let is_inside = |page: PageNumber| (HEADER_PAGES..header.page_count).contains(&page.get());
        let mut is_complete = journal.pages().all(is_inside);
        journal.for_each_unverified(|number, checksum, image| {
            let is_good = page::stored_checksum(image) == checksum
                && page::checksum(image, file_id, number) == checksum;
            is_complete &= is_good;
            Ok(())
        })?;
        Ok((is_complete || planted(Bug::TornJournalAccepted)).then_some(journal))
    }

    /// The pages in the order of the list.
    pub fn pages(&self) -> impl Iterator<Item = PageNumber> + '_ {
        self.list
            .chunks_exact(ENTRY_BYTES)
            .map(|entry| PageNumber::new(read_u32(entry, 0)))
    }

    /// Reads the image at place `index` of the list.
    pub fn read_image(&self, index: usize, image: &mut PageBytes) -> Result<()> {
        let images_at = images_offset((self.list.len() / ENTRY_BYTES) as u32);
        self.file
            .read_exact_at(images_at + (index * PAGE_BYTES) as u64, image)
    }

    /// Writes the journal over itself and syncs it, for what was read may be in the system's cache only, left by
    /// a process that was killed or whose sync failed; see `recovery::settle`.
    pub fn write_again(&self) -> Result<()> {
        if planted(Bug::CachedJournalTrusted) {
            return Ok(());
        }
        let count = self.list.len() / ENTRY_BYTES;
        let end = images_offset(count as u32) + (count * PAGE_BYTES) as u64;
        let mut piece = vec![0u8; BUFFER_PAGES * PAGE_BYTES];
        let mut at = 0;
        while at < end {
            let length = (end - at).min(piece.len() as u64) as usize;
            self.file.read_exact_at(at, &mut piece[..length])?;
            self.file.write_at(at, &piece[..length])?;
            at += length as u64;
        }
        self.file.sync_data()
    }

    /// Hands every image to `visit`.
    pub fn for_each(&self, mut visit: impl FnMut(PageNumber, &PageBytes) -> Result<()>) -> Result<()> {
        self.for_each_unverified(|number, _, image| visit(number, image))
    }

    fn for_each_unverified(
        &self,
        mut visit: impl FnMut(PageNumber, u32, &PageBytes) -> Result<()>,
    ) -> Result<()> {
        let mut image = [0u8; PAGE_BYTES];
        for (index, entry) in self.list.chunks_exact(ENTRY_BYTES).enumerate() {
            self.read_image(index, &mut image)?;
            visit(PageNumber::new(read_u32(entry, 0)), read_u32(entry, 4), &image)?;
        }
        Ok(())
    }
}

/// The head, where it is whole and of this release's version.
fn read_head(file: &dyn StorageFile) -> Result<Option<[u8; HEAD_BYTES]>> {
    let mut head = [0u8; HEAD_BYTES];
    let is_whole = file.read_at(0, &mut head)? == HEAD_BYTES
        && head[..16] == MAGIC
        && crc32fast::hash(&head[..CHECKSUM_AT]) == read_u32(&head, CHECKSUM_AT)
        && read_u32(&head, VERSION_AT) == VERSION;
    Ok(is_whole.then_some(head))
}

/// Offset of the first image of a journal of `count` pages.
fn images_offset(count: u32) -> u64 {
    let list_bytes = u64::from(count) * ENTRY_BYTES as u64;
    PAGE_BYTES as u64 + list_bytes.next_multiple_of(PAGE_BYTES as u64)
}
