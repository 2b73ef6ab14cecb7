//! Where a document lives: the page and the slot in it.
//!
//! Promises: five bytes name any document of a file, so an entry of the id index stays small. A place is
//! stable while its document stays on its page; when the document moves, the id index alone learns it.
//! Leaves to others: what a slot holds (slotted.rs) and how an entry packs a place (bucket.rs).

use std::fmt;

use quire_frames::PageNumber;

/// Number of a slot in a heap page, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotNumber(pub u8);

impl SlotNumber {
    /// The bare number, as an index.
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The page and slot of a document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The heap page.
    pub page: PageNumber,
    /// The slot of that page.
    pub slot: SlotNumber,
}

impl Place {
    /// Slot `slot` of page `page`.
    #[inline]
    pub fn new(page: PageNumber, slot: SlotNumber) -> Place {
        Place { page, slot }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.page.get(), self.slot.0)
    }
}
