//! Changes of documents that a filter finds, and many writes at once.
//!
//! Promises: a call that changes several documents changes all of them or, after an error, none. Leaves to others:
//! verbs by id (collection.rs), what filters and updates mean (docs/QUERY.md).

use quire_engine::format::encode::{write_array_head, write_map_head, write_text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::collection::Collection;
use crate::decode::decode;
use crate::error::Result;
use crate::options::{DeleteOptions, FindOneAndOptions, ReplaceOptions, UpdateOptions};
use crate::request::{Fields, request};
use crate::results::{BulkWriteResult, DeleteResult, UpdateResult, bulk_result};

/// One write of a bulk.
///
/// ```
/// # use quiredb::{doc, Database, Document, UpdateOptions, WriteModel};
/// # let db = Database::in_memory()?;
/// # let people = db.collection::<Document>("people")?;
/// let done = people.bulk_write([
///     WriteModel::insert_one(&doc! { "_id": 1, "name": "Ada" }),
///     WriteModel::update_one(doc! { "_id": 1 }, doc! { "$set": { "age": 36 } }, UpdateOptions::new()),
///     WriteModel::delete_many(doc! { "age": { "$gt": 100 } }),
/// ])?;
/// assert_eq!((done.inserted_count, done.modified_count, done.deleted_count), (1, 1, 0));
/// # Ok::<(), quiredb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WriteModel {
    op: &'static str,
    fields: Fields,
}

impl WriteModel {
    /// Inserts a document.
    pub fn insert_one(document: &(impl Serialize + ?Sized)) -> WriteModel {
        WriteModel {
            op: "insertOne",
            fields: Fields::default().with("document", document),
        }
    }

    /// Changes the first document that matches.
    pub fn update_one(filter: impl Serialize, update: impl Serialize, options: UpdateOptions) -> WriteModel {
        WriteModel {
            op: "updateOne",
            fields: filtered(&filter).with("update", &update).and(&options.fields),
        }
    }

    /// Changes every document that matches.
    pub fn update_many(filter: impl Serialize, update: impl Serialize, options: UpdateOptions) -> WriteModel {
        WriteModel {
            op: "updateMany",
            ..WriteModel::update_one(filter, update, options)
        }
    }

    /// Puts a document in the place of the first one that matches.
    pub fn replace_one(
        filter: impl Serialize,
        replacement: &(impl Serialize + ?Sized),
        options: ReplaceOptions,
    ) -> WriteModel {
        WriteModel {
            op: "replaceOne",
            fields: filtered(&filter)
                .with("replacement", replacement)
                .and(&options.fields),
        }
    }

    /// Deletes the first document that matches.
    pub fn delete_one(filter: impl Serialize) -> WriteModel {
        WriteModel::delete_one_with(filter, DeleteOptions::new())
    }

    /// As `delete_one`, with options.
    pub fn delete_one_with(filter: impl Serialize, options: DeleteOptions) -> WriteModel {
        WriteModel {
            op: "deleteOne",
            fields: filtered(&filter).and(&options.fields),
        }
    }

    /// Deletes every document that matches.
    pub fn delete_many(filter: impl Serialize) -> WriteModel {
        WriteModel::delete_many_with(filter, DeleteOptions::new())
    }

    /// As `delete_many`, with options.
    pub fn delete_many_with(filter: impl Serialize, options: DeleteOptions) -> WriteModel {
        WriteModel {
            op: "deleteMany",
            ..WriteModel::delete_one_with(filter, options)
        }
    }
}

/// The field that names the documents.
fn filtered(filter: &impl Serialize) -> Fields {
    Fields::default().with("filter", filter)
}

/// What `find_one_and_…` gives.
#[derive(Deserialize)]
struct Modified<T> {
    value: Option<T>,
}

impl<T> Collection<T> {
    /// Changes the first document that matches, by operators or a pipeline.
    ///
    /// Errors: INVALID_FILTER, INVALID_UPDATE, DOCUMENT_TOO_LARGE, DUPLICATE_KEY.
    pub fn update_one(&self, filter: impl Serialize, update: impl Serialize) -> Result<UpdateResult> {
        self.update_one_with(filter, update, UpdateOptions::new())
    }

    /// As `update_one`, with options.
    pub fn update_one_with(
        &self,
        filter: impl Serialize,
        update: impl Serialize,
        options: UpdateOptions,
    ) -> Result<UpdateResult> {
        self.change(
            "updateOne",
            filtered(&filter).with("update", &update).and(&options.fields),
        )
    }

    /// Changes every document that matches, all of them or, after an error, none. Errors: as `update_one`.
    pub fn update_many(&self, filter: impl Serialize, update: impl Serialize) -> Result<UpdateResult> {
        self.update_many_with(filter, update, UpdateOptions::new())
    }

    /// As `update_many`, with options.
    pub fn update_many_with(
        &self,
        filter: impl Serialize,
        update: impl Serialize,
        options: UpdateOptions,
    ) -> Result<UpdateResult> {
        self.change(
            "updateMany",
            filtered(&filter).with("update", &update).and(&options.fields),
        )
    }

    fn change<R: DeserializeOwned>(&self, op: &'static str, fields: Fields) -> Result<R> {
        decode(&self.run(&request(op).and(&fields))?)
    }

    /// Deletes the first document that matches. Errors: INVALID_FILTER.
    pub fn delete_one(&self, filter: impl Serialize) -> Result<DeleteResult> {
        self.delete_one_with(filter, DeleteOptions::new())
    }

    /// As `delete_one`, with options.
    pub fn delete_one_with(&self, filter: impl Serialize, options: DeleteOptions) -> Result<DeleteResult> {
        self.change("deleteOne", filtered(&filter).and(&options.fields))
    }

