//! From ids to documents, many at a time, as of one moment.
//!
//! The places of some ids are looked up together, so that the memory they wait for is fetched while the next one
//! is looked up; then the documents are read. Promises: the collection's lock is held while places are looked up,
//! not while documents are; a collection that is cleared, dropped or renamed meanwhile is read on as it was.
//! Leaves to others: where ids come from (entries.rs), what is done with documents (taker.rs).

use std::ops::ControlFlow;
use std::sync::Arc;

pub(super) use crate::collection::find_many::TOGETHER_MAX;
use crate::collection::find_many::{Places, fetch_documents, find_places};
use crate::collection::{Body, CollectionState};
use crate::error::Result;
use crate::format::intake::starts_with_id;
use crate::format::page::Sequence;
use crate::format::place::Place;
use crate::heap::read_document;
use crate::index::primary::{IndexRoot, PrimaryIndex};
use crate::pager::Pager;

/// Ids that room is made for at once, and the bytes of most.
const IDS_USUAL: usize = 16;
const ID_BYTES_USUAL: usize = 28;

/// Ids that wait to be looked up.
pub(super) struct IdQueue {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    at: usize,
}

impl IdQueue {
    /// An empty queue.
    pub fn new() -> IdQueue {
        IdQueue {
            bytes: Vec::new(),
            ends: Vec::new(),
            at: 0,
        }
    }

    /// Adds a canonical id.
    pub fn push(&mut self, id: &[u8]) {
        if self.ends.capacity() == 0 {
            self.ends.reserve(IDS_USUAL);
            self.bytes.reserve(IDS_USUAL * ID_BYTES_USUAL);
        }
        self.bytes.extend_from_slice(id);
        self.ends.push(self.bytes.len());
    }

    /// How many ids wait.
    pub fn len(&self) -> usize {
        self.ends.len() - self.at
    }

    /// The id that is `ahead` of the next one.
    fn get(&self, ahead: usize) -> Option<&[u8]> {
        let place = self.at + ahead;
        let end = *self.ends.get(place)?;
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..end)
    }

    fn pass(&mut self) {
        self.at += 1;
        if self.at == self.ends.len() {
            self.at = 0;
            self.bytes.clear();
            self.ends.clear();
        }
    }
}

/// The documents of a collection by their ids, as of one moment.
pub(super) struct Lookup {
    state: Arc<CollectionState>,
    /// The id index as of that moment.
    root: IndexRoot,
    at: Sequence,
    /// The id index read for this alone, once the collection's own one is gone.
    detached: Option<PrimaryIndex>,
    /// Hashes and places of the ids that are looked up together.
    places: Places,
    scratch: Vec<u8>,
}

impl Lookup {
    /// Reads `body`, which `state` has, as of `at`.
    pub fn new(state: &Arc<CollectionState>, body: &Body, at: Sequence) -> Lookup {
        Lookup {
            state: state.clone(),
            root: body.index.root_as_of(at),
            at,
            detached: None,
            places: Places::with_capacity(IDS_USUAL),
            scratch: Vec::new(),
        }
    }

    /// Hands the documents of waiting ids, `TOGETHER_MAX` at most, to `visit` until it breaks. Ids without a
    /// document are passed over.
    ///
    /// Errors: `CORRUPTED`, `IO`, `OUT_OF_MEMORY`, and those of `visit`; the document is passed then.
    pub fn read(
        &mut self,
        pager: &Pager,
        queue: &mut IdQueue,
        mut visit: impl FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let count = queue.len().min(TOGETHER_MAX);
        self.find_places(pager, queue, count)?;
        for ahead in 0..count {
            let place = self.places.get(ahead).and_then(|(_, place)| *place);
            // Passed first: ids that follow stay where a later call finds them.
            let visited = match (place, queue.get(0)) {
                (Some(place), Some(id)) => self.visit(pager, id, place, &mut visit),
                _ => Ok(ControlFlow::Continue(())),
            };
            queue.pass();
            if visited?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Looks up where the documents of the next `count` ids are, most likely.
    fn find_places(&mut self, pager: &Pager, queue: &IdQueue, count: usize) -> Result<()> {
        let mut places = std::mem::take(&mut self.places);
        let at = self.at;
        let found = self.with_index(pager, |index| {
            let ids = (0..count).map_while(|ahead| queue.get(ahead));
            find_places(pager, index, Some(at), ids, &mut places)
        });
        fetch_documents(pager, &places);
        self.places = places;
        found
    }

    /// Hands document `id` to `visit`, which is at `place` unless the hashes of two ids are alike.
    fn visit(
        &mut self,
        pager: &Pager,
        id: &[u8],
        place: Place,
        visit: &mut impl FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let at = self.at;
        let mut visited = read_document(pager, place, Some(at), &mut scratch, |document| {
            starts_with_id(document, id).then(|| visit(document))
        })
        .map(Option::flatten);
        if let Ok(None) = visited {
            visited = self
                .with_index(pager, |index| {
                    let hash = Body::hash_id(pager, id);
                    index.lookup(pager, hash, Some(at), |place| {
                        let is_it = read_document(pager, place, Some(at), &mut scratch, |document| {
                            starts_with_id(document, id)
                        })?;
                        Ok(is_it == Some(true))
                    })
                })
                .and_then(|place| match place {
                    Some(place) => {
                        read_document(pager, place, Some(at), &mut scratch, |document| visit(document))
                    }
                    None => Ok(None),
                });
        }
        self.scratch = scratch;
        visited?.unwrap_or(Ok(ControlFlow::Continue(())))
    }

    /// Lends the id index: the collection's, or one read from the pages of the moment where that is gone.
    fn with_index<R>(&mut self, pager: &Pager, work: impl FnOnce(&PrimaryIndex) -> Result<R>) -> Result<R> {
        if self.detached.is_none() {
            let content = self.state.content.read();
            if content.died <= self.at
                && let Some(body) = content.body_at(Some(self.at))
            {
                return work(&body.index);
            }
        }
        let index = match self.detached.take() {
            Some(index) => index,
            None => PrimaryIndex::read_as_of(pager, self.root, self.at)?,
        };
        work(self.detached.insert(index))
    }
}
