//! What an edit does to one value that is no array: setting, arithmetic, comparing, dates.
//!
//! Promises: a value that comes out as it was counts as unchanged; an operator that cannot use what it finds
//! is refused, naming operator, path and type found.
//! Leaves to others: arrays (array.rs), arithmetic itself (number.rs). Source: MongoDB manual, "Field Update
//! Operators".

use crate::error::{Error, Result};
use crate::format::owned::Owned;
use crate::format::recode::recode;
use crate::format::record::{NO_STRUCTURE, NO_STRUCTURES};
use crate::format::survey::{Subject, survey_value};
use crate::format::value::{Cursor, Parse, Timestamp};
use crate::query::compare::compare_cursors;
use crate::query::update::apply::{Apply, Path};
use crate::query::update::number::{BitOperation, Number};
use crate::query::update::{ClockForm, Leaf, refuse};

const NANOSECONDS_PER_MILLISECOND: u32 = 1_000_000;

impl<'a> Apply<'a> {
    /// Writes what `leaf` makes of the value `old`, None for a missing one.
    pub(super) fn leaf(&mut self, old: Option<Cursor<'a>>, leaf: &Leaf, path: &Path<'_>) -> Result<()> {
        match leaf {
            Leaf::Set(value) => self.set(old, value),
            Leaf::Unset => self.set(old, &[0xc0]),
            Leaf::Increment(amount) => self.increment(old, *amount, path),
            Leaf::Multiply(factor) => self.multiply(old, *factor, path),
            Leaf::Minimum(value) => self.bound(old, value, true),
            Leaf::Maximum(value) => self.bound(old, value, false),
            Leaf::CurrentDate(form) => self.current_date(old, *form),
            Leaf::Bits(operations) => self.bits(old, operations, path),
            Leaf::Moved(value) => {
                self.changed = true;
                self.out.extend_from_slice(value);
                Ok(())
            }
            // resolve.rs has put other edits in the place of these.
            Leaf::MoveFrom(_) => Err(refuse(format!("$rename to path {:?} has no value", path.shown()))),
            Leaf::Push(_) | Leaf::AddToSet(_) | Leaf::Pop(_) | Leaf::Pull(_) | Leaf::PullAll(_) => {
                self.change_array(old, leaf, path)
            }
        }
    }

    fn set(&mut self, old: Option<Cursor<'a>>, value: &[u8]) -> Result<()> {
        let start = self.out.len();
        self.write_new(value)?;
        self.note_change(old, start)
    }

    /// Writes a value without records; its maps become records where their shape has a structure.
    pub(super) fn write_new(&mut self, value: &[u8]) -> Result<()> {
        let is_container = matches!(value.first(), Some(0x80..=0x9f | 0xdc..=0xdf));
        if let (true, Some(registry)) = (is_container, self.shapes.registry) {
            let plan = survey_value(value, Subject::Update, self.shapes)?;
            if plan.structures.iter().any(|number| *number != NO_STRUCTURE) {
                recode(value, &plan, &registry.snapshot(), self.out)?;
                return Ok(());
            }
        }
        self.out.extend_from_slice(value);
        Ok(())
    }

    /// Notes whether what was written since `start` differs from the value `old`.
    pub(super) fn note_change(&mut self, old: Option<Cursor<'a>>, start: usize) -> Result<()> {
        let Some(old) = old else {
            self.changed = true;
            return Ok(());
        };
        let old = old.raw()?;
        let new = self.out.get(start..).unwrap_or_default();
        if self.changed || new == old {
            return Ok(());
        }
        let is_container = matches!(new.first(), Some(0x40..=0x9f | 0xdc..=0xdf));
        if !is_container {
            self.changed = true;
            return Ok(());
        }
        // A map or an array may be stored otherwise than it would be now, and still be the same: as a record, or with
        // heads and numbers wider than they need be, as some encoders write them.
        let newest = self.shapes.registry.map(|registry| registry.snapshot());
        let newest = newest.as_deref().unwrap_or(&NO_STRUCTURES);
        let before = shortest(Cursor::new(old, self.shapes.structures));
        let after = shortest(Cursor::new(new, newest));
        self.changed = match (before, after) {
            (Ok(before), Ok(after)) => before != after,
            _ => true,
        };
        Ok(())
    }

