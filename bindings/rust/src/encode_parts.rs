//! Lists, maps and keys while they are written.
//!
//! Promises: a list or map whose count is not told beforehand gets its head when it ends. Leaves to others: single
//! values (encode.rs).

use quire_engine::format::encode::{write_array_head, write_map_head, write_text};
use serde::ser::{
    Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::encode::{Encoder, encode_into};
use crate::error::{Error, Result};

/// Where a head is missing, and how many elements or fields there are until now.
struct Missing {
    at: usize,
    count: usize,
}

impl Missing {
    fn end(self, out: &mut Vec<u8>, write_head: fn(usize, &mut Vec<u8>)) {
        let mut head = Vec::with_capacity(5);
        write_head(self.count, &mut head);
        out.splice(self.at..self.at, head);
    }
}

/// A list.
pub(crate) struct List<'a> {
    out: &'a mut Vec<u8>,
    missing: Option<Missing>,
}

impl<'a> List<'a> {
    pub(crate) fn begin(out: &'a mut Vec<u8>, count: Option<usize>) -> List<'a> {
        if let Some(count) = count {
            write_array_head(count, out);
            return List::of_known_count(out);
        }
        let missing = Some(Missing {
            at: out.len(),
            count: 0,
        });
        List { out, missing }
    }

    /// A list whose head is written.
    pub(crate) fn of_known_count(out: &'a mut Vec<u8>) -> List<'a> {
        List { out, missing: None }
    }

    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if let Some(missing) = &mut self.missing {
            missing.count += 1;
        }
        encode_into(value, self.out)
    }

    fn finish(self) -> Result<()> {
        if let Some(missing) = self.missing {
            missing.end(self.out, write_array_head);
        }
        Ok(())
    }
}

/// Lets a list be written as each of serde's kinds of them, which differ in names only.
macro_rules! list_of {
    ($($kind:ident $add:ident;)*) => {
        $(impl $kind for List<'_> {
            type Ok = ();
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.add(value)
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        })*
    };
}

list_of! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

/// A map.
pub(crate) struct Map<'a> {
    out: &'a mut Vec<u8>,
    missing: Option<Missing>,
}

impl<'a> Map<'a> {
    pub(crate) fn begin(out: &'a mut Vec<u8>, count: Option<usize>) -> Map<'a> {
        if let Some(count) = count {
            write_map_head(count, out);
            return Map::of_known_count(out);
        }
        let missing = Some(Missing {
            at: out.len(),
            count: 0,
        });
        Map { out, missing }
    }

    /// A map whose head is written.
    pub(crate) fn of_known_count(out: &'a mut Vec<u8>) -> Map<'a> {
        Map { out, missing: None }
    }

    fn finish(self) -> Result<()> {
        if let Some(missing) = self.missing {
            missing.end(self.out, write_map_head);
        }
        Ok(())
    }
}

impl SerializeMap for Map<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        if let Some(missing) = &mut self.missing {
            missing.count += 1;
        }
        key.serialize(Key { out: self.out })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        encode_into(value, self.out)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl SerializeStruct for Map<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        write_text(key.as_bytes(), self.out);
        value.serialize(Encoder { out: self.out })
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl SerializeStructVariant for Map<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        SerializeStruct::serialize_field(self, key, value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

/// A key of a map: text, or a number as text.
struct Key<'a> {
    out: &'a mut Vec<u8>,
}

impl Key<'_> {
    fn write(self, key: &impl ToString) -> Result<()> {
        write_text(key.to_string().as_bytes(), self.out);
        Ok(())
    }
}

fn no_key<T>(what: &str) -> Result<T> {
    Err(serde::ser::Error::custom(format_args!(
        "{what} cannot be the key of a map"
    )))
}

/// The calls of a key that is written as text, and those of what is none.
macro_rules! keys {
    ($($call:ident($written:ty);)*) => {$(
        fn $call(self, key: $written) -> Result<()> {
            self.write(&key)
        }
    )*};
}

impl Serializer for Key<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    keys! {
        serialize_bool(bool); serialize_char(char);
        serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64); serialize_i128(i128);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64); serialize_u128(u128);
    }

    fn serialize_str(self, key: &str) -> Result<()> {
        write_text(key.as_bytes(), self.out);
        Ok(())
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, key: &T) -> Result<()> {
        key.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<()> {
        key.serialize(self)
    }

    fn serialize_f32(self, _: f32) -> Result<()> {
        no_key("a float")
    }

    fn serialize_f64(self, _: f64) -> Result<()> {
        no_key("a float")
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<()> {
        no_key("binary")
    }

    fn serialize_none(self) -> Result<()> {
        no_key("nothing")
    }

    fn serialize_unit(self) -> Result<()> {
        no_key("nothing")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<()> {
        no_key(name)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _value: &T,
    ) -> Result<()> {
        no_key(variant)
    }

    fn serialize_seq(self, _count: Option<usize>) -> Result<Self::SerializeSeq> {
        no_key("a list")
    }

    fn serialize_tuple(self, _count: usize) -> Result<Self::SerializeTuple> {
        no_key("a tuple")
    }

    fn serialize_tuple_struct(self, name: &'static str, _count: usize) -> Result<Self::SerializeTupleStruct> {
        no_key(name)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _count: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        no_key(variant)
    }

    fn serialize_map(self, _count: Option<usize>) -> Result<Self::SerializeMap> {
        no_key("a map")
    }

    fn serialize_struct(self, name: &'static str, _count: usize) -> Result<Self::SerializeStruct> {
        no_key(name)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _count: usize,
    ) -> Result<Self::SerializeStructVariant> {
        no_key(variant)
    }
}

/// Seconds and nanoseconds of what a `DateTime` serializes as: a pair of integers.
pub(crate) fn date_parts<T: Serialize + ?Sized>(pair: &T) -> Result<(i64, u32)> {
    let mut bytes = Vec::with_capacity(16);
    encode_into(pair, &mut bytes)?;
    crate::decode::decode(&bytes)
}
