//! Scripted workloads: each kind of operation by itself, and mixtures.

use std::sync::Arc;

use quire_engine::storage::simulated::Random;
use quire_engine::store::Room;
use quire_engine::{Durability, IdMode};

use super::campaign::Workload;
use super::generator::Recipe;
use super::indexes::Kind;
use super::twin::{Edit, Name, State, Step};
use super::value::{Document, Value, fields, numbered_id};

const MEGABYTE: u64 = 1 << 20;

/// Document `number` with about `bytes` bytes of text; its content depends on `version`.
pub fn document(number: u64, bytes: usize, version: u64) -> Arc<Document> {
    let mut random = Random::forked(number, version);
    Arc::new(Document::new(numbered_id(number), fields(bytes, &mut random)))
}

fn documents(numbers: std::ops::Range<u64>, bytes: usize) -> Vec<Arc<Document>> {
    numbers.map(|number| document(number, bytes, 0)).collect()
}

fn inserts(name: Name, numbers: std::ops::Range<u64>, bytes: usize) -> Vec<Step> {
    numbers
        .map(|number| Step::Insert(name, document(number, bytes, 0)))
        .collect()
}

fn workload(name: &'static str, steps: Vec<Step>) -> Workload {
    Workload {
        name,
        durability: Durability::Disk,
        cache_bytes: 8 * MEGABYTE,
        call_step: 1,
        steps,
    }
}

/// Commits that only the log has, each synced.
pub fn long_log() -> Workload {
    workload("long log", inserts("a", 0..40, 100))
}

/// One workload for every kind of operation.
pub fn single_kinds() -> Vec<Workload> {
    let base = |steps: Vec<Step>| {
        let mut all = vec![Step::InsertMany("a", documents(0..20, 150)), Step::Checkpoint];
        all.extend(steps);
        all
    };
    let edits = vec![
        Edit::Increment("n", 3),
        Edit::Set("x.a", Value::Text("changed".into())),
        Edit::Unset("t"),
    ];
    vec![
        workload("insert", inserts("a", 0..6, 100)),
        workload(
            "insert_many",
            vec![
                Step::InsertMany("a", documents(0..30, 200)),
                Step::InsertMany("a", documents(30..60, 600)),
            ],
        ),
        workload(
            "put",
            base(
                (0..4)
                    .map(|number| Step::Put("a", document(number * 7, 400, 1)))
                    .collect(),
            ),
        ),
        workload(
            "replace",
            base(
                (0..4)
                    .map(|number| Step::Replace("a", document(number * 7, 40, 1)))
                    .collect(),
            ),
        ),
        workload(
            "delete",
            base(
                (0..4)
                    .map(|number| Step::Delete("a", numbered_id(number * 5)))
                    .collect(),
            ),
        ),
        workload(
            "delete_matching",
            base(vec![
                Step::DeleteMatching("a", Some(1)),
                Step::Checkpoint,
                Step::DeleteMatching("a", None),
            ]),
        ),
        workload(
            "update",
            base(vec![
                Step::Update("a", numbered_id(3), edits.clone()),
                Step::UpdateMatching("a", Some(2), edits),
                Step::Checkpoint,
                Step::UpdateMatching("a", None, vec![Edit::Set("new", Value::Int(1))]),
            ]),
        ),
        workload(
            "clear",
            base(vec![
                Step::Clear("a"),
                Step::Insert("a", document(3, 50, 2)),
                Step::Checkpoint,
                Step::Clear("a"),
            ]),
        ),
        workload(
            "create_integer",
            vec![
                Step::Create("counted", IdMode::Integer),
                Step::InsertNew("counted", document(1, 30, 0).fields.clone()),
                Step::Checkpoint,
                Step::InsertNew("counted", document(2, 30, 0).fields.clone()),
                Step::Create("other", IdMode::Ulid),
            ],
        ),
        workload(
            "drop",
            base(vec![
                Step::Drop("a"),
                Step::Insert("a", document(4, 60, 1)),
                Step::Checkpoint,
                Step::Drop("a"),
                Step::Checkpoint,
            ]),
        ),
        workload(
            "rename",
            base(vec![
                Step::Rename("a", "b"),
                Step::Insert("a", document(4, 60, 1)),
                Step::Checkpoint,
                Step::Drop("b"),
                Step::Rename("a", "b"),
                Step::Insert("b", document(5, 60, 1)),
            ]),
        ),
        workload(
            "transaction",
            base(vec![
                Step::Transaction(
                    vec![
                        Step::Insert("a", document(50, 90, 0)),
                        Step::Delete("a", numbered_id(2)),
                        Step::InsertMany("b", documents(0..5, 900)),
                        Step::Put("c", document(1, 20, 0)),
                    ],
                    true,
                ),
                Step::Transaction(vec![Step::Clear("a"), Step::Clear("b")], false),
                Step::Checkpoint,
                Step::Transaction(
                    vec![Step::Clear("a"), Step::Insert("a", document(7, 90, 3))],
                    true,
                ),
            ]),
        ),
    ]
}

