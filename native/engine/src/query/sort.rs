//! Sort orders: what documents are ordered by, in MongoDB's dialect, as bytes that compare as the documents do.
//!
//! A key is those of the fields (format/key.rs) one behind the other, the bits of falling ones turned, so that
//! memcmp orders documents. It is the least of the keys that an index on the same fields has for the document:
//! an array stands for its least element, falling for its greatest; one without elements stands below null.
//! Parts: spots.rs (fields in a document), sorter.rs (ordering documents in bounded memory).
//! Leaves to others: orders that an index gives (plans). Source: MongoDB manual, "cursor.sort()",
//! "Comparison/Sort Order".

mod sorter;
mod spots;

pub use sorter::{Sorted, Sorter};

use crate::error::{Error, ErrorKind, Result};
use crate::format::intake::{document_id, normalise};
use crate::format::owned::{Owned, utf8};
use crate::format::record::{NO_STRUCTURES, Structures};
use crate::format::survey::Subject;
use crate::format::value::{Cursor, Value};
use crate::limits::{DEPTH_MAX, SORT_KEYS_MAX};
use crate::query::path::{self, Segment};

/// A compiled sort order.
#[derive(Debug)]
pub struct Sort {
    fields: Vec<SortField>,
}

/// One field of a sort order.
#[derive(Debug)]
pub struct SortField {
    /// The dotted path.
    pub path: Box<str>,
    /// Values fall along the order.
    pub is_descending: bool,
    segments: Vec<Segment>,
}

impl Sort {
    /// Compiles a sort order from plain MessagePack: a map of paths to 1 or -1. An empty one orders nothing.
    ///
    /// Errors: INVALID_SORT, naming the path, for other directions, for paths that are none, and for more than
    /// `SORT_KEYS_MAX` of them.
    pub fn compile(bytes: &[u8]) -> Result<Sort> {
        let mut normal = Vec::with_capacity(bytes.len() + 16);
        normalise(bytes, Subject::Sort, &mut normal)?;
        let Value::Map(mut fields) = Cursor::new(&normal, &NO_STRUCTURES).value()? else {
            return Err(refuse("a sort order is a map"));
        };
        if fields.remaining() > SORT_KEYS_MAX {
            return Err(refuse(format!(
                "a sort order has {} fields; it has {SORT_KEYS_MAX} at most",
                fields.remaining()
            )));
        }
        let mut list = Vec::with_capacity(fields.remaining());
        while let Some((path, direction)) = fields.take_next()? {
            list.push(SortField::compile(utf8(path)?, &direction.value()?)?);
        }
        Ok(Sort { fields: list })
    }

    /// The fields, the first one deciding before the others.
    pub fn fields(&self) -> &[SortField] {
        &self.fields
    }

    /// True when no field is named, so that no order is asked for.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Appends the key of the stored document.
    ///
    /// Errors: CORRUPTED when the document is damaged; `out` then holds a part of the key.
    #[inline]
    pub fn write_key(&self, stored: &[u8], structures: &Structures, out: &mut Vec<u8>) -> Result<()> {
        Ok(spots::write_key(
            &self.fields,
            Cursor::new(stored, structures),
            out,
        )?)
    }

    /// `write_key`, and behind it the canonical id: no two documents of a collection have the same, and those
    /// of equal fields come in the order that an index has them. Errors: as `write_key`.
    #[inline]
    pub fn write_total_key(&self, stored: &[u8], structures: &Structures, out: &mut Vec<u8>) -> Result<()> {
        self.write_key(stored, structures, out)?;
        out.extend_from_slice(document_id(stored)?);
        Ok(())
    }

    /// Appends the key of a document in memory. Errors: as `write_key`, for one that nests too deep.
    pub fn write_owned_key(&self, document: &Owned, out: &mut Vec<u8>) -> Result<()> {
        let mut bytes = Vec::with_capacity(document.bytes());
        document.write(&mut bytes);
        self.write_key(&bytes, &NO_STRUCTURES, out)
    }
}

impl SortField {
    fn compile(path: &str, direction: &Value<'_>) -> Result<SortField> {
        let segments = path::parse(path.as_bytes())
            .ok_or_else(|| refuse(format!("the path {path:?} has more than {DEPTH_MAX} names")))?;
        if path == "$natural" {
            return Err(refuse(
                "$natural is no field; without a sort order documents come as they are stored",
            ));
        }
        let wrong = |segment: &Segment| segment.name.is_empty() || segment.name.first() == Some(&b'$');
        if segments.iter().any(wrong) {
            return Err(refuse(format!(
                "{path:?} is no path of fields; names are not empty and do not begin with $"
            )));
        }
        let is_descending = match direction {
            Value::Int(1) | Value::Float(1.0) => false,
            Value::Int(-1) | Value::Float(-1.0) => true,
            Value::Map(operator) if operator.find(b"$meta")?.is_some() => {
                return Err(refuse(format!(
                    "$meta at {path:?} is not supported: it orders by text searches and vectors, and there are none"
                )));
            }
            other => {
                return Err(refuse(format!(
                    "the direction of {path:?} is 1 or -1, and another value was given, of type {}",
                    other.type_name()
                )));
            }
        };
        Ok(SortField {
            path: path.into(),
            is_descending,
            segments,
        })
    }
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidSort, message)
}

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod speed_tests;
#[cfg(test)]
mod tests;
