//! Files that are no database, and files put together from several: refused, or the content of one of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use quire_engine::{Database, ErrorKind, PAGE_BYTES, dump_on};

use crate::fixture::{
    Content, DATA, Fate, Files, JOURNAL, LOGS, Random, closed, content_of, crashed, fate_of, files_of, open,
    options, storage_of,
};

fn file_of(bytes: Vec<u8>) -> Files {
    Files::from([(DATA.to_owned(), bytes)])
}

fn random_bytes(length: usize, random: &mut Random) -> Vec<u8> {
    (0..length).map(|_| random.number() as u8).collect()
}

#[test]
fn garbage_is_refused() {
    let (good, _) = closed();
    let mut tally: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 1..=2000 {
        let mut random = Random::new(seed);
        let length = random.below(40_000) as usize + 1;
        let mut bytes = random_bytes(length, &mut random);
        // A part of them begins as a database does.
        let kept = [0, 16, 24, 128, PAGE_BYTES, 3 * PAGE_BYTES][random.below(6) as usize].min(length);
        bytes[..kept].copy_from_slice(&good[DATA][..kept]);
        let mut files = file_of(bytes);
        for name in [JOURNAL, LOGS[0], LOGS[1]] {
            if random.below(4) == 0 {
                let length = random.below(9000) as usize;
                files.insert(name.to_owned(), random_bytes(length, &mut random));
            }
        }
        let error = open(&files).map(drop).unwrap_err();
        let is_expected = matches!(
            error.kind(),
            ErrorKind::NotADatabase | ErrorKind::Corrupted | ErrorKind::UnsupportedFormat
        );
        assert!(is_expected, "seed {seed}: {error}");
        *tally.entry(error.kind().code()).or_default() += 1;
        match dump_on(&storage_of(&files), Path::new(DATA), |_| Ok(())) {
            Ok(report) => assert!(report.documents_count == 0 && report.problems_count > 0),
            Err(error) => assert!(matches!(
                error.kind(),
                ErrorKind::NotADatabase | ErrorKind::UnsupportedFormat
            )),
        }
    }
    println!("2000 files of garbage: {tally:?}");
}

/// Two databases of the same content but for their identity.
fn two() -> [(Files, Content); 2] {
    [closed(), closed()]
}

fn page_of(files: &Files, page: usize) -> Vec<u8> {
    files[DATA][page * PAGE_BYTES..(page + 1) * PAGE_BYTES].to_vec()
}

fn put_page(files: &mut Files, page: usize, bytes: &[u8]) {
    files.get_mut(DATA).unwrap()[page * PAGE_BYTES..(page + 1) * PAGE_BYTES].copy_from_slice(bytes);
}

#[test]
fn page_of_another_database_is_detected() {
    let [(mut one, content), (other, _)] = two();
    let pages = one[DATA].len().min(other[DATA].len()) / PAGE_BYTES;
    let mut tally: BTreeMap<String, u32> = BTreeMap::new();
    for page in 2..pages {
        let own = page_of(&one, page);
        put_page(&mut one, page, &page_of(&other, page));
        let fate = fate_of(
            &one,
            std::slice::from_ref(&content),
            &format!("foreign page {page}"),
        );
        *tally.entry(format!("{fate:?}")).or_default() += 1;
        put_page(&mut one, page, &own);
    }
    println!("pages of another database: {tally:?}");
    assert!(tally["Reported"] > tally.get("Harmless").copied().unwrap_or(0));
}

#[test]
fn pages_that_changed_places_are_detected() {
    let (mut files, content) = closed();
    let pages = files[DATA].len() / PAGE_BYTES;
    let mut tally: BTreeMap<String, u32> = BTreeMap::new();
    for (one, other) in (2..pages).flat_map(|one| (one + 1..pages).map(move |other| (one, other))) {
        let (first, second) = (page_of(&files, one), page_of(&files, other));
        put_page(&mut files, one, &second);
        put_page(&mut files, other, &first);
        let what = format!("pages {one} and {other} swapped");
        let fate = fate_of(&files, std::slice::from_ref(&content), &what);
        *tally.entry(format!("{fate:?}")).or_default() += 1;
        put_page(&mut files, one, &first);
        put_page(&mut files, other, &second);
    }
    println!("swapped pages: {tally:?}");
}

#[test]
fn header_of_another_database_is_detected() {
    let [(one, content), (other, _)] = two();
    for slots in [vec![0], vec![1], vec![0, 1]] {
        let mut files = one.clone();
        for slot in &slots {
            put_page(&mut files, *slot, &page_of(&other, *slot));
        }
        let fate = fate_of(
            &files,
            std::slice::from_ref(&content),
            &format!("foreign header slots {slots:?}"),
        );
        assert!(
            matches!(fate, Fate::Refused(_) | Fate::Reported | Fate::Harmless),
            "{slots:?}: {fate:?}"
        );
    }
}

#[test]
fn log_of_another_database_is_refused() {
    let (one, contents) = crashed(true);
    let (other, _) = crashed(true);
    for name in LOGS {
        if !one.contains_key(name) {
            continue;
        }
        let mut files = one.clone();
        files.insert(name.to_owned(), other[name].clone());
        let error = open(&files).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted);
        assert!(error.message().contains("another database"), "{error}");
        // What the other log does not hide is dumped.
        let report = dump_on(&storage_of(&files), Path::new(DATA), |_| Ok(())).unwrap();
        assert!(report.problems_count > 0 && report.documents_count as usize >= contents[0].len() - 30);
    }
}

#[test]
fn journal_of_another_database_or_of_before_is_not_applied() {
    let (one, contents) = crashed(true);
    let (other, _) = crashed(true);
    let mut files = one.clone();
    files.insert(JOURNAL.to_owned(), other[JOURNAL].clone());
    assert_eq!(fate_of(&files, &contents, "foreign journal"), Fate::Harmless);

    // The journal of the crash, put back beside the database that has gone on since.
    let storage = storage_of(&one);
    let database = Database::open_on(Arc::new(storage.clone()), Path::new(DATA), &options()).unwrap();
    crate::fixture::change_again(&database);
    let content = content_of(&database);
    database.close().unwrap();
    let mut files = files_of(&storage);
    files.insert(JOURNAL.to_owned(), one[JOURNAL].clone());
    assert_eq!(fate_of(&files, &[content], "stale journal"), Fate::Harmless);
}

#[test]
fn log_of_before_is_not_replayed() {
    let (one, _) = crashed(true);
    let storage = storage_of(&one);
    let database = Database::open_on(Arc::new(storage.clone()), Path::new(DATA), &options()).unwrap();
    crate::fixture::change_again(&database);
    let content = content_of(&database);
    database.close().unwrap();
    for name in LOGS {
        let mut files = files_of(&storage);
        if let Some(log) = one.get(name) {
            files.insert(name.to_owned(), log.clone());
            let fate = fate_of(&files, std::slice::from_ref(&content), "stale log");
            assert!(matches!(fate, Fate::Harmless | Fate::Refused(_)), "{fate:?}");
        }
    }
}
