//! The ordered indexes that workloads make, and what the twin knows of them.
//!
//! Promises: one kind of each thing that an index can be; what a unique one refuses is told by the twin's documents
//! alone. What trees hold is compared with the documents by `check`, which the campaigns call anyhow.

use std::collections::BTreeSet;

use quire_engine::format::value::Timestamp;
use quire_engine::{IdBytes, IndexDefinition};

use super::twin::Twin;
use super::value::{Fields, Value};

/// A kind of index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// On the group, of which there are few.
    Group,
    /// On two fields in two directions.
    Compound,
    /// On the elements of lists.
    List,
    /// Of some documents only.
    Partial,
    /// On text that changes.
    Text,
    /// Unique on the number.
    Unique,
    /// Lets documents expire at the date "at".
    Expiring,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::Group,
        Kind::Compound,
        Kind::List,
        Kind::Partial,
        Kind::Text,
        Kind::Unique,
        Kind::Expiring,
    ];

    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// Fields, each with its direction, and what else is asked for.
    fn parts(self) -> (&'static [(&'static str, i64)], Fields) {
        let set = |name: &str, value| vec![(name.to_owned(), value)];
        match self {
            Kind::Group => (&[("g", 1)], Vec::new()),
            Kind::Compound => (&[("n", -1), ("x.a", 1)], Vec::new()),
            Kind::List => (&[("list", -1)], set("sparse", Value::Bool(true))),
            Kind::Partial => (
                &[("n", 1), ("g", 1)],
                set(
                    "partialFilterExpression",
                    Value::Map(vec![("g".to_owned(), Value::Int(2))]),
                ),
            ),
            Kind::Text => (&[("late", 1)], Vec::new()),
            Kind::Unique => (&[("n", 1)], set("unique", Value::Bool(true))),
            Kind::Expiring => (&[("at", 1)], set("expireAfterSeconds", Value::Int(10))),
        }
    }

    pub fn definition(self) -> IndexDefinition {
        let (keys, options) = self.parts();
        let keys = keys
            .iter()
            .map(|(path, direction)| ((*path).to_owned(), Value::Int(*direction)));
        let mut fields = vec![
            ("key".to_owned(), Value::Map(keys.collect())),
            ("name".to_owned(), Value::Text(self.name())),
        ];
        fields.extend(options);
        let mut bytes = Vec::new();
        Value::Map(fields).encode(&mut bytes);
        IndexDefinition::parse(&bytes).unwrap()
    }
}

/// The time at which documents of the date `seconds` and before expire.
pub fn expiry(seconds: i64) -> Timestamp {
    Timestamp {
        seconds: seconds + 10,
        nanoseconds: 0,
    }
}

impl Twin {
    /// Whether two documents have one key in a unique index.
    pub fn has_duplicate_keys(&self) -> bool {
        let mut seen = BTreeSet::new();
        let number = |value: Option<&Value>| match value {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        };
        self.indexes.contains(&Kind::Unique)
            && !self
                .documents
                .values()
                .all(|document| seen.insert(number(document.field("n"))))
    }

    /// Ids of the documents that an index lets expire at the date `seconds`.
    pub fn expired(&self, seconds: i64) -> Vec<IdBytes> {
        let is_over = |value: Option<&Value>| matches!(value, Some(Value::Date(at)) if *at <= seconds);
        let documents = self.documents.values();
        documents
            .filter(|document| self.indexes.contains(&Kind::Expiring) && is_over(document.field("at")))
            .map(|document| document.id.clone())
            .collect()
    }
}
