//! One run of a pipeline: from its documents to its results.
//!
//! Promises: results come as they are asked for; what a stage still holds goes out before more is read; after
//! an error nothing more comes. Leaves to others: the stages (machine.rs).

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::query::pipeline::Stage;
use crate::query::pipeline::machine::{Context, Flow, Machine, Sink};
use crate::query::pipeline::optimise::Plan;
use crate::query::pipeline::source::{Document, Documents, Wanted};

/// A run.
pub(super) struct Run {
    stages: Arc<[Stage]>,
    /// The stages before this one are done by the source.
    first: usize,
    machine: Machine,
    source: Source,
    is_fresh: bool,
    /// Results of `next` that are ready.
    ready: VecDeque<Owned>,
}

/// Where documents come from.
enum Source {
    /// A collection that is opened when the first document is wanted.
    Named(Box<str>, Wanted),
    Open(Box<dyn Documents>),
    /// They are pushed, or there are none.
    Over,
}

impl Run {
    /// A run over the documents of `collection`; None where the pipeline has its own.
    pub(super) fn new(plan: &Plan, collection: Option<&str>) -> Run {
        let (first, source) = match collection {
            Some(name) => (plan.pushed, Source::Named(name.into(), plan.wanted.clone())),
            None => (0, Source::Over),
        };
        Run {
            machine: Machine::new(plan.stages.get(first..).unwrap_or_default()),
            stages: plan.stages.clone(),
            first,
            source,
            is_fresh: true,
            ready: VecDeque::new(),
        }
    }

    /// Works until `sink` pauses or all is over. False when nothing more comes.
    pub(super) fn advance(&mut self, context: &Context<'_>, sink: &mut Sink<'_>) -> Result<bool> {
        let result = self.work(context, sink);
        if result.is_err() {
            self.source = Source::Over;
            self.machine = Machine::new(&[]);
            self.stages = Arc::new([]);
        }
        result
    }

    fn work(&mut self, context: &Context<'_>, sink: &mut Sink<'_>) -> Result<bool> {
        let is_paused = Cell::new(false);
        let mut sink = |document: Document<'_>| {
            let flow = sink(document)?;
            is_paused.set(is_paused.get() || flow != Flow::More);
            Ok(flow)
        };
        let stages = self.stages.get(self.first..).unwrap_or_default();
        let is_detached = stages.iter().any(Stage::opens_collections);
        if std::mem::take(&mut self.is_fresh) && self.machine.wants_count(stages) {
            let count = self.source.count(context)?;
            self.machine.put_count(stages, count);
        }
        loop {
            while self.machine.step(stages, context, &mut sink)? {
                if is_paused.get() {
                    return Ok(true);
                }
            }
            let documents = match &mut self.source {
                Source::Over => {
                    self.machine.end_input();
                    if self.machine.step(stages, context, &mut sink)? {
                        if is_paused.get() {
                            return Ok(true);
                        }
                        continue;
                    }
                    return Ok(false);
                }
                Source::Named(name, wanted) => {
                    let documents = context.collections.open(name, std::mem::take(wanted))?;
                    self.source = Source::Open(documents);
                    continue;
                }
                Source::Open(documents) => documents,
            };
            let mut is_enough = false;
            let machine = &mut self.machine;
            let has_more = documents.visit(is_detached, &mut |document| {
                let flow = machine.push(stages, document, context, &mut sink)?;
                is_enough = flow == Flow::Enough;
                Ok(match flow {
                    Flow::More => ControlFlow::Continue(()),
                    Flow::Pause | Flow::Enough => ControlFlow::Break(()),
                })
            })?;
            if is_enough || !has_more {
                self.source = Source::Over;
            }
            if is_paused.get() {
                return Ok(true);
            }
        }
    }

    /// The next result, in memory.
    pub(super) fn next(&mut self, context: &Context<'_>) -> Result<Option<Owned>> {
        if let Some(document) = self.ready.pop_front() {
            return Ok(Some(document));
        }
        let mut ready = std::mem::take(&mut self.ready);
        let result = self.advance(context, &mut |document| {
            ready.push_back(document.into_owned()?);
            Ok(Flow::Pause)
        });
        self.ready = ready;
        result?;
        Ok(self.ready.pop_front())
    }

    /// All results, handed to `keep`.
    pub(super) fn drain(
        &mut self,
        context: &Context<'_>,
        keep: &mut dyn FnMut(Owned) -> Result<()>,
    ) -> Result<()> {
        while self.advance(context, &mut |document| {
            keep(document.into_owned()?)?;
            Ok(Flow::More)
        })? {}
        Ok(())
    }
}

impl Source {
    /// How many documents there are. The source is over then.
    fn count(&mut self, context: &Context<'_>) -> Result<u64> {
        match std::mem::replace(self, Source::Over) {
            Source::Named(name, wanted) => context.collections.open(&name, wanted)?.count(),
            Source::Open(mut documents) => documents.count(),
            Source::Over => Ok(0),
        }
    }
}

/// The results of `stages` over `documents`, handed to `keep`.
pub(super) fn run_over<'d>(
    stages: &[Stage],
    documents: impl Iterator<Item = Document<'d>>,
    context: &Context<'_>,
    keep: &mut dyn FnMut(Owned) -> Result<()>,
) -> Result<()> {
    let mut machine = Machine::new(stages);
    let mut sink = |document: Document<'_>| {
        keep(document.into_owned()?)?;
        Ok(Flow::More)
    };
    for document in documents {
        let flow = machine.push(stages, document, context, &mut sink)?;
        while machine.step(stages, context, &mut sink)? {}
        if flow == Flow::Enough {
            break;
        }
    }
    machine.end_input();
    while machine.step(stages, context, &mut sink)? {}
    Ok(())
}