/// Mixtures: what only several operations together, or the upkeep between them, bring about.
pub fn mixtures() -> Vec<Workload> {
    vec![
        checkpoint_while_writing(),
        large_documents(),
        shrinking_file(),
        log_reuse(),
        log_growth(),
        closes(),
        small_cache(),
        indexes(),
        backups(),
        compactions(),
        levels(Durability::Process, "process level"),
        levels(Durability::Lazy, "lazy level"),
    ]
}

/// Commits come between the capture of a checkpoint and its writes.
fn checkpoint_while_writing() -> Workload {
    let mut steps = vec![Step::InsertMany("a", documents(0..25, 300)), Step::Checkpoint];
    for round in 0..3 {
        let at = 30 + round * 10;
        steps.push(Step::Put("a", document(round, 350, 1)));
        steps.push(Step::CheckpointDuring(vec![
            Step::Insert("a", document(at, 500, 0)),
            Step::Put("a", document(round + 1, 800, round)),
            Step::Delete("a", numbered_id(round + 5)),
            Step::Insert("b", document(at, 60, 0)),
        ]));
    }
    steps.push(Step::CheckpointDuring(vec![Step::Drop("b"), Step::Clear("a")]));
    steps.push(Step::Insert("a", document(1, 100, 9)));
    workload("checkpoint while writing", steps)
}

fn large_documents() -> Workload {
    let mut steps = vec![
        Step::Insert("a", document(1, 30_000, 0)),
        Step::InsertMany("a", documents(2..5, 9_000)),
        Step::Checkpoint,
        Step::Put("a", document(1, 100, 1)),
        Step::Put("a", document(2, 50_000, 1)),
        Step::Checkpoint,
    ];
    steps.extend((1..4).map(|number| Step::Delete("a", numbered_id(number))));
    steps.extend([
        Step::CheckpointDuring(vec![Step::Insert("a", document(9, 20_000, 0))]),
        Step::Update(
            "a",
            numbered_id(9),
            vec![Edit::Set("t", Value::Text("short".into()))],
        ),
        Step::Checkpoint,
    ]);
    workload("large documents", steps)
}

/// The file's end becomes free and is cut off, and grows again.
fn shrinking_file() -> Workload {
    let mut steps = Vec::new();
    for round in 0..2 {
        steps.push(Step::InsertMany("keep", documents(round * 5..round * 5 + 5, 200)));
        steps.push(Step::InsertMany("a", documents(0..30, 1500)));
        steps.push(Step::Checkpoint);
        steps.push(Step::Drop("a"));
        steps.push(Step::Checkpoint);
        steps.push(Step::Insert("keep", document(90 + round, 200, 0)));
        steps.push(Step::Checkpoint);
    }
    workload("shrinking file", steps)
}

