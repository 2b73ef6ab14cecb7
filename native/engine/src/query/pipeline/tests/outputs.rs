//! What a merge makes of a result and the document that is there.

use super::*;
use crate::query::expression::tests::owned;

fn combine(merge: &str, new: &str, old: Option<&str>) -> Result<Option<Owned>> {
    let pipeline = compile(&format!(r#"[{{"$merge": {merge}}}]"#))?;
    let Some(Output::Merge(merge)) = pipeline.output() else {
        panic!("a merge");
    };
    merge.combine(owned(new), old.map(owned), NOW)
}

#[test]
fn merging_does_what_the_stage_asks() {
    let (new, old) = (r#"{"_id": 1, "a": 2, "n": 1}"#, r#"{"_id": 1, "a": 1, "o": 1}"#);
    for (merge, wanted) in [
        (r#""t""#, Some(r#"{"_id": 1, "a": 2, "o": 1, "n": 1}"#)),
        (r#"{"into": "t", "whenMatched": "replace"}"#, Some(new)),
        (r#"{"into": {"coll": "t"}, "whenMatched": "keepExisting"}"#, None),
        (
            r#"{"into": "t", "whenMatched": [{"$set": {"a": {"$add": ["$a", "$$new.a"]}}}]}"#,
            Some(r#"{"_id": 1, "a": 3, "o": 1}"#),
        ),
        (
            r#"{"into": "t", "let": {"k": "$n"}, "whenMatched": [{"$set": {"a": "$$k"}}, {"$unset": "o"}]}"#,
            Some(r#"{"_id": 1, "a": 1}"#),
        ),
    ] {
        let found = combine(merge, new, Some(old)).unwrap_or_else(|error| panic!("{merge}: {error}"));
        assert_eq!(found, wanted.map(owned), "{merge}");
    }
    assert_eq!(combine(r#""t""#, new, None).unwrap(), Some(owned(new)));
    assert_eq!(
        combine(r#"{"into": "t", "whenNotMatched": "discard"}"#, new, None).unwrap(),
        None
    );
    for (merge, old) in [
        (r#"{"into": "t", "whenMatched": "fail"}"#, Some(old)),
        (r#"{"into": "t", "whenNotMatched": "fail"}"#, None),
    ] {
        let error = combine(merge, new, old).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidPipeline);
        assert!(error.message().contains("$merge into t"), "{error}");
    }
}

#[test]
fn a_merge_finds_documents_by_the_fields_it_names() {
    let fields = |merge: &str| {
        let pipeline = compile(&format!(r#"[{{"$merge": {merge}}}]"#)).unwrap();
        match pipeline.output() {
            Some(Output::Merge(merge)) => merge
                .on()
                .iter()
                .map(|field| field.to_string())
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(fields(r#""t""#), ["_id"]);
    assert_eq!(fields(r#"{"into": "t", "on": "a.b"}"#), ["a.b"]);
    assert_eq!(fields(r#"{"into": "t", "on": ["a", "b"]}"#), ["a", "b"]);
}
