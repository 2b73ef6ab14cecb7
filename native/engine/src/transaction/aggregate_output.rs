//! What `$out` and `$merge` write: results of a pipeline, into a collection, as a part of a transaction.
//!
//! Promises: all results are written or none; a merge by other fields than `_id` needs a unique index on them, so
//! that a result has one document at most, and no document's `_id` changes.
//! Leaves to others: what a merge makes of a result and its document (query/pipeline/output.rs), committing (mod.rs).

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::owned::Owned;
use crate::format::record::NO_STRUCTURES;
use crate::format::value;
use crate::query::pipeline::{Document, Flow, Merge, Output};
use crate::query::{Filter, filter};
use crate::transaction::Transaction;
use crate::transaction::aggregate::Aggregation;
use crate::transaction::cursor::FindOptions;

impl Transaction {
    /// Writes all results. On an error the transaction is as it was.
    pub(super) fn write_output(&mut self, aggregation: &mut Aggregation, output: &Output) -> Result<()> {
        let part = self.leased_part(output.into_name())?;
        let (overlay, next_integer) = (part.overlay.clone(), part.next_integer);
        let result = self.write_results(aggregation, output);
        if result.is_err() {
            let part = self.leased_part(output.into_name())?;
            (part.overlay, part.next_integer) = (overlay, next_integer);
        }
        result
    }

    fn write_results(&mut self, aggregation: &mut Aggregation, output: &Output) -> Result<()> {
        let into = output.into_name();
        if let Output::Out(_) = output {
            self.clear(into)?;
        }
        let structures = aggregation.structures();
        let mut plain = Vec::new();
        aggregation.advance(&mut |document| {
            let document = match document {
                Document::Stored(cursor) => Owned::read(value::Cursor::new(cursor.raw()?, &structures))?,
                other => other.into_owned()?,
            };
            let document = match output {
                Output::Out(_) => Some(document),
                Output::Merge(merge) => self.merged(merge, document)?,
            };
            if let Some(document) = document {
                plain.clear();
                document.write(&mut plain);
                match output {
                    Output::Out(_) => self.insert(into, &plain).map(|_| ())?,
                    Output::Merge(_) => self.put(into, &plain).map(|_| ())?,
                }
            }
            Ok(Flow::More)
        })
    }

    /// The document to write for a result of `$merge`; None writes nothing.
    fn merged(&mut self, merge: &Merge, new: Owned) -> Result<Option<Owned>> {
        let old = match merge.on() {
            [on] if **on == *"_id" => match new.get("_id") {
                Some(id) => self.by_id(merge.into_name(), &id_of(id)?)?,
                None => None,
            },
            on => self.by_fields(merge.into_name(), on, &new)?,
        };
        let id = old.as_ref().and_then(|old| old.get("_id").cloned());
        let mut merged = merge.combine(new, old, filter::now())?;
        if let (Some(merged), Some(id)) = (&mut merged, id) {
            match merged.get("_id") {
                None => merged.set("_id", id),
                Some(changed) if id_of(changed)? != id_of(&id)? => {
                    return Err(Error::new(
                        ErrorKind::InvalidPipeline,
                        "$merge: whenMatched changes the _id of a document; an _id never changes",
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(merged)
    }

    fn by_id(&mut self, into: &str, id: &IdBytes) -> Result<Option<Owned>> {
        let mut stored = Vec::new();
        if !self.get(into, id, &mut stored)? {
            return Ok(None);
        }
        let (structures, _) = self.structures(into)?;
        Ok(Some(Owned::read(value::Cursor::new(&stored, &structures))?))
    }

    /// The document that has the result's values in the fields `on`. Errors: INVALID_PIPELINE without an index that
    /// lets there be one only, or for a result that lacks a field.
    fn by_fields(&mut self, into: &str, on: &[Box<str>], new: &Owned) -> Result<Option<Owned>> {
        if !self.is_unique(into, on)? {
            return Err(refuse(format!(
                "$merge: on names fields that no unique index of collection {into} is on: {}",
                on.join(", ")
            )));
        }
        let mut wanted = Vec::with_capacity(on.len());
        for path in on {
            match at_path(new, path) {
                Some(value) if !value.is_null() && !matches!(value, Owned::Array(_)) => {
                    let equal = Owned::Map(vec![("$eq".into(), value.clone())]);
                    wanted.push((path.clone(), equal));
                }
                _ => {
                    return Err(refuse(format!(
                        "$merge: a result has no single value in {path:?}, which on names"
                    )));
                }
            }
        }
        let mut bytes = Vec::new();
        Owned::Map(wanted).write(&mut bytes);
        let options = FindOptions {
            filter: Some(Arc::new(Filter::compile(&bytes)?)),
            limit: Some(1),
            ..FindOptions::default()
        };
        let mut cursor = self.find(into, options)?;
        let mut stored = Vec::new();
        match cursor.next_batch(&mut stored, 1, usize::MAX)? {
            0 => Ok(None),
            _ => Ok(Some(Owned::read(value::Cursor::new(
                &stored,
                &cursor.structures(),
            ))?)),
        }
    }

    /// True when an index over all documents lets one at most have the same values in these fields.
    fn is_unique(&mut self, into: &str, on: &[Box<str>]) -> Result<bool> {
        let part = self.leased_part(into)?;
        let content = part.state.content.read();
        let mut definitions = content
            .body
            .iter()
            .flat_map(|body| &body.indexes)
            .map(|index| &index.rules.definition);
        Ok(definitions.any(|definition| {
            definition.is_unique
                && definition.partial_filter.is_none()
                && definition.keys.len() == on.len()
                && definition.keys.iter().all(|key| on.contains(&key.path))
        }))
    }
}

/// The value at a path through documents.
fn at_path<'d>(document: &'d Owned, path: &str) -> Option<&'d Owned> {
    path.split('.').try_fold(document, |value, name| value.get(name))
}

fn refuse(message: String) -> Error {
    Error::new(ErrorKind::InvalidPipeline, message)
}

/// The id that a value is. Errors: INVALID_ID.
fn id_of(id: &Owned) -> Result<IdBytes> {
    let mut bytes = Vec::new();
    id.write(&mut bytes);
    IdBytes::from_value(&value::Cursor::new(&bytes, &NO_STRUCTURES).value()?)
}
