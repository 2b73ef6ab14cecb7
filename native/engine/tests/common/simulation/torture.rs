//! Torture: random workloads, seed after seed on several threads, each through every campaign, for as long as is asked.
//!
//! Promises: a seed does the same whichever thread runs it and whatever ran before it. A failure ends neither the run
//! nor the other campaigns of its seed: all are collected, and of each kind the first few are shrunk.
//! Leaves to others: what a campaign does and judges (campaign.rs, faults.rs, rot.rs, chain.rs), shrinking (shrink.rs).

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::campaign::{Effort, Workload, crash_everywhere, tear_everywhere};
use super::chain::run_chain;
use super::counts::{Counts, Failure};
use super::faults::fail_everywhere;
use super::rot::rot_everywhere;
use super::shrink::{Shrunk, shrink};
use super::watchdog::watched;
use super::workloads;

/// Chains of each seed.
const CHAINS: u64 = 40;
/// Bits that flip in each file of a workload, and when its failure is looked for again.
const FLIPS: u64 = 12;
const FLIPS_OF_SEARCH: u64 = 120;
/// Failures of one kind that are shrunk; an engine that breaks everywhere would take for ever.
const SHRUNK_MAX: u64 = 3;
const PROGRESS_EVERY: Duration = Duration::from_secs(60);

/// A part of the torture of one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Crash,
    Tear,
    Faults,
    Rot,
    Chains,
}

/// How long to go on.
pub struct Plan {
    pub first_seed: u64,
    /// Ends after so many seeds.
    pub seeds_max: u64,
    /// Begins no further seed after this.
    pub until: Option<Instant>,
    pub threads: u64,
}

/// A failure.
pub struct Finding {
    pub seed: u64,
    pub part: Part,
    pub failure: Failure,
    /// Steps that the workload had.
    pub steps: usize,
    pub shrunk: Option<Shrunk>,
}

/// What a torture did and found.
#[derive(Default)]
pub struct Report {
    pub seeds: u64,
    pub counts: Counts,
    pub findings: Vec<Finding>,
}

impl Part {
    const ALL: [Part; 5] = [Part::Crash, Part::Tear, Part::Faults, Part::Rot, Part::Chains];

    fn run(self, workload: &Workload, seed: u64, counts: &mut Counts) -> Result<(), Failure> {
        let sparse = Effort {
            call_step: 8,
            ..Effort::CI
        };
        match self {
            Part::Crash => crash_everywhere(workload, seed, Effort::CI, counts),
            Part::Tear => tear_everywhere(workload, seed, sparse, counts),
            Part::Faults => fail_everywhere(workload, seed, sparse, counts),
            Part::Rot => rot_everywhere(workload, seed, FLIPS, counts),
            Part::Chains => {
                (seed * CHAINS..(seed + 1) * CHAINS).try_for_each(|chain| run_chain(chain, counts))
            }
        }
    }

    /// Looks for a failure like `known` harder than `run` does, and everywhere.
    fn search(self, workload: &Workload, seed: u64, known: &Failure) -> Option<Failure> {
        let mut counts = Counts::default();
        let effort = Effort {
            seeds: 4,
            nested_every: u64::from(known.0.contains("nested:")),
            call_step: 1,
        };
        let result = match self {
            Part::Crash => crash_everywhere(workload, seed, effort, &mut counts),
            Part::Tear => tear_everywhere(workload, seed, effort, &mut counts),
            Part::Faults => fail_everywhere(workload, seed, effort, &mut counts),
            Part::Rot => rot_everywhere(workload, seed, FLIPS_OF_SEARCH, &mut counts),
            Part::Chains => Ok(()),
        };
        result.err()
    }
}

/// Does what `plan` says.
pub fn torture(plan: &Plan) -> Report {
    let next = AtomicU64::new(0);
    let report = Mutex::new(Report::default());
    let told = Mutex::new(Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..plan.threads {
            scope.spawn(|| {
                while plan.until.is_none_or(|until| Instant::now() < until) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= plan.seeds_max {
                        break;
                    }
                    run_seed(plan.first_seed + index, &report);
                    tell_progress(&told, &report);
                }
            });
        }
    });
    report.into_inner().unwrap()
}

fn run_seed(seed: u64, report: &Mutex<Report>) {
    let workload = workloads::random(seed);
    for part in Part::ALL {
        let mut counts = Counts::default();
        let job = format!("{part:?} of seed {seed} (again: npm run torture -- --seed {seed} --seeds 1)");
        let failure = watched(job, || part.run(&workload, seed, &mut counts).err());
        let mut earlier = 0;
        {
            let mut report = report.lock().unwrap();
            if let Some(failure) = &failure {
                earlier = report.counts.failures_of(failure.kind());
                counts.note(failure);
            }
            report.counts += counts;
        }
        let Some(failure) = failure else { continue };
        let is_shrunk = part != Part::Chains && earlier < SHRUNK_MAX;
        let shrunk = is_shrunk.then(|| {
            let known = Failure(failure.0.clone());
            shrink(&workload, known, &|candidate| {
                let job = format!("the search for a shorter failure like {part:?} of seed {seed}");
                watched(job, || part.search(candidate, seed, &failure))
            })
        });
        let finding = Finding {
            seed,
            part,
            failure,
            steps: workload.steps.len(),
            shrunk,
        };
        eprintln!("{finding}");
        report.lock().unwrap().findings.push(finding);
    }
    report.lock().unwrap().seeds += 1;
}

fn tell_progress(told: &Mutex<Instant>, report: &Mutex<Report>) {
    let mut told = told.lock().unwrap();
    if told.elapsed() >= PROGRESS_EVERY {
        *told = Instant::now();
        eprintln!("{}", report.lock().unwrap());
    }
}

/// Both ends of words that are long: steps have documents in them.
fn brief(words: &str) -> String {
    const END_CHARS: usize = 300;
    let count = words.chars().count();
    if count <= 2 * END_CHARS {
        return words.to_owned();
    }
    let first: String = words.chars().take(END_CHARS).collect();
    let last: String = words.chars().skip(count - END_CHARS).collect();
    format!("{first} […] {last}")
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seed, part, failure) = (self.seed, self.part, &self.failure);
        writeln!(
            formatter,
            "FAILED: {:?} in {part:?}: {}",
            failure.kind(),
            failure.0
        )?;
        if let Some(shrunk) = &self.shrunk {
            let (steps, tries) = (shrunk.steps.len(), shrunk.tries);
            writeln!(
                formatter,
                "  {} steps shrunk to {steps} in {tries} tries:",
                self.steps
            )?;
            for step in &shrunk.steps {
                writeln!(formatter, "    {}", brief(&format!("{step:?}")))?;
            }
            writeln!(formatter, "  which fail: {}", brief(&shrunk.failure.0))?;
        }
        write!(formatter, "  again: npm run torture -- --seed {seed} --seeds 1")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} seeds: {:?}", self.seeds, self.counts)
    }
}
