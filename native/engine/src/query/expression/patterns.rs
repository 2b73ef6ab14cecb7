//! Regular expressions on texts: `$regexMatch $regexFind $regexFindAll`.
//!
//! Promises: a constant pattern is compiled once, when the expression is; matching takes time linear in the
//! text. Positions are in code points. Leaves to others: the dialect (query/filter/pattern.rs).
//! Source: MongoDB manual, "$regexMatch", "$regexFind", "$regexFindAll".

use std::sync::Arc;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::value::Cursor;
use crate::query::expression::compile::{Compiler, arguments, fold};
use crate::query::expression::operands::{Operands, made, null};
use crate::query::expression::operators::{Name, Operator, needed, optional};
use crate::query::expression::text::text;
use crate::query::expression::{Node, Outcome, Prepared, refuse};
use crate::query::filter::Pattern;

const NAMES: &[Name] = &[needed("input"), needed("regex"), optional("options")];
/// Most matches of one text that `$regexFindAll` gives.
const MATCHES_MAX: usize = 1 << 20;

/// `{input, regex, options}`.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    operator: &'static Operator,
    operand: Cursor<'_>,
) -> Result<Node> {
    let mut operands = Vec::with_capacity(NAMES.len());
    for argument in arguments(operator, operand, NAMES)? {
        operands.push(argument.map(|argument| compiler.node(argument)).transpose()?);
    }
    let constant = |operand: Option<&Option<Node>>| match operand {
        Some(None) => Some(String::new()),
        Some(Some(Node::Constant(Owned::Text(text)))) => Some(text.to_string()),
        _ => None,
    };
    let pattern = match (constant(operands.get(1)), constant(operands.get(2))) {
        (Some(regex), Some(options)) => {
            let pattern = Pattern::compile(regex.as_bytes(), options.as_bytes());
            Some(pattern.map_err(|reason| refuse(format!("{}: {reason}", operator.name)))?)
        }
        _ => None,
    };
    let mut call = compiler.call(operator, operands);
    if let Some(pattern) = pattern {
        call.prepared = Prepared::Pattern(Arc::new(pattern));
    }
    Ok(fold(call))
}

/// The pattern and the text; None where one of them is null.
fn asked<'o>(operands: &'o Operands<'_, '_>) -> Result<Option<(Arc<Pattern>, &'o str)>> {
    let (input, regex) = (text(operands, 0)?, text(operands, 1)?);
    let options = text(operands, 2)?.unwrap_or_default();
    let (Some(input), Some(regex)) = (input, regex) else {
        return Ok(None);
    };
    let pattern = match &operands.call.prepared {
        Prepared::Pattern(pattern) => pattern.clone(),
        _ => {
            let pattern = Pattern::compile(regex.as_bytes(), options.as_bytes());
            Arc::new(pattern.map_err(|reason| operands.refuse(format_args!("refuses its regex: {reason}")))?)
        }
    };
    Ok(Some((pattern, input)))
}

pub(super) fn is_match<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    match asked(operands)? {
        Some((pattern, input)) => made(pattern.is_match(input.as_bytes())),
        None => made(false),
    }
}

pub(super) fn find<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some((pattern, input)) = asked(operands)? else {
        return null();
    };
    match pattern.groups_at(input, 0) {
        Some(groups) => {
            let start = groups.first().copied().flatten().map_or(0, |(start, _)| start);
            let before = input.get(..start).unwrap_or_default();
            made(match_of(input, &groups, before.chars().count()))
        }
        None => null(),
    }
}

pub(super) fn find_all<'a>(operands: &mut Operands<'a, '_>) -> Outcome<'a> {
    let Some((pattern, input)) = asked(operands)? else {
        return made(Vec::<Owned>::new());
    };
    let mut matches = Vec::new();
    // The position in bytes, and in code points.
    let (mut at, mut passed) = (0, (0, 0));
    while let Some(groups) = pattern.groups_at(input, at) {
        if matches.len() >= MATCHES_MAX {
            return Err(operands.refuse(format_args!("finds more than {MATCHES_MAX} matches")));
        }
        let (start, end) = groups.first().copied().flatten().unwrap_or((at, at));
        let between = input.get(passed.0..start).unwrap_or_default();
        passed = (start, passed.1 + between.chars().count());
        matches.push(match_of(input, &groups, passed.1));
        // Behind an empty match the next one begins a character later.
        at = if end > start {
            end
        } else {
            let next = input.get(end..).and_then(|rest| rest.chars().next());
            end + next.map_or(1, char::len_utf8)
        };
        if at > input.len() {
            break;
        }
    }
    made(matches)
}

/// `{match, idx, captures}` of a match that begins at code point `index`.
fn match_of(input: &str, groups: &[Option<(usize, usize)>], index: usize) -> Owned {
    let part = |group: &Option<(usize, usize)>| match group {
        Some((start, end)) => input.get(*start..*end).map_or(Owned::Null, Owned::text),
        None => Owned::Null,
    };
    let captures = groups.iter().skip(1).map(part).collect();
    Owned::Map(vec![
        ("match".into(), groups.first().map_or(Owned::Null, part)),
        ("idx".into(), Owned::Int(index as i64)),
        ("captures".into(), Owned::Array(captures)),
    ])
}
