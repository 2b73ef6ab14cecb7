//! The ordered indexes of a collection: what each is, and its tree.
//!
//! Promises: the tree has exactly the entries (query/index_keys.rs) of the documents that the partial filter
//! accepts; `arrays` tells of every field that ever led through an array in a document of the index, and forgets
//! only when the collection is cleared.
//! Leaves to others: keeping trees in step with documents (index_changes.rs), making an index over documents
//! (index_build.rs), logging (store/indexes.rs), choosing one for a query (query/plan).

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::index_definition::IndexDefinition;
use crate::format::page::{CollectionId, Sequence};
use crate::index::ordered::{OrderedIndex, OrderedRoot};
use crate::pager::PageWriter;
use crate::query::Filter;
use crate::query::index_keys::{ArrayFields, IndexPaths};
use crate::stats::IndexInfo;

/// What an index is, ready for use; the same for as long as the index exists.
#[derive(Debug)]
pub struct IndexRules {
    /// As it was asked for.
    pub definition: IndexDefinition,
    /// Its fields.
    pub paths: IndexPaths,
    /// Which documents it has; all for `None`.
    pub partial: Option<Filter>,
}

impl IndexRules {
    /// The rules of `definition`.
    ///
    /// Errors: `INVALID_INDEX` when the partial filter cannot be one.
    pub fn new(definition: IndexDefinition) -> Result<IndexRules> {
        let paths = IndexPaths::new(&definition)?;
        let partial = match &definition.partial_filter {
            Some(filter) => Some(compile_partial(filter)?),
            None => None,
        };
        Ok(IndexRules {
            definition,
            paths,
            partial,
        })
    }
}

/// Which documents belong to an index must never be in doubt, so what can fail on a sound document is refused.
fn compile_partial(bytes: &[u8]) -> Result<Filter> {
    let refuse = |why: &str| {
        Error::new(
            ErrorKind::InvalidIndex,
            format!("the partialFilterExpression of an index cannot be used: {why}"),
        )
    };
    let filter = Filter::compile(bytes).map_err(|error| refuse(error.message()))?;
    if filter.has_expression() {
        return Err(refuse("$expr may fail on a document; compare fields with values"));
    }
    Ok(filter)
}

/// One ordered index of a collection.
pub struct SecondaryIndex {
    /// What it is.
    pub rules: Arc<IndexRules>,
    /// Its entries.
    pub tree: OrderedIndex,
    /// Fields that led through arrays in some document.
    pub arrays: ArrayFields,
    /// The commit that made it: snapshots of before do not see it.
    pub born: Sequence,
}

impl SecondaryIndex {
    /// An index without entries.
    ///
    /// Errors: `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`.
    pub fn create(
        writer: &PageWriter<'_>,
        owner: CollectionId,
        rules: Arc<IndexRules>,
    ) -> Result<SecondaryIndex> {
        Ok(SecondaryIndex {
            rules,
            tree: OrderedIndex::create(writer, owner)?,
            arrays: 0,
            born: writer.sequence(),
        })
    }

    /// The index as the catalog keeps it; no page is read.
    ///
    /// Errors: `CORRUPTED` when its definition is damaged.
    pub fn open(
        definition: &[u8],
        root: OrderedRoot,
        arrays: ArrayFields,
        born: Sequence,
    ) -> Result<SecondaryIndex> {
        let rules = IndexRules::new(IndexDefinition::decode(definition)?)
            .map_err(|error| Error::new(ErrorKind::Corrupted, error.message()))?;
        Ok(SecondaryIndex {
            rules: Arc::new(rules),
            tree: OrderedIndex::open(root),
            arrays,
            born,
        })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.rules.definition.name
    }

    /// Whether it has all documents by `path`, whatever other fields follow.
    pub fn begins_with(&self, path: &str) -> bool {
        let definition = &self.rules.definition;
        let has_all = !definition.is_sparse && self.rules.partial.is_none();
        has_all && definition.keys.first().is_some_and(|key| *key.path == *path)
    }

    /// What is told of it.
    pub fn info(&self) -> IndexInfo {
        IndexInfo {
            definition: self.rules.definition.clone(),
            entries_count: self.tree.entries_count(),
            pages_count: self.tree.root().pages_count.into(),
            arrays: self.arrays,
        }
    }
}
