use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::format::index_definition::IndexDefinition;
use crate::format::record::{StructureRegistry, Structures};
use crate::format::tree::Tree;
use crate::format::value::Parse;
use crate::query::index_keys::{Entries, IndexPaths};
use crate::query::property_tests::{config, document, filter, path as some_path, stored};
use crate::query::sort::Sort;

const CASES: u32 = 6_000;

/// An index over documents that stand in a list.
struct Index {
    definition: IndexDefinition,
    paths: IndexPaths,
    partial: Option<Filter>,
    arrays: u32,
    /// Keys, each with the place of its document.
    entries: BTreeSet<(Vec<u8>, usize)>,
}

#[derive(Clone, Debug)]
struct Wish {
    keys: Vec<(String, bool)>,
    is_sparse: bool,
    partial: Option<Tree>,
}

fn wish() -> impl Strategy<Value = Wish> {
    let partial = prop_oneof![3 => Just(None), 1 => filter().prop_map(Some)];
    let keys = vec((some_path(), any::<bool>()), 1..4);
    (keys, any::<bool>(), partial).prop_map(|(keys, is_sparse, partial)| Wish {
        keys,
        is_sparse,
        partial,
    })
}

impl Index {
    /// None when there is no such index, or when it cannot have one of the documents.
    fn build(wish: &Wish, documents: &[Vec<u8>], structures: &Structures) -> Option<Index> {
        let mut definition = IndexDefinition::on(&wish.keys).ok()?;
        definition.is_sparse = wish.is_sparse && wish.partial.is_none();
        let partial = wish.partial.as_ref();
        let mut index = Index {
            paths: IndexPaths::new(&definition).unwrap(),
            definition,
            arrays: 0,
            entries: BTreeSet::new(),
            partial: partial.map(|filter| Filter::compile(&filter.to_plain()).unwrap()),
        };
        for (place, document) in documents.iter().enumerate() {
            if let Some(partial) = &index.partial
                && !partial.matches(document, structures).unwrap()
            {
                continue;
            }
            let mut entries = Entries::default();
            index.arrays |= index
                .paths
                .entries_of(document, &[], structures, &mut entries)
                .ok()?;
            index
                .entries
                .extend(entries.iter().map(|entry| (entry.to_vec(), place)));
        }
        Some(index)
    }

    fn shape(&self) -> IndexShape<'_> {
        let keys = self.definition.keys.iter().enumerate();
        IndexShape {
            name: "index",
            keys: keys
                .map(|(place, key)| KeyShape {
                    path: key.path.as_bytes(),
                    is_descending: key.is_descending,
                    has_arrays: self.arrays >> place & 1 == 1,
                    has_position: self.paths.has_position(place),
                })
                .collect(),
            is_sparse: self.definition.is_sparse,
            partial: self.partial.as_ref(),
            entries_count: self.entries.len() as u64,
        }
    }

    fn read(&self, scan: &IndexScan) -> Vec<usize> {
        let mut places = Vec::new();
        let mut last: Option<&[u8]> = None;
        for interval in &scan.intervals {
            assert!(last.is_none_or(|last| last <= interval.lower.as_slice()));
            last = interval.upper.as_deref();
            let within = |entry: &[u8]| {
                entry >= interval.lower.as_slice()
                    && interval
                        .upper
                        .as_ref()
                        .is_none_or(|upper| entry < upper.as_slice())
            };
            places.extend(
                self.entries
                    .iter()
                    .filter(|(entry, _)| within(entry))
                    .map(|(_, place)| *place),
            );
        }
        if scan.is_reverse {
            places.reverse();
        }
        places
    }
}

/// The documents that a plan reads, each at its first place.
fn read(plan: &Plan, indexes: &[Index], documents: &[Vec<u8>]) -> Vec<usize> {
    let mut places = Vec::new();
    for part in &plan.parts {
        match part {
            Part::Scan => places.extend(0..documents.len()),
            Part::Ids(ids) => places.extend((0..documents.len()).filter(|place| {
                let id =
                    IdBytes::from_canonical(crate::format::intake::document_id(&documents[*place]).unwrap());
                ids.contains(&id.unwrap())
            })),
            Part::Index(scan) => places.extend(indexes[scan.index].read(scan)),
        }
    }
    let mut seen = BTreeSet::new();
    let before = places.len();
    places.retain(|place| seen.insert(*place));
    assert!(plan.may_repeat || places.len() == before, "a document came twice");
    places
}

