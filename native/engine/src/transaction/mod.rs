//! Transactions: private writes over a snapshot, committed in one step.
//!
//! A transaction reads as of its beginning. Its first write to a collection takes the collection's lease, which
//! it keeps until it ends; its writes live in an overlay that nobody else sees. Committing hands the overlays to
//! the store; rolling back forgets them.
//!
//! Promises: readers never wait for an open transaction. No deadlock: leases are waited for in the order of names
//! only; one that would be taken out of order is taken when it is free, else the transaction fails with CONFLICT.
//! What a transaction has read before its first write to a collection is still true when it commits, or it fails
//! with CONFLICT (first committer wins).
//! Leaves to others: logging and applying (store/commit.rs), running again after CONFLICT (the bindings).

pub mod aggregate;
mod aggregate_output;
pub mod cursor;
mod index_guard;
pub mod overlay;
mod verbs;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::collection::lease::Owner;
use crate::collection::{CollectionState, IdMode, Write};
use crate::error::{Error, ErrorKind, Result};
use crate::format::page::Sequence;
use crate::limits::TRANSACTION_BYTES_MAX;
use crate::pager::snapshot::Snapshot;
use crate::store::{Change, Store};
use crate::wal::Durability;
use index_guard::Claims;
use overlay::Overlay;

pub use verbs::{FindAndModify, FindAndModifyOutcome, Modification, UpdateOutcome, UpdateRequest, Version};

/// How a transaction begins.
#[derive(Clone, Debug, Default)]
pub struct TransactionOptions {
    /// Collections whose leases are taken at the start, in the order of names: no CONFLICT can follow on these.
    pub collections: Vec<String>,
    /// Who begins it; see `Owner`.
    pub owner: Owner,
}

/// An open transaction. Dropping it rolls it back.
pub struct Transaction {
    store: Arc<Store>,
    owner: Owner,
    snapshot: Option<Snapshot>,
    /// By name: leases are waited for in this order.
    parts: BTreeMap<Arc<str>, Part>,
    /// Whether anything was read, so that the snapshot may no longer be moved forward.
    has_read: bool,
    is_ended: bool,
}

/// What a transaction holds of one collection.
struct Part {
    state: Arc<CollectionState>,
    is_leased: bool,
    create: bool,
    ids: IdMode,
    overlay: Overlay,
    /// Keys of unique indexes that its documents claimed.
    claims: Claims,
    /// The next id in integer mode, once the transaction has used one.
    next_integer: Option<i64>,
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.end();
    }
}

impl Transaction {
    /// Begins a transaction that sees everything committed up to now.
    ///
    /// Errors: `BUSY`, `READ_ONLY` when collections are named, `POISONED`.
    pub(crate) fn begin(store: Arc<Store>, options: &TransactionOptions) -> Result<Transaction> {
        store.check_readable()?;
        let mut transaction = Transaction {
            store,
            owner: options.owner,
            snapshot: None,
            parts: BTreeMap::new(),
            has_read: false,
            is_ended: false,
        };
        let mut names = options.collections.clone();
        names.sort_unstable();
        names.dedup();
        for name in &names {
            transaction.store.check_writable()?;
            let state = transaction.store.collection(name);
            let wait = transaction.store.settings.lock_wait;
            state.lease.acquire(transaction.owner, wait, &|| name.clone())?;
            transaction
                .parts
                .insert(name.as_str().into(), Part::new(state, true));
        }
        transaction.snapshot = Some(transaction.store.open_snapshot()?);
        Ok(transaction)
    }

    /// A transaction over one collection whose lease is taken at once, for a single call: it needs no snapshot.
    pub(crate) fn begin_single(
        store: Arc<Store>,
        state: Arc<CollectionState>,
        owner: Owner,
    ) -> Result<Transaction> {
        store.check_writable()?;
        state
            .lease
            .acquire(owner, store.settings.lock_wait, &|| state.name().to_string())?;
        let name = state.name();
        let parts = BTreeMap::from([(name, Part::new(state, true))]);
        Ok(Transaction {
            store,
            owner,
            snapshot: None,
            parts,
            has_read: false,
            is_ended: false,
        })
    }

    /// Makes every write of the transaction part of the database, at `durability`.
    ///
    /// Errors: `TRANSACTION_ENDED`; as `Store::commit`. After any error the transaction is rolled back.
    pub fn commit(&mut self, durability: Durability) -> Result<()> {
        self.check_open()?;
        let are_released = Cell::new(false);
        let result = self.commit_parts(durability, || {
            self.leased_parts().for_each(|part| part.state.lease.release());
            are_released.set(true);
        });
        if are_released.get() {
            self.parts.clear();
        }
        self.end();
        result
    }

    /// Forgets every write of the transaction.
    ///
    /// Errors: `TRANSACTION_ENDED`.
    pub fn rollback(&mut self) -> Result<()> {
        self.check_open()?;
        self.end();
        Ok(())
    }

