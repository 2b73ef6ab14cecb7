//! Trigonometry, in radians.
//!
//! Promises: null or missing gives null; outside of a function's domain is an error, NaN stays NaN.
//! Source: MongoDB manual, "Trigonometry Expression Operators".

use crate::query::expression::Outcome;
use crate::query::expression::arithmetic::function;
use crate::query::expression::operands::{Operands, made, null};

/// Declares operators: name, where they are defined, the words for it, the function.
macro_rules! functions {
    ($($name:ident: $domain:expr, $words:literal => $function:expr;)*) => {
        $(pub(super) fn $name<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
            function(operands, ($domain, $words), $function)
        })*
    };
}

functions! {
    sine: f64::is_finite, "finite numbers" => f64::sin;
    cosine: f64::is_finite, "finite numbers" => f64::cos;
    tangent: f64::is_finite, "finite numbers" => f64::tan;
    arc_sine: |number| number.abs() <= 1.0, "numbers from -1 to 1" => f64::asin;
    arc_cosine: |number| number.abs() <= 1.0, "numbers from -1 to 1" => f64::acos;
    arc_tangent: |_| true, "numbers" => f64::atan;
    hyperbolic_sine: |_| true, "numbers" => f64::sinh;
    hyperbolic_cosine: |_| true, "numbers" => f64::cosh;
    hyperbolic_tangent: |_| true, "numbers" => f64::tanh;
    area_sine: |_| true, "numbers" => f64::asinh;
    area_cosine: |number| number >= 1.0, "numbers of at least 1" => f64::acosh;
    area_tangent: |number| number.abs() <= 1.0, "numbers from -1 to 1" => f64::atanh;
    to_radians: |_| true, "numbers" => f64::to_radians;
    to_degrees: |_| true, "numbers" => f64::to_degrees;
}

/// The angle of the point with these coordinates: y first.
pub(super) fn arc_tangent_of_point<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    match operands.number(0)?.zip(operands.number(1)?) {
        Some((y, x)) => made(y.to_float().atan2(x.to_float())),
        None => null(),
    }
}
