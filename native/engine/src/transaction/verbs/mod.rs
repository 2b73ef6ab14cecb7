//! What can be done inside a transaction.
//!
//! Promises: every verb sees the transaction's own writes; one that fails leaves the transaction as it was.
//! Parts: update.rs (updates and upserts), find_and_modify.rs; here all others.
//! Leaves to others: the same verbs outside a transaction (database/collection.rs), which end here as well when
//! they touch several documents.

mod find_and_modify;
mod update;

use std::sync::Arc;

use crate::collection::{AsOf, CollectionState, IdMode, duplicate, integer_of};
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::intake::{Intake, document_id};
use crate::format::owned::Owned;
use crate::format::page::Sequence;
use crate::format::record::Structures;
use crate::pager::snapshot::Snapshot;
use crate::query::{Filter, Matcher};
use crate::store::Store;
use crate::transaction::cursor::{Cursor, FindOptions, Purpose};
use crate::transaction::overlay::Overlay;
use crate::transaction::{Part, Transaction};

pub use find_and_modify::{FindAndModify, FindAndModifyOutcome, Modification, Version};
pub use update::{UpdateOutcome, UpdateRequest};

impl Transaction {
    /// Appends document `id` in stored form to `out`; whether there is one.
    pub fn get(&mut self, collection: &str, id: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        let found = self.find_one(collection, id, |document| out.extend_from_slice(document))?;
        Ok(found.is_some())
    }

    /// Whether document `id` is there.
    pub fn has(&mut self, collection: &str, id: &[u8]) -> Result<bool> {
        Ok(self.find_one(collection, id, |_| ())?.is_some())
    }

    /// Adds a document of plain MessagePack and returns its id.
    ///
    /// Errors: `DUPLICATE_ID`, `INVALID_DOCUMENT`, `INVALID_ID`, `DOCUMENT_TOO_LARGE`, `BUSY`, `CONFLICT`.
    pub fn insert(&mut self, collection: &str, document: &[u8]) -> Result<IdBytes> {
        self.insert_single(collection, document).map(|(id, _)| id)
    }

    /// Adds every document of `documents`, one after the other in plain MessagePack, or none. Appends their
    /// canonical ids to `ids` and returns how many there are.
    ///
    /// Errors: as `insert`.
    pub fn insert_many(&mut self, collection: &str, documents: &[u8], ids: &mut Vec<u8>) -> Result<usize> {
        self.insert_many_with(collection, documents, false, |id, _| ids.extend_from_slice(id))
    }

    /// Adds the document or takes the place of the one with its id; whether there was one.
    pub fn put(&mut self, collection: &str, document: &[u8]) -> Result<bool> {
        let existed = self.write_one(collection, document, None)?;
        Ok(existed)
    }

    /// Takes the place of document `id`, where there is one. A document without `_id` gets `id`.
    ///
    /// Errors: `INVALID_UPDATE` for another `_id`, and as `insert`.
    pub fn replace(&mut self, collection: &str, id: &IdBytes, document: &[u8]) -> Result<bool> {
        self.leased_part(collection)?;
        if !self.has_leased(collection, id)? {
            return Ok(false);
        }
        self.write_one(collection, document, Some(id))
    }

    /// Removes document `id`; whether there was one.
    pub fn delete(&mut self, collection: &str, id: &IdBytes) -> Result<bool> {
        self.leased_part(collection)?;
        let is_there = self.has_leased(collection, id)?;
        if is_there {
            self.leased_part(collection)?.overlay.set(id.clone(), None);
        }
        Ok(is_there)
    }

    /// Removes the documents that match, at most `limit`; how many there were.
    pub fn delete_matching(
        &mut self,
        collection: &str,
        filter: Option<Arc<Filter>>,
        limit: Option<u64>,
    ) -> Result<u64> {
        let find = FindOptions {
            filter,
            limit,
            ..FindOptions::default()
        };
        self.delete_found(collection, find)
    }

