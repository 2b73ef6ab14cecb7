//! Choosing how a query is read: the documents by id, all of them, or those that indexes name.
//!
//! Parts: shape.rs (what is asked, what indexes there are), bounds.rs (constraints to keys) on ranges.rs and
//! cut.rs, candidate.rs (one index for one conjunction), intervals.rs (what of it is read), order.rs (the order
//! that it gives), cost.rs (estimates), hint.rs (what the asker wants read).
//! Promises: pure but for the estimates; a plan reads every document that matches, whatever the estimates say,
//! and the filter has to be asked of each unless the plan is exact. Nothing is estimated where there is no choice.
//! Leaves to others: the indexes and running plans (collection, transaction).

mod bounds;
mod candidate;
mod cost;
mod cut;
mod hint;
mod intervals;
mod order;
mod ranges;
mod shape;
mod show;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

pub use hint::Hint;
pub use intervals::Interval;
pub use ranges::{Range, Ranges};
pub use shape::{Estimate, Forced, IndexShape, KeyShape, OrderKey, Question};

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::survey::ID_KEY;
use crate::format::value::Value;
use crate::query::filter::{Constraint, Filter, Restriction};
use candidate::{Asked, Candidate};
use cost::Work;

/// The name of the id index, as MongoDB has it.
pub const ID_INDEX: &str = "_id_";
/// What a plan that reads every document is called.
pub const SCAN: &str = "COLLSCAN";

/// How a query is read.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is read, one after the other; nothing when no document can match.
    pub parts: Vec<Part>,
    /// Every document read matches, so the filter need not be asked.
    pub is_exact: bool,
    /// A document may come more than once.
    pub may_repeat: bool,
    /// Documents come in the order that was asked for.
    pub is_ordered: bool,
    /// Entries have all that was needed: their documents need not be read.
    pub is_covered: bool,
    /// What it costs, in units of reading one document in passing.
    pub cost: f64,
}

/// One source of documents.
#[derive(Clone, Debug)]
pub enum Part {
    /// Every document.
    Scan,
    /// The documents of these ids.
    Ids(Vec<IdBytes>),
    /// The documents that entries of an index name.
    Index(IndexScan),
}

/// Some entries of an index.
#[derive(Clone, Debug)]
pub struct IndexScan {
    /// The index, by its place in the list that was given.
    pub index: usize,
    /// The keys of its first fields, ascending; other fields have any.
    pub fields: Vec<Ranges>,
    /// What is read, rising.
    pub intervals: Vec<Interval>,
    /// From the last entry to the first.
    pub is_reverse: bool,
}

/// A plan, and those that were not chosen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The cheapest.
    pub plan: Plan,
    /// The others, the cheapest first.
    pub rejected: Vec<Plan>,
}

