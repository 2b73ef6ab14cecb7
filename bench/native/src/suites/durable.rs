//! Commits of one document that are on the disk when they return: by one writer, by four at a time, and, in turn with
//! them, the least that any engine has to do: one write of as many bytes and one `fdatasync`, in a loop.
//!
//! The disk's own time changes from second to second, so the three take turns of `TURN` within one process, and figures
//! are of all turns together. The loop writes into a file whose length and blocks are there already, which is the fastest
//! that a file system has. Promises: each writer has documents of its own.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::documents::{self, User};
use crate::engines::{self, Engine, Outcome, Survives};

const TURN: Duration = Duration::from_millis(250);
const TURNS: usize = 12;
const WRITERS: usize = 4;
/// More than any disk takes in all turns.
const DOCUMENTS: usize = 400_000;
/// About what a document takes in a log.
const RECORD_BYTES: usize = 256;
const LOOP_FILE_BYTES: usize = 64 << 20;

/// Commits and the time that they took.
#[derive(Default)]
struct Tally {
    commits: usize,
    seconds: f64,
}

impl Tally {
    fn add(&mut self, (commits, seconds): (usize, f64)) {
        self.commits += commits;
        self.seconds += seconds;
    }

    fn rate(&self) -> f64 {
        self.commits as f64 / self.seconds
    }
}

pub fn measure(name: &str, folder: &Path) -> Outcome<()> {
    let users = documents::documents(DOCUMENTS);
    let engine = engines::open(name, folder, Survives::PowerCut)?;
    let mut writers = (0..WRITERS)
        .map(|_| engine.another())
        .collect::<Outcome<Vec<_>>>()?;
    let mut fresh: Vec<_> = users.chunks(DOCUMENTS / WRITERS).collect();
    let file = written_file(&folder.join("loop"))?;
    let (mut offset, mut bare, mut one, mut four) = (0, Tally::default(), Tally::default(), Tally::default());
    for turn in 0..TURNS {
        let (bare_turn, one_turn, four_turn) = (
            loop_turn(&file, &mut offset)?,
            turn_of(&mut writers[..1], &mut fresh[..1])?,
            turn_of(&mut writers, &mut fresh)?,
        );
        // The first turn is for warming up.
        if turn > 0 {
            bare.add(bare_turn);
            one.add(one_turn);
            four.add(four_turn);
        }
    }
    println!("loop {}", bare.rate());
    println!("one {}", one.rate());
    println!("four {}", four.rate());
    println!("share {}", one.rate() / bare.rate());
    println!("group {}", four.rate() / one.rate());
    Ok(())
}

/// A file whose blocks are all written and on the disk.
fn written_file(path: &Path) -> Outcome<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .open(path)?;
    let block = vec![0x5a; 1 << 20];
    for offset in (0..LOOP_FILE_BYTES).step_by(block.len()) {
        file.write_all_at(&block, offset as u64)?;
    }
    file.sync_all()?;
    Ok(file)
}

fn loop_turn(file: &File, offset: &mut usize) -> Outcome<(usize, f64)> {
    let (record, start, mut commits) = ([0xa5; RECORD_BYTES], Instant::now(), 0);
    while start.elapsed() < TURN {
        file.write_all_at(&record, *offset as u64)?;
        file.sync_data()?;
        *offset = (*offset + RECORD_BYTES) % LOOP_FILE_BYTES;
        commits += 1;
    }
    Ok((commits, start.elapsed().as_secs_f64()))
}

/// All writers at once, each its next documents one by one.
fn turn_of(writers: &mut [Box<dyn Engine>], fresh: &mut [&[User]]) -> Outcome<(usize, f64)> {
    let start = Instant::now();
    let commits: Result<usize, String> = thread::scope(|scope| {
        let threads: Vec<_> = writers
            .iter_mut()
            .zip(fresh)
            .map(|(writer, fresh)| {
                scope.spawn(move || {
                    insert_for_a_turn(writer.as_mut(), fresh).map_err(|error| error.to_string())
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a writer panicked".to_owned())?)
            .sum()
    });
    Ok((commits?, start.elapsed().as_secs_f64()))
}

fn insert_for_a_turn(writer: &mut dyn Engine, fresh: &mut &[User]) -> Outcome<usize> {
    let (start, mut commits) = (Instant::now(), 0);
    while start.elapsed() < TURN {
        let (user, rest) = fresh.split_first().ok_or("the disk is faster than foreseen")?;
        writer.insert(std::slice::from_ref(user))?;
        *fresh = rest;
        commits += 1;
    }
    Ok(commits)
}
