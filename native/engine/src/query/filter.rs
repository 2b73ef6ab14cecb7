//! Filters: conditions on documents in MongoDB's dialect, compiled once, evaluated on stored bytes.
//!
//! The whole language but for server-side code, text and places on the globe, which compile.rs refuses.
//! Promises: a match of simple conditions never allocates, parses a document at most once and stops at the
//! first condition that fails; what the filter asks of the `_id` is known before any document is read.
//! Parts: compile.rs (MessagePack to terms) with refusal.rs and operand.rs; matcher.rs (terms on documents),
//! evaluate.rs (what is built of terms), positional.rs (which element matched), constraint.rs (terms for
//! indexes); bits.rs, modulo.rs, pattern.rs, types.rs, schema.rs (one operator each).
//! Leaves to others: choosing an index (collection), keeping compiled filters.

mod bits;
mod compile;
mod constraint;
mod evaluate;
mod matcher;
mod modulo;
mod names;
mod operand;
mod pattern;
mod positional;
mod refusal;
mod schema;
mod types;

pub use constraint::{Bound, Constraint, Restriction};
pub use matcher::{Matcher, now};
pub(crate) use pattern::Pattern;

use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::owned::Owned;
use crate::format::record::{NO_STRUCTURES, Structures};
use crate::format::value::{Parse, Value};
use crate::query::expression::Expression;
use crate::query::filter::bits::Bits;
use crate::query::filter::modulo::Modulo;
use crate::query::filter::schema::Schema;
use crate::query::filter::types::TypeSet;
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
    /// There is an `$expr` in `rest`.
    has_expression: bool,
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
    Type(TypeSet),
    /// Boxed, like what follows: tests stay small for the frequent ones.
    Modulo(Box<Modulo>),
    Pattern(Box<Pattern>),
    Bits(Box<Bits>),
    /// An array of so many elements.
    Size(u64),
    /// An array with an element for which all of this holds.
    Element(Box<Element>),
}

/// What is asked of one element of an array.
#[derive(Debug)]
enum Element {
    /// Conditions on the element itself, an array among them not being opened; their paths say nothing.
    Itself(Vec<Node>),
    /// Conditions on the fields of an element that is a document or an array.
    Fields(Fragment),
}

/// Conditions on a document within a document.
#[derive(Debug)]
struct Fragment {
    /// First names of the paths; the terms below refer to these.
    roots: Vec<Box<[u8]>>,
    nodes: Vec<Node>,
}

/// A condition built of others.
#[derive(Debug)]
enum Node {
    Condition(Condition),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    /// True of the whole document.
    Expression(Box<Expression>),
    /// Accepts the whole document.
    Schema(Box<Schema>),
}

impl Filter {
    /// Compiles a filter from plain MessagePack: one map.
    ///
    /// Errors: INVALID_FILTER, naming operator and path, for whatever the dialect does not allow;
    /// INVALID_EXPRESSION for the operand of `$expr`.
    pub fn compile(bytes: &[u8]) -> Result<Filter> {
        Filter::compile_with(bytes, &[])
    }

    /// `compile`, where `$$name` in `$expr` is also the variable of [`Matcher::with_variables`] at the place
    /// of `name` in `names`.
    pub fn compile_with(bytes: &[u8], names: &[&str]) -> Result<Filter> {
        compile::compile(bytes, names)
    }

    /// True when the stored document matches. For many documents use a [`Matcher`].
    ///
    /// Errors: CORRUPTED when the document is damaged, and those of an `$expr`.
    pub fn matches(&self, stored: &[u8], structures: &Structures) -> Result<bool> {
        Matcher::new(self, structures).try_matches(stored)
    }

    /// True when the document in memory matches; what is no map matches nothing.
    pub fn matches_owned(&self, document: &Owned) -> Result<bool> {
        if !matches!(document, Owned::Map(_)) {
            return Ok(false);
        }
        let mut bytes = Vec::with_capacity(document.bytes());
        document.write(&mut bytes);
        self.matches(&bytes, &NO_STRUCTURES)
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

    /// True when some condition is on `root`, the first name of a path, or below it.
    pub fn asks_of(&self, root: &[u8]) -> bool {
        self.root_of(root).is_some()
    }

    /// True when the filter has an `$expr`: evaluating that may fail on a document that is sound.
    pub fn has_expression(&self) -> bool {
        self.has_expression
    }

    /// True when every document matches.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.direct.iter().all(Vec::is_empty)
    }
}

impl Test {
    /// True when the test holds for `found`, None for a missing field.
    #[inline]
    fn holds(&self, found: Option<&Value<'_>>) -> Parse<bool> {
        match self {
            Test::Equal(literal) => literal.equals(found),
            Test::Ordered(literal, wanted) => literal.is_ordered(found, *wanted),
            Test::In(set) => set.contains(found),
            Test::Exists => Ok(found.is_some()),
            _ => match found {
                Some(found) => self.holds_for_value(found),
                None => Ok(false),
            },
        }
    }

    #[inline(never)]
    fn holds_for_value(&self, found: &Value<'_>) -> Parse<bool> {
        match (self, found) {
            (Test::Type(types), found) => Ok(types.contains(found)),
            (Test::Modulo(modulo), found) => Ok(modulo.accepts(found)),
            (Test::Pattern(pattern), Value::String(text)) => Ok(pattern.is_match(text)),
            (Test::Bits(bits), found) => Ok(bits.accept(found)),
            (Test::Size(count), Value::Array(elements)) => Ok(elements.remaining() as u64 == *count),
            (Test::Element(element), Value::Array(elements)) => Ok(element.position_in(*elements)?.is_some()),
            _ => Ok(false),
        }
    }

    fn leaf(&self) -> path::Leaf {
        match self {
            Test::Exists | Test::Size(_) | Test::Element(_) => path::Leaf::Whole,
            _ => path::Leaf::ElementsAndArray,
        }
    }
}

#[cfg(test)]
mod operator_tests;
#[cfg(test)]
mod speed_tests;
#[cfg(test)]
mod tests;
