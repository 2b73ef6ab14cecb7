//! Taking documents in: plain MessagePack from outside becomes checked stored form.
//!
//! Promises: what passes is one map of valid MessagePack as survey.rs describes, has a canonical `_id` as its
//! first field, and is at most `document_bytes_max` long in stored form; what does not pass leaves the output
//! as it was. A document of a shape that came lately is taken in one pass without an allocation; any
//! doubt there falls back to the two passes of survey.rs and recode.rs, which also word the errors.
//! Leaves to others: what a collection does with ids (collection), the log of new structures.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::write_record_head;
use crate::format::id::IdBytes;
use crate::format::recode::{map_head, recode, recode_document};
use crate::format::record::{NO_STRUCTURE, NO_STRUCTURES, Structure, StructureRegistry, Structures};
use crate::format::skip::{byte_at, is_record_head, record_head, skip};
use crate::format::survey::{ID_KEY, Plan, Shapes, Subject, is_reserved_ext, survey, survey_value};
use crate::format::value::{Cursor, Malformed, Parse, Value};
use crate::limits::{DEPTH_MAX, DOCUMENT_BYTES_MAX};

/// The start of a plain map's fields in a stored document: the string `_id`.
const ID_KEY_ENCODED: &[u8] = b"\xa3_id";

/// Takes documents of one collection in.
pub struct Intake<'r> {
    registry: &'r StructureRegistry,
    structures: Arc<Structures>,
    document_bytes_max: usize,
}

