//! Objects: fields by name, merging, to and from arrays, sizes.
//!
//! Promises: keys keep their first places, and of equal keys the last value counts; names may hold dots and
//! begin with `$` here. Source: MongoDB manual, "Object Expression Operators".

use indexmap::IndexMap;

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Value};
use crate::format::view::{List, View};
use crate::query::expression::compile::{Compiler, fold};
use crate::query::expression::operands::{Operands, made, null};
use crate::query::expression::operators::{Operator, needed, optional};
use crate::query::expression::scope::Frame;
use crate::query::expression::{Call, Computed, Node, Outcome, Slot};

/// Most fields that are searched one by one; above, they are hashed.
const SEARCHED_MAX: usize = 16;

/// `{$getField: field}` or `{$getField: {field, input}}`.
pub(super) fn compile_get(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let is_named = match operand.value()? {
        Value::Map(fields) => fields.find(b"field")?.is_some(),
        _ => false,
    };
    let mut operands = if is_named {
        compiler.named(operator, operand, &[needed("field"), optional("input")])?
    } else {
        vec![Some(compiler.node(operand)?), None]
    };
    if let Some(input @ None) = operands.get_mut(1) {
        *input = Some(Node::Variable {
            slot: Slot::Root,
            path: Vec::new(),
            is_last: false,
        });
    }
    Ok(fold(compiler.call(operator, operands)))
}

fn name<'o>(operands: &'o Operands<'_, '_>) -> Result<&'o str> {
    match operands.view(0) {
        Some(View::Text(name)) => Ok(utf8(name)?),
        _ => Err(operands.wrong(0, "a string as its field")),
    }
}

pub(super) fn get<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let name: Box<str> = name(operands)?.into();
    match operands.take(1) {
        Some(Computed::Seen(View::Map(fields))) => Ok(fields.find(name.as_bytes())?.map(Computed::Seen)),
        Some(Computed::Made(mut value)) => match value.remove(&name) {
            Some(field) => Ok(Some(Computed::Made(field))),
            None if value.is_null() => null(),
            None => Ok(None),
        },
        Some(other) => match other.view() {
            View::Map(fields) => match fields.find(name.as_bytes())? {
                Some(field) => made(field.to_owned()?),
                None => Ok(None),
            },
            view if view.is_null() => null(),
            _ => Ok(None),
        },
        None => Ok(None),
    }
}

/// The operand at `index` as an owned object; None when it is null or missing.
fn owned_object<'a>(operands: &mut Operands<'a, '_>, index: usize) -> Result<Option<Owned>> {
    if operands.object(index)?.is_none() {
        return Ok(None);
    }
    match operands.take(index) {
        Some(value) => Ok(Some(operands.frame.own(value)?)),
        None => Ok(None),
    }
}

/// `{$setField: {field, input, value}}`; a value that is missing takes the field out.
pub(super) fn set<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let name: Box<str> = name(operands)?.into();
    let Some(mut object) = owned_object(operands, 1)? else {
        return null();
    };
    match operands.take(2) {
        Some(value) => object.set(&name, operands.frame.own(value)?),
        None => {
            object.remove(&name);
        }
    }
    made(object)
}

pub(super) fn unset<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let name: Box<str> = name(operands)?.into();
    let Some(mut object) = owned_object(operands, 1)? else {
        return null();
    };
    object.remove(&name);
    made(object)
}

/// Grows the first object in place when it is nobody else's, so only what is merged into it counts.
pub(super) fn merge<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    let mut operands = Operands::evaluate(call, frame)?;
    let mut merged: Option<Owned> = None;
    for index in 0..operands.count() {
        if operands.object(index)?.is_none() {
            continue;
        }
        let Some(value) = operands.take(index) else {
            continue;
        };
        let value = frame.own(value)?;
        merged = Some(match (merged, value) {
            (None, value) => value,
            (Some(Owned::Map(left)), Owned::Map(right)) => Owned::Map(merge_fields(left, right)),
            (Some(left), _) => left,
        });
    }
    made(merged.unwrap_or(Owned::Map(Vec::new())))
}

type FieldList = Vec<(Box<str>, Owned)>;

fn merge_fields(left: FieldList, right: FieldList) -> FieldList {
    if right.len() > SEARCHED_MAX {
        let mut hashed: IndexMap<Box<str>, Owned> = left.into_iter().collect();
        hashed.extend(right);
        return hashed.into_iter().collect();
    }
    let mut merged = Owned::Map(left);
    for (key, value) in right {
        merged.set(&key, value);
    }
    match merged {
        Owned::Map(fields) => fields,
        _ => Vec::new(),
    }
}

pub(super) fn to_array<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some(Owned::Map(fields)) = owned_object(operands, 0)? else {
        return null();
    };
    let pair = |(key, value): (Box<str>, Owned)| {
        Owned::Map(vec![("k".into(), Owned::Text(key)), ("v".into(), value)])
    };
    made(fields.into_iter().map(pair).collect::<Vec<Owned>>())
}

/// Pairs `[key, value]` or objects `{k, v}`, all of the kind of the first.
pub(super) fn from_array<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    const WANTED: &str = "either pairs [key, value] or objects {k, v}, with strings as keys";
    let Some(mut elements) = operands.array(0)? else {
        return null();
    };
    let mut fields: IndexMap<Box<str>, Owned> = IndexMap::new();
    let mut of_pairs = None;
    while let Some(element) = elements.take_next()? {
        let is_pair = matches!(element, View::Array(_));
        let found = match element {
            _ if *of_pairs.get_or_insert(is_pair) != is_pair => None,
            View::Array(pair) => pair_of(pair)?,
            View::Map(fields) if fields.remaining() == 2 => fields.find(b"k")?.zip(fields.find(b"v")?),
            _ => None,
        };
        match found {
            Some((View::Text(key), value)) => fields.insert(utf8(key)?.into(), value.to_owned()?),
            _ => return Err(operands.refuse(format_args!("takes {WANTED}"))),
        };
    }
    made(Owned::Map(fields.into_iter().collect()))
}

fn pair_of(mut pair: List<'_>) -> Result<Option<(View<'_>, View<'_>)>> {
    if pair.remaining() != 2 {
        return Ok(None);
    }
    Ok(pair.take_next()?.zip(pair.take_next()?))
}

/// The bytes of a text or binary.
pub(super) fn binary_size<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    match operands.view(0) {
        Some(View::Text(bytes) | View::Binary(bytes)) => made(bytes.len() as i64),
        Some(view) if !view.is_null() => Err(operands.wrong(0, "strings and binary")),
        _ => null(),
    }
}

/// The bytes of an object as it is stored without records.
pub(super) fn stored_size<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    if operands.object(0)?.is_none() {
        return null();
    }
    let mut bytes = Vec::new();
    if let Some(view) = operands.view(0) {
        view.to_owned()?.write(&mut bytes);
    }
    made(bytes.len() as i64)
}