    /// Deletes every document that matches. Errors: INVALID_FILTER.
    pub fn delete_many(&self, filter: impl Serialize) -> Result<DeleteResult> {
        self.delete_many_with(filter, DeleteOptions::new())
    }

    /// As `delete_many`, with options.
    pub fn delete_many_with(&self, filter: impl Serialize, options: DeleteOptions) -> Result<DeleteResult> {
        self.change("deleteMany", filtered(&filter).and(&options.fields))
    }

    /// Does writes in one commit, up to the first that fails.
    ///
    /// Errors: the kind of the first failure; [`crate::Error::bulk`] tells what was done. INVALID_ARGUMENT for a write
    /// that cannot be one: then nothing is done.
    pub fn bulk_write(&self, writes: impl IntoIterator<Item = WriteModel>) -> Result<BulkWriteResult> {
        self.bulk(writes, true)
    }

    /// As `bulk_write`, but after a failure the others are done as well.
    pub fn bulk_write_unordered(
        &self,
        writes: impl IntoIterator<Item = WriteModel>,
    ) -> Result<BulkWriteResult> {
        self.bulk(writes, false)
    }

    fn bulk(
        &self,
        writes: impl IntoIterator<Item = WriteModel>,
        is_ordered: bool,
    ) -> Result<BulkWriteResult> {
        let writes: Vec<WriteModel> = writes.into_iter().collect();
        let mut operations = Vec::new();
        write_array_head(writes.len(), &mut operations);
        for WriteModel { op, fields } in &writes {
            write_map_head(1, &mut operations);
            write_text(op.as_bytes(), &mut operations);
            operations.extend_from_slice(&fields.encoded()?);
        }
        let mut asked = request("bulkWrite").with("ordered", &is_ordered);
        asked.set_encoded("operations", operations);
        bulk_result(&self.run(&asked)?)
    }
}

impl<T: Serialize> Collection<T> {
    /// Puts a document in the place of the first one that matches; its `_id` stays.
    ///
    /// Errors: as `update_one`; INVALID_UPDATE for another `_id`.
    pub fn replace_one(&self, filter: impl Serialize, replacement: &T) -> Result<UpdateResult> {
        self.replace_one_with(filter, replacement, ReplaceOptions::new())
    }

    /// As `replace_one`, with options.
    pub fn replace_one_with(
        &self,
        filter: impl Serialize,
        replacement: &T,
        options: ReplaceOptions,
    ) -> Result<UpdateResult> {
        self.change(
            "replaceOne",
            filtered(&filter)
                .with("replacement", replacement)
                .and(&options.fields),
        )
    }

    /// Inserts all documents that can be inserted.
    ///
    /// Errors: the kind of the first that was not; [`crate::Error::bulk`] tells which, and what was inserted.
    pub fn insert_many_unordered<'d>(
        &self,
        documents: impl IntoIterator<Item = &'d T>,
    ) -> Result<BulkWriteResult>
    where
        T: 'd,
    {
        let documents: Vec<&T> = documents.into_iter().collect();
        let asked = request("insertMany")
            .with("documents", &documents)
            .with("ordered", &false);
        bulk_result(&self.run(&asked)?)
    }
}

impl<T: DeserializeOwned> Collection<T> {
    /// Changes the first document that matches, and gives it as it was before.
    ///
    /// Errors: as `update_one`.
    pub fn find_one_and_update(&self, filter: impl Serialize, update: impl Serialize) -> Result<Option<T>> {
        self.find_one_and_update_with(filter, update, FindOneAndOptions::new())
    }

    /// As `find_one_and_update`, with options. Errors: also INVALID_SORT, INVALID_PROJECTION.
    pub fn find_one_and_update_with(
        &self,
        filter: impl Serialize,
        update: impl Serialize,
        options: FindOneAndOptions,
    ) -> Result<Option<T>> {
        self.modify(
            "findOneAndUpdate",
            filtered(&filter).with("update", &update).and(&options.fields),
        )
    }

    /// Deletes the first document that matches, and gives it. Errors: INVALID_FILTER.
    pub fn find_one_and_delete(&self, filter: impl Serialize) -> Result<Option<T>> {
        self.find_one_and_delete_with(filter, FindOneAndOptions::new())
    }

    /// As `find_one_and_delete`, with options. Errors: also INVALID_SORT, INVALID_PROJECTION.
    pub fn find_one_and_delete_with(
        &self,
        filter: impl Serialize,
        options: FindOneAndOptions,
    ) -> Result<Option<T>> {
        self.modify("findOneAndDelete", filtered(&filter).and(&options.fields))
    }

    fn modify(&self, op: &'static str, fields: Fields) -> Result<Option<T>> {
        let modified: Modified<T> = self.change(op, fields)?;
        Ok(modified.value)
    }
}

impl<T: Serialize + DeserializeOwned> Collection<T> {
    /// Puts a document in the place of the first one that matches, and gives that one. Errors: as `replace_one`.
    pub fn find_one_and_replace(&self, filter: impl Serialize, replacement: &T) -> Result<Option<T>> {
        self.find_one_and_replace_with(filter, replacement, FindOneAndOptions::new())
    }

    /// As `find_one_and_replace`, with options. Errors: also INVALID_SORT, INVALID_PROJECTION.
    pub fn find_one_and_replace_with(
        &self,
        filter: impl Serialize,
        replacement: &T,
        options: FindOneAndOptions,
    ) -> Result<Option<T>> {
        self.modify(
            "findOneAndReplace",
            filtered(&filter)
                .with("replacement", replacement)
                .and(&options.fields),
        )
    }
}
