//! Stages on documents, case by case as MongoDB's manual has them.

use super::*;
use crate::format::intake::normalise;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::Subject;
use crate::format::tree::{Tree, plain, tree};
use crate::format::value::{Timestamp, Value};

fn normal(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    normalise(&plain(text), Subject::Update, &mut out).unwrap();
    out
}

/// What `stage`, a map of one name, makes of `document`, with `room` bytes for what it makes.
fn run_in(stage: &str, document: &str, mut room: usize) -> Result<Tree> {
    let stage = normal(stage);
    let Value::Map(mut fields) = Cursor::new(&stage, &NO_STRUCTURES).value()? else {
        panic!("a stage is a map");
    };
    let (name, operand) = fields.take_next()?.unwrap();
    let stage = ExpressionStage::compile(name, operand, &[])?.unwrap();
    let document = normal(document);
    let document = Owned::read(Cursor::new(&document, &NO_STRUCTURES))?;
    let now = Timestamp {
        seconds: 7,
        nanoseconds: 0,
    };
    let made = stage.apply(document, &Scope::new(Root::Owned(&Owned::Null), now), &mut room)?;
    let mut out = Vec::new();
    made.write(&mut out);
    Ok(Tree::from_normalised(&out))
}

fn run(stage: &str, document: &str) -> Result<Tree> {
    run_in(stage, document, 1 << 20)
}

