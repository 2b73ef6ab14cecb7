//! Linearizability of one document: whether calls that overlapped have an order that explains all answers.
//!
//! Method: just-in-time linearization (Lowe, Testing for linearizability, 2017): sweep the moments at which calls began
//! and ended, and keep every state that the document may be in, with the calls under way that have taken effect there.
//! When a call ends, it must have taken effect; where no state is left, there is no such order.
//! Promises: exact, no heuristic. Cost: the states of a moment are at most two to the power of the calls under way, times
//! the values of the document.
//! Leaves to others: recording (record.rs), several documents at once (isolation.rs).

use std::collections::{BTreeMap, BTreeSet};

/// What is asked of a document that has one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Call {
    Get,
    /// Puts a number there.
    Put(i64),
    /// The same, where there is no document.
    Insert(i64),
    /// The same, where there is one.
    Replace(i64),
    Delete,
    /// Adds to the number.
    Add(i64),
    /// Adds to the number and tells the one before.
    Exchange(i64),
}

/// The answer: the number that was told, or whether there was a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    Number(Option<i64>),
    Found(bool),
}

/// A call and when it began and ended, by a clock that never gives a moment twice.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub began: u64,
    pub ended: u64,
    pub call: Call,
    pub answer: Answer,
}

/// A document: its number, where there is one.
type State = Option<i64>;

/// The answer of `call` to a document, and the document after it.
pub fn apply(call: Call, state: State) -> (Answer, State) {
    let found = Answer::Found(state.is_some());
    match call {
        Call::Get => (Answer::Number(state), state),
        Call::Put(number) => (found, Some(number)),
        Call::Insert(number) => (found, state.or(Some(number))),
        Call::Replace(number) => (found, state.map(|_| number)),
        Call::Delete => (found, None),
        Call::Add(by) => (found, state.map(|number| number + by)),
        Call::Exchange(by) => (Answer::Number(state), state.map(|number| number + by)),
    }
}

/// A state that may be, and the calls under way that have taken effect in it.
type Possible = (State, BTreeSet<usize>);

/// Fails with words where `operations` on one document, which is absent at first, have no order.
pub fn check(operations: &[Operation]) -> Result<(), String> {
    let mut moments = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        moments.insert(operation.began, (index, true));
        moments.insert(operation.ended, (index, false));
    }
    let mut under_way = BTreeSet::new();
    let mut possible: BTreeSet<Possible> = BTreeSet::from([(None, BTreeSet::new())]);
    for (moment, (index, is_begin)) in moments {
        if is_begin {
            under_way.insert(index);
            continue;
        }
        possible = with_effect(operations, index, &under_way, &possible);
        under_way.remove(&index);
        if possible.is_empty() {
            let others: Vec<&Operation> = under_way.iter().map(|other| &operations[*other]).collect();
            return Err(format!(
                "at {moment} nothing explains {:?} beside {others:?}",
                operations[index]
            ));
        }
    }
    Ok(())
}

/// The states in which call `index` has taken effect, reached by letting calls under way take effect, in any order.
fn with_effect(
    operations: &[Operation],
    index: usize,
    under_way: &BTreeSet<usize>,
    possible: &BTreeSet<Possible>,
) -> BTreeSet<Possible> {
    let mut reached = BTreeSet::new();
    let mut seen = possible.clone();
    let mut open: Vec<Possible> = possible.iter().cloned().collect();
    while let Some((state, mut done)) = open.pop() {
        if done.contains(&index) {
            done.remove(&index);
            reached.insert((state, done));
            continue;
        }
        for next in under_way.difference(&done) {
            let (answer, after) = apply(operations[*next].call, state);
            if answer != operations[*next].answer {
                continue;
            }
            let mut done = done.clone();
            done.insert(*next);
            if seen.insert((after, done.clone())) {
                open.push((after, done));
            }
        }
    }
    reached
}