    /// The last commit that the transaction sees; `None` for one that has no snapshot.
    pub fn sequence(&self) -> Option<Sequence> {
        self.snapshot.as_ref().map(Snapshot::sequence)
    }

    /// Whether it was committed or rolled back.
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Commits what was written; see `Store::commit_then` for `release`.
    fn commit_parts(&self, durability: Durability, release: impl FnOnce()) -> Result<()> {
        let written: Vec<(&Part, Vec<Write<'_>>)> = self
            .parts
            .values()
            .filter(|part| part.create || !part.overlay.is_empty())
            .map(|part| (part, part.overlay.writes()))
            .collect();
        let changes: Vec<Change<'_>> = written
            .iter()
            .map(|(part, writes)| Change {
                state: &part.state,
                ids: part.ids,
                clear: part.overlay.is_cleared,
                create: part.create,
                writes,
            })
            .collect();
        self.store.commit_then(&changes, durability, release).map(|_| ())
    }

    /// The parts whose leases the transaction holds.
    fn leased_parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.values().filter(|part| part.is_leased)
    }

    /// Gives everything back that the transaction holds.
    fn end(&mut self) {
        self.is_ended = true;
        if let Some(snapshot) = self.snapshot.take() {
            self.store.pager.close_snapshot(&snapshot);
        }
        self.leased_parts().for_each(|part| part.state.lease.release());
        self.parts.clear();
    }

    fn check_open(&self) -> Result<()> {
        if self.is_ended {
            return Err(Error::new(
                ErrorKind::TransactionEnded,
                "the transaction was already committed or rolled back",
            ));
        }
        self.store.check_readable()
    }

    /// The part of `name` for reading.
    fn part(&mut self, name: &str) -> Result<&mut Part> {
        self.check_open()?;
        self.has_read = true;
        if let Some(snapshot) = &self.snapshot {
            snapshot.check()?;
        }
        let store = &self.store;
        Ok(self
            .parts
            .entry(name.into())
            .or_insert_with(|| Part::new(store.collection(name), false)))
    }

    /// The part of `name` for writing: its lease is held from here on.
    fn leased_part(&mut self, name: &str) -> Result<&mut Part> {
        self.check_open()?;
        self.store.check_writable()?;
        let bytes: usize = self.parts.values().map(|part| part.overlay.bytes).sum();
        if bytes > TRANSACTION_BYTES_MAX {
            return Err(Error::new(
                ErrorKind::TransactionTooLarge,
                format!(
                    "the transaction has written {bytes} bytes; at most {TRANSACTION_BYTES_MAX} fit one commit"
                ),
            ));
        }
        if !self.parts.get(name).is_some_and(|part| part.is_leased) {
            self.take_lease(name)?;
        }
        let store = &self.store;
        Ok(self
            .parts
            .entry(name.into())
            .or_insert_with(|| Part::new(store.collection(name), false)))
    }

    fn take_lease(&mut self, name: &str) -> Result<()> {
        let state = self.store.collection(name);
        let is_in_order = self
            .parts
            .iter()
            .rev()
            .find(|(_, part)| part.is_leased)
            .is_none_or(|(last, _)| **last < *name);
        // One that holds no lease yet, or only earlier names, can wait; else two could wait for each other.
        let wait = if is_in_order {
            self.store.settings.lock_wait
        } else {
            Duration::ZERO
        };
        let acquired = if is_in_order {
            state.lease.acquire(self.owner, wait, &|| name.to_owned())
        } else if state.lease.try_acquire(self.owner) {
            Ok(())
        } else {
            Err(conflict(
                name,
                "another transaction holds it, and waiting out of the order of names could never end",
            ))
        };
        acquired?;
        let part = self
            .parts
            .entry(name.into())
            .or_insert_with(|| Part::new(state, false));
        part.is_leased = true;
        let last = part.state.content.read().last_sequence;
        self.renew_snapshot(name, last)
    }

    /// Makes sure that the snapshot sees `last`, the newest commit of collection `name`.
    fn renew_snapshot(&mut self, name: &str, last: Sequence) -> Result<()> {
        let Some(snapshot) = &self.snapshot else {
            return Ok(());
        };
        if last <= snapshot.sequence() {
            return Ok(());
        }
        if self.has_read {
            return Err(conflict(
                name,
                "it was changed after this transaction began to read",
            ));
        }
        self.store.pager.close_snapshot(snapshot);
        self.snapshot = Some(self.store.open_snapshot()?);
        Ok(())
    }
}

impl Part {
    fn new(state: Arc<CollectionState>, is_leased: bool) -> Part {
        Part {
            state,
            is_leased,
            create: false,
            ids: IdMode::default(),
            overlay: Overlay::default(),
            claims: Claims::default(),
            next_integer: None,
        }
    }
}

fn conflict(name: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "collection {name} cannot be written by this transaction: {why}; run the transaction again, naming its collections at the start"
        ),
    )
}
