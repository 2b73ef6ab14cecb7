//! Every page and entry of an ordered index: for `check`, for listing its pages and for giving them back.
//!
//! Promises: each page is named once, and gone into once, so that pages which name each other in a ring end;
//! an entry is damage where no search would find it: out of order, or outside the separators above it.
//! Leaves to others: whether each entry's document is there and has its values (check).

use hashbrown::HashSet;
use quire_frames::PageNumber;

use super::{OrderedIndex, OrderedRoot};
use crate::error::{Error, Result};
use crate::format::fields::{Checked, damaged};
use crate::format::page::Sequence;
use crate::format::tree_page::Node;
use crate::pager::{PageWriter, Pager};

/// What the check meets.
#[derive(Debug)]
pub enum OrderedEvent<'a> {
    /// A page of the index, and how many bytes of it are used.
    Page(PageNumber, usize),
    /// An entry, in order.
    Entry(&'a [u8]),
    /// Something that should not be.
    Damage(Error),
}

/// The separators about a page: its entries are from the first on and below the second.
#[derive(Clone, Default)]
struct Fences {
    low: Option<Vec<u8>>,
    high: Option<Vec<u8>>,
}

impl Fences {
    fn hold(&self, entry: &[u8]) -> bool {
        self.low.as_deref().is_none_or(|low| low <= entry)
            && self.high.as_deref().is_none_or(|high| entry < high)
    }
}

/// A page that is still to be read.
struct Task {
    page: PageNumber,
    level: Option<u8>,
    fences: Fences,
}

impl OrderedIndex {
    /// Reports every page and entry as of `at`, or of the current state, and all damage.
    pub fn verify(&self, pager: &Pager, at: Option<Sequence>, mut visit: impl FnMut(OrderedEvent<'_>)) {
        let mut entries_count = 0;
        let mut pages_count = 0;
        let mut seen = HashSet::new();
        let mut tasks = vec![Task {
            page: self.root.page,
            level: None,
            fences: Fences::default(),
        }];
        while let Some(task) = tasks.pop() {
            if !seen.insert(task.page) {
                let what = "two pages of an ordered index name this page";
                visit(OrderedEvent::Damage(damaged(task.page)(what)));
                continue;
            }
            let verified = verify_page(self.root, pager, at, &task, &mut |event| {
                entries_count += u64::from(matches!(event, OrderedEvent::Entry(_)));
                pages_count += u32::from(matches!(event, OrderedEvent::Page(..)));
                visit(event);
            });
            match verified {
                Ok(children) => tasks.extend(children.into_iter().rev()),
                Err(error) => visit(OrderedEvent::Damage(error)),
            }
        }
        let counted = (entries_count, pages_count);
        let kept = (self.root.entries_count, self.root.pages_count);
        if at.is_none() && counted != kept {
            let what = format!(
                "an ordered index has {entries_count} entries on {pages_count} pages, its root says {} on {}",
                kept.0, kept.1
            );
            visit(OrderedEvent::Damage(Error::corrupted_page(self.root.page, what)));
        }
    }

    /// Names every page of the index, each once.
    ///
    /// Errors: the first page that could not be read; what could be named was named all the same.
    pub fn pages(&self, pager: &Pager, mut visit: impl FnMut(PageNumber)) -> Result<()> {
        let mut outcome = Ok(());
        let mut seen = HashSet::new();
        let mut tasks = vec![(self.root.page, None)];
        while let Some((number, level)) = tasks.pop() {
            if seen.contains(&number) {
                continue;
            }
            let children = pager.read(number).and_then(|page| {
                let node = Node::read(&page, self.root.owner, level);
                node.and_then(|node| children(&node)).map_err(damaged(number))
            });
            match children {
                // A page is named only when it says that it is of this index: no other is given back for it.
                Ok((level, children)) => {
                    seen.insert(number);
                    visit(number);
                    // Leaves are named by their parent only, so they too are read.
                    tasks.extend(children.into_iter().map(|child| (child, level.checked_sub(1))));
                }
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }

    /// Gives every page of the index back. It must not be used afterwards, but for snapshots of before.
    ///
    /// Errors: as `pages`; every page that was named is free then.
    pub fn release(&self, writer: &PageWriter<'_>) -> Result<()> {
        let mut pages = Vec::new();
        let outcome = self.pages(writer.pager(), |page| pages.push(page));
        pages.into_iter().for_each(|page| writer.free(page));
        outcome
    }
}

/// The level of a page and its children, in order.
fn children(node: &Node<'_>) -> Checked<(u8, Vec<PageNumber>)> {
    let count = if node.level() > 0 { node.count() + 1 } else { 0 };
    let children: Checked<Vec<PageNumber>> = (0..count).map(|at| node.child(at)).collect();
    Ok((node.level(), children?))
}

/// Reports one page and its entries; returns the pages below it, in order.
fn verify_page(
    root: OrderedRoot,
    pager: &Pager,
    at: Option<Sequence>,
    task: &Task,
    visit: &mut impl FnMut(OrderedEvent<'_>),
) -> Result<Vec<Task>> {
    let number = task.page;
    let Some(page) = pager.view(number, at)? else {
        if task.level.is_none() {
            return Ok(Vec::new());
        }
        return Err(damaged(number)(
            "an ordered index names a page that did not exist yet",
        ));
    };
    // The visitor may read pages, so none is latched meanwhile.
    let bytes = *page;
    drop(page);
    let node = Node::read(&bytes, root.owner, task.level).map_err(damaged(number))?;
    visit(OrderedEvent::Page(number, node.used_bytes()));
    if let Err(what) = node.check() {
        visit(OrderedEvent::Damage(damaged(number)(what)));
    }
    let mut entry = Vec::new();
    let mut below = Vec::new();
    let mut fences = task.fences.clone();
    for place in 0..node.count() {
        node.copy_entry(place, &mut entry).map_err(damaged(number))?;
        if !task.fences.hold(&entry) {
            let what = "an entry of an ordered index is on a page where no search finds it";
            visit(OrderedEvent::Damage(damaged(number)(what)));
        }
        if node.level() == 0 {
            visit(OrderedEvent::Entry(&entry));
            continue;
        }
        fences.high = Some(entry.clone());
        below.push(Task {
            page: node.child(place).map_err(damaged(number))?,
            level: Some(node.level() - 1),
            fences: fences.clone(),
        });
        fences.low = fences.high.take();
    }
    if node.level() > 0 {
        fences.high = task.fences.high.clone();
        below.push(Task {
            page: node.child(node.count()).map_err(damaged(number))?,
            level: Some(node.level() - 1),
            fences,
        });
    } else if node.count() == 0 && task.level.is_some() {
        let what = "an ordered index has an empty page below its root";
        visit(OrderedEvent::Damage(damaged(number)(what)));
    }
    Ok(below)
}
