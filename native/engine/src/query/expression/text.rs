//! Text: joining, parting, searching, replacing, cutting.
//!
//! Promises: positions are in code points or in bytes, as the operator says; a cut in bytes that would part a
//! code point is an error; what is made is bounded before it is made where it may be many times longer.
//! Leaves to others: patterns (matching.rs), numbers and dates as text (conversion.rs).
//! Source: MongoDB manual, "String Expression Operators".

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::view::View;
use crate::query::expression::Outcome;
use crate::query::expression::conversion::text_of;
use crate::query::expression::operands::{Operands, made, null};
use crate::query::expression::scope::{TEXT_BYTES_MAX, too_large};

/// What `$trim` and its like take away when it is not told.
const SPACES: &[char] = &[
    '\0', '\u{9}', '\u{a}', '\u{b}', '\u{c}', '\u{d}', ' ', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}',
    '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}', '\u{2007}', '\u{2008}', '\u{2009}',
    '\u{200a}',
];

/// A text; None for null and missing. Errors: INVALID_EXPRESSION for other types.
pub(super) fn text<'o>(operands: &'o Operands<'_, '_>, index: usize) -> Result<Option<&'o str>> {
    match operands.view(index) {
        // The view borrows from the operands; its bytes live as long as they do.
        Some(View::Text(text)) => Ok(Some(utf8(text)?)),
        Some(view) if !view.is_null() => Err(operands.wrong(index, "strings")),
        _ => Ok(None),
    }
}

/// A text that has to be there.
fn needed<'o>(operands: &'o Operands<'_, '_>, index: usize) -> Result<&'o str> {
    text(operands, index)?.ok_or_else(|| operands.wrong(index, "strings"))
}

/// Numbers and dates as text, and nothing for null and missing.
fn shown(operands: &Operands<'_, '_>, index: usize) -> Result<String> {
    match operands.view(index) {
        Some(view @ (View::Text(_) | View::Int(_) | View::UInt(_) | View::Float(_) | View::Timestamp(_))) => {
            text_of(operands, &view)
        }
        Some(view) if !view.is_null() => Err(operands.wrong(index, "strings, numbers and dates")),
        _ => Ok(String::new()),
    }
}

pub(super) fn concatenate<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let mut joined = String::new();
    let mut has_null = false;
    for index in 0..operands.count() {
        match text(operands, index)? {
            Some(_) if has_null => {}
            Some(part) if joined.len() + part.len() > TEXT_BYTES_MAX => {
                return Err(too_large("a text", TEXT_BYTES_MAX));
            }
            Some(part) => joined.push_str(part),
            None => has_null = true,
        }
    }
    if has_null { null() } else { made(joined) }
}

pub(super) fn to_lower<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(shown(operands, 0)?.to_lowercase())
}

pub(super) fn to_upper<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(shown(operands, 0)?.to_uppercase())
}

/// The order of two texts in capitals: -1, 0 or 1.
pub(super) fn compare<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let (left, right) = (shown(operands, 0)?, shown(operands, 1)?);
    let order = left.to_uppercase().cmp(&right.to_uppercase());
    made(order as i64)
}

pub(super) fn bytes_count<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(needed(operands, 0)?.len() as i64)
}

pub(super) fn characters_count<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    made(needed(operands, 0)?.chars().count() as i64)
}

/// A position or count that is not negative.
fn place(operands: &Operands<'_, '_>, index: usize) -> Result<usize> {
    const WANTED: &str = "whole numbers of at least 0";
    let number = operands.whole(index, WANTED)?;
    usize::try_from(number)
        .map_err(|_| operands.refuse(format_args!("takes {WANTED}, and was given {number}")))
}

