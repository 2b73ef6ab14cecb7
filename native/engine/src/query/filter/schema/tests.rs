use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::error::ErrorKind;
use crate::format::id::IdBytes;
use crate::format::intake::intake;
use crate::format::record::StructureRegistry;
use crate::format::tree::{Tree, plain, tree};
use crate::query::filter::Filter;
use crate::query::oracle::order;

fn compile(schema: &str) -> crate::Result<Filter> {
    Filter::compile(&plain(&format!(r#"{{"$jsonSchema": {schema}}}"#)))
}

/// Whether the filter matches the document, as a plain map and as a record.
fn matches(filter: &Filter, document: &Tree) -> bool {
    let registry = StructureRegistry::new();
    let mut results = Vec::new();
    for _ in 0..3 {
        let mut stored = Vec::new();
        let mut next_id = || Ok(IdBytes::from_integer(1));
        intake(
            &document.to_plain(),
            &registry,
            1 << 20,
            &mut next_id,
            &mut stored,
        )
        .unwrap();
        results.push(filter.matches(&stored, &registry.snapshot()).unwrap());
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    results[0]
}

/// Asserts which values of `a` the schema of `a` lets be.
fn check(schema: &str, accepted: &[&str], refused: &[&str]) {
    let filter = compile(&format!(r#"{{"properties": {{"a": {schema}}}}}"#))
        .unwrap_or_else(|error| panic!("{schema}: {error}"));
    for (values, wanted) in [(accepted, true), (refused, false)] {
        for value in values {
            let document = tree(&format!(r#"{{"_id": 1, "a": {value}}}"#));
            assert_eq!(matches(&filter, &document), wanted, "{schema} of {value}");
        }
    }
    assert!(
        matches(&filter, &tree(r#"{"_id": 1}"#)),
        "a missing field is let be"
    );
}

#[test]
fn keywords_of_numbers_and_texts_ask_them_only() {
    check(
        r#"{"minimum": 2}"#,
        &["2", "2.5", "9223372036854775808", r#""x""#, "null", "[1]"],
        &["1", "1.9", "NaN"],
    );
    check(
        r#"{"minimum": 2, "exclusiveMinimum": true}"#,
        &["3", "2.1"],
        &["2", "2.0"],
    );
    check(
        r#"{"maximum": 2.5, "exclusiveMaximum": false}"#,
        &["2.5", "-1", "true"],
        &["3"],
    );
    check(
        r#"{"maximum": 2, "exclusiveMaximum": true}"#,
        &["1"],
        &["2", "inf"],
    );
    check(
        r#"{"multipleOf": 3}"#,
        &["0", "-6", "9.0", r#""x""#],
        &["1", "4.5", "NaN", "inf"],
    );
    check(
        r#"{"multipleOf": 0.1}"#,
        &["0.3", "1", "-0.7", "1000000000000000000.0"],
        &["0.35"],
    );
    check(r#"{"multipleOf": 2.5}"#, &["5", "7.5"], &["6"]);
    check(
        r#"{"minLength": 2, "maxLength": 3}"#,
        &[r#""öä""#, r#""abc""#, "1"],
        &[r#""ö""#, r#""abcd""#],
    );
    check(r#"{"pattern": "^a.c"}"#, &[r#""abcd""#, "5"], &[r#""xabc""#]);
}

#[test]
fn types_and_values_ask_everything() {
    check(
        r#"{"bsonType": "int"}"#,
        &["5", "-1"],
        &["5000000000", "1.5", r#""x""#, "null"],
    );
    check(
        r#"{"bsonType": ["long", "date"]}"#,
        &["5000000000", "date(5)"],
        &["5", "true"],
    );
    check(
        r#"{"bsonType": "number"}"#,
        &["5", "1.5", "5000000000"],
        &[r#""5""#],
    );
    check(r#"{"type": "number"}"#, &["5", "1.5"], &["true"]);
    check(
        r#"{"type": ["boolean", "null"]}"#,
        &["true", "null"],
        &["0", "undefined"],
    );
    check(r#"{"type": "object"}"#, &["{}"], &["[]"]);
    check(
        r#"{"bsonType": "objectId"}"#,
        &[],
        &[r#""5f0000000000000000000000""#, "bin(00)"],
    );
    check(
        r#"{"enum": [1, "x", [1], null]}"#,
        &["1.0", r#""x""#, "[1]", "null"],
        &["2", "[1, 1]", r#"["x"]"#],
    );
}

#[test]
fn keywords_of_arrays_ask_arrays_only() {
    check(
        r#"{"items": {"type": "number"}}"#,
        &["[]", "[1, 2.5]", "7", r#""x""#],
        &[r#"[1, "x"]"#, "[[1]]"],
    );
    check(
        r#"{"items": [{"type": "number"}, {"type": "string"}]}"#,
        &["[1]", r#"[1, "x", null]"#],
        &["[1, 2]"],
    );
    check(
        r#"{"items": [{"type": "number"}], "additionalItems": false}"#,
        &["[1]", "[]"],
        &["[1, 2]"],
    );
    check(
        r#"{"items": [{"type": "number"}], "additionalItems": {"type": "string"}}"#,
        &[r#"[1, "x"]"#],
        &["[1, 2]"],
    );
    check(r#"{"additionalItems": false}"#, &["[1, 2]"], &[]);
    check(
        r#"{"minItems": 1, "maxItems": 2}"#,
        &["[1]", "[1, 2]", "{}"],
        &["[]", "[1, 2, 3]"],
    );
    check(
        r#"{"uniqueItems": true}"#,
        &["[]", "[1, 2]", "[1, [1]]", "1"],
        &["[1, 2, 1.0]", r#"[{"b": 1}, {"b": 1}]"#],
    );
    check(r#"{"uniqueItems": false}"#, &["[1, 1]"], &[]);
}

#[test]
fn keywords_of_documents_ask_documents_only() {
    check(
        r#"{"required": ["b", "c"]}"#,
        &[r#"{"c": null, "b": 1}"#, "5", "[]"],
        &[r#"{"b": 1}"#],
    );
    check(
        r#"{"properties": {"b": {"minimum": 1}}}"#,
        &[r#"{"b": 1}"#, "{}", r#"{"b": "x"}"#],
        &[r#"{"b": 0}"#],
    );
    check(
        r#"{"patternProperties": {"^x": {"minimum": 1}}}"#,
        &[r#"{"xa": 1, "b": 0}"#],
        &[r#"{"xa": 0}"#],
    );
    check(
        r#"{"properties": {"b": {}}, "patternProperties": {"^x": {}}, "additionalProperties": false}"#,
        &[r#"{"b": 1, "xy": 2}"#, "{}"],
        &[r#"{"b": 1, "c": 2}"#],
    );
    check(
        r#"{"properties": {"b": {}}, "additionalProperties": {"type": "string"}}"#,
        &[r#"{"b": 1, "c": "x"}"#],
        &[r#"{"b": 1, "c": 2}"#],
    );
    check(
        r#"{"minProperties": 1, "maxProperties": 2}"#,
        &[r#"{"b": 1}"#, "[]"],
        &["{}", r#"{"b": 1, "c": 1, "d": 1}"#],
    );
    check(
        r#"{"dependencies": {"b": ["c"]}}"#,
        &["{}", r#"{"b": 1, "c": 1}"#, r#"{"c": 1}"#],
        &[r#"{"b": 1}"#],
    );
    check(
        r#"{"dependencies": {"b": {"required": ["c"], "properties": {"c": {"minimum": 1}}}}}"#,
        &[r#"{"b": 1, "c": 1}"#, r#"{"c": 0}"#],
        &[r#"{"b": 1}"#, r#"{"b": 1, "c": 0}"#],
    );
}

#[test]
fn schemas_are_joined() {
    check(
        r#"{"allOf": [{"minimum": 1}, {"maximum": 3}]}"#,
        &["1", "3", r#""x""#],
        &["0", "4"],
    );
    check(
        r#"{"anyOf": [{"maximum": 1}, {"minimum": 3}]}"#,
        &["1", "3"],
        &["2"],
    );
    check(
        r#"{"oneOf": [{"minimum": 1}, {"maximum": 3}]}"#,
        &["0", "4"],
        &["2"],
    );
    check(r#"{"not": {"type": "number"}}"#, &[r#""x""#], &["1"]);
    check(r#"{"title": "a", "description": "b"}"#, &["1"], &[]);
}

#[test]
fn schemas_stand_among_other_conditions() {
    let filter = |text: &str| Filter::compile(&plain(text)).unwrap();
    let document = tree(r#"{"_id": 1, "a": [{"b": 1}, {"b": "x", "c": 2}], "d": 3}"#);
    for (text, wanted) in [
        (r#"{"$jsonSchema": {}}"#, true),
        (r#"{"$jsonSchema": {"required": ["a", "d"]}, "d": 3}"#, true),
        (r#"{"$jsonSchema": {"required": ["a", "d"]}, "d": 4}"#, false),
        (r#"{"$nor": [{"$jsonSchema": {"required": ["z"]}}]}"#, true),
        (
            r#"{"$or": [{"$jsonSchema": {"required": ["z"]}}, {"d": 9}]}"#,
            false,
        ),
        (
            r#"{"a": {"$elemMatch": {"$jsonSchema": {"required": ["c"]}}}}"#,
            true,
        ),
        (
            r#"{"a": {"$elemMatch": {"$jsonSchema": {"required": ["z"]}}}}"#,
            false,
        ),
        (
            r#"{"$jsonSchema": {"required": ["d"]}, "$expr": {"$eq": ["$d", 3]}}"#,
            true,
        ),
        (
            r#"{"$jsonSchema": {"required": ["z"]}, "$expr": {"$eq": ["$d", 3]}}"#,
            false,
        ),
    ] {
        let filter = filter(text);
        assert_eq!(matches(&filter, &document), wanted, "{text}");
        assert!(!filter.constraints_are_all(), "{text}");
    }
}

#[test]
fn what_is_no_schema_is_refused_by_keyword_and_place() {
    let many: Vec<String> = (0..300).map(|number| format!(r#""p{number}": {{}}"#)).collect();
    let many_patterns = format!(r#"{{"patternProperties": {{{}}}}}"#, many.join(","));
    let many: Vec<&str> = vec!["{}"; 10_001];
    let many_parts = format!(r#"{{"allOf": [{}]}}"#, many.join(","));
    let cases: &[(&str, &[&str])] = &[
        ("5", &["$jsonSchema", "integer"]),
        (r#"{"foo": 1}"#, &["foo", "not known", "patternProperties"]),
        (r#"{"$ref": "x"}"#, &["$ref", "leaves out"]),
        (
            r#"{"properties": {"a": {"items": {"format": "x"}}}}"#,
            &["properties.a.items.format"],
        ),
        (
            r#"{"properties": {"a": 1}}"#,
            &["properties.a", "schema", "integer"],
        ),
        (r#"{"properties": []}"#, &["properties", "map"]),
        (r#"{"type": "integer"}"#, &["type", "bsonType"]),
        (r#"{"type": "int"}"#, &["type", "bsonType"]),
        (r#"{"bsonType": "foo"}"#, &["bsonType"]),
        (r#"{"bsonType": 2}"#, &["bsonType"]),
        (r#"{"bsonType": []}"#, &["bsonType", "no type"]),
        (r#"{"bsonType": "int", "type": "number"}"#, &["one of them"]),
        (r#"{"enum": []}"#, &["enum", "array"]),
        (r#"{"enum": [1, 1.0]}"#, &["enum", "twice"]),
        (r#"{"minimum": "x"}"#, &["minimum", "number"]),
        (
            r#"{"exclusiveMinimum": true}"#,
            &["exclusiveMinimum", "without minimum"],
        ),
        (
            r#"{"minimum": 1, "exclusiveMinimum": 1}"#,
            &["exclusiveMinimum", "true or false"],
        ),
        (r#"{"multipleOf": 0}"#, &["multipleOf", "above 0"]),
        (r#"{"multipleOf": -2}"#, &["multipleOf", "above 0"]),
        (r#"{"multipleOf": NaN}"#, &["multipleOf"]),
        (r#"{"minLength": -1}"#, &["minLength", "at least 0"]),
        (r#"{"maxItems": 1.5}"#, &["maxItems"]),
        (r#"{"pattern": "("}"#, &["pattern", "cannot be used"]),
        (r#"{"pattern": 1}"#, &["pattern"]),
        (r#"{"patternProperties": {"(": {}}}"#, &["patternProperties"]),
        (r#"{"uniqueItems": 1}"#, &["uniqueItems"]),
        (r#"{"items": 1}"#, &["items"]),
        (r#"{"items": [], "additionalItems": 1}"#, &["additionalItems"]),
        (r#"{"additionalProperties": 1}"#, &["additionalProperties"]),
        (r#"{"required": []}"#, &["required"]),
        (r#"{"required": ["a", "a"]}"#, &["required", "\"a\"", "twice"]),
        (r#"{"required": [1]}"#, &["required"]),
        (r#"{"dependencies": {"a": 1}}"#, &["dependencies.a"]),
        (r#"{"allOf": []}"#, &["allOf"]),
        (r#"{"not": []}"#, &["not", "schema"]),
        (r#"{"title": 1}"#, &["title"]),
        (&many_patterns, &["256"]),
        (&many_parts, &["10000"]),
    ];
    for (schema, words) in cases {
        let error = compile(schema).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidFilter, "{error}");
        for word in *words {
            assert!(error.message().contains(word), "{word} in {error}");
        }
    }
}

/// Whether the schema, one of those below, accepts the value; as plainly as the rules can be written.
fn accepts(schema: &Tree, value: &Tree) -> bool {
    let fields = |tree: &Tree| match tree {
        Tree::Map(fields) => fields.clone(),
        _ => panic!("a map"),
    };
    let list = |tree: &Tree| match tree {
        Tree::Array(elements) => elements.clone(),
        _ => panic!("an array"),
    };
    let is_number = matches!(value, Tree::Int(_) | Tree::Float(_));
    fields(schema)
        .iter()
        .all(|(keyword, operand)| match (keyword.as_str(), value) {
            ("minimum", _) => !is_number || order(value, operand).is_ge(),
            ("maximum", _) => !is_number || order(value, operand).is_le(),
            ("enum", _) => list(operand).iter().any(|wanted| order(wanted, value).is_eq()),
            ("type", _) => match operand {
                Tree::Text(name) if name == "number" => is_number,
                Tree::Text(name) if name == "object" => matches!(value, Tree::Map(_)),
                _ => matches!(value, Tree::Array(_)),
            },
            ("allOf", _) => list(operand).iter().all(|schema| accepts(schema, value)),
            ("anyOf", _) => list(operand).iter().any(|schema| accepts(schema, value)),
            ("oneOf", _) => {
                list(operand)
                    .iter()
                    .filter(|schema| accepts(schema, value))
                    .count()
                    == 1
            }
            ("not", _) => !accepts(operand, value),
            ("maxItems", Tree::Array(elements)) => elements.len() <= 1,
            ("items", Tree::Array(elements)) => elements.iter().all(|element| accepts(operand, element)),
            ("uniqueItems", Tree::Array(elements)) => elements.iter().enumerate().all(|(place, one)| {
                elements
                    .iter()
                    .skip(place + 1)
                    .all(|other| order(one, other).is_ne())
            }),
            ("required", Tree::Map(present)) => list(operand)
                .iter()
                .all(|name| present.iter().any(|(key, _)| *name == Tree::Text(key.clone()))),
            ("properties", Tree::Map(present)) => fields(operand).iter().all(|(name, schema)| {
                present
                    .iter()
                    .filter(|(key, _)| key == name)
                    .all(|(_, value)| accepts(schema, value))
            }),
            ("additionalProperties", Tree::Map(present)) => {
                let Tree::Map(keywords) = schema else {
                    panic!("a map")
                };
                let named = keywords.iter().find(|(keyword, _)| keyword == "properties");
                let named = named.map(|(_, named)| fields(named)).unwrap_or_default();
                present
                    .iter()
                    .all(|(key, _)| named.iter().any(|(name, _)| name == key))
            }
            _ => true,
        })
}

fn schema() -> impl Strategy<Value = Tree> {
    let simple = prop_oneof![
        (0..4i64).prop_map(|number| ("minimum", Tree::Int(number))),
        (0..4i64).prop_map(|number| ("maximum", Tree::Float(number as f64 + 0.5))),
        select(vec!["number", "object", "array"]).prop_map(|name| ("type", Tree::Text(name.into()))),
        Just((
            "enum",
            Tree::Array(vec![Tree::Int(1), Tree::Text("x".into()), Tree::Array(vec![])])
        )),
        Just(("maxItems", Tree::Int(1))),
        Just(("uniqueItems", Tree::Bool(true))),
        select(vec!["a", "b"]).prop_map(|name| ("required", Tree::Array(vec![Tree::Text(name.into())]))),
        Just(("additionalProperties", Tree::Bool(false))),
    ];
    let simple = vec(simple, 0..3).prop_map(unique);
    simple.prop_recursive(3, 12, 3, |inner| {
        let joined = (
            select(vec!["allOf", "anyOf", "oneOf"]),
            vec(inner.clone(), 1..3).prop_map(Tree::Array),
        );
        let within = (select(vec!["not", "items"]), inner.clone());
        let named = (select(vec!["a", "b"]), inner.clone());
        let properties =
            named.prop_map(|(name, schema)| ("properties", Tree::Map(vec![(name.into(), schema)])));
        let more = prop_oneof![joined, within, properties.clone(), properties];
        (inner, more).prop_map(|(schema, more)| match schema {
            Tree::Map(mut fields) => {
                fields.retain(|(keyword, _)| keyword != more.0);
                fields.push((more.0.into(), more.1));
                Tree::Map(fields)
            }
            other => other,
        })
    })
}

fn unique(list: Vec<(&str, Tree)>) -> Tree {
    let mut fields: Vec<(String, Tree)> = Vec::new();
    for (key, value) in list {
        if !fields.iter().any(|(known, _)| *known == key) {
            fields.push((key.into(), value));
        }
    }
    Tree::Map(fields)
}

fn value() -> impl Strategy<Value = Tree> {
    let scalar = prop_oneof![
        (0..4i64).prop_map(Tree::Int),
        (0..4i64).prop_map(|number| Tree::Float(number as f64 / 2.0)),
        Just(Tree::Text("x".into())),
        Just(Tree::Null),
    ];
    scalar.prop_recursive(3, 12, 3, |inner| {
        let map = vec((select(vec!["a", "b"]), inner.clone()), 0..3).prop_map(unique);
        prop_oneof![map, vec(inner, 0..3).prop_map(Tree::Array)]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn schemas_agree_with_the_plain_rules(schema in schema(), value in value()) {
        let of_value = Tree::Map(vec![("v".into(), schema.clone())]);
        let of_document = Tree::Map(vec![("properties".into(), of_value)]);
        let filter = Tree::Map(vec![("$jsonSchema".into(), of_document)]);
        let filter = Filter::compile(&filter.to_plain()).unwrap();
        let document = Tree::Map(vec![("_id".into(), Tree::Int(1)), ("v".into(), value.clone())]);
        prop_assert_eq!(matches(&filter, &document), accepts(&schema, &value), "{:?} of {:?}", schema, value);
    }
}
