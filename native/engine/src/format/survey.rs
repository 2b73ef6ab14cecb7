//! The first pass over MessagePack that comes in: is it well-formed, and which of its maps are records?
//!
//! Promises: what passes has string keys only, none twice in one map, valid UTF-8, nesting of at most
//! `limits::DEPTH_MAX`, declared sizes within the input, and no extension that would make a decoder read past
//! it. Memory grows with bytes that are there, never with sizes that are declared. Time is linear in the
//! input.
//! Leaves to others: writing the stored form by this pass's plan (recode.rs).

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::write_text;
use crate::format::record::{NO_STRUCTURE, NO_STRUCTURES, StructureRegistry, Structures};
use crate::format::value::{Cursor, Value};
use crate::limits::DEPTH_MAX;

/// The key that names a document.
pub const ID_KEY: &[u8] = b"_id";
/// Keys of a map up to which every pair is compared to find an equal one.
const PAIRWISE_KEYS_MAX: usize = 12;

/// What is surveyed: decides the error kind, and whether the outermost map is stored with `_id` first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A document.
    Document,
    /// A filter.
    Filter,
    /// An update.
    Update,
    /// A projection.
    Projection,
    /// A sort order.
    Sort,
    /// Any other argument of a command.
    Argument,
    /// An aggregation pipeline, within a map.
    Pipeline,
    /// The definition of an index.
    Index,
}

impl Subject {
    /// An error about byte `at` of the input.
    #[cold]
    pub fn refuse(self, at: usize, reason: impl std::fmt::Display) -> Error {
        let (kind, name) = self.words();
        Error::new(kind, format!("byte {at} of the {name}: {reason}"))
    }

    /// An error about `input`, which is no map.
    #[cold]
    fn refuse_other(self, input: &[u8]) -> Error {
        let (kind, name) = self.words();
        let given = match input {
            [] => return Error::new(kind, format!("the {name} must be an object, and has no bytes")),
            // In stored form records begin with these.
            [0x40..=0x7f, ..] => Value::Int(0).type_name(),
            _ => match Cursor::new(input, &NO_STRUCTURES).value() {
                Ok(value) => value.type_name(),
                Err(malformed) => return self.refuse(0, malformed.reason()),
            },
        };
        let message = format!("the {name} must be an object, and a value of type {given} was given");
        Error::new(kind, message)
    }

    /// The kind of errors, and how messages call the input.
    fn words(self) -> (ErrorKind, &'static str) {
        match self {
            Subject::Document => (ErrorKind::InvalidDocument, "document"),
            Subject::Filter => (ErrorKind::InvalidFilter, "filter"),
            Subject::Update => (ErrorKind::InvalidUpdate, "update"),
            Subject::Projection => (ErrorKind::InvalidProjection, "projection"),
            Subject::Sort => (ErrorKind::InvalidSort, "sort order"),
            Subject::Argument => (ErrorKind::InvalidArgument, "argument"),
            Subject::Pipeline => (ErrorKind::InvalidPipeline, "pipeline"),
            Subject::Index => (ErrorKind::InvalidIndex, "index definition"),
        }
    }
}

/// The structures that maps are looked up in.
#[derive(Clone, Copy)]
pub struct Shapes<'a> {
    /// A snapshot, tried first.
    pub structures: &'a Structures,
    /// Notes shapes that the snapshot does not have; none leaves them maps.
    pub registry: Option<&'a StructureRegistry>,
}

impl Shapes<'_> {
    /// The structure of maps with these distinct keys.
    pub fn number_for(&self, keys: &[&[u8]]) -> Option<u16> {
        let known = self.structures.find(keys);
        known.or_else(|| self.registry.and_then(|registry| registry.number_for(keys)))
    }
}

/// What the survey found in one outermost map.
pub struct Plan {
    /// For every map in the order of their heads: its structure's number or `NO_STRUCTURE`.
    pub structures: Vec<u16>,
    /// Where the value of the outermost `_id` begins.
    pub id_at: Option<usize>,
    /// Where the map ends.
    pub end: usize,
}

/// Surveys the map at the front of `input`.
///
/// Errors: INVALID_DOCUMENT, INVALID_FILTER, INVALID_UPDATE or INVALID_ARGUMENT by `subject`, for everything that
/// this file refuses.
pub fn survey(input: &[u8], subject: Subject, shapes: Shapes<'_>) -> Result<Plan> {
    match input.first() {
        Some(0x80..=0x8f | 0xde | 0xdf) => survey_value(input, subject, shapes),
        _ => Err(subject.refuse_other(input)),
    }
}

