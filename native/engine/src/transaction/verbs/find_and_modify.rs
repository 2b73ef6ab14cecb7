//! Changing the first document that is found, and handing it out as it was before or as it is after.
//!
//! Promises: what is handed out and what is changed are one document of one moment; on an error nothing is changed.
//! Leaves to others: which document is the first (transaction/cursor.rs), what an update makes of it (query/update).

use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::intake::document_id;
use crate::format::record::Structures;
use crate::query::Update;
use crate::transaction::Transaction;
use crate::transaction::cursor::FindOptions;
use crate::transaction::verbs::update::{Updater, note};

/// What becomes of the document that is found.
#[derive(Clone, Copy)]
pub enum Modification<'a> {
    /// It is removed, and handed out as it was.
    Delete,
    /// It is updated.
    Update {
        /// What becomes of it.
        update: &'a Update,
        /// The filter in plain MessagePack, where a document is to be inserted when none is found.
        upsert: Option<&'a [u8]>,
        /// Which of both is handed out.
        version: Version,
    },
}

/// What `find_and_modify` is asked.
pub struct FindAndModify<'a> {
    /// Which documents are meant, and in which order: whole ones, without a projection.
    pub find: FindOptions,
    /// What becomes of the first.
    pub modification: Modification<'a>,
}

/// A document before or after an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// As it was; of an upsert that inserts, nothing.
    Before,
    /// As it is now.
    After,
}

/// What `find_and_modify` found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindAndModifyOutcome {
    /// Whether a document was found.
    pub is_found: bool,
    /// The id of the document that an upsert inserted because none was found.
    pub upserted_id: Option<IdBytes>,
}

impl Transaction {
    /// Changes the first document that is found, and hands the stored form of one of its versions to `visit`,
    /// where there is one, with the key lists that its records use.
    ///
    /// Errors: as `update_found`, and those of `visit`.
    pub fn find_and_modify(
        &mut self,
        collection: &str,
        request: FindAndModify<'_>,
        visit: &mut dyn FnMut(&[u8], &Structures) -> Result<()>,
    ) -> Result<FindAndModifyOutcome> {
        crate::collection::check_name(collection)?;
        self.leased_part(collection)?;
        let filter = request.find.filter.clone();
        let found = self.find_first(collection, request.find)?;
        let bytes_max = self.store.settings.document_bytes_max as usize;
        let part = self.leased_part(collection)?;
        let upserted_id = match (found, request.modification) {
            (Some(document), Modification::Delete) => {
                visit(&document, &part.structures())?;
                part.overlay
                    .set(IdBytes::from_canonical(document_id(&document)?)?, None);
                return Ok(FOUND);
            }
            (Some(document), Modification::Update { update, version, .. }) => {
                let mut updated = Vec::new();
                let is_changed =
                    Updater::new(update, filter, part, bytes_max).apply(&document, &mut updated)?;
                let shown = match version {
                    Version::Before => &document,
                    Version::After => &updated,
                };
                visit(shown, &part.structures())?;
                if is_changed {
                    let id = IdBytes::from_canonical(document_id(&document)?)?;
                    let (store, _, part) = self.split(collection)?;
                    part.check_indexes(store, &[(&id, &updated)])?;
                    note(part, id, updated.into(), update);
                }
                return Ok(FOUND);
            }
            (
                None,
                Modification::Update {
                    update,
                    upsert: Some(upsert),
                    version,
                },
            ) => {
                let updater = Updater::new(update, filter, part, bytes_max);
                let (id, was_deleted) = self.insert_upserted(collection, &updater, upsert)?;
                if version == Version::After {
                    self.visit_inserted(collection, &id, was_deleted, visit)?;
                }
                Some(id)
            }
            (None, _) => None,
        };
        Ok(FindAndModifyOutcome {
            is_found: false,
            upserted_id,
        })
    }

    /// The stored form of the first document that `find` finds.
    fn find_first(&mut self, collection: &str, find: FindOptions) -> Result<Option<Vec<u8>>> {
        let mut first = None;
        let limit = Some(1);
        self.for_each_found(collection, FindOptions { limit, ..find }, &mut |document| {
            first = Some(document.to_vec());
            Ok(())
        })?;
        Ok(first)
    }

    /// Hands the document that was just inserted to `visit`, and takes it back when that fails.
    fn visit_inserted(
        &mut self,
        collection: &str,
        id: &IdBytes,
        was_deleted: bool,
        visit: &mut dyn FnMut(&[u8], &Structures) -> Result<()>,
    ) -> Result<()> {
        let part = self.leased_part(collection)?;
        let structures = part.structures();
        let visited = match part.overlay.get(id) {
            Some(Some(document)) => visit(document, &structures),
            _ => Ok(()),
        };
        if visited.is_err() {
            part.overlay.undo_insert(id, was_deleted);
        }
        visited
    }
}

const FOUND: FindAndModifyOutcome = FindAndModifyOutcome {
    is_found: true,
    upserted_id: None,
};
