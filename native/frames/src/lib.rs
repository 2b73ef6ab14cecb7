//! Page memory of QuireDB: a reserved address range in which page N has a fixed place.
//!
//! Promises: a page is read under a shared latch and changed under an exclusive one, so no torn page is
//! ever seen; a page that was changed stays until it is marked clean; clean pages are given back when the
//! budget is exceeded. The surface is safe: no use of it, however wrong, is undefined behaviour.
//! Leaves to others: what is in a page, where it is loaded from, and when dirty pages are written out
//! (the engine's pager).
//! Method: Leis, Alhomssi, Ziegler, Loeck, Dietrich, "Virtual-Memory Assisted Buffer Management",
//! SIGMOD 2023: a page table is not probed, the page number is the address.
//!
//! Reading the source: sync, state (the latch) → memory (the operating system) → segment, table (where
//! a page is) → guard, clock (eviction) → frames (the door). By itself: window (part of a file, for the log).

// Under loom only the latch is built: its model runs on loom's atomics, which cannot live in raw memory.
#[cfg(not(loom))]
mod clock;
#[cfg(not(loom))]
mod frames;
#[cfg(not(loom))]
mod guard;
#[cfg(not(loom))]
mod memory;
#[cfg(not(loom))]
mod pool;
#[cfg(not(loom))]
mod segment;
#[cfg(any(test, not(loom)))]
mod state;
#[cfg(all(test, loom))]
mod state_model;
#[cfg(any(test, not(loom)))]
mod sync;
#[cfg(not(loom))]
mod table;
#[cfg(not(loom))]
mod window;

#[cfg(not(loom))]
pub use frames::{Frames, FramesOptions, Hint};
#[cfg(not(loom))]
pub use guard::{PageMut, PageRef};
#[cfg(not(loom))]
pub use window::FileWindow;

/// Bytes of a page.
pub const PAGE_BYTES: usize = 4096;

/// The bytes of one page.
pub type PageBytes = [u8; PAGE_BYTES];

/// Number of a page in its file: page N begins at byte N × 4096.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageNumber(u32);

impl PageNumber {
    /// Page `number`.
    pub const fn new(number: u32) -> PageNumber {
        PageNumber(number)
    }

    /// The bare number.
    pub const fn get(self) -> u32 {
        self.0
    }
}
