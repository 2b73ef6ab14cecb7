//! Comparisons of any two values in the order of compare.rs, where missing stands below null.
//!
//! Source: MongoDB manual, "Comparison Expression Operators".

use std::cmp::Ordering;

use crate::error::Result;
use crate::format::view::View;
use crate::query::compare::compare_views;
use crate::query::expression::Outcome;
use crate::query::expression::operands::{Operands, made};

/// The order of two values, either of which may be missing.
#[inline]
pub(super) fn order(left: Option<&View<'_>>, right: Option<&View<'_>>) -> Result<Ordering> {
    match (left, right) {
        (Some(left), Some(right)) => Ok(compare_views(left, right)?),
        (left, right) => Ok(left.is_some().cmp(&right.is_some())),
    }
}

fn operands_order(operands: &Operands<'_, '_>) -> Result<Ordering> {
    order(operands.view(0).as_ref(), operands.view(1).as_ref())
}

pub(super) fn compare<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(operands_order(operands)? as i64)
}

pub(super) fn equal<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(operands_order(operands)?.is_eq())
}

pub(super) fn not_equal<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(operands_order(operands)?.is_ne())
}

pub(super) fn greater<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(operands_order(operands)?.is_gt())
}

pub(super) fn at_least<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(operands_order(operands)?.is_ge())
}

pub(super) fn less<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(operands_order(operands)?.is_lt())
}

pub(super) fn at_most<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(operands_order(operands)?.is_le())
}
