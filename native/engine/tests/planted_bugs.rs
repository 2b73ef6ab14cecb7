//! The simulation proves itself: each planted durability bug is found by the campaigns, and the correct engine
//! gives no false alarm over the same ones.
#![cfg(feature = "planted-bugs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "common/simulation/mod.rs"]
mod simulation;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use quire_engine::bugs::{Bug, plant};
use simulation::campaign::{Counts, Effort, Failure, Workload, crash_everywhere, hush_panics};
use simulation::chain::run_chain;
use simulation::counts::FailureKind;
use simulation::faults::fail_everywhere;
use simulation::rot::rot_everywhere;
use simulation::shrink::shrink;
use simulation::torture::{Part, Plan, torture};
use simulation::workloads;

/// Time in which a bug must be found.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Chains of runs.
const CHAINS: u64 = 600;

/// The planted bug is one for the whole process, so one test at a time has it.
static PLANTING: Mutex<()> = Mutex::new(());

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
    let _alone = PLANTING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    hush_panics();
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
    let mut total = Counts::default();
    for hunt in log_hunts().iter().chain(&journal_hunts()).chain(&hunts) {
        hunt(&mut total).unwrap_or_else(|failure| panic!("false alarm: {failure:?}"));
    }
    eprintln!("no bug: {total:?} without an alarm");
    assert!(missed.is_empty(), "missed or too late: {missed:?}");
}

/// Steps that a shrunk workload may have.
const SHRUNK_STEPS_MAX: usize = 4;

#[test]
fn torture_collects_what_fails_and_shrinks_it() {
    let _alone = PLANTING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    hush_panics();
    plant(Some(Bug::NoLogSync));
    let report = torture(&Plan {
        first_seed: 2,
        seeds_max: 1,
        until: None,
        threads: 1,
    });
    plant(None);
    assert!(
        report.counts.failures_of(FailureKind::AcknowledgedLost) > 0,
        "{report}"
    );
    let parts: Vec<Part> = report.findings.iter().map(|found| found.part).collect();
    assert!(
        parts.contains(&Part::Crash) && parts.contains(&Part::Chains),
        "only {parts:?}"
    );
    for found in report.findings.iter().filter(|found| found.part != Part::Chains) {
        let shrunk = found.shrunk.as_ref().map(|shrunk| shrunk.steps.len());
        assert!(shrunk.is_some_and(|steps| steps <= SHRUNK_STEPS_MAX), "{found}");
    }
}

#[test]
fn workload_is_shrunk_to_the_steps_that_fail_together() {
    let _alone = PLANTING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    hush_panics();
    let effort = Effort {
        nested_every: 0,
        ..Effort::CI
    };
    let crash = |workload: &Workload| crash_everywhere(workload, 1, effort, &mut Counts::default()).err();
    let mut mixtures = workloads::mixtures().into_iter();
    let workload = mixtures.find(|workload| workload.name == "indexes").unwrap();
    for bug in [Bug::IndexNotReplayed, Bug::CheckpointWithoutSnapshot] {
        plant(Some(bug));
        let failure = crash(&workload).unwrap();
        let kind = failure.kind();
        let shrunk = shrink(&workload, failure, &crash);
        plant(None);
        eprintln!(
            "{bug:?}, {} tries: {:?}: {:?}",
            shrunk.tries, shrunk.steps, shrunk.failure
        );
        assert_eq!(shrunk.failure.kind(), kind);
        assert!((1..=SHRUNK_STEPS_MAX).contains(&shrunk.steps.len()), "{bug:?}");
    }
}
