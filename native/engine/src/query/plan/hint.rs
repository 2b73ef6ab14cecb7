//! Hints: which index a query is to read.
//!
//! Promises: an index is named by its name or by its fields, as MongoDB has it, and `$natural: 1` means that the
//! documents themselves are read; what names no index is an error, not a slow query.
//! Leaves to others: choosing by estimates (plan.rs).

use super::{Forced, ID_INDEX, IndexShape};
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::integral;
use crate::format::owned::utf8;
use crate::format::value::Value;

/// What the asker wants read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The documents, one after the other.
    Natural,
    /// The index of this name.
    Name(Box<str>),
    /// The index of these fields, each with whether it descends.
    Keys(Vec<(Box<str>, bool)>),
}

impl Hint {
    /// The hint that `value` is: an index's name, or a map of its fields to 1 and -1.
    ///
    /// Errors: INVALID_ARGUMENT for anything else.
    pub fn read(value: &Value<'_>) -> Result<Hint> {
        let mut fields = match value {
            Value::String(name) => return Ok(Hint::Name(utf8(name)?.into())),
            Value::Map(fields) if fields.remaining() > 0 => *fields,
            _ => {
                return Err(refuse("takes an index's name, or its fields such as {city: 1}"));
            }
        };
        let mut keys = Vec::with_capacity(fields.remaining());
        while let Some((path, direction)) = fields.take_next()? {
            let direction = match direction.value()? {
                Value::Int(number) => Some(number),
                Value::Float(number) => integral(number),
                _ => None,
            };
            match (path, direction) {
                (b"$natural", Some(1)) => return Ok(Hint::Natural),
                (b"$natural", _) => {
                    return Err(refuse("takes $natural: 1; documents are not read backward"));
                }
                (path, Some(direction @ (1 | -1))) => keys.push((utf8(path)?.into(), direction < 0)),
                (path, _) => {
                    let path = String::from_utf8_lossy(path);
                    return Err(refuse(&format!("takes 1 or -1 for the field {path:?}")));
                }
            }
        }
        Ok(Hint::Keys(keys))
    }

    /// What `indexes` have of it.
    ///
    /// Errors: INDEX_NOT_FOUND.
    pub fn resolve(&self, indexes: &[IndexShape<'_>]) -> Result<Option<Forced>> {
        let place = match self {
            Hint::Natural => return Ok(Some(Forced::Scan)),
            // The id index gives single documents; what else there is to find, all documents have to be read for.
            Hint::Name(name) if **name == *ID_INDEX => return Ok(Some(Forced::Scan)),
            Hint::Keys(keys) if is_id(keys) => return Ok(Some(Forced::Scan)),
            Hint::Name(name) => indexes.iter().position(|index| *index.name == **name),
            Hint::Keys(keys) => indexes.iter().position(|index| has_keys(index, keys)),
        };
        match place {
            Some(place) => Ok(Some(Forced::Index(place))),
            None => Err(Error::new(
                ErrorKind::IndexNotFound,
                format!("hint names {self}, and the collection has no such index"),
            )),
        }
    }
}

impl std::fmt::Display for Hint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Hint::Natural => write!(formatter, "$natural"),
            Hint::Name(name) => write!(formatter, "the index {name:?}"),
            Hint::Keys(keys) => {
                let field = |(path, is_descending): &(Box<str>, bool)| {
                    format!("{path}: {}", if *is_descending { -1 } else { 1 })
                };
                let fields: Vec<String> = keys.iter().map(field).collect();
                write!(formatter, "an index on {{{}}}", fields.join(", "))
            }
        }
    }
}

fn is_id(keys: &[(Box<str>, bool)]) -> bool {
    matches!(keys, [(path, false)] if **path == *"_id")
}

fn has_keys(index: &IndexShape<'_>, keys: &[(Box<str>, bool)]) -> bool {
    index.keys.len() == keys.len()
        && index.keys.iter().zip(keys).all(|(key, (path, is_descending))| {
            key.path == path.as_bytes() && key.is_descending == *is_descending
        })
}

fn refuse(what: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("hint {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::owned::Owned;
    use crate::format::record::NO_STRUCTURES;
    use crate::format::value::Cursor;

    fn read(hint: Owned) -> Result<Hint> {
        let mut bytes = Vec::new();
        hint.write(&mut bytes);
        Hint::read(&Cursor::new(&bytes, &NO_STRUCTURES).value()?)
    }

    #[test]
    fn hints_are_names_fields_and_natural() {
        let keys = |list: &[(&str, i64)]| {
            Owned::Map(
                list.iter()
                    .map(|(path, direction)| ((*path).into(), Owned::Int(*direction)))
                    .collect(),
            )
        };
        assert_eq!(read(Owned::text("a_1")).unwrap(), Hint::Name("a_1".into()));
        assert_eq!(read(keys(&[("$natural", 1)])).unwrap(), Hint::Natural);
        let both = Hint::Keys(vec![("a".into(), false), ("b.c".into(), true)]);
        assert_eq!(read(keys(&[("a", 1), ("b.c", -1)])).unwrap(), both);
        for wrong in [
            keys(&[]),
            keys(&[("a", 2)]),
            keys(&[("$natural", -1)]),
            Owned::Int(1),
        ] {
            assert_eq!(read(wrong).unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn hint_of_no_index_is_an_error() {
        let error = Hint::Name("a_1".into()).resolve(&[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IndexNotFound);
        assert_eq!(
            Hint::Name("_id_".into()).resolve(&[]).unwrap(),
            Some(Forced::Scan)
        );
    }
}
