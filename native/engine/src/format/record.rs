//! Structures: the key lists that records of a collection share, and the registry that grows them.
//!
//! A record is a structure's number and the values of its keys in order. Structures belong to a collection,
//! are numbered from 0 and are only ever appended. Promises: a number once given keeps its key list for good;
//! a reader's snapshot never changes; a shape becomes a structure when it is seen again, so that keys which
//! are data do not fill the table. Which shapes are remembered depends on the documents alone, not on time or
//! chance, so runs can be repeated.
//! Leaves to others: writing new structures to the log and the catalog before documents that use them
//! (collection), choosing records for documents (intake.rs). Bytes: docs/FORMAT.md, "Catalog".

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use hashbrown::{HashMap, HashTable};
use parking_lot::{Mutex, RwLock};

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::write_text;
use crate::limits::{STRUCTURE_KEY_BYTES_MAX, STRUCTURE_KEYS_MAX, STRUCTURES_MAX};

/// Shapes seen but not yet structures that are remembered; when the table is full it starts anew.
const CANDIDATES_MAX: usize = 4096;
/// Structures up to which a shape needs to be seen only [`SIGHTINGS_WHILE_FEW`] times.
const STRUCTURES_FEW: usize = 256;
/// Sightings that make a structure while there are few.
const SIGHTINGS_WHILE_FEW: u32 = 2;
/// Sightings that make a structure when there are many: the rest of the table is kept for shapes that matter.
const SIGHTINGS_WHEN_MANY: u32 = 32;
/// Guesses kept of the structure of the next document.
const HINTS_COUNT: usize = 64;
/// Hint value that names no structure.
pub(crate) const NO_STRUCTURE: u16 = u16::MAX;

/// One key of a structure: its text and, before it, the MessagePack head of that text.
#[derive(Debug)]
struct Key {
    encoded: Box<[u8]>,
    text_at: usize,
    /// Structure that the last document had as this field's value; a guess for intake.rs.
    child_hint: AtomicU16,
}

/// The key list of one shape.
#[derive(Debug)]
pub struct Structure {
    keys: Vec<Key>,
    hash: u64,
}

impl Structure {
    /// A structure of `keys`, in their order.
    ///
    /// Errors: INVALID_ARGUMENT when there are none, too many, too long or equal ones.
    pub fn new<K: AsRef<str>>(keys: &[K]) -> Result<Structure> {
        let texts: Vec<&[u8]> = keys.iter().map(|key| key.as_ref().as_bytes()).collect();
        let mut sorted = texts.clone();
        sorted.sort_unstable();
        if !is_shape(&texts) || sorted.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{} keys are no record structure: none, too many, too long or twice the same",
                    keys.len()
                ),
            ));
        }
        Ok(Structure::from_shape(&texts))
    }

    /// A structure of a shape that `is_shape` accepts and whose keys are distinct UTF-8.
    fn from_shape(texts: &[&[u8]]) -> Structure {
        let keys = texts.iter().map(|text| {
            let mut encoded = Vec::with_capacity(text.len() + 3);
            write_text(text, &mut encoded);
            let text_at = encoded.len() - text.len();
            Key {
                encoded: encoded.into(),
                text_at,
                child_hint: AtomicU16::new(NO_STRUCTURE),
            }
        });
        Structure {
            keys: keys.collect(),
            hash: shape_hash(texts),
        }
    }

    /// How many keys.
    #[inline(always)]
    pub fn keys_count(&self) -> usize {
        self.keys.len()
    }

    /// The key at `index`.
    #[inline]
    pub fn key(&self, index: usize) -> Option<&str> {
        let key = self.keys.get(index)?;
        std::str::from_utf8(key.encoded.get(key.text_at..)?).ok()
    }

    /// The UTF-8 bytes of the key at `index`.
    #[inline]
    pub fn key_bytes(&self, index: usize) -> Option<&[u8]> {
        let key = self.keys.get(index)?;
        key.encoded.get(key.text_at..)
    }

    /// The key at `index` as a MessagePack string with the shortest head.
    #[inline]
    pub fn key_encoded(&self, index: usize) -> Option<&[u8]> {
        self.keys.get(index).map(|key| &*key.encoded)
    }

    /// The place of `name` among the keys.
    pub fn position(&self, name: &[u8]) -> Option<usize> {
        (0..self.keys.len()).find(|index| self.key_bytes(*index) == Some(name))
    }

    pub(crate) fn child_hint(&self, index: usize) -> u16 {
        self.keys
            .get(index)
            .map_or(NO_STRUCTURE, |key| key.child_hint.load(Ordering::Relaxed))
    }

    pub(crate) fn set_child_hint(&self, index: usize, number: u16) {
        if let Some(key) = self.keys.get(index) {
            key.child_hint.store(number, Ordering::Relaxed);
        }
    }

    fn has_shape(&self, texts: &[&[u8]]) -> bool {
        self.keys.len() == texts.len()
            && texts
                .iter()
                .enumerate()
                .all(|(index, text)| self.key_bytes(index) == Some(*text))
    }

    /// Appends the structure for the log or the catalog.
    ///
    /// Shape: u8 count of keys - 1, then for each key u16 bytes and its UTF-8. Little-endian.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push((self.keys.len() - 1) as u8);
        for index in 0..self.keys.len() {
            let text = self.key_bytes(index).unwrap_or_default();
            out.extend_from_slice(&(text.len() as u16).to_le_bytes());
            out.extend_from_slice(text);
        }
    }

    /// Reads one structure from the front of `bytes`; returns it and the bytes behind it.
    ///
    /// Errors: CORRUPTED when the bytes are no structure.
    pub fn decode(bytes: &[u8]) -> Result<(Structure, &[u8])> {
        let damaged = || Error::new(ErrorKind::Corrupted, "a stored record structure is damaged");
        let (count, mut rest) = bytes.split_first().ok_or_else(damaged)?;
        let mut keys = Vec::with_capacity(usize::from(*count) + 1);
        for _ in 0..=*count {
            let (length, behind) = rest.split_first_chunk::<2>().ok_or_else(damaged)?;
            let length = usize::from(u16::from_le_bytes(*length));
            let (text, behind) = behind.split_at_checked(length).ok_or_else(damaged)?;
            keys.push(std::str::from_utf8(text).map_err(|_| damaged())?);
            rest = behind;
        }
        let structure = Structure::new(&keys).map_err(|_| damaged())?;
        Ok((structure, rest))
    }
}

