//! `$jsonSchema`: documents by MongoDB's part of JSON Schema, draft 4, with `bsonType`.
//!
//! A keyword that is about one type lets values of other types be. Promises: each part of a schema looks at a
//! value once, so the work is at most parts times values; recursion is bounded by the nesting of the schema,
//! and so by `limits::DEPTH_MAX`.
//! Parts: compile.rs (MessagePack to rules), decimal.rs (`multipleOf`).
//! Leaves to others: regular expressions (pattern.rs), types (types.rs). Source: MongoDB manual, "$jsonSchema".

mod compile;
mod decimal;

pub(super) use compile::{Part, compile};

use hashbrown::{HashMap, HashSet};

use crate::format::value::{Elements, Fields, Parse, Value};
use crate::format::view::View;
use crate::query::filter::pattern::Pattern;
use crate::query::filter::schema::decimal::Decimal;
use crate::query::filter::types::TypeSet;
use crate::query::group_key::append;
use crate::query::literal::{Literal, LiteralSet, Wanted};

/// What must hold for one value: every rule.
#[derive(Debug)]
pub(super) struct Schema {
    rules: Vec<Rule>,
}

#[derive(Debug)]
enum Rule {
    Type(TypeSet),
    In(LiteralSet),
    /// Numbers that stand so to the operand.
    Bound(Literal, Wanted),
    MultipleOf(Decimal),
    /// Texts of so many characters.
    Length(Count),
    Pattern(Box<Pattern>),
    /// Arrays of so many elements.
    Items(Count),
    /// Arrays in which no two elements are equal.
    Unique,
    /// Arrays whose first elements meet the schemas in their order, and the others what is said of the rest.
    Elements(Vec<Schema>, Rest),
    /// Documents of so many fields.
    Properties(Count),
    /// Documents that have each of these fields.
    Required(Vec<Box<[u8]>>),
    Fields(Box<FieldRules>),
    /// Documents that, where they have the field, meet what depends on it.
    Dependency(Box<[u8]>, Schema),
    All(Vec<Schema>),
    Any(Vec<Schema>),
    /// Exactly one of them holds.
    One(Vec<Schema>),
    Not(Box<Schema>),
}

/// How many there may be.
#[derive(Clone, Copy, Debug)]
enum Count {
    AtLeast(u64),
    AtMost(u64),
}

/// What is asked of elements or fields that nothing else is about.
#[derive(Debug)]
enum Rest {
    Any,
    None,
    Each(Box<Schema>),
}

#[derive(Debug)]
struct FieldRules {
    properties: HashMap<Box<[u8]>, Schema>,
    /// For fields whose name matches.
    patterns: Vec<(Pattern, Schema)>,
    rest: Rest,
}

impl Schema {
    /// True when every rule holds for the value.
    pub(super) fn accepts(&self, value: &Value<'_>) -> Parse<bool> {
        for rule in &self.rules {
            if !rule.accepts(value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Rule {
    fn accepts(&self, value: &Value<'_>) -> Parse<bool> {
        Ok(match (self, value) {
            (Rule::Type(types), value) => types.contains(value),
            (Rule::In(set), value) => set.contains(Some(value))?,
            (Rule::All(schemas), value) => count_accepting(schemas, value, schemas.len())? == schemas.len(),
            (Rule::Any(schemas), value) => count_accepting(schemas, value, 1)? == 1,
            (Rule::One(schemas), value) => count_accepting(schemas, value, 2)? == 1,
            (Rule::Not(schema), value) => !schema.accepts(value)?,
            (Rule::Bound(literal, wanted), Value::Int(_) | Value::UInt(_) | Value::Float(_)) => {
                literal.is_ordered(Some(value), *wanted)?
            }
            (Rule::MultipleOf(divisor), value) => Decimal::of(value)
                .is_none_or(|number| number.is_some_and(|number| number.is_multiple_of(*divisor))),
            (Rule::Length(count), Value::String(text)) => count.accepts(characters(text)),
            (Rule::Pattern(pattern), Value::String(text)) => pattern.is_match(text),
            (Rule::Items(count), Value::Array(elements)) => count.accepts(elements.remaining()),
            (Rule::Unique, Value::Array(elements)) => is_unique(*elements)?,
            (Rule::Elements(first, rest), Value::Array(elements)) => elements_meet(*elements, first, rest)?,
            (Rule::Properties(count), Value::Map(fields)) => count.accepts(fields.remaining()),
            (Rule::Required(names), Value::Map(fields)) => has_all(*fields, names)?,
            (Rule::Fields(rules), Value::Map(fields)) => rules.accept(*fields)?,
            (Rule::Dependency(name, schema), Value::Map(fields)) => {
                fields.find(name)?.is_none() || schema.accepts(value)?
            }
            _ => true,
        })
    }
}

/// How many of the schemas accept the value, counted up to `enough`.
fn count_accepting(schemas: &[Schema], value: &Value<'_>, enough: usize) -> Parse<usize> {
    let mut count = 0;
    for schema in schemas {
        count += usize::from(schema.accepts(value)?);
        if count >= enough {
            break;
        }
    }
    Ok(count)
}

impl Count {
    fn accepts(self, count: usize) -> bool {
        match self {
            Count::AtLeast(least) => count as u64 >= least,
            Count::AtMost(most) => count as u64 <= most,
        }
    }
}

impl Rest {
    fn accepts(&self, value: &Value<'_>) -> Parse<bool> {
        match self {
            Rest::Any => Ok(true),
            Rest::None => Ok(false),
            Rest::Each(schema) => schema.accepts(value),
        }
    }
}

impl FieldRules {
    fn accept(&self, mut fields: Fields<'_>) -> Parse<bool> {
        while let Some((name, value)) = fields.take_next()? {
            let value = value.value()?;
            let property = self.properties.get(name);
            if let Some(schema) = property
                && !schema.accepts(&value)?
            {
                return Ok(false);
            }
            let mut is_named = property.is_some();
            for (pattern, schema) in &self.patterns {
                if pattern.is_match(name) {
                    is_named = true;
                    if !schema.accepts(&value)? {
                        return Ok(false);
                    }
                }
            }
            if !is_named && !self.rest.accepts(&value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn elements_meet(mut elements: Elements<'_>, first: &[Schema], rest: &Rest) -> Parse<bool> {
    let mut first = first.iter();
    while let Some(element) = elements.take_next()? {
        let element = element.value()?;
        let is_met = match first.next() {
            Some(schema) => schema.accepts(&element)?,
            None => rest.accepts(&element)?,
        };
        if !is_met {
            return Ok(false);
        }
    }
    Ok(true)
}

fn has_all(fields: Fields<'_>, names: &[Box<[u8]>]) -> Parse<bool> {
    for name in names {
        if fields.find(name)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_unique(mut elements: Elements<'_>) -> Parse<bool> {
    let mut seen = HashSet::new();
    while let Some(element) = elements.take_next()? {
        let mut key = Vec::new();
        append(&View::from(element.value()?), 0, &mut key)?;
        if !seen.insert(key) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many characters of UTF-8: bytes that continue none.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests;
