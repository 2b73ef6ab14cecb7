//! `$group`, and `$bucket`, which is a group by intervals.
//!
//! Promises: keys and the operands of accumulators are read where they lie in stored bytes; a document copies
//! nothing but what an accumulator keeps. Keys that compare as equal are one group, whose `_id` is the first
//! of them. Memory is bounded by `STAGE_BYTES_MAX`.
//! Parts: key.rs (from a document to the bytes of its key), locate.rs (fields of stored documents), table.rs
//! (the groups). Leaves to others: accumulators (query/expression/accumulator).
//! Source: MongoDB manual, "$group", "$bucket", "$sortByCount".

mod key;
mod locate;
mod table;

pub(super) use table::{Finished, Groups};

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Fields, Value};
use crate::query::TERMS_MAX;
use crate::query::expression::accumulator::Accumulator;
use crate::query::expression::{Expression, Scope};
use crate::query::pipeline::group::key::{Intervals, Key};
use crate::query::pipeline::group::locate::{Operand, Roots};
use crate::query::pipeline::operands::{map, name_of, refuse, unknown};

/// A compiled stage.
#[derive(Debug)]
pub(super) struct Group {
    key: Key,
    accumulators: Vec<Output>,
    /// The fields of documents that keys and operands begin with.
    roots: Roots,
    /// Groups come out in the order of their `_id`.
    is_ordered: bool,
}

/// One field of a group.
#[derive(Debug)]
pub(super) struct Output {
    name: Box<str>,
    accumulator: Accumulator,
    /// What is accumulated; None counts documents.
    operand: Option<Operand>,
    /// What each document adds, where that is the same whole number for all.
    step: Option<i64>,
}

impl Group {
    /// `$group`. Errors: INVALID_PIPELINE, INVALID_EXPRESSION.
    pub(super) fn compile(operand: Cursor<'_>, variables: &[&str]) -> Result<Group> {
        let mut fields = map(operand, "an object with _id")?;
        let mut roots = Roots::default();
        let (mut key, mut accumulators) = (None, Vec::new());
        while let Some((name, operand)) = fields.take_next()? {
            if name == b"_id" {
                key = Some(Key::compile(operand, variables, &mut roots)?);
            } else {
                accumulators.push(Output::compile(name, operand, variables, &mut roots)?);
            }
            if accumulators.len() > TERMS_MAX {
                return Err(refuse(format!("more than {TERMS_MAX} fields were given")));
            }
        }
        let Some(key) = key else {
            return Err(refuse("_id has to be given; null makes one group of all"));
        };
        Ok(Group {
            key,
            accumulators,
            roots,
            is_ordered: false,
        })
    }

    /// `$sortByCount`, without the sort.
    pub(super) fn compile_counts(operand: Cursor<'_>, variables: &[&str]) -> Result<Group> {
        let is_expression = match operand.value()? {
            Value::String(text) => text.first() == Some(&b'$'),
            Value::Map(mut fields) => match fields.take_next()? {
                Some((name, _)) => name.first() == Some(&b'$'),
                None => false,
            },
            _ => false,
        };
        if !is_expression {
            return Err(refuse("a field such as \"$field\" or an operator is expected"));
        }
        let mut roots = Roots::default();
        let key = Key::compile(operand, variables, &mut roots)?;
        Ok(Group {
            key,
            accumulators: vec![Output::count()?],
            roots,
            is_ordered: false,
        })
    }

    /// `$bucket`.
    pub(super) fn compile_bucket(operand: Cursor<'_>, variables: &[&str]) -> Result<Group> {
        let mut fields = map(operand, "an object with groupBy and boundaries")?;
        let (mut by, mut boundaries, mut default, mut output) = (None, None, None, None);
        while let Some((name, operand)) = fields.take_next()? {
            match name {
                b"groupBy" => by = Some(operand),
                b"boundaries" => boundaries = Some(operand),
                b"default" => default = Some(operand),
                b"output" => output = Some(map(operand, "an object of accumulators as output")?),
                other => return Err(unknown(other, "groupBy, boundaries, default and output")),
            }
        }
        let (Some(by), Some(boundaries)) = (by, boundaries) else {
            return Err(refuse("groupBy and boundaries have to be given"));
        };
        let mut roots = Roots::default();
        let by = Operand::new(Expression::compile_with(by, variables)?, &mut roots);
        let intervals = Intervals::compile(boundaries, default, variables)?;
        Ok(Group {
            key: Key::Interval(by, intervals),
            accumulators: outputs(output, variables, &mut roots)?,
            roots,
            is_ordered: true,
        })
    }

