//! Inserting where a page has no room: laying it out anew, dividing it, and so on up the path.
//!
//! The root keeps its page: when it overflows, both halves move to new pages and it becomes their parent.
//! Promises: a page is allocated before anything of its level changes, so a refusal leaves the tree whole but
//! for entries not yet reachable. Rising and falling insertions leave full pages behind.
//! Leaves to others: where pages are divided (format/tree_page/rows.rs).

use quire_frames::PageNumber;

use super::OrderedIndex;
use super::descent::Path;
use crate::error::{Error, ErrorKind, Result};
use crate::format::fields::damaged;
use crate::format::tree_page::rows::Division;
use crate::format::tree_page::{self, LEVELS_MAX, Node};
use crate::pager::PageWriter;

impl OrderedIndex {
    /// Inserts `self.separator`, at first an entry, at `place` of the leaf at the end of `path`, which has no room
    /// for it as it is.
    pub(super) fn make_room(
        &mut self,
        writer: &PageWriter<'_>,
        path: &Path,
        place: usize,
        division: Division,
    ) -> Result<()> {
        let (mut number, mut place, mut child) = (path.leaf, place, None);
        let mut above = path.steps();
        loop {
            {
                let page = writer.read(number)?;
                let node = Node::read(&page, self.root.owner, None);
                let gathered = node.and_then(|node| self.rows.gather(&node));
                gathered.map_err(damaged(number))?;
            }
            let inserted = self.rows.insert(place, &self.separator, child);
            inserted.map_err(damaged(number))?;
            let count = self.rows.count();
            if self.rows.fits(0..count) {
                let mut page = writer.change(number)?;
                self.rows.lay_out(0..count, self.rows.first_child(), &mut page);
                return Ok(());
            }
            let Some((step, rest)) = above.split_last() else {
                return self.divide_root(writer, division);
            };
            let right = self.divide(writer, number, division)?;
            (number, place, child, above) = (step.page, step.child, Some(right), rest);
            let mut page = writer.change(number)?;
            if tree_page::insert(&mut page, place, &self.separator, child).map_err(damaged(number))? {
                return Ok(());
            }
        }
    }

    /// Divides `self.rows` between `number` and a new page, which is returned; `self.separator` is what goes up.
    fn divide(
        &mut self,
        writer: &PageWriter<'_>,
        number: PageNumber,
        division: Division,
    ) -> Result<PageNumber> {
        let left = self.rows.division(division);
        let right = self.new_page(writer, left)?;
        let mut page = writer.change(number)?;
        self.rows.lay_out(0..left, self.rows.first_child(), &mut page);
        Ok(right)
    }

    /// A new page with what is right of `left`; `self.separator` is what tells the two apart.
    fn new_page(&mut self, writer: &PageWriter<'_>, left: usize) -> Result<PageNumber> {
        let (right, mut page) = self.add_page(writer)?;
        let first_child = self.rows.child(left);
        self.rows
            .lay_out(self.rows.right_of(left), first_child, &mut page);
        self.separator.clear();
        self.separator.extend_from_slice(self.rows.separator(left));
        if self.rows.level() == 0
            && let Some((_, end)) = &self.last_end
            && *end == Division::Last
        {
            self.last_end = Some((right, Division::Last));
        }
        Ok(right)
    }

    /// Divides `self.rows`, the root's, between two new pages and makes the root their parent.
    fn divide_root(&mut self, writer: &PageWriter<'_>, division: Division) -> Result<()> {
        let level = self.rows.level();
        if usize::from(level) + 1 >= LEVELS_MAX {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                "an ordered index has as many levels as it can have",
            ));
        }
        let left = self.rows.division(division);
        let first = {
            let (number, mut page) = self.add_page(writer)?;
            self.rows.lay_out(0..left, self.rows.first_child(), &mut page);
            number
        };
        if level == 0
            && let Some((_, end)) = &self.last_end
            && *end == Division::First
        {
            self.last_end = Some((first, Division::First));
        }
        let second = self.new_page(writer, left)?;
        self.rows.clear(level + 1, Some(first));
        let pushed = self.rows.push(&self.separator, Some(second));
        pushed.map_err(damaged(self.root.page))?;
        let mut page = writer.change(self.root.page)?;
        self.rows.lay_out(0..1, Some(first), &mut page);
        Ok(())
    }
}
