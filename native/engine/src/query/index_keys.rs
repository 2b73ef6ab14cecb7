//! From a stored document to its entries in an ordered index.
//!
//! An entry is the keys (format/key.rs) of the index's fields, one behind the other, and the document's canonical
//! id. A field that leads through an array has an entry for each element: the elements of the array that its path
//! ends at, not that array itself, and one special key where there are none; of an array on the way, what the rest
//! of the path leads to in each element, and null in an element without it. Fields of one index that lead through
//! the same array go through it together, element by element, as MongoDB's do; through two arrays they are refused.
//! A position such as the 0 of `a.0` is that element alone, an array as a whole.
//!
//! Promises: every value that path.rs shows for a path is the value of the field in some entry, but for a whole
//! array whose elements are shown, and for "missing" on a path with a position (`IndexPaths::has_position`). Where
//! no array was met there is one entry, exact. Entries of a document differ.
//! Leaves to others: the partial filter, and what is done with entries (collection).

mod entries;

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind, Result};
use crate::format::fields::Checked;
use crate::format::index_definition::{IndexDefinition, IndexKey};
use crate::format::key::{complement, encode, encode_empty_array};
use crate::format::key_decode::decode_whole;
use crate::format::key_length::key_length;
use crate::format::owned::Owned;
use crate::format::record::Structures;
use crate::format::value::{Cursor, Elements, Malformed, Parse, Value};
use crate::limits::INDEX_ENTRIES_OF_DOCUMENT_MAX;
use crate::query::path::{self, Segment};

pub use entries::Entries;

/// What is known of the fields of an index: a bit for each, the first one the lowest, set where a document has
/// an array there.
pub type ArrayFields = u32;

/// The fields of an index, ready to be found in documents.
#[derive(Debug)]
pub struct IndexPaths {
    fields: Vec<Field>,
    is_sparse: bool,
}

#[derive(Debug)]
struct Field {
    path: Vec<Segment>,
    is_descending: bool,
}

