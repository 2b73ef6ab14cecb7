//! JSON to values: relaxed Extended JSON, as MongoDB writes it.
//!
//! A map of exactly one of these fields is the value that it names: `$date` (ISO 8601, or milliseconds since 1970),
//! `$binary` {base64, subType: "00"}, `$numberLong`, `$numberInt`, `$numberDouble`, `$undefined`, `$extension` {type,
//! base64}. Everything else is itself; whole numbers beyond 64 bits become floats. Promises: fields keep their order; one
//! that comes twice, nesting beyond the limit and bytes after the value are refused, with line and column.
//! Source: MongoDB, "Extended JSON (v2)". Leaves to others: writing JSON (write.rs).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp as Instant;
use quire_engine::format::owned::Owned;
use quire_engine::format::value::Timestamp;
use quire_engine::limits::DEPTH_MAX;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

/// Subtype of binary without a meaning of its own; there is no other here.
const GENERIC: &str = "00";

/// The value that the text is. The error says what is wrong and where.
pub fn read(json: &[u8]) -> Result<Owned, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_slice(json);
    // The depth is counted below; the parser's own limit is above it.
    let value = Reader { depth: 0 }.deserialize(&mut source)?;
    source.end()?;
    Ok(value)
}

/// Reads one value at a depth.
#[derive(Clone, Copy)]
struct Reader {
    depth: usize,
}

impl Reader {
    fn inner<E: Error>(self) -> Result<Reader, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format!("it nests deeper than {DEPTH_MAX}")));
        }
        Ok(Reader {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Owned;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Owned, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Owned;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Owned, E> {
        Ok(Owned::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Owned, E> {
        Ok(Owned::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Owned, E> {
        Ok(Owned::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Owned, E> {
        Ok(Owned::unsigned(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Owned, E> {
        Ok(Owned::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Owned, E> {
        Ok(Owned::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Owned, A::Error> {
        let reader = self.inner()?;
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(reader)? {
            list.push(element);
        }
        Ok(Owned::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Owned, A::Error> {
        let reader = self.inner()?;
        let mut list: Vec<(Box<str>, Owned)> = Vec::new();
        while let Some(key) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(reader)?;
            list.push((key.into_boxed_str(), value));
        }
        if let [(name, value)] = list.as_slice()
            && let Some(meant) = extended(name, value)
        {
            return meant.map_err(A::Error::custom);
        }
        refuse_twice(&list).map_err(A::Error::custom)?;
        Ok(Owned::Map(list))
    }
}

/// Refuses a map with a field that comes twice.
fn refuse_twice(fields: &[(Box<str>, Owned)]) -> Result<(), String> {
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        if let [name, next] = pair
            && name == next
        {
            return Err(format!("it has the field {name:?} twice"));
        }
    }
    Ok(())
}

/// The value that a map of this one field means; `None` when it means itself.
fn extended(name: &str, value: &Owned) -> Option<Result<Owned, String>> {
    let wrong = |wanted: &str| Err(format!("{name} must be {wanted}"));
    Some(match (name, value) {
        ("$date", value) => date(value),
        ("$numberLong" | "$numberInt", Owned::Text(text)) => {
            let small = text.parse::<i64>().map(Owned::Int);
            let number = small.or_else(|_| text.parse::<u64>().map(Owned::unsigned));
            number.or_else(|_| wrong("a whole number of 64 bits, as a string"))
        }
        ("$numberDouble", Owned::Text(text)) => match &**text {
            "NaN" => Ok(Owned::Float(f64::NAN)),
            "Infinity" => Ok(Owned::Float(f64::INFINITY)),
            "-Infinity" => Ok(Owned::Float(f64::NEG_INFINITY)),
            number if number.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => number
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .map(Owned::Float)
                .map_or_else(|| wrong("a number, as a string"), Ok),
            _ => wrong("a number, NaN, Infinity or -Infinity, as a string"),
        },
        ("$binary", value) => binary(value),
        ("$extension", value) => extension(value),
        ("$undefined", Owned::Bool(true)) => Ok(Owned::Undefined),
        _ => return None,
    })
}

fn date(value: &Owned) -> Result<Owned, String> {
    let milliseconds = match value {
        Owned::Text(text) => {
            let instant: Instant = text.parse().map_err(|error| {
                format!("$date {text:?} is no date of ISO 8601 with Z or an offset: {error}")
            })?;
            return Ok(Owned::Timestamp(Timestamp {
                seconds: instant.as_nanosecond().div_euclid(1_000_000_000) as i64,
                nanoseconds: instant.as_nanosecond().rem_euclid(1_000_000_000) as u32,
            }));
        }
        Owned::Int(number) => *number,
        _ => return Err("$date must be a string of ISO 8601, or milliseconds since 1970".to_owned()),
    };
    Ok(Owned::Timestamp(Timestamp {
        seconds: milliseconds.div_euclid(1000),
        nanoseconds: milliseconds.rem_euclid(1000) as u32 * 1_000_000,
    }))
}

fn base64_of(value: &Owned) -> Result<Vec<u8>, String> {
    match value.get("base64") {
        Some(Owned::Text(text)) => STANDARD
            .decode(text.as_bytes())
            .map_err(|error| format!("base64 is wrong: {error}")),
        _ => Err("the field base64 must be a string".to_owned()),
    }
}

/// Refuses a field that is none of these.
fn only(value: &Owned, names: [&str; 2]) -> Result<(), String> {
    let Owned::Map(fields) = value else {
        return Ok(());
    };
    match fields.iter().find(|(name, _)| !names.contains(&&**name)) {
        Some((name, _)) => Err(format!(
            "the field {name:?} is neither {} nor {}",
            names[0], names[1]
        )),
        None => Ok(()),
    }
}

fn binary(value: &Owned) -> Result<Owned, String> {
    only(value, ["base64", "subType"])?;
    match value.get("subType") {
        None => {}
        Some(Owned::Text(kind)) if matches!(&**kind, GENERIC | "0") => {}
        Some(_) => return Err(format!("$binary has the subType {GENERIC:?} alone here")),
    }
    Ok(Owned::Binary(base64_of(value)?.into()))
}

fn extension(value: &Owned) -> Result<Owned, String> {
    only(value, ["type", "base64"])?;
    let kind = match value.get("type") {
        Some(Owned::Int(number)) => i8::try_from(*number).ok(),
        _ => None,
    };
    Ok(Owned::Ext {
        kind: kind.ok_or("the field type of $extension must be a number from -128 to 127")?,
        bytes: base64_of(value)?.into(),
    })
}
