//! Projections case by case, as MongoDB's manual has them.

use super::*;
use crate::format::id::IdBytes;
use crate::format::intake::intake;
use crate::format::record::StructureRegistry;
use crate::format::tree::{Tree, plain, tree};

/// What `projection` makes of `document`, found by `filter`, as a plain map and as a record.
fn run_found(projection: &str, document: &str, filter: &str) -> Result<Tree> {
    let projection = Projection::compile(&plain(projection))?;
    let filter = Filter::compile(&plain(filter)).unwrap();
    let circumstances = Circumstances {
        filter: Some(&filter),
        now: Timestamp {
            seconds: 7,
            nanoseconds: 0,
        },
        variables: &[],
    };
    let registry = StructureRegistry::new();
    let mut results = Vec::new();
    for _ in 0..3 {
        let mut stored = Vec::new();
        let mut next_id = || Ok(IdBytes::from_integer(1));
        intake(&plain(document), &registry, 1 << 20, &mut next_id, &mut stored).unwrap();
        let mut out = vec![0xc1];
        let structures = registry.snapshot();
        let projected = projection.project(&stored, &structures, &circumstances, &mut out);
        if let Err(error) = projected {
            assert_eq!(out, [0xc1], "an error leaves the buffer as it was");
            return Err(error);
        }
        results.push(Tree::from_normalised(&out[1..]));
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    Ok(results.remove(0))
}

fn run(projection: &str, document: &str) -> Result<Tree> {
    run_found(projection, document, "{}")
}

fn check(cases: &[(&str, &str, &str)]) {
    for (projection, document, expected) in cases {
        assert_eq!(
            run(projection, document).unwrap(),
            tree(expected),
            "{projection} of {document}"
        );
    }
}

#[test]
fn inclusions_keep_what_they_name_in_the_order_of_the_document() {
    check(&[
        (
            r#"{"c": 1, "a": true}"#,
            r#"{"_id": 1, "a": 2, "b": 3, "c": [4, {"d": 5}]}"#,
            r#"{"_id": 1, "a": 2, "c": [4, {"d": 5}]}"#,
        ),
        (
            r#"{"a": 1, "_id": 0}"#,
            r#"{"_id": 1, "a": 2, "b": 3}"#,
            r#"{"a": 2}"#,
        ),
        (r#"{"_id": 1}"#, r#"{"_id": 1, "a": 2}"#, r#"{"_id": 1}"#),
        (r#"{"z": 1}"#, r#"{"_id": 1, "a": 2}"#, r#"{"_id": 1}"#),
        (
            r#"{"a.b": 1}"#,
            r#"{"_id": 1, "a": {"b": 1, "c": 2}, "d": 1}"#,
            r#"{"_id": 1, "a": {"b": 1}}"#,
        ),
        (
            r#"{"a": {"b": 1}}"#,
            r#"{"_id": 1, "a": {"b": 1, "c": 2}, "d": 1}"#,
            r#"{"_id": 1, "a": {"b": 1}}"#,
        ),
        (
            r#"{"a": {"b.c": 2.5}, "a.d": 1}"#,
            r#"{"_id": 1, "a": {"b": {"c": 1, "e": 0}, "c": 2, "d": 3}}"#,
            r#"{"_id": 1, "a": {"b": {"c": 1}, "d": 3}}"#,
        ),
        // Arrays are gone through, and what is no document in them goes.
        (
            r#"{"a.b": 1}"#,
            r#"{"_id": 1, "a": [{"b": 1, "c": 2}, 5, {"c": 1}, [{"b": 3, "d": 4}, 6]]}"#,
            r#"{"_id": 1, "a": [{"b": 1}, {}, [{"b": 3}]]}"#,
        ),
        (r#"{"a.b": 1}"#, r#"{"_id": 1, "a": 5}"#, r#"{"_id": 1}"#),
        (
            r#"{"a.0": 1}"#,
            r#"{"_id": 1, "a": [{"0": 1, "1": 2}, 7]}"#,
            r#"{"_id": 1, "a": [{"0": 1}]}"#,
        ),
        (r#"{"_id.x": 1}"#, r#"{"_id": 1, "a": 5}"#, "{}"),
    ]);
}

#[test]
fn exclusions_keep_all_but_what_they_name() {
    check(&[
        (
            r#"{}"#,
            r#"{"_id": 1, "a": {"b": [2]}}"#,
            r#"{"_id": 1, "a": {"b": [2]}}"#,
        ),
        (
            r#"{"a": 0}"#,
            r#"{"_id": 1, "a": 2, "b": 3}"#,
            r#"{"_id": 1, "b": 3}"#,
        ),
        (r#"{"_id": 0}"#, r#"{"_id": 1, "a": 2}"#, r#"{"a": 2}"#),
        (
            r#"{"_id": false, "a": 0.0}"#,
            r#"{"_id": 1, "a": 2, "b": 3}"#,
            r#"{"b": 3}"#,
        ),
        (
            r#"{"_id": 1, "a": 0}"#,
            r#"{"_id": 1, "a": 2, "b": 3}"#,
            r#"{"_id": 1, "b": 3}"#,
        ),
        (
            r#"{"a.b": 0}"#,
            r#"{"_id": 1, "a": [{"b": 1, "c": 2}, 5, [{"b": 3}, 6]]}"#,
            r#"{"_id": 1, "a": [{"c": 2}, 5, [{}, 6]]}"#,
        ),
        (
            r#"{"a": {"b": 0, "c": {"d": 0}}}"#,
            r#"{"_id": 1, "a": {"b": 1, "c": {"d": 1, "e": 2}}}"#,
            r#"{"_id": 1, "a": {"c": {"e": 2}}}"#,
        ),
        (r#"{"a.b": 0}"#, r#"{"_id": 1, "a": 5}"#, r#"{"_id": 1, "a": 5}"#),
    ]);
}

#[test]
fn slices_keep_a_part_of_an_array() {
    let document = r#"{"_id": 1, "a": [1, 2, 3, 4], "b": 5}"#;
    for (slice, kept) in [
        ("2", "[1, 2]"),
        ("0", "[]"),
        ("-1", "[4]"),
        ("-9", "[1, 2, 3, 4]"),
        ("2.9", "[1, 2]"),
        ("[1, 2]", "[2, 3]"),
        ("[3, 9]", "[4]"),
        ("[4, 1]", "[]"),
        ("[9, 9]", "[]"),
        ("[-3, 2]", "[2, 3]"),
        ("[-9, 2]", "[1, 2]"),
        ("[-1, 9223372036854775807]", "[4]"),
        ("-9223372036854775808", "[1, 2, 3, 4]"),
    ] {
        let projection = format!(r#"{{"a": {{"$slice": {slice}}}}}"#);
        let expected = format!(r#"{{"_id": 1, "a": {kept}, "b": 5}}"#);
        check(&[(projection.as_str(), document, expected.as_str())]);
    }
    check(&[
        (
            r#"{"a": {"$slice": 1}, "_id": 1}"#,
            document,
            r#"{"_id": 1, "a": [1]}"#,
        ),
        (
            r#"{"a": {"$slice": 1}, "_id": 0}"#,
            document,
            r#"{"a": [1], "b": 5}"#,
        ),
        (
            r#"{"a": {"$slice": 1}, "z": 1}"#,
            document,
            r#"{"_id": 1, "a": [1]}"#,
        ),
        (
            r#"{"a": {"$slice": 1}, "b": 0}"#,
            document,
            r#"{"_id": 1, "a": [1]}"#,
        ),
        (
            r#"{"b": {"$slice": 1}}"#,
            document,
            r#"{"_id": 1, "a": [1, 2, 3, 4], "b": 5}"#,
        ),
        (
            r#"{"a.b": {"$slice": -1}}"#,
            r#"{"_id": 1, "a": [{"b": [1, 2], "c": 3}, [{"b": [1, 2]}], 4]}"#,
            r#"{"_id": 1, "a": [{"b": [2], "c": 3}, [{"b": [1, 2]}], 4]}"#,
        ),
        // What is no form of projections may be one of expressions.
        (
            r#"{"x": {"$slice": ["$a", 2]}}"#,
            document,
            r#"{"_id": 1, "x": [1, 2]}"#,
        ),
    ]);
}

#[test]
fn elem_match_keeps_the_first_element_that_matches() {
    let document = r#"{"_id": 1, "a": [{"n": 1}, {"n": 2, "v": 3}, {"n": 2}], "b": [1, 5, 9], "c": 0}"#;
    check(&[
        (
            r#"{"a": {"$elemMatch": {"n": 2}}}"#,
            document,
            r#"{"_id": 1, "a": [{"n": 2, "v": 3}]}"#,
        ),
        (
            r#"{"b": {"$elemMatch": {"$gt": 1, "$lt": 9}}}"#,
            document,
            r#"{"_id": 1, "b": [5]}"#,
        ),
        (r#"{"a": {"$elemMatch": {"n": 7}}}"#, document, r#"{"_id": 1}"#),
        (r#"{"c": {"$elemMatch": {"$gte": 0}}}"#, document, r#"{"_id": 1}"#),
        // It follows what is kept, and by itself keeps nothing else.
        (
            r#"{"a": {"$elemMatch": {"n": 1}}, "c": 1, "_id": 0}"#,
            document,
            r#"{"c": 0, "a": [{"n": 1}]}"#,
        ),
        (
            r#"{"a": {"$elemMatch": {"n": 1}}, "_id": 0}"#,
            document,
            r#"{"a": [{"n": 1}]}"#,
        ),
        (
            r#"{"a": {"$elemMatch": {"n": 1}}, "b": 0}"#,
            document,
            r#"{"_id": 1, "a": [{"n": 1}], "c": 0}"#,
        ),
        (
            r#"{"a": {"$elemMatch": {"n": 1}}, "b": {"$slice": 1}}"#,
            document,
            r#"{"_id": 1, "a": [{"n": 1}], "b": [1], "c": 0}"#,
        ),
    ]);
}

#[test]
fn positional_keeps_the_element_that_the_filter_matched() {
    let document = r#"{"_id": 1, "a": [{"n": 1, "v": 1}, {"n": 2, "v": 2}], "b": {"c": [5, 6, 7]}, "d": 1}"#;
    for (projection, filter, expected) in [
        (
            r#"{"a.$": 1}"#,
            r#"{"a.n": 2}"#,
            r#"{"_id": 1, "a": [{"n": 2, "v": 2}]}"#,
        ),
        (
            r#"{"a.$": 1}"#,
            r#"{"a": {"$elemMatch": {"v": 2}}}"#,
            r#"{"_id": 1, "a": [{"n": 2, "v": 2}]}"#,
        ),
        (
            r#"{"b.c.$": true, "d": 1}"#,
            r#"{"b.c": {"$gt": 5}}"#,
            r#"{"_id": 1, "b": {"c": [6]}, "d": 1}"#,
        ),
        (
            r#"{"b": {"c.$": 1}, "_id": 0}"#,
            r#"{"b.c": 7}"#,
            r#"{"b": {"c": [7]}}"#,
        ),
        // The first array on the path is the one that is cut.
        (
            r#"{"a.v.$": 1}"#,
            r#"{"a.n": 2}"#,
            r#"{"_id": 1, "a": [{"v": 2}]}"#,
        ),
        // Where there is no array nothing is cut.
        (r#"{"d.$": 1}"#, r#"{"d": 1}"#, r#"{"_id": 1, "d": 1}"#),
        (r#"{"z.$": 1}"#, r#"{"z": null}"#, r#"{"_id": 1}"#),
    ] {
        let projected = run_found(projection, document, filter).unwrap();
        assert_eq!(projected, tree(expected), "{projection} found by {filter}");
    }
    for filter in [r#"{"d": 1}"#, r#"{"a": {"$exists": true}}"#] {
        let error = run_found(r#"{"a.$": 1}"#, document, filter).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidProjection);
        assert!(error.message().contains("\"a\""), "{error}");
    }
}

#[test]
fn positional_needs_a_condition_on_its_field() {
    let projection = Projection::compile(&plain(r#"{"a.b.$": 1}"#)).unwrap();
    let filter = |text| Filter::compile(&plain(text)).unwrap();
    assert!(
        projection
            .check_filter(Some(&filter(r#"{"$or": [{"a.c": 1}, {"d": 1}]}"#)))
            .is_ok()
    );
    for found in [None, Some(&filter("{}")), Some(&filter(r#"{"b": 1}"#))] {
        let error = projection.check_filter(found).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidProjection);
    }
    let other = Projection::compile(&plain(r#"{"a": 1}"#)).unwrap();
    assert!(other.check_filter(None).is_ok());
}

#[test]
fn expressions_follow_what_is_kept() {
    check(&[
        (
            r#"{"x": "$a", "b": 1}"#,
            r#"{"_id": 1, "b": 2, "a": 5}"#,
            r#"{"_id": 1, "b": 2, "x": 5}"#,
        ),
        (
            r#"{"a": "$b", "b": 1}"#,
            r#"{"_id": 1, "a": 5, "b": 2}"#,
            r#"{"_id": 1, "b": 2, "a": 2}"#,
        ),
        (
            r#"{"x": {"$add": ["$a", 1]}, "_id": 0}"#,
            r#"{"_id": 1, "a": 5}"#,
            r#"{"x": 6}"#,
        ),
        (
            r#"{"x": "text", "y": null, "z": [1, "$a"]}"#,
            r#"{"_id": 1, "a": 5}"#,
            r#"{"_id": 1, "x": "text", "y": null, "z": [1, 5]}"#,
        ),
        (
            r#"{"x": "$none", "n": "$$NOW"}"#,
            r#"{"_id": 1}"#,
            r#"{"_id": 1, "n": date(7)}"#,
        ),
        (
            r#"{"a.x": "$d", "a.b": 1}"#,
            r#"{"_id": 1, "a": [{"b": 1, "c": 2}, 3], "d": 4}"#,
            r#"{"_id": 1, "a": [{"b": 1, "x": 4}, {"x": 4}]}"#,
        ),
        (
            r#"{"a.x": "$d"}"#,
            r#"{"_id": 1, "d": 4}"#,
            r#"{"_id": 1, "a": {"x": 4}}"#,
        ),
        (
            r#"{"x": {"$literal": 1}}"#,
            r#"{"_id": 1}"#,
            r#"{"_id": 1, "x": 1}"#,
        ),
        (
            r#"{"x": "$$ROOT"}"#,
            r#"{"_id": 1, "a": {"b": 2}}"#,
            r#"{"_id": 1, "x": {"_id": 1, "a": {"b": 2}}}"#,
        ),
    ]);
}

#[test]
fn what_is_no_projection_is_refused_by_path() {
    let cases: &[(&str, &[&str])] = &[
        (r#"{"a": 1, "b": 0}"#, &["\"b\"", "drops"]),
        (r#"{"a": 0, "b": 1}"#, &["\"b\"", "keeps"]),
        (r#"{"a": 0, "b": "$c"}"#, &["\"b\""]),
        (r#"{"a": {"b": 1, "c": 0}}"#, &["\"a.c\""]),
        (r#"{"a": 1, "a.b": 1}"#, &["\"a.b\"", "conflicts"]),
        (r#"{"a.b": 1, "a": 1}"#, &["\"a\"", "conflicts"]),
        (r#"{"a.b": {"$slice": 1}, "a": 1}"#, &["\"a\"", "conflicts"]),
        (r#"{"a.$": 1, "a.b": 1}"#, &["\"a.b\"", "conflicts"]),
        (r#"{"a": {}}"#, &["\"a\"", "empty"]),
        (r#"{"": 1}"#, &["names are not empty"]),
        (r#"{"a..b": 1}"#, &["a..b"]),
        (r#"{"$a": 1}"#, &["$a"]),
        (r#"{"a": {"$foo": 1}}"#, &["\"a\"", "$foo"]),
        (r#"{"a": {"$add": [1], "b": 1}}"#, &["$add", "beside"]),
        (r#"{"a": {"$meta": "textScore"}}"#, &["$meta", "\"a\""]),
        (r#"{"a": {"$slice": "x"}}"#, &["\"a\"", "$slice", "string"]),
        (r#"{"a": {"$slice": [1]}}"#, &["\"a\"", "$slice", "[skip, limit]"]),
        (r#"{"a": {"$slice": [1, 0]}}"#, &["\"a\"", "above 0"]),
        (r#"{"a": {"$slice": [1, -1]}}"#, &["\"a\"", "above 0"]),
        (r#"{"a": {"$elemMatch": 1}}"#, &["\"a\"", "$elemMatch"]),
        (r#"{"a": {"$elemMatch": {"$foo": 1}}}"#, &["\"a\"", "$foo"]),
        (r#"{"a.b": {"$elemMatch": {"c": 1}}}"#, &["\"a.b\"", "$elemMatch"]),
        (
            r#"{"a": {"b": {"$elemMatch": {"c": 1}}}}"#,
            &["\"a.b\"", "$elemMatch"],
        ),
        (r#"{"a.$": 1, "b.$": 1}"#, &["\"b.$\"", "second"]),
        (r#"{"a.$": 0}"#, &["\"a.$\"", "inclusions"]),
        (r#"{"a.$": "$b"}"#, &["\"a.$\""]),
        (r#"{"a.$.b": 1}"#, &["\"a.$.b\"", "end"]),
        (r#"{"a.$.$": 1}"#, &["\"a.$.$\""]),
        (r#"{"$": 1}"#, &["\"$\""]),
        (r#"{"a.$": 1, "b": {"$elemMatch": {"c": 1}}}"#, &["$elemMatch"]),
    ];
    for (projection, words) in cases {
        let error = run(projection, r#"{"_id": 1}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidProjection, "{error}");
        for word in *words {
            assert!(error.message().contains(word), "{word} in {error}");
        }
    }
    for bytes in [&[0x91, 1][..], &[0x81], &[], &[0x80, 0x80]] {
        let error = Projection::compile(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidProjection, "{error}");
    }
}

#[test]
fn only_plain_inclusions_tell_their_paths() {
    let paths = |text| Projection::compile(&plain(text)).unwrap().included_paths();
    assert_eq!(paths(r#"{"a.b": 1, "c": 1}"#).unwrap(), ["_id", "a.b", "c"]);
    assert_eq!(paths(r#"{"c": 1, "_id": 0}"#).unwrap(), ["c"]);
    for other in [
        r#"{"a": 0}"#,
        "{}",
        r#"{"a": "$b"}"#,
        r#"{"a.$": 1}"#,
        r#"{"a": {"$slice": 1}, "b": 1}"#,
    ] {
        assert_eq!(paths(other), None, "{other}");
    }
    assert!(Projection::compile(&plain("{}")).unwrap().keeps_all());
}

#[test]
fn wide_maps_and_arrays_have_the_heads_of_their_counts() {
    for kept in [0, 1, 14, 15, 16, 40] {
        let fields: Vec<String> = (0..40)
            .map(|number| format!(r#""f{number}": {number}"#))
            .collect();
        let dropped: Vec<String> = (kept..40).map(|number| format!(r#""f{number}": 0"#)).collect();
        let document = format!(r#"{{"_id": 1, "m": {{{}}}}}"#, fields.join(","));
        let projection = format!(
            r#"{{"x": 0, "m": {{{}}}}}"#,
            [r#""y": 0"#.to_owned()]
                .into_iter()
                .chain(dropped)
                .collect::<Vec<_>>()
                .join(",")
        );
        let expected = format!(r#"{{"_id": 1, "m": {{{}}}}}"#, fields[..kept].join(","));
        check(&[(&projection, &document, &expected)]);
        let elements = |list: &[String]| {
            list.iter()
                .map(|field| format!("{{{field}}}"))
                .collect::<Vec<_>>()
                .join(",")
        };
        let document = format!(
            r#"{{"_id": 1, "m": [{}, {}]}}"#,
            elements(&fields[..kept]),
            vec!["1"; 40].join(",")
        );
        let names: Vec<String> = (0..40).map(|number| format!(r#""f{number}": 1"#)).collect();
        let projection = format!(r#"{{"m": {{{}}}}}"#, names.join(","));
        let expected = format!(r#"{{"_id": 1, "m": [{}]}}"#, elements(&fields[..kept]));
        if kept > 0 {
            check(&[(&projection, &document, &expected)]);
        }
    }
}

#[test]
fn what_is_computed_is_bounded() {
    let deep = format!(r#"{{"_id": 1, "a": {}1{}}}"#, "[".repeat(60), "]".repeat(60));
    let path = vec!["b"; 60].join(".");
    let error = run(&format!(r#"{{"{path}": "$a"}}"#), &deep).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}