/// Where the search for one field stands.
#[derive(Clone, Copy)]
enum Spot<'a, 'p> {
    /// The document has none.
    Missing,
    /// An array without elements, at the end of the path.
    Empty,
    /// The value.
    Found(Value<'a>),
    /// An array, and what is left of the path.
    Array(Elements<'a>, &'p [Segment]),
}

type Found<T> = std::result::Result<T, Refusal>;
type Spots<'a, 'p> = SmallVec<[Spot<'a, 'p>; 4]>;

/// Why a document has no entries.
enum Refusal {
    Malformed(Malformed),
    /// Two fields lead through different arrays.
    Parallel(usize, usize),
    /// An array has the position, and an element with a field of that name.
    Ambiguous(usize),
    TooMany,
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Refusal {
        Refusal::Malformed(malformed)
    }
}

impl IndexPaths {
    /// The fields of `definition`.
    pub fn new(definition: &IndexDefinition) -> Result<IndexPaths> {
        let parse = |key: &IndexKey| {
            let path = path::parse(key.path.as_bytes());
            path.map(|path| Field {
                path,
                is_descending: key.is_descending,
            })
        };
        let fields: Option<Vec<Field>> = definition.keys.iter().map(parse).collect();
        let fields = fields.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidIndex,
                "a path of an index has more names than documents can nest",
            )
        })?;
        Ok(IndexPaths {
            fields,
            is_sparse: definition.is_sparse,
        })
    }

    /// How many fields there are.
    pub fn count(&self) -> usize {
        self.fields.len()
    }

    /// Whether the path of field number `field` has a position, such as `a.0`: then the index does not tell which
    /// documents lack it.
    pub fn has_position(&self, field: usize) -> bool {
        let path = self.fields.get(field).map_or(&[][..], |field| &field.path);
        path.iter().any(|segment| segment.position.is_some())
    }

    /// Appends the entries of the stored `document`, whose canonical id is `id`, in order; returns the fields that
    /// led through arrays.
    ///
    /// Errors: INVALID_DOCUMENT when two fields lead through different arrays, or a position is a field's name as
    /// well; LIMIT_EXCEEDED for too many elements; CORRUPTED. `out` then holds a part.
    pub fn entries_of(
        &self,
        document: &[u8],
        id: &[u8],
        structures: &Structures,
        out: &mut Entries,
    ) -> Result<ArrayFields> {
        let first = out.count();
        let mut finder = Finder {
            fields: &self.fields,
            is_sparse: self.is_sparse,
            id,
            arrays: 0,
            first,
            out,
        };
        let found = finder.document(Cursor::new(document, structures));
        let arrays = finder.arrays;
        found.map_err(|refusal| self.describe(&refusal))?;
        if out.count() > first + 1 {
            out.sort_from(first);
        }
        Ok(arrays)
    }

    /// Where in `entry` the id begins.
    ///
    /// Errors: a text when it does not begin with as many keys as there are fields.
    pub fn id_start(&self, entry: &[u8]) -> Checked<usize> {
        let mut at = 0;
        for field in &self.fields {
            let rest = entry.get(at..).unwrap_or_default();
            at += key_length(rest, field.is_descending)?;
        }
        Ok(at)
    }

    /// The value of field number `field` in `entry`, where its key keeps all of it; see `decode_whole`.
    ///
    /// Errors: a text when there is no such key.
    pub fn value_of(&self, entry: &[u8], field: usize) -> Checked<Option<Owned>> {
        let mut rest = entry;
        for (number, Field { is_descending, .. }) in self.fields.iter().enumerate() {
            if number == field && !is_descending {
                return decode_whole(rest);
            }
            let length = key_length(rest, *is_descending)?;
            if number == field {
                let mut key = rest.get(..length).unwrap_or_default().to_vec();
                complement(&mut key);
                return decode_whole(&key);
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(None)
    }

    fn describe(&self, refusal: &Refusal) -> Error {
        let shown = |field: usize| {
            let names = self.fields.get(field).map(|field| {
                let names = field
                    .path
                    .iter()
                    .map(|segment| String::from_utf8_lossy(&segment.name));
                names.collect::<Vec<_>>().join(".")
            });
            names.unwrap_or_default()
        };
        match refusal {
            Refusal::Malformed(malformed) => (*malformed).into(),
            Refusal::Parallel(one, other) => Error::new(
                ErrorKind::InvalidDocument,
                format!(
                    "cannot index parallel arrays: the document has arrays at {:?} and at {:?}, which are fields of one index",
                    shown(*one),
                    shown(*other)
                ),
            ),
            Refusal::Ambiguous(field) => Error::new(
                ErrorKind::InvalidDocument,
                format!(
                    "cannot index {:?}: the document has an array there that is as long, and in it a field of that name",
                    shown(*field)
                ),
            ),
            Refusal::TooMany => Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "the document has more than {INDEX_ENTRIES_OF_DOCUMENT_MAX} elements in an array that is indexed"
                ),
            ),
        }
    }
}

/// Finds the entries of one document.
struct Finder<'p, 'o> {
    fields: &'p [Field],
    is_sparse: bool,
    id: &'o [u8],
    arrays: ArrayFields,
    /// Entries of other documents.
    first: usize,
    out: &'o mut Entries,
}

