//! The arguments of a command: one map of plain MessagePack, whose values keep their bytes.
//!
//! Only what is needed to find the values is read here, so a filter or a document may nest as deep as one that
//! comes alone, and whoever compiles it checks it and words its errors. Promises: no field comes twice; every
//! refusal names the field. Leaves to others: what the values mean (each command).

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::recode::map_head;
use crate::format::record::NO_STRUCTURES;
use crate::format::skip::skip_plain;
use crate::format::value::{Cursor, Malformed, Value};
use crate::query::plan::Hint;
use crate::query::{Filter, Sort};
use crate::transaction::cursor::FindOptions;

/// Most fields of one map of arguments: far more than any command has.
const FIELDS_MAX: usize = 64;
/// Most elements of one list of arguments.
const ELEMENTS_MAX: usize = 1 << 24;
/// A filter that matches everything.
const EMPTY_MAP: &[u8] = &[0x80];

/// One map of arguments.
pub(super) struct Arguments<'a> {
    /// How messages call it.
    op: &'a str,
    fields: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Arguments<'a> {
    /// The request `bytes`, which are one map with an `op`.
    ///
    /// Errors: INVALID_ARGUMENT.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Arguments<'a>> {
        let mut request = Arguments::map("request", bytes)?;
        let place = request.fields.iter().position(|(name, _)| *name == "op");
        let op = place.map(|place| request.fields.swap_remove(place).1);
        match op.and_then(text) {
            Some(op) => Ok(Arguments { op, ..request }),
            None => Err(refuse("the request has no op that is a string")),
        }
    }

    /// The map `bytes`; messages call it `name`. Errors: INVALID_ARGUMENT.
    pub(super) fn map(name: &'a str, bytes: &'a [u8]) -> Result<Arguments<'a>> {
        let damaged = |why: Malformed| refuse(format!("{name}: {}", why.reason()));
        let (count, mut at) = map_head(bytes, 0).map_err(|_| refuse(format!("{name} must be a map")))?;
        if count > FIELDS_MAX {
            return Err(refuse(format!(
                "{name} has {count} fields, more than any command takes"
            )));
        }
        let mut fields: Vec<(&str, &[u8])> = Vec::with_capacity(count);
        for _ in 0..count {
            let value_at = skip_plain(bytes, at).map_err(damaged)?;
            let end = skip_plain(bytes, value_at).map_err(damaged)?;
            let key = bytes.get(at..value_at).and_then(text);
            let key = key.ok_or_else(|| refuse(format!("{name} has a key that is not a string")))?;
            if fields.iter().any(|(known, _)| *known == key) {
                return Err(refuse(format!("{name} has the field {key} twice")));
            }
            fields.push((key, bytes.get(value_at..end).unwrap_or_default()));
            at = end;
        }
        if at != bytes.len() {
            return Err(refuse(format!("{name}: more bytes follow the map")));
        }
        Ok(Arguments { op: name, fields })
    }

    /// The map that has the one field `field`, of value `value`; messages call it `name`.
    pub(super) fn of(name: &'a str, field: &'a str, value: &'a [u8]) -> Arguments<'a> {
        Arguments {
            op: name,
            fields: vec![(field, value)],
        }
    }

    /// The field and its value, where there is one field only.
    pub(super) fn single(&self) -> Option<(&'a str, &'a [u8])> {
        match self.fields.as_slice() {
            [field] => Some(*field),
            _ => None,
        }
    }

    /// The command's name.
    pub(super) fn op(&self) -> &'a str {
        self.op
    }

    /// Refuses every field that is not among `known`. Errors: INVALID_ARGUMENT.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        match self.fields.iter().find(|(name, _)| !known.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(refuse(format!(
                "{} has no field {name}; it takes {}",
                self.op,
                known.join(", ")
            ))),
        }
    }

    /// The bytes of the field `name`, plain MessagePack; None where it is not given, or null.
    pub(super) fn bytes(&self, name: &str) -> Option<&'a [u8]> {
        let field = self.fields.iter().find(|(known, _)| *known == name);
        field.map(|(_, value)| *value).filter(|value| *value != [0xc0])
    }

    /// As `bytes`, of a field that has to be there. Errors: INVALID_ARGUMENT.
    pub(super) fn needed(&self, name: &str) -> Result<&'a [u8]> {
        let missing = || refuse(format!("{} needs the field {name}", self.op));
        self.bytes(name).ok_or_else(missing)
    }

    /// A truth value; false where it is not given. Errors: INVALID_ARGUMENT.
    pub(super) fn truth(&self, name: &str) -> Result<bool> {
        match self.bytes(name) {
            None | Some([0xc2]) => Ok(false),
            Some([0xc3]) => Ok(true),
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    /// A text. Errors: INVALID_ARGUMENT.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>> {
        let field = self.bytes(name);
        field
            .map(|bytes| text(bytes).ok_or_else(|| self.wrong(name, "a string")))
            .transpose()
    }

    /// A count: a whole number of at least 0. Errors: INVALID_ARGUMENT.
    pub(super) fn count(&self, name: &str) -> Result<Option<u64>> {
        let wrong = || self.wrong(name, "a whole number of at least 0");
        let Some(bytes) = self.bytes(name) else {
            return Ok(None);
        };
        let number = match bytes {
            [number @ 0x40..=0x7f] => i128::from(*number),
            _ => match Cursor::new(bytes, &NO_STRUCTURES).value() {
                Ok(Value::Int(number)) => i128::from(number),
                Ok(Value::UInt(number)) => i128::from(number),
                Ok(Value::Float(number)) if number.fract() == 0.0 => number as i128,
                _ => return Err(wrong()),
            },
        };
        u64::try_from(number).map(Some).map_err(|_| wrong())
    }

    /// The bytes of each element of a list; none where it is not given. Errors: INVALID_ARGUMENT.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&'a [u8]>> {
        let Some(bytes) = self.bytes(name) else {
            return Ok(Vec::new());
        };
        let damaged = |why: Malformed| refuse(format!("{name}: {}", why.reason()));
        let Ok(Value::Array(elements)) = Cursor::new(bytes, &NO_STRUCTURES).value() else {
            return Err(self.wrong(name, "an array"));
        };
        let count = elements.remaining();
        // Every element takes a byte, so a count that is not true is refused before room is made for it.
        if count > bytes.len().min(ELEMENTS_MAX) {
            return Err(refuse(format!(
                "{name} has {count} elements; at most {ELEMENTS_MAX} are taken"
            )));
        }
        let mut at = elements.cursor().position();
        let mut list = Vec::with_capacity(count);
        for _ in 0..count {
            let end = skip_plain(bytes, at).map_err(damaged)?;
            list.push(bytes.get(at..end).unwrap_or_default());
            at = end;
        }
        Ok(list)
    }

    /// The filter in the field `filter`, compiled; None when it matches everything.
    ///
    /// Errors: those of `Filter::compile`.
    pub(super) fn filter(&self) -> Result<Option<Arc<Filter>>> {
        let filter = Filter::compile(self.filter_bytes())?;
        Ok((!filter.is_empty()).then(|| Arc::new(filter)))
    }

    /// The bytes of the filter; those of `{}` where none is given.
    pub(super) fn filter_bytes(&self) -> &'a [u8] {
        self.bytes("filter").unwrap_or(EMPTY_MAP)
    }

    /// The order in the field `sort`. Errors: INVALID_SORT.
    pub(super) fn sort(&self) -> Result<Option<Arc<Sort>>> {
        let sort = self.bytes("sort").map(Sort::compile).transpose()?;
        Ok(sort.map(Arc::new))
    }

    /// The index to read, in the field `hint`. Errors: INVALID_ARGUMENT.
    pub(super) fn hint(&self) -> Result<Option<Hint>> {
        let hint = self.bytes("hint");
        hint.map(|bytes| Hint::read(&Cursor::new(bytes, &NO_STRUCTURES).value()?))
            .transpose()
    }

    /// The documents that a write is of: those of the fields `filter`, `sort` and `hint`, at most `limit`.
    ///
    /// Errors: those of compiling them.
    pub(super) fn targets(&self, limit: Option<u64>) -> Result<FindOptions> {
        Ok(FindOptions {
            filter: self.filter()?,
            sort: self.sort()?,
            limit,
            hint: self.hint()?,
            ..FindOptions::default()
        })
    }

    /// The error of a field of the wrong type.
    pub(super) fn wrong(&self, name: &str, wanted: &str) -> Error {
        refuse(format!("the field {name} of {} must be {wanted}", self.op))
    }
}

/// The text that `bytes` are; None when they are something else.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    match Cursor::new(bytes, &NO_STRUCTURES).value() {
        Ok(Value::String(text)) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}

/// The error of arguments that are not as they must be.
pub(super) fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
