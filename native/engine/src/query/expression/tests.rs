//! Helpers of the tests: each family's cases are in a file of its own.

use super::*;
use crate::error::ErrorKind;
use crate::format::intake::normalise;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::Subject;
use crate::format::tree::{Tree, tree};
use crate::format::value::Timestamp;

mod accumulators;
mod arithmetic;
mod arrays;
mod conversion;
mod dates;
mod loops;
mod numbers;
mod objects;
mod patterns;
mod scopes;
mod text;

/// 2026-01-02T03:04:05.678Z.
pub(crate) const NOW: Timestamp = Timestamp {
    seconds: 1_767_323_045,
    nanoseconds: 678_000_000,
};

/// `text` in stored form without records, as the value of a map with one field of one letter.
fn stored(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let map = Tree::Map(vec![("v".into(), tree(text))]).to_plain();
    normalise(&map, Subject::Filter, &mut bytes).unwrap();
    bytes
}

/// Where the value lies in what `stored` gives.
fn value_of(bytes: &[u8]) -> Cursor<'_> {
    Cursor::at(bytes, 3, &NO_STRUCTURES)
}

pub(crate) fn owned(text: &str) -> Owned {
    Owned::read(value_of(&stored(text))).unwrap()
}

pub(crate) fn compile(expression: &str) -> Result<Expression> {
    Expression::compile(value_of(&stored(expression)))
}

/// The value of `expression` over `document`, the same over stored bytes and in memory.
pub(crate) fn evaluate(expression: &str, document: &str) -> Result<Option<Owned>> {
    let expression = compile(expression)?;
    let bytes = stored(document);
    let over_stored = expression.evaluate_owned(&Scope::new(Root::Stored(value_of(&bytes)), NOW));
    let document = owned(document);
    let over_owned = expression.evaluate_owned(&Scope::new(Root::Owned(&document), NOW));
    match (&over_stored, &over_owned) {
        (Ok(left), Ok(right)) => assert_eq!(format!("{left:?}"), format!("{right:?}")),
        (Err(left), Err(right)) => assert_eq!(left.message(), right.message()),
        _ => panic!("{over_stored:?} over stored bytes, {over_owned:?} in memory"),
    }
    over_stored
}

/// What an expression must give: `missing`, `error`, or the text of a value.
pub(crate) fn check(document: &str, cases: &[(&str, &str)]) {
    for (expression, wanted) in cases {
        let found = evaluate(expression, document);
        match (*wanted, &found) {
            ("error", Err(error)) => {
                assert_eq!(
                    error.kind(),
                    ErrorKind::InvalidExpression,
                    "{expression}: {error}"
                );
            }
            ("limit", Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{expression}: {error}")
            }
            ("missing", Ok(None)) => {}
            (wanted, Ok(Some(found))) if !["error", "limit", "missing"].contains(&wanted) => {
                // By their texts, so that NaN equals itself.
                assert_eq!(
                    format!("{found:?}"),
                    format!("{:?}", owned(wanted)),
                    "{expression} over {document}"
                );
            }
            (wanted, found) => panic!("{expression} over {document}: wanted {wanted}, found {found:?}"),
        }
    }
}
