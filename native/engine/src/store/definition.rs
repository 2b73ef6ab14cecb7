//! Dropping and renaming collections.
//!
//! Promises: both are commits like any other: logged in one frame, whole or not at all after a crash. Pages of a
//! dropped collection are reused only when no open cursor reads them any more.
//! Leaves to others: leases (the callers in database/).

use std::sync::atomic::Ordering;

use crate::collection::CollectionState;
use crate::error::{Error, ErrorKind, Result};
use crate::format::operation::Operation;
use crate::store::Store;
use crate::store::feed::ChangeKind;
use crate::wal::Durability;

impl Store {
    /// Ends the collection of this name; whether there was one. The caller holds its lease.
    ///
    /// Errors: as `commit`.
    pub fn drop_collection(&self, state: &CollectionState, durability: Durability) -> Result<bool> {
        self.check_writable()?;
        let gate = self.gate.read();
        self.check_open()?;
        let mut content = state.content.write();
        let Some(id) = content.body.as_ref().map(|body| body.id) else {
            return Ok(false);
        };
        let sequence = self.append(durability, |payload| Operation::Drop(id).encode(payload))?;
        content.end(&self.pager.writer(sequence));
        if let Some(mut draft) = self.feed.draft() {
            draft.enter_content(&content);
            draft.add(ChangeKind::Drop, &[], &[], &[]);
            self.feed.publish(draft.finish(sequence));
        }
        drop(content);
        drop(gate);
        self.after_commit(sequence, durability)?;
        Ok(true)
    }

    /// Gives the collection of `from` the name of `to`. The caller holds both leases; they are two states.
    ///
    /// Errors: `COLLECTION_NOT_FOUND`, `COLLECTION_EXISTS`, and as `commit`.
    pub fn rename_collection(
        &self,
        from: &CollectionState,
        to: &CollectionState,
        durability: Durability,
    ) -> Result<()> {
        self.check_writable()?;
        let gate = self.gate.read();
        self.check_open()?;
        let is_first = from.name() < to.name();
        let (mut first, mut second) = if is_first {
            (from.content.write(), to.content.write())
        } else {
            (to.content.write(), from.content.write())
        };
        let (source, target) = if is_first {
            (&mut *first, &mut *second)
        } else {
            (&mut *second, &mut *first)
        };
        let Some(id) = source.body.as_ref().map(|body| body.id) else {
            return Err(Error::new(
                ErrorKind::CollectionNotFound,
                format!("there is no collection {}", source.name),
            ));
        };
        if target.body.is_some() {
            return Err(Error::new(
                ErrorKind::CollectionExists,
                format!("there is a collection {} already", target.name),
            ));
        }
        let sequence = self.append(durability, |payload| {
            Operation::Rename(id, &target.name).encode(payload)
        })?;
        source.move_to(target, sequence);
        if let Some(mut draft) = self.feed.draft() {
            draft.enter_content(source);
            draft.add(ChangeKind::Rename, &[], &[], target.name.as_bytes());
            self.feed.publish(draft.finish(sequence));
        }
        drop(first);
        drop(second);
        drop(gate);
        self.after_commit(sequence, durability)
    }

    /// Fails once the last handle is being closed. The caller holds the gate.
    pub fn check_open(&self) -> Result<()> {
        if self.is_closing.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, "the database was closed"));
        }
        Ok(())
    }
}
