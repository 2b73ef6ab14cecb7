//! MongoDB's aggregation expressions: compiled once, evaluated over stored bytes or owned documents.
//!
//! Promises: whatever is malformed is refused by `compile`, naming the operator; evaluation never panics, is
//! bounded in depth, in the size of a value and in the bytes it makes, and `$field` paths over stored bytes
//! copy nothing. Constants are folded, so a call of constants costs nothing per document.
//! Reading order: compile.rs (bytes to nodes), operators.rs (the one table), scope.rs (what is evaluated
//! over), operands.rs (what a function is given), then a file for each family of operators.
//! Leaves to others: checking bytes (format/survey.rs), stages and projections (pipeline, projection).
//! Source: MongoDB manual, "Aggregation Operators".

mod accumulate;
pub mod accumulator;
mod arithmetic;
mod arrays;
mod bits;
mod comparison;
mod compile;
mod computed;
mod conditional;
mod conversion;
mod dates;
mod field;
mod loops;
mod objects;
mod operands;
mod operators;
mod order;
mod patterns;
mod rounding;
mod scope;
mod sets;
mod spans;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod trigonometry;

pub use computed::Computed;
pub(crate) use field::follow_view;
pub use scope::{Root, Scope};

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::owned::Owned;
use crate::format::value::Cursor;
use crate::format::view::View;
use crate::query::expression::operands::Operands;
use crate::query::expression::operators::{Operator, Run};
use crate::query::expression::order::Order;
use crate::query::expression::scope::Frame;
use crate::query::filter::Pattern;
use crate::query::path::Segment;

/// What evaluation gives: a value, or None for a missing field.
pub type Outcome<'a> = Result<Option<Computed<'a>>>;

/// A compiled expression. Shared by threads, borrowed by what it computes.
#[derive(Clone, Debug)]
pub struct Expression {
    node: Node,
}

impl Expression {
    /// The expression at `cursor`, which stands in checked bytes without records.
    /// Errors: INVALID_EXPRESSION for an unknown operator, wrong arguments or more than `TERMS_MAX` nodes.
    pub fn compile(cursor: Cursor<'_>) -> Result<Expression> {
        Expression::compile_with(cursor, &[])
    }

    /// `compile`, where `$$name` also means the variable of the scope at the place of `name` in `names`.
    pub fn compile_with(cursor: Cursor<'_>, names: &[&str]) -> Result<Expression> {
        let node = compile::compile(cursor, names)?;
        Ok(Expression { node })
    }

    /// The value over `scope`; None for a missing field. Errors: INVALID_EXPRESSION when a value does not fit
    /// its operator, LIMIT_EXCEEDED when values grow too large, CORRUPTED for damaged stored bytes.
    #[inline]
    pub fn evaluate<'a>(&'a self, scope: &Scope<'a>) -> Outcome<'a> {
        match &self.node {
            Node::Constant(value) => Ok(Some(Computed::Seen(View::from(value)))),
            Node::Field(path) => Ok(field::follow_root(scope.root(), path)?),
            node => node.evaluate(&Frame::new(scope)),
        }
    }

    /// The value over `scope`, owned. Errors: as `evaluate`.
    pub fn evaluate_owned(&self, scope: &Scope<'_>) -> Result<Option<Owned>> {
        match self.evaluate(scope)? {
            Some(computed) => Ok(Some(computed.into_owned()?)),
            None => Ok(None),
        }
    }

    /// Whether the value is true: not missing, null, false or zero. Errors: as `evaluate`.
    pub fn is_true(&self, scope: &Scope<'_>) -> Result<bool> {
        let computed = self.evaluate(scope)?;
        Ok(computed.is_some_and(|computed| is_truth(&computed.view())))
    }

