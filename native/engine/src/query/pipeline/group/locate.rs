//! Finding the fields of stored documents that a group reads, in one walk.
//!
//! For records the places of the fields are worked out once per structure, as a filter's matcher does; a
//! document that is no record is walked by its keys. Promises: nothing is allocated per document; walking
//! ends at the last field wanted.

use smallvec::{SmallVec, smallvec};

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::record::Structure;
use crate::format::skip::{byte_at, is_record_head, record_head, skip};
use crate::format::value::{Cursor, Malformed, Parse, Value};
use crate::format::view::View;
use crate::query::expression::{Computed, Expression, Outcome, Scope, follow_view};
use crate::query::path::Segment;

/// First names of paths; operands refer to them by number.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    names: Vec<Box<[u8]>>,
}

/// What is read of each document.
#[derive(Debug)]
pub(super) enum Operand {
    /// The same for all.
    Constant(Owned),
    /// A path: the number of its root, and what follows that.
    Field(usize, Vec<Segment>),
    /// Anything else.
    Expression(Box<Expression>),
}

impl Roots {
    fn number_of(&mut self, name: &[u8]) -> usize {
        if let Some(number) = self.names.iter().position(|known| **known == *name) {
            return number;
        }
        self.names.push(name.into());
        self.names.len() - 1
    }
}

impl Operand {
    pub(super) fn new(expression: Expression, roots: &mut Roots) -> Operand {
        if let Some(value) = expression.constant() {
            return Operand::Constant(value.clone());
        }
        match expression.field_path().and_then(<[Segment]>::split_first) {
            Some((root, rest)) => Operand::Field(roots.number_of(&root.name), rest.to_vec()),
            None => Operand::Expression(Box::new(expression)),
        }
    }

    /// Where the value is stored, when it is a field of a document in stored bytes.
    #[inline]
    pub(super) fn stored<'a>(&self, fields: &Located<'a>) -> Option<Cursor<'a>> {
        match self {
            Operand::Field(root, rest) if rest.is_empty() => fields.stored(*root),
            _ => None,
        }
    }

    /// The value over the document of `scope`, whose fields were located.
    #[inline]
    pub(super) fn evaluate<'a>(&'a self, fields: &Located<'a>, scope: &Scope<'a>) -> Outcome<'a> {
        match self {
            Operand::Constant(value) => Ok(Some(Computed::Seen(View::from(value)))),
            Operand::Field(root, rest) => {
                let Some(view) = fields.get(*root)? else {
                    return Ok(None);
                };
                if rest.is_empty() {
                    return Ok(Some(Computed::Seen(view)));
                }
                Ok(follow_view(view, rest)?)
            }
            Operand::Expression(expression) => expression.evaluate(scope),
        }
    }
}

/// Stands for a field that a document does not have.
const ABSENT: usize = usize::MAX;

/// Where the roots are in one document.
pub(super) enum Located<'a> {
    /// In stored bytes: the places of their values.
    Stored(Cursor<'a>, SmallVec<[usize; 8]>),
    /// In memory, where they are looked up.
    Owned(&'a Owned, &'a Roots),
}

impl<'a> Located<'a> {
    /// Where the value of a root is stored.
    #[inline]
    pub(super) fn stored(&self, root: usize) -> Option<Cursor<'a>> {
        match self {
            Located::Stored(cursor, places) => match places.get(root) {
                Some(&ABSENT) | None => None,
                Some(at) => Some(Cursor::at(cursor.bytes(), *at, cursor.structures())),
            },
            Located::Owned(..) => None,
        }
    }

    /// The value of a root.
    #[inline]
    fn get(&self, root: usize) -> Parse<Option<View<'a>>> {
        match self {
            Located::Stored(..) => match self.stored(root) {
                Some(cursor) => Ok(Some(cursor.value()?.into())),
                None => Ok(None),
            },
            Located::Owned(document, roots) => {
                let name = roots
                    .names
                    .get(root)
                    .and_then(|name| std::str::from_utf8(name).ok());
                Ok(name.and_then(|name| document.get(name)).map(View::from))
            }
        }
    }

    /// Of a document in memory.
    pub(super) fn in_memory(roots: &'a Roots, document: &'a Owned) -> Located<'a> {
        Located::Owned(document, roots)
    }
}

/// One field of a record that is wanted.
#[derive(Clone, Copy, Debug)]
struct Stop {
    /// Values to skip since the last stop, or since the first value.
    skipped: usize,
    root: usize,
}

/// The walks that were worked out for the structures of one collection.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_structure: Vec<Option<Box<[Stop]>>>,
}

impl Routes {
    /// The fields of the stored document at `cursor`. Errors: CORRUPTED.
    #[inline]
    pub(super) fn locate<'a>(&mut self, roots: &Roots, cursor: Cursor<'a>) -> Result<Located<'a>> {
        let mut places: SmallVec<[usize; 8]> = smallvec![ABSENT; roots.names.len()];
        if !roots.names.is_empty() {
            self.walk(roots, cursor, &mut places)?;
        }
        Ok(Located::Stored(cursor, places))
    }

    #[inline]
    fn walk(&mut self, roots: &Roots, cursor: Cursor<'_>, places: &mut [usize]) -> Parse<()> {
        let (bytes, start) = (cursor.bytes(), cursor.position());
        if !is_record_head(byte_at(bytes, start)?) {
            return walk_map(roots, cursor, places);
        }
        let structures = cursor.structures();
        let (number, mut at) = record_head(bytes, start)?;
        if !matches!(self.by_structure.get(number), Some(Some(_))) {
            let structure = structures.get(number).ok_or(Malformed::UnknownStructure)?;
            self.learn(number, roots, structure);
        }
        for stop in self.by_structure.get(number).into_iter().flatten().flatten() {
            for _ in 0..stop.skipped {
                at = skip(bytes, at, structures)?;
            }
            if let Some(place) = places.get_mut(stop.root) {
                *place = at;
            }
        }
        Ok(())
    }

    #[cold]
    fn learn(&mut self, number: usize, roots: &Roots, structure: &Structure) {
        let mut places: Vec<(usize, usize)> = roots
            .names
            .iter()
            .enumerate()
            .filter_map(|(root, name)| Some((structure.position(name)?, root)))
            .collect();
        places.sort_unstable();
        let mut last = 0;
        let mut stops = Vec::with_capacity(places.len());
        for (place, root) in places {
            stops.push(Stop {
                skipped: place - last,
                root,
            });
            last = place;
        }
        if self.by_structure.len() <= number {
            self.by_structure.resize_with(number + 1, || None);
        }
        if let Some(place) = self.by_structure.get_mut(number) {
            *place = Some(stops.into());
        }
    }
}

fn walk_map(roots: &Roots, cursor: Cursor<'_>, places: &mut [usize]) -> Parse<()> {
    let Value::Map(mut fields) = cursor.value()? else {
        return Ok(());
    };
    let mut missing = roots.names.len();
    while missing > 0 {
        let Some((key, value)) = fields.take_next()? else {
            break;
        };
        if let Some(root) = roots.names.iter().position(|name| **name == *key)
            && let Some(place @ &mut ABSENT) = places.get_mut(root)
        {
            *place = value.position();
            missing -= 1;
        }
    }
    Ok(())
}
