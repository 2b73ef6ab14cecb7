//! `$out` and `$merge`: what becomes of the results.
//!
//! Promises: what a merge makes of a result and the document that is there is worked out here, without
//! reading or writing. Leaves to others: finding and writing documents (transaction/aggregate.rs).
//! Source: MongoDB manual, "$out", "$merge".

use crate::error::{Error, ErrorKind, Result};
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Timestamp, Value};
use crate::limits::STAGE_BYTES_MAX;
use crate::query::expression::{Expression, Root, Scope};
use crate::query::expression_stages::ExpressionStage;
use crate::query::pipeline::lookup::variables_of;
use crate::query::pipeline::operands::{array, map, names_of, refuse, text, unknown};

/// The last stage of a pipeline that writes.
#[derive(Debug)]
pub enum Output {
    /// The results take the place of all documents of the collection.
    Out(Box<str>),
    /// Each result goes into the collection by itself.
    Merge(Box<Merge>),
}

/// A compiled `$merge`.
#[derive(Debug)]
pub struct Merge {
    into: Box<str>,
    on: Vec<Box<str>>,
    matched: Matched,
    unmatched: Unmatched,
    /// The variables of `matched` when it is a pipeline.
    variables: Vec<Expression>,
}

/// What is done with a result whose document is there.
#[derive(Debug)]
enum Matched {
    Replace,
    Keep,
    Merge,
    Fail,
    Pipeline(Vec<ExpressionStage>),
}

/// What is done with any other result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unmatched {
    Insert,
    Discard,
    Fail,
}

impl Output {
    /// Errors: INVALID_PIPELINE, INVALID_EXPRESSION.
    pub(super) fn compile(name: &str, operand: Cursor<'_>) -> Result<Output> {
        if name == "$out" {
            return Ok(Output::Out(target(operand)?));
        }
        if let Value::String(_) = operand.value()? {
            return Ok(Output::Merge(Box::new(Merge::new(target(operand)?))));
        }
        let (mut into, mut on, mut matched, mut unmatched, mut variables) = (None, None, None, None, None);
        let mut options = map(operand, "a collection or an object with into")?;
        while let Some((key, value)) = options.take_next()? {
            match key {
                b"into" => into = Some(target(value)?),
                b"on" => on = Some(fields_of(value)?),
                b"whenMatched" => matched = Some(value),
                b"whenNotMatched" => unmatched = Some(unmatched_of(text(key, value)?)?),
                b"let" => variables = Some(map(value, "an object of variables as let")?),
                other => return Err(unknown(other, "into, on, let, whenMatched and whenNotMatched")),
            }
        }
        let mut merge = Merge::new(into.ok_or_else(|| refuse("into has to be given"))?);
        merge.on = on.unwrap_or(merge.on);
        merge.unmatched = unmatched.unwrap_or(merge.unmatched);
        let (mut names, expressions) = variables_of(variables, &[])?;
        merge.variables = expressions;
        if !names.contains(&"new") {
            names.push("new");
        }
        if let Some(matched) = matched {
            merge.matched = matched_of(matched, &names)?;
        }
        if !matches!(merge.matched, Matched::Pipeline(_)) && variables.is_some() {
            return Err(refuse("let needs a pipeline as whenMatched"));
        }
        Ok(Output::Merge(Box::new(merge)))
    }

    /// The collection that is written.
    pub fn into_name(&self) -> &str {
        match self {
            Output::Out(into) => into,
            Output::Merge(merge) => &merge.into,
        }
    }
}

impl Merge {
    fn new(into: Box<str>) -> Merge {
        Merge {
            into,
            on: vec!["_id".into()],
            matched: Matched::Merge,
            unmatched: Unmatched::Insert,
            variables: Vec::new(),
        }
    }

    /// The collection that is written.
    pub fn into_name(&self) -> &str {
        &self.into
    }

    /// The fields by which a result finds its document.
    pub fn on(&self) -> &[Box<str>] {
        &self.on
    }

