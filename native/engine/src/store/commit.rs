//! Commits: planned, logged in one frame, applied, and waited for.
//!
//! Order. Under the gate (shared) and the locks of the collections changed: every write is planned, so that all
//! that can fail has failed before anything changes; then one frame is appended to the log; then the pages are
//! changed; then the changes are told, where somebody wants to know them (feed/). The locks are given back before
//! the wait for the disk, and so are the leases of whoever asks for it, so that waiting commits share one sync.
//!
//! Promises: a failure before the frame is whole changes nothing. A failure while pages are changed, or a panic, refuses all
//! further calls: the frame is in the log, so the next open holds the commit whole.
//! Leaves to others: leases and distinct ids of one commit (the callers in transaction/ and database/).

use std::sync::atomic::Ordering;

use parking_lot::RwLockWriteGuard;
use smallvec::SmallVec;

use crate::collection::index_changes::{IndexChange, IndexPlanner};
use crate::collection::{CollectionState, Content, IdMode, Planned, Write};
use crate::error::{Error, ErrorKind, Result};
use crate::format::operation::Operation;
use crate::format::page::{CollectionId, Sequence};
use crate::store::Store;
use crate::store::feed::{Batch, Draft};
use crate::wal::Durability;

/// How many writes ahead of the one being planned the index is told of: long enough for memory to answer.
const FORESEEN: usize = 8;

/// What a commit does to one collection.
pub struct Change<'a> {
    /// The collection; the caller holds its lease.
    pub state: &'a CollectionState,
    /// How ids are made, should the collection come to exist by this change.
    pub ids: IdMode,
    /// Whether every document is removed first.
    pub clear: bool,
    /// Whether the collection shall exist even without writes.
    pub create: bool,
    /// Writes with distinct ids.
    pub writes: &'a [Write<'a>],
}

/// What a commit did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Documents that were there before: replaced or removed.
    pub met_count: u64,
    /// Documents that `clear` removed.
    pub cleared_count: u64,
}

/// One change with its lock, while the commit runs.
struct Step<'a> {
    content: RwLockWriteGuard<'a, Content>,
    planned: SmallVec<[Planned<'a>; 1]>,
    /// What happens to the indexes, in their order.
    indexes: Vec<IndexChange>,
    /// Number of the collection to make first.
    new_id: Option<CollectionId>,
    ids: IdMode,
    clear: bool,
}

