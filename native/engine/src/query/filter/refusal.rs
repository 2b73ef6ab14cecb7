//! The words in which a filter is refused: operator, path, what was given and what helps.

use crate::error::{Error, ErrorKind};
use crate::format::value::Cursor;

/// What the messages about an unknown operator offer.
const ON_FIELDS: &str = "$eq $ne $gt $gte $lt $lte $in $nin $exists $type $mod $regex $all $elemMatch $size \
    $bitsAllSet $bitsAllClear $bitsAnySet $bitsAnyClear $not";
const ON_DOCUMENTS: &str = "$and $or $nor $expr $jsonSchema $comment";

/// Operators of MongoDB that are refused for a reason of their own.
const MISSING: &[(&[&[u8]], &str)] = &[
    (
        &[b"$where", b"$function", b"$accumulator"],
        "runs code inside the database, and no code runs in queries; use $expr, or filter the results",
    ),
    (&[b"$text"], "needs a text index, and there are none; use $regex"),
    (
        &[
            b"$near",
            b"$nearSphere",
            b"$geoWithin",
            b"$geoIntersects",
            b"$geoNear",
            b"$within",
            b"$maxDistance",
            b"$minDistance",
        ],
        "needs an index of places on the globe, and there are none; compare coordinates as numbers",
    ),
    (&[b"$rand"], "is an expression; use it within $expr"),
];

pub(super) fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidFilter, message)
}

pub(super) fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// " at path …", or nothing outside of fields.
fn place(path: Option<&[u8]>) -> String {
    path.map(|path| format!(" at path {:?}", show(path)))
        .unwrap_or_default()
}

pub(super) fn unknown(operator: &[u8], path: Option<&[u8]>) -> Error {
    let (name, place) = (show(operator), place(path));
    let missing = MISSING.iter().find(|(names, _)| names.contains(&operator));
    if let Some((_, reason)) = missing {
        return refuse(format!(
            "the operator {name}{place} is not supported: it {reason}"
        ));
    }
    let supported = match path {
        Some(_) => ON_FIELDS,
        None => ON_DOCUMENTS,
    };
    refuse(format!(
        "the operator {name}{place} is not known here; supported are {supported}"
    ))
}

pub(super) fn wrong_operand(
    operator: &[u8],
    path: Option<&[u8]>,
    operand: Cursor<'_>,
    wanted: &str,
) -> Error {
    let given = operand.value().map_or("damaged value", |value| value.type_name());
    wrong(
        operator,
        path,
        &format!("takes {wanted}, and was given a value of type {given}"),
    )
}

/// `operator` at `path` was given something it does not take; `what` completes the sentence.
pub(super) fn wrong(operator: &[u8], path: Option<&[u8]>, what: &str) -> Error {
    let (name, place) = (show(operator), place(path));
    refuse(format!("{name}{place} {what}"))
}
