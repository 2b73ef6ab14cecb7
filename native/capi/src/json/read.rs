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
use jiff::civil::DateTime;
use quire_engine::format::owned::Owned;
use quire_engine::format::value::Timestamp;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

/// Deepest nesting: above that of documents, which the engine keeps itself, so that a request can hold one; below that
/// of the parser.
const DEPTH_MAX: usize = 120;
/// The first moment of 1970.
pub(super) const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
/// Subtype of binary without a meaning of its own; there is no other here.
const GENERIC: &str = "00";

/// The value that the text is. The error says what is wrong and where.
pub fn read(json: &[u8]) -> Result<Owned, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_slice(json);
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
    match value {
        Owned::Text(text) => moment(text).map(Owned::Timestamp).ok_or_else(|| {
            format!(
                "$date {text:?} is no date of ISO 8601 with Z or an offset, such as 2024-02-29T12:00:00.5Z"
            )
        }),
        Owned::Int(milliseconds) => Ok(Owned::Timestamp(Timestamp {
            seconds: milliseconds.div_euclid(1000),
            nanoseconds: milliseconds.rem_euclid(1000) as u32 * 1_000_000,
        })),
        _ => Err("$date must be a string of ISO 8601, or milliseconds since 1970".to_owned()),
    }
}

/// The moment that a text of ISO 8601 names: date, time, and Z or an offset of hours and minutes.
fn moment(text: &str) -> Option<Timestamp> {
    let time_at = text.find(['T', 't', ' '])?;
    let zone_at = time_at + text.get(time_at..)?.find(['Z', 'z', '+', '-'])?;
    let (local, zone) = text.split_at_checked(zone_at)?;
    let local: DateTime = local.parse().ok()?;
    let elapsed = local.duration_since(EPOCH);
    // Whole seconds are rounded towards 1970 there, so nanoseconds before it are negative.
    let nanoseconds = i128::from(elapsed.as_secs()) * 1_000_000_000 + i128::from(elapsed.subsec_nanos());
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).ok()?;
    Some(Timestamp {
        seconds: seconds - offset_seconds(zone)?,
        nanoseconds: nanoseconds.rem_euclid(1_000_000_000) as u32,
    })
}

/// Seconds by which a zone is ahead: Z, +02, +0230 or +02:30.
fn offset_seconds(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits.replace(':', "")),
        ("-", digits) => (-1, digits.replace(':', "")),
        _ => return None,
    };
    let is_right = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = if is_right {
        digits.parse().ok()?
    } else {
        return None;
    };
    let (hours, minutes) = if digits.len() == 2 {
        (number, 0)
    } else {
        (number / 100, number % 100)
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
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
