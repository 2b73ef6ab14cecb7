//! Values of Rust to MessagePack, through serde.
//!
//! The mapping is that of serde's formats that describe themselves: structs and maps become maps, sequences and tuples
//! arrays, an enum's variant its name or a map of one field, `None` and `()` null, bytes binary, [`DateTime`] a date.
//! Promises: a document is written in one walk into one buffer; what cannot be stored is refused with
//! INVALID_DOCUMENT: integers beyond 64 bits, maps whose keys are no text and no numbers. Leaves to others: lists,
//! maps and keys (encode_parts.rs), what a document may be (the engine).

use quire_engine::format::encode::{
    binary_head, write_array_head, write_float, write_integer, write_map_head, write_text,
};
use quire_engine::format::owned::Owned;
use quire_engine::format::value::Timestamp;
use serde::ser::{Serialize, Serializer};

use crate::date::DATE_NAME;
use crate::encode_parts::{List, Map, date_parts};
use crate::error::{Error, Result};

#[cfg(doc)]
use crate::DateTime;

/// Appends `value` to `out`.
pub(crate) fn encode_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<()> {
    value.serialize(Encoder { out })
}

/// `value` by itself.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(256);
    encode_into(value, &mut out)?;
    Ok(out)
}

/// Writes one value.
pub(crate) struct Encoder<'a> {
    pub(crate) out: &'a mut Vec<u8>,
}

impl Encoder<'_> {
    /// Begins the map of one field that a variant with contents is.
    fn begin_variant(&mut self, variant: &'static str) {
        write_map_head(1, self.out);
        write_text(variant.as_bytes(), self.out);
    }
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Map<'a>;
    type SerializeStructVariant = Map<'a>;

    #[inline]
    fn serialize_bool(self, truth: bool) -> Result<()> {
        self.out.push(0xc2 + u8::from(truth));
        Ok(())
    }

    #[inline]
    fn serialize_i8(self, number: i8) -> Result<()> {
        self.serialize_i64(number.into())
    }

    #[inline]
    fn serialize_i16(self, number: i16) -> Result<()> {
        self.serialize_i64(number.into())
    }

    #[inline]
    fn serialize_i32(self, number: i32) -> Result<()> {
        self.serialize_i64(number.into())
    }

    #[inline]
    fn serialize_i64(self, number: i64) -> Result<()> {
        write_integer(number, self.out);
        Ok(())
    }

    fn serialize_i128(self, number: i128) -> Result<()> {
        match (i64::try_from(number), u64::try_from(number)) {
            (Ok(number), _) => self.serialize_i64(number),
            (_, Ok(number)) => self.serialize_u64(number),
            _ => Err(serde::ser::Error::custom(format_args!(
                "the integer {number} needs more than 64 bits"
            ))),
        }
    }

    #[inline]
    fn serialize_u8(self, number: u8) -> Result<()> {
        self.serialize_i64(number.into())
    }

    #[inline]
    fn serialize_u16(self, number: u16) -> Result<()> {
        self.serialize_i64(number.into())
    }

    #[inline]
    fn serialize_u32(self, number: u32) -> Result<()> {
        self.serialize_i64(number.into())
    }

    #[inline]
    fn serialize_u64(self, number: u64) -> Result<()> {
        Owned::unsigned(number).write(self.out);
        Ok(())
    }

    fn serialize_u128(self, number: u128) -> Result<()> {
        let number = u64::try_from(number).map_err(|_| {
            <Error as serde::ser::Error>::custom(format_args!("the integer {number} needs more than 64 bits"))
        })?;
        self.serialize_u64(number)
    }

    #[inline]
    fn serialize_f32(self, number: f32) -> Result<()> {
        self.serialize_f64(number.into())
    }

    #[inline]
    fn serialize_f64(self, number: f64) -> Result<()> {
        write_float(number, self.out);
        Ok(())
    }

    fn serialize_char(self, character: char) -> Result<()> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<()> {
        write_text(text.as_bytes(), self.out);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<()> {
        self.out.extend_from_slice(&binary_head(bytes.len()));
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        self.out.push(0xc0);
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<()> {
        if name == DATE_NAME {
            let (seconds, nanoseconds) = date_parts(value)?;
            Owned::Timestamp(Timestamp { seconds, nanoseconds }).write(self.out);
            return Ok(());
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.begin_variant(variant);
        value.serialize(self)
    }

    fn serialize_seq(self, count: Option<usize>) -> Result<List<'a>> {
        Ok(List::begin(self.out, count))
    }

    fn serialize_tuple(self, count: usize) -> Result<List<'a>> {
        write_array_head(count, self.out);
        Ok(List::of_known_count(self.out))
    }

    fn serialize_tuple_struct(self, _name: &'static str, count: usize) -> Result<List<'a>> {
        self.serialize_tuple(count)
    }

    fn serialize_tuple_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        count: usize,
    ) -> Result<List<'a>> {
        self.begin_variant(variant);
        self.serialize_tuple(count)
    }

    fn serialize_map(self, count: Option<usize>) -> Result<Map<'a>> {
        Ok(Map::begin(self.out, count))
    }

    #[inline]
    fn serialize_struct(self, _name: &'static str, count: usize) -> Result<Map<'a>> {
        write_map_head(count, self.out);
        Ok(Map::of_known_count(self.out))
    }

    fn serialize_struct_variant(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        count: usize,
    ) -> Result<Map<'a>> {
        self.begin_variant(variant);
        self.serialize_struct(name, count)
    }
}
