//! Sort keys against an oracle on decoded trees: a document's tuples of values, and the one that sorts first.

use std::cmp::Ordering;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::format::id::IdBytes;
use crate::format::intake::intake;
use crate::format::record::StructureRegistry;
use crate::format::tree::Tree;
use crate::query::oracle::order;
use crate::query::property_tests::{map_of, with_id};

/// A value in a tuple; an array without elements is below all others.
#[derive(Clone, Debug, PartialEq)]
enum Sortable {
    Empty,
    Value(Tree),
}

impl Sortable {
    fn order(&self, other: &Sortable) -> Ordering {
        match (self, other) {
            (Sortable::Value(one), Sortable::Value(other)) => order(one, other),
            (one, other) => matches!(one, Sortable::Value(_)).cmp(&matches!(other, Sortable::Value(_))),
        }
    }
}

/// The ways through a value: for each array on the way an element is chosen, and for one choice every path
/// has one value. Paths that ask nothing below the value are None.
fn choices(value: Option<&Tree>, paths: &[Option<&[String]>]) -> Vec<Vec<Option<Sortable>>> {
    let missing = Some(Sortable::Value(Tree::Null));
    match value {
        Some(Tree::Array(elements)) => {
            let mut all = Vec::new();
            // Positions take their element whatever is chosen.
            let fixed: Vec<Option<(usize, &[String])>> = paths
                .iter()
                .map(|path| match path {
                    Some([name, rest @ ..]) => {
                        let position = name.parse::<usize>().ok();
                        position
                            .filter(|place| *place < elements.len())
                            .map(|place| (place, rest))
                    }
                    _ => None,
                })
                .collect();
            let opened: Vec<Option<&[String]>> = paths
                .iter()
                .zip(&fixed)
                .map(|(path, fixed)| if fixed.is_some() { None } else { *path })
                .collect();
            if opened.iter().all(Option::is_none) {
                all.push(vec![None; paths.len()]);
            } else if elements.is_empty() {
                let emptied = |path: &Option<&[String]>| match path {
                    Some([]) => Some(Sortable::Empty),
                    Some(_) => missing.clone(),
                    None => None,
                };
                all.push(opened.iter().map(emptied).collect());
            }
            for element in elements {
                if opened.iter().all(Option::is_none) {
                    break;
                }
                let whole = opened.iter().map(|path| match path {
                    Some([]) => Some(Sortable::Value(element.clone())),
                    _ => None,
                });
                let below: Vec<Option<&[String]>> = opened
                    .iter()
                    .map(|path| path.filter(|path| !path.is_empty()))
                    .collect();
                let document = matches!(element, Tree::Map(_)).then_some(element);
                all.extend(joined(&whole.collect::<Vec<_>>(), choices(document, &below)));
            }
            for (position, element) in elements.iter().enumerate() {
                let here = |number: usize| {
                    fixed[number]
                        .filter(|(at, _)| *at == position)
                        .map(|(_, rest)| rest)
                };
                let whole = (0..paths.len()).map(|number| match here(number) {
                    Some([]) => Some(Sortable::Value(element.clone())),
                    _ => None,
                });
                let below = (0..paths.len()).map(|number| here(number).filter(|rest| !rest.is_empty()));
                let below: Vec<Option<&[String]>> = below.collect();
                let found = match below.iter().any(Option::is_some) {
                    true => choices(Some(element), &below),
                    false => vec![vec![None; paths.len()]],
                };
                let found = joined(&whole.collect::<Vec<_>>(), found);
                all = all
                    .iter()
                    .flat_map(|tuple| joined(tuple, found.clone()))
                    .collect();
            }
            all
        }
        Some(Tree::Map(fields)) => {
            let itself = paths.iter().map(|path| match path {
                Some([]) => Some(Sortable::Value(Tree::Map(fields.clone()))),
                _ => None,
            });
            let mut all = vec![itself.collect::<Vec<_>>()];
            let mut names: Vec<&String> = paths
                .iter()
                .filter_map(|path| path.and_then(<[String]>::first))
                .collect();
            names.sort();
            names.dedup();
            for name in names {
                let found = fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
                let below: Vec<Option<&[String]>> = paths
                    .iter()
                    .map(|path| match path {
                        Some([first, rest @ ..]) if first == name => Some(rest),
                        _ => None,
                    })
                    .collect();
                let found = choices(found, &below);
                all = all
                    .iter()
                    .flat_map(|tuple| joined(tuple, found.clone()))
                    .collect();
            }
            all
        }
        other => {
            let value = |path: &Option<&[String]>| match (path, other) {
                (Some([]), Some(value)) => Some(Sortable::Value(value.clone())),
                (Some(_), _) => missing.clone(),
                (None, _) => None,
            };
            vec![paths.iter().map(value).collect()]
        }
    }
}

/// Each of `tuples` with what `tuple` has besides.
fn joined(tuple: &[Option<Sortable>], tuples: Vec<Vec<Option<Sortable>>>) -> Vec<Vec<Option<Sortable>>> {
    let join = |other: Vec<Option<Sortable>>| {
        tuple
            .iter()
            .cloned()
            .zip(other)
            .map(|(one, other)| one.or(other))
            .collect()
    };
    tuples.into_iter().map(join).collect()
}

