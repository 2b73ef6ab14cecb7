//! `$sample`: documents by chance.
//!
//! Promises: each document is chosen with the same probability, in one pass, and memory holds the chosen ones
//! only; they come in random order. Source: J. Vitter, "Random Sampling with a Reservoir" (1985), algorithm R.

use std::hash::{BuildHasher, RandomState};

use crate::error::Result;
use crate::format::owned::Owned;
use crate::query::pipeline::budget::Budget;
use crate::query::pipeline::source::Document;

/// The documents chosen so far.
#[derive(Debug)]
pub(super) struct Reservoir {
    chosen: Vec<Owned>,
    seen: u64,
    random: RandomState,
    draws: u64,
    budget: Budget,
}

impl Reservoir {
    pub(super) fn new() -> Reservoir {
        Reservoir {
            chosen: Vec::new(),
            seen: 0,
            random: RandomState::new(),
            draws: 0,
            budget: Budget::new("a smaller size helps"),
        }
    }

    /// A number below `bound`, which is not 0: a keyed hash of how many were drawn.
    fn below(&mut self, bound: u64) -> u64 {
        self.draws += 1;
        let wide = u128::from(self.random.hash_one(self.draws)) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// Adds a document; `count` are chosen. Errors: LIMIT_EXCEEDED, CORRUPTED.
    pub(super) fn add(&mut self, count: u64, document: Document<'_>) -> Result<()> {
        self.seen += 1;
        if (self.chosen.len() as u64) < count {
            let document = document.into_owned()?;
            self.budget.take(document.bytes())?;
            self.chosen.push(document);
            return Ok(());
        }
        let place = self.below(self.seen);
        if let Some(old) = self.chosen.get_mut(place as usize) {
            let document = document.into_owned()?;
            self.budget.give_back(old.bytes());
            self.budget.take(document.bytes())?;
            *old = document;
        }
        Ok(())
    }

    /// The chosen documents, shuffled.
    pub(super) fn finish(mut self) -> Vec<Owned> {
        for last in (1..self.chosen.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            self.chosen.swap(last, other);
        }
        self.chosen
    }
}
