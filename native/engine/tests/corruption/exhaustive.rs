//! Every bit of a file of a megabyte and of a log flips, one at a time, and both are cut at every byte.
//!
//! Method. A byte that neither opening nor any call nor the check reads is harmless: the trial on the sound file proves
//! it. A flip in what opening reads, and in the log, is a whole trial: open, read everything by cursors, check, and
//! read everything by its id where anything was reported. The log is a smaller file's, where such a trial is short. For
//! a flip in any other page the database stays open while bit after bit of that page flips under it; the page is read
//! anew each time, because nothing that fails its checks is kept, and the call that reads it (touches.rs) must fail and
//! name the page. Some of these flips are tried with all calls that read the page, and some as whole trials.
//! Promises: the work is a list of jobs that any run can begin at any number; `--from`. Nothing of a trial depends on
//! the trials before it, but for the pages that are sound and in memory.
//! `npm run torture:flips` is the long form; the short one takes the same ways for a few bits of every page.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use quire_engine::{Database, ErrorKind, PAGE_BYTES};

use crate::fixture::{Content, DATA, Fate, LOGS, closed_megabyte, crashed, fate_on, open_read_only};
use crate::image::{BLOCK_BYTES, Damage, Image};
use crate::touches::{Reads, Touch, reads_of};

/// Lengths of one job.
const LENGTHS: usize = 4096;
/// A trial that takes longer hangs, for all that its caller knows.
const TRIAL_MAX: Duration = Duration::from_secs(20);
const PROGRESS_EVERY: Duration = Duration::from_secs(60);

/// How much is tried: one in so many.
#[derive(Clone, Copy)]
struct Effort {
    /// Of all bits and lengths.
    trials: usize,
    /// Of the trials of a page, with all calls that read it.
    all_touches: usize,
    /// Of the trials of a page, whole.
    whole: usize,
}

const EVERYTHING: Effort = Effort {
    trials: 1,
    all_touches: 31,
    whole: 257,
};

const FEW: Effort = Effort {
    trials: 5_003,
    all_touches: 3,
    whole: 5,
};

/// A part of the work.
#[derive(Clone, Debug)]
enum Job {
    /// Flips in the page of a file that was closed.
    Page(usize),
    /// Flips in these bytes of the log.
    Log(&'static str, Range<usize>),
    /// Lengths of a file, beside whose log or not.
    Lengths {
        name: &'static str,
        has_log: bool,
        lengths: Range<usize>,
    },
}

/// What is damaged.
struct Target {
    image: Image,
    contents: Vec<Content>,
}

struct Campaign {
    closed: Target,
    reads: Reads,
    crashed: Target,
    effort: Effort,
}

/// Counts of what came of the trials, by what was damaged.
type Tally = BTreeMap<String, u64>;

impl Campaign {
    fn new(effort: Effort) -> Campaign {
        let (files, content) = closed_megabyte();
        let image = Image::new(&files);
        let reads = reads_of(&image, &content);
        let closed = Target {
            image,
            contents: vec![content],
        };
        let (files, contents) = crashed(true);
        let crashed = Target {
            image: Image::new(&files),
            contents,
        };
        let length = closed.image.length(DATA);
        assert!(
            (1 << 20..5 << 18).contains(&length),
            "the file has {length} bytes"
        );
        Campaign {
            closed,
            reads,
            crashed,
            effort,
        }
    }

    fn jobs(&self) -> Vec<Job> {
        let (closed, crashed) = (&self.closed.image, &self.crashed.image);
        let mut jobs: Vec<Job> = (0..closed.length(DATA) / PAGE_BYTES).map(Job::Page).collect();
        let logs = LOGS.into_iter().filter(|name| crashed.has(name));
        for name in logs.clone() {
            jobs.extend(chunks(crashed.length(name), BLOCK_BYTES * 16).map(|bytes| Job::Log(name, bytes)));
        }
        let lengths = |name, has_log| {
            let image = if has_log { crashed } else { closed };
            chunks(image.length(name), LENGTHS).map(move |lengths| Job::Lengths {
                name,
                has_log,
                lengths,
            })
        };
        jobs.extend(lengths(DATA, false));
        for name in [DATA].into_iter().chain(logs) {
            jobs.extend(lengths(name, true));
        }
        jobs
    }

