//! What goes on beside the threads of a soak: checkpoints, backups, compactions and checks, and a look at memory and
//! files after each.
//!
//! Promises: every backup is opened, checked and held against what is true of every commit; a round begins when the
//! threads have done so many operations since the last one, so that upkeep and work keep their proportion.

use std::alloc::System;
use std::path::Path;
use std::sync::{Condvar, Mutex};

use quire_engine::{Database, FindOptions, OpenOptions};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::common::drain;
use crate::documents::ACCOUNTS;
use crate::total_of_accounts;

/// Counts what is allocated, which the memory of a process does not tell: an allocator keeps pages of which only a part
/// is used, the more the longer threads allocate and free in turn.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How far the threads are.
#[derive(Default)]
pub struct Progress {
    state: Mutex<(u64, bool)>,
    changed: Condvar,
}

impl Progress {
    /// So many operations more were done.
    pub fn add(&self, operations: u64) {
        self.state.lock().unwrap().0 += operations;
        self.changed.notify_all();
    }

    /// No more will come.
    pub fn end(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }

    /// Operations done, once there are `operations`, or at the end; `None` there.
    fn wait(&self, operations: u64) -> Option<u64> {
        let state = self.state.lock().unwrap();
        let waiting = |state: &mut (u64, bool)| state.0 < operations && !state.1;
        let state = self.changed.wait_while(state, waiting).unwrap();
        (!state.1).then_some(state.0)
    }
}

/// What was seen after a round.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Memory of the process; 0 where the system does not tell.
    pub resident_bytes: u64,
    /// What is allocated and not given back; page memory and mapped files do not come from the allocator.
    pub allocated_bytes: u64,
    /// All files of the database.
    pub file_bytes: u64,
}

/// Keeps the database `path` up until the threads end; a round for every `every` operations.
pub fn keep_up(database: &Database, path: &str, progress: &Progress, every: u64) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut next = every;
    while let Some(done) = progress.wait(next) {
        next = done + every;
        match samples.len() % 4 {
            0 => database.checkpoint().unwrap(),
            1 => back_up(database, &format!("{path}.backup")),
            2 => drop(database.compact().unwrap()),
            _ => {
                let report = database.check().unwrap();
                assert!(report.is_clean(), "check found {:?}", report.problems);
            }
        }
        samples.push(Sample {
            resident_bytes: resident_bytes().unwrap_or(0),
            allocated_bytes: allocated_bytes(),
            file_bytes: file_bytes(Path::new(path)),
        });
    }
    samples
}

fn back_up(database: &Database, path: &str) {
    database.backup(path).unwrap();
    let options = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    let backup = Database::open(path, &options).unwrap();
    let report = backup.check().unwrap();
    assert!(report.is_clean(), "check of a backup found {:?}", report.problems);
    let accounts = backup.collection(ACCOUNTS).unwrap();
    let accounts = drain(accounts.find(FindOptions::default()).unwrap());
    assert_eq!(total_of_accounts(&accounts), Some(0), "the sum of a backup");
    backup.close().unwrap();
    std::fs::remove_file(path).unwrap();
}

/// Bytes of this process's memory; `None` where the system does not tell.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// Bytes that are allocated now.
fn allocated_bytes() -> u64 {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated) as u64
}

/// Bytes of the database's files.
fn file_bytes(path: &Path) -> u64 {
    let name = path.file_name().unwrap().to_str().unwrap();
    let files = std::fs::read_dir(path.parent().unwrap()).unwrap().flatten();
    let own = files.filter(|file| {
        let file = file.file_name();
        let file = file.to_str().unwrap_or_default();
        file.starts_with(name) && !file.contains(".backup")
    });
    own.filter_map(|file| file.metadata().ok())
        .map(|file| file.len())
        .sum()
}
