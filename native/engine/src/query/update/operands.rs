//! The update operators and their operands: what each one takes, and the edit it makes.
//!
//! Promises: every operand that an operator cannot use is refused here, naming the operator and the path, so
//! that applying can only fail on what the document holds. No value is taken that would nest too deep.
//! Leaves to others: `$push` (push.rs), paths (place.rs). Source: MongoDB manual, "Update Operators".

use crate::error::{Error, Result};
use crate::format::value::{Cursor, Elements, Fields, Parse, Value};
use crate::limits::DEPTH_MAX;
use crate::query::update::array_filter::{ArrayFilter, ArrayFilters, compile_filter};
use crate::query::update::number::{BitOperation, Number};
use crate::query::update::place::{Place, Step};
use crate::query::update::push::{self, EACH};
use crate::query::update::values::Values;
use crate::query::update::{ClockForm, End, Leaf, PullTest, refuse, show};

/// What messages about an unknown operator offer.
pub(super) const SUPPORTED: &str = "$set $setOnInsert $unset $inc $mul $min $max $rename $currentDate \
     $addToSet $push $pop $pull $pullAll $bit";

/// An update operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Set,
    SetOnInsert,
    Unset,
    Increment,
    Multiply,
    Minimum,
    Maximum,
    Rename,
    CurrentDate,
    AddToSet,
    Push,
    Pop,
    Pull,
    PullAll,
    Bit,
}

impl Operator {
    /// The operator written `name`. Errors: INVALID_UPDATE when there is none.
    pub(super) fn named(name: &[u8]) -> Result<Operator> {
        Ok(match name {
            b"$set" => Operator::Set,
            b"$setOnInsert" => Operator::SetOnInsert,
            b"$unset" => Operator::Unset,
            b"$inc" => Operator::Increment,
            b"$mul" => Operator::Multiply,
            b"$min" => Operator::Minimum,
            b"$max" => Operator::Maximum,
            b"$rename" => Operator::Rename,
            b"$currentDate" => Operator::CurrentDate,
            b"$addToSet" => Operator::AddToSet,
            b"$push" => Operator::Push,
            b"$pop" => Operator::Pop,
            b"$pull" => Operator::Pull,
            b"$pullAll" => Operator::PullAll,
            b"$bit" => Operator::Bit,
            _ => {
                return Err(refuse(format!(
                    "the update operator {} is not known; supported are {SUPPORTED}, or a whole document \
                     without operators",
                    show(name)
                )));
            }
        })
    }
}

/// The edit that `operator`, any but `$rename`, makes at `place` with `operand`.
pub(super) fn leaf(operator: Operator, place: &Place<'_>, operand: Cursor<'_>) -> Result<Leaf> {
    Ok(match operator {
        Operator::Set | Operator::SetOnInsert => Leaf::Set(value(place, operand)?),
        Operator::Minimum => Leaf::Minimum(value(place, operand)?),
        Operator::Maximum => Leaf::Maximum(value(place, operand)?),
        Operator::Unset => Leaf::Unset,
        Operator::Increment => Leaf::Increment(number(place, operand)?),
        Operator::Multiply => Leaf::Multiply(number(place, operand)?),
        Operator::CurrentDate => Leaf::CurrentDate(clock_form(place, operand)?),
        Operator::AddToSet => Leaf::AddToSet(set_values(place, operand)?),
        Operator::Push => Leaf::Push(push::compile(place, operand)?),
        Operator::Pop => Leaf::Pop(end(place, operand)?),
        Operator::Pull => Leaf::Pull(pull_test(place, operand)?),
        Operator::PullAll => Leaf::PullAll(Values::of_elements(array(place, operand)?)?),
        Operator::Bit => Leaf::Bits(bits(place, operand)?),
        Operator::Rename => return Err(wrong_operand(place, operand, "a path")),
    })
}

/// The operand as a value to store at the end of the path.
fn value(place: &Place<'_>, operand: Cursor<'_>) -> Result<Box<[u8]>> {
    check_depth(place, operand, 0)?;
    Ok(operand.raw()?.into())
}

