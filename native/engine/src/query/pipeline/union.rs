//! `$unionWith`: the documents of another collection, behind those that come in; and `$documents`, which
//! gives documents of its own.
//!
//! Promises: the other collection is opened when the first of its documents is wanted, as of the same moment.
//! Source: MongoDB manual, "$unionWith", "$documents".

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::{Cursor, Value};
use crate::query::expression::{Expression, Root};
use crate::query::pipeline::compile::Compiler;
use crate::query::pipeline::machine::Context;
use crate::query::pipeline::operands::{map, refuse, text, unknown};
use crate::query::pipeline::optimise::Plan;
use crate::query::pipeline::run::Run;

/// A compiled `$unionWith`.
#[derive(Debug)]
pub(super) struct Union {
    collection: Option<Box<str>>,
    plan: Plan,
}

impl Union {
    /// Errors: INVALID_PIPELINE, and those of the pipeline.
    pub(super) fn compile(operand: Cursor<'_>, compiler: &mut Compiler<'_>) -> Result<Union> {
        if let Value::String(_) = operand.value()? {
            return Ok(Union {
                collection: Some(compiler.collection(text(b"$unionWith", operand)?)?),
                plan: Plan::default(),
            });
        }
        let (mut collection, mut plan) = (None, Plan::default());
        let mut options = map(operand, "a collection or an object with coll")?;
        while let Some((key, value)) = options.take_next()? {
            match key {
                b"coll" => collection = Some(compiler.collection(text(key, value)?)?),
                b"pipeline" => plan = compiler.inner_pipeline(value, &[])?,
                other => return Err(unknown(other, "coll and pipeline")),
            }
        }
        if plan.begins_with_documents() == collection.is_some() {
            return Err(refuse(
                "coll has to be given, or a pipeline that begins with $documents",
            ));
        }
        Ok(Union { collection, plan })
    }

    pub(super) fn start(&self) -> Run {
        Run::new(&self.plan, self.collection.as_deref())
    }
}

/// A compiled `$documents`.
#[derive(Debug)]
pub(super) struct Given {
    expression: Expression,
}

impl Given {
    /// Errors: INVALID_EXPRESSION.
    pub(super) fn compile(operand: Cursor<'_>, variables: &[&str]) -> Result<Given> {
        let expression = Expression::compile_with(operand, variables)?;
        Ok(Given { expression })
    }

    /// The documents. Errors: INVALID_PIPELINE when the expression gives anything else.
    pub(super) fn list(&self, context: &Context<'_>) -> Result<Vec<Owned>> {
        let nothing = Owned::Map(Vec::new());
        let value = self
            .expression
            .evaluate_owned(&context.scope(Root::Owned(&nothing)))?;
        match value {
            Some(Owned::Array(documents))
                if documents.iter().all(|document| matches!(document, Owned::Map(_))) =>
            {
                Ok(documents)
            }
            _ => Err(refuse("an array of objects is expected")),
        }
    }
}
