//! Entries of ordered indexes on their way into a tree or out of it: a list in one piece of memory.
//!
//! Promises: an entry costs its bytes and a span, whatever its length; sorting moves spans only.
//! Leaves to others: what an entry is made of (index_keys.rs), trees (index/ordered).

/// A list of entries in one piece of memory.
#[derive(Debug, Default)]
pub struct Entries {
    bytes: Vec<u8>,
    list: Vec<Span>,
}

/// Where an entry lies, and where its id begins.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    id: usize,
    end: usize,
}

impl Entries {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Bytes of memory in use.
    pub fn resident_bytes(&self) -> usize {
        self.bytes.len() + self.list.len() * size_of::<Span>()
    }

    /// Entry number `at`.
    pub fn get(&self, at: usize) -> Option<&[u8]> {
        self.list.get(at).map(|span| self.entry(span))
    }

    /// The keys of entry number `at`, without the id.
    pub fn keys(&self, at: usize) -> Option<&[u8]> {
        let span = self.list.get(at)?;
        self.bytes.get(span.start..span.id)
    }

    /// The canonical id of entry number `at`, without the keys.
    pub fn id(&self, at: usize) -> Option<&[u8]> {
        let span = self.list.get(at)?;
        self.bytes.get(span.id..span.end)
    }

    /// Every entry.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.list.iter().map(|span| self.entry(span))
    }

    /// Brings the entries into order.
    pub fn sort(&mut self) {
        self.sort_from(0);
    }

    /// Whether `entry` is among the entries, which are in order.
    pub fn has(&self, entry: &[u8]) -> bool {
        self.list
            .binary_search_by(|span| self.entry(span).cmp(entry))
            .is_ok()
    }

    /// Takes the entries from number `first` here, and from number `others_first` in `others`, out of both where
    /// they are in both. Both parts are in order.
    pub fn cancel(&mut self, first: usize, others: &mut Entries, others_first: usize) {
        let (mut kept, mut kept_other) = (first, others_first);
        let (mut at, mut other) = (first, others_first);
        loop {
            let order = match (self.get(at), others.get(other)) {
                (Some(one), Some(two)) => one.cmp(two),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => break,
            };
            if order.is_lt() {
                self.list.swap(kept, at);
                kept += 1;
            } else if order.is_gt() {
                others.list.swap(kept_other, other);
                kept_other += 1;
            }
            at += usize::from(order.is_le());
            other += usize::from(order.is_ge());
        }
        self.list.truncate(kept);
        others.list.truncate(kept_other);
    }

    fn entry(&self, span: &Span) -> &[u8] {
        self.bytes.get(span.start..span.end).unwrap_or_default()
    }

    /// Where the keys of the next entry are written.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends the entry whose keys were written from `start` on.
    pub(super) fn finish(&mut self, start: usize, id: &[u8]) {
        let id_start = self.bytes.len();
        self.bytes.extend_from_slice(id);
        self.list.push(Span {
            start,
            id: id_start,
            end: self.bytes.len(),
        });
    }

    /// Sorts the entries from number `first` on and leaves one of equal ones.
    pub(super) fn sort_from(&mut self, first: usize) {
        let bytes = &self.bytes;
        let entry = |span: &Span| bytes.get(span.start..span.end).unwrap_or_default();
        let Some(tail) = self.list.get_mut(first..) else {
            return;
        };
        tail.sort_unstable_by(|one, other| entry(one).cmp(entry(other)));
        let mut kept = first;
        for at in first..self.list.len() {
            let (before, here) = (kept.checked_sub(1), self.list.get(at));
            let is_repeated =
                kept > first && before.and_then(|before| self.list.get(before)).map(entry) == here.map(entry);
            if !is_repeated {
                self.list.swap(kept, at);
                kept += 1;
            }
        }
        self.list.truncate(kept);
    }
}
