//! The judges judged: histories that are right but for one thing, which must be found.
//!
//! Promises: each violation that the judges promise to find is planted here, and the history without it is accepted.

use quire_engine::storage::simulated::Random;

use crate::isolation::{self, End, Lists, Transaction};
use crate::linear::{self, Answer, Call, Operation, apply};

/// A history of calls that took effect in the middle of their time, by `threads` threads.
fn sound_calls(seed: u64, threads: u64, count: u64) -> Vec<Operation> {
    let mut random = Random::forked(seed, 1);
    let mut state = None;
    let mut operations: Vec<Operation> = Vec::new();
    // The last moment of each thread; effects come at multiples of a thousand, so calls of threads overlap.
    let mut free_at = vec![0; threads as usize];
    for index in 1..=count {
        let effect = index * 1000;
        let thread = random.below(threads) as usize;
        let began = (effect - random.below(2500).min(effect - 1)).max(free_at[thread] + 1);
        if began >= effect {
            continue;
        }
        let number = random.below(5) as i64;
        let call = [
            Call::Get,
            Call::Get,
            Call::Put(number),
            Call::Insert(number),
            Call::Replace(number),
            Call::Delete,
            Call::Add(number),
            Call::Exchange(number),
        ][random.below(8) as usize];
        let (answer, after) = apply(call, state);
        state = after;
        let ended = effect + 1 + random.below(2500);
        free_at[thread] = ended;
        operations.push(Operation {
            // No moment twice: the lowest digits are the thread's.
            began: began * 64 + thread as u64,
            ended: ended * 64 + 32 + thread as u64,
            call,
            answer,
        });
    }
    operations
}

#[test]
fn sound_history_of_calls_is_accepted() {
    for seed in 1..40 {
        let operations = sound_calls(seed, 6, 120);
        linear::check(&operations).unwrap_or_else(|words| panic!("seed {seed}: {words}"));
    }
}

#[test]
fn answer_that_nothing_explains_is_found() {
    for seed in 1..40 {
        let mut operations = sound_calls(seed, 6, 120);
        let place = Random::forked(seed, 2).below(operations.len() as u64) as usize;
        // A number that nobody wrote.
        operations[place].call = Call::Get;
        operations[place].answer = Answer::Number(Some(1_000_000));
        assert!(linear::check(&operations).is_err(), "seed {seed}");
    }
}

fn operation(began: u64, ended: u64, call: Call, answer: Answer) -> Operation {
    Operation {
        began,
        ended,
        call,
        answer,
    }
}

#[test]
fn stale_read_is_found_and_a_late_one_is_not() {
    let put =
        |began, ended, number, existed| operation(began, ended, Call::Put(number), Answer::Found(existed));
    let get = |began, ended, number| operation(began, ended, Call::Get, Answer::Number(number));
    let stale = [put(0, 1, 1, false), put(2, 3, 2, true), get(4, 5, Some(1))];
    assert!(linear::check(&stale).is_err());
    let overlapping = [put(0, 1, 1, false), put(2, 6, 2, true), get(4, 5, Some(1))];
    assert!(linear::check(&overlapping).is_ok());
    // Once the new number was seen, the old one must not come back.
    let back = [
        put(0, 1, 1, false),
        put(2, 9, 2, true),
        get(3, 4, Some(2)),
        get(5, 6, Some(1)),
    ];
    assert!(linear::check(&back).is_err());
}

#[test]
fn lost_increment_is_found() {
    let add = |began, ended| operation(began, ended, Call::Add(1), Answer::Found(true));
    let mut calls = vec![
        operation(0, 1, Call::Put(0), Answer::Found(false)),
        add(2, 5),
        add(3, 6),
        operation(7, 8, Call::Get, Answer::Number(Some(2))),
    ];
    assert!(linear::check(&calls).is_ok());
    calls[3].answer = Answer::Number(Some(1));
    assert!(linear::check(&calls).is_err());
}