/// True when maps with these keys may be records: not empty, and within the limits of a structure.
fn is_shape(texts: &[&[u8]]) -> bool {
    !texts.is_empty()
        && texts.len() <= STRUCTURE_KEYS_MAX
        && texts.iter().map(|text| text.len()).sum::<usize>() <= STRUCTURE_KEY_BYTES_MAX
}

fn mix(hash: u64, word: u64) -> u64 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(hash ^ word) * u128::from(MULTIPLIER);
    (product as u64) ^ (product >> 64) as u64 ^ MULTIPLIER
}

/// Hash of a key list. Not keyed: chosen collisions cost comparisons of at most STRUCTURES_MAX key lists.
fn shape_hash(texts: &[&[u8]]) -> u64 {
    let mut hash = texts.len() as u64;
    for text in texts {
        hash = mix(hash, text.len() as u64);
        for chunk in text.chunks(8) {
            let mut word = [0; 8];
            if let Some(part) = word.get_mut(..chunk.len()) {
                part.copy_from_slice(chunk);
            }
            hash = mix(hash, u64::from_le_bytes(word));
        }
    }
    hash
}

/// The structures of a collection as they are at one moment.
#[derive(Clone, Debug, Default)]
pub struct Structures {
    list: Vec<Arc<Structure>>,
    /// Key counts apart from the lists: skipping a record touches nothing else.
    keys_counts: Vec<u8>,
    by_shape: HashTable<u16>,
}

/// Structures of what has no records: plain MessagePack, filters, updates.
pub static NO_STRUCTURES: Structures = Structures::none();

impl Structures {
    /// No structure at all.
    pub const fn none() -> Structures {
        Structures {
            list: Vec::new(),
            keys_counts: Vec::new(),
            by_shape: HashTable::new(),
        }
    }

    /// How many there are; numbers run from 0 to one less.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The structure `number`.
    #[inline]
    pub fn get(&self, number: usize) -> Option<&Structure> {
        self.list.get(number).map(|structure| &**structure)
    }

    /// How many keys structure `number` has.
    #[inline(always)]
    pub fn keys_count(&self, number: usize) -> Option<usize> {
        self.keys_counts.get(number).map(|count| usize::from(*count))
    }

    /// The number of the structure with exactly these keys in this order.
    pub fn find(&self, keys: &[&[u8]]) -> Option<u16> {
        if self.list.is_empty() || keys.len() > STRUCTURE_KEYS_MAX {
            return None;
        }
        self.find_hashed(shape_hash(keys), keys)
    }

    fn find_hashed(&self, hash: u64, keys: &[&[u8]]) -> Option<u16> {
        let is_it = |number: &u16| {
            self.get(usize::from(*number))
                .is_some_and(|it| it.has_shape(keys))
        };
        self.by_shape.find(hash, is_it).copied()
    }

