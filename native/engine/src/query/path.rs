//! Dotted paths into documents, through sub-documents and arrays, as MongoDB's query paths go.
//!
//! A name goes into each sub-document of an array, and a position such as `0` also into that element; a path
//! that ends at an array stands for its elements and for the array itself. A sub-document without the field
//! stands for "missing"; an element that is no document stands for nothing. Promises: recursion is bounded by
//! the number of segments.
//! Leaves to others: what is done with the values found (filter). Source: MongoDB manual, "Query an Array".

use crate::format::value::{Cursor, Elements, Fields, Parse, Value};
use crate::limits::DEPTH_MAX;

/// One name of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The field's name.
    pub name: Box<[u8]>,
    /// The position that the name also is: decimal digits without leading zeros.
    pub position: Option<usize>,
}

/// What a path that ends at an array stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Each element, then the array.
    ElementsAndArray,
    /// The array only.
    Whole,
}

/// The segments of `path`; None when there are more than documents can nest.
pub fn parse(path: &[u8]) -> Option<Vec<Segment>> {
    let segments: Vec<Segment> = path
        .split(|byte| *byte == b'.')
        .take(DEPTH_MAX + 1)
        .map(|name| Segment {
            name: name.into(),
            position: position(name),
        })
        .collect();
    (segments.len() <= DEPTH_MAX).then_some(segments)
}

/// The array position that `name` writes: decimal digits without leading zeros.
pub fn position(name: &[u8]) -> Option<usize> {
    let canonical = name.iter().all(u8::is_ascii_digit) && (name == b"0" || name.first() != Some(&b'0'));
    if !canonical {
        return None;
    }
    std::str::from_utf8(name).ok()?.parse().ok()
}

/// Shows `visit` each value that `rest` leads to from the value at `found`, or None where the field is
/// missing, until it returns true. Returns whether it did.
///
/// `found` is the field of the path's first segment, None when the document lacks it; `rest` is what follows.
pub fn visit<'a>(
    found: Option<Cursor<'a>>,
    rest: &[Segment],
    leaf: Leaf,
    visit: &mut impl FnMut(Option<&Value<'a>>) -> Parse<bool>,
) -> Parse<bool> {
    let Some(cursor) = found else { return visit(None) };
    let mut value = cursor.value()?;
    let mut rest = rest;
    loop {
        let fields = match (&value, rest) {
            (Value::Array(elements), _) => return visit_array(*elements, &value, rest, leaf, visit),
            (_, []) => return visit(Some(&value)),
            (Value::Map(fields), _) => *fields,
            _ => return visit(None),
        };
        let Some((segment, behind)) = rest.split_first() else {
            return Ok(false);
        };
        let Some(cursor) = fields.find(&segment.name)? else {
            return visit(None);
        };
        value = cursor.value()?;
        rest = behind;
    }
}

fn visit_map<'a>(
    fields: Fields<'a>,
    path: &[Segment],
    leaf: Leaf,
    accept: &mut impl FnMut(Option<&Value<'a>>) -> Parse<bool>,
) -> Parse<bool> {
    match path.split_first() {
        Some((segment, rest)) => visit(fields.find(&segment.name)?, rest, leaf, accept),
        None => Ok(false),
    }
}

fn visit_array<'a>(
    elements: Elements<'a>,
    array: &Value<'a>,
    rest: &[Segment],
    leaf: Leaf,
    accept: &mut impl FnMut(Option<&Value<'a>>) -> Parse<bool>,
) -> Parse<bool> {
    let mut elements = elements;
    let Some((segment, behind)) = rest.split_first() else {
        if leaf == Leaf::ElementsAndArray {
            while let Some(element) = elements.take_next()? {
                if accept(Some(&element.value()?))? {
                    return Ok(true);
                }
            }
        }
        return accept(Some(array));
    };
    let mut index = 0;
    while let Some(element) = elements.take_next()? {
        let is_position = segment.position == Some(index);
        index += 1;
        let value = element.value()?;
        if let Value::Map(fields) = &value
            && visit_map(*fields, rest, leaf, accept)?
        {
            return Ok(true);
        }
        if !is_position {
            continue;
        }
        let accepted = match &value {
            value if behind.is_empty() => accept(Some(value))?,
            Value::Map(fields) => visit_map(*fields, behind, leaf, accept)?,
            Value::Array(nested) => visit_array(*nested, &value, behind, leaf, accept)?,
            _ => false,
        };
        if accepted {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
