//! Making and dropping ordered indexes.
//!
//! Promises: both are commits like any other: logged in one frame, whole or not at all after a crash. While an
//! index is made over a filled collection, writers of that collection wait for its lease and readers go on; what
//! the documents do not allow fails before anything is logged. The log has the definition, not the entries: a
//! replay finds them again. Commits of other collections wait while the sorted entries are loaded, and no longer.
//! Leaves to others: leases (the callers in database/), entries (collection/index_build.rs).

use std::sync::Arc;

use crate::bugs::{Bug, planted};
use crate::collection::index_build::GatheredEntries;
use crate::collection::secondary::{IndexRules, SecondaryIndex};
use crate::collection::{CollectionState, Content, IdMode};
use crate::error::{Error, ErrorKind, Result};
use crate::format::index_definition::{ID_INDEX_NAME, IndexDefinition};
use crate::format::operation::Operation;
use crate::limits::INDEXES_MAX;
use crate::pager::PageWriter;
use crate::store::Store;
use crate::wal::Durability;

/// Which indexes are dropped.
#[derive(Clone, Copy, Debug)]
pub enum DroppedIndexes<'a> {
    /// The one of this name.
    Named(&'a str),
    /// All but the one on `_id`.
    All,
}

impl Store {
    /// Makes the index of `definition`, and the collection where there is none; whether there was no such index.
    /// The caller holds the lease.
    ///
    /// Errors: `INDEX_EXISTS`, `DUPLICATE_KEY`, `INVALID_INDEX`, `INVALID_DOCUMENT`, `LIMIT_EXCEEDED`, and as
    /// `commit`: nothing is changed.
    pub fn create_index(
        &self,
        state: &CollectionState,
        definition: &IndexDefinition,
        durability: Durability,
    ) -> Result<bool> {
        self.check_writable()?;
        let rules = Arc::new(IndexRules::new(definition.clone())?);
        let gathered = {
            let content = state.content.read();
            if content.has_index(definition)? {
                return Ok(false);
            }
            match &content.body {
                Some(body) => {
                    let structures = content.structures.snapshot();
                    GatheredEntries::of(&self.pager, body, &rules, &structures)?
                }
                None => GatheredEntries::default(),
            }
        };
        let gate = self.gate.read();
        self.check_open()?;
        let ids = IdMode::default();
        let mut operations = Vec::new();
        let (id, is_new) = {
            let content = state.content.read();
            let (id, is_new) = match &content.body {
                Some(body) => (body.id, false),
                None => (self.new_collection_id()?, true),
            };
            if is_new {
                Operation::Create(id, ids.to_byte(), &content.name).encode(&mut operations);
            }
            content.encode_new_structures(id, is_new, &mut operations);
            (id, is_new)
        };
        let mut encoded = Vec::new();
        definition.encode(&mut encoded);
        Operation::CreateIndex(id, &encoded).encode(&mut operations);
        let sequence = self.append(durability, |payload| payload.extend_from_slice(&operations))?;
        let writer = self.pager.writer(sequence);
        // Nobody knows the new pages yet, so readers need not wait for them.
        self.change_pages(|| {
            let index = gathered.load(&writer, id, rules)?;
            let mut content = state.content.write();
            if is_new {
                content.create(&writer, id, ids)?;
            }
            content.structures_logged = content.structures.count();
            content.last_sequence = sequence;
            if let Some(body) = &mut content.body {
                body.indexes.push(index);
            }
            Ok(())
        })?;
        drop(gate);
        self.after_commit(sequence, durability)?;
        Ok(true)
    }

    /// Drops indexes of a collection. The caller holds its lease.
    ///
    /// Errors: `COLLECTION_NOT_FOUND`, `INDEX_NOT_FOUND`, `INVALID_INDEX` for the index on `_id`, and as `commit`.
    pub fn drop_indexes(
        &self,
        state: &CollectionState,
        dropped: DroppedIndexes<'_>,
        durability: Durability,
    ) -> Result<()> {
        self.check_writable()?;
        let gate = self.gate.read();
        self.check_open()?;
        let mut content = state.content.write();
        let Some(body) = &content.body else {
            return Err(Error::new(
                ErrorKind::CollectionNotFound,
                format!("there is no collection {}", content.name),
            ));
        };
        let names: Vec<Box<str>> = match dropped {
            DroppedIndexes::All => body.indexes.iter().map(|index| index.name().into()).collect(),
            DroppedIndexes::Named(name) => {
                content.expect_index(name)?;
                vec![name.into()]
            }
        };
        if names.is_empty() {
            return Ok(());
        }
        let id = body.id;
        let sequence = self.append(durability, |payload| {
            for name in names.iter().filter(|_| !planted(Bug::IndexDropUnlogged)) {
                Operation::DropIndex(id, name).encode(payload);
            }
        })?;
        let writer = self.pager.writer(sequence);
        for name in &names {
            content.drop_index(&writer, name);
        }
        content.last_sequence = sequence;
        drop(content);
        drop(gate);
        self.after_commit(sequence, durability)
    }
}

impl Content {
    /// Ends the index `name`; whether there was one. Pages that damage hides stay unused; `check` names them.
    pub(super) fn drop_index(&mut self, writer: &PageWriter<'_>, name: &str) -> bool {
        let Some(body) = &mut self.body else {
            return false;
        };
        let Some(at) = body.indexes.iter().position(|index| index.name() == name) else {
            return false;
        };
        let _ = body.indexes.remove(at).tree.release(writer);
        true
    }

    /// Whether the index of `definition` is there already.
    ///
    /// Errors: `INDEX_EXISTS` when one has its name or its fields, but not both and its options; `LIMIT_EXCEEDED`.
    fn has_index(&self, definition: &IndexDefinition) -> Result<bool> {
        if definition.is_id_index() {
            return Ok(true);
        }
        let Some(body) = &self.body else {
            return Ok(false);
        };
        let other = body.indexes.iter().map(|index| &index.rules.definition);
        let mut others = other.filter(|other| other.name == definition.name || other.keys == definition.keys);
        match others.next() {
            Some(other) if other == definition => Ok(true),
            Some(other) => Err(Error::new(
                ErrorKind::IndexExists,
                format!(
                    "index {} cannot be made: index {} of the collection has its name or its fields, and is not the same; drop that one first",
                    definition.name, other.name
                ),
            )),
            None if body.indexes.len() >= INDEXES_MAX => Err(Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "collection {} has {} indexes, the most that one can have",
                    self.name,
                    INDEXES_MAX + 1
                ),
            )),
            None => Ok(false),
        }
    }

    /// Fails unless the index `name` is there and may be dropped.
    fn expect_index(&self, name: &str) -> Result<()> {
        if name == ID_INDEX_NAME {
            return Err(Error::new(
                ErrorKind::InvalidIndex,
                "the index on _id cannot be dropped",
            ));
        }
        let indexes = self.body.as_ref().map_or(&[][..], |body| &body.indexes);
        if indexes.iter().any(|index| index.name() == name) {
            return Ok(());
        }
        let known: Vec<&str> = indexes.iter().map(SecondaryIndex::name).collect();
        Err(Error::new(
            ErrorKind::IndexNotFound,
            format!(
                "collection {} has no index {name}; it has {ID_INDEX_NAME}{}{}",
                self.name,
                if known.is_empty() { "" } else { ", " },
                known.join(", ")
            ),
        ))
    }
}
