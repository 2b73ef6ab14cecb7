//! `_id`: its canonical bytes and their hash for the index.
//!
//! An id is a string, an integer in the range of i64, or binary. Its canonical bytes are its stored-form
//! MessagePack with the shortest head; a float that is such an integer becomes it. Promises: two ids are the
//! same exactly when their canonical bytes are, and canonical bytes are never the beginning of others.
//! Leaves to others: making ids (ulid.rs), where the id stands in a document (intake.rs), the index
//! (index/primary). Bytes: docs/FORMAT.md, "Documents".

use std::fmt;
use std::hash::Hasher;
use std::ops::Deref;

use siphasher::sip::SipHasher13;

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::{Short, binary_head, integer, text_head};
use crate::format::record::NO_STRUCTURES;
use crate::format::value::{Cursor, Value};
use crate::limits::ID_BYTES_MAX;

/// Ids up to this many canonical bytes are kept without an allocation.
const INLINE_BYTES: usize = 38;

/// The canonical bytes of an `_id`.
#[derive(Clone)]
pub struct IdBytes(Held);

#[derive(Clone)]
enum Held {
    Inline { count: u8, bytes: [u8; INLINE_BYTES] },
    Boxed(Box<[u8]>),
}

impl Deref for IdBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Inline { count, bytes } => bytes.get(..usize::from(*count)).unwrap_or_default(),
            Held::Boxed(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for IdBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for IdBytes {
    fn eq(&self, other: &IdBytes) -> bool {
        **self == **other
    }
}

impl Eq for IdBytes {}

impl std::hash::Hash for IdBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

/// By bytes: an order for tables, not the order of queries (query/compare.rs).
impl Ord for IdBytes {
    fn cmp(&self, other: &IdBytes) -> std::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl PartialOrd for IdBytes {
    fn partial_cmp(&self, other: &IdBytes) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::borrow::Borrow<[u8]> for IdBytes {
    fn borrow(&self) -> &[u8] {
        self
    }
}

/// As people write it: `"ada"`, `42`, `binary 0102ff`; long ones are cut.
impl fmt::Display for IdBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_MAX: usize = 64;
        match Cursor::new(self, &NO_STRUCTURES).value() {
            Ok(Value::Int(number)) => write!(formatter, "{number}"),
            Ok(Value::String(text)) => {
                let text = String::from_utf8_lossy(text);
                let shown: String = text.chars().take(SHOWN_MAX).collect();
                let more = if shown.len() < text.len() { "..." } else { "" };
                write!(formatter, "{shown:?}{more}")
            }
            Ok(Value::Binary(bytes)) => {
                write!(formatter, "binary ")?;
                bytes
                    .iter()
                    .take(SHOWN_MAX / 2)
                    .try_for_each(|byte| write!(formatter, "{byte:02x}"))?;
                if bytes.len() > SHOWN_MAX / 2 {
                    write!(formatter, "...")
                } else {
                    Ok(())
                }
            }
            _ => write!(formatter, "(no id)"),
        }
    }
}

impl fmt::Debug for IdBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl IdBytes {
    /// The id that is the text `text`. Errors: INVALID_ID when it is longer than 1 KiB.
    pub fn from_text(text: &str) -> Result<IdBytes> {
        IdBytes::from_head_and_payload(text.as_bytes(), text_head)
    }

    /// The id that is the integer `number`.
    pub fn from_integer(number: i64) -> IdBytes {
        IdBytes::from_checked(&integer(number))
    }

    /// The id that is the binary `bytes`. Errors: INVALID_ID when it is longer than 1 KiB.
    pub fn from_binary(bytes: &[u8]) -> Result<IdBytes> {
        IdBytes::from_head_and_payload(bytes, binary_head)
    }

    /// The id that `value` is: an integral float becomes its integer.
    ///
    /// Errors: INVALID_ID for every value that cannot be one.
    pub fn from_value(value: &Value<'_>) -> Result<IdBytes> {
        match value {
            Value::Int(number) => Ok(IdBytes::from_integer(*number)),
            Value::Float(number) => integral(*number).map(IdBytes::from_integer).ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidId,
                    format!(
                        "_id {number} is no whole number in the range of 64 bits; use an integer or a string"
                    ),
                )
            }),
            Value::String(text) => {
                if std::str::from_utf8(text).is_err() {
                    return Err(Error::new(
                        ErrorKind::InvalidId,
                        "the _id is a string that is not UTF-8",
                    ));
                }
                IdBytes::from_head_and_payload(text, text_head)
            }
            Value::Binary(bytes) => IdBytes::from_binary(bytes),
            other => Err(Error::new(
                ErrorKind::InvalidId,
                format!(
                    "an _id of type {} was given; it must be a string, an integer or binary",
                    other.type_name()
                ),
            )),
        }
    }

    /// The id encoded by `bytes`, one value of plain MessagePack.
    ///
    /// Errors: INVALID_ID when the bytes are not exactly one value that can be an id.
    pub fn from_message_pack(bytes: &[u8]) -> Result<IdBytes> {
        if let [number @ 0x40..=0x7f] = bytes {
            return Ok(IdBytes::from_integer(i64::from(*number)));
        }
        let cursor = Cursor::new(bytes, &NO_STRUCTURES);
        match (cursor.raw(), cursor.value()) {
            (Ok(raw), Ok(value)) if raw.len() == bytes.len() => IdBytes::from_value(&value),
            _ => Err(Error::new(
                ErrorKind::InvalidId,
                "an _id was given that is not one MessagePack string, integer or binary",
            )),
        }
    }

    /// The id whose canonical bytes are `bytes`, as they were stored.
    ///
    /// Errors: CORRUPTED when they are not canonical.
    pub fn from_canonical(bytes: &[u8]) -> Result<IdBytes> {
        match IdBytes::from_message_pack(bytes) {
            Ok(id) if *id == *bytes => Ok(id),
            _ => Err(Error::new(ErrorKind::Corrupted, "a stored _id is damaged")),
        }
    }

    fn from_head_and_payload(payload: &[u8], head: fn(usize) -> Short) -> Result<IdBytes> {
        if payload.len() > ID_BYTES_MAX {
            return Err(Error::new(
                ErrorKind::InvalidId,
                format!(
                    "an _id of {} bytes was given; at most {ID_BYTES_MAX} are allowed",
                    payload.len()
                ),
            ));
        }
        let head = head(payload.len());
        let count = head.len() + payload.len();
        let mut bytes = [0; INLINE_BYTES];
        match bytes
            .get_mut(..count)
            .and_then(|place| place.split_at_mut_checked(head.len()))
        {
            Some((head_place, payload_place)) => {
                head_place.copy_from_slice(&head);
                payload_place.copy_from_slice(payload);
                let count = count as u8;
                Ok(IdBytes(Held::Inline { count, bytes }))
            }
            None => Ok(IdBytes(Held::Boxed([&head, payload].concat().into()))),
        }
    }

    /// Holds bytes that are known to be canonical.
    pub(crate) fn from_checked(canonical: &[u8]) -> IdBytes {
        let mut bytes = [0; INLINE_BYTES];
        match bytes.get_mut(..canonical.len()) {
            Some(part) => {
                part.copy_from_slice(canonical);
                IdBytes(Held::Inline {
                    count: canonical.len() as u8,
                    bytes,
                })
            }
            None => IdBytes(Held::Boxed(canonical.into())),
        }
    }

    /// The id's hash in a file whose hash key is `key`.
    pub fn hash_with(&self, key: &[u8; 16]) -> u64 {
        hash_canonical(self, key)
    }
}

/// `bytes`, where they are the canonical form of an id already and that is seen at once: short texts of ASCII, and
/// numbers that are not negative. For reads that need no id of their own; [`IdBytes::from_message_pack`] takes all others.
#[inline]
pub fn canonical(bytes: &[u8]) -> Option<&[u8]> {
    let is_canonical = match bytes {
        [0x00..=0x3f] | [0xcc, 0x40..=0xff] | [0xcd, 1..=0xff, _] => true,
        [0xce, first, second, _, _] => first | second != 0,
        [head @ 0xa0..=0xbf, text @ ..] => text.len() == usize::from(head & 0x1f) && text.is_ascii(),
        _ => false,
    };
    is_canonical.then_some(bytes)
}

/// SipHash-1-3 of canonical id bytes under a file's hash key: chosen ids cannot be made to collide.
pub fn hash_canonical(canonical: &[u8], key: &[u8; 16]) -> u64 {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write(canonical);
    hasher.finish()
}

/// The integer that `number` is, when it is whole and in the range of i64.
pub fn integral(number: f64) -> Option<i64> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    (number.trunc() == number && (-BEYOND..BEYOND).contains(&number)).then_some(number as i64)
}

#[cfg(test)]
mod tests;
