//! The door of the page memory, seen from one thread: load, change, evict, discard, refuse.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use quire_frames::{Frames, FramesOptions, PAGE_BYTES, PageBytes, PageNumber};

#[allow(clippy::unwrap_used, reason = "a test without page memory cannot go on")]
fn frames(budget_pages: u64) -> Frames {
    Frames::new(FramesOptions {
        budget_bytes: budget_pages * PAGE_BYTES as u64,
    })
    .unwrap()
}

fn page(number: u32) -> PageNumber {
    PageNumber::new(number)
}

fn fill(byte: u8) -> impl FnOnce(&mut PageBytes) -> io::Result<()> {
    move |bytes| {
        bytes.fill(byte);
        Ok(())
    }
}

fn no_load(_: &mut PageBytes) -> io::Result<()> {
    Err(io::Error::other("a resident page was loaded"))
}

#[test]
fn resident_page_is_not_loaded_again() {
    let frames = frames(8);
    assert!(
        frames
            .read(page(3), fill(7))
            .unwrap()
            .iter()
            .all(|&byte| byte == 7)
    );
    assert!(
        frames
            .read(page(3), no_load)
            .unwrap()
            .iter()
            .all(|&byte| byte == 7)
    );
    assert_eq!((frames.resident_pages(), frames.dirty_pages()), (1, 0));
}

#[test]
fn written_page_is_dirty_until_marked_clean() {
    let frames = frames(8);
    frames.write(page(5), fill(1)).unwrap()[9] = 2;
    assert_eq!((frames.resident_pages(), frames.dirty_pages()), (1, 1));
    assert_eq!(frames.read(page(5), no_load).unwrap()[8..10], [1, 2]);
    assert!(!frames.mark_clean_if(page(5), |_| false));
    assert_eq!(frames.dirty_pages(), 1);
    assert!(frames.mark_clean_if(page(5), |bytes| bytes[9] == 2));
    assert!(!frames.mark_clean_if(page(5), |_| true));
    assert!(!frames.mark_clean_if(page(u32::MAX), |_| true));
    assert_eq!(frames.dirty_pages(), 0);
    frames.write(page(5), no_load).unwrap()[9] = 3;
    assert_eq!(frames.dirty_pages(), 1);
}

#[test]
fn created_page_is_zero_whatever_it_held() {
    let frames = frames(8);
    drop(frames.read(page(1), fill(9)).unwrap());
    assert!(frames.create(page(1)).unwrap().iter().all(|&byte| byte == 0));
    frames.create(page(2)).unwrap().fill(9);
    frames.discard(page(2));
    assert!(frames.create(page(2)).unwrap().iter().all(|&byte| byte == 0));
    assert_eq!((frames.resident_pages(), frames.dirty_pages()), (2, 2));
}

#[test]
fn discarded_page_is_loaded_again() {
    let frames = frames(8);
    frames.write(page(4), fill(1)).unwrap().fill(2);
    frames.discard(page(4));
    frames.discard(page(4));
    frames.discard(page(400_000));
    assert_eq!((frames.resident_pages(), frames.dirty_pages()), (0, 0));
    assert_eq!(frames.read(page(4), fill(3)).unwrap()[0], 3);
}

#[test]
fn failed_load_leaves_the_page_absent() {
    let frames = frames(8);
    let failure = |bytes: &mut PageBytes| {
        bytes.fill(6);
        Err(io::Error::other("disk"))
    };
    assert!(frames.read(page(2), failure).is_err());
    assert!(frames.write(page(2), failure).is_err());
    assert_eq!((frames.resident_pages(), frames.dirty_pages()), (0, 0));
    assert_eq!(frames.read(page(2), fill(4)).unwrap()[0], 4);
}

#[test]
fn panic_in_a_load_leaves_the_page_absent_and_unlatched() {
    let frames = frames(8);
    for _ in 0..2 {
        let read = AssertUnwindSafe(|| {
            frames
                .read(page(2), |_| -> io::Result<()> { panic!("load") })
                .is_ok()
        });
        assert!(catch_unwind(read).is_err());
        let write = AssertUnwindSafe(|| {
            frames
                .write(page(2), |_| -> io::Result<()> { panic!("load") })
                .is_ok()
        });
        assert!(catch_unwind(write).is_err());
    }
    assert_eq!(frames.resident_pages(), 0);
    frames.write(page(2), fill(4)).unwrap()[1] = 5;
    assert!(
        catch_unwind(AssertUnwindSafe(
            || frames.mark_clean_if(page(2), |_| panic!("written"))
        ))
        .is_err()
    );
    assert_eq!(frames.write(page(2), no_load).unwrap()[..2], [4, 5]);
    assert_eq!((frames.resident_pages(), frames.dirty_pages()), (1, 1));
}

#[test]
fn clean_pages_are_evicted_to_the_budget() {
    let frames = frames(16);
    let pages = if cfg!(miri) { 60 } else { 5000 };
    for number in 0..pages {
        drop(frames.read(page(number), fill(number as u8)).unwrap());
        assert!(frames.resident_pages() <= 17, "{} pages", frames.resident_pages());
    }
    for number in 0..pages {
        assert_eq!(
            frames.read(page(number), fill(number as u8)).unwrap()[77],
            number as u8
        );
    }
    frames.evict();
    assert!(frames.resident_pages() <= 16);
}

