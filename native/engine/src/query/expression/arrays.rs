//! Arrays: elements, parts, concatenation, order.
//!
//! Promises: linear in what goes in and out; positions count from 0, negative ones from the end.
//! Leaves to others: loops (loops.rs), sets (sets.rs). Source: MongoDB manual, "Array Expression Operators".

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::Cursor;
use crate::format::view::View;
use crate::query::compare::compare_views;
use crate::query::expression::compile::{Compiler, arguments, fold};
use crate::query::expression::loops::Items;
use crate::query::expression::operands::{Operands, made, null};
use crate::query::expression::operators::{Operator, needed};
use crate::query::expression::order::{Key, Order};
use crate::query::expression::scope::{Frame, VALUE_BYTES_MAX, too_large};
use crate::query::expression::{Call, Computed, Node, Outcome, Prepared, refuse};

/// The elements of an operand, taken out; None when it is null or missing.
pub(super) fn items<'a>(operands: &mut Operands<'a, '_>, index: usize) -> Result<Option<Items<'a>>> {
    if operands.array(index)?.is_none() {
        return Ok(None);
    }
    Ok(operands.take(index).and_then(Items::of))
}

/// The position `place` of `count`, counted from the end when negative; None outside.
fn position(place: i64, count: usize) -> Option<usize> {
    let place = if place < 0 {
        place.checked_add(i64::try_from(count).ok()?)?
    } else {
        place
    };
    usize::try_from(place).ok().filter(|place| *place < count)
}

fn element<'a>(operands: &mut Operands<'a, '_>, place: i64) -> Outcome<'a> {
    let count = operands.array(0)?.map_or(0, |elements| elements.remaining());
    let (Some(place), Some(mut items)) = (position(place, count), items(operands, 0)?) else {
        return Ok(None);
    };
    for _ in 0..place {
        items.take_next()?;
    }
    items.take_next()
}

pub(super) fn element_at<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    if operands.array(0)?.is_none() || operands.is_null(1) {
        return null();
    }
    let place = operands.whole(1, "a whole number as the position")?;
    element(operands, place)
}

pub(super) fn first<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    if operands.is_null(0) {
        null()
    } else {
        element(operands, 0)
    }
}

pub(super) fn last<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    if operands.is_null(0) {
        null()
    } else {
        element(operands, -1)
    }
}

/// Grows the first array in place when it is nobody else's, so only what is appended counts.
pub(super) fn concatenate<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    let mut operands = Operands::evaluate(call, frame)?;
    for index in 0..operands.count() {
        operands.array(index)?;
    }
    if operands.any_null() {
        return null();
    }
    let (mut all, start) = match operands.take(0) {
        Some(Computed::Made(Owned::Array(elements))) => (elements, 1),
        Some(other) => {
            let mut all = Vec::new();
            append(&mut all, other, frame)?;
            (all, 1)
        }
        None => (Vec::new(), 0),
    };
    for index in start..operands.count() {
        if let Some(value) = operands.take(index) {
            append(&mut all, value, frame)?;
        }
    }
    made(all)
}

fn append<'a>(all: &mut Vec<Owned>, value: Computed<'a>, frame: &Frame<'a>) -> Result<()> {
    let Some(mut items) = Items::of(value) else {
        return Ok(());
    };
    while let Some(item) = items.take_next()? {
        let item = frame.own(item)?;
        frame.charge(size_of::<Owned>())?;
        all.push(item);
    }
    Ok(())
}

pub(super) fn contains<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some(View::Array(mut elements)) = operands.view(1) else {
        return Err(operands.wrong(1, "an array as its second operand"));
    };
    let Some(wanted) = operands.view(0) else {
        return made(false);
    };
    while let Some(element) = elements.take_next()? {
        if compare_views(&element, &wanted)?.is_eq() {
            return made(true);
        }
    }
    made(false)
}

/// The bounds that `start` and `end` set, which are operands of `$indexOf…`.
pub(super) fn bounds(operands: &Operands<'_, '_>, count: usize) -> Result<(usize, usize)> {
    const WANTED: &str = "whole numbers that are not negative as start and end";
    let bound = |index: usize, absent: usize| -> Result<usize> {
        if operands.count() <= index {
            return Ok(absent);
        }
        let place = operands.whole(index, WANTED)?;
        usize::try_from(place).map_err(|_| operands.refuse(format_args!("takes {WANTED}")))
    };
    Ok((bound(2, 0)?, bound(3, count)?.min(count)))
}

pub(super) fn index_of<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some(mut elements) = operands.array(0)? else {
        return null();
    };
    let (start, end) = bounds(operands, elements.remaining())?;
    let mut place = 0;
    while let (Some(element), true) = (elements.take_next()?, place < end) {
        if place >= start
            && let Some(wanted) = operands.view(1)
            && compare_views(&element, &wanted)?.is_eq()
        {
            return made(place as i64);
        }
        place += 1;
    }
    made(-1_i64)
}

pub(super) fn is_array<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(matches!(operands.view(0), Some(View::Array(_))))
}

pub(super) fn size<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    match operands.view(0) {
        Some(View::Array(elements)) => made(elements.remaining() as i64),
        _ => Err(operands.wrong(0, "arrays")),
    }
}

