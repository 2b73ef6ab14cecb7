//! Files made by an attacker: pages and headers that say wrong things under checksums that fit.
//!
//! Each case forges one to three pages of a good database, opens it, reads everything, checks, dumps, writes, and
//! closes. What comes out may be anything, for the checksums say that it is right; but every call ends, soon, in a
//! result or in an error of a kind that fits, and memory stays bounded. `QUIRE_FORGED=<cases>` runs more cases and
//! `QUIRE_SEED=<number>` begins with another one; a failure names the seed that shows it alone.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use quire_engine::format::header::{HEADER_BYTES, Header, Slot};
use quire_engine::format::page::{self, FileId};
use quire_engine::{
    Collection, Database, ErrorKind, FindOptions, IndexDefinition, PAGE_BYTES, PageNumber, Result, dump_on,
};
use serde_json::json;

use crate::common::{id, pack};
use crate::fixture::{DATA, Files, Random, WRITE, closed, crashed, open, storage_of};

const CASES: u64 = 2000;
/// A case takes milliseconds; this allows for a busy machine.
const CASE_TIME_MAX: Duration = Duration::from_secs(5);
/// Most memory that all cases together may have held at a time.
const MEMORY_KIB_MAX: u64 = 1 << 20;

/// How often calls ended in each way.
#[derive(Default)]
struct Tally(BTreeMap<String, u64>);

impl Tally {
    fn note<T>(&mut self, call: &str, result: Result<T>) -> Option<T> {
        let end = match &result {
            Ok(_) => "ok",
            Err(error) => {
                assert!(is_expected(error.kind()), "{call}: {error}");
                error.kind().code()
            }
        };
        *self.0.entry(format!("{call} {end}")).or_default() += 1;
        result.ok()
    }
}

/// Kinds that a forged file may cause. None of them says that QuireDB has a bug.
fn is_expected(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Corrupted
            | ErrorKind::UnsupportedFormat
            | ErrorKind::Poisoned
            | ErrorKind::DuplicateId
            | ErrorKind::CollectionExists
            | ErrorKind::CollectionNotFound
            | ErrorKind::LimitExceeded
    )
}

pub fn number_from(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn forged_pages_end_in_errors_and_never_in_a_panic() {
    let bases = [closed().0, crashed(true).0];
    let cases = number_from("QUIRE_FORGED", CASES);
    run_cases(cases, |seed, random| {
        let mut files = bases[(seed % 2) as usize].clone();
        let what = forge(files.get_mut(DATA).unwrap(), random);
        (files, what)
    });
}

/// Makes files by `forge`, which also says what it did, and uses them.
pub fn run_cases(cases: u64, mut forge: impl FnMut(u64, &mut Random) -> (Files, String)) {
    let first = number_from("QUIRE_SEED", 1);
    let mut tally = Tally::default();
    let mut slowest = Duration::ZERO;
    for seed in first..first + cases {
        let mut random = Random::new(seed);
        let (files, what) = forge(seed, &mut random);
        let began = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| use_all(&files, &mut random, &mut tally)));
        slowest = slowest.max(began.elapsed());
        assert!(ended.is_ok(), "QUIRE_SEED={seed} QUIRE_FORGED=1: {what}");
        assert!(
            began.elapsed() < CASE_TIME_MAX,
            "QUIRE_SEED={seed} QUIRE_FORGED=1 is slow: {what}"
        );
    }
    println!("{cases} forged files from seed {first}, the slowest {slowest:?}:");
    tally
        .0
        .iter()
        .for_each(|(end, count)| println!("  {end}: {count}"));
    if let Some(kib) = memory_kib() {
        println!("  most memory held: {} MiB", kib / 1024);
        assert!(kib < MEMORY_KIB_MAX);
    }
}