/// Refuses an operand that would nest too deep `nested` levels below the end of the path.
pub(super) fn check_depth(place: &Place<'_>, operand: Cursor<'_>, nested: usize) -> Result<()> {
    if place.steps.len() + nested + depth(operand)? > DEPTH_MAX {
        return Err(refuse(format!(
            "{} would nest maps and arrays deeper than {DEPTH_MAX}",
            place.shown()
        )));
    }
    Ok(())
}

/// How deep maps and arrays nest in the value at `cursor`; 0 for a scalar.
pub(super) fn depth(cursor: Cursor<'_>) -> Parse<usize> {
    let mut deepest = 0;
    match cursor.value()? {
        Value::Array(mut elements) => {
            while let Some(element) = elements.take_next()? {
                deepest = deepest.max(depth(element)?);
            }
        }
        Value::Map(mut fields) => {
            while let Some((_, value)) = fields.take_next()? {
                deepest = deepest.max(depth(value)?);
            }
        }
        _ => return Ok(0),
    }
    Ok(deepest + 1)
}

/// The error of an operand that is not `wanted`.
pub(super) fn wrong_operand(place: &Place<'_>, operand: Cursor<'_>, wanted: &str) -> Error {
    let given = operand.value().map_or("damaged value", |value| value.type_name());
    refuse(format!(
        "{} takes {wanted}, and was given a value of type {given}",
        place.shown()
    ))
}

fn number(place: &Place<'_>, operand: Cursor<'_>) -> Result<Number> {
    Number::read(operand)?.ok_or_else(|| wrong_operand(place, operand, "a number"))
}

fn array<'a>(place: &Place<'_>, operand: Cursor<'a>) -> Result<Elements<'a>> {
    match operand.value()? {
        Value::Array(elements) => Ok(elements),
        _ => Err(wrong_operand(place, operand, "an array")),
    }
}

/// The whole number that the operand is, a float without a fraction too.
pub(super) fn whole_number(place: &Place<'_>, operand: Cursor<'_>, what: &str) -> Result<i64> {
    match operand.value()? {
        Value::Int(number) => Ok(number),
        Value::Float(number) => crate::format::id::integral(number)
            .ok_or_else(|| refuse(format!("{} takes {what}, and was given {number}", place.shown()))),
        _ => Err(wrong_operand(place, operand, what)),
    }
}

fn clock_form(place: &Place<'_>, operand: Cursor<'_>) -> Result<ClockForm> {
    const WANTED: &str = "true, {$type: \"date\"} or {$type: \"timestamp\"}";
    match operand.value()? {
        Value::Bool(_) => Ok(ClockForm::Date),
        Value::Map(mut fields) => {
            let form = match fields.take_next()? {
                Some((b"$type", form)) => form.text(),
                _ => None,
            };
            match (form, fields.take_next()?) {
                (Some(b"date"), None) => Ok(ClockForm::Date),
                (Some(b"timestamp"), None) => Ok(ClockForm::Timestamp),
                _ => Err(refuse(format!(
                    "{} takes {WANTED}, and was given another map",
                    place.shown()
                ))),
            }
        }
        _ => Err(wrong_operand(place, operand, WANTED)),
    }
}

/// The values of `$addToSet`: one, or those of `$each`.
fn set_values(place: &Place<'_>, operand: Cursor<'_>) -> Result<Values> {
    let Some(elements) = each(place, operand)? else {
        check_depth(place, operand, 1)?;
        return Ok(Values::of_one(operand)?);
    };
    Ok(Values::of_elements(elements)?)
}

/// The array of `{$each: […]}`, where the operand is that.
fn each<'a>(place: &Place<'_>, operand: Cursor<'a>) -> Result<Option<Elements<'a>>> {
    let Value::Map(mut fields) = operand.value()? else {
        return Ok(None);
    };
    let Some((EACH, list)) = fields.take_next()? else {
        return Ok(None);
    };
    if let Some((key, _)) = fields.take_next()? {
        return Err(refuse(format!(
            "{} takes nothing besides $each, and was given {:?}",
            place.shown(),
            show(key)
        )));
    }
    push::each_elements(place, list).map(Some)
}

