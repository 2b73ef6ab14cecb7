//! Creating and opening the data file: which of the states on disk is the current one.
//!
//! Rules. A new file gets its name only when it is whole and synced. Of two good header slots the later epoch
//! counts. A complete journal of a later epoch is applied before anything else is read. A file without a good
//! slot is damaged or not ours; only an empty one is new.
//!
//! Promises: reading a state never writes; what is applied can be applied again after a crash. What only the
//! system's cache holds, because a process was killed or its sync failed, is made durable before it is built upon.
//! Leaves to others: the log's commits, which come after the header's (wal, database.rs).

use std::path::Path;
use std::sync::Arc;

use quire_frames::{PAGE_BYTES, PageBytes, PageNumber};

use crate::bugs::{Bug, planted};
use crate::error::{Error, ErrorKind, Result};
use crate::format::header::{BlobPlace, HEADER_BYTES, HEADER_PAGES, Header, Slot};
use crate::format::page::{FileId, Sequence};
use crate::pager::journal::{self, JOURNAL_SUFFIX, Journal};
use crate::storage::{OpenMode, Storage, StorageFile, sibling};

/// Suffix of a data file that is being made.
const NEW_SUFFIX: &str = "-new";

/// The state that the data file holds.
pub struct DataFile {
    /// The open file.
    pub file: Arc<dyn StorageFile>,
    /// Its current header.
    pub header: Header,
    /// Pages of a complete journal that a read-only opener must use instead of the file's.
    pub overlay: Vec<(PageNumber, Box<PageBytes>)>,
}

/// Makes an empty database at `path` and returns it.
///
/// Errors: `CANNOT_OPEN`, `DISK_FULL`, `IO`; then nothing of the name `path` exists.
pub fn create(storage: &dyn Storage, path: &Path, created_ms: u64) -> Result<DataFile> {
    let mut file_id = FileId::default();
    let mut hash_key = [0; 16];
    storage.random(&mut file_id.0)?;
    storage.random(&mut hash_key)?;
    let header = Header {
        file_id,
        hash_key,
        epoch: 1,
        sequence: Sequence(0),
        page_count: HEADER_PAGES,
        next_collection: 1,
        catalog: BlobPlace::default(),
        catalog_mirror: 0,
        free_list: BlobPlace::default(),
        clean: true,
        log_mark: 0,
        created_ms,
    };
    make_file(storage, path, |file| {
        file.set_len(u64::from(HEADER_PAGES) * PAGE_BYTES as u64)?;
        write_slots(file, &header)
    })?;
    Ok(DataFile {
        file: storage.open(path, OpenMode::ReadWrite)?,
        header,
        overlay: Vec::new(),
    })
}

/// Makes the file `path` of what `fill` writes: under another name, synced, then renamed. The caller keeps everybody
/// else from the name, and has seen that no file has it.
///
/// Errors: those of `fill`; `CANNOT_OPEN`, `DISK_FULL`, `IO`: nothing has the name then, as far as the disk still
/// does what it is told; what has it after a crash is whole.
pub fn make_file(
    storage: &dyn Storage,
    path: &Path,
    fill: impl FnOnce(&dyn StorageFile) -> Result<()>,
) -> Result<()> {
    let new_path = sibling(path, NEW_SUFFIX);
    storage.remove(&new_path)?;
    let made = (|| {
        let file = storage.open(&new_path, OpenMode::CreateNew)?;
        fill(&*file)?;
        file.sync_data()
    })();
    let renamed = made.and_then(|()| storage.rename(&new_path, path));
    if let Err(error) = renamed {
        // The first error is the one to report; a leftover is removed again when the file is made next.
        let _ = storage.remove(&new_path);
        return Err(error);
    }
    if planted(Bug::NoDirectorySync) {
        return Ok(());
    }
    storage.sync_directory(path).inspect_err(|_| {
        let _ = storage.remove(path);
    })
}

/// Writes `header` to both slots of a new file.
pub fn write_slots(file: &dyn StorageFile, header: &Header) -> Result<()> {
    for slot in 0..u64::from(HEADER_PAGES) {
        file.write_at(slot * PAGE_BYTES as u64, &header.encode())?;
    }
    Ok(())
}

