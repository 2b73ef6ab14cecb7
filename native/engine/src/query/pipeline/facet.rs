//! `$facet`: several pipelines over the same documents.
//!
//! Promises: each document is read once and lent to every pipeline; what they give is bounded by one memory
//! budget together. Source: MongoDB manual, "$facet".

use std::sync::Arc;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::query::pipeline::Stage;
use crate::query::pipeline::budget::Budget;
use crate::query::pipeline::machine::{Context, Flow, Machine};
use crate::query::pipeline::source::Document;

/// A compiled stage: the pipelines by the names of their results.
#[derive(Debug)]
pub(super) struct Facet {
    pub(super) pipelines: Vec<(Box<str>, Arc<[Stage]>)>,
}

/// The pipelines at work.
pub(super) struct Facets {
    machines: Vec<(Machine, Vec<Owned>, bool)>,
    budget: Budget,
}

impl Facets {
    pub(super) fn new(facet: &Facet) -> Facets {
        Facets {
            machines: facet
                .pipelines
                .iter()
                .map(|(_, stages)| (Machine::new(stages), Vec::new(), false))
                .collect(),
            budget: Budget::new("a $limit or $group in its pipelines helps"),
        }
    }

    /// Lends a document to every pipeline. Errors: theirs, and LIMIT_EXCEEDED.
    pub(super) fn add(
        &mut self,
        facet: &Facet,
        document: &Document<'_>,
        context: &Context<'_>,
    ) -> Result<()> {
        let budget = &mut self.budget;
        for ((_, stages), (machine, results, is_over)) in facet.pipelines.iter().zip(&mut self.machines) {
            if *is_over {
                continue;
            }
            let mut sink = |document: Document<'_>| {
                let document = document.into_owned()?;
                budget.take(document.bytes())?;
                results.push(document);
                Ok(Flow::More)
            };
            *is_over = machine.push(stages, document.lend(), context, &mut sink)? == Flow::Enough;
            while machine.step(stages, context, &mut sink)? {}
        }
        Ok(())
    }

    /// The document with all results.
    pub(super) fn finish(self, facet: &Facet, context: &Context<'_>) -> Result<Owned> {
        let mut budget = self.budget;
        let mut fields = Vec::with_capacity(facet.pipelines.len());
        for ((name, stages), (mut machine, mut results, _)) in facet.pipelines.iter().zip(self.machines) {
            machine.end_input();
            while machine.step(stages, context, &mut |document| {
                let document = document.into_owned()?;
                budget.take(document.bytes())?;
                results.push(document);
                Ok(Flow::More)
            })? {}
            fields.push((name.clone(), Owned::Array(results)));
        }
        Ok(Owned::Map(fields))
    }
}