fn end(place: &Place<'_>, operand: Cursor<'_>) -> Result<End> {
    const WANTED: &str = "1 for the last element or -1 for the first";
    match whole_number(place, operand, WANTED)? {
        1 => Ok(End::Last),
        -1 => Ok(End::First),
        other => Err(refuse(format!(
            "{} takes {WANTED}, and was given {other}",
            place.shown()
        ))),
    }
}

/// A map of operators tests each element, another map each sub-document, any other value equals.
fn pull_test(place: &Place<'_>, operand: Cursor<'_>) -> Result<PullTest> {
    let Value::Map(mut fields) = operand.value()? else {
        return Ok(PullTest::Equal(operand.raw()?.into()));
    };
    let shown = place.shown();
    let first = fields.take_next()?.map_or(&[][..], |(key, _)| key);
    // These stand in a filter where a field's name would, the others behind one.
    let is_of_documents = matches!(
        first,
        b"$and" | b"$or" | b"$nor" | b"$expr" | b"$jsonSchema" | b"$comment" | b"$where" | b"$text"
    );
    if first.first() != Some(&b'$') || is_of_documents {
        let filter = compile_filter(operand.raw()?, &shown)?;
        return Ok(PullTest::Document(filter));
    }
    let names = place.steps.iter().rev();
    let name = names
        .filter_map(|step| match step {
            Step::Name(name) if name.first() != Some(&b'$') => Some(*name),
            _ => None,
        })
        .next();
    let filter = ArrayFilter::of_condition(name.unwrap_or(b"element"), operand, &shown)?;
    Ok(PullTest::Element(filter))
}

fn bits(place: &Place<'_>, operand: Cursor<'_>) -> Result<Vec<(BitOperation, i128)>> {
    const WANTED: &str = "a map of the operations and, or, xor";
    let Value::Map(fields) = operand.value()? else {
        return Err(wrong_operand(place, operand, WANTED));
    };
    let mut operations = Vec::new();
    let mut rest: Fields<'_> = fields;
    while let Some((key, operand)) = rest.take_next()? {
        let operation = match key {
            b"and" => BitOperation::And,
            b"or" => BitOperation::Or,
            b"xor" => BitOperation::Xor,
            _ => {
                return Err(refuse(format!(
                    "{} takes {WANTED}, and was given {:?}",
                    place.shown(),
                    show(key)
                )));
            }
        };
        match Number::read(operand)? {
            Some(Number::Whole { value, .. }) => operations.push((operation, value)),
            _ => return Err(wrong_operand(place, operand, "integers to combine with")),
        }
    }
    if operations.is_empty() {
        return Err(refuse(format!(
            "{} takes {WANTED}, and was given none",
            place.shown()
        )));
    }
    Ok(operations)
}

/// The two edits of `$rename` from `source`: the field goes there, and comes here.
pub(super) fn rename<'a>(source: &Place<'a>, operand: Cursor<'a>) -> Result<[(Place<'a>, Leaf); 2]> {
    let Some(path) = operand.text() else {
        return Err(wrong_operand(source, operand, "the new path as a string"));
    };
    let target = Place::parse(source.operator, path, &mut ArrayFilters::default())?;
    if source.is_dynamic() || target.is_dynamic() {
        let which = if source.is_dynamic() { source } else { &target };
        return Err(refuse(format!(
            "{} takes paths of names only; $, $[] and $[name] are not allowed",
            which.shown()
        )));
    }
    let (old, new) = (source.path, path);
    let leads_through = |outer: &[u8], inner: &[u8]| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'.'))
    };
    if leads_through(old, new) || leads_through(new, old) {
        return Err(refuse(format!(
            "{} was given the new path {:?}; neither may be the same as the other or lead through it",
            source.shown(),
            show(new)
        )));
    }
    let names = source.path.split(|byte| *byte == b'.').map(Box::from).collect();
    Ok([(source.clone(), Leaf::Unset), (target, Leaf::MoveFrom(names))])
}