/// Reads the state of the database at `path`, applying a complete journal.
///
/// Errors: `CANNOT_OPEN`, `NOT_A_DATABASE`, `CORRUPTED`, `UNSUPPORTED_FORMAT`, `IO`.
pub fn open(storage: &dyn Storage, path: &Path, read_only: bool) -> Result<DataFile> {
    let mode = if read_only {
        OpenMode::Read
    } else {
        OpenMode::ReadWrite
    };
    let file = storage.open(path, mode)?;
    let slots = read_slots(&*file)?;
    let mut data = DataFile {
        header: choose(&slots, path)?,
        file,
        overlay: Vec::new(),
    };
    apply_journal(storage, path, read_only, &mut data)?;
    let length = data.file.len()?;
    let expected = u64::from(data.header.page_count) * PAGE_BYTES as u64;
    if length < expected && data.overlay.is_empty() {
        return Err(Error::corrupted_page(
            PageNumber::new((length / PAGE_BYTES as u64) as u32),
            format!(
                "{} was cut short: it has {length} bytes, its header says {expected}",
                path.display()
            ),
        ));
    }
    Ok(data)
}

/// Makes the header that was chosen durable, before anything is built upon it.
///
/// A process that was killed, or whose sync failed, may have left it in the system's cache only. A sync alone would
/// not do: after one that failed the cache calls lost bytes clean. So it is written again.
pub fn settle(data: &DataFile) -> Result<()> {
    if planted(Bug::CachedHeaderTrusted) {
        return Ok(());
    }
    let at = (data.header.epoch % 2) * PAGE_BYTES as u64;
    data.file.write_at(at, &data.header.encode())?;
    data.file.sync_data()
}

/// Makes the journal that an earlier process left incomplete for good. Its state was taken over, and the header is settled;
/// nothing was written to the data file since.
///
/// A checkpoint that is made again writes many pages as the one before it did, images in the journal among them: they
/// could complete the older journal, whose header names a catalog that is no longer there.
///
/// Errors: `IO`.
pub fn void_journal(storage: &dyn Storage, path: &Path) -> Result<()> {
    let journal_path = sibling(path, JOURNAL_SUFFIX);
    if planted(Bug::IncompleteJournalKept) || !storage.exists(&journal_path)? {
        return Ok(());
    }
    journal::void(&*storage.open(&journal_path, OpenMode::ReadWrite)?)
}

/// Both header slots, as they are.
pub fn read_slots(file: &dyn StorageFile) -> Result<[Result<Slot>; 2]> {
    let mut slots = [Ok(Slot::Foreign), Ok(Slot::Foreign)];
    for (index, slot) in slots.iter_mut().enumerate() {
        let mut bytes = [0; HEADER_BYTES];
        let count = file.read_at((index * PAGE_BYTES) as u64, &mut bytes)?;
        *slot = Header::decode(&bytes[..count]);
    }
    Ok(slots)
}

/// The header that counts.
fn choose(slots: &[Result<Slot>; 2], path: &Path) -> Result<Header> {
    let good = slots.iter().filter_map(|slot| {
        if let Ok(Slot::Good(header)) = slot {
            Some(*header)
        } else {
            None
        }
    });
    if let Some(newest) = good.max_by_key(|header| header.epoch) {
        return Ok(newest);
    }
    for slot in slots {
        if let Err(error) = slot {
            return Err(error.clone());
        }
    }
    if slots.iter().any(|slot| matches!(slot, Ok(Slot::Damaged))) {
        return Err(Error::corrupted_page(
            PageNumber::new(0),
            format!(
                "both header slots of {} are damaged; restore a backup or salvage the documents with `dump`",
                path.display()
            ),
        ));
    }
    Err(Error::new(
        ErrorKind::NotADatabase,
        format!(
            "{} is not a QuireDB database: it does not begin with the bytes \"QuireDB\"",
            path.display()
        ),
    ))
}

/// Applies a journal that is complete and newer than the header.
fn apply_journal(storage: &dyn Storage, path: &Path, read_only: bool, data: &mut DataFile) -> Result<()> {
    let journal_path = sibling(path, JOURNAL_SUFFIX);
    if planted(Bug::JournalIgnored) || !storage.exists(&journal_path)? {
        return Ok(());
    }
    let mode = if read_only {
        OpenMode::Read
    } else {
        OpenMode::ReadWrite
    };
    let journal_file = storage.open(&journal_path, mode)?;
    let Some(journal) = Journal::read(journal_file, data.header.file_id)? else {
        return Ok(());
    };
    if journal.header.epoch <= data.header.epoch {
        return Ok(());
    }
    data.header = journal.header;
    if read_only {
        return journal.for_each(|number, image| {
            data.overlay.push((number, Box::new(*image)));
            Ok(())
        });
    }
    journal.write_again()?;
    let file = &data.file;
    journal.for_each(|number, image| file.write_at(u64::from(number.get()) * PAGE_BYTES as u64, image))?;
    file.sync_data()?;
    let header = &data.header;
    for epoch in [header.epoch, header.epoch + 1] {
        file.write_at((epoch % 2) * PAGE_BYTES as u64, &header.encode())?;
        file.sync_data()?;
    }
    Ok(())
}
