//! What an expression is evaluated over: the document, the time, variables, and a budget of bytes.
//!
//! Promises: one evaluation makes at most `MADE_BYTES_MAX` bytes in all, no value of more than
//! `VALUE_BYTES_MAX`, and none that nests deeper than a document may; it looks at no more than `LOOKS_MAX`
//! values, so that loops within loops end.

use std::cell::{Cell, RefCell};

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind, Result};
use crate::format::owned::Owned;
use crate::format::value::{Cursor, Parse, Timestamp};
use crate::format::view::View;
use crate::limits::DEPTH_MAX;
use crate::query::expression::{Computed, Outcome, Slot};

/// Largest value that an expression makes, in bytes of memory.
pub(super) const VALUE_BYTES_MAX: usize = 100_000_000;
/// Longest text that an expression makes, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 16 << 20;
/// Most bytes that one evaluation makes, all its values taken together.
const MADE_BYTES_MAX: usize = 1 << 30;
/// Most values that one evaluation looks at: each element of an array counts, and each stretch of a text.
const LOOKS_MAX: usize = 1 << 25;
/// Bytes of a text or of binary that count as one look.
const STRETCH_BYTES: usize = 64;

/// The document that `$field` and `$$ROOT` mean.
#[derive(Clone, Copy, Debug)]
pub enum Root<'a> {
    /// A document in stored form.
    Stored(Cursor<'a>),
    /// A document in memory.
    Owned(&'a Owned),
}

impl<'a> Root<'a> {
    /// The document, seen. Errors: `Malformed` when stored bytes are damaged.
    #[inline]
    pub fn view(&self) -> Parse<View<'a>> {
        match self {
            Root::Stored(cursor) => Ok(cursor.value()?.into()),
            Root::Owned(value) => Ok((*value).into()),
        }
    }
}

/// What one evaluation sees.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    root: Root<'a>,
    now: Timestamp,
    variables: &'a [Option<Owned>],
}

impl<'a> Scope<'a> {
    /// A scope over `root`. `now` is what `$$NOW` means: the same for a whole query.
    #[inline]
    pub fn new(root: Root<'a>, now: Timestamp) -> Scope<'a> {
        Scope {
            root,
            now,
            variables: &[],
        }
    }

    /// The scope with the variables whose names `compile_with` was given, in that order; None is missing.
    pub fn with_variables(self, variables: &'a [Option<Owned>]) -> Scope<'a> {
        Scope { variables, ..self }
    }

    /// The same time and variables over another document.
    #[inline]
    pub fn with_root(self, root: Root<'a>) -> Scope<'a> {
        Scope { root, ..self }
    }

    /// The document.
    #[inline]
    pub fn root(&self) -> Root<'a> {
        self.root
    }

    /// What `$$NOW` means.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

/// One evaluation while it runs.
pub(super) struct Frame<'a> {
    scope: Scope<'a>,
    locals: RefCell<SmallVec<[Option<Computed<'a>>; 4]>>,
    made_bytes: Cell<usize>,
    looks: Cell<usize>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(scope: &Scope<'a>) -> Frame<'a> {
        Frame {
            scope: *scope,
            locals: RefCell::new(SmallVec::new()),
            made_bytes: Cell::new(0),
            looks: Cell::new(0),
        }
    }

    pub(super) fn scope(&self) -> &Scope<'a> {
        &self.scope
    }

    /// The value of a variable; None is missing. A last read takes it out of the frame.
    pub(super) fn variable(&self, slot: Slot, is_last: bool) -> Outcome<'a> {
        Ok(match slot {
            Slot::Root => Some(Computed::Seen(self.scope.root.view()?)),
            Slot::Now => Some(Computed::Made(Owned::Timestamp(self.scope.now))),
            Slot::Remove => None,
            Slot::Given(place) => {
                let value = self.scope.variables.get(place).and_then(Option::as_ref);
                value.map(|value| Computed::Seen(View::from(value)))
            }
            Slot::Local(place) if is_last => {
                let value = self.locals.borrow_mut().get_mut(place).and_then(Option::take);
                value.map(Computed::unshared)
            }
            Slot::Local(place) => self.locals.borrow().get(place).cloned().flatten(),
        })
    }

    /// Counts what an operator may walk over that gets `value`. Errors: LIMIT_EXCEEDED.
    #[inline]
    pub(super) fn look(&self, value: &Option<Computed<'a>>) -> Result<()> {
        // What was made is counted by its bytes, and may be changed in place without a walk.
        let seen = value.as_ref().filter(|value| !matches!(value, Computed::Made(_)));
        let inside = match seen.map(Computed::view) {
            Some(View::Array(elements)) => elements.remaining(),
            Some(View::Map(fields)) => fields.remaining(),
            Some(View::Text(bytes) | View::Binary(bytes)) => bytes.len() / STRETCH_BYTES,
            _ => 0,
        };
        let looks = self.looks.get().saturating_add(inside + 1);
        self.looks.set(looks);
        if looks > LOOKS_MAX {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("an expression looks at more than {LOOKS_MAX} values; nest fewer loops"),
            ));
        }
        Ok(())
    }

    /// Gives a local variable its value; None is missing.
    pub(super) fn bind(&self, place: usize, value: Option<Computed<'a>>) {
        let mut locals = self.locals.borrow_mut();
        if locals.len() <= place {
            locals.resize_with(place + 1, || None);
        }
        if let Some(local) = locals.get_mut(place) {
            *local = value.map(Computed::shared);
        }
    }

    /// The value, owned; what is copied for it counts.
    pub(super) fn own(&self, value: Computed<'a>) -> Result<Owned> {
        if let Computed::Made(value) = value {
            return Ok(value);
        }
        let value = value.into_owned()?;
        self.charge(value.bytes())?;
        Ok(value)
    }

    /// A value just made, as an outcome. Errors: LIMIT_EXCEEDED when it is too large or too deep.
    pub(super) fn make(&self, value: Owned) -> Outcome<'a> {
        self.check(Some(Computed::Made(value)))
    }

    /// Checks the size and depth of a value just made, and counts it. Errors: LIMIT_EXCEEDED.
    pub(super) fn check(&self, outcome: Option<Computed<'a>>) -> Outcome<'a> {
        let Some(Computed::Made(value)) = &outcome else {
            return Ok(outcome);
        };
        match value {
            Owned::Text(text) if text.len() > TEXT_BYTES_MAX => {
                return Err(too_large("a text", TEXT_BYTES_MAX));
            }
            Owned::Array(_) | Owned::Map(_) if value.nests_deeper_than(DEPTH_MAX) => {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("an expression makes a value that nests deeper than {DEPTH_MAX} levels"),
                ));
            }
            Owned::Text(_) | Owned::Binary(_) | Owned::Array(_) | Owned::Map(_) => {
                self.charge(value.bytes())?
            }
            _ => {}
        }
        Ok(outcome)
    }

    /// Counts `bytes` that are about to be made or were made. Errors: LIMIT_EXCEEDED.
    pub(super) fn charge(&self, bytes: usize) -> Result<()> {
        if bytes > VALUE_BYTES_MAX {
            return Err(too_large("a value", VALUE_BYTES_MAX));
        }
        let made = self.made_bytes.get().saturating_add(bytes);
        self.made_bytes.set(made);
        if made > MADE_BYTES_MAX {
            return Err(too_large("values in one evaluation", MADE_BYTES_MAX));
        }
        Ok(())
    }
}

/// The error of an expression that makes too much.
pub(super) fn too_large(what: &str, bytes_max: usize) -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        format!("an expression makes {what} of more than {bytes_max} bytes"),
    )
}