    /// Writes the value `old` as it is; what is missing the walk does not ask for.
    pub(super) fn keep(&mut self, old: Cursor<'a>) -> Result<()> {
        self.out.extend_from_slice(old.raw()?);
        Ok(())
    }

    fn increment(&mut self, old: Option<Cursor<'a>>, amount: Number, path: &Path<'_>) -> Result<()> {
        let sum = match old {
            None => Some(amount),
            Some(old) => number_at(old, "$inc", path)?.plus(amount),
        };
        self.write_number(old, sum, "$inc", path)
    }

    fn multiply(&mut self, old: Option<Cursor<'a>>, factor: Number, path: &Path<'_>) -> Result<()> {
        let product = match old {
            None => Some(factor.zero()),
            Some(old) => number_at(old, "$mul", path)?.times(factor),
        };
        self.write_number(old, product, "$mul", path)
    }

    fn bits(
        &mut self,
        old: Option<Cursor<'a>>,
        operations: &[(BitOperation, i128)],
        path: &Path<'_>,
    ) -> Result<()> {
        let number = match old {
            None => Number::Whole {
                value: 0,
                wide_head: None,
            },
            Some(old) => match Number::read(old)? {
                Some(number @ Number::Whole { .. }) => number,
                _ => return Err(wrong_type(old, "$bit", "an integer", path)),
            },
        };
        self.write_number(old, number.with_bits(operations), "$bit", path)
    }

    fn write_number(
        &mut self,
        old: Option<Cursor<'a>>,
        result: Option<Number>,
        operator: &str,
        path: &Path<'_>,
    ) -> Result<()> {
        let Some(result) = result else {
            return Err(refuse(format!(
                "{operator} at path {:?} makes an integer beyond 64 bits",
                path.shown()
            )));
        };
        let start = self.out.len();
        result.write(self.out);
        self.changed |= match old {
            Some(old) => self.out.get(start..) != Some(old.raw()?),
            None => true,
        };
        Ok(())
    }

    /// `$min` and `$max`: sets the value when it is below, or above, the one that is there.
    fn bound(&mut self, old: Option<Cursor<'a>>, value: &[u8], is_upper: bool) -> Result<()> {
        if let Some(old) = old {
            let order = compare_cursors(Cursor::new(value, &NO_STRUCTURES), old)?;
            let replaces = if is_upper { order.is_lt() } else { order.is_gt() };
            if !replaces {
                return self.keep(old);
            }
        }
        self.set(old, value)
    }

    fn current_date(&mut self, old: Option<Cursor<'a>>, form: ClockForm) -> Result<()> {
        let Timestamp { seconds, nanoseconds } = self.circumstances.now;
        let beyond = match form {
            ClockForm::Date => nanoseconds % NANOSECONDS_PER_MILLISECOND,
            ClockForm::Timestamp => 0,
        };
        let start = self.out.len();
        let now = Timestamp {
            seconds,
            nanoseconds: nanoseconds - beyond,
        };
        Owned::Timestamp(now).write(self.out);
        self.note_change(old, start)
    }
}

fn number_at(old: Cursor<'_>, operator: &str, path: &Path<'_>) -> Result<Number> {
    Number::read(old)?.ok_or_else(|| wrong_type(old, operator, "a number", path))
}

/// The error of an operator that finds another value than it can use.
#[cold]
pub(super) fn wrong_type(old: Cursor<'_>, operator: &str, wanted: &str, path: &Path<'_>) -> Error {
    let found = old.value().map_or("damaged value", |value| value.type_name());
    refuse(format!(
        "{operator} at path {:?} needs {wanted} there, and finds a value of type {found}",
        path.shown()
    ))
}

/// A value in the one form that is the shortest, without records: equal for values that are the same.
pub(super) fn shortest(value: Cursor<'_>) -> Parse<Vec<u8>> {
    let mut out = Vec::new();
    Owned::read(value)?.write(&mut out);
    Ok(out)
}
