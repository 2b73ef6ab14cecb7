//! `$match`: a filter on documents between two stages.
//!
//! Promises: documents in stored form are matched where they lie. Leaves to others: filters (query/filter),
//! handing the first ones to a collection's cursor (optimise.rs).

use std::sync::Arc;

use crate::error::Result;
use crate::format::owned::utf8;
use crate::format::record::NO_STRUCTURES;
use crate::format::value::{Cursor, Value};
use crate::query::pipeline::machine::Context;
use crate::query::pipeline::source::Document;
use crate::query::{Filter, Matcher};

/// A compiled stage.
#[derive(Clone, Debug)]
pub(super) struct Matching {
    pub(super) filter: Arc<Filter>,
    /// The filter in plain MessagePack, for joining filters.
    bytes: Box<[u8]>,
    /// The filter may ask for variables, so that only the pipeline can evaluate it.
    has_variables: bool,
    /// First names of its paths; None when it may read any field.
    roots: Option<Vec<Box<str>>>,
}

impl Matching {
    /// Errors: INVALID_FILTER, INVALID_EXPRESSION.
    pub(super) fn compile(operand: Cursor<'_>, variables: &[&str]) -> Result<Matching> {
        let bytes = operand.raw()?;
        let filter = Filter::compile_with(bytes, variables)?;
        let mut roots = Vec::new();
        let are_known = collect_roots(operand, &mut roots)?;
        Ok(Matching {
            has_variables: filter.has_expression() && !variables.is_empty(),
            filter: Arc::new(filter),
            bytes: bytes.into(),
            roots: are_known.then_some(roots),
        })
    }

    /// Whether the document goes on. Errors: CORRUPTED, and those of expressions.
    pub(super) fn accepts(&self, document: &Document<'_>, context: &Context<'_>) -> Result<bool> {
        if let Document::Stored(cursor) = document
            && cursor.position() == 0
        {
            return Matcher::new(&self.filter, cursor.structures())
                .with_variables(context.variables)
                .try_matches(cursor.bytes());
        }
        let mut bytes = Vec::new();
        document.lend().into_owned()?.write(&mut bytes);
        Matcher::new(&self.filter, &NO_STRUCTURES)
            .with_variables(context.variables)
            .try_matches(&bytes)
    }

    /// The filter, for a cursor; None where only the pipeline can evaluate it.
    pub(super) fn for_cursor(&self) -> Option<Arc<Filter>> {
        (!self.has_variables).then(|| self.filter.clone())
    }

    /// True when the filter reads these fields only.
    pub(super) fn reads_only(&self, is_allowed: impl Fn(&str) -> bool) -> bool {
        self.roots
            .as_ref()
            .is_some_and(|roots| roots.iter().all(|root| is_allowed(root)))
    }

    /// Both filters as one. Errors: those of compiling, such as too many terms.
    pub(super) fn and(&self, other: &Matching) -> Result<Matching> {
        let mut bytes = Vec::with_capacity(self.bytes.len() + other.bytes.len() + 8);
        bytes.extend_from_slice(&[0x81, 0xa4]);
        bytes.extend_from_slice(b"$and");
        bytes.push(0x92);
        bytes.extend_from_slice(&self.bytes);
        bytes.extend_from_slice(&other.bytes);
        Matching::compile(Cursor::new(&bytes, &NO_STRUCTURES), &[])
    }
}

/// Collects the first names of a filter's paths; false when it has an operator that may read any field.
fn collect_roots(filter: Cursor<'_>, roots: &mut Vec<Box<str>>) -> Result<bool> {
    let Value::Map(mut fields) = filter.value()? else {
        return Ok(false);
    };
    while let Some((key, operand)) = fields.take_next()? {
        match key {
            b"$and" | b"$or" | b"$nor" => {
                let Value::Array(mut branches) = operand.value()? else {
                    return Ok(false);
                };
                while let Some(branch) = branches.take_next()? {
                    if !collect_roots(branch, roots)? {
                        return Ok(false);
                    }
                }
            }
            key if key.first() == Some(&b'$') => return Ok(false),
            key => {
                let root = utf8(key)?.split('.').next().unwrap_or_default();
                roots.push(root.into());
            }
        }
    }
    Ok(true)
}
