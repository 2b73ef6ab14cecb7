//! Evaluating what is built of conditions: `$or`, `$nor`, `$not` of several, and elements of arrays.
//!
//! Promises: recursion is bounded by the filter's nesting, and so by `limits::DEPTH_MAX`.
//! Leaves to others: single tests (filter.rs), the fields of a stored document (matcher.rs), paths (path.rs).

use crate::format::value::{Cursor, Elements, Malformed, Parse, Value};
use crate::query::expression::Expression;
use crate::query::filter::{Element, Fragment, Node};
use crate::query::path;

/// Something with fields that conditions are evaluated on.
pub(super) trait Subject<'a> {
    /// Why an evaluation fails: damage, and for whole documents also an expression that does.
    type Failure: From<Malformed>;

    /// Where the field that is the paths' first name number `root` begins.
    fn field(&self, root: usize) -> Parse<Option<Cursor<'a>>>;

    /// The document itself.
    fn whole(&self) -> Parse<Value<'a>>;

    /// Whether the expression is true of the document.
    fn is_true(&self, expression: &Expression) -> Result<bool, Self::Failure>;
}

/// True when every one of `nodes` holds for `subject`.
pub(super) fn all_hold<'a, S: Subject<'a>>(subject: &S, nodes: &[Node]) -> Result<bool, S::Failure> {
    for node in nodes {
        if !holds(subject, node)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// True when `node` holds for `subject`.
pub(super) fn holds<'a, S: Subject<'a>>(subject: &S, node: &Node) -> Result<bool, S::Failure> {
    match node {
        Node::Condition(condition) => Ok(!condition.fails(subject.field(condition.term.root)?)?),
        Node::Not(node) => Ok(!holds(subject, node)?),
        Node::Expression(expression) => subject.is_true(expression),
        Node::Schema(schema) => Ok(schema.accepts(&subject.whole()?)?),
        Node::All(nodes) => all_hold(subject, nodes),
        Node::Any(nodes) => {
            for node in nodes {
                if holds(subject, node)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// True when `node` holds for `value` itself: an array is not opened.
fn holds_itself(value: &Value<'_>, node: &Node) -> Parse<bool> {
    match node {
        Node::Condition(condition) => Ok(condition.term.test.holds(Some(value))? == condition.wanted),
        Node::Not(node) => Ok(!holds_itself(value, node)?),
        // Asked of documents only, never of an element itself.
        Node::Expression(_) | Node::Schema(_) => Ok(false),
        Node::All(nodes) => all_hold_itself(value, nodes),
        Node::Any(nodes) => {
            for node in nodes {
                if holds_itself(value, node)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

fn all_hold_itself(value: &Value<'_>, nodes: &[Node]) -> Parse<bool> {
    for node in nodes {
        if !holds_itself(value, node)? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Element {
    /// The position of the first element that is asked for.
    pub(super) fn position_in(&self, mut elements: Elements<'_>) -> Parse<Option<usize>> {
        let mut index = 0;
        while let Some(element) = elements.take_next()? {
            if self.accepts(&element.value()?)? {
                return Ok(Some(index));
            }
            index += 1;
        }
        Ok(None)
    }

    fn accepts(&self, value: &Value<'_>) -> Parse<bool> {
        match (self, value) {
            (Element::Itself(nodes), value) => all_hold_itself(value, nodes),
            (Element::Fields(fragment), Value::Map(_) | Value::Array(_)) => {
                let Fragment { roots, nodes } = fragment;
                all_hold(&Inner { roots, value: *value }, nodes)
            }
            _ => Ok(false),
        }
    }
}

/// A document or array within a document; the positions of an array are its fields.
pub(super) struct Inner<'a, 'f> {
    pub(super) roots: &'f [Box<[u8]>],
    pub(super) value: Value<'a>,
}

impl<'a> Subject<'a> for Inner<'a, '_> {
    type Failure = Malformed;

    fn whole(&self) -> Parse<Value<'a>> {
        Ok(self.value)
    }

    /// Expressions are refused within `$elemMatch`.
    fn is_true(&self, _: &Expression) -> Parse<bool> {
        Ok(false)
    }

    fn field(&self, root: usize) -> Parse<Option<Cursor<'a>>> {
        let Some(name) = self.roots.get(root) else {
            return Ok(None);
        };
        match (&self.value, path::position(name)) {
            (Value::Map(fields), _) => fields.find(name),
            (Value::Array(elements), Some(position)) => element_at(*elements, position),
            _ => Ok(None),
        }
    }
}

/// The element at `position`, if the array is long enough.
pub(super) fn element_at(mut elements: Elements<'_>, position: usize) -> Parse<Option<Cursor<'_>>> {
    if position >= elements.remaining() {
        return Ok(None);
    }
    for _ in 0..position {
        elements.take_next()?;
    }
    elements.take_next()
}
