//! Batch inserts, then every id read once in random order, all in memory.
//!
//! Promises: every engine has the same documents, batches and order of reads. Leaves to others: what a read does with
//! the document (engines/mod.rs).

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use super::BATCH;
use crate::documents;
use crate::engines::{self, Outcome, Read, Survives};

/// Reads that are timed together.
const READS_MIN: usize = 1_000_000;

pub fn measure(name: &str, folder: &Path, count: usize) -> Outcome<()> {
    let users = documents::documents(count);
    let mut engine = engines::open(name, folder, Survives::Process)?;
    let start = Instant::now();
    for batch in users.chunks(BATCH) {
        engine.insert(batch)?;
    }
    println!("insert {}", users.len() as f64 / start.elapsed().as_secs_f64());
    let mut order: Vec<&str> = users.iter().map(|user| user.id.as_str()).collect();
    documents::shuffle(&mut order);
    // Copied in the order of reading: waiting for the id itself would be no work of an engine's. The documents are kept to
    // the end, because memory that is given back in between makes every allocation of a read slow.
    let ids: Vec<String> = order.into_iter().map(str::to_owned).collect();

    for (workload, read) in [
        ("bytes", Read::Bytes),
        ("many", Read::Many),
        ("borrowed", Read::Borrowed),
        ("owned", Read::Owned),
    ] {
        // The first pass brings everything into memory.
        black_box(engine.read(&ids, read)?);
        let passes = READS_MIN.div_ceil(ids.len());
        let start = Instant::now();
        for _ in 0..passes {
            black_box(engine.read(&ids, read)?);
        }
        let reads = passes * ids.len();
        println!("{workload} {}", start.elapsed().as_nanos() as f64 / reads as f64);
    }
    Ok(())
}
