//! What a database tells about itself, as plain MessagePack: its collections, its figures, what a check found.
//!
//! Shape: maps with the names of src/stats.ts. Promises: what is appended is one whole value.
//! Leaves to others: the figures (stats.rs, check.rs, dump/).

use std::sync::Arc;

use crate::backup::BackupReport;
use crate::check::CheckReport;
use crate::collection::IdMode;
use crate::command::reply::Reply;
use crate::compact::CompactReport;
use crate::dump::DumpReport;
use crate::error::Error;
use crate::format::encode::{write_array_head, write_text};
use crate::stats::{CollectionInfo, Stats};

/// Appends an array of collections.
pub fn write_collections(infos: &[CollectionInfo], out: &mut Vec<u8>) {
    write_array_head(infos.len(), out);
    for info in infos {
        let mut map = Reply::begin(out);
        write_text(info.name.as_bytes(), map.field("name"));
        let ids = match info.ids {
            IdMode::Ulid => "ulid",
            IdMode::Integer => "integer",
        };
        write_text(ids.as_bytes(), map.field("ids"));
        map.count("documentsCount", info.documents_count);
        map.count("documentsBytes", info.documents_bytes);
        map.count("pagesCount", info.heap_pages);
        map.count("indexBytes", info.index_bytes);
        map.count("structuresCount", info.structures_count as u64);
        map.count("falseVisitsCount", info.false_visits_count);
        map.end();
    }
}

/// Appends the figures of a database.
pub fn write_stats(stats: &Stats, out: &mut Vec<u8>) {
    let mut map = Reply::begin(out);
    write_collections(&stats.collections, map.field("collections"));
    map.count("pagesCount", stats.pages_count);
    map.count("freePagesCount", stats.free_pages);
    map.count("cacheBytes", stats.cache_bytes);
    map.count("dirtyBytes", stats.dirty_bytes);
    map.count("versionBytes", stats.version_bytes);
    map.count("logBytes", stats.log_bytes);
    map.count("sequence", stats.sequence);
    map.count("commitsCount", stats.commits_count);
    map.count("checkpointsCount", stats.checkpoints_count);
    map.count("pageLoadsCount", stats.page_loads_count);
    map.end();
}

/// Appends what a check found.
pub fn write_check(report: &CheckReport, out: &mut Vec<u8>) {
    let mut map = Reply::begin(out);
    map.field("isClean")
        .push(if report.is_clean() { 0xc3 } else { 0xc2 });
    map.count("pagesCount", report.pages_count);
    map.count("documentsCount", report.documents_count);
    write_problems(&report.problems, report.problems_count, &mut map);
    map.end();
}

/// Appends what a backup holds.
pub fn write_backup(report: &BackupReport, out: &mut Vec<u8>) {
    let mut map = Reply::begin(out);
    map.count("pagesCount", report.pages_count);
    map.count("bytes", report.bytes);
    map.count("collectionsCount", report.collections_count);
    map.count("documentsCount", report.documents_count);
    map.count("sequence", report.sequence);
    map.end();
}

/// Appends what a compaction did.
pub fn write_compact(report: &CompactReport, out: &mut Vec<u8>) {
    let mut map = Reply::begin(out);
    map.count("bytesBefore", report.bytes_before);
    map.count("bytesAfter", report.bytes_after);
    write_names(&report.moved, map.field("moved"));
    write_names(&report.left, map.field("left"));
    map.end();
}

fn write_names(names: &[Arc<str>], out: &mut Vec<u8>) {
    write_array_head(names.len(), out);
    for name in names {
        write_text(name.as_bytes(), out);
    }
}

/// Appends what salvaging a database found.
pub fn write_salvage(report: &DumpReport, out: &mut Vec<u8>) {
    let mut map = Reply::begin(out);
    map.count("documentsCount", report.documents_count);
    write_problems(&report.problems, report.problems_count, &mut map);
    map.end();
}

/// Writes how many problems there are, and those that are told: {code, message, page?}.
fn write_problems(problems: &[Error], count: u64, map: &mut Reply<'_>) {
    map.count("problemsCount", count);
    let out = map.field("problems");
    write_array_head(problems.len(), out);
    for problem in problems {
        let mut entry = Reply::begin(out);
        write_text(problem.kind().code().as_bytes(), entry.field("code"));
        write_text(problem.message().as_bytes(), entry.field("message"));
        if let Some(page) = problem.page() {
            entry.count("page", page.get().into());
        }
        entry.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use quire_frames::PageNumber;

    fn json(bytes: &[u8]) -> serde_json::Value {
        rmp_serde::from_slice(bytes).unwrap()
    }

    #[test]
    fn problems_name_their_page_where_there_is_one() {
        let mut out = Vec::new();
        let report = CheckReport {
            pages_count: 9,
            documents_count: 2,
            problems: vec![
                Error::corrupted_page(PageNumber::new(7), "torn"),
                Error::new(ErrorKind::Io, "gone"),
            ],
            problems_count: 2,
        };
        write_check(&report, &mut out);
        let told = json(&out);
        assert_eq!(told["isClean"], false);
        assert_eq!(told["problems"][0]["page"], 7);
        assert_eq!(
            told["problems"][1],
            serde_json::json!({"code": "IO", "message": "gone"})
        );
        out.clear();
        write_salvage(&DumpReport::default(), &mut out);
        assert_eq!(
            json(&out),
            serde_json::json!({"documentsCount": 0, "problemsCount": 0, "problems": []})
        );
    }

    #[test]
    fn backup_and_compaction_are_told_with_their_figures() {
        let mut out = Vec::new();
        let report = BackupReport {
            pages_count: 9,
            bytes: 36_864,
            collections_count: 2,
            documents_count: 30,
            sequence: 77,
        };
        write_backup(&report, &mut out);
        assert_eq!(
            json(&out),
            serde_json::json!({"pagesCount": 9, "bytes": 36_864, "collectionsCount": 2, "documentsCount": 30, "sequence": 77})
        );
        out.clear();
        let report = CompactReport {
            bytes_before: 8192,
            bytes_after: 4096,
            moved: vec!["users".into()],
            left: vec!["logs".into(), "texts".into()],
        };
        write_compact(&report, &mut out);
        assert_eq!(
            json(&out),
            serde_json::json!({"bytesBefore": 8192, "bytesAfter": 4096, "moved": ["users"], "left": ["logs", "texts"]})
        );
    }

    #[test]
    fn figures_of_a_database_hold_its_collections() {
        let database = crate::Database::open(":memory:", &crate::OpenOptions::default()).unwrap();
        database
            .create_collection("users", IdMode::Integer, &crate::WriteOptions::default())
            .unwrap();
        database
            .create_collection("views", IdMode::Ulid, &crate::WriteOptions::default())
            .unwrap();
        let mut out = Vec::new();
        write_stats(&database.stats().unwrap(), &mut out);
        let told = json(&out);
        assert_eq!(told["collections"][0]["name"], "users");
        assert_eq!(told["collections"][0]["ids"], "integer");
        assert_eq!(told["collections"][1]["ids"], "ulid");
        assert_eq!(told["commitsCount"], 2);
    }
}