pub(super) fn cut_bytes<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let whole = shown(operands, 0)?;
    let start = place(operands, 1)?.min(whole.len());
    // A negative count takes all that is left.
    let count = usize::try_from(operands.whole(2, "whole numbers")?).unwrap_or(usize::MAX);
    let end = start.saturating_add(count).min(whole.len());
    match whole.get(start..end) {
        Some(part) => made(part),
        None => Err(operands.refuse("would part a character; $substrCP counts characters")),
    }
}

pub(super) fn cut_characters<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let whole = shown(operands, 0)?;
    let (start, count) = (place(operands, 1)?, place(operands, 2)?);
    made(whole.chars().skip(start).take(count).collect::<String>())
}

/// The bounds that `[text, part, start, end]` may give; the end is beyond everything by default.
fn bounds(operands: &Operands<'_, '_>) -> Result<(usize, usize)> {
    let start = match operands.view(2) {
        Some(_) => place(operands, 2)?,
        None => 0,
    };
    let end = match operands.view(3) {
        Some(_) => place(operands, 3)?,
        None => usize::MAX,
    };
    Ok((start, end))
}

pub(super) fn index_of_bytes<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some(whole) = text(operands, 0)? else {
        return null();
    };
    let part = needed(operands, 1)?;
    let (start, end) = bounds(operands)?;
    let window = whole.get(start.min(whole.len() + 1)..end.min(whole.len()));
    let found = window.and_then(|window| window.find(part));
    made(found.map_or(-1, |at| (at + start) as i64))
}

pub(super) fn index_of_characters<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some(whole) = text(operands, 0)? else {
        return null();
    };
    let part = needed(operands, 1)?;
    let (start, end) = bounds(operands)?;
    let length = whole.chars().count();
    if start > length || end < start {
        return made(-1);
    }
    let window: String = whole.chars().skip(start).take(end - start).collect();
    let found = window.find(part).and_then(|at| window.get(..at));
    made(found.map_or(-1, |before| (before.chars().count() + start) as i64))
}

pub(super) fn split<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let (whole, at) = (text(operands, 0)?, text(operands, 1)?);
    let (Some(whole), Some(at)) = (whole, at) else {
        return null();
    };
    if at.is_empty() {
        return Err(operands.refuse("takes a separator that is not empty"));
    }
    made(whole.split(at).map(Owned::text).collect::<Vec<Owned>>())
}

/// Takes characters away at the ends that are asked for.
fn trimmed<'a>(operands: &Operands<'a, '_>, at_start: bool, at_end: bool) -> Outcome<'a> {
    let Some(whole) = text(operands, 0)? else {
        return null();
    };
    let given: Vec<char>;
    let taken = match operands.view(1) {
        None => SPACES,
        Some(_) => {
            let Some(characters) = text(operands, 1)? else {
                return null();
            };
            given = characters.chars().collect();
            &given
        }
    };
    let mut rest = whole;
    if at_start {
        rest = rest.trim_start_matches(taken);
    }
    if at_end {
        rest = rest.trim_end_matches(taken);
    }
    made(rest)
}

pub(super) fn trim<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    trimmed(operands, true, true)
}

pub(super) fn trim_start<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    trimmed(operands, true, false)
}

pub(super) fn trim_end<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    trimmed(operands, false, true)
}

/// `{input, find, replacement}`, of which at most `most` are replaced.
fn replaced<'a>(operands: &Operands<'a, '_>, most: usize) -> Outcome<'a> {
    let (input, find) = (text(operands, 0)?, text(operands, 1)?);
    let replacement = text(operands, 2)?;
    let (Some(input), Some(find), Some(replacement)) = (input, find, replacement) else {
        return null();
    };
    let count = input.matches(find).take(most).count();
    if count
        .saturating_mul(replacement.len())
        .saturating_add(input.len())
        > TEXT_BYTES_MAX
    {
        return Err(too_large("a text", TEXT_BYTES_MAX));
    }
    made(input.replacen(find, replacement, most))
}

pub(super) fn replace_one<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    replaced(operands, 1)
}

pub(super) fn replace_all<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    replaced(operands, usize::MAX)
}
