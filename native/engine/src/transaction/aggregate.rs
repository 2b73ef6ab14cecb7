//! Aggregations: pipelines over collections as they are at one moment.
//!
//! Promises: every collection that a pipeline reads is seen at the same moment, with the writes of its own
//! transaction, however long the results are read.
//! Leaves to others: what stages do (query/pipeline), one collection's documents (cursor.rs), writing results
//! (aggregate_output.rs).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::collection::CollectionState;
use crate::error::{Error, ErrorKind, Result};
use crate::format::page::Sequence;
use crate::format::record::{StructureRegistry, Structures};
use crate::format::value;
use crate::limits::DEPTH_MAX;
use crate::pager::snapshot::Snapshot;
use crate::query::pipeline::{Collections, Document, Documents, Execution, Flow, Visit, Wanted};
use crate::query::{Pipeline, filter};
use crate::store::Store;
use crate::transaction::Transaction;
use crate::transaction::cursor::{Cursor, FindOptions, Purpose};
use crate::transaction::overlay::Overlay;

/// Documents handed to a pipeline in one go, so that a shutdown or an error is noticed in between.
const VISITED_MAX: usize = 1 << 16;
/// Documents copied in one go for a pipeline that opens other collections.
const COPIED_MAX: usize = 256;
/// Bytes of such a copy, after which no further document is added.
const COPIED_BYTES_MAX: usize = 1 << 20;

/// A pipeline that runs.
pub struct Aggregation {
    /// None when nothing more comes.
    execution: Option<Execution>,
    registry: Arc<StructureRegistry>,
    structures_identity: u64,
}

impl Aggregation {
    /// Begins to run `pipeline` over `collection`; None where it has documents of its own.
    fn begin(views: Views, collection: Option<&str>, pipeline: &Pipeline) -> Aggregation {
        let view = collection.and_then(|name| views.by_name.get(name));
        let (registry, structures_identity) = match view {
            Some(view) => {
                let content = view.state.content.read();
                (content.structures.clone(), content.structures_identity)
            }
            None => (Arc::default(), 0),
        };
        let execution = Execution::new(
            pipeline,
            collection.unwrap_or_default(),
            Box::new(views),
            filter::now(),
        );
        Aggregation {
            execution: Some(execution),
            registry,
            structures_identity,
        }
    }

    /// Begins to run `pipeline` on a collection as it is now. `state` finds the others that the pipeline names.
    pub(crate) fn open(
        store: &Arc<Store>,
        collection: Option<&str>,
        pipeline: &Pipeline,
    ) -> Result<Aggregation> {
        store.check_readable()?;
        let names: Vec<&str> = collection.into_iter().chain(pipeline.collections()).collect();
        // One collection is seen at one moment anyhow.
        let snapshot = (names.len() > 1).then(|| store.open_snapshot()).transpose()?;
        let mut views = Views::new(store, snapshot);
        for name in names {
            views.add(name, store.collection(name), None);
        }
        Ok(Aggregation::begin(views, collection, pipeline))
    }

    /// Appends the next results to `out`, back to back in stored form, and returns how many: at most
    /// `documents_max`, and no further one once `out` has `bytes_max` bytes. 0 is the end.
    ///
    /// Errors: those of the stages, `SNAPSHOT_TOO_OLD`, `CONFLICT`, `CORRUPTED`, `IO`; nothing comes after one.
    pub fn next_batch(&mut self, out: &mut Vec<u8>, documents_max: usize, bytes_max: usize) -> Result<usize> {
        let mut count = 0;
        self.advance(&mut |document| {
            append(document, out)?;
            count += 1;
            let is_full = count >= documents_max || out.len() >= bytes_max;
            Ok(if is_full { Flow::Pause } else { Flow::More })
        })?;
        Ok(count)
    }

    pub(super) fn advance(&mut self, sink: &mut dyn FnMut(Document<'_>) -> Result<Flow>) -> Result<()> {
        let Some(execution) = &mut self.execution else {
            return Ok(());
        };
        let result = execution.advance(sink);
        if !matches!(result, Ok(true)) {
            self.execution = None;
        }
        result.map(|_| ())
    }

    /// True when no result follows; one that could still follow may turn out not to.
    pub fn is_over(&self) -> bool {
        self.execution.is_none()
    }

    /// The key lists that the results' records use.
    pub fn structures(&self) -> Arc<Structures> {
        self.registry.snapshot()
    }

    /// Changes when numbers of `structures` mean something else; see `Content`.
    pub fn structures_identity(&self) -> u64 {
        self.structures_identity
    }
}

/// Appends a result in stored form. Errors: LIMIT_EXCEEDED for one that nests too deep.
fn append(document: Document<'_>, out: &mut Vec<u8>) -> Result<()> {
    let too_deep = || {
        Error::new(
            ErrorKind::LimitExceeded,
            format!("a result of the pipeline nests deeper than {DEPTH_MAX} levels"),
        )
    };
    match &document {
        Document::Stored(cursor) => out.extend_from_slice(cursor.raw()?),
        Document::Seen(document) if document.nests_deeper_than(DEPTH_MAX) => return Err(too_deep()),
        Document::Owned(document) if document.nests_deeper_than(DEPTH_MAX) => return Err(too_deep()),
        Document::Seen(document) => document.write(out),
        Document::Owned(document) => document.write(out),
    }
    Ok(())
}

/// Collections as of one moment.
struct Views {
    store: Arc<Store>,
    /// None when there is one collection, which is opened once.
    snapshot: Option<Snapshot>,
    by_name: BTreeMap<Box<str>, View>,
}

struct View {
    state: Arc<CollectionState>,
    overlay: Option<Overlay>,
}

impl Drop for Views {
    fn drop(&mut self) {
        if let Some(snapshot) = self.snapshot.take() {
            self.store.pager.close_snapshot(&snapshot);
        }
    }
}

impl Views {
    fn new(store: &Arc<Store>, snapshot: Option<Snapshot>) -> Views {
        Views {
            store: store.clone(),
            snapshot,
            by_name: BTreeMap::new(),
        }
    }