/// The tuple of the document that sorts first.
fn least(document: &Tree, paths: &[(Vec<String>, bool)]) -> Vec<Sortable> {
    let all: Vec<Option<&[String]>> = paths.iter().map(|(path, _)| Some(&path[..])).collect();
    let tuples = choices(Some(document), &all)
        .into_iter()
        .map(|tuple| tuple.into_iter().flatten().collect());
    tuples
        .min_by(|one: &Vec<Sortable>, other| compare_tuples(one, other, paths))
        .unwrap()
}

fn compare_tuples(one: &[Sortable], other: &[Sortable], paths: &[(Vec<String>, bool)]) -> Ordering {
    assert_eq!((one.len(), other.len()), (paths.len(), paths.len()));
    let orders = one
        .iter()
        .zip(other)
        .zip(paths)
        .map(|((one, other), (_, falls))| {
            let order = one.order(other);
            if *falls { order.reverse() } else { order }
        });
    orders.fold(Ordering::Equal, Ordering::then)
}

fn name() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "0"]).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Tree> {
    let scalar = prop_oneof![
        4 => (0..3i64).prop_map(Tree::Int),
        1 => Just(Tree::Float(1.0)),
        1 => Just(Tree::Float(f64::NAN)),
        1 => Just(Tree::Null),
        1 => select(vec!["", "a", "b"]).prop_map(|text| Tree::Text(text.into())),
        1 => any::<bool>().prop_map(Tree::Bool),
    ];
    scalar.prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            3 => map_of(name(), inner.clone()),
            3 => vec(inner, 0..3).prop_map(Tree::Array),
        ]
    })
}

fn document() -> impl Strategy<Value = Tree> {
    map_of(name(), value()).prop_map(with_id)
}

fn paths() -> impl Strategy<Value = Vec<(Vec<String>, bool)>> {
    let path = vec(
        select(vec!["a", "a", "b", "0", "1"]).prop_map(str::to_owned),
        1..4,
    );
    vec((path, any::<bool>()), 1..4).prop_map(|list| {
        let mut unique: Vec<(Vec<String>, bool)> = Vec::new();
        for (path, falls) in list {
            if !unique.iter().any(|(known, _)| *known == path) {
                unique.push((path, falls));
            }
        }
        unique
    })
}

fn compiled(paths: &[(Vec<String>, bool)]) -> Sort {
    let fields = paths
        .iter()
        .map(|(path, falls)| (path.join("."), Tree::Int(if *falls { -1 } else { 1 })));
    Sort::compile(&Tree::Map(fields.collect()).to_plain()).unwrap()
}

fn stored(document: &Tree, registry: &StructureRegistry) -> Vec<u8> {
    let mut out = Vec::new();
    let mut next_id = || Ok(IdBytes::from_integer(1));
    intake(&document.to_plain(), registry, 1 << 20, &mut next_id, &mut out).unwrap();
    out
}

fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let is_set = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if is_set { default.cases } else { cases },
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(config(5_000))]

    #[test]
    fn keys_sort_documents_as_the_oracle_does(one in document(), other in document(), paths in paths()) {
        let sort = compiled(&paths);
        let registry = StructureRegistry::new();
        let mut keys = Vec::new();
        for document in [&one, &other, &one, &other] {
            let mut key = Vec::new();
            let bytes = stored(document, &registry);
            sort.write_key(&bytes, &registry.snapshot(), &mut key).unwrap();
            keys.push(key);
        }
        prop_assert_eq!((&keys[0], &keys[1]), (&keys[2], &keys[3]));
        let expected = compare_tuples(&least(&one, &paths), &least(&other, &paths), &paths);
        prop_assert_eq!(keys[0].cmp(&keys[1]), expected, "{:?} of {:?} and {:?}", paths, one, other);
    }

    #[test]
    fn limits_keep_the_first_of_the_whole_order(
        documents in vec(document(), 0..20),
        paths in paths(),
        limit in 0..22usize,
    ) {
        let sort = compiled(&paths);
        let registry = StructureRegistry::new();
        let run = |limit| {
            let mut sorter = Sorter::new(&sort, limit, 1 << 20);
            for (number, document) in documents.iter().enumerate() {
                let mut key = Vec::new();
                let bytes = stored(document, &registry);
                sort.write_key(&bytes, &registry.snapshot(), &mut key).unwrap();
                sorter.push(&key, 8, || number).unwrap();
            }
            sorter.into_sorted().collect::<Vec<usize>>()
        };
        let mut all = run(None);
        let mut expected: Vec<usize> = (0..documents.len()).collect();
        expected.sort_by(|one, other| {
            compare_tuples(&least(&documents[*one], &paths), &least(&documents[*other], &paths), &paths)
        });
        prop_assert_eq!(&all, &expected);
        all.truncate(limit);
        prop_assert_eq!(run(Some(limit)), all);
    }

    #[test]
    fn damage_never_panics(
        document in document(),
        paths in paths(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let registry = StructureRegistry::new();
        stored(&document, &registry);
        let mut bytes = stored(&document, &registry);
        for (place, byte) in damage {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = Sort::compile(&bytes);
        let mut key = Vec::new();
        let _ = compiled(&paths).write_total_key(&bytes, &registry.snapshot(), &mut key);
        prop_assert!(key.len() < 1 << 16);
    }
}
