//! Writing MessagePack in stored form: the heads of values, each in its shortest form.
//!
//! Promises: an integer from 64 to 127 takes two bytes, because one would begin a record.
//! Leaves to others: reading (value.rs), which maps become records (intake.rs).

use std::ops::Deref;

use crate::format::skip::{RECORD_FIRST, RECORD_LONG_FIRST, RECORD_SHORT_COUNT};

/// Up to nine bytes on the stack: the head of a value, or a whole number.
#[derive(Clone, Copy, Debug)]
pub struct Short {
    bytes: [u8; 9],
    count: u8,
}

impl Deref for Short {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.count)).unwrap_or_default()
    }
}

impl Short {
    /// `first`, then `rest`, which is at most eight bytes.
    #[inline]
    fn new(first: u8, rest: &[u8]) -> Short {
        let mut bytes = [first, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes
            .iter_mut()
            .skip(1)
            .zip(rest)
            .for_each(|(place, byte)| *place = *byte);
        Short {
            bytes,
            count: 1 + rest.len() as u8,
        }
    }
}

/// The shortest MessagePack string head for `count` bytes.
pub fn text_head(count: usize) -> Short {
    match count {
        0..=31 => Short::new(0xa0 | count as u8, &[]),
        32..=0xff => Short::new(0xd9, &[count as u8]),
        0x100..=0xffff => Short::new(0xda, &(count as u16).to_be_bytes()),
        _ => Short::new(0xdb, &(count as u32).to_be_bytes()),
    }
}

/// The shortest MessagePack binary head for `count` bytes.
pub fn binary_head(count: usize) -> Short {
    match count {
        0..=0xff => Short::new(0xc4, &[count as u8]),
        0x100..=0xffff => Short::new(0xc5, &(count as u16).to_be_bytes()),
        _ => Short::new(0xc6, &(count as u32).to_be_bytes()),
    }
}

/// The shortest stored form of `number`: 64..=127 take two bytes, because one would begin a record.
pub fn integer(number: i64) -> Short {
    match number {
        -32..=63 => Short::new(number as u8, &[]),
        64..=0xff => Short::new(0xcc, &[number as u8]),
        0x100..=0xffff => Short::new(0xcd, &(number as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => Short::new(0xce, &(number as u32).to_be_bytes()),
        0x1_0000_0000.. => Short::new(0xcf, &number.to_be_bytes()),
        -0x80..=-33 => Short::new(0xd0, &[number as u8]),
        -0x8000..=-0x81 => Short::new(0xd1, &(number as i16).to_be_bytes()),
        -0x8000_0000..=-0x8001 => Short::new(0xd2, &(number as i32).to_be_bytes()),
        _ => Short::new(0xd3, &number.to_be_bytes()),
    }
}

/// Appends `number` in its shortest stored form.
pub fn write_integer(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&integer(number));
}

fn write_tagged(head: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(head);
    out.extend_from_slice(bytes);
}

/// Appends `number` as a float of 64 bits.
pub fn write_float(number: f64, out: &mut Vec<u8>) {
    write_tagged(0xcb, &number.to_be_bytes(), out);
}

/// Appends the shortest head of a map of `count` fields.
pub fn write_map_head(count: usize, out: &mut Vec<u8>) {
    match count {
        0..=15 => out.push(0x80 | count as u8),
        16..=0xffff => write_tagged(0xde, &(count as u16).to_be_bytes(), out),
        _ => write_tagged(0xdf, &(count as u32).to_be_bytes(), out),
    }
}

/// Appends the shortest head of an array of `count` elements.
pub fn write_array_head(count: usize, out: &mut Vec<u8>) {
    match count {
        0..=15 => out.push(0x90 | count as u8),
        16..=0xffff => write_tagged(0xdc, &(count as u16).to_be_bytes(), out),
        _ => write_tagged(0xdd, &(count as u32).to_be_bytes(), out),
    }
}

/// Appends `text` as a string.
pub fn write_text(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&text_head(text.len()));
    out.extend_from_slice(text);
}

/// Appends the head of a record of structure `number`, which is below `limits::STRUCTURES_MAX`.
pub fn write_record_head(number: u16, out: &mut Vec<u8>) {
    let number = usize::from(number);
    if number < RECORD_SHORT_COUNT {
        out.push(RECORD_FIRST + number as u8);
    } else {
        let beyond = number - RECORD_SHORT_COUNT;
        out.push(RECORD_LONG_FIRST + (beyond & 0x1f) as u8);
        out.push((beyond >> 5) as u8);
    }
}
