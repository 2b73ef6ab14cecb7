//! Ordering documents by their keys, in bounded memory.
//!
//! With a limit only the first so many are held, in a heap whose top is the last of them: a document that
//! comes later in the order costs one comparison and is never copied. Promises: stable, so what comes in with
//! equal keys goes out as it came in; memory stays within the budget, and the refusal beyond it says what
//! helps. Leaves to others: keys (sort.rs).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::error::{Error, ErrorKind, Result};
use crate::query::sort::Sort;

/// Documents on their way to be ordered, each as whatever stands for it.
pub struct Sorter<T> {
    /// Most documents that are wanted; None for all.
    limit: Option<usize>,
    bytes_max: usize,
    /// Memory of all rows.
    bytes: usize,
    /// How many came in.
    count: u64,
    rows: Rows<T>,
    /// The sort order, for messages.
    order: String,
}

enum Rows<T> {
    All(Vec<Row<T>>),
    /// The last one in the order on top.
    First(BinaryHeap<Row<T>>),
}

/// A document with its key and when it came.
struct Row<T> {
    /// The first bytes of the key, which order most rows without a look at the rest.
    prefix: u64,
    key: Vec<u8>,
    number: u64,
    payload: T,
    payload_bytes: usize,
}

impl<T> Sorter<T> {
    /// A sorter of documents by `sort`, which is here for messages only.
    ///
    /// Units: `limit` is how many of the first documents are wanted, None for all; `bytes_max` the memory for
    /// keys and payloads, in bytes, of which `limits::SORT_BYTES_DEFAULT` is the default.
    pub fn new(sort: &Sort, limit: Option<usize>, bytes_max: usize) -> Sorter<T> {
        let fields: Vec<String> = sort
            .fields()
            .iter()
            .map(|field| format!("{:?}: {}", field.path, if field.is_descending { -1 } else { 1 }))
            .collect();
        Sorter {
            limit,
            bytes_max,
            bytes: 0,
            count: 0,
            rows: match limit {
                Some(_) => Rows::First(BinaryHeap::new()),
                None => Rows::All(Vec::new()),
            },
            order: format!("{{{}}}", fields.join(", ")),
        }
    }

    /// True when a document with this key, if it came now, would be among those wanted so far.
    #[inline]
    pub fn accepts(&self, key: &[u8]) -> bool {
        let (Some(limit), Rows::First(heap)) = (self.limit, &self.rows) else {
            return true;
        };
        heap.len() < limit || heap.peek().is_some_and(|last| last.is_after(key))
    }

    /// Takes a document in, if it is among those wanted: `payload` makes what stands for it, of `payload_bytes`
    /// bytes of memory.
    ///
    /// Errors: LIMIT_EXCEEDED when that takes more memory than the budget.
    #[inline]
    pub fn push(&mut self, key: &[u8], payload_bytes: usize, payload: impl FnOnce() -> T) -> Result<()> {
        self.count += 1;
        if !self.accepts(key) {
            return Ok(());
        }
        self.make_room(key, payload_bytes)?;
        let row = Row {
            prefix: prefix(key),
            key: key.to_vec(),
            number: self.count,
            payload: payload(),
            payload_bytes,
        };
        match &mut self.rows {
            Rows::All(rows) => rows.push(row),
            Rows::First(heap) => heap.push(row),
        }
        Ok(())
    }

    /// Lets the last row go where there are as many as wanted, and counts the memory of one that comes.
    fn make_room(&mut self, key: &[u8], payload_bytes: usize) -> Result<()> {
        if let (Rows::First(heap), Some(limit)) = (&mut self.rows, self.limit)
            && heap.len() >= limit
            && let Some(last) = heap.pop()
        {
            self.bytes -= row_bytes::<T>(last.key.len(), last.payload_bytes);
        }
        self.bytes += row_bytes::<T>(key.len(), payload_bytes);
        if self.bytes > self.bytes_max {
            return Err(self.too_large());
        }
        Ok(())
    }

    /// How many documents are held.
    pub fn held_count(&self) -> usize {
        match &self.rows {
            Rows::All(rows) => rows.len(),
            Rows::First(heap) => heap.len(),
        }
    }

    /// The documents in their order.
    pub fn into_sorted(self) -> Sorted<T> {
        let rows = match self.rows {
            Rows::All(mut rows) => {
                // Numbers differ, so this is stable.
                rows.sort_unstable();
                rows
            }
            Rows::First(heap) => heap.into_sorted_vec(),
        };
        Sorted {
            rows: rows.into_iter(),
        }
    }

    #[cold]
    fn too_large(&self) -> Error {
        Error::new(
            ErrorKind::LimitExceeded,
            format!(
                "sorting by {} takes more than {} bytes of memory, after {} documents; an index on {} gives the \
                 order without sorting, and a limit keeps the first documents only",
                self.order, self.bytes_max, self.count, self.order
            ),
        )
    }
}

/// Memory of one row.
fn row_bytes<T>(key_bytes: usize, payload_bytes: usize) -> usize {
    size_of::<Row<T>>() + key_bytes + payload_bytes
}

/// What stands for the documents, in their order; each leaves memory as it is taken.
pub struct Sorted<T> {
    rows: std::vec::IntoIter<Row<T>>,
}

impl<T> Iterator for Sorted<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.rows.next().map(|row| row.payload)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl<T> ExactSizeIterator for Sorted<T> {}

impl<T> Row<T> {
    /// True when the row stands after a later one of this key.
    #[inline]
    fn is_after(&self, key: &[u8]) -> bool {
        match self.prefix.cmp(&prefix(key)) {
            Ordering::Equal => *self.key > *key,
            order => order.is_gt(),
        }
    }
}

impl<T> Ord for Row<T> {
    #[inline]
    fn cmp(&self, other: &Row<T>) -> Ordering {
        self.prefix
            .cmp(&other.prefix)
            .then_with(|| self.key.cmp(&other.key))
            .then(self.number.cmp(&other.number))
    }
}

impl<T> PartialOrd for Row<T> {
    #[inline]
    fn partial_cmp(&self, other: &Row<T>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Row<T> {
    fn eq(&self, other: &Row<T>) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Row<T> {}

/// The first eight bytes of a key as a number that orders as they do.
#[inline]
fn prefix(key: &[u8]) -> u64 {
    if let Some(first) = key.first_chunk::<8>() {
        return u64::from_be_bytes(*first);
    }
    let bytes = key.iter().chain(std::iter::repeat(&0)).take(8);
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}