    fn add(&mut self, name: &str, state: Arc<CollectionState>, overlay: Option<Overlay>) {
        self.by_name.insert(name.into(), View { state, overlay });
    }
}

/// What a pipeline's first stages want, as a query.
impl From<Wanted> for FindOptions {
    fn from(wanted: Wanted) -> FindOptions {
        FindOptions {
            filter: wanted.filter,
            sort: wanted.sort,
            skip: wanted.skip,
            limit: wanted.limit,
            hint: wanted.hint,
            projection: None,
        }
    }
}

impl Collections for Views {
    fn open(&self, name: &str, wanted: Wanted) -> Result<Box<dyn Documents>> {
        let Some(view) = self.by_name.get(name) else {
            return Err(Error::new(
                ErrorKind::Internal,
                "a pipeline opened a collection that it does not name",
            ));
        };
        let options = FindOptions::from(wanted);
        let at: Option<Sequence> = self.snapshot.as_ref().map(Snapshot::sequence);
        let overlay = view.overlay.clone();
        let cursor = Cursor::open(&self.store, &view.state, at, overlay, options, Purpose::Read)?;
        Ok(Box::new(Opened {
            cursor,
            copies: Vec::new(),
            at: 0,
        }))
    }

    fn is_indexed(&self, name: &str, path: &str) -> bool {
        let Some(view) = self.by_name.get(name) else {
            return false;
        };
        let content = view.state.content.read();
        let mut indexes = content.body.iter().flat_map(|body| &body.indexes);
        path == "_id" || indexes.any(|index| index.begins_with(path))
    }
}

/// The documents of one collection on their way into a pipeline.
struct Opened {
    cursor: Cursor,
    /// Documents that were copied, back to back.
    copies: Vec<u8>,
    /// Where the next one of them begins.
    at: usize,
}

impl Documents for Opened {
    fn visit(&mut self, is_detached: bool, visit: &mut Visit<'_>) -> Result<bool> {
        let structures = self.cursor.structures();
        if !is_detached {
            return self.cursor.visit(VISITED_MAX, &mut |document| {
                visit(Document::Stored(value::Cursor::new(document, &structures)))
            });
        }
        if self.at >= self.copies.len() {
            self.copies.clear();
            self.at = 0;
            let count = self
                .cursor
                .next_batch(&mut self.copies, COPIED_MAX, COPIED_BYTES_MAX)?;
            if count == 0 {
                return Ok(false);
            }
        }
        while self.at < self.copies.len() {
            let document = value::Cursor::at(&self.copies, self.at, &structures).raw()?;
            self.at += document.len();
            if visit(Document::Stored(value::Cursor::new(document, &structures)))?.is_break() {
                break;
            }
        }
        Ok(true)
    }

    fn count(&mut self) -> Result<u64> {
        self.cursor.count()
    }
}

impl Transaction {
    /// Runs `pipeline` over `collection` as the transaction sees it now; later writes do not reach it. What
    /// `$out` or `$merge` writes is written when this returns, and belongs to the transaction.
    ///
    /// Errors: those of the pipeline; where it writes, also those of writing documents, and then nothing is
    /// written.
    pub fn aggregate(&mut self, collection: &str, pipeline: &Pipeline) -> Result<Aggregation> {
        if let Some(output) = pipeline.output() {
            crate::collection::check_name(output.into_name())?;
            self.leased_part(output.into_name())?;
        }
        let collection = (!pipeline.begins_with_documents()).then_some(collection);
        let names: Vec<&str> = collection.into_iter().chain(pipeline.collections()).collect();
        let snapshot = match &self.snapshot {
            Some(snapshot) => Some(self.store.pager.open_snapshot(snapshot.sequence(), false)),
            None => (names.len() > 1)
                .then(|| self.store.open_snapshot())
                .transpose()?,
        };
        let mut views = Views::new(&self.store.clone(), snapshot);
        for name in names {
            let part = self.part(name)?;
            views.add(name, part.state.clone(), Some(part.overlay.clone()));
        }
        let mut aggregation = Aggregation::begin(views, collection, pipeline);
        if let Some(output) = pipeline.output() {
            self.write_output(&mut aggregation, output)?;
        }
        Ok(aggregation)
    }
}
