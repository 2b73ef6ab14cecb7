//! Updates: a new document in place of the old, or operators that change fields; compiled once, applied to
//! stored bytes.
//!
//! Supported: a whole document, $set, $unset, $inc, dotted paths. Promises: `_id` never changes; an update
//! that cannot be applied whole changes nothing; fields it does not name keep their bytes and their order;
//! new fields come last, in the order of their names.
//! Parts: compile.rs (MessagePack to a tree of edits), apply.rs (the tree on a document), number.rs ($inc).
//! Leaves to others: the size limit of the result and writing it (collection). Source: MongoDB manual,
//! "Update Operators".

mod apply;
mod compile;
mod number;

use std::collections::BTreeMap;

use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::record::StructureRegistry;
use crate::query::update::number::Number;

/// A compiled update.
#[derive(Debug)]
pub struct Update {
    action: Action,
    /// The `_id` that the update gives; a document with another one is refused.
    id: Option<IdBytes>,
}

#[derive(Debug)]
enum Action {
    /// The new document, plain.
    Replace(Vec<u8>),
    /// What to change.
    Edit(Branch),
}

/// Edits below one map or array.
#[derive(Debug, Default)]
struct Branch {
    edits: BTreeMap<Name, Edit>,
    /// Some edit makes its field where it is missing.
    creates: bool,
}

/// A field's name, or a position: numbers first and by value, then names by their bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// The position that the name also is; `usize::MAX` for none, so that those sort last.
    order: usize,
    text: Box<[u8]>,
}

#[derive(Debug)]
enum Edit {
    Branch(Branch),
    /// The value, in stored form without records.
    Set(Box<[u8]>),
    Unset,
    Increment(Number),
}

impl Edit {
    /// True when the edit makes its field where it is missing.
    fn creates(&self) -> bool {
        match self {
            Edit::Branch(branch) => branch.creates,
            Edit::Set(_) | Edit::Increment(_) => true,
            Edit::Unset => false,
        }
    }
}

impl Update {
    /// Compiles an update from plain MessagePack: one map, of operators or of a whole document's fields.
    ///
    /// Errors: INVALID_UPDATE for unknown operators, mixed kinds, paths that conflict, and every change of
    /// `_id`.
    pub fn compile(bytes: &[u8]) -> Result<Update> {
        compile::compile(bytes)
    }

    /// True when the update is a whole document.
    pub fn is_replacement(&self) -> bool {
        matches!(self.action, Action::Replace(_))
    }

    /// Appends to `out` what the stored document becomes; false when it stays what it is.
    ///
    /// Shape: `stored` is one whole document of the collection whose structures are `registry`; maps of the
    /// result are records where their shape has a structure, and new shapes are noted.
    /// Errors: INVALID_UPDATE when the document has no place for a change (`out` is as before then);
    /// CORRUPTED when it is damaged.
    pub fn apply(&self, stored: &[u8], registry: &StructureRegistry, out: &mut Vec<u8>) -> Result<bool> {
        let start = out.len();
        let applied = apply::apply(self, stored, registry, out);
        match applied {
            Ok(true) => {}
            Ok(false) => {
                out.truncate(start);
                out.extend_from_slice(stored);
            }
            Err(_) => out.truncate(start),
        }
        applied
    }
}

#[cfg(test)]
mod tests;
