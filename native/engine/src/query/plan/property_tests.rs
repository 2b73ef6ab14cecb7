use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::format::key;
use crate::format::record::{StructureRegistry, Structures};
use crate::format::tree::Tree;
use crate::format::value::{Cursor, Parse};
use crate::query::path::{self, Leaf, Segment};
use crate::query::property_tests::{config, document, filter, path as some_path, stored};

const CASES: u32 = 6_000;

/// What an index is made of.
#[derive(Clone, Debug)]
struct Definition {
    keys: Vec<(String, bool)>,
    is_sparse: bool,
    partial: Option<Tree>,
    /// Whole arrays have entries besides their elements.
    keeps_arrays: bool,
}

/// An index as a planner may assume it: as few entries as its promises allow.
struct Index {
    definition: Definition,
    partial: Option<Filter>,
    has_arrays: Vec<bool>,
    /// Keys, each with the place of its document.
    entries: BTreeSet<(Vec<u8>, usize)>,
}

fn definition() -> impl Strategy<Value = Definition> {
    let partial = prop_oneof![3 => Just(None), 1 => filter().prop_map(Some)];
    let keys = vec((some_path(), any::<bool>()), 1..4);
    (keys, any::<bool>(), partial, any::<bool>()).prop_map(|(keys, is_sparse, partial, keeps_arrays)| {
        Definition {
            keys,
            is_sparse,
            partial,
            keeps_arrays,
        }
    })
}

/// The keys of the values that `path` leads to; whether it leads through an array; whether the field is there.
fn keys_at(cursor: Cursor<'_>, path: &str, keeps_arrays: bool) -> (Vec<Vec<u8>>, bool, bool) {
    let mut segments = path::parse(path.as_bytes()).unwrap();
    let first = segments.remove(0);
    let Value::Map(fields) = cursor.value().unwrap() else {
        panic!("a document is a map")
    };
    let found = fields.find(&first.name).unwrap();
    let (mut keys, mut has_field) = (Vec::new(), false);
    path::visit(found, &segments, Leaf::ElementsAndArray, &mut |value| {
        has_field |= value.is_some();
        let mut key = Vec::new();
        match value {
            Some(Value::Array(elements)) if !keeps_arrays && elements.remaining() == 0 => {
                key::encode(None, &mut key)?
            }
            Some(Value::Array(_)) if !keeps_arrays => return Ok(false),
            value => key::encode(value, &mut key)?,
        }
        keys.push(key);
        Ok(false)
    })
    .unwrap();
    let has_arrays = found.is_some_and(|found| leads_through_array(found, &segments));
    if has_arrays && !keeps_arrays {
        // An array of arrays has its inner arrays as elements.
        path::visit(found, &segments, Leaf::ElementsAndArray, &mut |value| {
            if let Some(Value::Array(elements)) = value {
                let mut rest = *elements;
                while let Some(element) = rest.take_next()? {
                    let mut key = Vec::new();
                    key::encode(Some(&element.value()?), &mut key)?;
                    keys.push(key);
                }
            }
            Ok(false)
        })
        .unwrap();
    }
    if keys.is_empty() {
        keys.push(vec![0x10]);
    }
    (keys, has_arrays, has_field)
}

fn leads_through_array(cursor: Cursor<'_>, segments: &[Segment]) -> bool {
    match (cursor.value().unwrap(), segments) {
        (Value::Array(_), _) => true,
        (Value::Map(fields), [first, rest @ ..]) => fields
            .find(&first.name)
            .unwrap()
            .is_some_and(|found| leads_through_array(found, rest)),
        _ => false,
    }
}

impl Index {
    fn build(definition: &Definition, documents: &[Vec<u8>], structures: &Structures) -> Index {
        let partial = definition
            .partial
            .as_ref()
            .map(|filter| Filter::compile(&filter.to_plain()).unwrap());
        let mut index = Index {
            has_arrays: vec![false; definition.keys.len()],
            definition: definition.clone(),
            entries: BTreeSet::new(),
            partial,
        };
        for (place, document) in documents.iter().enumerate() {
            index.add(place, document, structures);
        }
        index
    }

