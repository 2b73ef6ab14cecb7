//! Backups on a simulated disk: what their files must and may be after a failure.
//!
//! Promises: judging a backup changes nothing on its disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use quire_engine::storage::Storage;
use quire_engine::storage::simulated::SimulatedStorage;
use quire_engine::{Database, OpenOptions};

use super::compare::{compare, problems_of};
use super::twin::State;

/// Backups begin with this, where the database is.
const PREFIX: &str = "disk/backup-";

/// The path of the first backup that is not on `disk`.
pub fn next_path(disk: &SimulatedStorage) -> PathBuf {
    let taken = disk.paths();
    let mut paths = (0..).map(|number| PathBuf::from(format!("{PREFIX}{number}.quire")));
    paths.find(|path| !taken.contains(path)).unwrap_or_default()
}

/// Whether `path` is that of a backup, whole or on its way.
pub fn is_backup_file(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.starts_with(PREFIX))
}

/// A backup that was begun.
#[derive(Clone)]
pub struct Backup {
    /// Its file.
    pub path: PathBuf,
    number: u64,
    /// What the database may have held when it was begun.
    states: Vec<State>,
    /// Whether the database may have had pages that are unused for ever.
    may_leak: bool,
    /// Whether it ended well, so that it survives a power cut.
    pub is_acknowledged: bool,
}

impl Backup {
    /// A backup to `path` of a database whose last commit, of this number, left one of `states`.
    pub fn new(path: PathBuf, number: u64, states: Vec<State>, may_leak: bool) -> Backup {
        Backup {
            path,
            number,
            states,
            may_leak,
            is_acknowledged: false,
        }
    }

    /// Fails with words where the file on `disk` is neither whole nor, while it was not acknowledged, absent.
    pub fn judge(&self, disk: &SimulatedStorage) -> Result<(), String> {
        let say = |error: quire_engine::Error| format!("the backup at commit {}: {error}", self.number);
        let copy = disk.kill(1);
        if !copy.exists(&self.path).map_err(say)? {
            return match self.is_acknowledged {
                true => Err(format!("the backup at commit {} is gone", self.number)),
                false => Ok(()),
            };
        }
        let options = OpenOptions {
            read_only: true,
            ..OpenOptions::default()
        };
        let database = Database::open_on(Arc::new(copy), &self.path, &options).map_err(say)?;
        let number = database.stats().map_err(say)?.sequence;
        if number != self.number {
            return Err(format!("the backup at commit {} holds {number}", self.number));
        }
        let problems = problems_of(&database, self.may_leak).map_err(say)?;
        if !problems.is_empty() {
            return Err(format!("check of the backup found {problems:?}"));
        }
        let mut words = "nobody knows what it should hold".to_owned();
        for state in &self.states {
            match compare(&database, state) {
                Ok(()) => return Ok(()),
                Err(found) => words = found,
            }
        }
        Err(format!("in the backup at commit {number}: {words}"))
    }
}
