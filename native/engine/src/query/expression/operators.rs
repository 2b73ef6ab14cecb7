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
use crate::query::expression::{
    accumulate, arithmetic, arrays, bits, comparison, conditional, conversion, dates, loops, objects,
    patterns, rounding, sets, spans, text, trigonometry,
};

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

/// An operator whose value differs from time to time.
const fn impure(name: &'static str, form: Form, function: Eager) -> Operator {
    Operator {
        name,
        form,
        run: Run::Eager(function),
        is_pure: false,
    }
}

const COUNTED: &[Name] = &[needed("n"), needed("input")];

const REPLACED: &[Name] = &[needed("input"), needed("find"), needed("replacement")];
const TRIMMED: &[Name] = &[needed("input"), optional("chars")];
const MOVED: &[Name] = &[
    needed("startDate"),
    needed("unit"),
    needed("amount"),
    optional("timezone"),
];
/// A regular expression on a text.
const PATTERN: Form = Form::Special(patterns::compile);
/// A date, or one with a time zone.
const PART: Form = Form::Special(dates::compile_part);

const NO_CODE: &str = "there is no code in queries";
const NO_DECIMAL: &str = "there is no decimal type";

static OPERATORS: &[Operator] = &[
    eager("$abs", exactly(1), arithmetic::absolute),
    refused("$accumulator", NO_CODE),
    eager("$acos", exactly(1), trigonometry::arc_cosine),
    eager("$acosh", exactly(1), trigonometry::area_cosine),
    eager("$add", at_least(0), arithmetic::add),
    eager("$allElementsTrue", exactly(1), sets::all_true),
    lazy("$and", at_least(0), conditional::and),
    eager("$anyElementTrue", exactly(1), sets::any_true),
    eager("$arrayElemAt", exactly(2), arrays::element_at),
    eager("$arrayToObject", exactly(1), objects::from_array),
    eager("$asin", exactly(1), trigonometry::arc_sine),
    eager("$asinh", exactly(1), trigonometry::area_sine),
    eager("$atan", exactly(1), trigonometry::arc_tangent),
    eager("$atan2", exactly(2), trigonometry::arc_tangent_of_point),
    eager("$atanh", exactly(1), trigonometry::area_tangent),
    eager("$avg", at_least(0), accumulate::average),
    eager("$binarySize", exactly(1), objects::binary_size),
    eager("$bitAnd", at_least(0), bits::and),
    eager("$bitNot", exactly(1), bits::not),
    eager("$bitOr", at_least(0), bits::or),
    eager("$bitXor", at_least(0), bits::exclusive_or),
    eager("$bsonSize", exactly(1), objects::stored_size),
    eager("$ceil", exactly(1), arithmetic::ceiling),
    eager("$cmp", exactly(2), comparison::compare),
    eager("$concat", at_least(0), text::concatenate),
    lazy("$concatArrays", at_least(0), arrays::concatenate),
    lazy(
        "$cond",
        Form::Special(conditional::compile_choice),
        conditional::choose,
    ),
    eager(
        "$convert",
        Form::Named(&[
            needed("input"),
            needed("to"),
            optional("onError"),
            optional("onNull"),
        ]),
        conversion::convert,
    ),
    eager("$cos", exactly(1), trigonometry::cosine),
    eager("$cosh", exactly(1), trigonometry::hyperbolic_cosine),
    eager("$dateAdd", Form::Named(MOVED), spans::add),
    eager(
        "$dateDiff",
        Form::Named(&[
            needed("startDate"),
            needed("endDate"),
            needed("unit"),
            optional("timezone"),
            optional("startOfWeek"),
        ]),
        spans::difference,
    ),
    eager(
        "$dateFromParts",
        Form::Named(&[
            needed("year"),
            optional("month"),
            optional("day"),
            optional("hour"),
            optional("minute"),
            optional("second"),
            optional("millisecond"),
            optional("timezone"),
        ]),
        dates::from_parts,
    ),
    eager(
        "$dateFromString",
        Form::Named(&[
            needed("dateString"),
            optional("timezone"),
            optional("onError"),
            optional("onNull"),
        ]),
        dates::from_text,
    ),
    eager("$dateSubtract", Form::Named(MOVED), spans::subtract),
    eager(
        "$dateToParts",
        Form::Named(&[needed("date"), optional("timezone"), optional("iso8601")]),
        dates::to_parts,
    ),
    eager(
        "$dateToString",
        Form::Named(&[
            needed("date"),
            optional("format"),
            optional("timezone"),
            optional("onNull"),
        ]),
        dates::to_text,
    ),
    eager(
        "$dateTrunc",
        Form::Named(&[
            needed("date"),
            needed("unit"),
            optional("binSize"),
            optional("timezone"),
            optional("startOfWeek"),
        ]),
        spans::truncate,
    ),
    eager("$dayOfMonth", PART, dates::day_of_month),
    eager("$dayOfWeek", PART, dates::day_of_week),
    eager("$dayOfYear", PART, dates::day_of_year),
    eager("$degreesToRadians", exactly(1), trigonometry::to_radians),
    eager("$divide", exactly(2), arithmetic::divide),
    eager("$eq", exactly(2), comparison::equal),
    eager("$exp", exactly(1), arithmetic::exponential),
    lazy("$filter", Form::Special(loops::compile_filter), loops::filter),
    eager("$first", exactly(1), arrays::first),
    eager("$firstN", Form::Named(COUNTED), accumulate::first_some),
    eager("$floor", exactly(1), arithmetic::floor),
    refused("$function", NO_CODE),
    eager("$getField", Form::Special(objects::compile_get), objects::get),
    eager("$gt", exactly(2), comparison::greater),
    eager("$gte", exactly(2), comparison::at_least),
    eager("$hour", PART, dates::hour),
    lazy("$ifNull", at_least(2), conditional::if_null),
    eager("$in", exactly(2), arrays::contains),
    eager("$indexOfArray", between(2, 4), arrays::index_of),
    eager("$indexOfBytes", between(2, 4), text::index_of_bytes),
    eager("$indexOfCP", between(2, 4), text::index_of_characters),
    eager("$isArray", exactly(1), arrays::is_array),
    eager("$isNumber", exactly(1), conversion::is_number),
    eager("$isoDayOfWeek", PART, dates::iso_day_of_week),
    eager("$isoWeek", PART, dates::iso_week),
    eager("$isoWeekYear", PART, dates::iso_week_year),
    eager("$last", exactly(1), arrays::last),
    eager("$lastN", Form::Named(COUNTED), accumulate::last_some),
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
    eager("$ltrim", Form::Named(TRIMMED), text::trim_start),
    lazy("$map", Form::Special(loops::compile_map), loops::map),
    eager("$max", at_least(0), accumulate::greatest),
    eager("$maxN", Form::Named(COUNTED), accumulate::greatest_some),
    eager(
        "$median",
        Form::Named(&[needed("input"), needed("method")]),
        accumulate::median,
    ),
    lazy("$mergeObjects", at_least(0), objects::merge),
    eager("$millisecond", PART, dates::millisecond),
    eager("$min", at_least(0), accumulate::least),
    eager("$minN", Form::Named(COUNTED), accumulate::least_some),
    eager("$minute", PART, dates::minute),
    eager("$mod", exactly(2), arithmetic::modulo),
    eager("$month", PART, dates::month),
    eager("$multiply", at_least(0), arithmetic::multiply),
    eager("$ne", exactly(2), comparison::not_equal),
    eager("$not", exactly(1), conditional::not),
    eager("$objectToArray", exactly(1), objects::to_array),
    lazy("$or", at_least(0), conditional::or),
    eager(
        "$percentile",
        Form::Named(&[needed("input"), needed("p"), needed("method")]),
        accumulate::percentile,
    ),
    eager("$pow", exactly(2), arithmetic::power),
    eager("$radiansToDegrees", exactly(1), trigonometry::to_degrees),
    impure("$rand", Form::Named(&[]), bits::random),
    eager("$range", between(2, 3), arrays::range),
    lazy("$reduce", Form::Special(loops::compile_reduce), loops::reduce),
    eager("$regexFind", PATTERN, patterns::find),
    eager("$regexFindAll", PATTERN, patterns::find_all),
    eager("$regexMatch", PATTERN, patterns::is_match),
    eager("$replaceAll", Form::Named(REPLACED), text::replace_all),
    eager("$replaceOne", Form::Named(REPLACED), text::replace_one),
    eager("$reverseArray", exactly(1), arrays::reverse),
    eager("$round", between(1, 2), rounding::round),
    eager("$rtrim", Form::Named(TRIMMED), text::trim_end),
    eager("$second", PART, dates::second),
    eager("$setDifference", exactly(2), sets::difference),
    eager("$setEquals", at_least(2), sets::equals),
    eager(
        "$setField",
        Form::Named(&[needed("field"), needed("input"), needed("value")]),
        objects::set,
    ),
    eager("$setIntersection", at_least(0), sets::intersection),
    eager("$setIsSubset", exactly(2), sets::is_subset),
    eager("$setUnion", at_least(0), sets::union),
    eager("$sin", exactly(1), trigonometry::sine),
    eager("$sinh", exactly(1), trigonometry::hyperbolic_sine),
    eager("$size", exactly(1), arrays::size),
    eager("$slice", between(2, 3), arrays::slice),
    eager("$sortArray", Form::Special(arrays::compile_sort), arrays::sort),
    eager("$split", exactly(2), text::split),
    eager("$sqrt", exactly(1), arithmetic::square_root),
    eager("$stdDevPop", at_least(0), accumulate::deviation_of_all),
    eager("$stdDevSamp", at_least(0), accumulate::deviation_of_sample),
    eager("$strLenBytes", exactly(1), text::bytes_count),
    eager("$strLenCP", exactly(1), text::characters_count),
    eager("$strcasecmp", exactly(2), text::compare),
    eager("$substr", exactly(3), text::cut_bytes),
    eager("$substrBytes", exactly(3), text::cut_bytes),
    eager("$substrCP", exactly(3), text::cut_characters),
    eager("$subtract", exactly(2), arithmetic::subtract),
    eager("$sum", at_least(0), accumulate::sum),
    lazy(
        "$switch",
        Form::Special(conditional::compile_switch),
        conditional::switch,
    ),
    eager("$tan", exactly(1), trigonometry::tangent),
    eager("$tanh", exactly(1), trigonometry::hyperbolic_tangent),
    eager("$toBool", exactly(1), conversion::to_bool),
    eager("$toDate", exactly(1), conversion::to_date),
    refused("$toDecimal", NO_DECIMAL),
    eager("$toDouble", exactly(1), conversion::to_double),
    eager("$toInt", exactly(1), conversion::to_int),
    eager("$toLong", exactly(1), conversion::to_long),
    eager("$toLower", exactly(1), text::to_lower),
    eager("$toString", exactly(1), conversion::to_text),
    eager("$toUpper", exactly(1), text::to_upper),
    eager("$trim", Form::Named(TRIMMED), text::trim),
    eager("$trunc", between(1, 2), rounding::truncate),
    eager("$type", exactly(1), conversion::name_type),
    eager(
        "$unsetField",
        Form::Named(&[needed("field"), needed("input")]),
        objects::unset,
    ),
    eager("$week", PART, dates::week),
    refused("$where", NO_CODE),
    eager("$year", PART, dates::year),
    eager(
        "$zip",
        Form::Named(&[
            needed("inputs"),
            optional("useLongestLength"),
            optional("defaults"),
        ]),
        arrays::zip,
    ),
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