    fn add(&mut self, place: usize, document: &[u8], structures: &Structures) {
        if let Some(partial) = &self.partial
            && !partial.matches(document, structures).unwrap()
        {
            return;
        }
        let cursor = Cursor::new(document, structures);
        let lists: Vec<_> = self
            .definition
            .keys
            .iter()
            .map(|(path, _)| keys_at(cursor, path, self.definition.keeps_arrays))
            .collect();
        if self.definition.is_sparse && !lists.iter().any(|(_, _, has_field)| *has_field) {
            return;
        }
        for (has_arrays, (_, found, _)) in self.has_arrays.iter_mut().zip(&lists) {
            *has_arrays |= found;
        }
        // The values of two arrays stand together as they come: no more entries than the longest has.
        let longest = lists.iter().map(|(keys, ..)| keys.len()).max().unwrap();
        for row in 0..longest {
            let mut entry = Vec::new();
            for ((keys, ..), (_, is_descending)) in lists.iter().zip(&self.definition.keys) {
                let mut key = keys[row % keys.len()].clone();
                if *is_descending {
                    key::complement(&mut key);
                }
                entry.extend(key);
            }
            self.entries.insert((entry, place));
        }
    }

    fn shape(&self) -> IndexShape<'_> {
        let keys = self.definition.keys.iter().zip(&self.has_arrays);
        IndexShape {
            name: "index",
            keys: keys
                .map(|((path, is_descending), has_arrays)| KeyShape {
                    path: path.as_bytes(),
                    is_descending: *is_descending,
                    has_arrays: *has_arrays,
                    has_position: false,
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

fn sort_key(document: &[u8], order: &[(String, bool)], structures: &Structures) -> Vec<Vec<u8>> {
    let key = |(path, is_descending): &(String, bool)| {
        let (keys, has_arrays, _) = keys_at(Cursor::new(document, structures), path, false);
        assert!(!has_arrays, "an order by an array was promised");
        let mut key = keys[0].clone();
        if *is_descending {
            key::complement(&mut key);
        }
        key
    };
    order.iter().map(key).collect()
}

fn check(
    question: &Question<'_>,
    order: &[(String, bool)],
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
    if plan.is_ordered {
        let keys: Vec<_> = found
            .iter()
            .filter(|place| matches(place))
            .map(|place| sort_key(&documents[*place], order, structures))
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
        definitions in vec(definition(), 1..4),
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
        let mut definitions = definitions;
        let paths: Vec<String> = compiled
            .constraints()
            .into_iter()
            .map(|constraint| String::from_utf8(constraint.path).unwrap())
            .collect();
        let mut order = order;
        for (definition, pick) in definitions.iter_mut().zip(&picks) {
            if shares_path && !paths.is_empty() {
                let place = pick.index(definition.keys.len());
                definition.keys[place].0 = pick.get(&paths).clone();
            }
        }
        if let (Some(item), Some(definition)) = (order.first_mut(), definitions.first()) {
            *item = picks[0].get(&definition.keys).clone();
        }
        let indexes: Vec<_> = definitions
            .iter()
            .map(|definition| Index::build(definition, &documents, &structures))
            .collect();
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
        check(&question, &order, &indexes, &documents, &structures).unwrap();
        question.order = &[];
        check(&question, &[], &indexes, &documents, &structures).unwrap();
        for place in 0..indexes.len() {
            question.forced = Some(Forced::Index(place));
            question.order = &keys;
            check(&question, &order, &indexes, &documents, &structures).unwrap();
            question.filter = None;
            check(&question, &order, &indexes, &documents, &structures).unwrap();
            question.filter = Some(&compiled);
        }
    }
}
