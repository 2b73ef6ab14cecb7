//! From what a commit does to what is told of it.
//!
//! Promises: runs under the locks of the collections, before anything changes, so the documents before an update are
//! still there; a failure to read one fails the commit before it changed anything. An update that leaves its document
//! as it was is not told.
//! Leaves to others: numbers and order (mod.rs).

use crate::collection::{Content, Planned};
use crate::error::Result;
use crate::format::plain::write_plain;
use crate::heap::read_document;
use crate::pager::Pager;
use crate::store::feed::batch::{ChangeKind, Draft};

impl Draft {
    /// Adds the writes of one collection, after its clearing where `clear` says so.
    ///
    /// Errors: `CORRUPTED`, `IO`.
    pub fn add_writes(
        &mut self,
        pager: &Pager,
        content: &Content,
        clear: bool,
        writes: &[Planned<'_>],
    ) -> Result<()> {
        self.enter_content(content);
        if clear {
            self.add(ChangeKind::Clear, &[], &[], &[]);
        }
        writes
            .iter()
            .try_for_each(|planned| self.add_write(pager, planned))
    }

    /// The changes that follow are changes of this collection.
    pub fn enter_content(&mut self, content: &Content) {
        self.enter(&content.name, content.structures.snapshot());
    }

    fn add_write(&mut self, pager: &Pager, planned: &Planned<'_>) -> Result<()> {
        match (planned.current, planned.document) {
            (None, Some(document)) => self.add(ChangeKind::Insert, planned.id, &[], document),
            (Some((place, _)), Some(document)) if planned.is_update => {
                let told = |before: &[u8]| self.add_update(planned.id, before, document);
                read_document(pager, place, None, &mut Vec::new(), told)?.unwrap_or(Ok(()))?;
            }
            (Some(_), Some(document)) => self.add(ChangeKind::Replace, planned.id, &[], document),
            (Some(_), None) => self.add(ChangeKind::Delete, planned.id, &[], &[]),
            (None, None) => {}
        }
        Ok(())
    }

    fn add_update(&mut self, id: &[u8], before: &[u8], after: &[u8]) -> Result<()> {
        if self.are_equal(before, after)? {
            self.add(ChangeKind::Unchanged, id, &[], &[]);
        } else {
            self.add(ChangeKind::Update, id, before, after);
        }
        Ok(())
    }

    /// Whether two documents of the collection entered last are the same: a map may have become a record meanwhile.
    fn are_equal(&self, one: &[u8], other: &[u8]) -> Result<bool> {
        let Some(collection) = self.collection() else {
            return Ok(one == other);
        };
        let (mut plain_one, mut plain_other) = (Vec::new(), Vec::new());
        write_plain(one, &collection.structures, &mut plain_one)?;
        write_plain(other, &collection.structures, &mut plain_other)?;
        Ok(plain_one == plain_other)
    }
}
