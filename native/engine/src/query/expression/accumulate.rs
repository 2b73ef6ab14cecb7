//! Accumulators within one document: `$sum $avg $min $max $stdDevPop $stdDevSamp $median $percentile` and the
//! first, last, least and greatest few of an array.
//!
//! Promises: a single operand that is an array stands for its elements; nothing is copied but what is kept.
//! Leaves to others: the arithmetic (accumulator.rs).

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::view::View;
use crate::query::expression::accumulator::{Kind, State, percentile_points, percentiles};
use crate::query::expression::arithmetic::Number;
use crate::query::expression::operands::{Operands, made};
use crate::query::expression::{Computed, Outcome};

/// Accumulates the operands, or the elements of the only one.
fn accumulate<'a>(operands: &Operands<'a, '_>, kind: &Kind) -> Outcome<'a> {
    let name = operands.name();
    let mut state = State::new(kind);
    if let (1, Some(View::Array(mut elements))) = (operands.count(), operands.view(0)) {
        while let Some(element) = elements.take_next()? {
            state.add(name, kind, Some(Computed::Seen(element)), None)?;
        }
    } else {
        for index in 0..operands.count() {
            state.add(name, kind, operands.view(index).map(Computed::Seen), None)?;
        }
    }
    made(state.finish(kind).unwrap_or(Owned::Null))
}

pub(super) fn sum<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    accumulate(operands, &Kind::Sum)
}

pub(super) fn average<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    accumulate(operands, &Kind::Average)
}

pub(super) fn least<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    accumulate(operands, &Kind::Least)
}

pub(super) fn greatest<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    accumulate(operands, &Kind::Greatest)
}

pub(super) fn deviation_of_all<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    accumulate(operands, &Kind::DeviationOfAll)
}

pub(super) fn deviation_of_sample<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    accumulate(operands, &Kind::DeviationOfSample)
}

/// `{n, input}`: accumulates the elements of `input` with the kind for `n`.
fn some<'a>(operands: &Operands<'a, '_>, kind: fn(usize) -> Kind) -> Outcome<'a> {
    const WANTED: &str = "a whole number above 0 as n";
    let count = operands.whole(0, WANTED)?;
    let count = usize::try_from(count).ok().filter(|count| *count > 0);
    let count = count.ok_or_else(|| operands.refuse(format_args!("takes {WANTED}")))?;
    let Some(View::Array(mut elements)) = operands.view(1) else {
        return Err(operands.wrong(1, "an array as its input"));
    };
    let kind = kind(count);
    let mut state = State::new(&kind);
    while let Some(element) = elements.take_next()? {
        state.add(operands.name(), &kind, Some(Computed::Seen(element)), None)?;
    }
    made(state.finish(&kind).unwrap_or(Owned::Null))
}

pub(super) fn first_some<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    some(operands, Kind::FirstSome)
}

pub(super) fn last_some<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    some(operands, Kind::LastSome)
}

pub(super) fn least_some<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    some(operands, Kind::LeastSome)
}

pub(super) fn greatest_some<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    some(operands, Kind::GreatestSome)
}

/// The numbers of the operand `input`, which is the first.
fn numbers(operands: &Operands<'_, '_>) -> Result<Vec<f64>> {
    let mut numbers = Vec::new();
    let mut keep = |view: &View<'_>| {
        let number = Number::of(view).map(Number::to_float);
        numbers.extend(number.filter(|number| !number.is_nan()));
    };
    match operands.view(0) {
        Some(View::Array(mut elements)) => {
            while let Some(element) = elements.take_next()? {
                keep(&element);
            }
        }
        Some(view) => keep(&view),
        None => {}
    }
    Ok(numbers)
}

fn check_method(operands: &Operands<'_, '_>, index: usize) -> Result<()> {
    match operands.view(index) {
        Some(View::Text(b"approximate")) => Ok(()),
        _ => Err(operands.refuse("takes \"approximate\" as its method")),
    }
}

pub(super) fn median<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    check_method(operands, 1)?;
    let middle = percentiles(numbers(operands)?, &[0.5]).pop();
    made(middle.unwrap_or(Owned::Null))
}

pub(super) fn percentile<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    check_method(operands, 2)?;
    let points = match operands.view(1) {
        Some(view) => Some(view.to_owned()?),
        None => None,
    };
    let points = percentile_points(operands.name(), points.as_ref())?;
    made(percentiles(numbers(operands)?, &points))
}
