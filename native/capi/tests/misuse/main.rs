//! The misuse campaign: random sequences of calls with handles that are stale, closed, of another kind or made up, with
//! wrong lengths, NULL and garbage, in several threads that share what they open.
//!
//! Promises: every call returns a status that is in the header and is not INTERNAL; a call that fails leaves its buffer
//! empty; memory does not grow. The seed is printed; threads make a run not exactly repeatable, but each thread's calls.
//! QUIRE_CASES sets how many sequences are run (20,000), QUIRE_SEED where they begin. The long form: `npm run
//! test:misuse`. What the contract of the header forbids to give (memory that is not readable) is not given here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod calls;
mod material;

use std::sync::Mutex;
use std::thread;

use calls::{Caller, KINDS};
use material::Random;

/// Sequences of the short form.
const CASES: u64 = 20_000;
/// Calls of one sequence.
const CALLS: u64 = 12;
const THREADS: u64 = 4;
/// Parts of a run between which everything is closed and memory is looked at.
const ROUNDS: u64 = 8;
/// How far memory may rise from the second round on: what allocators keep.
const GROWTH_BYTES_MAX: u64 = 48 << 20;
/// Handles that threads share.
const SHARED_HANDLES: usize = 256;

/// The handles that were made last, by any thread; closed ones stay for a while.
struct Shared {
    handles: Mutex<Vec<u64>>,
}

impl Shared {
    fn keep(&self, random: &mut Random, handle: u64) {
        let mut handles = self.handles.lock().unwrap();
        if handles.len() < SHARED_HANDLES {
            handles.push(handle);
        } else {
            let place = random.below(SHARED_HANDLES as u64) as usize;
            handles[place] = handle;
        }
    }

    /// One of them; 0 when there is none.
    fn pick(&self, random: &mut Random) -> u64 {
        let handles = self.handles.lock().unwrap();
        match handles.len() {
            0 => 0,
            count => handles[random.below(count as u64) as usize],
        }
    }
}

fn number_of(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// Bytes of this process's memory; None where the system does not tell.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// How many calls there were, and how many of each kind succeeded.
struct Totals {
    calls_count: u64,
    done_counts: [u64; KINDS],
}

impl Totals {
    fn add(&mut self, other: &Totals) {
        self.calls_count += other.calls_count;
        for (sum, count) in self.done_counts.iter_mut().zip(other.done_counts) {
            *sum += count;
        }
    }
}

/// Runs `cases` sequences in all threads and closes what they opened.
fn run_round(seed: u64, cases: u64, folder: &str, totals: &mut Totals) {
    let shared = Shared {
        handles: Mutex::default(),
    };
    let parts: Vec<Totals> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let shared = &shared;
                scope.spawn(move || {
                    let mut caller = Caller::new(Random::new(seed ^ number << 56), shared, folder);
                    for _ in 0..cases / THREADS {
                        for _ in 0..CALLS {
                            caller.call();
                        }
                        caller.let_go();
                    }
                    caller.close_all();
                    Totals {
                        calls_count: caller.calls_count,
                        done_counts: caller.done_counts,
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    parts.iter().for_each(|part| totals.add(part));
}

#[test]
fn no_sequence_of_calls_crashes_or_leaks() {
    let seed = number_of("QUIRE_SEED", 0x5eed);
    let cases = number_of("QUIRE_CASES", CASES);
    println!("QUIRE_SEED={seed} QUIRE_CASES={cases}");
    let folder = std::env::temp_dir().join(format!("quire-misuse-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut measured = Vec::new();
    let mut totals = Totals {
        calls_count: 0,
        done_counts: [0; KINDS],
    };
    for round in 0..ROUNDS {
        let seed = seed.wrapping_add(round);
        run_round(seed, cases / ROUNDS, folder.to_str().unwrap(), &mut totals);
        measured.push(resident_bytes().unwrap_or(0));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    let done: u64 = totals.done_counts.iter().sum();
    println!(
        "{} calls, {done} of them succeeded; memory after each round: {measured:?}",
        totals.calls_count
    );
    assert!(
        totals.done_counts.iter().all(|count| *count > 0),
        "a kind of call never succeeds: {:?}",
        totals.done_counts
    );
    let (early, late) = (measured[1], measured[ROUNDS as usize - 1]);
    assert!(
        late < early + GROWTH_BYTES_MAX,
        "memory grew from {early} to {late} bytes"
    );
}
