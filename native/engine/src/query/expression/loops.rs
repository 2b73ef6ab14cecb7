//! Variables and what runs over arrays: `$let $map $filter $reduce`.
//!
//! Promises: linear in the array; `$reduce` hands its value on without a copy where `in` reads it once, so
//! that `$concatArrays`, `$concat` and `$mergeObjects` grow it in place. Each `in` sees its variables only.
//! Leaves to others: who reads a variable last (compile.rs).

use std::rc::Rc;
use std::vec::IntoIter;

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Value};
use crate::format::view::{List, View};
use crate::query::expression::compile::{Compiler, arguments, fold, mark_last_read};
use crate::query::expression::operands::{made, null};
use crate::query::expression::operators::{Operator, needed, optional};
use crate::query::expression::scope::Frame;
use crate::query::expression::{Call, Computed, Node, Outcome, is_truth, refuse, wrong_type};

/// The elements of a computed array, one by one.
pub(super) enum Items<'a> {
    Seen(List<'a>),
    Counted(Rc<Owned>, usize),
    Made(IntoIter<Owned>),
}

impl<'a> Items<'a> {
    /// The elements of an array; None for other values.
    pub(super) fn of(value: Computed<'a>) -> Option<Items<'a>> {
        match value {
            Computed::Seen(View::Array(elements)) => Some(Items::Seen(elements)),
            Computed::Made(Owned::Array(elements)) => Some(Items::Made(elements.into_iter())),
            Computed::Counted(value) if matches!(*value, Owned::Array(_)) => Some(Items::Counted(value, 0)),
            _ => None,
        }
    }

    /// The next element. Errors: CORRUPTED when stored bytes are damaged.
    pub(super) fn take_next(&mut self) -> Result<Option<Computed<'a>>> {
        match self {
            Items::Seen(elements) => Ok(elements.take_next()?.map(Computed::Seen)),
            Items::Made(elements) => Ok(elements.next().map(Computed::Made)),
            Items::Counted(array, place) => {
                let Owned::Array(elements) = &**array else {
                    return Ok(None);
                };
                let element = elements.get(*place).cloned();
                *place += 1;
                Ok(element.map(Computed::Made))
            }
        }
    }
}

/// The elements of the operand at `index`; None when it is null or missing.
fn items<'a>(call: &'a Call, index: usize, frame: &Frame<'a>) -> Result<Option<Items<'a>>> {
    let Some(value) = call.operand(index, frame)? else {
        return Ok(None);
    };
    if value.is_null() {
        return Ok(None);
    }
    let found = value.view().type_name();
    let wrong = || {
        refuse(format!(
            "{} takes an array as its input, and was given a value of type {found}",
            call.name()
        ))
    };
    Items::of(value).map(Some).ok_or_else(wrong)
}

fn check_name(operator: &str, name: &str) -> Result<()> {
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase() || !letter.is_ascii());
    let goes_on = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii();
    if name == "CURRENT" || (begins && name.chars().all(goes_on)) {
        return Ok(());
    }
    Err(refuse(format!(
        "{operator} names a variable {name:?}; names begin with a lower-case letter, and letters, digits and _ follow"
    )))
}

/// The name that `as` gives a variable, which is `this` by default.
fn variable_name(operator: &str, cursor: Option<Cursor<'_>>) -> Result<String> {
    let Some(cursor) = cursor else {
        return Ok("this".to_owned());
    };
    let value = cursor.value()?;
    let Value::String(name) = value else {
        return Err(wrong_type(
            operator,
            "a string as its variable's name",
            Some(&value.into()),
        ));
    };
    let name = utf8(name)?;
    check_name(operator, name)?;
    Ok(name.to_owned())
}

/// `{$let: {vars: {name: value, …}, in}}`: the values, then `in`.
pub(super) fn compile_let(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let arguments = arguments(operator, operand, &[needed("vars"), needed("in")])?;
    let [Some(variables), Some(body)] = arguments.as_slice() else {
        return Err(refuse("$let was not given vars and in"));
    };
    let Value::Map(mut fields) = variables.value()? else {
        return Err(refuse("$let takes an object of variables as its vars"));
    };
    let (mut names, mut operands) = (Vec::new(), Vec::new());
    while let Some((name, value)) = fields.take_next()? {
        let name = utf8(name)?;
        check_name(operator.name, name)?;
        names.push(name);
        operands.push(Some(compiler.node(value)?));
    }
    let call = compiler.call(operator, operands);
    let (body, _) = compiler.with_locals(&names, |compiler| compiler.node(*body))?;
    let mut call = call;
    call.operands.push(Some(body));
    Ok(fold(call))
}