impl<'r> Intake<'r> {
    /// An intake into the collection whose structures are `registry`; `document_bytes_max` bounds the stored
    /// form.
    pub fn new(registry: &'r StructureRegistry, document_bytes_max: u32) -> Intake<'r> {
        Intake {
            registry,
            structures: registry.snapshot(),
            document_bytes_max: document_bytes_max as usize,
        }
    }

    /// Appends the stored form of the document at the front of `input` to `out`; `next_id` makes the `_id`
    /// of one that has none. Returns the id and how many bytes of `input` the document took.
    ///
    /// Errors: INVALID_DOCUMENT, INVALID_ID, DOCUMENT_TOO_LARGE, and those of `next_id`; `out` is as before
    /// then.
    pub fn first(
        &mut self,
        input: &[u8],
        next_id: &mut dyn FnMut() -> Result<IdBytes>,
        out: &mut Vec<u8>,
    ) -> Result<(IdBytes, usize)> {
        let start = out.len();
        let mut made = None;
        let taken = match self.take_predicted(input, next_id, &mut made, out) {
            Some(taken) => Ok(taken),
            None => {
                out.truncate(start);
                let mut next_id = || made.take().map_or_else(&mut *next_id, Ok);
                self.take_surveyed(input, &mut next_id, out)
            }
        };
        let stored_bytes = out.len() - start;
        let limit = self.document_bytes_max;
        match &taken {
            Ok((_, plain_bytes)) if stored_bytes <= limit && *plain_bytes <= DOCUMENT_BYTES_MAX as usize => {}
            Ok((_, plain_bytes)) => {
                out.truncate(start);
                return Err(Error::new(
                    ErrorKind::DocumentTooLarge,
                    format!(
                        "a document of {plain_bytes} bytes was given, {stored_bytes} as stored; document_bytes_max is {limit}"
                    ),
                ));
            }
            Err(_) => out.truncate(start),
        }
        taken
    }

    /// `first`, for an `input` that is exactly one document.
    ///
    /// Errors: as `first`, and INVALID_DOCUMENT when bytes follow the document.
    pub fn document(
        &mut self,
        input: &[u8],
        next_id: &mut dyn FnMut() -> Result<IdBytes>,
        out: &mut Vec<u8>,
    ) -> Result<IdBytes> {
        let start = out.len();
        let (id, taken) = self.first(input, next_id, out)?;
        if taken != input.len() {
            out.truncate(start);
            return Err(Subject::Document.refuse(taken, "more bytes follow the map"));
        }
        Ok(id)
    }

    /// Two passes: every check, then the stored form.
    fn take_surveyed(
        &mut self,
        input: &[u8],
        next_id: &mut dyn FnMut() -> Result<IdBytes>,
        out: &mut Vec<u8>,
    ) -> Result<(IdBytes, usize)> {
        let shapes = Shapes {
            structures: &self.structures,
            registry: Some(self.registry),
        };
        let plan = survey(input, Subject::Document, shapes)?;
        let id = match plan.id_at {
            Some(at) => id_of_plain(input, at)?,
            None => next_id()?,
        };
        let number = plan.structures.first().copied().unwrap_or(NO_STRUCTURE);
        let newest = plan
            .structures
            .iter()
            .filter(|number| **number != NO_STRUCTURE)
            .max();
        if newest.is_some_and(|number| usize::from(*number) >= self.structures.count()) {
            self.structures = self.registry.snapshot();
        }
        recode_document(input, &plan, &id, &self.structures, out)?;
        if number != NO_STRUCTURE {
            self.registry.set_hint(front(input), number);
        }
        Ok((id, plan.end))
    }

    /// One pass, if the document has the shape of the last one all through. None decides nothing; an id that
    /// was made on the way is left in `made` then.
    fn take_predicted(
        &self,
        input: &[u8],
        next_id: &mut dyn FnMut() -> Result<IdBytes>,
        made: &mut Option<IdBytes>,
        out: &mut Vec<u8>,
    ) -> Option<(IdBytes, usize)> {
        let number = self.registry.hint(front(input));
        let structure = self.structures.get(usize::from(number))?;
        let (count, mut at) = map_head(input, 0).ok()?;
        let keys_count = structure.keys_count();
        if structure.key_encoded(0)? != ID_KEY_ENCODED {
            return None;
        }
        let id = if starts_at(input, at, ID_KEY_ENCODED) {
            let id_at = at + ID_KEY_ENCODED.len();
            at = plain_id_end(input, id_at).ok()?;
            (count == keys_count).then_some(())?;
            id_of_plain(input, id_at).ok()?
        } else {
            (count + 1 == keys_count).then_some(())?;
            made.insert(next_id().ok()?).clone()
        };
        write_record_head(number, out);
        out.extend_from_slice(&id);
        for index in 1..keys_count {
            at = self.predicted_field(input, at, structure, index, 1, out)?;
        }
        Some((id, at))
    }

    /// Copies the field `index` of `structure` at `at` when it has the key expected there.
    #[inline]
    fn predicted_field(
        &self,
        input: &[u8],
        at: usize,
        structure: &Structure,
        index: usize,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        let key = structure.key_encoded(index)?;
        if !starts_at(input, at, key) {
            return None;
        }
        let at = at + key.len();
        match *input.get(at)? {
            head @ (0x00..=0x3f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff) => {
                out.push(head);
                Some(at + 1)
            }
            _ => self.predicted_value(input, at, structure.child_hint(index), depth + 1, out),
        }
    }

    /// Copies the value at `at`, whose maps are expected to have structure `hint`; maps and arrays here nest
    /// `depth` deep.
    fn predicted_value(
        &self,
        input: &[u8],
        at: usize,
        hint: u16,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        match *input.get(at)? {
            number @ 0x40..=0x7f => {
                out.extend_from_slice(&[0xcc, number]);
                Some(at + 1)
            }
            0x81..=0x8f | 0xde | 0xdf => self.predicted_map(input, at, hint, depth, out),
            head @ 0x90..=0x9f => {
                if depth > DEPTH_MAX {
                    return None;
                }
                out.push(head);
                let mut at = at + 1;
                for _ in 0..head & 0x0f {
                    at = self.predicted_value(input, at, hint, depth + 1, out)?;
                }
                Some(at)
            }
            // Long arrays are rare enough for two passes.
            0xdc | 0xdd => None,
            _ => {
                let end = skip(input, at, &NO_STRUCTURES).ok()?;
                let bytes = input.get(at..end)?;
                if !is_sound_scalar(bytes) {
                    return None;
                }
                out.extend_from_slice(bytes);
                Some(end)
            }
        }
    }

    fn predicted_map(
        &self,
        input: &[u8],
        at: usize,
        hint: u16,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        let structure = self.structures.get(usize::from(hint))?;
        let (count, mut at) = map_head(input, at).ok()?;
        if count != structure.keys_count() || depth > DEPTH_MAX {
            return None;
        }
        write_record_head(hint, out);
        for index in 0..count {
            at = self.predicted_field(input, at, structure, index, depth, out)?;
        }
        Some(at)
    }
}

/// Takes in `input`, which is one document; see [`Intake::document`].
pub fn intake(
    input: &[u8],
    registry: &StructureRegistry,
    document_bytes_max: u32,
    next_id: &mut dyn FnMut() -> Result<IdBytes>,
    out: &mut Vec<u8>,
) -> Result<IdBytes> {
    Intake::new(registry, document_bytes_max).document(input, next_id, out)
}

/// Takes in `input`, which is documents back to back; hands each one's id and stored form to `visit`, in
/// order. Returns how many there were.
///
/// Errors: as [`Intake::first`], naming the document's place, and those of `visit`; the visited ones stay
/// visited.
pub fn intake_many(
    input: &[u8],
    registry: &StructureRegistry,
    document_bytes_max: u32,
    next_id: &mut dyn FnMut() -> Result<IdBytes>,
    visit: &mut dyn FnMut(IdBytes, &[u8]) -> Result<()>,
) -> Result<usize> {
    let mut intake = Intake::new(registry, document_bytes_max);
    let mut stored = Vec::new();
    let mut rest = input;
    let mut documents = 0;
    while !rest.is_empty() {
        stored.clear();
        let (id, taken) = intake.first(rest, next_id, &mut stored).map_err(|error| {
            Error::new(error.kind(), format!("document {documents}: {}", error.message()))
        })?;
        visit(id, &stored)?;
        rest = rest.get(taken..).unwrap_or_default();
        documents += 1;
    }
    Ok(documents)
}

/// Appends the checked stored form of `input`, one map that is no document, without records.
///
/// Errors: INVALID_FILTER and its like by `subject`.
pub fn normalise(input: &[u8], subject: Subject, out: &mut Vec<u8>) -> Result<()> {
    write_normal(input, subject, survey(input, subject, PLAIN)?, out)
}

/// As [`normalise`], for any one value.
pub fn normalise_value(input: &[u8], subject: Subject, out: &mut Vec<u8>) -> Result<()> {
    write_normal(input, subject, survey_value(input, subject, PLAIN)?, out)
}

/// Maps stay maps.
const PLAIN: Shapes<'static> = Shapes {
    structures: &NO_STRUCTURES,
    registry: None,
};

