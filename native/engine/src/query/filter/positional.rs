//! Which element of an array made a document match: what the positional `$` of updates and projections means.
//!
//! Promises: the element is the first that meets the condition on the array; of several conditions on the
//! array, an `$elemMatch` decides before others. Opposites (`$ne`, `$not`, `$nor`) name no element, and neither
//! does a position in a path. Source: MongoDB manual, "$ (update)".
//! Leaves to others: whether the document matches at all (matcher.rs).

use crate::error::{Error, Result};
use crate::format::record::Structures;
use crate::format::value::{Cursor, Elements, Malformed, Parse, Value};
use crate::query::expression::{Expression, Root, Scope};
use crate::query::filter::evaluate::{Inner, Subject, element_at, holds};
use crate::query::filter::matcher::now;
use crate::query::filter::{Condition, Filter, Node, Test};
use crate::query::path::{self, Segment};

impl Filter {
    /// The position, in the array at `array_path`, of the element by which the stored document matches;
    /// None when the filter asks nothing of the array's elements, or there is no array.
    ///
    /// `array_path` goes through documents by name and through arrays by position. Errors: CORRUPTED when the
    /// document is damaged, and those of an `$expr` without variables.
    pub fn matched_index(
        &self,
        stored: &[u8],
        structures: &Structures,
        array_path: &[u8],
    ) -> Result<Option<usize>> {
        match path::parse(array_path) {
            Some(segments) => self.matched_index_along(Cursor::new(stored, structures), &segments),
            None => Ok(None),
        }
    }

    /// `matched_index` in the document at `cursor`, by the names of the array's path.
    pub(in crate::query) fn matched_index_along(
        &self,
        cursor: Cursor<'_>,
        array_path: &[Segment],
    ) -> Result<Option<usize>> {
        let document = cursor.value()?;
        let Some(elements) = array_at(document, array_path)? else {
            return Ok(None);
        };
        let mut search = Search {
            filter: self,
            document: Whole {
                fields: Inner {
                    roots: &self.roots,
                    value: document,
                },
                cursor,
            },
            array_path,
            elements,
            found: None,
            is_by_element: false,
        };
        for condition in self.direct.iter().flatten() {
            search.condition(condition)?;
        }
        for node in &self.rest {
            search.node(node)?;
        }
        Ok(search.found)
    }

    /// The position of the first of `elements` that the filter's first `$elemMatch` asks for.
    pub(in crate::query) fn first_element(&self, elements: Elements<'_>) -> Parse<Option<usize>> {
        let tests = self.direct.iter().flatten().map(|condition| &condition.term.test);
        for test in tests {
            if let Test::Element(element) = test {
                return element.position_in(elements);
            }
        }
        Ok(None)
    }
}

/// The array that `segments` lead to.
fn array_at<'a>(document: Value<'a>, segments: &[Segment]) -> Parse<Option<Elements<'a>>> {
    let mut value = document;
    for segment in segments {
        let below = match (&value, segment.position) {
            (Value::Map(fields), _) => fields.find(&segment.name)?,
            (Value::Array(elements), Some(position)) => element_at(*elements, position)?,
            _ => None,
        };
        let Some(below) = below else { return Ok(None) };
        value = below.value()?;
    }
    Ok(match value {
        Value::Array(elements) => Some(elements),
        _ => None,
    })
}

/// A document of which branches of `$or` are asked.
struct Whole<'a, 'f> {
    fields: Inner<'a, 'f>,
    cursor: Cursor<'a>,
}

impl<'a> Subject<'a> for Whole<'a, '_> {
    type Failure = Error;

    fn field(&self, root: usize) -> Parse<Option<Cursor<'a>>> {
        self.fields.field(root)
    }

    fn whole(&self) -> Parse<Value<'a>> {
        Ok(self.fields.value)
    }

    fn is_true(&self, expression: &Expression) -> Result<bool> {
        expression.is_true(&Scope::new(Root::Stored(self.cursor), now()))
    }
}

struct Search<'a, 'f> {
    filter: &'f Filter,
    document: Whole<'a, 'f>,
    array_path: &'f [Segment],
    elements: Elements<'a>,
    found: Option<usize>,
    /// `found` is by an `$elemMatch`, so that later conditions do not replace it.
    is_by_element: bool,
}

impl Search<'_, '_> {
    fn node(&mut self, node: &Node) -> Result<()> {
        match node {
            Node::Condition(condition) => Ok(self.condition(condition)?),
            Node::All(nodes) => nodes.iter().try_for_each(|node| self.node(node)),
            Node::Any(nodes) => {
                for node in nodes {
                    if holds(&self.document, node)? {
                        return self.node(node);
                    }
                }
                Ok(())
            }
            Node::Not(_) | Node::Expression(_) | Node::Schema(_) => Ok(()),
        }
    }

    fn condition(&mut self, condition: &Condition) -> Parse<()> {
        if !condition.wanted || self.is_by_element {
            return Ok(());
        }
        let Some(rest) = self.behind_array(condition) else {
            return Ok(());
        };
        let position = match (&condition.term.test, rest) {
            (Test::Element(element), []) => element.position_in(self.elements)?,
            (Test::Exists | Test::Size(_), []) => None,
            (test, rest) => first_position(self.elements, rest, test)?,
        };
        if position.is_some() {
            self.found = position;
            self.is_by_element = matches!(condition.term.test, Test::Element(_));
        }
        Ok(())
    }

    /// The rest of the condition's path, when it leads to the array or through it.
    fn behind_array<'c>(&self, condition: &'c Condition) -> Option<&'c [Segment]> {
        let (first, below) = self.array_path.split_first()?;
        let root = self.filter.roots.get(condition.term.root)?;
        if **root != *first.name {
            return None;
        }
        condition.term.rest.strip_prefix(below)
    }
}

/// The position of the first element for which the test holds at `rest`.
fn first_position(mut elements: Elements<'_>, rest: &[Segment], test: &Test) -> Parse<Option<usize>> {
    let mut index = 0;
    while let Some(element) = elements.take_next()? {
        let value = element.value()?;
        let holds = match (rest.split_first(), &value) {
            (None, value) => test.holds(Some(value))?,
            (Some((segment, behind)), Value::Map(fields)) => {
                path::visit(fields.find(&segment.name)?, behind, test.leaf(), &mut |value| {
                    test.holds(value)
                })?
            }
            _ => false,
        };
        if holds {
            return Ok(Some(index));
        }
        index += 1;
    }
    Ok::<_, Malformed>(None)
}

#[cfg(test)]
mod tests;