#[test]
fn dirty_pages_are_never_evicted() {
    let frames = frames(4);
    for number in 0..40 {
        frames
            .write(page(number), fill(0))
            .unwrap()
            .fill(number as u8 + 1);
    }
    assert_eq!(frames.evict(), 0);
    assert_eq!((frames.resident_pages(), frames.dirty_pages()), (40, 40));
    for number in 0..40 {
        assert_eq!(
            frames.read(page(number), no_load).unwrap()[4095],
            number as u8 + 1
        );
    }
    for number in 0..39 {
        assert!(frames.mark_clean_if(page(number), |_| true));
    }
    assert_eq!(frames.evict(), 36);
    assert_eq!((frames.resident_pages(), frames.dirty_pages()), (4, 1));
    assert_eq!(frames.read(page(39), no_load).unwrap()[0], 40);
}

#[test]
fn latched_pages_are_never_evicted() {
    let frames = frames(0);
    let count = if cfg!(miri) { 4 } else { 20 };
    let held: Vec<_> = (0..count)
        .map(|number| frames.read(page(number), fill(number as u8)).unwrap())
        .collect();
    assert_eq!(frames.evict(), 0);
    for (number, bytes) in held.iter().enumerate() {
        assert_eq!(bytes[0], number as u8);
    }
    drop(held);
    assert_eq!(frames.evict(), count as usize);
    assert_eq!(frames.resident_pages(), 0);
}

#[test]
fn page_in_use_outlives_pages_read_once() {
    let frames = frames(32);
    let mut loads_count = 0;
    for number in 1..if cfg!(miri) { 100 } else { 2000 } {
        drop(frames.read(page(number), fill(1)).unwrap());
        let read = frames.read(page(0), |bytes| {
            loads_count += 1;
            fill(2)(bytes)
        });
        drop(read.unwrap());
    }
    assert_eq!(loads_count, 1);
}

#[test]
fn far_pages_are_as_good_as_near_ones() {
    let frames = frames(2);
    for &number in [0, u32::MAX, u32::MAX - 1, 1 << 31, 1 << 18, (1 << 18) - 1]
        .iter()
        .cycle()
        .take(60)
    {
        let bytes = frames.read(page(number), |bytes| {
            bytes[..4].copy_from_slice(&number.to_le_bytes());
            Ok::<(), io::Error>(())
        });
        assert_eq!(bytes.unwrap()[..4], number.to_le_bytes());
    }
    frames.evict();
    assert!(frames.resident_pages() <= 2);
    frames.create(page(u32::MAX)).unwrap()[0] = 1;
    frames.discard(page(u32::MAX));
    assert_eq!(frames.dirty_pages(), 0);
}

#[test]
fn one_thread_may_hold_a_page_shared_many_times() {
    let frames = frames(2);
    let first = frames.read(page(1), fill(1)).unwrap();
    let second = frames.read(page(1), no_load).unwrap();
    assert_eq!(first[0], second[0]);
}

#[test]
fn many_page_memories_are_cheap() {
    let count = if cfg!(miri) { 3 } else { 1000 };
    let all: Vec<Frames> = (0..count).map(|_| frames(16)).collect();
    for frames in &all {
        drop(frames.create(page(0)).unwrap());
        drop(frames.create(page(9)).unwrap());
    }
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        let resident_kb: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(
            resident_kb < 200_000,
            "{resident_kb} KB for {count} page memories"
        );
    }
    drop(all);
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no huge pages, and this takes it hours")]
fn pages_of_a_full_block_keep_their_content_when_they_become_one() {
    const PAGES: u32 = 2_000;
    #[allow(clippy::unwrap_used, reason = "a test without page memory cannot go on")]
    let frames = Frames::new(FramesOptions {
        budget_bytes: 1 << 30,
    })
    .unwrap();
    let content = |number: u32| number.to_le_bytes();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..PAGES {
                if let Ok(mut page) = frames.create(PageNumber::new(number)) {
                    page[100..104].copy_from_slice(&content(number));
                }
            }
        });
        // Merges whatever is full by then, while the pages are written and read.
        for _ in 0..200 {
            frames.evict();
            for number in 0..PAGES {
                let Ok(page) = frames.read(PageNumber::new(number), |bytes| {
                    bytes.fill(0);
                    Ok::<(), io::Error>(())
                }) else {
                    continue;
                };
                let found = &page[100..104];
                assert!(found == content(number) || found == [0; 4], "page {number}");
            }
        }
    });
    frames.evict();
    for number in 0..PAGES {
        let page = frames.read(PageNumber::new(number), |_| Err(io::Error::other("not resident")));
        assert_eq!(
            page.map(|page| page[100..104].to_vec()).ok(),
            Some(content(number).to_vec())
        );
    }
    assert_eq!(frames.resident_pages(), u64::from(PAGES));
}

#[test]
fn a_hint_about_an_absent_page_changes_nothing() {
    #[allow(clippy::unwrap_used, reason = "a test without page memory cannot go on")]
    let frames = Frames::new(FramesOptions {
        budget_bytes: 1 << 20,
    })
    .unwrap();
    frames.prefetch(PageNumber::new(7), 40);
    drop(frames.create(PageNumber::new(7)));
    frames.prefetch(PageNumber::new(8), usize::MAX);
    frames.prefetch(PageNumber::new(u32::MAX), 0);
    assert_eq!(frames.resident_pages(), 1);
}
