use super::*;
use crate::format::encode::write_text;
use crate::format::record::NO_STRUCTURES;
use crate::format::tree::{Tree, tree};
use crate::format::value::Cursor;

fn key_of(value: &Tree) -> Vec<u8> {
    let mut stored = Vec::new();
    crate::format::intake::normalise(
        &Tree::Map(vec![("v".into(), value.clone())]).to_plain(),
        crate::format::survey::Subject::Filter,
        &mut stored,
    )
    .unwrap();
    let mut key = Vec::new();
    encode(
        Some(&Cursor::at(&stored, 3, &NO_STRUCTURES).value().unwrap()),
        &mut key,
    )
    .unwrap();
    key
}

fn key(text: &str) -> Vec<u8> {
    key_of(&tree(text))
}

#[test]
fn keys_are_the_bytes_that_the_format_names() {
    let text = |text: &[u8]| {
        let mut stored = Vec::new();
        write_text(text, &mut stored);
        let mut key = Vec::new();
        encode(
            Some(&Cursor::new(&stored, &NO_STRUCTURES).value().unwrap()),
            &mut key,
        )
        .unwrap();
        key
    };
    assert_eq!(key("null"), [0x10]);
    assert_eq!(key("NaN"), [0x20]);
    assert_eq!(key("0"), [0x30]);
    assert_eq!(key("5"), [0x31, 10]);
    assert_eq!(key("5.0"), [0x31, 10]);
    assert_eq!(key("-1"), [0x2f, 0xfd]);
    assert_eq!(key("1000"), [0x32, 0x07, 0xd0]);
    assert_eq!(key("0.5")[..3], [0x31, 1, 0xbf]);
    assert_eq!(key("-0.5")[..3], [0x2f, 0xfe, 0x40]);
    assert_eq!(text(b"Ada"), *b"\x40Ada\0");
    assert_eq!(text(b"\0a\x01\x02"), *b"\x40\x01\x01a\x01\x02\x02\0");
    assert_eq!(key("[1, 2]"), [0x60, 0x31, 2, 0x31, 4, 0]);
    assert_eq!(key(r#"{"a": 1}"#), *b"\x50\x26a\0\x31\x02\0");
    assert_eq!(key("bin(0aff)"), [0x70, 0x81, 2, 0x0a, 0xff]);
    assert_eq!(key("false"), [0x80]);
    assert_eq!(key("true"), [0x81]);
    assert_eq!(key("date(5)"), [0x90, 0x81, 10]);
}

#[test]
fn missing_and_undefined_are_null() {
    let mut missing = Vec::new();
    encode(None, &mut missing).unwrap();
    assert_eq!(missing, key("null"));
    assert_eq!(missing, key("undefined"));
}

#[test]
fn dates_sort_by_time_and_equal_times_have_one_key() {
    let rising = [
        Tree::Date(i64::MIN, 0),
        Tree::Date(-2, 999_999_999),
        Tree::Date(-1, 0),
        Tree::Date(-1, 1),
        Tree::Date(0, 0),
        Tree::Date(0, 1),
        Tree::Date(0, 999_999_999),
        Tree::Date(1_700_000_000, 0),
        Tree::Date(i64::MAX, 999_999_999),
        Tree::Date(i64::MAX, u32::MAX),
    ];
    for pair in rising.windows(2) {
        assert!(key_of(&pair[0]) < key_of(&pair[1]), "{pair:?}");
    }
    assert_eq!(
        key_of(&Tree::Date(1, 5)),
        key_of(&Tree::Date(0, 1_000_000_005)),
        "nanoseconds may carry into seconds"
    );
}

#[test]
fn descending_keys_sort_the_other_way_and_turn_back() {
    let values = ["null", "-5", "7", r#""a""#, r#""ab""#, "[]", "[1]", "true"];
    for pair in values.windows(2) {
        let descending = |text: &str| {
            let mut key = b"before".to_vec();
            let stored = [&[0x91][..], &tree(text).to_plain()].concat();
            let value = Cursor::at(&stored, 1, &NO_STRUCTURES).value().unwrap();
            encode_descending(Some(&value), &mut key).unwrap();
            assert!(key.starts_with(b"before"));
            key
        };
        assert!(descending(pair[0]) > descending(pair[1]), "{pair:?}");
        let mut turned = descending(pair[0]).split_off(6);
        complement(&mut turned);
        assert_eq!(turned, key(pair[0]));
    }
}

#[test]
fn text_start_covers_exactly_the_strings_that_begin_with_it() {
    let mut low = Vec::new();
    encode_text_start(b"ab", &mut low);
    let mut high = low.clone();
    assert!(step_behind(&mut high));
    for (text, is_inside) in [
        ("a", false),
        ("ab", true),
        ("abc", true),
        ("ac", false),
        ("b", false),
    ] {
        let key = key(&format!("{text:?}"));
        assert_eq!(low <= key && key < high, is_inside, "{text}");
    }
}

#[test]
fn stepping_behind_carries_over_the_highest_bytes() {
    let mut bytes = vec![1, 0xff, 0xff];
    assert!(step_behind(&mut bytes));
    assert_eq!(bytes, [2]);
    let mut bytes = vec![0xff, 0xff];
    assert!(!step_behind(&mut bytes));
    assert!(bytes.is_empty());
}

#[test]
fn type_bounds_hold_every_key_of_the_type() {
    for text in [
        "null", "NaN", "-inf", "inf", "0", "-7.5", r#""x""#, "{}", "[1]", "bin(01)", "true", "false",
        "date(1)",
    ] {
        let stored = [&[0x91][..], &tree(text).to_plain()].concat();
        let value = Cursor::at(&stored, 1, &NO_STRUCTURES).value().unwrap();
        let (first, last) = type_bounds(Some(&value));
        let head = key(text)[0];
        assert!(first <= head && head <= last, "{text}");
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    let stored = [0x91; DEPTH_MAX + 10];
    let value = Cursor::new(&stored, &NO_STRUCTURES).value();
    // Reading may refuse it first; what must not happen is recursion without bound.
    if let Ok(value) = value {
        assert!(encode(Some(&value), &mut Vec::new()).is_err());
    }
    let nested = (0..DEPTH_MAX - 2).fold(Tree::Array(Vec::new()), |inner, _| Tree::Array(vec![inner]));
    assert!(!key_of(&nested).is_empty());
}
