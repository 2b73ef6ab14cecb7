//! `$sort`: documents in an order; with a limit behind it, the first so many of them.
//!
//! Promises: memory is bounded by `SORT_BYTES_DEFAULT`; with a limit no document is copied that does not come
//! among the first ones; equal documents keep their order.
//! Leaves to others: orders and keys (query/sort.rs). Source: MongoDB manual, "$sort".

use std::sync::Arc;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::Cursor;
use crate::limits::SORT_BYTES_DEFAULT;
use crate::query::pipeline::operands::refuse;
use crate::query::pipeline::source::Document;
use crate::query::sort::{Sort, Sorter};

/// A compiled stage.
#[derive(Debug)]
pub(super) struct Sorting {
    pub(super) sort: Arc<Sort>,
    /// Documents behind so many are not wanted.
    pub(super) limit: Option<u64>,
}

/// Documents on their way to be ordered.
pub(super) struct Ordering {
    pub(super) sorter: Sorter<Owned>,
    key: Vec<u8>,
}

impl Sorting {
    /// Errors: INVALID_SORT; INVALID_PIPELINE where no field is named.
    pub(super) fn compile(operand: Cursor<'_>) -> Result<Sorting> {
        let sort = Sort::compile(operand.raw()?)?;
        if sort.is_empty() {
            return Err(refuse("at least one field has to be given"));
        }
        Ok(Sorting {
            sort: Arc::new(sort),
            limit: None,
        })
    }

    /// The greatest counts first, for `$sortByCount`.
    pub(super) fn by_count() -> Result<Sorting> {
        let order = Owned::Map(vec![("count".into(), Owned::Int(-1))]);
        let mut bytes = Vec::new();
        order.write(&mut bytes);
        Ok(Sorting {
            sort: Arc::new(Sort::compile(&bytes)?),
            limit: None,
        })
    }

    pub(super) fn start(&self) -> Ordering {
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok());
        Ordering {
            sorter: Sorter::new(&self.sort, limit, SORT_BYTES_DEFAULT),
            key: Vec::new(),
        }
    }

    /// Errors: LIMIT_EXCEEDED, CORRUPTED.
    pub(super) fn add(&self, ordering: &mut Ordering, document: Document<'_>) -> Result<()> {
        let Ordering { sorter, key } = ordering;
        key.clear();
        match &document {
            Document::Stored(cursor) => self.sort.write_key(cursor.raw()?, cursor.structures(), key)?,
            Document::Seen(document) => self.sort.write_owned_key(document, key)?,
            Document::Owned(document) => self.sort.write_owned_key(document, key)?,
        }
        if !sorter.accepts(key) {
            return Ok(());
        }
        let document = document.into_owned()?;
        sorter.push(key, document.bytes(), || document)
    }
}
