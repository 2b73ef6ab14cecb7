//! Writes to a damaged database: each succeeds or changes nothing, and the database opens again after both.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use quire_engine::{Database, ErrorKind, PAGE_BYTES, Result};
use serde_json::json;

use crate::common::{id, pack};
use crate::fixture::{
    Content, DATA, Files, WRITE, closed, files_of, open, options, pages_by_kind, read_by_id, storage_of,
};

type Write = (&'static str, fn(&Database) -> Result<()>);

/// One write of each kind.
const WRITES: [Write; 9] = [
    ("insert", |database| {
        let people = database.collection("people")?;
        people
            .insert(&pack(&json!({ "_id": "new", "note": "n" })), &WRITE)
            .map(drop)
    }),
    ("insert a page", |database| {
        let people = database.collection("people")?;
        people
            .insert(&pack(&json!({ "_id": "page", "note": "n".repeat(3900) })), &WRITE)
            .map(drop)
    }),
    ("insert large", |database| {
        let large = database.collection("large")?;
        large
            .insert(&pack(&json!({ "_id": 99, "text": "n".repeat(20_000) })), &WRITE)
            .map(drop)
    }),
    ("grow", |database| {
        let people = database.collection("people")?;
        people
            .put(
                &pack(&json!({ "_id": "person-5", "note": "n".repeat(3000) })),
                &WRITE,
            )
            .map(drop)
    }),
    ("shrink", |database| {
        let large = database.collection("large")?;
        large
            .put(&pack(&json!({ "_id": 2, "text": "n" })), &WRITE)
            .map(drop)
    }),
    ("delete", |database| {
        let people = database.collection("people")?;
        people.delete(&id(&json!("person-5")), &WRITE).map(drop)
    }),
    ("delete all", |database| {
        database
            .collection("people")?
            .delete_matching(None, None, &WRITE)
            .map(drop)
    }),
    ("clear", |database| {
        database.collection("people")?.clear(&WRITE).map(drop)
    }),
    ("drop", |database| {
        database.drop_collection("people", &WRITE).map(drop)
    }),
];

#[test]
fn write_that_meets_damage_changes_nothing_and_poisons_nothing() {
    let (files, content) = closed();
    let mut tally: BTreeMap<String, u32> = BTreeMap::new();
    for (kind, pages) in pages_by_kind(&files[DATA]) {
        for page in pages {
            let mut files = files.clone();
            files.get_mut(DATA).unwrap()[page as usize * PAGE_BYTES + 1000] ^= 1;
            for (name, write) in WRITES {
                let what = format!("{name} with damaged {kind:?} page {page}");
                let end = end_of(&files, write, &content, &what);
                *tally.entry(format!("{kind:?}: {end}")).or_default() += 1;
            }
        }
    }
    tally.iter().for_each(|(end, count)| println!("{end}: {count}"));
}

/// Writes, and kills the process; says how the write ended.
fn end_of(files: &Files, write: fn(&Database) -> Result<()>, content: &Content, what: &str) -> &'static str {
    let storage = storage_of(files);
    let Ok(database) = Database::open_on(Arc::new(storage.clone()), Path::new(DATA), &options()) else {
        return "not opened";
    };
    let written = write(&database);
    assert!(
        database.collections().is_ok(),
        "{what}: no call is served any more"
    );
    let again = open(&files_of(&storage));
    assert!(
        again.is_ok(),
        "{what}: {:?}, and the database does not open again: {:?}",
        written,
        again.err()
    );
    match written {
        Ok(()) => "ok",
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Corrupted, "{what}");
            for database in [database, again.unwrap()] {
                read_by_id(&database, std::slice::from_ref(content), what);
            }
            "CORRUPTED"
        }
    }
}
