//! Updates on documents, from maps and from records; the helpers of the tests below this folder.

use super::*;
use crate::error::{Error, ErrorKind};
use crate::format::intake::intake;
use crate::format::tree::{Tree, plain, tree};
use crate::limits::DEPTH_MAX;

mod arrays;
mod operators;
mod positions;
mod reports;
mod stages;
mod upserts;

use reports::check_report;

/// The clock of all tests: a time with a part below the millisecond.
const NOW: Timestamp = Timestamp {
    seconds: 1000,
    nanoseconds: 5_000_001,
};

/// What `update` makes of `document`, from a plain map and from a record: the tree and whether it changed.
fn apply(update: &str, document: &str) -> Result<(Tree, bool)> {
    apply_to(&Update::compile(&plain(update))?, None, document)
}

/// What the compiled update makes of `document`, of whose array the element at `matched` was matched. What
/// changed, as change streams report it, makes the one of the other.
fn apply_to(update: &Update, matched: Option<usize>, document: &str) -> Result<(Tree, bool)> {
    let circumstances = Circumstances {
        now: NOW,
        matched_position: matched,
        document_bytes_max: 1 << 20,
    };
    let registry = StructureRegistry::new();
    let mut results = Vec::new();
    for _ in 0..3 {
        let mut stored = Vec::new();
        let mut next_id = || Ok(IdBytes::from_integer(1));
        intake(&plain(document), &registry, 1 << 20, &mut next_id, &mut stored).unwrap();
        let mut out = vec![0xee];
        let result = update
            .apply(&stored, &registry, &circumstances, &mut out)
            .map(|changed| {
                let new = &out[1..];
                assert!(changed || new == stored, "unchanged bytes are the old ones");
                check_report(&stored, new, &registry);
                (Tree::from_stored(new, &registry.snapshot()), changed)
            });
        if result.is_err() {
            assert_eq!(out, [0xee], "a refused update leaves the output alone");
        }
        results.push(result);
    }
    let shown: Vec<String> = results.iter().map(|result| format!("{result:?}")).collect();
    assert!(
        shown.windows(2).all(|pair| pair[0] == pair[1]),
        "map and record differ: {shown:?}"
    );
    results.swap_remove(0)
}

#[track_caller]
fn check(update: &str, document: &str, expected: &str) {
    let (after, changed) = apply(update, document).unwrap();
    assert_eq!(after, tree(expected), "{update} on {document}");
    assert_eq!(
        changed,
        tree(document) != tree(expected),
        "changed, {update} on {document}"
    );
}

#[track_caller]
fn refused(update: &str, document: &str, words: &[&str]) -> Error {
    let error = apply(update, document).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidUpdate, "{error}");
    for word in words {
        assert!(error.message().contains(word), "{word} in {error}");
    }
    error
}