impl<'p> Finder<'p, '_> {
    fn document(&mut self, document: Cursor<'_>) -> Found<()> {
        let value = document.value()?;
        let mut spots = Spots::new();
        for (number, field) in self.fields.iter().enumerate() {
            spots.push(advance(value, &field.path, number)?);
        }
        self.expand(&spots)
    }

    /// Writes the entries of fields that stand at `spots`.
    fn expand(&mut self, spots: &Spots<'_, 'p>) -> Found<()> {
        let arrays = spots.iter().enumerate().filter_map(|(number, spot)| match spot {
            Spot::Array(elements, _) => Some((number, *elements)),
            _ => None,
        });
        let mut shared: Option<(usize, Elements<'_>)> = None;
        for (number, elements) in arrays {
            self.arrays |= 1 << number;
            let place = elements.cursor().position();
            match &shared {
                Some((first, other)) if other.cursor().position() != place => {
                    return Err(Refusal::Parallel(*first, number));
                }
                Some(_) => {}
                None => shared = Some((number, elements)),
            }
        }
        let Some((_, mut elements)) = shared else {
            return self.write(spots);
        };
        if elements.remaining() == 0 {
            return self.expand(&spots.iter().map(emptied).collect());
        }
        while let Some(element) = elements.take_next()? {
            let element = element.value()?;
            let mut inner = Spots::with_capacity(spots.len());
            for (number, spot) in spots.iter().enumerate() {
                inner.push(match spot {
                    Spot::Array(_, []) => Spot::Found(element),
                    Spot::Array(_, rest) if matches!(element, Value::Map(_)) => {
                        advance(element, rest, number)?
                    }
                    Spot::Array(..) => Spot::Missing,
                    other => *other,
                });
            }
            self.expand(&inner)?;
        }
        Ok(())
    }

    fn write(&mut self, spots: &Spots<'_, '_>) -> Found<()> {
        if self.is_sparse && spots.iter().all(|spot| matches!(spot, Spot::Missing)) {
            return Ok(());
        }
        if self.out.count() - self.first >= INDEX_ENTRIES_OF_DOCUMENT_MAX {
            return Err(Refusal::TooMany);
        }
        let start = self.out.bytes().len();
        for (field, spot) in self.fields.iter().zip(spots) {
            let bytes = self.out.bytes();
            let key = bytes.len();
            match spot {
                Spot::Found(value) => encode(Some(value), bytes)?,
                Spot::Empty => encode_empty_array(bytes),
                Spot::Missing | Spot::Array(..) => encode(None, bytes)?,
            }
            if field.is_descending {
                complement(bytes.get_mut(key..).unwrap_or_default());
            }
        }
        self.out.finish(start, self.id);
        Ok(())
    }
}

fn emptied<'a, 'p>(spot: &Spot<'a, 'p>) -> Spot<'a, 'p> {
    match spot {
        Spot::Array(_, []) => Spot::Empty,
        Spot::Array(..) => Spot::Missing,
        other => *other,
    }
}

/// Goes from `value` along `rest` to the end of field `number`, or to the first array that is to be opened.
fn advance<'a, 'p>(value: Value<'a>, rest: &'p [Segment], number: usize) -> Found<Spot<'a, 'p>> {
    let (mut value, mut rest) = (value, rest);
    loop {
        let Some((segment, behind)) = rest.split_first() else {
            return Ok(match value {
                Value::Array(elements) => Spot::Array(elements, rest),
                value => Spot::Found(value),
            });
        };
        let next = match value {
            Value::Map(fields) => fields.find(&segment.name)?,
            Value::Array(elements) => match segment.position {
                Some(position) if position < elements.remaining() => {
                    if has_field(elements, &segment.name)? {
                        return Err(Refusal::Ambiguous(number));
                    }
                    let element = element_at(elements, position)?;
                    match (element, behind) {
                        // The element as a whole, also when it is an array.
                        (Some(element), []) => return Ok(Spot::Found(element.value()?)),
                        (element, _) => element,
                    }
                }
                _ => return Ok(Spot::Array(elements, rest)),
            },
            _ => None,
        };
        let Some(next) = next else {
            return Ok(Spot::Missing);
        };
        (value, rest) = (next.value()?, behind);
    }
}

fn element_at(mut elements: Elements<'_>, position: usize) -> Parse<Option<Cursor<'_>>> {
    for _ in 0..position {
        elements.take_next()?;
    }
    elements.take_next()
}

/// Whether an element is a document with the field `name`.
fn has_field(mut elements: Elements<'_>, name: &[u8]) -> Parse<bool> {
    while let Some(element) = elements.take_next()? {
        if let Value::Map(fields) = element.value()?
            && fields.find(name)?.is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
