//! Sort orders case by case.

use super::*;
use crate::format::id::IdBytes;
use crate::format::intake::intake;
use crate::format::record::StructureRegistry;
use crate::format::tree::plain;
use crate::limits::SORT_BYTES_DEFAULT;

fn order_of(text: &str) -> Sort {
    Sort::compile(&plain(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The keys of the document as a plain map, as a record and in memory, which are one.
fn key(sort: &Sort, document: &str) -> Vec<u8> {
    let registry = StructureRegistry::new();
    let mut keys = Vec::new();
    for _ in 0..3 {
        let mut stored = Vec::new();
        let mut next_id = || Ok(IdBytes::from_integer(1));
        intake(&plain(document), &registry, 1 << 20, &mut next_id, &mut stored).unwrap();
        let structures = registry.snapshot();
        let mut key = Vec::new();
        sort.write_key(&stored, &structures, &mut key).unwrap();
        let mut total = Vec::new();
        sort.write_total_key(&stored, &structures, &mut total).unwrap();
        assert_eq!(total.strip_prefix(&key[..]), document_id(&stored).ok());
        let owned = Owned::read(Cursor::new(&stored, &structures)).unwrap();
        let mut owned_key = Vec::new();
        sort.write_owned_key(&owned, &mut owned_key).unwrap();
        assert_eq!(key, owned_key);
        keys.push(key);
    }
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    keys.remove(0)
}

/// Asserts that the documents stand in this order; within one of the lists they are equal.
fn in_order(order: &str, lists: &[&[&str]]) {
    let order = order_of(order);
    let keys: Vec<Vec<Vec<u8>>> = lists
        .iter()
        .map(|list| list.iter().map(|document| key(&order, document)).collect())
        .collect();
    for (list, documents) in keys.iter().zip(lists) {
        assert!(list.iter().all(|key| *key == list[0]), "{documents:?} are equal");
    }
    for (place, pair) in keys.windows(2).enumerate() {
        assert!(
            pair[0][0] < pair[1][0],
            "{:?} before {:?}",
            lists[place],
            lists[place + 1]
        );
    }
}

#[test]
fn values_rise_across_types() {
    in_order(
        r#"{"a": 1}"#,
        &[
            &[r#"{"a": []}"#],
            &[
                r#"{"a": null}"#,
                "{}",
                r#"{"b": 1}"#,
                r#"{"a": undefined}"#,
                r#"{"a": [null]}"#,
            ],
            &[r#"{"a": NaN}"#],
            &[r#"{"a": -5}"#],
            &[r#"{"a": 1}"#, r#"{"a": 1.0}"#],
            &[r#"{"a": 1.5}"#],
            &[r#"{"a": "A"}"#],
            &[r#"{"a": "a"}"#],
            &[r#"{"a": {}}"#],
            &[r#"{"a": {"b": 1}}"#],
            &[r#"{"a": [[]]}"#],
            &[r#"{"a": [[1]]}"#],
            &[r#"{"a": bin(00)}"#],
            &[r#"{"a": false}"#],
            &[r#"{"a": true}"#],
            &[r#"{"a": date(-5)}"#],
            &[r#"{"a": date(5)}"#],
        ],
    );
}

#[test]
fn falling_fields_turn_the_order() {
    in_order(
        r#"{"a": -1}"#,
        &[
            &[r#"{"a": true}"#],
            &[r#"{"a": "b"}"#],
            &[r#"{"a": "a"}"#],
            &[r#"{"a": 2}"#, r#"{"a": [2, 1]}"#],
            &[r#"{"a": 1}"#],
            &[r#"{"a": null}"#, "{}"],
            &[r#"{"a": []}"#],
        ],
    );
    in_order(
        r#"{"a": 1, "b": -1.0}"#,
        &[
            &[r#"{"a": 1, "b": 2}"#],
            &[r#"{"a": 1, "b": 1}"#],
            &[r#"{"a": 1}"#],
            &[r#"{"a": 2, "b": 9}"#],
        ],
    );
}

#[test]
fn arrays_stand_for_the_element_that_sorts_first() {
    in_order(
        r#"{"a": 1}"#,
        &[
            &[r#"{"a": [5, 1]}"#, r#"{"a": 1}"#],
            &[r#"{"a": [9, 2, 7]}"#],
            &[r#"{"a": 3}"#],
        ],
    );
    in_order(
        r#"{"a": -1}"#,
        &[
            &[r#"{"a": [5, 9]}"#, r#"{"a": 9}"#],
            &[r#"{"a": [8, 2]}"#],
            &[r#"{"a": 3}"#],
        ],
    );
    in_order(
        r#"{"a.b": 1}"#,
        &[
            &[r#"{"a": {"b": []}}"#],
            // What lacks the field counts as null, and so does an array without documents.
            &[
                r#"{"a": [{"b": 0}, {"c": 1}]}"#,
                r#"{"a": []}"#,
                r#"{"a": [7]}"#,
                r#"{"a": [[{"b": 0}]]}"#,
            ],
            &[r#"{"a": [{"b": 3}, {"b": [8, 1]}]}"#, r#"{"a": {"b": 1}}"#],
            &[r#"{"a": {"b": [4, 2]}}"#],
        ],
    );
}

#[test]
fn fields_in_one_array_take_one_element() {
    let sort = order_of(r#"{"a.b": 1, "a.c": 1}"#);
    let together = key(&sort, r#"{"a": [{"b": 1, "c": 9}, {"b": 2, "c": 0}]}"#);
    assert_eq!(together, key(&sort, r#"{"a": {"b": 1, "c": 9}}"#));
    let falling = order_of(r#"{"a.b": -1, "a.c": 1}"#);
    let together = key(
        &falling,
        r#"{"a": [{"b": 1, "c": 0}, {"b": 2, "c": 8}, {"b": 2, "c": 7}]}"#,
    );
    assert_eq!(together, key(&falling, r#"{"a": {"b": 2, "c": 7}}"#));
    // Another array between the two takes its own.
    let mixed = order_of(r#"{"a.b": 1, "d": -1, "a.c": 1}"#);
    let found = key(
        &mixed,
        r#"{"d": [1, 3, 2], "a": [{"b": 1, "c": 9}, {"b": 2, "c": 0}]}"#,
    );
    assert_eq!(found, key(&mixed, r#"{"d": 3, "a": {"b": 1, "c": 9}}"#));
    // The array itself and a field of its elements go together as well.
    let nested = order_of(r#"{"a.b": -1, "a": 1}"#);
    let found = key(&nested, r#"{"a": [{"b": 1}, {"b": 2}, 0]}"#);
    assert_eq!(found, key(&nested, r#"{"a": {"b": 2}}"#));
}

#[test]
fn positions_name_one_element() {
    in_order(
        r#"{"a.1": 1}"#,
        &[
            &[r#"{"a": [9]}"#, "{}"],
            &[r#"{"a": [9, 1]}"#, r#"{"a": {"1": 1}}"#],
            &[r#"{"a": [0, 2]}"#],
            &[r#"{"a": [0, [1]]}"#],
        ],
    );
    in_order(
        r#"{"a.0.b": 1}"#,
        &[
            &[r#"{"a": [{"b": 1}, {"b": 0}]}"#, r#"{"a": [[{"b": 1}]]}"#],
            &[r#"{"a": [{"b": 2}]}"#],
        ],
    );
}

#[test]
fn what_is_no_sort_order_is_refused_by_path() {
    let many: Vec<String> = (0..33).map(|number| format!(r#""a{number}": 1"#)).collect();
    let many = format!("{{{}}}", many.join(", "));
    let cases: &[(&str, &[&str])] = &[
        (r#"{"a": 0}"#, &["\"a\"", "1 or -1"]),
        (r#"{"a": 2}"#, &["\"a\"", "1 or -1"]),
        (r#"{"a": 0.5}"#, &["\"a\"", "float"]),
        (r#"{"a": "asc"}"#, &["\"a\"", "string"]),
        (r#"{"a": true}"#, &["\"a\"", "boolean"]),
        (r#"{"a": {"b": 1}}"#, &["\"a\"", "object"]),
        (r#"{"a": {"$meta": "textScore"}}"#, &["$meta", "\"a\""]),
        (r#"{"$natural": 1}"#, &["$natural"]),
        (r#"{"$a": 1}"#, &["\"$a\""]),
        (r#"{"": 1}"#, &["no path"]),
        (r#"{"a..b": 1}"#, &["a..b"]),
        (r#"{"a.": 1}"#, &["a."]),
        (&many, &["33", "32"]),
    ];
    for (text, words) in cases {
        let error = Sort::compile(&plain(text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSort, "{error}");
        for word in *words {
            assert!(error.message().contains(word), "{word} in {error}");
        }
    }
    for bytes in [
        &[0x91, 1][..],
        &[0x81],
        &[],
        &[0x82, 0xa1, b'a', 1, 0xa1, b'a', 1],
    ] {
        let error = Sort::compile(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSort, "{error}");
    }
    assert!(order_of("{}").is_empty());
    let fields = order_of(r#"{"a.b": -1, "c": 1}"#);
    let shown: Vec<(&str, bool)> = fields
        .fields()
        .iter()
        .map(|field| (&*field.path, field.is_descending))
        .collect();
    assert_eq!(shown, [("a.b", true), ("c", false)]);
}

#[test]
fn a_sorter_is_stable_with_a_limit_and_without() {
    let order = order_of(r#"{"a": 1}"#);
    let keys: [&[u8]; 8] = [
        b"b",
        b"a",
        b"c",
        b"a",
        b"b",
        b"a",
        b"a long key, first",
        b"a long key",
    ];
    for limit in [None, Some(0), Some(1), Some(3), Some(5), Some(8), Some(100)] {
        let mut sorter = Sorter::new(&order, limit, SORT_BYTES_DEFAULT);
        for (number, key) in keys.iter().enumerate() {
            let accepts = sorter.accepts(key);
            let mut is_made = false;
            sorter
                .push(key, 8, || {
                    is_made = true;
                    number
                })
                .unwrap();
            assert_eq!(is_made, accepts, "nothing is made of what is not wanted");
        }
        let mut expected: Vec<usize> = (0..keys.len()).collect();
        expected.sort_by_key(|number| keys[*number]);
        expected.truncate(limit.unwrap_or(usize::MAX));
        assert_eq!(sorter.held_count(), expected.len());
        assert_eq!(
            sorter.into_sorted().collect::<Vec<_>>(),
            expected,
            "limit {limit:?}"
        );
    }
}

#[test]
fn a_sorter_keeps_within_its_memory_and_says_what_helps() {
    let order = order_of(r#"{"a.b": 1, "c": -1}"#);
    let fill = |limit| {
        let mut sorter = Sorter::new(&order, limit, 100_000);
        (0..1000u32).try_for_each(|number| sorter.push(&number.to_be_bytes(), 1000, || ()))
    };
    let error = fill(None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    for word in [r#"{"a.b": 1, "c": -1}"#, "100000 bytes", "index", "limit"] {
        assert!(error.message().contains(word), "{word} in {error}");
    }
    assert!(fill(Some(10)).is_ok());
    assert!(fill(Some(500)).is_err());
}

#[test]
fn damage_is_told() {
    let order = order_of(r#"{"a": 1}"#);
    let mut out = Vec::new();
    for bytes in [&[][..], &[0x81], &[0x81, 0xa1, b'a'], &[0x82, 0xa1, b'a', 0xc1]] {
        let error = order.write_key(bytes, &NO_STRUCTURES, &mut out).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted);
    }
    assert!(order.write_total_key(&[0x80], &NO_STRUCTURES, &mut out).is_err());
}
