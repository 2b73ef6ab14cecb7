//! A collection of documents of one type, and the verbs by id.
//!
//! Promises: every call is a transaction of its own, or a part of the transaction that the collection was opened from;
//! a point read of a document that fits a page allocates only what the type itself does. Leaves to others: queries
//! (find.rs), changes by filter (writes.rs), indexes (indexes.rs), everything that a verb means (the engine).

use std::marker::PhantomData;

use quire_engine::{Durability, IdBytes, Update};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::decode::decode;
use crate::encode::{encode, encode_into};
use crate::error::Result;
use crate::id::AsId;
use crate::results::{InsertManyResult, InsertOneResult, UpdateResult};
use crate::room::{Room, Stored, until_read, with_room};
use crate::scope::{Scope, write_options};

/// Bytes that a document is expected to take, for the buffer of many.
const DOCUMENT_BYTES: usize = 256;

/// A collection of documents of type `T`: a struct of the program's, or [`crate::Document`].
///
/// It is cheap to clone and may be used by any thread. Errors of every call: CLOSED, CORRUPTED, IO. Of every write also
/// READ_ONLY, BUSY when an open transaction holds the collection, DISK_FULL, POISONED; inside a transaction also
/// CONFLICT, TRANSACTION_ENDED, TRANSACTION_TOO_LARGE. Of every call that takes a document, filter or update also
/// INVALID_DOCUMENT for a value that cannot be stored; of every call that gives documents, for one that does not fit `T`.
pub struct Collection<T> {
    pub(crate) scope: Scope,
    kind: PhantomData<fn(T) -> T>,
}

impl<T> Clone for Collection<T> {
    fn clone(&self) -> Collection<T> {
        Collection::new(self.scope.clone())
    }
}

impl<T> Collection<T> {
    pub(crate) fn new(scope: Scope) -> Collection<T> {
        Collection {
            scope,
            kind: PhantomData,
        }
    }

    /// The name.
    pub fn name(&self) -> String {
        match &self.scope {
            Scope::Alone { collection, .. } => collection.name().to_string(),
            Scope::Inside { name, .. } => name.to_string(),
        }
    }

    /// The same collection as documents of another type.
    pub fn with_type<U>(&self) -> Collection<U> {
        Collection::new(self.scope.clone())
    }

    /// The same collection, whose writes are committed at `durability`. Inside a transaction the commit has its own.
    pub fn with_durability(&self, durability: Durability) -> Collection<T> {
        let mut scope = self.scope.clone();
        if let Scope::Alone { durability: own, .. } = &mut scope {
            *own = Some(durability);
        }
        Collection::new(scope)
    }

    /// Whether there is a document of this id. Errors: INVALID_ID.
    pub fn has(&self, id: impl AsId) -> Result<bool> {
        let id = id.as_id()?;
        match &self.scope {
            Scope::Alone { collection, .. } => Ok(collection.has(&id)?),
            Scope::Inside { transaction, name } => transaction.with(|open| open.has(name, &id)),
        }
    }

    /// Changes the document of this id by update operators, or a pipeline.
    ///
    /// Errors: INVALID_ID, INVALID_UPDATE, DOCUMENT_TOO_LARGE, DUPLICATE_KEY.
    pub fn update(&self, id: impl AsId, update: impl Serialize) -> Result<UpdateResult> {
        let id = id.as_id()?;
        let update = Update::compile(&encode(&update)?)?;
        let outcome = match &self.scope {
            Scope::Alone {
                collection,
                durability,
                ..
            } => collection.update(&id, &update, &write_options(*durability))?,
            Scope::Inside { transaction, name } => {
                transaction.with(|open| open.update(name, &id, &update))?
            }
        };
        Ok(UpdateResult {
            matched_count: outcome.matched_count,
            modified_count: outcome.modified_count,
            upserted_id: None,
        })
    }

    /// Deletes the document of this id; whether there was one. Errors: INVALID_ID.
    pub fn delete(&self, id: impl AsId) -> Result<bool> {
        let id = id.as_id()?;
        match &self.scope {
            Scope::Alone {
                collection,
                durability,
                ..
            } => Ok(collection.delete(&id, &write_options(*durability))?),
            Scope::Inside { transaction, name } => transaction.with(|open| open.delete(name, &id)),
        }
    }

    /// Deletes every document; how many there were.
    pub fn clear(&self) -> Result<u64> {
        match &self.scope {
            Scope::Alone {
                collection,
                durability,
                ..
            } => Ok(collection.clear(&write_options(*durability))?),
            Scope::Inside { transaction, name } => transaction.with(|open| open.clear(name)),
        }
    }
}

impl<T: DeserializeOwned> Collection<T> {
    /// The document of this id; None when there is none.
    ///
    /// Errors: INVALID_ID, INVALID_DOCUMENT when it does not fit `T`.
    #[inline]
    pub fn get(&self, id: impl AsId) -> Result<Option<T>> {
        self.get_with(id, |stored| stored.read())
    }
}

