//! From the MessagePack of a projection to its tree of fields.
//!
//! Promises: whatever the dialect does not allow is refused here, naming the path, so that projecting fails
//! only on what depends on the document.
//! Leaves to others: paths and their conflicts (query/shape.rs), the numbers of `$slice` (slice.rs),
//! conditions (filter), expressions.

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::{write_map_head, write_text};
use crate::format::intake::normalise;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::Subject;
use crate::format::value::{Cursor, Value};
use crate::query::expression::Expression;
use crate::query::filter::Filter;
use crate::query::path::{self, Segment};
use crate::query::projection::slice::Slice;
use crate::query::projection::{End, Projection, refuse};
use crate::query::shape::{self, Leaves};

pub(super) fn compile(bytes: &[u8], variables: &[&str]) -> Result<Projection> {
    let mut normal = Vec::with_capacity(bytes.len() + 16);
    normalise(bytes, Subject::Projection, &mut normal)?;
    let Value::Map(fields) = Cursor::new(&normal, &NO_STRUCTURES).value()? else {
        return Err(refuse("a projection is a map"));
    };
    let mut compiler = Compiler {
        variables,
        expressions: Vec::new(),
        elements: Vec::new(),
        positional: None,
    };
    let mut leaves = Leaves::new(ErrorKind::InvalidProjection);
    leaves.collect(fields, &mut |path, operand| compiler.end(path, operand))?;
    if compiler.positional.is_some() && !compiler.elements.is_empty() {
        return Err(refuse(
            "the positional $ and $elemMatch stand in one projection; use one of them",
        ));
    }
    Ok(Projection {
        fields: leaves.into_projection()?,
        expressions: compiler.expressions,
        elements: compiler.elements,
        positional: compiler.positional,
    })
}

struct Compiler<'n> {
    /// What `$$` in expressions may name.
    variables: &'n [&'n str],
    expressions: Vec<Expression>,
    elements: Vec<Filter>,
    positional: Option<Vec<Segment>>,
}

impl Compiler<'_> {
    /// The end of `path`; a positional `$` is taken off the path.
    fn end(&mut self, path: &mut [&str], operand: Cursor<'_>) -> Result<End> {
        let flag = shape::flag(operand)?;
        if path.iter().any(|name| name.split('.').any(|part| part == "$")) {
            self.positional(path, flag)?;
        }
        match flag {
            Some(true) => return Ok(End::Keep),
            Some(false) => return Ok(End::Drop),
            None => {}
        }
        if let Value::Map(mut fields) = operand.value()?
            && let Some((operator, inner)) = fields.take_next()?
        {
            match operator {
                b"$slice" => return self.slice(path, operand, inner),
                b"$elemMatch" => return self.element(path, operand, inner),
                b"$meta" => {
                    return Err(refuse(format!(
                        "$meta at {:?} is not supported: it tells of text searches and vectors, and there are none",
                        path.join(".")
                    )));
                }
                _ => {}
            }
        }
        self.computed(path, operand)
    }

    fn positional(&mut self, path: &mut [&str], flag: Option<bool>) -> Result<()> {
        let whole = path.join(".");
        if flag != Some(true) {
            return Err(refuse(format!(
                "the positional $ at {whole:?} takes 1 or true, and stands in inclusions only"
            )));
        }
        if self.positional.is_some() {
            return Err(refuse(format!(
                "{whole:?} is a second positional $; a projection has one at most"
            )));
        }
        if let Some(last) = path.last_mut()
            && let Some(array) = last.strip_suffix(".$")
        {
            *last = array;
        }
        let path = path.join(".");
        if path.split('.').any(|part| part == "$") {
            return Err(refuse(format!(
                "the positional $ in {whole:?} stands once, at the end of a path, behind the array's name"
            )));
        }
        self.positional = path::parse(path.as_bytes());
        Ok(())
    }

    /// `$slice` by numbers, or else the operator of that name of expressions.
    fn slice(&mut self, path: &[&str], operand: Cursor<'_>, inner: Cursor<'_>) -> Result<End> {
        let refused = match Slice::compile(inner) {
            Ok(slice) => return Ok(End::Slice(slice)),
            Err(error) => error,
        };
        let first = match inner.value()? {
            Value::Array(mut elements) => elements.take_next()?,
            _ => None,
        };
        // A number is no array that the operator could take a part of.
        if let Some(first) = first
            && !matches!(first.value()?, Value::Int(_) | Value::UInt(_) | Value::Float(_))
        {
            return self.computed(path, operand);
        }
        Err(refuse(format!("at {:?}: {}", path.join("."), refused.message())))
    }

    fn element(&mut self, path: &[&str], operand: Cursor<'_>, inner: Cursor<'_>) -> Result<End> {
        let whole = path.join(".");
        if whole.contains('.') {
            return Err(refuse(format!(
                "$elemMatch at {whole:?} is on a field within another; it picks elements of whole fields only"
            )));
        }
        if !matches!(inner.value()?, Value::Map(_)) {
            return Err(refuse(format!(
                "$elemMatch at {whole:?} takes a map of conditions, and was given a value of type {}",
                inner.value()?.type_name()
            )));
        }
        let mut filter = Vec::new();
        write_map_head(1, &mut filter);
        write_text(whole.as_bytes(), &mut filter);
        filter.extend_from_slice(operand.raw()?);
        let filter =
            Filter::compile_with(&filter, self.variables).map_err(|error| refused(&whole, &error))?;
        self.elements.push(filter);
        Ok(End::Element(self.elements.len() - 1))
    }

    fn computed(&mut self, path: &[&str], operand: Cursor<'_>) -> Result<End> {
        let expression = Expression::compile_with(operand, self.variables)
            .map_err(|error| refused(&path.join("."), &error))?;
        self.expressions.push(expression);
        Ok(End::Computed(self.expressions.len() - 1))
    }
}

/// The refusal of an operand at `path`.
fn refused(path: &str, error: &Error) -> Error {
    refuse(format!("at {path:?}: {}", error.message()))
}
