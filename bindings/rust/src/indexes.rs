//! Indexes: what is asked for, and what is told of one.
//!
//! Promises: options that are not set are not sent. Leaves to others: what an index does (docs/QUERY.md).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::collection::Collection;
use crate::decode::decode;
use crate::error::Result;
use crate::request::{Fields, request};
use crate::value::Document;
use quire_engine::format::encode::write_array_head;

/// An index that is asked for: its fields in order, each with its direction, and options.
///
/// ```
/// # use quiredb::{doc, Database, Document, IndexModel};
/// # let db = Database::in_memory()?;
/// # let people = db.collection::<Document>("people")?;
/// people.create_index(IndexModel::new(doc! { "city": 1, "age": -1 }))?;
/// people.create_index(IndexModel::new(doc! { "email": 1 }).unique(true).sparse(true))?;
/// # Ok::<(), quiredb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IndexModel {
    fields: Fields,
}

impl IndexModel {
    /// An index on fields, such as `doc! { "city": 1, "age": -1 }`.
    pub fn new(key: impl Serialize) -> IndexModel {
        IndexModel {
            fields: Fields::default().with("key", &key),
        }
    }

    /// Its name; made of its fields by default, such as `city_1_age_-1`.
    pub fn name(self, name: &str) -> IndexModel {
        self.with("name", name)
    }

    /// Refuses a second document of the same key with DUPLICATE_KEY.
    pub fn unique(self, is_unique: bool) -> IndexModel {
        self.with("unique", &is_unique)
    }

    /// Leaves documents out that have none of the fields.
    pub fn sparse(self, is_sparse: bool) -> IndexModel {
        self.with("sparse", &is_sparse)
    }

    /// Indexes only the documents that match.
    pub fn partial_filter_expression(self, filter: impl Serialize) -> IndexModel {
        self.with("partialFilterExpression", &filter)
    }

    /// Deletes documents this long after the date in the index's only field, in whole seconds.
    pub fn expire_after(self, time: Duration) -> IndexModel {
        self.with("expireAfterSeconds", &time.as_secs())
    }

    /// Sets any option by its name in MongoDB's `createIndexes`; what is not known is refused.
    pub fn option(self, name: &'static str, value: impl Serialize) -> IndexModel {
        self.with(name, &value)
    }

    fn with<V: Serialize + ?Sized>(mut self, name: &'static str, value: &V) -> IndexModel {
        self.fields.set(name, value);
        self
    }
}

/// What an index is, as it is listed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexInfo {
    /// Its fields in order, each with its direction.
    pub key: Document,
    /// Its name.
    pub name: String,
    /// Whether two documents of one key are refused.
    #[serde(default)]
    pub unique: bool,
    /// Whether documents that have none of the fields are left out.
    #[serde(default)]
    pub sparse: bool,
    /// What indexed documents match.
    pub partial_filter_expression: Option<Document>,
    /// Seconds after which documents are deleted.
    pub expire_after_seconds: Option<u32>,
    /// Entries it has: a document has one for each value it is found by.
    pub entries_count: u64,
    /// Bytes of its pages.
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Names {
    names: Vec<String>,
}

#[derive(Deserialize)]
struct Listed {
    indexes: Vec<IndexInfo>,
}

impl<T> Collection<T> {
    /// Makes an index, over documents that are there as well, and returns its name; the same one again is made once.
    ///
    /// Errors: INVALID_INDEX; INDEX_EXISTS when one has this name or these fields, but other options; DUPLICATE_KEY when
    /// it is unique and two documents have one key; LIMIT_EXCEEDED.
    pub fn create_index(&self, index: IndexModel) -> Result<String> {
        Ok(self.create_indexes([index])?.pop().unwrap_or_default())
    }

    /// Makes several indexes, or none when one cannot be made, and returns their names. Errors: as `create_index`.
    pub fn create_indexes(&self, indexes: impl IntoIterator<Item = IndexModel>) -> Result<Vec<String>> {
        let indexes: Vec<IndexModel> = indexes.into_iter().collect();
        let mut list = Vec::new();
        write_array_head(indexes.len(), &mut list);
        for index in &indexes {
            list.extend_from_slice(&index.fields.encoded()?);
        }
        let mut asked = request("createIndexes");
        asked.set_encoded("indexes", list);
        Ok(decode::<Names>(&self.run(&asked)?)?.names)
    }

    /// Drops an index, by its name or its fields.
    ///
    /// Errors: INDEX_NOT_FOUND, COLLECTION_NOT_FOUND, INVALID_INDEX for the one on `_id`.
    pub fn drop_index(&self, index: impl Serialize) -> Result<()> {
        self.run(&request("dropIndexes").with("index", &index))
            .map(|_| ())
    }

    /// Drops every index but the one on `_id`. Errors: COLLECTION_NOT_FOUND.
    pub fn drop_indexes(&self) -> Result<()> {
        self.run(&request("dropIndexes")).map(|_| ())
    }

    /// The indexes, the one on `_id` first; none while the collection does not exist.
    pub fn list_indexes(&self) -> Result<Vec<IndexInfo>> {
        Ok(decode::<Listed>(&self.run(&request("listIndexes"))?)?.indexes)
    }
}
