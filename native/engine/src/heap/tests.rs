//! Rules of the heap that need its parts together, on pages in memory.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::*;
use crate::format::heap_map::MAP_ENTRIES;
use crate::format::page::{PAGE_HEAD_BYTES, Sequence};
use crate::format::seeded::Seeded;
use crate::pager::Pager;
use crate::pager::snapshot::Snapshot;

const OWNER: CollectionId = CollectionId(7);

struct Fixture {
    pager: Pager,
    heap: Heap,
    sequence: u64,
}

type Model = BTreeMap<Place, Vec<u8>>;

impl Fixture {
    fn new() -> Fixture {
        let pager = Pager::in_memory(u64::MAX).unwrap();
        let heap = Heap::create(&pager.writer(Sequence(1)), OWNER).unwrap();
        Fixture {
            pager,
            heap,
            sequence: 1,
        }
    }

    fn insert(&mut self, document: &[u8]) -> Place {
        self.heap
            .insert(&self.pager.writer(Sequence(self.sequence)), document)
            .unwrap()
    }

    fn update(&mut self, place: Place, document: &[u8]) -> Place {
        self.heap
            .update(&self.pager.writer(Sequence(self.sequence)), place, document)
            .unwrap()
    }

    fn delete(&mut self, place: Place) {
        self.heap
            .delete(&self.pager.writer(Sequence(self.sequence)), place)
            .unwrap();
    }

    fn read(&self, place: Place, at: Option<Sequence>) -> Option<Vec<u8>> {
        read_document(&self.pager, place, at, &mut Vec::new(), <[u8]>::to_vec).unwrap()
    }

    fn scan(&self, root: HeapRoot, at: Option<Sequence>) -> Model {
        let mut scan = HeapScan::new(root, at);
        let mut found = Model::new();
        let mut visit = |place, bytes: &[u8]| {
            assert!(
                found.insert(place, bytes.to_vec()).is_none(),
                "{place:?} came twice"
            );
            ControlFlow::Continue(())
        };
        while scan.next_page(&self.pager, &mut visit).unwrap() != ScanStep::End {}
        found
    }

    /// Damage that `verify` finds.
    fn damage(&self) -> Vec<Error> {
        let mut damage = Vec::new();
        self.heap.verify(&self.pager, None, |event| {
            if let HeapEvent::Damage(error) = event {
                damage.push(error);
            }
        });
        damage
    }

    /// Pages that `verify` names and that `pages` names, which must be the same, each once.
    fn pages(&self) -> u64 {
        let mut verified = Vec::new();
        self.heap.verify(&self.pager, None, |event| match event {
            HeapEvent::MapPage(page) | HeapEvent::HeapPage(page) => verified.push(page.get()),
            HeapEvent::OverflowRun { first, pages_count } => {
                verified.extend(first.get()..first.get() + pages_count);
            }
            HeapEvent::Document { .. } => {}
            HeapEvent::Damage(error) => panic!("{error}"),
        });
        let mut named = Vec::new();
        let outcome = self.heap.pages(&self.pager, |part| match part {
            HeapPart::Map(page) | HeapPart::Page(page) => named.push(page.get()),
            HeapPart::Run { first, pages_count } => named.extend(first.get()..first.get() + pages_count),
        });
        outcome.unwrap();
        verified.sort_unstable();
        named.sort_unstable();
        assert_eq!(verified, named);
        named.dedup();
        assert_eq!(verified.len(), named.len(), "a page was named twice");
        named.len() as u64
    }

    /// Pages of the pager that are not free, without its header pages.
    fn used_pages(&self) -> u64 {
        let (count, free) = self.pager.page_counts();
        u64::from(count) - u64::from(crate::format::header::HEADER_PAGES) - free
    }
}

fn random_document(random: &mut Seeded) -> Vec<u8> {
    let length = match random.below(20) {
        0 => 3500 + random.below(700),
        1 => 4000 + random.below(20_000),
        2..=5 => 1 + random.below(20),
        _ => 100 + random.below(300),
    };
    random.bytes(length)
}

fn random_place(random: &mut Seeded, model: &Model) -> Option<Place> {
    (!model.is_empty()).then(|| *model.keys().nth(random.below(model.len())).unwrap())
}

fn random_change(fixture: &mut Fixture, model: &mut Model, random: &mut Seeded, inserts_of_ten: usize) {
    let document = random_document(random);
    match (random.below(10) < inserts_of_ten, random_place(random, model)) {
        (false, Some(place)) if random.below(2) == 0 => {
            model.remove(&place);
            let place = fixture.update(place, &document);
            assert!(model.insert(place, document).is_none());
        }
        (false, Some(place)) => {
            model.remove(&place);
            fixture.delete(place);
        }
        _ => {
            let place = fixture.insert(&document);
            assert!(model.insert(place, document).is_none());
        }
    }
}

