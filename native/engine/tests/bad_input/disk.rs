//! A full disk: the insert fails, the database stays usable, and inserts work again when there is room.

use quire_engine::{Database, ErrorKind, OpenOptions};
use serde_json::json;

use crate::common::{Folder, get, id, pack};
use crate::files::Mount;
use crate::{WRITE, kind};

fn document(number: u64) -> Vec<u8> {
    pack(&json!({ "_id": number, "text": "x".repeat(4000) }))
}

/// Inserts until the disk is full, deletes, and inserts again when `make_room` was called. Returns how many documents
/// the database then holds.
fn fill_and_go_on(database: &Database, make_room: impl FnOnce()) -> u64 {
    let people = database.collection("people").unwrap();
    let mut count = 0;
    let full = loop {
        match people.insert(&document(count), &WRITE) {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
        assert!(count < 10_000, "the disk never was full");
    };
    assert_eq!(full.kind(), ErrorKind::DiskFull, "{full}");
    assert!(count > 10, "{count}");
    // Nothing of the refused insert is there, and reads go on.
    assert_eq!(people.count(None).unwrap(), count);
    assert!(get(&people, &json!(count)).is_none());
    assert!(get(&people, &json!(count - 1)).is_some());
    assert!(database.check().unwrap().is_clean());
    // What is refused once is refused again, and still harmless.
    for _ in 0..3 {
        if let Err(error) = people.insert(&document(count), &WRITE) {
            assert_eq!(error.kind(), ErrorKind::DiskFull, "{error}");
        } else {
            count += 1;
        }
    }
    make_room();
    people.delete(&id(&json!(0)), &WRITE).unwrap();
    for number in 0..5 {
        people.insert(&document(100_000 + number), &WRITE).unwrap();
    }
    count - 1 + 5
}

#[test]
fn full_file_system_refuses_the_insert_and_nothing_else() {
    let folder = Folder::new();
    let Some(_mount) = Mount::small(&folder.0, 16 << 20) else {
        println!("skipped: this test needs the right to mount");
        return;
    };
    let ballast = folder.file("ballast");
    std::fs::write(&ballast, vec![1; 11 << 20]).unwrap();
    let path = folder.file("a.quire");
    let database = Database::open(&path, &OpenOptions::default()).unwrap();
    let count = fill_and_go_on(&database, || std::fs::remove_file(&ballast).unwrap());
    database.close().unwrap();
    let database = Database::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(database.collection("people").unwrap().count(None).unwrap(), count);
    assert!(database.check().unwrap().is_clean());
    drop(database);
}

#[test]
fn file_system_without_room_for_a_database_has_none_afterwards() {
    let folder = Folder::new();
    let Some(_mount) = Mount::small(&folder.0, 4096) else {
        println!("skipped: this test needs the right to mount");
        return;
    };
    std::fs::write(folder.file("ballast"), vec![1; 4096]).unwrap();
    let opened = Database::open(&folder.file("a.quire"), &OpenOptions::default());
    assert_eq!(kind(opened), ErrorKind::DiskFull);
    assert!(!std::fs::exists(folder.file("a.quire")).unwrap());
}

/// Faults that only a simulated disk has.
#[cfg(feature = "simulation")]
mod simulated {
    use std::sync::Arc;

    use quire_engine::storage::simulated::{Fault, SimulatedStorage};
    use quire_engine::{Database, Durability, ErrorKind, OpenOptions, WriteOptions};
    use serde_json::json;

    use super::{document, fill_and_go_on};
    use crate::common::{get, id};
    use crate::{WRITE, kind};

    fn open(disk: &SimulatedStorage) -> Database {
        let options = OpenOptions {
            background: false,
            ..OpenOptions::default()
        };
        Database::open_on(Arc::new(disk.clone()), "a.quire".as_ref(), &options).unwrap()
    }

    #[test]
    fn full_disk_refuses_the_insert_and_nothing_else() {
        for space in [3 << 20, 5 << 20] {
            let disk = SimulatedStorage::new(space);
            let database = open(&disk);
            disk.set_space(Some(space));
            let count = fill_and_go_on(&database, || disk.set_space(None));
            database.close().unwrap();
            let database = open(&disk);
            assert_eq!(database.collection("people").unwrap().count(None).unwrap(), count);
            assert!(database.check().unwrap().is_clean());
        }
    }

    #[test]
    fn failed_sync_poisons_writes_until_the_database_is_opened_again() {
        let disk = SimulatedStorage::new(5);
        let database = open(&disk);
        let people = database.collection("people").unwrap();
        let durable = WriteOptions {
            durability: Some(Durability::Disk),
            ..WRITE
        };
        people.insert(&document(1), &durable).unwrap();
        disk.inject(Fault::SyncError { reverts: false }, disk.calls() + 1, false, None);
        let error = people.insert(&document(2), &durable).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Poisoned);
        assert!(error.message().contains("cannot sync"), "{error}");
        assert_eq!(kind(people.insert(&document(3), &WRITE)), ErrorKind::Poisoned);
        assert_eq!(kind(database.sync()), ErrorKind::Poisoned);
        assert!(get(&people, &json!(1)).is_some());
        // Whoever closes is told that not everything may be on disk.
        assert!(database.close().is_err());
        let people = open(&disk).collection("people").unwrap();
        assert!(get(&people, &json!(1)).is_some());
        assert!(get(&people, &json!(3)).is_none());
    }

    #[test]
    fn failed_read_is_told_and_may_be_tried_again() {
        let disk = SimulatedStorage::new(6);
        let database = open(&disk);
        let people = database.collection("people").unwrap();
        people.insert(&document(1), &WRITE).unwrap();
        database.close().unwrap();
        let database = open(&disk);
        let people = database.collection("people").unwrap();
        disk.inject(Fault::ReadError, disk.calls() + 1, false, None);
        assert_eq!(kind(people.has(&id(&json!(1)))), ErrorKind::Io);
        assert!(get(&people, &json!(1)).is_some());
        people.insert(&document(2), &WRITE).unwrap();
        database.close().unwrap();
    }
}
