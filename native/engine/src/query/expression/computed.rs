//! What an expression computes: a value seen in place, or one that it made.
//!
//! Promises: seeing a field copies nothing, whether it lies in stored bytes, in the expression or in a
//! document of a pipeline; a made value is handed on without a copy.

use std::rc::Rc;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::view::View;

/// A computed value.
#[derive(Clone, Debug)]
pub enum Computed<'a> {
    /// A value where it lies.
    Seen(View<'a>),
    /// The value of a variable, shared with it.
    Counted(Rc<Owned>),
    /// A value of its own.
    Made(Owned),
}

impl<'a> Computed<'a> {
    /// The value, seen.
    #[inline]
    pub fn view(&self) -> View<'_> {
        match self {
            Computed::Seen(view) => *view,
            Computed::Counted(value) => View::from(&**value),
            Computed::Made(value) => View::from(value),
        }
    }

    /// The value, owned: copied unless it was made. Errors: CORRUPTED when stored bytes are damaged.
    pub fn into_owned(self) -> Result<Owned> {
        match self {
            Computed::Seen(view) => Ok(view.to_owned()?),
            Computed::Counted(value) => Ok(Rc::unwrap_or_clone(value)),
            Computed::Made(value) => Ok(value),
        }
    }

    /// The same value in a form that is cheap to clone.
    pub(super) fn shared(self) -> Computed<'a> {
        match self {
            Computed::Made(value) => Computed::Counted(Rc::new(value)),
            other => other,
        }
    }

    /// The same value; a counted one that nobody else holds becomes one of its own.
    pub(super) fn unshared(self) -> Computed<'a> {
        match self {
            Computed::Counted(value) => match Rc::try_unwrap(value) {
                Ok(value) => Computed::Made(value),
                Err(value) => Computed::Counted(value),
            },
            other => other,
        }
    }

    /// True for null and undefined.
    pub fn is_null(&self) -> bool {
        self.view().is_null()
    }
}

impl<'a, T: Into<Owned>> From<T> for Computed<'a> {
    fn from(value: T) -> Computed<'a> {
        Computed::Made(value.into())
    }
}
