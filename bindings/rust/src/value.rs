//! Values and documents of any shape, for programs that do not give their documents a type.
//!
//! Promises: what is stored comes back as it was, in the order of its fields; values of one kind are equal when they
//! are the same, and numbers only when they are also held the same way. Leaves to others: how values are written down
//! (macros.rs), typed documents (serde).

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::date::DateTime;
use crate::id::Id;

/// One value of a document.
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer in the range of i64.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A float.
    Float(f64),
    /// Text.
    Text(String),
    /// Binary.
    Binary(Vec<u8>),
    /// A point in time.
    Date(DateTime),
    /// An array.
    Array(Vec<Value>),
    /// A map.
    Map(Document),
}

/// A document: fields in their order.
///
/// ```
/// use quiredb::{doc, Document, Value};
/// let mut ada: Document = doc! { "name": "Ada", "born": { "year": 1815 } };
/// ada.insert("tags", vec!["math", "poetry"]);
/// assert_eq!(ada.get("name"), Some(&Value::from("Ada")));
/// assert_eq!(ada.get_map("born").and_then(|born| born.get_i64("year")), Some(1815));
/// ```
#[derive(Clone, PartialEq, Default)]
pub struct Document {
    fields: IndexMap<String, Value>,
}

impl Document {
    /// A document without fields.
    pub fn new() -> Document {
        Document::default()
    }

    /// Sets a field, which keeps its place where it is there; returns the value before.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.fields.insert(name.into(), value.into())
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The value of a field, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.fields.get_mut(name)
    }

    /// Removes a field; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.fields.shift_remove(name)
    }

    /// Whether the field is there.
    pub fn contains_key(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// How many fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The names of the fields, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The text of a field that has one.
    pub fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The integer of a field that has one, also one that is held as a float.
    pub fn get_i64(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    /// The number of a field that has one, as a float.
    pub fn get_f64(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    /// The truth of a field that has one.
    pub fn get_bool(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The date of a field that has one.
    pub fn get_date(&self, name: &str) -> Option<DateTime> {
        match self.get(name)? {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// The elements of a field that is an array.
    pub fn get_array(&self, name: &str) -> Option<&[Value]> {
        match self.get(name)? {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The map in a field that has one.
    pub fn get_map(&self, name: &str) -> Option<&Document> {
        match self.get(name)? {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }
}

impl Value {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, where it is one, also one that is held as a float.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Float(number) => quire_engine::format::id::integral(*number),
            _ => None,
        }
    }

    /// The number, where it is one, as a float.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(number) => Some(*number as f64),
            Value::UInt(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }
}

/// As `doc!` takes it.
impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => formatter.write_str("null"),
            Value::Bool(truth) => fmt::Debug::fmt(truth, formatter),
            Value::Int(number) => fmt::Debug::fmt(number, formatter),
            Value::UInt(number) => fmt::Debug::fmt(number, formatter),
            Value::Float(number) => fmt::Debug::fmt(number, formatter),
            Value::Text(text) => fmt::Debug::fmt(text, formatter),
            Value::Binary(bytes) => formatter.debug_tuple("Binary").field(bytes).finish(),
            Value::Date(date) => write!(formatter, "Date({date})"),
            Value::Array(elements) => fmt::Debug::fmt(elements, formatter),
            Value::Map(map) => fmt::Debug::fmt(map, formatter),
        }
    }
}

/// As `doc!` takes it.
impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(&self.fields).finish()
    }
}

impl IntoIterator for Document {
    type Item = (String, Value);
    type IntoIter = indexmap::map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.fields.into_iter()
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Document {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Document {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Document { fields }
    }
}

/// Conversions into the variant that holds the type.
macro_rules! values_from {
    ($($from:ty => |$value:ident| $made:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Value {
                $made
            }
        }
    )*};
}

values_from! {
    bool => |truth| Value::Bool(truth);
    i8 => |number| Value::Int(number.into());
    i16 => |number| Value::Int(number.into());
    i32 => |number| Value::Int(number.into());
    i64 => |number| Value::Int(number);
    u8 => |number| Value::Int(number.into());
    u16 => |number| Value::Int(number.into());
    u32 => |number| Value::Int(number.into());
    u64 => |number| i64::try_from(number).map_or(Value::UInt(number), Value::Int);
    usize => |number| Value::from(number as u64);
    f32 => |number| Value::Float(number.into());
    f64 => |number| Value::Float(number);
    &str => |text| Value::Text(text.to_owned());
    String => |text| Value::Text(text);
    &String => |text| Value::Text(text.clone());
    &[u8] => |bytes| Value::Binary(bytes.to_vec());
    DateTime => |date| Value::Date(date);
    Document => |map| Value::Map(map);
    &Document => |map| Value::Map(map.clone());
    &Value => |value| value.clone();
    Id => |id| match id {
        Id::Integer(number) => Value::Int(number),
        Id::Text(text) => Value::Text(text),
        Id::Binary(bytes) => Value::Binary(bytes),
    };
    &Id => |id| Value::from(id.clone());
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(elements: Vec<V>) -> Value {
        Value::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl<V: Into<Value>, const N: usize> From<[V; N]> for Value {
    fn from(elements: [V; N]) -> Value {
        Value::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::UInt(number) => serializer.serialize_u64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Binary(bytes) => serializer.serialize_bytes(bytes),
            Value::Date(date) => date.serialize(serializer),
            Value::Array(elements) => elements.serialize(serializer),
            Value::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.fields)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Document, D::Error> {
        deserializer.deserialize_map(DocumentVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Value, D::Error> {
        Value::deserialize(value)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(bytes.into())
    }

    /// The one newtype that values have is a date.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, parts: D) -> Result<Value, D::Error> {
        let (seconds, nanoseconds) = <(i64, u32)>::deserialize(parts)?;
        let date = DateTime::from_parts(seconds, nanoseconds).map_err(serde::de::Error::custom)?;
        Ok(Value::Date(date))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut elements = Vec::with_capacity(list.size_hint().unwrap_or(0).min(1 << 16));
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        DocumentVisitor.visit_map(map).map(Value::Map)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut document = Document::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            document.fields.insert(name, value);
        }
        Ok(document)
    }
}
