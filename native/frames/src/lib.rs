//! Page memory of QuireDB: a reserved address range in which page N has a fixed place.

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
