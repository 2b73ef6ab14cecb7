//! Crashes: programs are stopped at every I/O call that changes the disk, and every state that the disk may be in
//! then is opened, judged and worked with; see common/simulation/campaign.rs.
//!
//! `QUIRE_CASES=n` is the long form: n random workloads, 50 n chains, and n / 10 seeds for the scripted workloads.
//! `QUIRE_SEED=n` runs the random workload and the chain of that seed only. Every failure says its seed.
//! `npm run torture` runs the ignored test, which takes as long as it is told and shrinks what fails.
#![cfg(feature = "simulation")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "common/simulation/mod.rs"]
mod simulation;

use std::ops::Range;
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use simulation::campaign::{
    Counts, Effort, Failure, Workload, crash_everywhere, hush_panics, tear_everywhere,
};
use simulation::chain::run_chain;
use simulation::torture::{Plan, torture};
use simulation::watchdog::{told_past, watched};
use simulation::{setting, workloads};

const RANDOM_WORKLOADS: u64 = 24;
const CHAINS_PER_WORKLOAD: u64 = 100;

/// What runs one workload and counts.
type Campaign = fn(&Workload, u64, Effort, &mut Counts) -> Result<(), Failure>;

/// Runs `campaign` over `all` and tells what it did.
fn run(title: &str, all: Vec<Workload>, campaign: Campaign) -> Counts {
    let mut total = Counts::default();
    let scripted_seeds = setting("QUIRE_CASES").map_or(1, |cases| (cases / 10).max(1));
    for workload in all {
        let (started, mut counts) = (Instant::now(), Counts::default());
        for seed in 1..=scripted_seeds {
            campaign(&workload, seed, Effort::CI, &mut counts)
                .unwrap_or_else(|failure| panic!("{failure:?}"));
        }
        eprintln!("{:26} {counts:?} in {:.2?}", workload.name, started.elapsed());
        total += counts;
    }
    eprintln!("{title}: {total:?}");
    total
}

/// Seeds to run, of `count` in the short form.
fn seeds(count: u64, factor: u64) -> Range<u64> {
    match setting("QUIRE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + setting("QUIRE_CASES").map_or(count, |cases| cases * factor),
    }
}

#[test]
fn every_kind_of_operation_is_whole_or_absent_after_a_crash_anywhere() {
    let counts = run("kinds", workloads::single_kinds(), crash_everywhere);
    assert!(counts.states >= 5_000, "only {counts:?}");
}

#[test]
fn mixtures_of_operations_and_upkeep_survive_a_crash_anywhere() {
    let counts = run("mixtures", workloads::mixtures(), crash_everywhere);
    assert!(counts.states >= 5_000, "only {counts:?}");
}

#[test]
fn random_workloads_survive_a_crash_anywhere() {
    let (started, mut counts) = (Instant::now(), Counts::default());
    for seed in seeds(RANDOM_WORKLOADS, 1) {
        watched(format!("random_workloads, QUIRE_SEED={seed}"), || {
            crash_everywhere(&workloads::random(seed), seed, Effort::CI, &mut counts)
        })
        .unwrap_or_else(|failure| panic!("QUIRE_SEED={seed}: {failure:?}"));
    }
    eprintln!("random workloads: {counts:?} in {:.2?}", started.elapsed());
}

#[test]
fn runs_that_crash_one_after_the_other_keep_every_promise() {
    let (started, mut counts) = (Instant::now(), Counts::default());
    for seed in seeds(RANDOM_WORKLOADS * CHAINS_PER_WORKLOAD, CHAINS_PER_WORKLOAD) {
        watched(format!("runs_that_crash, QUIRE_SEED={seed}"), || {
            run_chain(seed, &mut counts)
        })
        .unwrap_or_else(|failure| panic!("QUIRE_SEED={seed}: {failure:?}"));
    }
    eprintln!("chains: {counts:?} in {:.2?}", started.elapsed());
}

#[test]
fn disk_that_tears_within_sectors_is_survived_or_reported() {
    run("torn within sectors", workloads::mixtures(), tear_everywhere);
}

#[test]
fn job_is_told_when_it_does_not_end_and_only_then() {
    let (tell, told) = channel();
    // The work ends by being told of: without the watchdog it never would.
    told_past(
        Duration::ZERO,
        move || tell.send(7).unwrap(),
        || assert_eq!(told.recv(), Ok(7)),
    );
    let never = || panic!("a job that ends was told");
    assert_eq!(told_past(Duration::MAX, never, || 8), 8);
    let broken = || std::panic::catch_unwind(|| told_past(Duration::MAX, never, || panic!("broken")));
    assert!(broken().is_err());
}

#[test]
fn job_that_hangs_ends_the_process_and_names_its_seed() {
    let hang = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "job_that_hangs", "--nocapture"])
        .env("QUIRE_JOB_SECONDS", "0")
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&hang.stderr);
    assert!(
        !hang.status.success() && words.contains("HANGS: seed 4711"),
        "{words}"
    );
}

#[test]
#[ignore = "hangs; the test of the watchdog runs it in a process of its own"]
fn job_that_hangs() {
    if setting("QUIRE_JOB_SECONDS").is_some() {
        watched("seed 4711", || {
            loop {
                std::thread::park();
            }
        });
    }
}

#[test]
#[ignore = "takes the minutes that it is told: npm run torture"]
fn nothing_breaks_for_minutes_on_all_cores() {
    hush_panics();
    let started = Instant::now();
    let minutes = setting("QUIRE_MINUTES");
    let plan = Plan {
        first_seed: setting("QUIRE_SEED").unwrap_or(1),
        seeds_max: setting("QUIRE_CASES").unwrap_or(if minutes.is_some() { u64::MAX } else { 1 }),
        until: minutes.map(|minutes| started + Duration::from_secs(minutes * 60)),
        threads: setting("QUIRE_THREADS").unwrap_or(1),
    };
    let report = torture(&plan);
    let seconds = started.elapsed().as_secs();
    let last = plan.first_seed + report.seeds.saturating_sub(1);
    eprintln!(
        "torture, {} to {last}, {seconds} s on {} threads: {report}",
        plan.first_seed, plan.threads
    );
    for finding in &report.findings {
        eprintln!("{finding}");
    }
    assert!(report.findings.is_empty(), "{} failures", report.findings.len());
}
