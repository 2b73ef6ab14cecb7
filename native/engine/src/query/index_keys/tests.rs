use std::collections::BTreeSet;

use super::*;
use crate::format::id::IdBytes;
use crate::format::record::NO_STRUCTURES;
use crate::format::seeded::Seeded;
use crate::format::tree::{Tree, tree};

fn paths(keys: &[(&str, bool)]) -> IndexPaths {
    IndexPaths::new(&IndexDefinition::on(keys).unwrap()).unwrap()
}

/// The document in stored form without records.
fn stored(document: &Tree) -> Vec<u8> {
    let mut bytes = Vec::new();
    let plain = document.to_plain();
    crate::format::intake::normalise(&plain, crate::format::survey::Subject::Filter, &mut bytes).unwrap();
    bytes
}

fn find(index: &IndexPaths, document: &Tree) -> Result<(BTreeSet<Vec<u8>>, ArrayFields)> {
    let mut entries = Entries::default();
    let id = IdBytes::from_integer(300);
    let arrays = index.entries_of(&stored(document), &id, &NO_STRUCTURES, &mut entries)?;
    let list: Vec<Vec<u8>> = entries.iter().map(<[u8]>::to_vec).collect();
    assert!(list.is_sorted_by(|one, other| one < other), "entries rise");
    let keys = list.iter().map(|entry| {
        let start = index.id_start(entry).unwrap();
        assert_eq!(entry[start..], *id);
        entry[..start].to_vec()
    });
    Ok((keys.collect(), arrays))
}

/// Keys of compound values, each given as text; `empty` is the empty array where elements are indexed.
fn keys(index: &IndexPaths, wanted: &[&[&str]]) -> BTreeSet<Vec<u8>> {
    let compound = |values: &&[&str]| {
        let mut key = Vec::new();
        for (field, text) in index.fields.iter().zip(*values) {
            let start = key.len();
            match *text {
                "missing" => encode(None, &mut key).unwrap(),
                "empty" => encode_empty_array(&mut key),
                text => {
                    let wrapped = stored(&tree(&format!("{{\"v\": {text}}}")));
                    let Value::Map(fields) = Cursor::new(&wrapped, &NO_STRUCTURES).value().unwrap() else {
                        panic!("a map");
                    };
                    let value = fields.find(b"v").unwrap().unwrap().value().unwrap();
                    encode(Some(&value), &mut key).unwrap();
                }
            }
            if field.is_descending {
                complement(&mut key[start..]);
            }
        }
        key
    };
    wanted.iter().map(compound).collect()
}

fn expect(index: &[(&str, bool)], document: &str, wanted: &[&[&str]], arrays: ArrayFields) {
    let index = paths(index);
    let found = find(&index, &tree(document)).unwrap();
    assert_eq!(found, (keys(&index, wanted), arrays), "{document}");
}

#[test]
fn values_and_missing_fields_have_one_entry() {
    expect(&[("a", false)], "{\"a\": 5}", &[&["5"]], 0);
    expect(&[("a", true)], "{\"a\": \"x\"}", &[&["\"x\""]], 0);
    expect(&[("a", false)], "{\"b\": 5}", &[&["missing"]], 0);
    expect(&[("a.b", false)], "{\"a\": {\"b\": 1}}", &[&["1"]], 0);
    expect(&[("a.b", false)], "{\"a\": 7}", &[&["missing"]], 0);
    expect(
        &[("a", false), ("b", true)],
        "{\"b\": 2, \"a\": {\"c\": 1}}",
        &[&["{\"c\": 1}", "2"]],
        0,
    );
}

