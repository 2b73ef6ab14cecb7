//! The crash campaign: a workload is stopped at every I/O call that changes the disk, and every state that the
//! disk may be in then is opened, judged and worked with.
//!
//! Promises: the same workload and seed give the same states. A failure says workload, seed, call and policy.
//! Judged: the database opens; its content is the state after a commit not before the last that was acknowledged
//! and not after the one under way; `check` finds nothing; what is committed from there on holds as well.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use quire_engine::Durability;
use quire_engine::storage::simulated::{Call, CallKind, CrashPolicy, Random, SimulatedStorage, Survival};

use super::compare::problems_of;
pub use super::counts::{Counts, Failure};
use super::session::{History, Session};
use super::twin::Step;
use super::value::{Document, fields, numbered_id};

/// What a program does, from an empty disk on.
pub struct Workload {
    pub name: &'static str,
    pub durability: Durability,
    pub cache_bytes: u64,
    /// Only each so many calls are tried; 1 but where a state takes long.
    pub call_step: usize,
    pub steps: Vec<Step>,
}

/// How much a campaign tries.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Seeds for each call and policy.
    pub seeds: u64,
    /// Of so many states one, by chance, is crashed again while it is recovered; 0 is never.
    pub nested_every: u64,
    /// Only each so many calls, for campaigns that must be short.
    pub call_step: usize,
}

impl Effort {
    pub const CI: Effort = Effort {
        seeds: 1,
        nested_every: 4,
        call_step: 1,
    };
}

/// A result whose failure is told in words.
pub type Judged<T> = std::result::Result<T, String>;

/// Stops `workload` everywhere.
pub fn crash_everywhere(
    workload: &Workload,
    seed: u64,
    effort: Effort,
    counts: &mut Counts,
) -> std::result::Result<(), Failure> {
    let calls = changing_calls(workload, seed)?;
    for call in calls.into_iter().step_by(workload.call_step * effort.call_step) {
        counts.calls += 1;
        crash_at(workload, seed, call, effort, counts)?;
    }
    Ok(())
}

/// Numbers of the calls of a whole run that change the disk or make it durable.
fn changing_calls(workload: &Workload, seed: u64) -> std::result::Result<Vec<u64>, Failure> {
    let calls = trace(workload, seed)?;
    let changing = calls.iter().filter(|call| call.kind != CallKind::Read);
    Ok(changing.map(|call| call.number).collect())
}

/// The calls of a whole run with its close, after which the content was compared.
pub fn trace(workload: &Workload, seed: u64) -> std::result::Result<Vec<Call>, Failure> {
    let disk = SimulatedStorage::new(seed);
    disk.set_tracing(true);
    let traced = guarded(|| {
        let mut session = Session::open(
            disk.clone(),
            workload.durability,
            workload.cache_bytes,
            History::new(),
        )
        .map_err(|error| error.to_string())?;
        for step in &workload.steps {
            session.run(step).map_err(|error| format!("{step:?}: {error}"))?;
        }
        let database = session.database().map_err(|error| error.to_string())?;
        database.close().map_err(|error| error.to_string())?;
        let calls = disk.trace();
        judge(workload, disk.kill(seed), &session.history, session.history.last)?;
        Ok(calls)
    });
    traced.map_err(|words| Failure(format!("{} seed {seed}, undisturbed: {words}", workload.name)))
}

/// What a program knows whose power went.
struct Stopped {
    disk: SimulatedStorage,
    history: History,
}

/// Runs `workload` with its close until its power goes in call `call`.
fn stop_at(workload: &Workload, seed: u64, call: u64) -> Judged<Stopped> {
    let disk = SimulatedStorage::new(seed);
    disk.crash_at(call);
    guarded(|| {
        let opened = Session::open(
            disk.clone(),
            workload.durability,
            workload.cache_bytes,
            History::new(),
        );
        let Ok(mut session) = opened else {
            return Ok(History::new());
        };
        let is_done = workload.steps.iter().all(|step| session.run(step).is_ok());
        if is_done {
            let database = session.database().map_err(|error| error.to_string())?;
            let _ = database.close();
        }
        Ok(session.history.clone())
    })
    .map(|history| Stopped { disk, history })
}