#[test]
fn stages_do_what_the_manual_says() {
    let cases = [
        // $set and $addFields
        (
            r#"{"$set": {"a": 1, "c": "$b"}}"#,
            r#"{"_id": 1, "a": 5, "b": 2}"#,
            r#"{"_id": 1, "a": 1, "b": 2, "c": 2}"#,
        ),
        (
            r#"{"$addFields": {"s.f": "unleaded"}}"#,
            r#"{"_id": 1, "s": {"d": 2}}"#,
            r#"{"_id": 1, "s": {"d": 2, "f": "unleaded"}}"#,
        ),
        (
            r#"{"$set": {"s": {"f": 1}}}"#,
            r#"{"s": {"d": 2}}"#,
            r#"{"s": {"d": 2, "f": 1}}"#,
        ),
        (
            r#"{"$set": {"a": "$b", "b": "$a"}}"#,
            r#"{"a": 1, "b": 2}"#,
            r#"{"a": 2, "b": 1}"#,
        ),
        (
            r#"{"$set": {"a": "$missing"}}"#,
            r#"{"a": 1, "b": 2}"#,
            r#"{"b": 2}"#,
        ),
        (
            r#"{"$set": {"a": "$$REMOVE", "n": "$$NOW"}}"#,
            r#"{"a": 1}"#,
            r#"{"n": date(7)}"#,
        ),
        (
            r#"{"$set": {"a.b": 9}}"#,
            r#"{"a": [{"b": 1}, {"c": 2}, 5, [{"d": 1}], []]}"#,
            r#"{"a": [{"b": 9}, {"c": 2, "b": 9}, {"b": 9}, [{"d": 1, "b": 9}], []]}"#,
        ),
        (r#"{"$set": {"a.b": 9}}"#, r#"{"a": 5}"#, r#"{"a": {"b": 9}}"#),
        (r#"{"$set": {"a.b.c": 9}}"#, "{}", r#"{"a": {"b": {"c": 9}}}"#),
        (
            r#"{"$set": {"a": {"$literal": {}}, "b": [1, "$x"]}}"#,
            r#"{"x": 2}"#,
            r#"{"x": 2, "a": {}, "b": [1, 2]}"#,
        ),
        (
            r#"{"$set": {"a": {"b": {"$literal": 1}, "c.d": 2}}}"#,
            "{}",
            r#"{"a": {"b": 1, "c": {"d": 2}}}"#,
        ),
        // $unset
        (r#"{"$unset": "a"}"#, r#"{"a": 1, "b": 2}"#, r#"{"b": 2}"#),
        (
            r#"{"$unset": ["a.b", "c"]}"#,
            r#"{"a": {"b": 1, "d": 2}, "c": 1}"#,
            r#"{"a": {"d": 2}}"#,
        ),
        (
            r#"{"$unset": "a.b"}"#,
            r#"{"a": [{"b": 1}, 5, [{"b": 2}]]}"#,
            r#"{"a": [{}, 5, [{}]]}"#,
        ),
        (r#"{"$unset": "a.b.c"}"#, r#"{"a": 5}"#, r#"{"a": 5}"#),
        // $project
        (
            r#"{"$project": {"a": 1}}"#,
            r#"{"_id": 1, "b": 2, "a": 5}"#,
            r#"{"_id": 1, "a": 5}"#,
        ),
        (
            r#"{"$project": {"a": true, "_id": 0}}"#,
            r#"{"_id": 1, "b": 2, "a": 5}"#,
            r#"{"a": 5}"#,
        ),
        (
            r#"{"$project": {"a": 0}}"#,
            r#"{"_id": 1, "b": 2, "a": 5}"#,
            r#"{"_id": 1, "b": 2}"#,
        ),
        (
            r#"{"$project": {"_id": 0}}"#,
            r#"{"_id": 1, "b": 2}"#,
            r#"{"b": 2}"#,
        ),
        (
            r#"{"$project": {"_id": 1}}"#,
            r#"{"_id": 1, "b": 2}"#,
            r#"{"_id": 1}"#,
        ),
        (
            r#"{"$project": {"a": 0, "_id": 1}}"#,
            r#"{"_id": 1, "b": 2, "a": 5}"#,
            r#"{"_id": 1, "b": 2}"#,
        ),
        (
            r#"{"$project": {"x": "$a", "b": 1}}"#,
            r#"{"_id": 1, "b": 2, "a": 5}"#,
            r#"{"_id": 1, "b": 2, "x": 5}"#,
        ),
        (
            r#"{"$project": {"a": "$b", "b": 1}}"#,
            r#"{"_id": 1, "a": 5, "b": 2}"#,
            r#"{"_id": 1, "b": 2, "a": 2}"#,
        ),
        (
            r#"{"$project": {"a.b": 1}}"#,
            r#"{"a": [{"b": 1, "c": 2}, 5, {"c": 1}], "d": 1}"#,
            r#"{"a": [{"b": 1}, {}]}"#,
        ),
        (
            r#"{"$project": {"a": {"b": 1, "x": "$d"}}}"#,
            r#"{"a": {"b": 1, "c": 2}, "d": 1}"#,
            r#"{"a": {"b": 1, "x": 1}}"#,
        ),
        (r#"{"$project": {"a.b": 1}}"#, r#"{"a": 5}"#, "{}"),
        (
            r#"{"$project": {"a.b": 0}}"#,
            r#"{"a": [{"b": 1, "c": 2}, 5]}"#,
            r#"{"a": [{"c": 2}, 5]}"#,
        ),
        (
            r#"{"$project": {"x": {"$add": ["$a", 1]}}}"#,
            r#"{"_id": 1, "a": 5}"#,
            r#"{"_id": 1, "x": 6}"#,
        ),
        // $replaceRoot and $replaceWith
        (
            r#"{"$replaceWith": "$a"}"#,
            r#"{"_id": 1, "a": {"b": 1}}"#,
            r#"{"b": 1}"#,
        ),
        (
            r#"{"$replaceRoot": {"newRoot": {"x": "$_id", "y": "$$ROOT"}}}"#,
            r#"{"_id": 1}"#,
            r#"{"x": 1, "y": {"_id": 1}}"#,
        ),
    ];
    for (stage, document, expected) in cases {
        assert_eq!(
            run(stage, document).unwrap(),
            tree(expected),
            "{stage} on {document}"
        );
    }
}

#[test]
fn what_a_stage_cannot_use_is_refused_by_name_and_path() {
    let cases: &[(&str, &[&str])] = &[
        (r#"{"$set": 5}"#, &["$set", "integer"]),
        (r#"{"$set": {}}"#, &["$set", "empty"]),
        (r#"{"$set": {"a": {}}}"#, &["$set", "\"a\"", "$literal"]),
        (
            r#"{"$set": {"a": 1, "a.b": 2}}"#,
            &["$set", "\"a.b\"", "conflicts"],
        ),
        (r#"{"$set": {"a.b": 1, "a": 2}}"#, &["$set", "\"a\"", "conflicts"]),
        (
            r#"{"$set": {"a.b": 1, "a": {"b": 2}}}"#,
            &["$set", "\"a.b\"", "conflicts"],
        ),
        (r#"{"$set": {"a..b": 1}}"#, &["$set", "a..b"]),
        (r#"{"$set": {"$a": 1}}"#, &["$set", "$a"]),
        (r#"{"$set": {"a": {"$foo": 1}}}"#, &["$set", "\"a\"", "$foo"]),
        (
            r#"{"$set": {"a": {"$add": [1], "b": 1}}}"#,
            &["$set", "$add", "beside"],
        ),
        (r#"{"$unset": 5}"#, &["$unset", "path"]),
        (r#"{"$unset": []}"#, &["$unset", "path"]),
        (r#"{"$unset": ["a", 1]}"#, &["$unset", "path"]),
        (r#"{"$unset": ["a", "a.b"]}"#, &["$unset", "a.b", "conflicts"]),
        (r#"{"$project": {}}"#, &["$project", "empty"]),
        (
            r#"{"$project": {"a": 1, "b": 0}}"#,
            &["$project", "\"b\"", "drops"],
        ),
        (
            r#"{"$project": {"a": 0, "b": 1}}"#,
            &["$project", "\"b\"", "drops"],
        ),
        (r#"{"$project": {"a": 0, "b": "$c"}}"#, &["$project", "\"b\""]),
        (
            r#"{"$replaceRoot": {"newRoot": "$a", "x": 1}}"#,
            &["$replaceRoot", "newRoot"],
        ),
        (r#"{"$replaceRoot": "$a"}"#, &["$replaceRoot", "string"]),
        (r#"{"$replaceWith": "$a"}"#, &["$replaceWith", "object"]),
        (r#"{"$replaceWith": 5}"#, &["$replaceWith", "integer"]),
    ];
    for (stage, words) in cases {
        let error = run(stage, r#"{"_id": 1}"#).unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ErrorKind::InvalidPipeline | ErrorKind::InvalidExpression
            ),
            "{error}"
        );
        for word in *words {
            assert!(error.message().contains(word), "{word} in {error}");
        }
    }
    let other = normal("{}");
    let other = Cursor::new(&other, &NO_STRUCTURES);
    assert!(ExpressionStage::compile(b"$match", other, &[]).unwrap().is_none());
}

#[test]
fn what_a_stage_makes_is_bounded() {
    let text = "x".repeat(1000);
    let list = vec!["0"; 100].join(",");
    let document = format!(r#"{{"t": "{text}", "l": [{list}]}}"#);
    let stage = r#"{"$set": {"l.t": "$t"}}"#;
    assert!(run_in(stage, &document, 1 << 20).is_ok());
    let error = run_in(stage, &document, 50_000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    let deep = format!(r#"{{"a": {}1{}}}"#, "[".repeat(60), "]".repeat(60));
    let path = vec!["b"; 60].join(".");
    let error = run(&format!(r#"{{"$set": {{"{path}": "$a"}}}}"#), &deep).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}
