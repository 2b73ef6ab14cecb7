//! Random documents, filters, sort orders and indexes for comparing plans.
//!
//! Few names and few values, so that filters meet documents; values of every type, and arrays now and then.
//! The same seed gives the same of all. Leaves to others: comparing (main.rs).

use quire_engine::format::owned::Owned;
use quire_engine::format::record::NO_STRUCTURES;
use serde_json::json;

use super::common::pack;

/// A xorshift generator.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    pub fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

pub fn scalar(random: &mut Random) -> Owned {
    match random.below(14) {
        0 => Owned::Null,
        1 => Owned::Undefined,
        2 => Owned::Bool(random.happens(50)),
        3 => Owned::Float(f64::NAN),
        4 => Owned::Float(random.below(8) as f64 / 2.0),
        5 => Owned::Binary(vec![random.below(3) as u8].into()),
        6 => Owned::UInt(u64::MAX),
        7..10 => Owned::text(random.pick(&["", "a", "ab", "b", "ba"])),
        _ => Owned::Int(random.below(8) as i64 - 2),
    }
}

fn value(random: &mut Random, depth: u64) -> Owned {
    match random.below(10) {
        0 | 1 if depth > 0 => {
            let count = random.below(4);
            Owned::Array((0..count).map(|_| value(random, depth - 1)).collect())
        }
        2 if depth > 0 => map(random, depth - 1),
        _ => scalar(random),
    }
}

fn map(random: &mut Random, depth: u64) -> Owned {
    let mut fields = Vec::new();
    for name in ["a", "b", "0"] {
        if random.happens(60) {
            fields.push((name.into(), value(random, depth)));
        }
    }
    Owned::Map(fields)
}

pub fn document(random: &mut Random, id: i64) -> Owned {
    let mut fields = vec![("_id".into(), Owned::Int(id))];
    for name in ["a", "b", "c", "d"] {
        if random.happens(75) {
            let depth = if name == "c" { 2 } else { random.below(2) };
            // Without arrays most of the time, so that indexes give orders.
            let value = if name == "d" || random.happens(70) {
                scalar(random)
            } else {
                value(random, depth)
            };
            fields.push((name.into(), value));
        }
    }
    Owned::Map(fields)
}

fn path(random: &mut Random) -> &'static str {
    random.pick(&["a", "b", "c", "d", "d", "c.a", "c.b", "a.0", "c.a.b", "_id"])
}

fn condition(random: &mut Random) -> Owned {
    let mut operators = Vec::new();
    for _ in 0..=random.below(2) {
        let operator = random.pick(&[
            "$eq", "$gt", "$gte", "$lt", "$lte", "$in", "$ne", "$exists", "$regex",
        ]);
        let operand = match operator {
            "$in" => Owned::Array((0..random.below(4)).map(|_| value(random, 1)).collect()),
            "$exists" => Owned::Bool(random.happens(50)),
            "$regex" => Owned::text(random.pick(&["^a", "^b", "a"])),
            _ => value(random, 1),
        };
        if !operators
            .iter()
            .any(|(known, _): &(Box<str>, Owned)| **known == *operator)
        {
            operators.push((operator.into(), operand));
        }
    }
    Owned::Map(operators)
}

pub fn conditions(random: &mut Random, depth: u64) -> Owned {
    let mut fields: Vec<(Box<str>, Owned)> = Vec::new();
    for _ in 0..random.below(3) {
        let path = path(random);
        if !fields.iter().any(|(known, _)| **known == *path) {
            let operand = if random.happens(40) {
                scalar(random)
            } else {
                condition(random)
            };
            fields.push((path.into(), operand));
        }
    }
    if depth > 0 && random.happens(30) {
        let branches = (0..=random.below(3))
            .map(|_| conditions(random, depth - 1))
            .collect();
        let operator = random.pick(&["$or", "$or", "$and", "$nor"]);
        fields.push((operator.into(), Owned::Array(branches)));
    }
    Owned::Map(fields)
}

pub fn keys(random: &mut Random, most: u64) -> Owned {
    let mut fields: Vec<(Box<str>, Owned)> = Vec::new();
    for _ in 0..=random.below(most) {
        let path = path(random);
        if !fields.iter().any(|(known, _)| **known == *path) {
            fields.push((path.into(), Owned::Int(if random.happens(60) { 1 } else { -1 })));
        }
    }
    Owned::Map(fields)
}

pub fn definition(random: &mut Random) -> Owned {
    let mut fields = vec![("key".into(), keys(random, 3))];
    if random.happens(25) {
        fields.push(("sparse".into(), Owned::Bool(true)));
    } else if random.happens(30) {
        let partial = match random.below(3) {
            0 => json!({ "d": { "$gte": 1 } }),
            1 => json!({ "a": { "$exists": true } }),
            _ => json!({ "b": { "$in": ["a", "b", 1] } }),
        };
        let bytes = pack(&partial);
        let value = Owned::read(quire_engine::format::value::Cursor::new(&bytes, &NO_STRUCTURES)).unwrap();
        fields.push(("partialFilterExpression".into(), value));
    }
    Owned::Map(fields)
}
