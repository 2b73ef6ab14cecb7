//! Reading one document at a known place.
//!
//! Promises: an inline document is lent straight out of its page, without a copy; a document in an overflow
//! run is gathered into the caller's scratch while no page is latched.

use super::Place;
use crate::error::{Error, Result};
use crate::format::fields::damaged;
use crate::format::page::{self, CollectionId, PageKind, Sequence};
use crate::format::slotted::{self, Stub};
use crate::pager::Pager;
use crate::pager::blob::{self, BlobKey};

/// Hands the document at `place` to `visit`, as of `at` or the current one, and returns what it returned.
///
/// `None`: no document is there. `scratch` is used for documents in overflow runs; its content is replaced.
/// `visit` runs while the document's page is latched: it must not write.
///
/// Errors: `CORRUPTED` naming the page, `IO`, `OUT_OF_MEMORY`.
#[inline]
pub fn read_document<R>(
    pager: &Pager,
    place: Place,
    at: Option<Sequence>,
    scratch: &mut Vec<u8>,
    visit: impl FnOnce(&[u8]) -> R,
) -> Result<Option<R>> {
    let (stub, owner) = {
        let Some(page) = pager.view(place.page, at)? else {
            return Ok(None);
        };
        let Some(record) = slotted::record(&page, place.slot).map_err(damaged(place.page))? else {
            return Ok(None);
        };
        if !record.is_stub {
            return Ok(Some(visit(record.bytes)));
        }
        (
            Stub::decode(record.bytes).map_err(damaged(place.page))?,
            page::owner(&page),
        )
    };
    gather(pager, owner, stub, at, scratch)?;
    Ok(Some(visit(scratch)))
}

/// Replaces `scratch` with the document that `stub` stands for.
pub(super) fn gather(
    pager: &Pager,
    owner: CollectionId,
    stub: Stub,
    at: Option<Sequence>,
    scratch: &mut Vec<u8>,
) -> Result<()> {
    scratch.clear();
    let key = BlobKey {
        kind: PageKind::Overflow,
        owner,
    };
    blob::read_blob(pager, stub.first, stub.length, key, at, scratch)?;
    if scratch.len() != stub.length as usize {
        return Err(Error::corrupted_page(
            stub.first,
            "an overflow run is shorter than its document",
        ));
    }
    Ok(())
}
