//! From the MessagePack of a `$jsonSchema` to its rules.
//!
//! Promises: whatever MongoDB's part of JSON Schema does not have is refused here, naming the keyword and where
//! it stands; parts are counted with the conditions of the filter.
//! Leaves to others: what rules ask (schema.rs).

use hashbrown::{HashMap, HashSet};

use crate::error::Result;
use crate::format::id::integral;
use crate::format::owned::utf8;
use crate::format::value::{Cursor, Elements, Fields, Value};
use crate::format::view::View;
use crate::query::filter::pattern::Pattern;
use crate::query::filter::refusal::{refuse, show};
use crate::query::filter::schema::decimal::Decimal;
use crate::query::filter::schema::{Count, FieldRules, Rest, Rule, Schema};
use crate::query::filter::types::TypeSet;
use crate::query::group_key::append_group_key;
use crate::query::literal::{Literal, LiteralSet, Wanted};

/// Keywords of draft 4 that MongoDB leaves out, and what is known of them.
const MISSING: &[&[u8]] = &[b"$ref", b"$schema", b"default", b"definitions", b"format", b"id"];
/// What the message about an unknown keyword offers.
const SUPPORTED: &str = "bsonType type enum minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength \
    maxLength pattern items additionalItems minItems maxItems uniqueItems properties patternProperties \
    additionalProperties required minProperties maxProperties dependencies allOf anyOf oneOf not title description";

/// What is counted against the limits of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query::filter) enum Part {
    Rule,
    Pattern,
}

/// The schema of `fields`. `count` is told of every part and may refuse it.
pub(in crate::query::filter) fn compile(
    fields: Fields<'_>,
    count: &mut dyn FnMut(Part) -> Result<()>,
) -> Result<Schema> {
    let mut compiler = Compiler {
        count,
        place: Vec::new(),
    };
    compiler.schema(fields)
}

struct Compiler<'c> {
    count: &'c mut dyn FnMut(Part) -> Result<()>,
    /// Keywords and names around, for messages.
    place: Vec<String>,
}

