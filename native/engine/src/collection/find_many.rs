//! Many documents by their ids at once, so that waits for memory overlap.
//!
//! A cold document is three waits after each other: for the line of the id index, for the slot, for the bytes. Here each
//! is asked for while those of the other ids are under way. Promises: what is found is what `Body::find` finds.
//! Leaves to others: the same as of a moment, for queries (transaction/cursor/lookup.rs).

use smallvec::SmallVec;

use crate::collection::Body;
use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::intake::starts_with_id;
use crate::format::place::Place;
use crate::heap::{prefetch_record, prefetch_slot, read_document};
use crate::pager::Pager;

/// Ids that are looked up together: more would push each other out of the processor's nearest cache.
const TOGETHER_MAX: usize = 64;

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
        let mut places: SmallVec<[(u64, Option<Place>); TOGETHER_MAX]> = SmallVec::new();
        for (batch, ids) in ids.chunks(TOGETHER_MAX).enumerate() {
            self.find_places(pager, ids, &mut places)?;
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

    /// Looks up where the documents of `ids` are, most likely, and has their bytes fetched.
    fn find_places(
        &self,
        pager: &Pager,
        ids: &[IdBytes],
        places: &mut SmallVec<[(u64, Option<Place>); TOGETHER_MAX]>,
    ) -> Result<()> {
        places.clear();
        for id in ids {
            let hash = Body::hash_id(pager, id);
            self.index.prefetch(pager, hash);
            places.push((hash, None));
        }
        for (hash, place) in places.iter_mut() {
            *place = self.index.lookup(pager, *hash, None, |_| Ok(true))?;
            if let Some(place) = *place {
                prefetch_slot(pager, place);
            }
        }
        for place in places.iter().filter_map(|(_, place)| *place) {
            prefetch_record(pager, place);
        }
        Ok(())
    }
}