#[test]
fn set_changes_and_adds_fields_in_order() {
    check(
        r#"{"$set": {"a": 5}}"#,
        r#"{"_id": 1, "a": 1, "b": 2}"#,
        r#"{"_id": 1, "a": 5, "b": 2}"#,
    );
    check(
        r#"{"$set": {"z": 1, "c": 100}}"#,
        r#"{"_id": 1, "b": 2}"#,
        r#"{"_id": 1, "b": 2, "c": 100, "z": 1}"#,
    );
    check(
        r#"{"$set": {"10": 1, "9": 2}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "9": 2, "10": 1}"#,
    );
    check(
        r#"{"$set": {"a": {"b": [1]}}}"#,
        r#"{"_id": 1, "a": 1}"#,
        r#"{"_id": 1, "a": {"b": [1]}}"#,
    );
    check(
        r#"{"$set": {"a": null}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": null}"#,
    );
    check(r#"{"$set": {}}"#, r#"{"_id": 1}"#, r#"{"_id": 1}"#);
}

#[test]
fn setting_what_is_there_changes_nothing() {
    for value in [
        "5",
        "\"x\"",
        "null",
        r#"{"x": 1, "y": [{"z": 2}]}"#,
        "[1, {\"q\": 1}]",
        "100",
        "date(5)",
    ] {
        let document = format!(r#"{{"_id": 1, "a": {value}}}"#);
        check(&format!(r#"{{"$set": {{"a": {value}}}}}"#), &document, &document);
    }
    let (after, changed) = apply(r#"{"$set": {"a": 5.0}}"#, r#"{"_id": 1, "a": 5}"#).unwrap();
    assert!(changed);
    assert_eq!(after, tree(r#"{"_id": 1, "a": 5.0}"#));
}

#[test]
fn dotted_paths_make_documents_on_their_way() {
    check(
        r#"{"$set": {"a.b.c": 1}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": {"b": {"c": 1}}}"#,
    );
    check(
        r#"{"$set": {"a.b": 1, "a.c": 2}}"#,
        r#"{"_id": 1, "a": {"x": 0}}"#,
        r#"{"_id": 1, "a": {"x": 0, "b": 1, "c": 2}}"#,
    );
    check(
        r#"{"$set": {"a.0": 1}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": {"0": 1}}"#,
    );
    check(
        r#"{"$inc": {"a.n": 2}, "$unset": {"a.x": 1, "b.y": 1}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": {"n": 2}}"#,
    );
    check(r#"{"$unset": {"a.b": 1}}"#, r#"{"_id": 1}"#, r#"{"_id": 1}"#);
}

#[test]
fn positions_change_arrays_and_pad_them_with_null() {
    check(
        r#"{"$set": {"a.1": 9}}"#,
        r#"{"_id": 1, "a": [1, 2, 3]}"#,
        r#"{"_id": 1, "a": [1, 9, 3]}"#,
    );
    check(
        r#"{"$set": {"a.4": 9}}"#,
        r#"{"_id": 1, "a": [1]}"#,
        r#"{"_id": 1, "a": [1, null, null, null, 9]}"#,
    );
    check(
        r#"{"$set": {"a.1.b": 9}}"#,
        r#"{"_id": 1, "a": []}"#,
        r#"{"_id": 1, "a": [null, {"b": 9}]}"#,
    );
    check(
        r#"{"$set": {"a.0.b": 9}}"#,
        r#"{"_id": 1, "a": [{"b": 1, "c": 2}]}"#,
        r#"{"_id": 1, "a": [{"b": 9, "c": 2}]}"#,
    );
    check(
        r#"{"$unset": {"a.0": 1}}"#,
        r#"{"_id": 1, "a": [1, 2]}"#,
        r#"{"_id": 1, "a": [null, 2]}"#,
    );
    check(
        r#"{"$unset": {"a.7": 1}}"#,
        r#"{"_id": 1, "a": [1, 2]}"#,
        r#"{"_id": 1, "a": [1, 2]}"#,
    );
    check(
        r#"{"$unset": {"a.x": 1}}"#,
        r#"{"_id": 1, "a": [1, 2]}"#,
        r#"{"_id": 1, "a": [1, 2]}"#,
    );
    check(
        r#"{"$inc": {"a.10": 1, "a.9": 1, "a.0": 1}}"#,
        r#"{"_id": 1, "a": [1]}"#,
        r#"{"_id": 1, "a": [2, null, null, null, null, null, null, null, null, 1, 1]}"#,
    );
    refused(
        r#"{"$set": {"a.b": 1}}"#,
        r#"{"_id": 1, "a": [1]}"#,
        &["\"a\"", "\"b\"", "array"],
    );
    refused(
        r#"{"$set": {"a.9000000": 1}}"#,
        r#"{"_id": 1, "a": [1]}"#,
        &["9000000"],
    );
}

#[test]
fn unset_removes_fields() {
    check(
        r#"{"$unset": {"a": 1, "c": ""}}"#,
        r#"{"_id": 1, "a": 1, "b": 2, "c": 3}"#,
        r#"{"_id": 1, "b": 2}"#,
    );
    check(
        r#"{"$unset": {"a.b": 1}}"#,
        r#"{"_id": 1, "a": {"b": 1, "c": {"d": 1}}}"#,
        r#"{"_id": 1, "a": {"c": {"d": 1}}}"#,
    );
    check(
        r#"{"$unset": {"a.b": 1}}"#,
        r#"{"_id": 1, "a": {"b": 1}}"#,
        r#"{"_id": 1, "a": {}}"#,
    );
    check(
        r#"{"$unset": {"x": 1, "a.b.c": 1}}"#,
        r#"{"_id": 1, "a": 5}"#,
        r#"{"_id": 1, "a": 5}"#,
    );
}

#[test]
fn inc_adds_exactly_or_refuses() {
    let sum = |old: &str, amount: &str| {
        let document = format!(r#"{{"_id": 1, "n": {old}}}"#);
        apply(&format!(r#"{{"$inc": {{"n": {amount}}}}}"#), &document).map(|(after, _)| match after {
            Tree::Map(fields) => fields[1].1.clone(),
            other => panic!("{other:?}"),
        })
    };
    for (old, amount, expected) in [
        ("1", "2", "3"),
        ("63", "1", "64"),
        ("-1", "1", "0"),
        ("1", "0.5", "1.5"),
        ("1.5", "1", "2.5"),
        ("0.5", "0.5", "1.0"),
        ("4294967295", "1", "4294967296"),
        ("9223372036854775806", "1", "9223372036854775807"),
        ("-9223372036854775807", "-1", "-9223372036854775808"),
        ("9223372036854775808", "1", "9223372036854775809"),
        ("9223372036854775808", "-1", "9223372036854775807"),
        ("9007199254740993", "0.0", "9007199254740992.0"),
    ] {
        assert_eq!(sum(old, amount).unwrap(), tree(expected), "{old} + {amount}");
    }
    for (old, amount) in [
        ("9223372036854775807", "1"),
        ("-9223372036854775808", "-1"),
        ("18446744073709551615", "1"),
    ] {
        assert!(sum(old, amount).unwrap_err().message().contains("64 bits"));
    }
    for old in ["\"1\"", "null", "undefined", "[1]", "{}", "true", "date(1)"] {
        assert!(sum(old, "1").unwrap_err().message().contains("\"n\""), "{old}");
    }
    check(r#"{"$inc": {"n": 5}}"#, r#"{"_id": 1}"#, r#"{"_id": 1, "n": 5}"#);
    check(
        r#"{"$inc": {"n": 0}}"#,
        r#"{"_id": 1, "n": 5}"#,
        r#"{"_id": 1, "n": 5}"#,
    );
    check(
        r#"{"$inc": {"n": 0}}"#,
        r#"{"_id": 1, "n": 0.5}"#,
        r#"{"_id": 1, "n": 0.5}"#,
    );
}

#[test]
fn a_wide_integer_stays_wide() {
    let registry = StructureRegistry::new();
    let wide = [
        0x82, 0xa3, b'_', b'i', b'd', 1, 0xa1, b'n', 0xd3, 0, 0, 0, 0, 0, 0, 0, 5,
    ];
    let update = Update::compile(&plain(r#"{"$inc": {"n": 1}}"#)).unwrap();
    let mut out = Vec::new();
    assert!(
        update
            .apply(&wide, &registry, &Circumstances::default(), &mut out)
            .unwrap()
    );
    assert_eq!(out.get(8..), Some(&[0xd3, 0, 0, 0, 0, 0, 0, 0, 6][..]));
}

#[test]
fn a_path_through_a_value_without_fields_is_refused() {
    for value in ["5", "null", "\"x\"", "date(1)", "true"] {
        let document = format!(r#"{{"_id": 1, "a": {{"b": {value}}}}}"#);
        refused(r#"{"$set": {"a.b.c": 1}}"#, &document, &["\"a.b\"", "\"c\""]);
        refused(r#"{"$inc": {"a.b.c": 1}}"#, &document, &["\"a.b\"", "\"c\""]);
        check(r#"{"$unset": {"a.b.c": 1}}"#, &document, &document);
    }
}

#[test]
fn the_id_never_changes() {
    check(
        r#"{"$set": {"_id": 1, "a": 2}}"#,
        r#"{"_id": 1, "a": 1}"#,
        r#"{"_id": 1, "a": 2}"#,
    );
    check(r#"{"$set": {"_id": 1.0}}"#, r#"{"_id": 1}"#, r#"{"_id": 1}"#);
    refused(r#"{"$set": {"_id": 2}}"#, r#"{"_id": 1}"#, &["2", "1"]);
    refused(r#"{"_id": "x"}"#, r#"{"_id": 1}"#, &["\"x\"", "1"]);
    for update in [
        r#"{"$unset": {"_id": 1}}"#,
        r#"{"$inc": {"_id": 0}}"#,
        r#"{"$set": {"_id.x": 1}}"#,
    ] {
        refused(update, r#"{"_id": 1}"#, &["_id"]);
    }
    let error = apply(r#"{"$set": {"_id": null}}"#, r#"{"_id": 1}"#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidId);
}

#[test]
fn a_replacement_keeps_the_id_and_nothing_else() {
    check(
        r#"{"b": 2, "c": {"d": 127}}"#,
        r#"{"_id": 1, "a": 1}"#,
        r#"{"_id": 1, "b": 2, "c": {"d": 127}}"#,
    );
    check(
        r#"{"b": 2, "_id": 1.0}"#,
        r#"{"_id": 1, "a": 1}"#,
        r#"{"_id": 1, "b": 2}"#,
    );
    check("{}", r#"{"_id": 1, "a": 1}"#, r#"{"_id": 1}"#);
    check(
        r#"{"a": {"x": [1]}}"#,
        r#"{"_id": 1, "a": {"x": [1]}}"#,
        r#"{"_id": 1, "a": {"x": [1]}}"#,
    );
    assert!(Update::compile(&plain("{}")).unwrap().is_replacement());
    assert!(
        !Update::compile(&plain(r#"{"$set": {}}"#))
            .unwrap()
            .is_replacement()
    );
}

#[test]
fn conflicting_paths_are_refused() {
    for update in [
        r#"{"$set": {"a": 1, "a.b": 2}}"#,
        r#"{"$set": {"a.b": 1, "a": 2}}"#,
        r#"{"$set": {"a.b.c": 1}, "$inc": {"a.b": 2}}"#,
        r#"{"$set": {"a": 1}, "$unset": {"a": 1}}"#,
        r#"{"$unset": {"a.b": 1}, "$inc": {"a.b.c": 1}}"#,
    ] {
        refused(update, r#"{"_id": 1}"#, &["conflicts", "\"a"]);
    }
    check(
        r#"{"$set": {"a.b": 1}, "$inc": {"a.c": 2}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": {"b": 1, "c": 2}}"#,
    );
}

#[test]
fn what_the_dialect_does_not_allow_is_named() {
    refused(r#"{"$pushh": {"a": 1}}"#, "{}", &["$pushh", "$set"]);
    refused(r#"{"$set": {"a": 1}, "b": 2}"#, "{}", &["b"]);
    refused(r#"{"b": 2, "$set": {"a": 1}}"#, "{}", &["$set"]);
    refused(r#"{"$set": 5}"#, "{}", &["$set", "integer"]);
    refused(r#"{"$inc": {"a.b": "x"}}"#, "{}", &["$inc", "a.b", "string"]);
    refused(r#"{"$set": {"a..b": 1}}"#, "{}", &["a..b", "empty"]);
    refused(r#"{"$set": {"": 1}}"#, "{}", &["empty"]);
    refused(r#"{"$set": {"a.$b": 1}}"#, "{}", &["a.$b"]);
    refused(r#"{"$unset": {"a.$[x].b": 1}}"#, "{}", &["$[x]"]);
    refused(
        &format!(r#"{{"$set": {{"a{}": 1}}}}"#, ".a".repeat(DEPTH_MAX)),
        "{}",
        &["100"],
    );
    let deep = format!(
        r#"{{"$set": {{"a{}": {}1{}}}}}"#,
        ".a".repeat(50),
        "[".repeat(60),
        "]".repeat(60)
    );
    refused(&deep, "{}", &["100"]);
    let many: Vec<String> = (0..10_001).map(|number| format!(r#""k{number}": 1"#)).collect();
    refused(
        &format!(r#"{{"$set": {{{}}}}}"#, many.join(",")),
        "{}",
        &["10000"],
    );
}

#[test]
fn as_deep_as_documents_nest_is_allowed() {
    let update = format!(
        r#"{{"$set": {{"a{}": {}1{}}}}}"#,
        ".a".repeat(49),
        "[".repeat(50),
        "]".repeat(50)
    );
    let (after, _) = apply(&update, r#"{"_id": 1}"#).unwrap();
    let registry = StructureRegistry::new();
    let mut out = Vec::new();
    intake(&after.to_plain(), &registry, 1 << 20, &mut || panic!(), &mut out).unwrap();
}

#[test]
fn a_result_of_a_known_shape_is_a_record() {
    let registry = StructureRegistry::new();
    let update = Update::compile(&plain(r#"{"$set": {"b": {"c": 1}}}"#)).unwrap();
    let mut last = Vec::new();
    for _ in 0..3 {
        let mut stored = Vec::new();
        intake(
            &plain(r#"{"_id": 1, "a": 1}"#),
            &registry,
            1000,
            &mut || panic!(),
            &mut stored,
        )
        .unwrap();
        last.clear();
        assert!(
            update
                .apply(&stored, &registry, &Circumstances::default(), &mut last)
                .unwrap()
        );
    }
    assert_eq!(last.len(), 5, "two record heads and three values: {last:x?}");
}

#[test]
fn many_fields_change_at_once() {
    let numbers = |first: usize, last: usize, add: usize| {
        let fields: Vec<String> = (first..last)
            .map(|number| format!(r#""k{number:03}": {}"#, number + add))
            .collect();
        fields.join(",")
    };
    let document = format!(r#"{{"_id": 1, {}}}"#, numbers(0, 100, 0));
    let update = format!(r#"{{"$set": {{{}}}}}"#, numbers(50, 200, 1));
    let expected = format!(r#"{{"_id": 1, {}, {}}}"#, numbers(0, 50, 0), numbers(50, 200, 1));
    check(&update, &document, &expected);
}

#[test]
fn damaged_documents_are_corrupted() {
    let registry = StructureRegistry::new();
    let update = Update::compile(&plain(r#"{"$set": {"a": 1}}"#)).unwrap();
    for stored in [
        &[][..],
        &[0x40, 1],
        &[0x82, 0xa3, b'_', b'i', b'd', 1, 0xa1],
        &[0x90],
        &[0x81, 0xa1, b'a', 1],
    ] {
        let mut out = Vec::new();
        let error = update
            .apply(stored, &registry, &Circumstances::default(), &mut out)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted, "{stored:x?}");
        assert!(out.is_empty());
    }
}
