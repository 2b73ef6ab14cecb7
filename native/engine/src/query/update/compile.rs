//! From the MessagePack of an update to its tree of edits.
//!
//! Promises: what cannot be applied to any document is refused here, naming the operator and the path; no
//! result nests deeper than documents may.
//! Leaves to others: checking the bytes (format/survey.rs), applying (apply.rs).

use std::collections::btree_map::Entry;

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::intake::normalise;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::{ID_KEY, Subject};
use crate::format::value::{Cursor, Fields, Parse, Value};
use crate::limits::DEPTH_MAX;
use crate::query::TERMS_MAX;
use crate::query::path::position;
use crate::query::update::number::Number;
use crate::query::update::{Action, Branch, Edit, Name, Update};

/// What the messages about an unknown operator offer.
const SUPPORTED: &str = "$set, $unset and $inc, or a whole document without operators";

pub(super) fn compile(bytes: &[u8]) -> Result<Update> {
    let mut normal = Vec::with_capacity(bytes.len() + 16);
    normalise(bytes, Subject::Update, &mut normal)?;
    let Value::Map(fields) = Cursor::new(&normal, &NO_STRUCTURES).value()? else {
        return Err(refuse("an update is a map"));
    };
    let mut kinds = fields;
    let mut first = None;
    while let Some((key, _)) = kinds.take_next()? {
        if *first.get_or_insert(is_operator(key)) != is_operator(key) {
            return Err(refuse(format!(
                "operators and fields stand in one update, at {:?}; supported are {SUPPORTED}",
                show(key)
            )));
        }
    }
    if first == Some(true) {
        return compile_operators(fields);
    }
    let id = fields
        .find(ID_KEY)?
        .map(|id| IdBytes::from_value(&id.value()?))
        .transpose()?;
    Ok(Update {
        action: Action::Replace(normal),
        id,
    })
}

pub(super) fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidUpdate, message)
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_operator(key: &[u8]) -> bool {
    key.first() == Some(&b'$')
}

fn compile_operators(mut operators: Fields<'_>) -> Result<Update> {
    let mut root = Branch::default();
    let mut id = None;
    let mut paths = 0;
    while let Some((operator, operand)) = operators.take_next()? {
        let name = show(operator);
        if !matches!(operator, b"$set" | b"$unset" | b"$inc") {
            return Err(refuse(format!(
                "the update operator {name} is not known; supported are {SUPPORTED}"
            )));
        }
        let Value::Map(mut fields) = operand.value()? else {
            let given = operand.value()?.type_name();
            return Err(refuse(format!(
                "{name} takes a map of paths, and was given a value of type {given}"
            )));
        };
        while let Some((path, operand)) = fields.take_next()? {
            paths += 1;
            if paths > TERMS_MAX {
                return Err(refuse(format!("the update names more than {TERMS_MAX} paths")));
            }
            if path == ID_KEY && operator == b"$set" {
                id = Some(IdBytes::from_value(&operand.value()?)?);
                continue;
            }
            let edit = edit(operator, path, operand)?;
            insert(&mut root, operator, path, edit)?;
        }
    }
    mark_creating(&mut root);
    Ok(Update {
        action: Action::Edit(root),
        id,
    })
}

/// The edit that `operator` makes with `operand`.
fn edit(operator: &[u8], path: &[u8], operand: Cursor<'_>) -> Result<Edit> {
    let names = path.split(|byte| *byte == b'.').count();
    match operator {
        b"$unset" => Ok(Edit::Unset),
        b"$inc" => match Number::read(operand)? {
            Some(number) => Ok(Edit::Increment(number)),
            None => {
                let given = operand.value()?.type_name();
                let path = show(path);
                Err(refuse(format!(
                    "$inc at path {path:?} takes a number, and was given a value of type {given}"
                )))
            }
        },
        _ if names + depth(operand)? > DEPTH_MAX => {
            let path = show(path);
            Err(refuse(format!(
                "$set at path {path:?} would nest maps and arrays deeper than {DEPTH_MAX}"
            )))
        }
        _ => Ok(Edit::Set(operand.raw()?.into())),
    }
}

/// How deep maps and arrays nest in the checked value at `cursor`; 0 for a scalar.
fn depth(cursor: Cursor<'_>) -> Parse<usize> {
    let mut deepest = 0;
    match cursor.value()? {
        Value::Array(mut elements) => {
            while let Some(element) = elements.take_next()? {
                deepest = deepest.max(depth(element)?);
            }
        }
        Value::Map(mut fields) => {
            while let Some((_, value)) = fields.take_next()? {
                deepest = deepest.max(depth(value)?);
            }
        }
        _ => return Ok(0),
    }
    Ok(deepest + 1)
}

/// Hangs `edit` into the tree at `path`.
fn insert(root: &mut Branch, operator: &[u8], path: &[u8], edit: Edit) -> Result<()> {
    let operator = show(operator);
    let names: Vec<&[u8]> = path.split(|byte| *byte == b'.').take(DEPTH_MAX + 1).collect();
    if names.len() > DEPTH_MAX {
        return Err(refuse(format!(
            "{operator} was given a path of more than {DEPTH_MAX} names: {}",
            show(path)
        )));
    }
    if names.first() == Some(&ID_KEY) {
        return Err(refuse(format!(
            "{operator} at path {:?} would change the _id, which never changes",
            show(path)
        )));
    }
    if names.iter().any(|name| name.is_empty()) {
        return Err(refuse(format!(
            "{operator} was given the path {:?}, which has an empty name",
            show(path)
        )));
    }
    if let Some(name) = names.iter().find(|name| is_operator(name)) {
        let reason = "names that begin with $ are not supported in paths";
        return Err(refuse(format!(
            "{operator} was given the path {:?}; {reason}: {}",
            show(path),
            show(name)
        )));
    }
    let mut branch = root;
    let mut edit = Some(edit);
    for (index, text) in names.iter().enumerate() {
        let name = Name {
            order: position(text).unwrap_or(usize::MAX),
            text: (*text).into(),
        };
        let is_last = index + 1 == names.len();
        let conflict = || {
            let at = names.get(..=index).unwrap_or_default().join(&b'.');
            let (path, at) = (show(path), show(&at));
            refuse(format!(
                "{operator} at path {path:?} conflicts with another change at {at:?}; change each once"
            ))
        };
        branch = match (branch.edits.entry(name), is_last) {
            (Entry::Vacant(place), true) => {
                if let Some(edit) = edit.take() {
                    place.insert(edit);
                }
                return Ok(());
            }
            (Entry::Vacant(place), false) => match place.insert(Edit::Branch(Branch::default())) {
                Edit::Branch(branch) => branch,
                _ => return Err(conflict()),
            },
            (Entry::Occupied(place), false) => match place.into_mut() {
                Edit::Branch(branch) => branch,
                _ => return Err(conflict()),
            },
            (Entry::Occupied(_), true) => return Err(conflict()),
        };
    }
    Ok(())
}

/// Works out for every branch whether it makes fields.
fn mark_creating(branch: &mut Branch) {
    for edit in branch.edits.values_mut() {
        if let Edit::Branch(branch) = edit {
            mark_creating(branch);
        }
    }
    branch.creates = branch.edits.values().any(Edit::creates);
}