    /// Removes the documents that `find` finds, whole ones, without a projection; how many there were.
    ///
    /// Errors: as `find`, and `BUSY`.
    pub fn delete_found(&mut self, collection: &str, find: FindOptions) -> Result<u64> {
        self.leased_part(collection)?;
        if find.filter.is_none() && find.limit.is_none() && find.hint.is_none() && find.skip == 0 {
            return self.clear(collection);
        }
        let mut ids = Vec::new();
        self.for_each_found(collection, find, &mut |document| {
            ids.push(IdBytes::from_canonical(document_id(document)?)?);
            Ok(())
        })?;
        let part = self.leased_part(collection)?;
        let count = ids.len() as u64;
        for id in ids {
            part.overlay.set(id, None);
        }
        Ok(count)
    }

    /// Removes every document; how many there were.
    pub fn clear(&mut self, collection: &str) -> Result<u64> {
        self.leased_part(collection)?;
        let count = self
            .cursor(collection, FindOptions::default(), Purpose::Count)?
            .count()?;
        if count > 0 {
            self.leased_part(collection)?.overlay.clear();
        }
        Ok(count)
    }

    /// How many documents match.
    pub fn count(&mut self, collection: &str, filter: Option<Arc<Filter>>) -> Result<u64> {
        let options = FindOptions {
            filter,
            ..FindOptions::default()
        };
        self.count_found(collection, options)
    }

    /// How many documents `find` would give; sort and projection say nothing.
    ///
    /// Errors: as `find`.
    pub fn count_found(&mut self, collection: &str, options: FindOptions) -> Result<u64> {
        self.part(collection)?;
        self.cursor(collection, options, Purpose::Count)?.count()
    }

    /// How `find` would be done, and what that costs: the query is run for it. See `Cursor::explain`.
    ///
    /// Errors: as `find`.
    pub fn explain(&mut self, collection: &str, options: FindOptions) -> Result<Owned> {
        self.part(collection)?;
        let (state, at, overlay) = self.seen(collection)?;
        Cursor::explain(&self.store, &state, at, Some(overlay), options)
    }

    /// A cursor on the documents as the transaction sees them now; later writes do not reach it.
    pub fn find(&mut self, collection: &str, options: FindOptions) -> Result<Cursor> {
        self.part(collection)?;
        self.cursor(collection, options, Purpose::Read)
    }

    /// The collection comes to exist, also without documents.
    ///
    /// Errors: `COLLECTION_EXISTS`, `BUSY`, `CONFLICT`.
    pub fn create_collection(&mut self, collection: &str, ids: IdMode) -> Result<()> {
        crate::collection::check_name(collection)?;
        let part = self.leased_part(collection)?;
        if part.create || !part.overlay.is_empty() || part.state.content.read().body.is_some() {
            return Err(Error::new(
                ErrorKind::CollectionExists,
                format!("there is a collection {collection} already"),
            ));
        }
        part.create = true;
        part.ids = ids;
        Ok(())
    }

    /// The key lists that records of `collection` use, and their identity; see `Content`.
    pub fn structures(&mut self, collection: &str) -> Result<(Arc<Structures>, u64)> {
        let part = self.part(collection)?;
        let content = part.state.content.read();
        Ok((content.structures.snapshot(), content.structures_identity))
    }

    fn find_one<R>(
        &mut self,
        collection: &str,
        id: &[u8],
        visit: impl FnMut(&[u8]) -> R,
    ) -> Result<Option<R>> {
        self.part(collection)?;
        let (store, snapshot, part) = self.split(collection)?;
        part.find(store, snapshot, id, visit)
    }

