//! What a damaged log still tells, for `dump`.
//!
//! Promises: writes nothing; visits the commits that recovery would visit, and those that a log reaches although
//! the other one, the header or commits before it are lost; reports all damage and never fails for it. Replay
//! stops at the first commit that is damaged, for those behind it may build upon it.
//! Leaves to others: what of the data file is older than a commit (dump/); recovery proper (recover.rs).

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::format::log_frame::LogHeadState;
use crate::format::page::{FileId, Sequence};
use crate::storage::{OpenMode, Storage};
use crate::wal::recover::{Found, Place, Recovered, corrupted, find_generation, judge_rest};
use crate::wal::{SLOTS, log_path, read_head};

/// The database that the logs beside `base_path` say they belong to.
///
/// Errors: `IO`.
pub fn find_file_id(storage: &dyn Storage, base_path: &Path) -> Result<Option<FileId>> {
    for slot in 0..SLOTS {
        let path = log_path(base_path, slot);
        if storage.exists(&path)?
            && let LogHeadState::Good(head) = read_head(&*storage.open(&path, OpenMode::Read)?)?
        {
            return Ok(Some(head.file_id));
        }
    }
    Ok(None)
}

/// Visits every commit after `after` that the log of the database at `base_path` holds, in order, as far as it is
/// readable; returns what is wrong with it.
pub fn salvage(
    storage: &dyn Storage,
    base_path: &Path,
    file_id: FileId,
    after: Sequence,
    mut visit: impl FnMut(Sequence, &[u8]) -> Result<()>,
) -> Vec<Error> {
    let mut problems = Vec::new();
    if after.0 >= u64::MAX - 1 {
        problems.push(Error::new(
            ErrorKind::Corrupted,
            "the data file has an impossible commit number; its log cannot be read",
        ));
        return problems;
    }
    let mut generations = find_generations(storage, base_path, file_id, &mut problems);
    let mut after = after;
    if let Some(first) = generations.first()
        && first.head.start > after.next()
    {
        // The header is lost where `after` is 0: then the data file may well hold the commits before the log.
        if after != Sequence(0) {
            let what = format!(
                "begins with commit {}, but the data file ends with commit {}: the commits between are lost",
                first.head.start.0, after.0
            );
            problems.push(corrupted(&first.path, &what));
        }
        after = Sequence(first.head.start.0 - 1);
    }
    if let Err(error) = replay(&mut generations, after, &mut problems, &mut visit) {
        problems.push(error);
    }
    problems
}

/// The readable generations; the older comes first.
fn find_generations(
    storage: &dyn Storage,
    base_path: &Path,
    file_id: FileId,
    problems: &mut Vec<Error>,
) -> Vec<Found> {
    let mut generations = Vec::with_capacity(SLOTS);
    for slot in 0..SLOTS {
        let path = log_path(base_path, slot);
        let found = storage.exists(&path).and_then(|exists| match exists {
            true => find_generation(storage, &path, file_id),
            false => Ok(None),
        });
        match found {
            Ok(found) => generations.extend(found),
            Err(error) => problems.push(error),
        }
    }
    generations.sort_by_key(|found: &Found| found.head.generation);
    if let [older, newer] = &mut generations[..] {
        if older.head.generation == newer.head.generation || older.head.start > newer.head.start {
            let what = "contradicts the other log file and is left out; one of them is a stray copy";
            problems.push(corrupted(&older.path, what));
            generations.remove(0);
        } else {
            older.end = newer.head.start;
        }
    }
    generations
}

fn replay(
    generations: &mut [Found],
    after: Sequence,
    problems: &mut Vec<Error>,
    visit: &mut impl FnMut(Sequence, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut found = Recovered {
        last_sequence: after,
        ..Recovered::default()
    };
    for index in 0..generations.len() {
        let Some(generation) = generations.get_mut(index) else {
            break;
        };
        if generation.end <= after.next() {
            continue;
        }
        if let Err(error) = generation.refuse_if_shorter(generation.head.durable_bytes) {
            problems.push(error);
        }
        let offset = generation.replay(after, &mut found, visit)?;
        if generation.end != found.last_sequence.next() {
            let place = Place {
                generation: index,
                offset,
            };
            return judge_rest(generations, place, &mut found);
        }
    }
    Ok(())
}
