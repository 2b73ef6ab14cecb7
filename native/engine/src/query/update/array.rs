//! What an edit does to one array: `$push`, `$addToSet`, `$pop`, `$pull`, `$pullAll`.
//!
//! Promises: elements that stay are copied as they are stored; time is linear in the array, times the
//! logarithm of what is sorted or looked up; an array that comes out as it was counts as unchanged.
//! Leaves to others: the operands (push.rs, values.rs), the size of the result (apply.rs).
//! Source: MongoDB manual, "Array Update Operators".

use std::cmp::Ordering;

use crate::error::Result;
use crate::format::encode::write_array_head;
use crate::format::record::NO_STRUCTURES;
use crate::format::value::{Cursor, Elements, Parse, Value};
use crate::query::compare::{compare, compare_cursors};
use crate::query::filter::Matcher;
use crate::query::path::Segment;
use crate::query::update::apply::{Apply, Path};
use crate::query::update::field::wrong_type;
use crate::query::update::push::{Push, Sort, SortField};
use crate::query::update::values::Values;
use crate::query::update::{End, Leaf, PullTest};

/// An element of the array that is being made.
#[derive(Clone, Copy)]
struct Item<'a> {
    cursor: Cursor<'a>,
    /// It comes from the update, not from the document.
    is_new: bool,
}

impl<'a> Apply<'a> {
    /// Writes what `leaf`, an operator on arrays, makes of the value `old`, None for a missing one.
    pub(super) fn change_array(
        &mut self,
        old: Option<Cursor<'a>>,
        leaf: &Leaf,
        path: &Path<'_>,
    ) -> Result<()> {
        let operator = match leaf {
            Leaf::Push(_) => "$push",
            Leaf::AddToSet(_) => "$addToSet",
            Leaf::Pop(_) => "$pop",
            Leaf::Pull(_) => "$pull",
            _ => "$pullAll",
        };
        let elements = match old {
            None => Cursor::new(&[0x90], &NO_STRUCTURES).value()?,
            Some(old) => old.value()?,
        };
        let (elements, old) = match (elements, old) {
            (Value::Array(elements), old) => (elements, old),
            (_, Some(old)) => return Err(wrong_type(old, operator, "an array", path)),
            (_, None) => return Ok(()),
        };
        let start = self.out.len();
        match leaf {
            Leaf::Push(push) => self.push(elements, push)?,
            Leaf::AddToSet(values) => self.add_to_set(elements, values)?,
            Leaf::Pop(end) => self.pop(elements, *end)?,
            Leaf::Pull(test) => self.pull(elements, test)?,
            Leaf::PullAll(values) => {
                self.keep_where(elements, |element| Ok(values.find(element)?.is_none()))?
            }
            _ => {}
        }
        self.note_change(old, start)
    }

    /// Writes the elements, then the values of `more`.
    fn append<'v>(
        &mut self,
        elements: Elements<'a>,
        count: usize,
        more: impl Iterator<Item = &'v [u8]>,
    ) -> Result<()> {
        write_array_head(elements.remaining() + count, self.out);
        let mut rest = elements;
        while let Some(element) = rest.take_next()? {
            self.keep(element)?;
        }
        for value in more {
            self.write_new(value)?;
        }
        Ok(())
    }

    fn push(&mut self, elements: Elements<'a>, push: &Push) -> Result<()> {
        if push.position.is_none() && push.slice.is_none() && push.sort.is_none() {
            let values = push.values.iter().map(|value| &**value);
            return self.append(elements, push.values.len(), values);
        }
        let mut items = items_of(elements)?;
        let position = push.position.map_or(items.len(), |position| {
            let magnitude = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
            if position < 0 {
                items.len().saturating_sub(magnitude)
            } else {
                items.len().min(magnitude)
            }
        });
        let values = push.values.iter().map(|value| Item {
            cursor: Cursor::new(value, &NO_STRUCTURES),
            is_new: true,
        });
        items.splice(position..position, values);
        if let Some(sort) = &push.sort {
            sort_items(&mut items, sort)?;
        }
        if let Some(slice) = push.slice {
            let kept = usize::try_from(slice.unsigned_abs()).unwrap_or(usize::MAX);
            if slice < 0 {
                items.drain(..items.len().saturating_sub(kept));
            } else {
                items.truncate(kept);
            }
        }
        write_array_head(items.len(), self.out);
        for item in items {
            if item.is_new {
                self.write_new(item.cursor.raw()?)?;
            } else {
                self.out.extend_from_slice(item.cursor.raw()?);
            }
        }
        Ok(())
    }

    fn add_to_set(&mut self, elements: Elements<'a>, values: &Values) -> Result<()> {
        let mut is_present = vec![false; values.list().len()];
        let mut rest = elements;
        while let Some(element) = rest.take_next()? {
            if let Some(place) = values
                .find(element)?
                .and_then(|number| is_present.get_mut(number))
            {
                *place = true;
            }
        }
        let absent = || {
            let pairs = values.list().iter().zip(&is_present);
            pairs.filter(|(_, present)| !**present).map(|(value, _)| &**value)
        };
        self.append(elements, absent().count(), absent())
    }

    fn pop(&mut self, elements: Elements<'a>, end: End) -> Result<()> {
        let count = elements.remaining();
        let removed = match end {
            End::First => Some(0),
            End::Last => count.checked_sub(1),
        };
        write_array_head(count.saturating_sub(1), self.out);
        let mut rest = elements;
        let mut index = 0;
        while let Some(element) = rest.take_next()? {
            if Some(index) != removed {
                self.keep(element)?;
            }
            index += 1;
        }
        Ok(())
    }

    fn pull(&mut self, elements: Elements<'a>, test: &PullTest) -> Result<()> {
        match test {
            PullTest::Equal(value) => {
                let value = Cursor::new(value, &NO_STRUCTURES);
                self.keep_where(elements, |element| Ok(compare_cursors(value, element)?.is_ne()))
            }
            PullTest::Document(filter) => {
                let mut matcher = Matcher::new(filter, self.shapes.structures);
                self.keep_where(elements, |element| {
                    let is_document = matches!(element.value()?, Value::Map(_));
                    Ok(!is_document || !matcher.matches(element.raw()?)?)
                })
            }
            PullTest::Element(filter) => {
                let mut matcher = filter.matcher(self.shapes.structures);
                self.keep_where(elements, |element| Ok(!matcher.matches(element)?))
            }
        }
    }

    /// Writes the elements for which `is_kept` holds.
    fn keep_where(
        &mut self,
        elements: Elements<'a>,
        mut is_kept: impl FnMut(Cursor<'a>) -> Parse<bool>,
    ) -> Result<()> {
        let mut kept = Vec::with_capacity(elements.remaining());
        let mut rest = elements;
        while let Some(element) = rest.take_next()? {
            if is_kept(element)? {
                kept.push(element);
            }
        }
        write_array_head(kept.len(), self.out);
        kept.into_iter().try_for_each(|element| self.keep(element))
    }
}

