//! `$redact`: documents and the documents in them, kept, dropped or looked into.
//!
//! Promises: recursion is as deep as the document. Within, `$field` and `$$ROOT` mean the document at hand.
//! Source: MongoDB manual, "$redact".

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::Cursor;
use crate::query::expression::{Expression, Root};
use crate::query::pipeline::machine::Context;
use crate::query::pipeline::operands::refuse;

/// The variables that a `$redact` may answer with, and the texts that stand for them.
const ANSWERS: [(&str, &str); 3] = [
    ("DESCEND", "quire:descend"),
    ("PRUNE", "quire:prune"),
    ("KEEP", "quire:keep"),
];

/// A compiled stage.
#[derive(Debug)]
pub(super) struct Redact {
    expression: Expression,
}

impl Redact {
    /// Errors: INVALID_EXPRESSION.
    pub(super) fn compile(operand: Cursor<'_>, variables: &[&str]) -> Result<Redact> {
        let mut names = ANSWERS.map(|(name, _)| name).to_vec();
        names.extend_from_slice(variables);
        let expression = Expression::compile_with(operand, &names)?;
        Ok(Redact { expression })
    }

    /// What is left of `document`; None when nothing is. Errors: INVALID_PIPELINE for another answer.
    pub(super) fn apply(&self, document: Owned, context: &Context<'_>) -> Result<Option<Owned>> {
        let mut variables: Vec<Option<Owned>> =
            ANSWERS.iter().map(|(_, text)| Some(Owned::text(text))).collect();
        variables.extend_from_slice(context.variables);
        let context = Context {
            variables: &variables,
            ..*context
        };
        self.document(document, &context)
    }

    fn document(&self, document: Owned, context: &Context<'_>) -> Result<Option<Owned>> {
        let answer = self
            .expression
            .evaluate_owned(&context.scope(Root::Owned(&document)))?;
        let place = ANSWERS
            .iter()
            .position(|(_, text)| matches!(&answer, Some(Owned::Text(answer)) if **answer == **text));
        match place {
            Some(0) => self.below(document, context),
            Some(1) => Ok(None),
            Some(_) => Ok(Some(document)),
            None => Err(refuse("the expression has to give $$DESCEND, $$PRUNE or $$KEEP")),
        }
    }

    /// Asks of the documents within; other values stay.
    fn below(&self, document: Owned, context: &Context<'_>) -> Result<Option<Owned>> {
        let Owned::Map(fields) = document else {
            return Ok(Some(document));
        };
        let mut kept = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            kept.extend(self.value(value, context)?.map(|value| (name, value)));
        }
        Ok(Some(Owned::Map(kept)))
    }

    fn value(&self, value: Owned, context: &Context<'_>) -> Result<Option<Owned>> {
        match value {
            Owned::Map(_) => self.document(value, context),
            Owned::Array(elements) => {
                let mut kept = Vec::with_capacity(elements.len());
                for element in elements {
                    kept.extend(self.value(element, context)?);
                }
                Ok(Some(Owned::Array(kept)))
            }
            other => Ok(Some(other)),
        }
    }
}
