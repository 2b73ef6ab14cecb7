//! Collections as programs see them: every call is a transaction of its own.
//!
//! Promises: a call that writes several documents writes all or none; reads see the newest commit.
//! Leaves to others: calls that touch documents by a filter run as a transaction of one collection
//! (transaction/verbs.rs); logging and applying (store/commit.rs).

use std::sync::Arc;

use smallvec::SmallVec;

use crate::collection::lease::Owner;
use crate::collection::{CollectionState, IdMode, Write, integer_of};
use crate::database::Handle;
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::index_definition::IndexDefinition;
use crate::format::intake::Intake;
use crate::format::owned::Owned;
use crate::format::plain::write_plain;
use crate::format::record::Structures;
use crate::query::{Filter, Update};
use crate::stats::IndexInfo;
use crate::store::{Change, DroppedIndexes, Outcome, Store};
use crate::transaction::cursor::{Cursor, FindOptions, Purpose};
use crate::transaction::{Transaction, UpdateOutcome};
use crate::wal::Durability;

/// What a write may say about itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteOptions {
    /// When it is acknowledged; the handle's level where it is `None`.
    pub durability: Option<Durability>,
    /// Who writes; see `Owner`.
    pub owner: Owner,
}

/// A document that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Bytes of its stored form, also where the buffer was too small for it.
    pub length: usize,
    /// Identity of the key lists that its records use; see `Collection::structures`.
    pub structures_identity: u64,
}

/// A collection of an open database.
#[derive(Clone)]
pub struct Collection {
    handle: Arc<Handle>,
    state: Arc<CollectionState>,
}

/// A lease that is given back when dropped.
pub(super) struct HeldLease<'a>(&'a Store, &'a CollectionState);

impl<'a> HeldLease<'a> {
    pub(super) fn take(store: &'a Store, state: &'a CollectionState, owner: Owner) -> Result<HeldLease<'a>> {
        state
            .lease
            .acquire(owner, store.settings.lock_wait, &|| state.name().to_string())?;
        Ok(HeldLease(store, state))
    }
}

impl Drop for HeldLease<'_> {
    fn drop(&mut self) {
        self.1.lease.release();
    }
}

impl Collection {
    pub(super) fn new(handle: Arc<Handle>, state: Arc<CollectionState>) -> Collection {
        Collection { handle, state }
    }

    /// The database that it was opened from.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The name.
    pub fn name(&self) -> Arc<str> {
        self.state.name()
    }

    /// Finds document `id` (canonical bytes) and hands its stored form to `visit`.
    ///
    /// Errors: `CLOSED`, `CORRUPTED`, `IO`.
    #[inline]
    pub fn get_with<R>(&self, id: &[u8], visit: impl FnMut(&[u8]) -> R) -> Result<Option<R>> {
        let store = self.handle.readable()?;
        let content = store.content(&self.state)?;
        match &content.body {
            Some(body) => {
                let mut visit = visit;
                body.find(&store.pager, id, None, &mut Vec::new(), |_, document| {
                    visit(document)
                })
            }
            None => Ok(None),
        }
    }

    /// Copies the stored form of document `id` to the start of `out` where it fits; nothing is allocated for
    /// documents within a page.
    #[inline]
    pub fn get_into(&self, id: &[u8], out: &mut [u8]) -> Result<Option<Found>> {
        let store = self.handle.readable()?;
        let content = store.content(&self.state)?;
        let structures_identity = content.structures_identity;
        let Some(body) = &content.body else {
            return Ok(None);
        };
        body.find(&store.pager, id, None, &mut Vec::new(), |_, document| {
            if let Some(target) = out.get_mut(..document.len()) {
                target.copy_from_slice(document);
            }
            Found {
                length: document.len(),
                structures_identity,
            }
        })
    }

    /// Finds many documents at once, which waits less for memory than one by one, and hands the stored form of each to
    /// `visit` with the place of its id; those that are not there are passed over. All are of one moment. Returns the
    /// identity of the key lists that their records use.
    ///
    /// Errors: `CLOSED`, `CORRUPTED`, `IO`.
    pub fn get_many_with(&self, ids: &[IdBytes], visit: impl FnMut(usize, &[u8])) -> Result<u64> {
        let store = self.handle.readable()?;
        let content = store.content(&self.state)?;
        if let Some(body) = &content.body {
            body.find_many(&store.pager, ids, visit)?;
        }
        Ok(content.structures_identity)
    }

    /// Appends the stored form of document `id` to `out`; whether there is one.
    pub fn get(&self, id: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        Ok(self
            .get_with(id, |document| out.extend_from_slice(document))?
            .is_some())
    }

