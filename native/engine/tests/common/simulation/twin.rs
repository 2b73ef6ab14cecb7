//! The twin: what a database must hold, kept in plain maps, and the steps that change both.
//!
//! Promises: a step on the twin gives the state after it, or the kind of error that the engine must give; states
//! share what they have in common, so that one is kept for every commit.
//! Leaves to others: doing the same steps on a database (session.rs).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quire_engine::store::Room;
use quire_engine::{ErrorKind, IdBytes, IdMode};

use super::indexes::Kind;
use super::value::{Document, Fields, Value, id_of};

/// A name of a collection.
pub type Name = &'static str;

/// What one `update` does to the documents it meets.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// `$set` of a field, or of one in a map as in "x.a".
    Set(&'static str, Value),
    /// `$unset`.
    Unset(&'static str),
    /// `$inc` of an integer.
    Increment(&'static str, i64),
}

/// Something that a program does with a database.
#[derive(Clone, Debug)]
pub enum Step {
    Insert(Name, Arc<Document>),
    InsertMany(Name, Vec<Arc<Document>>),
    /// A document without `_id`, into a collection that counts.
    InsertNew(Name, Fields),
    Put(Name, Arc<Document>),
    Replace(Name, Arc<Document>),
    Delete(Name, IdBytes),
    /// Of a group; of all documents for `None`.
    DeleteMatching(Name, Option<i64>),
    Update(Name, IdBytes, Vec<Edit>),
    UpdateMatching(Name, Option<i64>, Vec<Edit>),
    Clear(Name),
    Create(Name, IdMode),
    Drop(Name),
    Rename(Name, Name),
    CreateIndex(Name, Kind),
    DropIndex(Name, Kind),
    /// Documents of this date and before expire; one collection at most has such an index.
    Expire(i64),
    /// Steps that are one commit, or none where the flag is false.
    Transaction(Vec<Step>, bool),
    Sync,
    Checkpoint,
    /// A checkpoint, and what is committed while it runs.
    CheckpointDuring(Vec<Step>),
    /// A clean close and an open.
    Reopen,
    /// A backup to a file of its own.
    Backup,
    /// A compaction, which changes nothing that the twin has.
    Compact,
    /// Every collection goes to new pages there.
    Move(Room),
}

/// A collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Twin {
    pub ids: IdMode,
    pub next_integer: i64,
    pub documents: BTreeMap<IdBytes, Arc<Document>>,
    pub indexes: BTreeSet<Kind>,
}

/// All collections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State(pub BTreeMap<String, Arc<Twin>>);

/// What a step answers: a count, the same as the engine's answer in `session.rs`.
pub type Answer = Result<u64, ErrorKind>;

/// How many matched and how many changed, as one number.
pub fn update_answer(matched: u64, modified: u64) -> u64 {
    matched << 32 | modified
}

impl State {
    /// Does `step`. On an error nothing is changed.
    pub fn apply(&mut self, step: &Step) -> Answer {
        let mut after = self.clone();
        let answer = after.apply_freely(step)?;
        if after.0.values().any(|twin| twin.has_duplicate_keys()) {
            return Err(ErrorKind::DuplicateKey);
        }
        *self = after;
        Ok(answer)
    }

    /// Does `step` as if there were no unique indexes.
    fn apply_freely(&mut self, step: &Step) -> Answer {
        match step {
            Step::CreateIndex(name, kind) => {
                self.twin(name).indexes.insert(*kind);
                Ok(0)
            }
            Step::DropIndex(name, kind) => match self.get(name) {
                None => Err(ErrorKind::CollectionNotFound),
                Some(twin) if !twin.indexes.contains(kind) => Err(ErrorKind::IndexNotFound),
                Some(_) => {
                    self.twin(name).indexes.remove(kind);
                    Ok(0)
                }
            },
            Step::Expire(seconds) => {
                let names: Vec<String> = self.0.keys().cloned().collect();
                let mut count = 0;
                for name in names {
                    for id in self
                        .get(&name)
                        .map_or_else(Vec::new, |twin| twin.expired(*seconds))
                    {
                        self.twin(&name).documents.remove(&id);
                        count += 1;
                    }
                }
                Ok(count)
            }
            Step::Insert(name, document) => self.insert(name, std::slice::from_ref(document)),
            Step::InsertMany(name, documents) => self.insert(name, documents),
            Step::InsertNew(name, fields) => {
                let number = self.0.get(*name).map_or(1, |twin| twin.next_integer);
                let document = Document::new(id_of(&Value::Int(number)), fields.clone());
                self.insert(name, &[Arc::new(document)])
            }
            Step::Put(name, document) => {
                let twin = self.twin(name);
                twin.note(&document.id);
                let before = twin.documents.insert(document.id.clone(), document.clone());
                Ok(u64::from(before.is_some()))
            }
            Step::Replace(name, document) => {
                let is_there = self
                    .get(name)
                    .is_some_and(|twin| twin.documents.contains_key(&document.id));
                if is_there {
                    self.apply(&Step::Put(name, document.clone()))?;
                }
                Ok(u64::from(is_there))
            }
            Step::Delete(name, id) => {
                let is_there = self.get(name).is_some_and(|twin| twin.documents.contains_key(id));
                if is_there {
                    self.twin(name).documents.remove(id);
                }
                Ok(u64::from(is_there))
            }
            Step::DeleteMatching(name, group) => {
                let ids = self.matching(name, *group);
                for id in &ids {
                    self.twin(name).documents.remove(id);
                }
                Ok(ids.len() as u64)
            }
            Step::Update(name, id, edits) => {
                let is_there = self.get(name).is_some_and(|twin| twin.documents.contains_key(id));
                let ids = if is_there { vec![id.clone()] } else { Vec::new() };
                Ok(self.update(name, &ids, edits))
            }
            Step::UpdateMatching(name, group, edits) => {
                let ids = self.matching(name, *group);
                Ok(self.update(name, &ids, edits))
            }
            Step::Clear(name) => {
                let count = self.get(name).map_or(0, |twin| twin.documents.len() as u64);
                if count > 0 {
                    self.twin(name).documents.clear();
                }
                Ok(count)
            }
            Step::Create(name, ids) => {
                if self.0.contains_key(*name) {
                    return Err(ErrorKind::CollectionExists);
                }
                self.twin(name).ids = *ids;
                Ok(0)
            }
            Step::Drop(name) => Ok(u64::from(self.0.remove(*name).is_some())),
            Step::Rename(from, to) => {
                if !self.0.contains_key(*from) {
                    return Err(ErrorKind::CollectionNotFound);
                }
                if self.0.contains_key(*to) {
                    return Err(ErrorKind::CollectionExists);
                }
                let twin = self.0.remove(*from);
                self.0.extend(twin.map(|twin| ((*to).to_owned(), twin)));
                Ok(0)
            }
            Step::Transaction(steps, commits) => {
                if *commits {
                    self.transact(steps);
                }
                Ok(0)
            }
            Step::Sync
            | Step::Checkpoint
            | Step::CheckpointDuring(_)
            | Step::Reopen
            | Step::Backup
            | Step::Compact
            | Step::Move(_) => Ok(0),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Twin> {
        self.0.get(name).map(|twin| &**twin)
    }

    fn twin(&mut self, name: &str) -> &mut Twin {
        let twin = self
            .0
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Twin::empty()));
        Arc::make_mut(twin)
    }

    fn insert(&mut self, name: &str, documents: &[Arc<Document>]) -> Answer {
        let known = self.get(name);
        for (index, document) in documents.iter().enumerate() {
            let is_taken = known.is_some_and(|twin| twin.documents.contains_key(&document.id))
                || documents[..index].iter().any(|earlier| earlier.id == document.id);
            if is_taken {
                return Err(ErrorKind::DuplicateId);
            }
        }
        if documents.is_empty() {
            return Ok(0);
        }
        let twin = self.twin(name);
        for document in documents {
            twin.note(&document.id);
            twin.documents.insert(document.id.clone(), document.clone());
        }
        Ok(documents.len() as u64)
    }

    /// Ids of the documents whose "g" is `group`.
    fn matching(&self, name: &str, group: Option<i64>) -> Vec<IdBytes> {
        let documents = self
            .get(name)
            .into_iter()
            .flat_map(|twin| twin.documents.values());
        documents
            .filter(|document| group.is_none_or(|group| document.field("g") == Some(&Value::Int(group))))
            .map(|document| document.id.clone())
            .collect()
    }

    fn update(&mut self, name: &str, ids: &[IdBytes], edits: &[Edit]) -> u64 {
        let mut modified = 0;
        for id in ids {
            let updated = self.get(name).and_then(|twin| twin.documents[id].edited(edits));
            if let Some(updated) = updated {
                modified += 1;
                self.twin(name).documents.insert(id.clone(), Arc::new(updated));
            }
        }
        update_answer(ids.len() as u64, modified)
    }

    /// Does the steps of a transaction; those that fail leave it as it was.
    fn transact(&mut self, steps: &[Step]) {
        let mut inside = self.clone();
        for step in steps {
            let mut next = inside.clone();
            if next.apply(step).is_ok() {
                inside = next;
            }
        }
        // A collection comes to exist only by a document or by being created.
        let was_there = |name: &String| self.0.contains_key(name);
        let is_created = |name: &String| {
            steps
                .iter()
                .any(|step| matches!(step, Step::Create(made, _) if *made == name.as_str()))
        };
        inside
            .0
            .retain(|name, twin| was_there(name) || is_created(name) || !twin.documents.is_empty());
        // Ids that the transaction itself removed again were never seen by anybody: they count for nothing.
        for (name, twin) in &mut inside.0 {
            let twin = Arc::make_mut(twin);
            twin.next_integer = self.get(name).map_or(1, |before| before.next_integer);
            let ids: Vec<IdBytes> = twin.documents.keys().cloned().collect();
            ids.iter().for_each(|id| twin.note(id));
        }
        *self = inside;
    }
}

impl Twin {
    /// A collection without documents.
    pub fn empty() -> Twin {
        Twin {
            ids: IdMode::Ulid,
            next_integer: 1,
            documents: BTreeMap::new(),
            indexes: BTreeSet::new(),
        }
    }

    /// Keeps the next integer above every integer id used.
    fn note(&mut self, id: &IdBytes) {
        if self.ids == IdMode::Integer
            && let Some(number) = quire_engine::collection::integer_of(id)
        {
            self.next_integer = self.next_integer.max(number.saturating_add(1));
        }
    }
}

impl Document {
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The document after `edits`; `None` where that is the same.
    fn edited(&self, edits: &[Edit]) -> Option<Document> {
        let mut fields = self.fields.clone();
        let old_count = fields.len();
        for edit in edits {
            edit.apply(&mut fields);
        }
        // New fields come last, in the order of their names.
        let old: Vec<&String> = self.fields.iter().map(|(name, _)| name).collect();
        let (kept, mut new): (Fields, Fields) = fields.into_iter().partition(|(name, _)| old.contains(&name));
        debug_assert!(kept.len() <= old_count);
        new.sort_by(|one, two| one.0.cmp(&two.0));
        let updated = Document::new(self.id.clone(), kept.into_iter().chain(new).collect());
        (updated.plain != self.plain).then_some(updated)
    }
}

impl Edit {
    fn apply(&self, fields: &mut Fields) {
        let path = match self {
            Edit::Set(path, _) | Edit::Unset(path) | Edit::Increment(path, _) => path,
        };
        match path.split_once('.') {
            None => self.apply_here(path, fields),
            Some((outer, inner)) => {
                let is_there = fields.iter().any(|(name, _)| name == outer);
                if !is_there && matches!(self, Edit::Unset(_)) {
                    return;
                }
                if !is_there {
                    fields.push((outer.to_owned(), Value::Map(Vec::new())));
                }
                for (name, value) in fields {
                    if let Value::Map(below) = value
                        && name == outer
                    {
                        self.apply_here(inner, below);
                    }
                }
            }
        }
    }

    fn apply_here(&self, name: &str, fields: &mut Fields) {
        let index = fields.iter().position(|(key, _)| key == name);
        let new = match (self, index) {
            (Edit::Unset(_), None) => return,
            (Edit::Unset(_), Some(index)) => {
                fields.remove(index);
                return;
            }
            (Edit::Set(_, value), _) => value.clone(),
            (Edit::Increment(_, by), None) => Value::Int(*by),
            (Edit::Increment(_, by), Some(index)) => match &fields[index].1 {
                Value::Int(number) => Value::Int(number + by),
                other => panic!("the twin increments integers only, not {other:?}"),
            },
        };
        match index {
            Some(index) => fields[index].1 = new,
            None => fields.push((name.to_owned(), new)),
        }
    }
}

/// The bytes of an update that does `edits`.
pub fn encode_edits(edits: &[Edit]) -> Vec<u8> {
    let mut operators: BTreeMap<&str, Fields> = BTreeMap::new();
    for edit in edits {
        let (operator, path, value) = match edit {
            Edit::Set(path, value) => ("$set", path, value.clone()),
            Edit::Unset(path) => ("$unset", path, Value::Bool(true)),
            Edit::Increment(path, by) => ("$inc", path, Value::Int(*by)),
        };
        operators
            .entry(operator)
            .or_default()
            .push(((*path).to_owned(), value));
    }
    let mut bytes = Vec::new();
    let operators = operators
        .into_iter()
        .map(|(operator, fields)| (operator.to_owned(), Value::Map(fields)));
    Value::Map(operators.collect()).encode(&mut bytes);
    bytes
}
