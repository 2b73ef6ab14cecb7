//! Pipelines over collections in memory, case by case as MongoDB's manual has them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use super::*;
use crate::error::ErrorKind;
use crate::format::id::IdBytes;
use crate::format::intake::Intake;
use crate::format::owned::Owned;
use crate::format::record::{StructureRegistry, Structures};
use crate::format::tree::{Tree, plain, tree};
use crate::query::Matcher;
use crate::query::expression::tests::NOW;

mod arranging;
mod groups;
mod joins;
mod outputs;
mod refusals;
mod stages;

/// A collection's structures and documents.
type Kept = (Arc<Structures>, Arc<Vec<Vec<u8>>>);

/// Collections in stored form with records, as a database has them.
#[derive(Clone, Default)]
pub(super) struct Shelf {
    collections: HashMap<String, Kept>,
    indexed: Vec<String>,
    /// What was opened: the collection, and how many documents its cursor was to give.
    opened: Arc<Mutex<Vec<String>>>,
}

struct Rows {
    structures: Arc<Structures>,
    documents: Vec<Vec<u8>>,
    at: usize,
}

impl Shelf {
    fn put(&mut self, name: &str, documents: &str) {
        let registry = StructureRegistry::new();
        let Tree::Array(list) = tree(documents) else {
            panic!("an array of documents");
        };
        let mut stored = Vec::new();
        for (number, document) in list.iter().enumerate() {
            let mut out = Vec::new();
            Intake::new(&registry, 1 << 24)
                .document(
                    &document.to_plain(),
                    &mut || Ok(IdBytes::from_integer(number as i64)),
                    &mut out,
                )
                .unwrap();
            stored.push(out);
        }
        self.collections
            .insert(name.to_owned(), (registry.snapshot(), Arc::new(stored)));
    }
}

impl Collections for Shelf {
    fn open(&self, name: &str, wanted: Wanted) -> Result<Box<dyn Documents>> {
        let (structures, all) = self.collections.get(name).cloned().unwrap_or_default();
        let mut documents = Vec::new();
        for document in all.iter() {
            let is_wanted = match &wanted.filter {
                Some(filter) => Matcher::new(filter, &structures).try_matches(document)?,
                None => true,
            };
            documents.extend(is_wanted.then(|| document.clone()));
        }
        if let Some(sort) = &wanted.sort {
            let key = |document: &Vec<u8>| {
                let mut key = Vec::new();
                sort.write_key(document, &structures, &mut key).unwrap();
                key
            };
            documents.sort_by_cached_key(key);
        }
        documents.drain(..documents.len().min(wanted.skip as usize));
        documents.truncate(wanted.limit.unwrap_or(u64::MAX) as usize);
        self.opened
            .lock()
            .unwrap()
            .push(format!("{name} {}", documents.len()));
        Ok(Box::new(Rows {
            structures,
            documents,
            at: 0,
        }))
    }

    fn is_indexed(&self, name: &str, path: &str) -> bool {
        self.indexed.contains(&format!("{name}.{path}"))
    }
}

impl Documents for Rows {
    /// Three documents a call, so that pipelines are left and entered again.
    fn visit(&mut self, _: bool, visit: &mut Visit<'_>) -> Result<bool> {
        let end = (self.at + 3).min(self.documents.len());
        while self.at < end {
            self.at += 1;
            let cursor = Cursor::new(&self.documents[self.at - 1], &self.structures);
            if visit(Document::Stored(cursor))? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(self.at < self.documents.len())
    }

    fn count(&mut self) -> Result<u64> {
        let left = self.documents.len() - self.at;
        self.at = self.documents.len();
        Ok(left as u64)
    }
}

pub(super) fn shelf(collections: &[(&str, &str)]) -> Shelf {
    let mut shelf = Shelf::default();
    for (name, documents) in collections {
        shelf.put(name, documents);
    }
    shelf
}

pub(super) fn compile(pipeline: &str) -> Result<Pipeline> {
    Pipeline::compile(&plain(pipeline))
}

/// The results of `pipeline` over collection `c`, taken `batch` documents at a time.
pub(super) fn run_in(shelf: &Shelf, pipeline: &str, batch: usize) -> Result<Vec<Owned>> {
    let pipeline = compile(pipeline)?;
    let mut execution = Execution::new(&pipeline, "c", Box::new(shelf.clone()), NOW);
    let mut results = Vec::new();
    loop {
        let mut taken = 0;
        let has_more = execution.advance(&mut |document| {
            results.push(document.into_owned()?);
            taken += 1;
            Ok(if taken == batch { Flow::Pause } else { Flow::More })
        })?;
        assert!(taken <= batch, "{taken} documents were given for {batch}");
        if !has_more {
            return Ok(results);
        }
    }
}

/// `documents` through `pipeline`, the same whatever the batches are.
pub(super) fn run(documents: &str, pipeline: &str) -> Result<Tree> {
    run_on(&shelf(&[("c", documents)]), pipeline)
}

pub(super) fn run_on(shelf: &Shelf, pipeline: &str) -> Result<Tree> {
    let whole = run_in(shelf, pipeline, usize::MAX);
    for batch in [1, 2] {
        match (&whole, run_in(shelf, pipeline, batch)) {
            (Ok(whole), Ok(parts)) => assert_eq!(whole, &parts, "{pipeline} in batches of {batch}"),
            (Err(whole), Err(part)) => assert_eq!(whole.message(), part.message()),
            (whole, part) => panic!("{whole:?} at once, {part:?} in batches of {batch}"),
        }
    }
    let mut bytes = Vec::new();
    Owned::Array(whole?).write(&mut bytes);
    Ok(Tree::from_normalised(&bytes))
}

/// Each case: documents, pipeline, results.
pub(super) fn check(cases: &[(&str, &str, &str)]) {
    for (documents, pipeline, wanted) in cases {
        let found = run(documents, pipeline).unwrap_or_else(|error| panic!("{pipeline}: {error}"));
        assert_eq!(found, tree(wanted), "{pipeline} over {documents}");
    }
}
