//! The header slot: the 128 bytes that say which state of the file is the current one.
//!
//! Promises: a slot lies inside one 512-byte sector; it is taken only when its checksum fits. Pages 0 and 1
//! each hold a slot; of two good slots the one with the larger epoch counts. A file of a later major format,
//! or with a feature flag that this release does not know, is refused by name.
//! Leaves to others: when slots are written (pager/checkpoint.rs) and chosen (pager/recovery.rs).

use crate::error::{Error, ErrorKind, Result};
use crate::format::page::{FileId, Sequence};
use crate::format::{read_u16, read_u32, read_u64};

/// First bytes of every database. CR LF and ^Z show a transfer that changed line ends or stopped early.
pub const MAGIC: [u8; 16] = *b"QuireDB\r\n\x1a\n\0\0\0\0\0";
/// Format written by this release.
pub const FORMAT_MAJOR: u16 = 1;
/// Additions to the format that earlier readers of the same major format may ignore.
pub const FORMAT_MINOR: u16 = 1;
/// Bytes of a slot.
pub const HEADER_BYTES: usize = 128;
/// Pages at the head of the file that hold slots.
pub const HEADER_PAGES: u32 = 2;
/// Largest epoch, sequence or log generation: 2,000 years of a million commits a second do not reach it.
pub const COUNT_MAX: u64 = 1 << 56;
/// Marks that name generations of the log: 1 to this number.
const LOG_MARKS: u64 = (1 << 24) - 1;

const MAJOR_AT: usize = 16;
const MINOR_AT: usize = 18;
const PAGE_BYTES_AT: usize = 20;
const COMPATIBLE_AT: usize = 24;
const READ_COMPATIBLE_AT: usize = 28;
const INCOMPATIBLE_AT: usize = 32;
const CLEAN_AT: usize = 36;
const LOG_MARK_AT: usize = 37;
const FILE_ID_AT: usize = 40;
const HASH_KEY_AT: usize = 56;
const EPOCH_AT: usize = 72;
const SEQUENCE_AT: usize = 80;
const PAGE_COUNT_AT: usize = 88;
const NEXT_COLLECTION_AT: usize = 92;
const CATALOG_AT: usize = 96;
const FREE_LIST_AT: usize = 104;
const CREATED_AT: usize = 112;
const CATALOG_MIRROR_AT: usize = 120;
const CHECKSUM_AT: usize = 124;

const _: () = assert!(CHECKSUM_AT + 4 == HEADER_BYTES && HEADER_BYTES <= 512);

/// Where a blob lies: its first page and its length. A length of 0 is no blob.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlobPlace {
    /// First page of the run.
    pub first_page: u32,
    /// Bytes of the blob.
    pub length_bytes: u32,
}

/// One state of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Identity that the logs and the journal must share.
    pub file_id: FileId,
    /// Key of the id index's hash, random per file.
    pub hash_key: [u8; 16],
    /// Number of this header; one more with each checkpoint.
    pub epoch: u64,
    /// Last commit whose changes are in the data file.
    pub sequence: Sequence,
    /// Pages of the file, header pages included.
    pub page_count: u32,
    /// Number that the next new collection gets.
    pub next_collection: u32,
    /// The catalog.
    pub catalog: BlobPlace,
    /// First page of the catalog's second copy, of the same length; 0 is none. Without the catalog the key lists
    /// of records are lost, so one damaged page must not take it.
    pub catalog_mirror: u32,
    /// The free list.
    pub free_list: BlobPlace,
    /// Whether the database was closed with everything in the data file, so that no log need exist.
    pub clean: bool,
    /// `log_mark` of the log generation that must be there where `clean` is false; 0 is unknown, as format 1.0 wrote.
    pub log_mark: u32,
    /// When the file was made, in milliseconds since 1970.
    pub created_ms: u64,
}

/// What a slot turned out to be.
#[derive(Debug)]
pub enum Slot {
    /// A good header.
    Good(Header),
    /// The magic is there but the slot is damaged.
    Damaged,
    /// Not a header of ours at all.
    Foreign,
}

