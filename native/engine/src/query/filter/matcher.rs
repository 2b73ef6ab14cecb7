//! Evaluating a compiled filter on stored documents, one after the other.
//!
//! A document's top-level fields are walked once, from the front, and only as far as the filter's last field.
//! For records the places of the filter's fields are worked out once per structure; a structure that lacks a
//! field which must be there costs one look. Promises: nothing is allocated per document.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::format::owned::Owned;
use crate::format::quick::exact_float;
use crate::format::recode::map_head;
use crate::format::record::{Structure, Structures};
use crate::format::skip::{byte_at, is_record_head, record_head, skip};
use crate::format::value::{Cursor, Malformed, Parse, Timestamp, Value};
use crate::query::expression::{Expression, Root, Scope};
use crate::query::filter::evaluate::{Subject, all_hold};
use crate::query::filter::{Condition, Filter, Term, Test};
use crate::query::literal::Literal;
use crate::query::path;

/// The time where none is asked for.
const EPOCH: Timestamp = Timestamp {
    seconds: 0,
    nanoseconds: 0,
};

/// A filter at work on the documents of one collection. Make one per batch: it learns the structures it
/// meets.
pub struct Matcher<'a> {
    filter: &'a Filter,
    structures: &'a Structures,
    /// By structure number; filled as structures are met.
    routes: Vec<Option<Route>>,
    /// Where each root's value begins in the document at hand; for records kept only for the filter's `rest`.
    located: Vec<Place>,
    /// Number of the document at hand. Places of other documents count as absent, so that none is ever
    /// cleared.
    document: u64,
    /// What `$$NOW` means in expressions: one time for all documents.
    now: Timestamp,
    variables: &'a [Option<Owned>],
}

/// Where the value of a root began in one document.
#[derive(Clone, Copy, Default)]
struct Place {
    document: u64,
    at: usize,
}

/// How to walk a record of one structure.
struct Route {
    /// A condition fails for every record of the structure: a field it needs is missing.
    never: bool,
    /// The filter's fields in the order of the record.
    stops: Vec<Stop>,
}

/// One field of a record that the filter asks about.
struct Stop {
    /// Values to skip since the last stop, or since the first value.
    skipped: usize,
    root: usize,
}