impl Store {
    /// Commits `changes`, which are in the order of their names, at `durability`.
    ///
    /// Errors: `DUPLICATE_ID`, `DUPLICATE_KEY`, `INVALID_DOCUMENT` and `LIMIT_EXCEEDED` for a document that an index
    /// cannot have, `DISK_FULL`, `TRANSACTION_TOO_LARGE`, `CORRUPTED`, `IO`: nothing is changed.
    /// `POISONED`; `CLOSED`.
    pub fn commit(&self, changes: &[Change<'_>], durability: Durability) -> Result<Outcome> {
        self.commit_then(changes, durability, || ())
    }

    /// As `commit`; calls `release` once pages are changed, before the wait for the disk, where there is one: a caller that
    /// gives its leases back by it lets the next writers of its collections share the sync. What they see is not on the
    /// disk yet, but a commit is never there without those before it. After a failure before, `release` is dropped.
    pub fn commit_then(
        &self,
        changes: &[Change<'_>],
        durability: Durability,
        release: impl FnOnce(),
    ) -> Result<Outcome> {
        self.check_writable()?;
        let gate = self.gate.read();
        self.check_open()?;
        let mut scratch = Vec::new();
        let mut steps: SmallVec<[Step<'_>; 1]> = SmallVec::new();
        for change in changes {
            if let Some(step) = self.plan(change, &mut scratch)? {
                steps.push(step);
            }
        }
        if steps.is_empty() {
            return Ok(Outcome::default());
        }
        let outcome = outcome_of(&steps);
        let draft = self.draft(&steps)?;
        let sequence = self.append(durability, |payload| {
            steps.iter().for_each(|step| step.encode(payload))
        })?;
        self.change_pages(|| steps.iter_mut().try_for_each(|step| step.apply(self, sequence)))?;
        if let Some(draft) = draft {
            self.feed.publish(draft.finish(sequence));
        }
        drop(steps);
        drop(gate);
        release();
        self.after_commit(sequence, durability)?;
        Ok(outcome)
    }

    /// Plans one change; `None` when it does nothing.
    fn plan<'a>(&self, change: &Change<'a>, scratch: &mut Vec<u8>) -> Result<Option<Step<'a>>> {
        let content = change.state.content.write();
        let mut planned: SmallVec<[Planned<'a>; 1]> = SmallVec::with_capacity(change.writes.len());
        let survivors = if change.clear { None } else { content.body.as_ref() };
        let structures;
        let mut indexes = None;
        if let Some(body) = content.body.as_ref().filter(|body| !body.indexes.is_empty()) {
            structures = content.structures.snapshot();
            indexes = Some(IndexPlanner::new(&body.indexes, &structures, change.clear));
        }
        for (index, write) in change.writes.iter().enumerate() {
            if let (Some(body), Some(later)) = (survivors, change.writes.get(index + FORESEEN)) {
                body.foresee(&self.pager, *later);
            }
            let plan = match survivors {
                Some(body) => body.plan(&self.pager, *write, scratch, indexes.as_mut())?,
                None => {
                    let plan = Planned::in_empty(&self.pager, *write);
                    if let Some(indexes) = &mut indexes {
                        indexes.note(plan.id, None, plan.document)?;
                    }
                    plan
                }
            };
            if plan.current.is_some() || plan.document.is_some() {
                planned.push(plan);
            }
        }
        let indexes = match indexes {
            Some(planner) => planner.finish(&self.pager)?,
            None => Vec::new(),
        };
        let clear = change.clear && content.body.is_some();
        let must_exist = change.create || !planned.is_empty();
        let new_id = match must_exist && content.body.is_none() {
            true => Some(self.new_collection_id()?),
            false => None,
        };
        if planned.is_empty() && !clear && new_id.is_none() {
            return Ok(None);
        }
        Ok(Some(Step {
            content,
            planned,
            indexes,
            new_id,
            ids: change.ids,
            clear,
        }))
    }

    /// What is to be told of the commit, where anybody asks. The documents are still those before it.
    fn draft(&self, steps: &[Step<'_>]) -> Result<Option<Draft>> {
        let mut draft = self.feed.draft();
        if let Some(draft) = &mut draft {
            for step in steps {
                draft.add_writes(&self.pager, &step.content, step.clear, &step.planned)?;
            }
        }
        Ok(draft)
    }

    /// A number that no collection of the file ever had.
    pub(super) fn new_collection_id(&self) -> Result<CollectionId> {
        let taken = self
            .next_collection
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| next.checked_add(1));
        taken.map(CollectionId).map_err(|_| {
            Error::new(
                ErrorKind::LimitExceeded,
                "the file has had 2^32 - 1 collections, the most that the format numbers",
            )
        })
    }

    /// Appends one frame, or counts the commit where there is no log.
    pub(super) fn append(&self, durability: Durability, fill: impl FnOnce(&mut Vec<u8>)) -> Result<Sequence> {
        match &self.log {
            Some(log) => log.append(durability, fill),
            None => Ok(Sequence(
                self.unlogged_sequence.fetch_add(1, Ordering::AcqRel) + 1,
            )),
        }
    }

    /// What follows a commit once its locks are given back.
    pub(super) fn after_commit(&self, sequence: Sequence, durability: Durability) -> Result<()> {
        self.commits_count.fetch_add(1, Ordering::Relaxed);
        if self.feed.is_active() {
            // A commit that told nothing has a number all the same.
            self.feed.publish(Batch::empty(sequence));
        }
        self.call_janitor();
        let Some(log) = &self.log else {
            return Ok(());
        };
        if durability == Durability::Disk {
            log.wait(sequence, durability)
                .map_err(|error| self.refuse_writes(error))?;
            self.note_synced();
        }
        self.hold_back_when_memory_is_short();
        Ok(())
    }
}

impl Step<'_> {
    fn id(&self) -> CollectionId {
        self.new_id
            .or(self.content.body.as_ref().map(|body| body.id))
            .unwrap_or(CollectionId::NONE)
    }

    fn encode(&self, payload: &mut Vec<u8>) {
        let id = self.id();
        if let Some(new_id) = self.new_id {
            Operation::Create(new_id, self.ids.to_byte(), &self.content.name).encode(payload);
        }
        if self.clear {
            Operation::Clear(id).encode(payload);
        }
        self.content
            .encode_new_structures(id, self.new_id.is_some(), payload);
        for planned in &self.planned {
            match planned.document {
                Some(document) if planned.current.is_none() => {
                    Operation::Insert(id, document).encode(payload)
                }
                Some(document) => Operation::Replace(id, document).encode(payload),
                None => Operation::Delete(id, planned.id).encode(payload),
            }
        }
    }

    fn apply(&mut self, store: &Store, sequence: Sequence) -> Result<()> {
        let writer = store.pager.writer(sequence);
        let content = &mut *self.content;
        if let Some(id) = self.new_id {
            content.create(&writer, id, self.ids)?;
        } else if self.clear {
            content.clear(&writer)?;
        }
        content.structures_logged = content.structures.count();
        content.last_sequence = sequence;
        let Some(body) = &mut content.body else {
            return Err(Error::new(
                ErrorKind::Internal,
                "a commit met a collection that does not exist",
            ));
        };
        self.planned
            .iter()
            .try_for_each(|planned| body.apply(&writer, planned))?;
        body.apply_indexes(&writer, &self.indexes)
    }
}

impl Content {
    /// Appends the structures that the log does not have yet; a new collection needs all of them.
    pub(super) fn encode_new_structures(&self, id: CollectionId, is_new: bool, payload: &mut Vec<u8>) {
        let structures = self.structures.snapshot();
        let first = if is_new { 0 } else { self.structures_logged };
        let mut encoded = Vec::new();
        for number in first..structures.count() {
            if let Some(structure) = structures.get(number) {
                encoded.clear();
                structure.encode(&mut encoded);
                Operation::Structure(id, number as u16, &encoded).encode(payload);
            }
        }
    }
}

fn outcome_of(steps: &[Step<'_>]) -> Outcome {
    let mut outcome = Outcome::default();
    for step in steps {
        outcome.met_count += step
            .planned
            .iter()
            .filter(|planned| planned.current.is_some())
            .count() as u64;
        if step.clear {
            outcome.cleared_count += step.content.body.as_ref().map_or(0, |body| body.documents_count);
        }
    }
    outcome
}