    /// Hands the documents that `find` finds to `visit`; the lease is held. A document of one id is looked up, so that
    /// many writes by id in one transaction do not walk through all that it has written, once for each.
    fn for_each_found(
        &mut self,
        collection: &str,
        find: FindOptions,
        visit: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        if let Some(filter) = &find.filter
            && let Some(id) = filter.exact_id()
            && find.skip == 0
            && find.limit != Some(0)
            && find.hint.is_none()
        {
            let (store, snapshot, part) = self.split(collection)?;
            let structures = part.structures();
            let mut matcher = Matcher::new(filter, &structures);
            let mut document = Vec::new();
            let found = part.find(store, snapshot, id, |stored| {
                document.extend_from_slice(stored);
                matcher.try_matches(stored)
            })?;
            if found.transpose()? == Some(true) {
                visit(&document)?;
            }
            return Ok(());
        }
        self.cursor_leased(collection, find)?.for_each(visit)
    }

    fn has_leased(&mut self, collection: &str, id: &[u8]) -> Result<bool> {
        let (store, snapshot, part) = self.split(collection)?;
        Ok(part.find(store, snapshot, id, |_| ())?.is_some())
    }

    fn cursor_leased(&mut self, collection: &str, options: FindOptions) -> Result<Cursor> {
        self.cursor(collection, options, Purpose::Read)
    }

    fn cursor(&mut self, collection: &str, options: FindOptions, purpose: Purpose) -> Result<Cursor> {
        let (state, at, overlay) = self.seen(collection)?;
        Cursor::open(&self.store, &state, at, Some(overlay), options, purpose)
    }

    /// The collection, the moment of it that the transaction sees, and what it has written to it.
    fn seen(&mut self, collection: &str) -> Result<(Arc<CollectionState>, Option<Sequence>, Overlay)> {
        let (_, snapshot, part) = self.split(collection)?;
        let at = if part.is_leased {
            None
        } else {
            snapshot.map(Snapshot::sequence)
        };
        Ok((part.state.clone(), at, part.overlay.clone()))
    }

    /// The parts of the transaction that reading one collection needs; `part` or `leased_part` was called before.
    fn split(&mut self, collection: &str) -> Result<(&Store, Option<&Snapshot>, &mut Part)> {
        match self.parts.get_mut(collection) {
            Some(part) => Ok((&self.store, self.snapshot.as_ref(), part)),
            None => Err(Error::new(
                ErrorKind::Internal,
                "a transaction read a collection that it had not opened",
            )),
        }
    }

    /// Adds a document; gives its id, and whether the transaction had deleted a document of this id before.
    fn insert_single(&mut self, collection: &str, document: &[u8]) -> Result<(IdBytes, bool)> {
        let mut added = None;
        self.insert_many_with(collection, document, true, |id, was_deleted| {
            added = Some((id.clone(), was_deleted));
        })?;
        added.ok_or_else(|| Error::new(ErrorKind::InvalidDocument, "no document was given"))
    }

    fn insert_many_with(
        &mut self,
        collection: &str,
        documents: &[u8],
        is_single: bool,
        mut made: impl FnMut(&IdBytes, bool),
    ) -> Result<usize> {
        crate::collection::check_name(collection)?;
        self.leased_part(collection)?;
        let (store, snapshot, part) = self.split(collection)?;
        let next_integer = part.next_integer;
        let mut added = Vec::new();
        let result = part.insert_all(store, snapshot, documents, is_single, &mut added);
        match result {
            Ok(()) => added.iter().for_each(|(id, was_deleted)| made(id, *was_deleted)),
            Err(_) => {
                part.next_integer = next_integer;
                added
                    .iter()
                    .rev()
                    .for_each(|(id, was_deleted)| part.overlay.undo_insert(id, *was_deleted));
            }
        }
        result.map(|()| added.len())
    }

    /// Writes one document whether or not its id is there; `expected` is the id that it must have.
    fn write_one(&mut self, collection: &str, document: &[u8], expected: Option<&IdBytes>) -> Result<bool> {
        crate::collection::check_name(collection)?;
        self.leased_part(collection)?;
        let (store, snapshot, part) = self.split(collection)?;
        let mut stored = Vec::new();
        let registry = part.state.content.read().structures.clone();
        let mut intake = Intake::new(&registry, store.settings.document_bytes_max);
        let id = intake.document(document, &mut || part_id(store, part, expected), &mut stored)?;
        if let Some(expected) = expected
            && id != *expected
        {
            return Err(changed_id(&id, expected));
        }
        let existed = part.find(store, snapshot, &id, |_| ())?.is_some();
        part.check_indexes(store, &[(&id, &stored)])?;
        part.note_integer(&id);
        part.overlay.set(id, Some(stored.into()));
        Ok(existed)
    }
}