/// The most memory that the process has held, where the system tells.
fn memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Forges one to three pages and says what was done.
fn forge(data: &mut [u8], random: &mut Random) -> String {
    let Ok(Slot::Good(header)) = Header::decode(&data[..HEADER_BYTES]) else {
        panic!("the base has no header");
    };
    let mut what = Vec::new();
    for _ in 0..1 + random.below(3) {
        if random.below(12) == 0 {
            what.push(forge_header(data, header, random));
            continue;
        }
        let page = 2 + random.below(u64::from(header.page_count) - 2) as u32;
        what.push(forge_page(data, header, page, random));
        seal(data, header.file_id, page);
    }
    what.join("; ")
}

fn seal(data: &mut [u8], file: FileId, page: u32) {
    let at = page as usize * PAGE_BYTES;
    let bytes = (&mut data[at..at + PAGE_BYTES]).try_into().unwrap();
    page::seal(bytes, file, PageNumber::new(page));
}

/// A number that is likely to be taken for something.
fn telling_number(header: Header, own: u32, random: &mut Random) -> u32 {
    match random.below(10) {
        0 => 0,
        1 => 1,
        2 => own,
        3 => u32::MAX,
        4 => header.page_count,
        5 => random.number() as u32,
        6 => 1 << random.below(32),
        7 => header.sequence.0 as u32 + random.below(3) as u32,
        _ => random.below(u64::from(header.page_count)) as u32,
    }
}

fn forge_page(data: &mut [u8], header: Header, page: u32, random: &mut Random) -> String {
    let start = page as usize * PAGE_BYTES;
    let other = random.below(u64::from(header.page_count)) as usize * PAGE_BYTES;
    let kind = data[start + 4];
    // Most of what a page says about itself stands at its front.
    let at = match random.below(4) {
        0 => 4 + random.below(20) as usize,
        1 | 2 => 24 + random.below(120) as usize,
        _ => 24 + random.below(PAGE_BYTES as u64 - 32) as usize,
    };
    let number = telling_number(header, page, random);
    match random.below(9) {
        0 => {
            data[start + 4] = 1 + random.below(8) as u8;
            format!("page {page} of kind {kind} becomes kind {}", data[start + 4])
        }
        1 => {
            let image: Vec<u8> = data[other..other + PAGE_BYTES].to_vec();
            data[start..start + PAGE_BYTES].copy_from_slice(&image);
            format!(
                "page {page} of kind {kind} becomes a copy of page {}",
                other / PAGE_BYTES
            )
        }
        2 => {
            let body: Vec<u8> = data[other + 24..other + PAGE_BYTES].to_vec();
            data[start + 24..start + PAGE_BYTES].copy_from_slice(&body);
            format!(
                "page {page} of kind {kind} gets the body of page {}",
                other / PAGE_BYTES
            )
        }
        3 => {
            for _ in 0..1 + random.below(40) {
                data[start + 24 + random.below(PAGE_BYTES as u64 - 24) as usize] = random.number() as u8;
            }
            format!("page {page} of kind {kind} gets random bytes")
        }
        4 => {
            data[start + at] ^= 1 << random.below(8);
            format!("page {page} of kind {kind}: a bit of byte {at}")
        }
        5 => {
            let short = number as u16;
            data[start + at..start + at + 2].copy_from_slice(&short.to_le_bytes());
            format!("page {page} of kind {kind}: u16 {short} at {at}")
        }
        6 => {
            data[start + at] = number as u8;
            format!("page {page} of kind {kind}: u8 {} at {at}", number as u8)
        }
        _ => {
            let at = at & !3;
            data[start + at..start + at + 4].copy_from_slice(&number.to_le_bytes());
            format!("page {page} of kind {kind}: u32 {number} at {at}")
        }
    }
}

