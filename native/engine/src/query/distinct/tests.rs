use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::format::id::IdBytes;
use crate::format::intake::intake;
use crate::format::record::{NO_STRUCTURES, StructureRegistry};
use crate::format::tree::{Tree, tree};
use crate::query::oracle::order;

fn stored(document: &Tree, registry: &StructureRegistry) -> Vec<u8> {
    let mut out = Vec::new();
    let mut next_id = || Ok(IdBytes::from_integer(1));
    intake(&document.to_plain(), registry, 1 << 20, &mut next_id, &mut out).unwrap();
    out
}

fn values(path: &str, documents: &[Tree]) -> Tree {
    let registry = StructureRegistry::new();
    let mut distinct = Distinct::new(path).unwrap();
    for document in documents {
        let bytes = stored(document, &registry);
        distinct.add(&bytes, &registry.snapshot()).unwrap();
    }
    let count = distinct.count();
    let array = Tree::from_normalised(&distinct.into_array());
    assert!(matches!(&array, Tree::Array(elements) if elements.len() == count));
    array
}

fn check(path: &str, documents: &str, expected: &str) {
    let Tree::Array(documents) = tree(documents) else {
        panic!("an array")
    };
    assert_eq!(
        values(path, &documents),
        tree(expected),
        "{path} of {documents:?}"
    );
}

#[test]
fn equal_values_are_one_and_come_in_order() {
    check(
        "a",
        r#"[{"a": 5}, {"a": "x"}, {"a": 5.0}, {"a": null}, {"b": 1}, {"a": undefined}, {"a": "x"}, {"a": 64}]"#,
        r#"[5, "x", null, 64]"#,
    );
    check("a", "[]", "[]");
    check(
        "a",
        r#"[{"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}}]"#,
        r#"[{"b": 1, "c": 2}, {"c": 2, "b": 1}]"#,
    );
}

#[test]
fn arrays_stand_for_their_elements() {
    check(
        "a",
        r#"[{"a": [1, 2, 1]}, {"a": []}, {"a": [[1], [1]]}, {"a": 2}]"#,
        "[1, 2, [1]]",
    );
    check(
        "a.b",
        r#"[{"a": [{"b": 1}, {"b": [2, 3]}, {"c": 4}, 5, [{"b": 6}]]}, {"a": {"b": 7}}, {"a": 8}]"#,
        "[1, 2, 3, 7]",
    );
    check(
        "a.1",
        r#"[{"a": [1, 2]}, {"a": [3]}, {"a": {"1": 4}}, {"a": [{"1": 5}, [6, 7]]}]"#,
        "[2, 4, 6, 7]",
    );
    check("a.0.b", r#"[{"a": [{"b": 1}, {"b": 2}]}]"#, "[1]");
}

#[test]
fn what_is_no_path_is_refused() {
    for path in ["", "a.", ".a", "a..b", "$a", "a.$", "a.$b"] {
        let error = Distinct::new(path).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(path), "{error}");
    }
}

#[test]
fn values_beyond_the_memory_are_refused_by_path() {
    let registry = StructureRegistry::new();
    let mut distinct = Distinct::new("a.b").unwrap();
    distinct.bytes_max = 10_000;
    let mut add = |number: i64| {
        let below = Tree::Map(vec![("b".into(), Tree::Int(number))]);
        let bytes = stored(&Tree::Map(vec![("a".into(), below)]), &registry);
        distinct.add(&bytes, &registry.snapshot())
    };
    (0..10_000).try_for_each(|_| add(7)).unwrap();
    let error = (0..10_000).try_for_each(add).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(
        error.message().contains("\"a.b\"") && error.message().contains("10000 bytes"),
        "{error}"
    );
}

#[test]
fn damage_is_told() {
    let mut distinct = Distinct::new("a").unwrap();
    for bytes in [&[][..], &[0x81, 0xa1, b'a'], &[0x81, 0xa1, b'a', 0x91], &[0x42]] {
        let error = distinct.add(bytes, &NO_STRUCTURES).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted);
    }
}

/// The values that `names` lead to, as plainly as the rule can be written.
fn reach(value: &Tree, names: &[&str], found: &mut Vec<Tree>) {
    match (value, names) {
        (Tree::Array(elements), []) => elements.iter().for_each(|element| found.push(element.clone())),
        (_, []) => found.push(value.clone()),
        (Tree::Map(fields), [name, rest @ ..]) => {
            for (_, value) in fields.iter().filter(|(key, _)| key == name) {
                reach(value, rest, found);
            }
        }
        (Tree::Array(elements), [name, rest @ ..]) => match name.parse::<usize>() {
            Ok(position) => elements
                .iter()
                .skip(position)
                .take(1)
                .for_each(|value| reach(value, rest, found)),
            Err(_) => {
                for element in elements.iter().filter(|element| matches!(element, Tree::Map(_))) {
                    reach(element, names, found);
                }
            }
        },
        _ => {}
    }
}

fn value() -> impl Strategy<Value = Tree> {
    let scalar = prop_oneof![
        (0..70i64).prop_map(Tree::Int),
        Just(Tree::Float(1.0)),
        Just(Tree::Null),
        Just(Tree::Text("a".into())),
    ];
    scalar.prop_recursive(4, 20, 3, |inner| {
        let field = (select(vec!["a", "b"]), inner.clone());
        let map = field.prop_map(|(name, value)| Tree::Map(vec![(name.into(), value)]));
        prop_oneof![map, vec(inner, 0..4).prop_map(Tree::Array)]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn distinct_agrees_with_the_plain_rule(
        documents in vec(value(), 0..4),
        path in vec(select(vec!["a", "b", "0", "1"]), 1..4),
    ) {
        let documents: Vec<Tree> = documents
            .into_iter()
            .map(|value| Tree::Map(vec![("_id".into(), Tree::Int(1)), ("a".into(), value)]))
            .collect();
        let mut found = Vec::new();
        documents.iter().for_each(|document| reach(document, &path, &mut found));
        let mut expected: Vec<Tree> = Vec::new();
        for value in found {
            if !expected.iter().any(|known| order(known, &value).is_eq()) {
                expected.push(value);
            }
        }
        prop_assert_eq!(values(&path.join("."), &documents), Tree::Array(expected));
    }
}
