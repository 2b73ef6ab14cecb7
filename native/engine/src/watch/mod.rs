//! Change streams: what was committed, told in order to whoever watches a collection or the database.
//!
//! Promises: a change is told after its commit, never before, and never without the others of its commit; a token from
//! any event lets a stream go on behind it, as long as memory or log keep what follows. A change may be told before it
//! is on disk, unless only durable ones are asked for.
//! Files: stream.rs (a reader's place), event.rs (the form of events), token.rs, history.rs (changes from the log).
//! Leaves to others: keeping changes (store/feed). Source: MongoDB manual, "Change Streams"; docs/CHANGES.md.

mod event;
mod history;
mod stream;
mod token;

use std::sync::Arc;

use crate::query::Filter;

pub use crate::store::feed::Waker;
pub use stream::{Progress, Stream};
pub use token::ResumeToken;

/// Where a stream begins that another one left.
#[derive(Clone, Copy, Debug)]
pub enum Resume {
    /// Behind the token, which is not of an `invalidate` event.
    After(ResumeToken),
    /// Behind any token.
    Start(ResumeToken),
}

/// What a stream tells.
#[derive(Clone, Default)]
pub struct WatchOptions {
    /// The collection to watch; `None` is the whole database.
    pub collection: Option<Box<str>>,
    /// Events that do not match are left out.
    pub filter: Option<Arc<Filter>>,
    /// Where to begin; `None` is now.
    pub resume: Option<Resume>,
    /// Whether updates come with the whole document, as it was after the update.
    pub full_document: bool,
    /// Tells membership in a query's result instead of changes: a new document comes whole where it matches this filter
    /// and without itself where it does not; inserted ones that do not match are left out.
    pub matching: Option<Arc<Filter>>,
    /// Whether only commits are told that a power cut cannot take back; they come a sync later.
    pub durable_only: bool,
    /// Whether the stream of a collection goes on when it is dropped or renamed.
    pub outlives_collection: bool,
}