    /// The document to write for `new`, where `old` is the document that is there; None changes nothing.
    ///
    /// Errors: INVALID_PIPELINE where the stage asks to fail, and those of its pipeline.
    pub fn combine(&self, new: Owned, old: Option<Owned>, now: Timestamp) -> Result<Option<Owned>> {
        let Some(old) = old else {
            return match self.unmatched {
                Unmatched::Insert => Ok(Some(new)),
                Unmatched::Discard => Ok(None),
                Unmatched::Fail => {
                    Err(self.failure("there is no document for a result, and whenNotMatched is fail"))
                }
            };
        };
        match &self.matched {
            Matched::Replace => Ok(Some(new)),
            Matched::Keep => Ok(None),
            Matched::Fail => Err(self.failure("there is a document for a result, and whenMatched is fail")),
            Matched::Merge => {
                let mut merged = old;
                if let Owned::Map(fields) = new {
                    fields
                        .into_iter()
                        .for_each(|(name, value)| merged.set(&name, value));
                }
                Ok(Some(merged))
            }
            Matched::Pipeline(stages) => self.apply(stages, new, old, now).map(Some),
        }
    }

    fn apply(&self, stages: &[ExpressionStage], new: Owned, old: Owned, now: Timestamp) -> Result<Owned> {
        let over_new = Scope::new(Root::Owned(&new), now);
        let variables = self
            .variables
            .iter()
            .map(|variable| variable.evaluate_owned(&over_new));
        let mut variables = variables.collect::<Result<Vec<_>>>()?;
        variables.push(Some(new.clone()));
        let scope = Scope::new(Root::Owned(&Owned::Null), now).with_variables(&variables);
        let mut room = STAGE_BYTES_MAX;
        stages
            .iter()
            .try_fold(old, |document, stage| stage.apply(document, &scope, &mut room))
            .map_err(|error| Error::new(error.kind(), format!("$merge: whenMatched: {}", error.message())))
    }

    fn failure(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::InvalidPipeline,
            format!("$merge into {}: {what}", self.into),
        )
    }
}

/// The collection of `operand`: a name, or `{coll}`. Other databases there are none.
fn target(operand: Cursor<'_>) -> Result<Box<str>> {
    match operand.value()? {
        Value::Map(mut fields) => match (fields.take_next()?, fields.take_next()?) {
            (Some((b"coll", name)), None) => Ok(text(b"coll", name)?.into()),
            _ => Err(refuse("the name of a collection or {coll: …} is expected")),
        },
        _ => Ok(text(b"the collection", operand)?.into()),
    }
}

fn fields_of(operand: Cursor<'_>) -> Result<Vec<Box<str>>> {
    let mut on: Vec<Box<str>> = Vec::new();
    if let Value::String(_) = operand.value()? {
        on.push(text(b"on", operand)?.into());
    } else {
        let mut elements = array(operand, "a field or an array of fields as on")?;
        while let Some(field) = elements.take_next()? {
            on.push(text(b"on", field)?.into());
        }
    }
    for field in &on {
        names_of(field)?;
    }
    if on.is_empty() {
        return Err(refuse("on names no fields"));
    }
    Ok(on)
}

fn unmatched_of(word: &str) -> Result<Unmatched> {
    match word {
        "insert" => Ok(Unmatched::Insert),
        "discard" => Ok(Unmatched::Discard),
        "fail" => Ok(Unmatched::Fail),
        _ => Err(refuse("whenNotMatched takes insert, discard or fail")),
    }
}

fn matched_of(operand: Cursor<'_>, names: &[&str]) -> Result<Matched> {
    let wrong = "whenMatched takes replace, keepExisting, merge, fail or a pipeline";
    match operand.value()? {
        Value::String(b"replace") => Ok(Matched::Replace),
        Value::String(b"keepExisting") => Ok(Matched::Keep),
        Value::String(b"merge") => Ok(Matched::Merge),
        Value::String(b"fail") => Ok(Matched::Fail),
        Value::Array(mut elements) => {
            let mut stages = Vec::new();
            while let Some(stage) = elements.take_next()? {
                let mut fields = map(stage, "a stage")?;
                let (Some((name, operand)), None) = (fields.take_next()?, fields.take_next()?) else {
                    return Err(refuse("a stage is an object of exactly one field, its name"));
                };
                let stage = ExpressionStage::compile(name, operand, names)?;
                stages.push(stage.ok_or_else(|| {
                    let name = utf8(name).unwrap_or_default();
                    refuse(format!(
                        "{name:?} is no stage for whenMatched; known are $set $unset $project $replaceWith"
                    ))
                })?);
            }
            Ok(Matched::Pipeline(stages))
        }
        _ => Err(refuse(wrong)),
    }
}
