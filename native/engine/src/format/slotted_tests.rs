//! Tests of slotted.rs: a model of random operations, and pages of random bytes.

use std::collections::BTreeMap;

use super::super::page::CollectionId;
use super::super::seeded::Seeded;
use super::*;

fn new_page() -> Box<PageBytes> {
    let mut bytes = Box::new([0u8; PAGE_BYTES]);
    page::initialize(&mut bytes, PageKind::Heap, CollectionId(1), 0);
    initialize(&mut bytes, PageNumber::new(4), 17);
    bytes
}

fn content(bytes: &PageBytes) -> BTreeMap<u8, (Vec<u8>, bool)> {
    records(bytes, 0)
        .unwrap()
        .map(Result::unwrap)
        .map(|(slot, record)| (slot.0, (record.bytes.to_vec(), record.is_stub)))
        .collect()
}

#[test]
fn a_page_holds_what_a_model_holds() {
    for seed in 0..200 {
        let mut random = Seeded::new(seed);
        let mut page = new_page();
        let mut model: BTreeMap<u8, (Vec<u8>, bool)> = BTreeMap::new();
        let length_bound = [8, 40, 300, 2500][random.below(4)];
        for step in 0..600 {
            let is_stub = random.below(10) == 0;
            let length = 1 + random.below(length_bound);
            let record = random.bytes(length);
            let used: Vec<u8> = model.keys().copied().collect();
            match random.below(10) {
                0..=5 => {
                    let free = insertable_bytes(&page).unwrap();
                    match insert(&mut page, &record, is_stub).unwrap() {
                        Some(slot) => assert!(model.insert(slot.0, (record, is_stub)).is_none()),
                        None => assert!(free < record.len() + SLOT_BYTES, "seed {seed} step {step}"),
                    }
                }
                6..=7 if !used.is_empty() => {
                    let slot = used[random.below(used.len())];
                    if replace(&mut page, SlotNumber(slot), &record, is_stub).unwrap() {
                        model.insert(slot, (record, is_stub));
                    }
                }
                8..=9 if !used.is_empty() => {
                    let slot = used[random.below(used.len())];
                    remove(&mut page, SlotNumber(slot)).unwrap();
                    model.remove(&slot);
                }
                _ => {}
            }
            check(&page).unwrap_or_else(|what| panic!("seed {seed} step {step}: {what}"));
            assert_eq!(used_slots(&page).unwrap(), model.len());
        }
        assert_eq!(content(&page), model, "seed {seed}");
    }
}

#[test]
fn a_record_of_the_largest_size_fits_alone() {
    let mut page = new_page();
    let record = vec![5; RECORD_BYTES_MAX];
    assert_eq!(insert(&mut page, &record, false).unwrap(), Some(SlotNumber(0)));
    assert_eq!(insert(&mut page, &[1], false).unwrap(), None);
    remove(&mut page, SlotNumber(0)).unwrap();
    assert_eq!(
        insert(&mut page, &vec![5; RECORD_BYTES_MAX + 1], false).unwrap(),
        None
    );
    assert_eq!(insertable_bytes(&page).unwrap(), FREE_BYTES_MAX);
}

#[test]
fn a_page_has_at_most_256_slots_and_then_no_room() {
    let mut page = new_page();
    for index in 0..SLOTS_MAX {
        assert_eq!(
            insert(&mut page, &[9], false).unwrap(),
            Some(SlotNumber(index as u8))
        );
    }
    assert_eq!(insert(&mut page, &[9], false).unwrap(), None);
    assert_eq!(insertable_bytes(&page).unwrap(), 0);
    remove(&mut page, SlotNumber(77)).unwrap();
    assert_eq!(insert(&mut page, &[8], true).unwrap(), Some(SlotNumber(77)));
    assert_eq!(
        record(&page, SlotNumber(77)).unwrap(),
        Some(Record {
            bytes: &[8],
            is_stub: true
        })
    );
}

