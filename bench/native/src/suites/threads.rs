//! Threads on one loaded database, 1, 2 and 4 of them: all read, or each inserts 20 new documents a hundred operations.
//!
//! Each insert is a commit of its own; reads are of random documents that were there from the beginning, `STRIDE` of them
//! within a transaction where the engine has transactions for reading. Counted is what all threads do together in a
//! stretch of time. Promises: every read has to find its document.

use std::hint::black_box;
use std::path::Path;
use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::BATCH;
use crate::documents::{self, Generator, User};
use crate::engines::{self, Engine, Outcome, Read, Survives};

const THREADS: [usize; 3] = [1, 2, 4];
const MEASURED: Duration = Duration::from_millis(700);
/// Reads and inserts between two looks at the clock, in a mixed load.
const STRIDE_READS: usize = 80;
const STRIDE_INSERTS: usize = 20;
const SEED: u32 = 0x7d_4ead;

/// One thread's part: it reads from `loaded` and inserts from `fresh`.
struct Part<'a> {
    engine: Box<dyn Engine>,
    loaded: &'a [String],
    fresh: &'a [User],
    inserts: usize,
    seed: u32,
}

pub fn measure(name: &str, folder: &Path, count: usize) -> Outcome<()> {
    // Those that are inserted meanwhile: more than an engine gets to.
    let spare = count.max(1_400_000) / 2;
    let users = documents::documents(count + spare);
    let (loaded, mut fresh) = users.split_at(count);
    let mut engine = engines::open(name, folder, Survives::Process)?;
    for batch in loaded.chunks(BATCH) {
        engine.insert(batch)?;
    }
    let ids: Vec<String> = loaded.iter().map(|user| user.id.clone()).collect();
    engine.read(&ids, Read::Bytes)?;
    for (kind, inserts) in [("read", 0), ("mixed", STRIDE_INSERTS)] {
        for threads in THREADS {
            let share = spare / THREADS.iter().sum::<usize>();
            let parts = (0..threads).map(|index| {
                let (own, rest) = fresh.split_at(if inserts == 0 { 0 } else { share });
                fresh = rest;
                Ok(Part {
                    engine: engine.another()?,
                    loaded: &ids,
                    fresh: own,
                    inserts,
                    seed: SEED + index as u32,
                })
            });
            let rate = together(parts.collect::<Outcome<Vec<Part<'_>>>>()?)?;
            println!("{kind}{threads} {rate}");
        }
    }
    Ok(())
}

/// Operations a second of all parts together. Each thread looks at the clock itself: under a real-time scheduler nobody
/// else may get to it.
fn together(parts: Vec<Part<'_>>) -> Outcome<f64> {
    let (gate, start) = (Barrier::new(parts.len()), OnceLock::new());
    let (gate, start) = (&gate, &start);
    thread::scope(|scope| {
        let threads: Vec<_> = parts
            .into_iter()
            .map(|part| scope.spawn(move || work(part, gate, start).map_err(|error| error.to_string())))
            .collect();
        let (mut operations, mut longest) = (0, Duration::ZERO);
        for thread in threads {
            let (count, elapsed) = thread.join().map_err(|_| "a thread panicked")??;
            operations += count;
            longest = longest.max(elapsed);
        }
        Ok(operations as f64 / longest.as_secs_f64())
    })
}

/// How many operations one thread did, and when it ended, since all began.
fn work(mut part: Part<'_>, gate: &Barrier, start: &OnceLock<Instant>) -> Outcome<(usize, Duration)> {
    let mut random = Generator::new(part.seed);
    let mut chosen = vec![String::new(); STRIDE_READS];
    let mut fresh = part.fresh.iter();
    let mut operations = 0;
    gate.wait();
    let start = start.get_or_init(Instant::now);
    while start.elapsed() < MEASURED {
        for id in &mut chosen {
            id.clone_from(&part.loaded[random.below(part.loaded.len() as u32) as usize]);
        }
        black_box(part.engine.read(&chosen, Read::Bytes)?);
        for _ in 0..part.inserts {
            let user = fresh
                .next()
                .ok_or("all documents are inserted: --documents says too few")?;
            part.engine.insert(std::slice::from_ref(user))?;
        }
        operations += chosen.len() + part.inserts;
    }
    Ok((operations, start.elapsed()))
}
