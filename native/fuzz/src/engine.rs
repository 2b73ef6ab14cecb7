//! What the fuzzers of the engine do with their bytes.
//!
//! Promises, asserted here: nothing panics; errors are of a kind that such bytes may cause, never INTERNAL; what the
//! engine takes in it gives back; a query finds the same with an index and without, and counts what it finds.
//! Method: where a checksum would end everything at once, bytes are edits of a good database, sealed again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use quire_engine::command::{self, Target};
use quire_engine::format::header::{HEADER_BYTES, Header, Slot};
use quire_engine::format::log_frame::{
    FRAME_HEAD_BYTES, FRAMES_AT, FrameSeal, Known, LOG_HEAD_BYTES, LogHead, LogHeadState,
};
use quire_engine::format::owned::Owned;
use quire_engine::format::page::{self, Sequence};
use quire_engine::format::plain::write_plain;
use quire_engine::query::Sort;
use quire_engine::storage::{MemoryStorage, OpenMode, Storage};
use quire_engine::{
    AnyCursor, Collection, Database, ErrorKind, Filter, FindOptions, IdMode, IndexDefinition, OpenOptions,
    Owner, PAGE_BYTES, PageNumber, Pipeline, Projection, Result, Update, WriteOptions, dump_on,
};

const DATA: &str = "a.quire";
const FILES: [&str; 4] = [DATA, "a.quire-journal", "a.quire-log0", "a.quire-log1"];
const WRITE: WriteOptions = WriteOptions {
    durability: None,
    owner: Owner(0),
};
/// Documents that a target reads of a cursor: an `$unwind` may give very many.
const DOCUMENTS_MAX: usize = 2_000;

type Files = BTreeMap<&'static str, Vec<u8>>;

fn options(create: bool) -> OpenOptions {
    OpenOptions {
        background: false,
        create,
        cache_bytes: 4 << 20,
        log_bytes_min: 16 << 10,
        document_bytes_max: 1 << 20,
        ..OpenOptions::default()
    }
}

/// Refuses what no input may cause.
fn note<T>(result: Result<T>) -> Option<T> {
    if let Err(error) = &result {
        assert!(error.kind() != ErrorKind::Internal, "{error}");
    }
    result.ok()
}

fn text(text: &str) -> Owned {
    Owned::text(text)
}

fn person(number: u64) -> Owned {
    let tags = Owned::Array(vec![text("a"), Owned::unsigned(number % 3)]);
    Owned::map(vec![
        ("_id", text(&format!("person-{number}"))),
        ("age", Owned::unsigned(number % 7)),
        ("tags", tags),
        (
            "at",
            Owned::map(vec![(
                "city",
                text(if number.is_multiple_of(2) { "Ulm" } else { "Ghent" }),
            )]),
        ),
    ])
}

fn packed(value: &Owned) -> Vec<u8> {
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

fn expect<T>(result: Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("a good call failed: {error}"),
    }
}

fn fill(database: &Database) {
    let people = expect(database.collection("people"));
    for number in 0..30 {
        expect(people.insert(&packed(&person(number)), &WRITE));
    }
    expect(people.create_index(
        &expect(IndexDefinition::on(&[("age", false), ("tags", true)])),
        &WRITE,
    ));
    expect(database.create_collection("numbers", IdMode::Integer, &WRITE));
    let numbers = expect(database.collection("numbers"));
    for number in 0..6 {
        let large = Owned::map(vec![("text", text(&"x".repeat(number * 1_500)))]);
        expect(numbers.insert(&packed(&large), &WRITE));
    }
    for number in (0..30).step_by(4) {
        let id = expect(quire_engine::IdBytes::from_text(&format!("person-{number}")));
        expect(people.delete(&id, &WRITE));
    }
}