    /// Appends `structure`; returns its number. The caller has checked that the table is not full.
    fn push(&mut self, structure: Structure) -> u16 {
        let number = self.list.len() as u16;
        let list = &mut self.list;
        let hash = structure.hash;
        self.keys_counts.push(structure.keys_count() as u8);
        list.push(Arc::new(structure));
        let hash_of = |number: &u16| {
            list.get(usize::from(*number))
                .map_or(0, |structure| structure.hash)
        };
        self.by_shape.insert_unique(hash, number, hash_of);
        number
    }
}

/// The structures of one collection, shared by all that read and write it.
///
/// Readers take a snapshot; a document is readable with any snapshot taken after it was written.
#[derive(Debug)]
pub struct StructureRegistry {
    current: RwLock<Arc<Structures>>,
    /// Sightings of shapes that are not structures yet. Held while `current` is replaced.
    candidates: Mutex<HashMap<u64, u32>>,
    /// Structures of the last documents that came in, by what a document's front looks like; guesses for
    /// intake.rs.
    hints: [AtomicU16; HINTS_COUNT],
}

impl Default for StructureRegistry {
    fn default() -> StructureRegistry {
        StructureRegistry::new()
    }
}

impl StructureRegistry {
    /// A registry without structures.
    pub fn new() -> StructureRegistry {
        StructureRegistry {
            current: RwLock::new(Arc::new(Structures::none())),
            candidates: Mutex::new(HashMap::new()),
            hints: [const { AtomicU16::new(NO_STRUCTURE) }; HINTS_COUNT],
        }
    }

    /// The structures as they are now.
    pub fn snapshot(&self) -> Arc<Structures> {
        Arc::clone(&self.current.read())
    }

    /// Calls `read` with the structures as they are now; making a new one waits for it. For one document.
    #[inline]
    pub fn read<R>(&self, read: impl FnOnce(&Structures) -> R) -> R {
        read(&self.current.read())
    }

    /// How many structures there are now.
    pub fn count(&self) -> usize {
        self.current.read().count()
    }

    /// Puts back structure `number`, read from the catalog or the log. One that is there already must be the
    /// same: a log may repeat what a checkpoint has written.
    ///
    /// Errors: CORRUPTED when the number leaves a gap, is beyond the limit, or has other keys.
    pub fn restore(&self, number: usize, structure: Structure) -> Result<()> {
        let _growth = self.candidates.lock();
        let current = self.snapshot();
        if let Some(present) = current.get(number) {
            let same = (0..present.keys_count().max(structure.keys_count()))
                .all(|index| present.key_bytes(index) == structure.key_bytes(index));
            return if same {
                Ok(())
            } else {
                Err(restore_error(number, "has two key lists"))
            };
        }
        if number != current.count() || number >= STRUCTURES_MAX {
            return Err(restore_error(number, "does not follow the ones before it"));
        }
        let mut next = Structures::clone(&current);
        next.push(structure);
        *self.current.write() = Arc::new(next);
        Ok(())
    }

    /// The structure for a map with these keys, if it has one now. Notes the sighting, and makes the
    /// structure when the shape has been seen often enough. The keys are distinct UTF-8.
    pub fn number_for(&self, keys: &[&[u8]]) -> Option<u16> {
        if !is_shape(keys) {
            return None;
        }
        let hash = shape_hash(keys);
        let mut candidates = self.candidates.lock();
        let current = self.snapshot();
        if let Some(number) = current.find_hashed(hash, keys) {
            return Some(number);
        }
        if current.count() >= STRUCTURES_MAX {
            return None;
        }
        if candidates.len() >= CANDIDATES_MAX && !candidates.contains_key(&hash) {
            candidates.clear();
        }
        let sightings = candidates.entry(hash).or_insert(0);
        *sightings += 1;
        let needed = if current.count() < STRUCTURES_FEW {
            SIGHTINGS_WHILE_FEW
        } else {
            SIGHTINGS_WHEN_MANY
        };
        if *sightings < needed {
            return None;
        }
        candidates.remove(&hash);
        let mut next = Structures::clone(&current);
        let number = next.push(Structure::from_shape(keys));
        *self.current.write() = Arc::new(next);
        Some(number)
    }

    /// The structure of the last document with this front, or `NO_STRUCTURE`.
    pub(crate) fn hint(&self, front: u64) -> u16 {
        self.hints
            .get(hint_place(front))
            .map_or(NO_STRUCTURE, |hint| hint.load(Ordering::Relaxed))
    }

    pub(crate) fn set_hint(&self, front: u64, number: u16) {
        if let Some(hint) = self.hints.get(hint_place(front)) {
            hint.store(number, Ordering::Relaxed);
        }
    }
}

fn hint_place(front: u64) -> usize {
    (mix(0, front) >> 32) as usize % HINTS_COUNT
}

fn restore_error(number: usize, what: &str) -> Error {
    Error::new(ErrorKind::Corrupted, format!("record structure {number} {what}"))
}

#[cfg(test)]
mod tests;
