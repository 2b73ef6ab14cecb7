//! `$type`: sets of MongoDB's types, by name or number, and the types of stored values.
//!
//! Promises: every type that MongoDB names is known; those that no stored value has never match. An integer
//! is an "int" when it fits 32 bits and a "long" otherwise, whatever width it is stored in.
//! Source: MongoDB manual, "BSON Types".

use crate::format::id::integral;
use crate::format::value::Value;

/// A set of types, one bit each by the type's number; the two ends of the order have the bits above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TypeSet(u32);

const MIN_KEY: i64 = -1;
const MAX_KEY: i64 = 127;
const INT: i64 = 16;
const LONG: i64 = 18;
const DOUBLE: i64 = 1;
const DECIMAL: i64 = 19;

/// Every name with the number of its type.
const NAMES: &[(&[u8], i64)] = &[
    (b"double", DOUBLE),
    (b"string", 2),
    (b"object", 3),
    (b"array", 4),
    (b"binData", 5),
    (b"undefined", 6),
    (b"objectId", 7),
    (b"bool", 8),
    (b"date", 9),
    (b"null", 10),
    (b"regex", 11),
    (b"dbPointer", 12),
    (b"javascript", 13),
    (b"symbol", 14),
    (b"javascriptWithScope", 15),
    (b"int", INT),
    (b"timestamp", 17),
    (b"long", LONG),
    (b"decimal", DECIMAL),
    (b"minKey", MIN_KEY),
    (b"maxKey", MAX_KEY),
];

impl TypeSet {
    /// All numbers.
    pub(super) const NUMBER: TypeSet = TypeSet(1 << DOUBLE | 1 << INT | 1 << LONG | 1 << DECIMAL);

    /// The types that `value` names: one type's name or number.
    pub(super) fn named(value: &Value<'_>) -> Option<TypeSet> {
        match value {
            Value::String(b"number") => Some(TypeSet::NUMBER),
            Value::String(name) => {
                let (_, number) = NAMES.iter().find(|(known, _)| known == name)?;
                TypeSet::numbered(*number)
            }
            Value::Int(number) => TypeSet::numbered(*number),
            Value::Float(number) => TypeSet::numbered(integral(*number)?),
            _ => None,
        }
    }

    fn numbered(number: i64) -> Option<TypeSet> {
        let bit = match number {
            1..=DECIMAL => number,
            MIN_KEY => 30,
            MAX_KEY => 31,
            _ => return None,
        };
        Some(TypeSet(1 << bit))
    }

    pub(super) fn insert(&mut self, other: TypeSet) {
        self.0 |= other.0;
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn contains(self, value: &Value<'_>) -> bool {
        let number = match value {
            Value::Null => 10,
            Value::Undefined => 6,
            Value::Bool(_) => 8,
            Value::Int(number) if i32::try_from(*number).is_ok() => INT,
            Value::Int(_) | Value::UInt(_) => LONG,
            Value::Float(_) => DOUBLE,
            Value::String(_) => 2,
            Value::Binary(_) => 5,
            Value::Timestamp(_) => 9,
            Value::Array(_) => 4,
            Value::Map(_) => 3,
            Value::Ext { .. } => return false,
        };
        self.0 >> number & 1 == 1
    }
}
