//! QuireDB's Rust crate beside redb, LMDB, SQLite, fjall and sled: suites of workloads at a million documents in memory.
//!
//! Run: `cargo run --release -- [SUITE] --documents 1000000 --rounds 3`. Each engine of each round is a process of its
//! own; rounds alternate between engines. Promises: every side has the same documents; what durability and transactions
//! mean for each is in engines/mod.rs. Leaves to others: documents (documents.rs), engines (engines/), what is measured
//! (suites/), the table (report.rs).

mod documents;
mod engines;
mod options;
mod report;
mod suites;

use std::process::Command;

use engines::Outcome;
use options::Asked;
use report::{Report, Sample};

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
                .args([asked.suite.name(), "--only", name])
                .args(["--documents", &asked.documents.to_string(), "--folder"])
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
    println!("{} documents, {} rounds\n{report}", asked.documents, asked.rounds);
    Ok(())
}

/// Measures one engine and writes its figures.
fn measure(name: &str, asked: &Asked) -> Outcome<()> {
    let folder = asked
        .folder
        .join(format!("quire-bench-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = asked.suite.measure(name, &folder, asked.documents);
    std::fs::remove_dir_all(&folder)?;
    outcome
}
