//! Rules of the id index that need its parts together, on pages in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::format::page::PAGE_HEAD_BYTES;
use crate::format::place::SlotNumber;
use crate::format::seeded::Seeded;
use crate::pager::snapshot::Snapshot;

const OWNER: CollectionId = CollectionId(3);

/// The documents: hash by place. Several may have one hash.
type Model = BTreeMap<Place, u64>;

struct Fixture {
    pager: Pager,
    index: PrimaryIndex,
    sequence: u64,
}

impl Fixture {
    fn new() -> Fixture {
        let pager = Pager::in_memory(u64::MAX).unwrap();
        let index = PrimaryIndex::create(&pager.writer(Sequence(1)), OWNER).unwrap();
        Fixture {
            pager,
            index,
            sequence: 1,
        }
    }

    fn insert(&mut self, hash: u64, place: Place) {
        self.index
            .insert(&self.pager.writer(Sequence(self.sequence)), hash, place)
            .unwrap();
    }

    fn remove(&mut self, hash: u64, place: Place) {
        self.index
            .remove(&self.pager.writer(Sequence(self.sequence)), hash, place)
            .unwrap();
    }

    fn replace(&mut self, hash: u64, old: Place, new: Place) {
        self.index
            .replace(&self.pager.writer(Sequence(self.sequence)), hash, old, new)
            .unwrap();
    }

    fn find(&self, hash: u64, wanted: Place, at: Option<Sequence>) -> Option<Place> {
        self.index
            .lookup(&self.pager, hash, at, |place| Ok(place == wanted))
            .unwrap()
    }

    fn assert_holds(&self, model: &Model, at: Option<Sequence>, context: &str) {
        for (place, hash) in model {
            assert_eq!(self.find(*hash, *place, at), Some(*place), "{context}");
        }
        let mut expected: Vec<_> = model
            .iter()
            .map(|(place, hash)| (HashPart::of(*hash), *place))
            .collect();
        let mut entries = Vec::new();
        self.index.verify(&self.pager, at, |event| match event {
            IndexEvent::Entry { part, place } => entries.push((part, place)),
            IndexEvent::Damage(error) => panic!("{context}: {error}"),
            _ => {}
        });
        expected.sort_unstable();
        entries.sort_unstable();
        assert!(entries == expected, "{context}");
    }

    fn damage(&self) -> Vec<Error> {
        let mut damage = Vec::new();
        self.index.verify(&self.pager, None, |event| {
            if let IndexEvent::Damage(error) = event {
                damage.push(error);
            }
        });
        damage
    }

    /// The pages that `verify` names and that `pages` names, which must be the same, each once.
    fn pages(&self) -> BTreeSet<PageNumber> {
        let mut verified = Vec::new();
        self.index.verify(&self.pager, None, |event| match event {
            IndexEvent::DirectoryPage(page) | IndexEvent::BucketPage(page) => verified.push(page),
            _ => {}
        });
        let mut named = Vec::new();
        let outcome = self.index.pages(&self.pager, |part| match part {
            IndexPart::Directory(page) | IndexPart::Bucket(page) => named.push(page),
        });
        outcome.unwrap();
        verified.sort_unstable();
        named.sort_unstable();
        assert_eq!(verified, named);
        let once: BTreeSet<PageNumber> = named.iter().copied().collect();
        assert_eq!(once.len(), named.len(), "a page was named twice");
        once
    }

    fn used_pages(&self) -> usize {
        let (count, free) = self.pager.page_counts();
        count as usize - crate::format::header::HEADER_PAGES as usize - free as usize
    }
}

fn place(number: u64) -> Place {
    Place::new(PageNumber::new((number >> 8) as u32), SlotNumber(number as u8))
}

fn random_change(
    fixture: &mut Fixture,
    model: &mut Model,
    random: &mut Seeded,
    hash_mask: u64,
    inserts_of_ten: usize,
) {
    let new = place(random.number() >> 30);
    if model.contains_key(&new) {
        return;
    }
    if random.below(10) < inserts_of_ten || model.is_empty() {
        let hash = random.number() & hash_mask;
        fixture.insert(hash, new);
        model.insert(new, hash);
        return;
    }
    let from = place(random.number() >> 30);
    let (old, hash) = model
        .range(from..)
        .next()
        .or(model.iter().next())
        .map(|(p, h)| (*p, *h))
        .unwrap();
    model.remove(&old);
    if random.below(3) == 0 {
        fixture.replace(hash, old, new);
        model.insert(new, hash);
    } else {
        fixture.remove(hash, old);
    }
}

