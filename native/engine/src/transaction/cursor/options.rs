//! What a query asks for.
//!
//! Promises: what is not asked for costs nothing. Leaves to others: compiling its parts (query/).

use std::sync::Arc;

use crate::error::Result;
use crate::format::survey::ID_KEY;
use crate::query::plan::Hint;
use crate::query::sort::Sort;
use crate::query::{Filter, Projection};

/// Which documents a cursor hands out, in which order and how.
#[derive(Clone, Default)]
pub struct FindOptions {
    /// The filter; `None` is every document.
    pub filter: Option<Arc<Filter>>,
    /// What is handed out of each document; `None` is all of it, in stored form.
    pub projection: Option<Arc<Projection>>,
    /// The order; `None` is any.
    pub sort: Option<Arc<Sort>>,
    /// Matching documents passed over first.
    pub skip: u64,
    /// Most documents handed out; `None` is all.
    pub limit: Option<u64>,
    /// What is to be read; `None` is what costs least.
    pub hint: Option<Hint>,
}

impl FindOptions {
    /// Leaves out what asks for nothing.
    ///
    /// Errors: INVALID_PROJECTION when the projection wants of the filter what that does not have.
    pub(super) fn simplify(&mut self) -> Result<()> {
        self.sort = self.sort.take().filter(|sort| !sort.is_empty());
        self.projection = self
            .projection
            .take()
            .filter(|projection| !projection.keeps_all());
        match &self.projection {
            Some(projection) => projection.check_filter(self.filter.as_deref()),
            None => Ok(()),
        }
    }

    /// Whether entries of any index tell all that is shown and ordered by: the ids.
    pub(super) fn wants_ids_only(&self) -> bool {
        let mut order = self.sort.iter().flat_map(|sort| sort.fields());
        let paths = self.projection.as_ref().and_then(|it| it.included_paths());
        paths.is_some_and(|paths| matches!(paths.as_slice(), [path] if path.as_bytes() == ID_KEY))
            && order.all(|field| field.path.as_bytes() == ID_KEY)
    }

    /// Most documents that are taken, those passed over included.
    pub(super) fn wanted(&self) -> Option<u64> {
        self.limit.map(|limit| limit.saturating_add(self.skip))
    }
}
