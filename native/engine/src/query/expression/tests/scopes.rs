//! Paths, variables, literals, objects, arrays, choice and comparison.

use super::*;

#[test]
fn paths_follow_documents_and_map_through_arrays() {
    check(
        r#"{"a": 5, "b": {"c": {"d": "x"}}, "l": [{"v": 1}, {"w": 2}, 7, [{"v": 9}], {"v": [3]}], "n": null}"#,
        &[
            (r#""$a""#, "5"),
            (r#""$b.c.d""#, r#""x""#),
            (r#""$b.c""#, r#"{"d": "x"}"#),
            (r#""$l.v""#, "[1, [3]]"),
            (r#""$l.0""#, "[]"),
            (r#""$l.v.z""#, "[[]]"),
            (r#""$n""#, "null"),
            (r#""$n.x""#, "missing"),
            (r#""$a.x""#, "missing"),
            (r#""$zz""#, "missing"),
            (r#""$$ROOT.b.c.d""#, r#""x""#),
            (r#""$$CURRENT.a""#, "5"),
            (r#""$$REMOVE""#, "missing"),
            (r#""$$REMOVE.a""#, "missing"),
            (r#""$""#, "error"),
            (r#""$a.""#, "error"),
            (r#""$a..b""#, "error"),
            (r#""$a.$b""#, "error"),
            (r#""$$unknown""#, "error"),
        ],
    );
    check(r#"{"a": 1}"#, &[(r#""$$ROOT""#, r#"{"a": 1}"#)]);
    assert_eq!(evaluate(r#""$$NOW""#, "{}").unwrap(), Some(Owned::Timestamp(NOW)));
}

#[test]
fn literals_objects_and_arrays_hold_what_they_say() {
    check(
        r#"{"a": 5}"#,
        &[
            ("5", "5"),
            (r#""x""#, r#""x""#),
            ("null", "null"),
            ("{}", "{}"),
            ("[]", "[]"),
            (r#"["$a", "$zz", 3]"#, "[5, null, 3]"),
            (
                r#"{"x": "$a", "y": "$zz", "z": {"w": ["$a"]}}"#,
                r#"{"x": 5, "z": {"w": [5]}}"#,
            ),
            (r#"{"$literal": "$a"}"#, r#""$a""#),
            (r#"{"$literal": {"$add": [1, 2]}}"#, r#"{"$add": [1, 2]}"#),
            (r#"{"$add": [1], "x": 2}"#, "error"),
            (r#"{"x": 2, "$add": [1]}"#, "error"),
            (r#"{"x.y": 2}"#, "error"),
            (r#"{"$frobnicate": 1}"#, "error"),
            (r#"{"$function": {}}"#, "error"),
        ],
    );
}

#[test]
fn comparison_is_of_all_types_and_missing_is_least() {
    check(
        r#"{"a": 5, "s": "x", "n": null, "l": [1, 2]}"#,
        &[
            (r#"{"$eq": ["$a", 5.0]}"#, "true"),
            (r#"{"$eq": ["$s", "x"]}"#, "true"),
            (r#"{"$eq": ["$s", "y"]}"#, "false"),
            (r#"{"$eq": ["$l", 1]}"#, "false"),
            (r#"{"$eq": ["$l", [1, 2]]}"#, "true"),
            (r#"{"$eq": ["$zz", null]}"#, "false"),
            (r#"{"$eq": ["$zz", "$yy"]}"#, "true"),
            (r#"{"$gt": ["$n", "$zz"]}"#, "true"),
            (r#"{"$ne": ["$a", 6]}"#, "true"),
            (r#"{"$gt": ["$s", "$a"]}"#, "true"),
            (r#"{"$gte": ["$a", 5]}"#, "true"),
            (r#"{"$lt": ["$a", 5]}"#, "false"),
            (r#"{"$lte": ["$a", 5]}"#, "true"),
            (r#"{"$cmp": ["$a", 6]}"#, "-1"),
            (r#"{"$cmp": ["$a", 5]}"#, "0"),
            (r#"{"$cmp": ["$a", 4]}"#, "1"),
            (r#"{"$eq": ["$a"]}"#, "error"),
            (r#"{"$eq": "$a"}"#, "error"),
            (r#"{"$eq": [1, 2, 3]}"#, "error"),
        ],
    );
}

#[test]
fn choice_evaluates_only_what_it_takes() {
    check(
        r#"{"a": 5, "n": null, "z": 0, "e": ""}"#,
        &[
            (r#"{"$and": []}"#, "true"),
            (r#"{"$or": []}"#, "false"),
            (r#"{"$and": ["$a", "$e", [], {}]}"#, "true"),
            (r#"{"$and": ["$a", "$n"]}"#, "false"),
            (r#"{"$and": ["$z", {"$divide": ["$a", 0]}]}"#, "false"),
            (r#"{"$or": ["$n", "$z", "$zz", false]}"#, "false"),
            (r#"{"$or": ["$a", {"$divide": ["$a", 0]}]}"#, "true"),
            (r#"{"$not": ["$n"]}"#, "true"),
            (r#"{"$not": "$a"}"#, "false"),
            (r#"{"$not": ["$a", "$n"]}"#, "error"),
            (r#"{"$cond": ["$a", "yes", {"$divide": ["$a", 0]}]}"#, r#""yes""#),
            (r#"{"$cond": {"if": "$n", "then": 1, "else": "$zz"}}"#, "missing"),
            (r#"{"$cond": {"if": "$n", "then": 1}}"#, "error"),
            (
                r#"{"$cond": {"if": 1, "then": 1, "else": 2, "more": 3}}"#,
                "error",
            ),
            (r#"{"$cond": [1, 2]}"#, "error"),
            (r#"{"$ifNull": ["$n", "$zz", "last"]}"#, r#""last""#),
            (r#"{"$ifNull": ["$n", "$a", "last"]}"#, "5"),
            (r#"{"$ifNull": ["$n", "$zz"]}"#, "missing"),
            (r#"{"$ifNull": ["$n"]}"#, "error"),
            (
                r#"{"$switch": {"branches": [{"case": "$n", "then": 1}, {"case": "$a", "then": 2}], "default": 3}}"#,
                "2",
            ),
            (
                r#"{"$switch": {"branches": [{"case": "$n", "then": 1}], "default": 3}}"#,
                "3",
            ),
            (
                r#"{"$switch": {"branches": [{"case": "$n", "then": 1}]}}"#,
                "error",
            ),
            (r#"{"$switch": {"branches": []}}"#, "error"),
            (r#"{"$switch": {"default": 3}}"#, "error"),
        ],
    );
}

#[test]
fn constants_are_folded_and_paths_are_known() {
    let folded = |text: &str| compile(text).unwrap().constant().cloned();
    assert_eq!(
        folded(r#"{"$add": [1, {"$multiply": [2, 3]}]}"#),
        Some(Owned::Int(7))
    );
    assert_eq!(
        folded(r#"[1, {"a": {"$add": [1, 1]}}]"#),
        Some(owned(r#"[1, {"a": 2}]"#))
    );
    assert_eq!(folded(r#"{"$divide": [1, 0]}"#), None);
    assert_eq!(folded(r#"{"$add": ["$a", 1]}"#), None);
    let compiled = compile(r#""$a.b""#).unwrap();
    let names: Vec<_> = compiled
        .field_path()
        .unwrap()
        .iter()
        .map(|segment| &*segment.name)
        .collect();
    assert_eq!(names, [b"a", b"b"]);
}

#[test]
fn variables_of_the_caller_are_found_by_name() {
    let bytes = stored(r#"{"$add": ["$$x", "$$y.z"]}"#);
    let expression = Expression::compile_with(value_of(&bytes), &["x", "y"]).unwrap();
    let (root, values) = (Owned::Null, [Some(Owned::Int(1)), Some(owned(r#"{"z": 2}"#))]);
    let scope = Scope::new(Root::Owned(&root), NOW).with_variables(&values);
    assert_eq!(expression.evaluate_owned(&scope).unwrap(), Some(Owned::Int(3)));
    let missing = scope.with_variables(&[]);
    assert_eq!(expression.evaluate_owned(&missing).unwrap(), Some(Owned::Null));
    assert!(expression.is_true(&scope).unwrap());
}

#[test]
fn expressions_are_bounded_in_depth_and_number() {
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert!(compile(&deep(90)).is_ok());
    let mut bytes = vec![0x91; DEPTH_LEVELS];
    bytes.push(1);
    assert!(Expression::compile(Cursor::new(&bytes, &NO_STRUCTURES)).is_err());
    let many = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    assert!(compile(&many(9_000)).is_ok());
    assert!(compile(&many(10_001)).is_err());
}

/// More levels than any expression may have.
const DEPTH_LEVELS: usize = 100_000;
