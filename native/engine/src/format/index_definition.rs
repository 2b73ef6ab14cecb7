//! What an ordered index is: its name, its fields with their directions, its options.
//!
//! One shape for all that is asked, listed, logged and kept in the catalog: the MessagePack map that MongoDB's
//! drivers send. Promises: what `parse` takes, `encode` writes so that `decode` reads the same again; everything
//! that is not known is refused, never passed over, but for `background`, which says nothing here.
//! Leaves to others: what the partial filter means (collection/index_rules.rs), how many indexes a collection may
//! have (store/indexes.rs). Source: MongoDB manual, "createIndexes"; docs/FORMAT.md, "Index definitions".

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::{write_integer, write_map_head, write_text};
use crate::format::intake::normalise;
use crate::format::owned::Owned;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::Subject;
use crate::format::value::Cursor;
use crate::limits::{
    DEPTH_MAX, EXPIRE_AFTER_SECONDS_MAX, INDEX_DEFINITION_BYTES_MAX, INDEX_KEYS_MAX, INDEX_NAME_BYTES_MAX,
};

/// The name of the index on `_id`, which every collection has.
pub const ID_INDEX_NAME: &str = "_id_";

/// One field of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexKey {
    /// The dotted path.
    pub path: Box<str>,
    /// Whether greater values come first.
    pub is_descending: bool,
}

/// What an ordered index is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexDefinition {
    /// The name; by default made of the fields, such as `city_1_age_-1`.
    pub name: Box<str>,
    /// The fields, the first one first.
    pub keys: Vec<IndexKey>,
    /// Whether two documents of one key are refused.
    pub is_unique: bool,
    /// Whether documents are left out that have none of the fields.
    pub is_sparse: bool,
    /// The filter that indexed documents match, as plain MessagePack; all documents for `None`.
    pub partial_filter: Option<Box<[u8]>>,
    /// Seconds after the date in the only field when a document is deleted; never for `None`.
    pub expire_after_seconds: Option<u32>,
}

impl IndexDefinition {
    /// An index on these paths, each with whether it is descending, under the default name and without options.
    ///
    /// Errors: as `parse`.
    pub fn on<P: AsRef<str>>(keys: &[(P, bool)]) -> Result<IndexDefinition> {
        let keys = keys
            .iter()
            .map(|(path, is_descending)| IndexKey {
                path: path.as_ref().into(),
                is_descending: *is_descending,
            })
            .collect::<Vec<_>>();
        let definition = IndexDefinition {
            name: default_name(&keys).into(),
            keys,
            is_unique: false,
            is_sparse: false,
            partial_filter: None,
            expire_after_seconds: None,
        };
        definition.check()?;
        Ok(definition)
    }

