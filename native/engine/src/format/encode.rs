//! Writing MessagePack in stored form: the heads of values, each in its shortest form.
//!
//! Promises: an integer from 64 to 127 takes two bytes, because one would begin a record.
//! Leaves to others: reading (value.rs), which maps become records (intake.rs).

use crate::format::skip::{RECORD_FIRST, RECORD_LONG_FIRST, RECORD_SHORT_COUNT};

/// Appends the shortest MessagePack string head for `count` bytes.
pub fn write_text_head(count: usize, out: &mut Vec<u8>) {
    match count {
        0..=31 => out.push(0xa0 | count as u8),
        32..=0xff => out.extend_from_slice(&[0xd9, count as u8]),
        0x100..=0xffff => {
            out.push(0xda);
            out.extend_from_slice(&(count as u16).to_be_bytes());
        }
        _ => {
            out.push(0xdb);
            out.extend_from_slice(&(count as u32).to_be_bytes());
        }
    }
}

/// Appends the shortest MessagePack binary head for `count` bytes.
pub fn write_binary_head(count: usize, out: &mut Vec<u8>) {
    if count <= 0xff {
        out.extend_from_slice(&[0xc4, count as u8]);
    } else {
        out.push(0xc5);
        out.extend_from_slice(&(count as u16).to_be_bytes());
    }
}

/// Appends `number` in its shortest stored form: 64..=127 take two bytes, because one would begin a record.
pub fn write_integer(number: i64, out: &mut Vec<u8>) {
    match number {
        -32..=63 => out.push(number as u8),
        64..=0xff => out.extend_from_slice(&[0xcc, number as u8]),
        0x100..=0xffff => write_tagged(0xcd, &(number as u16).to_be_bytes(), out),
        0x1_0000..=0xffff_ffff => write_tagged(0xce, &(number as u32).to_be_bytes(), out),
        0x1_0000_0000.. => write_tagged(0xcf, &number.to_be_bytes(), out),
        -0x80..=-33 => out.extend_from_slice(&[0xd0, number as u8]),
        -0x8000..=-0x81 => write_tagged(0xd1, &(number as i16).to_be_bytes(), out),
        -0x8000_0000..=-0x8001 => write_tagged(0xd2, &(number as i32).to_be_bytes(), out),
        _ => write_tagged(0xd3, &number.to_be_bytes(), out),
    }
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
    write_text_head(text.len(), out);
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
