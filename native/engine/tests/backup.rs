//! Backups of real databases: what they hold, what they refuse, and writers that go on meanwhile. What crashes and
//! failing disks leave of them is in the campaigns of common/simulation, which make backups among all else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use common::{Folder, drain, get, id, pack, pack_all};
use quire_engine::storage::{FileStorage, OpenMode, Storage};
use quire_engine::{
    Database, ErrorKind, FindOptions, IndexDefinition, OpenOptions, TransactionOptions, WriteOptions, dump,
};
use serde_json::{Value, json};

const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: quire_engine::Owner(0),
};

fn open(path: &str) -> Database {
    Database::open(path, &OpenOptions::default()).unwrap()
}

/// Documents 0 to 1999, some large, with an index, of which every third is gone again.
fn fill(database: &Database) {
    let things = database.collection("things").unwrap();
    let documents: Vec<Value> = (0..2000)
        .map(|number| json!({"_id": number, "group": number % 7, "text": "x".repeat(number % 300)}))
        .collect();
    things
        .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
        .unwrap();
    things
        .insert(
            &pack(&json!({"_id": "large", "text": "y".repeat(50_000)})),
            &WRITE,
        )
        .unwrap();
    let definition =
        IndexDefinition::decode(&pack(&json!({"key": {"group": 1}, "name": "group_1"}))).unwrap();
    things.create_index(&definition, &WRITE).unwrap();
    for number in (0..2000).step_by(3) {
        things.delete(&id(&json!(number)), &WRITE).unwrap();
    }
}

/// Every document, and that `check` finds nothing.
fn content(database: &Database) -> Vec<Value> {
    let report = database.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let things = database.collection("things").unwrap();
    drain(things.find(FindOptions::default()).unwrap())
}

fn file_id(path: &str) -> Vec<u8> {
    std::fs::read(path).unwrap()[40..56].to_vec()
}

#[test]
fn backup_holds_what_was_committed_and_is_a_database_of_its_own() {
    let folder = Folder::new();
    let (from, to) = (folder.file("from.quire"), folder.file("to.quire"));
    let database = open(&from);
    fill(&database);
    let report = database.backup(&to).unwrap();
    let expected = content(&database);
    assert_eq!(report.documents_count, expected.len() as u64);
    assert_eq!(report.collections_count, 1);
    assert_eq!(report.sequence, database.stats().unwrap().sequence);
    assert_eq!(report.bytes, std::fs::metadata(&to).unwrap().len());
    assert_eq!(report.bytes, report.pages_count * 4096);
    let copy = open(&to);
    assert_eq!(content(&copy), expected);
    let things = copy.collection("things").unwrap();
    assert_eq!(things.indexes().unwrap().len(), 2);
    things.insert(&pack(&json!({"_id": "new"})), &WRITE).unwrap();
    database.collection("things").unwrap().clear(&WRITE).unwrap();
    database.close().unwrap();
    copy.close().unwrap();
    assert_ne!(file_id(&from), file_id(&to));
    let copy = open(&to);
    assert_eq!(content(&copy).len(), expected.len() + 1);
    let left: Vec<_> = std::fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.iter().all(|name| !name.to_str().unwrap().ends_with("-new")),
        "{left:?}"
    );
    copy.close().unwrap();
}

#[test]
fn free_tail_of_the_source_is_not_part_of_the_backup() {
    let folder = Folder::new();
    let (from, to) = (folder.file("from.quire"), folder.file("to.quire"));
    let database = open(&from);
    database
        .create_collection("kept", quire_engine::IdMode::Integer, &WRITE)
        .unwrap();
    fill(&database);
    database.checkpoint().unwrap();
    database.drop_collection("things", &WRITE).unwrap();
    let report = database.backup(&to).unwrap();
    assert!(
        report.bytes * 4 < std::fs::metadata(&from).unwrap().len(),
        "{report:?}"
    );
    let copy = open(&to);
    assert!(copy.check().unwrap().is_clean());
    assert_eq!(copy.collections().unwrap().len(), 1);
}

