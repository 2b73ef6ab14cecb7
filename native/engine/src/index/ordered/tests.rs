//! Rules of the ordered index one by one, on pages in memory.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::*;
use crate::format::header::HEADER_PAGES;
use crate::format::seeded::Seeded;
use crate::format::tree_page::FREE_BYTES_MAX;

pub(super) const OWNER: CollectionId = CollectionId(3);

pub(super) struct Fixture {
    pub pager: Pager,
    pub index: OrderedIndex,
    pub sequence: u64,
}

impl Fixture {
    pub fn new() -> Fixture {
        let pager = Pager::in_memory(u64::MAX).unwrap();
        let index = OrderedIndex::create(&pager.writer(Sequence(1)), OWNER).unwrap();
        Fixture {
            pager,
            index,
            sequence: 1,
        }
    }

    pub fn insert(&mut self, entry: &[u8]) -> bool {
        self.index.prepare(&self.pager, entry).unwrap();
        self.index
            .insert(&self.pager.writer(Sequence(self.sequence)), entry)
            .unwrap()
    }

    pub fn remove(&mut self, entry: &[u8]) -> bool {
        self.index.prepare(&self.pager, entry).unwrap();
        self.index
            .remove(&self.pager.writer(Sequence(self.sequence)), entry)
            .unwrap()
    }

    pub fn scan(
        &self,
        lower: Bound<Vec<u8>>,
        upper: Bound<Vec<u8>>,
        is_reverse: bool,
        at: Option<Sequence>,
    ) -> Vec<Vec<u8>> {
        let mut scan = OrderedScan::new(self.index.root(), lower, upper, is_reverse, at);
        let mut entries = Vec::new();
        let mut visit = |entry: &[u8]| {
            entries.push(entry.to_vec());
            ControlFlow::Continue(())
        };
        while scan.next(&self.pager, &mut visit).unwrap() {}
        entries
    }

    /// Fails unless the tree is sound and has exactly `model`; returns its pages and the bytes used of them.
    pub fn assert_holds(&self, model: &BTreeSet<Vec<u8>>, at: Option<Sequence>) -> (usize, usize) {
        let mut entries = Vec::new();
        let mut pages = Vec::new();
        let mut used_bytes = 0;
        self.index.verify(&self.pager, at, |event| match event {
            OrderedEvent::Entry(entry) => entries.push(entry.to_vec()),
            OrderedEvent::Page(page, bytes) => {
                pages.push(page);
                used_bytes += bytes;
            }
            OrderedEvent::Damage(error) => panic!("{error}"),
        });
        assert!(entries.iter().eq(model.iter()), "the entries differ");
        if at.is_none() {
            let mut named = Vec::new();
            self.index.pages(&self.pager, |page| named.push(page)).unwrap();
            let (named, verified): (BTreeSet<u32>, BTreeSet<u32>) = (
                named.iter().map(|page| page.get()).collect(),
                pages.iter().map(|page| page.get()).collect(),
            );
            assert_eq!(named, verified);
            assert_eq!(verified.len(), pages.len(), "a page was named twice");
            if !self.pager.has_snapshots() {
                assert_eq!(self.used_pages(), pages.len(), "pages are lost");
            }
        }
        (pages.len(), used_bytes)
    }

    pub fn used_pages(&self) -> usize {
        let (count, free) = self.pager.page_counts();
        count as usize - HEADER_PAGES as usize - free as usize
    }

    fn fill(&self, model: &BTreeSet<Vec<u8>>) -> f64 {
        let (pages, used_bytes) = self.assert_holds(model, None);
        used_bytes as f64 / (pages * FREE_BYTES_MAX) as f64
    }
}

fn number(number: u64) -> Vec<u8> {
    format!("entry {number:010}").into_bytes()
}

#[test]
fn an_entry_is_there_once_until_it_is_removed() {
    let mut fixture = Fixture::new();
    assert!(fixture.insert(b"b"));
    assert!(!fixture.insert(b"b"));
    assert!(fixture.index.contains(&fixture.pager, b"b").unwrap());
    assert!(!fixture.index.contains(&fixture.pager, b"a").unwrap());
    assert_eq!(fixture.index.entries_count(), 1);
    assert!(fixture.remove(b"b"));
    assert!(!fixture.remove(b"b"));
    assert_eq!(fixture.index.entries_count(), 0);
    fixture.assert_holds(&BTreeSet::new(), None);
}

