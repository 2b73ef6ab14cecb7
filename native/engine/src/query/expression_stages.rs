//! Stages that make one document of another by expressions: `$set`/`$addFields`, `$unset`, `$project`,
//! `$replaceRoot`/`$replaceWith`.
//!
//! Shared by aggregation pipelines and by the pipeline form of updates. All expressions of a stage see the
//! document as it was before the stage. Promises: what a stage does not name is moved, not copied; a result
//! nests no deeper than documents may, and no more bytes are made than there is room for.
//! Parts: compile.rs (MessagePack to a tree of fields), apply.rs (the tree on a document).
//! Leaves to others: expressions themselves (query/expression), other stages, what becomes of `_id`.
//! Source: MongoDB manual, "$set (aggregation)", "$unset", "$project", "$replaceWith".

mod apply;
mod compile;

use crate::error::{Error, ErrorKind, Result};
use crate::format::owned::Owned;
use crate::format::value::Cursor;
use crate::limits::DEPTH_MAX;
use crate::query::expression::{Expression, Root, Scope};
use crate::query::shape::{Leaf, Role, Shape};

/// One compiled stage.
#[derive(Debug)]
pub struct ExpressionStage {
    /// Its name, for messages.
    name: Box<str>,
    action: Action,
}

#[derive(Debug)]
enum Action {
    /// What becomes of the document's fields, and the expressions in it by their numbers.
    Shape {
        fields: Shape<End>,
        expressions: Vec<Expression>,
    },
    /// The new document.
    ReplaceWith(Expression),
}

/// What becomes of the field at the end of a path.
#[derive(Debug)]
enum End {
    Keep,
    Drop,
    /// The value of the expression of this number.
    Computed(usize),
}

impl Leaf for End {
    const KEEP: End = End::Keep;

    fn role(&self) -> Role {
        match self {
            End::Keep => Role::Keep,
            End::Drop => Role::Drop,
            End::Computed(_) => Role::Compute,
        }
    }
}

impl ExpressionStage {
    /// The stage `name` with the operand at `operand`, which stands in checked bytes without records; None
    /// for every other stage. `variables` are the names that expressions may use besides the built-in ones.
    ///
    /// Errors: INVALID_PIPELINE for an operand that the stage cannot use, and those of
    /// [`Expression::compile_with`]; both name the stage.
    pub fn compile(name: &[u8], operand: Cursor<'_>, variables: &[&str]) -> Result<Option<ExpressionStage>> {
        compile::compile(name, operand, variables)
    }

    /// What the stage makes of `document`, a map. `scope` gives time and variables; its root is not used.
    ///
    /// Units: `room` is how many bytes of memory may still be made; what is made is taken from it.
    /// Errors: those of [`Expression::evaluate`]; INVALID_PIPELINE when `$replaceWith` makes no document;
    /// LIMIT_EXCEEDED when the result is too deep or there is no room. All name the stage.
    pub fn apply(&self, document: Owned, scope: &Scope<'_>, room: &mut usize) -> Result<Owned> {
        self.run(document, scope, room)
            .map_err(|error| in_stage(&self.name, &error))
    }

    /// True when the field `root` comes out of every document as it came in.
    pub fn leaves_alone(&self, root: &str) -> bool {
        match &self.action {
            Action::ReplaceWith(_) => false,
            Action::Shape { fields, .. } => fields.leaves_alone(root.as_bytes()),
        }
    }

    fn run(&self, document: Owned, scope: &Scope<'_>, room: &mut usize) -> Result<Owned> {
        let made = match &self.action {
            Action::ReplaceWith(expression) => {
                let made = expression.evaluate_owned(&scope.with_root(Root::Owned(&document)))?;
                let made = made.unwrap_or(Owned::Undefined);
                if !matches!(made, Owned::Map(_)) {
                    let found = made.type_name();
                    return Err(refuse(format!(
                        "the new document is a value of type {found}; it must be an object"
                    )));
                }
                apply::take_room(&made, room)?;
                return Ok(made);
            }
            Action::Shape { fields, expressions } => {
                let mut values = Vec::with_capacity(expressions.len());
                for expression in expressions {
                    let value = expression.evaluate_owned(&scope.with_root(Root::Owned(&document)))?;
                    if let Some(value) = &value {
                        apply::take_room(value, room)?;
                    }
                    values.push(value);
                }
                apply::apply(fields, values, document, room)?
            }
        };
        if self.computes() && made.nests_deeper_than(DEPTH_MAX) {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("the document would nest deeper than {DEPTH_MAX} levels"),
            ));
        }
        Ok(made)
    }

    fn computes(&self) -> bool {
        match &self.action {
            Action::Shape { expressions, .. } => !expressions.is_empty(),
            Action::ReplaceWith(_) => true,
        }
    }
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidPipeline, message)
}

/// The error with the stage's name before it.
fn in_stage(name: &str, error: &Error) -> Error {
    Error::new(error.kind(), format!("{name}: {}", error.message()))
}

#[cfg(test)]
mod tests;
