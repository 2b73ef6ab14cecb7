//! Flipped bits: each is detected or harmless, in the data file, the log and the journal.

use std::collections::BTreeMap;

use quire_engine::format::header::{HEADER_BYTES, Header, Slot};
use quire_engine::format::page::{self, PageKind};
use quire_engine::{ErrorKind, PAGE_BYTES, PageNumber};
use quire_frames::PageBytes;

use crate::fixture::{Content, DATA, Fate, Files, JOURNAL, LOGS, closed, crashed, fate_of, pages_by_kind};

/// Bytes between the flips of pages that are not flipped wholly.
const STRIDE: usize = 29;

/// How often each fate was met.
#[derive(Default)]
struct Tally(BTreeMap<String, usize>);

impl Tally {
    fn note(&mut self, fate: Fate) {
        let name = match fate {
            Fate::Refused(kind) => kind.code().to_owned(),
            other => format!("{other:?}"),
        };
        *self.0.entry(name).or_default() += 1;
    }
}

fn flip(files: &mut Files, name: &str, at: usize, bit: u8) {
    files.get_mut(name).unwrap()[at] ^= 1 << bit;
}

/// Flips one bit, and back, and returns what came of it.
fn fate_of_flip(files: &mut Files, name: &str, at: usize, bit: u8, contents: &[Content]) -> Fate {
    flip(files, name, at, bit);
    let fate = fate_of(files, contents, &format!("bit {bit} of byte {at} of {name}"));
    flip(files, name, at, bit);
    fate
}

fn is_exhaustive() -> bool {
    std::env::var_os("QUIRE_EXHAUSTIVE").is_some()
}

#[test]
fn flipped_bit_of_the_data_file_is_detected_or_harmless() {
    let (mut files, content) = closed();
    let data = files[DATA].clone();
    let pages = pages_by_kind(&data);
    println!(
        "{} bytes: {:?}",
        data.len(),
        pages
            .iter()
            .map(|(kind, pages)| (*kind, pages.len()))
            .collect::<Vec<_>>()
    );
    for kind in [
        PageKind::Heap,
        PageKind::HeapMap,
        PageKind::IndexBucket,
        PageKind::IndexDirectory,
        PageKind::OrderedNode,
        PageKind::Overflow,
        PageKind::Catalog,
        PageKind::FreeList,
    ] {
        assert!(pages.contains_key(&kind), "the file has no page of kind {kind:?}");
    }
    let contents = [content];
    let mut tally = Tally::default();
    let stride = if is_exhaustive() { 1 } else { STRIDE };
    // Another byte of each page, so that together they reach every offset.
    for at in (0..data.len()).filter(|at| (at % PAGE_BYTES + at / PAGE_BYTES).is_multiple_of(stride)) {
        tally.note(fate_of_flip(&mut files, DATA, at, (at % 8) as u8, &contents));
    }
    println!("flips of the data file: {:?}", tally.0);
    assert!(!tally.0.keys().any(|fate| fate.starts_with("Dropped")));
}

#[test]
fn every_bit_of_every_page_is_covered_by_its_checksum() {
    let (files, _) = closed();
    let Ok(Slot::Good(header)) = Header::decode(&files[DATA]) else {
        panic!("the file has no header");
    };
    let mut flips_count = 0;
    for (number, bytes) in files[DATA].chunks_exact(PAGE_BYTES).enumerate().skip(2) {
        let mut bytes: PageBytes = bytes.try_into().unwrap();
        let number = PageNumber::new(number as u32);
        let is_good =
            |bytes: &PageBytes| page::checksum(bytes, header.file_id, number) == page::stored_checksum(bytes);
        if !is_good(&bytes) {
            continue;
        }
        for bit in 0..PAGE_BYTES * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_good(&bytes), "bit {bit} of page {}", number.get());
            bytes[bit / 8] ^= 1 << (bit % 8);
            flips_count += 1;
        }
    }
    println!("flips seen by checksums: {flips_count}");
    assert!(flips_count > 1_000_000);
}