#[test]
fn heap_holds_what_a_model_holds_and_snapshots_what_it_held() {
    for seed in 0..12 {
        let mut random = Seeded::new(seed);
        let mut fixture = Fixture::new();
        let mut model = Model::new();
        let mut snapshots: Vec<(Snapshot, HeapRoot, Model)> = Vec::new();
        for round in 0..60 {
            fixture.sequence += 1;
            let inserts_of_ten = if round % 20 < 12 { 6 } else { 1 };
            for _ in 0..random.below(40) {
                random_change(&mut fixture, &mut model, &mut random, inserts_of_ten);
            }
            if random.below(4) == 0 {
                let snapshot = fixture.pager.open_snapshot(Sequence(fixture.sequence), false);
                snapshots.push((snapshot, fixture.heap.root(), model.clone()));
            }
            if snapshots.len() > 4 {
                let (snapshot, root, seen) = snapshots.swap_remove(random.below(4));
                let at = Some(snapshot.sequence());
                assert!(fixture.scan(root, at) == seen, "seed {seed} round {round}");
                for (place, document) in &seen {
                    assert!(
                        fixture.read(*place, at).as_ref() == Some(document),
                        "seed {seed} {place:?}"
                    );
                }
                fixture.pager.close_snapshot(&snapshot);
            }
            if random.below(8) == 0 {
                fixture.heap = Heap::open(fixture.heap.root());
            }
        }
        assert!(fixture.scan(fixture.heap.root(), None) == model, "seed {seed}");
        assert!(fixture.damage().is_empty(), "seed {seed}: {:?}", fixture.damage());
        for (snapshot, _, _) in &snapshots {
            fixture.pager.close_snapshot(snapshot);
        }
        assert_eq!(fixture.pages(), fixture.used_pages(), "seed {seed}");
    }
}

#[test]
fn documents_of_every_size_are_read_back() {
    let mut fixture = Fixture::new();
    let mut random = Seeded::new(1);
    let sizes = [1, 2, 8, 9, 4051, 4052, 4053, 4072, 4073, 8144, 100_000, 1 << 20];
    let documents: Vec<Vec<u8>> = sizes.map(|size| random.bytes(size)).to_vec();
    let mut places: Vec<Place> = documents
        .iter()
        .map(|document| fixture.insert(document))
        .collect();
    for shift in 0..documents.len() {
        for (index, place) in places.iter_mut().enumerate() {
            let document = &documents[(index + shift) % documents.len()];
            *place = fixture.update(*place, document);
            assert!(fixture.read(*place, None).as_ref() == Some(document));
        }
        assert!(fixture.damage().is_empty());
        assert_eq!(fixture.pages(), fixture.used_pages());
    }
}

#[test]
fn steady_insert_and_delete_load_does_not_grow_the_heap() {
    let mut random = Seeded::new(4);
    let mut fixture = Fixture::new();
    let mut places = Vec::new();
    let mut pages_after_fill = 0;
    for round in 0..60_000 {
        let length = 60 + random.below(300);
        if places.len() >= 5000 {
            fixture.delete(places.swap_remove(random.below(places.len())));
        }
        places.push(fixture.insert(&vec![1; length]));
        if round == 10_000 {
            pages_after_fill = fixture.used_pages();
        }
    }
    let pages = fixture.used_pages();
    assert!(
        pages <= pages_after_fill + pages_after_fill / 20,
        "{pages_after_fill} pages became {pages}"
    );
    let fill_percent = 5000 * 210 * 100 / (pages * 4096);
    assert!(fill_percent >= 80, "pages are {fill_percent} % full");
}

#[test]
fn emptied_pages_are_given_back_and_their_map_entries_used_again() {
    let mut fixture = Fixture::new();
    for _ in 0..3 {
        let places: Vec<Place> = (0..3 * MAP_ENTRIES).map(|_| fixture.insert(&[3; 4000])).collect();
        assert_eq!(fixture.heap.root().pages_count as usize, 3 * MAP_ENTRIES);
        for place in places {
            fixture.delete(place);
        }
        assert_eq!(fixture.heap.root().pages_count, 1, "the fill page stays");
        assert_eq!(fixture.used_pages(), 1 + 3, "heap and map pages");
        assert_eq!(fixture.pages(), fixture.used_pages());
    }
}

#[test]
fn a_reopened_heap_uses_the_room_that_it_has() {
    let mut fixture = Fixture::new();
    let places: Vec<Place> = (0..20_000).map(|_| fixture.insert(&[3; 190])).collect();
    for place in places.iter().step_by(2) {
        fixture.delete(*place);
    }
    let pages = fixture.used_pages();
    fixture.heap = Heap::open(fixture.heap.root());
    for _ in 0..9_500 {
        fixture.insert(&[4; 190]);
    }
    assert!(
        fixture.used_pages() <= pages + 2,
        "{pages} pages became {}",
        fixture.used_pages()
    );
    assert!(fixture.damage().is_empty());
}

