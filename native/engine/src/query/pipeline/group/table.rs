//! The groups while documents come in.
//!
//! Promises: keys lie back to back in one buffer, states of accumulators in one list; a document of a group
//! that is there allocates nothing of its own. Groups come out in the order in which they came to be, unless
//! they are ordered by their `_id`. The hash has a seed of its own in each process.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error::Result;
use crate::format::owned::Owned;
use crate::query::compare::compare_owned;
use crate::query::expression::Scope;
use crate::query::expression::accumulator::State;
use crate::query::pipeline::budget::Budget;
use crate::query::pipeline::group::locate::{Located, Routes};
use crate::query::pipeline::group::{Group, Output};
use crate::query::pipeline::source::Document;

/// Bytes that a group takes besides its key, its `_id` and what its accumulators keep.
const GROUP_BYTES: usize = 64;

/// All groups of one run.
#[derive(Debug)]
pub(in crate::query::pipeline) struct Groups {
    hasher: DefaultHashBuilder,
    /// Numbers of groups by their keys.
    numbers: HashTable<u32>,
    keys: Vec<u8>,
    /// Where the key of each group ends; it begins where the one before ends.
    key_ends: Vec<usize>,
    ids: Vec<Owned>,
    /// For each group, one for each accumulator.
    states: Vec<State>,
    routes: Routes,
    scratch: Vec<u8>,
    budget: Budget,
}

/// Finished groups.
#[derive(Debug)]
pub(in crate::query::pipeline) struct Finished {
    ids: std::vec::IntoIter<Owned>,
    states: std::vec::IntoIter<State>,
}

impl Groups {
    pub(in crate::query::pipeline) fn new() -> Groups {
        Groups {
            hasher: DefaultHashBuilder::default(),
            numbers: HashTable::new(),
            keys: Vec::new(),
            key_ends: Vec::new(),
            ids: Vec::new(),
            states: Vec::new(),
            routes: Routes::default(),
            scratch: Vec::new(),
            budget: Budget::new("fewer groups or smaller values, or a $match before it, help"),
        }
    }

    /// Adds a document. Errors: LIMIT_EXCEEDED, and those of expressions and accumulators.
    #[inline]
    pub(in crate::query::pipeline) fn add<'a>(
        &mut self,
        group: &'a Group,
        document: &'a Document<'_>,
        scope: &Scope<'a>,
    ) -> Result<()> {
        let fields = match document {
            Document::Stored(cursor) => self.routes.locate(&group.roots, *cursor)?,
            Document::Seen(document) => Located::in_memory(&group.roots, document),
            Document::Owned(document) => Located::in_memory(&group.roots, document),
        };
        let scope = scope.with_root(document.root());
        self.scratch.clear();
        group.key.append(&fields, &scope, &mut self.scratch)?;
        let number = match self.find() {
            Some(number) => number,
            None => self.create(group, &fields, &scope)?,
        };
        let count = group.accumulators.len();
        let start = number * count;
        let states = self.states.get_mut(start..start + count).unwrap_or_default();
        let mut grown = 0;
        for (output, state) in group.accumulators.iter().zip(states) {
            grown += output.add(state, &fields, &scope)?;
        }
        self.budget.take(grown)
    }

    #[inline]
    fn find(&self) -> Option<usize> {
        let hash = self.hasher.hash_one(self.scratch.as_slice());
        let number = self.numbers.find(hash, |number| {
            key_of(&self.keys, &self.key_ends, *number) == self.scratch.as_slice()
        });
        number.map(|number| *number as usize)
    }

    #[cold]
    fn create<'a>(&mut self, group: &'a Group, fields: &Located<'a>, scope: &Scope<'a>) -> Result<usize> {
        let id = group.key.id(fields, scope)?;
        let states = group.accumulators.len() * size_of::<State>();
        self.budget
            .take(GROUP_BYTES + id.bytes() + self.scratch.len() + states)?;
        let number = self.ids.len();
        self.keys.extend_from_slice(&self.scratch);
        self.key_ends.push(self.keys.len());
        self.ids.push(id);
        let fresh = group.accumulators.iter().map(|output| output.accumulator.start());
        self.states.extend(fresh);
        let (keys, key_ends, hasher) = (&self.keys, &self.key_ends, &self.hasher);
        let hash = hasher.hash_one(self.scratch.as_slice());
        self.numbers.insert_unique(hash, number as u32, |number| {
            hasher.hash_one(key_of(keys, key_ends, *number))
        });
        Ok(number)
    }

    /// The groups, complete.
    pub(in crate::query::pipeline) fn finish(self, group: &Group) -> Finished {
        if !group.is_ordered {
            return Finished {
                ids: self.ids.into_iter(),
                states: self.states.into_iter(),
            };
        }
        let count = group.accumulators.len();
        let mut states = self.states.into_iter();
        let mut groups: Vec<(Owned, Vec<State>)> = self
            .ids
            .into_iter()
            .map(|id| (id, states.by_ref().take(count).collect()))
            .collect();
        groups.sort_by(|left, right| compare_owned(&left.0, &right.0));
        let (ids, states): (Vec<Owned>, Vec<Vec<State>>) = groups.into_iter().unzip();
        Finished {
            ids: ids.into_iter(),
            states: states.into_iter().flatten().collect::<Vec<State>>().into_iter(),
        }
    }
}

fn key_of<'k>(keys: &'k [u8], ends: &[usize], number: u32) -> &'k [u8] {
    let number = number as usize;
    let start = match number.checked_sub(1) {
        Some(before) => ends.get(before).copied().unwrap_or_default(),
        None => 0,
    };
    let end = ends.get(number).copied().unwrap_or_default();
    keys.get(start..end).unwrap_or_default()
}

impl Finished {
    /// The next group, as a document.
    pub(in crate::query::pipeline) fn give(&mut self, group: &Group) -> Option<Owned> {
        let id = self.ids.next()?;
        let mut fields: Vec<(Box<str>, Owned)> = Vec::with_capacity(group.accumulators.len() + 1);
        fields.push(("_id".into(), id));
        for (output, state) in group.accumulators.iter().zip(&mut self.states) {
            fields.push((output.name.clone(), output.accumulator.finish(state)));
        }
        Some(Owned::Map(fields))
    }
}

impl Output {
    /// Adds the document of `scope`; returns the bytes that the state grew by.
    #[inline]
    fn add<'a>(&'a self, state: &mut State, fields: &Located<'a>, scope: &Scope<'a>) -> Result<usize> {
        if self.step.is_some_and(|step| state.add_step(step)) {
            return Ok(0);
        }
        let stored = self.operand.as_ref().and_then(|operand| operand.stored(fields));
        if stored.is_some_and(|cursor| state.add_quickly(cursor)) {
            return Ok(0);
        }
        let value = match &self.operand {
            Some(operand) => operand.evaluate(fields, scope)?,
            None => None,
        };
        self.accumulator.add_value(state, value, scope)
    }
}
