//! Every page and entry of the id index: for `check`, for listing its pages and for giving them back.
//!
//! Promises: each page is named once, so that the checker can count references to every page of the file; an
//! entry is damage where no lookup would find it: in a wrong bucket, behind a line or page that lookups stop at.
//! Leaves to others: whether each entry's document is there and has its hash (check).

use quire_frames::{PageBytes, PageNumber};

use super::PrimaryIndex;
use super::chain::next_page;
use crate::error::{Error, Result};
use crate::format::bucket::{self, Entry, HashPart};
use crate::format::fields::{Checked, damaged};
use crate::format::page::{self, Sequence};
use crate::format::place::Place;
use crate::pager::{PageWriter, Pager};

/// What the check meets.
#[derive(Debug)]
pub enum IndexEvent {
    /// A directory page.
    DirectoryPage(PageNumber),
    /// A page of a bucket.
    BucketPage(PageNumber),
    /// An entry, in the order of buckets.
    Entry {
        /// 40 bits of the hash of the document's id.
        part: HashPart,
        /// Where the document should be.
        place: Place,
    },
    /// Something that should not be.
    Damage(Error),
}

/// Pages that belong to an id index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexPart {
    /// A directory page.
    Directory(PageNumber),
    /// A page of a bucket.
    Bucket(PageNumber),
}

/// One page of a bucket, read for the check.
struct BucketPage {
    entries: Vec<Entry>,
    next: Option<PageNumber>,
}

impl PrimaryIndex {
    /// Reports every page and entry as of `at`, or of the current state, and all damage.
    pub fn verify(&self, pager: &Pager, at: Option<Sequence>, mut visit: impl FnMut(IndexEvent)) {
        let mut buckets: Vec<PageNumber> = Vec::new();
        let walked = self.directory.walk(pager, at, |page, pages| {
            visit(IndexEvent::DirectoryPage(page));
            buckets.extend(pages);
        });
        if let Err(error) = walked {
            visit(IndexEvent::Damage(error));
        }
        let count = match at {
            None => self.directory.count(),
            Some(at) => self.history.count_at(at, self.directory.count()),
        };
        if buckets.len() != count as usize && !(at.is_some() && buckets.is_empty()) {
            let what = "the directory of the id index has another bucket count than its root";
            visit(IndexEvent::Damage(damaged(self.directory.first())(what)));
        }
        let mut entries_count = 0;
        for (bucket, first) in buckets.iter().enumerate() {
            let verified = self.verify_bucket(pager, at, (bucket as u32, count), *first, &mut |event| {
                entries_count += u64::from(matches!(event, IndexEvent::Entry { .. }));
                visit(event);
            });
            if let Err(error) = verified {
                visit(IndexEvent::Damage(error));
            }
        }
        if at.is_none() && entries_count != self.entries_count {
            let what = format!(
                "the id index has {entries_count} entries, its root says {}",
                self.entries_count
            );
            visit(IndexEvent::Damage(Error::corrupted_page(
                self.directory.first(),
                what,
            )));
        }
    }

    /// Names every page of the index.
    ///
    /// Errors: the first page that could not be read; what could be named was named all the same.
    pub fn pages(&self, pager: &Pager, mut visit: impl FnMut(IndexPart)) -> Result<()> {
        let mut directory = Vec::new();
        let mut outcome = self.directory.walk(pager, None, |page, _| directory.push(page));
        let buckets = self.directory.buckets(pager)?;
        for (bucket, first) in buckets.iter().enumerate() {
            let mut next = Some(*first);
            let mut position = 0;
            while let Some(number) = next {
                let read = pager
                    .read(number)
                    .and_then(|page| next_page(&page, bucket as u32, position).map_err(damaged(number)));
                // A later page is named only when it says that it is of this bucket.
                if position == 0 || read.is_ok() {
                    visit(IndexPart::Bucket(number));
                }
                next = *read.as_ref().unwrap_or(&None);
                outcome = outcome.and(read.map(|_| ()));
                position = position.wrapping_add(1);
            }
        }
        directory
            .into_iter()
            .for_each(|page| visit(IndexPart::Directory(page)));
        outcome
    }

    /// Gives every page of the index back. It must not be used afterwards, but for snapshots of before.
    ///
    /// Errors: as `pages`; every page that was named is free then.
    pub fn release(&self, writer: &PageWriter<'_>) -> Result<()> {
        self.pages(writer.pager(), |part| match part {
            IndexPart::Directory(page) | IndexPart::Bucket(page) => writer.free(page),
        })
    }

    /// Reports the chain of one bucket, given with the count of all.
    fn verify_bucket(
        &self,
        pager: &Pager,
        at: Option<Sequence>,
        (bucket, count): (u32, u32),
        first: PageNumber,
        visit: &mut impl FnMut(IndexEvent),
    ) -> Result<()> {
        let mut next = Some(first);
        let mut before: Vec<PageNumber> = Vec::new();
        while let Some(number) = next {
            visit(IndexEvent::BucketPage(number));
            let position = before.len() as u16;
            let found = {
                let page = pager
                    .view(number, at)?
                    .ok_or("the id index names a page that did not exist yet")
                    .map_err(damaged(number))?;
                if page::owner(&page) != self.owner {
                    return Err(damaged(number)("a bucket page of this collection was expected"));
                }
                read_page(&page, bucket, position).map_err(damaged(number))?
            };
            for entry in found.entries {
                if entry.part.bucket(count) != bucket || !is_reached(pager, at, &before, entry.part)? {
                    let what = "an entry of the id index is in a bucket or page where no lookup finds it";
                    visit(IndexEvent::Damage(damaged(number)(what)));
                }
                visit(IndexEvent::Entry {
                    part: entry.part,
                    place: entry.place,
                });
            }
            next = found.next;
            before.push(number);
        }
        Ok(())
    }
}

/// Whether lookups of `part` pass the pages `before`.
fn is_reached(pager: &Pager, at: Option<Sequence>, before: &[PageNumber], part: HashPart) -> Result<bool> {
    for number in before {
        let Some(page) = pager.view(*number, at)? else {
            return Ok(false);
        };
        if !bucket::is_passed_by(&page, part) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read_page(page: &PageBytes, bucket: u32, position: u16) -> Checked<BucketPage> {
    let next = next_page(page, bucket, position)?;
    bucket::check(page)?;
    Ok(BucketPage {
        entries: bucket::entries(page).collect(),
        next,
    })
}