    /// The index that a map asks for: `key`, a map of paths and directions or an array of pairs of them, and
    /// `name`, `unique`, `sparse`, `partialFilterExpression`, `expireAfterSeconds`.
    ///
    /// Errors: `INVALID_INDEX` naming what cannot be; what the partial filter asks is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<IndexDefinition> {
        let mut normal = Vec::with_capacity(bytes.len() + 16);
        normalise(bytes, Subject::Index, &mut normal)?;
        let Owned::Map(options) = Owned::read(Cursor::new(&normal, &NO_STRUCTURES))? else {
            return Err(refuse("an index is asked for by a map with the field key"));
        };
        let mut name = None;
        let mut definition = IndexDefinition {
            name: "".into(),
            keys: Vec::new(),
            is_unique: false,
            is_sparse: false,
            partial_filter: None,
            expire_after_seconds: None,
        };
        for (option, value) in &options {
            match &**option {
                "key" => definition.keys = parse_keys(value)?,
                "name" => name = Some(parse_name(value)?),
                "unique" => definition.is_unique = parse_truth(option, value)?,
                "sparse" => definition.is_sparse = parse_truth(option, value)?,
                "background" => {
                    parse_truth(option, value)?;
                }
                "partialFilterExpression" => definition.partial_filter = Some(parse_filter(value)?),
                "expireAfterSeconds" => definition.expire_after_seconds = Some(parse_seconds(value)?),
                other => return Err(unknown_option(other)),
            }
        }
        definition.name = name.unwrap_or_else(|| default_name(&definition.keys).into());
        definition.check()?;
        Ok(definition)
    }

    /// The definition that `encode` wrote.
    ///
    /// Errors: `CORRUPTED`.
    pub fn decode(bytes: &[u8]) -> Result<IndexDefinition> {
        IndexDefinition::parse(bytes).map_err(|error| {
            Error::new(
                ErrorKind::Corrupted,
                format!("the definition of an index is damaged: {}", error.message()),
            )
        })
    }

    /// Appends the map of the definition, which `parse` reads as well: `key`, `name`, and the options that are set.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.encode_with(0, out);
    }

    /// As `encode`, with a count of fields that says so many more, which the caller appends.
    pub fn encode_with(&self, more: usize, out: &mut Vec<u8>) {
        let options = [
            self.is_unique,
            self.is_sparse,
            self.partial_filter.is_some(),
            self.expire_after_seconds.is_some(),
        ];
        let options_count = options.into_iter().filter(|is_set| *is_set).count();
        write_map_head(2 + options_count + more, out);
        write_text(b"key", out);
        write_map_head(self.keys.len(), out);
        for key in &self.keys {
            write_text(key.path.as_bytes(), out);
            write_integer(if key.is_descending { -1 } else { 1 }, out);
        }
        write_text(b"name", out);
        write_text(self.name.as_bytes(), out);
        for (name, is_set) in [("unique", self.is_unique), ("sparse", self.is_sparse)] {
            if is_set {
                write_text(name.as_bytes(), out);
                Owned::Bool(true).write(out);
            }
        }
        if let Some(filter) = &self.partial_filter {
            write_text(b"partialFilterExpression", out);
            out.extend_from_slice(filter);
        }
        if let Some(seconds) = self.expire_after_seconds {
            write_text(b"expireAfterSeconds", out);
            write_integer(seconds.into(), out);
        }
    }

    /// Whether it is the index on `_id` that every collection has.
    pub fn is_id_index(&self) -> bool {
        is_id(&self.keys)
    }

    /// The definition of the index on `_id` that every collection has.
    pub fn of_id() -> IndexDefinition {
        IndexDefinition {
            name: ID_INDEX_NAME.into(),
            keys: vec![IndexKey {
                path: "_id".into(),
                is_descending: false,
            }],
            is_unique: true,
            is_sparse: false,
            partial_filter: None,
            expire_after_seconds: None,
        }
    }

    /// Refuses what cannot be.
    fn check(&self) -> Result<()> {
        if self.keys.is_empty() || self.keys.len() > INDEX_KEYS_MAX {
            return Err(refuse(format!(
                "an index of {} fields was asked for by key; it must have 1 to {INDEX_KEYS_MAX}",
                self.keys.len()
            )));
        }
        for (at, key) in self.keys.iter().enumerate() {
            check_path(&key.path)?;
            if self.keys.iter().take(at).any(|before| before.path == key.path) {
                return Err(refuse(format!(
                    "the field {:?} stands twice in one index",
                    key.path
                )));
            }
        }
        self.check_name()?;
        self.check_options()?;
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        if bytes.len() > INDEX_DEFINITION_BYTES_MAX {
            return Err(refuse(format!(
                "the definition of the index has {} bytes; at most {INDEX_DEFINITION_BYTES_MAX} are allowed",
                bytes.len()
            )));
        }
        Ok(())
    }

    fn check_name(&self) -> Result<()> {
        let name = &*self.name;
        let problem = if name.is_empty() {
            "is empty".to_owned()
        } else if name.len() > INDEX_NAME_BYTES_MAX {
            format!(
                "has {} bytes; at most {INDEX_NAME_BYTES_MAX} are allowed",
                name.len()
            )
        } else if name == "*" {
            "stands for all indexes when they are dropped".to_owned()
        } else if name.chars().any(char::is_control) {
            "has a control character".to_owned()
        } else if (name == ID_INDEX_NAME) != self.is_id_index() {
            format!("does not fit: {ID_INDEX_NAME} is the index on _id alone, which every collection has")
        } else {
            return Ok(());
        };
        let shown: String = name.chars().take(40).collect();
        Err(refuse(format!("the name {shown:?} of an index {problem}")))
    }

    fn check_options(&self) -> Result<()> {
        let has_filter = self.partial_filter.is_some();
        if self.is_sparse && has_filter {
            return Err(refuse(
                "sparse and partialFilterExpression exclude each other; use {field: {$exists: true}} in the filter",
            ));
        }
        if self.is_id_index() && (self.is_sparse || has_filter || self.expire_after_seconds.is_some()) {
            return Err(refuse("the index on _id has every document and takes no options"));
        }
        if self.expire_after_seconds.is_some() {
            let is_id = self.keys.iter().any(|key| &*key.path == "_id");
            if self.keys.len() != 1 || is_id {
                return Err(refuse(
                    "expireAfterSeconds needs an index on one field that holds dates, and not on _id",
                ));
            }
        }
        Ok(())
    }
}

fn is_id(keys: &[IndexKey]) -> bool {
    matches!(keys, [key] if &*key.path == "_id" && !key.is_descending)
}

/// The name of an index that was given none: paths and directions, joined by `_`.
fn default_name(keys: &[IndexKey]) -> String {
    if is_id(keys) {
        return ID_INDEX_NAME.to_owned();
    }
    let parts: Vec<String> = keys
        .iter()
        .map(|key| format!("{}_{}", key.path, if key.is_descending { "-1" } else { "1" }))
        .collect();
    parts.join("_")
}

