//! From the MessagePack of a stage to its tree of fields.
//!
//! Promises: whatever a stage does not allow is refused here, naming the path: conflicting paths, names that
//! cannot be fields, projections that mix what they keep with what they drop. The tree is at most as deep as
//! documents nest.
//! Leaves to others: expressions (query/expression), doing it (shape.rs).

use crate::error::Result;
use crate::format::owned::utf8;
use crate::format::survey::ID_KEY;
use crate::format::value::{Cursor, Fields, Value};
use crate::limits::DEPTH_MAX;
use crate::query::TERMS_MAX;
use crate::query::expression::Expression;
use crate::query::expression_stages::{Action, ExpressionStage, Field, Shape, in_stage, refuse};

pub(super) fn compile(
    name: &[u8],
    operand: Cursor<'_>,
    variables: &[&str],
) -> Result<Option<ExpressionStage>> {
    let action = match name {
        b"$set" | b"$addFields" => set(operand, variables),
        b"$unset" => unset(operand),
        b"$project" => project(operand, variables),
        b"$replaceWith" => Expression::compile_with(operand, variables).map(Action::ReplaceWith),
        b"$replaceRoot" => replace_root(operand, variables),
        _ => return Ok(None),
    };
    let name: Box<str> = utf8(name)?.into();
    match action {
        Ok(action) => Ok(Some(ExpressionStage { name, action })),
        Err(error) => Err(in_stage(&name, &error)),
    }
}

fn map<'a>(operand: Cursor<'a>) -> Result<Fields<'a>> {
    match operand.value()? {
        Value::Map(fields) if fields.remaining() > 0 => Ok(fields),
        Value::Map(_) => Err(refuse("an empty map was given; it names at least one field")),
        other => Err(refuse(format!(
            "a map of fields is expected, and a value of type {} was given",
            other.type_name()
        ))),
    }
}

fn set(operand: Cursor<'_>, variables: &[&str]) -> Result<Action> {
    let mut leaves = Leaves::default();
    leaves.collect(map(operand)?, Vec::new(), false)?;
    leaves.into_action(true, variables)
}

fn unset(operand: Cursor<'_>) -> Result<Action> {
    let mut leaves = Leaves::default();
    match operand.value()? {
        Value::String(path) => leaves.add(vec![utf8(path)?], Leaf::Drop)?,
        Value::Array(mut paths) if paths.remaining() > 0 => {
            while let Some(path) = paths.take_next()? {
                let Value::String(path) = path.value()? else {
                    return Err(refuse("a path or an array of paths is expected"));
                };
                leaves.add(vec![utf8(path)?], Leaf::Drop)?;
            }
        }
        _ => return Err(refuse("a path or an array of paths is expected")),
    }
    leaves.into_action(true, &[])
}

fn replace_root(operand: Cursor<'_>, variables: &[&str]) -> Result<Action> {
    let mut fields = map(operand)?;
    match (fields.take_next()?, fields.take_next()?) {
        (Some((b"newRoot", expression)), None) => {
            Expression::compile_with(expression, variables).map(Action::ReplaceWith)
        }
        _ => Err(refuse("a map with newRoot, and nothing besides, is expected")),
    }
}

/// Keeps what is named, or drops it; the `_id` stays unless it is dropped by name.
fn project(operand: Cursor<'_>, variables: &[&str]) -> Result<Action> {
    let mut leaves = Leaves::default();
    leaves.collect(map(operand)?, Vec::new(), true)?;
    let is_id = |path: &[&str]| matches!(path, [name] if name.as_bytes() == ID_KEY);
    let others = || leaves.list.iter().filter(|(path, _)| !is_id(path));
    let id_is_dropped = leaves
        .list
        .iter()
        .any(|(path, leaf)| is_id(path) && matches!(leaf, Leaf::Drop));
    let first_other = others().next().map(|(_, leaf)| leaf);
    let excludes = match first_other {
        Some(leaf) => matches!(leaf, Leaf::Drop),
        None => id_is_dropped,
    };
    if let Some((path, _)) = others().find(|(_, leaf)| matches!(leaf, Leaf::Drop) != excludes) {
        let path = path.join(".");
        return Err(refuse(if excludes {
            format!("the projection drops fields, and {path:?} keeps or computes one; use one kind only")
        } else {
            format!("the projection keeps fields, and {path:?} drops one; use one kind only")
        }));
    }
    let names_id = leaves.list.iter().any(|(path, _)| path.first() == Some(&"_id"));
    if excludes {
        leaves.list.retain(|(_, leaf)| matches!(leaf, Leaf::Drop));
    } else {
        leaves.list.retain(|(_, leaf)| !matches!(leaf, Leaf::Drop));
        if !names_id {
            leaves.list.insert(0, (vec!["_id"], Leaf::Keep));
        }
    }
    leaves.into_action(excludes, variables)
}