#[test]
fn database_in_memory_is_backed_up_to_a_file_with_a_key_of_its_own() {
    let folder = Folder::new();
    let mut keys = Vec::new();
    for name in ["one.quire", "two.quire"] {
        let database = open(":memory:");
        fill(&database);
        database.backup(&folder.file(name)).unwrap();
        let copy = open(&folder.file(name));
        assert_eq!(content(&copy), content(&database));
        copy.close().unwrap();
        keys.push(std::fs::read(folder.file(name)).unwrap()[56..72].to_vec());
    }
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn empty_database_is_backed_up() {
    let folder = Folder::new();
    let report = open(":memory:").backup(&folder.file("empty.quire")).unwrap();
    assert_eq!(
        (report.pages_count, report.documents_count, report.sequence),
        (2, 0, 0)
    );
    assert!(open(&folder.file("empty.quire")).check().unwrap().is_clean());
}

#[test]
fn database_that_is_only_read_is_backed_up_with_the_commits_of_its_log() {
    let folder = Folder::new();
    let (from, killed, to) = (
        folder.file("from.quire"),
        folder.file("killed.quire"),
        folder.file("to.quire"),
    );
    let database = open(&from);
    fill(&database);
    database.checkpoint().unwrap();
    let things = database.collection("things").unwrap();
    things
        .insert(&pack(&json!({"_id": "in the log"})), &WRITE)
        .unwrap();
    database.sync().unwrap();
    // As a process leaves it that is killed.
    for suffix in ["", "-log0", "-log1"] {
        let (from, killed) = (format!("{from}{suffix}"), format!("{killed}{suffix}"));
        if Path::new(&from).exists() {
            std::fs::copy(from, killed).unwrap();
        }
    }
    let options = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    let reader = Database::open(&killed, &options).unwrap();
    reader.backup(&to).unwrap();
    let copy = open(&to);
    assert_eq!(content(&copy), content(&database));
    assert!(get(&copy.collection("things").unwrap(), &json!("in the log")).is_some());
}

#[test]
fn backup_refuses_a_path_that_is_taken_or_none() {
    let folder = Folder::new();
    let (from, other) = (folder.file("from.quire"), folder.file("other.quire"));
    let database = open(&from);
    fill(&database);
    std::fs::write(&other, b"mine").unwrap();
    for path in [&from[..], &other, "", ":memory:"] {
        assert_eq!(
            database.backup(path).unwrap_err().kind(),
            ErrorKind::InvalidArgument,
            "{path}"
        );
    }
    assert_eq!(std::fs::read(&other).unwrap(), b"mine");
    let absent = folder.file("no such folder/to.quire");
    assert_eq!(
        database.backup(&absent).unwrap_err().kind(),
        ErrorKind::CannotOpen
    );
    // The log of a database that was lost would be taken for that of the backup.
    std::fs::write(folder.file("lost.quire-log1"), b"log").unwrap();
    let error = database.backup(&folder.file("lost.quire")).unwrap_err();
    assert!(error.message().contains("log"), "{error}");
    assert!(!Path::new(&folder.file("lost.quire")).exists());
    let held = FileStorage::new().lock(
        Path::new(&folder.file("held.quire")),
        quire_engine::storage::LockMode::Exclusive,
    );
    assert_eq!(
        database.backup(&folder.file("held.quire")).unwrap_err().kind(),
        ErrorKind::Locked
    );
    drop(held);
    database.close().unwrap();
    assert_eq!(
        database.backup(&folder.file("late.quire")).unwrap_err().kind(),
        ErrorKind::Closed
    );
}

#[test]
fn leftover_of_a_backup_that_was_killed_is_taken_over() {
    let folder = Folder::new();
    std::fs::write(folder.file("to.quire-new"), vec![7; 100_000]).unwrap();
    let database = open(":memory:");
    fill(&database);
    database.backup(&folder.file("to.quire")).unwrap();
    assert_eq!(content(&open(&folder.file("to.quire"))), content(&database));
    assert!(!Path::new(&folder.file("to.quire-new")).exists());
}

#[test]
fn damaged_page_ends_the_backup_and_leaves_no_file() {
    let folder = Folder::new();
    let (from, to) = (folder.file("from.quire"), folder.file("to.quire"));
    let database = open(&from);
    fill(&database);
    database.close().unwrap();
    let file = FileStorage::new()
        .open(Path::new(&from), OpenMode::ReadWrite)
        .unwrap();
    file.write_at(20 * 4096 + 3000, b"damage").unwrap();
    let database = open(&from);
    let error = database.backup(&to).unwrap_err();
    assert_eq!(
        (error.kind(), error.page().map(|page| page.get())),
        (ErrorKind::Corrupted, Some(20))
    );
    let left = std::fs::read_dir(&folder.0).unwrap();
    let names: Vec<_> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.starts_with("to.")), "{names:?}");
    drop(database);
    assert!(dump(&from, |_| Ok(())).unwrap().documents_count > 1000);
}

