//! The pages that a dump reads, and what is known of the state that they are in.
//!
//! Rules. Of two header slots the later good one counts, and a complete journal's header where it is later still.
//! Without a good slot the file id comes from the journal, a log or the pages themselves (identity.rs), and all
//! else is found by looking at every page. Pages with stamps later than the header are taken as they are: their
//! documents are compared with the log's commits one by one (overlay.rs).

use std::path::Path;
use std::sync::Arc;

use quire_frames::{PAGE_BYTES, PageNumber};

use crate::dump::DumpReport;
use crate::dump::file::PatchedFile;
use crate::dump::identity::learn_file_id;
use crate::error::{Error, ErrorKind, Result};
use crate::format::header::{HEADER_PAGES, Header, Slot};
use crate::format::page::{FileId, Sequence};
use crate::pager::journal::{JOURNAL_SUFFIX, Journal};
use crate::pager::{Pager, PagerOptions, recovery};
use crate::storage::{OpenMode, Storage, StorageFile, sibling};
use crate::wal;

/// Budget of page memory; a dump reads most pages once.
const CACHE_BYTES: u64 = 16 << 20;

/// Where a dump reads from.
pub(super) struct Source {
    /// The pages; only reads are asked of it.
    pub(super) pager: Pager,
    /// The newest readable header.
    pub(super) header: Option<Header>,
    /// Number after the last page that may be there.
    pub(super) page_count: u32,
    /// Identity of the pages and, where it was not learnt from them, of the logs.
    pub(super) file_id: FileId,
}

impl Source {
    /// The source of the database at `path`.
    ///
    /// Errors: `CANNOT_OPEN`, `NOT_A_DATABASE`, `UNSUPPORTED_FORMAT`, `CORRUPTED` where nothing is left, `IO`.
    pub(super) fn open(storage: &dyn Storage, path: &Path, report: &mut DumpReport) -> Result<Source> {
        let file = storage.open(path, OpenMode::Read)?;
        let mut header = choose_header(&*file, path, report)?;
        let journal_file = open_journal(storage, path, report);
        let file_id = match header {
            Some(header) => header.file_id,
            None => find_file_id(storage, path, &*file, journal_file.as_deref())?,
        };
        let journal = journal_file.and_then(|file| {
            Journal::read(file, file_id).unwrap_or_else(|error| {
                report.note(error);
                None
            })
        });
        let mut end = u32::try_from(file.len()?.div_ceil(PAGE_BYTES as u64)).unwrap_or(u32::MAX);
        let mut pages = file;
        // A journal older than the header would bring back pages that were freed and used again since.
        if let Some(journal) = journal
            && header.is_none_or(|header| journal.header.epoch >= header.epoch)
        {
            header = header.map(|_| journal.header);
            let patched = PatchedFile::new(pages, file_id, journal);
            end = end.max(patched.journal_end());
            pages = Arc::new(patched);
        }
        if let Some(header) = &header {
            note_if_short(&*pages, header, end, report)?;
            end = end.min(header.page_count);
        }
        let pager = Pager::new(PagerOptions {
            file: Some(pages),
            file_id,
            hash_key: [0; 16],
            sequence: Sequence(u64::MAX),
            cache_bytes: CACHE_BYTES,
            snapshot_bytes: 0,
        })?;
        let page_count = end.max(HEADER_PAGES);
        pager.set_allocator(page_count, &[])?;
        Ok(Source {
            pager,
            header,
            page_count,
            file_id,
        })
    }

    /// The commit up to which the data file is known to hold everything.
    pub(super) fn sequence(&self) -> Sequence {
        self.header.map_or(Sequence(0), |header| header.sequence)
    }
}

/// The newest good header, if there is one; reports slots that are not good.
fn choose_header(file: &dyn StorageFile, path: &Path, report: &mut DumpReport) -> Result<Option<Header>> {
    let slots = recovery::read_slots(file)?;
    let mut newest: Option<Header> = None;
    let mut unsupported = None;
    for (page, slot) in (0..).zip(slots) {
        match slot {
            Ok(Slot::Good(header)) => {
                newest = Some(newest.map_or(header, |newest| match header.epoch > newest.epoch {
                    true => header,
                    false => newest,
                }));
                continue;
            }
            Ok(Slot::Damaged | Slot::Foreign) => {}
            Err(error) => unsupported = Some(error),
        }
        let what = format!("its header slot of {} is damaged", path.display());
        report.note(Error::corrupted_page(PageNumber::new(page), what));
    }
    match (newest, unsupported) {
        (None, Some(error)) => Err(error),
        (newest, _) => Ok(newest),
    }
}

fn open_journal(storage: &dyn Storage, path: &Path, report: &mut DumpReport) -> Option<Arc<dyn StorageFile>> {
    let path = sibling(path, JOURNAL_SUFFIX);
    let opened = storage.exists(&path).and_then(|exists| match exists {
        true => storage.open(&path, OpenMode::Read).map(Some),
        false => Ok(None),
    });
    opened.unwrap_or_else(|error| {
        report.note(error);
        None
    })
}

fn find_file_id(
    storage: &dyn Storage,
    path: &Path,
    file: &dyn StorageFile,
    journal: Option<&dyn StorageFile>,
) -> Result<FileId> {
    if let Some(journal) = journal
        && let Ok(Some(found)) = Journal::find_file_id(journal)
    {
        return Ok(found);
    }
    if let Ok(Some(found)) = wal::find_file_id(storage, path) {
        return Ok(found);
    }
    learn_file_id(file)?.ok_or_else(|| {
        Error::new(
            ErrorKind::NotADatabase,
            format!(
                "{} has no good header, no journal or log beside it, and no two pages of one QuireDB database",
                path.display()
            ),
        )
    })
}

fn note_if_short(pages: &dyn StorageFile, header: &Header, end: u32, report: &mut DumpReport) -> Result<()> {
    let length = pages.len()?;
    let expected = u64::from(header.page_count) * PAGE_BYTES as u64;
    if length < expected && end <= header.page_count {
        report.note(Error::corrupted_page(
            PageNumber::new((length / PAGE_BYTES as u64) as u32),
            format!(
                "{} was cut short: it has {length} bytes, its header says {expected}",
                pages.path().display()
            ),
        ));
    }
    Ok(())
}
