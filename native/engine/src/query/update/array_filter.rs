//! Filters on single array elements: the array filters that `$[name]` refers to, and the conditions of
//! `$pull`.
//!
//! An element stands as the one field of a document while it is tested, so that every operator of filters
//! means for it what it means for a field. Promises: each array filter has one name, used by some path.
//! Leaves to others: the operators (query/filter). Source: MongoDB manual, "$[<identifier>]".

use crate::error::{Error, Result};
use crate::format::encode::write_text;
use crate::format::intake::normalise;
use crate::format::record::{NO_STRUCTURES, Structures};
use crate::format::survey::Subject;
use crate::format::value::{Cursor, Fields, Parse, Value};
use crate::query::filter::{Filter, Matcher};
use crate::query::update::{refuse, show};

/// Most array filters of one update: each is tested on each element of its array.
const ARRAY_FILTERS_MAX: usize = 100;

/// A filter on a document whose one field is the element.
#[derive(Debug)]
pub(super) struct ArrayFilter {
    name: Box<[u8]>,
    filter: Filter,
}

impl ArrayFilter {
    /// The filter that asks of a field `name` what `condition`, one value without records, says.
    ///
    /// Errors: those of [`Filter::compile`], as INVALID_UPDATE behind `place`.
    pub(super) fn of_condition(name: &[u8], condition: Cursor<'_>, place: &str) -> Result<ArrayFilter> {
        let mut filter = vec![0x81];
        write_text(name, &mut filter);
        filter.extend_from_slice(condition.raw()?);
        Ok(ArrayFilter {
            name: name.into(),
            filter: compile_filter(&filter, place)?,
        })
    }

    /// A test of elements of documents that are stored with `structures`.
    pub(super) fn matcher<'a>(&'a self, structures: &'a Structures) -> ElementMatcher<'a> {
        let mut document = vec![0x81];
        write_text(&self.name, &mut document);
        ElementMatcher {
            matcher: Matcher::new(&self.filter, structures),
            front: document.len(),
            document,
        }
    }
}

/// A filter at work on the elements of one array.
pub(super) struct ElementMatcher<'a> {
    matcher: Matcher<'a>,
    /// The document that the element stands in; its first `front` bytes stay.
    document: Vec<u8>,
    front: usize,
}

impl ElementMatcher<'_> {
    /// True when the filter holds for the element at `element`.
    pub(super) fn matches(&mut self, element: Cursor<'_>) -> Parse<bool> {
        self.document.truncate(self.front);
        self.document.extend_from_slice(element.raw()?);
        self.matcher.matches(&self.document)
    }
}

/// Compiles a filter without records; its errors are those of the update.
pub(super) fn compile_filter(bytes: &[u8], place: &str) -> Result<Filter> {
    let filter = Filter::compile(bytes).map_err(|error| refuse(format!("{place}: {}", error.message())))?;
    if filter.has_expression() {
        return Err(refuse(format!(
            "{place}: $expr is asked of whole documents only, not of elements"
        )));
    }
    Ok(filter)
}

/// The array filters of an update while it is compiled.
#[derive(Debug, Default)]
pub(super) struct ArrayFilters {
    list: Vec<ArrayFilter>,
    used: Vec<bool>,
}

impl ArrayFilters {
    /// Compiles the plain MessagePack array of filters.
    ///
    /// Errors: INVALID_UPDATE when it is none, and for filters without a name, with two, or with a name that
    /// another one has.
    pub(super) fn compile(bytes: &[u8]) -> Result<ArrayFilters> {
        // As the one field of a map, so that the checks of updates take it.
        let mut wrapped = vec![0x81];
        write_text(b"arrayFilters", &mut wrapped);
        let front = wrapped.len();
        wrapped.extend_from_slice(bytes);
        let mut normal = Vec::with_capacity(wrapped.len() + 16);
        normalise(&wrapped, Subject::Update, &mut normal)?;
        let list = Cursor::at(&normal, front, &NO_STRUCTURES);
        let Value::Array(mut elements) = list.value()? else {
            let given = list.value()?.type_name();
            return Err(refuse(format!(
                "arrayFilters is an array of filters, and a value of type {given} was given"
            )));
        };
        if elements.remaining() > ARRAY_FILTERS_MAX {
            return Err(refuse(format!(
                "arrayFilters holds {} filters; at most {ARRAY_FILTERS_MAX} are allowed",
                elements.remaining()
            )));
        }
        let mut filters = ArrayFilters::default();
        while let Some(element) = elements.take_next()? {
            filters.add(element)?;
        }
        Ok(filters)
    }

    fn add(&mut self, filter: Cursor<'_>) -> Result<()> {
        let Value::Map(fields) = filter.value()? else {
            let given = filter.value()?.type_name();
            return Err(refuse(format!(
                "arrayFilters holds a value of type {given}; each place is a filter"
            )));
        };
        let mut found = None;
        identifier(fields, &mut found)?;
        let Some(name) = found else {
            return Err(refuse(
                "an array filter names no field; it begins with the name of its $[name]",
            ));
        };
        let is_name =
            name.first().is_some_and(u8::is_ascii_lowercase) && name.iter().all(u8::is_ascii_alphanumeric);
        if !is_name {
            return Err(refuse(format!(
                "an array filter is named {:?}; a name is letters and digits after a small letter",
                show(name)
            )));
        }
        if self.list.iter().any(|other| *other.name == *name) {
            return Err(refuse(format!("two array filters are named {:?}", show(name))));
        }
        self.list.push(ArrayFilter {
            name: name.into(),
            filter: compile_filter(filter.raw()?, &format!("the array filter {:?}", show(name)))?,
        });
        self.used.push(false);
        Ok(())
    }

    /// The number of the filter named `name`, which counts as used from then on.
    pub(super) fn use_by_name(&mut self, name: &[u8]) -> Option<usize> {
        let number = self.list.iter().position(|filter| *filter.name == *name)?;
        if let Some(used) = self.used.get_mut(number) {
            *used = true;
        }
        Some(number)
    }

    /// The filters. Errors: INVALID_UPDATE when one is not used.
    pub(super) fn finish(self) -> Result<Vec<ArrayFilter>> {
        let unused = self.list.iter().zip(&self.used).find(|(_, used)| !**used);
        match unused {
            Some((filter, _)) => Err(refuse(format!(
                "the array filter {:?} is not used by any path of the update",
                show(&filter.name)
            ))),
            None => Ok(self.list),
        }
    }
}

/// Finds the one first name of all paths of a filter.
fn identifier<'a>(mut fields: Fields<'a>, found: &mut Option<&'a [u8]>) -> Result<()> {
    while let Some((key, operand)) = fields.take_next()? {
        match key {
            b"$and" | b"$or" | b"$nor" => {
                if let Value::Array(mut branches) = operand.value()? {
                    while let Some(branch) = branches.take_next()? {
                        if let Value::Map(fields) = branch.value()? {
                            identifier(fields, found)?;
                        }
                    }
                }
            }
            b"$comment" => {}
            [b'$', ..] => {
                return Err(refuse(format!(
                    "{} is not allowed in an array filter; name the element and its fields",
                    show(key)
                )));
            }
            _ => {
                let name = key.split(|byte| *byte == b'.').next().unwrap_or(key);
                match *found {
                    Some(other) if other != name => return Err(two_names(other, name)),
                    _ => *found = Some(name),
                }
            }
        }
    }
    Ok(())
}

fn two_names(first: &[u8], second: &[u8]) -> Error {
    refuse(format!(
        "an array filter names {:?} and {:?}; use one array filter for each name",
        show(first),
        show(second)
    ))
}