fn crash_at(
    workload: &Workload,
    seed: u64,
    call: u64,
    effort: Effort,
    counts: &mut Counts,
) -> std::result::Result<(), Failure> {
    let place = |policy: &str, words: String| {
        Failure(format!(
            "{} seed {seed} call {call} {policy}: {words}",
            workload.name
        ))
    };
    let stopped = stop_at(workload, seed, call).map_err(|words| place("before the crash", words))?;
    assert!(stopped.disk.is_crashed(), "{} has no call {call}", workload.name);
    for round in 0..effort.seeds {
        for (index, survival) in Survival::ALL.into_iter().enumerate() {
            let chance = Random::forked(seed ^ round << 32, call * 16 + index as u64).number();
            let policy = CrashPolicy {
                survival,
                sector_bytes: if chance & 1 == 0 { 512 } else { 4096 },
            };
            counts.states += 1;
            counts.acknowledged += stopped.history.on_disk;
            let result = guarded(|| {
                let disk = stopped.disk.crash(policy, chance);
                let found = judge(workload, disk, &stopped.history, stopped.history.on_disk)?;
                go_on(found, chance)
            });
            result.map_err(|words| place(&format!("{policy:?} chance {chance}"), words))?;
            // By chance and not by count, so that a seed that is run again alone meets the same states.
            if effort.nested_every > 0 && (chance >> 8).is_multiple_of(effort.nested_every) {
                let result = guarded(|| {
                    let disk = || stopped.disk.crash(policy, chance);
                    nested(
                        workload,
                        &disk,
                        &stopped.history,
                        stopped.history.on_disk,
                        chance,
                        counts,
                    )
                });
                result.map_err(|words| place(&format!("{policy:?} chance {chance}, nested"), words))?;
            }
        }
    }
    counts.states += 1;
    counts.acknowledged += stopped.history.written;
    let killed = guarded(|| {
        let disk = stopped.disk.kill(call);
        let found = judge(workload, disk, &stopped.history, stopped.history.written)?;
        // What an open served is durable, though a killed program had not synced it.
        let number = found.history.last;
        let cut = found.disk.crash(CRASH_HARD, call);
        judge(workload, cut, &found.history, number)?;
        go_on(found, call)?;
        let disk = || stopped.disk.kill(call);
        nested(
            workload,
            &disk,
            &stopped.history,
            stopped.history.written,
            call,
            counts,
        )
    });
    killed.map_err(|words| place("killed", words))
}