#[test]
fn backup_fails_clearly_when_writers_change_more_than_the_budget_keeps() {
    let folder = Folder::new();
    let options = OpenOptions {
        snapshot_bytes: 0,
        ..OpenOptions::default()
    };
    let database = Database::open(":memory:", &options).unwrap();
    fill(&database);
    let things = database.collection("things").unwrap();
    let is_over = AtomicBool::new(false);
    // No version is kept at all, so one change of a page that is not copied yet is enough.
    let result = std::thread::scope(|scope| {
        let writer = || {
            let mut round = 0;
            while !is_over.load(Ordering::Relaxed) {
                round += 1;
                for number in (1..2000).step_by(3) {
                    things
                        .put(&pack(&json!({"_id": number, "round": round})), &WRITE)
                        .unwrap();
                }
            }
        };
        scope.spawn(writer);
        let mut failure = None;
        for attempt in 0..1000 {
            failure = database
                .backup(&folder.file(&format!("to-{attempt}.quire")))
                .err();
            if failure.is_some() {
                break;
            }
        }
        is_over.store(true, Ordering::Relaxed);
        failure
    });
    assert_eq!(result.unwrap().kind(), ErrorKind::SnapshotTooOld);
    assert_eq!(database.stats().unwrap().version_bytes, 0);
}

/// Backups while threads write pairs of counters, each pair by one transaction, and checkpoints run.
#[test]
fn backup_under_writers_holds_whole_transactions_and_all_that_were_acknowledged() {
    const THREADS: usize = 4;
    const BACKUPS: usize = 25;
    let folder = Folder::new();
    let options = OpenOptions {
        cache_bytes: 1 << 20,
        checkpoint_log_bytes: 1 << 20,
        ..OpenOptions::default()
    };
    let database = Database::open(&folder.file("from.quire"), &options).unwrap();
    fill(&database);
    let acknowledged: Vec<AtomicU64> = (0..THREADS).map(|_| AtomicU64::new(0)).collect();
    let is_over = AtomicBool::new(false);
    let write = |thread: usize| {
        let mut round = 0;
        while !is_over.load(Ordering::Relaxed) {
            round += 1;
            let names = [format!("left-{thread}"), format!("right-{thread}")];
            let mut transaction = database.begin(&TransactionOptions::default()).unwrap();
            for name in &names {
                let text = "z".repeat((round % 3000) as usize);
                let counter = json!({"_id": "counter", "round": round, "text": text});
                transaction.put(name, &pack(&counter)).unwrap();
                transaction
                    .put(name, &pack(&json!({"_id": round % 500, "round": round})))
                    .unwrap();
            }
            transaction.commit(quire_engine::Durability::Process).unwrap();
            acknowledged[thread].store(round, Ordering::Release);
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let write = &write;
            scope.spawn(move || write(thread));
        }
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                database.checkpoint().unwrap();
            }
        });
        for number in 0..BACKUPS {
            let path = folder.file(&format!("to-{number}.quire"));
            let least: Vec<u64> = acknowledged
                .iter()
                .map(|rounds| rounds.load(Ordering::Acquire))
                .collect();
            database.backup(&path).unwrap();
            let copy = open(&path);
            assert!(copy.check().unwrap().is_clean());
            for (thread, least) in least.into_iter().enumerate() {
                let round = |side: &str| {
                    let collection = copy.collection(&format!("{side}-{thread}")).unwrap();
                    let counter = get(&collection, &json!("counter"));
                    counter.map_or(0, |counter| counter["round"].as_u64().unwrap())
                };
                assert_eq!(
                    round("left"),
                    round("right"),
                    "backup {number} has half a transaction"
                );
                assert!(
                    round("left") >= least,
                    "backup {number} lacks an acknowledged commit"
                );
            }
            copy.close().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
