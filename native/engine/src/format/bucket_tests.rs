//! Tests of bucket.rs: the address rule, a model of random operations, and pages of random bytes.

use std::collections::BTreeSet;

use super::super::page::{self, CollectionId};
use super::super::seeded::Seeded;
use super::*;

const BUCKET: u32 = 0x0123_4567;

fn new_page() -> Box<PageBytes> {
    let mut bytes = Box::new([0u8; PAGE_BYTES]);
    page::initialize(&mut bytes, PageKind::IndexBucket, CollectionId(1), 0);
    initialize(&mut bytes, BUCKET, 0);
    bytes
}

fn random_entry(random: &mut Seeded) -> Entry {
    let place = Place::new(
        PageNumber::new(random.number() as u32),
        SlotNumber(random.number() as u8),
    );
    Entry {
        part: HashPart::of(random.number()),
        place,
    }
}

/// Where the entry is, or `None` where a lookup ends without it.
fn locate(bytes: &PageBytes, entry: Entry) -> Option<At> {
    let mut probe = Probe::default();
    loop {
        match find(bytes, BUCKET, entry.part, &mut probe).unwrap() {
            Found::Entry(place, at) if place == entry.place => return Some(at),
            Found::Entry(..) => {}
            Found::Absent | Found::NextPage => return None,
        }
    }
}

#[test]
fn splitting_in_order_moves_entries_only_to_the_new_bucket() {
    let mut random = Seeded::new(1);
    for _ in 0..1000 {
        let part = HashPart::of(random.number());
        let mut old = part.bucket(1);
        assert_eq!(old, 0);
        for buckets in 2..600u32 {
            let new = part.bucket(buckets);
            let split = (buckets - 1) - (1 << (buckets - 1).ilog2());
            assert!(
                new == old || (old == split && new == buckets - 1),
                "{buckets} buckets"
            );
            old = new;
        }
        assert!(part.bucket(BUCKETS_MAX) < BUCKETS_MAX);
        assert_eq!(part.bucket(1 << 20), part.bits() as u32 & 0xf_ffff);
    }
}

#[test]
fn a_page_holds_378_entries_and_finds_each() {
    for seed in 0..50 {
        let mut random = Seeded::new(seed);
        let mut page = new_page();
        let entries: Vec<Entry> = (0..PAGE_ENTRIES).map(|_| random_entry(&mut random)).collect();
        for entry in &entries {
            assert!(insert(&mut page, *entry));
        }
        let refused = random_entry(&mut random);
        assert!(!insert(&mut page, refused));
        assert!(is_passed_by(&page, refused.part));
        check(&page).unwrap();
        assert!(entries.iter().all(|entry| locate(&page, *entry).is_some()));
        let mut probe = Probe::default();
        assert_eq!(find(&page, BUCKET, refused.part, &mut probe), Ok(Found::NextPage));
    }
}

#[test]
fn a_page_finds_what_a_model_holds_after_random_changes() {
    for seed in 0..100 {
        let mut random = Seeded::new(seed);
        let mut page = new_page();
        let mut model = BTreeSet::new();
        let bound = 50 + random.below(PAGE_ENTRIES - 50);
        for _ in 0..2000 {
            if model.len() < bound && random.below(3) > 0 {
                let entry = random_entry(&mut random);
                assert!(insert(&mut page, entry));
                model.insert(entry);
            } else if !model.is_empty() {
                let entry: Entry = *model.iter().nth(random.below(model.len())).unwrap();
                let at = locate(&page, entry).unwrap();
                model.remove(&entry);
                if random.below(4) == 0 {
                    let place = random_entry(&mut random).place;
                    set_place(&mut page, at, place);
                    model.insert(Entry { place, ..entry });
                } else {
                    remove(&mut page, at);
                }
            }
        }
        check(&page).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
        assert_eq!(entries(&page).collect::<BTreeSet<_>>(), model, "seed {seed}");
        assert!(
            model.iter().all(|entry| locate(&page, *entry).is_some()),
            "seed {seed}"
        );
        assert_eq!(entries_count(&page), model.len());
    }
}

#[test]
fn entries_of_equal_hash_are_all_found() {
    let mut page = new_page();
    let part = HashPart::of(0xab_cdef_0123);
    for slot in 0..20 {
        let place = Place::new(PageNumber::new(4), SlotNumber(slot));
        assert!(insert(&mut page, Entry { part, place }));
    }
    let mut probe = Probe::default();
    let mut slots = Vec::new();
    while let Found::Entry(place, _) = find(&page, BUCKET, part, &mut probe).unwrap() {
        slots.push(place.slot.0);
    }
    slots.sort_unstable();
    assert_eq!(slots, (0..20).collect::<Vec<_>>());
}

#[test]
fn a_line_of_another_bucket_is_refused() {
    let page = new_page();
    let found = find(&page, BUCKET + 1, HashPart::of(1), &mut Probe::default());
    assert_eq!(found, Err(WRONG_LINE));
    assert!(expect(&page, BUCKET, 1).is_err() && expect(&page, BUCKET + 1, 0).is_err());
    expect(&page, BUCKET, 0).unwrap();
}

#[test]
fn an_entry_behind_a_line_without_its_filter_bit_is_reported() {
    let mut page = new_page();
    let part = HashPart::of(0);
    let place = Place::new(PageNumber::new(4), SlotNumber(0));
    for _ in 0..LINE_ENTRIES + 1 {
        insert(&mut page, Entry { part, place });
    }
    check(&page).unwrap();
    let meta = line_at(0) + LINE_META_AT;
    let bits = read_u32(&page[..], meta) & !part.filter_bit();
    write_u32(&mut page, meta, bits);
    assert!(check(&page).is_err());
}

#[test]
fn no_content_of_a_bucket_page_panics() {
    let seed = 9;
    let mut random = Seeded::new(seed);
    for round in 0..3000 {
        let mut page = new_page();
        random.fill(&mut page[PAGE_HEAD_BYTES..]);
        if round % 2 == 0 {
            for line in 0..LINES {
                let meta = random.number() as u32 >> 8 | BUCKET << TAG_SHIFT;
                write_u32(&mut page, line_at(line) + LINE_META_AT, meta);
            }
        }
        let _ = (
            check(&page),
            next(&page),
            entries(&page).count(),
            is_passed_by(&page, HashPart::of(5)),
        );
        let mut probe = Probe::default();
        let part = entries(&page).next().map_or(HashPart::of(7), |entry| entry.part);
        while let Ok(Found::Entry(_, at)) = find(&page, BUCKET, part, &mut probe) {
            remove(&mut page, at);
        }
        insert(&mut page, random_entry(&mut random));
        clear(&mut page);
    }
}
