use crate::error::ErrorKind;
use crate::format::id::IdBytes;
use crate::format::intake::intake;
use crate::format::owned::Owned;
use crate::format::record::{NO_STRUCTURES, StructureRegistry};
use crate::format::tree::plain;
use crate::format::value::Cursor;
use crate::query::TERMS_MAX;
use crate::query::filter::{Filter, Matcher};

/// Whether `filter` matches `document`: as a plain map, as a record and in memory.
fn matches(filter: &str, document: &str) -> bool {
    let filter = Filter::compile(&plain(filter)).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let registry = StructureRegistry::new();
    let mut results = Vec::new();
    for _ in 0..3 {
        let mut stored = Vec::new();
        let mut next_id = || Ok(IdBytes::from_integer(1));
        intake(&plain(document), &registry, 1 << 20, &mut next_id, &mut stored).unwrap();
        results.push(filter.matches(&stored, &registry.snapshot()).unwrap());
    }
    let owned = Owned::read(Cursor::new(&plain(document), &NO_STRUCTURES)).unwrap();
    results.push(filter.matches_owned(&owned).unwrap());
    assert!(
        results.windows(2).all(|pair| pair[0] == pair[1]),
        "forms differ: {document}"
    );
    results[0]
}

/// What one filter matches and what it does not, as values of `a`; "-" is a document without it.
fn check(operators: &str, hits: &[&str], misses: &[&str]) {
    let filter = format!(r#"{{"a": {operators}}}"#);
    let document = |value: &&str| match *value {
        "-" => "{}".to_owned(),
        value => format!(r#"{{"a": {value}}}"#),
    };
    for hit in hits.iter().map(document) {
        assert!(matches(&filter, &hit), "{filter} must match {hit}");
    }
    for miss in misses.iter().map(document) {
        assert!(!matches(&filter, &miss), "{filter} must not match {miss}");
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
fn type_knows_names_and_numbers() {
    check(
        r#"{"$type": "string"}"#,
        &[r#""x""#, r#"[1, "x"]"#],
        &["1", "-", "null", "[1]"],
    );
    check(r#"{"$type": 2}"#, &[r#""x""#], &["2"]);
    check(
        r#"{"$type": "array"}"#,
        &["[]", "[1]", "[[1]]"],
        &["1", "{}", "-"],
    );
    check(r#"{"$type": "object"}"#, &["{}", "[{}]"], &["[]", "1"]);
    check(
        r#"{"$type": "number"}"#,
        &["1", "1.5", "9223372036854775808", "5000000000"],
        &[r#""1""#, "true"],
    );
    check(
        r#"{"$type": "int"}"#,
        &["1", "2147483647", "-2147483648"],
        &["2147483648", "1.0"],
    );
    check(
        r#"{"$type": "long"}"#,
        &["2147483648", "18446744073709551615"],
        &["1", "1.0"],
    );
    check(r#"{"$type": "double"}"#, &["1.0", "NaN"], &["1"]);
    check(
        r#"{"$type": ["bool", 9, "binData"]}"#,
        &["true", "date(5)", "bin(00)"],
        &["1", "null"],
    );
    check(
        r#"{"$type": "null"}"#,
        &["null", "[null]"],
        &["-", "undefined", "0"],
    );
    check(r#"{"$type": 6.0}"#, &["undefined"], &["null", "-"]);
    check(r#"{"$type": "objectId"}"#, &[], &[r#""x""#, "1"]);
    check(r#"{"$type": -1}"#, &[], &["1"]);
    check(r#"{"$not": {"$type": "string"}}"#, &["1", "-"], &[r#""x""#]);
    refused(r#"{"a": {"$type": "text"}}"#, &["$type", "\"a\""]);
    refused(r#"{"a": {"$type": 0}}"#, &["$type"]);
    refused(r#"{"a": {"$type": 2.5}}"#, &["$type"]);
    refused(r#"{"a": {"$type": []}}"#, &["$type", "at least one"]);
    refused(r#"{"a": {"$type": {"b": 1}}}"#, &["$type", "object"]);
}

#[test]
fn mod_truncates_and_keeps_the_sign() {
    check(
        r#"{"$mod": [4, 0]}"#,
        &["0", "8", "8.9", "-4", "[1, 12]"],
        &["1", r#""8""#, "null", "-", "NaN", "inf", "-inf"],
    );
    check(r#"{"$mod": [4, -1]}"#, &["-5", "-1.5"], &["3", "-4"]);
    check(r#"{"$mod": [-4, 1]}"#, &["5"], &["-5"]);
    check(r#"{"$mod": [4.9, 1.9]}"#, &["5", "1"], &["4"]);
    check(
        r#"{"$mod": [10, 5]}"#,
        &["18446744073709551615"],
        &["1.0e300", "9223372036854775807"],
    );
    check(r#"{"$mod": [-1, 0]}"#, &["-9223372036854775808"], &[]);
    for operand in [
        "[0, 1]",
        "[0.5, 1]",
        "[4]",
        "[]",
        "[4, 1, 2]",
        "4",
        "[NaN, 1]",
        "[4, inf]",
        r#"["4", 1]"#,
        "[4, null]",
    ] {
        refused(&format!(r#"{{"x.y": {{"$mod": {operand}}}}}"#), &["$mod", "x.y"]);
    }
}

#[test]
fn regex_matches_strings_only() {
    check(
        r#"{"$regex": "^ab"}"#,
        &[r#""abc""#, r#"[1, "ab"]"#],
        &[r#""cab""#, "1", "null", "-", r#"{"a": "ab"}"#],
    );
    check(r#"{"$regex": "AB", "$options": "i"}"#, &[r#""xab""#], &[r#""a""#]);
    check(r#"{"$options": "i", "$regex": "AB"}"#, &[r#""xab""#], &[]);
    check(
        r#"{"$not": {"$regex": "^ab"}}"#,
        &["1", "-", r#""b""#],
        &[r#""ab""#, r#"["x", "ab"]"#],
    );
    check(r#"{"$regex": "a", "$ne": "ab"}"#, &[r#""a""#], &[r#""ab""#]);
    check(
        r#"{"$elemMatch": {"$regex": "a"}}"#,
        &[r#"["b", "a"]"#],
        &[r#""a""#],
    );
    refused(
        r#"{"a": {"$regex": "(?=x)"}}"#,
        &["$regex", "\"a\"", "look-around"],
    );
    refused(r#"{"a": {"$regex": 5}}"#, &["$regex", "string"]);
    refused(
        r#"{"a": {"$regex": "a", "$options": 5}}"#,
        &["$options", "string"],
    );
    refused(r#"{"a": {"$options": "i"}}"#, &["$options", "$regex"]);
    refused(r#"{"a": {"$regex": "a", "$options": "g"}}"#, &["'g'"]);
    refused(r#"{"a": {"$in": [{"$regex": "a"}]}}"#, &["$in", "operator"]);
}

#[test]
fn all_asks_for_every_value() {
    check(
        r#"{"$all": [1, 2]}"#,
        &["[2, 1]", "[1, 2, 3]", "[1.0, 2]"],
        &["[1]", "1", "-", "[[1, 2]]"],
    );
    check(r#"{"$all": [1]}"#, &["1", "[1]"], &["2"]);
    check(r#"{"$all": [[1, 2]]}"#, &["[1, 2]", "[[1, 2]]"], &["[2, 1]"]);
    check(r#"{"$all": [null]}"#, &["null", "-", "[1, null]"], &["1"]);
    check(r#"{"$all": []}"#, &[], &["[]", "1", "-"]);
    check(r#"{"$not": {"$all": []}}"#, &["[]", "-"], &[]);
    check(
        r#"{"$all": [{"$elemMatch": {"x": 1, "y": 2}}, {"$elemMatch": {"x": 3}}]}"#,
        &[r#"[{"x": 3}, {"x": 1, "y": 2}]"#],
        &[r#"[{"x": 1}, {"x": 3, "y": 2}]"#, r#"{"x": 3}"#],
    );
    check(
        r#"{"$all": [{"b": 1}]}"#,
        &[r#"[{"b": 1}]"#, r#"{"b": 1}"#],
        &[r#"[{"b": 1, "c": 1}]"#],
    );
    refused(r#"{"a": {"$all": 1}}"#, &["$all", "array"]);
    refused(r#"{"a": {"$all": [{"$gt": 1}]}}"#, &["$all", "operator"]);
    refused(
        r#"{"a": {"$all": [{"$elemMatch": {"x": 1}}, 5]}}"#,
        &["$all", "mixes"],
    );
    refused(
        r#"{"a": {"$all": [5, {"$elemMatch": {"x": 1}}]}}"#,
        &["$all", "mixes"],
    );
}

#[test]
fn elem_match_asks_one_element_for_all() {
    check(
        r#"{"$elemMatch": {"$gt": 5, "$lt": 8}}"#,
        &["[1, 6]"],
        &["[1, 9]", "6", "[]", "-", "[[6]]"],
    );
    check(
        r#"{"$elemMatch": {"$not": {"$gt": 5}}}"#,
        &["[9, 1]", r#"["x"]"#],
        &["[9]", "[]"],
    );
    check(r#"{"$elemMatch": {"$ne": 1}}"#, &["[1, 2]"], &["[1]", "2"]);
    check(
        r#"{"$elemMatch": {"$in": [1, null]}}"#,
        &["[null]", "[1]"],
        &["[]", "[2]"],
    );
    check(
        r#"{"$elemMatch": {"$elemMatch": {"$gt": 5}}}"#,
        &["[[1, 6]]"],
        &["[6]", "[[1]]"],
    );
    check(r#"{"$elemMatch": {"$size": 2}}"#, &["[[1, 2]]"], &["[1, 2]"]);
    check(r#"{"$elemMatch": {"$all": [[1]]}}"#, &["[[1]]"], &["[1]"]);
    check(r#"{"$elemMatch": {"$exists": true}}"#, &["[1]"], &["[]"]);
    check(r#"{"$elemMatch": {"$type": "array"}}"#, &["[[]]"], &["[1]"]);
    check(
        r#"{"$elemMatch": {"x": 1, "y.z": {"$gte": 2}}}"#,
        &[
            r#"[{"x": 1, "y": {"z": 2}}]"#,
            r#"[5, {"x": [1], "y": [{"z": 3}]}]"#,
        ],
        &[r#"[{"x": 1}, {"y": {"z": 2}}]"#, r#"{"x": 1, "y": {"z": 2}}"#],
    );
    check(
        r#"{"$elemMatch": {"x": null}}"#,
        &["[{}]", r#"[{"x": null}]"#, "[[]]"],
        &["[1]", "[]"],
    );
    check(r#"{"$elemMatch": {"0": 5}}"#, &["[[5]]"], &["[5]", "[[1, 5]]"]);
    check(
        r#"{"$elemMatch": {"1.x": 5}}"#,
        &[r#"[[1, {"x": 5}]]"#],
        &[r#"[{"x": 5}]"#],
    );
    check(
        r#"{"$elemMatch": {"$or": [{"x": 1}, {"y": 1}]}}"#,
        &[r#"[{"y": 1}]"#],
        &[r#"[{"y": 2}]"#],
    );
    check(
        r#"{"$elemMatch": {"x": {"$elemMatch": {"y": 1, "z": 1}}}}"#,
        &[r#"[{"x": [{"y": 1, "z": 1}]}]"#],
        &[r#"[{"x": [{"y": 1}, {"z": 1}]}]"#],
    );
    check(r#"{"$elemMatch": {}}"#, &["[{}]", "[[]]"], &["[1]", "[]"]);
    check(
        r#"{"$not": {"$elemMatch": {"$gt": 5}}}"#,
        &["6", "[1]", "-"],
        &["[6]"],
    );
    assert!(matches(
        r#"{"a.b": {"$elemMatch": {"$gt": 1}}}"#,
        r#"{"a": [{"b": [0]}, {"b": [2]}]}"#
    ));
    assert!(matches(
        r#"{"a.0": {"$elemMatch": {"$gt": 1}}}"#,
        r#"{"a": [[2]]}"#
    ));
    assert!(!matches(
        r#"{"a.0": {"$elemMatch": {"$gt": 1}}}"#,
        r#"{"a": [2]}"#
    ));
    refused(r#"{"a": {"$elemMatch": 5}}"#, &["$elemMatch", "integer"]);
    refused(r#"{"a": {"$elemMatch": {"$gt": 1, "b": 1}}}"#, &["\"a\"", "b"]);
    refused(r#"{"a": {"$elemMatch": {"b": 1, "$gt": 1}}}"#, &["$gt"]);
    refused(r#"{"a": {"$elemMatch": {"$where": "1"}}}"#, &["$where", "code"]);
}

#[test]
fn size_counts_elements_of_the_whole_array() {
    check(
        r#"{"$size": 2}"#,
        &["[1, 2]", "[[], 1]"],
        &["[1]", "[[1, 2]]", r#""ab""#, "-", "2"],
    );
    check(r#"{"$size": 0}"#, &["[]"], &["-", "null", "{}"]);
    check(r#"{"$size": 1.0}"#, &["[null]"], &["[]"]);
    check(r#"{"$not": {"$size": 1}}"#, &["-", "[]"], &["[1]"]);
    for operand in ["-1", "1.5", r#""1""#, "null", "NaN", "2147483648", "{}"] {
        refused(&format!(r#"{{"a": {{"$size": {operand}}}}}"#), &["$size"]);
    }
}

#[test]
fn bits_are_tested_by_mask_and_position() {
    // 54 is 0b110110.
    check(
        r#"{"$bitsAllSet": 6}"#,
        &["54", "6", "7.0", "-1", "[1, 6]", "bin(36)"],
        &["2", r#""6""#, "-", "6.5", "NaN", "true"],
    );
    check(
        r#"{"$bitsAllClear": 9}"#,
        &["54", "0", "bin()", "bin(36)"],
        &["8", "-1"],
    );
    check(
        r#"{"$bitsAnySet": [0, 5]}"#,
        &["54", "1", "bin(20)"],
        &["8", "0", "null"],
    );
    check(
        r#"{"$bitsAnyClear": bin(36)}"#,
        &["52", "0", "bin(00)"],
        &["54", "63", "-1"],
    );
    check(
        r#"{"$bitsAllSet": [200]}"#,
        &["-1"],
        &["1", "bin(ff)", "18446744073709551615"],
    );
    check(r#"{"$bitsAllSet": [9]}"#, &["512", "bin(0002)"], &["bin(0200)"]);
    check(
        r#"{"$bitsAllSet": [63]}"#,
        &["18446744073709551615", "-1", "-9223372036854775808.0"],
        &["9223372036854775807", "1.0e300"],
    );
    check(r#"{"$bitsAllSet": []}"#, &["0", "bin()"], &[r#""x""#]);
    check(r#"{"$bitsAnySet": 0}"#, &[], &["0", "-1"]);
    check(r#"{"$bitsAllSet": 2147483648.0}"#, &["2147483648"], &["1"]);
    for operator in ["$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear"] {
        for operand in [
            "-1",
            "1.5",
            "NaN",
            r#""1""#,
            "[-1]",
            "[1.5]",
            r#"["a"]"#,
            "[2147483648]",
            "null",
            "inf",
        ] {
            refused(
                &format!(r#"{{"a": {{"{operator}": {operand}}}}}"#),
                &[operator, "\"a\""],
            );
        }
    }
}

#[test]
fn comments_say_nothing() {
    assert!(matches(r#"{"$comment": "why", "a": 1}"#, r#"{"a": 1}"#));
    assert!(matches(r#"{"$or": [{"$comment": 5, "a": 1}]}"#, r#"{"a": 1}"#));
    refused(r#"{"a": {"$comment": "x"}}"#, &["$comment", "\"a\""]);
}

#[test]
fn references_to_documents_are_values() {
    check(
        r#"{"$ref": "c", "$id": 5}"#,
        &[r#"{"$ref": "c", "$id": 5}"#],
        &[r#"{"$ref": "c", "$id": 6}"#],
    );
    check(
        r#"{"$in": [{"$ref": "c", "$id": 5}]}"#,
        &[r#"{"$ref": "c", "$id": 5}"#],
        &["5"],
    );
    check(
        r#"{"$elemMatch": {"$ref": "c", "$id": 5}}"#,
        &[r#"[{"$id": 5, "$ref": "c"}]"#],
        &[r#"[{"$id": 5}]"#],
    );
    refused(r#"{"a": {"$ref": "c"}}"#, &["$ref"]);
    // The first key decides whether a map is one of operators.
    check(r#"{"b": 1, "$gt": 1}"#, &[r#"{"b": 1, "$gt": 1}"#], &["2"]);
}

#[test]
fn what_is_missing_is_refused_with_a_reason() {
    refused(r#"{"$where": "this.a"}"#, &["$where", "code", "$expr"]);
    refused(r#"{"a": {"$where": "1"}}"#, &["$where", "code"]);
    refused(r#"{"$function": {}}"#, &["$function", "code"]);
    refused(r#"{"$text": {"$search": "x"}}"#, &["$text", "index"]);
    for operator in ["$near", "$nearSphere", "$geoWithin", "$geoIntersects"] {
        refused(
            &format!(r#"{{"a": {{"{operator}": {{}}}}}}"#),
            &[operator, "index", "globe"],
        );
    }
    refused(r#"{"$rand": {}}"#, &["$rand", "$expr"]);
    refused(r#"{"$size": 1}"#, &["$size", "$and"]);
}

#[test]
fn expr_compares_fields_and_may_fail() {
    let over = r#"{"$expr": {"$gt": ["$spent", "$budget"]}}"#;
    assert!(matches(over, r#"{"spent": 5, "budget": 3}"#));
    assert!(!matches(over, r#"{"spent": 3, "budget": 3}"#));
    let both = r#"{"a": 1, "$or": [{"b": 2}, {"$expr": {"$eq": ["$b", "$c.d"]}}]}"#;
    assert!(matches(both, r#"{"a": 1, "b": 5, "c": {"d": 5}}"#));
    assert!(!matches(both, r#"{"a": 2, "b": 5, "c": {"d": 5}}"#));
    assert!(!matches(both, r#"{"a": 1, "b": 6, "c": {"d": 5}}"#));
    assert!(matches(r#"{"$nor": [{"$expr": "$a"}]}"#, r#"{"a": 0}"#));
    assert!(matches(r#"{"$expr": {"$lt": [{"$rand": {}}, 1]}}"#, "{}"));
    assert!(matches(
        r#"{"$expr": {"$gt": ["$$NOW", date(1000000000)]}}"#,
        "{}"
    ));
    refused(
        r#"{"a": {"$elemMatch": {"$expr": true}}}"#,
        &["$expr", "$elemMatch"],
    );
    let refused = Filter::compile(&plain(r#"{"$expr": {"$foo": 1}}"#)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidExpression);
    let filter = Filter::compile(&plain(r#"{"$expr": {"$divide": ["$a", "$b"]}}"#)).unwrap();
    assert!(filter.has_expression());
    let error = filter
        .matches(&plain(r#"{"_id": 1, "a": 1, "b": 0}"#), &NO_STRUCTURES)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidExpression);
}

#[test]
fn expr_sees_the_variables_of_its_caller() {
    let filter =
        Filter::compile_with(&plain(r#"{"$expr": {"$eq": ["$a", "$$wanted"]}}"#), &["wanted"]).unwrap();
    let values = [Some(Owned::Int(5))];
    let mut matcher = Matcher::new(&filter, &NO_STRUCTURES).with_variables(&values);
    assert!(matcher.try_matches(&plain(r#"{"_id": 1, "a": 5}"#)).unwrap());
    assert!(!matcher.try_matches(&plain(r#"{"_id": 1, "a": 6}"#)).unwrap());
}

#[test]
fn work_is_bounded() {
    refused(&format!(r#"{{"a.{}b": 1}}"#, "0.".repeat(9)), &["positions"]);
    let mut nested = r#"{"$gt": 1}"#.to_owned();
    for _ in 0..9 {
        nested = format!(r#"{{"$elemMatch": {{"0": {nested}}}}}"#);
    }
    refused(&format!(r#"{{"a": {nested}}}"#), &["positions"]);
    let mut deep = r#"{"$gt": 1}"#.to_owned();
    for _ in 0..99 {
        deep = format!(r#"{{"$not": {deep}}}"#);
    }
    refused(&format!(r#"{{"a": {deep}}}"#), &["nest"]);
    let many = vec![r#"{"$elemMatch": {"$gt": 1}}"#; TERMS_MAX].join(",");
    refused(&format!(r#"{{"a": {{"$all": [{many}]}}}}"#), &["10000"]);
    let patterns = vec![r#"{"a": {"$regex": "x"}}"#; 257].join(",");
    refused(&format!(r#"{{"$or": [{patterns}]}}"#), &["256"]);
    refused(
        &format!(r#"{{"a": {{"$regex": "{}"}}}}"#, "a".repeat(1 << 20)),
        &["$regex", "32768"],
    );
}
