//! Filters: conditions on documents in MongoDB's dialect, compiled once, evaluated on stored bytes.
//!
//! Supported: equality, $eq $ne $gt $gte $lt $lte $in $nin $exists $not $and $or $nor, dotted paths.
//! Promises: a match never allocates, parses a document at most once and stops at the first condition that
//! fails; what the filter asks of the `_id` is known before any document is read.
//! Parts: compile.rs (MessagePack to terms), matcher.rs (terms on documents), constraint.rs (terms for indexes).
//! Leaves to others: choosing an index (collection), keeping compiled filters.

mod compile;
mod constraint;
mod matcher;

pub use constraint::{Bound, Constraint, Restriction};
pub use matcher::Matcher;

use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::record::Structures;
use crate::format::value::Parse;
use crate::query::literal::{Literal, LiteralSet, Wanted};
use crate::query::path::{self, Segment};

/// A compiled filter.
#[derive(Debug)]
pub struct Filter {
    /// First names of all paths; terms refer to them by number.
    roots: Vec<Box<[u8]>>,
    /// The numbers of `roots` in the order of their names.
    roots_by_name: Vec<usize>,
    /// For each root, the conditions on it that must all hold: tested when the walk over a document meets it.
    direct: Vec<Vec<Condition>>,
    /// What must hold besides; tested after the walk.
    rest: Vec<Node>,
    /// The ids that matching documents can have, when the filter tells.
    ids: Option<Vec<IdBytes>>,
    /// True when having one of `ids` is all that is asked.
    is_only_ids: bool,
}

/// A term, or its opposite.
#[derive(Debug)]
struct Condition {
    term: Term,
    wanted: bool,
}

/// One test of the values that one path leads to.
#[derive(Debug)]
struct Term {
    root: usize,
    /// The path behind the root.
    rest: Vec<Segment>,
    test: Test,
}

/// What is asked of a value.
#[derive(Debug)]
enum Test {
    Equal(Literal),
    Ordered(Literal, Wanted),
    In(LiteralSet),
    Exists,
}

/// A condition built of others.
#[derive(Debug)]
enum Node {
    Condition(Condition),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

impl Filter {
    /// Compiles a filter from plain MessagePack: one map.
    ///
    /// Errors: INVALID_FILTER, naming operator and path, for whatever the dialect does not allow.
    pub fn compile(bytes: &[u8]) -> Result<Filter> {
        compile::compile(bytes)
    }

    /// True when the stored document matches. For many documents use a [`Matcher`].
    ///
    /// Errors: CORRUPTED when the document is damaged.
    pub fn matches(&self, stored: &[u8], structures: &Structures) -> Result<bool> {
        Ok(Matcher::new(self, structures).matches(stored)?)
    }

    /// The one id that a matching document must have, when the filter asks for one.
    pub fn exact_id(&self) -> Option<&IdBytes> {
        match self.ids.as_deref() {
            Some([id]) => Some(id),
            _ => None,
        }
    }

    /// The ids that matching documents can have, each once, by `_id: x` or `_id: {$in: […]}`; empty when
    /// none can match.
    pub fn ids(&self) -> Option<&[IdBytes]> {
        self.ids.as_deref()
    }

    /// True when every document that has one of [`Filter::ids`] matches.
    pub fn is_only_ids(&self) -> bool {
        self.is_only_ids
    }

    /// The root named `name`.
    #[inline]
    fn root_of(&self, name: &[u8]) -> Option<usize> {
        const SCANNED_MAX: usize = 12;
        if self.roots.len() <= SCANNED_MAX {
            // The first byte tells most names apart without a call to compare them.
            return self
                .roots
                .iter()
                .position(|root| root.first() == name.first() && **root == *name);
        }
        let name_of = |root: &usize| self.roots.get(*root).map_or(&[][..], |root| &**root);
        let place = self
            .roots_by_name
            .binary_search_by(|root| name_of(root).cmp(name))
            .ok()?;
        self.roots_by_name.get(place).copied()
    }

    /// True when every document matches.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.direct.iter().all(Vec::is_empty)
    }
}

impl Test {
    /// True when the test holds for `found`, None for a missing field.
    #[inline]
    fn holds(&self, found: Option<&crate::format::value::Value<'_>>) -> Parse<bool> {
        match self {
            Test::Equal(literal) => literal.equals(found),
            Test::Ordered(literal, wanted) => literal.is_ordered(found, *wanted),
            Test::In(set) => set.contains(found),
            Test::Exists => Ok(found.is_some()),
        }
    }

    fn leaf(&self) -> path::Leaf {
        match self {
            Test::Exists => path::Leaf::Whole,
            _ => path::Leaf::ElementsAndArray,
        }
    }
}

#[cfg(test)]
mod speed_tests;
#[cfg(test)]
mod tests;
