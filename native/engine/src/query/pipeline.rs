//! Aggregation pipelines: compiled once, run over the documents of collections.
//!
//! Promises: whatever is malformed is refused by `compile`, naming the stage; running never panics; each stage
//! that keeps documents back is bounded by `STAGE_BYTES_MAX`; results come as they are asked for, and the
//! first stages are done by the collection's cursor, so that indexes serve them.
//! Reading order: compile.rs (bytes to stages), optimise.rs (their order), source.rs (documents), run.rs and
//! machine.rs (running), then a file for each stage.
//! Leaves to others: opening collections as of one moment and writing (transaction/aggregate.rs), stages that
//! only the TypeScript package has. Source: MongoDB manual, "Aggregation Pipeline".

mod bucket_auto;
mod budget;
mod compile;
mod facet;
mod fields;
mod graph_lookup;
mod group;
mod join;
mod lookup;
mod machine;
mod matching;
mod operands;
mod optimise;
mod output;
mod redact;
mod run;
mod sample;
mod shape;
mod sorting;
mod source;
#[cfg(test)]
mod tests;
mod union;
mod unwind;

pub use machine::{Flow, Sink};
pub use output::{Merge, Output};
pub use source::{Collections, Document, Documents, Visit, Wanted};

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};
use crate::format::intake::normalise;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::Subject;
use crate::format::value::{Cursor, Timestamp};
use crate::query::pipeline::machine::Context;
use crate::query::pipeline::optimise::Plan;
use crate::query::pipeline::run::Run;
use crate::query::plan::Hint;

/// A compiled pipeline.
#[derive(Debug)]
pub struct Pipeline {
    plan: Plan,
    collections: BTreeSet<Box<str>>,
    output: Option<Output>,
}

/// One stage.
#[derive(Debug)]
struct Stage {
    /// Its place in the pipeline as it was written, from 0.
    number: usize,
    name: Box<str>,
    action: Action,
}

/// What a stage does.
#[derive(Debug)]
enum Action {
    Match(matching::Matching),
    Shape(shape::Shaping),
    Sort(sorting::Sorting),
    Skip(u64),
    Limit(u64),
    Count(Box<str>),
    Unwind(unwind::Unwind),
    Group(Box<group::Group>),
    BucketAuto(Box<bucket_auto::BucketAuto>),
    Sample(u64),
    Facet(facet::Facet),
    Lookup(Box<lookup::Lookup>),
    GraphLookup(Box<graph_lookup::GraphLookup>),
    Union(Box<union::Union>),
    Redact(redact::Redact),
    Documents(union::Given),
}

impl Stage {
    /// True when the stage opens collections while it takes a document.
    fn opens_collections(&self) -> bool {
        match &self.action {
            Action::Lookup(_) | Action::GraphLookup(_) => true,
            Action::Facet(facet) => facet
                .pipelines
                .iter()
                .flat_map(|(_, stages)| stages.iter())
                .any(Stage::opens_collections),
            _ => false,
        }
    }
}

/// The error of a stage while it runs.
#[cold]
fn in_stage(stage: &Stage, error: &Error) -> Error {
    compile::error_in_stage(stage.number, Some(&stage.name), error)
}

impl Pipeline {
    /// Compiles a pipeline from plain MessagePack: an array of stages, each a map of one name.
    ///
    /// Errors: INVALID_PIPELINE, INVALID_FILTER, INVALID_EXPRESSION, INVALID_SORT, each naming the stage.
    pub fn compile(bytes: &[u8]) -> Result<Pipeline> {
        let mut wrapped = Vec::with_capacity(bytes.len() + 2);
        // What comes in is checked as a map; this one has one field without a name.
        wrapped.extend_from_slice(&[0x81, 0xa0]);
        wrapped.extend_from_slice(bytes);
        let mut normal = Vec::with_capacity(wrapped.len() + 16);
        normalise(&wrapped, Subject::Pipeline, &mut normal)?;
        let compiled = compile::compile(Cursor::at(&normal, 2, &NO_STRUCTURES))?;
        Ok(Pipeline {
            plan: compiled.plan,
            collections: compiled.collections,
            output: compiled.output,
        })
    }

    /// The collections that stages read, besides the one that the pipeline is run over.
    pub fn collections(&self) -> impl Iterator<Item = &str> {
        self.collections.iter().map(|name| &**name)
    }

    /// What becomes of the results, where they are written.
    pub fn output(&self) -> Option<&Output> {
        self.output.as_ref()
    }

    /// True when the pipeline has documents of its own, so that it is run over no collection.
    pub fn begins_with_documents(&self) -> bool {
        self.plan.begins_with_documents()
    }

    /// What the pipeline's first stages want of the collection's cursor.
    pub fn wanted(&self) -> &Wanted {
        &self.plan.wanted
    }

    /// The same pipeline, whose first stages read what `hint` says.
    ///
    /// Errors: INVALID_ARGUMENT for one that has documents of its own.
    pub fn with_hint(mut self, hint: Hint) -> Result<Pipeline> {
        if self.begins_with_documents() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a hint names an index of a collection, and this pipeline begins with documents of its own",
            ));
        }
        self.plan.wanted.hint = Some(hint);
        Ok(self)
    }

    /// The names of the stages, in the order in which they run, and how many of the first ones the collection's
    /// cursor does.
    pub fn stages(&self) -> (Vec<&str>, usize) {
        let names = self.plan.stages.iter().map(|stage| &*stage.name);
        (names.collect(), self.plan.pushed)
    }
}

/// A pipeline that runs.
pub struct Execution {
    run: Run,
    collections: Box<dyn Collections>,
    now: Timestamp,
}

impl Execution {
    /// Begins to run `pipeline` over the documents of `collection`. `now` is what `$$NOW` means.
    pub fn new(
        pipeline: &Pipeline,
        collection: &str,
        collections: Box<dyn Collections>,
        now: Timestamp,
    ) -> Execution {
        let source = (!pipeline.begins_with_documents()).then_some(collection);
        Execution {
            run: Run::new(&pipeline.plan, source),
            collections,
            now,
        }
    }

    /// Works until `sink` pauses or all is over. False when nothing more comes.
    ///
    /// Errors: those of reading, of expressions, LIMIT_EXCEEDED; nothing comes after one.
    pub fn advance(&mut self, sink: &mut Sink<'_>) -> Result<bool> {
        let context = Context {
            now: self.now,
            variables: &[],
            collections: &*self.collections,
        };
        self.run.advance(&context, sink)
    }
}
