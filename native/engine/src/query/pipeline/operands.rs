//! Reading the operands of stages.
//!
//! Promises: whatever a stage cannot use is refused with the kind INVALID_PIPELINE; the caller puts the
//! stage's number and name before the words. Leaves to others: expressions, filters.

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::integral;
use crate::format::owned::utf8;
use crate::format::value::{Cursor, Elements, Fields, Value};
use crate::limits::DEPTH_MAX;

/// The error of a malformed stage.
pub(super) fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidPipeline, message)
}

/// The error of a value of the wrong type.
pub(super) fn wrong(wanted: &str, found: &Value<'_>) -> Error {
    refuse(format!(
        "{wanted} is expected, and a value of type {} was given",
        found.type_name()
    ))
}

/// The error of an option that a stage does not have.
pub(super) fn unknown(key: &[u8], known: &str) -> Error {
    refuse(format!(
        "{:?} is no option; options are {known}",
        String::from_utf8_lossy(key)
    ))
}

/// The fields of a map.
pub(super) fn map<'c>(operand: Cursor<'c>, wanted: &str) -> Result<Fields<'c>> {
    match operand.value()? {
        Value::Map(fields) => Ok(fields),
        other => Err(wrong(wanted, &other)),
    }
}

/// The elements of an array.
pub(super) fn array<'c>(operand: Cursor<'c>, wanted: &str) -> Result<Elements<'c>> {
    match operand.value()? {
        Value::Array(elements) => Ok(elements),
        other => Err(wrong(wanted, &other)),
    }
}

/// A text that is not empty.
pub(super) fn text<'c>(key: &[u8], operand: Cursor<'c>) -> Result<&'c str> {
    match operand.value()? {
        Value::String(text) if !text.is_empty() => Ok(utf8(text)?),
        _ => Err(refuse(format!(
            "{} takes a text that is not empty",
            String::from_utf8_lossy(key)
        ))),
    }
}

/// A truth value.
pub(super) fn truth(key: &[u8], operand: Cursor<'_>) -> Result<bool> {
    match operand.value()? {
        Value::Bool(truth) => Ok(truth),
        _ => Err(refuse(format!(
            "{} takes true or false",
            String::from_utf8_lossy(key)
        ))),
    }
}

/// A whole number of at least `least`.
pub(super) fn whole(operand: Cursor<'_>, least: u64) -> Result<u64> {
    let number = match operand.value()? {
        Value::Int(number) => Some(number),
        Value::Float(number) => integral(number),
        _ => None,
    };
    number
        .and_then(|number| u64::try_from(number).ok())
        .filter(|number| *number >= least)
        .ok_or_else(|| refuse(format!("a whole number of at least {least} is expected")))
}

/// The names of a dotted path of fields.
pub(super) fn names_of(path: &str) -> Result<Vec<Box<str>>> {
    let names: Vec<Box<str>> = path.split('.').take(DEPTH_MAX + 1).map(Box::from).collect();
    let is_wrong = |name: &str| name.is_empty() || name.starts_with('$') || name.contains('\0');
    if names.len() > DEPTH_MAX || names.iter().any(|name| is_wrong(name)) {
        return Err(refuse(format!(
            "{path:?} is no path of fields; names are not empty and do not begin with $"
        )));
    }
    Ok(names)
}

/// One name of a field, without dots.
pub(super) fn name_of(key: &[u8]) -> Result<Box<str>> {
    let name = utf8(key)?;
    match names_of(name)?.as_slice() {
        [name] => Ok(name.clone()),
        _ => Err(refuse(format!("the field name {name:?} may not contain a dot"))),
    }
}

/// A name that a variable may have.
pub(super) fn variable_of(key: &[u8]) -> Result<&str> {
    let name = utf8(key)?;
    let is_name = name.starts_with(|first: char| first.is_ascii_lowercase() || !first.is_ascii())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii());
    if is_name {
        Ok(name)
    } else {
        Err(refuse(format!(
            "{name:?} is no name of a variable; these begin with a small letter and hold letters, digits and _"
        )))
    }
}
