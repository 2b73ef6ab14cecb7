//! Doing the log's commits again after a crash.
//!
//! Promises: replay does exactly what the commits did, by the same code; an operation that cannot be done shows
//! damage and is reported, never passed over. What the newest commits changed is kept for change streams that resume.
//! Leaves to others: which frames count (wal/recover.rs).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::bugs::{Bug, planted};
use crate::collection::index_build::GatheredEntries;
use crate::collection::index_changes::IndexPlanner;
use crate::collection::secondary::IndexRules;
use crate::collection::{Body, CollectionState, IdMode, Planned, Write, check_name};
use crate::error::{Error, ErrorKind, Result};
use crate::format::index_definition::IndexDefinition;
use crate::format::intake::document_id;
use crate::format::operation::{Operation, Operations};
use crate::format::page::{CollectionId, Sequence};
use crate::format::record::Structure;
use crate::store::Store;
use crate::store::feed::{ChangeKind, Draft};

/// A replay under way.
pub struct Replay {
    by_id: HashMap<CollectionId, Arc<CollectionState>>,
    scratch: Vec<u8>,
    /// What is told of the commit at hand, to streams that resume.
    draft: Draft,
}

impl Store {
    /// Begins to replay; the catalog has been read.
    pub fn begin_replay(&self) -> Replay {
        let mut by_id = HashMap::new();
        for state in self.collections() {
            let id = state.content.read().body.as_ref().map(|body| body.id);
            if let Some(id) = id {
                by_id.insert(id, state);
            }
        }
        Replay {
            by_id,
            scratch: Vec::new(),
            draft: Draft::default(),
        }
    }

    /// Ends a replay whose last commit was `last`: where there were commits, the data file gets them now.
    pub fn finish_replay(&mut self, last: Sequence) -> Result<()> {
        self.origin.opened_at = last;
        let durable = Sequence(self.unlogged_sequence.swap(last.0, Ordering::AcqRel));
        if durable == last {
            return Ok(());
        }
        // The log on disk stays as it is until the data file has its commits; new commits go to a new log.
        self.checkpoint_with(true, || ())
    }
}

impl Replay {
    /// Does one commit again.
    ///
    /// Errors: `CORRUPTED`, `IO`.
    pub fn apply(&mut self, store: &Store, sequence: Sequence, payload: &[u8]) -> Result<()> {
        let mut operations = Operations::new(payload);
        while let Some(operation) = operations.take_next()? {
            self.apply_one(store, sequence, operation)?;
        }
        store
            .feed
            .recover(std::mem::take(&mut self.draft).finish(sequence));
        Ok(())
    }

