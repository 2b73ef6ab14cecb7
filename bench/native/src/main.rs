//! QuireDB's Rust crate beside redb, LMDB, SQLite, fjall and sled: batch inserts and point reads at a million documents in memory.
//!
//! Run: `cargo run --release -- --documents 1000000 --rounds 3`. Each engine of each round is a process of its own, which
//! inserts, reads and ends; rounds alternate between engines. Promises: every side has the same documents, batches and
//! order of reads; what durability and transactions mean for each is in engines/mod.rs.
//! Leaves to others: documents (documents.rs), engines (engines/), the table (report.rs).

mod documents;
mod engines;
mod report;

use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use engines::{NAMES, Outcome, Read};
use report::{Report, Sample};

/// Documents of one commit.
const BATCH: usize = 1000;
/// Reads that are timed together.
const READS_MIN: usize = 1_000_000;

/// What is asked for on the command line.
struct Asked {
    documents: usize,
    rounds: usize,
    folder: PathBuf,
    engines: Vec<String>,
    /// Measures one engine and writes its figures, one a line.
    only: Option<String>,
}

impl Asked {
    fn read() -> Outcome<Asked> {
        let mut asked = Asked {
            documents: 1_000_000,
            rounds: 3,
            folder: std::env::temp_dir(),
            engines: NAMES.map(str::to_owned).to_vec(),
            only: None,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().ok_or(format!("{word} needs a value"))?;
            match word.as_str() {
                "--documents" => asked.documents = value.parse()?,
                "--rounds" => asked.rounds = value.parse()?,
                "--folder" => asked.folder = value.into(),
                "--engines" => asked.engines = value.split(',').map(str::to_owned).collect(),
                "--only" => asked.only = Some(value),
                other => return Err(format!("no option {other}").into()),
            }
        }
        Ok(asked)
    }
}

fn main() -> Outcome<()> {
    let asked = Asked::read()?;
    match &asked.only {
        Some(name) => measure(name, &asked),
        None => run_all(&asked),
    }
}

/// Measures every engine in every round, each in its own process.
fn run_all(asked: &Asked) -> Outcome<()> {
    let mut report = Report::default();
    for round in 0..asked.rounds {
        for name in &asked.engines {
            let output = Command::new(std::env::current_exe()?)
                .args([
                    "--only",
                    name,
                    "--documents",
                    &asked.documents.to_string(),
                    "--folder",
                ])
                .arg(&asked.folder)
                .output()?;
            if !output.status.success() {
                return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
            }
            for line in String::from_utf8(output.stdout)?.lines() {
                let (workload, figure) = line.split_once(' ').ok_or("a line without a figure")?;
                report.add(Sample {
                    engine: name.clone(),
                    workload: workload.to_owned(),
                    round,
                    figure: figure.parse()?,
                });
            }
        }
    }
    println!(
        "{} documents, {} rounds, batches of {BATCH}\n{report}",
        asked.documents, asked.rounds
    );
    Ok(())
}

/// Measures one engine and writes its figures.
fn measure(name: &str, asked: &Asked) -> Outcome<()> {
    let users = documents::documents(asked.documents);
    let folder = asked
        .folder
        .join(format!("quire-bench-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut engine = engines::open(name, &folder)?;
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
    drop((engine, users));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
