//! Ranges of keys in writing, for people: `["Ulm", "Ulm"]`, `(30, inf]`, `["a", "a"…]`.
//!
//! Promises: any bytes are shown; what no value can be read from, as bytes. Leaves to others: the plan around
//! (transaction/cursor/explain.rs).

use std::fmt;

use super::cut::Cut;
use super::ranges::Range;
use crate::format::key::type_bounds;
use crate::format::key_decode::decode;
use crate::format::owned::Owned;
use crate::format::value::Value;

/// What ends text, maps and arrays in keys.
const END: u8 = 0;
/// Longest text that is shown whole.
const SHOWN_CHARACTERS_MAX: usize = 64;

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (opening, from) = (
            if self.from.is_after() { '(' } else { '[' },
            end(&self.from, false),
        );
        let (closing, to) = (if self.to.is_after() { ']' } else { ')' }, end(&self.to, true));
        write!(formatter, "{opening}{from}, {to}{closing}")
    }
}

/// The value at one end of a range.
fn end(cut: &Cut, is_upper: bool) -> String {
    let bytes = cut.bytes();
    let (lowest, highest) = type_bounds(Some(&Value::Int(0)));
    match bytes {
        [] if is_upper => return "MaxKey".into(),
        [] => return "MinKey".into(),
        [head] if *head == lowest => return "-inf".into(),
        [head] if *head == highest => return "inf".into(),
        _ => {}
    }
    if let Ok((value, [])) = decode(bytes) {
        return show(&value);
    }
    let mut ended = bytes.to_vec();
    ended.push(END);
    match decode(&ended) {
        Ok((value, [])) if is_upper => format!("{}…", show(&value)),
        Ok((value, [])) => show(&value),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn show(value: &Owned) -> String {
    match value {
        Owned::Null | Owned::Undefined => "null".into(),
        Owned::Bool(truth) => truth.to_string(),
        Owned::Int(number) => number.to_string(),
        Owned::UInt(number) => number.to_string(),
        Owned::Float(number) => number.to_string(),
        Owned::Text(text) => {
            let shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
            let more = if shown.len() < text.len() { "..." } else { "" };
            format!("{shown:?}{more}")
        }
        Owned::Timestamp(timestamp) => {
            format!("date({})", timestamp.total_nanoseconds().div_euclid(1_000_000))
        }
        Owned::Binary(bytes) => format!("binary of {} bytes", bytes.len()),
        Owned::Ext { kind, bytes } => format!("extension {kind} of {} bytes", bytes.len()),
        Owned::Array(elements) if elements.is_empty() => "[]".into(),
        Owned::Array(elements) => format!("array of {}", elements.len()),
        Owned::Map(fields) if fields.is_empty() => "{}".into(),
        Owned::Map(fields) => format!("map of {}", fields.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::bounds::Bounds;
    use crate::format::tree::plain;
    use crate::query::Filter;

    #[test]
    fn ranges_are_readable() {
        for (filter, wanted) in [
            (r#"{"a":"Ulm"}"#, r#"["Ulm", "Ulm"]"#),
            (r#"{"a":{"$gt":30}}"#, "(30, inf]"),
            (r#"{"a":{"$lte":1.5}}"#, "[-inf, 1.5]"),
            (r#"{"a":{"$gte":"x"}}"#, r#"["x", ""…]"#),
            (r#"{"a":{"$regex":"^ab"}}"#, r#"["ab", "ab"…]"#),
            (r#"{"a":null}"#, "[null, null]"),
            (r#"{"a":{"$lt":true}}"#, "[false, true)"),
            (r#"{"a":{"$exists":true}}"#, "[MinKey, MaxKey]"),
        ] {
            let filter = Filter::compile(&plain(filter)).unwrap();
            let constraints = filter.constraints();
            let bounds = Bounds::of(&constraints[0].restriction).unwrap();
            assert_eq!(bounds.ranges.as_slice()[0].to_string(), wanted);
        }
    }
}