#[test]
fn index_finds_what_a_model_holds_and_snapshots_what_it_held() {
    for seed in 0..6 {
        let mut random = Seeded::new(seed);
        let mut fixture = Fixture::new();
        let mut model = Model::new();
        let mut snapshots: Vec<(Snapshot, Model)> = Vec::new();
        // In some runs hashes collide in all 40 bits, in some only bucket and line are few, so that chains form.
        let hash_mask = [0xff00_0000_003f, u64::MAX, 0xffff_f003][seed as usize % 3];
        for round in 0..60 {
            fixture.sequence += 1;
            let inserts_of_ten = if round % 20 < 12 { 8 } else { 1 };
            for _ in 0..random.below(400) {
                random_change(&mut fixture, &mut model, &mut random, hash_mask, inserts_of_ten);
            }
            if random.below(4) == 0 {
                let snapshot = fixture.pager.open_snapshot(Sequence(fixture.sequence), false);
                snapshots.push((snapshot, model.clone()));
            }
            if snapshots.len() > 4 {
                let (snapshot, seen) = snapshots.swap_remove(random.below(4));
                let context = format!("seed {seed} round {round}");
                fixture.assert_holds(&seen, Some(snapshot.sequence()), &context);
                fixture.pager.close_snapshot(&snapshot);
            }
            if random.below(8) == 0 && snapshots.is_empty() {
                fixture.index = PrimaryIndex::open(fixture.index.root());
            }
        }
        fixture.assert_holds(&model, None, &format!("seed {seed}"));
        for (snapshot, _) in &snapshots {
            fixture.pager.close_snapshot(snapshot);
        }
        assert_eq!(fixture.pages().len(), fixture.used_pages(), "seed {seed}");
    }
}

#[test]
fn entries_take_at_most_24_bytes_at_every_size() {
    let mut random = Seeded::new(2);
    let mut fixture = Fixture::new();
    for count in 1..=400_000u64 {
        fixture.insert(random.number(), place(count));
        if count >= 20_000 && count % 5000 == 0 {
            let bytes = fixture.used_pages() * 4096 + fixture.index.resident_bytes();
            assert!(
                bytes as u64 <= 24 * count,
                "{} bytes an entry at {count}",
                bytes as f64 / count as f64
            );
        }
    }
    assert!(fixture.damage().is_empty());
}

#[test]
fn missing_ids_do_not_touch_documents() {
    let mut random = Seeded::new(3);
    let mut fixture = Fixture::new();
    for number in 0..200_000 {
        fixture.insert(random.number(), place(number));
    }
    for _ in 0..1_000_000 {
        assert_eq!(
            fixture
                .index
                .lookup(&fixture.pager, random.number(), None, |_| Ok(false))
                .unwrap(),
            None
        );
    }
    let touched = fixture.index.false_candidates_count();
    assert!(
        touched <= 100,
        "{touched} of 1,000,000 missing ids touched a document"
    );
}

#[test]
fn entries_of_one_hash_fill_a_chain_and_are_all_found() {
    let mut fixture = Fixture::new();
    let mut model = Model::new();
    for number in 0..1500 {
        fixture.insert(0xab_cdef_0123, place(number));
        model.insert(place(number), 0xab_cdef_0123);
    }
    fixture.assert_holds(&model, None, "full");
    let pages = fixture.used_pages();
    for number in 0..1500 {
        if number % 10 > 0 {
            fixture.remove(0xab_cdef_0123, place(number));
            model.remove(&place(number));
        }
    }
    fixture.assert_holds(&model, None, "thinned");
    assert!(
        fixture.used_pages() < pages,
        "a chain gives its emptied pages back"
    );
    assert_eq!(fixture.pages().len(), fixture.used_pages());
}

#[test]
fn steady_insert_and_delete_load_does_not_grow_the_index() {
    let mut random = Seeded::new(4);
    let mut fixture = Fixture::new();
    let mut entries: Vec<(u64, Place)> = Vec::new();
    let mut pages_before = 0;
    for number in 0..200_000u64 {
        if entries.len() >= 20_000 {
            let (hash, place) = entries.swap_remove(random.below(entries.len()));
            fixture.remove(hash, place);
        }
        let hash = random.number();
        fixture.insert(hash, place(number));
        entries.push((hash, place(number)));
        if number == 25_000 {
            pages_before = fixture.used_pages();
        }
    }
    assert!(
        fixture.used_pages() <= pages_before + pages_before / 50,
        "{pages_before} pages grew"
    );
    let model: Model = entries.iter().map(|(hash, place)| (*place, *hash)).collect();
    fixture.assert_holds(&model, None, "steady");
}

#[test]
fn release_frees_every_page_and_snapshots_find_on() {
    let mut random = Seeded::new(5);
    let mut fixture = Fixture::new();
    let mut model = Model::new();
    for number in 0..20_000 {
        let hash = random.number();
        fixture.insert(hash, place(number));
        model.insert(place(number), hash);
    }
    let snapshot = fixture.pager.open_snapshot(Sequence(1), false);
    fixture.index.release(&fixture.pager.writer(Sequence(2))).unwrap();
    for (place, hash) in &model {
        assert_eq!(fixture.find(*hash, *place, Some(Sequence(1))), Some(*place));
    }
    fixture.pager.close_snapshot(&snapshot);
    assert_eq!(fixture.used_pages(), 0);
}

