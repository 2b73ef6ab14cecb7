//! Projections: which part of a document a query gives back, in MongoDB's dialect.
//!
//! Inclusion or exclusion by dotted paths through arrays, `$slice`, `$elemMatch`, the positional `$`, and
//! expressions beside inclusions. Promises: compiled once, shared by threads; fields that are kept are copied
//! as bytes, in the document's order, and what is computed follows them; the result is plain MessagePack.
//! Parts: compile.rs (MessagePack to a tree of fields), slice.rs (`$slice`), write.rs (the tree on a stored
//! document). Leaves to others: trees (query/shape.rs), expressions, which element a filter matched
//! (filter/positional.rs). Source: MongoDB manual, "Project Fields to Return from Query".

mod compile;
mod slice;
mod write;

use crate::error::{Error, ErrorKind, Result};
use crate::format::owned::Owned;
use crate::format::record::Structures;
use crate::format::value::{Cursor, Timestamp};
use crate::query::expression::Expression;
use crate::query::filter::{Filter, now};
use crate::query::path::Segment;
use crate::query::projection::slice::Slice;
use crate::query::shape::{Field, Leaf, Role, Shape};

/// A compiled projection.
#[derive(Debug)]
pub struct Projection {
    fields: Shape<End>,
    /// Those of computed fields, by their numbers.
    expressions: Vec<Expression>,
    /// One filter of one `$elemMatch` for each picked field, by their numbers.
    elements: Vec<Filter>,
    /// The path of the positional `$`, without it.
    positional: Option<Vec<Segment>>,
}

/// What becomes of the field at the end of a path.
#[derive(Debug)]
enum End {
    Keep,
    Drop,
    /// A part of the array.
    Slice(Slice),
    /// The value of the expression of this number.
    Computed(usize),
    /// The first element that the filter of this number asks for.
    Element(usize),
}

impl Leaf for End {
    const KEEP: End = End::Keep;

    fn role(&self) -> Role {
        match self {
            End::Keep => Role::Keep,
            End::Drop => Role::Drop,
            End::Slice(_) => Role::Slice,
            End::Computed(_) => Role::Compute,
            End::Element(_) => Role::Pick,
        }
    }
}

/// What a projection depends on besides the document.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The filter that the document matches; the positional `$` asks it for an element.
    pub filter: Option<&'a Filter>,
    /// What `$$NOW` means: the same for a whole query.
    pub now: Timestamp,
    /// The variables whose names `compile_with` was given; None is missing.
    pub variables: &'a [Option<Owned>],
}

impl<'a> Circumstances<'a> {
    /// The circumstances of a query by `filter` now, without variables.
    pub fn at_present(filter: Option<&'a Filter>) -> Circumstances<'a> {
        Circumstances {
            filter,
            now: now(),
            variables: &[],
        }
    }
}

impl Projection {
    /// Compiles a projection from plain MessagePack: one map. An empty one keeps everything.
    ///
    /// Errors: INVALID_PROJECTION, naming the path, for whatever the dialect does not allow, in expressions
    /// and the conditions of `$elemMatch` too.
    pub fn compile(bytes: &[u8]) -> Result<Projection> {
        Projection::compile_with(bytes, &[])
    }

    /// `compile`, where `$$name` is also the variable of [`Circumstances`] at the place of `name` in `names`.
    pub fn compile_with(bytes: &[u8], names: &[&str]) -> Result<Projection> {
        compile::compile(bytes, names)
    }

    /// Appends what the projection keeps of the stored document, as plain MessagePack. On an error `out` is
    /// as before.
    ///
    /// Errors: CORRUPTED when the document is damaged; INVALID_PROJECTION when a positional `$` finds no
    /// element that the filter matched; those of expressions; LIMIT_EXCEEDED when the result nests too deep or
    /// is larger than any document.
    pub fn project(
        &self,
        stored: &[u8],
        structures: &Structures,
        circumstances: &Circumstances<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let start = out.len();
        let written = write::write(self, Cursor::new(stored, structures), circumstances, out);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    /// Checks that `filter` has what the positional `$` asks it for.
    ///
    /// Errors: INVALID_PROJECTION when it has no condition on the field.
    pub fn check_filter(&self, filter: Option<&Filter>) -> Result<()> {
        let Some(root) = self.positional.as_ref().and_then(|path| path.first()) else {
            return Ok(());
        };
        if filter.is_some_and(|filter| filter.asks_of(&root.name)) {
            return Ok(());
        }
        let name = String::from_utf8_lossy(&root.name);
        Err(refuse(format!(
            "the positional $ is the element that the filter matched, and the filter asks nothing of {name:?}"
        )))
    }

    /// True when every document stays whole.
    pub fn keeps_all(&self) -> bool {
        self.fields.keeps_others() && self.fields.fields().is_empty()
    }

    /// The dotted paths that are kept, when the projection is nothing but inclusions: what an index must hold
    /// to answer from its keys alone.
    pub fn included_paths(&self) -> Option<Vec<String>> {
        if self.fields.keeps_others() || self.positional.is_some() {
            return None;
        }
        let mut paths = Vec::new();
        add_included(&self.fields, "", &mut paths).then_some(paths)
    }
}

/// Adds the paths that `shape` keeps; false when it has other leaves.
fn add_included(shape: &Shape<End>, outer: &str, paths: &mut Vec<String>) -> bool {
    shape.fields().iter().all(|(name, field)| match field {
        Field::Leaf(End::Keep) => {
            paths.push(format!("{outer}{name}"));
            true
        }
        Field::Leaf(_) => false,
        Field::Below(below) => add_included(below, &format!("{outer}{name}."), paths),
    })
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidProjection, message)
}

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod tests;