/// Every checkpoint switches the log; the third generation is written over the first.
fn log_reuse() -> Workload {
    let mut steps = Vec::new();
    for round in 0..7 {
        // Frames of different lengths, so that old frames do not end where new ones do.
        for number in 0..1 + round % 3 {
            steps.push(Step::Put(
                "a",
                document(number, 100 + (round * 211 % 500) as usize, round),
            ));
        }
        steps.push(Step::Checkpoint);
    }
    steps.push(Step::Insert("a", document(50, 40, 0)));
    steps.push(Step::Delete("a", numbered_id(1)));
    workload("log reuse", steps)
}

/// Commits that do not fit the room that the log has.
fn log_growth() -> Workload {
    let steps = vec![
        Step::Insert("a", document(1, 100, 0)),
        Step::InsertMany("a", documents(2..40, 900)),
        Step::Insert("a", document(41, 100, 0)),
        Step::InsertMany("a", documents(50..120, 900)),
        Step::Put("a", document(1, 70_000, 1)),
        Step::Delete("a", numbered_id(50)),
    ];
    workload("log growth", steps)
}

fn closes() -> Workload {
    let mut steps = vec![Step::Reopen];
    for round in 0..3 {
        steps.push(Step::InsertMany("a", documents(round * 10..round * 10 + 6, 300)));
        steps.push(Step::Put("a", document(0, 100, round)));
        steps.push(Step::Reopen);
    }
    steps.extend([
        Step::Drop("a"),
        Step::Reopen,
        Step::Insert("b", document(1, 30, 0)),
    ]);
    workload("closes", steps)
}

/// Indexes come, are kept through every kind of write, and go.
fn indexes() -> Workload {
    let expires = |number| Step::Update("a", numbered_id(number), vec![Edit::Set("at", Value::Date(5))]);
    let steps = vec![
        Step::CreateIndex("a", Kind::Group),
        Step::InsertMany("a", documents(0..30, 150)),
        Step::CreateIndex("a", Kind::List),
        Step::Put("a", document(3, 90, 1)),
        Step::Delete("a", numbered_id(4)),
        Step::Checkpoint,
        Step::CreateIndex("a", Kind::Compound),
        Step::CreateIndex("a", Kind::Unique),
        Step::Put("a", document(5, 90, 1)),
        Step::UpdateMatching("a", Some(1), vec![Edit::Set("g", Value::Int(2))]),
        Step::CreateIndex("a", Kind::Partial),
        Step::CheckpointDuring(vec![
            Step::Put("a", document(6, 700, 1)),
            Step::DropIndex("a", Kind::Group),
            Step::CreateIndex("a", Kind::Expiring),
            Step::Delete("a", numbered_id(8)),
        ]),
        expires(1),
        expires(2),
        Step::Expire(5),
        Step::Reopen,
        Step::Transaction(
            vec![
                Step::Insert("a", document(60, 20, 0)),
                // Its number is taken.
                Step::Insert("a", document(61, 20, 0)),
                Step::Put("a", document(9, 50, 2)),
            ],
            true,
        ),
        Step::Rename("a", "b"),
        Step::Clear("b"),
        Step::InsertMany("b", documents(10..20, 60)),
        Step::Checkpoint,
        Step::DropIndex("b", Kind::Compound),
        Step::Drop("b"),
        Step::CreateIndex("b", Kind::Unique),
    ];
    workload("indexes", steps)
}

/// Backups of a database without documents, with free pages and a free tail, of what no checkpoint has written yet,
/// and while one is under way.
fn backups() -> Workload {
    let steps = vec![
        Step::Backup,
        Step::InsertMany("a", documents(0..20, 400)),
        Step::Insert("a", document(50, 9_000, 0)),
        Step::CreateIndex("a", Kind::Group),
        Step::InsertMany("b", documents(0..20, 900)),
        Step::Checkpoint,
        Step::Put("a", document(3, 600, 1)),
        Step::Drop("b"),
        Step::Backup,
        Step::CheckpointDuring(vec![
            Step::Put("a", document(4, 700, 1)),
            Step::Backup,
            Step::Delete("a", numbered_id(50)),
        ]),
        Step::DeleteMatching("a", Some(1)),
        Step::Backup,
        Step::Reopen,
        Step::Backup,
        Step::Insert("a", document(60, 50, 0)),
    ];
    workload("backups", steps)
}