#[test]
fn entries_that_differ_in_zeros_and_length_only_are_told_apart() {
    let mut fixture = Fixture::new();
    let mut model = BTreeSet::new();
    for length in 0..12 {
        for mark in 0..=length {
            let mut entry = vec![0; length];
            if let Some(byte) = entry.get_mut(mark) {
                *byte = 1;
            }
            assert_eq!(fixture.insert(&entry), model.insert(entry.clone()));
            let entry = vec![0; length];
            assert_eq!(fixture.insert(&entry), model.insert(entry));
        }
    }
    fixture.assert_holds(&model, None);
    for entry in &model {
        assert!(fixture.index.contains(&fixture.pager, entry).unwrap());
    }
}

#[test]
fn rising_and_falling_insertions_fill_their_pages() {
    let mut rising = Fixture::new();
    let mut falling = Fixture::new();
    let model: BTreeSet<Vec<u8>> = (0..20_000).map(number).collect();
    for entry in &model {
        rising.insert(entry);
    }
    for entry in model.iter().rev() {
        falling.insert(entry);
    }
    assert!(rising.fill(&model) > 0.95, "{}", rising.fill(&model));
    assert!(falling.fill(&model) > 0.95, "{}", falling.fill(&model));
}

#[test]
fn loading_fills_pages_to_nine_tenths_and_takes_equal_entries_once() {
    for count in [0, 1, 100, 50_000] {
        let mut fixture = Fixture::new();
        let model: BTreeSet<Vec<u8>> = (0..count).map(number).collect();
        let entries = model.iter().flat_map(|entry| [entry, entry]).map(Ok);
        fixture
            .index
            .bulk_load(&fixture.pager.writer(Sequence(1)), entries)
            .unwrap();
        assert_eq!(fixture.index.entries_count(), count);
        let fill = fixture.fill(&model);
        assert!(count < 1000 || (0.85..0.95).contains(&fill), "{fill}");
    }
}

