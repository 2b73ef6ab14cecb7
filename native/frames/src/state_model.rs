//! The latch under loom: every interleaving of a few threads on one page.
//!
//! Proves: readers exclude writers and loaders; a dirty or latched page is never evicted, so no change is
//! lost; a page is loaded once; a failed load and a discard leave it absent and unlatched; nobody waits for ever.
//! Loom itself reports every access to the content that a latch does not order.
//! Run: `RUSTFLAGS="--cfg loom" cargo test -p quire-frames --release --lib`.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use crate::state::{PageState, ReadLatch, Sweep, WriteLatch};

/// What memory holds after it was given back.
const GARBAGE: u32 = 0xdddd;

struct Page {
    state: PageState,
    content: UnsafeCell<u32>,
    disk: AtomicU32,
    loads_count: AtomicU32,
}

// SAFETY: the content is only touched under the latch that is under test; loom checks that.
unsafe impl Sync for Page {}
// SAFETY: as above.
unsafe impl Send for Page {}

impl Page {
    fn absent() -> Arc<Page> {
        Arc::new(Page {
            state: PageState::absent(),
            content: UnsafeCell::new(GARBAGE),
            disk: AtomicU32::new(0),
            loads_count: AtomicU32::new(0),
        })
    }

    fn resident() -> Arc<Page> {
        let page = Page::absent();
        page.read();
        page
    }

    fn get(&self) -> u32 {
        // SAFETY: see `Sync`.
        self.content.with(|content| unsafe { *content })
    }

    fn set(&self, value: u32) {
        // SAFETY: see `Sync`.
        self.content.with_mut(|content| unsafe { *content = value });
    }

    fn load(&self) {
        assert_eq!(self.get(), GARBAGE, "a load over content");
        self.loads_count.fetch_add(1, Ordering::Relaxed);
        self.set(self.disk.load(Ordering::Relaxed));
    }

    fn latch_shared(&self) {
        if !self.state.try_read() && self.state.read() == ReadLatch::Load {
            self.load();
            self.state.loaded_shared();
        }
    }

    fn read(&self) -> u32 {
        self.latch_shared();
        let value = self.get();
        self.state.unlatch_shared();
        assert_ne!(value, GARBAGE);
        value
    }

    /// Adds one to the content.
    fn write(&self) {
        let latch = self.state.try_write().unwrap_or_else(|| self.state.write());
        if latch == WriteLatch::Load {
            self.load();
            self.state.loaded_dirty();
        }
        self.set(self.get() + 1);
        self.state.unlatch_exclusive();
    }

    fn write_out(&self) {
        if self.state.latch_dirty() {
            self.disk.store(self.get(), Ordering::Relaxed);
            self.state.make_clean();
            self.state.unlatch_shared();
        }
    }

    fn evict(&self) {
        for _visit in 0..2 {
            if self.state.sweep() == Sweep::Latched {
                assert!(self.state.is_resident() && !self.state.is_dirty());
                self.set(GARBAGE);
                self.state.make_absent();
            }
        }
        // As for a neighbour whose memory goes together with that of an evicted page.
        if self.state.is_untouched() && self.state.try_latch_absent() {
            self.set(GARBAGE);
            self.state.make_absent();
        }
    }

    fn discard(&self) {
        if self.state.latch_to_discard() {
            self.set(GARBAGE);
            self.state.make_absent();
        }
    }

    fn fail_to_load(&self) {
        if self.state.read() == ReadLatch::Load {
            self.state.make_absent();
        } else {
            self.state.unlatch_shared();
        }
    }
}

type Step = fn(&Page);

