//! Many documents by their ids at once.
//!
//! Reading a document that the processor has not at hand is mostly waiting for memory; of many the waits overlap.
//! Promises: results are in the order of the ids; the documents of a call of up to 256 ids are of one moment, those of
//! more of one moment for each 256. Leaves to others: finding them (native/engine/src/collection/find_many.rs).

use quire_engine::IdBytes;
use serde::de::DeserializeOwned;

use crate::collection::Collection;
use crate::error::Result;
use crate::id::AsId;
use crate::room::{Room, Stored, until_read, with_room};
use crate::scope::Scope;

/// Ids whose documents are copied out together: enough to overlap, few enough for the buffer to stay small.
const TOGETHER: usize = 256;

impl<T: DeserializeOwned> Collection<T> {
    /// The documents of these ids, in their order; None for each that is not there.
    ///
    /// ```
    /// # use quiredb::{doc, Database, Document};
    /// # let db = Database::in_memory()?;
    /// let people = db.collection::<Document>("people")?;
    /// people.insert_many(&[doc! { "_id": 1 }, doc! { "_id": 2 }])?;
    /// assert_eq!(people.get_many([2, 5, 1])?, [Some(doc! { "_id": 2 }), None, Some(doc! { "_id": 1 })]);
    /// # Ok::<(), quiredb::Error>(())
    /// ```
    ///
    /// Errors: INVALID_ID, INVALID_DOCUMENT when one does not fit `T`.
    pub fn get_many<I: AsId>(&self, ids: impl IntoIterator<Item = I>) -> Result<Vec<Option<T>>> {
        self.get_many_with(ids, |stored| stored.read())
    }
}

impl<T> Collection<T> {
    /// What `visit` makes of the documents of these ids; see `get_with`. Errors: INVALID_ID, and those of `visit`.
    pub fn get_many_with<R, I: AsId>(
        &self,
        ids: impl IntoIterator<Item = I>,
        mut visit: impl FnMut(&Stored<'_>) -> Result<R>,
    ) -> Result<Vec<Option<R>>> {
        let ids: Vec<IdBytes> = ids.into_iter().map(|id| id.as_id()).collect::<Result<_>>()?;
        let mut all = Vec::with_capacity(ids.len());
        for ids in ids.chunks(TOGETHER) {
            match &self.scope {
                Scope::Alone { collection, .. } => {
                    let some =
                        with_room(|room| until_read(|| some_alone(room, collection, ids, &mut visit)))?;
                    all.extend(some);
                }
                Scope::Inside { .. } => {
                    for id in ids {
                        all.push(self.get_canonical(id, &mut visit)?);
                    }
                }
            }
        }
        Ok(all)
    }
}

/// What `visit` makes of the documents of `ids`; None when they have to be read again.
fn some_alone<R>(
    room: &mut Room,
    collection: &quire_engine::Collection,
    ids: &[IdBytes],
    visit: &mut impl FnMut(&Stored<'_>) -> Result<R>,
) -> Result<Option<Vec<Option<R>>>> {
    room.buffer.clear();
    let mut found: Vec<(usize, usize)> = Vec::with_capacity(ids.len());
    let buffer = &mut room.buffer;
    let identity = collection.get_many_with(ids, |number, document| {
        buffer.extend_from_slice(document);
        found.push((number, buffer.len()));
    })?;
    let mut results: Vec<Option<R>> = (0..ids.len()).map(|_| None).collect();
    let mut start = 0;
    for (number, end) in found {
        let fetch = || Ok(collection.structures()?);
        let Some(result) = room.visit(start..end, identity, fetch, visit)? else {
            return Ok(None);
        };
        if let Some(place) = results.get_mut(number) {
            *place = Some(result);
        }
        start = end;
    }
    Ok(Some(results))
}
