//! Change streams: what is committed, one event after the other.
//!
//! Promises: events come after their commit, in the order of commits, each once. An open stream costs no thread; one that
//! waits is woken by the commit. Leaves to others: what is told and how long it is kept (docs/CHANGES.md).

use std::collections::VecDeque;
use std::time::Duration;

use quire_engine::Stream;
use quire_engine::format::record::NO_STRUCTURES;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

use crate::collection::Collection;
use crate::database::Database;
use crate::decode::{Decoder, decode_next};
use crate::error::Result;
use crate::id::Id;
use crate::request::{Fields, request};
use crate::value::{Document, Value};

/// Events of a batch at most.
const BATCH_MAX: usize = 1000;
/// Bytes after which a batch ends.
const BATCH_BYTES: usize = 256 << 10;
/// How long one wait is, for whoever waits for ever.
const LONG_WAIT: Duration = Duration::from_secs(3600);

/// A stream that is not open yet: add to it, then `run`.
///
/// ```
/// # use quiredb::{doc, Database, Document, OperationType};
/// # let db = Database::in_memory()?;
/// # let people = db.collection::<Document>("people")?;
/// let mut changes = people.watch().filter(doc! { "operationType": "insert" }).run()?;
/// people.insert_one(&doc! { "_id": 1, "name": "Ada" })?;
/// let event = changes.try_next()?.expect("an insert");
/// assert_eq!(event.operation_type, OperationType::Insert);
/// assert_eq!(event.full_document, people.get(1)?);
/// # Ok::<(), quiredb::Error>(())
/// ```
#[must_use = "a stream opens with `run`"]
pub struct Watch<T> {
    target: Result<quire_engine::Database>,
    asked: Fields,
    kind: PhantomData<fn() -> T>,
}

impl<T> Watch<T> {
    fn new(target: Result<quire_engine::Database>, asked: Fields) -> Watch<T> {
        Watch {
            target,
            asked,
            kind: PhantomData,
        }
    }

    /// Tells only events that match, such as `doc! { "operationType": "insert" }`.
    pub fn filter(self, filter: impl Serialize) -> Watch<T> {
        self.with("filter", &filter)
    }

    /// Tells what follows this token first; not one of an `Invalidate` event.
    pub fn resume_after(self, token: &str) -> Watch<T> {
        self.with("resumeAfter", token)
    }

    /// As `resume_after`, with any token.
    pub fn start_after(self, token: &str) -> Watch<T> {
        self.with("startAfter", token)
    }

    /// Whether updates come with the whole document, as the commit left it. False by default.
    pub fn full_document(self, is_wanted: bool) -> Watch<T> {
        self.with("fullDocument", &is_wanted)
    }

    /// Tells only what is on disk, a sync later. False by default: a change may be told that a power cut takes back.
    pub fn durable(self, is_durable: bool) -> Watch<T> {
        self.with("durable", &is_durable)
    }

    fn with<V: Serialize + ?Sized>(mut self, name: &'static str, value: &V) -> Watch<T> {
        self.asked.set(name, value);
        self
    }

    /// Opens the stream.
    ///
    /// Errors: INVALID_ARGUMENT for a token of another database, HISTORY_LOST when the changes behind it are not kept any
    /// more, INVALID_FILTER.
    pub fn run(self) -> Result<ChangeStream<T>> {
        let stream = quire_engine::command::open_stream(&self.target?, &self.asked.encoded()?)?;
        Ok(ChangeStream {
            token: stream.token().to_string(),
            stream,
            is_over: false,
            events: VecDeque::new(),
        })
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationType {
    /// A document was inserted.
    Insert,
    /// Operators changed a document.
    Update,
    /// A document took the place of one.
    Replace,
    /// A document was deleted.
    Delete,
    /// Every document was deleted at once.
    Clear,
    /// The collection was dropped.
    Drop,
    /// The collection got another name.
    Rename,
    /// The stream's collection was dropped or renamed; nothing follows.
    Invalidate,
}

/// One event of a change stream.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: DeserializeOwned"))]
pub struct ChangeEvent<T> {
    /// The place behind this change, to resume from.
    #[serde(rename = "_id")]
    pub token: String,
    /// What happened.
    pub operation_type: OperationType,
    /// The collection; none for `Invalidate`.
    pub ns: Option<Namespace>,
    /// The collection's new name, for `Rename`.
    pub to: Option<Namespace>,
    /// The document's id, where the change is of one.
    pub document_key: Option<DocumentKey>,
    /// The document: new ones always, updated ones where asked for.
    pub full_document: Option<T>,
    /// What an update changed.
    pub update_description: Option<UpdateDescription>,
    /// What belongs together.
    pub commit: Commit,
}

/// A collection by its name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Namespace {
    /// The name.
    pub coll: String,
}

/// A document by its id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DocumentKey {
    /// The id.
    #[serde(rename = "_id")]
    pub id: Id,
}

