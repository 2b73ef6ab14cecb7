//! Which collections the log's generations began with, so that history read from the log can be understood: the log
//! names collections by numbers, and its documents use structures that may have come before it.
//!
//! Promises: kept for as many generations as files; costs time in proportion to the number of collections, once a
//! checkpoint. Leaves to others: reading (wal/history.rs), what follows in the log itself (watch/history.rs).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::Result;
use crate::format::page::{CollectionId, Sequence};
use crate::format::record::StructureRegistry;
use crate::store::Store;
use crate::wal::History;

/// Generations that are remembered: the log has two files.
const CHAPTERS_MAX: usize = 2;

/// A collection at the beginning of a generation.
#[derive(Clone)]
pub struct Known {
    /// Its name.
    pub name: Arc<str>,
    /// Its structures; they only get more.
    pub structures: Arc<StructureRegistry>,
}

/// Collections by their numbers.
pub type Names = HashMap<CollectionId, Known>;

/// The beginnings of the generations that files may still hold.
#[derive(Default)]
pub(super) struct Chronicle {
    chapters: Mutex<VecDeque<Chapter>>,
}

struct Chapter {
    /// `None`: the first one after opening, whose number is not known before the first commit.
    generation: Option<u64>,
    names: Arc<Names>,
}

impl Store {
    /// Notes that `generation` begins with the collections as they are now. The caller keeps commits out.
    pub(super) fn begin_chapter(&self, generation: Option<u64>) {
        let mut names = Names::new();
        for state in self.collections() {
            let content = state.content.read();
            if let Some(body) = &content.body {
                let known = Known {
                    name: content.name.clone(),
                    structures: content.structures.clone(),
                };
                names.insert(body.id, known);
            }
        }
        let mut chapters = self.chronicle.chapters.lock();
        if chapters.len() == CHAPTERS_MAX {
            chapters.pop_front();
        }
        let names = Arc::new(names);
        chapters.push_back(Chapter { generation, names });
    }

    /// The log's commits from the beginning of the generation that holds commit `from`, and the collections that it
    /// began with; `None` where no log has that.
    ///
    /// Errors: `POISONED`, `IO`, `DISK_FULL`.
    pub fn log_history(&self, from: Sequence) -> Result<Option<(History, Names)>> {
        let Some(log) = &self.log else {
            return Ok(None);
        };
        let Some(history) = log.history(from)? else {
            return Ok(None);
        };
        let chapters = self.chronicle.chapters.lock();
        let chapter = chapters.iter().rev().find(|chapter| {
            chapter
                .generation
                .is_none_or(|number| number == history.generation())
        });
        Ok(chapter.map(|chapter| (history, (*chapter.names).clone())))
    }
}
