//! `dump`: everything outside the damage comes out, once, and nothing else.

use std::path::Path;

use quire_engine::format::intake::document_id;
use quire_engine::format::page::PageKind;
use quire_engine::storage::MemoryStorage;
use quire_engine::{DumpReport, Error, ErrorKind, PAGE_BYTES, Result, dump_on};

use crate::fixture::{
    Content, DATA, Files, JOURNAL, LOGS, closed, crashed, files_of, ids_in_page, open, pages_by_kind,
    storage_of,
};

/// Everything that a dump of `files` gives.
fn dump_of(files: &Files) -> (Content, DumpReport) {
    let storage = storage_of(files);
    let mut content = Content::new();
    let report = dump_on(&storage, Path::new(DATA), |dumped| {
        let key = (
            dumped.collection.to_owned(),
            document_id(dumped.document)?.to_vec(),
        );
        assert!(
            content.insert(key, dumped.document.to_vec()).is_none(),
            "a document came twice"
        );
        Ok(())
    })
    .unwrap();
    assert_eq!(report.documents_count, content.len() as u64);
    assert_eq!(files_of(&storage), *files, "the dump wrote");
    (content, report)
}

fn names_page(report: &DumpReport, page: u32) -> bool {
    report
        .problems
        .iter()
        .any(|problem| problem.page().is_some_and(|found| found.get() == page))
}

/// Damages `page`.
fn damage(files: &mut Files, page: u32) {
    files.get_mut(DATA).unwrap()[page as usize * PAGE_BYTES + 777] ^= 0x10;
}

/// The documents of `content` that `found` lacks; all others must be as they are there.
fn missing(content: &Content, found: &Content, what: &str) -> Vec<(String, Vec<u8>)> {
    for (key, document) in found {
        assert!(
            content.get(key) == Some(document),
            "{what}: a wrong document {key:?}"
        );
    }
    content
        .keys()
        .filter(|key| !found.contains_key(*key))
        .cloned()
        .collect()
}

#[test]
fn dump_of_a_good_database_is_its_content() {
    let (files, content) = closed();
    let (found, report) = dump_of(&files);
    assert!(found == content && report.problems_count == 0);
    let (files, contents) = crashed(true);
    let (found, report) = dump_of(&files);
    assert!(Some(&found) == contents.last());
    assert_eq!(report.problems_count, 0, "{:?}", report.problems);
}

#[test]
fn damaged_page_costs_its_own_documents_at_most() {
    let (files, content) = closed();
    let mut missing_count = 0;
    for (kind, pages) in pages_by_kind(&files[DATA]) {
        for page in pages {
            let what = format!("{kind:?} page {page}");
            let mut files = files.clone();
            let own = ids_in_page(&files[DATA], page);
            damage(&mut files, page);
            let (found, report) = dump_of(&files);
            let missing = missing(&content, &found, &what);
            missing_count += missing.len();
            match kind {
                PageKind::Heap => assert!(missing.iter().all(|(_, id)| own.contains(id)), "{what}"),
                PageKind::Overflow => assert!(missing.len() <= 1, "{what}"),
                _ => assert!(missing.is_empty(), "{what}: {missing:?} {:?}", report.problems),
            }
            assert!(
                missing.is_empty() || names_page(&report, page),
                "{what}: {:?}",
                report.problems
            );
        }
    }
    println!("dumps with one damaged page: {missing_count} documents missing in all");
    assert!(missing_count > 0);
}

#[test]
fn database_without_a_header_is_dumped_whole() {
    let (mut files, content) = closed();
    files.get_mut(DATA).unwrap()[..2 * PAGE_BYTES].fill(0);
    assert!(open(&files).is_err());
    let (found, report) = dump_of(&files);
    assert!(found == content);
    assert!(names_page(&report, 0) && names_page(&report, 1));

    let (mut files, contents) = crashed(true);
    files.get_mut(DATA).unwrap()[..2 * PAGE_BYTES].fill(0);
    assert!(Some(&dump_of(&files).0) == contents.last());
    files.remove(JOURNAL);
    assert!(Some(&dump_of(&files).0) == contents.last());
}

#[test]
fn one_damaged_header_slot_changes_nothing() {
    for slot in 0..2u32 {
        let (mut files, contents) = crashed(true);
        files.get_mut(DATA).unwrap()[slot as usize * PAGE_BYTES + 80] ^= 1;
        let (found, report) = dump_of(&files);
        assert!(Some(&found) == contents.last());
        assert!(names_page(&report, slot));
    }
}

#[test]
fn without_catalogs_plain_documents_come_under_the_number_of_their_collection() {
    let (mut files, content) = closed();
    for page in &pages_by_kind(&files[DATA])[&PageKind::Catalog] {
        damage(&mut files, *page);
    }
    let (found, report) = dump_of(&files);
    assert!(!found.is_empty());
    assert!(found.keys().all(|(name, _)| name.starts_with("collection-")));
    assert!(known_by_id(&content, &found).len() < content.len());
    let lost = report
        .problems
        .iter()
        .filter(|problem| problem.message().contains("key lists are lost"));
    assert!(lost.count() > 0, "{:?}", report.problems);
}

