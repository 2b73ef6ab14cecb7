//! Rules of the pager that need its parts together: versions, freeing under a snapshot, checkpoint and reopen.

use std::path::Path;
use std::sync::Arc;

use quire_frames::{PAGE_BYTES, PageNumber};

use crate::error::ErrorKind;
use crate::format::page::{CollectionId, PAGE_HEAD_BYTES, PageKind, Sequence};
use crate::pager::blob::{self, BlobKey};
use crate::pager::checkpoint::Checkpointer;
use crate::pager::free_list::decode_runs;
use crate::pager::journal::{JOURNAL_SUFFIX, Journal, JournalWriter};
use crate::pager::recovery::{self, DataFile};
use crate::pager::{Pager, PagerOptions};
use crate::storage::simulated::{Fault, SimulatedStorage};
use crate::storage::{MemoryStorage, OpenMode, Storage, sibling};

const OWNER: CollectionId = CollectionId(1);
const PATH: &str = "/test.quire";

fn put(pager: &Pager, sequence: u64, number: PageNumber, byte: u8) {
    pager.writer(Sequence(sequence)).change(number).unwrap()[PAGE_HEAD_BYTES] = byte;
}

fn get(pager: &Pager, number: PageNumber) -> u8 {
    pager.read(number).unwrap()[PAGE_HEAD_BYTES]
}

fn open_pager(data: &DataFile) -> Pager {
    let pager = Pager::new(PagerOptions {
        file: Some(data.file.clone()),
        file_id: data.header.file_id,
        hash_key: data.header.hash_key,
        sequence: data.header.sequence,
        cache_bytes: 1 << 20,
        snapshot_bytes: u64::MAX,
    })
    .unwrap();
    pager.set_allocator(data.header.page_count, &[]).unwrap();
    let place = data.header.free_list;
    if place.length_bytes > 0 {
        let mut bytes = Vec::new();
        let key = BlobKey {
            kind: PageKind::FreeList,
            owner: CollectionId::NONE,
        };
        blob::read_blob(
            &pager,
            PageNumber::new(place.first_page),
            place.length_bytes,
            key,
            None,
            &mut bytes,
        )
        .unwrap();
        pager
            .set_allocator(data.header.page_count, &decode_runs(&bytes))
            .unwrap();
    }
    pager
}

fn checkpointer(storage: &Arc<MemoryStorage>, data: &DataFile, pager: &Pager) -> Checkpointer {
    Checkpointer::new(
        storage.clone(),
        data.file.clone(),
        PATH.into(),
        data.header,
        pager.free_runs(),
        Vec::new(),
    )
}

#[test]
fn snapshot_sees_the_page_as_it_was() {
    let pager = Pager::in_memory(u64::MAX).unwrap();
    let (number, page) = pager.writer(Sequence(1)).allocate(PageKind::Heap, OWNER).unwrap();
    drop(page);
    put(&pager, 1, number, 10);
    let snapshot = pager.open_snapshot(Sequence(1), false);
    put(&pager, 2, number, 20);
    put(&pager, 3, number, 30);
    assert_eq!(get(&pager, number), 30);
    assert_eq!(
        pager.read_at(number, Sequence(1)).unwrap().unwrap()[PAGE_HEAD_BYTES],
        10
    );
    let (later, page) = pager.writer(Sequence(4)).allocate(PageKind::Heap, OWNER).unwrap();
    drop(page);
    assert!(pager.read_at(later, Sequence(1)).unwrap().is_none());
    pager.close_snapshot(&snapshot);
    assert_eq!(pager.version_bytes(), 0);
}

