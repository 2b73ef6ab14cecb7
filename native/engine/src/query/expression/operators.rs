//! The one table of operators: name, form of the operands, function.
//!
//! Promises: names are in order, so that one is found by halving. What an operator does is in the file of its
//! family.

use crate::error::Result;
use crate::format::value::Cursor;
use crate::query::expression::compile::Compiler;
use crate::query::expression::operands::Operands;
use crate::query::expression::scope::Frame;
use crate::query::expression::{Call, Node, Outcome};
use crate::query::expression::{arithmetic, comparison, conditional, loops};

/// How an operator takes its operands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// An array of `least` to `most` operands; one may stand by itself.
    List { least: usize, most: usize },
    /// An object of named operands.
    Named(&'static [Name]),
    /// A form of its own.
    Special(fn(&mut Compiler<'_>, &'static Operator, Cursor<'_>) -> Result<Node>),
    /// Never; with the reason.
    Refused(&'static str),
}

/// A named operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) name: &'static str,
    pub(super) is_needed: bool,
}

/// An operand that must be given.
pub(super) const fn needed(name: &'static str) -> Name {
    Name {
        name,
        is_needed: true,
    }
}

/// An operand that may be left out.
pub(super) const fn optional(name: &'static str) -> Name {
    Name {
        name,
        is_needed: false,
    }
}

/// A function over evaluated operands.
type Eager = for<'a> fn(&mut Operands<'a, '_>) -> Outcome<'a>;
/// A function that evaluates its operands itself.
type Lazy = for<'a> fn(&'a Call, &Frame<'a>) -> Outcome<'a>;

/// How an operator computes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    /// All operands first. The size of the outcome is checked behind it.
    Eager(Eager),
    /// Only the operands that it needs; it checks what it makes.
    Lazy(Lazy),
}

/// One operator.
#[derive(Debug)]
pub(super) struct Operator {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) run: Run,
    /// True when equal operands give equal values.
    pub(super) is_pure: bool,
}

/// The operator of this name.
pub(super) fn find(name: &str) -> Option<&'static Operator> {
    let place = OPERATORS
        .binary_search_by(|operator| operator.name.cmp(name))
        .ok()?;
    OPERATORS.get(place)
}

const fn eager(name: &'static str, form: Form, function: Eager) -> Operator {
    Operator {
        name,
        form,
        run: Run::Eager(function),
        is_pure: true,
    }
}

const fn lazy(name: &'static str, form: Form, function: Lazy) -> Operator {
    Operator {
        name,
        form,
        run: Run::Lazy(function),
        is_pure: true,
    }
}

const fn refused(name: &'static str, reason: &'static str) -> Operator {
    eager(name, Form::Refused(reason), conditional::nothing)
}

const fn exactly(count: usize) -> Form {
    Form::List {
        least: count,
        most: count,
    }
}

const fn between(least: usize, most: usize) -> Form {
    Form::List { least, most }
}

const fn at_least(least: usize) -> Form {
    Form::List {
        least,
        most: usize::MAX,
    }
}

const NO_CODE: &str = "there is no code in queries";
const NO_DECIMAL: &str = "there is no decimal type";

static OPERATORS: &[Operator] = &[
    eager("$abs", exactly(1), arithmetic::absolute),
    refused("$accumulator", NO_CODE),
    eager("$add", at_least(0), arithmetic::add),
    lazy("$and", at_least(0), conditional::and),
    eager("$ceil", exactly(1), arithmetic::ceiling),
    eager("$cmp", exactly(2), comparison::compare),
    lazy(
        "$cond",
        Form::Special(conditional::compile_choice),
        conditional::choose,
    ),
    eager("$divide", exactly(2), arithmetic::divide),
    eager("$eq", exactly(2), comparison::equal),
    eager("$exp", exactly(1), arithmetic::exponential),
    lazy("$filter", Form::Special(loops::compile_filter), loops::filter),
    eager("$floor", exactly(1), arithmetic::floor),
    refused("$function", NO_CODE),
    eager("$gt", exactly(2), comparison::greater),
    eager("$gte", exactly(2), comparison::at_least),
    lazy("$ifNull", at_least(2), conditional::if_null),
    lazy(
        "$let",
        Form::Special(loops::compile_let),
        loops::bind_and_evaluate,
    ),
    eager(
        "$literal",
        Form::Special(conditional::compile_literal),
        conditional::nothing,
    ),
    eager("$ln", exactly(1), arithmetic::natural_logarithm),
    eager("$log", exactly(2), arithmetic::logarithm),
    eager("$log10", exactly(1), arithmetic::decimal_logarithm),
    eager("$lt", exactly(2), comparison::less),
    eager("$lte", exactly(2), comparison::at_most),
    lazy("$map", Form::Special(loops::compile_map), loops::map),
    eager("$mod", exactly(2), arithmetic::modulo),
    eager("$multiply", at_least(0), arithmetic::multiply),
    eager("$ne", exactly(2), comparison::not_equal),
    eager("$not", exactly(1), conditional::not),
    lazy("$or", at_least(0), conditional::or),
    eager("$pow", exactly(2), arithmetic::power),
    lazy("$reduce", Form::Special(loops::compile_reduce), loops::reduce),
    eager("$sqrt", exactly(1), arithmetic::square_root),
    eager("$subtract", exactly(2), arithmetic::subtract),
    lazy(
        "$switch",
        Form::Special(conditional::compile_switch),
        conditional::switch,
    ),
    refused("$toDecimal", NO_DECIMAL),
    refused("$where", NO_CODE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_stand_in_order() {
        for pair in OPERATORS.windows(2) {
            assert!(
                pair[0].name < pair[1].name,
                "{} and {}",
                pair[0].name,
                pair[1].name
            );
        }
    }
}