fn check(
    question: &Question<'_>,
    sort: &Sort,
    indexes: &[Index],
    documents: &[Vec<u8>],
    structures: &Structures,
) -> Parse<()> {
    let shapes: Vec<_> = indexes.iter().map(Index::shape).collect();
    let mut estimate = |_: usize, _: &Interval| Ok(1);
    let plan = match choose(question, &shapes, &mut estimate) {
        Ok(choice) => choice.plan,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(matches!(question.forced, Some(Forced::Index(_))));
            return Ok(());
        }
    };
    let matches = |place: &usize| {
        question
            .filter
            .is_none_or(|filter| filter.matches(&documents[*place], structures).unwrap())
    };
    let found = read(&plan, indexes, documents);
    let wanted: BTreeSet<usize> = (0..documents.len()).filter(matches).collect();
    let given: BTreeSet<usize> = found.iter().copied().filter(matches).collect();
    assert_eq!(given, wanted, "{plan:?}");
    if plan.is_exact {
        assert_eq!(given.len(), found.len(), "{plan:?} reads what does not match");
    }
    if plan.is_ordered && !question.order.is_empty() {
        let keys: Vec<_> = found
            .iter()
            .filter(|place| matches(place))
            .map(|place| {
                let mut key = Vec::new();
                sort.write_key(&documents[*place], structures, &mut key).unwrap();
                key
            })
            .collect();
        assert!(keys.is_sorted(), "{plan:?} is not in order");
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn every_plan_finds_what_a_scan_finds(
        documents in vec(document(), 1..10),
        filter in filter(),
        wishes in vec(wish(), 1..4),
        order in vec((some_path(), any::<bool>()), 0..3),
        picks in vec(any::<prop::sample::Index>(), 3),
        shares_path in any::<bool>(),
        wanted in select(vec![None, Some(1), Some(3)]),
    ) {
        let registry = StructureRegistry::new();
        let documents: Vec<_> = documents
            .iter()
            .enumerate()
            .map(|(place, document)| {
                let mut document = document.clone();
                if let Tree::Map(fields) = &mut document {
                    fields[0].1 = Tree::Int(place as i64);
                }
                stored(&document, &registry)
            })
            .collect();
        let structures = registry.snapshot();
        let compiled = Filter::compile(&filter.to_plain()).unwrap();
        // Indexes on what the filter asks are the ones that matter.
        let mut wishes = wishes;
        let paths: Vec<String> = compiled
            .constraints()
            .into_iter()
            .map(|constraint| String::from_utf8(constraint.path.to_vec()).unwrap())
            .collect();
        let mut order = order;
        for (wish, pick) in wishes.iter_mut().zip(&picks) {
            if shares_path && !paths.is_empty() {
                let place = pick.index(wish.keys.len());
                wish.keys[place].0 = pick.get(&paths).clone();
            }
        }
        if let (Some(item), Some(wish)) = (order.first_mut(), wishes.first()) {
            *item = picks[0].get(&wish.keys).clone();
        }
        let mut named = BTreeSet::new();
        order.retain(|(path, _)| named.insert(path.clone()));
        let indexes: Vec<_> = wishes
            .iter()
            .filter_map(|wish| Index::build(wish, &documents, &structures))
            .collect();
        let directions = order
            .iter()
            .map(|(path, is_descending)| (path.clone(), Tree::Int(if *is_descending { -1 } else { 1 })));
        let sort = Sort::compile(&Tree::Map(directions.collect()).to_plain()).unwrap();
        let keys: Vec<_> = order
            .iter()
            .map(|(path, is_descending)| OrderKey { path: path.as_bytes(), is_descending: *is_descending })
            .collect();
        let mut question = Question {
            filter: Some(&compiled),
            order: &keys,
            wanted,
            needed: None,
            documents_count: 1_000_000,
            forced: None,
        };
        check(&question, &sort, &indexes, &documents, &structures).unwrap();
        question.order = &[];
        check(&question, &sort, &indexes, &documents, &structures).unwrap();
        for place in 0..indexes.len() {
            question.forced = Some(Forced::Index(place));
            question.order = &keys;
            check(&question, &sort, &indexes, &documents, &structures).unwrap();
            question.filter = None;
            check(&question, &sort, &indexes, &documents, &structures).unwrap();
            question.filter = Some(&compiled);
        }
    }
}
