//! Unique indexes: whether a key is taken, and the words in which a second one is refused.
//!
//! Promises: looking a key up costs one way down the tree, and one more for each entry that does not count.
//! Leaves to others: which entries do not count (index_changes.rs, transaction/unique_keys.rs).

use crate::collection::secondary::{IndexRules, SecondaryIndex};
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::key::complement;
use crate::format::key_decode::decode;
use crate::format::owned::Owned;
use crate::pager::Pager;
use crate::query::index_keys::Entries;

/// Most characters that are shown of one value.
const SHOWN_MAX: usize = 64;

/// The canonical id of an entry whose keys are `keys` and that `counts`, which is given the entry and its id.
///
/// Errors: `CORRUPTED`, `IO`.
pub fn find_other(
    pager: &Pager,
    index: &SecondaryIndex,
    keys: &[u8],
    mut counts: impl FnMut(&[u8], &[u8]) -> bool,
) -> Result<Option<Vec<u8>>> {
    let mut lower = keys.to_vec();
    let mut entry = Vec::new();
    while index.tree.first_from(pager, &lower, None, &mut entry)? {
        // No key begins another, so what begins with the keys has these keys.
        let Some(id) = entry.strip_prefix(keys) else { break };
        if counts(&entry, id) {
            return Ok(Some(id.to_vec()));
        }
        lower.clear();
        lower.extend_from_slice(&entry);
        lower.push(0);
    }
    Ok(None)
}

/// Who has a key that only one document may have; ids are canonical.
pub enum Holders<'a> {
    /// A document that is there.
    There(&'a [u8]),
    /// Two documents that come to have it together.
    Both(&'a [u8], &'a [u8]),
}

impl<'a> Holders<'a> {
    /// The documents of entry number `at` and the one before it, which has the same keys.
    pub fn of_pair(entries: &'a Entries, at: usize) -> Holders<'a> {
        let id = |at| entries.id(at).unwrap_or_default();
        Holders::Both(id(at.saturating_sub(1)), id(at))
    }
}

impl std::fmt::Display for Holders<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Holders::There(id) => write!(formatter, "the document with _id {} has it already", shown_id(id)),
            Holders::Both(first, second) => {
                let (first, second) = (shown_id(first), shown_id(second));
                write!(
                    formatter,
                    "the documents with _id {first} and {second} both have it"
                )
            }
        }
    }
}

fn shown_id(canonical: &[u8]) -> String {
    IdBytes::from_canonical(canonical).map_or_else(|_| "(unreadable)".to_owned(), |id| id.to_string())
}

/// The error of two documents with these keys in a unique index.
pub fn duplicate_key(rules: &IndexRules, keys: &[u8], holders: Holders<'_>) -> Error {
    let definition = &rules.definition;
    let mut shown = Vec::new();
    let mut rest = keys.to_vec();
    for key in &definition.keys {
        if key.is_descending {
            complement(&mut rest);
        }
        let value = decode(&rest).map(|(value, behind)| (show(&value), behind.to_vec()));
        let Ok((value, mut behind)) = value else { break };
        if key.is_descending {
            complement(&mut behind);
        }
        shown.push(format!("{}: {value}", key.path));
        rest = behind;
    }
    let shown = shown.join(", ");
    Error::new(
        ErrorKind::DuplicateKey,
        format!(
            "duplicate key {{ {shown} }}: index {} is unique, and {holders}",
            definition.name
        ),
    )
}

/// A value as messages show it: scalars whole, text cut, others by their type.
fn show(value: &Owned) -> String {
    match value {
        Owned::Null | Owned::Undefined => "null".to_owned(),
        Owned::Bool(truth) => truth.to_string(),
        Owned::Int(number) => number.to_string(),
        Owned::UInt(number) => number.to_string(),
        Owned::Float(number) => number.to_string(),
        Owned::Text(text) => {
            let cut: String = text.chars().take(SHOWN_MAX).collect();
            let more = if cut.len() < text.len() { "..." } else { "" };
            format!("{cut:?}{more}")
        }
        Owned::Timestamp(timestamp) => format!("date at second {}", timestamp.seconds),
        other => format!("({})", other.type_name()),
    }
}
