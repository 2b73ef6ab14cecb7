//! Cases of loops.rs.

use super::*;

#[test]
fn let_binds_variables_for_its_body_only() {
    check(
        r#"{"a": 5, "d": {"x": 7}}"#,
        &[
            (
                r#"{"$let": {"vars": {"l": "$a", "h": 2}, "in": {"$multiply": ["$$l", "$$h"]}}}"#,
                "10",
            ),
            (r#"{"$let": {"vars": {"d": "$d"}, "in": "$$d.x"}}"#, "7"),
            (
                r#"{"$let": {"vars": {"d": {"y": {"$add": ["$a", 1]}}}, "in": "$$d.y"}}"#,
                "6",
            ),
            (
                r#"{"$let": {"vars": {"x": 1}, "in": {"$let": {"vars": {"x": {"$add": ["$$x", 1]}, "y": "$$x"}, "in": ["$$x", "$$y"]}}}}"#,
                "[2, 1]",
            ),
            (
                r#"{"$let": {"vars": {"x": {"$let": {"vars": {"z": "$a"}, "in": "$$z"}}, "y": {"$let": {"vars": {"z": 9, "w": 8}, "in": "$$w"}}}, "in": ["$$x", "$$y"]}}"#,
                "[5, 8]",
            ),
            (r#"{"$let": {"vars": {"CURRENT": "$d"}, "in": "$x"}}"#, "7"),
            (r#"{"$let": {"vars": {"m": "$zz"}, "in": "$$m"}}"#, "missing"),
            (r#"{"$let": {"vars": {"x": 1, "y": "$$x"}, "in": 1}}"#, "error"),
            (r#"{"$let": {"vars": {"X": 1}, "in": 1}}"#, "error"),
            (r#"{"$let": {"vars": {"x.y": 1}, "in": 1}}"#, "error"),
            (r#"{"$let": {"vars": 1, "in": 1}}"#, "error"),
            (r#"{"$let": {"in": 1}}"#, "error"),
        ],
    );
}

#[test]
fn map_and_filter_go_over_each_element() {
    check(
        r#"{"l": [1, 2, 3], "n": null, "d": [{"p": 5}, {"q": 6}], "s": "x"}"#,
        &[
            (
                r#"{"$map": {"input": "$l", "as": "e", "in": {"$add": ["$$e", 2]}}}"#,
                "[3, 4, 5]",
            ),
            (r#"{"$map": {"input": "$l", "in": "$$this"}}"#, "[1, 2, 3]"),
            (r#"{"$map": {"input": "$d", "in": "$$this.p"}}"#, "[5, null]"),
            (r#"{"$map": {"input": "$n", "in": 1}}"#, "null"),
            (r#"{"$map": {"input": "$zz", "in": 1}}"#, "null"),
            (r#"{"$map": {"input": "$s", "in": 1}}"#, "error"),
            (r#"{"$map": {"input": "$l"}}"#, "error"),
            (r#"{"$map": {"input": "$l", "in": "$$e"}}"#, "error"),
            (
                r#"{"$map": {"input": {"$map": {"input": "$l", "in": {"v": "$$this"}}}, "as": "e", "in": {"$map": {"input": "$l", "in": ["$$e.v", "$$this"]}}}}"#,
                "[[[1, 1], [1, 2], [1, 3]], [[2, 1], [2, 2], [2, 3]], [[3, 1], [3, 2], [3, 3]]]",
            ),
            (
                r#"{"$filter": {"input": "$l", "cond": {"$gte": ["$$this", 2]}}}"#,
                "[2, 3]",
            ),
            (
                r#"{"$filter": {"input": "$l", "as": "e", "cond": {"$gte": ["$$e", 2]}, "limit": 1}}"#,
                "[2]",
            ),
            (
                r#"{"$filter": {"input": [[1], "$l"], "cond": {"$eq": ["$$this", "$l"]}}}"#,
                "[[1, 2, 3]]",
            ),
            (
                r#"{"$filter": {"input": "$l", "cond": true, "limit": "$n"}}"#,
                "[1, 2, 3]",
            ),
            (
                r#"{"$filter": {"input": "$l", "cond": true, "limit": 0}}"#,
                "error",
            ),
            (r#"{"$filter": {"input": "$n", "cond": true}}"#, "null"),
            (r#"{"$filter": {"input": "$s", "cond": true}}"#, "error"),
        ],
    );
}

#[test]
fn reduce_folds_an_array() {
    check(
        r#"{"l": [1, 2, 3], "n": null, "s": "x"}"#,
        &[
            (
                r#"{"$reduce": {"input": "$l", "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}}"#,
                "6",
            ),
            (
                r#"{"$reduce": {"input": "$l", "initialValue": {"s": 5, "p": 2}, "in": {"s": {"$add": ["$$value.s", "$$this"]}, "p": {"$multiply": ["$$value.p", "$$this"]}}}}"#,
                r#"{"s": 11, "p": 12}"#,
            ),
            (
                r#"{"$reduce": {"input": [], "initialValue": "$s", "in": 1}}"#,
                r#""x""#,
            ),
            (
                r#"{"$reduce": {"input": "$l", "initialValue": 9, "in": "$$value"}}"#,
                "9",
            ),
            (
                r#"{"$reduce": {"input": "$l", "initialValue": [], "in": {"$cond": [{"$eq": ["$$this", 2]}, [7], ["$$value"]]}}}"#,
                "[[7]]",
            ),
            (
                r#"{"$reduce": {"input": "$n", "initialValue": 0, "in": 1}}"#,
                "null",
            ),
            (
                r#"{"$reduce": {"input": "$s", "initialValue": 0, "in": 1}}"#,
                "error",
            ),
            (r#"{"$reduce": {"input": "$l", "in": 1}}"#, "error"),
        ],
    );
}

#[test]
fn values_nest_no_deeper_than_documents() {
    let numbers = format!("{{\"l\": [{}]}}", vec!["1"; 1000].join(","));
    check(
        &numbers,
        &[(
            r#"{"$reduce": {"input": "$l", "initialValue": 0, "in": ["$$value"]}}"#,
            "limit",
        )],
    );
}

/// An expression within `depth` loops over the array `$l`.
fn nested(depth: usize, innermost: &str, around: &dyn Fn(&str) -> String) -> String {
    (0..depth).fold(innermost.to_owned(), |inner, _| around(&inner))
}

#[test]
fn work_of_nested_loops_is_bounded() {
    let numbers: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
    let document = format!(r#"{{"l": [{}]}}"#, numbers.join(", "));
    let reduce = |inner: &str| {
        format!(
            r#"{{"$reduce": {{"input": "$l", "initialValue": 0, "in": {{"$add": ["$$this", {inner}]}}}}}}"#
        )
    };
    let filter = |inner: &str| {
        format!(r#"{{"$size": {{"$filter": {{"input": "$l", "cond": {{"$lt": [{inner}, 0]}}}}}}}}"#)
    };
    let map = |inner: &str| {
        format!(r#"{{"$size": {{"$map": {{"input": "$l", "in": {{"$add": [{inner}, 1]}}}}}}}}"#)
    };
    for around in [&reduce as &dyn Fn(&str) -> String, &filter, &map] {
        check(&document, &[(&nested(6, "1", around), "limit")]);
    }
    // What an operator walks within a loop counts as well.
    let search = r#"{"$reduce": {"input": "$l", "initialValue": 0, "in": {"$indexOfArray": ["$l", "x"]}}}"#;
    check(&document, &[(search, "-1")]);
    check(&document, &[(&reduce(search), "limit")]);
}
