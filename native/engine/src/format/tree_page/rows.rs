//! The entries of one or two pages of an ordered index, taken out to be laid out anew.
//!
//! A page that overflows, a page with holes and two pages that are merged go the same way: take the entries out,
//! change the list, lay it out on as many pages as it needs.
//! Promises: gathering doubts all it reads; a list that was one page's and one entry more always divides into
//! two that fit, for a row is at most a third of a page.
//! Leaves to others: which pages (index/ordered), single changes (tree_page.rs).

use std::ops::Range;

use quire_frames::{PageBytes, PageNumber};

use super::{
    ENTRY_BYTES_MAX, FIRST_CHILD_AT, FREE_BYTES_MAX, FRONT_BYTES, Head, Node, PAGE_BYTES, Parts, SLOT_BYTES,
    SLOTS_AT, place, row_bytes,
};
use crate::format::fields::{Checked, write_u32};

// A half holds at most half of all bytes and one row more; a whole page and one row are divided.
const _: () = assert!(3 * (SLOT_BYTES + ENTRY_BYTES_MAX + 8) <= FREE_BYTES_MAX);

/// The share of a list's rows, on either side of the middle, among which the shortest separator is looked for.
const WINDOW_DIVISOR: usize = 16;

/// Where an overflowing page is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Division {
    /// In the middle.
    Even,
    /// All but the last entries stay on the left: entries come in rising order.
    Last,
    /// All but the first entries go to the right: entries come in falling order.
    First,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    start: u32,
    length: u16,
    /// The child behind the separator; 0 on leaves.
    child: u32,
}

/// A list of entries in order, with their children on inner levels. Kept for its memory.
#[derive(Debug, Default)]
pub struct Rows {
    level: u8,
    first_child: u32,
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

impl Rows {
    /// Empties the list, for pages of `level` whose first child is `first_child`.
    pub fn clear(&mut self, level: u8, first_child: Option<PageNumber>) {
        self.level = level;
        self.first_child = first_child.map_or(0, PageNumber::get);
        self.bytes.clear();
        self.rows.clear();
    }

    /// Makes this the list of `node`. Errors: as `Node::check`.
    pub fn gather(&mut self, node: &Node<'_>) -> Checked<()> {
        let first_child = if node.level() > 0 {
            Some(node.child(0)?)
        } else {
            None
        };
        self.clear(node.level(), first_child);
        self.append(node)
    }

    /// Appends the entries of `node`, which follow on those here. Errors: as `Node::check`.
    pub fn append(&mut self, node: &Node<'_>) -> Checked<()> {
        node.check()?;
        let before = self.count();
        for at in 0..node.count() {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(node.prefix());
            node.parts(at)?.write(&mut self.bytes);
            self.rows.push(Row {
                start: start as u32,
                length: (self.bytes.len() - start) as u16,
                child: if node.level() > 0 {
                    node.child(at + 1)?.get()
                } else {
                    0
                },
            });
        }
        if before > 0 && before < self.count() && self.entry(before - 1) >= self.entry(before) {
            return Err("neighbouring pages of an ordered index are out of order");
        }
        Ok(())
    }

    /// Adds an entry at place `at`. Errors: when it does not lie between its neighbours; the list stays.
    pub fn insert(&mut self, at: usize, entry: &[u8], child: Option<PageNumber>) -> Checked<()> {
        let at = at.min(self.rows.len());
        let is_above = at.checked_sub(1).is_none_or(|below| self.entry(below) < entry);
        let is_below = at == self.rows.len() || entry < self.entry(at);
        if !(is_above && is_below) {
            return Err("an ordered index's page is not in order with those above it or beside it");
        }
        let row = Row {
            start: self.bytes.len() as u32,
            length: entry.len() as u16,
            child: child.map_or(0, PageNumber::get),
        };
        self.bytes.extend_from_slice(entry);
        self.rows.insert(at, row);
        Ok(())
    }