/// A transaction that took from `began` to `ended` and saw two lists.
fn transaction(began: u64, ended: u64, seen: [&[u64]; 2], added: &[(u64, u64)]) -> Transaction {
    let seen: Lists = (0..).zip(seen.map(<[u64]>::to_vec)).collect();
    Transaction {
        began,
        opened: began + 1,
        ending: ended - 1,
        ended,
        end: End::Committed,
        seen_again: seen.clone(),
        seen,
        added: added.to_vec(),
    }
}

fn lists(values: [&[u64]; 2]) -> Lists {
    (0..).zip(values.map(<[u64]>::to_vec)).collect()
}

/// Two writers of both lists, one after the other, and three readers of what was between.
fn sound_transactions() -> (Vec<Transaction>, Lists) {
    let history = vec![
        transaction(0, 10, [&[], &[]], &[(0, 1), (1, 2)]),
        transaction(20, 30, [&[1], &[2]], &[(0, 3), (1, 4)]),
        transaction(2, 4, [&[], &[]], &[]),
        transaction(12, 14, [&[1], &[2]], &[]),
        transaction(40, 44, [&[1, 3], &[2, 4]], &[]),
    ];
    (history, lists([&[1, 3], &[2, 4]]))
}

/// The words of what is found when `plant` has changed the sound history.
fn found(plant: impl FnOnce(&mut Vec<Transaction>, &mut Lists)) -> String {
    let (mut history, mut last) = sound_transactions();
    assert_eq!(isolation::check(&history, &last), Ok(()));
    plant(&mut history, &mut last);
    isolation::check(&history, &last).expect_err("nothing was found")
}

#[test]
fn planted_violation_of_a_snapshot_is_found() {
    let lost = found(|_, last| drop(last.insert(1, vec![2])));
    assert!(lost.contains("lost update"), "{lost}");
    let twice = found(|_, last| last.entry(0).or_default().push(1));
    assert!(twice.contains("twice"), "{twice}");
    let kept = found(|history, _| history[1].end = End::TakenBack);
    assert!(kept.contains("which nobody committed"), "{kept}");
    let dirty = found(|history, _| {
        history[3].seen = lists([&[1, 9], &[2]]);
        history[3].seen_again = history[3].seen.clone();
    });
    assert!(dirty.contains("dirty read"), "{dirty}");
    let changing = found(|history, _| history[3].seen_again = lists([&[1, 3], &[2, 4]]));
    assert!(changing.contains("not repeatable"), "{changing}");
    let half = found(|history, _| {
        history[3].seen = lists([&[1], &[]]);
        history[3].seen_again = history[3].seen.clone();
    });
    assert!(half.contains("sees half of"), "{half}");
    let stale = found(|history, _| {
        history[4].seen = lists([&[1], &[2]]);
        history[4].seen_again = history[4].seen.clone();
    });
    assert!(stale.contains("misses"), "{stale}");
    let early = found(|history, _| {
        history[3].seen = lists([&[1, 3], &[2, 4]]);
        history[3].seen_again = history[3].seen.clone();
    });
    assert!(early.contains("of its future"), "{early}");
}

#[test]
fn long_fork_is_found() {
    // Two writers of one list each, and two readers who each saw another of them first.
    let writers = [
        transaction(0, 90, [&[], &[]], &[(0, 1)]),
        transaction(0, 90, [&[], &[]], &[(1, 2)]),
    ];
    let one = transaction(10, 80, [&[1], &[]], &[]);
    let other = transaction(10, 80, [&[], &[2]], &[]);
    let mut history = writers.to_vec();
    history[0].ending = 5;
    history[1].ending = 5;
    let last = lists([&[1], &[2]]);
    history.push(one);
    assert_eq!(isolation::check(&history, &last), Ok(()));
    history.push(other);
    let words = isolation::check(&history, &last).expect_err("nothing was found");
    assert!(words.contains("long fork"), "{words}");
}
