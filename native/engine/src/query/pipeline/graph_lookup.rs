//! `$graphLookup`: documents reached from a value by going from field to field, as far as there are any.
//!
//! Promises: each document is reached once, so cycles end; what one document reaches is bounded by
//! `STAGE_BYTES_MAX`. Leaves to others: finding the next documents (join.rs).
//! Source: MongoDB manual, "$graphLookup".

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::Cursor;
use crate::query::Filter;
use crate::query::expression::{Expression, Root};
use crate::query::group_key::group_key;
use crate::query::pipeline::budget::Budget;
use crate::query::pipeline::compile::Compiler;
use crate::query::pipeline::fields::put_path;
use crate::query::pipeline::join::{Foreign, Joined, local_values};
use crate::query::pipeline::lookup::{field, foreign_of};
use crate::query::pipeline::machine::Context;
use crate::query::pipeline::operands::{map, names_of, refuse, text, unknown, whole};
use crate::query::pipeline::source::Document;

/// A compiled stage.
#[derive(Debug)]
pub(super) struct GraphLookup {
    start: Expression,
    /// The field of a document reached that leads on.
    from: Expression,
    to: Foreign,
    target: Vec<Box<str>>,
    depth_max: Option<u64>,
    depth_field: Option<Vec<Box<str>>>,
    restriction: Option<Filter>,
}

impl GraphLookup {
    /// Errors: INVALID_PIPELINE, INVALID_EXPRESSION, INVALID_FILTER.
    pub(super) fn compile(operand: Cursor<'_>, compiler: &mut Compiler<'_>) -> Result<GraphLookup> {
        let (mut from, mut start, mut connect_from, mut connect_to) = (None, None, None, None);
        let (mut target, mut depth_max, mut depth_field, mut restriction) = (None, None, None, None);
        let mut options = map(
            operand,
            "an object with from, startWith, connectFromField and connectToField",
        )?;
        while let Some((key, value)) = options.take_next()? {
            match key {
                b"from" => from = Some(compiler.collection(text(key, value)?)?),
                b"startWith" => start = Some(Expression::compile_with(value, compiler.variables())?),
                b"connectFromField" => connect_from = Some(field(text(key, value)?)?),
                b"connectToField" => connect_to = Some(text(key, value)?),
                b"as" => target = Some(names_of(text(key, value)?)?),
                b"maxDepth" => depth_max = Some(whole(value, 0)?),
                b"depthField" => depth_field = Some(names_of(text(key, value)?)?),
                b"restrictSearchWithMatch" => restriction = Some(Filter::compile(value.raw()?)?),
                other => {
                    let known = "from, startWith, connectFromField, connectToField, as, maxDepth, depthField and restrictSearchWithMatch";
                    return Err(unknown(other, known));
                }
            }
        }
        match (from, start, connect_from, connect_to, target) {
            (Some(collection), Some(start), Some(from), Some(to), Some(target)) => Ok(GraphLookup {
                start,
                from,
                to: foreign_of(&collection, to)?,
                target,
                depth_max,
                depth_field,
                restriction,
            }),
            _ => Err(refuse(
                "from, startWith, connectFromField, connectToField and as have to be given",
            )),
        }
    }

    /// True when a field of this name comes out as it came in.
    pub(super) fn leaves_alone(&self, root: &str) -> bool {
        self.target.first().is_none_or(|first| **first != *root)
    }

    /// The document with all that it reaches. Errors: LIMIT_EXCEEDED, and those of reading.
    pub(super) fn apply(
        &self,
        document: Document<'_>,
        joined: &mut Joined,
        context: &Context<'_>,
    ) -> Result<Owned> {
        let mut document = document.into_owned()?;
        let mut budget = Budget::new("a smaller maxDepth, or restrictSearchWithMatch, helps");
        let mut reached = Vec::new();
        let mut ids = HashSet::new();
        let mut searched = HashSet::new();
        let mut values = local_values(&self.start, &context.scope(Root::Owned(&document)))?;
        let mut depth = 0;
        while !values.is_empty() && self.depth_max.is_none_or(|most| depth <= most) {
            values.retain(|value| searched.insert(group_key(value)));
            let mut next = Vec::new();
            for found in self.search(&values, joined, context)? {
                if !ids.insert(group_key(found.get("_id").unwrap_or(&Owned::Null))) {
                    continue;
                }
                if self.leads_on(&found, context)? {
                    next.extend(local_values(&self.from, &context.scope(Root::Owned(&found)))?);
                }
                let mut found = (*found).clone();
                budget.take(found.bytes())?;
                if let Some(field) = &self.depth_field {
                    put_path(&mut found, field, Owned::unsigned(depth));
                }
                reached.push(found);
            }
            values = next;
            depth += 1;
        }
        put_path(&mut document, &self.target, Owned::Array(reached));
        Ok(document)
    }

    /// A document without the field leads nowhere.
    fn leads_on(&self, found: &Owned, context: &Context<'_>) -> Result<bool> {
        Ok(self.from.evaluate(&context.scope(Root::Owned(found)))?.is_some())
    }

    fn search(
        &self,
        values: &[Owned],
        joined: &mut Joined,
        context: &Context<'_>,
    ) -> Result<Vec<Arc<Owned>>> {
        let mut found = joined.find(&self.to, values, context)?;
        if let Some(filter) = &self.restriction {
            let mut kept = Vec::with_capacity(found.len());
            for document in found {
                if filter.matches_owned(&document)? {
                    kept.push(document);
                }
            }
            found = kept;
        }
        Ok(found)
    }
}