fn write_normal(input: &[u8], subject: Subject, plan: Plan, out: &mut Vec<u8>) -> Result<()> {
    if plan.end != input.len() {
        return Err(subject.refuse(plan.end, "more bytes follow it"));
    }
    recode(input, &plan, &NO_STRUCTURES, out)?;
    Ok(())
}

/// The canonical id bytes of a stored document. Errors: CORRUPTED when it does not begin with an id.
pub fn document_id(stored: &[u8]) -> Result<&[u8]> {
    let at = id_position(stored)?;
    let cursor = Cursor::at(stored, at, &NO_STRUCTURES);
    match cursor.head()? {
        0x00..=0x3f | 0xa0..=0xbf | 0xc4 | 0xc5 | 0xcc..=0xd3 | 0xd9 | 0xda | 0xe0..=0xff => {
            Ok(cursor.raw()?)
        }
        _ => Err(Malformed::IdMissing.into()),
    }
}

/// True when the stored document's id is `id`. Damaged bytes are simply not it.
#[inline]
pub fn starts_with_id(stored: &[u8], id: &[u8]) -> bool {
    match id_position(stored) {
        Ok(at) => starts_at(stored, at, id),
        Err(_) => false,
    }
}

/// Where the id of a stored document begins.
#[inline]
fn id_position(stored: &[u8]) -> Parse<usize> {
    if is_record_head(byte_at(stored, 0)?) {
        return Ok(record_head(stored, 0)?.1);
    }
    let (count, at) = map_head(stored, 0).map_err(|_| Malformed::IdMissing)?;
    if count == 0 || !starts_at(stored, at, ID_KEY_ENCODED) {
        return Err(Malformed::IdMissing);
    }
    Ok(at + 1 + ID_KEY.len())
}

#[inline(always)]
fn starts_at(bytes: &[u8], at: usize, part: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(part))
}

/// What tells one shape of documents from another at a glance: how many fields, and the key of the first one
/// that is not the `_id`.
fn front(input: &[u8]) -> u64 {
    let Ok((count, mut at)) = map_head(input, 0) else {
        return 0;
    };
    if starts_at(input, at, ID_KEY_ENCODED) {
        at = plain_id_end(input, at + ID_KEY_ENCODED.len()).unwrap_or(at);
    }
    let key = input.get(at..).and_then(|rest| rest.first_chunk::<8>());
    key.map_or(0, |key| u64::from_le_bytes(*key))
        .wrapping_add((count as u64).rotate_right(8))
}

/// The id at `at` of plain MessagePack.
fn id_of_plain(input: &[u8], at: usize) -> Result<IdBytes> {
    let value = match byte_at(input, at)? {
        number @ 0x40..=0x7f => Value::Int(i64::from(number)),
        _ => Cursor::at(input, at, &NO_STRUCTURES).value()?,
    };
    IdBytes::from_value(&value)
}

fn plain_id_end(input: &[u8], at: usize) -> Parse<usize> {
    match byte_at(input, at)? {
        0x40..=0x7f => Ok(at + 1),
        _ => skip(input, at, &NO_STRUCTURES),
    }
}

/// True when the whole value `bytes`, no map or array, passes the survey's checks too.
#[inline]
fn is_sound_scalar(bytes: &[u8]) -> bool {
    let text_at = match bytes.first() {
        Some(0xa0..=0xbf) => 1,
        Some(0xd9) => 2,
        Some(0xda) => 3,
        Some(0xdb) => 5,
        Some(0xc7) => return bytes.get(2).is_some_and(|kind| !is_reserved_ext(*kind)),
        Some(0xc8) => return bytes.get(3).is_some_and(|kind| !is_reserved_ext(*kind)),
        Some(0xc9) => return bytes.get(5).is_some_and(|kind| !is_reserved_ext(*kind)),
        Some(0xd4..=0xd8) => return bytes.get(1).is_some_and(|kind| !is_reserved_ext(*kind)),
        _ => return true,
    };
    bytes
        .get(text_at..)
        .is_some_and(|text| std::str::from_utf8(text).is_ok())
}
#[cfg(test)]
mod tests;
