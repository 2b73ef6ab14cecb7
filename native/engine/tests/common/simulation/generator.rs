//! Random steps that fit the state they meet, so that most of them do something.
//!
//! Promises: the same stream of random numbers and the same state give the same step.

use std::sync::Arc;

use quire_engine::storage::simulated::Random;
use quire_engine::store::Room;
use quire_engine::{IdBytes, IdMode};

use super::indexes::Kind;
use super::twin::{Edit, Name, State, Step};
use super::value::{Document, Value, fields, filler, numbered_id};

const NAMES: [Name; 4] = ["a", "b", "counted", "spare"];

/// What a generator makes.
#[derive(Clone, Copy)]
pub struct Recipe {
    /// Ids are drawn from so many.
    pub ids: u64,
    /// Percent of documents that are larger than a page.
    pub large_percent: u64,
    /// Most documents of one batch.
    pub batch: u64,
    /// Percent of steps that are checkpoints, syncs or closes.
    pub upkeep_percent: u64,
    /// Percent of steps that make or drop indexes or let documents expire; with any, documents get dates.
    pub index_percent: u64,
}

impl Recipe {
    /// Small documents and few ids: many collisions.
    pub const SMALL: Recipe = Recipe {
        ids: 40,
        large_percent: 6,
        batch: 8,
        upkeep_percent: 12,
        index_percent: 0,
    };

    /// The next step for a database that holds `state`.
    pub fn step(&self, state: &State, random: &mut Random) -> Step {
        if random.happens(self.upkeep_percent) {
            return match random.below(12) {
                0 | 1 => Step::Sync,
                2..=4 => Step::Checkpoint,
                5 | 6 => Step::CheckpointDuring(vec![self.commit(state, random)]),
                7 => Step::Backup,
                8 => Step::Compact,
                9 => Step::Move(Room::Low),
                10 => Step::Move(Room::End),
                _ => Step::Reopen,
            };
        }
        self.commit(state, random)
    }

    /// A step that commits, or is refused.
    pub fn commit(&self, state: &State, random: &mut Random) -> Step {
        let index = random.below(4) as usize;
        let name = NAMES[index];
        if self.index_percent > 0 && random.happens(self.index_percent) {
            return index_step(name, state, random);
        }
        match random.below(100) {
            0..=3 => Step::Drop(name),
            4..=6 => Step::Rename(name, NAMES[(index + 1 + random.below(3) as usize) % 4]),
            7..=9 => Step::Create(
                name,
                if name == "counted" {
                    IdMode::Integer
                } else {
                    IdMode::Ulid
                },
            ),
            10..=11 => Step::Clear(name),
            12..=24 => {
                let steps = (0..1 + random.below(5))
                    .map(|_| self.write(NAMES[random.below(4) as usize], state, random));
                Step::Transaction(steps.collect(), random.happens(75))
            }
            _ => self.write(name, state, random),
        }
    }

    /// A write to `name` that may stand in a transaction as well.
    fn write(&self, name: Name, state: &State, random: &mut Random) -> Step {
        let counts = state.get(name).is_some_and(|twin| twin.ids == IdMode::Integer);
        match random.below(100) {
            0..=24 if counts => Step::InsertNew(name, self.fields(random)),
            0..=24 => Step::Insert(name, self.document(random)),
            25..=39 => {
                let documents = (0..random.below(self.batch)).map(|_| self.document(random));
                Step::InsertMany(name, documents.collect())
            }
            40..=54 => Step::Put(name, self.document(random)),
            55..=64 => {
                let id = self.id(name, state, random);
                Step::Replace(name, Arc::new(Document::new(id, self.fields(random))))
            }
            65..=76 => Step::Delete(name, self.id(name, state, random)),
            77..=79 => Step::DeleteMatching(name, random.happens(80).then(|| random.below(5) as i64)),
            80..=92 if self.index_percent > 0 && random.happens(30) => {
                let date = Edit::Set("at", Value::Date(random.below(100) as i64));
                Step::Update(name, self.id(name, state, random), vec![date])
            }
            80..=92 => Step::Update(name, self.id(name, state, random), edits(random)),
            _ => Step::UpdateMatching(
                name,
                random.happens(80).then(|| random.below(5) as i64),
                edits(random),
            ),
        }
    }

    fn document(&self, random: &mut Random) -> Arc<Document> {
        let id = numbered_id(random.below(self.ids));
        Arc::new(Document::new(id, self.fields(random)))
    }

    fn fields(&self, random: &mut Random) -> super::value::Fields {
        let bytes = match random.below(100) {
            percent if percent < self.large_percent => 3800 + random.below(30_000),
            0..=69 => random.below(120),
            _ => random.below(1500),
        };
        fields(bytes as usize, random)
    }

    /// An id that is there, mostly.
    fn id(&self, name: Name, state: &State, random: &mut Random) -> IdBytes {
        let ids = state
            .get(name)
            .map(|twin| &twin.documents)
            .filter(|_| random.happens(80));
        let index = random.below(ids.map_or(0, |ids| ids.len() as u64));
        ids.and_then(|ids| ids.keys().nth(index as usize).cloned())
            .unwrap_or_else(|| numbered_id(random.below(self.ids)))
    }
}

/// A step that has to do with indexes. One collection at most lets documents expire.
fn index_step(name: Name, state: &State, random: &mut Random) -> Step {
    let kind = Kind::ALL[random.below(Kind::ALL.len() as u64) as usize];
    let expires = state
        .0
        .values()
        .any(|twin| twin.indexes.contains(&Kind::Expiring));
    match random.below(10) {
        0..=5 if kind == Kind::Expiring && expires => Step::Expire(random.below(100) as i64),
        0..=5 => Step::CreateIndex(name, kind),
        6..=8 => Step::DropIndex(name, kind),
        _ => Step::Expire(random.below(100) as i64),
    }
}

fn edits(random: &mut Random) -> Vec<Edit> {
    let mut made = Vec::new();
    if random.happens(50) {
        made.push(Edit::Increment("n", random.below(1000) as i64 - 500));
    }
    if random.happens(50) {
        let bytes_max = if random.happens(10) { 9000 } else { 200 };
        let bytes = random.below(bytes_max);
        made.push(Edit::Set("t", Value::Text(filler(bytes as usize, random))));
    }
    if random.happens(30) {
        made.push(Edit::Set("x.a", Value::Int(random.below(200) as i64)));
    }
    if random.happens(20) {
        made.push(Edit::Set("late", Value::Float(0.5)));
        made.push(Edit::Set("added", Value::Nil));
    }
    if made.is_empty() || random.happens(20) {
        made.push(Edit::Unset(
            ["ok", "raw", "list", "x.b"][random.below(4) as usize],
        ));
    }
    let mut seen: Vec<&str> = Vec::new();
    made.retain(|edit| {
        let path = match edit {
            Edit::Set(path, _) | Edit::Unset(path) | Edit::Increment(path, _) => *path,
        };
        let is_new = !seen.contains(&path);
        seen.push(path);
        is_new
    });
    made
}
