//! The array operators, case by case as MongoDB's manual has them.

use super::*;

/// What `update` makes of the array field `a` that holds `before`.
#[track_caller]
fn becomes(update: &str, before: &str, after: &str) {
    check(
        update,
        &format!(r#"{{"_id": 1, "a": {before}}}"#),
        &format!(r#"{{"_id": 1, "a": {after}}}"#),
    );
}

#[test]
fn push_appends_and_its_modifiers_place_sort_and_cut() {
    let cases = [
        ("89", "[1]", "[1, 89]"),
        ("[7, 8]", "[1]", "[1, [7, 8]]"),
        (r#"{"x": 1}"#, "[]", r#"[{"x": 1}]"#),
        (r#"{"$each": [90, 92, 85]}"#, "[1]", "[1, 90, 92, 85]"),
        (r#"{"$each": []}"#, "[1]", "[1]"),
        (
            r#"{"$each": [50, 60, 70], "$position": 0}"#,
            "[100]",
            "[50, 60, 70, 100]",
        ),
        (
            r#"{"$each": [20, 30], "$position": 2}"#,
            "[50, 60, 70, 100]",
            "[50, 60, 20, 30, 70, 100]",
        ),
        (
            r#"{"$each": [90, 80], "$position": -2}"#,
            "[50, 60, 20, 30, 70, 100]",
            "[50, 60, 20, 30, 90, 80, 70, 100]",
        ),
        (r#"{"$each": [0], "$position": 99}"#, "[1, 2]", "[1, 2, 0]"),
        (r#"{"$each": [0], "$position": -99}"#, "[1, 2]", "[0, 1, 2]"),
        (
            r#"{"$each": [0], "$position": -9223372036854775808}"#,
            "[1, 2]",
            "[0, 1, 2]",
        ),
        (
            r#"{"$each": [80, 78, 86], "$slice": -5}"#,
            "[40, 50, 60]",
            "[50, 60, 80, 78, 86]",
        ),
        (
            r#"{"$each": [100, 20], "$slice": 3}"#,
            "[89, 90]",
            "[89, 90, 100]",
        ),
        (
            r#"{"$each": [], "$slice": -3}"#,
            "[89, 70, 100, 20]",
            "[70, 100, 20]",
        ),
        (r#"{"$each": [5], "$slice": 0}"#, "[89, 70]", "[]"),
        (r#"{"$each": [], "$slice": 9}"#, "[89, 70]", "[89, 70]"),
        (
            r#"{"$each": [40, 60], "$sort": 1}"#,
            "[89, 70, 89, 50]",
            "[40, 50, 60, 70, 89, 89]",
        ),
        (
            r#"{"$each": [], "$sort": -1}"#,
            "[89, 70, 100, 20]",
            "[100, 89, 70, 20]",
        ),
        (
            r#"{"$each": [], "$sort": 1}"#,
            r#"["x", 3, null, {"y": 1}, 1.5, true]"#,
            r#"[null, 1.5, 3, "x", {"y": 1}, true]"#,
        ),
        (
            r#"{"$each": [{"id": 3, "score": 8}, {"id": 4, "score": 7}, {"id": 5, "score": 6}], "$sort": {"score": 1}}"#,
            r#"[{"id": 1, "score": 6}, {"id": 2, "score": 9}]"#,
            r#"[{"id": 1, "score": 6}, {"id": 5, "score": 6}, {"id": 4, "score": 7}, {"id": 3, "score": 8}, {"id": 2, "score": 9}]"#,
        ),
        (
            r#"{"$each": [{"wk": 5, "score": 8}, {"wk": 6, "score": 7}, {"wk": 7, "score": 6}], "$sort": {"score": -1}, "$slice": 3}"#,
            r#"[{"wk": 1, "score": 10}, {"wk": 2, "score": 8}, {"wk": 3, "score": 5}, {"wk": 4, "score": 6}]"#,
            r#"[{"wk": 1, "score": 10}, {"wk": 2, "score": 8}, {"wk": 5, "score": 8}]"#,
        ),
        (
            r#"{"$each": [], "$sort": {"x.y": -1, "z": 1}}"#,
            r#"[{"x": {"y": 1}}, 7, {"x": {"y": 2}, "z": 2}, {"x": {"y": 2}, "z": 1}, {"x": 5}]"#,
            r#"[{"x": {"y": 2}, "z": 1}, {"x": {"y": 2}, "z": 2}, {"x": {"y": 1}}, 7, {"x": 5}]"#,
        ),
        (
            r#"{"$each": [], "$sort": {"x.1": 1}}"#,
            r#"[{"x": [1, 5]}, {"x": [9, 2]}, [0, 0]]"#,
            r#"[[0, 0], {"x": [9, 2]}, {"x": [1, 5]}]"#,
        ),
        (
            r#"{"$slice": 2, "$sort": 1, "$position": 0, "$each": [9]}"#,
            "[5, 4]",
            "[4, 5]",
        ),
        (r#"{"each": [1]}"#, "[]", r#"[{"each": [1]}]"#),
    ];
    for (operand, before, after) in cases {
        becomes(&format!(r#"{{"$push": {{"a": {operand}}}}}"#), before, after);
    }
    check(
        r#"{"$push": {"a.b": 1}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": {"b": [1]}}"#,
    );
    check(
        r#"{"$push": {"a": {"$each": []}}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": []}"#,
    );
    check(
        r#"{"$push": {"a": {"$each": [3, 1], "$sort": 1, "$slice": 1}}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": [1]}"#,
    );
}

#[test]
fn add_to_set_adds_what_is_not_there() {
    let cases = [
        ("1", "[1, 2]", "[1, 2]"),
        ("3", "[1, 2]", "[1, 2, 3]"),
        ("1.0", "[1]", "[1]"),
        ("[3, 4]", "[3, 4]", "[3, 4, [3, 4]]"),
        (
            r#"{"x": 1, "y": 2}"#,
            r#"[{"y": 2, "x": 1}]"#,
            r#"[{"y": 2, "x": 1}, {"x": 1, "y": 2}]"#,
        ),
        (r#"{"x": 1}"#, r#"[{"x": 1.0}]"#, r#"[{"x": 1.0}]"#),
        (
            r#"{"$each": ["camera", "electronics", "accessories"]}"#,
            r#"["electronics", "supplies"]"#,
            r#"["electronics", "supplies", "camera", "accessories"]"#,
        ),
        (r#"{"$each": [5, 4, 5.0, 4, 6]}"#, "[6, 6]", "[6, 6, 5, 4]"),
        (r#"{"$each": []}"#, "[6]", "[6]"),
        ("null", "[null]", "[null]"),
        ("NaN", "[NaN]", "[NaN]"),
    ];
    for (operand, before, after) in cases {
        let update = format!(r#"{{"$addToSet": {{"a": {operand}}}}}"#);
        if before.contains("NaN") {
            let (_, changed) = apply(&update, &format!(r#"{{"_id": 1, "a": {before}}}"#)).unwrap();
            assert!(!changed);
        } else {
            becomes(&update, before, after);
        }
    }
    check(
        r#"{"$addToSet": {"a": {"$each": [2, 1, 2]}}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": [2, 1]}"#,
    );
    check(
        r#"{"$addToSet": {"a": {"$each": []}}}"#,
        r#"{"_id": 1}"#,
        r#"{"_id": 1, "a": []}"#,
    );
}

#[test]
fn pop_takes_from_either_end() {
    let cases = [
        ("-1", "[8, 9, 10]", "[9, 10]"),
        ("1", "[9, 10]", "[9]"),
        ("1.0", "[9]", "[]"),
        ("1", "[]", "[]"),
        ("-1", "[]", "[]"),
    ];
    for (operand, before, after) in cases {
        becomes(&format!(r#"{{"$pop": {{"a": {operand}}}}}"#), before, after);
    }
    check(
        r#"{"$pop": {"b.c": 1, "d": 1}}"#,
        r#"{"_id": 1, "b": 5}"#,
        r#"{"_id": 1, "b": 5}"#,
    );
}

#[test]
fn pull_removes_what_is_equal_or_matches() {
    let cases = [
        (
            r#"{"$in": ["apples", "oranges"]}"#,
            r#"["apples", "pears", "oranges", "grapes"]"#,
            r#"["pears", "grapes"]"#,
        ),
        (
            r#""carrots""#,
            r#"["carrots", "celery", "carrots"]"#,
            r#"["celery"]"#,
        ),
        (r#"{"$gte": 6}"#, "[3, 5, 6, 7, 7, 8]", "[3, 5]"),
        (r#"{"$gte": 6, "$ne": 7}"#, "[3, 6, 7, 8]", "[3, 7]"),
        (r#"{"$not": {"$gt": 5}}"#, "[3, 6]", "[6]"),
        (
            r#"{"score": 8, "item": "B"}"#,
            r#"[{"item": "A", "score": 5}, {"item": "B", "score": 8, "x": 1}, 8]"#,
            r#"[{"item": "A", "score": 5}, 8]"#,
        ),
        (
            r#"{"score": {"$lt": 6}}"#,
            r#"[{"score": 5}, {"score": 8}, 3]"#,
            r#"[{"score": 8}, 3]"#,
        ),
        (
            r#"{"q.n": {"$gt": 2}}"#,
            r#"[{"q": [{"n": 1}, {"n": 3}]}, {"q": [{"n": 2}]}]"#,
            r#"[{"q": [{"n": 2}]}]"#,
        ),
        (
            r#"{"$or": [{"x": 1}, {"x": 2}]}"#,
            r#"[{"x": 1}, {"x": 3}, 1]"#,
            r#"[{"x": 3}, 1]"#,
        ),
        ("{}", r#"[1, {"x": 1}, [], {}]"#, "[1, []]"),
        ("[1, 2]", "[[1, 2], [2, 1], 1]", "[[2, 1], 1]"),
        ("null", "[null, 1, undefined]", "[1]"),
        ("5.0", "[5, 6]", "[6]"),
        ("9", "[5, 6]", "[5, 6]"),
        ("9", "[]", "[]"),
    ];
    for (operand, before, after) in cases {
        becomes(&format!(r#"{{"$pull": {{"a": {operand}}}}}"#), before, after);
    }
    check(
        r#"{"$pull": {"b": 1, "c.d": {"$gt": 1}}}"#,
        r#"{"_id": 1, "c": {}}"#,
        r#"{"_id": 1, "c": {}}"#,
    );
    check(
        r#"{"$pull": {"c.d": {"$gt": 1}}}"#,
        r#"{"_id": 1, "c": {"d": [1, 2]}}"#,
        r#"{"_id": 1, "c": {"d": [1]}}"#,
    );
}

#[test]
fn pull_all_removes_each_value() {
    let cases = [
        ("[0, 5]", "[0, 2, 5, 5, 1, 0]", "[2, 1]"),
        ("[]", "[0]", "[0]"),
        (
            r#"[{"x": 1}, [2]]"#,
            r#"[{"x": 1.0}, {"x": 1, "y": 2}, [2], 2]"#,
            r#"[{"x": 1, "y": 2}, 2]"#,
        ),
    ];
    for (operand, before, after) in cases {
        becomes(&format!(r#"{{"$pullAll": {{"a": {operand}}}}}"#), before, after);
    }
    check(r#"{"$pullAll": {"b": [1]}}"#, r#"{"_id": 1}"#, r#"{"_id": 1}"#);
}

#[test]
fn what_is_no_array_is_refused_by_path_and_type() {
    for operator in ["$push", "$addToSet", "$pop", "$pull"] {
        let update = format!(r#"{{"{operator}": {{"a.b": 1}}}}"#);
        refused(
            &update,
            r#"{"_id": 1, "a": {"b": "x"}}"#,
            &[operator, "\"a.b\"", "array", "string"],
        );
        refused(
            &update,
            r#"{"_id": 1, "a": {"b": null}}"#,
            &[operator, "\"a.b\"", "null"],
        );
    }
    refused(
        r#"{"$pullAll": {"a": [1]}}"#,
        r#"{"_id": 1, "a": {}}"#,
        &["$pullAll", "\"a\"", "object"],
    );
}

#[test]
fn operands_that_an_array_operator_cannot_use_are_refused_when_compiled() {
    let cases: &[(&str, &[&str])] = &[
        (
            r#"{"$push": {"a": {"$each": 5}}}"#,
            &["$push", "\"a\"", "$each", "integer"],
        ),
        (
            r#"{"$push": {"a": {"$each": [], "$slice": 1.5}}}"#,
            &["$push", "$slice", "1.5"],
        ),
        (
            r#"{"$push": {"a": {"$each": [], "$slice": "x"}}}"#,
            &["$push", "$slice", "string"],
        ),
        (
            r#"{"$push": {"a": {"$each": [], "$position": null}}}"#,
            &["$push", "$position", "null"],
        ),
        (
            r#"{"$push": {"a": {"$each": [], "$sort": 2}}}"#,
            &["$push", "$sort", "2"],
        ),
        (
            r#"{"$push": {"a": {"$each": [], "$sort": {}}}}"#,
            &["$push", "$sort"],
        ),
        (
            r#"{"$push": {"a": {"$each": [], "$sort": {"x": 0}}}}"#,
            &["$push", "$sort"],
        ),
        (
            r#"{"$push": {"a": {"$each": [], "$sort": {"x..y": 1}}}}"#,
            &["$push", "x..y"],
        ),
        (
            r#"{"$push": {"a": {"$each": [], "$sort": "x"}}}"#,
            &["$push", "$sort", "string"],
        ),
        (
            r#"{"$push": {"a": {"$each": [], "$foo": 1}}}"#,
            &["$push", "$foo"],
        ),
        (
            r#"{"$addToSet": {"a": {"$each": 5}}}"#,
            &["$addToSet", "$each", "integer"],
        ),
        (
            r#"{"$addToSet": {"a": {"$each": [], "$slice": 5}}}"#,
            &["$addToSet", "$slice"],
        ),
        (r#"{"$pop": {"a": 2}}"#, &["$pop", "\"a\"", "2"]),
        (r#"{"$pop": {"a": "x"}}"#, &["$pop", "string"]),
        (r#"{"$pullAll": {"a": 5}}"#, &["$pullAll", "array", "integer"]),
        (r#"{"$pull": {"a": {"$foo": 5}}}"#, &["$pull", "\"a\"", "$foo"]),
        (
            r#"{"$pull": {"a": {"x": {"$foo": 5}}}}"#,
            &["$pull", "\"a\"", "$foo"],
        ),
        (r#"{"$pull": {"a": {"$gt": 5, "x": 1}}}"#, &["$pull", "\"a\""]),
    ];
    for (update, words) in cases {
        refused(update, r#"{"_id": 1}"#, words);
    }
    let deep = format!("{}1{}", "[".repeat(98), "]".repeat(98));
    for operator in ["$push", "$addToSet"] {
        refused(
            &format!(r#"{{"{operator}": {{"a.b": {deep}}}}}"#),
            "{}",
            &[operator, "100"],
        );
    }
}

#[test]
fn many_values_against_a_long_array_take_no_time() {
    let numbers = |from: usize| {
        let list: Vec<String> = (from..from + 50_000).map(|number| number.to_string()).collect();
        list.join(",")
    };
    let document = format!(r#"{{"_id": 1, "a": [{}]}}"#, numbers(0));
    let started = std::time::Instant::now();
    apply(
        &format!(r#"{{"$addToSet": {{"a": {{"$each": [{}]}}}}}}"#, numbers(25_000)),
        &document,
    )
    .unwrap();
    apply(
        &format!(r#"{{"$pullAll": {{"a": [{}]}}}}"#, numbers(25_000)),
        &document,
    )
    .unwrap();
    assert!(started.elapsed().as_secs() < 10);
}

#[test]
fn an_element_is_asked_no_expression() {
    for condition in [
        r#"{"$expr": {"$gt": ["$b", 1]}}"#,
        r#"{"b": 1, "$or": [{"$expr": "$b"}]}"#,
    ] {
        let update = format!(r#"{{"$pull": {{"a": {condition}}}}}"#);
        refused(
            &update,
            r#"{"_id": 1, "a": [{"b": 2}]}"#,
            &["$pull", "\"a\"", "$expr"],
        );
    }
}
