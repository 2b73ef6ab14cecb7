//! Updates: a new document in place of the old, operators that change fields, or a pipeline of stages that
//! computes the new document; compiled once, applied to stored bytes.
//!
//! Promises: `_id` never changes; an update that cannot be applied whole changes nothing; fields it does not
//! name keep their bytes and their order; new fields come last, in the order of their names. The result
//! depends on the document and the [`Circumstances`] only.
//! Parts: compile.rs (MessagePack to a tree of edits), operands.rs and push.rs (the operand of each operator),
//! place.rs (paths), array_filter.rs, resolve.rs (`$` and `$rename`, which depend on the document), apply.rs
//! (the tree on a document), field.rs and array.rs (what one edit does to one value), number.rs (arithmetic),
//! pipeline.rs (stages), upsert.rs, changes.rs (what change streams report).
//! Leaves to others: writing the result (collection). Source: MongoDB manual, "Update Operators".

mod apply;
mod array;
mod array_filter;
mod changes;
mod compile;
mod field;
mod number;
mod operands;
mod pipeline;
mod place;
mod push;
mod resolve;
mod upsert;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

pub use changes::{Changes, changed_fields};

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::record::StructureRegistry;
use crate::format::value::Timestamp;
use crate::limits::DOCUMENT_BYTES_DEFAULT;
use crate::query::expression_stages::ExpressionStage;
use crate::query::filter::Filter;
use crate::query::update::array_filter::ArrayFilter;
use crate::query::update::number::{BitOperation, Number};
use crate::query::update::push::Push;
use crate::query::update::values::Values;

/// A compiled update.
#[derive(Debug)]
pub struct Update {
    action: Action,
    /// The `_id` that the update gives; a document with another one is refused.
    id: Option<IdBytes>,
    /// The `_id` that it gives to a document that an upsert inserts.
    id_on_insert: Option<IdBytes>,
}

/// What an update depends on besides the document.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The time that `$currentDate` writes.
    pub now: Timestamp,
    /// Position of the array element that the query matched; `$` in paths stands for it.
    pub matched_position: Option<usize>,
    /// Largest result, in bytes of stored form.
    pub document_bytes_max: usize,
}

impl Circumstances {
    /// The circumstances of an update now, whose results are at most `document_bytes_max` long.
    pub fn at_present(document_bytes_max: usize) -> Circumstances {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = since.map_or(
            Timestamp {
                seconds: 0,
                nanoseconds: 0,
            },
            |since| Timestamp {
                seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
                nanoseconds: since.subsec_nanos(),
            },
        );
        Circumstances {
            now,
            matched_position: None,
            document_bytes_max,
        }
    }
}

/// The beginning of 1970, nothing matched, and the default size of documents: for updates that need none of it.
impl Default for Circumstances {
    fn default() -> Circumstances {
        Circumstances {
            now: Timestamp {
                seconds: 0,
                nanoseconds: 0,
            },
            matched_position: None,
            document_bytes_max: DOCUMENT_BYTES_DEFAULT as usize,
        }
    }
}

#[derive(Debug)]
enum Action {
    /// The new document, plain.
    Replace(Vec<u8>),
    /// What to change.
    Edit(Edits),
    /// What computes the new document.
    Pipeline(Vec<ExpressionStage>),
}

/// Changes by operators.
#[derive(Debug)]
struct Edits {
    /// What changes in a document that is there.
    root: Branch,
    /// What changes in a document that an upsert inserts, where that is more: `$setOnInsert`.
    on_insert: Option<Branch>,
    /// The filters that `$[name]` refers to.
    array_filters: Vec<ArrayFilter>,
    /// The tree has a `$` or a `$rename`: what it does depends on the document (resolve.rs).
    is_open: bool,
    /// The path before the first `$`, dotted.
    position_array: Option<Box<[u8]>>,
}

/// Edits below one map, or of single elements of an array.
#[derive(Clone, Debug, Default)]
struct Branch {
    edits: BTreeMap<Name, Edit>,
    /// Some edit makes its field where it is missing.
    creates: bool,
}

/// A field's name, or a position: numbers first and by value, then names by their bytes. The name `$` stands
/// for the matched position until resolve.rs puts that in its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// The position that the name also is; `usize::MAX` for none, so that those sort last.
    order: usize,
    text: Box<[u8]>,
}

impl Name {
    fn new(text: &[u8]) -> Name {
        Name {
            order: crate::query::path::position(text).unwrap_or(usize::MAX),
            text: text.into(),
        }
    }
}

/// The elements that `$[]` or `$[name]` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Selector {
    /// Every element.
    All,
    /// Those that match the array filter of this number.
    Matching(usize),
}

/// What happens at one step of a path.
#[derive(Clone, Debug)]
enum Edit {
    Branch(Branch),
    /// Edits of the elements that each selector stands for; never empty.
    Elements(BTreeMap<Selector, Edit>),
    Leaf(Arc<Leaf>),
}