/// Runs one thread for each list of steps, then `check` when all have ended.
#[allow(
    clippy::unwrap_used,
    reason = "a panic in a thread of the model fails the test"
)]
fn model(page: fn() -> Arc<Page>, threads: &'static [&'static [Step]], check: fn(&Page)) {
    let mut builder = loom::model::Builder::new();
    if threads.len() > 2 {
        // Exhaustive up to this many forced switches of threads; more only repeat what fewer have shown.
        builder.preemption_bound = Some(3);
    }
    builder.check(move || {
        let page = page();
        let (first, others) = threads.split_first().unwrap();
        let others: Vec<_> = others
            .iter()
            .map(|steps| {
                let page = page.clone();
                thread::spawn(move || steps.iter().for_each(|step| step(&page)))
            })
            .collect();
        first.iter().for_each(|step| step(&page));
        others.into_iter().for_each(|other| other.join().unwrap());
        check(&page);
    });
}

const READ: Step = |page| {
    page.read();
};

#[test]
fn page_is_loaded_once() {
    model(Page::absent, &[&[READ], &[READ], &[READ]], |page| {
        assert_eq!(page.loads_count.load(Ordering::Relaxed), 1);
    });
    model(Page::absent, &[&[READ], &[Page::write]], |page| {
        assert_eq!(page.loads_count.load(Ordering::Relaxed), 1);
        assert_eq!(page.read(), 1);
    });
}

#[test]
fn writers_exclude_each_other_and_readers() {
    model(
        Page::resident,
        &[&[Page::write], &[Page::write], &[READ]],
        |page| assert_eq!(page.read(), 2),
    );
    model(
        Page::resident,
        &[&[Page::write, READ], &[READ, Page::write]],
        |page| assert_eq!(page.read(), 2),
    );
}

#[test]
fn changed_page_survives_eviction() {
    model(Page::absent, &[&[Page::write], &[Page::evict], &[READ]], |page| {
        page.evict();
        assert_eq!(page.read(), 1);
    });
    model(
        Page::resident,
        &[&[Page::write, READ], &[Page::evict, Page::evict]],
        |page| assert_eq!(page.read(), 1),
    );
}

#[test]
fn change_after_write_out_stays_dirty() {
    let check = |page: &Page| {
        page.evict();
        assert_eq!(page.read(), 2);
    };
    model(
        Page::resident,
        &[&[Page::write, Page::write], &[Page::write_out, Page::evict]],
        check,
    );
    model(
        Page::resident,
        &[&[Page::write], &[Page::write], &[Page::write_out, Page::evict]],
        check,
    );
    model(
        Page::resident,
        &[
            &[Page::write, Page::write],
            &[Page::write_out],
            &[Page::write_out, Page::evict],
        ],
        check,
    );
}

#[test]
fn page_in_use_is_never_evicted() {
    model(
        Page::resident,
        &[&[READ, READ], &[Page::evict], &[Page::evict]],
        |page| assert_eq!(page.read(), 0),
    );
}

#[test]
fn discarded_page_is_absent_and_unlatched() {
    let check = |page: &Page| {
        page.discard();
        assert_eq!(page.read(), 0);
    };
    model(Page::absent, &[&[Page::discard], &[Page::write], &[READ]], check);
    model(
        Page::resident,
        &[&[Page::discard], &[Page::discard], &[Page::evict]],
        check,
    );
    model(
        Page::resident,
        &[&[Page::write, Page::discard], &[Page::write_out, READ]],
        |page| {
            assert!(page.read() <= 1);
        },
    );
}

#[test]
fn failed_load_lets_the_next_one_load() {
    model(
        Page::absent,
        &[&[Page::fail_to_load], &[READ], &[Page::write]],
        |page| {
            assert_eq!(page.loads_count.load(Ordering::Relaxed), 1);
            assert_eq!(page.read(), 1);
        },
    );
}

#[test]
fn waiting_writer_does_not_stop_a_second_shared_latch() {
    const TWICE: Step = |page| {
        page.latch_shared();
        page.latch_shared();
        page.state.unlatch_shared();
        page.state.unlatch_shared();
    };
    model(Page::resident, &[&[TWICE], &[Page::write]], |page| {
        assert_eq!(page.read(), 1)
    });
    model(Page::resident, &[&[TWICE], &[Page::write], &[READ]], |page| {
        assert_eq!(page.read(), 1)
    });
}