/// Stops `workload` everywhere on a disk that tears writes at any byte. What that breaks must be reported; what is not
/// reported must be right.
pub fn tear_everywhere(
    workload: &Workload,
    seed: u64,
    effort: Effort,
    counts: &mut Counts,
) -> std::result::Result<(), Failure> {
    let calls = changing_calls(workload, seed)?;
    for call in calls.into_iter().step_by(workload.call_step * effort.call_step) {
        let place = |words: String| Failure(format!("{} seed {seed} call {call}: {words}", workload.name));
        let stopped = stop_at(workload, seed, call).map_err(place)?;
        counts.calls += 1;
        for survival in [Survival::Prefix, Survival::Sectors, Survival::Mixed] {
            let policy = CrashPolicy {
                survival,
                sector_bytes: 1,
            };
            counts.states += 1;
            counts.acknowledged += stopped.history.on_disk;
            let disk = stopped.disk.crash(policy, call);
            let judged =
                guarded(|| judge(workload, disk, &stopped.history, stopped.history.on_disk).map(drop));
            match judged {
                Err(words) if !words.contains("CORRUPTED") => {
                    return Err(place(format!("{policy:?}: {words}")));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

const CRASH_HARD: CrashPolicy = CrashPolicy {
    survival: Survival::Nothing,
    sector_bytes: 512,
};

/// Opens what is left on `disk` and compares it with what must be and what may be there.
pub fn judge(workload: &Workload, disk: SimulatedStorage, history: &History, least: u64) -> Judged<Session> {
    let mut session = Session::open(disk, workload.durability, workload.cache_bytes, history.clone())
        .map_err(|error| format!("it does not open: {error}"))?;
    let database = session.database().map_err(|error| error.to_string())?;
    let number = database.stats().map_err(|error| error.to_string())?.sequence;
    if number < least {
        return Err(format!(
            "commit {least} was acknowledged, but the last one found is {number}"
        ));
    }
    session.history = history.find(&database, number)?;
    check(&session)?;
    if let Some(backup) = &history.backup {
        backup.judge(&session.disk)?;
    }
    Ok(session)
}

fn check(session: &Session) -> Judged<()> {
    let database = session.database().map_err(|error| error.to_string())?;
    let problems = problems_of(&database, session.history.may_leak).map_err(|error| error.to_string())?;
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("check found: {problems:?}"))
}

/// Writes on from a state that was found, stops once more, and judges that too.
pub fn go_on(mut session: Session, chance: u64) -> Judged<()> {
    let mut random = Random::forked(chance, 9);
    session.durability = Durability::Disk;
    let document = |random: &mut Random| {
        let bytes = if random.happens(20) {
            9000
        } else {
            random.below(300) as usize
        };
        Document::new(numbered_id(900_000 + random.below(40)), fields(bytes, random)).into()
    };
    let steps = [
        Step::Put("after", document(&mut random)),
        if random.happens(50) {
            Step::Checkpoint
        } else {
            Step::DeleteMatching("a", Some(1))
        },
        Step::Put("a", document(&mut random)),
    ];
    for step in &steps {
        session
            .run(step)
            .map_err(|error| format!("working on, {step:?} failed: {error}"))?;
    }
    let policy = random_policy(&mut random);
    let disk = session.disk.crash(policy, chance);
    let after = Workload {
        name: "after",
        durability: Durability::Disk,
        cache_bytes: session.cache_bytes,
        call_step: 1,
        steps: Vec::new(),
    };
    let found = judge(&after, disk, &session.history, session.history.on_disk)
        .map_err(|words| format!("after working on, {policy:?}: {words}"))?;
    found
        .database()
        .and_then(|database| database.close())
        .map_err(|error| format!("after working on, close failed: {error}"))
}

/// Stops the recovery of a state again, up to three deep, and judges what is left.
///
/// `least` holds until the power goes for the first time: from then on it is what had been durable before.
fn nested(
    workload: &Workload,
    state: &dyn Fn() -> SimulatedStorage,
    history: &History,
    least: u64,
    chance: u64,
    counts: &mut Counts,
) -> Judged<()> {
    let mut random = Random::forked(chance, 5);
    let open = |disk: SimulatedStorage| {
        Session::open(disk, workload.durability, workload.cache_bytes, history.clone())
    };
    let whole = state();
    let session = open(whole.clone()).map_err(|error| error.to_string())?;
    let calls = whole.calls();
    drop(session);
    let (mut disk, mut least) = (state(), least);
    for depth in 1..=3 {
        let call = 1 + random.below(calls);
        disk.crash_at(call);
        // A recovery that is shorter than the first one ends before the call; its end is as good a place.
        drop(open(disk.clone()));
        let policy = random_policy(&mut random);
        let (is_kill, seed) = (random.happens(25), random.number());
        least = if is_kill {
            least
        } else {
            least.min(history.on_disk)
        };
        let next = || {
            if is_kill {
                disk.kill(seed)
            } else {
                disk.crash(policy, seed)
            }
        };
        counts.nested += 1;
        counts.acknowledged += least;
        judge(workload, next(), history, least).map_err(|words| {
            let how = if is_kill {
                "killed".to_owned()
            } else {
                format!("{policy:?}")
            };
            format!("depth {depth}, call {call} of the recovery, {how}: {words}")
        })?;
        disk = next();
    }
    Ok(())
}

/// Any way to lose power.
pub fn random_policy(random: &mut Random) -> CrashPolicy {
    CrashPolicy {
        survival: Survival::ALL[random.below(8) as usize],
        sector_bytes: if random.happens(50) { 512 } else { 4096 },
    }
}

thread_local! {
    /// Where this thread panicked last, while `hush_panics` is in force.
    static PANICKED_AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on panics print no traces, which would bury what a campaign says; `guarded` tells where they were.
pub fn hush_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |at| format!(" ({at})"));
        PANICKED_AT.set(place);
    }));
}

/// Runs `work`; a panic becomes words.
pub fn guarded<R>(work: impl FnOnce() -> Judged<R>) -> Judged<R> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!(
            "panic: {}{}",
            words.unwrap_or("without words"),
            PANICKED_AT.take()
        ))
    })
}