/// Compactions of what is sparse, of what stands behind free pages, of large documents and of indexes, on a file that
/// has all of it and on one that has not.
fn compactions() -> Workload {
    let steps = vec![
        Step::InsertMany("spare", documents(0..30, 1500)),
        Step::InsertMany("a", documents(0..60, 500)),
        Step::CreateIndex("a", Kind::Group),
        Step::CreateIndex("a", Kind::List),
        Step::Insert("a", document(70, 20_000, 0)),
        Step::Checkpoint,
        Step::DeleteMatching("a", Some(1)),
        Step::DeleteMatching("a", Some(2)),
        Step::DeleteMatching("a", Some(3)),
        Step::Compact,
        Step::Put("a", document(3, 300, 1)),
        Step::Drop("spare"),
        Step::Compact,
        Step::Delete("a", numbered_id(70)),
        Step::InsertMany("b", documents(0..40, 700)),
        Step::CheckpointDuring(vec![Step::DeleteMatching("b", None)]),
        Step::Compact,
        Step::Reopen,
        Step::Move(Room::End),
        Step::Put("a", document(8, 900, 2)),
        Step::Compact,
        Step::Backup,
        Step::Insert("b", document(1, 60, 0)),
    ];
    workload("compactions", steps)
}

/// Changed pages fill the page memory: the engine makes checkpoints of its own.
fn small_cache() -> Workload {
    let mut steps = Vec::new();
    for round in 0..3u64 {
        steps.push(Step::InsertMany(
            "a",
            documents(round * 160..round * 160 + 160, 3_000),
        ));
    }
    steps.push(Step::DeleteMatching("a", Some(1)));
    steps.push(Step::UpdateMatching("a", Some(2), vec![Edit::Increment("n", 1)]));
    Workload {
        cache_bytes: MEGABYTE,
        call_step: 17,
        ..workload("small cache", steps)
    }
}

/// Everything a little, at a level that acknowledges before the disk has it.
fn levels(durability: Durability, name: &'static str) -> Workload {
    let mut steps = vec![
        Step::InsertMany("a", documents(0..10, 200)),
        Step::Put("a", document(3, 3000, 1)),
        Step::Sync,
        Step::Delete("a", numbered_id(4)),
        Step::Insert("b", document(1, 100, 0)),
        Step::CheckpointDuring(vec![
            Step::Put("a", document(5, 700, 1)),
            Step::Sync,
            Step::Clear("b"),
        ]),
        Step::Rename("b", "c"),
        Step::Transaction(
            vec![
                Step::Put("c", document(2, 90, 0)),
                Step::DeleteMatching("a", Some(0)),
            ],
            true,
        ),
        Step::Checkpoint,
        Step::Drop("c"),
    ];
    steps.extend((20..26).map(|number| Step::Insert("a", document(number, 600, 0))));
    steps.extend([Step::Sync, Step::Put("a", document(20, 60, 1)), Step::Reopen]);
    steps.extend((0..3).map(|number| Step::Put("a", document(number, 50, 2))));
    Workload {
        durability,
        ..workload(name, steps)
    }
}

/// A random mixture.
pub fn random(seed: u64) -> Workload {
    let mut random = Random::forked(seed, 4);
    let mut state = State::default();
    let levels = [
        Durability::Disk,
        Durability::Disk,
        Durability::Process,
        Durability::Lazy,
    ];
    let recipe = Recipe {
        upkeep_percent: 25,
        // Every other one has indexes.
        index_percent: if seed.is_multiple_of(2) { 15 } else { 0 },
        ..Recipe::SMALL
    };
    let mut steps = Vec::new();
    for _ in 0..12 + random.below(12) {
        let step = recipe.step(&state, &mut random);
        if let Step::CheckpointDuring(inner) = &step {
            for step in inner {
                let _ = state.apply(step);
            }
        } else {
            let _ = state.apply(&step);
        }
        steps.push(step);
    }
    Workload {
        durability: levels[random.below(4) as usize],
        ..workload("random", steps)
    }
}
