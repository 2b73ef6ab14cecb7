//! Lists, maps, keys and variants while they are read.
//!
//! Promises: whatever a type leaves unread is passed over, so that the next value begins where it does. Leaves to
//! others: single values (decode.rs).

use quire_engine::format::record::Structure;
use quire_engine::format::skip::skip;
use quire_engine::format::value::{Cursor, Malformed, Value};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::decode::Decoder;
use crate::error::{Error, Result};

/// The elements of an array that are left.
pub(crate) struct List<'d, 'de> {
    decoder: &'d mut Decoder<'de>,
    remaining: usize,
}

impl<'d, 'de> List<'d, 'de> {
    pub(crate) fn new(decoder: &'d mut Decoder<'de>, remaining: usize) -> List<'d, 'de> {
        List { decoder, remaining }
    }

    /// Passes over what is left.
    pub(crate) fn end(&mut self) -> Result<()> {
        for _ in 0..std::mem::take(&mut self.remaining) {
            pass(self.decoder)?;
        }
        Ok(())
    }
}

fn pass(decoder: &mut Decoder<'_>) -> Result<()> {
    decoder.at = skip(decoder.bytes, decoder.at, decoder.structures).map_err(|why| decoder.damaged(why))?;
    Ok(())
}

/// The most that a count which may be damaged reserves room for.
fn hint(remaining: usize, decoder: &Decoder<'_>) -> Option<usize> {
    Some(remaining.min(decoder.bytes.len().saturating_sub(decoder.at)))
}

impl<'de> SeqAccess<'de> for List<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.remaining == 0 {
            return Ok(None);
        }
        self.remaining -= 1;
        seed.deserialize(&mut *self.decoder).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        hint(self.remaining, self.decoder)
    }
}

/// The fields of a map or record that are left.
pub(crate) struct Fields<'d, 'de> {
    decoder: &'d mut Decoder<'de>,
    remaining: usize,
    structure: Option<&'de Structure>,
    taken: usize,
    /// Whether a key was read whose value was not.
    has_value: bool,
}

impl<'d, 'de> Fields<'d, 'de> {
    #[inline]
    pub(crate) fn new(
        decoder: &'d mut Decoder<'de>,
        remaining: usize,
        structure: Option<&'de Structure>,
    ) -> Fields<'d, 'de> {
        Fields {
            decoder,
            remaining,
            structure,
            taken: 0,
            has_value: false,
        }
    }

    /// Passes over what is left.
    #[inline]
    pub(crate) fn end(&mut self) -> Result<()> {
        if std::mem::take(&mut self.has_value) {
            pass(self.decoder)?;
        }
        for _ in 0..std::mem::take(&mut self.remaining) {
            if self.structure.is_none() {
                pass(self.decoder)?;
            }
            pass(self.decoder)?;
        }
        Ok(())
    }

    /// The next key, as bytes that are UTF-8 unless they are damaged.
    #[inline]
    fn key(&mut self) -> Result<Option<&'de [u8]>> {
        if self.remaining == 0 {
            return Ok(None);
        }
        self.remaining -= 1;
        self.has_value = true;
        if let Some(structure) = self.structure {
            let key = structure.key_bytes(self.taken);
            self.taken += 1;
            return key
                .map(Some)
                .ok_or_else(|| self.decoder.damaged(Malformed::UnknownStructure));
        }
        let value = Cursor::at(self.decoder.bytes, self.decoder.at, self.decoder.structures).value();
        let Ok(Value::String(text)) = value else {
            return Err(self.decoder.damaged(Malformed::KeyNotString));
        };
        pass(self.decoder)?;
        Ok(Some(text))
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        match self.key()? {
            Some(key) => seed.deserialize(Key(key)).map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        self.has_value = false;
        seed.deserialize(&mut *self.decoder)
    }

    fn size_hint(&self) -> Option<usize> {
        hint(self.remaining, self.decoder)
    }
}

/// A key; one that is asked for as a number is read as one. The names of a struct's fields are compared as bytes, without
/// a look at their UTF-8 first: a key that is none is no field's name.
struct Key<'de>(&'de [u8]);

impl<'de> Key<'de> {
    fn text(&self) -> Result<&'de str> {
        std::str::from_utf8(self.0).map_err(|_| quire_engine::Error::from(Malformed::NotText).into())
    }
}

/// The calls that ask for a number or truth as a key.
macro_rules! parsed_keys {
    ($($call:ident $visit:ident;)*) => {$(
        fn $call<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            let text = self.text()?;
            match text.parse() {
                Ok(key) => visitor.$visit(key),
                Err(_) => visitor.visit_borrowed_str(text),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_str(self.text()?)
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_bytes(self.0)
    }

    parsed_keys! {
        deserialize_bool visit_bool;
        deserialize_i8 visit_i8; deserialize_i16 visit_i16; deserialize_i32 visit_i32; deserialize_i64 visit_i64;
        deserialize_u8 visit_u8; deserialize_u16 visit_u16; deserialize_u32 visit_u32; deserialize_u64 visit_u64;
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.text()?))
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
    }
}

/// A variant with its contents: the key and the value of a map of one field.
pub(crate) struct Variant<'d, 'de> {
    fields: Fields<'d, 'de>,
}

impl<'d, 'de> Variant<'d, 'de> {
    pub(crate) fn new(fields: Fields<'d, 'de>) -> Variant<'d, 'de> {
        Variant { fields }
    }
}

impl<'d, 'de> EnumAccess<'de> for Variant<'d, 'de> {
    type Error = Error;
    type Variant = Contents<'d, 'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<(S::Value, Contents<'d, 'de>)> {
        let key = Key(self.fields.key()?.unwrap_or_default()).text()?;
        let variant = seed.deserialize(IntoDeserializer::<Error>::into_deserializer(key))?;
        Ok((variant, Contents(self.fields.decoder)))
    }
}

/// What stands behind a variant's name.
pub(crate) struct Contents<'d, 'de>(&'d mut Decoder<'de>);

impl<'de> VariantAccess<'de> for Contents<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        serde::Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _count: usize, visitor: V) -> Result<V::Value> {
        self.0.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.0.deserialize_any(visitor)
    }
}
