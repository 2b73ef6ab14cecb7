//! Writing what a projection keeps of one stored document.
//!
//! Paths go through arrays: what is kept or dropped below an array is so in each of its documents; what is no
//! document stays in exclusions only. Promises: kept values are copied as they lie, records within them
//! becoming maps; heads are the shortest; recursion is as deep as the tree and the document; a result is no
//! larger than the largest document and no deeper than any.
//! Source: MongoDB manual, "Project Fields to Return from Query"; where it is silent, MongoDB's
//! projection_executor.

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::{write_array_head, write_map_head, write_text};
use crate::format::owned::Owned;
use crate::format::plain::write_plain;
use crate::format::value::{Cursor, Elements, Fields, Malformed, Value};
use crate::limits::{DEPTH_MAX, DOCUMENT_BYTES_MAX};
use crate::query::expression::{Root, Scope};
use crate::query::path::Segment;
use crate::query::projection::slice::Slice;
use crate::query::projection::{Circumstances, End, Projection, refuse};
use crate::query::shape::{Field, Shape};

/// Appends the projected form of the document at `cursor`.
pub(super) fn write(
    projection: &Projection,
    cursor: Cursor<'_>,
    circumstances: &Circumstances<'_>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let Value::Map(fields) = cursor.value()? else {
        return Err(Malformed::IdMissing.into());
    };
    if projection.keeps_all() {
        write_plain(cursor.rest()?, cursor.structures(), out)?;
        return Ok(());
    }
    let scope = Scope::new(Root::Stored(cursor), circumstances.now).with_variables(circumstances.variables);
    let mut values = Vec::with_capacity(projection.expressions.len());
    for expression in &projection.expressions {
        values.push(expression.evaluate_owned(&scope)?);
    }
    let mut write = Write {
        projection,
        picked: match &projection.positional {
            Some(path) => picked(cursor, path, circumstances)?,
            None => None,
        },
        values,
        start: out.len(),
        out,
    };
    write.map(&projection.fields, Some(fields), Place::TOP)
}

/// The element that the positional `$` on `path` stands for: where the first array on the path begins, and the
/// position in it. None when there is no array.
fn picked(
    document: Cursor<'_>,
    path: &[Segment],
    circumstances: &Circumstances<'_>,
) -> Result<Option<(usize, usize)>> {
    let mut cursor = document;
    for (depth, segment) in path.iter().enumerate() {
        let Value::Map(fields) = cursor.value()? else {
            return Ok(None);
        };
        let Some(found) = fields.find(&segment.name)? else {
            return Ok(None);
        };
        cursor = found;
        if !matches!(cursor.value()?, Value::Array(_)) {
            continue;
        }
        let array_path = path.get(..=depth).unwrap_or_default();
        let index = match circumstances.filter {
            Some(filter) => filter.matched_index_along(document, array_path)?,
            None => None,
        };
        return match index {
            Some(index) => Ok(Some((cursor.position(), index))),
            None => Err(refuse(format!(
                "the positional $ finds no element that the filter matched in the array at {:?}; the filter asks \
                 for an element of it by one condition, such as $elemMatch",
                dotted(array_path)
            ))),
        };
    }
    Ok(None)
}

fn dotted(path: &[Segment]) -> String {
    let names: Vec<_> = path
        .iter()
        .map(|segment| String::from_utf8_lossy(&segment.name))
        .collect();
    names.join(".")
}

/// Where in the result a value is written.
#[derive(Clone, Copy)]
struct Place {
    /// Maps and arrays around it.
    depth: usize,
    /// It lies in an array that is an element of another one, where `$slice` has no effect.
    is_nested: bool,
}

impl Place {
    const TOP: Place = Place {
        depth: 0,
        is_nested: false,
    };

    fn below(self) -> Place {
        Place {
            depth: self.depth + 1,
            ..self
        }
    }
}

struct Write<'a, 'o> {
    projection: &'a Projection,
    /// Of the computed fields, by the numbers of their expressions; None is missing.
    values: Vec<Option<Owned>>,
    /// Where the array begins that the positional `$` keeps one element of, and its position.
    picked: Option<(usize, usize)>,
    out: &'o mut Vec<u8>,
    /// Where in `out` the result begins.
    start: usize,
}

/// Where the named fields of a map were found, by their places in the shape.
type Met<'a> = SmallVec<[Option<Cursor<'a>>; 8]>;

