//! Chains: programs that run one after the other on one disk, each stopped at some call.
//!
//! The log's frames have a length or its multiples, so that they begin and end where frames of earlier runs did: what
//! a recovery dropped must never be taken for a commit of a later run.
//! Promises: the same seed gives the same chain.

use std::sync::Arc;

use quire_engine::Durability;
use quire_engine::storage::simulated::{Fault, Random, SimulatedStorage};

use super::campaign::{Counts, Failure, Judged, Workload, guarded, judge, random_policy};
use super::session::History;
use super::twin::Step;
use super::value::{Document, Value, filler, id_of};

/// Runs the chain of `seed`.
pub fn run_chain(seed: u64, counts: &mut Counts) -> std::result::Result<(), Failure> {
    guarded(|| chain(seed, counts)).map_err(|words| Failure(format!("chain of seed {seed}: {words}")))
}

fn chain(seed: u64, counts: &mut Counts) -> Judged<()> {
    let mut random = Random::forked(seed, 1);
    let mut chance = Random::forked(seed, 2);
    let levels = [
        Durability::Process,
        Durability::Process,
        Durability::Lazy,
        Durability::Disk,
    ];
    let setup = Workload {
        name: "chain",
        durability: levels[random.below(4) as usize],
        cache_bytes: 8 << 20,
        call_step: 1,
        steps: Vec::new(),
    };
    let bytes = 20 + random.below(150) as usize;
    let (mut disk, mut history, mut least) = (SimulatedStorage::new(seed), History::new(), 0);
    for run in 0..4 + random.below(8) {
        let mut session =
            judge(&setup, disk, &history, least).map_err(|words| format!("run {run}: {words}"))?;
        let now = session.disk.calls();
        if chance.happens(60) {
            session.disk.crash_at(now + 1 + chance.below(40));
        } else if chance.happens(30) {
            session
                .disk
                .inject(Fault::ShortWrite, now + 1 + chance.below(20), false, None);
        }
        for _ in 0..random.below(9) {
            // A failing disk ends the run.
            if session.run(&step(bytes, &mut random)).is_err() {
                break;
            }
        }
        let next = chance.number();
        session.disk.heal();
        (disk, least) = if chance.happens(30) {
            (session.disk.kill(next), session.history.written)
        } else {
            (
                session.disk.crash(random_policy(&mut chance), next),
                session.history.on_disk,
            )
        };
        counts.states += 1;
        counts.acknowledged += least;
        history = session.history.clone();
    }
    judge(&setup, disk, &history, least).map(|_| ())
}

/// Bytes of a frame in the log beside the document's text, about; frames are rounded up to 16.
const FRAME_EXTRA_BYTES: usize = 58;

fn step(bytes: usize, random: &mut Random) -> Step {
    match random.below(100) {
        0..=12 => Step::Checkpoint,
        13..=19 => Step::CheckpointDuring(vec![put(bytes, random), Step::Sync]),
        20..=25 => Step::Sync,
        _ => put(bytes, random),
    }
}

fn put(bytes: usize, random: &mut Random) -> Step {
    let id = id_of(&Value::Text(format!("document-{:03}", random.below(60))));
    let frame_bytes = (bytes + FRAME_EXTRA_BYTES).next_multiple_of(16);
    let bytes = bytes + frame_bytes * random.below(3) as usize;
    let fields = vec![("t".to_owned(), Value::Text(filler(bytes, random)))];
    Step::Put("a", Arc::new(Document::new(id, fields)))
}
