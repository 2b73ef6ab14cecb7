//! Reading MessagePack in stored form: a cursor over bytes and a typed view of one value.
//!
//! Stored form is MessagePack in which the bytes 0x40..=0x7f never mean a small integer but begin a record:
//! the number of a structure, followed by the values of that structure's keys. Promises: every read is
//! checked against the end of the slice, so damaged bytes give `Malformed` and never a panic; nothing is
//! allocated. Strings are handed out as bytes: intake.rs has checked their UTF-8, and comparing needs none.
//! Leaves to others: sizes and record heads (skip.rs), key lists (record.rs), checking what comes in
//! (intake.rs).
//! Source: the MessagePack specification; records as in the npm package msgpackr.

use crate::error::{Error, ErrorKind};
use crate::format::record::{Structure, Structures};
use crate::format::skip::{RECORD_FIRST, RECORD_LAST, byte_at, field, length, record_head, skip};

/// Extension kind of `undefined`.
const EXT_UNDEFINED: i8 = 0;
/// Extension kind of a point in time.
const EXT_TIMESTAMP: i8 = -1;

/// Why bytes are not a value. Small, so that the hot paths return it in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Malformed {
    /// The bytes end inside a value.
    Truncated,
    /// The byte 0xc1, which MessagePack never uses.
    ReservedByte,
    /// A record of a structure that the collection does not have.
    UnknownStructure,
    /// A key of a map is not a string.
    KeyNotString,
    /// Maps and arrays nest deeper than `limits::DEPTH_MAX`.
    TooDeep,
    /// The plain form of a document is longer than any document that was taken in.
    TooLarge,
    /// A document does not begin with its `_id`.
    IdMissing,
    /// A string is not UTF-8.
    NotText,
}

/// Result of reading values.
pub type Parse<T> = Result<T, Malformed>;

impl Malformed {
    /// What is wrong, as the end of a sentence that begins with the place.
    pub fn reason(self) -> &'static str {
        match self {
            Malformed::Truncated => "the bytes end inside a value",
            Malformed::ReservedByte => "the byte 0xc1 is no MessagePack",
            Malformed::UnknownStructure => "a record names a structure that the collection does not have",
            Malformed::KeyNotString => "a key of a map is not a string",
            Malformed::TooDeep => "maps and arrays nest too deep",
            Malformed::TooLarge => "its plain form is larger than a document may be",
            Malformed::IdMissing => "a document does not begin with its _id",
            Malformed::NotText => "a string is not UTF-8",
        }
    }
}

/// Stored bytes were checked when they came in, so what does not parse now is damage.
impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Error {
        Error::new(
            ErrorKind::Corrupted,
            format!(
                "a stored document is damaged: {}; `check` lists the damage",
                malformed.reason()
            ),
        )
    }
}

/// A point in time: seconds since 1970 and the nanoseconds after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Whole seconds; negative before 1970.
    pub seconds: i64,
    /// Nanoseconds after `seconds`; below 10^9 in well-formed input.
    pub nanoseconds: u32,
}

impl Timestamp {
    /// Nanoseconds since 1970, for comparing.
    pub fn total_nanoseconds(self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanoseconds)
    }
}

/// One value, seen without copying it.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// JavaScript's `undefined`; compares as `null`.
    Undefined,
    /// A truth value.
    Bool(bool),
    /// An integer in the range of i64, in whichever width it is stored.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A float, of 32 or 64 bits in storage.
    Float(f64),
    /// Text; UTF-8 unless the bytes are damaged.
    String(&'a [u8]),
    /// Binary.
    Binary(&'a [u8]),
    /// A point in time (extension -1).
    Timestamp(Timestamp),
    /// Any other extension, not interpreted.
    Ext {
        /// The extension's kind.
        kind: i8,
        /// Its payload.
        bytes: &'a [u8],
    },
    /// An array.
    Array(Elements<'a>),
    /// A map or a record.
    Map(Fields<'a>),
}

impl Value<'_> {
    /// The name of the value's type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Undefined => "undefined",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::UInt(_) => "integer",
            Value::Float(_) => "float",
            Value::String(_) => "string",
            Value::Binary(_) => "binary",
            Value::Timestamp(_) => "date",
            Value::Ext { .. } => "extension",
            Value::Array(_) => "array",
            Value::Map(_) => "object",
        }
    }
}

/// A position inside stored bytes, with the structures that their records refer to.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    structures: &'a Structures,
}

impl std::fmt::Debug for Cursor<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Cursor({} of {} bytes)", self.at, self.bytes.len())
    }
}

