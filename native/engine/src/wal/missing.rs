//! Log files that must be there and are not.
//!
//! Two records tell. The data file's header names the generation that took commits when it was written, and a
//! generation that was switched says in its attest record that the next one durably began. So a log file that was
//! deleted or emptied is known to be missing, though the other one is whole. Where a later generation is there, the
//! named one may have gone: recovery refuses a log that begins too late.
//!
//! Promises: writes nothing; asks only for what was durable before it was named. A header of format 1.0 names none.
//! Leaves to others: files that are there and damaged (recover.rs).

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::format::header::{Header, is_marked_or_later, log_mark};
use crate::format::log_frame::LogHeadState;
use crate::storage::{OpenMode, Storage};
use crate::wal::recover::find_generation;
use crate::wal::{SLOTS, exists, log_path, read_head};

/// Refuses when a log file is gone that the database at `base` needs beside a data file with `header`.
///
/// Errors: `CORRUPTED` naming the file; `IO`.
pub fn refuse_missing(storage: &dyn Storage, base: &Path, header: &Header) -> Result<()> {
    if header.clean {
        return Ok(());
    }
    let mut found = Vec::with_capacity(SLOTS);
    for slot in 0..SLOTS {
        let path = log_path(base, slot);
        if !storage.exists(&path)? {
            continue;
        }
        let file = storage.open(&path, OpenMode::Read)?;
        match read_head(&*file)? {
            LogHeadState::Good(head) if head.file_id == header.file_id => {
                let has_successor = find_generation(storage, &path, header.file_id)?
                    .is_some_and(|found| found.has_successor());
                found.push((slot, head.generation, has_successor));
            }
            LogHeadState::Blank => {}
            // Recovery tells what is wrong with it.
            _ => return Ok(()),
        }
    }
    let is_there = |mark: u32| {
        found
            .iter()
            .any(|(_, generation, _)| is_marked_or_later(*generation, mark))
    };
    let is_named_there = match header.log_mark {
        0 => exists(storage, base)?,
        mark => is_there(mark),
    };
    let lacks_successor = |(_, generation, has_successor): &&(usize, u64, bool)| {
        *has_successor && !is_there(log_mark(generation + 1))
    };
    if is_named_there && found.iter().find(lacks_successor).is_none() {
        return Ok(());
    }
    let names: Vec<String> = (0..SLOTS)
        .filter(|slot| found.iter().all(|(taken, ..)| taken != slot))
        .map(|slot| log_path(base, slot).display().to_string())
        .collect();
    let names = match names.is_empty() {
        true => "a newer log file than those that are there".to_owned(),
        false => names.join(" or "),
    };
    Err(Error::new(
        ErrorKind::Corrupted,
        format!(
            "{} was not closed and its log is missing: {names} is gone or was emptied, with commits that the data file does not have; put it back or restore a backup; `dump` and `salvage` read what is left",
            base.display()
        ),
    ))
}