#[test]
fn freed_page_is_not_reused_while_a_snapshot_may_read_it() {
    let pager = Pager::in_memory(u64::MAX).unwrap();
    let (number, page) = pager.writer(Sequence(1)).allocate(PageKind::Heap, OWNER).unwrap();
    drop(page);
    put(&pager, 1, number, 10);
    let snapshot = pager.open_snapshot(Sequence(1), false);
    pager.writer(Sequence(2)).free(number);
    let (other, page) = pager.writer(Sequence(3)).allocate(PageKind::Heap, OWNER).unwrap();
    drop(page);
    assert_ne!(number, other);
    assert_eq!(
        pager.read_at(number, Sequence(1)).unwrap().unwrap()[PAGE_HEAD_BYTES],
        10
    );
    pager.close_snapshot(&snapshot);
    let (reused, _page) = pager.writer(Sequence(4)).allocate(PageKind::Heap, OWNER).unwrap();
    assert_eq!(number, reused);
}

#[test]
fn checkpoint_holds_its_moment_and_reads_back() {
    let storage = Arc::new(MemoryStorage::new());
    let data = recovery::create(&*storage, Path::new(PATH), 0).unwrap();
    let pager = open_pager(&data);
    let mut checkpoints = checkpointer(&storage, &data, &pager);
    let (kept, page) = pager.writer(Sequence(1)).allocate(PageKind::Heap, OWNER).unwrap();
    drop(page);
    put(&pager, 1, kept, 10);
    let (freed, page) = pager.writer(Sequence(1)).allocate(PageKind::Heap, OWNER).unwrap();
    drop(page);
    let capture = checkpoints
        .capture(&pager, Sequence(1), b"catalog 1".to_vec(), 2)
        .unwrap();
    put(&pager, 2, kept, 20);
    pager.writer(Sequence(2)).free(freed);
    assert!(checkpoints.write(&pager, capture, false).is_ok());

    let reopened = recovery::open(&*storage, Path::new(PATH), false).unwrap();
    assert_eq!(
        (reopened.header.sequence, reopened.header.epoch),
        (Sequence(1), 2)
    );
    assert_eq!(get(&open_pager(&reopened), kept), 10);

    let capture = checkpoints
        .capture(&pager, Sequence(2), b"catalog 2".to_vec(), 2)
        .unwrap();
    assert!(checkpoints.write(&pager, capture, true).is_ok());
    let reopened = recovery::open(&*storage, Path::new(PATH), false).unwrap();
    let again = open_pager(&reopened);
    assert_eq!(get(&again, kept), 20);
    assert_eq!(again.free_runs(), pager.free_runs());
    assert_eq!(again.page_counts(), pager.page_counts());
}

#[test]
fn freed_page_that_a_snapshot_sees_is_not_lost_by_a_checkpoint() {
    let storage = Arc::new(MemoryStorage::new());
    let data = recovery::create(&*storage, Path::new(PATH), 0).unwrap();
    let pager = open_pager(&data);
    // More than page memory has room for.
    let numbers: Vec<PageNumber> = (0..600)
        .map(|_| {
            pager
                .writer(Sequence(1))
                .allocate(PageKind::Heap, OWNER)
                .unwrap()
                .0
        })
        .collect();
    let seen = numbers[0];
    put(&pager, 1, seen, 10);
    let mut checkpoints = checkpointer(&storage, &data, &pager);
    let capture = checkpoints.capture(&pager, Sequence(1), Vec::new(), 2).unwrap();
    assert!(checkpoints.write(&pager, capture, false).is_ok());
    put(&pager, 2, seen, 20);
    let snapshot = pager.open_snapshot(Sequence(2), false);
    pager.writer(Sequence(3)).free(seen);
    let capture = checkpoints.capture(&pager, Sequence(3), Vec::new(), 2).unwrap();
    assert!(checkpoints.write(&pager, capture, false).is_ok());
    for number in &numbers[1..] {
        drop(pager.read(*number).unwrap());
        pager.evict();
    }
    assert!(pager.resident_bytes() < 2 << 20, "nothing was evicted");
    let page = pager.read_at(seen, Sequence(2)).unwrap().unwrap();
    assert_eq!(page[PAGE_HEAD_BYTES], 20);
    drop(page);
    pager.close_snapshot(&snapshot);
    assert_eq!(pager.dirty_bytes(), 0);
}