impl Compiler<'_> {
    fn schema(&mut self, fields: Fields<'_>) -> Result<Schema> {
        let mut rules = Vec::new();
        let mut rest = fields;
        while let Some((keyword, operand)) = rest.take_next()? {
            self.place.push(show(keyword));
            rules.extend(self.rule(keyword, operand, fields)?);
            self.place.pop();
        }
        if let Some(rule) = self.field_rules(fields)? {
            rules.push(rule);
        }
        for _ in &rules {
            (self.count)(Part::Rule)?;
        }
        Ok(Schema { rules })
    }

    /// The rule of one keyword; None for those that say nothing, or that another keyword takes in.
    fn rule(&mut self, keyword: &[u8], operand: Cursor<'_>, fields: Fields<'_>) -> Result<Option<Rule>> {
        let rule = match keyword {
            b"bsonType" | b"type" => self.types(keyword, operand, fields)?,
            b"enum" => self.values(operand)?,
            b"minimum" => self.bound(operand, fields, b"exclusiveMinimum", false)?,
            b"maximum" => self.bound(operand, fields, b"exclusiveMaximum", true)?,
            b"exclusiveMinimum" => return self.exclusive(operand, fields, b"minimum"),
            b"exclusiveMaximum" => return self.exclusive(operand, fields, b"maximum"),
            b"multipleOf" => match Decimal::of(&operand.value()?).flatten() {
                Some(divisor) if !divisor.is_zero() && is_positive(&operand.value()?) => {
                    Rule::MultipleOf(divisor)
                }
                _ => return Err(self.wrong("takes a number above 0")),
            },
            b"minLength" => Rule::Length(Count::AtLeast(self.whole(operand)?)),
            b"maxLength" => Rule::Length(Count::AtMost(self.whole(operand)?)),
            b"pattern" => Rule::Pattern(Box::new(self.pattern(operand)?)),
            b"minItems" => Rule::Items(Count::AtLeast(self.whole(operand)?)),
            b"maxItems" => Rule::Items(Count::AtMost(self.whole(operand)?)),
            b"uniqueItems" => match self.truth(operand)? {
                true => Rule::Unique,
                false => return Ok(None),
            },
            b"items" => self.items(operand, fields)?,
            b"minProperties" => Rule::Properties(Count::AtLeast(self.whole(operand)?)),
            b"maxProperties" => Rule::Properties(Count::AtMost(self.whole(operand)?)),
            b"required" => Rule::Required(self.names(operand)?),
            b"dependencies" => Rule::All(self.dependencies(operand)?),
            b"allOf" => Rule::All(self.schemas(operand)?),
            b"anyOf" => Rule::Any(self.schemas(operand)?),
            b"oneOf" => Rule::One(self.schemas(operand)?),
            b"not" => Rule::Not(Box::new(self.below(operand)?)),
            b"additionalItems" if fields.find(b"items")?.is_none() => {
                self.rest(Some(operand))?;
                return Ok(None);
            }
            b"additionalItems" | b"additionalProperties" | b"properties" | b"patternProperties" => {
                return Ok(None);
            }
            b"title" | b"description" => match operand.text() {
                Some(_) => return Ok(None),
                None => return Err(self.wrong("takes a string")),
            },
            _ if MISSING.contains(&keyword) => {
                return Err(self.wrong("is a keyword that MongoDB leaves out; write out what it stands for"));
            }
            _ => return Err(self.wrong(&format!("is not known here; supported are {SUPPORTED}"))),
        };
        Ok(Some(rule))
    }

    fn types(&self, keyword: &[u8], operand: Cursor<'_>, fields: Fields<'_>) -> Result<Rule> {
        if fields.find(b"bsonType")?.is_some() && fields.find(b"type")?.is_some() {
            return Err(self.wrong("stands with type and bsonType; use one of them"));
        }
        let mut types = TypeSet::default();
        let mut add = |cursor: Cursor<'_>| {
            let named = match (keyword, cursor.value()?) {
                (b"type", Value::String(b"boolean")) => TypeSet::named(&Value::String(b"bool")),
                (b"type", value @ Value::String(b"object" | b"array" | b"number" | b"string" | b"null")) => {
                    TypeSet::named(&value)
                }
                (b"bsonType", value @ Value::String(_)) => TypeSet::named(&value),
                _ => None,
            };
            match named {
                Some(named) => types.insert(named),
                None if keyword == b"type" => {
                    return Err(self.wrong(
                        "takes object, array, number, boolean, string, null or an array of them; bsonType has int, \
                         long, double, date and more",
                    ));
                }
                None => {
                    return Err(self.wrong("takes the name of a type such as \"int\", or an array of them"));
                }
            }
            Ok(())
        };
        match operand.value()? {
            Value::Array(mut names) => {
                if names.remaining() == 0 {
                    return Err(self.wrong("was given no type"));
                }
                while let Some(name) = names.take_next()? {
                    add(name)?;
                }
            }
            _ => add(operand)?,
        }
        Ok(Rule::Type(types))
    }

    fn values(&mut self, operand: Cursor<'_>) -> Result<Rule> {
        let mut elements = self.list(operand)?;
        let mut seen = HashSet::new();
        let mut literals = Vec::new();
        while let Some(element) = elements.take_next()? {
            let mut key = Vec::new();
            append_group_key(&View::from(element.value()?), &mut key)?;
            if !seen.insert(key) {
                return Err(self.wrong("was given one value twice"));
            }
            literals.push(Literal::new(element)?);
        }
        Ok(Rule::In(LiteralSet::new(literals)))
    }

    fn bound(
        &self,
        operand: Cursor<'_>,
        fields: Fields<'_>,
        exclusive: &[u8],
        is_upper: bool,
    ) -> Result<Rule> {
        if !is_number(&operand.value()?) {
            return Err(self.wrong("takes a number"));
        }
        let is_exclusive = match fields.find(exclusive)? {
            Some(cursor) => matches!(cursor.value()?, Value::Bool(true)),
            None => false,
        };
        let wanted = Wanted {
            less: is_upper,
            equal: !is_exclusive,
        };
        Ok(Rule::Bound(Literal::new(operand)?, wanted))
    }

    /// Checks a keyword that `bound` takes in.
    fn exclusive(&self, operand: Cursor<'_>, fields: Fields<'_>, bound: &[u8]) -> Result<Option<Rule>> {
        self.truth(operand)?;
        if fields.find(bound)?.is_none() {
            return Err(self.wrong(&format!("stands without {}", show(bound))));
        }
        Ok(None)
    }

    fn pattern(&mut self, operand: Cursor<'_>) -> Result<Pattern> {
        match operand.text() {
            Some(text) => self.pattern_of(text),
            None => Err(self.wrong("takes a regular expression as a string")),
        }
    }

    fn pattern_of(&mut self, text: &[u8]) -> Result<Pattern> {
        (self.count)(Part::Pattern)?;
        Pattern::compile(text, b"").map_err(|reason| self.wrong(&format!("cannot be used: {reason}")))
    }

    fn items(&mut self, operand: Cursor<'_>, fields: Fields<'_>) -> Result<Rule> {
        let mut first = Vec::new();
        match operand.value()? {
            Value::Map(_) => {
                let each = Rest::Each(Box::new(self.below(operand)?));
                return Ok(Rule::Elements(first, each));
            }
            Value::Array(mut schemas) => {
                while let Some(schema) = schemas.take_next()? {
                    first.push(self.below(schema)?);
                }
            }
            _ => return Err(self.wrong("takes a schema, or an array of schemas")),
        }
        self.place.push("additionalItems".to_owned());
        let rest = self.rest(fields.find(b"additionalItems")?)?;
        self.place.pop();
        Ok(Rule::Elements(first, rest))
    }

    /// The rule of `properties`, `patternProperties` and `additionalProperties` together.
    fn field_rules(&mut self, fields: Fields<'_>) -> Result<Option<Rule>> {
        let mut properties = HashMap::new();
        let mut patterns = Vec::new();
        if let Some(operand) = fields.find(b"properties")? {
            self.place.push("properties".to_owned());
            let mut list = self.map(operand)?;
            while let Some((name, schema)) = list.take_next()? {
                properties.insert(name.into(), self.below_named(name, schema)?);
            }
            self.place.pop();
        }
        if let Some(operand) = fields.find(b"patternProperties")? {
            self.place.push("patternProperties".to_owned());
            let mut list = self.map(operand)?;
            while let Some((text, schema)) = list.take_next()? {
                patterns.push((self.pattern_of(text)?, self.below_named(text, schema)?));
            }
            self.place.pop();
        }
        self.place.push("additionalProperties".to_owned());
        let rest = self.rest(fields.find(b"additionalProperties")?)?;
        self.place.pop();
        if properties.is_empty() && patterns.is_empty() && matches!(rest, Rest::Any) {
            return Ok(None);
        }
        Ok(Some(Rule::Fields(Box::new(FieldRules {
            properties,
            patterns,
            rest,
        }))))
    }

    /// What `additionalItems` or `additionalProperties` says.
    fn rest(&mut self, operand: Option<Cursor<'_>>) -> Result<Rest> {
        let Some(operand) = operand else {
            return Ok(Rest::Any);
        };
        match operand.value()? {
            Value::Bool(true) => Ok(Rest::Any),
            Value::Bool(false) => Ok(Rest::None),
            Value::Map(_) => Ok(Rest::Each(Box::new(self.below(operand)?))),
            _ => Err(self.wrong("takes true, false or a schema")),
        }
    }

    fn dependencies(&mut self, operand: Cursor<'_>) -> Result<Vec<Schema>> {
        let mut fields = self.map(operand)?;
        let mut rules = Vec::new();
        while let Some((name, dependent)) = fields.take_next()? {
            self.place.push(show(name));
            let schema = match dependent.value()? {
                Value::Array(_) => Schema {
                    rules: vec![Rule::Required(self.names(dependent)?)],
                },
                _ => self.below(dependent)?,
            };
            self.place.pop();
            (self.count)(Part::Rule)?;
            rules.push(Rule::Dependency(name.into(), schema));
        }
        Ok(vec![Schema { rules }])
    }

    fn names(&mut self, operand: Cursor<'_>) -> Result<Vec<Box<[u8]>>> {
        let mut elements = self.list(operand)?;
        let mut names: Vec<Box<[u8]>> = Vec::new();
        let mut seen = HashSet::new();
        while let Some(element) = elements.take_next()? {
            match element.text() {
                Some(name) if seen.insert(name) => names.push(name.into()),
                Some(name) => return Err(self.wrong(&format!("names {:?} twice", show(name)))),
                None => return Err(self.wrong("takes an array of names")),
            }
            (self.count)(Part::Rule)?;
        }
        Ok(names)
    }

    fn schemas(&mut self, operand: Cursor<'_>) -> Result<Vec<Schema>> {
        let mut elements = self.list(operand)?;
        let mut schemas = Vec::new();
        while let Some(element) = elements.take_next()? {
            schemas.push(self.below(element)?);
        }
        Ok(schemas)
    }

    /// The schema at `cursor`, at the place at hand.
    fn below(&mut self, cursor: Cursor<'_>) -> Result<Schema> {
        match cursor.value()? {
            Value::Map(fields) => {
                (self.count)(Part::Rule)?;
                self.schema(fields)
            }
            other => Err(self.wrong(&format!(
                "takes a schema, and was given a value of type {}",
                other.type_name()
            ))),
        }
    }

    fn below_named(&mut self, name: &[u8], cursor: Cursor<'_>) -> Result<Schema> {
        self.place.push(utf8(name)?.to_owned());
        let schema = self.below(cursor);
        self.place.pop();
        schema
    }

    fn list<'a>(&self, operand: Cursor<'a>) -> Result<Elements<'a>> {
        match operand.value()? {
            Value::Array(elements) if elements.remaining() > 0 => Ok(elements),
            _ => Err(self.wrong("takes an array of at least one element")),
        }
    }

    fn map<'a>(&self, operand: Cursor<'a>) -> Result<Fields<'a>> {
        match operand.value()? {
            Value::Map(fields) => Ok(fields),
            other => Err(self.wrong(&format!(
                "takes a map, and was given a value of type {}",
                other.type_name()
            ))),
        }
    }

    fn truth(&self, operand: Cursor<'_>) -> Result<bool> {
        match operand.value()? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(self.wrong("takes true or false")),
        }
    }

    fn whole(&self, operand: Cursor<'_>) -> Result<u64> {
        let number = match operand.value()? {
            Value::Int(number) => Some(number),
            Value::Float(number) => integral(number),
            _ => None,
        };
        number
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| self.wrong("takes a whole number of at least 0"))
    }

    /// The keyword at hand was given something it does not take; `what` completes the sentence.
    fn wrong(&self, what: &str) -> crate::Error {
        refuse(format!("$jsonSchema: {} {what}", self.place.join(".")))
    }
}

fn is_number(value: &Value<'_>) -> bool {
    matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_))
}

fn is_positive(value: &Value<'_>) -> bool {
    match value {
        Value::Int(number) => *number > 0,
        Value::Float(number) => *number > 0.0,
        _ => true,
    }
}
