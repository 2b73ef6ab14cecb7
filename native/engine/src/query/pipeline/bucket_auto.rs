//! `$bucketAuto`: groups of about the same size along a value.
//!
//! Promises: equal values fall into one bucket; buckets touch: each ends where the next begins, the last at
//! its greatest value. Memory is bounded by `STAGE_BYTES_MAX`. Preferred numbers (`granularity`) are refused.
//! Source: MongoDB manual, "$bucketAuto".

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::Cursor;
use crate::query::compare::compare_owned;
use crate::query::expression::{Expression, Root};
use crate::query::pipeline::budget::Budget;
use crate::query::pipeline::group::{Output, outputs_in_memory, value_or_null};
use crate::query::pipeline::machine::Context;
use crate::query::pipeline::operands::{map, refuse, unknown, whole};
use crate::query::pipeline::source::Document;

/// A compiled stage.
#[derive(Debug)]
pub(super) struct BucketAuto {
    by: Expression,
    count: usize,
    outputs: Vec<Output>,
}

/// The documents and what they are ordered by.
#[derive(Debug)]
pub(super) struct Buckets {
    entries: Vec<(Owned, Owned)>,
    budget: Budget,
}

impl BucketAuto {
    /// Errors: INVALID_PIPELINE, INVALID_EXPRESSION.
    pub(super) fn compile(operand: Cursor<'_>, variables: &[&str]) -> Result<BucketAuto> {
        let mut fields = map(operand, "an object with groupBy and buckets")?;
        let (mut by, mut count, mut output) = (None, None, None);
        while let Some((name, operand)) = fields.take_next()? {
            match name {
                b"groupBy" => by = Some(Expression::compile_with(operand, variables)?),
                b"buckets" => count = usize::try_from(whole(operand, 1)?).ok(),
                b"output" => output = Some(map(operand, "an object of accumulators as output")?),
                b"granularity" => return Err(refuse("granularity is not supported")),
                other => return Err(unknown(other, "groupBy, buckets and output")),
            }
        }
        let (Some(by), Some(count)) = (by, count) else {
            return Err(refuse("groupBy and buckets have to be given"));
        };
        Ok(BucketAuto {
            by,
            count,
            outputs: outputs_in_memory(output, variables)?,
        })
    }
}

impl Buckets {
    pub(super) fn new() -> Buckets {
        Buckets {
            entries: Vec::new(),
            budget: Budget::new("a $project before it to the fields that are needed helps"),
        }
    }

    /// Errors: LIMIT_EXCEEDED, and those of the expression.
    pub(super) fn add(
        &mut self,
        bucket_auto: &BucketAuto,
        document: Document<'_>,
        context: &Context<'_>,
    ) -> Result<()> {
        let document = document.into_owned()?;
        let value = value_or_null(&bucket_auto.by, &context.scope(Root::Owned(&document)))?;
        self.budget.take(value.bytes() + document.bytes())?;
        self.entries.push((value, document));
        Ok(())
    }

    /// The buckets.
    pub(super) fn finish(self, bucket_auto: &BucketAuto, context: &Context<'_>) -> Result<Vec<Owned>> {
        let mut entries = self.entries;
        entries.sort_by(|left, right| compare_owned(&left.0, &right.0));
        // Rounded to the nearest, as MongoDB does.
        let size = ((entries.len() as f64 / bucket_auto.count as f64).round() as usize).max(1);
        let mut buckets = Vec::new();
        let mut rest = entries.as_slice();
        while !rest.is_empty() {
            let is_last = buckets.len() + 1 == bucket_auto.count;
            let mut end = if is_last { rest.len() } else { size.min(rest.len()) };
            while let (Some((last, _)), Some((next, _))) = (rest.get(end - 1), rest.get(end))
                && compare_owned(last, next).is_eq()
            {
                end += 1;
            }
            let (bucket, behind) = rest.split_at(end);
            let least = bucket.first().map(|(value, _)| value.clone());
            let bound = behind.first().or(bucket.last()).map(|(value, _)| value.clone());
            buckets.push(bucket_auto.bucket(bucket, [least, bound], context)?);
            rest = behind;
        }
        Ok(buckets)
    }
}

impl BucketAuto {
    fn bucket(
        &self,
        entries: &[(Owned, Owned)],
        bounds: [Option<Owned>; 2],
        context: &Context<'_>,
    ) -> Result<Owned> {
        let [least, bound] = bounds.map(|bound| bound.unwrap_or(Owned::Null));
        let id = Owned::Map(vec![("min".into(), least), ("max".into(), bound)]);
        let mut fields: Vec<(Box<str>, Owned)> = vec![("_id".into(), id)];
        // What an accumulator keeps is about as much as the documents, which are counted.
        for output in &self.outputs {
            let accumulator = output.accumulator();
            let mut state = accumulator.start();
            for (_, document) in entries {
                accumulator.add(&mut state, &context.scope(Root::Owned(document)))?;
            }
            fields.push((output.name().into(), accumulator.finish(state)));
        }
        Ok(Owned::Map(fields))
    }
}