impl<T> Collection<T> {
    /// What `visit` makes of the document of this id; None when there is none. It may read it as a type that borrows its
    /// texts, which costs no allocation. It may be called again where the document has to be read again.
    ///
    /// ```
    /// # use quiredb::{doc, Database, Document};
    /// # use serde::Deserialize;
    /// # let db = Database::in_memory()?;
    /// # let people = db.collection::<Document>("people")?;
    /// people.insert_one(&doc! { "_id": 1, "name": "Ada", "age": 36 })?;
    /// #[derive(Deserialize)]
    /// struct Person<'a> {
    ///     name: &'a str,
    /// }
    /// let letters = people.get_with(1, |stored| Ok(stored.read::<Person>()?.name.len()))?;
    /// assert_eq!(letters, Some(3));
    /// # Ok::<(), quiredb::Error>(())
    /// ```
    ///
    /// Errors: INVALID_ID, and those of `visit`.
    #[inline]
    pub fn get_with<R>(
        &self,
        id: impl AsId,
        mut visit: impl FnMut(&Stored<'_>) -> Result<R>,
    ) -> Result<Option<R>> {
        self.get_canonical(&id.as_id()?, &mut visit)
    }

    /// As `get_with`, of an id as the engine compares it.
    #[inline]
    pub(crate) fn get_canonical<R>(
        &self,
        id: &IdBytes,
        visit: &mut impl FnMut(&Stored<'_>) -> Result<R>,
    ) -> Result<Option<R>> {
        with_room(|room| {
            until_read(|| match &self.scope {
                Scope::Alone { collection, .. } => get_alone(room, collection, id, visit),
                Scope::Inside { transaction, name } => {
                    room.buffer.clear();
                    let stored = &mut room.buffer;
                    if !transaction.with(|open| open.get(name, id, stored))? {
                        return Ok(Some(None));
                    }
                    let (bytes, fetch) = (room.buffer.len(), || {
                        transaction.with(|open| open.structures(name))
                    });
                    let identity = fetch()?.1;
                    Ok(room.visit(0..bytes, identity, fetch, visit)?.map(Some))
                }
            })
        })
    }
}

/// What `visit` makes of the document of `id`; None when it has to be read again.
#[inline]
fn get_alone<R>(
    room: &mut Room,
    collection: &quire_engine::Collection,
    id: &[u8],
    visit: &mut impl FnMut(&Stored<'_>) -> Result<R>,
) -> Result<Option<Option<R>>> {
    let Some(found) = collection.get_into(id, room.at_least(0))? else {
        return Ok(Some(None));
    };
    if found.length > room.buffer.len() {
        room.at_least(found.length);
        return Ok(None);
    }
    let fetch = || Ok(collection.structures()?);
    Ok(room
        .visit(0..found.length, found.structures_identity, fetch, visit)?
        .map(Some))
}

impl<T: Serialize> Collection<T> {
    /// Inserts a document. Where it has no `_id` the database makes one; `Option<Id>` fields that are None should be
    /// left out by `#[serde(skip_serializing_if = "Option::is_none")]`, for null is no id.
    ///
    /// Errors: DUPLICATE_ID, DUPLICATE_KEY, INVALID_ID, DOCUMENT_TOO_LARGE.
    pub fn insert_one(&self, document: &T) -> Result<InsertOneResult> {
        let document = encode(document)?;
        let id = match &self.scope {
            Scope::Alone {
                collection,
                durability,
                ..
            } => collection.insert(&document, &write_options(*durability))?,
            Scope::Inside { transaction, name } => transaction.with(|open| open.insert(name, &document))?,
        };
        Ok(InsertOneResult {
            inserted_id: decode(&id)?,
        })
    }

    /// Inserts documents in one commit, all of them or, after an error, none.
    ///
    /// Errors: as `insert_one`; TRANSACTION_TOO_LARGE.
    pub fn insert_many<'d>(&self, documents: impl IntoIterator<Item = &'d T>) -> Result<InsertManyResult>
    where
        T: 'd,
    {
        let documents = documents.into_iter();
        let mut bytes = Vec::with_capacity(
            documents
                .size_hint()
                .0
                .saturating_mul(DOCUMENT_BYTES)
                .min(1 << 26),
        );
        for document in documents {
            encode_into(document, &mut bytes)?;
        }
        let mut ids = Vec::new();
        let count = match &self.scope {
            _ if bytes.is_empty() => 0,
            Scope::Alone {
                collection,
                durability,
                ..
            } => collection.insert_many(&bytes, &mut ids, &write_options(*durability))?,
            Scope::Inside { transaction, name } => {
                transaction.with(|open| open.insert_many(name, &bytes, &mut ids))?
            }
        };
        Ok(InsertManyResult {
            inserted_count: count as u64,
            ids,
        })
    }

    /// Stores a document, which has an `_id`, whether one of its id is there or not; whether there was one.
    ///
    /// Errors: as `insert_one` without DUPLICATE_ID.
    pub fn put(&self, document: &T) -> Result<bool> {
        let document = encode(document)?;
        match &self.scope {
            Scope::Alone {
                collection,
                durability,
                ..
            } => Ok(collection.put(&document, &write_options(*durability))?),
            Scope::Inside { transaction, name } => transaction.with(|open| open.put(name, &document)),
        }
    }

    /// Takes the place of the document of this id; whether there was one. The document may be without an `_id`.
    ///
    /// Errors: as `put`; INVALID_UPDATE for another `_id`.
    pub fn replace(&self, id: impl AsId, document: &T) -> Result<bool> {
        let id = id.as_id()?;
        let document = encode(document)?;
        match &self.scope {
            Scope::Alone {
                collection,
                durability,
                ..
            } => Ok(collection.replace(&id, &document, &write_options(*durability))?),
            Scope::Inside { transaction, name } => {
                transaction.with(|open| open.replace(name, &id, &document))
            }
        }
    }
}
