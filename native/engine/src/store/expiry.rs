//! Documents that expire: deleted when the date in the field of a TTL index, or any date of an array there, lies as
//! far back as the index says.
//!
//! Promises: they are found through the index alone and deleted in small commits, each under the lease, so writers
//! wait shortly; what is not a date never expires. Another round finds what one left.
//! Leaves to others: when rounds are made (database/janitor.rs).

use std::ops::{Bound, ControlFlow};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::collection::lease::Owner;
use crate::collection::secondary::SecondaryIndex;
use crate::collection::{CollectionState, Content, IdMode, Write};
use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::key;
use crate::format::value::{Timestamp, Value};
use crate::index::ordered::OrderedScan;
use crate::store::{Change, Store};
use crate::wal::Durability;

/// Most documents that one commit deletes.
const BATCH_DOCUMENTS: usize = 500;

/// Bounds of the entries of an index.
type Range = (Bound<Vec<u8>>, Bound<Vec<u8>>);

impl Store {
    /// Deletes every document that has expired by `now`; how many there were. Waits `wait` for each collection
    /// that a transaction holds.
    ///
    /// Errors: `BUSY`; those of `commit`. What was deleted until then stays deleted.
    pub fn expire(&self, now: Timestamp, wait: Duration, durability: Durability) -> Result<u64> {
        let mut count = 0;
        for state in self.collections() {
            count += self.expire_in(&state, now, wait, durability)?;
        }
        Ok(count)
    }

    /// As `expire`, at present and as far as nobody is in the way: what is left comes with the next round.
    pub fn expire_in_background(&self) {
        for state in self.collections() {
            // A failure is kept in `health`, where the next commit finds it; there is nobody here to tell.
            let _ = self.expire_in(&state, present(), Duration::ZERO, Durability::Lazy);
        }
    }

    fn expire_in(
        &self,
        state: &CollectionState,
        now: Timestamp,
        wait: Duration,
        durability: Durability,
    ) -> Result<u64> {
        let mut count = 0;
        while state.content.read().expires() {
            let deleted = self.expire_some(state, now, wait, durability)?;
            count += deleted as u64;
            if deleted < BATCH_DOCUMENTS {
                break;
            }
        }
        Ok(count)
    }

    /// One commit of `expire`.
    fn expire_some(
        &self,
        state: &CollectionState,
        now: Timestamp,
        wait: Duration,
        durability: Durability,
    ) -> Result<usize> {
        state
            .lease
            .acquire(Owner(0), wait, &|| state.name().to_string())?;
        let deleted = self.expired_ids(state, now).and_then(|ids| {
            let writes: Vec<Write<'_>> = ids.iter().map(|id| Write::Delete(id)).collect();
            let change = Change {
                state,
                ids: IdMode::default(),
                clear: false,
                create: false,
                writes: &writes,
            };
            if !writes.is_empty() {
                self.commit(&[change], durability)?;
            }
            Ok(ids.len())
        });
        state.lease.release();
        deleted
    }

    /// Ids of documents that have expired, the first ones. The caller holds the lease.
    fn expired_ids(&self, state: &CollectionState, now: Timestamp) -> Result<Vec<IdBytes>> {
        let content = state.content.read();
        let mut ids = indexmap::IndexSet::new();
        let indexes = content.body.as_ref().map_or(&[][..], |body| &body.indexes);
        for index in indexes {
            let Some((lower, upper)) = expired_range(index, now)? else {
                continue;
            };
            let mut scan = OrderedScan::new(index.tree.root(), lower, upper, false, None);
            let mut failure = None;
            loop {
                let has_more = scan.next(&self.pager, |entry| match id_of(index, entry) {
                    Ok(id) => {
                        ids.insert(id);
                        match ids.len() < BATCH_DOCUMENTS {
                            true => ControlFlow::Continue(()),
                            false => ControlFlow::Break(()),
                        }
                    }
                    Err(error) => {
                        failure = Some(error);
                        ControlFlow::Break(())
                    }
                })?;
                if let Some(error) = failure {
                    return Err(error);
                }
                if !has_more || ids.len() >= BATCH_DOCUMENTS {
                    break;
                }
            }
        }
        Ok(ids.into_iter().collect())
    }
}

impl Content {
    /// Whether documents can expire.
    fn expires(&self) -> bool {
        self.body.as_ref().is_some_and(|body| {
            let mut indexes = body.indexes.iter();
            indexes.any(|index| index.rules.definition.expire_after_seconds.is_some())
        })
    }
}

/// The present time.
pub fn present() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp {
        seconds: elapsed.as_secs() as i64,
        nanoseconds: elapsed.subsec_nanos(),
    }
}

/// Where the entries of expired documents lie; `None` where none expire.
fn expired_range(index: &SecondaryIndex, now: Timestamp) -> Result<Option<Range>> {
    let definition = &index.rules.definition;
    let (Some(seconds), Some(field)) = (definition.expire_after_seconds, definition.keys.first()) else {
        return Ok(None);
    };
    let last = Value::Timestamp(Timestamp {
        seconds: now.seconds.saturating_sub(seconds.into()),
        ..now
    });
    let mut first = vec![key::type_bounds(Some(&last)).0];
    let mut last_key = Vec::new();
    key::encode(Some(&last), &mut last_key)?;
    let (lower, mut upper) = if field.is_descending {
        key::complement(&mut first);
        key::complement(&mut last_key);
        (last_key, first)
    } else {
        (first, last_key)
    };
    let upper = match key::step_behind(&mut upper) {
        true => Bound::Excluded(upper),
        false => Bound::Unbounded,
    };
    Ok(Some((Bound::Included(lower), upper)))
}

/// The id of an entry.
fn id_of(index: &SecondaryIndex, entry: &[u8]) -> Result<IdBytes> {
    let start = index.rules.paths.id_start(entry);
    let start = start.map_err(crate::format::fields::damaged(index.tree.root().page))?;
    IdBytes::from_canonical(entry.get(start..).unwrap_or_default())
}