/// The documents of `content` that come out of `found` by id and bytes, under whatever name; all of `found` must.
fn known_by_id<'a>(content: &'a Content, found: &Content) -> Vec<&'a (String, Vec<u8>)> {
    let is_same = |((_, one), bytes): (&(String, Vec<u8>), &Vec<u8>),
                   (_, other): &(String, Vec<u8>),
                   more: &Vec<u8>| { one == other && bytes == more };
    for (key, document) in found {
        let is_known = content.iter().any(|known| is_same(known, key, document));
        assert!(is_known, "a wrong document {key:?}");
    }
    content
        .iter()
        .filter(|(key, document)| found.iter().any(|other| is_same(other, key, document)))
        .map(|(key, _)| key)
        .collect()
}

#[test]
fn an_old_catalog_gives_names_and_key_lists() {
    let (mut files, content) = closed();
    assert!(
        pages_by_kind(&files[DATA])[&PageKind::Catalog].len() > 2,
        "no old catalog is left"
    );
    let header = files[DATA][..128].to_vec();
    let current = [96, 120].map(|at| u32::from_le_bytes(header[at..at + 4].try_into().unwrap()));
    current.into_iter().for_each(|page| damage(&mut files, page));
    let (found, report) = dump_of(&files);
    assert!(current.into_iter().all(|page| names_page(&report, page)));
    // The old catalog has all but the collection that came later and the last new name.
    for (key, document) in &content {
        if key.0 == "people" {
            assert!(found.get(key) == Some(document), "{key:?}");
        }
    }
    assert_eq!(known_by_id(&content, &found).len(), content.len());
}

#[test]
fn damaged_free_list_and_map_bring_no_old_version_of_a_document() {
    let (files, content) = closed();
    let pages = pages_by_kind(&files[DATA]);
    for map in &pages[&PageKind::HeapMap] {
        let mut files = files.clone();
        damage(&mut files, *map);
        pages[&PageKind::FreeList]
            .iter()
            .for_each(|page| damage(&mut files, *page));
        let (found, report) = dump_of(&files);
        for (key, document) in &content {
            assert!(found.get(key) == Some(document), "map page {map}: {key:?}");
        }
        assert!(names_page(&report, *map) || found == content);
    }
}

#[test]
fn file_cut_short_gives_what_is_left() {
    let (files, content) = closed();
    let length = files[DATA].len();
    for end in (2 * PAGE_BYTES..length).step_by(512) {
        let mut cut = files.clone();
        cut.get_mut(DATA).unwrap().truncate(end);
        let (found, report) = dump_of(&cut);
        known_by_id(&content, &found);
        assert!(report.problems_count > 0, "cut at {end}");
    }
}

#[test]
fn log_damage_stops_the_replay_and_is_reported() {
    let (files, contents) = crashed(true);
    let data_only = {
        let mut files = files.clone();
        LOGS.iter().for_each(|log| drop(files.remove(*log)));
        dump_of(&files).0
    };
    let live = LOGS
        .into_iter()
        .max_by_key(|log| {
            files
                .get(*log)
                .map_or(0, |log| log.iter().filter(|byte| **byte != 0).count())
        })
        .unwrap();
    let used = files[live].iter().rposition(|byte| *byte != 0).unwrap();
    for at in (4096..used).step_by(97) {
        let mut files = files.clone();
        files.get_mut(live).unwrap()[at] ^= 4;
        let (found, report) = dump_of(&files);
        assert!(
            report.problems_count > 0 || contents.contains(&found),
            "byte {at}"
        );
        assert!(found.len() >= data_only.len() - 2 && found.len() <= contents.last().unwrap().len());
    }
}

#[test]
fn journal_that_was_not_copied_is_read_and_heals_pages() {
    let (mut files, contents) = crashed(true);
    let journal_pages = u32::from_le_bytes(files[JOURNAL][20..24].try_into().unwrap());
    assert!(journal_pages > 0);
    for index in 0..journal_pages as usize {
        let at = PAGE_BYTES + index * 8;
        let page = u32::from_le_bytes(files[JOURNAL][at..at + 4].try_into().unwrap());
        damage(&mut files, page);
    }
    let (found, report) = dump_of(&files);
    assert!(Some(&found) == contents.last());
    assert_eq!(report.problems_count, 0);
}

#[test]
fn dump_refuses_what_is_no_database_or_in_use() {
    let dump =
        |storage: &MemoryStorage| -> Result<DumpReport> { dump_on(storage, Path::new(DATA), |_| Ok(())) };
    let kind = |bytes: Vec<u8>| {
        dump(&storage_of(&Files::from([(DATA.to_owned(), bytes)])))
            .unwrap_err()
            .kind()
    };
    assert_eq!(
        dump(&MemoryStorage::new()).unwrap_err().kind(),
        ErrorKind::CannotOpen
    );
    assert_eq!(kind(Vec::new()), ErrorKind::NotADatabase);
    assert_eq!(kind(b"a text file\n".repeat(2000)), ErrorKind::NotADatabase);
    assert_eq!(kind(vec![0; 9 * PAGE_BYTES]), ErrorKind::NotADatabase);
    assert_eq!(kind(vec![1; 9 * PAGE_BYTES]), ErrorKind::NotADatabase);
    let (files, _) = closed();
    let storage = storage_of(&files);
    let lock = quire_engine::storage::Storage::lock(
        &storage,
        Path::new(DATA),
        quire_engine::storage::LockMode::Exclusive,
    );
    assert_eq!(dump(&storage).unwrap_err().kind(), ErrorKind::Locked);
    drop(lock);
    let stop =
        |_: quire_engine::DumpedDocument<'_>| Err(Error::new(ErrorKind::DiskFull, "the target is full"));
    let error = dump_on(&storage, Path::new(DATA), stop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DiskFull);
}