/// The plan for `question`.
///
/// Errors: INVALID_ARGUMENT when an index is asked for that may lack documents that match; those of `estimate`.
pub fn choose(
    question: &Question<'_>,
    indexes: &[IndexShape<'_>],
    estimate: &mut Estimate<'_>,
) -> Result<Choice> {
    let ids = question.filter.and_then(Filter::ids);
    let wants_index = matches!(question.forced, Some(Forced::Index(_)));
    match ids {
        Some([]) => return Ok(Choice::only(Plan::nothing())),
        Some(ids) if ids.len() == 1 || (!wants_index && indexes.is_empty()) => {
            return Ok(Choice::only(Plan::of_ids(ids, question)));
        }
        None if !wants_index && indexes.is_empty() => {
            return Ok(Choice::only(Plan::of_scan(
                question,
                question.documents_count as f64,
            )));
        }
        _ => {}
    }
    let constraints = question.filter.map(Filter::constraints).unwrap_or_default();
    let asked = Asked::all(constraints)?;
    if asked.iter().any(|asked| asked.bounds.ranges.is_nothing()) {
        return Ok(Choice::only(Plan::nothing()));
    }
    let mut planner = Planner {
        question,
        indexes,
        estimate,
        matches: question.documents_count as f64 * cost::share(question.filter, asked.iter()),
        drafts: Vec::new(),
    };
    let all: Vec<&Asked<'_>> = asked.iter().collect();
    planner.draft_indexes(&all)?;
    if question.forced.is_none() {
        planner.draft_unions(&all)?;
    }
    planner.finish(ids)
}

impl Choice {
    fn only(plan: Plan) -> Choice {
        Choice {
            plan,
            rejected: Vec::new(),
        }
    }
}

impl Plan {
    fn nothing() -> Plan {
        Plan {
            parts: Vec::new(),
            is_exact: true,
            may_repeat: false,
            is_ordered: true,
            is_covered: false,
            cost: 0.0,
        }
    }

    fn of_ids(ids: &[IdBytes], question: &Question<'_>) -> Plan {
        let is_ordered = question.order.is_empty() || ids.len() == 1;
        let work = Work {
            read: ids.len() as f64,
            descents: 0.0,
            is_entries: true,
            fetches: true,
            sorts: !is_ordered,
        };
        Plan {
            parts: vec![Part::Ids(ids.to_vec())],
            is_exact: question.filter.is_some_and(Filter::is_only_ids),
            may_repeat: false,
            is_ordered,
            is_covered: false,
            cost: work.cost(ids.len() as f64, question.wanted),
        }
    }

    fn of_scan(question: &Question<'_>, matches: f64) -> Plan {
        let is_ordered = question.order.is_empty();
        let work = Work {
            read: question.documents_count as f64,
            descents: 0.0,
            is_entries: false,
            fetches: true,
            sorts: !is_ordered,
        };
        Plan {
            parts: vec![Part::Scan],
            is_exact: question.filter.is_none(),
            may_repeat: false,
            is_ordered,
            is_covered: false,
            cost: work.cost(matches, question.wanted),
        }
    }

    /// What the plan is called: the names of the indexes that it reads.
    pub fn name(&self, indexes: &[IndexShape<'_>]) -> String {
        let names = self.parts.iter().map(|part| match part {
            Part::Scan => SCAN,
            Part::Ids(_) => ID_INDEX,
            Part::Index(scan) => indexes.get(scan.index).map_or("", |index| index.name),
        });
        names.collect::<Vec<_>>().join(" or ")
    }
}

/// A plan whose cost is not known yet.
struct Draft {
    plan: Plan,
    work: Work,
}

struct Planner<'p, 'a> {
    question: &'p Question<'a>,
    indexes: &'p [IndexShape<'a>],
    estimate: &'p mut Estimate<'a>,
    /// About how many documents match.
    matches: f64,
    drafts: Vec<Draft>,
}

impl Planner<'_, '_> {
    /// Plans that read one index.
    fn draft_indexes(&mut self, asked: &[&Asked<'_>]) -> Result<()> {
        for (place, index) in self.indexes.iter().enumerate() {
            let is_forced = match self.question.forced {
                Some(Forced::Index(forced)) if forced == place => true,
                Some(_) => continue,
                None => false,
            };
            match Candidate::of(index, asked)? {
                Some(candidate) => self.draft_index(place, index, candidate, asked, is_forced)?,
                None if is_forced => return Err(cannot_use(index.name)),
                None => {}
            }
        }
        Ok(())
    }

    fn draft_index(
        &mut self,
        place: usize,
        index: &IndexShape<'_>,
        candidate: Candidate,
        asked: &[&Asked<'_>],
        is_forced: bool,
    ) -> Result<()> {
        let question = self.question;
        let direction = order::direction(index, &candidate, question.order);
        let is_ordered = direction.is_some();
        let filter = question.filter;
        let is_exact = candidate.is_exact
            && candidate.used_count == asked.len()
            && filter.is_none_or(Filter::constraints_are_all);
        let is_covered = is_exact && question.needed.is_some_and(|needed| has_all(index, needed));
        let is_small = index.is_sparse || index.partial.is_some();
        let is_bounded = !candidate.fields.is_empty();
        let gives_order = is_ordered && !question.order.is_empty();
        if !(is_bounded || gives_order || is_covered || is_small || is_forced) {
            return Ok(());
        }
        let read = if is_bounded {
            cost::entries(place, &candidate, self.estimate)?
        } else {
            index.entries_count as f64
        };
        if is_bounded || is_small {
            let is_open = |asked: &&&Asked<'_>| {
                let bounded = index.keys.iter().take(candidate.intervals.fields_count);
                !bounded.into_iter().any(|key| *key.path == *asked.constraint.path)
            };
            let rest = asked.iter().filter(is_open).copied();
            self.matches = self.matches.min(read * cost::share(filter, rest));
        }
        let work = Work {
            read,
            descents: candidate.intervals.list.len() as f64,
            is_entries: true,
            fetches: !is_covered,
            sorts: !is_ordered,
        };
        let plan = Plan {
            parts: vec![Part::Index(IndexScan {
                index: place,
                fields: candidate.fields,
                intervals: candidate.intervals.list,
                is_reverse: direction.unwrap_or(false),
            })],
            is_exact,
            may_repeat: index.keys.iter().any(|key| key.has_arrays),
            is_ordered,
            is_covered,
            cost: 0.0,
        };
        self.drafts.push(Draft { plan, work });
        Ok(())
    }

    /// Plans that read an index for each branch of an `$or`.
    fn draft_unions(&mut self, common: &[&Asked<'_>]) -> Result<()> {
        let branches = self.question.filter.map(Filter::branches).unwrap_or_default();
        'disjunctions: for disjunction in branches {
            let mut parts = Vec::with_capacity(disjunction.len());
            let (mut read, mut descents) = (0.0, 0.0);
            for branch in disjunction {
                let Some((part, entries)) = self.part_of(common, branch)? else {
                    continue 'disjunctions;
                };
                read += entries;
                if let Part::Index(scan) = &part {
                    descents += scan.intervals.len() as f64;
                }
                parts.push(part);
            }
            let is_ordered = self.question.order.is_empty();
            self.matches = self.matches.min(read);
            let work = Work {
                read,
                descents,
                is_entries: true,
                fetches: true,
                sorts: !is_ordered,
            };
            let plan = Plan {
                parts,
                is_exact: false,
                may_repeat: true,
                is_ordered,
                is_covered: false,
                cost: 0.0,
            };
            self.drafts.push(Draft { plan, work });
        }
        Ok(())
    }

    /// The index that answers one branch with the fewest entries, and how many; None when none does.
    fn part_of(&mut self, common: &[&Asked<'_>], branch: Vec<Constraint<'_>>) -> Result<Option<(Part, f64)>> {
        if let Some(ids) = ids_of(&branch) {
            let count = ids.len() as f64;
            return Ok(Some((Part::Ids(ids), count)));
        }
        let branch = Asked::all(branch)?;
        let asked: Vec<&Asked<'_>> = branch.iter().chain(common.iter().copied()).collect();
        let mut best: Option<(Part, f64)> = None;
        for (place, index) in self.indexes.iter().enumerate() {
            let Some(candidate) = Candidate::of(index, &asked)? else {
                continue;
            };
            if candidate.fields.is_empty() {
                continue;
            }
            let entries = cost::entries(place, &candidate, self.estimate)?;
            if best.as_ref().is_none_or(|(_, fewest)| entries < *fewest) {
                let scan = IndexScan {
                    index: place,
                    fields: candidate.fields,
                    intervals: candidate.intervals.list,
                    is_reverse: false,
                };
                best = Some((Part::Index(scan), entries));
            }
        }
        Ok(best)
    }

    fn finish(self, ids: Option<&[IdBytes]>) -> Result<Choice> {
        let (question, matches) = (self.question, self.matches);
        let mut plans: Vec<Plan> = Vec::with_capacity(self.drafts.len() + 1);
        for Draft { mut plan, work } in self.drafts {
            plan.cost = work.cost(matches, question.wanted);
            plans.push(plan);
        }
        match (ids, question.forced) {
            (_, Some(Forced::Index(_))) => {}
            (Some(ids), None) => plans.push(Plan::of_ids(ids, question)),
            _ => plans.push(Plan::of_scan(question, matches)),
        }
        plans.sort_by(|left, right| left.cost.total_cmp(&right.cost));
        let mut plans = plans.into_iter();
        let plan = plans
            .next()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a query was given no plan"))?;
        Ok(Choice {
            rejected: plans.collect(),
            plan,
        })
    }
}

/// True when entries of `index` tell the values at all the paths `needed`.
fn has_all(index: &IndexShape<'_>, needed: &[&[u8]]) -> bool {
    let has = |path: &&[u8]| {
        let is_key = |key: &KeyShape<'_>| key.path == *path;
        *path == ID_KEY || index.keys.iter().any(is_key)
    };
    let are_values_whole = !index.keys.iter().any(|key| key.has_arrays || key.has_position);
    needed.iter().all(has) && (needed.is_empty() || are_values_whole)
}

/// The ids that documents of a branch can have, when it tells.
fn ids_of(branch: &[Constraint<'_>]) -> Option<Vec<IdBytes>> {
    let id = |value: Value<'_>| IdBytes::from_value(&value).ok();
    branch.iter().find_map(|constraint| {
        if *constraint.path != *ID_KEY {
            return None;
        }
        match &constraint.restriction {
            Restriction::Equal(literal) => Some(literal.value().ok().and_then(id).into_iter().collect()),
            Restriction::In(set) => Some(set.values().filter_map(id).collect()),
            _ => None,
        }
    })
}

fn cannot_use(name: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "hint names the index {name}, which has some documents only, and the filter does not say that no others match; leave the hint out, or add the index's own condition to the filter"
        ),
    )
}