impl<'a> Cursor<'a> {
    /// A cursor at the first byte of `bytes`.
    #[inline(always)]
    pub fn new(bytes: &'a [u8], structures: &'a Structures) -> Cursor<'a> {
        Cursor {
            bytes,
            at: 0,
            structures,
        }
    }

    /// A cursor at `at`.
    #[inline(always)]
    pub fn at(bytes: &'a [u8], at: usize, structures: &'a Structures) -> Cursor<'a> {
        Cursor {
            bytes,
            at,
            structures,
        }
    }

    /// The position in the slice that the cursor was made over.
    #[inline(always)]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The slice that the cursor was made over.
    #[inline(always)]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The structures that records are read with.
    pub fn structures(&self) -> &'a Structures {
        self.structures
    }

    /// The head byte of the value here.
    #[inline(always)]
    pub fn head(&self) -> Parse<u8> {
        byte_at(self.bytes, self.at)
    }

    /// Moves behind the value here.
    #[inline(always)]
    pub fn skip(&mut self) -> Parse<()> {
        self.at = skip(self.bytes, self.at, self.structures)?;
        Ok(())
    }

    /// The bytes of the value here.
    pub fn raw(&self) -> Parse<&'a [u8]> {
        let end = skip(self.bytes, self.at, self.structures)?;
        self.bytes.get(self.at..end).ok_or(Malformed::Truncated)
    }

    /// The bytes from here to the end of the slice.
    pub fn rest(&self) -> Parse<&'a [u8]> {
        self.bytes.get(self.at..).ok_or(Malformed::Truncated)
    }

    /// The value here. The cursor stays; `skip` moves on.
    #[inline]
    pub fn value(&self) -> Parse<Value<'a>> {
        let (bytes, at) = (self.bytes, self.at);
        Ok(match byte_at(bytes, at)? {
            head @ 0x00..=0x3f => Value::Int(i64::from(head)),
            RECORD_FIRST..=RECORD_LAST => Value::Map(self.record()?),
            head @ 0x80..=0x8f => Value::Map(self.fields(1, usize::from(head & 0x0f))),
            head @ 0x90..=0x9f => Value::Array(self.elements(1, usize::from(head & 0x0f))),
            head @ 0xa0..=0xbf => Value::String(self.payload(1, usize::from(head & 0x1f))?),
            0xc0 => Value::Null,
            0xc1 => return Err(Malformed::ReservedByte),
            0xc2 => Value::Bool(false),
            0xc3 => Value::Bool(true),
            0xc4 => Value::Binary(self.payload(2, length::<1>(bytes, at + 1)?)?),
            0xc5 => Value::Binary(self.payload(3, length::<2>(bytes, at + 1)?)?),
            0xc6 => Value::Binary(self.payload(5, length::<4>(bytes, at + 1)?)?),
            0xc7 => self.ext(2, length::<1>(bytes, at + 1)?)?,
            0xc8 => self.ext(3, length::<2>(bytes, at + 1)?)?,
            0xc9 => self.ext(5, length::<4>(bytes, at + 1)?)?,
            0xca => Value::Float(f64::from(f32::from_be_bytes(field(bytes, at + 1)?))),
            0xcb => Value::Float(f64::from_be_bytes(field(bytes, at + 1)?)),
            0xcc => Value::Int(i64::from(byte_at(bytes, at + 1)?)),
            0xcd => Value::Int(i64::from(u16::from_be_bytes(field(bytes, at + 1)?))),
            0xce => Value::Int(i64::from(u32::from_be_bytes(field(bytes, at + 1)?))),
            0xcf => unsigned(u64::from_be_bytes(field(bytes, at + 1)?)),
            0xd0 => Value::Int(i64::from(byte_at(bytes, at + 1)? as i8)),
            0xd1 => Value::Int(i64::from(i16::from_be_bytes(field(bytes, at + 1)?))),
            0xd2 => Value::Int(i64::from(i32::from_be_bytes(field(bytes, at + 1)?))),
            0xd3 => Value::Int(i64::from_be_bytes(field(bytes, at + 1)?)),
            head @ 0xd4..=0xd8 => self.ext(1, 1 << (head - 0xd4))?,
            0xd9 => Value::String(self.payload(2, length::<1>(bytes, at + 1)?)?),
            0xda => Value::String(self.payload(3, length::<2>(bytes, at + 1)?)?),
            0xdb => Value::String(self.payload(5, length::<4>(bytes, at + 1)?)?),
            0xdc => Value::Array(self.elements(3, length::<2>(bytes, at + 1)?)),
            0xdd => Value::Array(self.elements(5, length::<4>(bytes, at + 1)?)),
            0xde => Value::Map(self.fields(3, length::<2>(bytes, at + 1)?)),
            0xdf => Value::Map(self.fields(5, length::<4>(bytes, at + 1)?)),
            head @ 0xe0..=0xff => Value::Int(i64::from(head as i8)),
        })
    }

    #[inline(always)]
    fn payload(&self, head_bytes: usize, count: usize) -> Parse<&'a [u8]> {
        let start = self.at + head_bytes;
        let end = start.checked_add(count).ok_or(Malformed::Truncated)?;
        self.bytes.get(start..end).ok_or(Malformed::Truncated)
    }

    fn elements(&self, head_bytes: usize, count: usize) -> Elements<'a> {
        Elements {
            cursor: Cursor {
                at: self.at + head_bytes,
                ..*self
            },
            remaining: count,
        }
    }

    fn fields(&self, head_bytes: usize, count: usize) -> Fields<'a> {
        Fields {
            cursor: Cursor {
                at: self.at + head_bytes,
                ..*self
            },
            remaining: count,
            structure: None,
        }
    }

    fn record(&self) -> Parse<Fields<'a>> {
        let (number, at) = record_head(self.bytes, self.at)?;
        let structure = self.structures.get(number).ok_or(Malformed::UnknownStructure)?;
        let cursor = Cursor { at, ..*self };
        Ok(Fields {
            cursor,
            remaining: structure.keys_count(),
            structure: Some(structure),
        })
    }

    fn ext(&self, length_bytes: usize, count: usize) -> Parse<Value<'a>> {
        let kind = byte_at(self.bytes, self.at + length_bytes)? as i8;
        let bytes = self.payload(length_bytes + 1, count)?;
        if kind == EXT_TIMESTAMP
            && let Some(timestamp) = timestamp(bytes)
        {
            return Ok(Value::Timestamp(timestamp));
        }
        if kind == EXT_UNDEFINED && count == 1 {
            return Ok(Value::Undefined);
        }
        Ok(Value::Ext { kind, bytes })
    }
}