#[test]
fn elements_of_arrays_have_entries_of_their_own() {
    expect(&[("a", false)], "{\"a\": [2, 1, 2.0]}", &[&["1"], &["2"]], 1);
    expect(&[("a", false)], "{\"a\": []}", &[&["empty"]], 1);
    expect(
        &[("a", false)],
        "{\"a\": [[1, 2], []]}",
        &[&["[1, 2]"], &["[]"]],
        1,
    );
    expect(
        &[("x", false), ("a", true)],
        "{\"x\": 0, \"a\": [1, 2]}",
        &[&["0", "1"], &["0", "2"]],
        2,
    );
    expect(
        &[("a.b", false)],
        "{\"a\": [{\"b\": 1}, {\"c\": 2}, 3, {\"b\": [4, 5]}]}",
        &[&["1"], &["missing"], &["4"], &["5"]],
        1,
    );
    expect(&[("a.b", false)], "{\"a\": []}", &[&["missing"]], 1);
    expect(&[("a.b", false)], "{\"a\": [[{\"b\": 1}]]}", &[&["missing"]], 1);
}

#[test]
fn fields_in_one_array_go_together() {
    expect(
        &[("a.b", false), ("a.c", false)],
        "{\"a\": [{\"b\": 1, \"c\": 2}, {\"b\": 3, \"c\": 4}, {\"b\": 5}]}",
        &[&["1", "2"], &["3", "4"], &["5", "missing"]],
        3,
    );
    expect(
        &[("a", false), ("a.b", false)],
        "{\"a\": [{\"b\": 1}, 2]}",
        &[&["{\"b\": 1}", "1"], &["2", "missing"]],
        3,
    );
}

#[test]
fn positions_are_single_elements() {
    expect(&[("a.0", false)], "{\"a\": [7, 8]}", &[&["7"]], 0);
    expect(&[("a.1.b", false)], "{\"a\": [7, {\"b\": 9}]}", &[&["9"]], 0);
    expect(&[("a.0", false)], "{\"a\": [[1, 2]]}", &[&["[1, 2]"]], 0);
    expect(&[("a.0.b", false)], "{\"a\": [[{\"b\": 1}]]}", &[&["1"]], 1);
    expect(
        &[("a.5", false)],
        "{\"a\": [{\"5\": 1}, {\"5\": 2}]}",
        &[&["1"], &["2"]],
        1,
    );
    let error = find(&paths(&[("a.0", false)]), &tree("{\"a\": [{\"0\": 1}]}")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidDocument);
}

#[test]
fn parallel_arrays_are_refused() {
    let index = paths(&[("a", false), ("b", false)]);
    let error = find(&index, &tree("{\"a\": [1], \"b\": [2]}")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidDocument);
    assert!(error.message().contains("parallel arrays"), "{}", error.message());
    let inner = paths(&[("a.b", false), ("a.c", false)]);
    assert!(find(&inner, &tree("{\"a\": [{\"b\": [1], \"c\": [2]}]}")).is_err());
    assert!(
        find(
            &inner,
            &tree("{\"a\": [{\"b\": [1], \"c\": 2}, {\"b\": 1, \"c\": [2]}]}")
        )
        .is_ok()
    );
}

#[test]
fn sparse_indexes_leave_out_what_has_none_of_the_fields() {
    let mut definition = IndexDefinition::on(&[("a", false), ("b", false)]).unwrap();
    definition.is_sparse = true;
    let index = IndexPaths::new(&definition).unwrap();
    assert!(find(&index, &tree("{\"c\": 1}")).unwrap().0.is_empty());
    assert_eq!(find(&index, &tree("{\"b\": null}")).unwrap().0.len(), 1);
}

