//! The bytes of a log file: its head, its attest record, and the frame of one commit.
//!
//! ```text
//! byte 0     head record     72 bytes, alone in its 512-byte sector
//! byte 512   attest record   40 bytes, alone in its 512-byte sector
//! byte 4096  frames          each begins at a multiple of 16; zeros, or an older generation, behind the last
//!
//! head    | magic "QuireLog"                  8 | format 4 | checksum 4 |
//!         | file id                                                  16 |
//!         | generation                        8 | salt              8 |
//!         | start sequence                    8 | header epoch      8 |
//!         | durable length                    8 |
//! attest  | magic "QuireAtt"                  8 | zero 4 | checksum   4 |
//!         | generation 8 | header epoch 8 | synced sequence           8 |
//! frame   | payload length  4 | head checksum 4 | sequence            8 |
//!         | synced sequence 8 | payload checksum 4 | durable pages    4 | payload | zeros to 16
//! ```
//! Promises: a frame is taken only in the file, generation and place it was written for: its head checksum
//! is seeded with file id, salt and offset. A record is taken only whole. No input panics.
//! Leaves to others: what the fields mean for recovery (wal/recover.rs), and what a payload holds.

use crc32fast::Hasher;

use crate::bugs::{Bug, planted};
use crate::format::header::COUNT_MAX;
use crate::format::page::{FileId, Sequence};
use crate::format::{read_u32, read_u64};

/// Format of log files that this release writes and reads.
pub const LOG_FORMAT: u32 = 1;
/// Where the frames begin.
pub const FRAMES_AT: u64 = 4096;
/// Where the attest record lies.
pub const ATTEST_AT: u64 = 512;
/// Bytes of the head record.
pub const LOG_HEAD_BYTES: usize = 72;
/// Bytes of the attest record.
pub const ATTEST_BYTES: usize = 40;
/// Bytes of a frame before its payload.
pub const FRAME_HEAD_BYTES: usize = 32;
/// Unit of the length in a frame's head.
pub const DURABLE_UNIT_BYTES: u64 = 4096;
/// Every frame begins at a multiple of this.
pub const FRAME_ALIGN: usize = 16;

const LOG_MAGIC: [u8; 8] = *b"QuireLog";
const ATTEST_MAGIC: [u8; 8] = *b"QuireAtt";

/// Both records have their checksum here; it covers all of the record but itself.
const RECORD_CHECKSUM_AT: usize = 12;
const FORMAT_AT: usize = 8;
const FILE_ID_AT: usize = 16;
const GENERATION_AT: usize = 32;
const SALT_AT: usize = 40;
const START_AT: usize = 48;
const EPOCH_AT: usize = 56;
const DURABLE_BYTES_AT: usize = 64;

const ATTEST_GENERATION_AT: usize = 16;
const ATTEST_EPOCH_AT: usize = 24;
const ATTEST_SYNCED_AT: usize = 32;
const ATTEST_SUCCESSOR_AT: usize = FORMAT_AT;

const LENGTH_AT: usize = 0;
const HEAD_CHECKSUM_AT: usize = 4;
const SEQUENCE_AT: usize = 8;
const SYNCED_AT: usize = 16;
const PAYLOAD_CHECKSUM_AT: usize = 24;
const DURABLE_PAGES_AT: usize = 28;

const _: () = assert!(FORMAT_AT + 4 == RECORD_CHECKSUM_AT && RECORD_CHECKSUM_AT + 4 == FILE_ID_AT);
const _: () = assert!(FILE_ID_AT + 16 == GENERATION_AT && DURABLE_BYTES_AT + 8 == LOG_HEAD_BYTES);
const _: () = assert!(ATTEST_SYNCED_AT + 8 == ATTEST_BYTES && LOG_HEAD_BYTES <= ATTEST_AT as usize);
const _: () = assert!(SYNCED_AT + 8 == PAYLOAD_CHECKSUM_AT && DURABLE_PAGES_AT + 4 == FRAME_HEAD_BYTES);
const _: () = assert!(FRAME_HEAD_BYTES.is_multiple_of(FRAME_ALIGN));
const _: () = assert!((FRAMES_AT as usize).is_multiple_of(FRAME_ALIGN) && FRAMES_AT >= 2 * ATTEST_AT);

/// The head record: which generation of which database a log file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The database that the log belongs to.
    pub file_id: FileId,
    /// Number of the generation; one more with each switch of the log.
    pub generation: u64,
    /// Random number of the generation, so that frames of an older one in the same place do not pass.
    pub salt: u64,
    /// The first commit that the generation holds.
    pub start: Sequence,
    /// Epoch of the data file's header that was durable when the generation began.
    pub epoch: u64,
    /// Length that the file had durably when the head was written, in bytes; a shorter file was cut short.
    pub durable_bytes: u64,
}

