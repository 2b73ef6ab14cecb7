//! What a pipeline works on: the documents between its stages, and the collections they come from.
//!
//! Promises: a document that no stage changed stays where its stored bytes lie; only stages that make another
//! one of it own it. Leaves to others: opening collections as of one moment (transaction/aggregate.rs).

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::Cursor;
use crate::format::view::View;
use crate::query::Filter;
use crate::query::expression::Root;
use crate::query::plan::Hint;
use crate::query::sort::Sort;

/// A document on its way through a pipeline.
#[derive(Debug)]
pub enum Document<'a> {
    /// In stored form, as its collection has it.
    Stored(Cursor<'a>),
    /// In memory, and somebody else's.
    Seen(&'a Owned),
    /// In memory.
    Owned(Owned),
}

impl Document<'_> {
    /// The document, for expressions.
    #[inline]
    pub fn root(&self) -> Root<'_> {
        match self {
            Document::Stored(cursor) => Root::Stored(*cursor),
            Document::Seen(document) => Root::Owned(document),
            Document::Owned(document) => Root::Owned(document),
        }
    }

    /// The same document, seen.
    pub fn lend(&self) -> Document<'_> {
        match self {
            Document::Stored(cursor) => Document::Stored(*cursor),
            Document::Seen(document) => Document::Seen(document),
            Document::Owned(document) => Document::Seen(document),
        }
    }

    /// The document, seen without copying it. Errors: CORRUPTED.
    pub fn view(&self) -> Result<View<'_>> {
        Ok(self.root().view()?)
    }

    /// The document, owned: copied unless it was. Errors: CORRUPTED.
    pub fn into_owned(self) -> Result<Owned> {
        Ok(match self {
            Document::Stored(cursor) => Owned::read(cursor)?,
            Document::Seen(document) => document.clone(),
            Document::Owned(document) => document,
        })
    }
}

/// Which documents of a collection a pipeline begins with, in which order.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// None is all of them.
    pub filter: Option<Arc<Filter>>,
    /// None is any order.
    pub sort: Option<Arc<Sort>>,
    /// How many to pass over first.
    pub skip: u64,
    /// Most documents; None is all.
    pub limit: Option<u64>,
    /// What is to be read; None is what costs least.
    pub hint: Option<Hint>,
}

/// Sees documents one after the other; `Break` ends one call of [`Documents::visit`] behind that document.
pub type Visit<'v> = dyn FnMut(Document<'_>) -> Result<ControlFlow<()>> + 'v;

/// Documents of one collection, as of one moment.
pub trait Documents: Send {
    /// Hands documents to `visit` until it breaks or there was a fair number. False when none are left.
    ///
    /// Where `is_detached`, `visit` may open collections: no page or lock is held while it runs.
    /// Errors: those of reading, and of `visit`.
    fn visit(&mut self, is_detached: bool, visit: &mut Visit<'_>) -> Result<bool>;

    /// How many documents are left; none are afterwards.
    fn count(&mut self) -> Result<u64>;
}

/// The collections that a pipeline may name, all as of the same moment.
pub trait Collections: Send + Sync {
    /// The documents of collection `name`; none where there is no such collection.
    fn open(&self, name: &str, wanted: Wanted) -> Result<Box<dyn Documents>>;

    /// Whether finding documents of `name` by the value at `path` is quick.
    fn is_indexed(&self, name: &str, path: &str) -> bool;
}
