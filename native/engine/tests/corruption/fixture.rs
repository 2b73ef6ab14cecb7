//! A small database with every kind of page, its content, and what a damaged copy of it gives.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use quire_engine::format::intake::document_id;
use quire_engine::format::page::{self, PAGE_HEAD_BYTES, PageKind};
use quire_engine::format::slotted;
use quire_engine::storage::{MemoryStorage, OpenMode, Storage};
use quire_engine::{
    Collection, Database, Error, ErrorKind, FindOptions, IdMode, IndexDefinition, OpenOptions, Owner,
    PAGE_BYTES, Result, WriteOptions,
};
use serde_json::{Value, json};

use crate::common::{id, pack, pack_all};

pub const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};

/// Name of the data file; the others are named after it.
pub const DATA: &str = "a.quire";
pub const JOURNAL: &str = "a.quire-journal";
pub const LOGS: [&str; 2] = ["a.quire-log0", "a.quire-log1"];

/// Bytes of each file of a database.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Stored documents by collection and canonical id.
pub type Content = BTreeMap<(String, Vec<u8>), Vec<u8>>;

pub fn options() -> OpenOptions {
    OpenOptions {
        background: false,
        create: false,
        cache_bytes: 16 << 20,
        log_bytes_min: 32 << 10,
        ..OpenOptions::default()
    }
}

/// A storage that holds `files`.
pub fn storage_of(files: &Files) -> MemoryStorage {
    let storage = MemoryStorage::new();
    for (name, bytes) in files {
        let file = storage.open(name.as_ref(), OpenMode::CreateOrOpen).unwrap();
        file.write_at(0, bytes).unwrap();
    }
    storage
}

/// The files of the database in `storage`.
pub fn files_of(storage: &MemoryStorage) -> Files {
    let mut files = Files::new();
    for name in [DATA, JOURNAL, LOGS[0], LOGS[1]] {
        if storage.exists(name.as_ref()).unwrap() {
            let file = storage.open(name.as_ref(), OpenMode::Read).unwrap();
            let mut bytes = vec![0; file.len().unwrap() as usize];
            file.read_exact_at(0, &mut bytes).unwrap();
            files.insert(name.to_owned(), bytes);
        }
    }
    files
}

pub fn open(files: &Files) -> Result<Database> {
    Database::open_on(Arc::new(storage_of(files)), Path::new(DATA), &options())
}

pub fn open_read_only(storage: Arc<dyn Storage>) -> Result<Database> {
    let options = OpenOptions {
        read_only: true,
        ..options()
    };
    Database::open_on(storage, Path::new(DATA), &options)
}

fn person(number: u64) -> Value {
    json!({
        "_id": format!("person-{number}"), "name": format!("Name {number}"), "age": number % 90,
        "tags": ["a", "b"], "note": "x".repeat(number as usize % 120),
    })
}

/// Writes everything but the last commits: collections with records, integer ids, large documents and leftovers.
pub fn fill(database: &Database) {
    let people = database.collection("people").unwrap();
    let documents: Vec<Value> = (0..220).map(person).collect();
    people
        .insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
        .unwrap();
    index(&people, &[("age", true), ("tags", false)]);
    index(&people, &[("name", false)]);
    database
        .create_collection("numbers", IdMode::Integer, &WRITE)
        .unwrap();
    let numbers = database.collection("numbers").unwrap();
    for number in 0..40 {
        numbers
            .insert(&pack(&json!({ "square": number * number })), &WRITE)
            .unwrap();
    }
    let large = database.collection("large").unwrap();
    for number in 0..3usize {
        let text = format!("{number}").repeat(4500 + number * 4000);
        large
            .insert(&pack(&json!({ "_id": number, "text": text, "small": 1 })), &WRITE)
            .unwrap();
        large
            .insert(
                &pack(&json!({ "_id": 10 + number, "text": "short", "small": 1 })),
                &WRITE,
            )
            .unwrap();
    }
    let gone = database.collection("gone").unwrap();
    gone.insert_many(&pack_all(&documents[..100]), &mut Vec::new(), &WRITE)
        .unwrap();
    database.checkpoint().unwrap();
    for number in (0..220).step_by(7) {
        people
            .delete(&id(&json!(format!("person-{number}"))), &WRITE)
            .unwrap();
    }
    database.drop_collection("gone", &WRITE).unwrap();
    database.checkpoint().unwrap();
}

fn index(collection: &Collection, keys: &[(&str, bool)]) {
    let definition = IndexDefinition::on(keys).unwrap();
    collection.create_index(&definition, &WRITE).unwrap();
}

