//! Reads of documents whose ids the id index cannot tell apart; leases while a commit waits for the disk.

use std::path::Path;

use super::*;
use crate::collection::Body;
use crate::database::{Database, MEMORY_PATH, OpenOptions};
use crate::format::bucket::HashPart;
use crate::storage::MemoryStorage;

/// Ids that are tried: sixteen pairs are alike in 40 bits then, and none once in ten million runs.
const TRIED: i64 = 6_000_000;

/// Two whole numbers whose hashes are alike in the bits that the id index of `collection` keeps.
fn alike(collection: &Collection) -> [i64; 2] {
    let store = collection.handle.readable().unwrap();
    let kept = |number| HashPart::of(Body::hash_id(&store.pager, &IdBytes::from_integer(number))).bits();
    let mut hashes: Vec<(u64, i64)> = (0..TRIED).map(|number| (kept(number), number)).collect();
    hashes.sort_unstable();
    let pair = hashes.windows(2).find(|pair| pair[0].0 == pair[1].0).unwrap();
    [pair[0].1, pair[1].1]
}

/// Plain MessagePack of `{_id: number}`.
fn document(number: i64) -> Vec<u8> {
    [&b"\x81\xa3_id\xd3"[..], &number.to_be_bytes()].concat()
}

/// The places of `numbers` that `get_many_with` finds a document of, and that the document is theirs.
fn found(collection: &Collection, numbers: &[i64]) -> Vec<usize> {
    let ids: Vec<IdBytes> = numbers
        .iter()
        .map(|number| IdBytes::from_integer(*number))
        .collect();
    let mut places = Vec::new();
    let visit = |place: usize, document: &[u8]| {
        assert!(crate::format::intake::starts_with_id(document, &ids[place]));
        places.push(place);
    };
    collection.get_many_with(&ids, visit).unwrap();
    places
}

#[test]
fn many_ids_that_are_alike_in_40_bits_are_told_apart() {
    let database = Database::open(MEMORY_PATH, &OpenOptions::default()).unwrap();
    let collection = database.collection("items").unwrap();
    let [first, second] = alike(&collection);
    let write = WriteOptions::default();
    collection.insert(&document(first), &write).unwrap();
    assert_eq!(found(&collection, &[second, first]), [1], "{first} and {second}");
    collection.insert(&document(second), &write).unwrap();
    assert_eq!(found(&collection, &[first, second, first]), [0, 1, 2]);
    collection.delete(&IdBytes::from_integer(first), &write).unwrap();
    assert_eq!(found(&collection, &[first, second]), [1]);
}

#[test]
fn lease_is_given_back_before_the_wait_for_the_disk() {
    let storage = Arc::new(MemoryStorage::new());
    let database = Database::open_on(storage, Path::new("items.quire"), &OpenOptions::default()).unwrap();
    let collection = database.collection("items").unwrap();
    let store = collection.handle.writable().unwrap();
    let owner = WriteOptions::default().owner;
    let lease = HeldLease::take(store, &collection.state, owner).unwrap();
    let (mut stored, mut is_released) = (Vec::new(), false);
    let id = collection.take_in(store, &document(1), &mut stored).unwrap();
    let change = Change {
        state: &collection.state,
        ids: IdMode::default(),
        clear: false,
        create: false,
        writes: &[Write::Insert(&id, &stored)],
    };
    let release = || {
        assert!(!collection.state.lease.try_acquire(owner));
        drop(lease);
        // The next writer needs neither the lease nor a lock that the commit still has.
        assert!(collection.has(&id).unwrap());
        collection.insert(&document(2), &WriteOptions::default()).unwrap();
        is_released = true;
    };
    store.commit_then(&[change], Durability::Disk, release).unwrap();
    assert!(is_released);
    assert_eq!(collection.count(None).unwrap(), 2);
}
