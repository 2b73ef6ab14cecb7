//! Pages of an ordered index that pass their checksum and lie: every verb reports damage or goes on, and ends.

use std::ops::ControlFlow;

use quire_frames::PAGE_BYTES;

use super::tests::{Fixture, OWNER};
use super::*;
use crate::format::page::PAGE_HEAD_BYTES;
use crate::format::seeded::Seeded;

/// Calls of the visitor after which a scan counts as one that does not end.
const ENTRIES_MAX: usize = 1_000_000;

/// A tree of three levels, its pages and its entries.
fn fixture(random: &mut Seeded) -> (Fixture, Vec<PageNumber>, Vec<Vec<u8>>) {
    let mut fixture = Fixture::new();
    let mut entries = Vec::new();
    for at in 0..260 {
        let length = if at % 3 == 0 { 1000 + random.below(300) } else { 20 };
        let mut entry = random.bytes(length);
        if at % 2 == 0 {
            entry.iter_mut().take(2).for_each(|byte| *byte = b'x');
        }
        fixture.insert(&entry);
        entries.push(entry);
    }
    let mut pages = Vec::new();
    fixture
        .index
        .pages(&fixture.pager, |page| pages.push(page))
        .unwrap();
    (fixture, pages, entries)
}

fn assert_damage<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            // Without a file, a page that was given back is absent instead of damaged.
            let is_absent = error.kind() == ErrorKind::Internal && error.message().contains("absent");
            let is_damage = error.kind() == ErrorKind::Corrupted && error.page().is_some();
            let is_limit = error.kind() == ErrorKind::LimitExceeded;
            assert!(is_absent || is_damage || is_limit, "{error}");
            None
        }
    }
}

/// Does everything that can be done with an index. Returns whether `verify` told of damage.
fn exercise(fixture: &mut Fixture, entries: &[Vec<u8>], random: &mut Seeded) -> bool {
    let mut is_damaged = false;
    fixture.index.verify(&fixture.pager, None, |event| {
        if let OrderedEvent::Damage(error) = event {
            is_damaged = true;
            assert_damage::<()>(Err(error));
        }
    });
    for is_reverse in [false, true] {
        let mut scan = OrderedScan::new(
            fixture.index.root(),
            Bound::Unbounded,
            Bound::Unbounded,
            is_reverse,
            None,
        );
        let mut seen = 0;
        let mut visit = |_: &[u8]| {
            seen += 1;
            assert!(seen < ENTRIES_MAX, "the scan does not end");
            ControlFlow::Continue(())
        };
        while assert_damage(scan.next(&fixture.pager, &mut visit)) == Some(true) {}
    }
    let mut out = Vec::new();
    for entry in entries {
        assert_damage(fixture.index.contains(&fixture.pager, entry));
        assert_damage(fixture.index.first_from(&fixture.pager, entry, None, &mut out));
        let (bound, end) = (Bound::Included(entry.as_slice()), Bound::Unbounded);
        assert_damage(fixture.index.estimate(&fixture.pager, bound, end));
    }
    let writer = fixture.pager.writer(Sequence(2));
    for entry in entries {
        let mut other = entry.clone();
        other.push(random.number() as u8);
        if assert_damage(fixture.index.prepare(&fixture.pager, &other)).is_some() {
            assert_damage(fixture.index.insert(&writer, &other));
        }
        assert_damage(fixture.index.insert(&writer, &other));
        assert_damage(fixture.index.remove(&writer, entry));
    }
    for entry in entries.iter().rev() {
        assert_damage(fixture.index.insert(&writer, entry));
    }
    for entry in entries {
        assert_damage(fixture.index.remove(&writer, entry));
    }
    assert_damage(fixture.index.release(&writer));
    is_damaged
}

