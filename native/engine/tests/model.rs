//! The model: random steps on a database and on plain maps, with closes, kills and power cuts between them, while
//! cursors and transactions that were opened before are read on.
//!
//! `QUIRE_SEED=n` runs one case again; `QUIRE_CASES=n` runs so many.
#![cfg(feature = "simulation")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "common/simulation/mod.rs"]
mod simulation;

use quire_engine::Durability;
use quire_engine::storage::simulated::{CrashPolicy, Random, SimulatedStorage, Survival};
use simulation::campaign::{Workload, guarded, judge};
use simulation::compare::compare;
use simulation::generator::Recipe;
use simulation::held::Held;
use simulation::session::{History, Session};
use simulation::setting;
use simulation::twin::Step;

const CASES: u64 = 12_000;
const FIRST_SEED: u64 = 1;

/// Runs the case of `seed`.
fn case(seed: u64) -> Result<(), String> {
    let mut random = Random::forked(seed, 1);
    let mut chance = Random::forked(seed, 2);
    let levels = [Durability::Process, Durability::Disk, Durability::Lazy];
    let setup = Workload {
        name: "model",
        durability: levels[random.below(3) as usize],
        cache_bytes: if random.happens(25) { 1 << 20 } else { 64 << 20 },
        call_step: 1,
        steps: Vec::new(),
    };
    let recipe = if random.happens(10) {
        Recipe {
            ids: 400,
            batch: 120,
            ..Recipe::SMALL
        }
    } else {
        Recipe::SMALL
    };
    // Every third case has indexes.
    let recipe = Recipe {
        index_percent: if seed.is_multiple_of(3) { 15 } else { 0 },
        ..recipe
    };
    let mut session = Session::open(
        SimulatedStorage::new(seed),
        setup.durability,
        setup.cache_bytes,
        History::new(),
    )
    .map_err(|error| error.to_string())?;
    let (mut held, mut reading) = (Held::default(), Random::forked(seed, 3));
    for number in 0..1 + random.below(30) {
        let step = recipe.step(session.history.state(), &mut random);
        if setting("QUIRE_SEED").is_some() {
            eprintln!("{number}: {step:?}");
        }
        if matches!(step, Step::Reopen) {
            held.finish()?;
        }
        session
            .run(&step)
            .map_err(|error| format!("step {number}, {step:?}: {error}"))?;
        if random.happens(8) {
            let database = session.database().map_err(|error| error.to_string())?;
            compare(&database, session.history.state())
                .map_err(|words| format!("after step {number}: {words}"))?;
        }
        hold(&mut held, &session, &mut reading).map_err(|words| format!("after step {number}: {words}"))?;
        if chance.happens(6) {
            held = Held::default();
            session = stop(session, &setup, &mut chance)
                .map_err(|words| format!("stopped after step {number}: {words}"))?;
        }
    }
    let database = session.database().map_err(|error| error.to_string())?;
    compare(&database, session.history.state())?;
    held.finish()?;
    if random.happens(50) {
        database.close().map_err(|error| format!("close: {error}"))?;
    }
    stop(session, &setup, &mut chance)
        .map(|_| ())
        .map_err(|words| format!("at the end: {words}"))
}

/// Opens cursors and transactions by chance, and reads on in those that are open.
fn hold(held: &mut Held, session: &Session, reading: &mut Random) -> Result<(), String> {
    let database = session.database().map_err(|error| error.to_string())?;
    if reading.happens(12) {
        held.open_cursor(&database, session.history.state(), reading)?;
    }
    if reading.happens(5) {
        held.begin(&database, session.history.state())?;
    }
    held.read_some(reading)
}

/// Kills the program or cuts its power, and goes on with what is left.
fn stop(session: Session, setup: &Workload, chance: &mut Random) -> Result<Session, String> {
    let seed = chance.number();
    if chance.happens(40) {
        let disk = session.disk.kill(seed);
        let least = session.history.written;
        drop(session.database);
        return judge(setup, disk, &session.history, least);
    }
    let policy = CrashPolicy {
        survival: Survival::ALL[chance.below(8) as usize],
        sector_bytes: 512,
    };
    let disk = session.disk.crash(policy, seed);
    let least = session.history.on_disk;
    drop(session.database);
    judge(setup, disk, &session.history, least).map_err(|words| format!("{policy:?}: {words}"))
}

#[test]
fn database_holds_what_plain_maps_hold() {
    let seeds = match setting("QUIRE_SEED") {
        Some(seed) => seed..seed + 1,
        None => FIRST_SEED..FIRST_SEED + setting("QUIRE_CASES").unwrap_or(CASES),
    };
    let started = std::time::Instant::now();
    let count = seeds.end - seeds.start;
    for seed in seeds {
        guarded(|| case(seed)).unwrap_or_else(|words| panic!("QUIRE_SEED={seed}: {words}"));
    }
    eprintln!("{count} cases in {:?}", started.elapsed());
}
