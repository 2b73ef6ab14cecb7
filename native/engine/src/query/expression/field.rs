//! `$a.b.c`: following a path of names into a value.
//!
//! Promises: through an array the path is followed in each of its documents, and the values found make an
//! array, so numbers in a path are names and never positions; without arrays nothing is copied.
//! Recursion is bounded by the number of names. Source: MongoDB manual, "Field Paths".

use crate::format::owned::Owned;
use crate::format::value::{Cursor, Fields, Parse, Value};
use crate::format::view::{Entries, List, View};
use crate::query::expression::{Computed, Root};
use crate::query::path::Segment;

/// The value of `path` in a document.
#[inline]
pub(super) fn follow_root<'a>(root: Root<'a>, path: &[Segment]) -> Parse<Option<Computed<'a>>> {
    if let (Root::Stored(cursor), [segment]) = (root, path) {
        return Ok(stored_field(cursor, segment)?.map(|value| Computed::Seen(value.into())));
    }
    follow_view(root.view()?, path)
}

fn stored_field<'a>(document: Cursor<'a>, segment: &Segment) -> Parse<Option<Value<'a>>> {
    let Value::Map(fields) = document.value()? else {
        return Ok(None);
    };
    match Fields::find(fields, &segment.name)? {
        Some(cursor) => Ok(Some(cursor.value()?)),
        None => Ok(None),
    }
}

/// The value of `path` in a computed value.
pub(super) fn follow<'a>(value: Computed<'a>, path: &[Segment]) -> Parse<Option<Computed<'a>>> {
    match value {
        Computed::Seen(view) => follow_view(view, path),
        held => match follow_view(held.view(), path)? {
            Some(Computed::Seen(view)) => Ok(Some(Computed::Made(view.to_owned()?))),
            Some(Computed::Made(value)) => Ok(Some(Computed::Made(value))),
            Some(Computed::Counted(value)) => Ok(Some(Computed::Counted(value))),
            None => Ok(None),
        },
    }
}

/// The value of `path` in a value seen.
pub(crate) fn follow_view<'a>(view: View<'a>, path: &[Segment]) -> Parse<Option<Computed<'a>>> {
    let mut view = view;
    let mut rest = path;
    while let Some((segment, behind)) = rest.split_first() {
        let fields: Entries<'a> = match view {
            View::Map(fields) => fields,
            View::Array(elements) => return each(elements, rest).map(Some),
            _ => return Ok(None),
        };
        let Some(value) = fields.find(&segment.name)? else {
            return Ok(None);
        };
        view = value;
        rest = behind;
    }
    Ok(Some(Computed::Seen(view)))
}

/// The values of `path` in the documents among `elements`.
fn each<'a>(mut elements: List<'a>, path: &[Segment]) -> Parse<Computed<'a>> {
    let mut found = Vec::new();
    while let Some(element) = elements.take_next()? {
        if !matches!(element, View::Map(_)) {
            continue;
        }
        match follow_view(element, path)? {
            Some(Computed::Seen(view)) => found.push(view.to_owned()?),
            Some(Computed::Counted(value)) => found.push((*value).clone()),
            Some(Computed::Made(value)) => found.push(value),
            None => {}
        }
    }
    Ok(Computed::Made(Owned::Array(found)))
}