#[test]
fn release_frees_every_page_and_snapshots_read_on() {
    let mut fixture = Fixture::new();
    let mut random = Seeded::new(8);
    let mut model = Model::new();
    for _ in 0..2000 {
        random_change(&mut fixture, &mut model, &mut random, 6);
    }
    let snapshot = fixture.pager.open_snapshot(Sequence(1), false);
    fixture.heap.release(&fixture.pager.writer(Sequence(2))).unwrap();
    let other = Heap::create(&fixture.pager.writer(Sequence(2)), OWNER).unwrap();
    assert!(fixture.scan(fixture.heap.root(), Some(Sequence(1))) == model);
    fixture.pager.close_snapshot(&snapshot);
    fixture.heap = other;
    assert_eq!(fixture.used_pages(), 1);
    assert!(fixture.scan(fixture.heap.root(), None).is_empty());
}

#[test]
fn a_stopped_scan_goes_on_after_or_at_the_document() {
    let mut fixture = Fixture::new();
    for byte in 0..100u8 {
        let length = if byte % 10 == 0 { 9000 } else { 100 };
        fixture.insert(&vec![byte; length]);
    }
    for resume in [Resume::After, Resume::Here] {
        let mut scan = HeapScan::new(fixture.heap.root(), None);
        let mut seen = Vec::new();
        let mut repeated = false;
        loop {
            let step = scan
                .next_page(&fixture.pager, |_, bytes| {
                    if resume == Resume::Here && !repeated {
                        repeated = true;
                        return ControlFlow::Break(resume);
                    }
                    repeated = false;
                    seen.push(bytes[0]);
                    if resume == Resume::After {
                        ControlFlow::Break(resume)
                    } else {
                        ControlFlow::Continue(())
                    }
                })
                .unwrap();
            if step == ScanStep::End {
                break;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<u8>>(), "{resume:?}");
    }
}

#[test]
fn a_place_without_a_document_reads_as_none_and_refuses_a_delete() {
    let mut fixture = Fixture::new();
    let place = fixture.insert(&[1; 10]);
    let other = Place::new(place.page, SlotNumber(9));
    assert_eq!(fixture.read(other, None), None);
    let writer = fixture.pager.writer(Sequence(2));
    assert_eq!(
        fixture.heap.delete(&writer, other).unwrap_err().kind(),
        ErrorKind::Corrupted
    );
    fixture.delete(place);
    assert_eq!(fixture.read(place, None), None);
}

#[test]
fn an_unreadable_fill_page_is_left_aside() {
    let mut fixture = Fixture::new();
    let place = fixture.insert(&[1; 10]);
    fixture.pager.writer(Sequence(1)).change(place.page).unwrap()[PAGE_HEAD_BYTES..].fill(0xff);
    let next = fixture.insert(&[2; 10]);
    assert_ne!(next.page, place.page);
    assert_eq!(fixture.read(next, None).unwrap(), [2; 10]);
    assert_eq!(fixture.damage().len(), 1);
    assert_eq!(fixture.damage()[0].page(), Some(place.page));
}

#[test]
fn pages_of_random_bytes_end_in_errors_only() {
    for seed in 0..300 {
        let mut random = Seeded::new(seed);
        let mut fixture = Fixture::new();
        let mut model = Model::new();
        for _ in 0..150 {
            random_change(&mut fixture, &mut model, &mut random, 8);
        }
        let mut pages = Vec::new();
        fixture.heap.verify(&fixture.pager, None, |event| match event {
            HeapEvent::MapPage(page) | HeapEvent::HeapPage(page) => pages.push(page),
            _ => {}
        });
        let writer = fixture.pager.writer(Sequence(2));
        for _ in 0..1 + random.below(4) {
            let page = pages[random.below(pages.len())];
            let mut bytes = writer.change(page).unwrap();
            let from = PAGE_HEAD_BYTES + random.below(40);
            let bound = [4, 60, 4000][random.below(3)];
            let end = from + 1 + random.below(bound);
            random.fill(&mut bytes[from..end]);
        }
        fixture.damage();
        let mut scan = HeapScan::new(fixture.heap.root(), None);
        for _ in 0..5000 {
            match scan.next_page(&fixture.pager, |_, _| ControlFlow::Continue(())) {
                Ok(ScanStep::End) => break,
                Ok(_) => {}
                Err(_) => scan.pass_page(),
            }
        }
        fixture.heap = Heap::open(fixture.heap.root());
        for place in model.into_keys() {
            let _ = read_document(&fixture.pager, place, None, &mut Vec::new(), |_| ());
            let document = random_document(&mut random);
            match random.below(3) {
                0 => drop(fixture.heap.insert(&writer, &document)),
                1 => drop(fixture.heap.update(&writer, place, &document)),
                _ => drop(fixture.heap.delete(&writer, place)),
            }
        }
        let _ = fixture.heap.pages(&fixture.pager, |_| ());
    }
}