/// The files of a small database with every kind of page: after it was closed, and while it is open.
fn bases() -> &'static [Files; 2] {
    static BASES: OnceLock<[Files; 2]> = OnceLock::new();
    BASES.get_or_init(|| {
        let storage = MemoryStorage::new();
        let open = || {
            expect(Database::open_on(
                Arc::new(storage.clone()),
                Path::new(DATA),
                &options(true),
            ))
        };
        let database = open();
        fill(&database);
        expect(database.checkpoint());
        let people = expect(database.collection("people"));
        for number in 40..44 {
            expect(people.insert(&packed(&person(number)), &WRITE));
        }
        let opened = files_of(&storage);
        expect(database.close());
        [files_of(&storage), opened]
    })
}

fn files_of(storage: &MemoryStorage) -> Files {
    let mut files = Files::new();
    for name in FILES {
        if expect(storage.exists(name.as_ref())) {
            let file = expect(storage.open(name.as_ref(), OpenMode::Read));
            let mut bytes = vec![0; expect(file.len()) as usize];
            expect(file.read_exact_at(0, &mut bytes));
            files.insert(name, bytes);
        }
    }
    files
}

fn storage_of(files: &Files) -> MemoryStorage {
    let storage = MemoryStorage::new();
    for (name, bytes) in files {
        let file = expect(storage.open(name.as_ref(), OpenMode::CreateOrOpen));
        expect(file.write_at(0, bytes));
    }
    storage
}

fn drain(mut next: impl FnMut(&mut Vec<u8>) -> Result<usize>) -> Option<usize> {
    let (mut out, mut total) = (Vec::new(), 0);
    while total < DOCUMENTS_MAX {
        out.clear();
        match note(next(&mut out))? {
            0 => return Some(total),
            count => total += count,
        }
    }
    None
}

/// Reads, checks and changes everything in `files`.
fn use_all(files: &Files) {
    note(dump_on(&storage_of(files), Path::new(DATA), |_| Ok(())));
    let opened = Database::open_on(Arc::new(storage_of(files)), Path::new(DATA), &options(false));
    let Some(database) = note(opened) else { return };
    note(database.check());
    for info in note(database.collections()).unwrap_or_default() {
        let Some(collection) = note(database.collection(&info.name)) else {
            continue;
        };
        let mut stored = Vec::new();
        for number in 0..4 {
            let id = expect(quire_engine::IdBytes::from_text(&format!(
                "person-{}",
                number * 5
            )));
            note(collection.get(&id, &mut stored));
            note(collection.put(&packed(&person(number * 5)), &WRITE));
            note(collection.delete(&id, &WRITE));
        }
        if let Some(mut cursor) = note(collection.find(FindOptions::default())) {
            drain(|out| cursor.next_batch(out, 64, 1 << 16));
        }
        note(collection.insert(
            &packed(&Owned::map(vec![("text", text(&"y".repeat(5_000)))])),
            &WRITE,
        ));
    }
    note(database.checkpoint());
    note(database.check());
    note(database.close());
}