fn forge_header(data: &mut [u8], header: Header, random: &mut Random) -> String {
    let mut forged = header;
    let number = telling_number(header, 0, random);
    match random.below(10) {
        0 => forged.page_count = number,
        1 => forged.catalog.first_page = number,
        2 => forged.catalog.length_bytes = number,
        3 => forged.catalog_mirror = number,
        4 => forged.free_list.first_page = number,
        5 => forged.free_list.length_bytes = number,
        6 => {
            forged.sequence.0 = if number.is_multiple_of(2) {
                u64::MAX - u64::from(number % 5)
            } else {
                number.into()
            }
        }
        7 => {
            forged.epoch = if number.is_multiple_of(2) {
                u64::MAX
            } else {
                number.into()
            }
        }
        8 => forged.next_collection = number,
        _ => forged.clean = !header.clean,
    }
    for slot in 0..2 {
        data[slot * PAGE_BYTES..slot * PAGE_BYTES + HEADER_BYTES].copy_from_slice(&forged.encode());
    }
    format!("header {forged:?}")
}

/// Calls everything that a program could call.
fn use_all(files: &Files, random: &mut Random, tally: &mut Tally) {
    let dumped = dump_on(&storage_of(files), Path::new(DATA), |_| Ok(()));
    tally.note("dump", dumped);
    let Some(database) = tally.note("open", open(files)) else {
        return;
    };
    tally.note("check", database.check());
    let infos = tally
        .note("collections", database.collections())
        .unwrap_or_default();
    let names: Vec<String> = infos.iter().map(|info| info.name.to_string()).collect();
    for name in &names {
        if let Some(collection) = tally.note("collection", database.collection(name)) {
            read(&collection, tally);
            write(&database, &collection, random, tally);
        }
    }
    let Some(fresh) = tally.note("collection", database.collection("fresh")) else {
        return;
    };
    tally.note(
        "insert",
        fresh.insert(&pack(&json!({ "text": "x".repeat(9000) })), &WRITE),
    );
    tally.note("checkpoint", database.checkpoint());
    tally.note("check", database.check());
    tally.note("close", database.close());
}

fn read(collection: &Collection, tally: &mut Tally) {
    let mut stored = Vec::new();
    for number in [0, 1, 4, 10, 12, 300, 311] {
        stored.clear();
        let by_text = collection.get(&id(&json!(format!("person-{number}"))), &mut stored);
        tally.note("get", by_text);
        tally.note("get", collection.get(&id(&json!(number)), &mut stored));
    }
    let Some(mut cursor) = tally.note("find", collection.find(FindOptions::default())) else {
        return;
    };
    let mut out = Vec::new();
    while let Some(count) = tally.note("next_batch", cursor.next_batch(&mut out, 64, 1 << 16))
        && count > 0
    {
        out.clear();
    }
}

fn write(database: &Database, collection: &Collection, random: &mut Random, tally: &mut Tally) {
    for number in 0..4 {
        let length = [10, 300, 3000, 9000][random.below(4) as usize];
        let document = json!({ "_id": format!("person-{}", number * 5), "text": "z".repeat(length) });
        tally.note("put", collection.put(&pack(&document), &WRITE));
        let own = json!({ "_id": 10_000 + random.below(1000), "text": "z".repeat(length) });
        tally.note("insert", collection.insert(&pack(&own), &WRITE));
        let key = id(&json!(format!("person-{}", number * 3 + 1)));
        tally.note("delete", collection.delete(&key, &WRITE));
        tally.note("delete", collection.delete(&id(&json!(number)), &WRITE));
    }
    match random.below(8) {
        0 => drop(tally.note("clear", collection.clear(&WRITE))),
        1 => drop(tally.note("drop", database.drop_collection(&collection.name(), &WRITE))),
        2 => drop(tally.note("checkpoint", database.checkpoint())),
        3 => drop(tally.note("delete_matching", collection.delete_matching(None, None, &WRITE))),
        4 => drop(tally.note(
            "rename",
            database.rename_collection(&collection.name(), "other", &WRITE),
        )),
        5 => {
            let by_age = IndexDefinition::on(&[("age", false)]).unwrap();
            tally.note("create_index", collection.create_index(&by_age, &WRITE));
        }
        6 => drop(tally.note("drop_indexes", collection.drop_indexes(&WRITE))),
        _ => {}
    }
}
