//! A program with a database on a simulated disk: does steps on it and on the twin, and knows what must survive.
//!
//! Promises: after every step the answers were compared; `history` has the state after every commit by its number,
//! the one under way included, and which of them were acknowledged at which level.
//! Leaves to others: stopping the program and judging what is left (campaign.rs).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use quire_engine::storage::simulated::SimulatedStorage;
use quire_engine::{
    Database, Durability, Error, ErrorKind, IdMode, OpenOptions, Result, Transaction, TransactionOptions,
    Update, WriteOptions,
};

use super::backups::{Backup, next_path};
use super::compare::{compare, group_filter};
use super::indexes::expiry;
use super::twin::{State, Step, encode_edits, update_answer};
use super::value::{Document, encode_fields};

/// Where the database is on its disk.
pub const PATH: &str = "disk/test.quire";

/// What the database may and must hold after a failure.
#[derive(Clone, Default)]
pub struct History {
    /// State after each commit, by number. Commits that failed without a clear end may be number `last` + 1.
    states: BTreeMap<u64, Vec<State>>,
    /// The last commit that was acknowledged at any level.
    pub last: u64,
    /// Commits up to this one survive the process.
    pub written: u64,
    /// Commits up to this one survive a power cut.
    pub on_disk: u64,
    /// Whether pages may stay unused for ever: the engine gives up those that it cannot read when a collection ends.
    pub may_leak: bool,
    /// The last backup that was begun.
    pub backup: Option<Backup>,
}

/// A program.
pub struct Session {
    pub disk: SimulatedStorage,
    pub database: Option<Database>,
    pub history: History,
    /// Level of its commits.
    pub durability: Durability,
    /// Budget of page memory.
    pub cache_bytes: u64,
    /// Calls that the disk had seen when the database was opened.
    pub opened_at: u64,
    /// Whether the last commit was refused because of an earlier failure.
    is_refused: bool,
}

fn options(durability: Durability, cache_bytes: u64) -> OpenOptions {
    OpenOptions {
        durability,
        cache_bytes,
        lock_wait_ms: 0,
        // Small, so that logs grow in most workloads and states are cheap to copy.
        log_bytes_min: 8 << 10,
        background: false,
        ..OpenOptions::default()
    }
}

impl Session {
    /// Opens the database on `disk`, whose content is one of the states of `history`.
    pub fn open(
        disk: SimulatedStorage,
        durability: Durability,
        cache_bytes: u64,
        history: History,
    ) -> Result<Session> {
        let opened_at = disk.calls();
        let database = Database::open_on(
            Arc::new(disk.clone()),
            Path::new(PATH),
            &options(durability, cache_bytes),
        )?;
        Ok(Session {
            disk,
            database: Some(database),
            history,
            durability,
            cache_bytes,
            opened_at,
            is_refused: false,
        })
    }

    /// A session that has not managed to open a new database on `disk`.
    pub fn closed(disk: SimulatedStorage, durability: Durability, cache_bytes: u64) -> Session {
        Session {
            disk,
            database: None,
            history: History::new(),
            durability,
            cache_bytes,
            opened_at: 0,
            is_refused: false,
        }
    }

    /// Opens the database again after a failure or a close, in the same process.
    pub fn reopen(&mut self) -> Result<()> {
        self.database = None;
        let again = Session::open(
            self.disk.clone(),
            self.durability,
            self.cache_bytes,
            self.history.clone(),
        )?;
        let number = again.database()?.stats()?.sequence;
        assert!(
            number >= self.history.written,
            "reopened at commit {number}, but {} was acknowledged",
            self.history.written
        );
        let candidates_count = self.history.states.get(&number).map_or(0, Vec::len);
        let history = if candidates_count == 1 {
            self.history.only(number, &self.history.states[&number][0])
        } else {
            // A commit failed, so the fault has struck: it must not disturb the comparison.
            self.disk.heal();
            let found = again.history.find(&again.database()?, number);
            found.unwrap_or_else(|words| panic!("reopened: {words}"))
        };
        *self = Session { history, ..again };
        Ok(())
    }