/// Any bytes as a data file, or edits of a good one. The first byte says which: 0 takes the rest as the file; else it is
/// edits of eight bytes (page, how, offset u16, number u32), of the file after a close where it is
/// odd and of one with a log where it is even.
pub fn file(input: &[u8]) {
    let Some((&mode, rest)) = input.split_first() else {
        return;
    };
    if mode == 0 {
        return use_all(&BTreeMap::from([(DATA, rest.to_vec())]));
    }
    let mut files = bases()[usize::from(mode.is_multiple_of(2))].clone();
    let Some(data) = files.get_mut(DATA) else { return };
    let Ok(Slot::Good(mut header)) = Header::decode(&data[..HEADER_BYTES]) else {
        return;
    };
    let pages = data.len() / PAGE_BYTES;
    for edit in rest.chunks_exact(8).take(16) {
        let (place, how) = (usize::from(edit[0]) % pages, edit[1]);
        let at = usize::from(u16::from_le_bytes([edit[2], edit[3]])) % (PAGE_BYTES - 4);
        let number = u32::from_le_bytes([edit[4], edit[5], edit[6], edit[7]]);
        if place < 2 {
            match how % 8 {
                0 => header.page_count = number,
                1 => header.catalog.first_page = number,
                2 => header.catalog.length_bytes = number,
                3 => header.free_list.first_page = number,
                4 => header.free_list.length_bytes = number,
                5 => header.sequence = Sequence(number.into()),
                6 => header.epoch = number.into(),
                _ => header.next_collection = number,
            }
            for slot in 0..2 {
                data[slot * PAGE_BYTES..slot * PAGE_BYTES + HEADER_BYTES].copy_from_slice(&header.encode());
            }
            continue;
        }
        let bytes = &mut data[place * PAGE_BYTES..(place + 1) * PAGE_BYTES];
        let width = usize::from(how % 4) + 1;
        bytes[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
        if how & 0x80 == 0
            && let Ok(bytes) = bytes.try_into()
        {
            page::seal(bytes, header.file_id, PageNumber::new(place as u32));
        }
    }
    use_all(&files);
}

/// Commits of any bytes, sealed, behind those of a good log: each two bytes of length and then the payload.
pub fn log(input: &[u8]) {
    let mut files = bases()[1].clone();
    let name = FILES[2..]
        .iter()
        .filter(|name| files.contains_key(*name))
        .max_by_key(|name| {
            let log = &files[*name];
            frames_end(log).map_or(0, |(_, _, sequence)| sequence)
        });
    let Some(name) = name.copied() else { return };
    let Some(log) = files.get_mut(name) else { return };
    let Some((seal, mut at, mut sequence)) = frames_end(log) else {
        return;
    };
    let mut rest = input;
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length) % 2_048).min(behind.len());
        let (payload, behind) = behind.split_at(length);
        let mut frame = vec![0; FRAME_HEAD_BYTES];
        frame.extend_from_slice(payload);
        sequence += 1;
        let known = Known {
            synced: Sequence(0),
            durable_bytes: 0,
        };
        seal.seal(&mut frame, at as u64, Sequence(sequence), known);
        frame.resize(quire_engine::format::log_frame::frame_bytes(payload.len()), 0);
        log.resize(log.len().max(at + frame.len()), 0);
        log[at..at + frame.len()].copy_from_slice(&frame);
        at += frame.len();
        rest = behind;
        if payload.is_empty() {
            break;
        }
    }
    use_all(&files);
}

/// The seal of a log, where its frames end, and the number of the last.
fn frames_end(log: &[u8]) -> Option<(FrameSeal, usize, u64)> {
    let LogHeadState::Good(head) = LogHead::decode(log.get(..LOG_HEAD_BYTES)?.try_into().ok()?) else {
        return None;
    };
    let seal = FrameSeal::new(&head);
    let (mut at, mut last) = (FRAMES_AT as usize, head.start.0);
    while let Some(bytes) = log.get(at..at + FRAME_HEAD_BYTES)
        && let Some(frame) = seal.read(bytes, at as u64)
    {
        last = frame.sequence.0;
        at += frame.frame_bytes();
    }
    Some((seal, at, last))
}

fn memory() -> Database {
    let database = expect(Database::open(":memory:", &options(true)));
    fill(&database);
    database
}

