//! `$unwind`: a document for each element of an array.
//!
//! Promises: one document is made at a time, so a large array of a large document takes no more memory than
//! the two. A value that is no array counts as an array of it; null, missing and empty ones give nothing,
//! unless they are preserved. Paths lead through documents only, as in MongoDB.
//! Source: MongoDB manual, "$unwind".

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Value};
use crate::query::pipeline::fields::{get_path, put_path, remove_path};
use crate::query::pipeline::operands::{refuse, truth};

/// A compiled stage.
#[derive(Debug)]
pub(super) struct Unwind {
    path: Vec<Box<str>>,
    /// Where the element's position goes.
    index: Option<Vec<Box<str>>>,
    preserves: bool,
}

/// A document whose array is being handed out.
#[derive(Debug)]
pub(super) struct Unwinding {
    document: Owned,
    elements: std::vec::IntoIter<Owned>,
    position: i64,
}

impl Unwind {
    /// Errors: INVALID_PIPELINE.
    pub(super) fn compile(operand: Cursor<'_>) -> Result<Unwind> {
        let (mut path, mut index, mut preserves) = (None, None, false);
        match operand.value()? {
            Value::String(text) => path = Some(utf8(text)?),
            Value::Map(mut fields) => {
                while let Some((key, value)) = fields.take_next()? {
                    match (key, value.value()?) {
                        (b"path", Value::String(text)) => path = Some(utf8(text)?),
                        (b"includeArrayIndex", Value::String(text)) => index = Some(utf8(text)?),
                        (b"preserveNullAndEmptyArrays", _) => preserves = truth(key, value)?,
                        (key, other) => {
                            return Err(refuse(format!(
                                "{:?} with a value of type {} is no option; options are path, includeArrayIndex and preserveNullAndEmptyArrays",
                                String::from_utf8_lossy(key),
                                other.type_name()
                            )));
                        }
                    }
                }
            }
            other => {
                return Err(refuse(format!(
                    "a path such as \"$field\" or an object is expected, and a value of type {} was given",
                    other.type_name()
                )));
            }
        }
        let Some(path) = path.and_then(|path| path.strip_prefix('$')) else {
            return Err(refuse("path has to be given, and begins with $"));
        };
        Ok(Unwind {
            path: names(path)?,
            index: index.map(names).transpose()?,
            preserves,
        })
    }

    /// True when a field of this name comes out as it came in.
    pub(super) fn leaves_alone(&self, root: &str) -> bool {
        let is_other = |path: &[Box<str>]| path.first().is_none_or(|first| **first != *root);
        is_other(&self.path) && self.index.as_deref().is_none_or(is_other)
    }

    /// Begins with `document`: either it is an array that is to be handed out, or at most one document.
    pub(super) fn begin(&self, mut document: Owned) -> std::result::Result<Unwinding, Option<Owned>> {
        let place = get_path(&mut document, &self.path);
        match place {
            Some(Owned::Array(elements)) if !elements.is_empty() => {
                let elements = std::mem::take(elements).into_iter();
                return Ok(Unwinding {
                    document,
                    elements,
                    position: 0,
                });
            }
            Some(Owned::Array(_)) if self.preserves => remove_path(&mut document, &self.path),
            None | Some(Owned::Null | Owned::Undefined) if self.preserves => {}
            None | Some(Owned::Null | Owned::Undefined | Owned::Array(_)) => return Err(None),
            Some(_) => {}
        }
        if let Some(index) = &self.index {
            put_path(&mut document, index, Owned::Null);
        }
        Err(Some(document))
    }

    /// The next document of an array.
    pub(super) fn give(&self, unwinding: &mut Unwinding) -> Option<Owned> {
        let element = unwinding.elements.next()?;
        let mut document = if unwinding.elements.len() == 0 {
            std::mem::replace(&mut unwinding.document, Owned::Null)
        } else {
            unwinding.document.clone()
        };
        put_path(&mut document, &self.path, element);
        if let Some(index) = &self.index {
            put_path(&mut document, index, Owned::Int(unwinding.position));
        }
        unwinding.position += 1;
        Some(document)
    }
}

fn names(path: &str) -> Result<Vec<Box<str>>> {
    crate::query::pipeline::operands::names_of(path)
}
