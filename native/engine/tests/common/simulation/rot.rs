//! The rot campaign: bits flip in the files of a workload while nobody has them open.
//!
//! Promises: the same workload and seed flip the same bits. A failure says workload, seed, file and bit.
//! Judged: damage is reported as CORRUPTED, or the content is whole. Only the last commit of a database that was not
//! closed may be taken for one that the power cut off.

use std::path::{Path, PathBuf};

use quire_engine::storage::simulated::{Random, SimulatedStorage};
use quire_engine::{Durability, Error, ErrorKind};

use super::campaign::{Counts, Failure, Judged, Workload, guarded};
use super::session::{History, PATH, Session};

/// Flips `flips` bits, one at a time, in what `workload` leaves after a close and after a kill.
pub fn rot_everywhere(
    workload: &Workload,
    seed: u64,
    flips: u64,
    counts: &mut Counts,
) -> std::result::Result<(), Failure> {
    let fail = |words: String| Failure(format!("{} seed {seed}, rot: {words}", workload.name));
    for is_closed in [true, false] {
        let left = guarded(|| leave(workload, seed, is_closed)).map_err(fail)?;
        let mut random = Random::forked(seed, 6 + u64::from(is_closed));
        for (path, offset) in places(&left.disk, flips, &mut random) {
            let bit = random.below(8) as u8;
            counts.states += 1;
            let disk = left.disk.kill(seed);
            assert!(disk.flip_bit(&path, offset, bit), "the byte is there");
            let judged = guarded(|| judge_damage(workload, disk, &left.history, is_closed));
            judged.map_err(|words| {
                let when = if is_closed { "closed" } else { "killed" };
                fail(format!(
                    "{when}, byte {offset} bit {bit} of {}: {words}",
                    path.display()
                ))
            })?;
        }
    }
    Ok(())
}

struct Left {
    disk: SimulatedStorage,
    history: History,
}

fn leave(workload: &Workload, seed: u64, is_closed: bool) -> Judged<Left> {
    let say = |error: Error| error.to_string();
    let disk = SimulatedStorage::new(seed);
    // At other levels the last batch of commits, and not only the last one, may look like a torn write.
    let mut session =
        Session::open(disk, Durability::Disk, workload.cache_bytes, History::new()).map_err(say)?;
    for step in &workload.steps {
        session.run(step).map_err(say)?;
    }
    let database = session.database().map_err(say)?;
    database.sync().map_err(say)?;
    let killed = session.disk.kill(seed);
    database.close().map_err(say)?;
    Ok(Left {
        disk: if is_closed {
            session.disk.kill(seed)
        } else {
            killed
        },
        history: session.history.clone(),
    })
}

/// Bytes to damage: some of every file, and more of those where one bit means most.
fn places(disk: &SimulatedStorage, flips: u64, random: &mut Random) -> Vec<(PathBuf, u64)> {
    let mut places = Vec::new();
    for path in disk.paths() {
        let length = disk.content(&path).map_or(0, |content| content.len() as u64);
        if length == 0 {
            continue;
        }
        for index in 0..flips {
            let offset = match index % 4 {
                // Both header slots, or the heads of log and journal.
                0 => {
                    random.below(256)
                        + if path == Path::new(PATH) {
                            random.below(2) * 4096
                        } else {
                            0
                        }
                }
                // The first pages and frames.
                1 => 4096 + random.below(4096),
                _ => random.below(length),
            };
            places.push((path.clone(), offset.min(length - 1)));
        }
    }
    places
}

fn judge_damage(
    workload: &Workload,
    disk: SimulatedStorage,
    history: &History,
    is_closed: bool,
) -> Judged<()> {
    let is_reported = |words: &String| words.contains("CORRUPTED");
    let opened = Session::open(disk, workload.durability, workload.cache_bytes, history.clone());
    let session = match opened {
        Ok(session) => session,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Corrupted | ErrorKind::NotADatabase | ErrorKind::UnsupportedFormat
            ) =>
        {
            return Ok(());
        }
        Err(error) => return Err(format!("open gave {error}")),
    };
    let database = session.database().map_err(|error| error.to_string())?;
    let number = database.stats().map_err(|error| error.to_string())?.sequence;
    let least = if is_closed { history.last } else { history.last - 1 };
    if number < least {
        return Err(format!(
            "commit {number} was found in place of {}, and nothing was reported",
            history.last
        ));
    }
    match history.find(&database, number) {
        Ok(_) => Ok(()),
        Err(words) if is_reported(&words) => Ok(()),
        Err(words) => Err(words),
    }
}
