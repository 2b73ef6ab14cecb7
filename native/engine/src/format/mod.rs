//! Bytes to values and back: every on-disk string of bytes and the MessagePack dialect of documents.
//!
//! Promises: pure functions over slices; nothing here opens a file, and nothing panics on any input.
//! docs/FORMAT.md draws what these files read and write.

pub mod bucket;
pub mod bucket_directory;
pub mod encode;
pub mod fields;
pub mod header;
pub mod heap_map;
pub mod id;
pub mod id_mode;
pub mod index_definition;
pub mod intake;
pub mod key;
pub mod key_decode;
pub mod key_length;
pub mod log_frame;
pub mod operation;
pub mod owned;
pub mod page;
pub mod place;
pub mod plain;
pub mod quick;
pub mod recode;
pub mod record;
#[cfg(test)]
pub(crate) mod seeded;
pub mod skip;
pub mod slotted;
pub mod survey;
#[cfg(test)]
pub(crate) mod tree;
pub mod tree_page;
pub mod ulid;
pub mod value;
pub mod view;

/// The little-endian u16 at `at`. The caller has checked the length.
#[inline]
pub(crate) fn read_u16(bytes: &[u8], at: usize) -> u16 {
    let mut field = [0; 2];
    field.copy_from_slice(&bytes[at..at + 2]);
    u16::from_le_bytes(field)
}

/// The little-endian u32 at `at`. The caller has checked the length.
#[inline]
pub(crate) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    let mut field = [0; 4];
    field.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(field)
}

/// The little-endian u64 at `at`. The caller has checked the length.
#[inline]
pub(crate) fn read_u64(bytes: &[u8], at: usize) -> u64 {
    let mut field = [0; 8];
    field.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(field)
}
