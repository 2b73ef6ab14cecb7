//! Cases of arrays.rs, sets.rs and accumulate.rs.

use super::*;

const DOCUMENT: &str = r#"{"l": [1, 2, 3], "m": [3, 1, 2, null, "b", 1.5], "e": [], "n": null, "s": "x",
    "d": [{"a": 2, "b": 1}, {"a": 1, "b": 9}, {"b": 3}, {"a": 1, "b": 2}], "o": {"p": 1}}"#;

#[test]
fn elements_and_parts_of_arrays() {
    check(
        DOCUMENT,
        &[
            (r#"{"$arrayElemAt": ["$l", 0]}"#, "1"),
            (r#"{"$arrayElemAt": ["$l", -1]}"#, "3"),
            (r#"{"$arrayElemAt": [[1, 2, 3], -3.0]}"#, "1"),
            (r#"{"$arrayElemAt": ["$l", 15]}"#, "missing"),
            (r#"{"$arrayElemAt": ["$l", -4]}"#, "missing"),
            (r#"{"$arrayElemAt": ["$l", -9223372036854775808]}"#, "missing"),
            (r#"{"$arrayElemAt": ["$n", 0]}"#, "null"),
            (r#"{"$arrayElemAt": ["$l", "$n"]}"#, "null"),
            (r#"{"$arrayElemAt": ["$s", 0]}"#, "error"),
            (r#"{"$arrayElemAt": ["$l", 1.5]}"#, "error"),
            (r#"{"$first": "$l"}"#, "1"),
            (r#"{"$last": "$l"}"#, "3"),
            (r#"{"$first": "$e"}"#, "missing"),
            (r#"{"$last": "$zz"}"#, "null"),
            (r#"{"$first": "$s"}"#, "error"),
            (r#"{"$slice": ["$l", 2]}"#, "[1, 2]"),
            (r#"{"$slice": ["$l", -2]}"#, "[2, 3]"),
            (r#"{"$slice": ["$l", 99]}"#, "[1, 2, 3]"),
            (r#"{"$slice": ["$l", 15, 2]}"#, "[]"),
            (r#"{"$slice": ["$l", 1, 1]}"#, "[2]"),
            (r#"{"$slice": ["$l", -2, 1]}"#, "[2]"),
            (r#"{"$slice": ["$l", -9, 2]}"#, "[1, 2]"),
            (r#"{"$slice": ["$l", 1, 0]}"#, "error"),
            (r#"{"$slice": ["$n", 1]}"#, "null"),
            (r#"{"$slice": ["$s", 1]}"#, "error"),
            (r#"{"$concatArrays": ["$l", ["x"], "$e"]}"#, r#"[1, 2, 3, "x"]"#),
            (r#"{"$concatArrays": [["y"], "$l"]}"#, r#"["y", 1, 2, 3]"#),
            (r#"{"$concatArrays": []}"#, "[]"),
            (r#"{"$concatArrays": ["$l", "$n"]}"#, "null"),
            (r#"{"$concatArrays": ["$n", "$s"]}"#, "error"),
            (r#"{"$in": [2.0, "$l"]}"#, "true"),
            (r#"{"$in": ["$zz", "$l"]}"#, "false"),
            (r#"{"$in": [2, "$n"]}"#, "error"),
            (r#"{"$indexOfArray": ["$l", 2]}"#, "1"),
            (r#"{"$indexOfArray": ["$l", 9]}"#, "-1"),
            (r#"{"$indexOfArray": [[1, 2, 1], 1, 1]}"#, "2"),
            (r#"{"$indexOfArray": [[1, 2, 1], 1, 1, 2]}"#, "-1"),
            (r#"{"$indexOfArray": ["$l", 1, 99]}"#, "-1"),
            (r#"{"$indexOfArray": ["$l", 1, -1]}"#, "error"),
            (r#"{"$indexOfArray": ["$n", 1]}"#, "null"),
            (r#"{"$indexOfArray": ["$s", 1]}"#, "error"),
            (r#"{"$isArray": "$l"}"#, "true"),
            (r#"{"$isArray": ["$l"]}"#, "true"),
            (r#"{"$isArray": "$zz"}"#, "false"),
            (r#"{"$size": "$l"}"#, "3"),
            (r#"{"$size": "$zz"}"#, "error"),
            (r#"{"$size": "$s"}"#, "error"),
            (r#"{"$reverseArray": "$l"}"#, "[3, 2, 1]"),
            (r#"{"$reverseArray": "$n"}"#, "null"),
            (r#"{"$reverseArray": "$s"}"#, "error"),
        ],
    );
}

#[test]
fn ranges_zips_and_sorted_arrays() {
    check(
        DOCUMENT,
        &[
            (r#"{"$range": [0, 10, 2]}"#, "[0, 2, 4, 6, 8]"),
            (r#"{"$range": [10, 0, -3]}"#, "[10, 7, 4, 1]"),
            (r#"{"$range": [0, 5]}"#, "[0, 1, 2, 3, 4]"),
            (r#"{"$range": [5, 0]}"#, "[]"),
            (r#"{"$range": [0, 5, 0]}"#, "error"),
            (r#"{"$range": [0, 1.5]}"#, "error"),
            (r#"{"$range": [0, 3000000000]}"#, "error"),
            (r#"{"$range": [0, 2000000000]}"#, "limit"),
            (r#"{"$range": ["$n", 2]}"#, "error"),
            (
                r#"{"$zip": {"inputs": ["$l", ["a", "b"]]}}"#,
                r#"[[1, "a"], [2, "b"]]"#,
            ),
            (
                r#"{"$zip": {"inputs": [[1], [2, 3]], "useLongestLength": true, "defaults": ["a", "b"]}}"#,
                r#"[[1, 2], ["a", 3]]"#,
            ),
            (
                r#"{"$zip": {"inputs": [[1], [2, 3]], "useLongestLength": true}}"#,
                "[[1, 2], [null, 3]]",
            ),
            (r#"{"$zip": {"inputs": [[1], [2]], "defaults": [1, 2]}}"#, "error"),
            (r#"{"$zip": {"inputs": ["$l", "$n"]}}"#, "null"),
            (r#"{"$zip": {"inputs": ["$l", "$s"]}}"#, "error"),
            (
                r#"{"$sortArray": {"input": "$m", "sortBy": 1}}"#,
                r#"[null, 1, 1.5, 2, 3, "b"]"#,
            ),
            (r#"{"$sortArray": {"input": "$l", "sortBy": -1}}"#, "[3, 2, 1]"),
            (
                r#"{"$sortArray": {"input": "$d", "sortBy": {"a": 1, "b": -1}}}"#,
                r#"[{"b": 3}, {"a": 1, "b": 9}, {"a": 1, "b": 2}, {"a": 2, "b": 1}]"#,
            ),
            (r#"{"$sortArray": {"input": "$n", "sortBy": 1}}"#, "null"),
            (r#"{"$sortArray": {"input": "$s", "sortBy": 1}}"#, "error"),
            (r#"{"$sortArray": {"input": "$l", "sortBy": 2}}"#, "error"),
        ],
    );
}

#[test]
fn arrays_as_sets() {
    check(
        DOCUMENT,
        &[
            (r#"{"$setUnion": ["$l", [3.0, 4, 4]]}"#, "[1, 2, 3, 4]"),
            (r#"{"$setUnion": ["$l", "$n"]}"#, "null"),
            (r#"{"$setUnion": ["$l", "$s"]}"#, "error"),
            (r#"{"$setUnion": []}"#, "[]"),
            (
                r#"{"$setIntersection": [["a", "b"], ["b", "c", "b"]]}"#,
                r#"["b"]"#,
            ),
            (r#"{"$setIntersection": ["$l", "$n"]}"#, "null"),
            (r#"{"$setDifference": [[1, 2, 2, 3], [3]]}"#, "[1, 2]"),
            (r#"{"$setDifference": ["$n", [3]]}"#, "null"),
            (r#"{"$setDifference": [3, [3]]}"#, "error"),
            (r#"{"$setEquals": [[1, 2], [2, 1, 1]]}"#, "true"),
            (r#"{"$setEquals": [[1, 2], [2], [1, 2]]}"#, "false"),
            (r#"{"$setEquals": ["$l", "$n"]}"#, "error"),
            (r#"{"$setEquals": ["$l"]}"#, "error"),
            (r#"{"$setIsSubset": [[1, 1], "$l"]}"#, "true"),
            (r#"{"$setIsSubset": [[[1]], "$l"]}"#, "false"),
            (r#"{"$setIsSubset": ["$l", "$n"]}"#, "error"),
            (r#"{"$allElementsTrue": [[true, 1, "x"]]}"#, "true"),
            (r#"{"$allElementsTrue": [[]]}"#, "true"),
            (r#"{"$allElementsTrue": [[null, true]]}"#, "false"),
            (r#"{"$allElementsTrue": ["$n"]}"#, "error"),
            (r#"{"$anyElementTrue": [[0, false, 1]]}"#, "true"),
            (r#"{"$anyElementTrue": [[]]}"#, "false"),
            (r#"{"$anyElementTrue": "$m"}"#, "true"),
        ],
    );
}

#[test]
fn accumulators_within_a_document() {
    check(
        DOCUMENT,
        &[
            (r#"{"$sum": "$l"}"#, "6"),
            (r#"{"$sum": ["$l"]}"#, "6"),
            (r#"{"$sum": ["$l", 1, 2.5]}"#, "3.5"),
            (r#"{"$sum": "$s"}"#, "0"),
            (r#"{"$sum": []}"#, "0"),
            (r#"{"$avg": "$l"}"#, "2.0"),
            (r#"{"$avg": "$zz"}"#, "null"),
            (r#"{"$min": "$m"}"#, "1"),
            (r#"{"$max": "$m"}"#, r#""b""#),
            (r#"{"$max": ["$l", 7]}"#, "[1, 2, 3]"),
            (r#"{"$max": ["$n", "$zz"]}"#, "null"),
            (r#"{"$stdDevPop": "$l"}"#, "0.816496580927726"),
            (r#"{"$stdDevSamp": "$l"}"#, "1.0"),
            (r#"{"$stdDevSamp": [1]}"#, "null"),
            (r#"{"$firstN": {"n": 2, "input": "$l"}}"#, "[1, 2]"),
            (r#"{"$lastN": {"n": 2, "input": "$l"}}"#, "[2, 3]"),
            (r#"{"$minN": {"n": 2, "input": "$m"}}"#, "[1, 1.5]"),
            (r#"{"$maxN": {"n": 2, "input": "$m"}}"#, r#"["b", 3]"#),
            (r#"{"$maxN": {"n": 0, "input": "$m"}}"#, "error"),
            (r#"{"$maxN": {"n": 2, "input": "$n"}}"#, "error"),
            (r#"{"$median": {"input": "$l", "method": "approximate"}}"#, "2.0"),
            (r#"{"$median": {"input": "$s", "method": "approximate"}}"#, "null"),
            (
                r#"{"$percentile": {"input": "$l", "p": [0, 1], "method": "approximate"}}"#,
                "[1.0, 3.0]",
            ),
            (
                r#"{"$percentile": {"input": "$l", "p": 1, "method": "approximate"}}"#,
                "error",
            ),
        ],
    );
}

#[test]
fn growing_an_array_in_a_reduce_is_linear() {
    let count = 200_000;
    let started = std::time::Instant::now();
    let grow = r#"{"$concatArrays": ["$$value", [{"$add": ["$$this", 1]}]]}"#;
    let expression =
        format!(r#"{{"$reduce": {{"input": {{"$range": [0, "$n"]}}, "initialValue": [], "in": {grow}}}}}"#);
    let found = evaluate(&expression, &format!(r#"{{"n": {count}}}"#))
        .unwrap()
        .unwrap();
    match found {
        Owned::Array(elements) => assert_eq!(elements.len(), count),
        other => panic!("{other:?}"),
    }
    // Copying the whole array at each step would take minutes.
    assert!(started.elapsed().as_secs() < 30);
}