    pub fn database(&self) -> Result<Database> {
        self.database
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::Closed, "the session has no database"))
    }

    /// Does a step on the database and on the twin. Fails where the disk does; panics where the answers differ.
    pub fn run(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Sync => {
                self.database()?.sync()?;
                self.history.all_on_disk(self.history.last);
            }
            Step::Checkpoint => {
                self.database()?.checkpoint()?;
                self.history.all_on_disk(self.history.last);
            }
            Step::CheckpointDuring(steps) => {
                let captured = self.history.last;
                let mut failure = None;
                let result = self.database()?.checkpoint_with(|| {
                    failure = steps.iter().find_map(|step| self.run(step).err());
                });
                if let Some(error) = failure {
                    return Err(error);
                }
                result?;
                self.history.all_on_disk(captured);
            }
            Step::Reopen => {
                let database = self.database()?;
                self.database = None;
                database.close()?;
                self.history.all_on_disk(self.history.last);
                self.reopen()?;
            }
            Step::Backup => self.back_up()?,
            Step::Compact => self.reorganise(|database| database.compact().map(drop))?,
            Step::Move(room) => self.reorganise(|database| database.move_collections(*room))?,
            _ => self.commit(step)?,
        }
        Ok(())
    }

    /// Makes a backup and looks at it on a disk without faults.
    fn back_up(&mut self) -> Result<()> {
        let database = self.database()?;
        let number = database.stats()?.sequence;
        let states = self.history.states.get(&number).cloned().unwrap_or_default();
        let backup = Backup::new(next_path(&self.disk), number, states, self.history.may_leak);
        self.history.backup = Some(backup.clone());
        let report = database.backup(backup.path.to_str().unwrap())?;
        assert_eq!(report.sequence, number, "the commit of the backup");
        if let Some(backup) = &mut self.history.backup {
            backup.is_acknowledged = true;
            backup.judge(&self.disk).unwrap_or_else(|words| panic!("{words}"));
        }
        Ok(())
    }

    /// Does what moves collections, by commits that change no document and are on disk when it ends.
    fn reorganise(&mut self, work: impl FnOnce(&Database) -> Result<()>) -> Result<()> {
        let database = self.database()?;
        let before = database.stats()?.sequence;
        let states = self.history.states.get(&before).cloned().unwrap_or_default();
        let result = work(&database);
        let sequence = database.stats()?.sequence;
        for number in before + 1..=sequence {
            self.history.states.insert(number, states.clone());
            self.history.last = number;
        }
        if let Err(error) = result {
            // The commit that failed may be on disk.
            self.history
                .states
                .entry(sequence + 1)
                .or_default()
                .extend(states);
            return Err(error);
        }
        self.history.all_on_disk(sequence);
        Ok(())
    }

    /// Does a step that commits.
    fn commit(&mut self, step: &Step) -> Result<()> {
        let database = self.database()?;
        let before = self.history.state().clone();
        if makes_id_by_chance(step, &before) {
            // The collection that counts was refused: an id made by chance would be no use to the twin.
            return Ok(());
        }
        let mut after = before.clone();
        let expected = after.apply(step);
        let number = self.history.last + 1;
        let refused_before = std::mem::take(&mut self.is_refused);
        let answer = do_step(&database, step, self.durability);
        match (answer, expected) {
            (Ok(answer), Ok(expected)) => assert_eq!(answer, expected, "answer to {step:?}"),
            (Err(error), Err(kind)) if error.kind() == kind => return Ok(()),
            (Err(error), expected) => {
                let is_fault = matches!(
                    error.kind(),
                    ErrorKind::Io | ErrorKind::DiskFull | ErrorKind::Poisoned | ErrorKind::CannotOpen
                );
                assert!(is_fault, "{step:?} gave {error} in place of {expected:?}");
                let is_poisoned = error.kind() == ErrorKind::Poisoned;
                let never_was = error.kind() == ErrorKind::DiskFull || (is_poisoned && refused_before);
                if expected.is_ok() && !never_was {
                    self.history.states.entry(number).or_default().push(after);
                }
                self.is_refused = is_poisoned;
                return Err(error);
            }
            (Ok(answer), Err(kind)) => panic!("{step:?} gave {answer} in place of {kind:?}"),
        }
        let sequence = database.stats()?.sequence;
        if sequence == number - 1 {
            assert!(after == before, "{step:?} changed something without a commit");
            return Ok(());
        }
        assert_eq!(sequence, number, "commit number after {step:?}");
        self.history.states.insert(number, vec![after]);
        self.history.last = number;
        match self.durability {
            Durability::Disk => self.history.all_on_disk(number),
            Durability::Process => self.history.written = number,
            Durability::Lazy => {}
        }
        Ok(())
    }
}

