//! MessagePack in stored form to values of Rust, through serde.
//!
//! Records are read where they lie: their keys come from the collection's key lists, no plain form is made first. One
//! walk, in which a value is looked at once. Promises: damaged bytes give CORRUPTED, a document that does not fit the
//! type INVALID_DOCUMENT; a whole number is read as an integer or a float, however it is stored, because JavaScript
//! stores some integers as floats. Leaves to others: lists, maps and keys (decode_parts.rs), key lists (structures.rs).

use quire_engine::format::record::{NO_STRUCTURES, Structures};
use quire_engine::format::skip::skip;
use quire_engine::format::value::{Cursor, Malformed, Timestamp, Value};
use quire_engine::limits::DEPTH_MAX;
use serde::de::value::SeqDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Visitor};

use crate::date::{DATE_NAME, DateTime};
use crate::decode_parts::{Fields, List, Variant};
use crate::error::{Error, Result};

/// The value that `bytes` are, which have no records.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut decoder = Decoder::new(bytes, &NO_STRUCTURES);
    T::deserialize(&mut decoder)
}

/// Reads values one after the other.
pub(crate) struct Decoder<'de> {
    pub(crate) bytes: &'de [u8],
    pub(crate) at: usize,
    pub(crate) structures: &'de Structures,
    /// Maps and arrays around the value that is read.
    depth: usize,
    /// Whether a record was met whose key list is not in `structures`.
    pub(crate) met_unknown_structure: bool,
}