/// What the head record of a log file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogHeadState {
    /// A good head.
    Good(LogHead),
    /// All zeros: never written.
    Blank,
    /// A good head of a later format, with its number.
    Unsupported(u32),
    /// Anything else.
    Damaged,
}

impl LogHead {
    /// The record's bytes.
    pub fn encode(&self) -> [u8; LOG_HEAD_BYTES] {
        let mut bytes = [0u8; LOG_HEAD_BYTES];
        bytes[..8].copy_from_slice(&LOG_MAGIC);
        put(&mut bytes, FORMAT_AT, &LOG_FORMAT.to_le_bytes());
        put(&mut bytes, FILE_ID_AT, &self.file_id.0);
        put(&mut bytes, GENERATION_AT, &self.generation.to_le_bytes());
        put(&mut bytes, SALT_AT, &self.salt.to_le_bytes());
        put(&mut bytes, START_AT, &self.start.0.to_le_bytes());
        put(&mut bytes, EPOCH_AT, &self.epoch.to_le_bytes());
        put(&mut bytes, DURABLE_BYTES_AT, &self.durable_bytes.to_le_bytes());
        let sum = record_checksum(Hasher::new(), &bytes);
        put(&mut bytes, RECORD_CHECKSUM_AT, &sum.to_le_bytes());
        bytes
    }

    /// Reads the record. Shape: the file's first `LOG_HEAD_BYTES` bytes, zeros where the file is shorter.
    pub fn decode(bytes: &[u8; LOG_HEAD_BYTES]) -> LogHeadState {
        if bytes.iter().all(|byte| *byte == 0) {
            return LogHeadState::Blank;
        }
        let is_whole = record_checksum(Hasher::new(), bytes) == read_u32(bytes, RECORD_CHECKSUM_AT);
        if bytes[..8] != LOG_MAGIC || !is_whole {
            return LogHeadState::Damaged;
        }
        let format = read_u32(bytes, FORMAT_AT);
        if format != LOG_FORMAT {
            return LogHeadState::Unsupported(format);
        }
        let mut file_id = FileId::default();
        file_id.0.copy_from_slice(&bytes[FILE_ID_AT..FILE_ID_AT + 16]);
        let head = LogHead {
            file_id,
            generation: read_u64(bytes, GENERATION_AT),
            salt: read_u64(bytes, SALT_AT),
            start: Sequence(read_u64(bytes, START_AT)),
            epoch: read_u64(bytes, EPOCH_AT),
            durable_bytes: read_u64(bytes, DURABLE_BYTES_AT),
        };
        // Only a forger writes numbers that overflow when they are counted on.
        let is_possible = (1..=COUNT_MAX).contains(&head.start.0)
            && head.generation <= COUNT_MAX
            && head.epoch <= COUNT_MAX;
        match is_possible {
            true => LogHeadState::Good(head),
            false => LogHeadState::Damaged,
        }
    }
}

/// The attest record: what is known to be durable, so that its absence is known to be damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attest {
    /// Epoch of a data file header that is durable.
    pub epoch: u64,
    /// Commits up to this one are durable, in the data file or the log.
    pub synced: Sequence,
    /// Whether the next generation durably began in the other file, so that its absence is damage.
    pub has_successor: bool,
}

impl Attest {
    /// The record's bytes, valid only in the file and generation of `head`.
    pub fn encode(&self, head: &LogHead) -> [u8; ATTEST_BYTES] {
        let mut bytes = [0u8; ATTEST_BYTES];
        bytes[..8].copy_from_slice(&ATTEST_MAGIC);
        put(&mut bytes, ATTEST_SUCCESSOR_AT, &[u8::from(self.has_successor)]);
        put(&mut bytes, ATTEST_GENERATION_AT, &head.generation.to_le_bytes());
        put(&mut bytes, ATTEST_EPOCH_AT, &self.epoch.to_le_bytes());
        put(&mut bytes, ATTEST_SYNCED_AT, &self.synced.0.to_le_bytes());
        let sum = record_checksum(seed(head), &bytes);
        put(&mut bytes, RECORD_CHECKSUM_AT, &sum.to_le_bytes());
        bytes
    }

    /// Reads the record; `None` where none was written in this generation, or it is damaged.
    pub fn decode(bytes: &[u8; ATTEST_BYTES], head: &LogHead) -> Option<Attest> {
        let is_whole = record_checksum(seed(head), bytes) == read_u32(bytes, RECORD_CHECKSUM_AT);
        let is_ours = bytes[..8] == ATTEST_MAGIC && read_u64(bytes, ATTEST_GENERATION_AT) == head.generation;
        (is_whole && is_ours).then(|| Attest {
            epoch: read_u64(bytes, ATTEST_EPOCH_AT),
            synced: Sequence(read_u64(bytes, ATTEST_SYNCED_AT)),
            has_successor: bytes[ATTEST_SUCCESSOR_AT] != 0,
        })
    }
}

