//! Guards: a page under its latch, given back when the guard is dropped.
//!
//! Promises: while a `PageRef` lives nobody changes the page; while a `PageMut` lives nobody else sees it;
//! neither can be evicted. A guard that is leaked leaves its page latched, and nothing worse.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::PageBytes;
use crate::pool::Slot;
use crate::state::PageState;

/// A page under its shared latch.
///
/// A thread may hold several on one page, but must not ask for the same page's `PageMut` meanwhile: it
/// would wait for itself.
pub struct PageRef<'a> {
    // A raw pointer, not a reference: the latch is given back while the guard is still in scope.
    bytes: NonNull<PageBytes>,
    state: &'a PageState,
}

/// A page under its exclusive latch; it is dirty.
///
/// A thread that holds one must not ask for the same page again: it would wait for itself.
pub struct PageMut<'a> {
    bytes: NonNull<PageBytes>,
    state: &'a PageState,
    owned: PhantomData<&'a mut PageBytes>,
}

impl<'a> PageRef<'a> {
    /// The guard of a shared latch that the caller holds.
    ///
    /// # Safety
    /// The caller holds a shared latch of the resident page, and gives it up to the guard.
    #[inline]
    pub(crate) unsafe fn new(slot: Slot<'a>) -> PageRef<'a> {
        PageRef {
            bytes: slot.bytes(),
            state: slot.state,
        }
    }
}

impl Deref for PageRef<'_> {
    type Target = PageBytes;

    #[inline]
    fn deref(&self) -> &PageBytes {
        // SAFETY: the guard holds the shared latch of a resident page: its memory is committed and nobody writes.
        unsafe { self.bytes.as_ref() }
    }
}

impl Drop for PageRef<'_> {
    #[inline]
    fn drop(&mut self) {
        self.state.unlatch_shared();
    }
}

impl<'a> PageMut<'a> {
    /// The guard of an exclusive latch that the caller holds.
    ///
    /// # Safety
    /// The caller holds the exclusive latch of the resident page, and gives it up to the guard.
    #[inline]
    pub(crate) unsafe fn new(slot: Slot<'a>) -> PageMut<'a> {
        PageMut {
            bytes: slot.bytes(),
            state: slot.state,
            owned: PhantomData,
        }
    }
}

impl Deref for PageMut<'_> {
    type Target = PageBytes;

    #[inline]
    fn deref(&self) -> &PageBytes {
        // SAFETY: the guard holds the exclusive latch of a resident page, and `&self` forbids a `&mut` of it.
        unsafe { self.bytes.as_ref() }
    }
}

impl DerefMut for PageMut<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut PageBytes {
        // SAFETY: the guard holds the exclusive latch of a resident page, and `&mut self` is its only use.
        unsafe { self.bytes.as_mut() }
    }
}

impl Drop for PageMut<'_> {
    #[inline]
    fn drop(&mut self) {
        self.state.unlatch_exclusive();
    }
}