    /// Does a job. Panics with the place of the first damage that breaks the promise.
    fn run(&self, job: &Job) -> Tally {
        let mut tally = Tally::new();
        match job {
            Job::Page(page) => self.flip_page(*page, &mut tally),
            Job::Log(name, bytes) => {
                let trial = Trial::new(&self.crashed, name);
                for (at, bit) in self.bits(bytes.clone()) {
                    let fate = trial.whole(Damage::Flip { at, bit });
                    // No frame behind the last commit says that it was synced, so that one may be gone.
                    assert!(
                        !matches!(fate, Fate::Dropped(2..)),
                        "bit {bit} of byte {at} of {name}: {fate:?}"
                    );
                    note(&mut tally, "log flips", fate);
                }
            }
            Job::Lengths {
                name,
                has_log,
                lengths,
            } => {
                let trial = Trial::new(if *has_log { &self.crashed } else { &self.closed }, name);
                // An empty log file is as good as none; see fixture and `wal::refuse_missing`.
                for length in lengths
                    .clone()
                    .filter(|length| length.is_multiple_of(self.effort.trials))
                {
                    let fate = trial.whole(Damage::Cut { length });
                    let is_allowed = match fate {
                        Fate::Refused(_) | Fate::Reported => true,
                        Fate::Harmless | Fate::Dropped(0..=1) => *name != DATA,
                        Fate::Dropped(_) => false,
                    };
                    assert!(is_allowed, "{name} cut at {length}: {fate:?}");
                    let what = if *name == DATA {
                        "data file lengths"
                    } else {
                        "log lengths"
                    };
                    note(&mut tally, what, fate);
                }
            }
        }
        tally
    }

    /// The bits of `bytes` that are tried.
    fn bits(&self, bytes: Range<usize>) -> impl Iterator<Item = (usize, u8)> {
        let trials = self.effort.trials;
        (bytes.start * 8..bytes.end * 8)
            .filter(move |number| number.is_multiple_of(trials))
            .map(|number| (number / 8, (number % 8) as u8))
    }

    fn flip_page(&self, page: usize, tally: &mut Tally) {
        let trial = Trial::new(&self.closed, DATA);
        let bits = self.bits(page * PAGE_BYTES..(page + 1) * PAGE_BYTES);
        let touches = self.reads.touches.get(&page);
        if self.reads.opening.contains(&page) || touches.is_none() {
            for (at, bit) in bits {
                if !self.reads.blocks.contains(&(at / BLOCK_BYTES)) {
                    *tally.entry("data file flips: Unread".to_owned()).or_default() += 1;
                    continue;
                }
                let fate = trial.whole(Damage::Flip { at, bit });
                assert!(
                    !matches!(fate, Fate::Dropped(_)),
                    "bit {bit} of byte {at}: {fate:?}"
                );
                note(tally, "data file flips", fate);
            }
            return;
        }
        let touches = touches.unwrap();
        let database = open_read_only(Arc::new(trial.image.clone())).unwrap();
        for (number, (at, bit)) in bits.enumerate() {
            let damage = Damage::Flip { at, bit };
            let count = if number % self.effort.all_touches == 0 {
                touches.len()
            } else {
                1
            };
            for touch in &touches[..count] {
                trial.touch(&database, touch, damage, page);
            }
            *tally.entry("data file flips: Detected".to_owned()).or_default() += 1;
            if number % self.effort.whole == 0 {
                let fate = trial.whole(damage);
                assert_eq!(fate, Fate::Reported, "bit {bit} of byte {at}");
                *tally.entry("whole trials among them".to_owned()).or_default() += 1;
            }
        }
    }
}

/// The ranges of `size` that `length` is cut into.
fn chunks(length: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length)
        .step_by(size)
        .map(move |start| start..(start + size).min(length))
}

fn note(tally: &mut Tally, what: &str, fate: Fate) {
    *tally.entry(format!("{what}: {fate:?}")).or_default() += 1;
}

