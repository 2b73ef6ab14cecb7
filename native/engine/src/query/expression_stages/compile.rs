//! From the MessagePack of a stage to its tree of fields.
//!
//! Promises: whatever a stage does not allow is refused here, naming the path.
//! Leaves to others: paths and their conflicts (query/shape.rs), expressions (query/expression), doing it
//! (apply.rs).

use crate::error::{ErrorKind, Result};
use crate::format::owned::utf8;
use crate::format::value::{Cursor, Fields, Value};
use crate::query::expression::Expression;
use crate::query::expression_stages::{Action, End, ExpressionStage, in_stage, refuse};
use crate::query::shape::{self, Leaves};

pub(super) fn compile(
    name: &[u8],
    operand: Cursor<'_>,
    variables: &[&str],
) -> Result<Option<ExpressionStage>> {
    let action = match name {
        b"$set" | b"$addFields" => set(operand, variables),
        b"$unset" => unset(operand),
        b"$project" => project(operand, variables),
        b"$replaceWith" => Expression::compile_with(operand, variables).map(Action::ReplaceWith),
        b"$replaceRoot" => replace_root(operand, variables),
        _ => return Ok(None),
    };
    let name: Box<str> = utf8(name)?.into();
    match action {
        Ok(action) => Ok(Some(ExpressionStage { name, action })),
        Err(error) => Err(in_stage(&name, &error)),
    }
}

fn map<'a>(operand: Cursor<'a>) -> Result<Fields<'a>> {
    match operand.value()? {
        Value::Map(fields) if fields.remaining() > 0 => Ok(fields),
        Value::Map(_) => Err(refuse("an empty map was given; it names at least one field")),
        other => Err(refuse(format!(
            "a map of fields is expected, and a value of type {} was given",
            other.type_name()
        ))),
    }
}

fn set(operand: Cursor<'_>, variables: &[&str]) -> Result<Action> {
    let mut leaves = Leaves::new(ErrorKind::InvalidPipeline);
    let mut expressions = Vec::new();
    leaves.collect(map(operand)?, &mut |path, operand| {
        computed(path, operand, variables, &mut expressions)
    })?;
    let fields = leaves.into_shape(true)?;
    Ok(Action::Shape { fields, expressions })
}

fn unset(operand: Cursor<'_>) -> Result<Action> {
    let mut leaves = Leaves::new(ErrorKind::InvalidPipeline);
    match operand.value()? {
        Value::String(path) => leaves.add(&[utf8(path)?], End::Drop)?,
        Value::Array(mut paths) if paths.remaining() > 0 => {
            while let Some(path) = paths.take_next()? {
                let Value::String(path) = path.value()? else {
                    return Err(refuse("a path or an array of paths is expected"));
                };
                leaves.add(&[utf8(path)?], End::Drop)?;
            }
        }
        _ => return Err(refuse("a path or an array of paths is expected")),
    }
    Ok(Action::Shape {
        fields: leaves.into_shape(true)?,
        expressions: Vec::new(),
    })
}

fn replace_root(operand: Cursor<'_>, variables: &[&str]) -> Result<Action> {
    let mut fields = map(operand)?;
    match (fields.take_next()?, fields.take_next()?) {
        (Some((b"newRoot", expression)), None) => {
            Expression::compile_with(expression, variables).map(Action::ReplaceWith)
        }
        _ => Err(refuse("a map with newRoot, and nothing besides, is expected")),
    }
}

fn project(operand: Cursor<'_>, variables: &[&str]) -> Result<Action> {
    let mut leaves = Leaves::new(ErrorKind::InvalidPipeline);
    let mut expressions = Vec::new();
    leaves.collect(map(operand)?, &mut |path, operand| match shape::flag(operand)? {
        Some(true) => Ok(End::Keep),
        Some(false) => Ok(End::Drop),
        None => computed(path, operand, variables, &mut expressions),
    })?;
    let fields = leaves.into_projection()?;
    Ok(Action::Shape { fields, expressions })
}

/// The end of a path whose field is computed.
fn computed(
    path: &[&str],
    operand: Cursor<'_>,
    variables: &[&str],
    expressions: &mut Vec<Expression>,
) -> Result<End> {
    let expression = Expression::compile_with(operand, variables)
        .map_err(|error| in_stage(&format!("at {:?}", path.join(".")), &error))?;
    expressions.push(expression);
    Ok(End::Computed(expressions.len() - 1))
}
