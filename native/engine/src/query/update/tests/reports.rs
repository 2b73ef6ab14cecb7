//! What change streams report of an update.

use super::*;

/// Carries out what change streams report, and compares with what came out.
pub(super) fn check_report(before: &[u8], after: &[u8], registry: &StructureRegistry) {
    let structures = registry.snapshot();
    let changes = changed_fields(before, after, &structures).unwrap();
    let mut tree = Tree::from_stored(before, &structures);
    for (path, count) in &changes.truncated {
        match place_of(&mut tree, path) {
            Tree::Array(elements) => elements.truncate(*count),
            other => panic!("{path} holds {other:?}"),
        }
    }
    for path in &changes.removed {
        let (outer, name) = path.rsplit_once('.').unwrap_or(("", path));
        match place_of(&mut tree, outer) {
            Tree::Map(fields) => fields.retain(|(key, _)| key != name),
            other => panic!("{path} holds {other:?}"),
        }
    }
    for (path, value) in &changes.updated {
        *place_of(&mut tree, path) = Tree::from_normalised(value);
    }
    let after = Tree::from_stored(after, &structures);
    assert_eq!(
        format!("{:?}", sorted(tree)),
        format!("{:?}", sorted(after)),
        "{changes:?}"
    );
}

/// The value at `path`, made where it is missing.
fn place_of<'t>(tree: &'t mut Tree, path: &str) -> &'t mut Tree {
    let mut place = tree;
    for name in path.split('.').filter(|_| !path.is_empty()) {
        place = match place {
            Tree::Map(fields) => {
                let found = fields.iter().position(|(key, _)| key == name);
                let index = found.unwrap_or_else(|| {
                    fields.push((name.into(), Tree::Null));
                    fields.len() - 1
                });
                &mut fields[index].1
            }
            Tree::Array(elements) => {
                let index: usize = name.parse().unwrap();
                assert!(index <= elements.len(), "no gap before {path}");
                if index == elements.len() {
                    elements.push(Tree::Null);
                }
                &mut elements[index]
            }
            other => panic!("{path} leads through {other:?}"),
        };
    }
    place
}

fn sorted(tree: Tree) -> Tree {
    match tree {
        Tree::Array(elements) => Tree::Array(elements.into_iter().map(sorted).collect()),
        Tree::Map(fields) => {
            let mut fields: Vec<_> = fields
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            fields.sort_by(|left, right| left.0.cmp(&right.0));
            Tree::Map(fields)
        }
        scalar => scalar,
    }
}

/// Updated paths with their values, removed paths, and how many elements truncated arrays keep.
fn reported(update: &str, document: &str) -> Tree {
    let registry = StructureRegistry::new();
    let mut stored = Vec::new();
    let mut no_id = || panic!();
    intake(&plain(document), &registry, 1 << 20, &mut no_id, &mut stored).unwrap();
    let mut after = Vec::new();
    let update = Update::compile(&plain(update)).unwrap();
    update
        .apply(&stored, &registry, &Circumstances::default(), &mut after)
        .unwrap();
    let changes = changed_fields(&stored, &after, &registry.snapshot()).unwrap();
    let updated = changes.updated.into_iter();
    let truncated = changes.truncated.into_iter();
    Tree::Array(vec![
        Tree::Map(
            updated
                .map(|(path, value)| (path, Tree::from_normalised(&value)))
                .collect(),
        ),
        Tree::Array(changes.removed.into_iter().map(Tree::Text).collect()),
        Tree::Map(
            truncated
                .map(|(path, count)| (path, Tree::Int(count as i64)))
                .collect(),
        ),
    ])
}

#[test]
fn reports_name_what_changed_and_nothing_else() {
    let document = r#"{"_id": 1, "a": {"b": 1, "c": 2}, "l": [1, 2, 3, 4], "x": "y"}"#;
    let cases = [
        (r#"{"$set": {"a.b": 5}}"#, r#"[{"a.b": 5}, [], {}]"#),
        (r#"{"$set": {"a.b": 1}}"#, "[{}, [], {}]"),
        (r#"{"$unset": {"a.b": 1, "x": 1}}"#, r#"[{}, ["a.b", "x"], {}]"#),
        (r#"{"$set": {"n.m": 5}}"#, r#"[{"n": {"m": 5}}, [], {}]"#),
        (r#"{"$push": {"l": 5}}"#, r#"[{"l.4": 5}, [], {}]"#),
        (r#"{"$pop": {"l": 1}}"#, r#"[{}, [], {"l": 3}]"#),
        (r#"{"$pop": {"l": -1}}"#, r#"[{"l": [2, 3, 4]}, [], {}]"#),
        (r#"{"$set": {"l.1": 9}}"#, r#"[{"l.1": 9}, [], {}]"#),
        (r#"{"$rename": {"x": "z"}}"#, r#"[{"z": "y"}, ["x"], {}]"#),
        (r#"{"$set": {"a": 5}}"#, r#"[{"a": 5}, [], {}]"#),
        (
            r#"{"$set": {"l": [1, 2, 9, 4, 5]}}"#,
            r#"[{"l.2": 9, "l.4": 5}, [], {}]"#,
        ),
        (r#"{"$set": {"l": [1, 7]}}"#, r#"[{"l.1": 7}, [], {"l": 2}]"#),
    ];
    for (update, expected) in cases {
        assert_eq!(reported(update, document), tree(expected), "{update}");
    }
}
