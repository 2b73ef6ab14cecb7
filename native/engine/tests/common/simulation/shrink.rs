//! Shrinking: from a workload that breaks a promise to the fewest steps that still break the same one.
//!
//! Method: delta debugging (Zeller, Hildebrandt, IEEE TSE 2002), without its complements: chunks of steps are dropped,
//! from the end first, in halves down to single steps, until no single step can go; then what is inside of steps.
//! Promises: what it returns fails with the same kind; the same workload and judge give the same result. Steps fit any
//! state (session.rs knows what each must answer), so every subset of a workload is one.
//! Leaves to others: looking for the crash point again in every candidate (the caller's judge).

use super::campaign::{Failure, Workload};
use super::twin::Step;

/// Candidates that are tried at most.
const TRIES_MAX: u64 = 300;

/// What is left of a workload.
pub struct Shrunk {
    pub steps: Vec<Step>,
    /// How it fails now.
    pub failure: Failure,
    /// Candidates that were tried.
    pub tries: u64,
}

/// Tells how a workload fails, if it does.
pub type Judge<'a> = &'a dyn Fn(&Workload) -> Option<Failure>;

struct Shrinking<'a> {
    workload: &'a Workload,
    judge: Judge<'a>,
    now: Shrunk,
}

/// Shrinks `workload`, which was found to fail with `failure`.
pub fn shrink(workload: &Workload, failure: Failure, judge: Judge<'_>) -> Shrunk {
    let now = Shrunk {
        steps: workload.steps.clone(),
        failure,
        tries: 0,
    };
    let mut shrinking = Shrinking { workload, judge, now };
    shrinking.drop_chunks();
    shrinking.simplify();
    shrinking.now
}

impl Shrinking<'_> {
    /// Takes `steps` where they fail with the same kind.
    fn takes(&mut self, steps: Vec<Step>) -> bool {
        if self.now.tries >= TRIES_MAX {
            return false;
        }
        self.now.tries += 1;
        let candidate = Workload {
            steps,
            ..*self.workload
        };
        match (self.judge)(&candidate) {
            Some(failure) if failure.kind() == self.now.failure.kind() => {
                self.now.steps = candidate.steps;
                self.now.failure = failure;
                true
            }
            _ => false,
        }
    }

    fn drop_chunks(&mut self) {
        let mut chunk = self.now.steps.len().div_ceil(2);
        while chunk > 0 {
            let mut has_dropped = false;
            let mut end = self.now.steps.len();
            while end > 0 {
                let start = end.saturating_sub(chunk);
                let mut steps = self.now.steps.clone();
                steps.drain(start..end);
                has_dropped |= self.takes(steps);
                end = start;
            }
            // A step may have been needed only by one that is gone now.
            if !(has_dropped && chunk == 1) {
                chunk /= 2;
            }
        }
    }

    /// Makes each step simpler while that is possible.
    fn simplify(&mut self) {
        let mut index = 0;
        while let Some(step) = self.now.steps.get(index) {
            let is_simpler = simpler(step).into_iter().any(|simpler| {
                let mut steps = self.now.steps.clone();
                steps[index] = simpler;
                self.takes(steps)
            });
            index += usize::from(!is_simpler);
        }
    }
}

/// What a step may be replaced by, the simplest first.
fn simpler(step: &Step) -> Vec<Step> {
    match step {
        Step::CheckpointDuring(inner) => std::iter::once(Step::Checkpoint)
            .chain(without_one(inner).map(Step::CheckpointDuring))
            .collect(),
        Step::Transaction(inner, commits) => without_one(inner)
            .map(|inner| Step::Transaction(inner, *commits))
            .collect(),
        Step::InsertMany(name, documents) if documents.len() > 1 => {
            let (one, other) = documents.split_at(documents.len() / 2);
            [one, other]
                .map(|half| Step::InsertMany(name, half.to_vec()))
                .into()
        }
        _ => Vec::new(),
    }
}

/// Lists that lack one of `steps` each; none of them is empty.
fn without_one(steps: &[Step]) -> impl Iterator<Item = Vec<Step>> {
    let count = if steps.len() > 1 { steps.len() } else { 0 };
    (0..count).map(|index| [&steps[..index], &steps[index + 1..]].concat())
}
