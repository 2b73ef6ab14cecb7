use super::*;
use crate::format::record::NO_STRUCTURES;
use crate::format::tree::{Tree, plain, tree};

/// What `path` stands for in the document `text`; None for missing.
fn found(text: &str, path: &str, leaf: Leaf) -> Vec<Option<Tree>> {
    let bytes = plain(text);
    let mut trees = Vec::new();
    let segments = parse(path.as_bytes()).unwrap();
    let (first, rest) = segments.split_first().unwrap();
    let Value::Map(fields) = Cursor::new(&bytes, &NO_STRUCTURES).value().unwrap() else {
        panic!()
    };
    let start = fields.find(&first.name).unwrap();
    let mut accept = |value: Option<&Value<'_>>| {
        trees.push(value.map(|value| match value {
            Value::Int(number) => Tree::Int(*number),
            Value::Array(elements) => Tree::Text(format!("array of {}", elements.remaining())),
            Value::Map(fields) => Tree::Text(format!("map of {}", fields.remaining())),
            other => panic!("{other:?}"),
        }));
        Ok(false)
    };
    assert!(!visit(start, rest, leaf, &mut accept).unwrap());
    trees
}

fn check(text: &str, path: &str, expected: &str) {
    let Tree::Array(expected) = tree(expected) else {
        panic!()
    };
    let expected: Vec<_> = expected
        .into_iter()
        .map(|tree| (tree != Tree::Null).then_some(tree))
        .collect();
    assert_eq!(
        found(text, path, Leaf::ElementsAndArray),
        expected,
        "{path} in {text}"
    );
}

#[test]
fn paths_go_into_documents() {
    check(r#"{"a": {"b": {"c": 5}}}"#, "a.b.c", "[5]");
    check(r#"{"a": {"b": 1}}"#, "a.c", "[null]");
    check(r#"{"a": 1}"#, "a.b", "[null]");
    check(r#"{"a": 1}"#, "b", "[null]");
    check(r#"{"a": {"0": 7}}"#, "a.0", "[7]");
    check(r#"{"a": {"": 7}}"#, "a.", "[7]");
}

#[test]
fn a_path_that_ends_at_an_array_stands_for_elements_and_array() {
    check(r#"{"a": [1, 2]}"#, "a", r#"[1, 2, "array of 2"]"#);
    check(r#"{"a": {"b": [1]}}"#, "a.b", r#"[1, "array of 1"]"#);
    check(r#"{"a": []}"#, "a", r#"["array of 0"]"#);
    assert_eq!(
        found(r#"{"a": [1, 2]}"#, "a", Leaf::Whole),
        [Some(Tree::Text("array of 2".into()))]
    );
}

#[test]
fn names_go_into_each_document_of_an_array() {
    check(r#"{"a": [{"b": 1}, {"b": 2}]}"#, "a.b", "[1, 2]");
    check(r#"{"a": [{"b": [1, 2]}]}"#, "a.b", r#"[1, 2, "array of 2"]"#);
    check(r#"{"a": [{"b": 1}, {"c": 2}, 3, null]}"#, "a.b", "[1, null]");
    check(r#"{"a": [1, 2]}"#, "a.b", "[]");
    check(r#"{"a": []}"#, "a.b", "[]");
    check(r#"{"a": [[{"b": 1}]]}"#, "a.b", "[]");
}

#[test]
fn positions_go_into_one_element() {
    check(r#"{"a": [5, 6]}"#, "a.1", "[6]");
    check(r#"{"a": [5, 6]}"#, "a.2", "[]");
    check(r#"{"a": [5, [2, 4]]}"#, "a.1", r#"["array of 2"]"#);
    check(r#"{"a": [[{"b": 1}, {"b": 2}]]}"#, "a.0.b", "[1, 2]");
    check(r#"{"a": [[7, 8]]}"#, "a.0.1", "[8]");
    check(r#"{"a": [5, 6]}"#, "a.01", "[]");
    // As in MongoDB a position is also a name: documents in the array that lack it stand for "missing".
    check(r#"{"a": [5, {"1": 4}, 3]}"#, "a.1", r#"[4, "map of 1"]"#);
    check(r#"{"a": [{"b": 1}, {"b": 2}]}"#, "a.0.b", "[null, 1, null]");
    check(r#"{"a": [{"b": 1}, 3]}"#, "a.0", r#"[null, "map of 1"]"#);
}

#[test]
fn a_path_has_at_most_as_many_names_as_documents_nest() {
    assert!(parse(vec![b'.'; DEPTH_MAX - 1].as_slice()).is_some());
    assert!(parse(vec![b'.'; DEPTH_MAX].as_slice()).is_none());
}