#[test]
fn loading_entries_out_of_order_is_refused() {
    let mut fixture = Fixture::new();
    let writer = fixture.pager.writer(Sequence(1));
    let loaded = fixture.index.bulk_load(&writer, [Ok(b"b"), Ok(b"a")]);
    assert_eq!(loaded.unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn entries_beyond_the_limit_are_refused_and_those_at_it_divide_pages() {
    let mut fixture = Fixture::new();
    let long = vec![7; ENTRY_BYTES_MAX + 1];
    let refused = fixture.index.prepare(&fixture.pager, &long).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LimitExceeded);
    let mut random = Seeded::new(7);
    let mut model = BTreeSet::new();
    for round in 0..600 {
        // Alike up to the end, different from the start, and short ones between.
        let length = if round % 5 == 0 {
            random.below(30)
        } else {
            ENTRY_BYTES_MAX
        };
        let mut entry = vec![b'x'; length];
        let at = if round % 2 == 0 {
            0
        } else {
            length.saturating_sub(4)
        };
        for (place, byte) in entry.iter_mut().skip(at).zip(random.bytes(4)) {
            *place = byte;
        }
        assert_eq!(fixture.insert(&entry), model.insert(entry));
    }
    fixture.assert_holds(&model, None);
    for entry in &model {
        assert!(fixture.remove(entry));
    }
    fixture.assert_holds(&BTreeSet::new(), None);
}

#[test]
fn removing_all_and_inserting_again_does_not_grow() {
    let mut fixture = Fixture::new();
    let mut random = Seeded::new(3);
    let entries: Vec<Vec<u8>> = (0..5000).map(|_| random.bytes(24)).collect();
    let mut grown = 0;
    for round in 0..4 {
        for entry in &entries {
            assert!(fixture.insert(entry));
        }
        let (count, _) = fixture.pager.page_counts();
        assert!(round == 0 || count <= grown, "round {round}: {count} pages");
        grown = count;
        let order: Vec<&Vec<u8>> = match round {
            0 => entries.iter().collect(),
            1 => entries.iter().rev().collect(),
            _ => {
                let sorted: BTreeSet<&Vec<u8>> = entries.iter().collect();
                sorted.into_iter().collect()
            }
        };
        for entry in order {
            assert!(fixture.remove(entry));
        }
        assert_eq!(fixture.used_pages(), 1);
        fixture.assert_holds(&BTreeSet::new(), None);
    }
}

#[test]
fn pages_that_are_nearly_empty_are_joined() {
    let mut fixture = Fixture::new();
    let mut model: BTreeSet<Vec<u8>> = (0..20_000).map(number).collect();
    for entry in &model {
        fixture.insert(entry);
    }
    let full_pages = fixture.used_pages();
    let kept: BTreeSet<Vec<u8>> = (0..20_000).step_by(10).map(number).collect();
    for entry in model.difference(&kept) {
        assert!(fixture.remove(entry));
    }
    model = kept;
    fixture.assert_holds(&model, None);
    assert!(
        fixture.used_pages() * 3 < full_pages,
        "{} of {full_pages}",
        fixture.used_pages()
    );
}

#[test]
fn releasing_gives_every_page_back() {
    let mut fixture = Fixture::new();
    for at in 0..20_000 {
        fixture.insert(&number(at * 7919 % 20_011));
    }
    assert!(fixture.used_pages() > 50);
    fixture.index.release(&fixture.pager.writer(Sequence(2))).unwrap();
    assert_eq!(fixture.used_pages(), 0);
}

#[test]
fn the_root_page_never_moves() {
    let mut fixture = Fixture::new();
    let root = fixture.index.root().page;
    for at in 0..3000 {
        fixture.insert(&number(at));
    }
    for at in 0..3000 {
        fixture.remove(&number(at));
    }
    assert_eq!(fixture.index.root().page, root);
}

#[test]
fn a_snapshot_before_the_index_sees_no_entries() {
    let mut fixture = Fixture::new();
    let snapshot = fixture.pager.open_snapshot(Sequence(0), false);
    fixture.insert(b"a");
    let seen = fixture.scan(Bound::Unbounded, Bound::Unbounded, false, Some(Sequence(0)));
    assert!(seen.is_empty());
    let mut out = Vec::new();
    let found = fixture
        .index
        .first_from(&fixture.pager, b"", Some(Sequence(0)), &mut out);
    assert!(!found.unwrap());
    fixture.pager.close_snapshot(&snapshot);
}

#[test]
fn a_scan_of_the_current_state_goes_on_after_changes() {
    let mut fixture = Fixture::new();
    for at in 0..2000 {
        fixture.insert(&number(at * 2));
    }
    let mut scan = OrderedScan::new(
        fixture.index.root(),
        Bound::Unbounded,
        Bound::Unbounded,
        false,
        None,
    );
    let mut seen = Vec::new();
    let mut round = 0;
    loop {
        let mut left = 7;
        let has_more = scan.next(&fixture.pager, |entry| {
            seen.push(entry.to_vec());
            left -= 1;
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        if !has_more.unwrap() {
            break;
        }
        // Odd entries come and go; even ones are there all the time.
        for at in 0..50 {
            let entry = number((round * 50 + at) % 2000 * 2 + 1);
            assert!(fixture.insert(&entry) || fixture.remove(&entry));
        }
        round += 1;
    }
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
    let even: BTreeSet<Vec<u8>> = (0..2000).map(|at| number(at * 2)).collect();
    let seen: BTreeSet<Vec<u8>> = seen.into_iter().collect();
    assert!(even.is_subset(&seen));
}

#[test]
fn the_first_entry_from_a_bound_is_found_across_leaves() {
    let mut fixture = Fixture::new();
    let model: BTreeSet<Vec<u8>> = (0..3000).map(|at| number(at * 3)).collect();
    for entry in &model {
        fixture.insert(entry);
    }
    let mut out = Vec::new();
    for at in 0..9000 {
        let lower = number(at);
        let expected = model.range(lower.clone()..).next();
        let found = fixture
            .index
            .first_from(&fixture.pager, &lower, None, &mut out)
            .unwrap();
        assert_eq!(found.then_some(&out), expected);
    }
}

#[test]
fn estimates_are_exact_within_a_leaf_and_near_beyond() {
    let mut fixture = Fixture::new();
    let mut random = Seeded::new(5);
    let mut model = BTreeSet::new();
    while model.len() < 50_000 {
        let entry = random.bytes(16);
        fixture.insert(&entry);
        model.insert(entry);
    }
    let all = fixture
        .index
        .estimate(&fixture.pager, Bound::Unbounded, Bound::Unbounded)
        .unwrap();
    assert!((40_000..=50_000).contains(&all), "{all}");
    for _ in 0..500 {
        let (left, right) = (random.bytes(2), random.bytes(2));
        let (low, high) = (left.clone().min(right.clone()), left.max(right));
        let exact = model.range(low.clone()..high.clone()).count() as f64;
        let estimate = fixture
            .index
            .estimate(&fixture.pager, Bound::Included(&low), Bound::Excluded(&high))
            .unwrap() as f64;
        let allowed = if exact < 20.0 { 0.5 } else { exact * 0.5 + 40.0 };
        assert!((estimate - exact).abs() <= allowed, "{estimate} for {exact}");
    }
    let some = model.iter().nth(777).unwrap().clone();
    let bound = Bound::Included(some.as_slice());
    assert_eq!(fixture.index.estimate(&fixture.pager, bound, bound).unwrap(), 1);
    let (above, below) = (Bound::Excluded(&[9u8][..]), Bound::Excluded(&[3u8][..]));
    assert_eq!(fixture.index.estimate(&fixture.pager, above, below).unwrap(), 0);
}
