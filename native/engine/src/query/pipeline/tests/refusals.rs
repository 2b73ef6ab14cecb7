//! Pipelines that are refused, and in which words.

use super::*;

#[test]
fn malformed_pipelines_are_refused_with_their_stage() {
    for (pipeline, wanted) in [
        (r#"{"$match": {}}"#, "an array of stages is expected"),
        (r#"[1]"#, "stage 0 (no name): an object such as"),
        (
            r#"[{}]"#,
            "stage 0 (no name): a stage is an object of exactly one field",
        ),
        (r#"[{"$match": {}, "$skip": 1}]"#, "exactly one field"),
        (
            r#"[{"$match": {}}, {"$nope": 1}]"#,
            "stage 1 ($nope): the stage is not known; known are",
        ),
        (
            r#"[{"$limit": 0}]"#,
            "stage 0 ($limit): a whole number of at least 1",
        ),
        (r#"[{"$limit": "1"}]"#, "a whole number of at least 1"),
        (r#"[{"$skip": -1}]"#, "a whole number of at least 0"),
        (r#"[{"$skip": 1.5}]"#, "a whole number"),
        (r#"[{"$count": "$n"}]"#, "do not begin with $"),
        (r#"[{"$count": ""}]"#, "the name of the field"),
        (r#"[{"$count": "a.b"}]"#, "may not contain a dot"),
        (r#"[{"$unwind": "a"}]"#, "begins with $"),
        (r#"[{"$unwind": {"path": "$a", "x": 1}}]"#, "is no option"),
        (
            r#"[{"$unwind": {"path": "$a", "includeArrayIndex": "$i"}}]"#,
            "do not begin with $",
        ),
        (r#"[{"$unwind": 1}]"#, "a path such as"),
        (r#"[{"$group": {"n": {"$sum": 1}}}]"#, "_id has to be given"),
        (
            r#"[{"$group": {"_id": null, "n": 1}}]"#,
            "an accumulator such as {$sum: 1} is expected",
        ),
        (
            r#"[{"$group": {"_id": null, "n": {"$sum": 1, "$avg": 1}}}]"#,
            "takes one accumulator",
        ),
        (
            r#"[{"$group": {"_id": null, "a.b": {"$sum": 1}}}]"#,
            "may not contain a dot",
        ),
        (r#"[{"$sortByCount": "a"}]"#, "a field such as"),
        (
            r#"[{"$bucket": {"groupBy": "$a", "boundaries": [1]}}]"#,
            "at least two boundaries",
        ),
        (
            r#"[{"$bucket": {"groupBy": "$a", "boundaries": [2, 1]}}]"#,
            "boundaries have to rise",
        ),
        (
            r#"[{"$bucket": {"groupBy": "$a", "boundaries": [1, "a"]}}]"#,
            "be of one type",
        ),
        (
            r#"[{"$bucket": {"groupBy": "$a", "boundaries": [1, 5], "default": 3}}]"#,
            "default has to lie outside",
        ),
        (
            r#"[{"$bucketAuto": {"groupBy": "$a", "buckets": 0}}]"#,
            "at least 1",
        ),
        (
            r#"[{"$bucketAuto": {"groupBy": "$a", "buckets": 2, "granularity": "R5"}}]"#,
            "granularity is not supported",
        ),
        (r#"[{"$sample": {"size": 0}}]"#, "at least 1"),
        (r#"[{"$facet": {}}]"#, "at least one pipeline"),
        (
            r#"[{"$facet": {"a": [{"$facet": {"b": []}}]}}]"#,
            "a $facet may not stand in a $facet",
        ),
        (
            r#"[{"$facet": {"a": [{"$out": "x"}]}}]"#,
            "may not stand in an inner pipeline",
        ),
        (
            r#"[{"$facet": {"a": [{"$documents": []}]}}]"#,
            "has to be the first stage",
        ),
        (
            r#"[{"$lookup": {"from": "x", "as": "y"}}]"#,
            "or a pipeline, have to be given",
        ),
        (
            r#"[{"$lookup": {"from": "x", "localField": "a", "as": "y"}}]"#,
            "come together",
        ),
        (
            r#"[{"$lookup": {"from": "x", "localField": "a", "foreignField": "b"}}]"#,
            "as has to be given",
        ),
        (
            r#"[{"$lookup": {"pipeline": [], "as": "y"}}]"#,
            "from has to be given",
        ),
        (
            r#"[{"$lookup": {"from": "x", "let": {"A": 1}, "pipeline": [], "as": "y"}}]"#,
            "is no name of a variable",
        ),
        (
            r#"[{"$lookup": {"from": "x", "pipeline": [{"$merge": "y"}], "as": "y"}}]"#,
            "may not stand in an inner pipeline",
        ),
        (r#"[{"$graphLookup": {"from": "x"}}]"#, "have to be given"),
        (r#"[{"$unionWith": {"pipeline": []}}]"#, "coll has to be given"),
        (
            r#"[{"$out": "x"}, {"$limit": 1}]"#,
            "$out and $merge have to be the last stage",
        ),
        (
            r#"[{"$out": {"db": "a", "coll": "x"}}]"#,
            "the name of a collection",
        ),
        (
            r#"[{"$merge": {"into": "x", "whenMatched": "no"}}]"#,
            "whenMatched takes",
        ),
        (
            r#"[{"$merge": {"into": "x", "whenNotMatched": "no"}}]"#,
            "whenNotMatched takes",
        ),
        (
            r#"[{"$merge": {"into": "x", "whenMatched": [{"$group": {"_id": 1}}]}}]"#,
            "is no stage for whenMatched",
        ),
        (r#"[{"$merge": {"into": "x", "on": []}}]"#, "on names no fields"),
        (
            r#"[{"$limit": 1}, {"$documents": []}]"#,
            "has to be the first stage",
        ),
    ] {
        let error = compile(pipeline).expect_err(pipeline);
        assert_eq!(error.kind(), ErrorKind::InvalidPipeline, "{pipeline}: {error}");
        assert!(error.message().contains(wanted), "{pipeline}: {error}");
    }
}

#[test]
fn filters_and_expressions_in_stages_keep_their_kinds() {
    for (pipeline, kind) in [
        (r#"[{"$match": {"$where": "1"}}]"#, ErrorKind::InvalidFilter),
        (
            r#"[{"$match": {"$expr": {"$no": 1}}}]"#,
            ErrorKind::InvalidExpression,
        ),
        (
            r#"[{"$set": {"a": {"$function": {}}}}]"#,
            ErrorKind::InvalidExpression,
        ),
        (
            r#"[{"$group": {"_id": 1, "a": {"$accumulator": {}}}}]"#,
            ErrorKind::InvalidExpression,
        ),
        (r#"[{"$group": {"_id": "$$nope"}}]"#, ErrorKind::InvalidExpression),
        (r#"[{"$project": {"a": 1, "b": 0}}]"#, ErrorKind::InvalidPipeline),
    ] {
        let error = compile(pipeline).expect_err(pipeline);
        assert_eq!(error.kind(), kind, "{pipeline}: {error}");
        assert!(error.message().starts_with("stage 0 ("), "{pipeline}: {error}");
    }
}

#[test]
fn a_stage_says_its_name_once() {
    let error = compile(r#"[{"$set": {}}]"#).unwrap_err();
    assert_eq!(error.message().matches("$set").count(), 1, "{error}");
}

#[test]
fn more_stages_than_a_pipeline_may_have_are_refused() {
    let stages = |count| format!("[{}]", vec![r#"{"$skip": 1}"#; count].join(","));
    assert!(compile(&stages(1000)).is_ok());
    assert!(compile(&stages(1001)).is_err());
    let inner = format!(
        r#"[{{"$facet": {{"a": {}, "b": {}}}}}]"#,
        stages(600),
        stages(600)
    );
    assert!(compile(&inner).is_err());
}

#[test]
fn bytes_that_are_no_pipeline_are_refused() {
    for bytes in [&[][..], &[0xc1], &[0x91], &[0x91, 0x81, 0xa1], &[0x90, 0x90]] {
        let error = Pipeline::compile(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidPipeline, "{bytes:?}: {error}");
    }
}

#[test]
fn sorts_are_refused_by_what_is_wrong_with_them() {
    let error = compile(r#"[{"$sort": {}}]"#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidPipeline, "{error}");
    let error = compile(r#"[{"$limit": 1}, {"$sort": {"a": 2}}]"#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSort, "{error}");
    assert!(error.message().starts_with("stage 1 ($sort): "), "{error}");
}
