//! Arrays as sets: equal elements count once, in the order of their first places.
//!
//! Promises: linear in the elements, by their group keys. Source: MongoDB manual, "Set Expression Operators".

use std::collections::HashSet;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::view::{List, View};
use crate::query::expression::arrays::items;
use crate::query::expression::operands::{Operands, made, null};
use crate::query::expression::{Outcome, is_truth};
use crate::query::group_key::append_group_key;

type Keys = HashSet<Vec<u8>>;

fn key(view: &View<'_>) -> Result<Vec<u8>> {
    let mut key = Vec::new();
    append_group_key(view, &mut key)?;
    Ok(key)
}

fn keys(mut elements: List<'_>) -> Result<Keys> {
    let mut keys = Keys::new();
    while let Some(element) = elements.take_next()? {
        keys.insert(key(&element)?);
    }
    Ok(keys)
}

/// An array; null and missing are errors here.
fn array<'o>(operands: &'o Operands<'_, '_>, index: usize) -> Result<List<'o>> {
    match operands.view(index) {
        Some(View::Array(elements)) => Ok(elements),
        _ => Err(operands.wrong(index, "arrays")),
    }
}

/// The distinct elements of an operand for whose key `is_kept` holds; keys kept are added to `seen`.
fn distinct<'a>(
    operands: &mut Operands<'a, '_>,
    index: usize,
    seen: &mut Keys,
    is_kept: impl Fn(&Vec<u8>) -> bool,
    kept: &mut Vec<Owned>,
) -> Result<()> {
    let Some(mut items) = items(operands, index)? else {
        return Ok(());
    };
    while let Some(item) = items.take_next()? {
        let key = key(&item.view())?;
        if is_kept(&key) && seen.insert(key) {
            kept.push(operands.frame.own(item)?);
        }
    }
    Ok(())
}

fn check_arrays(operands: &Operands<'_, '_>) -> Result<()> {
    (0..operands.count()).try_for_each(|index| operands.array(index).map(|_| ()))
}

pub(super) fn union<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    check_arrays(operands)?;
    if operands.any_null() {
        return null();
    }
    let (mut seen, mut kept) = (Keys::new(), Vec::new());
    for index in 0..operands.count() {
        distinct(operands, index, &mut seen, |_| true, &mut kept)?;
    }
    made(kept)
}

pub(super) fn intersection<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    check_arrays(operands)?;
    if operands.any_null() {
        return null();
    }
    let mut others = Vec::new();
    for index in 1..operands.count() {
        others.push(keys(array(operands, index)?)?);
    }
    let is_in_all = |key: &Vec<u8>| others.iter().all(|other| other.contains(key));
    let (mut seen, mut kept) = (Keys::new(), Vec::new());
    distinct(operands, 0, &mut seen, is_in_all, &mut kept)?;
    made(kept)
}

pub(super) fn difference<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    check_arrays(operands)?;
    if operands.any_null() {
        return null();
    }
    let others = keys(array(operands, 1)?)?;
    let (mut seen, mut kept) = (Keys::new(), Vec::new());
    distinct(operands, 0, &mut seen, |key| !others.contains(key), &mut kept)?;
    made(kept)
}

pub(super) fn equals<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let first = keys(array(operands, 0)?)?;
    let mut are_equal = true;
    for index in 1..operands.count() {
        are_equal &= keys(array(operands, index)?)? == first;
    }
    made(are_equal)
}

pub(super) fn is_subset<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let (first, second) = (array(operands, 0)?, array(operands, 1)?);
    made(keys(first)?.is_subset(&keys(second)?))
}

pub(super) fn all_true<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let mut elements = array(operands, 0)?;
    while let Some(element) = elements.take_next()? {
        if !is_truth(&element) {
            return made(false);
        }
    }
    made(true)
}

pub(super) fn any_true<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let mut elements = array(operands, 0)?;
    while let Some(element) = elements.take_next()? {
        if is_truth(&element) {
            return made(true);
        }
    }
    made(false)
}