/// What one operator does to the value at its path.
#[derive(Debug)]
enum Leaf {
    /// The value, in stored form without records.
    Set(Box<[u8]>),
    Unset,
    Increment(Number),
    Multiply(Number),
    Minimum(Box<[u8]>),
    Maximum(Box<[u8]>),
    CurrentDate(ClockForm),
    Bits(Vec<(BitOperation, i128)>),
    /// `$rename` to here, from these names; resolve.rs puts `Moved` in its place.
    MoveFrom(Vec<Box<[u8]>>),
    /// The stored form of a value of the same document.
    Moved(Box<[u8]>),
    Push(Push),
    AddToSet(Values),
    Pop(End),
    Pull(PullTest),
    PullAll(Values),
}

/// What `$currentDate` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClockForm {
    /// In milliseconds.
    Date,
    /// As exact as the clock is.
    Timestamp,
}

/// An end of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// Which elements `$pull` removes.
#[derive(Debug)]
enum PullTest {
    /// Those equal to this value, in stored form without records.
    Equal(Box<[u8]>),
    /// Sub-documents that match.
    Document(Filter),
    /// Elements for which a filter on a field of this name holds.
    Element(ArrayFilter),
}

impl Leaf {
    /// True when the edit makes its field where it is missing.
    fn creates(&self) -> bool {
        !matches!(
            self,
            Leaf::Unset | Leaf::Pop(_) | Leaf::Pull(_) | Leaf::PullAll(_)
        )
    }
}

impl Edit {
    /// True when the edit makes its field where it is missing, or is refused there.
    fn creates(&self) -> bool {
        match self {
            Edit::Branch(branch) => branch.creates,
            Edit::Elements(_) => true,
            Edit::Leaf(leaf) => leaf.creates(),
        }
    }
}

impl Update {
    /// Compiles an update from plain MessagePack: one map, of operators or of a whole document's fields, or an
    /// array of stages.
    ///
    /// Errors: INVALID_UPDATE for unknown operators, mixed kinds, paths that conflict, and every change of
    /// `_id`; those of expressions in stages.
    pub fn compile(bytes: &[u8]) -> Result<Update> {
        Update::compile_with(bytes, None)
    }

    /// Compiles an update whose paths may name elements by `$[name]`; `array_filters` is a plain MessagePack
    /// array of filters, one for each name.
    ///
    /// Errors: as [`Update::compile`], and INVALID_UPDATE for a name without a filter, a filter without a
    /// name or use, for filters that the dialect does not allow, and for filters beside an array of stages.
    pub fn compile_with(bytes: &[u8], array_filters: Option<&[u8]>) -> Result<Update> {
        compile::compile(bytes, array_filters)
    }

    /// True when the update is a whole document.
    pub fn is_replacement(&self) -> bool {
        matches!(self.action, Action::Replace(_))
    }

    /// The dotted path of the array of which the update needs the matched position, for `$`.
    pub fn position_array(&self) -> Option<&[u8]> {
        match &self.action {
            Action::Edit(edits) => edits.position_array.as_deref(),
            Action::Replace(_) | Action::Pipeline(_) => None,
        }
    }

    /// Appends to `out` what the stored document becomes; false when it stays what it is.
    ///
    /// Shape: `stored` is one whole document of the collection whose structures are `registry`; maps of the
    /// result are records where their shape has a structure, and new shapes are noted.
    /// Errors: INVALID_UPDATE when the document has no place for a change, DOCUMENT_TOO_LARGE when the result
    /// is (`out` is as before then); CORRUPTED when the document is damaged; of stages also INVALID_EXPRESSION,
    /// INVALID_PIPELINE, INVALID_DOCUMENT and LIMIT_EXCEEDED.
    pub fn apply(
        &self,
        stored: &[u8],
        registry: &StructureRegistry,
        circumstances: &Circumstances,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let start = out.len();
        let applied = apply::apply(self, stored, registry, circumstances, out);
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

    /// Appends the document that an upsert inserts when nothing matched `filter`, as plain MessagePack: what
    /// the filter asks to be equal, changed by the update. It has an `_id` when filter or update give one.
    ///
    /// Shape: `filter` is the plain MessagePack of a filter that was compiled before.
    /// Errors: INVALID_UPDATE when the filter asks twice for one path, when filter and update give two ids,
    /// and as [`Update::apply`]; INVALID_ID for an `_id` that cannot be one.
    pub fn upsert_document(
        &self,
        filter: &[u8],
        circumstances: &Circumstances,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let start = out.len();
        let made = upsert::document(self, filter, circumstances, out);
        if made.is_err() {
            out.truncate(start);
        }
        made
    }
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidUpdate, message)
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
