//! What documents are grouped by.
//!
//! Promises: two documents give the same bytes exactly when they belong to one group; the `_id` itself is
//! built only for a new group. In an `_id` of several fields, fields that a document lacks are left out.

use std::cmp::Ordering;

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Value};
use crate::format::view::View;
use crate::query::compare::{compare_owned, compare_views, rank_view};
use crate::query::expression::{Computed, Expression, Scope};
use crate::query::group_key::{append_group_key, append_quickly};
use crate::query::pipeline::group::locate::{Located, Operand, Roots};
use crate::query::pipeline::operands::{array, refuse};

/// A compiled `_id`.
#[derive(Debug)]
pub(super) enum Key {
    Value(Operand),
    Fields(Vec<(Box<str>, Operand)>),
    Interval(Operand, Intervals),
}

/// The intervals of `$bucket`.
#[derive(Debug)]
pub(super) struct Intervals {
    /// At least two, rising; each but the last begins an interval.
    boundaries: Vec<Owned>,
    /// The `_id` of all values outside.
    default: Option<Owned>,
}

impl Key {
    /// The key at `operand`. An object of fields is read field by field.
    pub(super) fn compile(operand: Cursor<'_>, variables: &[&str], roots: &mut Roots) -> Result<Key> {
        let whole = Expression::compile_with(operand, variables)?;
        if whole.constant().is_none()
            && let Value::Map(mut fields) = operand.value()?
            && !has_operator(operand)?
        {
            let mut parts = Vec::new();
            while let Some((name, operand)) = fields.take_next()? {
                let part = Expression::compile_with(operand, variables)?;
                parts.push((utf8(name)?.into(), Operand::new(part, roots)));
            }
            return Ok(Key::Fields(parts));
        }
        Ok(Key::Value(Operand::new(whole, roots)))
    }

    /// Appends the bytes of the document's key.
    #[inline]
    pub(super) fn append<'a>(
        &'a self,
        fields: &Located<'a>,
        scope: &Scope<'a>,
        key: &mut Vec<u8>,
    ) -> Result<()> {
        match self {
            Key::Value(operand) => {
                if operand
                    .stored(fields)
                    .is_some_and(|cursor| append_quickly(cursor, key))
                {
                    return Ok(());
                }
                let value = operand.evaluate(fields, scope)?;
                append_group_key(&value.as_ref().map_or(View::Null, Computed::view), key)
            }
            Key::Fields(parts) => {
                for (_, operand) in parts {
                    let value = operand.evaluate(fields, scope)?;
                    key.push(u8::from(value.is_some()));
                    if let Some(value) = value {
                        append_group_key(&value.view(), key)?;
                    }
                }
                Ok(())
            }
            Key::Interval(operand, intervals) => {
                let value = operand.evaluate(fields, scope)?;
                let place = intervals.place(value.as_ref().map_or(View::Null, Computed::view))?;
                key.extend_from_slice(&place.to_le_bytes());
                Ok(())
            }
        }
    }

    /// The `_id` of the document's group.
    pub(super) fn id<'a>(&'a self, fields: &Located<'a>, scope: &Scope<'a>) -> Result<Owned> {
        match self {
            Key::Value(operand) => owned(operand, fields, scope).map(|value| value.unwrap_or(Owned::Null)),
            Key::Fields(parts) => {
                let mut id = Vec::with_capacity(parts.len());
                for (name, operand) in parts {
                    if let Some(value) = owned(operand, fields, scope)? {
                        id.push((name.clone(), value));
                    }
                }
                Ok(Owned::Map(id))
            }
            Key::Interval(operand, intervals) => {
                let value = operand.evaluate(fields, scope)?;
                let place = intervals.place(value.as_ref().map_or(View::Null, Computed::view))?;
                Ok(intervals.id(place))
            }
        }
    }
}

fn has_operator(operand: Cursor<'_>) -> Result<bool> {
    match operand.value()? {
        Value::Map(mut fields) => {
            let first = fields.take_next()?;
            Ok(first.is_some_and(|(name, _)| name.first() == Some(&b'$')))
        }
        _ => Ok(false),
    }
}

fn owned<'a>(operand: &'a Operand, fields: &Located<'a>, scope: &Scope<'a>) -> Result<Option<Owned>> {
    operand
        .evaluate(fields, scope)?
        .map(Computed::into_owned)
        .transpose()
}

impl Intervals {
    pub(super) fn compile(
        boundaries: Cursor<'_>,
        default: Option<Cursor<'_>>,
        variables: &[&str],
    ) -> Result<Intervals> {
        let constant = |cursor: Cursor<'_>, what: &str| -> Result<Owned> {
            let expression = Expression::compile_with(cursor, variables)?;
            let value = expression.constant().cloned();
            value.ok_or_else(|| refuse(format!("{what} has to be constant")))
        };
        let mut elements = array(boundaries, "an array of boundaries")?;
        let mut list: Vec<Owned> = Vec::new();
        while let Some(element) = elements.take_next()? {
            let next = constant(element, "each boundary")?;
            if let Some(last) = list.last()
                && (compare_owned(last, &next) != Ordering::Less
                    || rank_view(&last.into()) != rank_view(&(&next).into()))
            {
                return Err(refuse("boundaries have to rise, and to be of one type"));
            }
            list.push(next);
        }
        let (Some(first), Some(last), true) = (list.first(), list.last(), list.len() > 1) else {
            return Err(refuse("at least two boundaries have to be given"));
        };
        let default = default.map(|default| constant(default, "default")).transpose()?;
        if let Some(default) = &default
            && compare_owned(default, first).is_ge()
            && compare_owned(default, last).is_lt()
        {
            return Err(refuse("default has to lie outside of the boundaries"));
        }
        Ok(Intervals {
            boundaries: list,
            default,
        })
    }

    /// The number of the interval that holds `value`; the one behind the last is the default.
    fn place(&self, value: View<'_>) -> Result<u64> {
        let outside = self.boundaries.len() - 1;
        let mut below = 0;
        let mut above = self.boundaries.len();
        while below < above {
            let middle = below + (above - below) / 2;
            let boundary = self
                .boundaries
                .get(middle)
                .map_or(Ok(Ordering::Less), |boundary| {
                    compare_views(&boundary.into(), &value)
                })?;
            if boundary.is_le() {
                below = middle + 1;
            } else {
                above = middle;
            }
        }
        match below.checked_sub(1) {
            Some(place) if place < outside => Ok(place as u64),
            _ if self.default.is_some() => Ok(outside as u64),
            _ => Err(refuse(format!(
                "a value of type {} lies outside of the boundaries, and there is no default",
                value.type_name()
            ))),
        }
    }

    fn id(&self, place: u64) -> Owned {
        let outside = self.boundaries.len() as u64 - 1;
        let id = if place < outside {
            self.boundaries.get(place as usize)
        } else {
            self.default.as_ref()
        };
        id.cloned().unwrap_or(Owned::Null)
    }
}
