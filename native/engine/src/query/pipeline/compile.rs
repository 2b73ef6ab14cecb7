//! From the MessagePack of a pipeline to its stages.
//!
//! Promises: what is malformed is refused here, naming the stage by its number, from 0, and its name; stages
//! are at most `STAGES_MAX`, those of inner pipelines counted in. Each collection that a stage reads is noted.
//! Leaves to others: the operands of each stage (its own file), their order (optimise.rs).

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};
use crate::format::owned::utf8;
use crate::format::value::{Cursor, Elements, Value};
use crate::limits::STAGES_MAX;
use crate::query::expression_stages::ExpressionStage;
use crate::query::pipeline::bucket_auto::BucketAuto;
use crate::query::pipeline::facet::Facet;
use crate::query::pipeline::graph_lookup::GraphLookup;
use crate::query::pipeline::group::Group;
use crate::query::pipeline::lookup::Lookup;
use crate::query::pipeline::matching::Matching;
use crate::query::pipeline::operands::{array, map, name_of, refuse, whole, wrong};
use crate::query::pipeline::optimise::Plan;
use crate::query::pipeline::output::Output;
use crate::query::pipeline::redact::Redact;
use crate::query::pipeline::shape::Shaping;
use crate::query::pipeline::sorting::Sorting;
use crate::query::pipeline::union::{Given, Union};
use crate::query::pipeline::unwind::Unwind;
use crate::query::pipeline::{Action, Stage};

/// Every stage there is here; those of other runners follow, for the messages that TypeScript's users get.
const STAGES: &str = "$addFields $bucket $bucketAuto $count $documents $facet $graphLookup $group $limit \
                      $lookup $match $merge $out $project $redact $replaceRoot $replaceWith $sample $set \
                      $skip $sort $sortByCount $unionWith $unset $unwind";
/// The stages that the package for Node runs itself, by mingo; `MINGO_STAGES` in src/pipeline.ts.
const STAGES_OF_TYPESCRIPT: &str = "$densify $fill $setWindowFields";

/// Where a pipeline stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outermost,
    /// In `$lookup` or `$unionWith`.
    Inner,
    Facet,
}

pub(super) struct Compiler<'v> {
    variables: Vec<&'v str>,
    /// The collections that stages read.
    collections: &'v mut BTreeSet<Box<str>>,
    place: Place,
    /// Stages so far, all pipelines taken together.
    count: usize,
    /// What becomes of the results.
    output: Option<Output>,
}

/// What an outermost pipeline is compiled to.
pub(super) struct Compiled {
    pub(super) plan: Plan,
    pub(super) collections: BTreeSet<Box<str>>,
    pub(super) output: Option<Output>,
}

/// Compiles an outermost pipeline.
pub(super) fn compile(stages: Cursor<'_>) -> Result<Compiled> {
    let mut collections = BTreeSet::new();
    let mut compiler = Compiler {
        variables: Vec::new(),
        collections: &mut collections,
        place: Place::Outermost,
        count: 0,
        output: None,
    };
    let stages = compiler.stages(stages)?;
    let output = compiler.output.take();
    Ok(Compiled {
        plan: Plan::new(stages),
        collections,
        output,
    })
}

