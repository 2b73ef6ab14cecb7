//! What an update changed, for change streams: the fields that have another value, those that are gone, and
//! arrays that were cut.
//!
//! Worked out from the document before and after, so that every kind of update is reported alike. Promises:
//! the report, carried out on the document before, gives the document after, but for the order of fields;
//! time is linear in the documents. Maps are compared field by field, arrays by position; an array of which
//! more than half differs is reported whole, and so is a map with keys that cannot stand in a path.
//! Leaves to others: when it is asked for (watch). Source: MongoDB manual, "update Event", updateDescription.

use crate::error::Result;
use crate::format::plain::write_plain;
use crate::format::record::Structures;
use crate::format::value::{Cursor, Elements, Fields, Parse, Value};
use crate::limits::DEPTH_MAX;

/// The fields that an update changed; paths are dotted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Paths and their new values, plain MessagePack.
    pub updated: Vec<(String, Vec<u8>)>,
    /// Paths of fields that are gone.
    pub removed: Vec<String>,
    /// Paths of arrays that were cut at the end, and how many elements stayed.
    pub truncated: Vec<(String, usize)>,
}

/// What changed from the stored document `before` to `after`; `structures` knows the records of both.
///
/// Errors: CORRUPTED when one of them is damaged.
pub fn changed_fields(before: &[u8], after: &[u8], structures: &Structures) -> Result<Changes> {
    let mut compare = Compare {
        structures,
        path: String::new(),
        changes: Changes::default(),
    };
    let (before, after) = (Cursor::new(before, structures), Cursor::new(after, structures));
    if let (Value::Map(before), Value::Map(after)) = (before.value()?, after.value()?) {
        compare.maps(before, after, 1)?;
    }
    Ok(compare.changes)
}

struct Compare<'a> {
    structures: &'a Structures,
    /// The path at hand.
    path: String,
    changes: Changes,
}

impl<'a> Compare<'a> {
    fn maps(&mut self, before: Fields<'a>, after: Fields<'a>, depth: usize) -> Parse<()> {
        let old: Vec<(&[u8], Cursor<'a>)> = list_of(before)?;
        let new: Vec<(&[u8], Cursor<'a>)> = list_of(after)?;
        let mut next = 0;
        let mut gone = vec![true; old.len()];
        let mut by_name: Vec<usize> = (0..old.len()).collect();
        let name_of = |place: &usize| old.get(*place).map_or(&[][..], |(name, _)| *name);
        by_name.sort_by(|left, right| name_of(left).cmp(name_of(right)));
        for (name, value) in &new {
            // Most fields stand where they stood.
            let place = match old.get(next) {
                Some((same, _)) if same == name => Some(next),
                _ => by_name
                    .binary_search_by(|place| name_of(place).cmp(name))
                    .ok()
                    .and_then(|found| by_name.get(found).copied()),
            };
            if let Some(place) = place {
                next = place + 1;
                if let Some(gone) = gone.get_mut(place) {
                    *gone = false;
                }
            }
            let found = place.and_then(|place| old.get(place)).map(|(_, value)| *value);
            self.below(name, |compare| compare.values(found, *value, depth))?;
        }
        for ((name, _), _) in old.iter().zip(&gone).filter(|(_, gone)| **gone) {
            self.below(name, |compare| {
                compare.changes.removed.push(compare.path.clone());
                Ok(())
            })?;
        }
        Ok(())
    }

    fn values(&mut self, before: Option<Cursor<'a>>, after: Cursor<'a>, depth: usize) -> Parse<()> {
        let Some(before) = before else {
            return self.update(after);
        };
        if before.raw()? == after.raw()? {
            return Ok(());
        }
        match (before.value()?, after.value()?) {
            (Value::Map(old), Value::Map(new))
                if depth < DEPTH_MAX && names_are_plain(old)? && names_are_plain(new)? =>
            {
                self.maps(old, new, depth + 1)
            }
            (Value::Array(old), Value::Array(new)) if depth < DEPTH_MAX => {
                self.arrays(old, new, after, depth + 1)
            }
            _ => self.update(after),
        }
    }

    fn arrays(
        &mut self,
        before: Elements<'a>,
        after: Elements<'a>,
        whole: Cursor<'a>,
        depth: usize,
    ) -> Parse<()> {
        let (old, new) = (elements_of(before)?, elements_of(after)?);
        let mut different = Vec::new();
        for (index, value) in new.iter().enumerate() {
            let found = old.get(index);
            let is_same = match found {
                Some(found) => found.raw()? == value.raw()?,
                None => false,
            };
            if !is_same {
                different.push((index, found.copied(), *value));
            }
        }
        let common = old.len().min(new.len());
        let changed = different.iter().filter(|(index, _, _)| *index < common).count();
        if changed * 2 > common || common == 0 {
            return self.update(whole);
        }
        if new.len() < old.len() {
            self.changes.truncated.push((self.path.clone(), new.len()));
        }
        for (index, found, value) in different {
            let name = index.to_string();
            self.below(name.as_bytes(), |compare| compare.values(found, value, depth))?;
        }
        Ok(())
    }

    fn update(&mut self, value: Cursor<'a>) -> Parse<()> {
        let mut plain = Vec::new();
        write_plain(value.raw()?, self.structures, &mut plain)?;
        self.changes.updated.push((self.path.clone(), plain));
        Ok(())
    }

    /// Does `step` with `name` at the end of the path.
    fn below(&mut self, name: &[u8], step: impl FnOnce(&mut Self) -> Parse<()>) -> Parse<()> {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(&String::from_utf8_lossy(name));
        let done = step(self);
        self.path.truncate(length);
        done
    }
}

fn list_of<'a>(mut fields: Fields<'a>) -> Parse<Vec<(&'a [u8], Cursor<'a>)>> {
    let mut list = Vec::new();
    while let Some(field) = fields.take_next()? {
        list.push(field);
    }
    Ok(list)
}

fn elements_of(mut elements: Elements<'_>) -> Parse<Vec<Cursor<'_>>> {
    let mut list = Vec::new();
    while let Some(element) = elements.take_next()? {
        list.push(element);
    }
    Ok(list)
}

/// True when every key can stand in a dotted path.
fn names_are_plain(mut fields: Fields<'_>) -> Parse<bool> {
    while let Some((name, _)) = fields.take_next()? {
        if name.is_empty() || name.contains(&b'.') {
            return Ok(false);
        }
    }
    Ok(true)
}
