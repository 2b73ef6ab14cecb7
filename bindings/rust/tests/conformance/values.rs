//! Values of the cases: relaxed Extended JSON to values of documents, and how a result is compared.
//!
//! Promises: test/conformance/README.md, "Values" and "Comparing". Leaves to others: operations (operations.rs).

use std::collections::HashMap;

use quiredb::{DateTime, Document, Value};
use serde_json::Value as Json;

/// Results that steps saved, by name.
pub type Saved = HashMap<String, Value>;

/// The value that `json` stands for.
pub fn decoded(json: &Json, saved: &Saved) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => (*truth).into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => integer.into(),
            (_, Some(integer)) => integer.into(),
            _ => number.as_f64().unwrap().into(),
        },
        Json::String(text) => text.into(),
        Json::Array(elements) => {
            Value::Array(elements.iter().map(|element| decoded(element, saved)).collect())
        }
        Json::Object(fields) => {
            if let Some(value) = special(json, saved) {
                return value;
            }
            let map: Document = fields
                .iter()
                .map(|(name, value)| (name, decoded(value, saved)))
                .collect();
            map.into()
        }
    }
}

/// The value of a map that is a single marked field.
fn special(json: &Json, saved: &Saved) -> Option<Value> {
    let fields = json.as_object()?;
    let (name, inner) = fields.iter().next().filter(|_| fields.len() == 1)?;
    Some(match name.as_str() {
        "$date" => match inner.as_str() {
            Some(text) => text.parse::<DateTime>().unwrap().into(),
            None => DateTime::from_millis(integer(&inner["$numberLong"])).into(),
        },
        "$binary" => Value::Binary(from_base64(inner["base64"].as_str().unwrap())),
        "$numberLong" => match inner.as_str().unwrap().parse::<u64>() {
            Ok(number) => number.into(),
            Err(_) => integer(inner).into(),
        },
        "$numberDouble" => match inner.as_str().unwrap() {
            "Infinity" => f64::INFINITY.into(),
            "-Infinity" => f64::NEG_INFINITY.into(),
            text => text.parse::<f64>().unwrap().into(),
        },
        "$saved" => looked_up(inner.as_str().unwrap(), saved),
        _ => return None,
    })
}

fn integer(json: &Json) -> i64 {
    json.as_str().unwrap().parse().unwrap()
}

fn looked_up(path: &str, saved: &Saved) -> Value {
    let mut places = path.split('.');
    let mut value = &saved[places.next().unwrap()];
    for place in places {
        value = match value {
            Value::Array(elements) => &elements[place.parse::<usize>().unwrap()],
            Value::Map(map) => map.get(place).unwrap(),
            other => panic!("{other:?} has no {place}"),
        };
    }
    value.clone()
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> = text
        .trim_end_matches('=')
        .chars()
        .map(|character| DIGITS.find(character).unwrap() as u32)
        .collect();
    let mut bytes = Vec::new();
    for group in digits.chunks(4) {
        let bits = (0..4).fold(0, |bits, at| bits << 6 | group.get(at).copied().unwrap_or(0));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}

/// What makes `actual` another value than the one expected.
pub fn difference(expected: &Json, actual: &Value, saved: &Saved, path: &str) -> Option<String> {
    let told = || Some(format!("{path}: expected {expected}, got {actual:?}"));
    if let Json::Array(elements) = expected {
        let Value::Array(list) = actual else { return told() };
        if list.len() != elements.len() {
            return told();
        }
        let pairs = elements.iter().zip(list).enumerate();
        return pairs
            .map(|(at, (expected, actual))| difference(expected, actual, saved, &format!("{path}[{at}]")))
            .find_map(|found| found);
    }
    let Json::Object(fields) = expected else {
        return (!same(&decoded(expected, saved), actual)).then(told).flatten();
    };
    if let Some(kind) = fields.get("$any") {
        return (!is_of(kind.as_str().unwrap(), actual)).then(told).flatten();
    }
    if let Some(some) = fields.get("$some") {
        return difference_of_maps(some, actual, saved, path, false);
    }
    if let Some(elements) = fields.get("$unordered") {
        let Value::Array(list) = actual else { return told() };
        return difference_of_sets(elements.as_array().unwrap(), list, saved, path);
    }
    match special(expected, saved) {
        Some(value) => (!same(&value, actual)).then(told).flatten(),
        None => difference_of_maps(expected, actual, saved, path, true),
    }
}

fn difference_of_sets(expected: &[Json], actual: &[Value], saved: &Saved, path: &str) -> Option<String> {
    let mut rest: Vec<&Value> = actual.iter().collect();
    for element in expected {
        let place = rest
            .iter()
            .position(|value| difference(element, value, saved, path).is_none());
        match place {
            Some(place) => rest.remove(place),
            None => return Some(format!("{path}: {element} is not among {rest:?}")),
        };
    }
    (!rest.is_empty()).then(|| format!("{path}: unexpected {rest:?}"))
}

fn difference_of_maps(
    expected: &Json,
    actual: &Value,
    saved: &Saved,
    path: &str,
    is_whole: bool,
) -> Option<String> {
    let fields = expected.as_object().unwrap();
    let Value::Map(map) = actual else {
        return Some(format!("{path}: a map expected, got {actual:?}"));
    };
    if is_whole && map.len() != fields.len() {
        return Some(format!("{path}: expected {expected}, got {actual:?}"));
    }
    fields.iter().find_map(|(name, value)| match map.get(name) {
        Some(actual) => difference(value, actual, saved, &format!("{path}.{name}")),
        None => Some(format!("{path}: no {name} in {actual:?}")),
    })
}

/// Whether two values are the same; numbers by value.
fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => {
            *b == *a as f64 && *b as i128 == i128::from(*a)
        }
        (Value::UInt(a), Value::Float(b)) | (Value::Float(b), Value::UInt(a)) => {
            *b == *a as f64 && *b as i128 == i128::from(*a)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(expected, actual)| same(expected, actual))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, value)| b.get(name).is_some_and(|actual| same(value, actual)))
        }
        _ => expected == actual,
    }
}

/// Whether a value is of the type that `$any` names.
fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "value" => true,
        "text" => matches!(value, Value::Text(_)),
        "number" => matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_)),
        "date" => matches!(value, Value::Date(_)),
        "map" => matches!(value, Value::Map(_)),
        other => panic!("$any has no type {other}"),
    }
}
