//! The distinct values of a field over many documents, in MongoDB's dialect.
//!
//! An array at the end of the path stands for its elements, not opened further; on the way the path goes into
//! each document of an array, and a position such as `0` into that element only. A missing field and an empty
//! array add nothing. Promises: values that are equal, such as 5 and 5.0, are one, the first that came; they
//! come out in the order they came; memory is bounded.
//! Leaves to others: which documents (collection). Source: MongoDB manual, "db.collection.distinct()".

use hashbrown::HashSet;

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::write_array_head;
use crate::format::plain::write_plain;
use crate::format::record::Structures;
use crate::format::value::{Cursor, Elements, Value};
use crate::format::view::View;
use crate::limits::{DEPTH_MAX, DISTINCT_BYTES_MAX};
use crate::query::group_key::append_group_key;
use crate::query::path::{self, Segment};

/// The distinct values of one field so far.
pub struct Distinct {
    path: Box<str>,
    segments: Vec<Segment>,
    seen: HashSet<Box<[u8]>>,
    /// The values as plain MessagePack, one behind the other.
    values: Vec<u8>,
    /// Memory of `seen` and `values`.
    bytes: usize,
    bytes_max: usize,
    /// Room for the key of the value at hand.
    key: Vec<u8>,
}

impl Distinct {
    /// No values yet of the field at the dotted `path`.
    ///
    /// Errors: INVALID_ARGUMENT when it is no path of fields.
    pub fn new(path: &str) -> Result<Distinct> {
        let wrong = |segment: &Segment| segment.name.is_empty() || segment.name.first() == Some(&b'$');
        match path::parse(path.as_bytes()) {
            Some(segments) if !segments.iter().any(wrong) => Ok(Distinct {
                path: path.into(),
                segments,
                seen: HashSet::new(),
                values: Vec::new(),
                bytes: 0,
                bytes_max: DISTINCT_BYTES_MAX,
                key: Vec::new(),
            }),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{path:?} is no path of fields; names are not empty, do not begin with $ and are at most {DEPTH_MAX}"
                ),
            )),
        }
    }

    /// Adds the values of a stored document.
    ///
    /// Errors: CORRUPTED when it is damaged; LIMIT_EXCEEDED when the values take more than
    /// `limits::DISTINCT_BYTES_MAX`.
    pub fn add(&mut self, stored: &[u8], structures: &Structures) -> Result<()> {
        let segments = std::mem::take(&mut self.segments);
        let added = self.follow(Cursor::new(stored, structures), &segments);
        self.segments = segments;
        added
    }

    /// How many values there are.
    pub fn count(&self) -> usize {
        self.seen.len()
    }

    /// The values as one plain MessagePack array.
    pub fn into_array(self) -> Vec<u8> {
        let mut array = Vec::with_capacity(self.values.len() + 5);
        write_array_head(self.seen.len(), &mut array);
        array.extend_from_slice(&self.values);
        array
    }

    /// Adds what `rest` leads to from the value at `cursor`.
    fn follow(&mut self, cursor: Cursor<'_>, rest: &[Segment]) -> Result<()> {
        let (mut cursor, mut rest) = (cursor, rest);
        while let Some((segment, behind)) = rest.split_first() {
            let next = match (cursor.value()?, segment.position) {
                (Value::Map(fields), _) => fields.find(&segment.name)?,
                (Value::Array(elements), Some(position)) => element_at(elements, position)?,
                (Value::Array(elements), None) => return self.follow_each(elements, rest),
                _ => None,
            };
            let Some(next) = next else { return Ok(()) };
            (cursor, rest) = (next, behind);
        }
        let Value::Array(mut elements) = cursor.value()? else {
            return self.add_value(cursor);
        };
        while let Some(element) = elements.take_next()? {
            self.add_value(element)?;
        }
        Ok(())
    }

    fn follow_each(&mut self, mut elements: Elements<'_>, rest: &[Segment]) -> Result<()> {
        while let Some(element) = elements.take_next()? {
            if matches!(element.value()?, Value::Map(_)) {
                self.follow(element, rest)?;
            }
        }
        Ok(())
    }

    fn add_value(&mut self, cursor: Cursor<'_>) -> Result<()> {
        self.key.clear();
        append_group_key(&View::from(cursor.value()?), &mut self.key)?;
        if self.seen.contains(&*self.key) {
            return Ok(());
        }
        let start = self.values.len();
        write_plain(cursor.rest()?, cursor.structures(), &mut self.values)?;
        self.bytes += size_of::<Box<[u8]>>() + self.key.len() + self.values.len() - start;
        if self.bytes > self.bytes_max {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "the distinct values of {:?} take more than {} bytes, after {} of them; a filter makes them fewer",
                    self.path,
                    self.bytes_max,
                    self.seen.len()
                ),
            ));
        }
        self.seen.insert(self.key.as_slice().into());
        Ok(())
    }
}

fn element_at(mut elements: Elements<'_>, position: usize) -> Result<Option<Cursor<'_>>> {
    if position >= elements.remaining() {
        return Ok(None);
    }
    for _ in 0..position {
        elements.take_next()?;
    }
    Ok(elements.take_next()?)
}

#[cfg(test)]
mod tests;