    /// Appends document `id` to `out` in plain MessagePack; whether there is one. Nothing is allocated but what `out`
    /// has no room for.
    ///
    /// Errors: as `get_with`.
    #[inline]
    pub fn get_plain(&self, id: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        let store = self.handle.readable()?;
        let content = store.content(&self.state)?;
        let Some(body) = &content.body else {
            return Ok(false);
        };
        let written = body.find(&store.pager, id, None, &mut Vec::new(), |_, document| {
            content
                .structures
                .read(|structures| write_plain(document, structures, out))
        })?;
        match written {
            Some(written) => Ok(written.map(|_| true)?),
            None => Ok(false),
        }
    }

    /// Whether document `id` is there.
    #[inline]
    pub fn has(&self, id: &[u8]) -> Result<bool> {
        Ok(self.get_with(id, |_| ())?.is_some())
    }

    /// Adds a document of plain MessagePack and returns its id.
    ///
    /// Errors: `DUPLICATE_ID`, `INVALID_DOCUMENT`, `INVALID_ID`, `DOCUMENT_TOO_LARGE`, `BUSY`, `DISK_FULL`, `IO`,
    /// `POISONED`, `READ_ONLY`, `CLOSED`. Nothing is changed then.
    pub fn insert(&self, document: &[u8], options: &WriteOptions) -> Result<IdBytes> {
        let store = self.handle.writable()?;
        let lease = HeldLease::take(store, &self.state, options.owner)?;
        let mut stored = Vec::with_capacity(document.len() + 32);
        let id = self.take_in(store, document, &mut stored)?;
        self.write(lease, &[Write::Insert(&id, &stored)], options)?;
        Ok(id)
    }

    /// Adds every document of `documents`, back to back in plain MessagePack, or none. Appends their canonical ids
    /// to `ids` and returns how many there are.
    ///
    /// Errors: as `insert`.
    pub fn insert_many(&self, documents: &[u8], ids: &mut Vec<u8>, options: &WriteOptions) -> Result<usize> {
        let store = self.handle.writable()?;
        let lease = HeldLease::take(store, &self.state, options.owner)?;
        let mut stored = Vec::with_capacity(documents.len() + documents.len() / 8);
        let batch = self.take_in_many(store, documents, &mut stored)?;
        let mut writes = Vec::with_capacity(batch.len());
        let mut at = 0;
        for (id, end) in &batch {
            writes.push(Write::Insert(id, stored.get(at..*end).unwrap_or_default()));
            at = *end;
        }
        self.write(lease, &writes, options)?;
        batch.iter().for_each(|(id, _)| ids.extend_from_slice(id));
        Ok(batch.len())
    }

    /// Adds the document, or takes the place of the one with its id; whether there was one.
    ///
    /// Errors: as `insert`, without `DUPLICATE_ID`.
    pub fn put(&self, document: &[u8], options: &WriteOptions) -> Result<bool> {
        let store = self.handle.writable()?;
        let lease = HeldLease::take(store, &self.state, options.owner)?;
        let mut stored = Vec::with_capacity(document.len() + 32);
        let id = self.take_in(store, document, &mut stored)?;
        Ok(self.write(lease, &[Write::Put(&id, &stored)], options)?.met_count > 0)
    }

    /// Removes document `id`; whether there was one.
    pub fn delete(&self, id: &IdBytes, options: &WriteOptions) -> Result<bool> {
        let store = self.handle.writable()?;
        let lease = HeldLease::take(store, &self.state, options.owner)?;
        Ok(self.write(lease, &[Write::Delete(id)], options)?.met_count > 0)
    }

    /// Takes the place of document `id`, where there is one. A document without `_id` gets `id`.
    pub fn replace(&self, id: &IdBytes, document: &[u8], options: &WriteOptions) -> Result<bool> {
        self.in_transaction(options, |transaction, name| {
            transaction.replace(name, id, document)
        })
    }

    /// Updates document `id`, where there is one.
    pub fn update(&self, id: &IdBytes, update: &Update, options: &WriteOptions) -> Result<UpdateOutcome> {
        self.in_transaction(options, |transaction, name| transaction.update(name, id, update))
    }

    /// Updates the documents that match, at most `limit`.
    pub fn update_matching(
        &self,
        filter: Option<Arc<Filter>>,
        update: &Update,
        limit: Option<u64>,
        options: &WriteOptions,
    ) -> Result<UpdateOutcome> {
        self.in_transaction(options, |transaction, name| {
            transaction.update_matching(name, filter, update, limit)
        })
    }

