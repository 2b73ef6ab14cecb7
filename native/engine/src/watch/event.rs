//! The event document of one change, in plain MessagePack.
//!
//! Shape: `{ _id, operationType, ns: { coll }, documentKey?, fullDocument?, updateDescription?, to?, commit }`, where
//! `commit` is `{ sequence, index, isLast }`. Promises: fields are MongoDB's, but for `commit`, which says what belongs
//! together; there is no `ns.db`, for a file is one database, and no time of the server.
//! Leaves to others: which changes are told (stream.rs). Source: MongoDB manual, "Change Events".

use crate::error::Result;
use crate::format::encode::{write_array_head, write_integer, write_map_head, write_text};
use crate::format::plain::write_plain;
use crate::format::record::Structures;
use crate::query::update::changed_fields;
use crate::store::feed::{ChangeKind, Recorded};
use crate::watch::token::ResumeToken;

/// What an event says besides its change.
pub(super) struct Surroundings {
    /// The token behind the change.
    pub(super) token: ResumeToken,
    /// Number of the commit.
    pub(super) sequence: u64,
    /// Number of the change in it.
    pub(super) index: usize,
    /// Whether no change of the commit follows that the stream could tell.
    pub(super) is_last: bool,
}

/// What an event tells of the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// New documents whole, updates by what they changed.
    Default,
    /// As `Default`, and updated documents whole as well.
    Full,
    /// No document: only that it changed.
    Key,
    /// Every new document whole, and nothing of what an update changed.
    Document,
}

/// Appends the event of `change`.
///
/// Errors: `CORRUPTED`.
pub(super) fn write_event(
    change: &Recorded<'_>,
    surroundings: &Surroundings,
    detail: Detail,
    out: &mut Vec<u8>,
) -> Result<()> {
    let has_document = matches!(
        change.kind,
        ChangeKind::Insert | ChangeKind::Replace | ChangeKind::Update
    );
    let has_key = has_document || change.kind == ChangeKind::Delete;
    let is_update = change.kind == ChangeKind::Update;
    let tells_document = has_document
        && match detail {
            Detail::Default => !is_update,
            Detail::Full | Detail::Document => true,
            Detail::Key => false,
        };
    let tells_changes = is_update && matches!(detail, Detail::Default | Detail::Full);
    let is_rename = change.kind == ChangeKind::Rename;
    let optional = [has_key, tells_document, tells_changes, is_rename];
    let count = 4 + optional.iter().filter(|is_there| **is_there).count();
    write_head(out, count, surroundings, operation_type(change.kind));
    write_collection(out, "ns", &change.collection.name);
    if is_rename {
        write_collection(out, "to", &String::from_utf8_lossy(change.after));
    }
    if has_key {
        write_text(b"documentKey", out);
        write_map_head(1, out);
        write_text(b"_id", out);
        out.extend_from_slice(change.id);
    }
    if tells_changes {
        write_text(b"updateDescription", out);
        write_description(change.before, change.after, &change.collection.structures, out)?;
    }
    if tells_document {
        write_text(b"fullDocument", out);
        write_plain(change.after, &change.collection.structures, out)?;
    }
    Ok(())
}

/// Appends the event that ends a stream whose collection is gone.
pub(super) fn write_invalidate(surroundings: &Surroundings, out: &mut Vec<u8>) {
    write_head(out, 3, surroundings, "invalidate");
}

fn operation_type(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Insert => "insert",
        ChangeKind::Update | ChangeKind::Unchanged => "update",
        ChangeKind::Replace => "replace",
        ChangeKind::Delete => "delete",
        ChangeKind::Clear => "clear",
        ChangeKind::Drop => "drop",
        ChangeKind::Rename => "rename",
    }
}

/// The fields that every event has: `_id`, `operationType` and `commit`, of `count` fields.
fn write_head(out: &mut Vec<u8>, count: usize, surroundings: &Surroundings, operation_type: &str) {
    write_map_head(count, out);
    write_text(b"_id", out);
    write_text(surroundings.token.to_string().as_bytes(), out);
    write_text(b"operationType", out);
    write_text(operation_type.as_bytes(), out);
    write_text(b"commit", out);
    write_map_head(3, out);
    write_text(b"sequence", out);
    write_integer(i64::try_from(surroundings.sequence).unwrap_or(i64::MAX), out);
    write_text(b"index", out);
    write_integer(surroundings.index as i64, out);
    write_text(b"isLast", out);
    write_truth(surroundings.is_last, out);
}

fn write_collection(out: &mut Vec<u8>, field: &str, name: &str) {
    write_text(field.as_bytes(), out);
    write_map_head(1, out);
    write_text(b"coll", out);
    write_text(name.as_bytes(), out);
}

fn write_description(before: &[u8], after: &[u8], structures: &Structures, out: &mut Vec<u8>) -> Result<()> {
    let changes = changed_fields(before, after, structures)?;
    write_map_head(3, out);
    write_text(b"updatedFields", out);
    write_map_head(changes.updated.len(), out);
    for (path, value) in &changes.updated {
        write_text(path.as_bytes(), out);
        out.extend_from_slice(value);
    }
    write_text(b"removedFields", out);
    write_array_head(changes.removed.len(), out);
    for path in &changes.removed {
        write_text(path.as_bytes(), out);
    }
    write_text(b"truncatedArrays", out);
    write_array_head(changes.truncated.len(), out);
    for (path, size) in &changes.truncated {
        write_map_head(2, out);
        write_text(b"field", out);
        write_text(path.as_bytes(), out);
        write_text(b"newSize", out);
        write_integer(*size as i64, out);
    }
    Ok(())
}

fn write_truth(truth: bool, out: &mut Vec<u8>) {
    out.push(0xc2 + u8::from(truth));
}
