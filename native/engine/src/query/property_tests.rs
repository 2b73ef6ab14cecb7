use std::cell::RefCell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::error::ErrorKind;
use crate::format::id::IdBytes;
use crate::format::intake::{document_id, intake, intake_many, starts_with_id};
use crate::format::plain::write_plain;
use crate::format::record::{NO_STRUCTURES, Structure, StructureRegistry, Structures};
use crate::format::skip::skip;
use crate::format::tree::Tree;
use crate::format::value::{Cursor, Parse, Value};
use crate::query::compare::compare_cursors;
use crate::query::filter::Filter;
use crate::query::oracle;
use crate::query::update::{Circumstances, Update};

/// Cases of the short form; the environment's PROPTEST_CASES asks for more.
const ROBUST_CASES: u32 = 6_000;
const ORACLE_CASES: u32 = 5_000;

pub(in crate::query) fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        default.cases
    } else {
        cases
    };
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..default
    }
}

fn scalar() -> impl Strategy<Value = Tree> {
    let numbers = [
        0,
        1,
        2,
        -1,
        63,
        64,
        127,
        128,
        300,
        9_007_199_254_740_993,
        i64::MAX,
        i64::MIN,
    ];
    let floats = [
        0.0,
        -0.0,
        1.0,
        0.5,
        64.0,
        f64::NAN,
        f64::INFINITY,
        9_007_199_254_740_992.0,
        9.223_372_036_854_776e18,
    ];
    prop_oneof![
        Just(Tree::Null),
        Just(Tree::Undefined),
        any::<bool>().prop_map(Tree::Bool),
        select(numbers.to_vec()).prop_map(Tree::Int),
        select(numbers.to_vec()).prop_map(Tree::Int),
        Just(Tree::UInt(u64::MAX)),
        Just(Tree::Float(f64::NAN)),
        select(floats.to_vec()).prop_map(Tree::Float),
        select(vec!["", "a", "b", "aa", "ö"]).prop_map(|text| Tree::Text(text.into())),
        select(vec!["a", "b"]).prop_map(|text| Tree::Text(text.into())),
        select(vec![vec![], vec![1], vec![0, 0]]).prop_map(Tree::Binary),
        (select(vec![-1, 0, 5]), select(vec![0, 1])).prop_map(|(seconds, nanos)| Tree::Date(seconds, nanos)),
        Just(Tree::Ext(5, vec![1])),
    ]
}

fn key() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "0", "1"]).prop_map(str::to_owned)
}

/// Maps of at most three fields.
pub(in crate::query) fn map_of(
    name: impl Strategy<Value = String>,
    value: impl Strategy<Value = Tree>,
) -> impl Strategy<Value = Tree> {
    vec((name, value), 0..4).prop_map(unique)
}

pub(in crate::query) fn value() -> impl Strategy<Value = Tree> {
    scalar().prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            map_of(key(), inner.clone()),
            vec(inner, 0..4).prop_map(Tree::Array)
        ]
    })
}

pub(in crate::query) fn document() -> impl Strategy<Value = Tree> {
    map_of(key(), value()).prop_map(with_id)
}

pub(in crate::query) fn path() -> impl Strategy<Value = String> {
    vec(key(), 1..4).prop_map(|names| names.join("."))
}