/// What is known to be durable while a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Commits up to this one.
    pub synced: Sequence,
    /// Length of the frame's file, in bytes; stored in whole units of `DURABLE_UNIT_BYTES`.
    pub durable_bytes: u64,
}

/// The head of a frame whose checksum fits. Its payload may still be damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// Bytes of the payload.
    pub payload_bytes: usize,
    /// Number of the commit.
    pub sequence: Sequence,
    /// What was known to be durable when the frame was written.
    pub known: Known,
    payload_checksum: u32,
}

impl FrameHead {
    /// Bytes of the whole frame, padding included.
    pub fn frame_bytes(&self) -> usize {
        frame_bytes(self.payload_bytes)
    }

    /// Whether `payload` is the one that was written.
    pub fn fits(&self, payload: &[u8]) -> bool {
        planted(Bug::NoFrameChecksum) || crc32fast::hash(payload) == self.payload_checksum
    }
}

/// Bytes of a frame with a payload of `payload_bytes`, padding included.
pub fn frame_bytes(payload_bytes: usize) -> usize {
    (FRAME_HEAD_BYTES + payload_bytes).next_multiple_of(FRAME_ALIGN)
}

/// Seals and checks the frames of one generation.
#[derive(Clone, Debug)]
pub struct FrameSeal {
    seed: Hasher,
}

impl FrameSeal {
    /// The seal of the generation that `head` begins.
    pub fn new(head: &LogHead) -> FrameSeal {
        FrameSeal { seed: seed(head) }
    }

    /// Fills in the head of a frame that is to lie at byte `offset`.
    ///
    /// Shape: `frame` is the head, whose content does not matter, and the payload, without padding. The
    /// payload is shorter than 4 GiB; the caller holds it to `limits::TRANSACTION_BYTES_MAX`.
    pub fn seal(&self, frame: &mut [u8], offset: u64, sequence: Sequence, known: Known) {
        let payload_bytes = (frame.len() - FRAME_HEAD_BYTES) as u32;
        let payload_checksum = crc32fast::hash(&frame[FRAME_HEAD_BYTES..]);
        put(frame, LENGTH_AT, &payload_bytes.to_le_bytes());
        put(frame, SEQUENCE_AT, &sequence.0.to_le_bytes());
        put(frame, SYNCED_AT, &known.synced.0.to_le_bytes());
        put(frame, PAYLOAD_CHECKSUM_AT, &payload_checksum.to_le_bytes());
        let durable_pages = u32::try_from(known.durable_bytes / DURABLE_UNIT_BYTES).unwrap_or(u32::MAX);
        put(frame, DURABLE_PAGES_AT, &durable_pages.to_le_bytes());
        let sum = self.checksum(frame, offset);
        put(frame, HEAD_CHECKSUM_AT, &sum.to_le_bytes());
    }

    /// Reads the frame head at byte `offset` of the file, where one was written. Shape: at least
    /// `FRAME_HEAD_BYTES` bytes.
    pub fn read(&self, bytes: &[u8], offset: u64) -> Option<FrameHead> {
        let head = FrameHead {
            payload_bytes: read_u32(bytes, LENGTH_AT) as usize,
            sequence: Sequence(read_u64(bytes, SEQUENCE_AT)),
            known: Known {
                synced: Sequence(read_u64(bytes, SYNCED_AT)),
                durable_bytes: u64::from(read_u32(bytes, DURABLE_PAGES_AT)) * DURABLE_UNIT_BYTES,
            },
            payload_checksum: read_u32(bytes, PAYLOAD_CHECKSUM_AT),
        };
        // Number 0 is no commit: zeros are no frame, whatever their checksum.
        if head.sequence.0 == 0 || head.known.synced >= head.sequence {
            return None;
        }
        let is_sealed = planted(Bug::NoFrameChecksum)
            || self.checksum(bytes, offset) == read_u32(bytes, HEAD_CHECKSUM_AT);
        is_sealed.then_some(head)
    }

    fn checksum(&self, frame: &[u8], offset: u64) -> u32 {
        let mut hasher = self.seed.clone();
        hasher.update(&offset.to_le_bytes());
        hasher.update(&frame[..HEAD_CHECKSUM_AT]);
        hasher.update(&frame[SEQUENCE_AT..FRAME_HEAD_BYTES]);
        hasher.finalize()
    }
}

