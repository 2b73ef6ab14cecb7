//! From the MessagePack of an update to its tree of edits.
//!
//! Promises: what cannot be applied to any document is refused here, naming the operator and the path; no
//! result nests deeper than documents may.
//! Leaves to others: checking the bytes (format/survey.rs), paths (place.rs), the operands of operators
//! (operands.rs), applying (apply.rs).

use std::sync::Arc;

use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::intake::normalise;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::{ID_KEY, Subject};
use crate::format::value::{Cursor, Fields, Value};
use crate::query::TERMS_MAX;
use crate::query::update::array_filter::ArrayFilters;
use crate::query::update::operands::{self, Operator};
use crate::query::update::place::{Place, mark_creating};
use crate::query::update::{Action, Branch, Edit, Edits, Leaf, Update, pipeline, refuse, show};

/// One change of one path, before it hangs in a tree.
struct Change<'a> {
    place: Place<'a>,
    leaf: Arc<Leaf>,
    is_on_insert: bool,
}

pub(super) fn compile(bytes: &[u8], array_filters: Option<&[u8]>) -> Result<Update> {
    if matches!(bytes.first(), Some(0x90..=0x9f | 0xdc | 0xdd)) {
        return match array_filters {
            None => pipeline::compile(bytes),
            Some(_) => Err(refuse(
                "array filters are given with an array of stages, whose paths have no $[name]",
            )),
        };
    }
    let filters = array_filters.map_or_else(|| Ok(ArrayFilters::default()), ArrayFilters::compile)?;
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
                "operators and fields stand in one update, at {:?}; supported are {}, or a whole document \
                 without operators",
                show(key),
                operands::SUPPORTED
            )));
        }
    }
    if first == Some(true) {
        return compile_operators(fields, filters);
    }
    filters.finish()?;
    let id = fields
        .find(ID_KEY)?
        .map(|id| IdBytes::from_value(&id.value()?))
        .transpose()?;
    Ok(Update {
        action: Action::Replace(normal),
        id,
        id_on_insert: None,
    })
}

fn is_operator(key: &[u8]) -> bool {
    key.first() == Some(&b'$')
}

fn compile_operators(mut operators: Fields<'_>, mut filters: ArrayFilters) -> Result<Update> {
    let mut changes = Vec::new();
    let mut ids = Ids::default();
    while let Some((name, operand)) = operators.take_next()? {
        let operator = Operator::named(name)?;
        let Value::Map(mut fields) = operand.value()? else {
            let given = operand.value()?.type_name();
            return Err(refuse(format!(
                "{} takes a map of paths, and was given a value of type {given}",
                show(name)
            )));
        };
        while let Some((path, operand)) = fields.take_next()? {
            if changes.len() >= TERMS_MAX {
                return Err(refuse(format!("the update names more than {TERMS_MAX} paths")));
            }
            let is_on_insert = operator == Operator::SetOnInsert;
            if path == ID_KEY && (operator == Operator::Set || is_on_insert) {
                ids.add(IdBytes::from_value(&operand.value()?)?, is_on_insert)?;
                continue;
            }
            let place = Place::parse(name, path, &mut filters)?;
            if operator == Operator::Rename {
                changes.extend(operands::rename(&place, operand)?.map(|(place, leaf)| Change {
                    place,
                    leaf: Arc::new(leaf),
                    is_on_insert,
                }));
                continue;
            }
            let leaf = Arc::new(operands::leaf(operator, &place, operand)?);
            changes.push(Change {
                place,
                leaf,
                is_on_insert,
            });
        }
    }
    Ok(Update {
        action: Action::Edit(edits(&changes, filters)?),
        id: ids.always,
        id_on_insert: ids.on_insert,
    })
}

/// The ids that an update gives.
#[derive(Default)]
struct Ids {
    always: Option<IdBytes>,
    on_insert: Option<IdBytes>,
}

impl Ids {
    fn add(&mut self, id: IdBytes, is_on_insert: bool) -> Result<()> {
        if self.always.is_some() || self.on_insert.is_some() {
            return Err(refuse(
                "$setOnInsert at path \"_id\" conflicts with another change at \"_id\"",
            ));
        }
        if is_on_insert {
            self.on_insert = Some(id);
        } else {
            self.always = Some(id);
        }
        Ok(())
    }
}

fn edits(changes: &[Change<'_>], filters: ArrayFilters) -> Result<Edits> {
    let whole = tree(changes, |_| true)?;
    let inserts_more = changes.iter().any(|change| change.is_on_insert);
    let (root, on_insert) = if inserts_more {
        (tree(changes, |change| !change.is_on_insert)?, Some(whole))
    } else {
        (whole, None)
    };
    let position_array = changes.iter().find_map(|change| change.place.position_array());
    let moves = changes
        .iter()
        .any(|change| matches!(*change.leaf, Leaf::MoveFrom(_)));
    Ok(Edits {
        root,
        on_insert,
        array_filters: filters.finish()?,
        is_open: moves || position_array.is_some(),
        position_array: position_array.map(Box::from),
    })
}

/// The tree of the changes that `wanted` accepts.
fn tree(changes: &[Change<'_>], wanted: impl Fn(&Change<'_>) -> bool) -> Result<Branch> {
    let mut root = Branch::default();
    for change in changes.iter().filter(|change| wanted(change)) {
        change
            .place
            .hang(&mut root, Edit::Leaf(Arc::clone(&change.leaf)))?;
    }
    mark_creating(&mut root);
    Ok(root)
}