impl Header {
    /// The slot's bytes.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0u8; HEADER_BYTES];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &MAGIC);
        put(MAJOR_AT, &FORMAT_MAJOR.to_le_bytes());
        put(MINOR_AT, &FORMAT_MINOR.to_le_bytes());
        put(PAGE_BYTES_AT, &(quire_frames::PAGE_BYTES as u32).to_le_bytes());
        put(CLEAN_AT, &[u8::from(self.clean)]);
        put(LOG_MARK_AT, &self.log_mark.to_le_bytes()[..3]);
        put(FILE_ID_AT, &self.file_id.0);
        put(HASH_KEY_AT, &self.hash_key);
        put(EPOCH_AT, &self.epoch.to_le_bytes());
        put(SEQUENCE_AT, &self.sequence.0.to_le_bytes());
        put(PAGE_COUNT_AT, &self.page_count.to_le_bytes());
        put(NEXT_COLLECTION_AT, &self.next_collection.to_le_bytes());
        put(CATALOG_AT, &self.catalog.first_page.to_le_bytes());
        put(CATALOG_AT + 4, &self.catalog.length_bytes.to_le_bytes());
        put(CATALOG_MIRROR_AT, &self.catalog_mirror.to_le_bytes());
        put(FREE_LIST_AT, &self.free_list.first_page.to_le_bytes());
        put(FREE_LIST_AT + 4, &self.free_list.length_bytes.to_le_bytes());
        put(CREATED_AT, &self.created_ms.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads a slot. Shape: at least `HEADER_BYTES`; fewer is `Foreign`.
    ///
    /// Errors: `UNSUPPORTED_FORMAT` for a later major format, another page size, or an unknown flag.
    pub fn decode(bytes: &[u8]) -> Result<Slot> {
        if bytes.len() < HEADER_BYTES || bytes[..16] != MAGIC {
            return Ok(Slot::Foreign);
        }
        let major = read_u16(bytes, MAJOR_AT);
        // A later format may keep its checksum elsewhere, so its number is believed before the checksum,
        // but only where the rest of the slot does not show that the number itself is damaged.
        if crc32fast::hash(&bytes[..CHECKSUM_AT]) != read_u32(bytes, CHECKSUM_AT) {
            if major > FORMAT_MAJOR && major < FORMAT_MAJOR + 64 && read_u16(bytes, MINOR_AT) < 1024 {
                return Err(unsupported(&format!("format {major}")));
            }
            return Ok(Slot::Damaged);
        }
        if major != FORMAT_MAJOR {
            return Err(unsupported(&format!("format {major}")));
        }
        let incompatible = read_u32(bytes, INCOMPATIBLE_AT) | read_u32(bytes, READ_COMPATIBLE_AT);
        if incompatible != 0 {
            return Err(unsupported(&format!("feature flags {incompatible:#x}")));
        }
        if read_u32(bytes, PAGE_BYTES_AT) as usize != quire_frames::PAGE_BYTES {
            return Err(unsupported(&format!(
                "pages of {} bytes",
                read_u32(bytes, PAGE_BYTES_AT)
            )));
        }
        let mut file_id = FileId::default();
        file_id.0.copy_from_slice(&bytes[FILE_ID_AT..FILE_ID_AT + 16]);
        let mut hash_key = [0; 16];
        hash_key.copy_from_slice(&bytes[HASH_KEY_AT..HASH_KEY_AT + 16]);
        let header = Header {
            file_id,
            hash_key,
            epoch: read_u64(bytes, EPOCH_AT),
            sequence: Sequence(read_u64(bytes, SEQUENCE_AT)),
            page_count: read_u32(bytes, PAGE_COUNT_AT),
            next_collection: read_u32(bytes, NEXT_COLLECTION_AT),
            catalog: blob_place(bytes, CATALOG_AT),
            catalog_mirror: read_u32(bytes, CATALOG_MIRROR_AT),
            free_list: blob_place(bytes, FREE_LIST_AT),
            clean: bytes[CLEAN_AT] != 0,
            log_mark: read_u32(bytes, CLEAN_AT) >> 8,
            created_ms: read_u64(bytes, CREATED_AT),
        };
        Ok(match header.is_possible() {
            true => Slot::Good(header),
            false => Slot::Damaged,
        })
    }

    /// Whether numbers are such as counting from a new file on reaches: only a forger writes others, to have
    /// them overflow.
    fn is_possible(&self) -> bool {
        self.epoch <= COUNT_MAX
            && self.sequence.0 <= COUNT_MAX
            && (HEADER_PAGES..u32::MAX).contains(&self.page_count)
            && self.next_collection > 0
    }
}

const _: () = assert!(COMPATIBLE_AT + 4 == READ_COMPATIBLE_AT);
const _: () = assert!(CLEAN_AT + 1 == LOG_MARK_AT && LOG_MARK_AT + 3 == FILE_ID_AT);

/// The mark by which a header names a log generation: never 0, and the same again only after 16 million generations.
pub fn log_mark(generation: u64) -> u32 {
    (generation % LOG_MARKS) as u32 + 1
}

/// Whether `generation` is the one that `mark` names, or a later one.
pub fn is_marked_or_later(generation: u64, mark: u32) -> bool {
    (generation % LOG_MARKS + LOG_MARKS + 1 - u64::from(mark)) % LOG_MARKS < LOG_MARKS / 2
}

fn blob_place(bytes: &[u8], at: usize) -> BlobPlace {
    BlobPlace {
        first_page: read_u32(bytes, at),
        length_bytes: read_u32(bytes, at + 4),
    }
}

fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorKind::UnsupportedFormat,
        format!(
            "the file has {what}; this release reads format {FORMAT_MAJOR} with pages of {} bytes; open it with a newer QuireDB",
            quire_frames::PAGE_BYTES
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            file_id: FileId([5; 16]),
            hash_key: [6; 16],
            epoch: 7,
            sequence: Sequence(8),
            page_count: 9,
            next_collection: 10,
            catalog: BlobPlace {
                first_page: 11,
                length_bytes: 12,
            },
            catalog_mirror: 16,
            free_list: BlobPlace {
                first_page: 13,
                length_bytes: 14,
            },
            clean: true,
            log_mark: 17 << 16 | 18,
            created_ms: 15,
        }
    }

    #[test]
    fn header_reads_back_as_written() {
        match Header::decode(&header().encode()).unwrap() {
            Slot::Good(read) => assert_eq!(read, header()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_flipped_bit_goes_unnoticed() {
        let good = header().encode();
        for bit in 0..HEADER_BYTES * 8 {
            let mut bytes = good;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(Header::decode(&bytes), Ok(Slot::Good(_))), "bit {bit}");
        }
    }

    #[test]
    fn mark_tells_earlier_generations_from_later_ones() {
        for named in [1, 2, LOG_MARKS - 1, LOG_MARKS, LOG_MARKS + 1, 5 * LOG_MARKS - 1] {
            let mark = log_mark(named);
            assert!((1..=LOG_MARKS as u32).contains(&mark));
            assert!(is_marked_or_later(named, mark) && is_marked_or_later(named + 1, mark));
            assert!(!is_marked_or_later(named - 1, mark), "{named}");
        }
    }

    #[test]
    fn impossible_numbers_are_damage() {
        let impossible = [
            Header {
                epoch: u64::MAX,
                ..header()
            },
            Header {
                sequence: Sequence(u64::MAX - 1),
                ..header()
            },
            Header {
                page_count: 1,
                ..header()
            },
            Header {
                page_count: u32::MAX,
                ..header()
            },
            Header {
                next_collection: 0,
                ..header()
            },
        ];
        for header in impossible {
            assert!(
                matches!(Header::decode(&header.encode()), Ok(Slot::Damaged)),
                "{header:?}"
            );
        }
    }

    #[test]
    fn newer_format_is_refused_by_name() {
        let mut bytes = header().encode();
        bytes[MAJOR_AT] = 2;
        let sum = crc32fast::hash(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..].copy_from_slice(&sum.to_le_bytes());
        let error = Header::decode(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedFormat);
        assert!(error.message().contains("format 2"));
    }
}
