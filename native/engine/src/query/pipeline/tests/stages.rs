//! Stages that take one document and give one, some or none.

use super::*;

const THREE: &str = r#"[{"_id": 1, "a": 1}, {"_id": 2, "a": 2}, {"_id": 3, "a": 3}]"#;

#[test]
fn an_empty_pipeline_gives_the_documents() {
    check(&[(THREE, "[]", THREE), ("[]", "[]", "[]")]);
}

#[test]
fn skip_limit_and_count_take_what_comes() {
    check(&[
        (
            THREE,
            r#"[{"$skip": 1}]"#,
            r#"[{"_id": 2, "a": 2}, {"_id": 3, "a": 3}]"#,
        ),
        (THREE, r#"[{"$limit": 1}]"#, r#"[{"_id": 1, "a": 1}]"#),
        (
            THREE,
            r#"[{"$limit": 2}, {"$skip": 1}]"#,
            r#"[{"_id": 2, "a": 2}]"#,
        ),
        (
            THREE,
            r#"[{"$skip": 1}, {"$limit": 1}]"#,
            r#"[{"_id": 2, "a": 2}]"#,
        ),
        (THREE, r#"[{"$limit": 2}, {"$skip": 5}]"#, "[]"),
        (THREE, r#"[{"$count": "n"}]"#, r#"[{"n": 3}]"#),
        (
            THREE,
            r#"[{"$match": {"a": {"$gt": 1}}}, {"$count": "n"}]"#,
            r#"[{"n": 2}]"#,
        ),
        (THREE, r#"[{"$match": {"a": 9}}, {"$count": "n"}]"#, "[]"),
        (
            THREE,
            r#"[{"$set": {"b": 1}}, {"$limit": 1}, {"$count": "n"}]"#,
            r#"[{"n": 1}]"#,
        ),
        (
            THREE,
            r#"[{"$unset": "a"}, {"$skip": 1}, {"$limit": 1}, {"$set": {"b": 1}}]"#,
            r#"[{"_id": 2, "b": 1}]"#,
        ),
    ]);
}

#[test]
fn sorting_orders_documents_and_keeps_the_first_ones() {
    let documents = r#"[{"_id": 1, "a": 2, "b": 1}, {"_id": 2, "a": [0, 9]}, {"_id": 3, "b": 0}, {"_id": 4, "a": 2, "b": 0}]"#;
    check(&[
        (
            documents,
            r#"[{"$sort": {"a": 1, "b": 1}}, {"$project": {"_id": 1}}]"#,
            r#"[{"_id": 3}, {"_id": 2}, {"_id": 4}, {"_id": 1}]"#,
        ),
        (
            documents,
            r#"[{"$sort": {"a": -1}}, {"$project": {"_id": 1}}, {"$skip": 1}, {"$limit": 2}]"#,
            r#"[{"_id": 1}, {"_id": 4}]"#,
        ),
        (
            documents,
            r#"[{"$set": {"c": {"$ifNull": ["$b", 5]}}}, {"$sort": {"c": -1, "_id": -1}}, {"$limit": 3}, {"$project": {"c": 1}}]"#,
            r#"[{"_id": 2, "c": 5}, {"_id": 1, "c": 1}, {"_id": 4, "c": 0}]"#,
        ),
        (
            documents,
            r#"[{"$sortByCount": "$a"}, {"$limit": 1}]"#,
            r#"[{"_id": 2, "count": 2}]"#,
        ),
    ]);
}

#[test]
fn matching_behind_a_stage_sees_what_that_stage_made() {
    check(&[
        (
            THREE,
            r#"[{"$set": {"a": {"$multiply": ["$a", 10]}}}, {"$match": {"a": {"$gte": 20}}}]"#,
            r#"[{"_id": 2, "a": 20}, {"_id": 3, "a": 30}]"#,
        ),
        (
            THREE,
            r#"[{"$project": {"b": "$a"}}, {"$match": {"a": 1}}]"#,
            "[]",
        ),
        (
            THREE,
            r#"[{"$match": {"$expr": {"$eq": ["$a", 2]}}}, {"$replaceRoot": {"newRoot": {"x": "$a"}}}]"#,
            r#"[{"x": 2}]"#,
        ),
    ]);
}

#[test]
fn unwinding_gives_a_document_for_each_element() {
    let documents = r#"[{"_id": 1, "a": [1, 2]}, {"_id": 2, "a": []}, {"_id": 3, "a": null},
        {"_id": 4}, {"_id": 5, "a": 7}]"#;
    check(&[
        (
            documents,
            r#"[{"$unwind": "$a"}]"#,
            r#"[{"_id": 1, "a": 1}, {"_id": 1, "a": 2}, {"_id": 5, "a": 7}]"#,
        ),
        (
            documents,
            r#"[{"$unwind": {"path": "$a", "includeArrayIndex": "i", "preserveNullAndEmptyArrays": true}}]"#,
            r#"[{"_id": 1, "a": 1, "i": 0}, {"_id": 1, "a": 2, "i": 1}, {"_id": 2, "i": null},
                {"_id": 3, "a": null, "i": null}, {"_id": 4, "i": null}, {"_id": 5, "a": 7, "i": null}]"#,
        ),
        (
            r#"[{"_id": 1, "s": {"a": [[1], [2]]}, "t": 0}]"#,
            r#"[{"$unwind": "$s.a"}, {"$unwind": "$s.a"}]"#,
            r#"[{"_id": 1, "s": {"a": 1}, "t": 0}, {"_id": 1, "s": {"a": 2}, "t": 0}]"#,
        ),
        (
            r#"[{"_id": 1, "s": [{"a": [1]}]}]"#,
            r#"[{"$unwind": "$s.a"}]"#,
            "[]",
        ),
        (
            r#"[{"_id": 1, "a": [1, 2, 3, 4]}, {"_id": 2, "a": [5]}]"#,
            r#"[{"$unwind": "$a"}, {"$skip": 1}, {"$limit": 2}]"#,
            r#"[{"_id": 1, "a": 2}, {"_id": 1, "a": 3}]"#,
        ),
    ]);
}

#[test]
fn unwinding_a_large_array_of_a_large_document_holds_one_document_at_a_time() {
    let text = "x".repeat(1 << 20);
    let elements = vec!["1"; 5000].join(", ");
    let shelf = shelf(&[(
        "c",
        &format!(r#"[{{"_id": 1, "t": "{text}", "a": [{elements}]}}]"#),
    )]);
    // All results together would take 5 GB.
    let pipeline = compile(r#"[{"$unwind": "$a"}]"#).unwrap();
    let mut execution = Execution::new(&pipeline, "c", Box::new(shelf), NOW);
    let mut taken = 0;
    for _ in 0..10 {
        execution
            .advance(&mut |_| {
                taken += 1;
                Ok(Flow::Pause)
            })
            .unwrap();
    }
    assert_eq!(taken, 10);
}

#[test]
fn redacting_keeps_drops_or_looks_into_documents() {
    let documents = r#"[{"_id": 1, "l": 1, "s": {"l": 5, "x": 1}, "list": [{"l": 1, "y": 2}, {"l": 9}, 3]}]"#;
    check(&[
        (
            documents,
            r#"[{"$redact": {"$cond": [{"$gt": ["$l", 3]}, "$$PRUNE", "$$DESCEND"]}}]"#,
            r#"[{"_id": 1, "l": 1, "list": [{"l": 1, "y": 2}, 3]}]"#,
        ),
        (documents, r#"[{"$redact": "$$KEEP"}]"#, documents),
        (documents, r#"[{"$redact": "$$PRUNE"}]"#, "[]"),
    ]);
}

#[test]
fn sampling_chooses_as_many_as_asked_and_all_alike() {
    let documents: Vec<String> = (0..20).map(|id| format!(r#"{{"_id": {id}}}"#)).collect();
    let shelf = shelf(&[("c", &format!("[{}]", documents.join(", ")))]);
    let mut chosen = [0; 20];
    for _ in 0..400 {
        let sample = run_in(&shelf, r#"[{"$sample": {"size": 5}}]"#, 2).unwrap();
        assert_eq!(sample.len(), 5);
        let mut ids: Vec<i64> = sample
            .iter()
            .map(|document| match document.get("_id") {
                Some(Owned::Int(id)) => *id,
                other => panic!("{other:?}"),
            })
            .collect();
        ids.iter().for_each(|id| chosen[*id as usize] += 1);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5, "no document comes twice");
    }
    // 100 each are expected; 40 below or above is more than four deviations.
    assert!(
        chosen.iter().all(|count| (60..=140).contains(count)),
        "{chosen:?}"
    );
    let all = run_in(&shelf, r#"[{"$sample": {"size": 50}}]"#, usize::MAX).unwrap();
    assert_eq!(all.len(), 20);
}

#[test]
fn facets_see_the_same_documents() {
    check(&[
        (
            THREE,
            r#"[{"$facet": {
                "all": [{"$count": "n"}],
                "first": [{"$limit": 1}],
                "odd": [{"$match": {"a": {"$mod": [2, 1]}}}, {"$project": {"_id": 0}}],
                "none": [{"$match": {"a": 9}}]
            }}]"#,
            r#"[{"all": [{"n": 3}], "first": [{"_id": 1, "a": 1}], "odd": [{"a": 1}, {"a": 3}], "none": []}]"#,
        ),
        (
            "[]",
            r#"[{"$facet": {"n": [{"$count": "n"}], "g": [{"$group": {"_id": null, "n": {"$sum": 1}}}]}}]"#,
            r#"[{"n": [], "g": []}]"#,
        ),
        (
            r#"[{"_id": 1, "a": [1, 2, 3]}]"#,
            r#"[{"$facet": {"u": [{"$unwind": "$a"}, {"$limit": 2}, {"$unset": "_id"}]}}, {"$unwind": "$u"}]"#,
            r#"[{"u": {"a": 1}}, {"u": {"a": 2}}]"#,
        ),
    ]);
}

#[test]
fn documents_are_given_by_a_stage() {
    check(&[(
        THREE,
        r#"[{"$documents": [{"x": 1}, {"x": {"$add": [1, 1]}}]}, {"$match": {"x": {"$gt": 1}}}]"#,
        r#"[{"x": 2}]"#,
    )]);
    let error = run(THREE, r#"[{"$documents": [1]}]"#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidPipeline);
}

#[test]
fn an_error_ends_a_pipeline_and_names_its_stage() {
    let pipeline =
        r#"[{"$match": {"a": {"$gt": 0}}}, {"$set": {"b": {"$divide": [1, {"$subtract": ["$a", 2]}]}}}]"#;
    let error = run(THREE, pipeline).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidExpression);
    assert!(error.message().starts_with("stage 1 ($set): "), "{error}");
    let compiled = compile(pipeline).unwrap();
    let mut execution = Execution::new(&compiled, "c", Box::new(shelf(&[("c", THREE)])), NOW);
    assert!(execution.advance(&mut |_| Ok(Flow::More)).is_err());
    assert!(!execution.advance(&mut |_| Ok(Flow::More)).unwrap());
}