/// Surveys the value at the front of `input`, whatever it is. Errors: as [`survey`].
pub fn survey_value(input: &[u8], subject: Subject, shapes: Shapes<'_>) -> Result<Plan> {
    let plan = Plan {
        structures: Vec::new(),
        id_at: None,
        end: 0,
    };
    let mut survey = Survey {
        input,
        subject,
        shapes,
        keys: Vec::new(),
        plan,
    };
    let end = survey.value(0, 1)?;
    Ok(Plan { end, ..survey.plan })
}

struct Survey<'a> {
    input: &'a [u8],
    subject: Subject,
    shapes: Shapes<'a>,
    /// Keys of the maps that are open, the innermost map's last.
    keys: Vec<&'a [u8]>,
    plan: Plan,
}

impl<'a> Survey<'a> {
    /// Checks the value at `at`; returns the position after it. A map or array here would be nested `depth`
    /// deep.
    fn value(&mut self, at: usize, depth: usize) -> Result<usize> {
        let head = self.byte(at)?;
        match head {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => Ok(at + 1),
            0x80..=0x8f => self.map(at, 1, usize::from(head & 0x0f), depth),
            0x90..=0x9f => self.array(at, 1, usize::from(head & 0x0f), depth),
            0xa0..=0xbf | 0xd9..=0xdb => self.text(at).map(|(_, end)| end),
            0xc4 => self.payload(at, 2, self.length(at, 1)?),
            0xc5 => self.payload(at, 3, self.length(at, 2)?),
            0xc6 => self.payload(at, 5, self.length(at, 4)?),
            0xc7 => self.ext(at, 2, self.length(at, 1)?),
            0xc8 => self.ext(at, 3, self.length(at, 2)?),
            0xc9 => self.ext(at, 5, self.length(at, 4)?),
            0xcc | 0xd0 => self.payload(at, 1, 1),
            0xcd | 0xd1 => self.payload(at, 1, 2),
            0xca | 0xce | 0xd2 => self.payload(at, 1, 4),
            0xcb | 0xcf | 0xd3 => self.payload(at, 1, 8),
            0xd4..=0xd8 => self.ext(at, 1, 1 << (head - 0xd4)),
            0xdc => self.array(at, 3, self.length(at, 2)?, depth),
            0xdd => self.array(at, 5, self.length(at, 4)?, depth),
            0xde => self.map(at, 3, self.length(at, 2)?, depth),
            0xdf => self.map(at, 5, self.length(at, 4)?, depth),
            0xc1 => Err(self.subject.refuse(at, "0xc1 is no MessagePack")),
        }
    }

    fn byte(&self, at: usize) -> Result<u8> {
        self.input.get(at).copied().ok_or_else(|| self.truncated(at))
    }

    #[cold]
    fn truncated(&self, at: usize) -> Error {
        self.subject
            .refuse(at, "the bytes end inside the value that begins here")
    }