fn seed(head: &LogHead) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.update(&head.file_id.0);
    hasher.update(&head.salt.to_le_bytes());
    hasher
}

fn record_checksum(mut hasher: Hasher, record: &[u8]) -> u32 {
    hasher.update(&record[..RECORD_CHECKSUM_AT]);
    hasher.update(&record[RECORD_CHECKSUM_AT + 4..]);
    hasher.finalize()
}

fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    bytes[at..at + field.len()].copy_from_slice(field);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> LogHead {
        LogHead {
            file_id: FileId([3; 16]),
            generation: 4,
            salt: 5,
            start: Sequence(6),
            epoch: 7,
            durable_bytes: 8,
        }
    }

    fn known() -> Known {
        Known {
            synced: Sequence(8),
            durable_bytes: 8193,
        }
    }

    fn frame(payload: &[u8], offset: u64) -> Vec<u8> {
        let mut frame = vec![0; FRAME_HEAD_BYTES];
        frame.extend_from_slice(payload);
        FrameSeal::new(&head()).seal(&mut frame, offset, Sequence(9), known());
        frame
    }

    #[test]
    fn head_reads_back_and_no_flipped_bit_passes() {
        let good = head().encode();
        assert_eq!(LogHead::decode(&good), LogHeadState::Good(head()));
        for bit in 0..LOG_HEAD_BYTES * 8 {
            let mut bytes = good;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(LogHead::decode(&bytes), LogHeadState::Damaged, "bit {bit}");
        }
        assert_eq!(LogHead::decode(&[0; LOG_HEAD_BYTES]), LogHeadState::Blank);
    }

    #[test]
    fn impossible_numbers_are_damage() {
        let impossible = [
            LogHead {
                generation: u64::MAX,
                ..head()
            },
            LogHead {
                start: Sequence(u64::MAX),
                ..head()
            },
            LogHead {
                start: Sequence(0),
                ..head()
            },
            LogHead {
                epoch: u64::MAX,
                ..head()
            },
        ];
        for head in impossible {
            assert_eq!(LogHead::decode(&head.encode()), LogHeadState::Damaged, "{head:?}");
        }
    }

    #[test]
    fn later_format_is_told_from_damage() {
        let mut bytes = head().encode();
        bytes[FORMAT_AT] = 2;
        let sum = record_checksum(Hasher::new(), &bytes);
        put(&mut bytes, RECORD_CHECKSUM_AT, &sum.to_le_bytes());
        assert_eq!(LogHead::decode(&bytes), LogHeadState::Unsupported(2));
    }

    #[test]
    fn attest_counts_only_in_its_own_generation_and_whole() {
        let attest = Attest {
            has_successor: true,
            epoch: 8,
            synced: Sequence(11),
        };
        let good = attest.encode(&head());
        assert_eq!(Attest::decode(&good, &head()), Some(attest));
        assert_eq!(Attest::decode(&good, &LogHead { salt: 6, ..head() }), None);
        assert_eq!(
            Attest::decode(
                &good,
                &LogHead {
                    generation: 5,
                    ..head()
                }
            ),
            None
        );
        assert_eq!(Attest::decode(&[0; ATTEST_BYTES], &head()), None);
        for bit in 0..ATTEST_BYTES * 8 {
            let mut bytes = good;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Attest::decode(&bytes, &head()), None, "bit {bit}");
        }
    }

    #[test]
    fn frame_counts_only_in_its_own_file_generation_and_place() {
        let bytes = frame(b"payload", 4096);
        let read = |head: &LogHead, offset| FrameSeal::new(head).read(&bytes, offset);
        let found = read(&head(), 4096).unwrap();
        assert_eq!(
            (found.payload_bytes, found.sequence, found.known),
            (
                7,
                Sequence(9),
                Known {
                    synced: Sequence(8),
                    durable_bytes: 8192
                }
            )
        );
        assert!(found.fits(b"payload"));
        assert_eq!(read(&head(), 4112), None);
        assert_eq!(read(&LogHead { salt: 6, ..head() }, 4096), None);
        assert_eq!(
            read(
                &LogHead {
                    file_id: FileId([4; 16]),
                    ..head()
                },
                4096
            ),
            None
        );
    }

    #[test]
    fn no_flipped_bit_of_a_frame_passes() {
        let good = frame(b"some payload", 4096);
        let seal = FrameSeal::new(&head());
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let read = seal.read(&bytes, 4096);
            assert!(
                !read.is_some_and(|head| head.fits(&bytes[FRAME_HEAD_BYTES..])),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn zeros_are_no_frame() {
        assert_eq!(FrameSeal::new(&head()).read(&[0; FRAME_HEAD_BYTES], 4096), None);
    }
}
