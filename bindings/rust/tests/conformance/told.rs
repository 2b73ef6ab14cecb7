//! What calls give, as the documents that the cases compare with.
//!
//! Promises: test/conformance/README.md, the results of "Operations". Leaves to others: the calls (operations.rs).

use std::collections::BTreeMap;
use std::sync::Arc;

use quiredb::{
    BackupReport, BulkWriteResult, ChangeEvent, CollectionInfo, CompactReport, Document, Id, IdMode,
    IndexInfo, Stats, UpdateResult, Value, doc,
};

/// The fields that the event has.
pub fn event_document(event: ChangeEvent<Document>) -> Document {
    let operation = format!("{:?}", event.operation_type).to_lowercase();
    let mut told = doc! { "_id": event.token, "operationType": operation };
    for (name, collection) in [("ns", event.ns), ("to", event.to)] {
        if let Some(collection) = collection {
            told.insert(name, doc! { "coll": collection.coll });
        }
    }
    if let Some(key) = event.document_key {
        told.insert("documentKey", doc! { "_id": key.id });
    }
    if let Some(document) = event.full_document {
        told.insert("fullDocument", document);
    }
    if let Some(changed) = event.update_description {
        let (updated, removed) = (changed.updated_fields, changed.removed_fields);
        let cut = changed.truncated_arrays;
        let description = doc! { "updatedFields": updated, "removedFields": removed, "truncatedArrays": cut };
        told.insert("updateDescription", description);
    }
    let (sequence, index) = (event.commit.sequence, event.commit.index);
    told.insert(
        "commit",
        doc! { "sequence": sequence, "index": index, "isLast": event.commit.is_last },
    );
    told
}

pub fn index_document(index: &IndexInfo) -> Document {
    let mut told = doc! { "name": &index.name, "key": &index.key, "entriesCount": index.entries_count };
    if index.unique {
        told.insert("unique", true);
    }
    if let Some(filter) = &index.partial_filter_expression {
        told.insert("partialFilterExpression", filter);
    }
    told
}

pub fn collections(infos: &[CollectionInfo]) -> Value {
    let told = infos.iter().map(|info| {
        let ids = if info.ids == IdMode::Integer {
            "integer"
        } else {
            "ulid"
        };
        doc! { "name": &*info.name, "ids": ids, "documentsCount": info.documents_count }
    });
    told.collect::<Vec<Document>>().into()
}

pub fn stats(stats: &Stats) -> Value {
    let mut told = doc! { "collections": collections(&stats.collections) };
    for (name, figure) in [
        ("pagesCount", stats.pages_count),
        ("cacheBytes", stats.cache_bytes),
        ("logBytes", stats.log_bytes),
        ("sequence", stats.sequence),
        ("commitsCount", stats.commits_count),
        ("checkpointsCount", stats.checkpoints_count),
    ] {
        told.insert(name, figure);
    }
    told.into()
}

pub fn compacted(report: &CompactReport) -> Value {
    let names = |names: &[Arc<str>]| {
        names
            .iter()
            .map(|name| name.as_ref().into())
            .collect::<Vec<Value>>()
    };
    let (before, after) = (report.bytes_before, report.bytes_after);
    let mut told = doc! { "bytesBefore": before, "bytesAfter": after };
    told.insert("moved", names(&report.moved));
    told.insert("left", names(&report.left));
    told.into()
}

pub fn backed_up(report: &BackupReport) -> Value {
    let (pages, bytes) = (report.pages_count, report.bytes);
    let (collections, documents) = (report.collections_count, report.documents_count);
    let mut told = doc! { "pagesCount": pages, "bytes": bytes, "collectionsCount": collections };
    told.insert("documentsCount", documents);
    told.insert("sequence", report.sequence);
    told.into()
}

/// What a check or a salvage found.
pub fn problems(documents: u64, count: u64, problems: &[impl ToString]) -> Document {
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let mut told = doc! { "documentsCount": documents, "problemsCount": count };
    told.insert("problems", messages);
    told
}

/// The names of a plan's stages, the last one first, the index that it reads, and what that took.
pub fn explained(explanation: &Document) -> Value {
    let mut told = explanation.get_map("executionStats").cloned().unwrap_or_default();
    let mut stages = Vec::new();
    let mut index = Value::Null;
    let planner = explanation.get_map("queryPlanner");
    let mut stage = planner.and_then(|planner| planner.get_map("winningPlan"));
    while let Some(current) = stage {
        stages.push(current.get_str("stage").unwrap_or_default());
        if let (Value::Null, Some(name)) = (&index, current.get("indexName")) {
            index = name.clone();
        }
        let inputs = current.get_array("inputStages").and_then(|inputs| inputs.first());
        stage = current.get_map("inputStage").or(match inputs {
            Some(Value::Map(input)) => Some(input),
            _ => None,
        });
    }
    told.insert("stages", stages);
    told.insert("indexName", index);
    told.into()
}

pub fn updated(done: UpdateResult) -> Value {
    let (matched, modified) = (done.matched_count, done.modified_count);
    doc! { "matchedCount": matched, "modifiedCount": modified, "upsertedId": done.upserted_id }.into()
}

/// What a bulk write did, by the names of the cases.
pub fn bulk_document(done: &BulkWriteResult) -> Document {
    let ids = |ids: &BTreeMap<usize, Id>| {
        ids.iter()
            .map(|(at, id)| (at.to_string(), id))
            .collect::<Document>()
    };
    doc! {
        "insertedCount": done.inserted_count,
        "matchedCount": done.matched_count,
        "modifiedCount": done.modified_count,
        "deletedCount": done.deleted_count,
        "upsertedCount": done.upserted_count,
        "insertedIds": ids(&done.inserted_ids),
        "upsertedIds": ids(&done.upserted_ids)
    }
}