fn unsigned(number: u64) -> Value<'static> {
    match i64::try_from(number) {
        Ok(number) => Value::Int(number),
        Err(_) => Value::UInt(number),
    }
}

/// The three payload forms of extension -1; any other length is no point in time.
fn timestamp(bytes: &[u8]) -> Option<Timestamp> {
    match bytes.len() {
        4 => {
            let seconds = u32::from_be_bytes(*bytes.first_chunk()?);
            Some(Timestamp {
                seconds: i64::from(seconds),
                nanoseconds: 0,
            })
        }
        8 => {
            let packed = u64::from_be_bytes(*bytes.first_chunk()?);
            let seconds = (packed & 0x3_ffff_ffff) as i64;
            Some(Timestamp {
                seconds,
                nanoseconds: (packed >> 34) as u32,
            })
        }
        12 => {
            let nanoseconds = u32::from_be_bytes(*bytes.first_chunk()?);
            let seconds = i64::from_be_bytes(*bytes.last_chunk()?);
            Some(Timestamp { seconds, nanoseconds })
        }
        _ => None,
    }
}

/// The elements of an array, in order.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    cursor: Cursor<'a>,
    remaining: usize,
}

impl<'a> Elements<'a> {
    /// Elements not yet taken, as the array's head declares them.
    pub fn remaining(&self) -> usize {
        self.remaining
    }

    /// Where the next element begins; after the last one, the end of the array.
    pub fn cursor(&self) -> Cursor<'a> {
        self.cursor
    }

    /// The next element.
    #[inline]
    pub fn take_next(&mut self) -> Parse<Option<Cursor<'a>>> {
        if self.remaining == 0 {
            return Ok(None);
        }
        self.remaining -= 1;
        let element = self.cursor;
        self.cursor.skip()?;
        Ok(Some(element))
    }
}

/// The fields of a map or record, in order.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    cursor: Cursor<'a>,
    remaining: usize,
    structure: Option<&'a Structure>,
}

impl<'a> Fields<'a> {
    /// Fields not yet taken, as the head declares them.
    pub fn remaining(&self) -> usize {
        self.remaining
    }

    /// The structure, when this is a record.
    pub fn structure(&self) -> Option<&'a Structure> {
        self.structure
    }

    /// Where the next field begins; after the last one, the end of the map.
    pub fn cursor(&self) -> Cursor<'a> {
        self.cursor
    }

    /// The next field: its key and where its value begins.
    #[inline]
    pub fn take_next(&mut self) -> Parse<Option<(&'a [u8], Cursor<'a>)>> {
        if self.remaining == 0 {
            return Ok(None);
        }
        let key = match self.structure {
            Some(structure) => {
                let taken = structure.keys_count() - self.remaining;
                structure.key_bytes(taken).ok_or(Malformed::UnknownStructure)?
            }
            None => {
                let (key, end) = self
                    .cursor
                    .text_and_end()
                    .ok_or_else(|| self.cursor.not_a_key())?;
                self.cursor.at = end;
                key
            }
        };
        self.remaining -= 1;
        let value = self.cursor;
        self.cursor.skip()?;
        Ok(Some((key, value)))
    }

    /// Where the value of the field `name` begins, if there is such a field behind the ones taken.
    pub fn find(mut self, name: &[u8]) -> Parse<Option<Cursor<'a>>> {
        while let Some((key, value)) = self.take_next()? {
            if key == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