/// What stands at the end of a path.
enum Leaf<'a> {
    Keep,
    Drop,
    Computed(Cursor<'a>),
}

/// The paths of a stage, in their order.
#[derive(Default)]
struct Leaves<'a> {
    list: Vec<(Vec<&'a str>, Leaf<'a>)>,
}

impl<'a> Leaves<'a> {
    /// Adds the paths of `fields`, below `outer`. In a projection, numbers and truths keep or drop.
    fn collect(&mut self, mut fields: Fields<'a>, outer: Vec<&'a str>, is_projection: bool) -> Result<()> {
        while let Some((key, operand)) = fields.take_next()? {
            let mut path = outer.clone();
            path.push(utf8(key)?);
            let flag = match operand.value()? {
                Value::Bool(truth) => Some(truth),
                Value::Int(number) => Some(number != 0),
                Value::UInt(_) => Some(true),
                Value::Float(number) => Some(number != 0.0),
                Value::Map(below) if below.remaining() == 0 => {
                    return Err(refuse(format!(
                        "an empty map at {:?} is no expression; {{$literal: {{}}}} is an empty document",
                        path.join(".")
                    )));
                }
                Value::Map(below) if !is_expression(below)? => {
                    self.collect(below, path, is_projection)?;
                    continue;
                }
                _ => None,
            };
            let leaf = match flag.filter(|_| is_projection) {
                Some(true) => Leaf::Keep,
                Some(false) => Leaf::Drop,
                None => Leaf::Computed(operand),
            };
            self.add(path, leaf)?;
        }
        Ok(())
    }

    /// Adds a path, parting names at their dots.
    fn add(&mut self, path: Vec<&'a str>, leaf: Leaf<'a>) -> Result<()> {
        let names: Vec<&str> = path.iter().flat_map(|name| name.split('.')).collect();
        if names.iter().any(|name| name.is_empty() || name.starts_with('$')) {
            return Err(refuse(format!(
                "{:?} is no path of fields; names are not empty and do not begin with $",
                path.join(".")
            )));
        }
        if names.len() > DEPTH_MAX || self.list.len() >= TERMS_MAX {
            return Err(refuse(format!(
                "more than {TERMS_MAX} paths, or one of more than {DEPTH_MAX} names, were given"
            )));
        }
        self.list.push((names, leaf));
        Ok(())
    }

    fn into_action(self, keeps_others: bool, variables: &[&str]) -> Result<Action> {
        let mut fields = Shape::new(keeps_others);
        let mut expressions = Vec::new();
        for (path, leaf) in self.list {
            let field = match leaf {
                Leaf::Keep => Field::Keep,
                Leaf::Drop => Field::Drop,
                Leaf::Computed(cursor) => {
                    let expression = Expression::compile_with(cursor, variables)
                        .map_err(|error| in_stage(&format!("at {:?}", path.join(".")), &error))?;
                    expressions.push(expression);
                    Field::Computed(expressions.len() - 1)
                }
            };
            if !fields.insert(&path, field) {
                return Err(refuse(format!(
                    "the path {:?} conflicts with another one; name each field once",
                    path.join(".")
                )));
            }
        }
        Ok(Action::Shape { fields, expressions })
    }
}

/// True when a map is an operator with its operands. Errors: INVALID_PIPELINE for one mixed with fields.
fn is_expression(mut fields: Fields<'_>) -> Result<bool> {
    let count = fields.remaining();
    while let Some((key, _)) = fields.take_next()? {
        if key.first() == Some(&b'$') {
            return match count {
                1 => Ok(true),
                _ => Err(refuse(format!(
                    "{:?} stands beside other names; an expression is one operator",
                    String::from_utf8_lossy(key)
                ))),
            };
        }
    }
    Ok(false)
}

impl Shape {
    fn new(keeps_others: bool) -> Shape {
        Shape {
            keeps_others,
            ..Shape::default()
        }
    }

    /// Puts `field` at `path`; false when another path is in its way.
    fn insert(&mut self, path: &[&str], field: Field) -> bool {
        let Some((name, rest)) = path.split_first() else {
            return false;
        };
        self.computes |= matches!(field, Field::Computed(_));
        let keeps_others = self.keeps_others;
        let present = self
            .by_name
            .get(*name)
            .and_then(|place| self.fields.get_mut(*place));
        match present {
            Some((_, Field::Below(below))) if !rest.is_empty() => below.insert(rest, field),
            Some(_) => false,
            None => {
                let mut field = field;
                let mut fits = true;
                if !rest.is_empty() {
                    let mut below = Shape::new(keeps_others);
                    fits = below.insert(rest, field);
                    field = Field::Below(below);
                }
                self.by_name.insert((*name).into(), self.fields.len());
                self.fields.push(((*name).into(), field));
                fits
            }
        }
    }
}
