//! Truth and choice: `$and $or $not $cond $ifNull $switch $literal`.
//!
//! Promises: only the branch taken is evaluated, so a wrong type in another one is no error.
//! Source: MongoDB manual, "Boolean" and "Conditional Expression Operators".

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::{Cursor, Value};
use crate::query::expression::compile::{Compiler, arguments, fold};
use crate::query::expression::operands::{Operands, made};
use crate::query::expression::operators::{Name, Operator, needed, optional};
use crate::query::expression::scope::Frame;
use crate::query::expression::{Call, Node, Outcome, is_truth, refuse};

/// The function of an operator that is never called.
pub(super) fn nothing<'a>(_: &mut Operands<'a, '_>) -> Outcome<'a> {
    Ok(None)
}

/// `{$literal: value}`: the value as it stands.
pub(super) fn compile_literal(
    _: &mut Compiler<'_>,
    _: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    Ok(Node::Constant(Owned::read(operand)?))
}

fn truth<'a>(call: &'a Call, index: usize, frame: &Frame<'a>) -> Result<bool> {
    let value = call.operand(index, frame)?;
    Ok(value.is_some_and(|value| is_truth(&value.view())))
}

pub(super) fn and<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    for index in 0..call.operands.len() {
        if !truth(call, index, frame)? {
            return made(false);
        }
    }
    made(true)
}

pub(super) fn or<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    for index in 0..call.operands.len() {
        if truth(call, index, frame)? {
            return made(true);
        }
    }
    made(false)
}

pub(super) fn not<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(!operands.view(0).is_some_and(|view| is_truth(&view)))
}

const CHOICE: &[Name] = &[needed("if"), needed("then"), needed("else")];

/// `{$cond: [if, then, else]}` or `{$cond: {if, then, else}}`.
pub(super) fn compile_choice(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let operands = match operand.value()? {
        Value::Map(_) => compiler.named(operator, operand, CHOICE)?,
        _ => compiler.list(operator, operand, CHOICE.len(), CHOICE.len())?,
    };
    Ok(fold(compiler.call(operator, operands)))
}

pub(super) fn choose<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    let branch = if truth(call, 0, frame)? { 1 } else { 2 };
    call.operand(branch, frame)
}

/// The first operand that is not null; else the last one.
pub(super) fn if_null<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    let last = call.operands.len().saturating_sub(1);
    for index in 0..last {
        let value = call.operand(index, frame)?;
        if value.as_ref().is_some_and(|value| !value.is_null()) {
            return Ok(value);
        }
    }
    call.operand(last, frame)
}

/// `{$switch: {branches: [{case, then}, …], default}}`: the default first, then cases and values in turn.
pub(super) fn compile_switch(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let arguments = arguments(operator, operand, &[needed("branches"), optional("default")])?;
    let [Some(branches), default] = arguments.as_slice() else {
        return Err(refuse("$switch was not given its branches"));
    };
    let Value::Array(mut branches) = branches.value()? else {
        return Err(refuse("$switch takes an array of branches"));
    };
    if branches.remaining() == 0 {
        return Err(refuse("$switch was given no branches; it takes at least one"));
    }
    let mut operands = vec![match default {
        Some(default) => Some(compiler.node(*default)?),
        None => None,
    }];
    while let Some(branch) = branches.take_next()? {
        operands.extend(compiler.named(operator, branch, &[needed("case"), needed("then")])?);
    }
    Ok(fold(compiler.call(operator, operands)))
}

pub(super) fn switch<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    for case in (1..call.operands.len()).step_by(2) {
        if truth(call, case, frame)? {
            return call.operand(case + 1, frame);
        }
    }
    if !call.is_given(0) {
        return Err(refuse("$switch found no case that is true, and has no default"));
    }
    call.operand(0, frame)
}
