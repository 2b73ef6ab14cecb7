use super::*;
use crate::format::record::NO_STRUCTURES;
use crate::format::tree::{Tree, tree};

fn owned(text: &str) -> Owned {
    let plain = Tree::Map(vec![("v".into(), tree(text))]).to_plain();
    let mut stored = Vec::new();
    crate::format::intake::normalise(&plain, crate::format::survey::Subject::Filter, &mut stored).unwrap();
    let map = Owned::read(Cursor::new(&stored, &NO_STRUCTURES)).unwrap();
    map.get("v").unwrap().clone()
}

#[test]
fn what_is_written_reads_back() {
    for text in [
        "null",
        "undefined",
        "true",
        "0",
        "64",
        "127",
        "-33",
        "70000",
        "-9223372036854775808",
        "18446744073709551615",
        "5.0",
        "-0.0",
        "inf",
        r#""""#,
        r#""héé""#,
        "bin()",
        "bin(0aff)",
        "date(5)",
        "date(-5)",
        "date(17179869183)",
        "date(99999999999)",
        "[]",
        r#"[1, [2, {"a": []}], "x"]"#,
        r#"{"a": 1, "b": {"c": [date(7)]}}"#,
    ] {
        let value = owned(text);
        let mut bytes = Vec::new();
        value.write(&mut bytes);
        let back = Owned::read(Cursor::new(&bytes, &NO_STRUCTURES)).unwrap();
        assert_eq!(back, value, "{text}");
        assert_eq!(Tree::from_normalised(&bytes), tree(text), "{text}");
    }
}

#[test]
fn times_and_extensions_of_all_sizes_read_back() {
    for seconds in [
        0,
        1,
        0xffff_ffff,
        0x1_0000_0000,
        0x3_ffff_ffff,
        0x4_0000_0000,
        -1,
        i64::MIN,
    ] {
        for nanoseconds in [0, 1, 999_999_999, 0x3fff_ffff, 0x4000_0000, u32::MAX] {
            let value = Owned::Timestamp(Timestamp { seconds, nanoseconds });
            let mut bytes = Vec::new();
            value.write(&mut bytes);
            assert_eq!(Owned::read(Cursor::new(&bytes, &NO_STRUCTURES)).unwrap(), value);
        }
    }
    for count in [0, 1, 2, 3, 4, 8, 16, 17, 255, 256, 65_535, 65_536] {
        let value = Owned::Ext {
            kind: 42,
            bytes: vec![7; count].into(),
        };
        let mut bytes = Vec::new();
        value.write(&mut bytes);
        assert_eq!(Owned::read(Cursor::new(&bytes, &NO_STRUCTURES)).unwrap(), value);
    }
}

#[test]
fn fields_are_set_in_place_and_removed() {
    let mut map = owned(r#"{"a": 1, "b": 2}"#);
    map.set("a", Owned::text("x"));
    map.set("c", Owned::Null);
    assert_eq!(map, owned(r#"{"a": "x", "b": 2, "c": null}"#));
    assert_eq!(map.remove("b"), Some(Owned::Int(2)));
    assert_eq!(map.remove("b"), None);
    assert_eq!(map, owned(r#"{"a": "x", "c": null}"#));
    let mut number = Owned::Int(5);
    number.set("a", Owned::Null);
    assert_eq!(number, Owned::Int(5));
    assert_eq!(number.get("a"), None);
}

#[test]
fn damage_is_malformed_and_takes_no_memory() {
    let read = |bytes: &[u8]| Owned::read(Cursor::new(bytes, &NO_STRUCTURES));
    assert_eq!(read(&[0xa1, 0xff]), Err(Malformed::NotText));
    assert_eq!(read(&[0x81, 0xa1, 0xff, 1]), Err(Malformed::NotText));
    assert_eq!(
        read(&[0xdd, 0xff, 0xff, 0xff, 0xff, 1]),
        Err(Malformed::Truncated)
    );
    assert_eq!(
        read(&[0xdf, 0xff, 0xff, 0xff, 0xff, 1]),
        Err(Malformed::KeyNotString)
    );
    let mut deep = vec![0x91; DEPTH_MAX];
    deep.push(1);
    assert!(read(&deep).is_ok());
    deep.insert(0, 0x91);
    assert_eq!(read(&deep), Err(Malformed::TooDeep));
}

#[test]
fn depth_and_size_are_those_of_the_whole_value() {
    let value = owned(r#"{"a": [{"b": 1}], "c": 2}"#);
    assert!(value.nests_deeper_than(2));
    assert!(!value.nests_deeper_than(3));
    assert!(!Owned::Int(1).nests_deeper_than(0));
    assert!(Owned::Array(vec![]).nests_deeper_than(0));
    let text = Owned::text(&"x".repeat(1000));
    assert!(text.bytes() >= 1000);
    assert!(Owned::Array(vec![text.clone(), text]).bytes() >= 2000);
}
