//! What is measured: suites of workloads, each run by one engine in a process of its own.
//!
//! Promises: a suite makes its files in the folder that it is given, and prints a line of a workload's name and its
//! figure. Leaves to others: rounds (main.rs), titles and ratios (report.rs).

mod durable;
mod points;
mod threads;
mod values;

use std::path::Path;

use crate::engines::{NAMES, Outcome};

/// Documents of one commit, where they are loaded.
pub const BATCH: usize = 1000;

/// A suite, by the first word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Batch inserts and point reads.
    Points,
    /// Readers and writers on 1, 2 and 4 threads.
    Threads,
    /// Commits that wait for the disk, by one writer and by four.
    Durable,
    /// Small values by key in memory.
    Values,
}

const ALL: [(&str, Suite); 4] = [
    ("points", Suite::Points),
    ("threads", Suite::Threads),
    ("durable", Suite::Durable),
    ("values", Suite::Values),
];

impl Suite {
    pub fn of_name(name: &str) -> Outcome<Suite> {
        let found = ALL.iter().find(|(own, _)| *own == name);
        Ok(found.ok_or(format!("no suite is called {name}"))?.1)
    }

    pub fn name(self) -> &'static str {
        ALL.iter()
            .find(|(_, own)| *own == self)
            .map_or("", |(name, _)| name)
    }

    /// The engines that it is for.
    pub fn engines(self) -> &'static [&'static str] {
        match self {
            Suite::Values => &values::NAMES,
            _ => &NAMES,
        }
    }

    /// Measures engine `name` with files in `folder` and prints its figures.
    pub fn measure(self, name: &str, folder: &Path, documents: usize) -> Outcome<()> {
        match self {
            Suite::Points => points::measure(name, folder, documents),
            Suite::Threads => threads::measure(name, folder, documents),
            Suite::Durable => durable::measure(name, folder),
            Suite::Values => values::measure(name, documents),
        }
    }
}
