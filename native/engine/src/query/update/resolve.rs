//! What depends on the document before its walk begins: `$` becomes the matched position, and `$rename`
//! becomes a value that moved.
//!
//! Promises: the tree that comes out has neither; a `$rename` of a missing field is gone from it. Errors are
//! found here, before anything is written.
//! Leaves to others: walking (apply.rs). Source: MongoDB manual, "$ (update)", "$rename".

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::value::{Cursor, Value};
use crate::limits::DEPTH_MAX;
use crate::query::path::position;
use crate::query::update::operands::depth;
use crate::query::update::place::{MATCHED, mark_creating};
use crate::query::update::{Branch, Edit, Leaf, Name, refuse, show};

/// The tree of edits for the document at `document`, of whose array the element at `matched` was matched.
///
/// Errors: INVALID_UPDATE when `$` stands for nothing, meets another edit, or a `$rename` leads through an
/// array or a value without fields; CORRUPTED.
pub(super) fn resolve(root: &Branch, document: Cursor<'_>, matched: Option<usize>) -> Result<Branch> {
    let mut resolve = Resolve {
        document,
        matched,
        names: Vec::new(),
    };
    let mut resolved = resolve.branch(root)?;
    mark_creating(&mut resolved);
    Ok(resolved)
}

struct Resolve<'a> {
    document: Cursor<'a>,
    matched: Option<usize>,
    /// Names down to the edit at hand.
    names: Vec<Box<[u8]>>,
}

impl<'a> Resolve<'a> {
    fn branch(&mut self, branch: &Branch) -> Result<Branch> {
        let mut resolved = Branch::default();
        let mut at_match = None;
        for (name, edit) in &branch.edits {
            if *name.text == *MATCHED {
                at_match = Some(edit);
                continue;
            }
            self.names.push(name.text.clone());
            if let Some(edit) = self.edit(edit)? {
                resolved.edits.insert(name.clone(), edit);
            }
            self.names.pop();
        }
        let Some(edit) = at_match else {
            return Ok(resolved);
        };
        let Some(position) = self.matched else {
            return Err(refuse(format!(
                "the path {:?} has a $, and the query matched no element of an array; name the array in the \
                 filter",
                self.shown(MATCHED)
            )));
        };
        let name = Name::new(position.to_string().as_bytes());
        self.names.push(name.text.clone());
        if let Some(edit) = self.edit(edit)? {
            let both = match resolved.edits.get(&name) {
                Some(other) => merge(other, &edit).ok_or_else(|| {
                    refuse(format!(
                        "the $ of a path stands for {:?}, where it conflicts with another change",
                        self.names.join(&b'.').escape_ascii().to_string()
                    ))
                })?,
                None => edit,
            };
            resolved.edits.insert(name, both);
        }
        self.names.pop();
        Ok(resolved)
    }

    /// The edit as it is for this document; None when it does nothing there.
    fn edit(&mut self, edit: &Edit) -> Result<Option<Edit>> {
        Ok(Some(match edit {
            Edit::Branch(branch) => Edit::Branch(self.branch(branch)?),
            Edit::Elements(elements) => {
                let mut resolved = std::collections::BTreeMap::new();
                for (selector, edit) in elements {
                    self.names.push(b"$[]".as_slice().into());
                    if let Some(edit) = self.edit(edit)? {
                        resolved.insert(*selector, edit);
                    }
                    self.names.pop();
                }
                Edit::Elements(resolved)
            }
            Edit::Leaf(leaf) => match &**leaf {
                Leaf::MoveFrom(source) => return self.moved(source),
                _ => edit.clone(),
            },
        }))
    }

    /// The edit that brings the value of the field `source` to the names at hand.
    fn moved(&self, source: &[Box<[u8]>]) -> Result<Option<Edit>> {
        let Some(value) = self.find_source(source)? else {
            return Ok(None);
        };
        self.check_target()?;
        if self.names.len() + depth(value)? > DEPTH_MAX {
            return Err(refuse(format!(
                "$rename to path {:?} would nest maps and arrays deeper than {DEPTH_MAX}",
                show(&self.names.join(&b'.'))
            )));
        }
        Ok(Some(Edit::Leaf(Arc::new(Leaf::Moved(value.raw()?.into())))))
    }

    fn find_source(&self, source: &[Box<[u8]>]) -> Result<Option<Cursor<'a>>> {
        let mut value = self.document;
        for name in source {
            match value.value()? {
                Value::Map(fields) => match fields.find(name)? {
                    Some(found) => value = found,
                    None => return Ok(None),
                },
                Value::Array(elements)
                    if position(name).is_some_and(|place| place >= elements.remaining()) =>
                {
                    return Ok(None);
                }
                other => return Err(not_renamed("from", source, other.type_name())),
            }
        }
        Ok(Some(value))
    }

    /// Refuses a target inside of an array. What else is in its way the walk finds.
    fn check_target(&self) -> Result<()> {
        let mut value = self.document;
        for name in &self.names {
            match value.value()? {
                Value::Map(fields) => match fields.find(name)? {
                    Some(found) => value = found,
                    None => return Ok(()),
                },
                Value::Array(_) => return Err(not_renamed("to", &self.names, "array")),
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn shown(&self, last: &[u8]) -> String {
        let mut path = self.names.join(&b'.');
        path.push(b'.');
        path.extend_from_slice(last);
        show(&path)
    }
}

#[cold]
fn not_renamed(direction: &str, names: &[Box<[u8]>], found: &str) -> Error {
    refuse(format!(
        "$rename {direction} path {:?} leads through a value of type {found}; it moves fields of maps only",
        show(&names.join(&b'.'))
    ))
}

/// The edit that does what both do; None when they conflict.
pub(super) fn merge(left: &Edit, right: &Edit) -> Option<Edit> {
    match (left, right) {
        (Edit::Branch(left), Edit::Branch(right)) => {
            let mut edits = left.edits.clone();
            for (name, edit) in &right.edits {
                let both = match edits.get(name) {
                    Some(other) => merge(other, edit)?,
                    None => edit.clone(),
                };
                edits.insert(name.clone(), both);
            }
            let creates = left.creates || right.creates;
            Some(Edit::Branch(Branch { edits, creates }))
        }
        (Edit::Elements(left), Edit::Elements(right)) => {
            let mut edits = left.clone();
            for (selector, edit) in right {
                let both = match edits.get(selector) {
                    Some(other) => merge(other, edit)?,
                    None => edit.clone(),
                };
                edits.insert(*selector, both);
            }
            Some(Edit::Elements(edits))
        }
        _ => None,
    }
}