    /// Adds an entry behind all others. Errors: when it is not above them.
    pub fn push(&mut self, entry: &[u8], child: Option<PageNumber>) -> Checked<()> {
        self.insert(self.rows.len(), entry, child)
    }

    /// Takes the last entry away.
    pub fn pop(&mut self) {
        if let Some(row) = self.rows.pop() {
            self.bytes.truncate(row.start as usize);
        }
    }

    /// Puts `child` behind the last separator, or left of all where there is none.
    pub fn set_last_child(&mut self, child: PageNumber) {
        match self.rows.last_mut() {
            Some(row) => row.child = child.get(),
            None => self.first_child = child.get(),
        }
    }

    /// Whether the entries, all pushed, take at most `bytes_max` bytes.
    ///
    /// Cheaper than `bytes_of`: it goes through the entries only where a page is nearly full.
    pub fn fill_at_most(&self, bytes_max: usize) -> bool {
        let range = 0..self.count();
        let prefix = self.common_prefix(&range);
        // Exact but for entries that end within their slot's four bytes.
        let with_slots = self.bytes.len() + prefix + row_bytes(self.level, 0) * self.count();
        let least = with_slots.saturating_sub((prefix + FRONT_BYTES) * self.count());
        least <= bytes_max
            && (least + FRONT_BYTES * self.count() <= bytes_max || self.bytes_of(range) <= bytes_max)
    }

    /// Bytes in memory.
    pub fn resident_bytes(&self) -> usize {
        self.bytes.capacity() + self.rows.capacity() * size_of::<Row>()
    }

    /// Number of entries.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// The level of the pages that the list is for.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The child left of all separators.
    pub fn first_child(&self) -> Option<PageNumber> {
        (self.first_child != 0).then(|| PageNumber::new(self.first_child))
    }

    /// Entry `at`; empty where there is none.
    pub fn entry(&self, at: usize) -> &[u8] {
        self.rows.get(at).map_or(&[], |row| self.entry_of(row))
    }

    /// The child behind separator `at`.
    pub fn child(&self, at: usize) -> Option<PageNumber> {
        let child = self.rows.get(at).map_or(0, |row| row.child);
        (child != 0).then(|| PageNumber::new(child))
    }

    fn entry_of(&self, row: &Row) -> &[u8] {
        let start = row.start as usize;
        self.bytes
            .get(start..start + usize::from(row.length))
            .unwrap_or_default()
    }

    /// What all entries of `range` begin with.
    fn common_prefix(&self, range: &Range<usize>) -> usize {
        if range.is_empty() {
            return 0;
        }
        common_bytes(self.entry(range.start), self.entry(range.end - 1))
    }

    fn bytes_with_prefix(&self, range: &Range<usize>, prefix: usize) -> usize {
        let rows = self.rows.get(range.clone()).unwrap_or_default();
        let row = |row: &Row| row_bytes(self.level, usize::from(row.length) - prefix);
        prefix + rows.iter().map(row).sum::<usize>()
    }

    /// The prefix that makes the entries of `range` shortest, and the bytes that they then take.
    fn measure(&self, range: &Range<usize>) -> (usize, usize) {
        let prefix = self.common_prefix(range);
        let (cut, whole) = (
            self.bytes_with_prefix(range, prefix),
            self.bytes_with_prefix(range, 0),
        );
        if cut < whole { (prefix, cut) } else { (0, whole) }
    }

    /// Bytes that the entries of `range` take on a page.
    pub fn bytes_of(&self, range: Range<usize>) -> usize {
        self.measure(&range).1
    }

    /// Whether the entries of `range` fit a page.
    pub fn fits(&self, range: Range<usize>) -> bool {
        self.bytes_of(range) <= FREE_BYTES_MAX
    }