impl Part {
    /// The key lists that records of the collection use.
    fn structures(&self) -> Arc<Structures> {
        self.state.content.read().structures.snapshot()
    }

    /// Hands document `id`, as the transaction sees it, to `visit`.
    fn find<R>(
        &self,
        store: &Store,
        snapshot: Option<&Snapshot>,
        id: &[u8],
        mut visit: impl FnMut(&[u8]) -> R,
    ) -> Result<Option<R>> {
        match self.overlay.get(id) {
            Some(Some(document)) => return Ok(Some(visit(document))),
            Some(None) => return Ok(None),
            None => {}
        }
        let at = if self.is_leased {
            None
        } else {
            snapshot.map(Snapshot::sequence)
        };
        let content = self.state.content.read();
        match content.as_of(at)? {
            AsOf::Body(body) => body.find(&store.pager, id, at, &mut Vec::new(), |_, document| {
                visit(document)
            }),
            AsOf::Nothing => Ok(None),
        }
    }

    fn insert_all(
        &mut self,
        store: &Store,
        snapshot: Option<&Snapshot>,
        documents: &[u8],
        is_single: bool,
        added: &mut Vec<(IdBytes, bool)>,
    ) -> Result<()> {
        let registry = self.state.content.read().structures.clone();
        let mut intake = Intake::new(&registry, store.settings.document_bytes_max);
        let mut rest = documents;
        let mut stored = Vec::new();
        while !rest.is_empty() {
            stored.clear();
            let mut next_id = || part_id(store, self, None);
            let id = if is_single {
                let id = intake.document(rest, &mut next_id, &mut stored)?;
                rest = &[];
                id
            } else {
                let (id, taken) = intake.first(rest, &mut next_id, &mut stored)?;
                rest = rest.get(taken..).unwrap_or_default();
                id
            };
            if self.find(store, snapshot, &id, |_| ())?.is_some() {
                return Err(duplicate(&id));
            }
            self.check_indexes(store, &[(&id, &stored)])?;
            self.note_integer(&id);
            added.push((id.clone(), self.overlay.is_deleted(&id)));
            self.overlay.set(id, Some(stored.as_slice().into()));
        }
        Ok(())
    }

    /// How ids are made, and the next one in integer mode as far as it is committed.
    fn id_mode(&self) -> (IdMode, i64) {
        match &self.state.content.read().body {
            Some(body) => (body.ids, body.next_integer),
            None => (self.ids, 1),
        }
    }

    /// Keeps the next integer id above one that a document of the transaction came with.
    fn note_integer(&mut self, id: &[u8]) {
        if self.id_mode().0 == IdMode::Integer
            && let Some(number) = integer_of(id)
        {
            let after = number.saturating_add(1);
            self.next_integer = Some(self.next_integer.map_or(after, |next| next.max(after)));
        }
    }
}

/// The id of a document that came without one: the expected one, or a new one.
fn part_id(store: &Store, part: &mut Part, expected: Option<&IdBytes>) -> Result<IdBytes> {
    if let Some(expected) = expected {
        return Ok(expected.clone());
    }
    let (ids, next) = part.id_mode();
    Ok(match ids {
        IdMode::Ulid => store.ulids.next_id(),
        IdMode::Integer => {
            let number = part.next_integer.unwrap_or(next).max(next);
            part.next_integer = Some(number.saturating_add(1));
            IdBytes::from_integer(number)
        }
    })
}

fn changed_id(given: &IdBytes, expected: &IdBytes) -> Error {
    Error::new(
        ErrorKind::InvalidUpdate,
        format!(
            "the new document has _id {given}, but it replaces the one with _id {expected}; an _id never changes"
        ),
    )
}
