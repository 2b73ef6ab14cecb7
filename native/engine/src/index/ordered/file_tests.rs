//! The ordered index on a file, in less page memory than it takes, and opened again.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::tests::OWNER;
use super::*;
use crate::format::seeded::Seeded;
use crate::pager::PagerOptions;
use crate::pager::checkpoint::Checkpointer;
use crate::pager::recovery::{self, DataFile};
use crate::storage::MemoryStorage;

const PATH: &str = "/ordered.quire";
const BUDGET_BYTES: u64 = 1 << 20;

fn open_pager(data: &DataFile) -> Pager {
    let pager = Pager::new(PagerOptions {
        file: Some(data.file.clone()),
        file_id: data.header.file_id,
        hash_key: data.header.hash_key,
        sequence: data.header.sequence,
        cache_bytes: BUDGET_BYTES,
        snapshot_bytes: u64::MAX,
    })
    .unwrap();
    pager.set_allocator(data.header.page_count, &[]).unwrap();
    pager
}

fn all(pager: &Pager, root: OrderedRoot) -> BTreeSet<Vec<u8>> {
    let mut scan = OrderedScan::new(root, Bound::Unbounded, Bound::Unbounded, false, None);
    let mut entries = BTreeSet::new();
    let mut visit = |entry: &[u8]| {
        assert!(entries.insert(entry.to_vec()));
        ControlFlow::Continue(())
    };
    while scan.next(pager, &mut visit).unwrap() {}
    entries
}

#[test]
fn an_index_larger_than_its_memory_keeps_its_entries_and_opens_again() {
    let storage = Arc::new(MemoryStorage::new());
    let data = recovery::create(&*storage, Path::new(PATH), 0).unwrap();
    let pager = open_pager(&data);
    let mut checkpoints = Checkpointer::new(
        storage.clone(),
        data.file.clone(),
        PATH.into(),
        data.header,
        pager.free_runs(),
        Vec::new(),
    );
    let mut random = Seeded::new(11);
    let mut model = BTreeSet::new();
    let mut index = OrderedIndex::create(&pager.writer(Sequence(1)), OWNER).unwrap();
    for round in 1..=12 {
        let writer = pager.writer(Sequence(round));
        for _ in 0..4000 {
            let entry = random.bytes(40);
            index.prepare(&pager, &entry).unwrap();
            assert_eq!(index.insert(&writer, &entry).unwrap(), model.insert(entry));
            let removed = model.range(random.bytes(2)..).next().cloned();
            if let Some(entry) = removed.filter(|_| round % 3 == 0) {
                index.prepare(&pager, &entry).unwrap();
                assert!(index.remove(&writer, &entry).unwrap() && model.remove(&entry));
            }
        }
        let capture = checkpoints
            .capture(&pager, Sequence(round), Vec::new(), 2)
            .unwrap();
        assert!(checkpoints.write(&pager, capture, false).is_ok());
        pager.evict();
        assert!(pager.resident_bytes() <= BUDGET_BYTES * 2);
    }
    assert_eq!(all(&pager, index.root()), model);
    assert!(pager.loads_count() > 1000, "nothing was evicted");

    let reopened = open_pager(&recovery::open(&*storage, Path::new(PATH), false).unwrap());
    let index = OrderedIndex::open(index.root());
    index.verify(&reopened, None, |event| {
        if let OrderedEvent::Damage(error) = event {
            panic!("{error}");
        }
    });
    assert_eq!(all(&reopened, index.root()), model);
}