#[test]
fn flipped_bit_is_reported_with_its_page() {
    let storage = Arc::new(MemoryStorage::new());
    let data = recovery::create(&*storage, Path::new(PATH), 0).unwrap();
    let pager = open_pager(&data);
    let (number, page) = pager.writer(Sequence(1)).allocate(PageKind::Heap, OWNER).unwrap();
    drop(page);
    let mut checkpoints = checkpointer(&storage, &data, &pager);
    let capture = checkpoints.capture(&pager, Sequence(1), Vec::new(), 2).unwrap();
    assert!(checkpoints.write(&pager, capture, true).is_ok());
    let at = u64::from(number.get()) * PAGE_BYTES as u64 + 2000;
    storage
        .open(Path::new(PATH), OpenMode::ReadWrite)
        .unwrap()
        .write_at(at, &[1])
        .unwrap();
    let reopened = open_pager(&recovery::open(&*storage, Path::new(PATH), false).unwrap());
    let error = reopened.read(number).err().unwrap();
    assert_eq!((error.kind(), error.page()), (ErrorKind::Corrupted, Some(number)));
}

#[test]
fn blob_of_another_owner_is_refused() {
    let pager = Pager::in_memory(u64::MAX).unwrap();
    let bytes = vec![7; 10_000];
    let first = blob::write_blob(&pager.writer(Sequence(1)), PageKind::Overflow, OWNER, &bytes).unwrap();
    let mut out = Vec::new();
    let key = BlobKey {
        kind: PageKind::Overflow,
        owner: OWNER,
    };
    blob::read_blob(&pager, first, 10_000, key, None, &mut out).unwrap();
    assert_eq!(out, bytes);
    let other = BlobKey {
        owner: CollectionId(2),
        ..key
    };
    let error = blob::read_blob(&pager, first, 10_000, other, None, &mut out).unwrap_err();
    assert_eq!((error.kind(), error.page()), (ErrorKind::Corrupted, Some(first)));
}

#[test]
fn journal_is_incomplete_for_good_once_it_was_voided() {
    let storage = MemoryStorage::new();
    let path = Path::new(PATH);
    recovery::void_journal(&storage, path).unwrap();
    let journal_path = sibling(path, JOURNAL_SUFFIX);
    assert!(!storage.exists(&journal_path).unwrap());
    let data = recovery::create(&storage, path, 0).unwrap();
    let file = storage.open(&journal_path, OpenMode::CreateNew).unwrap();
    let image = [0u8; PAGE_BYTES];
    let write_images = || {
        let mut journal = JournalWriter::new(&*file, 1);
        journal.push(PageNumber::new(2), &image).unwrap();
        journal
    };
    write_images().finish(&data.header).unwrap();
    assert!(Journal::find_file_id(&*file).unwrap().is_some());
    recovery::void_journal(&storage, path).unwrap();
    // The next checkpoint writes the same images; the power goes before it writes a head of its own.
    drop(write_images());
    assert!(Journal::find_file_id(&*file).unwrap().is_none());
}

#[test]
fn journal_without_a_head_is_voided_on_a_disk_with_no_room() {
    let storage = SimulatedStorage::new(1);
    let path = Path::new(PATH);
    let journal_path = sibling(path, JOURNAL_SUFFIX);
    let file = storage.open(&journal_path, OpenMode::CreateNew).unwrap();
    // The disk became full among the images, so that the head's place is a hole, and to fill it needs room.
    file.write_at(2 * PAGE_BYTES as u64, &[7; PAGE_BYTES]).unwrap();
    storage.inject(Fault::NoSpace, 0, true, None);
    recovery::void_journal(&storage, path).unwrap();
    assert!(Journal::find_file_id(&*file).unwrap().is_none());
    file.write_at(0, b"x").unwrap_err();
}