#[test]
fn every_bit_of_the_header_and_the_heads_of_pages_is_watched() {
    let (mut files, content) = closed();
    let pages = pages_by_kind(&files[DATA]);
    let contents = [content];
    let mut tally = Tally::default();
    let header = (0..2).flat_map(|slot| slot * PAGE_BYTES..slot * PAGE_BYTES + 136);
    let heads = pages.values().flat_map(|pages| {
        let first = pages[0] as usize * PAGE_BYTES;
        first..first + 64
    });
    let places: Vec<usize> = header.chain(heads).collect();
    for at in places {
        for bit in 0..8 {
            tally.note(fate_of_flip(&mut files, DATA, at, bit, &contents));
        }
    }
    println!("flips of headers and page heads: {:?}", tally.0);
    assert!(!tally.0.keys().any(|fate| fate.starts_with("Dropped")));
}

#[test]
fn flipped_bit_of_the_log_drops_at_most_what_was_not_synced() {
    for is_synced in [false, true] {
        let (mut files, contents) = crashed(is_synced);
        let mut tally = Tally::default();
        for name in LOGS {
            let Some(log) = files.get(name) else { continue };
            let used = log.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            for at in 0..(used + 64).min(log.len()) {
                let is_record = at < 64 || (512..552).contains(&at);
                let bits = if is_record {
                    0..8u8
                } else {
                    (at % 8) as u8..(at % 8) as u8 + 1
                };
                if !is_record && !is_exhaustive() && at % 11 != 0 {
                    continue;
                }
                for bit in bits {
                    let fate = fate_of_flip(&mut files, name, at, bit, &contents);
                    // No frame behind the last commit says that it was synced, so that one may be gone.
                    let dropped_max = if is_synced { 1 } else { 3 };
                    let is_allowed = !matches!(fate, Fate::Dropped(count) if count > dropped_max);
                    assert!(is_allowed, "bit {bit} of byte {at} of {name}: {fate:?}");
                    tally.note(fate);
                }
            }
        }
        println!(
            "flips of the log, last commits synced: {is_synced}: {:?}",
            tally.0
        );
    }
}

#[test]
fn flipped_bit_of_the_journal_is_detected_or_harmless() {
    let (applied, contents) = crashed(true);
    for (what, mut files) in [("was", applied.clone()), ("is to be", before_the_copy(applied))] {
        assert_eq!(fate_of(&files, &contents, what), Fate::Harmless);
        let length = files[JOURNAL].len();
        let mut tally = Tally::default();
        let stride = if is_exhaustive() { 1 } else { 61 };
        for at in (0..length).filter(|at| *at < 260 || at.is_multiple_of(stride)) {
            let fate = fate_of_flip(&mut files, JOURNAL, at, (at % 8) as u8, &contents);
            assert!(!matches!(fate, Fate::Dropped(_)));
            tally.note(fate);
        }
        println!("flips of a journal that {what} applied: {:?}", tally.0);
    }
}

/// The files as a crash leaves them while the journal's pages are being copied: the header is the one before, and
/// the pages are torn.
fn before_the_copy(mut files: Files) -> Files {
    let journal = files[JOURNAL].clone();
    let data = files.get_mut(DATA).unwrap();
    let Ok(Slot::Good(mut header)) = Header::decode(data) else {
        panic!("the file has no header");
    };
    header.epoch -= 1;
    for slot in 0..2 {
        data[slot * PAGE_BYTES..][..HEADER_BYTES].copy_from_slice(&header.encode());
    }
    let count = u32::from_le_bytes(journal[20..24].try_into().unwrap());
    for entry in journal[PAGE_BYTES..].chunks_exact(8).take(count as usize) {
        let page = u32::from_le_bytes(entry[..4].try_into().unwrap()) as usize;
        data[page * PAGE_BYTES + 2048..(page + 1) * PAGE_BYTES].fill(0x5a);
    }
    files
}

#[test]
fn refusals_say_what_is_wrong() {
    let (mut files, content) = closed();
    for slot in 0..2 {
        files.get_mut(DATA).unwrap()[slot * PAGE_BYTES + 40] ^= 1;
    }
    assert_eq!(
        fate_of(&files, &[content], "both slots"),
        Fate::Refused(ErrorKind::Corrupted)
    );
}
