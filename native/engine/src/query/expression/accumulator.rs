//! The accumulators of `$group`: from many documents to one value.
//!
//! Promises: adding a number, a count or a smaller value copies nothing more than is kept; `add` says how many
//! bytes a state grew by, so that the stage keeps its memory within bounds; wrong operands are refused when
//! compiled. Leaves to others: states (state.rs), the budget of a stage (pipeline).
//! Source: MongoDB manual, "Accumulators ($group)".

mod moments;
mod ranked;
mod state;

pub use state::State;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::{Cursor, Value};
use crate::format::view::View;
use crate::query::expression::compile::arguments_of;
use crate::query::expression::operators::{Name, needed};
use crate::query::expression::order::Order;
use crate::query::expression::{Computed, Expression, Scope, refuse};

pub(super) use ranked::percentiles;
pub(super) use state::Kind;

/// Most values that `$topN` and its like keep.
const COUNT_MAX: i64 = 1 << 24;

/// A compiled accumulator.
#[derive(Clone, Debug)]
pub struct Accumulator {
    name: &'static str,
    kind: Kind,
    /// What is accumulated; None counts documents.
    input: Option<Expression>,
}

/// Every accumulator and how it takes its operand.
const NAMES: &[(&str, Takes)] = &[
    ("$addToSet", Takes::Value(Kind::Set)),
    ("$avg", Takes::Value(Kind::Average)),
    (
        "$bottom",
        Takes::Ordered {
            is_top: false,
            has_count: false,
        },
    ),
    (
        "$bottomN",
        Takes::Ordered {
            is_top: false,
            has_count: true,
        },
    ),
    ("$count", Takes::Nothing),
    ("$first", Takes::Value(Kind::First)),
    ("$firstN", Takes::Counted(Kind::FirstSome)),
    ("$last", Takes::Value(Kind::Last)),
    ("$lastN", Takes::Counted(Kind::LastSome)),
    ("$max", Takes::Value(Kind::Greatest)),
    ("$maxN", Takes::Counted(Kind::GreatestSome)),
    ("$median", Takes::Median),
    ("$mergeObjects", Takes::Value(Kind::Merge)),
    ("$min", Takes::Value(Kind::Least)),
    ("$minN", Takes::Counted(Kind::LeastSome)),
    ("$percentile", Takes::Percentile),
    ("$push", Takes::Value(Kind::Push)),
    ("$stdDevPop", Takes::Value(Kind::DeviationOfAll)),
    ("$stdDevSamp", Takes::Value(Kind::DeviationOfSample)),
    ("$sum", Takes::Value(Kind::Sum)),
    (
        "$top",
        Takes::Ordered {
            is_top: true,
            has_count: false,
        },
    ),
    (
        "$topN",
        Takes::Ordered {
            is_top: true,
            has_count: true,
        },
    ),
];

/// How an accumulator takes its operand.
enum Takes {
    Nothing,
    Value(Kind),
    Counted(fn(usize) -> Kind),
    Ordered { is_top: bool, has_count: bool },
    Median,
    Percentile,
}

impl Accumulator {
    /// The accumulator `name`, such as `$sum`, with its operand in checked bytes without records; `$$name`
    /// means the variables of the scope as in `Expression::compile_with`.
    /// Errors: INVALID_EXPRESSION for an unknown name or a wrong operand.
    pub fn compile(name: &str, operand: Cursor<'_>, variables: &[&str]) -> Result<Accumulator> {
        if name == "$accumulator" {
            return Err(refuse("$accumulator is refused: there is no code in queries"));
        }
        let Some((name, takes)) = NAMES.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            return Err(refuse(format!(
                "the accumulator {name} is not known; known are {}",
                known.join(" ")
            )));
        };
        let expression = |cursor| Expression::compile_with(cursor, variables).map(Some);
        let (kind, input) = match takes {
            Takes::Nothing => (Kind::Count, nothing(name, operand)?),
            Takes::Value(kind) => (kind.clone(), expression(operand)?),
            Takes::Counted(kind) => {
                let [input, count] = two(name, operand, [needed("input"), needed("n")])?;
                (kind(count_of(name, count)?), expression(input)?)
            }
            Takes::Ordered { is_top, has_count } => {
                let (order, output, count) = ordered(name, operand, *has_count)?;
                let kind = Kind::Ordered {
                    order,
                    count,
                    is_top: *is_top,
                    is_single: !has_count,
                };
                (kind, expression(output)?)
            }
            Takes::Median => {
                let [input, method] = two(name, operand, [needed("input"), needed("method")])?;
                check_method(name, method)?;
                (
                    Kind::Percentile {
                        points: vec![0.5],
                        is_single: true,
                    },
                    expression(input)?,
                )
            }
            Takes::Percentile => {
                let names = [needed("input"), needed("p"), needed("method")];
                let [input, points, method] = three(name, operand, names)?;
                check_method(name, method)?;
                let points = Expression::compile(points)?;
                let points = percentile_points(name, points.constant())?;
                (
                    Kind::Percentile {
                        points,
                        is_single: false,
                    },
                    expression(input)?,
                )
            }
        };
        Ok(Accumulator { name, kind, input })
    }

    /// The accumulator's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The state before the first document.
    pub fn start(&self) -> State {
        State::new(&self.kind)
    }

    /// Adds the document of `scope` to `state`, which this accumulator started. Returns the bytes of memory
    /// that the state grew by, about. Errors: as `Expression::evaluate`, and INVALID_EXPRESSION.
    #[inline]
    pub fn add(&self, state: &mut State, scope: &Scope<'_>) -> Result<usize> {
        let value = match &self.input {
            Some(input) => input.evaluate(scope)?,
            None => None,
        };
        self.add_value(state, value, scope)
    }

    /// As `add`, for who knows the value of `input` over `scope`.
    #[inline]
    pub(crate) fn add_value(
        &self,
        state: &mut State,
        value: Option<Computed<'_>>,
        scope: &Scope<'_>,
    ) -> Result<usize> {
        let document = match self.kind {
            Kind::Ordered { .. } => Some(scope.root().view()?),
            _ => None,
        };
        state.add(self.name, &self.kind, value, document.as_ref())
    }

    /// What is accumulated; None where documents are counted.
    pub(crate) fn input(&self) -> Option<&Expression> {
        self.input.as_ref()
    }

    /// What each document adds to the result, where that is the same whole number for all.
    pub(crate) fn count_step(&self) -> Option<i64> {
        match (&self.kind, self.input.as_ref().map(Expression::constant)) {
            (Kind::Count, _) => Some(1),
            (Kind::Sum, Some(Some(Owned::Int(step)))) => Some(*step),
            _ => None,
        }
    }

    /// The value accumulated; null where there is none.
    pub fn finish(&self, state: State) -> Owned {
        state.finish(&self.kind).unwrap_or(Owned::Null)
    }
}