    /// Removes the documents that match, at most `limit`; how many there were.
    pub fn delete_matching(
        &self,
        filter: Option<Arc<Filter>>,
        limit: Option<u64>,
        options: &WriteOptions,
    ) -> Result<u64> {
        self.in_transaction(options, |transaction, name| {
            transaction.delete_matching(name, filter, limit)
        })
    }

    /// Removes every document; how many there were. Costs time in proportion to the pages, not the documents.
    pub fn clear(&self, options: &WriteOptions) -> Result<u64> {
        let store = self.handle.writable()?;
        let lease = HeldLease::take(store, &self.state, options.owner)?;
        let change = Change {
            state: &self.state,
            ids: IdMode::default(),
            clear: true,
            create: false,
            writes: &[],
        };
        Ok(store
            .commit_then(&[change], self.handle.durability(options), || drop(lease))?
            .cleared_count)
    }

    /// How many documents match; without a filter the count is kept and costs nothing.
    pub fn count(&self, filter: Option<Arc<Filter>>) -> Result<u64> {
        self.count_found(FindOptions {
            filter,
            ..FindOptions::default()
        })
    }

    /// How many documents `find` would give; sort and projection say nothing.
    ///
    /// Errors: as `find`.
    pub fn count_found(&self, options: FindOptions) -> Result<u64> {
        let store = self.handle.readable()?;
        if options.filter.is_none() && options.hint.is_none() {
            let content = store.content(&self.state)?;
            let count = content.body.as_ref().map_or(0, |body| body.documents_count);
            let rest = count.saturating_sub(options.skip);
            return Ok(options.limit.map_or(rest, |limit| rest.min(limit)));
        }
        Cursor::open(store, &self.state, None, None, options, Purpose::Count)?.count()
    }

    /// How `find` would be done, and what that costs: the query is run for it. See `Cursor::explain`.
    ///
    /// Errors: as `find`.
    pub fn explain(&self, options: FindOptions) -> Result<Owned> {
        Cursor::explain(self.handle.readable()?, &self.state, None, None, options)
    }

    /// A cursor on the documents as they are now.
    pub fn find(&self, options: FindOptions) -> Result<Cursor> {
        let store = self.handle.readable()?;
        Cursor::open(store, &self.state, None, None, options, Purpose::Read)
    }

    /// Makes an index and returns its name; the same one again is made once. Over documents that are there already
    /// it takes memory for its entries meanwhile; writers wait, readers do not.
    ///
    /// Errors: `INDEX_EXISTS` when one has the name or the fields, but other options; `DUPLICATE_KEY`,
    /// `INVALID_DOCUMENT` and `LIMIT_EXCEEDED` for documents that it cannot have; `INVALID_INDEX`; and as `insert`.
    pub fn create_index(&self, definition: &IndexDefinition, options: &WriteOptions) -> Result<Box<str>> {
        let store = self.handle.writable()?;
        let _lease = HeldLease::take(store, &self.state, options.owner)?;
        store.create_index(&self.state, definition, self.handle.durability(options))?;
        Ok(definition.name.clone())
    }

    /// Drops the index `name`.
    ///
    /// Errors: `INDEX_NOT_FOUND`, `COLLECTION_NOT_FOUND`, `INVALID_INDEX` for the index on `_id`, and as `insert`.
    pub fn drop_index(&self, name: &str, options: &WriteOptions) -> Result<()> {
        self.drop_some(DroppedIndexes::Named(name), options)
    }

    /// Drops every index but the one on `_id`.
    ///
    /// Errors: `COLLECTION_NOT_FOUND`, and as `insert`.
    pub fn drop_indexes(&self, options: &WriteOptions) -> Result<()> {
        self.drop_some(DroppedIndexes::All, options)
    }

    fn drop_some(&self, dropped: DroppedIndexes<'_>, options: &WriteOptions) -> Result<()> {
        let store = self.handle.writable()?;
        let _lease = HeldLease::take(store, &self.state, options.owner)?;
        store.drop_indexes(&self.state, dropped, self.handle.durability(options))
    }

    /// Every index, the one on `_id` first; none where there is no collection.
    pub fn indexes(&self) -> Result<Vec<IndexInfo>> {
        let info = self.handle.readable()?.content(&self.state)?.info();
        Ok(info.map_or_else(Vec::new, |info| {
            let mut indexes = vec![info.id_index()];
            indexes.extend(info.indexes);
            indexes
        }))
    }

