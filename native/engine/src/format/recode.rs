//! The second pass over MessagePack that comes in: writing its stored form by the survey's plan.
//!
//! Promises: linear in the input; what a decoder gets from the output is what it would get from the input,
//! but for `_id`, which comes first and in canonical form. Values are copied in the width they came in, so
//! that a 64-bit integer (a bigint in JavaScript) stays one. Leaves traces in the structures' hints, by which
//! intake.rs takes the next document of the same shape in one pass.
//! Leaves to others: every check of the input (survey.rs).

use crate::format::encode::{write_map_head, write_record_head};
use crate::format::id::IdBytes;
use crate::format::record::{NO_STRUCTURE, NO_STRUCTURES, Structure, Structures};
use crate::format::skip::{byte_at, length, skip};
use crate::format::survey::{Plan, write_id_key};
use crate::format::value::{Malformed, Parse};

/// A field of a record: where the hint on its value's structure is kept.
#[derive(Clone, Copy)]
struct Parent<'a> {
    structure: Option<&'a Structure>,
    index: usize,
}

const NO_PARENT: Parent<'static> = Parent {
    structure: None,
    index: 0,
};

struct Recode<'a> {
    input: &'a [u8],
    numbers: std::slice::Iter<'a, u16>,
    structures: &'a Structures,
    out: &'a mut Vec<u8>,
}

/// Appends the stored form of the map that `plan` was made of.
pub fn recode(input: &[u8], plan: &Plan, structures: &Structures, out: &mut Vec<u8>) -> Parse<()> {
    let mut recode = Recode {
        input,
        numbers: plan.structures.iter(),
        structures,
        out,
    };
    recode.value(0, NO_PARENT).map(|_| ())
}

/// Appends the stored form of the document that `plan` was made of, with `id` as its first field.
pub fn recode_document(
    input: &[u8],
    plan: &Plan,
    id: &IdBytes,
    structures: &Structures,
    out: &mut Vec<u8>,
) -> Parse<()> {
    let mut recode = Recode {
        input,
        numbers: plan.structures.iter(),
        structures,
        out,
    };
    let (count, mut at) = map_head(input, 0)?;
    let number = recode.next_number();
    let structure = structures.get(usize::from(number));
    if number == NO_STRUCTURE {
        write_map_head(count + usize::from(plan.id_at.is_none()), recode.out);
        write_id_key(recode.out);
    } else {
        write_record_head(number, recode.out);
    }
    recode.out.extend_from_slice(id);
    let mut index = 1;
    for _ in 0..count {
        let value_at = skip(input, at, &NO_STRUCTURES)?;
        if plan.id_at == Some(value_at) {
            at = plain_end(input, value_at)?;
            continue;
        }
        if number == NO_STRUCTURE {
            recode.copy(at, value_at)?;
        }
        at = recode.value(value_at, Parent { structure, index })?;
        index += 1;
    }
    Ok(())
}

/// Count of fields and position of the first key of the plain map at `at`.
pub fn map_head(input: &[u8], at: usize) -> Parse<(usize, usize)> {
    match byte_at(input, at)? {
        head @ 0x80..=0x8f => Ok((usize::from(head & 0x0f), at + 1)),
        0xde => Ok((length::<2>(input, at + 1)?, at + 3)),
        0xdf => Ok((length::<4>(input, at + 1)?, at + 5)),
        _ => Err(Malformed::KeyNotString),
    }
}

/// Position after the id at `at` of plain MessagePack.
fn plain_end(input: &[u8], at: usize) -> Parse<usize> {
    match byte_at(input, at)? {
        0x40..=0x7f => Ok(at + 1),
        _ => skip(input, at, &NO_STRUCTURES),
    }
}

impl Recode<'_> {
    fn next_number(&mut self) -> u16 {
        self.numbers.next().copied().unwrap_or(NO_STRUCTURE)
    }

    fn copy(&mut self, from: usize, to: usize) -> Parse<()> {
        self.out
            .extend_from_slice(self.input.get(from..to).ok_or(Malformed::Truncated)?);
        Ok(())
    }

    /// Writes the value at `at`; returns the position after it.
    fn value(&mut self, at: usize, parent: Parent<'_>) -> Parse<usize> {
        match byte_at(self.input, at)? {
            number @ 0x40..=0x7f => {
                self.out.extend_from_slice(&[0xcc, number]);
                Ok(at + 1)
            }
            0x80..=0x8f | 0xde | 0xdf => self.map(at, parent),
            head @ 0x90..=0x9f => self.array(at, at + 1, usize::from(head & 0x0f), parent),
            0xdc => self.array(at, at + 3, length::<2>(self.input, at + 1)?, parent),
            0xdd => self.array(at, at + 5, length::<4>(self.input, at + 1)?, parent),
            _ => {
                let end = skip(self.input, at, &NO_STRUCTURES)?;
                self.copy(at, end)?;
                Ok(end)
            }
        }
    }

    fn array(&mut self, at: usize, first_at: usize, count: usize, parent: Parent<'_>) -> Parse<usize> {
        self.copy(at, first_at)?;
        let mut at = first_at;
        for _ in 0..count {
            at = self.value(at, parent)?;
        }
        Ok(at)
    }

    fn map(&mut self, at: usize, parent: Parent<'_>) -> Parse<usize> {
        let (count, mut at) = map_head(self.input, at)?;
        let number = self.next_number();
        let structure = self.structures.get(usize::from(number));
        if number == NO_STRUCTURE {
            write_map_head(count, self.out);
        } else {
            write_record_head(number, self.out);
            if let Some(parent_structure) = parent.structure {
                parent_structure.set_child_hint(parent.index, number);
            }
        }
        for index in 0..count {
            let value_at = skip(self.input, at, &NO_STRUCTURES)?;
            if number == NO_STRUCTURE {
                self.copy(at, value_at)?;
            }
            at = self.value(value_at, Parent { structure, index })?;
        }
        Ok(at)
    }
}
