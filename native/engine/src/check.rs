//! The check: everything a database says of itself, compared with everything else it says.
//!
//! Rules. Every page is a header, free, or used, and used once. Every page on disk fits its checksum. Every
//! document begins with an id whose index entry names its place; every index entry names such a document. Counts
//! are what is counted. Every ordered index has the entries of its documents and no others (check/indexes.rs).
//!
//! Promises: damage is reported and the check goes on; nothing is changed. Commits wait while it runs, readers do
//! not.
//! Leaves to others: what heaps and indexes know of themselves (heap/verify.rs, index/primary/verify.rs).

mod indexes;

use std::collections::{HashMap, HashSet};

use quire_frames::PageNumber;

use crate::collection::{Body, Content};
use crate::error::{Error, ErrorKind, Result};
use crate::format::header::HEADER_PAGES;
use crate::format::intake::document_id;
use crate::format::place::Place;
use crate::format::plain::write_plain;
use crate::heap::HeapEvent;
use crate::index::primary::{HashPart, IndexEvent};
use crate::pager::Pager;
use crate::pager::allocator::Run;
use crate::store::Store;
use indexes::check_indexes;

/// Most problems that are told one by one; all are counted.
const PROBLEMS_TOLD_MAX: usize = 1000;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// Pages of the file.
    pub pages_count: u64,
    /// Documents looked at.
    pub documents_count: u64,
    /// What is wrong, at most the first thousand.
    pub problems: Vec<Error>,
    /// How many things are wrong.
    pub problems_count: u64,
}

impl CheckReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems_count == 0
    }

    fn note(&mut self, error: Error) {
        self.problems_count += 1;
        if self.problems.len() < PROBLEMS_TOLD_MAX {
            self.problems.push(error);
        }
    }
}

/// Who uses each page.
struct PageUse {
    is_used: Vec<bool>,
}

impl PageUse {
    fn note(&mut self, run: Run, what: &str, report: &mut CheckReport) {
        for page in run.first..run.first.saturating_add(run.count) {
            match self.is_used.get_mut(page as usize) {
                Some(is_used) if !*is_used => *is_used = true,
                Some(_) => {
                    report.note(Error::corrupted_page(
                        PageNumber::new(page),
                        format!("it is {what}, but used elsewhere too"),
                    ));
                }
                None => {
                    report.note(Error::corrupted_page(
                        PageNumber::new(page),
                        format!("it is {what}, but outside the file"),
                    ));
                    return;
                }
            }
        }
    }

    fn note_page(&mut self, page: PageNumber, what: &str, report: &mut CheckReport) {
        self.note(
            Run {
                first: page.get(),
                count: 1,
            },
            what,
            report,
        );
    }
}

/// Checks the whole database.
///
/// Errors: only what stops the check itself; damage is in the report.
pub fn check(store: &Store) -> Result<CheckReport> {
    store.with_commits_held(|held| {
        let mut report = CheckReport::default();
        let (pages_count, _) = store.pager.page_counts();
        let mut pages = PageUse {
            is_used: vec![false; pages_count as usize],
        };
        report.pages_count = pages_count.into();
        pages.note(
            Run {
                first: 0,
                count: HEADER_PAGES,
            },
            "a header page",
            &mut report,
        );
        for run in store.pager.free_runs() {
            pages.note(run, "free", &mut report);
        }
        for run in held.own_runs() {
            pages.note(*run, "part of the catalog or the free list", &mut report);
        }
        for state in store.collections() {
            let content = state.content.read();
            if let Some(body) = &content.body {
                check_collection(&store.pager, &content, body, &mut pages, &mut report);
                check_indexes(&store.pager, &content, body, &mut pages, &mut report);
            }
        }
        for (page, is_used) in pages.is_used.iter().enumerate() {
            if !is_used {
                report.note(Error::corrupted_page(
                    PageNumber::new(page as u32),
                    "it is neither used nor free",
                ));
            }
        }
        held.verify_pages(&store.pager, |error| report.note(error));
        Ok(report)
    })
}

fn check_collection(
    pager: &Pager,
    content: &Content,
    body: &Body,
    pages: &mut PageUse,
    report: &mut CheckReport,
) {
    let name = &content.name;
    let structures = content.structures.snapshot();
    let mut hashes: HashMap<Place, u64> = HashMap::new();
    let mut bytes_sum = 0u64;
    let mut plain = Vec::new();
    body.heap.verify(pager, None, |event| match event {
        HeapEvent::MapPage(page) => pages.note_page(page, &format!("a map page of {name}"), report),
        HeapEvent::HeapPage(page) => pages.note_page(page, &format!("a heap page of {name}"), report),
        HeapEvent::OverflowRun { first, pages_count } => {
            pages.note(
                Run {
                    first: first.get(),
                    count: pages_count,
                },
                &format!("a large document of {name}"),
                report,
            );
        }
        HeapEvent::Document { place, bytes } => {
            bytes_sum += bytes.len() as u64;
            plain.clear();
            let is_whole =
                matches!(write_plain(bytes, &structures, &mut plain), Ok(length) if length == bytes.len());
            match document_id(bytes) {
                Ok(id) if is_whole => {
                    hashes.insert(place, Body::hash_id(pager, id));
                }
                _ => report.note(Error::corrupted_page(
                    place.page,
                    format!("slot {} of {name} holds no whole document", place.slot.0),
                )),
            }
        }
        HeapEvent::Damage(error) => report.note(error),
    });
    let documents_count = hashes.len() as u64;
    report.documents_count += documents_count;
    compare(report, name, "documents", body.documents_count, documents_count);
    compare(
        report,
        name,
        "bytes of documents",
        body.documents_bytes,
        bytes_sum,
    );
    compare(
        report,
        name,
        "index entries",
        body.documents_count,
        body.index.entries_count(),
    );
    let mut indexed: HashSet<Place> = HashSet::with_capacity(hashes.len());
    body.index.verify(pager, None, |event| match event {
        IndexEvent::DirectoryPage(page) => {
            pages.note_page(page, &format!("a directory page of {name}"), report)
        }
        IndexEvent::BucketPage(page) => pages.note_page(page, &format!("an index page of {name}"), report),
        IndexEvent::Entry { part, place } => {
            let is_true = hashes.get(&place).is_some_and(|hash| HashPart::of(*hash) == part);
            if !is_true || !indexed.insert(place) {
                report.note(Error::corrupted_page(
                    place.page,
                    format!(
                        "the index of {name} has an entry for slot {} that is not true",
                        place.slot.0
                    ),
                ));
            }
        }
        IndexEvent::Damage(error) => report.note(error),
    });
    for place in hashes.keys().filter(|place| !indexed.contains(place)) {
        report.note(Error::corrupted_page(
            place.page,
            format!(
                "the index of {name} has no entry for the document in slot {}",
                place.slot.0
            ),
        ));
    }
}

fn compare(report: &mut CheckReport, name: &str, what: &str, kept: u64, counted: u64) {
    if kept != counted {
        report.note(Error::new(
            ErrorKind::Corrupted,
            format!("collection {name} keeps a count of {kept} {what}, but has {counted}"),
        ));
    }
}
