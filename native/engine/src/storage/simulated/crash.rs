//! What survives when the power goes: one of the many states that a disk may be in.
//!
//! Promises: what was synced is there, always. Of what was pending, the policy and the seed choose, for each
//! file and for the names by themselves. The same policy and seed on the same disk give the same state.
//! Leaves to others: the disk before the crash (disk.rs).

use crate::storage::simulated::disk::{Disk, DiskFile, FileChange, write_slice};
use crate::storage::simulated::random::Random;

/// Which pending changes survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// None.
    Nothing,
    /// All.
    All,
    /// The first ones, and of the next some leading sectors.
    Prefix,
    /// Each by chance, in order.
    Subset,
    /// Each by chance, in any order.
    Shuffled,
    /// Of each write each sector by chance.
    Sectors,
    /// None, but files have the length that the changes gave them, with zeros there.
    SizeOnly,
    /// Each file by one of the others.
    Mixed,
}

impl Survival {
    /// Every way, for tests that try them all.
    pub const ALL: [Survival; 8] = [
        Survival::Nothing,
        Survival::All,
        Survival::Prefix,
        Survival::Subset,
        Survival::Shuffled,
        Survival::Sectors,
        Survival::SizeOnly,
        Survival::Mixed,
    ];
}

/// How a crash leaves the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashPolicy {
    /// Which pending changes survive.
    pub survival: Survival,
    /// What the disk writes whole or not at all: 512 or 4096 bytes; 1 for a disk that tears anywhere, whose
    /// damage must be detected but need not be survived.
    pub sector_bytes: u64,
}

/// The disk as it is when the power comes back, with entropy of its own.
pub(super) fn crash(disk: &Disk, policy: CrashPolicy, seed: u64) -> Disk {
    let mut after = Disk::new(seed);
    let mut random = Random::forked(seed, 3);
    let mut names = disk.durable_names.clone();
    let names_survive = policy.survival.one(&mut random);
    let first_count = random.below(disk.pending_names.len() as u64 + 1) as usize;
    for (index, change) in disk.pending_names.iter().enumerate() {
        let survives = match names_survive {
            Survival::Nothing | Survival::SizeOnly => false,
            Survival::All => true,
            Survival::Prefix => index < first_count,
            _ => random.happens(50),
        };
        if survives {
            change.apply(&mut names);
        }
    }
    for (path, file) in names {
        // A stream of its own for each file, so that one file's changes do not shift another's fate.
        let mut random = Random::forked(seed, 16 + file as u64);
        let content = surviving(&disk.files[file], policy, &mut random);
        let number = after.files.len();
        after.files.push(DiskFile {
            live: content.clone(),
            durable: content,
            pending: Vec::new(),
        });
        after.durable_names.insert(path, number);
    }
    after.live_names.clone_from(&after.durable_names);
    after
}

impl Survival {
    /// Itself, or for `Mixed` one of the others.
    fn one(self, random: &mut Random) -> Survival {
        match self {
            Survival::Mixed => Survival::ALL[random.below(Survival::ALL.len() as u64 - 1) as usize],
            other => other,
        }
    }
}

fn surviving(file: &DiskFile, policy: CrashPolicy, random: &mut Random) -> Vec<u8> {
    let mut content = file.durable.clone();
    let pending = &file.pending;
    let survival = policy.survival.one(random);
    match survival {
        Survival::Nothing | Survival::Mixed => {}
        Survival::All => pending.iter().for_each(|change| change.apply(&mut content)),
        Survival::Prefix => {
            let count = random.below(pending.len() as u64 + 1) as usize;
            pending[..count]
                .iter()
                .for_each(|change| change.apply(&mut content));
            if let Some(FileChange::Write { offset, bytes }) = pending.get(count) {
                let sectors = sectors(*offset, bytes.len() as u64, policy.sector_bytes);
                let kept = random.below(sectors.len() as u64 + 1) as usize;
                for (start, end) in &sectors[..kept] {
                    write_slice(
                        &mut content,
                        *start,
                        &bytes[(start - offset) as usize..(end - offset) as usize],
                    );
                }
            }
        }
        Survival::Subset | Survival::Shuffled => {
            let percent = random.below(101);
            let mut kept: Vec<&FileChange> = pending.iter().filter(|_| random.happens(percent)).collect();
            if survival == Survival::Shuffled {
                shuffle(&mut kept, random);
            }
            kept.iter().for_each(|change| change.apply(&mut content));
        }
        Survival::Sectors => {
            let percent = random.below(101);
            for change in pending {
                match change {
                    FileChange::SetLen(_) if random.happens(percent) => change.apply(&mut content),
                    FileChange::SetLen(_) => {}
                    FileChange::Write { offset, bytes } => {
                        for (start, end) in sectors(*offset, bytes.len() as u64, policy.sector_bytes) {
                            if random.happens(percent) {
                                let part = &bytes[(start - offset) as usize..(end - offset) as usize];
                                write_slice(&mut content, start, part);
                            }
                        }
                    }
                }
            }
        }
        Survival::SizeOnly => {
            let longest = pending.iter().map(FileChange::end).max().unwrap_or(0);
            if longest > content.len() as u64 {
                content.resize(longest as usize, 0);
            }
        }
    }
    content
}

/// The sectors, as start and end, that a write of `length` bytes at `offset` touches, cut to the write.
fn sectors(offset: u64, length: u64, sector_bytes: u64) -> Vec<(u64, u64)> {
    let end = offset + length;
    let mut parts = Vec::with_capacity((length / sector_bytes + 2) as usize);
    let mut start = offset;
    while start < end {
        let next = ((start / sector_bytes + 1) * sector_bytes).min(end);
        parts.push((start, next));
        start = next;
    }
    parts
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for last in (1..items.len()).rev() {
        items.swap(last, random.below(last as u64 + 1) as usize);
    }
}
