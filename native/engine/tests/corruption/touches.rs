//! Which calls read which pages: what a damaged page can touch.
//!
//! The engine reads a page of the data file when a call first needs it, and not before. A call that reads no damaged
//! byte does what it does on a sound file, so damage in a page is shown by the calls that read that page.
//! Promises: the pages of a call are those that it reads with nothing in memory but what opening read.
//! Leaves to others: the damage and the judgement (exhaustive.rs).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quire_engine::query::plan::Hint;
use quire_engine::{Database, Error, FindOptions, PAGE_BYTES, Result};

use crate::fixture::{Content, DATA, open_read_only};
use crate::image::{BLOCK_BYTES, Image};

/// A call that reads pages.
#[derive(Clone, Debug)]
pub enum Touch {
    /// Of the document with this id.
    Get(String, Vec<u8>),
    /// Of all entries of an index, and of their documents.
    Index(String, String),
    /// Of all documents of a collection.
    Scan(String),
    /// Of all pages.
    Check,
}

impl Touch {
    /// Makes the call. Returns the first damage that it reports.
    ///
    /// Errors: what stops the call.
    pub fn run(&self, database: &Database) -> Result<Option<Error>> {
        match self {
            Touch::Get(collection, id) => {
                let found = database.collection(collection)?.get(id, &mut Vec::new())?;
                assert!(found, "a document is gone");
            }
            Touch::Index(collection, name) => {
                read_all(database, collection, Hint::Name(name.as_str().into()))?
            }
            Touch::Scan(collection) => read_all(database, collection, Hint::Natural)?,
            Touch::Check => return Ok(database.check()?.problems.into_iter().next()),
        }
        Ok(None)
    }
}

fn read_all(database: &Database, collection: &str, hint: Hint) -> Result<()> {
    let options = FindOptions {
        hint: Some(hint),
        ..FindOptions::default()
    };
    let mut cursor = database.collection(collection)?.find(options)?;
    let mut out = Vec::new();
    while cursor.next_batch(&mut out, 1000, 1 << 20)? > 0 {
        out.clear();
    }
    Ok(())
}

/// What reads what.
pub struct Reads {
    /// Pages that opening reads.
    pub opening: BTreeSet<usize>,
    /// Blocks that opening, all calls and the check read.
    pub blocks: BTreeSet<usize>,
    /// For every other page that is read one call of each kind that reads it, the cheapest first.
    pub touches: BTreeMap<usize, Vec<Touch>>,
}

fn pages_of(blocks: &BTreeSet<usize>) -> BTreeSet<usize> {
    blocks
        .iter()
        .map(|block| block * BLOCK_BYTES / PAGE_BYTES)
        .collect()
}

/// Makes every call on the sound `image`, which holds `content`, each on a database of its own.
pub fn reads_of(image: &Image, content: &Content) -> Reads {
    let mut reads = Reads {
        opening: BTreeSet::new(),
        blocks: BTreeSet::new(),
        touches: BTreeMap::new(),
    };
    for touch in all_touches(image, content) {
        let image = image.fork();
        image.take_blocks_read(DATA);
        let database = open_read_only(Arc::new(image.clone())).unwrap();
        let opening = image.take_blocks_read(DATA);
        assert!(
            touch.run(&database).unwrap().is_none(),
            "{touch:?} of a sound file"
        );
        let blocks = image.take_blocks_read(DATA);
        reads.opening.extend(pages_of(&opening));
        for page in pages_of(&blocks).difference(&reads.opening) {
            let known = reads.touches.entry(*page).or_default();
            let is_new = known
                .iter()
                .all(|known| std::mem::discriminant(known) != std::mem::discriminant(&touch));
            // A check costs as much as everything else, and is a part of whole trials.
            let is_cheap = !matches!(touch, Touch::Check);
            if is_new && (is_cheap || known.is_empty()) {
                known.push(touch.clone());
            }
        }
        reads.blocks.extend(opening);
        reads.blocks.extend(blocks);
    }
    reads
}

/// Every call, the cheapest kind first.
fn all_touches(image: &Image, content: &Content) -> Vec<Touch> {
    let database = open_read_only(Arc::new(image.fork())).unwrap();
    let mut gets: Vec<Touch> = Vec::new();
    for (collection, id) in content.keys() {
        gets.push(Touch::Get(collection.clone(), id.clone()));
    }
    let (mut indexes, mut scans) = (Vec::new(), Vec::new());
    for info in database.collections().unwrap() {
        let collection = database.collection(&info.name).unwrap();
        for index in collection.indexes().unwrap().iter().skip(1) {
            let name = index.definition.name.to_string();
            indexes.push(Touch::Index(info.name.to_string(), name));
        }
        scans.push(Touch::Scan(info.name.to_string()));
    }
    [gets, indexes, scans, vec![Touch::Check]].concat()
}