    /// The key lists that records use, and their identity: as long as that is the same, lists only get longer.
    pub fn structures(&self) -> Result<(Arc<Structures>, u64)> {
        let content = self.handle.readable()?.content(&self.state)?;
        Ok((content.structures.snapshot(), content.structures_identity))
    }

    fn write(&self, lease: HeldLease<'_>, writes: &[Write<'_>], options: &WriteOptions) -> Result<Outcome> {
        let change = Change {
            state: &self.state,
            ids: IdMode::default(),
            clear: false,
            create: false,
            writes,
        };
        let (store, durability) = (lease.0, self.handle.durability(options));
        store.commit_then(&[change], durability, || drop(lease))
    }

    /// Runs `verb` as a transaction of this collection.
    ///
    /// Errors: those of `verb`, and as any commit. Nothing is changed then.
    pub(crate) fn in_transaction<R>(
        &self,
        options: &WriteOptions,
        verb: impl FnOnce(&mut Transaction, &str) -> Result<R>,
    ) -> Result<R> {
        let store = self.handle.writable()?;
        let mut transaction = Transaction::begin_single(store.clone(), self.state.clone(), options.owner)?;
        let result = verb(&mut transaction, &self.state.name())?;
        transaction.commit(self.handle.durability(options))?;
        Ok(result)
    }

    /// Checks one document and brings it into stored form. The caller holds the lease.
    fn take_in(&self, store: &Store, document: &[u8], stored: &mut Vec<u8>) -> Result<IdBytes> {
        let content = self.state.content.read();
        let mut intake = Intake::new(&content.structures, store.settings.document_bytes_max);
        let mut ids = NextId::new(
            store,
            content
                .body
                .as_ref()
                .map_or((IdMode::default(), 1), |body| (body.ids, body.next_integer)),
        );
        intake.document(document, &mut || Ok(ids.make()), stored)
    }

    /// Checks documents back to back; each comes with the end of its stored form.
    fn take_in_many(
        &self,
        store: &Store,
        documents: &[u8],
        stored: &mut Vec<u8>,
    ) -> Result<Vec<(IdBytes, usize)>> {
        let content = self.state.content.read();
        let mut intake = Intake::new(&content.structures, store.settings.document_bytes_max);
        let mut ids = NextId::new(
            store,
            content
                .body
                .as_ref()
                .map_or((IdMode::default(), 1), |body| (body.ids, body.next_integer)),
        );
        let mut batch: Vec<(IdBytes, usize)> = Vec::new();
        let mut rest = documents;
        while !rest.is_empty() {
            let (id, taken) = intake
                .first(rest, &mut || Ok(ids.make()), stored)
                .map_err(|error| {
                    Error::new(
                        error.kind(),
                        format!("document {}: {}", batch.len(), error.message()),
                    )
                })?;
            rest = rest.get(taken..).unwrap_or_default();
            ids.note(&id);
            batch.push((id, stored.len()));
        }
        check_distinct(&batch)?;
        Ok(batch)
    }
}

/// Makes ids for documents that come without one.
struct NextId<'a> {
    store: &'a Store,
    ids: IdMode,
    next_integer: i64,
}

impl<'a> NextId<'a> {
    fn new(store: &'a Store, (ids, next_integer): (IdMode, i64)) -> NextId<'a> {
        NextId {
            store,
            ids,
            next_integer,
        }
    }

    /// Keeps the next integer above an id that a document of the batch came with.
    fn note(&mut self, id: &IdBytes) {
        if self.ids == IdMode::Integer
            && let Some(number) = integer_of(id)
        {
            self.next_integer = self.next_integer.max(number.saturating_add(1));
        }
    }

    fn make(&mut self) -> IdBytes {
        match self.ids {
            IdMode::Ulid => self.store.ulids.next_id(),
            IdMode::Integer => {
                let number = self.next_integer;
                self.next_integer = number.saturating_add(1);
                IdBytes::from_integer(number)
            }
        }
    }
}

/// Fails when two documents of one batch have the same id.
fn check_distinct(batch: &[(IdBytes, usize)]) -> Result<()> {
    let mut seen: hashbrown::HashSet<&[u8]> = hashbrown::HashSet::with_capacity(batch.len());
    let twice: SmallVec<[&IdBytes; 1]> = batch
        .iter()
        .map(|(id, _)| id)
        .filter(|id| !seen.insert(id))
        .take(1)
        .collect();
    match twice.first() {
        Some(id) => Err(Error::new(
            ErrorKind::DuplicateId,
            format!("two documents of the batch have _id {id}"),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests;