fn nothing(name: &str, operand: Cursor<'_>) -> Result<Option<Expression>> {
    match operand.value()? {
        Value::Map(fields) if fields.remaining() == 0 => Ok(None),
        _ => Err(refuse(format!("{name} takes an empty object"))),
    }
}

fn two<'c>(name: &str, operand: Cursor<'c>, names: [Name; 2]) -> Result<[Cursor<'c>; 2]> {
    match arguments_of(name, operand, &names)?.as_slice() {
        [Some(first), Some(second)] => Ok([*first, *second]),
        _ => Err(refuse(format!("{name} was not given its arguments"))),
    }
}

fn three<'c>(name: &str, operand: Cursor<'c>, names: [Name; 3]) -> Result<[Cursor<'c>; 3]> {
    match arguments_of(name, operand, &names)?.as_slice() {
        [Some(first), Some(second), Some(third)] => Ok([*first, *second, *third]),
        _ => Err(refuse(format!("{name} was not given its arguments"))),
    }
}

fn ordered<'c>(name: &str, operand: Cursor<'c>, has_count: bool) -> Result<(Order, Cursor<'c>, usize)> {
    let (order, output, count) = if has_count {
        let names = [needed("sortBy"), needed("output"), needed("n")];
        let [order, output, count] = three(name, operand, names)?;
        (order, output, count_of(name, count)?)
    } else {
        let [order, output] = two(name, operand, [needed("sortBy"), needed("output")])?;
        (order, output, 1)
    };
    Ok((Order::compile(name, order, false)?, output, count))
}

/// The constant count `n`.
fn count_of(name: &str, cursor: Cursor<'_>) -> Result<usize> {
    let expression = Expression::compile(cursor)?;
    let count = match expression.constant() {
        Some(Owned::Int(count)) => Some(*count),
        Some(Owned::Float(count)) => crate::format::id::integral(*count),
        _ => None,
    };
    let count = count.filter(|count| (1..=COUNT_MAX).contains(count));
    let wrong = || {
        refuse(format!(
            "{name} takes a constant whole number from 1 to {COUNT_MAX} as n"
        ))
    };
    usize::try_from(count.ok_or_else(wrong)?).map_err(|_| wrong())
}

fn check_method(name: &str, cursor: Cursor<'_>) -> Result<()> {
    match cursor.value()? {
        Value::String(b"approximate") => Ok(()),
        _ => Err(refuse(format!("{name} takes \"approximate\" as its method"))),
    }
}

/// The constant shares of `$percentile`, each from 0 to 1.
pub(super) fn percentile_points(name: &str, points: Option<&Owned>) -> Result<Vec<f64>> {
    let wrong = || {
        refuse(format!(
            "{name} takes an array of constant numbers from 0 to 1 as p"
        ))
    };
    let Some(Owned::Array(points)) = points else {
        return Err(wrong());
    };
    let mut shares = Vec::with_capacity(points.len());
    for point in points {
        let share = match View::from(point) {
            View::Int(share) => share as f64,
            View::Float(share) => share,
            _ => return Err(wrong()),
        };
        if !(0.0..=1.0).contains(&share) {
            return Err(wrong());
        }
        shares.push(share);
    }
    if shares.is_empty() {
        return Err(wrong());
    }
    Ok(shares)
}
