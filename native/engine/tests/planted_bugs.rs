//! The simulation proves itself: each planted durability bug is found by the campaigns, and the correct engine
//! gives no false alarm over the same ones.
#![cfg(feature = "planted-bugs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "common/simulation/mod.rs"]
mod simulation;

use std::time::{Duration, Instant};

use quire_engine::bugs::{Bug, plant};
use simulation::campaign::{Counts, Effort, Failure, crash_everywhere};
use simulation::chain::run_chain;
use simulation::faults::fail_everywhere;
use simulation::rot::rot_everywhere;
use simulation::workloads;

/// Time in which a bug must be found.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Chains of runs.
const CHAINS: u64 = 600;

/// A part of the whole campaign.
type Hunt = Box<dyn Fn(&mut Counts) -> Result<(), Failure>>;

/// The campaigns, workload by workload, the quick ones first.
fn hunts() -> Vec<Hunt> {
    let mut hunts: Vec<Hunt> = vec![Box::new(|counts| {
        (1..CHAINS).try_for_each(|seed| run_chain(seed, counts))
    })];
    let all = || workloads::mixtures().into_iter().chain(workloads::single_kinds());
    let few = Effort {
        nested_every: 8,
        ..Effort::CI
    };
    let quarter = Effort { call_step: 4, ..few };
    for number in 0..all().count() {
        let workload = move || all().nth(number).unwrap();
        if workload().name == "small cache" {
            continue;
        }
        hunts.push(Box::new(move |counts| {
            crash_everywhere(&workload(), 1, few, counts)
        }));
        hunts.push(Box::new(move |counts| rot_everywhere(&workload(), 1, 60, counts)));
        hunts.push(Box::new(move |counts| {
            fail_everywhere(&workload(), 1, quarter, counts)
        }));
    }
    hunts
}

/// The campaigns of the workload that has indexes, which finds bugs of theirs.
fn index_hunts() -> Vec<Hunt> {
    let indexes = || {
        let mut all = workloads::mixtures().into_iter();
        all.find(|workload| workload.name == "indexes").unwrap()
    };
    vec![Box::new(move |counts| {
        crash_everywhere(&indexes(), 1, Effort::CI, counts)
    })]
}

/// Bits that flip in a log of many commits, each promised on its own: a commit that is damaged in the middle of it is
/// known by those behind it alone.
fn log_hunts() -> Vec<Hunt> {
    vec![Box::new(move |counts| {
        rot_everywhere(&workloads::long_log(), 1, 240, counts)
    })]
}

/// The workload whose campaign met the bug: of a thousand it was the one that did.
fn journal_hunts() -> Vec<Hunt> {
    vec![Box::new(move |counts| {
        crash_everywhere(&workloads::random(204), 204, Effort::CI, counts)
    })]
}

fn is_of_indexes(bug: Bug) -> bool {
    matches!(
        bug,
        Bug::IndexEntryKept | Bug::UniqueUnchecked | Bug::IndexNotReplayed | Bug::IndexDropUnlogged
    )
}

#[test]
fn every_planted_bug_is_found_and_the_correct_engine_gives_no_alarm() {
    // Bugs show as panics too; their traces would bury the table.
    std::panic::set_hook(Box::new(|_| {}));
    let hunts = hunts();
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        plant(Some(*bug));
        let started = Instant::now();
        let mut counts = Counts::default();
        let first = match bug {
            Bug::NoScanAhead => log_hunts(),
            Bug::IncompleteJournalKept => journal_hunts(),
            bug if is_of_indexes(*bug) => index_hunts(),
            _ => Vec::new(),
        };
        let found = first
            .iter()
            .chain(&hunts)
            .find_map(|hunt| hunt(&mut counts).err());
        plant(None);
        let words = found.map_or_else(|| "MISSED".to_owned(), |failure| failure.0);
        let shown: String = words.chars().take(250).collect();
        eprintln!(
            "{:28} {:7.3} s {:6} {shown}",
            format!("{bug:?}"),
            started.elapsed().as_secs_f64(),
            counts.states
        );
        if words == "MISSED" || started.elapsed() > TIME_MAX {
            missed.push(*bug);
        }
    }
    let _ = std::panic::take_hook();
    let mut total = Counts::default();
    for hunt in log_hunts().iter().chain(&journal_hunts()).chain(&hunts) {
        hunt(&mut total).unwrap_or_else(|failure| panic!("false alarm: {failure:?}"));
    }
    eprintln!("no bug: {total:?} without an alarm");
    assert!(missed.is_empty(), "missed or too late: {missed:?}");
}
