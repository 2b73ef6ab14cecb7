use super::*;
use crate::error::ErrorKind;
use crate::format::intake::intake;
use crate::format::record::StructureRegistry;
use crate::format::tree::plain;
use crate::query::TERMS_MAX;

fn compile(text: &str) -> Filter {
    Filter::compile(&plain(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Whether `filter` matches `document`; the same as a plain map and as a record.
fn matches(filter: &str, document: &str) -> bool {
    let filter = compile(filter);
    let registry = StructureRegistry::new();
    let mut results = Vec::new();
    for _ in 0..3 {
        let mut stored = Vec::new();
        let mut next_id = || Ok(IdBytes::from_integer(1));
        intake(&plain(document), &registry, 1 << 20, &mut next_id, &mut stored).unwrap();
        results.push(filter.matches(&stored, &registry.snapshot()).unwrap());
    }
    assert!(
        results.windows(2).all(|pair| pair[0] == pair[1]),
        "map and record differ: {document}"
    );
    results[0]
}

#[track_caller]
fn yes(filter: &str, documents: &[&str]) {
    for document in documents {
        assert!(matches(filter, document), "{filter} must match {document}");
    }
}

#[track_caller]
fn no(filter: &str, documents: &[&str]) {
    for document in documents {
        assert!(!matches(filter, document), "{filter} must not match {document}");
    }
}

#[track_caller]
fn refused(filter: &str, words: &[&str]) {
    let error = Filter::compile(&plain(filter)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidFilter);
    for word in words {
        assert!(error.message().contains(word), "{word} in {error}");
    }
}

#[test]
fn the_empty_filter_matches_all() {
    yes("{}", &["{}", r#"{"a": 1}"#]);
    assert!(compile("{}").is_empty());
}

#[test]
fn equality_is_by_value_and_type() {
    yes(
        r#"{"a": 5}"#,
        &[r#"{"a": 5}"#, r#"{"a": 5.0}"#, r#"{"b": 1, "a": 5}"#],
    );
    no(
        r#"{"a": 5}"#,
        &[
            r#"{"a": "5"}"#,
            r#"{"a": 6}"#,
            r#"{"a": null}"#,
            "{}",
            r#"{"a": {"a": 5}}"#,
        ],
    );
    yes(r#"{"a": true}"#, &[r#"{"a": true}"#]);
    no(r#"{"a": true}"#, &[r#"{"a": 1}"#, r#"{"a": "true"}"#]);
    yes(r#"{"a": NaN}"#, &[r#"{"a": NaN}"#]);
    yes(r#"{"a": 100}"#, &[r#"{"a": 100}"#]);
    yes(r#"{"a": {"$eq": "x"}}"#, &[r#"{"a": "x"}"#]);
    yes(r#"{"a": date(5)}"#, &[r#"{"a": date(5)}"#]);
    no(r#"{"a": date(5)}"#, &[r#"{"a": 5}"#]);
    yes(r#"{"a": bin(01ff)}"#, &[r#"{"a": bin(01ff)}"#]);
}

#[test]
fn large_integers_are_not_rounded() {
    no(r#"{"a": 9007199254740993}"#, &[r#"{"a": 9007199254740992.0}"#]);
    yes(
        r#"{"a": {"$gt": 9007199254740992.0}}"#,
        &[r#"{"a": 9007199254740993}"#],
    );
    yes(
        r#"{"a": {"$gt": 9223372036854775807}}"#,
        &[r#"{"a": 9223372036854775808}"#, r#"{"a": inf}"#],
    );
    no(
        r#"{"a": 18446744073709551615}"#,
        &[r#"{"a": 18446744073709551616.0}"#],
    );
}

#[test]
fn null_matches_missing_and_undefined() {
    let yes_to = [
        r#"{"a": null}"#,
        "{}",
        r#"{"a": undefined}"#,
        r#"{"a": [1, null]}"#,
    ];
    yes(r#"{"a": null}"#, &yes_to);
    yes(r#"{"a": undefined}"#, &yes_to);
    yes(r#"{"a": {"$in": [5, null]}}"#, &yes_to);
    yes(r#"{"a": {"$gte": null}}"#, &yes_to);
    yes(r#"{"a": {"$lte": null}}"#, &yes_to);
    no(r#"{"a": {"$gt": null}}"#, &yes_to);
    no(r#"{"a": {"$ne": null}}"#, &yes_to);
    no(
        r#"{"a": null}"#,
        &[r#"{"a": 0}"#, r#"{"a": []}"#, r#"{"a": false}"#],
    );
    yes(
        r#"{"a.b": null}"#,
        &[r#"{"a": 5}"#, r#"{"a": {}}"#, r#"{"a": [{"b": 1}, {}]}"#],
    );
    no(
        r#"{"a.b": null}"#,
        &[r#"{"a": [1]}"#, r#"{"a": []}"#, r#"{"a": {"b": 1}}"#],
    );
}

#[test]
fn comparisons_stay_within_a_type() {
    yes(
        r#"{"a": {"$gt": 5}}"#,
        &[r#"{"a": 6}"#, r#"{"a": 5.5}"#, r#"{"a": inf}"#],
    );
    no(
        r#"{"a": {"$gt": 5}}"#,
        &[
            r#"{"a": 5}"#,
            r#"{"a": "6"}"#,
            r#"{"a": true}"#,
            "{}",
            r#"{"a": NaN}"#,
        ],
    );
    no(
        r#"{"a": {"$lt": 5}}"#,
        &[
            r#"{"a": 5}"#,
            r#"{"a": null}"#,
            "{}",
            r#"{"a": NaN}"#,
            r#"{"a": {}}"#,
        ],
    );
    yes(
        r#"{"a": {"$gte": "b", "$lt": "d"}}"#,
        &[r#"{"a": "b"}"#, r#"{"a": "czz"}"#],
    );
    no(
        r#"{"a": {"$gte": "b", "$lt": "d"}}"#,
        &[r#"{"a": "a"}"#, r#"{"a": "d"}"#],
    );
    yes(r#"{"a": {"$gt": false}}"#, &[r#"{"a": true}"#]);
    yes(
        r#"{"a": {"$lt": date(5)}}"#,
        &[r#"{"a": date(4)}"#, r#"{"a": date(-4)}"#],
    );
    yes(r#"{"a": {"$gt": bin(ff)}}"#, &[r#"{"a": bin(0000)}"#]);
    yes(r#"{"a": {"$gte": NaN}}"#, &[r#"{"a": NaN}"#]);
    no(r#"{"a": {"$gt": NaN}}"#, &[r#"{"a": NaN}"#, r#"{"a": 1}"#]);
    yes(
        r#"{"a": {"$gt": {"b": 1}}}"#,
        &[r#"{"a": {"b": 2}}"#, r#"{"a": {"b": 1, "c": 0}}"#],
    );
    yes(
        r#"{"a": {"$lt": [2]}}"#,
        &[r#"{"a": [1, 9]}"#, r#"{"a": [[1], 9]}"#],
    );
}

#[test]
fn an_array_matches_by_any_element_or_as_a_whole() {
    yes(r#"{"a": 2}"#, &[r#"{"a": [1, 2, 3]}"#]);
    yes(
        r#"{"a": [1, 2]}"#,
        &[r#"{"a": [1, 2]}"#, r#"{"a": [[1, 2], 3]}"#, r#"{"a": [1, 2.0]}"#],
    );
    no(r#"{"a": [1, 2]}"#, &[r#"{"a": [2, 1]}"#, r#"{"a": [1, 2, 3]}"#]);
    yes(r#"{"a": []}"#, &[r#"{"a": []}"#, r#"{"a": [[]]}"#]);
    yes(r#"{"a": {"$gt": 5}}"#, &[r#"{"a": [1, 9]}"#]);
    yes(r#"{"a": {"$gt": 5, "$lt": 3}}"#, &[r#"{"a": [1, 9]}"#]);
    no(r#"{"a": {"$ne": 2}}"#, &[r#"{"a": [1, 2]}"#]);
    yes(r#"{"a": {"$ne": 2}}"#, &[r#"{"a": [1, 3]}"#, "{}"]);
    yes(
        r#"{"a": {"$in": [7, [1, 2]]}}"#,
        &[r#"{"a": [1, 2]}"#, r#"{"a": [5, 7]}"#],
    );
}

#[test]
fn documents_are_equal_field_by_field_in_order() {
    yes(
        r#"{"a": {"x": 1, "y": 2}}"#,
        &[r#"{"a": {"x": 1, "y": 2}}"#, r#"{"a": {"x": 1.0, "y": 2}}"#],
    );
    no(
        r#"{"a": {"x": 1, "y": 2}}"#,
        &[
            r#"{"a": {"y": 2, "x": 1}}"#,
            r#"{"a": {"x": 1}}"#,
            r#"{"a": {"x": 1, "y": 2, "z": 3}}"#,
        ],
    );
    yes(r#"{"a": {}}"#, &[r#"{"a": {}}"#]);
    no(r#"{"a": {}}"#, &["{}", r#"{"a": {"b": 1}}"#]);
    yes(r#"{"a": {"x": {"$gt": 1}}}"#, &[r#"{"a": {"x": {"$gt": 1}}}"#]);
}

#[test]
fn in_and_nin_take_values_of_all_types() {
    let filter = r#"{"a": {"$in": [1, "x", date(3), {"b": 1}, 2.5, true, 127]}}"#;
    yes(
        filter,
        &[
            r#"{"a": 1.0}"#,
            r#"{"a": "x"}"#,
            r#"{"a": date(3)}"#,
            r#"{"a": {"b": 1}}"#,
            r#"{"a": 2.5}"#,
            r#"{"a": 127}"#,
        ],
    );
    no(
        filter,
        &[
            r#"{"a": 2}"#,
            "{}",
            r#"{"a": null}"#,
            r#"{"a": []}"#,
            r#"{"a": "y"}"#,
        ],
    );
    no(r#"{"a": {"$in": []}}"#, &["{}", r#"{"a": 1}"#]);
    yes(r#"{"a": {"$nin": []}}"#, &["{}", r#"{"a": 1}"#]);
    yes(
        r#"{"a": {"$nin": [1, 2]}}"#,
        &["{}", r#"{"a": 3}"#, r#"{"a": "1"}"#],
    );
    no(r#"{"a": {"$nin": [1, 2]}}"#, &[r#"{"a": 1}"#, r#"{"a": [3, 2]}"#]);
    no(r#"{"a": {"$nin": [null]}}"#, &["{}"]);
}

#[test]
fn logical_operators_combine() {
    yes(r#"{"$and": [{"a": 1}, {"b": 2}]}"#, &[r#"{"a": 1, "b": 2}"#]);
    no(
        r#"{"$and": [{"a": 1}, {"b": 2}]}"#,
        &[r#"{"a": 1}"#, r#"{"a": 2, "b": 2}"#],
    );
    yes(
        r#"{"$or": [{"a": 1}, {"b": 2}]}"#,
        &[r#"{"a": 1}"#, r#"{"b": 2}"#],
    );
    no(r#"{"$or": [{"a": 1}, {"b": 2}]}"#, &["{}", r#"{"a": 2, "b": 1}"#]);
    yes(
        r#"{"$nor": [{"a": 1}, {"b": 2}]}"#,
        &["{}", r#"{"a": 2, "b": 1}"#],
    );
    no(
        r#"{"$nor": [{"a": 1}, {"b": 2}]}"#,
        &[r#"{"a": 1}"#, r#"{"b": 2}"#],
    );
    yes(
        r#"{"a": {"$not": {"$gt": 5}}}"#,
        &[r#"{"a": 5}"#, "{}", r#"{"a": "x"}"#],
    );
    no(
        r#"{"a": {"$not": {"$gt": 5}}}"#,
        &[r#"{"a": 6}"#, r#"{"a": [1, 6]}"#],
    );
    yes(
        r#"{"a": {"$not": {"$gt": 5, "$lt": 10}}}"#,
        &[r#"{"a": 11}"#, r#"{"a": 5}"#],
    );
    no(r#"{"a": {"$not": {"$not": {"$gt": 5}}}}"#, &[r#"{"a": 5}"#]);
    yes(
        r#"{"$or": [{"$and": [{"a": 1}, {"c": {"$exists": false}}]}, {"$nor": [{}]}, {"d.e": 1}]}"#,
        &[r#"{"a": 1}"#, r#"{"c": 1, "d": {"e": 1}}"#],
    );
    yes(
        r#"{"a": 1, "$or": [{"b": 1}, {"b": 2}], "c": 3}"#,
        &[r#"{"c": 3, "b": 2, "a": 1}"#],
    );
    no(
        r#"{"a": 1, "$or": [{"b": 1}, {"b": 2}], "c": 3}"#,
        &[r#"{"c": 3, "b": 3, "a": 1}"#, r#"{"b": 1, "a": 1}"#],
    );
    yes(r#"{"$or": [{}]}"#, &["{}"]);
    no(r#"{"$nor": [{}]}"#, &["{}"]);
}

#[test]
fn exists_asks_for_the_field_whatever_its_value() {
    yes(
        r#"{"a": {"$exists": true}}"#,
        &[r#"{"a": null}"#, r#"{"a": []}"#, r#"{"a": undefined}"#],
    );
    no(r#"{"a": {"$exists": true}}"#, &["{}", r#"{"b": 1}"#]);
    yes(r#"{"a": {"$exists": false}}"#, &["{}"]);
    yes(r#"{"a": {"$exists": 1}}"#, &[r#"{"a": 1}"#]);
    yes(r#"{"a": {"$exists": 0}}"#, &["{}"]);
    yes(r#"{"a.b": {"$exists": true}}"#, &[r#"{"a": [{}, {"b": 1}]}"#]);
    yes(
        r#"{"a.b": {"$exists": false}}"#,
        &[r#"{"a": [{}, 1]}"#, r#"{"a": 1}"#],
    );
    yes(r#"{"a.1": {"$exists": true}}"#, &[r#"{"a": [1, 2]}"#]);
    no(r#"{"a.2": {"$exists": true}}"#, &[r#"{"a": [1, 2]}"#]);
}

#[test]
fn dotted_paths_reach_into_documents_and_arrays() {
    yes(
        r#"{"a.b": 1}"#,
        &[
            r#"{"a": {"b": 1}}"#,
            r#"{"a": [{"b": 2}, {"b": 1}]}"#,
            r#"{"a": {"b": [1]}}"#,
        ],
    );
    yes(r#"{"a.0.b": 1}"#, &[r#"{"a": [{"b": 1}]}"#]);
    no(r#"{"a.1.b": 1}"#, &[r#"{"a": [{"b": 1}]}"#]);
    yes(
        r#"{"a.b": 1, "a.c": 2}"#,
        &[r#"{"a": {"b": 1, "c": 2}}"#, r#"{"a": [{"b": 1}, {"c": 2}]}"#],
    );
    no(r#"{"a.b": 1, "a.c": 2}"#, &[r#"{"a": {"b": 1}}"#]);
    yes(r#"{"_id": 1}"#, &[r#"{"_id": 1, "a": 2}"#]);
}

#[test]
fn what_the_dialect_does_not_allow_is_named() {
    refused(r#"{"a": {"$foo": 1}}"#, &["$foo", "\"a\""]);
    refused(r#"{"a": {"$gt": 1, "b": 1}}"#, &["b"]);
    refused(r#"{"$foo": 1}"#, &["$foo"]);
    refused(r#"{"$gt": 1}"#, &["$gt"]);
    refused(r#"{"$or": []}"#, &["$or", "at least one"]);
    refused(r#"{"$or": {"a": 1}}"#, &["$or", "array", "object"]);
    refused(r#"{"$and": [1]}"#, &["$and", "integer"]);
    refused(r#"{"x.y": {"$in": 1}}"#, &["$in", "x.y", "integer"]);
    refused(r#"{"x": {"$nin": "a"}}"#, &["$nin", "string"]);
    refused(r#"{"x": {"$in": [{"$gt": 1}]}}"#, &["$in", "operator"]);
    refused(r#"{"x": {"$not": 5}}"#, &["$not", "x"]);
    refused(r#"{"x": {"$not": {}}}"#, &["$not", "x"]);
    refused(r#"{"x": {"$not": {"a": 1}}}"#, &["$not", "x"]);
    refused(&format!(r#"{{"a{}": 1}}"#, ".a".repeat(200)), &["100"]);
    for bytes in [&[][..], &[0x90], &[0x81, 0xa1, b'a'], &[0x80, 0x80]] {
        assert_eq!(
            Filter::compile(bytes).unwrap_err().kind(),
            ErrorKind::InvalidFilter
        );
    }
}

#[test]
fn pathological_filters_are_bounded() {
    let branches = vec![r#"{"a": 1}"#; TERMS_MAX].join(",");
    refused(&format!(r#"{{"$or": [{branches}]}}"#), &["10000"]);
    let mut nested = String::from(r#"{"a": 1}"#);
    for _ in 0..60 {
        nested = format!(r#"{{"$or": [{nested}]}}"#);
    }
    refused(&nested, &["nest"]);
}

#[test]
fn ids_that_can_match_are_known() {
    let ids = |text: &str| {
        compile(text)
            .ids()
            .map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(
        compile(r#"{"_id": "x"}"#).exact_id(),
        Some(&IdBytes::from_text("x").unwrap())
    );
    assert_eq!(
        compile(r#"{"_id": {"$eq": 5.0}}"#).exact_id(),
        Some(&IdBytes::from_integer(5))
    );
    assert_eq!(
        compile(r#"{"$and": [{"a": 1}, {"_id": 100}]}"#).exact_id(),
        Some(&IdBytes::from_integer(100))
    );
    assert_eq!(
        ids(r#"{"_id": {"$in": [5, 5.0, null, "a", 1.5]}}"#)
            .unwrap()
            .len(),
        2
    );
    assert_eq!(ids(r#"{"_id": null}"#), Some(vec![]));
    for unknown in [
        r#"{"_id": {"$ne": 5}}"#,
        r#"{"_id": {"$gt": 5}}"#,
        r#"{"_id.x": 5}"#,
        r#"{"$or": [{"_id": 5}, {"a": 1}]}"#,
        "{}",
        r#"{"_id": {"$nin": [5]}}"#,
    ] {
        assert_eq!(ids(unknown), None, "{unknown}");
    }
    assert!(compile(r#"{"_id": 5}"#).is_only_ids());
    assert!(!compile(r#"{"_id": 5, "a": 1}"#).is_only_ids());
    assert!(!compile("{}").is_only_ids());
}

#[test]
fn many_roots_are_found_in_maps_and_records() {
    let fields: Vec<String> = (0..100)
        .map(|number| format!(r#""k{number}": {number}"#))
        .collect();
    let all = format!("{{{}}}", fields.join(","));
    yes(&all, &[&all]);
    no(
        &all,
        &[
            &all.replace(r#""k70": 70"#, r#""k70": 71"#),
            &all.replace(r#""k99": 99"#, r#""x": 99"#),
        ],
    );
}

#[test]
fn damaged_documents_are_corrupted_not_matched() {
    let filter = compile(r#"{"a": {"$gt": [1]}, "$or": [{"b": 1}, {"c": 2}]}"#);
    let structures = StructureRegistry::new().snapshot();
    for stored in [
        &[][..],
        &[0x40],
        &[0x60],
        &[0x82, 0xa1, b'a', 0x92, 1],
        &[0x81, 5, 5],
        &[0x90],
        &[0xc1],
    ] {
        assert_eq!(
            filter.matches(stored, &structures).unwrap_err().kind(),
            ErrorKind::Corrupted,
            "{stored:x?}"
        );
    }
}

#[test]
fn filters_go_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Filter>();
}
