//! Sizes of values in stored form: moving over a value without reading it, and the heads of records.
//!
//! Promises: nothing is allocated, nothing recurses (nested values are counted, not stacked), and no position
//! beyond the end of the slice is ever returned. Speed: a value whose head byte tells its size costs one
//! table look-up; filters spend most of their time here.
//! Leaves to others: what a value means (value.rs).

use crate::format::record::{NO_STRUCTURES, Structures};
use crate::format::value::{Malformed, Parse};

/// First byte of a record; structure `i` below [`RECORD_SHORT_COUNT`] is the one byte `RECORD_FIRST + i`.
pub const RECORD_FIRST: u8 = 0x40;
/// Last byte that begins a record.
pub const RECORD_LAST: u8 = 0x7f;
/// Structures whose record head is one byte; the others take two.
pub const RECORD_SHORT_COUNT: usize = 32;
/// First byte of a two-byte record head.
pub(super) const RECORD_LONG_FIRST: u8 = 0x60;
/// Bytes of values whose head byte alone gives their size; 0 for all others.
static FIXED_BYTES: [u8; 256] = fixed_bytes();

const fn fixed_bytes() -> [u8; 256] {
    let mut sizes = [0; 256];
    let mut head = 0;
    while head < 256 {
        sizes[head] = match head {
            0x00..=0x3f | 0x80 | 0x90 | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => 1,
            0xa0..=0xbf => 1 + (head as u8 & 0x1f),
            0xcc | 0xd0 => 2,
            0xcd | 0xd1 | 0xd4 => 3,
            0xd5 => 4,
            0xca | 0xce | 0xd2 => 5,
            0xd6 => 6,
            0xcb | 0xcf | 0xd3 => 9,
            0xd7 => 10,
            0xd8 => 18,
            _ => 0,
        };
        head += 1;
    }
    sizes
}

/// `at` moved over `count` bytes.
#[inline(always)]
fn advance(bytes: &[u8], at: usize, count: usize) -> Parse<usize> {
    match at.checked_add(count) {
        Some(end) if end <= bytes.len() => Ok(end),
        _ => Err(Malformed::Truncated),
    }
}

/// The byte at `at`.
#[inline(always)]
pub(crate) fn byte_at(bytes: &[u8], at: usize) -> Parse<u8> {
    bytes.get(at).copied().ok_or(Malformed::Truncated)
}

/// The big-endian integer of `N` bytes at `at`, as MessagePack writes them.
#[inline(always)]
pub(super) fn field<const N: usize>(bytes: &[u8], at: usize) -> Parse<[u8; N]> {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<N>())
        .copied()
        .ok_or(Malformed::Truncated)
}

/// The length field of `N` bytes at `at`.
#[inline(always)]
pub(super) fn length<const N: usize>(bytes: &[u8], at: usize) -> Parse<usize> {
    let bytes = field::<N>(bytes, at)?;
    Ok(bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)))
}

/// Position after the value at `at`. Shape: `bytes` in stored form. Errors: `Malformed`.
#[inline(always)]
pub fn skip(bytes: &[u8], at: usize, structures: &Structures) -> Parse<usize> {
    let size = FIXED_BYTES[usize::from(byte_at(bytes, at)?)];
    if size != 0 {
        return advance(bytes, at, usize::from(size));
    }
    skip_sized::<false>(bytes, at, structures)
}

/// As [`skip`], for plain MessagePack: 0x40..=0x7f are whole numbers there. Errors: `Malformed`.
pub fn skip_plain(bytes: &[u8], at: usize) -> Parse<usize> {
    skip_sized::<true>(bytes, at, &NO_STRUCTURES)
}

/// `skip` for values with a length or count behind their head byte, and for all values of plain MessagePack.
fn skip_sized<const IS_PLAIN: bool>(bytes: &[u8], at: usize, structures: &Structures) -> Parse<usize> {
    let mut at = at;
    let mut pending: u64 = 1;
    while pending > 0 {
        pending -= 1;
        let head = byte_at(bytes, at)?;
        let size = FIXED_BYTES[usize::from(head)];
        if size != 0 {
            at = advance(bytes, at, usize::from(size))?;
            continue;
        }
        let (end, values) = match head {
            0xd9 | 0xc4 => (advance(bytes, at, 2 + length::<1>(bytes, at + 1)?)?, 0),
            0xda | 0xc5 => (advance(bytes, at, 3 + length::<2>(bytes, at + 1)?)?, 0),
            0xdb | 0xc6 => (advance(bytes, at, 5 + length::<4>(bytes, at + 1)?)?, 0),
            0xc7 => (advance(bytes, at, 3 + length::<1>(bytes, at + 1)?)?, 0),
            0xc8 => (advance(bytes, at, 4 + length::<2>(bytes, at + 1)?)?, 0),
            0xc9 => (advance(bytes, at, 6 + length::<4>(bytes, at + 1)?)?, 0),
            0x81..=0x8f => (at + 1, 2 * u64::from(head & 0x0f)),
            0x91..=0x9f => (at + 1, u64::from(head & 0x0f)),
            0xdc => (at + 3, length::<2>(bytes, at + 1)? as u64),
            0xdd => (at + 5, length::<4>(bytes, at + 1)? as u64),
            0xde => (at + 3, 2 * length::<2>(bytes, at + 1)? as u64),
            0xdf => (at + 5, 2 * length::<4>(bytes, at + 1)? as u64),
            RECORD_FIRST..=RECORD_LAST if IS_PLAIN => (at + 1, 0),
            RECORD_FIRST..=RECORD_LAST => {
                let (number, end) = record_head(bytes, at)?;
                (
                    end,
                    structures.keys_count(number).ok_or(Malformed::UnknownStructure)? as u64,
                )
            }
            _ => return Err(Malformed::ReservedByte),
        };
        at = end;
        pending += values;
        // Every value takes a byte, so a count beyond the rest of the slice is refused before it is walked.
        if pending > (bytes.len() - at.min(bytes.len())) as u64 {
            return Err(Malformed::Truncated);
        }
    }
    Ok(at)
}

/// Structure number of the record at `at`, and the position of its first value. The caller has seen that
/// the byte at `at` begins a record.
#[inline(always)]
pub fn record_head(bytes: &[u8], at: usize) -> Parse<(usize, usize)> {
    let head = byte_at(bytes, at)?;
    if head < RECORD_LONG_FIRST {
        return Ok((usize::from(head.wrapping_sub(RECORD_FIRST)), at + 1));
    }
    let low = usize::from((head - RECORD_LONG_FIRST) & 0x1f);
    let high = usize::from(byte_at(bytes, at + 1)?);
    Ok((RECORD_SHORT_COUNT + low + (high << 5), at + 2))
}

/// True when `head` begins a record.
#[inline(always)]
pub fn is_record_head(head: u8) -> bool {
    (RECORD_FIRST..=RECORD_LAST).contains(&head)
}