fn operators() -> impl Strategy<Value = Tree> {
    let simple = (select(vec!["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]), value());
    let sets = (
        select(vec!["$in", "$nin"]),
        vec(value(), 0..4).prop_map(Tree::Array),
    );
    let exists = (Just("$exists"), any::<bool>().prop_map(Tree::Bool));
    let one = prop_oneof![4 => simple, 1 => sets, 1 => exists];
    let map = vec(one, 1..3).prop_map(|list| {
        let mut fields: Vec<(String, Tree)> = Vec::new();
        for (operator, operand) in list {
            if !fields.iter().any(|(key, _)| key == operator) {
                fields.push((operator.into(), operand));
            }
        }
        Tree::Map(fields)
    });
    prop_oneof![
        4 => map.clone(),
        1 => map.prop_map(|operators| Tree::Map(vec![("$not".into(), operators)])),
    ]
}

pub(in crate::query) fn filter() -> impl Strategy<Value = Tree> {
    let conditions = vec((path(), prop_oneof![1 => value(), 2 => operators()]), 0..3).prop_map(unique);
    conditions.prop_recursive(2, 12, 3, |inner| {
        let logical = (
            select(vec!["$and", "$or", "$nor"]),
            vec(inner.clone(), 1..3).prop_map(Tree::Array),
        );
        (inner, logical).prop_map(|(filter, (operator, branches))| match filter {
            Tree::Map(mut fields) => {
                fields.retain(|(key, _)| key != operator);
                fields.push((operator.into(), branches));
                Tree::Map(fields)
            }
            other => other,
        })
    })
}

/// `map` as a document: behind an `_id`.
pub(in crate::query) fn with_id(map: Tree) -> Tree {
    match map {
        Tree::Map(mut fields) => {
            fields.insert(0, ("_id".into(), Tree::Int(1)));
            Tree::Map(fields)
        }
        other => other,
    }
}

/// A map of these fields; of those with one name the first.
pub(in crate::query) fn unique(list: Vec<(String, Tree)>) -> Tree {
    let mut fields: Vec<(String, Tree)> = Vec::new();
    for (key, value) in list {
        if !fields.iter().any(|(known, _)| *known == key) {
            fields.push((key, value));
        }
    }
    Tree::Map(fields)
}

fn update() -> impl Strategy<Value = Tree> {
    let number = prop_oneof![
        select(vec![0, 1, -1, i64::MAX]).prop_map(Tree::Int),
        Just(Tree::Float(0.5)),
        Just(Tree::UInt(1 << 63)),
    ];
    let set = vec((path(), value()), 0..3).prop_map(unique);
    let unset = vec((path(), Just(Tree::Int(1))), 0..3).prop_map(unique);
    let increment = vec((path(), number), 0..3).prop_map(unique);
    (set, unset, increment).prop_map(|(set, unset, increment)| {
        Tree::Map(vec![
            ("$set".into(), set),
            ("$unset".into(), unset),
            ("$inc".into(), increment),
        ])
    })
}

fn no_id() -> crate::Result<IdBytes> {
    Ok(IdBytes::from_integer(1))
}

/// The document as it is stored: with a registry that has seen it before, records all through.
pub(in crate::query) fn stored(document: &Tree, registry: &StructureRegistry) -> Vec<u8> {
    let mut out = Vec::new();
    intake(&document.to_plain(), registry, 1 << 20, &mut no_id, &mut out).unwrap();
    out
}

fn shown(tree: &Tree) -> String {
    format!("{tree:?}")
}

proptest! {
    #![proptest_config(config(ORACLE_CASES))]

    #[test]
    fn intake_keeps_every_document(document in document(), other in document()) {
        let registry = StructureRegistry::new();
        for document in [&document, &other, &document, &document, &other] {
            let bytes = stored(document, &registry);
            let structures = registry.snapshot();
            prop_assert_eq!(shown(&Tree::from_stored(&bytes, &structures)), shown(document));
            let mut plain = Vec::new();
            write_plain(&bytes, &structures, &mut plain).unwrap();
            prop_assert_eq!(shown(&Tree::from_normalised(&plain)), shown(document));
        }
    }

    #[test]
    fn filter_agrees_with_the_oracle(documents in vec(document(), 1..5), filter in filter()) {
        let compiled = Filter::compile(&filter.to_plain()).unwrap();
        let registry = StructureRegistry::new();
        for document in &documents {
            let expected = oracle::matches(&filter, document);
            for _ in 0..2 {
                let bytes = stored(document, &registry);
                let found = compiled.matches(&bytes, &registry.snapshot()).unwrap();
                prop_assert_eq!(found, expected, "{:?} on {:?}", filter, document);
            }
        }
    }

    #[test]
    fn update_agrees_with_the_oracle(document in document(), update in update()) {
        let compiled = Update::compile(&update.to_plain());
        if oracle::conflicts(&update) {
            prop_assert_eq!(compiled.unwrap_err().kind(), ErrorKind::InvalidUpdate);
            return Ok(());
        }
        let compiled = compiled.unwrap();
        let expected = oracle::update(&update, &document);
        let registry = StructureRegistry::new();
        for _ in 0..2 {
            let bytes = stored(&document, &registry);
            let mut out = Vec::new();
            match (compiled.apply(&bytes, &registry, &Circumstances::default(), &mut out), &expected) {
                (Ok(changed), Some(expected)) => {
                    let after = Tree::from_stored(&out, &registry.snapshot());
                    prop_assert_eq!(shown(&after), shown(expected));
                    prop_assert_eq!(changed, shown(expected) != shown(&document));
                }
                (Err(error), None) => {
                    prop_assert_eq!(error.kind(), ErrorKind::InvalidUpdate);
                    prop_assert!(out.is_empty());
                }
                (result, expected) => prop_assert!(false, "{:?} but {:?}", result, expected),
            }
        }
    }

    #[test]
    fn order_of_values_is_total(values in vec(value(), 3)) {
        let bytes: Vec<Vec<u8>> = values.iter().map(|value| {
            let mut normal = Vec::new();
            let map = Tree::Map(vec![("v".into(), value.clone())]).to_plain();
            crate::format::intake::normalise(&map, crate::format::survey::Subject::Filter, &mut normal).unwrap();
            normal.split_off(3)
        }).collect();
        let order = |left: usize, right: usize| {
            let cursor = |at: usize| Cursor::new(&bytes[at], &NO_STRUCTURES);
            compare_cursors(cursor(left), cursor(right)).unwrap()
        };
        for (left, middle, right) in [(0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1)] {
            prop_assert_eq!(order(left, middle), order(middle, left).reverse());
            prop_assert!(order(left, left).is_eq());
            if order(left, middle).is_le() && order(middle, right).is_le() {
                prop_assert!(order(left, right).is_le());
            }
        }
    }
}

/// Reads every value of damaged bytes that can be read.
fn read_all(cursor: Cursor<'_>, depth: usize) -> Parse<usize> {
    if depth > 200 {
        return Ok(0);
    }
    let mut values = 1;
    match cursor.value()? {
        Value::Array(mut elements) => {
            while let Some(element) = elements.take_next()? {
                values += read_all(element, depth + 1)?;
            }
        }
        Value::Map(mut fields) => {
            while let Some((_, value)) = fields.take_next()? {
                values += read_all(value, depth + 1)?;
            }
        }
        _ => {}
    }
    Ok(values)
}

/// Hands `bytes` to every public function that takes bytes. Nothing may panic, and nothing may grow wildly.
fn through_every_door(bytes: &[u8]) {
    let registry = StructureRegistry::new();
    for (number, keys) in [&["_id", "a"][..], &["a", "b", "c"], &["0"]].iter().enumerate() {
        registry.restore(number, Structure::new(keys).unwrap()).unwrap();
    }
    let structures: &Structures = &registry.snapshot();
    let out = RefCell::new(Vec::new());
    let out = &mut *out.borrow_mut();
    let _ = skip(bytes, 0, structures);
    let _ = read_all(Cursor::new(bytes, structures), 0);
    let cursor = Cursor::new(bytes, structures);
    let _ = (
        cursor.text(),
        cursor.integer(),
        cursor.exact_float(),
        cursor.raw(),
        cursor.head(),
    );
    let _ = compare_cursors(cursor, cursor);
    let _ = document_id(bytes);
    let _ = starts_with_id(bytes, &IdBytes::from_integer(1));
    let _ = IdBytes::from_message_pack(bytes).map(|id| id.to_string());
    let _ = IdBytes::from_canonical(bytes);
    let _ = Structure::decode(bytes);
    let _ = write_plain(bytes, structures, out);
    let _ = intake(bytes, &registry, 1 << 20, &mut no_id, out);
    let _ = intake_many(bytes, &registry, 1 << 20, &mut no_id, &mut |_, _| Ok(()));
    for filter in FILTERS.iter() {
        let _ = Filter::compile(filter).unwrap().matches(bytes, structures);
    }
    for update in UPDATES.iter() {
        let _ = Update::compile(update)
            .unwrap()
            .apply(bytes, &registry, &Circumstances::default(), out);
    }
    if let Ok(filter) = Filter::compile(bytes) {
        let _ = filter.matches(bytes, structures);
    }
    if let Ok(update) = Update::compile(bytes) {
        let _ = update.apply(bytes, &registry, &Circumstances::default(), out);
    }
    assert!(
        out.capacity() <= 64 * bytes.len() + 4096,
        "{} bytes from {}",
        out.capacity(),
        bytes.len()
    );
}

static FILTERS: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(|| {
    [
        r#"{"a": 1}"#,
        r#"{"a.b.0": {"$gt": "x"}}"#,
        r#"{"$or": [{"b": {"$in": [1, [2], "c"]}}, {"c": {"$exists": false}}]}"#,
        r#"{"$jsonSchema": {"properties": {"a": {"items": {"required": ["b"], "uniqueItems": true}}}}}"#,
    ]
    .map(crate::format::tree::plain)
    .to_vec()
});

static UPDATES: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(|| {
    [
        r#"{"$set": {"a.0.b": [1, {"b": 2}]}}"#,
        r#"{"$inc": {"a": 1}, "$unset": {"b.c": 1}}"#,
        r#"{"a": {"b": 1}}"#,
    ]
    .map(crate::format::tree::plain)
    .to_vec()
});

proptest! {
    #![proptest_config(config(ROBUST_CASES))]

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..40)) {
        through_every_door(&bytes);
    }

    #[test]
    fn damaged_documents_never_panic(
        document in document(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let registry = StructureRegistry::new();
        for (number, keys) in [&["_id", "a"][..], &["a", "b", "c"], &["0"]].iter().enumerate() {
            registry.restore(number, Structure::new(keys).unwrap()).unwrap();
        }
        let mut bytes = stored(&document, &registry);
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        through_every_door(&bytes);
    }

    #[test]
    fn damaged_filters_and_updates_never_panic(
        filter in filter(),
        update in update(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        for tree in [filter, update] {
            let mut bytes = tree.to_plain();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            through_every_door(&bytes);
        }
    }
}

#[test]
fn nested_bombs_are_refused_by_every_door() {
    for head in [
        &[0x91][..],
        &[0x81, 0xa1, b'a'],
        &[0x42],
        &[0xdd, 0, 0, 0, 1],
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
    ] {
        through_every_door(&head.repeat(72_000 / head.len()));
    }
}
