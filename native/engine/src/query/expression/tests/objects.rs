//! Cases of objects.rs and bits.rs.

use super::*;

const DOCUMENT: &str =
    r#"{"o": {"p": 1, "q": {"r": 2}}, "n": null, "s": "héé", "b": bin(0aff01), "a.b": 5, "l": [1]}"#;

#[test]
fn fields_by_name() {
    check(
        DOCUMENT,
        &[
            (r#"{"$getField": "a.b"}"#, "5"),
            (r#"{"$getField": {"field": "p", "input": "$o"}}"#, "1"),
            (
                r#"{"$getField": {"field": {"$literal": "$x"}, "input": {"$setField": {"field": {"$literal": "$x"}, "input": "$o", "value": 9}}}}"#,
                "9",
            ),
            (r#"{"$getField": {"field": "z", "input": "$o"}}"#, "missing"),
            (r#"{"$getField": {"field": "z", "input": "$n"}}"#, "null"),
            (r#"{"$getField": {"field": "z", "input": "$zz"}}"#, "missing"),
            (r#"{"$getField": {"field": "z", "input": "$s"}}"#, "missing"),
            (r#"{"$getField": 5}"#, "error"),
            (
                r#"{"$setField": {"field": "p", "input": "$o", "value": 7}}"#,
                r#"{"p": 7, "q": {"r": 2}}"#,
            ),
            (
                r#"{"$setField": {"field": "x.y", "input": "$o", "value": 7}}"#,
                r#"{"p": 1, "q": {"r": 2}, "x.y": 7}"#,
            ),
            (
                r#"{"$setField": {"field": "p", "input": "$o", "value": "$$REMOVE"}}"#,
                r#"{"q": {"r": 2}}"#,
            ),
            (
                r#"{"$setField": {"field": "p", "input": "$n", "value": 7}}"#,
                "null",
            ),
            (
                r#"{"$setField": {"field": "p", "input": "$s", "value": 7}}"#,
                "error",
            ),
            (r#"{"$setField": {"field": "p", "input": "$o"}}"#, "error"),
            (r#"{"$unsetField": {"field": "q", "input": "$o"}}"#, r#"{"p": 1}"#),
            (
                r#"{"$mergeObjects": ["$o", {"p": 2, "z": 3}, "$n"]}"#,
                r#"{"p": 2, "q": {"r": 2}, "z": 3}"#,
            ),
            (r#"{"$mergeObjects": "$n"}"#, "{}"),
            (r#"{"$mergeObjects": ["$o", "$s"]}"#, "error"),
            (
                r#"{"$objectToArray": "$o"}"#,
                r#"[{"k": "p", "v": 1}, {"k": "q", "v": {"r": 2}}]"#,
            ),
            (r#"{"$objectToArray": "$n"}"#, "null"),
            (r#"{"$objectToArray": "$l"}"#, "error"),
            (
                r#"{"$arrayToObject": [[["a", 1], ["b", "$n"], ["a", 2]]]}"#,
                r#"{"a": 2, "b": null}"#,
            ),
            (
                r#"{"$arrayToObject": {"$objectToArray": "$o"}}"#,
                r#"{"p": 1, "q": {"r": 2}}"#,
            ),
            (
                r#"{"$arrayToObject": {"$literal": [{"k": "a", "v": 1}, ["b", 2]]}}"#,
                "error",
            ),
            (r#"{"$arrayToObject": {"$literal": [[1, 2]]}}"#, "error"),
            (r#"{"$arrayToObject": {"$literal": [{"k": "a"}]}}"#, "error"),
            (r#"{"$arrayToObject": "$n"}"#, "null"),
            (r#"{"$binarySize": "$s"}"#, "5"),
            (r#"{"$binarySize": "$b"}"#, "3"),
            (r#"{"$binarySize": "$n"}"#, "null"),
            (r#"{"$binarySize": 5}"#, "error"),
            (r#"{"$bsonSize": {"a": 1}}"#, "4"),
            (r#"{"$bsonSize": "$n"}"#, "null"),
            (r#"{"$bsonSize": 5}"#, "error"),
        ],
    );
}

#[test]
fn bits_of_integers() {
    check(
        DOCUMENT,
        &[
            (r#"{"$bitAnd": [12, 10]}"#, "8"),
            (r#"{"$bitAnd": []}"#, "-1"),
            (r#"{"$bitOr": [12, 3]}"#, "15"),
            (r#"{"$bitXor": [12, 10]}"#, "6"),
            (r#"{"$bitNot": 5}"#, "-6"),
            (r#"{"$bitAnd": [12, "$n"]}"#, "null"),
            (r#"{"$bitAnd": [12, 1.5]}"#, "error"),
            (r#"{"$bitNot": "$s"}"#, "error"),
        ],
    );
    let random = compile(r#"{"$rand": {}}"#).unwrap();
    assert!(random.constant().is_none());
    let Ok(Some(Owned::Float(number))) = evaluate_once(&random) else {
        panic!("no random number")
    };
    assert!((0.0..1.0).contains(&number));
}

fn evaluate_once(expression: &Expression) -> Result<Option<Owned>> {
    expression.evaluate_owned(&Scope::new(Root::Owned(&Owned::Null), NOW))
}
