//! A program that commits, syncs and checkpoints on a simulated disk, and knows what it was promised.
//!
//! The data file is played by `Session::header`: the last commit that it holds and its epoch, changed between two
//! I/O calls. Every attempt at a commit writes other bytes, so that one that failed is told from the one that took its
//! number.

use std::cell::Cell;

use super::*;
use crate::error::ErrorKind;
use crate::storage::simulated::{CrashPolicy, Random, SimulatedStorage, Survival};

/// One run of the program, and its promises.
pub(super) struct Session {
    pub(super) disk: SimulatedStorage,
    pub(super) log: Log,
    /// Last commit and epoch of the durable data file.
    pub(super) header: (u64, u64),
    /// The attempt that committed each sequence, from 1 on.
    pub(super) committed: Vec<u64>,
    /// Attempts that failed with `IO`; one may surface as the next commit after a power cut.
    pub(super) doubtful: Vec<u64>,
    /// The one of them that did.
    surfaced: Cell<Option<u64>>,
    /// Commits up to this one were acknowledged at `disk`.
    pub(super) on_disk: u64,
    /// Commits up to this one were given to the operating system.
    pub(super) in_system: u64,
    pub(super) attempts: u64,
    /// Whether a log file with a head was durable when the run began, or the first commit made one.
    pub(super) has_log: bool,
}

/// The payload of an attempt; its length varies.
pub(super) fn attempt_payload(attempt: u64) -> Vec<u8> {
    let mut random = Random::forked(attempt, 99);
    let length = if random.happens(5) {
        random.below(3000)
    } else {
        random.below(120)
    };
    let mut bytes = vec![0; length as usize];
    random.fill(&mut bytes);
    bytes.extend_from_slice(&attempt.to_le_bytes());
    bytes
}

impl Session {
    /// The first run, on an empty disk.
    pub(super) fn new(seed: u64) -> Session {
        Session::on(SimulatedStorage::new(seed), (0, 1), Vec::new(), 0)
    }

    /// A run on `disk`, whose data file has the commits `committed`.
    pub(super) fn on(
        disk: SimulatedStorage,
        header: (u64, u64),
        committed: Vec<u64>,
        attempts: u64,
    ) -> Session {
        assert_eq!(header.0, committed.len() as u64);
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        let log = new_log(&storage, header.0, header.1);
        let (on_disk, in_system) = (header.0, header.0);
        let least = disk.crash(
            CrashPolicy {
                survival: Survival::Nothing,
                sector_bytes: 512,
            },
            0,
        );
        let has_log = (0..SLOTS).any(|slot| {
            let file = least.open(&log_path(Path::new(BASE), slot), OpenMode::Read);
            file.is_ok_and(|file| matches!(read_head(&*file), Ok(LogHeadState::Good(_))))
        });
        Session {
            disk,
            log,
            header,
            committed,
            doubtful: Vec::new(),
            surfaced: Cell::new(None),
            on_disk,
            in_system,
            attempts,
            has_log,
        }
    }

    /// One step that `random` chooses. Errors are what the disk gives.
    pub(super) fn step(&mut self, random: &mut Random) -> Result<()> {
        match random.below(20) {
            0..6 => self.commit(Durability::Process),
            6..10 => self.commit(Durability::Disk),
            10..13 => self.commit(Durability::Lazy),
            13 => self.sync(),
            14 => {
                self.log.flush()?;
                self.in_system = self.committed.len() as u64;
                Ok(())
            }
            15 => self.log.reserve(),
            16 => self.log.attest(),
            17 => self.checkpoint(0, random),
            _ => {
                let commits = random.below(4);
                self.checkpoint(commits, random)
            }
        }
    }

    pub(super) fn commit(&mut self, durability: Durability) -> Result<()> {
        self.attempts += 1;
        let payload = attempt_payload(self.attempts);
        let appended = self.log.append(durability, |out| out.extend_from_slice(&payload));
        let sequence = match appended {
            Ok(sequence) => sequence,
            Err(error) => {
                if error.kind() == ErrorKind::Io {
                    self.doubtful.push(self.attempts);
                }
                return Err(error);
            }
        };
        self.has_log = true;
        self.doubtful.clear();
        self.committed.push(self.attempts);
        assert_eq!(sequence.0, self.committed.len() as u64);
        if durability != Durability::Lazy {
            self.in_system = sequence.0;
        }
        self.log.wait(sequence, durability)?;
        if durability == Durability::Disk {
            self.on_disk = sequence.0;
        }
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<()> {
        self.log.sync()?;
        self.on_disk = self.committed.len() as u64;
        self.in_system = self.on_disk;
        Ok(())
    }

    /// A checkpoint during which `commits` go on.
    fn checkpoint(&mut self, commits: u64, random: &mut Random) -> Result<()> {
        let captured = self.committed.len() as u64;
        self.log.switch()?;
        for _ in 0..commits {
            let durability =
                [Durability::Process, Durability::Disk, Durability::Lazy][random.below(3) as usize];
            self.commit(durability)?;
        }
        if random.happens(15) {
            // The checkpoint fails before its header is durable.
            return Ok(());
        }
        self.header = (captured, self.header.1 + 1);
        self.on_disk = self.on_disk.max(captured);
        self.in_system = self.in_system.max(captured);
        if random.happens(15) {
            // The process goes on to its next checkpoint without having told the log, as after an error.
            return Ok(());
        }
        self.log.retire(self.header.1)
    }

    /// Recovers `disk` as this session's next run would. Commits must be those of the session, without a gap.
    pub(super) fn recover(&self, disk: &SimulatedStorage) -> Result<Recovered> {
        assert!(
            !self.has_log || exists(disk, Path::new(BASE))?,
            "a log file is there all the time"
        );
        let mut next = self.header.0;
        let base = Path::new(BASE);
        recover(
            disk,
            base,
            FILE_ID,
            Sequence(self.header.0),
            self.header.1,
            |sequence, bytes| {
                next += 1;
                assert_eq!(sequence.0, next, "commits are visited in order");
                assert!(
                    (next as usize) <= self.committed.len() + 1,
                    "commit {next} was never made"
                );
                let Some(attempt) = self.committed.get(next as usize - 1) else {
                    let attempt = self
                        .doubtful
                        .iter()
                        .find(|attempt| bytes == attempt_payload(**attempt));
                    assert!(attempt.is_some(), "commit {next} failed and came back");
                    self.surfaced.set(attempt.copied());
                    return Ok(());
                };
                assert_eq!(bytes, attempt_payload(*attempt), "content of commit {next}");
                Ok(())
            },
        )
    }

    /// The run after this one, on `disk`, once recovery and its checkpoint are done.
    pub(super) fn next_run(mut self, disk: SimulatedStorage, found: &Recovered) -> Session {
        let last = found.last_sequence.0 as usize;
        let is_number_free = last == self.committed.len();
        if last > self.committed.len() {
            self.committed.extend(self.surfaced.take());
        }
        self.committed.truncate(last);
        let attempts = self.attempts;
        let mut next = Session::on(disk, (last as u64, self.header.1 + 1), self.committed, attempts);
        if is_number_free {
            // A second failure may bring back what a first one did, until a commit has taken its number.
            next.doubtful = self.doubtful;
        }
        next
    }
}
