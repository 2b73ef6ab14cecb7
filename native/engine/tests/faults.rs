//! Failing disks: every I/O call of a workload fails, once and for ever, and disks run full at every size; see
//! common/simulation/faults.rs.
//!
//! `QUIRE_CASES=n` is the long form: n random workloads. Every failure says its seed and call.
#![cfg(feature = "simulation")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "common/simulation/mod.rs"]
mod simulation;

use std::time::Instant;

use simulation::campaign::{Counts, Effort, Workload, guarded};
use simulation::faults::{fail_everywhere, fill_disk};
use simulation::{setting, workloads};

const RANDOM_WORKLOADS: u64 = 8;
/// Sizes of the disks that run full, in steps that meet no page boundary.
const SPACES_BYTES: std::ops::Range<u64> = 100..400_000;
const SPACE_STEP_BYTES: usize = 3_000;

/// Lets every call of `all` fail and tells what it did.
fn run(title: &str, all: Vec<Workload>) {
    let mut total = Counts::default();
    for (index, workload) in all.iter().enumerate() {
        let (started, mut counts) = (Instant::now(), Counts::default());
        fail_everywhere(workload, index as u64 + 1, Effort::CI, &mut counts)
            .unwrap_or_else(|failure| panic!("{failure:?}"));
        eprintln!(
            "{:26} {} calls, {} faults in {:.2?}",
            workload.name,
            counts.calls,
            counts.states,
            started.elapsed()
        );
        total += counts;
    }
    eprintln!("{title}: {} calls, {} faults", total.calls, total.states);
}

#[test]
fn failing_call_gives_its_error_and_loses_nothing() {
    run("kinds", workloads::single_kinds());
}

#[test]
fn failing_call_of_a_mixture_loses_nothing() {
    run("mixtures", workloads::mixtures());
}

#[test]
fn failing_call_of_a_random_workload_loses_nothing() {
    let count = setting("QUIRE_CASES").unwrap_or(RANDOM_WORKLOADS);
    run(
        "random",
        (1..=count).map(|seed| workloads::random(100 + seed)).collect(),
    );
}

#[test]
fn full_disk_refuses_writes_and_goes_on_with_room() {
    for workload in workloads::mixtures() {
        let (mut tried, mut full) = (0, 0);
        for space in SPACES_BYTES.step_by(SPACE_STEP_BYTES * workload.call_step) {
            let was_full = guarded(|| fill_disk(&workload, 1, space))
                .unwrap_or_else(|words| panic!("{} with {space} bytes: {words}", workload.name));
            tried += 1;
            full += u64::from(was_full);
        }
        assert!(full > 0, "{} always had room", workload.name);
        eprintln!("{:26} full {full} times of {tried}", workload.name);
    }
}