impl<'a> Matcher<'a> {
    /// A matcher for documents stored with `structures`.
    pub fn new(filter: &'a Filter, structures: &'a Structures) -> Matcher<'a> {
        Matcher {
            filter,
            structures,
            routes: Vec::new(),
            located: vec![Place::default(); filter.roots.len()],
            document: 0,
            now: if filter.has_expression { now() } else { EPOCH },
            variables: &[],
        }
    }

    /// The matcher with the variables whose names `Filter::compile_with` was given; None is missing.
    pub fn with_variables(self, variables: &'a [Option<Owned>]) -> Matcher<'a> {
        Matcher { variables, ..self }
    }

    /// True when the stored document matches. Errors: CORRUPTED when the document is damaged, and those of
    /// an `$expr`.
    #[inline]
    pub fn try_matches(&mut self, stored: &[u8]) -> Result<bool> {
        if !self.filter.has_expression {
            return Ok(self.matches(stored)?);
        }
        Ok(self.walk(stored)? && self.rest_holds(stored)?)
    }

    fn rest_holds(&self, stored: &[u8]) -> Result<bool> {
        let root = Root::Stored(Cursor::new(stored, self.structures));
        let document = Expressed {
            located: self.located(stored),
            scope: Scope::new(root, self.now).with_variables(self.variables),
        };
        all_hold(&document, &self.filter.rest)
    }

    /// `try_matches` for callers that tell no errors apart: an `$expr` that fails is taken for damage, so one
    /// that may have [`Filter::has_expression`] needs the other. Errors: `Malformed`.
    #[inline]
    pub fn matches(&mut self, stored: &[u8]) -> Parse<bool> {
        let holds = self.walk(stored)?;
        if !holds || self.filter.rest.is_empty() {
            return Ok(holds);
        }
        if self.filter.has_expression {
            return self.rest_holds(stored).map_err(|_| Malformed::TooLarge);
        }
        all_hold(&self.located(stored), &self.filter.rest)
    }

    /// Whether the conditions on single fields hold; finds the fields for the filter's `rest`.
    #[inline]
    fn walk(&mut self, stored: &[u8]) -> Parse<bool> {
        self.document += 1;
        if is_record_head(byte_at(stored, 0)?) {
            self.walk_record(stored)
        } else {
            self.walk_map(stored)
        }
    }

    fn located<'m>(&'m self, stored: &'m [u8]) -> Located<'m> {
        Located {
            stored,
            structures: self.structures,
            located: &self.located,
            document: self.document,
        }
    }

    fn walk_record(&mut self, stored: &[u8]) -> Parse<bool> {
        let (number, mut at) = record_head(stored, 0)?;
        if !matches!(self.routes.get(number), Some(Some(_))) {
            self.learn(number)?;
        }
        let Some(Some(route)) = self.routes.get(number) else {
            return Err(Malformed::UnknownStructure);
        };
        if route.never {
            return Ok(false);
        }
        let is_located = !self.filter.rest.is_empty();
        for stop in &route.stops {
            for _ in 0..stop.skipped {
                at = skip(stored, at, self.structures)?;
            }
            if is_located && let Some(place) = self.located.get_mut(stop.root) {
                *place = Place {
                    document: self.document,
                    at,
                };
            }
            let cursor = Cursor::at(stored, at, self.structures);
            for condition in self.filter.direct.get(stop.root).into_iter().flatten() {
                if condition.fails(Some(cursor))? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Works out how to walk records of structure `number`.
    #[cold]
    fn learn(&mut self, number: usize) -> Parse<()> {
        let structure = self.structures.get(number).ok_or(Malformed::UnknownStructure)?;
        let route = Route::new(self.filter, structure)?;
        if self.routes.len() <= number {
            self.routes.resize_with(number + 1, || None);
        }
        if let Some(place) = self.routes.get_mut(number) {
            *place = Some(route);
        }
        Ok(())
    }

    fn walk_map(&mut self, stored: &[u8]) -> Parse<bool> {
        let (count, mut at) = map_head(stored, 0).map_err(|_| Malformed::IdMissing)?;
        let mut missing = self.filter.roots.len();
        for _ in 0..count {
            if missing == 0 {
                break;
            }
            let key = Cursor::at(stored, at, self.structures);
            let (name, value_at) = key.text_and_end().ok_or_else(|| key.not_a_key())?;
            at = skip(stored, value_at, self.structures)?;
            let Some(root) = self.filter.root_of(name) else {
                continue;
            };
            missing -= 1;
            if let Some(place) = self.located.get_mut(root) {
                *place = Place {
                    document: self.document,
                    at: value_at,
                };
            }
            let cursor = Cursor::at(stored, value_at, self.structures);
            for condition in self.filter.direct.get(root).into_iter().flatten() {
                if condition.fails(Some(cursor))? {
                    return Ok(false);
                }
            }
        }
        if missing == 0 {
            return Ok(true);
        }
        for (conditions, place) in self.filter.direct.iter().zip(&self.located) {
            for condition in conditions {
                if place.document != self.document && condition.fails(None)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

impl Route {
    fn new(filter: &Filter, structure: &Structure) -> Parse<Route> {
        let mut places = Vec::with_capacity(filter.roots.len());
        let mut never = false;
        for (root, name) in filter.roots.iter().enumerate() {
            match structure.position(name) {
                Some(place) => places.push((place, root)),
                None => {
                    for condition in filter.direct.get(root).into_iter().flatten() {
                        never |= condition.fails(None)?;
                    }
                }
            }
        }
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
        Ok(Route { never, stops })
    }
}

impl Condition {
    #[inline]
    pub(super) fn fails(&self, found: Option<Cursor<'_>>) -> Parse<bool> {
        Ok(self.term.holds(found)? != self.wanted)
    }
}

impl Term {
    /// True when the test holds for any value that the path leads to from its root at `found`.
    #[inline]
    fn holds(&self, found: Option<Cursor<'_>>) -> Parse<bool> {
        if let (Some(cursor), true) = (found, self.rest.is_empty())
            && let Some(holds) = self.test.holds_quickly(cursor)
        {
            return Ok(holds);
        }
        self.holds_along_path(found)
    }

    #[inline(never)]
    fn holds_along_path(&self, found: Option<Cursor<'_>>) -> Parse<bool> {
        path::visit(found, &self.rest, self.test.leaf(), &mut |value| {
            self.test.holds(value)
        })
    }
}

impl Test {
    /// Whether the test holds for the value at `cursor`, for the most frequent pairs of operand and value;
    /// None leaves it to `holds`.
    #[inline(always)]
    fn holds_quickly(&self, cursor: Cursor<'_>) -> Option<bool> {
        match self {
            Test::Exists => Some(true),
            _ if matches!(cursor.head(), Ok(0x90..=0x9f)) => self.holds_in_array(cursor),
            _ => self.holds_for_scalar(cursor),
        }
    }

    #[inline(always)]
    fn holds_for_scalar(&self, cursor: Cursor<'_>) -> Option<bool> {
        match self {
            Test::Equal(Literal::Text(text)) => cursor.text().map(|found| **text == *found),
            Test::Equal(Literal::Int(number)) => cursor.integer().map(|found| *number == found),
            Test::Ordered(Literal::Int(number), wanted) => match cursor.integer() {
                Some(found) => Some(wanted.accepts(found.cmp(number))),
                None => cursor
                    .exact_float()?
                    .partial_cmp(&exact_float(*number)?)
                    .map(|order| wanted.accepts(order)),
            },
            Test::Ordered(Literal::Float(number), wanted) => cursor
                .exact_float()?
                .partial_cmp(number)
                .map(|order| wanted.accepts(order)),
            Test::In(set) => set.contains_quickly(cursor),
            _ => None,
        }
    }

    /// `holds_for_scalar` for any element of a short array; None when it cannot tell for one of them, or when
    /// an operand may equal the array itself.
    fn holds_in_array(&self, cursor: Cursor<'_>) -> Option<bool> {
        let is_scalar = match self {
            Test::Equal(literal) | Test::Ordered(literal, _) => !matches!(literal, Literal::Encoded(_)),
            Test::In(set) => set.is_simple(),
            _ => false,
        };
        let Ok(Value::Array(mut elements)) = cursor.value() else {
            return None;
        };
        if !is_scalar {
            return None;
        }
        while let Some(element) = elements.take_next().ok()? {
            if self.holds_for_scalar(element)? {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// A document whose roots have been located.
struct Located<'a> {
    stored: &'a [u8],
    structures: &'a Structures,
    located: &'a [Place],
    document: u64,
}

impl<'a> Subject<'a> for Located<'a> {
    type Failure = Malformed;

    #[inline]
    fn field(&self, root: usize) -> Parse<Option<Cursor<'a>>> {
        let place = self
            .located
            .get(root)
            .filter(|place| place.document == self.document);
        Ok(place.map(|place| Cursor::at(self.stored, place.at, self.structures)))
    }

    fn whole(&self) -> Parse<Value<'a>> {
        Cursor::new(self.stored, self.structures).value()
    }

    /// A filter with expressions is evaluated over `Expressed`.
    fn is_true(&self, _: &Expression) -> Parse<bool> {
        Ok(false)
    }
}

/// A document that expressions are asked of as well.
struct Expressed<'a> {
    located: Located<'a>,
    scope: Scope<'a>,
}

impl<'a> Subject<'a> for Expressed<'a> {
    type Failure = Error;

    fn field(&self, root: usize) -> Parse<Option<Cursor<'a>>> {
        self.located.field(root)
    }

    fn whole(&self) -> Parse<Value<'a>> {
        self.located.whole()
    }

    fn is_true(&self, expression: &Expression) -> Result<bool> {
        expression.is_true(&self.scope)
    }
}

/// The time at hand, in the milliseconds of MongoDB's dates.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: since.subsec_millis() * 1_000_000,
    }
}