impl<'a> Write<'a, '_> {
    /// Writes the map of `old` in the shape; None stands for a map that the shape makes of nothing.
    fn map(&mut self, shape: &'a Shape<End>, old: Option<Fields<'a>>, place: Place) -> Result<()> {
        let old_count = old.map_or(0, |fields| fields.remaining());
        let kept_max = if shape.keeps_others() {
            old_count
        } else {
            old_count.min(shape.fields().len())
        };
        let made_max = if shape.computes() { shape.fields().len() } else { 0 };
        let head = Head::reserve(kept_max.saturating_add(made_max), write_map_head, self.out);
        let mut met: Met<'a> = SmallVec::new();
        if shape.computes() {
            met.resize(shape.fields().len(), None);
        }
        let mut count = 0;
        let mut missing = shape.fields().len();
        let mut fields = old;
        while let Some(rest) = &mut fields {
            if missing == 0 && !shape.keeps_others() {
                break;
            }
            let Some((name, value)) = rest.take_next()? else {
                break;
            };
            let field_place = shape.place_of(name);
            let field = field_place.and_then(|place| shape.field(place));
            if field.is_none() && !shape.keeps_others() {
                continue;
            }
            missing = missing.saturating_sub(usize::from(field.is_some()));
            if let Some(met) = field_place.and_then(|place| met.get_mut(place)) {
                *met = Some(value);
            }
            count += usize::from(self.kept(shape, name, field, value, place.below())?);
        }
        if shape.computes() {
            count += self.made(shape, &met, place.below())?;
        }
        self.check_size()?;
        head.close(count, write_map_head, self.out);
        Ok(())
    }

    /// Writes a field of the document where it stands; false when it is dropped, or written behind the others.
    fn kept(
        &mut self,
        shape: &'a Shape<End>,
        name: &[u8],
        field: Option<&'a Field<End>>,
        value: Cursor<'a>,
        place: Place,
    ) -> Result<bool> {
        let start = self.out.len();
        match field {
            Some(Field::Leaf(End::Drop)) => return Ok(false),
            // A projection puts what it computes or picks behind what it keeps.
            Some(Field::Leaf(End::Computed(_) | End::Element(_))) if !shape.keeps_others() => {
                return Ok(false);
            }
            _ => write_text(name, self.out),
        }
        let is_written = match field {
            None | Some(Field::Leaf(End::Keep | End::Drop)) => self.whole(value)?,
            Some(Field::Leaf(End::Slice(slice))) => self.slice(*slice, value, place)?,
            Some(Field::Leaf(End::Computed(number))) => self.value(*number, place)?,
            Some(Field::Leaf(End::Element(number))) => self.element(*number, value)?,
            Some(Field::Below(below)) => self.below(below, value, place)?,
        };
        if !is_written {
            self.out.truncate(start);
        }
        Ok(is_written)
    }

    /// Writes the fields that stand behind those of the document: computed and picked ones, and documents that
    /// are made for computed fields within. Returns how many.
    fn made(&mut self, shape: &'a Shape<End>, met: &Met<'a>, place: Place) -> Result<usize> {
        let mut count = 0;
        for ((name, field), met) in shape.fields().iter().zip(met) {
            let start = self.out.len();
            write_text(name.as_bytes(), self.out);
            let is_written = match (field, met) {
                (Field::Leaf(End::Computed(number)), met) if met.is_none() || !shape.keeps_others() => {
                    self.value(*number, place)?
                }
                (Field::Leaf(End::Element(number)), Some(met)) if !shape.keeps_others() => {
                    self.element(*number, *met)?
                }
                (Field::Below(below), None) if below.computes() => {
                    self.map(below, None, place)?;
                    true
                }
                _ => false,
            };
            if is_written {
                count += 1;
            } else {
                self.out.truncate(start);
            }
        }
        Ok(count)
    }

    /// Writes what the shape keeps of a value; false when that is nothing.
    fn below(&mut self, shape: &'a Shape<End>, old: Cursor<'a>, place: Place) -> Result<bool> {
        if place.depth > DEPTH_MAX {
            return Err(Malformed::TooDeep.into());
        }
        match old.value()? {
            Value::Map(fields) => self.map(shape, Some(fields), place)?,
            Value::Array(elements) => self.array(shape, old, elements, place)?,
            _ if shape.computes() => self.map(shape, None, place)?,
            _ if shape.keeps_others() => return self.whole(old),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Writes what the shape keeps of each element of an array, or of the picked one.
    fn array(
        &mut self,
        shape: &'a Shape<End>,
        array: Cursor<'a>,
        elements: Elements<'a>,
        place: Place,
    ) -> Result<()> {
        let mut elements = elements;
        let only = self.picked_of(array);
        let head = Head::reserve(elements.remaining(), write_array_head, self.out);
        let (mut index, mut count) = (0, 0);
        while let Some(element) = elements.take_next()? {
            if only.is_none_or(|only| only == index) {
                let is_nested = place.is_nested || matches!(element.value()?, Value::Array(_));
                let below = Place {
                    is_nested,
                    ..place.below()
                };
                count += usize::from(self.below(shape, element, below)?);
                self.check_size()?;
            }
            index += 1;
        }
        head.close(count, write_array_head, self.out);
        Ok(())
    }

    /// The position of the one element that is kept of the array at `cursor`, if it is the array of the
    /// positional `$`.
    fn picked_of(&self, cursor: Cursor<'a>) -> Option<usize> {
        self.picked
            .filter(|(at, _)| *at == cursor.position())
            .map(|(_, index)| index)
    }

    /// Writes a value that is kept, or of the array of the positional `$` the picked element.
    fn whole(&mut self, value: Cursor<'a>) -> Result<bool> {
        match self.picked_of(value) {
            Some(index) => self.part(value, index..index + 1)?,
            None => self.copy(value)?,
        }
        Ok(true)
    }

    fn slice(&mut self, slice: Slice, value: Cursor<'a>, place: Place) -> Result<bool> {
        match value.value()? {
            Value::Array(elements) if !place.is_nested => {
                self.part(value, slice.range(elements.remaining()))?;
            }
            _ => self.copy(value)?,
        }
        Ok(true)
    }

    /// Writes the array of the first element of `value` that is asked for; false when there is none.
    fn element(&mut self, number: usize, value: Cursor<'a>) -> Result<bool> {
        let (Value::Array(elements), Some(filter)) = (value.value()?, self.projection.elements.get(number))
        else {
            return Ok(false);
        };
        match filter.first_element(elements)? {
            Some(index) => self.part(value, index..index + 1)?,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Writes the elements of the array at `value` in `range`, which lies within it.
    fn part(&mut self, value: Cursor<'a>, range: std::ops::Range<usize>) -> Result<()> {
        let Value::Array(mut elements) = value.value()? else {
            return Ok(());
        };
        write_array_head(range.len(), self.out);
        for _ in 0..range.start {
            elements.take_next()?;
        }
        for _ in range {
            match elements.take_next()? {
                Some(element) => self.copy(element)?,
                None => return Err(Malformed::Truncated.into()),
            }
        }
        Ok(())
    }

    /// Writes the value of a computed field; false when it is missing.
    fn value(&mut self, number: usize, place: Place) -> Result<bool> {
        let Some(Some(value)) = self.values.get(number) else {
            return Ok(false);
        };
        if value.nests_deeper_than(DEPTH_MAX.saturating_sub(place.depth)) {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("the projected document would nest deeper than {DEPTH_MAX} levels"),
            ));
        }
        value.write(self.out);
        Ok(true)
    }

    /// Copies a value, making maps of the records in it.
    fn copy(&mut self, value: Cursor<'a>) -> Result<()> {
        self.check_size()?;
        match value.head()? {
            0x40..=0x7f | 0x80..=0x9f | 0xdc..=0xdf => {
                write_plain(value.rest()?, value.structures(), self.out)?;
            }
            _ => self.out.extend_from_slice(value.raw()?),
        }
        Ok(())
    }

    /// Errors: LIMIT_EXCEEDED when the result has grown larger than any document.
    fn check_size(&self) -> Result<()> {
        if self.out.len() - self.start > DOCUMENT_BYTES_MAX as usize {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("the projected document would be larger than {DOCUMENT_BYTES_MAX} bytes"),
            ));
        }
        Ok(())
    }
}

/// The head of a map or an array whose count is known when it is written.
struct Head {
    at: usize,
    bytes: usize,
}

/// Appends the shortest head for a count.
type WriteHead = fn(usize, &mut Vec<u8>);

impl Head {
    /// Makes room for the head of at most `count_max` fields or elements.
    fn reserve(count_max: usize, write: WriteHead, out: &mut Vec<u8>) -> Head {
        let at = out.len();
        write(count_max, out);
        Head {
            at,
            bytes: out.len() - at,
        }
    }

    /// Writes the head for `count`; what follows moves up where that is shorter.
    fn close(self, count: usize, write: WriteHead, out: &mut Vec<u8>) {
        match (out.get_mut(self.at), count) {
            // The usual case needs no second buffer.
            (Some(first), 0..=15) if self.bytes == 1 => *first = (*first & 0xf0) | count as u8,
            _ => {
                let mut head = Vec::new();
                write(count, &mut head);
                out.splice(self.at..self.at + self.bytes, head);
            }
        }
    }
}