#[test]
fn a_reopened_index_is_read_by_many_threads_at_once() {
    let mut fixture = Fixture::new();
    for number in 0..30_000 {
        fixture.insert(Seeded::new(number).number(), place(number));
    }
    let index = PrimaryIndex::open(fixture.index.root());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..30_000 {
                    let hash = Seeded::new(number).number();
                    let found = index.lookup(&fixture.pager, hash, None, |found| Ok(found == place(number)));
                    assert_eq!(found.unwrap(), Some(place(number)));
                }
            });
        }
    });
}

#[test]
fn a_root_that_the_directory_does_not_confirm_is_refused() {
    let mut fixture = Fixture::new();
    for number in 0..5000 {
        fixture.insert(Seeded::new(number).number(), place(number));
    }
    for buckets_count in [0, 1, 1000, u32::MAX] {
        let index = PrimaryIndex::open(IndexRoot {
            buckets_count,
            ..fixture.index.root()
        });
        let error = index.lookup(&fixture.pager, 7, None, |_| Ok(true)).unwrap_err();
        assert_eq!(error.page(), Some(fixture.index.root().first_directory));
    }
}

#[test]
fn a_split_that_cannot_read_its_page_is_put_off_and_caught_up() {
    let mut fixture = Fixture::new();
    let mut random = Seeded::new(6);
    let mut model = Model::new();
    for number in 0..179 * 8 {
        let hash = random.number();
        fixture.insert(hash, place(number));
        model.insert(place(number), hash);
    }
    assert_eq!(fixture.index.root().buckets_count, 8);
    let first = fixture.index.directory.buckets(&fixture.pager).unwrap()[0];
    let writer = fixture.pager.writer(Sequence(1));
    let good = *writer.read(first).unwrap();
    writer.change(first).unwrap()[PAGE_HEAD_BYTES..].fill(0xff);
    for number in 10_000..10_500 {
        let hash = random.number() | 1;
        fixture.insert(hash, place(number));
        model.insert(place(number), hash);
    }
    assert_eq!(
        fixture.index.root().buckets_count,
        8,
        "bucket 0 is the next to split"
    );
    *fixture.pager.writer(Sequence(1)).change(first).unwrap() = good;
    for number in 20_000..20_100 {
        let hash = random.number();
        fixture.insert(hash, place(number));
        model.insert(place(number), hash);
    }
    assert!(fixture.index.root().buckets_count > 11);
    fixture.assert_holds(&model, None, "caught up");
}

#[test]
fn an_entry_that_is_not_there_is_refused() {
    let mut fixture = Fixture::new();
    fixture.insert(5, place(1));
    let writer = fixture.pager.writer(Sequence(2));
    assert!(fixture.index.remove(&writer, 5, place(2)).is_err());
    assert!(fixture.index.replace(&writer, 6, place(1), place(2)).is_err());
    assert_eq!(fixture.index.entries_count(), 1);
}

#[test]
fn damage_is_found_by_verify_and_named_by_its_page() {
    let mut fixture = Fixture::new();
    for number in 0..2000 {
        fixture.insert(Seeded::new(number).number(), place(number));
    }
    let pages = fixture.pages();
    let mut random = Seeded::new(7);
    for page in pages {
        for _ in 0..40 {
            let good = *fixture.pager.read(page).unwrap();
            let at = PAGE_HEAD_BYTES + random.below(16);
            fixture.pager.writer(Sequence(1)).change(page).unwrap()[at] ^= 1 << random.below(8);
            let damage = fixture.damage();
            *fixture.pager.writer(Sequence(1)).change(page).unwrap() = good;
            let is_unused_byte = (38..40).contains(&at) || (34..40).contains(&at);
            assert!(
                is_unused_byte || !damage.is_empty(),
                "page {} byte {at}",
                page.get()
            );
        }
    }
    assert!(fixture.damage().is_empty());
}

#[test]
fn pages_of_random_bytes_end_in_errors_only() {
    for seed in 0..200 {
        let mut random = Seeded::new(seed);
        let mut fixture = Fixture::new();
        let mut model = Model::new();
        for _ in 0..600 {
            random_change(&mut fixture, &mut model, &mut random, u64::MAX, 9);
        }
        let pages: Vec<PageNumber> = fixture.pages().into_iter().collect();
        for _ in 0..1 + random.below(3) {
            let writer = fixture.pager.writer(Sequence(1));
            let mut bytes = writer.change(pages[random.below(pages.len())]).unwrap();
            let from = PAGE_HEAD_BYTES + random.below(100);
            let bound = [4, 60, 3900][random.below(3)];
            let end = from + 1 + random.below(bound);
            random.fill(&mut bytes[from..end]);
        }
        fixture.damage();
        fixture.index = PrimaryIndex::open(fixture.index.root());
        let writer = fixture.pager.writer(Sequence(2));
        for (old, hash) in model {
            let _ = fixture
                .index
                .lookup(&fixture.pager, hash, None, |place| Ok(place == old));
            match random.below(3) {
                0 => drop(fixture.index.insert(&writer, random.number(), old)),
                1 => drop(fixture.index.remove(&writer, hash, old)),
                _ => drop(
                    fixture
                        .index
                        .replace(&writer, hash, old, place(random.number() >> 30)),
                ),
            }
        }
        let _ = fixture.index.pages(&fixture.pager, |_| ());
    }
}