/// Any bytes as a document: what is taken in comes out, and comes out the same when it is put in again.
pub fn document(input: &[u8]) {
    let database = expect(Database::open(":memory:", &options(true)));
    let first = expect(database.collection("first"));
    let Some(id) = note(first.insert(input, &WRITE)) else {
        return;
    };
    let mut plain = Vec::new();
    assert!(expect(first.get_plain(&id, &mut plain)));
    expect(first.insert(&packed(&person(1)), &WRITE));
    let again = expect(database.collection("again"));
    assert_eq!(expect(again.insert(&plain, &WRITE)), id);
    let mut same = Vec::new();
    assert!(expect(again.get_plain(&id, &mut same)));
    assert_eq!(plain, same);
    let report = expect(database.check());
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

/// Two strings of any bytes, the first's length in two bytes before it: a document, and what the first byte says that is
/// done with it and others: a filter, an update, a pipeline, a projection, a sort order.
pub fn query(input: &[u8]) {
    let Some((&[kind, low, high], rest)) = input.split_first_chunk::<3>() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
    let (document, asked) = rest.split_at(length);
    let database = memory();
    let people = expect(database.collection("people"));
    note(people.insert(document, &WRITE));
    match kind % 5 {
        0 => filter(&database, &people, asked),
        1 => {
            if let Some(update) = note(Update::compile(asked)) {
                note(people.update_matching(None, &update, None, &WRITE));
                let report = expect(database.check());
                assert!(report.problems.is_empty(), "{:?}", report.problems);
            }
        }
        2 => {
            if let Some(pipeline) = note(Pipeline::compile(asked))
                && let Some(mut found) = note(people.aggregate(&pipeline, &WRITE))
            {
                drain(|out| found.next_batch(out, 64, 1 << 16));
            }
        }
        3 => {
            let projection = note(Projection::compile(asked)).map(Arc::new);
            find(
                &people,
                FindOptions {
                    projection,
                    ..FindOptions::default()
                },
            );
        }
        _ => {
            let sort = note(Sort::compile(asked)).map(Arc::new);
            find(
                &people,
                FindOptions {
                    sort,
                    ..FindOptions::default()
                },
            );
        }
    }
}

fn find(collection: &Collection, options: FindOptions) -> Option<usize> {
    let mut cursor = note(collection.find(options))?;
    drain(|out| cursor.next_batch(out, 64, 1 << 16))
}

fn filter(database: &Database, people: &Collection, asked: &[u8]) {
    let Some(filter) = note(Filter::compile(asked)).map(Arc::new) else {
        return;
    };
    let by = |collection: &Collection| {
        let filter = Some(filter.clone());
        (
            find(
                collection,
                FindOptions {
                    filter: filter.clone(),
                    ..FindOptions::default()
                },
            ),
            collection.count(filter).ok(),
        )
    };
    let (found, counted) = by(people);
    if let (Some(found), Some(counted)) = (found, counted) {
        assert_eq!(found as u64, counted);
    }
    expect(people.drop_indexes(&WRITE));
    let (scanned, _) = by(people);
    if let (Some(found), Some(scanned)) = (found, scanned) {
        assert_eq!(found, scanned, "with and without an index");
    }
    note(people.delete_matching(Some(filter), None, &WRITE));
    let report = expect(database.check());
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

/// Any bytes as a command, of a database, a collection, and a transaction.
pub fn command(input: &[u8]) {
    let database = memory();
    let people = expect(database.collection("people"));
    let mut transaction = expect(database.begin_as(Owner(1)));
    let mut reply = Vec::new();
    for target in [
        &mut Target::Collection(&people, WRITE),
        &mut Target::Database(&database, WRITE),
    ] {
        ask(target, input, &mut reply);
    }
    ask(
        &mut Target::Transaction(&mut transaction, "people"),
        input,
        &mut reply,
    );
    note(transaction.commit(database.durability()));
    let report = expect(database.check());
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

fn ask(target: &mut Target<'_>, request: &[u8], reply: &mut Vec<u8>) {
    reply.clear();
    match note(command::run(target, request, reply)) {
        None => assert!(reply.is_empty(), "a refused command left bytes"),
        Some(()) => {
            let mut plain = Vec::new();
            let read = write_plain(reply, &quire_engine::format::record::NO_STRUCTURES, &mut plain);
            assert_eq!(read.ok(), Some(reply.len()), "a reply is one map");
        }
    }
    if let Some(mut cursor) = note(command::open_cursor(target, request)) {
        drain(|out| AnyCursor::next_batch(&mut cursor, out, 64, 1 << 16));
    }
}
