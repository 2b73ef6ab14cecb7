//! Updating documents, and inserting the one that an update asked for in vain.
//!
//! Promises: on an error no document is changed; the time that operators write is the same for all documents of
//! one update. Leaves to others: what an update makes of a document (query/update).

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::intake::document_id;
use crate::format::record::StructureRegistry;
use crate::query::update::Circumstances;
use crate::query::{Filter, Update};
use crate::transaction::cursor::FindOptions;
use crate::transaction::{Part, Transaction};

/// How many documents an update met and changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateOutcome {
    /// Documents that matched.
    pub matched_count: u64,
    /// Documents that are different now.
    pub modified_count: u64,
    /// The id of the document that an upsert inserted because none matched.
    pub upserted_id: Option<IdBytes>,
}

/// What is updated, and how.
pub struct UpdateRequest<'a> {
    /// Which documents: by filter, and with a limit of 1 the first one only.
    pub find: FindOptions,
    /// What becomes of each.
    pub update: &'a Update,
    /// The filter in plain MessagePack, where a document is to be inserted when none matches.
    pub upsert: Option<&'a [u8]>,
}

/// One update, applied to one document after the other.
pub(super) struct Updater<'a> {
    update: &'a Update,
    filter: Option<Arc<Filter>>,
    registry: Arc<StructureRegistry>,
    circumstances: Circumstances,
}

impl<'a> Updater<'a> {
    /// An updater of documents of `part` that match `filter`.
    pub(super) fn new(
        update: &'a Update,
        filter: Option<Arc<Filter>>,
        part: &Part,
        bytes_max: usize,
    ) -> Updater<'a> {
        Updater {
            update,
            filter,
            registry: part.state.content.read().structures.clone(),
            circumstances: Circumstances::at_present(bytes_max),
        }
    }

    /// Puts what the stored `document` becomes into `out`; false when it stays what it is.
    ///
    /// Errors: those of `Update::apply`.
    pub(super) fn apply(&self, document: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        let matched_position = match (self.update.position_array(), &self.filter) {
            (Some(path), Some(filter)) => filter.matched_index(document, &self.registry.snapshot(), path)?,
            _ => None,
        };
        let circumstances = Circumstances {
            matched_position,
            ..self.circumstances
        };
        out.clear();
        let is_changed = self.update.apply(document, &self.registry, &circumstances, out)?;
        let bytes_max = circumstances.document_bytes_max;
        if out.len() > bytes_max {
            return Err(Error::new(
                ErrorKind::DocumentTooLarge,
                format!(
                    "the updated document would have {} bytes; document_bytes_max is {bytes_max}",
                    out.len()
                ),
            ));
        }
        Ok(is_changed)
    }
}

impl Transaction {
    /// Updates the documents that are found, or inserts one where none is and the request says so. On an error
    /// none is updated.
    ///
    /// Errors: `INVALID_UPDATE`, `DOCUMENT_TOO_LARGE`, `BUSY`, `CONFLICT`; of an upsert also those of `insert`.
    pub fn update_found(&mut self, collection: &str, request: UpdateRequest<'_>) -> Result<UpdateOutcome> {
        crate::collection::check_name(collection)?;
        let bytes_max = self.store.settings.document_bytes_max as usize;
        let part = self.leased_part(collection)?;
        let updater = Updater::new(request.update, request.find.filter.clone(), part, bytes_max);
        let mut outcome = UpdateOutcome::default();
        let mut changed: Vec<(IdBytes, Arc<[u8]>)> = Vec::new();
        let mut updated = Vec::new();
        self.for_each_found(collection, request.find, &mut |document| {
            outcome.matched_count += 1;
            if updater.apply(document, &mut updated)? {
                outcome.modified_count += 1;
                let id = IdBytes::from_canonical(document_id(document)?)?;
                changed.push((id, updated.as_slice().into()));
            }
            Ok(())
        })?;
        if outcome.matched_count == 0
            && let Some(filter) = request.upsert
        {
            outcome.upserted_id = Some(self.insert_upserted(collection, &updater, filter)?.0);
        }
        let (store, _, part) = self.split(collection)?;
        let written: Vec<(&IdBytes, &[u8])> =
            changed.iter().map(|(id, document)| (id, &**document)).collect();
        part.check_indexes(store, &written)?;
        for (id, document) in changed {
            note(part, id, document, request.update);
        }
        Ok(outcome)
    }

    /// Updates the documents that match, at most `limit`. On an error none is updated.
    ///
    /// Errors: as `update_found`.
    pub fn update_matching(
        &mut self,
        collection: &str,
        filter: Option<Arc<Filter>>,
        update: &Update,
        limit: Option<u64>,
    ) -> Result<UpdateOutcome> {
        let find = FindOptions {
            filter,
            limit,
            ..FindOptions::default()
        };
        let upsert = None;
        self.update_found(collection, UpdateRequest { find, update, upsert })
    }

    /// Updates document `id`, where there is one.
    ///
    /// Errors: as `update_found`.
    pub fn update(&mut self, collection: &str, id: &IdBytes, update: &Update) -> Result<UpdateOutcome> {
        let bytes_max = self.store.settings.document_bytes_max as usize;
        let updater = Updater::new(update, None, self.leased_part(collection)?, bytes_max);
        let mut updated = Vec::new();
        let (store, snapshot, part) = self.split(collection)?;
        let applied = part.find(store, snapshot, id, |document| {
            updater.apply(document, &mut updated)
        })?;
        let Some(applied) = applied else {
            return Ok(UpdateOutcome::default());
        };
        let is_changed = applied?;
        if is_changed {
            let (store, _, part) = self.split(collection)?;
            part.check_indexes(store, &[(id, &updated)])?;
            note(part, id.clone(), updated.into(), update);
        }
        Ok(UpdateOutcome {
            matched_count: 1,
            modified_count: u64::from(is_changed),
            upserted_id: None,
        })
    }

    /// Inserts the document that an update makes of what the filter, plain MessagePack, asks to be equal. Gives its
    /// id, and whether the transaction had deleted a document of this id before.
    pub(super) fn insert_upserted(
        &mut self,
        collection: &str,
        updater: &Updater<'_>,
        filter: &[u8],
    ) -> Result<(IdBytes, bool)> {
        let mut document = Vec::new();
        updater
            .update
            .upsert_document(filter, &updater.circumstances, &mut document)?;
        self.insert_single(collection, &document)
    }
}

/// Notes what `update` made of the document of `id`, which its indexes were asked about.
pub(super) fn note(part: &mut Part, id: IdBytes, document: Arc<[u8]>, update: &Update) {
    if update.is_replacement() {
        part.overlay.set(id, Some(document));
    } else {
        part.overlay.set_updated(id, document);
    }
}