fn parse_keys(value: &Owned) -> Result<Vec<IndexKey>> {
    match value {
        Owned::Map(fields) => fields
            .iter()
            .map(|(path, direction)| parse_key(path, direction))
            .collect(),
        Owned::Array(pairs) => pairs
            .iter()
            .map(|pair| match pair {
                Owned::Array(pair) => match &pair[..] {
                    [Owned::Text(path), direction] => parse_key(path, direction),
                    _ => Err(refuse("a field of key is not a pair of a path and a direction")),
                },
                Owned::Text(path) => parse_key(path, &Owned::Int(1)),
                _ => Err(refuse("a field of key is not a pair of a path and a direction")),
            })
            .collect(),
        other => Err(refuse(format!(
            "key takes a map of paths and directions, and was given a value of type {}",
            other.type_name()
        ))),
    }
}

fn parse_key(path: &str, direction: &Owned) -> Result<IndexKey> {
    let is_descending = match direction {
        Owned::Int(1) => false,
        Owned::Int(-1) => true,
        Owned::Float(number) if *number == 1.0 => false,
        Owned::Float(number) if *number == -1.0 => true,
        Owned::Text(kind) => {
            let reason = match &**kind {
                "text" => "there are no text indexes; use $regex on an index with direction 1",
                "2d" | "2dsphere" => "there are no indexes of places; index coordinates as numbers",
                "hashed" => {
                    "there are no hashed indexes; an index with direction 1 finds equal values as well"
                }
                _ => "a direction is 1 or -1",
            };
            return Err(refuse(format!(
                "field {path:?} of an index has the type {kind:?}: {reason}"
            )));
        }
        other => {
            return Err(refuse(format!(
                "field {path:?} of an index has a direction of type {} that is neither 1 nor -1",
                other.type_name()
            )));
        }
    };
    Ok(IndexKey {
        path: path.into(),
        is_descending,
    })
}

fn check_path(path: &str) -> Result<()> {
    let problem = if path.split('.').count() > DEPTH_MAX {
        "has more names than documents can nest"
    } else if path.split('.').any(|name| name == "$**") {
        "is a wildcard, and there are no wildcard indexes; index each field that is asked for"
    } else if path.split('.').any(str::is_empty) {
        "has an empty name"
    } else if path.split('.').any(|name| name.starts_with('$')) {
        "has a name that begins with $"
    } else if path.contains('\0') {
        "has a zero byte"
    } else {
        return Ok(());
    };
    let shown: String = path.chars().take(80).collect();
    Err(refuse(format!("the path {shown:?} of an index {problem}")))
}

fn parse_name(value: &Owned) -> Result<Box<str>> {
    match value {
        Owned::Text(name) => Ok(name.clone()),
        other => Err(wrong_type("name", "a string", other)),
    }
}

fn parse_truth(option: &str, value: &Owned) -> Result<bool> {
    match value {
        Owned::Bool(truth) => Ok(*truth),
        other => Err(wrong_type(option, "true or false", other)),
    }
}

fn parse_filter(value: &Owned) -> Result<Box<[u8]>> {
    if !matches!(value, Owned::Map(_)) {
        return Err(wrong_type("partialFilterExpression", "a filter", value));
    }
    let mut bytes = Vec::new();
    value.write(&mut bytes);
    Ok(bytes.into())
}

fn parse_seconds(value: &Owned) -> Result<u32> {
    let seconds = match value {
        Owned::Int(seconds) => Some(*seconds),
        Owned::Float(seconds) if seconds.fract() == 0.0 => Some(*seconds as i64),
        _ => None,
    };
    match seconds {
        Some(seconds @ 0..=EXPIRE_AFTER_SECONDS_MAX) => Ok(seconds as u32),
        _ => Err(refuse(format!(
            "expireAfterSeconds takes whole seconds from 0 to {EXPIRE_AFTER_SECONDS_MAX}"
        ))),
    }
}

fn unknown_option(option: &str) -> Error {
    let reason = match option {
        "collation" => "there are no collations; text is compared byte by byte",
        "hidden" => "indexes cannot be hidden; drop it and make it again",
        "wildcardProjection" => "there are no wildcard indexes",
        "weights" | "default_language" | "language_override" | "textIndexVersion" => {
            "there are no text indexes"
        }
        "bits" | "min" | "max" | "2dsphereIndexVersion" => "there are no indexes of places",
        _ => "known are key, name, unique, sparse, partialFilterExpression, expireAfterSeconds",
    };
    let shown: String = option.chars().take(40).collect();
    refuse(format!("the option {shown:?} of an index is not known: {reason}"))
}

fn wrong_type(option: &str, wanted: &str, given: &Owned) -> Error {
    refuse(format!(
        "{option} of an index takes {wanted}, and was given a value of type {}",
        given.type_name()
    ))
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidIndex, message)
}

#[cfg(test)]
mod tests;
