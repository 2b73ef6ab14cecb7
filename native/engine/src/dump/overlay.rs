//! What the log says that pages may not hold yet: the last word of each document that its commits touched.
//!
//! Rules. A commit hides what pages say where the page was last changed before it. A page that was changed at
//! the commit or later holds its outcome, so there the page counts. So it does no harm to read commits that the
//! data file has already, as happens where the header is lost.
//!
//! Promises: a document of the log is kept until a page that is newer is met, and handed out once.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::dump::collections::Collections;
use crate::dump::source::Source;
use crate::error::{Error, Result};
use crate::format::index_definition::IndexDefinition;
use crate::format::intake::document_id;
use crate::format::operation::{Operation, Operations};
use crate::format::page::{CollectionId, Sequence};
use crate::format::record::Structure;
use crate::storage::Storage;
use crate::wal;

/// The last word of a commit on one document; `None` is its removal.
type Word = (Sequence, Option<Box<[u8]>>);

/// What the log says of one collection.
#[derive(Default)]
pub(super) struct Logged {
    /// The last commit that removed every document.
    emptied: Sequence,
    /// Whether the collection was dropped.
    pub(super) is_dropped: bool,
    /// By canonical id.
    documents: HashMap<Box<[u8]>, Word>,
}

/// What the log says.
#[derive(Default)]
pub(super) struct Overlay {
    by_id: BTreeMap<CollectionId, Logged>,
}

impl Logged {
    /// Whether a document that a page changed last by `stamp` holds is not the current one. Where it is, it takes
    /// the place of what the log says.
    pub(super) fn hides(&mut self, id: &[u8], stamp: Sequence) -> bool {
        if stamp < self.emptied {
            return true;
        }
        match self.documents.get(id) {
            Some((sequence, _)) if stamp < *sequence => true,
            Some(_) => {
                self.documents.remove(id);
                false
            }
            None => false,
        }
    }

    /// The documents in the order of their commits, as far as no page took their place.
    pub(super) fn into_documents(self) -> Vec<Box<[u8]>> {
        let mut words: Vec<Word> = self.documents.into_values().collect();
        words.sort_unstable();
        words.into_iter().filter_map(|(_, document)| document).collect()
    }

    fn empty(&mut self, sequence: Sequence) {
        self.documents.clear();
        self.emptied = sequence;
    }
}

impl Overlay {
    /// Reads the log of the database at `path`, and adds collections, names and structures to `collections`.
    /// Returns what is wrong with the log.
    pub(super) fn read(
        &mut self,
        storage: &dyn Storage,
        path: &Path,
        source: &Source,
        collections: &mut Collections,
    ) -> Vec<Error> {
        let mut problems = Vec::new();
        let visit = |sequence: Sequence, payload: &[u8]| {
            let mut operations = Operations::new(payload);
            while let Some(operation) = operations.take_next()? {
                // A structure or document that cannot be read costs itself alone.
                if let Err(error) = self.note(sequence, operation, collections) {
                    problems.push(error);
                }
            }
            Ok(())
        };
        let damage = wal::salvage(storage, path, source.file_id, source.sequence(), visit);
        problems.extend(damage);
        if let Some(header) = &source.header {
            problems.extend(wal::refuse_missing(storage, path, header).err());
        }
        problems
    }

    /// Collections that the log tells of.
    pub(super) fn owners(&self) -> impl Iterator<Item = CollectionId> + '_ {
        self.by_id.keys().copied()
    }

    /// Whether the log says that a collection was dropped.
    pub(super) fn is_dropped(&self, id: CollectionId) -> bool {
        self.by_id.get(&id).is_some_and(|logged| logged.is_dropped)
    }

    /// What the log says of a collection.
    pub(super) fn take(&mut self, id: CollectionId) -> Logged {
        self.by_id.remove(&id).unwrap_or_default()
    }

    fn logged(&mut self, id: CollectionId) -> &mut Logged {
        self.by_id.entry(id).or_default()
    }

    fn note(
        &mut self,
        sequence: Sequence,
        operation: Operation<'_>,
        collections: &mut Collections,
    ) -> Result<()> {
        match operation {
            Operation::Insert(id, document) | Operation::Replace(id, document) => {
                let word = (sequence, Some(document.into()));
                self.logged(id)
                    .documents
                    .insert(document_id(document)?.into(), word);
            }
            Operation::Delete(id, key) => {
                self.logged(id).documents.insert(key.into(), (sequence, None));
            }
            Operation::Create(id, _, name) | Operation::Rename(id, name) => {
                name.clone_into(&mut collections.entry(id).name);
            }
            Operation::Clear(id) => self.logged(id).empty(sequence),
            Operation::Drop(id) => {
                let logged = self.logged(id);
                logged.empty(sequence);
                logged.is_dropped = true;
            }
            Operation::Structure(id, number, encoded) => {
                let (structure, _) = Structure::decode(encoded)?;
                let structures = &collections.entry(id).structures;
                structures.restore(number.into(), structure)?;
            }
            Operation::CreateIndex(id, definition) => {
                let definition = IndexDefinition::decode(definition)?;
                let indexes = &mut collections.entry(id).indexes;
                indexes.retain(|index| index.name != definition.name);
                indexes.push(definition);
            }
            Operation::DropIndex(id, name) => {
                let indexes = &mut collections.entry(id).indexes;
                indexes.retain(|index| *index.name != *name);
            }
        }
        Ok(())
    }
}
