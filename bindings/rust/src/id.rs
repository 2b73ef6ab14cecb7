//! Ids of documents: text, an integer, or binary.
//!
//! Promises: what stands for an id here is looked up without an allocation where it has 36 bytes or fewer.
//! Leaves to others: canonical bytes (native/engine/src/format/id.rs).

use std::fmt;

use quire_engine::IdBytes;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::error::{Error, Result};
use quire_engine::ErrorKind;

/// The `_id` of a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id {
    /// An integer.
    Integer(i64),
    /// Text; ids that the database makes are ULIDs.
    Text(String),
    /// Binary.
    Binary(Vec<u8>),
}

/// What a document can be looked up by: text, integers, bytes, and [`Id`].
pub trait AsId {
    /// The id in the form in which the engine compares ids. Errors: INVALID_ID when it is longer than 1 KiB.
    fn as_id(&self) -> Result<IdBytes>;
}

impl Id {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Id::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, where it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Id::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Integer(number) => write!(formatter, "{number}"),
            Id::Text(text) => formatter.write_str(text),
            Id::Binary(bytes) => bytes.iter().try_for_each(|byte| write!(formatter, "{byte:02x}")),
        }
    }
}

impl AsId for Id {
    fn as_id(&self) -> Result<IdBytes> {
        match self {
            Id::Integer(number) => number.as_id(),
            Id::Text(text) => text.as_id(),
            Id::Binary(bytes) => bytes.as_id(),
        }
    }
}

impl AsId for str {
    #[inline]
    fn as_id(&self) -> Result<IdBytes> {
        Ok(IdBytes::from_text(self)?)
    }
}

impl AsId for String {
    #[inline]
    fn as_id(&self) -> Result<IdBytes> {
        self.as_str().as_id()
    }
}

impl AsId for [u8] {
    fn as_id(&self) -> Result<IdBytes> {
        Ok(IdBytes::from_binary(self)?)
    }
}

impl<const N: usize> AsId for [u8; N] {
    fn as_id(&self) -> Result<IdBytes> {
        self.as_slice().as_id()
    }
}

impl AsId for Vec<u8> {
    fn as_id(&self) -> Result<IdBytes> {
        self.as_slice().as_id()
    }
}

impl<I: AsId + ?Sized> AsId for &I {
    #[inline]
    fn as_id(&self) -> Result<IdBytes> {
        (**self).as_id()
    }
}

/// Integers that fit 64 bits with a sign, as ids.
macro_rules! integers_are_ids {
    ($($integer:ty)*) => {$(
        impl AsId for $integer {
            #[inline]
            fn as_id(&self) -> Result<IdBytes> {
                Ok(IdBytes::from_integer(i64::from(*self)))
            }
        }

        impl From<$integer> for Id {
            fn from(number: $integer) -> Id {
                Id::Integer(i64::from(number))
            }
        }
    )*};
}

integers_are_ids!(i8 i16 i32 i64 u8 u16 u32);

/// Errors: INVALID_ID beyond `i64::MAX`.
impl AsId for u64 {
    #[inline]
    fn as_id(&self) -> Result<IdBytes> {
        let number = i64::try_from(*self).map_err(|_| {
            Error::new(
                ErrorKind::InvalidId,
                format!("the integer {self} is no id: it is greater than {}", i64::MAX),
            )
        })?;
        Ok(IdBytes::from_integer(number))
    }
}

/// Errors: as of u64.
impl AsId for usize {
    #[inline]
    fn as_id(&self) -> Result<IdBytes> {
        (*self as u64).as_id()
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Id {
        Id::Text(text.to_owned())
    }
}

impl From<String> for Id {
    fn from(text: String) -> Id {
        Id::Text(text)
    }
}

impl From<&[u8]> for Id {
    fn from(bytes: &[u8]) -> Id {
        Id::Binary(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Id {
    fn from(bytes: Vec<u8>) -> Id {
        Id::Binary(bytes)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Id::Integer(number) => serializer.serialize_i64(*number),
            Id::Text(text) => serializer.serialize_str(text),
            Id::Binary(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Id, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an id: text, an integer, or binary")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> std::result::Result<Id, E> {
        Ok(Id::Integer(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> std::result::Result<Id, E> {
        i64::try_from(number).map(Id::Integer).map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Id, E> {
        Ok(text.into())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> std::result::Result<Id, E> {
        Ok(bytes.to_vec().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_an_id_is_the_same_id() {
        for number in [0i64, -1, 63, 64, 1 << 40] {
            assert_eq!(number.as_id().unwrap(), Id::from(number).as_id().unwrap());
        }
        for id in [
            5u8.as_id(),
            5i32.as_id(),
            5u64.as_id(),
            5usize.as_id(),
            (&&5i8).as_id(),
        ] {
            assert_eq!(id.unwrap(), 5i64.as_id().unwrap());
        }
        assert_eq!("x".as_id().unwrap(), Id::from("x").as_id().unwrap());
        assert_eq!([1u8, 2].as_id().unwrap(), Id::from(vec![1u8, 2]).as_id().unwrap());
        assert_ne!("5".as_id().unwrap(), 5.as_id().unwrap());
        assert_eq!(u64::MAX.as_id().unwrap_err().kind(), ErrorKind::InvalidId);
        assert_eq!("x".repeat(1025).as_id().unwrap_err().kind(), ErrorKind::InvalidId);
    }

    #[test]
    fn ids_are_shown_as_people_write_them() {
        let shown: Vec<String> = [Id::from(5), Id::from("ada"), Id::from(vec![1u8, 255])]
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, ["5", "ada", "01ff"]);
        assert_eq!(
            (Id::from(5).as_i64(), Id::from("a").as_str(), Id::from(5).as_str()),
            (Some(5), Some("a"), None)
        );
    }
}
