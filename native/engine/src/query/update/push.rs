//! `$push` with its modifiers, as compiled: which values go where, and what is sorted and cut off then.
//!
//! Promises: modifiers are checked here, naming the path. Order of effects: insert at `$position`, `$sort`,
//! `$slice`, however they are written.
//! Leaves to others: doing it (array.rs). Source: MongoDB manual, "$push".

use crate::error::Result;
use crate::format::value::{Cursor, Elements, Fields, Value};
use crate::query::TERMS_MAX;
use crate::query::path::{self, Segment};
use crate::query::update::operands::{check_depth, whole_number, wrong_operand};
use crate::query::update::place::Place;
use crate::query::update::{refuse, show};

/// The modifier that gives many values.
pub(super) const EACH: &[u8] = b"$each";

/// A compiled `$push`.
#[derive(Debug, Default)]
pub(super) struct Push {
    /// In stored form without records.
    pub(super) values: Vec<Box<[u8]>>,
    /// Where the values go: an index, negative ones from the end; None for the end.
    pub(super) position: Option<i64>,
    /// How many elements stay: the first ones, or the last ones when negative; None for all.
    pub(super) slice: Option<i64>,
    pub(super) sort: Option<Sort>,
}

/// How `$sort` orders elements.
#[derive(Debug)]
pub(super) enum Sort {
    /// By the elements themselves.
    Whole { descending: bool },
    /// By their fields, the first ones first.
    Fields(Vec<SortField>),
}

/// One field of a sort order.
#[derive(Debug)]
pub(super) struct SortField {
    pub(super) path: Vec<Segment>,
    pub(super) descending: bool,
}

/// Compiles the operand of `$push`: a value, or a map of modifiers with `$each`.
///
/// Errors: INVALID_UPDATE for modifiers that are unknown or have an operand they cannot use.
pub(super) fn compile(place: &Place<'_>, operand: Cursor<'_>) -> Result<Push> {
    let modifiers = match operand.value()? {
        Value::Map(fields) if fields.find(EACH)?.is_some() => fields,
        _ => {
            check_depth(place, operand, 1)?;
            return Ok(Push {
                values: vec![operand.raw()?.into()],
                ..Push::default()
            });
        }
    };
    let mut push = Push::default();
    let mut rest: Fields<'_> = modifiers;
    while let Some((key, operand)) = rest.take_next()? {
        match key {
            EACH => {
                let mut elements = each_elements(place, operand)?;
                while let Some(element) = elements.take_next()? {
                    push.values.push(element.raw()?.into());
                }
            }
            b"$position" => {
                push.position = Some(whole_number(place, operand, "a whole number as $position")?);
            }
            b"$slice" => push.slice = Some(whole_number(place, operand, "a whole number as $slice")?),
            b"$sort" => push.sort = Some(sort(place, operand)?),
            _ => {
                return Err(refuse(format!(
                    "{} takes $each, $position, $slice and $sort, and was given {:?}",
                    place.shown(),
                    show(key)
                )));
            }
        }
    }
    Ok(push)
}

/// The elements of `$each`. Errors: INVALID_UPDATE when it is no array or would nest too deep.
pub(super) fn each_elements<'a>(place: &Place<'_>, list: Cursor<'a>) -> Result<Elements<'a>> {
    match list.value()? {
        Value::Array(elements) => {
            check_depth(place, list, 0)?;
            Ok(elements)
        }
        _ => Err(wrong_operand(place, list, "an array as $each")),
    }
}

const SORT_WANTED: &str = "1 or -1, or a map of fields to 1 or -1, as $sort";

fn sort(place: &Place<'_>, operand: Cursor<'_>) -> Result<Sort> {
    let Value::Map(mut fields) = operand.value()? else {
        let descending = is_descending(place, operand)?;
        return Ok(Sort::Whole { descending });
    };
    let mut list = Vec::new();
    while let Some((name, direction)) = fields.take_next()? {
        let path = path::parse(name).filter(|path| {
            let is_plain = |segment: &Segment| !matches!(segment.name.first(), None | Some(b'$'));
            path.iter().all(is_plain)
        });
        let Some(path) = path else {
            return Err(refuse(format!(
                "{} sorts by the field {:?}, which is no path",
                place.shown(),
                show(name)
            )));
        };
        list.push(SortField {
            path,
            descending: is_descending(place, direction)?,
        });
    }
    if list.is_empty() || list.len() > TERMS_MAX {
        return Err(refuse(format!("{} takes {SORT_WANTED}", place.shown())));
    }
    Ok(Sort::Fields(list))
}

fn is_descending(place: &Place<'_>, operand: Cursor<'_>) -> Result<bool> {
    match whole_number(place, operand, SORT_WANTED)? {
        1 => Ok(false),
        -1 => Ok(true),
        other => Err(refuse(format!(
            "{} takes {SORT_WANTED}, and was given {other}",
            place.shown()
        ))),
    }
}