fn items_of(mut elements: Elements<'_>) -> Parse<Vec<Item<'_>>> {
    let mut items = Vec::new();
    while let Some(cursor) = elements.take_next()? {
        items.push(Item {
            cursor,
            is_new: false,
        });
    }
    Ok(items)
}

/// Sorts by `sort`; what compares equal stays in its order.
fn sort_items(items: &mut Vec<Item<'_>>, sort: &Sort) -> Parse<()> {
    let mut failure = None;
    let mut checked = |order: Parse<Ordering>| {
        order.unwrap_or_else(|malformed| {
            failure = Some(malformed);
            Ordering::Equal
        })
    };
    match sort {
        Sort::Whole { descending } => items.sort_by(|left, right| {
            let order = checked(compare_cursors(left.cursor, right.cursor));
            if *descending { order.reverse() } else { order }
        }),
        Sort::Fields(fields) => {
            let mut keyed = Vec::with_capacity(items.len());
            for item in items.iter() {
                let keys: Parse<Vec<Value<'_>>> = fields
                    .iter()
                    .map(|field| value_at(item.cursor, &field.path))
                    .collect();
                keyed.push((keys?, *item));
            }
            keyed.sort_by(|(left, _), (right, _)| checked(compare_keys(left, right, fields)));
            *items = keyed.into_iter().map(|(_, item)| item).collect();
        }
    }
    failure.map_or(Ok(()), Err)
}

fn compare_keys(left: &[Value<'_>], right: &[Value<'_>], fields: &[SortField]) -> Parse<Ordering> {
    for ((left, right), field) in left.iter().zip(right).zip(fields) {
        let order = compare(left, right)?;
        if order.is_ne() {
            return Ok(if field.descending { order.reverse() } else { order });
        }
    }
    Ok(Ordering::Equal)
}

/// The value at `path` below an element, through maps by name and arrays by position; null for a missing one.
fn value_at<'a>(element: Cursor<'a>, path: &[Segment]) -> Parse<Value<'a>> {
    let mut value = element.value()?;
    // An element that is no map has no fields; below one, positions count too.
    let mut is_element = true;
    for segment in path {
        let found = match value {
            Value::Map(fields) => fields.find(&segment.name)?,
            Value::Array(elements) if !is_element => match segment.position {
                Some(position) => element_at(elements, position)?,
                None => None,
            },
            _ => None,
        };
        is_element = false;
        match found {
            Some(found) => value = found.value()?,
            None => return Ok(Value::Null),
        }
    }
    Ok(value)
}

fn element_at(mut elements: Elements<'_>, position: usize) -> Parse<Option<Cursor<'_>>> {
    let mut index = 0;
    while let Some(element) = elements.take_next()? {
        if index == position {
            return Ok(Some(element));
        }
        index += 1;
    }
    Ok(None)
}