impl Compiler<'_> {
    /// The variables that expressions may use here.
    pub(super) fn variables(&self) -> &[&str] {
        &self.variables
    }

    /// Notes that a collection is read.
    pub(super) fn collection(&mut self, name: &str) -> Result<Box<str>> {
        self.collections.insert(name.into());
        Ok(name.into())
    }

    /// A pipeline in a stage, with more variables.
    pub(super) fn inner_pipeline(&mut self, stages: Cursor<'_>, names: &[&str]) -> Result<Plan> {
        Ok(Plan::new(self.nested(stages, names, Place::Inner)?))
    }

    fn nested(&mut self, stages: Cursor<'_>, names: &[&str], place: Place) -> Result<Vec<Stage>> {
        let mut variables = names.to_vec();
        variables.extend_from_slice(&self.variables);
        let mut inner = Compiler {
            variables,
            collections: self.collections,
            place,
            count: self.count,
            output: None,
        };
        let stages = inner.stages(stages)?;
        self.count = inner.count;
        Ok(stages)
    }

    fn stages(&mut self, stages: Cursor<'_>) -> Result<Vec<Stage>> {
        let mut elements: Elements<'_> = array(stages, "an array of stages")?;
        let mut compiled = Vec::new();
        let mut number = 0;
        while let Some(stage) = elements.take_next()? {
            self.count += 1;
            if self.count > STAGES_MAX {
                return Err(refuse(format!("more than {STAGES_MAX} stages were given")));
            }
            let (name, operand) =
                name_and_operand(stage).map_err(|error| error_in_stage(number, None, &error))?;
            let is_misplaced = self.output.is_some();
            let actions = if is_misplaced {
                Err(refuse("$out and $merge have to be the last stage"))
            } else {
                self.stage(name, operand, number == 0)
            };
            let actions = actions.map_err(|error| error_in_stage(number, Some(name), &error))?;
            compiled.extend(actions.into_iter().map(|action| Stage {
                number,
                name: name.into(),
                action,
            }));
            number += 1;
        }
        Ok(compiled)
    }

    fn stage(&mut self, name: &str, operand: Cursor<'_>, is_first: bool) -> Result<Vec<Action>> {
        let variables = self.variables.clone();
        let variables = variables.as_slice();
        if let Some(stage) = ExpressionStage::compile(name.as_bytes(), operand, variables)? {
            return Ok(vec![Action::Shape(Shaping::new(stage))]);
        }
        let action = match name {
            "$match" => Action::Match(Matching::compile(operand, variables)?),
            "$sort" => Action::Sort(Sorting::compile(operand)?),
            "$skip" => Action::Skip(whole(operand, 0)?),
            "$limit" => Action::Limit(whole(operand, 1)?),
            "$count" => Action::Count(count_name(operand)?),
            "$unwind" => Action::Unwind(Unwind::compile(operand)?),
            "$group" => Action::Group(Box::new(Group::compile(operand, variables)?)),
            "$sortByCount" => {
                let group = Group::compile_counts(operand, variables)?;
                return Ok(vec![
                    Action::Group(Box::new(group)),
                    Action::Sort(Sorting::by_count()?),
                ]);
            }
            "$bucket" => Action::Group(Box::new(Group::compile_bucket(operand, variables)?)),
            "$bucketAuto" => Action::BucketAuto(Box::new(BucketAuto::compile(operand, variables)?)),
            "$sample" => Action::Sample(sample_size(operand)?),
            "$facet" => Action::Facet(self.facet(operand)?),
            "$lookup" => Action::Lookup(Box::new(Lookup::compile(operand, self)?)),
            "$graphLookup" => Action::GraphLookup(Box::new(GraphLookup::compile(operand, self)?)),
            "$unionWith" => Action::Union(Box::new(Union::compile(operand, self)?)),
            "$redact" => Action::Redact(Redact::compile(operand, variables)?),
            "$documents" if is_first && self.place != Place::Facet => {
                Action::Documents(Given::compile(operand, variables)?)
            }
            "$documents" => return Err(refuse("it has to be the first stage, and not in a $facet")),
            "$merge" | "$out" if self.place == Place::Outermost => {
                self.output = Some(Output::compile(name, operand)?);
                return Ok(Vec::new());
            }
            "$merge" | "$out" => return Err(refuse("it may not stand in an inner pipeline")),
            _ => {
                return Err(refuse(format!(
                    "the stage is not known; known are {STAGES}, and in TypeScript {STAGES_OF_TYPESCRIPT}"
                )));
            }
        };
        Ok(vec![action])
    }

    fn facet(&mut self, operand: Cursor<'_>) -> Result<Facet> {
        if self.place == Place::Facet {
            return Err(refuse("a $facet may not stand in a $facet"));
        }
        let mut fields = map(operand, "an object of pipelines")?;
        if fields.remaining() == 0 {
            return Err(refuse("at least one pipeline has to be given"));
        }
        let mut pipelines = Vec::new();
        while let Some((name, stages)) = fields.take_next()? {
            let name = name_of(name)?;
            let stages = self.nested(stages, &[], Place::Facet)?;
            // Nothing of it is pushed to a cursor: the documents are there.
            pipelines.push((name, Plan::new(stages).stages));
        }
        Ok(Facet { pipelines })
    }
}

fn name_and_operand(stage: Cursor<'_>) -> Result<(&str, Cursor<'_>)> {
    let mut fields = map(stage, "an object such as {$match: {…}}")?;
    match (fields.take_next()?, fields.take_next()?) {
        (Some((name, operand)), None) => Ok((utf8(name)?, operand)),
        _ => Err(refuse("a stage is an object of exactly one field, its name")),
    }
}

fn count_name(operand: Cursor<'_>) -> Result<Box<str>> {
    match operand.value()? {
        Value::String(name) if !name.is_empty() => name_of(name),
        other => Err(wrong("the name of the field for the count", &other)),
    }
}

fn sample_size(operand: Cursor<'_>) -> Result<u64> {
    let mut fields = map(operand, "{size: …}")?;
    match (fields.take_next()?, fields.take_next()?) {
        (Some((b"size", size)), None) => whole(size, 1),
        _ => Err(refuse("{size: …} is expected")),
    }
}

/// An error with the place of the stage before it.
pub(super) fn error_in_stage(number: usize, name: Option<&str>, error: &Error) -> Error {
    // Damage has a place of its own.
    if matches!(error.kind(), ErrorKind::Corrupted | ErrorKind::Io) {
        return error.clone();
    }
    let name = name.unwrap_or("no name");
    let message = error.message();
    // A stage that changes documents says its name itself.
    let message = message
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(": "))
        .unwrap_or(message);
    Error::new(error.kind(), format!("stage {number} ({name}): {message}"))
}
