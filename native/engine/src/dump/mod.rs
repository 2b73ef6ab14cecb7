//! The dump: every document that can still be read, from a database that may be too damaged to open.
//!
//! Order: which state the file is in (source.rs); collections, their names and record structures (collections.rs);
//! the log's commits, kept in memory (overlay.rs); then collection by collection the documents of its pages and
//! those of the log (documents.rs).
//!
//! Promises: writes nothing. A document is handed out at most once, as of its newest commit that can be read; what
//! cannot be read is a problem in the report, with its page, and never the end of the dump. Memory is bounded,
//! but for the log's commits and, where the map of a collection is damaged, 16 bytes for each of its documents.
//! Leaves to others: what is wrong with a database that opens (check.rs).

mod collections;
mod documents;
mod file;
mod identity;
mod overlay;
mod source;
mod sweep;

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::format::index_definition::IndexDefinition;
use crate::storage::{FileStorage, LockMode, Storage};
use documents::Writer;
use overlay::Overlay;
use source::Source;
use sweep::Sweep;

/// Most problems that are told one by one; all are counted.
const PROBLEMS_TOLD_MAX: usize = 1000;

/// A document that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DumpedDocument<'a> {
    /// Name of its collection; `collection-<number>` where the name is lost.
    pub collection: &'a str,
    /// The document in plain MessagePack.
    pub document: &'a [u8],
}

/// What a dump found.
#[derive(Clone, Debug, Default)]
pub struct DumpReport {
    /// Documents handed out.
    pub documents_count: u64,
    /// The ordered indexes that are known, by the names of their collections.
    pub indexes: Vec<(String, IndexDefinition)>,
    /// What could not be read, at most the first thousand.
    pub problems: Vec<Error>,
    /// How many things could not be read.
    pub problems_count: u64,
}

impl DumpReport {
    pub(crate) fn note(&mut self, problem: Error) {
        self.problems_count += 1;
        if self.problems.len() < PROBLEMS_TOLD_MAX {
            self.problems.push(problem);
        }
    }
}

/// Hands every readable document of the database at `path` to `visit`, collection by collection.
///
/// Errors: `CANNOT_OPEN`, `LOCKED` while the database is open, also in this process, `NOT_A_DATABASE`,
/// `UNSUPPORTED_FORMAT`, `IO`, and whatever `visit` returns. Damage is in the report.
pub fn dump(path: &str, visit: impl FnMut(DumpedDocument<'_>) -> Result<()>) -> Result<DumpReport> {
    dump_on(&FileStorage::new(), Path::new(path), visit)
}

/// As `dump`, for the database at `path` of `storage`.
pub fn dump_on(
    storage: &dyn Storage,
    path: &Path,
    mut visit: impl FnMut(DumpedDocument<'_>) -> Result<()>,
) -> Result<DumpReport> {
    if !storage.exists(path)? {
        return Err(Error::new(
            ErrorKind::CannotOpen,
            format!("cannot open {}: there is no such file", path.display()),
        ));
    }
    let _lock = storage.lock(path, LockMode::Shared)?;
    let mut report = DumpReport::default();
    let source = Source::open(storage, path, &mut report)?;
    let mut sweep = Sweep::new(&source);
    let mut collections = collections::read(&source, &mut sweep, &mut report);
    let mut overlay = Overlay::default();
    let log_problems = overlay.read(storage, path, &source, &mut collections);
    log_problems.into_iter().for_each(|problem| report.note(problem));
    collections.name_unlisted(&mut sweep, &overlay, &mut report);
    for (id, collection) in &collections.by_id {
        if !overlay.is_dropped(*id) {
            let named = |index: &IndexDefinition| (collection.name.clone(), index.clone());
            report.indexes.extend(collection.indexes.iter().map(named));
        }
    }
    let mut writer = Writer::new(&source.pager, &mut report, &mut visit);
    for (id, collection) in &collections.by_id {
        writer.collection(*id, collection, overlay.take(*id), &mut sweep)?;
    }
    Ok(report)
}