/// Trials of one file, on an image of their own.
struct Trial<'a> {
    target: &'a Target,
    image: Image,
    name: &'static str,
}

impl<'a> Trial<'a> {
    fn new(target: &'a Target, name: &'static str) -> Trial<'a> {
        let image = target.image.fork();
        Trial { target, image, name }
    }

    /// A trial with nothing in memory.
    fn whole(&self, damage: Damage) -> Fate {
        let image = self.image.fork();
        image.damage(self.name, damage);
        let what = format!("{}, {damage:?}", self.name);
        self.guard(damage, || fate_on(Arc::new(image), &self.target.contents, &what))
    }

    /// A call that reads the damaged page must fail and name it.
    fn touch(&self, database: &Database, touch: &Touch, damage: Damage, page: usize) {
        self.image.damage(self.name, damage);
        let found = self.guard(damage, || touch.run(database));
        let error = match found {
            Ok(None) => panic!("{}, {damage:?}: {touch:?} noticed nothing", self.name),
            Ok(Some(error)) | Err(error) => error,
        };
        let named = error.page().map(|number| number.get() as usize);
        let is_right = error.kind() == ErrorKind::Corrupted && named == Some(page);
        assert!(
            is_right,
            "{}, {damage:?}: {touch:?} of page {page} gave {error}",
            self.name
        );
    }

    /// Tells the damage where `work` panics or takes too long.
    fn guard<R>(&self, damage: Damage, work: impl FnOnce() -> R) -> R {
        let started = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| panic!("{}, {damage:?}: the panic above", self.name));
        let took = started.elapsed();
        assert!(took < TRIAL_MAX, "{}, {damage:?} took {took:?}", self.name);
        done
    }
}

/// Does the jobs of `numbers` on `threads` threads.
fn run_all(campaign: &Campaign, numbers: Range<usize>, threads: usize) -> Tally {
    let jobs = campaign.jobs();
    let next = AtomicUsize::new(numbers.start);
    let total = Mutex::new((Tally::new(), Instant::now()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number).filter(|_| number < numbers.end) else {
                        break;
                    };
                    let tally = catch_unwind(AssertUnwindSafe(|| campaign.run(job)))
                        .unwrap_or_else(|_| panic!("in job {number} of {}, {job:?}", jobs.len()));
                    let (total, told) = &mut *total.lock().unwrap();
                    for (what, count) in tally {
                        *total.entry(what).or_default() += count;
                    }
                    if told.elapsed() > PROGRESS_EVERY {
                        *told = Instant::now();
                        println!("job {number} of {}: {total:?}", jobs.len());
                    }
                }
            });
        }
    });
    total.into_inner().unwrap().0
}

/// The number in an environment variable.
fn setting(name: &str) -> Option<usize> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}, which is no number")),
    )
}

#[test]
fn few_bits_and_lengths_of_a_megabyte_are_detected_or_harmless() {
    let campaign = Campaign::new(FEW);
    let tally = run_all(&campaign, 0..usize::MAX, 1);
    println!("a few of a megabyte: {tally:?}");
    let pages = campaign.closed.image.length(DATA) / PAGE_BYTES;
    let read = campaign.reads.opening.len() + campaign.reads.touches.len();
    println!("{pages} pages, of which {read} are read");
    assert!(tally.contains_key("data file flips: Detected") && read > pages / 2);
}

#[test]
#[ignore = "takes long: npm run torture:flips"]
fn every_bit_and_every_length_of_a_megabyte_is_detected_or_harmless() {
    let started = Instant::now();
    let campaign = Campaign::new(EVERYTHING);
    let jobs = campaign.jobs().len();
    let numbers = setting("QUIRE_FROM").unwrap_or(0)..setting("QUIRE_TO").unwrap_or(jobs);
    println!("jobs {numbers:?} of {jobs}");
    let tally = run_all(&campaign, numbers, setting("QUIRE_THREADS").unwrap_or(1));
    for (what, count) in tally {
        println!("{what}: {count}");
    }
    println!("in {} s", started.elapsed().as_secs());
}
