//! The operands of an eager operator, evaluated, with the ways in which functions ask for them.
//!
//! Promises: a wrong type is an error that names the operator, what it takes and the type found.

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::format::owned::Owned;
use crate::format::view::{Entries, List, View};
use crate::query::expression::arithmetic::Number;
use crate::query::expression::scope::Frame;
use crate::query::expression::{Call, Computed, Outcome, refuse, wrong_type};

/// Operands in their order; those not given count as missing.
pub(super) struct Operands<'a, 'f> {
    pub(super) call: &'a Call,
    pub(super) frame: &'f Frame<'a>,
    values: SmallVec<[Option<Computed<'a>>; 3]>,
}

impl<'a, 'f> Operands<'a, 'f> {
    pub(super) fn evaluate(call: &'a Call, frame: &'f Frame<'a>) -> Result<Operands<'a, 'f>> {
        let mut values = SmallVec::new();
        for node in &call.operands {
            values.push(match node {
                Some(node) => node.evaluate(frame)?,
                None => None,
            });
        }
        Ok(Operands { call, frame, values })
    }

    /// The operator's name.
    pub(super) fn name(&self) -> &'static str {
        self.call.name()
    }

    /// How many operands there are.
    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    /// An operand, taken out.
    pub(super) fn take(&mut self, index: usize) -> Option<Computed<'a>> {
        self.values.get_mut(index)?.take()
    }

    /// An operand, seen; None when it is missing.
    #[inline]
    pub(super) fn view(&self, index: usize) -> Option<View<'_>> {
        self.values.get(index)?.as_ref().map(Computed::view)
    }

    /// True when an operand is missing, null or undefined.
    pub(super) fn is_null(&self, index: usize) -> bool {
        self.view(index).is_none_or(|view| view.is_null())
    }

    /// True when any operand is missing, null or undefined.
    pub(super) fn any_null(&self) -> bool {
        (0..self.count()).any(|index| self.is_null(index))
    }

    /// An error of this operator.
    pub(super) fn refuse(&self, reason: impl std::fmt::Display) -> Error {
        refuse(format!("{} {reason}", self.name()))
    }

    /// The error of an operand of the wrong type.
    pub(super) fn wrong(&self, index: usize, wanted: &str) -> Error {
        wrong_type(self.name(), wanted, self.view(index).as_ref())
    }

    /// A number; None for null and missing. Errors: INVALID_EXPRESSION for other types.
    #[inline]
    pub(super) fn number(&self, index: usize) -> Result<Option<Number>> {
        let Some(view) = self.view(index) else {
            return Ok(None);
        };
        match Number::of(&view) {
            Some(number) => Ok(Some(number)),
            None if view.is_null() => Ok(None),
            None => Err(self.wrong(index, "numbers")),
        }
    }

    /// A whole number that fits 64 bits, also when it is given as a float; `wanted` describes it.
    pub(super) fn whole(&self, index: usize, wanted: &str) -> Result<i64> {
        let number = self.view(index).and_then(|view| Number::of(&view));
        let whole = number.and_then(Number::as_whole);
        match (whole, number) {
            (Some(whole), _) => Ok(whole),
            (None, Some(number)) => Err(self.refuse(format_args!("takes {wanted}, and was given {number}"))),
            (None, None) => Err(self.wrong(index, wanted)),
        }
    }

    /// An array; None for null and missing. Errors: INVALID_EXPRESSION for other types.
    pub(super) fn array(&self, index: usize) -> Result<Option<List<'_>>> {
        match self.view(index) {
            Some(View::Array(elements)) => Ok(Some(elements)),
            Some(view) if !view.is_null() => Err(self.wrong(index, "arrays")),
            _ => Ok(None),
        }
    }

    /// An object; None for null and missing. Errors: INVALID_EXPRESSION for other types.
    pub(super) fn object(&self, index: usize) -> Result<Option<Entries<'_>>> {
        match self.view(index) {
            Some(View::Map(fields)) => Ok(Some(fields)),
            Some(view) if !view.is_null() => Err(self.wrong(index, "objects")),
            _ => Ok(None),
        }
    }
}

/// The outcome null.
pub(super) fn null<'a>() -> Outcome<'a> {
    Ok(Some(Computed::Made(Owned::Null)))
}

/// `value` as an outcome.
pub(super) fn made<'a>(value: impl Into<Owned>) -> Outcome<'a> {
    Ok(Some(Computed::Made(value.into())))
}