/// The last commits: one or more of each kind.
pub fn change(database: &Database) {
    let people = database.collection("people").unwrap();
    people.drop_index("name_1", &WRITE).unwrap();
    index(&people, &[("name", true)]);
    for number in 300..312 {
        people.insert(&pack(&person(number)), &WRITE).unwrap();
    }
    people.delete(&id(&json!("person-3")), &WRITE).unwrap();
    let mut changed = person(4);
    changed["age"] = json!(1000);
    people.put(&pack(&changed), &WRITE).unwrap();
    let large = database.collection("large").unwrap();
    large
        .put(&pack(&json!({ "_id": 1, "text": "y".repeat(6000) })), &WRITE)
        .unwrap();
    database
        .collection("late")
        .unwrap()
        .insert(&pack(&json!({ "_id": "only", "value": 1 })), &WRITE)
        .unwrap();
    database.rename_collection("numbers", "figures", &WRITE).unwrap();
}

/// Commits of a later session.
pub fn change_again(database: &Database) {
    let people = database.collection("people").unwrap();
    for number in 500..540 {
        people.put(&pack(&person(number)), &WRITE).unwrap();
    }
    people.delete(&id(&json!("person-301")), &WRITE).unwrap();
    database.checkpoint().unwrap();
    people.put(&pack(&person(600)), &WRITE).unwrap();
}

fn new_database(storage: &MemoryStorage) -> Database {
    let options = OpenOptions {
        create: true,
        ..options()
    };
    Database::open_on(Arc::new(storage.clone()), Path::new(DATA), &options).unwrap()
}

/// Writes so much beside it that the data file has a megabyte.
fn fill_a_megabyte(database: &Database) {
    let bulk = database.collection("bulk").unwrap();
    let number_of =
        |number: usize| json!({ "_id": number, "group": number % 7, "text": "z".repeat(900 + number % 300) });
    let documents: Vec<Value> = (0..480).map(number_of).collect();
    bulk.insert_many(&pack_all(&documents), &mut Vec::new(), &WRITE)
        .unwrap();
    for number in 1000..1009usize {
        let text = format!("{number}").repeat(8_000);
        bulk.insert(&pack(&json!({ "_id": number, "text": text })), &WRITE)
            .unwrap();
    }
    index(&bulk, &[("group", false)]);
}

/// A database that was closed: one file.
pub fn closed() -> (Files, Content) {
    closed_after(|_| {})
}

/// The same with a megabyte.
pub fn closed_megabyte() -> (Files, Content) {
    closed_after(fill_a_megabyte)
}

fn closed_after(prepare: fn(&Database)) -> (Files, Content) {
    let storage = MemoryStorage::new();
    let database = new_database(&storage);
    prepare(&database);
    fill(&database);
    change(&database);
    let content = content_of(&database);
    database.close().unwrap();
    let files = files_of(&storage);
    assert_eq!(files.len(), 1);
    (files, content)
}

/// A database whose process died: data file, journal and logs; content before and after each of the last commits,
/// which were synced up to `synced` of them.
pub fn crashed(is_synced: bool) -> (Files, Vec<Content>) {
    let storage = MemoryStorage::new();
    let database = new_database(&storage);
    fill(&database);
    change(&database);
    database.sync().unwrap();
    let people = database.collection("people").unwrap();
    let mut contents = vec![content_of(&database)];
    for number in 400..403 {
        people.insert(&pack(&person(number)), &WRITE).unwrap();
        contents.push(content_of(&database));
    }
    if is_synced {
        database.sync().unwrap();
        // The commit behind tells that those before it were synced.
        people.insert(&pack(&person(403)), &WRITE).unwrap();
        contents.push(content_of(&database));
        database.sync().unwrap();
    }
    let files = files_of(&storage);
    drop(database);
    (files, contents)
}

/// Everything that the database holds.
pub fn content_of(database: &Database) -> Content {
    read_content(database).unwrap()
}

/// Everything that cursors give.
pub fn read_content(database: &Database) -> Result<Content> {
    let mut content = Content::new();
    for info in database.collections()? {
        let collection = database.collection(&info.name)?;
        let structures = collection.structures()?.0;
        let mut cursor = collection.find(FindOptions::default())?;
        loop {
            let mut out = Vec::new();
            if cursor.next_batch(&mut out, 1, usize::MAX)? == 0 {
                break;
            }
            let mut plain = Vec::new();
            quire_engine::format::plain::write_plain(&out, &structures, &mut plain)
                .map_err(|_| Error::new(ErrorKind::Corrupted, "a document is malformed"))?;
            let key = (info.name.to_string(), document_id(&out)?.to_vec());
            assert!(content.insert(key, plain).is_none(), "a document was met twice");
        }
    }
    Ok(content)
}

