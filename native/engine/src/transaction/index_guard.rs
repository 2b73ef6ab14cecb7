//! What the indexes of a collection say to the writes of an open transaction: refused at the verb, not only when
//! the transaction commits.
//!
//! A document that cannot be indexed is refused, and a second one of a key in a unique index. Committed documents
//! that the transaction wrote itself do not count; its own documents do, by the keys that they claimed. A claim may
//! be stale, for documents change and writes fail: so its document is looked at before it counts.
//! Promises: every document of the overlay has claimed its keys in every unique index. Documents that one verb
//! writes are judged together, so they may exchange keys; collections without indexes pay one look.
//! Leaves to others: committing, which judges the whole transaction again (collection/index_changes.rs).

use hashbrown::HashMap;

use crate::collection::index_changes::{accepts, matcher_of};
use crate::collection::secondary::SecondaryIndex;
use crate::collection::unique::{Holders, duplicate_key, find_other};
use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::record::Structures;
use crate::index::ordered::check_entry;
use crate::query::index_keys::Entries;
use crate::store::Store;
use crate::transaction::Part;
use crate::transaction::overlay::Overlay;

/// Which document of a transaction claimed a key last: by the index's name, then by the key.
pub(super) type Claims = HashMap<Box<str>, KeyClaims>;
type KeyClaims = HashMap<Box<[u8]>, IdBytes>;

/// Writes of one verb: canonical ids and stored documents.
pub(super) type Written<'a> = [(&'a IdBytes, &'a [u8])];

impl Part {
    /// Fails when an index refuses documents that a verb is about to write. The lease is held.
    ///
    /// Errors: `DUPLICATE_KEY`, `INVALID_DOCUMENT`, `LIMIT_EXCEEDED`; `CORRUPTED`, `IO`.
    pub(super) fn check_indexes(&mut self, store: &Store, written: &Written<'_>) -> Result<()> {
        let content = self.state.content.read();
        let Some(body) = content.body.as_ref().filter(|body| !body.indexes.is_empty()) else {
            return Ok(());
        };
        let structures = content.structures.snapshot();
        let pending = match written {
            [_] => HashMap::new(),
            many => many.iter().map(|(id, document)| (&***id, *document)).collect(),
        };
        let mut claimed = Vec::new();
        for index in &body.indexes {
            let mut guard = Guard {
                store,
                index,
                structures: &structures,
                overlay: &self.overlay,
                written,
                pending: &pending,
                claims: self.claims.get(index.name()),
                claimed: KeyClaims::new(),
            };
            guard.check()?;
            if !guard.claimed.is_empty() {
                claimed.push((index.name(), guard.claimed));
            }
        }
        // Only now, for a claim must not be lost to a write that is refused.
        for (name, claimed) in claimed {
            self.claims.entry_ref(name).or_default().extend(claimed);
        }
        Ok(())
    }
}

/// Judges the writes of one verb for one index.
struct Guard<'a> {
    store: &'a Store,
    index: &'a SecondaryIndex,
    structures: &'a Structures,
    overlay: &'a Overlay,
    written: &'a Written<'a>,
    /// `written` by id, where it has several.
    pending: &'a HashMap<&'a [u8], &'a [u8]>,
    /// Claims of what was written before.
    claims: Option<&'a KeyClaims>,
    /// Claims of what is about to be written.
    claimed: KeyClaims,
}

impl Guard<'_> {
    fn check(&mut self) -> Result<()> {
        let mut matcher = matcher_of(&self.index.rules, self.structures);
        for (id, document) in self.written {
            if !accepts(&mut matcher, document)? {
                continue;
            }
            let entries = self.entries(id, document)?;
            entries.iter().try_for_each(check_entry)?;
            if !self.index.rules.definition.is_unique {
                continue;
            }
            for at in 0..entries.count() {
                let keys = entries.keys(at).unwrap_or_default();
                if let Some(other) = self.holder(id, keys)? {
                    return Err(duplicate_key(&self.index.rules, keys, Holders::There(&other)));
                }
                self.claimed.insert(keys.into(), (*id).clone());
            }
        }
        Ok(())
    }

    fn entries(&self, id: &[u8], document: &[u8]) -> Result<Entries> {
        let mut entries = Entries::default();
        let paths = &self.index.rules.paths;
        paths.entries_of(document, id, self.structures, &mut entries)?;
        Ok(entries)
    }

    /// The id of another document than `id` that has these keys, as the transaction sees them.
    fn holder(&self, id: &[u8], keys: &[u8]) -> Result<Option<Vec<u8>>> {
        let before = self.claims.and_then(|claims| claims.get(keys));
        for claimant in self.claimed.get(keys).into_iter().chain(before) {
            if **claimant != *id && self.has_keys(claimant, keys)? {
                return Ok(Some(claimant.to_vec()));
            }
        }
        if self.overlay.is_cleared {
            return Ok(None);
        }
        find_other(&self.store.pager, self.index, keys, |_, other| {
            *other != *id && !self.overlay.hides(other) && !self.pending.contains_key(other)
        })
    }

    /// Whether the document that the transaction wrote, or is about to write, under `id` has these keys.
    fn has_keys(&self, id: &[u8], keys: &[u8]) -> Result<bool> {
        let written = self.overlay.get(id).flatten().map(|document| &**document);
        let Some(document) = self.pending.get(id).copied().or(written) else {
            return Ok(false);
        };
        if !accepts(&mut matcher_of(&self.index.rules, self.structures), document)? {
            return Ok(false);
        }
        let entries = self.entries(id, document)?;
        Ok((0..entries.count()).any(|at| entries.keys(at) == Some(keys)))
    }
}
