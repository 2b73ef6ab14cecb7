//! Paths that name array elements: `$`, `$[]`, `$[name]`.

use super::*;

#[track_caller]
fn apply_with(update: &str, filters: &str, matched: Option<usize>, document: &str) -> Result<(Tree, bool)> {
    let update = Update::compile_with(&plain(update), Some(&plain(filters)))?;
    apply_to(&update, matched, document)
}

#[track_caller]
fn check_with(update: &str, filters: &str, matched: Option<usize>, document: &str, expected: &str) {
    let (after, changed) = apply_with(update, filters, matched, document).unwrap();
    assert_eq!(after, tree(expected), "{update} with {filters} on {document}");
    assert_eq!(
        changed,
        tree(document) != tree(expected),
        "changed, {update} on {document}"
    );
}

#[track_caller]
fn refused_with(update: &str, filters: &str, matched: Option<usize>, document: &str, words: &[&str]) {
    let error = apply_with(update, filters, matched, document).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidUpdate, "{error}");
    for word in words {
        assert!(error.message().contains(word), "{word} in {error}");
    }
}

#[test]
fn a_dollar_stands_for_the_matched_element() {
    let cases = [
        (
            r#"{"$set": {"grades.$": 82}}"#,
            1,
            r#"{"_id": 1, "grades": [85, 80, 80]}"#,
            r#"{"_id": 1, "grades": [85, 82, 80]}"#,
        ),
        (
            r#"{"$set": {"g.$.std": 6}}"#,
            1,
            r#"{"_id": 4, "g": [{"std": 8}, {"std": 5}]}"#,
            r#"{"_id": 4, "g": [{"std": 8}, {"std": 6}]}"#,
        ),
        (
            r#"{"$inc": {"g.$.a": 1}, "$set": {"g.$.b": 2}}"#,
            0,
            r#"{"_id": 4, "g": [{"a": 1}]}"#,
            r#"{"_id": 4, "g": [{"a": 2, "b": 2}]}"#,
        ),
        (
            r#"{"$set": {"g.$.a": 1, "g.0.b": 2}}"#,
            0,
            r#"{"_id": 4, "g": [{}]}"#,
            r#"{"_id": 4, "g": [{"a": 1, "b": 2}]}"#,
        ),
        (
            r#"{"$set": {"g.$.a": 1, "g.0.b": 2}}"#,
            1,
            r#"{"_id": 4, "g": [{}, {}]}"#,
            r#"{"_id": 4, "g": [{"b": 2}, {"a": 1}]}"#,
        ),
        (
            r#"{"$unset": {"g.$": 1}}"#,
            1,
            r#"{"_id": 4, "g": [1, 2]}"#,
            r#"{"_id": 4, "g": [1, null]}"#,
        ),
        (
            r#"{"$push": {"g.$": 5}}"#,
            1,
            r#"{"_id": 4, "g": [[1], [2]]}"#,
            r#"{"_id": 4, "g": [[1], [2, 5]]}"#,
        ),
        (
            r#"{"$set": {"a.b.$.c": 5}}"#,
            0,
            r#"{"_id": 4, "a": {"b": [{}]}}"#,
            r#"{"_id": 4, "a": {"b": [{"c": 5}]}}"#,
        ),
        (
            r#"{"$mul": {"g.$.x": 2}, "$rename": {"p": "q"}}"#,
            0,
            r#"{"_id": 4, "g": [{"x": 3}], "p": 1}"#,
            r#"{"_id": 4, "g": [{"x": 6}], "q": 1}"#,
        ),
    ];
    for (update, matched, document, expected) in cases {
        check_with(update, "[]", Some(matched), document, expected);
    }
    let update = Update::compile(&plain(r#"{"$set": {"x": 1, "a.b.$.c": 5}}"#)).unwrap();
    assert_eq!(update.position_array(), Some(&b"a.b"[..]));
    assert_eq!(
        Update::compile(&plain(r#"{"$set": {"a": 5}}"#))
            .unwrap()
            .position_array(),
        None
    );
    refused_with(
        r#"{"$set": {"a.$": 1}}"#,
        "[]",
        None,
        r#"{"_id": 1, "a": [1]}"#,
        &["a.$", "matched"],
    );
    refused_with(
        r#"{"$set": {"a.$": 1, "a.0": 2}}"#,
        "[]",
        Some(0),
        r#"{"_id": 1, "a": [1]}"#,
        &["a.0", "conflicts"],
    );
    refused_with(
        r#"{"$set": {"a.$.b.$": 1}}"#,
        "[]",
        Some(0),
        r#"{"_id": 1}"#,
        &["a.$.b.$", "more than one"],
    );
    refused_with(
        r#"{"$set": {"$": 1}}"#,
        "[]",
        Some(0),
        r#"{"_id": 1}"#,
        &["\"$\"", "begins"],
    );
}

#[test]
fn brackets_stand_for_every_element() {
    let cases = [
        (
            r#"{"$inc": {"grades.$[]": 10}}"#,
            r#"{"_id": 1, "grades": [85, 82, 80]}"#,
            r#"{"_id": 1, "grades": [95, 92, 90]}"#,
        ),
        (
            r#"{"$inc": {"g.$[].std": -2}}"#,
            r#"{"_id": 1, "g": [{"std": 8}, {"std": 5}]}"#,
            r#"{"_id": 1, "g": [{"std": 6}, {"std": 3}]}"#,
        ),
        (
            r#"{"$set": {"g.$[].q.$[].x": 1}}"#,
            r#"{"_id": 1, "g": [{"q": [{}, {}]}, {"q": []}]}"#,
            r#"{"_id": 1, "g": [{"q": [{"x": 1}, {"x": 1}]}, {"q": []}]}"#,
        ),
        (
            r#"{"$set": {"g.$[].$[]": 1}}"#,
            r#"{"_id": 1, "g": [[2, 3], []]}"#,
            r#"{"_id": 1, "g": [[1, 1], []]}"#,
        ),
        (
            r#"{"$set": {"g.$[]": 1}}"#,
            r#"{"_id": 1, "g": []}"#,
            r#"{"_id": 1, "g": []}"#,
        ),
        (
            r#"{"$unset": {"g.$[].x": 1}}"#,
            r#"{"_id": 1, "g": [{"x": 1, "y": 2}, {}]}"#,
            r#"{"_id": 1, "g": [{"y": 2}, {}]}"#,
        ),
        (
            r#"{"$unset": {"g.$[]": 1}}"#,
            r#"{"_id": 1, "g": [1, 2]}"#,
            r#"{"_id": 1, "g": [null, null]}"#,
        ),
        (
            r#"{"$pull": {"g.$[].v": {"$gt": 1}}}"#,
            r#"{"_id": 1, "g": [{"v": [1, 2]}, {"w": 1}]}"#,
            r#"{"_id": 1, "g": [{"v": [1]}, {"w": 1}]}"#,
        ),
        (
            r#"{"$set": {"g.0.$[]": 5}}"#,
            r#"{"_id": 1, "g": [[1], [2]]}"#,
            r#"{"_id": 1, "g": [[5], [2]]}"#,
        ),
    ];
    for (update, document, expected) in cases {
        check_with(update, "[]", None, document, expected);
    }
    refused_with(
        r#"{"$set": {"a.$[]": 1}}"#,
        "[]",
        None,
        r#"{"_id": 1}"#,
        &["\"a\"", "array", "nothing"],
    );
    refused_with(
        r#"{"$set": {"a.$[]": 1}}"#,
        "[]",
        None,
        r#"{"_id": 1, "a": {"b": 1}}"#,
        &["\"a\"", "object"],
    );
    refused_with(
        r#"{"$unset": {"a.$[].b": 1}}"#,
        "[]",
        None,
        r#"{"_id": 1, "a": 5}"#,
        &["\"a\"", "integer"],
    );
    refused_with(
        r#"{"$inc": {"a.$[].b": 1}}"#,
        "[]",
        None,
        r#"{"_id": 1, "a": [{"b": 1}, {"b": "x"}]}"#,
        &["$inc", "a.1.b", "string"],
    );
    refused_with(
        r#"{"$set": {"a.$[]": 1, "a.0": 2}}"#,
        "[]",
        None,
        r#"{"_id": 1}"#,
        &["conflicts", "\"a\""],
    );
    refused_with(
        r#"{"$set": {"a.$[]": 1, "a": 2}}"#,
        "[]",
        None,
        r#"{"_id": 1}"#,
        &["conflicts"],
    );
    refused_with(
        r#"{"$set": {"$[].a": 1}}"#,
        "[]",
        None,
        r#"{"_id": 1}"#,
        &["begins"],
    );
}

#[test]
fn array_filters_choose_elements() {
    let cases = [
        (
            r#"{"$set": {"grades.$[element]": 100}}"#,
            r#"[{"element": {"$gte": 100}}]"#,
            r#"{"_id": 1, "grades": [95, 102, 90, 150]}"#,
            r#"{"_id": 1, "grades": [95, 100, 90, 100]}"#,
        ),
        (
            r#"{"$set": {"g.$[elem].mean": 100}}"#,
            r#"[{"elem.grade": {"$gte": 85}}]"#,
            r#"{"_id": 1, "g": [{"grade": 80, "mean": 75}, {"grade": 85, "mean": 90}, 7]}"#,
            r#"{"_id": 1, "g": [{"grade": 80, "mean": 75}, {"grade": 85, "mean": 100}, 7]}"#,
        ),
        (
            r#"{"$inc": {"g.$[e].std": -1}}"#,
            r#"[{"e.grade": {"$gte": 80}, "e.std": {"$gt": 5}}]"#,
            r#"{"_id": 1, "g": [{"grade": 80, "std": 8}, {"grade": 85, "std": 5}]}"#,
            r#"{"_id": 1, "g": [{"grade": 80, "std": 7}, {"grade": 85, "std": 5}]}"#,
        ),
        (
            r#"{"$inc": {"g.$[t].q.$[s]": 2}}"#,
            r#"[{"t.type": "quiz"}, {"s": {"$gte": 8}}]"#,
            r#"{"_id": 1, "g": [{"type": "quiz", "q": [10, 8, 5]}, {"type": "x", "q": [9]}]}"#,
            r#"{"_id": 1, "g": [{"type": "quiz", "q": [12, 10, 5]}, {"type": "x", "q": [9]}]}"#,
        ),
        (
            r#"{"$set": {"g.$[e]": 0}}"#,
            r#"[{"$or": [{"e": 1}, {"e": {"$gt": 5}}]}]"#,
            r#"{"_id": 1, "g": [1, 2, 6]}"#,
            r#"{"_id": 1, "g": [0, 2, 0]}"#,
        ),
        (
            r#"{"$set": {"g.$[a].x": 1, "g.$[b].y": 2, "g.$[].z": 3}}"#,
            r#"[{"a.n": {"$gt": 1}}, {"b.n": {"$lt": 3}}]"#,
            r#"{"_id": 1, "g": [{"n": 1}, {"n": 2}, {"n": 3}]}"#,
            r#"{"_id": 1, "g": [{"n": 1, "y": 2, "z": 3}, {"n": 2, "x": 1, "y": 2, "z": 3}, {"n": 3, "x": 1, "z": 3}]}"#,
        ),
        (
            r#"{"$set": {"g.$[e]": 9, "h.$[e]": 9}}"#,
            r#"[{"e": 1}]"#,
            r#"{"_id": 1, "g": [1, 2], "h": [2, 1]}"#,
            r#"{"_id": 1, "g": [9, 2], "h": [2, 9]}"#,
        ),
        (
            r#"{"$set": {"g.$[e]": 9}}"#,
            r#"[{"e": 7}]"#,
            r#"{"_id": 1, "g": [1, 2]}"#,
            r#"{"_id": 1, "g": [1, 2]}"#,
        ),
        (
            r#"{"$pop": {"g.$[e].l": 1}}"#,
            r#"[{"e.k": 1}]"#,
            r#"{"_id": 1, "g": [{"k": 1, "l": [1, 2]}, {"k": 2, "l": [1]}]}"#,
            r#"{"_id": 1, "g": [{"k": 1, "l": [1]}, {"k": 2, "l": [1]}]}"#,
        ),
        (
            r#"{"$set": {"g.$[e].r": {"k": 1}}}"#,
            r#"[{"e": {"k": 2}}]"#,
            r#"{"_id": 1, "g": [{"k": 1}, {"k": 2}]}"#,
            r#"{"_id": 1, "g": [{"k": 1}, {"k": 2, "r": {"k": 1}}]}"#,
        ),
    ];
    for (update, filters, document, expected) in cases {
        check_with(update, filters, None, document, expected);
    }
    check_with(
        r#"{"$set": {"g.$.q.$[e]": 0}}"#,
        r#"[{"e": {"$gt": 1}}]"#,
        Some(1),
        r#"{"_id": 1, "g": [{"q": [1, 2]}, {"q": [1, 2]}]}"#,
        r#"{"_id": 1, "g": [{"q": [1, 2]}, {"q": [1, 0]}]}"#,
    );
}

#[test]
fn array_filters_that_cannot_be_used_are_refused() {
    let set = r#"{"$set": {"a.$[x]": 1}}"#;
    let cases: &[(&str, &str, &[&str])] = &[
        (set, "[]", &["a.$[x]", "no array filter"]),
        (set, r#"[{"x": 1}, {"y": 1}]"#, &["\"y\"", "not used"]),
        (set, r#"[{"x": 1}, {"x": 2}]"#, &["two array filters", "\"x\""]),
        (set, r#"[{"x": 1, "y": 1}]"#, &["\"x\"", "\"y\""]),
        (set, r#"[{"$or": [{"x": 1}, {"y.z": 1}]}]"#, &["\"x\"", "\"y\""]),
        (set, "[{}]", &["no field"]),
        (set, r#"[{"X": 1}]"#, &["\"X\"", "small letter"]),
        (set, r#"[{"x_y": 1}]"#, &["x_y"]),
        (set, "[5]", &["arrayFilters", "integer"]),
        (set, r#"{"x": 1}"#, &["arrayFilters", "object"]),
        (set, r#"[{"x": {"$foo": 1}}]"#, &["\"x\"", "$foo"]),
        (set, r#"[{"$expr": true}]"#, &["$expr"]),
        (r#"{"b": 1}"#, r#"[{"x": 1}]"#, &["\"x\"", "not used"]),
        (
            r#"{"$set": {"a.$[x].b": 1, "a.$[x]": 2}}"#,
            r#"[{"x": 1}]"#,
            &["conflicts"],
        ),
    ];
    for (update, filters, words) in cases {
        refused_with(update, filters, None, r#"{"_id": 1, "a": [1]}"#, words);
    }
    let many: Vec<String> = (0..101).map(|number| format!(r#"{{"x{number}": 1}}"#)).collect();
    refused_with(
        set,
        &format!("[{}]", many.join(",")),
        None,
        r#"{"_id": 1}"#,
        &["100"],
    );
    refused_with(
        r#"{"$set": {"a.$[x]": 1, "a.$[y]": 2}}"#,
        r#"[{"x": {"$gt": 1}}, {"y": {"$gt": 2}}]"#,
        None,
        r#"{"_id": 1, "a": [1, 2, 3]}"#,
        &["a.2", "conflicts"],
    );
}

#[test]
fn a_result_that_outgrows_documents_is_refused_early() {
    let text = "x".repeat(100_000);
    let list = vec!["0"; 10_000].join(",");
    let update = Update::compile(&plain(&format!(r#"{{"$set": {{"a.$[]": "{text}"}}}}"#))).unwrap();
    let error = apply_to(&update, None, &format!(r#"{{"_id": 1, "a": [{list}]}}"#)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DocumentTooLarge);
    let pads: Vec<String> = (0..1000)
        .map(|number| format!(r#""k{number}.1400000": 1"#))
        .collect();
    let empty: Vec<String> = (0..1000).map(|number| format!(r#""k{number}": []"#)).collect();
    let update = Update::compile(&plain(&format!(r#"{{"$set": {{{}}}}}"#, pads.join(",")))).unwrap();
    let error = apply_to(&update, None, &format!(r#"{{"_id": 1, {}}}"#, empty.join(","))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DocumentTooLarge);
}