pub(super) fn range<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    const WANTED: &str = "whole numbers of 32 bits";
    let bound = |index: usize| -> Result<i64> {
        let number = operands.whole(index, WANTED)?;
        match i32::try_from(number) {
            Ok(_) => Ok(number),
            Err(_) => Err(operands.refuse(format_args!("takes {WANTED}, and was given {number}"))),
        }
    };
    let step = if operands.count() > 2 { bound(2)? } else { 1 };
    let (start, end) = (bound(0)?, bound(1)?);
    if step == 0 {
        return Err(operands.refuse("takes a step other than 0"));
    }
    let count = ((end - start) as f64 / step as f64).ceil().max(0.0) as usize;
    if count.saturating_mul(size_of::<Owned>()) > VALUE_BYTES_MAX {
        return Err(too_large("an array", VALUE_BYTES_MAX));
    }
    let numbers = (0..count as i64).map(|place| Owned::Int(start + place * step));
    made(numbers.collect::<Vec<Owned>>())
}

/// The elements of an operand, owned; None when it is null or missing.
pub(super) fn all<'a>(operands: &mut Operands<'a, '_>, index: usize) -> Result<Option<Vec<Owned>>> {
    let Some(mut items) = items(operands, index)? else {
        return Ok(None);
    };
    let mut all = Vec::new();
    while let Some(item) = items.take_next()? {
        all.push(operands.frame.own(item)?);
    }
    Ok(Some(all))
}

pub(super) fn reverse<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    match all(operands, 0)? {
        Some(mut elements) => {
            elements.reverse();
            made(elements)
        }
        None => null(),
    }
}

pub(super) fn slice<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some(elements) = operands.array(0)? else {
        return null();
    };
    if operands.any_null() {
        return null();
    }
    let count = elements.remaining();
    let first = operands.whole(1, "whole numbers")?;
    let from_end =
        |number: i64| count.saturating_sub(usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX));
    let clamped = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let (start, taken) = match (operands.count(), first < 0) {
        (3, is_negative) => {
            let taken = operands.whole(2, "whole numbers")?;
            if taken <= 0 {
                return Err(operands.refuse("takes a count above 0 as its third operand"));
            }
            let start = if is_negative {
                from_end(first)
            } else {
                clamped(first)
            };
            (start, clamped(taken))
        }
        (_, true) => (from_end(first), count),
        (_, false) => (0, clamped(first)),
    };
    let Some(mut items) = items(operands, 0)? else {
        return null();
    };
    for _ in 0..start.min(count) {
        items.take_next()?;
    }
    let mut part = Vec::new();
    while part.len() < taken
        && let Some(item) = items.take_next()?
    {
        part.push(operands.frame.own(item)?);
    }
    made(part)
}

/// `{$sortArray: {input, sortBy}}`.
pub(super) fn compile_sort(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let arguments = arguments(operator, operand, &[needed("input"), needed("sortBy")])?;
    let [Some(input), Some(order)] = arguments.as_slice() else {
        return Err(refuse("$sortArray was not given input and sortBy"));
    };
    let order = Order::compile(operator.name, *order, true)?;
    let input = compiler.node(*input)?;
    let mut call = compiler.call(operator, vec![Some(input)]);
    call.prepared = Prepared::Order(order);
    Ok(fold(call))
}

pub(super) fn sort<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let call = operands.call;
    let (Some(elements), Prepared::Order(order)) = (all(operands, 0)?, &call.prepared) else {
        return null();
    };
    if order.is_of_values() {
        let mut elements = elements;
        elements.sort_by(|left, right| order.compare_values(left, right));
        return made(elements);
    }
    let mut keyed: Vec<(Key, Owned)> = Vec::with_capacity(elements.len());
    for element in elements {
        keyed.push((order.key(&View::from(&element))?, element));
    }
    keyed.sort_by(|left, right| order.compare(&left.0, &right.0));
    made(
        keyed
            .into_iter()
            .map(|(_, element)| element)
            .collect::<Vec<Owned>>(),
    )
}

/// `{$zip: {inputs, useLongestLength, defaults}}`.
pub(super) fn zip<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some(inputs) = all(operands, 0)? else {
        return null();
    };
    let is_longest = match operands.view(1) {
        None => false,
        Some(View::Bool(truth)) => truth,
        Some(_) => return Err(operands.wrong(1, "a boolean as useLongestLength")),
    };
    let defaults = all(operands, 2)?;
    if let Some(defaults) = &defaults
        && (!is_longest || defaults.len() != inputs.len())
    {
        return Err(operands.refuse("takes defaults with useLongestLength only, one for each input"));
    }
    let mut lists = Vec::with_capacity(inputs.len());
    for input in &inputs {
        match input {
            Owned::Array(elements) => lists.push(elements.as_slice()),
            input if input.is_null() => return null(),
            input => {
                let found = input.type_name();
                return Err(operands.refuse(format_args!(
                    "takes arrays as its inputs, and was given a value of type {found}"
                )));
            }
        }
    }
    let counts = lists.iter().map(|list| list.len());
    let rows = if is_longest { counts.max() } else { counts.min() }.unwrap_or(0);
    // Longest length times number of inputs can be far more than what the inputs hold.
    operands.frame.charge(
        rows.saturating_mul(lists.len())
            .saturating_mul(size_of::<Owned>()),
    )?;
    let mut zipped = Vec::with_capacity(rows);
    for row in 0..rows {
        let cell = |(column, list): (usize, &&[Owned])| {
            let default = || defaults.as_ref().and_then(|defaults| defaults.get(column));
            list.get(row).or_else(default).cloned().unwrap_or(Owned::Null)
        };
        zipped.push(Owned::Array(lists.iter().enumerate().map(cell).collect()));
    }
    made(zipped)
}
