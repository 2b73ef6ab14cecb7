use super::*;
use crate::format::id::IdBytes;
use crate::format::intake::intake;
use crate::format::record::StructureRegistry;
use crate::format::tree::plain;

/// The index by which `document` matches, as a plain map and as a record.
fn index(filter: &str, document: &str, path: &str) -> Option<usize> {
    let filter = Filter::compile(&plain(filter)).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let registry = StructureRegistry::new();
    let mut results = Vec::new();
    for _ in 0..3 {
        let mut stored = Vec::new();
        let mut next_id = || Ok(IdBytes::from_integer(1));
        intake(&plain(document), &registry, 1 << 20, &mut next_id, &mut stored).unwrap();
        let structures = registry.snapshot();
        assert!(
            filter.matches(&stored, &structures).unwrap(),
            "{document} must match"
        );
        results.push(
            filter
                .matched_index(&stored, &structures, path.as_bytes())
                .unwrap(),
        );
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    results[0]
}

#[test]
fn the_first_element_that_matches_is_named() {
    let grades = r#"{"grades": [80, 85, 90, 85]}"#;
    assert_eq!(index(r#"{"grades": 85}"#, grades, "grades"), Some(1));
    assert_eq!(index(r#"{"grades": {"$gt": 85}}"#, grades, "grades"), Some(2));
    assert_eq!(
        index(r#"{"grades": {"$in": [90, 85]}}"#, grades, "grades"),
        Some(1)
    );
    assert_eq!(index(r#"{"grades": {"$all": [90]}}"#, grades, "grades"), Some(2));
    assert_eq!(
        index(r#"{"$or": [{"grades": 1}, {"grades": 90}]}"#, grades, "grades"),
        Some(2)
    );
    assert_eq!(index(r#"{"a.b": 2}"#, r#"{"a": {"b": [1, 2]}}"#, "a.b"), Some(1));
    assert_eq!(
        index(
            r#"{"a.1": 2}"#,
            r#"{"a": [1, [2, 3]], "b": 1, "_": 1}"#.replace("[1, [2, 3]]", "[1, 2]").as_str(),
            "a"
        ),
        None
    );
}

#[test]
fn documents_in_an_array_are_named_by_their_fields() {
    let items = r#"{"items": [{"n": 1, "v": 5}, {"n": 2, "v": 5}, {"n": 2, "v": 9, "l": [7, 8]}]}"#;
    assert_eq!(index(r#"{"items.n": 2}"#, items, "items"), Some(1));
    assert_eq!(index(r#"{"items.l": 8}"#, items, "items"), Some(2));
    assert_eq!(
        index(
            r#"{"items": {"$elemMatch": {"n": 2, "v": {"$gt": 5}}}}"#,
            items,
            "items"
        ),
        Some(2)
    );
    // An $elemMatch decides before what else is asked of the array.
    let both = r#"{"items": {"$elemMatch": {"n": 2, "v": 9}}, "items.n": 1}"#;
    assert_eq!(index(both, items, "items"), Some(2));
    assert_eq!(
        index(r#"{"items.l": {"$elemMatch": {"$gt": 7}}}"#, items, "items"),
        Some(2)
    );
    assert_eq!(index(r#"{"items.2.l": 8}"#, items, "items.2.l"), Some(1));
}

#[test]
fn what_asks_nothing_of_elements_names_none() {
    let document = r#"{"a": [1, 2], "b": 3}"#;
    for filter in [
        "{}",
        r#"{"b": 3}"#,
        r#"{"a": {"$ne": 5}}"#,
        r#"{"a": {"$not": {"$gt": 5}}}"#,
        r#"{"a": {"$exists": true}}"#,
        r#"{"a": {"$size": 2}}"#,
        r#"{"a": [1, 2]}"#,
        r#"{"$nor": [{"a": 5}]}"#,
    ] {
        assert_eq!(index(filter, document, "a"), None, "{filter}");
    }
    assert_eq!(index(r#"{"a": 1}"#, document, "b"), None);
    assert_eq!(index(r#"{"a": 1}"#, document, "a.b.c"), None);
}
