//! Stages at work: documents are pushed through them, one after the other.
//!
//! A document goes through a chain of stages by plain calls and stays in stored bytes as long as no stage
//! makes another of it. A stage that keeps documents back gives them one by one when its input is over, the
//! last stages of the chain first, so that between two stages there is never more than one document.
//! Promises: whoever takes the results may stop after any document and go on later; memory is that of the
//! stages, each with its own bound; when a stage needs no more, nothing before it works on.
//! Leaves to others: what each stage does (its own file), where documents come from (run.rs).

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::Timestamp;
use crate::query::expression::{Root, Scope};
use crate::query::pipeline::bucket_auto::Buckets;
use crate::query::pipeline::facet::Facets;
use crate::query::pipeline::group::{Finished, Groups};
use crate::query::pipeline::join::Joined;
use crate::query::pipeline::run::Run;
use crate::query::pipeline::sample::Reservoir;
use crate::query::pipeline::sorting::Ordering;
use crate::query::pipeline::source::{Collections, Document};
use crate::query::pipeline::unwind::Unwinding;
use crate::query::pipeline::{Action, Stage, in_stage};
use crate::query::sort::Sorted;

/// What whoever took a document wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next one.
    More,
    /// Nothing at the moment.
    Pause,
    /// Nothing any more.
    Enough,
}

/// Takes the documents that come out at the end.
pub type Sink<'s> = dyn FnMut(Document<'_>) -> Result<Flow> + 's;

/// What all stages of one run see.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) now: Timestamp,
    /// The variables whose names the stages were compiled with.
    pub(super) variables: &'a [Option<Owned>],
    pub(super) collections: &'a dyn Collections,
}

impl<'a> Context<'a> {
    pub(super) fn scope(&self, root: Root<'a>) -> Scope<'a> {
        Scope::new(root, self.now).with_variables(self.variables)
    }
}

/// What a stage keeps between two documents.
pub(super) enum State {
    /// Nothing, and nothing more comes of it.
    Idle,
    /// Documents counted, or still to be passed over or let through.
    Number(u64),
    Unwinding(Box<Unwinding>),
    Ordering(Box<Ordering>),
    Sorted(Box<Sorted<Owned>>),
    Groups(Box<Groups>),
    Grouped(Box<Finished>),
    Joined(Box<Joined>),
    Sample(Box<Reservoir>),
    Buckets(Box<Buckets>),
    Facets(Box<Facets>),
    /// Another run whose documents follow.
    Run(Box<Run>),
    /// Documents that are ready.
    Ready(std::vec::IntoIter<Owned>),
}

/// The stages of one run, at work.
pub(super) struct Machine {
    states: Vec<State>,
    /// For how many stages, from the first, the input is over.
    ended: usize,
    is_input_over: bool,
}

impl Machine {
    pub(super) fn new(stages: &[Stage]) -> Machine {
        Machine {
            states: stages.iter().map(|stage| stage.action.start()).collect(),
            ended: 0,
            is_input_over: false,
        }
    }