    fn apply_one(&mut self, store: &Store, sequence: Sequence, operation: Operation<'_>) -> Result<()> {
        let writer = store.pager.writer(sequence);
        match operation {
            Operation::Insert(id, document) | Operation::Replace(id, document) => {
                self.write(store, sequence, id, Write::Put(document_id(document)?, document))
            }
            Operation::Delete(id, key) => self.write(store, sequence, id, Write::Delete(key)),
            Operation::Create(id, ids, name) => {
                if id == CollectionId::NONE || check_name(name).is_err() {
                    return Err(impossible(
                        id,
                        "is created under a number or a name that none may have",
                    ));
                }
                let state = store.collection(name);
                let mut content = state.content.write();
                if content.body.is_some() || self.by_id.contains_key(&id) {
                    return Err(impossible(id, "is created, but it is there already"));
                }
                content.create(&writer, id, IdMode::from_byte(ids)?)?;
                content.last_sequence = sequence;
                drop(content);
                store
                    .next_collection
                    .fetch_max(id.0.saturating_add(1), Ordering::Relaxed);
                self.by_id.insert(id, state);
                Ok(())
            }
            Operation::Drop(id) => {
                let state = self
                    .by_id
                    .remove(&id)
                    .ok_or_else(|| impossible(id, "is dropped, but it is not there"))?;
                let mut content = state.content.write();
                self.draft.enter_content(&content);
                self.draft.add(ChangeKind::Drop, &[], &[], &[]);
                content.end(&writer);
                content.structures = Arc::default();
                Ok(())
            }
            Operation::Rename(id, name) => {
                check_name(name).map_err(|_| impossible(id, "gets a name that none may have"))?;
                let from = self.state(id)?;
                let to = store.collection(name);
                if Arc::ptr_eq(&from, &to) || to.content.read().body.is_some() {
                    return Err(impossible(id, "is renamed to a name that is taken"));
                }
                let mut content = from.content.write();
                self.draft.enter_content(&content);
                self.draft.add(ChangeKind::Rename, &[], &[], name.as_bytes());
                content.move_to(&mut to.content.write(), sequence);
                drop(content);
                self.by_id.insert(id, to);
                Ok(())
            }
            Operation::Clear(id) => {
                let state = self.state(id)?;
                let mut content = state.content.write();
                content.last_sequence = sequence;
                self.draft.enter_content(&content);
                self.draft.add(ChangeKind::Clear, &[], &[], &[]);
                content.clear(&writer)
            }
            Operation::Structure(id, number, encoded) => {
                let state = self.state(id)?;
                let (structure, rest) = Structure::decode(encoded)?;
                if !rest.is_empty() {
                    return Err(impossible(id, "gets a structure with bytes left over"));
                }
                let mut content = state.content.write();
                content.structures.restore(number.into(), structure)?;
                content.structures_logged = content.structures.count();
                Ok(())
            }
            Operation::CreateIndex(id, definition) => self.create_index(store, sequence, id, definition),
            Operation::DropIndex(id, name) => {
                let state = self.state(id)?;
                let mut content = state.content.write();
                content.last_sequence = sequence;
                match content.drop_index(&writer, name) {
                    true => Ok(()),
                    false => Err(impossible(id, "loses an index that it does not have")),
                }
            }
        }
    }

    fn create_index(
        &mut self,
        store: &Store,
        sequence: Sequence,
        id: CollectionId,
        definition: &[u8],
    ) -> Result<()> {
        let definition = IndexDefinition::decode(definition)?;
        let state = self.state(id)?;
        let mut content = state.content.write();
        let structures = content.structures.snapshot();
        content.last_sequence = sequence;
        let body = content
            .body
            .as_mut()
            .ok_or_else(|| impossible(id, "gets an index, but it is not there"))?;
        if body.indexes.iter().any(|index| index.name() == &*definition.name) {
            return Err(impossible(id, "gets an index that it has already"));
        }
        let rules = Arc::new(IndexRules::new(definition)?);
        let gathered = GatheredEntries::of(&store.pager, body, &rules, &structures)?;
        body.indexes
            .push(gathered.load(&store.pager.writer(sequence), id, rules)?);
        Ok(())
    }

    fn write(&mut self, store: &Store, sequence: Sequence, id: CollectionId, write: Write<'_>) -> Result<()> {
        let state = self.state(id)?;
        let mut content = state.content.write();
        content.last_sequence = sequence;
        let gone = || impossible(id, "is written to, but it is not there");
        let body: &Body = content.body.as_ref().ok_or_else(gone)?;
        let structures;
        let mut indexes = None;
        if !body.indexes.is_empty() && !planted(Bug::IndexNotReplayed) {
            structures = content.structures.snapshot();
            indexes = Some(IndexPlanner::new(&body.indexes, &structures, false));
        }
        let planned: Planned<'_> = body.plan(&store.pager, write, &mut self.scratch, indexes.as_mut())?;
        let changes = match indexes {
            Some(planner) => planner.finish_part(&store.pager)?,
            None => Vec::new(),
        };
        self.draft
            .add_writes(&store.pager, &content, false, std::slice::from_ref(&planned))?;
        let writer = store.pager.writer(sequence);
        let body: &mut Body = content.body.as_mut().ok_or_else(gone)?;
        body.apply(&writer, &planned)?;
        body.apply_indexes(&writer, &changes)
    }

    fn state(&self, id: CollectionId) -> Result<Arc<CollectionState>> {
        self.by_id
            .get(&id)
            .cloned()
            .ok_or_else(|| impossible(id, "is written to, but it is not there"))
    }
}

fn impossible(id: CollectionId, what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!("the log does not fit the data file: collection {} {what}", id.0),
    )
}
