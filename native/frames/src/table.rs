//! The table of segments: from a page number to its segment in two array accesses.
//!
//! Promises: a segment, once made, stays at its address until the table is dropped; making one is free of
//! locks, and of two threads that make the same one the first wins. An empty table is one kilobyte, so that
//! thousands of small databases are cheap.
//! Leaves to others: everything inside a segment (segment.rs).

use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::segment::{SEGMENT_BITS, Segment};

const TABLE_BITS: u32 = 32 - SEGMENT_BITS;
const LEAF_BITS: u32 = TABLE_BITS / 2;
const LEAF_SEGMENTS: usize = 1 << LEAF_BITS;
const ROOT_LEAVES: usize = 1 << (TABLE_BITS - LEAF_BITS);

struct Leaf {
    segments: [AtomicPtr<u8>; LEAF_SEGMENTS],
}

/// All segments of one page memory.
pub(crate) struct SegmentTable {
    leaves: [AtomicPtr<Leaf>; ROOT_LEAVES],
    /// One more than the highest segment made.
    segments_end: AtomicU32,
}

impl SegmentTable {
    pub(crate) fn new() -> SegmentTable {
        SegmentTable {
            leaves: [const { AtomicPtr::new(ptr::null_mut()) }; ROOT_LEAVES],
            segments_end: AtomicU32::new(0),
        }
    }

    /// The segment of page `page_number`, if it was made.
    #[inline]
    pub(crate) fn get(&self, page_number: u32) -> Option<Segment> {
        self.segment(page_number >> SEGMENT_BITS)
    }

    /// Number of the first segment from `from` on that was made, and the segment.
    pub(crate) fn next(&self, from: u32) -> Option<(u32, Segment)> {
        let end = self.segments_end.load(Ordering::Acquire);
        let mut number = from;
        while number < end {
            if self.leaf(number).is_none() {
                number = ((number >> LEAF_BITS) + 1) << LEAF_BITS;
                continue;
            }
            if let Some(segment) = self.segment(number) {
                return Some((number, segment));
            }
            number += 1;
        }
        None
    }

    /// The segment of page `page_number`, made if need be.
    ///
    /// Errors: address space or memory is exhausted.
    pub(crate) fn get_or_make(&self, page_number: u32) -> io::Result<Segment> {
        let number = page_number >> SEGMENT_BITS;
        if let Some(segment) = self.segment(number) {
            return Ok(segment);
        }
        let made = Segment::reserve()?;
        let place = &self.leaf_or_make(number).segments[number as usize & (LEAF_SEGMENTS - 1)];
        match place.compare_exchange(
            ptr::null_mut(),
            made.as_ptr(),
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            Ok(_) => {
                self.segments_end.fetch_max(number + 1, Ordering::Release);
                Ok(made)
            }
            Err(first) => {
                // SAFETY: the segment made here was never shown to anyone.
                unsafe { made.release() };
                let first = NonNull::new(first).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
                // SAFETY: pointers in the table are segments that live as long as the table.
                Ok(unsafe { Segment::from_ptr(first) })
            }
        }
    }

    #[inline]
    fn segment(&self, number: u32) -> Option<Segment> {
        let leaf = self.leaf(number)?.as_ptr();
        // SAFETY: a leaf, once in the table, stays until the table is dropped, and is changed only through atomics.
        let place = unsafe { &(*leaf).segments[number as usize & (LEAF_SEGMENTS - 1)] };
        let start = NonNull::new(place.load(Ordering::Acquire))?;
        // SAFETY: pointers in the table are segments that live as long as the table.
        Some(unsafe { Segment::from_ptr(start) })
    }

    #[inline]
    fn leaf(&self, number: u32) -> Option<NonNull<Leaf>> {
        NonNull::new(self.leaf_place(number).load(Ordering::Acquire))
    }

    fn leaf_or_make(&self, number: u32) -> &Leaf {
        let place = self.leaf_place(number);
        let mut leaf = place.load(Ordering::Acquire);
        if leaf.is_null() {
            let made = Box::into_raw(Box::new(Leaf::new()));
            match place.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => leaf = made,
                Err(first) => {
                    // SAFETY: the leaf made here was never shown to anyone.
                    drop(unsafe { Box::from_raw(made) });
                    leaf = first;
                }
            }
        }
        // SAFETY: not null since the step above; a leaf in the table stays until the table is dropped.
        unsafe { &*leaf }
    }

    #[inline]
    fn leaf_place(&self, number: u32) -> &AtomicPtr<Leaf> {
        &self.leaves[(number >> LEAF_BITS) as usize & (ROOT_LEAVES - 1)]
    }
}

impl Leaf {
    fn new() -> Leaf {
        Leaf {
            segments: [const { AtomicPtr::new(ptr::null_mut()) }; LEAF_SEGMENTS],
        }
    }
}

impl Drop for SegmentTable {
    fn drop(&mut self) {
        for leaf in &mut self.leaves {
            let leaf = *leaf.get_mut();
            if leaf.is_null() {
                continue;
            }
            // SAFETY: the leaf was made by Box::into_raw; nobody else has the table any more.
            let mut leaf = unsafe { Box::from_raw(leaf) };
            for start in &mut leaf.segments {
                if let Some(start) = NonNull::new(*start.get_mut()) {
                    // SAFETY: a segment in the table; guards borrow the table's owner, so none is left.
                    unsafe { Segment::from_ptr(start).release() };
                }
            }
        }
    }
}