#[test]
fn too_many_elements_are_refused() {
    let many = Tree::Map(vec![(
        "a".into(),
        Tree::Array(
            (0..=INDEX_ENTRIES_OF_DOCUMENT_MAX as i64)
                .map(Tree::Int)
                .collect(),
        ),
    )]);
    let error = find(&paths(&[("a", false)]), &many).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

fn random_value(random: &mut Seeded, depth: usize) -> Tree {
    match random.below(if depth > 3 { 3 } else { 6 }) {
        0 => Tree::Null,
        1 => Tree::Int(random.below(4) as i64),
        2 => Tree::Text(["x", "y"][random.below(2)].into()),
        3 => Tree::Array(
            (0..random.below(4))
                .map(|_| random_value(random, depth + 1))
                .collect(),
        ),
        _ => {
            let names = ["a", "b", "0", "1"];
            let chosen = names.iter().filter(|_| random.below(2) == 0).collect::<Vec<_>>();
            Tree::Map(
                chosen
                    .into_iter()
                    .map(|name| ((*name).to_owned(), random_value(random, depth + 1)))
                    .collect(),
            )
        }
    }
}

/// The keys of what path.rs shows at `path`, but for whole arrays whose elements it shows.
fn shown(document: &Tree, path: &str) -> BTreeSet<Vec<u8>> {
    let bytes = stored(document);
    let segments = path::parse(path.as_bytes()).unwrap();
    let Value::Map(fields) = Cursor::new(&bytes, &NO_STRUCTURES).value().unwrap() else {
        panic!("a map");
    };
    let mut keys = BTreeSet::new();
    let has_position = segments.iter().any(|segment| segment.position.is_some());
    for leaf in [path::Leaf::ElementsAndArray, path::Leaf::Whole] {
        let found = fields.find(&segments[0].name).unwrap();
        path::visit(found, &segments[1..], leaf, &mut |value| {
            let mut key = Vec::new();
            encode(value, &mut key)?;
            // Where an array has the position, its elements that are documents without that field are passed over.
            if value.is_none() && has_position {
                return Ok(false);
            }
            let is_array = matches!(value, Some(Value::Array(_)));
            if leaf == path::Leaf::Whole && is_array {
                keys.remove(&key);
            } else if leaf == path::Leaf::ElementsAndArray {
                keys.insert(key);
            }
            Ok(false)
        })
        .unwrap();
    }
    keys
}

#[test]
fn whatever_a_path_shows_has_an_entry() {
    const PATHS: [&str; 8] = ["a", "b", "a.b", "a.0", "a.b.a", "a.1.b", "b.a.0", "0.a"];
    for seed in 0..4000 {
        let mut random = Seeded::new(seed);
        let document = match random_value(&mut random, 0) {
            Tree::Map(fields) => Tree::Map(fields),
            other => Tree::Map(vec![("a".into(), other)]),
        };
        for path in PATHS {
            let index = paths(&[(path, random.below(2) == 0)]);
            let Ok((found, arrays)) = find(&index, &document) else {
                continue;
            };
            assert!(
                arrays == 1 || found.len() == 1,
                "seed {seed}: {path} of {document:?}"
            );
            for mut key in shown(&document, path) {
                if index.fields[0].is_descending {
                    complement(&mut key);
                }
                assert!(
                    found.contains(&key),
                    "seed {seed}: {path} of {document:?} lacks {key:x?}"
                );
            }
        }
    }
}

#[test]
fn entries_in_both_lists_cancel() {
    let index = paths(&[("a", false)]);
    let id = IdBytes::from_integer(1);
    let list = |text: &str| {
        let mut entries = Entries::default();
        let other = stored(&tree("{\"a\": 99}"));
        index
            .entries_of(&other, &id, &NO_STRUCTURES, &mut entries)
            .unwrap();
        index
            .entries_of(&stored(&tree(text)), &id, &NO_STRUCTURES, &mut entries)
            .unwrap();
        entries
    };
    let (mut one, mut other) = (list("{\"a\": [1, 2, 3, 5]}"), list("{\"a\": [2, 4, 5, 6]}"));
    one.cancel(1, &mut other, 1);
    let keys_of = |entries: &Entries| {
        (1..entries.count())
            .map(|at| entries.keys(at).unwrap().to_vec())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(keys_of(&one), keys(&index, &[&["1"], &["3"]]));
    assert_eq!(keys_of(&other), keys(&index, &[&["4"], &["6"]]));
    assert!(one.has(one.get(1).unwrap()) && !other.has(one.get(1).unwrap()));
}
