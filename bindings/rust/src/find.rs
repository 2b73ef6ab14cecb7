//! Queries: which documents, in which order, which part of each.
//!
//! Promises: nothing runs before it is asked for documents, a count or an explanation. Leaves to others: what filters,
//! orders, projections and pipelines mean (docs/QUERY.md), cursors (cursor.rs).

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::collection::Collection;
use crate::cursor::Cursor;
use crate::decode::decode;
use crate::error::Result;
use crate::request::{Fields, open_cursor, request, run};
use crate::scope::Scope;
use crate::value::{Document, Value};

/// A query that has not run: add to it, then ask for documents.
///
/// ```
/// # use quiredb::{doc, Database, Document};
/// # let db = Database::in_memory()?;
/// # let people = db.collection::<Document>("people")?;
/// let oldest = people.find(doc! { "city": "Kochi" }).sort(doc! { "age": -1 }).limit(3).all()?;
/// for person in people.find(doc! {}).run()? {
///     println!("{:?}", person?.get_str("name"));
/// }
/// # Ok::<(), quiredb::Error>(())
/// ```
#[must_use = "a query runs when it is asked for documents, a count or an explanation"]
pub struct Find<T> {
    collection: Collection<T>,
    asked: Fields,
}

impl<T> Clone for Find<T> {
    fn clone(&self) -> Find<T> {
        Find {
            collection: self.collection.clone(),
            asked: self.asked.clone(),
        }
    }
}

impl<T> Find<T> {
    /// Gives the documents in an order, such as `doc! { "age": -1 }`.
    pub fn sort(self, order: impl Serialize) -> Find<T> {
        self.with("sort", &order)
    }

    /// Gives a part of each document, or what expressions make of it; read it by a fitting type, see `with_type`.
    pub fn projection(self, projection: impl Serialize) -> Find<T> {
        self.with("projection", &projection)
    }

    /// Passes over the first `count` documents.
    pub fn skip(self, count: u64) -> Find<T> {
        self.with("skip", &count)
    }

    /// Gives at most `count` documents.
    pub fn limit(self, count: u64) -> Find<T> {
        self.with("limit", &count)
    }

    /// Uses an index, named by its name or its fields; `doc! { "$natural": 1 }` uses none.
    pub fn hint(self, index: impl Serialize) -> Find<T> {
        self.with("hint", &index)
    }

    /// The same query, whose documents are read as another type.
    pub fn with_type<U>(self) -> Find<U> {
        Find {
            collection: self.collection.with_type(),
            asked: self.asked,
        }
    }

    fn with<V: Serialize + ?Sized>(mut self, name: &'static str, value: &V) -> Find<T> {
        self.asked.set(name, value);
        self
    }

    /// How many documents it gives.
    ///
    /// Errors: as `run`.
    pub fn count(&self) -> Result<u64> {
        let reply: Document = decode(&self.collection.run(&request("count").and(&self.asked))?)?;
        Ok(reply.get_i64("count").unwrap_or(0).unsigned_abs())
    }

    /// How it is done, and what that takes, in the shape of MongoDB's `explain`; it is run for it.
    ///
    /// Errors: as `run`.
    pub fn explain(&self) -> Result<Document> {
        decode(&self.collection.run(&request("explain").and(&self.asked))?)
    }
}

impl<T: DeserializeOwned> Find<T> {
    /// Runs it.
    ///
    /// Errors: INVALID_FILTER, INVALID_SORT, INVALID_PROJECTION, INVALID_EXPRESSION, INDEX_NOT_FOUND for a hint,
    /// LIMIT_EXCEEDED for a sort that takes too much memory.
    pub fn run(&self) -> Result<Cursor<T>> {
        self.collection.cursor(&request("find").and(&self.asked))
    }

    /// All its documents. Errors: as `run`, and those of reading.
    pub fn all(&self) -> Result<Vec<T>> {
        self.run()?.all()
    }

    /// Its first document. Errors: as `all`.
    pub fn first(&self) -> Result<Option<T>> {
        self.clone().limit(1).run()?.try_next()
    }
}

impl<T> Collection<T> {
    /// Runs a command on the collection; its reply.
    pub(crate) fn run(&self, fields: &Fields) -> Result<Vec<u8>> {
        self.scope.with_target(|target| run(target, fields))
    }

    fn cursor<R: DeserializeOwned>(&self, fields: &Fields) -> Result<Cursor<R>> {
        self.scope
            .with_target(|target| open_cursor(target, fields))
            .map(Cursor::new)
    }

    /// The documents that match a filter, as a query to add to.
    pub fn find(&self, filter: impl Serialize) -> Find<T> {
        Find {
            collection: self.clone(),
            asked: Fields::default().with("filter", &filter),
        }
    }

    /// How many documents match. Errors: INVALID_FILTER.
    pub fn count_documents(&self, filter: impl Serialize) -> Result<u64> {
        self.find(filter).count()
    }

    /// How many documents there are, from the collection's own count.
    pub fn estimated_document_count(&self) -> Result<u64> {
        match &self.scope {
            Scope::Alone { collection, .. } => Ok(collection.count(None)?),
            Scope::Inside { transaction, name } => transaction.with(|open| open.count(name, None)),
        }
    }

    /// The distinct values of a field; an array stands for its elements.
    ///
    /// Errors: INVALID_FILTER, LIMIT_EXCEEDED when they take too much memory.
    pub fn distinct(&self, field: &str, filter: impl Serialize) -> Result<Vec<Value>> {
        let reply = self.run(&request("distinct").with("field", field).with("filter", &filter))?;
        let mut reply: Document = decode(&reply)?;
        match reply.remove("values") {
            Some(Value::Array(values)) => Ok(values),
            _ => Ok(Vec::new()),
        }
    }

    /// The results of an aggregation pipeline: an array of stages. With `$out` or `$merge` what they write is written
    /// when this returns.
    ///
    /// Errors: INVALID_PIPELINE, INVALID_EXPRESSION, INVALID_FILTER, INVALID_SORT, LIMIT_EXCEEDED when a stage would
    /// hold more than 100 MiB; where it writes also those of writing.
    pub fn aggregate(&self, pipeline: impl Serialize) -> Result<Cursor<Document>> {
        self.cursor(&request("aggregate").with("pipeline", &pipeline))
    }

    /// How a pipeline runs: `stages`, how many of them the cursor does (`pushed`), and `cursor`, how that is done.
    ///
    /// Errors: as `aggregate`.
    pub fn explain_aggregate(&self, pipeline: impl Serialize) -> Result<Document> {
        decode(&self.run(&request("explainAggregate").with("pipeline", &pipeline))?)
    }
}

impl<T: DeserializeOwned> Collection<T> {
    /// The first document that matches; None when none does. Errors: INVALID_FILTER.
    pub fn find_one(&self, filter: impl Serialize) -> Result<Option<T>> {
        self.find(filter).first()
    }
}
