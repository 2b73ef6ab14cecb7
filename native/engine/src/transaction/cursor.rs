//! Cursors: the documents of one moment, handed out in batches.
//!
//! Promises: a cursor sees its collection as it was when it was opened, with the writes of its own transaction,
//! however long it runs; no lock is held between batches, and within one a writer waits for the places of a few
//! documents at most. What is handed out is the same whichever plan is run, but for the order of what is not sorted.
//! Parts: options.rs (what is asked), planning.rs (the plan), source.rs (running it) on entries.rs, lookup.rs and
//! covering.rs, taker.rs (which documents are taken), explain.rs (what is told of a plan).
//! Leaves to others: which documents match (query/filter), choosing plans (query/plan), pages and places (heap/).

mod covering;
mod entries;
mod explain;
mod lookup;
mod options;
mod planning;
mod source;
mod taker;

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::collection::{AsOf, Body, CollectionState};
use crate::error::Result;
use crate::format::page::Sequence;
use crate::format::record::{StructureRegistry, Structures};
use crate::heap::HeapScan;
use crate::limits::SORT_BYTES_DEFAULT;
use crate::pager::snapshot::Snapshot;
use crate::query::plan::{self, Plan};
use crate::query::projection::Circumstances;
use crate::query::sort::{Sort, Sorted, Sorter};
use crate::query::{Filter, Matcher, Projection};
use crate::store::Store;
use crate::transaction::overlay::Overlay;
use covering::Covering;
use entries::Entries;
use lookup::Lookup;
use planning::{Inquiry, shapes};
use source::{Part, Source};
use taker::{Batch, Goal, Taker, Visit};

pub use options::FindOptions;

/// Ids whose documents are read when the cursor is opened, so that no snapshot is needed.
const FOUND_AT_ONCE_MAX: usize = 64;

/// A running query.
pub struct Cursor {
    store: Arc<Store>,
    source: Source,
    snapshot: Option<Snapshot>,
    registry: Arc<StructureRegistry>,
    structures_identity: u64,
    filter: Option<Arc<Filter>>,
    projection: Option<Projecting>,
    /// The order that the source does not give.
    sort: Option<Arc<Sort>>,
    /// The documents in that order, once they are sorted.
    sorted: Option<Sorted<Box<[u8]>>>,
    /// The source's entries alone tell how many documents match.
    counts_entries: bool,
    overlay: Option<Overlay>,
    overlay_at: usize,
    skip: u64,
    left: u64,
    /// Documents that were looked at.
    seen_count: u64,
    /// Entries of indexes that were read, those of the running source aside.
    keys_count: u64,
}

/// How documents are handed out.
struct Projecting {
    projection: Arc<Projection>,
    filter: Option<Arc<Filter>>,
    now: crate::format::value::Timestamp,
}

impl Projecting {
    fn new(projection: Arc<Projection>, filter: Option<Arc<Filter>>) -> Projecting {
        let now = Circumstances::at_present(None).now;
        Projecting {
            projection,
            filter,
            now,
        }
    }

    fn project(&self, document: &[u8], structures: &Structures, out: &mut Vec<u8>) -> Result<()> {
        let circumstances = Circumstances {
            filter: self.filter.as_deref(),
            now: self.now,
            variables: &[],
        };
        self.projection.project(document, structures, &circumstances, out)
    }
}

/// What opening a cursor is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Handing out documents.
    Read,
    /// Counting them.
    Count,
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.end();
    }
}

impl Cursor {
    /// Opens a cursor on `state` as of `at` (`None`: now), over the writes in `overlay`.
    ///
    /// Errors: `CONFLICT`, `INDEX_NOT_FOUND`, `INVALID_ARGUMENT` for a hint that cannot be followed,
    /// `INVALID_PROJECTION`, `CORRUPTED`, `IO`.
    pub(crate) fn open(
        store: &Arc<Store>,
        state: &Arc<CollectionState>,
        at: Option<Sequence>,
        overlay: Option<Overlay>,
        options: FindOptions,
        purpose: Purpose,
    ) -> Result<Cursor> {
        Cursor::open_telling(store, state, at, overlay, options, purpose, |_, _, _| ())
    }