impl History {
    /// Of a database that is made now.
    pub fn new() -> History {
        History {
            states: BTreeMap::from([(0, vec![State::default()])]),
            ..History::default()
        }
    }

    /// The state after the last acknowledged commit.
    pub fn state(&self) -> &State {
        &self.states[&self.last][0]
    }

    /// Fails with words where `database`, whose last commit is `number`, holds no state that it may; returns the
    /// history of a database that was found so, which is durable.
    pub fn find(&self, database: &Database, number: u64) -> std::result::Result<History, String> {
        let mut failure = format!(
            "commit {number} was found, but the last one tried is {}",
            self.last + 1
        );
        for state in self.states.get(&number).into_iter().flatten() {
            match compare(database, state) {
                Ok(()) => return Ok(self.only(number, state)),
                Err(words) => failure = format!("at commit {number}: {words}"),
            }
        }
        Err(failure)
    }

    /// The history of a database that was opened with `state` after commit `number`, which made it durable.
    fn only(&self, number: u64, state: &State) -> History {
        History {
            states: BTreeMap::from([(number, vec![state.clone()])]),
            last: number,
            written: number,
            on_disk: number,
            may_leak: self.may_leak,
            backup: self.backup.clone(),
        }
    }

    pub fn all_on_disk(&mut self, number: u64) {
        self.on_disk = self.on_disk.max(number);
        self.written = self.written.max(number);
    }
}

/// Whether the engine makes an id in doing `step`, in a collection that does not count.
fn makes_id_by_chance(step: &Step, state: &State) -> bool {
    match step {
        Step::InsertNew(name, _) => state.get(name).is_none_or(|twin| twin.ids != IdMode::Integer),
        Step::Transaction(steps, _) => {
            let mut inside = state.clone();
            steps.iter().any(|step| {
                let is_by_chance = makes_id_by_chance(step, &inside);
                let _ = inside.apply(step);
                is_by_chance
            })
        }
        _ => false,
    }
}

