//! From a stored document to its sort key.
//!
//! A field that leads through an array takes the element that sorts first; fields that lead through the same
//! array take the same element, that whose keys together sort first, and those through different arrays take
//! theirs apart. So the key is the least that an index has for the document. A position such as the 0 of `a.0`
//! is that element alone, an array as a whole. Promises: without arrays nothing is allocated but the key; the
//! work is linear in the document for each field; recursion is bounded by the names of a path.
//! Leaves to others: the keys of values (format/key.rs).

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::format::key::{complement, encode, encode_empty_array};
use crate::format::value::{Cursor, Elements, Parse, Value};
use crate::query::compare::compare;
use crate::query::path::Segment;
use crate::query::sort::SortField;

/// Where the search for one field stands.
#[derive(Clone, Copy)]
enum Spot<'a, 'p> {
    /// The document has none.
    Missing,
    /// An array without elements, at the end of the path.
    Empty,
    Found(Value<'a>),
    /// An array, and what is left of the path.
    Array(Elements<'a>, &'p [Segment]),
}

/// A field and where its search stands.
#[derive(Clone, Copy)]
struct Place<'a, 'p> {
    field: usize,
    is_descending: bool,
    spot: Spot<'a, 'p>,
}

type Places<'a, 'p> = SmallVec<[Place<'a, 'p>; 4]>;
/// Keys of some fields, each with its number, in the order of these.
type Keys = SmallVec<[(usize, Vec<u8>); 4]>;

/// Appends the key of the document at `cursor`.
pub(super) fn write_key(fields: &[SortField], cursor: Cursor<'_>, out: &mut Vec<u8>) -> Parse<()> {
    let document = cursor.value()?;
    let start = out.len();
    for field in fields {
        let place = Place {
            field: 0,
            is_descending: field.is_descending,
            spot: advance(document, &field.segments)?,
        };
        match place.spot {
            Spot::Array(_, rest) if !rest.is_empty() || fields.len() > 1 => {
                out.truncate(start);
                return write_joint_key(fields, document, out);
            }
            _ => place.write(out)?,
        }
    }
    Ok(())
}

/// `write_key` for fields that may lead through the same arrays.
#[inline(never)]
fn write_joint_key(fields: &[SortField], document: Value<'_>, out: &mut Vec<u8>) -> Parse<()> {
    let mut places = Places::new();
    for (number, field) in fields.iter().enumerate() {
        places.push(Place {
            field: number,
            is_descending: field.is_descending,
            spot: advance(document, &field.segments)?,
        });
    }
    for (_, key) in least(&places)? {
        out.extend_from_slice(&key);
    }
    Ok(())
}

/// The keys of all fields at `places` where each array has taken the element that sorts first.
fn least(places: &[Place<'_, '_>]) -> Parse<Keys> {
    let mut keys = Keys::new();
    let mut opened: SmallVec<[usize; 4]> = SmallVec::new();
    for place in places {
        let Spot::Array(elements, _) = place.spot else {
            keys.push((place.field, place.key()?));
            continue;
        };
        let at = elements.cursor().position();
        if opened.contains(&at) {
            continue;
        }
        opened.push(at);
        let is_same = |place: &&Place<'_, '_>| match place.spot {
            Spot::Array(elements, _) => elements.cursor().position() == at,
            _ => false,
        };
        let together: Places<'_, '_> = places.iter().filter(is_same).copied().collect();
        keys.extend(least_within(elements, &together)?);
    }
    keys.sort_by_key(|(field, _)| *field);
    Ok(keys)
}

/// The keys of fields that all lead through the array of `elements`.
fn least_within(mut elements: Elements<'_>, places: &[Place<'_, '_>]) -> Parse<Keys> {
    if let [
        place @ Place {
            spot: Spot::Array(_, []),
            ..
        },
    ] = places
    {
        return Ok(Keys::from_iter([(place.field, place.key()?)]));
    }
    let mut best: Option<Keys> = None;
    while let Some(element) = elements.take_next()? {
        let element = element.value()?;
        let mut inner = Places::new();
        for place in places {
            let spot = match place.spot {
                Spot::Array(_, []) => Spot::Found(element),
                Spot::Array(_, rest) if matches!(element, Value::Map(_)) => advance(element, rest)?,
                _ => Spot::Missing,
            };
            inner.push(Place { spot, ..*place });
        }
        let keys = least(&inner)?;
        if best.as_ref().is_none_or(|best| keys < *best) {
            best = Some(keys);
        }
    }
    match best {
        Some(keys) => Ok(keys),
        None => {
            let emptied = |place: &Place<'_, '_>| {
                let spot = match place.spot {
                    Spot::Array(_, []) => Spot::Empty,
                    _ => Spot::Missing,
                };
                Ok((place.field, Place { spot, ..*place }.key()?))
            };
            places.iter().map(emptied).collect()
        }
    }
}

impl Place<'_, '_> {
    fn key(&self) -> Parse<Vec<u8>> {
        let mut key = Vec::new();
        self.write(&mut key)?;
        Ok(key)
    }

    /// Appends the key of the value here; an array at the end of a path stands for one of its elements.
    #[inline]
    fn write(&self, out: &mut Vec<u8>) -> Parse<()> {
        let start = out.len();
        match self.spot {
            Spot::Found(value) => encode(Some(&value), out)?,
            Spot::Empty => encode_empty_array(out),
            Spot::Missing => encode(None, out)?,
            Spot::Array(elements, _) => match extreme(elements, self.is_descending)? {
                Some(value) => encode(Some(&value), out)?,
                None => encode_empty_array(out),
            },
        }
        if self.is_descending {
            complement(out.get_mut(start..).unwrap_or_default());
        }
        Ok(())
    }
}

/// The least of the elements, or the greatest where values fall.
fn extreme(mut elements: Elements<'_>, is_descending: bool) -> Parse<Option<Value<'_>>> {
    let mut best: Option<Value<'_>> = None;
    let wanted = if is_descending {
        Ordering::Greater
    } else {
        Ordering::Less
    };
    while let Some(element) = elements.take_next()? {
        let element = element.value()?;
        let is_better = match &best {
            Some(best) => compare(&element, best)? == wanted,
            None => true,
        };
        if is_better {
            best = Some(element);
        }
    }
    Ok(best)
}

/// Goes from `value` along `rest` to the end of the path, or to the first array that is to be opened.
#[inline]
fn advance<'a, 'p>(value: Value<'a>, rest: &'p [Segment]) -> Parse<Spot<'a, 'p>> {
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
            Value::Array(mut elements) => {
                let Some(position) = segment.position.filter(|place| *place < elements.remaining()) else {
                    return Ok(Spot::Array(elements, rest));
                };
                for _ in 0..position {
                    elements.take_next()?;
                }
                match elements.take_next()? {
                    Some(element) if behind.is_empty() => return Ok(Spot::Found(element.value()?)),
                    element => element,
                }
            }
            _ => None,
        };
        let Some(next) = next else {
            return Ok(Spot::Missing);
        };
        (value, rest) = (next.value()?, behind);
    }
}
