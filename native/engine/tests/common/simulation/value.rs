//! Documents of the twin: values with their one MessagePack form, so that contents compare byte by byte.
//!
//! Promises: `encode` gives the bytes that the engine hands out for the same value: the shortest form, and
//! integers 64..=127 in two bytes. The order of fields is kept.

use quire_engine::IdBytes;
use quire_engine::storage::simulated::Random;

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Binary(Vec<u8>),
    /// Seconds since 1970, fewer than 2^32.
    Date(i64),
    Array(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// Fields of a document, without `_id`.
pub type Fields = Vec<(String, Value)>;

/// A document, and its plain MessagePack with `_id` first.
#[derive(Clone, PartialEq)]
pub struct Document {
    pub id: IdBytes,
    pub fields: Fields,
    pub plain: Vec<u8>,
}

/// Short, for messages and traces.
impl std::fmt::Debug for Document {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} of {} bytes", self.id, self.plain.len())
    }
}

impl Document {
    pub fn new(id: IdBytes, fields: Fields) -> Document {
        let mut plain = Vec::new();
        map_head(fields.len() + 1, &mut plain);
        text("_id", &mut plain);
        plain.extend_from_slice(&id);
        for (name, value) in &fields {
            text(name, &mut plain);
            value.encode(&mut plain);
        }
        Document { id, fields, plain }
    }
}

/// Plain MessagePack of fields alone: a document without `_id`.
pub fn encode_fields(fields: &Fields) -> Vec<u8> {
    let mut plain = Vec::new();
    Value::Map(fields.clone()).encode(&mut plain);
    plain
}

impl Value {
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Value::Nil => out.push(0xc0),
            Value::Bool(truth) => out.push(0xc2 + u8::from(*truth)),
            Value::Int(number) => integer(*number, out),
            Value::Float(number) => {
                out.push(0xcb);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Value::Text(value) => text(value, out),
            Value::Binary(bytes) => {
                match bytes.len() {
                    count @ 0..=0xff => out.extend_from_slice(&[0xc4, count as u8]),
                    count @ 0x100..=0xffff => head(0xc5, &(count as u16).to_be_bytes(), out),
                    count => head(0xc6, &(count as u32).to_be_bytes(), out),
                }
                out.extend_from_slice(bytes);
            }
            Value::Date(seconds) => head(
                0xd6,
                &[&[0xff], &(*seconds as u32).to_be_bytes()[..]].concat(),
                out,
            ),
            Value::Array(items) => {
                match items.len() {
                    count @ 0..=15 => out.push(0x90 + count as u8),
                    count => head(0xdc, &(count as u16).to_be_bytes(), out),
                }
                items.iter().for_each(|item| item.encode(out));
            }
            Value::Map(fields) => {
                map_head(fields.len(), out);
                for (name, value) in fields {
                    text(name, out);
                    value.encode(out);
                }
            }
        }
    }
}

fn head(tag: u8, length: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(length);
}

fn map_head(count: usize, out: &mut Vec<u8>) {
    match count {
        0..=15 => out.push(0x80 + count as u8),
        _ => head(0xde, &(count as u16).to_be_bytes(), out),
    }
}

fn text(value: &str, out: &mut Vec<u8>) {
    match value.len() {
        count @ 0..=31 => out.push(0xa0 + count as u8),
        count @ 32..=0xff => out.extend_from_slice(&[0xd9, count as u8]),
        count @ 0x100..=0xffff => head(0xda, &(count as u16).to_be_bytes(), out),
        count => head(0xdb, &(count as u32).to_be_bytes(), out),
    }
    out.extend_from_slice(value.as_bytes());
}

fn integer(number: i64, out: &mut Vec<u8>) {
    match number {
        -32..=63 => out.push(number as u8),
        64..=0xff => out.extend_from_slice(&[0xcc, number as u8]),
        0x100..=0xffff => head(0xcd, &(number as u16).to_be_bytes(), out),
        0x1_0000..=0xffff_ffff => head(0xce, &(number as u32).to_be_bytes(), out),
        0x1_0000_0000.. => head(0xcf, &(number as u64).to_be_bytes(), out),
        -128..=-33 => out.extend_from_slice(&[0xd0, number as u8]),
        -32768..=-129 => head(0xd1, &(number as i16).to_be_bytes(), out),
        -2_147_483_648..=-32769 => head(0xd2, &(number as i32).to_be_bytes(), out),
        _ => head(0xd3, &number.to_be_bytes(), out),
    }
}

/// The canonical id of a value.
pub fn id_of(value: &Value) -> IdBytes {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    IdBytes::from_message_pack(&bytes).unwrap()
}

/// The id of number `number`: its kind depends on it, so that every kind is met.
pub fn numbered_id(number: u64) -> IdBytes {
    id_of(&match number % 5 {
        0 => Value::Text(format!("name-{number}")),
        1 => Value::Int(number as i64 * 37),
        2 => Value::Int(-(number as i64) * 5_000_000_000),
        3 => Value::Binary(
            (0..number % 40)
                .map(|byte| (byte * 7 + number) as u8)
                .chain([number as u8, (number >> 8) as u8])
                .collect(),
        ),
        _ => Value::Text(format!("{number}-{}", "long".repeat(30 + number as usize % 200))),
    })
}

/// Text of `count` bytes that is not the same everywhere.
pub fn filler(count: usize, random: &mut Random) -> String {
    let mut made = String::with_capacity(count + 8);
    while made.len() < count {
        made.push_str(&format!("{:08x}", random.number() as u32));
    }
    made.truncate(count);
    made
}

/// Fields with a number, a group from 0 to 3 for filters, and `bytes` of text, in one of some shapes.
pub fn fields(bytes: usize, random: &mut Random) -> Fields {
    let number = random.number() as i64 >> (1 + random.below(62));
    let mut made: Fields = vec![
        ("n".into(), Value::Int(number)),
        ("g".into(), Value::Int(random.below(4) as i64)),
        ("t".into(), Value::Text(filler(bytes, random))),
    ];
    match random.below(6) {
        0 => {
            let inner = vec![
                ("a".into(), Value::Int(random.below(300) as i64)),
                ("b".into(), Value::Float(random.below(1000) as f64 / 8.0)),
            ];
            made.push(("x".into(), Value::Map(inner)));
        }
        1 => {
            let items = (0..random.below(20)).map(|item| Value::Int(item as i64 - 3));
            made.push(("list".into(), Value::Array(items.collect())));
        }
        2 => made.insert(1, (format!("f{}", random.below(9)), Value::Nil)),
        3 => made.push(("raw".into(), Value::Binary(vec![7; random.below(300) as usize]))),
        4 => made.push(("ok".into(), Value::Bool(random.happens(50)))),
        _ => {}
    }
    made
}