/// Does one step that commits, in a transaction of its own.
fn do_step(database: &Database, step: &Step, durability: Durability) -> Result<u64> {
    let write = WriteOptions {
        durability: Some(durability),
        ..WriteOptions::default()
    };
    match step {
        Step::Insert(name, document) => database
            .collection(name)?
            .insert(&document.plain, &write)
            .map(|_| 1),
        Step::InsertMany(name, documents) => {
            let count =
                database
                    .collection(name)?
                    .insert_many(&together(documents), &mut Vec::new(), &write)?;
            Ok(count as u64)
        }
        Step::InsertNew(name, fields) => database
            .collection(name)?
            .insert(&encode_fields(fields), &write)
            .map(|_| 1),
        Step::Put(name, document) => database
            .collection(name)?
            .put(&document.plain, &write)
            .map(u64::from),
        Step::Replace(name, document) => database
            .collection(name)?
            .replace(&document.id, &document.plain, &write)
            .map(u64::from),
        Step::Delete(name, id) => database.collection(name)?.delete(id, &write).map(u64::from),
        Step::DeleteMatching(name, group) => {
            database
                .collection(name)?
                .delete_matching(group_filter(*group)?, None, &write)
        }
        Step::Update(name, id, edits) => {
            let update = Update::compile(&encode_edits(edits))?;
            let outcome = database.collection(name)?.update(id, &update, &write)?;
            Ok(update_answer(outcome.matched_count, outcome.modified_count))
        }
        Step::UpdateMatching(name, group, edits) => {
            let update = Update::compile(&encode_edits(edits))?;
            let collection = database.collection(name)?;
            let outcome = collection.update_matching(group_filter(*group)?, &update, None, &write)?;
            Ok(update_answer(outcome.matched_count, outcome.modified_count))
        }
        Step::Clear(name) => database.collection(name)?.clear(&write),
        Step::Create(name, ids) => database.create_collection(name, *ids, &write).map(|()| 0),
        Step::Drop(name) => database.drop_collection(name, &write).map(u64::from),
        Step::CreateIndex(name, kind) => database
            .collection(name)?
            .create_index(&kind.definition(), &write)
            .map(|_| 0),
        Step::DropIndex(name, kind) => database
            .collection(name)?
            .drop_index(&kind.name(), &write)
            .map(|()| 0),
        Step::Expire(seconds) => database.expire_documents_at(expiry(*seconds)),
        Step::Rename(from, to) => database.rename_collection(from, to, &write).map(|()| 0),
        Step::Transaction(steps, commits) => {
            let mut transaction = database.begin(&TransactionOptions::default())?;
            for step in steps {
                match do_inside(&mut transaction, step) {
                    Ok(_) => {}
                    // What the caller did wrong leaves the transaction as it was.
                    Err(error) if is_mistake(error.kind()) => {}
                    Err(error) => return Err(error),
                }
            }
            if *commits {
                transaction.commit(durability)?;
            } else {
                transaction.rollback()?;
            }
            Ok(0)
        }
        Step::Sync
        | Step::Checkpoint
        | Step::CheckpointDuring(_)
        | Step::Reopen
        | Step::Backup
        | Step::Compact
        | Step::Move(_) => {
            panic!("{step:?} is no commit")
        }
    }
}

/// Does one step inside a transaction.
fn do_inside(transaction: &mut Transaction, step: &Step) -> Result<u64> {
    match step {
        Step::Insert(name, document) => transaction.insert(name, &document.plain).map(|_| 1),
        Step::InsertMany(name, documents) => {
            let count = transaction.insert_many(name, &together(documents), &mut Vec::new())?;
            Ok(count as u64)
        }
        Step::InsertNew(name, fields) => transaction.insert(name, &encode_fields(fields)).map(|_| 1),
        Step::Put(name, document) => transaction.put(name, &document.plain).map(u64::from),
        Step::Replace(name, document) => transaction
            .replace(name, &document.id, &document.plain)
            .map(u64::from),
        Step::Delete(name, id) => transaction.delete(name, id).map(u64::from),
        Step::DeleteMatching(name, group) => transaction.delete_matching(name, group_filter(*group)?, None),
        Step::Update(name, id, edits) => {
            let outcome = transaction.update(name, id, &Update::compile(&encode_edits(edits))?)?;
            Ok(update_answer(outcome.matched_count, outcome.modified_count))
        }
        Step::UpdateMatching(name, group, edits) => {
            let update = Update::compile(&encode_edits(edits))?;
            let outcome = transaction.update_matching(name, group_filter(*group)?, &update, None)?;
            Ok(update_answer(outcome.matched_count, outcome.modified_count))
        }
        Step::Clear(name) => transaction.clear(name),
        Step::Create(name, ids) => transaction.create_collection(name, *ids).map(|()| 0),
        other => panic!("{other:?} is not for transactions"),
    }
}

fn is_mistake(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::DuplicateId | ErrorKind::DuplicateKey | ErrorKind::CollectionExists
    )
}

fn together(documents: &[Arc<Document>]) -> Vec<u8> {
    documents
        .iter()
        .flat_map(|document| document.plain.clone())
        .collect()
}
