//! Fields of documents in memory by paths of names, through documents only.
//!
//! Promises: what is put where no document stands makes one there; recursion there is none.
//! Leaves to others: paths through arrays (query/path.rs, query/expression).

use crate::format::owned::Owned;

/// The value at `path`, to change.
pub(super) fn get_path<'d>(document: &'d mut Owned, path: &[Box<str>]) -> Option<&'d mut Owned> {
    path.iter().try_fold(document, |value, name| value.get_mut(name))
}

/// Puts `value` at `path`.
pub(super) fn put_path(document: &mut Owned, path: &[Box<str>], value: Owned) {
    let mut place = document;
    for name in path {
        if !matches!(place, Owned::Map(_)) {
            *place = Owned::Map(Vec::new());
        }
        let Owned::Map(fields) = place else { return };
        let at = match fields.iter().position(|(key, _)| key == name) {
            Some(at) => at,
            None => {
                fields.push((name.clone(), Owned::Null));
                fields.len() - 1
            }
        };
        let Some((_, field)) = fields.get_mut(at) else {
            return;
        };
        place = field;
    }
    *place = value;
}

/// Takes the value at `path` out.
pub(super) fn remove_path(document: &mut Owned, path: &[Box<str>]) {
    if let Some((last, rest)) = path.split_last()
        && let Some(parent) = get_path(document, rest)
    {
        parent.remove(last);
    }
}
