//! The document that an upsert inserts: what the filter asks to be equal, changed by the update.
//!
//! Equalities count where every matching document must have them: at the top, in `$and`, by `$eq`, by `$in`
//! and `$all` of one value, in `$or` of one filter. Promises: the `_id` comes first, fields by their names.
//! Leaves to others: an `_id` that is still missing, and storing (collection). Source: MongoDB manual,
//! "db.collection.updateOne()", "Upsert".

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::{write_map_head, write_text};
use crate::format::id::IdBytes;
use crate::format::intake::normalise;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::{ID_KEY, Shapes, Subject, write_id_key};
use crate::format::value::{Cursor, Fields, Value};
use crate::query::update::apply::edit;
use crate::query::update::array_filter::ArrayFilters;
use crate::query::update::place::{Place, mark_creating};
use crate::query::update::{
    Action, Branch, Circumstances, Edit, Edits, Leaf, Update, pipeline, refuse, show,
};

/// What messages call the source of equalities.
const FILTER: &[u8] = b"the filter of an upsert";
/// Maps stay plain: the document is taken in like any other afterwards.
const PLAIN: Shapes<'static> = Shapes {
    structures: &NO_STRUCTURES,
    registry: None,
};

/// Appends the document; see [`Update::upsert_document`].
pub(super) fn document(
    update: &Update,
    filter: &[u8],
    circumstances: &Circumstances,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut normal = Vec::with_capacity(filter.len() + 16);
    normalise(filter, Subject::Filter, &mut normal)?;
    let Value::Map(fields) = Cursor::new(&normal, &NO_STRUCTURES).value()? else {
        return Err(Error::new(ErrorKind::InvalidFilter, "a filter is a map"));
    };
    let mut equalities = Equalities::default();
    equalities.fields(fields)?;
    let given = update.id.as_ref().or(update.id_on_insert.as_ref());
    let id = match (equalities.id, given) {
        (Some(asked), Some(given)) if asked != *given => {
            return Err(refuse(format!(
                "the update gives the _id {given}, and the filter asks for {asked}; they must agree"
            )));
        }
        (asked, given) => asked.or_else(|| given.cloned()),
    };
    match &update.action {
        Action::Replace(document) => with_id(id.as_ref(), document, out),
        Action::Pipeline(stages) => {
            let mut base = Vec::new();
            with_id(
                id.as_ref(),
                &equal_fields(equalities.root, circumstances)?,
                &mut base,
            )?;
            let (id, document) = pipeline::upserted(stages, &base, id, circumstances)?;
            with_id(id.as_ref(), &document, out)
        }
        Action::Edit(edits) => {
            let base = equal_fields(equalities.root, circumstances)?;
            let mut changed = Vec::new();
            let root = edits.on_insert.as_ref().unwrap_or(&edits.root);
            edit(root, edits, &base, PLAIN, circumstances, &mut changed)?;
            with_id(id.as_ref(), &changed, out)
        }
    }
}

/// The plain map that has what the tree of equalities sets.
fn equal_fields(mut root: Branch, circumstances: &Circumstances) -> Result<Vec<u8>> {
    mark_creating(&mut root);
    let equal = Edits::of_values(root);
    let mut fields = Vec::new();
    edit(&equal.root, &equal, &[0x80], PLAIN, circumstances, &mut fields)?;
    Ok(fields)
}

impl Edits {
    /// The edits of a tree that only sets values.
    fn of_values(root: Branch) -> Edits {
        Edits {
            root,
            on_insert: None,
            array_filters: Vec::new(),
            is_open: false,
            position_array: None,
        }
    }
}

/// Appends the map `document` with `id` as its first field, and no other `_id`.
fn with_id(id: Option<&IdBytes>, document: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let Value::Map(mut fields) = Cursor::new(document, &NO_STRUCTURES).value()? else {
        return Err(refuse("a document is a map"));
    };
    let others = fields.remaining() - usize::from(fields.find(ID_KEY)?.is_some());
    write_map_head(others + usize::from(id.is_some()), out);
    if let Some(id) = id {
        write_id_key(out);
        out.extend_from_slice(id);
    }
    while let Some((key, value)) = fields.take_next()? {
        if key != ID_KEY {
            write_text(key, out);
            out.extend_from_slice(value.raw()?);
        }
    }
    Ok(())
}

/// What a filter asks to be equal.
#[derive(Default)]
struct Equalities {
    root: Branch,
    id: Option<IdBytes>,
}

impl Equalities {
    fn fields(&mut self, mut fields: Fields<'_>) -> Result<()> {
        while let Some((key, operand)) = fields.take_next()? {
            match (key, operand.value()?) {
                (b"$and" | b"$or", Value::Array(mut branches)) => {
                    if key == b"$or" && branches.remaining() != 1 {
                        continue;
                    }
                    while let Some(branch) = branches.take_next()? {
                        if let Value::Map(fields) = branch.value()? {
                            self.fields(fields)?;
                        }
                    }
                }
                ([b'$', ..], _) => {}
                (path, Value::Map(operators)) if is_of_operators(operators)? => {
                    self.operators(path, operators)?;
                }
                (path, _) => self.add(path, operand)?,
            }
        }
        Ok(())
    }

    fn operators(&mut self, path: &[u8], mut operators: Fields<'_>) -> Result<()> {
        while let Some((operator, operand)) = operators.take_next()? {
            match (operator, operand.value()?) {
                (b"$eq", _) => self.add(path, operand)?,
                (b"$in" | b"$all", Value::Array(mut elements)) if elements.remaining() == 1 => {
                    if let Some(element) = elements.take_next()?
                        && !is_map_of_operators(element)?
                    {
                        self.add(path, element)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &[u8], value: Cursor<'_>) -> Result<()> {
        if path == ID_KEY {
            let id = IdBytes::from_value(&value.value()?)?;
            return match self.id.replace(id) {
                None => Ok(()),
                Some(_) => Err(refuse(format!(
                    "{} asks twice for the path \"_id\"",
                    show(FILTER)
                ))),
            };
        }
        let place = Place::parse(FILTER, path, &mut ArrayFilters::default())?;
        let leaf = Leaf::Set(value.raw()?.into());
        place.hang(&mut self.root, Edit::Leaf(leaf.into()))
    }
}

fn is_of_operators(mut fields: Fields<'_>) -> Result<bool> {
    let first = fields.take_next()?;
    Ok(first.is_some_and(|(key, _)| key.first() == Some(&b'$')))
}

fn is_map_of_operators(value: Cursor<'_>) -> Result<bool> {
    match value.value()? {
        Value::Map(fields) => is_of_operators(fields),
        _ => Ok(false),
    }
}