    /// Makes the entries of `range`, which fit, all that `page` holds.
    ///
    /// `first_child` is that of the page; its head stays.
    pub fn lay_out(&self, range: Range<usize>, first_child: Option<PageNumber>, page: &mut PageBytes) {
        let (prefix, _) = self.measure(&range);
        let mut head = Head {
            level: self.level,
            count: range.len(),
            low_end: PAGE_BYTES - prefix,
            holes: 0,
            prefix,
        };
        let shared = self.entry(range.start).get(..prefix).unwrap_or_default();
        page[PAGE_BYTES - prefix..].copy_from_slice(shared);
        for (at, row) in self.rows.get(range).unwrap_or_default().iter().enumerate() {
            let parts = Parts::of(self.entry_of(row).get(prefix..).unwrap_or_default());
            let child = Some(PageNumber::new(row.child));
            head.low_end = place(page, &head, SLOTS_AT + at * SLOT_BYTES, &parts, child);
        }
        head.write(page);
        write_u32(page, FIRST_CHILD_AT, first_child.map_or(0, PageNumber::get));
    }

    /// Where to divide the list into two pages: the number of entries of the left one.
    ///
    /// On inner levels the entry at that place goes to neither but up.
    pub fn division(&self, division: Division) -> usize {
        let count = self.count();
        let last = if self.level > 0 {
            count.saturating_sub(2)
        } else {
            count.saturating_sub(1)
        };
        let wanted = match division {
            Division::Last => last,
            Division::First => 1,
            Division::Even => self.shortest_separator_near(self.middle(), last),
        };
        if self.divides(wanted) {
            return wanted;
        }
        let middle = self.middle();
        (1..=last)
            .filter(|at| self.divides(*at))
            .min_by_key(|at| at.abs_diff(middle))
            .unwrap_or(middle)
    }

    /// The entries of the right page when the left one has `left` of them.
    pub fn right_of(&self, left: usize) -> Range<usize> {
        let start = left + usize::from(self.level > 0);
        start.min(self.count())..self.count()
    }

    fn divides(&self, left: usize) -> bool {
        self.fits(0..left) && self.fits(self.right_of(left))
    }

    /// The place with about half of the bytes on either side.
    fn middle(&self) -> usize {
        let prefix = self.common_prefix(&(0..self.count()));
        let row = |row: &Row| row_bytes(self.level, usize::from(row.length) - prefix);
        let half = self.rows.iter().map(row).sum::<usize>() / 2;
        let mut sum = 0;
        let below_half = |entry: &&Row| {
            sum += row(entry);
            sum <= half
        };
        let middle = self.rows.iter().take_while(below_half).count();
        middle.clamp(1, self.count().saturating_sub(1).max(1))
    }

    /// Among the places about `middle`, the one whose separator is shortest.
    fn shortest_separator_near(&self, middle: usize, last: usize) -> usize {
        let reach = self.count() / WINDOW_DIVISOR;
        (middle.saturating_sub(reach).max(1)..=(middle + reach).min(last))
            .min_by_key(|at| (self.separator_bytes(*at), at.abs_diff(middle)))
            .unwrap_or(middle)
    }

    fn separator_bytes(&self, left: usize) -> usize {
        if self.level > 0 {
            self.entry(left).len()
        } else {
            separator(self.entry(left.saturating_sub(1)), self.entry(left)).len()
        }
    }

    /// What goes up when the left page has `left` entries: on inner levels that entry, else as much of the
    /// right page's first entry as tells it from the left page's last.
    pub fn separator(&self, left: usize) -> &[u8] {
        let right = self.entry(left);
        if self.level > 0 {
            right
        } else {
            separator(self.entry(left.saturating_sub(1)), right)
        }
    }
}

/// The shortest beginning of `right` that is above `left`, where `left < right`.
pub fn separator<'a>(left: &[u8], right: &'a [u8]) -> &'a [u8] {
    right.get(..common_bytes(left, right) + 1).unwrap_or(right)
}

/// How many bytes two strings begin with in common.
#[inline]
pub fn common_bytes(left: &[u8], right: &[u8]) -> usize {
    left.iter()
        .zip(right)
        .take_while(|(left, right)| left == right)
        .count()
}
