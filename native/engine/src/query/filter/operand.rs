//! The operands of field operators, checked as MongoDB checks them.
//!
//! Leaves to others: which operator stands where (compile.rs), the words of refusals (refusal.rs).

use crate::error::Result;
use crate::format::id::integral;
use crate::format::value::{Cursor, Elements, Fields, Value};
use crate::query::filter::Test;
use crate::query::filter::bits::{Asked, Bits, Mask};
use crate::query::filter::modulo::{Modulo, whole};
use crate::query::filter::refusal::{wrong, wrong_operand};
use crate::query::filter::types::TypeSet;
use crate::query::literal::{Literal, LiteralSet};

/// Highest position that `$bitsAllSet` and its kin take: what fits 31 bits.
const BIT_POSITION_MAX: i64 = i32::MAX as i64;

/// An operator with the path and operand that it has.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub(super) operator: &'a [u8],
    pub(super) path: &'a [u8],
    pub(super) cursor: Cursor<'a>,
}

impl<'a> Operand<'a> {
    pub(super) fn wrong_type(&self, wanted: &str) -> crate::Error {
        wrong_operand(self.operator, Some(self.path), self.cursor, wanted)
    }

    pub(super) fn wrong(&self, what: &str) -> crate::Error {
        wrong(self.operator, Some(self.path), what)
    }

    pub(super) fn array(&self, wanted: &str) -> Result<Elements<'a>> {
        match self.cursor.value()? {
            Value::Array(elements) => Ok(elements),
            _ => Err(self.wrong_type(wanted)),
        }
    }

    pub(super) fn map(&self, wanted: &str) -> Result<Fields<'a>> {
        match self.cursor.value()? {
            Value::Map(fields) => Ok(fields),
            _ => Err(self.wrong_type(wanted)),
        }
    }

    /// The values of `$in`, `$nin`.
    pub(super) fn set(&self) -> Result<LiteralSet> {
        let mut elements = self.array("an array of values")?;
        let mut literals = Vec::with_capacity(elements.remaining());
        while let Some(element) = elements.take_next()? {
            if is_operators(element)? {
                return Err(self.wrong("holds an operator; it takes values only"));
            }
            literals.push(Literal::new(element)?);
        }
        Ok(LiteralSet::new(literals))
    }

    /// What `$exists` asks: all but false, zero, null and undefined is yes.
    pub(super) fn truth(&self) -> Result<bool> {
        Ok(match self.cursor.value()? {
            Value::Bool(truth) => truth,
            Value::Int(number) => number != 0,
            Value::Float(number) => number != 0.0,
            Value::Null | Value::Undefined => false,
            _ => true,
        })
    }

    pub(super) fn types(&self) -> Result<TypeSet> {
        let mut types = TypeSet::default();
        let mut add = |cursor: Cursor<'_>| {
            let named = TypeSet::named(&cursor.value()?).ok_or_else(|| {
                let wanted = "a type's name or number, such as \"string\" or 2, or an array of them";
                wrong_operand(self.operator, Some(self.path), cursor, wanted)
            })?;
            types.insert(named);
            Ok::<_, crate::Error>(())
        };
        match self.cursor.value()? {
            Value::Array(mut elements) => {
                while let Some(element) = elements.take_next()? {
                    add(element)?;
                }
            }
            _ => add(self.cursor)?,
        }
        if types.is_empty() {
            return Err(self.wrong("was given no type; it takes at least one"));
        }
        Ok(types)
    }

    pub(super) fn modulo(&self) -> Result<Test> {
        let mut elements = self.array("an array of divisor and remainder")?;
        let (Some(divisor), Some(remainder), None) = (
            elements.take_next()?,
            elements.take_next()?,
            elements.take_next()?,
        ) else {
            return Err(self.wrong("takes an array of two numbers, divisor and remainder"));
        };
        let number = |cursor: Cursor<'_>| {
            let wanted = "two numbers in the range of 64 bits";
            whole(&cursor.value()?)
                .ok_or_else(|| wrong_operand(self.operator, Some(self.path), cursor, wanted))
        };
        let (divisor, remainder) = (number(divisor)?, number(remainder)?);
        if divisor == 0 {
            return Err(self.wrong("was given the divisor 0"));
        }
        Ok(Test::Modulo(Box::new(Modulo { divisor, remainder })))
    }

    pub(super) fn size(&self) -> Result<Test> {
        match whole_number(&self.cursor.value()?) {
            Some(count) if (0..=i64::from(i32::MAX)).contains(&count) => Ok(Test::Size(count as u64)),
            _ => Err(self.wrong_type("a whole number of at least 0 and of 31 bits")),
        }
    }

    pub(super) fn bits(&self, asked: Asked) -> Result<Test> {
        let mask = match self.cursor.value()? {
            Value::Binary(bytes) => Mask::Bytes(bytes.into()),
            Value::Array(elements) => Mask::Positions(self.positions(elements)?),
            number => match whole_number(&number) {
                Some(number @ 0..) => Mask::Bytes((number as u64).to_le_bytes().into()),
                _ => {
                    let wanted = "a whole number of at least 0, binary, or an array of positions";
                    return Err(self.wrong_type(wanted));
                }
            },
        };
        Ok(Test::Bits(Box::new(Bits { asked, mask })))
    }

    fn positions(&self, mut elements: Elements<'_>) -> Result<Box<[u32]>> {
        let mut positions = Vec::with_capacity(elements.remaining());
        while let Some(element) = elements.take_next()? {
            let position = whole_number(&element.value()?).filter(|position| *position <= BIT_POSITION_MAX);
            match position.map(u32::try_from) {
                Some(Ok(position)) => positions.push(position),
                _ => return Err(self.wrong("takes positions from 0 that fit 31 bits")),
            }
        }
        Ok(positions.into())
    }
}

/// The integer that a number is; None for others and for what has a fraction.
fn whole_number(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Float(number) => integral(*number),
        _ => None,
    }
}

pub(super) fn is_operator(key: &[u8]) -> bool {
    key.first() == Some(&b'$')
}

/// True for a map of operators: by its first key, unless the map refers to a document (`$ref` and `$id`).
pub(super) fn is_operators(cursor: Cursor<'_>) -> Result<bool> {
    let Value::Map(fields) = cursor.value()? else {
        return Ok(false);
    };
    let mut first = fields;
    match first.take_next()? {
        Some((key, _)) if is_operator(key) => {}
        _ => return Ok(false),
    }
    Ok(fields.find(b"$ref")?.is_none() || fields.find(b"$id")?.is_none())
}