#[test]
fn any_bytes_in_pages_end_in_damage_or_in_order() {
    for seed in 0..100 {
        let mut random = Seeded::new(seed);
        let (mut fixture, pages, entries) = fixture(&mut random);
        for _ in 0..=random.below(4) {
            let number = pages[random.below(pages.len())];
            let mut page = fixture.pager.writer(Sequence(1)).change(number).unwrap();
            let at = match random.below(3) {
                0 => PAGE_HEAD_BYTES + random.below(16),
                1 => PAGE_HEAD_BYTES + 16 + random.below(200),
                _ => PAGE_HEAD_BYTES + random.below(PAGE_BYTES - PAGE_HEAD_BYTES),
            };
            page[at] = random.number() as u8;
        }
        exercise(&mut fixture, &entries, &mut random);
    }
}

#[test]
fn pages_that_name_each_other_wrongly_are_told_of() {
    for seed in 0..60 {
        let mut random = Seeded::new(1000 + seed);
        let (mut fixture, pages, entries) = fixture(&mut random);
        // One page gets the body of another: children named twice, levels and orders that do not fit.
        let (from, to) = (pages[random.below(pages.len())], pages[random.below(pages.len())]);
        if from == to {
            continue;
        }
        let body = *fixture.pager.read(from).unwrap();
        let mut page = fixture.pager.writer(Sequence(1)).change(to).unwrap();
        tree_page::copy_body(&body, &mut page);
        drop(page);
        assert!(exercise(&mut fixture, &entries, &mut random), "seed {seed}");
    }
}

#[test]
fn pages_of_another_owner_or_kind_are_refused() {
    let mut random = Seeded::new(5);
    let (fixture, _, entries) = fixture(&mut random);
    let other = OrderedIndex::open(OrderedRoot {
        owner: CollectionId(OWNER.0 + 1),
        ..fixture.index.root()
    });
    let error = other.contains(&fixture.pager, &entries[0]).unwrap_err();
    assert_eq!(
        (error.kind(), error.page()),
        (ErrorKind::Corrupted, Some(fixture.index.root().page))
    );
    let mut page = fixture
        .pager
        .writer(Sequence(1))
        .change(fixture.index.root().page)
        .unwrap();
    page[4] = PageKind::Heap as u8;
    drop(page);
    let error = fixture.index.prepare(&fixture.pager, &entries[0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
}

#[test]
fn a_page_outside_the_file_is_refused() {
    let mut fixture = Fixture::new();
    for at in 0..2000u32 {
        fixture.insert(&at.to_be_bytes());
    }
    let root = fixture.index.root().page;
    let mut page = fixture.pager.writer(Sequence(1)).change(root).unwrap();
    // The first child of the root.
    page[32..36].copy_from_slice(&0x00ff_ffffu32.to_le_bytes());
    drop(page);
    let error = fixture.index.prepare(&fixture.pager, &[0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    assert_eq!(error.page(), Some(PageNumber::new(0x00ff_ffff)));
}

#[test]
fn child_that_two_pages_name_is_told_of_once() {
    let mut fixture = Fixture::new();
    for at in 0..2000u32 {
        fixture.insert(&at.to_be_bytes());
    }
    let root = fixture.index.root().page;
    let mut page = fixture.pager.writer(Sequence(1)).change(root).unwrap();
    // The root's last child becomes its first one as well.
    let first: [u8; 4] = page[32..36].try_into().unwrap();
    let node = tree_page::Node::read(&page, OWNER, None).unwrap();
    let last = node.child(node.count()).unwrap().get().to_le_bytes();
    assert_ne!(first, last);
    page[32..36].copy_from_slice(&last);
    drop(page);
    let mut words = Vec::new();
    fixture.index.verify(&fixture.pager, None, |event| {
        if let OrderedEvent::Damage(error) = event {
            assert_eq!(error.kind(), ErrorKind::Corrupted);
            words.push(error.message().to_owned());
        }
    });
    assert!(
        words
            .iter()
            .any(|words| words.contains("two pages of an ordered index name this page"))
    );
    let mut pages = Vec::new();
    fixture
        .index
        .pages(&fixture.pager, |page| pages.push(page))
        .unwrap();
    let count = pages.len();
    pages.sort_unstable();
    pages.dedup();
    assert_eq!(pages.len(), count);
}