/// What an update changed, by dotted paths.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateDescription {
    /// New values.
    pub updated_fields: Document,
    /// Fields that are gone.
    pub removed_fields: Vec<String>,
    /// Arrays that were cut at their end: `{ field, newSize }` each.
    pub truncated_arrays: Vec<Value>,
}

/// What belongs together: the changes of one commit have one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// Number of the commit: larger ones came later.
    pub sequence: u64,
    /// Number of the change in its commit, from 0; some may be left out.
    pub index: u64,
    /// Whether no change of the commit follows that the stream could tell.
    pub is_last: bool,
}

/// The changes of a collection or a database. Iterating waits for each event and ends with the stream's collection.
pub struct ChangeStream<T> {
    stream: Stream,
    /// The place behind the last event that was handed out, while others wait behind it.
    token: String,
    is_over: bool,
    events: VecDeque<ChangeEvent<T>>,
}

impl<T: DeserializeOwned> ChangeStream<T> {
    /// The next event that is there already; None when there is none now.
    ///
    /// Errors: OVERFLOW when it was read too slowly for the memory that changes get (go on by `resume_after` of
    /// `resume_token`), HISTORY_LOST, CLOSED, CORRUPTED, IO, INVALID_DOCUMENT. The stream is over then.
    pub fn try_next(&mut self) -> Result<Option<ChangeEvent<T>>> {
        self.next_within(Duration::ZERO)
    }

    /// The next event, waited for at most `wait`; None when none came, or the stream is over. Errors: as `try_next`.
    pub fn next_within(&mut self, wait: Duration) -> Result<Option<ChangeEvent<T>>> {
        if self.events.is_empty() && !self.is_over {
            let fetched = self.fetch(wait);
            self.is_over |= fetched.is_err();
            fetched?;
        }
        let event = self.events.pop_front();
        if let Some(event) = &event {
            self.token.clone_from(&event.token);
        }
        Ok(event)
    }

    /// Whether nothing follows.
    pub fn is_over(&self) -> bool {
        self.is_over && self.events.is_empty()
    }

    /// The place behind the last event that was handed out, and behind what the filter left out since.
    pub fn resume_token(&self) -> String {
        match self.events.is_empty() && !self.is_over {
            true => self.stream.token().to_string(),
            false => self.token.clone(),
        }
    }

    fn fetch(&mut self, wait: Duration) -> Result<()> {
        let mut batch = Vec::new();
        loop {
            let progress = match wait.is_zero() {
                true => self.stream.next_batch(&mut batch, BATCH_MAX, BATCH_BYTES)?,
                false => self
                    .stream
                    .wait_for_batch(&mut batch, BATCH_MAX, BATCH_BYTES, wait)?,
            };
            self.is_over = progress.is_ended;
            if progress.count > 0 || !progress.has_more || !wait.is_zero() {
                break;
            }
        }
        let mut decoder = Decoder::new(&batch, &NO_STRUCTURES);
        while !decoder.is_at_end() {
            self.events.push_back(decode_next(&mut decoder)?);
        }
        Ok(())
    }
}

impl<T: DeserializeOwned> Iterator for ChangeStream<T> {
    type Item = Result<ChangeEvent<T>>;

    fn next(&mut self) -> Option<Result<ChangeEvent<T>>> {
        while !self.is_over() {
            if let Some(event) = self.next_within(LONG_WAIT).transpose() {
                return Some(event);
            }
        }
        None
    }
}

impl<T> Collection<T> {
    /// The changes of the collection from now on, after their commits, as a stream to add to. It ends with an
    /// `Invalidate` event when the collection is dropped or renamed.
    pub fn watch(&self) -> Watch<T> {
        let asked = request("watch").with("collection", &self.name());
        Watch::new(self.watched().cloned(), asked)
    }
}

impl Database {
    /// The changes of every collection from now on, after their commits, those of a transaction together.
    pub fn watch<T>(&self) -> Watch<T> {
        Watch::new(Ok(self.engine.clone()), request("watch"))
    }
}