    /// The value, when it is the same over every scope.
    pub fn constant(&self) -> Option<&Owned> {
        match &self.node {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The path, when the expression is a field of the document.
    pub fn field_path(&self) -> Option<&[Segment]> {
        match &self.node {
            Node::Field(path) => Some(path),
            _ => None,
        }
    }
}

/// Where a `$$variable` finds its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Root,
    Now,
    Remove,
    /// The place in the variables that the scope brings.
    Given(usize),
    /// The place in the frame of `$let`, `$map` and their like.
    Local(usize),
}

#[derive(Clone, Debug)]
enum Node {
    Constant(Owned),
    /// A field of the document.
    Field(Vec<Segment>),
    Variable {
        slot: Slot,
        path: Vec<Segment>,
        /// True when nothing reads the local variable after this: its value may be taken and changed.
        is_last: bool,
    },
    Array(Vec<Node>),
    Object(Vec<(Box<str>, Node)>),
    Call(Box<Call>),
}

/// An operator with its operands.
#[derive(Clone, Debug)]
struct Call {
    operator: &'static Operator,
    /// By position or, for named ones, in the order of the operator's names; None where not given.
    operands: Vec<Option<Node>>,
    /// The first local variable of an operator that binds some.
    slot: usize,
    prepared: Prepared,
}

/// What an operator makes ready when it is compiled.
#[derive(Clone, Debug)]
enum Prepared {
    Nothing,
    Order(Order),
    Pattern(Arc<Pattern>),
}

impl Node {
    fn evaluate<'a>(&'a self, frame: &Frame<'a>) -> Outcome<'a> {
        let value = match self {
            Node::Constant(value) => Some(Computed::Seen(View::from(value))),
            Node::Field(path) => field::follow_root(frame.scope().root(), path)?,
            Node::Variable { slot, path, is_last } => match frame.variable(*slot, *is_last)? {
                Some(value) if !path.is_empty() => field::follow(value, path)?,
                value => value,
            },
            Node::Array(nodes) => array(nodes, frame)?,
            Node::Object(fields) => object(fields, frame)?,
            Node::Call(call) => call.evaluate(frame)?,
        };
        frame.look(&value)?;
        Ok(value)
    }
}

fn array<'a>(nodes: &'a [Node], frame: &Frame<'a>) -> Outcome<'a> {
    let mut elements = Vec::with_capacity(nodes.len());
    for node in nodes {
        let value = node.evaluate(frame)?;
        elements.push(value.map_or(Ok(Owned::Null), |value| frame.own(value))?);
    }
    frame.make(Owned::Array(elements))
}

fn object<'a>(nodes: &'a [(Box<str>, Node)], frame: &Frame<'a>) -> Outcome<'a> {
    let mut fields = Vec::with_capacity(nodes.len());
    for (name, node) in nodes {
        if let Some(value) = node.evaluate(frame)? {
            fields.push((name.clone(), frame.own(value)?));
        }
    }
    frame.make(Owned::Map(fields))
}

impl Call {
    fn evaluate<'a>(&'a self, frame: &Frame<'a>) -> Outcome<'a> {
        match self.operator.run {
            Run::Eager(function) => {
                let mut operands = Operands::evaluate(self, frame)?;
                let outcome = function(&mut operands)?;
                frame.check(outcome)
            }
            Run::Lazy(function) => function(self, frame),
        }
    }

    fn name(&self) -> &'static str {
        self.operator.name
    }

    /// The value of an operand; None when it is missing or not given.
    fn operand<'a>(&'a self, index: usize, frame: &Frame<'a>) -> Outcome<'a> {
        match self.operands.get(index) {
            Some(Some(node)) => node.evaluate(frame),
            _ => Ok(None),
        }
    }

    fn is_given(&self, index: usize) -> bool {
        matches!(self.operands.get(index), Some(Some(_)))
    }
}

/// MongoDB's truth of a value: all but null, undefined, false and zero.
fn is_truth(value: &View<'_>) -> bool {
    match value {
        View::Null | View::Undefined => false,
        View::Bool(truth) => *truth,
        View::Int(number) => *number != 0,
        View::Float(number) => *number != 0.0,
        _ => true,
    }
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidExpression, message)
}

/// The error of an operand of the wrong type. `found` is None for a missing field.
fn wrong_type(operator: &str, wanted: &str, found: Option<&View<'_>>) -> Error {
    let found = found.map_or("missing", View::type_name);
    refuse(format!(
        "{operator} takes {wanted}, and was given a value of type {found}"
    ))
}
