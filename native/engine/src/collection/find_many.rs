//! Many documents by their ids at once, so that waits for memory overlap.
//!
//! A cold document is three waits after each other: for the line of the id index, for the slot, for the bytes. Here each
//! is asked for while those of the other ids are under way. Promises: what is found is what `Body::find` finds.
//! Leaves to others: the ids that indexes name (transaction/cursor/lookup.rs).

use crate::collection::Body;
use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::intake::starts_with_id;
use crate::format::page::Sequence;
use crate::format::place::Place;
use crate::heap::{prefetch_record, prefetch_slot, read_document};
use crate::index::primary::PrimaryIndex;
use crate::pager::Pager;

/// Ids that are looked up together: more would push each other out of the processor's nearest cache.
pub const TOGETHER_MAX: usize = 64;

/// Hashes of ids, and where their documents are.
pub type Places = Vec<(u64, Option<Place>)>;

impl Body {
    /// Hands the current stored form of each document to `visit`, with the place of its id among `ids`, in their order;
    /// ids without a document are passed over. `visit` runs while the document's page is latched: it must not write.
    ///
    /// Errors: `CORRUPTED`, `IO`, `OUT_OF_MEMORY`.
    pub fn find_many(
        &self,
        pager: &Pager,
        ids: &[IdBytes],
        mut visit: impl FnMut(usize, &[u8]),
    ) -> Result<()> {
        let mut scratch = Vec::new();
        let mut places = Places::with_capacity(ids.len().min(TOGETHER_MAX));
        for (batch, ids) in ids.chunks(TOGETHER_MAX).enumerate() {
            find_places(pager, &self.index, None, ids.iter().map(|id| &**id), &mut places)?;
            fetch_documents(pager, &places);
            for (number, (id, (hash, place))) in ids.iter().zip(&places).enumerate() {
                let number = batch * TOGETHER_MAX + number;
                let Some(place) = place else { continue };
                let is_it = read_document(pager, *place, None, &mut scratch, |document| {
                    let is_it = starts_with_id(document, id);
                    if is_it {
                        visit(number, document);
                    }
                    is_it
                })?;
                // The hashes of two ids are alike in 40 bits: look at all of them.
                if is_it != Some(true) {
                    self.find_hashed(pager, id, *hash, None, &mut scratch, |_, document| {
                        visit(number, document)
                    })?;
                }
            }
        }
        Ok(())
    }
}

/// Puts into `places` the hash of each of `ids`, and where its document is as of `at`, most likely; has the processor
/// fetch the slots there.
///
/// Errors: `CORRUPTED`, `IO`, `OUT_OF_MEMORY`.
pub fn find_places<'i>(
    pager: &Pager,
    index: &PrimaryIndex,
    at: Option<Sequence>,
    ids: impl Iterator<Item = &'i [u8]>,
    places: &mut Places,
) -> Result<()> {
    places.clear();
    for id in ids {
        let hash = Body::hash_id(pager, id);
        index.prefetch(pager, hash);
        places.push((hash, None));
    }
    for (hash, found) in places.iter_mut() {
        *found = index.lookup(pager, *hash, at, |_| Ok(true))?;
        if let Some(place) = *found {
            prefetch_slot(pager, place);
        }
    }
    Ok(())
}

/// Has the processor fetch the documents at `places`, whose slots were asked for before.
pub fn fetch_documents(pager: &Pager, places: &Places) {
    for place in places.iter().filter_map(|(_, place)| *place) {
        prefetch_record(pager, place);
    }
}