    /// True when a group is nothing but the number of all documents.
    pub(super) fn only_counts(&self) -> bool {
        matches!(&self.key, Key::Value(Operand::Constant(_)))
            && self.accumulators.iter().all(|output| output.step.is_some())
    }

    /// What `only_counts` makes of `count` documents.
    pub(super) fn counted(&self, count: u64) -> Option<Owned> {
        let Key::Value(Operand::Constant(id)) = &self.key else {
            return None;
        };
        let mut fields: Vec<(Box<str>, Owned)> = vec![("_id".into(), id.clone())];
        for output in &self.accumulators {
            let step = output.step?;
            let total = i64::try_from(count).ok()?.checked_mul(step)?;
            fields.push((output.name.clone(), Owned::Int(total)));
        }
        (count > 0).then_some(Owned::Map(fields))
    }
}

impl Output {
    /// `name: {$accumulator: operand}`.
    fn compile(name: &[u8], operand: Cursor<'_>, variables: &[&str], roots: &mut Roots) -> Result<Output> {
        let name = name_of(name)?;
        let mut fields = map(operand, "an accumulator such as {$sum: 1}")?;
        let (Some((accumulator, operand)), None) = (fields.take_next()?, fields.take_next()?) else {
            return Err(refuse(format!(
                "the field {name:?} takes one accumulator such as {{$sum: 1}}"
            )));
        };
        let accumulator = Accumulator::compile(utf8(accumulator)?, operand, variables)?;
        Ok(Output::new(name, accumulator, roots))
    }

    fn new(name: Box<str>, accumulator: Accumulator, roots: &mut Roots) -> Output {
        let operand = accumulator
            .input()
            .map(|input| Operand::new(input.clone(), roots));
        Output {
            name,
            step: accumulator.count_step(),
            accumulator,
            operand,
        }
    }

    /// `count: {$sum: 1}`.
    fn count() -> Result<Output> {
        let one = crate::format::encode::integer(1);
        let cursor = Cursor::new(&one, &crate::format::record::NO_STRUCTURES);
        let accumulator = Accumulator::compile("$sum", cursor, &[])?;
        Ok(Output::new("count".into(), accumulator, &mut Roots::default()))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn accumulator(&self) -> &Accumulator {
        &self.accumulator
    }
}

/// The accumulators of buckets, which count their documents when none are given.
pub(super) fn outputs(
    fields: Option<Fields<'_>>,
    variables: &[&str],
    roots: &mut Roots,
) -> Result<Vec<Output>> {
    let Some(mut fields) = fields else {
        return Ok(vec![Output::count()?]);
    };
    let mut outputs = Vec::new();
    while let Some((name, operand)) = fields.take_next()? {
        if outputs.len() >= TERMS_MAX || name == b"_id" {
            return Err(refuse(format!(
                "the output has a field _id or more than {TERMS_MAX} fields"
            )));
        }
        outputs.push(Output::compile(name, operand, variables, roots)?);
    }
    Ok(outputs)
}

/// As [`outputs`], for stages that evaluate whole documents in memory.
pub(super) fn outputs_in_memory(fields: Option<Fields<'_>>, variables: &[&str]) -> Result<Vec<Output>> {
    outputs(fields, variables, &mut Roots::default())
}

/// The value of an expression over a document; null where it is missing.
pub(super) fn value_or_null(expression: &Expression, scope: &Scope<'_>) -> Result<Owned> {
    Ok(expression.evaluate_owned(scope)?.unwrap_or(Owned::Null))
}