impl<'de> Decoder<'de> {
    #[inline]
    pub(crate) fn new(bytes: &'de [u8], structures: &'de Structures) -> Decoder<'de> {
        Decoder {
            bytes,
            at: 0,
            structures,
            depth: 0,
            met_unknown_structure: false,
        }
    }

    /// Whether everything was read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The value here. Moves behind it, or behind the head of an array or map.
    fn take(&mut self) -> Result<Value<'de>> {
        let value = Cursor::at(self.bytes, self.at, self.structures)
            .value()
            .map_err(|why| self.damaged(why))?;
        self.at = match &value {
            Value::Array(elements) => elements.cursor().position(),
            Value::Map(fields) => fields.cursor().position(),
            _ => skip(self.bytes, self.at, self.structures).map_err(|why| self.damaged(why))?,
        };
        Ok(value)
    }

    /// The text here, where it is one of the usual lengths; moves behind it. This and the next two read what documents are
    /// mostly made of without a `Value` in between and without a second look at the head: a third of decoding.
    #[inline]
    fn quick_text(&mut self) -> Option<&'de [u8]> {
        let (head, behind) = self.bytes.get(self.at..)?.split_first()?;
        let (text, bytes) = match head {
            0xa0..=0xbf => {
                let count = usize::from(head & 0x1f);
                (behind.get(..count)?, 1 + count)
            }
            0xd9 => {
                let (count, behind) = behind.split_first()?;
                let count = usize::from(*count);
                (behind.get(..count)?, 2 + count)
            }
            _ => return None,
        };
        self.at += bytes;
        Some(text)
    }

    /// The integer here, where it is not negative and has 32 bits at most; moves behind it.
    #[inline]
    fn quick_integer(&mut self) -> Option<u32> {
        let (head, behind) = self.bytes.get(self.at..)?.split_first()?;
        let (number, bytes) = match head {
            0x00..=0x3f => (u32::from(*head), 1),
            0xcc => (u32::from(*behind.first()?), 2),
            0xcd => (u32::from(u16::from_be_bytes(*behind.first_chunk()?)), 3),
            0xce => (u32::from_be_bytes(*behind.first_chunk()?), 5),
            _ => return None,
        };
        self.at += bytes;
        Some(number)
    }

    /// The float here; moves behind it.
    #[inline]
    fn quick_float(&mut self) -> Option<f64> {
        let (0xcb, behind) = self.bytes.get(self.at..)?.split_first()? else {
            return None;
        };
        let number = f64::from_be_bytes(*behind.first_chunk()?);
        self.at += 9;
        Some(number)
    }

    /// The error of bytes that are no value.
    #[cold]
    pub(crate) fn damaged(&mut self, why: Malformed) -> Error {
        self.met_unknown_structure |= why == Malformed::UnknownStructure;
        quire_engine::Error::from(why).into()
    }

    /// Reads the inside of an array or map by `read`.
    #[inline]
    fn inside<R>(&mut self, read: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        if self.depth >= DEPTH_MAX {
            return Err(self.damaged(Malformed::TooDeep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    #[inline]
    fn visit<V: Visitor<'de>>(&mut self, value: Value<'de>, visitor: V) -> Result<V::Value> {
        match value {
            Value::Null | Value::Undefined => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Int(number) => visitor.visit_i64(number),
            Value::UInt(number) => visitor.visit_u64(number),
            Value::Float(number) => visitor.visit_f64(number),
            Value::String(text) => visitor.visit_borrowed_str(self.text(text)?),
            Value::Binary(bytes) | Value::Ext { bytes, .. } => visitor.visit_borrowed_bytes(bytes),
            Value::Timestamp(timestamp) => visitor.visit_newtype_struct(date_parts(timestamp)),
            Value::Array(elements) => self.inside(|decoder| {
                let mut list = List::new(decoder, elements.remaining());
                let seen = visitor.visit_seq(&mut list)?;
                list.end()?;
                Ok(seen)
            }),
            Value::Map(fields) => self.inside(|decoder| {
                let mut fields = Fields::new(decoder, fields.remaining(), fields.structure());
                let seen = visitor.visit_map(&mut fields)?;
                fields.end()?;
                Ok(seen)
            }),
        }
    }

    #[inline]
    pub(crate) fn text(&mut self, bytes: &'de [u8]) -> Result<&'de str> {
        std::str::from_utf8(bytes).map_err(|_| self.damaged(Malformed::NotText))
    }
}

type DateParts = SeqDeserializer<std::array::IntoIter<i64, 2>, Error>;

/// Seconds and nanoseconds, as `DateTime` reads them.
fn date_parts(timestamp: Timestamp) -> DateParts {
    SeqDeserializer::new([timestamp.seconds, i64::from(timestamp.nanoseconds)].into_iter())
}

fn date_of(timestamp: Timestamp) -> Result<DateTime> {
    DateTime::from_parts(timestamp.seconds, timestamp.nanoseconds)
}

/// The integer that a float is.
fn whole(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Float(number) => quire_engine::format::id::integral(number).map_or(value, Value::Int),
        other => other,
    }
}

/// The calls that ask for an integer.
macro_rules! integers {
    ($($call:ident)*) => {$(
        #[inline]
        fn $call<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            if let Some(number) = self.quick_integer() {
                return visitor.visit_u32(number);
            }
            let value = self.take()?;
            self.visit(whole(value), visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Some(text) = self.quick_text() {
            return visitor.visit_borrowed_str(self.text(text)?);
        }
        let value = self.take()?;
        self.visit(value, visitor)
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Some(text) = self.quick_text() {
            return visitor.visit_borrowed_str(self.text(text)?);
        }
        match self.take()? {
            Value::String(text) => visitor.visit_borrowed_str(self.text(text)?),
            Value::Timestamp(timestamp) => visitor.visit_string(date_of(timestamp)?.to_string()),
            other => self.visit(other, visitor),
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.quick_float() {
            Some(number) => visitor.visit_f64(number),
            None => self.deserialize_any(visitor),
        }
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.bytes.get(self.at) {
            Some(head @ (0xc2 | 0xc3)) => {
                self.at += 1;
                visitor.visit_bool(*head == 0xc3)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.bytes.get(self.at) {
            Some(0xc0) => {
                self.at += 1;
                visitor.visit_none()
            }
            // `undefined` of JavaScript: an extension of kind 0.
            Some(0xd4) if self.bytes.get(self.at + 1) == Some(&0) => {
                self.at += 3;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        if name != DATE_NAME {
            return visitor.visit_newtype_struct(self);
        }
        match self.take()? {
            Value::Timestamp(timestamp) => visitor.visit_newtype_struct(date_parts(timestamp)),
            other => Err(serde::de::Error::custom(format_args!(
                "a date is expected, and there is a value of type {}",
                other.type_name()
            ))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.take()? {
            Value::String(text) => {
                let text = self.text(text)?;
                visitor.visit_enum(serde::de::value::BorrowedStrDeserializer::<Error>::new(text))
            }
            Value::Map(fields) if fields.remaining() == 1 => self.inside(|decoder| {
                let fields = Fields::new(decoder, 1, fields.structure());
                visitor.visit_enum(Variant::new(fields))
            }),
            other => Err(serde::de::Error::custom(format_args!(
                "a variant's name or a map of one field is expected, and there is a value of type {}",
                other.type_name()
            ))),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.at = skip(self.bytes, self.at, self.structures).map_err(|why| self.damaged(why))?;
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        f32 char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// Reads one document behind another.
pub(crate) fn decode_next<'de, T: Deserialize<'de>>(decoder: &mut Decoder<'de>) -> Result<T> {
    T::deserialize(decoder)
}
