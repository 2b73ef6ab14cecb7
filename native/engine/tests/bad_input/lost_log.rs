//! A log file that is deleted, emptied or cut short alone, while the other one is whole: never a quiet step back.

use std::collections::BTreeMap;
use std::path::Path;

use quire_engine::{Collection, Database, ErrorKind, OpenOptions, dump};
use serde_json::json;

use crate::WRITE;
use crate::common::{Folder, pack};

type Files = BTreeMap<String, Vec<u8>>;

fn options() -> OpenOptions {
    OpenOptions {
        background: false,
        log_bytes_min: 8 << 10,
        ..OpenOptions::default()
    }
}

/// What a crash would leave of the database in `folder`.
fn files_in(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    let kept = names.filter(|name| !name.ends_with("-lock"));
    kept.map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap()))
        .collect()
}

fn folder_of(files: &Files) -> Folder {
    let folder = Folder::new();
    for (name, bytes) in files {
        std::fs::write(folder.file(name), bytes).unwrap();
    }
    folder
}

fn insert(people: &Collection, number: u64) {
    people.insert(&pack(&json!({ "_id": number })), &WRITE).unwrap();
}

/// Opens `files`, for writing and for reading, and compares the number of documents.
fn expect_whole(files: &Files, documents_count: u64) {
    for read_only in [true, false] {
        let folder = folder_of(files);
        let options = OpenOptions {
            read_only,
            ..options()
        };
        let database = Database::open(&folder.file("a.quire"), &options).unwrap();
        let count = database.collection("people").unwrap().count(None).unwrap();
        assert_eq!(count, documents_count);
        assert!(database.check().unwrap().is_clean());
        database.close().unwrap();
    }
}

/// Loses the log file `name` in several ways and expects each to be told, with what the data file has left readable.
fn expect_loss_told(files: &Files, name: &str, documents_left: u64) {
    let cuts = [None, Some(0), Some(1), Some(71), Some(500)];
    for cut in cuts {
        let mut files = files.clone();
        let bytes = files.remove(name).unwrap();
        if let Some(cut) = cut {
            files.insert(name.to_owned(), bytes[..cut].to_vec());
        }
        let folder = folder_of(&files);
        for read_only in [true, false] {
            let options = OpenOptions {
                read_only,
                ..options()
            };
            let error = Database::open(&folder.file("a.quire"), &options)
                .map(drop)
                .expect_err(&format!("{name} cut to {cut:?} was not missed"));
            assert_eq!(error.kind(), ErrorKind::Corrupted, "{error}");
            assert!(error.message().contains(name), "{error}");
        }
        assert_eq!(
            files_in(&folder.0),
            files,
            "an open that is refused changes nothing"
        );
        let report = dump(&folder.file("a.quire"), |_| Ok(())).unwrap();
        assert!(report.problems_count > 0, "{name} cut to {cut:?}");
        assert_eq!(report.documents_count, documents_left);
    }
}

#[test]
fn only_log_of_a_new_session_is_missed() {
    let folder = Folder::new();
    let database = Database::open(&folder.file("a.quire"), &options()).unwrap();
    let people = database.collection("people").unwrap();
    insert(&people, 1);
    database.close().unwrap();
    let database = Database::open(&folder.file("a.quire"), &options()).unwrap();
    insert(&database.collection("people").unwrap(), 2);
    let files = files_in(&folder.0);
    expect_whole(&files, 2);
    expect_loss_told(&files, "a.quire-log0", 1);
}

#[test]
fn live_log_is_missed_while_the_retired_one_remains() {
    let folder = Folder::new();
    let database = Database::open(&folder.file("a.quire"), &options()).unwrap();
    let people = database.collection("people").unwrap();
    insert(&people, 1);
    for round in 1..6 {
        database.checkpoint().unwrap();
        insert(&people, 1 + round);
        let files = files_in(&folder.0);
        expect_whole(&files, 1 + round);
        let live = if round % 2 == 1 {
            "a.quire-log1"
        } else {
            "a.quire-log0"
        };
        expect_loss_told(&files, live, round);
    }
}

#[test]
fn log_begun_by_a_checkpoint_that_was_cut_off_is_missed() {
    let folder = Folder::new();
    let database = Database::open(&folder.file("a.quire"), &options()).unwrap();
    let people = database.collection("people").unwrap();
    insert(&people, 1);
    database.checkpoint().unwrap();
    insert(&people, 2);
    // The checkpoint ends in the middle of its pages: a directory stands where its journal belongs.
    std::fs::remove_file(folder.file("a.quire-journal")).ok();
    std::fs::create_dir(folder.file("a.quire-journal")).unwrap();
    drop(database.checkpoint());
    insert(&people, 3);
    std::fs::remove_dir(folder.file("a.quire-journal")).unwrap();
    let files = files_in(&folder.0);
    expect_whole(&files, 3);
    expect_loss_told(&files, "a.quire-log0", 2);
}

#[test]
fn session_after_a_crash_names_its_own_log() {
    let folder = Folder::new();
    let database = Database::open(&folder.file("a.quire"), &options()).unwrap();
    insert(&database.collection("people").unwrap(), 1);
    let crashed = folder_of(&files_in(&folder.0));
    let database = Database::open(&crashed.file("a.quire"), &options()).unwrap();
    // Nothing was written since the opening put everything into the data file: its leftover log may go.
    let mut files = files_in(&crashed.0);
    files.retain(|name, _| !name.contains("-log"));
    expect_whole(&files, 1);
    insert(&database.collection("people").unwrap(), 2);
    let files = files_in(&crashed.0);
    expect_whole(&files, 2);
    expect_loss_told(&files, "a.quire-log1", 1);
}