    /// As `open`; `tell` sees the plan, those that were not chosen, and the indexes.
    fn open_telling(
        store: &Arc<Store>,
        state: &Arc<CollectionState>,
        at: Option<Sequence>,
        overlay: Option<Overlay>,
        mut options: FindOptions,
        purpose: Purpose,
        tell: impl FnOnce(&plan::Choice, &[plan::IndexShape<'_>], &FindOptions),
    ) -> Result<Cursor> {
        options.simplify()?;
        let overlay = overlay.filter(|overlay| !overlay.is_empty());
        let content = store.content(state)?;
        let mut cursor = Cursor {
            store: store.clone(),
            source: Source::nothing(),
            snapshot: None,
            registry: content.structures.clone(),
            structures_identity: content.structures_identity,
            filter: options.filter.clone(),
            projection: None,
            sort: None,
            sorted: None,
            counts_entries: false,
            overlay_at: 0,
            skip: options.skip,
            left: options.limit.unwrap_or(u64::MAX),
            overlay,
            seen_count: 0,
            keys_count: 0,
        };
        if let AsOf::Body(body) = content.as_of(at)? {
            let is_hidden = cursor.overlay.as_ref().is_some_and(|overlay| overlay.is_cleared);
            let inquiry = Inquiry {
                options: &options,
                at,
                is_mixed: cursor.overlay.is_some(),
                needed: match purpose {
                    Purpose::Count => cursor.overlay.is_none(),
                    Purpose::Read => options.wants_ids_only(),
                }
                .then_some(&[]),
            };
            let usable = inquiry.usable(body);
            let shapes = shapes(&usable);
            let mut choice = inquiry.choose(&store.pager, body, &usable, &shapes)?;
            let covering = match purpose {
                Purpose::Read => Covering::of(&options, &choice.plan, &usable),
                Purpose::Count => None,
            };
            cursor.counts_entries = choice.plan.is_covered && purpose == Purpose::Count;
            choice.plan.is_covered |= covering.is_some();
            tell(&choice, &shapes, &options);
            if !choice.plan.is_ordered {
                cursor.sort = options.sort.clone();
            }
            if !is_hidden {
                cursor.begin(state, body, at, &usable, choice.plan, covering)?;
            }
        } else {
            // A collection that only the transaction knows has no indexes yet.
            if let Some(hint) = options.hint.as_ref().filter(|_| cursor.overlay.is_some()) {
                hint.resolve(&[])?;
            }
            cursor.sort = options.sort.clone();
        }
        if let Some(projection) = options.projection {
            cursor.projection = Some(Projecting::new(projection, options.filter));
        }
        Ok(cursor)
    }

    /// Makes the source of `plan`.
    fn begin(
        &mut self,
        state: &Arc<CollectionState>,
        body: &Body,
        at: Option<Sequence>,
        usable: &planning::Usable<'_>,
        plan: Plan,
        covering: Option<Covering>,
    ) -> Result<()> {
        let pager = &self.store.pager;
        if let [plan::Part::Ids(ids)] = plan.parts.as_slice()
            && ids.len() <= FOUND_AT_ONCE_MAX
        {
            let (mut found, mut scratch) = (Vec::with_capacity(ids.len()), Vec::new());
            for id in ids.iter().rev() {
                found.extend(body.find(pager, id, at, &mut scratch, |_, document| document.to_vec())?);
            }
            self.source = Source::new(vec![Part::Found(found)], None, plan.is_exact, false);
            return Ok(());
        }
        if plan.parts.is_empty() {
            return Ok(());
        }
        let sequence = at.unwrap_or_else(|| self.store.last_sequence());
        self.snapshot = Some(pager.open_snapshot(sequence, false));
        let mut needs_lookup = false;
        let mut parts = Vec::with_capacity(plan.parts.len());
        for part in plan.parts {
            needs_lookup |= !matches!(part, plan::Part::Scan);
            parts.push(match part {
                plan::Part::Scan => Part::Scan(HeapScan::new(body.heap.root(), Some(sequence))),
                plan::Part::Ids(mut ids) => {
                    ids.reverse();
                    Part::Ids(ids)
                }
                plan::Part::Index(scan) => match usable.get(scan.index) {
                    Some(index) => Part::Entries(Entries::new(index, scan, sequence)),
                    None => continue,
                },
            });
        }
        let lookup = needs_lookup.then(|| Lookup::new(state, body, sequence));
        // What is sorted afterwards is read whole.
        let wanted = match self.sort {
            Some(_) => None,
            None => Some(self.left.saturating_add(self.skip)),
        };
        self.source = Source::new(parts, lookup, plan.is_exact, plan.may_repeat)
            .expect(wanted)
            .answer(covering);
        Ok(())
    }

    /// Appends the next matching documents to `out`, back to back, and returns how many: at most
    /// `documents_max`, and no further one once `out` has `bytes_max` bytes. 0 is the end.
    ///
    /// Shape: whole documents are in stored form, with the cursor's structures; projected ones are plain
    /// MessagePack, which is stored form as well.
    /// Errors: `SNAPSHOT_TOO_OLD`, `LIMIT_EXCEEDED` for a sort that takes too much memory, those of expressions,
    /// `CORRUPTED`, `IO`.
    pub fn next_batch(&mut self, out: &mut Vec<u8>, documents_max: usize, bytes_max: usize) -> Result<usize> {
        let projecting = self.projection.take();
        let structures = self.registry.snapshot();
        let result = self.fill(documents_max, &structures, &mut |document| {
            match &projecting {
                Some(projecting) => projecting.project(document, &structures, out)?,
                None => out.extend_from_slice(document),
            }
            Ok(out.len() >= bytes_max)
        });
        self.projection = projecting;
        // A batch with room left is the last one.
        let is_full = |count| count > 0 && (count >= documents_max || out.len() >= bytes_max);
        if !matches!(result, Ok(count) if is_full(count)) {
            self.end();
        }
        result
    }

    /// Hands every remaining document, whole and in stored form, to `visit`, which must not write.
    pub(crate) fn for_each(&mut self, mut visit: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let structures = self.registry.snapshot();
        let result = self.fill(usize::MAX, &structures, &mut |document| {
            visit(document)?;
            Ok(false)
        });
        self.end();
        result.map(|_| ())
    }

    /// Hands the next documents, whole and in stored form, to `visit`, at most `documents_max`, until it breaks. False when none are left.
    ///
    /// Errors: as `next_batch`, and those of `visit`.
    pub(crate) fn visit(
        &mut self,
        documents_max: usize,
        visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<bool> {
        let structures = self.registry.snapshot();
        let mut is_stopped = false;
        let result = self.fill(documents_max, &structures, &mut |document| {
            is_stopped = visit(document)?.is_break();
            Ok(is_stopped)
        });
        let has_more = matches!(result, Ok(count) if is_stopped || count == documents_max);
        if !has_more {
            self.end();
        }
        result.map(|_| has_more)
    }

    /// How many documents remain.
    pub(crate) fn count(&mut self) -> Result<u64> {
        // The order of what is counted says nothing.
        self.sort = None;
        let result = if self.counts_entries {
            self.count_entries()
        } else {
            let structures = self.registry.snapshot();
            self.fill(usize::MAX, &structures, &mut |_| Ok(false))
                .map(|count| count as u64)
        };
        self.end();
        result
    }

    fn count_entries(&mut self) -> Result<u64> {
        self.store.check_readable()?;
        let most = self.left.saturating_add(self.skip);
        let counted = self.source.count_entries(&self.store.pager, most);
        self.check_seen()?;
        Ok(counted?.saturating_sub(self.skip))
    }

    /// True when no document follows; one that could still follow may turn out not to.
    pub fn is_over(&self) -> bool {
        self.left == 0
    }

    /// The key lists that the documents' records use.
    pub fn structures(&self) -> Arc<Structures> {
        self.registry.snapshot()
    }

    /// Changes when numbers of `structures` mean something else; see `Content`.
    pub fn structures_identity(&self) -> u64 {
        self.structures_identity
    }

    /// Lets the snapshot go before the cursor is dropped.
    pub fn end(&mut self) {
        self.keys_count += self.source.keys_count;
        self.source = Source::nothing();
        self.sorted = None;
        self.left = 0;
        self.close_snapshot();
    }

    fn close_snapshot(&mut self) {
        if let Some(snapshot) = self.snapshot.take() {
            self.store.pager.close_snapshot(&snapshot);
        }
    }

    /// Hands documents to `visit` until it says true, or there were `documents_max`.
    fn fill(
        &mut self,
        documents_max: usize,
        structures: &Structures,
        visit: &mut Visit<'_>,
    ) -> Result<usize> {
        self.store.check_readable()?;
        if self.left == 0 || documents_max == 0 {
            return Ok(0);
        }
        if let Some(sort) = self.sort.take() {
            self.sort_all(&sort, structures)?;
        }
        let (mut skip, mut left) = (self.skip, self.left);
        let batch = Batch {
            skip: &mut skip,
            left: &mut left,
            taken_count: 0,
            documents_max,
            visit,
        };
        let taken = match self.sorted.take() {
            Some(mut sorted) => {
                let taken = hand_out(&mut sorted, batch);
                self.sorted = Some(sorted);
                taken
            }
            None => self.hand_out_unsorted(batch, structures),
        };
        (self.skip, self.left) = (skip, left);
        taken
    }

    fn hand_out_unsorted(&mut self, batch: Batch<'_>, structures: &Structures) -> Result<usize> {
        match self.take_all(Goal::Batch(batch), structures)? {
            Goal::Batch(batch) => Ok(batch.taken_count),
            Goal::Sorted { .. } => Ok(0),
        }
    }

    /// Sorts what matches; what comes behind the limit is let go.
    fn sort_all(&mut self, sort: &Sort, structures: &Structures) -> Result<()> {
        let most = self.left.saturating_add(self.skip);
        let limit = (most < u64::MAX).then(|| usize::try_from(most).unwrap_or(usize::MAX));
        let goal = Goal::Sorted {
            sort,
            sorter: Sorter::new(sort, limit, SORT_BYTES_DEFAULT),
            structures,
            key: Vec::new(),
        };
        if let Goal::Sorted { sorter, .. } = self.take_all(goal, structures)? {
            self.sorted = Some(sorter.into_sorted());
        }
        // All documents were copied.
        self.close_snapshot();
        Ok(())
    }

    /// Refuses what was read where it may be wrong: a snapshot that was given up, or a commit that failed half way, may
    /// show as any error, or as missing documents. Their own errors come first.
    fn check_seen(&self) -> Result<()> {
        if let Some(snapshot) = &self.snapshot {
            snapshot.check()?;
        }
        self.store.check_readable()
    }

    /// Offers the committed documents, then those that the transaction wrote.
    fn take_all<'g>(&mut self, goal: Goal<'g>, structures: &Structures) -> Result<Goal<'g>> {
        let filter = self.filter.clone();
        let matcher = filter.as_deref().map(|filter| Matcher::new(filter, structures));
        let mut taker = Taker {
            matcher,
            goal,
            seen_count: 0,
        };
        let flow = self
            .source
            .run(&self.store.pager, self.overlay.as_ref(), &mut taker);
        self.check_seen()?;
        if flow?.is_continue()
            && let Some(overlay) = &self.overlay
        {
            while let Some((_, document)) = overlay.entry(self.overlay_at) {
                self.overlay_at += 1;
                if let Some(document) = document
                    && taker.offer(document, false)?.is_break()
                {
                    break;
                }
            }
        }
        self.seen_count += taker.seen_count;
        Ok(taker.goal)
    }
}

/// Hands sorted documents out.
fn hand_out(sorted: &mut Sorted<Box<[u8]>>, mut batch: Batch<'_>) -> Result<usize> {
    for document in sorted {
        if batch.take(&document)?.is_break() {
            break;
        }
    }
    Ok(batch.taken_count)
}
