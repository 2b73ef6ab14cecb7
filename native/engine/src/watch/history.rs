//! Changes read from the log: for streams that resume behind what is in memory.
//!
//! Promises: every commit comes with the same number of changes in the same order as when it was made, so that a token
//! means the same change; names and structures are those of the time. What an update changed is not in the log: it
//! comes as a replacement.
//! Leaves to others: frames (wal/history.rs), where the first names come from (store/chronicle.rs).

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::intake::document_id;
use crate::format::operation::{Operation, Operations};
use crate::format::page::{CollectionId, Sequence};
use crate::format::record::{Structure, StructureRegistry};
use crate::store::feed::{Batch, ChangeKind, Draft};
use crate::store::{Known, Names, Store};
use crate::wal::History;

/// Log bytes that one call reads at most; then it lets others have their turn.
const STEP_BYTES: usize = 4 << 20;

/// What one call found.
pub(super) enum Step {
    /// The commit.
    Found(Batch),
    /// There is more to read before it.
    Unfinished,
    /// The history that was asked for ends before it.
    End,
}

/// A reader of the log.
pub(super) struct LogReader {
    history: History,
    names: Names,
}

impl LogReader {
    /// A reader that will come by commit `from`; `None` where no log has it.
    ///
    /// Errors: `POISONED`, `IO`, `DISK_FULL`.
    pub(super) fn open(store: &Store, from: Sequence) -> Result<Option<LogReader>> {
        let found = store.log_history(from)?;
        Ok(found.map(|(history, names)| LogReader { history, names }))
    }

    /// Reads on to commit `wanted`.
    ///
    /// Errors: `HISTORY_LOST`, `CORRUPTED`, `IO`.
    pub(super) fn read_to(&mut self, wanted: Sequence) -> Result<Step> {
        let mut bytes = 0;
        while bytes < STEP_BYTES {
            let Some((sequence, payload)) = self.history.take_next()? else {
                return Ok(Step::End);
            };
            bytes += payload.len();
            let mut draft = (sequence == wanted).then(Draft::default);
            let mut operations = Operations::new(payload);
            while let Some(operation) = operations.take_next()? {
                take(&mut self.names, &mut draft, operation)?;
            }
            if let Some(draft) = draft {
                return Ok(Step::Found(draft.finish(sequence)));
            }
        }
        Ok(Step::Unfinished)
    }
}

/// Learns from `operation`, and adds its change to the draft where there is one.
fn take(names: &mut Names, draft: &mut Option<Draft>, operation: Operation<'_>) -> Result<()> {
    let mut tell = |names: &Names, id: CollectionId, kind: ChangeKind, key: &[u8], after: &[u8]| {
        if let Some(draft) = draft {
            let known = names.get(&id).ok_or_else(|| unknown(id))?;
            draft.enter(&known.name, known.structures.snapshot());
            draft.add(kind, key, &[], after);
        }
        Ok(())
    };
    match operation {
        Operation::Insert(id, document) => {
            tell(names, id, ChangeKind::Insert, document_id(document)?, document)
        }
        Operation::Replace(id, document) => {
            tell(names, id, ChangeKind::Replace, document_id(document)?, document)
        }
        Operation::Delete(id, key) => tell(names, id, ChangeKind::Delete, key, &[]),
        Operation::Clear(id) => tell(names, id, ChangeKind::Clear, &[], &[]),
        Operation::Drop(id) => {
            tell(names, id, ChangeKind::Drop, &[], &[])?;
            names.remove(&id);
            Ok(())
        }
        Operation::Rename(id, name) => {
            tell(names, id, ChangeKind::Rename, &[], name.as_bytes())?;
            let known = names.get_mut(&id).ok_or_else(|| unknown(id))?;
            known.name = name.into();
            Ok(())
        }
        Operation::Create(id, _, name) => {
            // A collection that is made brings all its structures to the log.
            let structures = Arc::new(StructureRegistry::new());
            let name = name.into();
            names.insert(id, Known { name, structures });
            Ok(())
        }
        Operation::Structure(id, number, encoded) => {
            let known = names.get(&id).ok_or_else(|| unknown(id))?;
            let (structure, _) = Structure::decode(encoded)?;
            known.structures.restore(number.into(), structure)
        }
        Operation::CreateIndex(..) | Operation::DropIndex(..) => Ok(()),
    }
}

fn unknown(id: CollectionId) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!("the log writes to collection {}, which it never made", id.0),
    )
}
