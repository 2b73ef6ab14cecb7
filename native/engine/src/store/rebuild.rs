//! Putting a collection into new pages while others read it and write to others.
//!
//! A rebuild changes no document, so there is nothing to log but its number: one empty frame. Until a checkpoint
//! writes the new pages, the data file has the old ones, and a replay of the log does to those what was done to
//! these. The new pages are made while nobody knows them; as long as they belong to no collection, no checkpoint,
//! check or backup may list the pages of the file (`rebuilding`).
//!
//! Promises: a crash at any point leaves the collection as it was or as it is now, with the same documents.
//! Snapshots of before go on reading the old pages, which become free when the last of them is gone.
//! Leaves to others: the lease, and which collections are worth it (compact.rs).

use quire_frames::PageNumber;

use crate::collection::{Body, CollectionState};
use crate::error::Result;
use crate::format::page::Sequence;
use crate::pager::allocator::Run;
use crate::store::Store;
use crate::wal::Durability;

/// Where the pages of a rebuild are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// From the file's low free pages first, as always.
    Low,
    /// From behind the file's end, to leave room in front.
    End,
}

impl Store {
    /// Puts the collection of `state` into new pages; whether there was one. The caller holds the lease.
    ///
    /// Errors: `CORRUPTED`, `IO` of the old pages; `DISK_FULL`, `LIMIT_EXCEEDED`, `OUT_OF_MEMORY`; `POISONED`,
    /// `READ_ONLY`, `CLOSED`: the collection is as it was.
    pub fn rebuild(&self, state: &CollectionState, room: Room) -> Result<bool> {
        self.check_writable()?;
        let rebuilding = self.rebuilding.lock();
        let checkpointer = self.checkpointer.lock();
        let writer = match room {
            Room::Low => self.pager.writer(self.last_sequence()),
            Room::End => self.pager.writer(self.last_sequence()).at_end(),
        };
        let (old_runs, new) = {
            let content = state.content.read();
            let Some(body) = &content.body else {
                return Ok(false);
            };
            (body.extent(&self.pager)?.runs, body.rebuilt(&writer)?)
        };
        let mut new = Some(new);
        let placed = self.put_in_place(state, &mut new, &old_runs);
        if let Some(new) = &new {
            new.release(&writer);
        }
        let sequence = placed?;
        drop(checkpointer);
        drop(rebuilding);
        self.after_commit(sequence, Durability::Process)?;
        Ok(true)
    }

    /// Lets `new` take the place of the body whose pages are `old_runs`; leaves it there on a failure.
    fn put_in_place(
        &self,
        state: &CollectionState,
        new: &mut Option<Body>,
        old_runs: &[Run],
    ) -> Result<Sequence> {
        let gate = self.gate.read();
        let mut content = state.content.write();
        self.check_open()?;
        let sequence = self.append(Durability::Process, |_| {})?;
        if let Some(new) = new.take() {
            content.exchange_body(new, sequence, self.pager.oldest_snapshot());
        }
        drop(content);
        // Nobody takes up the old pages any more but snapshots of before, for which freed pages wait.
        let writer = self.pager.writer(sequence);
        for run in old_runs {
            writer.free_run(PageNumber::new(run.first), run.count);
        }
        drop(gate);
        Ok(sequence)
    }

    /// Lets old bodies go that no snapshot reads any more.
    pub(super) fn forget_past_bodies(&self) {
        let oldest = self.pager.oldest_snapshot();
        for state in self.collections() {
            if state.content.read().has_past() {
                state.content.write().forget_past(oldest);
            }
        }
    }
}
