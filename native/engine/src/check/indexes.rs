//! The ordered indexes of a collection, compared with its documents both ways.
//!
//! Rules. Every entry that a document must have is in the tree. Entries differ, and so do ids, so as many entries as
//! the documents must have are those and no others; only where there are more is each one's document looked up.
//! Promises: memory does not grow with the collection.
//! Leaves to others: the pages of trees and the order of entries (index/ordered/verify.rs), documents (check.rs).

use std::ops::ControlFlow;

use crate::check::{CheckReport, PageUse};
use crate::collection::index_changes::{accepts, matcher_of};
use crate::collection::secondary::SecondaryIndex;
use crate::collection::{Body, Content};
use crate::error::{Error, ErrorKind, Result};
use crate::format::intake::document_id;
use crate::format::record::Structures;
use crate::heap::{HeapScan, Resume, ScanStep};
use crate::index::ordered::OrderedEvent;
use crate::pager::Pager;
use crate::query::Matcher;
use crate::query::index_keys::{ArrayFields, Entries};

/// One index while it is checked.
struct Subject<'a> {
    index: &'a SecondaryIndex,
    matcher: Option<Matcher<'a>>,
    structures: &'a Structures,
    /// Entries that the documents must have.
    wanted_count: u64,
    arrays: ArrayFields,
    /// Of the documents of one page.
    entries: Entries,
}

/// Checks every ordered index of a collection.
pub(super) fn check_indexes(
    pager: &Pager,
    content: &Content,
    body: &Body,
    pages: &mut PageUse,
    report: &mut CheckReport,
) {
    if body.indexes.is_empty() {
        return;
    }
    let structures = content.structures.snapshot();
    let mut subjects: Vec<Subject<'_>> = body
        .indexes
        .iter()
        .map(|index| Subject {
            index,
            matcher: matcher_of(&index.rules, &structures),
            structures: &structures,
            wanted_count: 0,
            arrays: 0,
            entries: Entries::default(),
        })
        .collect();
    let is_whole = expect_entries(pager, body, &mut subjects, report);
    for subject in &mut subjects {
        let what = format!("a page of index {} of {}", subject.index.name(), content.name);
        let mut found_count = 0u64;
        subject.index.tree.verify(pager, None, |event| match event {
            OrderedEvent::Page(page, _) => pages.note_page(page, &what, report),
            OrderedEvent::Entry(_) => found_count += 1,
            OrderedEvent::Damage(error) => report.note(error),
        });
        if is_whole && found_count != subject.wanted_count {
            name_untrue(pager, content, body, subject, report);
        }
        if subject.arrays & !subject.index.arrays != 0 {
            report.note(wrong(
                content,
                subject.index,
                "does not know of every array that it has",
            ));
        }
    }
}

/// Looks for every entry that the documents must have; whether all documents could be read.
fn expect_entries(
    pager: &Pager,
    body: &Body,
    subjects: &mut [Subject<'_>],
    report: &mut CheckReport,
) -> bool {
    let mut scan = HeapScan::new(body.heap.root(), None);
    let mut is_whole = true;
    loop {
        // Documents that cannot be read are told of where documents are checked.
        let step = scan.next_page(pager, |_, document| {
            for subject in &mut *subjects {
                is_whole &= subject.take(document).is_ok();
            }
            ControlFlow::<Resume>::Continue(())
        });
        for subject in &mut *subjects {
            subject.expect(pager, report);
        }
        match step {
            Ok(ScanStep::End) => return is_whole,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

impl Subject<'_> {
    /// Keeps the entries that the stored `document` must have.
    fn take(&mut self, document: &[u8]) -> Result<()> {
        if accepts(&mut self.matcher, document)? {
            let id = document_id(document)?;
            let paths = &self.index.rules.paths;
            self.arrays |= paths.entries_of(document, id, self.structures, &mut self.entries)?;
        }
        Ok(())
    }

    /// Looks for the entries that were kept, and forgets them.
    fn expect(&mut self, pager: &Pager, report: &mut CheckReport) {
        let entries = std::mem::take(&mut self.entries);
        self.wanted_count += entries.count() as u64;
        for at in 0..entries.count() {
            let entry = entries.get(at).unwrap_or_default();
            match self.index.tree.contains(pager, entry) {
                Ok(true) => {}
                Ok(false) => report.note(Error::new(
                    ErrorKind::Corrupted,
                    format!(
                        "index {} lacks the entry of a document; drop the index and make it again",
                        self.index.name()
                    ),
                )),
                // Told of where the tree is checked.
                Err(_) => {}
            }
        }
    }
}

/// Reports every entry that its document does not have.
fn name_untrue(
    pager: &Pager,
    content: &Content,
    body: &Body,
    subject: &mut Subject<'_>,
    report: &mut CheckReport,
) {
    let index = subject.index;
    let mut scratch = Vec::new();
    index.tree.verify(pager, None, |event| {
        let OrderedEvent::Entry(entry) = event else { return };
        let mut is_true = false;
        if let Ok(start) = index.rules.paths.id_start(entry)
            && let Some(id) = entry.get(start..)
        {
            subject.entries = Entries::default();
            let found = body.find(pager, id, None, &mut scratch, |_, document| {
                subject.take(document).is_ok() && subject.entries.has(entry)
            });
            is_true = matches!(found, Ok(Some(true)));
        }
        if !is_true {
            report.note(wrong(content, index, "has an entry that no document has"));
        }
    });
}

fn wrong(content: &Content, index: &SecondaryIndex, what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!(
            "index {} of {} {what}; drop the index and make it again",
            index.name(),
            content.name
        ),
    )
}