/// Page numbers of the data file by what they hold.
pub fn pages_by_kind(data: &[u8]) -> BTreeMap<PageKind, Vec<u32>> {
    let mut pages: BTreeMap<PageKind, Vec<u32>> = BTreeMap::new();
    for (number, bytes) in data.chunks_exact(PAGE_BYTES).enumerate().skip(2) {
        if let Some(kind) = page::kind(bytes.try_into().unwrap()) {
            pages.entry(kind).or_default().push(number as u32);
        }
    }
    pages
}

/// Ids of the documents that heap page `number` holds or has stubs for.
pub fn ids_in_page(data: &[u8], number: u32) -> Vec<Vec<u8>> {
    let at = number as usize * PAGE_BYTES;
    let bytes = data[at..at + PAGE_BYTES].try_into().unwrap();
    let Ok(records) = slotted::records(bytes, 0) else {
        return Vec::new();
    };
    let id_of = |record: slotted::Record<'_>| {
        let document = match slotted::Stub::decode(record.bytes) {
            Ok(stub) if record.is_stub => &data[stub.first.get() as usize * PAGE_BYTES + PAGE_HEAD_BYTES..],
            _ => record.bytes,
        };
        document_id(document).unwrap().to_vec()
    };
    records.map(|found| id_of(found.unwrap().1)).collect()
}

/// What came of a damaged copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Opening it failed.
    Refused(ErrorKind),
    /// A read or the check reported damage.
    Reported,
    /// It is as if nothing had been damaged.
    Harmless,
    /// It holds the content before the last commits, this many of them.
    Dropped(usize),
}

/// Opens a damaged copy and reads all of it. Panics when anything comes out that `contents` does not hold: the
/// last is the whole content, those before lack the last commits.
pub fn fate_of(files: &Files, contents: &[Content], what: &str) -> Fate {
    fate_on(Arc::new(storage_of(files)), contents, what)
}

/// The same of a copy in `storage`.
pub fn fate_on(storage: Arc<dyn Storage>, contents: &[Content], what: &str) -> Fate {
    let database = match open_read_only(storage) {
        Ok(database) => database,
        Err(error) => {
            assert!(is_expected(error.kind()), "{what}: {error}");
            return Fate::Refused(error.kind());
        }
    };
    let by_cursor = read_content(&database);
    let report = database.check().unwrap();
    let fitting = |found: &Content| contents.iter().rposition(|content| content == found);
    let is_read = match &by_cursor {
        Ok(found) => {
            let place = fitting(found);
            assert!(place.is_some(), "{what}: documents are missing or wrong");
            place
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Corrupted, "{what}: {error}");
            None
        }
    };
    if is_read.is_none() || !report.is_clean() {
        read_by_id(&database, contents, what);
    }
    match is_read {
        Some(place) if report.is_clean() => match contents.len() - 1 - place {
            0 => Fate::Harmless,
            dropped => Fate::Dropped(dropped),
        },
        _ => {
            let by_page = report.problems.iter().any(|problem| problem.page().is_some());
            assert!(
                by_page,
                "{what}: no page is named: {by_cursor:?} {:?}",
                report.problems
            );
            Fate::Reported
        }
    }
}

/// Reads every document by its id: each is right or damage is reported.
pub fn read_by_id(database: &Database, contents: &[Content], what: &str) -> usize {
    let mut damaged_count = 0;
    for (collection, key) in contents.last().unwrap().keys() {
        let handle = database.collection(collection).unwrap();
        let mut stored = Vec::new();
        match handle.get(key, &mut stored) {
            Ok(true) => {
                let structures = handle.structures().unwrap().0;
                let mut plain = Vec::new();
                quire_engine::format::plain::write_plain(&stored, &structures, &mut plain).unwrap();
                let is_right = contents
                    .iter()
                    .any(|content| content.get(&(collection.clone(), key.clone())) == Some(&plain));
                assert!(is_right, "{what}: a wrong document in {collection}");
            }
            Ok(false) => {
                let may_be_absent = contents
                    .iter()
                    .any(|content| !content.contains_key(&(collection.clone(), key.clone())));
                assert!(may_be_absent, "{what}: a document of {collection} is gone");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Corrupted, "{what}: {error}");
                damaged_count += 1;
            }
        }
    }
    damaged_count
}

/// Kinds that opening a damaged file may end in.
fn is_expected(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Corrupted | ErrorKind::NotADatabase | ErrorKind::UnsupportedFormat | ErrorKind::CannotOpen
    )
}

/// Numbers that look random, the same for the same seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }
}
