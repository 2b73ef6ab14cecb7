//! Giving a document the shape that a stage asks for.
//!
//! Paths go through arrays: what is asked below an array is done to each of its elements. Where a field is
//! computed below a value that is no document, a new document takes its place; an expression without a value
//! leaves its field out. Promises: recursion is as deep as the shape and the document; values that go to
//! many elements are counted each time.
//! Leaves to others: computing (query/expression). Source: MongoDB manual, "$addFields", "$project".

use crate::error::{Error, ErrorKind, Result};
use crate::format::owned::Owned;
use crate::query::expression_stages::End;
use crate::query::shape::{Field, Shape};

/// The document in the shape `fields`; `values` are those of its expressions.
pub(super) fn apply(
    fields: &Shape<End>,
    values: Vec<Option<Owned>>,
    document: Owned,
    room: &mut usize,
) -> Result<Owned> {
    let mut apply = Apply { values, room };
    let Owned::Map(old) = document else {
        return Ok(document);
    };
    Ok(Owned::Map(apply.map(fields, old, false)?))
}

/// Takes the bytes of `value` from the room. Errors: LIMIT_EXCEEDED when there is not so much.
pub(super) fn take_room(value: &Owned, room: &mut usize) -> Result<()> {
    let bytes = value.bytes();
    match room.checked_sub(bytes) {
        Some(left) => {
            *room = left;
            Ok(())
        }
        None => Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("a value of {bytes} bytes exceeds the memory that is left for it"),
        )),
    }
}

type Map = Vec<(Box<str>, Owned)>;

struct Apply<'r> {
    /// Taken where they are used once.
    values: Vec<Option<Owned>>,
    room: &'r mut usize,
}

impl Apply<'_> {
    /// `repeats` tells that the same fields may be made for another element.
    fn map(&mut self, shape: &Shape<End>, old: Map, repeats: bool) -> Result<Map> {
        let mut new = Vec::with_capacity(old.len());
        let mut is_made = vec![false; shape.fields().len()];
        for (name, value) in old {
            let place = shape.place_of(name.as_bytes());
            let value = match place.and_then(|place| shape.field(place)) {
                None if shape.keeps_others() => Some(value),
                Some(Field::Leaf(End::Keep)) => Some(value),
                None | Some(Field::Leaf(End::Drop)) => None,
                // A projection puts what it computes behind what it keeps.
                Some(Field::Leaf(End::Computed(_))) if !shape.keeps_others() => continue,
                Some(Field::Leaf(End::Computed(number))) => self.value(*number, repeats)?,
                Some(Field::Below(below)) => self.below(below, value, repeats)?,
            };
            if let Some(made) = place.and_then(|place| is_made.get_mut(place)) {
                *made = true;
            }
            new.extend(value.map(|value| (name, value)));
        }
        for ((name, field), _) in shape.fields().iter().zip(is_made).filter(|(_, made)| !made) {
            let value = match field {
                Field::Leaf(End::Computed(number)) => self.value(*number, repeats)?,
                Field::Below(below) if below.computes() => {
                    Some(Owned::Map(self.map(below, Vec::new(), repeats)?))
                }
                _ => None,
            };
            new.extend(value.map(|value| (name.clone(), value)));
        }
        Ok(new)
    }

    fn below(&mut self, shape: &Shape<End>, old: Owned, repeats: bool) -> Result<Option<Owned>> {
        Ok(match old {
            Owned::Map(fields) => Some(Owned::Map(self.map(shape, fields, repeats)?)),
            Owned::Array(elements) => {
                let mut new = Vec::with_capacity(elements.len());
                for element in elements {
                    new.extend(self.below(shape, element, true)?);
                }
                Some(Owned::Array(new))
            }
            _ if shape.computes() => Some(Owned::Map(self.map(shape, Vec::new(), repeats)?)),
            scalar if shape.keeps_others() => Some(scalar),
            _ => None,
        })
    }

    fn value(&mut self, number: usize, repeats: bool) -> Result<Option<Owned>> {
        let Some(value) = self.values.get_mut(number) else {
            return Ok(None);
        };
        if !repeats {
            return Ok(value.take());
        }
        if let Some(value) = value {
            take_room(value, self.room)?;
        }
        Ok(value.clone())
    }
}
