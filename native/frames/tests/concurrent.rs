//! The page memory under several threads: nothing torn, nothing lost, counts exact, loads once.
//!
//! Each test prints nothing random: threads walk by a seeded generator, and the seed is in the test.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use quire_frames::{Frames, FramesOptions, PAGE_BYTES, PageBytes, PageNumber};

const ROUNDS: u32 = if cfg!(miri) { 60 } else { 60_000 };
const PAGES: u32 = if cfg!(miri) { 6 } else { 200 };

/// The smallest generator that walks well enough: a 64-bit step of SplitMix.
struct Walk(u64);

impl Walk {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 27)) >> 33) as u32 % end
    }
}

#[allow(clippy::unwrap_used, reason = "a test without page memory cannot go on")]
fn frames(budget_pages: u64) -> Frames {
    Frames::new(FramesOptions {
        budget_bytes: budget_pages * PAGE_BYTES as u64,
    })
    .unwrap()
}

/// A page in this test is one version, repeated from end to end.
fn version_of(bytes: &PageBytes) -> u64 {
    let step = if cfg!(miri) { 512 } else { 8 };
    let version = |at: usize| u64::from_le_bytes(std::array::from_fn(|index| bytes[at + index]));
    let first = version(0);
    for at in (0..PAGE_BYTES).step_by(step) {
        assert_eq!(version(at), first, "a torn page");
    }
    first
}

fn set_version(bytes: &mut PageBytes, version: u64) {
    for chunk in bytes.chunks_exact_mut(8) {
        chunk.copy_from_slice(&version.to_le_bytes());
    }
}

/// The disk of these tests, written only by mark-clean, read only by loads.
#[derive(Default)]
struct Disk(Mutex<HashMap<u32, u64>>);

impl Disk {
    fn load(&self, number: u32, bytes: &mut PageBytes) -> io::Result<()> {
        let version = self
            .0
            .lock()
            .map_or(0, |pages| pages.get(&number).copied().unwrap_or(0));
        set_version(bytes, version);
        Ok(())
    }

    fn store(&self, number: u32, version: u64) {
        if let Ok(mut pages) = self.0.lock() {
            pages.insert(number, version);
        }
    }
}

/// Spread over blocks and segments, so that the clock has gaps to cross.
fn place(number: u32) -> PageNumber {
    PageNumber::new(number * 37 + (number % 3) * 300_000)
}

#[test]
fn content_is_never_torn_or_lost_under_eviction() {
    let frames = frames(u64::from(PAGES) / 10);
    let disk = Disk::default();
    // The version each page must have at least; raised before its latch is given back.
    let floors: Vec<AtomicU64> = (0..PAGES).map(|_| AtomicU64::new(0)).collect();
    let run = |seed: u64| {
        let mut walk = Walk(seed);
        for _ in 0..ROUNDS {
            let number = walk.below(PAGES);
            let floor = &floors[number as usize];
            match walk.below(20) {
                0..12 => {
                    let least = floor.load(Ordering::Acquire);
                    let bytes = frames
                        .read(place(number), |bytes| disk.load(number, bytes))
                        .unwrap();
                    assert!(version_of(&bytes) >= least, "page {number} lost a change");
                }
                12..16 => {
                    let mut bytes = frames
                        .write(place(number), |bytes| disk.load(number, bytes))
                        .unwrap();
                    let version = version_of(&bytes) + 1;
                    set_version(&mut bytes, version);
                    let former = floor.fetch_add(1, Ordering::AcqRel);
                    assert_eq!(former + 1, version, "page {number} lost a change");
                }
                16..19 => {
                    frames.mark_clean_if(place(number), |bytes| {
                        disk.store(number, version_of(bytes));
                        walk.below(4) > 0
                    });
                }
                _ => {
                    frames.evict();
                }
            }
        }
    };
    thread::scope(|scope| {
        for seed in 1..=3 {
            let run = &run;
            scope.spawn(move || run(seed));
        }
    });
    for number in 0..PAGES {
        let bytes = frames
            .read(place(number), |bytes| disk.load(number, bytes))
            .unwrap();
        assert_eq!(
            version_of(&bytes),
            floors[number as usize].load(Ordering::Relaxed)
        );
        drop(bytes);
        frames.mark_clean_if(place(number), |_| true);
    }
    assert_eq!(frames.dirty_pages(), 0);
    frames.evict();
    assert!(frames.resident_pages() <= frames.budget_pages());
    (0..PAGES).for_each(|number| frames.discard(place(number)));
    assert_eq!(frames.resident_pages(), 0);
}

#[test]
fn page_is_loaded_once_however_many_ask() {
    for round in 0..if cfg!(miri) { 3 } else { 300 } {
        let frames = frames(8);
        let loads_count = AtomicU32::new(0);
        let start = Barrier::new(3);
        let load = |bytes: &mut PageBytes| {
            loads_count.fetch_add(1, Ordering::Relaxed);
            thread::yield_now();
            set_version(bytes, 5);
            Ok::<(), io::Error>(())
        };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    start.wait();
                    assert_eq!(version_of(&frames.read(PageNumber::new(round), load).unwrap()), 5);
                });
            }
        });
        assert_eq!(loads_count.into_inner(), 1);
    }
}

#[test]
fn failed_load_is_tried_by_the_next_who_asks() {
    for round in 0..if cfg!(miri) { 3 } else { 300 } {
        let frames = frames(8);
        let tries_count = AtomicU32::new(0);
        let load = |bytes: &mut PageBytes| {
            if tries_count.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err(io::Error::other("first try"));
            }
            set_version(bytes, 6);
            Ok(())
        };
        let ask = || {
            frames
                .read(PageNumber::new(round), load)
                .map(|bytes| version_of(&bytes))
                .ok()
        };
        let answers = thread::scope(|scope| {
            let other = scope.spawn(ask);
            [ask(), other.join().unwrap()]
        });
        assert!(
            answers == [None, Some(6)] || answers == [Some(6), None],
            "{answers:?}"
        );
    }
}

#[test]
fn writer_gets_through_a_crowd_of_readers() {
    let frames = frames(8);
    let is_done = AtomicBool::new(false);
    let load = |bytes: &mut PageBytes| {
        set_version(bytes, 0);
        Ok::<(), io::Error>(())
    };
    let writes_count = if cfg!(miri) { 3 } else { 2000 };
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                start.wait();
                while !is_done.load(Ordering::Relaxed) {
                    version_of(&frames.read(PageNumber::new(0), load).unwrap());
                }
            });
        }
        start.wait();
        for version in 1..=writes_count {
            set_version(&mut frames.write(PageNumber::new(0), load).unwrap(), version);
        }
        is_done.store(true, Ordering::Relaxed);
    });
    assert_eq!(
        version_of(&frames.read(PageNumber::new(0), load).unwrap()),
        writes_count
    );
}