pub(super) fn bind_and_evaluate<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    let count = call.operands.len().saturating_sub(1);
    // A value may bind variables of its own at the same places, so all are computed before any is bound.
    let mut values = Vec::with_capacity(count);
    for index in 0..count {
        values.push(call.operand(index, frame)?);
    }
    for (index, value) in values.into_iter().enumerate() {
        frame.bind(call.slot + index, value);
    }
    call.operand(count, frame)
}

/// `{$map: {input, as, in}}`: input, then `in`.
pub(super) fn compile_map(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let arguments = arguments(
        operator,
        operand,
        &[needed("input"), optional("as"), needed("in")],
    )?;
    let [Some(input), name, Some(body)] = arguments.as_slice() else {
        return Err(refuse("$map was not given input and in"));
    };
    let name = variable_name(operator.name, *name)?;
    let input = compiler.node(*input)?;
    let mut call = compiler.call(operator, vec![Some(input)]);
    let (body, _) = compiler.with_locals(&[&name], |compiler| compiler.node(*body))?;
    call.operands.push(Some(body));
    Ok(fold(call))
}

pub(super) fn map<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    let Some(mut items) = items(call, 0, frame)? else {
        return null();
    };
    let mut mapped = Vec::new();
    while let Some(item) = items.take_next()? {
        frame.bind(call.slot, Some(item));
        mapped.push(match call.operand(1, frame)? {
            Some(value) => frame.own(value)?,
            None => Owned::Null,
        });
    }
    frame.make(Owned::Array(mapped))
}

/// `{$filter: {input, as, cond, limit}}`: input, limit, then `cond`.
pub(super) fn compile_filter(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let names = [needed("input"), optional("as"), needed("cond"), optional("limit")];
    let arguments = arguments(operator, operand, &names)?;
    let [Some(input), name, Some(condition), limit] = arguments.as_slice() else {
        return Err(refuse("$filter was not given input and cond"));
    };
    let name = variable_name(operator.name, *name)?;
    let input = compiler.node(*input)?;
    let limit = match limit {
        Some(limit) => Some(compiler.node(*limit)?),
        None => None,
    };
    let mut call = compiler.call(operator, vec![Some(input), limit]);
    let (condition, _) = compiler.with_locals(&[&name], |compiler| compiler.node(*condition))?;
    call.operands.push(Some(condition));
    Ok(fold(call))
}

pub(super) fn filter<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    let Some(mut items) = items(call, 0, frame)? else {
        return null();
    };
    let limit = match call.operand(1, frame)? {
        Some(limit) if !limit.is_null() => match limit.view() {
            View::Int(limit @ 1..) => usize::try_from(limit).unwrap_or(usize::MAX),
            View::Float(limit) if limit >= 1.0 && limit.fract() == 0.0 => limit as usize,
            _ => {
                return Err(refuse(
                    "$filter takes a limit that is a whole number of at least 1",
                ));
            }
        },
        _ => usize::MAX,
    };
    let mut kept = Vec::new();
    while kept.len() < limit {
        let Some(item) = items.take_next()? else { break };
        let item = item.shared();
        frame.bind(call.slot, Some(item.clone()));
        let is_kept = call
            .operand(2, frame)?
            .is_some_and(|value| is_truth(&value.view()));
        if is_kept {
            frame.bind(call.slot, None);
            kept.push(frame.own(item.unshared())?);
        }
    }
    frame.make(Owned::Array(kept))
}

/// `{$reduce: {input, initialValue, in}}`: input, initial value, then `in`, which sees `value` and `this`.
pub(super) fn compile_reduce(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let names = [needed("input"), needed("initialValue"), needed("in")];
    let arguments = arguments(operator, operand, &names)?;
    let [Some(input), Some(initial), Some(body)] = arguments.as_slice() else {
        return Err(refuse("$reduce was not given input, initialValue and in"));
    };
    let (input, initial) = (compiler.node(*input)?, compiler.node(*initial)?);
    let mut call = compiler.call(operator, vec![Some(input), Some(initial)]);
    let (mut body, takes) = compiler.with_locals(&["value", "this"], |compiler| compiler.node(*body))?;
    if takes.first() == Some(&true) {
        mark_last_read(&mut body, call.slot);
    }
    call.operands.push(Some(body));
    Ok(fold(call))
}

pub(super) fn reduce<'a>(call: &'a Call, frame: &Frame<'a>) -> Outcome<'a> {
    let Some(mut items) = items(call, 0, frame)? else {
        return null();
    };
    let mut value = call.operand(1, frame)?;
    while let Some(item) = items.take_next()? {
        frame.bind(call.slot, value);
        frame.bind(call.slot + 1, Some(item));
        value = call.operand(2, frame)?;
    }
    match value {
        Some(value) => Ok(Some(value)),
        None => made(Owned::Null),
    }
}
