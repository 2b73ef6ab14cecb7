//! Arranging the stages of a pipeline so that the collection does as much of the work as it can.
//!
//! A `$match` moves forward over stages that leave its fields alone, filters that meet become one, and the
//! first stages are handed to the collection's cursor, where indexes serve them. Promises: the results are
//! those of the stages as they were written, one after the other.
//! Leaves to others: choosing indexes (query/plan), running (run.rs).

use std::sync::Arc;

use crate::query::pipeline::source::Wanted;
use crate::query::pipeline::{Action, Stage};

/// A pipeline that is ready to run.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// What the collection's cursor does.
    pub(super) wanted: Wanted,
    pub(super) stages: Arc<[Stage]>,
    /// How many of the stages that cursor does.
    pub(super) pushed: usize,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan::new(Vec::new())
    }
}

impl Plan {
    pub(super) fn new(mut stages: Vec<Stage>) -> Plan {
        move_matches(&mut stages);
        join_matches(&mut stages);
        limit_sorts(&mut stages);
        let (wanted, pushed) = push(&stages);
        Plan {
            wanted,
            stages: stages.into(),
            pushed,
        }
    }

    /// All stages, for documents that do not come from a cursor.
    pub(super) fn unpushed(&self) -> &[Stage] {
        &self.stages
    }

    /// True when the pipeline has documents of its own.
    pub(super) fn begins_with_documents(&self) -> bool {
        matches!(
            self.stages.first().map(|stage| &stage.action),
            Some(Action::Documents(_))
        )
    }
}

/// Moves each `$match` to the front of the stages that do not touch what it reads.
fn move_matches(stages: &mut [Stage]) {
    for place in 1..stages.len() {
        let mut at = place;
        while at > 0
            && let Some([before, matching]) = stages.get_mut(at - 1..=at)
            && let Action::Match(filter) = &matching.action
            && before
                .action
                .lets_pass(|is_untouched| filter.reads_only(is_untouched))
        {
            std::mem::swap(before, matching);
            at -= 1;
        }
    }
}

impl Action {
    /// True when a filter behind this stage may as well stand before it; `reads_only` asks whether it reads
    /// nothing but fields of which a function is true.
    fn lets_pass(&self, reads_only: impl Fn(&dyn Fn(&str) -> bool) -> bool) -> bool {
        match self {
            Action::Sort(_) => true,
            Action::Shape(shape) => reads_only(&|root| shape.leaves_alone(root)),
            Action::Unwind(unwind) => reads_only(&|root| unwind.leaves_alone(root)),
            Action::Lookup(lookup) => reads_only(&|root| lookup.leaves_alone(root)),
            Action::GraphLookup(lookup) => reads_only(&|root| lookup.leaves_alone(root)),
            _ => false,
        }
    }
}

/// Makes one filter of those that stand side by side.
fn join_matches(stages: &mut Vec<Stage>) {
    let mut joined: Vec<Stage> = Vec::with_capacity(stages.len());
    for stage in stages.drain(..) {
        if let (Action::Match(next), Some(last)) = (&stage.action, joined.last_mut())
            && let Action::Match(before) = &last.action
            && before.for_cursor().is_some()
            && next.for_cursor().is_some()
            // Together they may be more than one filter can hold; then they stay two.
            && let Ok(both) = before.and(next)
        {
            last.action = Action::Match(both);
            continue;
        }
        joined.push(stage);
    }
    *stages = joined;
}

/// Tells each `$sort` how many documents the stages behind it let through.
fn limit_sorts(stages: &mut [Stage]) {
    let mut limit: Option<u64> = None;
    for stage in stages.iter_mut().rev() {
        match &mut stage.action {
            Action::Limit(count) => limit = Some(limit.map_or(*count, |limit| limit.min(*count))),
            Action::Skip(count) => limit = limit.map(|limit| limit.saturating_add(*count)),
            Action::Sort(sorting) => sorting.limit = limit.take(),
            // These give one document for each.
            Action::Shape(_) | Action::Lookup(_) | Action::GraphLookup(_) => {}
            _ => limit = None,
        }
    }
}

/// What the first stages want of a cursor, and how many stages that is.
fn push(stages: &[Stage]) -> (Wanted, usize) {
    let mut wanted = Wanted::default();
    let mut pushed = 0;
    for stage in stages {
        match &stage.action {
            Action::Match(matching) if pushed == 0 => match matching.for_cursor() {
                Some(filter) => wanted.filter = (!filter.is_empty()).then_some(filter),
                None => break,
            },
            // The cursor sorts before it passes over documents.
            Action::Sort(sorting) if wanted.sort.is_none() && wanted.skip == 0 && wanted.limit.is_none() => {
                wanted.sort = Some(sorting.sort.clone());
                wanted.limit = sorting.limit;
            }
            Action::Skip(count) => match wanted.limit {
                // What is left of a limit after passing over some.
                Some(limit) => {
                    wanted.skip = wanted.skip.saturating_add(*count);
                    wanted.limit = Some(limit.saturating_sub(*count));
                }
                None => wanted.skip = wanted.skip.saturating_add(*count),
            },
            Action::Limit(count) => {
                wanted.limit = Some(wanted.limit.map_or(*count, |limit| limit.min(*count)));
            }
            _ => break,
        }
        pushed += 1;
    }
    (wanted, pushed)
}
