//! Rules of the log, in files in memory; crashes and faults are in crash.rs, damage in damage.rs.

mod append;
mod crash;
mod damage;
mod faults;
mod session;

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::format::page::{FileId, Sequence};
use crate::storage::{MemoryStorage, OpenMode};

/// Path of the database whose log is tested.
const BASE: &str = "app.quire";
const FILE_ID: FileId = FileId([7; 16]);

/// Small files, so that a test grows them and damages every byte of them.
const SMALL: LogOptions = LogOptions {
    first_bytes: 5120,
    step_bytes_max: 4096,
    buffer_bytes: 512,
    transaction_bytes_max: 200_000,
    is_mapped: true,
};

fn new_log(storage: &Arc<dyn Storage>, last: u64, epoch: u64) -> Log {
    Log::create(
        Arc::clone(storage),
        Path::new(BASE),
        FILE_ID,
        Sequence(last),
        epoch,
        SMALL,
    )
}

/// The payload of commit `sequence`; its length varies.
fn payload(sequence: u64) -> Vec<u8> {
    let length = 1 + (sequence * 37 % 90) as usize;
    (0..length)
        .map(|at| (sequence as usize * 31 + at) as u8)
        .collect()
}

fn append(log: &Log, durability: Durability) -> Result<Sequence> {
    let sequence = log.last_sequence().0 + 1;
    log.append(durability, |out| out.extend_from_slice(&payload(sequence)))
}

fn commit(log: &Log, durability: Durability) -> Result<Sequence> {
    let sequence = append(log, durability)?;
    log.wait(sequence, durability)?;
    Ok(sequence)
}

/// Recovers, checks that commits come in order and whole, and returns what was found.
fn recovered(storage: &dyn Storage, after: u64, epoch: u64) -> Result<Recovered> {
    let mut next = after + 1;
    let found = recover(
        storage,
        Path::new(BASE),
        FILE_ID,
        Sequence(after),
        epoch,
        |sequence, bytes| {
            assert_eq!(sequence.0, next);
            assert_eq!(bytes, payload(next), "payload of commit {next}");
            next += 1;
            Ok(())
        },
    )?;
    assert_eq!(found.last_sequence.0, next - 1);
    assert_eq!(found.frames, next - 1 - after);
    Ok(found)
}

fn memory() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}