    /// Gives one document to the first stage. After Pause, `step` until it says false.
    #[inline]
    pub(super) fn push(
        &mut self,
        stages: &[Stage],
        document: Document<'_>,
        context: &Context<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<Flow> {
        push(stages, &mut self.states, document, context, sink)
    }

    /// True when the first stage asks for nothing but the number of documents.
    pub(super) fn wants_count(&self, stages: &[Stage]) -> bool {
        match stages.first().map(|stage| &stage.action) {
            Some(Action::Count(_)) => true,
            Some(Action::Group(group)) => group.only_counts(),
            _ => false,
        }
    }

    /// Tells the first stage the number of documents, in their place.
    pub(super) fn put_count(&mut self, stages: &[Stage], count: u64) {
        let state = match stages.first().map(|stage| &stage.action) {
            Some(Action::Group(group)) => State::Ready(Vec::from_iter(group.counted(count)).into_iter()),
            _ => State::Number(count),
        };
        if let Some(first) = self.states.first_mut() {
            *first = state;
        }
    }

    /// No more documents come.
    pub(super) fn end_input(&mut self) {
        self.is_input_over = true;
        self.ended = self.ended.max(1);
    }

    /// Lets one document go on that a stage holds; false when none does, or may yet.
    pub(super) fn step(
        &mut self,
        stages: &[Stage],
        context: &Context<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<bool> {
        for place in (0..stages.len()).rev() {
            let (Some(stage), Some(state)) = (stages.get(place), self.states.get_mut(place)) else {
                continue;
            };
            let is_over = place < self.ended;
            let given = stage.action.give(state, is_over, context);
            let Some(document) = given.map_err(|error| in_stage(stage, &error))? else {
                continue;
            };
            let stages = stages.get(place + 1..).unwrap_or_default();
            let states = self.states.get_mut(place + 1..).unwrap_or_default();
            if push(stages, states, Document::Owned(document), context, sink)? == Flow::Enough {
                let done = self.states.get_mut(..=place).unwrap_or_default();
                done.fill_with(|| State::Idle);
                self.is_input_over = true;
                self.ended = self.ended.max(place + 2);
            }
            return Ok(true);
        }
        if self.is_input_over && self.ended < stages.len() {
            self.ended += 1;
            return Ok(true);
        }
        Ok(false)
    }
}

/// Sends a document through `stages`.
fn push(
    stages: &[Stage],
    states: &mut [State],
    document: Document<'_>,
    context: &Context<'_>,
    sink: &mut Sink<'_>,
) -> Result<Flow> {
    let mut document = document;
    let mut is_last = false;
    let mut stages = stages;
    let mut states = states;
    while let (Some((stage, behind)), Some((state, states_behind))) = (
        stages.split_first(),
        std::mem::take(&mut states).split_first_mut(),
    ) {
        (stages, states) = (behind, states_behind);
        let taken = stage.action.take(state, document, context);
        match taken.map_err(|error| in_stage(stage, &error))? {
            Taken::Kept | Taken::Refused => return Ok(if is_last { Flow::Enough } else { Flow::More }),
            Taken::NoMore => return Ok(Flow::Enough),
            Taken::Pass(passed) => document = passed,
            Taken::Last(passed) => {
                document = passed;
                is_last = true;
            }
            Taken::Many => {
                let flow = hand_out(stage, state, stages, states, context, sink)?;
                return Ok(if is_last { Flow::Enough } else { flow });
            }
        }
    }
    let flow = sink(document)?;
    Ok(if is_last { Flow::Enough } else { flow })
}

/// Sends on what a stage made of one document, as far as that is wanted and the documents are small.
fn hand_out(
    stage: &Stage,
    state: &mut State,
    stages: &[Stage],
    states: &mut [State],
    context: &Context<'_>,
    sink: &mut Sink<'_>,
) -> Result<Flow> {
    while let Some(document) = stage.action.give(state, false, context)? {
        match push(stages, states, Document::Owned(document), context, sink)? {
            Flow::More => {}
            Flow::Pause => return Ok(Flow::Pause),
            Flow::Enough => {
                *state = State::Idle;
                return Ok(Flow::Enough);
            }
        }
    }
    Ok(Flow::More)
}

/// What became of a document that a stage was given.
pub(super) enum Taken<'a> {
    /// The stage keeps it, or what it needs of it.
    Kept,
    /// It goes no further.
    Refused,
    /// It goes no further, and none would.
    NoMore,
    /// It goes on, changed or not.
    Pass(Document<'a>),
    /// It goes on, and is the last one wanted.
    Last(Document<'a>),
    /// Several documents came of it, which the stage now gives.
    Many,
}

impl Action {
    /// The state before the first document.
    fn start(&self) -> State {
        match self {
            Action::Skip(count) | Action::Limit(count) => State::Number(*count),
            Action::Count(_) => State::Number(0),
            Action::Sort(sorting) => State::Ordering(Box::new(sorting.start())),
            Action::Group(_) => State::Groups(Box::new(Groups::new())),
            Action::BucketAuto(_) => State::Buckets(Box::new(Buckets::new())),
            Action::Sample(_) => State::Sample(Box::new(Reservoir::new())),
            Action::Facet(facet) => State::Facets(Box::new(Facets::new(facet))),
            Action::Lookup(_) | Action::GraphLookup(_) => State::Joined(Box::new(Joined::new())),
            Action::Union(union) => State::Run(Box::new(union.start())),
            Action::Documents(_) => State::Number(1),
            Action::Match(_) | Action::Shape(_) | Action::Unwind(_) | Action::Redact(_) => State::Idle,
        }
    }

    /// Takes a document.
    fn take<'a>(
        &self,
        state: &mut State,
        document: Document<'a>,
        context: &Context<'_>,
    ) -> Result<Taken<'a>> {
        Ok(match (self, state) {
            (Action::Match(matching), _) => match matching.accepts(&document, context)? {
                true => Taken::Pass(document),
                false => Taken::Refused,
            },
            (Action::Group(group), State::Groups(groups)) => {
                let scope = Scope::new(document.root(), context.now).with_variables(context.variables);
                groups.add(group, &document, &scope)?;
                Taken::Kept
            }
            (Action::Shape(shape), _) => Taken::Pass(Document::Owned(shape.apply(document, context)?)),
            (Action::Sort(sorting), State::Ordering(ordering)) => {
                sorting.add(ordering, document)?;
                Taken::Kept
            }
            (Action::Skip(_), State::Number(left)) if *left > 0 => {
                *left -= 1;
                Taken::Refused
            }
            (Action::Skip(_) | Action::Union(_), _) => Taken::Pass(document),
            (Action::Limit(_), State::Number(left)) => {
                let before = *left;
                *left = before.saturating_sub(1);
                match before {
                    0 => Taken::NoMore,
                    1 => Taken::Last(document),
                    _ => Taken::Pass(document),
                }
            }
            (Action::Count(_), State::Number(count)) => {
                *count += 1;
                Taken::Kept
            }
            (Action::Unwind(unwind), state) => match unwind.begin(document.into_owned()?) {
                Ok(unwinding) => {
                    *state = State::Unwinding(Box::new(unwinding));
                    Taken::Many
                }
                Err(Some(document)) => Taken::Pass(Document::Owned(document)),
                Err(None) => Taken::Refused,
            },
            (Action::Redact(redact), _) => match redact.apply(document.into_owned()?, context)? {
                Some(document) => Taken::Pass(Document::Owned(document)),
                None => Taken::Refused,
            },
            (Action::Sample(count), State::Sample(reservoir)) => {
                reservoir.add(*count, document)?;
                Taken::Kept
            }
            (Action::BucketAuto(bucket_auto), State::Buckets(buckets)) => {
                buckets.add(bucket_auto, document, context)?;
                Taken::Kept
            }
            (Action::Facet(facet), State::Facets(facets)) => {
                facets.add(facet, &document, context)?;
                Taken::Kept
            }
            (Action::Lookup(lookup), State::Joined(joined)) => {
                Taken::Pass(Document::Owned(lookup.apply(document, joined, context)?))
            }
            (Action::GraphLookup(lookup), State::Joined(joined)) => {
                Taken::Pass(Document::Owned(lookup.apply(document, joined, context)?))
            }
            // A stage whose state is idle is over; `$documents` comes before all input.
            _ => Taken::NoMore,
        })
    }

    /// The next document that the stage holds; `is_over` tells that its input is.
    fn give(&self, state: &mut State, is_over: bool, context: &Context<'_>) -> Result<Option<Owned>> {
        if let (Action::Unwind(unwind), State::Unwinding(unwinding)) = (self, &mut *state) {
            let given = unwind.give(unwinding);
            if given.is_none() {
                *state = State::Idle;
            }
            return Ok(given);
        }
        if !is_over {
            return Ok(None);
        }
        let given = match (self, &mut *state) {
            (Action::Group(group), State::Grouped(finished)) => finished.give(group),
            (Action::Sort(_), State::Sorted(documents)) => documents.next(),
            (_, State::Ready(documents)) => documents.next(),
            (Action::Union(_), State::Run(run)) => run.next(context)?,
            (Action::Skip(_) | Action::Limit(_) | Action::Lookup(_) | Action::GraphLookup(_), _)
            | (_, State::Idle) => None,
            _ => {
                *state = self.finish(std::mem::replace(state, State::Idle), context)?;
                return self.give(state, is_over, context);
            }
        };
        if given.is_none() {
            *state = State::Idle;
        }
        Ok(given)
    }

    /// What a stage gives after its last document.
    fn finish(&self, state: State, context: &Context<'_>) -> Result<State> {
        let ready = |documents: Vec<Owned>| State::Ready(documents.into_iter());
        Ok(match (self, state) {
            (Action::Group(group), State::Groups(groups)) => State::Grouped(Box::new(groups.finish(group))),
            (Action::Sort(_), State::Ordering(ordering)) => {
                State::Sorted(Box::new(ordering.sorter.into_sorted()))
            }
            (Action::Count(_), State::Number(0)) => State::Idle,
            (Action::Count(name), State::Number(count)) => {
                ready(vec![Owned::Map(vec![(name.clone(), Owned::unsigned(count))])])
            }
            (Action::Sample(_), State::Sample(reservoir)) => ready(reservoir.finish()),
            (Action::BucketAuto(bucket_auto), State::Buckets(buckets)) => {
                ready(buckets.finish(bucket_auto, context)?)
            }
            (Action::Facet(facet), State::Facets(facets)) => ready(vec![facets.finish(facet, context)?]),
            (Action::Documents(documents), State::Number(_)) => ready(documents.list(context)?),
            _ => State::Idle,
        })
    }
}