#[test]
fn holes_are_closed_when_no_gap_suffices() {
    let mut page = new_page();
    let slots: Vec<SlotNumber> = (0..10)
        .map(|byte| insert(&mut page, &[byte; 380], false).unwrap().unwrap())
        .collect();
    for slot in slots.iter().step_by(2) {
        remove(&mut page, *slot).unwrap();
    }
    let large = [77; 1900];
    let slot = insert(&mut page, &large, false).unwrap().unwrap();
    assert_eq!(record(&page, slot).unwrap().unwrap().bytes, large);
    for (byte, slot) in slots.iter().enumerate().skip(1).step_by(2) {
        assert_eq!(record(&page, *slot).unwrap().unwrap().bytes, [byte as u8; 380]);
    }
}

#[test]
fn a_refused_replacement_leaves_the_page_as_it_was() {
    let mut page = new_page();
    let slot = insert(&mut page, &[1; 100], false).unwrap().unwrap();
    insert(&mut page, &[2; 3000], false).unwrap().unwrap();
    let before = *page;
    assert!(!replace(&mut page, slot, &[3; 1100], false).unwrap());
    assert_eq!(*page, before);
}

#[test]
fn a_slot_or_count_that_points_outside_the_page_is_refused() {
    let mut page = new_page();
    let slot = insert(&mut page, &[1; 100], false).unwrap().unwrap();
    let good = *page;
    for entry in [0x0001_0000u32, 0x0064_0027, 0x0064_0fff, 0x0064_4f00, 0xffff_0f00] {
        page[DIRECTORY_AT..DIRECTORY_AT + 4].copy_from_slice(&entry.to_le_bytes());
        assert!(record(&page, slot).is_err(), "{entry:x}");
        assert!(replace(&mut page, slot, &[1; 200], false).is_err(), "{entry:x}");
        assert!(remove(&mut page, slot).is_err(), "{entry:x}");
        assert!(check(&page).is_err(), "{entry:x}");
    }
    *page = good;
    write_u16(&mut page, SLOTS_AT, 257);
    assert!(record(&page, slot).is_err() && records(&page, 0).is_err());
}

#[test]
fn no_content_of_a_page_panics() {
    let seed = 3;
    let mut random = Seeded::new(seed);
    for round in 0..20_000 {
        let mut page = new_page();
        match round % 3 {
            0 => random.fill(&mut page[PAGE_HEAD_BYTES..]),
            1 => {
                random.fill(&mut page[DIRECTORY_AT..]);
                let slots = random.below(SLOTS_MAX + 1);
                let low_end = (DIRECTORY_AT + slots * 4 + random.below(4000)).min(PAGE_BYTES);
                let head = Head {
                    slots,
                    used: random.below(slots + 1),
                    free_bytes: 4000,
                    low_end,
                };
                head.write(&mut page);
            }
            _ => {
                for _ in 0..20 {
                    let length = 1 + random.below(200);
                    insert(&mut page, &random.bytes(length), false).unwrap();
                }
                for _ in 0..3 {
                    let at = PAGE_HEAD_BYTES + random.below(120);
                    page[at] = random.number() as u8;
                }
            }
        }
        let slot = SlotNumber(random.number() as u8);
        let length = random.below(300);
        let bytes = random.bytes(length);
        let _ = (
            check(&page),
            used_slots(&page),
            insertable_bytes(&page),
            map_entry(&page),
        );
        let _ = record(&page, slot).map(|found| found.map(|record| Stub::decode(record.bytes)));
        let _ = records(&page, 0).map(Iterator::count);
        let before = page.clone();
        let _ = insert(&mut page, &bytes, false);
        let _ = replace(&mut page, slot, &bytes, false);
        let _ = remove(&mut page, slot);
        page = before;
        let _ = replace(&mut page, slot, &bytes, true);
        let _ = remove(&mut page, slot);
    }
}

#[test]
fn a_stub_is_read_back_and_an_empty_one_refused() {
    let stub = Stub {
        first: PageNumber::new(77),
        length: 123_456,
    };
    assert_eq!(Stub::decode(&stub.encode()), Ok(stub));
    assert!(Stub::decode(&[0; 8]).is_err());
    assert!(Stub::decode(&[1; 7]).is_err());
}
