//! Writing the fixed-width little-endian fields of a page, and the outcome of reading doubtful ones.
//!
//! `at` is a constant of a layout or was checked against the page by the caller: these functions are the
//! last step, not the check. The reading half is in mod.rs.
//! Leaves to others: what a field means (slotted.rs, heap_map.rs, bucket.rs, bucket_directory.rs).

use quire_frames::{PageBytes, PageNumber};

use crate::error::Error;

/// Result of a look at bytes that may be damaged: the value, or what is wrong with them.
///
/// Layouts do not know their page's number; callers that do turn the text into `Error::corrupted_page`.
pub type Checked<T> = Result<T, &'static str>;

/// Writes `value` at byte `at`.
#[inline]
pub fn write_u16(bytes: &mut PageBytes, at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

/// Writes `value` at byte `at`.
#[inline]
pub fn write_u32(bytes: &mut PageBytes, at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Turns what is wrong with the bytes of `page` into an error, for `map_err`.
pub fn damaged(page: PageNumber) -> impl Fn(&'static str) -> Error {
    move |what| Error::corrupted_page(page, what)
}