    /// The big-endian length field of `count` bytes behind the head at `at`.
    fn length(&self, at: usize, count: usize) -> Result<usize> {
        let bytes = self
            .input
            .get(at + 1..at + 1 + count)
            .ok_or_else(|| self.truncated(at))?;
        Ok(bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)))
    }

    /// Position behind `count` bytes that follow a head of `head_bytes`.
    fn payload(&self, at: usize, head_bytes: usize, count: usize) -> Result<usize> {
        let start = at + head_bytes;
        match start.checked_add(count) {
            Some(end) if end <= self.input.len() => Ok(end),
            _ => Err(self.truncated(at)),
        }
    }

    /// The string at `at`, and the position after it.
    fn text(&self, at: usize) -> Result<(&'a [u8], usize)> {
        let (head_bytes, count) = match self.byte(at)? {
            head @ 0xa0..=0xbf => (1, usize::from(head & 0x1f)),
            0xd9 => (2, self.length(at, 1)?),
            0xda => (3, self.length(at, 2)?),
            0xdb => (5, self.length(at, 4)?),
            _ => return Err(self.subject.refuse(at, "a key of a map is not a string")),
        };
        let end = self.payload(at, head_bytes, count)?;
        let text = self
            .input
            .get(at + head_bytes..end)
            .ok_or_else(|| self.truncated(at))?;
        if std::str::from_utf8(text).is_err() {
            return Err(self
                .subject
                .refuse(at, "a string is not valid UTF-8; store other bytes as binary"));
        }
        Ok((text, end))
    }

    fn ext(&self, at: usize, length_bytes: usize, count: usize) -> Result<usize> {
        let kind = self.byte(at + length_bytes)?;
        if is_reserved_ext(kind) {
            let reason = "is a mark of msgpackr that refers to what follows, and cannot be stored";
            return Err(self
                .subject
                .refuse(at, format!("extension kind {kind:#04x} {reason}")));
        }
        self.payload(at, length_bytes + 1, count)
    }

    fn check_container(&self, at: usize, head_bytes: usize, values: usize, depth: usize) -> Result<()> {
        if depth > DEPTH_MAX {
            return Err(self
                .subject
                .refuse(at, format!("maps and arrays nest deeper than {DEPTH_MAX}")));
        }
        // Every value takes at least one byte.
        self.payload(at, head_bytes, values).map(|_| ())
    }

    fn array(&mut self, at: usize, head_bytes: usize, count: usize, depth: usize) -> Result<usize> {
        self.check_container(at, head_bytes, count, depth)?;
        let mut at = at + head_bytes;
        for _ in 0..count {
            at = self.value(at, depth + 1)?;
        }
        Ok(at)
    }

    fn map(&mut self, at: usize, head_bytes: usize, count: usize, depth: usize) -> Result<usize> {
        self.check_container(at, head_bytes, count.saturating_mul(2), depth)?;
        let head_at = at;
        let index = self.plan.structures.len();
        self.plan.structures.push(NO_STRUCTURE);
        let base = self.keys.len();
        let mut at = at + head_bytes;
        for _ in 0..count {
            let (key, value_at) = self.text(at)?;
            self.keys.push(key);
            if depth == 1 && key == ID_KEY && self.plan.id_at.is_none() {
                self.plan.id_at = Some(value_at);
            }
            at = self.value(value_at, depth + 1)?;
        }
        let number = self.shape(base, depth).map_err(|twice| {
            let key = String::from_utf8_lossy(twice).into_owned();
            self.subject
                .refuse(head_at, format!("the key {key:?} stands twice in one map"))
        })?;
        if let (Some(number), Some(place)) = (number, self.plan.structures.get_mut(index)) {
            *place = number;
        }
        self.keys.truncate(base);
        Ok(at)
    }

    /// The structure for the map whose keys begin at `base`, in the order that they will be stored in.
    fn shape(&mut self, base: usize, depth: usize) -> std::result::Result<Option<u16>, &'a [u8]> {
        if depth == 1 && self.subject == Subject::Document {
            let keys = self.keys.get_mut(base..).unwrap_or_default();
            match keys.iter().position(|key| *key == ID_KEY) {
                Some(place) => {
                    if let Some(front) = keys.get_mut(..=place) {
                        front.rotate_right(1);
                    }
                }
                None => self.keys.insert(base, ID_KEY),
            }
        }
        let keys = self.keys.get(base..).unwrap_or_default();
        if keys.is_empty() {
            return Ok(None);
        }
        if let Some(number) = self.shapes.structures.find(keys) {
            return Ok(Some(number));
        }
        match find_twice(keys) {
            Some(twice) => Err(twice),
            None => Ok(self.shapes.number_for(keys)),
        }
    }
}

/// Extension kinds by which msgpackr marks records, shared strings, references and the values that follow:
/// stored, they would make its decoder read past the document.
pub fn is_reserved_ext(kind: u8) -> bool {
    matches!(kind, b'b' | b'e' | b'i' | b'p' | b'r' | b's' | b'x')
}

/// A key that stands twice in `keys`.
fn find_twice<'a>(keys: &[&'a [u8]]) -> Option<&'a [u8]> {
    if keys.len() <= PAIRWISE_KEYS_MAX {
        let mut later = keys;
        while let Some((key, rest)) = later.split_first() {
            if rest.contains(key) {
                return Some(key);
            }
            later = rest;
        }
        return None;
    }
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .find(|pair| pair.first() == pair.last())
        .and_then(|pair| pair.first().copied())
}

/// The key `_id` as it stands in a plain map.
pub fn write_id_key(out: &mut Vec<u8>) {
    write_text(ID_KEY, out);
}
